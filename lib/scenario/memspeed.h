/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is a page cached?  By how long loads take, against two yardsticks taken on the
 * same CPU just before: a load that hits the cache, and one after CLFLUSH.
 */
#ifndef KVMEM_MEMSPEED_H
#define KVMEM_MEMSPEED_H

#include <stdbool.h>
#include <stdint.h>

struct vcpu;

/* Medians, in TSC ticks, with the cost of the time stamps in them. */
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
 * memspeed_usable - whether the yardsticks differ enough to judge by
 *
 * A miss must cost at least 60 ticks more and 1.5 times as much.  On an emulated
 * CPU, which has no caches, they are the same.
 */
bool memspeed_usable(const struct memspeed *m);

/**
 * memspeed_judge - judge the median of some loads
 *
 * Cached: in the lower quarter between hit and miss, or below.  Uncached: in
 * the upper half, or above: such a load goes to memory each time, like a miss.
 */
enum memspeed_verdict memspeed_judge(const struct memspeed *m, uint32_t load);

/**
 * memspeed_calibrate - take the yardsticks inside the guest
 * @gva: 8 bytes of ordinary cached memory
 */
void memspeed_calibrate(struct vcpu *v, uint64_t gva, struct memspeed *m);

/** memspeed_loads - median of loads of 8 bytes at @gva, one at a time */
uint32_t memspeed_loads(struct vcpu *v, uint64_t gva);

/**
 * memspeed_stores - ticks that filling the page at @gva takes, the median of some
 *
 * With REP STOS of 8 bytes: more stores than a store buffer holds, so that
 * they come through to memory at its pace.
 */
uint32_t memspeed_stores(struct vcpu *v, uint64_t gva);

#endif /* KVMEM_MEMSPEED_H */
