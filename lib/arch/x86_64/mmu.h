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

/** mmu_pte - host view of the 4 KiB entry that maps @gva; tables are made */
uint64_t *mmu_pte(struct vm *vm, uint64_t gva);

/**
 * mmu_map - vm_map() with a memory type
 * @bits: PTE_PAT, PTE_PCD, PTE_PWT: the entry of the PAT MSR that applies
 */
void mmu_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages, uint64_t bits);

/* The three bits as the number of the PAT MSR's entry, 0 to 7. */
#define PTE_PAT_INDEX(i) \
	(((i) & 1 ? PTE_PWT : 0) | ((i) & 2 ? PTE_PCD : 0) | ((i) & 4 ? PTE_PAT : 0))

/** mmu_set_table - let the page at @table_gpa map the 2 MiB around @gva */
void mmu_set_table(struct vm *vm, uint64_t gva, uint64_t table_gpa);

/** mmu_set_directory - the same one level up: the 1 GiB around @gva */
void mmu_set_directory(struct vm *vm, uint64_t gva, uint64_t directory_gpa);

/**
 * mmu_nested_root - guest address of the tables for a guest of the guest, made
 * when there are none: they map the system slot to itself and nothing else
 */
uint64_t mmu_nested_root(struct vm *vm);

/** mmu_nested_map - one page of L2's memory; @bits may have PTE_W */
void mmu_nested_map(struct vm *vm, uint64_t l2_gpa, uint64_t l1_gpa, uint64_t bits);

#endif /* KVMEM_X86_MMU_H */
