// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/model_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void model_init(struct model *m, const struct model_vm *vm)
{
	unsigned int i;

	/* Other pages of the pool are cleared when they are allocated. */
	memset(m, 0, offsetof(struct model, pool) + MODEL_PAGE);
	m->vm = *vm;
	for (i = 0; i < MODEL_FILES; i++)
		m->file[i].open = vm->gmem;
	for (i = 0; vm->thp && i < MODEL_BACK / MODEL_HUGE; i++) {
		m->host_huge[i] = true;
		memset(m->buffer[MODEL_THP].present + i * MODEL_HUGE, MODEL_OWN, MODEL_HUGE);
	}
}

const uint8_t *model_bytes(const struct model *m, const struct model_back *b, unsigned int page)
{
	return m->pool[b->page[page]];
}

uint8_t *model_bytes_to_write(struct model *m, struct model_back *b, unsigned int page)
{
	if (!b->page[page]) {
		if (++m->pool_used == MODEL_POOL)
			abort();	/* MODEL_POOL is too small for the sequence */
		b->page[page] = (uint16_t)m->pool_used;
		memset(m->pool[m->pool_used], 0, MODEL_PAGE);
	}
	return m->pool[b->page[page]];
}

static void clear_pages(struct model_back *b, unsigned int first, unsigned int pages)
{
	memset(b->page + first, 0, pages * sizeof(b->page[0]));
	memset(b->present + first, MODEL_ABSENT, pages);
}

int model_punch(struct model *m, unsigned int file, unsigned int first, unsigned int pages)
{
	if (!m->file[file].open)
		return -EBADF;
	clear_pages(&m->file[file], first, pages);
	model_unmap_file(m, file, first, pages);
	return 0;
}

int model_close(struct model *m, unsigned int file)
{
	if (!m->file[file].open)
		return -EBADF;
	model_unmap_file(m, file, 0, MODEL_BACK);
	m->file[file].open = false;
	return 0;
}

int model_reopen(struct model *m, unsigned int file)
{
	unsigned int s;

	if (m->file[file].open || !m->vm.gmem)
		return MODEL_UNDEFINED;
	/* Slots of the closed file do not rebind to the new one. */
	for (s = 0; s < MODEL_SLOTS; s++)
		if (m->slot[s].used && m->slot[s].gmem && m->slot[s].file == file)
			return MODEL_UNDEFINED;
	clear_pages(&m->file[file], 0, MODEL_BACK);
	m->file[file].open = true;
	return 0;
}

int model_attributes(struct model *m, unsigned int first, unsigned int pages, bool private)
{
	unsigned int p;

	if (!m->vm.private)
		return private ? -EINVAL : 0;
	for (p = first; p < first + pages; p++) {
		if (m->private[p] != private)
			model_unmap(m, p, 1);
		else
			model_maybe_unmap(m, p);	/* KVM may zap unchanged pages */
		m->private[p] = private;
	}
	return 0;
}

/*
 * A page that was only read is the zero page.  The first write replaces it, and
 * the MMU notifier zaps all its mappings.
 */
void model_make_own(struct model *m, unsigned int buffer, unsigned int page)
{
	uint8_t *present = &m->buffer[buffer].present[page];

	if (*present == MODEL_ZERO)
		model_unmap_buffer(m, buffer, page, 1, true);
	*present = MODEL_OWN;
}

void model_drop(struct model *m, unsigned int buffer, unsigned int first, unsigned int pages)
{
	unsigned int r;

	for (r = 0; buffer == MODEL_THP && r < MODEL_BACK / MODEL_HUGE; r++) {
		if (!m->host_huge[r] || !model_overlaps(first, pages, r * MODEL_HUGE, MODEL_HUGE))
			continue;
		/* The host splits its huge page; KVM may zap the whole range. */
		m->host_huge[r] = false;
		model_unmap_buffer(m, buffer, r * MODEL_HUGE, MODEL_HUGE, false);
	}
	clear_pages(&m->buffer[buffer], first, pages);
	model_unmap_buffer(m, buffer, first, pages, true);
}

void model_host_write(struct model *m, unsigned int buffer, unsigned int offset, uint64_t value)
{
	unsigned int page = offset / MODEL_PAGE;

	model_make_own(m, buffer, page);
	memcpy(model_bytes_to_write(m, &m->buffer[buffer], page) + offset % MODEL_PAGE, &value,
	       sizeof(value));
}

int model_dirty(struct model *m, unsigned int slot, uint64_t must[MODEL_LOG],
		uint64_t may[MODEL_LOG])
{
	struct model_slot *s = &m->slot[slot];

	if (!s->used || !s->log)
		return -ENOENT;
	memcpy(must, s->must, sizeof(s->must));
	memcpy(may, s->may, sizeof(s->may));
	if (!m->vm.manual) {
		memset(s->must, 0, sizeof(s->must));
		memset(s->may, 0, sizeof(s->may));
	}
	return 0;
}

/*
 * With MODEL_INIT_SET, huge mappings are split when bits are cleared: all regions
 * from the first cleared bit of a word to the last.
 */
static void split_cleared(struct model *m, unsigned int base, uint64_t must, uint64_t may)
{
	unsigned int r;

	for (r = (base + (unsigned int)__builtin_ctzll(may)) / MODEL_HUGE;
	     r <= (base + 63 - (unsigned int)__builtin_clzll(may)) / MODEL_HUGE; r++)
		model_split(m, r, must && must == may);
}

int model_clear(struct model *m, unsigned int slot, unsigned int word, unsigned int words,
		uint64_t mask)
{
	struct model_slot *s = &m->slot[slot];
	unsigned int i;

	if (!s->used || !s->log)
		return -ENOENT;
	for (i = word; i < word + words && i < MODEL_LOG; i++) {
		if (m->vm.manual & MODEL_INIT_SET && m->vm.eager_split && s->may[i] & mask)
			split_cleared(m, s->base + i * 64, s->must[i] & mask, s->may[i] & mask);
		s->must[i] &= ~mask;
		s->may[i] &= ~mask;
	}
	return 0;
}
