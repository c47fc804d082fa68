/* SPDX-License-Identifier: GPL-2.0-only */
/* Detection of disturbances during a measurement. */
#ifndef KVMEM_HARNESS_DISTURB_H
#define KVMEM_HARNESS_DISTURB_H

#include <stddef.h>
#include <stdint.h>

/** disturb_watch - start watching for disturbances */
void disturb_watch(void);

/**
 * disturb_note - describe disturbances since disturb_watch()
 * @buf: text, empty when there were none
 * @size: of @buf
 *
 * Detects a thread that is not pinned, a counter without a constant rate,
 * involuntary context switches and stolen time.
 */
void disturb_note(char *buf, size_t size);

/** disturb_ticks - timer interrupts of all CPUs so far; 0 when unknown */
uint64_t disturb_ticks(void);

#endif /* KVMEM_HARNESS_DISTURB_H */
