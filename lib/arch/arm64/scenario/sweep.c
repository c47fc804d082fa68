// SPDX-License-Identifier: GPL-2.0-only
#include "arch/arm64/scenario/sweep.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arm64/stage2.h"
#include "guest/list.h"
#include "util/env.h"
#include "util/place.h"

#define CODE		8		/* offset of the function in each page */
#define MOVZ_W0(imm)	(0x52800000U | (uint32_t)(imm) << 5)
#define RET		0xd65f03c0U

#define CTR_DIC		(1ULL << 29)

/* Faults of one list: each page may fault twice, and the payload's own pages. */
#define LOG_SIZE	(2 * SWEEP_MAX + 64)

static void init(struct sweep *s, struct vcpu *v, uint64_t gpa, unsigned int pages, char *hva)
{
	unsigned int i;

	if (pages > SWEEP_MAX)
		end_fail("%u pages, %d at most", pages, SWEEP_MAX);
	*s = (struct sweep){
		.v = v, .gpa = gpa, .pages = pages, .tag = (uint32_t)(gpa / VM_PAGE),
		.mem = calloc(pages, sizeof(*s->mem)), .want = calloc(pages, sizeof(*s->want)),
		.faults = calloc(pages, 1),
	};
	if (!s->mem || !s->want || !s->faults)
		end_fail("out of memory");
	for (i = 0; i < pages; i++)
		s->mem[i] = hva + i * VM_PAGE;
}

void sweep_init(struct sweep *s, struct vcpu *v, uint64_t gpa, unsigned int pages, void *hva)
{
	uint64_t size = SWEEP_MAX * sizeof(*s->seen);

	place_still();
	init(s, v, gpa, pages, hva);
	s->seen = vm_alloc(size);
	vm_slot(v->vm, SWEEP_SEEN_SLOT, 0, SWEEP_SEEN_GPA, size, s->seen);
}

void sweep_other(struct sweep *s, const struct sweep *of, uint64_t gpa, unsigned int pages,
		 void *hva)
{
	init(s, of->v, gpa, pages, hva);
	s->seen = of->seen;
}

void sweep_alias(struct sweep *s, const struct sweep *of, unsigned int first, uint64_t gpa,
		 unsigned int pages)
{
	sweep_other(s, of, gpa, pages, of->mem[first]);
	sweep_follow(s, of, first);
}

void sweep_follow(struct sweep *s, const struct sweep *of, unsigned int first)
{
	s->tag = of->tag + first;
	s->round = of->round;
	memcpy(s->want, of->want + first, s->pages * sizeof(*s->want));
}

uint32_t sweep_tag(const struct sweep *s, unsigned int page)
{
	return (s->tag + page) | s->round << 24;
}

static volatile uint32_t *word(const struct sweep *s, unsigned int page)
{
	return (volatile uint32_t *)s->mem[page];
}

static void next_round(struct sweep *s)
{
	unsigned int i;

	s->round = s->round % 255 + 1;
	for (i = 0; i < s->pages; i++)
		s->want[i] = sweep_tag(s, i);
}

void sweep_fill(struct sweep *s)
{
	unsigned int i;

	next_round(s);
	for (i = 0; i < s->pages; i++) {
		volatile uint32_t *code = word(s, i) + CODE / 4;

		*word(s, i) = s->want[i];
		code[0] = MOVZ_W0(sweep_tag(s, i) & 0xffff);
		code[1] = RET;
		__builtin___clear_cache(s->mem[i], s->mem[i] + 2 * CODE);
	}
}

void sweep_expect_zero(struct sweep *s, unsigned int first, unsigned int n)
{
	memset(s->want + first, 0, n * sizeof(*s->want));
}

/* --- one sweep ------------------------------------------------------------------ */

/* The page of access @i. */
static unsigned int page_of(const struct sweep *s, unsigned int i)
{
	return s->down ? s->pages - 1 - i : i;
}

/* Pages of the payload and of the values are mapped on demand. */
static bool payload(uint64_t ipa)
{
	return ipa - VM_SYS_GPA < VM_SYS_SIZE ||
	       ipa - SWEEP_SEEN_GPA < SWEEP_MAX * sizeof(uint32_t);
}

/* Sort the faults of the list by page; returns whether there were none elsewhere. */
static bool sort_faults(struct sweep *s, const char *what)
{
	static struct guest_fault log[LOG_SIZE];
	size_t n = stage2_faults(log, LOG_SIZE), i;

	memset(s->faults, 0, s->pages);
	if (n > LOG_SIZE) {
		diag("%s: %zu faults", what, n);
		return false;
	}
	for (i = 0; i < n; i++) {
		uint64_t page = (log[i].ipa - s->gpa) / VM_PAGE;

		if (payload(log[i].ipa))
			continue;
		if (page >= s->pages) {
			diag("%s: fault at 0x%llx, not in the range, esr 0x%llx pc 0x%llx", what,
			     (unsigned long long)log[i].ipa, (unsigned long long)log[i].esr,
			     (unsigned long long)log[i].pc);
			return false;
		}
		s->faults[page]++;
		s->esr = log[i].esr;
	}
	return true;
}

static bool faults_are(struct sweep *s, const char *what, const struct sweep_range *faults,
		       size_t nr)
{
	unsigned int i, wrong = 0;
	size_t k;

	if (nr == SIZE_MAX)
		return true;
	if (!sort_faults(s, what))
		return false;
	for (i = 0; i < s->pages; i++) {
		unsigned int want = 0;

		for (k = 0; k < nr; k++)
			want += i >= faults[k].first && i - faults[k].first < faults[k].n;
		if (s->faults[i] != want && !wrong++)
			diag("%s: page %u of %u faulted %u times, expected %u", what, i, s->pages,
			     s->faults[i], want);
	}
	if (wrong > 1)
		diag("%s: %u pages with a wrong number of faults", what, wrong);
	return !wrong;
}

static bool each_page(struct sweep *s, const char *what, struct mbox_op op)
{
	op.count = s->pages;
	op.addr += s->gpa + page_of(s, 0) * VM_PAGE;
	op.stride = s->down ? -(int64_t)VM_PAGE : (int64_t)VM_PAGE;
	stage2_faults_begin();
	return vcpu_expect(s->v, what, &op, 1, NO_EXITS);
}

/* The values that the guest saw: tags, or what the functions return. */
static bool values_are(const struct sweep *s, const char *what, bool code)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < s->pages; i++) {
		unsigned int page = page_of(s, i);
		uint32_t want = code ? sweep_tag(s, page) & 0xffff : s->want[page];

		if (s->seen[i] != want && !wrong++)
			diag("%s: page %u of %u is 0x%x, expected 0x%x", what, page, s->pages,
			     s->seen[i], want);
	}
	if (wrong > 1)
		diag("%s: %u wrong values", what, wrong);
	return !wrong;
}

bool sweep_host(const struct sweep *s, const char *what)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < s->pages; i++)
		if (*word(s, i) != s->want[i] && !wrong++)
			diag("%s: the host reads 0x%x from page %u of %u, expected 0x%x", what,
			     *word(s, i), i, s->pages, s->want[i]);
	if (wrong > 1)
		diag("%s: %u wrong values in host memory", what, wrong);
	return !wrong;
}

bool sweep_read(struct sweep *s, const char *what, const struct sweep_range *faults, size_t nr)
{
	memset(s->seen, 0xa5, s->pages * sizeof(*s->seen));
	return each_page(s, what, (struct mbox_op){ .kind = OP_LOAD, .width = 4,
			 .flags = OPF_VALUES, .samples = SWEEP_SEEN_GPA }) &&
	       values_are(s, what, false) && faults_are(s, what, faults, nr);
}

bool sweep_fetch(struct sweep *s, const char *what, const struct sweep_range *faults, size_t nr)
{
	memset(s->seen, 0xa5, s->pages * sizeof(*s->seen));
	return each_page(s, what, (struct mbox_op){ .kind = OP_CALL, .addr = CODE,
			 .flags = OPF_VALUES, .samples = SWEEP_SEEN_GPA }) &&
	       values_are(s, what, true) && faults_are(s, what, faults, nr);
}

/* The guest counts upwards: downwards, it stores the tags of the pages in reverse. */
bool sweep_write(struct sweep *s, const char *what, const struct sweep_range *faults, size_t nr)
{
	unsigned int i;

	next_round(s);
	if (!each_page(s, what, (struct mbox_op){ .kind = OP_STORE, .width = 4,
		       .flags = OPF_COUNTER, .value = { s->want[0] } }))
		return false;
	for (i = 0; s->down && i < s->pages; i++)
		s->want[page_of(s, i)] = sweep_tag(s, i);
	return sweep_host(s, what) && faults_are(s, what, faults, nr);
}

bool sweep_fetch_faults(void)
{
	uint64_t ctr;

	asm("mrs %0, ctr_el0" : "=r"(ctr));
	return !(ctr & CTR_DIC);
}

/* --- the dump ------------------------------------------------------------------- */

struct mapped {
	uint64_t start, end;
	uint64_t bytes[2];	/* by pages, by blocks */
};

static void add_range(const struct stage2_range *r, void *arg)
{
	struct mapped *m = arg;
	uint64_t start = r->start > m->start ? r->start : m->start;
	uint64_t end = r->end < m->end ? r->end : m->end;

	if (start < end)
		m->bytes[r->level < 3] += end - start;
}

bool sweep_blocks(struct sweep *s, const char *what, uint64_t blocks, uint64_t pages)
{
	struct mapped m = { s->gpa, s->gpa + s->pages * VM_PAGE, { 0 } };

	if (!stage2_dump(s->v->vm, add_range, &m))
		return true;
	if (m.bytes[1] == blocks * SWEEP_BLOCK_SIZE && m.bytes[0] == pages * VM_PAGE)
		return true;
	diag("%s: 0x%llx bytes in blocks and 0x%llx in pages, expected %llu blocks and %llu pages",
	     what, (unsigned long long)m.bytes[1], (unsigned long long)m.bytes[0],
	     (unsigned long long)blocks, (unsigned long long)pages);
	return false;
}
