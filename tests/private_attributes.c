// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_SET_MEMORY_ATTRIBUTES: what it refuses, and which pages it reaches, over several
 * slots and without a slot (E1-E5, E19).
 *
 * The VM has software-protected memory: a gfn is private to the guest exactly when
 * it has the attribute.
 */
#include "harness/test.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/time.h>
#include <time.h>

#include "arch.h"
#include "guest/gmem_vm.h"
#include "guest/hammer.h"
#include "util/place.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/random.h"

#define GPA		0xc0000000ULL
#define PAGES		8
#define SIZE		(PAGES * VM_PAGE)
#define PRIVATE		KVM_MEMORY_ATTRIBUTE_PRIVATE
#define SEEN_GPA	0x30000000ULL

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

/*
 * A refused call changes no page: on shared memory, where the guest must still read
 * the host's data, and on private memory.
 * Red with: any of the checks in kvm_vm_ioctl_set_mem_attributes() dropped.
 */
KVMEM_TEST_F(priv, validation, "E1")
{
	const struct {
		uint64_t gpa, size, attr, flags;
	} rows[] = {
		{ GPA, SIZE, PRIVATE, 1 },
		{ GPA, SIZE, PRIVATE, 1ULL << 32 },
		{ GPA, SIZE, PRIVATE, 1ULL << 63 },
		{ GPA, SIZE, 0, 1 },
		{ GPA, 0, PRIVATE, 0 },
		{ GPA, 0, 0, 0 },
		{ GPA + 1, SIZE, PRIVATE, 0 },
		{ GPA + 0x800, SIZE, PRIVATE, 0 },
		{ GPA + 0x800, 0x800, PRIVATE, 0 },
		{ GPA, SIZE + 1, PRIVATE, 0 },
		{ GPA, SIZE - 1, 0, 0 },
		{ GPA, 0x800, PRIVATE, 0 },
		{ -SIZE, SIZE + VM_PAGE, PRIVATE, 0 },
		{ -VM_PAGE, VM_PAGE, PRIVATE, 0 },
		{ GPA, -GPA, PRIVATE, 0 },
		{ GPA, -VM_PAGE, PRIVATE, 0 },
	};
	unsigned int i, bit;
	int private;

	memset(self->shared, 0x11, SIZE);
	for (private = 0; private < 2; private++) {
		uint64_t want = private ? 0 : 0x1111111111111111ULL;

		ASSERT_EQ(0, attributes_ioctl(self->vm, GPA, SIZE, private ? PRIVATE : 0, 0));
		for (i = 0; i < ARRAY_SIZE(rows); i++) {
			ASSERT_EQ(-EINVAL, attributes_ioctl(self->vm, rows[i].gpa, rows[i].size,
							    rows[i].attr, rows[i].flags)) {
				TH_LOG("row %u", i);
			}
			ASSERT_EQ(want, vcpu_load(self->v, 8, GPA));
			ASSERT_EQ(want, vcpu_load(self->v, 8, GPA + SIZE - VM_PAGE));
		}
		for (bit = 0; bit < 64; bit++) {
			if (1ULL << bit == PRIVATE)
				continue;
			ASSERT_EQ(-EINVAL, attributes_ioctl(self->vm, GPA, SIZE, 1ULL << bit, 0)) {
				TH_LOG("bit %u", bit);
			}
			ASSERT_EQ(-EINVAL, attributes_ioctl(self->vm, GPA, SIZE, PRIVATE | 1ULL << bit, 0));
		}
		ASSERT_EQ(want, vcpu_load(self->v, 8, GPA));
	}
}

/* A VM without private memory accepts only "no attributes". */
KVMEM_TEST(default_vm, "E1 E2")
{
	struct vm *vm = vm_create(NULL);
	unsigned int bit;

	REQUIRE(attributes_ioctl(vm, GPA, SIZE, 0, 1) != -ENOTTY && arch_private_vm_type() >= 0,
		"no KVM_SET_MEMORY_ATTRIBUTES (6.8, a kernel with private memory)");
	ASSERT_EQ(0, vm_cap(vm, KVM_CAP_MEMORY_ATTRIBUTES));
	for (bit = 0; bit < 64; bit++)
		ASSERT_EQ(-EINVAL, attributes_ioctl(vm, GPA, SIZE, 1ULL << bit, 0));
	ASSERT_EQ(0, attributes_ioctl(vm, GPA, SIZE, 0, 0));
	ASSERT_EQ(-EINVAL, attributes_ioctl(vm, GPA, SIZE, 0, 1));
	ASSERT_EQ(-EINVAL, attributes_ioctl(vm, GPA + 1, SIZE, 0, 0));
	ASSERT_EQ(-EINVAL, attributes_ioctl(vm, GPA, 0, 0, 0));
}

/* The capability and the ioctl agree about guest_memfd for this VM. */
KVMEM_TEST(default_vm_gmem, "E2")
{
	struct vm *vm = vm_create(NULL);
	/* Without private memory, a file must be created as plain RAM to be usable. */
	int fd = gmem_create(vm, VM_PAGE, arch_private_vm_type() < 0 ? gmem_default_flags(vm) : 0);
	uint64_t flags = (uint64_t)vm_cap(vm, KVM_CAP_GUEST_MEMFD_FLAGS);

	if (!vm_cap(vm, KVM_CAP_GUEST_MEMFD)) {
		ASSERT_EQ(0, flags);
		/* Without the config there is no ioctl; 6.8 to 6.17 create an unusable file. */
		ASSERT_TRUE(fd >= 0 || fd == -ENOTTY || fd == -EINVAL);
		ASSERT_GT(0, vm_region2(vm, 1, KVM_MEM_GUEST_MEMFD, GPA, VM_PAGE, vm_alloc(VM_PAGE), fd, 0));
		return;
	}
	ASSERT_EQ(1, vm_cap(vm, KVM_CAP_GUEST_MEMFD));
	ASSERT_LE(0, fd);
	ASSERT_EQ(0, vm_region2(vm, 1, KVM_MEM_GUEST_MEMFD, GPA, VM_PAGE, vm_alloc(VM_PAGE), fd, 0));
}

KVMEM_TEST_F(priv, capabilities, "E2")
{
	ASSERT_EQ(PRIVATE, vm_cap(NULL, KVM_CAP_MEMORY_ATTRIBUTES));
	ASSERT_EQ(PRIVATE, vm_cap(self->vm, KVM_CAP_MEMORY_ATTRIBUTES));
	ASSERT_EQ(1, vm_cap(self->vm, KVM_CAP_GUEST_MEMFD));
	ASSERT_EQ(1, vm_cap(self->vm, KVM_CAP_MEMORY_FAULT_INFO));
	ASSERT_EQ(1, vm_cap(self->vm, KVM_CAP_USER_MEMORY2));
	ASSERT_EQ(3, vm_cap(NULL, KVM_CAP_VM_TYPES) & 3);
	ASSERT_EQ(vm_cap(NULL, KVM_CAP_VM_TYPES), vm_cap(self->vm, KVM_CAP_VM_TYPES));
	/* Private memory and a second address space exclude each other. */
	ASSERT_GE(1, vm_cap(self->vm, KVM_CAP_MULTI_ADDRESS_SPACE));
}

/* --- routing (E3, E4, E5) --------------------------------------------------- */

#define ROUTE_SLOTS	3
#define ROUTE_PAGES	256

/* Three slots with a gap of 64 pages after each, file order opposite to gfn order. */
struct route {
	struct vm *vm;
	struct vcpu *v;
	unsigned int per_slot, pages;
	uint32_t *shared;		/* host memory: [page][1024] */
	uint32_t *seen;
	uint32_t want[2][ROUTE_PAGES];	/* content of each copy: shared, private */
	bool private[ROUTE_PAGES];
};

static uint64_t route_gpa(const struct route *r, unsigned int page)
{
	unsigned int slot = page / r->per_slot;

	return GPA + (page + slot * 64) * VM_PAGE;
}

static void route_init(struct route *r, unsigned int per_slot)
{
	unsigned int s, p;
	int fd, err;

	*r = (struct route){ .per_slot = per_slot, .pages = ROUTE_SLOTS * per_slot };
	place_still();
	r->vm = gmem_kind_vm(GMEM_PRIVATE, NULL);
	r->v = r->vm->vcpu[0];
	r->seen = vm_alloc(VM_PAGE);
	vm_slot(r->vm, 10, 0, SEEN_GPA, VM_PAGE, r->seen);
	r->shared = vm_alloc(r->pages * VM_PAGE);
	fd = gmem_kind_create(r->vm, GMEM_PRIVATE, r->pages * VM_PAGE);
	for (s = 0; s < ROUTE_SLOTS; s++) {
		err = vm_region2(r->vm, s + 1, KVM_MEM_GUEST_MEMFD, route_gpa(r, s * per_slot),
				 per_slot * VM_PAGE, r->shared + s * per_slot * 1024, fd,
				 (ROUTE_SLOTS - 1 - s) * per_slot * VM_PAGE);
		if (err)
			end_fail("slot %u: %s", s + 1, strerror(-err));
	}
	for (p = 0; p < r->pages; p++)
		r->shared[p * 1024 + 2] = r->want[0][p] = 0x5a000000 + p;
}

/* One operation per slot; round 0: read into r->seen. */
static bool route_access(struct route *r, const char *what, unsigned int round)
{
	struct mbox_op ops[ROUTE_SLOTS];
	unsigned int s;

	for (s = 0; s < ROUTE_SLOTS; s++)
		ops[s] = (struct mbox_op){
			.kind = round ? OP_STORE : OP_LOAD, .width = 4, .count = r->per_slot,
			.flags = round ? OPF_COUNTER : OPF_VALUES, .stride = VM_PAGE,
			.addr = route_gpa(r, s * r->per_slot) + 8,
			.value = { (uint64_t)round << 12 | s * r->per_slot },
			.samples = round ? 0 : SEEN_GPA + s * r->per_slot * sizeof(*r->seen),
		};
	return vcpu_expect(r->v, what, ops, ROUTE_SLOTS, NO_EXITS);
}

/* The guest must read the copy that the attribute selects, the host the shared copy. */
static bool route_check(struct route *r, const char *what)
{
	unsigned int p;

	for (p = 0; p < r->pages; p++)
		r->seen[p] = 0xa5a5a5a5;
	if (!route_access(r, what, 0))
		return false;
	for (p = 0; p < r->pages; p++) {
		uint32_t want = r->want[r->private[p]][p], host = r->shared[p * 1024 + 2];

		if (r->seen[p] == want && host == r->want[0][p])
			continue;
		diag("%s: page %u (%s) reads 0x%x, expected 0x%x; shared copy 0x%x, expected 0x%x",
		     what, p, r->private[p] ? "private" : "shared", r->seen[p], want, host,
		     r->want[0][p]);
		return false;
	}
	return true;
}

/* The guest writes a tag into every page, into whichever copy is visible. */
static bool route_write(struct route *r, unsigned int round)
{
	unsigned int p;

	for (p = 0; p < r->pages; p++)
		r->want[r->private[p]][p] = round << 12 | p;
	return route_access(r, "write of tags", round);
}

/* Set [first, last] by page index; the ioctl may span the gaps between slots. */
static int route_set(struct route *r, unsigned int first, unsigned int last, bool private)
{
	uint64_t begin = route_gpa(r, first), end = route_gpa(r, last) + VM_PAGE;
	unsigned int p;

	for (p = first; p <= last; p++)
		r->private[p] = private;
	return gmem_attributes(r->vm, begin, end - begin, private ? PRIVATE : 0);
}

/*
 * Write a different tag to both copies of every page.  The mappings of the first must
 * be zapped before new ones are made: a kernel that keeps one may panic.
 */
static bool route_fill(struct route *r)
{
	uint64_t before;

	if (route_set(r, 0, r->pages - 1, true) || !route_write(r, 1))
		return false;
	before = vm_stat(r->vm, "pages_4k");
	if (route_set(r, 0, r->pages - 1, false))
		return false;
	if (before - vm_stat(r->vm, "pages_4k") == r->pages)
		return route_write(r, 2);
	diag("a conversion of %u pages zapped %lld mappings", r->pages,
	     (long long)(before - vm_stat(r->vm, "pages_4k")));
	return false;
}

/*
 * A sequence of random ranges: each copy keeps its data, and the guest's first access
 * is a read or a write.
 * Red with: the attribute of the wrong gfn looked up; a range that ends early; a
 * conversion that frees or clears.
 */
KVMEM_TEST(random_routing, "E3 D4")
{
	uint64_t rounds = env_pick(40, 200, 3000), seed = env_seed() | 1, i;
	struct route r;

	route_init(&r, 8);
	ASSERT_TRUE(route_fill(&r));
	for (i = 0; i < rounds; i++) {
		unsigned int a = random_next(&seed) % r.pages, b = random_next(&seed) % r.pages;
		uint64_t dice = random_next(&seed);

		ASSERT_EQ(0, route_set(&r, a < b ? a : b, a < b ? b : a, dice & 1));
		/* Some conversions without an access in between. */
		if (!(dice & 6))
			continue;
		if (dice & 8)
			ASSERT_TRUE(route_write(&r, i + 3));
		ASSERT_TRUE(route_check(&r, "after a conversion")) {
			TH_LOG("round %llu, seed %llu", (unsigned long long)i,
			       (unsigned long long)env_seed());
		}
	}
}

/*
 * Every page is set separately, to random bitmaps.
 * Red with: a page that follows its neighbour's attribute.
 */
KVMEM_TEST(random_bitmap, "E3")
{
	uint64_t rounds = env_pick(6, 30, 300), seed = env_seed() | 1, i;
	struct route r;
	unsigned int p;

	route_init(&r, 8);
	ASSERT_TRUE(route_fill(&r));
	for (i = 0; i < rounds; i++) {
		uint64_t bits = random_next(&seed) >> 8;

		for (p = 0; p < r.pages; p++)
			ASSERT_EQ(0, route_set(&r, (p * 7 + i) % r.pages, (p * 7 + i) % r.pages,
					       bits >> p & 1));
		ASSERT_TRUE(route_check(&r, "a bitmap")) {
			TH_LOG("round %llu, bitmap 0x%llx, seed %llu", (unsigned long long)i,
			       (unsigned long long)(bits & 0xffffff), (unsigned long long)env_seed());
		}
		ASSERT_TRUE(route_write(&r, i + 3));
	}
}

/*
 * Ranges that partly have the new attribute already: the first page, the last, every
 * second.
 * Red with: has_attributes() that checks one end only.
 */
KVMEM_TEST(partly_set, "E4")
{
	unsigned int pattern, p, first = 8, last = 15, step = env_profile() == PROFILE_QUICK ? 15 : 5;
	struct route r;
	bool to;

	route_init(&r, 8);
	ASSERT_TRUE(route_fill(&r));
	for (to = false;; to = true) {
		for (pattern = 0; pattern < 256; pattern += step) {
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

/*
 * Ranges that start and end at and next to the ends of slots and of xarray nodes (64
 * entries).  Only the range changes, and only the range is unmapped.
 * Red with: one page more or less stored, or zapped; a slot of several left out.
 */
KVMEM_TEST(range_ends, "E4 E6", 1100)
{
	static const unsigned int cuts[] = { 0, 1, 31, 32, 62, 63, 64, 65, 68, 69, 70, 71, 139, 140, 208, 209 };
	unsigned int i, k, skip = env_profile() == PROFILE_QUICK ? 3 : 1;
	uint64_t before, faults;
	struct route r;

	route_init(&r, 70);
	ASSERT_TRUE(route_fill(&r));
	ASSERT_TRUE(route_check(&r, "all shared"));
	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		for (k = i; k < ARRAY_SIZE(cuts); k += skip) {
			unsigned int n = cuts[k] - cuts[i] + 1;
			int private;

			for (private = 1; private >= 0; private--) {
				before = vm_stat(r.vm, "pages_4k");
				faults = vcpu_stat(r.v, "pf_fixed");
				ASSERT_EQ(0, route_set(&r, cuts[i], cuts[k], private));
				ASSERT_EQ(before - n, vm_stat(r.vm, "pages_4k")) {
					TH_LOG("pages %u to %u", cuts[i], cuts[k]);
				}
				ASSERT_TRUE(route_check(&r, private ? "private range" : "shared again")) {
					TH_LOG("pages %u to %u", cuts[i], cuts[k]);
				}
				ASSERT_EQ(faults + n, vcpu_stat(r.v, "pf_fixed"));
				ASSERT_EQ(before, vm_stat(r.vm, "pages_4k"));
				/* The same again: no change, so nothing is zapped. */
				ASSERT_EQ(0, route_set(&r, cuts[i], cuts[k], private));
				ASSERT_EQ(before, vm_stat(r.vm, "pages_4k"));
			}
		}
	}
}

/*
 * Attributes set without a slot apply to a slot that is created later, and to the next
 * one after it was deleted.
 * Red with: attributes kept by slot, or dropped with it.
 */
KVMEM_TEST(before_the_slot, "E5")
{
	struct vm *vm = gmem_kind_vm(GMEM_PRIVATE, NULL);
	int fd = gmem_kind_create(vm, GMEM_PRIVATE, SIZE);
	struct vcpu *v = vm->vcpu[0];
	uint64_t *h = vm_alloc(SIZE), p, round;

	for (p = 0; p < PAGES; p += 2)
		ASSERT_EQ(0, gmem_attributes(vm, GPA + p * VM_PAGE, VM_PAGE, PRIVATE));
	for (round = 0; round < 3; round++) {
		ASSERT_EQ(0, vm_region2(vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE, h, fd, 0));
		for (p = 0; p < PAGES; p++) {
			ASSERT_EQ(round ? 100 * (round - 1) + 50 + p : 0,
				  vcpu_load(v, 8, GPA + p * VM_PAGE));
			vcpu_store(v, 8, GPA + p * VM_PAGE, 100 * round + 50 + p);
			ASSERT_EQ(p & 1 ? 100 * round + 50 + p : 0, h[p * 512]);
		}
		vm_slot(vm, 1, 0, 0, 0, NULL);
	}
	/* Made shared while there is no slot. */
	ASSERT_EQ(0, gmem_attributes(vm, GPA, SIZE, 0));
	ASSERT_EQ(0, vm_region2(vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE, h, fd, 0));
	for (p = 0; p < PAGES; p++)
		ASSERT_EQ(h[p * 512], vcpu_load(v, 8, GPA + p * VM_PAGE));
}

/* --- concurrency and size of attribute ranges (E19) ---------------------------------- */

struct converter {
	pthread_t thread;
	struct vm *vm;
	atomic_bool stop;
	unsigned long conversions;
};

static void *convert_until_stop(void *arg)
{
	struct converter *c = arg;

	while (!c->stop) {
		gmem_attributes(c->vm, GPA, SIZE, c->conversions++ & 1 ? 0 : PRIVATE);
		sched_yield();
	}
	gmem_attributes(c->vm, GPA, SIZE, 0);
	return NULL;
}

/* One access; if it races with a conversion, enter again. */
static bool retried(struct vcpu *v, const struct mbox_op *op)
{
	enum vcpu_stop stop = vcpu_do(v, op, 1, NO_EXITS);

	while (stop == VCPU_EXIT && v->run->exit_reason == KVM_EXIT_MEMORY_FAULT)
		stop = vcpu_finish(v);
	return stop == VCPU_DONE;
}

/*
 * Slots are created and deleted while their pages are converted; the guest stores
 * increasing numbers, each goes to one of the two copies of its page, and none is
 * lost.
 * Red with: the attribute read before the sequence count; a conversion that does not
 * wait for faults in progress.
 */
KVMEM_TEST_F(priv, convert_against_slots, "E19 E6")
{
	struct converter c = { .vm = self->vm };
	uint64_t i, p, rounds = env_pick(60, 300, 5000), last[PAGES] = { 0 };

	ASSERT_EQ(0, pthread_create(&c.thread, NULL, convert_until_stop, &c));
	for (i = 1; i <= rounds; i++) {
		struct mbox_op op = ST(8, 0, i);

		p = i % PAGES;
		op.addr = GPA + p * VM_PAGE;
		if (i % 3 == 0) {
			vm_slot(self->vm, 1, 0, 0, 0, NULL);
			ASSERT_EQ(0, vm_region2(self->vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE,
						self->shared, self->fd, 0));
		}
		ASSERT_TRUE(retried(self->v, &op));
		last[p] = i;
		op.kind = OP_LOAD;
		ASSERT_TRUE(retried(self->v, &op));
		ASSERT_LE(vcpu_value(self->v, 0), i);
	}
	c.stop = true;
	pthread_join(c.thread, NULL);
	diag("on %d CPUs: %lu conversions in %llu rounds", hammer_cpus(), c.conversions,
	     (unsigned long long)rounds);
	ASSERT_EQ(0, gmem_attributes(self->vm, GPA, SIZE, PRIVATE));
	for (p = 0; p < PAGES; p++) {
		uint64_t private = vcpu_load(self->v, 8, GPA + p * VM_PAGE);
		uint64_t shared = self->shared[p * 512];

		ASSERT_EQ(last[p], private > shared ? private : shared) {
			TH_LOG("page %llu: private %llu, shared %llu", (unsigned long long)p,
			       (unsigned long long)private, (unsigned long long)shared);
		}
	}
}

static void on_alarm(int sig)
{
	(void)sig;
}

/*
 * 2^18 pages, one GiB: the call ends in bounded time, a signal does not leave it half
 * done, and the range has the right ends.  6.12 completes the conversion in spite of
 * a signal (recorded).
 */
KVMEM_TEST_F(priv, large_range, "E19 E4", 700)
{
	const uint64_t begin = 1ULL << 32, size = 1ULL << 30;
	struct itimerval every = { { 0, 5000 }, { 0, 5000 } }, off = { { 0, 0 }, { 0, 0 } };
	const struct kexit want[] = {
		{ .reason = KVM_EXIT_MEMORY_FAULT, .addr = begin, .data = VM_PAGE, .err = EFAULT,
		  .flags = KVM_MEMORY_EXIT_FLAG_PRIVATE },
		{ .reason = KVM_EXIT_MEMORY_FAULT, .addr = begin + size - VM_PAGE, .data = VM_PAGE,
		  .err = EFAULT, .flags = KVM_MEMORY_EXIT_FLAG_PRIVATE },
	};
	struct timespec a, b;
	int r, tries = 0;

	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &every, NULL);
	clock_gettime(CLOCK_MONOTONIC, &a);
	do {
		r = gmem_attributes(self->vm, begin, size, PRIVATE);
		if (++tries == 3)
			setitimer(ITIMER_REAL, &off, NULL);
	} while (r == -EINTR);
	setitimer(ITIMER_REAL, &off, NULL);
	clock_gettime(CLOCK_MONOTONIC, &b);
	ASSERT_EQ(0, r);
	record_observation("E19", "conversion_and_signals", "%s", tries > 1 ? "EINTR" : "goes on");
	record_observation("E19", "gib_converted_under_20_s", "%s", b.tv_sec - a.tv_sec < 20 ? "yes" : "no");
	ASSERT_TRUE(vcpu_expect_stop(self->v, "first page", OPS(LD(8, begin)), &want[0], 1));
	ASSERT_TRUE(vcpu_expect_stop(self->v, "last page", OPS(LD(8, begin + size - 8)), &want[1], 1));
	ASSERT_TRUE(vcpu_expect(self->v, "the page before", OPS(LD(8, begin - 8)),
				EXITS(MMIO_RD(begin - 8, 8, 1))));
	ASSERT_TRUE(vcpu_expect(self->v, "the page after", OPS(LD(8, begin + size)),
				EXITS(MMIO_RD(begin + size, 8, 2))));
	ASSERT_EQ(0, gmem_attributes(self->vm, begin, size, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "shared again", OPS(LD(8, begin + size - 8)),
				EXITS(MMIO_RD(begin + size - 8, 8, 3))));
	ASSERT_EQ(self->shared[0], vcpu_load(self->v, 8, GPA));
}

KVMEM_MAIN
