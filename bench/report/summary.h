/* SPDX-License-Identifier: GPL-2.0-only */
/* The page of text that ends a run. */
#ifndef KVMEM_REPORT_SUMMARY_H
#define KVMEM_REPORT_SUMMARY_H

#include <stdio.h>

#include "run.h"

/**
 * summary_print - counts, failures, skips, behaviours, figures
 * @f: where to
 * @r: run; figures that went stale are aggregated
 * @folder: its results folder
 */
void summary_print(FILE *f, struct run *r, const char *folder);

/** table_print - the measurements of a run */
void table_print(FILE *f, struct run *r);

/** hole_print - the PCI-hole variants side by side, when they were measured */
void hole_print(FILE *f, struct run *r);

/** table_number - a number in at most 7 characters, "-" for NAN */
void table_number(char *buf, size_t size, double v);

#endif /* KVMEM_REPORT_SUMMARY_H */
