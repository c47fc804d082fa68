/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory in which many gfns map the same host page (C1 to C17).  The guest
 * reads all aliases in one list and stores the values in a separate slot, so that
 * the value of every alias is compared.
 */
#ifndef KVMEM_ALIAS_H
#define KVMEM_ALIAS_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/vm.h"

struct vcpu;

#define ALIAS_GPA	0x100000000ULL	/* the first alias */
#define ALIAS_SEEN_GPA	0x30000000ULL	/* values read by the guest */
#define ALIAS_SEEN_SLOT	1
#define ALIAS_SLOT	2		/* slot of the first alias; the others follow */
#define ALIAS_MAX_PAGES	16

struct aliases {
	struct vm *vm;
	struct vcpu *v;		/* vCPU 0, which makes the accesses */
	unsigned int nr;	/* aliases, contiguous from ALIAS_GPA */
	unsigned int pages;	/* per alias */
	uint32_t *seen;		/* host view of ALIAS_SEEN_GPA: [page][alias] */
	uint64_t mapped;	/* alias_mark() */
	int64_t zapped;		/* alias_count() */
};

/**
 * alias_init - set up for @nr aliases of @pages pages each, without creating them
 *
 * Disables automatic NUMA balancing for this process: it would disturb the page
 * statistics.
 */
void alias_init(struct aliases *a, struct vm *vm, unsigned int nr, unsigned int pages);

/**
 * alias_slots - create one slot per alias, all with the same host memory
 * @hva: host memory, a->pages pages
 * @flags: KVM_MEM_*
 */
void alias_slots(struct aliases *a, void *hva, uint32_t flags);

/**
 * alias_vmas - create one slot for all aliases, over one mapping of a file per alias
 * @fd: memfd; its first a->pages pages are mapped
 *
 * Return: host address of the slot, which is the first alias's mapping.
 */
char *alias_vmas(struct aliases *a, int fd);

/** alias_gpa - guest physical address of page @page of alias @i */
uint64_t alias_gpa(const struct aliases *a, unsigned int i, unsigned int page);

/**
 * alias_read - read 4 bytes of each page of every alias in the guest, into a->seen
 *
 * Return: whether there was no exit and no exception.
 */
bool alias_read(struct aliases *a, const char *what);

/**
 * alias_expect - alias_read(), then compare the value of every alias
 * @what: prefix of the diagnostics
 * @want: expected value of each page
 *
 * Return: whether there was no exit and no exception, and all values are as expected.
 */
bool alias_expect(struct aliases *a, const char *what, const uint32_t *want);

/**
 * alias_write - write 4 bytes through one alias in the guest
 * @i: alias
 * @page: page of the alias
 * @value: value
 */
void alias_write(struct aliases *a, unsigned int i, unsigned int page, uint32_t value);

/**
 * alias_write_all - write @values[page] through every alias in the guest
 *
 * Leaves all of them mapped writable.
 */
void alias_write_all(struct aliases *a, const uint32_t *values);

/** alias_mark - all aliases are mapped now; note the number of pages that KVM maps */
void alias_mark(struct aliases *a);

/**
 * alias_count - count the 4 KiB mappings that were zapped since alias_mark()
 *
 * Return: their number, also in @a->zapped; -1 where KVM's mappings cannot be counted.
 */
int64_t alias_count(struct aliases *a);

/**
 * alias_expect_zapped - alias_expect() after alias_count()
 * @zapped: expected result of alias_count(); where it was -1, the number of faults that
 *	the reads cause
 *
 * Return: whether all values and the number are as expected.
 */
bool alias_expect_zapped(struct aliases *a, const char *what, const uint32_t *want, int64_t zapped);

/**
 * alias_use_up - allocate and overwrite the most recently freed pages
 *
 * The kernel reuses the most recently freed pages first, so a stale mapping of a
 * freed page then shows the new contents.  The pages are kept until the next call.
 */
void alias_use_up(void);

#endif /* KVMEM_ALIAS_H */
