/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of tests/mmio_bus.c: the interrupt controller, vGICv3 (A16). */

#include "arch/arm64/layout.h"
