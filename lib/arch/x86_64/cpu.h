/* SPDX-License-Identifier: GPL-2.0-only */
/* vCPU set-up and host facts, x86-64. */
#ifndef KVMEM_X86_CPU_H
#define KVMEM_X86_CPU_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stdint.h>

struct vcpu;
struct vm;

/** cpu_supported - result of KVM_GET_SUPPORTED_CPUID, read once per process */
const struct kvm_cpuid2 *cpu_supported(void);

/** cpu_host_is_amd - whether VMMCALL is the native hypercall instruction */
bool cpu_host_is_amd(void);

/** cpu_host_flag - whether /proc/cpuinfo lists a CPU feature flag */
bool cpu_host_flag(const char *flag);

/** cpu_idt, cpu_gdt - host address of the guest's IDT and GDT */
const void *cpu_idt(const struct vm *vm);
const void *cpu_gdt(const struct vm *vm);

/** cpu_set_msr - KVM_SET_MSRS for one MSR; returns whether KVM accepted it */
bool cpu_set_msr(struct vcpu *v, uint32_t index, uint64_t value);

/** cpu_get_msr - KVM_GET_MSRS for one MSR; returns whether KVM supports it */
bool cpu_get_msr(struct vcpu *v, uint32_t index, uint64_t *value);

#endif /* KVMEM_X86_CPU_H */
