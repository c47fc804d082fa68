// SPDX-License-Identifier: GPL-2.0-only
/*
 * The use case of the PCI-hole proposals of 2020: 8193 reads of a 256-bus configuration
 * window without devices, answered in each way that a stock kernel has, and in the
 * proposed ways on kernels that have them.
 *
 * The window has a page per function; firmware reads the vendor word of function 0 of
 * each of 32 devices on 256 buses, and the first one once more.  hole_window reads each
 * of the 65536 pages instead.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "harness/bench.h"
#include "util/env.h"
#include "util/param.h"
#include "kvm/prefault.h"
#include "guest/proposed.h"
#include "util/quantile.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "guest/guest.h"
#include "util/util.h"

#define WINDOW 0xc0000000ULL /* 256 MiB */
#define WINDOW_SIZE 0x10000000ULL
#define STRIDE 0x8000 /* one device: eight functions */
#define FUNCTION 0x1000
#define READS (WINDOW_SIZE / STRIDE)
#define SLOT 1

#ifndef MADV_COLLAPSE /* 6.1 */
#define MADV_COLLAPSE 25
#endif

/*
 * The cost of a variant besides time.  Host memory of this process: every page counts
 * once, however often it is mapped.
 */
static uint64_t host_memory(void)
{
	return (uint64_t)env_kib("/proc/self/smaps_rollup", "Pss") * 1024;
}

/* Page tables: of all VMs of the host (only those of this VM change), of this process. */
static uint64_t kvm_tables(void)
{
	return (uint64_t)env_meminfo_kib("SecPageTables") * 1024;
}

static uint64_t host_tables(void)
{
	return (uint64_t)env_kib("/proc/self/status", "VmPTE") * 1024;
}

static uint64_t count_vmas(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	uint64_t n = 0;
	int c;

	while (f && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f)
		fclose(f);
	return n;
}

/* Mappings of the VM by size, if the kernel counts them. */
static uint64_t kvm_pages(struct vm *vm, const char *name)
{
	return vm_has_stat(vm, name) ? vm_stat(vm, name) : 0;
}

static void *reserve_window(void)
{
	char *p = mmap(NULL, WINDOW_SIZE + PAGE_2M, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		end_fail("mmap: %s", strerror(errno));
	return (void *)(((uintptr_t)p + PAGE_2M - 1) & ~(PAGE_2M - 1));
}

/* A memfd of @size bytes full of ones. */
static int ones(uint64_t size)
{
	int fd = memfd_create("ones", MFD_CLOEXEC);
	char *p;

	if (fd < 0 || ftruncate(fd, (off_t)size))
		end_fail("memfd: %s", strerror(errno));
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED)
		end_fail("mmap of memfd: %s", strerror(errno));
	memset(p, 0xff, size);
	munmap(p, size);
	return fd;
}

/* Map the first @granule bytes of @fd repeatedly over the window. */
static void map_over_window(char *window, int fd, uint64_t granule)
{
	uint64_t o;

	for (o = 0; o < WINDOW_SIZE; o += granule)
		if (mmap(window + o, granule, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, fd, 0) == MAP_FAILED)
			end_skip("mapping one page %llu times: %s",
				 (unsigned long long)(WINDOW_SIZE / granule),
				 strerror(errno));
}

/* --- the variants -------------------------------------------------------- */

/* (a) no slot: every read is an exit to userspace */
static unsigned int set_up_userspace(struct vm *vm)
{
	(void)vm;
	return 0;
}

/* (c) a separate page for each device that is read, as a simple VMM would do */
static unsigned int set_up_own_pages(struct vm *vm)
{
	char *w = reserve_window();
	uint64_t i;

	if (mmap(w, WINDOW_SIZE, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1,
		 0) == MAP_FAILED)
		end_fail("mmap: %s", strerror(errno));
	madvise(w, WINDOW_SIZE, MADV_NOHUGEPAGE);
	for (i = 0; i < READS; i++)
		memset(w + i * STRIDE, 0xff, VM_PAGE);
	vm_slot(vm, SLOT, KVM_MEM_READONLY, WINDOW, WINDOW_SIZE, w);
	return 1;
}

/*
 * (d) one small page for all.  One mapping per page would be 65536, six more than
 * vm.max_map_count allows, so each mapping has as many pages as necessary: two with
 * the default limit.
 */
static unsigned int set_up_one_page_4k(struct vm *vm)
{
	long limit = env_read_long("/proc/sys/vm/max_map_count", 65530) - 200;
	uint64_t granule = VM_PAGE;
	char *w = reserve_window();

	while (limit > 0 && WINDOW_SIZE / granule > (uint64_t)limit)
		granule *= 2;
	map_over_window(w, ones(granule), granule);
	vm_slot(vm, SLOT, KVM_MEM_READONLY, WINDOW, WINDOW_SIZE, w);
	return 1;
}

/* (d) one huge page for all: 128 mappings */
static unsigned int set_up_one_page_2m(struct vm *vm)
{
	char *w = reserve_window();
	int fd = ones(PAGE_2M);

	if (mmap(w, PAGE_2M, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		 0) == MAP_FAILED)
		end_fail("mmap: %s", strerror(errno));
	memset(w, 0xff, PAGE_2M);
	if (madvise(w, PAGE_2M, MADV_COLLAPSE))
		end_skip(
			"no huge page available for a memfd: MADV_COLLAPSE: %s",
			strerror(errno));
	map_over_window(w, fd, PAGE_2M);
	vm_slot(vm, SLOT, KVM_MEM_READONLY, WINDOW, WINDOW_SIZE, w);
	return 1;
}

/* Time of KVM_PRE_FAULT_MEMORY; 0 for variants without it. */
static uint64_t prefault_ticks;

/* (e) the same, mapped before the guest accesses it */
static void map_beforehand(struct vm *vm)
{
	uint64_t before = arch_cycles();
	struct kvm_pre_fault_memory r = { .gpa = WINDOW, .size = WINDOW_SIZE };

	/* Not prefault(): its timer would be measured, too. */
	while (r.size)
		if (ioctl(vm->vcpu[0]->fd, KVM_PRE_FAULT_MEMORY, &r) &&
		    errno != EINTR)
			end_fail("KVM_PRE_FAULT_MEMORY: %s", strerror(errno));
	prefault_ticks = arch_cycles() - before;
}

static unsigned int set_up_one_page_4k_prefaulted(struct vm *vm)
{
	prefault_require(vm);
	set_up_one_page_4k(vm);
	map_beforehand(vm);
	return 1;
}

static unsigned int set_up_one_page_2m_prefaulted(struct vm *vm)
{
	prefault_require(vm);
	set_up_one_page_2m(vm);
	map_beforehand(vm);
	return 1;
}

/* --- as proposed --------------------------------------------------------- */

static void need(const char *parameter, unsigned long value)
{
	int r = param_set(parameter, value);

	if (r)
		end_skip("parameter %s: %s", parameter, strerror(-r));
}

/* KVM_MEM_PCI_HOLE: KVM emulates, or maps a page of ones, @prefetch at a time */
static unsigned int set_up_hole(struct vm *vm, unsigned int map,
				unsigned int prefetch)
{
	proposed_require(PROPOSED_PCI_HOLE);
	if (map || param_set("kvm.pci_hole_map", 0) != -ENOENT) {
		need("kvm.pci_hole_map", map);
		need("kvm.pci_hole_prefetch", prefetch);
	}
	vm_slot(vm, SLOT, proposed_flag(PROPOSED_PCI_HOLE), WINDOW, WINDOW_SIZE,
		NULL);
	return 1;
}

static unsigned int set_up_hole_emulated(struct vm *vm)
{
	return set_up_hole(vm, 0, 1);
}

static unsigned int set_up_hole_4k(struct vm *vm)
{
	return set_up_hole(vm, 1, 1);
}

static unsigned int set_up_hole_4k_prefetched(struct vm *vm)
{
	return set_up_hole(vm, 1, 512);
}

static unsigned int set_up_hole_2m(struct vm *vm)
{
	return set_up_hole(vm, 2, 1);
}

/* KVM_MEM_SINGLE_HVA, read-only: the whole slot is one page */
static unsigned int set_up_single_4k(struct vm *vm)
{
	char *page;

	proposed_require(PROPOSED_SINGLE_HVA);
	param_set("kvm.single_hva_huge", 0);
	page = mmap(NULL, VM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		    ones(VM_PAGE), 0);
	if (page == MAP_FAILED)
		end_fail("mmap: %s", strerror(errno));
	vm_slot(vm, SLOT, KVM_MEM_READONLY | proposed_flag(PROPOSED_SINGLE_HVA),
		WINDOW, WINDOW_SIZE, page);
	return 1;
}

/* The same with a huge page, which is repeated */
static unsigned int set_up_single_2m(struct vm *vm)
{
	char *w = reserve_window();

	proposed_require(PROPOSED_SINGLE_HVA);
	need("kvm.single_hva_huge", 1);
	if (mmap(w, PAGE_2M, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED,
		 ones(PAGE_2M), 0) == MAP_FAILED)
		end_fail("mmap: %s", strerror(errno));
	memset(w, 0xff, PAGE_2M);
	if (madvise(w, PAGE_2M, MADV_COLLAPSE))
		end_skip(
			"no huge page available for a memfd: MADV_COLLAPSE: %s",
			strerror(errno));
	vm_slot(vm, SLOT, KVM_MEM_READONLY | proposed_flag(PROPOSED_SINGLE_HVA),
		WINDOW, WINDOW_SIZE, w);
	return 1;
}

/* --- measuring ----------------------------------------------------------- */

static void check_ones(struct vcpu *v, const struct mbox_op *op)
{
	struct mbox_op one = *op;

	one.count = 1;
	one.samples = 0;
	if (vcpu_do(v, &one, 1, NO_EXITS) != VCPU_DONE ||
	    vcpu_value(v, 0) != 0xffffffff)
		end_fail("the window does not read as all ones");
}

/* One pass over the window; returns its cycles in total. */
static uint64_t pass(struct vcpu *v, const struct mbox_op *op,
		     uint32_t *samples)
{
	uint64_t total = 0;
	uint32_t i;

	if (vcpu_do(v, op, 1, NO_EXITS) != VCPU_DONE)
		end_fail("the guest did not finish its scan");
	for (i = 0; i < op->count; i++)
		total += samples[i];
	return total;
}

static void record_pass(const struct bench *b, const char *which,
			uint32_t *samples, uint32_t n, uint64_t total)
{
	struct record_figure m = { .unit = bench_unit(),
				   .behaviour = b->behaviours,
				   .exact = bench_exact(),
				   .overhead = -1,
				   .userspace = -1,
				   .touched = -1,
				   .exits_per_op = -1 };
	char name[128];

	snprintf(name, sizeof(name), "%s.%s", b->name, which);
	m.name = name;
	record_samples(&m, samples, n);
	snprintf(name, sizeof(name), "%s.%s_scan", b->name, which);
	/* A scan reads the first device twice. */
	record_value(&m, (double)total + (n == READS ? (double)total / n : 0));
}

static void scan(struct vcpu *v, const struct bench *b, struct mbox_op op,
		 uint32_t *samples)
{
	uint64_t total;

	total = pass(v, &op, samples);
	record_pass(b, "first", samples, op.count, total);
	total = pass(v, &op, samples);
	record_pass(b, "repeated", samples, op.count, total);
}

enum way {
	USERSPACE,
	OWN_PAGES,
	ONE_4K,
	ONE_2M,
	ONE_4K_PREFAULTED,
	ONE_2M_PREFAULTED,
	HOLE_EMULATED,
	HOLE_4K,
	HOLE_4K_PREFETCHED,
	HOLE_2M,
	SINGLE_4K,
	SINGLE_2M,
};

/* Each returns the number of slots it created. */
static unsigned int (*const set_ups[])(struct vm *) = {
	[USERSPACE] = set_up_userspace,
	[OWN_PAGES] = set_up_own_pages,
	[ONE_4K] = set_up_one_page_4k,
	[ONE_2M] = set_up_one_page_2m,
	[ONE_4K_PREFAULTED] = set_up_one_page_4k_prefaulted,
	[ONE_2M_PREFAULTED] = set_up_one_page_2m_prefaulted,
	[HOLE_EMULATED] = set_up_hole_emulated,
	[HOLE_4K] = set_up_hole_4k,
	[HOLE_4K_PREFETCHED] = set_up_hole_4k_prefetched,
	[HOLE_2M] = set_up_hole_2m,
	[SINGLE_4K] = set_up_single_4k,
	[SINGLE_2M] = set_up_single_2m,
};

static void run(const struct bench *b)
{
	struct vm *vm = vm_create(NULL);
	struct {
		const char *name, *unit;
		uint64_t (*read)(void);
		uint64_t before;
	} costs[] = {
		{ "vmas", "count", count_vmas, 0 },
		{ "host_memory", "bytes", host_memory, 0 },
		{ "host_page_tables", "bytes", host_tables, 0 },
		{ "kvm_page_tables", "bytes", kvm_tables, 0 },
	};
	struct mbox_op op = b->op;
	uint64_t small, large;
	unsigned int slots;
	uint32_t *samples;
	size_t i;

	op.count = WINDOW_SIZE / op.stride;
	if (op.stride == FUNCTION && env_profile() == PROFILE_QUICK)
		end_skip("the whole window takes long: --profile full");
	/* Payload and sample buffer are mapped before anything is counted. */
	samples = bench_samples(vm->vcpu[0], op.count, &op.samples);
	for (i = 0; i < ARRAY_SIZE(costs); i++)
		costs[i].before = costs[i].read();
	small = kvm_pages(vm, "pages_4k");
	large = kvm_pages(vm, "pages_2m");
	slots = set_ups[b->param](vm);
	if (prefault_ticks)
		bench_value(b, "prefault", bench_unit(), (double)prefault_ticks);
	scan(vm->vcpu[0], b, op, samples);
	check_ones(vm->vcpu[0], &b->op);
	for (i = 0; i < ARRAY_SIZE(costs); i++)
		bench_value(b, costs[i].name, costs[i].unit,
			    (double)costs[i].read() - (double)costs[i].before);
	bench_value(b, "slots", "count", slots);
	if (!vm_has_stat(vm, "pages_4k"))
		return;
	bench_value(b, "pages_4k", "count", (double)(kvm_pages(vm, "pages_4k") - small));
	bench_value(b, "pages_2m", "count", (double)(kvm_pages(vm, "pages_2m") - large));
}

#define SCAN	{ .kind = OP_LOAD, .width = 4, .addr = WINDOW, .stride = STRIDE }
#define ALL	{ .kind = OP_LOAD, .width = 4, .addr = WINDOW, .stride = FUNCTION }

static const struct bench table[] = {
	{ "hole_scan.userspace", "N3", run, 3, SCAN, USERSPACE },
	{ "hole_scan.own_pages", "N3", run, 3, SCAN, OWN_PAGES },
	{ "hole_scan.one_page_4k", "N3", run, 3, SCAN, ONE_4K },
	{ "hole_scan.one_page_2m", "N3", run, 3, SCAN, ONE_2M },
	{ "hole_scan.one_page_4k_prefaulted", "N3", run, 3, SCAN, ONE_4K_PREFAULTED },
	{ "hole_scan.one_page_2m_prefaulted", "N3", run, 3, SCAN, ONE_2M_PREFAULTED },
	{ "hole_scan.hole_emulated", "N3", run, 3, SCAN, HOLE_EMULATED },
	{ "hole_scan.hole_4k", "N3", run, 3, SCAN, HOLE_4K },
	{ "hole_scan.hole_4k_prefetched", "N3", run, 3, SCAN, HOLE_4K_PREFETCHED },
	{ "hole_scan.hole_2m", "N3", run, 3, SCAN, HOLE_2M },
	{ "hole_scan.single_hva_4k", "N3", run, 3, SCAN, SINGLE_4K },
	{ "hole_scan.single_hva_2m", "N3", run, 3, SCAN, SINGLE_2M },

	{ "hole_window.userspace", "N5", run, 2, ALL, USERSPACE },
	{ "hole_window.one_page_4k", "N5", run, 2, ALL, ONE_4K },
	{ "hole_window.one_page_2m", "N5", run, 2, ALL, ONE_2M },
	{ "hole_window.one_page_4k_prefaulted", "N5", run, 2, ALL, ONE_4K_PREFAULTED },
	{ "hole_window.one_page_2m_prefaulted", "N5", run, 2, ALL, ONE_2M_PREFAULTED },
	{ "hole_window.hole_emulated", "N5", run, 2, ALL, HOLE_EMULATED },
	{ "hole_window.hole_4k", "N5", run, 2, ALL, HOLE_4K },
	{ "hole_window.hole_4k_prefetched", "N5", run, 2, ALL, HOLE_4K_PREFETCHED },
	{ "hole_window.hole_2m", "N5", run, 2, ALL, HOLE_2M },
	{ "hole_window.single_hva_4k", "N5", run, 2, ALL, SINGLE_4K },
	{ "hole_window.single_hva_2m", "N5", run, 2, ALL, SINGLE_2M },
};

#if __has_include("pci_hole_scan_arch.h")
#include "pci_hole_scan_arch.h"
#else
static const struct bench arch_table[] = {};
#endif

int main(int argc, char **argv)
{
	enum { COMMON = ARRAY_SIZE(table) };
	static struct bench all[(sizeof(table) + sizeof(arch_table)) / sizeof(table[0])];

	memcpy(all, table, sizeof(table));
	memcpy(all + COMMON, arch_table, sizeof(arch_table));
	return bench_main(argc, argv, all, ARRAY_SIZE(all));
}
