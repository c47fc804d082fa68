// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loads and stores whose abort has no valid syndrome (ESR_EL2.ISV = 0), so that KVM
 * cannot report them as MMIO: at an address without a slot, and stores to a read-only
 * slot (G5, A5, A19).
 */
#include "harness/test.h"

#include <sys/ioctl.h>

#include "arch.h"
#include "arch/arm64/mmu.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"
#include "nisv.h"

#define MARK	8		/* offset of the access after the one tested, a store */
#define ISS_FSC	0x3fULL

/* The state that an access must not change unless it completes. */
struct snapshot {
	uint64_t x[31], sp_el0, sp_el1, pstate, pc, v0[2];
};

static struct snapshot snapshot(struct vcpu *v)
{
	struct snapshot s = {
		.sp_el0 = cpu_get_reg(v, REG_SP_EL0), .sp_el1 = cpu_get_reg(v, REG_SP_EL1),
		.pstate = cpu_get_reg(v, REG_PSTATE), .pc = cpu_get_reg(v, REG_PC),
	};
	unsigned int i;

	for (i = 0; i < 31; i++)
		s.x[i] = cpu_get_reg(v, REG_X(i));
	vector_reg(v, 0, s.v0, KVM_GET_ONE_REG);
	return s;
}

/* --- the tests ---------------------------------------------------------------- */

FIXTURE(nisv) {
	struct vm *vm;
	struct vcpu *v;
	uint8_t *page;		/* memory of a slot at HOLE */
	uint16_t flags;
};

FIXTURE_VARIANT(nisv) {
	uint16_t flags;
};

FIXTURE_VARIANT_ADD(nisv, el1) { 0 };
FIXTURE_VARIANT_ADD(nisv, el0) { OPF_USER };

KVMEM_SETUP(nisv)
{
	if (!vm_cap(NULL, KVM_CAP_READONLY_MEM))
		end_skip("no KVM_CAP_READONLY_MEM");
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->page = vm_alloc(VM_PAGE);
	self->flags = variant->flags;
}

static bool has(FIXTURE_DATA(nisv) *self, const struct row *r)
{
	return !(r->is & (cpu_has_lse(self->v) ? NO_LSE : LSE));
}

/* One KVM_RUN: how it must end, with the guest still before the instruction. */
static bool stops(FIXTURE_DATA(nisv) *self, const struct row *r, bool to_user, bool second,
		  bool read_only)
{
	struct vcpu *v = self->v;
	unsigned int n = v->nr_exits;
	enum vcpu_stop stop = n ? vcpu_run(v) : vcpu_finish(v);
	const struct kexit *e = &v->log[n];
	uint64_t addr = HOLE + offset(r), iss = e->data, block, wnr;
	char text[160];

	exit_print(e, text, sizeof(text));
	if (stop != VCPU_EXIT || v->nr_exits != n + 1 || e->err != (to_user ? 0 : ENOSYS) ||
	    e->reason != (to_user ? KVM_EXIT_ARM_NISV : KVM_EXIT_UNKNOWN)) {
		diag("%s: KVM_RUN %u is %s", r->what, n, text);
		return false;
	}
	if (!stands_at(v, r, second))
		return false;
	if (!to_user)
		return true;

	/* FAR of dc zva is any address in the block. */
	block = r->kind == OP_DC_ZVA ? zva_block() : 1;
	/* An atomic instruction is a write only if a read would not have faulted. */
	wnr = r->is & READS && !read_only ? 0 : ESR_WNR;
	if ((e->addr & ~(block - 1)) == addr && (iss & ~(ISS_FSC | ESR_WNR)) == 0 &&
	    (iss & ESR_WNR) == wnr &&
	    ((iss & FSC_TYPE) == FSC_TRANSLATION || (read_only && (iss & FSC_TYPE) == FSC_PERMISSION)))
		return true;
	diag("%s: %s, expected fault_ipa 0x%llx, WnR %u, a %s fault", r->what, text,
	     (unsigned long long)addr, !!wnr, read_only ? "translation or permission" : "translation");
	return false;
}

/*
 * Three times the same, and nothing but the exits has happened to the guest.  A stxr that
 * is executed again fails without an access: its exclusive monitor is gone.
 */
static bool stops_repeatedly(FIXTURE_DATA(nisv) *self, const struct row *r, bool to_user,
			     bool second, bool read_only)
{
	uint64_t mmio = arch_mmio_exits(self->v);
	struct snapshot before, after;
	unsigned int i;

	if (!stops(self, r, to_user, second, read_only))
		return false;
	before = snapshot(self->v);
	for (i = 0; i < 2 && !second; i++) {
		if (!stops(self, r, to_user, second, read_only) ||
		    !exit_equal(&self->v->log[0], &self->v->log[1 + i]))
			return false;
	}
	after = snapshot(self->v);
	if (memcmp(&before, &after, sizeof(before))) {
		diag("%s: registers have changed", r->what);
		return false;
	}
	return arch_mmio_exits(self->v) == mmio;
}

static void start(FIXTURE_DATA(nisv) *self, const struct row *r, uint64_t v0)
{
	vcpu_start(self->v, OPS({ .kind = r->kind, .width = r->width, .addr = HOLE + offset(r),
				  .value = { v0, V1 }, .flags = self->flags }, ST(8, HOLE + MARK, 1)));
}

/* The guest finishes; its result and the memory are those of the instruction, once. */
static bool completed(FIXTURE_DATA(nisv) *self, const struct row *r, const uint8_t *memory,
		      const struct effect *want)
{
	const struct mbox_result *res = vcpu_result(self->v, 0);

	if (res->done == 1 && res->vector < 0 && vcpu_result(self->v, 1)->done == 1 &&
	    res->value[0] == want->value[0] && res->value[1] == want->value[1] &&
	    !memcmp(memory, want->memory, PAGE_4K))
		return true;
	diag("%s: retired %u times, exception %d, values 0x%llx 0x%llx, expected 0x%llx 0x%llx, memory %s",
	     r->what, res->done, res->vector, (unsigned long long)res->value[0],
	     (unsigned long long)res->value[1], (unsigned long long)want->value[0],
	     (unsigned long long)want->value[1],
	     memcmp(memory, want->memory, PAGE_4K) ? "differs" : "as expected");
	return false;
}

/* A writable slot over the address lets the instruction finish. */
static bool finishes_in_ram(FIXTURE_DATA(nisv) *self, const struct row *r, uint64_t v0)
{
	static struct effect want;
	bool failed;

	memcpy(want.memory, self->page, PAGE_4K);
	vm_slot(self->vm, 1, 0, HOLE, VM_PAGE, self->page);
	if (vcpu_finish(self->v) != VCPU_DONE) {
		diag("%s: the guest does not finish", r->what);
		return false;
	}
	vm_slot(self->vm, 1, 0, HOLE, 0, NULL);
	/* After an exception between ldxr and stxr the latter fails. */
	failed = r->kind == OP_STXR && vcpu_result(self->v, 0)->value[1] != 0;
	apply(r, v0, failed, &want);
	memcpy(want.memory + MARK, &(uint64_t){ 1 }, 8);
	return completed(self, r, self->page, &want);
}

/* Userspace, with a page of its own as the device's memory, lets the instruction finish. */
static bool finishes_emulated(FIXTURE_DATA(nisv) *self, const struct row *r, uint64_t v0)
{
	static struct effect want, device;
	unsigned int n = self->v->nr_exits;
	const struct kexit *last = &self->v->log[n];

	prepare(r, want.memory);
	memcpy(device.memory, want.memory, PAGE_4K);
	emulate(self->v, r, &device);
	if (vcpu_finish(self->v) != VCPU_DONE || self->v->nr_exits != n + 1 ||
	    last->reason != KVM_EXIT_MMIO || last->addr != HOLE + MARK) {
		diag("%s: the guest does not go on after the skipped instruction", r->what);
		return false;
	}
	apply(r, v0, false, &want);
	return completed(self, r, device.memory, &want);
}

/*
 * Red with: io_mem_abort() that decodes an invalid syndrome, or that skips the
 * instruction; -ENOSYS replaced by 1 (a loop).
 */
KVMEM_TEST_F(nisv, refused_in_hole, "G5 A5")
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		uint64_t v0 = prepare(r, self->page);

		if (!has(self, r))
			continue;
		start(self, r, v0);
		ASSERT_TRUE(stops_repeatedly(self, r, false, false, false));
		ASSERT_TRUE(finishes_in_ram(self, r, v0));
	}
}

/*
 * The load of a pair is silent, its store stops.
 * Red with: a read-only slot that is mapped writable after a fault without syndrome.
 */
KVMEM_TEST_F(nisv, refused_read_only, "G5 G7 A19")
{
	uint8_t *copy = vm_alloc(VM_PAGE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		uint64_t v0 = prepare(r, self->page);

		if (!has(self, r) || !(r->is & WRITES))
			continue;
		memcpy(copy, self->page, PAGE_4K);
		vm_slot(self->vm, 1, KVM_MEM_READONLY, HOLE, VM_PAGE, self->page);
		start(self, r, v0);
		ASSERT_TRUE(stops_repeatedly(self, r, false, r->is & PAIR, true));
		ASSERT_EQ(0, memcmp(copy, self->page, PAGE_4K));
		vm_slot(self->vm, 1, 0, HOLE, 0, NULL);
		ASSERT_TRUE(finishes_in_ram(self, r, v0));
	}
}

/* Of pairs only the load: without it, whether a stxr accesses memory is the CPU's choice.
 * Red with: fault_ipa without the offset in the page; esr_iss not restricted to
 * kvm_vcpu_dabt_iss_nisv_sanitized(); PC advanced by KVM.
 */
KVMEM_TEST_F(nisv, exit_in_hole, "G5 A5")
{
	size_t i;

	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_ARM_NISV_TO_USER, 0));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		uint64_t v0 = prepare(r, self->page);

		if (!has(self, r))
			continue;
		start(self, r, v0);
		ASSERT_TRUE(stops_repeatedly(self, r, true, false, false));
		if (!(r->is & PAIR))
			ASSERT_TRUE(finishes_emulated(self, r, v0));
	}
}

KVMEM_TEST_F(nisv, exit_read_only, "G5 G7 A19")
{
	uint8_t *copy = vm_alloc(VM_PAGE);
	size_t i;

	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_ARM_NISV_TO_USER, 0));
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct row *r = &rows[i];
		uint64_t v0 = prepare(r, self->page);

		if (!has(self, r) || !(r->is & WRITES))
			continue;
		memcpy(copy, self->page, PAGE_4K);
		vm_slot(self->vm, 1, KVM_MEM_READONLY, HOLE, VM_PAGE, self->page);
		start(self, r, v0);
		ASSERT_TRUE(stops_repeatedly(self, r, true, r->is & PAIR, true));
		ASSERT_TRUE(finishes_emulated(self, r, v0));
		ASSERT_EQ(0, memcmp(copy, self->page, PAGE_4K));
		vm_slot(self->vm, 1, 0, HOLE, 0, NULL);
	}
}

/* After a load the page is mapped: the store is a permission fault at level 3. */
KVMEM_TEST_F(nisv, permission_fault, "G5 G7")
{
	struct mbox_op store = { .kind = OP_STP, .width = 16, .addr = HOLE + 0x10, .flags = self->flags };

	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_ARM_NISV_TO_USER, 0));
	vm_slot(self->vm, 1, KVM_MEM_READONLY, HOLE, VM_PAGE, self->page);
	vcpu_load(self->v, 8, HOLE);
	ASSERT_TRUE(vcpu_expect_stop(self->v, "stp to a mapped page", &store, 1,
		EXITS({ .reason = KVM_EXIT_ARM_NISV, .addr = HOLE + 0x10,
			.data = ESR_WNR | FSC_PERMISSION | 3 })));
}

/* fault_ipa is the guest's physical address, whatever the virtual one is. */
KVMEM_TEST_F(nisv, translated, "G5")
{
	static const uint64_t offsets[] = { 0, 8, 0x7f8, 0xff0 };
	size_t i;

	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_ARM_NISV_TO_USER, 0));
	vm_map(self->vm, VM_WINDOW, HOLE + 5 * VM_PAGE, 1);
	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		const struct kexit *e = &self->v->log[0];

		vcpu_do(self->v, OPS({ .kind = OP_LDP, .width = 16, .addr = VM_WINDOW + offsets[i],
				       .flags = self->flags }), NO_EXITS);
		ASSERT_EQ(1, self->v->nr_exits);
		ASSERT_EQ(KVM_EXIT_ARM_NISV, e->reason);
		ASSERT_EQ(HOLE + 5 * VM_PAGE + offsets[i], e->addr);
	}
}

/* What has a valid syndrome is MMIO with the capability too, before and after. */
KVMEM_TEST_F(nisv, plain_accesses, "G5 A1 A2")
{
	struct vcpu *v = self->v;
	unsigned int w;

	ASSERT_EQ(0, vm_enable_cap(self->vm, KVM_CAP_ARM_NISV_TO_USER, 0));
	vm_slot(self->vm, 1, KVM_MEM_READONLY, HOLE + VM_PAGE, VM_PAGE, self->page);
	for (w = 1; w <= 8; w *= 2) {
		uint64_t a = HOLE + 0x40, ro = a + VM_PAGE;

		vcpu_start(v, OPS({ .kind = OP_LOAD, .width = w, .addr = a, .flags = self->flags },
				  { .kind = OP_LDP, .width = 16, .addr = a, .flags = self->flags },
				  { .kind = OP_STORE, .width = w, .addr = ro, .value = { V0 },
				    .flags = self->flags },
				  { .kind = OP_STORE, .width = w, .addr = a, .value = { V0 },
				    .flags = self->flags }));
		ASSERT_EQ(VCPU_EXIT, vcpu_finish(v));
		ASSERT_EQ(KVM_EXIT_ARM_NISV, v->log[1].reason);
		cpu_skip(v);
		ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
		v->log[1] = v->log[2];
		v->log[2] = v->log[3];
		ASSERT_EQ(4, v->nr_exits);
		ASSERT_TRUE(exits_match("beside ldp", v->log, 3,
			EXITS(MMIO_RD(a, w, low(~0ULL, w)), MMIO_WR(ro, w, low(V0, w)),
			      MMIO_WR(a, w, low(V0, w)))));
		ASSERT_EQ(low(~0ULL, w), vcpu_value(v, 0));
	}
}

/* --- the capability ------------------------------------------------------------ */

static int enable(struct vm *vm, uint32_t flags, uint64_t arg)
{
	struct kvm_enable_cap c = { .cap = KVM_CAP_ARM_NISV_TO_USER, .flags = flags, .args = { arg } };

	return ioctl(vm->fd, KVM_ENABLE_CAP, &c) ? -errno : 0;
}

/* Refused, it has no effect; enabled, it has one on the access that failed before. */
KVMEM_TEST(capability, "G5")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	struct mbox_op load = { .kind = OP_LDP, .width = 16, .addr = HOLE };

	ASSERT_EQ(1, vm_cap(vm, KVM_CAP_ARM_NISV_TO_USER));
	ASSERT_EQ(-EINVAL, enable(vm, 1, 0));
	ASSERT_EQ(-EINVAL, enable(vm, 1U << 31, 0));
	vcpu_do(v, &load, 1, NO_EXITS);
	ASSERT_EQ(ENOSYS, v->log[0].err);
	record_observation("G5", "nisv.capability_argument", "%s",
			   enable(vm_create(NULL), 0, 1) ? "refused" : "ignored");
	ASSERT_EQ(0, enable(vm, 0, 0));
	ASSERT_EQ(0, enable(vm, 0, 0));
	ASSERT_EQ(VCPU_EXIT, vcpu_finish(v));
	ASSERT_EQ(KVM_EXIT_ARM_NISV, v->log[1].reason);
	ASSERT_EQ(0, v->log[1].err);
	/* The VM created above has it or not; this one never had. */
	vm = vm_create(NULL);
	vcpu_do(vm->vcpu[0], &load, 1, NO_EXITS);
	ASSERT_EQ(ENOSYS, vm->vcpu[0]->log[0].err);
}

KVMEM_MAIN
