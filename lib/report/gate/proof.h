/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often is the gate wrong?  Found out with runs that differ in nothing, and
 * with runs in which every exit was made dearer on purpose.
 */
#ifndef KVMEM_REPORT_PROOF_H
#define KVMEM_REPORT_PROOF_H

#include <stdio.h>

#include "report/data/run.h"
#include "report/gate/rules.h"

#define PROOF_SIZES 12
#define PROOF_BASE "base"

struct proof {
	struct run *runs;
	struct strlist labels;		/* for each: PROOF_BASE, or what was planted */
	size_t n_runs;
	struct rules rules;
	const char *metric;		/* in which the delay is to be found */
	size_t pairs;			/* gates for each row and column of the table */
	size_t sizes[PROOF_SIZES];	/* replicates of a gate's run */
	size_t n_sizes;
};

/**
 * proof_print - the table: false alarms and detection, by number of replicates
 *
 * A gate compares parts of two different runs, never of one with itself: what
 * differs between runs by chance (addresses, the state of the machine) then
 * counts as well.  A part is a stretch of replicates as they followed each
 * other, for that is what a shorter run would have had.
 *
 * Return: whether there was enough to make it; else it was said what lacks.
 */
bool proof_print(FILE *f, struct proof *p);

#endif /* KVMEM_REPORT_PROOF_H */
