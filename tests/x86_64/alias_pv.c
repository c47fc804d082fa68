// SPDX-License-Identifier: GPL-2.0-only
/*
 * Structures that KVM writes for a guest (kvmclock, steal time, wall clock, Xen's
 * shared info), in a page with many aliases: KVM writes to the page that is mapped
 * now, and never to one that was mapped before (C12).
 */
#include "test.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "alias.h"
#include "arch/x86_64/cpu.h"
#include "hostmem.h"
#include "uapi.h"
#include "vcpu.h"

#define NR	6
#define HERE	2		/* the alias with the structure */
#define OFFSET	0x40		/* of the structure in the page */
#define WORDS	512

#define MSR_WALL_CLOCK	0x4b564d00
#define MSR_SYSTEM_TIME	0x4b564d01
#define MSR_STEAL_TIME	0x4b564d03
#define MSR_OLD_SYSTEM_TIME 0x12

#define XEN_PENDING	0x800	/* evtchn_pending of a 32-bit guest's shared info */

struct state {
	struct aliases a;
	char *hva;		/* memory behind every alias */
	uint64_t *page[2];	/* the pages of the memfd, mapped separately */
	unsigned int now;	/* the one that is mapped at hva */
	int fd;
	unsigned int events;
};

/* One structure: its address is set once, then KVM writes to it repeatedly. */
struct structure {
	void (*set)(struct state *s, uint64_t gpa);
	void (*update)(struct state *s, uint64_t gpa);	/* before the next entry of the guest */
	bool dirty;		/* writes are logged */
};

static void set_msr(struct state *s, uint32_t msr, uint64_t value)
{
	if (!cpu_set_msr(s->a.v, msr, value))
		end_skip("this KVM does not have MSR 0x%x", msr);
}

static void set_clock(struct state *s, uint64_t gpa)
{
	set_msr(s, MSR_SYSTEM_TIME, gpa | 1);
}

static void set_old_clock(struct state *s, uint64_t gpa)
{
	set_msr(s, MSR_OLD_SYSTEM_TIME, gpa | 1);
}

static void update_clock(struct state *s, uint64_t gpa)
{
	struct kvm_clock_data c = { .clock = 1000000000ULL * ++s->events };

	(void)gpa;
	if (ioctl(s->a.vm->fd, KVM_SET_CLOCK, &c))
		end_fail("KVM_SET_CLOCK: %s", strerror(errno));
}

static void set_steal_time(struct state *s, uint64_t gpa)
{
	if (env_read_long("/proc/sys/kernel/sched_schedstats", -1) < 0)
		diag("no schedstats: steal time may not be counted here");
	set_msr(s, MSR_STEAL_TIME, gpa | 1);
}

/* Every entry writes it. */
static void update_steal_time(struct state *s, uint64_t gpa)
{
	(void)s;
	(void)gpa;
}

static void update_wall_clock(struct state *s, uint64_t gpa)
{
	set_msr(s, MSR_WALL_CLOCK, gpa);
}

static void set_xen(struct state *s, uint64_t gpa)
{
	struct kvm_xen_hvm_attr shared = {
		.type = KVM_XEN_ATTR_TYPE_SHARED_INFO, .u.shared_info.gfn = gpa / PAGE_4K,
	};
	struct kvm_xen_vcpu_attr vcpu = {
		.type = KVM_XEN_VCPU_ATTR_TYPE_VCPU_INFO, .u.gpa = ALIAS_SEEN_GPA + PAGE_4K - 0x100,
	};

	if (!(vm_cap(s->a.vm, KVM_CAP_XEN_HVM) & KVM_XEN_HVM_CONFIG_EVTCHN_SEND))
		end_skip("KVM_CAP_XEN_HVM without KVM_XEN_HVM_CONFIG_EVTCHN_SEND");
	if (ioctl(s->a.vm->fd, KVM_XEN_HVM_SET_ATTR, &shared) ||
	    ioctl(s->a.v->fd, KVM_XEN_VCPU_SET_ATTR, &vcpu))
		end_fail("KVM_XEN_HVM_SET_ATTR, KVM_XEN_VCPU_SET_ATTR: %s", strerror(errno));
}

/* An event: its bit is set in the page. */
static void update_xen(struct state *s, uint64_t gpa)
{
	struct kvm_irq_routing_xen_evtchn e = {
		.port = 1 + s->events++ % 64, .vcpu = 0,
		.priority = KVM_IRQ_ROUTING_XEN_EVTCHN_PRIO_2LEVEL,
	};

	(void)gpa;
	if (ioctl(s->a.vm->fd, KVM_XEN_HVM_EVTCHN_SEND, &e) < 0)
		diag("KVM_XEN_HVM_EVTCHN_SEND: %s", strerror(errno));
}

FIXTURE(pv) {
	struct state s;
	uint64_t gpa;
};

FIXTURE_VARIANT(pv) {
	struct structure k;
};

FIXTURE_VARIANT_ADD(pv, clock) { { set_clock, update_clock, true } };
FIXTURE_VARIANT_ADD(pv, old_clock) { { set_old_clock, update_clock, true } };
FIXTURE_VARIANT_ADD(pv, steal_time) { { set_steal_time, update_steal_time, true } };
FIXTURE_VARIANT_ADD(pv, wall_clock) { { update_wall_clock, update_wall_clock, true } };
FIXTURE_VARIANT_ADD(pv, xen_shared_info) { { set_xen, update_xen, false } };

static bool is_zero(const uint64_t *page)
{
	unsigned int i;

	for (i = 0; i < WORDS; i++)
		if (page[i])
			return false;
	return true;
}

static void run(struct state *s)
{
	vcpu_load(s->a.v, 4, ALIAS_SEEN_GPA);
}

/*
 * Whether the next write goes to the page that is mapped now, and to no other, and is
 * visible through all aliases.
 */
static bool written_where_it_is(struct state *s, const struct structure *k, uint64_t gpa,
				const char *what)
{
	uint64_t *here = s->page[s->now], *there = s->page[!s->now];
	unsigned int i, w;

	memset(here, 0, PAGE_4K);
	memset(there, 0, PAGE_4K);
	k->update(s, gpa);
	run(s);
	if (!is_zero(there)) {
		diag("%s: written to the page that was mapped before", what);
		return false;
	}
	for (w = 0; w < WORDS && !here[w]; w++)
		;
	if (w == WORDS) {
		diag("%s: nothing written to the page that is mapped now", what);
		return false;
	}
	/* A later entry may write again, so only zero is an error. */
	for (i = 0; i < NR; i++) {
		uint64_t got = vcpu_load(s->a.v, 8, alias_gpa(&s->a, i, 0) + w * 8);

		if (got)
			continue;
		diag("%s: alias %u does not show it", what, i);
		return false;
	}
	return true;
}

KVMEM_SETUP(pv)
{
	struct state *s = &self->s;
	char *view;

	s->fd = hostmem_memfd(2 * PAGE_4K);
	view = hostmem_map(s->fd, 0, 2 * PAGE_4K);
	s->page[0] = (uint64_t *)view;
	s->page[1] = (uint64_t *)(view + PAGE_4K);
	s->hva = vm_alloc(PAGE_4K);
	hostmem_map_over(s->hva, s->fd, 0, PAGE_4K);
	alias_init(&s->a, vm_create(NULL), NR, 1);
	alias_slots(&s->a, s->hva, 0);
	self->gpa = alias_gpa(&s->a, HERE, 0) +
		    (variant->k.set == set_xen ? 0 : OFFSET);
	run(s);
	memset(view, 0, 2 * PAGE_4K);
	variant->k.set(s, self->gpa);
	variant->k.update(s, self->gpa);
	run(s);
	if (is_zero(s->page[0]))
		end_skip("this KVM does not write the structure");
}

#define WRITTEN(what) ASSERT_TRUE(written_where_it_is(&self->s, &variant->k, self->gpa, what))

/* Red with: gfn_to_pfn_cache_invalidate_start() that does nothing, or looks at
 * one slot only.
 */
KVMEM_TEST_F(pv, follows_the_page, "C12 C3")
{
	struct state *s = &self->s;
	unsigned int round;

	WRITTEN("at first");
	for (round = 0; round < 3; round++) {
		s->now = !s->now;
		hostmem_map_over(s->hva, s->fd, s->now * PAGE_4K, PAGE_4K);
		WRITTEN("another page");
		WRITTEN("another page, once more");
		ASSERT_EQ(0, madvise(s->hva, PAGE_4K, MADV_DONTNEED));
		WRITTEN("MADV_DONTNEED");
		ASSERT_EQ(0, fallocate(s->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
				       (off_t)(s->now * PAGE_4K), PAGE_4K));
		alias_use_up();
		WRITTEN("a hole");
		ASSERT_EQ(0, mprotect(s->hva, PAGE_4K, PROT_NONE));
		ASSERT_EQ(0, mprotect(s->hva, PAGE_4K, PROT_READ | PROT_WRITE));
		WRITTEN("mprotect");
	}
}

KVMEM_TEST_F(pv, follows_migration, "C12 C3")
{
	WRITTEN("at first");
	memset(self->s.page[0], 1, PAGE_4K);
	hostmem_migrate(self->s.page[0], 1);
	WRITTEN("migrated");
}

/* Other aliases are deleted and created again; then the one with the structure. */
KVMEM_TEST_F(pv, slots, "C12 C7")
{
	struct state *s = &self->s;
	unsigned int i;

	for (i = 0; i < NR; i++) {
		if (i == HERE)
			continue;
		vm_slot(s->a.vm, ALIAS_SLOT + i, 0, 0, 0, NULL);
		run(s);
		vm_slot(s->a.vm, ALIAS_SLOT + i, 0, alias_gpa(&s->a, i, 0), PAGE_4K, s->hva);
		WRITTEN("another slot deleted and created again");
	}
	vm_slot(s->a.vm, ALIAS_SLOT + HERE, 0, 0, 0, NULL);
	run(s);
	memset(s->page[0], 0, PAGE_4K);
	if (variant->k.update != update_wall_clock)
		variant->k.update(s, self->gpa);
	run(s);
	ASSERT_TRUE(is_zero(s->page[0]));
	/* A slot at the same address, with another page. */
	s->now = 1;
	hostmem_map_over(s->hva, s->fd, PAGE_4K, PAGE_4K);
	vm_slot(s->a.vm, ALIAS_SLOT + HERE, 0, alias_gpa(&s->a, HERE, 0), PAGE_4K, s->hva);
	WRITTEN("its slot created again");
}

/* Logged in the slot with the structure, and in none of the others. */
KVMEM_TEST_F(pv, dirty_log, "C12 C6")
{
	struct state *s = &self->s;
	uint64_t bits[NR];
	unsigned int i, round;

	for (i = 0; i < NR; i++)
		vm_slot(s->a.vm, ALIAS_SLOT + i, KVM_MEM_LOG_DIRTY_PAGES, alias_gpa(&s->a, i, 0),
			PAGE_4K, s->hva);
	for (round = 0; round < 3; round++) {
		variant->k.update(s, self->gpa);
		run(s);
		for (i = 0; i < NR; i++) {
			struct kvm_dirty_log log = { .slot = ALIAS_SLOT + i, .dirty_bitmap = &bits[i] };

			ASSERT_EQ(0, ioctl(s->a.vm->fd, KVM_GET_DIRTY_LOG, &log));
		}
		if (!round)
			continue;
		for (i = 0; i < NR; i++) {
			/* Whether Xen's page is logged is not documented. */
			if (i == HERE && !variant->k.dirty)
				continue;
			ASSERT_EQ(i == HERE, bits[i]) {
				TH_LOG("alias %u", i);
			}
		}
	}
}

KVMEM_MAIN
