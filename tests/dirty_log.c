// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty log of one slot: which pages are protected again when it is read or cleared,
 * and the rules of KVM_CLEAR_DIRTY_LOG and KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 (C6, G12).
 */
#include "harness/test.h"

#include <sys/ioctl.h>

#include "guest/list.h"
#include "kvm/uapi.h"
#include "util/place.h"

#define GPA	0x100000000ULL
#define SLOT	3
#define PAGES	200		/* not a multiple of 64 */
#define WORDS	((PAGES + 63) / 64)
#define SIZE	(PAGES * VM_PAGE)
#define LOG	KVM_MEM_LOG_DIRTY_PAGES

#define BY_HAND	KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE
#define ALL_SET	KVM_DIRTY_LOG_INITIALLY_SET

FIXTURE(log) {
	struct vm *vm;
	struct vcpu *v;
	char *mem;
	uint64_t bits[WORDS];	/* the log that was read last */
};

FIXTURE_VARIANT(log) {
	uint64_t manual;	/* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 */
};

FIXTURE_VARIANT_ADD(log, automatic) { 0 };
FIXTURE_VARIANT_ADD(log, by_hand) { BY_HAND };

static void set_log(const FIXTURE_DATA(log) *self, uint32_t flags)
{
	vm_slot(self->vm, SLOT, flags, GPA, SIZE, self->mem);
}

KVMEM_SETUP(log)
{
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	if (!vm_cap(self->vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2))
		end_never("no KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2");
	if (variant->manual &&
	    vm_enable_cap(self->vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, variant->manual))
		end_fail("KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: %s", strerror(errno));
	place_still();
	self->mem = vm_alloc(SIZE);
	memset(self->mem, 0, SIZE);
	set_log(self, 0);
}

static int get_log(FIXTURE_DATA(log) *self)
{
	struct kvm_dirty_log log = { .slot = SLOT, .dirty_bitmap = self->bits };

	return ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log) ? -errno : 0;
}

static int clear_log(const FIXTURE_DATA(log) *self, uint64_t first, uint32_t n, const void *bits)
{
	struct kvm_clear_dirty_log log = {
		.slot = SLOT, .first_page = first, .num_pages = n, .dirty_bitmap = (void *)bits,
	};

	return ioctl(self->vm->fd, KVM_CLEAR_DIRTY_LOG, &log) ? -errno : 0;
}

static bool is_set(const uint64_t *bits, unsigned int page)
{
	return bits[page / 64] >> page % 64 & 1;
}

/* Write a word to each of these pages in the guest. */
static void write_pages(struct vcpu *v, const unsigned int *page, unsigned int n, uint32_t value)
{
	struct mbox_op ops[MBOX_MAX_OPS];
	unsigned int i;

	for (i = 0; i < n; i++)
		ops[i] = (struct mbox_op)ST(4, GPA + page[i] * VM_PAGE, value);
	if (!vcpu_expect(v, "writes", ops, n, NO_EXITS))
		end_fail("a guest store to a slot caused an exit");
}

/* Whether the log, which is read, has exactly these pages. */
static bool logged(FIXTURE_DATA(log) *self, const char *what, const unsigned int *page,
		   unsigned int n)
{
	uint64_t want[WORDS] = { 0 };
	unsigned int i, r;

	memset(self->bits, 0xa5, sizeof(self->bits));
	r = (unsigned int)-get_log(self);
	if (r) {
		diag("%s: KVM_GET_DIRTY_LOG: %s", what, strerror((int)r));
		return false;
	}
	for (i = 0; i < n; i++)
		want[page[i] / 64] |= 1ULL << page[i] % 64;
	for (i = 0; i < WORDS * 64; i++) {
		if (is_set(want, i) == is_set(self->bits, i))
			continue;
		diag("%s: page %u is %s", what, i, is_set(want, i) ? "not in the log" : "in the log");
		return false;
	}
	return true;
}

/* Read all pages, and empty the log: on some backends a read dirties a page. */
static void start_clean(FIXTURE_DATA(log) *self, bool by_hand)
{
	static const uint64_t all[WORDS] = { ~0ULL, ~0ULL, ~0ULL, ~0ULL };
	struct mbox_op op = { .kind = OP_LOAD, .width = 4, .addr = GPA, .count = PAGES,
			      .stride = VM_PAGE };

	if (!vcpu_expect(self->v, "reads", &op, 1, NO_EXITS))
		end_fail("a guest load from a slot caused an exit");
	if (get_log(self) || (by_hand && clear_log(self, 0, PAGES, all)))
		end_fail("the dirty log: %s", strerror(errno));
}

/*
 * All pages of one word, of several, the first and the last: each is protected again,
 * wherever it is, mapped next to pages that are not.
 * Red with: a mask whose first or last page is left out; the second word left out; the
 * last page of the slot left out when the log is switched on; protection that ends at a
 * page that is not mapped.
 */
KVMEM_TEST_F(log, protected_again, "C6 G12")
{
	static const unsigned int some[] = { 0, 3, 4, 5, 62, 63, 64, 130, 191, 192, PAGES - 1 };
	enum { NR = ARRAY_SIZE(some) };
	uint64_t bits[WORDS];
	unsigned int round;

	/* Mapped writable, with holes between them, before the log is on. */
	write_pages(self->v, some, NR, 1);
	set_log(self, LOG);
	ASSERT_TRUE(logged(self, "log on", NULL, 0));
	for (round = 0; round < 3; round++) {
		TH_LOG("round %u", round);
		write_pages(self->v, some, NR, 2 + round);
		ASSERT_TRUE(logged(self, "written", some, NR));
		memcpy(bits, self->bits, sizeof(bits));
		if (variant->manual) {
			ASSERT_TRUE(logged(self, "read twice", some, NR));
			ASSERT_EQ(0, clear_log(self, 0, PAGES, bits));
		}
		ASSERT_TRUE(logged(self, "empty", NULL, 0));
	}
	/* Off and on: the old bits are gone, the pages are protected. */
	write_pages(self->v, some, NR, 9);
	set_log(self, 0);
	ASSERT_EQ(-ENOENT, get_log(self));
	write_pages(self->v, some, NR, 10);
	set_log(self, LOG);
	ASSERT_TRUE(logged(self, "off and on", NULL, 0));
	write_pages(self->v, some, NR, 11);
	ASSERT_TRUE(logged(self, "written at last", some, NR));
}

/* A page that was read first, and one that was not mapped. */
KVMEM_TEST_F(log, read_then_written, "C6 G12")
{
	static const unsigned int both[] = { 7, 70 };

	set_log(self, LOG);
	start_clean(self, variant->manual);
	write_pages(self->v, both, 1, 1);
	ASSERT_TRUE(logged(self, "read, then written", both, 1));
	if (variant->manual)
		ASSERT_EQ(0, clear_log(self, 0, 64, self->bits));
	vm_slot(self->vm, SLOT, 0, GPA, 0, NULL);
	set_log(self, LOG);
	write_pages(self->v, both, 2, 2);
	ASSERT_TRUE(logged(self, "written at once", both, 2));
}

/* --- the ranges of KVM_CLEAR_DIRTY_LOG -------------------------------------------------- */

/*
 * first_page is a multiple of 64, and so is num_pages, unless the range ends with the slot.
 * Red with: either check left out; an end beyond the slot accepted; a sum that overflows.
 */
KVMEM_TEST_F(log, clear_ranges, "C6 G12")
{
	static const struct {
		uint64_t first;
		uint32_t n;
		int want;
	} rows[] = {
		{ 0, PAGES, 0 }, { 0, 64, 0 }, { 64, 128, 0 }, { 192, PAGES - 192, 0 }, { 0, 0, 0 },
		{ 64, 0, 0 }, { 128, PAGES - 128, 0 },
		{ 1, 64, -EINVAL }, { 63, 64, -EINVAL }, { 32, 32, -EINVAL }, { 8, PAGES - 8, -EINVAL },
		{ 0, 1, -EINVAL }, { 0, 63, -EINVAL }, { 0, 65, -EINVAL }, { 64, 100, -EINVAL },
		{ 0, PAGES + 1, -EINVAL }, { 0, 256, -EINVAL }, { 192, 64, -EINVAL },
		{ 256, 0, -EINVAL }, { 256, 64, -EINVAL }, { 192, 0xffffffc0, -EINVAL },
		{ 1ULL << 63, 64, -EINVAL }, { ~63ULL, 64, -EINVAL }, { ~63ULL, 0xffffffff, -EINVAL },
	};
	static const unsigned int all[] = { 0, 63, 64, 127, 128, 191, 192, PAGES - 1 };
	static const uint64_t bits[WORDS] = { ~0ULL, ~0ULL, ~0ULL, ~0ULL };
	size_t i, k;

	ASSERT_EQ(-ENOENT, clear_log(self, 0, PAGES, bits));
	set_log(self, LOG);
	start_clean(self, true);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned int left[ARRAY_SIZE(all)], n = 0;

		TH_LOG("first %llu num %u", (unsigned long long)rows[i].first, rows[i].n);
		write_pages(self->v, all, ARRAY_SIZE(all), (uint32_t)i);
		ASSERT_EQ(rows[i].want, clear_log(self, rows[i].first, rows[i].n, bits));
		/* A refused range clears nothing. */
		for (k = 0; k < ARRAY_SIZE(all); k++) {
			if (rows[i].want || all[k] < rows[i].first ||
			    all[k] - rows[i].first >= rows[i].n)
				left[n++] = all[k];
		}
		ASSERT_TRUE(logged(self, "left", left, n));
	}
	ASSERT_EQ(-EFAULT, clear_log(self, 0, PAGES, (void *)8));
}

/*
 * Only the bits that are set in the bitmap are cleared, and bit 0 is the first page.
 * Red with: a clear of the whole word; a bitmap that starts with the slot; no
 * protection of what is cleared.
 */
KVMEM_TEST_F(log, clear_bits, "C6 G12")
{
	static const unsigned int all[] = { 1, 65, 66, 67, 129, 199 }, left[] = { 1, 66, 129, 199 };
	static const uint64_t bits[] = { 1ULL << 1 | 1ULL << 3 | 1ULL << 40 };
	/* By hand, reading the log does not empty it. */
	static const unsigned int again[] = { 65, 1, 66, 129, 199 };
	unsigned int n = variant->manual ? ARRAY_SIZE(again) : 1;

	set_log(self, LOG);
	start_clean(self, true);
	write_pages(self->v, all, ARRAY_SIZE(all), 1);
	ASSERT_EQ(0, clear_log(self, 64, 64, bits));
	ASSERT_TRUE(logged(self, "cleared", left, ARRAY_SIZE(left)));
	write_pages(self->v, again, 1, 2);
	ASSERT_TRUE(logged(self, "one of them written again", again, n));
	/* Bits beyond the slot are ignored. */
	write_pages(self->v, again + 4, 1, 3);
	ASSERT_EQ(0, clear_log(self, 192, PAGES - 192, (const uint64_t[]){ ~0ULL }));
	ASSERT_TRUE(logged(self, "the last word cleared", again, variant->manual ? n - 1 : 0));
}

/* --- slots and flags ------------------------------------------------------------------------ */

static int log_of(const struct vm *vm, uint32_t slot, bool clear, void *bits)
{
	struct kvm_dirty_log get = { .slot = slot, .dirty_bitmap = bits };
	struct kvm_clear_dirty_log c = { .slot = slot, .num_pages = 64, .dirty_bitmap = bits };
	int r = clear ? ioctl(vm->fd, KVM_CLEAR_DIRTY_LOG, &c) : ioctl(vm->fd, KVM_GET_DIRTY_LOG, &get);

	return r ? -errno : 0;
}

/* Red with: the number or the address space not checked. */
KVMEM_TEST_F(log, no_such_slot, "A26 G12")
{
	uint32_t most = (uint32_t)vm_cap(self->vm, KVM_CAP_NR_MEMSLOTS);
	uint32_t spaces = (uint32_t)vm_cap(self->vm, KVM_CAP_MULTI_ADDRESS_SPACE);
	int clear;

	for (clear = 0; clear < 2; clear++) {
		ASSERT_EQ(-ENOENT, log_of(self->vm, SLOT, clear, self->bits));
		ASSERT_EQ(-ENOENT, log_of(self->vm, SLOT + 1, clear, self->bits));
		ASSERT_EQ(-EINVAL, log_of(self->vm, most, clear, self->bits));
		ASSERT_EQ(-EINVAL, log_of(self->vm, 0xffff, clear, self->bits));
		ASSERT_EQ(-EINVAL, log_of(self->vm, (spaces ? spaces : 1) << 16 | SLOT, clear, self->bits));
		ASSERT_EQ(-EINVAL, log_of(self->vm, 0xffff0000 | SLOT, clear, self->bits));
	}
	set_log(self, LOG);
	ASSERT_EQ(-EFAULT, log_of(self->vm, SLOT, false, (void *)8));
}

/*
 * Flags of the capability: the second needs the first.
 * Red with: an unknown flag accepted; KVM_DIRTY_LOG_INITIALLY_SET alone accepted.
 */
KVMEM_TEST(manual_flags, "C6 G12")
{
	static const uint64_t refused[] = {
		ALL_SET, 4, BY_HAND | 4, BY_HAND | ALL_SET | 1ULL << 32, 1ULL << 63, ~0ULL,
	};
	struct vm *vm = vm_create(NULL);
	uint64_t can = (uint64_t)vm_cap(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2);
	struct kvm_enable_cap flagged = {
		.cap = KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, .flags = 1, .args = { BY_HAND },
	};
	uint64_t bits[WORDS] = { 0 };
	char *mem = vm_alloc(SIZE);
	size_t i;

	REQUIRE(can, "no KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2");
	ASSERT_EQ(0, can & ~(BY_HAND | ALL_SET));
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		ASSERT_EQ(-EINVAL, vm_enable_cap(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, refused[i])) {
			TH_LOG("0x%llx", (unsigned long long)refused[i]);
		}
	}
	ASSERT_EQ(-1, ioctl(vm->fd, KVM_ENABLE_CAP, &flagged));
	ASSERT_EQ(EINVAL, errno);
	/* With the second, a log begins with all bits set, but none beyond the slot. */
	REQUIRE(can & ALL_SET, "no KVM_DIRTY_LOG_INITIALLY_SET");
	ASSERT_EQ(0, vm_enable_cap(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, BY_HAND | ALL_SET));
	vm_slot(vm, SLOT, LOG, GPA, SIZE, mem);
	ASSERT_EQ(0, log_of(vm, SLOT, false, bits));
	for (i = 0; i < WORDS * 64; i++) {
		ASSERT_EQ(i < PAGES, is_set(bits, (unsigned int)i)) {
			TH_LOG("page %zu", i);
		}
	}
	/* Without any: KVM_GET_DIRTY_LOG protects again. */
	ASSERT_EQ(0, vm_enable_cap(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0));
	ASSERT_EQ(0, log_of(vm, SLOT, false, bits));
	ASSERT_EQ(0, log_of(vm, SLOT, false, bits));
	ASSERT_EQ(0, bits[0] | bits[1] | bits[2] | bits[3]);
}

KVMEM_MAIN
