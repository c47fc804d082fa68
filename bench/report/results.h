/* SPDX-License-Identifier: GPL-2.0-only */
/* results.json, schema "kvmem/1": the run as other programs read it. */
#ifndef KVMEM_REPORT_RESULTS_H
#define KVMEM_REPORT_RESULTS_H

#include <stddef.h>

#include "run.h"

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
 * @folder: of the run
 *
 * What results.json does not hold (output, samples of a replicate) stays empty.
 *
 * Return: whether it could be read; else it was said why not.
 */
bool results_load(struct run *r, const char *folder);

#endif /* KVMEM_REPORT_RESULTS_H */
