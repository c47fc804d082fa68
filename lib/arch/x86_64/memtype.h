/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Which memory type KVM has put into its entries for the guest: seen by the
 * tracepoints, judged by what the backend has to write there.
 */
#ifndef KVMEM_MEMTYPE_H
#define KVMEM_MEMTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memtype_trace;

enum memtype_want {
	MEMTYPE_RAM,		/* RAM, whatever the guest's PAT says (where KVM can say so) */
	MEMTYPE_RAM_PAT,	/* RAM, the guest's PAT counts */
	MEMTYPE_WC,		/* RAM that userspace wants write-combining (KVM_MEM_WC) */
	MEMTYPE_DEVICE,		/* memory of a device */
};

/**
 * memtype_trace - record the entries that this thread's vCPUs get from now on
 *
 * Ends the test as a skip where that can't be seen.
 */
struct memtype_trace *memtype_trace(void);

/** memtype_clear - forget the entries seen so far */
void memtype_clear(struct memtype_trace *t);

/**
 * memtype_is - whether the last entry that maps @gpa has the type it must have
 *
 * EPT: RAM is WB, with "ignore PAT" unless the guest's PAT counts; a device is
 * UC without it (vmx_get_mt_mask() in arch/x86/kvm/vmx/vmx.c).  NPT and shadow
 * paging: no PWT, PCD or PAT at all; NPT leaves the type to the guest's PAT and
 * the host's MTRRs, shadow paging has nothing to say (shadow_memtype_mask in
 * arch/x86/kvm/mmu/spte.c).  Write-combining is WC with "ignore PAT" for EPT,
 * and for NPT the entry of the host's PAT that Linux has it in, which is 1.
 *
 * Return: false also when no such entry was seen; diagnostics say which.
 */
bool memtype_is(struct memtype_trace *t, uint64_t gpa, enum memtype_want want);

/** memtype_level - of the last entry that maps @gpa; 0 when none was seen */
int memtype_level(struct memtype_trace *t, uint64_t gpa);

/** memtype_print - that entry in words */
void memtype_print(struct memtype_trace *t, uint64_t gpa, char *buf, size_t size);

/** memtype_tdp - whether KVM uses the CPU's second page tables (EPT, NPT) here */
bool memtype_tdp(void);

/**
 * memtype_tdp_mmu - and whether the TDP MMU manages them (kvm.tdp_mmu)
 *
 * Then the page statistics count a mapping once, from the fault to the zap; other
 * MMUs recycle page tables, and keep one for each role of the vCPU.
 */
bool memtype_tdp_mmu(void);

#endif /* KVMEM_MEMTYPE_H */
