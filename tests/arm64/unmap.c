// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM unmaps from stage 2 when the host takes pages away, or when a slot is deleted
 * or moved: exactly these pages fault when all are read again, and no page of the slots
 * around them (G10, C3, C4, C7).
 */
#include "arch.h"
#include "harness/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/mman.h>

#include "arch/arm64/scenario/sweep.h"
#include "arch/arm64/stage2.h"
#include "backing.h"
#include "guest/hammer.h"
#include "guest/list.h"
#include "scenario/ways.h"

/*
 * Two slots over adjacent parts of one memory, adjacent in the guest too.  A boundary of
 * 1 GiB, where another page table begins, lies in the second.  The memory goes
 * on behind the second slot, where the guest has other memory.
 */
#define BOUNDARY	0x140000000ULL
#define BEFORE		60	/* pages from the start to the boundary */
#define GPA		(BOUNDARY - BEFORE * VM_PAGE)
#define FIRST		40	/* pages of the first slot */
#define PAGES		130	/* of both */
#define MEMORY		140	/* pages of their memory */
#define GUARD		12	/* pages of other memory, before the first and behind the second */

enum { SLOT_FIRST = 2, SLOT_SECOND, SLOT_BEFORE, SLOT_BEHIND };

struct layout {
	struct vm *vm;
	struct vcpu *v;
	struct way_mem m;
	struct sweep s;			/* both slots */
	struct sweep before, behind;	/* the guards */
	struct sweep all;		/* the guards too */
};

static void create_guard(struct layout *l, struct sweep *s, uint32_t slot, uint64_t gpa)
{
	char *mem = vm_alloc(GUARD * VM_PAGE);

	sweep_other(s, &l->s, gpa, GUARD, mem);
	vm_slot(l->vm, slot, 0, gpa, GUARD * VM_PAGE, mem);
	if (!sweep_write(s, "guard", ANY_FAULTS))
		end_fail("a guest store to a slot caused an exit");
}

static void create_first(struct layout *l)
{
	vm_slot(l->vm, SLOT_FIRST, 0, GPA, FIRST * VM_PAGE, l->m.hva);
}

static void create_second(struct layout *l)
{
	vm_slot(l->vm, SLOT_SECOND, 0, GPA + FIRST * VM_PAGE, (PAGES - FIRST) * VM_PAGE,
		l->m.hva + FIRST * VM_PAGE);
}

static void create_layout(struct layout *l, bool memfd, unsigned int nr_vcpus)
{
	l->vm = vm_create(&(struct vm_opts){ .nr_vcpus = nr_vcpus });
	l->v = l->vm->vcpu[0];
	l->m = (struct way_mem){
		.hva = vm_alloc(MEMORY * VM_PAGE), .pages = MEMORY,
		.fd = memfd ? hostmem_memfd(MEMORY * VM_PAGE) : -1,
	};
	if (memfd)
		hostmem_map_over(l->m.hva, l->m.fd, 0, MEMORY * VM_PAGE);
	memset(l->m.hva, 0, MEMORY * VM_PAGE);
	sweep_init(&l->s, l->v, GPA, PAGES, l->m.hva);
	create_first(l);
	create_second(l);
	create_guard(l, &l->before, SLOT_BEFORE, GPA - GUARD * VM_PAGE);
	create_guard(l, &l->behind, SLOT_BEHIND, GPA + PAGES * VM_PAGE);
	if (!sweep_write(&l->s, "both slots", FAULTS({ 0, PAGES })))
		end_fail("the slots are not mapped by pages");
	sweep_other(&l->all, &l->s, GPA - GUARD * VM_PAGE, GUARD + PAGES + GUARD, NULL);
	memcpy(l->all.mem, l->before.mem, GUARD * sizeof(*l->all.mem));
	memcpy(l->all.mem + GUARD, l->s.mem, PAGES * sizeof(*l->all.mem));
	memcpy(l->all.mem + GUARD + PAGES, l->behind.mem, GUARD * sizeof(*l->all.mem));
}

static bool guards_stay(struct layout *l)
{
	return sweep_read(&l->before, "memory before the slots", NO_FAULTS) &&
	       sweep_read(&l->behind, "memory behind the slots", NO_FAULTS);
}

/* --- pages that the host takes away ----------------------------------------------------- */

FIXTURE(way) {
	struct layout l;
};

FIXTURE_VARIANT(way) {
	way *take;
	bool memfd;
	bool keeps;				/* the content is there afterwards */
	void (*give_back)(const struct way_mem *m);
};

FIXTURE_VARIANT_ADD(way, dontneed) { .take = way_dontneed };
FIXTURE_VARIANT_ADD(way, dontneed_file) { .take = way_dontneed, .memfd = true, .keeps = true };
FIXTURE_VARIANT_ADD(way, remove) { .take = way_remove, .memfd = true };
FIXTURE_VARIANT_ADD(way, munmap) { .take = way_munmap };
FIXTURE_VARIANT_ADD(way, mremap_away) { .take = way_mremap_away };
FIXTURE_VARIANT_ADD(way, mremap_onto) { .take = way_mremap_onto };
FIXTURE_VARIANT_ADD(way, mprotect) { .take = way_mprotect, .keeps = true,
				     .give_back = way_give_back };
FIXTURE_VARIANT_ADD(way, mprotect_read) { .take = way_mprotect_read, .keeps = true,
					  .give_back = way_give_back };
FIXTURE_VARIANT_ADD(way, migration) { .take = way_migration, .keeps = true };

KVMEM_SETUP(way)
{
	create_layout(&self->l, variant->memfd, 1);
}

static const struct sweep_range ranges[] = {
	{ 55, 10 },		/* across the boundary */
	{ 0, 1 }, { 17, 3 },
	{ FIRST - 1, 1 },
	{ 33, 20 },		/* of both slots */
	{ BEFORE - 1, 1 }, { BEFORE, 1 },
	{ 120, MEMORY - 120 },	/* on behind the slots */
	{ FIRST, PAGES - FIRST }, { 0, MEMORY },
	{ PAGES, MEMORY - PAGES }, /* not of the slots */
};

/*
 * Red with: kvm_unmap_gfn_range() that is one page short or long at either end; a range
 * that is not clamped to the slot, or ends with its page table; the whole slot unmapped;
 * the loop over the slots that ends at the first.
 */
KVMEM_TEST_F(way, exact, "G10 C4", 500)
{
	unsigned int i, step = (unsigned int)env_pick(3, 1, 1);
	struct sweep *s = &self->l.all;

	for (i = 0; i < ARRAY_SIZE(ranges); i += step) {
		struct sweep_range r = ranges[i], seen = { GUARD + r.first, r.n };

		TH_LOG("%u pages from page %u on", r.n, r.first);
		if (r.first + r.n > PAGES)
			seen.n = r.first < PAGES ? PAGES - r.first : 0;
		/* A part of one mapping can be moved, not of several. */
		if (variant->take == way_mremap_away)
			hostmem_map_over(self->l.m.hva, -1, 0, MEMORY * VM_PAGE);
		ASSERT_TRUE(sweep_write(s, "before", ANY_FAULTS));
		variant->take(&self->l.m, r.first, r.n);
		if (variant->give_back)
			variant->give_back(&self->l.m);
		if (!variant->keeps)
			sweep_expect_zero(s, seen.first, seen.n);
		ASSERT_TRUE(sweep_read(s, "afterwards", &seen, 1));
	}
}

/* --- pages of huge pages ------------------------------------------------------------------ */

/*
 * From the middle of the first block to the third: the second goes as a whole, of the
 * others the host keeps a part, in small pages.  The fourth block stays.
 * Red with: the walker of the unmap that skips blocks, or that stops at one.
 */
KVMEM_TEST(blocks, "G10 G2")
{
	const unsigned int B = SWEEP_BLOCK, from = B / 2, to = 2 * B + 10;
	struct vm *vm = vm_create(NULL);
	struct sweep s, first, end, last;
	char *mem;
	int fd;

	mem = backing_at(THP, NULL, 4 * SWEEP_BLOCK_SIZE, &fd);
	vm_slot(vm, SLOT_FIRST, 0, BOUNDARY, 4 * SWEEP_BLOCK_SIZE, mem);
	/* Parts of each block that are read. */
	sweep_init(&s, vm->vcpu[0], BOUNDARY, 4 * B, mem);
	ASSERT_TRUE(sweep_write(&s, "write", FAULTS({ 0, 1 }, { B, 1 }, { 2 * B, 1 }, { 3 * B, 1 })));
	sweep_alias(&first, &s, from - 10, BOUNDARY + (from - 10) * VM_PAGE, 20);
	sweep_alias(&end, &s, 2 * B - 5, BOUNDARY + (2 * B - 5) * VM_PAGE, 20);
	sweep_alias(&last, &s, 3 * B, BOUNDARY + 3 * SWEEP_BLOCK_SIZE, B);
	ASSERT_EQ(0, madvise(mem + from * VM_PAGE, (to - from) * VM_PAGE, MADV_DONTNEED));
	memset(mem + SWEEP_BLOCK_SIZE, 0, SWEEP_BLOCK_SIZE);
	sweep_expect_zero(&first, 10, 10);
	sweep_expect_zero(&end, 0, 15);
	ASSERT_TRUE(sweep_read(&last, "the block behind", NO_FAULTS));
	ASSERT_TRUE(sweep_read(&first, "in the first block", FAULTS({ 0, 20 })));
	ASSERT_TRUE(sweep_read(&end, "in the second and third block", ANY_FAULTS));
	ASSERT_TRUE(sweep_read(&end, "again", NO_FAULTS));
	ASSERT_TRUE(sweep_read(&last, "the block behind, again", NO_FAULTS));
	/* All of it. */
	ASSERT_EQ(0, madvise(mem, 4 * SWEEP_BLOCK_SIZE, MADV_DONTNEED));
	sweep_expect_zero(&s, 0, 4 * B);
	s.pages = 4;
	ASSERT_TRUE(sweep_read(&s, "everything gone", ANY_FAULTS));
	ASSERT_NE(0, s.faults[0]);
	sweep_expect_zero(&last, 0, B);
	ASSERT_TRUE(sweep_read(&last, "the block behind gone", ANY_FAULTS));
	sweep_expect_zero(&end, 0, 20);
	ASSERT_TRUE(sweep_read(&end, "the end gone", ANY_FAULTS));
}

/* --- few pages of a large slot ------------------------------------------------------------ */

#define GIB	(1ULL << 30)
#define LARGE	(5 * GIB)

/* An offset in the slot. */
struct spot {
	unsigned int gib;
	int blocks, pages;
};

/* The pages that are mapped: around the ends of page tables, and behind 4 GiB. */
static const struct spot spots[] = {
	{ 0, 0, 0 }, { 0, 0, 1 }, { 0, 1, -1 }, { 0, 1, 0 }, { 0, 3, 0 }, { 1, 0, -1 }, { 1, 0, 0 },
	{ 1, 0, 1 }, { 4, 0, -1 }, { 4, 0, 0 }, { 4, 1, 0 }, { 5, 0, -1 },
};

#define NR_SPOTS	ARRAY_SIZE(spots)

static uint64_t offset_of(const struct spot *s)
{
	return s->gib * GIB + (uint64_t)s->blocks * SWEEP_BLOCK_SIZE + (uint64_t)s->pages * VM_PAGE;
}

/* Reads all of them; bits of those that faulted. */
static uint64_t spots_faulting(struct vcpu *v, uint64_t gpa, uint32_t *value)
{
	struct guest_fault f[2 * NR_SPOTS + 8];
	struct mbox_op ops[NR_SPOTS];
	uint64_t faulted = 0;
	size_t i, k, n;

	for (i = 0; i < NR_SPOTS; i++)
		ops[i] = (struct mbox_op)LD(4, gpa + offset_of(&spots[i]));
	stage2_faults_begin();
	if (!vcpu_expect(v, "read of the pages", ops, NR_SPOTS, NO_EXITS))
		end_fail("a guest load from a slot caused an exit");
	n = stage2_faults(f, ARRAY_SIZE(f));
	for (k = 0; k < n && k < ARRAY_SIZE(f); k++)
		for (i = 0; i < NR_SPOTS; i++)
			if ((f[k].ipa & ~(VM_PAGE - 1)) == gpa + offset_of(&spots[i]))
				faulted |= 1ULL << i;
	for (i = 0; i < NR_SPOTS; i++)
		value[i] = (uint32_t)vcpu_value(v, (unsigned int)i);
	return faulted;
}

/*
 * Red with: an offset in the slot that is cut to 32 bits; a range of stage 2 that ends at
 * a multiple of a block or of 1 GiB.
 */
KVMEM_TEST(large_slot, "G10 G1")
{
	static const struct {
		struct spot from, to;
	} rows[] = {
		{ { 0, 0, 0 }, { 0, 0, 1 } }, { { 0, 1, -1 }, { 0, 1, 0 } }, { { 0, 0, 1 }, { 1, 0, 1 } },
		{ { 1, 0, 0 }, { 4, 0, 0 } }, { { 4, 0, 0 }, { 5, 0, 0 } }, { { 0, 0, 0 }, { 5, 0, 0 } },
		{ { 0, 4, 0 }, { 0, 5, 0 } },
	};
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	char *mem = vm_alloc(LARGE);
	uint32_t value[NR_SPOTS];
	size_t i, k;

	REQUIRE(VM_PAGE == PAGE_4K, "this kernel's pages have %llu bytes, the test needs 4 KiB",
		(unsigned long long)VM_PAGE);
	REQUIRE(arch_phys_bits() >= 36, "IPA size of %u bits", arch_phys_bits());
	vm_slot(vm, SLOT_FIRST, 0, BOUNDARY, LARGE, mem);
	for (k = 0; k < ARRAY_SIZE(rows); k++) {
		uint64_t from = offset_of(&rows[k].from), to = offset_of(&rows[k].to), want = 0, got;

		for (i = 0; i < NR_SPOTS; i++)
			vcpu_store(v, 4, BOUNDARY + offset_of(&spots[i]), 0x1000 * (k + 1) + i);
		for (i = 0; i < NR_SPOTS; i++) {
			uint64_t at = offset_of(&spots[i]);

			ASSERT_EQ(0x1000 * (k + 1) + i, *(uint32_t *)(mem + at));
			want |= (uint64_t)(at >= from && at < to) << i;
		}
		ASSERT_EQ(0, madvise(mem + from, to - from, MADV_DONTNEED));
		got = spots_faulting(v, BOUNDARY, value);
		ASSERT_EQ(want, got) {
			TH_LOG("row %zu", k);
		}
		for (i = 0; i < NR_SPOTS; i++)
			ASSERT_EQ(want >> i & 1 ? 0 : 0x1000 * (k + 1) + i, value[i]);
	}
	/* The slot's deletion reaches all of it. */
	vm_slot(vm, SLOT_FIRST, 0, BOUNDARY, 0, NULL);
	for (i = 0; i < NR_SPOTS; i++) {
		uint64_t gpa = BOUNDARY + offset_of(&spots[i]);

		ASSERT_TRUE(vcpu_expect(v, "after the deletion", OPS(LD(4, gpa)),
					EXITS(MMIO_RD(gpa, 4, 1))));
	}
}

/* --- slots that go ------------------------------------------------------------------------- */

FIXTURE(slot) {
	struct layout l;
};

KVMEM_SETUP(slot)
{
	create_layout(&self->l, false, 2);
}

#define ELSEWHERE	0x200000000ULL

static bool nothing_at(struct vcpu *v, uint64_t gpa, unsigned int pages)
{
	uint64_t last = gpa + (pages - 1) * VM_PAGE;

	return vcpu_expect(v, "where the slot was",
		OPS(LD(4, gpa), LD(4, gpa + pages / 2 * VM_PAGE), LD(4, last), ST(4, last, 1)),
		EXITS(MMIO_RD(gpa, 4, 1), MMIO_RD(gpa + pages / 2 * VM_PAGE, 4, 2),
		      MMIO_RD(last, 4, 3), MMIO_WR(last, 4, 1)));
}

/*
 * Red with: kvm_arch_flush_shadow_memslot() that leaves the first or the last page, that
 * unmaps the page behind the slot, or that unmaps everything.
 */
KVMEM_TEST_F(slot, deleted, "G10 C7")
{
	struct layout *l = &self->l;

	vm_slot(l->vm, SLOT_SECOND, 0, 0, 0, NULL);
	ASSERT_TRUE(nothing_at(l->v, GPA + FIRST * VM_PAGE, PAGES - FIRST));
	ASSERT_TRUE(guards_stay(l));
	create_second(l);
	ASSERT_TRUE(sweep_read(&l->s, "second created again", FAULTS({ FIRST, PAGES - FIRST })));
	vm_slot(l->vm, SLOT_FIRST, 0, 0, 0, NULL);
	ASSERT_TRUE(nothing_at(l->v, GPA, FIRST));
	ASSERT_TRUE(guards_stay(l));
	create_first(l);
	ASSERT_TRUE(sweep_read(&l->s, "first created again", FAULTS({ 0, FIRST })));
	ASSERT_TRUE(sweep_write(&l->s, "write", NO_FAULTS));
}

KVMEM_TEST_F(slot, moved, "G10 C7")
{
	struct layout *l = &self->l;
	struct sweep s;

	sweep_alias(&s, &l->s, FIRST, ELSEWHERE, PAGES - FIRST);
	vm_slot(l->vm, SLOT_SECOND, 0, ELSEWHERE, s.pages * VM_PAGE, *s.mem);
	ASSERT_TRUE(nothing_at(l->v, GPA + FIRST * VM_PAGE, PAGES - FIRST));
	ASSERT_TRUE(guards_stay(l));
	ASSERT_TRUE(sweep_read(&s, "moved", FAULTS({ 0, s.pages })));
	/* By one page: a move onto the guard behind it is refused, and changes nothing. */
	ASSERT_EQ(-EEXIST, vm_region(l->vm, SLOT_SECOND, 0, GPA + (FIRST + 1) * VM_PAGE,
				     s.pages * VM_PAGE, *s.mem));
	ASSERT_TRUE(sweep_read(&s, "refused move", NO_FAULTS));
	create_second(l);
	ASSERT_TRUE(nothing_at(l->v, ELSEWHERE, s.pages));
	ASSERT_TRUE(sweep_read(&l->s, "moved back", FAULTS({ FIRST, PAGES - FIRST })));
	ASSERT_TRUE(guards_stay(l));
}

/* A change of the flags unmaps nothing. */
KVMEM_TEST_F(slot, flags, "G10 C7")
{
	struct layout *l = &self->l;

	vm_slot(l->vm, SLOT_FIRST, KVM_MEM_LOG_DIRTY_PAGES, GPA, FIRST * VM_PAGE, l->m.hva);
	ASSERT_TRUE(sweep_read(&l->s, "log on", NO_FAULTS));
	ASSERT_TRUE(sweep_write(&l->s, "write with the log", FAULTS({ 0, FIRST })));
	create_first(l);
	ASSERT_TRUE(sweep_write(&l->s, "log off", NO_FAULTS));
	ASSERT_TRUE(guards_stay(l));
}

/* --- while a vCPU reads -------------------------------------------------------------------- */

/*
 * The pages around one that a vCPU reads go, and the slot next to it.  Few pages: each
 * that is unmapped stops an emulated CPU.
 */
KVMEM_TEST_F(slot, neighbours_go_while_read, "G10 C4 C7", 600)
{
	const unsigned int page = FIRST - 1;
	uint64_t rounds = env_pick(2, 5, 1000), i;
	struct layout *l = &self->l;
	uint64_t gpa = GPA + page * VM_PAGE;
	struct hammer h = { 0 };

	way_dontneed(&l->m, 0, MEMORY);
	hammer_start(&h, l->vm->vcpu[1], (struct mbox_op)LD(4, gpa));
	for (i = 0; i < rounds; i++) {
		uint32_t tag = 0x5000 + (uint32_t)i;

		*(volatile uint32_t *)(l->m.hva + page * VM_PAGE) = tag;
		ASSERT_EQ(tag, hammer_next(&h));
		ASSERT_TRUE(vcpu_expect(l->v, "neighbours", OPS(LD(4, gpa - VM_PAGE),
					LD(4, gpa + VM_PAGE), LD(4, gpa + 2 * VM_PAGE)), NO_EXITS));
		way_dontneed(&l->m, page + 1, MEMORY - page - 1);
		ASSERT_EQ(tag, hammer_next(&h));
		way_munmap(&l->m, 0, page);
		ASSERT_EQ(tag, hammer_next(&h));
		ASSERT_EQ(0, vcpu_load(l->v, 4, gpa + VM_PAGE));
		vm_slot(l->vm, SLOT_SECOND, 0, 0, 0, NULL);
		ASSERT_EQ(tag, hammer_next(&h));
		create_second(l);
		ASSERT_EQ(tag, hammer_next(&h));
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
	ASSERT_EQ(0, h.v->nr_exits);
	ASSERT_TRUE(guards_stay(l));
}

struct dropper {
	char *page;
	atomic_bool stop;
};

static void *drop(void *arg)
{
	struct dropper *d = arg;

	while (!d->stop)
		madvise(d->page, VM_PAGE, MADV_DONTNEED);
	return NULL;
}

/*
 * A vCPU faults all the time, on a page that is taken away in a loop, while other slots
 * are deleted and created: none of its faults finds no slot.
 * Red with: a fault during an update of the slots that is handled as MMIO.
 */
KVMEM_TEST_F(slot, faults_while_slots_change, "G10 C7", 600)
{
	uint64_t rounds = env_pick(4, 5, 3000), i;
	struct layout *l = &self->l;
	struct dropper d = { .page = l->m.hva + 20 * VM_PAGE };
	struct hammer h = { 0 };
	pthread_t thread;

	way_dontneed(&l->m, 0, MEMORY);
	hammer_start(&h, l->vm->vcpu[1], (struct mbox_op)LD(4, GPA + 20 * VM_PAGE));
	ASSERT_EQ(0, pthread_create(&thread, NULL, drop, &d));
	for (i = 0; i < rounds && !h.ended; i++) {
		vm_slot(l->vm, SLOT_SECOND, 0, 0, 0, NULL);
		create_second(l);
	}
	d.stop = true;
	pthread_join(thread, NULL);
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
	ASSERT_EQ(0, h.v->nr_exits);
	ASSERT_EQ(0, h.v->mb->last);
}

KVMEM_MAIN
