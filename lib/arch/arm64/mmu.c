// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest page tables.  The host only changes invalid entries to valid ones, which is safe
 * while the guest runs.
 *
 * Data is executable at EL1 although EL0 may write it with OPF_USER: writable at EL0
 * implies not executable at EL1, but the root for EL1 withdraws the access of EL0
 * (APTable).
 */
#include "arch/arm64/mmu.h"

#include <string.h>

#include "arch.h"
#include "arch/arm64/layout.h"
#include "util/env.h"

#define BLOCK_2M(entry) ((entry) & PTE_VALID && !((entry) & PTE_TABLE))

static uint64_t *table_at(struct vm *vm, uint64_t entry)
{
	return (uint64_t *)(vm->sys + ((entry & PTE_ADDR) - VM_SYS_GPA));
}

/* The table that entry @i points to, created if missing. */
static uint64_t *next_table(struct vm *vm, uint64_t *table, unsigned int i)
{
	if (!(table[i] & PTE_VALID)) {
		if (vm->pt_next >= SYS_PT_END)
			end_fail("out of guest page-table pages");
		table[i] = (VM_SYS_GPA + vm->pt_next) | PTE_VALID | PTE_TABLE;
		vm->pt_next += PAGE_4K;
	}
	return table_at(vm, table[i]);
}

static uint64_t *root_entry(struct vm *vm, uint64_t va)
{
	return (uint64_t *)(vm->sys + SYS_ROOT_USER) + (va >> 39 & 511);
}

/* Both roots share the tables below. */
static void copy_root_entry(struct vm *vm, uint64_t va)
{
	uint64_t *root_el1 = (uint64_t *)(vm->sys + SYS_ROOT);

	root_el1[va >> 39 & 511] = *root_entry(vm, va) | (va < USER_WINDOW ? TABLE_NO_USER : 0);
}

static uint64_t *level1_table(struct vm *vm, uint64_t va)
{
	uint64_t *table = next_table(vm, root_entry(vm, va), 0);

	copy_root_entry(vm, va);
	return table;
}

/* The level 2 table. */
static uint64_t *directory(struct vm *vm, uint64_t va)
{
	return next_table(vm, level1_table(vm, va), va >> 30 & 511);
}

uint64_t *mmu_pte(struct vm *vm, uint64_t va)
{
	uint64_t *level2 = directory(vm, va);

	if (BLOCK_2M(level2[va >> 21 & 511]))
		end_fail("0x%llx is mapped by a block", (unsigned long long)va);
	return next_table(vm, level2, va >> 21 & 511) + (va >> 12 & 511);
}

void mmu_set_table(struct vm *vm, uint64_t gva, unsigned int level, uint64_t table_gpa)
{
	uint64_t entry = table_gpa | PTE_VALID | PTE_TABLE;

	if (level == 1) {
		*root_entry(vm, gva) = entry;
		copy_root_entry(vm, gva);
	} else if (level == 2) {
		level1_table(vm, gva)[gva >> 30 & 511] = entry;
	} else {
		directory(vm, gva)[gva >> 21 & 511] = entry;
	}
}

uint64_t arch_pte_gpa(struct vm *vm, uint64_t gva)
{
	return VM_SYS_GPA + (uint64_t)((unsigned char *)mmu_pte(vm, gva) - vm->sys);
}

void mmu_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages, uint64_t pte)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		*mmu_pte(vm, gva + i * PAGE_4K) = (gpa + i * PAGE_4K) | PTE_TABLE | pte;
}

void arch_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages)
{
	mmu_map(vm, gva, gpa, pages * (VM_PAGE / PAGE_4K), PTE_NORMAL);
}

void arch_map_large(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t len)
{
	uint64_t at;

	for (at = 0; at < len; at += PAGE_2M) {
		uint64_t *entry = directory(vm, gva + at) + ((gva + at) >> 21 & 511);

		if (!(*entry & PTE_VALID))
			*entry = (gpa + at) | PTE_NORMAL;
	}
}

void arch_map_identity(struct vm *vm, uint64_t addr, uint64_t len)
{
	uint64_t begin = addr & ~(PAGE_2M - 1);

	arch_map_large(vm, begin, begin, addr + len - begin);
}

/* --- operations ----------------------------------------------------------------- */

static void map_operand(struct vm *vm, uint64_t addr, uint64_t len)
{
	/* Tests map addresses from VM_WINDOW on. */
	if (addr < VM_WINDOW)
		arch_map_identity(vm, addr, len);
}

enum arch_op_class arch_op_class(const struct mbox_op *op)
{
	switch (op->kind) {
	case OP_NOP: case OP_HYPERCALL: case OP_SMC: case OP_SYNC: case OP_MRS: case OP_MSR:
	case OP_WFI: case OP_TLBI: case OP_PRFM: case OP_DC_CVAC: case OP_DC_CIVAC:
	case OP_DC_IVAC: case OP_IC_IVAU: case OP_AT:
		return ARCH_OP_NO_ACCESS;
	case OP_LDP: case OP_STP: case OP_LDR_FP: case OP_STR_FP: case OP_LD1: case OP_ST1:
	case OP_LDR_POST: case OP_STR_POST: case OP_LDR_PRE: case OP_STR_PRE:
	case OP_LDXR: case OP_LDAXR: case OP_STXR: case OP_LDADD: case OP_STADD: case OP_SWP:
	case OP_CAS: case OP_CASP: case OP_DC_ZVA:
	case OP_ADD: case OP_XADD: case OP_XCHG: case OP_CMPXCHG:
		return ARCH_OP_NO_SYNDROME;
	}
	return op->width > 8 ? ARCH_OP_NO_SYNDROME : ARCH_OP_PLAIN;
}

void arch_map_op(struct vm *vm, const struct mbox_op *op)
{
	uint64_t reach = op->kind == OP_DC_ZVA ? 2048 : 16;
	uint64_t last;

	switch (op->kind) {
	case OP_NOP: case OP_HYPERCALL: case OP_SMC: case OP_SYNC: case OP_MRS: case OP_MSR:
	case OP_WFI: case OP_TLBI:
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
