// SPDX-License-Identifier: GPL-2.0-only
/*
 * The frame of the page.  It is written so that it is both HTML and XML: every
 * element is closed, every attribute has its quotes.
 */
#include "html.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "html_part.h"
#include "json.h"
#include "matrix.h"
#include "plot.h"
#include "text.h"

/* --- what the parts share ------------------------------------------------ */

void html_text(FILE *f, const char *s)
{
	text_xml(f, s, strlen(s), true);
}

void html_textf(FILE *f, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		html_text(f, text);
	va_end(ap);
	free(text);
}

void html_section(const struct page *p, const char *id, const char *title)
{
	fprintf(p->f, "<section id=\"%s\">\n<h2>", id);
	html_text(p->f, title);
	fputs("</h2>\n", p->f);
}

void html_section_end(const struct page *p)
{
	fputs("</section>\n", p->f);
}

void html_badge(FILE *f, enum status s)
{
	static const char *const classes[ST_COUNT + 1] = { "pass", "skip", "known", "fail",
							   "fail", "fail", "none" };
	static const char *const words[ST_COUNT + 1] = { "pass",    "skipped", "known",	 "FAIL",
							 "TIMEOUT", "ERROR",   "not run" };

	fprintf(f, "<span class=\"s %s\">%s</span>", classes[s], words[s]);
}

void html_outcome(FILE *f, enum outcome o)
{
	static const char *const classes[OUT_COUNT] = { "none", "skip", "known", "pass", "fail" };
	static const char *const words[OUT_COUNT] = { "not checked", "skipped", "known", "pass",
						      "FAIL" };

	fprintf(f, "<span class=\"s %s\">%s</span>", classes[o], words[o]);
}

void html_figure(const struct page *p, char *svg, const char *caption)
{
	fputs("<figure>\n<figcaption>", p->f);
	html_text(p->f, caption);
	if (!svg)
		html_textf(p->f, " (There is no figure: %s.)", plot_missing());
	fputs("</figcaption>\n", p->f);
	if (svg)
		fprintf(p->f, "<div class=\"scroll\" tabindex=\"0\">%s</div>\n", svg);
	fputs("</figure>\n", p->f);
	free(svg);
}

/* --- what was run -------------------------------------------------------- */

static void fact(const struct page *p, const char *name, char *value)
{
	if (*value) {
		fprintf(p->f, "<dt>%s</dt><dd>", name);
		html_text(p->f, value);
		fputs("</dd>\n", p->f);
	}
	free(value);
}

static char *lab_text(const json_t *lab)
{
	const char *accel = json_text(lab, "accel"), *qemu = json_text(lab, "qemu");

	if (!json_is_object(lab))
		return xstrdup("");
	return xprintf("%s %s, %s, CPU %s, %s CPUs, %s MiB; kernel %s", *qemu ? "QEMU" : "Bochs",
		       *qemu ? qemu : json_text(lab, "bochs"),
		       strcmp(accel, "tcg") ? accel : "in software (tcg)", json_text(lab, "cpu"),
		       json_text(lab, "cpus"), json_text(lab, "memory_mib"),
		       json_text(lab, "kernel"));
}

static char *cpu_text(const json_t *cpu)
{
	double khz = json_number_or_nan(cpu, "tsc_khz");
	char *rate = khz > 0 ? xprintf(", TSC %.0f MHz", khz / 1000) : xstrdup(""), *text;

	text = !*json_text(cpu, "model") ?
		       xstrdup("") :
		       xprintf("%s, microcode %s, %u CPUs%s, clock %s", json_text(cpu, "model"),
			       json_text(cpu, "microcode"), json_count(cpu, "cpus", 0), rate,
			       json_text(cpu, "clocksource"));
	free(rate);
	return text;
}

static char *costs_text(const struct run *r)
{
	bool exact = json_is_true(json_object_get(r->meta, "exact"));

	if (exact)
		return xstrdup("exact: instructions are counted");
	if (run_emulated(r))
		return xstrdup("times of a machine in software: they say nothing of hardware");
	return xstrdup("times");
}

/* What was running when the run ended. */
static char *cut_text(const struct run *r)
{
	char *text = NULL;
	size_t len, i;
	FILE *f = open_memstream(&text, &len);

	for (i = 0; i < r->n_items; i++)
		if (r->items[i]->cut)
			fprintf(f, "%s%s", ftell(f) ? ", " : "", r->items[i]->name);
	fclose(f);
	return text;
}

void html_facts(const struct page *p, const struct run *r)
{
	const json_t *kernel = json_object_get(r->meta, "kernel");
	char *seed = json_dumps(json_object_get(r->meta, "seed"), JSON_ENCODE_ANY);

	html_section(p, "run", "What was run");
	fputs("<dl class=\"facts\">\n", p->f);
	fact(p, "Run", xstrdup(run_string(r, "id")));
	fact(p, "Kernel", xprintf("%s %s", run_release(r), json_text(kernel, "version")));
	fact(p, "Backend",
	     xprintf("%s %s", run_string(r, "backend"), json_text(kernel, "machine")));
	fact(p, "Where", xstrdup(run_string(r, "where")));
	fact(p, "Lab", lab_text(json_object_get(r->meta, "lab")));
	fact(p, "CPU", cpu_text(json_object_get(r->meta, "cpu")));
	fact(p, "Costs", costs_text(r));
	fact(p, "Started", xstrdup(run_string(r, "started")));
	fact(p, "Profile",
	     xprintf("%s%s%s", run_string(r, "profile"), seed ? ", seed " : "", seed ? seed : ""));
	fact(p, "Suite", xstrdup(run_string(r, "suite")));
	fact(p, "Interfaces", xstrdup(run_string(r, "uapi")));
	fact(p, "Made worse", xstrdup(run_string(r, "planted")));
	fact(p, "Complete",
	     r->complete ? xstrdup("yes") : xprintf("no: %zu of %zu", r->n_items, r->planned));
	fact(p, "Cut short", cut_text(r));
	if (r->bad_lines)
		fact(p, "Runner", xprintf("%u lines of it made no sense", r->bad_lines));
	fputs("</dl>\n", p->f);
	html_section_end(p);
	free(seed);
}

static void put_members(const struct page *p, const char *title, const json_t *o)
{
	const char *key;
	json_t *v;
	char *text;

	if (!json_object_size(o))
		return;
	fprintf(p->f, "<details><summary>%s (%zu)</summary>\n<dl class=\"facts\">\n", title,
		json_object_size(o));
	json_object_foreach((json_t *)o, key, v) {
		text = json_is_string(v) ? xstrdup(json_string_value(v)) :
					   json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
		fputs("<dt class=\"name\">", p->f);
		html_text(p->f, key);
		fputs("</dt><dd>", p->f);
		html_text(p->f, text ? text : "");
		fputs("</dd>\n", p->f);
		free(text);
	}
	fputs("</dl>\n</details>\n", p->f);
}

void html_environment(const struct page *p, const struct run *r)
{
	html_section(p, "environment", "Environment");
	put_members(p, "Kernel", json_object_get(r->meta, "kernel"));
	put_members(p, "Module parameters", json_object_get(r->meta, "modules"));
	put_members(p, "Mitigations", json_object_get(r->meta, "mitigations"));
	put_members(p, "Lab", json_object_get(r->meta, "lab"));
	html_section_end(p);
}

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

/* What the run came to, in one line. */
static void put_verdict(FILE *f, const struct run *r)
{
	size_t n[ST_COUNT], ran = 0, bad, s;
	enum exit_code code = run_verdict(r);

	run_counts(r, n);
	for (s = 0; s < ST_COUNT; s++)
		ran += n[s];
	bad = n[ST_FAIL] + n[ST_TIMEOUT] + n[ST_ERROR];
	fprintf(f, "<p class=\"verdict %s\"><strong>",
		code == EXIT_PASSED ? "pass" :
		code == EXIT_FAILED ? "fail" :
				      "unsure");
	if (code == EXIT_PASSED)
		fprintf(f, "PASSED</strong> All that ran did what it should: %zu passed",
			n[ST_PASS]);
	else if (code == EXIT_FAILED)
		fprintf(f, "FAILED</strong> %zu of %zu failed, %zu passed", bad, ran, n[ST_PASS]);
	else if (code == EXIT_NOTHING)
		fputs("NOTHING RAN</strong> There is no result to rely on", f);
	else
		fprintf(f, "INCOMPLETE</strong> No failure as far as it went: %zu passed",
			n[ST_PASS]);
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

/* The menu is made of what there is: sections are written first. */
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
	html_hole(p);
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
	html_hole(p);
	html_observations_differ(p);
	html_behaviours_differ(p);
	html_known(p);
}

static char *body_of(struct page *p)
{
	char *text = NULL;
	size_t len;

	p->f = open_memstream(&text, &len);
	if (p->n == 1)
		put_one(p);
	else
		put_many(p);
	fclose(p->f);
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
	fprintf(f, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<header>\n", html_style);
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
