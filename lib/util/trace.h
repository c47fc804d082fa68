/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of the kernel (tracefs), recorded for the calling thread only, in a
 * buffer of our own: a user's tracing goes on undisturbed.
 */
#ifndef KVMEM_TRACE_H
#define KVMEM_TRACE_H

#include <stddef.h>

struct trace;

/**
 * trace_start - record events that this thread causes from now on
 * @events: "system/name", @nr of them; one that the kernel has not is left out
 *
 * Ends the test as a skip where there is no tracefs, no privilege to use it, or
 * none of the events.  One at a time in a process.
 */
struct trace *trace_start(const char *const *events, size_t nr);

/** trace_clear - forget what was recorded so far */
void trace_clear(struct trace *t);

/**
 * trace_each - hand over what was recorded, one line at a time, oldest first
 * @fn: gets the line as tracefs prints it ("task-12 [000] ..... 1.5: name: fields")
 */
void trace_each(struct trace *t, void (*fn)(const char *line, void *arg), void *arg);

/**
 * trace_stop_all - end all recordings; lib/harness/test.h calls it
 *
 * What a test that was killed leaves behind the next trace_start() removes.
 */
void trace_stop_all(void);

#endif /* KVMEM_TRACE_H */
