// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_MEM_PCI_HOLE in combination: next to memory, with prefault, dirty log, hotplug
 * and other VMs; as page table and IDT and from a nested guest (in the x86 part);
 * and the memory it may use (B2, B6-B15).
 */
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "guest/hammer.h"
#include "kvm/prefault.h"
#include "proposed_hole.h"
#include "harness/record.h"

/* Supplied by the architecture. */

/* Whether an operation ended with the exception for an instruction of only ones. */
static bool undefined_instruction(const struct mbox_result *r);

/* Two 8-byte zeros written by one string instruction, where there is one. */
static bool string_write(struct vcpu *v, uint64_t gpa);

FIXTURE(hole) {
	struct vm *vm;
	struct vcpu *v;
	uint8_t *ram;
};

/* Each way to answer reads. */
FIXTURE_VARIANT(hole) {
	struct mode mode;
};

FIXTURE_VARIANT_ADD(hole, emulated) { { 0, 1 } };
FIXTURE_VARIANT_ADD(hole, mapped_4k) { { 1, 1 } };
FIXTURE_VARIANT_ADD(hole, prefetched) { { 1, 512 } };
FIXTURE_VARIANT_ADD(hole, mapped_2m) { { 2, 1 } };

KVMEM_SETUP(hole)
{
	set_mode(&variant->mode);
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->ram = vm_alloc(2 * PAGE_4K);
	vm_slot(self->vm, 1, 0, RAM, 2 * PAGE_4K, self->ram);
	hole_slot(self->vm, SLOT, HOLE, HOLE_SIZE);
}

/* Where the size of the mapping makes no difference: emulated or mapped. */
FIXTURE(table) {
	struct vm *vm;
	struct vcpu *v;
};

FIXTURE_VARIANT(table) {
	struct mode mode;
};

FIXTURE_VARIANT_ADD(table, emulated) { { 0, 1 } };
FIXTURE_VARIANT_ADD(table, mapped) { { 2, 1 } };

KVMEM_SETUP(table)
{
	set_mode(&variant->mode);
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	hole_slot(self->vm, SLOT, HOLE, HOLE_SIZE);
}

/* --- slots (B2) ----------------------------------------------------------- */

KVMEM_TEST_F(hole, move_and_delete, "B2")
{
	uint64_t to = HOLE + 0x10000000;

	ASSERT_EQ(ONES, vcpu_load(self->v, 8, HOLE));
	ASSERT_EQ(0, vm_region(self->vm, SLOT, hole_flag(), to, HOLE_SIZE, NULL));
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, to));
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, to + HOLE_SIZE - 8));
	ASSERT_TRUE(vcpu_expect(self->v, "where it was", OPS(LD(8, HOLE)),
				EXITS(MMIO_RD(HOLE, 8, 9))));
	/* By one page, overlapping itself; not onto other slots. */
	ASSERT_EQ(0, vm_region(self->vm, SLOT, hole_flag(), to + PAGE_4K, HOLE_SIZE, NULL));
	ASSERT_TRUE(vcpu_expect(self->v, "moved by a page", OPS(LD(8, to), LD(8, to + PAGE_4K)),
				EXITS(MMIO_RD(to, 8, 9))));
	ASSERT_EQ(ONES, vcpu_value(self->v, 1));
	ASSERT_EQ(-EEXIST, vm_region(self->vm, SLOT, hole_flag(), RAM, HOLE_SIZE, NULL));
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, to + PAGE_4K));

	ASSERT_EQ(0, vm_region(self->vm, SLOT, hole_flag(), 0, 0, NULL));
	ASSERT_TRUE(vcpu_expect(self->v, "deleted", OPS(LD(8, to + PAGE_4K)),
				EXITS(MMIO_RD(to + PAGE_4K, 8, 9))));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, SLOT, 0, 0, 0, NULL));
	/* The address can be used by another slot. */
	vm_slot(self->vm, SLOT, 0, HOLE, PAGE_4K, self->ram);
	*(uint64_t *)self->ram = DATA;
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, HOLE));
}

/*
 * RAM, holes of one page and read-only memory, alternating within one large page and
 * at both ends of the large hole: each keeps its behaviour.
 * Red with: more mapped than the slot has (a prefetch that does not know where
 * the slot ends, a large page over its neighbours).
 */
KVMEM_TEST_F(hole, neighbours, "B2 B11")
{
	uint64_t base = HOLE + 0x1000000, n = 8, i;
	uint64_t *mem = vm_alloc(n * PAGE_4K);

	for (i = 0; i < n; i++) {
		uint64_t gpa = base + i * PAGE_4K;

		mem[i * 512] = DATA + i;
		if (i % 3 == 1)
			hole_slot(self->vm, 20 + (uint32_t)i, gpa, PAGE_4K);
		else
			vm_slot(self->vm, 20 + (uint32_t)i, i % 3 ? KVM_MEM_READONLY : 0, gpa,
				PAGE_4K, mem + i * 512);
	}
	vm_slot(self->vm, 3, 0, HOLE - PAGE_4K, PAGE_4K, mem);
	vm_slot(self->vm, 4, 0, HOLE + HOLE_SIZE, PAGE_4K, mem);

	/* The holes first, since they may map too much. */
	for (i = 1; i < n; i += 3)
		ASSERT_TRUE(page_is_ones(self->v, base + i * PAGE_4K));
	ASSERT_TRUE(page_is_ones(self->v, HOLE));
	ASSERT_TRUE(page_is_ones(self->v, TAIL));
	for (i = 0; i < n; i++) {
		uint64_t gpa = base + i * PAGE_4K;

		if (i % 3 == 1)
			continue;
		ASSERT_EQ(DATA + i, vcpu_load(self->v, 8, gpa)) {
			TH_LOG("page %u", (unsigned int)i);
		}
		if (i % 3 == 0) {
			vcpu_store(self->v, 8, gpa, DATA + i);
			continue;
		}
		ASSERT_TRUE(vcpu_expect(self->v, "read-only memory", OPS(ST(8, gpa, 1)),
					EXITS(MMIO_WR(gpa, 8, 1))));
	}
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, HOLE - PAGE_4K));
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, HOLE + HOLE_SIZE));
	ASSERT_TRUE(vcpu_expect(self->v, "outside of them", OPS(LD(8, HOLE + HOLE_SIZE + PAGE_4K),
							    LD(8, base - 8)),
				EXITS(MMIO_RD(HOLE + HOLE_SIZE + PAGE_4K, 8, 1),
				      MMIO_RD(base - 8, 8, 2))));
}

/* --- order (B6) ---------------------------------------------------------- */

/* All sequences of three of read, write and fetch, each on a separate page.
 * Red with: a fault that installs an MMIO SPTE, or remembers the gfn as MMIO.
 */
KVMEM_TEST_F(hole, order, "B6 B7")
{
	uint64_t spte = vcpu_stat(self->v, "pf_mmio_spte_created");
	unsigned int seq, step;

	for (seq = 0; seq < 27; seq++) {
		uint64_t a = HOLE + seq * PAGE_4K + 8;
		unsigned int s = seq;

		for (step = 0; step < 3; step++, s /= 3) {
			switch (s % 3) {
			case 0:
				ASSERT_EQ(ONES, vcpu_load(self->v, 8, a)) {
					TH_LOG("sequence %u step %u", seq, step);
				}
				break;
			case 1:
				ASSERT_TRUE(hole_expect(self->v, "write", OPS(ST(8, a, DATA)),
							EXITS(MMIO_WR(a, 8, DATA)))) {
					TH_LOG("sequence %u step %u", seq, step);
				}
				break;
			default:
				vcpu_do(self->v, OPS({ .kind = OP_CALL, .addr = a }), NO_EXITS);
				ASSERT_TRUE(undefined_instruction(vcpu_result(self->v, 0))) {
					TH_LOG("sequence %u step %u", seq, step);
				}
				ASSERT_EQ(0, self->v->nr_exits);
			}
		}
	}
	ASSERT_EQ(spte, vcpu_stat(self->v, "pf_mmio_spte_created"));
}

/* --- prefault and other ioctls (B8, B9) ---------------------------------- */

/* Pages mapped so far, 4 KiB and 2 MiB. */
static uint64_t mapped(struct vm *vm)
{
	return vm_stat(vm, "pages_4k") + vm_stat(vm, "pages_2m");
}

KVMEM_TEST_F(hole, prefault, "B8")
{
	struct kvm_pre_fault_memory r = { .gpa = HOLE, .size = HOLE_SIZE };
	uint64_t before, grown;
	int err = 0;

	prefault_require(self->vm);
	vcpu_load(self->v, 8, RAM);
	before = mapped(self->vm);
	while (r.size && !err)
		err = -prefault(self->v, &r);
	grown = mapped(self->vm) - before;
	if (err) {
		ASSERT_EQ(ENOENT, err);
		ASSERT_EQ(0, grown);
	} else {
		ASSERT_LT(0, grown);
		ASSERT_GE(HOLE_SIZE / PAGE_4K, grown);
	}
	record_observation("B8", "prefault", "%s, %llu pages", err ? strerrorname_np(err) : "OK",
			   (unsigned long long)grown);
	ASSERT_TRUE(hole_expect(self->v, "afterwards", OPS(LD(8, HOLE), ST(8, HOLE, 1), LD(8, TAIL)),
				EXITS(MMIO_WR(HOLE, 8, 1))));
	ASSERT_EQ(ONES, vcpu_value(self->v, 0));
	ASSERT_EQ(ONES, vcpu_value(self->v, 2));
}

KVMEM_TEST_F(table, dirty_log_ioctls, "B9")
{
	uint64_t bitmap[64] = { 0 };
	struct kvm_dirty_log log = { .slot = SLOT, .dirty_bitmap = bitmap };
	struct kvm_clear_dirty_log clear = { .slot = SLOT, .num_pages = 64, .dirty_bitmap = bitmap };

	ASSERT_TRUE(hole_expect(self->v, "write", OPS(ST(8, HOLE, 1)), EXITS(MMIO_WR(HOLE, 8, 1))));
	ASSERT_EQ(-1, ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(ENOENT, errno);
	if (!vm_enable_cap(self->vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 1)) {
		ASSERT_EQ(-1, ioctl(self->vm->fd, KVM_CLEAR_DIRTY_LOG, &clear));
		ASSERT_EQ(ENOENT, errno);
	}
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, HOLE));
}

/* --- address 0 (B10) ----------------------------------------------------- */

/*
 * Userspace has memory at address 0, the userspace_addr of the hole: it is not read,
 * and invalidations of it do not affect the hole.
 * Red with: the hole's slot in hva_tree; a helper that takes userspace_addr for
 * an address.
 */
KVMEM_TEST_F(hole, memory_at_zero, "B10")
{
	const size_t size = 64 * PAGE_4K;
	/* Not a constant: the compiler treats accesses to address 0 as undefined. */
	uint8_t *volatile zero = NULL;
	uint64_t pages;
	unsigned int i;
	uint8_t *p;

	p = mmap(zero, size, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	if (p == MAP_FAILED)
		SKIP(return, "cannot map anything at address 0: %s (vm.mmap_min_addr)",
		     strerror(errno));
	for (i = 0; i < 64; i++)
		((uint8_t *)zero + i * PAGE_4K)[8] = 0x11;
	for (i = 0; i < 64; i++)
		ASSERT_EQ(ONES, vcpu_load(self->v, 8, HOLE + i * PAGE_4K + 8));
	vcpu_load(self->v, 8, RAM);
	pages = mapped(self->vm);
	ASSERT_EQ(0, madvise(zero, size, MADV_DONTNEED));
	ASSERT_EQ(pages, mapped(self->vm));
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, HOLE + 8));
	ASSERT_EQ(0, mprotect(zero, size, PROT_READ));
	ASSERT_EQ(0, munmap(zero, size));
	ASSERT_EQ(pages, mapped(self->vm));
	for (i = 0; i < 64; i++)
		ASSERT_EQ(ONES, vcpu_load(self->v, 8, HOLE + i * PAGE_4K + 8));
}

/* --- cost (B11) ---------------------------------------------------------- */

#define FAR	0x100000000ULL	/* another hole */

/* Reads behind the hole first, so that the guest's page tables are mapped already. */
static void far_hole(struct vm *vm, uint64_t size)
{
	struct vcpu *v = vm->vcpu[0];
	uint64_t beyond = FAR + size + PAGE_2M;

	hole_slot(vm, 3, FAR, size);
	vcpu_do(v, OPS(LD(4, beyond), LD(4, beyond)), NO_EXITS);
}

static uint64_t page_tables(void)
{
	return (uint64_t)env_meminfo_kib("SecPageTables") * 1024;
}

/*
 * One read of a large hole maps at most one page table's worth of pages, and
 * allocates at most the page tables that lead there; a scan like the firmware's maps
 * and allocates at most what it reads.
 * Red with: all of the hole mapped on the first fault.
 */
KVMEM_TEST_F(hole, cost, "B11")
{
	uint64_t size = 32 * PAGE_2M, small, large, tables, exits;
	uint32_t reads = size / 0x8000;

	far_hole(self->vm, size);
	exits = vcpu_stat(self->v, "mmio_exits");
	small = vm_stat(self->vm, "pages_4k");
	large = vm_stat(self->vm, "pages_2m");
	tables = page_tables();
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, FAR + size / 2));
	ASSERT_GE(variant->mode.prefetch, vm_stat(self->vm, "pages_4k") - small);
	ASSERT_GE(1, vm_stat(self->vm, "pages_2m") - large);
	/* On a shared host other VMs change this count. */
	if (env_in_lab())
		ASSERT_GE(4 * PAGE_4K, page_tables() - tables);

	ASSERT_TRUE(vcpu_expect(self->v, "scan",
		OPS({ .kind = OP_LOAD, .width = 4, .addr = FAR, .stride = 0x8000, .count = reads }),
		NO_EXITS));
	small = vm_stat(self->vm, "pages_4k") - small;
	large = vm_stat(self->vm, "pages_2m") - large;
	ASSERT_GE((reads + 1) * (uint64_t)variant->mode.prefetch, small);
	ASSERT_GE(size / PAGE_4K, small);
	ASSERT_GE(size / PAGE_2M, large);
	ASSERT_EQ(exits, vcpu_stat(self->v, "mmio_exits"));
	if (env_in_lab())
		ASSERT_GE((size / PAGE_2M + 4) * PAGE_4K, page_tables() - tables);
}

/* --- hotplug, migration, other VMs (B12, B13, B14) ----------------------- */

/*
 * Hotplug: hole, RAM at the same address, no slot, hole again, while a vCPU reads.
 * Red with: a deletion that leaves the hole mapped; an old MMIO SPTE that survives
 * the creation of the hole.
 */
KVMEM_TEST_F(hole, hotplug, "B12", 450)
{
	struct vm *vm = vm_create(&(struct vm_opts){ .nr_vcpus = 2 });
	uint64_t rounds = env_pick(4, 25, 500), i, *ram = vm_alloc(PAGE_4K), a = HOLE + 0x40;
	struct hammer h = { 0 };
	unsigned int exits;

	hole_slot(vm, SLOT, HOLE, HOLE_SIZE);
	hammer_start(&h, vm->vcpu[1], (struct mbox_op)LD(8, a));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(ONES, hammer_next(&h));
		exits = vm->vcpu[1]->nr_exits;
		ASSERT_EQ(ONES, hammer_next(&h));
		ASSERT_EQ(exits, vm->vcpu[1]->nr_exits) {
			TH_LOG("round %u: the hole exits", (unsigned int)i);
		}
		vm_slot(vm, SLOT, hole_flag(), HOLE, 0, NULL);
		ram[8] = DATA + i;
		vm_slot(vm, SLOT, 0, HOLE, PAGE_4K, ram);
		ASSERT_EQ(DATA + i, hammer_next(&h)) {
			TH_LOG("round %u: not the RAM", (unsigned int)i);
		}
		vm_slot(vm, SLOT, 0, HOLE, 0, NULL);
		exits = vm->vcpu[1]->nr_exits;
		/* Userspace answers with ones as well, but there is an exit. */
		ASSERT_EQ(ONES, hammer_next(&h));
		ASSERT_NE(exits, vm->vcpu[1]->nr_exits) {
			TH_LOG("round %u: no slot, no exit", (unsigned int)i);
		}
		hole_slot(vm, SLOT, HOLE, HOLE_SIZE);
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
}

/* Thousands of holes beside logged RAM: they set no bit in the log. */
KVMEM_TEST_F(table, migration, "B13", 600)
{
	uint64_t holes = env_pick(32, 256, 8192), base = 0x100000000ULL, i;
	uint64_t bitmap[1] = { 0 };
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = bitmap };
	uint8_t *ram = vm_alloc(2 * PAGE_4K);

	if (holes + 100 > (uint64_t)vm_cap(self->vm, KVM_CAP_NR_MEMSLOTS))
		holes = (uint64_t)vm_cap(self->vm, KVM_CAP_NR_MEMSLOTS) - 100;
	for (i = 0; i < holes; i++)
		hole_slot(self->vm, 32 + (uint32_t)i, base + 2 * i * PAGE_4K, PAGE_4K);
	vm_slot(self->vm, 1, KVM_MEM_LOG_DIRTY_PAGES, RAM, 2 * PAGE_4K, ram);
	for (i = 0; i < holes; i += holes / 16) {
		uint64_t a = base + 2 * i * PAGE_4K;

		ASSERT_EQ(ONES, vcpu_load(self->v, 8, a));
		ASSERT_TRUE(vcpu_expect(self->v, "behind it", OPS(LD(8, a + PAGE_4K)),
					EXITS(MMIO_RD(a + PAGE_4K, 8, 4))));
	}
	ASSERT_TRUE(hole_expect(self->v, "a write to RAM and one to a hole",
				OPS(ST(8, RAM + PAGE_4K, 1), ST(8, HOLE, 2)),
				EXITS(MMIO_WR(HOLE, 8, 2))));
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(2, bitmap[0]);
	/* Logging switched off: there is nothing to collapse in a hole. */
	vm_slot(self->vm, 1, 0, RAM, 2 * PAGE_4K, ram);
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, HOLE));
}

/*
 * Writes of one VM to its hole are not visible to another VM.
 * Red with: the shared page mapped writable.
 */
KVMEM_TEST_F(hole, two_vms, "B14")
{
	struct vm *other = vm_create(NULL);
	uint64_t a = HOLE + 0x40, i;

	hole_slot(other, SLOT, HOLE, HOLE_SIZE);
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, a));
	ASSERT_EQ(ONES, vcpu_load(other->vcpu[0], 8, a));
	ASSERT_TRUE(hole_expect(self->v, "writes of all kinds",
		OPS(ST(8, a, 0), ST(1, TAIL, 0),
		    { .kind = OP_STORE, .width = 16, .addr = a + 16 },
		    { .kind = OP_XCHG, .width = 4, .addr = a + 8 }),
		EXITS(MMIO_WR(a, 8, 0), MMIO_WR(TAIL, 1, 0), MMIO_WR(a + 16, 8, 0),
		      MMIO_WR(a + 24, 8, 0), MMIO_WR(a + 8, 4, 0))));
	ASSERT_TRUE(string_write(self->v, HOLE + 0x2000));
	for (i = 0; i < HOLE_SIZE; i += i < 4 * PAGE_4K ? PAGE_4K : PAGE_2M / 2)
		ASSERT_TRUE(page_is_ones(other->vcpu[0], HOLE + i));
	ASSERT_TRUE(page_is_ones(other->vcpu[0], TAIL));
	/* The shared page outlives the VM that used it first, and is used by any number of VMs. */
	vm_destroy(self->vm);
	for (i = 0; i < env_pick(2, 8, 200); i++) {
		struct vm *vm = vm_create(NULL);

		hole_slot(vm, SLOT, HOLE, HOLE_SIZE);
		ASSERT_TRUE(page_is_ones(vm->vcpu[0], HOLE + PAGE_2M));
		if (i % 2)
			vm_destroy(vm);
	}
	ASSERT_EQ(ONES, vcpu_load(other->vcpu[0], 8, HOLE + PAGE_2M + 8));
}

#include "proposed_hole_vm_arch.h"

KVMEM_MAIN
