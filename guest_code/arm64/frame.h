/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Execution of one operation.
 *
 * Every memory operation is one instruction in inline assembly, followed by an
 * increment of a counter.  The counter proves that the instruction retired exactly
 * once, neither skipped nor repeated when KVM or userspace completed the access.
 *
 * Time stamps are taken directly before and after the instruction, so the engine's
 * dispatch is not measured.
 */
#ifndef KVMEM_GUEST_FRAME_H
#define KVMEM_GUEST_FRAME_H

#include "../mailbox.h"

/* Operands and results of one repetition. */
struct frame {
	uint64_t addr, addr2;
	uint64_t v0, v1;
	uint32_t done;
	uint64_t t0, t1;
};

static inline __attribute__((always_inline)) uint64_t counter(void)
{
	uint64_t v;

	asm volatile("isb\n\tmrs %0, cntvct_el0\n\tisb" : "=r"(v) : : "memory");
	return v;
}

/* Time one statement, which must increment f->done. */
#define TIMED(stmt) do { f->t0 = counter(); stmt; f->t1 = counter(); } while (0)

#define RETIRED "\n\tadd %w[done], %w[done], #1"
/* Operands m, the address, and o, an offset. */
#define ADDR [m] "r"(f->addr), [o] "r"(f->v1)

/* "insn r, [m]" with the register in v0, read and written. */
#define ACCESS(text)							\
	TIMED(asm volatile(text RETIRED					\
		: [r] "+&r"(f->v0), [done] "+&r"(f->done) : ADDR : "memory", "cc"))

/* The same for four widths. */
#define ACCESS_WIDTHS(b, h, w, x) do {					\
	switch (width) {						\
	case 1: ACCESS(b); break;					\
	case 2: ACCESS(h); break;					\
	case 4: ACCESS(w); break;					\
	default: ACCESS(x); break;					\
	}								\
} while (0)

#define LOAD_STORE(name, operand)					\
	ACCESS_WIDTHS(name "b %w[r], " operand, name "h %w[r], " operand, \
		      name " %w[r], " operand, name " %x[r], " operand)

/* memory.c */
void op_plain(struct frame *f, int kind, int width);

/* nosyndrome.c */
void op_pair(struct frame *f, int kind, int width);
void op_fp(struct frame *f, int kind, int width);
void op_writeback(struct frame *f, int kind);
void op_exclusive(struct frame *f, int kind, int width);
void op_lse(struct frame *f, int kind, int width);
void op_rmw(struct mbox *mb, struct frame *f, int kind, int width);

/* system.c */
void op_system(struct frame *f, int kind);
void op_spin_eq(struct frame *f);

#endif /* KVMEM_GUEST_FRAME_H */
