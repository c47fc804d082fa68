/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One guest_memfd and the slots bound to it, as the guest sees them: what every
 * page of the file holds, and how many mappings KVM has (BEHAVIOURS 3.D).
 *
 * The pages just below and just above each slot belong to plain slots, so that
 * what reaches too far takes a mapping away that is missed.  The host memory
 * behind the bound slots has nothing to do with the file: what zaps it through
 * the host's page tables can't stand in for guest_memfd.
 */
#ifndef KVMEM_BINDINGS_H
#define KVMEM_BINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/gmem_vm.h"

#define BINDINGS_MAX 4
#define BINDINGS_MAX_PAGES 256
#define BINDINGS_TOP (~0ULL) /* gfn of a slot that ends where guest memory ends */

struct binding {
	uint64_t gfn;
	unsigned int offset, pages;	/* offset in the file, in pages */
};

struct bindings {
	/* The caller's to fill in. */
	enum gmem_kind kind;
	unsigned int file_pages, n;
	struct binding b[BINDINGS_MAX];	/* slot numbers from 1 */

	struct vm *vm;
	struct vcpu *v;
	int fd;
	unsigned int bound;		/* pages of all slots */
	bool gone[BINDINGS_MAX];	/* deleted: what the guest does not touch */
	unsigned int nr_guards;
	struct binding guard[2 * BINDINGS_MAX];	/* offset: in guard memory */
	uint32_t *seen;			/* by page of the file, after bindings_read() */
};

/**
 * bindings_init - make the VM, the file, its slots and their neighbours
 * @s: kind, file_pages, n and b are set
 */
void bindings_init(struct bindings *s);

/** bindings_slot - make slot @i of the layout (again); 0 or -errno */
int bindings_slot(const struct bindings *s, unsigned int i);

/** bindings_gva - where the guest sees a page of the file that is bound */
uint64_t bindings_gva(unsigned int page);

/** bindings_tag - what bindings_write() writes into a page of the file; never 0 */
uint32_t bindings_tag(unsigned int page, unsigned int round);

/**
 * bindings_write - the guest writes a tag into every bound page and neighbour
 * @round: 1 to 0xfffff, makes the tags of this time differ from all others
 *
 * Return: whether there was no exit and no exception.
 */
bool bindings_write(struct bindings *s, unsigned int round);

/**
 * bindings_read - the guest reads every bound page, into s->seen, and neighbour
 *
 * Return: whether there was no exit, and the neighbours hold what they should.
 */
bool bindings_read(struct bindings *s);

/**
 * bindings_hold - read, and every page must hold its tag, but for [p, q): zero
 * @round: of the last bindings_write()
 */
bool bindings_hold(struct bindings *s, unsigned int round, unsigned int p, unsigned int q);

/**
 * bindings_punch - write, punch pages [p, q) of the file, and judge
 *
 * Return: whether exactly the pages bound in there lost their mapping and their
 * content, and only they fault when everything is read.
 */
bool bindings_punch(struct bindings *s, unsigned int p, unsigned int q, unsigned int round);

#endif /* KVMEM_BINDINGS_H */
