// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private pages inside of 2 MiB ranges of huge shared pages: which huge mappings are
 * split, and which come back (E4, E5, E13, E14).
 *
 * A 2 MiB range of a slot is mapped huge exactly if all of it lies in the slot and
 * none of it is private; guest_memfd has small pages only.  After every step the
 * guest reads every page, and KVM's count of mappings of each size must match the
 * bitmap.
 */
#include "harness/test.h"

#include <sys/mman.h>

#include "guest/gmem_vm.h"
#include "guest/hammer.h"
#include "util/place.h"
#include "guest/list.h"
#include "util/smaps.h"

#define HUGE_GPA	0x100000000ULL
#define SEEN_GPA	0x30000000ULL
#define PRIVATE		KVM_MEMORY_ATTRIBUTE_PRIVATE
#define BLOCK		512	/* pages of 2 MiB */
#define BLOCKS		3
#define ALL		(BLOCKS * BLOCK)

FIXTURE(huge) {
	struct vm *vm;
	struct vcpu *v;
	int fd;
	uint32_t *h;			/* transparent huge pages behind HUGE_GPA */
	uint32_t *seen;
	unsigned int first, end;	/* pages of the slot, counted from HUGE_GPA */
	bool private[ALL];
	uint64_t other_4k, other_2m;	/* mappings that are not the slot's */
};

FIXTURE_VARIANT(huge) {
	unsigned int first, end;
};

FIXTURE_VARIANT_ADD(huge, aligned) { 0, ALL };
FIXTURE_VARIANT_ADD(huge, ragged_end) { 0, ALL - 1 };
FIXTURE_VARIANT_ADD(huge, ragged_begin) { 1, ALL };
FIXTURE_VARIANT_ADD(huge, ragged_both) { 300, ALL - 200 };
FIXTURE_VARIANT_ADD(huge, one_block) { BLOCK, 2 * BLOCK };
FIXTURE_VARIANT_ADD(huge, across) { BLOCK - 8, BLOCK + 8 };
FIXTURE_VARIANT_ADD(huge, one_page) { BLOCK + 5, BLOCK + 6 };

static int huge_slot(FIXTURE_DATA(huge) *self)
{
	return vm_region2(self->vm, 1, KVM_MEM_GUEST_MEMFD, HUGE_GPA + self->first * VM_PAGE,
			  (self->end - self->first) * VM_PAGE, self->h + self->first * 1024, self->fd, 0);
}

/* The mappings that the slot must have after all of it was read. */
static void expected(FIXTURE_DATA(huge) *self, uint64_t *small, uint64_t *huge)
{
	unsigned int b, p;

	*small = self->end - self->first;
	*huge = 0;
	for (b = 0; b < ALL; b += BLOCK) {
		bool whole = b >= self->first && b + BLOCK <= self->end;

		for (p = b; p < b + BLOCK; p++)
			whole &= !self->private[p];
		*small -= whole * BLOCK;
		*huge += whole;
	}
}

static bool read_all(FIXTURE_DATA(huge) *self)
{
	const struct mbox_op op = {
		.kind = OP_LOAD, .width = 4, .flags = OPF_VALUES, .stride = VM_PAGE,
		.addr = HUGE_GPA + self->first * VM_PAGE, .count = self->end - self->first,
		.samples = SEEN_GPA + self->first * sizeof(*self->seen),
	};
	unsigned int p;

	for (p = 0; p < ALL; p++)
		self->seen[p] = 0xa5a5a5a5;
	return vcpu_expect(self->v, "read of the slot", &op, 1, NO_EXITS);
}

static uint32_t shared_tag(unsigned int page)
{
	return 0x5a000000 + page;
}

/* Read everything: values and number of mappings must match the bitmap. */
static bool check(FIXTURE_DATA(huge) *self, const char *what)
{
	uint64_t small, huge, got_small, got_huge;
	unsigned int p;

	if (!read_all(self))
		return false;
	for (p = self->first; p < self->end; p++) {
		uint32_t want = self->private[p] ? 0 : shared_tag(p);

		if (self->seen[p] == want)
			continue;
		diag("%s: page %u holds 0x%x, expected 0x%x (%s)", what, p, self->seen[p], want,
		     self->private[p] ? "private" : "shared");
		return false;
	}
	expected(self, &small, &huge);
	got_small = vm_stat(self->vm, "pages_4k") - self->other_4k;
	got_huge = vm_stat(self->vm, "pages_2m") - self->other_2m;
	if (got_small == small && got_huge == huge)
		return true;
	if (smaps_huge(self->h, BLOCKS * PAGE_2M) < BLOCKS * PAGE_2M)
		end_skip("the host does not keep the memory in transparent huge pages");
	diag("%s: %lld pages of 2 MiB and %lld of 4 KiB are mapped, expected %llu and %llu", what,
	     (long long)got_huge, (long long)got_small, (unsigned long long)huge,
	     (unsigned long long)small);
	return false;
}

/* Convert @n pages from @first on, including those outside the slot. */
static int set(FIXTURE_DATA(huge) *self, unsigned int first, unsigned int n, bool private)
{
	unsigned int p;

	for (p = first; p < first + n; p++)
		self->private[p] = private;
	return gmem_attributes(self->vm, HUGE_GPA + first * VM_PAGE, n * VM_PAGE, private ? PRIVATE : 0);
}

KVMEM_SETUP(huge)
{
	struct vm_opts o = { .nr_vcpus = 2 };
	uint64_t small, huge;
	unsigned int p;

	place_still();
	self->vm = gmem_kind_vm(GMEM_PRIVATE, &o);
	self->v = self->vm->vcpu[0];
	self->first = variant->first;
	self->end = variant->end;
	self->h = vm_alloc(BLOCKS * PAGE_2M);
	madvise(self->h, BLOCKS * PAGE_2M, MADV_HUGEPAGE);
	for (p = 0; p < ALL; p++)
		self->h[p * 1024] = shared_tag(p);
	if (smaps_huge(self->h, BLOCKS * PAGE_2M) < BLOCKS * PAGE_2M)
		end_skip("no transparent huge pages here (madvise, contiguous memory)");
	self->seen = vm_alloc(2 * VM_PAGE);
	vm_slot(self->vm, 10, 0, SEEN_GPA, 2 * VM_PAGE, self->seen);
	self->fd = gmem_kind_create(self->vm, GMEM_PRIVATE, BLOCKS * PAGE_2M);
	ASSERT_EQ(0, huge_slot(self));
	/* Map the pages of the payload first; then count the mappings outside the slot. */
	ASSERT_TRUE(read_all(self));
	expected(self, &small, &huge);
	self->other_4k = vm_stat(self->vm, "pages_4k") - small;
	self->other_2m = vm_stat(self->vm, "pages_2m") - huge;
	ASSERT_EQ(0, self->other_2m) {
		TH_LOG("the number of huge mappings differs from the number of whole ranges");
	}
}

/*
 * One private page prevents the huge mapping of its 2 MiB range, and of no other; after
 * it is shared again the next access maps the huge page.  CVE-2024-26991 was an
 * access beyond the array of these counts, for slots that end within 2 MiB.
 * Red with: hugepage_set_mixed() or hugepage_clear_mixed() left out; a huge page
 * that is not split by the conversion.
 */
KVMEM_TEST_F(huge, one_private_page, "E13")
{
	const unsigned int pages[] = {
		self->first, self->end - 1, BLOCK - 1, BLOCK, BLOCK + 77, 2 * BLOCK - 1, 2 * BLOCK,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		ASSERT_EQ(0, set(self, pages[i], 1, true));
		ASSERT_TRUE(check(self, "one private page")) {
			TH_LOG("page %u", pages[i]);
		}
		ASSERT_EQ(0, set(self, pages[i], 1, false));
		ASSERT_TRUE(check(self, "shared again")) {
			TH_LOG("page %u", pages[i]);
		}
	}
}

/*
 * A range is converted at once and converted back piece by piece, from either end and
 * from the middle: it is mapped huge again after the last piece, not before.
 * Red with: a mixed range that counts as uniform when a part of it is converted; one
 * that stays mixed.
 */
KVMEM_TEST_F(huge, back_in_pieces, "E13 E4", 250)
{
	static const struct {
		unsigned int from, n;
	} pieces[][4] = {
		{ { 0, 128 }, { 128, 128 }, { 256, 128 }, { 384, 128 } },
		{ { 384, 128 }, { 256, 128 }, { 128, 128 }, { 0, 128 } },
		{ { 200, 100 }, { 0, 200 }, { 300, 211 }, { 511, 1 } },
		{ { 1, 511 }, { 1, 511 }, { 1, 511 }, { 0, 1 } },
	};
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(pieces); i++) {
		ASSERT_EQ(0, set(self, BLOCK, BLOCK, true));
		ASSERT_TRUE(check(self, "2 MiB private"));
		for (k = 0; k < 4; k++) {
			ASSERT_EQ(0, set(self, BLOCK + pieces[i][k].from, pieces[i][k].n, false));
			ASSERT_TRUE(check(self, "a piece is shared again")) {
				TH_LOG("row %u, piece %u", i, k);
			}
		}
	}
	/* The other direction: piece by piece becomes private. */
	for (k = 0; k < 4; k++) {
		ASSERT_EQ(0, set(self, BLOCK + k * 128, 128, true));
		ASSERT_TRUE(check(self, "a piece is private"));
	}
	ASSERT_EQ(0, set(self, BLOCK, BLOCK, false));
	ASSERT_TRUE(check(self, "all of it is shared again"));
}

/*
 * Ranges whose head and tail lie within 2 MiB ranges, with or without whole ranges
 * between; converted, and converted back by different ranges.
 * Red with: head or tail not checked; the range of the tail treated as whole.
 */
KVMEM_TEST_F(huge, head_and_tail, "E13 E4", 650)
{
	static const struct {
		unsigned int from, n;
	} rows[] = {
		{ BLOCK - 3, 2 * 3 }, { BLOCK - 1, BLOCK + 1 }, { BLOCK - 1, BLOCK + 2 },
		{ BLOCK, BLOCK + 1 }, { BLOCK + 1, BLOCK }, { 0, BLOCK + 1 }, { 1, ALL - 2 },
		{ BLOCK / 2, BLOCK }, { BLOCK - 1, 1 }, { 2 * BLOCK - 1, 2 }, { 0, ALL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_EQ(0, set(self, rows[i].from, rows[i].n, true));
		ASSERT_TRUE(check(self, "private range")) {
			TH_LOG("row %u", i);
		}
		ASSERT_EQ(0, set(self, BLOCK, BLOCK, false));
		ASSERT_TRUE(check(self, "the middle is shared again")) {
			TH_LOG("row %u", i);
		}
		ASSERT_EQ(0, set(self, 0, ALL, false));
		ASSERT_TRUE(check(self, "all is shared again")) {
			TH_LOG("row %u", i);
		}
	}
}

/* Random ranges, checked against the bitmap. */
KVMEM_TEST_F(huge, random_ranges, "E13 E4 E3", 350)
{
	uint64_t rounds = env_pick(8, 40, 2000), seed = env_seed() + 17, i;

	for (i = 0; i < rounds; i++) {
		unsigned int from, n;

		seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
		from = (seed >> 33) % ALL;
		n = 1 + (seed >> 43) % (seed & (1ULL << 62) ? ALL - from : ALL - from < 16 ? ALL - from : 16);
		ASSERT_EQ(0, set(self, from, n, seed >> 63));
		ASSERT_TRUE(check(self, "a random range")) {
			TH_LOG("round %llu, seed %llu: %u pages from %u on", (unsigned long long)i,
			       (unsigned long long)env_seed(), n, from);
		}
	}
	ASSERT_EQ(0, set(self, 0, ALL, false));
	ASSERT_TRUE(check(self, "all is shared again"));
}

/*
 * Attributes that are set before the slot exists, or change while it is deleted, are
 * counted when the slot is created.
 * Red with: kvm_mmu_init_memslot_memory_attributes() left out, or checking one page
 * of each range.
 */
KVMEM_TEST_F(huge, private_before_the_slot, "E5 E13", 300)
{
	static const unsigned int pages[] = { 0, BLOCK - 1, BLOCK, BLOCK + 9, 2 * BLOCK - 1, ALL - 1 };
	unsigned int i;

	ASSERT_TRUE(check(self, "all shared"));
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		ASSERT_EQ(0, set(self, pages[i], 1, true));
		ASSERT_EQ(0, huge_slot(self));
		ASSERT_TRUE(check(self, "private before the slot")) {
			TH_LOG("page %u", pages[i]);
		}
		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		ASSERT_EQ(0, set(self, pages[i], 1, false));
		ASSERT_EQ(0, huge_slot(self));
		ASSERT_TRUE(check(self, "shared before the slot")) {
			TH_LOG("page %u", pages[i]);
		}
	}
	/* Conversions after the creation update the same counts. */
	vm_slot(self->vm, 1, 0, 0, 0, NULL);
	ASSERT_EQ(0, set(self, BLOCK, BLOCK, true));
	ASSERT_EQ(0, huge_slot(self));
	ASSERT_EQ(0, set(self, BLOCK + 1, BLOCK - 1, false));
	ASSERT_TRUE(check(self, "one page left"));
	ASSERT_EQ(0, set(self, BLOCK, 1, false));
	ASSERT_TRUE(check(self, "none left"));
}

/* --- 1 GiB (E13) ----------------------------------------------------------------- */

/* One word of every 2 MiB range of the GiB. */
static bool read_gib(struct vcpu *v)
{
	const struct mbox_op op = {
		.kind = OP_LOAD, .width = 8, .addr = HUGE_GPA, .stride = PAGE_2M, .count = 512,
	};

	return vcpu_expect(v, "read of one GiB", &op, 1, NO_EXITS);
}

/*
 * The same one level up: a private page splits 1 GiB into 511 mappings of 2 MiB and
 * one range of small pages; after it is shared again there is one mapping.
 * Red with: the upper level's count of mixed ranges not kept.
 */
KVMEM_TEST(one_gib, "E13")
{
	const uint64_t size = 1ULL << 30;
	uint64_t target = HUGE_GPA + 77 * PAGE_2M, small, large;
	struct vm *vm = gmem_kind_vm(GMEM_PRIVATE, NULL);
	struct vcpu *v = vm->vcpu[0];
	int i, fd = gmem_kind_create(vm, GMEM_PRIVATE, size);
	void *h = mmap(NULL, size, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 30 << 26, -1, 0);

	REQUIRE(h != MAP_FAILED, "needs a huge page of 1 GiB (hugepagesz=1G hugepages=1)");
	ASSERT_EQ(0, vm_region2(vm, 1, KVM_MEM_GUEST_MEMFD, HUGE_GPA, size, h, fd, 0));
	ASSERT_TRUE(read_gib(v));
	small = vm_stat(vm, "pages_4k");
	large = vm_stat(vm, "pages_1g");
	REQUIRE(large == 1, "this CPU or KVM does not map pages of 1 GiB");
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, gmem_attributes(vm, target + i * VM_PAGE, VM_PAGE, PRIVATE));
		ASSERT_TRUE(read_gib(v));
		ASSERT_EQ(0, vm_stat(vm, "pages_1g"));
		ASSERT_EQ(511, vm_stat(vm, "pages_2m"));
		ASSERT_EQ(small + 1, vm_stat(vm, "pages_4k"));
		ASSERT_EQ(0, gmem_attributes(vm, target + i * VM_PAGE, VM_PAGE, 0));
		vcpu_load(v, 8, target + i * VM_PAGE);
		ASSERT_EQ(1, vm_stat(vm, "pages_1g"));
		ASSERT_EQ(0, vm_stat(vm, "pages_2m"));
		ASSERT_EQ(small, vm_stat(vm, "pages_4k"));
	}
}

/*
 * A slot without guest_memfd can have a dirty log.  When it is switched off KVM looks
 * for ranges to map huge again, in the private part of the slot too, where nothing
 * can be mapped.
 * Red with: WARN_ONCE(1, ...) in kvm_gmem_max_mapping_level() when called without a
 * fault, as on 7.3.
 */
KVMEM_TEST(log_off_over_private, "E13 E4")
{
	struct vm *vm = gmem_kind_vm(GMEM_PRIVATE, NULL);
	struct vcpu *v = vm->vcpu[0];
	uint32_t *h = vm_alloc(2 * PAGE_2M);
	unsigned int p;

	for (p = 0; p < 2 * BLOCK; p++)
		h[p * 1024] = shared_tag(p);
	vm_slot(vm, 1, KVM_MEM_LOG_DIRTY_PAGES, HUGE_GPA, 2 * PAGE_2M, h);
	for (p = 0; p < 2 * BLOCK; p += 37)
		ASSERT_EQ(shared_tag(p), vcpu_load(v, 4, HUGE_GPA + p * VM_PAGE));
	ASSERT_EQ(0, gmem_attributes(vm, HUGE_GPA + PAGE_2M, PAGE_2M, PRIVATE));
	vm_slot(vm, 1, 0, HUGE_GPA, 2 * PAGE_2M, h);
	ASSERT_TRUE(vcpu_expect_stop(v, "private without guest_memfd", OPS(LD(4, HUGE_GPA + PAGE_2M)),
				     EXITS({ .reason = KVM_EXIT_MEMORY_FAULT,
					     .addr = HUGE_GPA + PAGE_2M,
					     .data = VM_PAGE,
					     .flags = KVM_MEMORY_EXIT_FLAG_PRIVATE,
					     .err = EFAULT })));
	ASSERT_EQ(0, gmem_attributes(vm, HUGE_GPA + PAGE_2M, PAGE_2M, 0));
	for (p = 0; p < 2 * BLOCK; p++)
		ASSERT_EQ(shared_tag(p), vcpu_load(v, 4, HUGE_GPA + p * VM_PAGE));
}

/* --- races (E14) --------------------------------------------------------------- */

/*
 * vCPUs write to the neighbours while a page is converted: a huge mapping over the
 * private page would let private data reach the shared memory; the writes to the
 * neighbours must reach it.
 * Red with: the invalidation not extended to the whole 2 MiB range of head and tail.
 */
KVMEM_TEST_F(huge, neighbour_race, "E14", 600)
{
	unsigned int page = self->end - self->first > 9 ? self->first + 6 : self->first, rest;
	uint64_t rounds = env_pick(30, 150, 3000), i, target = HUGE_GPA + page * VM_PAGE;
	volatile uint32_t *shared = self->h + page * 1024, *beside = self->h + (page + 1) * 1024;
	struct vcpu *v = self->vm->vcpu[1];
	struct hammer h = { .retry_faults = false };

	REQUIRE(self->end - self->first > 9, "the slot has no neighbours");
	hammer_start(&h, self->v,
		     (struct mbox_op){ .kind = OP_STORE, .width = 4, .addr = target + VM_PAGE,
				       .flags = OPF_COUNTER });
	for (i = 0; i < rounds; i++) {
		uint32_t tag = 0xbb000000 + (uint32_t)i;

		*shared = 0x11;
		ASSERT_EQ(0, gmem_attributes(self->vm, target, VM_PAGE, PRIVATE));
		vcpu_store(v, 4, target, tag);
		ASSERT_EQ(0x11, *shared);
		ASSERT_EQ(tag, (uint32_t)vcpu_load(v, 4, target));
		ASSERT_EQ(0, gmem_attributes(self->vm, target, VM_PAGE, 0));
		ASSERT_EQ(0x11, (uint32_t)vcpu_load(v, 4, target));
		rest = *beside;
		ASSERT_LE(rest, (uint32_t)hammer_next(&h));
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
	ASSERT_EQ((uint32_t)h.v->mb->last, *beside);
	diag("on %d CPUs", hammer_cpus());
}

KVMEM_MAIN
