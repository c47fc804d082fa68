/* SPDX-License-Identifier: GPL-2.0-only */
/* Mailbox, arm64: operations, flags and fields.  Included by mailbox.h. */
#ifndef KVMEM_MBOX_ARM64_H
#define KVMEM_MBOX_ARM64_H

/*
 * Stores to this page of guest physical memory, which no slot may cover, report to the
 * host; exits on it are not visible to tests.
 */
#define MBOX_IO			0x0fe00000
#define MBOX_IO_DONE		0x00	/* the list is finished */
#define MBOX_IO_SYNC		0x08	/* OP_SYNC */
#define MBOX_IO_PANIC		0x10	/* exception outside of any operation */

/* Byte offsets in struct mbox, for assembly. */
#define MBOX_TTBR0		48
#define MBOX_TTBR0_USER		56
#define MBOX_USER_VALUE		64
#define MBOX_EXC_OFFSET		72

#ifndef __ASSEMBLER__
/*
 * Neutral operations on arm64: OP_LOAD and OP_STORE are ldrb, ldrh, ldr and their
 * stores, ldp and stp of two X registers for 16 bytes.  OP_ADD is an ldxr/stxr loop.
 * OP_XADD, OP_XCHG and OP_CMPXCHG are ldaddal, swpal and casal if arch.lse is set, else
 * loops of ldaxr and stlxr.  OP_HYPERCALL is hvc #0 with x0 to x3.
 *
 * An exception's vector is the exception class (ESR_ELx.EC), its error is ESR_EL1.
 */
enum mbox_op_kind_arm64 {
	/* One access, with a valid syndrome.  Widths 1 2 4 8 unless noted. */
	OP_LOAD_SX = OP_ARCH,	/* ldrsb, ldrsh, ldrsw to X: widths 1 2 4 */
	OP_LOAD_SXW,		/* ldrsb, ldrsh to W: widths 1 2 */
	OP_LOAD_ZR,		/* to wzr or xzr */
	OP_STORE_ZR,		/* of wzr or xzr */
	OP_LOAD_REG,		/* [base, register]: the register is value[1] */
	OP_STORE_REG,
	OP_LDUR,		/* unscaled offset, -1 from the base */
	OP_STUR,
	OP_LDAR,
	OP_STLR,
	OP_LDAPR,		/* FEAT_LRCPC */
	OP_LDTR,		/* with the permissions of EL0 */
	OP_STTR,
	OP_LOAD_BE,		/* big-endian: SCTLR_EL1.EE with the MMU off; .E0E with OPF_USER */
	OP_STORE_BE,

	/* Without a valid syndrome. */
	OP_LDP,			/* widths 8 (two W registers), 16 */
	OP_STP,
	OP_LDR_FP,		/* SIMD register: widths 1 2 4 8 16 */
	OP_STR_FP,
	OP_LD1,			/* width 16 */
	OP_ST1,
	OP_LDR_POST,		/* writeback: result.value[1] is the new base */
	OP_STR_POST,
	OP_LDR_PRE,		/* base + 8 before the access, which is at addr */
	OP_STR_PRE,
	OP_LDXR,
	OP_LDAXR,
	OP_STXR,		/* ldxr and stxr once: result.value[1] is the status */
	OP_LDADD,		/* FEAT_LSE, also the next five; old value in result.value[0] */
	OP_STADD,
	OP_SWP,
	OP_CAS,			/* value[0] expected, value[1] new */
	OP_CASP,		/* width 16: value[0]:0 expected, value[1]:0 new */
	OP_DC_ZVA,		/* zeroes a block; its bytes in result.value[0] */

	/* Address operations that access no data. */
	OP_PRFM,
	OP_DC_CVAC,
	OP_DC_CIVAC,
	OP_DC_IVAC,
	OP_IC_IVAU,
	OP_AT,			/* at s1e1r: PAR_EL1 in result.value[0] */

	/* Machine state. */
	OP_TLBI,		/* tlbi vae1is of addr */
	OP_MRS,			/* enum mbox_sysreg addr */
	OP_MSR,			/* enum mbox_sysreg addr = value[0] */
	OP_SMC,			/* as OP_HYPERCALL, with smc #0 */
	OP_WFI,
};

/* Registers of OP_MRS and OP_MSR. */
enum mbox_sysreg {
	SYSREG_SCTLR, SYSREG_TCR, SYSREG_TTBR0, SYSREG_TTBR1, SYSREG_MAIR, SYSREG_VBAR, SYSREG_CPACR,
	SYSREG_CONTEXTIDR, SYSREG_TPIDR_EL0, SYSREG_MIDR, SYSREG_MPIDR, SYSREG_ISAR0,
	SYSREG_ISAR1, SYSREG_MMFR0, SYSREG_MMFR1, SYSREG_PFR0, SYSREG_CNTFRQ, SYSREG_CNTVCT, SYSREG_CTR,
	SYSREG_DCZID, SYSREG_CURRENTEL,
};

/* mbox_op.flags */
#define OPF_USER	(OPF_ARCH << 0)	/* at EL0, with the user page tables */

struct mbox_arch_result {
	uint64_t vector_offset;	/* exception: offset of its vector from VBAR_EL1 */
};

struct mbox_arch {
	uint64_t sctlr;		/* SCTLR_EL1 of the payload */
	uint64_t ttbr0;		/* TTBR0_EL1 at EL1 */
	uint64_t ttbr0_user;	/* TTBR0_EL1 while OPF_USER runs */
	uint64_t user_value;	/* value of a big-endian load at EL0 */
	uint64_t exc_offset;	/* offset of the last exception's vector */
	uint32_t lse;		/* the CPU has FEAT_LSE */
	uint32_t unused;
};
#endif /* !__ASSEMBLER__ */
#endif /* KVMEM_MBOX_ARM64_H */
