// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_SET_VCPU_EVENTS with ext_dabt_pending: userspace ends an MMIO or NISV exit with an
 * external abort in the guest, in place of a completion (G4, G11, A27).
 */
#include "harness/test.h"

#include <sys/ioctl.h>

#include "arch.h"
#include "abort.h"
#include "harness/record.h"
#include "kvm/uapi.h"

#define HOLE	0xc0000000ULL	/* no slot here */
#define ADDR	(VM_WINDOW + 0x128)	/* mapped to it */
#define GPA	(HOLE + 0x128)
#define DATA	0x8182838485868788ULL

static int set_events(struct vcpu *v, const struct kvm_vcpu_events *e)
{
	return ioctl(v->fd, KVM_SET_VCPU_EVENTS, e) ? -errno : 0;
}

static int inject(struct vcpu *v)
{
	struct kvm_vcpu_events e = { .exception.ext_dabt_pending = 1 };

	return set_events(v, &e);
}

FIXTURE(inject) {
	struct vm *vm;
	struct vcpu *v;
};

FIXTURE_VARIANT(inject) {
	size_t mode;
};

FIXTURE_VARIANT_ADD(inject, el1t) { 0 };
FIXTURE_VARIANT_ADD(inject, el1h) { 1 };
FIXTURE_VARIANT_ADD(inject, el0) { 2 };

KVMEM_SETUP(inject)
{
	if (!vm_cap(NULL, KVM_CAP_ARM_INJECT_EXT_DABT))
		end_skip("no KVM_CAP_ARM_INJECT_EXT_DABT");
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	vm_map(self->vm, VM_WINDOW, HOLE, 1);
}

/* Run operation @op until its exit, the first that is not the payload's. */
static bool run_to_exit(struct vcpu *v, struct mbox_op op, const struct mode *m, uint32_t reason)
{
	char text[160];

	start_in_mode(v, op, m);
	while (!v->nr_exits)
		if (vcpu_run(v) == VCPU_DONE)
			break;
	if (v->nr_exits == 1 && v->log[0].reason == reason && v->log[0].addr == GPA)
		return true;
	exit_print(&v->log[0], text, sizeof(text));
	diag("kind %u width %u: %u exits, first: %s", op.kind, op.width, v->nr_exits, text);
	return false;
}

static const struct mbox_op plain[] = {
	{ .kind = OP_LOAD, .width = 1, .addr = ADDR, .value = { DATA } },
	{ .kind = OP_LOAD, .width = 8, .addr = ADDR, .value = { DATA } },
	{ .kind = OP_LOAD_SX, .width = 2, .addr = ADDR, .value = { DATA } },
	{ .kind = OP_LDAR, .width = 4, .addr = ADDR, .value = { DATA } },
	{ .kind = OP_STORE, .width = 1, .addr = ADDR, .value = { DATA } },
	{ .kind = OP_STORE, .width = 8, .addr = ADDR, .value = { DATA } },
};

/*
 * The guest takes one abort, the access is not completed, and the next access is an exit as
 * before.
 * Red with: kvm_handle_mmio_return() without its look at a pending exception: the abort's
 * return address is the next instruction, and the load's register is written.
 */
KVMEM_TEST_F(inject, in_place_of_mmio, "G4 G11")
{
	const struct mode *m = &modes[variant->mode];
	struct vcpu *v = self->v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(plain); i++) {
		ASSERT_TRUE(run_to_exit(v, plain[i], m, KVM_EXIT_MMIO));
		ASSERT_EQ(0, inject(v));
		ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
		ASSERT_EQ(1, v->nr_exits);
		ASSERT_TRUE(has_aborted(v, "injected", m, EC_DABT, FSC_EXTERNAL, ADDR));

		ASSERT_TRUE(run_to_exit(v, plain[i], m, KVM_EXIT_MMIO));
		ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
		ASSERT_EQ(1, v->nr_exits);
		ASSERT_EQ(1, vcpu_result(v, 1)->done);
		ASSERT_EQ(-1, vcpu_result(v, 1)->vector);
	}
}

KVMEM_TEST_F(inject, in_place_of_nisv, "G4 G5")
{
	static const struct mbox_op ops[] = {
		{ .kind = OP_LDP, .width = 16, .addr = ADDR, .value = { DATA } },
		{ .kind = OP_STP, .width = 8, .addr = ADDR, .value = { DATA } },
		{ .kind = OP_LDR_FP, .width = 8, .addr = ADDR, .value = { DATA } },
		{ .kind = OP_STR_POST, .width = 8, .addr = ADDR, .value = { DATA } },
		{ .kind = OP_LDXR, .width = 4, .addr = ADDR, .value = { DATA } },
	};
	const struct mode *m = &modes[variant->mode];
	size_t i;

	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_ARM_NISV_TO_USER, 0));
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		ASSERT_TRUE(run_to_exit(self->v, ops[i], m, KVM_EXIT_ARM_NISV));
		ASSERT_EQ(0, inject(self->v));
		ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
		ASSERT_EQ(1, self->v->nr_exits);
		ASSERT_TRUE(has_aborted(self->v, "injected", m, EC_DABT, FSC_EXTERNAL, ADDR));
	}
}

/* Of PSTATE: SS, IL, BTYPE, which an exception clears. */
#define CLEARED (1ULL << 21 | 1ULL << 20 | 3ULL << 10)

/*
 * After the next KVM_RUN at the latest, even one that does not enter the guest, all
 * registers are those of the exception, and the others as they were.
 */
KVMEM_TEST_F(inject, registers, "G4 G11")
{
	const struct mode *m = &modes[variant->mode];
	struct vcpu *v = self->v;
	uint64_t x[31], pc, sp_el0, sp_el1, pstate;
	unsigned int i, n;

	for (n = 0; n < ARRAY_SIZE(plain); n++) {
		ASSERT_TRUE(run_to_exit(v, plain[n], m, KVM_EXIT_MMIO));
		pc = cpu_get_reg(v, REG_PC);
		sp_el0 = cpu_get_reg(v, REG_SP_EL0);
		sp_el1 = cpu_get_reg(v, REG_SP_EL1);
		for (i = 0; i < 31; i++)
			x[i] = cpu_get_reg(v, REG_X(i));
		pstate = (cpu_get_reg(v, REG_PSTATE) & ~(0xfULL << 28)) | (uint64_t)n << 28 | CLEARED;
		ASSERT_EQ(m->pstate, pstate & PSTATE_MODE);
		cpu_set_reg(v, REG_PSTATE, pstate);
		ASSERT_EQ(0, inject(v));
		if (!n)
			record_observation("G11", "inject.pc_after_set_events", "%s",
				cpu_get_reg(v, REG_PC) == pc ? "at the instruction" : "at the vector");
		ASSERT_TRUE(vcpu_complete(v));
		ASSERT_EQ(VM_SYS_GPA + SYS_VECTORS + m->vector, cpu_get_reg(v, REG_PC));
		ASSERT_EQ(PSTATE_EL1H | (uint64_t)n << 28,
			  cpu_get_reg(v, REG_PSTATE) & (PSTATE_MODE | 0xfULL << 28 | CLEARED));
		ASSERT_EQ(pc, cpu_get_reg(v, REG_ELR_EL1));
		ASSERT_EQ(pstate, cpu_get_reg(v, REG_SPSR_EL1));
		ASSERT_EQ(ADDR, cpu_get_reg(v, REG_FAR));
		ASSERT_EQ(abort_esr(m, EC_DABT, FSC_EXTERNAL), low(cpu_get_reg(v, REG_ESR), 4) & ~ESR_WNR);
		ASSERT_EQ(sp_el0, cpu_get_reg(v, REG_SP_EL0));
		ASSERT_EQ(sp_el1, cpu_get_reg(v, REG_SP_EL1));
		for (i = 0; i < 31; i++)
			ASSERT_EQ(x[i], cpu_get_reg(v, REG_X(i))) {
				TH_LOG("x%u, kind %u width %u", i, plain[n].kind, plain[n].width);
			}
		/* Nothing is left to be completed or delivered. */
		ASSERT_TRUE(vcpu_complete(v));
		ASSERT_EQ(VM_SYS_GPA + SYS_VECTORS + m->vector, cpu_get_reg(v, REG_PC));
		ASSERT_EQ(pc, cpu_get_reg(v, REG_ELR_EL1));
		ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
		ASSERT_EQ(3, v->nr_exits);
		ASSERT_TRUE(has_aborted(v, "injected", m, EC_DABT, FSC_EXTERNAL, ADDR));
	}
}

/* After a completion too: the abort's return address is the next instruction then. */
KVMEM_TEST_F(inject, after_completion, "G11")
{
	struct vcpu *v = self->v;
	uint64_t pc;

	ASSERT_TRUE(run_to_exit(v, plain[1], &modes[variant->mode], KVM_EXIT_MMIO));
	pc = cpu_get_reg(v, REG_PC);
	ASSERT_TRUE(vcpu_complete(v));
	ASSERT_EQ(pc + 4, cpu_get_reg(v, REG_PC));
	ASSERT_EQ(0, inject(v));
	ASSERT_TRUE(vcpu_complete(v));
	ASSERT_EQ(pc + 4, cpu_get_reg(v, REG_ELR_EL1));
	ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
	ASSERT_EQ(3, v->nr_exits);
	ASSERT_EQ(EC_DABT - modes[variant->mode].lower, vcpu_result(v, 1)->vector);
}

/* KVM delivers the abort when it is set: it is never reported as pending. */
KVMEM_TEST_F(inject, get_events, "G4")
{
	struct kvm_vcpu_events e;
	struct vcpu *v = self->v;

	ASSERT_TRUE(run_to_exit(v, plain[1], &modes[variant->mode], KVM_EXIT_MMIO));
	memset(&e, 0xff, sizeof(e));
	ASSERT_EQ(0, ioctl(v->fd, KVM_GET_VCPU_EVENTS, &e));
	ASSERT_EQ(0, e.exception.ext_dabt_pending);
	ASSERT_EQ(0, e.exception.serror_pending);
	/* What was got can be set, and changes nothing. */
	ASSERT_EQ(0, set_events(v, &e));
	ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
	ASSERT_EQ(1, vcpu_result(v, 1)->done);

	ASSERT_TRUE(run_to_exit(v, plain[1], &modes[variant->mode], KVM_EXIT_MMIO));
	ASSERT_EQ(0, inject(v));
	ASSERT_EQ(0, ioctl(v->fd, KVM_GET_VCPU_EVENTS, &e));
	ASSERT_EQ(0, e.exception.ext_dabt_pending);
	ASSERT_EQ(0, e.exception.serror_pending);
	ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
	ASSERT_EQ(0, vcpu_result(v, 1)->done);
}

/*
 * Refused with EINVAL; the access is then completed as if nothing had been called.
 * Red with: the pad or reserved fields not looked at.
 */
KVMEM_TEST_F(inject, nonsense, "G4")
{
	struct kvm_vcpu_events bad[5] = { 0 };
	struct vcpu *v = self->v;
	size_t i;

	bad[0].exception.pad[0] = 1;
	bad[1].exception.pad[4] = 0x80;
	bad[2].reserved[0] = 1;
	bad[3].reserved[11] = 1U << 31;
	/* An SError whose syndrome has more than the 25 bits of the ISS. */
	bad[4].exception.serror_pending = 1;
	bad[4].exception.serror_has_esr = 1;
	bad[4].exception.serror_esr = 1ULL << 25;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		if (i < 4)
			bad[i].exception.ext_dabt_pending = 1;
		ASSERT_TRUE(run_to_exit(v, plain[i], &modes[variant->mode], KVM_EXIT_MMIO));
		ASSERT_EQ(-EINVAL, set_events(v, &bad[i])) {
			TH_LOG("row %zu", i);
		}
		ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
		ASSERT_EQ(1, v->nr_exits);
		ASSERT_EQ(1, vcpu_result(v, 1)->done);
		ASSERT_EQ(-1, vcpu_result(v, 1)->vector);
	}
}

/* Without an abort before it, FAR is whatever the last abort of the vCPU left (CH). */
KVMEM_TEST(inject_without_an_access, "G4")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	uint64_t pc;

	REQUIRE(vm_cap(NULL, KVM_CAP_ARM_INJECT_EXT_DABT), "no KVM_CAP_ARM_INJECT_EXT_DABT");
	vcpu_start(v, OPS({ .kind = OP_NOP }));
	pc = cpu_get_reg(v, REG_PC);
	ASSERT_EQ(0, inject(v));
	ASSERT_TRUE(vcpu_complete(v));
	ASSERT_EQ(pc, cpu_get_reg(v, REG_ELR_EL1));
	ASSERT_EQ(VM_SYS_GPA + SYS_VECTORS, cpu_get_reg(v, REG_PC));
	ASSERT_EQ(EC_DABT, cpu_get_reg(v, REG_ESR) >> 26 & 0x3f);
	record_observation("G4", "inject.without_access", "ESR 0x%llx FAR 0x%llx",
			   (unsigned long long)low(cpu_get_reg(v, REG_ESR), 4),
			   (unsigned long long)cpu_get_reg(v, REG_FAR));
}

KVMEM_MAIN
