// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kernel without a proposed memslot flag refuses it with EINVAL, in both ioctls,
 * alone and together with known flags, and nothing changes (A23, B3).
 */
#include "harness/test.h"

#include <sys/ioctl.h>

#include "guest/proposed.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"

#define OLD	0x20000000ULL	/* the slot that must stay as it is */
#define NEW	0xc0000000ULL	/* where no slot may appear */
#define PAGES	4
#define SIZE	(PAGES * VM_PAGE)
#define SLOT	1
#define MARK	0x8182838485868788ULL

FIXTURE(refused) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t *ram, *other;
	uint32_t flag;
	bool v2;
};

FIXTURE_VARIANT(refused) {
	enum proposed feature;
	bool v2;
};

FIXTURE_VARIANT_ADD(refused, pci_hole) { PROPOSED_PCI_HOLE, false };
FIXTURE_VARIANT_ADD(refused, pci_hole_v2) { PROPOSED_PCI_HOLE, true };
FIXTURE_VARIANT_ADD(refused, single_hva) { PROPOSED_SINGLE_HVA, false };
FIXTURE_VARIANT_ADD(refused, single_hva_v2) { PROPOSED_SINGLE_HVA, true };
FIXTURE_VARIANT_ADD(refused, noncoherent_dma) { PROPOSED_DMA, false };
FIXTURE_VARIANT_ADD(refused, noncoherent_dma_v2) { PROPOSED_DMA, true };
FIXTURE_VARIANT_ADD(refused, wc) { PROPOSED_WC, false };
FIXTURE_VARIANT_ADD(refused, wc_v2) { PROPOSED_WC, true };

KVMEM_SETUP(refused)
{
	unsigned int i;

	switch (proposed_state(variant->feature)) {
	case PROPOSED_HERE:
		end_skip("this kernel has %s", proposed_name(variant->feature));
	case PROPOSED_OTHER:
		end_skip("bit %u is another flag in this kernel",
			 proposed_bit(variant->feature));
	case PROPOSED_REFUSED:
		break;
	}
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->v2 = variant->v2;
	if (self->v2 && !vm_cap(self->vm, KVM_CAP_USER_MEMORY2))
		end_skip("no KVM_CAP_USER_MEMORY2");
	self->flag = proposed_flag(variant->feature);
	self->ram = vm_alloc(SIZE);
	self->other = vm_alloc(SIZE);
	for (i = 0; i < PAGES; i++)
		self->ram[i * (VM_PAGE / 8)] = MARK + i;
	vm_slot(self->vm, SLOT, 0, OLD, SIZE, self->ram);
}

static int set(FIXTURE_DATA(refused) *self, uint32_t slot, uint32_t flags, uint64_t gpa,
	       const void *hva)
{
	if (self->v2)
		return vm_region2(self->vm, slot, flags, gpa, SIZE, hva, -1, 0);
	return vm_region(self->vm, slot, flags, gpa, SIZE, hva);
}

/* No slot was created, neither by its number nor by an access. */
static bool no_slot(FIXTURE_DATA(refused) *self)
{
	int r = vm_region(self->vm, 2, 0, 0, 0, NULL);

	if (r != -EINVAL)
		diag("deleting the slot that was refused: %d, expected EINVAL", r);
	return r == -EINVAL &&
	       vcpu_expect(self->v, "where no slot may appear",
			   OPS(LD(8, NEW), ST(4, NEW + SIZE - 4, 5)),
			   EXITS(MMIO_RD(NEW, 8, 3), MMIO_WR(NEW + SIZE - 4, 4, 5)));
}

/* The old slot has its address and pages, and is not logged. */
static bool intact(FIXTURE_DATA(refused) *self)
{
	uint64_t bitmap;
	struct kvm_dirty_log log = { .slot = SLOT, .dirty_bitmap = &bitmap };
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		uint64_t gpa = OLD + i * VM_PAGE, x = ++self->ram[i * (VM_PAGE / 8)];

		if (!vcpu_expect(self->v, "the old slot", OPS(LD(8, gpa), ST(8, gpa, x + 1)),
				 NO_EXITS))
			return false;
		if (vcpu_value(self->v, 0) != x || self->ram[i * (VM_PAGE / 8)] != x + 1) {
			diag("page %u of the old slot: 0x%llx read, 0x%llx written", i,
			     (unsigned long long)vcpu_value(self->v, 0),
			     (unsigned long long)self->ram[i * (VM_PAGE / 8)]);
			return false;
		}
	}
	if (!ioctl(self->vm->fd, KVM_GET_DIRTY_LOG, &log) || errno != ENOENT) {
		diag("dirty log of the old slot: errno %d, expected ENOENT", errno);
		return false;
	}
	return vcpu_expect(self->v, "next to the old slot",
			   OPS(LD(8, OLD - 8), LD(8, OLD + SIZE)),
			   EXITS(MMIO_RD(OLD - 8, 8, 1), MMIO_RD(OLD + SIZE, 8, 2)));
}

static const uint32_t companions[] = {
	0, KVM_MEM_LOG_DIRTY_PAGES, KVM_MEM_READONLY, KVM_MEM_GUEST_MEMFD,
	KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_READONLY,
};

/* Red with: the check of unknown flags dropped from check_memory_region_flags(),
 * or made only where no other flag is set.
 */
KVMEM_TEST_F(refused, create, "A23")
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(companions); i++) {
		uint32_t flags = self->flag | companions[i];

		ASSERT_EQ(-EINVAL, set(self, 2, flags, NEW, self->other)) {
			TH_LOG("flags 0x%x", flags);
		}
		/* Without memory, as for a PCI hole. */
		ASSERT_EQ(-EINVAL, set(self, 2, flags, NEW, NULL)) {
			TH_LOG("flags 0x%x, no memory", flags);
		}
		ASSERT_TRUE(no_slot(self));
	}
	ASSERT_TRUE(intact(self));
}

/* Red with: flags checked after the old slot was marked invalid, or after its
 * dirty log was switched on.
 */
KVMEM_TEST_F(refused, change, "A23")
{
	uint64_t mapped;
	size_t i;

	ASSERT_TRUE(intact(self));
	mapped = vm_has_stat(self->vm, "pages_4k") ? vm_stat(self->vm, "pages_4k") : 0;
	for (i = 0; i < ARRAY_SIZE(companions); i++) {
		uint32_t flags = self->flag | companions[i];

		ASSERT_EQ(-EINVAL, set(self, SLOT, flags, OLD, self->ram)) {
			TH_LOG("flags 0x%x", flags);
		}
		/* Combined with a move. */
		ASSERT_EQ(-EINVAL, set(self, SLOT, flags, NEW, self->ram)) {
			TH_LOG("flags 0x%x, moved", flags);
		}
		if (mapped)
			ASSERT_EQ(mapped, vm_stat(self->vm, "pages_4k"));
		ASSERT_TRUE(intact(self));
	}
	ASSERT_TRUE(no_slot(self));
}

/* The capability of a refused flag is not announced. */
KVMEM_TEST_F(refused, capability, "B3")
{
	ASSERT_EQ(0, vm_cap(self->vm, proposed_cap(variant->feature)));
	ASSERT_EQ(0, vm_cap(NULL, proposed_cap(variant->feature)));
}

/*
 * Record what the numbers of the posted series mean today.  Bit 2 has become
 * KVM_MEM_GUEST_MEMFD, which the first ioctl refuses.
 */
KVMEM_TEST(posted_numbers, "B3")
{
	static const struct {
		const char *name;
		unsigned int cap, bit;
	} posted[] = {
		{ "allones_mem", 183, 2 }, { "pci_hole_mem_v1", 186, 2 },
		{ "pci_hole_mem_v2", 187, 2 }, { "dma_mem", 180, 2 },
		{ "configure_noncoherent_dma", 236, 3 },
	};
	struct vm *vm = vm_create(NULL);
	size_t i;

	for (i = 0; i < ARRAY_SIZE(posted); i++) {
		unsigned int bit = posted[i].bit;
		int r = vm_region(vm, 2, 1U << bit, NEW, SIZE, NULL);

		record_observation("B3", posted[i].name, "capability %u is %d, bit %u: %s",
				   posted[i].cap, vm_cap(vm, posted[i].cap), bit,
				   r ? strerrorname_np(-r) : "taken");
		if (bit == 2 && !proposed_takes(bit))
			ASSERT_EQ(-EINVAL, r);
		if (!r)
			ASSERT_EQ(0, vm_region(vm, 2, 0, 0, 0, NULL));
	}
}

KVMEM_MAIN
