// SPDX-License-Identifier: GPL-2.0-only
/*
 * System management mode has separate memslots.  What KVM caches about an address in
 * one mode, MMIO or a page, must not be used in the other (A10).
 */
#include "test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "alias.h"
#include "arch/x86_64/smm.h"
#include "uapi.h"
#include "vcpu.h"

#define NORMAL_ONLY	0xc0000000ULL	/* a slot in the normal address space */
#define SMM_ONLY	0xc0001000ULL	/* a slot in the address space of SMM */
#define BOTH		0xc0002000ULL	/* slots in both, different memory */
#define NEITHER		0xc0003000ULL
#define MAPPED_LATER	0xc0010000ULL

enum { OF_NORMAL = 0x11110000, OF_SMM = 0x22220000 };

FIXTURE(smm) {
	struct vm *vm;
	struct vcpu *v;
	struct smm smm;
	uint32_t *normal, *in_smm, *both[2];
};

FIXTURE_VARIANT(smm) {
	uint64_t quirks_off;
};

FIXTURE_VARIANT_ADD(smm, quirks_default) { 0 };
FIXTURE_VARIANT_ADD(smm, slot_zap_all_off) { KVM_X86_QUIRK_SLOT_ZAP_ALL };

static uint32_t *page(uint32_t tag)
{
	uint32_t *p = vm_alloc(PAGE_4K);

	*p = tag;
	return p;
}

KVMEM_SETUP(smm)
{
	struct vm_opts o = { .quirks_off = variant->quirks_off };

	self->vm = vm_create(&o);
	self->v = self->vm->vcpu[0];
	smm_init(&self->smm, self->v);
	self->normal = page(OF_NORMAL);
	self->in_smm = page(OF_SMM);
	self->both[0] = page(OF_NORMAL + 1);
	self->both[1] = page(OF_SMM + 1);
	vm_slot(self->vm, 1, 0, NORMAL_ONLY, PAGE_4K, self->normal);
	vm_slot(self->vm, 2, 0, BOTH, PAGE_4K, self->both[0]);
	vm_slot(self->vm, SMM_AS | 1, 0, SMM_ONLY, PAGE_4K, self->in_smm);
	vm_slot(self->vm, SMM_AS | 2, 0, BOTH, PAGE_4K, self->both[1]);
}

/*
 * One read in one mode: of RAM that holds @want, or of MMIO, answered with @want, by the
 * CPU or by KVM's emulator.
 */
enum how { BY_CPU, BY_EMULATOR };

static bool reads(FIXTURE_DATA(smm) *self, bool smm, enum how how, uint64_t gpa, bool ram,
		  uint32_t want)
{
	struct kexit e[2] = { MMIO_RD(gpa, 4, want), IO_OUT(SMM_PORT, 4, want) };
	const struct kexit *exits = ram ? &e[1] : e;
	size_t nr = (how == BY_EMULATOR) + !ram;
	const char *what = smm ? "read in SMM" : "read in normal mode";
	uint32_t got = want;
	bool ok;

	if (smm) {
		ok = smm_expect(&self->smm, what, &(const struct smm_op){
				.kind = how == BY_CPU ? SMM_LOAD : SMM_OUTS, .addr = (uint32_t)gpa },
				1, exits, nr);
		if (how == BY_CPU)
			got = smm_value(&self->smm, 0);
	} else if (how == BY_CPU) {
		ok = vcpu_expect(self->v, what, OPS(LD(4, gpa)), exits, nr);
		got = (uint32_t)vcpu_value(self->v, 0);
	} else {
		ok = vcpu_expect(self->v, what,
			OPS({ .kind = OP_OUTS, .width = 4, .addr = gpa, .value = { 1, SMM_PORT } }),
			exits, nr);
	}
	if (ok && got == want)
		return true;
	diag("%s at 0x%llx: 0x%x, expected 0x%x", what, (unsigned long long)gpa, got, want);
	return false;
}

/* Where each page is RAM: in normal mode, in SMM. */
static const struct where {
	uint64_t gpa;
	bool ram[2];
	uint32_t want[2];
} wheres[] = {
	{ NORMAL_ONLY, { true, false }, { OF_NORMAL, 0x33330001 } },
	{ SMM_ONLY, { false, true }, { 0x33330002, OF_SMM } },
	{ BOTH, { true, true }, { OF_NORMAL + 1, OF_SMM + 1 } },
	{ NEITHER, { false, false }, { 0x33330003, 0x33330004 } },
};

/*
 * Every page, read alternately in both modes, in each combination of ways: the result
 * is that of the slots of the mode.
 *
 * Red with: kvm_arch_vcpu_memslots_id() that returns 0; role.smm left out; the MMIO
 * cache's generation taken from the normal memslots (CVE-2026-99082), which affects
 * only the emulator: it checks only the cached gfn.
 */
KVMEM_TEST_F(smm, alternate, "A10")
{
	unsigned int i, seq, step;

	for (i = 0; i < ARRAY_SIZE(wheres); i++) {
		for (seq = 0; seq < 16; seq++) {
			/* Four reads: modes alternate, two bits select how each reads. */
			for (step = 0; step < 4; step++) {
				bool smm = (step ^ seq >> 2) & 1;
				enum how how = (enum how)(seq >> (step & 1) & 1);
				const struct where *w = &wheres[i];

				ASSERT_TRUE(reads(self, smm, how, w->gpa, w->ram[smm],
						  w->want[smm])) {
					TH_LOG("sequence %u step %u", seq, step);
				}
			}
		}
	}
}

/* Writes go to the memory of the mode, and to no other.
 * Red with: the same SPTE for both modes.
 */
KVMEM_TEST_F(smm, writes, "A10")
{
	uint32_t i;

	for (i = 1; i < 4; i++) {
		const struct smm_op list[] = {
			{ .kind = SMM_STORE, .addr = BOTH, .value = i * 2 },
			{ .kind = SMM_STORE, .addr = SMM_ONLY, .value = i * 3 },
			{ .kind = SMM_STORE, .addr = NORMAL_ONLY, .value = i * 4 },
			{ .kind = SMM_LOAD, .addr = BOTH },
		};

		ASSERT_TRUE(vcpu_expect(self->v, "writes in normal mode",
			OPS(ST(4, BOTH, i), ST(4, NORMAL_ONLY, i * 5), ST(4, SMM_ONLY, i * 6)),
			EXITS(MMIO_WR(SMM_ONLY, 4, i * 6))));
		ASSERT_TRUE(smm_expect(&self->smm, "writes in SMM", list, ARRAY_SIZE(list),
				       EXITS(MMIO_WR(NORMAL_ONLY, 4, i * 4))));
		ASSERT_EQ(i * 2, smm_value(&self->smm, 3));
		ASSERT_EQ(i, *self->both[0]);
		ASSERT_EQ(i * 2, *self->both[1]);
		ASSERT_EQ(i * 5, *self->normal);
		ASSERT_EQ(i * 3, *self->in_smm);
	}
}

/*
 * The state of the CPU is saved to and restored from the memory of SMM; in the normal
 * address space that address has no slot.
 */
KVMEM_TEST_F(smm, state_save, "A10")
{
	uint32_t *other = page(0);

	/* Memory of normal mode at the same address is not changed. */
	vm_slot(self->vm, 3, 0, SMM_BASE + 0xf000, PAGE_4K, other);
	ASSERT_TRUE(smm_expect(&self->smm, "nothing in SMM", NULL, 0, NO_EXITS));
	ASSERT_EQ(0, memcmp(other, vm_alloc(PAGE_4K), PAGE_4K));
	ASSERT_EQ(SMM_BASE, *(uint32_t *)(self->smm.ram + 0xff00));
}

/*
 * A slot is created or deleted in one address space: that mode sees the change at once,
 * the other does not.
 */
KVMEM_TEST_F(smm, create_and_delete, "A10 A7")
{
	uint64_t rounds = env_pick(5, 20, 200), i;
	uint32_t *ram[2] = { page(OF_NORMAL + 2), page(OF_SMM + 2) };
	bool there[2] = { false, false };

	for (i = 0; i < 4 * rounds; i++) {
		bool of = i & 1, mode;
		uint32_t slot = (of ? SMM_AS : 0) | 5;

		there[of] = !there[of];
		vm_slot(self->vm, slot, 0, MAPPED_LATER, there[of] ? PAGE_4K : 0, ram[of]);
		for (mode = false;; mode = true) {
			enum how how = i & 2 ? BY_EMULATOR : BY_CPU;

			ASSERT_TRUE(reads(self, mode, how, MAPPED_LATER, there[mode],
					  there[mode] ? *ram[mode] : 0x44440000 + (uint32_t)i)) {
				TH_LOG("round %llu", (unsigned long long)i);
			}
			if (mode)
				break;
		}
	}
}

/*
 * One page of host memory in both address spaces: a change of the host mapping reaches
 * both.
 * Red with: __kvm_handle_hva_range() that handles the first address space only.
 */
KVMEM_TEST_F(smm, invalidation, "A10 C3")
{
	uint32_t *shared = page(7);

	vm_slot(self->vm, 6, 0, MAPPED_LATER, PAGE_4K, shared);
	vm_slot(self->vm, SMM_AS | 6, 0, MAPPED_LATER + PAGE_4K, PAGE_4K, shared);
	ASSERT_TRUE(reads(self, false, BY_CPU, MAPPED_LATER, true, 7));
	ASSERT_TRUE(reads(self, true, BY_CPU, MAPPED_LATER + PAGE_4K, true, 7));
	ASSERT_EQ(0, madvise(shared, PAGE_4K, MADV_DONTNEED));
	alias_use_up();
	*shared = 8;
	ASSERT_TRUE(reads(self, true, BY_CPU, MAPPED_LATER + PAGE_4K, true, 8));
	ASSERT_TRUE(reads(self, false, BY_CPU, MAPPED_LATER, true, 8));
	ASSERT_TRUE(smm_expect(&self->smm, "write in SMM",
			       &(const struct smm_op){ SMM_STORE, MAPPED_LATER + PAGE_4K, 9, 0 }, 1,
			       NO_EXITS));
	ASSERT_EQ(9, *shared);
	ASSERT_TRUE(reads(self, false, BY_CPU, MAPPED_LATER, true, 9));
}

KVMEM_MAIN
