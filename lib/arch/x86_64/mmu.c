// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest page tables.  The host only changes non-present entries to present ones.
 * That is safe while the guest runs, and under shadow paging, where KVM does not
 * notice writes through the host mapping.
 */
#include <string.h>

#include "arch.h"
#include "util/env.h"
#include "arch/x86_64/layout.h"
#include "arch/x86_64/mmu.h"
#include "kvm/vcpu.h"

static uint64_t *table_at(struct vm *vm, uint64_t entry)
{
	return (uint64_t *)(vm->sys + ((entry & PTE_ADDR) - VM_SYS_GPA));
}

/* The table that entry @i points to, created if missing. */
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

static uint64_t *page_directory(struct vm *vm, uint64_t root, uint64_t va)
{
	uint64_t *pml4 = (uint64_t *)(vm->sys + root);
	uint64_t *pdpt = next_table(vm, pml4, va >> 39 & 511);

	return next_table(vm, pdpt, va >> 30 & 511);
}

static uint64_t *pte_of(struct vm *vm, uint64_t root, uint64_t va)
{
	uint64_t *pd = page_directory(vm, root, va);

	if (pd[va >> 21 & 511] & PTE_PS)
		end_fail("0x%llx is mapped by a large page", (unsigned long long)va);
	return next_table(vm, pd, va >> 21 & 511) + (va >> 12 & 511);
}

uint64_t *mmu_pte(struct vm *vm, uint64_t gva)
{
	return pte_of(vm, SYS_PML4, gva);
}

void mmu_set_table(struct vm *vm, uint64_t gva, uint64_t table_gpa)
{
	page_directory(vm, SYS_PML4, gva)[gva >> 21 & 511] =
		table_gpa | PTE_P | PTE_W | PTE_U | PTE_A;
}

void mmu_set_directory(struct vm *vm, uint64_t gva, uint64_t directory_gpa)
{
	uint64_t *pml4 = (uint64_t *)(vm->sys + SYS_PML4);

	next_table(vm, pml4, gva >> 39 & 511)[gva >> 30 & 511] =
		directory_gpa | PTE_P | PTE_W | PTE_U | PTE_A;
}

uint64_t mmu_nested_root(struct vm *vm)
{
	if (!vm->pt_nested) {
		vm->pt_nested = vm->pt_next;
		vm->pt_next += PAGE_4K;
		page_directory(vm, vm->pt_nested, VM_SYS_GPA)[VM_SYS_GPA >> 21 & 511] =
			VM_SYS_GPA | PTE_P | PTE_W | PTE_U | PTE_PS;
	}
	return VM_SYS_GPA + vm->pt_nested;
}

void mmu_nested_map(struct vm *vm, uint64_t l2_gpa, uint64_t l1_gpa, uint64_t bits)
{
	*pte_of(vm, mmu_nested_root(vm) - VM_SYS_GPA, l2_gpa) = l1_gpa | PTE_P | PTE_U | bits;
}

uint64_t arch_pte_gpa(struct vm *vm, uint64_t gva)
{
	return VM_SYS_GPA + (uint64_t)((unsigned char *)mmu_pte(vm, gva) - vm->sys);
}

void arch_map_large(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t len)
{
	uint64_t at;

	for (at = 0; at < len; at += PAGE_2M) {
		uint64_t *pde = page_directory(vm, SYS_PML4, gva + at) + ((gva + at) >> 21 & 511);

		if (!(*pde & PTE_P))
			*pde = (gpa + at) | PTE_P | PTE_W | PTE_U | PTE_PS;
	}
}

void arch_map_identity(struct vm *vm, uint64_t addr, uint64_t len)
{
	uint64_t begin = addr & ~(PAGE_2M - 1);

	arch_map_large(vm, begin, begin, addr + len - begin);
}

static void map_operand(struct vm *vm, uint64_t addr, uint64_t len)
{
	/* Tests map addresses from VM_WINDOW on. */
	if (addr < VM_WINDOW)
		arch_map_identity(vm, addr, len);
}

static bool string_op(const struct mbox_op *op)
{
	return op->kind >= OP_MOVS && op->kind <= OP_OUTS;
}

enum arch_op_class arch_op_class(const struct mbox_op *op)
{
	switch (op->kind) {
	case OP_IN: case OP_OUT: case OP_CPUID: case OP_HYPERCALL: case OP_RDMSR:
	case OP_WRMSR: case OP_RDCR: case OP_WRCR: case OP_SYNC: case OP_NOP:
	case OP_WITH_CR3: case OP_WITH_IDT: case OP_WITH_GDT:
		return ARCH_OP_NO_ACCESS;
	}
	return op->width > 8 ? ARCH_OP_SPLIT : ARCH_OP_PLAIN;
}

void arch_map_op(struct vm *vm, const struct mbox_op *op)
{
	uint64_t reach = op->width > 8 ? op->width : 16;
	uint64_t last;

	if (arch_op_class(op) == ARCH_OP_NO_ACCESS)
		return;
	if (string_op(op)) {
		reach += op->flags & OPF_REP ? op->value[0] * op->width : 0;
		if (op->flags & OPF_DF) {
			map_operand(vm, op->addr - (op->addr < reach ? op->addr : reach), reach + 16);
			map_operand(vm, op->addr2 - (op->addr2 < reach ? op->addr2 : reach), reach + 16);
			return;
		}
		map_operand(vm, op->addr, reach);
		map_operand(vm, op->addr2, reach);
		return;
	}
	if (op->kind == OP_PUSH_TO) {
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

void mmu_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages, uint64_t bits)
{
	uint64_t i;

	for (i = 0; i < pages; i++)
		*mmu_pte(vm, gva + i * PAGE_4K) = (gpa + i * PAGE_4K) | PTE_P | PTE_W | PTE_U | bits;
}

void arch_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages)
{
	mmu_map(vm, gva, gpa, pages, 0);
}

/* --- KVM's mappings ------------------------------------------------------------- */

bool arch_mapped(struct vm *vm, uint64_t *n)
{
	*n = vm_stat(vm, "pages_4k");
	return true;
}

void arch_faults_begin(struct vcpu *v)
{
	v->faults_before = vcpu_stat(v, "pf_fixed");
}

uint64_t arch_faults(struct vcpu *v)
{
	uint64_t n = vcpu_stat(v, "pf_fixed") - v->faults_before;

	v->faults_before += n;
	return n;
}
