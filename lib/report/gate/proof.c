// SPDX-License-Identifier: GPL-2.0-only
#include "report/gate/proof.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/grid.h"
#include "report/base/json.h"
#include "report/gate/judge.h"

/* --- parts of runs ------------------------------------------------------- */

/* @n consecutive replicates of a run, from @first on, as a separate run. */
struct part {
	struct run run;
	struct measurement *copies;
};

static void part_make(struct part *p, const struct run *of, size_t first, size_t n)
{
	size_t i, k = 0;

	p->run = *of;
	p->run.measurements = xcalloc(of->n_measurements, sizeof(*p->run.measurements));
	p->copies = xcalloc(of->n_measurements, sizeof(*p->copies));
	for (i = 0; i < of->n_measurements; i++) {
		/* Too few replicates for this part. */
		if (of->measurements[i]->n_replicates < first + n)
			continue;
		p->copies[k] = *of->measurements[i];
		p->copies[k].replicates += first;
		p->copies[k].n_replicates = n;
		p->run.measurements[k] = &p->copies[k];
		k++;
	}
	p->run.n_measurements = k;
}

static void part_free(struct part *p)
{
	free(p->run.measurements);
	free(p->copies);
}

static size_t replicates_in(const struct proof *p, size_t run)
{
	return run_measured(&p->runs[run], p->metric)->n_replicates;
}

/* --- gates --------------------------------------------------------------- */

struct tally {
	size_t gates, alarms, found, unsure;
};

static void gate_once(const struct proof *p, struct part *a, struct part *b, struct tally *t)
{
	const struct judged *f;
	struct judgement j;
	size_t i;

	judge(&j, &a->run, &b->run, &p->rules, NULL);
	t->gates++;
	t->alarms += judge_gate(&j) == EXIT_FAILED;
	t->unsure += judge_gate(&j) == EXIT_NOTHING;
	for (i = 0; i < j.n_figures; i++) {
		f = &j.figures[i];
		t->found += f->a && !strcmp(f->a->name, p->metric) && judge_gated(&j, f) == V_WORSE;
	}
	judge_free(&j);
}

static bool is_labelled(const struct proof *p, size_t run, const char *label)
{
	return !strcmp(p->labels.v[run], label);
}

/* A random run with this label, other than @but. */
static size_t pick(const struct proof *p, struct random *r, const char *label, size_t but)
{
	size_t run;

	do {
		run = random_below(r, p->n_runs);
	} while (run == but || !is_labelled(p, run, label));
	return run;
}

static void part_pick(const struct proof *p, struct random *r, size_t run, size_t n,
		      struct part *part)
{
	part_make(part, &p->runs[run], random_below(r, replicates_in(p, run) - n + 1), n);
}

/* @p->pairs gates of @n replicates, a run without a delay against one of @label. */
static struct tally gates_of(const struct proof *p, const char *label, size_t n)
{
	struct random r = { .state = n };
	struct tally t = { 0 };
	struct part a, b;
	size_t base;

	while (t.gates < p->pairs) {
		base = pick(p, &r, PROOF_BASE, p->n_runs);
		part_pick(p, &r, base, n, &a);
		part_pick(p, &r, pick(p, &r, label, base), n, &b);
		gate_once(p, &a, &b, &t);
		part_free(&a);
		part_free(&b);
	}
	return t;
}

/* --- input --------------------------------------------------------------- */

static size_t count_label(const struct proof *p, const char *label)
{
	size_t i, n = 0;

	for (i = 0; i < p->n_runs; i++)
		n += is_labelled(p, i, label);
	return n;
}

static bool check_runs(struct proof *p)
{
	struct sides s;
	size_t i, differ;

	if (count_label(p, PROOF_BASE) < 2) {
		complain("proof needs at least two runs without a delay, given as " PROOF_BASE "=RUN");
		return false;
	}
	for (i = 0; i < p->n_runs; i++) {
		if (!run_measured(&p->runs[i], p->metric)) {
			complain("proof: not every run has the measurement %s", p->metric);
			return false;
		}
		sides_compare(&s, &p->runs[0], &p->runs[i], &p->rules);
		differ = s.reasons.n;
		if (differ)
			complain("proof: the runs are not from the same machine: %s", s.reasons.v[0]);
		sides_free(&s);
		if (differ)
			return false;
	}
	return true;
}

static size_t fewest_replicates(const struct proof *p)
{
	size_t i, least = replicates_in(p, 0);

	for (i = 1; i < p->n_runs; i++)
		if (replicates_in(p, i) < least)
			least = replicates_in(p, i);
	return least;
}

/* Time in seconds to measure @n replicates of all benchmarks. */
static double seconds(const struct proof *p, size_t n)
{
	const struct run *r = &p->runs[0];
	double sum = 0;
	size_t i;

	for (i = 0; i < r->n_items; i++)
		if (r->items[i]->bench && r->items[i]->ran)
			sum += r->items[i]->duration_s / r->items[i]->ran;
	return sum * (double)n;
}

/* Median over all replicates of the runs with a label. */
static double level(const struct proof *p, const char *label)
{
	const struct measurement *m;
	double *all = NULL, v;
	size_t i, n = 0;

	for (i = 0; i < p->n_runs; i++) {
		if (!is_labelled(p, i, label))
			continue;
		m = run_measured(&p->runs[i], p->metric);
		all = xrealloc(all, (n + m->n_replicates) * sizeof(*all));
		memcpy(all + n, m->replicates, m->n_replicates * sizeof(*all));
		n += m->n_replicates;
	}
	v = median(all, n);
	free(all);
	return v;
}

/* --- the table ----------------------------------------------------------- */

static struct strlist planted_labels(const struct proof *p)
{
	struct strlist l = { 0 };
	size_t i;

	for (i = 0; i < p->n_runs; i++)
		if (!is_labelled(p, i, PROOF_BASE))
			strlist_add_new(&l, p->labels.v[i]);
	return l;
}

static void put_head(FILE *f, const struct proof *p, const struct strlist *planted)
{
	const struct run *r = &p->runs[0];
	double base = level(p, PROOF_BASE), with;
	const char *accel = json_text(json_object_get(r->meta, "lab"), "accel");
	const struct measurement *m = run_measured(r, p->metric);
	size_t i;

	fprintf(f, "Kernel %s, backend %s, %s%s%s%s, %s\n", run_release(r),
		run_string(r, "backend"), run_string(r, "where"), *accel ? ", " : "", accel,
		json_is_true(json_object_get(r->meta, "exact")) ? ", exact" : "",
		json_text(json_object_get(r->meta, "cpu"), "model"));
	fprintf(f, "%zu measurements; %zu runs without a delay, at least %zu replicates each; %zu gates per figure\n",
		r->n_measurements, count_label(p, PROOF_BASE), fewest_replicates(p), p->pairs);
	fprintf(f, "\n%s: %.10g %s without a delay; with artificial delays\n", p->metric, base, m->unit);
	for (i = 0; i < planted->n; i++) {
		with = level(p, planted->v[i]);
		fprintf(f, "  %-8s %zu run%s, measured %+.10g (%+.2f%%)\n", planted->v[i],
			count_label(p, planted->v[i]),
			count_label(p, planted->v[i]) == 1 ? "" : "s", with - base,
			100 * (with - base) / base);
	}
}

static char *share(size_t k, size_t n)
{
	return xprintf("%.1f%%", 100 * (double)k / (double)n);
}

static void put_row(const struct proof *p, struct grid *g, const struct strlist *planted, size_t n)
{
	struct tally t = gates_of(p, PROOF_BASE, n);
	size_t i;

	grid_cell(g, xprintf("%zu", n));
	grid_cell(g, xprintf("%.0f", seconds(p, n)));
	grid_cell(g, xprintf("%zu of %zu", t.alarms, t.gates));
	grid_cell(g, xprintf("%.1f%%", 100 * stats_share_limit(t.alarms, t.gates, 0.95)));
	grid_cell(g, share(t.unsure, t.gates));
	for (i = 0; i < planted->n; i++) {
		t = gates_of(p, planted->v[i], n);
		grid_cell(g, share(t.found, t.gates));
	}
}

static void grid_begin(struct grid *g, const struct strlist *planted)
{
	char *align = xprintf("lrrrr%.*s", (int)planted->n, "rrrrrrrrrrrr");
	size_t i;

	grid_init(g, align);
	free(align);
	grid_cell(g, xstrdup("replicates"));
	grid_cell(g, xstrdup("seconds"));
	grid_cell(g, xstrdup("false alarms"));
	grid_cell(g, xstrdup("at most"));
	grid_cell(g, xstrdup("inconclusive"));
	for (i = 0; i < planted->n; i++)
		grid_cell(g, xprintf("finds %s", planted->v[i]));
}

bool proof_print(FILE *f, struct proof *p)
{
	struct strlist planted;
	struct grid g;
	size_t i;

	if (!check_runs(p))
		return false;
	planted = planted_labels(p);
	put_head(f, p, &planted);
	grid_begin(&g, &planted);
	for (i = 0; i < p->n_sizes; i++)
		if (p->sizes[i] <= fewest_replicates(p))
			put_row(p, &g, &planted, p->sizes[i]);
	fputc('\n', f);
	grid_text(f, &g, 2);
	fputs("\n\"at most\": upper 95% confidence limit of the false-alarm rate, for independent gates.\n", f);
	grid_free(&g);
	strlist_free(&planted);
	return true;
}
