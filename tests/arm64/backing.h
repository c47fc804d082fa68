/* SPDX-License-Identifier: GPL-2.0-only */
/* Host memory of slots, by the size of the host's own mappings. */
#ifndef KVMEM_TESTS_ARM64_BACKING_H
#define KVMEM_TESTS_ARM64_BACKING_H

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/arm64/scenario/sweep.h"
#include "scenario/hostmem.h"
#include "util/env.h"

#ifndef MADV_COLLAPSE		/* 6.1 */
#define MADV_COLLAPSE 25
#endif

enum backing {
	PAGES,			/* anonymous, of the smallest size */
	THP,			/* transparent huge pages */
	THP_FILE,		/* the same, of a memfd */
	HUGETLB_PAGES,		/* hugetlb of contiguous page entries */
	HUGETLB,		/* hugetlb of the size of a block */
	HUGETLB_BLOCKS,		/* hugetlb of contiguous block entries */
};

/* Whether KVM maps blocks of it. */
static inline bool backing_blocks(enum backing b)
{
	return b != PAGES && b != HUGETLB_PAGES;
}

/* Size of the pages that can only be freed as a whole. */
static inline uint64_t backing_unit(enum backing b)
{
	bool small = VM_PAGE == PAGE_4K;	/* else 16 KiB */

	switch (b) {
	case HUGETLB_PAGES: return small ? 0x10000 : 0x200000;
	case HUGETLB: return SWEEP_BLOCK_SIZE;
	case HUGETLB_BLOCKS: return small ? 0x2000000 : 0x40000000;
	default: return VM_PAGE;
	}
}

/* Host addresses of this size, aligned to a block. */
static inline char *backing_reserve(uint64_t size)
{
	char *p = vm_alloc(size + SWEEP_BLOCK_SIZE);

	return (char *)(((uintptr_t)p + SWEEP_BLOCK_SIZE - 1) & ~(SWEEP_BLOCK_SIZE - 1));
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
 * backing_at - map host memory at an address that is aligned to a block
 * @b: kind
 * @at: address, whose mapping is replaced; NULL: anywhere
 * @size: bytes, multiple of a block; populated, and zero
 * @fd: set to the file, or to -1
 *
 * Ends the test as a skip when there is no such memory.
 */
static inline char *backing_at(enum backing b, void *at, uint64_t size, int *fd)
{
	int flags = MAP_FIXED | (b == PAGES || b == THP ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED);
	char *p = at ? at : backing_reserve(size);
	uint64_t unit = backing_unit(b), o;

	*fd = b == THP_FILE ? hostmem_memfd(size) :
	      flags & MAP_ANONYMOUS ? -1 :
	      hostmem_hugetlb_of(unit, (size + unit - 1) / unit * unit);
	if (b == HUGETLB_BLOCKS && !at)	/* aligned to its unit */
		p = mmap(NULL, (size + unit - 1) / unit * unit, PROT_READ | PROT_WRITE, MAP_SHARED,
			 *fd, 0);
	else
		p = mmap(p, size, PROT_READ | PROT_WRITE, flags, *fd, 0);
	if (p == MAP_FAILED)
		end_skip("mmap of %llu bytes: %s", (unsigned long long)size, strerror(errno));
	if (b == PAGES || b == THP)
		madvise(p, size, b == THP ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (o = 0; o < size; o += VM_PAGE)
		*(volatile char *)(p + o) = 0;
	if ((b == THP || b == THP_FILE) && !hostmem_is_huge(p, size))
		backing_collapse(p, size);
	return p;
}

#endif /* KVMEM_TESTS_ARM64_BACKING_H */
