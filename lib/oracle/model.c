// SPDX-License-Identifier: GPL-2.0-only
#include "oracle/model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Who answers at one page. */
enum who { WHO_MEMORY, WHO_ONES, WHO_MMIO, WHO_FAULT };

struct page {
	enum who who;
	struct model_slot *slot;	/* NULL: none */
	struct model_back *back;	/* WHO_MEMORY: buffer or file, */
	unsigned int at;		/* and the page in it */
	bool gmem;			/* it is a file */
	uint64_t fault_flags;		/* WHO_FAULT */
};

void model_init(struct model *m, const struct model_vm *vm)
{
	unsigned int i;

	/* Pages of the pool are cleared as they come into use. */
	memset(m, 0, offsetof(struct model, pool) + MODEL_PAGE);
	m->vm = *vm;
	for (i = 0; i < MODEL_FILES; i++)
		m->file[i].open = vm->gmem;
	for (i = 0; vm->thp && i < MODEL_BACK / MODEL_HUGE; i++) {
		m->host_huge[i] = true;
		memset(m->buffer[MODEL_THP].present + i * MODEL_HUGE, MODEL_OWN, MODEL_HUGE);
	}
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

/* The one place that says who answers. */
static struct page page_at(const struct model *m, unsigned int page, bool write)
{
	struct page p = { .who = WHO_MMIO, .slot = slot_at(m, page) };
	struct model_slot *s = p.slot;
	bool private = m->private[page];
	bool open = s && s->gmem && m->file[s->file].open;

	if (private && !open) {
		p.who = WHO_FAULT;
		p.fault_flags = KVM_MEMORY_EXIT_FLAG_PRIVATE;
	} else if (s && s->gmem && (private || !m->vm.private)) {
		/* Private memory, or a default VM, whose gmem slots have nothing else. */
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

/* --- content ------------------------------------------------------------------- */

const uint8_t *model_bytes(const struct model *m, const struct model_back *b, unsigned int page)
{
	return m->pool[b->page[page]];
}

static uint8_t *bytes_to_write(struct model *m, struct model_back *b, unsigned int page)
{
	if (!b->page[page]) {
		if (++m->pool_used == MODEL_POOL)
			abort();	/* a sequence longer than the pool is made for */
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

/* --- mappings ------------------------------------------------------------------ */

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

static void set_huge(struct model *m, unsigned int region, enum model_mapped is)
{
	count(&m->counts.least_2m, &m->counts.most_2m, m->mapped_huge[region], is);
	m->mapped_huge[region] = is;
}

/* A page is mapped by itself or by the 2 MiB around it. */
static enum model_mapped mapped(const struct model *m, unsigned int page)
{
	enum model_mapped a = m->mapped[page], b = m->mapped_huge[page / MODEL_HUGE];

	return a > b ? a : b;
}

/* Whatever takes away one page of a huge mapping takes away all of it. */
static void unmap(struct model *m, unsigned int first, unsigned int pages)
{
	unsigned int p;

	if (!m->counts.most_4k && !m->counts.most_2m)
		return;
	for (p = first; p < first + pages; p++) {
		set_page(m, p, MODEL_UNMAPPED);
		set_huge(m, p / MODEL_HUGE, MODEL_UNMAPPED);
	}
}

/* It may have been unmapped, or not. */
static void maybe_unmap(struct model *m, unsigned int page)
{
	unsigned int r = page / MODEL_HUGE;

	if (m->mapped[page] == MODEL_MAPPED)
		set_page(m, page, MODEL_MAYBE);
	if (m->mapped_huge[r] == MODEL_MAPPED)
		set_huge(m, r, MODEL_MAYBE);
}

/* Every page of a region that is mapped (as a page) gets another state. */
static void set_mapped_pages(struct model *m, unsigned int region, enum model_mapped is)
{
	unsigned int p;

	for (p = region * MODEL_HUGE; p < (region + 1) * MODEL_HUGE; p++)
		if (m->mapped[p])
			set_page(m, p, is);
}

/* A huge mapping becomes 512 small ones, or perhaps does. */
static void split(struct model *m, unsigned int region, bool sure)
{
	enum model_mapped was = m->mapped_huge[region], is;
	unsigned int p;

	if (!was)
		return;
	set_huge(m, region, sure ? MODEL_UNMAPPED : MODEL_MAYBE);
	is = sure ? was : MODEL_MAYBE;
	for (p = region * MODEL_HUGE; p < (region + 1) * MODEL_HUGE; p++)
		set_page(m, p, is > m->mapped[p] ? is : m->mapped[p]);
}

/* Whether a fault at @page of slot @s maps 2 MiB. */
static bool becomes_huge(const struct model *m, const struct model_slot *s, unsigned int page)
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

/* The guest accesses a page of memory; @sure: the CPU does, not the emulator alone. */
static void map(struct model *m, unsigned int page, const struct page *p, bool write, bool sure)
{
	enum model_mapped was = mapped(m, page), is = sure ? MODEL_MAPPED : MODEL_MAYBE;
	unsigned int r = page / MODEL_HUGE;

	if (write && p->slot->log && m->mapped_huge[r]) {
		/* Into all of its pages or into this one, if the log has write-protected it. */
		split(m, r, false);
		return;
	}
	if (was == MODEL_MAPPED)
		return;
	if (m->mapped_huge[r] == MODEL_MAYBE)
		is = MODEL_MAYBE;
	m->touched[page] &= !sure;	/* the MMIO SPTE has given way */
	if (p->gmem || !becomes_huge(m, p->slot, page)) {
		set_page(m, page, is);
		return;
	}
	if (m->vm.huge_at_will) {
		set_page(m, page, MODEL_MAYBE);
		is = MODEL_MAYBE;
	}
	/* Pages that are mapped around it make room for the huge one. */
	if (was == MODEL_UNMAPPED && is == MODEL_MAPPED) {
		set_mapped_pages(m, r, MODEL_UNMAPPED);
		set_huge(m, r, MODEL_MAPPED);
	} else {
		set_mapped_pages(m, r, MODEL_MAYBE);
		set_huge(m, r, MODEL_MAYBE);
	}
}

/*
 * Pages of the window at which slot @s has [first, first + pages) of a buffer
 * or file that begins in the slot at page @begin: [*from, *to).
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

/* The host takes away pages of a buffer; @sure: or perhaps it does not. */
static void unmap_buffer(struct model *m, unsigned int buffer, unsigned int first,
			 unsigned int pages, bool sure)
{
	unsigned int s, p, from, to;

	for (s = 0; s < MODEL_SLOTS; s++) {
		const struct model_slot *sl = &m->slot[s];

		if (!sl->used || sl->hole || sl->buffer != buffer)
			continue;
		shown(sl, sl->buffer_page, first, pages, &from, &to);
		for (p = from; p < to; p++) {
			if (!mapped(m, p))
				continue;
			/* The notifier may zap what guest_memfd backs, or leave it. */
			if (sure && !page_at(m, p, false).gmem)
				unmap(m, p, 1);
			else
				maybe_unmap(m, p);
		}
	}
}

static void unmap_file(struct model *m, unsigned int file, unsigned int first, unsigned int pages)
{
	unsigned int s, p, from, to;

	for (s = 0; s < MODEL_SLOTS; s++) {
		const struct model_slot *sl = &m->slot[s];

		if (!sl->used || !sl->gmem || sl->file != file)
			continue;
		shown(sl, sl->file_page, first, pages, &from, &to);
		for (p = from; p < to; p++) {
			/* A page that is shared now shows the buffer, not the file. */
			if (m->vm.private && !m->private[p])
				maybe_unmap(m, p);
			else
				unmap(m, p, 1);
		}
	}
}

/* --- slots --------------------------------------------------------------------- */

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

static int check_binding(const struct model *m, const struct model_region *r)
{
	unsigned int o;

	if (!m->file[r->file].open)
		return -EBADF;
	if (r->file_page + r->pages > MODEL_BACK)
		return -EINVAL;
	for (o = 0; o < MODEL_SLOTS; o++)
		if (m->slot[o].used && m->slot[o].gmem && m->slot[o].file == r->file &&
		    overlaps(r->file_page, r->pages, m->slot[o].file_page, m->slot[o].pages))
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
		unmap(m, 0, MODEL_WINDOW);
		m->zaps++;
	} else {
		unmap(m, s->base, s->pages);
	}
}

/* The log is kept in pages of 4 KiB; huge mappings may have to go, or come back. */
static void switch_log(struct model *m, struct model_slot *s)
{
	unsigned int r, p;
	bool any;

	for (r = s->base / MODEL_HUGE; r <= (s->base + s->pages - 1) / MODEL_HUGE; r++) {
		if (s->log && m->vm.eager_split && !(m->vm.manual & MODEL_INIT_SET))
			split(m, r, true);
		if (s->log || r * MODEL_HUGE < s->base || !becomes_huge(m, s, r * MODEL_HUGE))
			continue;
		/* Dropped for the next fault to map 2 MiB, or mapped so at once. */
		for (any = false, p = r * MODEL_HUGE; p < (r + 1) * MODEL_HUGE; p++)
			any |= m->mapped[p];
		set_mapped_pages(m, r, MODEL_UNMAPPED);
		if (any && m->mapped_huge[r] == MODEL_UNMAPPED)
			set_huge(m, r, MODEL_MAYBE);
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

/* --- files, attributes, host memory -------------------------------------------- */

int model_punch(struct model *m, unsigned int file, unsigned int first, unsigned int pages)
{
	if (!m->file[file].open)
		return -EBADF;
	clear_pages(&m->file[file], first, pages);
	unmap_file(m, file, first, pages);
	return 0;
}

int model_close(struct model *m, unsigned int file)
{
	if (!m->file[file].open)
		return -EBADF;
	unmap_file(m, file, 0, MODEL_BACK);
	m->file[file].open = false;
	return 0;
}

int model_reopen(struct model *m, unsigned int file)
{
	unsigned int s;

	if (m->file[file].open || !m->vm.gmem)
		return MODEL_UNDEFINED;
	/* Slots of the old file stay bound to nothing: the new one is another file. */
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
			unmap(m, p, 1);
		else
			maybe_unmap(m, p);	/* zapped or left alone: both are fine */
		m->private[p] = private;
	}
	return 0;
}

/*
 * A page that only was read is the zero page; written, it becomes another, and
 * every mapping of it has to go.
 */
static void make_own(struct model *m, unsigned int buffer, unsigned int page)
{
	uint8_t *present = &m->buffer[buffer].present[page];

	if (*present == MODEL_ZERO)
		unmap_buffer(m, buffer, page, 1, true);
	*present = MODEL_OWN;
}

void model_drop(struct model *m, unsigned int buffer, unsigned int first, unsigned int pages)
{
	unsigned int r;

	for (r = 0; buffer == MODEL_THP && r < MODEL_BACK / MODEL_HUGE; r++) {
		if (!m->host_huge[r] || !overlaps(first, pages, r * MODEL_HUGE, MODEL_HUGE))
			continue;
		/* The host splits its page, for which KVM may drop all that is in it. */
		m->host_huge[r] = false;
		unmap_buffer(m, buffer, r * MODEL_HUGE, MODEL_HUGE, false);
	}
	clear_pages(&m->buffer[buffer], first, pages);
	unmap_buffer(m, buffer, first, pages, true);
}

void model_host_write(struct model *m, unsigned int buffer, unsigned int offset, uint64_t value)
{
	unsigned int page = offset / MODEL_PAGE;

	make_own(m, buffer, page);
	memcpy(bytes_to_write(m, &m->buffer[buffer], page) + offset % MODEL_PAGE, &value,
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
 * A log that begins with all bits set leaves huge mappings as they are until some
 * of their bits are cleared: all from the first bit to the last are split.
 */
static void split_cleared(struct model *m, unsigned int base, uint64_t must, uint64_t may)
{
	unsigned int r;

	for (r = (base + (unsigned int)__builtin_ctzll(may)) / MODEL_HUGE;
	     r <= (base + 63 - (unsigned int)__builtin_clzll(may)) / MODEL_HUGE; r++)
		split(m, r, must && must == may);
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

/* --- the bus ------------------------------------------------------------------- */

/* Whether a zone other than @zone, or any of @events, is on the bus there. */
static bool on_bus(const struct model *m, unsigned int from, unsigned int bytes,
		   const struct model_zone *zone, bool events)
{
	unsigned int i;

	for (i = 0; i < MODEL_ZONES; i++)
		if (m->zone[i].on && &m->zone[i] != zone &&
		    overlaps(from, bytes, m->zone[i].from, m->zone[i].bytes))
			return true;
	for (i = 0; events && i < MODEL_EVENTS; i++)
		if (m->event[i].on && overlaps(from, bytes, m->event[i].at, 8))
			return true;
	return false;
}

int model_zone(struct model *m, unsigned int zone, bool on, unsigned int from, unsigned int bytes)
{
	struct model_zone *z = &m->zone[zone];

	if (on == z->on || (on && on_bus(m, from, bytes, z, true)))
		return MODEL_UNDEFINED;
	if (!on && (from != z->from || bytes != z->bytes))
		return MODEL_UNDEFINED;
	*z = (struct model_zone){ on, from, bytes };
	return 0;
}

/* Whether two at one address would both take the same write. */
static bool collide(const struct model_event *a, const struct model_event *b)
{
	return !a->len || !b->len ||
	       (a->len == b->len && (!a->match || !b->match || a->value == b->value));
}

static int assign(struct model *m, struct model_event *slot, const struct model_event *e)
{
	unsigned int i;

	if (slot->on || on_bus(m, e->at, 8, NULL, false))
		return MODEL_UNDEFINED;
	for (i = 0; i < MODEL_EVENTS; i++) {
		const struct model_event *o = &m->event[i];

		if (o->on && o->at != e->at && overlaps(e->at, 8, o->at, 8))
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

/* --- accesses ------------------------------------------------------------------ */

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

/* An ioeventfd of any length may take more than the plain write at its address. */
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
 * Once KVM leaves 8 bytes to userspace, it leaves the rest of that half as well,
 * whatever is on the bus there.
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
	return on_bus(m, at + 8, h->len - 8, NULL, true);
}

bool model_defined(const struct model *m, uint64_t offset, unsigned int width, bool read,
		   bool write)
{
	bool mmio = false, gmem = false, fault = false;
	struct half h[2];
	unsigned int n = halves(offset, width, h), i;

	for (i = 0; i < n; i++) {
		struct page p;

		if (h[i].page >= MODEL_WINDOW)
			return false;
		if (m->private[h[i].page] && m->touched[h[i].page])
			return false;
		p = page_at(m, h[i].page, write);
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
	return !mmio || !blurred(m, offset, width, write && !read && n == 1 && width <= 8);
}

bool model_is_memory(const struct model *m, unsigned int page, bool write)
{
	return page_at(m, page, write).who == WHO_MEMORY &&
	       !(m->private[page] && m->touched[page]);
}

/* A write of at most 8 bytes that no slot takes: ring, ioeventfd, or userspace. */
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

static void memory(struct model *m, const struct half *h, const struct page *p,
		   const uint8_t *data, bool emulated, struct model_result *r)
{
	unsigned int page = h->page - p->slot->base;
	struct model_slot *s = p->slot;
	uint64_t bit = 1ULL << page % 64;
	bool fresh = mapped(m, h->page) != MODEL_MAPPED || m->vm.forgets;

	if (data) {
		memcpy(bytes_to_write(m, p->back, p->at) + h->at, data + h->done, h->len);
		if (!p->gmem)
			make_own(m, s->buffer, p->at);
		s->must[page / 64] |= bit;
	} else {
		memcpy(r->data + h->done, model_bytes(m, p->back, p->at) + h->at, h->len);
		if (!p->gmem && p->back->present[p->at] == MODEL_ABSENT)
			p->back->present[p->at] = MODEL_ZERO;
	}
	/* A read may map for writing what the host has writable: that counts as dirty. */
	if (data || (fresh && !s->readonly && p->back->present[p->at] == MODEL_OWN))
		s->may[page / 64] |= bit;
	/* The CPU may or may not have mapped this half before the other one exits. */
	map(m, h->page, p, data, !emulated);
}

/*
 * Where a cached MMIO entry is left from before there was a slot, and its fault does
 * not say whether it was a write, KVM first maps the page for reading.
 */
static void stale_mmio(struct model *m, unsigned int page)
{
	struct page p = page_at(m, page, false);

	if (!m->vm.stale_mmio_reads || !m->touched[page] || p.who != WHO_MEMORY)
		return;
	if (!p.gmem && p.back->present[p.at] == MODEL_ABSENT)
		p.back->present[p.at] = MODEL_ZERO;
	map(m, page, &p, false, false);
}

/* One access, added to what is in @r already. */
static void access(struct model *m, uint64_t offset, unsigned int width, const uint8_t *data,
		   uint8_t answer, bool write_follows, struct model_result *r)
{
	struct half h[2];
	struct page p[2];
	unsigned int n = halves(offset, width, h), i;
	bool emulated = false;

	for (i = 0; i < n; i++) {
		enum who writes = page_at(m, h[i].page, data || write_follows).who;

		p[i] = page_at(m, h[i].page, data);
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
			m->touched[h[i].page] = true;
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

/* --- what there must be of mappings -------------------------------------------- */

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
			set_huge(m, i, is);
			if (is == MODEL_MAPPED)
				set_mapped_pages(m, i, MODEL_UNMAPPED);
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
