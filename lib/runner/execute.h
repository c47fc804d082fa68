/* SPDX-License-Identifier: GPL-2.0-only */
/* A run: tests, benchmarks or seeded bugs, and the stream that tells of them. */
#ifndef KVMEM_RUNNER_EXECUTE_H
#define KVMEM_RUNNER_EXECUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "mutation.h"
#include "plan.h"

#define MAX_NOTES 16

struct options {
	bool list, list_plan, probe, tests, bench;
	const char *profile, *where, *dir;
	unsigned long seed, timeout, replicates;
	bool exact;
	const char *started;	/* when, if this machine's clock can't tell */
	const char *plan;	/* file of what the programs have, or NULL to ask them */
	const char *items;	/* file of the names to run */
	const char *share;	/* "1/2": which of what there is to run, see plan_share() */
	const char *replay;	/* file for model_random */
	const char *plant;	/* a delay on purpose, see env_plant() */
	const char *uapi;	/* other numbers than those of configs/proposed_uapi.conf */
	bool resume;		/* the stream has its "run" event already */
	const char *perf;	/* folder for perf's view of the benchmarks, or NULL */
	const char *mutants;	/* table of seeded bugs to find, instead of a usual run */
	const char *doubtful[MAX_NOTES]; /* tests that find none: they may fail by themselves */
	size_t nr_doubtful;
	struct mutation *mutation;
	const char *notes[MAX_NOTES];	/* "key=value" */
	size_t nr_notes;
};

/**
 * run_plan - run what is in the plan, in its order
 *
 * Events go to standard output, one JSON object per line.  Signals that end a
 * program end the run: it says so, and nothing is left running.
 *
 * Return: exit code of the runner.
 */
int run_plan(const struct options *o, struct plan *plan);

#endif /* KVMEM_RUNNER_EXECUTE_H */
