/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Determines whether a page is cached, from the duration of loads.  The references
 * are measured on the same CPU directly before: a load that hits the cache, and a
 * load after CLFLUSH.
 */
#ifndef KVMEM_X86_MEMSPEED_H
#define KVMEM_X86_MEMSPEED_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* Medians in TSC ticks, including the cost of the time stamps. */
struct memspeed {
	uint32_t hit;		/* load of a cached line */
	uint32_t miss;		/* load after CLFLUSH of the line */
};

enum memspeed_verdict {
	MEMSPEED_CACHED,
	MEMSPEED_UNCACHED,
	MEMSPEED_UNCLEAR,	/* in the guard band between the two */
};

/**
 * memspeed_usable - whether the references differ enough
 *
 * A miss must take at least 60 ticks longer than a hit, and 1.5 times as long.  On
 * an emulated CPU, which has no caches, both are the same.
 */
bool memspeed_usable(const struct memspeed *m);

/**
 * memspeed_judge - classify the median of loads
 *
 * Cached: in the lower quarter between hit and miss, or below.  Uncached: in the
 * upper half, or above, because each load then accesses memory like a miss.
 */
enum memspeed_verdict memspeed_judge(const struct memspeed *m, uint32_t load);

/**
 * memspeed_calibrate - measure the references in the guest
 * @gva: 8 bytes of ordinary cached memory
 */
void memspeed_calibrate(struct vcpu *v, uint64_t gva, struct memspeed *m);

/** memspeed_loads - median of loads of 8 bytes at @gva, one at a time */
uint32_t memspeed_loads(struct vcpu *v, uint64_t gva);

/**
 * memspeed_stores - median of the ticks for filling the page at @gva
 *
 * Uses REP STOSQ: more stores than fit into the store buffer, so the duration depends
 * on the memory type.
 */
uint32_t memspeed_stores(struct vcpu *v, uint64_t gva);

#endif /* KVMEM_X86_MEMSPEED_H */
