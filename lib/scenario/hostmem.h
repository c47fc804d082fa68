/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Host memory to put behind a slot, and what the kernel can be made to do to it.
 */
#ifndef KVMEM_HOSTMEM_H
#define KVMEM_HOSTMEM_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/vm.h"

/** hostmem_memfd - a new memfd of @size bytes; ends the test as failed without one */
int hostmem_memfd(uint64_t size);

/** hostmem_map - map a part of @fd, shared, where there is room */
void *hostmem_map(int fd, uint64_t offset, uint64_t size);

/**
 * hostmem_map_over - map over what is at an address, in one step
 * @at: address
 * @fd: file, mapped shared; -1 for fresh anonymous memory
 * @offset: into @fd
 * @size: bytes
 */
void hostmem_map_over(void *at, int fd, uint64_t offset, uint64_t size);

/**
 * hostmem_huge - @size bytes of transparent huge pages, written to
 *
 * Ends the test as a skip where the kernel gives none.
 */
void *hostmem_huge(uint64_t size);

/** hostmem_is_huge - whether all of a range is transparent huge pages (smaps) */
bool hostmem_is_huge(const void *p, uint64_t size);

/**
 * hostmem_hugetlb - a memfd of @size bytes of 2 MiB hugetlb pages
 * @size: multiple of 2 MiB
 *
 * The lab reserves them; on other machines they have to be there
 * (/sys/kernel/mm/hugepages), else the test ends as a skip.
 */
int hostmem_hugetlb(uint64_t size);

/**
 * hostmem_migrate - move pages to another NUMA node, by move_pages()
 * @p: first page
 * @pages: how many, at most 64
 *
 * Ends the test as a skip with fewer than two nodes, or when they do not move.
 */
void hostmem_migrate(void *p, unsigned int pages);

/**
 * hostmem_merge - have KSM make one page of two with the same content
 * @a: first page of one range
 * @b: first page of another one
 * @pages: of each
 *
 * KSM is switched on for that and then as it was before.  Ends the test as a
 * skip where there is no KSM, no privilege to switch it on, or no success.
 */
void hostmem_merge(void *a, void *b, unsigned int pages);

/**
 * hostmem_swap_out - put pages out to swap space
 *
 * Ends the test as a skip where there is none, or when they stay.
 */
void hostmem_swap_out(void *p, unsigned int pages);

/**
 * hostmem_present - how many of @pages pages have memory (/proc/self/pagemap)
 */
unsigned int hostmem_present(const void *p, unsigned int pages);

/**
 * hostmem_set_idle - mark a page as not used (/sys/kernel/mm/page_idle)
 *
 * Ends the test as a skip where the kernel does not track that, or not for this
 * page, or without the privilege.
 */
void hostmem_set_idle(const void *p);

/** hostmem_is_idle - whether the page has not been used since */
bool hostmem_is_idle(const void *p);

#endif /* KVMEM_HOSTMEM_H */
