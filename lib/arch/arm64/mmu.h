/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest page-table entries, arm64 stage 1 with 4 KiB granule (Arm ARM D8.3). */
#ifndef KVMEM_ARM64_MMU_H
#define KVMEM_ARM64_MMU_H

#include <stdint.h>

struct vm;

#define PTE_VALID	(1ULL << 0)
#define PTE_TABLE	(1ULL << 1)	/* level 0 to 2: table; level 3: page */
#define PTE_ATTR(i)	((uint64_t)(i) << 2)
#define PTE_USER	(1ULL << 6)	/* AP[1]: access from EL0, where the root permits it */
#define PTE_RDONLY	(1ULL << 7)	/* AP[2] */
#define PTE_SHARED	(3ULL << 8)	/* inner shareable */
#define PTE_AF		(1ULL << 10)
#define PTE_NG		(1ULL << 11)
#define PTE_DBM		(1ULL << 51)
#define PTE_PXN		(1ULL << 53)
#define PTE_UXN		(1ULL << 54)
#define PTE_ADDR	0x0000fffffffff000ULL
#define TABLE_NO_USER	(1ULL << 61)	/* APTable[0] */

/* A page of normal memory that EL1 reads, writes and executes, and EL0 with OPF_USER. */
#define PTE_NORMAL	(PTE_VALID | PTE_ATTR(MAIR_NORMAL) | PTE_USER | PTE_SHARED | PTE_AF | PTE_NG)

/* Entries of MAIR_EL1. */
#define MAIR_NORMAL	0	/* write-back */
#define MAIR_DEVICE	1	/* nGnRnE */
#define MAIR_NC		2	/* normal, not cacheable */
#define MAIR_VALUE	(0xffULL | 0x00ULL << 8 | 0x44ULL << 16)

/*
 * Guest virtual addresses from here on are accessible to EL0 in the page tables of EL1
 * too, and are not executable at EL1.
 */
#define USER_WINDOW	0x500000000000ULL

/* Fields of ESR_EL1, which an exception has as its vector and error. */
#define EC_IABT		0x21		/* instruction abort at the same level */
#define EC_DABT		0x25		/* data abort at the same level */
#define EC_IABT_USER	0x20		/* at EL0 */
#define EC_DABT_USER	0x24
#define FSC_TYPE	0x3c		/* of the fault status code, without the level */
#define FSC_TRANSLATION	0x04
#define FSC_PERMISSION	0x0c
#define FSC_EXTERNAL	0x10		/* not on a page-table walk */
#define FSC_EXTERNAL_WALK 0x14		/* on a walk; the level is in bits 1:0 */
#define FSC_ALIGNMENT	0x21
#define ESR_WNR		(1ULL << 6)	/* a write */

/** mmu_pte - host address of the 4 KiB entry for @gva; creates missing tables */
uint64_t *mmu_pte(struct vm *vm, uint64_t gva);

/**
 * mmu_map - vm_map() with attributes
 * @vm: VM
 * @gva: page aligned
 * @gpa: page aligned
 * @pages: number of pages of 4 KiB
 * @pte: all bits of the entry but PTE_TABLE and the address
 */
void mmu_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages, uint64_t pte);

/**
 * mmu_set_table - use a page as a translation table
 * @vm: VM
 * @gva: address that the table is for, from VM_WINDOW on
 * @level: 1, 2 or 3, for the 512 GiB, 1 GiB or 2 MiB around @gva
 * @table_gpa: the page
 */
void mmu_set_table(struct vm *vm, uint64_t gva, unsigned int level, uint64_t table_gpa);

#endif /* KVMEM_ARM64_MMU_H */
