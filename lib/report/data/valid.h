/* SPDX-License-Identifier: GPL-2.0-only */
/* Is this JSON a results.json that can be believed? */
#ifndef KVMEM_REPORT_VALID_H
#define KVMEM_REPORT_VALID_H

#include <jansson.h>

#define RESULTS_SCHEMA "kvmem/1"

/**
 * results_wrong - the first thing that is wrong with a results.json
 * @root: the whole document
 *
 * Every member that is read later has to be there and of its kind, names have
 * to be unique, and a run that calls itself complete has to have all results.
 * Members that are not known are left alone: a later version may add some.
 *
 * Return: one line to free(), which names the place; NULL when all is well.
 */
char *results_wrong(const json_t *root);

#endif /* KVMEM_REPORT_VALID_H */
