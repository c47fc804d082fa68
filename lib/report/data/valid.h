/* SPDX-License-Identifier: GPL-2.0-only */
/* Validation of results.json. */
#ifndef KVMEM_REPORT_VALID_H
#define KVMEM_REPORT_VALID_H

#include <jansson.h>

#define RESULTS_SCHEMA "kvmem/1"

/**
 * results_wrong - find the first error in a results.json
 * @root: the whole document
 *
 * Every member that is read must exist and have the right type, names must be
 * unique, and a complete run must have all results.  Unknown members are
 * ignored: a later version may add some.
 *
 * Return: one line to free() with the location, NULL when it is valid.
 */
char *results_wrong(const json_t *root);

#endif /* KVMEM_REPORT_VALID_H */
