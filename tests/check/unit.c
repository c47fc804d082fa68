// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the library and the runner: no KVM needed. */
#define TH_LOG_STREAM stdout
#include <kselftest_harness.h>
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include <math.h>

#include "exits.h"
#include "jsonw.h"
#include "klog.h"
#include "kvmstat.h"
#include "model.h"
#include "quantile.h"
#include "runner/plan.h"
#include "runner/verdict.h"
#include "spte.h"

/* --- quantiles ----------------------------------------------------------- */

TEST(quantile_is_an_element)
{
	uint32_t v[] = { 9, 1, 5, 7, 3, 2, 8, 6, 4, 10 };

	quantile_sort(v, ARRAY_SIZE(v));
	EXPECT_EQ(1, quantile(v, 10, 0));
	EXPECT_EQ(5, quantile(v, 10, 0.5));
	EXPECT_EQ(9, quantile(v, 10, 0.9));
	EXPECT_EQ(10, quantile(v, 10, 0.99));
	EXPECT_EQ(10, quantile(v, 10, 1));
	EXPECT_EQ(1, quantile(v, 1, 0.5));
}

/* --- JSON ---------------------------------------------------------------- */

static void json_text(struct jsonw *j, char *buf, size_t size)
{
	int fds[2];
	ssize_t n;

	if (pipe(fds) || !jsonw_send(j, fds[1]))
		abort();
	n = read(fds[0], buf, size - 1);
	buf[n > 0 ? n : 0] = '\0';
	close(fds[0]);
	close(fds[1]);
}

TEST(json_escapes)
{
	struct jsonw j;
	char buf[512];

	jsonw_open(&j);
	jsonw_str(&j, "s", "a\"b\\c\n\x01\x80\xc3\xa9");
	json_text(&j, buf, sizeof(buf));
	EXPECT_STREQ("{\"s\":\"a\\\"b\\\\c\\u000a\\u0001\\u0080\xc3\xa9\"}\n", buf);
}

/* Overlong forms, surrogates and cut sequences are no UTF-8. */
TEST(json_bad_utf8)
{
	struct jsonw j;
	char buf[512];

	jsonw_open(&j);
	jsonw_str(&j, "s", "\xc0\xaf\xed\xa0\x80\xe2\x82");
	json_text(&j, buf, sizeof(buf));
	EXPECT_STREQ("{\"s\":\"\\u00c0\\u00af\\u00ed\\u00a0\\u0080\\u00e2\\u0082\"}\n", buf);
}

TEST(json_numbers_and_nesting)
{
	struct jsonw j;
	char buf[512];

	jsonw_open(&j);
	jsonw_u64(&j, "u", ~0ULL);
	jsonw_num(&j, "d", 1.5);
	jsonw_num(&j, "nan", NAN);
	jsonw_push(&j, "a", '[');
	jsonw_num(&j, NULL, 1);
	jsonw_push(&j, NULL, '{');
	jsonw_bool(&j, "b", false);
	jsonw_pop(&j, '{');
	jsonw_pop(&j, '[');
	json_text(&j, buf, sizeof(buf));
	EXPECT_STREQ("{\"u\":18446744073709551615,\"d\":1.5,\"nan\":null,\"a\":[1,{\"b\":false}]}\n",
		     buf);
}

/* --- KVM's page-table entries -------------------------------------------- */

/* Lines of real kernels, and what must come of them. */
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

/* SDM volume 3, table 29-6 (EPT); AMD64 APM volume 2, 5.4 (PWT, PCD and the two places of PAT). */
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
		{ 0x600000012345f87, 1, MT_UC, 4, false },	/* bit 7 is PAT in a 4 KiB entry */
		{ 0x600000012200f87, 2, MT_UC, 0, false },	/* and "large" in the others */
		{ 0x600000012201f9f, 2, 3, 7, false },		/* which have PAT in bit 12 */
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

/* --- kernel log ---------------------------------------------------------- */

static bool complains(const char *const *lines, size_t n, unsigned int *splats)
{
	struct klog_scan s = { .splats = 0 };
	size_t i;

	for (i = 0; i < n; i++)
		klog_line(&s, lines[i]);
	klog_end(&s);
	*splats = s.splats;
	return s.found[0];
}

TEST(klog_warning_of_kvm)
{
	static const char *const lines[] = {
		"------------[ cut here ]------------",
		"WARNING: CPU: 0 PID: 12 at arch/x86/kvm/x86.c:11000 f+0x1/0x2 [kvm]",
		"Call Trace:", "---[ end trace 0000000000000000 ]---",
	};
	unsigned int splats;

	EXPECT_TRUE(complains(lines, ARRAY_SIZE(lines), &splats));
	EXPECT_EQ(1, splats);
}

TEST(klog_warning_in_trace_only)
{
	static const char *const lines[] = {
		"BUG: KASAN: slab-use-after-free in __list_del+0x1/0x2",
		"Call Trace:", " kvm_gmem_release+0x10/0x20",
	};
	unsigned int splats;

	EXPECT_TRUE(complains(lines, ARRAY_SIZE(lines), &splats));
}

TEST(klog_warning_of_somebody_else)
{
	static const char *const lines[] = {
		"WARNING: CPU: 0 PID: 12 at drivers/net/foo.c:1 foo+0x1/0x2",
		"Modules linked in: kvm_intel kvm foo",
		"---[ end trace 0000000000000000 ]---",
		"kvm: a line that is no complaint",
	};
	unsigned int splats;

	EXPECT_FALSE(complains(lines, ARRAY_SIZE(lines), &splats));
	EXPECT_EQ(1, splats);
}

TEST(klog_chatter)
{
	static const char *const lines[] = {
		"kvm_intel: L1TF CPU bug present", "kvm: emulating exchange as write",
	};
	unsigned int splats;

	EXPECT_FALSE(complains(lines, ARRAY_SIZE(lines), &splats));
	EXPECT_EQ(0, splats);
}

/* --- statistics descriptor ----------------------------------------------- */

/* A file in the documented format, with odd sizes and offsets. */
static int stats_file(uint32_t name_size, uint32_t desc_offset, uint32_t data_offset)
{
	struct kvm_stats_header h = {
		.name_size = name_size, .num_desc = 2, .id_offset = sizeof(h),
		.desc_offset = desc_offset, .data_offset = data_offset,
	};
	static const char *const names[] = { "pages_4k", "pf_taken" };
	uint64_t values[] = { 41, 42 };
	int fd = memfd_create("stats", 0);
	uint32_t i;

	if (pwrite(fd, &h, sizeof(h), 0) != sizeof(h))
		abort();
	for (i = 0; i < 2; i++) {
		size_t size = sizeof(struct kvm_stats_desc) + name_size;
		struct kvm_stats_desc *d = calloc(1, size);

		/* In reverse, so that order and offset disagree. */
		d->offset = (1 - i) * 8;
		d->size = 1;
		strcpy(d->name, names[i]);
		if (pwrite(fd, d, size, desc_offset + i * size) != (ssize_t)size ||
		    pwrite(fd, &values[i], 8, data_offset + d->offset) != 8)
			abort();
		free(d);
	}
	return fd;
}

TEST(kvmstat_any_layout)
{
	static const struct {
		uint32_t name_size, desc, data;
	} rows[] = { { 48, 512, 2048 }, { 16, 100, 40 + 500 }, { 128, 3000, 72 } };
	struct kvmstat *s;
	uint64_t v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		s = kvmstat_open_file(stats_file(rows[i].name_size, rows[i].desc, rows[i].data));
		ASSERT_NE(NULL, s);
		EXPECT_TRUE(kvmstat_get(s, "pages_4k", &v));
		EXPECT_EQ(41, v);
		EXPECT_TRUE(kvmstat_get(s, "pf_taken", &v));
		EXPECT_EQ(42, v);
		EXPECT_FALSE(kvmstat_get(s, "pages", &v));
		EXPECT_FALSE(kvmstat_get(s, "pages_4k_and_more", &v));
		kvmstat_close(s);
	}
}

TEST(kvmstat_cut_file)
{
	int fd = stats_file(48, 512, 2048);

	ASSERT_EQ(0, ftruncate(fd, 530));
	EXPECT_EQ(NULL, kvmstat_open_file(fd));
	ASSERT_EQ(0, ftruncate(fd, 10));
	EXPECT_EQ(NULL, kvmstat_open_file(fd));
}

/* --- exits --------------------------------------------------------------- */

static struct kvm_run run;

TEST(exit_fields_that_kvm_forgets)
{
	struct kexit e, want = MMIO_WR(0xc0000000, 4, 0x11223344);
	uint64_t before = exit_poison(&run, 0);

	exit_read(&run, 0, before, &e);
	EXPECT_EQ(KVM_EXIT_UNKNOWN, e.reason);

	run.exit_reason = KVM_EXIT_MMIO;
	run.mmio.phys_addr = 0xc0000000;
	run.mmio.is_write = 1;
	run.mmio.len = 4;
	memcpy(run.mmio.data, &(uint32_t){ 0x11223344 }, 4);
	exit_read(&run, 0, before, &e);
	EXPECT_TRUE(exit_equal(&e, &want));

	/* Zeroes beyond len are nobody's data, anything else is. */
	memset(run.mmio.data + 4, 0, 4);
	exit_read(&run, 0, before, &e);
	EXPECT_TRUE(exit_equal(&e, &want));
	run.mmio.data[7] = 0x42;
	exit_read(&run, 0, before, &e);
	EXPECT_FALSE(exit_equal(&e, &want));
}

TEST(exit_keeps_what_completes)
{
	uint64_t data = 0x0102030405060708ULL, left;

	memcpy(run.mmio.data, &data, 8);
	exit_poison(&run, KVM_EXIT_MMIO);
	memcpy(&left, run.mmio.data, 8);
	EXPECT_EQ(data, left);
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, run.mmio.phys_addr);
	run.hypercall.ret = 7;
	exit_poison(&run, KVM_EXIT_HYPERCALL);
	EXPECT_EQ(7, run.hypercall.ret);
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, run.hypercall.nr);
}

TEST(exit_differences)
{
	struct kexit a = MMIO_RD(0x1000, 8, 5), b;

	b = a;
	EXPECT_TRUE(exit_equal(&a, &b));
	b = a; b.addr++; EXPECT_FALSE(exit_equal(&a, &b));
	b = a; b.len = 4; EXPECT_FALSE(exit_equal(&a, &b));
	b = a; b.data++; EXPECT_FALSE(exit_equal(&a, &b));
	b = a; b.is_write = 1; EXPECT_FALSE(exit_equal(&a, &b));
	b = a; b.flags = 8; EXPECT_FALSE(exit_equal(&a, &b));
	b = a; b.err = EFAULT; EXPECT_FALSE(exit_equal(&a, &b));
	b = a; b.args[2] = 1; EXPECT_FALSE(exit_equal(&a, &b));
	b = a; b.reason = KVM_EXIT_IO; EXPECT_FALSE(exit_equal(&a, &b));
}

/* --- the specification ----------------------------------------------------- */

static struct model model;
static struct model_result res;

static int make_slot(unsigned int slot, unsigned int base, unsigned int pages, bool readonly)
{
	const struct model_region r = {
		.slot = slot, .base = base, .pages = pages, .readonly = readonly,
	};

	return model_region(&model, &r);
}

static int make_gmem(unsigned int slot, unsigned int base, unsigned int pages, unsigned int at)
{
	const struct model_region r = {
		.slot = slot, .base = base, .pages = pages, .gmem = true, .file_page = at,
		.buffer = 1,
	};

	return model_region(&model, &r);
}

static void guest_writes(uint64_t offset, unsigned int width, uint64_t value)
{
	uint64_t bytes[2] = { value, ~value };

	model_access(&model, offset, width, (uint8_t *)bytes, 0, &res);
}

static uint64_t guest_reads(uint64_t offset, unsigned int width)
{
	uint64_t v = 0;

	model_access(&model, offset, width, NULL, 0xee, &res);
	memcpy(&v, res.data, width < 8 ? width : 8);
	return v;
}

TEST(model_who_answers)
{
	model_init(&model, true, false);
	ASSERT_EQ(0, make_slot(0, 1, 1, false));
	ASSERT_EQ(0, make_slot(1, 2, 1, true));
	guest_writes(0x1008, 8, 5);
	EXPECT_EQ(0, res.exits);
	EXPECT_EQ(5, guest_reads(0x1008, 8));
	/* Both slots are the same host page. */
	EXPECT_EQ(5, guest_reads(0x2008, 8));
	guest_writes(0x2008, 4, 6);
	EXPECT_EQ(1, res.exits);
	EXPECT_EQ(MODEL_GPA + 0x2008, res.exit[0].addr);
	EXPECT_EQ(6, res.exit[0].data);
	EXPECT_EQ(5, guest_reads(0x2008, 8));
	EXPECT_EQ(0xeeee, guest_reads(0x3000, 2));
	EXPECT_EQ(1, res.exits);
}

TEST(model_split)
{
	model_init(&model, false, false);
	ASSERT_EQ(0, make_slot(0, 1, 1, false));
	/* Three bytes in RAM, thirteen beyond: two exits of 8 and 5. */
	guest_writes(0x1ffd, 16, 0x8877665544332211ULL);
	EXPECT_EQ(2, res.exits);
	EXPECT_EQ(8, res.exit[0].len);
	EXPECT_EQ(MODEL_GPA + 0x2000, res.exit[0].addr);
	EXPECT_EQ(5, res.exit[1].len);
	EXPECT_EQ(MODEL_GPA + 0x2008, res.exit[1].addr);
	EXPECT_EQ(0x332211, guest_reads(0x1ffd, 2) | (uint64_t)model.buffer[0][0][0xfff] << 16);
	/* Coalesced: the same two go to the ring instead. */
	model.zone[2] = true;
	guest_writes(0x1ffd, 16, 0x8877665544332211ULL);
	EXPECT_EQ(0, res.exits);
	EXPECT_EQ(2, res.rings);
}

TEST(model_slot_rules)
{
	model_init(&model, true, false);
	EXPECT_EQ(-EINVAL, make_slot(0, 0, 0, false));
	EXPECT_EQ(0, make_slot(0, 4, 4, false));
	EXPECT_EQ(-EEXIST, make_slot(1, 7, 2, false));
	EXPECT_EQ(0, make_slot(1, 8, 2, false));
	EXPECT_EQ(-EINVAL, make_slot(0, 4, 5, false));
	EXPECT_EQ(-EINVAL, make_slot(0, 4, 4, true));
	EXPECT_EQ(-EEXIST, make_slot(0, 6, 4, false));
	EXPECT_EQ(0, make_slot(0, 20, 4, false));
	EXPECT_EQ(0, make_gmem(2, 30, 4, 4));
	EXPECT_EQ(-EEXIST, make_gmem(3, 40, 4, 7));
	EXPECT_EQ(-EINVAL, make_gmem(3, 40, 4, 13));
	EXPECT_EQ(-EINVAL, make_gmem(2, 30, 4, 4));
	EXPECT_EQ(0, make_slot(2, 0, 0, false));
	EXPECT_EQ(0, make_gmem(3, 40, 4, 7));
}

TEST(model_punch_and_close)
{
	unsigned int least, most;

	model_init(&model, true, false);
	ASSERT_EQ(0, make_gmem(0, 10, 4, 2));
	guest_writes(10 * 4096, 8, 1);
	guest_writes(13 * 4096, 8, 4);
	model_mapped_range(&model, &least, &most);
	EXPECT_EQ(2, least);
	/* Pages 0 to 2 of the file are the slot's first page. */
	EXPECT_EQ(0, model_punch(&model, 0, 0, 3));
	model_mapped_range(&model, &least, &most);
	EXPECT_EQ(1, most);
	EXPECT_EQ(0, guest_reads(10 * 4096, 8));
	EXPECT_EQ(4, guest_reads(13 * 4096, 8));
	model_close(&model, 0);
	guest_reads(13 * 4096 + 5, 8);
	EXPECT_TRUE(res.stopped);
	EXPECT_EQ(MODEL_GPA + 13 * 4096, res.exit[0].addr);
	EXPECT_EQ(0, res.exit[0].flags);
	EXPECT_EQ(-EBADF, model_punch(&model, 0, 0, 1));
}

TEST(model_private)
{
	model_init(&model, true, true);
	ASSERT_EQ(0, make_gmem(0, 10, 2, 0));
	guest_writes(10 * 4096, 8, 1);
	EXPECT_EQ(1, *(uint64_t *)model.buffer[1][0]);
	EXPECT_EQ(0, model_attributes(&model, 10, 1, true));
	EXPECT_EQ(0, guest_reads(10 * 4096, 8));
	guest_writes(10 * 4096, 8, 2);
	EXPECT_EQ(1, *(uint64_t *)model.buffer[1][0]);
	EXPECT_EQ(0, model_attributes(&model, 10, 1, false));
	EXPECT_EQ(1, guest_reads(10 * 4096, 8));
	/* Private without guest_memfd: a fault that says so. */
	EXPECT_EQ(0, model_attributes(&model, 20, 1, true));
	guest_writes(20 * 4096 + 9, 1, 3);
	EXPECT_TRUE(res.stopped);
	EXPECT_EQ(KVM_MEMORY_EXIT_FLAG_PRIVATE, res.exit[0].flags);
}

TEST(model_dirty_log)
{
	const struct model_region log = { .slot = 0, .base = 1, .pages = 3, .log = true };
	uint64_t must, may;

	model_init(&model, false, false);
	ASSERT_EQ(0, make_slot(0, 1, 3, false));
	EXPECT_EQ(-ENOENT, model_dirty(&model, 0, &must, &may));
	ASSERT_EQ(0, model_region(&model, &log));
	guest_writes(0x2000, 8, 1);
	guest_reads(0x3000, 8);
	EXPECT_EQ(0, model_dirty(&model, 0, &must, &may));
	EXPECT_EQ(2, must);
	EXPECT_EQ(6, may);
	EXPECT_EQ(0, model_dirty(&model, 0, &must, &may));
	EXPECT_EQ(0, must);
}

TEST(model_aliases_lose_the_page)
{
	unsigned int least, most;

	model_init(&model, false, false);
	ASSERT_EQ(0, make_slot(0, 1, 2, false));
	ASSERT_EQ(0, make_slot(1, 5, 2, false));
	guest_writes(0x1000, 8, 7);
	EXPECT_EQ(7, guest_reads(0x5000, 8));
	guest_reads(0x6000, 8);
	model_drop(&model, 0, 0, 1);
	model_mapped_range(&model, &least, &most);
	EXPECT_EQ(1, most);
	EXPECT_EQ(0, guest_reads(0x5000, 8));
}

/* --- runner -------------------------------------------------------------- */

TEST(patterns)
{
	EXPECT_TRUE(plan_matches("pci_hole", "pci_hole.read"));
	EXPECT_TRUE(plan_matches("read", "pci_hole.read"));
	EXPECT_TRUE(plan_matches("pci_*.re?d", "pci_hole.read"));
	EXPECT_FALSE(plan_matches("pci_?.read", "pci_hole.read"));
	EXPECT_FALSE(plan_matches("write", "pci_hole.read"));
}

TEST(verdicts)
{
	static const struct {
		enum child_how how;
		int code;
		const char *output, *status, *reason;
	} rows[] = {
		{ CHILD_EXITED, 0, "ok 1 global.x\n", "pass", "" },
		{ CHILD_EXITED, 0, "ok 1 global.x # SKIP no such thing\n", "skip", "no such thing" },
		{ CHILD_EXITED, 1, "# Starting 1 tests\n#  RUN  x\n# what went wrong\nnot ok 1 x\n",
		  "fail", "what went wrong" },
		{ CHILD_EXITED, 1, "not ok 1 global.x #  slot refused\n", "fail", "slot refused" },
		{ CHILD_EXITED, 1, "# x: Test terminated unexpectedly by signal 11\nnot ok 1 x\n",
		  "error", "crashed: signal 11 (Segmentation fault)" },
		{ CHILD_EXITED, 1, "# x: Test terminated by timeout\nnot ok 1 x\n", "timeout",
		  "did not end within 30 s" },
		{ CHILD_EXITED, 1, "", "fail", "failed without a word" },
		{ CHILD_EXITED, 2, "", "xfail", "the program expected to fail" },
		{ CHILD_EXITED, 3, "", "fail", "passed although it was expected to fail" },
		{ CHILD_EXITED, 4, "# SKIP: no device\n", "skip", "no device" },
		{ CHILD_EXITED, 254, "", "error", "exit code 254" },
		{ CHILD_SIGNALED, 9, "", "error", "crashed: signal 9 (Killed)" },
		{ CHILD_TIMEOUT, 0, "", "timeout", "did not end within 30 s" },
		{ CHILD_BROKEN, ENOENT, "", "error",
		  "could not be started: No such file or directory" },
	};
	struct verdict v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		struct child_result r = {
			.how = rows[i].how, .code = rows[i].code,
			.output = (char *)rows[i].output,
		};

		verdict_of(&r, 30, &v);
		EXPECT_STREQ(rows[i].status, v.status) {
			TH_LOG("row %zu", i);
		}
		EXPECT_STREQ(rows[i].reason, v.reason) {
			TH_LOG("row %zu", i);
		}
	}
}

TEST_HARNESS_MAIN
