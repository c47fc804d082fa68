// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tables of the ITS (Documentation/virt/kvm/devices/arm-vgic-its.rst): on request KVM saves
 * them to guest memory, without any vCPU.  It writes through the slot that is there, logs the
 * page, and writes nothing where the guest could not (G15, C6).
 */
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "arch/arm64/layout.h"
#include "guest/list.h"
#include "kvm/uapi.h"

#define ITS	0x08200000ULL	/* 128 KiB of registers */
#define GPA	0x50000000ULL
#define SLOT	1
#define SIZE	(4 * TABLE)
#define TABLE	0x10000ULL	/* the size that KVM's GITS_BASERn has */

/* In the slot: device table, collection table, queue of commands. */
#define COLLECTIONS TABLE
#define QUEUE	(2 * TABLE)

#define GITS_CTLR	0x0000
#define GITS_CBASER	0x0080
#define GITS_CWRITER	0x0088
#define GITS_CREADR	0x0090
#define GITS_BASER(n)	(0x0100 + 8 * (n))	/* 0: devices, 1: collections */
#define VALID		(1ULL << 63)

#define MAPC	9
#define CTE(id, target) (VALID | (uint64_t)(target) << 16 | (id))	/* in ABI revision 0 */

FIXTURE(its) {
	struct vm *vm;
	struct vcpu *v;
	int fd;
	char *mem;
	unsigned int commands;
};

FIXTURE_VARIANT(its) {
	bool ring;
};

FIXTURE_VARIANT_ADD(its, bitmap) { false };
/* The ring belongs to vCPUs: what no vCPU writes is in the bitmap. */
FIXTURE_VARIANT_ADD(its, ring) { true };

static int attr(const FIXTURE_DATA(its) *self, uint32_t group, uint64_t nr, uint64_t value)
{
	struct kvm_device_attr a = { .group = group, .attr = nr, .addr = (uintptr_t)&value };

	return ioctl(self->fd, KVM_SET_DEVICE_ATTR, &a) ? -errno : 0;
}

static int ctrl(const FIXTURE_DATA(its) *self, uint64_t nr)
{
	return attr(self, KVM_DEV_ARM_VGIC_GRP_CTRL, nr, 0);
}

static int save(const FIXTURE_DATA(its) *self)
{
	return ctrl(self, KVM_DEV_ARM_ITS_SAVE_TABLES);
}

static void set_its(const FIXTURE_DATA(its) *self, uint64_t offset, uint64_t value)
{
	int err = attr(self, KVM_DEV_ARM_VGIC_GRP_ITS_REGS, offset, value);

	if (err)
		end_fail("ITS register 0x%llx: %s", (unsigned long long)offset, strerror(-err));
}

static void set_tables(const FIXTURE_DATA(its) *self)
{
	set_its(self, GITS_BASER(0), VALID | GPA);
	set_its(self, GITS_BASER(1), VALID | (GPA + COLLECTIONS));
	set_its(self, GITS_CBASER, VALID | (GPA + QUEUE));
	set_its(self, GITS_CTLR, 1);
}

static void set_slot(const FIXTURE_DATA(its) *self, uint32_t flags, uint64_t gpa, void *hva)
{
	vm_slot(self->vm, SLOT, 0, 0, 0, NULL);
	vm_slot(self->vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES | flags, gpa, SIZE, hva);
}

static void enable_ring(struct vm *vm, const void *arg)
{
	int err = vm_enable_cap(vm, KVM_CAP_DIRTY_LOG_RING_ACQ_REL, 0x10000);

	(void)arg;
	/* The bitmap is refused once there is a slot. */
	vm_slot(vm, VM_SYS_SLOT, 0, VM_SYS_GPA, 0, NULL);
	if (!err)
		err = vm_enable_cap(vm, KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP, 0);
	vm_slot(vm, VM_SYS_SLOT, 0, VM_SYS_GPA, VM_SYS_SIZE, vm->sys);
	if (err)
		end_fail("a dirty ring with a bitmap: %s", strerror(-err));
}

/* From a vCPU: a collection of interrupts for a redistributor. */
static void map_collection(FIXTURE_DATA(its) *self, uint16_t id, uint16_t target)
{
	uint64_t *command = (uint64_t *)(self->mem + QUEUE + 32 * self->commands++);

	command[0] = MAPC;
	command[1] = 0;
	command[2] = VALID | (uint64_t)target << 16 | id;
	command[3] = 0;
	vcpu_store(self->v, 4, ITS + GITS_CWRITER, 32 * self->commands);
	if (vcpu_load(self->v, 4, ITS + GITS_CREADR) != 32 * self->commands)
		end_fail("the ITS has not executed command %u", self->commands);
}

KVMEM_SETUP(its)
{
	struct kvm_create_device d = { .type = KVM_DEV_TYPE_ARM_VGIC_ITS };
	bool ring = variant->ring;

	if (ring && !vm_cap(NULL, KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP))
		end_never("no KVM_CAP_DIRTY_LOG_RING_WITH_BITMAP (6.4)");
	self->vm = vm_create(&(struct vm_opts){
		.irqchip = true, .nr_vcpus = 2, .prepare = ring ? enable_ring : NULL,
	});
	self->v = self->vm->vcpu[0];
	if (ioctl(self->vm->fd, KVM_CREATE_DEVICE, &d))
		end_skip("ITS: KVM_CREATE_DEVICE: %s", strerror(errno));
	self->fd = (int)d.fd;
	if (attr(self, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_ITS_ADDR_TYPE, ITS) ||
	    ctrl(self, KVM_DEV_ARM_VGIC_CTRL_INIT))
		end_fail("ITS: %s", strerror(errno));
	self->mem = vm_alloc(SIZE);
	vm_map(self->vm, ITS, ITS, 2);
	vm_slot(self->vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, self->mem);
	set_tables(self);
	map_collection(self, 0, 1);
	map_collection(self, 3, 0);
	map_collection(self, 1, 1);
	memset(self->mem, 0xee, QUEUE);
}

static const uint64_t saved[] = { CTE(0, 1), CTE(3, 0), CTE(1, 1), 0 };

/* The pages of the slot that are in the log, which is cleared: bit n for page n of it. */
static uint64_t logged(const FIXTURE_DATA(its) *self)
{
	uint64_t bitmap[SIZE / PAGE_4K / 64 + 1] = { 0 };
	struct kvm_dirty_log log = { .slot = SLOT, .dirty_bitmap = bitmap };

	if (ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log))
		end_fail("KVM_GET_DIRTY_LOG: %s", strerror(errno));
	return bitmap[0];
}

#define COLLECTIONS_PAGE (1ULL << COLLECTIONS / VM_PAGE)

/* The memory of both tables is this from the start of the collections, and else untouched. */
static bool tables_are(const char *mem, const uint64_t *want, size_t nr)
{
	uint64_t i;

	for (i = 0; i < QUEUE; i++) {
		uint64_t at = i - COLLECTIONS;
		char byte = at < nr * 8 ? ((const char *)want)[at] : (char)0xee;

		if (mem[i] == byte)
			continue;
		diag("byte 0x%llx of the tables is 0x%02x, expected 0x%02x", (unsigned long long)i,
		     (unsigned char)mem[i], (unsigned char)byte);
		return false;
	}
	return true;
}

/*
 * The entries and an empty one are written; exactly that page is in the log, every time.
 * Red with: __kvm_write_guest_page() that does not log; a write without a vCPU refused, or
 * with a warning, where there is a ring.
 */
KVMEM_TEST_F(its, saved, "G15 C6")
{
	unsigned int i;

	logged(self);
	for (i = 0; i < 3; i++) {
		ASSERT_EQ(0, save(self));
		ASSERT_TRUE(tables_are(self->mem, saved, ARRAY_SIZE(saved)));
		ASSERT_EQ(COLLECTIONS_PAGE, logged(self));
		ASSERT_EQ(0, logged(self));
		memset(self->mem, 0xee, QUEUE);
	}
}

/*
 * Where the guest could not write, nothing is written and nothing logged.
 * Red with: gfn_to_hva_memslot() that ignores KVM_MEM_READONLY; the page logged before the
 * write.
 */
KVMEM_TEST_F(its, not_writable, "G15 A15")
{
	logged(self);
	set_slot(self, KVM_MEM_READONLY, GPA, self->mem);
	ASSERT_EQ(-EFAULT, save(self));
	ASSERT_TRUE(tables_are(self->mem, NULL, 0));
	ASSERT_EQ(0, logged(self));
	/* No slot, and an hva without memory. */
	vm_slot(self->vm, SLOT, 0, 0, 0, NULL);
	ASSERT_EQ(-EFAULT, save(self));
	ASSERT_TRUE(tables_are(self->mem, NULL, 0));
	vm_slot(self->vm, SLOT, KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, self->mem);
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ));
	ASSERT_EQ(-EFAULT, save(self));
	ASSERT_TRUE(tables_are(self->mem, NULL, 0));
	ASSERT_EQ(0, logged(self));
	ASSERT_EQ(0, mprotect(self->mem, SIZE, PROT_READ | PROT_WRITE));
	ASSERT_EQ(0, save(self));
	ASSERT_TRUE(tables_are(self->mem, saved, ARRAY_SIZE(saved)));
	ASSERT_EQ(COLLECTIONS_PAGE, logged(self));
}

/*
 * Other memory behind the slot, another slot there: it is what is written and read.
 * Red with: an hva kept from the registers' write or the last save.
 */
KVMEM_TEST_F(its, other_memory, "G15 C6")
{
	char *other = vm_alloc(SIZE), *moved = vm_alloc(SIZE);

	memset(other, 0xee, QUEUE);
	ASSERT_EQ(0, save(self));
	memset(self->mem, 0xee, QUEUE);
	set_slot(self, 0, GPA, other);
	ASSERT_EQ(0, save(self));
	ASSERT_TRUE(tables_are(other, saved, ARRAY_SIZE(saved)));
	ASSERT_TRUE(tables_are(self->mem, NULL, 0));
	ASSERT_EQ(COLLECTIONS_PAGE, logged(self));
	/* The slot one table lower: the collections are at its start of the second half. */
	memset(other, 0xee, QUEUE);
	memset(moved, 0xee, SIZE);
	set_slot(self, 0, GPA - TABLE, moved);
	ASSERT_EQ(0, save(self));
	ASSERT_EQ(COLLECTIONS_PAGE << TABLE / VM_PAGE, logged(self));
	ASSERT_EQ(saved[0], *(uint64_t *)(moved + COLLECTIONS + TABLE));
	ASSERT_TRUE(tables_are(other, NULL, 0));
}

/*
 * What was saved, and changed meanwhile, comes back from the memory that is there now.
 * Red with: tables that a reset leaves; a write of the restore, which only reads.
 */
KVMEM_TEST_F(its, restored, "G15")
{
	uint64_t changed[] = { CTE(5, 1), CTE(0, 0), 0 };

	ASSERT_EQ(0, ctrl(self, KVM_DEV_ARM_ITS_CTRL_RESET));
	set_tables(self);
	memset(self->mem, 0, QUEUE);	/* no device */
	memcpy(self->mem + COLLECTIONS, changed, sizeof(changed));
	logged(self);
	ASSERT_EQ(0, ctrl(self, KVM_DEV_ARM_ITS_RESTORE_TABLES));
	ASSERT_EQ(0, logged(self));
	ASSERT_EQ(0, memcmp(self->mem + COLLECTIONS, changed, sizeof(changed)));
	memset(self->mem, 0xee, QUEUE);
	ASSERT_EQ(0, save(self));
	ASSERT_TRUE(tables_are(self->mem, changed, ARRAY_SIZE(changed)));
	/* No slot: an error, not tables of zeroes. */
	ASSERT_EQ(0, ctrl(self, KVM_DEV_ARM_ITS_CTRL_RESET));
	set_tables(self);
	vm_slot(self->vm, SLOT, 0, 0, 0, NULL);
	ASSERT_NE(0, ctrl(self, KVM_DEV_ARM_ITS_RESTORE_TABLES));
}

KVMEM_MAIN
