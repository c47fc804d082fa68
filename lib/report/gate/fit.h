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
 * fit_growth - fit the curve to points
 * @x: amounts of work, above 0, ascending
 * @y: what they cost, above 0
 * @n: how many; three at least, since the curve has three parameters
 * @fit: result
 *
 * Least squares of the relative distances (small amounts count as much as large
 * ones) for each power from 0 to 3 in steps of 0.01; the best power is taken.
 * A cost that does not grow has power 0 and @each 0.  Neither part is negative.
 *
 * Return: false when there are too few points, or all of one amount.
 */
bool fit_growth(const double *x, const double *y, size_t n, struct fit *fit);

/**
 * fit_slope - cost of each further item, for linear growth
 *
 * Relative least squares as in fit_growth(), with the power 1.
 */
double fit_slope(const double *x, const double *y, size_t n);

#endif /* KVMEM_REPORT_FIT_H */
