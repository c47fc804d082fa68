// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/coverage.h"

#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/data/behaviour.h"

#define INDENT 2
#define CELL 9

/* The last result of a test on a kernel; skips do not replace other results. */
struct result {
	const struct run_item *item;
	size_t column;
};

struct kernel {
	const struct run *run;	/* the newest */
	char *name;
	size_t runs;
};

struct coverage {
	FILE *f;
	struct catalogue behaviours;
	struct kernel *kernels;
	size_t n_kernels;
	struct result *results;
	size_t n_results;
};

/* Number of results of a behaviour's tests on a kernel, by status. */
struct cell {
	size_t count[ST_COUNT], all;
};

/* --- the runs ---------------------------------------------------------------- */

static size_t kernel_of(struct coverage *c, const struct run *r)
{
	char *name = xprintf("%s, %s, %s", run_release(r), run_string(r, "backend"),
			     run_string(r, "where"));
	size_t k;

	for (k = 0; k < c->n_kernels; k++)
		if (!strcmp(c->kernels[k].name, name))
			break;
	if (k == c->n_kernels) {
		c->kernels = xrealloc(c->kernels, ++c->n_kernels * sizeof(*c->kernels));
		c->kernels[k] = (struct kernel){ .name = xstrdup(name) };
	}
	c->kernels[k].run = r;
	c->kernels[k].runs++;
	free(name);
	return k;
}

static void add_result(struct coverage *c, const struct run_item *it, size_t column)
{
	size_t i;

	for (i = 0; i < c->n_results; i++)
		if (c->results[i].column == column && !strcmp(c->results[i].item->name, it->name))
			break;
	if (i == c->n_results) {
		c->results = xrealloc(c->results, ++c->n_results * sizeof(*c->results));
		c->results[i] = (struct result){ it, column };
	} else if (it->status != ST_SKIP || c->results[i].item->status == ST_SKIP) {
		c->results[i].item = it;
	}
}

static struct cell cell_of(const struct coverage *c, const char *id, size_t column)
{
	struct cell cell = { .all = 0 };
	size_t i;

	for (i = 0; i < c->n_results; i++) {
		const struct result *r = &c->results[i];

		if (r->column != column || !behaviour_of(r->item, id))
			continue;
		cell.count[r->item->status]++;
		cell.all++;
	}
	return cell;
}

/* --- the table ----------------------------------------------------------------- */

/* Failures take precedence, then the number of tests that passed. */
static void put_cell(const struct coverage *c, const struct cell *cell)
{
	size_t bad = cell->count[ST_FAIL] + cell->count[ST_TIMEOUT] + cell->count[ST_ERROR];
	char text[64];

	if (!cell->all)
		snprintf(text, sizeof(text), "-");
	else if (bad)
		snprintf(text, sizeof(text), "FAIL %zu", bad);
	else if (cell->count[ST_XFAIL])
		snprintf(text, sizeof(text), "known");
	else if (!cell->count[ST_PASS])
		snprintf(text, sizeof(text), "skip");
	else if (cell->count[ST_SKIP])
		snprintf(text, sizeof(text), "%zu of %zu", cell->count[ST_PASS], cell->all);
	else
		snprintf(text, sizeof(text), "%zu", cell->count[ST_PASS]);
	fprintf(c->f, " %*s", CELL, text);
}

static void put_heads(const struct coverage *c)
{
	size_t k;

	fputs("Kernels\n", c->f);
	for (k = 0; k < c->n_kernels; k++)
		fprintf(c->f, "%*s%c  %s, %zu run%s\n", INDENT, "", (char)('A' + k),
			c->kernels[k].name, c->kernels[k].runs, c->kernels[k].runs > 1 ? "s" : "");
	fprintf(c->f, "\nBehaviours: tests that passed (of all, where some were skipped)\n%*s%-5s",
		INDENT, "", "");
	for (k = 0; k < c->n_kernels; k++)
		fprintf(c->f, " %*c", CELL, (char)('A' + k));
	fputc('\n', c->f);
}

/* Print the rows; return the number of behaviours that passed on any kernel. */
static size_t put_rows(const struct coverage *c)
{
	size_t b, k, checked = 0, room;

	for (b = 0; b < c->behaviours.n; b++) {
		const struct behaviour *it = &c->behaviours.v[b];
		bool passed = false;

		fprintf(c->f, "%*s%-5s", INDENT, "", it->id);
		for (k = 0; k < c->n_kernels; k++) {
			struct cell cell = cell_of(c, it->id, k);

			passed |= cell.count[ST_PASS];
			put_cell(c, &cell);
		}
		checked += passed;
		room = INDENT + 5 + c->n_kernels * (CELL + 1) + 2;
		room = room + 20 < TEXT_COLUMNS ? TEXT_COLUMNS - room : 20;
		fprintf(c->f, "  %.*s\n", (int)room, it->title);
	}
	return checked;
}

/* --- reasons --------------------------------------------------------------------- */

/* Add the IDs of an item's behaviours that have a row to @ids. */
static void add_ids(const struct coverage *c, struct strlist *ids, const struct run_item *it)
{
	size_t b;

	for (b = 0; b < c->behaviours.n; b++)
		if (behaviour_of(it, c->behaviours.v[b].id))
			strlist_add_new(ids, c->behaviours.v[b].id);
}

/* One reason, with its kernels and behaviours. */
static void put_reason(const struct coverage *c, const char *reason, enum status status)
{
	struct strlist ids = { 0 };
	bool *on = xcalloc(c->n_kernels, sizeof(*on));
	size_t i, k, column;

	for (i = 0; i < c->n_results; i++) {
		const struct result *r = &c->results[i];

		if (r->item->status != status || strcmp(r->item->reason, reason))
			continue;
		add_ids(c, &ids, r->item);
		on[r->column] = true;
	}
	if (ids.n) {
		fprintf(c->f, "%*s", INDENT, "");
		text_wrap(c->f, *reason ? reason : "(no reason given)", INDENT, INDENT + 2);
		fprintf(c->f, "%*s", INDENT + 2, "");
		column = INDENT + 2;
		for (k = 0; k < c->n_kernels; k++)
			if (on[k])
				column += (size_t)fprintf(c->f, "%c", (char)('A' + k));
		column += (size_t)fprintf(c->f, ":");
		for (i = 0; i < ids.n; i++) {
			if (column + strlen(ids.v[i]) + 1 > TEXT_COLUMNS)
				column = (size_t)fprintf(c->f, "\n%*s", INDENT + 4, "") - 1;
			column += (size_t)fprintf(c->f, " %s", ids.v[i]);
		}
		fputc('\n', c->f);
	}
	free(on);
	strlist_free(&ids);
}

static void put_reasons(const struct coverage *c, const char *title, enum status status)
{
	struct strlist reasons = { 0 };
	bool first = true;
	size_t i;

	for (i = 0; i < c->n_results; i++) {
		struct strlist ids = { 0 };

		if (c->results[i].item->status != status)
			continue;
		add_ids(c, &ids, c->results[i].item);
		if (ids.n)
			strlist_add_new(&reasons, c->results[i].item->reason);
		strlist_free(&ids);
	}
	for (i = 0; i < reasons.n; i++) {
		if (first)
			fprintf(c->f, "\n%s\n", title);
		first = false;
		put_reason(c, reasons.v[i], status);
	}
	strlist_free(&reasons);
}

/* Behaviours that were not checked on any kernel of the table, and why. */
static void put_gaps(const struct coverage *c)
{
	bool first = true;
	size_t b, k, i;

	for (b = 0; b < c->behaviours.n; b++) {
		const struct behaviour *it = &c->behaviours.v[b];
		const char *why = "no test ran";

		for (k = 0; k < c->n_kernels; k++) {
			struct cell cell = cell_of(c, it->id, k);

			if (cell.count[ST_PASS])
				break;
			if (cell.all)
				why = cell.all == cell.count[ST_SKIP] ? NULL : "failed on each kernel where it ran";
		}
		if (k < c->n_kernels)
			continue;
		for (i = 0; !why && i < c->n_results; i++)
			if (behaviour_of(c->results[i].item, it->id))
				why = c->results[i].item->reason;
		if (first)
			fputs("\nNot checked on any of these kernels\n", c->f);
		first = false;
		fprintf(c->f, "%*s%-5s ", INDENT, "", it->id);
		text_wrap(c->f, why ? why : "skipped", INDENT + 6, INDENT + 6);
	}
}

static void release(struct coverage *c)
{
	size_t i;

	catalogue_free(&c->behaviours);
	for (i = 0; i < c->n_kernels; i++)
		free(c->kernels[i].name);
	free(c->kernels);
	free(c->results);
}

bool coverage_print(FILE *f, const struct run *runs, size_t n, const char *catalogue,
		    const struct strlist *patterns)
{
	struct coverage c = { .f = f };
	size_t r, i, column, checked;
	bool ok = catalogue_load(&c.behaviours, catalogue, patterns);

	if (ok && !c.behaviours.n) {
		complain("no behaviour matches '%s'", patterns->n ? patterns->v[0] : "");
		ok = false;
	}
	for (r = 0; ok && r < n; r++) {
		column = kernel_of(&c, &runs[r]);
		for (i = 0; i < runs[r].n_items; i++)
			if (run_ran(runs[r].items[i]))
				add_result(&c, runs[r].items[i], column);
	}
	if (ok) {
		put_heads(&c);
		checked = put_rows(&c);
		put_reasons(&c, "Known bugs of these kernels", ST_XFAIL);
		put_reasons(&c, "Failed", ST_FAIL);
		put_reasons(&c, "Skipped", ST_SKIP);
		put_gaps(&c);
		fprintf(f, "\n%zu of %zu behaviours checked on at least one kernel\n", checked,
			c.behaviours.n);
	}
	release(&c);
	return ok;
}
