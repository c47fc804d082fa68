/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One guest_memfd and the slots bound to it: checks the content of every page of
 * the file in the guest, and the number of KVM's mappings (D1 to D8).
 *
 * The gfns directly below and above each slot belong to ordinary slots, the guards,
 * so that an over-zap is detected.  The userspace address of the bound slots is
 * unrelated memory: an MMU notifier event there does not replace guest_memfd's own
 * invalidation.
 */
#ifndef KVMEM_BINDINGS_H
#define KVMEM_BINDINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/gmem_vm.h"

#define BINDINGS_MAX 4
#define BINDINGS_MAX_PAGES 256
#define BINDINGS_TOP (~0ULL) /* gfn: the slot ends at the highest guest physical address */

struct binding {
	uint64_t gfn;
	unsigned int offset, pages;	/* offset in the file, in pages */
};

struct bindings {
	/* Set by the caller. */
	enum gmem_kind kind;
	unsigned int file_pages, n;
	struct binding b[BINDINGS_MAX];	/* b[i] is slot i + 1 */

	struct vm *vm;
	struct vcpu *v;
	int fd;
	unsigned int bound;		/* total pages of all slots */
	bool gone[BINDINGS_MAX];	/* slot is deleted: not accessed */
	unsigned int nr_guards;
	struct binding guard[2 * BINDINGS_MAX];	/* offset: from GUARD_GVA, in pages */
	uint32_t *seen;			/* values by page of the file, set by bindings_read() */
	uint64_t mapped;		/* bindings_mark() */
	uint64_t faults;		/* caused by the last bindings_read() */
};

/**
 * bindings_init - create the VM, the file, its slots and the guards
 * @s: with kind, file_pages, n and b set
 */
void bindings_init(struct bindings *s);

/** bindings_slot - create slot @i of the layout, or recreate it; 0 or -errno */
int bindings_slot(const struct bindings *s, unsigned int i);

/** bindings_gva - guest virtual address of a bound page of the file */
uint64_t bindings_gva(unsigned int page);

/** bindings_tag - value that bindings_write() writes to a page of the file; never 0 */
uint32_t bindings_tag(unsigned int page, unsigned int round);

/**
 * bindings_write - write a tag to every bound page and guard in the guest
 * @round: 1 to 0xfffff, part of the tags
 *
 * Return: whether there was no exit and no exception.
 */
bool bindings_write(struct bindings *s, unsigned int round);

/**
 * bindings_read - read every bound page, into s->seen, and every guard in the guest
 *
 * Return: whether there was no exit, and the guards hold their tags.
 */
bool bindings_read(struct bindings *s);

/**
 * bindings_hold - read; pages [p, q) of the file must hold zero, all others their tag
 * @round: of the last bindings_write()
 */
bool bindings_hold(struct bindings *s, unsigned int round, unsigned int p, unsigned int q);

/** bindings_mark - note the number of pages that KVM maps, where they can be counted */
void bindings_mark(struct bindings *s);

/**
 * bindings_zapped - number of 4 KiB mappings zapped since bindings_mark()
 *
 * Return: -1 where KVM's mappings cannot be counted; the faults of the next
 * bindings_read() show the same then.
 */
int64_t bindings_zapped(struct bindings *s);

/**
 * bindings_punch - write all pages, punch pages [p, q) of the file, and check
 *
 * Return: whether exactly the bound pages in this range lost their mapping and
 * content, and only they fault when all pages are read.
 */
bool bindings_punch(struct bindings *s, unsigned int p, unsigned int q, unsigned int round);

#endif /* KVMEM_BINDINGS_H */
