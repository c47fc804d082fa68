/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMEM_UTIL_SMAPS_H
#define KVMEM_UTIL_SMAPS_H

#include <stdint.h>

/**
 * smaps_huge - transparent huge pages in the mappings of a range
 * @p: start, host address
 * @size: bytes
 *
 * From /proc/self/smaps, anonymous memory and shmem.  The range may span several
 * VMAs, and a VMA may be larger than the range: it counts as a whole.
 *
 * Return: bytes.
 */
uint64_t smaps_huge(const void *p, uint64_t size);

#endif /* KVMEM_UTIL_SMAPS_H */
