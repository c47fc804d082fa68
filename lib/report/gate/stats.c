// SPDX-License-Identifier: GPL-2.0-only
#include "report/gate/stats.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/util.h"

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
	/* The bias is n / 2^32, which is negligible here. */
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

/* Ranks are stored times two, so that mean ranks of ties are whole numbers too. */
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
 * ways[k][s]: the number of ways to choose k of the ranks so far with the sum s.
 * A double holds it exactly up to 2^53; beyond that the relative error is negligible.
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

/* One arrangement in each tail: 2 / binomial(na + nb, na). */
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

/* Probability of at least @k of @n independent events, each with probability @share. */
static double at_least(size_t k, size_t n, double share)
{
	double sum = 0;
	size_t i;

	if (share >= 1)
		return 1;
	for (i = k; share > 0 && i <= n; i++)
		sum += exp(lgamma((double)n + 1) - lgamma((double)i + 1) -
			   lgamma((double)(n - i) + 1) + (double)i * log(share) +
			   (double)(n - i) * log(1 - share));
	return sum;
}

/* A value and its probability. */
struct atom {
	double v, chance;
};

/*
 * The distribution of a resample's median: the sample's numbers, with probabilities.
 * The median is at most the k-th smallest number if at least half of the draws are.
 */
static struct atom *medians_of(const double *v, size_t n)
{
	struct atom *atoms = xcalloc(n, sizeof(*atoms));
	double *sorted = xcalloc(n, sizeof(*sorted)), below = 0, upto;
	size_t k;

	memcpy(sorted, v, n * sizeof(*v));
	qsort(sorted, n, sizeof(*sorted), by_number);
	for (k = 1; k <= n; k++) {
		upto = at_least((n + 1) / 2, n, (double)k / (double)n);
		atoms[k - 1] = (struct atom){ .v = sorted[k - 1], .chance = upto - below };
		below = upto;
	}
	free(sorted);
	return atoms;
}

static double quantile_of(const struct atom *atoms, size_t n, double share)
{
	double sum = 0;
	size_t i;

	for (i = 0; i + 1 < n; i++) {
		sum += atoms[i].chance;
		if (sum >= share)
			break;
	}
	return atoms[i].v;
}

struct interval stats_ratio(const double *a, size_t na, const double *b, size_t nb,
			    double confidence)
{
	struct atom *of_a = medians_of(a, na), *of_b = medians_of(b, nb);
	struct atom *ratios = xcalloc(na * nb, sizeof(*ratios));
	struct interval in;
	size_t i, k;

	for (i = 0; i < na; i++)
		for (k = 0; k < nb; k++)
			ratios[i * nb + k] = (struct atom){
				.v = of_b[k].v / of_a[i].v, .chance = of_a[i].chance * of_b[k].chance,
			};
	/* by_number() reads the first member, the value. */
	qsort(ratios, na * nb, sizeof(*ratios), by_number);
	in.low = quantile_of(ratios, na * nb, (1 - confidence) / 2);
	in.high = quantile_of(ratios, na * nb, (1 + confidence) / 2);
	free(ratios);
	free(of_a);
	free(of_b);
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
	/* In ascending order: times the number of those left, and never decreasing. */
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

/* Probability of at most @k of @n independent events, each with probability @share. */
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
