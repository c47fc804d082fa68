// SPDX-License-Identifier: GPL-2.0-only
/*
 * The IPA size of a VM, in its type: which sizes there are, slots up to the end and not
 * beyond it, and accesses beyond it, which abort in the guest (G3).
 */
#include "harness/test.h"

#include <sys/ioctl.h>

#include "arch.h"
#include "abort.h"
#include "arch/arm64/host.h"
#include "harness/record.h"
#include "kvm/uapi.h"

#define MIN_BITS	32
#define DEFAULT_BITS	40
#define MAX_OUTPUT_BITS	48	/* of the payload's page tables */
#define HOLE		0xc0000000ULL
#define DATA		0x8182838485868788ULL

static unsigned int limit(void)
{
	return (unsigned int)vm_cap(NULL, KVM_CAP_ARM_VM_IPA_SIZE);
}

/*
 * Protected KVM ignores the size that is asked for, whether it is valid or not, and gives
 * every VM the largest: kvm_init_stage2_mmu(), 6.1 to 7.3.  No document mentions it.
 */
static void require_size(void)
{
	if (!host_protected())
		return;
	record_observation("G3", "ipa.protected", "the size is ignored");
	end_never("protected KVM gives every VM the largest IPA size");
}

/* --- KVM_CREATE_VM ----------------------------------------------------------------- */

static int create(uint64_t type)
{
	int fd = ioctl(vm_device(), KVM_CREATE_VM, type);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

/* Red with: the limit compared with >=; the minimum dropped from kvm_init_ipa_range(). */
KVMEM_TEST(types, "G3")
{
	uint64_t bits;

	require_size();
	ASSERT_GE(limit(), MIN_BITS);
	ASSERT_LE(limit(), 52);
	record_observation("G3", "ipa.limit", "%u", limit());
	ASSERT_EQ(limit() >= DEFAULT_BITS ? 0 : -EINVAL, create(0));
	for (bits = 1; bits <= 0xff; bits++)
		ASSERT_EQ(bits >= MIN_BITS && bits <= limit() ? 0 : -EINVAL, create(bits)) {
			TH_LOG("VM type %llu", (unsigned long long)bits);
		}
}

/* Bit 31 is KVM_VM_TYPE_ARM_PROTECTED on some kernels. */
KVMEM_TEST(type_bits, "G3")
{
	unsigned int bit;

	for (bit = 8; bit < 64; bit++) {
		if (bit == 31)
			continue;
		ASSERT_EQ(-EINVAL, create(1ULL << bit | MIN_BITS)) {
			TH_LOG("VM type with bit %u", bit);
		}
	}
	record_observation("G3", "ipa.type_bit_31", "%s", create(1ULL << 31) ? "refused" : "accepted");
}

/* --- one size ---------------------------------------------------------------------- */

FIXTURE(ipa) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t end;		/* first address beyond */
	uint64_t *ram;		/* 4 pages of host memory */
	bool reaches;		/* the guest can make all addresses of the VM */
};

FIXTURE_VARIANT(ipa) {
	unsigned int type;	/* 255: the limit */
	unsigned int bits;
};

FIXTURE_VARIANT_ADD(ipa, bits_32) { 32, 32 };
FIXTURE_VARIANT_ADD(ipa, bits_36) { 36, 36 };
FIXTURE_VARIANT_ADD(ipa, bits_42) { 42, 42 };
FIXTURE_VARIANT_ADD(ipa, by_default) { 0, DEFAULT_BITS };
FIXTURE_VARIANT_ADD(ipa, limit) { 255, 0 };

KVMEM_SETUP(ipa)
{
	unsigned int bits = variant->bits ? variant->bits : limit();
	struct vm_opts o = { .type = variant->type == 255 ? limit() : variant->type };

	require_size();
	if (bits > limit())
		end_skip("an IPA size of %u bits: this host's limit is %u", bits, limit());
	self->vm = vm_create(&o);
	self->v = self->vm->vcpu[0];
	self->end = 1ULL << bits;
	self->ram = vm_alloc(4 * VM_PAGE);
	self->reaches = bits <= MAX_OUTPUT_BITS;
}

/* Load and store through a mapping of the page at @gpa, which must be RAM at @ram. */
static bool is_ram(FIXTURE_DATA(ipa) *self, uint64_t gva, uint64_t gpa, uint64_t *ram)
{
	vm_map(self->vm, gva, gpa, 1);
	ram[0] = DATA;
	vcpu_store(self->v, 8, gva + VM_PAGE - 8, ~gpa);
	return vcpu_load(self->v, 8, gva) == DATA && ram[VM_PAGE / 8 - 1] == ~gpa;
}

KVMEM_TEST_F(ipa, slot_at_the_end, "G3")
{
	vm_slot(self->vm, 1, 0, self->end - 2 * VM_PAGE, 2 * VM_PAGE, self->ram);
	REQUIRE(self->reaches, "the guest's page tables have no addresses of more than %d bits",
		MAX_OUTPUT_BITS);
	ASSERT_TRUE(is_ram(self, VM_WINDOW, self->end - VM_PAGE, self->ram + VM_PAGE / 8));
	ASSERT_TRUE(is_ram(self, VM_WINDOW + VM_PAGE, self->end - 2 * VM_PAGE, self->ram));
}

/*
 * Nothing beyond the end is a slot, in any way of making one; a refused call leaves what
 * was there.
 * Red with: base_gfn compared in place of the last gfn; > for >=.
 */
KVMEM_TEST_F(ipa, slot_beyond, "G3 A24")
{
	const struct {
		uint64_t gpa, size;
	} rows[] = {
		{ self->end, VM_PAGE },
		{ self->end - VM_PAGE, 2 * VM_PAGE },
		{ self->end - 2 * VM_PAGE, 4 * VM_PAGE },
		{ self->end + VM_PAGE, VM_PAGE },
		{ 2 * self->end - VM_PAGE, VM_PAGE },
		{ 1ULL << 52, VM_PAGE },
		{ 1ULL << 63, VM_PAGE },
		{ -2 * VM_PAGE, VM_PAGE },
	};
	static const uint32_t flags[] = { 0, KVM_MEM_READONLY, KVM_MEM_LOG_DIRTY_PAGES };
	size_t i, f;

	vm_slot(self->vm, 1, 0, HOLE, VM_PAGE, self->ram);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (f = 0; f < ARRAY_SIZE(flags); f++)
			ASSERT_EQ(-EFAULT, vm_region(self->vm, 2, flags[f], rows[i].gpa, rows[i].size,
						     self->ram)) {
				TH_LOG("slot at 0x%llx", (unsigned long long)rows[i].gpa);
			}
		if (rows[i].size == VM_PAGE)
			ASSERT_EQ(-EFAULT, vm_region(self->vm, 1, 0, rows[i].gpa, VM_PAGE, self->ram)) {
				TH_LOG("slot moved to 0x%llx", (unsigned long long)rows[i].gpa);
			}
		self->ram[0] = DATA + i;
		ASSERT_EQ(DATA + i, vcpu_load(self->v, 8, HOLE));
		/* No slot 2 was made. */
		ASSERT_EQ(-EINVAL, vm_region(self->vm, 2, 0, 0, 0, NULL));
	}
	/* A range that wraps is refused before the size is looked at. */
	ASSERT_EQ(-EINVAL, vm_region(self->vm, 2, 0, -VM_PAGE, VM_PAGE, self->ram));
	vm_slot(self->vm, 1, 0, self->end - VM_PAGE, VM_PAGE, self->ram);
}

/* Between the slots and the end every access is MMIO, also beside a slot at the end. */
KVMEM_TEST_F(ipa, mmio_below_the_end, "G3 A12")
{
	uint64_t last = self->end - VM_PAGE;

	REQUIRE(self->reaches, "the guest's page tables have no addresses of more than %d bits",
		MAX_OUTPUT_BITS);
	vm_map(self->vm, VM_WINDOW, last - VM_PAGE, 2);
	ASSERT_TRUE(vcpu_expect(self->v, "the last pages",
		OPS(LD(8, VM_WINDOW + 2 * VM_PAGE - 8), ST(1, VM_WINDOW + 2 * VM_PAGE - 1, 5),
		    LD(4, VM_WINDOW + VM_PAGE)),
		EXITS(MMIO_RD(self->end - 8, 8, DATA), MMIO_WR(self->end - 1, 1, 5),
		      MMIO_RD(last, 4, 7))));
	ASSERT_EQ(DATA, vcpu_value(self->v, 0));
	vm_slot(self->vm, 1, 0, last, VM_PAGE, self->ram);
	ASSERT_TRUE(vcpu_expect(self->v, "before a slot at the end",
		OPS(LD(8, VM_WINDOW + VM_PAGE - 8), LD(8, VM_WINDOW + 2 * VM_PAGE - 8)),
		EXITS(MMIO_RD(last - 8, 8, 1))));
}

/* --- accesses beyond (G3) ----------------------------------------------------------- */

FIXTURE(beyond) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t end;
};

FIXTURE_VARIANT(beyond) {
	unsigned int type;
	unsigned int bits;
};

FIXTURE_VARIANT_ADD(beyond, bits_32) { 32, 32 };
FIXTURE_VARIANT_ADD(beyond, bits_42) { 42, 42 };
FIXTURE_VARIANT_ADD(beyond, by_default) { 0, DEFAULT_BITS };

KVMEM_SETUP(beyond)
{
	struct vm_opts o = { .type = variant->type };

	require_size();
	if (variant->bits >= limit())
		end_skip("the guest cannot make an address beyond %u bits", variant->bits);
	self->vm = vm_create(&o);
	self->v = self->vm->vcpu[0];
	self->end = 1ULL << variant->bits;
}

/*
 * With equal virtual and physical addresses.
 * Red with: the check in kvm_handle_guest_abort() dropped (MMIO), or the abort dropped (a
 * loop).
 */
KVMEM_TEST_F(beyond, access, "G3 G4")
{
	const uint64_t addrs[] = { self->end, self->end + 0x12340, self->end + self->end / 2 - 16 };
	size_t a, i, m;

	for (a = 0; a < ARRAY_SIZE(addrs); a++) {
		const struct mbox_op ops[] = { ACCESSES(addrs[a]) };

		for (m = 0; m < ARRAY_SIZE(modes); m++) {
			for (i = 0; i < ARRAY_SIZE(ops); i++)
				ASSERT_TRUE(aborts(self->v, "beyond the end", ops[i], &modes[m], EC_DABT,
						   FSC_EXTERNAL, addrs[a]));
			ASSERT_TRUE(aborts(self->v, "beyond the end",
				(struct mbox_op){ .kind = OP_CALL, .addr = addrs[a] }, &modes[m], EC_IABT,
				FSC_EXTERNAL, addrs[a]));
		}
	}
	ASSERT_EQ(0, arch_mmio_exits(self->v));
}

/* A different virtual address; FAR is left to the next test. */
KVMEM_TEST_F(beyond, translated, "G3")
{
	const struct mbox_result *r = vcpu_result(self->v, 0);

	vm_map(self->vm, VM_WINDOW, self->end, 1);
	ASSERT_EQ(VCPU_DONE, vcpu_try(self->v, OPS(LD(8, VM_WINDOW + 0x128)), 1000));
	ASSERT_EQ(EC_DABT, r->vector);
	ASSERT_EQ(FSC_EXTERNAL, r->error & (FSC_TYPE | 3));
	ASSERT_EQ(VCPU_DONE, vcpu_try(self->v, OPS({ .kind = OP_CALL, .addr = VM_WINDOW }), 1000));
	ASSERT_EQ(EC_IABT, r->vector);
	ASSERT_EQ(VM_WINDOW, r->pc);
	ASSERT_EQ(0, self->v->nr_exits);
}

/*
 * FAR_EL1 is a virtual address.  KVM puts the physical one there (known_issues):
 * kvm_handle_guest_abort() passes fault_ipa on to the injection of the abort.
 */
KVMEM_TEST(far_beyond, "G3")
{
	struct vm_opts o = { .type = MIN_BITS };
	struct vm *vm = vm_create(&o);

	require_size();
	REQUIRE(limit() > MIN_BITS, "the guest cannot make an address beyond %d bits", MIN_BITS);
	vm_map(vm, VM_WINDOW, 1ULL << MIN_BITS, 1);
	ASSERT_TRUE(aborts(vm->vcpu[0], "load", (struct mbox_op)LD(8, VM_WINDOW + 0x128), &modes[0],
			   EC_DABT, FSC_EXTERNAL, VM_WINDOW + 0x128));
	ASSERT_TRUE(aborts(vm->vcpu[0], "fetch", (struct mbox_op){ .kind = OP_CALL, .addr = VM_WINDOW },
			   &modes[0], EC_IABT, FSC_EXTERNAL, VM_WINDOW));
}

/* A translation table beyond the end: the walk aborts, once. */
KVMEM_TEST(table_beyond, "G3 G4")
{
	struct vm_opts o = { .type = MIN_BITS };
	struct vm *vm = vm_create(&o);
	struct vcpu *v = vm->vcpu[0];
	const struct mbox_result *r = vcpu_result(v, 0);

	require_size();
	REQUIRE(limit() > MIN_BITS, "the guest cannot make an address beyond %d bits", MIN_BITS);
	mmu_set_table(vm, VM_WINDOW, 3, 1ULL << MIN_BITS);
	if (vcpu_try(v, OPS(LD(8, VM_WINDOW + 0x128)), 1000) == VCPU_HUNG)
		end_fail("the guest repeats the access for ever");
	ASSERT_EQ(EC_DABT, r->vector);
	ASSERT_EQ(0, v->nr_exits);
	record_observation("G3", "ipa.table_beyond_fsc", "0x%llx", (unsigned long long)r->error & 0x3f);
}

/*
 * Beyond what this host's KVM has at all.  The CPU's stage 1 faults there, or KVM injects
 * the address size fault that it would have had.
 */
KVMEM_TEST(beyond_the_limit, "G3")
{
	struct vm_opts o = { .type = limit() };
	struct vcpu *v = vm_create(&o)->vcpu[0];
	uint64_t addr = 1ULL << limit();
	const struct mbox_result *r = vcpu_result(v, 0);

	REQUIRE(limit() < MAX_OUTPUT_BITS - 2, "the guest cannot make an address beyond the limit");
	ASSERT_EQ(VCPU_DONE, vcpu_try(v, OPS(LD(8, addr + 0x128)), 1000));
	ASSERT_EQ(EC_DABT, r->vector);
	ASSERT_EQ(addr + 0x128, r->fault_addr);
	ASSERT_EQ(0, v->nr_exits);
	record_observation("G3", "ipa.beyond_limit_fsc", "0x%llx", (unsigned long long)r->error & 0x3f);
}

KVMEM_MAIN
