// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/valid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"
#include "report/data/run.h"

enum kind { TEXT, NAME, NUMBER, COUNT, BOOL, TEXTS, NUMBERS, OBJECT, ANY };

static const char *const kind_names[] = {
	"a string", "a non-empty string", "a number", "a non-negative integer",
	"true or false", "a list of strings", "a list of numbers", "an object", "anything",
};

struct field {
	const char *name;
	enum kind kind;
	bool optional;
};

static const struct field run_fields[] = {
	{ "complete", BOOL, false }, { "planned", COUNT, false },
	{ "id", TEXT, true }, { "started", TEXT, true }, { "profile", TEXT, true },
	{ "where", TEXT, true }, { "backend", TEXT, true }, { "exact", BOOL, true },
	{ "kernel", OBJECT, true }, { "cpu", OBJECT, true }, { "modules", OBJECT, true },
	{ "mitigations", OBJECT, true }, { "lab", OBJECT, true }, { "bad_lines", COUNT, true },
};

static const struct field test_fields[] = {
	{ "name", NAME, false }, { "kind", NAME, false }, { "status", NAME, false },
	{ "reason", TEXT, false }, { "behaviours", TEXTS, false }, { "duration_s", NUMBER, false },
	{ "replicates", COUNT, true }, { "replicates_planned", COUNT, true },
	{ "unexpected_pass", BOOL, true }, { "cut", BOOL, true },
};

static const struct field observation_fields[] = {
	{ "name", NAME, false }, { "behaviour", TEXT, false }, { "test", TEXT, false },
	{ "value", ANY, false },
};

static const struct field measurement_fields[] = {
	{ "name", NAME, false }, { "unit", NAME, false }, { "exact", BOOL, false },
	{ "replicates", NUMBERS, false }, { "n", COUNT, false }, { "min", NUMBER, false },
	{ "p50", NUMBER, false }, { "p90", NUMBER, false }, { "p99", NUMBER, false },
	{ "max", NUMBER, false }, { "behaviour", TEXT, true }, { "exits_per_op", NUMBER, true },
	{ "overhead", NUMBER, true }, { "userspace", NUMBER, true }, { "touched", NUMBER, true },
	{ "notes", TEXTS, true }, { "quantiles", NUMBERS, true },
};

/* A value that a replicate lacks is null. */
static bool is_number(const json_t *v)
{
	return json_is_null(v) || (json_is_number(v) && isfinite(json_number_value(v)));
}

static bool is_count(const json_t *v)
{
	return json_is_integer(v) && json_integer_value(v) >= 0;
}

static bool all_are(const json_t *array, bool (*is)(const json_t *))
{
	const json_t *v;
	size_t i;

	if (!json_is_array(array))
		return false;
	json_array_foreach(array, i, v)
		if (!is(v))
			return false;
	return true;
}

static bool is_text(const json_t *v)
{
	return json_is_string(v);
}

static bool is_of(const json_t *v, enum kind kind)
{
	switch (kind) {
	case TEXT:
		return json_is_string(v);
	case NAME:
		return json_is_string(v) && *json_string_value(v);
	case NUMBER:
		return is_number(v);
	case COUNT:
		return is_count(v);
	case BOOL:
		return json_is_boolean(v);
	case TEXTS:
		return all_are(v, is_text);
	case NUMBERS:
		return all_are(v, is_number);
	case OBJECT:
		return json_is_object(v);
	default:
		return v != NULL;
	}
}

static char *wrong_fields(const char *where, const json_t *o, const struct field *fields, size_t n)
{
	const json_t *v;
	size_t i;

	if (!json_is_object(o))
		return xprintf("%s is not an object", where);
	for (i = 0; i < n; i++) {
		v = json_object_get(o, fields[i].name);
		if (!v && fields[i].optional)
			continue;
		if (!v)
			return xprintf("%s has no \"%s\"", where, fields[i].name);
		if (!is_of(v, fields[i].kind))
			return xprintf("%s: \"%s\" is not %s", where, fields[i].name,
				       kind_names[fields[i].kind]);
	}
	return NULL;
}

static char *wrong_test(const char *where, const json_t *o)
{
	const char *kind = json_text(o, "kind"), *status = json_text(o, "status");

	if (strcmp(kind, "test") && strcmp(kind, "bench"))
		return xprintf("%s: \"kind\" must be test or bench, not \"%s\"", where, kind);
	if (status_parse(status) == ST_COUNT)
		return xprintf("%s: unknown status \"%s\"", where, status);
	return NULL;
}

static char *wrong_measurement(const char *where, const json_t *o)
{
	const json_t *param = json_object_get(o, "param");

	if (!json_array_size(json_object_get(o, "replicates")))
		return xprintf("%s has no replicates", where);
	if (param && json_object_size(param) != 1)
		return xprintf("%s: \"param\" is not an object with one number", where);
	return NULL;
}

/* Names are unique, except those of observations, which may have several values. */
static char *wrong_list(const json_t *root, const char *list, const struct field *fields,
			size_t n, char *(*more)(const char *, const json_t *), bool unique)
{
	const json_t *array = json_object_get(root, list), *o;
	json_t *seen = json_object();
	char *wrong = NULL, *where;
	size_t i;

	if (!json_is_array(array))
		wrong = xprintf("the list \"%s\" is missing", list);
	json_array_foreach(array, i, o) {
		const char *name = json_text(o, "name");

		where = xprintf("%s[%zu]%s%s%s", list, i, *name ? " (" : "", name,
				*name ? ")" : "");
		wrong = wrong_fields(where, o, fields, n);
		if (!wrong && more)
			wrong = more(where, o);
		if (!wrong && unique && json_object_get(seen, name))
			wrong = xprintf("%s is a duplicate", where);
		json_object_set_new(seen, name, json_true());
		free(where);
		if (wrong)
			break;
	}
	json_decref(seen);
	return wrong;
}

static char *wrong_schema(const json_t *root)
{
	const char *schema = json_text(root, "schema");

	if (!json_is_object(root) || !*schema)
		return xstrdup("it is not a kvmem result: \"schema\" is missing");
	if (!strcmp(schema, RESULTS_SCHEMA))
		return NULL;
	if (!strncmp(schema, "kvmem/", 6))
		return xprintf("its schema is %s, this kvmem-report reads %s",
			       schema, RESULTS_SCHEMA);
	return xprintf("it is not a kvmem result: its schema is %s", schema);
}

static char *wrong_count(const json_t *root)
{
	const json_t *run = json_object_get(root, "run");
	size_t n = json_array_size(json_object_get(root, "tests"));
	size_t planned = (size_t)json_integer_value(json_object_get(run, "planned"));

	if (!json_is_true(json_object_get(run, "complete")) || n >= planned)
		return NULL;
	return xprintf("it is marked complete, but %zu of %zu results are missing", planned - n,
		       planned);
}

char *results_wrong(const json_t *root)
{
	char *wrong = wrong_schema(root);

	if (!wrong)
		wrong = wrong_fields("\"run\"", json_object_get(root, "run"), run_fields,
				     ARRAY_SIZE(run_fields));
	if (!wrong)
		wrong = wrong_list(root, "tests", test_fields, ARRAY_SIZE(test_fields),
				   wrong_test, true);
	if (!wrong)
		wrong = wrong_list(root, "observations", observation_fields,
				   ARRAY_SIZE(observation_fields), NULL, false);
	if (!wrong)
		wrong = wrong_list(root, "measurements", measurement_fields,
				   ARRAY_SIZE(measurement_fields), wrong_measurement, true);
	return wrong ? wrong : wrong_count(root);
}
