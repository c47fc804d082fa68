// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of operations on guest_memfd and memory attributes: freeing pages, by the
 * number of bound slots and by mapped pages (N8); conversions, and the exit that
 * requests one (N9).
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "harness/bench.h"
#include "util/env.h"
#include "guest/gmem_vm.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define GPA 0x80000000ULL /* the first of the slots, 2 MiB for each */
#define SLOT 10
#define SIZE PAGE_2M

struct bed {
	struct vm *vm;
	struct vcpu *v;
	int fd;
	unsigned int slots; /* bound to the file, 2 MiB of it each */
	uint64_t size; /* of one operation; at most its first 2 MiB have pages */
	uint64_t attribute;
	bool mapped;
};

static uint32_t repetitions(uint64_t size)
{
	return (uint32_t)(size == VM_PAGE ? env_pick(100, 400, 4000) :
					    env_pick(10, 30, 300));
}

/* Private memory if the kernel has it, else shared guest_memfd. */
static void make_bed(struct bed *bed, unsigned int slots)
{
	uint64_t bound = (slots ? slots : 1) * SIZE;
	unsigned int i;

	bed->vm = gmem_vm_create(NULL);
	bed->v = bed->vm->vcpu[0];
	bed->slots = slots;
	bed->attribute =
		gmem_default_flags(bed->vm) ? 0 : KVM_MEMORY_ATTRIBUTE_PRIVATE;
	bed->fd = gmem_create(bed->vm, bed->size > bound ? bed->size : bound,
			      gmem_default_flags(bed->vm));
	if (bed->fd < 0)
		end_fail("KVM_CREATE_GUEST_MEMFD: %s", strerror(-bed->fd));
	for (i = 0; i < slots; i++) {
		uint64_t gpa = GPA + i * SIZE;
		int r = vm_region2(bed->vm, SLOT + i, KVM_MEM_GUEST_MEMFD, gpa,
				   SIZE, vm_alloc(SIZE), bed->fd, i * SIZE);

		if (!r && bed->attribute)
			r = gmem_attributes(bed->vm, gpa, SIZE, bed->attribute);
		if (r)
			end_fail("guest_memfd slot: %s", strerror(-r));
	}
}

/* The guest writes to each page of a range. */
static void touch(struct bed *bed, uint64_t gpa, uint64_t size)
{
	if (vcpu_do(bed->v,
		    OPS({ .kind = OP_STORE,
			  .width = 8,
			  .addr = gpa,
			  .stride = VM_PAGE,
			  .count = (uint32_t)(size / VM_PAGE),
			  .value = { 1 } }),
		    NO_EXITS) != VCPU_DONE)
		end_fail("the guest cannot use its memory");
}

/* --- N8: freeing memory -------------------------------------------------- */

static void map_again(void *arg, uint32_t i)
{
	struct bed *bed = arg;
	uint64_t size = bed->size < SIZE ? bed->size : SIZE;

	(void)i;
	if (bed->mapped)
		touch(bed, GPA, size);
	else if (fallocate(bed->fd, FALLOC_FL_KEEP_SIZE, 0, (off_t)size))
		end_fail("fallocate: %s", strerror(errno));
}

static void punch(void *arg, uint32_t i)
{
	struct bed *bed = arg;
	int r = gmem_punch(bed->fd, 0, bed->size);

	(void)i;
	if (r)
		end_fail("punch: %s", strerror(-r));
}

static void run_punch(const struct bench *b)
{
	struct bed bed = { .size = b->op.addr ? b->op.addr : VM_PAGE, .mapped = b->op.count };

	make_bed(&bed, (unsigned int)b->param);
	bench_param("slots", b->param);
	bench_host(b, NULL, repetitions(bed.size), map_again, punch, &bed);
}

/* The last close, with every page of every slot mapped. */
static void close_file(void *arg, uint32_t i)
{
	struct bed *bed = arg;

	(void)i;
	close(bed->fd);
}

static void run_close(const struct bench *b)
{
	struct bed bed = { .mapped = true };

	make_bed(&bed, (unsigned int)b->param);
	touch(&bed, GPA, bed.slots * SIZE);
	bench_param("slots", b->param);
	bench_host(b, NULL, 1, NULL, close_file, &bed);
}

/* --- N9: conversions ----------------------------------------------------- */

static void need_attributes(const struct bed *bed)
{
	if (!bed->attribute)
		end_skip("no KVM_MEMORY_ATTRIBUTE_PRIVATE here");
}

/* The range is mapped before each conversion. */
static void map_before(void *arg, uint32_t i)
{
	struct bed *bed = arg;

	(void)i;
	if (bed->mapped)
		touch(bed, GPA, bed->size);
}

static void convert(void *arg, uint32_t i)
{
	struct bed *bed = arg;
	int r = gmem_attributes(bed->vm, GPA, bed->size,
				i & 1 ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0);

	if (r)
		end_fail("KVM_SET_MEMORY_ATTRIBUTES: %s", strerror(-r));
}

static void run_convert(const struct bench *b)
{
	struct bed bed = { .size = b->op.addr ? b->op.addr : VM_PAGE, .mapped = b->op.count };

	make_bed(&bed, 1);
	need_attributes(&bed);
	bench_host(b, NULL, repetitions(bed.size), map_before, convert, &bed);
}

/* The same, plus the guest's first access after it. */
static void convert_and_touch(void *arg, uint32_t i)
{
	struct bed *bed = arg;

	convert(arg, i);
	touch(bed, GPA, bed->size);
}

static void run_convert_touch(const struct bench *b)
{
	struct bed bed = { .size = b->op.addr ? b->op.addr : VM_PAGE, .mapped = true };

	make_bed(&bed, 1);
	need_attributes(&bed);
	bench_host(b, NULL, repetitions(bed.size), map_before,
		   convert_and_touch, &bed);
}

/* KVM_RUN with an access that needs a conversion, up to the memory fault exit. */
static void fault(void *arg, uint32_t i)
{
	struct bed *bed = arg;

	(void)i;
	if (!ioctl(bed->v->fd, KVM_RUN, 0) || errno != EFAULT)
		end_fail("no memory fault");
}

static void run_fault(const struct bench *b)
{
	struct bed bed = { .size = VM_PAGE };
	int r;

	make_bed(&bed, 1);
	need_attributes(&bed);
	/* Private, but in a slot without guest_memfd: every access is a memory fault. */
	vm_slot(bed.vm, SLOT + 1, 0, GPA + SIZE, VM_PAGE, vm_alloc(VM_PAGE));
	r = gmem_attributes(bed.vm, GPA + SIZE, VM_PAGE,
			    KVM_MEMORY_ATTRIBUTE_PRIVATE);
	if (r)
		end_fail("KVM_SET_MEMORY_ATTRIBUTES: %s", strerror(-r));
	vcpu_start(bed.v, OPS(LD(8, GPA + SIZE)));
	if (vcpu_finish(bed.v) != VCPU_EXIT ||
	    bed.v->log[0].reason != KVM_EXIT_MEMORY_FAULT)
		end_fail("no memory fault");
	bench_host(b, NULL, repetitions(VM_PAGE), NULL, fault, &bed);
}

/* Size of the range, and whether the guest has it mapped. */
#define PAGE(is_mapped)		{ .count = (is_mapped) }
#define LARGE(is_mapped)	{ .addr = SIZE, .count = (is_mapped) }
#define HUGE(is_mapped)		{ .addr = 1ULL << 30, .count = (is_mapped) }

static const struct bench table[] = {
	{ "gmem.punch_4k.slots_0", "N8", run_punch, 0, PAGE(0), 0 },
	{ "gmem.punch_4k.slots_1", "N8", run_punch, 0, PAGE(0), 1 },
	{ "gmem.punch_4k.slots_8", "N8", run_punch, 0, PAGE(0), 8 },
	{ "gmem.punch_4k.slots_64", "N8", run_punch, 0, PAGE(0), 64 },
	{ "gmem.punch_2m.slots_0", "N8", run_punch, 0, LARGE(0), 0 },
	{ "gmem.punch_2m.slots_1", "N8", run_punch, 0, LARGE(0), 1 },
	{ "gmem.punch_2m.slots_8", "N8", run_punch, 0, LARGE(0), 8 },
	{ "gmem.punch_2m.slots_64", "N8", run_punch, 0, LARGE(0), 64 },
	{ "gmem.punch_1g.slots_0", "N8", run_punch, 0, HUGE(0), 0 },
	{ "gmem.punch_1g.slots_1", "N8", run_punch, 0, HUGE(0), 1 },
	{ "gmem.punch_1g.slots_8", "N8", run_punch, 0, HUGE(0), 8 },
	{ "gmem.punch_1g.slots_64", "N8", run_punch, 0, HUGE(0), 64 },
	{ "gmem.punch_4k.mapped.slots_1", "N8", run_punch, 0, PAGE(1), 1 },
	{ "gmem.punch_4k.mapped.slots_8", "N8", run_punch, 0, PAGE(1), 8 },
	{ "gmem.punch_4k.mapped.slots_64", "N8", run_punch, 0, PAGE(1), 64 },
	{ "gmem.punch_2m.mapped.slots_1", "N8", run_punch, 0, LARGE(1), 1 },
	{ "gmem.punch_2m.mapped.slots_8", "N8", run_punch, 0, LARGE(1), 8 },
	{ "gmem.punch_2m.mapped.slots_64", "N8", run_punch, 0, LARGE(1), 64 },
	{ "gmem.close.slots_1", "N8", run_close, 0, {}, 1 },
	{ "gmem.close.slots_8", "N8", run_close, 0, {}, 8 },
	{ "gmem.close.slots_64", "N8", run_close, 0, {}, 64 },
	{ "gmem.memory_fault", "N9", run_fault, 0, {}, 0 },
	{ "gmem.convert_4k.unmapped", "N9", run_convert, 0, PAGE(0), 0 },
	{ "gmem.convert_4k.mapped", "N9", run_convert, 0, PAGE(1), 0 },
	{ "gmem.convert_4k.and_touch", "N9", run_convert_touch, 0, PAGE(1), 0 },
	{ "gmem.convert_2m.unmapped", "N9", run_convert, 0, LARGE(0), 0 },
	{ "gmem.convert_2m.mapped", "N9", run_convert, 0, LARGE(1), 0 },
	{ "gmem.convert_2m.and_touch", "N9", run_convert_touch, 0, LARGE(1), 0 },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, table, ARRAY_SIZE(table));
}
