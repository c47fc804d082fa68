// SPDX-License-Identifier: GPL-2.0-only
/* Sections of a page of several runs: one column per run, with the letters of matrix. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/grid.h"
#include "report/base/json.h"
#include "report/page/plot.h"
#include "report/page/sections.h"
#include "report/text/compare.h"
#include "report/text/matrix.h"
#include "report/text/pivot.h"
#include "report/text/summary.h"

static char letter(size_t column)
{
	return (char)('A' + column);
}

/* --- what they are ------------------------------------------------------- */

static void add_run(struct grid *g, const struct page *p, size_t c)
{
	const struct run *r = &p->runs[c];
	const struct verdict_words *verdict = verdict_words(run_verdict(r));
	char *machine = matrix_machine(r);
	size_t n[ST_COUNT], s;

	run_counts(r, n);
	grid_cell(g, xprintf("%c", letter(c)));
	grid_strong(g);
	grid_badge(g, verdict->name, verdict->css);
	grid_cell(g, xstrdup(run_release(r)));
	grid_cell(g, xstrdup(matrix_kernel(r)));
	grid_cell(g, xprintf("%s, %s", run_string(r, "backend"), machine));
	grid_cell(g, xstrdup(run_string(r, "started")));
	for (s = 0; s < ST_COUNT; s++)
		grid_cell(g, xprintf("%zu", n[s]));
	free(machine);
}

/* Differences besides the kernel that costs depend on. */
static void put_sides(const struct page *p)
{
	struct rules rules;
	struct sides s;
	size_t c, i, n = 0;

	rules_init(&rules);
	for (c = 1; c < p->n; c++) {
		sides_compare(&s, &p->runs[0], &p->runs[c], &rules);
		for (i = 0; i < s.reasons.n + s.notes.n; i++) {
			if (!n++)
				fputs("<p>Differences besides the kernel:</p>\n<ul>\n", p->f);
			fputs("<li>", p->f);
			html_textf(p->f, "A, %c: %s", letter(c),
				   i < s.reasons.n ? s.reasons.v[i] : s.notes.v[i - s.reasons.n]);
			fputs("</li>\n", p->f);
		}
		sides_free(&s);
	}
	fputs(n ? "</ul>\n" : "", p->f);
	rules_free(&rules);
}

void html_runs(const struct page *p)
{
	struct grid g;
	size_t c, s;

	html_section(p, "runs", "Runs");
	grid_init(&g, "llllllrrrrrr");
	grid_cell(&g, xstrdup(""));
	grid_cell(&g, xstrdup("verdict"));
	grid_cell(&g, xstrdup("kernel"));
	grid_cell(&g, xstrdup("booted as"));
	grid_cell(&g, xstrdup("machine"));
	grid_cell(&g, xstrdup("started"));
	for (s = 0; s < ST_COUNT; s++)
		grid_cell(&g, xstrdup(status_name(s)));
	for (c = 0; c < p->n; c++)
		add_run(&g, p, c);
	grid_html(p->f, &g, NULL);
	grid_free(&g);
	put_sides(p);
	html_section_end(p);
}

/* --- tests --------------------------------------------------------------- */

/* @before, then a letter per run, then @after: alignment of the columns. */
static void letters_init(struct grid *g, const struct page *p, const char *before, char column,
			 const char *after)
{
	char columns[MATRIX_MAX + 1] = "", *align;

	memset(columns, column, p->n);
	align = xprintf("%s%s%s", before, columns, after);
	grid_init(g, align);
	free(align);
}

void html_tests_differ(const struct page *p)
{
	struct matrix_lines lines;
	enum status status;
	struct grid g;
	size_t i, c;

	matrix_lines(&lines, p->runs, p->n, false);
	html_section(p, "tests", "Tests that differ or fail");
	fprintf(p->f, "<p>%zu of %zu tests and benchmarks.</p>\n", lines.tests, lines.all);
	letters_init(&g, p, "m", 'c', "");
	grid_cell(&g, xstrdup("test"));
	grid_letters(&g, 0, p->n);
	for (i = 0; i < lines.n; i++) {
		grid_cell(&g, xstrdup(lines.v[i].name));
		for (c = 0; c < p->n; c++) {
			status = lines.v[i].status[c];
			grid_badge(&g, status_words[status].page, status_words[status].css);
		}
	}
	if (lines.n)
		grid_html(p->f, &g, NULL);
	grid_free(&g);
	html_section_end(p);
	matrix_lines_free(&lines);
}

void html_behaviours_differ(const struct page *p)
{
	const struct behaviour *it;
	enum outcome out;
	struct grid g;
	size_t b, c;

	if (!p->behaviours.n)
		return;
	html_section(p, "behaviours", "Behaviours");
	letters_init(&g, p, "l", 'c', "l");
	grid_cell(&g, xstrdup("ID"));
	grid_letters(&g, 0, p->n);
	grid_cell(&g, xstrdup("behaviour"));
	for (b = 0; b < p->behaviours.n; b++) {
		it = &p->behaviours.v[b];
		grid_cell(&g, xstrdup(it->id));
		grid_strong(&g);
		for (c = 0; c < p->n; c++) {
			out = behaviour_outcome(&p->runs[c], it->id);
			grid_badge(&g, outcome_words[out].page, outcome_words[out].css);
		}
		grid_cell(&g, xstrdup(it->title));
	}
	grid_html(p->f, &g, NULL);
	grid_free(&g);
	html_section_end(p);
}

/* --- observations -------------------------------------------------------- */

static bool seen_before(const struct page *p, size_t c, const struct observation *o)
{
	size_t before;

	for (before = 0; before < c; before++)
		if (matrix_observed(&p->runs[before], o))
			return true;
	return false;
}

/* A run without the observation does not differ. */
static bool differs(const struct page *p, const struct observation *o)
{
	size_t c;

	for (c = 0; c < p->n; c++) {
		const struct observation *other = matrix_observed(&p->runs[c], o);

		if (other && !json_equal(other->value, o->value))
			return true;
	}
	return false;
}

static void add_observation(struct grid *g, const struct page *p, const struct observation *o)
{
	const struct observation *of;
	size_t c;

	grid_cell(g, xstrdup(o->name));
	grid_cell(g, xstrdup(o->behaviour));
	for (c = 0; c < p->n; c++) {
		of = matrix_observed(&p->runs[c], o);
		grid_cell(g, of ? json_plain(of->value) : xstrdup("-"));
	}
}

void html_observations_differ(const struct page *p)
{
	struct grid g;
	size_t c, i;

	letters_init(&g, p, "ml", 'l', "");
	grid_cell(&g, xstrdup("name"));
	grid_cell(&g, xstrdup("ID"));
	grid_letters(&g, 0, p->n);
	for (c = 0; c < p->n; c++) {
		for (i = 0; i < p->runs[c].n_observations; i++) {
			const struct observation *o = &p->runs[c].observations[i];

			if (!seen_before(p, c, o) && differs(p, o))
				add_observation(&g, p, o);
		}
	}
	if (grid_rows(&g)) {
		html_section(p, "observations", "Observations that differ");
		grid_html(p->f, &g, NULL);
		html_section_end(p);
	}
	grid_free(&g);
}

/* --- measurements -------------------------------------------------------- */

/* Comparisons with the first run, one for each other run. */
struct others {
	struct rules rules;
	struct judgement *j;
	bool *judged; /* runs that are complete and have the same units */
};

static void judge_others(const struct page *p, struct others *o)
{
	size_t c;
	char *wrong;

	rules_init(&o->rules);
	o->j = xcalloc(p->n, sizeof(*o->j));
	o->judged = xcalloc(p->n, sizeof(*o->judged));
	for (c = 1; c < p->n; c++) {
		wrong = judge_units(&p->runs[0], &p->runs[c]);
		o->judged[c] = !wrong && p->runs[0].complete && p->runs[c].complete;
		if (o->judged[c])
			judge(&o->j[c], &p->runs[0], &p->runs[c], &o->rules, NULL);
		free(wrong);
	}
}

static void others_free(const struct page *p, struct others *o)
{
	size_t c;

	for (c = 1; c < p->n; c++)
		if (o->judged[c])
			judge_free(&o->j[c]);
	free(o->j);
	free(o->judged);
	rules_free(&o->rules);
}

static const char *word_of(const struct others *o, size_t c, const char *name)
{
	static const char *const words[V_COUNT] = {
		[V_SMALL] = "below the floor",
		[V_BETTER] = "better",
		[V_WORSE] = "worse",
		[V_UNSURE] = "undecided",
	};
	size_t i;

	for (i = 0; o->judged[c] && i < o->j[c].n_figures; i++)
		if (!strcmp(judged_name(&o->j[c].figures[i]), name))
			return words[o->j[c].figures[i].verdict];
	return NULL;
}

/* Every measurement once, with the first run that has it. */
struct rows {
	struct measurement **v;
	size_t n;
};

static bool measured_before(const struct page *p, size_t c, const struct measurement *m)
{
	size_t before;

	for (before = 0; before < c; before++)
		if (matrix_measured(&p->runs[before], m))
			return true;
	return false;
}

static struct rows rows_of(const struct page *p)
{
	struct rows rows = { 0 };
	size_t c, i;

	for (c = 0; c < p->n; c++) {
		for (i = 0; i < p->runs[c].n_measurements; i++) {
			struct measurement *m = p->runs[c].measurements[i];

			measurement_aggregate(m);
			if (measured_before(p, c, m))
				continue;
			rows.v = xrealloc(rows.v, (rows.n + 1) * sizeof(*rows.v));
			rows.v[rows.n++] = m;
		}
	}
	return rows;
}

static double ratio_of(const struct page *p, const struct measurement *like, size_t c)
{
	const struct measurement *a = matrix_measured(&p->runs[0], like);
	const struct measurement *b = matrix_measured(&p->runs[c], like);

	return a && b && a->figures[FIG_P50] ? b->figures[FIG_P50] / a->figures[FIG_P50] : NAN;
}

static void add_row(struct grid *g, const struct page *p, const struct others *o,
		    const struct measurement *m)
{
	const struct measurement *one;
	const char *word;
	double ratio;
	size_t c;

	grid_cell(g, xstrdup(m->name));
	grid_cell(g, xstrdup(m->unit));
	for (c = 0; c < p->n; c++) {
		one = matrix_measured(&p->runs[c], m);
		grid_number(g, one ? one->figures[FIG_P50] : NAN);
		if (!c)
			continue;
		ratio = ratio_of(p, m, c);
		word = word_of(o, c, m->name);
		grid_cell(g, isnan(ratio) ? xstrdup("") : xprintf("%.3f", ratio));
		if (word && ratio != 1)
			grid_strong(g);
		grid_cell(g, xstrdup(word ? word : ""));
	}
}

/* The most that goes into one figure. */
#define FIGURE_ROWS 30

static bool moved(const struct page *p, const struct measurement *m)
{
	size_t c;

	for (c = 1; c < p->n; c++) {
		double ratio = ratio_of(p, m, c);

		if (ratio > 0 && fabs(ratio - 1) >= 0.001)
			return true;
	}
	return false;
}

static bool same_family(const struct measurement *a, const struct measurement *b)
{
	size_t n = strcspn(a->name, ".") + 1;

	return !strncmp(a->name, b->name, n) && !strcmp(a->unit, b->unit);
}

/* Ratios of measurements of one family from @first on; those that are drawn are done. */
static void put_ratios(const struct page *p, const struct rows *rows, size_t first, bool *done)
{
	const char *labels[FIGURE_ROWS], *names[PLOT_SERIES];
	double v[FIGURE_ROWS * PLOT_SERIES];
	char *title = xprintf("%.*s.*: medians as a share of A's",
			      (int)strcspn(rows->v[first]->name, "."), rows->v[first]->name);
	struct bars b = {
		.title = title,
		.x = "ratio to A (1: same, more: slower)",
		.series = p->n - 1,
		.labels = labels,
		.names = names,
		.v = v,
		.base = 1,
	};
	size_t i, c;

	for (i = first; i < rows->n && b.rows < FIGURE_ROWS; i++) {
		if (done[i] || !same_family(rows->v[first], rows->v[i]) || !moved(p, rows->v[i]) ||
		    pivot_is_sum(rows->v[i]))
			continue;
		done[i] = true;
		labels[b.rows] = rows->v[i]->name;
		for (c = 1; c < p->n; c++)
			v[b.rows * b.series + c - 1] = ratio_of(p, rows->v[i], c);
		b.rows++;
	}
	for (c = 1; c < p->n; c++)
		names[c - 1] = xprintf("%c  %s", letter(c), run_release(&p->runs[c]));
	html_figure(p, plot_bars(&b), title);
	for (c = 1; c < p->n; c++)
		free((char *)names[c - 1]);
	free(title);
}

static void put_table(const struct page *p, const struct others *o, const struct rows *rows,
		      bool which)
{
	char align[4 + 3 * MATRIX_MAX] = "llr";
	struct grid g;
	size_t i, c;

	for (c = 1; c < p->n; c++)
		memcpy(align + 3 * c, "rrl", 4);
	grid_init(&g, align);
	grid_head(&g, "name|unit|A");
	for (c = 1; c < p->n; c++) {
		grid_cell(&g, xprintf("%c", letter(c)));
		grid_cell(&g, xprintf("%c / A", letter(c)));
		grid_cell(&g, xstrdup(""));
	}
	for (i = 0; i < rows->n; i++)
		if (moved(p, rows->v[i]) == which)
			add_row(&g, p, o, rows->v[i]);
	grid_html(p->f, &g, "numbers");
	grid_free(&g);
}

/* Unchanged rows are collapsed. */
static void put_tables(const struct page *p, const struct rows *rows)
{
	struct others o;
	size_t i, n = 0;

	for (i = 0; i < rows->n; i++)
		n += moved(p, rows->v[i]);
	judge_others(p, &o);
	fputs("<p>Medians, and their ratios to A's. A ratio without a verdict is within the "
	      "noise.</p>\n",
	      p->f);
	if (n)
		put_table(p, &o, rows, true);
	if (n < rows->n) {
		fprintf(p->f,
			"<details><summary>%zu unchanged, or measured in one run only</summary>\n",
			rows->n - n);
		put_table(p, &o, rows, false);
		fputs("</details>\n", p->f);
	}
	others_free(p, &o);
}

void html_measurements_differ(const struct page *p)
{
	struct rows rows = rows_of(p);
	bool *done = xcalloc(rows.n, sizeof(*done));
	size_t i;

	if (rows.n) {
		html_section(p, "measurements", "Measurements");
		put_tables(p, &rows);
		for (i = 0; i < rows.n; i++)
			if (!done[i] && moved(p, rows.v[i]) && !pivot_is_sum(rows.v[i]))
				put_ratios(p, &rows, i, done);
		html_section_end(p);
	}
	free(rows.v);
	free(done);
}
