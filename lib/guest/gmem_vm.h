/* SPDX-License-Identifier: GPL-2.0-only */
/* VMs that can have guest_memfd. */
#ifndef KVMEM_GUEST_GMEM_VM_H
#define KVMEM_GUEST_GMEM_VM_H

#include <stdbool.h>

#include "guest/guest.h"
#include "kvm/gmem.h"

/** gmem_private_vm - whether this kernel has VMs with software-protected private memory */
bool gmem_private_vm(void);

/**
 * gmem_vm_create - a VM that can have guest_memfd
 * @opts: as vm_create(); the type is chosen here
 *
 * The default type where the kernel gives it guest_memfd (6.18 and later),
 * else the VM type with software-protected private memory.  Skips the test when there is neither.
 */
struct vm *gmem_vm_create(const struct vm_opts *opts);

/**
 * gmem_kind_vm - a VM for that kind; skips the test where the kernel has none
 * @kind: shared or private
 * @opts: as vm_create(); the type is chosen here
 */
struct vm *gmem_kind_vm(enum gmem_kind kind, const struct vm_opts *opts);

#endif /* KVMEM_GUEST_GMEM_VM_H */
