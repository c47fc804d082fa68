/* SPDX-License-Identifier: GPL-2.0-only */
/* VMs that support guest_memfd. */
#ifndef KVMEM_GUEST_GMEM_VM_H
#define KVMEM_GUEST_GMEM_VM_H

#include <stdbool.h>

#include "guest/guest.h"
#include "kvm/gmem.h"

/** gmem_private_vm - whether this kernel supports software-protected private memory */
bool gmem_private_vm(void);

/**
 * gmem_vm_create - create a VM that supports guest_memfd
 * @opts: as vm_create(), except for the type
 *
 * Uses the default type where it supports guest_memfd (6.18 and later), else the
 * VM type with software-protected private memory.  Skips the test without either.
 */
struct vm *gmem_vm_create(const struct vm_opts *opts);

/**
 * gmem_kind_vm - create a VM for a kind of guest_memfd
 * @kind: shared or private
 * @opts: as vm_create(), except for the type
 *
 * Skips the test where the kernel has no such VM type.
 */
struct vm *gmem_kind_vm(enum gmem_kind kind, const struct vm_opts *opts);

#endif /* KVMEM_GUEST_GMEM_VM_H */
