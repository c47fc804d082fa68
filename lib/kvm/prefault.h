/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_PRE_FAULT_MEMORY, which on some kernels retries for ever. */
#ifndef KVMEM_PREFAULT_H
#define KVMEM_PREFAULT_H

#include <linux/kvm.h>

#include "kvm/vcpu.h"

/**
 * prefault_require - skip the test where there is no KVM_PRE_FAULT_MEMORY
 * @vm: of a type whose page tables it could fill
 *
 * Source: KVM_CAP_PRE_FAULT_MEMORY, 6.11, with two-dimensional paging only
 * (api.rst 4.143).
 */
void prefault_require(const struct vm *vm);

/**
 * prefault - KVM_PRE_FAULT_MEMORY (api.rst 4.143, BEHAVIOURS E17)
 * @v: vCPU of the calling thread
 * @r: range; on return what is left of it
 *
 * Return: 0 or a negative errno; -ETIMEDOUT, with a line said about it, when it
 * did not end for half a second or more, computing, and only a signal made it.
 */
int prefault(const struct vcpu *v, struct kvm_pre_fault_memory *r);

#endif /* KVMEM_PREFAULT_H */
