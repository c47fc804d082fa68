/* SPDX-License-Identifier: GPL-2.0-only */
/* Self-tests of lib/arch/x86_64; included at the end of unit.c. */
#include "arch/x86_64/scenario/memspeed.h"
#include "arch/x86_64/spte.h"

/* --- KVM's page-table entries -------------------------------------------- */

/* Lines of real kernels, and malformed ones. */
TEST(spte_lines)
{
	static const struct {
		const char *line;
		bool ok, maps;
		struct spte want;
	} rows[] = {
		{ "           <...>-245     [000] ...1.    13.846482: kvm_tdp_mmu_spte_changed: "
		  "as id 0 gfn 40000 level 2 old_spte 0 new_spte 3515827\n",
		  true, false, { 0x40000, 2, 0x3515827 } },
		{ "      wc_memtype-197     [001] ...1.    20.624447: kvm_tdp_mmu_spte_changed: "
		  "as id 0 gfn 40000 level 1 old_spte 8000000000000000 new_spte 2de4c825\n",
		  true, true, { 0x40000, 1, 0x2de4c825 } },
		{ "      wc_memtype-197     [001] ...1.    20.624447: kvm_tdp_mmu_spte_changed: "
		  "as id 0 gfn 40000 level 1 old_spte 2de4c825 new_spte 8000000000000000\n",
		  true, false, { 0x40000, 1, 0x8000000000000000 } },
		{ "           <...>-245     [000] ...1.    13.846540: kvm_mmu_set_spte: gfn 40001 "
		  "spte 4a6b1825 (r-xu) level 1 at 3515000\n",
		  true, true, { 0x40001, 1, 0x4a6b1825 } },
		{ .line = "  x-1 [000] ...1. 1.0: kvm_tdp_mmu_spte_changed: as id 0 gfn 40000 level 1\n" },
		{ .line = "  x-1 [000] ...1. 1.0: kvm_mmu_set_spte: gfn spte 4a6b1825 level 1\n" },
		{ .line = "  x-1 [000] ...1. 1.0: mark_mmio_spte: gfn c0000 spte 8000000000000007 level 1\n" },
		{ .line = "\n" },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spte s;

		ASSERT_EQ(rows[i].ok, spte_parse(rows[i].line, &s)) {
			TH_LOG("row %zu", i);
		}
		if (!rows[i].ok)
			continue;
		EXPECT_EQ(rows[i].want.gfn, s.gfn);
		EXPECT_EQ(rows[i].want.level, s.level);
		EXPECT_EQ(rows[i].want.bits, s.bits);
		EXPECT_EQ(rows[i].maps, spte_maps(&s));
	}
}

/* SDM volume 3, table 29-6 (EPT); AMD64 APM volume 2, 5.4 (PWT, PCD and the two positions of PAT). */
TEST(spte_types)
{
	static const struct {
		uint64_t bits;
		int level;
		unsigned int ept, pat;
		bool ipat;
	} rows[] = {
		{ 0x600000012345f77, 1, MT_WB, 2, true },	/* WB, IPAT; bits 3 4 = 10 */
		{ 0x600000012345f37, 1, MT_WB, 2, false },
		{ 0x600000012345f07, 1, MT_UC, 0, false },
		{ 0x600000012345f0f, 1, MT_WC, 1, false },
		{ 0x600000012345f27, 1, MT_WT, 0, false },
		{ 0x600000012345f87, 1, MT_UC, 4, false },	/* 4 KiB: bit 7 is PAT */
		{ 0x600000012200f87, 2, MT_UC, 0, false },	/* 2 MiB: bit 7 is PS */
		{ 0x600000012201f9f, 2, 3, 7, false },		/* 2 MiB: bit 12 is PAT */
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct spte s = { .level = rows[i].level, .bits = rows[i].bits };

		EXPECT_TRUE(spte_maps(&s));
		EXPECT_EQ(rows[i].ept, spte_memtype(SPTE_EPT, &s)) {
			TH_LOG("row %zu", i);
		}
		EXPECT_EQ(rows[i].pat, spte_memtype(SPTE_PTE, &s)) {
			TH_LOG("row %zu", i);
		}
		EXPECT_EQ(rows[i].ipat, spte_ipat(&s));
	}
}

/* --- memory speed -------------------------------------------------------- */

TEST(memspeed_needs_contrast)
{
	EXPECT_TRUE(memspeed_usable(&(struct memspeed){ 80, 300 }));
	EXPECT_TRUE(memspeed_usable(&(struct memspeed){ 30, 90 }));
	EXPECT_FALSE(memspeed_usable(&(struct memspeed){ 30, 89 }));
	EXPECT_FALSE(memspeed_usable(&(struct memspeed){ 400, 599 }));
	EXPECT_FALSE(memspeed_usable(&(struct memspeed){ 300, 300 }));
	EXPECT_FALSE(memspeed_usable(&(struct memspeed){ 300, 80 }));
}

TEST(memspeed_guard_band)
{
	const struct memspeed m = { .hit = 100, .miss = 300 };

	EXPECT_EQ(MEMSPEED_CACHED, memspeed_judge(&m, 0));
	EXPECT_EQ(MEMSPEED_CACHED, memspeed_judge(&m, 100));
	EXPECT_EQ(MEMSPEED_CACHED, memspeed_judge(&m, 150));
	EXPECT_EQ(MEMSPEED_UNCLEAR, memspeed_judge(&m, 151));
	EXPECT_EQ(MEMSPEED_UNCLEAR, memspeed_judge(&m, 199));
	EXPECT_EQ(MEMSPEED_UNCACHED, memspeed_judge(&m, 200));
	EXPECT_EQ(MEMSPEED_UNCACHED, memspeed_judge(&m, 5000));
}
