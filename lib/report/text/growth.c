// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/growth.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/grid.h"
#include "report/base/text.h"
#include "report/base/util.h"
#include "report/gate/fit.h"

/* --- the series ---------------------------------------------------------- */

/* Of a name with a number in it: "slot.create.", 100, "" of slot.create.hundred */
struct numbered {
	size_t before, after; /* where the number begins, and what follows it */
	double value;
};

/* Names have few digits in them: a part of one that is a word for a number. */
static bool find_word(const char *name, struct numbered *n)
{
	static const struct {
		const char *word;
		double value;
	} words[] = {
		{ "one", 1 },	   { "two", 2 },       { "four", 4 },	     { "eight", 8 },
		{ "sixteen", 16 }, { "hundred", 100 }, { "thousand", 1000 },
	};
	size_t at, len, i;

	for (at = 0; name[at]; at += len + (name[at + len] != 0)) {
		len = strcspn(name + at, "._");
		for (i = 0; i < ARRAY_SIZE(words); i++) {
			if (strlen(words[i].word) != len || strncmp(name + at, words[i].word, len))
				continue;
			*n = (struct numbered){ at, at + len, words[i].value };
			return true;
		}
	}
	return false;
}

static bool find_number(const char *name, struct numbered *n)
{
	size_t i = strlen(name), end;

	while (i && !isdigit((unsigned char)name[i - 1]))
		i--;
	end = i;
	while (i && isdigit((unsigned char)name[i - 1]))
		i--;
	if (i == end || end - i > 15)
		return i == end && find_word(name, n);
	*n = (struct numbered){ i, end, strtod(name + i, NULL) };
	if (name[end] && strchr("kmg", name[end]) && !isalnum((unsigned char)name[end + 1])) {
		n->value *= name[end] == 'k' ? 1024 : name[end] == 'm' ? 1048576 : 1073741824;
		n->after++;
	}
	return n->value > 0;
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

/* In ascending order of the number. */
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
	struct numbered number;
	size_t i;
	char *name;

	for (i = 0; i < r->n_measurements; i++) {
		struct measurement *m = r->measurements[i];

		measurement_aggregate(m);
		if (!(m->figures[FIG_P50] > 0) || !find_number(m->name, &number))
			continue;
		name = xprintf("%.*s#%s", (int)number.before, m->name, m->name + number.after);
		series_add(series_of(g, name, m, run), number.value, m->figures[FIG_P50]);
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

/* --- what they come to --------------------------------------------------- */

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
		return xstrdup("too few numbers");
	fixed = number(fit.fixed);
	each = number(fit.each);
	slope = number(fit_slope(s->x, s->y, s->n));
	if (fit.power == 0)
		text = xprintf("%s %s, whatever the number (within %.0f%%)", fixed,
			       s->like->unit, 100 * fit.off);
	else
		text = xprintf("%s + %s n^%.2f %s (within %.0f%%); as a line, %s for each", fixed,
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
		fputs("\nGrowth (n stands for the # of the name)\n", f);
		grid_text(f, &t, 2);
	}
	grid_free(&t);
	growth_free(&g);
}
