// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report coverage: print a table of behaviours and kernels from stored runs. */
#include "report/cmd/commands.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "report/data/results.h"
#include "report/text/coverage.h"

int cmd_coverage(int argc, char **argv)
{
	static const struct option options[] = {
		{ "catalogue", required_argument, NULL, 'c' },
		{ "only", required_argument, NULL, 'o' },
		{ }
	};
	const char *catalogue = NULL;
	struct strlist patterns = { 0 };
	size_t n = 0, i;
	struct run *runs;
	int c, code = EXIT_BROKEN;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'c') {
			catalogue = optarg;
		} else if (c == 'o') {
			strlist_add(&patterns, optarg);
		} else {
			complain("coverage: bad option %s; see kvmem-report --help", argv[optind - 1]);
			return EXIT_BROKEN;
		}
	}
	if (!catalogue || optind == argc) {
		complain("coverage needs --catalogue FILE and results folders");
		return EXIT_BROKEN;
	}
	/* A folder that can't be read is left out, after a message. */
	runs = xcalloc((size_t)(argc - optind), sizeof(*runs));
	for (; optind < argc; optind++)
		n += results_load(&runs[n], argv[optind]);
	if (n && coverage_print(stdout, runs, n, catalogue, &patterns))
		code = EXIT_PASSED;
	for (i = 0; i < n; i++)
		run_free(&runs[i]);
	free(runs);
	strlist_free(&patterns);
	return code;
}
