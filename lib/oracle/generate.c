// SPDX-License-Identifier: GPL-2.0-only
/*
 * Generator of sequences for the random test.  It runs every step on a model and
 * prefers boundaries: pages used before, first and last pages of slots, bindings
 * and zones, 2 MiB boundaries, the first and last page of the window.  Nothing
 * depends on the host.
 */
#include <string.h>

#include "oracle/choose.h"
#include "util/util.h"

/* --- steps --------------------------------------------------------------------- */

static void make_flags(struct gen *g, struct step *st)
{
	if (g->m->vm.hole && choose_one_in(g, 3))
		st->v[3] = choose_one_in(g, 2) ? STEP_HOLE : STEP_SINGLE;
	else if (g->m->vm.gmem && !choose_one_in(g, 3))
		st->v[3] = STEP_GMEM;
	else
		st->v[3] = choose_one_in(g, 2) ? choose_below(g, 4) : 0;
	/* Any combination, also invalid ones. */
	if (choose_one_in(g, 24))
		st->v[3] = choose_below(g, g->m->vm.hole ? 32 : 8);
}

/* Backing pages: those of another slot, those after or before them, or random ones. */
static void make_back(struct gen *g, struct step *st)
{
	bool gmem = st->v[3] & STEP_GMEM;
	const struct model_slot *o = &g->m->slot[choose_pick_slot(g, gmem ? choose_is_gmem : choose_is_plain)];
	unsigned int pages = st->v[2], most = MODEL_BACK - pages, at;

	st->v[4] = o->used ? o->buffer : choose_below(g, 2);
	switch (choose_below(g, 8)) {
	case 0:
		at = choose_near(g, MODEL_HUGE, MODEL_BACK);
		break;
	case 1: case 2:
		/* The same pages are an alias; for guest_memfd that is refused. */
		at = gmem && !choose_one_in(g, 8) ? o->buffer_page + o->pages : o->buffer_page;
		break;
	case 3: case 4:
		at = o->buffer_page + o->pages;
		break;
	case 5:
		at = o->buffer_page > pages ? o->buffer_page - pages : 0;
		break;
	default:
		st->v[4] = choose_below(g, 2);
		at = choose_one_in(g, 2) ? 0 : choose_below(g, most + 1);
	}
	st->v[5] = at < most ? at : most;
	/* Beyond the end of the file: refused. */
	if (gmem && choose_one_in(g, 20) && most + 1 < MODEL_BACK)
		st->v[5] = most + 1;
	if (st->v[3] & STEP_HOLE && !choose_one_in(g, 12))
		st->v[5] = 0;
}

/* Base of a slot, likely free. */
static unsigned int slot_base(struct gen *g, unsigned int pages, unsigned int back_page)
{
	const struct model_slot *o = &g->m->slot[choose_pick_slot(g, choose_is_any)];
	unsigned int most = MODEL_WINDOW - pages, at;

	switch (choose_below(g, pages >= MODEL_HUGE ? 5 : 9)) {
	case 0: case 1: case 2: case 3:
		/* gfn and hva aligned alike, as 2 MiB mappings require. */
		at = choose_below(g, MODEL_REGIONS) * MODEL_HUGE + back_page % MODEL_HUGE;
		break;
	case 4:
		at = choose_one_in(g, 2) ? most : choose_below(g, MODEL_REGIONS) * MODEL_HUGE;
		break;
	case 5:
		at = o->base + o->pages;
		break;
	case 6:
		at = o->base > pages ? o->base - pages : 0;
		break;
	default:
		at = choose_near(g, choose_any_page(g), MODEL_WINDOW);
	}
	return at < most ? at : most;
}

static bool free_at(const struct gen *g, unsigned int self, unsigned int base, unsigned int pages)
{
	unsigned int i;

	for (i = 0; i < MODEL_SLOTS; i++) {
		const struct model_slot *s = &g->m->slot[i];

		if (i != self && s->used && base < s->base + s->pages && s->base < base + pages)
			return false;
	}
	return true;
}

static unsigned int free_base(struct gen *g, unsigned int self, unsigned int pages,
			      unsigned int back_page)
{
	unsigned int tries = choose_one_in(g, 8) ? 1 : 6, at;

	do {
		at = slot_base(g, pages, back_page);
	} while (--tries && !free_at(g, self, at, pages));
	return at;
}

/* Large enough for 2 MiB mappings, in the buffer of huge pages. */
static void make_huge_slot(struct gen *g, struct step *st)
{
	static const unsigned int pages[] = { MODEL_HUGE, MODEL_HUGE + 1, MODEL_HUGE + 9,
					      2 * MODEL_HUGE, MODEL_BACK };

	st->v[2] = pages[choose_below(g, ARRAY_SIZE(pages))];
	st->v[3] = g->m->vm.private && choose_one_in(g, 2) ? STEP_GMEM : choose_one_in(g, 3) ? choose_below(g, 4) : 0;
	st->v[4] = MODEL_THP;
	st->v[5] = choose_one_in(g, 3) ? choose_near(g, MODEL_HUGE, MODEL_BACK) : 0;
	if (st->v[5] > MODEL_BACK - st->v[2])
		st->v[5] = MODEL_BACK - st->v[2];
}

static void make_slot(struct gen *g, struct step *st)
{
	unsigned int s = choose_below(g, MODEL_SLOTS), i;

	/* Mostly a free slot. */
	for (i = 0; i < MODEL_SLOTS && g->m->slot[s].used && !choose_one_in(g, 24); i++)
		s = (s + 1) % MODEL_SLOTS;
	if (g->gone.v[2] && choose_one_in(g, 4)) {
		/* The deleted slot again, perhaps at another base. */
		*st = g->gone;
		st->v[0] = s;
		if (choose_one_in(g, 4))
			st->v[1] = free_base(g, s, st->v[2], st->v[5]);
		return;
	}
	st->v[0] = s;
	if (g->m->vm.thp && choose_one_in(g, 3)) {
		make_huge_slot(g, st);
	} else {
		make_flags(g, st);
		st->v[2] = choose_one_in(g, 6) ? choose_length(g, MODEL_BACK) : 1 + choose_below(g, 8);
		make_back(g, st);
	}
	st->v[1] = free_base(g, s, st->v[2], st->v[5]);
}

static void make_access(struct gen *g, struct step *st)
{
	static const unsigned int widths[] = { 1, 2, 4, 8, 8, 8, 16 };
	static const unsigned int at[] = { 0, 8, 0x7f8, 0xff0, 0xff8, 0xff9, 0xffc, 0xffe, 0xfff };
	unsigned int page = choose_any_page(g), offset, e;

	st->v[1] = widths[choose_below(g, st->kind == K_ADD ? 4 : 7)];
	offset = choose_one_in(g, 2) ? at[choose_below(g, ARRAY_SIZE(at))] : choose_below(g, 511) * 8;
	st->v[0] = page * MODEL_PAGE + offset;
	/* Start or end of a zone, or address of an ioeventfd. */
	e = choose_below(g, MODEL_EVENTS);
	if (choose_one_in(g, 4) && g->m->event[e].on) {
		st->v[0] = g->m->event[e].at + (choose_one_in(g, 6) ? 4 : 0);
		if (g->m->event[e].len && choose_one_in(g, 2))
			st->v[1] = g->m->event[e].len;
	}
	e = choose_below(g, MODEL_ZONES);
	if (choose_one_in(g, 6) && g->m->zone[e].on)
		st->v[0] = choose_one_in(g, 2) ? choose_near(g, g->m->zone[e].from, ~0U >> 1) :
			   g->m->zone[e].from + g->m->zone[e].bytes - choose_near(g, st->v[1], 16);
	if (st->v[0] > MODEL_WINDOW * MODEL_PAGE - st->v[1])
		st->v[0] = MODEL_WINDOW * MODEL_PAGE - st->v[1];
	st->v[2] = choose_below(g, 4);
	if (st->kind == K_LOAD)
		st->v[3] = choose_one_in(g, 8);
	else
		st->v[3] = choose_one_in(g, 2) ? choose_below(g, 3) : choose_below(g, 255);
	choose_heat(g, st->v[0] / MODEL_PAGE);
}

/* Another slot backed by the same buffer or file; @a when there is none. */
static const struct model_slot *partner(struct gen *g, const struct model_slot *a,
					bool (*want)(const struct model_slot *s))
{
	unsigned int s = choose_below(g, MODEL_SLOTS), i;

	for (i = 0; i < MODEL_SLOTS; i++, s = (s + 1) % MODEL_SLOTS) {
		const struct model_slot *b = &g->m->slot[s];

		if (b != a && b->used && want(b) && b->buffer == a->buffer)
			return b;
	}
	return a;
}

/*
 * A range of a buffer or file that starts in or just before the pages of one slot
 * and ends in or just after those of another.
 */
static void back_range(struct gen *g, struct step *st, bool (*want)(const struct model_slot *s))
{
	const struct model_slot *a = &g->m->slot[choose_pick_slot(g, want)], *b = partner(g, a, want);
	unsigned int from, to;

	if (b->buffer_page < a->buffer_page) {
		const struct model_slot *swap = a;

		a = b;
		b = swap;
	}
	from = choose_near(g, a->buffer_page, MODEL_BACK);
	to = choose_near(g, b->buffer_page + b->pages, MODEL_BACK + 1);
	if (choose_one_in(g, 3))
		from = choose_near(g, a->buffer_page + (a->pages ? choose_below(g, a->pages) : 0), MODEL_BACK);
	if (choose_one_in(g, 3))
		to = choose_near(g, b->buffer_page, MODEL_BACK) + 1;
	if (choose_one_in(g, 12))
		from = choose_one_in(g, 2) ? 0 : MODEL_HUGE;
	st->v[0] = choose_one_in(g, 8) ? choose_below(g, 2) : a->buffer;
	st->v[1] = from;
	st->v[2] = to > from && !choose_one_in(g, 3) ? to - from : choose_length(g, MODEL_BACK - from);
	choose_heat(g, a->base + (from > a->buffer_page ? from - a->buffer_page : 0));
	choose_heat(g, a->base + a->pages - 1);
	choose_heat(g, b->base);
	choose_heat(g, b->base + b->pages - 1);
}

/* Access many pages in one step to get many mappings. */
static void make_sweep(struct gen *g, struct step *st)
{
	const struct model_slot *s = &g->m->slot[choose_pick_slot(g, choose_is_any)];

	st->v[0] = choose_one_in(g, 4) ? choose_any_page(g) : s->base;
	if (s->used && s->pages > 32 && choose_one_in(g, 2))
		st->v[0] = s->base + choose_below(g, s->pages - 8);
	st->v[1] = s->used && s->pages <= 32 ? s->pages : 8 + choose_below(g, 25);
	if (st->v[0] + st->v[1] > MODEL_WINDOW)
		st->v[1] = MODEL_WINDOW - st->v[0];
	st->v[2] = choose_below(g, 4);
	st->v[3] = choose_one_in(g, 3);
}

static void make_attributes(struct gen *g, struct step *st)
{
	unsigned int page = choose_any_page(g);

	if (choose_one_in(g, 8))
		page -= page % MODEL_HUGE;
	st->v[0] = page;
	st->v[1] = choose_length(g, MODEL_WINDOW - page);
	st->v[2] = !choose_one_in(g, 3);
	choose_heat(g, page ? page - 1 : 0);
	choose_heat(g, page);
	choose_heat(g, page + st->v[1] - 1);
	choose_heat(g, page + st->v[1]);
}

static void make_zone(struct gen *g, struct step *st)
{
	static const unsigned int bytes[] = { 1, 4, 8, 16, 0x1000, 0x1000, 0x1004, 0x2000 };
	const struct model_zone *z = &g->m->zone[st->v[0] = choose_below(g, MODEL_ZONES)];

	st->v[1] = !z->on;
	st->v[2] = z->from;
	st->v[3] = z->bytes;
	if (z->on)
		return;
	st->v[3] = bytes[choose_below(g, ARRAY_SIZE(bytes))];
	st->v[2] = choose_any_page(g) * MODEL_PAGE + (choose_one_in(g, 2) ? 0 : choose_below(g, 512) * 8);
	if (st->v[2] + st->v[3] > MODEL_WINDOW * MODEL_PAGE)
		st->v[2] = MODEL_WINDOW * MODEL_PAGE - st->v[3];
	choose_heat(g, st->v[2] / MODEL_PAGE);
	choose_heat(g, (st->v[2] + st->v[3]) / MODEL_PAGE);
}

static void make_event(struct gen *g, struct step *st)
{
	static const unsigned int lens[] = { 0, 1, 2, 4, 4, 8 };
	const struct model_event *e = &g->m->event[st->v[0] = choose_below(g, MODEL_EVENTS)];
	const struct model_event *o = &g->m->event[choose_below(g, MODEL_EVENTS)];

	st->v[1] = !e->on;
	st->v[2] = e->at;
	st->v[3] = e->len;
	st->v[4] = e->match;
	if (!e->on) {
		st->v[2] = choose_any_page(g) * MODEL_PAGE + (choose_one_in(g, 2) ? 0 : choose_below(g, 512) * 8);
		if (o->on && choose_one_in(g, 2))
			st->v[2] = o->at;
		st->v[3] = lens[choose_below(g, ARRAY_SIZE(lens))];
		st->v[4] = st->v[3] && choose_one_in(g, 2);
	}
	/* Deassigning with datamatch needs the value that was assigned. */
	st->v[5] = choose_below(g, 3);
	choose_heat(g, st->v[2] / MODEL_PAGE);
}

static bool any(const struct model *m, bool (*want)(const struct model_slot *s))
{
	unsigned int i;

	for (i = 0; i < MODEL_SLOTS; i++)
		if (m->slot[i].used && want(&m->slot[i]))
			return true;
	return false;
}

/* Whether this VM supports a kind of step, and the step has an effect now. */
static bool sensible(struct gen *g, enum step_kind kind)
{
	const struct model *m = g->m;

	switch (kind) {
	case K_ATTRIBUTES:
		return m->vm.private;
	case K_CLEAR:
		return m->vm.manual && any(m, choose_is_logged);
	case K_DIRTY:
		return any(m, choose_is_logged) || choose_one_in(g, 12);
	case K_MOVE: case K_LOG: case K_DROP:
		return any(m, choose_is_plain);
	case K_PUNCH:
		return any(m, choose_is_gmem) || (m->vm.gmem && choose_one_in(g, 12));
	case K_NEW_FILE:
		return m->vm.gmem && !(m->file[0].open && m->file[1].open);
	case K_CLOSE:
		return m->vm.gmem;
	case K_DELETE: case K_SWEEP:
		return any(m, choose_is_any) || choose_one_in(g, 12);
	default:
		return true;
	}
}

static enum step_kind pick_kind(struct gen *g)
{
	static const uint8_t weights[K_COUNT] = {
		[K_SLOT] = 12, [K_DELETE] = 4, [K_MOVE] = 4, [K_LOG] = 5, [K_LOAD] = 18,
		[K_STORE] = 18, [K_ADD] = 4, [K_SWEEP] = 10, [K_HOST_WRITE] = 3, [K_DROP] = 6,
		[K_DIRTY] = 6, [K_CLEAR] = 5, [K_NEW_FILE] = 4, [K_CLOSE] = 1, [K_PUNCH] = 9,
		[K_ATTRIBUTES] = 10, [K_ZONE] = 3, [K_EVENT] = 5,
	};
	unsigned int kind, sum = 0, pick, slots = 0;

	for (kind = 0; kind < MODEL_SLOTS; kind++)
		slots += g->m->slot[kind].used;
	if (slots < 4 && choose_one_in(g, slots ? 8 : 2))
		return K_SLOT;
	for (kind = 0; kind < K_COUNT; kind++)
		sum += weights[kind];
	do {
		pick = choose_below(g, sum);
		for (kind = 0; pick >= weights[kind]; kind++)
			pick -= weights[kind];
	} while (!sensible(g, (enum step_kind)kind));
	return (enum step_kind)kind;
}

/* Remember a slot that is deleted, to create it again later. */
static void remember(struct gen *g, const struct model_slot *s)
{
	if (!s->used)
		return;
	g->gone = (struct step){
		.kind = K_SLOT,
		.v = { 0, s->base, s->pages, (s->readonly ? STEP_READONLY : 0) |
		       (s->log ? STEP_LOG : 0) | (s->gmem ? STEP_GMEM : 0) |
		       (s->hole ? STEP_HOLE : 0) | (s->single ? STEP_SINGLE : 0),
		       s->buffer, s->buffer_page },
	};
	choose_heat(g, s->base);
	choose_heat(g, s->base + s->pages - 1);
}

static void make_slot_step(struct gen *g, struct step *st)
{
	const struct model_slot *s;

	switch (st->kind) {
	case K_SLOT:
		make_slot(g, st);
		choose_heat(g, st->v[1]);
		choose_heat(g, st->v[1] + st->v[2] - 1);
		break;
	case K_DELETE:
		st->v[0] = choose_pick_slot(g, choose_is_any);
		remember(g, &g->m->slot[st->v[0]]);
		break;
	case K_MOVE:
		s = &g->m->slot[st->v[0] = choose_pick_slot(g, choose_is_plain)];
		st->v[1] = free_base(g, st->v[0], s->used ? s->pages : 1, s->buffer_page);
		choose_heat(g, s->base);
		choose_heat(g, st->v[1]);
		break;
	default:
		s = &g->m->slot[st->v[0] = choose_pick_slot(g, choose_is_plain)];
		st->v[1] = s->log ? choose_one_in(g, 8) : !choose_one_in(g, 8);
	}
}

static void make_step(struct gen *g, struct step *st)
{
	const struct model_slot *s;

	memset(st, 0, sizeof(*st));
	st->kind = pick_kind(g);
	switch (st->kind) {
	case K_SLOT: case K_DELETE: case K_MOVE: case K_LOG:
		make_slot_step(g, st);
		break;
	case K_LOAD: case K_STORE: case K_ADD:
		make_access(g, st);
		break;
	case K_SWEEP:
		make_sweep(g, st);
		break;
	case K_HOST_WRITE:
		s = &g->m->slot[choose_pick_slot(g, choose_is_plain)];
		st->v[0] = s->buffer;
		st->v[1] = choose_near(g, s->buffer_page, MODEL_BACK) * MODEL_PAGE + choose_below(g, 512) * 8;
		st->v[2] = 1 + choose_below(g, 1000);
		break;
	case K_DROP:
		back_range(g, st, choose_is_plain);
		break;
	case K_PUNCH:
		back_range(g, st, choose_is_gmem);
		break;
	case K_DIRTY:
	case K_CLEAR:
		s = &g->m->slot[st->v[0] = choose_pick_slot(g, choose_is_logged)];
		if (st->kind == K_DIRTY)
			break;
		st->v[1] = s->pages > 64 && choose_one_in(g, 2) ? choose_below(g, (s->pages + 63) / 64) : 0;
		st->v[2] = choose_one_in(g, 3) ? 1 : MODEL_LOG;
		st->v[3] = choose_one_in(g, 2) ? 0 : choose_below(g, 4);
		break;
	case K_NEW_FILE:
	case K_CLOSE:
		st->v[0] = choose_below(g, MODEL_FILES);
		break;
	case K_ATTRIBUTES:
		make_attributes(g, st);
		break;
	case K_ZONE:
		make_zone(g, st);
		break;
	default:
		make_event(g, st);
	}
}

static void make_world(struct gen *g, struct step *st)
{
	static const unsigned int manual[] = { 0, 0, 0, MODEL_MANUAL, MODEL_MANUAL | MODEL_INIT_SET };

	*st = (struct step){ .kind = K_WORLD };
	st->v[WORLD_VCPUS] = 1 + (choose_one_in(g, 2) ? 0 : choose_below(g, 4));
	st->v[WORLD_WHERE] = choose_one_in(g, 2) ? 0 : 1 + choose_below(g, 2);
	st->v[WORLD_THP] = choose_one_in(g, 2);
	st->v[WORLD_MANUAL] = manual[choose_below(g, 5)];
}

unsigned int steps_generate(struct model *m, bool gmem, bool private, bool proposed,
			    uint64_t seed, struct step *s)
{
	struct gen g = { .rng = seed * 0x9e3779b97f4a7c15ULL | 1, .m = m };
	struct model_vm vm = {
		.gmem = gmem, .private = private, .hole = proposed, .single = proposed,
	};
	unsigned int n = 20 + choose_below(&g, STEPS_MAX - 20), i;
	struct outcome o;

	make_world(&g, &s[0]);
	vm.manual = s[0].v[WORLD_MANUAL];
	vm.thp = s[0].v[WORLD_THP];
	model_init(m, &vm);
	for (i = 1; i < n;) {
		make_step(&g, &s[i]);
		if (!step_valid(&s[i]))
			continue;
		step_model(m, &s[i], &o);
		/* Drop steps without a specified outcome; replace them. */
		i += !o.skipped;
	}
	return n;
}
