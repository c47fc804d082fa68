/* SPDX-License-Identifier: GPL-2.0-only */
/* How a cost grows with the amount of work. */
#ifndef KVMEM_REPORT_FIT_H
#define KVMEM_REPORT_FIT_H

#include <stdbool.h>
#include <stddef.h>

/* cost(n) = fixed + each * n^power */
struct fit {
	double fixed, each, power;
	double off;	/* the largest relative distance of a point from it */
};

/**
 * fit_growth - the curve nearest to some points
 * @x: amounts of work, above 0, ascending
 * @y: what they cost, above 0
 * @n: how many; three at least, since the curve has three parameters
 * @fit: result
 *
 * Least squares of the relative distances (small amounts count as much as large
 * ones), for each power from 0 to 3 in steps of a hundredth; the best power is
 * it.  A cost that does not grow has the power 0 and nothing for each.  Neither
 * part is below 0: work is not done for less than nothing.
 *
 * Return: false when there are too few points, or all of one amount.
 */
bool fit_growth(const double *x, const double *y, size_t n, struct fit *fit);

/**
 * fit_slope - what each further item costs, were the growth linear
 *
 * Relative least squares as in fit_growth(), with the power 1.
 */
double fit_slope(const double *x, const double *y, size_t n);

#endif /* KVMEM_REPORT_FIT_H */
