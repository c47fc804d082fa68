/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of tests/readonly_slot.c: instructions of arm64 (G7). */

#include "arch/arm64/cpu.h"
#include "arch/arm64/mmu.h"

/* mov w0, #0xc0de; movk w0, #0x600d, lsl #16; ret */
static void write_code(uint8_t *to)
{
	static const uint32_t code[] = { 0x52981bc0, 0x72ac01a0, 0xd65f03c0 };

	memcpy(to, code, sizeof(code));
}

static uint64_t mmio_entries(struct vcpu *v)
{
	(void)v;
	return 0;
}

static struct mbox_op other_store(uint64_t gpa, uint32_t value)
{
	return (struct mbox_op){ .kind = OP_STLR, .width = 4, .addr = gpa, .value = { value } };
}

/* --- every load (G7) ----------------------------------------------------------------- */

#define FORM	(RO + 0x2128)	/* where the forms access */

/* All are silent, and return what the page holds. */
KVMEM_TEST_F(ro, load_forms, "A17 G7")
{
	const uint8_t *at = self->copy + (FORM - RO);
	const uint64_t low8 = content(self->copy, FORM, 8), high8 = content(self->copy, FORM + 8, 8);
	const struct {
		uint8_t kind, width;
		uint64_t want[2];	/* [1] 0: not looked at */
	} rows[] = {
		{ OP_LOAD_SX, 1, { (uint64_t)(int8_t)at[0] } },
		{ OP_LOAD_SX, 2, { (uint64_t)(int16_t)low8 } },
		{ OP_LOAD_SX, 4, { (uint64_t)(int32_t)low8 } },
		{ OP_LOAD_SXW, 1, { (uint32_t)(int8_t)at[0] } },
		{ OP_LOAD_SXW, 2, { (uint32_t)(int16_t)low8 } },
		{ OP_LDUR, 8, { low8 } }, { OP_LDAR, 1, { at[0] } }, { OP_LDAR, 8, { low8 } },
		{ OP_LOAD_REG, 4, { low(low8, 4) } },
		{ OP_LDP, 8, { low(low8, 4), low8 >> 32 } }, { OP_LDP, 16, { low8, high8 } },
		{ OP_LDR_FP, 1, { at[0] } }, { OP_LDR_FP, 4, { low(low8, 4) } }, { OP_LDR_FP, 8, { low8 } },
		{ OP_LDR_FP, 16, { low8, high8 } }, { OP_LD1, 16, { low8, high8 } },
		{ OP_LDR_POST, 8, { low8, FORM + 8 } }, { OP_LDR_PRE, 8, { low8, FORM } },
		{ OP_LDXR, 1, { at[0] } }, { OP_LDXR, 8, { low8 } }, { OP_LDAXR, 4, { low(low8, 4) } },
	};
	static const uint16_t flags[] = { 0, OPF_USER };
	size_t i, f;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (f = 0; f < ARRAY_SIZE(flags); f++) {
			ASSERT_TRUE(vcpu_expect(self->v, "load",
				OPS({ .kind = rows[i].kind, .width = rows[i].width, .addr = FORM,
				      .value = { ~0ULL, 0x10 }, .flags = flags[f] }), NO_EXITS)) {
				TH_LOG("row %zu", i);
			}
			ASSERT_EQ(rows[i].want[0], vcpu_value(self->v, 0));
			if (rows[i].want[1])
				ASSERT_EQ(rows[i].want[1], vcpu_result(self->v, 0)->value[1]);
		}
	}
	ASSERT_TRUE(vcpu_expect(self->v, "fetch at EL0",
		OPS({ .kind = OP_CALL, .addr = RO + CODE_OFFSET, .flags = OPF_USER }), NO_EXITS));
	ASSERT_EQ(CODE_RESULT, vcpu_value(self->v, 0));
	ASSERT_EQ(0, arch_mmio_exits(self->v));
	UNCHANGED();
}

/* --- every plain store (G7); those without a syndrome are in nisv.c ------------------- */

static const uint8_t store_kinds[] = { OP_STORE, OP_STORE_ZR, OP_STORE_REG, OP_STUR, OP_STLR };

/* On a page that is not mapped yet, and on one that is: translation and permission fault. */
KVMEM_TEST_F(ro, store_forms, "A17 G7")
{
	static const uint16_t flags[] = { 0, OPF_USER };
	uint64_t page = RO;
	unsigned int w;
	size_t i, f;

	for (i = 0; i < ARRAY_SIZE(store_kinds); i++) {
		for (f = 0; f < ARRAY_SIZE(flags); f++, page += VM_PAGE) {
			for (w = 1; w <= 8; w *= 2) {
				uint64_t a = page + 0x128;
				struct mbox_op op = { .kind = store_kinds[i], .width = w, .addr = a,
						      .value = { DATA, 0x10 }, .flags = flags[f] };
				uint64_t data = op.kind == OP_STORE_ZR ? 0 : low(DATA, w);

				ASSERT_TRUE(vcpu_expect(self->v, "store, load, store", OPS(op, LD(8, a), op),
					EXITS(MMIO_WR(a, w, data), MMIO_WR(a, w, data))));
				ASSERT_EQ(content(self->copy, a, 8), vcpu_value(self->v, 1));
			}
		}
	}
	UNCHANGED();
}

/* Through a mapping as Device or uncached memory, and big-endian with the MMU off. */
KVMEM_TEST_F(ro, store_types, "A17 G6 G7")
{
	static const unsigned int types[] = { MAIR_DEVICE, MAIR_NC };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		uint64_t gva = VM_WINDOW + i * VM_PAGE;

		mmu_map(self->vm, gva, RO + i * VM_PAGE, 1,
			(PTE_NORMAL & ~PTE_ATTR(7)) | PTE_ATTR(types[i]));
		ASSERT_TRUE(vcpu_expect(self->v, "store", OPS(ST(4, gva + 8, DATA), LD(8, gva + 8)),
					EXITS(MMIO_WR(RO + i * VM_PAGE + 8, 4, low(DATA, 4)))));
		ASSERT_EQ(content(self->copy, RO + i * VM_PAGE + 8, 8), vcpu_value(self->v, 1));
	}
	ASSERT_TRUE(vcpu_expect(self->v, "big-endian store",
		OPS({ .kind = OP_STORE_BE, .width = 8, .addr = FORM, .value = { DATA } },
		    { .kind = OP_LOAD_BE, .width = 8, .addr = FORM }),
		EXITS(MMIO_WR(FORM, 8, __builtin_bswap64(DATA)))));
	ASSERT_EQ(__builtin_bswap64(content(self->copy, FORM, 8)), vcpu_value(self->v, 1));
	UNCHANGED();
}

/* --- the same memory, writable (G7) ----------------------------------------------------- */

/*
 * Deleted and made writable, all stores land; read-only again, none does.
 * Red with: a stage 2 entry that outlives its slot.
 */
KVMEM_TEST_F(ro, writable_again, "A7 A17 G7")
{
	const struct mbox_op stp = { .kind = OP_STP, .width = 16, .addr = FORM, .value = { DATA, ~DATA } };
	unsigned int i;

	for (i = 0; i < 8; i++) {
		ASSERT_TRUE(vcpu_expect(self->v, "read-only", OPS(LD(8, FORM), ST(8, FORM, i)),
					EXITS(MMIO_WR(FORM, 8, i))));
		UNCHANGED();
		vm_slot(self->vm, 1, 0, RO, 0, NULL);
		vm_slot(self->vm, 1, 0, RO, RO_PAGES * VM_PAGE, self->ro);
		ASSERT_TRUE(vcpu_expect(self->v, "writable", OPS(stp, ST(4, FORM + 16, i), ST(1, FORM + 20, i)),
					NO_EXITS));
		memcpy(self->copy + (FORM - RO), (uint64_t[]){ DATA, ~DATA }, 16);
		memcpy(self->copy + (FORM + 16 - RO), &i, 4);
		self->copy[FORM + 20 - RO] = (uint8_t)i;
		UNCHANGED();
		vm_slot(self->vm, 1, 0, RO, 0, NULL);
		vm_slot(self->vm, 1, KVM_MEM_READONLY, RO, RO_PAGES * VM_PAGE, self->ro);
	}
}
