// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of memslots: an invalidation of host memory, by the number of slots that map
 * it (N6); creating, deleting, moving and changing slots, by the number of other slots
 * and of mapped pages (N7).
 */
#include <string.h>
#include <sys/mman.h>

#include "arch.h"
#include "guest/guest.h"
#include "scenario/alias.h"
#include "harness/bench.h"
#include "util/env.h"
#include "util/place.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "kvm/uapi.h"
#include "util/util.h"

static uint32_t repetitions(uint64_t size)
{
	if (size < 100)
		return (uint32_t)env_pick(100, 400, 4000);
	return (uint32_t)(size < 1000 ? env_pick(20, 100, 1000) : env_pick(4, 10, 100));
}

/* --- N6: a page with many aliases ---------------------------------------- */

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
	if (madvise(bed->page, VM_PAGE, MADV_DONTNEED))
		end_fail("MADV_DONTNEED: %m");
}

/* Remove and restore write access. */
static void mprotect_twice(void *arg, uint32_t i)
{
	struct alias_bed *bed = arg;

	(void)i;
	if (mprotect(bed->page, VM_PAGE, PROT_READ) ||
	    mprotect(bed->page, VM_PAGE, PROT_READ | PROT_WRITE))
		end_fail("mprotect: %m");
}

static void run_invalidate(const struct bench *b)
{
	struct alias_bed bed = { .page = vm_alloc(VM_PAGE), .mapped = b->op.count };

	alias_init(&bed.a, vm_create(NULL), (unsigned int)b->param, 1);
	alias_slots(&bed.a, bed.page, 0);
	bench_param("slots", b->param);
	bench_host(b, NULL, repetitions(b->param), touch_aliases,
		   b->op.kind == OP_LOAD ? mprotect_twice : dontneed, &bed);
}

/* --- N7: operations on one slot ------------------------------------------ */

#define GPA	0x200000000ULL	/* the slot, 2 MiB */
#define TO	0x240000000ULL	/* where it moves to */
#define OTHERS	0x100000000ULL	/* the other slots, a page each */
#define SLOT	1

struct slot_bed {
	struct vm *vm;
	char *hva;
	unsigned int mapped;	/* pages of the slot, before each operation */
	uint64_t at;		/* its address, 0: deleted */
	uint32_t flags;
};

static void set(struct slot_bed *bed, uint64_t at, uint32_t flags)
{
	vm_slot(bed->vm, SLOT, flags, at, at ? PAGE_2M : 0, at ? bed->hva : NULL);
	bed->at = at;
	bed->flags = flags;
}

/* Make sure that the slot exists, with bed->mapped pages mapped. */
static void make_slot(void *arg, uint32_t i)
{
	struct slot_bed *bed = arg;

	(void)i;
	if (!bed->at)
		set(bed, GPA, 0);
	if (bed->mapped && vcpu_do(bed->vm->vcpu[0],
				   OPS({ .kind = OP_STORE, .width = 8, .addr = bed->at,
					 .count = bed->mapped, .stride = VM_PAGE, .value = { 1 } }),
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
	struct vm_opts o = { .quirks_off = b->op.flags ? arch_traits()->slot_zap_quirk : 0 };
	struct slot_bed bed = { .mapped = b->op.count };
	void *other = vm_alloc(VM_PAGE);
	unsigned int i;

	if (b->op.flags && !arch_traits()->slot_zap_quirk)
		end_skip("this architecture's KVM always zaps only the slot");
	bed.vm = vm_create(&o);
	bed.hva = vm_alloc(PAGE_2M);
	place_still();
	memset(bed.hva, 1, PAGE_2M);
	for (i = 0; i < b->param; i++)
		vm_slot(bed.vm, SLOT + 1 + i, 0, OTHERS + i * 2 * VM_PAGE, VM_PAGE, other);
	if (bed.mapped)
		bench_param("pages", bed.mapped);
	else
		bench_param("slots", b->param + 1);
	bench_host(b, NULL, repetitions(bed.mapped), b->op.kind == CREATE ? make_no_slot : make_slot,
		   op[b->op.kind], &bed);
}

/* --- the table ----------------------------------------------------------- */

#define MAPPED		{ .count = 1 }
#define PROTECT		{ .count = 1, .kind = OP_LOAD }
#define OP(what)	{ .kind = (what) }
#define PAGES(what, mapped)	{ .kind = (what), .count = (mapped) }
/* With the quirk disabled a deletion zaps only the slot. */
#define ZAP_SLOT(what, mapped)	{ .kind = (what), .count = (mapped), .flags = 1 }

static const struct bench table[] = {
	{ "alias.dontneed.slots_1", "N6", run_invalidate, 0, MAPPED, 1 },
	{ "alias.dontneed.slots_16", "N6", run_invalidate, 0, MAPPED, 16 },
	{ "alias.dontneed.slots_256", "N6", run_invalidate, 0, MAPPED, 256 },
	{ "alias.dontneed.slots_4096", "N6", run_invalidate, 0, MAPPED, 4096 },
	{ "alias.dontneed_unmapped.slots_16", "N6", run_invalidate, 0, {}, 16 },
	{ "alias.dontneed_unmapped.slots_256", "N6", run_invalidate, 0, {}, 256 },
	{ "alias.dontneed_unmapped.slots_4096", "N6", run_invalidate, 0, {}, 4096 },
	{ "alias.mprotect.slots_1", "N6", run_invalidate, 0, PROTECT, 1 },
	{ "alias.mprotect.slots_16", "N6", run_invalidate, 0, PROTECT, 16 },
	{ "alias.mprotect.slots_256", "N6", run_invalidate, 0, PROTECT, 256 },
	{ "alias.mprotect.slots_4096", "N6", run_invalidate, 0, PROTECT, 4096 },
	{ "slot.create.slots_1", "N7", run_slot, 0, OP(CREATE), 0 },
	{ "slot.create.slots_100", "N7", run_slot, 0, OP(CREATE), 99 },
	{ "slot.create.slots_1000", "N7", run_slot, 0, OP(CREATE), 999 },
	{ "slot.delete.slots_1", "N7", run_slot, 0, OP(DELETE), 0 },
	{ "slot.delete.slots_100", "N7", run_slot, 0, OP(DELETE), 99 },
	{ "slot.delete.slots_1000", "N7", run_slot, 0, OP(DELETE), 999 },
	{ "slot.delete.pages_8", "N7", run_slot, 0, PAGES(DELETE, 8), 0 },
	{ "slot.delete.pages_64", "N7", run_slot, 0, PAGES(DELETE, 64), 0 },
	{ "slot.delete.pages_512", "N7", run_slot, 0, PAGES(DELETE, 512), 0 },
	{ "slot.delete_zap_slot.pages_8", "N7", run_slot, 0, ZAP_SLOT(DELETE, 8), 0 },
	{ "slot.delete_zap_slot.pages_64", "N7", run_slot, 0, ZAP_SLOT(DELETE, 64), 0 },
	{ "slot.delete_zap_slot.pages_512", "N7", run_slot, 0, ZAP_SLOT(DELETE, 512), 0 },
	{ "slot.move.slots_1", "N7", run_slot, 0, OP(MOVE), 0 },
	{ "slot.move.slots_100", "N7", run_slot, 0, OP(MOVE), 99 },
	{ "slot.move.slots_1000", "N7", run_slot, 0, OP(MOVE), 999 },
	{ "slot.move.pages_8", "N7", run_slot, 0, PAGES(MOVE, 8), 0 },
	{ "slot.move.pages_64", "N7", run_slot, 0, PAGES(MOVE, 64), 0 },
	{ "slot.move.pages_512", "N7", run_slot, 0, PAGES(MOVE, 512), 0 },
	{ "slot.move_zap_slot.pages_8", "N7", run_slot, 0, ZAP_SLOT(MOVE, 8), 0 },
	{ "slot.move_zap_slot.pages_64", "N7", run_slot, 0, ZAP_SLOT(MOVE, 64), 0 },
	{ "slot.move_zap_slot.pages_512", "N7", run_slot, 0, ZAP_SLOT(MOVE, 512), 0 },
	{ "slot.log.slots_1", "N7", run_slot, 0, OP(LOG), 0 },
	{ "slot.log.slots_100", "N7", run_slot, 0, OP(LOG), 99 },
	{ "slot.log.slots_1000", "N7", run_slot, 0, OP(LOG), 999 },
	{ "slot.log.pages_8", "N7", run_slot, 0, PAGES(LOG, 8), 0 },
	{ "slot.log.pages_64", "N7", run_slot, 0, PAGES(LOG, 64), 0 },
	{ "slot.log.pages_512", "N7", run_slot, 0, PAGES(LOG, 512), 0 },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, table, ARRAY_SIZE(table));
}
