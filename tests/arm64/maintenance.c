// SPDX-License-Identifier: GPL-2.0-only
/*
 * Operations on an address that are no access of its data: prefetch, cache maintenance,
 * address translation.  Without a slot they do nothing, and the guest goes on (A5, G4).
 *
 * On hardware, cache maintenance is translated and takes a stage 2 fault, and KVM skips the
 * instruction.  QEMU does not translate for it: there these tests show that nothing happens,
 * and nothing of KVM's part.
 */
#include "harness/test.h"

#include "arch.h"
#include "arch/arm64/mmu.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define HOLE	0xc0000000ULL	/* no slot here */
#define RO	0xc0200000ULL	/* a read-only one */
#define DATA	0x8182838485868788ULL

#define PAR_F	(1ULL << 0)	/* PAR_EL1: the translation failed */
#define PAR_PA	0x0000fffffffff000ULL

static const struct {
	const char *what;
	uint8_t kind;
	bool user;	/* EL0 may execute it */
} ops[] = {
	{ "prfm", OP_PRFM, true },
	{ "dc_cvac", OP_DC_CVAC, true },
	{ "dc_civac", OP_DC_CIVAC, true },
	{ "dc_ivac", OP_DC_IVAC, false },
	{ "ic_ivau", OP_IC_IVAU, true },
	{ "at_s1e1r", OP_AT, false },
};

static const uint64_t offsets[] = { 0, 0x128, 0xfff };

FIXTURE(maintenance) {
	struct vm *vm;
	struct vcpu *v;
};

FIXTURE_VARIANT(maintenance) {
	uint16_t flags;
};

FIXTURE_VARIANT_ADD(maintenance, el1) { 0 };
FIXTURE_VARIANT_ADD(maintenance, el0) { OPF_USER };

KVMEM_SETUP(maintenance)
{
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
}

/* Between two accesses of the same page: their exits are the only ones. */
KVMEM_TEST_F(maintenance, in_hole, "A5 G4")
{
	size_t i, o;

	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (variant->flags & OPF_USER && !ops[i].user)
			continue;
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			uint64_t a = HOLE + offsets[o];

			ASSERT_TRUE(vcpu_expect(self->v, ops[i].what,
				OPS(LD(1, a), { .kind = ops[i].kind, .addr = a, .flags = variant->flags },
				    ST(1, a, 5)),
				EXITS(MMIO_RD(a, 1, 0x77), MMIO_WR(a, 1, 5))));
			ASSERT_EQ(0x77, vcpu_value(self->v, 0));
		}
	}
	ASSERT_EQ(2 * o * (variant->flags ? 4 : 6), arch_mmio_exits(self->v));
}

/* Of a page that has not been touched yet, and beside a slot. */
KVMEM_TEST_F(maintenance, untouched, "A5 G4")
{
	uint8_t *ram = vm_alloc(VM_PAGE);
	size_t i;

	vm_slot(self->vm, 1, 0, HOLE, VM_PAGE, ram);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		if (variant->flags & OPF_USER && !ops[i].user)
			continue;
		ASSERT_TRUE(vcpu_expect(self->v, ops[i].what,
			OPS({ .kind = ops[i].kind, .addr = HOLE + 0x10, .flags = variant->flags },
			    { .kind = ops[i].kind, .addr = HOLE + (1 + i) * VM_PAGE, .flags = variant->flags },
			    { .kind = OP_NOP }), NO_EXITS));
	}
	ASSERT_EQ(0, arch_mmio_exits(self->v));
}

/*
 * On a page of a read-only slot that is mapped nothing happens either.  Where it is not, KVM
 * cannot skip it, since there is memory: what it does is recorded.
 */
KVMEM_TEST_F(maintenance, read_only, "A19 G7")
{
	uint64_t *ro = vm_alloc(16 * VM_PAGE), *copy = vm_alloc(16 * VM_PAGE);
	size_t i;

	if (!vm_cap(NULL, KVM_CAP_READONLY_MEM))
		end_skip("no KVM_CAP_READONLY_MEM");
	for (i = 0; i < 16 * VM_PAGE / 8; i++)
		ro[i] = DATA + i;
	memcpy(copy, ro, 16 * VM_PAGE);
	vm_slot(self->vm, 1, KVM_MEM_READONLY, RO, 16 * VM_PAGE, ro);
	for (i = 0; i < ARRAY_SIZE(ops); i++) {
		uint64_t a = RO + i * VM_PAGE + 0x128;
		const struct mbox_op op = { .kind = ops[i].kind, .addr = a, .flags = variant->flags };
		enum vcpu_stop stop;
		char name[64];

		if (variant->flags & OPF_USER && !ops[i].user)
			continue;
		stop = vcpu_do(self->v, &op, 1, NO_EXITS);
		snprintf(name, sizeof(name), "maintenance.read_only.%s", ops[i].what);
		record_observation("G7", name, "%s", stop == VCPU_DONE ? "silent" :
				   self->v->log[0].err == ENOSYS ? "ENOSYS" : "other");
		ASSERT_TRUE(stop == VCPU_DONE || self->v->log[0].err == ENOSYS);

		ASSERT_EQ(DATA + i * VM_PAGE / 8 + 0x128 / 8, vcpu_load(self->v, 8, a));
		if (ops[i].kind != OP_DC_IVAC)
			ASSERT_TRUE(vcpu_expect(self->v, ops[i].what, &op, 1, NO_EXITS));
		ASSERT_EQ(DATA + i * VM_PAGE / 8 + 0x128 / 8, vcpu_load(self->v, 8, a));
	}
	ASSERT_EQ(0, memcmp(copy, ro, 16 * VM_PAGE));
	ASSERT_EQ(0, arch_mmio_exits(self->v));
}

/* A translation by stage 1 only: the physical address, whether there is a slot or not. */
KVMEM_TEST(translation, "A26 G4")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];

	vm_map(vm, VM_WINDOW, HOLE + 7 * VM_PAGE, 1);
	ASSERT_TRUE(vcpu_expect(v, "at",
		OPS({ .kind = OP_AT, .addr = VM_WINDOW + 0x123 }, { .kind = OP_AT, .addr = HOLE + 0x5678 }),
		NO_EXITS));
	ASSERT_EQ(0, vcpu_value(v, 0) & PAR_F);
	ASSERT_EQ(HOLE + 7 * VM_PAGE, vcpu_value(v, 0) & PAR_PA);
	ASSERT_EQ(HOLE + 0x5000, vcpu_value(v, 1) & PAR_PA);
	ASSERT_EQ(0, arch_mmio_exits(v));
}

KVMEM_MAIN
