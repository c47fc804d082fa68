// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PRE_FAULT_MEMORY: what it maps, the progress it reports, what it refuses
 * (D20, E17).
 */
#include "harness/test.h"

#include <signal.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>

#include "guest/gmem_vm.h"
#include "guest/hammer.h"
#include "util/place.h"
#include "kvm/prefault.h"
#include "harness/record.h"
#include "guest/list.h"

#define GPA 0xc0000000ULL
#define HUGE_GPA 0x100000000ULL
#define HOLE 0xe0000000ULL
#define PAGES 8
#define SIZE (PAGES * VM_PAGE)
#define PRIVATE KVM_MEMORY_ATTRIBUTE_PRIVATE

/* Backing: host memory or guest_memfd. */
enum memory { PLAIN, SHARED, PRIVATELY };

FIXTURE(prefault) {
	struct vm *vm;
	struct vcpu *v;
	uint8_t *hva;
	int fd;
};

FIXTURE_VARIANT(prefault) {
	enum memory memory;
};

FIXTURE_VARIANT_ADD(prefault, plain) { PLAIN };
FIXTURE_VARIANT_ADD(prefault, shared) { SHARED };
FIXTURE_VARIANT_ADD(prefault, private) { PRIVATELY };

static enum gmem_kind kind_of(enum memory m)
{
	return m == PRIVATELY ? GMEM_PRIVATE : GMEM_SHARED;
}

static struct vm *prefault_vm(enum memory m)
{
	static const struct vm_opts o = { .nr_vcpus = 2 };
	struct vm *vm = m == PLAIN ? vm_create(&o) : gmem_kind_vm(kind_of(m), &o);

	prefault_require(vm);
	place_still();
	return vm;
}

/* A slot of pages [first, first + n) of the memory at GPA + first pages. */
static int prefault_slot(FIXTURE_DATA(prefault) *self, enum memory m, uint32_t slot,
			 unsigned int first, unsigned int n)
{
	uint64_t at = first * VM_PAGE;

	if (m == PLAIN)
		return vm_region(self->vm, slot, 0, GPA + at, n * VM_PAGE, self->hva + at);
	return gmem_slot(self->vm, kind_of(m), slot, GPA + at, n * VM_PAGE, self->hva + at,
			 self->fd, at);
}

/* Three slots: 0 to 7, 8 to 11, a gap, 16 to 23. */
KVMEM_SETUP(prefault)
{
	self->vm = prefault_vm(variant->memory);
	self->v = self->vm->vcpu[0];
	self->hva = vm_alloc(4 * SIZE);
	if (variant->memory != PLAIN)
		self->fd = gmem_kind_create(self->vm, kind_of(variant->memory), 4 * SIZE);
	ASSERT_EQ(0, prefault_slot(self, variant->memory, 1, 0, 8));
	ASSERT_EQ(0, prefault_slot(self, variant->memory, 2, 8, 4));
	ASSERT_EQ(0, prefault_slot(self, variant->memory, 3, 16, 8));
}

/* Free all pages. */
static void empty(FIXTURE_DATA(prefault) *self, enum memory m)
{
	if (m == PLAIN)
		madvise(self->hva, 4 * SIZE, MADV_DONTNEED);
	else
		gmem_punch(self->fd, 0, 4 * SIZE);
}

/* --- what is mapped ----------------------------------------------------------- */

/*
 * Every range over three slots with a gap: exactly the pages up to the gap are mapped;
 * gpa and size report the progress; the guest reads mapped pages without a fault, and
 * others with one fault each.
 * Red with: gpa rounded, size not updated, an error that hides the progress, a
 * slot's end taken for the end of the range, one page too many or too few.
 */
KVMEM_TEST_F(prefault, ranges, "E17 D20")
{
	unsigned int first, last, p;

	vcpu_load(self->v, 8, GPA);
	for (first = 0; first < 24; first++) {
		for (last = first; last < 24; last += 1 + (first & 1)) {
			struct kvm_pre_fault_memory r = {
				.gpa = GPA + first * VM_PAGE,
				.size = (last + 1 - first) * VM_PAGE,
			};
			/* Where the call must stop, and its result. */
			unsigned int end = first < 12 && last >= 12 ? 12 : last + 1;
			int want = 0;
			uint64_t before, faults;

			if (first >= 12 && first < 16) {
				end = first;
				want = -ENOENT;
			}
			empty(self, variant->memory);
			before = vm_stat(self->vm, "pages_4k");
			ASSERT_EQ(want, prefault(self->v, &r)) {
				TH_LOG("pages %u to %u", first, last);
			}
			ASSERT_EQ(GPA + end * VM_PAGE, r.gpa);
			ASSERT_EQ((last + 1 - end) * VM_PAGE, r.size);
			ASSERT_EQ(before + end - first, vm_stat(self->vm, "pages_4k")) {
				TH_LOG("pages %u to %u", first, last);
			}
			/* The remaining range starts at a gfn without a slot. */
			if (r.size && !want)
				ASSERT_EQ(-ENOENT, prefault(self->v, &r));
			if (last % 4)
				continue;
			faults = vcpu_stat(self->v, "pf_fixed");
			for (p = first; p < end; p++)
				ASSERT_EQ(0, vcpu_load(self->v, 8, GPA + p * VM_PAGE));
			ASSERT_EQ(faults, vcpu_stat(self->v, "pf_fixed"));
			p = first ? first - 1 : 23;
			if (p < 12 || p >= 16) {
				ASSERT_EQ(0, vcpu_load(self->v, 8, GPA + p * VM_PAGE));
				ASSERT_EQ(faults + 1, vcpu_stat(self->v, "pf_fixed"));
			}
		}
	}
}

/*
 * Mapped pages stay mapped, with their data; a page that was freed in between is zero.
 * Red with: a spurious fault counted as no progress.
 */
KVMEM_TEST_F(prefault, again, "D20 E17")
{
	uint64_t mapped, p, round;

	vcpu_load(self->v, 8, GPA);
	empty(self, variant->memory);
	mapped = vm_stat(self->vm, "pages_4k");
	for (round = 1; round <= 3; round++) {
		struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };

		ASSERT_EQ(0, prefault(self->v, &r));
		ASSERT_EQ(GPA + SIZE, r.gpa);
		ASSERT_EQ(0, r.size);
		ASSERT_EQ(mapped + PAGES, vm_stat(self->vm, "pages_4k"));
		for (p = 0; p < PAGES; p++) {
			/* Pages 3 and 4 were freed since. */
			uint64_t want = round > 1 && p != 3 && p != 4 ? 100 * (round - 1) + p : 0;

			ASSERT_EQ(want, vcpu_load(self->v, 8, GPA + p * VM_PAGE));
			vcpu_store(self->v, 8, GPA + p * VM_PAGE, 100 * round + p);
		}
		if (variant->memory == PLAIN)
			madvise(self->hva + 3 * VM_PAGE, 2 * VM_PAGE, MADV_DONTNEED);
		else
			ASSERT_EQ(0, gmem_punch(self->fd, 3 * VM_PAGE, 2 * VM_PAGE));
	}
}

/* The first call on a vCPU that has never run. */
KVMEM_TEST_F(prefault, before_the_first_run, "E17")
{
	struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };
	uint64_t mapped = vm_stat(self->vm, "pages_4k");

	ASSERT_EQ(0, prefault(self->v, &r));
	ASSERT_EQ(0, r.size);
	ASSERT_EQ(mapped + PAGES, vm_stat(self->vm, "pages_4k"));
	vcpu_store(self->v, 8, GPA, 1);
	ASSERT_EQ(1, vcpu_load(self->v, 8, GPA));
}

/* Red with: any of the checks in kvm_vcpu_pre_fault_memory() dropped. */
KVMEM_TEST_F(prefault, validation, "E17")
{
	const struct {
		uint64_t gpa, size, flags;
		int want;
	} rows[] = {
		{ GPA, SIZE, 1, -EINVAL },	    { GPA, SIZE, 1ULL << 32, -EINVAL },
		{ GPA, SIZE, 1ULL << 63, -EINVAL }, { GPA, 0, 0, -EINVAL },
		{ GPA + 1, SIZE, 0, -EINVAL },	    { GPA + 0x800, SIZE, 0, -EINVAL },
		{ GPA, SIZE + 1, 0, -EINVAL },	    { GPA, 0x800, 0, -EINVAL },
		{ -VM_PAGE, VM_PAGE, 0, -EINVAL },  { -VM_PAGE, 2 * VM_PAGE, 0, -EINVAL },
		{ GPA, -GPA, 0, -EINVAL },	    { GPA, -VM_PAGE, 0, -EINVAL },
		{ HOLE, VM_PAGE, 0, -ENOENT },
	};
	uint64_t before;
	unsigned int i;

	vcpu_load(self->v, 8, GPA);
	empty(self, variant->memory);
	before = vm_stat(self->vm, "pages_4k");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct kvm_pre_fault_memory r = {
			.gpa = rows[i].gpa,
			.size = rows[i].size,
			.flags = rows[i].flags,
		};

		ASSERT_EQ(rows[i].want, prefault(self->v, &r)) {
			TH_LOG("row %u", i);
		}
		ASSERT_EQ(rows[i].gpa, r.gpa);
		ASSERT_EQ(rows[i].size, r.size);
		ASSERT_EQ(before, vm_stat(self->vm, "pages_4k"));
	}
}

/* --- signals ---------------------------------------------------------------------- */

static void on_alarm(int sig)
{
	(void)sig;
}

/*
 * A signal ends the call early: with success if something was mapped, else with EINTR;
 * the structure holds the remaining range, and the next call continues there.
 * Red with: EINTR after progress (userspace would conclude that nothing was done).
 */
KVMEM_TEST_F(prefault, interrupted, "E17")
{
	const uint64_t size = 16 << 20;
	struct itimerval every = { { 0, 2000 }, { 0, 2000 } }, off = { { 0, 0 }, { 0, 0 } };
	struct kvm_pre_fault_memory r = { .gpa = HUGE_GPA, .size = size };
	unsigned int early = 0, nothing = 0;
	uint64_t before, at = r.gpa;

	if (variant->memory == PLAIN)
		vm_slot(self->vm, 4, 0, HUGE_GPA, size, vm_alloc(size));
	else
		ASSERT_EQ(0,
			  gmem_slot(self->vm, kind_of(variant->memory), 4, HUGE_GPA, size,
				    vm_alloc(size),
				    gmem_kind_create(self->vm, kind_of(variant->memory), size), 0));
	vcpu_load(self->v, 8, GPA);
	before = vm_stat(self->vm, "pages_4k");
	signal(SIGALRM, on_alarm);
	setitimer(ITIMER_REAL, &every, NULL);
	while (r.size) {
		int err = prefault(self->v, &r);

		ASSERT_TRUE(err == 0 || err == -EINTR);
		ASSERT_EQ(HUGE_GPA + size, r.gpa + r.size);
		ASSERT_EQ(err == -EINTR, r.gpa == at);
		ASSERT_EQ(before + (r.gpa - HUGE_GPA) / VM_PAGE, vm_stat(self->vm, "pages_4k"));
		early += !err && r.size;
		nothing += !!err;
		at = r.gpa;
		/* Stop the timer: on a slow machine no call would map a page. */
		if (early + nothing > 20)
			setitimer(ITIMER_REAL, &off, NULL);
	}
	setitimer(ITIMER_REAL, &off, NULL);
	diag("%u calls ended early, %u without progress", early, nothing);
}

/* --- the slot is deleted meanwhile --------------------------------------------------- */

struct prefaulter {
	pthread_t thread;
	struct vcpu *v;
	atomic_bool stop;
	atomic_ulong calls;
	int no_slot; /* the errno for a range without a slot */
	int bad; /* an unexpected errno */
	unsigned long done, absent, eagain, stuck;
};

static void *prefault_until_stop(void *arg)
{
	struct prefaulter *p = arg;

	while (!p->stop && !p->stuck) {
		struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };
		int err = prefault(p->v, &r);

		p->done += !err;
		p->absent += err == p->no_slot;
		p->eagain += err == -EAGAIN;
		p->stuck += err == -ETIMEDOUT;
		if (err && err != p->no_slot && err != -EAGAIN && err != -ETIMEDOUT)
			p->bad = err;
		p->calls++;
	}
	return NULL;
}

/*
 * A slot is deleted and created again during a prefault, which returns success,
 * ENOENT (EFAULT if the range is private, see private_without_memory), or EAGAIN
 * (since 6.18; not in api.rst's table of errors, E17).  Before 6.18 prefault retried
 * while the deletion waited for it.  On a default VM with the quirk SLOT_ZAP_ALL the
 * root becomes obsolete meanwhile, which the retries do not check: both hang until a
 * signal arrives (7.3 too, known_issues).
 */
KVMEM_TEST_F(prefault, against_deletion, "E17", 1400)
{
	struct prefaulter p = {
		.v = self->vm->vcpu[1],
		.no_slot = variant->memory == PRIVATELY ? -EFAULT : -ENOENT,
	};
	uint64_t rounds = env_pick(300, 1000, 5000), i;
	time_t until = time(NULL) + (time_t)env_pick(1, 3, 60);
	struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };

	ASSERT_EQ(0, pthread_create(&p.thread, NULL, prefault_until_stop, &p));
	while (!p.calls)
		sched_yield();
	/* A round is slow if each deletion has to wait for a prefault that retries. */
	for (i = 0; i < rounds && !p.stuck && time(NULL) <= until; i++) {
		vm_slot(self->vm, 1, 0, 0, 0, NULL);
		ASSERT_EQ(0, prefault_slot(self, variant->memory, 1, 0, 8));
	}
	p.stop = true;
	pthread_join(p.thread, NULL);
	diag("on %d CPUs: %lu done, %lu without a slot, %lu EAGAIN in %llu rounds", hammer_cpus(),
	     p.done, p.absent, p.eagain, (unsigned long long)i);
	record_observation("E17", "prefault.slot_being_deleted", "%s", p.eagain ? "EAGAIN" : "-");
	ASSERT_EQ(0, p.stuck);
	ASSERT_EQ(0, p.bad);
	ASSERT_EQ(0, prefault(self->v, &r));
	ASSERT_EQ(0, r.size);
	vcpu_store(self->v, 8, GPA, 9);
	ASSERT_EQ(9, vcpu_load(self->v, 8, GPA));
}

/*
 * The same in sequence: a slot is deleted after the vCPU last ran, then prefault is
 * called.
 * Red with: an obsolete root that only KVM_RUN replaces (true before 6.15).
 */
KVMEM_TEST_F(prefault, after_deletion, "E17 D20", 700)
{
	struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };

	vcpu_load(self->v, 8, GPA);
	vm_slot(self->vm, 3, 0, 0, 0, NULL);
	ASSERT_EQ(0, prefault(self->v, &r));
	ASSERT_EQ(0, r.size);
	ASSERT_EQ(0, vcpu_load(self->v, 8, GPA));
}

/* --- private and shared (E17) --------------------------------------------------------- */

FIXTURE(mixed) {
	struct vm *vm;
	struct vcpu *v;
	int fd;
	uint64_t *shared;
};

KVMEM_SETUP(mixed)
{
	self->vm = prefault_vm(PRIVATELY);
	self->v = self->vm->vcpu[0];
	self->fd = gmem_kind_create(self->vm, GMEM_PRIVATE, SIZE);
	self->shared = vm_alloc(SIZE);
	memset(self->shared, 0, SIZE);
	ASSERT_EQ(0, vm_region2(self->vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE, self->shared, self->fd,
				0));
	vcpu_do(self->v, OPS({ .kind = OP_NOP }), NO_EXITS);
}

/*
 * One call over private and shared pages maps each according to its attribute, for
 * all patterns of eight pages.
 * Red with: the attribute of the range's first page used for all.
 */
KVMEM_TEST_F(mixed, by_attribute, "E17 E3")
{
	unsigned int pattern, p, step = env_profile() == PROFILE_QUICK ? 17 : 3;
	uint64_t before, nothing, faults;

	for (p = 0; p < PAGES; p++)
		self->shared[p * (VM_PAGE / 8)] = 100 + p;
	ASSERT_EQ(0, gmem_attributes(self->vm, GPA, SIZE, PRIVATE));
	before = vm_stat(self->vm, "pages_4k");
	for (p = 0; p < PAGES; p++)
		vcpu_store(self->v, 8, GPA + p * VM_PAGE, 200 + p);
	/* The payload's page tables are mapped by now, too. */
	nothing = vm_stat(self->vm, "pages_4k") - PAGES;
	ASSERT_LE(before, nothing);
	for (pattern = 0; pattern < 256; pattern += step) {
		struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };

		/* Convert all of them twice, so that nothing is mapped. */
		ASSERT_EQ(0, gmem_attributes(self->vm, GPA, SIZE, 0));
		ASSERT_EQ(0, gmem_attributes(self->vm, GPA, SIZE, PRIVATE));
		for (p = 0; p < PAGES; p++)
			if (!(pattern >> p & 1))
				ASSERT_EQ(0,
					  gmem_attributes(self->vm, GPA + p * VM_PAGE, VM_PAGE, 0));
		/* A mapping that is left here can panic a kernel later. */
		ASSERT_EQ(nothing, vm_stat(self->vm, "pages_4k"));
		ASSERT_EQ(0, prefault(self->v, &r));
		ASSERT_EQ(GPA + SIZE, r.gpa);
		ASSERT_EQ(0, r.size);
		ASSERT_EQ(nothing + PAGES, vm_stat(self->vm, "pages_4k"));
		faults = vcpu_stat(self->v, "pf_fixed");
		for (p = 0; p < PAGES; p++)
			ASSERT_EQ((pattern >> p & 1 ? 200 : 100) + p,
				  vcpu_load(self->v, 8, GPA + p * VM_PAGE)) {
				TH_LOG("pattern 0x%x, page %u", pattern, p);
			}
		ASSERT_EQ(faults, vcpu_stat(self->v, "pf_fixed"));
	}
}

/*
 * A private gfn without memory: ENOENT without a slot according to api.rst, EFAULT on
 * 6.12.  The call must fail, and nothing may be mapped.
 */
KVMEM_TEST_F(mixed, private_without_memory, "E17 E7 E8")
{
	struct kvm_pre_fault_memory r = { .gpa = HOLE, .size = VM_PAGE };
	uint64_t before = vm_stat(self->vm, "pages_4k");
	int err;

	ASSERT_EQ(0, gmem_attributes(self->vm, HOLE, SIZE, PRIVATE));
	err = prefault(self->v, &r);
	ASSERT_NE(0, err);
	record_observation("E17", "prefault.private_without_slot", "%s", strerror(-err));
	vm_slot(self->vm, 2, 0, HOLE, SIZE, vm_alloc(SIZE));
	err = prefault(self->v, &r);
	ASSERT_NE(0, err);
	record_observation("E17", "prefault.private_without_gmem", "%s", strerror(-err));
	ASSERT_EQ(HOLE, r.gpa);
	ASSERT_EQ(VM_PAGE, r.size);
	ASSERT_EQ(before, vm_stat(self->vm, "pages_4k"));
	/* The vCPU still works, and an access gives the same memory fault as without prefault. */
	vcpu_store(self->v, 8, GPA, 5);
	ASSERT_EQ(5, self->shared[0]);
	ASSERT_TRUE(vcpu_expect_stop(self->v, "access", OPS(LD(8, HOLE + 8)),
				     EXITS({ .reason = KVM_EXIT_MEMORY_FAULT,
					     .addr = HOLE,
					     .data = VM_PAGE,
					     .flags = KVM_MEMORY_EXIT_FLAG_PRIVATE,
					     .err = EFAULT })));
}

KVMEM_MAIN
