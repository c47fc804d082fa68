/* SPDX-License-Identifier: GPL-2.0-only */
/* log/: output of every program, and the kernel log. */
#ifndef KVMEM_REPORT_LOGS_H
#define KVMEM_REPORT_LOGS_H

#include "report/base/folder.h"
#include "report/data/stream.h"

struct logs {
	struct folder *folder;
	struct appender kernel[MAX_MACHINES], program;
	char *path;		/* of the program's log now open */
	const struct run_item *item;	/* whose output ends it */
	bool midline;
};

void logs_begin(struct logs *l, struct folder *folder);
/** logs_event - write the output in an event to the logs */
void logs_event(struct logs *l, const struct event *e);
void logs_end(struct logs *l);

/**
 * logs_load - read back the output of failed tests
 * @r: a run from results_load(); its items get the end of their output
 * @path: the run's folder; of a file there is no log to be read
 *
 * A log that is not there, or has no such test in it, leaves the output empty.
 */
void logs_load(struct run *r, const char *path);

#endif /* KVMEM_REPORT_LOGS_H */
