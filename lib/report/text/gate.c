// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/gate.h"

#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/text/compare.h"
#include "report/text/matrix.h"

#define INDENT 2

/* Takes over @text. */
static void put_line(FILE *f, size_t indent, char *text)
{
	fprintf(f, "%*s", (int)indent, "");
	text_wrap(f, text, indent, indent + 2);
	free(text);
}

/* --- tests --------------------------------------------------------------- */

static const struct {
	enum change change;
	const char *title;
} changes[] = {
	{ CH_REGRESSION, "Regressions: passed before, not now" },
	{ CH_KNOWN, "Passed before, now a known issue (not gated)" },
	{ CH_NEW_FAILURE, "New failures: skipped or missing before (not gated)" },
	{ CH_FAILS_IN_BOTH, "Fail in both (not gated)" },
	{ CH_FIXED, "Fixed: failed before, pass now" },
	{ CH_OTHER, "Other changes (not gated)" },
};

static char *test_text(const struct test_change *t)
{
	const char *reason = t->b ? t->b->reason : "";

	return xprintf("%s: %s, now %s%s%s", t->name, judge_status(t->a), judge_status(t->b),
		       *reason ? ": " : "", reason);
}

static size_t count_changes(const struct judgement *j, enum change change)
{
	size_t i, n = 0;

	for (i = 0; i < j->n_tests; i++)
		n += j->tests[i].change == change;
	return n;
}

static void put_tests(FILE *f, const struct judgement *j, bool verbose)
{
	size_t c, i, n, passed = 0;

	for (i = 0; i < j->n_tests; i++)
		passed += j->tests[i].change == CH_SAME && j->tests[i].a->status == ST_PASS;
	fprintf(f, "\nTests and benchmarks: %zu pass in both\n", passed);
	for (c = 0; c < ARRAY_SIZE(changes); c++) {
		n = count_changes(j, changes[c].change);
		if (!n)
			continue;
		/* A new version of the suite may add many tests. */
		if (changes[c].change == CH_OTHER && n > 5 && !verbose) {
			fprintf(f, "%*s%s: %zu (-v shows them)\n", INDENT, "", changes[c].title, n);
			continue;
		}
		fprintf(f, "%*s%s\n", INDENT, "", changes[c].title);
		for (i = 0; i < j->n_tests; i++)
			if (j->tests[i].change == changes[c].change)
				put_line(f, INDENT + 2, test_text(&j->tests[i]));
	}
}

/* --- measurements -------------------------------------------------------- */

static void put_figures(FILE *f, const struct judgement *j, bool gated, bool verbose)
{
	const struct judged *fig;
	struct grid g;
	size_t i, all = 0;

	compare_grid(&g);
	for (i = 0; i < j->n_figures; i++) {
		fig = &j->figures[i];
		if (fig->rule.gated != gated)
			continue;
		all++;
		if (verbose || fig->verdict != V_SAME)
			compare_row(&g, fig);
	}
	if (all) {
		fprintf(f, "\nMeasurements%s that changed: %zu of %zu\n",
			gated ? "" : " (not gated)", grid_rows(&g), all);
		if (grid_rows(&g))
			grid_text(f, &g, INDENT);
	}
	grid_free(&g);
}

static void put_list(FILE *f, const char *title, const struct strlist *l)
{
	size_t i;

	if (l->n)
		fprintf(f, "\n%s\n", title);
	for (i = 0; i < l->n; i++)
		put_line(f, INDENT, xstrdup(l->v[i]));
}

/* --- verdict ------------------------------------------------------------- */

static char *counted(size_t n, const char *what)
{
	return xprintf("%zu %s%s", n, what, n == 1 ? "" : "s");
}

char *gate_verdict(const struct judgement *j)
{
	size_t tests = count_changes(j, CH_REGRESSION), worse = judge_count(j, V_WORSE);
	size_t unsure = judge_count(j, V_UNSURE);
	char *of_tests = counted(tests, "test"), *of_worse = counted(worse, "measurement");
	char *of_unsure = counted(unsure, "measurement"), *text;

	if (tests || worse)
		text = xprintf("REGRESSION: %s%s%s", tests ? of_tests : "",
			       tests && worse ? ", " : "", worse ? of_worse : "");
	else if (unsure)
		text = xprintf("INCONCLUSIVE: %s can't be judged: %s", of_unsure,
			       j->sides.reasons.n ? j->sides.reasons.v[0] : "see above");
	else if (judge_gate(j) == EXIT_NOTHING)
		text = xstrdup("INCONCLUSIVE: nothing passed in the baseline, so nothing was compared");
	else
		text = xstrdup("PASSED: no regression");
	free(of_tests);
	free(of_worse);
	free(of_unsure);
	return text;
}

void gate_print(FILE *f, struct run *runs, const struct judgement *j, bool verbose)
{
	char *verdict = gate_verdict(j);

	matrix_runs(f, runs, 2);
	put_list(f, "The figures of the two runs can't be compared", &j->sides.reasons);
	put_list(f, "Notes", &j->sides.notes);
	put_tests(f, j, verbose);
	put_figures(f, j, true, verbose);
	put_figures(f, j, false, verbose);
	fprintf(f, "\nGate: %s\n", verdict);
	free(verdict);
}
