// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the guest does outside of slots and KVM cannot turn into MMIO: instruction fetches
 * and walks of the guest's translation tables.  Both abort in the guest, at the exact
 * address and vector, without an exit (G4, A13).  Tables in a read-only slot (G7, A20).
 */
#include "harness/test.h"

#include <sys/ioctl.h>

#include "arch.h"
#include "abort.h"
#include "harness/record.h"
#include "kvm/uapi.h"

#define HOLE	0xc0000000ULL	/* no slot here, but where a test creates one */
#define RAM	0x40000000ULL
#define RAM_SIZE (2 * PAGE_2M)
#define DATA	0x8182838485868788ULL

/* mov w0, #0x5a; ret */
static const uint32_t code[] = { 0x52800b40, 0xd65f03c0 };

/* --- fetch -------------------------------------------------------------------------- */

/*
 * Red with: -ENOEXEC from kvm_handle_guest_abort() not turned into an abort; the abort
 * injected as a data abort; FAR not written.
 */
KVMEM_TEST(fetch, "G4 A13")
{
	static const uint64_t offsets[] = { 0, 4, 0x123c, 0x1ffc };
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	size_t i, m;

	vm_map(vm, VM_WINDOW, HOLE, 2);
	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		for (i = 0; i < ARRAY_SIZE(offsets); i++) {
			const struct mbox_op same = { .kind = OP_CALL, .addr = HOLE + offsets[i] };
			const struct mbox_op other = { .kind = OP_CALL, .addr = VM_WINDOW + offsets[i] };

			ASSERT_TRUE(aborts(v, "fetch", same, &modes[m], EC_IABT, FSC_EXTERNAL, same.addr));
			ASSERT_TRUE(aborts(v, "fetch", other, &modes[m], EC_IABT, FSC_EXTERNAL, other.addr));
		}
	}
	ASSERT_EQ(0, arch_mmio_exits(v));
}

/* The page becomes code with a slot, and again none without it; beside it are aborts. */
KVMEM_TEST(fetch_from_slot, "G4 A7")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	uint8_t *ram = vm_alloc(VM_PAGE);
	const struct mbox_op in = { .kind = OP_CALL, .addr = HOLE + VM_PAGE - 8 };
	const struct mbox_op after = { .kind = OP_CALL, .addr = HOLE + VM_PAGE };
	unsigned int i;

	memcpy(ram + VM_PAGE - 8, code, sizeof(code));
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(aborts(v, "no slot", in, &modes[0], EC_IABT, FSC_EXTERNAL, in.addr));
		vm_slot(vm, 1, i & 1 ? KVM_MEM_READONLY : 0, HOLE, VM_PAGE, ram);
		ASSERT_TRUE(vcpu_expect(v, "a slot", &in, 1, NO_EXITS));
		ASSERT_EQ(0x5a, vcpu_value(v, 0));
		ASSERT_TRUE(aborts(v, "behind the slot", after, &modes[i % 3], EC_IABT, FSC_EXTERNAL,
				   after.addr));
		vm_slot(vm, 1, 0, HOLE, 0, NULL);
	}
}

/*
 * Bits 63:32 of ESR_EL1 are 0 in every abort that KVM injects (Arm ARM: ISS2).
 * Red with: an exception class of type int, shifted into the sign (known_issues).
 */
KVMEM_TEST(esr_upper_half, "G4")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	ASSERT_EQ(VCPU_DONE, vcpu_do(v, OPS({ .kind = OP_CALL, .addr = HOLE }), NO_EXITS));
	ASSERT_EQ(0, vcpu_result(v, 0)->error >> 32);
}

/* --- walks of translation tables ------------------------------------------------------ */

FIXTURE(walk) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t gva;		/* its table is at HOLE */
};

FIXTURE_VARIANT(walk) {
	unsigned int level;
};

FIXTURE_VARIANT_ADD(walk, level_1) { 1 };
FIXTURE_VARIANT_ADD(walk, level_2) { 2 };
FIXTURE_VARIANT_ADD(walk, level_3) { 3 };

KVMEM_SETUP(walk)
{
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->gva = VM_WINDOW + 0x8040201128;	/* entry 1 of each level */
	mmu_set_table(self->vm, self->gva, variant->level, HOLE);
}

/* FSC of an abort of a walk, which must be one of an external abort. */
static unsigned int walk_fsc(struct vcpu *v, struct mbox_op op, const struct mode *m)
{
	unsigned int fsc;

	start_in_mode(v, op, m);
	if (vcpu_finish(v) != VCPU_DONE || v->nr_exits)
		end_fail("a walk outside of slots is not an abort in the guest");
	fsc = vcpu_result(v, 1)->error & 0x3f;
	if (fsc != FSC_EXTERNAL && (fsc & FSC_TYPE) != FSC_EXTERNAL_WALK)
		end_fail("fault status 0x%x, expected an external abort", fsc);
	return fsc;
}

/*
 * Every access whose walk needs the table.  Up to 6.17 KVM reports an external abort of the
 * access itself; fault_status tests that.
 * Red with: kvm_vcpu_abt_iss1tw() false: an MMIO exit, or ENOSYS for ever.
 */
KVMEM_TEST_F(walk, aborts, "G4")
{
	const struct mbox_op ops[] = { ACCESSES(self->gva & ~7) };
	const struct mbox_op call = { .kind = OP_CALL, .addr = self->gva };
	size_t i, m;

	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		for (i = 0; i < ARRAY_SIZE(ops); i++)
			ASSERT_TRUE(aborts(self->v, "walk for data", ops[i], &modes[m], EC_DABT,
					   walk_fsc(self->v, ops[i], &modes[m]), ops[i].addr));
		ASSERT_TRUE(aborts(self->v, "walk for a fetch", call, &modes[m], EC_IABT,
				   walk_fsc(self->v, call, &modes[m]), call.addr));
	}
	ASSERT_EQ(0, arch_mmio_exits(self->v));
	start_in_mode(self->v, (struct mbox_op)ST(8, self->gva & ~7, DATA), &modes[0]);
	ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	record_observation("G4", "walk.wnr_of_a_store", "%u",
			   !!(vcpu_result(self->v, 1)->error & ESR_WNR));
}

/* Red with: the level taken from the stage 2 walk; where it is always 0x10 (known_issues). */
KVMEM_TEST_F(walk, fault_status, "G4")
{
	const struct mbox_op load = LD(8, self->gva & ~7);
	const struct mbox_op call = { .kind = OP_CALL, .addr = self->gva };
	size_t m;

	for (m = 0; m < ARRAY_SIZE(modes); m++) {
		ASSERT_EQ(FSC_EXTERNAL_WALK | variant->level, walk_fsc(self->v, load, &modes[m]));
		ASSERT_EQ(FSC_EXTERNAL_WALK | variant->level, walk_fsc(self->v, call, &modes[m]));
	}
}

/* A slot over the table: the access is made; without it: the abort again. */
KVMEM_TEST_F(walk, slot_over_the_table, "G4 A7")
{
	uint64_t *table = vm_alloc(VM_PAGE), *ram = vm_alloc(RAM_SIZE), gva = self->gva & ~7;
	uint64_t mapped = 1ULL << (39 - 9 * variant->level);	/* by an entry of the table */
	uint64_t *at = ram + (gva & (mapped - 1)) / sizeof(*ram);
	const struct mbox_op load = LD(8, gva);
	unsigned int i;

	vm_slot(self->vm, 1, 0, RAM, RAM_SIZE, ram);
	table[1] = RAM | PTE_NORMAL | (variant->level == 3 ? PTE_TABLE : 0);
	for (i = 0; i < 10; i++) {
		walk_fsc(self->v, load, &modes[0]);
		vm_slot(self->vm, 2, i & 1 ? KVM_MEM_READONLY : 0, HOLE, VM_PAGE, table);
		*at = DATA + i;
		ASSERT_EQ(DATA + i, vcpu_load(self->v, 8, gva));
		vm_slot(self->vm, 2, 0, HOLE, 0, NULL);
		vcpu_do(self->v, OPS({ .kind = OP_TLBI, .addr = gva }), NO_EXITS);
	}
}

/* --- tables in a read-only slot (G7, A20) -------------------------------------------- */

#define TCR_HA	(1ULL << 39)	/* the CPU sets the access flag */
#define TCR_HD	(1ULL << 40)	/* and makes a page writable whose DBM is set */
#define REG_MMFR1 ARM64_SYS_REG(3, 0, 0, 7, 1)

FIXTURE(table) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t *table, *ram, gva;
};

FIXTURE_VARIANT(table) {
	uint32_t flags;		/* of the slot with the table, at HOLE */
};

FIXTURE_VARIANT_ADD(table, read_only) { KVM_MEM_READONLY };
FIXTURE_VARIANT_ADD(table, writable) { 0 };

KVMEM_SETUP(table)
{
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->table = vm_alloc(VM_PAGE);
	self->ram = vm_alloc(VM_PAGE);
	self->gva = VM_WINDOW;
	vm_slot(self->vm, 1, 0, RAM, VM_PAGE, self->ram);
	vm_slot(self->vm, 2, variant->flags, HOLE, VM_PAGE, self->table);
	mmu_set_table(self->vm, self->gva, 3, HOLE);
}

/*
 * A table is only read as long as there is nothing to update in it.
 * Red with: every fault of a walk taken for a write, as before 6.2 and 6.1.8.
 */
KVMEM_TEST_F(table, walked, "G7 A20")
{
	uint64_t *copy = vm_alloc(VM_PAGE);
	unsigned int i;

	for (i = 0; i < 512; i++)
		self->table[i] = RAM | PTE_NORMAL | PTE_TABLE;
	memcpy(copy, self->table, VM_PAGE);
	memcpy(self->ram + 100, code, sizeof(code));
	for (i = 0; i < 512; i += 73) {
		uint64_t page = self->gva + i * PAGE_4K;

		vcpu_store(self->v, 8, page + 8, DATA + i);
		ASSERT_EQ(DATA + i, self->ram[1]);
		ASSERT_EQ(DATA + i, vcpu_load(self->v, 8, page + 8));
		ASSERT_TRUE(vcpu_expect(self->v, "fetch", OPS({ .kind = OP_CALL, .addr = page + 800 }),
					NO_EXITS));
		ASSERT_EQ(0x5a, vcpu_value(self->v, 0));
	}
	ASSERT_EQ(0, memcmp(copy, self->table, VM_PAGE));
	ASSERT_EQ(0, arch_mmio_exits(self->v));
}

/* One update of an entry by the CPU: made in a writable slot, else an abort, each time. */
static bool updated(FIXTURE_DATA(table) *self, bool writable, struct mbox_op op, uint64_t entry,
		    uint64_t after)
{
	const struct mbox_result *r = vcpu_result(self->v, 1);
	bool fetch = op.kind == OP_CALL;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		size_t m = i % ARRAY_SIZE(modes);

		self->table[0] = entry;
		vcpu_do(self->v, OPS({ .kind = OP_TLBI, .addr = self->gva }), NO_EXITS);
		if (!writable) {
			if (!aborts(self->v, "update", op, &modes[m], fetch ? EC_IABT : EC_DABT,
				    walk_fsc(self->v, op, &modes[m]), op.addr) || self->table[0] != entry)
				return false;
			continue;
		}
		start_in_mode(self->v, op, &modes[m]);
		if (vcpu_finish(self->v) != VCPU_DONE || self->v->nr_exits || r->vector >= 0 ||
		    self->table[0] != after) {
			diag("kind %u: vector %d, entry 0x%llx, expected 0x%llx", op.kind, r->vector,
			     (unsigned long long)self->table[0], (unsigned long long)after);
			return false;
		}
	}
	return self->v->nr_exits == 0;
}

/*
 * Red with: a permission fault of a walk not taken for a write: a loop, or the read-only
 * page mapped writable.
 */
KVMEM_TEST_F(table, hardware_update, "G7 A20")
{
	uint64_t features = cpu_get_reg(self->v, REG_MMFR1) & 0xf, mapped = RAM | PTE_NORMAL | PTE_TABLE;
	uint64_t clean = mapped | PTE_RDONLY | PTE_DBM;
	bool writable = !(variant->flags & KVM_MEM_READONLY);

	REQUIRE(features >= 1, "this CPU does not update access flags (FEAT_HAFDBS)");
	memcpy(self->ram, code, sizeof(code));
	cpu_set_reg(self->v, REG_TCR, cpu_get_reg(self->v, REG_TCR) | TCR_HA | (features >= 2 ? TCR_HD : 0));
	ASSERT_TRUE(updated(self, writable, (struct mbox_op)LD(8, self->gva), mapped & ~PTE_AF, mapped));
	ASSERT_TRUE(updated(self, writable, (struct mbox_op){ .kind = OP_CALL, .addr = self->gva },
			    mapped & ~PTE_AF, mapped));
	if (features >= 2)
		ASSERT_TRUE(updated(self, writable, (struct mbox_op)ST(8, self->gva + 64, DATA), clean,
				    clean & ~PTE_RDONLY));
}

KVMEM_MAIN
