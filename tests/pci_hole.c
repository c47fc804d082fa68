// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest physical addresses without a memslot, which is how a stock kernel models
 * a PCI hole.  Every access is a KVM_EXIT_MMIO with exact fields, whichever
 * instruction makes it (A1-A7, A12, A13, A26, A27).
 */
#include "harness/test.h"

#include <signal.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define HOLE		0xc0000000ULL	/* no slot here */
#define RAM		0x20000000ULL	/* where a test creates a slot */
#define REG_BEFORE	0xfedcba9876543210ULL
#define DATA		0x8182838485868788ULL

static const uint8_t widths[] = { 1, 2, 4, 8 };

/* Supplied by the architecture. */

/* The register after a load of @value into REG_BEFORE. */
static uint64_t after_load(uint64_t value, unsigned int width);

/* Further store instructions of this width: each is one MMIO write exit. */
static bool other_stores(struct vcpu *v, uint64_t gpa, unsigned int width);

/* The guest's program counter. */
static uint64_t guest_pc(struct vcpu *v);

/* Number of entries made that cache an address without a slot; 0 where KVM makes none. */
static uint64_t mmio_entries(struct vcpu *v);

/* Accesses across the 4 GiB boundary. */
static bool across_4g(struct vcpu *v);

/* KVM_TRANSLATE of an address in the hole, where the ioctl exists. */
static bool translates(struct vcpu *v);

/* Red with: complete_emulated_mmio() without the memcpy of
 * run->mmio.data; gpa rounded to the page; min(8u, frag->len) replaced by 8.
 */
KVMEM_TEST(read_widths, "A1")
{
	static const uint64_t offsets[] = { 0x0, 0x1, 0x7, 0x123, 0xff8 };
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	size_t w, o;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			uint64_t gpa = HOLE + offsets[o], data = low(DATA, widths[w]);

			ASSERT_TRUE(vcpu_expect(v, "mov from MMIO",
				OPS({ .kind = OP_LOAD, .width = widths[w], .addr = gpa,
				      .value = { REG_BEFORE } }),
				EXITS(MMIO_RD(gpa, widths[w], data))));
			ASSERT_EQ(after_load(data, widths[w]), vcpu_value(v, 0));
		}
	}
}

/* Red with: write_exit_mmio() without its memcpy; is_write inverted. */
KVMEM_TEST(write_widths, "A2")
{
	static const uint64_t offsets[] = { 0x0, 0x1, 0x7, 0x123, 0xff8 };
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	size_t w, o;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			uint64_t gpa = HOLE + offsets[o];

			ASSERT_TRUE(vcpu_expect(v, "mov to MMIO",
				OPS(ST(widths[w], gpa, DATA)),
				EXITS(MMIO_WR(gpa, widths[w], low(DATA, widths[w])))));
			ASSERT_TRUE(other_stores(v, gpa, widths[w]));
		}
	}
}

/* --- caching (A6) and slots over MMIO (A7) ------------------------------- */

static bool mmio_caching(void)
{
	char line[8];

	return env_read_line("/sys/module/kvm/parameters/mmio_caching", line, sizeof(line)) &&
	       line[0] == 'Y';
}

/*
 * Alternating pages, so that the vCPU's cache of the last gfn does not hide
 * the SPTE.  Red with: handle_mmio_page_fault() dropping the low bits of the
 * gpa or the access; mmio SPTE not written.
 */
KVMEM_TEST(repeated_access, "A6")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	uint64_t before = mmio_entries(v);
	uint64_t a = HOLE + 0x10, b = HOLE + 0x7008;
	int i;

	for (i = 0; i < 50; i++) {
		uint64_t x = DATA + (uint64_t)i;

		ASSERT_TRUE(vcpu_expect(v, "round",
			OPS(LD(8, a), LD(4, b), ST(8, a, x), ST(2, b + 4, x), LD(8, a)),
			EXITS(MMIO_RD(a, 8, x), MMIO_RD(b, 4, (uint32_t)~x), MMIO_WR(a, 8, x),
			      MMIO_WR(b + 4, 2, x & 0xffff), MMIO_RD(a, 8, ~x))));
		ASSERT_EQ(x, vcpu_value(v, 0));
		ASSERT_EQ((uint32_t)~x, vcpu_value(v, 1));
		ASSERT_EQ(~x, vcpu_value(v, 4));
	}
	ASSERT_EQ(250, arch_mmio_exits(v));
	ASSERT_EQ(mmio_caching() ? 2 : 0, mmio_entries(v) - before);
}

/* Quirk on: deleting any slot drops every MMIO SPTE, which hides stale ones. */
FIXTURE(slot_over_mmio) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t *ram;
};

FIXTURE_VARIANT(slot_over_mmio) {
	bool zap_all_off;
};

FIXTURE_VARIANT_ADD(slot_over_mmio, quirks_default) { false };
FIXTURE_VARIANT_ADD(slot_over_mmio, slot_zap_all_off) { true };

KVMEM_SETUP(slot_over_mmio)
{
	struct vm_opts o = { .quirks_off = variant->zap_all_off ? arch_traits()->slot_zap_quirk : 0 };

	if (variant->zap_all_off && !o.quirks_off)
		end_never("this architecture's KVM zaps only the slot");
	self->vm = vm_create(&o);
	self->v = self->vm->vcpu[0];
	self->ram = vm_alloc(64 * VM_PAGE);
}

/* One page alternates between RAM and MMIO; its neighbour stays MMIO.
 * Red with: generation not bumped in kvm_arch_memslots_updated().
 */
KVMEM_TEST_F(slot_over_mmio, create_delete, "A7", 2000)
{
	uint64_t rounds = env_pick(100, 1000, 20000), i;
	uint64_t a = HOLE, b = HOLE + VM_PAGE;

	for (i = 0; i < rounds; i++) {
		ASSERT_TRUE(vcpu_expect(self->v, "no slot", OPS(LD(8, a), LD(8, b), LD(8, a)),
			EXITS(MMIO_RD(a, 8, 1), MMIO_RD(b, 8, 2), MMIO_RD(a, 8, 3))));
		self->ram[0] = i;
		vm_slot(self->vm, 1, 0, a, VM_PAGE, self->ram);
		ASSERT_TRUE(vcpu_expect(self->v, "slot created",
			OPS(LD(8, a), LD(8, b), ST(8, a, ~i), LD(8, a)),
			EXITS(MMIO_RD(b, 8, 4)))) {
			TH_LOG("round %llu", (unsigned long long)i);
		}
		ASSERT_EQ(i, vcpu_value(self->v, 0));
		ASSERT_EQ(~i, vcpu_value(self->v, 3));
		ASSERT_EQ(~i, self->ram[0]);
		vm_slot(self->vm, 1, 0, a, 0, NULL);
	}
}

/* No slot is deleted: only the generation makes the MMIO SPTEs stale. */
KVMEM_TEST_F(slot_over_mmio, create_only, "A7")
{
	uint64_t i;

	for (i = 0; i < 64; i++)
		ASSERT_TRUE(vcpu_expect(self->v, "no slot", OPS(LD(8, HOLE + i * VM_PAGE)),
			EXITS(MMIO_RD(HOLE + i * VM_PAGE, 8, i))));
	for (i = 0; i < 63; i++) {
		uint64_t a = HOLE + i * VM_PAGE, b = a + VM_PAGE;

		self->ram[i * (VM_PAGE / 8)] = 0x1000 + i;
		vm_slot(self->vm, (uint32_t)i + 1, 0, a, VM_PAGE, self->ram + i * (VM_PAGE / 8));
		ASSERT_TRUE(vcpu_expect(self->v, "slot created", OPS(LD(8, a), LD(8, b)),
			EXITS(MMIO_RD(b, 8, 0))));
		ASSERT_EQ(0x1000 + i, vcpu_value(self->v, 0));
	}
}

/* After a move: RAM at the new address, MMIO at the old one. */
KVMEM_TEST_F(slot_over_mmio, move, "A7", 500)
{
	uint64_t rounds = env_pick(50, 300, 5000), i;
	uint64_t a = HOLE, b = HOLE + VM_PAGE;

	vm_slot(self->vm, 1, 0, a, VM_PAGE, self->ram);
	for (i = 0; i < rounds; i++) {
		uint64_t from = i & 1 ? b : a, to = i & 1 ? a : b;

		self->ram[0] = i;
		ASSERT_TRUE(vcpu_expect(self->v, "before the move", OPS(LD(8, from), LD(8, to)),
			EXITS(MMIO_RD(to, 8, 0))));
		ASSERT_EQ(i, vcpu_value(self->v, 0));
		vm_slot(self->vm, 1, 0, to, VM_PAGE, self->ram);
		ASSERT_TRUE(vcpu_expect(self->v, "after the move", OPS(LD(8, to), LD(8, from)),
			EXITS(MMIO_RD(from, 8, 0))));
		ASSERT_EQ(i, vcpu_value(self->v, 0));
	}
}

/* --- edges of the address space (A12) ------------------------------------ */

KVMEM_TEST(address_edges, "A12")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	uint64_t last = (1ULL << arch_phys_bits()) - VM_PAGE;

	ASSERT_TRUE(vcpu_expect(v, "gpa 0", OPS(LD(8, 0), ST(4, 0, 5)),
		EXITS(MMIO_RD(0, 8, DATA), MMIO_WR(0, 4, 5))));
	ASSERT_TRUE(vcpu_expect(v, "below 4 GiB", OPS(LD(4, 0xfffffffc)),
		EXITS(MMIO_RD(0xfffffffc, 4, 6))));
	ASSERT_TRUE(across_4g(v));

	vm_map(vm, VM_WINDOW, last, 1);
	ASSERT_TRUE(vcpu_expect(v, "last page", OPS(LD(8, VM_WINDOW), LD(8, VM_WINDOW + 0xff8),
						     ST(8, VM_WINDOW + 0xff8, DATA)),
		EXITS(MMIO_RD(last, 8, 1), MMIO_RD(last + 0xff8, 8, 2),
		      MMIO_WR(last + 0xff8, 8, DATA))));
	ASSERT_EQ(1, vcpu_value(v, 0));
	ASSERT_EQ(2, vcpu_value(v, 1));
}

/* --- VM ioctls on addresses without a slot (A26) ------------------------- */

KVMEM_TEST(ioctls, "A26")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	unsigned long bitmap[8] = { 0 };
	struct kvm_dirty_log log = { .slot = 5, .dirty_bitmap = bitmap };
	uint8_t *ram = vm_alloc(VM_PAGE);

	ASSERT_TRUE(translates(v));

	ASSERT_EQ(-1, ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(ENOENT, errno);
	vm_slot(vm, 5, 0, RAM, VM_PAGE, ram);
	ASSERT_EQ(-1, ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(ENOENT, errno);
	log.slot = 0x7fff;
	ASSERT_EQ(-1, ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log));
	ASSERT_EQ(EINVAL, errno);

	ASSERT_TRUE(vcpu_expect(v, "still MMIO", OPS(LD(8, HOLE)), EXITS(MMIO_RD(HOLE, 8, DATA))));
}

/* --- interruption between exit and completion (A27) ---------------------- */

/* Red with: the pending completion dropped on -EINTR. */
KVMEM_TEST(interrupted_read, "A27")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	static const struct kexit answers[] = { MMIO_RD(HOLE, 8, DATA) };
	uint64_t rip;

	vcpu_start(v, OPS(LD(8, HOLE)));
	v->script = answers;
	v->nr_script = 1;
	ASSERT_EQ(VCPU_RESUME, vcpu_run(v));
	rip = guest_pc(v);
	ASSERT_TRUE(vcpu_complete(v));
	ASSERT_GT(guest_pc(v), rip);
	ASSERT_LE(guest_pc(v), rip + 15);
	ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
	ASSERT_EQ(2, v->nr_exits);
	ASSERT_EQ(DATA, vcpu_value(v, 0));
	ASSERT_EQ(1, vcpu_result(v, 0)->done);
}

/* A signal that only the mask of KVM_RUN unblocks. */
KVMEM_TEST(signal_before_completion, "A27")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	static const struct kexit answers[] = { MMIO_RD(HOLE, 4, 0x12345678) };
	/* struct kvm_signal_mask: the length, then the kernel's sigset. */
	struct {
		uint32_t len;
		uint8_t set[8];
	} mask = { .len = 8 };
	sigset_t block;

	sigemptyset(&block);
	sigaddset(&block, SIGHUP);
	sigprocmask(SIG_BLOCK, &block, NULL);
	ASSERT_EQ(0, ioctl(v->fd, KVM_SET_SIGNAL_MASK, &mask));

	vcpu_start(v, OPS(LD(4, HOLE)));
	v->script = answers;
	v->nr_script = 1;
	ASSERT_EQ(VCPU_RESUME, vcpu_run(v));
	raise(SIGHUP);
	ASSERT_EQ(VCPU_EXIT, vcpu_run(v));
	ASSERT_EQ(EINTR, v->log[1].err);
	ASSERT_EQ(SIGHUP, sigwaitinfo(&block, NULL));
	ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
	ASSERT_EQ(2, v->nr_exits);
	ASSERT_EQ(0x12345678, vcpu_value(v, 0));
	ASSERT_EQ(1, vcpu_result(v, 0)->done);
}

#include "pci_hole_arch.h"

KVMEM_MAIN
