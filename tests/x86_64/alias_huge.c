// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages and aliases: KVM maps 2 MiB pages exactly where guest address, host
 * address and slot allow it, and invalidations of a huge page or a part of it reach
 * every alias (C9, C10).
 */
#include "harness/test.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "scenario/hostmem.h"
#include "util/place.h"
#include "guest/list.h"

#define GPA	0x100000000ULL	/* a multiple of 2 MiB */
#define FAR	0x40000000ULL	/* from one alias to the next */
#define PER_2M	512		/* pages */

#ifndef MADV_COLLAPSE		/* 6.1 */
#define MADV_COLLAPSE 25
#endif

enum backing { THP, HUGETLB };

/* @size bytes of huge pages; the @fd of hugetlb ones. */
static char *huge_memory(enum backing b, uint64_t size, int *fd)
{
	char *p;

	*fd = -1;
	if (b == THP)
		return hostmem_huge(size);
	*fd = hostmem_hugetlb(size);
	p = vm_alloc(size);
	if (mmap(p, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, *fd, 0) != p)
		end_skip("mmap of hugetlb pages: %s", strerror(errno));
	memset(p, 0, size);
	return p;
}

static void free_huge_page(char *p, int fd)
{
	if (fd < 0 ? madvise(p, PAGE_2M, MADV_DONTNEED) :
		     fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, PAGE_2M))
		end_fail("a huge page cannot be freed: %s", strerror(errno));
}

static volatile uint32_t *word(char *mem, uint64_t page)
{
	return (volatile uint32_t *)(mem + page * PAGE_4K);
}

/* The first word of every page is its number, plus @base. */
static void number(char *mem, uint64_t pages, uint32_t base)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		*word(mem, i) = base + (uint32_t)i;
}

/* The guest adds one to the number in each of @pages pages from @gpa on. */
static bool guest_increments(struct vcpu *v, uint64_t gpa, uint64_t pages)
{
	return vcpu_expect(v, "add in each page",
			   OPS({ .kind = OP_ADD, .width = 4, .addr = gpa, .count = (uint32_t)pages,
				 .stride = PAGE_4K, .value = { 1 } }), NO_EXITS);
}

static bool numbers_are(char *mem, uint64_t pages, uint32_t base)
{
	uint64_t i;

	for (i = 0; i < pages; i++) {
		if (*word(mem, i) == base + i)
			continue;
		diag("page %llu holds 0x%x, expected 0x%x", (unsigned long long)i, *word(mem, i),
		     (uint32_t)(base + i));
		return false;
	}
	return true;
}

/* --- where (C9) ---------------------------------------------------------- */

FIXTURE(where) {
	char *mem;	/* four huge pages */
	int fd;
};

FIXTURE_VARIANT(where) {
	enum backing backing;
};

FIXTURE_VARIANT_ADD(where, thp) { THP };
FIXTURE_VARIANT_ADD(where, hugetlb) { HUGETLB };

KVMEM_SETUP(where)
{
	place_still();
	vm_device();
	self->mem = huge_memory(variant->backing, 4 * PAGE_2M, &self->fd);
}

/*
 * In pages: offset of the slot in guest and host memory from a multiple of 2 MiB,
 * its length, and the number of huge pages that fit.  Pages next to the slot must
 * neither be mapped nor written to.
 * Red with: the offsets not compared; disallow_lpage not set for the first or the
 * last 2 MiB of a slot that starts or ends in the middle of them.
 */
KVMEM_TEST_F(where, fits, "C9", 700)
{
	static const struct {
		unsigned int gpa, hva, pages, huge;
	} rows[] = {
		{ 0, 0, PER_2M, 1 },
		{ 0, 0, 4 * PER_2M, 4 },
		{ 0, PER_2M, 2 * PER_2M, 2 },
		{ PER_2M, 0, 2 * PER_2M, 2 },
		/* not aligned alike */
		{ 0, 1, 2 * PER_2M, 0 },
		{ 1, 0, 2 * PER_2M, 0 },
		{ 1, 2, 2 * PER_2M, 0 },
		{ 0, PER_2M / 2, 2 * PER_2M, 0 },
		/* alike, but with a head, a tail or both */
		{ 1, 1, 2 * PER_2M - 1, 1 },
		{ 0, 0, 2 * PER_2M - 1, 1 },
		{ 1, 1, 2 * PER_2M, 1 },
		{ PER_2M - 1, PER_2M - 1, PER_2M + 2, 1 },
		{ PER_2M - 1, 2 * PER_2M - 1, PER_2M + 1, 1 },
		{ 0, 0, PER_2M + 1, 1 },
		{ 0, 0, PER_2M - 1, 0 },
		{ 1, 1, PER_2M - 1, 0 },
		{ 1, 1, 2 * PER_2M - 2, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct vm *vm = vm_create(NULL);
		char *hva = self->mem + rows[i].hva * PAGE_4K;
		uint64_t gpa = GPA + rows[i].gpa * PAGE_4K, end = gpa + rows[i].pages * PAGE_4K;
		struct vcpu *v = vm->vcpu[0];
		uint64_t huge, small;

		vm_slot(vm, 1, 0, gpa, end - gpa, hva);
		number(self->mem, 4 * PER_2M, 0x1000);
		huge = vm_stat(vm, "pages_2m");
		ASSERT_TRUE(guest_increments(v, gpa, rows[i].pages));
		ASSERT_EQ(huge + rows[i].huge, vm_stat(vm, "pages_2m")) {
			TH_LOG("row %zu", i);
		}
		small = vm_stat(vm, "pages_4k");
		ASSERT_LE(rows[i].pages - rows[i].huge * PER_2M, small);
		/* Each page was reached at its address, and no other page. */
		ASSERT_TRUE(numbers_are(self->mem, rows[i].hva, 0x1000));
		ASSERT_TRUE(numbers_are(hva, rows[i].pages, 0x1001 + rows[i].hva));
		ASSERT_TRUE(numbers_are(hva + rows[i].pages * PAGE_4K,
					4 * PER_2M - rows[i].hva - rows[i].pages,
					0x1000 + rows[i].hva + rows[i].pages));
		/* No memory before or after the slot. */
		ASSERT_TRUE(vcpu_expect(v, "next to the slot",
			OPS(LD(4, gpa - 8), LD(4, end)),
			EXITS(MMIO_RD(gpa - 8, 4, 1), MMIO_RD(end, 4, 2))));
		vm_destroy(vm);
	}
}

/* --- aliases of a huge page (C9) ----------------------------------------- */

#define NR	6

FIXTURE(alias) {
	struct vm *vm;
	struct vcpu *v;
	char *mem;	/* one huge page */
	int fd;
	uint64_t huge;	/* mapped, with all aliases */
};

FIXTURE_VARIANT(alias) {
	enum backing backing;
};

FIXTURE_VARIANT_ADD(alias, thp) { THP };
FIXTURE_VARIANT_ADD(alias, hugetlb) { HUGETLB };

static uint64_t gpa_of(unsigned int alias)
{
	return GPA + alias * FAR;
}

KVMEM_SETUP(alias)
{
	unsigned int i;

	place_still();
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->mem = huge_memory(variant->backing, PAGE_2M, &self->fd);
	number(self->mem, PER_2M, 1);
	for (i = 0; i < NR; i++) {
		vm_slot(self->vm, 1 + i, 0, gpa_of(i), PAGE_2M, self->mem);
		if (vcpu_load(self->v, 4, gpa_of(i) + 7 * PAGE_4K) != 8)
			end_fail("alias %u does not show the page", i);
	}
	self->huge = vm_stat(self->vm, "pages_2m");
}

/* Page @page reads @want through every alias. */
static bool all_read(struct vcpu *v, unsigned int page, uint32_t want)
{
	unsigned int i;

	for (i = 0; i < NR; i++) {
		uint32_t got = (uint32_t)vcpu_load(v, 4, gpa_of(i) + page * PAGE_4K);

		if (got == want)
			continue;
		diag("page %u of alias %u is 0x%x, expected 0x%x", page, i, got, want);
		return false;
	}
	return true;
}

KVMEM_TEST_F(alias, mapped_huge, "C9")
{
	struct vm *vm = vm_create(NULL);
	uint64_t none;

	vcpu_load(vm->vcpu[0], 4, VM_SYS_GPA);
	none = vm_stat(vm, "pages_2m");
	ASSERT_EQ(none + NR, self->huge);
}

/*
 * The whole huge page is freed.
 * Red with: a loop over the aliases that ends at the first; a range of one page for
 * a huge mapping.
 */
KVMEM_TEST_F(alias, all_of_it_goes, "C9 C3")
{
	free_huge_page(self->mem, self->fd);
	ASSERT_EQ(self->huge - NR, vm_stat(self->vm, "pages_2m"));
	memset(hostmem_huge(PAGE_2M), 0xee, PAGE_2M);
	ASSERT_TRUE(all_read(self->v, 7, 0));
	ASSERT_TRUE(all_read(self->v, 511, 0));
	*word(self->mem, 511) = 0x600;
	ASSERT_TRUE(all_read(self->v, 511, 0x600));
}

/* A page in the middle is freed: its neighbours keep their content, in all aliases. */
KVMEM_TEST_F(alias, a_part_goes, "C9 C4")
{
	unsigned int i;

	if (variant->backing == HUGETLB) {
		/* hugetlb pages can only be freed as a whole. */
		ASSERT_EQ(-1, madvise(self->mem + 7 * PAGE_4K, PAGE_4K, MADV_DONTNEED));
		ASSERT_EQ(self->huge, vm_stat(self->vm, "pages_2m"));
		ASSERT_TRUE(all_read(self->v, 7, 8));
		return;
	}
	ASSERT_EQ(0, madvise(self->mem + 7 * PAGE_4K, PAGE_4K, MADV_DONTNEED));
	/* No alias can keep its huge mapping. */
	ASSERT_EQ(self->huge - NR, vm_stat(self->vm, "pages_2m"));
	ASSERT_TRUE(all_read(self->v, 7, 0));
	ASSERT_TRUE(all_read(self->v, 6, 7));
	ASSERT_TRUE(all_read(self->v, 8, 9));
	for (i = 0; i < NR; i++) {
		vcpu_store(self->v, 4, gpa_of(i) + 7 * PAGE_4K, 0x700 + i);
		ASSERT_EQ(0x700 + i, *word(self->mem, 7));
		ASSERT_TRUE(all_read(self->v, 7, 0x700 + i));
	}
	ASSERT_EQ(self->huge - NR, vm_stat(self->vm, "pages_2m"));
	/* The host collapses the range: every alias must follow. */
	if (madvise(self->mem, PAGE_2M, MADV_COLLAPSE))
		SKIP(return, "MADV_COLLAPSE: %s", strerror(errno));
	*word(self->mem, 7) = 0x800;
	*word(self->mem, 300) = 0x801;
	ASSERT_TRUE(all_read(self->v, 7, 0x800));
	ASSERT_TRUE(all_read(self->v, 300, 0x801));
	ASSERT_EQ(self->huge, vm_stat(self->vm, "pages_2m"));
}

static uint64_t dirty_pages(struct vm *vm, uint32_t slot, unsigned int *last)
{
	static uint64_t bitmap[PER_2M / 64];
	struct kvm_dirty_log log = { .slot = slot, .dirty_bitmap = bitmap };
	unsigned int i, n = 0;

	if (ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log))
		end_fail("KVM_GET_DIRTY_LOG: %s", strerror(errno));
	for (i = 0; i < PER_2M; i++) {
		if (!(bitmap[i / 64] & 1ULL << i % 64))
			continue;
		*last = i;
		n++;
	}
	return n;
}

/*
 * A dirty log in one alias: it gets small pages, the others keep their huge mappings.
 * Red with: a huge page mapped in a slot with a log; the log of one slot that splits
 * the mappings of all.
 */
KVMEM_TEST_F(alias, dirty_log, "C9 C6")
{
	unsigned int i, last = 0;

	vm_slot(self->vm, 3, KVM_MEM_LOG_DIRTY_PAGES, gpa_of(2), PAGE_2M, self->mem);
	vcpu_store(self->v, 4, gpa_of(2) + 9 * PAGE_4K, 0x900);
	ASSERT_EQ(self->huge - 1, vm_stat(self->vm, "pages_2m"));
	ASSERT_EQ(1, dirty_pages(self->vm, 3, &last));
	ASSERT_EQ(9, last);
	for (i = 0; i < NR; i++)
		vcpu_store(self->v, 4, gpa_of(i) + 11 * PAGE_4K, 0x910 + i);
	ASSERT_EQ(self->huge - 1, vm_stat(self->vm, "pages_2m"));
	ASSERT_EQ(1, dirty_pages(self->vm, 3, &last));
	ASSERT_EQ(11, last);
	ASSERT_TRUE(all_read(self->v, 9, 0x900));
	ASSERT_TRUE(all_read(self->v, 11, 0x910 + NR - 1));
	vcpu_store(self->v, 4, gpa_of(2) + 11 * PAGE_4K, 0x920);
	ASSERT_EQ(1, dirty_pages(self->vm, 3, &last));
	ASSERT_EQ(11, last);
	/* Without the log it may be huge again. */
	vm_slot(self->vm, 3, 0, gpa_of(2), PAGE_2M, self->mem);
	ASSERT_TRUE(all_read(self->v, 11, 0x920));
	ASSERT_TRUE(all_read(self->v, 200, 201));
	ASSERT_EQ(self->huge, vm_stat(self->vm, "pages_2m"));
}

/* The log is on before anything is mapped, so there is no huge page to split. */
KVMEM_TEST_F(alias, logged_from_the_start, "C9 C6")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	unsigned int last = 0;
	uint64_t none;

	vcpu_load(v, 4, VM_SYS_GPA);
	none = vm_stat(vm, "pages_2m");
	vm_slot(vm, 1, KVM_MEM_LOG_DIRTY_PAGES, GPA, PAGE_2M, self->mem);
	vcpu_store(v, 4, GPA + 9 * PAGE_4K, 0x900);
	ASSERT_EQ(none, vm_stat(vm, "pages_2m"));
	ASSERT_EQ(1, dirty_pages(vm, 1, &last));
	ASSERT_EQ(9, last);
	vcpu_store(v, 4, GPA + 11 * PAGE_4K, 0x910);
	ASSERT_EQ(1, dirty_pages(vm, 1, &last));
	ASSERT_EQ(11, last);
}

/* One alias deleted: the others keep page and mapping. */
KVMEM_TEST_F(alias, one_deleted, "C9 C7")
{
	vm_slot(self->vm, 3, 0, 0, 0, NULL);
	*word(self->mem, 20) = 0xa00;
	ASSERT_TRUE(vcpu_expect(self->v, "deleted", OPS(LD(4, gpa_of(2) + 20 * PAGE_4K)),
				EXITS(MMIO_RD(gpa_of(2) + 20 * PAGE_4K, 4, 3))));
	ASSERT_EQ(0xa00, vcpu_load(self->v, 4, gpa_of(1) + 20 * PAGE_4K));
	vm_slot(self->vm, 3, 0, gpa_of(2), PAGE_2M, self->mem);
	ASSERT_TRUE(all_read(self->v, 20, 0xa00));
	ASSERT_EQ(self->huge, vm_stat(self->vm, "pages_2m"));
}

/* --- small slots over a huge page (C9, C10) ------------------------------ */

#define SMALL	16

FIXTURE(small) {
	struct vm *vm;
	struct vcpu *v;
	char *mem;	/* one huge page; each slot maps one small page of it */
	int fd;
	uint64_t huge, mapped;
};

FIXTURE_VARIANT(small) {
	enum backing backing;
};

FIXTURE_VARIANT_ADD(small, thp) { THP };
FIXTURE_VARIANT_ADD(small, hugetlb) { HUGETLB };

static const unsigned int shown[SMALL] = { 0, 1, 0, 511, 7, 7, 255, 256, 0, 510, 64, 0, 3, 511, 8, 2 };

/* There is a gap after each slot, where the next page of the host must not be visible. */
static uint64_t small_gpa(unsigned int i)
{
	return GPA + 2 * i * PAGE_4K;
}

KVMEM_SETUP(small)
{
	unsigned int i;

	place_still();
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->mem = huge_memory(variant->backing, PAGE_2M, &self->fd);
	number(self->mem, PER_2M, 1);
	vcpu_load(self->v, 4, VM_SYS_GPA);
	self->huge = vm_stat(self->vm, "pages_2m");
	for (i = 0; i < SMALL; i++)
		vm_slot(self->vm, 1 + i, 0, small_gpa(i), PAGE_4K, self->mem + shown[i] * PAGE_4K);
	for (i = 0; i < SMALL; i++)
		if (vcpu_load(self->v, 4, small_gpa(i)) != shown[i] + 1)
			end_fail("slot %u does not show its page", i);
	self->mapped = vm_stat(self->vm, "pages_4k");
}

/* Red with: the size of the host's mapping used without checking the slot. */
KVMEM_TEST_F(small, neighbours_hidden, "C9 C10")
{
	unsigned int i, p;

	ASSERT_EQ(self->huge, vm_stat(self->vm, "pages_2m"));
	for (i = 0; i < SMALL; i++) {
		uint64_t gap = small_gpa(i) + PAGE_4K;

		vcpu_store(self->v, 4, small_gpa(i), 0x1000 + shown[i]);
		ASSERT_TRUE(vcpu_expect(self->v, "between the slots",
			OPS(ST(4, gap, 5), LD(4, gap)),
			EXITS(MMIO_WR(gap, 4, 5), MMIO_RD(gap, 4, 6))));
	}
	for (p = 0; p < PER_2M; p++) {
		uint32_t want = p + 1;

		for (i = 0; i < SMALL; i++)
			if (shown[i] == p)
				want = 0x1000 + p;
		ASSERT_EQ(want, *word(self->mem, p)) {
			TH_LOG("page %u", p);
		}
	}
}

/* The huge page is freed: every slot over a part of it is unmapped. */
KVMEM_TEST_F(small, huge_page_goes, "C10 C3")
{
	unsigned int i;

	free_huge_page(self->mem, self->fd);
	ASSERT_EQ(self->mapped - SMALL, vm_stat(self->vm, "pages_4k"));
	for (i = 0; i < SMALL; i++)
		ASSERT_EQ(0, vcpu_load(self->v, 4, small_gpa(i)));
	number(self->mem, PER_2M, 0x2000);
	for (i = 0; i < SMALL; i++)
		ASSERT_EQ(0x2000 + shown[i], vcpu_load(self->v, 4, small_gpa(i)));
	ASSERT_EQ(self->huge, vm_stat(self->vm, "pages_2m"));
}

/* Another huge page is mapped over it, while the old one still exists. */
KVMEM_TEST_F(small, huge_page_replaced, "C10 C3")
{
	char *other, *to;
	unsigned int i;
	int fd;

	other = huge_memory(variant->backing, PAGE_2M, &fd);
	number(other, PER_2M, 0x3000);
	to = variant->backing == HUGETLB ?
		mmap(self->mem, PAGE_2M, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) :
		mremap(other, PAGE_2M, PAGE_2M, MREMAP_MAYMOVE | MREMAP_FIXED, self->mem);
	ASSERT_EQ(self->mem, to);
	ASSERT_EQ(self->mapped - SMALL, vm_stat(self->vm, "pages_4k"));
	for (i = 0; i < SMALL; i++)
		ASSERT_EQ(0x3000 + shown[i], vcpu_load(self->v, 4, small_gpa(i)));
	ASSERT_EQ(self->mapped, vm_stat(self->vm, "pages_4k"));
}

KVMEM_MAIN
