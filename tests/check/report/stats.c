// SPDX-License-Identifier: GPL-2.0-only
/* Statistics, compared with published values; each has its source. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/util.h"
#include "report/gate/fit.h"
#include "report/gate/stats.h"
#include "selftest.h"

static bool about(double a, double b, double by)
{
	return fabs(a - b) <= by;
}

/* Compare p with a published value, within half of its last digit. */
static void check_p(double p, double published, double last_digit, const char *what)
{
	char *text = xprintf("%s: p is %g", what, published);

	check(about(p, published, last_digit / 2), text);
	free(text);
}

/* p of two samples of n numbers without ties, with the statistic U = u. */
static double p_of_u(size_t n, size_t u)
{
	double a[8], b[8];
	size_t i, pairs;

	for (i = 0; i < n; i++) {
		a[i] = (double)(2 * i);
		b[i] = (double)(2 * n + 2 * i);
	}
	/* Move the largest numbers of a above u numbers of b, in total. */
	for (i = n; i > 0 && u; i--) {
		pairs = u < n ? u : n;
		a[i - 1] = (double)(2 * n + 2 * pairs - 1) - (double)(n - i) / 100;
		u -= pairs;
	}
	return stats_rank_p(a, n, b, n);
}

static void test_rank_tables(void)
{
	/*
	 * H. B. Mann, D. R. Whitney: On a test of whether one of two random
	 * variables is stochastically larger than the other, Annals of
	 * Mathematical Statistics 18 (1947), table I: P(U <= u) for n = m = 5.
	 */
	static const double one_sided[] = { 0.004, 0.008, 0.016, 0.028, 0.048, 0.075, 0.111 };
	char *what;
	size_t u;

	for (u = 0; u < ARRAY_SIZE(one_sided); u++) {
		what = xprintf("Mann and Whitney 1947, 5 and 5, U = %zu", u);
		check_p(p_of_u(5, u) / 2, one_sided[u], 0.001, what);
		free(what);
	}
	/* 2 / (2n over n): no overlap at all. */
	check_p(p_of_u(5, 0), 0.0079, 0.0001, "5 and 5 without overlap");
	check_p(p_of_u(7, 0), 0.00058, 0.00001, "7 and 7 without overlap");
	check_p(p_of_u(8, 0), 0.00016, 0.00001, "8 and 8 without overlap");
	check(near(p_of_u(8, 0), stats_least_p(8, 8)) && near(stats_least_p(3, 3), 0.1),
	      "no overlap gives the smallest p");
}

static void test_rank_examples(void)
{
	/*
	 * M. Hollander, D. A. Wolfe: Nonparametric Statistical Methods (1973),
	 * p. 69f, permeability of a membrane; the example of wilcox.test() in
	 * R's documentation, which gives 0.1272 one-sided.
	 */
	static const double term[] = {
		0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46
	};
	static const double weeks[] = { 1.15, 0.88, 0.90, 0.74, 1.21 };
	/* The example of scipy.stats.mannwhitneyu(): exact 1/9, asymptotic 0.11134688. */
	static const double males[] = { 19, 22, 16, 29, 24 }, females[] = { 20, 11, 17, 12 };
	/*
	 * Many ties: R. Bergmann, J. Ludbrook, W. P. J. M. Spooren, American
	 * Statistician 54 (2000) p. 72, rats on a rotating cylinder; data set
	 * rotarod of R's package coin: exact 0.0373 two-sided.
	 */
	static const double control[] = {
		300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300, 300
	};
	static const double treated[] = {
		22, 300, 75, 271, 300, 18, 300, 300, 163, 300, 300, 300
	};

	check_p(stats_rank_p(term, 10, weeks, 5), 2 * 0.1272, 0.0001, "Hollander and Wolfe 1973");
	check(near(stats_rank_p(term, 10, weeks, 5), stats_rank_p(weeks, 5, term, 10)),
	      "the order of the samples does not matter");
	check_p(stats_rank_p(males, 5, females, 4), 1. / 9, 1e-9, "scipy's example");
	check_p(stats_rank_p_normal(males, 5, females, 4), 0.11134688653314041, 1e-9,
		"scipy's example, normal approximation");
	check_p(stats_rank_p(control, 12, treated, 12), 0.0373, 0.0001, "ties: Bergmann and others 2000");
	check(near(stats_rank_p(control, 12, control, 12), 1) &&
	      near(stats_rank_p_normal(control, 12, control, 12), 1),
	      "p is 1 if all numbers are equal");
}

/* The exact and the normal p agree at the largest size that is exact. */
static void test_rank_large(void)
{
	struct random r = { .state = 7 };
	double a[STATS_EXACT / 2], b[STATS_EXACT / 2], exact, normal;
	size_t i;

	for (i = 0; i < STATS_EXACT / 2; i++) {
		a[i] = (double)random_below(&r, 50);
		b[i] = (double)random_below(&r, 60);
	}
	exact = stats_rank_p(a, STATS_EXACT / 2, b, STATS_EXACT / 2);
	normal = stats_rank_p_normal(a, STATS_EXACT / 2, b, STATS_EXACT / 2);
	check(exact > 0 && fabs(exact - normal) < 0.05 * exact,
	      "exact and normal p agree for 60 and 60 with ties");
}

/*
 * B. Efron: Bootstrap methods: another look at the jackknife, Annals of
 * Statistics 7 (1979), section 3: the median of a resample of 13 is the k-th
 * smallest with probability .0015 (k = 2 and 12), .0142 (3, 11), .0550 (4, 10),
 * .1242 (5, 9), .1936 (6, 8), .2230 (7).
 */
static void test_bootstrap(void)
{
	double one[] = { 1, 1, 1 }, b[13];
	struct interval in;
	size_t i;

	for (i = 0; i < 13; i++)
		b[i] = (double)(13 - i);
	in = stats_ratio(one, 3, b, 13, 0.90);
	check(in.low == 4 && in.high == 10, "bootstrap, Efron 1979: 90% of medians are the 4th to 10th");
	in = stats_ratio(one, 3, b, 13, 0.99);
	check(in.low == 3 && in.high == 11, "bootstrap, Efron 1979: 99% are the 3rd to 11th");
	in = stats_ratio(b, 13, one, 3, 0.90);
	check(near(in.low, 0.1) && near(in.high, 0.25), "bootstrap: the reciprocal ratio");
	in = stats_ratio(one, 3, one, 3, 0.99);
	check(in.low == 1 && in.high == 1, "bootstrap: no variation, no width");
}

/* Three in four intervals of 75% should contain the true ratio. */
static void test_coverage(void)
{
	struct random r = { .state = 3 };
	double a[15], b[15];
	struct interval in;
	size_t i, k, hits = 0;

	for (i = 0; i < 1000; i++) {
		for (k = 0; k < 15; k++) {
			a[k] = 1000 + (double)random_below(&r, 100);
			b[k] = 1100 + (double)random_below(&r, 110);
		}
		in = stats_ratio(a, 15, b, 15, 0.75);
		hits += in.low <= 1.1 && in.high >= 1.1;
	}
	check(hits > 700 && hits < 830, "about 75% of intervals of 75% cover the true ratio");
}

static void test_holm(void)
{
	/*
	 * The example of "Holm-Bonferroni method" in Wikipedia: at 0.05 the
	 * fourth and the first hypothesis are rejected, the third and second are not.
	 */
	double p[] = { 0.01, 0.04, 0.03, 0.005 }, gap[] = { 0.02, NAN, 0.01 };
	double one[] = { 0.7 }, large[] = { 0.6, 0.9 };

	stats_holm(p, 4);
	check(near(p[3], 0.02) && near(p[0], 0.03) && near(p[2], 0.06) && near(p[1], 0.06),
	      "Holm: factors 4 to 1, and no p is below a previous one");
	stats_holm(gap, 3);
	check(near(gap[2], 0.02) && near(gap[0], 0.02) && isnan(gap[1]), "Holm: NANs are not counted");
	stats_holm(one, 1);
	stats_holm(large, 2);
	check(near(one[0], 0.7) && near(large[0], 1) && near(large[1], 1), "Holm: one, and no p above 1");
}

static void test_share(void)
{
	/* R's binom.test(10, 100): 0.0490 to 0.1762 at 95%, of which this is the upper half. */
	check(about(stats_share_limit(10, 100, 0.975), 0.17622, 0.00001),
	      "Clopper and Pearson: 10 of 100");
	check(near(stats_share_limit(0, 200, 0.95), 1 - pow(0.05, 1. / 200)),
	      "the limit for none of 200 is 1.5%");
	check(stats_share_limit(5, 5, 0.95) == 1, "the limit for 5 of 5 is 1");
}

/* Points of known curves; relative weights are necessary for a correct fixed cost. */
static void test_fit(void)
{
	static const double x[] = { 1, 8, 64, 512, 4096 };
	double linear[5], square[5], root[5], flat[5] = { 700, 701, 699, 700, 701 };
	struct fit f;
	size_t i;

	for (i = 0; i < 5; i++) {
		linear[i] = 5000 + 30 * x[i];
		square[i] = 100 + 0.5 * x[i] * x[i];
		root[i] = 10 * sqrt(x[i]);
	}
	check(fit_growth(x, linear, 5, &f) && near(f.power, 1) && near(f.each, 30) &&
		      near(f.fixed, 5000) && f.off < 1e-9,
	      "growth: a fixed and a linear part");
	check(near(fit_slope(x, linear, 5), 30), "growth: slope of a linear fit");
	check(fit_growth(x, square, 5, &f) && near(f.power, 2) && near(f.each, 0.5) &&
		      near(f.fixed, 100),
	      "growth: a square");
	check(fit_growth(x, root, 5, &f) && near(f.power, 0.5) && near(f.each, 10) &&
		      about(f.fixed, 0, 1e-9),
	      "growth: a root");
	check(fit_growth(x, flat, 5, &f) && f.power == 0 && f.each == 0 && about(f.fixed, 700, 1) &&
		      about(f.off, 0.0014, 0.001),
	      "growth: none");
	/* 3 % of noise, with a lower last point: still linear, with a slope of about 30. */
	for (i = 0; i < 5; i++)
		linear[i] *= i % 2 ? 1.03 : 0.97;
	check(fit_growth(x, linear, 5, &f) && about(f.power, 1, 0.05) && about(f.fixed, 5000, 250) &&
		      f.off < 0.06,
	      "growth: a noisy line");
	check(!fit_growth(x, linear, 2, &f), "growth: two points are too few");
}

void test_stats(void)
{
	test_fit();
	test_rank_tables();
	test_rank_examples();
	test_rank_large();
	test_bootstrap();
	test_coverage();
	test_holm();
	test_share();
}
