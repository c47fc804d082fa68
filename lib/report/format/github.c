// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/grid.h"
#include "report/base/json.h"
#include "report/base/text.h"
#include "report/format/export.h"
#include "report/text/summary.h"

/* Maximum number of rows in a table; results.json has all. */
#define LIST_MAX 50

/* --- job summary --------------------------------------------------------- */

static void put_counts(FILE *f, const struct run *r)
{
	size_t counts[ST_COUNT], s;
	bool first = true;

	run_counts(r, counts);
	for (s = 0; s < ST_COUNT; s++) {
		if (!counts[s])
			continue;
		fprintf(f, "%s%zu %s", first ? "" : ", ", counts[s], status_name(s));
		first = false;
	}
	fputs("\n", f);
}

static void put_results(FILE *f, const struct run *r, const char *title, bool (*wanted)(enum status))
{
	struct grid g;
	size_t i, n = 0;

	grid_init(&g, "lll");
	grid_head(&g, "test|result|why");
	for (i = 0; i < r->n_items; i++) {
		const struct run_item *it = r->items[i];

		if (!run_ran(it) || !wanted(it->status) || n++ >= LIST_MAX)
			continue;
		grid_cell(&g, xstrdup(it->name));
		grid_cell(&g, xstrdup(status_name(it->status)));
		grid_cell(&g, xprintf("%.300s", it->reason));
	}
	if (n) {
		fprintf(f, "\n### %s\n\n", title);
		grid_markdown(f, &g);
		if (n > LIST_MAX)
			fprintf(f, "\nand %zu more\n", n - LIST_MAX);
	}
	grid_free(&g);
}

static bool is_known(enum status s)
{
	return s == ST_XFAIL;
}

static void put_skips(FILE *f, const struct run *r)
{
	struct strlist reasons = { 0 };
	size_t i, k, n;

	for (i = 0; i < r->n_items; i++)
		if (run_ran(r->items[i]) && r->items[i]->status == ST_SKIP)
			strlist_add_new(&reasons, r->items[i]->reason);
	if (reasons.n)
		fputs("\n<details><summary>Skipped</summary>\n\n", f);
	for (k = 0; k < reasons.n; k++) {
		for (i = 0, n = 0; i < r->n_items; i++)
			n += run_ran(r->items[i]) && r->items[i]->status == ST_SKIP &&
			     !strcmp(r->items[i]->reason, reasons.v[k]);
		fprintf(f, "- %zu: ", n);
		text_markdown(f, reasons.v[k]);
		fputc('\n', f);
	}
	if (reasons.n)
		fputs("\n</details>\n", f);
	strlist_free(&reasons);
}

static void put_figures(FILE *f, struct run *r)
{
	struct grid g;
	size_t i;

	if (!r->n_measurements)
		return;
	grid_init(&g, "llrrrr");
	grid_head(&g, "measurement|unit|median|p90|p99|replicates");
	for (i = 0; i < r->n_measurements; i++) {
		struct measurement *m = r->measurements[i];

		measurement_aggregate(m);
		grid_cell(&g, xstrdup(m->name));
		grid_cell(&g, xstrdup(m->unit));
		grid_number(&g, m->figures[FIG_P50]);
		grid_number(&g, m->figures[FIG_P90]);
		grid_number(&g, m->figures[FIG_P99]);
		grid_cell(&g, xprintf("%zu", m->n_replicates));
	}
	fputs("\n<details><summary>Measurements</summary>\n\n", f);
	grid_markdown(f, &g);
	fputs("\n</details>\n", f);
	grid_free(&g);
}

void github_write(FILE *f, struct run *r)
{
	fprintf(f, "## kvmem: %s\n\nKernel ", verdict_words(run_verdict(r))->name);
	text_markdown(f, run_release(r));
	fputs(", backend ", f);
	text_markdown(f, run_string(r, "backend"));
	fputs(", ", f);
	text_markdown(f, run_string(r, "where"));
	fputs(": ", f);
	put_counts(f, r);
	if (!r->complete)
		fprintf(f, "\nThe run was cut short: %zu of %zu have a result.\n", r->n_items,
			r->planned);
	put_results(f, r, "Failures", status_is_bad);
	put_results(f, r, "Known issues", is_known);
	put_skips(f, r);
	put_figures(f, r);
}

/* --- github-action-benchmark --------------------------------------------- */

static char *range_of(const struct measurement *m)
{
	double low = NAN, high = NAN;
	size_t i;

	for (i = 0; i < m->n_replicates; i++) {
		if (isnan(m->replicates[i]))
			continue;
		low = fmin(low, m->replicates[i]);
		high = fmax(high, m->replicates[i]);
	}
	return xprintf("%.10g ... %.10g", low, high);
}

json_t *benchmark_json(const struct run *r)
{
	json_t *list = json_array(), *o;
	char *range, *extra;
	size_t i;

	for (i = 0; i < r->n_measurements; i++) {
		const struct measurement *m = r->measurements[i];

		if (isnan(m->figures[FIG_P50]))
			continue;
		range = range_of(m);
		extra = xprintf("kernel %s, backend %s, %zu replicates", run_release(r),
				run_string(r, "backend"), m->n_replicates);
		o = json_pack("{s:s, s:s, s:o, s:s, s:s}", "name", m->name, "unit", m->unit,
			      "value", json_from(m->figures[FIG_P50]), "range", range, "extra", extra);
		json_array_append_new(list, o);
		free(range);
		free(extra);
	}
	return list;
}
