/* SPDX-License-Identifier: GPL-2.0-only */
/* Arguments and input of compare and gate. */
#ifndef KVMEM_REPORT_PAIR_H
#define KVMEM_REPORT_PAIR_H

#include <stdbool.h>

#include "report/data/run.h"
#include "report/gate/rules.h"

struct pair_options {
	struct rules rules;
	const char *metric;	/* glob, NULL for all */
	bool verbose;
	char **paths;		/* of the runs, the baseline first */
	size_t n_paths;
};

/** pair_options - read the arguments; false after a message about the wrong one */
bool pair_options(struct pair_options *o, const char *command, int argc, char **argv);
void pair_options_free(struct pair_options *o);

/**
 * pair_load - read the runs, all complete and of the same units
 * @runs: as many as there are paths, zeroed; to be freed in any case
 *
 * Return: false when they cannot be compared, after a message.
 */
bool pair_load(const struct pair_options *o, struct run *runs);

#endif /* KVMEM_REPORT_PAIR_H */
