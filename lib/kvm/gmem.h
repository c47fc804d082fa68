/* SPDX-License-Identifier: GPL-2.0-only */
/* guest_memfd: files, slots, attributes. */
#ifndef KVMEM_GMEM_H
#define KVMEM_GMEM_H

#include <stdint.h>

#include "kvm/uapi.h"
#include "kvm/vm.h"

/* Flags of a guest_memfd that can be mmap()ed and whose memory starts as shared. */
#define GMEM_PLAIN_FLAGS (GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED)

/**
 * gmem_default_flags - creation flags for a guest_memfd used as plain RAM
 * @vm: VM
 *
 * Return: GMEM_PLAIN_FLAGS when KVM_CAP_GUEST_MEMFD_FLAGS offers them for this VM,
 * else 0.
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
 * The two uses of guest_memfd: plain RAM of a VM of the default type, or private
 * memory of a VM type with software protection.
 */
enum gmem_kind { GMEM_SHARED, GMEM_PRIVATE };

/**
 * gmem_kind_create - create a guest_memfd for a kind of use
 *
 * Ends the test as failed on error.
 *
 * Return: file descriptor.
 */
int gmem_kind_create(const struct vm *vm, enum gmem_kind kind, uint64_t size);

/**
 * gmem_slot - create a slot backed by guest_memfd
 *
 * As vm_region2() with KVM_MEM_GUEST_MEMFD.  For GMEM_PRIVATE, also sets the private
 * attribute of its gfns.
 *
 * Return: 0 or -errno.
 */
int gmem_slot(const struct vm *vm, enum gmem_kind kind, uint32_t slot, uint64_t gpa,
	      uint64_t size, const void *hva, int fd, uint64_t offset);

/** gmem_punch - fallocate(PUNCH_HOLE | KEEP_SIZE); 0 or -errno */
int gmem_punch(int fd, uint64_t offset, uint64_t len);

/** gmem_attributes - KVM_SET_MEMORY_ATTRIBUTES; 0 or -errno */
int gmem_attributes(const struct vm *vm, uint64_t gpa, uint64_t size, uint64_t attributes);

/**
 * gmem_unevictable_kib - unevictable memory of this machine, in KiB
 *
 * Pages of guest_memfd are included (/proc/meminfo, Unevictable).
 */
long gmem_unevictable_kib(void);

#endif /* KVMEM_GMEM_H */
