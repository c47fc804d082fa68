// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report: what becomes of the results of a run. */
#include <stdio.h>
#include <string.h>

#include "report/base/util.h"
#include "report/cmd/commands.h"

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "record", cmd_record },
	{ "show", cmd_show },
	{ "matrix", cmd_matrix },
	{ "coverage", cmd_coverage },
	{ "mutation", cmd_mutation },
	{ "known", cmd_known },
	{ "bisect", cmd_bisect },
	{ "compare", cmd_compare },
	{ "gate", cmd_gate },
	{ "settings", cmd_settings },
	{ "proof", cmd_proof },
	{ "export", cmd_export },
};

static const char help[] =
	"usage: kvmem-report record --results DIR [--known FILE] [--where host|lab] [--verbose]\n"
	"                           [--catalogue FILE]\n"
	"       kvmem-report show DIR\n"
	"       kvmem-report matrix [-v] DIR...\n"
	"       kvmem-report coverage --catalogue FILE [--only ID]... DIR...\n"
	"       kvmem-report mutation DIR\n"
	"       kvmem-report known FILE RELEASE BACKEND\n"
	"       kvmem-report bisect [--test PATTERN]... [--metric NAME [--against V --worse-than PERCENT]]\n"
	"                           [--panic-is-bad] DIR\n"
	"       kvmem-report compare [COMPARISON...] [-v] RUN RUN...\n"
	"       kvmem-report gate [COMPARISON...] [-v] BASELINE RUN\n"
	"       kvmem-report export --format FORMAT [--output FILE] [--origin NAME]\n"
	"                           [--build-id ID] [--catalogue FILE] RUN...\n"
	"       kvmem-report settings RUN\n"
	"       kvmem-report proof [--thresholds FILE] [--pairs N] [--replicates N,N...]\n"
	"                          [--metric NAME] LABEL=RUN...\n"
	"\n"
	"record reads the event stream of kvmem-run from standard input and writes the folder\n"
	"DIR while the run goes: results.json, kvmem.ktap, junit.xml and log/. DIR must not\n"
	"hold another run. At the end it writes report.html, for which it draws with gnuplot,\n"
	"and prints a summary; show prints it once more,\n"
	"matrix several runs side by side, coverage which behaviour was checked on which kernel.\n"
	"compare tells what changed since the first of several runs, gate whether the second\n"
	"run is worse than the first, settings how a run was made, proof how often gate is wrong,\n"
	"given runs labelled base and runs with a delay of some size. export writes a run as\n"
	"junit, kcidb, lava, github, benchmark or html, html also several runs side by side.\n"
	"A RUN is a results folder or its results.json.\n"
	"\n"
	"  --results DIR      folder to write, made with its parents\n"
	"  --known FILE       known issues of kernels; the format is in configs/known_issues\n"
	"  --where host|lab   where the run takes place, if the stream should not say\n"
	"  --catalogue FILE   titles of the behaviours; the format is in configs/behaviours.tsv\n"
	"  --verbose, -v      print the output of the tests as it comes; in tables, also what\n"
	"                     did not change\n"
	"  --thresholds FILE  of a comparison: from what size on a difference matters; the\n"
	"                     format is in configs/gate.conf\n"
	"  --rule LINE        likewise, one more line of it\n"
	"  --metric GLOB      likewise, only these measurements\n"
	"\n"
	"Exit code: 0 all that ran passed, 1 a failure, 2 wrong use, results that could not be\n"
	"written or a run that was cut short, 4 nothing could run. Of gate: 0 no regression,\n"
	"1 a regression, 2 wrong use or results that can't be compared, 4 inconclusive.\n"
	"\n"
	"Examples:\n"
	"  kvmem-run --tests | kvmem-report record --results results/first\n"
	"  kvmem-report record --results again < results/first/log/stream.jsonl\n"
	"  kvmem-report show results/first\n";

int main(int argc, char **argv)
{
	size_t i;
	int a;

	for (a = 1; a < argc; a++) {
		if (!strcmp(argv[a], "--help") || !strcmp(argv[a], "-h")) {
			fputs(help, stdout);
			return EXIT_PASSED;
		}
	}
	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++)
		if (!strcmp(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	complain("%s%s; see kvmem-report --help", argc > 1 ? "unknown command " : "no command given",
		 argc > 1 ? argv[1] : "");
	return EXIT_BROKEN;
}
