// SPDX-License-Identifier: GPL-2.0-only
/*
 * Exports are valid input of the other tools.  For KCIDB, the rules are those of its
 * schema 5.3 (kcidb_io/schema/v05_03.py) for the members written by kvmem-report: types,
 * patterns, lengths, values of status.
 */
#include <ctype.h>
#include <math.h>
#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/format/export.h"
#include "selftest.h"

/* --- KCIDB's rules ------------------------------------------------------- */

#define ORIGIN "^[a-z0-9_]+$"
#define ID "^[a-z0-9_]+:"
#define PATH "^([a-zA-Z0-9_-]+([.][a-zA-Z0-9_-]+)*)?$"
#define STATUS "^(FAIL|ERROR|MISS|PASS|DONE|SKIP)$"
#define TIME "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(Z|[+-][0-9]{2}:[0-9]{2})$"
#define ANY ""

struct member {
	const char *name;
	json_type type;
	const char *pattern;	/* of a string */
	bool required;
};

static const struct member checkout_members[] = {
	{ "id", JSON_STRING, ID, true }, { "origin", JSON_STRING, ORIGIN, true },
	{ "comment", JSON_STRING, ANY, false },
};

static const struct member build_members[] = {
	{ "checkout_id", JSON_STRING, ID, true }, { "id", JSON_STRING, ID, true },
	{ "origin", JSON_STRING, ORIGIN, true }, { "comment", JSON_STRING, ANY, false },
	{ "architecture", JSON_STRING, "^[a-z0-9_]*$", false },
};

static const struct member test_members[] = {
	{ "build_id", JSON_STRING, ID, true }, { "id", JSON_STRING, ID, true },
	{ "origin", JSON_STRING, ORIGIN, true }, { "environment", JSON_OBJECT, NULL, false },
	{ "path", JSON_STRING, PATH, false }, { "comment", JSON_STRING, ANY, false },
	{ "log_excerpt", JSON_STRING, ANY, false }, { "status", JSON_STRING, STATUS, false },
	{ "number", JSON_OBJECT, NULL, false }, { "start_time", JSON_STRING, TIME, false },
	{ "duration", JSON_REAL, NULL, false }, { "misc", JSON_OBJECT, NULL, false },
};

static const struct member number_members[] = {
	{ "value", JSON_REAL, NULL, true }, { "unit", JSON_STRING, ANY, false },
	{ "prefix", JSON_STRING, "^(metric|binary)$", false },
};

static const struct member environment_members[] = {
	{ "comment", JSON_STRING, ANY, false }, { "misc", JSON_OBJECT, NULL, false },
};

static const struct member issue_members[] = {
	{ "id", JSON_STRING, ID, true }, { "version", JSON_INTEGER, NULL, true },
	{ "origin", JSON_STRING, ORIGIN, true }, { "report_subject", JSON_STRING, ANY, false },
	{ "comment", JSON_STRING, ANY, false }, { "culprit", JSON_OBJECT, NULL, false },
};

static const struct member incident_members[] = {
	{ "id", JSON_STRING, ID, true }, { "origin", JSON_STRING, ORIGIN, true },
	{ "issue_id", JSON_STRING, ID, true }, { "issue_version", JSON_INTEGER, NULL, true },
	{ "test_id", JSON_STRING, ID, false }, { "present", JSON_TRUE, NULL, false },
};

static bool matches(const char *s, const char *pattern)
{
	regex_t r;
	bool ok;

	if (regcomp(&r, pattern, REG_EXTENDED | REG_NOSUB))
		return false;
	ok = !regexec(&r, s, 0, NULL, 0);
	regfree(&r);
	return ok;
}

/* Null is never valid; JSON_TRUE is for any boolean, JSON_REAL for any number. */
static bool type_fits(const json_t *v, json_type type)
{
	if (type == JSON_TRUE)
		return json_is_boolean(v);
	if (type == JSON_REAL)
		return json_is_number(v);
	return json_typeof(v) == type;
}

static char *wrong_member(const char *key, const json_t *v, const struct member *m, size_t n)
{
	size_t i;

	for (i = 0; i < n && strcmp(m[i].name, key); i++)
		;
	if (i == n)
		return xprintf("\"%s\" is not in the schema", key);
	if (!type_fits(v, m[i].type))
		return xprintf("\"%s\" has the wrong type", key);
	if (!json_is_string(v))
		return NULL;
	if (strlen(json_string_value(v)) != json_string_length(v))
		return xprintf("\"%s\" contains a NUL", key);
	if (!matches(json_string_value(v), m[i].pattern))
		return xprintf("\"%s\" is \"%s\"", key, json_string_value(v));
	if (!strcmp(key, "log_excerpt") && json_string_length(v) > 16384)
		return xprintf("\"%s\" is too long", key);
	return NULL;
}

static char *wrong_object(const json_t *o, const struct member *m, size_t n)
{
	const char *key;
	char *wrong;
	json_t *v;
	size_t i;

	if (!json_is_object(o))
		return xstrdup("is not an object");
	json_object_foreach((json_t *)o, key, v) {
		wrong = wrong_member(key, v, m, n);
		if (wrong)
			return wrong;
	}
	for (i = 0; i < n; i++)
		if (m[i].required && !json_object_get(o, m[i].name))
			return xprintf("\"%s\" is missing", m[i].name);
	return NULL;
}

static char *wrong_test(const json_t *o)
{
	const json_t *number = json_object_get(o, "number");
	const json_t *environment = json_object_get(o, "environment");
	char *wrong = wrong_object(o, test_members, ARRAY_SIZE(test_members));

	if (!wrong && number)
		wrong = wrong_object(number, number_members, ARRAY_SIZE(number_members));
	if (!wrong && environment)
		wrong = wrong_object(environment, environment_members,
				     ARRAY_SIZE(environment_members));
	return wrong;
}

static char *wrong_element(const char *list, const json_t *o)
{
	if (!strcmp(list, "checkouts"))
		return wrong_object(o, checkout_members, ARRAY_SIZE(checkout_members));
	if (!strcmp(list, "builds"))
		return wrong_object(o, build_members, ARRAY_SIZE(build_members));
	if (!strcmp(list, "tests"))
		return wrong_test(o);
	if (!strcmp(list, "issues"))
		return wrong_object(o, issue_members, ARRAY_SIZE(issue_members));
	if (!strcmp(list, "incidents"))
		return wrong_object(o, incident_members, ARRAY_SIZE(incident_members));
	return xstrdup("is not a list of the schema");
}

/* An identifier is unique among objects of its type. */
static char *wrong_id(json_t *seen, const json_t *o)
{
	const char *id = json_string_value(json_object_get(o, "id"));

	if (json_object_get(seen, id))
		return xprintf("duplicate id %s", id);
	json_object_set_new(seen, id, json_true());
	return NULL;
}

static char *wrong_list(const char *list, const json_t *array)
{
	json_t *seen = json_object();
	char *wrong = NULL, *text;
	const json_t *o;
	size_t i;

	json_array_foreach(array, i, o) {
		wrong = wrong_element(list, o);
		wrong = wrong ? wrong : wrong_id(seen, o);
		if (wrong)
			break;
	}
	json_decref(seen);
	if (!wrong)
		return NULL;
	text = xprintf("%s[%zu]: %s", list, i, wrong);
	free(wrong);
	return text;
}

static char *wrong_kcidb(const json_t *root)
{
	const char *key;
	char *wrong = NULL;
	json_t *v;

	if (json_integer_value(json_object_get(json_object_get(root, "version"), "major")) != 5)
		return xstrdup("is not version 5");
	json_object_foreach((json_t *)root, key, v) {
		if (!strcmp(key, "version"))
			continue;
		wrong = json_is_array(v) ? wrong_list(key, v) : xprintf("%s is not a list", key);
		if (wrong)
			break;
	}
	return wrong;
}

/* --- a run with all kinds of results ------------------------------------- */

static struct run_item *add(struct run *r, const char *name, bool bench, enum status s,
			    const char *why)
{
	struct run_item *it = run_add_item(r, name);

	it->bench = bench;
	it->status = s;
	it->ran = 1;
	it->planned = 1;
	it->finished = true;
	it->duration_s = 0.25;
	free(it->reason);
	it->reason = xstrdup(why);
	strlist_add(&it->behaviours, "A1");
	return it;
}

static void add_figure(struct run *r, const char *name, const char *unit, double v)
{
	struct measurement *m = run_measurement(r, name, unit);
	size_t i;

	m->replicates = xcalloc(2, sizeof(v));
	m->replicates[0] = v;
	m->replicates[1] = v + 1;
	m->n_replicates = 2;
	for (i = 0; i < FIG_COUNT; i++)
		m->figures[i] = i == FIG_P90 ? NAN : v;
}

static void make(struct run *r)
{
	char *long_reason = xcalloc(20001, 1);

	memset(long_reason, 'x', 20000);
	/* The maximum length is within a character. */
	memcpy(long_reason + 16383, "\xc3\xa9", 2);
	memset(r, 0, sizeof(*r));
	r->meta = json_pack("{s:s, s:s, s:s, s:s, s:i, s:{s:s, s:s, s:s, s:s}, s:{s:s}}", "id",
			    "run-1", "started", "2026-01-02T03:04:05Z", "backend", "svm", "where",
			    "host", "seed", 7, "kernel", "release", "6.12.1+x", "version", "#1",
			    "machine", "x86_64", "config_hash", "ab", "cpu", "model", "M \"x\"");
	r->complete = true;
	r->planned = 9;
	add(r, "p.pass", false, ST_PASS, "");
	add(r, "p.skip", false, ST_SKIP, "needs | what is `not` here");
	add(r, "p.known", false, ST_XFAIL, "known issue: it is so (http://x/): really");
	add(r, "p.fail", false, ST_FAIL, "expected <1> & got \"2\"\n$(reboot)");
	add(r, "p.time", false, ST_TIMEOUT, long_reason);
	add(r, "p.error", false, ST_ERROR, "");
	add(r, "p.odd name..with; $(things)/\xc3\xa9.", false, ST_PASS, "");
	add(r, "exit.a", true, ST_PASS, "");
	add(r, "exit.b", true, ST_FAIL, "half-way");
	add_figure(r, "exit.a", "ns", 1500);
	add_figure(r, "exit.b", "cycles", 7);
	add_figure(r, "exit.a.memory", "bytes", 4096);
	add_figure(r, "exit.a.pages", "count", 3);
	free(long_reason);
}

static const char *text_at(const json_t *root, const char *list, size_t i, const char *key)
{
	const char *s = json_string_value(json_object_get(json_array_get(json_object_get(root, list),
									 i), key));

	return s ? s : "";
}

static const json_t *test_of(const json_t *root, const char *path)
{
	const json_t *o;
	size_t i;

	json_array_foreach(json_object_get(root, "tests"), i, o)
		if (!strcmp(text_at(root, "tests", i, "path"), path))
			return o;
	return NULL;
}

static bool status_is(const json_t *root, const char *path, const char *status)
{
	const char *s = json_string_value(json_object_get(test_of(root, path), "status"));

	return s && !strcmp(s, status);
}

/* --- the checks ---------------------------------------------------------- */

static void test_kcidb(struct run *r)
{
	struct export_options o = { .origin = "ci_1" };
	json_t *root = kcidb_json(r, &o);
	const json_t *number;
	char *wrong = wrong_kcidb(root);

	check_text(wrong ? wrong : xstrdup("valid"), "valid", "KCIDB: valid by the rules of the schema");
	check(status_is(root, "kvmem", "FAIL") && status_is(root, "kvmem.p.pass", "PASS") &&
	      status_is(root, "kvmem.p.skip", "SKIP") && status_is(root, "kvmem.p.known", "FAIL") &&
	      status_is(root, "kvmem.p.fail", "FAIL") && status_is(root, "kvmem.p.time", "ERROR") &&
	      status_is(root, "kvmem.p.error", "ERROR") && status_is(root, "kvmem.exit.a", "DONE") &&
	      status_is(root, "kvmem.exit.b", "FAIL") &&
	      status_is(root, "kvmem.exit.a.memory", "DONE"), "KCIDB: statuses");
	number = json_object_get(test_of(root, "kvmem.exit.a"), "number");
	check(near(json_number_value(json_object_get(number, "value")), 1.5e-6) &&
	      !strcmp(json_string_value(json_object_get(number, "unit")), "s"),
	      "KCIDB: nanoseconds are seconds with a metric prefix");
	number = json_object_get(test_of(root, "kvmem.exit.b.measured"), "number");
	check(near(json_number_value(json_object_get(number, "value")), 7),
	      "KCIDB: the measurement of a failed benchmark");
	check(!strcmp(text_at(root, "incidents", 0, "issue_id"), text_at(root, "issues", 0, "id")) &&
	      !strcmp(text_at(root, "incidents", 0, "test_id"), "ci_1:run-1:kvmem.p.known"),
	      "KCIDB: a known failure is an issue");
	check(!strcmp(text_at(root, "builds", 0, "id"), text_at(root, "tests", 0, "build_id")) &&
	      !strcmp(text_at(root, "builds", 0, "checkout_id"), text_at(root, "checkouts", 0, "id")),
	      "KCIDB: without --build-id, a build for the kernel");
	json_decref(root);
	o.build_id = "ci_1:build-9";
	root = kcidb_json(r, &o);
	check(!strcmp(text_at(root, "tests", 0, "build_id"), "ci_1:build-9") &&
	      !json_object_get(root, "builds") && !json_object_get(root, "checkouts"),
	      "KCIDB: tests of an existing build");
	json_decref(root);
}

/* The rules above detect errors: each of these breaks one. */
static void test_kcidb_rules(struct run *r)
{
	static const struct {
		const char *key, *value;
	} breaks[] = {
		{ "path", "a..b" }, { "path", "a b" }, { "status", "OK" }, { "origin", "A" },
		{ "id", "no_colon" }, { "extra", "x" }, { "start_time", "yesterday" },
		{ "comment", NULL }, { "number", "7" },
	};
	struct export_options o = { .origin = "ci" };
	json_t *root, *test;
	char *wrong;
	size_t i;
	bool all = true;

	for (i = 0; i < ARRAY_SIZE(breaks); i++) {
		root = kcidb_json(r, &o);
		test = json_array_get(json_object_get(root, "tests"), 0);
		json_object_set_new(test, breaks[i].key, breaks[i].value ?
				    json_string(breaks[i].value) : json_null());
		wrong = wrong_kcidb(root);
		all &= wrong != NULL;
		free(wrong);
		json_decref(root);
	}
	check(all, "KCIDB: the check of the rules detects errors");
}

static void test_incomplete(void)
{
	struct export_options o = { .origin = "ci" };
	struct run r;
	json_t *root;

	memset(&r, 0, sizeof(r));
	r.meta = json_pack("{s:s}", "id", "x");
	add(&r, "p.pass", false, ST_PASS, "");
	root = kcidb_json(&r, &o);
	check(status_is(root, "kvmem", "ERROR") && !wrong_kcidb(root),
	      "KCIDB: a run that was cut short is an error");
	json_decref(root);
	run_free(&r);
}

static char *lava_text(const struct run *r)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	lava_write(f, r);
	fclose(f);
	return text;
}

static void test_lava(struct run *r)
{
	check_text(lava_text(r),
		   "lava-test-case p.pass --result pass\n"
		   "lava-test-case p.skip --result skip\n"
		   "lava-test-case p.known --result skip\n"
		   "lava-test-case p.fail --result fail\n"
		   "lava-test-case p.time --result fail\n"
		   "lava-test-case p.error --result fail\n"
		   "lava-test-case p.odd_name..with____things____. --result pass\n"
		   "lava-test-case exit.a --result pass --measurement 1500 --units ns\n"
		   "lava-test-case exit.b --result fail --measurement 7 --units cycles\n"
		   "lava-test-case exit.a.memory --result pass --measurement 4096 --units bytes\n"
		   "lava-test-case exit.a.pages --result pass --measurement 3 --units count\n"
		   "lava-test-case kvmem --result fail\n",
		   "LAVA: results, numbers, and names that are safe in a shell");
}

static void test_github(struct run *r)
{
	char *text = NULL, *row;
	size_t len;
	FILE *f = xmemstream(&text, &len);
	json_t *list;

	github_write(f, r);
	fclose(f);
	check(strstr(text, "## kvmem: FAILED") && strstr(text, "needs \\| what is \\`not\\` here"),
	      "Markdown: the verdict, and escaped markup");
	row = strstr(text, "| p.fail |");
	check(row && !strncmp(row, "| p.fail | fail | expected \\<1\\> \\& got \"2\" $(reboot) |\n", 56),
	      "Markdown: a reason stays within its cell");
	check(!strstr(text, "p.pass"), "Markdown: passed tests are not listed");
	free(text);
	list = benchmark_json(r);
	check(json_array_size(list) == 4 &&
	      !strcmp(json_string_value(json_object_get(json_array_get(list, 0), "range")),
		      "1500 ... 1501"), "github-action-benchmark: all measurements");
	json_decref(list);
}

void test_export(void)
{
	struct run r;

	make(&r);
	test_kcidb(&r);
	test_kcidb_rules(&r);
	test_incomplete();
	test_lava(&r);
	test_github(&r);
	run_free(&r);
}
