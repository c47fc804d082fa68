// SPDX-License-Identifier: GPL-2.0-only
/*
 * MMIO that the kernel handles: coalesced zones, ioeventfds, and the interrupt
 * controller (A14-A16).
 */
#include "harness/test.h"

#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define ZONE	0xd0000000ULL	/* no slot anywhere here */
#define DATA	0x8182838485868788ULL

/* --- coalesced MMIO (A14) ------------------------------------------------ */

FIXTURE(coalesced) {
	struct vm *vm;
	struct vcpu *v;
	struct kvm_coalesced_mmio_ring *ring;
	uint32_t size;		/* entries in the ring; one is always unused */
};

static int zone_ioctl(struct vm *vm, unsigned long cmd, uint64_t addr, uint32_t size, uint32_t pio)
{
	struct kvm_coalesced_mmio_zone z = { .addr = addr, .size = size, .pio = pio };

	return ioctl(vm->fd, cmd, &z) ? -errno : 0;
}

KVMEM_SETUP(coalesced)
{
	long page = sysconf(_SC_PAGESIZE);
	int offset;

	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	offset = vm_cap(self->vm, KVM_CAP_COALESCED_MMIO);
	if (!offset)
		end_skip("no KVM_CAP_COALESCED_MMIO");
	self->ring = (void *)((char *)self->v->run + offset * page);
	self->size = (uint32_t)((page - sizeof(*self->ring)) / sizeof(struct kvm_coalesced_mmio));
	ASSERT_EQ(0, zone_ioctl(self->vm, KVM_REGISTER_COALESCED_MMIO, ZONE, 0x1000, 0));
}

/* Remove one entry from the ring; it must be exactly this write. */
static bool entry_is(struct kvm_coalesced_mmio_ring *ring, uint32_t size, uint64_t addr,
		     uint32_t len, uint64_t data, uint32_t pio)
{
	const struct kvm_coalesced_mmio *e = &ring->coalesced_mmio[ring->first];
	uint64_t seen = 0;

	if (ring->first == ring->last) {
		diag("the ring is empty");
		return false;
	}
	memcpy(&seen, e->data, e->len < 8 ? e->len : 8);
	ring->first = (ring->first + 1) % size;
	if (e->phys_addr == addr && e->len == len && seen == data && e->pio == pio)
		return true;
	diag("ring entry 0x%llx len %u data 0x%llx pio %u, expected 0x%llx len %u data 0x%llx pio %u",
	     (unsigned long long)e->phys_addr, e->len, (unsigned long long)seen, e->pio,
	     (unsigned long long)addr, len, (unsigned long long)data, pio);
	return false;
}

/* Red with: entry written without the data, or with the zone's address. */
KVMEM_TEST_F(coalesced, write_in_zone, "A14")
{
	static const uint64_t offsets[] = { 0, 1, 0x123, 0xff8 };
	unsigned int w, o;

	for (w = 1; w <= 8; w *= 2) {
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			uint64_t a = ZONE + offsets[o];

			ASSERT_TRUE(vcpu_expect(self->v, "write in the zone", OPS(ST(w, a, DATA)),
						NO_EXITS));
			ASSERT_TRUE(entry_is(self->ring, self->size, a, w, low(DATA, w), 0));
			ASSERT_EQ(self->ring->first, self->ring->last);
		}
	}
	ASSERT_EQ(0, arch_mmio_exits(self->v));
}

KVMEM_TEST_F(coalesced, read_in_zone, "A14")
{
	ASSERT_TRUE(vcpu_expect(self->v, "read in the zone", OPS(LD(4, ZONE + 8)),
				EXITS(MMIO_RD(ZONE + 8, 4, 0x1234))));
	ASSERT_EQ(0x1234, vcpu_value(self->v, 0));
	ASSERT_EQ(self->ring->first, self->ring->last);
}

/* A write is coalesced only if all of it lies inside the zone.
 * Red with: > for >= in coalesced_mmio_in_range().
 */
KVMEM_TEST_F(coalesced, zone_ends, "A14")
{
	uint64_t in = ZONE + 0x3000;

	ASSERT_EQ(0, zone_ioctl(self->vm, KVM_REGISTER_COALESCED_MMIO, in + 0x10, 0x10, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "around a zone of 16 bytes",
		OPS(ST(4, in + 0xc, 1), ST(4, in + 0xd, 2), ST(8, in + 0x10, 3), ST(4, in + 0x1c, 4),
		    ST(4, in + 0x1d, 5), ST(1, in + 0x1f, 6), ST(1, in + 0x20, 7)),
		EXITS(MMIO_WR(in + 0xc, 4, 1), MMIO_WR(in + 0xd, 4, 2), MMIO_WR(in + 0x1d, 4, 5),
		      MMIO_WR(in + 0x20, 1, 7))));
	ASSERT_TRUE(entry_is(self->ring, self->size, in + 0x10, 8, 3, 0));
	ASSERT_TRUE(entry_is(self->ring, self->size, in + 0x1c, 4, 4, 0));
	ASSERT_TRUE(entry_is(self->ring, self->size, in + 0x1f, 1, 6, 0));
	ASSERT_EQ(self->ring->first, self->ring->last);
}

/* Red with: the free entry not kept (full ring reads as empty). */
KVMEM_TEST_F(coalesced, full_ring, "A14")
{
	struct mbox_op op = { .kind = OP_STORE, .width = 8, .addr = ZONE, .value = { 100 },
			      .count = self->size - 1, .flags = OPF_COUNTER };
	uint32_t i;

	ASSERT_TRUE(vcpu_expect(self->v, "writes until the ring is full", &op, 1, NO_EXITS));
	ASSERT_EQ((self->ring->last + 1) % self->size, self->ring->first);
	ASSERT_TRUE(vcpu_expect(self->v, "writes to a full ring", OPS(ST(8, ZONE, 5), ST(8, ZONE, 6)),
				EXITS(MMIO_WR(ZONE, 8, 5), MMIO_WR(ZONE, 8, 6))));
	for (i = 0; i < self->size - 1; i++)
		ASSERT_TRUE(entry_is(self->ring, self->size, ZONE, 8, 100 + i, 0));
	ASSERT_EQ(self->ring->first, self->ring->last);
	ASSERT_TRUE(vcpu_expect(self->v, "room again", OPS(ST(8, ZONE, 7)), NO_EXITS));
	ASSERT_TRUE(entry_is(self->ring, self->size, ZONE, 8, 7, 0));
}

/* Userspace can write anything to the ring: CVE-2019-14821. */
KVMEM_TEST_F(coalesced, bogus_indices, "A14")
{
	static const uint32_t bogus[] = { 0x7fffffff, 0xffffffff, 0x80000000, 4096 };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(bogus); i++) {
		self->ring->last = bogus[i];
		ASSERT_TRUE(vcpu_expect(self->v, "index beyond the ring", OPS(ST(8, ZONE, i)),
					EXITS(MMIO_WR(ZONE, 8, i))));
		ASSERT_EQ(bogus[i], self->ring->last);
	}
	self->ring->last = self->size;
	ASSERT_TRUE(vcpu_expect(self->v, "index one beyond the ring", OPS(ST(8, ZONE, 1)),
				EXITS(MMIO_WR(ZONE, 8, 1))));
	self->ring->first = self->ring->last = 0;
	ASSERT_TRUE(vcpu_expect(self->v, "sane again", OPS(ST(8, ZONE, 9)), NO_EXITS));
	ASSERT_TRUE(entry_is(self->ring, self->size, ZONE, 8, 9, 0));
}

KVMEM_TEST_F(coalesced, unregister, "A14")
{
	ASSERT_EQ(0, zone_ioctl(self->vm, KVM_REGISTER_COALESCED_MMIO, ZONE + 0x2000, 0x1000, 0));
	ASSERT_EQ(0, zone_ioctl(self->vm, KVM_UNREGISTER_COALESCED_MMIO, ZONE, 0x1000, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "one zone of two is gone",
		OPS(ST(8, ZONE, 1), ST(8, ZONE + 0x2000, 2)), EXITS(MMIO_WR(ZONE, 8, 1))));
	ASSERT_TRUE(entry_is(self->ring, self->size, ZONE + 0x2000, 8, 2, 0));
}

/* --- ioeventfd (A15) ----------------------------------------------------- */

FIXTURE(ioeventfd) {
	struct vm *vm;
	struct vcpu *v;
	int fd;
};

FIXTURE_VARIANT(ioeventfd) {
	unsigned int len;	/* 0: any length */
};

FIXTURE_VARIANT_ADD(ioeventfd, any) { 0 };
FIXTURE_VARIANT_ADD(ioeventfd, byte) { 1 };
FIXTURE_VARIANT_ADD(ioeventfd, word) { 2 };
FIXTURE_VARIANT_ADD(ioeventfd, dword) { 4 };
FIXTURE_VARIANT_ADD(ioeventfd, qword) { 8 };

static int assign(struct vm *vm, int fd, uint64_t addr, unsigned int len, uint32_t flags,
		  uint64_t match)
{
	struct kvm_ioeventfd e = {
		.addr = addr, .len = len, .fd = fd, .flags = flags, .datamatch = match,
	};

	return ioctl(vm->fd, KVM_IOEVENTFD, &e) ? -errno : 0;
}

/* Signals since the last call. */
static uint64_t signals(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

KVMEM_SETUP(ioeventfd)
{
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	if (!vm_cap(self->vm, KVM_CAP_IOEVENTFD))
		end_skip("no KVM_CAP_IOEVENTFD");
	if (!variant->len && !vm_cap(self->vm, KVM_CAP_IOEVENTFD_ANY_LENGTH))
		end_skip("no KVM_CAP_IOEVENTFD_ANY_LENGTH");
	self->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
}

/*
 * Exact address, exact length.  An ioeventfd of length 0 matches any length,
 * and the fast path skips exactly one instruction (the engine's counter).
 * Red with: "address must be precise" check dropped from ioeventfd_in_range().
 */
KVMEM_TEST_F(ioeventfd, address_and_length, "A15")
{
	uint64_t a = ZONE + 0x40;
	unsigned int w, i;

	ASSERT_EQ(0, assign(self->vm, self->fd, a, variant->len, 0, 0));
	for (i = 0; i < 3; i++) {
		for (w = 1; w <= 8; w *= 2) {
			bool hit = !variant->len || w == variant->len;
			const struct kexit miss = MMIO_WR(a, w, low(DATA, w));

			ASSERT_TRUE(vcpu_expect(self->v, "write", OPS(ST(w, a, DATA)), &miss, !hit));
			ASSERT_EQ(hit, signals(self->fd));
		}
		ASSERT_TRUE(vcpu_expect(self->v, "neighbours",
			OPS(ST(1, a + 8, 1), ST(1, a - 1, 2), ST(2, a + 1, 3)),
			EXITS(MMIO_WR(a + 8, 1, 1), MMIO_WR(a - 1, 1, 2), MMIO_WR(a + 1, 2, 3))));
	}
}

/*
 * A read goes to userspace, whether the page has been accessed before or not.
 * Red with: reads of the bus reach ioeventfd_write(); and where a fast path
 * for any length checks only the address (known_issues).
 */
KVMEM_TEST_F(ioeventfd, read, "A15")
{
	uint64_t a = ZONE + 0x40;
	unsigned int i;

	ASSERT_EQ(0, assign(self->vm, self->fd, a, variant->len, 0, 0));
	for (i = 0; i < 3; i++) {
		ASSERT_TRUE(vcpu_expect(self->v, "read", OPS(LD(4, a)), EXITS(MMIO_RD(a, 4, 77))));
		ASSERT_EQ(77, vcpu_value(self->v, 0));
		ASSERT_EQ(0, signals(self->fd));
	}
}

/*
 * A slot created over an ioeventfd takes over its accesses until it is deleted.
 * Red with: the bus looked up before the slots; and where the cached MMIO
 * entry leads to the fast path whatever has been created since (known_issues).
 */
KVMEM_TEST_F(ioeventfd, slot_over_it, "A7 A15")
{
	uint64_t a = ZONE + 0x40;
	unsigned int w = variant->len ? variant->len : 4;
	uint8_t *hva = vm_alloc(VM_PAGE);

	ASSERT_EQ(0, assign(self->vm, self->fd, a, variant->len, 0, 0));
	vcpu_store(self->v, w, a, 1);
	ASSERT_EQ(1, signals(self->fd));
	memset(hva, 0x5a, VM_PAGE);
	vm_slot(self->vm, 1, 0, a & ~(VM_PAGE - 1), VM_PAGE, hva);
	ASSERT_EQ(low(0x5a5a5a5a5a5a5a5aULL, w), vcpu_load(self->v, w, a));
	ASSERT_EQ(0, signals(self->fd));
	vcpu_store(self->v, w, a, low(DATA, w));
	ASSERT_EQ(low(DATA, w), vcpu_load(self->v, w, a));
	ASSERT_EQ(0, signals(self->fd));
	vm_slot(self->vm, 1, 0, a & ~(VM_PAGE - 1), 0, hva);
	vcpu_store(self->v, w, a, 1);
	ASSERT_EQ(1, signals(self->fd));
}

KVMEM_TEST_F(ioeventfd, deassign, "A15")
{
	uint64_t a = ZONE + 0x40;
	unsigned int w = variant->len ? variant->len : 4;

	ASSERT_EQ(0, assign(self->vm, self->fd, a, variant->len, 0, 0));
	ASSERT_EQ(-EEXIST, assign(self->vm, self->fd, a, variant->len, 0, 0));
	/* With a datamatch it is a different ioeventfd. */
	ASSERT_EQ(-ENOENT, assign(self->vm, self->fd, a, variant->len,
				  KVM_IOEVENTFD_FLAG_DEASSIGN | KVM_IOEVENTFD_FLAG_DATAMATCH, 0));
	vcpu_store(self->v, w, a, 1);
	ASSERT_EQ(1, signals(self->fd));
	ASSERT_EQ(0, assign(self->vm, self->fd, a, variant->len, KVM_IOEVENTFD_FLAG_DEASSIGN, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "after deassign", OPS(ST(w, a, 1), ST(w, a, 2)),
				EXITS(MMIO_WR(a, w, 1), MMIO_WR(a, w, 2))));
	ASSERT_EQ(0, signals(self->fd));
	ASSERT_EQ(-ENOENT,
		  assign(self->vm, self->fd, a, variant->len, KVM_IOEVENTFD_FLAG_DEASSIGN, 0));
}

/* Red with: datamatch ignored. */
KVMEM_TEST_F(ioeventfd, datamatch, "A15")
{
	uint64_t a = ZONE + 0x40, match = low(DATA, variant->len);
	int other = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	unsigned int w = variant->len;

	if (!w) {
		ASSERT_EQ(-EINVAL, assign(self->vm, self->fd, a, 0,
					  KVM_IOEVENTFD_FLAG_DATAMATCH, match));
		return;
	}
	ASSERT_EQ(0, assign(self->vm, self->fd, a, w, KVM_IOEVENTFD_FLAG_DATAMATCH, match));
	ASSERT_EQ(0, assign(self->vm, other, a, w, KVM_IOEVENTFD_FLAG_DATAMATCH, match ^ 1));
	ASSERT_TRUE(vcpu_expect(self->v, "hit, other hit, miss",
		OPS(ST(w, a, match), ST(w, a, match ^ 1), ST(w, a, match ^ 1), ST(w, a, match ^ 0x80)),
		EXITS(MMIO_WR(a, w, match ^ 0x80))));
	ASSERT_EQ(1, signals(self->fd));
	ASSERT_EQ(2, signals(other));
	/* Neither can be deassigned with the other's datamatch, or without one. */
	ASSERT_EQ(-ENOENT, assign(self->vm, self->fd, a, w, KVM_IOEVENTFD_FLAG_DEASSIGN, match));
	ASSERT_EQ(-ENOENT, assign(self->vm, self->fd, a, w, KVM_IOEVENTFD_FLAG_DEASSIGN |
				  KVM_IOEVENTFD_FLAG_DATAMATCH, match ^ 1));
	ASSERT_EQ(0, assign(self->vm, self->fd, a, w, KVM_IOEVENTFD_FLAG_DEASSIGN |
			    KVM_IOEVENTFD_FLAG_DATAMATCH, match));
}

KVMEM_TEST(ioeventfd_validation, "A15")
{
	struct vm *vm = vm_create(NULL);
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);

	ASSERT_EQ(-EINVAL, assign(vm, fd, ZONE, 3, 0, 0));
	ASSERT_EQ(-EINVAL, assign(vm, fd, ZONE, 16, 0, 0));
	ASSERT_EQ(-EINVAL, assign(vm, fd, ~0ULL - 2, 4, 0, 0));
	ASSERT_EQ(-EINVAL, assign(vm, fd, ZONE, 4, 1U << 31, 0));
	ASSERT_EQ(-EBADF, assign(vm, -1, ZONE, 4, 0, 0));
	ASSERT_EQ(-EINVAL, assign(vm, vm->fd, ZONE, 4, 0, 0));
	ASSERT_EQ(0, assign(vm, fd, ZONE, 4, 0, 0));
}

/* Exactly one of the two gets the write; which one is not documented. */
KVMEM_TEST(ioeventfd_in_zone, "A15 A14")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	struct kvm_coalesced_mmio_ring *ring;
	int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	uint64_t n;

	REQUIRE(vm_cap(vm, KVM_CAP_COALESCED_MMIO), "no KVM_CAP_COALESCED_MMIO");
	ring = (void *)((char *)v->run +
			vm_cap(vm, KVM_CAP_COALESCED_MMIO) * sysconf(_SC_PAGESIZE));
	ASSERT_EQ(0, zone_ioctl(vm, KVM_REGISTER_COALESCED_MMIO, ZONE, 0x100, 0));
	ASSERT_EQ(0, assign(vm, fd, ZONE + 0x10, 4, 0, 0));
	ASSERT_TRUE(vcpu_expect(v, "write that both match", OPS(ST(4, ZONE + 0x10, 1)), NO_EXITS));
	n = signals(fd);
	ASSERT_EQ(1, n + ring->last);
	record_observation("A15", "ioeventfd_in_zone", "%s takes the write",
			   n ? "the ioeventfd" : "the zone");
}

#include "mmio_bus_arch.h"

KVMEM_MAIN
