/* SPDX-License-Identifier: GPL-2.0-only */
/* page_style: style.css as a string. */

	.section .rodata
	.globl page_style
page_style:
	.incbin STYLE_CSS
	.byte 0

	.section .note.GNU-stack,"",%progbits
