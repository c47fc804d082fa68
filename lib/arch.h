/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Interface between the common C code and an architecture's code in
 * lib/arch/NAME.  The guest payload is in guest_code/NAME, tests and benchmarks
 * in tests/NAME and bench/NAME, the part of run.sh in lib/sh/arch/NAME.sh.  A new
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

/* Lowest guest virtual address available to vm_map(). */
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

/** arch_private_vm_name - name of that type in the UAPI headers, for messages; NULL for none */
const char *arch_private_vm_name(void);

/** arch_create_irqchip - create an in-kernel interrupt controller; skips the test if unsupported */
void arch_create_irqchip(struct vm *vm);

/** arch_load_guest - copy the payload into the system slot and create its page tables */
void arch_load_guest(struct vm *vm);

/**
 * arch_setup_vcpu - set CPU features, mailbox and registers for the payload's entry
 *
 * Sets v->mb, and v->reason_completes where KVM reads exit_reason to complete an
 * exit.
 */
void arch_setup_vcpu(struct vcpu *v);

/** arch_restart_vcpu - reset registers to the payload's entry */
void arch_restart_vcpu(struct vcpu *v);

/** arch_map - map @pages pages of VM_PAGE bytes at @gva to @gpa, with entries of 4 KiB */
void arch_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages);

/** arch_map_op - make the identity-mapped addresses of an operation accessible */
void arch_map_op(struct vm *vm, const struct mbox_op *op);

/** arch_map_identity - map [addr, addr + len) to itself with large pages */
void arch_map_identity(struct vm *vm, uint64_t addr, uint64_t len);

/** arch_map_large - map [gva, gva + len) to gpa with large pages, all 2 MiB aligned */
void arch_map_large(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t len);

/** arch_pte_gpa - guest physical address of the 4 KiB PTE of @gva, for OP_SET_PTE */
uint64_t arch_pte_gpa(struct vm *vm, uint64_t gva);

/* --- exits and operations ----------------------------------------------------- */

/* Origin of an exit. */
enum arch_exit {
	ARCH_EXIT_TEST,		/* caused by the test */
	ARCH_EXIT_DONE,		/* payload: the list is finished */
	ARCH_EXIT_SYNC,		/* payload: OP_SYNC */
	ARCH_EXIT_PANIC,	/* payload: an exception outside of any operation */
};

/**
 * arch_exit_of - distinguish exits of the payload from those of the test
 * @v: vCPU that returned from KVM_RUN
 * @e: its exit
 * @value: for ARCH_EXIT_SYNC, set to the value of the operation
 */
enum arch_exit arch_exit_of(const struct vcpu *v, const struct kexit *e, uint32_t *value);

/**
 * arch_mmio_exits - MMIO exits to userspace that KVM has counted, without those of the payload
 *
 * Ends the test as a skip when the kernel has no such counter.
 */
uint64_t arch_mmio_exits(struct vcpu *v);

/* How KVM reports an operation's access to a gpa without memory. */
enum arch_op_class {
	ARCH_OP_NO_ACCESS,	/* the operation accesses no memory at addr */
	ARCH_OP_PLAIN,		/* one access, reported as one exit */
	ARCH_OP_SPLIT,		/* reported as several exits of at most 8 bytes */
	ARCH_OP_NO_SYNDROME,	/* KVM cannot report it without decoding the instruction */
};

/** arch_op_class - class of an operation that does not cross a page */
enum arch_op_class arch_op_class(const struct mbox_op *op);

/* --- mappings ------------------------------------------------------------------- */

/**
 * arch_mapped - number of pages that KVM maps for this VM, without blocks
 * @n: set to the number, of all slots
 *
 * Return: false where it cannot be known on this host; arch_faults() can be used then.
 * Ends the test as a skip when the architecture's KVM has a counter, and this kernel not.
 */
bool arch_mapped(struct vm *vm, uint64_t *n);

/**
 * arch_faults_begin - start counting the faults of a vCPU that KVM solved with a mapping
 *
 * The calling thread must be the one that runs the vCPU.  Ends the test as a skip when
 * they cannot be counted.
 */
void arch_faults_begin(struct vcpu *v);

/** arch_faults - number of those faults since arch_faults_begin(), which starts again */
uint64_t arch_faults(struct vcpu *v);

/* --- this host ------------------------------------------------------------------ */

/* Properties of this host's KVM on which expected results depend. */
struct arch_traits {
	bool counts;		/* page statistics count each mapping once, from fault to
				 * zap; false when they do not, or this is not known
				 */
	bool forgets;		/* mappings may be dropped and recreated at any time */
	bool huge_at_will;	/* 4 KiB may be mapped where 2 MiB is possible */
	bool stale_mmio_reads;	/* a stale cached MMIO entry faults as a read, whatever the access */
	bool caches_mmio;	/* faults on addresses without a slot are cached in an entry */
	bool decodes;		/* KVM decodes instructions that access addresses without memory:
				 * it completes wide ones and those across a page in parts, and
				 * read-modify-writes; else only single loads and stores
				 */
	bool emulates;		/* instructions may be emulated and use userspace_addr (D22) */
	bool eager_split;	/* enabling the dirty log splits huge mappings */
	uint64_t slot_zap_quirk; /* KVM_CAP_DISABLE_QUIRKS2 bit: while enabled, deleting a slot
				  * zaps all mappings; 0: only those of the slot are zapped
				  */
};

/**
 * arch_traits - traits of this host
 *
 * Those that depend on parameters of a module follow them; do not keep a copy.
 */
const struct arch_traits *arch_traits(void);

/** arch_backend - name of KVM's implementation on this host, as in results */
const char *arch_backend(void);

/* Names of KVM's modules on this architecture, NULL-terminated. */
extern const char *const arch_modules[];

/* vCPU statistics that are printed when a guest hangs, NULL-terminated. */
extern const char *const arch_stats[];

/** arch_dump_regs - print the registers as diagnostics */
void arch_dump_regs(struct vcpu *v);

/** arch_phys_bits - width of a guest physical address in bits */
unsigned int arch_phys_bits(void);

/* errno of a slot beyond the width of a guest physical address. */
extern const int arch_gpa_beyond_errno;

/** arch_cycles - read the counter that is also used for guest time stamps */
uint64_t arch_cycles(void);

/** arch_counter_khz - frequency of the guest's counter in kHz, 0 when KVM does not report it */
uint64_t arch_counter_khz(int vcpu_fd);

/** arch_counter_steady - whether the counter has a constant rate in all power states */
bool arch_counter_steady(void);

/* Text that is only in the line of timer interrupts in /proc/interrupts. */
extern const char arch_timer_line[];

/** arch_execute - execute about @n instructions including the call, without effect; @n >= 10 */
void arch_execute(uint64_t n);

#endif /* KVMEM_ARCH_H */
