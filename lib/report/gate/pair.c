// SPDX-License-Identifier: GPL-2.0-only
#include "report/gate/pair.h"

#include <fnmatch.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "report/data/results.h"
#include "report/gate/judge.h"

/* The location of a rule given on the command line. */
#define RULE "--rule"

bool pair_options(struct pair_options *o, const char *command, int argc, char **argv)
{
	static const struct option options[] = {
		{ "thresholds", required_argument, NULL, 't' },
		{ "rule", required_argument, NULL, 'r' },
		{ "metric", required_argument, NULL, 'm' },
		{ "verbose", no_argument, NULL, 'v' },
		{ }
	};
	bool ok = true;
	int c;

	memset(o, 0, sizeof(*o));
	rules_init(&o->rules);
	opterr = 0;
	while (ok && (c = getopt_long(argc, argv, ":v", options, NULL)) != -1) {
		switch (c) {
		case 't':
			ok = rules_load(&o->rules, optarg);
			break;
		case 'r':
			ok = rules_add(&o->rules, optarg, RULE);
			break;
		case 'm':
			o->metric = optarg;
			break;
		case 'v':
			o->verbose = true;
			break;
		default:
			complain("%s: %s %s; see kvmem-report --help", command,
				 c == ':' ? "no value for option" : "unknown option",
				 argv[optind - 1]);
			ok = false;
		}
	}
	o->paths = argv + optind;
	o->n_paths = (size_t)(argc - optind);
	if (!ok)
		rules_free(&o->rules);
	return ok;
}

void pair_options_free(struct pair_options *o)
{
	rules_free(&o->rules);
}

struct loaded {
	const struct run *runs;
	size_t n;
};

static bool is_measured(const void *data, const char *glob)
{
	const struct loaded *l = data;
	size_t k, i;

	for (k = 0; k < l->n; k++)
		for (i = 0; i < l->runs[k].n_measurements; i++)
			if (!fnmatch(glob, l->runs[k].measurements[i]->name, 0))
				return true;
	return false;
}

/* A pattern on the command line must match a measurement; those of a file need not. */
static bool check_names(const struct pair_options *o, const struct run *runs)
{
	const struct loaded l = { .runs = runs, .n = o->n_paths };
	const char *idle = rules_idle(&o->rules, RULE, is_measured, &l);

	if (o->metric && !is_measured(&l, o->metric))
		idle = o->metric;
	if (idle)
		complain("no measurement of these runs matches %s", idle);
	return !idle;
}

bool pair_load(const struct pair_options *o, struct run *runs)
{
	char *wrong;
	size_t k;

	for (k = 0; k < o->n_paths; k++)
		if (!results_load_whole(&runs[k], o->paths[k]))
			return false;
	for (k = 1; k < o->n_paths; k++) {
		wrong = judge_units(&runs[0], &runs[k]);
		if (!wrong)
			continue;
		complain("%s and %s can't be compared: %s", o->paths[0], o->paths[k], wrong);
		free(wrong);
		return false;
	}
	return check_names(o, runs);
}
