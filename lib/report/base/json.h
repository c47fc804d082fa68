/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of JSON objects, with a default instead of an error. */
#ifndef KVMEM_REPORT_JSON_H
#define KVMEM_REPORT_JSON_H

#include <jansson.h>
#include <stddef.h>

#include "report/base/util.h"

/** json_text - string member, "" when it is none */
const char *json_text(const json_t *o, const char *key);
/** json_number_or_nan - number member, NAN when it is none */
double json_number_or_nan(const json_t *o, const char *key);
/** json_count - non-negative whole number, @missing when it is none */
unsigned int json_count(const json_t *o, const char *key, unsigned int missing);
/** json_strings - add the strings of an array to a list */
void json_strings(struct strlist *l, const json_t *array);
/** json_numbers - the numbers of an array, to free(); how many there are */
size_t json_numbers(double **v, const json_t *array);

/** json_plain - a value for people: a string as it is, else compact JSON; to free() */
char *json_plain(const json_t *v);

/** json_from - a number as short as it can be written; NAN is null */
json_t *json_from(double v);
json_t *json_from_numbers(const double *v, size_t n);
json_t *json_from_strings(const struct strlist *l);

#endif /* KVMEM_REPORT_JSON_H */
