// SPDX-License-Identifier: GPL-2.0-only
/* The page's parts about measurements of one run. */
#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "hole.h"
#include "html_part.h"
#include "plot.h"
#include "summary.h"
#include "text.h"

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
	fputs("<p>Quantiles are medians over fresh VMs of each one's own. <i>exits/op</i> comes from "
	      "KVM's counters, <i>loop</i> is what the guest's loop costs with no instruction in it, "
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

/* Measurements whose names begin alike and which have one unit. */
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

/* Hole scans have a figure of their own. */
static bool has_curve(const struct measurement *m)
{
	return m->n_quantiles > 1 && m->figures[FIG_P50] > 0 && strncmp(m->name, "hole_", 5);
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

/* The outliers of the last step would leave no room for the rest. */
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
		fputs("<p>What share of the samples took at most so long: steep is steady. The marks "
		      "at 50% are the medians of the single VMs. Beyond 98% the table has p99 and max.</p>\n",
		      p->f);
		for (i = 0; i < all.n; i++)
			put_family(p, &all.v[i]);
		html_section_end(p);
	}
	families_free(&all);
}

/* --- growth -------------------------------------------------------------- */

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

/* A series of some run: what it is called, and the measurements of growing numbers. */
struct series {
	char *name;
	const struct measurement *like;
	size_t run;
	double *x, *y;
	size_t n;
};

struct growth {
	struct series *v;
	size_t n;
};

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

static void collect(struct growth *g, struct run *r, size_t run)
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

/* What one more costs at the end of the series, and with which power it grows. */
static void put_slopes(const struct page *p, const struct series *s)
{
	size_t last = s->n - 1;
	double each = (s->y[last] - s->y[last - 1]) / (s->x[last] - s->x[last - 1]);
	double power = log(s->y[last] / s->y[last - 1]) / log(s->x[last] / s->x[last - 1]);
	char text[48];

	table_number(text, sizeof(text), each);
	fputs("<li><span class=\"name\">", p->f);
	html_text(p->f, s->name);
	fputs("</span>", p->f);
	if (p->n > 1)
		fprintf(p->f, " on %c", (char)('A' + s->run));
	html_textf(
		p->f,
		": from %.10g to %.10g each further one costs %s %s; growth with the power %.2f (1: linear)",
		s->x[last - 1], s->x[last], text, s->like->unit, power);
	fputs("</li>\n", p->f);
}

/* The series that begin alike, in figures of as many as can be told apart. */
static void put_growth(const struct page *p, const struct growth *g, size_t first)
{
	size_t len = strcspn(g->v[first].name, "."), i, n = 0, of[PLOT_CURVES];
	struct curve c[PLOT_CURVES];
	char *caption, *names[PLOT_CURVES];
	struct plot_axes a = { .x = "number (# of the name)",
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
		put_slopes(p, &g->v[of[i]]);
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
		collect(&g, &p->runs[i], i);
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
	for (i = 0; i < g.n; i++) {
		free(g.v[i].name);
		free(g.v[i].x);
		free(g.v[i].y);
	}
	free(g.v);
}

/* --- the PCI hole -------------------------------------------------------- */

static void put_hole_table(FILE *f, const struct hole *h)
{
	char *head =
		xprintf("answered by|first, %s|repeated, %s|%s reads, %s|repeated, %s|memory, KiB|"
			"page tables, KiB|VMAs|slots",
			h->unit, h->unit, h->reads, h->scan_unit, h->scan_unit);
	const int digits[HOLE_COLUMNS] = { h->digits, h->digits, 3, 3, 0, 0, 0, 0 };
	struct grid g;
	size_t i, c;

	grid_init(&g, "lrrrrrrrr");
	grid_head(&g, head);
	for (i = 0; i < h->n; i++) {
		const char *what = h->rows[i].what;

		grid_cell(&g, xprintf("%s%s", *what == ' ' ? "\u2013" : "", what));
		for (c = 0; c < HOLE_COLUMNS; c++)
			grid_cell(&g, isnan(h->rows[i].v[c]) ?
					      xstrdup("-") :
					      xprintf("%.*f", digits[c], h->rows[i].v[c]));
	}
	grid_html(f, &g, "hole");
	grid_free(&g);
	free(head);
}

static void put_hole(const struct page *p, const struct hole *h, const char *title)
{
	static const char *names[] = { "first read", "repeated read" };
	const char *labels[HOLE_ROWS];
	double v[2 * HOLE_ROWS];
	char *x = xprintf("%s for a read", h->unit);
	struct bars b = {
		.title = title,
		.x = x,
		.rows = h->n,
		.series = 2,
		.labels = labels,
		.names = names,
		.v = v,
		.base = NAN,
	};
	size_t i;

	for (i = 0; i < h->n; i++) {
		labels[i] = h->rows[i].what;
		v[2 * i] = h->rows[i].v[HOLE_FIRST];
		v[2 * i + 1] = h->rows[i].v[HOLE_REPEATED];
	}
	put_hole_table(p->f, h);
	if (hole_claim(h))
		fprintf(p->f, "<p class=\"muted\">%s</p>\n", hole_claim(h));
	html_figure(p, plot_bars(&b), title);
	free(x);
}

void html_hole(const struct page *p)
{
	struct hole h;
	bool begun = false;
	size_t i, whole;
	char *title;

	for (i = 0; i < p->n; i++) {
		for (whole = 0; whole < 2; whole++) {
			if (!hole_read(&h, &p->runs[i], whole))
				continue;
			if (!begun)
				html_section(p, "hole", "The PCI hole");
			begun = true;
			title = p->n > 1 ? xprintf("%c: %s", (char)('A' + i), h.title) :
					   xstrdup(h.title);
			fputs("<h3>", p->f);
			html_text(p->f, title);
			fputs("</h3>\n", p->f);
			put_hole(p, &h, title);
			free(title);
		}
	}
	if (begun)
		html_section_end(p);
}
