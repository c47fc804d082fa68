/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Guest memory in which many guest physical addresses are the same host memory
 * (BEHAVIOURS 3.C).  The guest reads all of them in one list and leaves what it
 * saw in memory of its own, so that the value of every alias is compared.
 */
#ifndef KVMEM_ALIAS_H
#define KVMEM_ALIAS_H

#include <stdbool.h>
#include <stdint.h>

#include "kvm/vm.h"

struct vcpu;

#define ALIAS_GPA	0x100000000ULL	/* the first alias */
#define ALIAS_SEEN_GPA	0x30000000ULL	/* what the guest saw */
#define ALIAS_SEEN_SLOT	1
#define ALIAS_SLOT	2		/* of the first alias; the others follow */
#define ALIAS_MAX_PAGES	16

struct aliases {
	struct vm *vm;
	struct vcpu *v;		/* the one that reads, vCPU 0 */
	unsigned int nr;	/* aliases, side by side from ALIAS_GPA */
	unsigned int pages;	/* of each */
	uint32_t *seen;		/* host view of ALIAS_SEEN_GPA: [page][alias] */
};

/**
 * alias_init - prepare for @nr aliases of @pages pages each; makes no alias
 *
 * Keeps the kernel from moving this process's pages between NUMA nodes by
 * itself, which would disturb the page statistics.
 */
void alias_init(struct aliases *a, struct vm *vm, unsigned int nr, unsigned int pages);

/**
 * alias_slots - one slot for each alias, all with the same host memory
 * @hva: a->pages pages
 * @flags: KVM_MEM_*
 */
void alias_slots(struct aliases *a, void *hva, uint32_t flags);

/**
 * alias_vmas - one slot for all aliases, over as many mappings of one file
 * @fd: memfd, a->pages pages from its begin
 *
 * Return: host memory of the slot, the mapping of the first alias.
 */
char *alias_vmas(struct aliases *a, int fd);

/** alias_gpa - where page @page of alias @i is */
uint64_t alias_gpa(const struct aliases *a, unsigned int i, unsigned int page);

/**
 * alias_read - the guest reads 4 bytes of each page of every alias, into a->seen
 *
 * Return: whether there was no exit and no exception.
 */
bool alias_read(struct aliases *a, const char *what);

/**
 * alias_expect - alias_read(), and every alias must have shown @want[page]
 * @what: named in the diagnostic
 */
bool alias_expect(struct aliases *a, const char *what, const uint32_t *want);

/**
 * alias_write - the guest writes 4 bytes through one alias
 * @i: alias
 * @page: of it
 * @value: value
 */
void alias_write(struct aliases *a, unsigned int i, unsigned int page, uint32_t value);

/**
 * alias_write_all - the guest writes @values[page] through every alias
 *
 * All of them are mapped writable then.
 */
void alias_write_all(struct aliases *a, const uint32_t *values);

/**
 * alias_unmapped - how many 4 KiB pages less are mapped than before
 * @before: vm_stat(vm, "pages_4k") from then
 */
int64_t alias_unmapped(const struct aliases *a, uint64_t before);

/**
 * alias_use_up - take pages that have just become free, and write to them
 *
 * The kernel hands out again first what was freed last.  A stale mapping of the
 * old page would show the contents of the new one, as the two would be the same.
 * They are kept until the next call.
 */
void alias_use_up(void);

#endif /* KVMEM_ALIAS_H */
