// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"

#include <errno.h>
#include <string.h>

/* Who answers at one page. */
enum who { WHO_MEMORY, WHO_MMIO, WHO_FAULT };

struct page {
	enum who who;
	struct model_slot *slot;	/* NULL: none */
	uint8_t *bytes;			/* WHO_MEMORY */
	bool gmem;			/* the bytes are a file's */
	uint64_t fault_flags;		/* WHO_FAULT */
};

void model_init(struct model *m, bool has_gmem, bool private_vm)
{
	unsigned int f;

	memset(m, 0, sizeof(*m));
	m->has_gmem = has_gmem;
	m->private_vm = private_vm;
	for (f = 0; f < MODEL_FILES; f++)
		m->file[f].open = has_gmem;
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

/* The one place that says who answers (DESIGN.md, idea 1). */
static struct page page_at(const struct model *m, unsigned int page, bool write)
{
	struct page p = { .who = WHO_MMIO, .slot = slot_at(m, page) };
	struct model_slot *s = p.slot;
	bool private = m->private_vm && m->private[page];
	unsigned int at = s ? page - s->base : 0;

	if (private && !(s && s->gmem && m->file[s->file].open)) {
		p.who = WHO_FAULT;
		p.fault_flags = KVM_MEMORY_EXIT_FLAG_PRIVATE;
	} else if (s && s->gmem && (private || !m->private_vm)) {
		/* Private memory, or a default VM, whose gmem slots have nothing else. */
		p.who = m->file[s->file].open ? WHO_MEMORY : WHO_FAULT;
		p.bytes = (uint8_t *)m->file[s->file].data[s->file_page + at];
		p.gmem = true;
	} else if (s && !(write && s->readonly)) {
		p.who = WHO_MEMORY;
		p.bytes = (uint8_t *)m->buffer[s->buffer][s->buffer_page + at];
	}
	return p;
}

/* --- slots ------------------------------------------------------------------- */

static void unmap(struct model *m, unsigned int first, unsigned int pages)
{
	unsigned int p;

	for (p = first; p < first + pages && p < MODEL_WINDOW; p++)
		m->mapped[p] = MODEL_UNMAPPED;
}

static bool overlaps(unsigned int a, unsigned int na, unsigned int b, unsigned int nb)
{
	return a < b + nb && b < a + na;
}

/* Whether another slot than @self has any of the range. */
static bool taken(const struct model *m, unsigned int self, unsigned int base, unsigned int pages)
{
	unsigned int s;

	for (s = 0; s < MODEL_SLOTS; s++)
		if (s != self && m->slot[s].used &&
		    overlaps(base, pages, m->slot[s].base, m->slot[s].pages))
			return true;
	return false;
}

static int create(struct model *m, const struct model_region *r)
{
	struct model_slot *s = &m->slot[r->slot];
	unsigned int o;

	if (taken(m, r->slot, r->base, r->pages))
		return -EEXIST;
	if (r->gmem) {
		if (!m->file[r->file].open)
			return -EBADF;
		if (r->file_page + r->pages > MODEL_BACK)
			return -EINVAL;
		for (o = 0; o < MODEL_SLOTS; o++)
			if (m->slot[o].used && m->slot[o].gmem && m->slot[o].file == r->file &&
			    overlaps(r->file_page, r->pages, m->slot[o].file_page, m->slot[o].pages))
				return -EEXIST;
	}
	*s = (struct model_slot){
		.used = true, .readonly = r->readonly, .log = r->log, .gmem = r->gmem,
		.base = r->base, .pages = r->pages, .buffer = r->buffer,
		.buffer_page = r->buffer_page, .file = r->file, .file_page = r->file_page,
	};
	return 0;
}

static void zap_slot(struct model *m, const struct model_slot *s)
{
	if (m->zap_all) {
		unmap(m, 0, MODEL_WINDOW);
		m->zaps++;
	} else {
		unmap(m, s->base, s->pages);
	}
}

static int change(struct model *m, const struct model_region *r)
{
	struct model_slot *s = &m->slot[r->slot];

	if (r->gmem || s->gmem)
		return -EINVAL;
	if (r->pages != s->pages || r->readonly != s->readonly || r->buffer != s->buffer ||
	    r->buffer_page != s->buffer_page)
		return -EINVAL;
	if (r->base != s->base) {
		if (taken(m, r->slot, r->base, r->pages))
			return -EEXIST;
		zap_slot(m, s);
		s->base = r->base;	/* the log moves with the slot */
	}
	if (r->log != s->log) {
		s->log = r->log;
		s->must_dirty = s->may_dirty = 0;
	}
	return 0;
}

int model_region(struct model *m, const struct model_region *r)
{
	struct model_slot *s = &m->slot[r->slot];

	if (r->gmem && !m->has_gmem)
		return -EINVAL;
	if (r->gmem && (r->readonly || r->log))
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

/* --- files, attributes, host memory -------------------------------------------- */

/* Unmap what slots bound to [first, first + pages) of a file show of it. */
static void unmap_file(struct model *m, unsigned int file, unsigned int first, unsigned int pages)
{
	unsigned int s, p;

	for (s = 0; s < MODEL_SLOTS; s++) {
		const struct model_slot *sl = &m->slot[s];

		if (!sl->used || !sl->gmem || sl->file != file)
			continue;
		for (p = 0; p < sl->pages; p++) {
			unsigned int at = sl->file_page + p, gfn = sl->base + p;

			if (at < first || at >= first + pages)
				continue;
			/* A page that is shared now shows the buffer, not the file. */
			if (m->private_vm && !m->private[gfn])
				m->mapped[gfn] = m->mapped[gfn] ? MODEL_MAYBE : MODEL_UNMAPPED;
			else
				m->mapped[gfn] = MODEL_UNMAPPED;
		}
	}
}

int model_punch(struct model *m, unsigned int file, unsigned int first, unsigned int pages)
{
	unsigned int p;

	if (!m->file[file].open)
		return -EBADF;
	for (p = first; p < first + pages && p < MODEL_BACK; p++)
		memset(m->file[file].data[p], 0, MODEL_PAGE);
	unmap_file(m, file, first, pages);
	return 0;
}

void model_close(struct model *m, unsigned int file)
{
	if (m->file[file].open)
		unmap_file(m, file, 0, MODEL_BACK);
	m->file[file].open = false;
}

void model_reopen(struct model *m, unsigned int file)
{
	unsigned int s;

	if (m->file[file].open || !m->has_gmem)
		return;
	/* Slots of the old file stay bound to nothing: the new one is another file. */
	for (s = 0; s < MODEL_SLOTS; s++)
		if (m->slot[s].used && m->slot[s].gmem && m->slot[s].file == file)
			return;
	memset(m->file[file].data, 0, sizeof(m->file[file].data));
	m->file[file].open = true;
}

int model_attributes(struct model *m, unsigned int first, unsigned int pages, bool private)
{
	unsigned int p;

	if (!m->private_vm)
		return private ? -EINVAL : 0;
	for (p = first; p < first + pages && p < MODEL_WINDOW; p++) {
		if (m->private[p] != private)
			m->mapped[p] = MODEL_UNMAPPED;
		else if (m->mapped[p] == MODEL_MAPPED)
			m->mapped[p] = MODEL_MAYBE;	/* zapped or left alone: both are fine */
		m->private[p] = private;
	}
	return 0;
}

/*
 * The host page behind a buffer page may be exchanged (the zero page by a page
 * of its own): every mapping of it but that of @keep may be gone.
 */
static void exchanged(struct model *m, unsigned int buffer, unsigned int page, unsigned int keep)
{
	unsigned int s;

	for (s = 0; s < MODEL_SLOTS; s++) {
		const struct model_slot *sl = &m->slot[s];
		unsigned int gfn = sl->base + page - sl->buffer_page;

		if (sl->used && sl->buffer == buffer && page >= sl->buffer_page &&
		    page < sl->buffer_page + sl->pages && gfn != keep && m->mapped[gfn])
			m->mapped[gfn] = MODEL_MAYBE;
	}
}

void model_drop(struct model *m, unsigned int buffer, unsigned int first, unsigned int pages)
{
	unsigned int s, p;

	for (p = first; p < first + pages && p < MODEL_BACK; p++)
		memset(m->buffer[buffer][p], 0, MODEL_PAGE);
	for (s = 0; s < MODEL_SLOTS; s++) {
		const struct model_slot *sl = &m->slot[s];

		if (!sl->used || sl->buffer != buffer)
			continue;
		for (p = 0; p < sl->pages; p++) {
			unsigned int at = sl->buffer_page + p, gfn = sl->base + p;

			if (at < first || at >= first + pages)
				continue;
			/* The notifier may zap what guest_memfd backs, or leave it. */
			if (page_at(m, gfn, false).gmem)
				m->mapped[gfn] = m->mapped[gfn] ? MODEL_MAYBE : MODEL_UNMAPPED;
			else
				m->mapped[gfn] = MODEL_UNMAPPED;
		}
	}
}

void model_host_write(struct model *m, unsigned int buffer, unsigned int offset, uint64_t value)
{
	memcpy(&m->buffer[buffer][offset / MODEL_PAGE][offset % MODEL_PAGE], &value, sizeof(value));
	exchanged(m, buffer, offset / MODEL_PAGE, MODEL_WINDOW);
}

int model_dirty(struct model *m, unsigned int slot, uint64_t *must, uint64_t *may)
{
	struct model_slot *s = &m->slot[slot];

	if (!s->used || !s->log)
		return -ENOENT;
	*must = s->must_dirty;
	*may = s->may_dirty;
	/* A mapping that was made for writing may set its bit once more. */
	s->must_dirty = 0;
	return 0;
}

/* --- accesses ------------------------------------------------------------------- */

/* Halves of an access: one, or two when it crosses a page. */
struct half {
	unsigned int page, at, len, done;	/* done: bytes of the access before it */
};

static unsigned int halves(uint64_t offset, unsigned int width, struct half h[2])
{
	unsigned int at = offset % MODEL_PAGE, page = (unsigned int)(offset / MODEL_PAGE);
	unsigned int first = MODEL_PAGE - at < width ? MODEL_PAGE - at : width;

	h[0] = (struct half){ page, at, first, 0 };
	h[1] = (struct half){ page + 1, 0, width - first, first };
	return first < width ? 2 : 1;
}

bool model_defined(const struct model *m, uint64_t offset, unsigned int width, bool write)
{
	struct half h[2];
	unsigned int n = halves(offset, width, h), i;
	bool mmio = false, gmem = false, fault = false;

	for (i = 0; i < n; i++) {
		struct page p;

		if (h[i].page >= MODEL_WINDOW)
			return false;
		p = page_at(m, h[i].page, write);
		mmio |= p.who == WHO_MMIO;
		gmem |= p.gmem;
		fault |= p.who == WHO_FAULT;
		if (m->private_vm && m->private[h[i].page] && m->touched[h[i].page])
			return false;
	}
	return n == 1 || !(fault || (mmio && gmem));
}

/* A write of at most 8 bytes that no slot takes: ring, ioeventfd, or userspace. */
static void mmio_write(struct model *m, const struct half *h, unsigned int done, unsigned int len,
		       const uint8_t *data, struct model_result *r)
{
	struct kexit e = {
		.reason = KVM_EXIT_MMIO, .addr = MODEL_GPA + (uint64_t)h->page * MODEL_PAGE + h->at + done,
		.len = len, .is_write = 1,
	};

	memcpy(&e.data, data, len);
	if (m->event[h->page] && len == 4 && h->at + done == 0)
		m->signals++;
	else if (m->zone[h->page])
		r->ring[r->rings++] = e;
	else
		r->exit[r->exits++] = e;
}

static void mmio(struct model *m, const struct half *h, const uint8_t *data, uint8_t answer,
		 struct model_result *r)
{
	unsigned int done, len;

	m->touched[h->page] = true;
	for (done = 0; done < h->len; done += len) {
		len = h->len - done < 8 ? h->len - done : 8;
		if (data) {
			mmio_write(m, h, done, len, data + h->done + done, r);
			continue;
		}
		r->exit[r->exits] = (struct kexit){
			.reason = KVM_EXIT_MMIO, .len = len,
			.addr = MODEL_GPA + (uint64_t)h->page * MODEL_PAGE + h->at + done,
		};
		memset(&r->exit[r->exits++].data, answer, len);
		memset(r->data + h->done + done, answer, len);
	}
}

static void memory(struct model *m, const struct half *h, const struct page *p,
		   const uint8_t *data, bool emulated, struct model_result *r)
{
	uint64_t bit = 1ULL << (h->page - p->slot->base);

	if (data) {
		memcpy(p->bytes + h->at, data + h->done, h->len);
		if (!p->gmem)
			exchanged(m, p->slot->buffer, p->slot->buffer_page + h->page - p->slot->base,
				  h->page);
		if (p->slot->log)
			p->slot->must_dirty |= bit;
	} else {
		memcpy(r->data + h->done, p->bytes + h->at, h->len);
	}
	/* A read fault may map for writing, and then counts as dirty. */
	if (p->slot->log)
		p->slot->may_dirty |= bit;
	/* The CPU may or may not have mapped this half before the other one exits. */
	if (!emulated)
		m->mapped[h->page] = MODEL_MAPPED;
	else if (!m->mapped[h->page])
		m->mapped[h->page] = MODEL_MAYBE;
}

void model_access(struct model *m, uint64_t offset, unsigned int width, const uint8_t *data,
		  uint8_t answer, struct model_result *r)
{
	struct half h[2];
	struct page p[2];
	unsigned int n = halves(offset, width, h), i;
	bool emulated = false;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < n; i++) {
		p[i] = page_at(m, h[i].page, data);
		if (p[i].who == WHO_FAULT) {
			r->exit[r->exits++] = (struct kexit){
				.reason = KVM_EXIT_MEMORY_FAULT, .err = EFAULT, .data = MODEL_PAGE,
				.addr = MODEL_GPA + (uint64_t)h[i].page * MODEL_PAGE,
				.flags = p[i].fault_flags,
			};
			r->stopped = true;
			return;
		}
		emulated |= p[i].who == WHO_MMIO;
	}
	for (i = 0; i < n; i++) {
		if (p[i].who == WHO_MEMORY)
			memory(m, &h[i], &p[i], data, emulated, r);
		else
			mmio(m, &h[i], data, answer, r);
	}
}

void model_mapped_range(const struct model *m, unsigned int *least, unsigned int *most)
{
	unsigned int p;

	*least = *most = 0;
	for (p = 0; p < MODEL_WINDOW; p++) {
		*least += m->mapped[p] == MODEL_MAPPED;
		*most += m->mapped[p] != MODEL_UNMAPPED;
	}
}
