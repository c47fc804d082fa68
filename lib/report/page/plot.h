/* SPDX-License-Identifier: GPL-2.0-only */
/* Figures, drawn by gnuplot as SVG, to embed in a page. */
#ifndef KVMEM_REPORT_PLOT_H
#define KVMEM_REPORT_PLOT_H

#include <stdbool.h>
#include <stddef.h>

/* More in one figure cannot be distinguished without colour. */
#define PLOT_CURVES 6
#define PLOT_SERIES 12

struct curve {
	const char *name;
	double *x, *y;
	size_t n;
	double *dots;		/* marks at these x, and at half the height */
	size_t n_dots;
};

struct plot_axes {
	const char *title;	/* text alternative */
	const char *x, *y;
	double low, high;	/* of x; figures with the same can be compared */
	size_t names;		/* characters of the longest name, likewise */
	bool share;		/* y is a share: 0 to 1 */
};

/**
 * plot_curves - lines
 * @n: at most PLOT_CURVES
 *
 * Scales are logarithmic where the numbers span more than half a decade.
 *
 * Return: an <svg> element to free(), NULL where gnuplot is missing or failed.
 */
char *plot_curves(const struct plot_axes *a, const struct curve *c, size_t n);

struct bars {
	const char *title, *x;
	size_t rows, series;	/* at most PLOT_SERIES bars in a row */
	const char **labels;	/* of rows */
	const char **names;	/* of series */
	double *v;		/* row by row; NAN: no bar */
	double base;		/* where bars begin; NAN: at the left edge */
};

/** plot_bars - groups of horizontal bars; likewise */
char *plot_bars(const struct bars *b);

/** plot_missing - why the last figure that failed could not be drawn, or NULL */
const char *plot_missing(void);

#endif /* KVMEM_REPORT_PLOT_H */
