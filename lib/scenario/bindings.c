// SPDX-License-Identifier: GPL-2.0-only
#include "scenario/bindings.h"

#include <string.h>

#include "scenario/alias.h"
#include "arch.h"
#include "util/env.h"
#include "util/place.h"
#include "guest/list.h"

#define GUARD_PAGES 2
#define GUARD_SLOT 40
#define GUARD_GVA (VM_WINDOW + 0x40000000ULL)
#define GUARD_TAG 0x6a000000U
#define SEEN_SLOT 60
#define SEEN_GPA 0x30000000ULL
#define SEEN_GUARDS 2048 /* index of the first guard's value in bindings.seen */
#define STRIDE (VM_PAGE + 4) /* a different offset in each page */

uint64_t bindings_gva(unsigned int page)
{
	return VM_WINDOW + page * VM_PAGE;
}

uint32_t bindings_tag(unsigned int page, unsigned int round)
{
	return round << 12 | (page + 1);
}

int bindings_slot(const struct bindings *s, unsigned int i)
{
	const struct binding *b = &s->b[i];

	return gmem_slot(s->vm, s->kind, i + 1, b->gfn * VM_PAGE, b->pages * VM_PAGE,
			 vm_alloc(b->pages * VM_PAGE), s->fd, b->offset * VM_PAGE);
}

static bool overlaps(const struct binding *list, unsigned int n, uint64_t gfn)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (gfn + GUARD_PAGES > list[i].gfn && gfn < list[i].gfn + list[i].pages)
			return true;
	return false;
}

/* An ordinary slot at @gfn, unless the range is taken or out of bounds. */
static void add_guard(struct bindings *s, uint64_t gfn)
{
	struct binding *g = &s->guard[s->nr_guards];

	if (gfn + GUARD_PAGES > 1ULL << (arch_phys_bits() - 12) || overlaps(s->b, s->n, gfn) ||
	    overlaps(s->guard, s->nr_guards, gfn))
		return;
	*g = (struct binding){ gfn, s->nr_guards * GUARD_PAGES, GUARD_PAGES };
	vm_slot(s->vm, GUARD_SLOT + s->nr_guards, 0, gfn * VM_PAGE, GUARD_PAGES * VM_PAGE,
		vm_alloc(GUARD_PAGES * VM_PAGE));
	vm_map(s->vm, GUARD_GVA + g->offset * VM_PAGE, gfn * VM_PAGE, GUARD_PAGES);
	s->nr_guards++;
}

void bindings_init(struct bindings *s)
{
	unsigned int i;
	int r;

	if (s->file_pages > BINDINGS_MAX_PAGES)
		end_fail("a file of %u pages, %d at most", s->file_pages, BINDINGS_MAX_PAGES);
	place_still();
	s->vm = gmem_kind_vm(s->kind, NULL);
	s->v = s->vm->vcpu[0];
	s->fd = gmem_kind_create(s->vm, s->kind, s->file_pages * VM_PAGE);
	s->seen = vm_alloc(PAGE_2M);
	vm_slot(s->vm, SEEN_SLOT, 0, SEEN_GPA, PAGE_2M, s->seen);
	for (i = 0; i < s->n; i++) {
		struct binding *b = &s->b[i];

		if (b->gfn == BINDINGS_TOP)
			b->gfn = (1ULL << (arch_phys_bits() - 12)) - b->pages;
		r = bindings_slot(s, i);
		if (r)
			end_fail("slot %u of the layout: %s", i, strerror(-r));
		vm_map(s->vm, bindings_gva(b->offset), b->gfn * VM_PAGE, b->pages);
		s->bound += b->pages;
	}
	for (i = 0; i < s->n; i++) {
		if (s->b[i].gfn >= GUARD_PAGES)
			add_guard(s, s->b[i].gfn - GUARD_PAGES);
		add_guard(s, s->b[i].gfn + s->b[i].pages);
	}
	/* Map everything, including the slot that receives the values read. */
	if (!bindings_write(s, 1) || !bindings_hold(s, 1, 0, 0))
		end_fail("the layout is not usable");
}

/* One operation per slot and guard; round 0: read. */
static unsigned int list_all(const struct bindings *s, struct mbox_op *ops, unsigned int round)
{
	unsigned int i, n = 0;

	for (i = 0; i < s->n; i++) {
		const struct binding *b = &s->b[i];

		if (s->gone[i])
			continue;
		ops[n++] = (struct mbox_op){
			.kind = round ? OP_STORE : OP_LOAD,
			.width = 4,
			.count = b->pages,
			.flags = round ? OPF_COUNTER : OPF_VALUES,
			.addr = bindings_gva(b->offset) + b->offset * 4,
			.stride = STRIDE,
			.value = { bindings_tag(b->offset, round) },
			.samples = round ? 0 : SEEN_GPA + b->offset * sizeof(*s->seen),
		};
	}
	for (i = 0; i < s->nr_guards; i++) {
		const struct binding *g = &s->guard[i];

		ops[n++] = (struct mbox_op){
			.kind = round ? OP_STORE : OP_LOAD,
			.width = 4,
			.count = g->pages,
			.flags = round ? OPF_COUNTER : OPF_VALUES,
			.addr = GUARD_GVA + g->offset * VM_PAGE,
			.stride = VM_PAGE,
			.value = { GUARD_TAG + g->offset },
			.samples = round ? 0 :
					   SEEN_GPA + (SEEN_GUARDS + g->offset) * sizeof(*s->seen),
		};
	}
	return n;
}

bool bindings_write(struct bindings *s, unsigned int round)
{
	struct mbox_op ops[3 * BINDINGS_MAX];

	return vcpu_expect(s->v, "write of all pages", ops, list_all(s, ops, round), NO_EXITS);
}

bool bindings_read(struct bindings *s)
{
	struct mbox_op ops[3 * BINDINGS_MAX];
	unsigned int i;

	/* Not by memset(): the pages that hold the values must stay mapped. */
	for (i = 0; i < SEEN_GUARDS + 2 * BINDINGS_MAX * GUARD_PAGES; i++)
		s->seen[i] = 0xa5a5a5a5;
	arch_faults_begin(s->v);
	if (!vcpu_expect(s->v, "read of all pages", ops, list_all(s, ops, 0), NO_EXITS))
		return false;
	s->faults = arch_faults(s->v);
	for (i = 0; i < s->nr_guards * GUARD_PAGES; i++) {
		if (s->seen[SEEN_GUARDS + i] == GUARD_TAG + i)
			continue;
		diag("guard slot at gfn 0x%llx: page holds 0x%x, expected 0x%x",
		     (unsigned long long)s->guard[i / GUARD_PAGES].gfn, s->seen[SEEN_GUARDS + i],
		     GUARD_TAG + i);
		return false;
	}
	return true;
}

bool bindings_hold(struct bindings *s, unsigned int round, unsigned int p, unsigned int q)
{
	unsigned int i, page;

	if (!bindings_read(s))
		return false;
	for (i = 0; i < s->n; i++) {
		for (page = s->b[i].offset; page < s->b[i].offset + s->b[i].pages; page++) {
			uint32_t want = page >= p && page < q ? 0 : bindings_tag(page, round);

			if (s->gone[i] || s->seen[page] == want)
				continue;
			diag("page %u of the file holds 0x%x, expected 0x%x", page, s->seen[page],
			     want);
			return false;
		}
	}
	return true;
}

/* Number of pages of [p, q) bound by existing slots. */
static unsigned int bound_in(const struct bindings *s, unsigned int p, unsigned int q)
{
	unsigned int i, page, n = 0;

	for (i = 0; i < s->n; i++)
		for (page = s->b[i].offset; page < s->b[i].offset + s->b[i].pages; page++)
			n += !s->gone[i] && page >= p && page < q;
	return n;
}

static uint64_t pages_2m(const struct bindings *s)
{
	return vm_has_stat(s->vm, "pages_2m") ? vm_stat(s->vm, "pages_2m") : 0;
}

void bindings_mark(struct bindings *s)
{
	if (!arch_mapped(s->vm, &s->mapped))
		s->mapped = 0;
}

int64_t bindings_zapped(struct bindings *s)
{
	uint64_t now;

	return arch_mapped(s->vm, &now) ? (int64_t)(s->mapped - now) : -1;
}

bool bindings_punch(struct bindings *s, unsigned int p, unsigned int q, unsigned int round)
{
	unsigned int gone = bound_in(s, p, q);
	int64_t zapped, missing;
	uint64_t huge;
	int r;

	if (!bindings_write(s, round))
		return false;
	bindings_mark(s);
	huge = pages_2m(s);
	r = gmem_punch(s->fd, p * VM_PAGE, (q - p) * VM_PAGE);
	zapped = bindings_zapped(s);
	if (r || (zapped >= 0 && zapped != gone) || pages_2m(s) != huge) {
		diag("punch of pages %u to %u: %s, %lld mappings zapped, %u expected", p, q,
		     strerror(-r), (long long)zapped, gone);
		return false;
	}
	/* Overwrite the freed pages, so that a stale mapping shows other content. */
	alias_use_up();
	if (!bindings_hold(s, round, p, q)) {
		diag("after a punch of pages %u to %u", p, q);
		return false;
	}
	missing = bindings_zapped(s);
	if (s->faults == gone && (missing == 0 || zapped < 0))
		return true;
	diag("punch of pages %u to %u: %llu faults on reading all, %u expected; %lld mappings less than before",
	     p, q, (unsigned long long)s->faults, gone, (long long)missing);
	return false;
}
