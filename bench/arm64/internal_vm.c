// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of an internal VM (H10): a run that ends with HVC, mapping by size, memory of
 * page tables; a VM of a process with the same memory beside it.
 */
#include <linux/kvm.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "arch/arm64/cpu.h"
#include "arch/arm64/internal.h"
#include "arch/arm64/layout.h"
#include "guest/guest.h"
#include "guest/list.h"
#include "harness/bench.h"
#include "util/env.h"
#include "util/util.h"

#define PAGE_1G	(1ULL << 30)

struct bed {
	struct ivm m;
	struct kvm_internal_run run;
	uint64_t pa, size;
	bool mapped;
};

static void set_up(struct bed *bed)
{
	bed->m = ivm_open();
	ivm_setup(&bed->m);
}

/* --- runs ------------------------------------------------------------------------------ */

static void prepare_run(void *arg, uint32_t i)
{
	struct bed *bed = arg;

	(void)i;
	bed->run = (struct kvm_internal_run){
		.pc = ivm_at(&bed->m, internal_hvc_3), .pstate = 0x3c5,
	};
}

static void run_once(void *arg, uint32_t i)
{
	struct bed *bed = arg;

	(void)i;
	if (ivm_ioctl(&bed->m, KVM_INTERNAL_RUN, &bed->run) || bed->run.rc || bed->run.hvc != 3)
		end_fail("the run did not end with HVC");
}

/* HVC to the owner: an ioctl of the driver, with all registers, is a part of it. */
static void run(const struct bench *b)
{
	struct bed bed;

	set_up(&bed);
	bench_host(b, NULL, (uint32_t)env_pick(200, 2000, 20000), prepare_run, run_once, &bed);
}

static void reg_once(void *arg, uint32_t i)
{
	struct bed *bed = arg;
	struct kvm_internal_reg r = { .id = REG_PC };

	(void)i;
	if (ivm_ioctl(&bed->m, KVM_INTERNAL_REG, &r))
		end_fail("KVM_INTERNAL_REG");
}

static void ioctl_only(const struct bench *b)
{
	struct bed bed;

	set_up(&bed);
	bench_host(b, NULL, (uint32_t)env_pick(200, 2000, 20000), NULL, reg_once, &bed);
}

/* --- mapping --------------------------------------------------------------------------- */

static void map_it(void *arg, uint32_t i)
{
	struct bed *bed = arg;

	(void)i;
	if (!bed->mapped && ivm_map(&bed->m, 1, 0, bed->pa, bed->size))
		end_fail("cannot map 0x%llx", (unsigned long long)bed->size);
	bed->mapped = true;
}

static void unmap_it(void *arg, uint32_t i)
{
	struct bed *bed = arg;

	(void)i;
	if (bed->mapped && ivm_unmap(&bed->m, 1))
		end_fail("cannot unmap 0x%llx", (unsigned long long)bed->size);
	bed->mapped = false;
}

/* param: bytes; op.addr: distance of the start from an aligned address */
static void allocate(struct bed *bed, const struct bench *b)
{
	*bed = (struct bed){ .size = b->param };
	set_up(bed);
	if (b->param < PAGE_1G)
		bed->pa = ivm_alloc(&bed->m, b->param + b->op.addr, PAGE_2M).pa + b->op.addr;
	else if (!ivm_ram(b->param, PAGE_1G, &bed->pa))
		end_skip("no aligned %llu GiB of RAM", (unsigned long long)(b->param / PAGE_1G));
	/* All of RAM: the code's slot would overlap. */
	if (b->param >= PAGE_1G)
		ivm_unmap(&bed->m, IVM_CODE_SLOT);
}

static uint32_t repetitions(const struct bench *b)
{
	if (b->param >= PAGE_1G)
		return (uint32_t)env_pick(2, 4, 20);
	return (uint32_t)(b->param > 2 * PAGE_2M ? env_pick(4, 10, 100) : env_pick(20, 200, 2000));
}

static void map(const struct bench *b)
{
	struct bed bed;
	long tables;

	allocate(&bed, b);
	tables = ivm_page_tables();
	map_it(&bed, 0);
	bench_value(b, "tables", "pages", (double)(ivm_page_tables() - tables));
	bench_host(b, NULL, repetitions(b), unmap_it, map_it, &bed);
}

static void unmap(const struct bench *b)
{
	struct bed bed;

	allocate(&bed, b);
	bench_host(b, NULL, repetitions(b), map_it, unmap_it, &bed);
}

/* --- first touch ------------------------------------------------------------------------ */

static void touch_all(void *arg, uint32_t i)
{
	struct bed *bed = arg;

	(void)i;
	bed->run = (struct kvm_internal_run){
		.regs = { bed->pa, bed->pa + bed->size, PAGE_4K }, .pstate = 0x3c5,
		.pc = ivm_at(&bed->m, internal_fill),
	};
	if (ivm_ioctl(&bed->m, KVM_INTERNAL_RUN, &bed->run) || bed->run.rc)
		end_fail("the guest cannot use its memory");
}

static void map_again(void *arg, uint32_t i)
{
	unmap_it(arg, i);
	map_it(arg, i);
}

/* A word of every page, after mapping: no fault. */
static void touch(const struct bench *b)
{
	struct bed bed;

	allocate(&bed, b);
	bench_host(b, NULL, (uint32_t)env_pick(4, 20, 100), map_again, touch_all, &bed);
}

struct user {
	struct vm *vm;
	char *hva;
	uint64_t size;
};

#define GPA	0x80000000ULL

static void new_slot(void *arg, uint32_t i)
{
	struct user *u = arg;

	if (i)
		vm_slot(u->vm, 1, 0, 0, 0, NULL);
	vm_slot(u->vm, 1, 0, GPA, u->size, u->hva);
}

static void touch_user(void *arg, uint32_t i)
{
	struct user *u = arg;

	(void)i;
	if (vcpu_do(u->vm->vcpu[0],
		    OPS({ .kind = OP_STORE,
			  .width = 8,
			  .addr = GPA,
			  .value = { 1 },
			  .count = (uint32_t)(u->size / VM_PAGE),
			  .stride = VM_PAGE }),
		    NO_EXITS) != VCPU_DONE)
		end_fail("the guest cannot use its memory");
}

/* The same in a VM of a process, whose memory is there: a stage-2 fault for each page. */
static void touch_in_user_vm(const struct bench *b)
{
	struct user u = { .vm = vm_create(NULL), .hva = vm_alloc(b->param), .size = b->param };
	long tables;

	madvise(u.hva, u.size, MADV_NOHUGEPAGE);
	memset(u.hva, 1, u.size);
	new_slot(&u, 0);
	tables = ivm_page_tables();
	touch_user(&u, 0);
	bench_value(b, "tables", "pages", (double)(ivm_page_tables() - tables));
	vm_slot(u.vm, 1, 0, 0, 0, NULL);
	bench_host(b, NULL, (uint32_t)env_pick(4, 20, 100), new_slot, touch_user, &u);
}

#define MIB	(1ULL << 20)

static const struct bench table[] = {
	{ "internal.ioctl", "H10", ioctl_only, 0, {}, 0 },
	{ "internal.run", "H10", run, 0, {}, 0 },
	{ "internal.map.page", "H10", map, 0, {}, PAGE_4K },
	{ "internal.map.2m_of_pages", "H10", map, 0, { .addr = PAGE_4K }, 2 * MIB },
	{ "internal.map.2m", "H10", map, 0, {}, 2 * MIB },
	{ "internal.map.4m", "H10", map, 0, {}, 4 * MIB },
	{ "internal.map.32m", "H10", map, 0, {}, 32 * MIB },
	{ "internal.map.1g", "H10", map, 0, {}, PAGE_1G },
	{ "internal.unmap.page", "H10", unmap, 0, {}, PAGE_4K },
	{ "internal.unmap.2m_of_pages", "H10", unmap, 0, { .addr = PAGE_4K }, 2 * MIB },
	{ "internal.unmap.2m", "H10", unmap, 0, {}, 2 * MIB },
	{ "internal.unmap.32m", "H10", unmap, 0, {}, 32 * MIB },
	{ "internal.unmap.1g", "H10", unmap, 0, {}, PAGE_1G },
	{ "internal.touch.2m", "H10", touch, 0, {}, 2 * MIB },
	{ "internal.touch.2m_of_pages", "H10", touch, 0, { .addr = PAGE_4K }, 2 * MIB },
	{ "internal.touch_in_user_vm", "H10", touch_in_user_vm, 0, {}, 2 * MIB },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, table, ARRAY_SIZE(table));
}
