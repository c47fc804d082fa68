// SPDX-License-Identifier: GPL-2.0-only
/* The page's parts about several runs: a column for each, lettered as in matrix. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/page/plot.h"
#include "report/page/sections.h"
#include "report/text/compare.h"
#include "report/text/matrix.h"
#include "report/text/summary.h"

static char letter(size_t column)
{
	return (char)('A' + column);
}

static void put_letters(const struct page *p, size_t first)
{
	size_t c;

	for (c = first; c < p->n; c++)
		fprintf(p->f, "<th class=\"c\">%c</th>", letter(c));
}

/* --- what they are ------------------------------------------------------- */

static void put_run(const struct page *p, size_t c)
{
	static const char *const words[] = { "PASSED", "FAILED", "INCOMPLETE", "", "NOTHING RAN" };
	static const char *const classes[] = { "pass", "fail", "none", "", "skip" };
	const struct run *r = &p->runs[c];
	enum exit_code code = run_verdict(r);
	size_t n[ST_COUNT], s;
	char *machine = matrix_machine(r);

	run_counts(r, n);
	fprintf(p->f, "<tr><td><b>%c</b></td><td><span class=\"s %s\">%s</span></td><td>",
		letter(c), classes[code], words[code]);
	html_text(p->f, run_release(r));
	fputs("</td><td>", p->f);
	html_text(p->f, matrix_kernel(r));
	fputs("</td><td>", p->f);
	html_textf(p->f, "%s, %s", run_string(r, "backend"), machine);
	fputs("</td><td>", p->f);
	html_text(p->f, run_string(r, "started"));
	fputs("</td>", p->f);
	for (s = 0; s < ST_COUNT; s++)
		fprintf(p->f, "<td class=\"n\">%zu</td>", n[s]);
	fputs("</tr>\n", p->f);
	free(machine);
}

/* What besides the kernel makes costs differ. */
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
	size_t c, s;

	html_section(p, "runs", "Runs");
	fputs("<div class=\"scroll\"><table>\n<tr><th></th><th>verdict</th><th>kernel</th><th>booted as</th>"
	      "<th>machine</th><th>started</th>",
	      p->f);
	for (s = 0; s < ST_COUNT; s++)
		fprintf(p->f, "<th class=\"n\">%s</th>", status_name(s));
	fputs("</tr>\n", p->f);
	for (c = 0; c < p->n; c++)
		put_run(p, c);
	fputs("</table></div>\n", p->f);
	put_sides(p);
	html_section_end(p);
}

/* --- tests --------------------------------------------------------------- */

void html_tests_differ(const struct page *p)
{
	struct matrix_lines lines;
	size_t i, c;

	matrix_lines(&lines, p->runs, p->n, false);
	html_section(p, "tests", "Tests that differ or fail");
	fprintf(p->f, "<p>%zu of %zu tests and benchmarks.</p>\n", lines.tests, lines.all);
	if (lines.n) {
		fputs("<div class=\"scroll\"><table>\n<tr><th>test</th>", p->f);
		put_letters(p, 0);
		fputs("</tr>\n", p->f);
	}
	for (i = 0; i < lines.n; i++) {
		fputs("<tr><td class=\"name\">", p->f);
		html_text(p->f, lines.v[i].name);
		fputs("</td>", p->f);
		for (c = 0; c < p->n; c++) {
			fputs("<td class=\"c\">", p->f);
			html_badge(p->f, lines.v[i].status[c]);
			fputs("</td>", p->f);
		}
		fputs("</tr>\n", p->f);
	}
	fputs(lines.n ? "</table></div>\n" : "", p->f);
	html_section_end(p);
	matrix_lines_free(&lines);
}

void html_behaviours_differ(const struct page *p)
{
	size_t b, c;

	if (!p->behaviours.n)
		return;
	html_section(p, "behaviours", "Behaviours");
	fputs("<div class=\"scroll\"><table>\n<tr><th>ID</th>", p->f);
	put_letters(p, 0);
	fputs("<th>behaviour</th></tr>\n", p->f);
	for (b = 0; b < p->behaviours.n; b++) {
		fputs("<tr><td><b>", p->f);
		html_text(p->f, p->behaviours.v[b].id);
		fputs("</b></td>", p->f);
		for (c = 0; c < p->n; c++) {
			fputs("<td class=\"c\">", p->f);
			html_outcome(p->f, behaviour_outcome(&p->runs[c], p->behaviours.v[b].id));
			fputs("</td>", p->f);
		}
		fputs("<td>", p->f);
		html_text(p->f, p->behaviours.v[b].title);
		fputs("</td></tr>\n", p->f);
	}
	fputs("</table></div>\n", p->f);
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

/* What a run has not looked at does not differ. */
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

static void put_observation(const struct page *p, const struct observation *o)
{
	size_t c;

	fputs("<tr><td class=\"name\">", p->f);
	html_text(p->f, o->name);
	fputs("</td><td>", p->f);
	html_text(p->f, o->behaviour);
	fputs("</td>", p->f);
	for (c = 0; c < p->n; c++) {
		const struct observation *of = matrix_observed(&p->runs[c], o);
		char *text = of ? json_dumps(of->value, JSON_ENCODE_ANY | JSON_COMPACT) : NULL;

		fputs("<td>", p->f);
		if (of && json_is_string(of->value))
			html_text(p->f, json_string_value(of->value));
		else
			html_text(p->f, text ? text : "-");
		fputs("</td>", p->f);
		free(text);
	}
	fputs("</tr>\n", p->f);
}

void html_observations_differ(const struct page *p)
{
	bool begun = false;
	size_t c, i;

	for (c = 0; c < p->n; c++) {
		for (i = 0; i < p->runs[c].n_observations; i++) {
			const struct observation *o = &p->runs[c].observations[i];

			if (seen_before(p, c, o) || !differs(p, o))
				continue;
			if (!begun) {
				html_section(p, "observations", "Observations that differ");
				fputs("<div class=\"scroll\"><table>\n<tr><th>name</th><th>ID</th>",
				      p->f);
				put_letters(p, 0);
				fputs("</tr>\n", p->f);
			}
			begun = true;
			put_observation(p, o);
		}
	}
	if (begun) {
		fputs("</table></div>\n", p->f);
		html_section_end(p);
	}
}

/* --- measurements -------------------------------------------------------- */

/* What the comparison with the first run says; one for each of the others. */
struct others {
	struct rules rules;
	struct judgement *j;
	bool *judged; /* runs that are whole, and of the same units */
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
		[V_UNSURE] = "can't be told",
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

static void put_row(const struct page *p, const struct others *o, const struct measurement *m)
{
	char text[48];
	size_t c;

	fputs("<tr><td>", p->f);
	html_text(p->f, m->name);
	fputs("</td><td>", p->f);
	html_text(p->f, m->unit);
	fputs("</td>", p->f);
	for (c = 0; c < p->n; c++) {
		const struct measurement *one = matrix_measured(&p->runs[c], m);
		double ratio = ratio_of(p, m, c);
		const char *word = c ? word_of(o, c, m->name) : NULL;

		text_number(text, sizeof(text), one ? one->figures[FIG_P50] : NAN);
		fprintf(p->f, "<td class=\"n\">%s</td>", text);
		if (!c)
			continue;
		if (isnan(ratio))
			fputs("<td class=\"n\"></td>", p->f);
		else
			fprintf(p->f, "<td class=\"n\">%s%.3f%s</td>",
				word && ratio != 1 ? "<b>" : "", ratio,
				word && ratio != 1 ? "</b>" : "");
		fprintf(p->f, "<td>%s</td>", word ? word : "");
	}
	fputs("</tr>\n", p->f);
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

/* A scan of a hole is the sum of its reads. */
static bool is_sum(const struct measurement *m)
{
	size_t n = strlen(m->name);

	return n > 5 && !strncmp(m->name, "hole_", 5) && !strcmp(m->name + n - 5, "_scan");
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
		.x = "times A (1: the same, more: dearer)",
		.series = p->n - 1,
		.labels = labels,
		.names = names,
		.v = v,
		.base = 1,
	};
	size_t i, c;

	for (i = first; i < rows->n && b.rows < FIGURE_ROWS; i++) {
		if (done[i] || !same_family(rows->v[first], rows->v[i]) || !moved(p, rows->v[i]) ||
		    is_sum(rows->v[i]))
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
	size_t i, c;

	fputs("<div class=\"scroll\"><table class=\"numbers\">\n<tr><th>name</th><th>unit</th>"
	      "<th class=\"n\">A</th>",
	      p->f);
	for (c = 1; c < p->n; c++)
		fprintf(p->f, "<th class=\"n\">%c</th><th class=\"n\">%c / A</th><th></th>",
			letter(c), letter(c));
	fputs("</tr>\n", p->f);
	for (i = 0; i < rows->n; i++)
		if (moved(p, rows->v[i]) == which)
			put_row(p, o, rows->v[i]);
	fputs("</table></div>\n", p->f);
}

/* Where nothing has moved, nobody has to look. */
static void put_tables(const struct page *p, const struct rows *rows)
{
	struct others o;
	size_t i, n = 0;

	for (i = 0; i < rows->n; i++)
		n += moved(p, rows->v[i]);
	judge_others(p, &o);
	fputs("<p>Medians, and what they are as a share of A's. The word says what the comparison "
	      "makes of it; where there is none, it is chance.</p>\n",
	      p->f);
	if (n)
		put_table(p, &o, rows, true);
	if (n < rows->n) {
		fprintf(p->f,
			"<details><summary>%zu that are the same, or are of one run only</summary>\n",
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
			if (!done[i] && moved(p, rows.v[i]) && !is_sum(rows.v[i]))
				put_ratios(p, &rows, i, done);
		html_section_end(p);
	}
	free(rows.v);
	free(done);
}
