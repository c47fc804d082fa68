// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/model_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The part of an access within one page; two of them when it crosses a page. */
struct half {
	unsigned int page, at, len, done;	/* done: bytes of the access before this part */
};

static unsigned int halves(uint64_t offset, unsigned int width, struct half h[2])
{
	unsigned int at = offset % MODEL_PAGE, page = (unsigned int)(offset / MODEL_PAGE);
	unsigned int first = MODEL_PAGE - at < width ? MODEL_PAGE - at : width;

	h[0] = (struct half){ page, at, first, 0 };
	h[1] = (struct half){ page + 1, 0, width - first, first };
	return first < width ? 2 : 1;
}

/* An ioeventfd without a length may match accesses other than a plain write at its address. */
static bool blurred(const struct model *m, uint64_t offset, unsigned int width, bool plain_write)
{
	unsigned int i;

	for (i = 0; i < MODEL_EVENTS; i++) {
		const struct model_event *e = &m->event[i];

		if (e->on && !e->len && e->at < offset + width && e->at >= offset &&
		    !(plain_write && e->at == offset))
			return true;
	}
	return false;
}

/*
 * Once the first 8 bytes exit to userspace, KVM may complete the rest of that half
 * in userspace without looking it up on the bus.
 */
static bool left_behind(const struct model *m, const struct half *h)
{
	unsigned int at = h->page * MODEL_PAGE + h->at, i;

	if (h->len <= 8)
		return false;
	for (i = 0; i < MODEL_ZONES; i++)
		if (m->zone[i].on && at >= m->zone[i].from &&
		    at + h->len <= m->zone[i].from + m->zone[i].bytes)
			return false;
	return model_on_bus(m, at + 8, h->len - 8, NULL, true);
}

bool model_defined(const struct model *m, uint64_t offset, unsigned int width, bool read,
		   bool write)
{
	bool mmio = false, gmem = false, fault = false;
	struct half h[2];
	unsigned int n = halves(offset, width, h), i;

	for (i = 0; i < n; i++) {
		struct model_page p;

		if (h[i].page >= MODEL_WINDOW)
			return false;
		if (m->private[h[i].page] && m->touched[h[i].page])
			return false;
		p = model_page_at(m, h[i].page, write);
		if (p.slot && m->vm.stale_mmio_reads && m->touched[h[i].page] &&
		    blurred(m, offset, width, false))
			return false;
		mmio |= p.who == WHO_MMIO || p.who == WHO_ONES;
		gmem |= p.gmem;
		fault |= p.who == WHO_FAULT;
		if (write && p.who == WHO_MMIO && left_behind(m, &h[i]))
			return false;
	}
	if (n == 2 && (fault || (mmio && gmem)))
		return false;
	if (m->vm.undecoded && mmio && (n == 2 || width > 8 || (read && write)))
		return false;
	if (m->vm.undecoded && read && write && offset % width)
		return false;
	return !mmio || !blurred(m, offset, width, write && !read && n == 1 && width <= 8);
}

bool model_is_memory(const struct model *m, unsigned int page, bool write)
{
	return model_page_at(m, page, write).who == WHO_MEMORY &&
	       !(m->private[page] && m->touched[page]);
}

/* An MMIO write of at most 8 bytes: ioeventfd, coalesced ring, or exit. */
static void mmio_write(struct model *m, unsigned int at, unsigned int len, const uint8_t *data,
		       struct model_result *r)
{
	struct kexit e = {
		.reason = KVM_EXIT_MMIO, .addr = m->vm.gpa + at, .len = len, .is_write = 1,
	};
	unsigned int i;

	memcpy(&e.data, data, len);
	for (i = 0; i < MODEL_EVENTS; i++) {
		const struct model_event *v = &m->event[i];

		if (v->on && v->at == at && (!v->len || v->len == len) &&
		    (!v->match || v->value == e.data)) {
			r->signals[i]++;
			return;
		}
	}
	for (i = 0; i < MODEL_ZONES; i++) {
		const struct model_zone *z = &m->zone[i];

		if (z->on && at >= z->from && at + len <= z->from + z->bytes) {
			r->ring[r->rings++] = e;
			return;
		}
	}
	r->exit[r->exits++] = e;
}

static void mmio(struct model *m, const struct half *h, const uint8_t *data, uint8_t answer,
		 struct model_result *r)
{
	unsigned int done, len, at = h->page * MODEL_PAGE + h->at;

	for (done = 0; done < h->len; done += len) {
		len = h->len - done < 8 ? h->len - done : 8;
		if (data) {
			mmio_write(m, at + done, len, data + h->done + done, r);
			continue;
		}
		r->exit[r->exits] = (struct kexit){
			.reason = KVM_EXIT_MMIO, .len = len, .addr = m->vm.gpa + at + done,
		};
		memset(&r->exit[r->exits++].data, answer, len);
		memset(r->data + h->done + done, answer, len);
	}
}

static void memory(struct model *m, const struct half *h, const struct model_page *p,
		   const uint8_t *data, bool emulated, struct model_result *r)
{
	unsigned int page = h->page - p->slot->base;
	struct model_slot *s = p->slot;
	uint64_t bit = 1ULL << page % 64;
	bool fresh = model_mapped_at(m, h->page) != MODEL_MAPPED || m->vm.forgets;

	if (data) {
		memcpy(model_bytes_to_write(m, p->back, p->at) + h->at, data + h->done, h->len);
		if (!p->gmem)
			model_make_own(m, s->buffer, p->at);
		s->must[page / 64] |= bit;
	} else {
		memcpy(r->data + h->done, model_bytes(m, p->back, p->at) + h->at, h->len);
		if (!p->gmem && p->back->present[p->at] == MODEL_ABSENT)
			p->back->present[p->at] = MODEL_ZERO;
	}
	/* A read may map a page writable when the host mapping is, and mark it dirty. */
	if (data || (fresh && !s->readonly && p->back->present[p->at] == MODEL_OWN))
		s->may[page / 64] |= bit;
	/* Emulated: this half may or may not be mapped before the other one exits. */
	model_map_page(m, h->page, p, data, !emulated);
}

/*
 * A cached MMIO entry from before the slot existed: where its fault does not
 * report the direction of the access, KVM may first map the page for reading.
 */
static void stale_mmio(struct model *m, unsigned int page)
{
	struct model_page p = model_page_at(m, page, false);

	if (!m->vm.stale_mmio_reads || !m->touched[page] || p.who != WHO_MEMORY)
		return;
	if (!p.gmem && p.back->present[p.at] == MODEL_ABSENT)
		p.back->present[p.at] = MODEL_ZERO;
	model_map_page(m, page, &p, false, false);
}

/* Append the exits and effects of one access to @r. */
static void access(struct model *m, uint64_t offset, unsigned int width, const uint8_t *data,
		   uint8_t answer, bool write_follows, struct model_result *r)
{
	struct half h[2];
	struct model_page p[2];
	unsigned int n = halves(offset, width, h), i;
	bool emulated = false;

	for (i = 0; i < n; i++) {
		enum model_who writes = model_page_at(m, h[i].page, data || write_follows).who;

		p[i] = model_page_at(m, h[i].page, data);
		if (p[i].who == WHO_FAULT) {
			r->exit[r->exits++] = (struct kexit){
				.reason = KVM_EXIT_MEMORY_FAULT, .err = EFAULT, .data = MODEL_PAGE,
				.addr = m->vm.gpa + (uint64_t)h[i].page * MODEL_PAGE,
				.flags = p[i].fault_flags,
			};
			r->stopped = true;
			return;
		}
		emulated |= p[i].who != WHO_MEMORY || writes != WHO_MEMORY;
	}
	for (i = 0; i < n; i++) {
		if (p[i].who == WHO_MEMORY)
			memory(m, &h[i], &p[i], data, emulated, r);
		else if (p[i].who == WHO_ONES)
			memset(r->data + h[i].done, data ? 0 : 0xff, h[i].len);
		else
			mmio(m, &h[i], data, answer, r);
		if (!p[i].slot)
			m->touched[h[i].page] = !m->vm.uncached;
		else if (p[i].who == WHO_MMIO)
			stale_mmio(m, h[i].page);
	}
}

void model_access(struct model *m, uint64_t offset, unsigned int width, const uint8_t *data,
		  uint8_t answer, struct model_result *r)
{
	memset(r, 0, sizeof(*r));
	access(m, offset, width, data, answer, false, r);
}

void model_add(struct model *m, uint64_t offset, unsigned int width, uint64_t addend,
	       uint8_t answer, struct model_result *r)
{
	uint8_t sum[8];
	uint64_t v = 0;

	memset(r, 0, sizeof(*r));
	access(m, offset, width, NULL, answer, true, r);
	if (r->stopped)
		return;
	memcpy(&v, r->data, width);
	v += addend;
	memcpy(sum, &v, sizeof(sum));
	access(m, offset, width, sum, answer, false, r);
}
