// SPDX-License-Identifier: GPL-2.0-only
/* Which part answers at one page. */
#include "oracle/model_parts.h"

bool model_overlaps(unsigned int a, unsigned int na, unsigned int b, unsigned int nb)
{
	return a < b + nb && b < a + na;
}

static struct model_slot *slot_at(const struct model *m, unsigned int page)
{
	unsigned int s;

	for (s = 0; s < MODEL_SLOTS; s++) {
		const struct model_slot *sl = &m->slot[s];

		if (sl->used && page >= sl->base && page < sl->base + sl->pages)
			return (struct model_slot *)sl;
	}
	return NULL;
}

struct model_page model_page_at(const struct model *m, unsigned int page, bool write)
{
	struct model_page p = { .who = WHO_MMIO, .slot = slot_at(m, page) };
	struct model_slot *s = p.slot;
	bool private = m->private[page];
	bool open = s && s->gmem && m->file[s->file].open;

	if (private && !open) {
		p.who = WHO_FAULT;
		p.fault_flags = KVM_MEMORY_EXIT_FLAG_PRIVATE;
	} else if (s && s->gmem && (private || !m->vm.private)) {
		/* Private memory; in a default VM gmem slots use guest_memfd only. */
		p.who = open ? WHO_MEMORY : WHO_FAULT;
		p.back = (struct model_back *)&m->file[s->file];
		p.at = s->file_page + page - s->base;
		p.gmem = true;
	} else if (s && s->hole) {
		p.who = write && !m->vm.hole_drops ? WHO_MMIO : WHO_ONES;
	} else if (s && !(write && s->readonly)) {
		p.who = WHO_MEMORY;
		p.back = (struct model_back *)&m->buffer[s->buffer];
		p.at = s->buffer_page + (s->single ? 0 : page - s->base);
	}
	return p;
}
