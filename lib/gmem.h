/* SPDX-License-Identifier: GPL-2.0-only */
/* guest_memfd: which VMs can have one, and how to get it. */
#ifndef KVMEM_GMEM_H
#define KVMEM_GMEM_H

#include <stdint.h>

#include "vm.h"

/**
 * gmem_vm_create - a VM that can have guest_memfd
 * @opts: as vm_create(); the type is chosen here
 *
 * The default type where the kernel gives it guest_memfd (6.18 and later),
 * else KVM_X86_SW_PROTECTED_VM.  Skips the test when there is neither.
 */
struct vm *gmem_vm_create(const struct vm_opts *opts);

/**
 * gmem_default_flags - creation flags with which such a VM's gmem is plain RAM
 *
 * Return: GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED for a VM without
 * private memory, else 0.
 */
uint64_t gmem_default_flags(const struct vm *vm);

/**
 * gmem_create - KVM_CREATE_GUEST_MEMFD
 * @vm: VM
 * @size: bytes
 * @flags: GUEST_MEMFD_FLAG_*
 *
 * Return: file descriptor or -errno.
 */
int gmem_create(const struct vm *vm, uint64_t size, uint64_t flags);

#endif /* KVMEM_GMEM_H */
