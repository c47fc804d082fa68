// SPDX-License-Identifier: GPL-2.0-only
/*
 * Private memory: which access goes to guest_memfd, which to the shared host
 * memory, and which to userspace as a memory fault, with which fields
 * (E6-E12, E15, E18, E20, E21).
 *
 * The VM has software-protected memory: a gfn is private to the guest exactly when
 * it has the attribute.
 */
#include "harness/test.h"

#include <sys/ioctl.h>
#include <sys/mman.h>

#include "guest/gmem_vm.h"
#include "guest/hammer.h"
#include "harness/record.h"
#include "kvm/uapi.h"
#include "guest/list.h"

#define GPA		0xc0000000ULL
#define PAGES		8
#define SIZE		(PAGES * VM_PAGE)
#define PRIVATE		KVM_MEMORY_ATTRIBUTE_PRIVATE
#define HOLE		0xe0000000ULL
#define HUGE_GPA	0x100000000ULL

#define MEM_FAULT(gpa, flag) \
	{ .reason = KVM_EXIT_MEMORY_FAULT, .addr = (gpa), .data = VM_PAGE, .flags = (flag), \
	  .err = EFAULT }

FIXTURE(priv) {
	struct vm *vm;
	struct vcpu *v;
	int fd;
	uint64_t *shared;	/* host memory of slot 1 */
};

/* Slot 1: PAGES pages at GPA with guest_memfd and shared memory, all shared. */
KVMEM_SETUP(priv)
{
	struct vm_opts o = { .nr_vcpus = 2 };

	self->vm = gmem_kind_vm(GMEM_PRIVATE, &o);
	self->v = self->vm->vcpu[0];
	self->fd = gmem_kind_create(self->vm, GMEM_PRIVATE, SIZE);
	self->shared = vm_alloc(SIZE);
	ASSERT_EQ(0, vm_region2(self->vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE, self->shared, self->fd, 0));
}

/* --- conversion on a running vCPU (E6, E14) ---------------------------------- */

/*
 * A vCPU that spins on the page sees the other copy as soon as the conversion has
 * returned.  A fault that races with the conversion ends in a memory-fault exit,
 * and userspace enters again (hammer.retry_faults).
 * Red with: kvm_pre_set_memory_attributes() that does not unmap or flush.
 */
KVMEM_TEST_F(priv, convert_while_running, "E6", 700)
{
	uint64_t rounds = env_pick(30, 100, 3000), i;
	struct hammer h = { .retry_faults = false };

	ASSERT_EQ(0, gmem_attributes(self->vm, GPA, VM_PAGE, PRIVATE));
	vcpu_store(self->v, 8, GPA, 222);
	ASSERT_EQ(0, gmem_attributes(self->vm, GPA, VM_PAGE, 0));
	self->shared[0] = 111;
	h.retry_faults = true;
	hammer_start(&h, self->v, (struct mbox_op)LD(8, GPA));
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(111, hammer_next(&h));
		ASSERT_EQ(0, gmem_attributes(self->vm, GPA, VM_PAGE, PRIVATE));
		ASSERT_EQ(222, hammer_next(&h));
		ASSERT_EQ(0, gmem_attributes(self->vm, GPA, VM_PAGE, 0));
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
	diag("on %d CPUs: %u faults raced with a conversion", hammer_cpus(), self->v->nr_exits);
}

/*
 * The same for stores of increasing numbers: after a conversion each goes to the
 * copy that the attribute selects, and the other copy does not change.
 * Red with: a writable mapping that survives the conversion in the TLB or the
 * page tables.
 */
KVMEM_TEST_F(priv, stores_follow_the_conversion, "E6 E3", 700)
{
	volatile uint64_t *shared = self->shared;
	uint64_t rounds = env_pick(30, 100, 3000), i, still;
	struct hammer h = { .retry_faults = true };

	hammer_start(&h, self->v, (struct mbox_op){ .kind = OP_STORE, .width = 8, .addr = GPA,
						    .value = { 1 }, .flags = OPF_COUNTER });
	for (i = 0; i < rounds; i++) {
		ASSERT_EQ(0, gmem_attributes(self->vm, GPA, VM_PAGE, PRIVATE));
		still = *shared;
		ASSERT_LT(still, hammer_next(&h));
		ASSERT_EQ(still, *shared);
		ASSERT_LT(still, vcpu_load(self->vm->vcpu[1], 8, GPA));
		ASSERT_EQ(0, gmem_attributes(self->vm, GPA, VM_PAGE, 0));
		still = hammer_next(&h);
		ASSERT_LE(still, *shared);
	}
	hammer_stop(&h);
	ASSERT_EQ(VCPU_DONE, h.stop);
	ASSERT_EQ(h.v->mb->last, *shared);
	diag("on %d CPUs: %u faults raced with a conversion", hammer_cpus(), self->v->nr_exits);
}

/* --- slots and holes without private memory (E7, E8, E9, E12) ---------------- */

/* An operation on a private page; addr is an offset into the page. */
struct access {
	const char *what;
	struct mbox_op op;
	uint64_t after;		/* of restart_once: the word at offset 8, 100 before */
};

/* Supplied by the architecture: further instructions for the two tables. */
static const struct access *other_faults(size_t *n);
static const struct access *other_restarts(size_t *n);

static bool each_faults(struct vcpu *v, uint64_t gpa, const struct access *rows, size_t n)
{
	const struct kexit want = MEM_FAULT(gpa, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	unsigned int again;
	size_t i;

	for (i = 0; i < n; i++) {
		struct mbox_op op = rows[i].op;

		op.addr += gpa;
		for (again = 0; again < 2; again++)
			if (!vcpu_expect_stop(v, rows[i].what, &op, 1, &want, 1))
				return false;
	}
	return true;
}

/* The same answer every time, for each kind of access, from any offset. */
static bool faults_always(struct vcpu *v, uint64_t gpa)
{
	static const struct access rows[] = {
		{ "read", { .kind = OP_LOAD, .width = 8, .addr = 0 }, 0 },
		{ "unaligned read", { .kind = OP_LOAD, .width = 4, .addr = 0x7f3 }, 0 },
		{ "byte at the end", { .kind = OP_LOAD, .width = 1, .addr = 0xfff }, 0 },
		{ "write", { .kind = OP_STORE, .width = 8, .addr = 0xff8 }, 0 },
		{ "unaligned write", { .kind = OP_STORE, .width = 2, .addr = 0x123 }, 0 },
		{ "xchg", { .kind = OP_XCHG, .width = 8, .addr = 0x18 }, 0 },
		{ "cmpxchg", { .kind = OP_CMPXCHG, .width = 8, .addr = 0x28 }, 0 },
		{ "16-byte read", { .kind = OP_LOAD, .width = 16, .addr = 0x20 }, 0 },
		{ "16-byte write", { .kind = OP_STORE, .width = 16, .addr = 0x30 }, 0 },
		{ "fetch", { .kind = OP_CALL, .addr = 0x100 }, 0 },
	};
	uint64_t taken = vcpu_stat(v, "pf_taken");
	const struct access *other;
	size_t n;

	other = other_faults(&n);
	if (!each_faults(v, gpa, rows, ARRAY_SIZE(rows)) || !each_faults(v, gpa, other, n))
		return false;
	/* One fault each, with room for the payload's own pages: none was repeated. */
	n += ARRAY_SIZE(rows);
	taken = vcpu_stat(v, "pf_taken") - taken;
	if (taken <= 2 * n + 60)
		return true;
	diag("%llu faults taken for %zu accesses", (unsigned long long)taken, 2 * n);
	return false;
}

/*
 * Red with: a private fault in a slot without guest_memfd that maps the host's
 * memory, or that is cached as MMIO; a conversion that leaves out such slots
 * (26cf4453d2d9: the pages were in use as shared before).
 */
KVMEM_TEST_F(priv, slot_without_gmem, "E6 E7 E9 E12")
{
	uint64_t gpa = GPA + 16 * SIZE, i, before;
	uint8_t *ram = vm_alloc(SIZE);

	memset(ram, 0x77, SIZE);
	vm_slot(self->vm, 2, 0, gpa, SIZE, ram);
	for (i = 0; i < PAGES; i++)
		ASSERT_EQ(0x77, vcpu_load(self->v, 1, gpa + i * VM_PAGE) & 0xff);
	before = vm_stat(self->vm, "pages_4k");
	ASSERT_EQ(0, gmem_attributes(self->vm, gpa, SIZE, PRIVATE));
	ASSERT_EQ(before - PAGES, vm_stat(self->vm, "pages_4k"));
	ASSERT_TRUE(faults_always(self->v, gpa));
	ASSERT_TRUE(faults_always(self->v, gpa + SIZE - VM_PAGE));
	/* Nothing was mapped, nothing reached the shared memory. */
	ASSERT_EQ(before - PAGES, vm_stat(self->vm, "pages_4k"));
	for (i = 0; i < SIZE; i++)
		ASSERT_EQ(0x77, ram[i]);
	/* Shared again, it is ordinary RAM. */
	ASSERT_EQ(0, gmem_attributes(self->vm, gpa, SIZE, 0));
	vcpu_store(self->v, 8, gpa, 5);
	ASSERT_EQ(5, *(uint64_t *)ram);
}

/* Red with: a private gfn without a slot treated as MMIO, on the first access or later. */
KVMEM_TEST_F(priv, no_slot, "E8 E9 E12")
{
	unsigned int i;

	ASSERT_EQ(0, gmem_attributes(self->vm, HOLE, 3 * VM_PAGE, PRIVATE));
	for (i = 0; i < 3; i++)
		ASSERT_TRUE(faults_always(self->v, HOLE + i * VM_PAGE));
	/* Its neighbours are MMIO, and so is the page once it is shared. */
	ASSERT_TRUE(vcpu_expect(self->v, "below", OPS(LD(8, HOLE - 8)),
				EXITS(MMIO_RD(HOLE - 8, 8, 1))));
	ASSERT_TRUE(vcpu_expect(self->v, "above", OPS(LD(8, HOLE + 3 * VM_PAGE)),
				EXITS(MMIO_RD(HOLE + 3 * VM_PAGE, 8, 1))));
	ASSERT_EQ(0, gmem_attributes(self->vm, HOLE, VM_PAGE, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "shared", OPS(LD(8, HOLE)), EXITS(MMIO_RD(HOLE, 8, 2))));
	ASSERT_TRUE(faults_always(self->v, HOLE + VM_PAGE));
}

/*
 * A slot is deleted under a private gfn: every access is a memory fault.  After the
 * slot is created again the data is still there.
 */
KVMEM_TEST_F(priv, slot_gone, "E8 D5")
{
	ASSERT_EQ(0, gmem_attributes(self->vm, GPA, SIZE, PRIVATE));
	vcpu_store(self->v, 8, GPA, 4711);
	vm_slot(self->vm, 1, 0, 0, 0, NULL);
	ASSERT_TRUE(faults_always(self->v, GPA));
	ASSERT_EQ(0, vm_region2(self->vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE, self->shared, self->fd, 0));
	ASSERT_EQ(4711, vcpu_load(self->v, 8, GPA));
}

/*
 * On 6.12 the MMIO SPTE of a gfn that was accessed while shared survives the
 * conversion, which walks slots only; its reserved-bit fault does not check the
 * attribute, and the guest still gets MMIO (E8).
 */
KVMEM_TEST_F(priv, touched_while_shared, "E8")
{
	enum vcpu_stop stop;

	ASSERT_TRUE(vcpu_expect(self->v, "shared", OPS(LD(8, HOLE)), EXITS(MMIO_RD(HOLE, 8, 2))));
	ASSERT_EQ(0, gmem_attributes(self->vm, HOLE, VM_PAGE, PRIVATE));
	stop = vcpu_do(self->v, OPS(LD(8, HOLE)), EXITS(MMIO_RD(HOLE, 8, 2)));
	record_observation("E8", "private_after_shared_mmio", "%s",
		stop == VCPU_DONE ? "still MMIO" :
		self->v->log[0].reason == KVM_EXIT_MEMORY_FAULT ? "memory fault" : "other");
}

/*
 * The same, and then a slot with guest_memfd is created.  With the stale MMIO SPTE
 * the fault is treated as shared (PFERR_RSVD skips the attribute check), so KVM
 * requests a conversion that has already happened: on 6.12 for ever.
 */
KVMEM_TEST_F(priv, slot_over_shared_mmio, "E8")
{
	int fd = gmem_kind_create(self->vm, GMEM_PRIVATE, VM_PAGE), i;
	char text[128] = "";

	ASSERT_TRUE(vcpu_expect(self->v, "shared", OPS(LD(8, HOLE)), EXITS(MMIO_RD(HOLE, 8, 2))));
	ASSERT_EQ(0, gmem_slot(self->vm, GMEM_PRIVATE, 2, HOLE, VM_PAGE, vm_alloc(VM_PAGE), fd, 0));
	for (i = 0; i < 3; i++) {
		enum vcpu_stop stop = vcpu_do(self->v, OPS(LD(8, HOLE)), NO_EXITS);
		size_t n = strlen(text);

		snprintf(text + n, sizeof(text) - n, "%s%s", i ? ", " : "",
			 stop == VCPU_DONE && !self->v->nr_exits ? "private memory" :
			 self->v->log[0].reason == KVM_EXIT_MMIO ? "MMIO" :
			 self->v->log[0].flags ? "private memory fault" : "shared memory fault");
	}
	record_observation("E8", "private_slot_after_shared_mmio", "%s", text);
}

/* --- restart after conversion (E9, E11, E12) ----------------------------------- */

/* One round: fault, conversion to shared, the instruction takes effect exactly once. */
static void restart(struct __test_metadata *_metadata, FIXTURE_DATA(priv) *self,
		    const struct access *row, uint64_t gpa, uint64_t *ram)
{
	struct mbox_op op = row->op;

	op.addr += gpa;
	ram[0] = ram[2] = 0x2222;
	ram[1] = 100;
	ASSERT_EQ(0, gmem_attributes(self->vm, gpa, VM_PAGE, PRIVATE));
	ASSERT_TRUE(vcpu_expect_stop(self->v, row->what, &op, 1,
				     EXITS(MEM_FAULT(gpa, KVM_MEMORY_EXIT_FLAG_PRIVATE))));
	ASSERT_EQ(100, ram[1]);
	ASSERT_EQ(0, gmem_attributes(self->vm, gpa, VM_PAGE, 0));
	ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	ASSERT_EQ(1, self->v->nr_exits);
	ASSERT_EQ(1, vcpu_result(self->v, 0)->done);
	ASSERT_EQ(row->after, ram[1]) {
		TH_LOG("%s", row->what);
	}
	ASSERT_EQ(0x2222, ram[0]);
	ASSERT_EQ(0x2222, ram[2]);
}

/*
 * Userspace converts at the exit and enters again: the instruction, which is
 * not idempotent, takes effect exactly once.
 * Red with: an exit that skips the instruction, or one that comes after a part
 * of it was done.
 */
KVMEM_TEST_F(priv, restart_once, "E11 E12")
{
	static const struct access rows[] = {
		{ "add", { .kind = OP_ADD, .width = 8, .addr = 8, .value = { 7 } }, 107 },
		{ "xadd", { .kind = OP_XADD, .width = 8, .addr = 8, .value = { 9 } }, 109 },
		{ "xchg", { .kind = OP_XCHG, .width = 8, .addr = 8, .value = { 3 } }, 3 },
		{ "cmpxchg", { .kind = OP_CMPXCHG, .width = 8, .addr = 8, .value = { 100, 6 } }, 6 },
		{ "store", { .kind = OP_STORE, .width = 8, .addr = 8, .value = { 4 } }, 4 },
	};
	uint64_t gpa = GPA + 16 * SIZE, *ram = vm_alloc(SIZE), taken;
	const struct access *other;
	size_t i, n;

	vm_slot(self->vm, 2, 0, gpa, SIZE, ram);
	taken = vcpu_stat(self->v, "pf_taken");
	other = other_restarts(&n);
	for (i = 0; i < ARRAY_SIZE(rows); i++)
		restart(_metadata, self, &rows[i], gpa, ram);
	for (i = 0; i < n; i++)
		restart(_metadata, self, &other[i], gpa, ram);
	/* Two faults a round, plus the payload's own pages: none was repeated. */
	ASSERT_GE((ARRAY_SIZE(rows) + n) * 2 + 60, vcpu_stat(self->v, "pf_taken") - taken);
}

/*
 * An access across a shared and a private page: the fault is for the private page,
 * nothing is written to the other, and the whole access completes after the
 * conversion.  In both orders.
 */
KVMEM_TEST_F(priv, across_the_boundary, "E9 E11")
{
	uint64_t gpa = GPA + 16 * SIZE, edge = gpa + VM_PAGE, i;
	uint8_t *ram = vm_alloc(SIZE);

	vm_slot(self->vm, 2, 0, gpa, SIZE, ram);
	for (i = 0; i < 2; i++) {
		uint64_t private = gpa + i * VM_PAGE, value = 0x1122334455667788ULL + i;

		memset(ram, 0x77, SIZE);
		ASSERT_EQ(0, gmem_attributes(self->vm, private, VM_PAGE, PRIVATE));
		ASSERT_TRUE(vcpu_expect_stop(self->v, "split write", OPS(ST(8, edge - 3, value)),
					     EXITS(MEM_FAULT(private, KVM_MEMORY_EXIT_FLAG_PRIVATE))));
		ASSERT_EQ(0x77, ram[VM_PAGE - 3]);
		ASSERT_EQ(0x77, ram[VM_PAGE]);
		ASSERT_EQ(0, gmem_attributes(self->vm, private, VM_PAGE, 0));
		ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
		ASSERT_EQ(0, memcmp(ram + VM_PAGE - 3, &value, 8));
		ASSERT_EQ(value, vcpu_load(self->v, 8, edge - 3));
	}
}

/* --- guest_memfd that the host can map, on such a VM (E10, E15) ---------------- */

FIXTURE(mapped) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t *hva;
	int fd;
};

KVMEM_SETUP(mapped)
{
	self->vm = gmem_kind_vm(GMEM_PRIVATE, NULL);
	self->v = self->vm->vcpu[0];
	if (!(vm_cap(self->vm, KVM_CAP_GUEST_MEMFD_FLAGS) & GUEST_MEMFD_FLAG_MMAP))
		end_skip("no GUEST_MEMFD_FLAG_MMAP for VMs with private memory (6.18)");
	self->fd = gmem_create(self->vm, SIZE, GUEST_MEMFD_FLAG_MMAP);
	ASSERT_LE(0, self->fd);
	self->hva = vm_alloc(SIZE);
	ASSERT_EQ(0, vm_region2(self->vm, 1, KVM_MEM_GUEST_MEMFD, GPA, SIZE, self->hva, self->fd, 0));
}

/*
 * Shared and private accesses go to the same page of the file, and the host memory of
 * the slot is not used.
 * Red with: the source of a page chosen by the attribute alone.
 */
KVMEM_TEST_F(mapped, both_go_to_the_file, "E15")
{
	vcpu_store(self->v, 8, GPA, 1);
	ASSERT_EQ(0, self->hva[0]);
	ASSERT_EQ(0, gmem_attributes(self->vm, GPA, SIZE, PRIVATE));
	ASSERT_EQ(1, vcpu_load(self->v, 8, GPA));
	vcpu_store(self->v, 8, GPA, 2);
	ASSERT_EQ(0, gmem_attributes(self->vm, GPA, SIZE, 0));
	ASSERT_EQ(2, vcpu_load(self->v, 8, GPA));
	ASSERT_EQ(0, self->hva[0]);
}

/* Red with: KVM_MEMORY_EXIT_FLAG_PRIVATE in every memory fault of such a VM. */
KVMEM_TEST_F(mapped, closed, "E10")
{
	vcpu_store(self->v, 8, GPA, 1);
	ASSERT_EQ(0, gmem_attributes(self->vm, GPA + VM_PAGE, VM_PAGE, PRIVATE));
	close(self->fd);
	ASSERT_TRUE(vcpu_expect_stop(self->v, "shared", OPS(LD(8, GPA + 8)), EXITS(MEM_FAULT(GPA, 0))));
	ASSERT_TRUE(vcpu_expect_stop(self->v, "private", OPS(LD(8, GPA + VM_PAGE + 8)),
		EXITS(MEM_FAULT(GPA + VM_PAGE, KVM_MEMORY_EXIT_FLAG_PRIVATE))));
}

/* --- teardown (E21) --------------------------------------------------------------------- */

/*
 * guest_memfd is unevictable memory: it must be freed with the VM, with file, slot
 * and thousands of attributes still there, in any order.
 * Red with: a folio reference leaked in kvm_gmem_get_pfn(); a file that is kept
 * by its bindings.
 */
KVMEM_TEST(memory_comes_back, "E21", 1700)
{
	const uint64_t size = 16 << 20;
	long before = 0, during, after, i;

	for (i = 0; i < 6; i++) {
		struct vm *vm = gmem_kind_vm(GMEM_PRIVATE, NULL);
		int fd = gmem_kind_create(vm, GMEM_PRIVATE, size);

		if (!i)
			before = gmem_unevictable_kib();
		ASSERT_EQ(0, gmem_slot(vm, GMEM_PRIVATE, 1, HUGE_GPA, size, vm_alloc(size), fd, 0));
		ASSERT_EQ(0, gmem_attributes(vm, HUGE_GPA + size, size, PRIVATE));
		ASSERT_TRUE(vcpu_expect(vm->vcpu[0], "touch all",
			OPS({ .kind = OP_STORE, .width = 8, .addr = HUGE_GPA, .stride = VM_PAGE,
			      .count = size / VM_PAGE }), NO_EXITS));
		during = gmem_unevictable_kib();
		ASSERT_LE(before + 12 * 1024, during);
		if (i % 3 == 1)
			vm_slot(vm, 1, 0, 0, 0, NULL);
		if (i % 3 != 2)
			close(fd);
		vm_destroy(vm);
		if (i % 3 == 2)
			close(fd);
	}
	/* Per-CPU counters lag; 96 MiB were allocated in total. */
	for (i = 0; i < 50; i++) {
		after = gmem_unevictable_kib();
		if (after < before + 8 * 1024)
			return;
		usleep(100000);
	}
	ASSERT_LT(after, before + 8 * 1024);
}

/*
 * Attributes take kernel memory, about 9 bytes per page, which is freed with the VM.
 * A leak would be 2.3 MiB per GiB.
 * Red with: xa_destroy(&kvm->mem_attr_array) left out.
 */
KVMEM_TEST(attributes_come_back, "E21 E19", 4500)
{
	const uint64_t size = 1ULL << 30;
	long before = 0, after = 0, i, rounds = (long)env_pick(5, 11, 41);

	REQUIRE(env_in_lab(), "measures slab memory of the whole machine: lab only");
	for (i = 0; i < rounds; i++) {
		struct vm *vm = gmem_kind_vm(GMEM_PRIVATE, NULL);

		ASSERT_EQ(0, gmem_attributes(vm, HUGE_GPA, size, PRIVATE));
		vm_destroy(vm);
		if (!i)
			before = env_meminfo_kib("Slab");
	}
	for (i = 0; i < 50; i++) {
		after = env_meminfo_kib("Slab");
		if (after < before + (rounds - 1) * 1200)
			return;
		usleep(100000);
	}
	ASSERT_LT(after, before + (rounds - 1) * 1200);
}

#include "private_fault_arch.h"

KVMEM_MAIN
