// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report matrix: print several runs side by side, usually of different kernels. */
#include "report/cmd/commands.h"

#include <getopt.h>
#include <stdlib.h>

#include "report/data/results.h"
#include "report/text/matrix.h"

static enum exit_code worst(const struct run *runs, size_t n)
{
	bool failed = false, broken = false, passed = false;
	size_t i;

	for (i = 0; i < n; i++) {
		enum exit_code code = run_verdict(&runs[i]);

		failed |= code == EXIT_FAILED;
		broken |= code == EXIT_BROKEN;
		passed |= code == EXIT_PASSED;
	}
	return failed ? EXIT_FAILED : broken ? EXIT_BROKEN : passed ? EXIT_PASSED : EXIT_NOTHING;
}

int cmd_matrix(int argc, char **argv)
{
	static const struct option options[] = { { "verbose", no_argument, NULL, 'v' }, { } };
	bool verbose = false, ok = true;
	int c, code = EXIT_BROKEN;
	struct run *runs;
	size_t i, n;

	opterr = 0;
	while ((c = getopt_long(argc, argv, "v", options, NULL)) != -1) {
		if (c != 'v') {
			complain("matrix: unknown option %s; see kvmem-report --help",
				 argv[optind - 1]);
			return EXIT_BROKEN;
		}
		verbose = true;
	}
	n = (size_t)(argc - optind);
	if (!n || n > MATRIX_MAX) {
		complain("matrix needs 1 to %d results folders; see kvmem-report --help",
			 MATRIX_MAX);
		return EXIT_BROKEN;
	}
	runs = xcalloc(n, sizeof(*runs));
	for (i = 0; i < n; i++)
		ok &= results_load(&runs[i], argv[optind + i]);
	if (ok) {
		matrix_print(stdout, runs, n, verbose);
		code = worst(runs, n);
	}
	for (i = 0; i < n; i++)
		run_free(&runs[i]);
	free(runs);
	return code;
}
