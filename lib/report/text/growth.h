/* SPDX-License-Identifier: GPL-2.0-only */
/* Measurements that differ in a number only, and how their cost grows with it. */
#ifndef KVMEM_REPORT_GROWTH_H
#define KVMEM_REPORT_GROWTH_H

#include <stdio.h>

#include "report/data/run.h"

/*
 * A series of some run: the name with # for its number, and the figures in
 * ascending order of that number.
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
 * @run: which one it is, where there are several
 *
 * The number is the last one in a name, in digits (4k is 4096) or as a word; 0 has no
 * place on the figure's axis and is left out.
 * Series of less than three numbers are in it too; they say nothing of growth.
 */
void growth_collect(struct growth *g, struct run *r, size_t run);
void growth_free(struct growth *g);

/**
 * growth_text - what a series of three numbers or more comes to, for people
 *
 * Fixed cost, cost per item and the power it grows with: fit.h.
 *
 * Return: a string to free().
 */
char *growth_text(const struct series *s);

/** growth_print - a line for each series of three numbers or more; nothing without one */
void growth_print(FILE *f, struct run *r);

#endif /* KVMEM_REPORT_GROWTH_H */
