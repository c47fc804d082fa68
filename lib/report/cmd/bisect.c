// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report bisect: what one run says of its kernel, in the words of git bisect. */
#include "report/cmd/commands.h"

#include <fnmatch.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/data/results.h"

struct question {
	struct strlist tests;		/* patterns */
	const char *metric;
	double against, worse;		/* value of the good revision, allowed ratio above it */
	bool panic_is_bad;
};

static bool asked(const struct question *q, const struct run_item *it)
{
	size_t i;

	for (i = 0; i < q->tests.n; i++)
		if (strstr(it->name, q->tests.v[i]) || !fnmatch(q->tests.v[i], it->name, 0))
			return true;
	return !q->tests.n;
}

/* The lab says in the reason how a machine ended. */
static bool broke_down(const struct run_item *it)
{
	return it->status == ST_ERROR &&
	       (strstr(it->reason, "kernel panic") || strstr(it->reason, "the machine") ||
		strstr(it->reason, "did not come up"));
}

static void say(const char *verdict, const char *name, const char *why)
{
	printf("%s\t%s%s%s\n", verdict, name, *name && *why ? ": " : "", why);
}

/*
 * A test that fails is bad, also where it is known to; one that was skipped, or
 * that the kernel did not survive, says nothing.
 */
static void judge_tests(const struct question *q, const struct run *r)
{
	const struct run_item *panicked = NULL, *skipped = NULL, *passed = NULL;
	size_t i;

	for (i = 0; i < r->n_items; i++) {
		const struct run_item *it = r->items[i];

		if (it->bench || !run_ran(it) || !asked(q, it))
			continue;
		if (broke_down(it)) {
			panicked = it;
		} else if (it->status == ST_SKIP) {
			skipped = it;
		} else if (it->status == ST_PASS) {
			passed = it;
		} else {
			say("bad", it->name, it->reason);
			return;
		}
	}
	if (panicked)
		say(q->panic_is_bad ? "bad" : "skip", panicked->name, panicked->reason);
	else if (passed)
		say("good", "", "all that ran passed");
	else
		say("skip", skipped ? skipped->name : "", skipped ? skipped->reason : "no test ran");
}

static void judge_metric(const struct question *q, struct run *r)
{
	struct measurement *m = NULL;
	char text[96];
	double value;
	size_t i;

	for (i = 0; i < r->n_measurements; i++)
		if (!strcmp(r->measurements[i]->name, q->metric))
			m = r->measurements[i];
	if (!m) {
		say("skip", q->metric, "was not measured");
		return;
	}
	measurement_aggregate(m);
	value = m->figures[FIG_P50];
	if (isnan(value)) {
		say("skip", q->metric, "has no figure");
		return;
	}
	if (isnan(q->against)) {
		printf("value\t%.17g\n", value);
		return;
	}
	snprintf(text, sizeof(text), "%g against %g (%+.2f %%)", value, q->against,
		 100 * (value / q->against - 1));
	say(value > q->against * (1 + q->worse) ? "bad" : "good", q->metric, text);
}

static bool parse(int argc, char **argv, struct question *q)
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
		case 't': strlist_add(&q->tests, optarg); break;
		case 'm': q->metric = optarg; break;
		case 'a': q->against = strtod(optarg, NULL); break;
		case 'w': q->worse = strtod(optarg, NULL) / 100; break;
		case 'p': q->panic_is_bad = true; break;
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
	struct question q = { .against = NAN };
	int code = EXIT_BROKEN;
	struct run r;

	if (!parse(argc, argv, &q))
		return code;
	if (results_load(&r, argv[optind])) {
		if (q.metric)
			judge_metric(&q, &r);
		else
			judge_tests(&q, &r);
		code = EXIT_PASSED;
	}
	run_free(&r);
	strlist_free(&q.tests);
	return code;
}
