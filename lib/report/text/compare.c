// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/compare.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/text/matrix.h"
#include "report/text/summary.h"

#define INDENT 2

/* --- cells --------------------------------------------------------------- */

char *change_text(const struct judged *f)
{
	double change = judged_change(f), by = f->now - f->base;

	if (isnan(change))
		return xstrdup("-");
	if (isinf(change))
		return xprintf("%+.10g", by);
	if (f->exact && by != 0)
		return xprintf("%+.10g (%+.2f%%)", by, 100 * change);
	return xprintf("%+.2f%%", 100 * change);
}

static char *interval_text(const struct judged *f)
{
	if (isnan(f->ratio.low))
		return xstrdup("");
	return xprintf("%+.1f ... %+.1f%%", 100 * (f->ratio.low - 1), 100 * (f->ratio.high - 1));
}

static char *number_text(double v)
{
	char text[48];

	text_number(text, sizeof(text), v);
	return xstrdup(text);
}

static char *p_text(const struct judged *f)
{
	if (f->exact && f->verdict != V_ONE_SIDED)
		return xstrdup("exact");
	return isnan(f->p) ? xstrdup("") : xprintf("%.2g", f->p);
}

static const char *unit_of(const struct judged *f)
{
	const char *unit = f->a ? f->a->unit : f->b->unit;

	return strcmp(unit, "instructions") ? unit : "instr";
}

const char *judged_name(const struct judged *f)
{
	return f->a ? f->a->name : f->b->name;
}

static char *remark(const struct judged *f)
{
	char *floor, *text;

	if (f->why)
		return xstrdup(f->why);
	if (f->verdict == V_SAME)
		return xstrdup("");
	if (f->verdict != V_SMALL)
		return xstrdup(verdict_names[f->verdict]);
	floor = number_text(f->floor);
	text = xprintf("below the floor, %s", floor);
	free(floor);
	return text;
}

void compare_grid(struct grid *g)
{
	grid_init(g, "llrrrrrl");
	grid_head(g, "name|unit|A|B|change|interval|p|");
}

void compare_row(struct grid *g, const struct judged *f)
{
	grid_cell(g, xstrdup(judged_name(f)));
	grid_cell(g, xstrdup(unit_of(f)));
	grid_number(g, f->base);
	grid_number(g, f->now);
	grid_cell(g, change_text(f));
	grid_cell(g, interval_text(f));
	grid_cell(g, p_text(f));
	grid_cell(g, remark(f));
}

/* --- several runs -------------------------------------------------------- */

static const struct judged *find_figure(const struct judgement *j, const char *name)
{
	size_t i;

	for (i = 0; i < j->n_figures; i++)
		if (!strcmp(judged_name(&j->figures[i]), name))
			return &j->figures[i];
	return NULL;
}

/* All names, in order of appearance. */
static struct strlist figure_names_of(const struct judgement *j, size_t n)
{
	struct strlist names = { 0 };
	const char *name;
	size_t k, i, before;

	for (k = 0; k < n; k++) {
		for (i = 0; i < j[k].n_figures; i++) {
			name = judged_name(&j[k].figures[i]);
			for (before = 0; before < k; before++)
				if (find_figure(&j[before], name))
					break;
			if (before == k)
				strlist_add(&names, name);
		}
	}
	return names;
}

static bool changed_anywhere(const struct judgement *j, size_t n, const char *name)
{
	const struct judged *f;
	size_t k;

	for (k = 0; k < n; k++) {
		f = find_figure(&j[k], name);
		if (!f || f->verdict != V_SAME)
			return true;
	}
	return false;
}

/* The change, with a mark for the verdict. */
static void put_change(struct grid *g, const struct judged *f)
{
	static const char *const marks[V_COUNT] = {
		[V_SAME] = "  ", [V_SMALL] = " .", [V_BETTER] = " -", [V_WORSE] = " !",
		[V_UNSURE] = " ?",
	};
	char *change;

	if (!f || f->verdict == V_ONE_SIDED) {
		grid_number(g, f ? f->now : NAN);
		return;
	}
	change = f->base == f->now ? xstrdup("=") : change_text(f);
	grid_cell(g, xprintf("%s%s", change, marks[f->verdict]));
	free(change);
}

static void many_grid(struct grid *g, size_t n)
{
	char *align = xprintf("llr%.*s", (int)n, "rrrrrrrrrrrr");
	size_t k;

	grid_init(g, align);
	grid_cell(g, xstrdup("name"));
	grid_cell(g, xstrdup("unit"));
	grid_cell(g, xstrdup("A"));
	for (k = 0; k < n; k++)
		grid_cell(g, xprintf("%c  ", (char)('B' + k)));
	free(align);
}

static void many_row(struct grid *g, const struct judgement *j, size_t n, const char *name)
{
	const struct judged *f = NULL;
	size_t k;

	for (k = 0; k < n && !f; k++)
		f = find_figure(&j[k], name);
	grid_cell(g, xstrdup(name));
	grid_cell(g, xstrdup(unit_of(f)));
	grid_number(g, f->base);
	for (k = 0; k < n; k++)
		put_change(g, find_figure(&j[k], name));
}

size_t compare_figures(struct grid *g, const struct judgement *j, size_t n, bool verbose)
{
	struct strlist names = figure_names_of(j, n);
	size_t i, all = names.n;

	if (n == 1)
		compare_grid(g);
	else
		many_grid(g, n);
	for (i = 0; i < names.n; i++) {
		if (!verbose && !changed_anywhere(j, n, names.v[i]))
			continue;
		if (n == 1)
			compare_row(g, find_figure(j, names.v[i]));
		else
			many_row(g, j, n, names.v[i]);
	}
	strlist_free(&names);
	return all;
}

static void put_line(FILE *f, size_t indent, char *text)
{
	fprintf(f, "%*s", (int)indent, "");
	text_wrap(f, text, indent, indent + 2);
	free(text);
}

/* Differences between the machines. */
static void put_sides(FILE *f, const struct judgement *j, size_t n)
{
	bool first = true;
	size_t k, i;

	for (k = 0; k < n; k++) {
		for (i = 0; i < j[k].sides.reasons.n + j[k].sides.notes.n; i++) {
			const char *s = i < j[k].sides.reasons.n ? j[k].sides.reasons.v[i] :
					j[k].sides.notes.v[i - j[k].sides.reasons.n];

			if (first)
				fputs("\nDifferences besides the kernel\n", f);
			first = false;
			if (n == 1)
				put_line(f, INDENT, xstrdup(s));
			else
				put_line(f, INDENT, xprintf("A, %c: %s", (char)('B' + k), s));
		}
	}
}

void compare_print(FILE *f, struct run *runs, const struct judgement *j, size_t n, bool verbose)
{
	struct grid g;
	size_t all;

	matrix_runs(f, runs, n);
	put_sides(f, j, n - 1);
	matrix_tests(f, runs, n, verbose);
	matrix_observations(f, runs, n, verbose);
	all = compare_figures(&g, j, n - 1, verbose);
	if (all) {
		fprintf(f, "\nMeasurements%s: %zu of %zu%s\n", verbose ? "" : " that changed",
			grid_rows(&g), all, verbose || grid_rows(&g) == all ? "" : " (-v shows all)");
		if (grid_rows(&g))
			grid_text(f, &g, INDENT);
		if (n > 2 && grid_rows(&g))
			fputs("  ! worse  - better  . below the floor  ? undecided  no mark: within the noise\n", f);
	}
	grid_free(&g);
}
