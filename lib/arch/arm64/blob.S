/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest payload, built from guest_code/arm64. */
	.section .rodata
	.globl	guest_blob, guest_blob_end
	.balign	16
guest_blob:
	.incbin	GUEST_BIN
guest_blob_end:
	.section .note.GNU-stack, "", @progbits
