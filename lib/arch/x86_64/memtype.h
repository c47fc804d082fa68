/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Checks the memory type in the SPTEs that KVM installs: reads the SPTEs from
 * tracepoints and compares the type with the one required for the backend.
 */
#ifndef KVMEM_MEMTYPE_H
#define KVMEM_MEMTYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memtype_trace;

enum memtype_want {
	MEMTYPE_RAM,		/* RAM, guest PAT ignored (where the format has such a bit) */
	MEMTYPE_RAM_PAT,	/* RAM, guest PAT honoured */
	MEMTYPE_WC,		/* RAM in a slot with KVM_MEM_WC: write-combining */
	MEMTYPE_DEVICE,		/* device memory */
};

/**
 * memtype_trace - start recording the SPTEs installed by this thread's vCPUs
 *
 * Ends the test as a skip where the tracepoints are not available.
 */
struct memtype_trace *memtype_trace(void);

/** memtype_clear - discard the recorded SPTEs */
void memtype_clear(struct memtype_trace *t);

/**
 * memtype_is - whether the last SPTE that maps @gpa has the required memory type
 *
 * EPT: RAM is WB, with the "ignore PAT" bit unless guest PAT is honoured; device
 * memory is UC without that bit (vmx_get_mt_mask() in arch/x86/kvm/vmx/vmx.c).  NPT
 * and shadow paging: PWT, PCD and PAT are clear, and the type results from guest PAT
 * and host MTRRs (shadow_memtype_mask in arch/x86/kvm/mmu/spte.c).  Write-combining:
 * WC with "ignore PAT" for EPT; for NPT, the entry of the host's PAT MSR in which
 * Linux has WC, which is 1.
 *
 * Return: false, with a diagnostic, when the type differs or no SPTE was recorded.
 */
bool memtype_is(struct memtype_trace *t, uint64_t gpa, enum memtype_want want);

/** memtype_level - level of the last SPTE that maps @gpa; 0 when none was recorded */
int memtype_level(struct memtype_trace *t, uint64_t gpa);

/** memtype_print - format the type of the last SPTE that maps @gpa as text */
void memtype_print(struct memtype_trace *t, uint64_t gpa, char *buf, size_t size);

/** memtype_tdp - whether KVM uses two-dimensional paging (EPT, NPT) on this host */
bool memtype_tdp(void);

/**
 * memtype_tdp_mmu - whether KVM uses the TDP MMU (kvm.tdp_mmu)
 *
 * With the TDP MMU, the page statistics count each mapping once, from the fault to
 * the zap.  The shadow MMU recycles page tables and keeps one per MMU role.
 */
bool memtype_tdp_mmu(void);

#endif /* KVMEM_MEMTYPE_H */
