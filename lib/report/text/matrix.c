// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/matrix.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/grid.h"
#include "report/base/json.h"
#include "report/base/text.h"
#include "report/text/summary.h"

#define INDENT 2

struct matrix {
	FILE *f;
	struct run *runs;
	size_t n;
	bool verbose;
};

static char letter(size_t column)
{
	return (char)('A' + column);
}

/* The columns @before, then a right-aligned one for each run. */
static void letters_init(struct grid *g, const struct matrix *m, const char *before,
			 const char *heads)
{
	char columns[MATRIX_MAX + 1] = "", *align;

	memset(columns, 'r', m->n);
	align = xprintf("%s%s", before, columns);
	grid_init(g, align);
	grid_head(g, heads);
	grid_letters(g, 0, m->n);
	free(align);
}

/* --- columns -------------------------------------------------------------- */

static const json_t *lab_of(const struct run *r)
{
	return json_object_get(r->meta, "lab");
}

const char *matrix_kernel(const struct run *r)
{
	const char *name = json_text(lab_of(r), "kernel");

	return *name ? name : "host";
}

char *matrix_machine(const struct run *r)
{
	const char *accel = json_text(lab_of(r), "accel");

	return xprintf("%s%s%s%s", run_string(r, "where"), *accel ? ", " : "", accel,
		       json_is_true(json_object_get(r->meta, "exact")) ? ", exact" : "");
}

static void put_counts(const struct matrix *m, const struct run *r)
{
	size_t counts[ST_COUNT], s;

	run_counts(r, counts);
	for (s = 0; s < ST_COUNT; s++)
		if (counts[s])
			fprintf(m->f, " %zu %s", counts[s], status_name(s));
	fprintf(m->f, "%s\n", r->complete ? "" : " INCOMPLETE");
}

static void put_columns(const struct matrix *m)
{
	size_t c, kernel = 0, release = 0;

	for (c = 0; c < m->n; c++) {
		const struct run *r = &m->runs[c];

		if (strlen(matrix_kernel(r)) > kernel)
			kernel = strlen(matrix_kernel(r));
		if (strlen(run_release(r)) > release)
			release = strlen(run_release(r));
	}
	fputs("\nKernels\n", m->f);
	for (c = 0; c < m->n; c++) {
		const struct run *r = &m->runs[c];
		char *machine = matrix_machine(r);

		fprintf(m->f, "%*s%c  %-*s  %-*s  %s, %s\n%*s", INDENT, "", letter(c),
			(int)kernel, matrix_kernel(r), (int)release, run_release(r),
			run_string(r, "backend"), machine, INDENT + 2, "");
		put_counts(m, r);
		free(machine);
	}
}

/* --- tests ---------------------------------------------------------------- */

/* ST_COUNT: not among the results of that run. */
static enum status status_in(const struct run *r, const char *name)
{
	const struct run_item *it = run_find(r, name);

	return it && run_ran(it) ? it->status : ST_COUNT;
}

static struct matrix_line line_of(const struct matrix *m, const char *name)
{
	struct matrix_line l = { .tests = 1 };
	size_t c;

	for (c = 0; c < m->n; c++) {
		l.status[c] = status_in(&m->runs[c], name);
		l.differs |= l.status[c] != l.status[0];
		l.bad |= l.status[c] < ST_COUNT && status_is_bad(l.status[c]);
	}
	return l;
}

static bool same_row(const struct matrix *m, const struct matrix_line *a,
		     const struct matrix_line *b)
{
	return !memcmp(a->status, b->status, m->n * sizeof(a->status[0]));
}

/* Passes and skips only: such rows of a program are folded if they are equal. */
static bool is_skip_row(const struct matrix *m, const struct matrix_line *row)
{
	size_t c;

	for (c = 0; c < m->n; c++)
		if (row->status[c] != ST_PASS && row->status[c] != ST_SKIP &&
		    row->status[c] != ST_COUNT)
			return false;
	return true;
}

/* All names, in order of appearance. */
static struct strlist test_names(const struct matrix *m)
{
	struct strlist names = { 0 };
	size_t c, i;

	for (c = 0; c < m->n; c++) {
		for (i = 0; i < m->runs[c].n_items; i++) {
			const struct run_item *it = m->runs[c].items[i];
			size_t before;

			for (before = 0; before < c; before++)
				if (run_find(&m->runs[before], it->name))
					break;
			if (before == c)
				strlist_add(&names, it->name);
		}
	}
	return names;
}

static void fold(const struct matrix *m, const char *name, struct matrix_lines *lines)
{
	struct matrix_line l = line_of(m, name);
	size_t k;

	if (!m->verbose && !l.differs && !l.bad)
		return;
	lines->tests++;
	l.program = xprintf("%.*s", (int)strcspn(name, "."), name);
	for (k = 0; k < lines->n; k++) {
		if (m->verbose || !is_skip_row(m, &l) || !same_row(m, &lines->v[k], &l) ||
		    strcmp(lines->v[k].program, l.program))
			continue;
		free(lines->v[k].name);
		lines->v[k].name = xprintf("%s: %zu tests", l.program, ++lines->v[k].tests);
		free(l.program);
		return;
	}
	l.name = xstrdup(name);
	lines->v[lines->n++] = l;
}

void matrix_lines(struct matrix_lines *lines, struct run *runs, size_t n, bool verbose)
{
	struct matrix m = { .runs = runs, .n = n, .verbose = verbose };
	struct strlist names = test_names(&m);
	size_t i;

	*lines = (struct matrix_lines){
		.v = xcalloc(names.n, sizeof(*lines->v)), .all = names.n,
	};
	for (i = 0; i < names.n; i++)
		fold(&m, names.v[i], lines);
	strlist_free(&names);
}

void matrix_lines_free(struct matrix_lines *lines)
{
	size_t i;

	for (i = 0; i < lines->n; i++) {
		free(lines->v[i].name);
		free(lines->v[i].program);
	}
	free(lines->v);
}

static void put_reasons(const struct matrix *m)
{
	size_t c, i;
	char *text;

	for (c = 0; c < m->n; c++) {
		for (i = 0; i < m->runs[c].n_items; i++) {
			const struct run_item *it = m->runs[c].items[i];

			if (!run_ran(it) || !status_is_bad(it->status))
				continue;
			text = xprintf("%c  %s: %s", letter(c), it->name, it->reason);
			fprintf(m->f, "%*s", INDENT, "");
			text_wrap(m->f, text, INDENT, INDENT + 3);
			free(text);
		}
	}
}

static void put_tests(const struct matrix *m)
{
	struct matrix_lines lines;
	struct grid g;
	size_t i, c;

	matrix_lines(&lines, m->runs, m->n, m->verbose);
	if (!m->verbose)
		fprintf(m->f, "\nTests and benchmarks that differ or fail: %zu of %zu%s\n",
			lines.tests, lines.all, lines.all > lines.tests ? " (-v shows all)" : "");
	else
		fputs("\nTests and benchmarks\n", m->f);
	letters_init(&g, m, "l", "name");
	for (i = 0; i < lines.n; i++) {
		grid_cell(&g, xstrdup(lines.v[i].name));
		for (c = 0; c < m->n; c++)
			grid_cell(&g, xstrdup(status_name(lines.v[i].status[c])));
	}
	if (lines.n)
		grid_text(m->f, &g, INDENT);
	grid_free(&g);
	put_reasons(m);
	matrix_lines_free(&lines);
}

/* --- observations --------------------------------------------------------- */

const struct observation *matrix_observed(const struct run *r, const struct observation *like)
{
	size_t i;

	for (i = 0; i < r->n_observations; i++)
		if (!strcmp(r->observations[i].name, like->name) &&
		    !strcmp(r->observations[i].item, like->item))
			return &r->observations[i];
	return NULL;
}

/* A value and its columns. */
static void put_value(const struct matrix *m, const struct observation *const *of, size_t first)
{
	char *value = json_dumps(of[first]->value, JSON_ENCODE_ANY | JSON_COMPACT), *text;
	char columns[MATRIX_MAX + 1];
	size_t c, n = 0;

	for (c = first; c < m->n; c++)
		if (of[c] && json_equal(of[c]->value, of[first]->value))
			columns[n++] = letter(c);
	columns[n] = '\0';
	text = xprintf("%s: %s", columns, value ? value : "?");
	fprintf(m->f, "%*s", INDENT + 2, "");
	text_wrap(m->f, text, INDENT + 2, INDENT + 4 + n);
	free(text);
	free(value);
}

static void put_observation(const struct matrix *m, const struct observation *o, bool *first)
{
	const struct observation *of[MATRIX_MAX];
	bool differs = false;
	size_t c, k;

	for (c = 0; c < m->n; c++) {
		of[c] = matrix_observed(&m->runs[c], o);
		/* A run without the observation does not differ. */
		differs |= of[c] && !json_equal(of[c]->value, o->value);
	}
	if (!differs && !m->verbose)
		return;
	if (*first)
		fprintf(m->f, "\nObservations%s\n", m->verbose ? "" : " that differ");
	*first = false;
	fprintf(m->f, "%*s%s%s%s\n", INDENT, "", o->name, *o->behaviour ? "  " : "", o->behaviour);
	for (c = 0; c < m->n; c++) {
		for (k = 0; of[c] && k < c; k++)
			if (of[k] && json_equal(of[k]->value, of[c]->value))
				break;
		if (of[c] && k == c)
			put_value(m, of, c);
	}
}

static void put_observations(const struct matrix *m)
{
	bool first = true;
	size_t c, before, i;

	for (c = 0; c < m->n; c++) {
		for (i = 0; i < m->runs[c].n_observations; i++) {
			const struct observation *o = &m->runs[c].observations[i];

			for (before = 0; before < c; before++)
				if (matrix_observed(&m->runs[before], o))
					break;
			if (before == c)
				put_observation(m, o, &first);
		}
	}
}

/* --- measurements --------------------------------------------------------- */

struct measurement *matrix_measured(const struct run *r, const struct measurement *like)
{
	size_t i;

	for (i = 0; i < r->n_measurements; i++)
		if (!strcmp(r->measurements[i]->name, like->name) &&
		    !strcmp(r->measurements[i]->unit, like->unit))
			return r->measurements[i];
	return NULL;
}

static void add_figure(struct grid *g, const struct measurement *base,
		       const struct measurement *one)
{
	double of = base->figures[FIG_P50], v = one ? one->figures[FIG_P50] : NAN;

	if (isnan(v) || one == base || (of == 0 && v != 0))
		grid_number(g, v);
	else if (v == of)
		grid_cell(g, xstrdup("="));
	else
		grid_cell(g, xprintf("x %.3f", v / of));
}

static bool figures_differ(const struct matrix *m, struct measurement *base)
{
	bool differs = false;
	size_t c;

	for (c = 0; c < m->n; c++) {
		struct measurement *one = matrix_measured(&m->runs[c], base);

		if (one)
			measurement_aggregate(one);
		differs |= !one || one->figures[FIG_P50] != base->figures[FIG_P50];
	}
	return differs;
}

static void add_measurement(struct grid *g, const struct matrix *m,
			    const struct measurement *base)
{
	size_t c;

	grid_cell(g, xstrdup(base->name));
	grid_cell(g, xstrdup(strcmp(base->unit, "instructions") ? base->unit : "instr"));
	for (c = 0; c < m->n; c++)
		add_figure(g, base, matrix_measured(&m->runs[c], base));
}

/* Return: the number of measurements, including those not shown. */
static size_t add_measurements(struct grid *g, const struct matrix *m)
{
	size_t c, before, i, all = 0;

	for (c = 0; c < m->n; c++) {
		for (i = 0; i < m->runs[c].n_measurements; i++) {
			struct measurement *base = m->runs[c].measurements[i];

			for (before = 0; before < c; before++)
				if (matrix_measured(&m->runs[before], base))
					break;
			if (before < c)
				continue;
			measurement_aggregate(base);
			all++;
			if (figures_differ(m, base) || m->verbose)
				add_measurement(g, m, base);
		}
	}
	return all;
}

static void put_machines(const struct matrix *m)
{
	char *first = matrix_machine(&m->runs[0]), *other;
	size_t c;

	for (c = 1; c < m->n; c++) {
		other = matrix_machine(&m->runs[c]);
		if (strcmp(first, other))
			fprintf(m->f, "%*snote: %c (%s) ran on another machine than A (%s)\n",
				INDENT, "", letter(c), other, first);
		free(other);
	}
	free(first);
}

static void put_measurements(const struct matrix *m)
{
	struct grid g;
	size_t all;

	letters_init(&g, m, "ll", "name|unit");
	all = add_measurements(&g, m);
	if (all)
		fprintf(m->f, "\nMeasurements: median, then ratios to the first%s%s\n",
			m->verbose ? "" : "; only rows that differ",
			grid_rows(&g) < all ? " (-v shows all)" : "");
	if (grid_rows(&g)) {
		grid_text(m->f, &g, INDENT);
		put_machines(m);
	}
	grid_free(&g);
}

void matrix_runs(FILE *f, struct run *runs, size_t n)
{
	struct matrix m = { .f = f, .runs = runs, .n = n };

	put_columns(&m);
}

void matrix_tests(FILE *f, struct run *runs, size_t n, bool verbose)
{
	struct matrix m = { .f = f, .runs = runs, .n = n, .verbose = verbose };

	put_tests(&m);
}

void matrix_observations(FILE *f, struct run *runs, size_t n, bool verbose)
{
	struct matrix m = { .f = f, .runs = runs, .n = n, .verbose = verbose };

	put_observations(&m);
}

void matrix_print(FILE *f, struct run *runs, size_t n, bool verbose)
{
	struct matrix m = { .f = f, .runs = runs, .n = n, .verbose = verbose };

	put_columns(&m);
	put_tests(&m);
	put_observations(&m);
	put_measurements(&m);
}
