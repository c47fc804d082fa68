// SPDX-License-Identifier: GPL-2.0-only
/*
 * Aging and reclaim of a page with many aliases: an access through any alias marks it
 * accessed, data written through one alias is kept, and a reclaimed page is unmapped
 * from all (C11).  Swap: see single_hva.
 */
#include "harness/test.h"

#include <sys/mman.h>

#include "scenario/alias.h"
#include "scenario/hostmem.h"
#include "harness/record.h"
#include "guest/list.h"

#define NR	12
#define PAGES	8
#define SIZE	(PAGES * VM_PAGE)

#ifndef MADV_PAGEOUT		/* 5.4 */
#define MADV_COLD 20
#define MADV_PAGEOUT 21
#endif

FIXTURE(reclaim) {
	struct aliases a;
	char *hva;
	uint32_t want[PAGES];
};

KVMEM_SETUP(reclaim)
{
	self->hva = vm_alloc(SIZE);
	alias_init(&self->a, vm_create(NULL), NR, PAGES);
	alias_slots(&self->a, self->hva, 0);
}

static volatile uint32_t *word(char *hva, unsigned int page)
{
	return (volatile uint32_t *)(hva + page * VM_PAGE);
}

/* Fresh pages, mapped through every alias; then MADV_FREE of pages 2 to 5. */
static bool fill_and_free(FIXTURE_DATA(reclaim) *self, uint32_t first, bool write)
{
	struct aliases *a = &self->a;
	unsigned int p;
	int64_t n;

	hostmem_map_over(self->hva, -1, 0, SIZE);
	for (p = 0; p < PAGES; p++)
		*word(self->hva, p) = self->want[p] = first + p;
	if (write)
		alias_write_all(a, self->want);
	if (!alias_expect(a, "before", self->want))
		return false;
	alias_mark(a);
	if (madvise(self->hva + 2 * VM_PAGE, 4 * VM_PAGE, MADV_FREE))
		end_skip("MADV_FREE: %s", strerror(errno));
	/* A read to count faults would use the pages again. */
	n = alias_count(a);
	if (n < 0 || n == NR * 4)
		return true;
	diag("MADV_FREE of 4 pages zapped %lld mappings of %d aliases", (long long)n, NR);
	return false;
}

static void page_out(FIXTURE_DATA(reclaim) *self)
{
	if (madvise(self->hva + 2 * VM_PAGE, 4 * VM_PAGE, MADV_PAGEOUT))
		end_skip("MADV_PAGEOUT: %s", strerror(errno));
}

/*
 * After MADV_FREE the guest writes to a page: directly, or after all aliases have
 * mapped it by a read.  That page is kept; the others may keep their content or be
 * zero, and all aliases see the same.
 * Red with: a dirty bit that is lost when the mapping of an alias is zapped; reclaim
 * that reaches the first alias only.
 */
KVMEM_TEST_F(reclaim, freed_and_written, "C11 C3")
{
	struct aliases *a = &self->a;
	unsigned int i, p, given_up = 0;

	for (i = 0; i < NR; i++) {
		ASSERT_TRUE(fill_and_free(self, 0x1000 + i * 0x10, true));
		alias_write(a, i, 2, self->want[2] = 0x2000 + i);
		for (p = 0; p < NR; p++) {
			vcpu_load(a->v, 4, alias_gpa(a, p, 3));
			vcpu_load(a->v, 4, alias_gpa(a, p, 4));
		}
		alias_write(a, (i + 7) % NR, 3, self->want[3] = 0x3000 + i);
		page_out(self);
		given_up += 4 - hostmem_present(self->hva + 2 * VM_PAGE, 4);
		alias_use_up();
		for (p = 4; p < 6; p++) {
			ASSERT_TRUE(*word(self->hva, p) == self->want[p] || !*word(self->hva, p));
			self->want[p] = *word(self->hva, p);
		}
		ASSERT_TRUE(alias_expect(a, "after reclaim", self->want)) {
			TH_LOG("written through alias %u", i);
		}
		for (p = 0; p < PAGES; p++)
			ASSERT_EQ(self->want[p], *word(self->hva, p));
	}
	record_observation("C11", "freed_pages_written", "%u of %u given up", given_up, NR * 4);
}

/*
 * Pages after MADV_FREE without a write: reclaim unmaps them from every alias.  With
 * read-only slots, because KVM maps others writable for a read and marks them dirty.
 */
KVMEM_TEST_F(reclaim, freed_and_read, "C11 C3")
{
	struct aliases *a = &self->a;
	unsigned int i, p, given_up = 0;

	REQUIRE(vm_cap(a->vm, KVM_CAP_READONLY_MEM), "no KVM_CAP_READONLY_MEM");
	for (i = 0; i < NR; i++)
		vm_slot(a->vm, ALIAS_SLOT + i, 0, 0, 0, NULL);
	alias_slots(a, self->hva, KVM_MEM_READONLY);
	for (i = 0; i < 3; i++) {
		unsigned int gone;

		ASSERT_TRUE(fill_and_free(self, 0x4000 + i * 0x10, false));
		ASSERT_TRUE(alias_expect(a, "after MADV_FREE", self->want));
		alias_mark(a);
		page_out(self);
		gone = 4 - hostmem_present(self->hva + 2 * VM_PAGE, 4);
		given_up += gone;
		if (alias_count(a) >= 0)
			ASSERT_LE(NR * gone, a->zapped);
		alias_use_up();
		for (p = 2; p < 6; p++) {
			ASSERT_TRUE(*word(self->hva, p) == self->want[p] || !*word(self->hva, p));
			self->want[p] = *word(self->hva, p);
		}
		ASSERT_TRUE(alias_expect(a, "after reclaim", self->want));
		*word(self->hva, 4) = self->want[4] = 0x5000 + i;
		ASSERT_TRUE(alias_expect(a, "in use again", self->want));
	}
	record_observation("C11", "freed_pages_read", "%u of 12 given up", given_up);
}

/* MADV_COLD and MADV_PAGEOUT lose no data of a page in use. */
KVMEM_TEST_F(reclaim, cold, "C11")
{
	struct aliases *a = &self->a;
	unsigned int i, p;

	for (p = 0; p < PAGES; p++)
		self->want[p] = 0x600 + p;
	alias_write_all(a, self->want);
	for (i = 0; i < NR; i++) {
		ASSERT_EQ(0, madvise(self->hva, SIZE, MADV_COLD));
		alias_write(a, i, i % PAGES, self->want[i % PAGES] = 0x700 + i);
		ASSERT_EQ(0, madvise(self->hva, SIZE, MADV_PAGEOUT));
		ASSERT_TRUE(alias_expect(a, "cold", self->want));
	}
}

/*
 * An access through any alias clears the idle flag, and checking the flag unmaps
 * nothing.  An invalidation of another page flushes the TLB, so that the CPU sets
 * the accessed bit again.
 * Red with: kvm_age_hva() that checks the first alias only.
 */
KVMEM_TEST_F(reclaim, idle, "C11")
{
	struct aliases *a = &self->a;
	unsigned int i;

	memset(self->hva, 1, SIZE);
	ASSERT_TRUE(alias_read(a, "reads"));
	for (i = 0; i < NR; i++) {
		hostmem_set_idle(self->hva + 2 * VM_PAGE);
		hostmem_set_idle(self->hva + 3 * VM_PAGE);
		ASSERT_EQ(0, madvise(self->hva + 6 * VM_PAGE, VM_PAGE, MADV_DONTNEED));
		alias_mark(a);
		vcpu_load(a->v, 4, alias_gpa(a, i, 3));
		ASSERT_FALSE(hostmem_is_idle(self->hva + 3 * VM_PAGE)) {
			TH_LOG("used through alias %u", i);
		}
		ASSERT_TRUE(hostmem_is_idle(self->hva + 2 * VM_PAGE));
		if (alias_count(a) >= 0)
			ASSERT_EQ(0, a->zapped);
		ASSERT_TRUE(alias_read(a, "reads"));
	}
}

KVMEM_MAIN
