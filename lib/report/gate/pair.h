/* SPDX-License-Identifier: GPL-2.0-only */
/* What compare and gate have in common: their arguments, and runs that fit. */
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

/** pair_options - read the arguments; else it was said what is wrong */
bool pair_options(struct pair_options *o, const char *command, int argc, char **argv);
void pair_options_free(struct pair_options *o);

/**
 * pair_load - read the runs, all complete and of the same units
 * @runs: as many as there are paths, zeroed; to be freed in any case
 *
 * Return: whether they can be compared; else it was said why not.
 */
bool pair_load(const struct pair_options *o, struct run *runs);

#endif /* KVMEM_REPORT_PAIR_H */
