// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report gate: check a run for regressions against a baseline. */
#include "report/cmd/commands.h"

#include "report/gate/pair.h"
#include "report/text/gate.h"

int cmd_gate(int argc, char **argv)
{
	struct run runs[2] = { 0 };
	struct pair_options o;
	struct judgement j;
	int code = EXIT_BROKEN;

	if (!pair_options(&o, "gate", argc, argv))
		return EXIT_BROKEN;
	if (o.n_paths != 2) {
		complain("gate needs two results, the baseline first; see kvmem-report --help");
	} else if (pair_load(&o, runs)) {
		judge(&j, &runs[0], &runs[1], &o.rules, o.metric);
		gate_print(stdout, runs, &j, o.verbose);
		code = judge_gate(&j);
		judge_free(&j);
	}
	run_free(&runs[0]);
	run_free(&runs[1]);
	pair_options_free(&o);
	return code;
}
