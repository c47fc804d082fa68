// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM caches that an address has no slot, in MMIO SPTEs with the generation of the
 * memslots.  An entry older than the slots must never be used: not after any number
 * of updates, not when the counter wraps, and not when the slot is created while the
 * guest accesses it (A8, A9, A11).
 *
 * No slot is deleted or moved while an old entry must survive: that may zap all
 * entries (KVM_X86_QUIRK_SLOT_ZAP_ALL, and every kernel before 6.12).
 */
#include "test.h"

#include <sched.h>
#include <time.h>

#include "arch/x86_64/smm.h"
#include "hammer.h"
#include "uapi.h"
#include "vcpu.h"

#define HOLE		0xc0000000ULL	/* pages that get a slot later or never */
#define TOGGLED		0x20000000ULL	/* a slot whose flags change */
#define TAG		0x600d0000U	/* content of the RAM over HOLE, plus the page */

/*
 * Bits of the generation in an MMIO SPTE (MMIO_SPTE_GEN_* in
 * arch/x86/kvm/mmu/spte.h): 19 since 5.10.
 */
#define GEN_BITS	19

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* --- one entry (A6) ------------------------------------------------------- */

/*
 * An MMIO SPTE is for one page.  It is used only if the guest accessed another page in
 * between; the pages around it are RAM, which a split access reaches while KVM still
 * has the cached MMIO result.
 * Red with: make_mmio_spte() of another gfn, or get_mmio_spte_gfn().
 */
KVMEM_TEST(neighbours, "A6 A4")
{
	uint64_t page = HOLE + PAGE_4K, far = HOLE + 0x1000000, data = 0x8182838485868788ULL;
	uint8_t *ram = vm_alloc(2 * PAGE_4K);
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	int i;

	vm_slot(vm, 1, 0, HOLE, PAGE_4K, ram);
	vm_slot(vm, 2, 0, page + PAGE_4K, PAGE_4K, ram + PAGE_4K);
	for (i = 0; i < 2; i++, data = ~data) {
		ASSERT_TRUE(vcpu_expect(v, "another page, then across the end of the page",
			OPS(LD(4, page), LD(4, far), ST(8, page + 0xffc, data)),
			EXITS(MMIO_RD(page, 4, 1), MMIO_RD(far, 4, 2),
			      MMIO_WR(page + 0xffc, 4, (uint32_t)data))));
		ASSERT_EQ(data >> 32, *(uint32_t *)(ram + PAGE_4K));
		ASSERT_TRUE(vcpu_expect(v, "another page, then across the start of the page",
			OPS(LD(4, page), LD(4, far), ST(8, page - 4, data)),
			EXITS(MMIO_RD(page, 4, 1), MMIO_RD(far, 4, 2),
			      MMIO_WR(page, 4, data >> 32))));
		ASSERT_EQ((uint32_t)data, *(uint32_t *)(ram + 0xffc));
	}
}

/* --- updates without a vCPU running (A8, A9) ------------------------------ */

FIXTURE(updates) {
	struct vm *vm;
	struct vcpu *v;
	struct smm smm;
	uint32_t as;		/* address space, as in slot numbers */
	uint64_t step;		/* generations per update: one per address space */
	uint64_t done;		/* updates of this address space so far */
	uint32_t next_slot;
	uint8_t *ram;		/* of the slots over HOLE */
	uint8_t *toggled;
	uint32_t flags;		/* of that slot; the same flags again would not be an update */
	double start;
};

/* In SMM, KVM counts the other address space, with odd numbers. */
FIXTURE_VARIANT(updates) {
	bool smm;
};

FIXTURE_VARIANT_ADD(updates, normal) { false };
FIXTURE_VARIANT_ADD(updates, smm) { true };

#define PAGES	64

/*
 * An update waits for a grace period, whose work starts on this CPU and, with few
 * CPUs, ends on the first: no other CPU has to be woken up.
 */
static void stay_on_first_cpu(void)
{
	cpu_set_t all, one;
	int cpu;

	if (sched_getaffinity(0, sizeof(all), &all))
		return;
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &all))
			continue;
		CPU_ZERO(&one);
		CPU_SET(cpu, &one);
		sched_setaffinity(0, sizeof(one), &one);
		return;
	}
}

static void create(FIXTURE_DATA(updates) *self, uint32_t flags, uint64_t gpa, uint64_t pages,
		   void *hva)
{
	vm_slot(self->vm, self->as | self->next_slot++, flags, gpa, pages * PAGE_4K, hva);
	self->done++;
}

KVMEM_SETUP(updates)
{
	uint32_t i;

	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	if (variant->smm) {
		smm_init(&self->smm, self->v);
		self->as = SMM_AS;
	}
	self->done = 1;		/* the slot of vm_create() or smm_init() */
	self->step = vm_cap(self->vm, KVM_CAP_MULTI_ADDRESS_SPACE) > 1 ? 2 : 1;
	self->next_slot = 1;
	self->ram = vm_alloc(PAGES * PAGE_4K);
	for (i = 0; i < PAGES; i++)
		*(uint32_t *)(self->ram + i * PAGE_4K) = TAG + i;
	self->toggled = vm_alloc(PAGE_4K);
	self->flags = KVM_MEM_READONLY;
	create(self, self->flags, TOGGLED, 1, self->toggled);
	stay_on_first_cpu();
	self->start = seconds();
}

/*
 * The cheapest update: switch the dirty log of a small read-only slot, which affects
 * no SPTE.
 */
static void update(FIXTURE_DATA(updates) *self)
{
	self->flags ^= KVM_MEM_LOG_DIRTY_PAGES;
	vm_slot(self->vm, self->as | 1, self->flags, TOGGLED, PAGE_4K, self->toggled);
	self->done++;
}

/* The guest reads a page of HOLE, in the variant's mode: MMIO, or its RAM. */
static bool reads(FIXTURE_DATA(updates) *self, uint32_t page, bool ram)
{
	uint64_t gpa = HOLE + page * PAGE_4K;
	uint32_t want = ram ? TAG + page : 0xbad0000 + page, got;
	const struct kexit mmio = MMIO_RD(gpa, 4, want);
	const char *what = ram ? "a page that has a slot" : "a page without a slot";
	bool ok;

	if (self->as) {
		ok = smm_expect(&self->smm, what,
				&(const struct smm_op){ .kind = SMM_LOAD, .addr = (uint32_t)gpa }, 1,
				&mmio, !ram);
		got = smm_value(&self->smm, 0);
	} else {
		ok = vcpu_expect(self->v, what, OPS(LD(4, gpa)), &mmio, !ram);
		got = (uint32_t)vcpu_value(self->v, 0);
	}
	if (ok && got == want)
		return true;
	diag("page %u after %llu updates: 0x%x, expected 0x%x", page,
	     (unsigned long long)self->done, got, want);
	return false;
}

/*
 * Page 0 of HOLE never gets a slot.  Reading it last replaces the vCPU's cached gfn,
 * so that the next access to @page uses the SPTE.
 */
static bool stamp(FIXTURE_DATA(updates) *self, uint32_t page)
{
	return reads(self, page, false) && reads(self, 0, false);
}

static void report_cost(FIXTURE_DATA(updates) *self)
{
	double s = seconds() - self->start;

	diag("%llu updates in %.1f s, %.1f us each", (unsigned long long)self->done, s,
	     s * 1e6 / (double)self->done);
}

/*
 * The two generations for bit @bit: the entry of page @bit is made at the first and
 * must not be used at the second, which differs from it in that bit only (the sum
 * must not carry).
 */
static uint64_t stamped_at(unsigned int bit)
{
	return bit == 3 ? 0x30 : 0x8;
}

static uint64_t used_at(unsigned int bit)
{
	return stamped_at(bit) + (1ULL << bit);
}

/* Red with: any bit left out of the comparison. */
static bool compares_bits(FIXTURE_DATA(updates) *self, unsigned int last)
{
	unsigned int first = self->step == 2, bit;
	uint64_t gen;

	/* The lowest bit is the address space. */
	while ((gen = self->done * self->step) < used_at(last)) {
		for (bit = first; bit <= last; bit++)
			if (gen == stamped_at(bit) && !stamp(self, 1 + bit))
				return false;
		for (bit = first; bit <= last; bit++)
			if (gen + self->step == used_at(bit))
				break;
		if (bit > last) {
			update(self);
			continue;
		}
		create(self, 0, HOLE + (1 + bit) * PAGE_4K, 1, self->ram + (1 + bit) * PAGE_4K);
		if (reads(self, 1 + bit, true))
			continue;
		diag("an entry was used whose generation differs in bit %u", bit);
		return false;
	}
	return true;
}

/*
 * Red with: check_mmio_spte() that returns true; MMIO_SPTE_GEN_MASK, or one of the
 * two parts in the SPTE, without a bit.
 */
KVMEM_TEST_F(updates, bits, "A9", 3000)
{
	unsigned int last = (unsigned int)env_pick(10, GEN_BITS - 1, GEN_BITS - 1);

	/* Both modes use the same comparison: test all bits with one of them. */
	if (variant->smm && env_profile() != PROFILE_STRESS)
		last = 10;
	ASSERT_TRUE(compares_bits(self, last));
	report_cost(self);
}

/*
 * The vCPU's cached gfn: the page accessed last gets the slot.
 * Red with: vcpu_match_mmio_gen() that returns true.
 */
KVMEM_TEST_F(updates, last_page, "A9")
{
	uint32_t i;

	for (i = 1; i < PAGES; i++) {
		ASSERT_TRUE(reads(self, i, false));
		create(self, 0, HOLE + i * PAGE_4K, 1, self->ram + i * PAGE_4K);
		ASSERT_TRUE(reads(self, i, true));
	}
}

/*
 * The counter starts at 0 (or 1 in SMM), so it wraps after 2^GEN_BITS / step updates
 * of a VM: 262144.  Around the wrap, slots are created over new entries; finally one
 * over an entry that is exactly one wrap old and has the current generation again.
 *
 * One address space, that of SMM if there is SMM: it covers the bugs of the normal
 * one and more.
 *
 * Red with: kvm_mmu_zap_all_fast() dropped from kvm_mmu_invalidate_mmio_sptes(),
 * or in SMM its "gen &= ~(number of address spaces - 1)".
 */
KVMEM_TEST_F(updates, wrap, "A8")
{
	const uint64_t period = (1ULL << GEN_BITS) / self->step, begin = 16;
	const uint32_t old = 1, fresh = 2;
	uint32_t i;

	REQUIRE(env_profile() == PROFILE_STRESS || (env_profile() == PROFILE_FULL && !env_in_lab()),
		"262144 memslot updates need profile full, or in the lab profile stress");
	REQUIRE(variant->smm || !smm_possible(self->vm) || env_profile() == PROFILE_STRESS,
		"the wrap in SMM is tested instead; profile stress does both");

	while (self->done < begin)
		update(self);
	ASSERT_TRUE(stamp(self, old));
	while (self->done < period - 8)
		update(self);
	for (i = 0; i < 16; i++) {
		ASSERT_TRUE(stamp(self, fresh + i));
		create(self, 0, HOLE + (fresh + i) * PAGE_4K, 1, self->ram + (fresh + i) * PAGE_4K);
		ASSERT_TRUE(reads(self, fresh + i, true));
	}
	while (self->done < period + begin - 1)
		update(self);
	create(self, 0, HOLE + old * PAGE_4K, 1, self->ram + old * PAGE_4K);
	ASSERT_TRUE(reads(self, old, true)) {
		TH_LOG("an entry from before the wrap was used");
	}
	report_cost(self);
}

/* --- a slot created and deleted under a running guest (A11) --------------- */

#define PAGE_W		HOLE			/* one vCPU writes here ... */
#define PAGE_R		(HOLE + PAGE_4K)	/* ... and another reads here */
#define READ_MMIO	(~0ULL)			/* how the library answers */

FIXTURE(hammered) {
	struct vm *vm;
	volatile uint64_t *ram;		/* of the two pages */
	pthread_t writer;
	struct hammer reader;

	/* Writes that reached userspace, the device at PAGE_W. */
	volatile unsigned long last;	/* the latest value */
	volatile unsigned long exits;
	volatile unsigned long gap_from, gap_to;	/* consecutive values that are not successors */
	volatile unsigned long gaps;
	volatile bool bad;	/* an exit of another kind */
};

FIXTURE_VARIANT(hammered) {
	uint64_t quirks_off;
};

FIXTURE_VARIANT_ADD(hammered, quirks_default) { 0 };
FIXTURE_VARIANT_ADD(hammered, slot_zap_all_off) { KVM_X86_QUIRK_SLOT_ZAP_ALL };

/* The guest writes consecutive numbers. */
static void *write_numbers(void *arg)
{
	FIXTURE_DATA(hammered) *self = arg;
	struct vcpu *v = self->vm->vcpu[0];

	while (vcpu_run(v) == VCPU_RESUME) {
		const struct kexit *e = &v->log[0];

		if (e->reason != KVM_EXIT_MMIO || !e->is_write || e->addr != PAGE_W || e->len != 8)
			self->bad = true;
		if (e->data != self->last + 1) {
			self->gap_from = self->last;
			self->gap_to = e->data;
			self->gaps++;
		}
		self->last = e->data;
		self->exits++;
		v->nr_exits = 0;	/* keep only the latest exit in the log */
	}
	return NULL;
}

KVMEM_SETUP(hammered)
{
	struct vm_opts o = { .nr_vcpus = 2, .quirks_off = variant->quirks_off };

	self->vm = vm_create(&o);
	self->ram = vm_alloc(2 * PAGE_4K);
	vcpu_start(self->vm->vcpu[0],
		   OPS({ .kind = OP_STORE, .width = 8, .addr = PAGE_W, .value = { 1 },
			 .flags = OPF_COUNTER | OPF_UNTIL_STOP }));
	ASSERT_EQ(0, pthread_create(&self->writer, NULL, write_numbers, self));
	hammer_start(&self->reader, self->vm->vcpu[1], (struct mbox_op)LD(8, PAGE_R));
	diag("on %d CPUs", hammer_cpus());
}

/* Wait until *@p is greater than @than; false on timeout. */
static bool grows(const volatile unsigned long *p, unsigned long than)
{
	double limit = seconds() + env_watchdog_s();

	while (*p <= than) {
		if (seconds() > limit)
			return false;
		sched_yield();
	}
	return true;
}

/*
 * The slot has been created: wait for the first write to its RAM.  At most one exit
 * may have been in progress when the ioctl returned.
 */
static bool writes_reach_ram(FIXTURE_DATA(hammered) *self)
{
	unsigned long before = self->exits;
	double limit = seconds() + env_watchdog_s();

	while (!self->ram[0]) {
		if (self->exits > before + 1 || seconds() > limit) {
			diag("%lu MMIO exits after the slot was created", self->exits - before);
			return false;
		}
		sched_yield();
	}
	return true;
}

/*
 * Every write arrives exactly once, at the device or in the RAM: the last number in the
 * RAM is followed by the first number at the device.
 *
 * Red with: the generation raised before synchronize_srcu_expedited() in
 * kvm_swap_active_memslots(), so that "no slot" found in the old memslots is
 * cached as being of the new generation (ee3d1570b586); not raised on creation;
 * deletion that leaves the old SPTE.
 */
KVMEM_TEST_F(hammered, create_and_delete, "A11", 1500)
{
	uint64_t rounds = env_pick(8, 30, 3000), i;

	for (i = 1; i <= rounds; i++) {
		unsigned long exits, last, gaps = self->gaps;

		self->ram[0] = 0;
		self->ram[512] = i;
		vm_slot(self->vm, 1, 0, HOLE, 2 * PAGE_4K, (void *)self->ram);
		ASSERT_TRUE(writes_reach_ram(self));
		exits = self->exits;
		ASSERT_EQ(i, hammer_next(&self->reader));
		ASSERT_EQ(exits, self->exits) {
			TH_LOG("an MMIO exit after a write to the RAM, round %llu",
			       (unsigned long long)i);
		}
		ASSERT_EQ(gaps, self->gaps);

		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		last = self->ram[0];
		ASSERT_TRUE(grows(&self->exits, exits + 1));
		ASSERT_EQ(READ_MMIO, hammer_next(&self->reader));
		ASSERT_EQ(gaps + 1, self->gaps);
		ASSERT_EQ(last + 1, self->gap_to) {
			TH_LOG("device: %lu, RAM: up to %lu, device: %lu, round %llu",
			       self->gap_from, last, self->gap_to, (unsigned long long)i);
		}
		ASSERT_EQ(last, self->ram[0]);
	}
	ASSERT_FALSE(self->bad);
	self->vm->vcpu[0]->mb->stop = 1;
	pthread_join(self->writer, NULL);
	hammer_stop(&self->reader);
}

KVMEM_MAIN
