/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Accesses that cross a page boundary, where each half has its own guest
 * physical page: all widths and all split points (BEHAVIOURS A4, A19, C17).
 */
#ifndef KVMEM_X86_SPLIT_H
#define KVMEM_X86_SPLIT_H

#include <stdbool.h>
#include <stdint.h>

struct vm;
struct vcpu;

/* Backing of one half. */
struct split_half {
	uint64_t gpa;		/* address of the page */
	uint8_t *hva;		/* its host memory, NULL without a slot: MMIO */
	bool readonly;		/* KVM_MEM_READONLY: reads as RAM, writes as MMIO */
	bool ones;		/* PCI hole: reads give all ones, writes as MMIO */
	bool drops;		/* PCI hole that drops writes */
};

/** split_map - map the pages of both halves contiguously at VM_WINDOW */
void split_map(struct vm *vm, const struct split_half half[2]);

/**
 * split_reads_ok - read across the boundary: widths 2, 4, 8, 16, every split
 *
 * Return: whether each half was read from its backing, with exactly the expected
 * exits.
 */
bool split_reads_ok(struct vcpu *v, const struct split_half half[2]);

/**
 * split_writes_ok - the same for writes
 *
 * Also checks that read-only memory does not change, and that a half in RAM is
 * written exactly once, before the exit of the other half.
 */
bool split_writes_ok(struct vcpu *v, const struct split_half half[2]);

#endif /* KVMEM_X86_SPLIT_H */
