/* SPDX-License-Identifier: GPL-2.0-only */
/* Helpers that any part of the project may use. */
#ifndef KVMEM_UTIL_UTIL_H
#define KVMEM_UTIL_UTIL_H

#include <stdint.h>

#ifndef ARRAY_SIZE
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#endif

/** low - the low @bytes bytes of a value, the other bits 0 */
static inline uint64_t low(uint64_t v, unsigned int bytes)
{
	return bytes >= 8 ? v : v & ((1ULL << (bytes * 8)) - 1);
}

#endif /* KVMEM_UTIL_UTIL_H */
