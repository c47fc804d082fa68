// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PRE_FAULT_MEMORY on ordinary host memory: it is a read fault, it maps huge
 * pages, and it fails while a nested guest's tables are loaded (E17).
 */
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "util/place.h"
#include "kvm/prefault.h"
#include "harness/record.h"
#include "guest/list.h"

#define GPA		0xc0000000ULL
#define HUGE_GPA	0x100000000ULL
#define PAGES		8
#define SIZE		(PAGES * VM_PAGE)

static struct vm *prefault_vm(void)
{
	struct vm *vm = vm_create(NULL);

	prefault_require(vm);
	place_still();
	return vm;
}

/*
 * Only a read fault: a private mapping of a file is not copied and continues to
 * show the content of the file.
 * Red with: PFERR_WRITE_MASK in the error code of the prefault.
 */
KVMEM_TEST(no_copy_on_write, "E17")
{
	struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };
	struct vm *vm = prefault_vm();
	int fd = memfd_create("file", 0);
	uint64_t *file, *copy, p;

	ASSERT_EQ(0, ftruncate(fd, SIZE));
	file = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	copy = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	ASSERT_NE(MAP_FAILED, file);
	ASSERT_NE(MAP_FAILED, copy);
	for (p = 0; p < PAGES; p++)
		file[p * (VM_PAGE / 8)] = p + 1;
	vm_slot(vm, 1, 0, GPA, SIZE, copy);
	ASSERT_EQ(0, prefault(vm->vcpu[0], &r));
	ASSERT_EQ(0, r.size);
	for (p = 0; p < PAGES; p++) {
		file[p * (VM_PAGE / 8)] = 100 + p;
		ASSERT_EQ(100 + p, copy[p * (VM_PAGE / 8)]);
		ASSERT_EQ(100 + p, vcpu_load(vm->vcpu[0], 8, GPA + p * VM_PAGE));
		/* A write of the guest copies. */
		vcpu_store(vm->vcpu[0], 8, GPA + p * VM_PAGE, 200 + p);
		ASSERT_EQ(200 + p, copy[p * (VM_PAGE / 8)]);
		ASSERT_EQ(100 + p, file[p * (VM_PAGE / 8)]);
	}
}

/* Read-only slots are mapped for reads, and stay read-only. */
KVMEM_TEST(read_only_slot, "E17")
{
	struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };
	struct vm *vm = prefault_vm();
	uint64_t *ram = vm_alloc(SIZE), faults;

	memset(ram, 0x11, SIZE);
	vm_slot(vm, 1, KVM_MEM_READONLY, GPA, SIZE, ram);
	/* Maps the guest's page tables and one page of the slot. */
	vcpu_load(vm->vcpu[0], 8, GPA + 7 * VM_PAGE);
	ASSERT_EQ(0, prefault(vm->vcpu[0], &r));
	ASSERT_EQ(0, r.size);
	faults = vcpu_stat(vm->vcpu[0], "pf_fixed");
	ASSERT_EQ(0x1111111111111111ULL, vcpu_load(vm->vcpu[0], 8, GPA));
	ASSERT_EQ(faults, vcpu_stat(vm->vcpu[0], "pf_fixed"));
	ASSERT_TRUE(vcpu_expect(vm->vcpu[0], "write", OPS(ST(8, GPA + 8, 5)),
				EXITS(MMIO_WR(GPA + 8, 8, 5))));
	ASSERT_EQ(0x1111111111111111ULL, ram[1]);
}

/*
 * Whether a prefaulted page is reported as dirty: api.rst does not say (it
 * promises "not Accessed"); kernels map it writable and report it.
 */
KVMEM_TEST(dirty_log, "E17")
{
	struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };
	struct vm *vm = prefault_vm();
	uint64_t *ram = vm_alloc(SIZE), bitmap = 0;
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = &bitmap };

	memset(ram, 1, SIZE);
	vm_slot(vm, 1, KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, ram);
	ASSERT_EQ(0, prefault(vm->vcpu[0], &r));
	ASSERT_EQ(0, ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log));
	record_observation("E17", "prefault.dirty", "%s",
			   !bitmap		      ? "no" :
			   bitmap == (1 << PAGES) - 1 ? "all pages" :
							"some pages");
	/* Later writes of the guest are reported, whether the page was mapped or not. */
	vcpu_store(vm->vcpu[0], 8, GPA + 5 * VM_PAGE, 1);
	bitmap = 0;
	ASSERT_EQ(0, ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(1 << 5, bitmap);
}

/*
 * Ranges inside a huge page: the mapping is huge, and progress is counted from the
 * start of the range, not from the start or to the end of the huge page.
 * Red with: a whole huge page returned for part of it (3ccbf6f47098's class).
 */
KVMEM_TEST(within_a_huge_page, "E17")
{
	static const struct {
		uint64_t from, size; /* pages */
		uint64_t huge; /* mapped afterwards, 2 MiB each */
	} rows[] = {
		{ 0, 1, 1 },   { 5, 1, 1 },	{ 511, 1, 1 },	 { 5, 3, 1 },	 { 256, 256, 1 },
		{ 511, 2, 2 }, { 300, 512, 2 }, { 512, 512, 1 }, { 0, 1024, 2 }, { 1, 1023, 2 },
	};
	struct vm *vm = prefault_vm();
	struct vcpu *v = vm->vcpu[0];
	uint8_t *ram = vm_alloc(2 * PAGE_2M);
	unsigned int i;

	madvise(ram, 2 * PAGE_2M, MADV_HUGEPAGE);
	memset(ram, 7, 2 * PAGE_2M);
	vcpu_do(v, OPS({ .kind = OP_NOP }), NO_EXITS);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kvm_pre_fault_memory r = {
			.gpa = HUGE_GPA + rows[i].from * VM_PAGE,
			.size = rows[i].size * VM_PAGE,
		};
		uint64_t small, huge, end = r.gpa + r.size;

		vm_slot(vm, 1, 0, HUGE_GPA, 2 * PAGE_2M, ram);
		vcpu_do(v, OPS({ .kind = OP_NOP }), NO_EXITS);
		small = vm_stat(vm, "pages_4k");
		huge = vm_stat(vm, "pages_2m");
		ASSERT_EQ(0, prefault(v, &r));
		ASSERT_EQ(end, r.gpa) {
			TH_LOG("row %u", i);
		}
		ASSERT_EQ(0, r.size);
		if (!i && vm_stat(vm, "pages_2m") == huge)
			SKIP(return, "no transparent huge pages here");
		ASSERT_EQ(huge + rows[i].huge, vm_stat(vm, "pages_2m")) {
			TH_LOG("row %u", i);
		}
		ASSERT_EQ(small, vm_stat(vm, "pages_4k"));
		vm_slot(vm, 1, 0, 0, 0, NULL);
	}
}

#if __has_include("prefault_host_arch.h")
#include "prefault_host_arch.h"
#endif

KVMEM_MAIN
