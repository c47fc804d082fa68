// SPDX-License-Identifier: GPL-2.0-only
#include "report/gate/fit.h"

#include <math.h>

#define STEPS 300
#define STEP 0.01
#define FLAT 0.005 /* total growth below this share of the cost counts as none */

/* Fit a and b of a + b * x^power for a given power; return the sum of squared residuals. */
static double squares(const double *x, const double *y, size_t n, double power, double *a,
		      double *b)
{
	double sw = 0, sx = 0, sxx = 0, sy = 0, sxy = 0, det, sum = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		double w = 1 / (y[i] * y[i]), p = pow(x[i], power);

		sw += w;
		sx += w * p;
		sxx += w * p * p;
		sy += w * y[i];
		sxy += w * p * y[i];
	}
	det = sw * sxx - sx * sx;
	*b = det > 1e-12 * sw * sxx ? (sw * sxy - sx * sy) / det : 0;
	*a = (sy - *b * sx) / sw;
	if (*b < 0) {
		*b = 0;
		*a = sy / sw;
	} else if (*a < 0) {
		*a = 0;
		*b = sxy / sxx;
	}
	for (i = 0; i < n; i++) {
		double d = (*a + *b * pow(x[i], power)) / y[i] - 1;

		sum += d * d;
	}
	return sum;
}

bool fit_growth(const double *x, const double *y, size_t n, struct fit *fit)
{
	double best = INFINITY, a, b, sum;
	size_t i;
	int step;

	if (n < 3 || x[0] == x[n - 1])
		return false;
	for (step = 1; step <= STEPS; step++) {
		sum = squares(x, y, n, step * STEP, &a, &b);
		if (!(sum < best - 1e-12))
			continue;
		best = sum;
		*fit = (struct fit){ .fixed = a, .each = b, .power = step * STEP };
	}
	if (fit->each * (pow(x[n - 1], fit->power) - pow(x[0], fit->power)) <
	    FLAT * (fit->fixed + fit->each)) {
		squares(x, y, n, 0, &a, &b);
		*fit = (struct fit){ .fixed = a };
	}
	for (fit->off = 0, i = 0; i < n; i++)
		fit->off = fmax(fit->off, fabs((fit->fixed + fit->each * pow(x[i], fit->power)) /
					       y[i] - 1));
	return true;
}

double fit_slope(const double *x, const double *y, size_t n)
{
	double a, b;

	squares(x, y, n, 1, &a, &b);
	return b;
}
