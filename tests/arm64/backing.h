/* SPDX-License-Identifier: GPL-2.0-only */
/* Host memory of slots, by the size of the host's own mappings. */
#ifndef KVMEM_TESTS_ARM64_BACKING_H
#define KVMEM_TESTS_ARM64_BACKING_H

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "scenario/hostmem.h"
#include "util/env.h"

#ifndef MADV_COLLAPSE		/* 6.1 */
#define MADV_COLLAPSE 25
#endif

enum backing {
	PAGES,			/* anonymous pages of 4 KiB */
	THP,			/* transparent huge pages */
	THP_FILE,		/* the same, of a memfd */
	HUGETLB_64K,		/* contiguous page entries */
	HUGETLB_2M,
	HUGETLB_32M,		/* contiguous 2 MiB entries */
};

/* Whether KVM maps 2 MiB blocks of it. */
static inline bool backing_blocks(enum backing b)
{
	return b != PAGES && b != HUGETLB_64K;
}

/* Size of the pages that can only be freed as a whole. */
static inline uint64_t backing_unit(enum backing b)
{
	switch (b) {
	case HUGETLB_64K: return 0x10000;
	case HUGETLB_2M: return PAGE_2M;
	case HUGETLB_32M: return 0x2000000;
	default: return PAGE_4K;
	}
}

/* Let the memory at @p consist of huge pages, if it can. */
static inline void backing_collapse(char *p, uint64_t size)
{
	if (madvise(p, size, MADV_COLLAPSE))
		end_skip("MADV_COLLAPSE: %s", strerror(errno));
	if (!hostmem_is_huge(p, size))
		end_skip("MADV_COLLAPSE has not given huge pages");
}

/**
 * backing_at - map host memory at an address that is aligned to 2 MiB
 * @b: kind
 * @at: address, whose mapping is replaced; NULL: anywhere
 * @size: bytes, multiple of 2 MiB; populated, and zero
 * @fd: set to the file, or to -1
 *
 * Ends the test as a skip when there is no such memory.
 */
static inline char *backing_at(enum backing b, void *at, uint64_t size, int *fd)
{
	int flags = MAP_FIXED | (b == PAGES || b == THP ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
	char *p = at ? at : vm_alloc(size);
	uint64_t unit = backing_unit(b), o;

	*fd = b == THP_FILE ? hostmem_memfd(size) :
	      flags & MAP_ANONYMOUS ? -1 :
	      hostmem_hugetlb_of(unit, (size + unit - 1) / unit * unit);
	if (b == HUGETLB_32M && !at)	/* its mappings are aligned to 32 MiB */
		p = mmap(NULL, (size + unit - 1) / unit * unit, PROT_READ | PROT_WRITE, MAP_SHARED, *fd, 0);
	else
		p = mmap(p, size, PROT_READ | PROT_WRITE, flags, *fd, 0);
	if (p == MAP_FAILED)
		end_skip("mmap of %llu bytes: %s", (unsigned long long)size, strerror(errno));
	if (b == PAGES || b == THP)
		madvise(p, size, b == THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (o = 0; o < size; o += PAGE_4K)
		*(volatile char *)(p + o) = 0;
	if ((b == THP || b == THP_FILE) && !hostmem_is_huge(p, size))
		backing_collapse(p, size);
	return p;
}

#endif /* KVMEM_TESTS_ARM64_BACKING_H */
