/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvmem.ktap: one subtest per program, its tests inside.
 *
 * The file only grows, and a subtest is one stretch of it, while results of
 * several programs may come in turns (replicates of benchmarks).  Results of a
 * program whose turn it is not yet therefore wait; with profile quick those of a
 * program are written when all of its variants have run or are left out.
 */
#ifndef KVMEM_REPORT_KTAP_H
#define KVMEM_REPORT_KTAP_H

#include <stdio.h>

#include "report/base/folder.h"
#include "report/data/run.h"

struct ktap_group;

struct ktap {
	struct appender file;
	const struct run *run;
	struct ktap_group *groups;
	size_t n_groups, n_closed;
	struct ktap_group *open;
	bool quick;
	size_t n_items;		/* of the plan */
	size_t *group_of;	/* for each of them */
	bool *written;
};

/** ktap_begin - write the head, for the plan as it is now */
bool ktap_begin(struct ktap *k, struct folder *folder, const struct run *run);

/** ktap_update - write what has finished and can be written */
void ktap_update(struct ktap *k);

/** ktap_end - write the rest; what never ran is "not ok" */
void ktap_end(struct ktap *k);

/** ktap_result - the result line of one test and the comments before it */
void ktap_result(FILE *f, const struct run_item *it, size_t number, const char *indent,
		 const char *description);

#endif /* KVMEM_REPORT_KTAP_H */
