/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of bench/exit_latency.c: accesses in two exits, CPUID, I/O ports and the local APIC.
 */

#include "arch/x86_64/cpu.h"

#define LAPIC		0xfee00000ULL
#define MSR_APICBASE	0x1b
#define APICBASE_BSP	(1ULL << 8)

static void lapic_hole(const struct bench *b)
{
	struct vm_opts o = { .irqchip = true };
	struct vcpu *v = vm_create(&o)->vcpu[0];

	if (!cpu_set_msr(v, MSR_APICBASE, LAPIC | APICBASE_BSP))
		end_skip("this KVM does not disable the local APIC");
	repeat_on(b, v);
}

static void lapic_register(const struct bench *b)
{
	struct vm_opts o = { .irqchip = true };

	repeat_on(b, vm_create(&o)->vcpu[0]);
}

static const struct bench arch_table[] = {
	/* Two exits each: 16 bytes, and 8 across the end of a page. */
	{ "exit.mmio_read_user_octa", "N1", repeat, 0,
	  { .kind = OP_LOAD, .width = 16, .addr = HOLE }, 0 },
	{ "exit.mmio_read_user_split", "N1", repeat, 0,
	  { .kind = OP_LOAD, .width = 8, .addr = HOLE + PAGE_4K - 4 }, 0 },
	{ "exit.cpuid", "N4", repeat, 0, { .kind = OP_CPUID }, 0 },
	{ "exit.pio_out_user", "N4", repeat, 0,
	  { .kind = OP_OUT, .width = 4, .addr = 0x600 }, 0 },
	{ "exit.pio_in_user", "N4", repeat, 0,
	  { .kind = OP_IN, .width = 4, .addr = 0x600 }, 0 },
	{ "exit.lapic_hole_read", "N2", lapic_hole, 0,
	  { .kind = OP_LOAD, .width = 4, .addr = LAPIC + 0x30 }, 0 },
	{ "exit.lapic_write", "N4", lapic_register, 0,
	  { .kind = OP_STORE, .width = 4, .addr = LAPIC + 0x80 }, 0 },
};
