/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU and memory placement. */
#ifndef KVMEM_PLACE_H
#define KVMEM_PLACE_H

/**
 * place_pin - put this thread on one CPU and its memory on that CPU's node
 *
 * KVMEM_CPU selects the CPU.  The default is the last one that this process may
 * use, as the least likely to serve interrupts.
 */
void place_pin(void);

/**
 * place_still - disable automatic NUMA balancing for this process
 *
 * NUMA balancing unmaps pages to sample accesses, which zaps KVM's mappings of
 * them.  It skips memory that has a policy.
 */
void place_still(void);

/** place_problem - reason why the thread is not pinned, empty when it is */
const char *place_problem(void);

#endif /* KVMEM_PLACE_H */
