/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A VM and its memslots.
 *
 * Guest physical layout: one system slot (number VM_SYS_SLOT) at VM_SYS_GPA holds
 * the payload, descriptor tables, page tables, stacks and mailboxes; tests use
 * all other addresses.  Guest virtual memory is identity-mapped with 2 MiB pages
 * (created on demand by vcpu_start() for the addresses in a list), except for
 * mappings that a test creates with vm_map().
 */
#ifndef KVMEM_VM_H
#define KVMEM_VM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VM_SYS_SLOT	0
#define VM_SYS_GPA	0x10000000ULL	/* 256 MiB */
#define VM_SYS_SIZE	0x200000ULL
#define VM_MAX_VCPUS	16

/* Bytes of a page of this kernel: the unit of slots, and the smallest that KVM maps. */
#define VM_PAGE		vm_page
extern uint64_t vm_page;

#define PAGE_4K		0x1000ULL	/* of the guest's page tables */

#define PAGE_2M		0x200000ULL

struct vcpu;
struct vm;
struct kvmstat;

struct vm_opts {
	unsigned long type;	/* KVM_CREATE_VM argument, see arch_vm_type() */
	bool irqchip;		/* KVM_CREATE_IRQCHIP before the first vCPU */
	unsigned int nr_vcpus;	/* 0 means 1 */
	uint64_t quirks_off;	/* KVM_CAP_DISABLE_QUIRKS2, must be supported */
	bool full_cpu;		/* all CPU features KVM supports, not the suite's minimal set */
	void (*prepare)(struct vm *vm, const void *arg); /* before the first vCPU is created */
	const void *prepare_arg;
};

struct vm {
	int fd;
	struct vm_opts opts;
	unsigned char *sys;	/* host view of the system slot */
	struct vcpu *vcpu[VM_MAX_VCPUS];
	struct kvmstat *stat;
	uint64_t pt_next;	/* arch: first free page-table page, offset in sys */
	uint64_t pt_nested;	/* arch: root of L2's nested page tables, 0 for none */
	int irqchip_fd;		/* arch: device of arch_create_irqchip(), if it has one */
	bool entered;		/* some vCPU has run */
	struct vm *next;
};

/**
 * vm_device - the KVM device, opened once per process
 *
 * KVMEM_DEV overrides the path /dev/kvm.  Ends the test as a skip when it can't be
 * opened.
 */
int vm_device(void);

/**
 * vm_cap - KVM_CHECK_EXTENSION
 * @vm: VM, or NULL for the device
 * @cap: KVM_CAP_*
 *
 * Return: the capability's value, 0 when it is not supported.
 */
int vm_cap(const struct vm *vm, unsigned int cap);

/**
 * vm_enable_cap - KVM_ENABLE_CAP on the VM
 *
 * Return: 0 or -errno.
 */
int vm_enable_cap(const struct vm *vm, unsigned int cap, uint64_t arg0);

/**
 * vm_open - create a VM with its system slot, without vCPUs and payload
 * @opts: NULL for the defaults
 *
 * Tests call vm_create() (guest/guest.h).  Skips the test where the host cannot
 * create such a VM.
 */
struct vm *vm_open(const struct vm_opts *opts);

/** vm_close - close the VM and free its system slot; its vCPUs must be closed */
void vm_close(struct vm *vm);

/**
 * vm_region - KVM_SET_USER_MEMORY_REGION
 * @slot: slot number, address space in bits 31:16
 * @flags: KVM_MEM_*
 * @gpa: start
 * @size: bytes, 0 deletes
 * @hva: host address
 *
 * Return: 0 or -errno, for tests of the ioctl itself.
 */
int vm_region(const struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa,
	      uint64_t size, const void *hva);

/**
 * vm_region2 - KVM_SET_USER_MEMORY_REGION2, vm_region() with a guest_memfd
 * @gmem_fd: guest_memfd, -1 for none
 * @gmem_offset: bytes into it
 *
 * Return: 0 or -errno; -ENOTTY where the kernel has no such ioctl (before 6.8).
 */
int vm_region2(const struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa,
	       uint64_t size, const void *hva, int gmem_fd, uint64_t gmem_offset);

/**
 * vm_slot - create, move or delete a slot
 *
 * As vm_region(); ends the test as failed on error, and as a skip if the slot does not
 * consist of this kernel's pages.
 */
void vm_slot(const struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa,
	     uint64_t size, const void *hva);

/**
 * vm_alloc - allocate zeroed, page-aligned anonymous host memory
 * @size: bytes; sizes from 2 MiB on are aligned to 2 MiB
 *
 * Transparent huge pages are disabled; a test that needs them calls
 * madvise(MADV_HUGEPAGE).
 */
void *vm_alloc(uint64_t size);

/**
 * vm_stat - read a counter of the VM (KVM_GET_STATS_FD)
 *
 * Ends the test as a skip when the kernel has no such counter.
 */
uint64_t vm_stat(const struct vm *vm, const char *name);

/** vm_has_stat - whether this kernel has the VM counter */
bool vm_has_stat(const struct vm *vm, const char *name);

#endif /* KVMEM_VM_H */
