/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of tests/proposed_hole.h: reading a page by one string instruction. */

/* All 64-bit words of a page: repe scas stops at the first word that differs. */
static inline bool page_is_ones(struct vcpu *v, uint64_t page)
{
	if (!vcpu_expect(v, "a page of the hole",
			 OPS({ .kind = OP_SCAS, .width = 8, .addr2 = page, .value = { 512, ONES },
			       .flags = OPF_REP }), NO_EXITS))
		return false;
	if (!vcpu_result(v, 0)->arch.rcx && vcpu_result(v, 0)->arch.rdi == page + PAGE_4K)
		return true;
	diag("page 0x%llx: a word that is not all ones before 0x%llx", (unsigned long long)page,
	     (unsigned long long)vcpu_result(v, 0)->arch.rdi);
	return false;
}
