/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memslot flags that were proposed and never merged.  Their numbers are
 * configuration (configs/proposed_uapi.conf), and whether a kernel has one is
 * decided by what it does (BEHAVIOURS 1.6, B3).
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

/* What a kernel makes of a flag. */
enum proposed_state {
	PROPOSED_REFUSED,	/* EINVAL: it does not know the flag */
	PROPOSED_OTHER,		/* it takes the flag for something else */
	PROPOSED_HERE,		/* it behaves as proposed, or says that it means to */
};

/** proposed_name - "KVM_MEM_PCI_HOLE" */
const char *proposed_name(enum proposed p);

/** proposed_bit - number of its bit in kvm_userspace_memory_region.flags */
unsigned int proposed_bit(enum proposed p);

/** proposed_flag - the flag itself */
uint32_t proposed_flag(enum proposed p);

/** proposed_cap - number of the capability that announces it */
unsigned int proposed_cap(enum proposed p);

/** proposed_device - KVM_CREATE_DEVICE type that tells KVM of non-coherent DMA */
uint32_t proposed_device(void);

/** proposed_drops_writes - whether a PCI hole is meant to drop writes */
bool proposed_drops_writes(void);

/**
 * proposed_state - ask this kernel, once per process
 *
 * Makes a VM of its own with one slot, and has the guest read it.  A kernel that
 * accepts the flag and announces the capability has the feature even if the
 * guest sees something else: then it is broken, and the tests are to say so.
 */
enum proposed_state proposed_state(enum proposed p);

/** proposed_takes - whether a feature that this kernel has uses flag bit @bit */
bool proposed_takes(unsigned int bit);

/** proposed_require - skip the test unless this kernel has the feature */
void proposed_require(enum proposed p);

#endif /* KVMEM_PROPOSED_H */
