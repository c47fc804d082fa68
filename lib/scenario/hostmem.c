// SPDX-License-Identifier: GPL-2.0-only
#include "scenario/hostmem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mempolicy.h>
#include <numaif.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "util/env.h"
#include "util/smaps.h"
#include "util/util.h"

#ifndef MADV_COLLAPSE /* 6.1 */
#define MADV_COLLAPSE 25
#endif
#ifndef MFD_HUGE_SHIFT			/* 4.14, but not in every libc's headers */
#define MFD_HUGE_SHIFT 26
#endif
#define MAX_NODES 64
#define MAX_MOVE 64
#define PM_SWAP (1ULL << 62)	   /* Documentation/admin-guide/mm/pagemap.rst */
#define PM_PRESENT (1ULL << 63)
#define PM_PFN	((1ULL << 55) - 1) /* 0 without CAP_SYS_ADMIN */

static void wait_ms(unsigned int ms)
{
	nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}

static bool write_number(const char *path, long value)
{
	FILE *f = fopen(path, "we");
	bool ok = f && fprintf(f, "%ld\n", value) > 0;

	if (f)
		ok = !fclose(f) && ok;
	return ok;
}

/* Read the entries of some pages from /proc/self/pagemap. */
static void pagemap(const void *p, unsigned int pages, uint64_t *entry)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t size = pages * sizeof(*entry);

	if (fd < 0 || pread(fd, entry, size, (off_t)((uintptr_t)p / VM_PAGE * sizeof(*entry))) !=
			      (ssize_t)size)
		end_skip("/proc/self/pagemap: %s", strerror(errno));
	close(fd);
}

int hostmem_memfd(uint64_t size)
{
	int fd = memfd_create("kvmem", MFD_CLOEXEC);

	if (fd < 0 || ftruncate(fd, (off_t)size))
		end_fail("memfd of %llu bytes: %s", (unsigned long long)size, strerror(errno));
	return fd;
}

void *hostmem_map(int fd, uint64_t offset, uint64_t size)
{
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, (off_t)offset);

	if (p == MAP_FAILED)
		end_fail("mmap of a memfd: %s", strerror(errno));
	return p;
}

void hostmem_map_over(void *at, int fd, uint64_t offset, uint64_t size)
{
	int kind = fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	if (mmap(at, size, PROT_READ | PROT_WRITE, kind | MAP_FIXED, fd, (off_t)offset) != at)
		end_fail("mmap over %p: %s", at, strerror(errno));
	madvise(at, size, MADV_NOHUGEPAGE);
}

/* --- huge pages ---------------------------------------------------------- */

bool hostmem_is_huge(const void *p, uint64_t size)
{
	return smaps_huge(p, size) >= size;
}

void *hostmem_huge(uint64_t size)
{
	char *p = vm_alloc(size);
	uint64_t o;

	madvise(p, size, MADV_HUGEPAGE);
	for (o = 0; o < size; o += VM_PAGE)
		p[o] = 1;
	if (!hostmem_is_huge(p, size))
		madvise(p, size, MADV_COLLAPSE);
	if (!hostmem_is_huge(p, size))
		end_skip(
			"no transparent huge page available (transparent_hugepage=never, or memory is full)");
	memset(p, 0, size);
	return p;
}

int hostmem_hugetlb_of(uint64_t page, uint64_t size)
{
	unsigned int shift = (unsigned int)__builtin_ctzll(page);
	long need = (long)(size / page), spare;
	char dir[64], total[96], idle[96], name[16];
	int fd;

	snprintf(dir, sizeof(dir), "/sys/kernel/mm/hugepages/hugepages-%llukB",
		 (unsigned long long)page / 1024);
	snprintf(total, sizeof(total), "%s/nr_hugepages", dir);
	snprintf(idle, sizeof(idle), "%s/free_hugepages", dir);
	snprintf(name, sizeof(name), shift < 20 ? "%llu KiB" : "%llu MiB",
		 (unsigned long long)page >> (shift < 20 ? 10 : 20));
	spare = env_read_long(idle, -1);
	if (spare < 0)
		end_skip("this kernel has no %s hugetlb pages", name);
	if (spare < need && env_in_lab())
		write_number(total, env_read_long(total, 0) + need - spare);
	spare = env_read_long(idle, 0);
	if (spare < need)
		end_skip("%ld free %s hugetlb pages, %ld needed: nr_hugepages", spare, name, need);
	fd = memfd_create("kvmem", MFD_CLOEXEC | MFD_HUGETLB | shift << MFD_HUGE_SHIFT);
	if (fd < 0 || ftruncate(fd, (off_t)size))
		end_skip("memfd of hugetlb pages: %s", strerror(errno));
	return fd;
}

int hostmem_hugetlb(uint64_t size)
{
	return hostmem_hugetlb_of(PAGE_2M, size);
}

/* --- migration ----------------------------------------------------------- */

static int other_node(int node)
{
	unsigned long allowed = 0;
	int n;

	if (get_mempolicy(NULL, &allowed, MAX_NODES, NULL, MPOL_F_MEMS_ALLOWED))
		end_skip("get_mempolicy: %s", strerror(errno));
	for (n = 0; n < MAX_NODES; n++)
		if (n != node && allowed & 1UL << n)
			return n;
	end_skip("page migration needs two NUMA nodes");
}

/* Returns the number of pages on their node; status is set to the node or -errno of each. */
static unsigned int move(void **page, unsigned int pages, const int *node, int *status)
{
	unsigned int i, there = 0;
	int flag = MPOL_MF_MOVE_ALL;

	/* MPOL_MF_MOVE_ALL needs CAP_SYS_NICE. */
	if (move_pages(0, pages, page, node, status, flag) < 0 && errno == EPERM)
		move_pages(0, pages, page, node, status, MPOL_MF_MOVE);
	if (move_pages(0, pages, page, NULL, status, 0))
		end_skip("move_pages: %s", strerror(errno));
	for (i = 0; i < pages; i++)
		there += status[i] == node[i];
	return there;
}

void hostmem_migrate(void *p, unsigned int pages)
{
	int node[MAX_MOVE], status[MAX_MOVE];
	void *page[MAX_MOVE];
	unsigned int i, try;

	if (pages > MAX_MOVE)
		end_fail("%u pages to move, %d at most", pages, MAX_MOVE);
	for (i = 0; i < pages; i++)
		page[i] = (char *)p + i * VM_PAGE;
	if (move_pages(0, pages, page, NULL, status, 0))
		end_skip("move_pages: %s", strerror(errno));
	for (i = 0; i < pages; i++)
		node[i] = other_node(status[i]);
	/* Pages in a per-CPU LRU batch can't be migrated yet: retry. */
	for (try = 0; try < 50; try++) {
		if (move(page, pages, node, status) == pages)
			return;
		wait_ms(20);
	}
	end_skip("page migration failed: page 0 to node %d: status %d", node[0], status[0]);
}

/* --- KSM ----------------------------------------------------------------- */

/* "run" is set last and restored first. */
static const struct {
	const char *path;
	long value;
} ksm[] = {
	{ "/sys/kernel/mm/ksm/sleep_millisecs", 1 },
	{ "/sys/kernel/mm/ksm/pages_to_scan", 2000 },
	/* With smart_scan, two pages skipped in alternate scans are never compared. */
	{ "/sys/kernel/mm/ksm/smart_scan", 0 },
	{ "/sys/kernel/mm/ksm/run", 1 },
};

#define NR_KSM ARRAY_SIZE(ksm)

/* Number of pages of one range that share the page frame with the other range. */
static unsigned int merged(const void *a, const void *b, unsigned int pages)
{
	uint64_t one[MAX_MOVE], two[MAX_MOVE];
	unsigned int i, n = 0;

	pagemap(a, pages, one);
	pagemap(b, pages, two);
	for (i = 0; i < pages; i++)
		n += (one[i] & PM_PFN) && (one[i] & PM_PFN) == (two[i] & PM_PFN);
	return n;
}

void hostmem_merge(void *a, void *b, unsigned int pages)
{
	const char *run = ksm[NR_KSM - 1].path;
	long before[NR_KSM];
	unsigned int i, tries;
	bool on;

	if (access(run, F_OK))
		end_skip("this kernel has no KSM");
	if (pages > MAX_MOVE)
		end_fail("%u pages to merge, %d at most", pages, MAX_MOVE);
	if (madvise(a, pages * VM_PAGE, MADV_MERGEABLE) ||
	    madvise(b, pages * VM_PAGE, MADV_MERGEABLE))
		end_skip("MADV_MERGEABLE: %s", strerror(errno));
	/* merged() may end the test: do that before KSM is enabled. */
	merged(a, b, pages);
	for (i = 0; i < NR_KSM; i++) {
		before[i] = env_read_long(ksm[i].path, 0);
		on = write_number(ksm[i].path, ksm[i].value);
	}
	for (tries = 0; on && merged(a, b, pages) < pages && tries < 1000; tries++)
		wait_ms(10);
	for (i = NR_KSM; i-- > 0;)
		write_number(ksm[i].path, before[i]);
	if (!on)
		end_skip("KSM can't be enabled: /sys/kernel/mm/ksm needs root");
	if (merged(a, b, pages) < pages)
		end_skip("KSM merged %u of %u pages in 10 s", merged(a, b, pages), pages);
}

/* --- swap ---------------------------------------------------------------- */

static bool has_swap(void)
{
	FILE *f = fopen("/proc/swaps", "re");
	char line[256];
	bool has;

	/* The first line is a heading. */
	has = f && fgets(line, sizeof(line), f) && fgets(line, sizeof(line), f);
	if (f)
		fclose(f);
	return has;
}

static unsigned int swapped(const void *p, unsigned int pages)
{
	uint64_t entry[MAX_MOVE];
	unsigned int i, n = 0;

	pagemap(p, pages, entry);
	for (i = 0; i < pages; i++)
		n += !!(entry[i] & PM_SWAP);
	return n;
}

void hostmem_swap_out(void *p, unsigned int pages)
{
	unsigned int try;

	if (pages > MAX_MOVE)
		end_fail("%u pages to swap out, %d at most", pages, MAX_MOVE);
	if (!has_swap())
		end_skip("this machine has no swap space");
	for (try = 0; try < 50; try++) {
		if (madvise(p, pages * VM_PAGE, MADV_PAGEOUT))
			end_skip("MADV_PAGEOUT: %s", strerror(errno));
		if (swapped(p, pages) == pages)
			return;
		wait_ms(20);
	}
	end_skip("MADV_PAGEOUT left pages in memory");
}

/* --- reclaim and aging --------------------------------------------------- */

unsigned int hostmem_present(const void *p, unsigned int pages)
{
	uint64_t entry[MAX_MOVE];
	unsigned int i, n = 0;

	if (pages > MAX_MOVE)
		end_fail("%u pages to check, %d at most", pages, MAX_MOVE);
	pagemap(p, pages, entry);
	for (i = 0; i < pages; i++)
		n += !!(entry[i] & PM_PRESENT);
	return n;
}

/* Read the page's bit of the idle bitmap, or set it. */
static uint64_t idle_word(const void *p, bool set)
{
	static const char path[] = "/sys/kernel/mm/page_idle/bitmap";
	uint64_t entry, pfn, bit, word;
	ssize_t n;
	int fd;

	pagemap(p, 1, &entry);
	pfn = entry & PM_PFN;
	bit = word = 1ULL << pfn % 64;
	fd = open(path, (set ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		end_skip("%s (CONFIG_IDLE_PAGE_TRACKING, root): %s", path, strerror(errno));
	n = set ? pwrite(fd, &word, 8, (off_t)(pfn / 64 * 8)) :
		  pread(fd, &word, 8, (off_t)(pfn / 64 * 8));
	close(fd);
	if (!pfn || n != 8)
		end_skip("%s: can't get the pfn of the page, or the bitmap rejects it", path);
	return word & bit;
}

bool hostmem_is_idle(const void *p)
{
	return idle_word(p, false);
}

/*
 * A page that is still in a per-CPU LRU batch is not on the LRU and can't be marked
 * idle.  move_pages() drains the batches; the page stays on its node.
 */
static void arrive(const void *p)
{
	void *page = (void *)(uintptr_t)p;
	int node, status;

	if (!move_pages(0, 1, &page, NULL, &node, 0))
		move_pages(0, 1, &page, &node, &status, MPOL_MF_MOVE);
}

void hostmem_set_idle(const void *p)
{
	unsigned int try;

	for (try = 0; try < 50; try++) {
		arrive(p);
		idle_word(p, true);
		if (hostmem_is_idle(p))
			return;
		wait_ms(20);
	}
	end_skip("the page can't be marked as idle");
}
