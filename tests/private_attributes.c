// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_SET_MEMORY_ATTRIBUTES: what it refuses, and which pages it reaches, over
 * several slots and where no slot is (BEHAVIOURS E1-E5, E19).
 */
#include "test.h"

#include <pthread.h>
#include <sys/ioctl.h>
#include <time.h>

#include "gmem.h"
#include "record.h"
#include "vcpu.h"

#define GPA		0xc0000000ULL
#define PAGES		8
#define SIZE		(PAGES * PAGE_4K)
#define PRIVATE		KVM_MEMORY_ATTRIBUTE_PRIVATE

FIXTURE(priv) {
	struct vm *vm;
	struct vcpu *v;
	int fd;
	uint64_t *shared;	/* host memory of slot 1 */
};

/* Slot 1: PAGES pages at GPA with guest_memfd and shared memory, all shared. */
KVMEM_SETUP(priv)
{
	struct vm_opts o = { .nr_vcpus = 2 };

	self->vm = gmem_kind_vm(GMEM_PRIVATE, &o);
	self->v = self->vm->vcpu[0];
	self->fd = gmem_kind_create(self->vm, GMEM_PRIVATE, SIZE);
	self->shared = vm_alloc(SIZE);
	ASSERT_EQ(0, vm_region2(self->vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE, self->shared, self->fd, 0));
}

/* --- validation (E1, E2) --------------------------------------------------- */

static int attributes_ioctl(struct vm *vm, uint64_t gpa, uint64_t size, uint64_t attr, uint64_t flags)
{
	struct kvm_memory_attributes a = {
		.address = gpa, .size = size, .attributes = attr, .flags = flags,
	};

	return ioctl(vm->fd, KVM_SET_MEMORY_ATTRIBUTES, &a) ? -errno : 0;
}

/* Red with: any of the checks in kvm_vm_ioctl_set_mem_attributes() dropped. */
KVMEM_TEST_F(priv, validation, "E1")
{
	static const struct {
		uint64_t gpa, size, attr, flags;
		int want;
	} rows[] = {
		{ GPA, SIZE, PRIVATE, 0, 0 },
		{ GPA, SIZE, 0, 0, 0 },
		{ GPA, SIZE, PRIVATE, 1, -EINVAL },
		{ GPA, SIZE, PRIVATE, 1ULL << 63, -EINVAL },
		{ GPA, 0, PRIVATE, 0, -EINVAL },
		{ GPA + 1, SIZE, PRIVATE, 0, -EINVAL },
		{ GPA + 0x800, SIZE, PRIVATE, 0, -EINVAL },
		{ GPA, SIZE + 1, PRIVATE, 0, -EINVAL },
		{ GPA, 0x800, PRIVATE, 0, -EINVAL },
		{ -SIZE, SIZE + PAGE_4K, PRIVATE, 0, -EINVAL },
		{ -PAGE_4K, PAGE_4K, PRIVATE, 0, -EINVAL },
		{ GPA, SIZE, 1, 0, -EINVAL },
		{ GPA, SIZE, PRIVATE | 1, 0, -EINVAL },
		{ GPA, SIZE, PRIVATE << 1, 0, -EINVAL },
		{ GPA, SIZE, 1ULL << 63, 0, -EINVAL },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_EQ(rows[i].want, attributes_ioctl(self->vm, rows[i].gpa, rows[i].size,
							 rows[i].attr, rows[i].flags)) {
			TH_LOG("row %u", i);
		}
		/* A refused call leaves the range shared. */
		if (rows[i].want)
			ASSERT_EQ(self->shared[0], vcpu_load(self->v, 8, GPA));
	}
}

KVMEM_TEST(default_vm, "E1 E2")
{
	struct vm *vm = vm_create(NULL);

	REQUIRE(attributes_ioctl(vm, GPA, SIZE, 0, 1) != -ENOTTY, "no KVM_SET_MEMORY_ATTRIBUTES (6.8)");
	ASSERT_EQ(0, vm_cap(vm, KVM_CAP_MEMORY_ATTRIBUTES));
	ASSERT_EQ(-EINVAL, attributes_ioctl(vm, GPA, SIZE, PRIVATE, 0));
	ASSERT_EQ(0, attributes_ioctl(vm, GPA, SIZE, 0, 0));
}

KVMEM_TEST_F(priv, capabilities, "E2")
{
	ASSERT_EQ(PRIVATE, vm_cap(NULL, KVM_CAP_MEMORY_ATTRIBUTES));
	ASSERT_EQ(PRIVATE, vm_cap(self->vm, KVM_CAP_MEMORY_ATTRIBUTES));
	ASSERT_EQ(1, vm_cap(self->vm, KVM_CAP_GUEST_MEMFD));
	ASSERT_EQ(1, vm_cap(self->vm, KVM_CAP_MEMORY_FAULT_INFO));
	ASSERT_EQ(1, vm_cap(self->vm, KVM_CAP_USER_MEMORY2));
	ASSERT_EQ(3, vm_cap(NULL, KVM_CAP_VM_TYPES) & 3);
}

/* --- routing (E3, E4, E5) --------------------------------------------------- */

#define ROUTE_SLOTS	3
#define ROUTE_PAGES	24	/* three slots of eight */

struct route {
	struct vm *vm;
	struct vcpu *v;
	uint64_t gpa[ROUTE_PAGES];
	uint64_t *shared[ROUTE_PAGES];
	uint64_t want[2][ROUTE_PAGES];	/* what each copy holds: shared, private */
	bool private[ROUTE_PAGES];
};

static uint64_t random_next(uint64_t *s)
{
	/* xorshift64*, Vigna 2016 */
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return *s * 0x2545f4914f6cdd1dULL;
}

/* Slots with a gap between them, file order opposite to gfn order. */
static void route_init(struct route *r)
{
	unsigned int s, p;
	int fd;

	r->vm = gmem_kind_vm(GMEM_PRIVATE, NULL);
	r->v = r->vm->vcpu[0];
	fd = gmem_kind_create(r->vm, GMEM_PRIVATE, ROUTE_PAGES * PAGE_4K);
	for (s = 0; s < ROUTE_SLOTS; s++) {
		uint64_t *h = vm_alloc(8 * PAGE_4K), gpa = GPA + s * 16 * PAGE_4K;

		if (vm_region2(r->vm, s + 1, KVM_MEM_GUEST_MEMFD, gpa, 8 * PAGE_4K, h, fd,
			       (ROUTE_SLOTS - 1 - s) * 8 * PAGE_4K))
			end_fail("slot %u: %s", s + 1, strerror(errno));
		for (p = 0; p < 8; p++) {
			r->gpa[s * 8 + p] = gpa + p * PAGE_4K;
			r->shared[s * 8 + p] = h + p * 512;
		}
	}
}

/* Every page is read in one list and must show the copy that its state says. */
static bool route_check(struct route *r, const char *what)
{
	struct mbox_op ops[ROUTE_PAGES];
	unsigned int p;

	for (p = 0; p < ROUTE_PAGES; p++)
		ops[p] = (struct mbox_op)LD(8, r->gpa[p] + 8);
	if (!vcpu_expect(r->v, what, ops, ROUTE_PAGES, NO_EXITS))
		return false;
	for (p = 0; p < ROUTE_PAGES; p++) {
		uint64_t want = r->want[r->private[p]][p], got = vcpu_value(r->v, p);

		if (got == want && r->shared[p][1] == r->want[0][p])
			continue;
		diag("%s: page %u (%s) reads 0x%llx, expected 0x%llx; shared copy 0x%llx, expected 0x%llx",
		     what, p, r->private[p] ? "private" : "shared", (unsigned long long)got,
		     (unsigned long long)want, (unsigned long long)r->shared[p][1],
		     (unsigned long long)r->want[0][p]);
		return false;
	}
	return true;
}

/* The guest writes a tag into every page, into whichever copy is visible. */
static bool route_write(struct route *r, uint64_t tag)
{
	struct mbox_op ops[ROUTE_PAGES];
	unsigned int p;

	for (p = 0; p < ROUTE_PAGES; p++) {
		ops[p] = (struct mbox_op)ST(8, r->gpa[p] + 8, tag + p);
		r->want[r->private[p]][p] = tag + p;
	}
	return vcpu_expect(r->v, "write of tags", ops, ROUTE_PAGES, NO_EXITS);
}

/* Set [first, last] by page index; the ioctl may span the gaps between slots. */
static int route_set(struct route *r, unsigned int first, unsigned int last, bool private)
{
	unsigned int p;

	for (p = first; p <= last; p++)
		r->private[p] = private;
	return gmem_attributes(r->vm, r->gpa[first], r->gpa[last] - r->gpa[first] + PAGE_4K,
			       private ? PRIVATE : 0);
}

/* Random ranges, one after the other: each copy keeps its data through all of it.
 * Red with: the attribute of the wrong gfn looked up; a range that ends early.
 */
KVMEM_TEST(random_routing, "E3")
{
	uint64_t rounds = env_pick(30, 150, 3000), seed = env_seed() | 1, i;
	struct route r = { .vm = NULL };

	route_init(&r);
	ASSERT_TRUE(route_write(&r, 0x100));
	for (i = 0; i < rounds; i++) {
		unsigned int a = random_next(&seed) % ROUTE_PAGES, b = random_next(&seed) % ROUTE_PAGES;
		bool private = random_next(&seed) & 1;

		ASSERT_EQ(0, route_set(&r, a < b ? a : b, a < b ? b : a, private));
		ASSERT_TRUE(route_check(&r, "after a conversion")) {
			TH_LOG("round %llu, seed %llu", (unsigned long long)i,
			       (unsigned long long)env_seed());
		}
		if (i % 3 == 0)
			ASSERT_TRUE(route_write(&r, (i + 2) << 8));
	}
}

/* Ranges of which a part already is what it shall become: the first page, the
 * last, every second.  Red with: has_attributes() that looks at the first page.
 */
KVMEM_TEST(partly_set, "E4")
{
	struct route r = { .vm = NULL };
	unsigned int pattern, p, first = 8, last = 15;
	bool to;

	route_init(&r);
	ASSERT_TRUE(route_write(&r, 0x100));
	for (to = false;; to = true) {
		for (pattern = 0; pattern < 256; pattern += 5) {
			for (p = first; p <= last; p++)
				ASSERT_EQ(0, route_set(&r, p, p, pattern >> (p - first) & 1 ? to : !to));
			ASSERT_TRUE(route_check(&r, "before"));
			ASSERT_EQ(0, route_set(&r, first, last, to));
			ASSERT_TRUE(route_check(&r, "after")) {
				TH_LOG("pattern 0x%x to %s", pattern, to ? "private" : "shared");
			}
		}
		if (to)
			break;
	}
}

/* One page more and one less than the range: its neighbours keep their state. */
KVMEM_TEST(range_ends, "E4")
{
	struct route r = { .vm = NULL };
	unsigned int first, last;

	route_init(&r);
	ASSERT_TRUE(route_write(&r, 0x100));
	ASSERT_EQ(0, route_set(&r, 0, ROUTE_PAGES - 1, true));
	ASSERT_TRUE(route_write(&r, 0x200));
	ASSERT_EQ(0, route_set(&r, 0, ROUTE_PAGES - 1, false));
	for (first = 0; first < 8; first++) {
		for (last = first; last < 8; last++) {
			ASSERT_EQ(0, route_set(&r, first, last, true));
			ASSERT_TRUE(route_check(&r, "private range"));
			ASSERT_EQ(0, route_set(&r, first, last, false));
			ASSERT_TRUE(route_check(&r, "shared again"));
		}
	}
}

/* Attributes set where no slot is: they hold for the slot that comes later. */
KVMEM_TEST(before_the_slot, "E5")
{
	struct vm *vm = gmem_kind_vm(GMEM_PRIVATE, NULL);
	int fd = gmem_kind_create(vm, GMEM_PRIVATE, SIZE);
	struct vcpu *v = vm->vcpu[0];
	uint64_t *h = vm_alloc(SIZE), p;

	for (p = 0; p < PAGES; p += 2)
		ASSERT_EQ(0, gmem_attributes(vm, GPA + p * PAGE_4K, PAGE_4K, PRIVATE));
	ASSERT_EQ(0, vm_region2(vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE, h, fd, 0));
	for (p = 0; p < PAGES; p++) {
		vcpu_store(v, 8, GPA + p * PAGE_4K, 50 + p);
		ASSERT_EQ(p & 1 ? 50 + p : 0, h[p * 512]);
	}
}

/* --- concurrency and size of attribute ranges (E19) ---------------------------------- */

static void *convert_for_ever(void *arg)
{
	struct vm *vm = arg;
	uint64_t i;

	for (i = 0; i < 400; i++)
		gmem_attributes(vm, GPA, SIZE, i & 1 ? PRIVATE : 0);
	gmem_attributes(vm, GPA, SIZE, 0);
	return NULL;
}

KVMEM_TEST_F(priv, convert_against_slots, "E19")
{
	uint64_t i, rounds = env_pick(50, 200, 3000);
	pthread_t t;

	ASSERT_EQ(0, pthread_create(&t, NULL, convert_for_ever, self->vm));
	for (i = 0; i < rounds; i++) {
		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		ASSERT_EQ(0, vm_region2(self->vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE, self->shared,
					self->fd, 0));
	}
	pthread_join(t, NULL);
	vcpu_store(self->v, 8, GPA, 9);
	ASSERT_EQ(9, self->shared[0]);
}

/* 2^18 pages is one GiB: its cost stays in bounds and the host stays alive. */
KVMEM_TEST_F(priv, large_range, "E19")
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	ASSERT_EQ(0, gmem_attributes(self->vm, 1ULL << 32, 1ULL << 30, PRIVATE));
	ASSERT_EQ(0, gmem_attributes(self->vm, 1ULL << 32, 1ULL << 30, 0));
	clock_gettime(CLOCK_MONOTONIC, &b);
	record_observation("E19", "gib_converted_twice_under_20_s", "%s",
			   b.tv_sec - a.tv_sec < 20 ? "yes" : "no");
	ASSERT_EQ(self->shared[0], vcpu_load(self->v, 8, GPA));
}

KVMEM_MAIN
