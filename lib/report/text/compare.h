/* SPDX-License-Identifier: GPL-2.0-only */
/* Text report: runs compared with the first of them. */
#ifndef KVMEM_REPORT_COMPARE_H
#define KVMEM_REPORT_COMPARE_H

#include <stdio.h>

#include "report/base/grid.h"
#include "report/gate/judge.h"

/**
 * compare_print - tests, observations and measurements that changed
 * @f: where to
 * @runs: the baseline and the others
 * @j: judgements of the other runs against the baseline, @n - 1 of them
 * @n: how many runs
 * @verbose: also what did not change
 */
void compare_print(FILE *f, struct run *runs, const struct judgement *j, size_t n, bool verbose);

/**
 * compare_figures - a table of the measurements that changed anywhere
 * @g: result
 * @n: how many judgements; two or more get a column each
 *
 * Return: how many measurements there are, shown or not.
 */
size_t compare_figures(struct grid *g, const struct judgement *j, size_t n, bool verbose);

/* The same for two runs, row by row. */
void compare_grid(struct grid *g);
void compare_row(struct grid *g, const struct judged *f);

/** judged_name - of the measurement, whichever run has it */
const char *judged_name(const struct judged *f);

/** change_text - "+1.20%", and for exact numbers what that is: "+20 (+0.31%)" */
char *change_text(const struct judged *f);

#endif /* KVMEM_REPORT_COMPARE_H */
