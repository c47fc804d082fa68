/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses in system management mode (SMM), in which a vCPU uses the second address
 * space: slots with 1 in bits 31:16 of their number (KVM_CAP_MULTI_ADDRESS_SPACE,
 * Documentation/virt/kvm/api.rst 4.35).
 */
#ifndef KVMEM_X86_SMM_H
#define KVMEM_X86_SMM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/exits.h"

struct vcpu;
struct vm;

#define SMM_AS		(1U << 16)	/* slot numbers of the second address space */
#define SMM_SLOT	(SMM_AS | 0)	/* used by smm_init() for the code */
#define SMM_BASE	0x30000ULL	/* SMBASE after reset */
#define SMM_SIZE	0x10000ULL
#define SMM_PORT	0xf0		/* port of SMM_OUTS */
#define SMM_MAX_OPS	64

enum smm_kind {
	SMM_LOAD,	/* mov (%ebx), %eax */
	SMM_STORE,	/* mov %eax, (%ebx) */
	SMM_OUTS,	/* outsl: KVM's emulator reads the memory */
};

struct smm_op {
	uint32_t kind;	/* enum smm_kind */
	uint32_t addr;	/* physical: there is no paging in SMM */
	uint32_t value;	/* value to store; set to the value loaded */
	uint32_t unused;
};

struct smm {
	struct vcpu *v;
	unsigned char *ram;	/* host view of the code's slot */
};

/** smm_possible - whether KVM can put a vCPU of this VM into SMM */
bool smm_possible(const struct vm *vm);

/**
 * smm_init - create the SMRAM slot with the SMM code
 * @s: state
 * @v: vCPU; the VM's other vCPUs must not enter SMM
 *
 * Skips the test where KVM does not support SMM.
 */
void smm_init(struct smm *s, struct vcpu *v);

/**
 * smm_expect - enter SMM, make accesses and return, with exactly these exits
 * @s: state
 * @what: prefix of the diagnostics
 * @ops: accesses of 4 bytes
 * @nr: number of accesses
 * @want: exits in order, which also complete the reads
 * @nr_want: number of exits
 *
 * Return: whether the exits are as expected and every access retired in SMM.
 */
bool smm_expect(struct smm *s, const char *what, const struct smm_op *ops, size_t nr,
		const struct kexit *want, size_t nr_want);

/** smm_value - value loaded by access @i of the last list */
uint32_t smm_value(const struct smm *s, unsigned int i);

#endif /* KVMEM_X86_SMM_H */
