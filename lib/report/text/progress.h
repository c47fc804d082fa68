/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Output during a run.
 *
 * On a terminal: one line on standard error for what runs now, drawn again and
 * again; on standard output a line for each result that is not ok and for each
 * program that has ended.  Elsewhere, and with TERM=dumb, on a serial console or
 * with CI set: a plain line on standard output for each result.
 */
#ifndef KVMEM_REPORT_PROGRESS_H
#define KVMEM_REPORT_PROGRESS_H

#include "report/data/stream.h"

struct progress_program;

struct progress {
	bool terminal;		/* lines can be redrawn */
	bool verbose;		/* a line for each result and start, and all output */
	bool drawn;		/* the progress line is shown */
	bool midline;		/* verbose output does not end in a newline */
	size_t done, total;
	uint64_t drawn_at;
	struct progress_program *programs;
	size_t n_programs;
	struct under_way {
		const struct run_item *item;	/* or NULL */
		unsigned int replicate;
		uint64_t since;
	} now[MAX_MACHINES];
};

/** progress_begin - set up for a run whose plan is known */
void progress_begin(struct progress *p, const struct run *r, bool verbose);
/** progress_event - show an event, except for results */
void progress_event(struct progress *p, const struct event *e);
/** progress_start - show the start of an item before its event is passed on */
void progress_start(struct progress *p, unsigned int machine, const struct run_item *it,
		    unsigned int replicate);
/** progress_result - show the final result of an item */
void progress_result(struct progress *p, const struct run_item *it);
/** progress_tick - update the time in the progress line */
void progress_tick(struct progress *p);
/** progress_end - erase the progress line and free everything */
void progress_end(struct progress *p);

#endif /* KVMEM_REPORT_PROGRESS_H */
