/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of bench/pci_hole_scan.c: the hole that a disabled local APIC leaves.
 */

#include "arch/x86_64/cpu.h"

#define LAPIC		0xfee00000ULL
#define MSR_APICBASE	0x1b
#define APICBASE_BSP	(1ULL << 8)

/* (b) KVM answers: the hole is one page, read once per device of the window */
static void run_in_kernel(const struct bench *b)
{
	struct vm_opts o = { .irqchip = true };
	struct vcpu *v = vm_create(&o)->vcpu[0];
	struct mbox_op op = b->op;
	uint32_t *samples;

	if (!cpu_set_msr(v, MSR_APICBASE, LAPIC | APICBASE_BSP))
		end_skip("this KVM does not disable the local APIC");
	op.count = READS;
	samples = bench_samples(v, READS, &op.samples);
	scan(v, b, op, samples);
	check_ones(v, &b->op);
}

static const struct bench arch_table[] = {
	{ "hole_scan.in_kernel", "N3", run_in_kernel, 3,
	  { .kind = OP_LOAD, .width = 4, .addr = LAPIC + 0x30 }, 0 },
};
