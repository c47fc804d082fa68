/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/pci_hole.c: the loads and stores of arm64 that KVM can report, each in
 * every form (G6), and at EL0.
 */

#include "arch/arm64/cpu.h"
#include "arch/arm64/mmu.h"

/* Every load writes all of the X register, zero-extended. */
static uint64_t after_load(uint64_t value, unsigned int width)
{
	return low(value, width);
}

static bool other_stores(struct vcpu *v, uint64_t gpa, unsigned int width)
{
	static const struct {
		const char *what;
		uint8_t kind;
		bool aligned;
		uint64_t value;
	} rows[] = {
		{ "str of the zero register", OP_STORE_ZR, false, 0 },
		{ "str with a register offset", OP_STORE_REG, false, DATA },
		{ "stur", OP_STUR, false, DATA },
		{ "stlr", OP_STLR, true, DATA },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		if (rows[i].aligned && gpa % width)
			continue;
		if (!vcpu_expect(v, rows[i].what,
				 OPS({ .kind = rows[i].kind, .width = width, .addr = gpa,
				       .value = { DATA, 0x10 } }),
				 EXITS(MMIO_WR(gpa, width, low(rows[i].value, width)))))
			return false;
	}
	return true;
}

static uint64_t guest_pc(struct vcpu *v)
{
	return cpu_get_reg(v, REG_PC);
}

static uint64_t mmio_entries(struct vcpu *v)
{
	(void)v;
	return 0;
}

static bool across_4g(struct vcpu *v)
{
	return vcpu_expect(v, "both sides of 4 GiB", OPS(LD(4, 0x100000000), ST(8, 0x100000000, DATA)),
			   EXITS(MMIO_RD(0x100000000, 4, 7), MMIO_WR(0x100000000, 8, DATA)));
}

/* arm64 has no KVM_TRANSLATE. */
static bool translates(struct vcpu *v)
{
	struct kvm_translation t = { .linear_address = HOLE };

	return ioctl(v->fd, KVM_TRANSLATE, &t) < 0;
}

/* --- every form of load (G6) ----------------------------------------------- */

struct load {
	const char *what;
	uint8_t kind, width;
	uint64_t data, want;
};

static const struct load loads[] = {
	{ "ldrb", OP_LOAD, 1, 0x80, 0x80 },
	{ "ldrh", OP_LOAD, 2, 0x8001, 0x8001 },
	{ "ldr w", OP_LOAD, 4, 0x80000001, 0x80000001 },
	{ "ldr x", OP_LOAD, 8, DATA, DATA },
	{ "ldrsb x", OP_LOAD_SX, 1, 0x7f, 0x7f },
	{ "ldrsb x", OP_LOAD_SX, 1, 0x80, 0xffffffffffffff80 },
	{ "ldrsh x", OP_LOAD_SX, 2, 0x7fff, 0x7fff },
	{ "ldrsh x", OP_LOAD_SX, 2, 0x8001, 0xffffffffffff8001 },
	{ "ldrsw x", OP_LOAD_SX, 4, 0x7fffffff, 0x7fffffff },
	{ "ldrsw x", OP_LOAD_SX, 4, 0x80000001, 0xffffffff80000001 },
	{ "ldrsb w", OP_LOAD_SXW, 1, 0x7f, 0x7f },
	{ "ldrsb w", OP_LOAD_SXW, 1, 0x80, 0xffffff80 },
	{ "ldrsh w", OP_LOAD_SXW, 2, 0x7fff, 0x7fff },
	{ "ldrsh w", OP_LOAD_SXW, 2, 0x8001, 0xffff8001 },
	{ "ldrb with a register offset", OP_LOAD_REG, 1, 0x80, 0x80 },
	{ "ldrh with a register offset", OP_LOAD_REG, 2, 0x8001, 0x8001 },
	{ "ldr w with a register offset", OP_LOAD_REG, 4, 0x80000001, 0x80000001 },
	{ "ldr x with a register offset", OP_LOAD_REG, 8, DATA, DATA },
	{ "ldurb", OP_LDUR, 1, 0x80, 0x80 },
	{ "ldurh", OP_LDUR, 2, 0x8001, 0x8001 },
	{ "ldur w", OP_LDUR, 4, 0x80000001, 0x80000001 },
	{ "ldur x", OP_LDUR, 8, DATA, DATA },
	{ "ldarb", OP_LDAR, 1, 0x80, 0x80 },
	{ "ldarh", OP_LDAR, 2, 0x8001, 0x8001 },
	{ "ldar w", OP_LDAR, 4, 0x80000001, 0x80000001 },
	{ "ldar x", OP_LDAR, 8, DATA, DATA },
	{ "ldrb wzr", OP_LOAD_ZR, 1, 0x80, REG_BEFORE },
	{ "ldrh wzr", OP_LOAD_ZR, 2, 0x8001, REG_BEFORE },
	{ "ldr wzr", OP_LOAD_ZR, 4, 0x80000001, REG_BEFORE },
	{ "ldr xzr", OP_LOAD_ZR, 8, DATA, REG_BEFORE },
};

static const struct load ldapr[] = {
	{ "ldaprb", OP_LDAPR, 1, 0x80, 0x80 },
	{ "ldaprh", OP_LDAPR, 2, 0x8001, 0x8001 },
	{ "ldapr w", OP_LDAPR, 4, 0x80000001, 0x80000001 },
	{ "ldapr x", OP_LDAPR, 8, DATA, DATA },
};

static const struct load ldtr[] = {
	{ "ldtrb", OP_LDTR, 1, 0x80, 0x80 },
	{ "ldtrh", OP_LDTR, 2, 0x8001, 0x8001 },
	{ "ldtr w", OP_LDTR, 4, 0x80000001, 0x80000001 },
	{ "ldtr x", OP_LDTR, 8, DATA, DATA },
};

static bool loads_ok(struct vcpu *v, const struct load *rows, size_t nr, uint64_t gva, uint64_t gpa,
		     uint16_t flags)
{
	size_t i;

	for (i = 0; i < nr; i++) {
		const struct load *r = &rows[i];

		if (!vcpu_expect(v, r->what,
				 OPS({ .kind = r->kind, .width = r->width, .addr = gva, .flags = flags,
				       .value = { REG_BEFORE, 0x10 } }),
				 EXITS(MMIO_RD(gpa, r->width, r->data))))
			return false;
		if (vcpu_value(v, 0) != r->want) {
			diag("%s of 0x%llx: 0x%llx, expected 0x%llx", r->what,
			     (unsigned long long)r->data, (unsigned long long)vcpu_value(v, 0),
			     (unsigned long long)r->want);
			return false;
		}
	}
	return true;
}

/*
 * Until 7.1 the sign extension of ldrsb, ldrsh and ldrsw to an X register is lost
 * (known_issues).
 * Red with: kvm_vcpu_dabt_issext() false; the W form of kvm_vcpu_dabt_issf() ignored.
 */
KVMEM_TEST(read_extension, "A1 G6")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	ASSERT_TRUE(loads_ok(v, loads, ARRAY_SIZE(loads), HOLE + 0x128, HOLE + 0x128, 0));
}

static bool extends_sign(const struct load *r)
{
	return (r->kind == OP_LOAD_SX || r->kind == OP_LOAD_SXW) && r->want != r->data;
}

/* The same without the rows that lose their sign. */
KVMEM_TEST(read_forms, "A1 G6")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(loads); i++)
		ASSERT_TRUE(extends_sign(&loads[i]) ||
			    loads_ok(v, &loads[i], 1, HOLE + 0x128, HOLE + 0x128, 0));
}

KVMEM_TEST(read_ldapr, "A1 G6")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	REQUIRE(cpu_has_ldapr(v), "this CPU has no ldapr (FEAT_LRCPC)");
	ASSERT_TRUE(loads_ok(v, ldapr, ARRAY_SIZE(ldapr), HOLE + 0x128, HOLE + 0x128, 0));
}

/* ldtr and sttr have the permissions of EL0: stage 1 comes first. */
KVMEM_TEST(unprivileged, "A1 G6")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	unsigned int w;

	vm_map(vm, USER_WINDOW, HOLE, 1);
	ASSERT_TRUE(loads_ok(v, ldtr, ARRAY_SIZE(ldtr), USER_WINDOW + 0x128, HOLE + 0x128, 0));
	for (w = 1; w <= 8; w *= 2) {
		ASSERT_TRUE(vcpu_expect(v, "sttr",
			OPS({ .kind = OP_STTR, .width = w, .addr = USER_WINDOW + 0x128, .value = { DATA } }),
			EXITS(MMIO_WR(HOLE + 0x128, w, low(DATA, w)))));
	}
	ASSERT_EQ(VCPU_DONE, vcpu_do(v, OPS({ .kind = OP_LDTR, .width = 8, .addr = HOLE }), NO_EXITS));
	ASSERT_EQ(EC_DABT, vcpu_result(v, 0)->vector);
	ASSERT_EQ(FSC_PERMISSION, vcpu_result(v, 0)->error & FSC_TYPE);
	ASSERT_EQ(0, v->nr_exits);
}

/* --- EL0 (A1, A2) --------------------------------------------------------------- */

KVMEM_TEST(user_mode, "A1 A2 G6")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	unsigned int w;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(loads); i++)
		ASSERT_TRUE(extends_sign(&loads[i]) ||
			    loads_ok(v, &loads[i], 1, HOLE + 0x128, HOLE + 0x128, OPF_USER));
	for (w = 1; w <= 8; w *= 2)
		ASSERT_TRUE(vcpu_expect(v, "str at EL0",
			OPS({ .kind = OP_STORE, .width = w, .addr = HOLE + 0x128, .value = { DATA },
			      .flags = OPF_USER }),
			EXITS(MMIO_WR(HOLE + 0x128, w, low(DATA, w)))));
}

/* --- big-endian (G6) --------------------------------------------------------------- */

static uint64_t swapped(uint64_t value, unsigned int width)
{
	return __builtin_bswap64(value) >> (64 - 8 * width);
}

/*
 * The bytes in kvm_run are in the order of memory, so a big-endian guest's value appears
 * reversed.  SCTLR_EL1.EE applies to EL1, .E0E to EL0.
 * Red with: kvm_vcpu_is_be() false; one of its two bits read at the wrong level.
 */
KVMEM_TEST(big_endian, "G6")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	unsigned int w, user;

	for (user = 0; user < 2; user++) {
		uint16_t flags = user ? OPF_USER : 0;

		for (w = 1; w <= 8; w *= 2) {
			uint64_t a = HOLE + 0x128;

			ASSERT_TRUE(vcpu_expect(v, "big-endian store",
				OPS({ .kind = OP_STORE_BE, .width = w, .addr = a, .value = { DATA }, .flags = flags }),
				EXITS(MMIO_WR(a, w, swapped(DATA, w)))));
			ASSERT_TRUE(vcpu_expect(v, "big-endian load",
				OPS({ .kind = OP_LOAD_BE, .width = w, .addr = a, .flags = flags }),
				EXITS(MMIO_RD(a, w, low(DATA, w)))));
			ASSERT_EQ(swapped(DATA, w), vcpu_value(v, 0));
			/* The next access is little-endian again. */
			ASSERT_TRUE(vcpu_expect(v, "little-endian store", OPS(ST(w, a, DATA)),
						EXITS(MMIO_WR(a, w, low(DATA, w)))));
		}
	}
}

/* --- every register, every memory type --------------------------------------------- */

#define MOV(d, m)	(0xaa0003e0 | (m) << 16 | (d))
#define RET		0xd65f03c0
#define LDR_X(t)	(0xf9400000 | (t))	/* ldr xT, [x0] */
#define STR_X(t)	(0xf9000000 | (t))
#define LDR_W(t)	(0xb9400000 | (t))

/*
 * Functions at RAM that access [x0] with register @nr and return its value in x0; the
 * register is saved in another one.  x0 is the address.
 */
static void access_with(uint32_t *code, unsigned int nr, uint32_t insn)
{
	unsigned int save = nr == 1 ? 2 : 1, i = 0;
	bool store = !(insn & 0x00400000);

	code[i++] = MOV(save, nr);
	if (store && nr)
		code[i++] = 0x52800000 | (0x100 + nr) << 5 | nr;	/* mov wN, #0x100 + N */
	code[i++] = insn;
	code[i++] = MOV(0, nr);
	if (nr)
		code[i++] = MOV(nr, save);
	code[i] = RET;
}

/* Red with: Rt of the syndrome cut to fewer bits; vcpu_set_reg() of a neighbour. */
KVMEM_TEST(every_register, "A1 A2 G6")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	uint32_t *code = vm_alloc(4 * VM_PAGE);
	unsigned int nr;

	vm_slot(vm, 1, 0, RAM, 4 * VM_PAGE, code);
	arch_map_identity(vm, HOLE, VM_PAGE);
	for (nr = 0; nr < 31; nr++) {
		uint64_t at = RAM + nr * 0x100;

		access_with(code + nr * 0x40, nr, LDR_X(nr));
		access_with(code + nr * 0x40 + 0x10, nr, LDR_W(nr));
		access_with(code + nr * 0x40 + 0x20, nr, STR_X(nr));
		ASSERT_TRUE(vcpu_expect(v, "load and store with a register",
			OPS({ .kind = OP_CALL, .addr = at, .value = { HOLE + 8 * nr } },
			    { .kind = OP_CALL, .addr = at + 0x40, .value = { HOLE + 8 * nr } },
			    { .kind = OP_CALL, .addr = at + 0x80, .value = { HOLE + 8 * nr } }),
			EXITS(MMIO_RD(HOLE + 8 * nr, 8, DATA + nr), MMIO_RD(HOLE + 8 * nr, 4, 0x80000000 + nr),
			      MMIO_WR(HOLE + 8 * nr, 8, nr ? 0x100 + nr : HOLE)))) {
			TH_LOG("x%u", nr);
		}
		ASSERT_EQ(DATA + nr, vcpu_value(v, 0));
		ASSERT_EQ(0x80000000 + nr, vcpu_value(v, 1));
	}
}

/*
 * Drivers map devices as Device memory or as Normal; KVM sees no difference.  An unaligned
 * access to Device memory is the guest's own fault (QEMU before 9.0 makes it).
 */
KVMEM_TEST(memory_types, "A1 A2 G4")
{
	static const unsigned int types[] = { MAIR_DEVICE, MAIR_NC };
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	unsigned int w, i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		uint64_t gva = VM_WINDOW + i * VM_PAGE;

		mmu_map(vm, gva, HOLE, 1, (PTE_NORMAL & ~PTE_ATTR(7)) | PTE_ATTR(types[i]));
		ASSERT_TRUE(loads_ok(v, loads, 4, gva + 0x128, HOLE + 0x128, 0));
		ASSERT_TRUE(loads_ok(v, loads, 4, gva + 0x128, HOLE + 0x128, OPF_USER));
		for (w = 1; w <= 8; w *= 2)
			ASSERT_TRUE(vcpu_expect(v, "store", OPS(ST(w, gva + 0x128, DATA)),
						EXITS(MMIO_WR(HOLE + 0x128, w, low(DATA, w)))));
	}
	ASSERT_EQ(VCPU_DONE, vcpu_do(v, OPS(LD(8, VM_WINDOW + 0x129)), NO_EXITS));
	if (vcpu_result(v, 0)->vector >= 0) {
		ASSERT_EQ(EC_DABT, vcpu_result(v, 0)->vector);
		ASSERT_EQ(FSC_ALIGNMENT, vcpu_result(v, 0)->error & 0x3f);
		ASSERT_EQ(0, v->nr_exits);
	}
}

/* Every form of store at EL0 too; sttr is one of them. */
KVMEM_TEST(user_stores, "A2 G6")
{
	static const uint8_t kinds[] = { OP_STORE, OP_STORE_ZR, OP_STORE_REG, OP_STUR, OP_STLR, OP_STTR };
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	unsigned int w;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		for (w = 1; w <= 8; w *= 2)
			ASSERT_TRUE(vcpu_expect(v, "store at EL0",
				OPS({ .kind = kinds[i], .width = w, .addr = HOLE + 0x128, .flags = OPF_USER,
				      .value = { DATA, 0x10 } }),
				EXITS(MMIO_WR(HOLE + 0x128, w, kinds[i] == OP_STORE_ZR ? 0 : low(DATA, w)))));
}
