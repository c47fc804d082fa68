// SPDX-License-Identifier: GPL-2.0-only
/* Sections on tests: failures, behaviours, skips, observations. */
#include <stdlib.h>
#include <string.h>

#include "report/base/grid.h"
#include "report/base/json.h"
#include "report/base/text.h"
#include "report/data/tail.h"
#include "report/page/sections.h"

/* Of the output of one test, and of how many. */
#define EXCERPT_LINES 40
#define EXCERPTS 50

/* --- failures ------------------------------------------------------------ */

static void put_strings(FILE *f, const struct strlist *l)
{
	size_t i;

	for (i = 0; i < l->n; i++)
		html_textf(f, "%s%s", i ? " " : "", l->v[i]);
}

static void put_excerpt(FILE *f, const struct run_item *it)
{
	size_t len;
	bool cut;
	const char *s = tail_text(&it->output, EXCERPT_LINES, &len, &cut);

	if (!len)
		return;
	fprintf(f, "<pre tabindex=\"0\">%s", cut ? "[...]\n" : "");
	text_xml(f, s, len, false);
	fputs("</pre>\n", f);
}

static void put_failure(FILE *f, const struct run_item *it, char run, bool excerpt)
{
	char *log = item_log(it);

	fputs("<div class=\"failure\">\n<h3>", f);
	html_badge(f, it->status);
	fputs(" <span class=\"name\">", f);
	html_text(f, it->name);
	fputs("</span></h3>\n", f);
	if (run)
		fprintf(f, "<p>on kernel %c</p>\n", run);
	fputs("<p class=\"reason\">", f);
	html_text(f, *it->reason ? it->reason : "(no reason given)");
	fputs("</p>\n<p class=\"muted\">", f);
	put_strings(f, &it->behaviours);
	fputs(it->behaviours.n ? "; output in <code>" : "Output in <code>", f);
	html_text(f, log);
	fputs("</code></p>\n", f);
	if (excerpt)
		put_excerpt(f, it);
	fputs("</div>\n", f);
	free(log);
}

void html_failures(const struct page *p)
{
	size_t k, i, n = 0;

	for (k = 0; k < p->n; k++) {
		for (i = 0; i < p->runs[k].n_items; i++) {
			const struct run_item *it = p->runs[k].items[i];

			/* A test that was cut short has no result. */
			if (!run_ran(it) || !status_is_bad(it->status) || it->cut)
				continue;
			if (!n++)
				html_section(p, "failures", "Failures");
			put_failure(p->f, it, p->n > 1 ? (char)('A' + k) : 0, n <= EXCERPTS);
		}
	}
	if (n)
		html_section_end(p);
}

/* --- known issues -------------------------------------------------------- */

static bool is_known(const struct run_item *it)
{
	return run_ran(it) && it->status == ST_XFAIL;
}

static bool is_unexpected(const struct run_item *it)
{
	return it->unexpected_pass;
}

static size_t put_items(const struct page *p, const char *title,
			bool (*wanted)(const struct run_item *), bool begun)
{
	size_t k, i, n = 0;

	for (k = 0; k < p->n; k++) {
		for (i = 0; i < p->runs[k].n_items; i++) {
			const struct run_item *it = p->runs[k].items[i];

			if (!wanted(it))
				continue;
			if (!n++ && !begun)
				html_section(p, "known", "Known issues of the kernel");
			if (n == 1)
				fprintf(p->f, "<p>%s</p>\n<ul>\n", title);
			fputs("<li>", p->f);
			if (p->n > 1)
				fprintf(p->f, "%c ", (char)('A' + k));
			fputs("<span class=\"name\">", p->f);
			html_text(p->f, it->name);
			fputs("</span>", p->f);
			html_textf(p->f, "%s%s", *it->reason ? ": " : "", it->reason);
			fputs("</li>\n", p->f);
		}
	}
	if (n)
		fputs("</ul>\n", p->f);
	return n;
}

void html_known(const struct page *p)
{
	size_t n = put_items(p, "Failed as listed in configs/known_issues:", is_known, false);

	n += put_items(p, "Passed, although listed as a known issue of this kernel: fixed?",
		       is_unexpected, n);
	if (n)
		html_section_end(p);
}

/* --- behaviours ---------------------------------------------------------- */

static const char *topic_title(char letter)
{
	static const struct {
		char letter;
		const char *title;
	} topics[] = {
		{ 'A', "MMIO, PCI holes and read-only slots, on any kernel" },
		{ 'B', "PCI hole as it was proposed" },
		{ 'C', "Aliases, and slots that are one page" },
		{ 'D', "guest_memfd: offsets and invalidation" },
		{ 'E', "Private memory: who gets the fault" },
		{ 'F', "Memory types and write combining" },
		{ 'G', "arm64 identity map" },
		{ 'N', "Measurements" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(topics); i++)
		if (topics[i].letter == letter)
			return topics[i].title;
	return "Others";
}

/* The tests of a behaviour, by status. */
struct tally {
	size_t n[ST_COUNT], all;
};

static struct tally tally_of(const struct run *r, const char *id)
{
	struct tally t = { .all = 0 };
	size_t i;

	for (i = 0; i < r->n_items; i++) {
		if (!run_ran(r->items[i]) || !behaviour_of(r->items[i], id))
			continue;
		t.n[r->items[i]->status]++;
		t.all++;
	}
	return t;
}

static void put_tally(FILE *f, const struct tally *t)
{
	bool first = true;
	size_t s;

	for (s = 0; s < ST_COUNT; s++) {
		if (t->n[s])
			fprintf(f, "%s%zu %s", first ? "" : ", ", t->n[s], status_words[s].counted);
		first &= !t->n[s];
	}
}

/* The reasons of skips, without duplicates. */
static void put_reasons(FILE *f, const struct run *r, const char *id)
{
	struct strlist reasons = { 0 };
	size_t i;

	for (i = 0; i < r->n_items; i++)
		if (run_ran(r->items[i]) && r->items[i]->status == ST_SKIP &&
		    behaviour_of(r->items[i], id))
			strlist_add_new(&reasons, r->items[i]->reason);
	for (i = 0; i < reasons.n; i++) {
		fputs(i ? "<br/>" : "", f);
		html_text(f, *reasons.v[i] ? reasons.v[i] : "(no reason given)");
	}
	strlist_free(&reasons);
}

static void put_tests(FILE *f, const struct run *r, const char *id)
{
	size_t i;

	fputs("<ul>\n", f);
	for (i = 0; i < r->n_items; i++) {
		const struct run_item *it = r->items[i];

		if (!run_ran(it) || !behaviour_of(it, id))
			continue;
		fputs("<li>", f);
		html_badge(f, it->status);
		fputs(" <span class=\"name\">", f);
		html_text(f, it->name);
		fprintf(f, "</span> <span class=\"muted\">%.2f s</span>", it->duration_s);
		if (it->status != ST_PASS && *it->reason)
			html_textf(f, ": %s", it->reason);
		fputs("</li>\n", f);
	}
	fputs("</ul>\n", f);
}

static void put_behaviour(const struct page *p, const struct run *r, const struct behaviour *b)
{
	enum outcome out = behaviour_outcome(r, b->id);
	struct tally t = tally_of(r, b->id);
	FILE *f = p->f;

	fputs("<tr><td class=\"id\"><b>", f);
	html_text(f, b->id);
	fputs("</b></td><td class=\"out\">", f);
	html_outcome(f, out);
	fputs("</td><td>", f);
	html_text(f, b->title);
	/* A characterisation: recorded, not required. */
	fputs(!strcmp(b->class, "CH") ? " <span class=\"muted\">(recorded)</span>" : "", f);
	fputs("</td><td class=\"why\">", f);
	if (out == OUT_SKIPPED) {
		fputs("<span class=\"muted\">", f);
		put_reasons(f, r, b->id);
		fputs("</span>", f);
	}
	if (t.all) {
		fputs("<details><summary>", f);
		put_tally(f, &t);
		fputs("</summary>", f);
		put_tests(f, r, b->id);
		fputs("</details>", f);
	} else {
		fputs("<span class=\"muted\">no test of it ran</span>", f);
	}
	fputs("</td></tr>\n", f);
}

static void put_topic(const struct page *p, const struct run *r, size_t first)
{
	const char letter = *p->behaviours.v[first].id;
	size_t i;

	fprintf(p->f, "<h3 id=\"topic-%zu\">", first);
	html_textf(p->f, "%c: %s", letter, topic_title(letter));
	fputs("</h3>\n<table class=\"topic\">\n<colgroup><col class=\"id\"/><col class=\"out\"/><col/>"
	      "<col class=\"why\"/></colgroup>\n<tr class=\"head\"><th>ID</th><th>result</th>"
	      "<th>behaviour</th><th>tests</th></tr>\n",
	      p->f);
	for (i = first; i < p->behaviours.n && *p->behaviours.v[i].id == letter; i++)
		put_behaviour(p, r, &p->behaviours.v[i]);
	fputs("</table>\n", p->f);
}

/* One line per topic. */
static void put_overview(const struct page *p, const struct run *r)
{
	static const enum outcome order[] = { OUT_CHECKED, OUT_FAILED, OUT_KNOWN, OUT_SKIPPED,
					      OUT_UNCHECKED };
	const struct behaviour *b = p->behaviours.v;
	size_t i, first, o;

	fputs("<div class=\"scroll\"><table>\n<tr><th>topic</th>", p->f);
	for (o = 0; o < ARRAY_SIZE(order); o++) {
		fputs("<th class=\"c\">", p->f);
		html_outcome(p->f, order[o]);
		fputs("</th>", p->f);
	}
	fputs("</tr>\n", p->f);
	for (first = 0; first < p->behaviours.n; first = i) {
		size_t n[OUT_COUNT] = { 0 };

		for (i = first; i < p->behaviours.n && *b[i].id == *b[first].id; i++)
			n[behaviour_outcome(r, b[i].id)]++;
		fprintf(p->f, "<tr><td><a href=\"#topic-%zu\">", first);
		html_textf(p->f, "%c: %s", *b[first].id, topic_title(*b[first].id));
		fputs("</a></td>", p->f);
		for (o = 0; o < ARRAY_SIZE(order); o++) {
			if (n[order[o]])
				fprintf(p->f, "<td class=\"c\">%zu</td>", n[order[o]]);
			else
				fputs("<td class=\"c\"></td>", p->f);
		}
		fputs("</tr>\n", p->f);
	}
	fputs("</table></div>\n", p->f);
}

void html_behaviours(const struct page *p, const struct run *r)
{
	size_t i;

	if (!p->behaviours.n)
		return;
	html_section(p, "behaviours", "Behaviours");
	put_overview(p, r);
	for (i = 0; i < p->behaviours.n; i++)
		if (!i || *p->behaviours.v[i].id != *p->behaviours.v[i - 1].id)
			put_topic(p, r, i);
	html_section_end(p);
}

/* --- skips --------------------------------------------------------------- */

static void put_skip(const struct page *p, const struct run *r, const char *reason)
{
	size_t i, n = 0;

	for (i = 0; i < r->n_items; i++)
		n += run_ran(r->items[i]) && r->items[i]->status == ST_SKIP &&
		     !strcmp(r->items[i]->reason, reason);
	fprintf(p->f, "<li>");
	html_text(p->f, *reason ? reason : "(no reason given)");
	fprintf(p->f, "\n<details><summary>%zu test%s</summary>\n<ul>\n", n, n > 1 ? "s" : "");
	for (i = 0; i < r->n_items; i++) {
		const struct run_item *it = r->items[i];

		if (!run_ran(it) || it->status != ST_SKIP || strcmp(it->reason, reason))
			continue;
		fputs("<li><span class=\"name\">", p->f);
		html_text(p->f, it->name);
		fputs("</span> <span class=\"muted\">", p->f);
		put_strings(p->f, &it->behaviours);
		fputs("</span></li>\n", p->f);
	}
	fputs("</ul>\n</details></li>\n", p->f);
}

void html_skips(const struct page *p, const struct run *r)
{
	struct strlist reasons = { 0 };
	size_t i;

	for (i = 0; i < r->n_items; i++)
		if (run_ran(r->items[i]) && r->items[i]->status == ST_SKIP)
			strlist_add_new(&reasons, r->items[i]->reason);
	if (reasons.n) {
		html_section(p, "skipped", "Skipped, by reason");
		fputs("<ul>\n", p->f);
		for (i = 0; i < reasons.n; i++)
			put_skip(p, r, reasons.v[i]);
		fputs("</ul>\n", p->f);
		html_section_end(p);
	}
	strlist_free(&reasons);
}

/* --- observations -------------------------------------------------------- */

void html_observations(const struct page *p, const struct run *r)
{
	struct grid g;
	size_t i;

	if (!r->n_observations)
		return;
	html_section(p, "observations", "Observations");
	fputs("<p>Behaviour of this kernel that no test requires.</p>\n", p->f);
	grid_init(&g, "mllm");
	grid_head(&g, "name|value|ID|test");
	for (i = 0; i < r->n_observations; i++) {
		const struct observation *o = &r->observations[i];

		grid_cell(&g, xstrdup(o->name));
		grid_cell(&g, json_plain(o->value));
		grid_cell(&g, xstrdup(o->behaviour));
		grid_cell(&g, xstrdup(o->item));
	}
	grid_html(p->f, &g, NULL);
	grid_free(&g);
	html_section_end(p);
}
