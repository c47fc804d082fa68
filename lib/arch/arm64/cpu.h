/* SPDX-License-Identifier: GPL-2.0-only */
/* Registers of a vCPU, arm64. */
#ifndef KVMEM_ARM64_CPU_H
#define KVMEM_ARM64_CPU_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vm;

/* KVM_GET_ONE_REG identifiers of the core registers and of a system register (api.rst 4.68). */
#define REG_CORE(offset) \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | (offset) / sizeof(uint32_t))
#define REG_X(n)	REG_CORE(offsetof(struct kvm_regs, regs.regs) + 8 * (n))
#define REG_PC		REG_CORE(offsetof(struct kvm_regs, regs.pc))
#define REG_SP_EL0	REG_CORE(offsetof(struct kvm_regs, regs.sp))
#define REG_PSTATE	REG_CORE(offsetof(struct kvm_regs, regs.pstate))
#define REG_SP_EL1	REG_CORE(offsetof(struct kvm_regs, sp_el1))
#define REG_ELR_EL1	REG_CORE(offsetof(struct kvm_regs, elr_el1))
#define REG_SCTLR	ARM64_SYS_REG(3, 0, 1, 0, 0)
#define REG_CPACR	ARM64_SYS_REG(3, 0, 1, 0, 2)
#define REG_TTBR0	ARM64_SYS_REG(3, 0, 2, 0, 0)
#define REG_TCR		ARM64_SYS_REG(3, 0, 2, 0, 2)
#define REG_ESR		ARM64_SYS_REG(3, 0, 5, 2, 0)
#define REG_FAR		ARM64_SYS_REG(3, 0, 6, 0, 0)
#define REG_MAIR	ARM64_SYS_REG(3, 0, 10, 2, 0)
#define REG_VBAR	ARM64_SYS_REG(3, 0, 12, 0, 0)
#define REG_TPIDRRO_EL0	ARM64_SYS_REG(3, 3, 13, 0, 3)
#define REG_TPIDR_EL1	ARM64_SYS_REG(3, 0, 13, 0, 4)
#define REG_CNTKCTL	ARM64_SYS_REG(3, 0, 14, 1, 0)
#define REG_ISAR0	ARM64_SYS_REG(3, 0, 0, 6, 0)
#define REG_ISAR1	ARM64_SYS_REG(3, 0, 0, 6, 1)

/**
 * cpu_get_reg - KVM_GET_ONE_REG
 * @v: vCPU
 * @id: REG_*, a 64-bit register
 *
 * Ends the test as failed on error.
 */
uint64_t cpu_get_reg(struct vcpu *v, uint64_t id);

/** cpu_set_reg - KVM_SET_ONE_REG; ends the test as failed on error */
void cpu_set_reg(struct vcpu *v, uint64_t id, uint64_t value);

/** cpu_try_set_reg - KVM_SET_ONE_REG; 0 or -errno */
int cpu_try_set_reg(struct vcpu *v, uint64_t id, uint64_t value);

/** cpu_skip - advance the PC by one instruction, as userspace does for KVM_EXIT_ARM_NISV */
void cpu_skip(struct vcpu *v);

/** cpu_insn - the instruction at the PC, 0 outside of the payload */
uint32_t cpu_insn(struct vcpu *v);

/** cpu_init_vgic - complete arch_create_irqchip() after the last vCPU is created */
void cpu_init_vgic(struct vm *vm);

/** cpu_has_lse - whether the vCPU has the atomic instructions of FEAT_LSE */
bool cpu_has_lse(struct vcpu *v);

/** cpu_has_ldapr - whether the vCPU has ldapr (FEAT_LRCPC) */
bool cpu_has_ldapr(struct vcpu *v);

#endif /* KVMEM_ARM64_CPU_H */
