/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SPTEs as KVM's tracepoints print them, and the memory type that they encode.
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

/* Encoding of a VM's SPTEs. */
enum spte_format {
	SPTE_EPT,	/* VMX with EPT: type in bits 5:3, "ignore guest PAT" in bit 6 */
	SPTE_PTE,	/* NPT and shadow paging: PWT, PCD and PAT, as in any page table */
};

/* One change of an SPTE. */
struct spte {
	uint64_t gfn;
	int level;		/* 1: 4 KiB, 2: 2 MiB, 3: 1 GiB */
	uint64_t bits;		/* new value */
};

/* Events that spte_parse() parses, for trace_start(). */
#define SPTE_EVENTS { "kvmmmu/kvm_tdp_mmu_spte_changed", "kvmmmu/kvm_mmu_set_spte" }

/**
 * spte_parse - parse a line of the trace
 * @line: line from trace_each()
 * @s: result
 *
 * The TDP MMU emits kvm_tdp_mmu_spte_changed for each SPTE set or zapped, the shadow
 * MMU kvm_mmu_set_spte for each SPTE set.
 *
 * Return: false for any other event, and for an incomplete line.
 */
bool spte_parse(const char *line, struct spte *s);

/**
 * spte_maps - whether the SPTE maps a page (is neither a table, MMIO nor zapped)
 *
 * Tests bit 11, MMU-present in every format since "KVM: x86/mmu: Use a dedicated bit
 * to track shadow/MMU-present SPTEs" (5.13).
 */
bool spte_maps(const struct spte *s);

/**
 * spte_memtype - the memory type bits of an SPTE that maps a page
 *
 * Return: SPTE_EPT: MT_UC to MT_WB.  SPTE_PTE: index of the PAT entry, 0 to 7.  NPT uses
 * the host's PAT, in which Linux keeps entry 0 at write-back.
 */
unsigned int spte_memtype(enum spte_format format, const struct spte *s);

/** spte_ipat - whether an EPT SPTE has the "ignore PAT" bit */
bool spte_ipat(const struct spte *s);

#endif /* KVMEM_SPTE_H */
