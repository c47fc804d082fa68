// SPDX-License-Identifier: GPL-2.0-only
#include "util/quantile.h"

#include <math.h>
#include <stdlib.h>

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

void quantile_sort(uint32_t *v, size_t n)
{
	qsort(v, n, sizeof(*v), by_value);
}

double quantile(const uint32_t *v, size_t n, double p)
{
	double rank = ceil(p * (double)n);
	size_t i = rank < 1 ? 0 : (size_t)rank - 1;

	return v[i < n ? i : n - 1];
}

size_t quantile_drop_touched(uint32_t *v, size_t n, uint64_t ticks)
{
	double median;

	quantile_sort(v, n);
	median = quantile(v, n, 0.5);
	for (; n > 1 && ticks && v[n - 1] > median + TOUCHED_BY; ticks--)
		n--;
	return n;
}
