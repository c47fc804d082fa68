/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Everything that an architecture supplies to the C side, implemented in
 * lib/arch/NAME.  Its payload is in guest_code/NAME, its tests and benchmarks in
 * tests/NAME and bench/NAME, its part of run.sh in lib/sh/arch/NAME.sh.  A new
 * architecture adds these and changes nothing else.
 */
#ifndef KVMEM_ARCH_H
#define KVMEM_ARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_code/mailbox.h"

struct kexit;
struct vm;
struct vcpu;

/* --- the VM, its payload and its guest page tables --------------------------- */

/* Guest virtual addresses from here on are free for vm_map(). */
#define VM_WINDOW 0x400000000000ULL

/** arch_vm_type - KVM_CREATE_VM argument for a VM without private memory */
unsigned long arch_vm_type(void);

/**
 * arch_private_vm_type - VM type with software-protected private memory
 *
 * Return: bit number in KVM_CAP_VM_TYPES, which is also the KVM_CREATE_VM
 * argument; -1 when the architecture has none.
 */
int arch_private_vm_type(void);

/** arch_private_vm_name - that type's name in the kernel's headers, for messages */
const char *arch_private_vm_name(void);

/** arch_create_irqchip - give the VM an in-kernel interrupt controller, or skip the test */
void arch_create_irqchip(struct vm *vm);

/** arch_load_guest - copy the payload into the system slot and create its tables */
void arch_load_guest(struct vm *vm);

/**
 * arch_setup_vcpu - CPU features, mailbox, registers at the payload's entry
 *
 * Sets v->mb, and v->reason_completes where KVM reads exit_reason to complete an
 * exit.
 */
void arch_setup_vcpu(struct vcpu *v);

/** arch_restart_vcpu - registers at the payload's entry again */
void arch_restart_vcpu(struct vcpu *v);

/** arch_map - map guest virtual pages to guest physical ones, 4 KiB pages */
void arch_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages);

/** arch_map_op - make the identity-mapped addresses of an operation accessible */
void arch_map_op(struct vm *vm, const struct mbox_op *op);

/** arch_map_identity - map [addr, addr + len) to itself with large pages */
void arch_map_identity(struct vm *vm, uint64_t addr, uint64_t len);

/** arch_map_large - map [gva, gva + len) to gpa with large pages, all 2 MiB aligned */
void arch_map_large(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t len);

/** arch_pte_gpa - guest address of the 4 KiB entry for @gva, for OP_SET_PTE */
uint64_t arch_pte_gpa(struct vm *vm, uint64_t gva);

/* --- exits and operations ----------------------------------------------------- */

/* Whose an exit is. */
enum arch_exit {
	ARCH_EXIT_TEST,		/* the test's */
	ARCH_EXIT_DONE,		/* the payload's: the list is finished */
	ARCH_EXIT_SYNC,		/* the payload's: OP_SYNC */
	ARCH_EXIT_PANIC,	/* the payload's: an exception outside of any operation */
};

/**
 * arch_exit_of - tell exits of the payload from those of the test
 * @v: vCPU, just back from KVM_RUN
 * @e: its exit
 * @value: set for ARCH_EXIT_SYNC: value of the operation
 */
enum arch_exit arch_exit_of(const struct vcpu *v, const struct kexit *e, uint32_t *value);

/* How KVM sees an operation's access to an address without a page. */
enum arch_op_class {
	ARCH_OP_NO_ACCESS,	/* the operation accesses no memory at addr */
	ARCH_OP_PLAIN,		/* one access, reported as one exit */
	ARCH_OP_SPLIT,		/* reported as several exits of at most 8 bytes */
	ARCH_OP_NO_SYNDROME,	/* KVM cannot report it without decoding the instruction */
};

/** arch_op_class - class of an operation that does not cross a page */
enum arch_op_class arch_op_class(const struct mbox_op *op);

/* --- this host ------------------------------------------------------------------ */

/* Properties of this host's KVM that decide what may be seen. */
struct arch_traits {
	bool counts;		/* page statistics count a mapping once, from fault to zap;
				 * false: cannot tell
				 */
	bool tdp;		/* guest memory has page tables of its own (two-dimensional paging, stage 2) */
	bool forgets;		/* a mapping may be gone at any time, and come back */
	bool huge_at_will;	/* where 2 MiB fit, smaller pages may be mapped instead */
	bool stale_mmio_reads;	/* a stale cached MMIO entry faults as a read, whatever the access */
	bool caches_mmio;	/* faults on addresses without a slot are cached in an entry */
	bool splits_accesses;	/* KVM completes accesses that cross a page half by half */
	bool emulates;		/* instructions may be emulated and use userspace_addr (D22) */
	bool eager_split;	/* enabling the dirty log splits huge mappings */
	uint64_t slot_zap_quirk; /* KVM_CAP_DISABLE_QUIRKS2: without it, deleting a slot keeps
				  * the mappings of others; 0: they are always kept
				  */
};

/** arch_traits - those of this host, determined once per process */
const struct arch_traits *arch_traits(void);

/** arch_backend - KVM's implementation on this host, as results name it */
const char *arch_backend(void);

/* KVM's modules on this architecture, NULL at the end. */
extern const char *const arch_modules[];

/* Statistics of a vCPU that help to understand a hang, NULL at the end. */
extern const char *const arch_stats[];

/** arch_dump_regs - registers as diagnostics */
void arch_dump_regs(struct vcpu *v);

/** arch_phys_bits - width of a guest physical address, from the guest's CPU */
unsigned int arch_phys_bits(void);

/** arch_cycles - the counter that guest time stamps are taken from */
uint64_t arch_cycles(void);

/** arch_counter_khz - frequency of the guest's counter, 0 when KVM cannot say */
uint64_t arch_counter_khz(int vcpu_fd);

/** arch_counter_steady - whether that counter runs at the same rate in all power states */
bool arch_counter_steady(void);

/* The line of /proc/interrupts that counts timer interrupts starts so. */
extern const char arch_timer_line[];

/** arch_execute - execute about @n instructions without effect, the call included; n >= 10 */
void arch_execute(uint64_t n);

#endif /* KVMEM_ARCH_H */
