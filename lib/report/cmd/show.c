// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report show: print the summary of a stored run. */
#include "report/cmd/commands.h"

#include <stdio.h>

#include "report/data/results.h"
#include "report/text/summary.h"

int cmd_show(int argc, char **argv)
{
	struct run run;
	int code;

	if (argc != 2 || argv[1][0] == '-') {
		complain("show needs one results folder; see kvmem-report --help");
		return EXIT_BROKEN;
	}
	if (!results_load(&run, argv[1]))
		return EXIT_BROKEN;
	summary_print(stdout, &run, argv[1]);
	code = run_verdict(&run);
	run_free(&run);
	return code;
}
