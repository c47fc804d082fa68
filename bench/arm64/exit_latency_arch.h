/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of bench/exit_latency.c: hypercalls that KVM handles, accesses without syndrome,
 * and the distributor of a vGICv3.
 */

#include <linux/psci.h>

#include "arch/arm64/layout.h"

static void vgic(const struct bench *b)
{
	struct vm_opts o = { .irqchip = true };

	repeat_on(b, vm_create(&o)->vcpu[0]);
}

static const struct bench arch_table[] = {
	{ "exit.psci_version", "N4", repeat, 0,
	  { .kind = OP_HYPERCALL, .value = { PSCI_0_2_FN_PSCI_VERSION } }, 0 },
	{ "exit.vgic_read", "N4", vgic, 0, { .kind = OP_LOAD, .width = 4, .addr = VGIC_DIST + 4 }, 0 },
	{ "exit.vgic_write", "N4", vgic, 0,
	  { .kind = OP_STORE, .width = 4, .addr = VGIC_DIST + 0x400 + 32 }, 0 },
};
