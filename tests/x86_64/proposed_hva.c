// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_MEM_SINGLE_HVA as sketched in 2020, on kernels that have it: every page of
 * the slot is the page at userspace_addr (C14-C16).
 */
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "arch.h"
#include "emulated.h"
#include "guest/gmem_vm.h"
#include "guest/hammer.h"
#include "guest/proposed.h"
#include "harness/record.h"
#include "arch/x86_64/scenario/split.h"
#include "kvm/uapi.h"
#include "guest/list.h"

#define GPA	0xc0000000ULL	/* the slot */
#define PAGES	64
#define SIZE	(PAGES * PAGE_4K)
#define SLOT	1
#define RAM	0x20000000ULL	/* an ordinary slot, for comparison */
#define DATA	0x8182838485868788ULL
#define OTHER	0x5a5a5a5a5a5a5a5aULL	/* content of the pages after it */

static uint32_t flag(void)
{
	return proposed_flag(PROPOSED_SINGLE_HVA);
}

/*
 * Supplied by the architecture: two 8-byte zeros, from RAM, written by one string
 * instruction to a read-only slot, where there is one.
 */
static bool string_write(struct vcpu *v, uint64_t gpa);

/* @n fresh pages; all but the first are filled with OTHER. */
static uint64_t *pages_of(unsigned int n)
{
	uint64_t *p = vm_alloc(n * PAGE_4K);

	memset((char *)p + PAGE_4K, (int)(OTHER & 0xff), (n - 1) * PAGE_4K);
	return p;
}

FIXTURE(hva) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t *mem;		/* the page, and 15 that do not belong to the slot */
	uint64_t *ram;
};

KVMEM_SETUP(hva)
{
	proposed_require(PROPOSED_SINGLE_HVA);
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->mem = pages_of(16);
	self->ram = vm_alloc(2 * PAGE_4K);
	vm_slot(self->vm, SLOT, flag(), GPA, SIZE, self->mem);
	vm_slot(self->vm, 2, 0, RAM, 2 * PAGE_4K, self->ram);
}

/* Whether each page of the slot reads @want at @offset. */
static bool all_read(struct vcpu *v, unsigned int offset, uint64_t want)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		uint64_t got = vcpu_load(v, 8, GPA + i * PAGE_4K + offset);

		if (got == want)
			continue;
		diag("page %u reads 0x%llx, expected 0x%llx", i, (unsigned long long)got,
		     (unsigned long long)want);
		return false;
	}
	return true;
}

static bool others_untouched(const uint64_t *mem, unsigned int pages)
{
	unsigned int i;

	for (i = 512; i < pages * 512; i++) {
		if (mem[i] == OTHER)
			continue;
		diag("word %u after the page is 0x%llx", i - 512, (unsigned long long)mem[i]);
		return false;
	}
	return true;
}

/* --- the one page (C14) -------------------------------------------------- */

/* Red with: userspace_addr + offset left in any way to a page of the slot. */
KVMEM_TEST_F(hva, every_page, "C14")
{
	unsigned int i;

	for (i = 0; i < PAGES; i += 7) {
		uint64_t x = DATA + i;

		self->mem[9] = x;
		ASSERT_TRUE(all_read(self->v, 72, x));
		vcpu_store(self->v, 8, GPA + i * PAGE_4K + 0xff8, ~x);
		ASSERT_EQ(~x, self->mem[511]);
		ASSERT_TRUE(all_read(self->v, 0xff8, ~x));
	}
	ASSERT_TRUE(others_untouched(self->mem, 16));
	ASSERT_EQ(0, vcpu_stat(self->v, "mmio_exits"));
}

KVMEM_TEST_F(hva, split, "C14 C17")
{
	struct split_half half[2] = {
		{ .gpa = GPA + 5 * PAGE_4K, .hva = (uint8_t *)self->mem },
		{ .gpa = GPA + 63 * PAGE_4K, .hva = (uint8_t *)self->mem },
	};

	split_map(self->vm, half);
	ASSERT_TRUE(split_reads_ok(self->v, half));
	ASSERT_TRUE(split_writes_ok(self->v, half));
	self->mem[0] = self->mem[511] = 0;
	vcpu_store(self->v, 8, VM_WINDOW + PAGE_4K - 3, 0x1122334455667788);
	ASSERT_EQ(0x1122334455, self->mem[0]);
	ASSERT_EQ(0x6677880000000000, self->mem[511]);
	ASSERT_TRUE(others_untouched(self->mem, 16));
}

/* Only the page itself has to be mapped. */
KVMEM_TEST_F(hva, nothing_behind_it, "C14")
{
	uint64_t *mem = vm_alloc(2 * PAGE_4K), gpa = GPA + 0x1000000;

	ASSERT_EQ(0, munmap((char *)mem + PAGE_4K, PAGE_4K));
	vm_slot(self->vm, 3, flag(), gpa, SIZE, mem);
	mem[1] = DATA;
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, gpa + 63 * PAGE_4K + 8));
	vcpu_store(self->v, 8, gpa + 33 * PAGE_4K + 8, ~DATA);
	ASSERT_EQ(~DATA, mem[1]);
	if (KVM_EMULATES)
		ASSERT_TRUE(emulated_read(self->v, "an emulated read of the slot",
					  gpa + 62 * PAGE_4K + 8, ~DATA));
}

static int set(struct vm *vm, bool v2, uint32_t slot, uint32_t flags, uint64_t gpa,
	       uint64_t size, const void *hva)
{
	if (v2)
		return vm_region2(vm, slot, flags, gpa, size, hva, -1, 0);
	return vm_region(vm, slot, flags, gpa, size, hva);
}

/* Red with: one of the checks left out. */
KVMEM_TEST_F(hva, create, "C14 C16")
{
	const char *h = (const char *)self->mem;
	const struct {
		const char *what;
		uint32_t flags;		/* besides the slot's own */
		uint64_t size;
		const void *hva;
		int want;
	} rows[] = {
		{ "unaligned address", 0, SIZE, h + 8, -EINVAL },
		{ "kernel address", 0, SIZE, (void *)0xffff800000000000, -EINVAL },
		{ "non-canonical address", 0, SIZE, (void *)0x8000000000000000, -EINVAL },
		{ "half a page", 0, PAGE_4K / 2, h, -EINVAL },
		{ "GUEST_MEMFD", KVM_MEM_GUEST_MEMFD, SIZE, h, -EINVAL },
		{ "PCI hole", proposed_flag(PROPOSED_PCI_HOLE), SIZE, NULL, -EINVAL },
		{ "an unknown flag", 1U << 31, SIZE, h, -EINVAL },
		{ "a page", 0, PAGE_4K, h, 0 },
		{ "READONLY", KVM_MEM_READONLY, SIZE, h, 0 },
		{ "a gigabyte", 0, 1ULL << 30, h, 0 },
	};
	uint64_t gpa = GPA + 0x40000000;
	size_t i;
	int v2;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (v2 = 0; v2 <= !!vm_cap(self->vm, KVM_CAP_USER_MEMORY2); v2++) {
			ASSERT_EQ(rows[i].want, set(self->vm, v2, 3, flag() | rows[i].flags, gpa,
						    rows[i].size, rows[i].hva)) {
				TH_LOG("%s", rows[i].what);
			}
			if (!rows[i].want) {
				self->mem[5] = DATA + i;
				ASSERT_EQ(DATA + i, vcpu_load(self->v, 8, gpa + rows[i].size -
							      PAGE_4K + 40));
				ASSERT_EQ(0, set(self->vm, v2, 3, 0, 0, 0, NULL));
			}
			ASSERT_TRUE(vcpu_expect(self->v, "no slot", OPS(LD(8, gpa)),
						EXITS(MMIO_RD(gpa, 8, 3))));
		}
	}
}

/* A valid guest_memfd, but in combination with the flag. */
KVMEM_TEST(create_with_gmem, "C16")
{
	struct vm *vm;
	int fd;

	proposed_require(PROPOSED_SINGLE_HVA);
	vm = gmem_vm_create(NULL);
	fd = gmem_create(vm, PAGE_2M, gmem_default_flags(vm));
	ASSERT_LE(0, fd);
	ASSERT_EQ(-EINVAL, vm_region2(vm, SLOT, flag() | KVM_MEM_GUEST_MEMFD, GPA, SIZE,
				      vm_alloc(SIZE), fd, 0));
}

KVMEM_TEST_F(hva, immutable, "C14")
{
	int v2;

	for (v2 = 0; v2 <= !!vm_cap(self->vm, KVM_CAP_USER_MEMORY2); v2++) {
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, 0, GPA, SIZE, self->mem));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE,
				       self->mem));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, flag() | KVM_MEM_READONLY, GPA, SIZE,
				       self->mem));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, flag(), GPA, SIZE, self->ram));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, flag(), GPA, SIZE - PAGE_4K, self->mem));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, 2, flag(), RAM, 2 * PAGE_4K, self->ram));
		ASSERT_EQ(0, set(self->vm, v2, SLOT, flag(), GPA, SIZE, self->mem));
	}
	self->mem[0] = DATA;
	ASSERT_TRUE(all_read(self->v, 0, DATA));
	self->ram[0] = 1;
	self->ram[512] = 2;
	ASSERT_EQ(1, vcpu_load(self->v, 8, RAM));
	ASSERT_EQ(2, vcpu_load(self->v, 8, RAM + PAGE_4K));
}

KVMEM_TEST_F(hva, move_and_delete, "C14")
{
	uint64_t to = GPA + 0x1000000;

	self->mem[0] = DATA;
	ASSERT_TRUE(all_read(self->v, 0, DATA));
	ASSERT_EQ(0, vm_region(self->vm, SLOT, flag(), to, SIZE, self->mem));
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, to + 63 * PAGE_4K));
	ASSERT_TRUE(vcpu_expect(self->v, "where it was", OPS(LD(8, GPA + 5 * PAGE_4K)),
				EXITS(MMIO_RD(GPA + 5 * PAGE_4K, 8, 9))));
	/* Invalidations reach the new address, too. */
	ASSERT_EQ(0, madvise(self->mem, PAGE_4K, MADV_DONTNEED));
	ASSERT_EQ(0, vcpu_load(self->v, 8, to + 63 * PAGE_4K));
	ASSERT_EQ(0, vm_region(self->vm, SLOT, flag(), 0, 0, NULL));
	ASSERT_TRUE(vcpu_expect(self->v, "deleted", OPS(LD(8, to)), EXITS(MMIO_RD(to, 8, 9))));
}

/* --- invalidation (C15) -------------------------------------------------- */

/* Map all of the slot and one ordinary page; returns the number of 4 KiB mappings. */
static uint64_t map_all(FIXTURE_DATA(hva) *self)
{
	unsigned int i;

	vcpu_load(self->v, 8, RAM);
	for (i = 0; i < PAGES; i++)
		vcpu_load(self->v, 8, GPA + i * PAGE_4K);
	return vm_stat(self->vm, "pages_4k");
}

/* Red with: a range of one gfn; a return after the first. */
KVMEM_TEST_F(hva, page_goes, "C15")
{
	uint64_t pages;

	self->mem[1] = DATA;
	ASSERT_TRUE(all_read(self->v, 8, DATA));
	pages = map_all(self);
	ASSERT_EQ(0, madvise(self->mem, PAGE_4K, MADV_DONTNEED));
	ASSERT_EQ(pages - PAGES, vm_stat(self->vm, "pages_4k"));
	ASSERT_TRUE(all_read(self->v, 8, 0));
	ASSERT_EQ(pages, vm_stat(self->vm, "pages_4k"));
	self->mem[1] = ~DATA;
	ASSERT_TRUE(all_read(self->v, 8, ~DATA));
}

/* Red with: hva_tree's node as long as the slot. */
KVMEM_TEST_F(hva, neighbours_go, "C15")
{
	char *next = (char *)self->mem + PAGE_4K;
	uint64_t pages;

	self->mem[1] = DATA;
	pages = map_all(self);
	ASSERT_EQ(0, madvise(next, PAGE_4K, MADV_DONTNEED));
	ASSERT_EQ(0, madvise(next, 15 * PAGE_4K, MADV_DONTNEED));
	ASSERT_EQ(0, mprotect(next, 15 * PAGE_4K, PROT_READ));
	ASSERT_EQ(0, munmap(next, 15 * PAGE_4K));
	ASSERT_EQ(pages, vm_stat(self->vm, "pages_4k"));
	ASSERT_TRUE(all_read(self->v, 8, DATA));
	ASSERT_EQ(pages, vm_stat(self->vm, "pages_4k"));
}

/* Ranges before and over the page. */
KVMEM_TEST_F(hva, range_over_it, "C15")
{
	uint64_t *mem = pages_of(32), gpa = GPA + 0x1000000, pages;
	uint64_t *page = mem + 16 * 512;
	unsigned int i;

	memset(page, 0, PAGE_4K);
	page[1] = DATA;
	vm_slot(self->vm, 3, flag(), gpa, SIZE, page);
	for (i = 0; i < PAGES; i++)
		ASSERT_EQ(DATA, vcpu_load(self->v, 8, gpa + i * PAGE_4K + 8));
	pages = vm_stat(self->vm, "pages_4k");
	ASSERT_EQ(0, madvise(mem, 16 * PAGE_4K, MADV_DONTNEED));
	ASSERT_EQ(pages, vm_stat(self->vm, "pages_4k"));
	ASSERT_EQ(0, madvise(mem, 32 * PAGE_4K, MADV_DONTNEED));
	ASSERT_EQ(pages - PAGES, vm_stat(self->vm, "pages_4k"));
	for (i = 0; i < PAGES; i++)
		ASSERT_EQ(0, vcpu_load(self->v, 8, gpa + i * PAGE_4K + 8));
}

static void replace_by_mmap(uint64_t *page)
{
	munmap(page, PAGE_4K);
	if (mmap(page, PAGE_4K, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != page)
		end_fail("mmap: %s", strerror(errno));
}

static void replace_by_mremap(uint64_t *page)
{
	uint64_t *fresh = vm_alloc(PAGE_4K);

	if (mremap(fresh, PAGE_4K, PAGE_4K, MREMAP_MAYMOVE | MREMAP_FIXED, page) != page)
		end_fail("mremap: %s", strerror(errno));
}

static void replace_by_memfd(uint64_t *page)
{
	int fd = memfd_create("page", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, PAGE_4K) ||
	    mmap(page, PAGE_4K, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) != page)
		end_fail("memfd: %s", strerror(errno));
	close(fd);
}

static void replace_by_copy_on_write(uint64_t *page)
{
	pid_t child = fork();

	if (!child) {
		pause();
		_exit(0);
	}
	/* The child keeps the old page. */
	page[0] = 0;
	page[2] = 0;
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

/* Every way in which the page behind the slot is replaced. */
KVMEM_TEST_F(hva, page_is_replaced, "C15")
{
	void (*const ways[])(uint64_t *page) = {
		replace_by_mmap, replace_by_mremap, replace_by_memfd, replace_by_copy_on_write,
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		self->mem[2] = DATA;
		ASSERT_TRUE(all_read(self->v, 16, DATA));
		ways[i](self->mem);
		ASSERT_TRUE(all_read(self->v, 16, 0)) {
			TH_LOG("way %zu", i);
		}
		self->mem[2] = DATA + i;
		ASSERT_TRUE(all_read(self->v, 16, DATA + i)) {
			TH_LOG("way %zu", i);
		}
		vcpu_store(self->v, 8, GPA + 17 * PAGE_4K + 16, ~DATA);
		ASSERT_EQ(~DATA, self->mem[2]) {
			TH_LOG("way %zu", i);
		}
	}
}

/* A page that is inaccessible for a while: KVM_RUN fails, and continues afterwards. */
KVMEM_TEST_F(hva, page_is_protected, "C15")
{
	map_all(self);
	ASSERT_EQ(0, mprotect(self->mem, PAGE_4K, PROT_NONE));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(LD(8, GPA + 40 * PAGE_4K + 8))));
	ASSERT_EQ(0, mprotect(self->mem, PAGE_4K, PROT_READ | PROT_WRITE));
	self->mem[1] = DATA;
	ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	ASSERT_EQ(DATA, vcpu_value(self->v, 0));
	ASSERT_TRUE(all_read(self->v, 8, DATA));
}

/* A vCPU that reads in the middle of the slot sees the new page at once.
 * Red with: the gfns to retry taken from the address, not from the slot.
 */
KVMEM_TEST_F(hva, page_goes_while_read, "C15")
{
	struct vm *vm = vm_create(&(struct vm_opts){ .nr_vcpus = 2 });
	uint64_t rounds = env_pick(5, 50, 2000), i, *mem = pages_of(16);
	struct hammer h = { 0 };

	vm_slot(vm, SLOT, flag(), GPA, SIZE, mem);
	hammer_start(&h, vm->vcpu[1], (struct mbox_op)LD(8, GPA + 37 * PAGE_4K + 8));
	for (i = 1; i <= rounds; i++) {
		mem[1] = i;
		ASSERT_EQ(i, hammer_next(&h));
		ASSERT_EQ(0, madvise(mem, PAGE_4K, MADV_DONTNEED));
		ASSERT_EQ(0, hammer_next(&h)) {
			TH_LOG("round %u", (unsigned int)i);
		}
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
}

/* --- huge pages, dirty log, read-only (C16) ------------------------------ */

/*
 * 2 MiB that the host maps as one huge page, checked with an ordinary slot.  Each
 * small page holds its number.
 */
static uint64_t *huge_page(struct vm *vm, uint64_t gpa)
{
	uint64_t *mem = vm_alloc(PAGE_2M), before;
	unsigned int i;

	madvise(mem, PAGE_2M, MADV_HUGEPAGE);
	for (i = 0; i < 512; i++)
		mem[i * 512 + 1] = DATA + i;
	before = vm_stat(vm, "pages_2m");
	vm_slot(vm, 5, 0, gpa, PAGE_2M, mem);
	vcpu_load(vm->vcpu[0], 8, gpa);
	if (vm_stat(vm, "pages_2m") == before)
		end_skip("no transparent huge page available (transparent_hugepage=never?)");
	vm_slot(vm, 5, 0, gpa, 0, NULL);
	return mem;
}

/*
 * A huge page behind an aligned slot: a huge mapping would expose 511 pages that do
 * not belong to the slot.
 * Red with: disallow_lpage not set for such slots.
 */
KVMEM_TEST_F(hva, huge_page_behind_it, "C16")
{
	uint64_t gpa = 0x100000000ULL, *mem = huge_page(self->vm, gpa), large;
	unsigned int i;

	if (param_set("kvm.single_hva_huge", 0) == -EACCES)
		SKIP(return, "kvm.single_hva_huge cannot be read");
	large = vm_stat(self->vm, "pages_2m");
	vm_slot(self->vm, 3, flag(), gpa, 2 * PAGE_2M, mem);
	for (i = 0; i < 1024; i += 31)
		ASSERT_EQ(DATA, vcpu_load(self->v, 8, gpa + i * PAGE_4K + 8)) {
			TH_LOG("page %u", i);
		}
	ASSERT_EQ(large, vm_stat(self->vm, "pages_2m"));
	vcpu_store(self->v, 8, gpa + 1023 * PAGE_4K + 8, 1);
	ASSERT_EQ(1, mem[1]);
	for (i = 1; i < 512; i++)
		ASSERT_EQ(DATA + i, mem[i * 512 + 1]);
}

/* Kernels that can repeat a huge page: 2 MiB repeat. */
KVMEM_TEST_F(hva, huge_page_repeated, "C16")
{
	uint64_t gpa = 0x100000000ULL, *mem = huge_page(self->vm, gpa), large, i;
	int r = param_set("kvm.single_hva_huge", 1);

	if (r)
		SKIP(return, "kvm.single_hva_huge cannot be set: %s", strerror(-r));
	large = vm_stat(self->vm, "pages_2m");
	vm_slot(self->vm, 3, flag(), gpa, 4 * PAGE_2M, mem);
	for (i = 0; i < 2048; i += 61)
		ASSERT_EQ(DATA + i % 512, vcpu_load(self->v, 8, gpa + i * PAGE_4K + 8)) {
			TH_LOG("page %u", (unsigned int)i);
		}
	ASSERT_EQ(large + 4, vm_stat(self->vm, "pages_2m"));
	/* A page of it is freed, in all four copies. */
	ASSERT_EQ(0, madvise((char *)mem + 7 * PAGE_4K, PAGE_4K, MADV_DONTNEED));
	for (i = 0; i < 4; i++) {
		ASSERT_EQ(0, vcpu_load(self->v, 8, gpa + i * PAGE_2M + 7 * PAGE_4K + 8));
		ASSERT_EQ(DATA + 8, vcpu_load(self->v, 8, gpa + i * PAGE_2M + 8 * PAGE_4K + 8));
	}
	/* Switching the log on keeps the mode of the slot. */
	ASSERT_EQ(0, param_set("kvm.single_hva_huge", 0));
	ASSERT_EQ(0, vm_region(self->vm, 3, flag() | KVM_MEM_LOG_DIRTY_PAGES, gpa, 4 * PAGE_2M, mem));
	ASSERT_EQ(DATA + 9, vcpu_load(self->v, 8, gpa + PAGE_2M + 9 * PAGE_4K + 8));
	/* The address is not aligned: a small page again. */
	vm_slot(self->vm, 3, flag(), gpa, 0, NULL);
	ASSERT_EQ(0, param_set("kvm.single_hva_huge", 1));
	vm_slot(self->vm, 3, flag(), gpa + PAGE_4K, 4 * PAGE_2M, mem);
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, gpa + 600 * PAGE_4K + 8));
}

static uint64_t dirty(struct vm *vm, uint32_t slot)
{
	uint64_t bitmap = ~0ULL;
	struct kvm_dirty_log log = { .slot = slot, .dirty_bitmap = &bitmap };

	if (ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log))
		end_fail("KVM_GET_DIRTY_LOG: %s", strerror(errno));
	return bitmap;
}

/* The log is by page of the slot: the page that was written to has the bit. */
KVMEM_TEST_F(hva, dirty_log, "C16")
{
	uint32_t log = flag() | KVM_MEM_LOG_DIRTY_PAGES;
	int r;

	/* Mapped before the log is on: a page that gets mapped writable later is logged. */
	self->mem[3] = 0;
	map_all(self);
	r = vm_region(self->vm, SLOT, log, GPA, SIZE, self->mem);
	record_observation("C16", "dirty_log", "%s", r ? strerrorname_np(-r) : "allowed");
	if (r) {
		ASSERT_EQ(-EINVAL, r);
		SKIP(return, "this kernel does not log such slots");
	}
	ASSERT_EQ(0, dirty(self->vm, SLOT));
	self->mem[3] = 1;
	ASSERT_EQ(0, dirty(self->vm, SLOT));
	vcpu_store(self->v, 8, GPA + 5 * PAGE_4K, 1);
	vcpu_store(self->v, 8, GPA + 63 * PAGE_4K, 2);
	if (KVM_EMULATES) {
		ASSERT_TRUE(emulated_write(self->v, "an emulated write", GPA + 9 * PAGE_4K, DATA));
		ASSERT_EQ(DATA, self->mem[0]);
	}
	ASSERT_EQ(1ULL << 5 | (KVM_EMULATES ? 1ULL << 9 : 0) | 1ULL << 63, dirty(self->vm, SLOT));
	/* Write-protected again, page by page. */
	vcpu_store(self->v, 8, GPA + 6 * PAGE_4K, 1);
	ASSERT_EQ(1ULL << 6, dirty(self->vm, SLOT));
	ASSERT_EQ(0, vm_region(self->vm, SLOT, flag(), GPA, SIZE, self->mem));
	vcpu_store(self->v, 8, GPA + 7 * PAGE_4K, DATA);
	ASSERT_TRUE(all_read(self->v, 0, DATA));
}

/* The intended use: a range of any size that reads as one page. */
KVMEM_TEST_F(hva, readonly, "C16")
{
	uint64_t *mem = pages_of(16), gpa = GPA + 0x1000000, i;

	memset(mem, 0xff, PAGE_4K);
	vm_slot(self->vm, 3, flag() | KVM_MEM_READONLY, gpa, SIZE, mem);
	for (i = 0; i < PAGES; i += 5) {
		uint64_t a = gpa + i * PAGE_4K + 0x123;

		ASSERT_TRUE(vcpu_expect(self->v, "read, write, read",
			OPS(LD(8, a), ST(4, a, DATA), LD(8, a)),
			EXITS(MMIO_WR(a, 4, (uint32_t)DATA))));
		ASSERT_EQ(~0ULL, vcpu_value(self->v, 0));
		ASSERT_EQ(~0ULL, vcpu_value(self->v, 2));
	}
	ASSERT_TRUE(string_write(self->v, gpa + 0xff8));
	for (i = 0; i < 512; i++)
		ASSERT_EQ(~0ULL, mem[i]);
	ASSERT_TRUE(others_untouched(mem, 16));
}

/* If the capability is announced, the flag is accepted. */
KVMEM_TEST_F(hva, capability, "C14")
{
	int cap = vm_cap(self->vm, proposed_cap(PROPOSED_SINGLE_HVA));

	record_observation("C14", "capability", "%d", cap);
	ASSERT_EQ(cap, vm_cap(NULL, proposed_cap(PROPOSED_SINGLE_HVA)));
	if (!cap)
		return;
	ASSERT_EQ(0, vm_region(self->vm, 3, flag(), GPA + 0x1000000, SIZE, self->mem));
}

#include "proposed_hva_arch.h"

KVMEM_MAIN
