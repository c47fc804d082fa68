/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/mmio_bus.c: accesses in two parts, I/O ports, and the local APIC.
 */

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/port.h"

/* --- accesses in two parts (A14, A15) ---------------------------------------- */

/* A page split at the end of the zone: one half each. */
KVMEM_TEST_F(coalesced, split, "A14")
{
	ASSERT_TRUE(vcpu_expect(self->v, "across the end at a page boundary",
		OPS(ST(8, ZONE + 0xffc, DATA)), EXITS(MMIO_WR(ZONE + 0x1000, 4, DATA >> 32))));
	ASSERT_TRUE(entry_is(self->ring, self->size, ZONE + 0xffc, 4, DATA & 0xffffffff, 0));
}

/* 16 bytes are two writes of 8, each coalesced or not by its own address. */
KVMEM_TEST_F(coalesced, sixteen_bytes, "A14 A3")
{
	uint64_t in = ZONE + 0x3000;
	struct mbox_op op = { .kind = OP_STORE, .width = 16, .value = { DATA, ~DATA } };

	op.addr = ZONE + 0x20;
	ASSERT_TRUE(vcpu_expect(self->v, "16 bytes in the zone", &op, 1, NO_EXITS));
	ASSERT_TRUE(entry_is(self->ring, self->size, ZONE + 0x20, 8, DATA, 0));
	ASSERT_TRUE(entry_is(self->ring, self->size, ZONE + 0x28, 8, ~DATA, 0));

	ASSERT_EQ(0, zone_ioctl(self->vm, KVM_REGISTER_COALESCED_MMIO, in, 8, 0));
	op.addr = in;
	ASSERT_TRUE(vcpu_expect(self->v, "16 bytes, 8 of them in the zone", &op, 1,
				EXITS(MMIO_WR(in + 8, 8, ~DATA))));
	ASSERT_TRUE(entry_is(self->ring, self->size, in, 8, DATA, 0));
}

/*
 * A write of eight bytes over an ioeventfd of four, and the other way round in
 * the two halves of a page split: only exact matches signal.
 */
KVMEM_TEST(ioeventfd_split, "A15")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	ASSERT_EQ(0, assign(vm, fd, ZONE + 0x1000, 4, 0, 0));
	ASSERT_TRUE(vcpu_expect(v, "second half hits", OPS(ST(8, ZONE + 0xffc, DATA)),
				EXITS(MMIO_WR(ZONE + 0xffc, 4, DATA & 0xffffffff))));
	ASSERT_EQ(1, signals(fd));
	ASSERT_TRUE(vcpu_expect(v, "too long", OPS(ST(8, ZONE + 0x1000, DATA)),
				EXITS(MMIO_WR(ZONE + 0x1000, 8, DATA))));
	ASSERT_EQ(0, signals(fd));
}

/* --- ports (A14, A15) ----------------------------------------------------- */

KVMEM_TEST_F(coalesced, port, "A14")
{
	REQUIRE(vm_cap(self->vm, KVM_CAP_COALESCED_PIO), "no KVM_CAP_COALESCED_PIO");
	ASSERT_EQ(-EINVAL, zone_ioctl(self->vm, KVM_REGISTER_COALESCED_MMIO, 0x600, 4, 2));
	ASSERT_EQ(0, zone_ioctl(self->vm, KVM_REGISTER_COALESCED_MMIO, 0x600, 4, 1));
	ASSERT_TRUE(vcpu_expect(self->v, "port in and out of the zone",
		OPS({ .kind = OP_OUT, .width = 4, .addr = 0x600, .value = { 0x11223344 } },
		    { .kind = OP_OUT, .width = 1, .addr = 0x604, .value = { 0x55 } }),
		EXITS(IO_OUT(0x604, 1, 0x55))));
	ASSERT_TRUE(entry_is(self->ring, self->size, 0x600, 4, 0x11223344, 1));
}

KVMEM_TEST(ioeventfd_port, "A15")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	ASSERT_EQ(0, assign(vm, fd, 0x600, 2, KVM_IOEVENTFD_FLAG_PIO | KVM_IOEVENTFD_FLAG_DATAMATCH, 7));
	ASSERT_TRUE(vcpu_expect(v, "out to an ioeventfd",
		OPS({ .kind = OP_OUT, .width = 2, .addr = 0x600, .value = { 7 } },
		    { .kind = OP_OUT, .width = 2, .addr = 0x600, .value = { 8 } },
		    { .kind = OP_OUT, .width = 1, .addr = 0x600, .value = { 7 } }),
		EXITS(IO_OUT(0x600, 2, 8), IO_OUT(0x600, 1, 7))));
	ASSERT_EQ(1, signals(fd));
}

/* --- the hole of the local APIC (A16) ------------------------------------ */

#define LAPIC		0xfee00000ULL
#define LAPIC_ID	0x20
#define LAPIC_VERSION	0x30
#define LAPIC_TPR	0x80
#define MSR_APICBASE	0x1b
#define APICBASE_BSP	(1ULL << 8)
#define APICBASE_X2APIC	(1ULL << 10)
#define APICBASE_ENABLE	(1ULL << 11)

FIXTURE(lapic) {
	struct vm *vm;
	struct vcpu *v;
};

FIXTURE_VARIANT(lapic) {
	uint64_t mode;		/* bits of MSR_APICBASE */
	bool quirk_off;
};

FIXTURE_VARIANT_ADD(lapic, disabled) { 0, false };
FIXTURE_VARIANT_ADD(lapic, x2apic) { APICBASE_ENABLE | APICBASE_X2APIC, false };
FIXTURE_VARIANT_ADD(lapic, disabled_quirk_off) { 0, true };
FIXTURE_VARIANT_ADD(lapic, x2apic_quirk_off) { APICBASE_ENABLE | APICBASE_X2APIC, true };

KVMEM_SETUP(lapic)
{
	struct vm_opts o = {
		.irqchip = true,
		.quirks_off = variant->quirk_off ? KVM_X86_QUIRK_LAPIC_MMIO_HOLE : 0,
	};

	self->vm = vm_create(&o);
	self->v = self->vm->vcpu[0];
	/* An enabled APIC answers reads: the control. */
	ASSERT_NE(0xffffffff, vcpu_load(self->v, 4, LAPIC + LAPIC_VERSION));
	if (!cpu_set_msr(self->v, MSR_APICBASE, LAPIC | APICBASE_BSP | variant->mode))
		end_skip("this KVM does not set MSR_IA32_APICBASE to mode 0x%llx",
			 (unsigned long long)variant->mode);
}

/*
 * Red with: apic_mmio_read() filling with 0, or checking the quirk the wrong
 * way round.
 */
KVMEM_TEST_F(lapic, read, "A16")
{
	static const uint64_t offsets[] = { 0x0, LAPIC_ID, LAPIC_VERSION, 0x123, 0xff8 };
	unsigned int w, o;

	for (w = 1; w <= 8; w *= 2) {
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			uint64_t a = LAPIC + offsets[o];
			const struct kexit exit = MMIO_RD(a, w, low(DATA, w));
			const struct mbox_op op = { .kind = OP_LOAD, .width = w, .addr = a };

			ASSERT_TRUE(vcpu_expect(self->v, "read of the APIC page", &op, 1, &exit,
						variant->quirk_off));
			ASSERT_EQ(low(variant->quirk_off ? DATA : ~0ULL, w), vcpu_value(self->v, 0));
		}
	}
}

KVMEM_TEST_F(lapic, write, "A16")
{
	unsigned int w;

	for (w = 1; w <= 8; w *= 2) {
		uint64_t a = LAPIC + LAPIC_TPR;
		const struct kexit exit = MMIO_WR(a, w, low(DATA, w));

		ASSERT_TRUE(vcpu_expect(self->v, "write to the APIC page", OPS(ST(w, a, DATA)), &exit,
					variant->quirk_off));
	}
	/* The writes were dropped: back in xAPIC mode the register is 0. */
	cpu_set_msr(self->v, MSR_APICBASE, LAPIC | APICBASE_BSP);
	if (cpu_set_msr(self->v, MSR_APICBASE, LAPIC | APICBASE_BSP | APICBASE_ENABLE))
		ASSERT_EQ(0, vcpu_load(self->v, 4, LAPIC + LAPIC_TPR));
}

/* The hole is one page; an access across its end is split there. */
KVMEM_TEST_F(lapic, neighbours, "A16")
{
	ASSERT_TRUE(vcpu_expect(self->v, "pages beside the APIC page",
		OPS(LD(8, LAPIC - 8), LD(8, LAPIC + 0x1000), ST(4, LAPIC + 0x1000, 5)),
		EXITS(MMIO_RD(LAPIC - 8, 8, 1), MMIO_RD(LAPIC + 0x1000, 8, 2),
		      MMIO_WR(LAPIC + 0x1000, 4, 5))));
	if (variant->quirk_off)
		return;
	ASSERT_TRUE(vcpu_expect(self->v, "across the end", OPS(LD(8, LAPIC + 0xffc)),
				EXITS(MMIO_RD(LAPIC + 0x1000, 4, 0x11223344))));
	ASSERT_EQ(0x11223344ffffffff, vcpu_value(self->v, 0));
}
