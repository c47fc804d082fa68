/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of tests/readonly_slot.c: instructions of arm64 (G7). */

#include "arch/arm64/cpu.h"
#include "arch/arm64/mmu.h"

/* mov w0, #0xc0de; movk w0, #0x600d, lsl #16; ret */
static void write_code(uint8_t *to)
{
	static const uint32_t code[] = { 0x52981bc0, 0x72ac01a0, 0xd65f03c0 };

	memcpy(to, code, sizeof(code));
}

static uint64_t mmio_entries(struct vcpu *v)
{
	(void)v;
	return 0;
}

static struct mbox_op other_store(uint64_t gpa, uint32_t value)
{
	return (struct mbox_op){ .kind = OP_STLR, .width = 4, .addr = gpa, .value = { value } };
}
