// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/pivot.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"

#define INDENT 2

static double figure(const struct run *r, const struct pivot *p, size_t row, const char *column)
{
	char *name = xprintf("%s.%s.%s", p->bench, p->rows[row].name, column);
	const struct measurement *m = run_measured(r, name);

	free(name);
	return m ? m->figures[FIG_P50] : NAN;
}

static double cell(const struct run *r, const struct pivot *p, size_t row, size_t column)
{
	const struct pivot_column *c = &p->columns[column];

	return figure(r, p, row, c->name) + (c->also ? figure(r, p, row, c->also) : 0);
}

bool pivot_read(struct pivot_values *v, const struct pivot *pivot, const struct run *r)
{
	double khz = json_number_or_nan(json_object_get(r->meta, "cpu"), "tsc_khz");
	bool exact = json_is_true(json_object_get(r->meta, "exact"));
	bool ticks = exact || !(khz > 0);
	/* Instructions, and ticks of a clock of unknown rate, are not converted. */
	const double scale[] = {
		[PIVOT_COUNT] = 1, [PIVOT_KIB] = 1024, [PIVOT_SHORT] = ticks ? 1 : khz / 1000,
		[PIVOT_LONG] = ticks ? 1e6 : khz,
	};
	size_t i, c;

	*v = (struct pivot_values){
		.pivot = pivot, .ticks = ticks, .unit = exact ? "instr" : ticks ? "ticks" : "us",
	};
	for (i = 0; i < pivot->n_rows; i++) {
		if (isnan(cell(r, pivot, i, 0)))
			continue;
		v->rows[v->n].row = &pivot->rows[i];
		for (c = 0; c < pivot->n_columns; c++)
			v->rows[v->n].v[c] = cell(r, pivot, i, c) / scale[pivot->columns[c].kind];
		v->n++;
	}
	return v->n;
}

static const char *unit_of(const struct pivot_values *v, enum pivot_kind kind)
{
	switch (kind) {
	case PIVOT_KIB:
		return "KiB";
	case PIVOT_SHORT:
		return v->unit;
	case PIVOT_LONG:
		return v->ticks ? "10^6" : "ms";
	default:
		return "";
	}
}

static int digits_of(const struct pivot_values *v, enum pivot_kind kind)
{
	if (kind == PIVOT_LONG)
		return 3;
	return kind == PIVOT_SHORT && !v->ticks ? 3 : 0;
}

void pivot_grid(struct grid *g, const struct pivot_values *v)
{
	const struct pivot *p = v->pivot;
	char align[PIVOT_COLUMNS + 2] = "l";
	size_t i, c;

	memset(align + 1, 'r', p->n_columns);
	grid_init(g, align);
	grid_cell(g, xstrdup(p->rows_head));
	for (c = 0; c < p->n_columns; c++)
		grid_cell(g, xprintf("%s%s", p->columns[c].head, unit_of(v, p->columns[c].kind)));
	for (i = 0; i < v->n; i++) {
		grid_cell(g, xstrdup(v->rows[i].row->text));
		for (c = 0; c < p->n_columns; c++)
			grid_cell(g, isnan(v->rows[i].v[c]) ? xstrdup("-") :
				  xprintf("%.*f", digits_of(v, p->columns[c].kind), v->rows[i].v[c]));
	}
}

const char *pivot_note(const struct pivot_values *v)
{
	return v->n && v->rows[0].row == &v->pivot->rows[0] ? v->pivot->note : NULL;
}

/* The column of a measurement in one of the tables, or NULL. */
static const struct pivot_column *column_of(const char *name)
{
	const char *last = strrchr(name, '.');
	const struct pivot *p;
	size_t n, c;

	for (p = pivots; last && p < pivots + n_pivots; p++) {
		n = strlen(p->bench);
		if (strncmp(name, p->bench, n) || name[n] != '.')
			continue;
		for (c = 0; c < p->n_columns; c++)
			if (!strcmp(last + 1, p->columns[c].name) ||
			    (p->columns[c].also && !strcmp(last + 1, p->columns[c].also)))
				return &p->columns[c];
	}
	return NULL;
}

bool pivot_has(const struct measurement *m)
{
	return column_of(m->name);
}

bool pivot_is_sum(const struct measurement *m)
{
	const struct pivot_column *c = column_of(m->name);

	return c && c->kind == PIVOT_LONG;
}

void pivot_print(FILE *f, const struct run *r)
{
	struct pivot_values v;
	struct grid g;
	size_t i;

	for (i = 0; i < n_pivots; i++) {
		if (!pivot_read(&v, &pivots[i], r))
			continue;
		pivot_grid(&g, &v);
		fprintf(f, "\n%s\n", pivots[i].title);
		grid_text(f, &g, INDENT);
		grid_free(&g);
		if (pivot_note(&v))
			fprintf(f, "%*s%s\n", INDENT, "", pivot_note(&v));
	}
}
