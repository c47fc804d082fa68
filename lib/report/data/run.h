/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One run of the suite in memory: filled from the event stream while it runs
 * (stream.h) or from its results.json afterwards (results.h).
 */
#ifndef KVMEM_REPORT_RUN_H
#define KVMEM_REPORT_RUN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "report/base/util.h"
#include "report/data/known.h"
#include "report/data/measure.h"
#include "report/data/status.h"
#include "report/data/tail.h"

/* A test or a benchmark of the plan. */
struct run_item {
	char *name;
	bool bench;
	struct strlist behaviours;
	unsigned int planned;	/* replicates; 1 for a test, 0 when not in the plan */
	unsigned int ran;	/* replicates that ended */
	bool running;
	bool finished;		/* nothing more will come */
	bool shown;		/* the result is printed */
	bool left_out;		/* by the profile: not run, not a result */
	bool cut;		/* has no result of its own: the run ended first */
	bool unexpected_pass;	/* see run_update_unexpected() */
	enum status status;
	char *reason;		/* never NULL, may be empty */
	double duration_s;	/* of all replicates */
	struct tail output;	/* of the replicate under way, later of the worst one */
	struct tail current;
};

struct observation {
	char *name, *behaviour;
	char *item;		/* the test it was made in */
	json_t *value;
};

struct run {
	json_t *meta;		/* "run" of results.json without what is below */
	bool complete;		/* every planned item had its chance */
	size_t planned;
	struct run_item **items;	/* the plan, then what came unplanned */
	size_t n_items;
	struct observation *observations;
	size_t n_observations;
	struct measurement **measurements;
	size_t n_measurements;
	size_t left_out;	/* items that the profile leaves out, not in @planned */
	struct known *known;	/* NULL: none */
	unsigned int bad_lines;	/* invalid lines of the stream */
};

void run_free(struct run *r);

/** run_string - a string of the run's description, "" when it is missing */
const char *run_string(const struct run *r, const char *key);
const char *run_release(const struct run *r);

/** run_emulated - whether the CPU was emulated: times are not those of hardware */
bool run_emulated(const struct run *r);

struct run_item *run_find(const struct run *r, const char *name);
struct run_item *run_add_item(struct run *r, const char *name);

/**
 * run_end - an item, or one replicate of it, has ended
 *
 * Known issues are applied here: a failure they explain becomes an xfail.
 */
void run_end(struct run *r, struct run_item *it, enum status status, const char *reason,
	     double duration_s);

/** run_finish - no more events: give unfinished items a result where one is due */
void run_finish(struct run *r);

/** run_observe - add an observation; duplicates from replicates are dropped */
void run_observe(struct run *r, const struct run_item *in, const char *name,
		 const char *behaviour, json_t *value);
/** run_measurement - the measurement with this name and unit, added when it is new */
struct measurement *run_measurement(struct run *r, const char *name, const char *unit);

/**
 * run_measured - the measurement with this name, aggregated
 *
 * Return: the first one that has a median, NULL when there is none.
 */
struct measurement *run_measured(const struct run *r, const char *name);

/** run_update_unexpected - find passes of tests that are listed as known issues */
void run_update_unexpected(struct run *r);

/** run_ran - whether an item belongs among the results */
static inline bool run_ran(const struct run_item *it)
{
	return it->ran || it->finished;
}

/** run_counts - number of results per status; @counts has ST_COUNT entries */
void run_counts(const struct run *r, size_t *counts);

/** run_verdict - the verdict as an exit code */
enum exit_code run_verdict(const struct run *r);

/** item_program - the part of the name before the first dot, to free() */
char *item_program(const struct run_item *it);
/** item_rest - the part after it; the whole name where there is no dot */
const char *item_rest(const struct run_item *it);
/** item_log - the file under the run's folder that has its output, to free() */
char *item_log(const struct run_item *it);

#endif /* KVMEM_REPORT_RUN_H */
