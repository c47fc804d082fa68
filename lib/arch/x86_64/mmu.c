// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest page tables.  The host only ever turns non-present entries into
 * present ones: that is safe while the guest runs and under shadow paging,
 * where KVM does not see writes that come through the host mapping.
 */
#include <string.h>

#include "../../arch.h"
#include "../../env.h"
#include "layout.h"
#include "mmu.h"

static uint64_t *table_at(struct vm *vm, uint64_t entry)
{
	return (uint64_t *)(vm->sys + ((entry & PTE_ADDR) - VM_SYS_GPA));
}

/* The table below entry @i, made when it is missing. */
static uint64_t *next_table(struct vm *vm, uint64_t *table, unsigned int i)
{
	if (!(table[i] & PTE_P)) {
		if (vm->pt_next >= SYS_PT_END)
			end_fail("out of guest page-table pages");
		table[i] = (VM_SYS_GPA + vm->pt_next) | PTE_P | PTE_W | PTE_U;
		vm->pt_next += PAGE_4K;
	}
	return table_at(vm, table[i]);
}

static uint64_t *page_directory(struct vm *vm, uint64_t gva)
{
	uint64_t *pml4 = (uint64_t *)(vm->sys + SYS_PML4);
	uint64_t *pdpt = next_table(vm, pml4, gva >> 39 & 511);

	return next_table(vm, pdpt, gva >> 30 & 511);
}

uint64_t *mmu_pte(struct vm *vm, uint64_t gva)
{
	uint64_t *pd = page_directory(vm, gva);

	if (pd[gva >> 21 & 511] & PTE_PS)
		end_fail("0x%llx is mapped by a large page", (unsigned long long)gva);
	return next_table(vm, pd, gva >> 21 & 511) + (gva >> 12 & 511);
}

void mmu_set_table(struct vm *vm, uint64_t gva, uint64_t table_gpa)
{
	page_directory(vm, gva)[gva >> 21 & 511] = table_gpa | PTE_P | PTE_W | PTE_U | PTE_A;
}

uint64_t mmu_pte_gpa(struct vm *vm, uint64_t gva)
{
	return VM_SYS_GPA + (uint64_t)((unsigned char *)mmu_pte(vm, gva) - vm->sys);
}

void arch_map_identity(struct vm *vm, uint64_t addr, uint64_t len)
{
	uint64_t a = addr & ~(PAGE_2M - 1);

	for (; a < addr + len; a += PAGE_2M) {
		uint64_t *pde = page_directory(vm, a) + (a >> 21 & 511);

		if (!(*pde & PTE_P))
			*pde = a | PTE_P | PTE_W | PTE_U | PTE_PS;
	}
}

static void map_operand(struct vm *vm, uint64_t addr, uint64_t len)
{
	/* Ports and register numbers are small, windows are mapped by the test. */
	if (addr < VM_WINDOW)
		arch_map_identity(vm, addr, len);
}

void arch_map_op(struct vm *vm, const struct mbox_op *op)
{
	uint64_t reach = op->width > 8 ? op->width : 16;
	uint64_t last;

	switch (op->kind) {
	case OP_IN: case OP_OUT: case OP_CPUID: case OP_HYPERCALL: case OP_RDMSR:
	case OP_WRMSR: case OP_RDCR: case OP_WRCR: case OP_SYNC: case OP_NOP:
	case OP_WITH_CR3: case OP_WITH_IDT: case OP_WITH_GDT:
		return;
	case OP_MOVS: case OP_CMPS: case OP_STOS: case OP_SCAS: case OP_LODS:
	case OP_INS: case OP_OUTS:
		reach += op->flags & OPF_REP ? op->value[0] * op->width : 0;
		if (op->flags & OPF_DF) {
			map_operand(vm, op->addr - (op->addr < reach ? op->addr : reach), reach + 16);
			map_operand(vm, op->addr2 - (op->addr2 < reach ? op->addr2 : reach), reach + 16);
			return;
		}
		map_operand(vm, op->addr, reach);
		map_operand(vm, op->addr2, reach);
		return;
	case OP_PUSH_TO:
		map_operand(vm, op->addr - 8, 8);
		return;
	}
	last = op->addr + (uint64_t)(op->stride * (int64_t)(op->count ? op->count - 1 : 0));
	if (last < op->addr)
		map_operand(vm, last, op->addr - last + reach);
	else
		map_operand(vm, op->addr, last - op->addr + reach);
	if (op->samples)
		map_operand(vm, op->samples, op->count * sizeof(uint32_t));
}

void vm_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		*mmu_pte(vm, gva + i * PAGE_4K) = (gpa + i * PAGE_4K) | PTE_P | PTE_W | PTE_U;
}
