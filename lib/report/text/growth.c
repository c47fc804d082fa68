// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/growth.h"

#include <stdlib.h>
#include <string.h>

#include "report/base/grid.h"
#include "report/base/text.h"
#include "report/base/util.h"
#include "report/gate/fit.h"

/* --- the series ---------------------------------------------------------- */

/* "slot.create.slots_#" of slot.create.slots_100 */
static char *series_name(const struct measurement *m)
{
	const char *dot = strrchr(m->name, '.');

	return xprintf("%.*s%s_#", dot ? (int)(dot - m->name + 1) : 0, m->name, m->param);
}

static struct series *series_of(struct growth *g, const char *name, const struct measurement *m,
				size_t run)
{
	struct series *s;
	size_t i;

	for (i = 0; i < g->n; i++)
		if (g->v[i].run == run && !strcmp(g->v[i].name, name) &&
		    !strcmp(g->v[i].like->unit, m->unit))
			return &g->v[i];
	g->v = xrealloc(g->v, (g->n + 1) * sizeof(*g->v));
	s = &g->v[g->n++];
	*s = (struct series){ .name = xstrdup(name), .like = m, .run = run };
	return s;
}

/* Add a point; the points are in ascending order of x. */
static void series_add(struct series *s, double x, double y)
{
	size_t i;

	s->x = xrealloc(s->x, (s->n + 1) * sizeof(*s->x));
	s->y = xrealloc(s->y, (s->n + 1) * sizeof(*s->y));
	for (i = s->n++; i && s->x[i - 1] > x; i--) {
		s->x[i] = s->x[i - 1];
		s->y[i] = s->y[i - 1];
	}
	s->x[i] = x;
	s->y[i] = y;
}

void growth_collect(struct growth *g, struct run *r, size_t run)
{
	size_t i;
	char *name;

	for (i = 0; i < r->n_measurements; i++) {
		struct measurement *m = r->measurements[i];

		measurement_aggregate(m);
		if (!(m->figures[FIG_P50] > 0) || !m->param || !(m->param_value > 0))
			continue;
		name = series_name(m);
		series_add(series_of(g, name, m, run), m->param_value, m->figures[FIG_P50]);
		free(name);
	}
}

void growth_free(struct growth *g)
{
	size_t i;

	for (i = 0; i < g->n; i++) {
		free(g->v[i].name);
		free(g->v[i].x);
		free(g->v[i].y);
	}
	free(g->v);
}

/* --- the fit ------------------------------------------------------------- */

static char *number(double value)
{
	char text[48];

	text_number(text, sizeof(text), value);
	return xstrdup(text);
}

char *growth_text(const struct series *s)
{
	char *fixed, *each, *slope, *text;
	struct fit fit;

	if (!fit_growth(s->x, s->y, s->n, &fit))
		return xstrdup("too few points");
	fixed = number(fit.fixed);
	each = number(fit.each);
	slope = number(fit_slope(s->x, s->y, s->n));
	if (fit.power == 0)
		text = xprintf("%s %s, independent of n (within %.0f%%)", fixed,
			       s->like->unit, 100 * fit.off);
	else
		text = xprintf("%s + %s n^%.2f %s (within %.0f%%); slope of a linear fit: %s", fixed,
			       each, fit.power, s->like->unit, 100 * fit.off, slope);
	free(fixed);
	free(each);
	free(slope);
	return text;
}

void growth_print(FILE *f, struct run *r)
{
	struct growth g = { 0 };
	struct grid t;
	size_t i;

	growth_collect(&g, r, 0);
	grid_init(&t, "lrrl");
	grid_head(&t, "name|from|to|cost of n");
	for (i = 0; i < g.n; i++) {
		const struct series *s = &g.v[i];

		if (s->n < 3)
			continue;
		grid_cell(&t, xstrdup(s->name));
		grid_cell(&t, xprintf("%.10g", s->x[0]));
		grid_cell(&t, xprintf("%.10g", s->x[s->n - 1]));
		grid_cell(&t, growth_text(s));
	}
	if (grid_rows(&t)) {
		fputs("\nGrowth (n: the # in the name)\n", f);
		grid_text(f, &t, 2);
	}
	grid_free(&t);
	growth_free(&g);
}
