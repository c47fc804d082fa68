// SPDX-License-Identifier: GPL-2.0-only
#include "report/gate/judge.h"

#include <fnmatch.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const verdict_names[V_COUNT] = {
	"same", "small", "better", "worse", "unsure", "one side"
};

/* --- tests --------------------------------------------------------------- */

static const struct run_item *result_of(const struct run *r, const char *name)
{
	const struct run_item *it = run_find(r, name);

	return it && run_ran(it) ? it : NULL;
}

const char *judge_status(const struct run_item *it)
{
	return it ? status_name(it->status) : "missing";
}

enum change judge_test(const struct run_item *a, const struct run_item *b)
{
	bool passed = a && a->status == ST_PASS, passes = b && b->status == ST_PASS;
	bool failed = a && (status_is_bad(a->status) || a->status == ST_XFAIL);
	bool fails = b && status_is_bad(b->status);

	if (passed && !passes)
		return b && b->status == ST_XFAIL ? CH_KNOWN : CH_REGRESSION;
	if (failed && passes)
		return CH_FIXED;
	if (failed && fails)
		return CH_FAILS_IN_BOTH;
	if (fails)
		return CH_NEW_FAILURE;
	return !a != !b || (a && b && a->status != b->status) ? CH_OTHER : CH_SAME;
}

static void add_test(struct judgement *j, const char *name)
{
	struct test_change *t;

	j->tests = xrealloc(j->tests, (j->n_tests + 1) * sizeof(*j->tests));
	t = &j->tests[j->n_tests++];
	t->name = name;
	t->a = result_of(j->a, name);
	t->b = result_of(j->b, name);
	t->change = judge_test(t->a, t->b);
}

static void judge_tests(struct judgement *j)
{
	size_t i;

	for (i = 0; i < j->a->n_items; i++)
		if (run_ran(j->a->items[i]))
			add_test(j, j->a->items[i]->name);
	for (i = 0; i < j->b->n_items; i++)
		if (run_ran(j->b->items[i]) && !result_of(j->a, j->b->items[i]->name))
			add_test(j, j->b->items[i]->name);
}

/* --- measurements -------------------------------------------------------- */

static struct measurement *measured(const struct run *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n_measurements; i++)
		if (!strcmp(r->measurements[i]->name, name))
			return r->measurements[i];
	return NULL;
}

char *judge_units(const struct run *a, const struct run *b)
{
	const struct measurement *one, *other;
	size_t i;

	for (i = 0; i < a->n_measurements; i++) {
		one = a->measurements[i];
		other = measured(b, one->name);
		if (other && strcmp(one->unit, other->unit))
			return xprintf("%s is in %s in one run and in %s in the other", one->name,
				       one->unit, other->unit);
	}
	return NULL;
}

/* The replicates that have a value. */
struct numbers {
	double *v;
	size_t n;
	double low, high, median;
};

static struct numbers numbers_of(const struct measurement *m)
{
	struct numbers s = { .v = xcalloc(m->n_replicates, sizeof(double)), .low = NAN, .high = NAN };
	size_t i;

	for (i = 0; i < m->n_replicates; i++) {
		if (isnan(m->replicates[i]))
			continue;
		s.v[s.n++] = m->replicates[i];
		s.low = fmin(s.low, m->replicates[i]);
		s.high = fmax(s.high, m->replicates[i]);
	}
	s.median = median(s.v, s.n);
	return s;
}

/*
 * Counts that are equal in all replicates are exact and need no statistical test.
 * Times that are equal in all replicates only show a coarse clock.
 */
static bool counts_exactly(const char *unit, const struct numbers *a, const struct numbers *b)
{
	return (!strcmp(unit, "count") || !strcmp(unit, "bytes")) && a->low == a->high &&
	       b->low == b->high;
}

/* How much worse @now is than @base; negative: better. */
static double worse_by(const struct judged *f, double base, double now)
{
	return f->rule.higher_is_better ? base - now : now - base;
}

static double floor_of(const struct judged *f)
{
	return fmax(f->rule.relative * fabs(f->base), f->rule.absolute);
}

static enum verdict direction(const struct judged *f)
{
	return worse_by(f, f->base, f->now) > 0 ? V_WORSE : V_BETTER;
}

/*
 * All replicates of an exact measurement should be equal.  If they are not, the
 * runs differ if there is a gap of at least the floor between their ranges, and
 * are the same if both ranges together are narrower than the floor.
 */
static void judge_exact(struct judged *f, const struct numbers *a, const struct numbers *b)
{
	double apart = fmax(b->low - a->high, a->low - b->high);
	double across = fmax(b->high - a->low, a->high - b->low);

	if (f->base == f->now && across == 0)
		f->verdict = V_SAME;
	else if (apart > 0 && apart >= f->floor)
		f->verdict = direction(f);
	else if (across < f->floor)
		f->verdict = f->base == f->now ? V_SAME : V_SMALL;
	else if (a->low == a->high && b->low == b->high)
		f->verdict = V_SMALL;
	else {
		f->verdict = V_UNSURE;
		f->why = xprintf("replicates of one run differ by %.10g, too much for a floor of %.10g",
				 fmax(a->high - a->low, b->high - b->low), f->floor);
	}
}

struct sample_pair {
	struct judged *f;
	struct numbers a, b;
};

/*
 * The largest regression that the samples do not exclude.  If a sample has a zero,
 * so that there is no interval of the ratio, it follows from the extremes.
 */
static double worst_case(const struct sample_pair *p)
{
	const struct judged *f = p->f;
	double ratio = f->rule.higher_is_better ? f->ratio.low : f->ratio.high;

	if (isnan(ratio))
		return f->rule.higher_is_better ? p->a.high - p->b.low : p->b.high - p->a.low;
	return worse_by(f, 1, ratio) * f->base;
}

static void judge_sample(const struct judgement *j, const struct sample_pair *p)
{
	struct judged *f = p->f;
	bool real = f->p < j->rules->alpha && !(f->ratio.low <= 1 && f->ratio.high >= 1);
	double worst = worst_case(p);

	if (real && fabs(f->now - f->base) >= f->floor) {
		f->verdict = direction(f);
	} else if (worst > fmax(f->rule.resolution * fabs(f->base), f->floor)) {
		f->verdict = V_UNSURE;
		f->why = f->base ? xprintf("a regression of %.0f%% can't be ruled out: use more replicates or a quieter machine",
					   100 * worst / fabs(f->base)) :
			 xprintf("a regression of %.10g can't be ruled out", worst);
	} else {
		f->verdict = real ? V_SMALL : V_SAME;
	}
}

/* --- significance of many measurements ----------------------------------- */

/* The minimum number of replicates for a significant result among @m measurements. */
static size_t enough(const struct rules *rules, size_t m)
{
	size_t n = rules->replicates;

	while (n < 1000 && stats_least_p(n, n) * (double)m >= rules->alpha)
		n++;
	return n;
}

/* The smallest possible p value; 1 if one of the runs has too few replicates. */
static double least_p(const struct rules *rules, const struct sample_pair *p)
{
	if (p->a.n < rules->replicates || p->b.n < rules->replicates)
		return 1;
	return stats_least_p(p->a.n, p->b.n);
}

/*
 * Leave out measurements that cannot become significant: the correction for the
 * rest depends on the number of measurements that are tested.
 */
static size_t drop_hopeless(const struct rules *rules, struct sample_pair *pairs, size_t n)
{
	size_t m = n, i, worst;
	double least, p;

	for (;;) {
		for (i = 0, worst = n, least = 0; i < n; i++) {
			if (pairs[i].f->why)
				continue;
			p = least_p(rules, &pairs[i]);
			if (worst == n || p > least) {
				worst = i;
				least = p;
			}
		}
		if (worst == n || least * (double)m < rules->alpha)
			return m;
		pairs[worst].f->why = xprintf("too little data: %zu and %zu replicates, %zu in each run are needed",
					      pairs[worst].a.n, pairs[worst].b.n, enough(rules, m));
		pairs[worst].f->verdict = V_UNSURE;
		m--;
	}
}

static void judge_samples(struct judgement *j, struct sample_pair *pairs, size_t n)
{
	double *p = xcalloc(n, sizeof(*p));
	struct judged *f;
	size_t i;

	drop_hopeless(j->rules, pairs, n);
	for (i = 0; i < n; i++) {
		f = pairs[i].f;
		f->p = f->why ? NAN : stats_rank_p(pairs[i].a.v, pairs[i].a.n, pairs[i].b.v,
						   pairs[i].b.n);
		/* Measurements that are not gated must not weaken the test of the others. */
		p[i] = f->rule.gated ? f->p : NAN;
	}
	stats_holm(p, n);
	for (i = 0; i < n; i++) {
		f = pairs[i].f;
		if (!isnan(p[i]))
			f->p = p[i];
		if (f->why)
			continue;
		if (pairs[i].a.low > 0 && pairs[i].b.low > 0)
			f->ratio = stats_ratio(pairs[i].a.v, pairs[i].a.n, pairs[i].b.v,
					       pairs[i].b.n, j->rules->confidence);
		judge_sample(j, &pairs[i]);
	}
	free(p);
}

/* Judge an exact measurement; add any other one to @pairs. */
static void judge_both(struct judged *f, struct sample_pair *pairs, size_t *n)
{
	struct numbers a = numbers_of(f->a), b = numbers_of(f->b);

	f->base = a.median;
	f->now = b.median;
	f->floor = floor_of(f);
	f->exact = (f->a->exact && f->b->exact) || counts_exactly(f->a->unit, &a, &b);
	if (!a.n || !b.n) {
		f->verdict = V_UNSURE;
		f->why = xprintf("no value in %s", a.n ? "B" : "A");
	} else if (f->exact) {
		judge_exact(f, &a, &b);
	} else {
		pairs[*n] = (struct sample_pair){ .f = f, .a = a, .b = b };
		++*n;
		return;
	}
	free(a.v);
	free(b.v);
}

static void add_figure(struct judgement *j, struct measurement *a, struct measurement *b)
{
	struct measurement *any = a ? a : b;
	struct judged *f = &j->figures[j->n_figures++];

	memset(f, 0, sizeof(*f));
	f->a = a;
	f->b = b;
	f->rule = rules_for(j->rules, any->name, any->unit);
	f->base = f->now = f->floor = f->p = NAN;
	f->ratio = (struct interval){ NAN, NAN };
	if (a)
		measurement_aggregate(a);
	if (b)
		measurement_aggregate(b);
	if (a && b)
		return;
	f->verdict = V_ONE_SIDED;
	if (a) {
		f->base = median(a->replicates, a->n_replicates);
		f->why = xstrdup("not measured in B");
	} else {
		f->now = median(b->replicates, b->n_replicates);
		f->why = xstrdup("not measured in A");
	}
}

static bool wanted(const char *metric, const struct measurement *m)
{
	return !metric || !fnmatch(metric, m->name, 0);
}

static void judge_figures(struct judgement *j, struct run *a, struct run *b, const char *metric)
{
	size_t most = a->n_measurements + b->n_measurements, i, n = 0;
	struct sample_pair *pairs = xcalloc(most, sizeof(*pairs));

	j->figures = xcalloc(most, sizeof(*j->figures));
	for (i = 0; i < a->n_measurements; i++)
		if (wanted(metric, a->measurements[i]))
			add_figure(j, a->measurements[i], measured(b, a->measurements[i]->name));
	for (i = 0; i < b->n_measurements; i++)
		if (wanted(metric, b->measurements[i]) && !measured(a, b->measurements[i]->name))
			add_figure(j, NULL, b->measurements[i]);
	for (i = 0; i < j->n_figures; i++)
		if (j->figures[i].verdict != V_ONE_SIDED)
			judge_both(&j->figures[i], pairs, &n);
	judge_samples(j, pairs, n);
	for (i = 0; i < n; i++) {
		free(pairs[i].a.v);
		free(pairs[i].b.v);
	}
	free(pairs);
}

void judge(struct judgement *j, struct run *a, struct run *b, const struct rules *rules,
	   const char *metric)
{
	memset(j, 0, sizeof(*j));
	j->a = a;
	j->b = b;
	j->rules = rules;
	sides_compare(&j->sides, a, b, rules);
	judge_tests(j);
	judge_figures(j, a, b, metric);
}

void judge_free(struct judgement *j)
{
	size_t i;

	for (i = 0; i < j->n_figures; i++)
		free(j->figures[i].why);
	free(j->figures);
	free(j->tests);
	sides_free(&j->sides);
	memset(j, 0, sizeof(*j));
}

double judged_change(const struct judged *f)
{
	if (f->base == f->now)
		return 0;
	return f->base ? (f->now - f->base) / fabs(f->base) : INFINITY;
}

/* --- the gate ------------------------------------------------------------ */

enum verdict judge_gated(const struct judgement *j, const struct judged *f)
{
	if (f->verdict == V_ONE_SIDED)
		return f->a ? V_UNSURE : V_SAME;
	return j->sides.reasons.n ? V_UNSURE : f->verdict;
}

size_t judge_count(const struct judgement *j, enum verdict v)
{
	size_t i, n = 0;

	for (i = 0; i < j->n_figures; i++)
		n += j->figures[i].rule.gated && judge_gated(j, &j->figures[i]) == v;
	return n;
}

enum exit_code judge_gate(const struct judgement *j)
{
	size_t i, compared = 0;

	for (i = 0; i < j->n_tests; i++) {
		if (j->tests[i].change == CH_REGRESSION)
			return EXIT_FAILED;
		compared += j->tests[i].a && j->tests[i].a->status == ST_PASS;
	}
	if (judge_count(j, V_WORSE))
		return EXIT_FAILED;
	if (judge_count(j, V_UNSURE))
		return EXIT_NOTHING;
	return compared ? EXIT_PASSED : EXIT_NOTHING;
}
