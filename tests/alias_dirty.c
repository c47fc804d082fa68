// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many slots backed by one host page: the dirty log shows through which of them the
 * guest wrote, whether the CPU or KVM's emulator made the access (C6, C17).
 */
#include "harness/test.h"

#include <sys/ioctl.h>

#include "scenario/alias.h"
#include "emulated.h"
#include "scenario/hostmem.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"

#define NR	6
#define PAGES	16
#define SIZE	(PAGES * VM_PAGE)
#define DATA	0x8182838485868788ULL

#define LOG	KVM_MEM_LOG_DIRTY_PAGES
#define NO_LOG	3		/* the one alias without a log */

FIXTURE(log) {
	struct aliases a;
	char *hva;
};

/* How the pages are mapped when the log is switched on. */
FIXTURE_VARIANT(log) {
	bool mapped;		/* writable, through every alias */
	bool read;		/* read through every alias since */
	uint64_t manual;	/* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, 0: off */
};

#define BY_HAND	KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE

FIXTURE_VARIANT_ADD(log, not_mapped) { false, false, 0 };
FIXTURE_VARIANT_ADD(log, read) { false, true, 0 };
FIXTURE_VARIANT_ADD(log, mapped) { true, false, 0 };
FIXTURE_VARIANT_ADD(log, mapped_read) { true, true, 0 };
FIXTURE_VARIANT_ADD(log, mapped_by_hand) { true, false, BY_HAND };

static void set_log(struct aliases *a, char *hva, unsigned int i, uint32_t flags)
{
	vm_slot(a->vm, ALIAS_SLOT + i, flags, alias_gpa(a, i, 0), SIZE, hva);
}

static uint64_t get_log(struct aliases *a, unsigned int i)
{
	uint64_t bitmap = ~0ULL;
	struct kvm_dirty_log log = { .slot = ALIAS_SLOT + i, .dirty_bitmap = &bitmap };

	if (ioctl(a->vm->fd, KVM_GET_DIRTY_LOG, &log))
		end_fail("KVM_GET_DIRTY_LOG of alias %u: %s", i, strerror(errno));
	return bitmap;
}

/* With KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: take the bits of @bitmap out of the log. */
static void clear_log(struct aliases *a, unsigned int i, uint64_t bitmap)
{
	struct kvm_clear_dirty_log log = {
		.slot = ALIAS_SLOT + i, .num_pages = PAGES, .dirty_bitmap = &bitmap,
	};

	if (ioctl(a->vm->fd, KVM_CLEAR_DIRTY_LOG, &log))
		end_fail("KVM_CLEAR_DIRTY_LOG of alias %u: %s", i, strerror(errno));
}

/*
 * Read all pages and clear the logs: KVM maps a page of a logged slot writable for
 * a read as well, and reports it as dirty.
 */
static void touch_all(struct aliases *a, bool by_hand)
{
	unsigned int i;

	if (!alias_read(a, "reads"))
		end_fail("a guest load caused an exit or an exception");
	for (i = 0; i < NR; i++) {
		if (i == NO_LOG)
			continue;
		get_log(a, i);
		if (by_hand)
			clear_log(a, i, ~0ULL >> (64 - PAGES));
	}
}

KVMEM_SETUP(log)
{
	struct vm *vm = vm_create(NULL);
	uint32_t zero[PAGES] = { 0 };
	unsigned int i;

	self->hva = vm_alloc(SIZE);
	memset(self->hva, 0, SIZE);
	if (((uint64_t)vm_cap(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) & variant->manual) !=
	    variant->manual)
		end_skip("no KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2");
	if (variant->manual &&
	    vm_enable_cap(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, variant->manual))
		end_fail("KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: %s", strerror(errno));
	alias_init(&self->a, vm, NR, PAGES);
	alias_slots(&self->a, self->hva, 0);
	if (variant->mapped)
		alias_write_all(&self->a, zero);
	for (i = 0; i < NR; i++)
		if (i != NO_LOG)
			set_log(&self->a, self->hva, i, LOG);
	if (variant->read)
		touch_all(&self->a, variant->manual);
}

/* The logs of all aliases; they are empty afterwards. */
static bool logs_are(struct aliases *a, const char *what, const uint64_t *want, bool by_hand)
{
	bool ok = true;
	unsigned int i;

	for (i = 0; i < NR; i++) {
		uint64_t got = i == NO_LOG ? 0 : get_log(a, i);

		if (got != want[i])
			diag("%s: log of alias %u is 0x%llx, expected 0x%llx", what, i,
			     (unsigned long long)got, (unsigned long long)want[i]);
		ok = ok && got == want[i];
		if (by_hand && got)
			clear_log(a, i, got);
	}
	return ok;
}

#define EXPECT_LOGS(what, ...) \
	ASSERT_TRUE(logs_are(&self->a, what, (const uint64_t[NR]){ __VA_ARGS__ }, variant->manual))

/* --- which alias was written (C6) ---------------------------------------- */

/*
 * One write sets one bit in one log; done twice, to detect a page that was not
 * write-protected again.
 * Red with: the bit of the neighbour; the slot found by its
 * host address; kvm_arch_mmu_enable_log_dirty_pt_masked() left out.
 */
KVMEM_TEST_F(log, one_write, "C6")
{
	struct aliases *a = &self->a;
	unsigned int i, round;

	EXPECT_LOGS("before", 0);
	for (i = 0; i < NR * 2; i++) {
		for (round = 0; round < 2; round++) {
			uint64_t want[NR] = { 0 };
			unsigned int alias = i % NR, page = (i * 7 + 15) % PAGES;
			uint32_t value = 0x1000 + i * 2 + round;

			alias_write(a, alias, page, value);
			ASSERT_EQ(value, *(uint32_t *)(self->hva + page * VM_PAGE));
			want[alias] = alias == NO_LOG ? 0 : 1ULL << page;
			ASSERT_TRUE(logs_are(a, "after one write", want, variant->manual)) {
				TH_LOG("alias %u page %u round %u", alias, page, round);
			}
		}
	}
}

/* The bits of each alias stay in its log until that log is read. */
KVMEM_TEST_F(log, all_write, "C6")
{
	struct aliases *a = &self->a;
	unsigned int i;

	for (i = 0; i < NR; i++) {
		alias_write(a, i, i, i);
		alias_write(a, i, PAGES - 1, i);
	}
	for (i = 0; i < NR; i++) {
		if (i == NO_LOG)
			continue;
		ASSERT_EQ(1ULL << i | 1ULL << (PAGES - 1), get_log(a, i));
		if (variant->manual)
			clear_log(a, i, ~0ULL >> (64 - PAGES));
		ASSERT_EQ(0, get_log(a, i));
	}
	/* Protected again, in each of them. */
	for (i = 0; i < NR; i++)
		alias_write(a, i, PAGES - 1, i);
	EXPECT_LOGS("the same once more", 1 << 15, 1 << 15, 1 << 15, 0, 1 << 15, 1 << 15);
}

/* Host writes, guest reads and replaced pages set no bit. */
KVMEM_TEST_F(log, not_the_guest, "C6")
{
	struct aliases *a = &self->a;
	unsigned int p;

	EXPECT_LOGS("before", 0);
	touch_all(a, variant->manual);
	for (p = 0; p < PAGES; p++)
		*(uint32_t *)(self->hva + p * VM_PAGE) = p;
	EXPECT_LOGS("written by the host", 0);
	ASSERT_TRUE(alias_read(a, "reads"));
	EXPECT_LOGS("read by the guest", 0);
	hostmem_map_over(self->hva, -1, 0, SIZE);
	EXPECT_LOGS("another page", 0);
	memset(self->hva, 1, SIZE);
	EXPECT_LOGS("the other page written by the host", 0);
	touch_all(a, variant->manual);
	EXPECT_LOGS("the other page read", 0);
	alias_write(a, 2, 5, 1);
	EXPECT_LOGS("the other page written", 0, 0, 1 << 5);
}

/* Switching one log off and on keeps the bits of the others. */
KVMEM_TEST_F(log, one_switched, "C6")
{
	struct aliases *a = &self->a;
	struct kvm_dirty_log log = { .slot = ALIAS_SLOT + 1, .dirty_bitmap = &(uint64_t){ 0 } };
	unsigned int i;

	for (i = 0; i < NR; i++)
		alias_write(a, i, 2, i);
	set_log(a, self->hva, 1, 0);
	ASSERT_EQ(-1, ioctl(a->vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(ENOENT, errno);
	alias_write(a, 1, 3, 1);
	set_log(a, self->hva, 1, LOG);
	EXPECT_LOGS("switched off and on", 1 << 2, 0, 1 << 2, 0, 1 << 2, 1 << 2);
	alias_write(a, 1, 3, 2);
	EXPECT_LOGS("afterwards", 0, 1 << 3);
}

/* Whether a page that is mapped by a read is reported as dirty. */
KVMEM_TEST(read_fault, "C6")
{
	char *hva = vm_alloc(SIZE);
	struct aliases a;
	uint64_t bits;

	memset(hva, 1, SIZE);
	alias_init(&a, vm_create(NULL), NR, PAGES);
	alias_slots(&a, hva, LOG);
	vcpu_load(a.v, 4, alias_gpa(&a, 2, 7));
	ASSERT_EQ(0, get_log(&a, 1));
	bits = get_log(&a, 2);
	record_observation("C6", "read_fault", "%s", bits ? "logged" : "not logged");
	ASSERT_EQ(0, bits & ~(1ULL << 7));
}

/* Deleting a slot discards its log, and no other. */
KVMEM_TEST_F(log, one_deleted, "C6 C7")
{
	struct aliases *a = &self->a;
	unsigned int i;

	for (i = 0; i < NR; i++)
		alias_write(a, i, 2, i);
	vm_slot(a->vm, ALIAS_SLOT + 1, 0, 0, 0, NULL);
	set_log(a, self->hva, 1, LOG);
	EXPECT_LOGS("deleted and created again", 1 << 2, 0, 1 << 2, 0, 1 << 2, 1 << 2);
	for (i = 0; i < NR; i++)
		alias_write(a, i, 4, i);
	EXPECT_LOGS("afterwards", 1 << 4, 1 << 4, 1 << 4, 0, 1 << 4, 1 << 4);
}

/* --- clearing by hand (C6) ----------------------------------------------- */

FIXTURE(by_hand) {
	struct aliases a;
	char *hva;
};

FIXTURE_VARIANT(by_hand) {
	bool all_set;	/* the log starts with every bit set */
};

FIXTURE_VARIANT_ADD(by_hand, begins_clear) { false };
FIXTURE_VARIANT_ADD(by_hand, begins_set) { true };

KVMEM_SETUP(by_hand)
{
	uint64_t want = BY_HAND | (variant->all_set ? KVM_DIRTY_LOG_INITIALLY_SET : 0);
	struct vm *vm = vm_create(NULL);
	uint32_t zero[PAGES] = { 0 };
	unsigned int i;

	if (((uint64_t)vm_cap(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2) & want) != want)
		end_skip("KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 without 0x%llx",
			 (unsigned long long)want);
	if (vm_enable_cap(vm, KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2, want))
		end_fail("KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2: %s", strerror(errno));
	self->hva = vm_alloc(SIZE);
	memset(self->hva, 0, SIZE);
	alias_init(&self->a, vm, NR, PAGES);
	alias_slots(&self->a, self->hva, 0);
	alias_write_all(&self->a, zero);
	for (i = 0; i < NR; i++)
		set_log(&self->a, self->hva, i, LOG);
}

/* Reading the log clears nothing; KVM_CLEAR_DIRTY_LOG clears the given bits of that slot. */
KVMEM_TEST_F(by_hand, clears_what_it_names, "C6")
{
	struct aliases *a = &self->a;
	uint64_t all = variant->all_set ? 0xffff : 0;
	unsigned int i, times;

	for (i = 0; i < NR; i++)
		ASSERT_EQ(all, get_log(a, i));
	for (i = 0; all && i < NR; i++)
		clear_log(a, i, all);
	for (i = 0; i < NR; i++) {
		alias_write(a, i, 1, i);
		alias_write(a, i, 9, i);
	}
	for (times = 0; times < 2; times++)
		for (i = 0; i < NR; i++)
			ASSERT_EQ(1 << 1 | 1 << 9, get_log(a, i));
	clear_log(a, 2, 1 << 9 | 1 << 12);
	for (i = 0; i < NR; i++)
		ASSERT_EQ(i == 2 ? 1 << 1 : 1 << 1 | 1 << 9, get_log(a, i)) {
			TH_LOG("alias %u", i);
		}
	/* Cleared is protected again, in this slot. */
	alias_write(a, 2, 9, 1);
	alias_write(a, 3, 12, 1);
	ASSERT_EQ(1 << 1 | 1 << 9, get_log(a, 2));
	ASSERT_EQ(1 << 1 | 1 << 9 | 1 << 12, get_log(a, 3));
	ASSERT_EQ(1 << 1 | 1 << 9, get_log(a, 4));
}

/* --- one slot over many mappings of one page (C6) ------------------------ */

KVMEM_TEST(mappings, "C2 C6")
{
	unsigned int nr = 32, i;
	struct aliases a;
	char *hva;

	alias_init(&a, vm_create(NULL), nr, 2);
	hva = alias_vmas(&a, hostmem_memfd(2 * VM_PAGE));
	vm_slot(a.vm, ALIAS_SLOT, LOG, ALIAS_GPA, nr * 2 * VM_PAGE, hva);
	ASSERT_TRUE(alias_read(&a, "reads"));
	get_log(&a, 0);
	for (i = 0; i < nr; i += 5) {
		alias_write(&a, i, i % 2, i);
		ASSERT_EQ(1ULL << (i * 2 + i % 2), get_log(&a, 0));
	}
}

/* --- the emulator's accesses (C17) --------------------------------------- */

/*
 * An access across the end of one alias into the next: two slots, and if each has
 * one page, the same host page.
 */
static void expect_halves(struct __test_metadata *_metadata, char *hva, unsigned int first,
			  uint64_t value)
{
	uint64_t begin = 0, end = 0;

	memcpy(&end, hva + SIZE - first, first);
	memcpy(&begin, hva, 8 - first);
	ASSERT_EQ(value, end | begin << first * 8);
}

KVMEM_TEST_F(log, split, "C6 C17")
{
	struct aliases *a = &self->a;
	unsigned int first;

	EXPECT_LOGS("before", 0);
	for (first = 1; first < 8; first++) {
		uint64_t gpa = alias_gpa(a, 1, 0) - first, x = DATA + first;

		vcpu_store(a->v, 8, gpa, x);
		expect_halves(_metadata, self->hva, first, x);
		ASSERT_EQ(x, vcpu_load(a->v, 8, gpa));
		EXPECT_LOGS("a store across two aliases", 1 << 15, 1);
		if (!KVM_EMULATES)
			continue;
		ASSERT_TRUE(emulated_write(a->v, "an emulated write across two aliases", gpa, ~x));
		expect_halves(_metadata, self->hva, first, ~x);
		EXPECT_LOGS("an emulated write across two aliases", 1 << 15, 1);
		ASSERT_TRUE(emulated_read(a->v, "an emulated read across two aliases", gpa, ~x));
		EXPECT_LOGS("an emulated read across two aliases", 0);
	}
}

/* Both halves are in the same page: its end and its start. */
KVMEM_TEST(split_over_one_page, "C17")
{
	char *hva = vm_alloc(VM_PAGE);
	struct aliases a;
	unsigned int i;

	alias_init(&a, vm_create(NULL), NR, 1);
	alias_slots(&a, hva, 0);
	for (i = 1; i < NR; i++) {
		uint64_t gpa = alias_gpa(&a, i, 0) - 3, end = 0, begin = 0;

		vcpu_store(a.v, 8, gpa, DATA + i);
		memcpy(&end, hva + VM_PAGE - 3, 3);
		memcpy(&begin, hva, 5);
		ASSERT_EQ(DATA + i, end | begin << 24);
		ASSERT_EQ(DATA + i, vcpu_load(a.v, 8, alias_gpa(&a, 1, 0) - 3));
		if (KVM_EMULATES) {
			ASSERT_TRUE(emulated_write(a.v, "an emulated write", gpa, ~DATA - i));
			ASSERT_EQ(~DATA - i, vcpu_load(a.v, 8, alias_gpa(&a, NR - 1, 0) - 3));
		}
		/* A read-modify-write by the CPU. */
		ASSERT_TRUE(vcpu_expect(a.v, "xadd", OPS({ .kind = OP_XADD, .width = 8,
			.addr = gpa + 3, .value = { 5 } }), NO_EXITS));
		memcpy(&begin, hva, 8);
		ASSERT_EQ(vcpu_value(a.v, 0) + 5, begin);
	}
}

#if __has_include("alias_dirty_arch.h")
#include "alias_dirty_arch.h"
#endif

KVMEM_MAIN
