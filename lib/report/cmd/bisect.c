// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report bisect: print the verdict of a run for git bisect: good, bad or skip. */
#include "report/cmd/commands.h"

#include <fnmatch.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/data/results.h"

struct criterion {
	struct strlist tests;		/* patterns */
	const char *metric;
	double against, worse;		/* value of the good revision, allowed ratio above it */
	bool panic_is_bad;
};

static bool selected(const struct criterion *crit, const struct run_item *it)
{
	size_t i;

	for (i = 0; i < crit->tests.n; i++)
		if (strstr(it->name, crit->tests.v[i]) || !fnmatch(crit->tests.v[i], it->name, 0))
			return true;
	return !crit->tests.n;
}

/* Whether the kernel crashed, hung or did not boot: see the reasons in lib/sh/boot.sh. */
static bool crashed(const struct run_item *it)
{
	return it->status == ST_ERROR &&
	       (strstr(it->reason, "kernel panic") || strstr(it->reason, "the machine") ||
		strstr(it->reason, "did not come up"));
}

static void put_verdict(const char *verdict, const char *name, const char *why)
{
	printf("%s\t%s%s%s\n", verdict, name, *name && *why ? ": " : "", why);
}

/*
 * A failure is bad, even if it is a known issue.  A skip gives no verdict, nor does a
 * crash without --panic-is-bad.
 */
static void judge_tests(const struct criterion *crit, const struct run *r)
{
	const struct run_item *panicked = NULL, *skipped = NULL, *passed = NULL;
	size_t i;

	for (i = 0; i < r->n_items; i++) {
		const struct run_item *it = r->items[i];

		if (it->bench || !run_ran(it) || !selected(crit, it))
			continue;
		if (crashed(it)) {
			panicked = it;
		} else if (it->status == ST_SKIP) {
			skipped = it;
		} else if (it->status == ST_PASS) {
			passed = it;
		} else {
			put_verdict("bad", it->name, it->reason);
			return;
		}
	}
	if (panicked)
		put_verdict(crit->panic_is_bad ? "bad" : "skip", panicked->name, panicked->reason);
	else if (passed)
		put_verdict("good", "", "all tests that ran passed");
	else
		put_verdict("skip", skipped ? skipped->name : "",
			    skipped ? skipped->reason : "no test ran");
}

static void judge_metric(const struct criterion *crit, struct run *r)
{
	struct measurement *m = NULL;
	char text[96];
	double value;
	size_t i;

	for (i = 0; i < r->n_measurements; i++)
		if (!strcmp(r->measurements[i]->name, crit->metric))
			m = r->measurements[i];
	if (!m) {
		put_verdict("skip", crit->metric, "not measured");
		return;
	}
	measurement_aggregate(m);
	value = m->figures[FIG_P50];
	if (isnan(value)) {
		put_verdict("skip", crit->metric, "no value");
		return;
	}
	if (isnan(crit->against)) {
		printf("value\t%.17g\n", value);
		return;
	}
	snprintf(text, sizeof(text), "%g against %g (%+.2f %%)", value, crit->against,
		 100 * (value / crit->against - 1));
	put_verdict(value > crit->against * (1 + crit->worse) ? "bad" : "good", crit->metric, text);
}

static bool parse(int argc, char **argv, struct criterion *crit)
{
	static const struct option options[] = {
		{ "test", required_argument, NULL, 't' },
		{ "metric", required_argument, NULL, 'm' },
		{ "against", required_argument, NULL, 'a' },
		{ "worse-than", required_argument, NULL, 'w' },
		{ "panic-is-bad", no_argument, NULL, 'p' },
		{ }
	};
	int c;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 't': strlist_add(&crit->tests, optarg); break;
		case 'm': crit->metric = optarg; break;
		case 'a': crit->against = strtod(optarg, NULL); break;
		case 'w': crit->worse = strtod(optarg, NULL) / 100; break;
		case 'p': crit->panic_is_bad = true; break;
		default:
			complain("bisect: bad option %s; see kvmem-report --help", argv[optind - 1]);
			return false;
		}
	}
	if (optind + 1 != argc)
		complain("bisect takes one results folder; see kvmem-report --help");
	return optind + 1 == argc;
}

int cmd_bisect(int argc, char **argv)
{
	struct criterion crit = { .against = NAN };
	int code = EXIT_BROKEN;
	struct run r;

	if (!parse(argc, argv, &crit))
		return code;
	if (results_load(&r, argv[optind])) {
		if (crit.metric)
			judge_metric(&crit, &r);
		else
			judge_tests(&crit, &r);
		code = EXIT_PASSED;
	}
	run_free(&r);
	strlist_free(&crit.tests);
	return code;
}
