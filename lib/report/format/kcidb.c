// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"
#include "report/base/text.h"
#include "report/format/export.h"

#define SUITE "kvmem"
#define EXCERPT_MAX 16384
#define ISSUE_VERSION 1

struct kcidb {
	const struct run *r;
	const struct export_options *o;
	char *build_id;
	json_t *tests, *issues, *incidents;
};

/* --- names --------------------------------------------------------------- */

/* The parts of a path must not be empty. */
static char *path_of(const char *name)
{
	char *clean = text_name(name), *path = xprintf("%s.%s", SUITE, clean), *p;

	for (p = path; *p; p++)
		if (*p == '.' && (!p[1] || p[1] == '.'))
			*p = '_';
	free(clean);
	return path;
}

static char *id_of(const struct kcidb *k, const char *path)
{
	return xprintf("%s:%s:%s", k->o->origin, run_string(k->r, "id"), path);
}

/* Strings must not contain NUL, and an excerpt has a maximum length. */
static json_t *text_of(const char *s)
{
	size_t n = strnlen(s, EXCERPT_MAX);
	json_t *t;

	/* Do not cut a UTF-8 character. */
	while (n && s[n] && ((unsigned char)s[n] & 0xc0) == 0x80)
		n--;
	t = json_stringn(s, n);
	return t ? t : json_string("");
}

/* Takes over @v.  The schema does not allow null: unknown values are left out. */
static void put(json_t *o, const char *key, json_t *v)
{
	json_object_set_new(o, key, v);
}

static void put_text(json_t *o, const char *key, const char *s)
{
	if (*s)
		put(o, key, text_of(s));
}

/* --- tests --------------------------------------------------------------- */

static json_t *environment(const struct run *r)
{
	static const char *const keys[] = { "backend", "where", "exact", "profile", "seed", "lab" };
	const char *model = json_text(json_object_get(r->meta, "cpu"), "model");
	json_t *misc = json_object(), *v;
	char *comment;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		v = json_object_get(r->meta, keys[i]);
		if (v && !json_is_null(v))
			json_object_set(misc, keys[i], v);
	}
	comment = xprintf("%s, KVM backend %s, %s", *model ? model : "unknown CPU",
			  run_string(r, "backend"), run_string(r, "where"));
	v = json_pack("{s:o, s:o}", "comment", text_of(comment), "misc", misc);
	free(comment);
	return v;
}

static json_t *new_test(struct kcidb *k, const char *path, const char *status)
{
	char *id = id_of(k, path);
	json_t *t = json_pack("{s:s, s:o, s:s, s:s, s:s, s:o}", "build_id", k->build_id,
			      "id", text_of(id), "origin", k->o->origin, "path", path,
			      "status", status, "environment", environment(k->r));

	free(id);
	json_array_append_new(k->tests, t);
	return t;
}

/* The schema requires units without a prefix. */
static json_t *number_of(const struct measurement *m)
{
	static const struct {
		const char *unit, *name, *prefix;
		double scale;
	} units[] = {
		{ "ns", "s", "metric", 1e-9 }, { "bytes", "B", "binary", 1 },
		{ "count", NULL, NULL, 1 }, { "ratio", NULL, NULL, 1 },
	};
	double v = m->figures[FIG_P50];
	size_t i;
	json_t *n;

	for (i = 0; i < ARRAY_SIZE(units); i++) {
		if (strcmp(units[i].unit, m->unit))
			continue;
		n = json_pack("{s:f}", "value", v * units[i].scale);
		if (units[i].name)
			put(n, "unit", json_string(units[i].name));
		if (units[i].prefix)
			put(n, "prefix", json_string(units[i].prefix));
		return n;
	}
	return json_pack("{s:f, s:o}", "value", v, "unit", text_of(m->unit));
}

static json_t *figure_misc(const struct measurement *m)
{
	json_t *misc = json_pack("{s:b, s:o}", "exact", m->exact, "replicates",
				 json_from_numbers(m->replicates, m->n_replicates));
	size_t i;

	for (i = 0; i < FIG_COUNT; i++)
		if (!isnan(m->figures[i]))
			put(misc, figure_names[i], json_from(m->figures[i]));
	return misc;
}

/* The issue and the incident of a known failure. */
static void add_known(struct kcidb *k, const struct run_item *it, const char *path)
{
	char *id = xprintf("%s:%s.known", k->o->origin, path), *test = id_of(k, path);
	char *incident = xprintf("%s:known", test);

	json_array_append_new(k->issues, json_pack(
		"{s:o, s:i, s:s, s:o, s:o, s:{s:b, s:b, s:b}}", "id", text_of(id),
		"version", ISSUE_VERSION, "origin", k->o->origin, "report_subject",
		text_of(it->reason), "comment", text_of(it->name), "culprit", "code", 1,
		"tool", 0, "harness", 0));
	json_array_append_new(k->incidents, json_pack(
		"{s:o, s:s, s:o, s:i, s:o, s:b}", "id", text_of(incident), "origin",
		k->o->origin, "issue_id", text_of(id), "issue_version", ISSUE_VERSION,
		"test_id", text_of(test), "present", 1));
	free(id);
	free(test);
	free(incident);
}

static void add_item(struct kcidb *k, const struct run_item *it)
{
	const struct measurement *m = it->bench ? run_measured(k->r, it->name) : NULL;
	const char *status = status_words[it->status].kcidb;
	char *path = path_of(it->name);
	json_t *t, *misc;

	/* A benchmark has no verdict. */
	if (it->bench && it->status == ST_PASS)
		status = "DONE";
	t = new_test(k, path, status);
	if (!isnan(it->duration_s))
		put(t, "duration", json_real(it->duration_s));
	put_text(t, "comment", it->name);
	if (it->status != ST_PASS)
		put_text(t, "log_excerpt", it->reason);
	misc = json_pack("{s:s, s:o}", "status", status_name(it->status), "behaviours",
			 json_from_strings(&it->behaviours));
	if (m && it->status == ST_PASS) {
		put(t, "number", number_of(m));
		json_object_update_new(misc, figure_misc(m));
	}
	put(t, "misc", misc);
	if (it->status == ST_XFAIL)
		add_known(k, it, path);
	free(path);
}

static void add_figure(struct kcidb *k, const struct measurement *m)
{
	const struct run_item *it = run_find(k->r, m->name);
	char *path;
	json_t *t;

	if (isnan(m->figures[FIG_P50]) || (it && it->bench && it->status == ST_PASS))
		return;
	/* The failed benchmark has this name already. */
	path = it ? xprintf("%s.%s.measured", SUITE, m->name) : path_of(m->name);
	t = new_test(k, path, "DONE");
	put_text(t, "comment", m->name);
	put(t, "number", number_of(m));
	put(t, "misc", figure_misc(m));
	free(path);
}

static void add_verdict(struct kcidb *k)
{
	const char *status = "PASS";
	double seconds = 0;
	char *comment;
	json_t *t;
	size_t i;

	if (run_verdict(k->r) == EXIT_FAILED)
		status = "FAIL";
	else if (!k->r->complete)
		status = "ERROR";
	else if (run_verdict(k->r) == EXIT_NOTHING)
		status = "SKIP";
	for (i = 0; i < k->r->n_items; i++)
		seconds += isnan(k->r->items[i]->duration_s) ? 0 : k->r->items[i]->duration_s;
	t = new_test(k, SUITE, status);
	put_text(t, "start_time", run_string(k->r, "started"));
	put(t, "duration", json_real(seconds));
	comment = k->r->complete ? xprintf("%zu tests and benchmarks", k->r->n_items) :
		  xprintf("cut short: %zu of %zu tests and benchmarks have a result", k->r->n_items,
			  k->r->planned);
	put_text(t, "comment", comment);
	free(comment);
}

/* --- the kernel ---------------------------------------------------------- */

/* Without --build-id, the build is described by the kernel that ran. */
static void add_kernel(struct kcidb *k, json_t *root)
{
	json_t *kernel = json_object_get(k->r->meta, "kernel");
	char *release = text_name(run_release(k->r));
	char *checkout = xprintf("%s:kernel:%s", k->o->origin, release), *about;
	json_t *build;

	about = xprintf("Linux %s %s", run_release(k->r), json_text(kernel, "version"));
	k->build_id = xprintf("%s:build:%s:%s", k->o->origin, release,
			      json_text(kernel, "config_hash"));
	build = json_pack("{s:o, s:o, s:s, s:o}", "checkout_id", text_of(checkout), "id",
			  text_of(k->build_id), "origin", k->o->origin, "comment", text_of(about));
	put_text(build, "architecture", json_text(kernel, "machine"));
	put(root, "checkouts", json_pack("[{s:o, s:s, s:o}]", "id", text_of(checkout), "origin",
					 k->o->origin, "comment", text_of(about)));
	put(root, "builds", json_pack("[o]", build));
	free(release);
	free(checkout);
	free(about);
}

json_t *kcidb_json(const struct run *r, const struct export_options *o)
{
	struct kcidb k = {
		.r = r, .o = o, .tests = json_array(), .issues = json_array(),
		.incidents = json_array(),
	};
	json_t *root = json_pack("{s:{s:i, s:i}}", "version", "major", 5, "minor", 3);
	size_t i;

	if (o->build_id)
		k.build_id = xstrdup(o->build_id);
	else
		add_kernel(&k, root);
	add_verdict(&k);
	for (i = 0; i < r->n_items; i++)
		if (run_ran(r->items[i]))
			add_item(&k, r->items[i]);
	for (i = 0; i < r->n_measurements; i++)
		add_figure(&k, r->measurements[i]);
	put(root, "tests", k.tests);
	put(root, "issues", k.issues);
	put(root, "incidents", k.incidents);
	free(k.build_id);
	return root;
}
