/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How often the gate is wrong, measured with runs that do not differ, and with
 * runs in which every exit was artificially slowed.
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
	struct strlist labels;		/* for each: PROOF_BASE, or the planted delay */
	size_t n_runs;
	struct rules rules;
	const char *metric;		/* measurement that shows the delay */
	size_t pairs;			/* gates for each row and column of the table */
	size_t sizes[PROOF_SIZES];	/* replicates of a gate's run */
	size_t n_sizes;
};

/**
 * proof_print - the table: false alarms and detection, by number of replicates
 *
 * A gate compares parts of two different runs, so that random differences
 * between runs (addresses, state of the machine) count too.  A part is a series
 * of consecutive replicates, as a shorter run would have had.
 *
 * Return: false when the runs are not sufficient, after a message.
 */
bool proof_print(FILE *f, struct proof *p);

#endif /* KVMEM_REPORT_PROOF_H */
