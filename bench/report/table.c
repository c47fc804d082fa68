// SPDX-License-Identifier: GPL-2.0-only
#include "summary.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define INDENT 2

enum column {
	COL_NAME, COL_UNIT, COL_P50, COL_P90, COL_P99, COL_MIN, COL_MAX, COL_N, COL_REPLICATES,
	COL_EXITS, COL_OVERHEAD, COL_USER, COL_COUNT
};

static const char *const heads[COL_COUNT] = {
	"name", "unit", "median", "p90", "p99", "min", "max", "n", "reps", "exits/op", "loop", "user"
};

/* Distributions, and figures that are one number per replicate. */
static const enum column shown[2][COL_COUNT + 1] = {
	{ COL_NAME, COL_UNIT, COL_P50, COL_P90, COL_P99, COL_MIN, COL_MAX, COL_N, COL_EXITS,
	  COL_OVERHEAD, COL_USER, COL_COUNT },
	{ COL_NAME, COL_UNIT, COL_P50, COL_MIN, COL_MAX, COL_REPLICATES, COL_COUNT },
};

struct row {
	char *cell[COL_COUNT];
};

static bool is_single(const struct measurement *m)
{
	return isnan(m->figures[FIG_P90]);
}

/* The single numbers of the hole scan have a table of their own. */
static bool in_part(const struct measurement *m, bool single)
{
	return is_single(m) == single && !(single && !strncmp(m->name, "hole_scan.", 10));
}

void table_number(char *buf, size_t size, double v)
{
	static const char suffixes[] = " kMGTPE";
	double a = fabs(v);
	size_t s = 0;

	if (isnan(v)) {
		snprintf(buf, size, "-");
	} else if (a < 9999999.5 && (v == trunc(v) || a >= 1000)) {
		snprintf(buf, size, "%.0f", v);
	} else if (a < 0.001) {
		snprintf(buf, size, "%.0e", v);
	} else if (a < 1000) {
		snprintf(buf, size, "%.*f", a < 10 ? 3 : a < 100 ? 2 : 1, v);
	} else {
		for (; a >= 999.5 && suffixes[s + 1]; s++)
			a /= 1000;
		snprintf(buf, size, "%s%.*f%c", v < 0 ? "-" : "", a < 9.995 ? 2 : a < 99.95 ? 1 : 0,
			 a, suffixes[s]);
	}
}

static char *number_cell(double v)
{
	char text[48];

	table_number(text, sizeof(text), v);
	return xstrdup(text);
}

static void fill(struct row *row, struct measurement *m)
{
	measurement_aggregate(m);
	row->cell[COL_NAME] = xstrdup(m->name);
	row->cell[COL_UNIT] = xstrdup(strcmp(m->unit, "instructions") ? m->unit : "instr");
	row->cell[COL_P50] = number_cell(m->figures[FIG_P50]);
	row->cell[COL_P90] = number_cell(m->figures[FIG_P90]);
	row->cell[COL_P99] = number_cell(m->figures[FIG_P99]);
	row->cell[COL_MIN] = number_cell(m->figures[FIG_MIN]);
	row->cell[COL_MAX] = number_cell(m->figures[FIG_MAX]);
	row->cell[COL_N] = number_cell((double)m->n);
	row->cell[COL_REPLICATES] = number_cell((double)m->n_replicates);
	row->cell[COL_EXITS] = isnan(m->exits_per_op) ? xstrdup("-") :
			       xprintf("%.3f", m->exits_per_op);
	row->cell[COL_OVERHEAD] = number_cell(m->overhead);
	row->cell[COL_USER] = number_cell(round(m->userspace));
}

static void widen(size_t *width, const struct row *row)
{
	size_t c;

	for (c = 0; c < COL_COUNT; c++)
		if (strlen(row->cell[c]) > width[c])
			width[c] = strlen(row->cell[c]);
}

/* Words to the left, numbers to the right. */
static void print_row(FILE *f, const enum column *cols, const char *const *cell,
		      const size_t *width)
{
	size_t c;

	fprintf(f, "%*s", INDENT, "");
	text_plain(f, cell[COL_NAME], strlen(cell[COL_NAME]));
	if (strlen(cell[COL_NAME]) > width[COL_NAME])
		fprintf(f, "\n%*s", (int)(INDENT + width[COL_NAME]), "");
	else
		fprintf(f, "%*s", (int)(width[COL_NAME] - strlen(cell[COL_NAME])), "");
	fprintf(f, " %-*s", (int)width[COL_UNIT], cell[COL_UNIT]);
	for (c = 2; cols[c] != COL_COUNT; c++)
		fprintf(f, " %*s", (int)width[cols[c]], cell[cols[c]]);
	fputc('\n', f);
}

/* The rows of one of the two kinds; nothing when there are none. */
static void print_part(FILE *f, struct run *r, const struct row *rows, bool single)
{
	const enum column *cols = shown[single];
	size_t width[COL_COUNT], used = INDENT, i, c, n = 0;

	for (c = 0; c < COL_COUNT; c++)
		width[c] = strlen(heads[c]);
	for (i = 0; i < r->n_measurements; i++) {
		if (!in_part(r->measurements[i], single))
			continue;
		widen(width, &rows[i]);
		n++;
	}
	if (!n)
		return;
	/* Names get what the figures leave; a longer one stands on a line of its own. */
	for (c = 1; cols[c] != COL_COUNT; c++)
		used += 1 + width[cols[c]];
	if (used + width[COL_NAME] > TEXT_COLUMNS)
		width[COL_NAME] = used + 8 > TEXT_COLUMNS ? 8 : TEXT_COLUMNS - used;
	print_row(f, cols, heads, width);
	for (i = 0; i < r->n_measurements; i++)
		if (in_part(r->measurements[i], single))
			print_row(f, cols, (const char *const *)rows[i].cell, width);
}

void table_print(FILE *f, struct run *r)
{
	struct row *rows = xcalloc(r->n_measurements, sizeof(*rows));
	size_t i, c;

	for (i = 0; i < r->n_measurements; i++)
		fill(&rows[i], r->measurements[i]);
	print_part(f, r, rows, false);
	print_part(f, r, rows, true);
	for (i = 0; i < r->n_measurements; i++)
		for (c = 0; c < COL_COUNT; c++)
			free(rows[i].cell[c]);
	free(rows);
}
