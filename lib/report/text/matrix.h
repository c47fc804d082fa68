/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs side by side: one column per run. */
#ifndef KVMEM_REPORT_MATRIX_H
#define KVMEM_REPORT_MATRIX_H

#include <stdio.h>

#include "report/data/run.h"

/* Columns are letters. */
#define MATRIX_MAX 12

/**
 * matrix_print - tests, observations and measurements of several runs
 * @f: where to
 * @runs: they are aggregated
 * @n: how many, at most MATRIX_MAX
 * @verbose: also rows in which all runs agree and nothing failed
 */
void matrix_print(FILE *f, struct run *runs, size_t n, bool verbose);

/* Parts of it: the legend of the columns, and the differences. */
void matrix_runs(FILE *f, struct run *runs, size_t n);
void matrix_tests(FILE *f, struct run *runs, size_t n, bool verbose);
void matrix_observations(FILE *f, struct run *runs, size_t n, bool verbose);

/* A test in all runs; or several of one program, that only some runs skip. */
struct matrix_line {
	char *name, *program;
	enum status status[MATRIX_MAX];	/* ST_COUNT: not among the results of that run */
	bool differs, bad;
	size_t tests;
};

struct matrix_lines {
	struct matrix_line *v;
	size_t n, tests;	/* tests in all of them together */
	size_t all;		/* tests there are */
};

/** matrix_lines - the table of matrix_tests() */
void matrix_lines(struct matrix_lines *lines, struct run *runs, size_t n, bool verbose);
void matrix_lines_free(struct matrix_lines *lines);

/** matrix_kernel - the kernel argument of the lab, "host" otherwise */
const char *matrix_kernel(const struct run *r);

/** matrix_machine - the properties of the machine that figures depend on, to free() */
char *matrix_machine(const struct run *r);

/** matrix_observed - the observation of a run with the same name and test, or NULL */
const struct observation *matrix_observed(const struct run *r, const struct observation *like);

/**
 * matrix_measured - the measurement of a run with the same name and unit, or NULL
 */
struct measurement *matrix_measured(const struct run *r, const struct measurement *like);

#endif /* KVMEM_REPORT_MATRIX_H */
