// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/choose.h"

#include <string.h>

#include "util/random.h"
#include "util/util.h"

unsigned int choose_below(struct gen *g, unsigned int n)
{
	return (unsigned int)((random_next(&g->rng) >> 8) % n);
}

bool choose_one_in(struct gen *g, unsigned int n)
{
	return !choose_below(g, n);
}

unsigned int choose_near(struct gen *g, unsigned int at, unsigned int n)
{
	static const int by[] = { -2, -1, -1, 0, 0, 0, 1, 1, 2 };
	int v = (int)at + by[choose_below(g, ARRAY_SIZE(by))];

	return v < 0 ? 0 : (unsigned int)v < n ? (unsigned int)v : n - 1;
}

void choose_heat(struct gen *g, unsigned int page)
{
	if (page < MODEL_WINDOW)
		g->hot[g->nr_hot++ % HOT] = page;
}

unsigned int choose_pick_slot(struct gen *g, bool (*want)(const struct model_slot *s))
{
	unsigned int s = choose_below(g, MODEL_SLOTS), i;

	for (i = 0; i < MODEL_SLOTS; i++, s = (s + 1) % MODEL_SLOTS)
		if (g->m->slot[s].used && want(&g->m->slot[s]))
			return s;
	return s;
}

bool choose_is_any(const struct model_slot *s)
{
	return s->used;
}

bool choose_is_plain(const struct model_slot *s)
{
	return !s->gmem && !s->hole;
}

bool choose_is_gmem(const struct model_slot *s)
{
	return s->gmem;
}

bool choose_is_logged(const struct model_slot *s)
{
	return s->log;
}

/* --- pages --------------------------------------------------------------------- */

static unsigned int slot_page(struct gen *g)
{
	const struct model_slot *s = &g->m->slot[choose_pick_slot(g, choose_is_any)];

	switch (s->used ? choose_below(g, 5) : 4) {
	case 0:
		return choose_near(g, s->base, MODEL_WINDOW);
	case 1:
		return choose_near(g, s->base + s->pages - 1, MODEL_WINDOW);
	case 2:
		return s->base + choose_below(g, s->pages);
	case 3:
		/* A 2 MiB boundary inside the slot, else its middle. */
		if (s->base / MODEL_HUGE != (s->base + s->pages - 1) / MODEL_HUGE)
			return choose_near(g, (s->base / MODEL_HUGE + 1) * MODEL_HUGE, MODEL_WINDOW);
		return s->base + s->pages / 2;
	default:
		return choose_below(g, 24);
	}
}

unsigned int choose_any_page(struct gen *g)
{
	switch (choose_below(g, 12)) {
	case 0: case 1: case 2: case 3:
		return g->nr_hot ? g->hot[choose_below(g, g->nr_hot < HOT ? g->nr_hot : HOT)] : 0;
	case 4:
		return choose_near(g, choose_below(g, MODEL_REGIONS) * MODEL_HUGE, MODEL_WINDOW);
	case 5:
		return choose_one_in(g, 2) ? 0 : MODEL_WINDOW - 1;
	case 6:
		return choose_below(g, 24);
	default:
		return slot_page(g);
	}
}

unsigned int choose_length(struct gen *g, unsigned int room)
{
	static const unsigned int few[] = { 2, 3, 4, 7, 8, 9, 16, 17, 63, 64, 65 };
	static const unsigned int many[] = { MODEL_HUGE - 1, MODEL_HUGE, MODEL_HUGE + 1,
					     MODEL_HUGE + 16, 2 * MODEL_HUGE };
	unsigned int n;

	switch (choose_below(g, 6)) {
	case 0: case 1:
		n = 1;
		break;
	case 2:
		n = room;
		break;
	case 3:
		n = many[choose_below(g, ARRAY_SIZE(many))];
		break;
	default:
		n = few[choose_below(g, ARRAY_SIZE(few))];
	}
	return n < room ? n : room;
}
