/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel trace events (tracefs), recorded for the calling thread only, in a separate
 * trace instance that does not disturb other users of tracing.
 */
#ifndef KVMEM_TRACE_H
#define KVMEM_TRACE_H

#include <stddef.h>

struct trace;

/**
 * trace_start - start recording events of the calling thread
 * @events: "system/name"; events that this kernel lacks are ignored
 * @nr: number of events
 *
 * Ends the test as a skip without tracefs, without the privilege to use it, or
 * when the kernel has none of the events.  Stops a previous recording: there is
 * one per process.
 */
struct trace *trace_start(const char *const *events, size_t nr);

/** trace_clear - discard the recorded events */
void trace_clear(struct trace *t);

/**
 * trace_each - call a function for each recorded event, oldest first
 * @t: recording
 * @fn: called with the line as tracefs prints it ("task-12 [000] ..... 1.5: name: fields")
 * @arg: passed to @fn
 */
void trace_each(struct trace *t, void (*fn)(const char *line, void *arg), void *arg);

/**
 * trace_stop_all - remove the trace instance; called by lib/harness/test.h
 *
 * An instance left behind by a killed test is removed by the next trace_start().
 */
void trace_stop_all(void);

#endif /* KVMEM_TRACE_H */
