// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of stage 2 and the dirty log (G2): KVM splits the blocks of a slot with a log
 * when a page of them is written, or at once with KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE.
 * It splits those only, and maps blocks again when the log is off.
 */
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "arch.h"
#include "arch/arm64/mmu.h"
#include "arch/arm64/scenario/sweep.h"
#include "backing.h"
#include "guest/list.h"
#include "kvm/uapi.h"

#ifndef KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE	/* 6.5 */
#define KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE 228
#define KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES 229
#endif

#define GPA	0x100000000ULL
#define SLOT	2
#define BLOCK	SWEEP_BLOCK
#define SIZE	(2 * SWEEP_BLOCK_SIZE)
#define LOG	KVM_MEM_LOG_DIRTY_PAGES

/* The part of the slot that the guest accesses: the end of a block, the start of another. */
#define HEAD	30
#define TAIL	70
#define FROM	(BLOCK - HEAD)

#define PAGE	(BLOCK + 7)	/* one of them that is written alone */

/* --- the capability ------------------------------------------------------------------ */

/* KVM_ENABLE_CAP of the chunk size, which needs a VM without slots. */
static int set_chunk(struct vm *vm, uint64_t size)
{
	int r;

	vm_slot(vm, VM_SYS_SLOT, 0, VM_SYS_GPA, 0, NULL);
	r = vm_enable_cap(vm, KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE, size);
	vm_slot(vm, VM_SYS_SLOT, 0, VM_SYS_GPA, VM_SYS_SIZE, vm->sys);
	return r;
}

static uint64_t chunk(const struct vm *vm)
{
	return (uint64_t)vm_cap(vm, KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE);
}

static uint64_t block_sizes(const struct vm *vm)
{
	return (uint64_t)(unsigned int)vm_cap(vm, KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES);
}

/*
 * The sizes of KVM_CAP_ARM_SUPPORTED_BLOCK_SIZES and 0 are accepted while there is no
 * slot, and no other.
 * Red with: kvm_is_block_size_supported() without its check for a power of two;
 * kvm_are_all_memslots_empty() left out.
 */
KVMEM_TEST(chunk_size, "G2")
{
	static const uint64_t refused[] = {
		1, 0x800, 0x1001, 0x2000, 0x8000, 0x201000, 0x300000, 0x400000, 0x40200000, 1ULL << 39,
		1ULL << 63, ~0ULL,
	};
	struct vm *vm = vm_create(NULL);
	uint64_t sizes = block_sizes(vm), size;
	size_t i;

	REQUIRE(VM_PAGE == PAGE_4K, "this kernel's pages have %llu bytes, the test needs 4 KiB",
		(unsigned long long)VM_PAGE);
	if (!sizes)
		end_never("no KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE (6.5)");
	ASSERT_EQ(0, chunk(vm));
	ASSERT_EQ(VM_PAGE | SWEEP_BLOCK_SIZE, sizes & (VM_PAGE | SWEEP_BLOCK_SIZE));
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		if ((sizes & refused[i]) == refused[i] && !(refused[i] & (refused[i] - 1)))
			continue;
		ASSERT_EQ(-EINVAL, set_chunk(vm, refused[i])) {
			TH_LOG("0x%llx", (unsigned long long)refused[i]);
		}
		ASSERT_EQ(0, chunk(vm));
	}
	for (size = 1; size <= sizes; size <<= 1) {
		if (!(sizes & size))
			continue;
		ASSERT_EQ(0, set_chunk(vm, size));
		ASSERT_EQ(size, chunk(vm));
		ASSERT_EQ(-EINVAL, set_chunk(vm, size + 1));
		ASSERT_EQ(size, chunk(vm));
	}
	/* With a slot, the size cannot be changed, not even to itself. */
	ASSERT_EQ(-EINVAL, vm_enable_cap(vm, KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE, VM_PAGE));
	ASSERT_EQ(-EINVAL, vm_enable_cap(vm, KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE, 0));
	ASSERT_EQ(0, set_chunk(vm, 0));
	ASSERT_EQ(0, chunk(vm));
	ASSERT_EQ(0, chunk(vm_create(NULL)));
}

/* --- the log -------------------------------------------------------------------------- */

FIXTURE(log) {
	struct vm *vm;
	struct vcpu *v;
	struct sweep s;		/* HEAD pages of a block and TAIL pages of the next */
	struct sweep slot;	/* both blocks, for sweep_blocks() */
	char *mem;
	uint64_t *bitmap;
};

/* When blocks are split: when they are written, or at once, in chunks of this size. */
enum chunk { LAZY, BY_BLOCK, BY_PAGE };

FIXTURE_VARIANT(log) {
	enum backing backing;
	enum chunk chunk;
};

FIXTURE_VARIANT_ADD(log, lazy) { THP, LAZY };
FIXTURE_VARIANT_ADD(log, eager) { THP, BY_BLOCK };
FIXTURE_VARIANT_ADD(log, lazy_hugetlb) { HUGETLB, LAZY };
FIXTURE_VARIANT_ADD(log, eager_by_page) { HUGETLB, BY_PAGE };

KVMEM_SETUP(log)
{
	int fd;

	if (VM_PAGE != PAGE_4K)
		end_skip("this kernel's pages have %llu bytes, the test needs 4 KiB",
			 (unsigned long long)VM_PAGE);
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	if (variant->chunk && !block_sizes(self->vm))
		end_never("no KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE (6.5)");
	if (variant->chunk &&
	    set_chunk(self->vm, variant->chunk == BY_PAGE ? VM_PAGE : SWEEP_BLOCK_SIZE))
		end_fail("KVM_CAP_ARM_EAGER_SPLIT_CHUNK_SIZE: %s", strerror(errno));
	self->mem = backing_at(variant->backing, NULL, SIZE, &fd);
	self->bitmap = vm_alloc(VM_PAGE);
	sweep_init(&self->s, self->v, GPA + FROM * VM_PAGE, HEAD + TAIL, self->mem + FROM * VM_PAGE);
	vm_slot(self->vm, SLOT, 0, GPA, SIZE, self->mem);
	sweep_alias(&self->slot, &self->s, 0, GPA, 0);
	self->slot.pages = 2 * BLOCK;
	if (!sweep_write(&self->s, "write", FAULTS({ 0, 1 }, { HEAD, 1 })))
		end_fail("the slot is not mapped by blocks");
}

static void set_log(FIXTURE_DATA(log) *self, uint32_t flags)
{
	vm_slot(self->vm, SLOT, flags, GPA, SIZE, self->mem);
}

static bool get_log(FIXTURE_DATA(log) *self)
{
	struct kvm_dirty_log log = { .slot = SLOT, .dirty_bitmap = self->bitmap };

	return !ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log);
}

/* Whether exactly pages [first, first + n) of the slot are in the log, which is read. */
static bool logged(FIXTURE_DATA(log) *self, const char *what, unsigned int first, unsigned int n)
{
	unsigned int i;

	if (!get_log(self)) {
		diag("%s: KVM_GET_DIRTY_LOG: %s", what, strerror(errno));
		return false;
	}
	for (i = 0; i < 2 * BLOCK; i++) {
		bool dirty = self->bitmap[i / 64] >> i % 64 & 1;

		if (dirty == (i >= first && i - first < n))
			continue;
		diag("%s: page %u is %s in the log", what, i, dirty ? "" : "not");
		return false;
	}
	return true;
}

/* Number of faults of a store to a page of the slot. */
static uint64_t store_faults(FIXTURE_DATA(log) *self, unsigned int page, uint32_t value)
{
	arch_faults_begin(self->v);
	vcpu_store(self->v, 4, GPA + page * VM_PAGE, value);
	if (page >= FROM)
		self->s.want[page - FROM] = value;
	return arch_faults(self->v);
}

/*
 * Red with: kvm_mmu_wp_memory_region() or kvm_mmu_split_memory_region() left out of
 * kvm_arch_commit_memory_region(); a split of more than the chunk; a log without
 * force_pte in user_mem_abort(); a read that maps a page of the log writable.
 */
KVMEM_TEST_F(log, one_write, "G2 G12", 300)
{
	bool lazy = !variant->chunk;
	struct sweep *s = &self->s;
	unsigned int round;

	set_log(self, LOG);
	ASSERT_TRUE(sweep_blocks(&self->slot, "log on", lazy ? 2 : 0, lazy ? 0 : 2 * BLOCK));
	ASSERT_TRUE(sweep_read(s, "read with the log", NO_FAULTS));
	ASSERT_TRUE(logged(self, "nothing written", 0, 0));
	for (round = 0; round < 2; round++) {
		ASSERT_EQ(1, store_faults(self, PAGE, 0x700 + round));
		ASSERT_EQ(0, store_faults(self, PAGE, 0x710 + round));
		ASSERT_TRUE(logged(self, "one page written", PAGE, 1));
	}
	/* The rest of its block is not mapped any more; the other block is. */
	if (lazy)
		ASSERT_TRUE(sweep_read(s, "read after the write",
				       FAULTS({ HEAD, PAGE - BLOCK },
					      { PAGE + 1 - FROM, BLOCK + TAIL - PAGE - 1 })));
	ASSERT_TRUE(sweep_read(s, "read again", NO_FAULTS));
	ASSERT_TRUE(sweep_blocks(&self->slot, "after one write", lazy, lazy ? TAIL : 2 * BLOCK));
	ASSERT_TRUE(logged(self, "pages read", 0, 0));
}

/*
 * Each page is logged when it is written; when the log is off, the next fault in a block
 * maps it as a whole.
 * Red with: the size of the fault's entry kept, if it is a page.
 */
KVMEM_TEST_F(log, all_written, "G2", 300)
{
	struct sweep *s = &self->s;

	set_log(self, LOG);
	ASSERT_TRUE(sweep_write(s, "write with the log", FAULTS({ 0, HEAD + TAIL })));
	ASSERT_TRUE(sweep_write(s, "write again", NO_FAULTS));
	ASSERT_TRUE(sweep_blocks(&self->slot, "after the writes", 0,
				 variant->chunk ? 2 * BLOCK : HEAD + TAIL));
	ASSERT_TRUE(logged(self, "written", FROM, HEAD + TAIL));
	ASSERT_TRUE(sweep_write(s, "write after the log was read", FAULTS({ 0, HEAD + TAIL })));
	/* Pages that are mapped already are used as they are. */
	set_log(self, 0);
	ASSERT_FALSE(get_log(self));
	ASSERT_EQ(ENOENT, errno);
	ASSERT_TRUE(sweep_write(s, "write without the log", NO_FAULTS));
	ASSERT_EQ(1, store_faults(self, 3, 0x800));
	ASSERT_EQ(1, store_faults(self, 2 * BLOCK - 1, 0x800));
	ASSERT_TRUE(sweep_blocks(&self->slot, "blocks again", 2, 0));
	ASSERT_TRUE(sweep_write(s, "write in the blocks", NO_FAULTS));
	ASSERT_EQ(0, store_faults(self, 4, 0x800));
	ASSERT_EQ(0, store_faults(self, 2 * BLOCK - 2, 0x800));
}

/* No split is needed of what is mapped with the log already on. */
KVMEM_TEST_F(log, on_before_mapping, "G2")
{
	struct sweep *s = &self->s;

	vm_slot(self->vm, SLOT, 0, 0, 0, NULL);
	set_log(self, LOG);
	ASSERT_TRUE(sweep_read(s, "read", FAULTS({ 0, HEAD + TAIL })));
	ASSERT_TRUE(sweep_blocks(&self->slot, "pages", 0, HEAD + TAIL));
	ASSERT_TRUE(logged(self, "read", 0, 0));
	ASSERT_TRUE(sweep_write(s, "write", FAULTS({ 0, HEAD + TAIL })));
	ASSERT_TRUE(logged(self, "written", FROM, HEAD + TAIL));
	ASSERT_TRUE(sweep_write(s, "write again", FAULTS({ 0, HEAD + TAIL })));
}

/*
 * With KVM_DIRTY_LOG_INITIALLY_SET, blocks stay and are writable until a part of them is
 * cleared; only that block is split.
 * Red with: the log's switch that protects everything; KVM_CLEAR_DIRTY_LOG that splits
 * beyond its range, or does not protect.
 */
KVMEM_TEST_F(log, initially_set, "G2", 300)
{
	struct kvm_clear_dirty_log clear = {
		.slot = SLOT, .first_page = BLOCK, .num_pages = 64, .dirty_bitmap = self->bitmap,
	};
	uint64_t flags = KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE | KVM_DIRTY_LOG_INITIALLY_SET;
	bool lazy = !variant->chunk;
	struct sweep *s = &self->s;

	ASSERT_EQ(flags, flags & (uint64_t)vm_cap(self->vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2));
	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, flags));
	set_log(self, LOG);
	ASSERT_TRUE(sweep_write(s, "write with the log", NO_FAULTS));
	ASSERT_TRUE(sweep_blocks(&self->slot, "log on", 2, 0));
	ASSERT_TRUE(logged(self, "initially", 0, 2 * BLOCK));
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_CLEAR_DIRTY_LOG, &clear));
	ASSERT_TRUE(sweep_blocks(&self->slot, "64 pages cleared", lazy ? 2 : 1, lazy ? 0 : BLOCK));
	ASSERT_TRUE(sweep_read(s, "read", NO_FAULTS));
	/* The block is protected as a whole, before it is split. */
	ASSERT_TRUE(sweep_write(s, "write", FAULTS({ HEAD, TAIL })));
	ASSERT_GE(1, store_faults(self, BLOCK + 200, 1));
	ASSERT_EQ(0, store_faults(self, 5, 1));
	ASSERT_TRUE(logged(self, "all written or never cleared", 0, 2 * BLOCK));
}

/*
 * Executable pages stay so when blocks are split or mapped again.
 * Red with: kvm_pgtable_stage2_pte_prot() without execute permission in the split.
 */
KVMEM_TEST_F(log, fetch, "G2")
{
	bool split = variant->chunk, again = sweep_fetch_faults();
	const struct sweep_range all = { 0, HEAD + TAIL };
	struct sweep *s = &self->s;

	sweep_fill(s);
	if (again)
		ASSERT_TRUE(sweep_fetch(s, "fetch", FAULTS({ 0, 1 }, { HEAD, 1 })));
	set_log(self, LOG);
	ASSERT_TRUE(sweep_fetch(s, "fetch with the log", NO_FAULTS));
	/* A write that splits a block maps a page that is not executable. */
	ASSERT_TRUE(sweep_write(s, "write", &all, 1));
	ASSERT_TRUE(sweep_fetch(s, "fetch after the writes", &all, again && !split));
	ASSERT_TRUE(sweep_fetch(s, "fetch again", NO_FAULTS));
	ASSERT_TRUE(sweep_write(s, "write again", NO_FAULTS));
}

KVMEM_MAIN
