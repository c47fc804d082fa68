// SPDX-License-Identifier: GPL-2.0-only
/* A vCPU that runs the payload: features, registers, exits. */
#include "arch/arm64/cpu.h"

#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "arch/arm64/layout.h"
#include "arch/arm64/mmu.h"
#include "kvm/vcpu.h"
#include "kvm/vm.h"
#include "util/env.h"

#define PSTATE_EL1T	0x3c4	/* DAIF masked, EL1, SP_EL0 */

/* RES1 bits, MMU and caches on, EL0 may use dc, ic, dc zva and ctr_el0. */
#define SCTLR_RES1	(1ULL << 29 | 1ULL << 28 | 1ULL << 23 | 1ULL << 22 | 1ULL << 20 | 1ULL << 11)
#define SCTLR_VALUE	(SCTLR_RES1 | 1ULL << 26 | 1ULL << 15 | 1ULL << 14 | 1ULL << 12 | \
			 1ULL << 2 | 1ULL << 0)

/* 48-bit addresses, 4 KiB granule, write-back inner shareable walks, no TTBR1. */
#define TCR_VALUE	(16ULL | 1ULL << 8 | 1ULL << 10 | 3ULL << 12 | 1ULL << 23 | 5ULL << 32)

extern const unsigned char guest_blob[], guest_blob_end[];

int cpu_try_set_reg(struct vcpu *v, uint64_t id, uint64_t value)
{
	struct kvm_one_reg r = { .id = id, .addr = (uintptr_t)&value };

	return ioctl(v->fd, KVM_SET_ONE_REG, &r) ? -errno : 0;
}

void cpu_set_reg(struct vcpu *v, uint64_t id, uint64_t value)
{
	int r = cpu_try_set_reg(v, id, value);

	if (r)
		end_fail("KVM_SET_ONE_REG 0x%llx: %s", (unsigned long long)id, strerror(-r));
}

uint64_t cpu_get_reg(struct vcpu *v, uint64_t id)
{
	uint64_t value = 0;
	struct kvm_one_reg r = { .id = id, .addr = (uintptr_t)&value };

	if (ioctl(v->fd, KVM_GET_ONE_REG, &r))
		end_fail("KVM_GET_ONE_REG 0x%llx: %s", (unsigned long long)id, strerror(errno));
	return value;
}

void cpu_skip(struct vcpu *v)
{
	cpu_set_reg(v, REG_PC, cpu_get_reg(v, REG_PC) + 4);
}

uint32_t cpu_insn(struct vcpu *v)
{
	uint64_t offset = cpu_get_reg(v, REG_PC) - VM_SYS_GPA;

	return offset < VM_SYS_SIZE ? *(uint32_t *)(v->vm->sys + offset) : 0;
}

bool cpu_has_lse(struct vcpu *v)
{
	return (cpu_get_reg(v, REG_ISAR0) >> 20 & 0xf) >= 2;
}

bool cpu_has_ldapr(struct vcpu *v)
{
	return cpu_get_reg(v, REG_ISAR1) >> 20 & 0xf;
}

static uint64_t vcpu_block(unsigned int id)
{
	return SYS_VCPU + id * SYS_VCPU_SIZE;
}

void arch_load_guest(struct vm *vm)
{
	size_t size = (size_t)(guest_blob_end - guest_blob);
	uint64_t code = VM_SYS_GPA + SYS_CODE, data = code + SYS_CODE_SIZE;

	if (size > SYS_CODE_SIZE)
		end_fail("the guest payload has %zu bytes, %d at most", size, SYS_CODE_SIZE);
	memcpy(vm->sys + SYS_CODE, guest_blob, size);
	vm->pt_next = SYS_PT_FIRST;
	/* Read-only, thus executable at both levels. */
	mmu_map(vm, code, code, SYS_CODE_SIZE / PAGE_4K, PTE_NORMAL | PTE_RDONLY);
	mmu_map(vm, data, data, (VM_SYS_SIZE - SYS_CODE_SIZE) / PAGE_4K, PTE_NORMAL);
	arch_map_identity(vm, MBOX_IO, PAGE_4K);
}

void arch_restart_vcpu(struct vcpu *v)
{
	uint64_t block = VM_SYS_GPA + vcpu_block(v->id), mbox = block + VCPU_MBOX;
	const struct { uint64_t id, value; } regs[] = {
		{ REG_MAIR, MAIR_VALUE },
		{ REG_TCR, TCR_VALUE },
		{ REG_TTBR0, (VM_SYS_GPA + SYS_ROOT) | ASID_ROOT },
		{ REG_VBAR, VM_SYS_GPA + SYS_VECTORS },
		{ REG_CPACR, 3 << 20 },		/* SIMD and floating point */
		{ REG_CNTKCTL, 3 },		/* counters at EL0 */
		{ REG_TPIDR_EL1, mbox },
		{ REG_TPIDRRO_EL0, SCTLR_VALUE },
		{ REG_SCTLR, SCTLR_VALUE },
		{ REG_X(0), mbox },
		{ REG_SP_EL0, block + VCPU_STACK_TOP },
		{ REG_PSTATE, PSTATE_EL1T },
		{ REG_PC, VM_SYS_GPA + SYS_CODE },
	};
	size_t i;

	for (i = 0; i < sizeof(regs) / sizeof(regs[0]); i++)
		cpu_set_reg(v, regs[i].id, regs[i].value);
	v->mb->guard_sp = 0;
}

void arch_setup_vcpu(struct vcpu *v)
{
	struct kvm_vcpu_init init;

	_Static_assert(sizeof(struct mbox) <= VCPU_STACK_TOP - 0x1000, "mailbox too large");
	if (ioctl(v->vm->fd, KVM_ARM_PREFERRED_TARGET, &init))
		end_fail("KVM_ARM_PREFERRED_TARGET: %s", strerror(errno));
	init.features[0] |= 1 << KVM_ARM_VCPU_PSCI_0_2;
	if (ioctl(v->fd, KVM_ARM_VCPU_INIT, &init))
		end_fail("KVM_ARM_VCPU_INIT: %s", strerror(errno));
	v->mb = (void *)(v->vm->sys + vcpu_block(v->id) + VCPU_MBOX);
	v->mb->arch.sctlr = SCTLR_VALUE;
	v->mb->arch.ttbr0 = (VM_SYS_GPA + SYS_ROOT) | ASID_ROOT;
	v->mb->arch.ttbr0_user = (VM_SYS_GPA + SYS_ROOT_USER) | ASID_ROOT_USER;
	v->mb->arch.lse = cpu_has_lse(v);
	v->reason_completes = true;
	arch_restart_vcpu(v);
	if (v->vm->opts.irqchip && v->id == v->vm->opts.nr_vcpus - 1)
		cpu_init_vgic(v->vm);
}

void arch_dump_regs(struct vcpu *v)
{
	unsigned int i;
	uint64_t pc;

	pc = cpu_get_reg(v, REG_PC);
	diag("pc %016llx pstate %08llx sp_el0 %016llx", (unsigned long long)pc,
	     (unsigned long long)cpu_get_reg(v, REG_PSTATE),
	     (unsigned long long)cpu_get_reg(v, REG_SP_EL0));
	diag("esr_el1 %llx far_el1 %llx elr_el1 %llx sctlr_el1 %llx ttbr0_el1 %llx",
	     (unsigned long long)cpu_get_reg(v, REG_ESR),
	     (unsigned long long)cpu_get_reg(v, REG_FAR),
	     (unsigned long long)cpu_get_reg(v, REG_ELR_EL1),
	     (unsigned long long)cpu_get_reg(v, REG_SCTLR),
	     (unsigned long long)cpu_get_reg(v, REG_TTBR0));
	for (i = 0; i < 28; i += 4)
		diag("x%-2u %016llx %016llx %016llx %016llx", i,
		     (unsigned long long)cpu_get_reg(v, REG_X(i)),
		     (unsigned long long)cpu_get_reg(v, REG_X(i + 1)),
		     (unsigned long long)cpu_get_reg(v, REG_X(i + 2)),
		     (unsigned long long)cpu_get_reg(v, REG_X(i + 3)));
	diag("code at pc: %08x", cpu_insn(v));
}

enum arch_exit arch_exit_of(const struct vcpu *v, const struct kexit *e, uint32_t *value)
{
	(void)v;
	if (e->reason != KVM_EXIT_MMIO || !e->is_write)
		return ARCH_EXIT_TEST;
	switch (e->addr) {
	case MBOX_IO + MBOX_IO_DONE:
		return ARCH_EXIT_DONE;
	case MBOX_IO + MBOX_IO_SYNC:
		*value = (uint32_t)e->data;
		return ARCH_EXIT_SYNC;
	case MBOX_IO + MBOX_IO_PANIC:
		return ARCH_EXIT_PANIC;
	}
	return ARCH_EXIT_TEST;
}

uint64_t arch_mmio_exits(struct vcpu *v)
{
	return vcpu_stat(v, "mmio_exit_user") - v->payload_exits;
}
