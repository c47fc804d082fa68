/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the tests of KVM_MEM_PCI_HOLE: the layout, the ways in which a kernel may
 * answer reads, and the check that a page reads as ones.
 */
#ifndef KVMEM_PROPOSED_HOLE_H
#define KVMEM_PROPOSED_HOLE_H

#include "util/param.h"
#include "guest/proposed.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define HOLE		0xc0000000ULL	/* the hole: two large pages and three small ones */
#define HOLE_SIZE	(2 * PAGE_2M + 3 * PAGE_4K)
#define TAIL		(HOLE + 2 * PAGE_2M)
#define RAM		0x20000000ULL	/* two pages */
#define MMIO		0xd0000000ULL	/* no slot */
#define ONES		(~0ULL)
#define DATA		0x8182838485868788ULL
#define SLOT		10

static const uint8_t hole_widths[] = { 1, 2, 4, 8 };

/* How KVM answers reads. */
struct mode {
	unsigned int map;	/* 0 emulates, 1 maps a small page, 2 a large one */
	unsigned int prefetch;	/* small pages per fault */
};

static inline void set_mode(const struct mode *m)
{
	int r;

	proposed_require(PROPOSED_PCI_HOLE);
	r = param_set("kvm.pci_hole_map", m->map);
	if (r == -ENOENT && !m->map)
		return;		/* the only way it has */
	if (r == -ENOENT)
		end_skip("this kernel does not map PCI holes (no parameter kvm.pci_hole_map)");
	if (!r)
		r = param_set("kvm.pci_hole_prefetch", m->prefetch);
	if (r)
		end_skip("kvm.pci_hole_map and kvm.pci_hole_prefetch cannot be set: %s",
			 strerror(-r));
}

static inline uint32_t hole_flag(void)
{
	return proposed_flag(PROPOSED_PCI_HOLE);
}

static inline void hole_slot(struct vm *vm, uint32_t slot, uint64_t gpa, uint64_t size)
{
	vm_slot(vm, slot, hole_flag(), gpa, size, NULL);
}

static inline bool is_write_to_hole(const struct kexit *e)
{
	return e->reason == KVM_EXIT_MMIO && e->is_write && e->addr >= HOLE &&
	       e->addr < HOLE + HOLE_SIZE;
}

/* vcpu_expect(), without the writes to the hole if the configuration says they are dropped. */
static inline bool hole_expect(struct vcpu *v, const char *what, const struct mbox_op *ops, size_t nr,
			const struct kexit *want, size_t nr_want)
{
	struct kexit left[32];
	size_t i, n = 0;

	for (i = 0; i < nr_want; i++)
		if (!proposed_drops_writes() || !is_write_to_hole(&want[i]))
			left[n++] = want[i];
	return vcpu_expect(v, what, ops, nr, left, n);
}

/* page_is_ones(): whether all words of a page of the hole read as ones, without an exit. */
#include "proposed_hole_page.h"

#endif /* KVMEM_PROPOSED_HOLE_H */
