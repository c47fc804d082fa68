// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of the model, the sequence generator and shrinking; they need no KVM. */
#define TH_LOG_STREAM stdout
#include <kselftest_harness.h>
#pragma GCC diagnostic ignored "-Wunused-parameter"

#include "oracle/model.h"
#include "oracle/steps.h"

#define PAGE(n) ((uint64_t)(n) * MODEL_PAGE)
#define GPA 0xc0000000ULL

static struct model model;
static struct model_result res;

#define BEGIN(...) \
	model_init(&model, &(const struct model_vm){ .gpa = GPA, ##__VA_ARGS__ })

#define SLOT(s, b, n, ...) \
	model_region(&model, &(const struct model_region){ \
		.slot = (s), .base = (b), .pages = (n), ##__VA_ARGS__ })

#define DELETE(s) model_region(&model, &(const struct model_region){ .slot = (s) })

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

/* Whether the bounds of both counts are exactly @small and @huge. */
static bool maps(unsigned int small, unsigned int huge)
{
	const struct model_counts *c = &model.counts;

	if (c->least_4k == small && c->most_4k == small && c->least_2m == huge &&
	    c->most_2m == huge)
		return true;
	printf("# %u to %u of 4 KiB, %u to %u of 2 MiB\n", c->least_4k, c->most_4k, c->least_2m,
	       c->most_2m);
	return false;
}

/* --- who answers ---------------------------------------------------------------- */

TEST(who_answers)
{
	BEGIN();
	ASSERT_EQ(0, SLOT(0, 1, 1));
	ASSERT_EQ(0, SLOT(1, 2, 1, .readonly = true));
	guest_writes(0x1008, 8, 5);
	EXPECT_EQ(0, res.exits);
	EXPECT_EQ(5, guest_reads(0x1008, 8));
	/* Both slots are the same host page. */
	EXPECT_EQ(5, guest_reads(0x2008, 8));
	guest_writes(0x2008, 4, 6);
	EXPECT_EQ(1, res.exits);
	EXPECT_EQ(GPA + 0x2008, res.exit[0].addr);
	EXPECT_EQ(6, res.exit[0].data);
	EXPECT_EQ(5, guest_reads(0x2008, 8));
	EXPECT_EQ(0xeeee, guest_reads(0x3000, 2));
	EXPECT_EQ(1, res.exits);
}

/* A write to a read-only slot maps nothing unless it hits a stale cached MMIO entry. */
TEST(stale_misconfiguration)
{
	bool reads;

	for (reads = false;; reads = true) {
		BEGIN(.stale_mmio_reads = reads);
		guest_writes(0x2000, 8, 1);
		ASSERT_EQ(0, SLOT(0, 1, 2, .readonly = true));
		guest_writes(0x1000, 8, 1);
		EXPECT_TRUE(maps(0, 0));
		guest_writes(0x2000, 8, 1);
		EXPECT_EQ(1, res.exits);
		EXPECT_EQ(0, model.counts.least_4k);
		EXPECT_EQ(reads, model.counts.most_4k);
		/* A read replaces the cached MMIO entry. */
		guest_reads(0x2000, 8);
		EXPECT_TRUE(maps(1, 0));
		guest_writes(0x2000, 8, 1);
		EXPECT_TRUE(maps(1, 0));
		if (reads)
			break;
	}
}

/* A read maps a host-writable page writable, each time that it has to map it. */
TEST(mapping_forgotten)
{
	uint64_t must[MODEL_LOG], may[MODEL_LOG];
	bool forgets;

	for (forgets = false;; forgets = true) {
		BEGIN(.forgets = forgets);
		ASSERT_EQ(0, SLOT(0, 1, 1, .log = true));
		guest_writes(0x1000, 8, 1);
		ASSERT_EQ(0, model_dirty(&model, 0, must, may));
		EXPECT_EQ(1, must[0]);
		guest_reads(0x1000, 8);
		ASSERT_EQ(0, model_dirty(&model, 0, must, may));
		EXPECT_EQ(0, must[0]);
		EXPECT_EQ(forgets, may[0]);
		if (forgets)
			break;
	}
}

TEST(split_accesses)
{
	BEGIN();
	ASSERT_EQ(0, SLOT(0, 1, 1));
	/* Three bytes in RAM, thirteen beyond: two exits of 8 and 5. */
	guest_writes(0x1ffd, 16, 0x8877665544332211ULL);
	EXPECT_EQ(2, res.exits);
	EXPECT_EQ(8, res.exit[0].len);
	EXPECT_EQ(GPA + 0x2000, res.exit[0].addr);
	EXPECT_EQ(5, res.exit[1].len);
	EXPECT_EQ(GPA + 0x2008, res.exit[1].addr);
	EXPECT_EQ(0x2211, guest_reads(0x1ffd, 2));
	EXPECT_EQ(0x33, guest_reads(0x1fff, 1));
	EXPECT_EQ(0xee33, guest_reads(0x1fff, 2));
}

/* A read and a write; each exits depending on the slot. */
TEST(read_modify_write)
{
	BEGIN();
	ASSERT_EQ(0, SLOT(0, 1, 1));
	ASSERT_EQ(0, SLOT(1, 2, 1, .readonly = true));
	guest_writes(0x1000, 8, 40);
	model_add(&model, 0x1000, 8, 2, 0, &res);
	EXPECT_EQ(0, res.exits);
	EXPECT_EQ(42, guest_reads(0x1000, 8));
	model_add(&model, 0x2000, 4, 3, 0, &res);
	ASSERT_EQ(1, res.exits);
	EXPECT_EQ(1, res.exit[0].is_write);
	EXPECT_EQ(45, res.exit[0].data);
	EXPECT_EQ(42, guest_reads(0x1000, 8));
	model_add(&model, 0x3000, 1, 2, 0xff, &res);
	ASSERT_EQ(2, res.exits);
	EXPECT_EQ(0xff, res.exit[0].data);
	EXPECT_EQ(1, res.exit[1].data);
}

TEST(the_window_begins_where_it_is_put)
{
	BEGIN();
	model.vm.gpa = 0;
	guest_reads(0x8, 8);
	EXPECT_EQ(8, res.exit[0].addr);
	model.vm.gpa = (1ULL << 40) - MODEL_WINDOW * MODEL_PAGE;
	guest_reads(PAGE(MODEL_WINDOW) - 8, 8);
	EXPECT_EQ((1ULL << 40) - 8, res.exit[0].addr);
	EXPECT_FALSE(model_defined(&model, PAGE(MODEL_WINDOW) - 7, 8, true, false));
}

/* --- slots ---------------------------------------------------------------------- */

TEST(slot_rules)
{
	BEGIN(.gmem = true);
	EXPECT_EQ(-EINVAL, DELETE(0));
	EXPECT_EQ(0, SLOT(0, 4, 4));
	EXPECT_EQ(-EEXIST, SLOT(1, 7, 2));
	EXPECT_EQ(0, SLOT(1, 8, 2));
	EXPECT_EQ(-EINVAL, SLOT(0, 4, 5));
	EXPECT_EQ(-EINVAL, SLOT(0, 4, 4, .readonly = true));
	EXPECT_EQ(-EINVAL, SLOT(0, 4, 4, .buffer_page = 1));
	EXPECT_EQ(-EEXIST, SLOT(0, 6, 4));
	EXPECT_EQ(0, SLOT(0, 20, 4));
	EXPECT_EQ(0, SLOT(2, 30, 4, .gmem = true, .file_page = 4));
	EXPECT_EQ(-EEXIST, SLOT(3, 40, 4, .gmem = true, .file_page = 7));
	EXPECT_EQ(0, SLOT(3, 40, 4, .gmem = true, .file_page = 8));
	EXPECT_EQ(-EINVAL, SLOT(4, 50, 4, .gmem = true, .file_page = MODEL_BACK - 3));
	EXPECT_EQ(-EINVAL, SLOT(4, 50, 4, .gmem = true, .readonly = true));
	EXPECT_EQ(-EINVAL, SLOT(4, 50, 4, .gmem = true, .log = true));
	EXPECT_EQ(-EINVAL, SLOT(2, 30, 4, .gmem = true, .file_page = 4));
	EXPECT_EQ(-EINVAL, SLOT(2, 31, 4));
	EXPECT_EQ(0, DELETE(2));
	EXPECT_EQ(0, SLOT(4, 50, 4, .gmem = true, .file_page = 4));
	EXPECT_EQ(0, model_close(&model, 0));
	EXPECT_EQ(-EBADF, SLOT(5, 60, 1, .gmem = true, .file_page = 100));
}

TEST(moving_and_deleting_drop_mappings)
{
	BEGIN();
	ASSERT_EQ(0, SLOT(0, 1, 2));
	ASSERT_EQ(0, SLOT(1, 5, 2, .buffer_page = 4));
	guest_reads(PAGE(1), 8);
	guest_reads(PAGE(5), 8);
	EXPECT_TRUE(maps(2, 0));
	ASSERT_EQ(0, SLOT(0, 8, 2));
	EXPECT_TRUE(maps(1, 0));
	model.vm.zap_all = true;
	guest_reads(PAGE(8), 8);
	EXPECT_EQ(0, model.zaps);
	ASSERT_EQ(0, DELETE(1));
	EXPECT_TRUE(maps(0, 0));
	EXPECT_EQ(1, model.zaps);
	/* A refused call unmaps nothing. */
	guest_reads(PAGE(8), 8);
	ASSERT_EQ(0, SLOT(1, 5, 2));
	EXPECT_EQ(-EEXIST, SLOT(1, 9, 2));
	EXPECT_TRUE(maps(1, 0));
}

TEST(proposed_flags)
{
	BEGIN();
	EXPECT_EQ(-EINVAL, SLOT(0, 1, 4, .hole = true, .no_hva = true));
	EXPECT_EQ(-EINVAL, SLOT(0, 1, 4, .single = true));
	BEGIN(.hole = true, .single = true, .gmem = true);
	EXPECT_EQ(-EINVAL, SLOT(0, 1, 4, .hole = true));
	EXPECT_EQ(-EINVAL, SLOT(0, 1, 4, .hole = true, .no_hva = true, .readonly = true));
	EXPECT_EQ(-EINVAL, SLOT(0, 1, 4, .hole = true, .no_hva = true, .log = true));
	EXPECT_EQ(-EINVAL, SLOT(0, 1, 4, .hole = true, .no_hva = true, .gmem = true));
	EXPECT_EQ(-EINVAL, SLOT(0, 1, 4, .hole = true, .no_hva = true, .single = true));
	ASSERT_EQ(0, SLOT(0, 1, 4, .hole = true, .no_hva = true));
	EXPECT_EQ(-EINVAL, SLOT(0, 1, 4, .no_hva = true));
	EXPECT_EQ(~0ULL, guest_reads(0x1234, 8));
	EXPECT_EQ(0, res.exits);
	guest_writes(0x1234, 4, 7);
	EXPECT_EQ(1, res.exits);
	EXPECT_EQ(~0ULL, guest_reads(0x1234, 8));
	/* One half in a hole, one without a slot. */
	EXPECT_EQ(0xeeff, guest_reads(0x4fff, 2));
	EXPECT_TRUE(maps(0, 0));

	/* The variant that drops writes instead of exiting. */
	model.vm.hole_drops = true;
	guest_writes(0x1234, 4, 7);
	EXPECT_EQ(0, res.exits);
	EXPECT_EQ(~0ULL, guest_reads(0x1234, 8));

	ASSERT_EQ(0, SLOT(1, 10, 4, .single = true, .buffer_page = 3));
	guest_writes(PAGE(12) + 8, 8, 9);
	EXPECT_EQ(9, guest_reads(PAGE(10) + 8, 8));
	guest_writes(PAGE(11) - 1, 2, 0x2211);
	EXPECT_EQ(0x22, guest_reads(PAGE(13), 1));
	EXPECT_EQ(0x11, guest_reads(PAGE(13) + 0xfff, 1));
	EXPECT_TRUE(maps(4, 0));
	/* The pages after the one at userspace_addr do not belong to the slot. */
	model_drop(&model, 0, 4, 10);
	EXPECT_TRUE(maps(4, 0));
	model_drop(&model, 0, 3, 1);
	EXPECT_TRUE(maps(0, 0));
	EXPECT_EQ(0, guest_reads(PAGE(10) + 8, 8));
}

/* --- guest_memfd and attributes ------------------------------------------------- */

TEST(punch_and_close)
{
	BEGIN(.gmem = true);
	ASSERT_EQ(0, SLOT(0, 10, 4, .gmem = true, .file_page = 2));
	guest_writes(PAGE(10), 8, 1);
	guest_writes(PAGE(13), 8, 4);
	EXPECT_TRUE(maps(2, 0));
	/* Pages 0 to 2 of the file are the slot's first page. */
	EXPECT_EQ(0, model_punch(&model, 0, 0, 3));
	EXPECT_TRUE(maps(1, 0));
	EXPECT_EQ(0, guest_reads(PAGE(10), 8));
	EXPECT_EQ(4, guest_reads(PAGE(13), 8));
	EXPECT_EQ(0, model_close(&model, 0));
	EXPECT_TRUE(maps(0, 0));
	guest_reads(PAGE(13) + 5, 8);
	EXPECT_TRUE(res.stopped);
	EXPECT_EQ(GPA + PAGE(13), res.exit[0].addr);
	EXPECT_EQ(0, res.exit[0].flags);
	EXPECT_EQ(-EBADF, model_punch(&model, 0, 0, 1));
	EXPECT_EQ(MODEL_UNDEFINED, model_reopen(&model, 0));
	EXPECT_EQ(0, DELETE(0));
	EXPECT_EQ(0, model_reopen(&model, 0));
}

/* One range in two slots whose order in the file differs from that in the guest. */
TEST(punch_over_two_bindings)
{
	unsigned int p;

	BEGIN(.gmem = true);
	ASSERT_EQ(0, SLOT(0, 40, 4, .gmem = true, .file_page = 2));
	ASSERT_EQ(0, SLOT(1, 20, 4, .gmem = true, .file_page = 8));
	for (p = 0; p < 4; p++) {
		guest_writes(PAGE(40 + p), 8, 100 + p);
		guest_writes(PAGE(20 + p), 8, 200 + p);
	}
	EXPECT_TRUE(maps(8, 0));
	ASSERT_EQ(0, model_punch(&model, 0, 4, 5));
	EXPECT_TRUE(maps(5, 0));
	EXPECT_EQ(101, guest_reads(PAGE(41), 8));
	EXPECT_EQ(0, guest_reads(PAGE(42), 8));
	EXPECT_EQ(0, guest_reads(PAGE(43), 8));
	EXPECT_EQ(0, guest_reads(PAGE(20), 8));
	EXPECT_EQ(201, guest_reads(PAGE(21), 8));
}

/* Traits of an architecture that narrow what is specified. */
TEST(traits)
{
	BEGIN(.private = true, .gmem = true);
	guest_reads(PAGE(3), 8);
	EXPECT_TRUE(model_defined(&model, PAGE(4) - 4, 8, true, false));
	EXPECT_TRUE(model_defined(&model, PAGE(3), 16, true, false));
	EXPECT_EQ(0, model_attributes(&model, 3, 1, true));
	EXPECT_FALSE(model_defined(&model, PAGE(3), 8, true, false));

	BEGIN(.private = true, .gmem = true, .uncached = true, .undecoded = true);
	guest_reads(PAGE(3), 8);
	EXPECT_FALSE(model_defined(&model, PAGE(4) - 4, 8, true, false));
	EXPECT_FALSE(model_defined(&model, PAGE(3), 16, true, false));
	EXPECT_FALSE(model_defined(&model, PAGE(3), 8, true, true));
	EXPECT_TRUE(model_defined(&model, PAGE(3), 8, true, false));
	EXPECT_EQ(0, model_attributes(&model, 3, 1, true));
	EXPECT_TRUE(model_defined(&model, PAGE(3), 8, true, false));
	ASSERT_EQ(0, SLOT(0, 10, 2));
	EXPECT_TRUE(model_defined(&model, PAGE(10), 8, true, true));
	EXPECT_FALSE(model_defined(&model, PAGE(10) + 1, 8, true, true));
}

TEST(private_memory)
{
	BEGIN(.gmem = true, .private = true);
	ASSERT_EQ(0, SLOT(0, 10, 2, .gmem = true, .buffer = 1));
	guest_writes(PAGE(10), 8, 1);
	EXPECT_EQ(1, *(uint64_t *)model_bytes(&model, &model.buffer[1], 0));
	EXPECT_EQ(0, model_attributes(&model, 10, 1, true));
	EXPECT_EQ(0, guest_reads(PAGE(10), 8));
	guest_writes(PAGE(10), 8, 2);
	EXPECT_EQ(1, *(uint64_t *)model_bytes(&model, &model.buffer[1], 0));
	EXPECT_EQ(0, model_attributes(&model, 10, 1, false));
	EXPECT_EQ(1, guest_reads(PAGE(10), 8));
	/* Private without guest_memfd: memory fault with the private flag. */
	EXPECT_EQ(0, model_attributes(&model, 20, 1, true));
	guest_writes(PAGE(20) + 9, 1, 3);
	EXPECT_TRUE(res.stopped);
	EXPECT_EQ(KVM_MEMORY_EXIT_FLAG_PRIVATE, res.exit[0].flags);
	/* Accessed as MMIO before it became private (E8): not specified. */
	guest_reads(PAGE(11) + PAGE(1), 8);
	EXPECT_EQ(0, model_attributes(&model, 12, 1, true));
	EXPECT_FALSE(model_defined(&model, PAGE(12), 8, true, false));
}

/* --- the dirty log -------------------------------------------------------------- */

TEST(dirty_log)
{
	uint64_t must[MODEL_LOG], may[MODEL_LOG];

	BEGIN();
	ASSERT_EQ(0, SLOT(0, 1, 3));
	EXPECT_EQ(-ENOENT, model_dirty(&model, 0, must, may));
	ASSERT_EQ(0, SLOT(0, 1, 3, .log = true));
	guest_writes(PAGE(2), 8, 1);
	/* The zero page: mapped for reading only. */
	guest_reads(PAGE(3), 8);
	EXPECT_EQ(0, model_dirty(&model, 0, must, may));
	EXPECT_EQ(2, must[0]);
	EXPECT_EQ(2, may[0]);
	/* It was mapped already. */
	guest_reads(PAGE(2), 8);
	EXPECT_EQ(0, model_dirty(&model, 0, must, may));
	EXPECT_EQ(0, may[0]);
	/* When a read maps the page again, KVM may map it writable. */
	model_host_write(&model, 0, 0, 5);
	guest_reads(PAGE(1), 8);
	EXPECT_EQ(0, model_dirty(&model, 0, must, may));
	EXPECT_EQ(0, must[0]);
	EXPECT_EQ(1, may[0]);
	/* The log moves with the slot and ends with the flag. */
	guest_writes(PAGE(3), 1, 1);
	ASSERT_EQ(0, SLOT(0, 11, 3, .log = true));
	ASSERT_EQ(-ENOENT, model_dirty(&model, 1, must, may));
	EXPECT_EQ(0, model_dirty(&model, 0, must, may));
	EXPECT_EQ(4, must[0]);
	ASSERT_EQ(0, SLOT(0, 11, 3));
	EXPECT_EQ(-ENOENT, model_dirty(&model, 0, must, may));
}

TEST(dirty_log_cleared_by_hand)
{
	uint64_t must[MODEL_LOG], may[MODEL_LOG];

	BEGIN(.manual = MODEL_MANUAL);
	ASSERT_EQ(0, SLOT(0, 1, 130, .log = true));
	guest_writes(PAGE(1), 8, 1);
	guest_writes(PAGE(1 + 64), 8, 1);
	guest_writes(PAGE(1 + 129), 8, 1);
	EXPECT_EQ(0, model_dirty(&model, 0, must, may));
	EXPECT_EQ(0, model_clear(&model, 0, 1, 1, ~0ULL));
	EXPECT_EQ(0, model_dirty(&model, 0, must, may));
	EXPECT_EQ(1, must[0]);
	EXPECT_EQ(0, may[1]);
	EXPECT_EQ(2, must[2]);
	EXPECT_EQ(0, model_clear(&model, 0, 0, 3, 1));
	EXPECT_EQ(0, model_dirty(&model, 0, must, may));
	EXPECT_EQ(0, may[0]);
	EXPECT_EQ(2, must[2]);

	BEGIN(.manual = MODEL_MANUAL | MODEL_INIT_SET);
	ASSERT_EQ(0, SLOT(0, 1, 66, .log = true));
	EXPECT_EQ(0, model_dirty(&model, 0, must, may));
	EXPECT_EQ(~0ULL, must[0]);
	EXPECT_EQ(3, must[1]);
	EXPECT_EQ(3, may[1]);
}

TEST(read_only_is_never_dirty)
{
	uint64_t must[MODEL_LOG], may[MODEL_LOG];

	BEGIN();
	ASSERT_EQ(0, SLOT(0, 1, 3, .readonly = true, .log = true));
	model_host_write(&model, 0, 0, 5);
	guest_reads(PAGE(1), 8);
	guest_writes(PAGE(1), 8, 1);
	EXPECT_EQ(1, res.exits);
	EXPECT_EQ(0, model_dirty(&model, 0, must, may));
	EXPECT_EQ(0, may[0]);
}

/* --- mappings ------------------------------------------------------------------- */

TEST(aliases_lose_the_page)
{
	BEGIN();
	ASSERT_EQ(0, SLOT(0, 1, 2));
	ASSERT_EQ(0, SLOT(1, 5, 2));
	guest_writes(PAGE(1), 8, 7);
	EXPECT_EQ(7, guest_reads(PAGE(5), 8));
	guest_reads(PAGE(6), 8);
	EXPECT_TRUE(maps(3, 0));
	model_drop(&model, 0, 0, 1);
	EXPECT_TRUE(maps(1, 0));
	EXPECT_EQ(0, guest_reads(PAGE(5), 8));
}

/* The first write replaces the zero page, which unmaps it from all aliases. */
TEST(the_zero_page_is_exchanged)
{
	BEGIN();
	ASSERT_EQ(0, SLOT(0, 1, 1));
	ASSERT_EQ(0, SLOT(1, 5, 1));
	ASSERT_EQ(0, SLOT(2, 9, 1));
	guest_reads(PAGE(1), 8);
	guest_reads(PAGE(5), 8);
	EXPECT_TRUE(maps(2, 0));
	guest_writes(PAGE(9), 8, 1);
	EXPECT_TRUE(maps(1, 0));
	guest_reads(PAGE(1), 8);
	model_host_write(&model, 0, 0, 2);
	EXPECT_TRUE(maps(2, 0));
	model_drop(&model, 0, 0, 1);
	guest_reads(PAGE(1), 8);
	model_host_write(&model, 0, 0, 3);
	EXPECT_TRUE(maps(0, 0));
}

TEST(huge_where_all_is_aligned)
{
	static const struct {
		unsigned int base, pages, page;
		bool readonly, log;
		unsigned int buffer;
		bool huge;
	} rows[] = {
		{ 0, 512, 0, false, false, 1, true },
		{ 512, 1024, 0, false, false, 1, true },
		{ 513, 1023, 1, false, false, 1, true },	/* the second of two */
		{ 0, 512, 0, true, false, 1, true },
		{ 0, 512, 0, false, true, 1, false },
		{ 0, 512, 0, false, false, 0, false },
		{ 0, 511, 0, false, false, 1, false },
		{ 1, 512, 0, false, false, 1, false },
		{ 0, 512, 1, false, false, 1, false },
		{ 16, 1024, 0, false, false, 1, false },
	};
	unsigned int i, touch;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		BEGIN(.thp = true);
		ASSERT_EQ(0, SLOT(0, rows[i].base, rows[i].pages, .buffer = rows[i].buffer,
				  .buffer_page = rows[i].page, .readonly = rows[i].readonly,
				  .log = rows[i].log));
		touch = rows[i].base + rows[i].pages - 1;
		guest_reads(PAGE(touch), 8);
		EXPECT_TRUE(maps(!rows[i].huge, rows[i].huge)) {
			TH_LOG("row %u", i);
		}
	}
	BEGIN();
	ASSERT_EQ(0, SLOT(0, 0, 512, .buffer = 1));
	guest_reads(0, 8);
	EXPECT_TRUE(maps(1, 0));
}

TEST(huge_until_part_of_it_goes)
{
	BEGIN(.thp = true);
	ASSERT_EQ(0, SLOT(0, 512, 1024, .buffer = 1));
	ASSERT_EQ(0, SLOT(1, 3, 8, .buffer = 1, .buffer_page = 4));
	guest_writes(PAGE(512), 8, 1);
	guest_writes(PAGE(1024), 8, 2);
	guest_writes(PAGE(3), 8, 3);
	EXPECT_EQ(3, guest_reads(PAGE(516), 8));
	EXPECT_TRUE(maps(1, 2));
	/* The host splits its page: mappings of the first huge page may be zapped. */
	model_drop(&model, 1, 10, 1);
	EXPECT_EQ(1, model.counts.most_2m);
	EXPECT_EQ(1, model.counts.least_2m);
	EXPECT_EQ(0, model.counts.least_4k);
	EXPECT_EQ(1, model.counts.most_4k);
	EXPECT_FALSE(model_settle(&model, 2, 1));
	EXPECT_TRUE(model_settle(&model, 0, 1));
	EXPECT_TRUE(maps(0, 1));
	EXPECT_EQ(1, guest_reads(PAGE(512), 8));
	EXPECT_TRUE(maps(1, 1));
	EXPECT_EQ(0, guest_reads(PAGE(522), 8));
	EXPECT_EQ(2, guest_reads(PAGE(1024), 8));
	EXPECT_TRUE(maps(2, 1));
}

TEST(huge_and_the_log)
{
	BEGIN(.thp = true, .eager_split = true);
	ASSERT_EQ(0, SLOT(0, 512, 520, .buffer = 1));
	guest_writes(PAGE(600), 8, 1);
	guest_writes(PAGE(1025), 8, 1);
	EXPECT_TRUE(maps(1, 1));
	ASSERT_EQ(0, SLOT(0, 512, 520, .buffer = 1, .log = true));
	EXPECT_TRUE(maps(513, 0));
	/* Disabling the log zaps them, or replaces them by a huge mapping. */
	ASSERT_EQ(0, SLOT(0, 512, 520, .buffer = 1));
	EXPECT_EQ(1, model.counts.least_4k);
	EXPECT_EQ(1, model.counts.most_4k);
	EXPECT_EQ(0, model.counts.least_2m);
	EXPECT_EQ(1, model.counts.most_2m);
	ASSERT_TRUE(model_settle(&model, 1, 0));
	guest_reads(PAGE(700), 8);
	EXPECT_TRUE(maps(1, 1));

	/* Without eager_split the first write may split it. */
	BEGIN(.thp = true);
	ASSERT_EQ(0, SLOT(0, 512, 512, .buffer = 1));
	guest_writes(PAGE(600), 8, 1);
	ASSERT_EQ(0, SLOT(0, 512, 512, .buffer = 1, .log = true));
	EXPECT_TRUE(maps(0, 1));
	guest_writes(PAGE(600), 8, 1);
	EXPECT_EQ(512, model.counts.most_4k);
	EXPECT_TRUE(model_settle(&model, 512, 0));
	EXPECT_TRUE(maps(512, 0));
}

/* With MODEL_INIT_SET, clearing bits splits huge mappings. */
TEST(huge_and_a_log_that_begins_full)
{
	BEGIN(.thp = true, .eager_split = true, .manual = MODEL_MANUAL | MODEL_INIT_SET);
	ASSERT_EQ(0, SLOT(0, 512, 1024, .buffer = 1));
	guest_writes(PAGE(600), 8, 1);
	guest_writes(PAGE(1200), 8, 1);
	EXPECT_TRUE(maps(0, 2));
	ASSERT_EQ(0, SLOT(0, 512, 1024, .buffer = 1, .log = true));
	EXPECT_TRUE(maps(0, 2));
	EXPECT_EQ(0, model_clear(&model, 0, 8, 1, 1));
	EXPECT_TRUE(maps(512, 1));
	EXPECT_EQ(0, model_clear(&model, 0, 8, 8, 1));
	EXPECT_TRUE(maps(512, 1));
	EXPECT_EQ(0, model_clear(&model, 0, 0, 1, 2));
	EXPECT_TRUE(maps(1024, 0));
}

TEST(huge_and_mixed_attributes)
{
	BEGIN(.thp = true, .gmem = true, .private = true);
	ASSERT_EQ(0, SLOT(0, 512, 1024, .buffer = 1, .gmem = true));
	guest_writes(PAGE(512), 8, 1);
	guest_writes(PAGE(1024), 8, 1);
	EXPECT_TRUE(maps(0, 2));
	ASSERT_EQ(0, model_attributes(&model, 700, 1, true));
	EXPECT_TRUE(maps(0, 1));
	guest_reads(PAGE(512), 8);
	guest_reads(PAGE(513), 8);
	guest_reads(PAGE(700), 8);
	EXPECT_TRUE(maps(3, 1));
	/* Shared again: the next fault replaces the 4 KiB mappings by a huge one. */
	ASSERT_EQ(0, model_attributes(&model, 700, 1, false));
	EXPECT_TRUE(maps(2, 1));
	guest_reads(PAGE(700), 8);
	EXPECT_TRUE(maps(0, 2));
}

TEST(one_half_memory_one_half_not)
{
	BEGIN();
	ASSERT_EQ(0, SLOT(0, 1, 1));
	guest_reads(0x1ffc, 8);
	/* The memory half may be mapped before the other half exits. */
	EXPECT_EQ(0, model.counts.least_4k);
	EXPECT_EQ(1, model.counts.most_4k);
	EXPECT_TRUE(model_settle(&model, 1, 0));
	EXPECT_TRUE(maps(1, 0));
}

/* --- the bus -------------------------------------------------------------------- */

TEST(zones)
{
	BEGIN();
	EXPECT_EQ(0, model_zone(&model, 0, true, 0x2000, 0x104));
	EXPECT_EQ(MODEL_UNDEFINED, model_zone(&model, 1, true, 0x2100, 8));
	EXPECT_EQ(0, model_zone(&model, 1, true, 0x2104, 8));
	guest_writes(0x2100, 4, 1);
	EXPECT_EQ(0, res.exits);
	EXPECT_EQ(1, res.rings);
	/* Neither zone contains the whole access. */
	guest_writes(0x2100, 8, 1);
	EXPECT_EQ(1, res.exits);
	guest_writes(0x1fff, 2, 1);
	EXPECT_EQ(1, res.exits);
	EXPECT_EQ(1, res.rings);
	guest_reads(0x2000, 4);
	EXPECT_EQ(1, res.exits);
	guest_writes(0x2010, 16, 1);
	EXPECT_EQ(2, res.rings);
	/* The first 8 bytes exit: the handling of the rest is not specified. */
	EXPECT_FALSE(model_defined(&model, 0x20fc, 16, false, true));
	EXPECT_TRUE(model_defined(&model, 0x20fc, 16, true, false));
	EXPECT_EQ(MODEL_UNDEFINED, model_zone(&model, 0, false, 0x2000, 0x100));
	EXPECT_EQ(0, model_zone(&model, 0, false, 0x2000, 0x104));
	guest_writes(0x2100, 4, 1);
	EXPECT_EQ(1, res.exits);
}

#define EVENT(i, ...) \
	model_event(&model, (i), &(const struct model_event){ .on = true, ##__VA_ARGS__ })

TEST(ioeventfds)
{
	BEGIN();
	EXPECT_EQ(-EINVAL, EVENT(0, .at = 0x1000, .match = true));
	EXPECT_EQ(0, EVENT(0, .at = 0x1000, .len = 4, .match = true, .value = 5));
	EXPECT_EQ(-EEXIST, EVENT(1, .at = 0x1000, .len = 4));
	EXPECT_EQ(-EEXIST, EVENT(1, .at = 0x1000));
	EXPECT_EQ(0, EVENT(1, .at = 0x1000, .len = 4, .match = true, .value = 6));
	EXPECT_EQ(0, EVENT(2, .at = 0x1000, .len = 8));
	EXPECT_EQ(MODEL_UNDEFINED, EVENT(3, .at = 0x1004, .len = 4));
	EXPECT_EQ(MODEL_UNDEFINED, model_zone(&model, 0, true, 0x1007, 1));
	guest_writes(0x1000, 4, 6);
	EXPECT_EQ(0, res.signals[0]);
	EXPECT_EQ(1, res.signals[1]);
	EXPECT_EQ(0, res.exits);
	guest_writes(0x1000, 4, 7);
	EXPECT_EQ(1, res.exits);
	guest_writes(0x1000, 8, 5);
	EXPECT_EQ(1, res.signals[2]);
	guest_writes(0x1001, 4, 5);
	EXPECT_EQ(1, res.exits);
	EXPECT_EQ(-ENOENT, model_event(&model, 1, &(const struct model_event){
		.at = 0x1000, .len = 4, .match = true, .value = 7 }));
	EXPECT_EQ(0, model_event(&model, 1, &(const struct model_event){
		.at = 0x1000, .len = 4, .match = true, .value = 6 }));
	guest_writes(0x1000, 4, 6);
	EXPECT_EQ(1, res.exits);
	/* Of any length: only the plain write at its address is specified. */
	EXPECT_EQ(0, EVENT(3, .at = 0x3000));
	EXPECT_TRUE(model_defined(&model, 0x3000, 2, false, true));
	EXPECT_FALSE(model_defined(&model, 0x3000, 2, true, false));
	EXPECT_FALSE(model_defined(&model, 0x3000, 16, false, true));
	EXPECT_FALSE(model_defined(&model, 0x2ffc, 8, false, true));
	guest_writes(0x3000, 2, 6);
	EXPECT_EQ(1, res.signals[3]);
}

/* --- steps ---------------------------------------------------------------------- */

static const struct {
	bool gmem, private, proposed;
} worlds[] = { { false, false, false }, { true, false, false }, { true, true, false },
	       { true, false, true } };

static unsigned int generate(unsigned int world, uint64_t seed, struct step *s)
{
	return steps_generate(&model, worlds[world].gmem, worlds[world].private,
			      worlds[world].proposed, seed, s);
}

/* Printed steps are parsed as identical ones, also from a line of a log. */
TEST(steps_written_and_read)
{
	struct step s[STEPS_MAX], r;
	char line[256], log[300];
	unsigned int seen[K_COUNT] = { 0 }, n, i, k;
	uint64_t seed;

	for (seed = 0; seed < 40; seed++) {
		n = generate(seed % ARRAY_SIZE(worlds), seed, s);
		for (i = 0; i < n; i++) {
			ASSERT_TRUE(step_valid(&s[i]));
			seen[s[i].kind]++;
			step_print(&s[i], i, line, sizeof(line));
			snprintf(log, sizeof(log), "# %s  -> Invalid argument\n", line);
			ASSERT_TRUE(step_parse(log, &r)) {
				TH_LOG("%s", line);
			}
			ASSERT_EQ(0, memcmp(&r, &s[i], sizeof(r)));
		}
	}
	for (k = 0; k < K_COUNT; k++)
		EXPECT_LT(0, seen[k]);
}

TEST(steps_that_are_none)
{
	static const char *const lines[] = {
		"", "step 1: ", "step 1: nothing page=1", "step 1: dirty", "step 1: dirty slot=",
		"step 1: dirty slot=6", "step 1: dirty page=1", "step : load offset=0 width=8 vcpu=0",
		"step 1: load offset=0 width=3 vcpu=0 super=0",
		"step 1: load offset=8388600 width=16 vcpu=0 super=0",
		"step 1: slot slot=0 base=2047 pages=2 flags=0 back=0 back_page=0",
		"step 1: slot slot=0 base=0 pages=16 flags=0 back=0 back_page=1030",
		"step 1: drop buffer=0 page=1000 pages=100", "step 1: world vcpus=5 where=0 thp=0 manual=0",
		"1: dirty slot=1",
	};
	struct step s;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(lines); i++)
		EXPECT_FALSE(step_parse(lines[i], &s)) {
			TH_LOG("line %u", i);
		}
	EXPECT_TRUE(step_parse("step 1: load offset=0x1000 width=8 vcpu=0 super=0", &s));
	EXPECT_EQ(0x1000, s.v[0]);
}

/*
 * The same seed gives the same sequence on every machine.  The hash changes only
 * with the generator.
 */
TEST(sequences_come_of_the_seed_alone)
{
	struct step a[STEPS_MAX], b[STEPS_MAX];
	uint64_t hash = 0xcbf29ce484222325ULL, seed;
	unsigned int n, i, k;

	memset(a, 0, sizeof(a));
	memset(b, 0, sizeof(b));
	for (seed = 1; seed <= 50; seed++) {
		n = generate(seed % ARRAY_SIZE(worlds), seed, a);
		ASSERT_EQ(n, generate(seed % ARRAY_SIZE(worlds), seed, b));
		ASSERT_EQ(0, memcmp(a, b, n * sizeof(a[0])));
		for (i = 0; i < n; i++)
			for (k = 0; k < STEP_FIELDS; k++)
				hash = (hash ^ (a[i].kind * 31 + a[i].v[k])) * 0x100000001b3ULL;
		ASSERT_NE(0, generate(seed % ARRAY_SIZE(worlds), seed + 1000, b));
		EXPECT_NE(0, memcmp(a, b, n * sizeof(a[0])));
	}
	EXPECT_EQ(9627451288700115859ULL, hash);
}

/* --- coverage of edge cases ----------------------------------------------------- */

struct aims {
	unsigned int sequences, first, last, splits, boundary, aliases, adjacent, low_file,
		high_file, over_two, huge, zone_edge, hits;
};

static void aim(struct aims *a, const struct model *m, const struct step *s)
{
	const struct model_slot *x, *y, *n = &m->slot[s->v[0] % MODEL_SLOTS];

	if (step_access(s)) {
		unsigned int page = s->v[0] / MODEL_PAGE, end = (s->v[0] + s->v[1] - 1) / MODEL_PAGE;

		a->first += !page;
		a->last += end == MODEL_WINDOW - 1;
		a->splits += page != end;
		a->boundary += page % MODEL_HUGE == MODEL_HUGE - 1 && end % MODEL_HUGE == 0;
	}
	a->huge += m->counts.least_2m > 0;
	for (x = m->slot; x < m->slot + MODEL_SLOTS; x++) {
		if (!x->used)
			continue;
		for (y = m->slot; s->kind == K_PUNCH && y < x; y++)
			a->over_two += y->used && x->gmem && y->gmem && x->file == y->file &&
				       x->file == s->v[0] && s->v[1] > 0 &&
				       s->v[1] < x->file_page + x->pages && s->v[1] + s->v[2] > x->file_page &&
				       s->v[1] < y->file_page + y->pages && s->v[1] + s->v[2] > y->file_page;
		if (s->kind != K_SLOT || x == n || !n->used)
			continue;
		a->adjacent += x->base + x->pages == n->base || n->base + n->pages == x->base;
		a->aliases += x->buffer == n->buffer && x->buffer_page == n->buffer_page;
	}
	if (s->kind == K_SLOT && n->used && n->gmem) {
		a->low_file += n->file_page < n->base;
		a->high_file += n->file_page > n->base;
	}
}

TEST(edges_are_aimed_at)
{
	struct step s[STEPS_MAX];
	struct aims a = { 0 };
	struct outcome o;
	unsigned int n, i, j;
	uint64_t seed;

	static struct model m;

	for (seed = 1; seed <= 200; seed++) {
		n = generate(1, seed, s);
		BEGIN();
		model_init(&m, &(const struct model_vm){ .gmem = true, .thp = s[0].v[WORLD_THP] });
		for (i = 1; i < n; i++) {
			step_model(&m, &s[i], &o);
			aim(&a, &m, &s[i]);
			for (j = 0; j < MODEL_EVENTS; j++)
				a.hits += o.access.signals[j];
			a.hits += o.access.rings;
		}
	}
	/* Lower limits for the 200 sequences, about 14000 steps. */
	EXPECT_LT(50, a.first);
	EXPECT_LT(50, a.last);
	EXPECT_LT(500, a.splits);
	EXPECT_LT(20, a.boundary);
	EXPECT_LT(100, a.adjacent);
	EXPECT_LT(100, a.aliases);
	EXPECT_LT(100, a.low_file);
	EXPECT_LT(20, a.high_file);
	EXPECT_LT(50, a.over_two);
	EXPECT_LT(200, a.huge);
	EXPECT_LT(50, a.hits);
}

/* --- shrinking ------------------------------------------------------------------ */

/* A correct model and one with a single defect. */
static struct model right, broken;

enum plant { READONLY, DROP_LAST, DELETE_SECOND, ZONE_END, EVENT_VALUE, ATTRIBUTES_LAST,
	     PUNCH_SECOND, NONE };

/* Apply defect @p to the broken model after a step. */
static void plant(enum plant p, const struct step *s, const struct model *before)
{
	struct model_slot *sl = &broken.slot[s->v[0] % MODEL_SLOTS];
	unsigned int last = s->v[1] + s->v[2] - 1, used = 0, i;

	for (i = 0; i < MODEL_SLOTS; i++)
		used += before->slot[i].used;
	switch (p) {
	case READONLY:
		broken.slot[2].readonly = false;
		break;
	case DROP_LAST:
		if (s->kind == K_DROP)
			broken.buffer[s->v[0]].page[last] = before->buffer[s->v[0]].page[last];
		break;
	case DELETE_SECOND:
		if (s->kind == K_DELETE && used > 1)
			*sl = before->slot[s->v[0]];
		break;
	case ZONE_END:
		if (s->kind == K_ZONE && s->v[1])
			broken.zone[s->v[0]].bytes++;
		break;
	case EVENT_VALUE:
		if (s->kind == K_EVENT && s->v[3] == 4)
			broken.event[s->v[0]].match = false;
		break;
	case ATTRIBUTES_LAST:
		last = s->v[0] + s->v[1] - 1;
		if (s->kind == K_ATTRIBUTES)
			broken.private[last] = before->private[last];
		break;
	case PUNCH_SECOND:
		/* The slot with the higher number keeps its first page. */
		for (i = 1; s->kind == K_PUNCH && i < MODEL_SLOTS; i++) {
			const struct model_slot *b = &before->slot[i];

			if (b->used && b->gmem && b->file == s->v[0] && s->v[1] < b->file_page &&
			    s->v[1] + s->v[2] > b->file_page)
				broken.file[s->v[0]].page[b->file_page] =
					before->file[s->v[0]].page[b->file_page];
		}
		break;
	default:
		break;
	}
}

/* Return: the first step whose outcomes differ, or -1. */
static int run_both(enum plant p, const struct model_vm *vm, const struct step *s, unsigned int n)
{
	static struct model before;
	struct outcome a, b;
	unsigned int i;

	model_init(&right, vm);
	model_init(&broken, vm);
	for (i = 0; i < n; i++) {
		memcpy(&before, &broken, offsetof(struct model, pool));
		memset(&a, 0, sizeof(a));
		memset(&b, 0, sizeof(b));
		step_model(&right, &s[i], &a);
		step_model(&broken, &s[i], &b);
		plant(p, &s[i], &before);
		if (a.skipped != b.skipped || a.ret != b.ret ||
		    memcmp(&a.access, &b.access, sizeof(a.access)))
			return (int)i;
	}
	return -1;
}

struct shrinking {
	enum plant plant;
	const struct model_vm *vm;
	unsigned int runs;
};

static bool differs(const struct step *s, unsigned int n, void *arg)
{
	struct shrinking *sh = arg;

	sh->runs++;
	return run_both(sh->plant, sh->vm, s, n) >= 0;
}

/* Print steps as text and parse them again. */
static unsigned int through_text(const struct step *s, unsigned int n, struct step *r)
{
	unsigned int i, read = 0;
	char line[256];

	for (i = 0; i < n; i++) {
		step_print(&s[i], i, line, sizeof(line));
		read += step_parse(line, &r[read]);
	}
	return read;
}

TEST(planted_differences_are_found_and_shrunk)
{
	static const struct {
		enum plant plant;
		unsigned int world, least;	/* fewest steps that show it, including K_WORLD */
	} rows[] = {
		{ READONLY, 0, 3 },		/* slot, store */
		{ DROP_LAST, 0, 5 },		/* slot, store, drop, load */
		{ DELETE_SECOND, 0, 5 },	/* slot, slot, delete, access */
		{ ZONE_END, 0, 3 },		/* zone, store */
		{ EVENT_VALUE, 0, 3 },		/* event, store */
		{ ATTRIBUTES_LAST, 2, 3 },	/* attributes, access */
		{ PUNCH_SECOND, 1, 5 },		/* slot, store, punch, load */
	};
	struct step s[STEPS_MAX], again[STEPS_MAX];
	unsigned int i, n, k;
	char line[256];
	uint64_t seed;
	int at = -1;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const struct model_vm vm = {
			.gpa = GPA, .gmem = worlds[rows[i].world].gmem,
			.private = worlds[rows[i].world].private,
		};
		struct shrinking sh = { .plant = rows[i].plant, .vm = &vm };

		for (seed = 1, at = -1; seed < 500 && at < 0; seed++) {
			n = generate(rows[i].world, seed, s);
			at = run_both(rows[i].plant, &vm, s, n);
			/* Without the defect the models agree. */
			ASSERT_EQ(-1, run_both(NONE, &vm, s, n));
		}
		ASSERT_LE(0, at) {
			TH_LOG("difference %u was not found in 500 sequences", i);
		}
		n = steps_shrink(s, n, differs, &sh);
		EXPECT_EQ(rows[i].least, n) {
			TH_LOG("difference %u, seed %llu", i, (unsigned long long)seed - 1);
			for (k = 0; k < n; k++) {
				step_print(&s[k], k, line, sizeof(line));
				TH_LOG("%s", line);
			}
		}
		EXPECT_GT(1500, sh.runs);
		/* The last step shows the difference, and no step can be removed. */
		at = run_both(rows[i].plant, &vm, s, n);
		EXPECT_EQ((int)n - 1, at);
		for (k = 1; k < n; k++) {
			memcpy(again, s, k * sizeof(*s));
			memcpy(again + k, s + k + 1, (n - k - 1) * sizeof(*s));
			EXPECT_EQ(-1, run_both(rows[i].plant, &vm, again, n - 1));
		}
		/* The replay gives the same result. */
		ASSERT_EQ(n, through_text(s, n, again));
		EXPECT_EQ(at, run_both(rows[i].plant, &vm, again, n));
	}
}

static bool never(const struct step *s, unsigned int n, void *arg)
{
	return false;
}

/* When no shorter sequence fails, the sequence is unchanged. */
TEST(nothing_is_lost_when_it_stops_failing)
{
	struct step s[STEPS_MAX], was[STEPS_MAX];
	unsigned int n = generate(0, 1, s);

	memcpy(was, s, sizeof(s));
	EXPECT_EQ(n, steps_shrink(s, n, never, NULL));
	EXPECT_EQ(0, memcmp(was, s, n * sizeof(s[0])));
}

TEST_HARNESS_MAIN
