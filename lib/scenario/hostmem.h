/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host memory for slots, and functions that make the kernel migrate, merge, swap
 * out or age it.
 */
#ifndef KVMEM_HOSTMEM_H
#define KVMEM_HOSTMEM_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/vm.h"

/** hostmem_memfd - create a memfd of @size bytes; ends the test as failed on error */
int hostmem_memfd(uint64_t size);

/** hostmem_map - map a range of @fd, shared; ends the test as failed on error */
void *hostmem_map(int fd, uint64_t offset, uint64_t size);

/**
 * hostmem_map_over - replace the mapping at an address (MAP_FIXED)
 * @at: address
 * @fd: file, mapped shared; -1 for new anonymous memory
 * @offset: into @fd
 * @size: bytes
 */
void hostmem_map_over(void *at, int fd, uint64_t offset, uint64_t size);

/**
 * hostmem_huge - allocate @size bytes of transparent huge pages, populated and zero
 *
 * Ends the test as a skip when the kernel provides none.
 */
void *hostmem_huge(uint64_t size);

/** hostmem_is_huge - whether a range consists of transparent huge pages (smaps) */
bool hostmem_is_huge(const void *p, uint64_t size);

/**
 * hostmem_hugetlb - create a memfd of 2 MiB hugetlb pages
 * @size: bytes, multiple of 2 MiB
 *
 * In the lab, missing pages are added to the pool.  Elsewhere the test ends as a
 * skip without enough free pages (/sys/kernel/mm/hugepages).
 */
int hostmem_hugetlb(uint64_t size);

/** hostmem_hugetlb_of - hostmem_hugetlb() with hugetlb pages of @page bytes */
int hostmem_hugetlb_of(uint64_t page, uint64_t size);

/**
 * hostmem_migrate - move pages to another NUMA node, by move_pages()
 * @p: first page
 * @pages: number of pages, at most 64
 *
 * Ends the test as a skip with fewer than two nodes, or when migration fails.
 */
void hostmem_migrate(void *p, unsigned int pages);

/**
 * hostmem_merge - let KSM merge the pages of two ranges with the same content
 * @a: first page of one range
 * @b: first page of the other range
 * @pages: pages per range, at most 64
 *
 * Enables KSM and restores its settings afterwards.  Ends the test as a skip
 * without KSM, without the privilege to enable it, or when pages are not merged.
 */
void hostmem_merge(void *a, void *b, unsigned int pages);

/**
 * hostmem_swap_out - swap out pages
 * @p: first page
 * @pages: number of pages, at most 64
 *
 * Ends the test as a skip without swap space, or when the pages stay in memory.
 */
void hostmem_swap_out(void *p, unsigned int pages);

/**
 * hostmem_present - number of present pages in a range (/proc/self/pagemap)
 * @p: first page
 * @pages: size of the range, at most 64
 */
unsigned int hostmem_present(const void *p, unsigned int pages);

/**
 * hostmem_set_idle - mark a page as idle (/sys/kernel/mm/page_idle)
 *
 * Ends the test as a skip without idle page tracking, without the privilege to use
 * it, or when the kernel does not track this page.
 */
void hostmem_set_idle(const void *p);

/** hostmem_is_idle - whether the page has not been accessed since */
bool hostmem_is_idle(const void *p);

#endif /* KVMEM_HOSTMEM_H */
