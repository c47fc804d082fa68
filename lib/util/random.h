/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMEM_UTIL_RANDOM_H
#define KVMEM_UTIL_RANDOM_H

#include <stdint.h>

/**
 * random_next - next number of a reproducible sequence (xorshift64*, Vigna 2016)
 * @state: seeded by the caller, never 0
 */
static inline uint64_t random_next(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1dULL;
}

#endif /* KVMEM_UTIL_RANDOM_H */
