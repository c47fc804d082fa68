/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses that cross a page boundary, where each half has its own guest
 * physical page: all widths and all split points (BEHAVIOURS A4, A19, C17).
 */
#ifndef KVMEM_SPLIT_H
#define KVMEM_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

struct vm;
struct vcpu;

/* What lies behind one half. */
struct split_half {
	uint64_t gpa;		/* page */
	uint8_t *hva;		/* its host memory, NULL without a slot: MMIO */
	bool readonly;		/* KVM_MEM_READONLY: reads like RAM, writes like MMIO */
	bool ones;		/* a PCI hole: all ones, writes like MMIO */
	bool drops;		/* a PCI hole of the kind where writes are lost */
};

/** split_map - map the two pages at VM_WINDOW, one after the other */
void split_map(struct vm *vm, const struct split_half half[2]);

/**
 * split_reads_ok - read across the boundary: widths 2, 4, 8, 16, every split
 *
 * Return: whether each half came from where it must, with exactly the exits
 * that must be.
 */
bool split_reads_ok(struct vcpu *v, const struct split_half half[2]);

/**
 * split_writes_ok - the same for writes
 *
 * In addition: what is read-only stays as it is, and a half in RAM is written
 * once only, before userspace sees the exit of the other half.
 */
bool split_writes_ok(struct vcpu *v, const struct split_half half[2]);

#endif /* KVMEM_SPLIT_H */
