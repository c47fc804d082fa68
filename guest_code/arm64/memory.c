// SPDX-License-Identifier: GPL-2.0-only
/* Loads and stores with a valid syndrome, and calls. */
#include "frame.h"

static void load_sx(struct frame *f, int width)
{
	switch (width) {
	case 1: ACCESS("ldrsb %x[r], [%[m]]"); break;
	case 2: ACCESS("ldrsh %x[r], [%[m]]"); break;
	default: ACCESS("ldrsw %x[r], [%[m]]"); break;
	}
}

static void load_sxw(struct frame *f, int width)
{
	if (width == 1)
		ACCESS("ldrsb %w[r], [%[m]]");
	else
		ACCESS("ldrsh %w[r], [%[m]]");
}

/* The offset is in v1; the base is the rest of the address. */
static void register_offset(struct frame *f, int kind, int width)
{
	uint64_t addr = f->addr;

	f->addr -= f->v1;
	if (kind == OP_LOAD_REG)
		LOAD_STORE("ldr", "[%[m], %[o]]");
	else
		LOAD_STORE("str", "[%[m], %[o]]");
	f->addr = addr;
}

static void call(struct frame *f)
{
	f->t0 = counter();
	{
		register uint64_t x0 asm("x0") = f->v0;
		register uint64_t fn asm("x16") = f->addr;

		asm volatile("blr x16" RETIRED
			: [done] "+r"(f->done), "+r"(x0), "+r"(fn) :
			: "memory", "cc", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9",
			  "x10", "x11", "x12", "x13", "x14", "x15", "x17", "x30");
		f->v0 = x0;
	}
	f->t1 = counter();
}

void op_plain(struct frame *f, int kind, int width)
{
	switch (kind) {
	case OP_LOAD: LOAD_STORE("ldr", "[%[m]]"); break;
	case OP_STORE: LOAD_STORE("str", "[%[m]]"); break;
	case OP_LOAD_SX: load_sx(f, width); break;
	case OP_LOAD_SXW: load_sxw(f, width); break;
	case OP_LOAD_ZR:
		ACCESS_WIDTHS("ldrb wzr, [%[m]]", "ldrh wzr, [%[m]]", "ldr wzr, [%[m]]",
			      "ldr xzr, [%[m]]");
		break;
	case OP_STORE_ZR:
		ACCESS_WIDTHS("strb wzr, [%[m]]", "strh wzr, [%[m]]", "str wzr, [%[m]]",
			      "str xzr, [%[m]]");
		break;
	case OP_LOAD_REG:
	case OP_STORE_REG:
		register_offset(f, kind, width);
		break;
	case OP_LDUR:
		f->addr++;
		LOAD_STORE("ldur", "[%[m], #-1]");
		f->addr--;
		break;
	case OP_STUR:
		f->addr++;
		LOAD_STORE("stur", "[%[m], #-1]");
		f->addr--;
		break;
	case OP_LDAR: LOAD_STORE("ldar", "[%[m]]"); break;
	case OP_STLR: LOAD_STORE("stlr", "[%[m]]"); break;
	case OP_LDAPR: LOAD_STORE(".arch_extension rcpc\n\tldapr", "[%[m]]"); break;
	case OP_LDTR: LOAD_STORE("ldtr", "[%[m]]"); break;
	case OP_STTR: LOAD_STORE("sttr", "[%[m]]"); break;
	default: call(f);
	}
}
