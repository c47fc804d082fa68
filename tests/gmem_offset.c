// SPDX-License-Identifier: GPL-2.0-only
/*
 * guest_memfd: which pages of the guest a punch of the file reaches, for different
 * bindings of slots.  Under-zap (a page that should be unmapped) and over-zap (a
 * neighbour that should have stayed mapped) are both detected: by values, by KVM's
 * exact count of mappings, and by the faults that follow (D1, D2, D4, D19).
 *
 * Every test runs on guest_memfd as shared memory of a default VM and on private
 * memory, if the kernel has them.
 */
#include "harness/test.h"

#include <sys/mman.h>

#include "scenario/bindings.h"
#include "guest/list.h"

/* First gfn; far enough from the system slot and below 4 GiB. */
#define G 0xc0000ULL

static const struct layout {
	unsigned int file_pages, n;
	struct binding b[BINDINGS_MAX];
} layouts[] = {
	{ 16, 1, { { G, 0, 16 } } }, /* one slot, all of the file */
	{ 16, 1, { { G, 4, 8 } } }, /* one slot, the middle of the file */
	{ 16, 1, { { 2, 6, 8 } } }, /* gfn below the offset */
	{ 16, 1, { { 0, 3, 9 } } }, /* the lowest gfn */
	{ 16, 2, { { G, 0, 8 }, { G + 8, 8, 8 } } }, /* two, contiguous */
	{ 16, 2, { { G, 8, 8 }, { G + 8, 0, 8 } } }, /* gfn order reversed */
	{ 16, 2, { { G, 1, 5 }, { G + 100, 9, 6 } } }, /* a gap between */
	{ 16, 3, { { G, 0, 5 }, { G + 5, 5, 5 }, { G + 10, 10, 6 } } },
	{ 16, 3, { { G + 40, 2, 3 }, { G + 20, 6, 3 }, { G, 11, 4 } } }, /* gaps, reversed */
	{ 16, 4, { { G, 5, 1 }, { G + 1, 4, 1 }, { G + 9, 6, 1 }, { G + 20, 8, 1 } } },
	{ 16, 1, { { BINDINGS_TOP, 3, 8 } } }, /* at the highest gfn */
	/* Across the nodes of the xarray of the bindings: 64 entries each. */
	{ 200, 3, { { G + 512, 3, 63 }, { G, 66, 66 }, { G + 300, 140, 60 } } },
};

FIXTURE(punch) {
	struct bindings s;
};

FIXTURE_VARIANT(punch) {
	enum gmem_kind kind;
	unsigned int layout;
};

#define LAYOUT(name, number)						\
	FIXTURE_VARIANT_ADD(punch, shared_##name) { GMEM_SHARED, number };	\
	FIXTURE_VARIANT_ADD(punch, private_##name) { GMEM_PRIVATE, number }

LAYOUT(one_whole, 0);
LAYOUT(one_middle, 1);
LAYOUT(gfn_below_offset, 2);
LAYOUT(lowest_gfn, 3);
LAYOUT(two, 4);
LAYOUT(two_reversed, 5);
LAYOUT(two_with_gap, 6);
LAYOUT(three, 7);
LAYOUT(three_gaps_reversed, 8);
LAYOUT(single_pages, 9);
LAYOUT(highest_gfn, 10);
LAYOUT(large, 11);

KVMEM_SETUP(punch)
{
	const struct layout *l = &layouts[variant->layout];

	self->s = (struct bindings){ .kind = variant->kind, .file_pages = l->file_pages, .n = l->n };
	memcpy(self->s.b, l->b, sizeof(l->b));
	bindings_init(&self->s);
}

/* Whether a slot, the file or an xarray node starts or ends at or next to page @p. */
static bool is_cut(const struct bindings *s, unsigned int p)
{
	unsigned int i;

	if (s->file_pages <= 16 || p <= 1 || p + 1 >= s->file_pages)
		return true;
	for (i = 0; i < s->n; i++)
		if (p - s->b[i].offset + 1 <= 2 || p - s->b[i].offset - s->b[i].pages + 1 <= 2)
			return true;
	return p % 64 == 0;
}

/*
 * All ranges within the file and up to three pages beyond its end; for a large file
 * only those that start and end at a boundary.
 * Red with: start - pgoff instead of max(start, pgoff) - pgoff; end without the
 * min; only the first slot looked at; a slot skipped when the range is wider.
 */
KVMEM_TEST_F(punch, matrix, "D1 D2 D4", 350)
{
	unsigned int p, q, round = 1;

	for (p = 0; p < self->s.file_pages + 2; p++)
		for (q = p + 1; q <= self->s.file_pages + 3; q++)
			if (is_cut(&self->s, p) && is_cut(&self->s, q))
				ASSERT_TRUE(bindings_punch(&self->s, p, q, ++round));
}

/*
 * Ranges far beyond the end, up to the largest offset there is.
 * Red with: an end that is cut to 32 bits, or wraps when shifted back.
 */
KVMEM_TEST_F(punch, beyond_the_end, "D1")
{
	static const uint64_t ends[] = {
		1ULL << 30, 1ULL << 32, 1ULL << 40, 1ULL << 44, 0x7ffffffffffff000ULL,
	};
	struct bindings *s = &self->s;
	unsigned int i, p, half = s->file_pages / 2;

	for (i = 0; i < ARRAY_SIZE(ends); i++) {
		int64_t zapped, gone = 0;

		for (p = 0; p < s->n; p++)
			gone += s->b[p].offset >= half ? s->b[p].pages :
				s->b[p].offset + s->b[p].pages > half ?
							 s->b[p].offset + s->b[p].pages - half :
							 0;
		ASSERT_TRUE(bindings_write(s, i + 2));
		bindings_mark(s);
		ASSERT_EQ(0, gmem_punch(s->fd, half * VM_PAGE, ends[i] - half * VM_PAGE));
		zapped = bindings_zapped(s);
		ASSERT_TRUE(bindings_hold(s, i + 2, half, s->file_pages));
		ASSERT_EQ(gone, zapped < 0 ? (int64_t)s->faults : zapped);
		/* A range completely beyond the end. */
		ASSERT_EQ(0, gmem_punch(s->fd, ends[i] - VM_PAGE, VM_PAGE));
		ASSERT_GE(0, bindings_zapped(s));
		ASSERT_TRUE(bindings_read(s));
		ASSERT_EQ(0, s->faults);
	}
}

/*
 * Punching pages that were never allocated, or are already punched, has no effect.
 * Red with: an invalidation of the whole slot when the page cache is empty.
 */
KVMEM_TEST_F(punch, nothing_there, "D1 D4")
{
	struct bindings *s = &self->s;
	int64_t zapped, again;

	ASSERT_TRUE(bindings_write(s, 2));
	bindings_mark(s);
	ASSERT_EQ(0, gmem_punch(s->fd, 0, s->file_pages * VM_PAGE));
	zapped = bindings_zapped(s);
	ASSERT_EQ(0, gmem_punch(s->fd, 0, s->file_pages * VM_PAGE));
	again = bindings_zapped(s);
	ASSERT_TRUE(bindings_hold(s, 2, 0, s->file_pages));
	ASSERT_EQ(s->bound, zapped < 0 ? (int64_t)s->faults : zapped);
	ASSERT_EQ(zapped, again);
	ASSERT_GE(0, bindings_zapped(s));
	/* It was zero because nothing was written, not because every fault clears the page. */
	ASSERT_TRUE(bindings_write(s, 3));
	ASSERT_TRUE(bindings_hold(s, 3, 0, 0));
}

/*
 * While the gfns are shared, a punch frees the private pages behind them, and the
 * shared memory keeps its content.
 * Red with: a punch that depends on the current attribute of a gfn.
 */
KVMEM_TEST_F(punch, while_converted, "D1 D4 E3")
{
	struct bindings *s = &self->s;
	unsigned int i;

	REQUIRE(variant->kind == GMEM_PRIVATE, "guest_memfd of this VM type is not private");
	ASSERT_TRUE(bindings_write(s, 2));
	for (i = 0; i < s->n; i++)
		ASSERT_EQ(0, gmem_attributes(s->vm, s->b[i].gfn * VM_PAGE, s->b[i].pages * VM_PAGE,
					     0));
	ASSERT_TRUE(bindings_write(s, 3));
	ASSERT_EQ(0, gmem_punch(s->fd, s->file_pages / 2 * VM_PAGE, s->file_pages / 2 * VM_PAGE));
	ASSERT_TRUE(bindings_hold(s, 3, 0, 0));
	for (i = 0; i < s->n; i++)
		ASSERT_EQ(0, gmem_attributes(s->vm, s->b[i].gfn * VM_PAGE, s->b[i].pages * VM_PAGE,
					     KVM_MEMORY_ATTRIBUTE_PRIVATE));
	ASSERT_TRUE(bindings_hold(s, 2, s->file_pages / 2, s->file_pages));
}

/*
 * After any invalidation a slot with other memory still faults normally.  Each
 * invalidation of that slot widens the range of an invalidation that never ended.
 * Red with: an invalidate_start() without its end.
 */
KVMEM_TEST_F(punch, others_still_fault, "D19")
{
	struct bindings *s = &self->s;
	unsigned int p, q, pages = s->file_pages, k = 0, step = pages / 5;
	uint64_t *ram = vm_alloc(16 * VM_PAGE);

	vm_slot(s->vm, 30, 0, 0xe0000000ULL, 16 * VM_PAGE, ram);
	for (p = 0; p < pages; p += step) {
		for (q = p + 1; q <= pages + 1; q += step + 2) {
			ASSERT_EQ(0, gmem_punch(s->fd, p * VM_PAGE, (q - p) * VM_PAGE));
			madvise(ram, 16 * VM_PAGE, MADV_DONTNEED);
			vcpu_store(s->v, 8, 0xe0000000ULL + k % 16 * VM_PAGE, k);
			k++;
		}
	}
	/* A refused slot, a deleted slot, and the release of the file. */
	ASSERT_NE(0, gmem_slot(s->vm, variant->kind, 31, 0xe8000000ULL, s->b[0].pages * VM_PAGE,
			       ram, s->fd, s->b[0].offset * VM_PAGE));
	madvise(ram, 16 * VM_PAGE, MADV_DONTNEED);
	vcpu_store(s->v, 8, 0xe0000000ULL, 75);
	vm_slot(s->vm, 1, 0, 0, 0, NULL);
	madvise(ram, 16 * VM_PAGE, MADV_DONTNEED);
	vcpu_store(s->v, 8, 0xe0000000ULL, 76);
	close(s->fd);
	madvise(ram, 16 * VM_PAGE, MADV_DONTNEED);
	vcpu_store(s->v, 8, 0xe0000000ULL, 77);
	ASSERT_EQ(77, ram[0]);
}

KVMEM_MAIN
