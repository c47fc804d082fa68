// SPDX-License-Identifier: GPL-2.0-only
/*
 * The HTML page: its contents, and that text from the results is never markup.  gnuplot
 * is hidden, so that the page is the same everywhere; tests/check/report.sh checks the
 * figures.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/data/logs.h"
#include "report/page/html.h"
#include "selftest.h"

#define REPLICATES 12

static struct run_item *add(struct run *r, const char *name, enum status s, const char *why,
			    const char *behaviour)
{
	struct run_item *it = run_add_item(r, name);

	it->status = s;
	it->ran = 1;
	it->planned = 1;
	it->finished = true;
	free(it->reason);
	it->reason = xstrdup(why);
	strlist_add(&it->behaviours, behaviour);
	return it;
}

/* As after loading: with a distribution of three quantiles around @v. */
static void measure(struct run *r, const char *name, double v)
{
	struct measurement *m = run_measurement(r, name, "cycles");
	size_t i;

	m->replicates = xcalloc(REPLICATES, sizeof(v));
	m->quantiles = xcalloc(3, sizeof(v));
	m->n_replicates = REPLICATES;
	m->n_quantiles = 3;
	for (i = 0; i < REPLICATES; i++)
		m->replicates[i] = v;
	for (i = 0; i < 3; i++)
		m->quantiles[i] = v * (double)(i + 1) / 2;
	for (i = 0; i < FIG_COUNT; i++)
		m->figures[i] = v;
	m->overhead = NAN;
	m->userspace = NAN;
	m->exits_per_op = 1;
}

static void measure_with(struct run *r, const char *name, double v, const char *param,
			 double value)
{
	struct measurement *m;

	measure(r, name, v);
	m = r->measurements[r->n_measurements - 1];
	m->param = xstrdup(param);
	m->param_value = value;
}

static void make(struct run *r, const char *release)
{
	memset(r, 0, sizeof(*r));
	r->meta = json_pack("{s:s, s:s, s:s, s:{s:s}}", "id", "run-1", "backend", "svm", "where",
			    "host", "kernel", "release", release);
	r->complete = true;
	r->planned = 4;
	add(r, "p.pass", ST_PASS, "", "A1");
	add(r, "p.skip", ST_SKIP, "needs KVM_CAP_X", "A2");
	add(r, "p.known", ST_XFAIL, "known issue: it is so", "A10");
}

static char *page_of(struct run *runs, size_t n, const char *catalogue)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	html_write(f, runs, n, catalogue);
	fclose(f);
	return text;
}

/* The text between the first @from and the next @to, without markup. */
static char *between(const char *page, const char *from, const char *to)
{
	const char *s = strstr(page, from), *end = s ? strstr(s, to) : NULL;
	char *text = NULL;
	bool inside = false;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	for (; s && s < end; s++) {
		if (*s == '<')
			inside = true;
		else if (*s == '>' && inside)
			inside = false;
		else if (!inside)
			fputc(*s == '\n' ? ' ' : *s, f);
	}
	fclose(f);
	return text;
}

static bool follows(const char *page, const char *first, const char *second)
{
	char *text = between(page, first, second);
	bool ok = *text;

	free(text);
	return ok;
}

static void test_escaping(void)
{
	static const char evil[] = "</pre><script>alert(1)</script> & \"x\" 'y' \x01\xff";
	struct run r;
	struct run_item *it;
	char *page;

	make(&r, "6.12<b>");
	it = add(&r, "p.<i>", ST_FAIL, evil, "A\"<>");
	tail_add(&it->output, evil, strlen(evil));
	run_observe(&r, it, "<u>", "&A", json_string(evil));
	measure(&r, "exit.<s>", 5);
	strlist_add(&r.measurements[0]->notes, evil);
	page = page_of(&r, 1, NULL);
	check(!strstr(page, "<script") && !strstr(page, "<i>\n") && !strstr(page, "p.<") &&
		      !strstr(page, "<u>") && !strstr(page, "<s>") && !strstr(page, "6.12<b>") &&
		      !strpbrk(page, "\x01\xff"),
	      "HTML: no text from the results is markup");
	check(strstr(page,
		     "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt; &amp; &quot;x&quot; 'y' "),
	      "HTML: the text is escaped, not dropped");
	free(page);
	json_decref(r.observations[0].value);
	run_free(&r);
}

static void test_behaviours(void)
{
	char path[] = "/tmp/kvmem-catalogue-XXXXXX", *page;
	int fd = mkstemp(path);
	struct run r;

	if (fd >= 0)
		dprintf(fd,
			"A1\tP\tfirst\nA2\tP\tsecond\nA3\tCH\tthird\nA10\tP\ttenth\nB1\tP\tlast\n");
	make(&r, "6.12");
	add(&r, "p.fail", ST_FAIL, "why", "B1");
	add(&r, "p.also", ST_PASS, "", "B1");
	page = page_of(&r, 1, path);
	check_text(between(page, "<b>A1</b>", "</summary>"), "A1passfirst1 passed",
		   "HTML: a behaviour that was checked");
	check_text(between(page, "<b>A2</b>", "</summary>"),
		   "A2skippedsecondneeds KVM_CAP_X1 skipped", "HTML: a skip has its reason");
	check_text(between(page, "<b>A3</b>", "</tr>"),
		   "A3not checkedthird (recorded)no test of it ran",
		   "HTML: a behaviour without a test in this run");
	check_text(between(page, "<b>A10</b>", "</summary>"), "A10knowntenth1 failed as known",
		   "HTML: a known failure");
	check_text(between(page, "<b>B1</b>", "</summary>"), "B1FAILlast1 passed, 1 failed",
		   "HTML: a failure takes precedence over a pass");
	check_text(between(page, "<section id=\"failures\">", "</h3>"), " Failures  FAIL p.fail",
		   "HTML: failures have a section");
	check_text(between(page, "<p class=\"verdict", "</p>"),
		   "FAILED 1 of 5 failed, 2 passed, 1 failed as known, 1 skipped.",
		   "HTML: the verdict");
	check(follows(page, "<b>A3</b>", "<b>A10</b>"), "HTML: A3 comes before A10");
	check(!strstr(page, "id=\"measurements\"") && !strstr(page, "id=\"distributions\"") &&
		      !strstr(page, "id=\"hole\""),
	      "HTML: no sections of measurements without measurements");
	free(page);
	run_free(&r);
	if (fd >= 0)
		close(fd);
	unlink(path);
}

static void test_incomplete(void)
{
	struct run r;
	char *page;

	make(&r, "6.12");
	r.complete = false;
	r.planned = 9;
	add(&r, "p.cut", ST_ERROR, "the run was cut short while this ran", "B2")->cut = true;
	page = page_of(&r, 1, NULL);
	check_text(
		between(page, "<p class=\"verdict", "</p>"),
		"INCOMPLETE No failure before the run ended: 1 passed, 1 failed as known, 1 skipped. "
		"The run was cut short: 4 of 9 planned have a result.",
		"HTML: a run that was cut short");
	check(!strstr(page, "id=\"failures\"") && strstr(page, "<dd>p.cut</dd>"),
	      "HTML: a test that was cut short is not a failure");
	free(page);
	run_free(&r);
}

static void test_figures(void)
{
	struct run r;
	char *page;

	make(&r, "6.12");
	measure(&r, "exit.a", 100);
	measure_with(&r, "slot.create.slots_1", 100, "slots", 1);
	measure_with(&r, "slot.create.slots_10", 1000, "slots", 10);
	measure_with(&r, "slot.create.slots_100", 10000, "slots", 100);
	measure_with(&r, "gmem.close.slots_0", 5, "slots", 0);
	measure_with(&r, "gmem.close.slots_1", 5, "slots", 1);
	measure_with(&r, "gmem.close.slots_8", 6, "slots", 8);
	measure(&r, "old.create.slots_1", 5);
	measure(&r, "old.create.slots_8", 6);
	measure(&r, "old.create.slots_64", 7);
	page = page_of(&r, 1, NULL);
	check(strstr(page, "There is no figure: gnuplot is not installed (package gnuplot-nox)") &&
		      !strstr(page, "<svg"),
	      "HTML: a note that gnuplot is missing");
	check_text(between(page, "<tr><td>exit.a</td>", "</tr>"),
		   "exit.acycles10010010010010001.000--", "HTML: a row of the measurements");
	check_text(between(page, "<li><span class=\"name\">slot.create.slots_#", "</li>"),
		   "slot.create.slots_#: 0 + 100 n^1.00 cycles (within 0%); slope of a linear fit: 100",
		   "HTML: growth over the parameter");
	check(!strstr(page, "gmem.close.slots_#"), "HTML: no curve of two points and x = 0");
	check(!strstr(page, "old.create.slots_#"), "HTML: no curve of results without parameters");
	free(page);
	run_free(&r);
}

static void test_several(void)
{
	struct run r[2];
	char *page;

	make(&r[0], "6.1");
	make(&r[1], "6.12");
	add(&r[0], "p.changed", ST_PASS, "", "A3");
	add(&r[1], "p.changed", ST_FAIL, "no more", "A3");
	measure(&r[0], "exit.a", 1000);
	measure(&r[1], "exit.a", 1050);
	measure(&r[0], "exit.same", 7);
	measure(&r[1], "exit.same", 7);
	measure(&r[1], "exit.new", 8);
	page = page_of(r, 2, NULL);
	check_text(between(page, "<td class=\"name\">p.changed", "</tr>"), "p.changedpassFAIL",
		   "HTML: a test that differs");
	check(!strstr(page, "<td class=\"name\">p.pass"), "HTML: tests that do not differ are left out");
	check_text(between(page, "<tr><td>exit.a</td>", "</tr>"), "exit.acycles100010501.050worse",
		   "HTML: ratios to the first run, with the verdict");
	check(follows(page, "2 unchanged, or measured in one run", "<tr><td>exit.same"),
	      "HTML: unchanged measurements are folded");
	check_text(between(page, "<p class=\"reason\">", "</p>"), "no more", "HTML: the reason of a failure");
	check(strstr(page, "<p>on kernel B</p>") != NULL, "HTML: the run of a failure");
	free(page);
	run_free(&r[0]);
	run_free(&r[1]);
}

static void test_logs(void)
{
	char dir[] = "/tmp/kvmem-logs-XXXXXX", *log, *file;
	struct run r;
	struct run_item *it;
	FILE *f;

	make(&r, "6.12");
	add(&r, "p.fail", ST_FAIL, "", "B1");
	it = add(&r, "p.fail.more", ST_FAIL, "", "B1");
	log = mkdtemp(dir) ? xprintf("%s/log", dir) : xstrdup("/nonexistent");
	mkdir(log, 0777);
	file = xprintf("%s/p.log", log);
	f = fopen(file, "w");
	if (f) {
		fputs("=== p.fail\nof another\n--- fail: x (0.1 s)\n"
		      "=== p.fail.more (replicate 1)\nfirst\n--- fail: x (0.1 s)\n"
		      "=== p.fail.more (replicate 2)\nsecond\n--- pass (0.1 s)\n",
		      f);
		fclose(f);
	}
	logs_load(&r, dir);
	check(it->output.len == 6 && !memcmp(it->output.buf, "first\n", 6),
	      "logs: the output of the replicate that failed");
	remove(file);
	remove(log);
	remove(dir);
	free(file);
	free(log);
	run_free(&r);
}

void test_html(void)
{
	char *path = xstrdup(getenv("PATH") ?: "");

	setenv("PATH", "/nonexistent", 1);
	test_escaping();
	test_behaviours();
	test_incomplete();
	test_figures();
	test_several();
	test_logs();
	setenv("PATH", path, 1);
	free(path);
}
