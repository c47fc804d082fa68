/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/pci_hole.c: instructions, exceptions and registers of x86.
 */

#include "after_load.h"
#include "arch/x86_64/scenario/split.h"

static bool other_stores(struct vcpu *v, uint64_t gpa, unsigned int width)
{
	static const uint64_t imm[] = {
		[1] = MBOX_IMM8, [2] = MBOX_IMM16, [4] = MBOX_IMM32, [8] = MBOX_IMM64,
	};

	return vcpu_expect(v, "mov of an immediate to MMIO",
			   OPS({ .kind = OP_STORE_IMM, .width = width, .addr = gpa }),
			   EXITS(MMIO_WR(gpa, width, imm[width])));
}

static uint64_t guest_pc(struct vcpu *v)
{
	struct kvm_regs r;

	if (ioctl(v->fd, KVM_GET_REGS, &r))
		end_fail("KVM_GET_REGS: %s", strerror(errno));
	return r.rip;
}

static uint64_t mmio_entries(struct vcpu *v)
{
	return vcpu_stat(v, "pf_mmio_spte_created");
}

static bool across_4g(struct vcpu *v)
{
	return vcpu_expect(v, "across 4 GiB", OPS(LD(8, 0xfffffffc), ST(8, 0xfffffffc, DATA)),
		EXITS(MMIO_RD(0xfffffffc, 4, 0x55667788), MMIO_RD(0x100000000, 4, 0x11223344),
		      MMIO_WR(0xfffffffc, 4, DATA & 0xffffffff),
		      MMIO_WR(0x100000000, 4, DATA >> 32))) &&
	       vcpu_value(v, 0) == 0x1122334455667788;
}

static bool translates(struct vcpu *v)
{
	struct kvm_translation t = { .linear_address = HOLE + 0x123 };

	arch_map_identity(v->vm, HOLE, PAGE_4K);
	if (ioctl(v->fd, KVM_TRANSLATE, &t) || t.valid != 1 || t.physical_address != HOLE + 0x123) {
		diag("KVM_TRANSLATE of 0x%llx: %s, valid %u, 0x%llx", HOLE + 0x123, strerror(errno),
		     t.valid, (unsigned long long)t.physical_address);
		return false;
	}
	t = (struct kvm_translation){ .linear_address = VM_WINDOW };
	return !ioctl(v->fd, KVM_TRANSLATE, &t) && !t.valid;
}

/* Red with: frag->gpa or frag->data not advanced in complete_emulated_mmio(). */
KVMEM_TEST(sixteen_bytes, "A3")
{
	static const uint64_t offsets[] = { 0x0, 0x8, 0x1, 0x7, 0xff0 };
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	size_t o;

	for (o = 0; o < ARRAY_SIZE(offsets); o++) {
		uint64_t gpa = HOLE + offsets[o];

		ASSERT_TRUE(vcpu_expect(v, "movdqu from MMIO", OPS(LD(16, gpa)),
			EXITS(MMIO_RD(gpa, 8, DATA), MMIO_RD(gpa + 8, 8, ~DATA))));
		ASSERT_EQ(DATA, vcpu_result(v, 0)->value[0]);
		ASSERT_EQ(~DATA, vcpu_result(v, 0)->value[1]);
		ASSERT_TRUE(vcpu_expect(v, "movdqu to MMIO",
			OPS({ .kind = OP_STORE, .width = 16, .addr = gpa, .value = { DATA, ~DATA } }),
			EXITS(MMIO_WR(gpa, 8, DATA), MMIO_WR(gpa + 8, 8, ~DATA))));
	}
}

/* --- page splits (A4) ---------------------------------------------------- */

FIXTURE(split) {
	struct vcpu *v;
	struct split_half half[2];
};

/* Guest physical page of each half; the two at RAM have a slot. */
FIXTURE_VARIANT(split) {
	uint64_t page[2];
};

FIXTURE_VARIANT_ADD(split, mmio_mmio) { { HOLE, HOLE + 0x1000 } };
FIXTURE_VARIANT_ADD(split, mmio_mmio_backwards) { { HOLE + 0x1000, HOLE } };
FIXTURE_VARIANT_ADD(split, mmio_mmio_apart) { { HOLE + 0x5000, 0xfd0000000ULL } };
FIXTURE_VARIANT_ADD(split, mmio_same_page) { { HOLE, HOLE } };
FIXTURE_VARIANT_ADD(split, ram_mmio) { { RAM, HOLE } };
FIXTURE_VARIANT_ADD(split, mmio_ram) { { HOLE, RAM } };
FIXTURE_VARIANT_ADD(split, ram_ram_backwards) { { RAM + 0x1000, RAM } };

KVMEM_SETUP(split)
{
	struct vm *vm = vm_create(NULL);
	uint8_t *ram = vm_alloc(2 * PAGE_4K);
	int i;

	vm_slot(vm, 1, 0, RAM, 2 * PAGE_4K, ram);
	self->v = vm->vcpu[0];
	for (i = 0; i < 2; i++) {
		uint64_t gpa = variant->page[i];

		self->half[i].gpa = gpa;
		if (gpa >= RAM && gpa < RAM + 2 * PAGE_4K)
			self->half[i].hva = ram + (gpa - RAM);
	}
	split_map(vm, self->half);
}

/* Red with: "now" off by one in emulator_read_write(); gpa of the second half
 * computed from the first page.
 */
KVMEM_TEST_F(split, read, "A4")
{
	ASSERT_TRUE(split_reads_ok(self->v, self->half));
}

/* Red with: the half in RAM written again when the exit is completed. */
KVMEM_TEST_F(split, write, "A4")
{
	ASSERT_TRUE(split_writes_ok(self->v, self->half));
}

/* All fragments exit before KVM_RUN returns EINTR. */
KVMEM_TEST(interrupted_fragments, "A27")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	struct mbox_op op = { .kind = OP_STORE, .width = 16, .addr = HOLE, .value = { DATA, ~DATA } };
	static const struct kexit want[] = { MMIO_WR(HOLE, 8, DATA), MMIO_WR(HOLE + 8, 8, ~DATA) };

	vcpu_start(v, &op, 1);
	ASSERT_EQ(VCPU_RESUME, vcpu_run(v));
	v->run->immediate_exit = 1;
	ASSERT_EQ(VCPU_RESUME, vcpu_run(v));
	ASSERT_TRUE(exits_match("write in two fragments", v->log, v->nr_exits, want, 2));
	ASSERT_TRUE(vcpu_complete(v));
	ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
	ASSERT_EQ(3, v->nr_exits);
	ASSERT_EQ(1, vcpu_result(v, 0)->done);
}

KVMEM_TEST(read_extension, "A1")
{
	static const struct {
		int kind, width;
		uint64_t data, want;
	} rows[] = {
		{ OP_LOAD_ZX, 1, 0x80, 0x80 },
		{ OP_LOAD_ZX, 2, 0x8001, 0x8001 },
		{ OP_LOAD_SX, 1, 0x80, 0xffffffffffffff80 },
		{ OP_LOAD_SX, 1, 0x7f, 0x7f },
		{ OP_LOAD_SX, 2, 0x8001, 0xffffffffffff8001 },
		{ OP_LOAD_SX, 4, 0x80000001, 0xffffffff80000001 },
		{ OP_LOAD_SX, 4, 0x7fffffff, 0x7fffffff },
	};
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		ASSERT_TRUE(vcpu_expect(v, "movzx/movsx from MMIO",
			OPS({ .kind = rows[i].kind, .width = rows[i].width, .addr = HOLE + 0x123,
			      .value = { REG_BEFORE } }),
			EXITS(MMIO_RD(HOLE + 0x123, rows[i].width, rows[i].data))));
		ASSERT_EQ(rows[i].want, vcpu_value(v, 0)) {
			TH_LOG("row %zu", i);
		}
	}
}

/* A test instruction reads and must not write. */
KVMEM_TEST(read_only_instruction, "A1")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	size_t w;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		ASSERT_TRUE(vcpu_expect(v, "test [m], r",
			OPS({ .kind = OP_TEST, .width = widths[w], .addr = HOLE + 8, .value = { 1 } },
			    { .kind = OP_TEST, .width = widths[w], .addr = HOLE + 8, .value = { 1 } }),
			EXITS(MMIO_RD(HOLE + 8, widths[w], 0x10), MMIO_RD(HOLE + 8, widths[w], 0x11))));
		ASSERT_EQ(1, vcpu_value(v, 0));
		ASSERT_EQ(0, vcpu_value(v, 1));
	}
}

/* --- other instructions (A5) --------------------------------------------- */

/* A VM with two pages of RAM, source and destination of string instructions. */
static struct vcpu *string_vm(uint8_t **ram)
{
	struct vm *vm = vm_create(NULL);

	*ram = vm_alloc(2 * PAGE_4K);
	vm_slot(vm, 1, 0, RAM, 2 * PAGE_4K, *ram);
	return vm->vcpu[0];
}

/* Four elements across a page boundary, each width, both directions.
 * Red with: gpa_available used for rep string instructions.
 */
KVMEM_TEST(string_to_mmio, "A5")
{
	uint8_t *ram;
	struct vcpu *v = string_vm(&ram);
	unsigned int w, i, down;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		for (down = 0; down < 2; down++) {
			unsigned int width = widths[w];
			int64_t step = down ? -(int64_t)width : (int64_t)width;
			uint64_t src = RAM + 0x1000 - (down ? 0 : 2 * width) + (down ? width : 0);
			uint64_t dst = HOLE + 0x1000 - (down ? 0 : 2 * width) + (down ? width : 0);
			struct kexit e[4];

			for (i = 0; i < 4; i++) {
				uint64_t data = low(DATA + i, width);

				memcpy(ram + (src + (uint64_t)(step * i) - RAM), &data, width);
				e[i] = (struct kexit)MMIO_WR(dst + (uint64_t)(step * i), width, data);
			}
			ASSERT_TRUE(vcpu_expect(v, "rep movs to MMIO",
				OPS({ .kind = OP_MOVS, .width = width, .addr = src, .addr2 = dst,
				      .value = { 4 }, .flags = OPF_REP | (down ? OPF_DF : 0) }), e, 4));
			ASSERT_EQ(0, vcpu_result(v, 0)->arch.rcx);
			ASSERT_EQ(src + (uint64_t)(step * 4), vcpu_result(v, 0)->arch.rsi);
			ASSERT_EQ(dst + (uint64_t)(step * 4), vcpu_result(v, 0)->arch.rdi);

			for (i = 0; i < 4; i++)
				e[i].data = low(DATA, width);
			ASSERT_TRUE(vcpu_expect(v, "rep stos to MMIO",
				OPS({ .kind = OP_STOS, .width = width, .addr2 = dst,
				      .value = { 4, DATA }, .flags = OPF_REP | (down ? OPF_DF : 0) }), e, 4));
			ASSERT_EQ(0, vcpu_result(v, 0)->arch.rcx);
			ASSERT_EQ(dst + (uint64_t)(step * 4), vcpu_result(v, 0)->arch.rdi);
		}
	}
}

KVMEM_TEST(string_from_mmio, "A5")
{
	uint8_t *ram;
	struct vcpu *v = string_vm(&ram);
	unsigned int w, i, down;

	for (w = 0; w < ARRAY_SIZE(widths); w++) {
		for (down = 0; down < 2; down++) {
			unsigned int width = widths[w];
			int64_t step = down ? -(int64_t)width : (int64_t)width;
			uint64_t src = HOLE + 0x1000 - (down ? 0 : 2 * width) + (down ? width : 0);
			uint64_t dst = RAM + 0x1000 - (down ? 0 : 2 * width) + (down ? width : 0);
			struct kexit e[4];

			for (i = 0; i < 4; i++)
				e[i] = (struct kexit)MMIO_RD(src + (uint64_t)(step * i), width,
							     low(DATA + i, width));
			memset(ram, 0, 2 * PAGE_4K);
			ASSERT_TRUE(vcpu_expect(v, "rep movs from MMIO",
				OPS({ .kind = OP_MOVS, .width = width, .addr = src, .addr2 = dst,
				      .value = { 4 }, .flags = OPF_REP | (down ? OPF_DF : 0) }), e, 4));
			ASSERT_EQ(0, vcpu_result(v, 0)->arch.rcx);
			for (i = 0; i < 4; i++) {
				uint64_t got = 0;

				memcpy(&got, ram + (dst + (uint64_t)(step * i) - RAM), width);
				ASSERT_EQ(low(DATA + i, width), got);
			}
			ASSERT_TRUE(vcpu_expect(v, "rep lods from MMIO",
				OPS({ .kind = OP_LODS, .width = width, .addr = src,
				      .value = { 4, REG_BEFORE }, .flags = OPF_REP | (down ? OPF_DF : 0) }),
				e, 4));
			ASSERT_EQ(after_load(low(DATA + 3, width), width), vcpu_value(v, 0));
			ASSERT_EQ(src + (uint64_t)(step * 4), vcpu_result(v, 0)->arch.rsi);
		}
	}
}

KVMEM_TEST(string_mmio_to_mmio, "A5")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	ASSERT_TRUE(vcpu_expect(v, "rep movsl MMIO to MMIO",
		OPS({ .kind = OP_MOVS, .width = 4, .addr = HOLE + 0xffc, .addr2 = HOLE + 0x4ffc,
		      .value = { 2 }, .flags = OPF_REP }),
		EXITS(MMIO_RD(HOLE + 0xffc, 4, 0x11223344), MMIO_WR(HOLE + 0x4ffc, 4, 0x11223344),
		      MMIO_RD(HOLE + 0x1000, 4, 0x55667788), MMIO_WR(HOLE + 0x5000, 4, 0x55667788))));
}

/* repe scas stops at the first element that differs from rAX. */
KVMEM_TEST(string_compare, "A5")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	ASSERT_TRUE(vcpu_expect(v, "repe scasl on MMIO",
		OPS({ .kind = OP_SCAS, .width = 4, .addr2 = HOLE + 0xff8, .value = { 5, 7 },
		      .flags = OPF_REP }),
		EXITS(MMIO_RD(HOLE + 0xff8, 4, 7), MMIO_RD(HOLE + 0xffc, 4, 7),
		      MMIO_RD(HOLE + 0x1000, 4, 8))));
	ASSERT_EQ(2, vcpu_result(v, 0)->arch.rcx);
	ASSERT_EQ(HOLE + 0x1004, vcpu_result(v, 0)->arch.rdi);
}

KVMEM_TEST(stack_and_call, "A5")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	ASSERT_TRUE(vcpu_expect(v, "push [m]", OPS({ .kind = OP_PUSH_MEM, .addr = HOLE + 0x10 }),
		EXITS(MMIO_RD(HOLE + 0x10, 8, DATA))));
	ASSERT_EQ(DATA, vcpu_value(v, 0));
	ASSERT_TRUE(vcpu_expect(v, "pop [m]",
		OPS({ .kind = OP_POP_MEM, .addr = HOLE + 0x10, .value = { DATA } }),
		EXITS(MMIO_WR(HOLE + 0x10, 8, DATA))));
	ASSERT_TRUE(vcpu_expect(v, "push onto an MMIO stack",
		OPS({ .kind = OP_PUSH_TO, .addr = HOLE + 0x20, .value = { DATA } }),
		EXITS(MMIO_WR(HOLE + 0x18, 8, DATA))));
	ASSERT_EQ(HOLE + 0x18, vcpu_value(v, 0));	/* rSP */
	ASSERT_TRUE(vcpu_expect(v, "pop from an MMIO stack",
		OPS({ .kind = OP_POP_FROM, .addr = HOLE + 0x20 }),
		EXITS(MMIO_RD(HOLE + 0x20, 8, DATA))));
	ASSERT_EQ(DATA, vcpu_value(v, 0));
	ASSERT_TRUE(vcpu_expect(v, "call [m]", OPS({ .kind = OP_CALL_MEM, .addr = HOLE + 0x28 }),
		EXITS(MMIO_RD(HOLE + 0x28, 8, v->mb->arch.ret_stub))));
}

/* One read exit, then one write exit.
 * Red with: writeback of a read-modify-write dropped after the read completed.
 */
KVMEM_TEST(read_modify_write, "A5")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		unsigned int w = widths[i];
		uint64_t a = HOLE + 0x40, old = low(DATA, w), r = 0x0102030405060708ULL;

		ASSERT_TRUE(vcpu_expect(v, "add",
			OPS({ .kind = OP_ADD, .width = w, .addr = a, .value = { r } }),
			EXITS(MMIO_RD(a, w, old), MMIO_WR(a, w, low(old + r, w)))));
		ASSERT_TRUE(vcpu_expect(v, "inc", OPS({ .kind = OP_INC, .width = w, .addr = a }),
			EXITS(MMIO_RD(a, w, old), MMIO_WR(a, w, low(old + 1, w)))));
		ASSERT_TRUE(vcpu_expect(v, "lock xadd",
			OPS({ .kind = OP_XADD, .width = w, .addr = a, .value = { r } }),
			EXITS(MMIO_RD(a, w, old), MMIO_WR(a, w, low(old + r, w)))));
		ASSERT_EQ(old, low(vcpu_value(v, 0), w));
		ASSERT_TRUE(vcpu_expect(v, "xchg",
			OPS({ .kind = OP_XCHG, .width = w, .addr = a, .value = { r } }),
			EXITS(MMIO_RD(a, w, old), MMIO_WR(a, w, low(r, w)))));
		ASSERT_EQ(old, low(vcpu_value(v, 0), w));
	}
}

/* A failing cmpxchg writes the old value back: there is always a write cycle. */
KVMEM_TEST(cmpxchg, "A5")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		unsigned int w = widths[i];
		uint64_t a = HOLE + 0x48, old = low(DATA, w), new = low(~DATA, w);

		ASSERT_TRUE(vcpu_expect(v, "cmpxchg, equal",
			OPS({ .kind = OP_CMPXCHG, .width = w, .addr = a, .value = { DATA, new } }),
			EXITS(MMIO_RD(a, w, old), MMIO_WR(a, w, new))));
		ASSERT_EQ(1, vcpu_result(v, 0)->value[1]);
		ASSERT_TRUE(vcpu_expect(v, "cmpxchg, different",
			OPS({ .kind = OP_CMPXCHG, .width = w, .addr = a, .value = { 0, new } }),
			EXITS(MMIO_RD(a, w, old), MMIO_WR(a, w, old))));
		ASSERT_EQ(0, vcpu_result(v, 0)->value[1]);
		ASSERT_EQ(old, low(vcpu_value(v, 0), w));
	}
}

/* --- reserved address bits (A12), fetches and event delivery (A13) -------- */

/*
 * Reserved bits in the guest's own page table: a page fault, never an exit.
 * Under nested paging the CPU sets the present bit of the error code (QEMU's TCG
 * does not), so it is not checked.
 */
KVMEM_TEST(beyond_maxphyaddr, "A12")
{
	struct vm *vm = vm_create(NULL);
	struct vcpu *v = vm->vcpu[0];
	unsigned int bit, i = 0;

	REQUIRE(arch_phys_bits() < 52, "MAXPHYADDR is 52: no address lies beyond it");
	for (bit = arch_phys_bits(); bit < 52; bit++, i++) {
		uint64_t gva = VM_WINDOW + i * PAGE_4K;

		vm_map(vm, gva, 1ULL << bit, 1);
		ASSERT_EQ(VCPU_DONE, vcpu_do(v, OPS(LD(8, gva), ST(8, gva, 1)), NO_EXITS));
		ASSERT_EQ(0, v->nr_exits);
		ASSERT_EQ(14, vcpu_result(v, 0)->vector);
		ASSERT_EQ(0xc, vcpu_result(v, 0)->error & ~1ULL);	/* reserved, user */
		ASSERT_EQ(gva, vcpu_result(v, 0)->fault_addr);
		ASSERT_EQ(14, vcpu_result(v, 1)->vector);
		ASSERT_EQ(0xe, vcpu_result(v, 1)->error & ~1ULL);	/* the same, write */
	}
}

/*
 * A fetch from MMIO is an emulation failure, reported to userspace.
 * Red with: a fetch that retries for ever (watchdog).
 */
KVMEM_TEST(fetch_supervisor, "A13")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	ASSERT_TRUE(vcpu_expect_stop(v, "call into MMIO at CPL 0",
		OPS({ .kind = OP_CALL, .addr = HOLE, .flags = OPF_SUPER }),
		EXITS({ .reason = KVM_EXIT_INTERNAL_ERROR, .addr = KVM_INTERNAL_ERROR_EMULATION })));
}

/*
 * In user mode handle_emulation_failure() (arch/x86/kvm/x86.c) injects #UD instead,
 * unless the backend does not know the mode: both are accepted.
 */
KVMEM_TEST(fetch_user, "A13")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];
	static const struct kexit failure = {
		.reason = KVM_EXIT_INTERNAL_ERROR, .addr = KVM_INTERNAL_ERROR_EMULATION,
	};

	if (vcpu_do(v, OPS({ .kind = OP_CALL, .addr = HOLE }), NO_EXITS) == VCPU_DONE) {
		ASSERT_EQ(0, v->nr_exits);
		ASSERT_EQ(6, vcpu_result(v, 0)->vector);
		ASSERT_EQ(HOLE, vcpu_result(v, 0)->pc);
	} else {
		ASSERT_TRUE(exits_match("call into MMIO at CPL 3", v->log, v->nr_exits, &failure, 1));
	}
	record_observation("A13", "fetch_user", "%s", v->nr_exits ? "internal error" : "#UD");
}

/* The IDT is in MMIO: an exception cannot be delivered. */
KVMEM_TEST(mmio_during_vectoring, "A13")
{
	struct vcpu *v = vm_create(NULL)->vcpu[0];

	arch_map_identity(v->vm, HOLE, PAGE_4K);
	ASSERT_TRUE(vcpu_expect_stop(v, "exception with the IDT in MMIO",
		OPS({ .kind = OP_WITH_IDT, .value = { HOLE } }),
		EXITS({ .reason = KVM_EXIT_INTERNAL_ERROR, .addr = KVM_INTERNAL_ERROR_DELIVERY_EV })));
}

/* --- interruption between exit and completion (A27) ---------------------- */

/* The registers after the completion are the whole state: another vCPU can continue. */
KVMEM_TEST(migrate_after_completion, "A27")
{
	struct vm_opts o = { .nr_vcpus = 2 };
	struct vm *vm = vm_create(&o);
	struct vcpu *v = vm->vcpu[0], *to = vm->vcpu[1];
	static const struct kexit answers[] = { MMIO_RD(HOLE, 8, DATA) };
	static const struct kexit answers_to[] = { MMIO_RD(HOLE + 8, 8, 7) };
	struct kvm_sregs sregs;
	struct kvm_regs regs;
	struct kvm_fpu fpu;

	vcpu_start(v, OPS(LD(8, HOLE), LD(8, HOLE + 8)));
	v->script = answers;
	v->nr_script = 1;
	ASSERT_EQ(VCPU_RESUME, vcpu_run(v));
	ASSERT_TRUE(vcpu_complete(v));
	ASSERT_EQ(0, ioctl(v->fd, KVM_GET_REGS, &regs));
	ASSERT_EQ(0, ioctl(v->fd, KVM_GET_SREGS, &sregs));
	ASSERT_EQ(0, ioctl(v->fd, KVM_GET_FPU, &fpu));
	ASSERT_EQ(0, ioctl(to->fd, KVM_SET_SREGS, &sregs));
	ASSERT_EQ(0, ioctl(to->fd, KVM_SET_REGS, &regs));
	ASSERT_EQ(0, ioctl(to->fd, KVM_SET_FPU, &fpu));

	to->script = answers_to;
	to->nr_script = 1;
	ASSERT_EQ(VCPU_DONE, vcpu_finish(to));
	ASSERT_EQ(1, to->nr_exits);
	ASSERT_EQ(HOLE + 8, to->log[0].addr);
	ASSERT_EQ(DATA, vcpu_value(v, 0));
	ASSERT_EQ(7, vcpu_value(v, 1));
	ASSERT_EQ(1, vcpu_result(v, 0)->done);
	ASSERT_EQ(1, vcpu_result(v, 1)->done);
}
