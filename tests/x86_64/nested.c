// SPDX-License-Identifier: GPL-2.0-only
/*
 * A nested guest (L2, SVM): its accesses to memory without a slot exit with L1's
 * addresses, and its PAT follows KVM's rules (A28, F7m).
 *
 * L2's physical addresses always differ from L1's, so that an exit with the wrong
 * one is detected.
 */
#include "harness/test.h"

#include <sys/ioctl.h>

#include "arch.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/l2.h"
#include "arch/x86_64/mmu.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "arch/x86_64/uapi.h"
#include "util/util.h"

/* L1's physical memory. */
#define HOLE	0xc0000000ULL	/* no slot */
#define RAM	0x20000000ULL	/* two pages */
#define ROM	0x30000000ULL	/* one page, read-only slot */
/* L2's physical memory, and its virtual addresses. */
#define L2_GPA	0xd0000000ULL
#define WINDOW	VM_WINDOW

#define MSR_PAT	0x277
#define DATA	0x8182838485868788ULL

#define L2_LD(w, a) { .kind = OP_LOAD, .width = (w), .addr = (a), .flags = OPF_L2 }
#define L2_ST(w, a, v) \
	{ .kind = OP_STORE, .width = (w), .addr = (a), .value = { (v) }, .flags = OPF_L2 }
#define L2_RDMSR(m) { .kind = OP_RDMSR, .addr = (m), .flags = OPF_L2 }
#define L2_WRMSR(m, v) { .kind = OP_WRMSR, .addr = (m), .value = { (v) }, .flags = OPF_L2 }
#define RDMSR(m) { .kind = OP_RDMSR, .addr = (m) }
#define WRMSR(m, v) { .kind = OP_WRMSR, .addr = (m), .value = { (v) } }

static const uint8_t widths[] = { 1, 2, 4, 8 };

/* With nested paging, or with L2's tables mapping L1's memory directly (shadow paging). */
FIXTURE(l2) {
	struct vm *vm;
	struct vcpu *v;
	uint8_t *ram, *rom;
	bool npt;
	uint64_t next;	/* first free page of WINDOW and L2_GPA */
};

FIXTURE_VARIANT(l2) {
	bool npt;
};

FIXTURE_VARIANT_ADD(l2, npt) { .npt = true };
FIXTURE_VARIANT_ADD(l2, shadow) { .npt = false };

static void l2_vm(FIXTURE_DATA(l2) *self, bool npt, uint64_t quirks_off)
{
	l2_require();
	self->npt = npt;
	self->vm = vm_create(&(struct vm_opts){ .full_cpu = true, .quirks_off = quirks_off });
	self->v = self->vm->vcpu[0];
	self->ram = vm_alloc(2 * PAGE_4K);
	self->rom = vm_alloc(PAGE_4K);
	vm_slot(self->vm, 1, 0, RAM, 2 * PAGE_4K, self->ram);
	vm_slot(self->vm, 2, KVM_MEM_READONLY, ROM, PAGE_4K, self->rom);
	l2_prepare(self->v, npt);
}

KVMEM_SETUP(l2)
{
	l2_vm(self, variant->npt, 0);
}

/* The virtual address of a page of L1's memory for L2. */
static uint64_t window(FIXTURE_DATA(l2) *self, uint64_t l1_gpa)
{
	uint64_t gva = WINDOW + self->next, l2_gpa = self->npt ? L2_GPA + self->next : l1_gpa;

	self->next += PAGE_4K;
	vm_map(self->vm, gva, l2_gpa, 1);
	if (self->npt)
		l2_map(self->vm, l2_gpa, l1_gpa, 1, true);
	return gva;
}

/* The basis of the other tests: L2 runs, accesses L1's memory, faults like L1. */
KVMEM_TEST_F(l2, memory, "A28")
{
	uint64_t second = window(self, RAM + PAGE_4K), first = window(self, RAM);
	size_t w;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		uint64_t at = 8 * w, data = low(DATA, widths[w]), got = 0;

		ASSERT_TRUE(vcpu_expect(self->v, "L2 writes and reads RAM",
			OPS(L2_ST(widths[w], first + at, DATA), L2_LD(8, first + at),
			    L2_LD(8, second + at)), NO_EXITS));
		ASSERT_EQ(data, vcpu_value(self->v, 1));
		ASSERT_EQ(0, vcpu_value(self->v, 2));
		ASSERT_EQ(L2_EXIT_VMMCALL, l2_get(self->v, VMCB_EXIT_CODE));
		memcpy(&got, self->ram + at, 8);
		ASSERT_EQ(data, got);
	}
	vcpu_do(self->v, OPS(L2_LD(8, WINDOW + 0x1000000)), NO_EXITS);
	ASSERT_EQ(14, vcpu_result(self->v, 0)->vector);
	ASSERT_EQ(WINDOW + 0x1000000, vcpu_result(self->v, 0)->fault_addr);
}

/*
 * Two accesses each: the first makes the MMIO SPTE, the second uses it.
 * Red with: the exit carries L2's address (translate_nested_gpa() left out).
 */
KVMEM_TEST_F(l2, mmio, "A28")
{
	uint64_t a = window(self, HOLE), b = window(self, HOLE + 0x7000);
	size_t w;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		unsigned int width = widths[w];
		uint64_t data = low(DATA, width);

		ASSERT_TRUE(vcpu_expect(self->v, "L2 reads a hole",
			OPS(L2_LD(width, a + 0x123), L2_LD(width, b + 0xff8), L2_LD(width, a + 0x10)),
			EXITS(MMIO_RD(HOLE + 0x123, width, data), MMIO_RD(HOLE + 0x7ff8, width, 0x11),
			      MMIO_RD(HOLE + 0x10, width, 0x22))));
		ASSERT_EQ(data, low(vcpu_value(self->v, 0), width));
		ASSERT_EQ(0x11, low(vcpu_value(self->v, 1), width));
		ASSERT_EQ(0x22, low(vcpu_value(self->v, 2), width));
		ASSERT_TRUE(vcpu_expect(self->v, "L2 writes a hole",
			OPS(L2_ST(width, b + 0x123, DATA), L2_ST(width, a + 0xff8, ~DATA)),
			EXITS(MMIO_WR(HOLE + 0x7123, width, data),
			      MMIO_WR(HOLE + 0xff8, width, low(~DATA, width)))));
	}
	ASSERT_EQ(L2_EXIT_VMMCALL, l2_get(self->v, VMCB_EXIT_CODE));
}

KVMEM_TEST_F(l2, mmio_instructions, "A28")
{
	uint64_t a = window(self, HOLE), b = window(self, HOLE + 0x7000), r = window(self, RAM);

	ASSERT_TRUE(vcpu_expect(self->v, "add [m], r",
		OPS({ .kind = OP_ADD, .width = 4, .addr = a + 8, .value = { 3 }, .flags = OPF_L2 }),
		EXITS(MMIO_RD(HOLE + 8, 4, 40), MMIO_WR(HOLE + 8, 4, 43))));
	/* The two pages are adjacent for L2, not for L1. */
	ASSERT_TRUE(vcpu_expect(self->v, "8 bytes across two pages",
		OPS(L2_LD(8, a + 0xffc), L2_ST(8, a + 0xffd, 0x1122334455667788)),
		EXITS(MMIO_RD(HOLE + 0xffc, 4, 0x55667788), MMIO_RD(HOLE + 0x7000, 4, 0x11223344),
		      MMIO_WR(HOLE + 0xffd, 3, 0x667788), MMIO_WR(HOLE + 0x7000, 5, 0x1122334455))));
	ASSERT_EQ(0x1122334455667788, vcpu_value(self->v, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "rep movs from one hole to another",
		OPS({ .kind = OP_MOVS, .width = 8, .addr = a + 0x10, .addr2 = b + 0x20,
		      .value = { 2 }, .flags = OPF_L2 | OPF_REP }),
		EXITS(MMIO_RD(HOLE + 0x10, 8, 1), MMIO_WR(HOLE + 0x7020, 8, 1),
		      MMIO_RD(HOLE + 0x18, 8, 2), MMIO_WR(HOLE + 0x7028, 8, 2))));
	ASSERT_TRUE(vcpu_expect(self->v, "movs from a hole to RAM",
		OPS({ .kind = OP_MOVS, .width = 8, .addr = a + 0x10, .addr2 = r + 0x20,
		      .value = { 1 }, .flags = OPF_L2 }),
		EXITS(MMIO_RD(HOLE + 0x10, 8, DATA))));
	ASSERT_EQ(DATA, *(uint64_t *)(self->ram + 0x20));
}

/* Red with: KVM_PFN_ERR_RO_FAULT ignored in the shadow MMU; the write dropped. */
KVMEM_TEST_F(l2, readonly_slot, "A28")
{
	uint64_t rom = window(self, ROM), ram = window(self, RAM);
	size_t w;

	memset(self->rom, 0x5a, PAGE_4K);
	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		unsigned int width = widths[w];
		uint64_t data = low(DATA, width), old = low(0x5a5a5a5a5a5a5a5a, width);

		ASSERT_TRUE(vcpu_expect(self->v, "L2 writes a read-only slot",
			OPS(L2_LD(width, rom + 0x40), L2_ST(width, rom + 0x40, DATA),
			    L2_ST(width, ram, DATA), L2_LD(width, rom + 0x40)),
			EXITS(MMIO_WR(ROM + 0x40, width, data))));
		ASSERT_EQ(old, low(vcpu_value(self->v, 0), width));
		ASSERT_EQ(old, low(vcpu_value(self->v, 3), width));
	}
	ASSERT_EQ(0x5a, self->rom[0x40]);
	ASSERT_EQ(DATA, *(uint64_t *)self->ram);
}

/*
 * L1 and L2 alternate: each has a different translation of one virtual address, and
 * KVM's cached MMIO address must not be used for the other.
 */
KVMEM_TEST_F(l2, same_address_in_l1, "A28")
{
	uint64_t gva = L2_GPA + 0x200000, l1 = self->npt ? gva : HOLE, l2 = HOLE;

	if (self->npt)
		l2_map(self->vm, gva, l2, 1, true);
	else
		vm_map(self->vm, gva, l2, 1);
	ASSERT_TRUE(vcpu_expect(self->v, "L2, L1, L2, L1",
		OPS(L2_LD(8, gva + 8), LD(8, gva + 8), L2_ST(4, gva + 8, 5), ST(4, gva + 8, 6),
		    { .kind = OP_MOVS, .width = 4, .addr = gva, .addr2 = gva + 0x20, .value = { 1 } },
		    { .kind = OP_MOVS, .width = 4, .addr = gva, .addr2 = gva + 0x20, .value = { 1 },
		      .flags = OPF_L2 }),
		EXITS(MMIO_RD(l2 + 8, 8, 1), MMIO_RD(l1 + 8, 8, 2),
		      MMIO_WR(l2 + 8, 4, 5), MMIO_WR(l1 + 8, 4, 6),
		      MMIO_RD(l1, 4, 3), MMIO_WR(l1 + 0x20, 4, 3),
		      MMIO_RD(l2, 4, 4), MMIO_WR(l2 + 0x20, 4, 4))));
}

/*
 * The faulting address is L2's physical address, and a virtual address can have the
 * same value.  Here the source of a movs has the physical address that equals the
 * virtual address of the destination.
 * Red with: vcpu_cache_mmio_info() that caches in nested mode too.
 */
KVMEM_TEST(nested_address_is_no_virtual_one, "A28")
{
	FIXTURE_DATA(l2) data = { .next = 0 }, *self = &data;
	uint64_t source = WINDOW, target = L2_GPA, other = L2_GPA + 0x400000;

	l2_vm(self, true, 0);
	vm_map(self->vm, source, target, 1);
	l2_map(self->vm, target, HOLE, 1, true);
	vm_map(self->vm, target, other, 1);
	l2_map(self->vm, other, HOLE + 0x9000, 1, true);
	ASSERT_TRUE(vcpu_expect(self->v, "movs from one hole to another",
		OPS({ .kind = OP_MOVS, .width = 4, .addr = source, .addr2 = target,
		      .value = { 1 }, .flags = OPF_L2 }),
		EXITS(MMIO_RD(HOLE, 4, 7), MMIO_WR(HOLE + 0x9000, 4, 7))));
	l2_map(self->vm, other + PAGE_4K, RAM, 1, true);
	vm_map(self->vm, target + PAGE_4K, other + PAGE_4K, 1);
	vm_map(self->vm, source + PAGE_4K, target + PAGE_4K, 1);
	l2_map(self->vm, target + PAGE_4K, HOLE + 0x3000, 1, true);
	ASSERT_TRUE(vcpu_expect(self->v, "movs from a hole to RAM",
		OPS({ .kind = OP_MOVS, .width = 4, .addr = source + PAGE_4K,
		      .addr2 = target + PAGE_4K, .value = { 1 }, .flags = OPF_L2 }),
		EXITS(MMIO_RD(HOLE + 0x3000, 4, 9))));
	ASSERT_EQ(9, *(uint32_t *)self->ram);
}

/*
 * Memory that L1 has not mapped for L2 is a nested page fault for L1, with L2's
 * address, and no exit to userspace, whatever slot there is.
 */
KVMEM_TEST(not_given_by_l1, "A28")
{
	static const struct {
		const char *what;
		uint64_t l1;		/* 0: not mapped */
		bool write;
		uint64_t error;		/* present, write, user */
	} rows[] = {
		{ "read of an unmapped address", 0, false, 4 },
		{ "write to an unmapped address", 0, true, 6 },
		{ "write to RAM that L1 mapped read-only", RAM, true, 7 },
		{ "write to a hole that L1 mapped read-only", HOLE, true, 7 },
		{ "write to a read-only slot that L1 mapped read-only", ROM, true, 7 },
	};
	FIXTURE_DATA(l2) data = { .next = 0 }, *self = &data;
	size_t i;

	l2_vm(self, true, 0);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		uint64_t at = WINDOW + i * PAGE_4K, l2_gpa = L2_GPA + i * PAGE_4K;

		vm_map(self->vm, at, l2_gpa, 1);
		if (rows[i].l1)
			l2_map(self->vm, l2_gpa, rows[i].l1, 1, false);
		ASSERT_EQ(VCPU_DONE, vcpu_do(self->v,
			OPS({ .kind = rows[i].write ? OP_STORE : OP_LOAD, .width = 4,
			      .addr = at + 0x123, .value = { 5 }, .flags = OPF_L2 }), NO_EXITS));
		ASSERT_EQ(0, self->v->nr_exits) {
			TH_LOG("%s", rows[i].what);
		}
		ASSERT_EQ(0, vcpu_result(self->v, 0)->done);
		ASSERT_EQ(L2_EXIT_NPF, l2_get(self->v, VMCB_EXIT_CODE));
		ASSERT_EQ(rows[i].error, l2_get(self->v, VMCB_EXIT_INFO1) & 0x1f) {
			TH_LOG("%s", rows[i].what);
		}
		ASSERT_EQ(l2_gpa + 0x123, l2_get(self->v, VMCB_EXIT_INFO2));
	}
	ASSERT_EQ(0, *(uint32_t *)(self->ram + 0x123));
	ASSERT_EQ(0, *(uint32_t *)(self->rom + 0x123));
}

/* --- the PAT of L2 (F7m) ------------------------------------------------- */

#define PAT_L1	0x0606060606060606ULL
#define PAT_L2	0x0001040506070006ULL
#define PAT_NEW	0x0007040600070404ULL
#define PAT_BAD	0x0007040600070403ULL

/*
 * Without nested paging the CPU has one PAT for both (AMD64 APM volume 2, 15.25.2);
 * with it KVM shares the PAT too, unless KVM_X86_QUIRK_NESTED_SVM_SHARED_PAT (7.2) is
 * disabled.
 * Red with: the write of L2 dropped; G_PAT of the VMCB loaded.
 */
static void shared_pat(struct __test_metadata *_metadata, FIXTURE_DATA(l2) *self)
{
	uint64_t got;

	l2_set(self->v, VMCB_G_PAT, PAT_L2);
	ASSERT_TRUE(vcpu_expect(self->v, "one PAT for L1 and L2",
		OPS(WRMSR(MSR_PAT, PAT_L1), L2_RDMSR(MSR_PAT), L2_WRMSR(MSR_PAT, PAT_NEW),
		    L2_RDMSR(MSR_PAT), RDMSR(MSR_PAT)), NO_EXITS));
	ASSERT_EQ(PAT_L1, vcpu_value(self->v, 1));
	ASSERT_EQ(PAT_NEW, vcpu_value(self->v, 3));
	ASSERT_EQ(PAT_NEW, vcpu_value(self->v, 4));
	ASSERT_TRUE(cpu_get_msr(self->v, MSR_PAT, &got));
	ASSERT_EQ(PAT_NEW, got);

	/* The rules of F2m hold for L2. */
	ASSERT_EQ(VCPU_DONE, vcpu_do(self->v, OPS(L2_WRMSR(MSR_PAT, PAT_BAD), RDMSR(MSR_PAT)),
				     NO_EXITS));
	ASSERT_EQ(13, vcpu_result(self->v, 0)->vector);
	ASSERT_EQ(PAT_NEW, vcpu_value(self->v, 1));
}

KVMEM_TEST_F(l2, pat_shared, "F7m")
{
	shared_pat(_metadata, self);
}

/* With the quirk disabled, with and without nested paging. */
FIXTURE(l2_pat) {
	FIXTURE_DATA(l2) l2;
};

FIXTURE_VARIANT(l2_pat) {
	bool npt;
};

FIXTURE_VARIANT_ADD(l2_pat, npt) { .npt = true };
FIXTURE_VARIANT_ADD(l2_pat, shadow) { .npt = false };

KVMEM_SETUP(l2_pat)
{
	l2_vm(&self->l2, variant->npt, KVM_X86_QUIRK_NESTED_SVM_SHARED_PAT);
}

/*
 * With nested paging L2's PAT is in the VMCB: loaded by VMRUN, stored by #VMEXIT,
 * which also restores L1's.
 */
KVMEM_TEST_F(l2_pat, own, "F7m")
{
	struct vcpu *v = self->l2.v;
	uint64_t got;

	if (!variant->npt) {
		shared_pat(_metadata, &self->l2);
		return;
	}
	l2_set(v, VMCB_G_PAT, PAT_L2);
	ASSERT_TRUE(vcpu_expect(v, "a separate PAT for L2",
		OPS(WRMSR(MSR_PAT, PAT_L1), L2_RDMSR(MSR_PAT), L2_WRMSR(MSR_PAT, PAT_NEW),
		    RDMSR(MSR_PAT), L2_RDMSR(MSR_PAT)), NO_EXITS));
	ASSERT_EQ(PAT_L2, vcpu_value(v, 1));
	ASSERT_EQ(PAT_L1, vcpu_value(v, 3));
	ASSERT_EQ(PAT_NEW, vcpu_value(v, 4));
	ASSERT_EQ(PAT_NEW, l2_get(v, VMCB_G_PAT));
	ASSERT_TRUE(cpu_get_msr(v, MSR_PAT, &got));
	ASSERT_EQ(PAT_L1, got);
}

KVMEM_TEST_F(l2_pat, invalid, "F7m")
{
	struct vcpu *v = self->l2.v;

	l2_set(v, VMCB_G_PAT, PAT_BAD);
	ASSERT_EQ(VCPU_DONE, vcpu_do(v, OPS(L2_RDMSR(MSR_PAT)), NO_EXITS));
	ASSERT_EQ(!variant->npt, vcpu_result(v, 0)->done);
	ASSERT_EQ(variant->npt, (uint32_t)l2_get(v, VMCB_EXIT_CODE) == (uint32_t)L2_EXIT_INVALID);
	/* VMRUN works again after a failed one. */
	l2_set(v, VMCB_G_PAT, PAT_L2);
	ASSERT_TRUE(vcpu_expect(v, "a valid PAT again", OPS(L2_RDMSR(MSR_PAT)), NO_EXITS));
}

/* --- migration while L2 runs (A28, F7m) ---------------------------------- */

struct state {
	struct kvm_regs regs;
	struct kvm_sregs sregs;
	struct kvm_vcpu_events events;
	uint64_t msr_pat, msr_hsave;
	union {
		struct kvm_nested_state head;
		uint8_t bytes[0x4000];
	} nested;
};

#define MSR_VM_HSAVE_PA 0xc0010117

/* The state of this guest that differs from a new vCPU's. */
static bool state_get(struct vcpu *v, struct state *s)
{
	s->nested.head.size = sizeof(s->nested);
	return !ioctl(v->fd, KVM_GET_REGS, &s->regs) && !ioctl(v->fd, KVM_GET_SREGS, &s->sregs) &&
	       !ioctl(v->fd, KVM_GET_VCPU_EVENTS, &s->events) &&
	       cpu_get_msr(v, MSR_PAT, &s->msr_pat) &&
	       cpu_get_msr(v, MSR_VM_HSAVE_PA, &s->msr_hsave) &&
	       !ioctl(v->fd, KVM_GET_NESTED_STATE, &s->nested);
}

static bool state_set(struct vcpu *v, struct state *s)
{
	return !ioctl(v->fd, KVM_SET_SREGS, &s->sregs) && cpu_set_msr(v, MSR_PAT, s->msr_pat) &&
	       cpu_set_msr(v, MSR_VM_HSAVE_PA, s->msr_hsave) &&
	       !ioctl(v->fd, KVM_SET_VCPU_EVENTS, &s->events) &&
	       !ioctl(v->fd, KVM_SET_REGS, &s->regs) &&
	       !ioctl(v->fd, KVM_SET_NESTED_STATE, &s->nested);
}

/*
 * L2 stores to a hole; one VM handles the store, and another VM with the same memory
 * runs the rest of L2 and L1.
 */
static void migrate_in_l2(struct __test_metadata *_metadata, FIXTURE_DATA(l2) *self,
			  uint64_t quirks_off, bool own_pat)
{
	uint64_t hole = window(self, HOLE + 0x5000), got;
	FIXTURE_DATA(l2) to = { .next = 0 };
	struct state s;

	REQUIRE(vm_cap(self->vm, KVM_CAP_NESTED_STATE), "no KVM_CAP_NESTED_STATE");
	l2_set(self->v, VMCB_G_PAT, PAT_L2);
	vcpu_start(self->v, OPS(WRMSR(MSR_PAT, PAT_L1),
				{ .kind = OP_STORE, .width = 4, .addr = hole, .value = { 7 }, .count = 2,
				  .stride = 0x18, .flags = OPF_L2 },
				RDMSR(MSR_PAT), L2_RDMSR(MSR_PAT), L2_LD(8, hole)));
	ASSERT_EQ(VCPU_RESUME, vcpu_run(self->v));
	ASSERT_TRUE(exit_equal(&self->v->log[0], &(struct kexit)MMIO_WR(HOLE + 0x5000, 4, 7)));
	/* KVM_RUN completes the store and returns. */
	vcpu_kick(self->v);
	ASSERT_EQ(VCPU_EXIT, vcpu_run(self->v));
	ASSERT_EQ(EINTR, self->v->log[1].err);
	ASSERT_TRUE(state_get(self->v, &s));
	ASSERT_TRUE(s.nested.head.flags & KVM_STATE_NESTED_GUEST_MODE);
	/* KVM_GET_MSRS always returns L1's PAT. */
	ASSERT_EQ(PAT_L1, s.msr_pat);

	l2_vm(&to, self->npt, quirks_off);
	memcpy(to.vm->sys, self->vm->sys, VM_SYS_SIZE);
	vm_destroy(self->vm);
	to.v->in_list = true;
	ASSERT_TRUE(state_set(to.v, &s)) {
		TH_LOG("%s", strerror(errno));
	}
	ASSERT_EQ(VCPU_DONE, vcpu_finish(to.v));
	ASSERT_TRUE(exits_match("after the migration", to.v->log, to.v->nr_exits,
				EXITS(MMIO_WR(HOLE + 0x5018, 4, 7), MMIO_RD(HOLE + 0x5000, 8, ~0ULL))));
	ASSERT_EQ(2, vcpu_result(to.v, 1)->done);
	ASSERT_EQ(PAT_L1, vcpu_value(to.v, 2));
	ASSERT_EQ(own_pat ? PAT_L2 : PAT_L1, vcpu_value(to.v, 3));
	ASSERT_TRUE(cpu_get_msr(to.v, MSR_PAT, &got));
	ASSERT_EQ(PAT_L1, got);
	if (own_pat)
		ASSERT_EQ(PAT_L2, l2_get(to.v, VMCB_G_PAT));
}

KVMEM_TEST_F(l2, migrate, "A28 F7m")
{
	migrate_in_l2(_metadata, self, 0, false);
}

KVMEM_TEST_F(l2_pat, migrate, "A28 F7m")
{
	migrate_in_l2(_metadata, &self->l2, KVM_X86_QUIRK_NESTED_SVM_SHARED_PAT, variant->npt);
}

KVMEM_MAIN
