// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/model_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool model_on_bus(const struct model *m, unsigned int from, unsigned int bytes,
		   const struct model_zone *zone, bool events)
{
	unsigned int i;

	for (i = 0; i < MODEL_ZONES; i++)
		if (m->zone[i].on && &m->zone[i] != zone &&
		    model_overlaps(from, bytes, m->zone[i].from, m->zone[i].bytes))
			return true;
	for (i = 0; events && i < MODEL_EVENTS; i++)
		if (m->event[i].on && model_overlaps(from, bytes, m->event[i].at, 8))
			return true;
	return false;
}

int model_zone(struct model *m, unsigned int zone, bool on, unsigned int from, unsigned int bytes)
{
	struct model_zone *z = &m->zone[zone];

	if (on == z->on || (on && model_on_bus(m, from, bytes, z, true)))
		return MODEL_UNDEFINED;
	if (!on && (from != z->from || bytes != z->bytes))
		return MODEL_UNDEFINED;
	*z = (struct model_zone){ on, from, bytes };
	return 0;
}

/* Whether two ioeventfds at one address match the same write. */
static bool collide(const struct model_event *a, const struct model_event *b)
{
	return !a->len || !b->len ||
	       (a->len == b->len && (!a->match || !b->match || a->value == b->value));
}

static int assign(struct model *m, struct model_event *slot, const struct model_event *e)
{
	unsigned int i;

	if (slot->on || model_on_bus(m, e->at, 8, NULL, false))
		return MODEL_UNDEFINED;
	for (i = 0; i < MODEL_EVENTS; i++) {
		const struct model_event *o = &m->event[i];

		if (o->on && o->at != e->at && model_overlaps(e->at, 8, o->at, 8))
			return MODEL_UNDEFINED;
		if (o->on && o->at == e->at && collide(o, e))
			return -EEXIST;
	}
	*slot = *e;
	return 0;
}

int model_event(struct model *m, unsigned int event, const struct model_event *e)
{
	struct model_event *slot = &m->event[event];

	if (e->on)
		return !e->len && e->match ? -EINVAL : assign(m, slot, e);
	if (!slot->on || slot->at != e->at || slot->len != e->len || slot->match != e->match ||
	    (slot->match && slot->value != e->value))
		return -ENOENT;
	slot->on = false;
	return 0;
}
