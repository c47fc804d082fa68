// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/model_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void count(unsigned int *least, unsigned int *most, enum model_mapped was,
		  enum model_mapped is)
{
	*least += (is == MODEL_MAPPED) - (was == MODEL_MAPPED);
	*most += (is != MODEL_UNMAPPED) - (was != MODEL_UNMAPPED);
}

static void set_page(struct model *m, unsigned int page, enum model_mapped is)
{
	count(&m->counts.least_4k, &m->counts.most_4k, m->mapped[page], is);
	m->mapped[page] = is;
}

void model_set_huge(struct model *m, unsigned int region, enum model_mapped is)
{
	count(&m->counts.least_2m, &m->counts.most_2m, m->mapped_huge[region], is);
	m->mapped_huge[region] = is;
}

enum model_mapped model_mapped_at(const struct model *m, unsigned int page)
{
	enum model_mapped a = m->mapped[page], b = m->mapped_huge[page / MODEL_HUGE];

	return a > b ? a : b;
}

/* Unmapping one page of a huge mapping drops the whole mapping. */
void model_unmap(struct model *m, unsigned int first, unsigned int pages)
{
	unsigned int p;

	if (!m->counts.most_4k && !m->counts.most_2m)
		return;
	for (p = first; p < first + pages; p++) {
		set_page(m, p, MODEL_UNMAPPED);
		model_set_huge(m, p / MODEL_HUGE, MODEL_UNMAPPED);
	}
}

void model_maybe_unmap(struct model *m, unsigned int page)
{
	unsigned int r = page / MODEL_HUGE;

	if (m->mapped[page] == MODEL_MAPPED)
		set_page(m, page, MODEL_MAYBE);
	if (m->mapped_huge[r] == MODEL_MAPPED)
		model_set_huge(m, r, MODEL_MAYBE);
}

void model_set_mapped_pages(struct model *m, unsigned int region, enum model_mapped is)
{
	unsigned int p;

	for (p = region * MODEL_HUGE; p < (region + 1) * MODEL_HUGE; p++)
		if (m->mapped[p])
			set_page(m, p, is);
}

void model_split(struct model *m, unsigned int region, bool sure)
{
	enum model_mapped was = m->mapped_huge[region], is;
	unsigned int p;

	if (!was)
		return;
	model_set_huge(m, region, sure ? MODEL_UNMAPPED : MODEL_MAYBE);
	is = sure ? was : MODEL_MAYBE;
	for (p = region * MODEL_HUGE; p < (region + 1) * MODEL_HUGE; p++)
		set_page(m, p, is > m->mapped[p] ? is : m->mapped[p]);
}

bool model_becomes_huge(const struct model *m, const struct model_slot *s, unsigned int page)
{
	unsigned int first = page - page % MODEL_HUGE, p;
	unsigned int at = s->buffer_page + first - s->base;

	if (s->log || s->hole || s->single || s->buffer != MODEL_THP)
		return false;
	if (first < s->base || first + MODEL_HUGE > s->base + s->pages)
		return false;
	if (at % MODEL_HUGE || at + MODEL_HUGE > MODEL_BACK || !m->host_huge[at / MODEL_HUGE])
		return false;
	for (p = first; m->vm.private && p < first + MODEL_HUGE; p++)
		if (m->private[p])
			return false;
	return true;
}

void model_map_page(struct model *m, unsigned int page, const struct model_page *p,
		    bool write, bool sure)
{
	enum model_mapped was = model_mapped_at(m, page), is = sure ? MODEL_MAPPED : MODEL_MAYBE;
	unsigned int r = page / MODEL_HUGE;

	if (write && p->slot->log && m->mapped_huge[r]) {
		/* Split into 512 pages or only this one, if it is write-protected for the log. */
		model_split(m, r, false);
		return;
	}
	if (was == MODEL_MAPPED)
		return;
	if (m->mapped_huge[r] == MODEL_MAYBE)
		is = MODEL_MAYBE;
	m->touched[page] &= !sure;	/* replaces the cached MMIO entry */
	if (p->gmem || !model_becomes_huge(m, p->slot, page)) {
		set_page(m, page, is);
		return;
	}
	if (m->vm.huge_at_will) {
		set_page(m, page, MODEL_MAYBE);
		is = MODEL_MAYBE;
	}
	/* The huge mapping replaces the 4 KiB mappings of the region. */
	if (was == MODEL_UNMAPPED && is == MODEL_MAPPED) {
		model_set_mapped_pages(m, r, MODEL_UNMAPPED);
		model_set_huge(m, r, MODEL_MAPPED);
	} else {
		model_set_mapped_pages(m, r, MODEL_MAYBE);
		model_set_huge(m, r, MODEL_MAYBE);
	}
}

/*
 * Range [*from, *to) of the window where slot @s maps pages [first, first + pages)
 * of its buffer or file; the slot starts at page @begin of the buffer or file.
 */
static void shown(const struct model_slot *s, unsigned int begin, unsigned int first,
		  unsigned int pages, unsigned int *from, unsigned int *to)
{
	unsigned int end = first + pages;

	if (s->single) {
		*from = s->base;
		*to = begin >= first && begin < end ? s->base + s->pages : s->base;
		return;
	}
	first = first > begin ? first - begin : 0;
	end = end > begin ? end - begin : 0;
	*from = s->base + (first < s->pages ? first : s->pages);
	*to = s->base + (end < s->pages ? end : s->pages);
}

void model_unmap_buffer(struct model *m, unsigned int buffer, unsigned int first,
			 unsigned int pages, bool sure)
{
	unsigned int s, p, from, to;

	for (s = 0; s < MODEL_SLOTS; s++) {
		const struct model_slot *sl = &m->slot[s];

		if (!sl->used || sl->hole || sl->buffer != buffer)
			continue;
		shown(sl, sl->buffer_page, first, pages, &from, &to);
		for (p = from; p < to; p++) {
			if (!model_mapped_at(m, p))
				continue;
			/* The MMU notifier may or may not zap gfns that guest_memfd backs. */
			if (sure && !model_page_at(m, p, false).gmem)
				model_unmap(m, p, 1);
			else
				model_maybe_unmap(m, p);
		}
	}
}

void model_unmap_file(struct model *m, unsigned int file, unsigned int first, unsigned int pages)
{
	unsigned int s, p, from, to;

	for (s = 0; s < MODEL_SLOTS; s++) {
		const struct model_slot *sl = &m->slot[s];

		if (!sl->used || !sl->gmem || sl->file != file)
			continue;
		shown(sl, sl->file_page, first, pages, &from, &to);
		for (p = from; p < to; p++) {
			/* Shared pages map the buffer, not the file. */
			if (m->vm.private && !m->private[p])
				model_maybe_unmap(m, p);
			else
				model_unmap(m, p, 1);
		}
	}
}

bool model_settle(struct model *m, unsigned int pages_4k, unsigned int pages_2m)
{
	const struct model_counts *c = &m->counts;
	enum model_mapped is;
	unsigned int i;

	if (pages_4k < c->least_4k || pages_4k > c->most_4k || pages_2m < c->least_2m ||
	    pages_2m > c->most_2m)
		return false;
	if (c->least_2m != c->most_2m && (pages_2m == c->least_2m || pages_2m == c->most_2m)) {
		is = pages_2m == c->most_2m ? MODEL_MAPPED : MODEL_UNMAPPED;
		for (i = 0; i < MODEL_REGIONS; i++) {
			if (m->mapped_huge[i] != MODEL_MAYBE)
				continue;
			model_set_huge(m, i, is);
			if (is == MODEL_MAPPED)
				model_set_mapped_pages(m, i, MODEL_UNMAPPED);
		}
	}
	if (c->least_4k != c->most_4k && (pages_4k == c->least_4k || pages_4k == c->most_4k)) {
		is = pages_4k == c->most_4k ? MODEL_MAPPED : MODEL_UNMAPPED;
		for (i = 0; i < MODEL_WINDOW; i++)
			if (m->mapped[i] == MODEL_MAYBE)
				set_page(m, i, is);
	}
	return pages_4k >= c->least_4k && pages_4k <= c->most_4k;
}
