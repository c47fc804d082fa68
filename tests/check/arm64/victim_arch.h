/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of victim.c: a guest that cannot continue. */

/* An access without memory that KVM cannot decode. */
KVMEM_TEST(guest_dies, "A7")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	ASSERT_TRUE(vcpu_expect(v, "a load of 16 bytes", OPS(LD(16, 0xc0000000)), NO_EXITS));
}
