// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/model_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Whether the range overlaps a slot other than @self. */
static bool taken(const struct model *m, unsigned int self, unsigned int base, unsigned int pages)
{
	unsigned int s;

	for (s = 0; s < MODEL_SLOTS; s++)
		if (s != self && m->slot[s].used &&
		    model_overlaps(base, pages, m->slot[s].base, m->slot[s].pages))
			return true;
	return false;
}

static int check_binding(const struct model *m, const struct model_region *r)
{
	unsigned int o;

	if (!m->file[r->file].open)
		return -EBADF;
	if (r->file_page + r->pages > MODEL_BACK)
		return -EINVAL;
	for (o = 0; o < MODEL_SLOTS; o++)
		if (m->slot[o].used && m->slot[o].gmem && m->slot[o].file == r->file &&
		    model_overlaps(r->file_page, r->pages, m->slot[o].file_page, m->slot[o].pages))
			return -EEXIST;
	return 0;
}

static void log_begin(struct model *m, struct model_slot *s)
{
	unsigned int p;

	memset(s->must, 0, sizeof(s->must));
	for (p = 0; m->vm.manual & MODEL_INIT_SET && p < s->pages; p++)
		s->must[p / 64] |= 1ULL << p % 64;
	memcpy(s->may, s->must, sizeof(s->may));
}

static int create(struct model *m, const struct model_region *r)
{
	struct model_slot *s = &m->slot[r->slot];
	int error;

	if (taken(m, r->slot, r->base, r->pages))
		return -EEXIST;
	error = r->gmem ? check_binding(m, r) : 0;
	if (error)
		return error;
	*s = (struct model_slot){
		.used = true, .readonly = r->readonly, .log = r->log, .gmem = r->gmem,
		.hole = r->hole, .single = r->single,
		.base = r->base, .pages = r->pages, .buffer = r->buffer,
		.buffer_page = r->buffer_page, .file = r->file, .file_page = r->file_page,
	};
	if (s->log)
		log_begin(m, s);
	return 0;
}

static void zap_slot(struct model *m, const struct model_slot *s)
{
	if (m->vm.zap_all) {
		model_unmap(m, 0, MODEL_WINDOW);
		m->zaps++;
	} else {
		model_unmap(m, s->base, s->pages);
	}
}

/* The log works on 4 KiB pages: enabling it splits huge mappings, disabling recovers them. */
static void switch_log(struct model *m, struct model_slot *s)
{
	unsigned int r, p;
	bool any;

	for (r = s->base / MODEL_HUGE; r <= (s->base + s->pages - 1) / MODEL_HUGE; r++) {
		if (s->log && m->vm.eager_split && !(m->vm.manual & MODEL_INIT_SET))
			model_split(m, r, true);
		if (s->log || r * MODEL_HUGE < s->base || !model_becomes_huge(m, s, r * MODEL_HUGE))
			continue;
		/* KVM zaps the 4 KiB mappings, or replaces them by a huge one. */
		for (any = false, p = r * MODEL_HUGE; p < (r + 1) * MODEL_HUGE; p++)
			any |= m->mapped[p];
		model_set_mapped_pages(m, r, MODEL_UNMAPPED);
		if (any && m->mapped_huge[r] == MODEL_UNMAPPED)
			model_set_huge(m, r, MODEL_MAYBE);
	}
}

static int change(struct model *m, const struct model_region *r)
{
	struct model_slot *s = &m->slot[r->slot];

	if (r->gmem || s->gmem || r->hole != s->hole || r->single != s->single)
		return -EINVAL;
	if (r->pages != s->pages || r->readonly != s->readonly)
		return -EINVAL;
	if (!s->hole && (r->buffer != s->buffer || r->buffer_page != s->buffer_page))
		return -EINVAL;
	if (r->base != s->base) {
		if (taken(m, r->slot, r->base, r->pages))
			return -EEXIST;
		zap_slot(m, s);
		s->base = r->base;	/* the log moves with the slot */
	}
	if (r->log != s->log) {
		s->log = r->log;
		if (s->log)
			log_begin(m, s);
		if (!s->readonly)
			switch_log(m, s);
	}
	return 0;
}

int model_region(struct model *m, const struct model_region *r)
{
	struct model_slot *s = &m->slot[r->slot];

	if ((r->gmem && !m->vm.gmem) || (r->hole && !m->vm.hole) || (r->single && !m->vm.single))
		return -EINVAL;
	if (r->gmem && (r->readonly || r->log))
		return -EINVAL;
	if (r->hole && (r->readonly || r->log || r->gmem || r->single || !r->no_hva))
		return -EINVAL;
	if (r->single && r->gmem)
		return -EINVAL;
	if (r->pages && s->used)
		return change(m, r);
	if (r->pages)
		return create(m, r);
	if (!s->used)
		return -EINVAL;
	zap_slot(m, s);
	s->used = false;
	return 0;
}
