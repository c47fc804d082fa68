// SPDX-License-Identifier: GPL-2.0-only
/* System registers, hypercalls, cache and TLB maintenance. */
#include "frame.h"

static void op_mrs(struct frame *f)
{
#define MRS(name) \
	asm volatile("mrs %0, " name RETIRED : "=r"(f->v0), [done] "+r"(f->done))
	switch (f->addr) {
	case SYSREG_SCTLR: MRS("sctlr_el1"); break;
	case SYSREG_TCR: MRS("tcr_el1"); break;
	case SYSREG_TTBR0: MRS("ttbr0_el1"); break;
	case SYSREG_TTBR1: MRS("ttbr1_el1"); break;
	case SYSREG_MAIR: MRS("mair_el1"); break;
	case SYSREG_VBAR: MRS("vbar_el1"); break;
	case SYSREG_CPACR: MRS("cpacr_el1"); break;
	case SYSREG_CONTEXTIDR: MRS("contextidr_el1"); break;
	case SYSREG_TPIDR_EL0: MRS("tpidr_el0"); break;
	case SYSREG_MIDR: MRS("midr_el1"); break;
	case SYSREG_MPIDR: MRS("mpidr_el1"); break;
	case SYSREG_ISAR0: MRS("id_aa64isar0_el1"); break;
	case SYSREG_ISAR1: MRS("id_aa64isar1_el1"); break;
	case SYSREG_MMFR0: MRS("id_aa64mmfr0_el1"); break;
	case SYSREG_MMFR1: MRS("id_aa64mmfr1_el1"); break;
	case SYSREG_PFR0: MRS("id_aa64pfr0_el1"); break;
	case SYSREG_CNTFRQ: MRS("cntfrq_el0"); break;
	case SYSREG_CNTVCT: MRS("cntvct_el0"); break;
	case SYSREG_CTR: MRS("ctr_el0"); break;
	case SYSREG_DCZID: MRS("dczid_el0"); break;
	case SYSREG_CURRENTEL: MRS("currentel"); break;
	}
}

static void op_msr(struct frame *f)
{
#define MSR(name) \
	asm volatile("msr " name ", %1\n\tisb" RETIRED : [done] "+r"(f->done) : "r"(f->v0))
	switch (f->addr) {
	case SYSREG_SCTLR: MSR("sctlr_el1"); break;
	case SYSREG_TCR: MSR("tcr_el1"); break;
	case SYSREG_TTBR0: MSR("ttbr0_el1"); break;
	case SYSREG_TTBR1: MSR("ttbr1_el1"); break;
	case SYSREG_MAIR: MSR("mair_el1"); break;
	case SYSREG_VBAR: MSR("vbar_el1"); break;
	case SYSREG_CPACR: MSR("cpacr_el1"); break;
	case SYSREG_CONTEXTIDR: MSR("contextidr_el1"); break;
	case SYSREG_TPIDR_EL0: MSR("tpidr_el0"); break;
	}
}

#define SMCCC(insn) do {							\
	register uint64_t x0 asm("x0") = f->v0;				\
	register uint64_t x1 asm("x1") = f->v1;				\
	register uint64_t x2 asm("x2") = f->addr;			\
	register uint64_t x3 asm("x3") = f->addr2;			\
	asm volatile(insn " #0" RETIRED					\
		: "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3), [done] "+r"(f->done) : \
		: "memory", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13", "x14", \
		  "x15", "x16", "x17");					\
	f->v0 = x0;							\
	f->v1 = x1;							\
} while (0)

/* "dc", "ic" or "prfm" on the address. */
#define MAINTAIN(text) \
	TIMED(asm volatile(text RETIRED : [done] "+r"(f->done) : ADDR : "memory"))

static void zero_block(struct frame *f)
{
	uint64_t dczid;

	MAINTAIN("dc zva, %[m]");
	asm volatile("mrs %0, dczid_el0" : "=r"(dczid));
	f->v0 = 4ULL << (dczid & 0xf);
}

static void invalidate(struct frame *f, uint64_t va)
{
	asm volatile("dsb ishst\n\ttlbi vaae1is, %1\n\tdsb ish\n\tisb" RETIRED
		: [done] "+r"(f->done) : "r"(va >> 12) : "memory");
}

static void set_pte(struct frame *f)
{
	*(volatile uint64_t *)f->addr = f->v0;
	invalidate(f, f->addr2);
}

void op_spin_eq(struct frame *f)
{
	uint64_t want = f->v0, most = f->v1, seen = 0, n;

	for (n = 0; n < most; n++) {
		seen = *(volatile uint64_t *)f->addr;
		if (seen == want)
			break;
	}
	f->v0 = seen;
	f->v1 = n;
	f->done++;
}

void op_system(struct frame *f, int kind)
{
	switch (kind) {
	case OP_HYPERCALL: TIMED(SMCCC("hvc")); break;
	case OP_SMC: TIMED(SMCCC("smc")); break;
	case OP_SET_PTE: set_pte(f); break;
	case OP_SYNC:
		asm volatile("str %w[v], [%[io]]" RETIRED : [done] "+r"(f->done)
			: [v] "r"(f->v0), [io] "r"((uint64_t)MBOX_IO + MBOX_IO_SYNC) : "memory");
		break;
	case OP_DC_ZVA: zero_block(f); break;
	case OP_PRFM: MAINTAIN("prfm pldl1keep, [%[m]]"); break;
	case OP_DC_CVAC: MAINTAIN("dc cvac, %[m]"); break;
	case OP_DC_CIVAC: MAINTAIN("dc civac, %[m]"); break;
	case OP_DC_IVAC: MAINTAIN("dc ivac, %[m]"); break;
	case OP_IC_IVAU: MAINTAIN("ic ivau, %[m]"); break;
	case OP_AT:
		MAINTAIN("at s1e1r, %[m]\n\tisb");
		asm volatile("mrs %0, par_el1" : "=r"(f->v0));
		break;
	case OP_TLBI: invalidate(f, f->addr); break;
	case OP_MRS: op_mrs(f); break;
	case OP_MSR: op_msr(f); break;
	case OP_WFI: asm volatile("wfi" RETIRED : [done] "+r"(f->done) : : "memory"); break;
	}
}
