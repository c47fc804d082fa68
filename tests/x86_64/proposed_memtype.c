// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory types per slot, on kernels that have them: KVM_MEM_NON_COHERENT_DMA as posted
 * in 2024, KVM_MEM_WC as discussed then, and the device with which a VMM announces
 * non-coherent DMA (F9m-F12m).
 *
 * The effective type is visible only in timing.  The type in the SPTEs is visible in
 * KVM's tracepoints; on SVM, which always honours the guest's PAT, the first flag has
 * no visible effect.
 */
#include "test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "arch.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/mmu.h"
#include "gmem.h"
#include "memtype.h"
#include "proposed.h"
#include "record.h"
#include "uapi.h"
#include "vcpu.h"

#define GPA	0xc0000000ULL	/* the slot */
#define SIZE	PAGE_2M
#define SLOT	1
#define RAM	0x40000000ULL	/* an ordinary slot, for comparison */
#define MMIO	0xd0000000ULL	/* no slot */
#define MSR_PAT	0x277
/* Entry by entry: WB, WT, UC-, UC, WC, WP, WB, UC. */
#define PAT	0x0006050100070406ULL
#define DATA	0x8182838485868788ULL

FIXTURE(memtype) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t *mem, *ram;
	uint32_t flag;
	enum memtype_want want;
};

FIXTURE_VARIANT(memtype) {
	enum proposed feature;
	enum memtype_want want;
};

FIXTURE_VARIANT_ADD(memtype, noncoherent_dma) { PROPOSED_DMA, MEMTYPE_RAM_PAT };
FIXTURE_VARIANT_ADD(memtype, wc) { PROPOSED_WC, MEMTYPE_WC };

KVMEM_SETUP(memtype)
{
	proposed_require(variant->feature);
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->flag = proposed_flag(variant->feature);
	self->want = variant->want;
	self->mem = vm_alloc(SIZE);
	self->ram = vm_alloc(SIZE);
	vm_slot(self->vm, SLOT, self->flag, GPA, SIZE, self->mem);
	vm_slot(self->vm, 2, 0, RAM, SIZE, self->ram);
}

/* The number of slots with a memory type; false if KVM has no such statistic. */
static bool counted(struct vm *vm, uint64_t *n)
{
	if (!vm_has_stat(vm, "noncoherent_slots"))
		return false;
	*n = vm_stat(vm, "noncoherent_slots");
	return true;
}

static int set(struct vm *vm, bool v2, uint32_t slot, uint32_t flags, uint64_t gpa,
	       uint64_t size, const void *hva)
{
	if (v2)
		return vm_region2(vm, slot, flags, gpa, size, hva, -1, 0);
	return vm_region(vm, slot, flags, gpa, size, hva);
}

/* --- the ioctls (F9m) ---------------------------------------------------- */

/* Red with: one of the combinations accepted, or counted although refused. */
KVMEM_TEST_F(memtype, create, "F9m")
{
	uint32_t both = proposed_flag(PROPOSED_DMA) | proposed_flag(PROPOSED_WC);
	const struct {
		const char *what;
		uint32_t flags;
		const void *hva;
		int want;
	} rows[] = {
		{ "both types", both, self->mem, -EINVAL },
		{ "GUEST_MEMFD", KVM_MEM_GUEST_MEMFD, self->mem, -EINVAL },
		{ "PCI hole", proposed_flag(PROPOSED_PCI_HOLE), NULL, -EINVAL },
		{ "single HVA", proposed_flag(PROPOSED_SINGLE_HVA), self->mem, -EINVAL },
		{ "an unknown flag", 1U << 31, self->mem, -EINVAL },
		{ "unaligned address", 0, (char *)self->mem + 8, -EINVAL },
		{ "READONLY", KVM_MEM_READONLY, self->mem, 0 },
		{ "LOG_DIRTY", KVM_MEM_LOG_DIRTY_PAGES, self->mem, 0 },
		{ "both of them", KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES, self->mem, 0 },
	};
	uint64_t gpa = GPA + 0x1000000, n = 0, now = 0;
	bool counts = counted(self->vm, &n);
	size_t i;
	int v2;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		for (v2 = 0; v2 <= !!vm_cap(self->vm, KVM_CAP_USER_MEMORY2); v2++) {
			ASSERT_EQ(rows[i].want, set(self->vm, v2, 3, self->flag | rows[i].flags, gpa,
						    PAGE_4K, rows[i].hva)) {
				TH_LOG("with %s", rows[i].what);
			}
			if (counts) {
				counted(self->vm, &now);
				ASSERT_EQ(n + !rows[i].want, now) {
					TH_LOG("with %s", rows[i].what);
				}
			}
			if (!rows[i].want) {
				self->mem[1] = DATA + i;
				ASSERT_EQ(DATA + i, vcpu_load(self->v, 8, gpa + 8));
				ASSERT_EQ(0, set(self->vm, v2, 3, 0, 0, 0, NULL));
			}
			ASSERT_TRUE(vcpu_expect(self->v, "no slot", OPS(LD(8, gpa)),
						EXITS(MMIO_RD(gpa, 8, 3))));
		}
	}
}

/* A valid guest_memfd, but in combination with the flags. */
KVMEM_TEST(create_with_gmem, "F9m")
{
	static const enum proposed features[] = { PROPOSED_DMA, PROPOSED_WC };
	struct vm *vm;
	size_t i;
	int fd;

	proposed_require(PROPOSED_DMA);
	proposed_require(PROPOSED_WC);
	vm = gmem_vm_create(NULL);
	fd = gmem_create(vm, SIZE, gmem_default_flags(vm));
	ASSERT_LE(0, fd);
	for (i = 0; i < ARRAY_SIZE(features); i++)
		ASSERT_EQ(-EINVAL, vm_region2(vm, SLOT, proposed_flag(features[i]) |
					      KVM_MEM_GUEST_MEMFD, GPA, SIZE, vm_alloc(SIZE), fd, 0));
	ASSERT_EQ(0, vm_region2(vm, SLOT, KVM_MEM_GUEST_MEMFD, GPA, SIZE, vm_alloc(SIZE), fd, 0));
}

KVMEM_TEST_F(memtype, immutable, "F9m")
{
	uint32_t other = proposed_flag(variant->feature == PROPOSED_WC ? PROPOSED_DMA : PROPOSED_WC);
	uint32_t log = KVM_MEM_LOG_DIRTY_PAGES;
	int v2;

	for (v2 = 0; v2 <= !!vm_cap(self->vm, KVM_CAP_USER_MEMORY2); v2++) {
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, 0, GPA, SIZE, self->mem));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, log, GPA, SIZE, self->mem));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, other, GPA, SIZE, self->mem));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, self->flag | KVM_MEM_READONLY, GPA, SIZE,
				       self->mem));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, 2, self->flag, RAM, SIZE, self->ram));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, 2, self->flag | log, RAM, SIZE, self->ram));
		/* Logging can be switched on and off as for any slot. */
		ASSERT_EQ(0, set(self->vm, v2, SLOT, self->flag | log, GPA, SIZE, self->mem));
		ASSERT_EQ(0, set(self->vm, v2, SLOT, self->flag, GPA, SIZE, self->mem));
		ASSERT_EQ(0, set(self->vm, v2, SLOT, self->flag, GPA, SIZE, self->mem));
	}
	vcpu_store(self->v, 8, GPA, DATA);
	ASSERT_EQ(DATA, self->mem[0]);
	vcpu_store(self->v, 8, RAM, DATA);
	ASSERT_EQ(DATA, self->ram[0]);
}

/* Red with: a count that is raised by each change, or never lowered. */
KVMEM_TEST_F(memtype, count, "F9m")
{
	uint64_t to = GPA + 0x1000000, n;

	if (!counted(self->vm, &n))
		SKIP(return, "this kernel has no statistic noncoherent_slots");
	ASSERT_EQ(1, n);
	vm_slot(self->vm, 3, self->flag, to, PAGE_4K, self->ram);
	ASSERT_EQ(2, vm_stat(self->vm, "noncoherent_slots"));
	vm_slot(self->vm, SLOT, self->flag | KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, self->mem);
	vm_slot(self->vm, SLOT, self->flag, GPA, SIZE, self->mem);
	vm_slot(self->vm, 3, self->flag, to + PAGE_4K, PAGE_4K, self->ram);
	vm_slot(self->vm, 4, 0, to + 2 * PAGE_4K, PAGE_4K, self->ram);
	ASSERT_EQ(-EEXIST, vm_region(self->vm, 5, self->flag, to, SIZE, self->mem));
	ASSERT_EQ(2, vm_stat(self->vm, "noncoherent_slots"));
	vm_slot(self->vm, 4, 0, to, 0, NULL);
	vm_slot(self->vm, 3, self->flag, to, 0, NULL);
	ASSERT_EQ(1, vm_stat(self->vm, "noncoherent_slots"));
	vm_slot(self->vm, SLOT, 0, GPA, 0, NULL);
	ASSERT_EQ(0, vm_stat(self->vm, "noncoherent_slots"));
	/* Created again. */
	vm_slot(self->vm, SLOT, self->flag, GPA, SIZE, self->mem);
	ASSERT_EQ(1, vm_stat(self->vm, "noncoherent_slots"));
}

/* If the capability is announced, the flag is accepted. */
KVMEM_TEST_F(memtype, capability, "F9m")
{
	int cap = vm_cap(self->vm, proposed_cap(variant->feature));

	record_observation("F9m", proposed_name(variant->feature), "capability %d", cap);
	ASSERT_EQ(cap, vm_cap(NULL, proposed_cap(variant->feature)));
	if (cap)
		ASSERT_EQ(0, vm_region(self->vm, 3, self->flag, GPA + 0x1000000, PAGE_4K, self->ram));
}

/* --- what is mapped (F9m) ------------------------------------------------ */

/*
 * The slot has its type, all other memory keeps its type: mapped before or after, and
 * after the slot was deleted.
 * Red with: the type taken from the VM; the flag ignored when an entry is made.
 */
KVMEM_TEST_F(memtype, scope, "F9m")
{
	uint64_t before = RAM + 0x3000, after = RAM + 0x5000, gone = RAM + 0x7000, pages;
	struct memtype_trace *t = memtype_trace();

	vm_slot(self->vm, SLOT, 0, GPA, 0, NULL);
	vcpu_store(self->v, 8, before, DATA);
	ASSERT_TRUE(memtype_is(t, before, MEMTYPE_RAM));
	pages = vm_stat(self->vm, "pages_4k");
	vm_slot(self->vm, SLOT, self->flag, GPA, SIZE, self->mem);
	/* Creating a slot with a type zaps no other mapping. */
	ASSERT_EQ(pages, vm_stat(self->vm, "pages_4k"));
	memtype_clear(t);
	vcpu_store(self->v, 8, GPA, DATA);
	vcpu_load(self->v, 8, GPA + PAGE_2M - 8);
	vcpu_store(self->v, 8, after, DATA);
	ASSERT_TRUE(memtype_is(t, GPA, self->want));
	ASSERT_TRUE(memtype_is(t, GPA + PAGE_2M - 8, self->want));
	ASSERT_TRUE(memtype_is(t, after, MEMTYPE_RAM));

	/* The same after the entries were zapped and made again. */
	ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	ASSERT_EQ(0, madvise(self->ram, SIZE, MADV_DONTNEED));
	memtype_clear(t);
	ASSERT_EQ(0, vcpu_load(self->v, 8, GPA));
	ASSERT_EQ(0, vcpu_load(self->v, 8, before));
	ASSERT_TRUE(memtype_is(t, GPA, self->want));
	ASSERT_TRUE(memtype_is(t, before, MEMTYPE_RAM));

	/* And after a write to a logged slot, and after a move. */
	vm_slot(self->vm, SLOT, self->flag | KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, self->mem);
	memtype_clear(t);
	vcpu_store(self->v, 8, GPA, DATA);
	ASSERT_TRUE(memtype_is(t, GPA, self->want));
	vm_slot(self->vm, SLOT, self->flag | KVM_MEM_LOG_DIRTY_PAGES, GPA + SIZE, SIZE, self->mem);
	memtype_clear(t);
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, GPA + SIZE));
	ASSERT_TRUE(memtype_is(t, GPA + SIZE, self->want));

	vm_slot(self->vm, SLOT, 0, GPA, 0, NULL);
	vm_slot(self->vm, 3, 0, GPA, SIZE, self->mem);
	memtype_clear(t);
	vcpu_store(self->v, 8, gone, DATA);
	vcpu_store(self->v, 8, GPA, DATA);
	ASSERT_TRUE(memtype_is(t, gone, MEMTYPE_RAM));
	ASSERT_TRUE(memtype_is(t, GPA, MEMTYPE_RAM));
}

/* Red with: large pages ruled out for such slots; the type lost in a large entry. */
KVMEM_TEST_F(memtype, huge_page, "F9m")
{
	struct memtype_trace *t = memtype_trace();
	uint64_t large;

	madvise(self->mem, SIZE, MADV_HUGEPAGE);
	madvise(self->ram, SIZE, MADV_HUGEPAGE);
	memset(self->mem, 0x11, SIZE);
	memset(self->ram, 0x22, SIZE);
	large = vm_stat(self->vm, "pages_2m");
	vcpu_load(self->v, 8, RAM);
	REQUIRE(vm_stat(self->vm, "pages_2m") == large + 1,
		"no transparent huge page available (transparent_hugepage=never?)");
	ASSERT_EQ(0x1111111111111111, vcpu_load(self->v, 8, GPA + 0x123000));
	ASSERT_EQ(large + 2, vm_stat(self->vm, "pages_2m"));
	ASSERT_EQ(2, memtype_level(t, GPA));
	ASSERT_TRUE(memtype_is(t, GPA, self->want));
	ASSERT_TRUE(memtype_is(t, RAM, MEMTYPE_RAM));
	/* Small pages for the log, by a fault (an eager split would not be traced). */
	if (param_set("kvm.eager_page_split", 0))
		return;
	vm_slot(self->vm, SLOT, self->flag | KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, self->mem);
	memtype_clear(t);
	vcpu_store(self->v, 8, GPA + 0x5000, DATA);
	ASSERT_EQ(1, memtype_level(t, GPA + 0x5000));
	ASSERT_TRUE(memtype_is(t, GPA + 0x5000, self->want));
	ASSERT_EQ(DATA, self->mem[0x5000 / 8]);
}

/* --- data (F10m, F11m) --------------------------------------------------- */

/* Map each page of the slot with a different entry of the guest's PAT. */
static void map_types(FIXTURE_DATA(memtype) *self)
{
	unsigned int i;

	if (!cpu_set_msr(self->v, MSR_PAT, PAT))
		end_skip("KVM refuses to set MSR_IA32_CR_PAT");
	for (i = 0; i < 8; i++)
		mmu_map(self->vm, VM_WINDOW + i * PAGE_4K, GPA + i * PAGE_4K, 1, PTE_PAT_INDEX(i));
}

static void flush_line(const void *p)
{
	asm volatile("mfence; clflush %0; mfence" : : "m"(*(const char *)p) : "memory");
}

/*
 * Install: the guest reads what the host has just written, and zero after the host freed
 * the page, whatever the guest's memory type.
 * Red with: a page that is mapped before the caches are written back (on
 * hardware; an emulator has no caches that could differ).
 */
KVMEM_TEST_F(memtype, install, "F10m")
{
	unsigned int i, round;

	map_types(self);
	for (round = 0; round < 3; round++) {
		for (i = 0; i < 8; i++)
			self->mem[i * 512 + 8] = DATA + round * 8 + i;
		for (i = 0; i < 8; i++)
			ASSERT_EQ(DATA + round * 8 + i,
				  vcpu_load(self->v, 8, VM_WINDOW + i * PAGE_4K + 64)) {
				TH_LOG("PAT entry %u", i);
			}
		/* A new page, cleared by the kernel. */
		ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
		for (i = 0; i < 8; i++)
			ASSERT_EQ(0, vcpu_load(self->v, 8, VM_WINDOW + i * PAGE_4K + 64)) {
				TH_LOG("PAT entry %u", i);
			}
		ASSERT_EQ(0, madvise(self->mem, SIZE, MADV_DONTNEED));
	}
}

/*
 * Revoke: the host reads what the guest wrote uncached, after the slot was deleted and
 * after the page was moved by mremap().
 */
KVMEM_TEST_F(memtype, revoke, "F10m")
{
	unsigned int i;

	map_types(self);
	for (i = 0; i < 8; i++) {
		/* Cached by the host, then written by the guest. */
		self->mem[i * 512 + 8] = 1;
		vcpu_store(self->v, 8, VM_WINDOW + i * PAGE_4K + 64, DATA + i);
	}
	/* A page that moves is unmapped first. */
	ASSERT_EQ(self->ram, mremap(self->mem, PAGE_4K, PAGE_4K, MREMAP_MAYMOVE | MREMAP_FIXED,
				    self->ram));
	ASSERT_EQ(DATA, self->ram[8]);
	vm_slot(self->vm, SLOT, 0, GPA, 0, NULL);
	for (i = 1; i < 8; i++)
		ASSERT_EQ(DATA + i, self->mem[i * 512 + 8]) {
			TH_LOG("PAT entry %u", i);
		}
	/* The VM may be destroyed with the slot. */
	vm_slot(self->vm, SLOT, self->flag, GPA + SIZE, SIZE, self->mem);
	vcpu_store(self->v, 8, GPA + SIZE + PAGE_4K + 64, ~DATA);
	vm_destroy(self->vm);
	ASSERT_EQ(~DATA, self->mem[512 + 8]);
}

/*
 * Migration: the log has the pages that the guest wrote, whatever the type, and the host
 * reads the data after a clflush.
 */
KVMEM_TEST_F(memtype, migration, "F11m")
{
	uint64_t bitmap[8] = { 0 };
	struct kvm_dirty_log log = { .slot = SLOT, .dirty_bitmap = bitmap };
	unsigned int i;

	map_types(self);
	/* Mapped before the log is on: a page that gets mapped writable later is logged. */
	for (i = 0; i < 16; i++) {
		self->mem[i * 512 + 8] = 1;
		vcpu_load(self->v, 8, GPA + i * PAGE_4K);
	}
	vm_slot(self->vm, SLOT, self->flag | KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, self->mem);
	for (i = 0; i < 8; i += 2)
		vcpu_store(self->v, 8, VM_WINDOW + i * PAGE_4K + 64, DATA + i);
	for (i = 1; i < 8; i += 2)
		vcpu_load(self->v, 8, VM_WINDOW + i * PAGE_4K + 64);
	ASSERT_TRUE(vcpu_expect(self->v, "an emulated write",
		OPS({ .kind = OP_MOVS, .width = 8, .addr = MMIO, .addr2 = GPA + 9 * PAGE_4K + 64,
		      .value = { 1 } }), EXITS(MMIO_RD(MMIO, 8, DATA + 9))));
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(0x255, bitmap[0]);
	for (i = 0; i < 10; i++) {
		flush_line(&self->mem[i * 512 + 8]);
		ASSERT_EQ(0x255 & 1 << i ? DATA + i : 1, self->mem[i * 512 + 8]) {
			TH_LOG("page %u", i);
		}
	}
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(0, bitmap[0]);
	vcpu_store(self->v, 8, VM_WINDOW + 2 * PAGE_4K, 1);
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(4, bitmap[0]);
}

/* In combination with read-only: reads as RAM, writes exit. */
KVMEM_TEST_F(memtype, readonly, "F9m")
{
	uint64_t gpa = GPA + 0x1000000;

	vm_slot(self->vm, 3, self->flag | KVM_MEM_READONLY, gpa, PAGE_4K, self->ram);
	self->ram[1] = DATA;
	ASSERT_TRUE(vcpu_expect(self->v, "read-only", OPS(LD(8, gpa + 8), ST(8, gpa + 8, 1)),
				EXITS(MMIO_WR(gpa + 8, 8, 1))));
	ASSERT_EQ(DATA, vcpu_value(self->v, 0));
	ASSERT_EQ(DATA, self->ram[1]);
}

/* --- the device (F12m) --------------------------------------------------- */

#define GROUP_NONCOHERENT	1
#define ATTR_SET		1

static int create_device(const struct vm *vm, uint32_t flags)
{
	struct kvm_create_device d = { .type = proposed_device(), .flags = flags };

	return ioctl(vm->fd, KVM_CREATE_DEVICE, &d) ? -errno : flags ? 0 : (int)d.fd;
}

static int device_attr(int fd, unsigned long request, uint32_t group, uint64_t attr)
{
	struct kvm_device_attr a = { .group = group, .attr = attr };

	return ioctl(fd, request, &a) ? -errno : 0;
}

FIXTURE(device) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t *ram;
	int fd;
};

KVMEM_SETUP(device)
{
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	if (create_device(self->vm, KVM_CREATE_DEVICE_TEST))
		end_skip("kernel has no KVM_DEV_TYPE_VIRTIO (device type %u refused)",
			 proposed_device());
	self->fd = create_device(self->vm, 0);
	if (self->fd < 0)
		end_fail("KVM_CREATE_DEVICE: %s", strerror(-self->fd));
	self->ram = vm_alloc(SIZE);
	vm_slot(self->vm, 2, 0, RAM, SIZE, self->ram);
}

/* Red with: an unknown attribute accepted, or the known one refused. */
KVMEM_TEST_F(device, attributes, "F12m")
{
	static const struct {
		uint32_t group;
		uint64_t attr;
	} bad[] = {
		{ 0, 0 }, { 0, 1 }, { 1, 0 }, { 1, 2 }, { 2, 1 }, { 1, 1ULL << 32 | 1 }, { ~0U, ~0ULL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		ASSERT_EQ(-ENXIO, device_attr(self->fd, KVM_HAS_DEVICE_ATTR, bad[i].group, bad[i].attr)) {
			TH_LOG("row %zu", i);
		}
		ASSERT_EQ(-ENXIO, device_attr(self->fd, KVM_SET_DEVICE_ATTR, bad[i].group, bad[i].attr)) {
			TH_LOG("row %zu", i);
		}
	}
	ASSERT_EQ(0, device_attr(self->fd, KVM_HAS_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET));
	ASSERT_EQ(0, device_attr(self->fd, KVM_SET_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET));
	/* Setting it again succeeds, and there is no GET. */
	ASSERT_EQ(0, device_attr(self->fd, KVM_SET_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET));
	ASSERT_GT(0, device_attr(self->fd, KVM_GET_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET));
}

/* Red with: each SET counted; close that does not lower the count. */
KVMEM_TEST_F(device, count, "F12m")
{
	int other = create_device(self->vm, 0);

	ASSERT_LE(0, other);
	if (!vm_has_stat(self->vm, "noncoherent_dma"))
		SKIP(return, "this kernel has no statistic noncoherent_dma");
	ASSERT_EQ(0, vm_stat(self->vm, "noncoherent_dma"));
	ASSERT_EQ(0, device_attr(self->fd, KVM_SET_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET));
	ASSERT_EQ(0, device_attr(self->fd, KVM_SET_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET));
	ASSERT_EQ(1, vm_stat(self->vm, "noncoherent_dma"));
	ASSERT_EQ(0, device_attr(other, KVM_SET_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET));
	ASSERT_EQ(2, vm_stat(self->vm, "noncoherent_dma"));
	close(self->fd);
	ASSERT_EQ(1, vm_stat(self->vm, "noncoherent_dma"));
	close(other);
	ASSERT_EQ(0, vm_stat(self->vm, "noncoherent_dma"));
	/* Closing a device that was never set does not lower the count. */
	close(create_device(self->vm, 0));
	ASSERT_EQ(0, vm_stat(self->vm, "noncoherent_dma"));
}

/* The guest's PAT is honoured in the whole VM while the attribute is set. */
KVMEM_TEST_F(device, scope, "F12m")
{
	struct memtype_trace *t = memtype_trace();
	unsigned int i;

	for (i = 0; i < 2; i++) {
		memtype_clear(t);
		vcpu_store(self->v, 8, RAM, DATA + i);
		vcpu_store(self->v, 8, RAM + (2 * i + 1) * PAGE_4K, 1);
		ASSERT_TRUE(memtype_is(t, RAM + (2 * i + 1) * PAGE_4K, MEMTYPE_RAM));
		ASSERT_EQ(0, device_attr(self->fd, KVM_SET_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET));
		memtype_clear(t);
		/* Mapped before: if entries have a type, it must have been zapped. */
		ASSERT_EQ(DATA + i, vcpu_load(self->v, 8, RAM));
		if (!strcmp(arch_backend(), "vmx"))
			ASSERT_TRUE(memtype_is(t, RAM, MEMTYPE_RAM_PAT));
		vcpu_store(self->v, 8, RAM + (2 * i + 2) * PAGE_4K, 1);
		ASSERT_TRUE(memtype_is(t, RAM + (2 * i + 2) * PAGE_4K, MEMTYPE_RAM_PAT));
		close(self->fd);
		self->fd = create_device(self->vm, 0);
		ASSERT_LE(0, self->fd);
	}
}

/* The device may outlive the VM's descriptor. */
KVMEM_TEST_F(device, outlives_the_vm, "F12m")
{
	ASSERT_EQ(0, device_attr(self->fd, KVM_SET_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET));
	vcpu_store(self->v, 8, RAM, DATA);
	vm_destroy(self->vm);
	ASSERT_EQ(DATA, self->ram[0]);
	/* Requests fail after the VM was destroyed, but close works. */
	device_attr(self->fd, KVM_SET_DEVICE_ATTR, GROUP_NONCOHERENT, ATTR_SET);
	ASSERT_EQ(0, close(self->fd));
}

KVMEM_MAIN
