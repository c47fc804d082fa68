/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's page-table entries for the guest, as its tracepoints show them, and
 * what they say of the memory type.
 */
#ifndef KVMEM_SPTE_H
#define KVMEM_SPTE_H

#include <stdbool.h>
#include <stdint.h>

/* Memory types, as in the PAT MSR and in EPT entries (SDM volume 3, 12.3). */
#define MT_UC		0
#define MT_WC		1
#define MT_WT		4
#define MT_WP		5
#define MT_WB		6
#define MT_UC_MINUS	7	/* in the PAT only */

/* How the entries of a VM are encoded. */
enum spte_format {
	SPTE_EPT,	/* VMX with EPT: type in bits 5:3, "ignore guest PAT" in bit 6 */
	SPTE_PTE,	/* NPT and shadow paging: PWT, PCD and PAT, as in any page table */
};

/* One change of an entry. */
struct spte {
	uint64_t gfn;
	int level;		/* 1: 4 KiB, 2: 2 MiB, 3: 1 GiB */
	uint64_t bits;		/* the entry now */
};

/* The events that spte_parse() understands, for trace_start(). */
#define SPTE_EVENTS { "kvmmmu/kvm_tdp_mmu_spte_changed", "kvmmmu/kvm_mmu_set_spte" }

/**
 * spte_parse - a line of the trace as a value
 * @line: as trace_each() hands it over
 * @s: result
 *
 * kvm_tdp_mmu_spte_changed comes from the TDP MMU, for each entry set or
 * zapped; kvm_mmu_set_spte from the other one, for those set.
 *
 * Return: false for any other event, and for a line that is not complete.
 */
bool spte_parse(const char *line, struct spte *s);

/**
 * spte_maps - whether the entry maps a page (and is no table, no MMIO, not zapped)
 *
 * By bit 11, which KVM has set in such entries since "KVM: x86/mmu: Use a
 * dedicated bit to track shadow/MMU-present SPTEs" (5.13), whatever the format.
 */
bool spte_maps(const struct spte *s);

/**
 * spte_memtype - the memory type bits of an entry that maps a page
 *
 * Return: SPTE_EPT: MT_UC ... MT_WB. SPTE_PTE: number of the PAT entry, 0 to 7;
 * 0 is write-back for NPT, where it means the host's PAT, of which Linux never
 * changes that entry.
 */
unsigned int spte_memtype(enum spte_format format, const struct spte *s);

/** spte_ipat - whether an EPT entry makes the CPU ignore the guest's PAT */
bool spte_ipat(const struct spte *s);

#endif /* KVMEM_SPTE_H */
