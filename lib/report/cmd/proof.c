// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report proof: measure how often the gate is wrong, with real runs. */
#include "report/cmd/commands.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "report/data/results.h"
#include "report/gate/proof.h"

/* "5,8,10" */
static bool parse_sizes(struct proof *p, const char *s)
{
	char *end;

	p->n_sizes = 0;
	do {
		if (p->n_sizes == PROOF_SIZES)
			return false;
		p->sizes[p->n_sizes] = strtoul(s, &end, 10);
		if (end == s || (*end && *end != ',') || p->sizes[p->n_sizes++] < 1)
			return false;
		s = end + 1;
	} while (*end);
	return true;
}

/* "LABEL=RUN"; the label of runs without a delay is "base". */
static bool add_run(struct proof *p, const char *arg)
{
	const char *path = strchr(arg, '=');
	char *label;
	bool ok;

	if (!path || path == arg) {
		complain("proof: %s is not LABEL=RUN; see kvmem-report --help", arg);
		return false;
	}
	p->runs = xrealloc(p->runs, (p->n_runs + 1) * sizeof(*p->runs));
	label = xprintf("%.*s", (int)(path - arg), arg);
	strlist_add(&p->labels, label);
	free(label);
	ok = results_load_whole(&p->runs[p->n_runs], path + 1);
	p->n_runs++;
	return ok;
}

static bool parse(struct proof *p, int argc, char **argv)
{
	static const struct option options[] = {
		{ "thresholds", required_argument, NULL, 't' },
		{ "rule", required_argument, NULL, 'l' },
		{ "pairs", required_argument, NULL, 'p' },
		{ "replicates", required_argument, NULL, 'r' },
		{ "metric", required_argument, NULL, 'm' },
		{ }
	};
	bool ok = true;
	int c;

	opterr = 0;
	while (ok && (c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 't')
			ok = rules_load(&p->rules, optarg);
		else if (c == 'l')
			ok = rules_add(&p->rules, optarg, "--rule");
		else if (c == 'm')
			p->metric = optarg;
		else if (c == 'p' && strtoul(optarg, NULL, 10))
			p->pairs = strtoul(optarg, NULL, 10);
		else if (c != 'r' || !parse_sizes(p, optarg)) {
			complain("proof: bad argument %s; see kvmem-report --help", argv[optind - 1]);
			ok = false;
		}
	}
	for (; ok && optind < argc; optind++)
		ok = add_run(p, argv[optind]);
	return ok;
}

int cmd_proof(int argc, char **argv)
{
	struct proof p = {
		.pairs = 200, .sizes = { 5, 8, 10, 15, 20 }, .n_sizes = 5,
		.metric = "exit.mmio_read_user",
	};
	int code = EXIT_BROKEN;
	size_t i;

	rules_init(&p.rules);
	if (parse(&p, argc, argv) && proof_print(stdout, &p))
		code = EXIT_PASSED;
	for (i = 0; i < p.n_runs; i++)
		run_free(&p.runs[i]);
	free(p.runs);
	strlist_free(&p.labels);
	rules_free(&p.rules);
	return code;
}
