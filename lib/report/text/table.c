// SPDX-License-Identifier: GPL-2.0-only
#include "report/base/text.h"
#include "report/text/summary.h"

#include "report/text/pivot.h"

#include <math.h>
#include <string.h>

#define INDENT 2

/* Measurements with a distribution, and those with a single number per replicate. */
static const struct {
	const char *align, *heads;
} kinds[2] = {
	{ "llrrrrrrrrr", "name|unit|median|p90|p99|min|max|n|exits/op|loop|user" },
	{ "llrrrr", "name|unit|median|min|max|reps" },
};

static bool is_single(const struct measurement *m)
{
	return isnan(m->figures[FIG_P90]);
}

/* Single numbers that are in a pivot table are left out. */
static bool in_part(const struct measurement *m, bool single)
{
	return is_single(m) == single && !(single && pivot_has(m));
}

static void put_row(struct grid *g, const struct measurement *m, bool single)
{
	grid_cell(g, xstrdup(m->name));
	grid_cell(g, xstrdup(strcmp(m->unit, "instructions") ? m->unit : "instr"));
	grid_number(g, m->figures[FIG_P50]);
	if (!single) {
		grid_number(g, m->figures[FIG_P90]);
		grid_number(g, m->figures[FIG_P99]);
	}
	grid_number(g, m->figures[FIG_MIN]);
	grid_number(g, m->figures[FIG_MAX]);
	grid_number(g, single ? (double)m->n_replicates : (double)m->n);
	if (single)
		return;
	grid_cell(g, isnan(m->exits_per_op) ? xstrdup("-") : xprintf("%.3f", m->exits_per_op));
	grid_number(g, m->overhead);
	grid_number(g, round(m->userspace));
}

size_t table_grid(struct grid *g, struct run *r, bool single)
{
	size_t i;

	grid_init(g, kinds[single].align);
	grid_head(g, kinds[single].heads);
	for (i = 0; i < r->n_measurements; i++) {
		measurement_aggregate(r->measurements[i]);
		if (in_part(r->measurements[i], single))
			put_row(g, r->measurements[i], single);
	}
	return grid_rows(g);
}

void table_print(FILE *f, struct run *r)
{
	struct grid g;
	int single;

	for (single = 0; single < 2; single++) {
		if (table_grid(&g, r, single))
			grid_text(f, &g, INDENT);
		grid_free(&g);
	}
}
