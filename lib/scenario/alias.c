// SPDX-License-Identifier: GPL-2.0-only
#include "scenario/alias.h"

#include <string.h>
#include <sys/mman.h>

#include "arch.h"
#include "util/env.h"
#include "scenario/hostmem.h"
#include "util/place.h"
#include "guest/list.h"

void alias_init(struct aliases *a, struct vm *vm, unsigned int nr, unsigned int pages)
{
	uint64_t size = nr * pages * sizeof(*a->seen);

	if (pages > ALIAS_MAX_PAGES)
		end_fail("%u pages, %d at most", pages, ALIAS_MAX_PAGES);
	place_still();
	size = (size + VM_PAGE - 1) & ~(VM_PAGE - 1);
	*a = (struct aliases){
		.vm = vm, .v = vm->vcpu[0], .nr = nr, .pages = pages, .seen = vm_alloc(size),
	};
	vm_slot(vm, ALIAS_SEEN_SLOT, 0, ALIAS_SEEN_GPA, size, a->seen);
}

void alias_slots(struct aliases *a, void *hva, uint32_t flags)
{
	unsigned int i;

	for (i = 0; i < a->nr; i++)
		vm_slot(a->vm, ALIAS_SLOT + i, flags, alias_gpa(a, i, 0), a->pages * VM_PAGE, hva);
}

char *alias_vmas(struct aliases *a, int fd)
{
	uint64_t size = a->pages * VM_PAGE;
	char *at = vm_alloc(a->nr * size);
	unsigned int i;

	for (i = 0; i < a->nr; i++)
		hostmem_map_over(at + i * size, fd, 0, size);
	vm_slot(a->vm, ALIAS_SLOT, 0, ALIAS_GPA, a->nr * size, at);
	return at;
}

uint64_t alias_gpa(const struct aliases *a, unsigned int i, unsigned int page)
{
	return ALIAS_GPA + ((uint64_t)i * a->pages + page) * VM_PAGE;
}

bool alias_read(struct aliases *a, const char *what)
{
	struct mbox_op ops[ALIAS_MAX_PAGES];
	unsigned int p;

	memset(a->seen, 0xa5, a->nr * a->pages * sizeof(*a->seen));
	for (p = 0; p < a->pages; p++)
		ops[p] = (struct mbox_op){
			.kind = OP_LOAD, .width = 4, .flags = OPF_VALUES, .count = a->nr,
			.addr = alias_gpa(a, 0, p), .stride = (int64_t)(a->pages * VM_PAGE),
			.samples = ALIAS_SEEN_GPA + p * a->nr * sizeof(*a->seen),
		};
	return vcpu_expect(a->v, what, ops, a->pages, NO_EXITS);
}

bool alias_expect(struct aliases *a, const char *what, const uint32_t *want)
{
	unsigned int i, p, wrong = 0;

	if (!alias_read(a, what))
		return false;
	for (p = 0; p < a->pages; p++) {
		for (i = 0; i < a->nr; i++) {
			if (a->seen[p * a->nr + i] == want[p])
				continue;
			if (!wrong++)
				diag("%s: page %u through alias %u of %u is 0x%x, expected 0x%x",
				     what, p, i, a->nr, a->seen[p * a->nr + i], want[p]);
		}
	}
	if (wrong > 1)
		diag("%s: %u wrong values", what, wrong);
	return !wrong;
}

void alias_write(struct aliases *a, unsigned int i, unsigned int page, uint32_t value)
{
	vcpu_store(a->v, 4, alias_gpa(a, i, page), value);
}

void alias_write_all(struct aliases *a, const uint32_t *values)
{
	struct mbox_op ops[ALIAS_MAX_PAGES];
	unsigned int p;

	for (p = 0; p < a->pages; p++)
		ops[p] = (struct mbox_op){
			.kind = OP_STORE, .width = 4, .count = a->nr, .value = { values[p] },
			.addr = alias_gpa(a, 0, p), .stride = (int64_t)(a->pages * VM_PAGE),
		};
	if (!vcpu_expect(a->v, "a write through every alias", ops, a->pages, NO_EXITS))
		end_fail("guest stores through %u aliases caused an exit or an exception", a->nr);
}

void alias_mark(struct aliases *a)
{
	if (!arch_mapped(a->vm, &a->mapped))
		a->mapped = 0;
}

int64_t alias_count(struct aliases *a)
{
	uint64_t now;

	a->zapped = arch_mapped(a->vm, &now) ? (int64_t)(a->mapped - now) : -1;
	return a->zapped;
}

bool alias_expect_zapped(struct aliases *a, const char *what, const uint32_t *want, int64_t zapped)
{
	bool counted = a->zapped >= 0;
	int64_t n = a->zapped;

	if (!counted)
		arch_faults_begin(a->v);
	if (!alias_expect(a, what, want))
		return false;
	if (!counted)
		n = (int64_t)arch_faults(a->v);
	if (n == zapped)
		return true;
	diag("%s: %lld mappings were zapped, %lld expected", what, (long long)n, (long long)zapped);
	return false;
}

void alias_use_up(void)
{
	const uint64_t size = 64 * VM_PAGE;
	static void *last;
	void *p = vm_alloc(size);

	memset(p, 0xee, size);
	if (last)
		munmap(last, size);
	last = p;
}
