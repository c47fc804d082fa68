// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/run.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"

static void item_free(struct run_item *it)
{
	free(it->name);
	free(it->reason);
	strlist_free(&it->behaviours);
	tail_free(&it->output);
	tail_free(&it->current);
	free(it);
}

void run_free(struct run *r)
{
	size_t i;

	json_decref(r->meta);
	for (i = 0; i < r->n_items; i++)
		item_free(r->items[i]);
	free(r->items);
	for (i = 0; i < r->n_observations; i++) {
		free(r->observations[i].name);
		free(r->observations[i].behaviour);
		free(r->observations[i].item);
		json_decref(r->observations[i].value);
	}
	free(r->observations);
	for (i = 0; i < r->n_measurements; i++)
		measurement_free(r->measurements[i]);
	free(r->measurements);
	memset(r, 0, sizeof(*r));
}

const char *run_string(const struct run *r, const char *key)
{
	const char *s = json_string_value(json_object_get(r->meta, key));

	return s ? s : "";
}

const char *run_release(const struct run *r)
{
	const char *s = json_string_value(json_object_get(json_object_get(r->meta, "kernel"),
							  "release"));

	return s ? s : "";
}

bool run_emulated(const struct run *r)
{
	const char *accel = json_text(json_object_get(r->meta, "lab"), "accel");

	return !strcmp(accel, "tcg") || !strcmp(accel, "bochs");
}

struct run_item *run_find(const struct run *r, const char *name)
{
	size_t i;

	for (i = 0; i < r->n_items; i++)
		if (!strcmp(r->items[i]->name, name))
			return r->items[i];
	return NULL;
}

struct run_item *run_add_item(struct run *r, const char *name)
{
	struct run_item *it = xcalloc(1, sizeof(*it));

	it->name = xstrdup(name);
	it->reason = xstrdup("");
	r->items = xrealloc(r->items, (r->n_items + 1) * sizeof(*r->items));
	r->items[r->n_items++] = it;
	return it;
}

static struct known_place place_of(const struct run *r)
{
	return (struct known_place){
		.release = run_release(r),
		.backend = run_string(r, "backend"),
	};
}

static void set_result(struct run_item *it, enum status status, char *reason)
{
	it->status = status;
	free(it->reason);
	it->reason = reason;
}

void run_end(struct run *r, struct run_item *it, enum status status, const char *reason,
	     double duration_s)
{
	struct known_place place = place_of(r);
	const struct known_issue *known = NULL;
	char *text;

	if (status == ST_FAIL)
		known = known_excuse(r->known, &place, it->name, reason);
	if (known) {
		status = ST_XFAIL;
		text = xprintf("known issue: %s (%s): %s", known->reason, known->link, reason);
	} else {
		text = xstrdup(reason);
	}
	if (!it->ran || status > it->status) {
		set_result(it, status, text);
		tail_free(&it->output);
		it->output = it->current;
	} else {
		free(text);
		tail_free(&it->current);
	}
	memset(&it->current, 0, sizeof(it->current));
	if (it->status == ST_PASS)
		tail_free(&it->output);
	it->running = false;
	it->ran++;
	it->duration_s += duration_s;
	it->finished |= it->ran >= it->planned;
}

static void finish_item(struct run *r, struct run_item *it)
{
	if (it->left_out)
		return;
	if (it->running && r->complete) {
		run_end(r, it, ST_ERROR, "the runner reported its start, but not its end", 0);
	} else if (it->running) {
		run_end(r, it, ST_ERROR, "the run was cut short while this ran", 0);
		it->cut = true;
	} else if (!it->ran && r->complete) {
		set_result(it, ST_ERROR, xstrdup("planned, but the runner did not run it"));
	} else if (!it->ran) {
		return;
	} else if (!it->finished && !r->complete && !status_is_bad(it->status)) {
		set_result(it, ST_ERROR,
			   xprintf("the run was cut short after %u of %u replicates", it->ran,
				   it->planned));
		it->cut = true;
	}
	it->finished = true;
}

void run_finish(struct run *r)
{
	size_t i;

	for (i = 0; i < r->n_items; i++)
		finish_item(r, r->items[i]);
}

void run_observe(struct run *r, const struct run_item *in, const char *name,
		 const char *behaviour, json_t *value)
{
	const char *item = in ? in->name : "";
	struct observation *o;
	size_t i;

	for (i = 0; i < r->n_observations; i++) {
		o = &r->observations[i];
		if (!strcmp(o->name, name) && !strcmp(o->behaviour, behaviour) &&
		    !strcmp(o->item, item) && json_equal(o->value, value))
			return;
	}
	r->observations = xrealloc(r->observations,
				   (r->n_observations + 1) * sizeof(*r->observations));
	o = &r->observations[r->n_observations++];
	o->name = xstrdup(name);
	o->behaviour = xstrdup(behaviour);
	o->item = xstrdup(item);
	o->value = json_incref(value);
}

struct measurement *run_measurement(struct run *r, const char *name, const char *unit)
{
	struct measurement *m;
	size_t i;

	for (i = 0; i < r->n_measurements; i++) {
		m = r->measurements[i];
		if (!strcmp(m->name, name) && !strcmp(m->unit, unit))
			return m;
	}
	m = xcalloc(1, sizeof(*m));
	m->name = xstrdup(name);
	m->unit = xstrdup(unit);
	r->measurements = xrealloc(r->measurements,
				   (r->n_measurements + 1) * sizeof(*r->measurements));
	r->measurements[r->n_measurements++] = m;
	return m;
}

struct measurement *run_measured(const struct run *r, const char *name)
{
	struct measurement *m;
	size_t i;

	for (i = 0; i < r->n_measurements; i++) {
		m = r->measurements[i];
		if (strcmp(m->name, name))
			continue;
		measurement_aggregate(m);
		if (!isnan(m->figures[FIG_P50]))
			return m;
	}
	return NULL;
}

void run_update_unexpected(struct run *r)
{
	struct known_place place = place_of(r);
	struct run_item *it;
	size_t i;

	for (i = 0; r->known && i < r->n_items; i++) {
		it = r->items[i];
		it->unexpected_pass = it->ran && it->status == ST_PASS &&
				      known_unexpected(r->known, &place, it->name);
	}
}

void run_counts(const struct run *r, size_t *counts)
{
	size_t i;

	memset(counts, 0, ST_COUNT * sizeof(*counts));
	for (i = 0; i < r->n_items; i++)
		if (run_ran(r->items[i]))
			counts[r->items[i]->status]++;
}

enum exit_code run_verdict(const struct run *r)
{
	bool passed = false;
	size_t i;

	for (i = 0; i < r->n_items; i++) {
		if (!run_ran(r->items[i]))
			continue;
		/* A test interrupted by the end of the run has no verdict. */
		if (status_is_bad(r->items[i]->status) && !r->items[i]->cut)
			return EXIT_FAILED;
		passed |= r->items[i]->status == ST_PASS || r->items[i]->status == ST_XFAIL;
	}
	if (!r->complete)
		return EXIT_BROKEN;
	return passed ? EXIT_PASSED : EXIT_NOTHING;
}

char *item_program(const struct run_item *it)
{
	return xprintf("%.*s", (int)strcspn(it->name, "."), it->name);
}

const char *item_rest(const struct run_item *it)
{
	const char *dot = strchr(it->name, '.');

	return dot && dot[1] ? dot + 1 : it->name;
}

char *item_log(const struct run_item *it)
{
	char *program = item_program(it), *p, *path;

	for (p = program; *p; p++)
		if (!isalnum((unsigned char)*p) && *p != '-' && *p != '_')
			*p = '_';
	path = xprintf("log/%s.log", *program ? program : "_");
	free(program);
	return path;
}
