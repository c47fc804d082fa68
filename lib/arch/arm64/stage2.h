/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's stage 2 page tables: the faults that fill them, by the trace event
 * kvm:kvm_guest_fault, which every kernel has, and their content where the kernel
 * prints it (CONFIG_PTDUMP_STAGE2_DEBUGFS).
 */
#ifndef KVMEM_ARM64_STAGE2_H
#define KVMEM_ARM64_STAGE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vm;
struct vcpu;

/* A line of kvm_guest_fault. */
struct guest_fault {
	uint64_t ipa;		/* KVM reports the page and, where valid, the offset */
	uint64_t esr;		/* ESR_EL2 */
	uint64_t pc;
};

/** stage2_fault_parse - read a line of the trace; false if it is not a kvm_guest_fault */
bool stage2_fault_parse(const char *line, struct guest_fault *f);

/** stage2_faults_begin - start recording the faults of the calling thread's guest */
void stage2_faults_begin(void);

/**
 * stage2_faults - read the faults recorded, oldest first, without those of the payload
 * @f: result
 * @max: of @f
 *
 * Return: number of faults, which may be more than @max.
 */
size_t stage2_faults(struct guest_fault *f, size_t max);

/* A range of the dump: mapped alike, with entries of one level. */
struct stage2_range {
	uint64_t start, end;	/* IPA */
	unsigned int level;	/* 3: page, 2 and 1: block */
	bool r, w, x, af;
	bool block;
};

/** stage2_dump_parse - read a line of the dump; false if nothing is mapped there */
bool stage2_dump_parse(const char *line, struct stage2_range *r);

/**
 * stage2_dump - call a function for each mapped range of a VM
 *
 * Return: false if this kernel has no dump.
 */
bool stage2_dump(struct vm *vm, void (*fn)(const struct stage2_range *r, void *arg), void *arg);

#endif /* KVMEM_ARM64_STAGE2_H */
