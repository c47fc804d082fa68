/* SPDX-License-Identifier: GPL-2.0-only */
/* Behaviours checked on each kernel, from stored runs. */
#ifndef KVMEM_REPORT_COVERAGE_H
#define KVMEM_REPORT_COVERAGE_H

#include <stdbool.h>
#include <stdio.h>

#include "report/data/run.h"

/**
 * coverage_print - a row for each behaviour, a column for each kernel
 * @f: where to
 * @runs: oldest first: of several results of a test on one kernel the newest
 *	counts, unless it is a skip and an older one is not (--numa 1, no root)
 * @n: how many
 * @catalogue: file with a line "ID<TAB>CLASS<TAB>TITLE" for each behaviour
 * @patterns: rows to show: an ID, or the letter of a topic; all when empty
 *
 * A kernel is a release, a backend and a place (host or lab).
 *
 * Return: false when there is nothing to show, after a message.
 */
bool coverage_print(FILE *f, const struct run *runs, size_t n, const char *catalogue,
		    const struct strlist *patterns);

#endif /* KVMEM_REPORT_COVERAGE_H */
