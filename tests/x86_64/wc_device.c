// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots over the memory of a PCI device (VM_PFNMAP), mapped uncached and
 * write-combining through sysfs, and the effect of device assignment on memory types
 * (F3m, F5m, F8m).
 */
#include "harness/test.h"

#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/memtype.h"
#include "util/pci.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define BAR	0x50000000ULL	/* where the guest sees the device's memory */
#define RAM	0x40000000ULL
#define SIZE	(4 * PAGE_4K)
#define DATA	0x8182838485868788ULL

static const uint8_t widths[] = { 1, 2, 4, 8 };

/* --- the memory of a device (F8m) ---------------------------------------- */

FIXTURE(bar) {
	struct vm *vm;
	struct vcpu *v;
	volatile uint64_t *mem;	/* the device's memory, mapped by the host */
	struct memtype_trace *t;
};

FIXTURE_VARIANT(bar) {
	bool wc;		/* resourceN_wc instead of resourceN */
};

FIXTURE_VARIANT_ADD(bar, uc) { .wc = false };
FIXTURE_VARIANT_ADD(bar, wc) { .wc = true };

KVMEM_SETUP(bar)
{
	unsigned int i;

	self->mem = pci_map(variant->wc, PROT_READ | PROT_WRITE, SIZE, NULL);
	for (i = 0; i < SIZE / 8; i++)
		self->mem[i] = DATA + i;
	REQUIRE(self->mem[1] == DATA + 1 && self->mem[SIZE / 8 - 1] == DATA + SIZE / 8 - 1,
		"the memory of %s does not keep written data", pci_test_device());
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	vm_slot(self->vm, 1, 0, BAR, SIZE, (const void *)self->mem);
}

/*
 * Red with: the page frame of another page in hva_to_pfn_remapped(); an MMIO
 * entry for memory that has a slot.
 */
KVMEM_TEST_F(bar, values, "F8m")
{
	unsigned int page;
	size_t w;

	for (page = 0; page < SIZE / PAGE_4K; page++) {
		for (w = 0; w < ARRAY_SIZE(widths); w++) {
			unsigned int i = page * PAGE_4K / 8 + 8 + w, bits = widths[w] * 8;
			uint64_t new = bits < 64 ? (DATA + i) >> bits << bits : 0;

			new |= low(~DATA, widths[w]);
			ASSERT_EQ(low(DATA + i, widths[w]),
				  low(vcpu_load(self->v, widths[w], BAR + i * 8), widths[w]));
			vcpu_store(self->v, widths[w], BAR + i * 8, ~DATA);
			ASSERT_EQ(new, self->mem[i]);
			ASSERT_EQ(new, vcpu_load(self->v, 8, BAR + i * 8));
		}
		ASSERT_EQ(DATA + page * PAGE_4K / 8, self->mem[page * PAGE_4K / 8]);
	}
}

/*
 * EPT: uncached, however the host has mapped it.  NPT: no type, the host's MTRRs are UC.
 * Red with: kvm_is_mmio_pfn() that treats the BAR as RAM.
 */
KVMEM_TEST_F(bar, memory_type, "F3m F8m")
{
	uint64_t i;

	self->t = memtype_trace();
	for (i = 0; i < 2; i++) {
		memtype_clear(self->t);
		vcpu_store(self->v, 8, BAR + 0x1008, i);
		ASSERT_EQ(i, self->mem[0x1008 / 8]);
		ASSERT_TRUE(memtype_is(self->t, BAR + 0x1008, MEMTYPE_DEVICE));
		vm_slot(self->vm, 1, 0, BAR, 0, NULL);
		vm_slot(self->vm, 1, 0, BAR, SIZE, (const void *)self->mem);
	}
}

/*
 * The guest cannot write to memory that the host has mapped read-only, whether it reads
 * the page first or not (like CVE-2021-22543).
 * Red with: the writable bit of the host's entry ignored in
 * hva_to_pfn_remapped(), for reads or for writes.
 */
KVMEM_TEST_F(bar, host_readonly, "F8m")
{
	void *ro = pci_map(variant->wc, PROT_READ, SIZE, NULL);

	vm_slot(self->vm, 2, 0, RAM, SIZE, ro);
	ASSERT_EQ(DATA + 1, vcpu_load(self->v, 8, RAM + 8));
	ASSERT_TRUE(vcpu_expect(self->v, "write after a read", OPS(ST(8, RAM + 8, 5)),
				EXITS(MMIO_WR(RAM + 8, 8, 5))));
	ASSERT_TRUE(vcpu_expect(self->v, "write at once", OPS(ST(8, RAM + 0x1008, 6)),
				EXITS(MMIO_WR(RAM + 0x1008, 8, 6))));
	ASSERT_EQ(DATA + 1, vcpu_load(self->v, 8, RAM + 8));
	ASSERT_EQ(DATA + 1, self->mem[1]);
	ASSERT_EQ(DATA + 0x1008 / 8, self->mem[0x1008 / 8]);
}

KVMEM_TEST_F(bar, readonly_slot, "F8m")
{
	vm_slot(self->vm, 2, KVM_MEM_READONLY, RAM, SIZE, (const void *)self->mem);
	ASSERT_TRUE(vcpu_expect(self->v, "read-only slot over a device",
				OPS(LD(8, RAM + 8), ST(8, RAM + 8, 5), LD(8, RAM + 8), ST(8, BAR + 8, 6),
				    LD(8, RAM + 8)),
				EXITS(MMIO_WR(RAM + 8, 8, 5))));
	ASSERT_EQ(DATA + 1, vcpu_value(self->v, 0));
	ASSERT_EQ(DATA + 1, vcpu_value(self->v, 2));
	ASSERT_EQ(6, vcpu_value(self->v, 4));
	ASSERT_EQ(6, self->mem[1]);
}

/* Emulated accesses use the host's mapping of the same memory. */
KVMEM_TEST_F(bar, emulated_access, "F8m")
{
	ASSERT_TRUE(vcpu_expect(self->v, "movs from a hole to the device, and back",
		OPS({ .kind = OP_MOVS, .width = 8, .addr = 0xc0000000, .addr2 = BAR + 0x18,
		      .value = { 1 } },
		    LD(8, BAR + 0x18),
		    { .kind = OP_MOVS, .width = 8, .addr = BAR + 0x20, .addr2 = 0xc0000000,
		      .value = { 1 } }),
		EXITS(MMIO_RD(0xc0000000, 8, 0x1234), MMIO_WR(0xc0000000, 8, DATA + 4))));
	ASSERT_EQ(0x1234, vcpu_value(self->v, 1));
	ASSERT_EQ(0x1234, self->mem[3]);
}

KVMEM_TEST_F(bar, dirty_log, "F8m")
{
	uint64_t bitmap[1] = { ~0ULL };
	struct kvm_dirty_log log = { .slot = 1, .dirty_bitmap = bitmap };

	vcpu_store(self->v, 8, BAR, 1);
	vm_slot(self->vm, 1, KVM_MEM_LOG_DIRTY_PAGES, BAR, SIZE, (const void *)self->mem);
	vcpu_load(self->v, 8, BAR);
	vcpu_store(self->v, 8, BAR + 0x2008, 2);
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(1 << 2, bitmap[0]);
	ASSERT_EQ(2, self->mem[0x2008 / 8]);
}

/*
 * The host unmaps the memory, the slot stays: no stale entry, KVM_RUN fails.  After that
 * the guest uses a new mapping at the same address.
 * Red with: the notifier ignored for such slots.
 */
KVMEM_TEST_F(bar, host_unmaps, "F8m")
{
	vcpu_store(self->v, 8, BAR + 8, 7);
	ASSERT_EQ(0, munmap((void *)self->mem, SIZE));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(LD(8, BAR + 8))));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(ST(8, BAR + 8, 9))));
	pci_map(variant->wc, PROT_READ | PROT_WRITE, SIZE, (void *)self->mem);
	ASSERT_EQ(7, self->mem[1]);
	ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	ASSERT_EQ(9, self->mem[1]);
	ASSERT_EQ(9, vcpu_load(self->v, 8, BAR + 8));
}

/* Whether the host can read @p: by write(), so that a revoked page is EFAULT and not SIGBUS. */
static bool host_reads(const volatile void *p)
{
	int fds[2];
	bool ok;

	if (pipe(fds))
		return false;
	ok = write(fds[1], (const void *)p, 8) == 8;
	close(fds[0]);
	close(fds[1]);
	return ok;
}

/*
 * The device is removed.  Whether its mapping is revoked depends on sysfs: since "PCI:
 * Revoke mappings like devmem" (5.12) the mappings belong to another inode than the
 * one that the removal of the file unmaps, and stay.  KVM must map the page exactly
 * as long as the host does (F8m).  Without the slot the addresses are a hole.
 */
KVMEM_TEST_F(bar, device_removed, "F8m")
{
	bool kept;

	vcpu_store(self->v, 8, BAR + 8, 7);
	pci_remove();
	kept = host_reads(self->mem);
	record_observation("F8m", "mapping_of_removed_device", "%s", kept ? "kept" : "revoked");
	if (kept) {
		ASSERT_EQ(self->mem[1], vcpu_load(self->v, 8, BAR + 8));
		ASSERT_EQ(self->mem[0x3008 / 8], vcpu_load(self->v, 8, BAR + 0x3008));
	} else {
		ASSERT_TRUE(vcpu_faults(self->v, OPS(LD(8, BAR + 8))));
		ASSERT_TRUE(vcpu_faults(self->v, OPS(LD(8, BAR + 0x3008))));
	}
	vm_slot(self->vm, 1, 0, BAR, 0, NULL);
	ASSERT_TRUE(vcpu_expect(self->v, "after the slot", OPS(LD(8, BAR + 8), ST(8, BAR + 8, 9)),
				EXITS(MMIO_RD(BAR + 8, 8, 3), MMIO_WR(BAR + 8, 8, 9))));
	ASSERT_EQ(0, munmap((void *)self->mem, SIZE));
	pci_rescan();
	self->mem = pci_map(variant->wc, PROT_READ | PROT_WRITE, SIZE, NULL);
	ASSERT_EQ(7, self->mem[1]);
	vm_slot(self->vm, 1, 0, BAR, SIZE, (const void *)self->mem);
	ASSERT_EQ(7, vcpu_load(self->v, 8, BAR + 8));
}

/* --- DMA that is not coherent (F5m) -------------------------------------- */

/*
 * A device without an IOMMU that enforces coherency.  VFIO's no-IOMMU mode gives such
 * groups on any machine, but taints the kernel: lab only.
 */
static int noncoherent_group(void)
{
	static const char param[] = "/sys/module/vfio/parameters/enable_unsafe_noiommu_mode";
	const char *device = pci_test_device();
	char path[128], link[256];
	ssize_t n;
	int fd;

	if (!env_in_lab())
		end_skip("a VFIO group without an IOMMU: lab only");
	fd = open(param, O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "1", 1) != 1)
		end_skip("this kernel has no VFIO without an IOMMU (CONFIG_VFIO_NOIOMMU)");
	close(fd);
	if (pci_write("driver_override", "vfio-pci"))
		end_fail("%s: driver_override: %s", device, strerror(errno));
	fd = open("/sys/bus/pci/drivers/vfio-pci/bind", O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		end_skip("this kernel has no vfio-pci (CONFIG_VFIO_PCI)");
	if (write(fd, device, strlen(device)) < 0 && errno != EBUSY)
		end_fail("vfio-pci does not bind to %s: %s", device, strerror(errno));
	close(fd);
	snprintf(path, sizeof(path), "/sys/bus/pci/devices/%s/iommu_group", device);
	n = readlink(path, link, sizeof(link) - 1);
	if (n < 0)
		end_fail("%s: %s", path, strerror(errno));
	link[n] = '\0';
	snprintf(path, sizeof(path), "/dev/vfio/noiommu-%s", strrchr(link, '/') + 1);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		end_fail("%s: %s", path, strerror(errno));
	return fd;
}

/* Restore the device for other tests. */
static void release_group(int group)
{
	close(group);
	pci_write("driver/unbind", pci_test_device());
	pci_write("driver_override", "\n");
}

static int vfio_device(struct vm *vm)
{
	struct kvm_create_device d = { .type = KVM_DEV_TYPE_VFIO };

	if (ioctl(vm->fd, KVM_CREATE_DEVICE, &d))
		end_skip("KVM_CREATE_DEVICE of KVM_DEV_TYPE_VFIO: %s", strerror(errno));
	return (int)d.fd;
}

static int vfio_set(int device, uint64_t attr, int32_t fd)
{
	struct kvm_device_attr a = {
		.group = KVM_DEV_VFIO_GROUP, .attr = attr, .addr = (uintptr_t)&fd,
	};

	return ioctl(device, KVM_SET_DEVICE_ATTR, &a) ? -errno : 0;
}

/* Open the device of the group. */
static int open_device(int group, int *container)
{
	int device;

	*container = open("/dev/vfio/vfio", O_RDWR | O_CLOEXEC);
	if (*container < 0 || ioctl(group, VFIO_GROUP_SET_CONTAINER, container) ||
	    ioctl(*container, VFIO_SET_IOMMU, VFIO_NOIOMMU_IOMMU))
		end_fail("VFIO container: %s", strerror(errno));
	device = ioctl(group, VFIO_GROUP_GET_DEVICE_FD, pci_test_device());
	if (device < 0)
		end_fail("VFIO_GROUP_GET_DEVICE_FD: %s", strerror(errno));
	return device;
}

static off_t region(int device, unsigned int index)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };

	if (ioctl(device, VFIO_DEVICE_GET_REGION_INFO, &info))
		end_fail("VFIO_DEVICE_GET_REGION_INFO of %u: %s", index, strerror(errno));
	return (off_t)info.offset;
}

#define PCI_COMMAND	4
#define COMMAND_MEMORY	2

static void decode_memory(int device, bool on)
{
	off_t at = region(device, VFIO_PCI_CONFIG_REGION_INDEX) + PCI_COMMAND;
	uint16_t command;

	if (pread(device, &command, 2, at) != 2)
		end_fail("PCI configuration space: %s", strerror(errno));
	command = on ? command | COMMAND_MEMORY : command & ~COMMAND_MEMORY;
	if (pwrite(device, &command, 2, at) != 2)
		end_fail("PCI configuration space: %s", strerror(errno));
}

/*
 * A driver binds to the device while a guest uses its memory through sysfs: that mapping
 * is revoked (CONFIG_IO_STRICT_DEVMEM).  The driver's mapping is revoked while the
 * device does not decode memory.  KVM must zap its entries each time.
 * Red with: the notifier ignored for such slots.
 */
KVMEM_TEST(revoked_by_driver, "F8m")
{
	int group = noncoherent_group(), container, device;
	volatile uint64_t *sysfs, *vfio;
	struct vm *vm;
	struct vcpu *v;
	bool kept;

	sysfs = pci_map(false, PROT_READ | PROT_WRITE, SIZE, NULL);
	sysfs[1] = DATA;
	vm = vm_create(NULL);
	v = vm->vcpu[0];
	vm_slot(vm, 1, 0, BAR, SIZE, (const void *)sysfs);
	ASSERT_EQ(DATA, vcpu_load(v, 8, BAR + 8));

	device = open_device(group, &container);
	vfio = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, device,
		    region(device, VFIO_PCI_BAR2_REGION_INDEX));
	ASSERT_NE(MAP_FAILED, (void *)vfio);
	kept = host_reads(sysfs);
	record_observation("F8m", "sysfs_mapping_after_driver", "%s", kept ? "kept" : "revoked");
	if (kept)
		ASSERT_EQ(DATA, vcpu_load(v, 8, BAR + 8));
	if (!kept)
		ASSERT_TRUE(vcpu_faults(v, OPS(LD(8, BAR + 8))));

	vm_slot(vm, 2, 0, RAM, SIZE, (const void *)vfio);
	ASSERT_EQ(DATA, vcpu_load(v, 8, RAM + 8));
	vcpu_store(v, 8, RAM + 16, DATA + 2);
	decode_memory(device, false);
	ASSERT_TRUE(vcpu_faults(v, OPS(LD(8, RAM + 8))));
	ASSERT_TRUE(vcpu_faults(v, OPS(ST(8, RAM + 8, 5))));
	decode_memory(device, true);
	ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
	ASSERT_EQ(5, vfio[1]);
	ASSERT_EQ(DATA + 2, vcpu_load(v, 8, RAM + 16));

	vm_destroy(vm);
	munmap((void *)vfio, SIZE);
	close(device);
	release_group(group);
	close(container);
}

/* Red with: a duplicate, or a file that is not VFIO, accepted. */
KVMEM_TEST(vfio_groups, "F5m")
{
	struct vm *vm = vm_create(NULL);
	struct kvm_create_device second = { .type = KVM_DEV_TYPE_VFIO };
	int group = noncoherent_group(), device = vfio_device(vm);

	ASSERT_EQ(-1, ioctl(vm->fd, KVM_CREATE_DEVICE, &second));
	ASSERT_EQ(EBUSY, errno);
	ASSERT_EQ(-EBADF, vfio_set(device, KVM_DEV_VFIO_GROUP_ADD, -1));
	ASSERT_EQ(-EINVAL, vfio_set(device, KVM_DEV_VFIO_GROUP_ADD, vm->fd));
	ASSERT_EQ(-ENXIO, vfio_set(device, 77, group));
	ASSERT_EQ(-ENOENT, vfio_set(device, KVM_DEV_VFIO_GROUP_DEL, group));
	ASSERT_EQ(0, vfio_set(device, KVM_DEV_VFIO_GROUP_ADD, group));
	ASSERT_EQ(-EEXIST, vfio_set(device, KVM_DEV_VFIO_GROUP_ADD, group));
	ASSERT_EQ(0, vfio_set(device, KVM_DEV_VFIO_GROUP_DEL, group));
	ASSERT_EQ(-ENOENT, vfio_set(device, KVM_DEV_VFIO_GROUP_DEL, group));
	close(device);
	release_group(group);
}

/*
 * From the first such group to the removal of the last the guest's PAT is honoured,
 * whether the quirk is on or off.  If the entries have a type (EPT) the old ones must
 * be zapped; otherwise they were right before.
 * Red with: kvm_zap_gfn_range() left out; kvm_arch_has_noncoherent_dma() left
 * out of vmx_ignore_guest_pat(); the unregistration left out.
 */
KVMEM_TEST(vfio_noncoherent, "F5m")
{
	static const struct {
		const char *what;
		uint64_t attr;
		enum memtype_want want;
	} steps[] = {
		{ "before", 0, MEMTYPE_RAM },
		{ "attached", KVM_DEV_VFIO_GROUP_ADD, MEMTYPE_RAM_PAT },
		{ "detached", KVM_DEV_VFIO_GROUP_DEL, MEMTYPE_RAM },
		{ "attached again", KVM_DEV_VFIO_GROUP_ADD, MEMTYPE_RAM_PAT },
	};
	bool ept = !strcmp(arch_backend(), "vmx") && memtype_tdp();
	struct vm *vm = vm_create(NULL);
	int group = noncoherent_group(), device = vfio_device(vm);
	uint8_t *ram = vm_alloc(SIZE);
	struct memtype_trace *t;
	uint64_t mapped;
	size_t i;

	/* Kernels before 6.11 honour the guest's MTRRs: set write-back. */
	cpu_set_msr(vm->vcpu[0], 0x2ff, 0xc06);
	vm_slot(vm, 1, 0, RAM, SIZE, ram);
	t = memtype_trace();
	for (i = 0; i < ARRAY_SIZE(steps); i++) {
		if (steps[i].attr)
			ASSERT_EQ(0, vfio_set(device, steps[i].attr, group));
		mapped = vm_stat(vm, "pages_4k");
		record_observation("F5m", "mapped_after_attach_or_detach", "%s: %llu pages",
				   steps[i].what, (unsigned long long)mapped);
		if (ept && i)
			ASSERT_EQ(0, mapped);
		/* A new page per step, independent of whether the others were zapped. */
		vcpu_store(vm->vcpu[0], 8, RAM + i * PAGE_4K, DATA + i);
		ASSERT_TRUE(memtype_is(t, RAM + i * PAGE_4K, steps[i].want)) {
			TH_LOG("%s", steps[i].what);
		}
		ASSERT_EQ(DATA, vcpu_load(vm->vcpu[0], 8, RAM));
		ASSERT_TRUE(memtype_is(t, RAM, ept ? steps[i].want : MEMTYPE_RAM));
	}
	for (i = 0; i < ARRAY_SIZE(steps); i++)
		ASSERT_EQ(DATA + i, *(uint64_t *)(ram + i * PAGE_4K));
	ASSERT_EQ(0, vfio_set(device, KVM_DEV_VFIO_GROUP_DEL, group));
	close(device);
	release_group(group);
}

KVMEM_MAIN
