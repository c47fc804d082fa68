/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whether two samples differ, and by how much.  A sample is the replicates of a
 * measurement: one number per fresh VM.
 *
 * No distribution is assumed, and the results are deterministic: the same
 * numbers give the same answer on every machine.
 */
#ifndef KVMEM_REPORT_STATS_H
#define KVMEM_REPORT_STATS_H

#include <stddef.h>
#include <stdint.h>

/* Pseudo-random numbers; the seed is the state. */
struct random {
	uint64_t state;
};

/** random_below - the next one, 0 ... @n - 1 */
size_t random_below(struct random *r, size_t n);

struct interval {
	double low, high;
};

/**
 * stats_rank_p - Wilcoxon-Mann-Whitney test, two-sided
 * @a: one sample, not empty
 * @na: its size
 * @b: the other
 * @nb: its size
 *
 * The share of all ways to deal the pooled numbers out to samples of these
 * sizes in which the rank sum is at least as far from its mean as it is here.
 * Equal numbers share their mean rank.  The count is exact up to
 * STATS_EXACT numbers; above that it is the normal distribution's, corrected
 * for ties and continuity.
 */
double stats_rank_p(const double *a, size_t na, const double *b, size_t nb);

#define STATS_EXACT 120

/** stats_rank_p_normal - the normal distribution's answer, for any size */
double stats_rank_p_normal(const double *a, size_t na, const double *b, size_t nb);

/** stats_least_p - the smallest p value possible for these sizes */
double stats_least_p(size_t na, size_t nb);

/**
 * stats_ratio - bootstrap interval of median(b) / median(a), by percentiles
 * @confidence: say 0.99
 *
 * The medians are those of measure.h, always one of the numbers.  The probability of
 * each number as a resample's median is known (Efron 1979), so that the interval is
 * exact, and no resamples are drawn.
 */
struct interval stats_ratio(const double *a, size_t na, const double *b, size_t nb,
			    double confidence);

/**
 * stats_holm - adjust p values for multiple comparisons
 * @p: replaced by the adjusted ones; NANs stay and do not count
 * @n: how many
 *
 * Holm's step-down procedure: what is below alpha afterwards may be called a
 * difference, and the chance that any such call is wrong is alpha at most.
 */
void stats_holm(double *p, size_t n);

/** stats_share_limit - upper limit of a share of which @k of @n were seen (Clopper-Pearson) */
double stats_share_limit(size_t k, size_t n, double confidence);

#endif /* KVMEM_REPORT_STATS_H */
