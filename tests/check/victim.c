// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that fail, hang or crash on purpose: runner.sh checks the runner's verdict for
 * each.  Not part of a run.
 */
#include "harness/test.h"

#include <signal.h>

#include "arch.h"
#include "harness/record.h"
#include "guest/list.h"

#define HOLE 0xc0000000ULL

KVMEM_TEST(passes, "A1")
{
	record_observation("A20", "victim.observation", "with \"quotes\", a tab\t and \x80");
	diag("output that is not UTF-8: \xff\xfe and a control \x01");
}

KVMEM_TEST(fails, "A2")
{
	ASSERT_EQ(1, 2);
}

KVMEM_TEST(fails_on_exits, "A2")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	ASSERT_TRUE(vcpu_expect(v, "a read that exits", OPS(LD(8, HOLE)), NO_EXITS));
}

KVMEM_TEST(skips, "A3")
{
	SKIP(return, "needs something that does not exist");
}

KVMEM_TEST(skips_in_library, "A3")
{
	end_skip("needs something that does not exist");
}

KVMEM_TEST(hangs, "A4")
{
	for (;;)
		pause();
}

KVMEM_TEST(crashes, "A5")
{
	raise(SIGSEGV);
}

KVMEM_TEST(guest_hangs, "A6")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	vcpu_do(v, OPS({ .kind = OP_SPIN_EQ, .addr = VM_SYS_GPA, .value = { 0x1234, ~0ULL } }),
		NO_EXITS);
}

#include "victim_arch.h"

/* Leaves a process that outlives the test unless the runner kills it. */
KVMEM_TEST(forks, "A8")
{
	if (fork() == 0)
		for (;;)
			pause();
}

/* The setup detects a missing feature, once for each variant. */
FIXTURE(needs) {
	int unused;
};

FIXTURE_VARIANT(needs) {
	bool missing;
};

FIXTURE_VARIANT_ADD(needs, nothing_there) { true };
FIXTURE_VARIANT_ADD(needs, nothing) { false };
FIXTURE_VARIANT_ADD(needs, nothing_else) { false };

KVMEM_SETUP(needs)
{
	diag("setup of %s", variant->missing ? "one that skips" : "one that does not");
	if (variant->missing)
		end_never("no such thing in this kernel");
}

KVMEM_TEST_F(needs, first, "A9")
{
}

KVMEM_TEST_F(needs, second, "A9")
{
}

KVMEM_MAIN
