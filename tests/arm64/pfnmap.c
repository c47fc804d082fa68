// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots over device memory and other memory without struct page of its own (VM_PFNMAP):
 * the right pages, no dirty log, nothing to execute, write permission of the host's
 * mapping (G9).  The attributes of the entries do not show in the dump of stage 2.
 */
#include "harness/test.h"

#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arch/arm64/host.h"
#include "arch/arm64/mmu.h"
#include "arch/arm64/scenario/sweep.h"
#include "arch/arm64/stage2.h"
#include "guest/list.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "scenario/hostmem.h"
#include "util/pci.h"

#ifndef KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED	/* 6.17 */
#define KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED 243
#endif

#define GPA	0x100000000ULL	/* a multiple of 2 MiB */
#define OTHER	0x180000000ULL
#define SLOT	2
#define PAGES	((unsigned int)(SIZE / VM_PAGE))
#define SIZE	0x400000ULL	/* of the device that the lab has */
#define NEAR	48		/* pages around a boundary of 2 MiB that most tests access */
#define FROM	(PAGES / 2 - NEAR / 2)
#define NEAR_GPA (GPA + FROM * VM_PAGE)
#define LOG	KVM_MEM_LOG_DIRTY_PAGES

FIXTURE(bar) {
	struct vm *vm;
	struct vcpu *v;
	char *mem;		/* the device's memory, followed by RAM of the same size */
	struct sweep s;		/* NEAR pages of the device */
};

FIXTURE_VARIANT(bar) {
	bool wc;		/* resourceN_wc instead of resourceN */
};

FIXTURE_VARIANT_ADD(bar, uc) { .wc = false };
FIXTURE_VARIANT_ADD(bar, wc) { .wc = true };

KVMEM_SETUP(bar)
{
	/* Up to 6.13 protected mode concerned protected VMs only. */
	if (host_protected() && env_kernel_from(6, 14))
		end_never("protected KVM maps no device memory (6.14)");
	pci_test_device();
	self->mem = vm_alloc(2 * SIZE);
	pci_map(variant->wc, PROT_READ | PROT_WRITE, SIZE, self->mem);
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	sweep_init(&self->s, self->v, NEAR_GPA, NEAR, self->mem + FROM * VM_PAGE);
	sweep_fill(&self->s);
	if (!sweep_host(&self->s, "the device"))
		end_skip("the memory of %s does not keep written data", pci_test_device());
	vm_slot(self->vm, SLOT, 0, GPA, SIZE, self->mem);
}

/*
 * Whether KVM maps blocks of it differs; each page must be the right one, and the slot's
 * end is respected, although the device goes on.
 * Red with: the pfn of another page in hva_to_pfn_remapped(); a block beyond the slot.
 */
KVMEM_TEST_F(bar, values, "G9", 200)
{
	unsigned int tail = PAGES / 2 + 20;	/* pages of a slot that ends in a block */
	struct sweep *s = &self->s, all, part;
	size_t faults;

	ASSERT_TRUE(sweep_read(s, "read", ANY_FAULTS));
	ASSERT_TRUE(sweep_write(s, "write", NO_FAULTS));
	sweep_other(&all, s, GPA, PAGES, self->mem);
	sweep_fill(&all);
	stage2_faults_begin();
	ASSERT_TRUE(sweep_read(&all, "read of all", ANY_FAULTS));
	faults = stage2_faults(NULL, 0);
	record_observation("G9", "blocks", "%s", faults < PAGES / 2 ? "blocks" : "pages");
	ASSERT_TRUE(sweep_write(&all, "write of all", NO_FAULTS));
	sweep_alias(&part, &all, 0, OTHER, tail);
	vm_slot(self->vm, SLOT + 1, 0, OTHER, tail * VM_PAGE, self->mem);
	part.pages = 20;
	part.gpa += PAGES / 2 * VM_PAGE;
	memmove(part.want, part.want + PAGES / 2, 20 * sizeof(*part.want));
	ASSERT_TRUE(sweep_read(&part, "the tail of a slot", FAULTS({ 0, 20 })));
	ASSERT_TRUE(vcpu_expect(self->v, "behind the slot",
		OPS(LD(8, OTHER + tail * VM_PAGE), ST(8, OTHER + tail * VM_PAGE, 5)),
		EXITS(MMIO_RD(OTHER + tail * VM_PAGE, 8, 1), MMIO_WR(OTHER + tail * VM_PAGE, 8, 5))));
}

/*
 * RAM behind the device in one slot, and before it in another.
 * Red with: the attributes or the size of one VMA used for all of the slot.
 */
KVMEM_TEST_F(bar, next_to_ram, "G9")
{
	uint64_t end = OTHER + SIZE;
	struct sweep s;

	vm_slot(self->vm, SLOT + 1, 0, OTHER, 2 * SIZE, self->mem);
	sweep_other(&s, &self->s, end - 16 * VM_PAGE, 32, self->mem + SIZE - 16 * VM_PAGE);
	sweep_fill(&s);
	ASSERT_TRUE(sweep_read(&s, "device and RAM", ANY_FAULTS));
	ASSERT_TRUE(sweep_write(&s, "write", NO_FAULTS));
	ASSERT_TRUE(vcpu_expect(self->v, "an access of the pages on both sides",
				OPS(LD(8, end - 8), LD(8, end)), NO_EXITS));
	/* Only RAM is executable. */
	sweep_other(&s, &self->s, end, 16, self->mem + SIZE);
	sweep_fill(&s);
	ASSERT_TRUE(sweep_fetch(&s, "fetch from RAM", ANY_FAULTS));
}

static bool fetch_aborts(struct vcpu *v, const char *what, uint64_t gpa)
{
	const struct mbox_op op = { .kind = OP_CALL, .addr = gpa };
	enum vcpu_stop stop = vcpu_do(v, &op, 1, NO_EXITS);
	const struct mbox_result *r = vcpu_result(v, 0);

	/* 6.1 sets the upper half of ESR_EL1: only the lower half is looked at. */
	if (stop == VCPU_DONE && !v->nr_exits && (r->error >> 26 & 0x3f) == EC_IABT && !r->done &&
	    (r->error & 0x3f) == FSC_EXTERNAL && r->fault_addr == gpa && r->pc == gpa)
		return true;
	diag("%s: stop %d, %u exits, vector %d error 0x%llx address 0x%llx pc 0x%llx", what, stop,
	     v->nr_exits, r->vector, (unsigned long long)r->error,
	     (unsigned long long)r->fault_addr, (unsigned long long)r->pc);
	return false;
}

/*
 * A fetch is an abort in the guest, whether the page is mapped or not.
 * Red with: the check for a device left out of user_mem_abort().
 */
KVMEM_TEST_F(bar, fetch, "G9 G4")
{
	uint64_t gpa = NEAR_GPA + 8;

	ASSERT_TRUE(fetch_aborts(self->v, "not mapped", gpa));
	vcpu_load(self->v, 4, gpa);
	ASSERT_TRUE(fetch_aborts(self->v, "read before", gpa));
	vcpu_store(self->v, 4, gpa + VM_PAGE, 0);
	ASSERT_TRUE(fetch_aborts(self->v, "written before", gpa + VM_PAGE));
	ASSERT_TRUE(sweep_read(&self->s, "read afterwards", ANY_FAULTS));
}

/*
 * Red with: the writable bit of the host's entry ignored in hva_to_pfn_remapped(), for
 * reads or for writes.
 */
KVMEM_TEST_F(bar, host_readonly, "G9")
{
	uint64_t gpa = OTHER + FROM * VM_PAGE;

	pci_map(variant->wc, PROT_READ, SIZE, self->mem + SIZE);
	vm_slot(self->vm, SLOT + 1, 0, OTHER, SIZE, self->mem + SIZE);
	ASSERT_EQ(self->s.want[0], vcpu_load(self->v, 4, gpa));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(ST(4, gpa, 5))));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(ST(4, gpa + VM_PAGE, 6))));
	ASSERT_TRUE(sweep_host(&self->s, "after refused writes"));
	vcpu_store(self->v, 4, NEAR_GPA, self->s.want[0] = 7);
	ASSERT_EQ(7, vcpu_load(self->v, 4, gpa));
}

KVMEM_TEST_F(bar, readonly_slot, "G9 G7")
{
	uint64_t gpa = OTHER + FROM * VM_PAGE;

	vm_slot(self->vm, SLOT + 1, KVM_MEM_READONLY, OTHER, SIZE, self->mem);
	ASSERT_TRUE(vcpu_expect(self->v, "read-only slot over a device",
		OPS(ST(4, gpa, 4), LD(4, gpa), ST(4, gpa, 5), ST(4, NEAR_GPA, 6), LD(4, gpa)),
		EXITS(MMIO_WR(gpa, 4, 4), MMIO_WR(gpa, 4, 5))));
	ASSERT_EQ(self->s.want[0], vcpu_value(self->v, 1));
	ASSERT_EQ(6, vcpu_value(self->v, 4));
	ASSERT_TRUE(fetch_aborts(self->v, "fetch", gpa + 8));
}

/*
 * No log over a device, wherever it is in the slot; what was refused changes nothing.
 * Red with: the check for VM_PFNMAP left out of kvm_arch_prepare_memory_region(), or made for
 * the first VMA only.
 */
KVMEM_TEST_F(bar, log_refused, "G9")
{
	const struct {
		uint64_t from, size;	/* of the mapping: the device, then RAM */
		int want;
	} rows[] = {
		{ 0, SIZE, -EINVAL }, { 0, VM_PAGE, -EINVAL }, { SIZE - VM_PAGE, VM_PAGE, -EINVAL },
		{ SIZE - VM_PAGE, 2 * VM_PAGE, -EINVAL }, { SIZE, SIZE, 0 },
	};
	char *between = vm_alloc(4 * VM_PAGE);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char *hva = self->mem + rows[i].from;

		ASSERT_EQ(rows[i].want, vm_region(self->vm, SLOT + 1, LOG, OTHER, rows[i].size, hva)) {
			TH_LOG("row %zu", i);
		}
		ASSERT_EQ(rows[i].want, vm_region(self->vm, SLOT + 2, LOG | KVM_MEM_READONLY,
						  OTHER + SIZE, rows[i].size, hva));
	}
	vm_slot(self->vm, SLOT + 1, 0, OTHER, 0, NULL);
	/* RAM before and behind it. */
	pci_map(variant->wc, PROT_READ | PROT_WRITE, VM_PAGE, between + VM_PAGE);
	ASSERT_EQ(-EINVAL, vm_region(self->vm, SLOT + 1, LOG, OTHER, 4 * VM_PAGE, between));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, SLOT + 1, LOG, OTHER, 2 * VM_PAGE, between));
	ASSERT_EQ(0, vm_region(self->vm, SLOT + 1, LOG, OTHER, VM_PAGE, between));
	/* Switched on later. */
	ASSERT_TRUE(sweep_write(&self->s, "before", ANY_FAULTS));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, SLOT, LOG, GPA, SIZE, self->mem));
	ASSERT_TRUE(sweep_write(&self->s, "the log refused", NO_FAULTS));
}

/* A device that is mapped into a slot with a log: it works, and its pages are logged. */
KVMEM_TEST_F(bar, mapped_into_logged_slot, "G9")
{
	char *ram = vm_alloc(2 * VM_PAGE);
	uint64_t bits = 0;
	struct kvm_dirty_log log = { .slot = SLOT + 1, .dirty_bitmap = &bits };

	vm_slot(self->vm, SLOT + 1, LOG, OTHER, 2 * VM_PAGE, ram);
	vcpu_store(self->v, 4, OTHER, 1);
	pci_map(variant->wc, PROT_READ | PROT_WRITE, 2 * VM_PAGE, ram);
	*(volatile uint32_t *)ram = 0x77;
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(0x77, vcpu_load(self->v, 4, OTHER));
	vcpu_store(self->v, 4, OTHER + VM_PAGE, 0x78);
	ASSERT_EQ(0x78, *(volatile uint32_t *)(ram + VM_PAGE));
	ASSERT_EQ(0x78, *(volatile uint32_t *)(self->mem + VM_PAGE));
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log));
	record_observation("G9", "log_of_device", "0x%llx", (unsigned long long)bits);
}

/*
 * The host unmaps a page: it is gone; a new mapping works.  The kernel has to split its
 * own mapping, which unmaps the 2 MiB around the page, but no more.
 * Red with: the notifier ignored for such slots.
 */
KVMEM_TEST_F(bar, host_unmaps, "G9 G10")
{
	struct sweep *s = &self->s, next;
	char *page = self->mem + (FROM + 5) * VM_PAGE;

	ASSERT_TRUE(sweep_write(s, "write", ANY_FAULTS));
	sweep_alias(&next, s, NEAR / 2, NEAR_GPA + NEAR / 2 * VM_PAGE, NEAR / 2);
	ASSERT_EQ(0, munmap(page, VM_PAGE));
	ASSERT_TRUE(sweep_read(&next, "the next 2 MiB", NO_FAULTS));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(LD(4, NEAR_GPA + 5 * VM_PAGE))));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(ST(4, NEAR_GPA + 5 * VM_PAGE, 9))));
	hostmem_map_over(page, -1, 0, VM_PAGE);
	sweep_expect_zero(s, 5, 1);
	ASSERT_TRUE(sweep_read(s, "RAM in its place", ANY_FAULTS));
	ASSERT_TRUE(sweep_read(s, "again", NO_FAULTS));
	/* All of it, and back. */
	ASSERT_EQ(0, munmap(self->mem, SIZE));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(LD(4, NEAR_GPA))));
	pci_map(variant->wc, PROT_READ | PROT_WRITE, SIZE, self->mem);
	sweep_fill(s);
	ASSERT_TRUE(sweep_read(s, "mapped again", ANY_FAULTS));
	ASSERT_TRUE(sweep_write(s, "write again", NO_FAULTS));
}

/* Whether the host can read @p: by write(), so that a revoked page is EFAULT and not SIGBUS. */
static bool host_reads(const void *p)
{
	int fds[2];
	bool ok;

	if (pipe(fds))
		end_fail("pipe: %s", strerror(errno));
	ok = write(fds[1], p, 8) == 8;
	close(fds[0]);
	close(fds[1]);
	return ok;
}

/* The device is removed: the guest can access it exactly as long as the host can. */
KVMEM_TEST_F(bar, device_removed, "G9")
{
	struct sweep *s = &self->s;
	bool kept;

	ASSERT_TRUE(sweep_write(s, "write", ANY_FAULTS));
	pci_remove();
	kept = host_reads(*s->mem);
	record_observation("G9", "mapping_of_removed_device", "%s", kept ? "kept" : "revoked");
	if (kept)
		ASSERT_EQ(*(volatile uint32_t *)*s->mem, vcpu_load(self->v, 4, NEAR_GPA));
	if (!kept)
		ASSERT_TRUE(vcpu_faults(self->v, OPS(LD(4, NEAR_GPA))));
	vm_slot(self->vm, SLOT, 0, GPA, 0, NULL);
	ASSERT_EQ(0, munmap(self->mem, SIZE));
	pci_rescan();
	pci_map(variant->wc, PROT_READ | PROT_WRITE, SIZE, self->mem);
	vm_slot(self->vm, SLOT, 0, GPA, SIZE, self->mem);
	sweep_fill(s);
	ASSERT_TRUE(sweep_read(s, "after the rescan", ANY_FAULTS));
}

/*
 * An unaligned access is an alignment fault in device memory, on CPUs and emulators that
 * check it, and never in RAM.
 */
KVMEM_TEST_F(bar, unaligned, "G9")
{
	const struct mbox_op op = { .kind = OP_LOAD, .width = 8, .addr = NEAR_GPA + 3 };
	const struct mbox_result *r = vcpu_result(self->v, 0);

	vm_slot(self->vm, SLOT + 1, 0, OTHER, SIZE, self->mem + SIZE);
	ASSERT_TRUE(vcpu_expect(self->v, "unaligned access to RAM", OPS(LD(8, OTHER + 3)), NO_EXITS));
	ASSERT_EQ(VCPU_DONE, vcpu_do(self->v, &op, 1, NO_EXITS));
	ASSERT_EQ(0, self->v->nr_exits);
	if (r->vector >= 0)
		record_observation("G9", "unaligned", "vector 0x%x, fault status 0x%x", r->vector,
				   (unsigned int)r->error & 0x3f);
	else
		record_observation("G9", "unaligned", "accepted");
}

/* --- RAM that is mapped by page frames ------------------------------------------------------- */

/* Whether the mapping at @p is VM_PFNMAP, by VmFlags in /proc/self/smaps. */
static bool is_pfnmap(const void *p)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long start, end;
	bool inside = false, is = false;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = (unsigned long)p >= start && (unsigned long)p < end;
		else if (inside && !strncmp(line, "VmFlags:", 8))
			is = strstr(line, " pf");
	}
	if (f)
		fclose(f);
	return is;
}

/*
 * The ring of perf: RAM, cacheable, VM_PFNMAP since 6.15.
 * Red with: the check of kvm_supports_cacheable_pfnmap() left out.
 */
KVMEM_TEST(cacheable, "G9")
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .size = sizeof(attr), .config = PERF_COUNT_SW_DUMMY,
	};
	struct vm *vm = vm_create(NULL);
	struct perf_event_mmap_page *p;
	int fd, r;

	fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
	REQUIRE(fd >= 0, "perf_event_open: %s", strerror(errno));
	p = mmap(NULL, 2 * VM_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	REQUIRE(p != MAP_FAILED, "mmap of perf's ring: %s", strerror(errno));
	REQUIRE(is_pfnmap(p), "perf's ring is not VM_PFNMAP (6.15)");
	r = vm_region(vm, SLOT, 0, GPA, 2 * VM_PAGE, p);
	record_observation("G9", "cacheable_pfnmap", "%s", r ? strerror(-r) : "accepted");
	if (!vm_cap(vm, KVM_CAP_ARM_CACHEABLE_PFNMAP_SUPPORTED) && env_kernel_from(6, 17)) {
		ASSERT_EQ(-EINVAL, r);
		return;
	}
	ASSERT_EQ(0, r);
	ASSERT_EQ(p->data_head, vcpu_load(vm->vcpu[0], 8, GPA + offsetof(struct perf_event_mmap_page,
									 data_head)));
	ASSERT_EQ(p->data_size, vcpu_load(vm->vcpu[0], 8, GPA + offsetof(struct perf_event_mmap_page,
									 data_size)));
	vcpu_store(vm->vcpu[0], 8, GPA + VM_PAGE, 0x123);
	ASSERT_EQ(0x123, *(uint64_t *)((char *)p + VM_PAGE));
	ASSERT_EQ(-EINVAL, vm_region(vm, SLOT, LOG, GPA, 2 * VM_PAGE, p));
}

KVMEM_MAIN
