/* SPDX-License-Identifier: GPL-2.0-only */
/* Self-tests of lib/arch/arm64; included at the end of unit.c. */
