/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A range of guest memory, accessed once in each page: the values, and which of the
 * accesses faulted in stage 2 (G1, G2, G10).  What the kernel had unmapped faults, and
 * nothing else does, so that both an unmap that is too small and one that is too large
 * show.  A block that is mapped faults once, at the page that is accessed first.
 */
#ifndef KVMEM_SWEEP_H
#define KVMEM_SWEEP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/vm.h"

struct vcpu;

#define SWEEP_MAX	8192		/* pages */
#define SWEEP_SEEN_GPA	0x30000000ULL	/* slot of the values that the guest read */
#define SWEEP_SEEN_SLOT	1
#define SWEEP_BLOCK	((unsigned int)(VM_PAGE / 8)) /* pages of a block */
#define SWEEP_BLOCK_SIZE (SWEEP_BLOCK * VM_PAGE)	/* 2 MiB, 32 MiB with pages of 16 KiB */

/* Set by sweep_init() and changed by tests; the guest's memory may be in several slots. */
struct sweep {
	struct vcpu *v;		/* run by the calling thread */
	uint64_t gpa;
	unsigned int pages;
	char **mem;		/* host address of each page */
	bool down;		/* from the last page to the first */
	uint32_t tag;		/* of the first page: its gfn, unless it is an alias */
	unsigned int round;	/* part of the tags */

	uint32_t *want;		/* by page */
	uint32_t *seen;		/* by access, in the guest's memory */
	uint8_t *faults;	/* by page, of the last sweep */
	uint64_t esr;		/* ESR_EL2 of the last sweep's last fault in the range */
};

/* Pages of a sweep, relative to its start. */
struct sweep_range {
	unsigned int first, n;
};

/* Lists for functions that take (array, length): each of these pages faults once. */
#define FAULTS(...) \
	(const struct sweep_range[]){ __VA_ARGS__ }, \
	sizeof((const struct sweep_range[]){ __VA_ARGS__ }) / sizeof(struct sweep_range)
#define NO_FAULTS NULL, 0
#define ANY_FAULTS NULL, SIZE_MAX	/* the faults are not checked */

/**
 * sweep_init - prepare for sweeps, without creating the range's slots
 * @s: result
 * @v: vCPU; its VM gets the slot SWEEP_SEEN_SLOT
 * @gpa: start, below 2^36
 * @pages: at most SWEEP_MAX
 * @hva: host memory of the range, contiguous; tests may change s->mem
 *
 * Disables automatic NUMA balancing for this process, which unmaps pages.
 */
void sweep_init(struct sweep *s, struct vcpu *v, uint64_t gpa, unsigned int pages, void *hva);

/** sweep_other - prepare for sweeps of another range of @of's VM; as sweep_init() */
void sweep_other(struct sweep *s, const struct sweep *of, uint64_t gpa, unsigned int pages,
		 void *hva);

/**
 * sweep_alias - prepare for sweeps of a range that shows the memory of another one
 * @s: result
 * @of: initialized
 * @first: page of @of's memory with which @s starts
 * @gpa: start
 * @pages: number of pages
 *
 * sweep_follow() takes over what the memory holds.
 */
void sweep_alias(struct sweep *s, const struct sweep *of, unsigned int first, uint64_t gpa,
		 unsigned int pages);

/** sweep_follow - expect what @of expects of the same memory; the arguments of sweep_alias() */
void sweep_follow(struct sweep *s, const struct sweep *of, unsigned int first);

/** sweep_tag - tag of a page: its gfn, and the round */
uint32_t sweep_tag(const struct sweep *s, unsigned int page);

/**
 * sweep_fill - start a new round, write the tags to host memory and expect them
 *
 * Each page gets a function that returns the low half of its gfn too, for sweep_fetch().
 */
void sweep_fill(struct sweep *s);

/** sweep_expect_zero - expect that pages read as zero */
void sweep_expect_zero(struct sweep *s, unsigned int first, unsigned int n);

/**
 * sweep_read - read each page in the guest
 * @what: prefix of the diagnostics
 * @faults: pages that fault; they are relative to the range, whatever the order
 * @nr: number of ranges in it
 *
 * Return: whether there was no exit, each page had the value expected, and exactly these
 * pages faulted, once each.
 */
bool sweep_read(struct sweep *s, const char *what, const struct sweep_range *faults, size_t nr);

/**
 * sweep_write - start a new round and write its tag to each page in the guest
 *
 * As sweep_read(), but compares the host's memory.
 */
bool sweep_write(struct sweep *s, const char *what, const struct sweep_range *faults, size_t nr);

/** sweep_fetch - call the function in each page, which sweep_fill() wrote; as sweep_read() */
bool sweep_fetch(struct sweep *s, const char *what, const struct sweep_range *faults, size_t nr);

/**
 * sweep_fetch_faults - whether KVM maps a page executable only when the guest fetches from it
 *
 * It does so where instruction caches need maintenance (CTR_EL0.DIC is 0).
 */
bool sweep_fetch_faults(void);

/** sweep_host - whether the host's memory has the values that are expected */
bool sweep_host(const struct sweep *s, const char *what);

/**
 * sweep_blocks - whether the range is mapped by that many blocks, and the rest by pages
 * @blocks: of SWEEP_BLOCK_SIZE
 * @pages: mapped by page entries
 *
 * Return: true also where the kernel has no dump of stage 2.
 */
bool sweep_blocks(struct sweep *s, const char *what, uint64_t blocks, uint64_t pages);

#endif /* KVMEM_SWEEP_H */
