// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"
#include "report/base/text.h"

static json_t *parse_as(const char *line, size_t len, size_t flags)
{
	return json_loadb(line, len, JSON_ALLOW_NUL | flags, NULL);
}

static json_t *parse(const char *line, size_t len)
{
	json_t *json = parse_as(line, len, 0);
	size_t fixed_len;
	char *fixed;

	if (json)
		return json;
	/* A number of 64 bits does not fit into jansson's integers ... */
	json = parse_as(line, len, JSON_DECODE_INT_AS_REAL);
	if (json)
		return json;
	/* ... and a serial console may have put stray bytes into the line. */
	fixed = text_repair(line, len, &fixed_len);
	json = parse_as(fixed, fixed_len, 0);
	free(fixed);
	return json;
}

/* Each take_ function: whether the event made sense. */

static bool take_plan(struct run *r, const json_t *plan)
{
	const json_t *entry;
	const char *name;
	struct item *it;
	size_t i;

	json_array_foreach(plan, i, entry) {
		name = json_text(entry, "name");
		if (!*name || run_find(r, name)) {
			r->bad_lines++;
			continue;
		}
		it = run_add_item(r, name);
		it->bench = !strcmp(json_text(entry, "kind"), "bench");
		it->planned = json_count(entry, "replicates", 1);
		it->planned = it->planned ? it->planned : 1;
		json_strings(&it->behaviours, json_object_get(entry, "behaviours"));
	}
	r->planned = r->n_items;
	return true;
}

static bool take_run(struct stream *s, struct event *e)
{
	const json_t *plan = json_object_get(e->json, "plan");
	struct run *r = s->run;

	if (!json_is_array(plan))
		return false;
	/* Every machine has the whole plan. */
	if (r->meta)
		return s->machines > 1;
	e->kind = EV_RUN;
	take_plan(r, plan);
	r->meta = json_copy(e->json);
	json_object_del(r->meta, "event");
	json_object_del(r->meta, "plan");
	if (s->where)
		json_object_set_new(r->meta, "where", json_string(s->where));
	if (s->id)
		json_object_set_new(r->meta, "id", json_string(s->id));
	return true;
}

static bool take_start(struct stream *s, struct event *e)
{
	if (!e->item)
		return false;
	e->kind = EV_START;
	e->item->running = true;
	tail_free(&e->item->current);
	s->current = e->item;
	return true;
}

static bool take_output(struct stream *s, struct event *e)
{
	json_t *text = json_object_get(e->json, "text");

	if (!e->item)
		e->item = s->current;
	if (!json_is_string(text) || !e->item)
		return false;
	e->kind = EV_OUTPUT;
	e->text = json_string_value(text);
	e->len = json_string_length(text);
	tail_add(&e->item->current, e->text, e->len);
	return true;
}

static bool take_klog(struct stream *s, struct event *e)
{
	json_t *text = json_object_get(e->json, "text");

	(void)s;
	if (!json_is_string(text))
		return false;
	e->kind = EV_KLOG;
	e->text = json_string_value(text);
	e->len = json_string_length(text);
	return true;
}

/* The name becomes one of a file: nothing that leads out of the folder. */
static bool take_file(struct stream *s, struct event *e)
{
	json_t *text = json_object_get(e->json, "text");

	(void)s;
	e->name = json_text(e->json, "name");
	if (!json_is_string(text) || !*e->name || *e->name == '.' ||
	    e->name[strspn(e->name, "abcdefghijklmnopqrstuvwxyz0123456789_.")])
		return false;
	e->kind = EV_FILE;
	e->text = json_string_value(text);
	e->len = json_string_length(text);
	return true;
}

static bool take_observation(struct stream *s, struct event *e)
{
	json_t *value = json_object_get(e->json, "value");
	const char *name = json_text(e->json, "name");

	if (!*name || !value)
		return false;
	e->kind = EV_RECORD;
	e->item = s->current;
	run_observe(s->run, s->current, name, json_text(e->json, "behaviour"), value);
	return true;
}

static void sample_parse(struct sample *s, const json_t *json)
{
	const json_t *list = json_object_get(json, "quantiles");
	size_t i;

	memset(s, 0, sizeof(*s));
	s->value = json_number_or_nan(json, "value");
	s->n = json_count(json, "n", 1);
	for (i = 0; i < FIG_COUNT; i++)
		s->figures[i] = json_number_or_nan(json, figure_names[i]);
	/* A single number is its own range; it has no tail to speak of. */
	for (i = 0; i < FIG_COUNT; i++)
		if (isnan(s->figures[i]) && (i == FIG_MIN || i == FIG_P50 || i == FIG_MAX))
			s->figures[i] = s->value;
	s->overhead = json_number_or_nan(json, "overhead");
	s->userspace = json_number_or_nan(json, "userspace");
	s->touched = json_number_or_nan(json, "touched");
	s->exits_per_op = json_number_or_nan(json, "exits_per_op");
	s->n_quantiles = json_numbers(&s->quantiles, list);
}

static bool take_measurement(struct stream *s, struct event *e)
{
	const char *name = json_text(e->json, "name"), *unit = json_text(e->json, "unit");
	const char *behaviour = json_text(e->json, "behaviour");
	const char *note = json_text(e->json, "note");
	struct measurement *m;
	struct sample sample;

	if (!*name || !*unit || !json_is_number(json_object_get(e->json, "value")))
		return false;
	e->kind = EV_RECORD;
	e->item = s->current;
	m = run_measurement(s->run, name, unit);
	m->exact = json_is_true(json_object_get(e->json, "exact"));
	if (*behaviour && !m->behaviour)
		m->behaviour = xstrdup(behaviour);
	if (*note)
		strlist_add_new(&m->notes, note);
	measurement_set_param(m, json_object_get(e->json, "param"));
	sample_parse(&sample, e->json);
	measurement_add(m, &sample);
	return true;
}

static bool take_end(struct stream *s, struct event *e)
{
	const char *status = json_text(e->json, "status");
	char *reason;

	if (!e->item)
		return false;
	e->kind = EV_END;
	e->status = status_parse(status);
	e->reason = json_text(e->json, "reason");
	e->duration_s = json_number_or_nan(e->json, "duration_s");
	if (isnan(e->duration_s))
		e->duration_s = 0;
	if (e->status != ST_COUNT) {
		run_end(s->run, e->item, e->status, e->reason, e->duration_s);
	} else {
		e->status = ST_ERROR;
		reason = xprintf("the runner told of an unknown status \"%s\": %s", status,
				 e->reason);
		run_end(s->run, e->item, ST_ERROR, reason, e->duration_s);
		free(reason);
		s->run->bad_lines++;
	}
	/* The runner gives up early on a benchmark that can't run. */
	if (json_is_true(json_object_get(e->json, "last")))
		e->item->finished = true;
	return true;
}

static bool take_done(struct stream *s, struct event *e)
{
	e->kind = EV_DONE;
	if (json_is_true(json_object_get(e->json, "complete")))
		s->run->complete = ++s->done >= s->machines;
	return true;
}

static const struct {
	const char *name;
	bool (*take)(struct stream *s, struct event *e);
	bool of_item;
} events[] = {
	{ "run", take_run, false },
	{ "start", take_start, true },
	{ "output", take_output, true },
	{ "observation", take_observation, false },
	{ "measurement", take_measurement, false },
	{ "end", take_end, true },
	{ "klog", take_klog, false },
	{ "file", take_file, false },
	{ "done", take_done, false },
};

/* What did not come in the plan is still not lost. */
static struct item *item_of(struct stream *s, const json_t *json)
{
	const char *name = json_text(json, "name");
	struct item *it;

	if (!*name)
		return NULL;
	if (s->current && !strcmp(s->current->name, name))
		return s->current;
	it = run_find(s->run, name);
	return it ? it : run_add_item(s->run, name);
}

static bool take_event(struct stream *s, struct event *e)
{
	const char *name = json_text(e->json, "event");
	size_t i;

	if (!*name)
		return false;
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (strcmp(events[i].name, name))
			continue;
		if (!s->run->meta && events[i].take != take_run)
			return false;
		if (events[i].of_item)
			e->item = item_of(s, e->json);
		e->replicate = json_count(e->json, "replicate", 0);
		return events[i].take(s, e);
	}
	return true;
}

void stream_line(struct stream *s, const char *line, size_t len, struct event *e)
{
	memset(e, 0, sizeof(*e));
	if (len && line[len - 1] == '\r')
		len--;
	if (!len)
		return;
	e->json = parse(line, len);
	if (!e->json || !take_event(s, e)) {
		e->kind = EV_NONE;
		s->run->bad_lines++;
	}
}

static bool begins(const char *line, size_t len, const char *with)
{
	return len >= strlen(with) && !memcmp(line, with, strlen(with));
}

struct item *stream_starts(const struct stream *s, const char *line, size_t len,
			   unsigned int *replicate)
{
	struct item *it;
	json_t *json;

	if (!begins(line, len, "{\"event\":\"start\","))
		return NULL;
	json = parse(line, len);
	it = run_find(s->run, json_text(json, "name"));
	*replicate = json_count(json, "replicate", 0);
	json_decref(json);
	return it;
}

bool stream_ends(const char *line, size_t len)
{
	return begins(line, len, "{\"event\":\"end\",");
}

void event_release(struct event *e)
{
	json_decref(e->json);
	memset(e, 0, sizeof(*e));
}
