/* SPDX-License-Identifier: GPL-2.0-only */
/* guest_memfd: files, slots, attributes. */
#ifndef KVMEM_GMEM_H
#define KVMEM_GMEM_H

#include <stdint.h>

#include "kvm/uapi.h"
#include "kvm/vm.h"

/* Creation flags that make guest_memfd plain RAM. */
#define GMEM_PLAIN_FLAGS (GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED)

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

/*
 * The two ways in which a guest uses guest_memfd: as plain RAM of a default VM,
 * or as the private memory of a VM type with software protection.
 */
enum gmem_kind { GMEM_SHARED, GMEM_PRIVATE };

/**
 * gmem_kind_create - a file for that kind, mapped by no slot yet
 *
 * Ends the test as failed when the kernel refuses.
 */
int gmem_kind_create(const struct vm *vm, enum gmem_kind kind, uint64_t size);

/**
 * gmem_slot - a slot backed by guest_memfd, its gfns private where @kind says so
 *
 * As vm_region2() with KVM_MEM_GUEST_MEMFD.  Return: 0 or -errno.
 */
int gmem_slot(const struct vm *vm, enum gmem_kind kind, uint32_t slot, uint64_t gpa,
	      uint64_t size, const void *hva, int fd, uint64_t offset);

/** gmem_punch - fallocate(PUNCH_HOLE | KEEP_SIZE); 0 or -errno */
int gmem_punch(int fd, uint64_t offset, uint64_t len);

/** gmem_attributes - KVM_SET_MEMORY_ATTRIBUTES; 0 or -errno */
int gmem_attributes(const struct vm *vm, uint64_t gpa, uint64_t size, uint64_t attributes);

/**
 * gmem_unevictable_kib - memory of this machine that can't be evicted, in KiB
 *
 * guest_memfd's pages are part of it (/proc/meminfo, Unevictable).
 */
long gmem_unevictable_kib(void);

#endif /* KVMEM_GMEM_H */
