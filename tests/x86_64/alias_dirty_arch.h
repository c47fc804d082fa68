/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/alias_dirty.c: what the instruction emulator writes (C17).
 */

#include "util/param.h"
#include "arch/x86_64/port.h"

#define PORT	0x600		/* no device there */

/* Reads and writes that KVM does itself, through each alias: the same page. */
KVMEM_TEST_F(log, emulated, "C6 C17")
{
	struct aliases *a = &self->a;
	unsigned int i;

	touch_all(a, variant->manual);
	for (i = 0; i < NR; i++) {
		uint64_t gpa = alias_gpa(a, i, 4) + 0x128, x = DATA + i * 0x101, want[NR] = { 0 };
		volatile uint64_t *host = (uint64_t *)(self->hva + 4 * PAGE_4K + 0x128);

		*host = x;
		ASSERT_TRUE(emulated_read(a->v, "movs from an alias to MMIO", gpa, x));
		EXPECT_LOGS("an emulated read", 0);
		want[i] = i == NO_LOG ? 0 : 1 << 4;
		ASSERT_TRUE(emulated_write(a->v, "movs from MMIO to an alias", gpa, ~x));
		ASSERT_EQ(~x, *host);
		ASSERT_TRUE(logs_are(a, "movs from MMIO", want, variant->manual));
		ASSERT_TRUE(vcpu_expect(a->v, "ins to an alias",
			OPS({ .kind = OP_INS, .width = 4, .addr2 = gpa, .value = { 1, PORT } }),
			EXITS(IO_IN(PORT, 4, 0x1000 + i))));
		ASSERT_EQ((~x & ~0xffffffffULL) | (0x1000 + i), *host);
		ASSERT_TRUE(logs_are(a, "ins", want, variant->manual));
		ASSERT_EQ((uint32_t)*host, vcpu_load(a->v, 4, alias_gpa(a, NR - 1 - i, 4) + 0x128));
	}
}

/*
 * The emulator has a separate path for locked instructions.  On RAM it is used only
 * with the forced-emulation prefix, which needs kvm.force_emulation_prefix.
 * Red with: kvm_vcpu_mark_page_dirty() left out of emulator_cmpxchg_emulated().
 */
KVMEM_TEST(emulated_cmpxchg, "C6 C17")
{
	/* mov $gpa,%rdi; mov $1,%eax; mov $2,%ecx; PREFIX lock cmpxchg %ecx,(%rdi); ret */
	static const uint8_t code[] = {
		0x48, 0xbf, 0, 0, 0, 0, 0, 0, 0, 0,
		0xb8, 1, 0, 0, 0, 0xb9, 2, 0, 0, 0,
		0x0f, 0x0b, 'k', 'v', 'm', 0xf0, 0x0f, 0xb1, 0x0f, 0xc3,
	};
	char *hva = vm_alloc(SIZE);
	struct aliases a;
	uint64_t gpa;
	int r;

	r = param_set("kvm.force_emulation_prefix", 1);
	if (r)
		SKIP(return, "kvm.force_emulation_prefix cannot be set: %s", strerror(-r));
	alias_init(&a, vm_create(NULL), NR, PAGES);
	gpa = alias_gpa(&a, 2, 7);
	memcpy(hva + PAGE_4K, code, sizeof(code));
	memcpy(hva + PAGE_4K + 2, &gpa, 8);
	hva[7 * PAGE_4K] = 1;
	alias_slots(&a, hva, LOG);
	ASSERT_EQ(1, vcpu_load(a.v, 4, gpa));
	get_log(&a, 2);
	ASSERT_TRUE(vcpu_expect(a.v, "lock cmpxchg, emulated",
		OPS({ .kind = OP_CALL, .addr = alias_gpa(&a, 0, 1) }), NO_EXITS));
	ASSERT_EQ(2, hva[7 * PAGE_4K]);
	ASSERT_EQ(1 << 7, get_log(&a, 2));
}
