/* SPDX-License-Identifier: GPL-2.0-only */
/* How the cost of an operation grows with the amount of work. */
#ifndef KVMEM_REPORT_GROWTH_H
#define KVMEM_REPORT_GROWTH_H

#include <stdio.h>

#include "report/data/run.h"

/*
 * The measurements of one run that differ in their parameter only.  The name has
 * # in place of the number.
 */
struct series {
	char *name;
	const struct measurement *like;
	size_t run;
	double *x, *y;
	size_t n;
};

struct growth {
	struct series *v;
	size_t n;
};

/**
 * growth_collect - add the series of a run
 * @g: result
 * @r: run; it is aggregated
 * @run: index of the run, stored in each series
 *
 * Measurements without a parameter, or with 0, are left out: 0 has no place on
 * a logarithmic axis.  Results written before measurements had parameters have
 * no series.  A series may have fewer than the three points that a curve needs.
 */
void growth_collect(struct growth *g, struct run *r, size_t run);
void growth_free(struct growth *g);

/**
 * growth_text - the curve fitted to a series of three points or more
 *
 * Fixed cost, cost per item and power: see fit.h.
 *
 * Return: a string to free().
 */
char *growth_text(const struct series *s);

/** growth_print - a line for each series of three points or more */
void growth_print(FILE *f, struct run *r);

#endif /* KVMEM_REPORT_GROWTH_H */
