/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the user sees while the run goes: a plain line on standard output for
 * every result, and on a terminal a line on standard error for what runs now.
 */
#ifndef KVMEM_REPORT_PROGRESS_H
#define KVMEM_REPORT_PROGRESS_H

#include "report/data/stream.h"

struct progress {
	bool terminal, verbose;
	bool drawn;		/* the terminal's line is there */
	bool midline;		/* verbose output does not end in a newline */
	size_t done, total;
	uint64_t drawn_at;
	struct under_way {
		const struct item *item;	/* or NULL */
		unsigned int replicate;
		uint64_t since;
	} now[MAX_MACHINES];
};

void progress_begin(struct progress *p, const struct run *r, bool verbose);
/** progress_event - show what an event brings, results excepted */
void progress_event(struct progress *p, const struct event *e);
/** progress_start - an item has begun; for a start that is not yet told as an event */
void progress_start(struct progress *p, unsigned int machine, const struct item *it,
		    unsigned int replicate);
/** progress_result - the line of a finished item */
void progress_result(struct progress *p, const struct item *it);
/** progress_tick - let the seconds go on */
void progress_tick(struct progress *p);
/** progress_end - leave a clean line */
void progress_end(struct progress *p);

#endif /* KVMEM_REPORT_PROGRESS_H */
