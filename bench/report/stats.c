// SPDX-License-Identifier: GPL-2.0-only
#include "stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "util.h"

/* splitmix64 (Steele, Lea, Flood: Fast splittable pseudorandom number generators, 2014) */
static uint64_t random_next(struct random *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

size_t random_below(struct random *r, size_t n)
{
	/* The bias is n / 2^32: none that any sample could show. */
	return (size_t)((random_next(r) >> 32) * n >> 32);
}

/* --- ranks --------------------------------------------------------------- */

struct value {
	double v;
	bool first;	/* of the first sample */
};

static int by_value(const void *x, const void *y)
{
	const struct value *a = x, *b = y;

	return (a->v > b->v) - (a->v < b->v);
}

/* Ranks times two are whole numbers, mean ranks of ties too. */
struct ranks {
	size_t *rank2;		/* of all, in ascending order */
	size_t n, n_first;
	size_t sum2;		/* of the first sample */
	double ties;		/* sum of t^3 - t over groups of t equal numbers */
};

static void rank(struct ranks *r, const double *a, size_t na, const double *b, size_t nb)
{
	struct value *all = xcalloc(na + nb, sizeof(*all));
	size_t i, k, end;

	memset(r, 0, sizeof(*r));
	r->n = na + nb;
	r->n_first = na;
	r->rank2 = xcalloc(r->n, sizeof(*r->rank2));
	for (i = 0; i < r->n; i++)
		all[i] = (struct value){ .v = i < na ? a[i] : b[i - na], .first = i < na };
	qsort(all, r->n, sizeof(*all), by_value);
	for (i = 0; i < r->n; i = end) {
		for (end = i + 1; end < r->n && all[end].v == all[i].v; end++)
			;
		/* Ranks i + 1 ... end have the mean (i + 1 + end) / 2. */
		for (k = i; k < end; k++) {
			r->rank2[k] = i + 1 + end;
			r->sum2 += all[k].first ? i + 1 + end : 0;
		}
		r->ties += pow((double)(end - i), 3) - (double)(end - i);
	}
	free(all);
}

/*
 * ways[k][s]: of the ranks so far, in how many ways k of them make the sum s.
 * A double holds the counts of every sample size that matters without rounding;
 * beyond 2^53 their relative error stays far below that of any use.
 */
static double exact_p(const struct ranks *r)
{
	size_t total = r->n * (r->n + 1), width = total + 1, i, k, s;
	double *ways = xcalloc((r->n_first + 1) * width, sizeof(*ways));
	double mean = (double)r->n_first * (double)(r->n + 1);
	double far = fabs((double)r->sum2 - mean), extreme = 0, all = 0;

	ways[0] = 1;
	for (i = 0; i < r->n; i++)
		for (k = i < r->n_first ? i + 1 : r->n_first; k > 0; k--)
			for (s = total; s >= r->rank2[i]; s--)
				ways[k * width + s] += ways[(k - 1) * width + s - r->rank2[i]];
	for (s = 0; s <= total; s++) {
		all += ways[r->n_first * width + s];
		if (fabs((double)s - mean) >= far)
			extreme += ways[r->n_first * width + s];
	}
	free(ways);
	return extreme / all;
}

static double normal_p(const struct ranks *r)
{
	double n = (double)r->n, na = (double)r->n_first, nb = n - na;
	double variance = na * nb / 12 * (n + 1 - r->ties / (n * (n - 1)));
	double far = fabs((double)r->sum2 / 2 - na * (n + 1) / 2) - 0.5;

	return variance > 0 && far > 0 ? erfc(far / sqrt(2 * variance)) : 1;
}

static double p_by(double (*how)(const struct ranks *r), const double *a, size_t na,
		   const double *b, size_t nb)
{
	struct ranks r;
	double p;

	rank(&r, a, na, b, nb);
	p = how(&r);
	free(r.rank2);
	return p;
}

double stats_rank_p(const double *a, size_t na, const double *b, size_t nb)
{
	return p_by(na + nb <= STATS_EXACT ? exact_p : normal_p, a, na, b, nb);
}

double stats_rank_p_normal(const double *a, size_t na, const double *b, size_t nb)
{
	return p_by(normal_p, a, na, b, nb);
}

/* One way of all, and for the other tail another: 2 / (na + nb over na). */
double stats_least_p(size_t na, size_t nb)
{
	double ways = 1;
	size_t i;

	for (i = 1; i <= na; i++)
		ways *= (double)(nb + i) / (double)i;
	return ways < 2 ? 1 : 2 / ways;
}

/* --- bootstrap ----------------------------------------------------------- */

static int by_number(const void *x, const void *y)
{
	double a = *(const double *)x, b = *(const double *)y;

	return (a > b) - (a < b);
}

/* As median() of measure.h; a sample is small, and this is done very often. */
static double resampled_median(struct random *r, const double *v, size_t n, double *room)
{
	size_t i, k;
	double one;

	for (i = 0; i < n; i++) {
		one = v[random_below(r, n)];
		for (k = i; k > 0 && room[k - 1] > one; k--)
			room[k] = room[k - 1];
		room[k] = one;
	}
	return room[(n - 1) / 2];
}

struct interval stats_ratio(const double *a, size_t na, const double *b, size_t nb,
			    double confidence, unsigned int resamples, uint64_t seed)
{
	double *ratios = xcalloc(resamples, sizeof(*ratios));
	double *room = xcalloc(na > nb ? na : nb, sizeof(*room)), of;
	struct random r = { .state = seed };
	struct interval in;
	size_t out;
	unsigned int i;

	for (i = 0; i < resamples; i++) {
		of = resampled_median(&r, a, na, room);
		ratios[i] = resampled_median(&r, b, nb, room) / of;
	}
	qsort(ratios, resamples, sizeof(*ratios), by_number);
	/* As many as this are left out at each end. */
	out = (size_t)((1 - confidence) / 2 * resamples);
	in = (struct interval){ ratios[out], ratios[resamples - 1 - out] };
	free(ratios);
	free(room);
	return in;
}

/* --- many tests ---------------------------------------------------------- */

void stats_holm(double *p, size_t n)
{
	bool *done = xcalloc(n, sizeof(*done));
	double least = 0;
	size_t i, best, left = 0;

	for (i = 0; i < n; i++)
		left += !isnan(p[i]);
	/* From the smallest on, times the number of those not yet done; never falling. */
	for (; left; left--) {
		for (i = 0, best = n; i < n; i++)
			if (!isnan(p[i]) && !done[i] && (best == n || p[i] < p[best]))
				best = i;
		least = fmax(least, fmin(1, p[best] * (double)left));
		p[best] = least;
		done[best] = true;
	}
	free(done);
}

/* Chance of at most @k of @n when each has the chance @share. */
static double at_most(size_t k, size_t n, double share)
{
	double term = pow(1 - share, (double)n), sum = 0;
	size_t i;

	for (i = 0; i <= k; i++) {
		sum += term;
		term *= (double)(n - i) / (double)(i + 1) * share / (1 - share);
	}
	return sum;
}

double stats_share_limit(size_t k, size_t n, double confidence)
{
	double low = 0, high = 1, middle;
	int i;

	if (k >= n)
		return 1;
	for (i = 0; i < 60; i++) {
		middle = (low + high) / 2;
		if (at_most(k, n, middle) > 1 - confidence)
			low = middle;
		else
			high = middle;
	}
	return high;
}
