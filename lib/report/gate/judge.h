/* SPDX-License-Identifier: GPL-2.0-only */
/* Differences between two runs, and whether they are regressions. */
#ifndef KVMEM_REPORT_JUDGE_H
#define KVMEM_REPORT_JUDGE_H

#include "report/data/run.h"
#include "report/gate/rules.h"
#include "report/gate/sides.h"
#include "report/gate/stats.h"

/* --- tests --------------------------------------------------------------- */

enum change {
	CH_SAME,
	CH_REGRESSION,		/* passed, and now fails, is skipped or missing */
	CH_KNOWN,		/* passed, and now fails as configs/known_issues says */
	CH_FIXED,		/* failed, and now passes */
	CH_FAILS_IN_BOTH,
	CH_NEW_FAILURE,		/* was skipped or not there, and now fails */
	CH_OTHER,
	CH_COUNT
};

struct test_change {
	const char *name;
	const struct run_item *a, *b;	/* NULL: not among the results */
	enum change change;
};

/** judge_test - classify a test's change from @a to @b */
enum change judge_test(const struct run_item *a, const struct run_item *b);

/** judge_status - its status in words, "missing" for NULL */
const char *judge_status(const struct run_item *it);

/* --- measurements -------------------------------------------------------- */

enum verdict {
	V_SAME,
	V_SMALL,	/* a difference, below the floor */
	V_BETTER,
	V_WORSE,
	V_UNSURE,	/* undecided; @why has the reason */
	V_ONE_SIDED,	/* only one of the runs has it */
	V_COUNT
};

extern const char *const verdict_names[V_COUNT];

struct judged {
	struct measurement *a, *b;	/* NULL: that run does not have it */
	struct rule rule;
	bool exact;			/* compared as numbers, not as samples */
	double base, now;		/* medians of the replicates */
	double floor;
	double p;			/* of the test, adjusted where gated; NAN: none */
	struct interval ratio;		/* of now / base; NAN: none */
	enum verdict verdict;
	char *why;
};

struct judgement {
	const struct run *a, *b;
	const struct rules *rules;
	struct sides sides;
	struct test_change *tests;
	size_t n_tests;
	struct judged *figures;
	size_t n_figures;
};

/**
 * judge_units - whether two runs measure the same things in the same units
 *
 * Return: NULL, or one line to free() about the first one that differs.
 */
char *judge_units(const struct run *a, const struct run *b);

/**
 * judge - compare two runs
 * @j: result, which points into both
 * @a: baseline; it is aggregated
 * @b: run to compare; likewise
 * @rules: floors and significance
 * @metric: glob for the measurements to look at, NULL for all
 */
void judge(struct judgement *j, struct run *a, struct run *b, const struct rules *rules,
	   const char *metric);
void judge_free(struct judgement *j);

/** judged_change - (now - base) / base, INFINITY where base is 0 */
double judged_change(const struct judged *f);

/* --- the gate ------------------------------------------------------------ */

/**
 * judge_gate - exit code of the gate: EXIT_PASSED, EXIT_FAILED or EXIT_NOTHING
 *
 * A regression takes precedence.  Otherwise the gate is inconclusive
 * (EXIT_NOTHING) when a gated measurement cannot be judged, or nothing was compared.
 */
enum exit_code judge_gate(const struct judgement *j);

/** judge_count - how many gated measurements have that verdict, by the gate's rules */
size_t judge_count(const struct judgement *j, enum verdict v);

/** judge_gated - the verdict for the gate: none when the machines differ */
enum verdict judge_gated(const struct judgement *j, const struct judged *f);

#endif /* KVMEM_REPORT_JUDGE_H */
