/* SPDX-License-Identifier: GPL-2.0-only */
/* CPU and memory placement. */
#ifndef KVMEM_PLACE_H
#define KVMEM_PLACE_H

/**
 * place_pin - put this thread on one CPU and its memory on that CPU's node
 *
 * KVMEM_CPU chooses the CPU; otherwise the last one this process may use, which
 * is the one least likely to serve interrupts.
 */
void place_pin(void);

/**
 * place_still - keep the kernel from moving this process's memory between nodes
 *
 * Automatic NUMA balancing removes mappings to find out which node uses them.  It
 * skips memory with a policy.
 */
void place_still(void);

/** place_problem - why the thread is not pinned, empty when it is */
const char *place_problem(void);

#endif /* KVMEM_PLACE_H */
