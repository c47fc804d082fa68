/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of victim.c: a guest that cannot continue. */

/* The IDT is in unmapped memory: #UD, then #PF, then #DF, then a triple fault. */
KVMEM_TEST(guest_dies, "A7")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	ASSERT_TRUE(vcpu_expect(v, "a triple fault",
		OPS({ .kind = OP_WITH_IDT, .value = { VM_WINDOW } }), NO_EXITS));
}
