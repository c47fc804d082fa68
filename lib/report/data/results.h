/* SPDX-License-Identifier: GPL-2.0-only */
/* results.json, schema "kvmem/1". */
#ifndef KVMEM_REPORT_RESULTS_H
#define KVMEM_REPORT_RESULTS_H

#include <stddef.h>

#include "report/data/run.h"

/**
 * results_text - the whole file
 * @r: run; it is aggregated
 * @len: its length
 *
 * One line per test, observation and measurement, for grep and diff.
 *
 * Return: a string to free().
 */
char *results_text(struct run *r, size_t *len);

/**
 * results_load - read a run back
 * @r: result, empty on failure
 * @path: the run's folder, or its results.json
 *
 * Fields that are not in results.json (output, samples of a replicate) stay empty.
 *
 * Return: false when it cannot be read or is not valid, after a message.
 */
bool results_load(struct run *r, const char *path);

/** results_load_whole - the same, but an incomplete run is an error */
bool results_load_whole(struct run *r, const char *path);

#endif /* KVMEM_REPORT_RESULTS_H */
