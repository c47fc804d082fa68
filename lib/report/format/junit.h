/* SPDX-License-Identifier: GPL-2.0-only */
/* junit.xml: one suite per program, for the CI systems that read nothing else. */
#ifndef KVMEM_REPORT_JUNIT_H
#define KVMEM_REPORT_JUNIT_H

#include <stddef.h>

#include "report/data/run.h"

/**
 * junit_text - the whole file
 *
 * JUnit can't say that a run is incomplete: planned tests without a result are
 * errors, so that the file of a killed run is never taken for a pass.
 *
 * Return: a string to free().
 */
char *junit_text(const struct run *r, size_t *len);

#endif /* KVMEM_REPORT_JUNIT_H */
