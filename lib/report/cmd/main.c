// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report: record the results of runs, print, compare and convert them. */
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
	"                           [--catalogue FILE] [--stream FD]...\n"
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
	"  record     read the event stream of kvmem-run from standard input, write the folder\n"
	"             DIR during the run (results.json, kvmem.ktap, junit.xml, log/) and, at its\n"
	"             end, report.html, and print a summary; DIR must not contain another run\n"
	"  show       print the summary of a run\n"
	"  matrix     print several runs side by side\n"
	"  coverage   print the behaviours checked on each kernel\n"
	"  mutation   print the mutation score of a run of ./run.sh mutation\n"
	"  known      print the tests that have a known issue on a kernel\n"
	"  bisect     print the verdict of a run for git bisect: good, bad or skip\n"
	"  compare    print the differences between the first run and each of the others\n"
	"  gate       check RUN for regressions against BASELINE\n"
	"  export     convert a run to junit, kcidb, lava, github, benchmark or html (html takes\n"
	"             several runs)\n"
	"  settings   print how a run was made, for a script\n"
	"  proof      measure how often gate is wrong, with runs labelled base and runs with an\n"
	"             artificial delay, labelled with its size\n"
	"\n"
	"RUN is a results folder or its results.json.\n"
	"\n"
	"  --results DIR      folder to write; parent folders are created\n"
	"  --known FILE       known issues, in the format of configs/known_issues\n"
	"  --where host|lab   location of the run, if the event stream does not have it\n"
	"  --stream FD        read the events from this descriptor; once for each machine\n"
	"  --catalogue FILE   titles of the behaviours, in the format of configs/behaviours.tsv\n"
	"  --verbose, -v      print the output of tests; in tables, also print unchanged rows\n"
	"\n"
	"COMPARISON is any of\n"
	"  --thresholds FILE  from what size a difference counts, in the format of\n"
	"                     configs/gate.conf\n"
	"  --rule LINE        one more line of that format\n"
	"  --metric GLOB      only these measurements\n"
	"\n"
	"Exit code: 0 everything that ran passed, 1 a failure, 2 usage error, results that could\n"
	"not be written, or a run that was cut short, 4 nothing could run. Of gate: 0 no\n"
	"regression, 1 a regression, 2 usage error or runs that can't be compared,\n"
	"4 inconclusive.\n"
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
