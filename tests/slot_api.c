// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_SET_USER_MEMORY_REGION and KVM_SET_USER_MEMORY_REGION2: what is accepted, what
 * is refused with which error, and that a refused call changes nothing (A23, A24).
 */
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "guest/gmem_vm.h"
#include "guest/proposed.h"
#include "arch.h"
#include "kvm/uapi.h"
#include "guest/list.h"

#define GPA	0xc0000000ULL
#define PAGES	4
#define SIZE	(PAGES * VM_PAGE)
#define SLOT	1
#define DATA	0x8182838485868788ULL

FIXTURE(api) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t *ram;		/* host memory of the old slot */
	uint8_t *other;		/* valid host memory for attempts, SIZE bytes */
	uint64_t round;
	bool v2;
};

FIXTURE_VARIANT(api) {
	bool v2;
};

FIXTURE_VARIANT_ADD(api, region) { false };
FIXTURE_VARIANT_ADD(api, region2) { true };

KVMEM_SETUP(api)
{
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->v2 = variant->v2;
	if (self->v2 && !vm_cap(self->vm, KVM_CAP_USER_MEMORY2))
		end_skip("no KVM_CAP_USER_MEMORY2");
	self->ram = vm_alloc(SIZE);
	self->other = vm_alloc(SIZE);
	vm_slot(self->vm, SLOT, 0, GPA, SIZE, self->ram);
}

static int set(FIXTURE_DATA(api) *self, uint32_t slot, uint32_t flags, uint64_t gpa,
	       uint64_t size, const void *hva)
{
	if (self->v2)
		return vm_region2(self->vm, slot, flags, gpa, size, hva, -1, 0);
	return vm_region(self->vm, slot, flags, gpa, size, hva);
}

/*
 * The slot of the set-up is unchanged: first and last page, read and write, and its
 * neighbours have no slot.
 */
static bool intact(FIXTURE_DATA(api) *self)
{
	uint64_t last = GPA + SIZE - 8, x = ++self->round * 0x0101010101010101ULL;

	self->ram[0] = x;
	if (!vcpu_expect(self->v, "the old slot after a refused call",
			 OPS(LD(8, GPA), ST(8, last, ~x), LD(8, GPA - 8), LD(8, GPA + SIZE)),
			 EXITS(MMIO_RD(GPA - 8, 8, 1), MMIO_RD(GPA + SIZE, 8, 2))))
		return false;
	return vcpu_value(self->v, 0) == x && self->ram[SIZE / 8 - 1] == ~x;
}

/* --- flags (A23) --------------------------------------------------------- */

/* The result of creating a slot with only this flag. */
static int create_answer(FIXTURE_DATA(api) *self, unsigned int bit)
{
	switch (1U << bit) {
	case KVM_MEM_LOG_DIRTY_PAGES:
		return 0;
	case KVM_MEM_READONLY:
		return vm_cap(self->vm, KVM_CAP_READONLY_MEM) ? 0 : -EINVAL;
	case KVM_MEM_GUEST_MEMFD:
		/* A valid flag if the VM has guest_memfd, but -1 is not a descriptor. */
		return self->v2 && vm_cap(self->vm, KVM_CAP_GUEST_MEMFD) ? -EBADF : -EINVAL;
	default:
		return -EINVAL;
	}
}

/*
 * A kernel with a further flag at bit 3 or above fails here, unless it is one of
 * configs/proposed_uapi.conf and behaves like it: tests/proposed_*.c test those.
 * Red with: the mask check in check_memory_region_flags() dropped, or the V1 mask
 * widened.
 */
KVMEM_TEST_F(api, flags_on_creation, "A23")
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		uint64_t gpa = GPA + 0x100000 + bit * SIZE;
		int want = create_answer(self, bit);

		if (proposed_takes(bit))
			continue;
		ASSERT_EQ(want, set(self, 2, 1U << bit, gpa, SIZE, self->other)) {
			TH_LOG("creating a slot with flag bit %u", bit);
		}
		if (want) {
			ASSERT_TRUE(vcpu_expect(self->v, "no slot was created", OPS(LD(8, gpa)),
						EXITS(MMIO_RD(gpa, 8, 3))));
			ASSERT_EQ(-EINVAL, set(self, 2, 0, 0, 0, NULL));
		} else {
			vcpu_load(self->v, 8, gpa);
			ASSERT_EQ(0, set(self, 2, 0, 0, 0, NULL));
		}
		ASSERT_TRUE(intact(self));
	}
}

/* Only dirty logging may be switched on an existing slot. */
KVMEM_TEST_F(api, flags_on_change, "A23")
{
	unsigned int bit;

	for (bit = 0; bit < 32; bit++) {
		int want = 1U << bit == KVM_MEM_LOG_DIRTY_PAGES ? 0 : -EINVAL;

		ASSERT_EQ(want, set(self, SLOT, 1U << bit, GPA, SIZE, self->ram)) {
			TH_LOG("switching flag bit %u on", bit);
		}
		ASSERT_TRUE(intact(self));
		ASSERT_EQ(0, set(self, SLOT, 0, GPA, SIZE, self->ram));
		ASSERT_TRUE(intact(self));
	}
}

KVMEM_TEST_F(api, readonly_is_immutable, "A23")
{
	uint64_t gpa = GPA + 0x100000;
	uint32_t ro = KVM_MEM_READONLY, log = KVM_MEM_LOG_DIRTY_PAGES;

	REQUIRE(vm_cap(self->vm, KVM_CAP_READONLY_MEM), "no KVM_CAP_READONLY_MEM");
	ASSERT_EQ(0, set(self, 2, ro, gpa, SIZE, self->other));
	ASSERT_EQ(-EINVAL, set(self, 2, 0, gpa, SIZE, self->other));
	ASSERT_EQ(-EINVAL, set(self, 2, log, gpa, SIZE, self->other));
	ASSERT_EQ(0, set(self, 2, ro | log, gpa, SIZE, self->other));
	ASSERT_EQ(-EINVAL, set(self, 2, log, gpa, SIZE, self->other));
	ASSERT_EQ(0, set(self, 2, ro, gpa, SIZE, self->other));
	ASSERT_TRUE(vcpu_expect(self->v, "still read-only", OPS(LD(8, gpa), ST(8, gpa, DATA)),
				EXITS(MMIO_WR(gpa, 8, DATA))));
	ASSERT_EQ(-EINVAL, set(self, SLOT, ro | log, GPA, SIZE, self->ram));
	ASSERT_TRUE(intact(self));
}

/* An unknown flag is refused in combination with a known one, too. */
KVMEM_TEST_F(api, known_with_unknown, "A23")
{
	unsigned int bit;

	for (bit = 3; bit < 32; bit++) {
		uint32_t flags = 1U << bit | KVM_MEM_LOG_DIRTY_PAGES;

		if (!proposed_takes(bit))
			ASSERT_EQ(-EINVAL, set(self, 2, flags, GPA + 0x100000, SIZE, self->other));
		ASSERT_EQ(-EINVAL, set(self, SLOT, flags, GPA, SIZE, self->ram));
	}
	ASSERT_TRUE(intact(self));
}

/* A guest_memfd slot cannot be read-only or logged, and the flag needs the second ioctl. */
KVMEM_TEST(gmem_flags, "A23")
{
	struct vm *vm = gmem_vm_create(NULL);
	int fd = gmem_create(vm, SIZE, gmem_default_flags(vm));
	uint8_t *hva = vm_alloc(SIZE);
	uint32_t gmem = KVM_MEM_GUEST_MEMFD;

	ASSERT_LE(0, fd);
	ASSERT_EQ(-EINVAL, vm_region(vm, 2, gmem, GPA, SIZE, hva));
	/* Without a descriptor in the first ioctl: one that reads it anyway finds a file at 0. */
	ASSERT_EQ(0, dup2(fd, 0));
	ASSERT_EQ(-EINVAL, vm_region(vm, 2, gmem, GPA, SIZE, hva));
	ASSERT_EQ(-EINVAL, vm_region2(vm, 2, gmem | KVM_MEM_READONLY, GPA, SIZE, hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(vm, 2, gmem | KVM_MEM_LOG_DIRTY_PAGES, GPA, SIZE, hva, fd, 0));
	ASSERT_EQ(-EINVAL, vm_region2(vm, 2, gmem | 1U << 3, GPA, SIZE, hva, fd, 0));
	ASSERT_EQ(0, vm_region2(vm, 2, gmem, GPA, SIZE, hva, fd, 0));
}

/* --- regions (A24) ------------------------------------------------------- */

/* Each is refused with this error, and the old slot is unchanged.
 * Red with: the check dropped; the old slot removed before the new one is
 * checked.
 */
KVMEM_TEST_F(api, refused_regions, "A24")
{
	uint32_t nr_slots = (uint32_t)vm_cap(self->vm, KVM_CAP_NR_MEMSLOTS);
	uint32_t spaces = (uint32_t)vm_cap(self->vm, KVM_CAP_MULTI_ADDRESS_SPACE);
	uint64_t far = GPA + 0x100000;
	const char *h = (const char *)self->other;
	const struct {
		const char *what;
		uint32_t slot;
		uint64_t gpa, size;
		const void *hva;
		int want;
	} rows[] = {
		{ "unaligned gpa", 2, far + 1, SIZE, h, -EINVAL },
		{ "gpa in the middle of a page", 2, far + 0x800, SIZE, h, -EINVAL },
		{ "unaligned size", 2, far, SIZE + 1, h, -EINVAL },
		{ "size below a page", 2, far, 0x800, h, -EINVAL },
		{ "unaligned hva", 2, far, SIZE, h + 1, -EINVAL },
		{ "kernel hva", 2, far, SIZE, (void *)0xffff800000000000ULL, -EINVAL },
		{ "non-canonical hva", 2, far, SIZE, (void *)0x8000000000000000ULL, -EINVAL },
		{ "tagged hva", 2, far, SIZE, (void *)((uintptr_t)h | 1ULL << 62), -EINVAL },
		{ "hva up to the end of the address space", 2, far, SIZE, (void *)-SIZE, -EINVAL },
		{ "gpa wraps", 2, -SIZE + VM_PAGE, SIZE, h, -EINVAL },
		{ "gpa beyond any physical address", 2, 1ULL << 52, SIZE, h, -arch_gpa_beyond_errno },
		{ "too many pages", 2, far, VM_PAGE << 31, (void *)VM_PAGE, -EINVAL },
		{ "slot number too high", nr_slots, far, SIZE, h, -EINVAL },
		{ "slot number 65535", 0xffff, far, SIZE, h, -EINVAL },
		{ "address space too high", (spaces ? spaces : 1) << 16 | 2, far, SIZE, h, -EINVAL },
		{ "overlap at the first page", 2, GPA - SIZE + VM_PAGE, SIZE, h, -EEXIST },
		{ "overlap at the last page", 2, GPA + SIZE - VM_PAGE, SIZE, h, -EEXIST },
		{ "same range", 2, GPA, SIZE, h, -EEXIST },
		{ "inside", 2, GPA + VM_PAGE, VM_PAGE, h, -EEXIST },
		{ "around", 2, GPA - VM_PAGE, 6 * VM_PAGE, h, -EEXIST },
		{ "deletion of no slot", 2, 0, 0, NULL, -EINVAL },
		{ "shrink", SLOT, GPA, SIZE - VM_PAGE, self->ram, -EINVAL },
		{ "grow", SLOT, GPA, SIZE + VM_PAGE, self->ram, -EINVAL },
		{ "other hva", SLOT, GPA, SIZE, h, -EINVAL },
		{ "move onto the system slot", SLOT, VM_SYS_GPA + VM_PAGE, SIZE, self->ram, -EEXIST },
		{ "move with a new size", SLOT, far, VM_PAGE, self->ram, -EINVAL },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_EQ(rows[i].want, set(self, rows[i].slot, 0, rows[i].gpa, rows[i].size,
					    rows[i].hva)) {
			TH_LOG("%s", rows[i].what);
		}
		ASSERT_TRUE(intact(self)) {
			TH_LOG("after: %s", rows[i].what);
		}
	}
}

/* Adjacent slots are accepted, and each has its memory. */
KVMEM_TEST_F(api, adjacent, "A24")
{
	uint64_t *h = (uint64_t *)self->other;

	h[0] = 5;
	h[VM_PAGE / 8] = 6;
	ASSERT_EQ(0, set(self, 2, 0, GPA + SIZE, VM_PAGE, h));
	ASSERT_EQ(0, set(self, 3, 0, GPA - VM_PAGE, VM_PAGE, h + VM_PAGE / 8));
	ASSERT_EQ(5, vcpu_load(self->v, 8, GPA + SIZE));
	ASSERT_EQ(6, vcpu_load(self->v, 8, GPA - VM_PAGE));
	self->ram[0] = 7;
	ASSERT_EQ(7, vcpu_load(self->v, 8, GPA));
	/* A 16-byte access across the two slots. */
	ASSERT_TRUE(vcpu_expect(self->v, "across two slots",
		OPS({ .kind = OP_STORE, .width = 16, .addr = GPA + SIZE - 8,
		      .value = { DATA, ~DATA } }), NO_EXITS));
	ASSERT_EQ(DATA, self->ram[SIZE / 8 - 1]);
	ASSERT_EQ(~DATA, h[0]);
}

KVMEM_TEST_F(api, move_and_delete, "A24")
{
	uint64_t to = GPA + 0x100000;

	self->ram[0] = DATA;
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, GPA));
	ASSERT_EQ(0, set(self, SLOT, 0, to, SIZE, self->ram));
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, to));
	ASSERT_TRUE(vcpu_expect(self->v, "where it was", OPS(LD(8, GPA)),
				EXITS(MMIO_RD(GPA, 8, 9))));
	/* A move that overlaps the old range of the same slot is accepted. */
	ASSERT_EQ(0, set(self, SLOT, 0, to + VM_PAGE, SIZE, self->ram));
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, to + VM_PAGE));
	ASSERT_EQ(0, set(self, SLOT, 0, GPA, SIZE, self->ram));
	ASSERT_TRUE(intact(self));
	ASSERT_EQ(0, set(self, SLOT, 0, 0, 0, NULL));
	ASSERT_TRUE(vcpu_expect(self->v, "deleted", OPS(LD(8, GPA)), EXITS(MMIO_RD(GPA, 8, 9))));
	ASSERT_EQ(-EINVAL, set(self, SLOT, 0, 0, 0, NULL));
}

/* The same region again is accepted and changes nothing. */
KVMEM_TEST_F(api, same_again, "A24")
{
	ASSERT_EQ(0, set(self, SLOT, 0, GPA, SIZE, self->ram));
	ASSERT_TRUE(intact(self));
}

/* The highest slot number is valid. */
KVMEM_TEST_F(api, last_slot_number, "A24")
{
	uint32_t last = (uint32_t)vm_cap(self->vm, KVM_CAP_NR_MEMSLOTS) - 1;

	ASSERT_EQ(0, set(self, last, 0, GPA + SIZE, SIZE, self->other));
	vcpu_store(self->v, 8, GPA + SIZE, DATA);
	ASSERT_EQ(DATA, *(uint64_t *)self->other);
	ASSERT_EQ(0, set(self, last, 0, 0, 0, NULL));
	ASSERT_TRUE(intact(self));
}

KVMEM_MAIN
