/* SPDX-License-Identifier: GPL-2.0-only */
/* results.json, schema "kvmem/1": the run as other programs read it. */
#ifndef KVMEM_REPORT_RESULTS_H
#define KVMEM_REPORT_RESULTS_H

#include <stddef.h>

#include "report/data/run.h"

/**
 * results_text - the whole file
 * @r: run; figures that went stale are aggregated
 * @len: its length
 *
 * One line for every test, observation and measurement, so that grep and diff
 * are of use.  Return: a string to free().
 */
char *results_text(struct run *r, size_t *len);

/**
 * results_load - read a run back
 * @r: result, empty when it can't be read
 * @path: the run's folder, or its results.json
 *
 * What results.json does not hold (output, samples of a replicate) stays empty.
 *
 * Return: whether it could be read and is valid; else it was said why not.
 */
bool results_load(struct run *r, const char *path);

/** results_load_whole - the same for a run that has to be complete */
bool results_load_whole(struct run *r, const char *path);

#endif /* KVMEM_REPORT_RESULTS_H */
