/* SPDX-License-Identifier: GPL-2.0-only */
/* Executes tests, benchmarks or seeded bugs and writes the event stream (util/events.h). */
#ifndef KVMEM_RUNNER_EXECUTE_H
#define KVMEM_RUNNER_EXECUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "mutation.h"
#include "plan.h"

#define MAX_NOTES 16

struct options {
	bool help, list, list_plan, probe, tests, bench;
	const char *profile, *where, *dir;
	unsigned long seed, timeout, replicates;
	bool exact;
	const char *started;	/* start time, if this machine's clock is not set */
	const char *plan;	/* file with the tests of all programs, or NULL to list them */
	const char *items;	/* file of the names to run */
	const char *share;	/* "1/2", see plan_share() */
	const char *replay;	/* file for model_random */
	const char *plant;	/* artificial cost of each exit, see env_plant() */
	const char *uapi;	/* replaces configs/proposed_uapi.conf */
	bool resume;		/* the stream has its "run" event already */
	const char *perf;	/* folder for the output of perf, or NULL */
	const char *mutants;	/* table of seeded bugs to run the tests against, or NULL */
	const char *doubtful[MAX_NOTES]; /* globs of tests that fail without a seeded bug */
	size_t nr_doubtful;
	struct mutation *mutation;
	const char *notes[MAX_NOTES];	/* "key=value" */
	size_t nr_notes;
};

/**
 * run_plan - run the items of a plan in order
 *
 * Events go to standard output.  SIGINT, SIGTERM and SIGHUP kill the running program
 * and end the run without a done event.
 *
 * Return: exit code of the runner.
 */
int run_plan(const struct options *o, struct plan *plan);

#endif /* KVMEM_RUNNER_EXECUTE_H */
