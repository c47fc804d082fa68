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

/** mmu_set_table - let the page at @table_gpa map the 2 MiB around @gva */
void mmu_set_table(struct vm *vm, uint64_t gva, uint64_t table_gpa);

/** mmu_pte_gpa - guest address of that entry, for OP_SET_PTE */
uint64_t mmu_pte_gpa(struct vm *vm, uint64_t gva);

#endif /* KVMEM_X86_MMU_H */
