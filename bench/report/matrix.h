/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs side by side: a column for each, a row for what they have in common. */
#ifndef KVMEM_REPORT_MATRIX_H
#define KVMEM_REPORT_MATRIX_H

#include <stdio.h>

#include "run.h"

/* Columns are letters. */
#define MATRIX_MAX 12

/**
 * matrix_print - tests, observations and measurements of several runs
 * @f: where to
 * @runs: figures that went stale are aggregated
 * @n: how many, at most MATRIX_MAX
 * @verbose: also rows in which all runs agree and nothing failed
 */
void matrix_print(FILE *f, struct run *runs, size_t n, bool verbose);

/* Parts of it: what the columns are, and what differs between them. */
void matrix_runs(FILE *f, struct run *runs, size_t n);
void matrix_tests(FILE *f, struct run *runs, size_t n, bool verbose);
void matrix_observations(FILE *f, struct run *runs, size_t n, bool verbose);

#endif /* KVMEM_REPORT_MATRIX_H */
