// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_MEM_PCI_HOLE as posted in 2020, on kernels that have it: every read returns
 * all ones without an exit, every write exits (B1-B6, B16).
 *
 * The contract does not depend on how KVM answers reads.  A kernel with a choice
 * (kvm.pci_hole_map) is tested with each.
 */
#include "arch.h"
#include "harness/test.h"

#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "guest/gmem_vm.h"
#include "proposed_hole.h"
#include "harness/record.h"
#include "arch/x86_64/scenario/split.h"

#define ROM		0x30000000ULL	/* a page, read-only */
#define REG_BEFORE	0xfedcba9876543210ULL

/* Supplied by the architecture. */

/* The register after a load of @value into REG_BEFORE. */
static uint64_t after_load(uint64_t value, unsigned int width);

/* Further store instructions of this width: each is one MMIO write exit. */
static bool other_stores(struct vcpu *v, uint64_t gpa, unsigned int width);

FIXTURE(hole) {
	struct vm *vm;
	struct vcpu *v;
	uint8_t *ram;
};

FIXTURE_VARIANT(hole) {
	struct mode mode;
};

FIXTURE_VARIANT_ADD(hole, emulated) { { 0, 1 } };
FIXTURE_VARIANT_ADD(hole, mapped) { { 2, 1 } };

KVMEM_SETUP(hole)
{
	set_mode(&variant->mode);
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->ram = vm_alloc(2 * PAGE_4K);
	vm_slot(self->vm, 1, 0, RAM, 2 * PAGE_4K, self->ram);
	hole_slot(self->vm, SLOT, HOLE, HOLE_SIZE);
}

/* --- the ioctls (B1, B2, B3) --------------------------------------------- */

static int set(struct vm *vm, bool v2, uint32_t slot, uint32_t flags, uint64_t gpa,
	       uint64_t size, const void *hva)
{
	if (v2)
		return vm_region2(vm, slot, flags, gpa, size, hva, -1, 0);
	return vm_region(vm, slot, flags, gpa, size, hva);
}

/* Red with: one of the checks in check_memory_region_flags() or of
 * userspace_addr in __kvm_set_memory_region() left out.
 */
KVMEM_TEST(create, "B1")
{
	const uint64_t gpa = HOLE;
	const struct {
		const char *what;
		uint32_t flags;		/* besides the hole's own */
		uint64_t size;
		uintptr_t hva;		/* 1: valid memory */
		int want;
	} rows[] = {
		{ "valid memory", 0, PAGE_4K, 1, -EINVAL },
		{ "an address that is not mapped", 0, PAGE_4K, 0x1000, -EINVAL },
		{ "an unaligned address", 0, PAGE_4K, 8, -EINVAL },
		{ "a kernel address", 0, PAGE_4K, 0xffff800000000000, -EINVAL },
		{ "the last address", 0, PAGE_4K, ~0ULL, -EINVAL },
		{ "READONLY", KVM_MEM_READONLY, PAGE_4K, 0, -EINVAL },
		{ "LOG_DIRTY", KVM_MEM_LOG_DIRTY_PAGES, PAGE_4K, 0, -EINVAL },
		{ "GUEST_MEMFD", KVM_MEM_GUEST_MEMFD, PAGE_4K, 0, -EINVAL },
		{ "all of them", KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_GUEST_MEMFD,
		  PAGE_4K, 0, -EINVAL },
		{ "single HVA", proposed_flag(PROPOSED_SINGLE_HVA), PAGE_4K, 0, -EINVAL },
		{ "non-coherent DMA", proposed_flag(PROPOSED_DMA), PAGE_4K, 0, -EINVAL },
		{ "write-combining", proposed_flag(PROPOSED_WC), PAGE_4K, 0, -EINVAL },
		{ "READONLY with memory", KVM_MEM_READONLY, PAGE_4K, 1, -EINVAL },
		{ "half a page", 0, PAGE_4K / 2, 0, -EINVAL },
		{ "deletion of no slot", 0, 0, 0, -EINVAL },
		{ "a page", 0, PAGE_4K, 0, 0 },
		{ "64 GiB", 0, 64ULL << 30, 0, 0 },
	};
	struct vcpu *v;
	struct vm *vm;
	uint8_t *mem = vm_alloc(PAGE_4K);
	size_t i;
	int v2;

	proposed_require(PROPOSED_PCI_HOLE);
	vm = vm_create(NULL);
	v = vm->vcpu[0];
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		const void *hva = rows[i].hva == 1 ? mem : (const void *)rows[i].hva;

		for (v2 = 0; v2 <= !!vm_cap(vm, KVM_CAP_USER_MEMORY2); v2++) {
			ASSERT_EQ(rows[i].want, set(vm, v2, SLOT, hole_flag() | rows[i].flags, gpa,
						    rows[i].size, hva)) {
				TH_LOG("a hole with %s", rows[i].what);
			}
			if (!rows[i].want) {
				ASSERT_EQ(ONES, vcpu_load(v, 8, gpa));
				ASSERT_EQ(0, set(vm, v2, SLOT, 0, 0, 0, NULL));
			}
			/* Refused or deleted: there is no slot. */
			ASSERT_TRUE(vcpu_expect(v, "no hole", OPS(LD(8, gpa)),
						EXITS(MMIO_RD(gpa, 8, 3))));
		}
	}
}

/* A valid guest_memfd, but in combination with the flag. */
KVMEM_TEST(create_with_gmem, "B1")
{
	struct vm *vm;
	int fd;

	proposed_require(PROPOSED_PCI_HOLE);
	vm = gmem_vm_create(NULL);
	fd = gmem_create(vm, PAGE_2M, gmem_default_flags(vm));
	ASSERT_LE(0, fd);
	ASSERT_EQ(-EINVAL, vm_region2(vm, SLOT, hole_flag() | KVM_MEM_GUEST_MEMFD, HOLE,
				      PAGE_4K, NULL, fd, 0));
	ASSERT_EQ(0, vm_region2(vm, SLOT, KVM_MEM_GUEST_MEMFD, HOLE, PAGE_4K,
				vm_alloc(PAGE_4K), fd, 0));
}

/* A slot without the flag at userspace_addr 0, where nothing is mapped. */
static bool has_no_memory(struct vcpu *v, uint64_t gpa)
{
	return vcpu_faults(v, OPS(LD(8, gpa)));
}

/* Red with: the flag missing in the comparison of old and new flags. */
KVMEM_TEST_F(hole, immutable, "B2")
{
	uint64_t gpa = HOLE + 0x1000000;
	int v2;

	/* Same address and size: only the flag changes. */
	vm_slot(self->vm, 3, 0, gpa, PAGE_4K, NULL);
	for (v2 = 0; v2 <= !!vm_cap(self->vm, KVM_CAP_USER_MEMORY2); v2++) {
		ASSERT_EQ(-EINVAL, set(self->vm, v2, 3, hole_flag(), gpa, PAGE_4K, NULL));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, 0, HOLE, HOLE_SIZE, NULL));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, KVM_MEM_READONLY, HOLE, HOLE_SIZE, NULL));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, KVM_MEM_LOG_DIRTY_PAGES, HOLE,
				       HOLE_SIZE, NULL));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, hole_flag() | KVM_MEM_LOG_DIRTY_PAGES,
				       HOLE, HOLE_SIZE, NULL));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, hole_flag(), HOLE, PAGE_4K, NULL));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, SLOT, hole_flag(), HOLE, HOLE_SIZE,
				       self->ram));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, 1, hole_flag(), RAM, 2 * PAGE_4K, self->ram));
		ASSERT_EQ(-EINVAL, set(self->vm, v2, 1, hole_flag(), RAM, 2 * PAGE_4K, NULL));
		ASSERT_EQ(0, set(self->vm, v2, SLOT, hole_flag(), HOLE, HOLE_SIZE, NULL));
	}
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, HOLE));
	vcpu_store(self->v, 8, RAM, DATA);
	ASSERT_EQ(DATA, *(uint64_t *)self->ram);
	ASSERT_TRUE(has_no_memory(self->v, gpa));
}

KVMEM_TEST_F(hole, overlap, "B2")
{
	static const struct {
		uint64_t gpa, size;
		int want;
	} rows[] = {
		{ HOLE, PAGE_4K, -EEXIST },
		{ HOLE - PAGE_4K, 2 * PAGE_4K, -EEXIST },
		{ HOLE + HOLE_SIZE - PAGE_4K, 2 * PAGE_4K, -EEXIST },
		{ HOLE + PAGE_4K, PAGE_4K, -EEXIST },
		{ HOLE - PAGE_4K, PAGE_4K, 0 },
		{ HOLE + HOLE_SIZE, PAGE_4K, 0 },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_EQ(rows[i].want, vm_region(self->vm, 3, 0, rows[i].gpa, rows[i].size,
						  self->ram)) {
			TH_LOG("RAM, row %zu", i);
		}
		if (!rows[i].want)
			ASSERT_EQ(0, vm_region(self->vm, 3, 0, 0, 0, NULL));
		ASSERT_EQ(rows[i].want, vm_region(self->vm, 3, hole_flag(), rows[i].gpa,
						  rows[i].size, NULL)) {
			TH_LOG("another hole, row %zu", i);
		}
		if (!rows[i].want)
			ASSERT_EQ(0, vm_region(self->vm, 3, 0, 0, 0, NULL));
	}
	ASSERT_EQ(-EEXIST, vm_region(self->vm, 3, hole_flag(), RAM, PAGE_4K, NULL));
	ASSERT_EQ(ONES, vcpu_load(self->v, 8, HOLE));
}

/*
 * If the capability is announced the flag works, for each VM type; a flag that
 * works without being announced is recorded.
 */
KVMEM_TEST(capability, "B3")
{
	const unsigned long types[] = { arch_vm_type(), (unsigned long)arch_private_vm_type() };
	size_t i;

	proposed_require(PROPOSED_PCI_HOLE);
	for (i = 0; i < ARRAY_SIZE(types); i++) {
		struct vm_opts o = { .type = types[i] };
		struct vm *vm;
		int cap, r;

		if (i && !gmem_private_vm())
			continue;
		vm = vm_create(&o);
		cap = vm_cap(vm, proposed_cap(PROPOSED_PCI_HOLE));
		r = vm_region(vm, SLOT, hole_flag(), HOLE, PAGE_4K, NULL);
		record_observation("B3", i ? "software_protected" : "default",
				   "capability %d, creation %s", cap, r ? strerrorname_np(-r) : "OK");
		if (cap)
			ASSERT_EQ(0, r);
		if (!r)
			ASSERT_EQ(ONES, vcpu_load(vm->vcpu[0], 8, HOLE));
		if (!i)
			ASSERT_EQ(cap, vm_cap(NULL, proposed_cap(PROPOSED_PCI_HOLE)));
	}
}

/* --- reads (B4) ---------------------------------------------------------- */

/* First and second access to a page, alternating with another page.
 * Red with: memset() of less than len in __kvm_read_guest_page().
 */
KVMEM_TEST_F(hole, read_widths, "B4")
{
	static const uint64_t offsets[] = { 0x0, 0x1, 0x7, 0x123, 0xff8, PAGE_2M, 2 * PAGE_2M };
	size_t w, o;

	for (w = 0; w < ARRAY_SIZE(hole_widths); w++) {
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			uint64_t a = HOLE + offsets[o];
			struct mbox_op ld = { .kind = OP_LOAD, .width = hole_widths[w], .addr = a,
					      .value = { REG_BEFORE } };

			ASSERT_TRUE(vcpu_expect(self->v, "mov from a hole",
						OPS(ld, LD(4, TAIL + 8), ld), NO_EXITS));
			ASSERT_EQ(after_load(low(ONES, hole_widths[w]), hole_widths[w]), vcpu_value(self->v, 0));
			ASSERT_EQ(low(ONES, 4), vcpu_value(self->v, 1));
			ASSERT_EQ(after_load(low(ONES, hole_widths[w]), hole_widths[w]), vcpu_value(self->v, 2));
		}
	}
	ASSERT_EQ(0, vcpu_stat(self->v, "mmio_exits"));
}

KVMEM_TEST_F(hole, sixteen_bytes, "B4 B5")
{
	static const uint64_t offsets[] = { 0, 8, 1, 0xff0 };
	struct mbox_op st = { .kind = OP_STORE, .width = 16, .value = { DATA, ~DATA } };
	size_t o;

	for (o = 0; o < ARRAY_SIZE(offsets); o++) {
		uint64_t a = HOLE + offsets[o];

		ASSERT_TRUE(vcpu_expect(self->v, "16-byte read", OPS(LD(16, a)), NO_EXITS));
		ASSERT_EQ(ONES, vcpu_result(self->v, 0)->value[0]);
		ASSERT_EQ(ONES, vcpu_result(self->v, 0)->value[1]);
		st.addr = a;
		ASSERT_TRUE(hole_expect(self->v, "16-byte write", &st, 1,
			EXITS(MMIO_WR(a, 8, DATA), MMIO_WR(a + 8, 8, ~DATA))));
		ASSERT_EQ(ONES, vcpu_load(self->v, 8, a));
	}
}

FIXTURE(hole_split) {
	struct vcpu *v;
	struct split_half half[2];
};

/* Pages: hole, RAM, read-only, or without a slot. */
FIXTURE_VARIANT(hole_split) {
	struct mode mode;
	uint64_t page[2];
};

FIXTURE_VARIANT_ADD(hole_split, hole_hole) { { 0, 1 }, { HOLE, HOLE + 0x1000 } };
FIXTURE_VARIANT_ADD(hole_split, hole_same) { { 0, 1 }, { HOLE, HOLE } };
FIXTURE_VARIANT_ADD(hole_split, hole_ram) { { 0, 1 }, { HOLE, RAM } };
FIXTURE_VARIANT_ADD(hole_split, ram_hole) { { 0, 1 }, { RAM, HOLE } };
FIXTURE_VARIANT_ADD(hole_split, hole_mmio) { { 0, 1 }, { HOLE, MMIO } };
FIXTURE_VARIANT_ADD(hole_split, mmio_hole) { { 0, 1 }, { MMIO, HOLE } };
FIXTURE_VARIANT_ADD(hole_split, hole_rom) { { 0, 1 }, { HOLE, ROM } };
FIXTURE_VARIANT_ADD(hole_split, mapped_hole_ram) { { 1, 1 }, { HOLE, RAM } };
FIXTURE_VARIANT_ADD(hole_split, mapped_ram_hole) { { 2, 1 }, { RAM, HOLE } };
FIXTURE_VARIANT_ADD(hole_split, mapped_hole_mmio) { { 2, 1 }, { HOLE, MMIO } };

KVMEM_SETUP(hole_split)
{
	struct vm *vm;
	uint8_t *ram = vm_alloc(PAGE_4K), *rom = vm_alloc(PAGE_4K);
	int i;

	set_mode(&variant->mode);
	vm = vm_create(NULL);
	vm_slot(vm, 1, 0, RAM, PAGE_4K, ram);
	vm_slot(vm, 2, KVM_MEM_READONLY, ROM, PAGE_4K, rom);
	hole_slot(vm, SLOT, HOLE, HOLE_SIZE);
	self->v = vm->vcpu[0];
	for (i = 0; i < 2; i++) {
		uint64_t gpa = variant->page[i];
		bool hole = gpa >= HOLE && gpa < HOLE + HOLE_SIZE;

		self->half[i] = (struct split_half){
			.gpa = gpa, .readonly = gpa == ROM, .ones = hole,
			.drops = hole && proposed_drops_writes(),
			.hva = gpa == RAM ? ram : gpa == ROM ? rom : NULL,
		};
	}
	split_map(vm, self->half);
}

KVMEM_TEST_F(hole_split, access, "B4 B5")
{
	ASSERT_TRUE(split_reads_ok(self->v, self->half));
	ASSERT_TRUE(split_writes_ok(self->v, self->half));
	ASSERT_TRUE(split_reads_ok(self->v, self->half));
}

/* --- writes (B5) --------------------------------------------------------- */

/* Red with: the write swallowed; the hole mapped writable; run->mmio not filled. */
KVMEM_TEST_F(hole, write_widths, "B5")
{
	static const uint64_t offsets[] = { 0x0, 0x1, 0x7, 0x123, 0xff8, 2 * PAGE_2M + 0x10 };
	size_t w, o;

	for (w = 0; w < ARRAY_SIZE(hole_widths); w++) {
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			uint64_t a = HOLE + offsets[o];

			ASSERT_TRUE(hole_expect(self->v, "mov into a hole",
				OPS(ST(hole_widths[w], a, DATA), LD(8, a)),
				EXITS(MMIO_WR(a, hole_widths[w], low(DATA, hole_widths[w])))));
			ASSERT_EQ(ONES, vcpu_value(self->v, 1));
			ASSERT_TRUE(other_stores(self->v, a, hole_widths[w]));
			ASSERT_EQ(ONES, vcpu_load(self->v, 8, a));
		}
	}
}

/* A write is MMIO and can match an ioeventfd; reads are not affected by it. */
KVMEM_TEST_F(hole, write_to_a_bus, "B5")
{
	struct kvm_ioeventfd io = { .addr = HOLE + 0x200, .len = 4, .datamatch = 7,
				    .flags = KVM_IOEVENTFD_FLAG_DATAMATCH };
	uint64_t count = 0;

	if (proposed_drops_writes())
		SKIP(return, "this kernel is configured as dropping writes");
	io.fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT_LE(0, io.fd);
	ASSERT_EQ(0, ioctl(self->vm->fd, KVM_IOEVENTFD, &io));
	ASSERT_TRUE(vcpu_expect(self->v, "ioeventfd in a hole",
		OPS(ST(4, HOLE + 0x200, 7), LD(4, HOLE + 0x200), ST(4, HOLE + 0x200, 8)),
		EXITS(MMIO_WR(HOLE + 0x200, 4, 8))));
	ASSERT_EQ(low(ONES, 4), vcpu_value(self->v, 1));
	ASSERT_EQ(8, read(io.fd, &count, sizeof(count)));
	ASSERT_EQ(1, count);
}

/* --- the proposed selftest (B16) ----------------------------------------- */

/* memory_slot_pci_hole.c of the last posted series, with the checks it left out. */
KVMEM_TEST(selftest, "B16")
{
	const uint64_t gpa = 0xc0000000ULL, size = 0x4000;
	struct vcpu *v;
	struct vm *vm;

	proposed_require(PROPOSED_PCI_HOLE);
	vm = vm_create(NULL);
	v = vm->vcpu[0];
	vm_slot(vm, 10, hole_flag(), gpa, size, NULL);
	ASSERT_TRUE(hole_expect(v, "memory_slot_pci_hole",
		OPS(LD(1, gpa), LD(1, gpa + 5000), ST(8, gpa + 1024, DATA), ST(8, gpa + 8000, ~DATA)),
		EXITS(MMIO_WR(gpa + 1024, 8, DATA), MMIO_WR(gpa + 8000, 8, ~DATA))));
	ASSERT_EQ(0xff, (uint8_t)vcpu_value(v, 0));
	ASSERT_EQ(0xff, (uint8_t)vcpu_value(v, 1));
}

#include "proposed_hole_arch.h"

KVMEM_MAIN
