// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/stream.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/json.h"
#include "report/base/text.h"
#include "util/events.h"

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

/* The take_ functions return false for an event that makes no sense. */

static bool take_plan(struct run *r, const json_t *plan)
{
	const json_t *entry;
	const char *name;
	struct run_item *it;
	size_t i;

	json_array_foreach(plan, i, entry) {
		name = json_text(entry, FIELD_NAME);
		if (!*name || run_find(r, name)) {
			r->bad_lines++;
			continue;
		}
		it = run_add_item(r, name);
		it->bench = !strcmp(json_text(entry, FIELD_KIND), KIND_BENCH);
		it->planned = json_count(entry, FIELD_REPLICATES, 1);
		it->planned = it->planned ? it->planned : 1;
		json_strings(&it->behaviours, json_object_get(entry, FIELD_BEHAVIOURS));
	}
	r->planned = r->n_items;
	return true;
}

static bool take_run(struct stream *s, struct event *e)
{
	const json_t *plan = json_object_get(e->json, FIELD_PLAN);
	struct run *r = s->run;

	s->version = json_count(e->json, FIELD_STREAM, 0);
	if (s->version != EVENTS_VERSION) {
		e->kind = EV_FOREIGN;
		return true;
	}
	if (!json_is_array(plan))
		return false;
	/* Every machine sends the whole plan. */
	if (r->meta)
		return s->machines > 1;
	e->kind = EV_RUN;
	take_plan(r, plan);
	r->meta = json_copy(e->json);
	json_object_del(r->meta, FIELD_EVENT);
	json_object_del(r->meta, FIELD_STREAM);
	json_object_del(r->meta, FIELD_PLAN);
	if (s->where)
		json_object_set_new(r->meta, FIELD_WHERE, json_string(s->where));
	if (s->id)
		json_object_set_new(r->meta, FIELD_ID, json_string(s->id));
	return true;
}

static void set_left_out(struct run *r, struct run_item *it, bool left_out)
{
	if (it->left_out == left_out)
		return;
	it->left_out = left_out;
	r->left_out += left_out ? 1 : -1UL;
	r->planned -= left_out ? 1 : -1UL;
}

static bool take_omit(struct stream *s, struct event *e)
{
	if (!e->item || !e->item->planned || run_ran(e->item) || e->item->running)
		return false;
	e->kind = EV_OMIT;
	set_left_out(s->run, e->item, true);
	return true;
}

static bool take_start(struct stream *s, struct event *e)
{
	if (!e->item)
		return false;
	e->kind = EV_START;
	set_left_out(s->run, e->item, false);
	e->item->running = true;
	tail_free(&e->item->current);
	s->current = e->item;
	return true;
}

static bool take_output(struct stream *s, struct event *e)
{
	json_t *text = json_object_get(e->json, FIELD_TEXT);

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
	json_t *text = json_object_get(e->json, FIELD_TEXT);

	(void)s;
	if (!json_is_string(text))
		return false;
	e->kind = EV_KLOG;
	e->text = json_string_value(text);
	e->len = json_string_length(text);
	return true;
}

/* The name becomes a file name: no slashes. */
static bool take_file(struct stream *s, struct event *e)
{
	json_t *text = json_object_get(e->json, FIELD_TEXT);

	(void)s;
	e->name = json_text(e->json, FIELD_NAME);
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
	json_t *value = json_object_get(e->json, FIELD_VALUE);
	const char *name = json_text(e->json, FIELD_NAME);

	if (!*name || !value)
		return false;
	e->kind = EV_RECORD;
	e->item = s->current;
	run_observe(s->run, s->current, name, json_text(e->json, FIELD_BEHAVIOUR), value);
	return true;
}

static void sample_parse(struct sample *s, const json_t *json)
{
	static const char *const names[FIG_COUNT] = {
		[FIG_MIN] = FIELD_MIN, [FIG_P50] = FIELD_P50, [FIG_P90] = FIELD_P90,
		[FIG_P99] = FIELD_P99, [FIG_MAX] = FIELD_MAX,
	};
	const json_t *list = json_object_get(json, FIELD_QUANTILES);
	size_t i;

	memset(s, 0, sizeof(*s));
	s->value = json_number_or_nan(json, FIELD_VALUE);
	s->n = json_count(json, FIELD_N, 1);
	for (i = 0; i < FIG_COUNT; i++)
		s->figures[i] = json_number_or_nan(json, names[i]);
	/* A single number is its own range and has no tail. */
	for (i = 0; i < FIG_COUNT; i++)
		if (isnan(s->figures[i]) && (i == FIG_MIN || i == FIG_P50 || i == FIG_MAX))
			s->figures[i] = s->value;
	s->overhead = json_number_or_nan(json, FIELD_OVERHEAD);
	s->userspace = json_number_or_nan(json, FIELD_USERSPACE);
	s->touched = json_number_or_nan(json, FIELD_TOUCHED);
	s->exits_per_op = json_number_or_nan(json, FIELD_EXITS_PER_OP);
	s->n_quantiles = json_numbers(&s->quantiles, list);
}

static bool take_measurement(struct stream *s, struct event *e)
{
	const char *name = json_text(e->json, FIELD_NAME), *unit = json_text(e->json, FIELD_UNIT);
	const char *behaviour = json_text(e->json, FIELD_BEHAVIOUR);
	const char *note = json_text(e->json, FIELD_NOTE);
	struct measurement *m;
	struct sample sample;

	if (!*name || !*unit || !json_is_number(json_object_get(e->json, FIELD_VALUE)))
		return false;
	e->kind = EV_RECORD;
	e->item = s->current;
	m = run_measurement(s->run, name, unit);
	m->exact = json_is_true(json_object_get(e->json, FIELD_EXACT));
	if (*behaviour && !m->behaviour)
		m->behaviour = xstrdup(behaviour);
	if (*note)
		strlist_add_new(&m->notes, note);
	measurement_set_param(m, json_object_get(e->json, FIELD_PARAM));
	sample_parse(&sample, e->json);
	measurement_add(m, &sample);
	return true;
}

static bool take_end(struct stream *s, struct event *e)
{
	const char *status = json_text(e->json, FIELD_STATUS);
	char *reason;

	if (!e->item)
		return false;
	e->kind = EV_END;
	e->status = status_parse(status);
	e->reason = json_text(e->json, FIELD_REASON);
	e->duration_s = json_number_or_nan(e->json, FIELD_DURATION);
	if (isnan(e->duration_s))
		e->duration_s = 0;
	if (e->status != ST_COUNT) {
		run_end(s->run, e->item, e->status, e->reason, e->duration_s);
	} else {
		e->status = ST_ERROR;
		reason = xprintf("the runner reported an unknown status \"%s\": %s", status,
				 e->reason);
		run_end(s->run, e->item, ST_ERROR, reason, e->duration_s);
		free(reason);
		s->run->bad_lines++;
	}
	/* There are no further replicates of a benchmark that skips. */
	if (json_is_true(json_object_get(e->json, FIELD_LAST)))
		e->item->finished = true;
	return true;
}

static bool take_done(struct stream *s, struct event *e)
{
	e->kind = EV_DONE;
	if (json_is_true(json_object_get(e->json, FIELD_COMPLETE)))
		s->run->complete = ++s->done >= s->machines;
	return true;
}

static const struct {
	const char *name;
	bool (*take)(struct stream *s, struct event *e);
	bool of_item;
} events[] = {
	{ EVENT_RUN, take_run, false },
	{ EVENT_START, take_start, true },
	{ EVENT_OUTPUT, take_output, true },
	{ EVENT_OBSERVATION, take_observation, false },
	{ EVENT_MEASUREMENT, take_measurement, false },
	{ EVENT_END, take_end, true },
	{ EVENT_OMIT, take_omit, true },
	{ EVENT_KLOG, take_klog, false },
	{ EVENT_FILE, take_file, false },
	{ EVENT_DONE, take_done, false },
	/* For other readers. */
	{ EVENT_EXITS, NULL, false },
	{ EVENT_LAB, NULL, false },
};

/* An item that is missing in the plan is added. */
static struct run_item *item_of(struct stream *s, const json_t *json)
{
	const char *name = json_text(json, FIELD_NAME);
	struct run_item *it;

	if (!*name)
		return NULL;
	if (s->current && !strcmp(s->current->name, name))
		return s->current;
	it = run_find(s->run, name);
	return it ? it : run_add_item(s->run, name);
}

static bool take_event(struct stream *s, struct event *e)
{
	const char *name = json_text(e->json, FIELD_EVENT);
	size_t i;

	if (!*name)
		return false;
	for (i = 0; i < ARRAY_SIZE(events); i++) {
		if (strcmp(events[i].name, name))
			continue;
		if (!events[i].take)
			return true;
		if (!s->run->meta && events[i].take != take_run)
			return false;
		if (events[i].of_item)
			e->item = item_of(s, e->json);
		e->replicate = json_count(e->json, FIELD_REPLICATE, 0);
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

void stream_boundary(const struct stream *s, const char *line, size_t len, struct boundary *b)
{
	json_t *json = parse(line, len);
	const char *event = json_text(json, FIELD_EVENT);

	memset(b, 0, sizeof(*b));
	if (!strcmp(event, EVENT_START)) {
		b->start = run_find(s->run, json_text(json, FIELD_NAME));
		b->replicate = json_count(json, FIELD_REPLICATE, 0);
	}
	b->end = !strcmp(event, EVENT_END);
	json_decref(json);
}

void event_release(struct event *e)
{
	json_decref(e->json);
	memset(e, 0, sizeof(*e));
}
