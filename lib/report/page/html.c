// SPDX-License-Identifier: GPL-2.0-only
/*
 * The page.  It is valid as HTML and as XML: every element is closed, every
 * attribute is quoted.
 */
#include "report/page/html.h"

#include <stdlib.h>
#include <string.h>

#include "report/page/sections.h"
#include "report/text/matrix.h"

/* --- the head of a page of one run --------------------------------------- */

static void put_machine(FILE *f, const struct run *r)
{
	char *machine = matrix_machine(r);

	fputs("<p class=\"muted\">", f);
	html_textf(f, "Backend %s, %s, started %s, profile %s", run_string(r, "backend"), machine,
		   run_string(r, "started"), run_string(r, "profile"));
	fputs("</p>\n", f);
	free(machine);
}

/* The verdict on the run, in one line. */
static void put_verdict(FILE *f, const struct run *r)
{
	size_t n[ST_COUNT], ran = 0, bad, s;
	enum exit_code code = run_verdict(r);

	run_counts(r, n);
	for (s = 0; s < ST_COUNT; s++)
		ran += n[s];
	bad = n[ST_FAIL] + n[ST_TIMEOUT] + n[ST_ERROR];
	fprintf(f, "<p class=\"verdict %s\"><strong>%s</strong> ", verdict_words(code)->css,
		verdict_words(code)->name);
	if (code == EXIT_PASSED)
		fprintf(f, "%zu passed, none failed", n[ST_PASS]);
	else if (code == EXIT_FAILED)
		fprintf(f, "%zu of %zu failed, %zu passed", bad, ran, n[ST_PASS]);
	else if (code == EXIT_NOTHING)
		fputs("No test passed or failed", f);
	else
		fprintf(f, "No failure before the run ended: %zu passed", n[ST_PASS]);
	if (n[ST_XFAIL])
		fprintf(f, ", %zu failed as known", n[ST_XFAIL]);
	if (n[ST_SKIP])
		fprintf(f, ", %zu skipped", n[ST_SKIP]);
	fputs(".", f);
	if (!r->complete)
		fprintf(f, " The run was cut short: %zu of %zu planned have a result.", ran,
			r->planned);
	fputs("</p>\n", f);
}

static void put_checked(FILE *f, const struct page *p)
{
	size_t n[OUT_COUNT] = { 0 }, i;

	for (i = 0; i < p->behaviours.n; i++)
		n[behaviour_outcome(p->runs, p->behaviours.v[i].id)]++;
	fprintf(f, "<p>Of %zu behaviours %zu were checked and hold, %zu failed", p->behaviours.n,
		n[OUT_CHECKED], n[OUT_FAILED]);
	if (n[OUT_KNOWN])
		fprintf(f, ", %zu failed as known", n[OUT_KNOWN]);
	fprintf(f, "; %zu were skipped, %zu not checked.</p>\n", n[OUT_SKIPPED], n[OUT_UNCHECKED]);
}

/* --- the page ------------------------------------------------------------ */

/* The sections are written first; the menu is made from their headings. */
static void put_menu(FILE *f, const char *body)
{
	const char *s = body, *id, *title, *end;

	fputs("<nav aria-label=\"Contents\"><ul>\n", f);
	while ((s = strstr(s, "<section id=\""))) {
		id = s + strlen("<section id=\"");
		title = strstr(id, "<h2>") + strlen("<h2>");
		end = strstr(title, "</h2>");
		fprintf(f, "<li><a href=\"#%.*s\">%.*s</a></li>\n", (int)strcspn(id, "\""), id,
			(int)(end - title), title);
		s = end;
	}
	fputs("</ul></nav>\n", f);
}

static void put_one(const struct page *p)
{
	struct run *r = p->runs;

	html_failures(p);
	html_facts(p, r);
	html_behaviours(p, r);
	html_known(p);
	html_skips(p, r);
	html_measurements(p, r);
	html_distributions(p, r);
	html_growth(p);
	html_pivots(p);
	html_observations(p, r);
	html_environment(p, r);
}

static void put_many(const struct page *p)
{
	html_runs(p);
	html_tests_differ(p);
	html_failures(p);
	html_measurements_differ(p);
	html_growth(p);
	html_pivots(p);
	html_observations_differ(p);
	html_behaviours_differ(p);
	html_known(p);
}

static char *body_of(struct page *p)
{
	char *text = NULL;
	size_t len;

	p->f = xmemstream(&text, &len);
	if (p->n == 1)
		put_one(p);
	else
		put_many(p);
	xmemclose(p->f);
	return text;
}

static void put_title(FILE *f, const struct page *p)
{
	size_t i;

	for (i = 0; i < p->n; i++)
		html_textf(f, "%s%s", i ? ", " : "", run_release(&p->runs[i]));
}

static void put_page(FILE *f, struct page *p)
{
	char *body = body_of(p);

	fputs("<!DOCTYPE html>\n<html xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en\">\n<head>\n"
	      "<meta charset=\"utf-8\"/>\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>kvmem: ",
	      f);
	put_title(f, p);
	fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n", page_style);
	fprintf(f, "<p class=\"kicker\">kvmem: KVM guest memory, conformance and cost</p>\n<h1>%s ",
		p->n == 1 ? "Kernel" : "Kernels");
	put_title(f, p);
	fputs("</h1>\n", f);
	if (p->n == 1) {
		put_machine(f, p->runs);
		put_verdict(f, p->runs);
		put_checked(f, p);
	}
	put_menu(f, body);
	fputs("</header>\n<main>\n", f);
	fputs(body, f);
	fputs("</main>\n<footer>Made by kvmem-report from results.json of ", f);
	if (p->n == 1)
		html_textf(f, "run %s", run_string(p->runs, "id"));
	else
		fprintf(f, "%zu runs", p->n);
	fputs(".</footer>\n</body>\n</html>\n", f);
	free(body);
}

bool html_write(FILE *f, struct run *runs, size_t n, const char *catalogue)
{
	struct page p = { .runs = runs, .n = n };
	size_t i;

	if (catalogue && !catalogue_load(&p.behaviours, catalogue, NULL))
		return false;
	for (i = 0; i < n; i++) {
		run_update_unexpected(&runs[i]);
		catalogue_complete(&p.behaviours, &runs[i]);
	}
	put_page(f, &p);
	catalogue_free(&p.behaviours);
	return true;
}
