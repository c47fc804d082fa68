// SPDX-License-Identifier: GPL-2.0-only
/* Loads and stores without a valid syndrome when they abort, and atomic operations. */
#include "frame.h"

void op_pair(struct frame *f, int kind, int width)
{
	uint64_t a = f->v0, b = f->v1;

#define PAIR(text)							\
	TIMED(asm volatile(text RETIRED					\
		: [a] "+&r"(a), [b] "+&r"(b), [done] "+&r"(f->done) : ADDR : "memory"))
	if (kind == OP_LDP || kind == OP_LOAD) {
		if (width == 16)
			PAIR("ldp %x[a], %x[b], [%[m]]");
		else
			PAIR("ldp %w[a], %w[b], [%[m]]");
	} else if (width == 16) {
		PAIR("stp %x[a], %x[b], [%[m]]");
	} else {
		PAIR("stp %w[a], %w[b], [%[m]]");
	}
	f->v0 = a;
	f->v1 = b;
}

/* Through v0, which no other code of the payload uses. */
void op_fp(struct frame *f, int kind, int width)
{
	uint64_t a = f->v0, b = f->v1;

#define FP(text)							\
	TIMED(asm volatile(".arch_extension fp\n\t.arch_extension simd\n\t" text RETIRED \
		: [done] "+&r"(f->done) : ADDR : "memory"))
	asm volatile(".arch_extension fp\n\t.arch_extension simd\n\t"
		     "mov v0.d[0], %0\n\tmov v0.d[1], %1" : : "r"(a), "r"(b));
	if (kind == OP_LD1) {
		FP("ld1 {v0.16b}, [%[m]]");
	} else if (kind == OP_ST1) {
		FP("st1 {v0.16b}, [%[m]]");
	} else if (kind == OP_LDR_FP) {
		switch (width) {
		case 1: FP("ldr b0, [%[m]]"); break;
		case 2: FP("ldr h0, [%[m]]"); break;
		case 4: FP("ldr s0, [%[m]]"); break;
		case 8: FP("ldr d0, [%[m]]"); break;
		default: FP("ldr q0, [%[m]]"); break;
		}
	} else {
		switch (width) {
		case 1: FP("str b0, [%[m]]"); break;
		case 2: FP("str h0, [%[m]]"); break;
		case 4: FP("str s0, [%[m]]"); break;
		case 8: FP("str d0, [%[m]]"); break;
		default: FP("str q0, [%[m]]"); break;
		}
	}
	asm volatile(".arch_extension fp\n\t.arch_extension simd\n\t"
		     "mov %0, v0.d[0]\n\tmov %1, v0.d[1]" : "=r"(a), "=r"(b));
	f->v0 = a;
	f->v1 = b;
}

void op_writeback(struct frame *f, int kind)
{
	uint64_t base = f->addr;

#define WRITEBACK(text)							\
	TIMED(asm volatile(text RETIRED					\
		: [r] "+&r"(f->v0), [m] "+&r"(base), [done] "+&r"(f->done) : : "memory"))
	if (kind == OP_LDR_PRE || kind == OP_STR_PRE)
		base -= 8;
	switch (kind) {
	case OP_LDR_POST: WRITEBACK("ldr %x[r], [%[m]], #8"); break;
	case OP_STR_POST: WRITEBACK("str %x[r], [%[m]], #8"); break;
	case OP_LDR_PRE: WRITEBACK("ldr %x[r], [%[m], #8]!"); break;
	default: WRITEBACK("str %x[r], [%[m], #8]!"); break;
	}
	f->v1 = base;
}

static void store_exclusive(struct frame *f, int width)
{
	uint64_t old;
	uint32_t status;

#define STXR(suffix, reg)						\
	TIMED(asm volatile("ldxr" suffix " %" reg "[old], [%[m]]\n\t"	\
		"stxr" suffix " %w[s], %" reg "[r], [%[m]]" RETIRED	\
		: [old] "=&r"(old), [s] "=&r"(status), [done] "+&r"(f->done) \
		: [r] "r"(f->v0), ADDR : "memory"))
	switch (width) {
	case 1: STXR("b", "w"); break;
	case 2: STXR("h", "w"); break;
	case 4: STXR("", "w"); break;
	default: STXR("", "x"); break;
	}
	f->v0 = old;
	f->v1 = status;
}

void op_exclusive(struct frame *f, int kind, int width)
{
	switch (kind) {
	case OP_LDXR: LOAD_STORE("ldxr", "[%[m]]"); break;
	case OP_LDAXR: LOAD_STORE("ldaxr", "[%[m]]"); break;
	default: store_exclusive(f, width);
	}
}

/* Atomic instructions of FEAT_LSE: r is the operand, old the result. */
void op_lse(struct frame *f, int kind, int width)
{
	uint64_t old = f->v0;

#define LSE(text)							\
	TIMED(asm volatile(".arch_extension lse\n\t" text RETIRED	\
		: [old] "+&r"(old), [done] "+&r"(f->done)		\
		: [r] "r"(f->v0), [n] "r"(f->v1), ADDR : "memory"))
#define LSE_WIDTHS(name, tail) do {					\
	switch (width) {						\
	case 1: LSE(name "b " tail("w")); break;			\
	case 2: LSE(name "h " tail("w")); break;			\
	case 4: LSE(name " " tail("w")); break;				\
	default: LSE(name " " tail("x")); break;			\
	}								\
} while (0)
#define R_OLD(reg) "%" reg "[r], %" reg "[old], [%[m]]"
#define R_ONLY(reg) "%" reg "[r], [%[m]]"
#define OLD_NEW(reg) "%" reg "[old], %" reg "[n], [%[m]]"
	switch (kind) {
	case OP_LDADD: case OP_XADD: LSE_WIDTHS("ldaddal", R_OLD); break;
	case OP_STADD: LSE_WIDTHS("stadd", R_ONLY); break;
	case OP_SWP: case OP_XCHG: LSE_WIDTHS("swpal", R_OLD); break;
	case OP_CASP: {
		register uint64_t x0 asm("x0") = f->v0;
		register uint64_t x1 asm("x1") = 0;
		register uint64_t x2 asm("x2") = f->v1;
		register uint64_t x3 asm("x3") = 0;
		register uint64_t x4 asm("x4") = f->addr;

		f->t0 = f->t1 = 0;
		asm volatile(".arch_extension lse\n\tcaspal x0, x1, x2, x3, [x4]" RETIRED
			: "+r"(x0), "+r"(x1), [done] "+&r"(f->done)
			: "r"(x2), "r"(x3), "r"(x4) : "memory");
		f->v1 = x1;
		f->v0 = x0;
		return;
	}
	default: LSE_WIDTHS("casal", OLD_NEW); break;
	}
	if (kind == OP_CMPXCHG)
		f->v1 = old == f->v0;
	f->v0 = old;
}

/* The read-modify-write operations that every architecture has. */
static void loop(struct frame *f, int kind, int width)
{
	uint64_t old, new;
	uint32_t status;

#define LOOP(load, store, suffix, reg, change)				\
	asm volatile("1:\t" load suffix " %" reg "[old], [%[m]]\n\t" change \
		store suffix " %w[s], %" reg "[new], [%[m]]\n\t"	\
		"cbnz %w[s], 1b" RETIRED				\
		: [old] "=&r"(old), [new] "=&r"(new), [s] "=&r"(status), [done] "+&r"(f->done) \
		: [r] "r"(f->v0), ADDR : "memory", "cc")
#define LOOPS(load, store, change) do {					\
	switch (width) {						\
	case 1: TIMED(LOOP(load, store, "b", "w", change)); break;	\
	case 2: TIMED(LOOP(load, store, "h", "w", change)); break;	\
	case 4: TIMED(LOOP(load, store, "", "w", change)); break;	\
	default: TIMED(LOOP(load, store, "", "x", change)); break;	\
	}								\
} while (0)
	if (kind == OP_ADD) {
		LOOPS("ldxr", "stxr", "add %x[new], %x[old], %x[r]\n\t");
		return;
	}
	if (kind == OP_XADD)
		LOOPS("ldaxr", "stlxr", "add %x[new], %x[old], %x[r]\n\t");
	else
		LOOPS("ldaxr", "stlxr", "mov %x[new], %x[r]\n\t");
	f->v0 = old;
}

static void compare_loop(struct frame *f, int width)
{
	uint64_t expected = width < 8 ? f->v0 & ((1ULL << width * 8) - 1) : f->v0;
	uint64_t old;
	uint32_t status;

#define CMPXCHG(suffix, reg)						\
	TIMED(asm volatile("1:\tldaxr" suffix " %" reg "[old], [%[m]]\n\t" \
		"cmp %x[old], %x[e]\n\tb.ne 2f\n\t"			\
		"stlxr" suffix " %w[s], %" reg "[n], [%[m]]\n\tcbnz %w[s], 1b\n2:" RETIRED \
		: [old] "=&r"(old), [s] "=&r"(status), [done] "+&r"(f->done) \
		: [e] "r"(expected), [n] "r"(f->v1), ADDR : "memory", "cc"))
	switch (width) {
	case 1: CMPXCHG("b", "w"); break;
	case 2: CMPXCHG("h", "w"); break;
	case 4: CMPXCHG("", "w"); break;
	default: CMPXCHG("", "x"); break;
	}
	f->v1 = old == expected;
	f->v0 = old;
}

void op_rmw(struct mbox *mb, struct frame *f, int kind, int width)
{
	if (kind != OP_ADD && mb->arch.lse)
		op_lse(f, kind, width);
	else if (kind == OP_CMPXCHG)
		compare_loop(f, width);
	else
		loop(f, kind, width);
}
