/* SPDX-License-Identifier: GPL-2.0-only */
/* A VM with its vCPUs and the guest payload, ready to run lists of operations. */
#ifndef KVMEM_GUEST_GUEST_H
#define KVMEM_GUEST_GUEST_H

#include "kvm/vm.h"

/**
 * vm_create - create a VM with vCPUs and payload
 * @opts: NULL for the defaults: default type, one vCPU, no in-kernel irqchip
 *
 * Skips the test where the host cannot create such a VM.
 */
struct vm *vm_create(const struct vm_opts *opts);

/** vm_destroy - destroy a VM and its vCPUs; host memory of slots is not freed */
void vm_destroy(struct vm *vm);

/** vm_destroy_all - destroy the remaining VMs; called by harness/test.h */
void vm_destroy_all(void);

/**
 * vm_map - map guest virtual to guest physical pages of VM_PAGE bytes
 * @vm: VM
 * @gva: page aligned, not mapped yet, at or above VM_WINDOW (arch.h)
 * @gpa: page aligned
 * @pages: number of pages
 */
void vm_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages);

#endif /* KVMEM_GUEST_GUEST_H */
