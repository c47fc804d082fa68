/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_PRE_FAULT_MEMORY with a time limit: on some kernels it retries for ever. */
#ifndef KVMEM_PREFAULT_H
#define KVMEM_PREFAULT_H

#include <linux/kvm.h>

#include "kvm/vcpu.h"

/**
 * prefault_require - skip the test where there is no KVM_PRE_FAULT_MEMORY
 * @vm: VM; the capability depends on its type
 *
 * Source: KVM_CAP_PRE_FAULT_MEMORY, since 6.11, with two-dimensional paging only
 * (api.rst 4.143).
 */
void prefault_require(const struct vm *vm);

/**
 * prefault - KVM_PRE_FAULT_MEMORY (api.rst 4.143, BEHAVIOURS E17)
 * @v: vCPU of the calling thread
 * @r: range; set to the remaining range
 *
 * Return: 0 or -errno; -ETIMEDOUT, with a diagnostic, when the ioctl returned only
 * because of a signal after a time limit (0.5 s to 5 s, by profile), of which it
 * used the CPU for at least a quarter.
 */
int prefault(const struct vcpu *v, struct kvm_pre_fault_memory *r);

#endif /* KVMEM_PREFAULT_H */
