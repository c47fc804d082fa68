/* SPDX-License-Identifier: GPL-2.0-only */
/* junit.xml: one test suite per program. */
#ifndef KVMEM_REPORT_JUNIT_H
#define KVMEM_REPORT_JUNIT_H

#include <stddef.h>

#include "report/data/run.h"

/**
 * junit_text - the whole file
 *
 * JUnit cannot express an incomplete run: planned tests without a result are
 * errors, so that the file of a killed run is never read as a pass.
 *
 * Return: a string to free().
 */
char *junit_text(const struct run *r, size_t *len);

#endif /* KVMEM_REPORT_JUNIT_H */
