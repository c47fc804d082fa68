// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report compare: print the differences between the first run and the others. */
#include "report/cmd/commands.h"

#include <stdlib.h>

#include "report/gate/pair.h"
#include "report/text/compare.h"
#include "report/text/matrix.h"

int cmd_compare(int argc, char **argv)
{
	struct pair_options o;
	struct judgement *j;
	struct run *runs;
	int code = EXIT_BROKEN;
	size_t n, k;

	if (!pair_options(&o, "compare", argc, argv))
		return EXIT_BROKEN;
	n = o.n_paths;
	runs = xcalloc(n, sizeof(*runs));
	j = xcalloc(n, sizeof(*j));
	if (n < 2 || n > MATRIX_MAX) {
		complain("compare needs 2 to %d results; see kvmem-report --help", MATRIX_MAX);
	} else if (pair_load(&o, runs)) {
		for (k = 1; k < n; k++)
			judge(&j[k - 1], &runs[0], &runs[k], &o.rules, o.metric);
		compare_print(stdout, runs, j, n, o.verbose);
		code = EXIT_PASSED;
		for (k = 1; k < n; k++)
			judge_free(&j[k - 1]);
	}
	for (k = 0; k < n; k++)
		run_free(&runs[k]);
	free(runs);
	free(j);
	pair_options_free(&o);
	return code;
}
