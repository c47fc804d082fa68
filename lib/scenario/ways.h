/* SPDX-License-Identifier: GPL-2.0-only */
/* Ways to take pages away from the memory of a slot (C3, C4, G10). */
#ifndef KVMEM_WAYS_H
#define KVMEM_WAYS_H

#include "kvm/vm.h"

struct way_mem {
	char *hva;
	unsigned int pages;
	int fd;			/* memfd behind them, -1: anonymous */
};

/**
 * way - one way to remove pages; KVM must unmap them
 * @m: memory
 * @first: first page
 * @n: number of pages
 *
 * Ends the test as failed on error, as a skip where the kernel cannot do it.
 *
 * Return: where the old pages are mapped afterwards, or NULL.
 */
typedef char *way(const struct way_mem *m, unsigned int first, unsigned int n);

way way_dontneed;	/* MADV_DONTNEED */
way way_remove;		/* MADV_REMOVE, for a memfd */
way way_punch;		/* FALLOC_FL_PUNCH_HOLE of the memfd */
way way_munmap;		/* munmap(), then new memory there */
way way_mmap;		/* new memory mapped over; a memfd keeps its pages */
way way_mremap_away;	/* moved elsewhere, then new memory there */
way way_mremap_onto;	/* other memory moved there */
way way_mprotect;	/* PROT_NONE, until way_give_back() */
way way_mprotect_read;	/* PROT_READ, until way_give_back() */
way way_migration;	/* to another NUMA node */
way way_ksm;		/* merged with another page */
way way_swap;		/* swapped out */

/** way_give_back - allow all accesses again, after way_mprotect() and way_mprotect_read() */
void way_give_back(const struct way_mem *m);

#endif /* KVMEM_WAYS_H */
