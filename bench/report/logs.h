/* SPDX-License-Identifier: GPL-2.0-only */
/* log/: what every program printed, and the kernel meanwhile. */
#ifndef KVMEM_REPORT_LOGS_H
#define KVMEM_REPORT_LOGS_H

#include "folder.h"
#include "stream.h"

struct logs {
	struct folder *folder;
	struct appender kernel, program;
	char *path;		/* of the program's log now open */
	const struct item *item;	/* whose output ends it */
	bool midline;
};

void logs_begin(struct logs *l, struct folder *folder);
/** logs_event - write down what an event has for the logs */
void logs_event(struct logs *l, const struct event *e);
void logs_end(struct logs *l);

#endif /* KVMEM_REPORT_LOGS_H */
