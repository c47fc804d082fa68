/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads the event stream (util/events.h) into a run. */
#ifndef KVMEM_REPORT_STREAM_H
#define KVMEM_REPORT_STREAM_H

#include <jansson.h>
#include <stddef.h>

#include "report/data/run.h"

/* Machines that run shares of one run at the same time. */
#define MAX_MACHINES 16

enum event_kind {
	EV_NONE,	/* unknown, empty or broken line */
	EV_RUN,		/* the run is described and planned */
	EV_START,
	EV_OUTPUT,	/* text of an item */
	EV_RECORD,	/* an observation or a measurement */
	EV_END,
	EV_OMIT,	/* the profile leaves out an item */
	EV_KLOG,	/* text of the kernel */
	EV_FILE,	/* text to be stored as a file */
	EV_DONE,
	EV_FOREIGN,	/* a run of another EVENTS_VERSION */
};

struct event {
	enum event_kind kind;
	struct run_item *item;		/* NULL where it concerns none */
	unsigned int replicate;		/* 0: not said */
	enum status status;		/* EV_END: of this replicate, as the runner saw it */
	const char *reason;
	double duration_s;
	const char *text;		/* EV_OUTPUT, EV_KLOG, EV_FILE */
	size_t len;
	const char *name;		/* EV_FILE */
	unsigned int from;		/* machine, from 0 */
	json_t *json;			/* what the pointers point into */
};

struct stream {
	struct run *run;
	const char *where;		/* overrides the runner's, or NULL */
	const char *id;			/* likewise: the name of the results folder */
	struct run_item *current;		/* started last */
	unsigned int machines;		/* with a share of this run */
	unsigned int done;		/* of them */
	unsigned int version;		/* EVENTS_VERSION of the last run event, 0: none */
};

/**
 * stream_line - take one line into the run
 * @s: the stream
 * @line: without the newline
 * @len: of @line
 * @e: what it was; to be released with event_release()
 *
 * Lines that make no sense are counted in run->bad_lines.
 */
void stream_line(struct stream *s, const char *line, size_t len, struct event *e);
void event_release(struct event *e);

/* The start or the end of an item. */
struct boundary {
	struct run_item *start;		/* or NULL */
	unsigned int replicate;		/* with @start: of a benchmark, from 0 */
	bool end;
};

/**
 * stream_boundary - look for the start or end of an item in a line
 * @s: the stream; not changed
 * @line: without the newline
 * @len: of @line
 * @b: result
 */
void stream_boundary(const struct stream *s, const char *line, size_t len, struct boundary *b);

#endif /* KVMEM_REPORT_STREAM_H */
