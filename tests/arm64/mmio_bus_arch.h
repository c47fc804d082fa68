/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/mmio_bus.c: big-endian writes, and the interrupt controller, vGICv3, as the
 * device that KVM itself has on the bus.
 */

#include "arch/arm64/cpu.h"
#include "arch/arm64/layout.h"
#include "arch/arm64/mmu.h"

/* --- big-endian (A14, A15, G6) ------------------------------------------------------ */

static uint64_t swapped(uint64_t value, unsigned int width)
{
	return __builtin_bswap64(value) >> (64 - 8 * width);
}

#define ST_BE(w, a, v, f) \
	{ .kind = OP_STORE_BE, .width = (w), .addr = (a), .value = { (v) }, .flags = (f) }

/*
 * The ring has the bytes in the order of memory, as an exit would.
 * Red with: the register's value handed to the bus in place of the converted one.
 */
KVMEM_TEST_F(coalesced, big_endian, "A14 G6")
{
	static const uint16_t flags[] = { 0, OPF_USER };
	unsigned int w;
	size_t f;

	for (f = 0; f < ARRAY_SIZE(flags); f++) {
		for (w = 1; w <= 8; w *= 2) {
			ASSERT_TRUE(vcpu_expect(self->v, "big-endian write in the zone",
						OPS(ST_BE(w, ZONE + 0x128, DATA, flags[f])), NO_EXITS));
			ASSERT_TRUE(entry_is(self->ring, self->size, ZONE + 0x128, w, swapped(DATA, w), 0));
		}
	}
	ASSERT_EQ(self->ring->first, self->ring->last);
}

/* A datamatch is compared with the bytes in memory, as a number of this host. */
KVMEM_TEST_F(ioeventfd, big_endian, "A15 G6")
{
	uint64_t a = ZONE + 0x40, match = low(DATA, variant->len);
	unsigned int w = variant->len;

	if (!w) {
		ASSERT_EQ(0, assign(self->vm, self->fd, a, 0, 0, 0));
		for (w = 1; w <= 8; w *= 2)
			ASSERT_TRUE(vcpu_expect(self->v, "any write", OPS(ST_BE(w, a, DATA, 0)), NO_EXITS));
		ASSERT_EQ(4, signals(self->fd));
		return;
	}
	ASSERT_EQ(0, assign(self->vm, self->fd, a, w, KVM_IOEVENTFD_FLAG_DATAMATCH, match));
	ASSERT_TRUE(vcpu_expect(self->v, "hit and miss",
		OPS(ST_BE(w, a, swapped(match, w), 0), ST_BE(w, a, swapped(match, w), OPF_USER),
		    ST_BE(w, a, swapped(match ^ 0x80, w), 0)),
		EXITS(MMIO_WR(a, w, match ^ 0x80))));
	ASSERT_EQ(2, signals(self->fd));
	if (w > 1)
		ASSERT_TRUE(vcpu_expect(self->v, "the value itself", OPS(ST_BE(w, a, match, 0)),
					EXITS(MMIO_WR(a, w, swapped(match, w)))));
	ASSERT_EQ(0, signals(self->fd));
}

/* Every form of store reaches the bus with its own length; one without syndrome does not. */
KVMEM_TEST_F(ioeventfd, store_forms, "A15 G5")
{
	static const uint8_t kinds[] = { OP_STORE, OP_STORE_ZR, OP_STORE_REG, OP_STUR, OP_STLR };
	uint64_t a = ZONE + 0x40;
	unsigned int w = variant->len ? variant->len : 4;
	size_t i;

	ASSERT_EQ(0, assign(self->vm, self->fd, a, variant->len, 0, 0));
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_TRUE(vcpu_expect(self->v, "store",
			OPS({ .kind = kinds[i], .width = w, .addr = a, .value = { DATA, 0x10 } },
			    { .kind = kinds[i], .width = w, .addr = a, .value = { DATA, 0x10 },
			      .flags = OPF_USER }), NO_EXITS));
		ASSERT_EQ(2, signals(self->fd));
	}
	vcpu_do(self->v, OPS({ .kind = OP_STR_FP, .width = w, .addr = a }), NO_EXITS);
	ASSERT_EQ(ENOSYS, self->v->log[0].err);
	ASSERT_EQ(0, signals(self->fd));
}

/*
 * A store to a read-only slot is MMIO, so what is on the bus at its address gets it; loads
 * read the slot.
 */
KVMEM_TEST_F(ioeventfd, in_read_only_slot, "A15 A17 G7")
{
	uint64_t a = ZONE + 0x40, *ram = vm_alloc(VM_PAGE);
	unsigned int w = variant->len ? variant->len : 4;

	ram[0x40 / 8] = DATA;
	vm_slot(self->vm, 1, KVM_MEM_READONLY, ZONE, VM_PAGE, ram);
	ASSERT_EQ(0, assign(self->vm, self->fd, a, variant->len, 0, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "load, store, load, store beside it",
		OPS(LD(w, a), ST(w, a, 5), LD(w, a), ST(w, a + 8, 6)), EXITS(MMIO_WR(a + 8, w, 6))));
	ASSERT_EQ(low(DATA, w), vcpu_value(self->v, 0));
	ASSERT_EQ(low(DATA, w), vcpu_value(self->v, 2));
	ASSERT_EQ(1, signals(self->fd));
	ASSERT_EQ(DATA, ram[0x40 / 8]);
}

KVMEM_TEST_F(coalesced, in_read_only_slot, "A14 A17 G7")
{
	uint64_t *ram = vm_alloc(VM_PAGE);

	vm_slot(self->vm, 1, KVM_MEM_READONLY, ZONE, VM_PAGE, ram);
	ASSERT_TRUE(vcpu_expect(self->v, "store and load", OPS(ST(4, ZONE + 8, DATA), LD(8, ZONE + 8)),
				NO_EXITS));
	ASSERT_EQ(0, vcpu_value(self->v, 1));
	ASSERT_TRUE(entry_is(self->ring, self->size, ZONE + 8, 4, low(DATA, 4), 0));
	ASSERT_EQ(0, ram[1]);
}

/* --- vGICv3 (A16) --------------------------------------------------------------------- */

#define DIST_SIZE	0x10000ULL
#define REDIST_SIZE	0x20000ULL	/* of a vCPU */
#define GICD_CTLR	0x0000
#define GICD_TYPER	0x0004
#define GICD_IIDR	0x0008
#define GICD_ISENABLER	0x0104		/* interrupts 32 to 63 */
#define GICD_ICENABLER	0x0184
#define GICD_IPRIORITYR	0x0420		/* interrupts 32 to 35 */
#define GICD_IROUTER	0x6100		/* interrupt 32 */
#define GICD_PIDR2	0xffe8
#define GICR_IIDR	0x0004
#define GICR_TYPER	0x0008
#define GICR_PIDR2	0xffe8
#define PIDR2_ARCH	0xf0
#define PIDR2_GICV3	0x30
#define TYPER_LAST	(1ULL << 4)

FIXTURE(vgic) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t handled;	/* accesses that KVM has handled */
};

KVMEM_SETUP(vgic)
{
	struct vm_opts o = { .irqchip = true, .nr_vcpus = 2 };

	self->vm = vm_create(&o);
	self->v = self->vm->vcpu[0];
	self->handled = vcpu_stat(self->v, "mmio_exit_kernel");
}

/* Since the last call: accesses that KVM has handled; none may have gone to userspace. */
static uint64_t handled(FIXTURE_DATA(vgic) *self)
{
	uint64_t n = vcpu_stat(self->v, "mmio_exit_kernel"), before = self->handled;

	self->handled = n;
	return arch_mmio_exits(self->v) ? ~0ULL : n - before;
}

/* The register as userspace sees it. */
static uint32_t gic_register(struct vm *vm, uint32_t group, uint64_t offset)
{
	uint32_t value = 0;
	struct kvm_device_attr a = { .group = group, .attr = offset, .addr = (uintptr_t)&value };

	if (ioctl(vm->irqchip_fd, KVM_GET_DEVICE_ATTR, &a))
		end_fail("vGICv3: register 0x%llx: %s", (unsigned long long)offset, strerror(errno));
	return value;
}

/*
 * Red with: the frame not on the bus; the vgic's value not copied into the register;
 * mmio_exit_user counted for it.
 */
KVMEM_TEST_F(vgic, read, "A16")
{
	static const uint32_t dist[] = { GICD_CTLR, GICD_TYPER, GICD_IIDR, GICD_ISENABLER, GICD_IPRIORITYR,
					 GICD_IROUTER, GICD_PIDR2 };
	static const uint32_t redist[] = { GICR_IIDR, GICR_TYPER, GICR_TYPER + 4, GICR_PIDR2 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(dist); i++) {
		uint64_t seen = vcpu_load(self->v, 4, VGIC_DIST + dist[i]);

		ASSERT_EQ(gic_register(self->vm, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, dist[i]), seen) {
			TH_LOG("GICD 0x%x", dist[i]);
		}
		ASSERT_EQ(1, handled(self));
	}
	for (i = 0; i < ARRAY_SIZE(redist); i++) {
		uint64_t seen = vcpu_load(self->v, 4, VGIC_REDIST + redist[i]);

		ASSERT_EQ(gic_register(self->vm, KVM_DEV_ARM_VGIC_GRP_REDIST_REGS, redist[i]), seen) {
			TH_LOG("GICR 0x%x", redist[i]);
		}
		ASSERT_EQ(1, handled(self));
	}
	ASSERT_EQ(PIDR2_GICV3, vcpu_load(self->v, 4, VGIC_DIST + GICD_PIDR2) & PIDR2_ARCH);
	ASSERT_EQ(PIDR2_GICV3, vcpu_load(self->v, 4, VGIC_REDIST + GICR_PIDR2) & PIDR2_ARCH);
	ASSERT_NE(0, vcpu_load(self->v, 4, VGIC_DIST + GICD_TYPER) & 0x1f);
}

/* A frame per vCPU, whichever vCPU reads it. */
KVMEM_TEST_F(vgic, redistributors, "A16")
{
	unsigned int i, frame;

	for (i = 0; i < 2; i++) {
		struct vcpu *v = self->vm->vcpu[i];

		for (frame = 0; frame < 2; frame++) {
			uint64_t typer = vcpu_load(v, 8, VGIC_REDIST + frame * REDIST_SIZE + GICR_TYPER);

			ASSERT_EQ(frame, typer >> 8 & 0xffff);
			ASSERT_EQ(frame == 1, !!(typer & TYPER_LAST));
			ASSERT_EQ(frame, typer >> 32);	/* affinity */
		}
		ASSERT_EQ(0, arch_mmio_exits(v));
	}
}

KVMEM_TEST_F(vgic, write, "A16")
{
	uint64_t priority = VGIC_DIST + GICD_IPRIORITYR, enable = VGIC_DIST + GICD_ISENABLER;

	vcpu_store(self->v, 4, enable, 0x80000005);
	ASSERT_EQ(0x80000005, vcpu_load(self->v, 4, enable));
	ASSERT_EQ(0x80000005, gic_register(self->vm, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, GICD_ISENABLER));
	vcpu_store(self->v, 4, VGIC_DIST + GICD_ICENABLER, 4);
	ASSERT_EQ(0x80000001, vcpu_load(self->v, 4, enable));
	ASSERT_EQ(4, handled(self));

	/* Priorities: bytes and words. */
	vcpu_store(self->v, 4, priority, 0x80604020);
	vcpu_store(self->v, 1, priority + 1, 0xa0);
	ASSERT_EQ(0xa0, vcpu_load(self->v, 1, priority + 1));
	ASSERT_EQ(0x80, vcpu_load(self->v, 1, priority + 3));
	ASSERT_EQ(0x8060a020, vcpu_load(self->v, 4, priority));
	ASSERT_EQ(5, handled(self));

	/* 64 bits. */
	vcpu_store(self->v, 8, VGIC_DIST + GICD_IROUTER, 1);
	ASSERT_EQ(1, vcpu_load(self->v, 8, VGIC_DIST + GICD_IROUTER));
	ASSERT_EQ(2, handled(self));
	/* Read-only. */
	vcpu_store(self->v, 4, VGIC_DIST + GICD_PIDR2, 0);
	ASSERT_EQ(PIDR2_GICV3, vcpu_load(self->v, 4, VGIC_DIST + GICD_PIDR2) & PIDR2_ARCH);
	ASSERT_EQ(2, handled(self));
}

/*
 * A width that the register does not have: all zeroes, and ignored, but handled by KVM.  The
 * GIC architecture leaves it open.
 * Red with: check_region() without the width; an error of a device that leads to an exit.
 */
KVMEM_TEST_F(vgic, wrong_width, "A16")
{
	static const struct {
		uint64_t addr;
		unsigned int width;
	} rows[] = {
		{ VGIC_DIST + GICD_IIDR, 1 }, { VGIC_DIST + GICD_IIDR, 2 }, { VGIC_DIST + GICD_IIDR, 8 },
		{ VGIC_DIST + GICD_PIDR2 + 1, 1 }, { VGIC_DIST + GICD_IPRIORITYR, 2 },
		{ VGIC_DIST + GICD_IPRIORITYR, 8 }, { VGIC_DIST + GICD_ISENABLER, 1 },
		{ VGIC_REDIST + GICR_IIDR, 2 }, { VGIC_REDIST + GICR_PIDR2, 8 },
		/* Not aligned to the register. */
		{ VGIC_DIST + GICD_IIDR + 2, 4 }, { VGIC_DIST + GICD_IPRIORITYR + 1, 4 },
		/* Not a register. */
		{ VGIC_DIST + 0x20, 4 }, { VGIC_DIST + 0xc000, 8 }, { VGIC_REDIST + 0x80, 4 },
	};
	size_t i;

	vcpu_store(self->v, 4, VGIC_DIST + GICD_ISENABLER, 0xff);
	vcpu_store(self->v, 4, VGIC_DIST + GICD_IPRIORITYR, 0x80604020);
	handled(self);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_TRUE(vcpu_expect(self->v, "wrong width",
			OPS({ .kind = OP_LOAD, .width = rows[i].width, .addr = rows[i].addr, .value = { ~0ULL } },
			    ST(rows[i].width, rows[i].addr, ~0ULL)), NO_EXITS));
		ASSERT_EQ(0, vcpu_value(self->v, 0)) {
			TH_LOG("0x%llx width %u", (unsigned long long)rows[i].addr, rows[i].width);
		}
		ASSERT_EQ(2, handled(self));
	}
	ASSERT_EQ(0xff, vcpu_load(self->v, 4, VGIC_DIST + GICD_ISENABLER));
	ASSERT_EQ(0x80604020, vcpu_load(self->v, 4, VGIC_DIST + GICD_IPRIORITYR));
}

/* The value goes through the same completion as one from userspace. */
KVMEM_TEST_F(vgic, forms, "A16 G6")
{
	uint64_t a = VGIC_DIST + GICD_PIDR2, iidr = vcpu_load(self->v, 4, VGIC_DIST + GICD_IIDR);
	static const uint8_t kinds[] = { OP_LOAD, OP_LOAD_REG, OP_LDUR, OP_LDAR };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		ASSERT_TRUE(vcpu_expect(self->v, "load of GICD_IIDR",
			OPS({ .kind = kinds[i], .width = 4, .addr = VGIC_DIST + GICD_IIDR, .value = { ~0ULL, 16 } },
			    { .kind = kinds[i], .width = 4, .addr = VGIC_DIST + GICD_IIDR, .value = { ~0ULL, 16 },
			      .flags = OPF_USER }), NO_EXITS));
		ASSERT_EQ(iidr, vcpu_value(self->v, 0));
		ASSERT_EQ(iidr, vcpu_value(self->v, 1));
	}
	ASSERT_TRUE(vcpu_expect(self->v, "big-endian",
		OPS({ .kind = OP_LOAD_BE, .width = 4, .addr = VGIC_DIST + GICD_IIDR },
		    ST_BE(4, VGIC_DIST + GICD_ISENABLER, 0x01020384, 0)), NO_EXITS));
	ASSERT_EQ(swapped(iidr, 4), vcpu_value(self->v, 0));
	ASSERT_EQ(0x84030201, vcpu_load(self->v, 4, VGIC_DIST + GICD_ISENABLER));
	/* Without a syndrome KVM does not know what to do here either. */
	vcpu_do(self->v, OPS({ .kind = OP_LDP, .width = 8, .addr = a & ~7ULL }), NO_EXITS);
	ASSERT_EQ(ENOSYS, self->v->log[0].err);
	ASSERT_EQ(0, arch_mmio_exits(self->v));
}

/* Before and behind the frames is userspace's. */
KVMEM_TEST_F(vgic, neighbours, "A16 A1")
{
	const uint64_t ends[] = { VGIC_DIST + DIST_SIZE, VGIC_REDIST + 2 * REDIST_SIZE };
	const uint64_t starts[] = { VGIC_DIST, VGIC_REDIST };
	unsigned int w;
	size_t i;

	for (i = 0; i < 2; i++)
		for (w = 1; w <= 8; w *= 2)
			ASSERT_TRUE(vcpu_expect(self->v, "beside a frame",
				OPS(LD(w, ends[i]), ST(w, ends[i], DATA), LD(w, starts[i] - w),
				    ST(w, starts[i] - w, DATA)),
				EXITS(MMIO_RD(ends[i], w, 5), MMIO_WR(ends[i], w, low(DATA, w)),
				      MMIO_RD(starts[i] - w, w, 6), MMIO_WR(starts[i] - w, w, low(DATA, w)))));
	ASSERT_EQ(self->handled, vcpu_stat(self->v, "mmio_exit_kernel"));
	/* The last word of each frame is KVM's. */
	for (i = 0; i < 2; i++)
		vcpu_load(self->v, 4, ends[i] - 4);
	ASSERT_EQ(self->handled + 2, vcpu_stat(self->v, "mmio_exit_kernel"));
}

/*
 * KVM does not refuse a slot over a frame.  Then the guest has the memory there, and the
 * device again when the slot is gone.
 */
KVMEM_TEST_F(vgic, slot_over_it, "A7 A16")
{
	uint32_t *ram = vm_alloc(VM_PAGE), iidr = (uint32_t)vcpu_load(self->v, 4, VGIC_DIST + GICD_IIDR);
	unsigned int i;
	int r;

	for (i = 0; i < 4; i++) {
		r = vm_region(self->vm, 1, i & 2 ? KVM_MEM_READONLY : 0, VGIC_DIST, VM_PAGE, ram);
		if (!i)
			record_observation("A16", "vgic.slot_over_it", "%s", r ? strerror(-r) : "accepted");
		if (r)
			break;
		ram[GICD_IIDR / 4] = 0x600d0000 + i;
		ASSERT_EQ(0x600d0000 + i, vcpu_load(self->v, 4, VGIC_DIST + GICD_IIDR));
		vm_slot(self->vm, 1, 0, VGIC_DIST, 0, NULL);
		ASSERT_EQ(iidr, vcpu_load(self->v, 4, VGIC_DIST + GICD_IIDR));
	}
	ASSERT_EQ(0, arch_mmio_exits(self->v));
}

/* A store to a read-only slot over the frame goes to the device, as it is the slot's MMIO. */
KVMEM_TEST_F(vgic, read_only_slot_over_it, "A16 A17")
{
	uint32_t *ram = vm_alloc(VM_PAGE);

	REQUIRE(!vm_region(self->vm, 1, KVM_MEM_READONLY, VGIC_DIST, VM_PAGE, ram),
		"a slot over the frame is refused");
	ASSERT_EQ(0, vcpu_load(self->v, 4, VGIC_DIST + GICD_ISENABLER));
	vcpu_store(self->v, 4, VGIC_DIST + GICD_ISENABLER, 0x11);
	ASSERT_EQ(0, ram[GICD_ISENABLER / 4]);
	ASSERT_EQ(1, handled(self));
	ASSERT_EQ(0x11, gic_register(self->vm, KVM_DEV_ARM_VGIC_GRP_DIST_REGS, GICD_ISENABLER));
}
