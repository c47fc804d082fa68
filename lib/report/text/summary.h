/* SPDX-License-Identifier: GPL-2.0-only */
/* The summary printed at the end of a run. */
#ifndef KVMEM_REPORT_SUMMARY_H
#define KVMEM_REPORT_SUMMARY_H

#include <stdio.h>

#include "report/base/grid.h"
#include "report/data/run.h"

/**
 * summary_print - counts, failures, skips, behaviours, figures
 * @f: where to
 * @r: run; it is aggregated
 * @folder: its results folder
 */
void summary_print(FILE *f, struct run *r, const char *folder);

/**
 * summary_counts - "3 passed, 1 failed, 0 skipped", without newline
 * @f: where to
 * @counts: number of results of each status
 * @zeroes: with 0 passed, 0 failed, 0 skipped
 */
void summary_counts(FILE *f, const size_t *counts, bool zeroes);

/** table_print - the measurements of a run */
void table_print(FILE *f, struct run *r);

/**
 * table_grid - one part of that table: distributions, or single numbers
 * @g: result
 * @r: run; it is aggregated
 * @single: which half; without what pivot_print() shows
 *
 * Return: how many rows.
 */
size_t table_grid(struct grid *g, struct run *r, bool single);

#endif /* KVMEM_REPORT_SUMMARY_H */
