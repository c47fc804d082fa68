// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_MEM_READONLY: reads come from the page without an exit, writes go to
 * userspace, and neither the guest nor KVM changes the memory (A17-A22, A25).
 */
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "arch.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define RO	0xc0000000ULL	/* the read-only slot, 64 pages */
#define RO_PAGES 64
#define RW	0x20000000ULL	/* a writable one */
#define MMIO	0xd0000000ULL	/* no slot */
#define DATA	0x8182838485868788ULL

#define CODE_OFFSET	0x800
#define CODE_RESULT	0x600dc0de

/* Supplied by the architecture: write a function that returns CODE_RESULT. */
static void write_code(uint8_t *to);

/* Number of entries made that cache an address without a slot; 0 where KVM makes none. */
static uint64_t mmio_entries(struct vcpu *v);

/* A store of 4 bytes by another instruction, which exits as one MMIO write. */
static struct mbox_op other_store(uint64_t gpa, uint32_t value);

static const uint8_t widths[] = { 1, 2, 4, 8 };

FIXTURE(ro) {
	struct vm *vm;
	struct vcpu *v;
	uint8_t *ro, *copy;	/* host memory of the slot and what it must hold */
	uint8_t *rw;
};

KVMEM_SETUP(ro)
{
	size_t i;

	if (!vm_cap(NULL, KVM_CAP_READONLY_MEM))
		end_skip("no KVM_CAP_READONLY_MEM");
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	self->ro = vm_alloc(RO_PAGES * VM_PAGE);
	self->copy = vm_alloc(RO_PAGES * VM_PAGE);
	self->rw = vm_alloc(2 * VM_PAGE);
	for (i = 0; i < RO_PAGES * VM_PAGE; i++)
		self->ro[i] = (uint8_t)(i * 7 + i / VM_PAGE);
	for (i = 0; i < RO_PAGES; i++)
		write_code(self->ro + i * VM_PAGE + CODE_OFFSET);
	memcpy(self->copy, self->ro, RO_PAGES * VM_PAGE);
	vm_slot(self->vm, 1, KVM_MEM_READONLY, RO, RO_PAGES * VM_PAGE, self->ro);
	vm_slot(self->vm, 2, 0, RW, 2 * VM_PAGE, self->rw);
}

/* The value that the guest must read at an address of the slot. */
static uint64_t content(const uint8_t *copy, uint64_t gpa, unsigned int width)
{
	uint64_t v = 0;

	memcpy(&v, copy + (gpa - RO), width);
	return v;
}

#define UNCHANGED() ASSERT_EQ(0, memcmp(self->ro, self->copy, RO_PAGES * VM_PAGE))

/* --- plain reads and writes (A17) ---------------------------------------- */

KVMEM_TEST_F(ro, read, "A17")
{
	static const uint64_t offsets[] = { 0, 1, 0x123, 0xff8, 0x1000, 0x3fff8 };
	size_t w, o;

	for (w = 0; w < ARRAY_SIZE(widths); w++)
		for (o = 0; o < ARRAY_SIZE(offsets); o++)
			ASSERT_EQ(content(self->copy, RO + offsets[o], widths[w]),
				  low(vcpu_load(self->v, widths[w], RO + offsets[o]), widths[w]));
	ASSERT_EQ(0, arch_mmio_exits(self->v));
	UNCHANGED();
}

/* Red with: memslot_is_readonly() that returns false; a slot mapped writable. */
KVMEM_TEST_F(ro, write, "A17")
{
	static const uint64_t offsets[] = { 0, 1, 0x123, 0xff8, 0x1000, 0x3fff8 };
	size_t w, o;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		for (o = 0; o < ARRAY_SIZE(offsets); o++) {
			uint64_t a = RO + offsets[o], old = content(self->copy, a, widths[w]);

			ASSERT_TRUE(vcpu_expect(self->v, "write, then read",
				OPS(ST(widths[w], a, DATA), LD(widths[w], a)),
				EXITS(MMIO_WR(a, widths[w], low(DATA, widths[w])))));
			ASSERT_EQ(old, low(vcpu_value(self->v, 1), widths[w]));
		}
	}
	UNCHANGED();
}

/* The guest reads what the host writes to the page. */
KVMEM_TEST_F(ro, host_writes, "A17")
{
	uint64_t *p = (uint64_t *)self->ro, i;

	for (i = 0; i < 16; i++) {
		*p = i;
		ASSERT_EQ(i, vcpu_load(self->v, 8, RO));
	}
}

/* --- order of accesses (A18) --------------------------------------------- */

/* All sequences of three out of read, write, fetch, each on a fresh page.
 * Red with: a write fault that installs an MMIO SPTE (the comment in
 * kvm_handle_noslot_fault() is about this).
 */
KVMEM_TEST_F(ro, order, "A18")
{
	uint64_t entries = mmio_entries(self->v);
	unsigned int seq, step;

	for (seq = 0; seq < 27; seq++) {
		uint64_t page = RO + seq * VM_PAGE;
		unsigned int s = seq;

		for (step = 0; step < 3; step++, s /= 3) {
			switch (s % 3) {
			case 0:
				ASSERT_EQ(content(self->copy, page + 8, 8),
					  vcpu_load(self->v, 8, page + 8)) {
					TH_LOG("sequence %u step %u", seq, step);
				}
				break;
			case 1:
				ASSERT_TRUE(vcpu_expect(self->v, "write", OPS(ST(8, page + 8, DATA)),
							EXITS(MMIO_WR(page + 8, 8, DATA)))) {
					TH_LOG("sequence %u step %u", seq, step);
				}
				break;
			default:
				ASSERT_TRUE(vcpu_expect(self->v, "fetch",
					OPS({ .kind = OP_CALL, .addr = page + CODE_OFFSET }), NO_EXITS)) {
					TH_LOG("sequence %u step %u", seq, step);
				}
				ASSERT_EQ(CODE_RESULT, vcpu_value(self->v, 0));
			}
		}
	}
	ASSERT_EQ(entries, mmio_entries(self->v));
	UNCHANGED();
}

/* --- dirty log (A22) ----------------------------------------------------- */

static bool dirty(struct vm *vm, uint32_t slot, uint64_t want)
{
	uint64_t bitmap = ~0ULL;
	struct kvm_dirty_log log = { .slot = slot, .dirty_bitmap = &bitmap };

	if (ioctl(vm->fd, KVM_GET_DIRTY_LOG, &log)) {
		diag("KVM_GET_DIRTY_LOG: %s", strerror(errno));
		return false;
	}
	if (bitmap != want)
		diag("slot %u: dirty bitmap 0x%llx, expected 0x%llx", slot,
		     (unsigned long long)bitmap, (unsigned long long)want);
	return bitmap == want;
}

static bool refused_writes(struct vcpu *v)
{
	return vcpu_expect(v, "writes to a logged read-only slot",
		OPS(LD(8, RO), ST(8, RO, DATA), ST(1, RO + 0x1000, 1), LD(8, RO + 0x2000),
		    other_store(RO + 0x3000, 6)),
		EXITS(MMIO_WR(RO, 8, DATA), MMIO_WR(RO + 0x1000, 1, 1),
		      MMIO_WR(RO + 0x3000, 4, 6)));
}

/* Red with: the page marked dirty before the slot is found to be read-only. */
KVMEM_TEST_F(ro, dirty_log_at_creation, "A22")
{
	vm_slot(self->vm, 1, 0, RO, 0, NULL);
	vm_slot(self->vm, 1, KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES, RO,
		RO_PAGES * VM_PAGE, self->ro);
	ASSERT_TRUE(refused_writes(self->v));
	ASSERT_TRUE(dirty(self->vm, 1, 0));
	UNCHANGED();
}

KVMEM_TEST_F(ro, dirty_log_switched_on, "A22")
{
	ASSERT_TRUE(refused_writes(self->v));
	vm_slot(self->vm, 1, KVM_MEM_READONLY | KVM_MEM_LOG_DIRTY_PAGES, RO,
		RO_PAGES * VM_PAGE, self->ro);
	vm_slot(self->vm, 2, KVM_MEM_LOG_DIRTY_PAGES, RW, 2 * VM_PAGE, self->rw);
	ASSERT_TRUE(refused_writes(self->v));
	vcpu_store(self->v, 8, RW + VM_PAGE, 1);
	ASSERT_TRUE(dirty(self->vm, 1, 0));
	ASSERT_TRUE(dirty(self->vm, 2, 2));	/* the log works */

	vm_slot(self->vm, 1, KVM_MEM_READONLY, RO, RO_PAGES * VM_PAGE, self->ro);
	ASSERT_TRUE(refused_writes(self->v));
	UNCHANGED();
}

/* --- host mappings that refuse (A25) ------------------------------------- */

/* After the mapping is restored the store completes. */
KVMEM_TEST_F(ro, host_readonly_under_rw_slot, "A25")
{
	memcpy(self->rw, &(uint64_t){ DATA }, 8);
	ASSERT_EQ(0, mprotect(self->rw, VM_PAGE, PROT_READ));
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, RW));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(ST(8, RW, 5))));
	record_observation("A25", "efault_exit_reason", "%u", self->v->log[0].reason);
	ASSERT_EQ(DATA, *(uint64_t *)self->rw);
	ASSERT_EQ(0, mprotect(self->rw, VM_PAGE, PROT_READ | PROT_WRITE));
	ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	ASSERT_EQ(5, *(uint64_t *)self->rw);
	ASSERT_EQ(1, vcpu_result(self->v, 0)->done);
}

KVMEM_TEST_F(ro, host_missing_under_slot, "A25")
{
	uint64_t *p = (uint64_t *)self->rw;

	ASSERT_EQ(0, mprotect(p, VM_PAGE, PROT_NONE));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(LD(8, RW))));
	ASSERT_EQ(0, mprotect(p, VM_PAGE, PROT_READ | PROT_WRITE));
	p[0] = 77;
	ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	ASSERT_EQ(77, vcpu_value(self->v, 0));

	ASSERT_EQ(0, munmap(p, VM_PAGE));
	ASSERT_TRUE(vcpu_faults(self->v, OPS(ST(8, RW, 6))));
	ASSERT_EQ(p, mmap(p, VM_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
	ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	ASSERT_EQ(6, p[0]);
}

#include "readonly_slot_arch.h"

KVMEM_MAIN
