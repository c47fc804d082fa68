// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stolen time (Documentation/virt/kvm/arm/pvtime.rst): a structure of 64 bytes that KVM
 * writes whenever it loads the vCPU.  It lies in a page with many aliases: KVM writes to the page
 * that is mapped now, through the slot that is there now, and to nothing else (G14, C12).
 */
#include "harness/test.h"

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "arch/arm64/cpu.h"
#include "guest/list.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "scenario/alias.h"
#include "scenario/hostmem.h"

#define NR	6
#define HERE	2		/* the alias with the structure */
#define OFFSET	0x140		/* of the structure in the page */
#define LENGTH	64
#define TIME	8		/* of the stolen time in the structure */

#define PV_TIME_FEATURES 0xc5000020ULL
#define PV_TIME_ST	0xc5000021ULL
#define ARCH_FEATURES	0x80000001ULL
#define NOT_SUPPORTED	~0ULL
#define NO_ADDRESS	~0ULL	/* of KVM_GET_DEVICE_ATTR */

/* --- attribute and hypercalls -------------------------------------------------------------- */

static int vcpu_attr(const struct vcpu *v, unsigned long request, uint64_t attr, void *value)
{
	struct kvm_device_attr a = {
		.group = KVM_ARM_VCPU_PVTIME_CTRL, .attr = attr, .addr = (uintptr_t)value,
	};

	return ioctl(v->fd, request, &a) ? -errno : 0;
}

static int set_address(const struct vcpu *v, uint64_t gpa)
{
	return vcpu_attr(v, KVM_SET_DEVICE_ATTR, KVM_ARM_VCPU_PVTIME_IPA, &gpa);
}

static uint64_t get_address(const struct vcpu *v)
{
	uint64_t gpa = 0;

	if (vcpu_attr(v, KVM_GET_DEVICE_ATTR, KVM_ARM_VCPU_PVTIME_IPA, &gpa))
		end_fail("KVM_ARM_VCPU_PVTIME_IPA: %s", strerror(errno));
	return gpa;
}

static uint64_t hypercall(struct vcpu *v, uint64_t nr, uint64_t arg)
{
	if (!vcpu_expect(v, "hypercall", OPS({ .kind = OP_HYPERCALL, .value = { nr, arg } }), NO_EXITS))
		end_fail("hypercall 0x%llx was not answered by KVM", (unsigned long long)nr);
	return vcpu_value(v, 0);
}

/* --- time that is stolen -------------------------------------------------------------------- */

/* Nanoseconds that this thread has waited for a CPU. */
static uint64_t run_delay(void)
{
	FILE *f = fopen("/proc/thread-self/schedstat", "re");
	unsigned long long ns;

	if (!f || fscanf(f, "%*u %llu", &ns) != 1)
		end_skip("/proc/thread-self/schedstat: %s", strerror(errno));
	fclose(f);
	return ns;
}

static void *spin(void *arg)
{
	(void)arg;
	for (;;)
		sched_yield();
	return NULL;
}

/* Let this thread wait for its CPU, for which another one competes. */
static void steal_some(void)
{
	static pthread_t other;
	uint64_t before = run_delay();
	cpu_set_t one;
	int tries;

	if (!other) {
		CPU_ZERO(&one);
		CPU_SET(sched_getcpu(), &one);
		if (sched_setaffinity(0, sizeof(one), &one) || pthread_create(&other, NULL, spin, NULL))
			end_fail("a thread on this CPU: %s", strerror(errno));
	}
	for (tries = 0; run_delay() - before < 1000; tries++) {
		if (tries == 10000)
			end_skip("the scheduler never lets this thread wait");
		sched_yield();
	}
}

/* --- the fixture ------------------------------------------------------------------------------ */

FIXTURE(pv) {
	struct vm *vm;
	struct vcpu *v;
	struct aliases a;
	char *hva;		/* memory behind every alias */
	char *page[2];		/* the pages of the memfd, mapped separately */
	unsigned int now;	/* the one that is mapped at hva */
	int fd;
	uint64_t gpa;		/* of the structure */
};

static void run(struct vcpu *v)
{
	vcpu_load(v, 4, ALIAS_SEEN_GPA);
}

static uint64_t *stolen(char *page)
{
	return (uint64_t *)(page + OFFSET + TIME);
}

KVMEM_SETUP(pv)
{
	char *view;

	if (!vm_cap(NULL, KVM_CAP_STEAL_TIME))
		end_never("no KVM_CAP_STEAL_TIME (CONFIG_SCHED_INFO)");
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->fd = hostmem_memfd(2 * VM_PAGE);
	view = hostmem_map(self->fd, 0, 2 * VM_PAGE);
	self->page[0] = view;
	self->page[1] = view + VM_PAGE;
	memset(view, 0, 2 * VM_PAGE);
	self->hva = vm_alloc(VM_PAGE);
	hostmem_map_over(self->hva, self->fd, 0, VM_PAGE);
	alias_init(&self->a, self->vm, NR, 1);
	alias_slots(&self->a, self->hva, 0);
	self->gpa = alias_gpa(&self->a, HERE, 0) + OFFSET;
	run(self->v);
}

static void start(FIXTURE_DATA(pv) *self)
{
	int r = set_address(self->v, self->gpa);

	if (r)
		end_fail("KVM_ARM_VCPU_PVTIME_IPA: %s", strerror(-r));
	if (hypercall(self->v, PV_TIME_ST, 0) != self->gpa)
		end_fail("PV_TIME_ST does not return the address");
}

/* --- attribute and hypercalls: rules ------------------------------------------------------- */

/*
 * Red with: any of the checks left out of kvm_arm_pvtime_set_attr(); a slot looked up
 * for reading only.
 */
KVMEM_TEST_F(pv, attribute, "G14")
{
	static const uint64_t unaligned[] = { 1, 8, 16, 32, 63, 65, 127 };
	struct vcpu *v = self->v;
	uint64_t base = alias_gpa(&self->a, 0, 0), ro = base + 0x40000000, value;
	size_t i;

	ASSERT_EQ(0, vcpu_attr(v, KVM_HAS_DEVICE_ATTR, KVM_ARM_VCPU_PVTIME_IPA, NULL));
	ASSERT_EQ(-ENXIO, vcpu_attr(v, KVM_HAS_DEVICE_ATTR, KVM_ARM_VCPU_PVTIME_IPA + 1, NULL));
	ASSERT_EQ(-ENXIO, vcpu_attr(v, KVM_SET_DEVICE_ATTR, KVM_ARM_VCPU_PVTIME_IPA + 1, &base));
	ASSERT_EQ(-ENXIO, vcpu_attr(v, KVM_GET_DEVICE_ATTR, KVM_ARM_VCPU_PVTIME_IPA + 1, &value));
	ASSERT_EQ(NO_ADDRESS, get_address(v));
	for (i = 0; i < ARRAY_SIZE(unaligned); i++) {
		ASSERT_EQ(-EINVAL, set_address(v, base + unaligned[i])) {
			TH_LOG("%llu", (unsigned long long)unaligned[i]);
		}
	}
	ASSERT_EQ(-EFAULT, vcpu_attr(v, KVM_SET_DEVICE_ATTR, KVM_ARM_VCPU_PVTIME_IPA, (void *)8));
	ASSERT_EQ(-EFAULT, vcpu_attr(v, KVM_GET_DEVICE_ATTR, KVM_ARM_VCPU_PVTIME_IPA, (void *)8));
	/* No slot: before, between, far behind. */
	ASSERT_EQ(-EINVAL, set_address(v, base - LENGTH));
	ASSERT_EQ(-EINVAL, set_address(v, alias_gpa(&self->a, NR, 0)));
	ASSERT_EQ(-EINVAL, set_address(v, 1ULL << 52));
	ASSERT_EQ(-EINVAL, set_address(v, ~63ULL));
	vm_slot(self->vm, ALIAS_SLOT + NR, KVM_MEM_READONLY, ro, VM_PAGE, self->hva);
	ASSERT_EQ(-EINVAL, set_address(v, ro));
	ASSERT_EQ(NO_ADDRESS, get_address(v));
	/* The last bytes of the last slot, then nothing else. */
	base = alias_gpa(&self->a, NR, 0) - LENGTH;
	ASSERT_EQ(0, set_address(v, base));
	ASSERT_EQ(base, get_address(v));
	ASSERT_EQ(-EEXIST, set_address(v, base));
	ASSERT_EQ(-EEXIST, set_address(v, self->gpa));
	ASSERT_EQ(-EINVAL, set_address(v, base + 1));
	ASSERT_EQ(base, get_address(v));
	memset(self->hva, 0xee, VM_PAGE);
	ASSERT_EQ(base, hypercall(v, PV_TIME_ST, 0));
	ASSERT_EQ(0xee, (unsigned char)self->hva[VM_PAGE - LENGTH - 1]);
	for (i = VM_PAGE - LENGTH; i < VM_PAGE; i++) {
		if (i - (VM_PAGE - LENGTH) - TIME < 8)
			continue;
		ASSERT_EQ(0, self->hva[i]) {
			TH_LOG("byte %zu", i);
		}
	}
}

/* Each vCPU has its own address, which may be the same. */
KVMEM_TEST_F(pv, of_each_vcpu, "G14")
{
	struct vm *vm = vm_create(&(struct vm_opts){ .nr_vcpus = 2 });
	struct vcpu *v = vm->vcpu[0], *w = vm->vcpu[1];

	vm_slot(vm, 1, 0, ALIAS_SEEN_GPA, VM_PAGE, self->hva);
	ASSERT_EQ(0, set_address(w, ALIAS_SEEN_GPA + LENGTH));
	ASSERT_EQ(NO_ADDRESS, get_address(v));
	ASSERT_EQ(NOT_SUPPORTED, hypercall(v, PV_TIME_ST, 0));
	ASSERT_EQ(ALIAS_SEEN_GPA + LENGTH, hypercall(w, PV_TIME_ST, 0));
	ASSERT_EQ(0, set_address(v, ALIAS_SEEN_GPA));
	ASSERT_EQ(ALIAS_SEEN_GPA, hypercall(v, PV_TIME_ST, 0));
	ASSERT_EQ(ALIAS_SEEN_GPA + LENGTH, hypercall(w, PV_TIME_ST, 0));
}

/*
 * Red with: PV_TIME_ST answered without an address; a feature that does not exist
 * reported; KVM_REG_ARM_STD_HYP_BMAP ignored.
 */
KVMEM_TEST_F(pv, hypercalls, "G14")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = self->v, *w = vm->vcpu[0];

	ASSERT_EQ(NOT_SUPPORTED, hypercall(v, PV_TIME_FEATURES, PV_TIME_FEATURES));
	ASSERT_EQ(NOT_SUPPORTED, hypercall(v, PV_TIME_FEATURES, PV_TIME_ST));
	ASSERT_EQ(NOT_SUPPORTED, hypercall(v, PV_TIME_ST, 0));
	ASSERT_EQ(0, hypercall(v, ARCH_FEATURES, PV_TIME_FEATURES));
	ASSERT_EQ(0, set_address(v, self->gpa));
	ASSERT_EQ(0, hypercall(v, PV_TIME_FEATURES, PV_TIME_FEATURES));
	ASSERT_EQ(0, hypercall(v, PV_TIME_FEATURES, PV_TIME_ST));
	ASSERT_EQ(NOT_SUPPORTED, hypercall(v, PV_TIME_FEATURES, PV_TIME_ST + 1));
	ASSERT_EQ(NOT_SUPPORTED, hypercall(v, PV_TIME_FEATURES, 0));
	ASSERT_EQ(self->gpa, hypercall(v, PV_TIME_ST, 0));
	/* The 32-bit calling convention has no such function. */
	ASSERT_EQ(NOT_SUPPORTED, hypercall(v, PV_TIME_ST & ~(1ULL << 30), 0) | ~0xffffffffULL);
	if (cpu_try_set_reg(w, KVM_REG_ARM_STD_HYP_BMAP, 0)) {
		record_observation("G14", "std_hyp_bitmap", "no KVM_REG_ARM_STD_HYP_BMAP");
		return;
	}
	vm_slot(vm, 1, 0, ALIAS_SEEN_GPA, VM_PAGE, self->hva);
	ASSERT_EQ(0, set_address(w, ALIAS_SEEN_GPA));
	ASSERT_EQ(NOT_SUPPORTED, hypercall(w, ARCH_FEATURES, PV_TIME_FEATURES));
	ASSERT_EQ(NOT_SUPPORTED, hypercall(w, PV_TIME_FEATURES, PV_TIME_ST));
	ASSERT_EQ(NOT_SUPPORTED, hypercall(w, PV_TIME_ST, 0));
}

/* --- the structure ---------------------------------------------------------------------------- */

/* Whether all bytes of the page but the structure's are 0xee, and its other fields are 0. */
static bool fields_are(const char *page)
{
	unsigned int i;

	for (i = 0; i < VM_PAGE; i++) {
		bool inside = i >= OFFSET && i < OFFSET + LENGTH;

		if ((inside && i - OFFSET - TIME < 8) || page[i] == (inside ? 0 : (char)0xee))
			continue;
		diag("byte %u is 0x%x", i, (unsigned char)page[i]);
		return false;
	}
	return true;
}

/*
 * PV_TIME_ST clears the structure; from then on it has the time that the vCPU's thread
 * waited, and nothing else changes.
 * Red with: kvm_init_stolen_time() that writes fewer bytes or none; the time written to
 * another offset; last_steal not updated: all of the delay is added each time.
 */
KVMEM_TEST_F(pv, structure, "G14", 200)
{
	uint64_t before, after, low, high, time = 0, last;
	unsigned int round;

	memset(self->page[0], 0xee, VM_PAGE);
	before = run_delay();
	start(self);
	after = run_delay();
	ASSERT_TRUE(fields_are(self->page[0]));
	for (round = 0; round < 4; round++) {
		last = time;
		steal_some();
		low = run_delay() - after;
		run(self->v);
		high = run_delay() - before;
		time = *stolen(self->page[0]);
		ASSERT_LE(low, time);
		ASSERT_GE(high, time);
		ASSERT_LT(last, time);
		ASSERT_TRUE(fields_are(self->page[0]));
		ASSERT_LE(time, vcpu_load(self->v, 8, self->gpa + TIME));
	}
	/* Once more from the start. */
	before = run_delay();
	ASSERT_EQ(self->gpa, hypercall(self->v, PV_TIME_ST, 0));
	ASSERT_GE(run_delay() - before, *stolen(self->page[0]));
	ASSERT_TRUE(fields_are(self->page[0]));
}

/* --- where it is written ------------------------------------------------------------------------ */

#define MARK	0x1000000000ULL	/* more than any delay */

/*
 * Whether the next update goes to the page that is mapped now, and to no other, and is
 * visible through all aliases.
 */
static bool written_where_it_is(FIXTURE_DATA(pv) *self, const char *what)
{
	uint64_t *here = stolen(self->page[self->now]), *there = stolen(self->page[!self->now]);
	unsigned int i;

	*here = MARK;
	*there = 2 * MARK;
	steal_some();
	run(self->v);
	if (*there != 2 * MARK) {
		diag("%s: written to the page that was mapped before", what);
		return false;
	}
	if (*here <= MARK || *here >= 2 * MARK) {
		diag("%s: the page that is mapped now holds 0x%llx", what, (unsigned long long)*here);
		return false;
	}
	for (i = 0; i < NR; i++) {
		uint64_t at = alias_gpa(&self->a, i, 0) + OFFSET + TIME;
		uint64_t got = vcpu_load(self->v, 8, at);

		if (got > MARK && got <= *here)
			continue;
		diag("%s: alias %u shows 0x%llx", what, i, (unsigned long long)got);
		return false;
	}
	return true;
}

#define WRITTEN(what) ASSERT_TRUE(written_where_it_is(self, what))

/* Whether the next update leaves both pages as they are. */
static bool not_written(FIXTURE_DATA(pv) *self, const char *what)
{
	*stolen(self->page[0]) = MARK;
	*stolen(self->page[1]) = MARK;
	steal_some();
	run(self->v);
	if (*stolen(self->page[0]) == MARK && *stolen(self->page[1]) == MARK)
		return true;
	diag("%s: 0x%llx and 0x%llx", what, (unsigned long long)*stolen(self->page[0]),
	     (unsigned long long)*stolen(self->page[1]));
	return false;
}

#define NOT_WRITTEN(what) ASSERT_TRUE(not_written(self, what))

/* Red with: the host address looked up once, when the address was set. */
KVMEM_TEST_F(pv, follows_the_page, "G14 C12 C3", 200)
{
	start(self);
	WRITTEN("at first");
	self->now = 1;
	hostmem_map_over(self->hva, self->fd, VM_PAGE, VM_PAGE);
	WRITTEN("another page");
	ASSERT_EQ(0, madvise(self->hva, VM_PAGE, MADV_DONTNEED));
	WRITTEN("MADV_DONTNEED");
	ASSERT_EQ(0, fallocate(self->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, VM_PAGE, VM_PAGE));
	alias_use_up();
	WRITTEN("a hole");
	ASSERT_EQ(0, mprotect(self->hva, VM_PAGE, PROT_NONE));
	NOT_WRITTEN("no access");
	ASSERT_EQ(0, mprotect(self->hva, VM_PAGE, PROT_READ));
	NOT_WRITTEN("read-only for the host");
	ASSERT_EQ(0, mprotect(self->hva, VM_PAGE, PROT_READ | PROT_WRITE));
	WRITTEN("accessible again");
	ASSERT_EQ(0, munmap(self->hva, VM_PAGE));
	NOT_WRITTEN("no memory");
	self->now = 0;
	hostmem_map_over(self->hva, self->fd, 0, VM_PAGE);
	WRITTEN("memory again");
}

KVMEM_TEST_F(pv, follows_migration, "G14 C12 C3")
{
	start(self);
	WRITTEN("at first");
	hostmem_migrate(self->page[0], 1);
	WRITTEN("migrated");
}

static void set_slot(FIXTURE_DATA(pv) *self, unsigned int i, uint32_t flags, uint64_t size)
{
	vm_slot(self->vm, ALIAS_SLOT + i, flags, alias_gpa(&self->a, i, 0), size, self->hva);
}

/*
 * The slot of the structure is deleted, moved, read-only: no write.  The guest's own
 * access without a slot is an exit.
 * Red with: a slot found by its number or host address; the flag of the slot not looked
 * at.
 */
KVMEM_TEST_F(pv, slots, "G14 C12 C7 A21", 200)
{
	uint64_t elsewhere = alias_gpa(&self->a, HERE, 0) + 0x40000000;

	start(self);
	set_slot(self, 0, 0, 0);
	set_slot(self, HERE + 1, 0, 0);
	steal_some();
	run(self->v);
	set_slot(self, 0, 0, VM_PAGE);
	set_slot(self, HERE + 1, 0, VM_PAGE);
	WRITTEN("other slots deleted and created again");
	set_slot(self, HERE, 0, 0);
	NOT_WRITTEN("deleted");
	ASSERT_EQ(self->gpa, hypercall(self->v, PV_TIME_ST, 0));
	ASSERT_EQ(MARK, *stolen(self->page[0]));
	ASSERT_EQ(self->gpa, get_address(self->v));
	ASSERT_TRUE(vcpu_expect(self->v, "the guest reads it", OPS(LD(8, self->gpa + TIME)),
				EXITS(MMIO_RD(self->gpa + TIME, 8, 1))));
	set_slot(self, HERE, KVM_MEM_READONLY, VM_PAGE);
	NOT_WRITTEN("read-only");
	ASSERT_EQ(self->gpa, hypercall(self->v, PV_TIME_ST, 0));
	ASSERT_EQ(MARK, *stolen(self->page[0]));
	set_slot(self, HERE, 0, 0);
	set_slot(self, HERE, 0, VM_PAGE);
	WRITTEN("created again");
	vm_slot(self->vm, ALIAS_SLOT + HERE, 0, elsewhere, VM_PAGE, self->hva);
	NOT_WRITTEN("moved away");
	set_slot(self, HERE, 0, VM_PAGE);
	WRITTEN("moved back");
}

static uint64_t get_log(FIXTURE_DATA(pv) *self, unsigned int i)
{
	uint64_t bits = ~0ULL;
	struct kvm_dirty_log log = { .slot = ALIAS_SLOT + i, .dirty_bitmap = &bits };

	if (ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log))
		end_fail("KVM_GET_DIRTY_LOG of alias %u: %s", i, strerror(errno));
	return bits;
}

/*
 * Each update is logged, in the slot with the structure and in none of the others; one
 * that is refused is not.
 * Red with: mark_page_dirty() left out of kvm_put_guest(), or called after a failure.
 */
KVMEM_TEST_F(pv, dirty_log, "G14 C12 C6 A22")
{
	unsigned int i, round;

	start(self);
	for (i = 0; i < NR; i++)
		set_slot(self, i, KVM_MEM_LOG_DIRTY_PAGES, VM_PAGE);
	for (round = 0; round < 3; round++) {
		run(self->v);
		for (i = 0; i < NR; i++) {
			ASSERT_EQ(i == HERE, get_log(self, i)) {
				TH_LOG("alias %u", i);
			}
		}
	}
	ASSERT_EQ(self->gpa, hypercall(self->v, PV_TIME_ST, 0));
	ASSERT_EQ(1, get_log(self, HERE));
	set_slot(self, HERE, 0, 0);
	set_slot(self, HERE, KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY, VM_PAGE);
	NOT_WRITTEN("read-only");
	ASSERT_EQ(0, get_log(self, HERE));
	ASSERT_EQ(self->gpa, hypercall(self->v, PV_TIME_ST, 0));
	ASSERT_EQ(0, get_log(self, HERE));
}

KVMEM_MAIN
