/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/proposed_hole.c: instructions of x86.
 */

#include "after_load.h"

static bool other_stores(struct vcpu *v, uint64_t gpa, unsigned int width)
{
	static const uint64_t imm[] = {
		[1] = MBOX_IMM8, [2] = MBOX_IMM16, [4] = MBOX_IMM32, [8] = MBOX_IMM64,
	};

	return hole_expect(v, "mov of an immediate into a hole",
			   OPS({ .kind = OP_STORE_IMM, .width = width, .addr = gpa }),
			   EXITS(MMIO_WR(gpa, width, imm[width])));
}

KVMEM_TEST_F(hole, read_extension, "B4")
{
	static const struct {
		int kind, width;
		uint64_t want;
	} rows[] = {
		{ OP_LOAD_ZX, 1, 0xff }, { OP_LOAD_ZX, 2, 0xffff },
		{ OP_LOAD_SX, 1, ONES }, { OP_LOAD_SX, 2, ONES }, { OP_LOAD_SX, 4, ONES },
		{ OP_TEST, 8, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_TRUE(vcpu_expect(self->v, "movzx, movsx, test",
			OPS({ .kind = rows[i].kind, .width = rows[i].width, .addr = HOLE + 0x123,
			      .value = { REG_BEFORE } }), NO_EXITS));
		ASSERT_EQ(rows[i].want, vcpu_value(self->v, 0)) {
			TH_LOG("row %zu", i);
		}
	}
}

static bool all_bytes(const uint8_t *p, size_t n, uint8_t value)
{
	while (n--)
		if (*p++ != value)
			return false;
	return true;
}

/* From a hole, across a page boundary, in both directions. */
KVMEM_TEST_F(hole, strings_out, "B4")
{
	unsigned int w, down;

	for (w = 0; w < ARRAY_SIZE(hole_widths); w++) {
		for (down = 0; down < 2; down++) {
			unsigned int width = hole_widths[w];
			uint64_t at = 0x1000 - (down ? 0 : 2 * width) + (down ? width : 0);
			uint16_t flags = OPF_REP | (down ? OPF_DF : 0);
			uint8_t *first = self->ram + 0x1000 - 2 * width;

			memset(self->ram, 0, 2 * PAGE_4K);
			ASSERT_TRUE(vcpu_expect(self->v, "rep movs out of a hole",
				OPS({ .kind = OP_MOVS, .width = width, .addr = HOLE + at,
				      .addr2 = RAM + at, .value = { 4 }, .flags = flags }), NO_EXITS));
			ASSERT_EQ(0, vcpu_result(self->v, 0)->arch.rcx);
			ASSERT_TRUE(all_bytes(first, 4 * width, 0xff));
			ASSERT_EQ(0, first[-1]);
			ASSERT_EQ(0, first[4 * width]);
			ASSERT_TRUE(vcpu_expect(self->v, "rep lods out of a hole",
				OPS({ .kind = OP_LODS, .width = width, .addr = HOLE + at,
				      .value = { 4, REG_BEFORE }, .flags = flags }), NO_EXITS));
			ASSERT_EQ(after_load(low(ONES, width), width), vcpu_value(self->v, 0));
		}
	}
}

KVMEM_TEST_F(hole, strings_compare, "B4")
{
	ASSERT_TRUE(page_is_ones(self->v, HOLE + PAGE_2M - PAGE_4K));
	/* repe cmps with RAM: equal up to the first word that contains a zero bit. */
	memset(self->ram, 0xff, PAGE_4K);
	self->ram[0x46] = 0xfe;
	ASSERT_TRUE(vcpu_expect(self->v, "repe cmps",
		OPS({ .kind = OP_CMPS, .width = 4, .addr = RAM + 0x40, .addr2 = HOLE + 0xffc,
		      .value = { 4 }, .flags = OPF_REP }), NO_EXITS));
	ASSERT_EQ(2, vcpu_result(self->v, 0)->arch.rcx);
}

/* The hole as destination, and instructions with both operands outside RAM. */
KVMEM_TEST_F(hole, strings_in, "B4 B5")
{
	uint64_t a = HOLE + 0xff8;
	unsigned int i;

	for (i = 0; i < 4; i++)
		memcpy(self->ram + i * 8, &(uint64_t){ DATA + i }, 8);
	ASSERT_TRUE(hole_expect(self->v, "rep movs into a hole",
		OPS({ .kind = OP_MOVS, .width = 8, .addr = RAM, .addr2 = a, .value = { 4 },
		      .flags = OPF_REP }),
		EXITS(MMIO_WR(a, 8, DATA), MMIO_WR(a + 8, 8, DATA + 1),
		      MMIO_WR(a + 16, 8, DATA + 2), MMIO_WR(a + 24, 8, DATA + 3))));
	ASSERT_TRUE(hole_expect(self->v, "rep stos into a hole",
		OPS({ .kind = OP_STOS, .width = 4, .addr2 = a + 4, .value = { 2, DATA },
		      .flags = OPF_REP }),
		EXITS(MMIO_WR(a + 4, 4, low(DATA, 4)), MMIO_WR(a + 8, 4, low(DATA, 4)))));
	ASSERT_TRUE(hole_expect(self->v, "rep movs from hole to hole",
		OPS({ .kind = OP_MOVS, .width = 4, .addr = a, .addr2 = TAIL + 4, .value = { 3 },
		      .flags = OPF_REP }),
		EXITS(MMIO_WR(TAIL + 4, 4, low(ONES, 4)), MMIO_WR(TAIL + 8, 4, low(ONES, 4)),
		      MMIO_WR(TAIL + 12, 4, low(ONES, 4)))));
	ASSERT_TRUE(hole_expect(self->v, "movs from MMIO into a hole",
		OPS({ .kind = OP_MOVS, .width = 4, .addr = MMIO, .addr2 = a, .value = { 1 } }),
		EXITS(MMIO_RD(MMIO, 4, 0x1234), MMIO_WR(a, 4, 0x1234))));
	ASSERT_TRUE(hole_expect(self->v, "rep movs from a hole into MMIO",
		OPS({ .kind = OP_MOVS, .width = 2, .addr = a, .addr2 = MMIO, .value = { 2 },
		      .flags = OPF_REP }),
		EXITS(MMIO_WR(MMIO, 2, 0xffff), MMIO_WR(MMIO + 2, 2, 0xffff))));
	ASSERT_TRUE(page_is_ones(self->v, HOLE));
	ASSERT_TRUE(page_is_ones(self->v, HOLE + PAGE_4K));
}

/* Ones are read without an exit, the result is written to userspace. */
KVMEM_TEST_F(hole, read_modify_write, "B4 B5")
{
	uint64_t r = 0x0102030405060708ULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hole_widths); i++) {
		unsigned int w = hole_widths[i];
		uint64_t a = HOLE + 0x40;

		ASSERT_TRUE(hole_expect(self->v, "add",
			OPS({ .kind = OP_ADD, .width = w, .addr = a, .value = { r } }),
			EXITS(MMIO_WR(a, w, low(r - 1, w)))));
		ASSERT_TRUE(hole_expect(self->v, "inc",
			OPS({ .kind = OP_INC, .width = w, .addr = a }), EXITS(MMIO_WR(a, w, 0))));
		ASSERT_TRUE(hole_expect(self->v, "lock xadd",
			OPS({ .kind = OP_XADD, .width = w, .addr = a, .value = { r } }),
			EXITS(MMIO_WR(a, w, low(r - 1, w)))));
		ASSERT_EQ(low(ONES, w), low(vcpu_value(self->v, 0), w));
		ASSERT_TRUE(hole_expect(self->v, "xchg",
			OPS({ .kind = OP_XCHG, .width = w, .addr = a, .value = { r } }),
			EXITS(MMIO_WR(a, w, low(r, w)))));
		ASSERT_EQ(low(ONES, w), low(vcpu_value(self->v, 0), w));
		ASSERT_EQ(low(ONES, w), low(vcpu_load(self->v, w, a), w));
	}
}

/* cmpxchg always has a write cycle; a failing one writes ones back. */
KVMEM_TEST_F(hole, cmpxchg, "B4 B5")
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(hole_widths); i++) {
		unsigned int w = hole_widths[i];
		uint64_t a = HOLE + 0x48;

		ASSERT_TRUE(hole_expect(self->v, "cmpxchg, equal",
			OPS({ .kind = OP_CMPXCHG, .width = w, .addr = a, .value = { ONES, DATA } }),
			EXITS(MMIO_WR(a, w, low(DATA, w)))));
		ASSERT_EQ(1, vcpu_result(self->v, 0)->value[1]);
		ASSERT_TRUE(hole_expect(self->v, "cmpxchg, different",
			OPS({ .kind = OP_CMPXCHG, .width = w, .addr = a, .value = { 0, DATA } }),
			EXITS(MMIO_WR(a, w, low(ONES, w)))));
		ASSERT_EQ(0, vcpu_result(self->v, 0)->value[1]);
		ASSERT_EQ(low(ONES, w), low(vcpu_value(self->v, 0), w));
	}
}

KVMEM_TEST_F(hole, stack_and_tables, "B4 B5")
{
	uint64_t a = HOLE + 0x100;

	ASSERT_TRUE(vcpu_expect(self->v, "push [m]", OPS({ .kind = OP_PUSH_MEM, .addr = a }),
				NO_EXITS));
	ASSERT_EQ(ONES, vcpu_value(self->v, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "pop from a stack in a hole",
				OPS({ .kind = OP_POP_FROM, .addr = a }), NO_EXITS));
	ASSERT_EQ(ONES, vcpu_value(self->v, 0));
	ASSERT_TRUE(hole_expect(self->v, "pop [m]",
		OPS({ .kind = OP_POP_MEM, .addr = a, .value = { DATA } }),
		EXITS(MMIO_WR(a, 8, DATA))));
	ASSERT_TRUE(hole_expect(self->v, "push onto a stack in a hole",
		OPS({ .kind = OP_PUSH_TO, .addr = a, .value = { DATA } }),
		EXITS(MMIO_WR(a - 8, 8, DATA))));
	/* Limit 0xffff, base all ones, which is canonical. */
	ASSERT_TRUE(vcpu_expect(self->v, "lgdt [m]",
				OPS({ .kind = OP_LGDT, .addr = a }, { .kind = OP_LIDT, .addr = a }),
				NO_EXITS));
	ASSERT_EQ(ONES, vcpu_result(self->v, 0)->value[0]);
	ASSERT_EQ(ONES, vcpu_result(self->v, 1)->value[0]);
}
