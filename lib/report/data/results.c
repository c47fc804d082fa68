// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/results.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/base/json.h"
#include "report/data/valid.h"

#define DUMP_FLAGS (JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(10))

static json_t *run_json(const struct run *r)
{
	json_t *o = r->meta ? json_copy(r->meta) : json_object();

	json_object_set_new(o, "complete", json_boolean(r->complete));
	json_object_set_new(o, "planned", json_integer((json_int_t)r->planned));
	if (r->left_out)
		json_object_set_new(o, "left_out", json_integer((json_int_t)r->left_out));
	if (r->bad_lines)
		json_object_set_new(o, "bad_lines", json_integer(r->bad_lines));
	return o;
}

static json_t *item_json(const struct run_item *it)
{
	json_t *o = json_pack("{s:s, s:s, s:s, s:s, s:o, s:o}",
			      "name", it->name,
			      "kind", it->bench ? "bench" : "test",
			      "status", status_name(it->status),
			      "reason", it->reason,
			      "behaviours", json_from_strings(&it->behaviours),
			      "duration_s", json_from(it->duration_s));

	if (it->bench) {
		json_object_set_new(o, "replicates", json_integer(it->ran));
		json_object_set_new(o, "replicates_planned", json_integer(it->planned));
	}
	if (it->unexpected_pass)
		json_object_set_new(o, "unexpected_pass", json_true());
	if (it->cut)
		json_object_set_new(o, "cut", json_true());
	return o;
}

static json_t *observation_json(const struct observation *ob)
{
	return json_pack("{s:s, s:s, s:s, s:O}", "name", ob->name, "behaviour", ob->behaviour,
			 "test", ob->item, "value", ob->value);
}

static json_t *measurement_json(struct measurement *m)
{
	json_t *o = json_pack("{s:s, s:s}", "name", m->name, "unit", m->unit);
	size_t i;

	measurement_aggregate(m);
	if (m->behaviour)
		json_object_set_new(o, "behaviour", json_string(m->behaviour));
	if (m->param)
		json_object_set_new(o, "param", json_pack("{s:o}", m->param,
							  json_from(m->param_value)));
	json_object_set_new(o, "exact", json_boolean(m->exact));
	json_object_set_new(o, "replicates", json_from_numbers(m->replicates, m->n_replicates));
	json_object_set_new(o, "n", json_integer((json_int_t)m->n));
	for (i = 0; i < FIG_COUNT; i++)
		json_object_set_new(o, figure_names[i], json_from(m->figures[i]));
	json_object_set_new(o, "exits_per_op", json_from(m->exits_per_op));
	json_object_set_new(o, "overhead", json_from(m->overhead));
	json_object_set_new(o, "userspace", json_from(m->userspace));
	json_object_set_new(o, "touched", json_from(m->touched));
	json_object_set_new(o, "notes", json_from_strings(&m->notes));
	if (m->n_quantiles)
		json_object_set_new(o, "quantiles",
				    json_from_numbers(m->quantiles, m->n_quantiles));
	return o;
}

/* Takes over @o. */
static void dump(FILE *f, json_t *o)
{
	json_dumpf(o, f, DUMP_FLAGS);
	json_decref(o);
}

/* The comma before every element but the first of an array. */
static void element(FILE *f, bool *first)
{
	fputs(*first ? "\n" : ",\n", f);
	*first = false;
}

char *results_text(struct run *r, size_t *len)
{
	char *text = NULL;
	FILE *f = xmemstream(&text, len);
	bool first = true;
	size_t i;

	run_update_unexpected(r);
	fprintf(f, "{\"schema\":\"%s\",\n\"run\":", RESULTS_SCHEMA);
	dump(f, run_json(r));
	fputs(",\n\"tests\":[", f);
	for (i = 0; i < r->n_items; i++) {
		if (!run_ran(r->items[i]))
			continue;
		element(f, &first);
		dump(f, item_json(r->items[i]));
	}
	fputs("],\n\"observations\":[", f);
	for (i = 0, first = true; i < r->n_observations; i++) {
		element(f, &first);
		dump(f, observation_json(&r->observations[i]));
	}
	fputs("],\n\"measurements\":[", f);
	for (i = 0, first = true; i < r->n_measurements; i++) {
		element(f, &first);
		dump(f, measurement_json(r->measurements[i]));
	}
	fputs("]}\n", f);
	xmemclose(f);
	return text;
}

static void load_item(struct run *r, const json_t *o)
{
	struct run_item *it = run_add_item(r, json_text(o, "name"));
	enum status status = status_parse(json_text(o, "status"));

	it->bench = !strcmp(json_text(o, "kind"), "bench");
	it->status = status == ST_COUNT ? ST_ERROR : status;
	free(it->reason);
	it->reason = xstrdup(json_text(o, "reason"));
	json_strings(&it->behaviours, json_object_get(o, "behaviours"));
	it->duration_s = json_number_or_nan(o, "duration_s");
	it->ran = json_count(o, "replicates", 1);
	it->planned = json_count(o, "replicates_planned", 1);
	it->unexpected_pass = json_is_true(json_object_get(o, "unexpected_pass"));
	it->cut = json_is_true(json_object_get(o, "cut"));
	it->finished = true;
}

static void load_observation(struct run *r, const json_t *o)
{
	const struct run_item *in = run_find(r, json_text(o, "test"));

	run_observe(r, in, json_text(o, "name"), json_text(o, "behaviour"),
		    json_object_get(o, "value"));
}

static void load_measurement(struct run *r, const json_t *o)
{
	struct measurement *m = run_measurement(r, json_text(o, "name"), json_text(o, "unit"));
	const char *behaviour = json_text(o, "behaviour");
	size_t i;

	if (m->replicates)
		return;
	m->behaviour = *behaviour ? xstrdup(behaviour) : NULL;
	m->exact = json_is_true(json_object_get(o, "exact"));
	m->n_replicates = json_numbers(&m->replicates, json_object_get(o, "replicates"));
	m->n = json_count(o, "n", 0);
	for (i = 0; i < FIG_COUNT; i++)
		m->figures[i] = json_number_or_nan(o, figure_names[i]);
	m->exits_per_op = json_number_or_nan(o, "exits_per_op");
	m->overhead = json_number_or_nan(o, "overhead");
	m->userspace = json_number_or_nan(o, "userspace");
	m->touched = json_number_or_nan(o, "touched");
	json_strings(&m->notes, json_object_get(o, "notes"));
	measurement_set_param(m, json_object_get(o, "param"));
	m->n_quantiles = json_numbers(&m->quantiles, json_object_get(o, "quantiles"));
}

static void load(struct run *r, const json_t *root)
{
	const json_t *v;
	size_t i;

	r->meta = json_copy(json_object_get(root, "run"));
	r->complete = json_is_true(json_object_get(r->meta, "complete"));
	r->planned = json_count(r->meta, "planned", 0);
	r->left_out = json_count(r->meta, "left_out", 0);
	r->bad_lines = json_count(r->meta, "bad_lines", 0);
	json_array_foreach(json_object_get(root, "tests"), i, v)
		load_item(r, v);
	json_array_foreach(json_object_get(root, "observations"), i, v)
		load_observation(r, v);
	json_array_foreach(json_object_get(root, "measurements"), i, v)
		load_measurement(r, v);
}

/* Larger than any run.  A file that is not regular may have no end. */
#define FILE_MAX (256L << 20)

/* Return: the text to free(), or NULL and in @wrong, to free(), why not. */
static char *read_file(const char *path, size_t *len, char **wrong)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *text = NULL;
	struct stat st;
	ssize_t n = 0;

	*wrong = NULL;
	*len = 0;
	if (fd < 0 || fstat(fd, &st)) {
		*wrong = xstrdup(strerror(errno));
	} else if (!S_ISREG(st.st_mode) || st.st_size > FILE_MAX) {
		*wrong = xstrdup(S_ISREG(st.st_mode) ? "it is too large" : "it is not a regular file");
	} else {
		text = xrealloc(NULL, (size_t)st.st_size + 1);
		while (*len < (size_t)st.st_size &&
		       (n = read(fd, text + *len, (size_t)st.st_size - *len)) > 0)
			*len += (size_t)n;
		if (n < 0)
			*wrong = xstrdup(strerror(errno));
	}
	if (fd >= 0)
		close(fd);
	if (*wrong) {
		free(text);
		text = NULL;
	}
	return text;
}

static json_t *parse(const char *text, size_t len, char **wrong)
{
	const size_t flags = JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES;
	json_error_t error;
	json_t *root = json_loadb(text, len, flags, &error);

	/* Unsigned 64-bit numbers overflow jansson's integers. */
	if (!root && json_error_code(&error) == json_error_numeric_overflow)
		root = json_loadb(text, len, flags | JSON_DECODE_INT_AS_REAL, &error);
	if (root)
		return root;
	if (!len)
		*wrong = xstrdup("it is empty");
	else if (json_error_code(&error) == json_error_premature_end_of_input)
		*wrong = xprintf("it is truncated in line %d", error.line);
	else
		*wrong = xprintf("it is not JSON: line %d, column %d: %s", error.line,
				 error.column, error.text);
	return NULL;
}

/* A run's folder, or its file itself. */
static char *file_of(const char *path)
{
	struct stat st;

	if (!stat(path, &st) && S_ISDIR(st.st_mode))
		return xprintf("%s/results.json", path);
	return xstrdup(path);
}

bool results_load(struct run *r, const char *path)
{
	char *file = file_of(path), *wrong, *text;
	json_t *root = NULL;
	size_t len;

	memset(r, 0, sizeof(*r));
	text = read_file(file, &len, &wrong);
	if (text)
		root = parse(text, len, &wrong);
	if (root)
		wrong = results_wrong(root);
	if (wrong)
		complain("%s can't be used: %s", file, wrong);
	else
		load(r, root);
	json_decref(root);
	free(text);
	free(file);
	if (!wrong)
		return true;
	free(wrong);
	return false;
}

bool results_load_whole(struct run *r, const char *path)
{
	if (!results_load(r, path))
		return false;
	if (r->complete)
		return true;
	complain("%s: the run was cut short (%zu of %zu have a result) and can't be compared",
		 path, r->n_items, r->planned);
	run_free(r);
	return false;
}
