// SPDX-License-Identifier: GPL-2.0-only
/*
 * What memslots cost: an invalidation of host memory against the number of slots
 * that show it (BEHAVIOURS N6); slots made, deleted, moved and changed against the
 * number of other slots and of pages mapped (N7).
 */
#include <string.h>
#include <sys/mman.h>

#include "alias.h"
#include "bench.h"
#include "env.h"
#include "place.h"
#include "uapi.h"
#include "vcpu.h"

static uint32_t repetitions(uint64_t size)
{
	return (uint32_t)(size < 100 ? env_pick(100, 400, 4000) : env_pick(20, 100, 1000));
}

/* --- N6: a page that many slots show ------------------------------------- */

struct alias_bed {
	struct aliases a;
	void *page;
	bool mapped;	/* by the guest, at every alias, before each operation */
};

static void touch_aliases(void *arg, uint32_t i)
{
	struct alias_bed *bed = arg;

	if (bed->mapped)
		alias_write_all(&bed->a, &i);
	else
		memset(bed->page, 1, 1);
}

static void dontneed(void *arg, uint32_t i)
{
	struct alias_bed *bed = arg;

	(void)i;
	if (madvise(bed->page, PAGE_4K, MADV_DONTNEED))
		end_fail("MADV_DONTNEED: %m");
}

/* The whole of the page's life: KVM's part of a change of protection. */
static void mprotect_twice(void *arg, uint32_t i)
{
	struct alias_bed *bed = arg;

	(void)i;
	if (mprotect(bed->page, PAGE_4K, PROT_READ) ||
	    mprotect(bed->page, PAGE_4K, PROT_READ | PROT_WRITE))
		end_fail("mprotect: %m");
}

static void run_invalidate(const struct bench *b)
{
	struct alias_bed bed = { .page = vm_alloc(PAGE_4K), .mapped = b->op.count };

	alias_init(&bed.a, vm_create(NULL), (unsigned int)b->param, 1);
	alias_slots(&bed.a, bed.page, 0);
	bench_host(b, NULL, repetitions(b->param), touch_aliases,
		   b->op.kind == OP_LOAD ? mprotect_twice : dontneed, &bed);
}

/* --- N7: operations on one slot ------------------------------------------ */

#define GPA	0x200000000ULL	/* of the slot, 2 MiB */
#define TO	0x240000000ULL	/* where it moves to */
#define OTHERS	0x100000000ULL	/* of the other ones, a page each */
#define SLOT	1

struct slot_bed {
	struct vm *vm;
	char *hva;
	unsigned int mapped;	/* pages of the slot, before each operation */
	uint64_t at;		/* where it is, 0: nowhere */
	uint32_t flags;
};

static void set(struct slot_bed *bed, uint64_t at, uint32_t flags)
{
	vm_slot(bed->vm, SLOT, flags, at, at ? PAGE_2M : 0, at ? bed->hva : NULL);
	bed->at = at;
	bed->flags = flags;
}

/* The slot is where the operation wants it, with so many pages mapped. */
static void make_slot(void *arg, uint32_t i)
{
	struct slot_bed *bed = arg;

	(void)i;
	if (!bed->at)
		set(bed, GPA, 0);
	if (bed->mapped && vcpu_do(bed->vm->vcpu[0],
				   OPS({ .kind = OP_STORE, .width = 8, .addr = bed->at,
					 .count = bed->mapped, .stride = PAGE_4K, .value = { 1 } }),
				   NO_EXITS) != VCPU_DONE)
		end_fail("the guest cannot use its memory");
}

static void make_no_slot(void *arg, uint32_t i)
{
	struct slot_bed *bed = arg;

	(void)i;
	if (bed->at)
		set(bed, 0, 0);
}

static void create(void *arg, uint32_t i)
{
	(void)i;
	set(arg, GPA, 0);
}

static void delete(void *arg, uint32_t i)
{
	(void)i;
	set(arg, 0, 0);
}

static void move(void *arg, uint32_t i)
{
	struct slot_bed *bed = arg;

	(void)i;
	set(bed, bed->at == GPA ? TO : GPA, 0);
}

/* The dirty log on, the next time off. */
static void log_switch(void *arg, uint32_t i)
{
	struct slot_bed *bed = arg;

	(void)i;
	set(bed, bed->at, bed->flags ^ KVM_MEM_LOG_DIRTY_PAGES);
}

enum what { CREATE, DELETE, MOVE, LOG };

static void run_slot(const struct bench *b)
{
	static void (*const op[])(void *arg, uint32_t i) = {
		[CREATE] = create, [DELETE] = delete, [MOVE] = move, [LOG] = log_switch,
	};
	struct vm_opts o = { .quirks_off = b->op.flags ? KVM_X86_QUIRK_SLOT_ZAP_ALL : 0 };
	struct slot_bed bed = { .vm = vm_create(&o), .hva = vm_alloc(PAGE_2M),
				.mapped = b->op.count };
	void *other = vm_alloc(PAGE_4K);
	unsigned int i;

	place_still();
	memset(bed.hva, 1, PAGE_2M);
	for (i = 0; i < b->param; i++)
		vm_slot(bed.vm, SLOT + 1 + i, 0, OTHERS + i * 2 * PAGE_4K, PAGE_4K, other);
	bench_host(b, NULL, repetitions(bed.mapped), b->op.kind == CREATE ? make_no_slot : make_slot,
		   op[b->op.kind], &bed);
}

/* --- the table ----------------------------------------------------------- */

#define MAPPED		{ .count = 1 }
#define PROTECT		{ .count = 1, .kind = OP_LOAD }
#define OP(what)	{ .kind = (what) }
#define FULL(what)	{ .kind = (what), .count = 512 }
#define FULL_SLOT(what)	{ .kind = (what), .count = 512, .flags = 1 }	/* zaps the slot only */

static const struct bench table[] = {
	{ "alias.dontneed.one", "N6", run_invalidate, 0, MAPPED, 1 },
	{ "alias.dontneed.sixteen", "N6", run_invalidate, 0, MAPPED, 16 },
	{ "alias.dontneed.many", "N6", run_invalidate, 0, MAPPED, 256 },
	{ "alias.dontneed.many_unmapped", "N6", run_invalidate, 0, {}, 256 },
	{ "alias.mprotect.one", "N6", run_invalidate, 0, PROTECT, 1 },
	{ "alias.mprotect.many", "N6", run_invalidate, 0, PROTECT, 256 },
	{ "slot.create.one", "N7", run_slot, 0, OP(CREATE), 0 },
	{ "slot.create.hundred", "N7", run_slot, 0, OP(CREATE), 99 },
	{ "slot.create.thousand", "N7", run_slot, 0, OP(CREATE), 999 },
	{ "slot.delete.one", "N7", run_slot, 0, OP(DELETE), 0 },
	{ "slot.delete.hundred", "N7", run_slot, 0, OP(DELETE), 99 },
	{ "slot.delete.thousand", "N7", run_slot, 0, OP(DELETE), 999 },
	{ "slot.delete.mapped", "N7", run_slot, 0, FULL(DELETE), 0 },
	{ "slot.delete.mapped_zap_slot", "N7", run_slot, 0, FULL_SLOT(DELETE), 0 },
	{ "slot.move.one", "N7", run_slot, 0, OP(MOVE), 0 },
	{ "slot.move.thousand", "N7", run_slot, 0, OP(MOVE), 999 },
	{ "slot.move.mapped", "N7", run_slot, 0, FULL(MOVE), 0 },
	{ "slot.move.mapped_zap_slot", "N7", run_slot, 0, FULL_SLOT(MOVE), 0 },
	{ "slot.log.one", "N7", run_slot, 0, OP(LOG), 0 },
	{ "slot.log.thousand", "N7", run_slot, 0, OP(LOG), 999 },
	{ "slot.log.mapped", "N7", run_slot, 0, FULL(LOG), 0 },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, table, sizeof(table) / sizeof(table[0]));
}
