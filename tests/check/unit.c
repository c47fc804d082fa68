// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the library and the runner; they need no KVM. */
#define TH_LOG_STREAM stdout
#include <kselftest_harness.h>
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include <math.h>

#include "kvm/exits.h"
#include "util/jsonw.h"
#include "util/klog.h"
#include "kvm/kvmstat.h"
#include "util/quantile.h"
#include "runner/plan.h"
#include "runner/verdict.h"

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

/* Overlong forms, surrogates and truncated sequences are not valid UTF-8. */
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

/* --- kernel log ---------------------------------------------------------- */

static bool klog_finds(const char *const *lines, size_t n, unsigned int *splats)
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

	EXPECT_TRUE(klog_finds(lines, ARRAY_SIZE(lines), &splats));
	EXPECT_EQ(1, splats);
}

TEST(klog_warning_in_trace_only)
{
	static const char *const lines[] = {
		"BUG: KASAN: slab-use-after-free in __list_del+0x1/0x2",
		"Call Trace:", " kvm_gmem_release+0x10/0x20",
	};
	unsigned int splats;

	EXPECT_TRUE(klog_finds(lines, ARRAY_SIZE(lines), &splats));
}

TEST(klog_warning_outside_kvm)
{
	static const char *const lines[] = {
		"WARNING: CPU: 0 PID: 12 at drivers/net/foo.c:1 foo+0x1/0x2",
		"Modules linked in: kvm_intel kvm foo",
		"---[ end trace 0000000000000000 ]---",
		"kvm: a line that is not a warning",
	};
	unsigned int splats;

	EXPECT_FALSE(klog_finds(lines, ARRAY_SIZE(lines), &splats));
	EXPECT_EQ(1, splats);
}

TEST(klog_information)
{
	static const char *const lines[] = {
		"kvm_intel: L1TF CPU bug present", "kvm: emulating exchange as write",
	};
	unsigned int splats;

	EXPECT_FALSE(klog_finds(lines, ARRAY_SIZE(lines), &splats));
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

		/* Reversed, so that the descriptors and the data have different orders. */
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

TEST(kvmstat_truncated_file)
{
	int fd = stats_file(48, 512, 2048);

	ASSERT_EQ(0, ftruncate(fd, 530));
	EXPECT_EQ(NULL, kvmstat_open_file(fd));
	ASSERT_EQ(0, ftruncate(fd, 10));
	EXPECT_EQ(NULL, kvmstat_open_file(fd));
}

/* --- exits --------------------------------------------------------------- */

static struct kvm_run run;

TEST(exit_fields_that_kvm_does_not_set)
{
	struct kexit e, want = MMIO_WR(0xc0000000, 4, 0x11223344);
	uint64_t before = exit_poison(&run, 0, false);

	exit_read(&run, 0, before, &e);
	EXPECT_EQ(KVM_EXIT_UNKNOWN, e.reason);

	run.exit_reason = KVM_EXIT_MMIO;
	run.mmio.phys_addr = 0xc0000000;
	run.mmio.is_write = 1;
	run.mmio.len = 4;
	memcpy(run.mmio.data, &(uint32_t){ 0x11223344 }, 4);
	exit_read(&run, 0, before, &e);
	EXPECT_TRUE(exit_equal(&e, &want));

	/* Bytes beyond len are ignored only if they are zero. */
	memset(run.mmio.data + 4, 0, 4);
	exit_read(&run, 0, before, &e);
	EXPECT_TRUE(exit_equal(&e, &want));
	run.mmio.data[7] = 0x42;
	exit_read(&run, 0, before, &e);
	EXPECT_FALSE(exit_equal(&e, &want));
}

TEST(exit_poison_keeps_completion_data)
{
	uint64_t data = 0x0102030405060708ULL, left;

	memcpy(run.mmio.data, &data, 8);
	exit_poison(&run, KVM_EXIT_MMIO, false);
	memcpy(&left, run.mmio.data, 8);
	EXPECT_EQ(data, left);
	EXPECT_EQ(0xa5a5a5a5a5a5a5a5ULL, run.mmio.phys_addr);
	run.hypercall.ret = 7;
	exit_poison(&run, KVM_EXIT_HYPERCALL, false);
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

/* --- runner -------------------------------------------------------------- */

TEST(patterns)
{
	EXPECT_TRUE(plan_matches("pci_hole", "pci_hole.read"));
	EXPECT_TRUE(plan_matches("read", "pci_hole.read"));
	EXPECT_TRUE(plan_matches("pci_*.re?d", "pci_hole.read"));
	EXPECT_FALSE(plan_matches("pci_?.read", "pci_hole.read"));
	EXPECT_FALSE(plan_matches("write", "pci_hole.read"));
}

/* Set @by to the machine of each item: 1, 2, or 3 for both. */
static void share_in_two(const struct plan_item *items, size_t nr, unsigned int *by)
{
	struct plan_item copy[16];
	unsigned int m;
	size_t i;

	memset(by, 0, nr * sizeof(*by));
	for (m = 1; m <= 2; m++) {
		struct plan plan = { .items = copy, .nr = nr };

		memcpy(copy, items, nr * sizeof(*items));
		if (!plan_share(&plan, m == 1 ? "1/2" : "2/2"))
			return;
		for (i = 0; i < nr; i++)
			by[i] |= copy[i].elsewhere ? 0 : m;
	}
}

TEST(shares)
{
	static const struct {
		struct plan_item item;
		unsigned int by;
	} rows[] = {
		/* Variants stay together, and their times add up: 2000, 1000, and 40 + 40. */
		{ { .path = "a", .arg = "f.one.slow", .ms = 1000 }, 1 },
		{ { .path = "a", .arg = "f.one.quick" }, 2 },
		{ { .path = "a", .arg = "f.two.slow", .ms = 1000 }, 1 },
		{ { .path = "a", .arg = "f.two.quick" }, 2 },
		{ { .path = "a", .arg = "global.slow", .ms = 1000 }, 2 },
		/* Each program is shared separately; machine 2 has less load in total. */
		{ { .path = "b", .arg = "global.a" }, 2 },
		{ { .path = "b", .arg = "global.b" }, 1 },
		{ { .path = "c", .arg = "global.a" }, 2 },
		{ { .bench = true, .path = "d", .arg = "x" }, 1 },
		{ { .bench = true, .path = "d", .arg = "y" }, 1 },
	};
	struct plan_item items[ARRAY_SIZE(rows)];
	struct plan plan = { .items = items, .nr = ARRAY_SIZE(rows) };
	unsigned int by[ARRAY_SIZE(rows)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++)
		items[i] = rows[i].item;
	share_in_two(items, ARRAY_SIZE(rows), by);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		EXPECT_EQ(rows[i].by, by[i]) {
			TH_LOG("row %zu", i);
		}
	EXPECT_FALSE(plan_share(&plan, "3/2"));
	EXPECT_FALSE(plan_share(&plan, "0/2"));
	EXPECT_FALSE(plan_share(&plan, "one"));
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
		{ CHILD_EXITED, 1, "", "fail", "failed with no diagnostic" },
		{ CHILD_EXITED, 2, "", "xfail", "expected failure" },
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

#include "unit_arch.h"

TEST_HARNESS_MAIN
