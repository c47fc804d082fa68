/* SPDX-License-Identifier: GPL-2.0-only */
/* Guest page-table entries, x86-64. */
#ifndef KVMEM_X86_MMU_H
#define KVMEM_X86_MMU_H

#include <stdint.h>

struct vm;

#define PTE_P		(1ULL << 0)
#define PTE_W		(1ULL << 1)
#define PTE_U		(1ULL << 2)
#define PTE_PWT		(1ULL << 3)
#define PTE_PCD		(1ULL << 4)
#define PTE_A		(1ULL << 5)
#define PTE_D		(1ULL << 6)
#define PTE_PS		(1ULL << 7)
#define PTE_PAT		(1ULL << 7)	/* in a 4 KiB entry */
#define PTE_ADDR	0x000ffffffffff000ULL

/** mmu_pte - host address of the 4 KiB entry for @gva; creates missing tables */
uint64_t *mmu_pte(struct vm *vm, uint64_t gva);

/**
 * mmu_map - vm_map() with a memory type
 * @vm: VM
 * @gva: page aligned
 * @gpa: page aligned
 * @pages: number of pages
 * @bits: PTE_PAT, PTE_PCD, PTE_PWT, which select an entry of the PAT MSR
 */
void mmu_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages, uint64_t bits);

/* The three bits for entry @i of the PAT MSR, 0 to 7. */
#define PTE_PAT_INDEX(i) \
	(((i) & 1 ? PTE_PWT : 0) | ((i) & 2 ? PTE_PCD : 0) | ((i) & 4 ? PTE_PAT : 0))

/** mmu_set_table - use the page at @table_gpa as page table for the 2 MiB around @gva */
void mmu_set_table(struct vm *vm, uint64_t gva, uint64_t table_gpa);

/** mmu_set_directory - use a page as page directory for the 1 GiB around @gva */
void mmu_set_directory(struct vm *vm, uint64_t gva, uint64_t directory_gpa);

/**
 * mmu_nested_root - guest physical address of the root of L2's nested page tables
 *
 * Creates them on the first call, with an identity mapping of the system slot only.
 */
uint64_t mmu_nested_root(struct vm *vm);

/** mmu_nested_map - map one page for L2; @bits is PTE_W or 0 */
void mmu_nested_map(struct vm *vm, uint64_t l2_gpa, uint64_t l1_gpa, uint64_t bits);

#endif /* KVMEM_X86_MMU_H */
