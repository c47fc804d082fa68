// SPDX-License-Identifier: GPL-2.0-only
#include "report/base/json.h"

#include <limits.h>
#include <math.h>

const char *json_text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "";
}

double json_number_or_nan(const json_t *o, const char *key)
{
	const json_t *v = json_object_get(o, key);

	return json_is_number(v) ? json_number_value(v) : NAN;
}

unsigned int json_count(const json_t *o, const char *key, unsigned int missing)
{
	double v = json_number_or_nan(o, key);

	return v >= 0 && v <= UINT_MAX ? (unsigned int)v : missing;
}

void json_strings(struct strlist *l, const json_t *array)
{
	const json_t *v;
	size_t i;

	json_array_foreach(array, i, v)
		if (json_is_string(v))
			strlist_add(l, json_string_value(v));
}

size_t json_numbers(double **v, const json_t *array)
{
	size_t n = json_array_size(array), i;

	*v = xrealloc(NULL, n * sizeof(**v));
	for (i = 0; i < n; i++) {
		const json_t *number = json_array_get(array, i);

		(*v)[i] = json_is_number(number) ? json_number_value(number) : NAN;
	}
	return n;
}

char *json_plain(const json_t *v)
{
	char *text;

	if (json_is_string(v))
		return xstrdup(json_string_value(v));
	text = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT);
	return text ? text : xstrdup("?");
}

json_t *json_from(double v)
{
	if (!isfinite(v))
		return json_null();
	if (v == trunc(v) && fabs(v) < 9007199254740992.0)
		return json_integer((json_int_t)v);
	return json_real(v);
}

json_t *json_from_numbers(const double *v, size_t n)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < n; i++)
		json_array_append_new(a, json_from(v[i]));
	return a;
}

json_t *json_from_strings(const struct strlist *l)
{
	json_t *a = json_array();
	size_t i;

	for (i = 0; i < l->n; i++)
		json_array_append_new(a, json_string(l->v[i]));
	return a;
}
