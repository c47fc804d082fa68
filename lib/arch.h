/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an architecture supplies.  A new one adds lib/arch/NAME/ and
 * guest_code/NAME/ and changes nothing else.
 */
#ifndef KVMEM_ARCH_H
#define KVMEM_ARCH_H

#include <stdint.h>

#include "guest_code/mailbox.h"

struct vm;
struct vcpu;

/* Guest virtual addresses from here on are free for vm_map(). */
#define VM_WINDOW 0x400000000000ULL

/** arch_load_guest - copy the payload into the system slot and make tables */
void arch_load_guest(struct vm *vm);

/** arch_setup_vcpu - mailbox, CPU features, registers at the payload's entry */
void arch_setup_vcpu(struct vcpu *v);

/** arch_restart_vcpu - registers at the payload's entry once more */
void arch_restart_vcpu(struct vcpu *v);

/** arch_map_op - make the identity-mapped addresses of an operation accessible */
void arch_map_op(struct vm *vm, const struct mbox_op *op);

/** arch_map_identity - map [addr, addr + len) to itself with large pages */
void arch_map_identity(struct vm *vm, uint64_t addr, uint64_t len);

/** arch_map_large - map [gva, gva + len) to gpa with large pages, all 2 MiB aligned */
void arch_map_large(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t len);

/** arch_dump_regs - registers as diagnostics */
void arch_dump_regs(struct vcpu *v);

/** arch_backend - which of KVM's vendor modules runs here: "vmx", "svm", "pvm", "arm64" */
const char *arch_backend(void);

/** arch_phys_bits - width of a guest physical address, as the guest's CPU says */
unsigned int arch_phys_bits(void);

/** arch_cycles - the counter that guest time stamps are taken from */
uint64_t arch_cycles(void);

/** arch_execute - @n instructions that do nothing, the call included; ten or so at least */
void arch_execute(uint64_t n);

#endif /* KVMEM_ARCH_H */
