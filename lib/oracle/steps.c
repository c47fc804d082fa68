// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/steps.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/util.h"

#define WINDOW_BYTES	(MODEL_WINDOW * MODEL_PAGE)
#define BACK_BYTES	(MODEL_BACK * MODEL_PAGE)

static const struct {
	const char *name;
	struct {
		const char *name;
		unsigned int min, max;
	} field[STEP_FIELDS];
} kinds[K_COUNT] = {
	[K_WORLD] = { "world", { { "vcpus", 1, 4 }, { "where", 0, 2 }, { "thp", 0, 1 },
				 { "manual", 0, MODEL_MANUAL | MODEL_INIT_SET } } },
	[K_SLOT] = { "slot", { { "slot", 0, MODEL_SLOTS - 1 }, { "base", 0, MODEL_WINDOW - 1 },
			       { "pages", 1, MODEL_BACK }, { "flags", 0, 31 },
			       { "back", 0, MODEL_BUFFERS - 1 }, { "back_page", 0, MODEL_BACK - 1 } } },
	[K_DELETE] = { "delete", { { "slot", 0, MODEL_SLOTS - 1 } } },
	[K_MOVE] = { "move", { { "slot", 0, MODEL_SLOTS - 1 }, { "base", 0, MODEL_WINDOW - 1 } } },
	[K_LOG] = { "log", { { "slot", 0, MODEL_SLOTS - 1 }, { "on", 0, 1 } } },
	[K_LOAD] = { "load", { { "offset", 0, WINDOW_BYTES - 1 }, { "width", 1, 16 },
			       { "vcpu", 0, 3 }, { "super", 0, 1 } } },
	[K_STORE] = { "store", { { "offset", 0, WINDOW_BYTES - 1 }, { "width", 1, 16 },
				 { "vcpu", 0, 3 }, { "value", 0, 255 } } },
	[K_ADD] = { "add", { { "offset", 0, WINDOW_BYTES - 1 }, { "width", 1, 8 },
			     { "vcpu", 0, 3 }, { "value", 0, 255 } } },
	[K_SWEEP] = { "sweep", { { "page", 0, MODEL_WINDOW - 1 }, { "pages", 1, STEP_SWEEP },
				 { "vcpu", 0, 3 }, { "write", 0, 1 } } },
	[K_HOST_WRITE] = { "host_write", { { "buffer", 0, MODEL_BUFFERS - 1 },
					   { "offset", 0, BACK_BYTES - 8 }, { "value", 0, 1000 } } },
	[K_DROP] = { "drop", { { "buffer", 0, MODEL_BUFFERS - 1 }, { "page", 0, MODEL_BACK - 1 },
			       { "pages", 1, MODEL_BACK } } },
	[K_DIRTY] = { "dirty", { { "slot", 0, MODEL_SLOTS - 1 } } },
	[K_CLEAR] = { "clear", { { "slot", 0, MODEL_SLOTS - 1 }, { "word", 0, MODEL_LOG - 1 },
				 { "words", 1, MODEL_LOG }, { "mask", 0, 3 } } },
	[K_NEW_FILE] = { "new_file", { { "file", 0, MODEL_FILES - 1 } } },
	[K_CLOSE] = { "close", { { "file", 0, MODEL_FILES - 1 } } },
	[K_PUNCH] = { "punch", { { "file", 0, MODEL_FILES - 1 }, { "page", 0, MODEL_BACK - 1 },
				 { "pages", 1, MODEL_BACK } } },
	[K_ATTRIBUTES] = { "attributes", { { "page", 0, MODEL_WINDOW - 1 },
					   { "pages", 1, MODEL_WINDOW }, { "private", 0, 1 } } },
	[K_ZONE] = { "zone", { { "zone", 0, MODEL_ZONES - 1 }, { "on", 0, 1 },
			       { "from", 0, WINDOW_BYTES - 1 }, { "bytes", 1, WINDOW_BYTES } } },
	[K_EVENT] = { "event", { { "event", 0, MODEL_EVENTS - 1 }, { "on", 0, 1 },
				 { "at", 0, WINDOW_BYTES - 8 }, { "len", 0, 8 }, { "match", 0, 1 },
				 { "value", 0, 255 } } },
};

/* --- fields of a step ---------------------------------------------------------- */

bool step_access(const struct step *s)
{
	return s->kind >= K_LOAD && s->kind <= K_SWEEP;
}

void step_data(const struct step *s, uint64_t data[2])
{
	data[0] = s->v[3] * 0x0101010101010101ULL + 0x0706050403020100ULL;
	data[1] = ~data[0];
}

void step_event(const struct step *s, struct model_event *e)
{
	const struct step store = { .kind = K_STORE, .v = { 0, 0, 0, s->v[5] } };
	uint64_t data[2];

	step_data(&store, data);
	*e = (struct model_event){
		.on = s->v[1], .at = s->v[2], .len = s->v[3], .match = s->v[4],
	};
	/* A store with the same value field matches. */
	if (e->match)
		e->value = e->len < 8 ? data[0] & ((1ULL << e->len * 8) - 1) : data[0];
}

void step_region(const struct model *m, const struct step *s, struct model_region *r)
{
	const struct model_slot *sl = &m->slot[s->v[0]];

	if (s->kind == K_DELETE) {
		*r = (struct model_region){ .slot = s->v[0] };
		return;
	}
	if (s->kind == K_SLOT) {
		unsigned int flags = s->v[3];

		*r = (struct model_region){
			.slot = s->v[0], .base = s->v[1], .pages = s->v[2],
			.readonly = flags & STEP_READONLY, .log = flags & STEP_LOG,
			.gmem = flags & STEP_GMEM, .hole = flags & STEP_HOLE,
			.single = flags & STEP_SINGLE, .buffer = s->v[4], .buffer_page = s->v[5],
			.file = s->v[4], .file_page = s->v[5],
			.no_hva = flags & STEP_HOLE && !s->v[5],
		};
		return;
	}
	/* Change one property, keep the others. */
	*r = (struct model_region){
		.slot = s->v[0], .base = sl->base, .pages = sl->pages, .readonly = sl->readonly,
		.log = sl->log, .hole = sl->hole, .single = sl->single, .no_hva = sl->hole,
		.buffer = sl->buffer, .buffer_page = sl->buffer_page,
	};
	if (s->kind == K_MOVE)
		r->base = s->v[1];
	else
		r->log = s->v[1];
}

bool step_valid(const struct step *s)
{
	const unsigned int *v = s->v;
	unsigned int i, width;

	if (s->kind >= K_COUNT)
		return false;
	for (i = 0; i < STEP_FIELDS; i++)
		if (v[i] < kinds[s->kind].field[i].min || v[i] > kinds[s->kind].field[i].max)
			return false;
	switch (s->kind) {
	case K_WORLD:
		return v[WORLD_MANUAL] != MODEL_INIT_SET;
	case K_SLOT:
		/* A binding beyond the end of the file is a valid step that KVM refuses. */
		return v[1] + v[2] <= MODEL_WINDOW &&
		       (v[3] & STEP_GMEM || v[5] + v[2] <= MODEL_BACK);
	case K_LOAD: case K_STORE: case K_ADD:
		width = v[1];
		return v[0] + width <= WINDOW_BYTES && !(width & (width - 1));
	case K_HOST_WRITE:
		return v[1] % 8 == 0;
	case K_DROP: case K_PUNCH:
		return v[1] + v[2] <= MODEL_BACK;
	case K_SWEEP: case K_ATTRIBUTES:
		return v[0] + v[1] <= MODEL_WINDOW;
	case K_ZONE:
		return v[2] + v[3] <= WINDOW_BYTES;
	case K_EVENT:
		return !(v[3] & (v[3] - 1));
	default:
		return true;
	}
}

/* --- on the model -------------------------------------------------------------- */

static void access_model(struct model *m, const struct step *s, struct outcome *o)
{
	unsigned int offset = s->v[0], width = s->v[1];
	uint64_t data[2];

	step_data(s, data);
	if (!model_defined(m, offset, width, s->kind != K_STORE, s->kind != K_LOAD))
		o->skipped = true;
	else if (s->kind == K_ADD)
		model_add(m, offset, width, data[0], STEP_ANSWER, &o->access);
	else
		model_access(m, offset, width, s->kind == K_STORE ? (uint8_t *)data : NULL,
			     STEP_ANSWER, &o->access);
}

/* Done only if no access of the sweep exits. */
static void sweep_model(struct model *m, const struct step *s, struct outcome *o)
{
	unsigned int p;
	uint64_t data[2];

	for (p = s->v[0]; p < s->v[0] + s->v[1]; p++)
		o->skipped |= !model_is_memory(m, p, s->v[3]);
	step_data(s, data);
	for (p = s->v[0]; p < s->v[0] + s->v[1] && !o->skipped; p++)
		model_access(m, (uint64_t)p * MODEL_PAGE + STEP_SWEEP_AT, 8,
			     s->v[3] ? (uint8_t *)data : NULL, STEP_ANSWER, &o->access);
}

static void region_model(struct model *m, const struct step *s, struct outcome *o)
{
	const struct model_slot *sl = &m->slot[s->v[0]];
	struct model_region r;

	step_region(m, s, &r);
	/* Move and log need an existing slot without guest_memfd. */
	if (s->kind == K_MOVE || s->kind == K_LOG)
		o->skipped = !sl->used || sl->gmem || r.base + r.pages > MODEL_WINDOW;
	/* Without guest_memfd support there is no ioctl for it. */
	else if (s->kind == K_SLOT)
		o->skipped = r.gmem && !m->vm.gmem;
	if (!o->skipped)
		o->ret = model_region(m, &r);
}

uint64_t step_mask(const struct step *s)
{
	static const uint64_t masks[] = { ~0ULL, 0x5555555555555555, 1, 1ULL << 63 };

	return masks[s->v[3]];
}

void step_model(struct model *m, const struct step *s, struct outcome *o)
{
	const unsigned int *v = s->v;
	struct model_event e;

	memset(o, 0, offsetof(struct outcome, must));
	switch (s->kind) {
	case K_LOAD: case K_STORE: case K_ADD:
		access_model(m, s, o);
		break;
	case K_SWEEP:
		sweep_model(m, s, o);
		break;
	case K_SLOT: case K_DELETE: case K_MOVE: case K_LOG:
		region_model(m, s, o);
		break;
	case K_HOST_WRITE:
		model_host_write(m, v[0], v[1], v[2] * 0x9e3779b97f4a7c15ULL);
		break;
	case K_DROP:
		model_drop(m, v[0], v[1], v[2]);
		break;
	case K_DIRTY:
		o->ret = model_dirty(m, v[0], o->must, o->may);
		break;
	case K_CLEAR:
		o->skipped = !m->vm.manual || v[1] * 64 >= m->slot[v[0]].pages;
		if (!o->skipped)
			o->ret = model_clear(m, v[0], v[1], v[2], step_mask(s));
		break;
	case K_NEW_FILE:
		o->ret = model_reopen(m, v[0]);
		break;
	case K_CLOSE:
		o->ret = model_close(m, v[0]);
		break;
	case K_PUNCH:
		o->ret = model_punch(m, v[0], v[1], v[2]);
		break;
	case K_ATTRIBUTES:
		o->skipped = !m->vm.private;
		if (!o->skipped)
			o->ret = model_attributes(m, v[0], v[1], v[2]);
		break;
	case K_ZONE:
		o->ret = model_zone(m, v[0], v[1], v[2], v[3]);
		break;
	case K_EVENT:
		step_event(s, &e);
		o->ret = model_event(m, v[0], &e);
		break;
	default:
		o->skipped = true;
	}
	/* A closed file has no descriptor to pass to the system call. */
	o->skipped |= o->ret == MODEL_UNDEFINED ||
		      (o->ret == -EBADF && s->kind != K_SLOT);
}

/* --- text format --------------------------------------------------------------- */

void step_print(const struct step *s, unsigned int i, char *line, size_t size)
{
	int n = snprintf(line, size, "step %3u: %-11s", i, kinds[s->kind].name);
	unsigned int k;

	for (k = 0; k < STEP_FIELDS && kinds[s->kind].field[k].name && (size_t)n < size; k++)
		n += snprintf(line + n, size - (size_t)n, " %s=%u", kinds[s->kind].field[k].name,
			      s->v[k]);
}

/* Parse "name=number" at *p and advance *p past it. */
static bool parse_field(const char **p, const char *name, unsigned int *value)
{
	size_t len = strlen(name);
	char *end;

	*p += strspn(*p, " ");
	if (strncmp(*p, name, len) || (*p)[len] != '=')
		return false;
	*value = (unsigned int)strtoul(*p + len + 1, &end, 0);
	if (end == *p + len + 1)
		return false;
	*p = end;
	return true;
}

bool step_parse(const char *line, struct step *s)
{
	const char *p = strstr(line, "step ");
	unsigned int k;
	char name[16];
	int used;

	memset(s, 0, sizeof(*s));
	p = p ? strchr(p, ':') : NULL;
	if (!p || sscanf(p + 1, "%15s%n", name, &used) != 1)
		return false;
	p += 1 + used;
	for (s->kind = 0; s->kind < K_COUNT && strcmp(kinds[s->kind].name, name); s->kind++)
		;
	if (s->kind == K_COUNT)
		return false;
	for (k = 0; k < STEP_FIELDS && kinds[s->kind].field[k].name; k++)
		if (!parse_field(&p, kinds[s->kind].field[k].name, &s->v[k]))
			return false;
	return step_valid(s);
}

/* --- shrinking ----------------------------------------------------------------- */

typedef bool (*fails_fn)(const struct step *s, unsigned int n, void *arg);

/* Remove chunks of decreasing size; the first step describes the VM and stays. */
static unsigned int leave_out(struct step *s, unsigned int n, fails_fn fails, void *arg)
{
	struct step try[STEPS_MAX];
	unsigned int chunk, at, left;

	for (chunk = n > 3 ? (n - 1) / 2 : 1; chunk; chunk /= 2) {
		for (at = 1; at + chunk <= n;) {
			left = n - chunk;
			memcpy(try, s, at * sizeof(*s));
			memcpy(try + at, s + at + chunk, (left - at) * sizeof(*s));
			if (!fails(try, left, arg)) {
				at += chunk;
				continue;
			}
			memcpy(s, try, left * sizeof(*s));
			n = left;
		}
	}
	return n;
}

/* Replace a field by a smaller value with which the sequence still fails. */
static bool less(struct step *s, unsigned int n, unsigned int i, unsigned int k, fails_fn fails,
		 void *arg)
{
	unsigned int min = kinds[s[i].kind].field[k].min, was = s[i].v[k], now = was;
	const unsigned int tries[] = { min, now & ~(MODEL_PAGE - 1U), now / 2, now - 1 };
	unsigned int t;

	for (t = 0; t < ARRAY_SIZE(tries); t++) {
		if (tries[t] >= now || tries[t] < min)
			continue;
		s[i].v[k] = tries[t];
		if (step_valid(&s[i]) && fails(s, n, arg))
			return true;
	}
	s[i].v[k] = was;
	return false;
}

static bool plainer(struct step *s, unsigned int n, fails_fn fails, void *arg)
{
	unsigned int i, k, rounds;
	bool any = false;

	for (i = 0; i < n; i++)
		for (k = 0; k < STEP_FIELDS && kinds[s[i].kind].field[k].name; k++)
			for (rounds = 0; rounds < 12 && less(s, n, i, k, fails, arg); rounds++)
				any = true;
	return any;
}

/* First or last page of the slot that a step creates or moves. */
static bool slot_page(const struct step *s, bool last, unsigned int *page)
{
	if (s->kind != K_SLOT && (s->kind != K_MOVE || last))
		return false;
	*page = s->v[1] + (last ? s->v[2] - 1 : 0);
	return true;
}

/* Redirect an access to a page of another slot, at the same offset in the page. */
static bool aim_elsewhere(struct step *s, unsigned int n, unsigned int access, fails_fn fails,
			  void *arg)
{
	unsigned int was = s[access].v[0], i, page;

	for (i = 0; i < 2 * n; i++) {
		if (!slot_page(&s[i / 2], i % 2, &page) || page == was / MODEL_PAGE)
			continue;
		s[access].v[0] = page * MODEL_PAGE + was % MODEL_PAGE;
		if (step_valid(&s[access]) && fails(s, n, arg))
			return true;
	}
	s[access].v[0] = was;
	return false;
}

/* Remove a step that is needed only because of the address of an access. */
static unsigned int leave_out_and_aim(struct step *s, unsigned int n, fails_fn fails, void *arg)
{
	struct step try[STEPS_MAX];
	unsigned int i, j;

	for (i = 1; i < n; i++) {
		memcpy(try, s, i * sizeof(*s));
		memcpy(try + i, s + i + 1, (n - i - 1) * sizeof(*s));
		for (j = 1; j < n - 1; j++) {
			if (try[j].kind < K_LOAD || try[j].kind > K_ADD ||
			    !aim_elsewhere(try, n - 1, j, fails, arg))
				continue;
			memcpy(s, try, (n - 1) * sizeof(*s));
			return n - 1;
		}
	}
	return n;
}

unsigned int steps_shrink(struct step *s, unsigned int n, fails_fn fails, void *arg)
{
	unsigned int before;

	do {
		before = n;
		n = leave_out(s, n, fails, arg);
		if (n == before && n < 12)
			n = leave_out_and_aim(s, n, fails, arg);
		if (n == before && plainer(s, n, fails, arg))
			n = leave_out(s, n, fails, arg);
	} while (n < before);
	return n;
}
