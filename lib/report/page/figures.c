// SPDX-License-Identifier: GPL-2.0-only
/* Sections on measurements. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/page/plot.h"
#include "report/page/sections.h"
#include "report/text/growth.h"
#include "report/text/pivot.h"
#include "report/text/summary.h"

/* --- the table ----------------------------------------------------------- */

static void put_notes(const struct page *p, const struct run *r)
{
	struct strlist notes = { 0 };
	size_t i, k;

	for (i = 0; i < r->n_measurements; i++)
		for (k = 0; k < r->measurements[i]->notes.n; k++)
			strlist_add_new(&notes, r->measurements[i]->notes.v[k]);
	fputs(notes.n ? "<ul>\n" : "", p->f);
	for (k = 0; k < notes.n; k++) {
		fputs("<li>Note: ", p->f);
		html_text(p->f, notes.v[k]);
		fputs(" <span class=\"name\">(", p->f);
		for (i = 0; i < r->n_measurements; i++)
			if (measurement_has_note(r->measurements[i], notes.v[k]))
				html_textf(p->f, " %s", r->measurements[i]->name);
		fputs(" )</span></li>\n", p->f);
	}
	fputs(notes.n ? "</ul>\n" : "", p->f);
	strlist_free(&notes);
}

void html_measurements(const struct page *p, struct run *r)
{
	struct grid g;
	int single;

	if (!r->n_measurements)
		return;
	html_section(p, "measurements", "Measurements");
	fputs("<p>Each quantile is the median over fresh VMs. <i>exits/op</i> comes from "
	      "KVM's counters, <i>loop</i> is the cost of the guest's empty loop, "
	      "<i>user</i> the share of an exit that userspace takes.</p>\n",
	      p->f);
	for (single = 0; single < 2; single++) {
		if (table_grid(&g, r, single))
			grid_html(p->f, &g, "numbers");
		grid_free(&g);
	}
	put_notes(p, r);
	html_section_end(p);
}

/* --- distributions ------------------------------------------------------- */

/* Measurements with the same first part of the name and the same unit. */
struct family {
	char *name;
	const char *unit;
	struct measurement **v;
	size_t n;
};

struct families {
	struct family *v;
	size_t n;
};

/* Measurements of a pivot table are drawn with it. */
static bool has_curve(const struct measurement *m)
{
	return m->n_quantiles > 1 && m->figures[FIG_P50] > 0 && !pivot_has(m);
}

static struct family *family_of(struct families *all, const char *name, size_t len,
				const char *unit)
{
	struct family *f;
	size_t i;

	for (i = 0; i < all->n; i++) {
		f = &all->v[i];
		if (strlen(f->name) == len && !strncmp(f->name, name, len) &&
		    !strcmp(f->unit, unit))
			return f;
	}
	all->v = xrealloc(all->v, (all->n + 1) * sizeof(*all->v));
	f = &all->v[all->n++];
	*f = (struct family){ .name = xprintf("%.*s", (int)len, name), .unit = unit };
	return f;
}

static void family_add(struct family *f, struct measurement *m)
{
	f->v = xrealloc(f->v, (f->n + 1) * sizeof(*f->v));
	f->v[f->n++] = m;
}

static void families_free(struct families *all)
{
	size_t i;

	for (i = 0; i < all->n; i++) {
		free(all->v[i].name);
		free(all->v[i].v);
	}
	free(all->v);
}

/* Outliers in the last step would compress the rest. */
static size_t curve_points(const struct measurement *m)
{
	return m->n_quantiles > 20 ? m->n_quantiles - 1 : m->n_quantiles;
}

static void family_axes(const struct family *f, struct plot_axes *a)
{
	size_t i, q;

	a->low = INFINITY;
	a->high = -INFINITY;
	for (i = 0; i < f->n; i++) {
		if (strlen(f->v[i]->name) > a->names)
			a->names = strlen(f->v[i]->name);
		for (q = 0; q < curve_points(f->v[i]); q++) {
			if (!(f->v[i]->quantiles[q] > 0))
				continue;
			a->low = fmin(a->low, f->v[i]->quantiles[q]);
			a->high = fmax(a->high, f->v[i]->quantiles[q]);
		}
	}
	a->low /= 1.1;
	a->high *= 1.1;
}

static void put_panel(const struct page *p, const struct family *f, const struct plot_axes *a,
		      size_t first, size_t n, const char *caption)
{
	struct curve c[PLOT_CURVES];
	size_t i, q;

	for (i = 0; i < n; i++) {
		struct measurement *m = f->v[first + i];

		c[i] = (struct curve){
			.name = m->name,
			.x = m->quantiles,
			.n = curve_points(m),
			.y = xcalloc(m->n_quantiles, sizeof(double)),
			.dots = m->replicates,
			.n_dots = m->n_replicates,
		};
		for (q = 0; q < c[i].n; q++)
			c[i].y[q] = (double)q / (double)(m->n_quantiles - 1);
	}
	html_figure(p, plot_curves(a, c, n), caption);
	for (i = 0; i < n; i++)
		free(c[i].y);
}

static void put_family(const struct page *p, const struct family *f)
{
	size_t panels = (f->n + PLOT_CURVES - 1) / PLOT_CURVES, k, first, end;
	char *title = xprintf("Distribution of %s.*", f->name), *caption;
	struct plot_axes a = {
		.title = title,
		.x = f->unit,
		.y = "share of samples",
		.share = true,
	};

	family_axes(f, &a);
	for (k = 0; k < panels; k++) {
		first = k * f->n / panels;
		end = (k + 1) * f->n / panels;
		caption = panels > 1 ? xprintf("%s.*, %zu of %zu", f->name, k + 1, panels) :
				       xprintf("%s.*", f->name);
		put_panel(p, f, &a, first, end - first, caption);
		free(caption);
	}
	free(title);
}

void html_distributions(const struct page *p, struct run *r)
{
	struct families all = { 0 };
	size_t i;

	for (i = 0; i < r->n_measurements; i++) {
		struct measurement *m = r->measurements[i];

		measurement_aggregate(m);
		if (has_curve(m))
			family_add(family_of(&all, m->name, strcspn(m->name, "."), m->unit), m);
	}
	if (all.n) {
		html_section(p, "distributions", "Distributions");
		fputs("<p>Share of the samples up to each value. The marks "
		      "at 50% are the medians of the single VMs. Beyond 98% the table has p99 and max.</p>\n",
		      p->f);
		for (i = 0; i < all.n; i++)
			put_family(p, &all.v[i]);
		html_section_end(p);
	}
	families_free(&all);
}

/* --- growth -------------------------------------------------------------- */

/* The curve fitted to a series. */
static void put_fit(const struct page *p, const struct series *s)
{
	char *text = growth_text(s);

	fputs("<li><span class=\"name\">", p->f);
	html_text(p->f, s->name);
	fputs("</span>", p->f);
	if (p->n > 1)
		fprintf(p->f, " on %c", (char)('A' + s->run));
	html_textf(p->f, ": %s", text);
	fputs("</li>\n", p->f);
	free(text);
}

/* Series with the same first part of the name, PLOT_CURVES per figure. */
static void put_growth(const struct page *p, const struct growth *g, size_t first)
{
	size_t len = strcspn(g->v[first].name, "."), i, n = 0, of[PLOT_CURVES];
	struct curve c[PLOT_CURVES];
	char *caption, *names[PLOT_CURVES];
	struct plot_axes a = { .x = "parameter (# in the name)",
			       .y = g->v[first].like->unit,
			       .low = INFINITY,
			       .high = -INFINITY };

	for (i = first; i < g->n && n < PLOT_CURVES; i++) {
		struct series *s = &g->v[i];

		if (s->n < 3 || strncmp(s->name, g->v[first].name, len + 1) ||
		    strcmp(s->like->unit, a.y))
			continue;
		names[n] = p->n > 1 ? xprintf("%c %s", (char)('A' + s->run), s->name) :
				      xstrdup(s->name);
		c[n] = (struct curve){ .name = names[n], .x = s->x, .y = s->y, .n = s->n };
		a.names = strlen(names[n]) > a.names ? strlen(names[n]) : a.names;
		a.low = fmin(a.low, s->x[0] / 1.1);
		a.high = fmax(a.high, s->x[s->n - 1] * 1.1);
		of[n++] = i;
	}
	caption = xprintf("%.*s.*: cost against number", (int)len, g->v[first].name);
	a.title = caption;
	html_figure(p, plot_curves(&a, c, n), caption);
	fputs("<ul>\n", p->f);
	for (i = 0; i < n; i++) {
		put_fit(p, &g->v[of[i]]);
		g->v[of[i]].n = 0;
		free(names[i]);
	}
	fputs("</ul>\n", p->f);
	free(caption);
}

void html_growth(const struct page *p)
{
	struct growth g = { 0 };
	bool begun = false;
	size_t i;

	for (i = 0; i < p->n; i++)
		growth_collect(&g, &p->runs[i], i);
	for (i = 0; i < g.n; i++) {
		if (g.v[i].n < 3)
			continue;
		if (!begun)
			html_section(p, "growth", "Growth");
		begun = true;
		put_growth(p, &g, i);
	}
	if (begun)
		html_section_end(p);
	growth_free(&g);
}

/* --- variants of a benchmark --------------------------------------------- */

static void put_bars(const struct page *p, const struct pivot_values *v, const char *title)
{
	const char *labels[PIVOT_ROWS], *names[PIVOT_COLUMNS];
	double values[PIVOT_ROWS * PIVOT_COLUMNS];
	size_t n = v->pivot->n_bars, i, c;
	struct bars b = {
		.title = title,
		.x = v->unit,
		.rows = v->n,
		.series = n,
		.labels = labels,
		.names = names,
		.v = values,
		.base = NAN,
	};

	for (c = 0; c < n; c++)
		names[c] = v->pivot->columns[c].name;
	for (i = 0; i < v->n; i++) {
		labels[i] = v->rows[i].row->text;
		for (c = 0; c < n; c++)
			values[n * i + c] = v->rows[i].v[c];
	}
	html_figure(p, plot_bars(&b), title);
}

static void put_pivot(const struct page *p, const struct pivot_values *v, size_t run)
{
	const char *title = v->pivot->title;
	char *full = p->n > 1 ? xprintf("%c: %s", (char)('A' + run), title) : xstrdup(title);
	struct grid g;

	fputs("<h3>", p->f);
	html_text(p->f, full);
	fputs("</h3>\n", p->f);
	pivot_grid(&g, v);
	grid_html(p->f, &g, "pivot");
	grid_free(&g);
	if (pivot_note(v))
		fprintf(p->f, "<p class=\"muted\">%s</p>\n", pivot_note(v));
	put_bars(p, v, full);
	free(full);
}

/* Tables of one section follow each other in pivots[]. */
void html_pivots(const struct page *p)
{
	const struct pivot *open = NULL;
	struct pivot_values v;
	size_t k, i;

	for (k = 0; k < n_pivots; k++) {
		for (i = 0; i < p->n; i++) {
			if (!pivot_read(&v, &pivots[k], &p->runs[i]))
				continue;
			if (!open || strcmp(open->section, pivots[k].section)) {
				if (open)
					html_section_end(p);
				html_section(p, pivots[k].section, pivots[k].section_title);
				open = &pivots[k];
			}
			put_pivot(p, &v, i);
		}
	}
	if (open)
		html_section_end(p);
}
