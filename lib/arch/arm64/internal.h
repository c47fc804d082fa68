/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Internal VMs: VMs of the kernel, whose memory is at its physical addresses and which have
 * no process behind them (configs/kernels/patches/arm64).  A driver of the reference
 * kernel, /dev/kvm_internal, is their owner; a file of it has one VM.
 */
#ifndef KVMEM_ARM64_INTERNAL_H
#define KVMEM_ARM64_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "internal_code.h"
#include "arch/arm64/internal_uapi.h"
#include "arch/arm64/stage2.h"

/* Memory of the driver, mapped here. */
struct ivm_mem {
	uint64_t pa, size;
	char *hva;
};

struct ivm {
	int fd;
	uint32_t flags;		/* KVM_INTERNAL_KTHREAD: what the owner does */
	unsigned int give_up_ms; /* ivm_do() ends a run after this time; 0: 2000 */
	struct ivm_mem code;	/* two pages: internal.S, and a stage-1 table */
};

#define IVM_CODE_SLOT	0	/* the slot of ivm.code */

/* How the guest executes: ivm_do(). */
struct ivm_mode {
	const char *name;
	uint64_t pstate;
	bool mmu;		/* stage 1 on, all memory mapped at its address */
	uint64_t vector;	/* offset of its synchronous exceptions */
	unsigned int lower;	/* exception classes are less by this */
};

extern const struct ivm_mode ivm_modes[];
#define IVM_NR_MODES	4
#define IVM_EL1		(&ivm_modes[0])	/* SErrors masked, as after a reset */
#define IVM_EL1_MMU	(&ivm_modes[2])

/* The end of a run. */
struct ivm_result {
	int rc;			/* of the run: 0 or -errno */
	uint32_t exit;		/* KVM_EXIT_* */
	uint64_t hvc;
	bool done;		/* the code has reached its end */
	uint64_t esr, far, elr, spsr, vector;	/* of another exception */
	uint64_t x[31], pc, pstate;
};

/**
 * ivm_open - open the driver
 *
 * Skips the test if the kernel has none.
 */
struct ivm ivm_open(void);

/** ivm_close - close the driver, which destroys the VM and frees its memory */
void ivm_close(struct ivm *m);

/** ivm_ioctl - an ioctl of the driver; 0 or -errno */
int ivm_ioctl(struct ivm *m, unsigned long request, void *arg);

/**
 * ivm_alloc - allocate contiguous memory and map it here
 * @m: driver
 * @size: bytes
 * @align: of its physical address, a power of two
 *
 * Ends the test as skipped if there is no such memory.
 */
struct ivm_mem ivm_alloc(struct ivm *m, uint64_t size, uint64_t align);

/** ivm_create - create the VM; 0 or -errno */
int ivm_create(struct ivm *m);

/** ivm_destroy - destroy the VM; 0 or -errno */
int ivm_destroy(struct ivm *m);

/** ivm_vcpu - create a vCPU; 0 or -errno */
int ivm_vcpu(struct ivm *m, uint64_t id);

/** ivm_map - map physical memory into the VM; 0 or -errno */
int ivm_map(struct ivm *m, uint32_t slot, uint32_t flags, uint64_t pa, uint64_t size);

/** ivm_unmap - delete a slot; 0 or -errno */
int ivm_unmap(struct ivm *m, uint64_t slot);

/** ivm_setup - create the VM with a slot for the code, and a vCPU 0 */
void ivm_setup(struct ivm *m);

/** ivm_prepare - set up another vCPU, so that it can execute the code */
void ivm_prepare(struct ivm *m, uint32_t vcpu);

/** ivm_reg - a 64-bit register of a vCPU */
uint64_t ivm_reg(struct ivm *m, uint32_t vcpu, uint64_t id);

/** ivm_set_reg - set it */
void ivm_set_reg(struct ivm *m, uint32_t vcpu, uint64_t id, uint64_t value);

/** ivm_at - the physical address of code: one of internal_*[] */
uint64_t ivm_at(const struct ivm *m, const char *code);

/**
 * ivm_run - run a vCPU until it comes back to its owner
 * @m: driver
 * @r: vcpu, flags, registers; in and out
 *
 * Ends the test as failed if the driver refuses.
 */
void ivm_run(struct ivm *m, struct kvm_internal_run *r);

/**
 * ivm_do - execute code on vCPU 0
 * @m: driver
 * @mode: how
 * @code: internal_*[]
 * @x0: register
 * @x1: register
 * @x2: register
 * @x3: register
 *
 * A guest that does not come back is ended by a signal: rc is -EINTR.
 */
struct ivm_result ivm_do(struct ivm *m, const struct ivm_mode *mode, const char *code,
			 uint64_t x0, uint64_t x1, uint64_t x2, uint64_t x3);

/**
 * ivm_has - check memory from the guest: each word is its own address plus a tag
 * @m: driver
 * @pa: start
 * @size: bytes
 * @stride: between two words
 * @tag: expected
 *
 * Return: whether all are so; otherwise it prints the last that is not.
 */
bool ivm_has(struct ivm *m, uint64_t pa, uint64_t size, uint64_t stride, uint64_t tag);

/** ivm_fill - write such words from the guest; whether it reached its end */
bool ivm_fill(struct ivm *m, uint64_t pa, uint64_t size, uint64_t stride, uint64_t tag);

/** ivm_host_fill - write them from here */
void ivm_host_fill(const struct ivm_mem *mem, uint64_t from, uint64_t size, uint64_t stride,
		   uint64_t tag);

/** ivm_host_has - compare them here */
bool ivm_host_has(const struct ivm_mem *mem, uint64_t from, uint64_t size, uint64_t stride,
		  uint64_t tag);

/**
 * ivm_ram - find RAM in /proc/iomem, whose pages may be anybody's: not to be written
 * @size: bytes
 * @align: of the start, a power of two
 * @pa: result
 *
 * Return: whether there is any.
 */
bool ivm_ram(uint64_t size, uint64_t align, uint64_t *pa);

/** ivm_page_tables - pages of stage-2 tables in the machine */
long ivm_page_tables(void);

/**
 * ivm_dump - call a function for each mapped range of the newest internal VM of this process
 *
 * Return: false if this kernel has no dump.
 */
bool ivm_dump(void (*fn)(const struct stage2_range *r, void *arg), void *arg);

#endif /* KVMEM_ARM64_INTERNAL_H */
