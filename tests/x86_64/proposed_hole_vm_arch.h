/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/proposed_hole_vm.c: the hole as instruction, page table, IDT and GDT,
 * paravirtual structures in it, and a nested guest (SVM).
 */

#include "arch.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/l2.h"
#include "arch/x86_64/mmu.h"

static bool undefined_instruction(const struct mbox_result *r)
{
	return r->vector == 6;	/* #UD */
}

static bool string_write(struct vcpu *v, uint64_t gpa)
{
	return hole_expect(v, "rep stos into a hole",
			   OPS({ .kind = OP_STOS, .width = 8, .addr2 = gpa, .value = { 2 },
				 .flags = OPF_REP }),
			   EXITS(MMIO_WR(gpa, 8, 0), MMIO_WR(gpa + 8, 8, 0)));
}

/* --- instructions and tables in the hole (B7) ---------------------------- */

static const char *outcome(struct vcpu *v, enum vcpu_stop stop, char *text, size_t size)
{
	const struct mbox_result *r = vcpu_result(v, 0);

	if (stop == VCPU_HUNG)
		snprintf(text, size, "no progress");
	else if (v->nr_exits)
		exit_print(&v->log[0], text, size);
	else if (r->vector >= 0)
		snprintf(text, size, "exception %d error 0x%llx", r->vector,
			 (unsigned long long)r->error);
	else
		snprintf(text, size, "done");
	return text;
}

/* In supervisor mode KVM reports an emulation failure; the CPU raises #UD. */
KVMEM_TEST_F(table, fetch, "B7")
{
	struct mbox_op call = { .kind = OP_CALL, .addr = HOLE + 0x40 };
	enum vcpu_stop stop;
	char text[160];

	vcpu_do(self->v, &call, 1, NO_EXITS);
	ASSERT_EQ(6, vcpu_result(self->v, 0)->vector);
	ASSERT_EQ(HOLE + 0x40, vcpu_result(self->v, 0)->pc);
	ASSERT_EQ(0, self->v->nr_exits);
	ASSERT_EQ(0, vcpu_result(self->v, 0)->done);

	call.flags = OPF_SUPER;
	stop = vcpu_try(self->v, &call, 1, 500);
	record_observation("B7", "fetch_supervisor", "%s",
			   outcome(self->v, stop, text, sizeof(text)));
	if (stop == VCPU_DONE) {
		ASSERT_EQ(6, vcpu_result(self->v, 0)->vector);
	} else {
		ASSERT_EQ(VCPU_EXIT, stop);
		ASSERT_EQ(KVM_EXIT_INTERNAL_ERROR, self->v->log[0].reason);
	}
}

/*
 * A page directory in the hole: every entry has reserved bits set.  The operand
 * is not at the offset of the entry in the page (see readonly_slot.page_table).
 * Red with: a walker that looks up an hva, finds none and reports the page as
 * not present.
 */
KVMEM_TEST_F(table, page_table, "B7")
{
	static const struct {
		struct mbox_op op;
		uint64_t error;
	} rows[] = {
		{ LD(8, VM_WINDOW + 0x10), 0xd },
		{ ST(8, VM_WINDOW + PAGE_2M + 0x18, DATA), 0xf },
		{ LD(1, VM_WINDOW + 0x3fffffff), 0xd },
	};
	size_t i;

	mmu_set_directory(self->vm, VM_WINDOW, TAIL);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		vcpu_do(self->v, &rows[i].op, 1, NO_EXITS);
		ASSERT_EQ(14, vcpu_result(self->v, 0)->vector) {
			TH_LOG("row %zu", i);
		}
		ASSERT_EQ(rows[i].error, vcpu_result(self->v, 0)->error) {
			TH_LOG("row %zu", i);
		}
		ASSERT_EQ(rows[i].op.addr, vcpu_result(self->v, 0)->fault_addr);
		ASSERT_EQ(0, self->v->nr_exits);
	}
}

/* Gates of all ones are invalid, the one of #DF too: a triple fault. */
KVMEM_TEST_F(table, idt, "B7")
{
	enum vcpu_stop stop;
	char text[160];

	arch_map_identity(self->vm, HOLE, PAGE_4K);
	stop = vcpu_try(self->v, OPS({ .kind = OP_WITH_IDT, .value = { HOLE } }), 500);
	record_observation("B7", "idt", "%s", outcome(self->v, stop, text, sizeof(text)));
	ASSERT_EQ(VCPU_EXIT, stop);
	if (self->v->log[0].reason != KVM_EXIT_SHUTDOWN)
		ASSERT_EQ(KVM_EXIT_INTERNAL_ERROR, self->v->log[0].reason);
}

/* A descriptor of all ones is a readable code segment, present, accessed, DPL 3. */
KVMEM_TEST_F(table, gdt, "B7")
{
	enum vcpu_stop stop;
	char text[160];

	arch_map_identity(self->vm, HOLE, PAGE_4K);
	stop = vcpu_try(self->v, OPS({ .kind = OP_WITH_GDT, .value = { HOLE, 0x3fb } }), 500);
	ASSERT_EQ(VCPU_DONE, stop) {
		TH_LOG("%s", outcome(self->v, stop, text, sizeof(text)));
	}
	ASSERT_EQ(0, self->v->nr_exits);
	ASSERT_EQ(-1, vcpu_result(self->v, 0)->vector);
	ASSERT_EQ(1, vcpu_result(self->v, 0)->done);
}

/* Paravirtual structures in the hole: refused or not, the hole must still read as ones. */
KVMEM_TEST_F(table, pv_structures, "B7")
{
	static const struct {
		uint32_t msr;
		uint64_t enable;
	} writers[] = {
		{ 0x4b564d01, 1 }, { 0x12, 1 },		/* kvmclock */
		{ 0x4b564d00, 0 }, { 0x11, 0 },		/* wall clock */
		{ 0x4b564d03, 1 },			/* steal time */
	};
	unsigned int i, taken = 0;

	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		uint64_t page = HOLE + i * PAGE_4K;

		taken += cpu_set_msr(self->v, writers[i].msr, page | writers[i].enable);
		ASSERT_EQ(ONES, vcpu_load(self->v, 8, page));
		ASSERT_TRUE(page_is_ones(self->v, page));
		cpu_set_msr(self->v, writers[i].msr, 0);
	}
	record_observation("B7", "pv_msrs_taken", "%u", taken);
}

KVMEM_TEST_F(table, translate, "B9")
{
	struct kvm_translation t = { .linear_address = HOLE + 0x123 };

	ASSERT_EQ(ONES, vcpu_load(self->v, 8, HOLE));
	ASSERT_EQ(0, ioctl(self->v->fd, KVM_TRANSLATE, &t));
	ASSERT_EQ(1, t.valid);
	ASSERT_EQ(HOLE + 0x123, t.physical_address);
	/* Page tables of all ones give no translation. */
	mmu_set_directory(self->vm, VM_WINDOW, TAIL);
	t = (struct kvm_translation){ .linear_address = VM_WINDOW + 0x123 };
	ASSERT_EQ(0, ioctl(self->v->fd, KVM_TRANSLATE, &t));
	ASSERT_EQ(0, t.valid);
}

/* --- a nested guest (B15) ------------------------------------------------ */

FIXTURE(hole_l2) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t gva;		/* L2 virtual address of the hole */
};

FIXTURE_VARIANT(hole_l2) {
	struct mode mode;
	bool npt;
};

FIXTURE_VARIANT_ADD(hole_l2, emulated_npt) { { 0, 1 }, true };
FIXTURE_VARIANT_ADD(hole_l2, emulated_shadow) { { 0, 1 }, false };
FIXTURE_VARIANT_ADD(hole_l2, mapped_4k_npt) { { 1, 512 }, true };
FIXTURE_VARIANT_ADD(hole_l2, mapped_2m_npt) { { 2, 1 }, true };
FIXTURE_VARIANT_ADD(hole_l2, mapped_2m_shadow) { { 2, 1 }, false };

KVMEM_SETUP(hole_l2)
{
	uint64_t l2_gpa = variant->npt ? 0xe0000000ULL : HOLE;

	set_mode(&variant->mode);
	l2_require();
	self->vm = vm_create(&(struct vm_opts){ .full_cpu = true });
	self->v = self->vm->vcpu[0];
	hole_slot(self->vm, SLOT, HOLE, HOLE_SIZE);
	l2_prepare(self->v, variant->npt);
	self->gva = VM_WINDOW;
	vm_map(self->vm, self->gva, l2_gpa, 2);
	if (variant->npt)
		l2_map(self->vm, l2_gpa, HOLE, 2, true);
}

#define L2_LD(w, a) { .kind = OP_LOAD, .width = (w), .addr = (a), .flags = OPF_L2 }
#define L2_ST(w, a, v) \
	{ .kind = OP_STORE, .width = (w), .addr = (a), .value = { (v) }, .flags = OPF_L2 }

/* Red with: the fault path of nested paging without the hole's case. */
KVMEM_TEST_F(hole_l2, access, "B15")
{
	uint64_t a = self->gva + 0x123, spte = vcpu_stat(self->v, "pf_mmio_spte_created");
	size_t w;

	for (w = 0; w < ARRAY_SIZE(hole_widths); w++) {
		ASSERT_TRUE(hole_expect(self->v, "L2 reads, writes and reads a hole",
			OPS(L2_LD(hole_widths[w], a), L2_ST(hole_widths[w], a + PAGE_4K, DATA),
			    L2_LD(hole_widths[w], a + PAGE_4K), L2_LD(8, self->gva + 0xffc)),
			EXITS(MMIO_WR(HOLE + 0x1123, hole_widths[w], low(DATA, hole_widths[w])))));
		ASSERT_EQ(low(ONES, hole_widths[w]), low(vcpu_value(self->v, 0), hole_widths[w]));
		ASSERT_EQ(low(ONES, hole_widths[w]), low(vcpu_value(self->v, 2), hole_widths[w]));
		ASSERT_EQ(ONES, vcpu_value(self->v, 3));
	}
	ASSERT_EQ(spte, vcpu_stat(self->v, "pf_mmio_spte_created"));
}
