/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/arm64/nisv.c: the instructions, what each does, and a userspace that does
 * it in the guest's place.
 */
#ifndef KVMEM_ARM64_NISV_H
#define KVMEM_ARM64_NISV_H

#include <string.h>
#include <sys/ioctl.h>

#include "arch/arm64/cpu.h"
#include "guest/list.h"
#include "util/env.h"
#include "util/util.h"

#define HOLE	0xc0000000ULL	/* no slot here, but where a test creates one */
#define V0	0x8182838485868788ULL
#define V1	0x9192939495969798ULL

/* Properties of an instruction. */
#define WRITES	(1 << 0)	/* stores; with READS: one atomic read-modify-write */
#define READS	(1 << 1)
#define LSE	(1 << 2)	/* only with FEAT_LSE */
#define NO_LSE	(1 << 3)	/* only without it */
#define PAIR	(1 << 4)	/* aborts at the ldxr where that aborts, else at the stxr */
#define PRE	(1 << 5)	/* the base is 8 less than the address */

struct row {
	const char *what;
	uint8_t kind, width, is;
	uint32_t insn, mask;	/* the instruction that aborts */
	uint32_t stxr;		/* PAIR: the second instruction */
};

#define OFFSET_0	0xffc00000
#define TWO_REGS	0xfffffc00
#define THREE_REGS	0xffe0fc00

#define WIDTHS(name, kind, is, b, mask)					\
	{ name " of 1 byte", kind, 1, is, b, mask, 0 },			\
	{ name " of 2 bytes", kind, 2, is, (b) | 1U << 30, mask, 0 },	\
	{ name " of 4 bytes", kind, 4, is, (b) | 2U << 30, mask, 0 },	\
	{ name " of 8 bytes", kind, 8, is, (b) | 3U << 30, mask, 0 }
#define PAIRS(name, kind, is, b)					\
	{ name " of 1 byte", kind, 1, is, b, TWO_REGS, 0x08000000 | ((b) & 0x8000) | 0x7c00 }, \
	{ name " of 2 bytes", kind, 2, is, (b) | 1U << 30, TWO_REGS,	\
	  0x48000000 | ((b) & 0x8000) | 0x7c00 },			\
	{ name " of 4 bytes", kind, 4, is, (b) | 2U << 30, TWO_REGS,	\
	  0x88000000 | ((b) & 0x8000) | 0x7c00 },			\
	{ name " of 8 bytes", kind, 8, is, (b) | 3U << 30, TWO_REGS,	\
	  0xc8000000 | ((b) & 0x8000) | 0x7c00 }

static const struct row rows[] = {
	{ "ldp w", OP_LDP, 8, READS, 0x29400000, OFFSET_0, 0 },
	{ "ldp x", OP_LDP, 16, READS, 0xa9400000, OFFSET_0, 0 },
	{ "stp w", OP_STP, 8, WRITES, 0x29000000, OFFSET_0, 0 },
	{ "stp x", OP_STP, 16, WRITES, 0xa9000000, OFFSET_0, 0 },
	{ "ldr b", OP_LDR_FP, 1, READS, 0x3d400000, OFFSET_0, 0 },
	{ "ldr h", OP_LDR_FP, 2, READS, 0x7d400000, OFFSET_0, 0 },
	{ "ldr s", OP_LDR_FP, 4, READS, 0xbd400000, OFFSET_0, 0 },
	{ "ldr d", OP_LDR_FP, 8, READS, 0xfd400000, OFFSET_0, 0 },
	{ "ldr q", OP_LDR_FP, 16, READS, 0x3dc00000, OFFSET_0, 0 },
	{ "str b", OP_STR_FP, 1, WRITES, 0x3d000000, OFFSET_0, 0 },
	{ "str h", OP_STR_FP, 2, WRITES, 0x7d000000, OFFSET_0, 0 },
	{ "str s", OP_STR_FP, 4, WRITES, 0xbd000000, OFFSET_0, 0 },
	{ "str d", OP_STR_FP, 8, WRITES, 0xfd000000, OFFSET_0, 0 },
	{ "str q", OP_STR_FP, 16, WRITES, 0x3d800000, OFFSET_0, 0 },
	{ "ld1", OP_LD1, 16, READS, 0x4c407000, TWO_REGS, 0 },
	{ "st1", OP_ST1, 16, WRITES, 0x4c007000, TWO_REGS, 0 },
	{ "ldr, post-index", OP_LDR_POST, 8, READS, 0xf8408400, TWO_REGS, 0 },
	{ "str, post-index", OP_STR_POST, 8, WRITES, 0xf8008400, TWO_REGS, 0 },
	{ "ldr, pre-index", OP_LDR_PRE, 8, READS | PRE, 0xf8408c00, TWO_REGS, 0 },
	{ "str, pre-index", OP_STR_PRE, 8, WRITES | PRE, 0xf8008c00, TWO_REGS, 0 },
	WIDTHS("ldxr", OP_LDXR, READS, 0x085f7c00, TWO_REGS),
	WIDTHS("ldaxr", OP_LDAXR, READS, 0x085ffc00, TWO_REGS),
	PAIRS("ldxr, stxr", OP_STXR, READS | WRITES | PAIR, 0x085f7c00),
	WIDTHS("ldaddal", OP_LDADD, READS | WRITES | LSE, 0x38e00000, THREE_REGS),
	WIDTHS("stadd", OP_STADD, READS | WRITES | LSE, 0x3820001f, 0xffe0fc1f),
	WIDTHS("swpal", OP_SWP, READS | WRITES | LSE, 0x38e08000, THREE_REGS),
	WIDTHS("casal", OP_CAS, READS | WRITES | LSE, 0x08e0fc00, THREE_REGS),
	{ "caspal", OP_CASP, 16, READS | WRITES | LSE, 0x4860fc00, THREE_REGS, 0 },
	PAIRS("loop of ldxr, stxr", OP_ADD, READS | WRITES | PAIR, 0x085f7c00),
	PAIRS("xadd as a loop", OP_XADD, READS | WRITES | PAIR | NO_LSE, 0x085ffc00),
	PAIRS("xchg as a loop", OP_XCHG, READS | WRITES | PAIR | NO_LSE, 0x085ffc00),
	PAIRS("cmpxchg as a loop", OP_CMPXCHG, READS | WRITES | PAIR | NO_LSE, 0x085ffc00),
	{ "dc zva", OP_DC_ZVA, 0, WRITES, 0xd50b7420, 0xffffffe0, 0 },
};

/* Offset in the page: naturally aligned, otherwise as odd as possible. */
static inline uint64_t offset(const struct row *r)
{
	if (r->kind == OP_DC_ZVA)
		return 0x800;
	return r->width == 16 ? 0x850 : 0x850 - r->width;
}

/* --- what an instruction does ------------------------------------------------- */

struct effect {
	uint64_t value[2];	/* of the result */
	uint8_t memory[PAGE_4K];
};

static inline uint64_t get(const uint8_t *p, unsigned int width)
{
	uint64_t v = 0;

	memcpy(&v, p, width);
	return v;
}

/* The initial memory, and value[0] of the operation: compare and swap finds its value. */
static inline uint64_t prepare(const struct row *r, uint8_t *memory)
{
	uint8_t *at = memory + offset(r);
	size_t i;

	for (i = 0; i < PAGE_4K; i++)
		memory[i] = (uint8_t)(0xa0 + i * 7 + i / 251);
	if (r->kind == OP_CASP)
		memset(at + 8, 0, 8);
	if (r->kind == OP_CAS || r->kind == OP_CASP || r->kind == OP_CMPXCHG)
		return get(at, r->width < 8 ? r->width : 8);
	return V0;
}

/* DC ZVA: bytes that it zeroes, by DCZID_EL0, which is the host's. */
static inline unsigned int zva_block(void)
{
	uint64_t dczid;

	asm volatile("mrs %0, dczid_el0" : "=r"(dczid));
	return 4U << (dczid & 0xf);
}

/* Apply the operation to e->memory.  @failed: a stxr that reports failure. */
static inline void apply(const struct row *r, uint64_t v0, bool failed, struct effect *e)
{
	uint8_t *at = e->memory + offset(r);
	unsigned int w = r->width, half = w / 2;
	uint64_t addr = HOLE + offset(r), old = get(at, w < 8 ? w : 8);
	uint64_t to[2] = { V0, V1 };

	e->value[0] = v0;
	e->value[1] = V1;
	switch (r->kind) {
	case OP_LDP:
		e->value[0] = get(at, half);
		e->value[1] = get(at + half, half);
		break;
	case OP_STP:
		memcpy(at, &to[0], half);
		memcpy(at + half, &to[1], half);
		break;
	case OP_LDR_FP: case OP_LD1:
		e->value[0] = old;
		e->value[1] = w == 16 ? get(at + 8, 8) : 0;
		break;
	case OP_STR_FP: case OP_ST1:
		memcpy(at, to, w);
		break;
	case OP_LDR_POST: case OP_LDR_PRE:
		e->value[0] = old;
		e->value[1] = addr + (r->kind == OP_LDR_POST ? 8 : 0);
		break;
	case OP_STR_POST: case OP_STR_PRE:
		memcpy(at, &v0, 8);
		e->value[1] = addr + (r->kind == OP_STR_POST ? 8 : 0);
		break;
	case OP_LDXR: case OP_LDAXR:
		e->value[0] = old;
		break;
	case OP_STXR:
		e->value[0] = old;
		e->value[1] = failed;
		if (!failed)
			memcpy(at, &v0, w);
		break;
	case OP_LDADD: case OP_XADD:
		e->value[0] = old;
		/* fall through */
	case OP_STADD: case OP_ADD:
		to[0] = old + v0;
		memcpy(at, to, w);
		break;
	case OP_SWP: case OP_XCHG:
		e->value[0] = old;
		memcpy(at, &v0, w);
		break;
	case OP_CAS: case OP_CMPXCHG:
		e->value[0] = old;
		e->value[1] = r->kind == OP_CAS ? V1 : 1;
		memcpy(at, &to[1], w);
		break;
	case OP_CASP:
		e->value[1] = 0;
		to[0] = V1;
		to[1] = 0;
		memcpy(at, to, 16);
		break;
	case OP_DC_ZVA:
		memset(at, 0, zva_block());
		e->value[0] = zva_block();
		break;
	}
}

/* --- the instruction at the guest's PC --------------------------------------- */

#define REG_V0 (KVM_REG_ARM64 | KVM_REG_SIZE_U128 | KVM_REG_ARM_CORE | \
		offsetof(struct kvm_regs, fp_regs.vregs) / sizeof(uint32_t))

static inline void vector_reg(struct vcpu *v, unsigned int nr, uint64_t value[2], unsigned long cmd)
{
	struct kvm_one_reg r = { .id = REG_V0 + nr * 4, .addr = (uintptr_t)value };

	if (ioctl(v->fd, cmd, &r))
		end_fail("register v%u: %s", nr, strerror(errno));
}

static inline unsigned int rd(uint32_t insn)
{
	return insn & 31;
}

static inline unsigned int rn(uint32_t insn)
{
	return insn >> 5 & 31;
}

static inline unsigned int rs(uint32_t insn)
{
	return insn >> 16 & 31;
}

static inline unsigned int rt2(uint32_t insn)
{
	return insn >> 10 & 31;
}

static inline uint64_t x(struct vcpu *v, unsigned int nr)
{
	return nr < 31 ? cpu_get_reg(v, REG_X(nr)) : 0;
}

static inline void set_x(struct vcpu *v, unsigned int nr, uint64_t value)
{
	if (nr < 31)
		cpu_set_reg(v, REG_X(nr), value);
}

/* Whether the guest stands before the instruction of the row, with its address intact. */
static inline bool stands_at(struct vcpu *v, const struct row *r, bool second)
{
	uint32_t insn = cpu_insn(v);
	uint64_t addr = HOLE + offset(r) - (r->is & PRE ? 8 : 0);
	unsigned int base = r->kind == OP_DC_ZVA ? rd(insn) : rn(insn);
	bool there = second ? (insn & THREE_REGS) == r->stxr : (insn & r->mask) == r->insn;

	if (there && x(v, base) == addr)
		return true;
	diag("%s: instruction 0x%08x, base x%u 0x%llx, expected 0x%llx", r->what, insn, base,
	     (unsigned long long)x(v, base), (unsigned long long)addr);
	return false;
}

/*
 * Userspace does what the instruction does, with @e->memory as the device's, and skips it.
 * The data of stores come from the registers.
 */
static inline void emulate(struct vcpu *v, const struct row *r, struct effect *e)
{
	uint32_t insn = cpu_insn(v);
	uint8_t *at = e->memory + offset(r);
	unsigned int w = r->width;
	uint64_t q[2] = { 0 }, old = get(at, w < 8 ? w : 8);

	switch (r->kind) {
	case OP_LDP:
		set_x(v, rd(insn), get(at, w / 2));
		set_x(v, rt2(insn), get(at + w / 2, w / 2));
		break;
	case OP_STP:
		q[0] = x(v, rd(insn));
		q[1] = x(v, rt2(insn));
		memcpy(at, &q[0], w / 2);
		memcpy(at + w / 2, &q[1], w / 2);
		break;
	case OP_LDR_FP: case OP_LD1:
		memcpy(q, at, w);
		vector_reg(v, rd(insn), q, KVM_SET_ONE_REG);
		break;
	case OP_STR_FP: case OP_ST1:
		vector_reg(v, rd(insn), q, KVM_GET_ONE_REG);
		memcpy(at, q, w);
		break;
	case OP_STR_POST: case OP_STR_PRE:
		q[0] = x(v, rd(insn));
		memcpy(at, q, 8);
		set_x(v, rn(insn), x(v, rn(insn)) + 8);
		break;
	case OP_LDR_POST: case OP_LDR_PRE:
		set_x(v, rn(insn), x(v, rn(insn)) + 8);
		/* fall through */
	case OP_LDXR: case OP_LDAXR:
		set_x(v, rd(insn), old);
		break;
	case OP_LDADD: case OP_STADD:
		q[0] = old + x(v, rs(insn));
		memcpy(at, q, w);
		set_x(v, rd(insn), old);
		break;
	case OP_SWP:
		q[0] = x(v, rs(insn));
		memcpy(at, q, w);
		set_x(v, rd(insn), old);
		break;
	case OP_CAS:
		q[0] = x(v, rd(insn));
		if (low(x(v, rs(insn)), w) == old)
			memcpy(at, q, w);
		set_x(v, rs(insn), old);
		break;
	case OP_CASP:
		q[0] = x(v, rs(insn));
		q[1] = x(v, rs(insn) + 1);
		set_x(v, rs(insn), old);
		set_x(v, rs(insn) + 1, get(at + 8, 8));
		if (memcmp(at, q, 16))
			break;
		q[0] = x(v, rd(insn));
		q[1] = x(v, rd(insn) + 1);
		memcpy(at, q, 16);
		break;
	case OP_DC_ZVA:
		memset(at, 0, zva_block());
		break;
	default:
		/* A stxr, which succeeds. */
		q[0] = x(v, rd(insn));
		memcpy(at, q, w);
		set_x(v, rs(insn), 0);
	}
	cpu_skip(v);
}

#endif /* KVMEM_ARM64_NISV_H */
