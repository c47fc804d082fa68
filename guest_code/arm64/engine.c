// SPDX-License-Identifier: GPL-2.0-only
/* Executes the operations of a mailbox, in order, each under a guard. */
#include "frame.h"

#define OFFSET_IS(field, off) \
	_Static_assert(__builtin_offsetof(struct mbox, field) == (off), #field)
OFFSET_IS(guard_sp, MBOX_GUARD_SP);
OFFSET_IS(exc_vector, MBOX_EXC_VECTOR);
OFFSET_IS(exc_error, MBOX_EXC_ERROR);
OFFSET_IS(exc_pc, MBOX_EXC_PC);
OFFSET_IS(exc_addr, MBOX_EXC_ADDR);
OFFSET_IS(arch.ttbr0, MBOX_TTBR0);
OFFSET_IS(arch.ttbr0_user, MBOX_TTBR0_USER);
OFFSET_IS(arch.user_value, MBOX_USER_VALUE);
OFFSET_IS(arch.exc_offset, MBOX_EXC_OFFSET);

#define SCTLR_M		(1ULL << 0)
#define SCTLR_E0E	(1ULL << 24)
#define SCTLR_EE	(1ULL << 25)

int guarded(struct mbox *mb, uint32_t i, void (*fn)(struct mbox *, uint32_t));
int guarded_user(struct mbox *mb, uint32_t i, void (*fn)(struct mbox *, uint32_t));
int guarded_be(struct mbox *mb, uint64_t sctlr, const char *fn, uint64_t *value, uint64_t addr,
	       int user);
extern const char be_load[], be_store[];
void mbox_run(struct mbox *mb);

static void run_once(struct mbox *mb, const struct mbox_op *op, struct frame *f)
{
	int kind = op->kind, width = op->width;

	switch (kind) {
	case OP_NOP:
		TIMED(asm volatile("nop" RETIRED : [done] "+r"(f->done)));
		break;
	case OP_LOAD: case OP_STORE:
		if (width == 16) {
			op_pair(f, kind, width);
			break;
		}
		/* fall through */
	case OP_LOAD_SX: case OP_LOAD_SXW: case OP_LOAD_ZR: case OP_STORE_ZR: case OP_LOAD_REG:
	case OP_STORE_REG: case OP_LDUR: case OP_STUR: case OP_LDAR: case OP_STLR: case OP_LDAPR:
	case OP_LDTR: case OP_STTR: case OP_CALL:
		op_plain(f, kind, width);
		break;
	case OP_LDP: case OP_STP:
		op_pair(f, kind, width);
		break;
	case OP_LDR_FP: case OP_STR_FP: case OP_LD1: case OP_ST1:
		op_fp(f, kind, width);
		break;
	case OP_LDR_POST: case OP_STR_POST: case OP_LDR_PRE: case OP_STR_PRE:
		op_writeback(f, kind);
		break;
	case OP_LDXR: case OP_LDAXR: case OP_STXR:
		op_exclusive(f, kind, width);
		break;
	case OP_LDADD: case OP_STADD: case OP_SWP: case OP_CAS: case OP_CASP:
		op_lse(f, kind, width);
		break;
	case OP_ADD: case OP_XADD: case OP_XCHG: case OP_CMPXCHG:
		op_rmw(mb, f, kind, width);
		break;
	case OP_SPIN_EQ:
		op_spin_eq(f);
		break;
	default:
		op_system(f, kind);
	}
}

static void run_op(struct mbox *mb, uint32_t i)
{
	const struct mbox_op *op = &mb->entry[i].op;
	struct mbox_result *res = &mb->entry[i].res;
	struct frame f = { .addr = op->addr, .addr2 = op->addr2 };
	uint32_t n, count = op->count ? op->count : 1;
	uint64_t value = op->value[0];
	int until_stop = op->flags & OPF_UNTIL_STOP;

	for (n = 0; until_stop ? !mb->stop : n < count; n++) {
		f.v0 = value;
		f.v1 = op->value[1];
		run_once(mb, op, &f);
		res->done = f.done;
		res->value[0] = f.v0;
		res->value[1] = f.v1;
		res->cycles = f.t1 - f.t0;
		if (op->samples && n < count)
			((uint32_t *)op->samples)[n] = op->flags & OPF_VALUES ?
				(uint32_t)f.v0 : (uint32_t)res->cycles;
		if (op->flags & OPF_PUBLISH) {
			mb->last = f.v0;
			asm volatile("" : : : "memory");
			mb->iter++;
		}
		if (op->flags & OPF_COUNTER)
			value++;
		f.addr += op->stride;
	}
}

/*
 * One big-endian access.  At EL1 the MMU is off, since SCTLR_EL1.EE also applies to walks
 * of the page tables.
 */
static int run_be(struct mbox *mb, uint32_t i)
{
	const struct mbox_op *op = &mb->entry[i].op;
	struct mbox_result *res = &mb->entry[i].res;
	int user = op->flags & OPF_USER;
	uint64_t sctlr = user ? mb->arch.sctlr | SCTLR_E0E :
				(mb->arch.sctlr & ~SCTLR_M) | SCTLR_EE;
	const char *fn = op->kind == OP_LOAD_BE ? be_load : be_store;

	res->value[0] = op->value[0];
	if (guarded_be(mb, sctlr, fn + 8 * __builtin_ctz(op->width), &res->value[0], op->addr, user))
		return 1;
	if (user)
		res->value[0] = mb->arch.user_value;
	res->done = 1;
	return 0;
}

static int run(struct mbox *mb, uint32_t i)
{
	const struct mbox_op *op = &mb->entry[i].op;

	if (op->kind == OP_LOAD_BE || op->kind == OP_STORE_BE)
		return run_be(mb, i);
	return op->flags & OPF_USER ? guarded_user(mb, i, run_op) : guarded(mb, i, run_op);
}

void mbox_run(struct mbox *mb)
{
	uint32_t i;

	for (i = 0; i < mb->nr_ops; i++) {
		struct mbox_result *res = &mb->entry[i].res;

		mb->cur = i;
		res->done = 0;
		res->vector = -1;
		if (!run(mb, i))
			continue;
		res->vector = (int32_t)mb->exc_vector;
		res->error = mb->exc_error;
		res->pc = mb->exc_pc;
		res->fault_addr = mb->exc_addr;
		res->arch.vector_offset = mb->arch.exc_offset;
	}
	mb->cur = mb->nr_ops;
	asm volatile("str wzr, [%0]" : : "r"((uint64_t)MBOX_IO + MBOX_IO_DONE) : "memory");
}
