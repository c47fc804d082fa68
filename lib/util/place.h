/* SPDX-License-Identifier: GPL-2.0-only */
/* Where a benchmark runs, and what disturbed it. */
#ifndef KVMEM_PLACE_H
#define KVMEM_PLACE_H

#include <stddef.h>
#include <stdint.h>

/**
 * place_pin - put this thread on one CPU and its memory on that CPU's node
 *
 * KVMEM_CPU chooses the CPU; otherwise the last one this process may use, which
 * is the one least likely to serve interrupts.
 */
void place_pin(void);

/**
 * place_still - keep the kernel from moving this process's memory about
 *
 * Automatic NUMA balancing takes mappings away to see who uses them.  With a
 * policy of its own a process is left alone.
 */
void place_still(void);

/** place_watch - begin to watch for disturbances */
void place_watch(void);

/**
 * place_note - what may have spoiled figures taken since place_watch()
 * @buf: text, empty when there is nothing to say
 * @size: of @buf
 *
 * Not pinned, no constant TSC, involuntary context switches, stolen time.
 */
void place_note(char *buf, size_t size);

/** place_ticks - timer interrupts of all CPUs so far; 0 when unknown */
uint64_t place_ticks(void);

#endif /* KVMEM_PLACE_H */
