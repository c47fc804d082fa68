// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory of internal VMs: the guest sees physical memory at its addresses (H1), in the
 * largest blocks (H2); only RAM, or what is asked for as a device (H3); what a slot
 * refuses (H4).
 */
#include "harness/test.h"

#include <linux/kvm.h>
#include <sys/mman.h>

#include "arch/arm64/internal.h"
#include "arch/arm64/layout.h"
#include "util/util.h"

#define TAG	0x1122334400000000ULL
#define HOST	0x5566778800000000ULL
#define GUARD	0x99aabbcc00000000ULL
#define PAGE_1G	(1ULL << 30)
#define ALIGN_UP(x, a) (((x) + (a) - 1) & ~((a) - 1))

FIXTURE(map) {
	struct ivm m;
};

FIXTURE_VARIANT(map) {
	uint32_t flags;
};

FIXTURE_VARIANT_ADD(map, task) { 0 };
FIXTURE_VARIANT_ADD(map, kthread) { KVM_INTERNAL_KTHREAD };

KVMEM_SETUP(map)
{
	self->m = ivm_open();
	self->m.flags = variant->flags;
	ivm_setup(&self->m);
}

/* A range in memory that is allocated with this alignment. */
struct range {
	const char *name;
	uint64_t align, from, size;
	uint64_t total;		/* of the memory around it */
};

static const struct range ranges[] = {
	{ "a page", PAGE_4K, PAGE_4K, PAGE_4K, 4 * PAGE_4K },
	{ "three pages", PAGE_4K, PAGE_4K, 3 * PAGE_4K, 8 * PAGE_4K },
	{ "2 MiB", PAGE_2M, PAGE_2M, PAGE_2M, 3 * PAGE_2M },
	{ "4 MiB", PAGE_2M, PAGE_2M, 2 * PAGE_2M, 4 * PAGE_2M },
	{ "2 MiB without its last page", PAGE_2M, PAGE_2M, PAGE_2M - PAGE_4K,
	  3 * PAGE_2M },
	{ "2 MiB without its first page", PAGE_2M, PAGE_2M + PAGE_4K,
	  PAGE_2M - PAGE_4K, 3 * PAGE_2M },
	{ "2 MiB one page off", PAGE_2M, PAGE_2M + PAGE_4K, PAGE_2M,
	  4 * PAGE_2M },
	{ "two pages around a boundary", PAGE_2M, PAGE_2M - PAGE_4K,
	  2 * PAGE_4K, 2 * PAGE_2M },
	{ "pages, blocks and pages", PAGE_2M, PAGE_2M - 3 * PAGE_4K,
	  2 * PAGE_2M + 8 * PAGE_4K, 5 * PAGE_2M },
	{ "32 MiB", PAGE_2M, PAGE_2M, 16 * PAGE_2M, 18 * PAGE_2M },
};

/* --- H1: identity ------------------------------------------------------------------- */

/*
 * The guest reads what the owner wrote into every page, first and last word included; the
 * owner reads what the guest wrote.  The memory around the slot stays as it was, and an
 * access of it aborts.
 * Red with: start or end of the mapping off by a page; pfn computed from the offset in the
 * slot; the mapping of the first block repeated.
 */
KVMEM_TEST_F(map, identity, "H1")
{
	struct ivm *m = &self->m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		const struct range *r = &ranges[i];
		struct ivm_mem mem = ivm_alloc(m, r->total, r->align);
		uint64_t pa = mem.pa + r->from, last = r->size - 8;

		ivm_host_fill(&mem, 0, r->total, 8, GUARD);
		ivm_host_fill(&mem, r->from, r->size, 8, HOST);
		ASSERT_EQ(0, ivm_map(m, 1, 0, pa, r->size));
		ASSERT_TRUE(ivm_has(m, pa, r->size, PAGE_4K, HOST)) {
			TH_LOG("%s at 0x%llx", r->name, (unsigned long long)pa);
		}
		ASSERT_TRUE(ivm_has(m, pa + PAGE_4K - 8, r->size - PAGE_4K + 8, PAGE_4K, HOST));
		ASSERT_TRUE(ivm_fill(m, pa, r->size, PAGE_4K, TAG));
		ASSERT_TRUE(ivm_fill(m, pa + last, 8, 8, TAG));
		ASSERT_TRUE(ivm_host_has(&mem, r->from, r->size, PAGE_4K, TAG));
		ASSERT_TRUE(ivm_host_has(&mem, r->from + last, 8, 8, TAG));
		ASSERT_TRUE(ivm_host_has(&mem, r->from + 8, PAGE_4K - 16, 8, HOST));

		/* Both neighbours. */
		ASSERT_FALSE(ivm_do(m, IVM_EL1_MMU, internal_str, pa - 8, 1, 0, 0).done);
		ASSERT_FALSE(ivm_do(m, IVM_EL1_MMU, internal_str, pa + r->size, 1, 0, 0).done);
		ASSERT_FALSE(ivm_do(m, IVM_EL1_MMU, internal_ldr, pa - 8, 1, 0, 0).done);
		ASSERT_FALSE(ivm_do(m, IVM_EL1_MMU, internal_ldr, pa + r->size, 1, 0, 0).done);
		ASSERT_TRUE(ivm_host_has(&mem, 0, r->from, 8, GUARD));
		ASSERT_TRUE(ivm_host_has(&mem, r->from + r->size,
					 r->total - r->from - r->size, 8,
					 GUARD));
		ASSERT_EQ(0, ivm_unmap(m, 1));
	}
}

/*
 * Several slots at once, in an order that is not that of their addresses, and gaps.
 * Red with: a search for slots that expects an order; a slot's neighbour unmapped with it.
 */
KVMEM_TEST_F(map, many_slots, "H1 H4")
{
	const unsigned int nr = 64;
	struct ivm_mem mem = ivm_alloc(&self->m, 2 * nr * PAGE_4K, PAGE_4K);
	unsigned int i;

	ivm_host_fill(&mem, 0, mem.size, 8, HOST);
	for (i = 0; i < nr; i++) {
		unsigned int at = i * 29 % nr;	/* a permutation */

		ASSERT_EQ(0, ivm_map(&self->m, 1 + i, 0, mem.pa + 2 * at * PAGE_4K, PAGE_4K));
	}
	for (i = 0; i < nr; i++) {
		ASSERT_TRUE(ivm_has(&self->m, mem.pa + 2 * i * PAGE_4K, PAGE_4K, 8, HOST));
		ASSERT_FALSE(ivm_do(&self->m, IVM_EL1_MMU, internal_ldr,
				    mem.pa + (2 * i + 1) * PAGE_4K, 0, 0, 0).done);
	}
	/* Every other slot goes. */
	for (i = 0; i < nr; i += 2)
		ASSERT_EQ(0, ivm_unmap(&self->m, 1 + i));
	for (i = 0; i < nr; i++) {
		uint64_t pa = mem.pa + 2 * (i * 29 % nr) * PAGE_4K;

		ASSERT_EQ(i % 2, ivm_do(&self->m, IVM_EL1_MMU, internal_ldr, pa, 0, 0, 0).done);
		if (i % 2)
			ASSERT_TRUE(ivm_has(&self->m, pa, PAGE_4K, 8, HOST));
	}
}

/*
 * Nothing that the guest stores to a read-only slot gets there.
 * Red with: the flag ignored, for pages or for blocks.
 */
KVMEM_TEST_F(map, readonly, "H1 H5")
{
	static const char *const stores[] = {
		internal_strb, internal_strh, internal_strw, internal_str, internal_stp,
		internal_str_pre, internal_stlr, internal_dc_zva,
	};
	struct ivm_mem mem = ivm_alloc(&self->m, 3 * PAGE_2M, PAGE_2M);
	const uint64_t from[] = { 0, PAGE_2M };
	const uint64_t size[] = { 3 * PAGE_4K, PAGE_2M };
	unsigned int i, k;

	ivm_host_fill(&mem, 0, mem.size, 8, HOST);
	for (k = 0; k < ARRAY_SIZE(from); k++) {
		uint64_t pa = mem.pa + from[k];

		ASSERT_EQ(0, ivm_map(&self->m, 1, KVM_INTERNAL_MAP_READONLY, pa, size[k]));
		ASSERT_TRUE(ivm_has(&self->m, pa, size[k], 8, HOST));
		for (i = 0; i < ARRAY_SIZE(stores); i++)
			ASSERT_FALSE(ivm_do(&self->m, IVM_EL1_MMU, stores[i],
					    pa + 64 * i, 1, 2, 0)
					     .done);
		ASSERT_FALSE(ivm_do(&self->m, IVM_EL1_MMU, internal_str,
				    pa + size[k] - 8, 1, 0, 0)
				     .done);
		ASSERT_TRUE(ivm_has(&self->m, pa, size[k], 8, HOST));
		ASSERT_TRUE(ivm_host_has(&mem, from[k], size[k], 8, HOST));
		/* The owner may still write. */
		ivm_host_fill(&mem, from[k], size[k], 8, TAG);
		ASSERT_TRUE(ivm_has(&self->m, pa, size[k], 8, TAG));
		ASSERT_EQ(0, ivm_unmap(&self->m, 1));
	}
}

/* --- H2: blocks and page tables ------------------------------------------------------ */

struct level_of {
	uint64_t start, end;	/* the range looked at */
	uint64_t bytes[4];	/* mapped there, by level */
	bool bad;		/* not readable, or not writable */
	bool executable;
};

static void add_level(const struct stage2_range *r, void *arg)
{
	struct level_of *l = arg;
	uint64_t start = r->start > l->start ? r->start : l->start;
	uint64_t end = r->end < l->end ? r->end : l->end;

	if (start >= end)
		return;
	l->bytes[r->level] += end - start;
	l->bad |= !r->w;
	l->executable |= r->x;
}

static struct level_of levels(uint64_t pa, uint64_t size)
{
	struct level_of l = { .start = pa, .end = pa + size };

	if (!ivm_dump(add_level, &l))
		end_skip("no dump of stage 2 (CONFIG_PTDUMP_STAGE2_DEBUGFS)");
	return l;
}

/* Tables of level 3 that a range needs: for its ends that are not whole blocks. */
static unsigned int leaf_tables(uint64_t pa, uint64_t size)
{
	uint64_t first = pa / PAGE_2M, last = (pa + size - 1) / PAGE_2M;
	bool head = pa % PAGE_2M, tail = (pa + size) % PAGE_2M;

	if (first == last)
		return head || tail;
	return head + tail;
}

/*
 * Blocks of 2 MiB wherever a whole one is in the range, pages elsewhere; the tables are
 * those that the range's ends need, at most two of a level.
 * Red with: pages only; a block that goes beyond the range; tables for the middle too.
 */
KVMEM_TEST_F(map, blocks, "H2")
{
	struct ivm *m = &self->m;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		const struct range *r = &ranges[i];
		struct ivm_mem mem = ivm_alloc(m, r->total, r->align);
		uint64_t pa = mem.pa + r->from, pages = r->size;
		long before, tables;
		struct level_of l;

		if (r->align == PAGE_2M && ALIGN_UP(pa, PAGE_2M) + PAGE_2M <= pa + r->size)
			pages = r->size - ((pa + r->size) / PAGE_2M * PAGE_2M -
					   ALIGN_UP(pa, PAGE_2M));
		else if (r->align < PAGE_2M)
			/* It may be around a boundary. */
			pages = r->size;
		before = ivm_page_tables();
		ASSERT_EQ(0, ivm_map(m, 1, 0, pa, r->size));
		tables = ivm_page_tables() - before;
		l = levels(pa, r->size);
		ASSERT_FALSE(l.bad);
		ASSERT_EQ(pages, l.bytes[3]) {
			TH_LOG("%s at 0x%llx", r->name, (unsigned long long)pa);
		}
		ASSERT_EQ(r->size - pages, l.bytes[2]);
		ASSERT_EQ(0, l.bytes[1]);
		/* The level above may be new too, once per GiB. */
		ASSERT_GE(tables, 0);
		ASSERT_LE(tables, leaf_tables(pa, r->size) + 2);
		l = levels(pa - PAGE_4K, PAGE_4K);
		ASSERT_EQ(0, l.bytes[2] + l.bytes[3]);
		l = levels(pa + r->size, PAGE_4K);
		ASSERT_EQ(0, l.bytes[2] + l.bytes[3]);
		ASSERT_EQ(0, ivm_unmap(m, 1));
		l = levels(pa, r->size);
		ASSERT_EQ(0, l.bytes[2] + l.bytes[3]);
	}
}

/*
 * 1 GiB is one block, where the address allows it.
 * Red with: pieces of 2 MiB that are mapped one by one.
 */
KVMEM_TEST_F(map, gigabyte, "H2")
{
	struct level_of l;
	long before;
	uint64_t pa;

	if (!ivm_ram(PAGE_1G, PAGE_1G, &pa))
		end_skip("no aligned 1 GiB of RAM in /proc/iomem");
	before = ivm_page_tables();
	ASSERT_EQ(0, ivm_unmap(&self->m, IVM_CODE_SLOT));
	ASSERT_EQ(0, ivm_map(&self->m, 1, KVM_INTERNAL_MAP_READONLY, pa, PAGE_1G));
	l = levels(pa, PAGE_1G);
	ASSERT_EQ(PAGE_1G, l.bytes[1]);
	ASSERT_EQ(0, l.bytes[2] + l.bytes[3]);
	ASSERT_LE(ivm_page_tables() - before, 1);
	ASSERT_EQ(0, ivm_unmap(&self->m, 1));
	/* A page less at each end: blocks of 2 MiB between pages. */
	before = ivm_page_tables();
	ASSERT_EQ(0, ivm_map(&self->m, 1, KVM_INTERNAL_MAP_READONLY,
			     pa + PAGE_4K, PAGE_1G - 2 * PAGE_4K));
	l = levels(pa, PAGE_1G);
	ASSERT_EQ(0, l.bytes[1]);
	ASSERT_EQ(PAGE_1G - 2 * PAGE_2M, l.bytes[2]);
	ASSERT_EQ(2 * PAGE_2M - 2 * PAGE_4K, l.bytes[3]);
	ASSERT_LE(ivm_page_tables() - before, 4);
	ASSERT_EQ(0, ivm_unmap(&self->m, 1));
}

/* --- H2: allocations that fail -------------------------------------------------------- */

/* The n-th allocation of this thread from now on fails (fail-nth of fault injection). */
static void fail_nth(unsigned int n)
{
	FILE *f = fopen("/proc/thread-self/fail-nth", "we");

	if (!f)
		end_skip("no /proc/thread-self/fail-nth (CONFIG_FAULT_INJECTION)");
	fprintf(f, "%u", n);
	if (fclose(f))
		end_fail("fail-nth: %m");
}

/* Whether the allocation was reached. */
static bool has_failed(void)
{
	bool failed = env_read_long("/proc/thread-self/fail-nth", -1) == 0;

	fail_nth(0);
	return failed;
}

/* One setting of fault injection: failures with GFP_KERNEL too, and small ones. */
static void inject(const char *name, const char *value)
{
	char path[96];
	FILE *f;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s", name);
	f = fopen(path, "we");
	if (!f)
		end_skip("no %s (CONFIG_FAIL_PAGE_ALLOC, CONFIG_FAILSLAB)", path);
	fputs(value, f);
	fclose(f);
}

static void inject_all(void)
{
	inject("failslab/ignore-gfp-wait", "N");
	inject("fail_page_alloc/ignore-gfp-wait", "N");
	inject("fail_page_alloc/min-order", "0");
	inject("failslab/verbose", "0");
	inject("fail_page_alloc/verbose", "0");
}

/*
 * Every allocation of a map fails once: it is refused, nothing of it stays, and it works
 * afterwards.
 * Red with: the part that was mapped before the failure, or the tables, stay.
 */
KVMEM_TEST_F(map, allocation_fails, "H2")
{
	struct ivm_mem mem = ivm_alloc(&self->m, 6 * PAGE_2M, PAGE_2M);
	uint64_t pa = mem.pa + PAGE_2M - 3 * PAGE_4K, size = 3 * PAGE_2M + 8 * PAGE_4K;
	long before = ivm_page_tables();
	unsigned int n, failures = 0;
	bool failed = true;
	struct level_of l;
	int err;

	if (variant->flags)
		end_never("fail-nth concerns the calling thread");
	inject_all();
	ivm_host_fill(&mem, 0, mem.size, 8, HOST);
	for (n = 1; failed && n < 200; n++) {
		fail_nth(n);
		err = ivm_map(&self->m, 1, 0, pa, size);
		failed = has_failed();
		/* Some allocations have another way if they fail. */
		if (!err) {
			ASSERT_TRUE(ivm_has(&self->m, pa, size, PAGE_4K, HOST));
			ASSERT_EQ(0, ivm_unmap(&self->m, 1));
			continue;
		}
		ASSERT_EQ(-ENOMEM, err);
		failures++;
		l = levels(pa, size);
		ASSERT_EQ(0, l.bytes[1] + l.bytes[2] + l.bytes[3]);
		ASSERT_FALSE(ivm_do(&self->m, IVM_EL1_MMU, internal_ldr, pa, 0, 0, 0).done);
		ASSERT_EQ(-ENOENT, ivm_unmap(&self->m, 1));
		ASSERT_LE(ivm_page_tables(), before + 1);
	}
	ASSERT_FALSE(failed);
	ASSERT_GE(failures, 2);
	ASSERT_EQ(0, ivm_map(&self->m, 1, 0, pa, size));
	ASSERT_TRUE(ivm_has(&self->m, pa, size, PAGE_4K, HOST));
}

/* The same for the VM and its vCPU: nothing is left of one that could not be created. */
KVMEM_TEST_F(map, creation_fails, "H2 H8")
{
	struct ivm other = ivm_open();
	unsigned int n, failures = 0;
	bool failed = true;
	long before;
	int err;

	if (variant->flags)
		end_never("fail-nth concerns the calling thread");
	inject_all();
	before = ivm_page_tables();
	for (n = 1; failed && n < 2000; n++) {
		fail_nth(n);
		err = ivm_create(&other);
		if (!err)
			err = ivm_vcpu(&other, 0);
		failed = has_failed();
		if (err)
			failures++;
		else
			ASSERT_EQ(0, ivm_destroy(&other));
		if (!err)
			continue;
		/* After a vCPU that could not be created, the VM is there. */
		ivm_destroy(&other);
		ASSERT_LE(ivm_page_tables(), before + 1);
	}
	ASSERT_FALSE(failed);
	ASSERT_GE(failures, 5);
	ivm_close(&other);
	ASSERT_TRUE(ivm_do(&self->m, IVM_EL1, internal_nop, 0, 0, 0, 0).done);
}

/* --- H3: RAM and devices --------------------------------------------------------------- */

/* PL011 of the emulated machine: its ID registers, PrimeCell ID. */
#define PL011_NAME	"pl011"
#define PL011_PCELLID	0xff0
static const uint8_t pcell_id[] = { 0x0d, 0xf0, 0x05, 0xb1 };

static uint64_t device_page(void)
{
	unsigned long long start, end;
	char line[160];
	FILE *f = fopen("/proc/iomem", "re");
	uint64_t found = 0;

	while (f && !found && fgets(line, sizeof(line), f))
		if (strstr(line, PL011_NAME) && sscanf(line, " %llx-%llx", &start, &end) == 2)
			found = start;
	if (f)
		fclose(f);
	if (!found)
		end_skip("no PL011 in /proc/iomem");
	return found;
}

/*
 * A device only if it is asked for; then the guest reads its registers, and cannot execute
 * them.
 * Red with: no check of the region; a device mapped as memory, or executable.
 */
KVMEM_TEST_F(map, device, "H3")
{
	struct ivm *m = &self->m;
	uint64_t pa = device_page();
	struct ivm_result r;
	struct level_of l;
	unsigned int i;

	ASSERT_EQ(-EPERM, ivm_map(m, 1, 0, pa, PAGE_4K));
	ASSERT_EQ(-EPERM, ivm_map(m, 1, KVM_INTERNAL_MAP_READONLY, pa, PAGE_4K));
	ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldrw, pa + PL011_PCELLID, 0, 0, 0).done);
	ASSERT_EQ(0,
		  ivm_map(m, 1,
			  KVM_INTERNAL_MAP_DEVICE | KVM_INTERNAL_MAP_READONLY,
			  pa, PAGE_4K));
	for (i = 0; i < ARRAY_SIZE(pcell_id); i++) {
		r = ivm_do(m, IVM_EL1, internal_ldrw, pa + PL011_PCELLID + 4 * i, 0, 0, 0);
		ASSERT_TRUE(r.done);
		ASSERT_EQ(pcell_id[i], r.x[1]);
	}
	/* FR of the UART is not written: read-only. */
	ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_strw, pa + 0x18, 0, 0, 0).done);
	r = ivm_do(m, IVM_EL1, internal_branch, pa, 0, 0, 0);
	ASSERT_FALSE(r.done);
	ASSERT_EQ(pa, r.far);
	l = levels(pa, PAGE_4K);
	ASSERT_EQ(PAGE_4K, l.bytes[3]);
	ASSERT_FALSE(l.executable);
	ASSERT_EQ(0, ivm_unmap(m, 1));
	ASSERT_EQ(0, ivm_map(m, 1, KVM_INTERNAL_MAP_DEVICE, pa, PAGE_4K));
	l = levels(pa, PAGE_4K);
	ASSERT_FALSE(l.bad);
	ASSERT_FALSE(l.executable);
	ASSERT_EQ(0, ivm_unmap(m, 1));
}

/*
 * RAM is executable, and is no device.
 * Red with: memory that is mapped XN; RAM taken as a device.
 */
KVMEM_TEST_F(map, ram_is_no_device, "H3")
{
	struct ivm_mem mem = ivm_alloc(&self->m, 4 * PAGE_4K, PAGE_4K);
	static const uint32_t code[] = { 0xd28000a1, 0xd4000001 };	/* mov x1, #5; svc #0 */
	struct ivm_result r;

	ASSERT_EQ(-EPERM, ivm_map(&self->m, 1, KVM_INTERNAL_MAP_DEVICE, mem.pa, PAGE_4K));
	ASSERT_EQ(-EPERM, ivm_map(&self->m, 1, KVM_INTERNAL_MAP_DEVICE, mem.pa, mem.size));
	memcpy(mem.hva + PAGE_4K - sizeof(code), code, sizeof(code));
	__builtin___clear_cache(mem.hva, mem.hva + PAGE_4K);
	ASSERT_EQ(0, ivm_map(&self->m, 1, 0, mem.pa, PAGE_4K));
	r = ivm_do(&self->m, IVM_EL1, internal_branch, mem.pa + PAGE_4K - sizeof(code), 0, 0, 0);
	ASSERT_TRUE(r.done);
	ASSERT_EQ(5, r.x[1]);
}

/*
 * A range with a page of the other kind is refused as a whole, wherever that page is: the
 * end of RAM, and its start.
 * Red with: a check of the first page only, of all but the last, or of one page in a block.
 */
KVMEM_TEST_F(map, mixed, "H3")
{
	struct ivm *m = &self->m;
	unsigned long long start = 0, end = 0;
	char line[128], name[64];
	FILE *f = fopen("/proc/iomem", "re");
	const uint64_t sizes[] = { PAGE_4K, 7 * PAGE_4K, PAGE_2M, 3 * PAGE_2M };
	unsigned int i, k;

	while (f && fgets(line, sizeof(line), f)) {
		unsigned long long from, to;

		if (sscanf(line, "%llx-%llx : %63[^\n]", &from, &to, name) != 3 || line[0] == ' ' ||
		    strcmp(name, "System RAM"))
			continue;
		if (!end)
			start = from;
		end = to + 1;
	}
	if (f)
		fclose(f);
	if (!end)
		end_skip("no RAM in /proc/iomem");
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		for (k = 0; k < 2; k++) {
			uint32_t kind = k ? KVM_INTERNAL_MAP_DEVICE : 0;

			/* One page of the other side, and half of it. */
			ASSERT_EQ(-EPERM, ivm_map(m, 1, kind, end - sizes[i], sizes[i] + PAGE_4K));
			ASSERT_EQ(-EPERM, ivm_map(m, 1, kind, end - PAGE_4K, sizes[i] + PAGE_4K));
			ASSERT_EQ(-EPERM, ivm_map(m, 1, kind, start - PAGE_4K, sizes[i] + PAGE_4K));
			ASSERT_EQ(-EPERM, ivm_map(m, 1, kind, start - sizes[i],
						  sizes[i] + PAGE_4K));
		}
	}
	ASSERT_EQ(-ENOENT, ivm_unmap(m, 1));
	ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, end - PAGE_4K, 0, 0, 0).done);
	ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, start, 0, 0, 0).done);
}

/* --- H4: slots ------------------------------------------------------------------------- */

/*
 * What overlaps is refused, and the slot that is there works on.
 * Red with: no check; the old mapping removed before the check; the slot replaced.
 */
KVMEM_TEST_F(map, overlap, "H4")
{
	struct ivm *m = &self->m;
	struct ivm_mem mem = ivm_alloc(m, 16 * PAGE_4K, PAGE_4K);
	const uint64_t at = mem.pa + 4 * PAGE_4K, size = 4 * PAGE_4K;
	static const struct { int from, pages;
	} over[] = {
		{ 4, 4 }, { 4, 1 },  { 5, 1 }, { 7, 1 }, { 3, 2 },
		{ 7, 2 }, { 0, 16 }, { 3, 6 }, { 0, 5 },
	};
	unsigned int i;

	ivm_host_fill(&mem, 0, mem.size, 8, HOST);
	ASSERT_EQ(0, ivm_map(m, 1, 0, at, size));
	for (i = 0; i < ARRAY_SIZE(over); i++) {
		ASSERT_EQ(-EEXIST, ivm_map(m, 2, 0, mem.pa + over[i].from * PAGE_4K,
					   over[i].pages * PAGE_4K));
		ASSERT_EQ(-EEXIST, ivm_map(m, 2, KVM_INTERNAL_MAP_READONLY,
					   mem.pa + over[i].from * PAGE_4K,
					   over[i].pages * PAGE_4K));
		ASSERT_EQ(-ENOENT, ivm_unmap(m, 2));
		ASSERT_TRUE(ivm_has(m, at, size, 8, HOST));
		ASSERT_TRUE(ivm_fill(m, at, size, 8, HOST));
		ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, at - PAGE_4K, 0, 0, 0).done);
		ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, at + size, 0, 0, 0).done);
	}
	/* Beside it is no overlap. */
	ASSERT_EQ(0, ivm_map(m, 2, 0, at - PAGE_4K, PAGE_4K));
	ASSERT_EQ(0, ivm_map(m, 3, 0, at + size, PAGE_4K));
	ASSERT_TRUE(ivm_has(m, at - PAGE_4K, size + 2 * PAGE_4K, 8, HOST));
	ASSERT_EQ(0, ivm_unmap(m, 1));
	ASSERT_TRUE(ivm_has(m, at - PAGE_4K, PAGE_4K, 8, HOST));
	ASSERT_TRUE(ivm_has(m, at + size, PAGE_4K, 8, HOST));
	ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, at, 0, 0, 0).done);
	ASSERT_EQ(-EEXIST, ivm_map(m, 1, 0, at - PAGE_4K, size));
	ASSERT_EQ(0, ivm_map(m, 1, 0, at, size));
	ASSERT_TRUE(ivm_has(m, at - PAGE_4K, size + 2 * PAGE_4K, 8, HOST));
}

/*
 * Ranges and flags that no slot can have; the one that is there works on.
 * Red with: no check of alignment, of the size, of the wrap, of the IPA size; flags taken.
 */
KVMEM_TEST_F(map, refused, "H4")
{
	struct ivm *m = &self->m;
	struct ivm_mem mem = ivm_alloc(m, 8 * PAGE_4K, PAGE_4K);
	const uint64_t top = ~0ULL - PAGE_4K + 1, pa = mem.pa;
	const struct {
		uint32_t slot, flags;
		uint64_t pa, size;
		int err;
	} bad[] = {
		{ 2, 0, pa, 0, -EINVAL },
		{ 2, 0, pa, 1, -EINVAL },
		{ 2, 0, pa, PAGE_4K + 8, -EINVAL },
		{ 2, 0, pa, PAGE_4K - 1, -EINVAL },
		{ 2, 0, pa + 1, PAGE_4K, -EINVAL },
		{ 2, 0, pa + 0x800, PAGE_4K, -EINVAL },
		{ 2, 0, top, 2 * PAGE_4K, -EINVAL },
		{ 2, 0, pa, top, -EINVAL },
		{ 2, 0, pa, ~0ULL, -EINVAL },
		{ 2, 0, 1ULL << 52, PAGE_4K, -EFAULT },
		{ 2, KVM_INTERNAL_MAP_DEVICE, 1ULL << 52, PAGE_4K, -EFAULT },
		{ 2, KVM_INTERNAL_MAP_DEVICE, (1ULL << 52) - PAGE_4K, 2 * PAGE_4K, -EFAULT },
		{ 2, 1U << 3, pa, PAGE_4K, -EINVAL },
		{ 2, 1U << 16, pa, PAGE_4K, -EINVAL },
		{ 2, 1U << 17, pa, PAGE_4K, -EINVAL },
		{ 2, 1U << 31, pa, PAGE_4K, -EINVAL },
		{ 0x7fffffff, 0, pa, PAGE_4K, -EINVAL },
		{ 0x10002, 0, pa, PAGE_4K, -EINVAL },
		{ ~0U, 0, pa, PAGE_4K, -EINVAL },
		/* The slot exists: neither moved nor made larger nor changed. */
		{ 1, 0, pa, PAGE_4K, -EEXIST },
		{ 1, 0, pa + 4 * PAGE_4K, 2 * PAGE_4K, -EEXIST },
		{ 1, 0, pa + 4 * PAGE_4K, PAGE_4K, -EEXIST },
		{ 1, KVM_INTERNAL_MAP_READONLY, pa + 4 * PAGE_4K, 2 * PAGE_4K, -EEXIST },
	};
	const uint64_t at = pa + 4 * PAGE_4K;
	unsigned int i;

	ivm_host_fill(&mem, 0, mem.size, 8, HOST);
	ASSERT_EQ(0, ivm_map(m, 1, 0, at, 2 * PAGE_4K));
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(bad[i].err, ivm_map(m, bad[i].slot, bad[i].flags, bad[i].pa, bad[i].size)) {
			TH_LOG("slot 0x%x flags 0x%x pa 0x%llx size 0x%llx", bad[i].slot,
			       bad[i].flags, (unsigned long long)bad[i].pa,
			       (unsigned long long)bad[i].size);
		}
		ASSERT_TRUE(ivm_fill(m, at, 2 * PAGE_4K, 8, HOST));
		ASSERT_TRUE(ivm_has(m, at, 2 * PAGE_4K, 8, HOST));
		ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, pa, 0, 0, 0).done);
		ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, at + 2 * PAGE_4K, 0, 0, 0).done);
	}
	ASSERT_EQ(-ENOENT, ivm_unmap(m, 2));
	ASSERT_EQ(-ENOENT, ivm_unmap(m, ~0ULL));
	ASSERT_EQ(-ENOENT, ivm_unmap(m, 1ULL << 32 | 1));
	ASSERT_TRUE(ivm_has(m, at, 2 * PAGE_4K, 8, HOST));
	ASSERT_EQ(0, ivm_unmap(m, 1));
	ASSERT_EQ(-ENOENT, ivm_unmap(m, 1));
}

/*
 * The ordinary interface of memslots, as a caller in the kernel could use it: moved, with
 * other flags, logged, deleted and with an hva: all refused.
 * Red with: kvm_set_memory_region() that does not know internal VMs.
 */
KVMEM_TEST_F(map, ordinary_slots, "H4 H6")
{
	struct ivm *m = &self->m;
	struct ivm_mem mem = ivm_alloc(m, 8 * PAGE_4K, PAGE_4K);
	const uint64_t at = mem.pa + 2 * PAGE_4K;
	const struct kvm_internal_map tries[] = {
		{ 1, 0, at, 2 * PAGE_4K },
		{ 1, 0, at + 2 * PAGE_4K, 2 * PAGE_4K },
		{ 1, KVM_MEM_LOG_DIRTY_PAGES, at, 2 * PAGE_4K },
		{ 1, KVM_MEM_READONLY, at, 2 * PAGE_4K },
		{ 1, 0, at, 0 },
		{ 2, 0, mem.pa, PAGE_4K },
		{ 2, KVM_MEM_LOG_DIRTY_PAGES, mem.pa, PAGE_4K },
		{ 2, KVM_MEM_READONLY, mem.pa, PAGE_4K },
	};
	unsigned int i;

	ivm_host_fill(&mem, 0, mem.size, 8, HOST);
	ASSERT_EQ(0, ivm_map(m, 1, 0, at, 2 * PAGE_4K));
	for (i = 0; i < ARRAY_SIZE(tries); i++) {
		struct kvm_internal_map t = tries[i];

		ASSERT_EQ(-EINVAL, ivm_ioctl(m, KVM_INTERNAL_TRY, &t)) {
			TH_LOG("slot %u flags 0x%x size 0x%llx", t.slot, t.flags,
			       (unsigned long long)t.size);
		}
		ASSERT_TRUE(ivm_fill(m, at, 2 * PAGE_4K, 8, HOST));
		ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, mem.pa, 0, 0, 0).done);
	}
	ASSERT_EQ(0, ivm_unmap(m, 1));
}

/*
 * A slot goes, and comes back elsewhere and with other rights, many times.
 * Red with: the TLB not flushed when it goes; the block of the old slot left.
 */
KVMEM_TEST_F(map, again, "H4 H8")
{
	struct ivm *m = &self->m;
	struct ivm_mem mem = ivm_alloc(m, 4 * PAGE_2M, PAGE_2M);
	const uint64_t rounds = env_pick(10, 40, 1000);
	long before = ivm_page_tables();
	uint64_t i;

	ivm_host_fill(&mem, 0, mem.size, PAGE_4K, HOST);
	for (i = 0; i < rounds; i++) {
		bool ro = i & 1;
		uint64_t at = mem.pa + (i % 3) * PAGE_2M + (i & 2) * 3 * PAGE_4K;
		uint64_t size = i & 4 ? PAGE_2M : 5 * PAGE_4K;

		ASSERT_EQ(0, ivm_map(m, 1, ro ? KVM_INTERNAL_MAP_READONLY : 0, at, size));
		ASSERT_TRUE(ivm_has(m, at, size, PAGE_4K, HOST));
		ASSERT_EQ(!ro, ivm_do(m, IVM_EL1, internal_str, at + 8, i, 0, 0).done);
		ASSERT_EQ(0, ivm_unmap(m, 1));
		ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, at, 0, 0, 0).done);
		ASSERT_FALSE(ivm_do(m, IVM_EL1, internal_ldr, at + size - 8, 0, 0, 0).done);
	}
	/* Tables of the levels above may stay. */
	ASSERT_LE(ivm_page_tables(), before + 3);
}

KVMEM_MAIN
