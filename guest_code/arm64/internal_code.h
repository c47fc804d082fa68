/* SPDX-License-Identifier: GPL-2.0-only */
/* guest_code/arm64/internal.S: the code of internal VMs. */
#ifndef KVMEM_ARM64_INTERNAL_CODE_H
#define KVMEM_ARM64_INTERNAL_CODE_H

#define IVM_EXCEPTION	0xe	/* the immediate of the HVC that reports an exception */

#ifndef __ASSEMBLER__
extern const char internal_code[], internal_code_end[];

/* One instruction each; the address is in x0, the data in x1 and x2. */
extern const char internal_ldrb[], internal_ldrh[], internal_ldrw[], internal_ldr[], internal_ldrsw[],
	internal_strb[], internal_strh[], internal_strw[], internal_str[], internal_ldp[],
	internal_stp[], internal_ldr_post[], internal_str_pre[], internal_ldxr[], internal_ldar[],
	internal_stlr[], internal_ldr_q[], internal_dc_zva[], internal_dc_civac[],
	internal_ic_ivau[], internal_branch[], internal_nop[], internal_wfi[], internal_smc[];

/* HVC with that immediate. */
extern const char internal_hvc_0[], internal_hvc_3[], internal_hvc_0x4d[], internal_hvc_0x8000[],
	internal_hvc_0xffff[];

/* See internal.S. */
extern const char internal_spin[], internal_fill[], internal_compare[], internal_load_fp[],
	internal_store_fp[], internal_eret[];
#endif

#endif /* KVMEM_ARM64_INTERNAL_CODE_H */
