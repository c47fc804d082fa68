// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/summary.h"

#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/data/behaviour.h"
#include "report/text/growth.h"
#include "report/text/pivot.h"

/* Takes over @text. */
static void put_wrapped(FILE *f, size_t indent, char *text)
{
	fprintf(f, "%*s", (int)indent, "");
	text_wrap(f, text, indent, indent + 2);
	free(text);
}

static char *joined(const struct strlist *l)
{
	char *text = NULL;
	size_t len, i;
	FILE *f = xmemstream(&text, &len);

	for (i = 0; i < l->n; i++)
		fprintf(f, "%s%s", i ? " " : "", l->v[i]);
	xmemclose(f);
	return text;
}

static void put_head(FILE *f, const struct run *r)
{
	const char *backend = run_string(r, "backend"), *where = run_string(r, "where");
	const char *profile = run_string(r, "profile");
	char *seed = json_dumps(json_object_get(r->meta, "seed"), JSON_ENCODE_ANY);

	fputc('\n', f);
	put_wrapped(f, 0, xprintf("Kernel %s, backend %s, %s, profile %s%s%s", run_release(r),
				  *backend ? backend : "unknown", *where ? where : "host",
				  *profile ? profile : "unknown", seed ? ", seed " : "",
				  seed ? seed : ""));
	free(seed);
}

void summary_counts(FILE *f, const size_t *counts, bool zeroes)
{
	static const enum status order[ST_COUNT] = {
		ST_PASS, ST_FAIL, ST_TIMEOUT, ST_ERROR, ST_XFAIL, ST_SKIP
	};
	const char *comma = "";
	size_t i;

	for (i = 0; i < ST_COUNT; i++) {
		if (!counts[order[i]] && !(zeroes && (i < 2 || order[i] == ST_SKIP)))
			continue;
		fprintf(f, "%s%zu %s", comma, counts[order[i]], status_words[order[i]].counted);
		comma = ", ";
	}
}

static void put_counts(FILE *f, const struct run *r)
{
	size_t counts[ST_COUNT], ran = 0, i;

	run_counts(r, counts);
	for (i = 0; i < ST_COUNT; i++)
		ran += counts[i];
	summary_counts(f, counts, true);
	fputc('\n', f);
	if (r->left_out)
		fprintf(f, "%zu variant%s more with --profile full\n", r->left_out,
			r->left_out == 1 ? "" : "s");
	if (!r->complete)
		fprintf(f, "INCOMPLETE: the run was cut short; %zu of %zu have a result\n",
			ran, r->planned);
	if (r->bad_lines)
		fprintf(f, "%u invalid line%s in the event stream, see log/stream.jsonl\n",
			r->bad_lines, r->bad_lines == 1 ? "" : "s");
}

static void put_title(FILE *f, bool *first, const char *title)
{
	if (*first)
		fprintf(f, "\n%s\n", title);
	*first = false;
}

static void put_failures(FILE *f, const struct run *r, const char *folder)
{
	const struct run_item *it;
	bool first = true;
	char *log;
	size_t i;

	for (i = 0; i < r->n_items; i++) {
		it = r->items[i];
		if (!run_ran(it) || !status_is_bad(it->status))
			continue;
		put_title(f, &first, "Failures");
		put_wrapped(f, 2, xprintf("%s: %s%s%s", it->name, status_name(it->status),
					  *it->reason ? ": " : "", it->reason));
		log = item_log(it);
		if (it->ran)
			fprintf(f, "    %s/%s\n", folder, log);
		free(log);
	}
}

static void put_known(FILE *f, const struct run *r)
{
	const struct run_item *it;
	bool first = true;
	size_t i;

	for (i = 0; i < r->n_items; i++) {
		it = r->items[i];
		if (!run_ran(it) || it->status != ST_XFAIL)
			continue;
		put_title(f, &first, "Expected failures");
		put_wrapped(f, 2, xprintf("%s: %s", it->name, it->reason));
	}
	for (i = 0, first = true; i < r->n_items; i++) {
		if (!r->items[i]->unexpected_pass)
			continue;
		put_title(f, &first,
			  "Passed, although listed as a known issue of this kernel: fixed?");
		put_wrapped(f, 2, xstrdup(r->items[i]->name));
	}
}

static void put_skips(FILE *f, const struct run *r)
{
	struct strlist reasons = { 0 };
	const char *name = NULL;
	const struct run_item *it;
	bool first = true;
	size_t i, k, n;

	for (i = 0; i < r->n_items; i++)
		if (run_ran(r->items[i]) && r->items[i]->status == ST_SKIP)
			strlist_add_new(&reasons, r->items[i]->reason);
	for (k = 0; k < reasons.n; k++) {
		for (i = 0, n = 0; i < r->n_items; i++) {
			it = r->items[i];
			if (!run_ran(it) || it->status != ST_SKIP ||
			    strcmp(it->reason, reasons.v[k]))
				continue;
			name = it->name;
			n++;
		}
		put_title(f, &first, "Skipped");
		put_wrapped(f, 2, n > 1 ? xprintf("%s: %zu tests", reasons.v[k], n) :
			    xprintf("%s: %s", reasons.v[k], name));
	}
	strlist_free(&reasons);
}

static void put_behaviours(FILE *f, const struct run *r)
{
	struct strlist of[OUT_COUNT] = { 0 };
	struct catalogue all = { 0 };
	char *list;
	size_t i;

	catalogue_complete(&all, r);
	for (i = 0; i < all.n; i++)
		strlist_add(&of[behaviour_outcome(r, all.v[i].id)], all.v[i].id);
	if (all.n) {
		fprintf(f, "\nBehaviours: %zu checked, %zu failed", of[OUT_CHECKED].n,
			of[OUT_FAILED].n);
		if (of[OUT_KNOWN].n)
			fprintf(f, ", %zu failed as known", of[OUT_KNOWN].n);
		fprintf(f, ", %zu not checked in this run\n",
			of[OUT_UNCHECKED].n + of[OUT_SKIPPED].n);
	}
	for (i = OUT_COUNT; i-- > 0;) {
		if (outcome_words[i].text && of[i].n) {
			list = joined(&of[i]);
			put_wrapped(f, 2, xprintf("%s: %s", outcome_words[i].text, list));
			free(list);
		}
		strlist_free(&of[i]);
	}
	catalogue_free(&all);
}

/* Each note once, with its measurements. */
static void put_notes(FILE *f, const struct run *r)
{
	struct strlist notes = { 0 }, names;
	size_t i, k;
	char *list;

	for (i = 0; i < r->n_measurements; i++)
		for (k = 0; k < r->measurements[i]->notes.n; k++)
			strlist_add_new(&notes, r->measurements[i]->notes.v[k]);
	for (k = 0; k < notes.n; k++) {
		names = (struct strlist){ 0 };
		for (i = 0; i < r->n_measurements; i++)
			if (measurement_has_note(r->measurements[i], notes.v[k]))
				strlist_add(&names, r->measurements[i]->name);
		list = names.n > 3 ? xprintf("%zu of %zu figures, listed in results.json", names.n,
					     r->n_measurements) : joined(&names);
		put_wrapped(f, 2, xprintf("note: %s (%s)", notes.v[k], list));
		free(list);
		strlist_free(&names);
	}
	strlist_free(&notes);
}

void summary_print(FILE *f, struct run *r, const char *folder)
{
	run_update_unexpected(r);
	put_head(f, r);
	put_counts(f, r);
	put_failures(f, r, folder);
	put_known(f, r);
	put_skips(f, r);
	put_behaviours(f, r);
	if (r->n_measurements) {
		fputs("\nMeasurements (quantiles: median over fresh VMs)\n", f);
		table_print(f, r);
		put_notes(f, r);
		growth_print(f, r);
		pivot_print(f, r);
	}
	fprintf(f, "\nResults: %s\n", folder);
}
