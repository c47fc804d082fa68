/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memslot flags that were proposed but never merged.  Their numbers are configurable
 * (configs/proposed_uapi.conf).  Whether a kernel supports a flag is decided by its
 * behaviour, see B3.
 */
#ifndef KVMEM_PROPOSED_H
#define KVMEM_PROPOSED_H

#include <stdbool.h>
#include <stdint.h>

enum proposed {
	PROPOSED_PCI_HOLE,	/* KVM_MEM_PCI_HOLE, posted in 2020 */
	PROPOSED_SINGLE_HVA,	/* KVM_MEM_SINGLE_HVA, sketched in 2020 */
	PROPOSED_DMA,		/* KVM_MEM_NON_COHERENT_DMA, posted in 2024 */
	PROPOSED_WC,		/* KVM_MEM_WC, sketched in 2023 */
	NR_PROPOSED,
};

/* How a kernel treats a flag. */
enum proposed_state {
	PROPOSED_REFUSED,	/* unknown flag: EINVAL */
	PROPOSED_OTHER,		/* the flag has another meaning */
	PROPOSED_HERE,		/* behaves as proposed, or the capability is announced */
};

/** proposed_name - name of the flag, "KVM_MEM_PCI_HOLE" */
const char *proposed_name(enum proposed p);

/** proposed_bit - number of its bit in kvm_userspace_memory_region.flags */
unsigned int proposed_bit(enum proposed p);

/** proposed_flag - the flag itself */
uint32_t proposed_flag(enum proposed p);

/** proposed_cap - number of the capability that announces the flag */
unsigned int proposed_cap(enum proposed p);

/** proposed_device - KVM_CREATE_DEVICE type with which userspace reports non-coherent DMA */
uint32_t proposed_device(void);

/** proposed_drops_writes - whether writes to a PCI hole are dropped, as configured */
bool proposed_drops_writes(void);

/**
 * proposed_state - determine support in this kernel, once per process
 *
 * Creates a VM with one slot.  If the kernel accepts the flag and announces the
 * capability, the feature is present; a guest that sees something else is then a
 * bug for the tests to report.  If it only accepts the flag, a guest access
 * decides.
 */
enum proposed_state proposed_state(enum proposed p);

/** proposed_takes - whether a feature that this kernel has uses flag bit @bit */
bool proposed_takes(unsigned int bit);

/** proposed_require - skip the test unless this kernel has the feature */
void proposed_require(enum proposed p);

#endif /* KVMEM_PROPOSED_H */
