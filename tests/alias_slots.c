// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many slots backed by one host page: a change of one slot does not affect the others
 * (C7, C8), and prefault maps them all (C13).
 */
#include "arch.h"
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "scenario/alias.h"
#include "emulated.h"
#include "guest/hammer.h"
#include "scenario/hostmem.h"
#include "kvm/prefault.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "kvm/uapi.h"

#define NR	8
#define PAGES	4
#define SIZE	(PAGES * VM_PAGE)
#define ELSEWHERE 0x200000000ULL	/* where a slot moves to */
#define DATA	0x8182838485868788ULL

static void fill(char *hva, uint32_t *want, uint32_t first)
{
	unsigned int p;

	for (p = 0; p < PAGES; p++)
		*(uint32_t *)(hva + p * VM_PAGE) = want[p] = first + p;
}

/* Without a slot, reads and writes go to userspace. */
static bool nothing_there(struct vcpu *v, uint64_t gpa)
{
	return vcpu_expect(v, "after the slot was removed", OPS(LD(4, gpa), ST(4, gpa, 1)),
			   EXITS(MMIO_RD(gpa, 4, 7), MMIO_WR(gpa, 4, 1)));
}

/* --- one of them deleted, moved, changed (C7) ---------------------------- */

FIXTURE(quirk) {
	struct vm *vm;
	struct aliases a;
	char *hva;
	uint32_t want[PAGES];
	bool zaps_all;		/* the deletion of a slot zaps all mappings */
	uint64_t mapped;	/* pages, with all aliases mapped, where they can be counted */
};

/* Deletion zaps everything, or only the pages of the slot. */
FIXTURE_VARIANT(quirk) {
	bool off;
};

FIXTURE_VARIANT_ADD(quirk, zap_all) { false };
FIXTURE_VARIANT_ADD(quirk, zap_slot) { true };

KVMEM_SETUP(quirk)
{
	struct vm_opts o = { .quirks_off = variant->off ? arch_traits()->slot_zap_quirk : 0,
			     .nr_vcpus = 2 };

	if (variant->off && !arch_traits()->slot_zap_quirk)
		end_never("this architecture's KVM zaps only the slot");
	self->vm = vm_create(&o);
	self->hva = vm_alloc(SIZE);
	alias_init(&self->a, self->vm, NR, PAGES);
	alias_slots(&self->a, self->hva, 0);
	fill(self->hva, self->want, 0x100);
	alias_write_all(&self->a, self->want);
	if (!alias_expect(&self->a, "before", self->want))
		end_fail("the aliases do not show the page");
	self->zaps_all = !variant->off && arch_traits()->slot_zap_quirk;
	arch_mapped(self->vm, &self->mapped);
}

/* Whether the initial number of pages is mapped, if mappings are never recycled. */
static bool mapped_again(const FIXTURE_DATA(quirk) *self)
{
	uint64_t now;

	if (!arch_mapped(self->vm, &now) || now == self->mapped || !arch_traits()->counts)
		return true;
	diag("%llu pages are mapped, expected %llu", (unsigned long long)now,
	     (unsigned long long)self->mapped);
	return false;
}

static void remove_alias(FIXTURE_DATA(quirk) *self, unsigned int i)
{
	vm_slot(self->vm, ALIAS_SLOT + i, 0, 0, 0, NULL);
}

static void add_alias(FIXTURE_DATA(quirk) *self, unsigned int i, char *hva)
{
	vm_slot(self->vm, ALIAS_SLOT + i, 0, alias_gpa(&self->a, i, 0), SIZE, hva);
}

/* All aliases but one read what they must. */
static bool others_read(FIXTURE_DATA(quirk) *self, unsigned int but)
{
	unsigned int i, p;

	for (i = 0; i < NR; i++) {
		for (p = 0; i != but && p < PAGES; p++) {
			uint32_t got = (uint32_t)vcpu_load(self->a.v, 4, alias_gpa(&self->a, i, p));

			if (got == self->want[p])
				continue;
			diag("page %u of alias %u is 0x%x, expected 0x%x", p, i, got, self->want[p]);
			return false;
		}
	}
	return true;
}

/* Whether exactly alias @i lost its mappings, where a deletion does not zap everything. */
static bool only_zapped(FIXTURE_DATA(quirk) *self, unsigned int i)
{
	uint64_t n;

	if (self->zaps_all)
		return true;
	if (arch_mapped(self->vm, &n)) {
		n = self->mapped - n;
	} else {
		arch_faults_begin(self->a.v);
		if (!others_read(self, i))
			return false;
		n = PAGES + arch_faults(self->a.v);
	}
	if (n != PAGES)
		diag("%llu mappings were zapped, %u expected", (unsigned long long)n, PAGES);
	return n == PAGES;
}

static const unsigned int chosen[] = { 0, NR / 2, NR - 1 };

/*
 * Red with: mappings found by host address; a deletion that leaves the mappings of
 * the slot; without the quirk, one that zaps everything.
 */
KVMEM_TEST_F(quirk, delete, "C7")
{
	size_t k;

	for (k = 0; k < ARRAY_SIZE(chosen); k++) {
		unsigned int i = chosen[k];

		remove_alias(self, i);
		ASSERT_TRUE(only_zapped(self, i));
		ASSERT_TRUE(others_read(self, i));
		ASSERT_TRUE(nothing_there(self->a.v, alias_gpa(&self->a, i, 1)));
		ASSERT_EQ(self->want[1], *(uint32_t *)(self->hva + VM_PAGE));
		/* The others follow the page; then the slot is created again. */
		ASSERT_EQ(0, madvise(self->hva, SIZE, MADV_DONTNEED));
		alias_use_up();
		memset(self->want, 0, sizeof(self->want));
		ASSERT_TRUE(others_read(self, i));
		add_alias(self, i, self->hva);
		fill(self->hva, self->want, 0x200 + i * 0x10);
		ASSERT_TRUE(alias_expect(&self->a, "created again", self->want));
		ASSERT_TRUE(mapped_again(self));
	}
}

KVMEM_TEST_F(quirk, move, "C7")
{
	size_t k;

	/* Map the guest's page tables for that address first. */
	ASSERT_TRUE(nothing_there(self->a.v, ELSEWHERE));
	arch_mapped(self->vm, &self->mapped);
	for (k = 0; k < ARRAY_SIZE(chosen); k++) {
		unsigned int i = chosen[k], p;

		vm_slot(self->vm, ALIAS_SLOT + i, 0, ELSEWHERE, SIZE, self->hva);
		ASSERT_TRUE(only_zapped(self, i));
		ASSERT_TRUE(others_read(self, i));
		ASSERT_TRUE(nothing_there(self->a.v, alias_gpa(&self->a, i, 2)));
		for (p = 0; p < PAGES; p++)
			ASSERT_EQ(self->want[p], vcpu_load(self->a.v, 4, ELSEWHERE + p * VM_PAGE));
		vcpu_store(self->a.v, 4, ELSEWHERE + VM_PAGE, self->want[1] = 0x300 + i);
		ASSERT_TRUE(others_read(self, i));
		ASSERT_EQ(0, madvise(self->hva, SIZE, MADV_DONTNEED));
		alias_use_up();
		ASSERT_EQ(0, vcpu_load(self->a.v, 4, ELSEWHERE + VM_PAGE));
		fill(self->hva, self->want, 0x400 + i * 0x10);
		/* Back again, by another move. */
		add_alias(self, i, self->hva);
		ASSERT_TRUE(nothing_there(self->a.v, ELSEWHERE));
		ASSERT_TRUE(alias_expect(&self->a, "moved back", self->want));
		ASSERT_TRUE(mapped_again(self));
	}
}

/* Whether a read of all aliases, whatever the values, causes @n faults. */
static bool refaults(FIXTURE_DATA(quirk) *self, uint64_t n)
{
	uint64_t faults;

	arch_faults_begin(self->a.v);
	if (!alias_read(&self->a, "read of all"))
		return false;
	faults = arch_faults(self->a.v);
	if (faults != n)
		diag("%llu faults, %llu expected", (unsigned long long)faults, (unsigned long long)n);
	return faults == n;
}

/* A slot with other memory at the same address is not an alias of the others. */
KVMEM_TEST_F(quirk, other_memory, "C7")
{
	uint32_t other[PAGES];
	char *hva = vm_alloc(SIZE);
	unsigned int p, i = NR / 2;

	fill(hva, other, 0x500);
	remove_alias(self, i);
	add_alias(self, i, hva);
	for (p = 0; p < PAGES; p++)
		ASSERT_EQ(other[p], vcpu_load(self->a.v, 4, alias_gpa(&self->a, i, p)));
	ASSERT_TRUE(others_read(self, i));
	alias_write(&self->a, i, 3, 0x600);
	ASSERT_EQ(0x600, *(uint32_t *)(hva + 3 * VM_PAGE));
	ASSERT_TRUE(others_read(self, i));
	/* Invalidations reach exactly the slots that have the page. */
	alias_mark(&self->a);
	ASSERT_EQ(0, madvise(hva, SIZE, MADV_DONTNEED));
	ASSERT_TRUE(alias_count(&self->a) < 0 ? refaults(self, PAGES) : self->a.zapped == PAGES);
	ASSERT_EQ(0, madvise(self->hva, VM_PAGE, MADV_DONTNEED));
	ASSERT_TRUE(alias_count(&self->a) < 0 ? refaults(self, NR - 1) :
						self->a.zapped == PAGES + NR - 1);
}

/* Switching a dirty log on and off removes no mapping. */
KVMEM_TEST_F(quirk, flags, "C7")
{
	size_t k;

	for (k = 0; k < ARRAY_SIZE(chosen); k++) {
		unsigned int i = chosen[k];

		alias_mark(&self->a);
		vm_slot(self->vm, ALIAS_SLOT + i, KVM_MEM_LOG_DIRTY_PAGES,
			alias_gpa(&self->a, i, 0), SIZE, self->hva);
		alias_count(&self->a);
		ASSERT_TRUE(alias_expect_zapped(&self->a, "log switched on", self->want, 0));
		add_alias(self, i, self->hva);
		alias_count(&self->a);
		ASSERT_TRUE(alias_expect_zapped(&self->a, "log switched off", self->want, 0));
	}
}

/* Slots are deleted and created next to the one that a vCPU reads from. */
KVMEM_TEST_F(quirk, delete_while_read, "C7", 800)
{
	uint64_t rounds = env_pick(5, 30, 2000), i;
	struct hammer h = { 0 };

	hammer_start(&h, self->vm->vcpu[1], (struct mbox_op)LD(4, alias_gpa(&self->a, 3, 2)));
	for (i = 0; i < rounds; i++) {
		unsigned int alias = 4 + i % 3;

		*(volatile uint32_t *)(self->hva + 2 * VM_PAGE) = (uint32_t)i;
		remove_alias(self, alias);
		ASSERT_EQ(i, hammer_next(&h));
		add_alias(self, alias, self->hva);
		ASSERT_EQ(i, hammer_next(&h));
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
	ASSERT_EQ(0, h.v->nr_exits);
}

/* --- read-only and writable ones (C8) ------------------------------------ */

FIXTURE(mixed) {
	struct vm *vm;
	struct aliases a;	/* the even ones are read-only */
	char *hva;
	uint32_t want[PAGES];
};

KVMEM_SETUP(mixed)
{
	unsigned int i;

	if (!vm_cap(NULL, KVM_CAP_READONLY_MEM))
		end_skip("no KVM_CAP_READONLY_MEM");
	self->vm = vm_create(NULL);
	self->hva = vm_alloc(SIZE);
	alias_init(&self->a, self->vm, NR, PAGES);
	for (i = 0; i < NR; i++)
		vm_slot(self->vm, ALIAS_SLOT + i, i % 2 ? 0 : KVM_MEM_READONLY,
			alias_gpa(&self->a, i, 0), SIZE, self->hva);
	fill(self->hva, self->want, 0x100);
}

static bool refused(struct aliases *a, unsigned int i, unsigned int page)
{
	uint64_t gpa = alias_gpa(a, i, page) + 8;

	return vcpu_expect(a->v, "a write to a read-only alias", OPS(ST(8, gpa, DATA)),
			   EXITS(MMIO_WR(gpa, 8, DATA)));
}

/*
 * All orders of a read and a write through either kind, each with unmapped pages.
 * Red with: writability taken from the page and not the slot; a write fault that
 * makes the page MMIO.
 */
KVMEM_TEST_F(mixed, order, "C8")
{
	struct aliases *a = &self->a;
	unsigned int seq, step, s;

	for (seq = 0; seq < 64; seq++) {
		unsigned int ro = seq % 4 * 2, rw = seq / 4 % 4 * 2 + 1, p = seq % PAGES;

		hostmem_map_over(self->hva, -1, 0, SIZE);
		fill(self->hva, self->want, 0x1000 + seq * 0x10);
		for (step = 0, s = seq; step < 3; step++, s /= 4) {
			switch (s % 4) {
			case 0:
				ASSERT_EQ(self->want[p], vcpu_load(a->v, 4, alias_gpa(a, ro, p)));
				break;
			case 1:
				ASSERT_EQ(self->want[p], vcpu_load(a->v, 4, alias_gpa(a, rw, p)));
				break;
			case 2:
				ASSERT_TRUE(refused(a, ro, p));
				break;
			default:
				alias_write(a, rw, p, self->want[p] = 0x2000 + seq * 4 + step);
				ASSERT_EQ(self->want[p], *(uint32_t *)(self->hva + p * VM_PAGE));
			}
		}
		ASSERT_TRUE(alias_expect(a, "afterwards", self->want));
		ASSERT_EQ(0, *(uint64_t *)(self->hva + p * VM_PAGE + 8));
	}
}

/* With everything mapped: writes through read-only aliases exit, others succeed. */
KVMEM_TEST_F(mixed, all_mapped, "C8 C17")
{
	struct aliases *a = &self->a;
	unsigned int i;

	ASSERT_TRUE(alias_expect(a, "before", self->want));
	for (i = 1; i < NR; i += 2) {
		alias_write(a, i, 1, self->want[1] = 0x300 + i);
		ASSERT_TRUE(alias_expect(a, "written through a writable one", self->want));
	}
	for (i = 0; i < NR; i += 2) {
		uint64_t gpa = alias_gpa(a, i, 1) + 8;

		ASSERT_TRUE(refused(a, i, 1));
		ASSERT_TRUE(emulated_write_refused(a->v, gpa, DATA));
	}
	ASSERT_EQ(0, *(uint64_t *)(self->hva + VM_PAGE + 8));
	for (i = 1; KVM_EMULATES && i < NR; i += 2) {
		uint64_t gpa = alias_gpa(a, i, 1) + 8;

		ASSERT_TRUE(emulated_write(a->v, "an emulated write to a writable alias", gpa,
					   DATA + i));
		ASSERT_EQ(DATA + i, *(uint64_t *)(self->hva + VM_PAGE + 8));
		ASSERT_EQ(DATA + i, vcpu_load(a->v, 8, alias_gpa(a, i - 1, 1) + 8));
	}
}

/* A read-only host mapping: no alias can write to it. */
KVMEM_TEST_F(mixed, readonly_mapping, "C8")
{
	struct aliases *a = &self->a;
	unsigned int i;

	ASSERT_EQ(0, mprotect(self->hva, SIZE, PROT_READ));
	ASSERT_TRUE(alias_expect(a, "read-only for userspace", self->want));
	for (i = 0; i < NR; i++) {
		ASSERT_TRUE(i % 2 ? vcpu_faults(a->v, OPS(ST(4, alias_gpa(a, i, 2), 1))) :
			    refused(a, i, 2));
	}
	ASSERT_TRUE(alias_expect(a, "as before", self->want));
	ASSERT_EQ(0, mprotect(self->hva, SIZE, PROT_READ | PROT_WRITE));
	for (i = 0; i < NR; i += 2) {
		ASSERT_TRUE(refused(a, i, 2));
		alias_write(a, i + 1, 2, self->want[2] = 0x400 + i);
		ASSERT_TRUE(alias_expect(a, "writable again", self->want));
	}
}

/* --- mapped beforehand (C13) --------------------------------------------- */

/*
 * One call over all slots.
 * Red with: a mapping looked up by page and not by gfn; progress counted by slot
 * instead of page.
 */
KVMEM_TEST_F(quirk, prefault, "C13")
{
	struct kvm_pre_fault_memory r = { .gpa = ALIAS_GPA, .size = NR * SIZE };
	struct aliases *a = &self->a;
	uint64_t none, faults;

	prefault_require(self->vm);
	hostmem_map_over(self->hva, -1, 0, SIZE);
	fill(self->hva, self->want, 0x700);
	none = vm_stat(self->vm, "pages_4k");
	ASSERT_EQ(NR * PAGES, self->mapped - none);
	ASSERT_EQ(0, prefault(a->v, &r));
	ASSERT_EQ(0, r.size);
	ASSERT_EQ(ALIAS_GPA + NR * SIZE, r.gpa);
	ASSERT_EQ(self->mapped, vm_stat(self->vm, "pages_4k"));
	faults = vcpu_stat(a->v, "pf_fixed");
	ASSERT_TRUE(alias_expect(a, "mapped beforehand", self->want));
	ASSERT_EQ(faults, vcpu_stat(a->v, "pf_fixed"));
	/* Prefaulted mappings are zapped with the page, too. */
	ASSERT_EQ(0, madvise(self->hva, SIZE, MADV_DONTNEED));
	ASSERT_EQ(none, vm_stat(self->vm, "pages_4k"));
}

/* It stops at the first gfn without a slot, after one of the slots was deleted. */
KVMEM_TEST_F(quirk, prefault_after_delete, "C13 C7", 1000)
{
	struct kvm_pre_fault_memory r = { .gpa = ALIAS_GPA + VM_PAGE, .size = NR * SIZE };
	struct aliases *a = &self->a;
	unsigned int i = NR / 2;
	uint64_t none;

	prefault_require(self->vm);
	remove_alias(self, i);
	ASSERT_EQ(0, madvise(self->hva, SIZE, MADV_DONTNEED));
	fill(self->hva, self->want, 0x800);
	none = vm_stat(self->vm, "pages_4k");
	ASSERT_EQ(0, prefault(a->v, &r));
	ASSERT_EQ(alias_gpa(a, i, 0), r.gpa);
	ASSERT_EQ(NR * SIZE - (i * SIZE - VM_PAGE), r.size);
	ASSERT_EQ(-ENOENT, prefault(a->v, &r));
	if (arch_traits()->counts)
		ASSERT_EQ(none + i * PAGES - 1, vm_stat(self->vm, "pages_4k"));
	ASSERT_TRUE(others_read(self, i));
}

KVMEM_MAIN
