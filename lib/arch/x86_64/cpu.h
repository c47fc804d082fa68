/* SPDX-License-Identifier: GPL-2.0-only */
/* vCPU set-up and host facts, x86-64. */
#ifndef KVMEM_X86_CPU_H
#define KVMEM_X86_CPU_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vm;

/** cpu_supported - KVM_GET_SUPPORTED_CPUID, asked once per process */
const struct kvm_cpuid2 *cpu_supported(void);

/** cpu_host_is_amd - whether VMMCALL is the native hypercall instruction */
bool cpu_host_is_amd(void);

/** cpu_host_flag - whether /proc/cpuinfo lists a feature for this machine's CPU */
bool cpu_host_flag(const char *flag);

/** cpu_idt, cpu_gdt - host view of the page with the guest's table */
const void *cpu_idt(const struct vm *vm);
const void *cpu_gdt(const struct vm *vm);

/** cpu_set_msr - KVM_SET_MSRS of one register; returns whether KVM took it */
bool cpu_set_msr(struct vcpu *v, uint32_t index, uint64_t value);

/** cpu_get_msr - KVM_GET_MSRS of one register; returns whether KVM has it */
bool cpu_get_msr(struct vcpu *v, uint32_t index, uint64_t *value);

#endif /* KVMEM_X86_CPU_H */
