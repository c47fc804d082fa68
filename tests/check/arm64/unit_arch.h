/* SPDX-License-Identifier: GPL-2.0-only */
/* Self-tests of lib/arch/arm64; included at the end of unit.c. */
#include "arch/arm64/stage2.h"

/* --- faults in the trace, lines of the stage 2 dump ------------------------ */

TEST(stage2_fault_lines)
{
	struct guest_fault f;

	ASSERT_TRUE(stage2_fault_parse("  unmap-123 [000] ...1. 4.2: kvm_guest_fault: ipa 0x100000000, "
				       "hsr 0x93800007, hxfar 0x100000128, pc 0x0000000010001534\n", &f));
	EXPECT_EQ(0x100000000, f.ipa);
	EXPECT_EQ(0x93800007, f.esr);
	EXPECT_EQ(0x10001534, f.pc);
	EXPECT_FALSE(stage2_fault_parse("  unmap-123 [000] ...1. 4.2: kvm_entry: PC: 0x10001534\n", &f));
}

TEST(stage2_dump_lines)
{
	struct stage2_range r;

	ASSERT_TRUE(stage2_dump_parse("0x0000000010000000-0x0000000010002000           8K 3     R W   AF\n",
				      &r));
	EXPECT_EQ(0x10000000, r.start);
	EXPECT_EQ(0x10002000, r.end);
	EXPECT_EQ(3, r.level);
	EXPECT_TRUE(r.r && r.w && r.af && r.x && !r.block);
	ASSERT_TRUE(stage2_dump_parse("0x0000000040000000-0x0000000040200000           2M 2     R     AF BLK\n",
				      &r));
	EXPECT_TRUE(r.block && !r.w && r.x);
	ASSERT_TRUE(stage2_dump_parse("0x0000000009000000-0x0000000009001000           4K 3     R W X AF\n",
				      &r));
	EXPECT_FALSE(r.x);
	EXPECT_FALSE(stage2_dump_parse("0x0000000000000000-0x0000000010000000         256M 1    F\n", &r));
	EXPECT_FALSE(stage2_dump_parse("---[ Guest IPA ]---\n", &r));
}
