// SPDX-License-Identifier: GPL-2.0-only
/*
 * Blocks of stage 2: KVM maps 2 MiB at once (32 MiB with pages of 16 KiB) exactly where
 * guest address, host address, slot and host mapping allow it, and never memory outside
 * of the slot (G1, G2).  A block costs one fault for all its pages; on kernels with a dump
 * of stage 2, the entries are counted too.
 */
#include "harness/test.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "arch/arm64/mmu.h"
#include "arch/arm64/scenario/sweep.h"
#include "backing.h"
#include "guest/list.h"

#define GPA	0x100000000ULL	/* a multiple of a block, also as a host address */
#define SLOT	2
#define BLOCK	SWEEP_BLOCK

static bool is_aligned(unsigned int page)
{
	return page % BLOCK == 0;
}

/* A value of every page of the host, outside of sweeps too. */
static void number(char *mem, uint64_t pages)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		*(volatile uint32_t *)(mem + i * VM_PAGE) = 0xe0000000 + (uint32_t)i;
}

static bool numbers_are(char *mem, uint64_t from, uint64_t to)
{
	uint64_t i;

	for (i = from; i < to; i++) {
		uint32_t got = *(volatile uint32_t *)(mem + i * VM_PAGE);

		if (got == 0xe0000000 + i)
			continue;
		diag("page %llu of the memory, outside of the slot, holds 0x%x",
		     (unsigned long long)i, got);
		return false;
	}
	return true;
}

/* No memory at the addresses before and after the slot, in the same block or not. */
static bool nothing_beside(struct vcpu *v, uint64_t gpa, uint64_t end)
{
	uint64_t mask = ~(SWEEP_BLOCK_SIZE - 1);
	uint64_t before = gpa & mask, after = (end + SWEEP_BLOCK_SIZE - 1) & mask;

	if (before == gpa)
		before -= SWEEP_BLOCK_SIZE;
	if (after == end)
		after += SWEEP_BLOCK_SIZE;
	return vcpu_expect(v, "beside the slot",
		OPS(LD(4, before), LD(4, gpa - VM_PAGE), LD(8, gpa - 8), LD(8, end),
		    ST(8, end, 5), LD(4, end + VM_PAGE - 4), LD(4, after - 4)),
		EXITS(MMIO_RD(before, 4, 1), MMIO_RD(gpa - VM_PAGE, 4, 2), MMIO_RD(gpa - 8, 8, 3),
		      MMIO_RD(end, 8, 4), MMIO_WR(end, 8, 5), MMIO_RD(end + VM_PAGE - 4, 4, 6),
		      MMIO_RD(after - 4, 4, 7)));
}

/* --- where ------------------------------------------------------------------------ */

FIXTURE(where) {
	char *mem;	/* four blocks */
	int fd;
};

FIXTURE_VARIANT(where) {
	enum backing backing;
};

FIXTURE_VARIANT_ADD(where, thp) { THP };
FIXTURE_VARIANT_ADD(where, thp_file) { THP_FILE };
FIXTURE_VARIANT_ADD(where, hugetlb) { HUGETLB };
FIXTURE_VARIANT_ADD(where, hugetlb_contiguous) { HUGETLB_BLOCKS };

KVMEM_SETUP(where)
{
	vm_device();
	self->mem = backing_at(variant->backing, NULL, 4 * SWEEP_BLOCK_SIZE, &self->fd);
}

/*
 * A slot, in pages: its offset in guest and host memory from the start of a block, its
 * size, and the part of it that the guest accesses.
 */
struct place {
	unsigned int gpa, hva, pages;
	unsigned int from, n;
	unsigned int blocks;	/* that fit, all in that part */
};

#define MAX_FAULTS	5	/* ranges */
#define MIDDLE_PAGE	300	/* of each block, accessed before the others */

enum order { UP, DOWN, MIDDLE };

/* The pages that fault when all of the part are accessed: one per block that fits. */
static size_t faults_of(const struct place *p, bool blocks, enum order order,
			struct sweep_range *f)
{
	int start, end, last = (int)(p->from + p->n);
	size_t n = 0;

	for (start = (int)p->from; start < last; start = end) {
		int from = start - (int)((p->gpa + (unsigned int)start) % BLOCK);
		bool fits = is_aligned(p->gpa - p->hva) && from >= 0 &&
			    from + (int)BLOCK <= (int)p->pages;
		unsigned int first;

		end = from + (int)BLOCK < last ? from + (int)BLOCK : last;
		first = (unsigned int)start - p->from;
		if (!blocks || !fits)
			f[n++] = (struct sweep_range){ first, (unsigned int)(end - start) };
		else if (order != MIDDLE)
			f[n++] = (struct sweep_range){
				order == UP ? first : (unsigned int)end - 1 - p->from, 1 };
	}
	return n;
}

static void touch_middles(struct vcpu *v, const struct place *p)
{
	unsigned int i;

	for (i = p->from; i < p->from + p->n; i++)
		if ((p->gpa + i) % BLOCK == MIDDLE_PAGE)
			vcpu_load(v, 4, GPA + (p->gpa + i) * VM_PAGE);
}

/*
 * Whether a slot at this place is mapped as it must be: the number of faults, the tags
 * that the guest writes to each page and reads from it, the memory that it does not
 * access and that beside the slot.
 */
static bool mapped_right(char *mem, const struct place *p, bool blocks, enum order order)
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	uint64_t gpa = GPA + p->gpa * VM_PAGE;
	unsigned int first = p->hva + p->from, nr = blocks ? p->blocks : 0;
	char *hva = mem + p->hva * VM_PAGE;
	struct sweep_range f[MAX_FAULTS];
	struct sweep s;
	bool ok;

	number(mem, 4 * BLOCK);
	sweep_init(&s, v, gpa + p->from * VM_PAGE, p->n, hva + p->from * VM_PAGE);
	vm_slot(vm, SLOT, 0, gpa, p->pages * VM_PAGE, hva);
	s.down = order == DOWN;
	if (order == MIDDLE)
		touch_middles(v, p);
	ok = sweep_write(&s, "write", f, faults_of(p, blocks, order, f)) &&
	     sweep_read(&s, "read", NO_FAULTS) &&
	     sweep_blocks(&s, "mapped", nr, p->n - nr * BLOCK) &&
	     numbers_are(mem, 0, first) && numbers_are(mem, first + p->n, 4 * BLOCK) &&
	     nothing_beside(v, gpa, gpa + p->pages * VM_PAGE);
	vm_destroy(vm);
	return ok;
}

/*
 * Red with: fault_supports_stage2_huge_mapping() without its comparison of the
 * alignments, or without either of its limits; an address of the fault or a pfn that is
 * not rounded down in transparent_hugepage_adjust(), when the first access is not to the
 * first page; hugetlb's size used unchecked.
 */
KVMEM_TEST_F(where, fits, "G2 G1", 600)
{
	static const enum order orders[] = { MIDDLE, UP, DOWN };
	const struct place places[] = {
		/* gpa, hva, pages, accessed, blocks */
		{ 0, 0, 2 * BLOCK, 0, 2 * BLOCK, 2 },
		{ 0, BLOCK, BLOCK, 0, BLOCK, 1 },
		{ BLOCK, 0, BLOCK, 0, BLOCK, 1 },
		/* alike, but with a head, a tail or both */
		{ BLOCK - 3, BLOCK - 3, BLOCK + 7, 0, BLOCK + 7, 1 },
		{ BLOCK - 1, 2 * BLOCK - 1, BLOCK + 1, 0, BLOCK + 1, 1 },
		{ 0, 0, BLOCK + 1, 0, BLOCK + 1, 1 },
		{ 0, 0, BLOCK - 1, BLOCK - 20, 19, 0 },
		{ 1, 1, BLOCK - 1, 0, 20, 0 },
		{ BLOCK / 2, BLOCK / 2, BLOCK, BLOCK / 2 - 10, 20, 0 },
		/* not aligned alike, with a block in both */
		{ 0, 1, 2 * BLOCK - 1, BLOCK - 10, 20, 0 },
		{ 1, 0, 2 * BLOCK - 1, BLOCK - 10, 20, 0 },
		{ 0, BLOCK / 2, BLOCK + BLOCK / 2, BLOCK - 10, 20, 0 },
	};
	bool all = variant->backing == THP;
	unsigned int i, step = (unsigned int)env_pick(3, all ? 1 : 3, 1);

	for (i = 0; i < ARRAY_SIZE(places); i += step) {
		ASSERT_TRUE(mapped_right(self->mem, &places[i], true, orders[i / step % 3])) {
			TH_LOG("row %u", i);
		}
	}
}

/* The host's mappings are too small. */
KVMEM_TEST(contiguous_pages, "G2")
{
	const struct place p = { 0, 0, 2 * BLOCK, BLOCK - 10, 20, 2 };
	char *mem;
	int fd;

	vm_device();
	mem = backing_at(HUGETLB_PAGES, NULL, 4 * SWEEP_BLOCK_SIZE, &fd);
	ASSERT_TRUE(mapped_right(mem, &p, false, UP));
}

/* A block of the host's that lies in two slots is mapped by pages, the others are not. */
KVMEM_TEST_F(where, in_two_slots, "G2")
{
	unsigned int cut = BLOCK + 20, from = BLOCK - 10, pages = 3 * BLOCK;
	struct vm *vm = vm_create(NULL);
	uint64_t middle = GPA + cut * VM_PAGE;
	struct sweep s, last;

	vm_slot(vm, SLOT, 0, GPA, middle - GPA, self->mem);
	vm_slot(vm, SLOT + 1, 0, middle, pages * VM_PAGE - (middle - GPA), self->mem + (middle - GPA));
	sweep_init(&s, vm->vcpu[0], GPA + from * VM_PAGE, 40, self->mem + from * VM_PAGE);
	ASSERT_TRUE(sweep_write(&s, "write", FAULTS({ 0, 1 }, { 10, 30 })));
	ASSERT_TRUE(sweep_read(&s, "read", NO_FAULTS));
	sweep_other(&last, &s, GPA + (2 * BLOCK - 10) * VM_PAGE, 40,
		    self->mem + (2 * BLOCK - 10) * VM_PAGE);
	ASSERT_TRUE(sweep_write(&last, "write", FAULTS({ 0, 11 })));
	/* Without the second slot, the first ends in the middle of the block. */
	vm_slot(vm, SLOT + 1, 0, 0, 0, NULL);
	ASSERT_TRUE(nothing_beside(vm->vcpu[0], GPA, middle));
	s.pages = cut - from;
	ASSERT_TRUE(sweep_read(&s, "read again", NO_FAULTS));
}

/* --- guest address and host address are the same (G1) ----------------------------- */

FIXTURE(identity) {
	char *mem;	/* at GPA, three blocks */
};

FIXTURE_VARIANT(identity) {
	enum backing backing;
};

FIXTURE_VARIANT_ADD(identity, pages) { PAGES };
FIXTURE_VARIANT_ADD(identity, thp) { THP };

KVMEM_SETUP(identity)
{
	int fd;

	vm_device();
	self->mem = backing_at(variant->backing, (void *)GPA, 3 * SWEEP_BLOCK_SIZE, &fd);
}

/* Every page holds its own address, and so do the pages around the slot, which stay. */
KVMEM_TEST_F(identity, own_address, "G1 G2")
{
	const struct place at = { 3, 3, 2 * BLOCK + 40, BLOCK - 13, BLOCK + 20, 1 };
	unsigned int blocks = backing_blocks(variant->backing) ? at.blocks : 0;
	uint64_t gpa = GPA + at.gpa * VM_PAGE, from = gpa + at.from * VM_PAGE;
	struct sweep_range f[MAX_FAULTS];
	struct vm *vm = vm_create(NULL);
	struct sweep s;

	sweep_init(&s, vm->vcpu[0], from, at.n, (void *)from);
	number(self->mem, 3 * BLOCK);
	vm_slot(vm, SLOT, 0, gpa, at.pages * VM_PAGE, (void *)gpa);
	sweep_fill(&s);
	ASSERT_TRUE(sweep_read(&s, "read", f, faults_of(&at, blocks, UP, f)));
	ASSERT_TRUE(sweep_write(&s, "write", NO_FAULTS));
	ASSERT_TRUE(sweep_blocks(&s, "mapped", blocks, at.n - blocks * BLOCK));
	ASSERT_TRUE(numbers_are(self->mem, 0, at.hva + at.from));
	ASSERT_TRUE(numbers_are(self->mem, at.hva + at.from + at.n, 3 * BLOCK));
	ASSERT_TRUE(nothing_beside(vm->vcpu[0], gpa, gpa + at.pages * VM_PAGE));
}

/* --- what happens to a block -------------------------------------------------------- */

#define PAGES_IN_SLOT	(2 * BLOCK)
#define GOES	(BLOCK + 7)	/* the page that changes, in the second block */

FIXTURE(block) {
	struct vm *vm;
	struct vcpu *v;
	struct sweep s;		/* two blocks, not mapped yet */
	char *mem;		/* they, and a third that is in no slot */
	int fd;
};

FIXTURE_VARIANT(block) {
	enum backing backing;
};

FIXTURE_VARIANT_ADD(block, thp) { THP };
FIXTURE_VARIANT_ADD(block, hugetlb) { HUGETLB };

KVMEM_SETUP(block)
{
	self->mem = backing_at(variant->backing, NULL, 3 * SWEEP_BLOCK_SIZE, &self->fd);
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	sweep_init(&self->s, self->v, GPA, PAGES_IN_SLOT, self->mem);
	vm_slot(self->vm, SLOT, 0, GPA, 2 * SWEEP_BLOCK_SIZE, self->mem);
	sweep_fill(&self->s);
}

#define EACH_BLOCK	FAULTS({ 0, 1 }, { BLOCK, 1 })

static bool is_permission_fault(uint64_t esr)
{
	return (esr & FSC_TYPE) == FSC_PERMISSION;
}

/*
 * Data accesses first, then a fetch: one more fault for each block, if executable pages
 * need maintenance of the instruction cache.
 * Red with: relax_perms() for one page of a block; execute permission that replaces
 * write permission.
 */
KVMEM_TEST_F(block, fetch_after_read, "G2")
{
	struct sweep *s = &self->s;

	ASSERT_TRUE(sweep_read(s, "read", EACH_BLOCK));
	ASSERT_FALSE(is_permission_fault(s->esr));
	if (sweep_fetch_faults()) {
		ASSERT_TRUE(sweep_fetch(s, "fetch", EACH_BLOCK));
		ASSERT_TRUE(is_permission_fault(s->esr));
	}
	ASSERT_TRUE(sweep_fetch(s, "fetch again", NO_FAULTS));
	ASSERT_TRUE(sweep_write(s, "write", NO_FAULTS));
	ASSERT_TRUE(sweep_fetch(s, "fetch after write", NO_FAULTS));
	ASSERT_TRUE(sweep_blocks(s, "mapped", 2, 0));
}

KVMEM_TEST_F(block, fetch_first, "G2")
{
	ASSERT_TRUE(sweep_fetch(&self->s, "fetch", EACH_BLOCK));
	ASSERT_TRUE(sweep_read(&self->s, "read", NO_FAULTS));
	ASSERT_TRUE(sweep_write(&self->s, "write", NO_FAULTS));
	ASSERT_TRUE(sweep_blocks(&self->s, "mapped", 2, 0));
}

/*
 * Red with: write permission of a block taken from the host's mapping and not from the
 * slot.
 */
KVMEM_TEST_F(block, readonly_slot, "G2 G7")
{
	struct sweep *s = &self->s;
	uint64_t gpa = GPA + GOES * VM_PAGE;

	vm_slot(self->vm, SLOT, 0, 0, 0, NULL);
	vm_slot(self->vm, SLOT, KVM_MEM_READONLY, GPA, 2 * SWEEP_BLOCK_SIZE, self->mem);
	ASSERT_TRUE(vcpu_expect(self->v, "write first", OPS(ST(4, gpa, 1)),
				EXITS(MMIO_WR(gpa, 4, 1))));
	ASSERT_TRUE(sweep_read(s, "read", EACH_BLOCK));
	ASSERT_TRUE(vcpu_expect(self->v, "writes", OPS(ST(4, GPA, 2), ST(8, gpa, 3)),
				EXITS(MMIO_WR(GPA, 4, 2), MMIO_WR(gpa, 8, 3))));
	ASSERT_TRUE(sweep_read(s, "read again", NO_FAULTS));
	ASSERT_TRUE(sweep_host(s, "memory"));
	ASSERT_TRUE(sweep_blocks(s, "mapped", 2, 0));
	if (sweep_fetch_faults())
		ASSERT_TRUE(sweep_fetch(s, "fetch", EACH_BLOCK));
	ASSERT_TRUE(vcpu_expect(self->v, "write after fetch", OPS(ST(4, gpa, 4)),
				EXITS(MMIO_WR(gpa, 4, 4))));
	ASSERT_TRUE(sweep_host(s, "memory at last"));
}

/* The host protects all of it, which leaves its huge mappings whole. */
KVMEM_TEST_F(block, host_readonly, "G2 G10")
{
	struct sweep *s = &self->s;

	ASSERT_TRUE(sweep_write(s, "write", EACH_BLOCK));
	ASSERT_EQ(0, mprotect(self->mem, 3 * SWEEP_BLOCK_SIZE, PROT_READ));
	ASSERT_TRUE(sweep_read(s, "read", EACH_BLOCK));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(ST(4, GPA + GOES * VM_PAGE, 1))));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(ST(4, GPA, 1))));
	ASSERT_TRUE(sweep_read(s, "read again", NO_FAULTS));
	ASSERT_EQ(0, mprotect(self->mem, 3 * SWEEP_BLOCK_SIZE, PROT_READ | PROT_WRITE));
	ASSERT_TRUE(sweep_write(s, "write again", EACH_BLOCK));
	ASSERT_TRUE(sweep_blocks(s, "mapped", 2, 0));
}

/* Whether the host maps all of the memory by huge pages now. */
static bool is_huge(const FIXTURE_DATA(block) *self, const FIXTURE_VARIANT(block) *variant)
{
	return variant->backing == HUGETLB || hostmem_is_huge(self->mem, 3 * SWEEP_BLOCK_SIZE);
}

static bool free_block(const FIXTURE_DATA(block) *self, unsigned int block)
{
	uint64_t at = block * SWEEP_BLOCK_SIZE;

	return !(self->fd < 0 ? madvise(self->mem + at, SWEEP_BLOCK_SIZE, MADV_DONTNEED) :
		 fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)at,
			   (off_t)SWEEP_BLOCK_SIZE));
}

/* The whole second block is freed: the first is not touched, nor is memory in no slot. */
KVMEM_TEST_F(block, one_goes, "G2 G10")
{
	struct sweep *s = &self->s;
	char *second = self->mem + SWEEP_BLOCK_SIZE;

	ASSERT_TRUE(sweep_write(s, "write", EACH_BLOCK));
	ASSERT_TRUE(free_block(self, 1));
	sweep_expect_zero(s, BLOCK, BLOCK);
	memset(second, 0, SWEEP_BLOCK_SIZE);
	ASSERT_TRUE(sweep_read(s, "read", FAULTS({ BLOCK, is_huge(self, variant) ? 1 : BLOCK })));
	/* The third. */
	ASSERT_TRUE(free_block(self, 2));
	ASSERT_TRUE(sweep_read(s, "memory in no slot freed", NO_FAULTS));
}

/* Its pages are moved to another node. */
KVMEM_TEST_F(block, migrates, "G2 G10")
{
	struct sweep *s = &self->s;

	ASSERT_TRUE(sweep_write(s, "write", EACH_BLOCK));
	hostmem_migrate(self->mem + SWEEP_BLOCK_SIZE, 1);
	ASSERT_TRUE(sweep_read(s, "read", FAULTS({ BLOCK, is_huge(self, variant) ? 1 : BLOCK })));
	ASSERT_TRUE(sweep_write(s, "write again", NO_FAULTS));
}

/* --- one page of a block ------------------------------------------------------------ */

#define FROM	(BLOCK - 30)	/* the guest accesses the end of a block ... */
#define HEAD	(BLOCK - FROM)
#define TAIL	40		/* ... and the start of the next one */

FIXTURE(page) {
	struct vm *vm;
	struct vcpu *v;
	struct sweep s;		/* pages FROM to BLOCK + TAIL, mapped by two blocks */
	char *mem;
	char *goes;		/* page GOES */
};

/* Whether the guest's access to the page fails meanwhile, and whether it is zero then. */
FIXTURE_VARIANT(page) {
	int prot;		/* mprotect(), -1: no */
	int advice;		/* madvise(), -1: no */
	bool unmap, reads, writes, zero;
};

FIXTURE_VARIANT_ADD(page, dontneed) { -1, MADV_DONTNEED, false, true, true, true };
FIXTURE_VARIANT_ADD(page, none) { PROT_NONE, -1, false, false, false, false };
FIXTURE_VARIANT_ADD(page, read) { PROT_READ, -1, false, true, false, false };
FIXTURE_VARIANT_ADD(page, munmap) { -1, -1, true, false, false, true };

KVMEM_SETUP(page)
{
	int fd;

	self->mem = backing_at(THP, NULL, 2 * SWEEP_BLOCK_SIZE, &fd);
	self->goes = self->mem + GOES * VM_PAGE;
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	sweep_init(&self->s, self->v, GPA + FROM * VM_PAGE, HEAD + TAIL, self->mem + FROM * VM_PAGE);
	vm_slot(self->vm, SLOT, 0, GPA, 2 * SWEEP_BLOCK_SIZE, self->mem);
	if (!sweep_write(&self->s, "write", FAULTS({ 0, 1 }, { HEAD, 1 })))
		end_fail("the slot is not mapped by blocks");
}

/*
 * The host's huge mapping is split: the block goes as a whole, and its pages return one by
 * one.  The other block stays.
 * Red with: an unmap of the page only, which has no entry; a block mapped again although
 * the host maps pages; the block's neighbour unmapped too.
 */
KVMEM_TEST_F(page, goes, "G2 G10")
{
	uint64_t gpa = GPA + GOES * VM_PAGE;
	struct sweep *s = &self->s;

	if (variant->advice >= 0)
		ASSERT_EQ(0, madvise(self->goes, VM_PAGE, variant->advice));
	if (variant->prot >= 0)
		ASSERT_EQ(0, mprotect(self->goes, VM_PAGE, variant->prot));
	if (variant->unmap)
		ASSERT_EQ(0, munmap(self->goes, VM_PAGE));
	if (!variant->reads)
		ASSERT_TRUE(vcpu_faults(self->v, OPS(LD(4, gpa))));
	if (!variant->writes)
		ASSERT_TRUE(vcpu_faults(self->v, OPS(ST(4, gpa, 1))));
	if (variant->prot >= 0) {
		ASSERT_EQ(0, mprotect(self->goes, VM_PAGE, PROT_READ | PROT_WRITE));
		/* Before 6.2, the host's entry becomes writable by a write. */
		*(volatile uint32_t *)self->goes = s->want[GOES - FROM];
	}
	if (variant->unmap)
		hostmem_map_over(self->goes, -1, 0, VM_PAGE);
	if (variant->zero)
		sweep_expect_zero(s, GOES - FROM, 1);
	ASSERT_TRUE(sweep_read(s, "read", FAULTS({ HEAD, TAIL })));
	if (variant->zero) {
		/* The zero page is replaced: a permission fault, and once more. */
		vcpu_store(self->v, 4, gpa, 5);
		ASSERT_EQ(5, *(uint32_t *)self->goes);
	}
	ASSERT_TRUE(sweep_write(s, "write", NO_FAULTS));
	if (variant->advice < 0)
		return;
	/* The host collapses it again. */
	backing_collapse(self->mem + SWEEP_BLOCK_SIZE, SWEEP_BLOCK_SIZE);
	ASSERT_TRUE(sweep_read(s, "read after the collapse", FAULTS({ HEAD, 1 })));
	ASSERT_TRUE(sweep_write(s, "write after the collapse", NO_FAULTS));
}

/* --- aliases of a block -------------------------------------------------------------- */

/*
 * Slots over the same memory: one that is aligned alike, one that is not, and one that
 * begins in the middle of the first block.
 * Red with: an unmap of the first alias only; the size of one alias's mapping used for
 * another.
 */
KVMEM_TEST(aliases, "G2 C9")
{
	const uint64_t odd_gpa = GPA + 0x40000000 + VM_PAGE, late_gpa = GPA + 0x80000000;
	const unsigned int odd_first = BLOCK - 5, late_first = BLOCK - 7;
	struct sweep s, odd, late;
	struct vm *vm = vm_create(NULL);
	char *mem;
	int fd;

	mem = backing_at(THP, NULL, 2 * SWEEP_BLOCK_SIZE, &fd);
	sweep_init(&s, vm->vcpu[0], GPA, 2 * BLOCK, mem);
	vm_slot(vm, SLOT, 0, GPA, 2 * SWEEP_BLOCK_SIZE, mem);
	ASSERT_TRUE(sweep_write(&s, "write", EACH_BLOCK));
	sweep_alias(&odd, &s, odd_first, odd_gpa, 20);
	vm_slot(vm, SLOT + 1, 0, odd_gpa, (BLOCK + 5) * VM_PAGE, *odd.mem);
	sweep_alias(&late, &s, late_first, late_gpa + late_first * VM_PAGE, BLOCK + 7);
	vm_slot(vm, SLOT + 2, 0, late.gpa, late.pages * VM_PAGE, *late.mem);
	ASSERT_TRUE(sweep_read(&odd, "alias that is not aligned", FAULTS({ 0, 20 })));
	ASSERT_TRUE(sweep_read(&late, "alias with a head", FAULTS({ 0, 8 })));
	ASSERT_TRUE(sweep_blocks(&odd, "not aligned", 0, 20));
	ASSERT_TRUE(sweep_blocks(&late, "with a head", 1, 7));
	/* The second block goes, in all of them, and is a block again where it was one. */
	ASSERT_EQ(0, madvise(mem + SWEEP_BLOCK_SIZE, SWEEP_BLOCK_SIZE, MADV_DONTNEED));
	memset(mem + SWEEP_BLOCK_SIZE, 0, SWEEP_BLOCK_SIZE);
	REQUIRE(hostmem_is_huge(mem, 2 * SWEEP_BLOCK_SIZE), "no second huge page");
	sweep_expect_zero(&s, BLOCK, BLOCK);
	sweep_follow(&odd, &s, odd_first);
	sweep_follow(&late, &s, late_first);
	ASSERT_TRUE(sweep_read(&s, "aligned, gone", FAULTS({ BLOCK, 1 })));
	ASSERT_TRUE(sweep_read(&odd, "not aligned, gone", FAULTS({ 5, 15 })));
	ASSERT_TRUE(sweep_read(&late, "with a head, gone", FAULTS({ 7, 1 })));
	ASSERT_TRUE(sweep_write(&late, "write through one", NO_FAULTS));
	memcpy(s.want + late_first, late.want, late.pages * sizeof(*s.want));
	ASSERT_TRUE(sweep_read(&s, "written through another", NO_FAULTS));
}

/* How often the kernel could not allocate its huge zero page. */
static unsigned long zero_page_failures(void)
{
	FILE *f = fopen("/proc/vmstat", "re");
	unsigned long n = 0;
	char line[128];

	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "thp_zero_page_alloc_failed %lu", &n) == 1)
			break;
	if (f)
		fclose(f);
	return n;
}

/*
 * Memory that was never written: the kernel's huge zero page, which all processes share.
 * Red with: a block of it mapped writable.
 */
KVMEM_TEST(zero_page, "G2 G10")
{
	unsigned long failures = zero_page_failures();
	char *mem = backing_reserve(2 * SWEEP_BLOCK_SIZE);
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	struct sweep s;
	bool blocks;

	REQUIRE(env_read_long("/sys/kernel/mm/transparent_hugepage/use_zero_page", 0) == 1,
		"transparent_hugepage/use_zero_page is not 1");
	madvise(mem, 2 * SWEEP_BLOCK_SIZE, MADV_HUGEPAGE);
	sweep_init(&s, v, GPA, 2 * BLOCK, mem);
	vm_slot(vm, SLOT, 0, GPA, 2 * SWEEP_BLOCK_SIZE, mem);
	sweep_expect_zero(&s, 0, 2 * BLOCK);
	blocks = sweep_read(&s, "read", EACH_BLOCK);
	REQUIRE(blocks || zero_page_failures() == failures, "no memory for the huge zero page");
	ASSERT_TRUE(blocks);
	ASSERT_TRUE(sweep_host(&s, "memory"));
	vcpu_store(v, 4, GPA + GOES * VM_PAGE, s.want[GOES] = 0x700);
	ASSERT_TRUE(sweep_host(&s, "one page written"));
	ASSERT_EQ(0x700, vcpu_load(v, 4, GPA + GOES * VM_PAGE));
	ASSERT_EQ(0, vcpu_load(v, 4, GPA + (GOES + 1) * VM_PAGE));
	ASSERT_EQ(0, vcpu_load(v, 4, GPA + GOES * VM_PAGE - SWEEP_BLOCK_SIZE));
}

KVMEM_MAIN
