/* SPDX-License-Identifier: GPL-2.0-only */
/* Aborts that KVM injects into the guest, in each mode of execution. */
#ifndef KVMEM_ARM64_ABORT_H
#define KVMEM_ARM64_ABORT_H

#include "arch/arm64/cpu.h"
#include "arch/arm64/layout.h"
#include "arch/arm64/mmu.h"
#include "guest/list.h"
#include "util/env.h"
#include "util/util.h"

#define REG_SPSR_EL1	REG_CORE(offsetof(struct kvm_regs, spsr[KVM_SPSR_EL1]))

#define PSTATE_EL1H	0x3c5
#define PSTATE_MODE	0x3df	/* mode, and DAIF, of PSTATE and SPSR */
#define ESR_IL		(1ULL << 25)	/* of an instruction of 32 bits */

struct mode {
	const char *name;
	uint64_t pstate;	/* mode and DAIF */
	uint16_t flags;		/* OPF_* */
	uint64_t vector;	/* offset of its synchronous exceptions */
	unsigned int lower;	/* exception classes are less by this */
};

static const struct mode modes[] = {
	{ "EL1t", 0x3c4, 0, 0x000, 0 },		/* the payload's mode */
	{ "EL1h", PSTATE_EL1H, 0, 0x200, 0 },
	{ "EL0", 0x3c0, OPF_USER, 0x400, 1 },
};

/* vcpu.on_sync: execute what follows in a mode. */
static inline void enter_mode(struct vcpu *v, uint32_t value, void *mode)
{
	(void)value;
	if (((const struct mode *)mode)->pstate != PSTATE_EL1H)
		return;
	cpu_set_reg(v, REG_SP_EL1, cpu_get_reg(v, REG_SP_EL0));
	cpu_set_reg(v, REG_PSTATE, PSTATE_EL1H);
}

/* Start a list that executes one operation, number 1, in a mode, and then another. */
static inline void start_in_mode(struct vcpu *v, struct mbox_op op, const struct mode *m)
{
	op.flags |= m->flags;
	v->on_sync = enter_mode;
	v->on_sync_arg = (void *)m;
	vcpu_start(v, OPS({ .kind = OP_SYNC }, op, { .kind = OP_NOP }));
}

/* ESR_EL1 of an abort: EC_* as at EL1, and the fault status code. */
static inline uint64_t abort_esr(const struct mode *m, unsigned int ec, unsigned int fsc)
{
	return (uint64_t)(ec - m->lower) << 26 | ESR_IL | fsc;
}

/*
 * The list has finished, and operation 1 was the abort.  ESR must be exact but for WnR: KVM
 * does not set it, although the CPU would for a store.  Its upper half is tested in
 * aborts.esr_upper_half.
 */
static inline bool has_aborted(struct vcpu *v, const char *what, const struct mode *m,
			       unsigned int ec, unsigned int fsc, uint64_t far)
{
	const struct mbox_result *r = vcpu_result(v, 1);
	const struct mbox_op *op = &v->mb->entry[1].op;
	uint64_t esr = abort_esr(m, ec, fsc), spsr = cpu_get_reg(v, REG_SPSR_EL1);
	bool fetch = ec == EC_IABT;

	if (r->vector == (int)(ec - m->lower) && (low(r->error, 4) & ~ESR_WNR) == esr &&
	    r->fault_addr == far && r->arch.vector_offset == m->vector && r->done == 0 &&
	    (spsr & PSTATE_MODE) == m->pstate &&
	    (fetch ? r->pc == far : r->pc >= VM_SYS_GPA && r->pc < VM_SYS_GPA + SYS_CODE_SIZE) &&
	    vcpu_result(v, 2)->done == 1)
		return true;
	diag("%s, kind %u width %u at %s: vector %d at 0x%llx, ESR 0x%llx FAR 0x%llx ELR 0x%llx SPSR 0x%llx, "
	     "retired %u; expected vector 0x%llx, ESR 0x%llx FAR 0x%llx", what, op->kind, op->width,
	     m->name, r->vector, (unsigned long long)r->arch.vector_offset,
	     (unsigned long long)r->error, (unsigned long long)r->fault_addr,
	     (unsigned long long)r->pc, (unsigned long long)spsr, r->done,
	     (unsigned long long)m->vector, (unsigned long long)esr, (unsigned long long)far);
	return false;
}

/**
 * aborts - run an operation that must abort in the guest, without an exit
 * @v: vCPU
 * @what: prefix of the diagnostics
 * @op: operation
 * @m: mode to execute it in
 * @ec: exception class, EC_IABT or EC_DABT
 * @fsc: fault status code
 * @far: fault address; for a fetch also the return address
 *
 * A guest that repeats the access for ever is given up after a second: the vCPU must not
 * be used again then.
 */
static inline bool aborts(struct vcpu *v, const char *what, struct mbox_op op,
			  const struct mode *m, unsigned int ec, unsigned int fsc, uint64_t far)
{
	enum vcpu_stop stop;
	char text[160];

	start_in_mode(v, op, m);
	v->give_up_ms = 1000;
	stop = vcpu_finish(v);
	v->give_up_ms = 0;
	if (stop == VCPU_DONE && !v->nr_exits)
		return has_aborted(v, what, m, ec, fsc, far);
	exit_print(&v->log[0], text, sizeof(text));
	diag("%s, kind %u width %u at %s: %s, %u exits, first: %s", what, op.kind, op.width, m->name,
	     stop == VCPU_HUNG ? "the guest repeats the access for ever" : "not finished in the guest",
	     v->nr_exits, v->nr_exits ? text : "none");
	return false;
}

/* Operations with one access of @addr, which a slot over it would complete. */
#define ACCESSES(a)							\
	{ .kind = OP_LOAD, .width = 1, .addr = (a) },		\
	{ .kind = OP_LOAD, .width = 8, .addr = (a) },		\
	{ .kind = OP_STORE, .width = 2, .addr = (a) },		\
	{ .kind = OP_STORE, .width = 8, .addr = (a) },		\
	{ .kind = OP_LDP, .width = 16, .addr = (a) },		\
	{ .kind = OP_STP, .width = 16, .addr = (a) },		\
	{ .kind = OP_LDR_POST, .width = 8, .addr = (a) },		\
	{ .kind = OP_LDXR, .width = 4, .addr = (a) }

#endif /* KVMEM_ARM64_ABORT_H */
