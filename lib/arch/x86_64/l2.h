/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested guest (L2) for operations with OPF_L2, SVM only.
 *
 * L2 uses the page tables, descriptor tables and TSS of L1, so that the same
 * operations run there, including their exception handling.  With nested paging,
 * L2's physical memory consists of the system slot and the pages of l2_map().
 */
#ifndef KVMEM_X86_L2_H
#define KVMEM_X86_L2_H

#include <stdbool.h>
#include <stdint.h>

struct vm;
struct vcpu;

/* Exit codes of L2 as L1 sees them (AMD64 APM volume 2, appendix C). */
#define L2_EXIT_EXCEPTION(vector) (0x40ULL + (vector))
#define L2_EXIT_VMMCALL	0x81ULL
#define L2_EXIT_NPF	0x400ULL
#define L2_EXIT_INVALID	(~0ULL)

/* Fields of the VMCB, for l2_get() and l2_set(). */
#define VMCB_EXIT_CODE	0x070	/* set by #VMEXIT */
#define VMCB_EXIT_INFO1	0x078
#define VMCB_EXIT_INFO2	0x080
#define VMCB_G_PAT	0x668

/**
 * l2_require - skip the test unless KVM supports nested SVM
 *
 * The VM must be created with .full_cpu: the suite's minimal CPU has no SVM.
 */
void l2_require(void);

/**
 * l2_prepare - set up a vCPU for operations with OPF_L2
 * @v: vCPU of a VM with .full_cpu
 * @npt: use nested paging, or skip the test where KVM does not offer it to guests;
 *	without nested paging L2's physical memory is L1's
 */
void l2_prepare(struct vcpu *v, bool npt);

/**
 * l2_map - map L2 guest physical pages to L1 guest physical pages
 * @vm: VM
 * @l2_gpa: page aligned
 * @l1_gpa: page aligned
 * @pages: number of pages
 * @writable: if false, stores of L2 cause nested page faults, which exit to L1
 */
void l2_map(struct vm *vm, uint64_t l2_gpa, uint64_t l1_gpa, uint64_t pages, bool writable);

/** l2_get, l2_set - read or write a 64-bit field of L2's VMCB */
uint64_t l2_get(const struct vcpu *v, unsigned int field);
void l2_set(struct vcpu *v, unsigned int field, uint64_t value);

#endif /* KVMEM_X86_L2_H */
