/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest of the guest, SVM: what OPF_L2 needs.
 *
 * L2 uses the page tables, descriptor tables and task state of L1, so that the
 * same operations run there, with their exceptions.  With nested paging, L2's
 * physical memory is what l2_map() says, and the system slot.
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
 * l2_require - leave the test as a skip unless KVM lets guests run guests
 *
 * The VM has to be made with .full_cpu: the suite's own CPU has no SVM.
 */
void l2_require(void);

/**
 * l2_prepare - make the vCPU ready for operations with OPF_L2
 * @v: vCPU of a VM with .full_cpu
 * @npt: nested paging, the test is a skip where guests can't have it; without it
 *	L2's physical memory is L1's
 */
void l2_prepare(struct vcpu *v, bool npt);

/**
 * l2_map - let pages of L2's physical memory be pages of L1's
 * @writable: false: stores of L2 come to L1 as nested page faults
 */
void l2_map(struct vm *vm, uint64_t l2_gpa, uint64_t l1_gpa, uint64_t pages, bool writable);

/** l2_get, l2_set - a 64-bit field of the VMCB */
uint64_t l2_get(const struct vcpu *v, unsigned int field);
void l2_set(struct vcpu *v, unsigned int field, uint64_t value);

#endif /* KVMEM_X86_L2_H */
