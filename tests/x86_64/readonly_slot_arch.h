/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/readonly_slot.c: instructions, paravirtual structures and
 * system tables of x86.
 */

#include "arch/x86_64/cpu.h"
#include "arch/x86_64/mmu.h"
#include "arch/x86_64/scenario/split.h"

/* mov $CODE_RESULT, %eax; ret */
static void write_code(uint8_t *to)
{
	static const uint8_t code[] = { 0xb8, 0xde, 0xc0, 0x0d, 0x60, 0xc3 };

	memcpy(to, code, sizeof(code));
}

static uint64_t mmio_entries(struct vcpu *v)
{
	return vcpu_stat(v, "pf_mmio_spte_created");
}

static struct mbox_op other_store(uint64_t gpa, uint32_t value)
{
	return (struct mbox_op){ .kind = OP_XCHG, .width = 4, .addr = gpa, .value = { value } };
}

/* --- other instructions (A19) -------------------------------------------- */

KVMEM_TEST_F(ro, sixteen_bytes, "A19")
{
	struct mbox_op st = { .kind = OP_STORE, .width = 16, .value = { DATA, ~DATA } };
	static const uint64_t offsets[] = { 0, 8, 1, 0xff0 };
	size_t o;

	for (o = 0; o < ARRAY_SIZE(offsets); o++) {
		uint64_t a = RO + offsets[o];

		ASSERT_TRUE(vcpu_expect(self->v, "16-byte read", OPS(LD(16, a)), NO_EXITS));
		ASSERT_EQ(0, memcmp(vcpu_result(self->v, 0)->value, self->copy + offsets[o], 16));
		st.addr = a;
		ASSERT_TRUE(vcpu_expect(self->v, "16-byte write", &st, 1,
			EXITS(MMIO_WR(a, 8, DATA), MMIO_WR(a + 8, 8, ~DATA))));
	}
	UNCHANGED();
}

FIXTURE(ro_split) {
	struct vcpu *v;
	struct split_half half[2];
};

/* Pages: of the read-only slot, of the writable one, or without a slot. */
FIXTURE_VARIANT(ro_split) {
	uint64_t page[2];
};

FIXTURE_VARIANT_ADD(ro_split, ro_ro) { { RO, RO + 0x1000 } };
FIXTURE_VARIANT_ADD(ro_split, ro_ro_backwards) { { RO + 0x1000, RO } };
FIXTURE_VARIANT_ADD(ro_split, ro_rw) { { RO, RW } };
FIXTURE_VARIANT_ADD(ro_split, rw_ro) { { RW, RO } };
FIXTURE_VARIANT_ADD(ro_split, ro_mmio) { { RO, MMIO } };
FIXTURE_VARIANT_ADD(ro_split, mmio_ro) { { MMIO, RO } };

KVMEM_SETUP(ro_split)
{
	struct vm *vm = vm_create(NULL);
	uint8_t *ro = vm_alloc(2 * PAGE_4K), *rw = vm_alloc(PAGE_4K);
	int i;

	if (!vm_cap(vm, KVM_CAP_READONLY_MEM))
		end_skip("no KVM_CAP_READONLY_MEM");
	vm_slot(vm, 1, KVM_MEM_READONLY, RO, 2 * PAGE_4K, ro);
	vm_slot(vm, 2, 0, RW, PAGE_4K, rw);
	self->v = vm->vcpu[0];
	for (i = 0; i < 2; i++) {
		uint64_t gpa = variant->page[i];

		self->half[i] = (struct split_half){
			.gpa = gpa, .readonly = gpa == RO || gpa == RO + 0x1000,
			.hva = gpa == RW ? rw : gpa == MMIO ? NULL : ro + (gpa - RO),
		};
	}
	split_map(vm, self->half);
}

KVMEM_TEST_F(ro_split, read, "A19")
{
	ASSERT_TRUE(split_reads_ok(self->v, self->half));
}

KVMEM_TEST_F(ro_split, write, "A19")
{
	ASSERT_TRUE(split_writes_ok(self->v, self->half));
}

/* Red with: an emulator that writes through the hva without checking the slot. */
KVMEM_TEST_F(ro, strings, "A19")
{
	uint64_t a = RO + 0xff8;
	unsigned int i;

	for (i = 0; i < 4; i++)
		memcpy(self->rw + i * 8, &(uint64_t){ DATA + i }, 8);
	ASSERT_TRUE(vcpu_expect(self->v, "rep movs into a read-only slot",
		OPS({ .kind = OP_MOVS, .width = 8, .addr = RW, .addr2 = a, .value = { 4 },
		      .flags = OPF_REP }),
		EXITS(MMIO_WR(a, 8, DATA), MMIO_WR(a + 8, 8, DATA + 1),
		      MMIO_WR(a + 16, 8, DATA + 2), MMIO_WR(a + 24, 8, DATA + 3))));
	ASSERT_TRUE(vcpu_expect(self->v, "rep stos into a read-only slot",
		OPS({ .kind = OP_STOS, .width = 4, .addr2 = a + 4, .value = { 2, DATA },
		      .flags = OPF_REP }),
		EXITS(MMIO_WR(a + 4, 4, low(DATA, 4)), MMIO_WR(a + 8, 4, low(DATA, 4)))));
	ASSERT_TRUE(vcpu_expect(self->v, "rep movs out of a read-only slot",
		OPS({ .kind = OP_MOVS, .width = 8, .addr = a, .addr2 = RW, .value = { 4 },
		      .flags = OPF_REP }), NO_EXITS));
	ASSERT_EQ(0, memcmp(self->rw, self->copy + 0xff8, 32));
	ASSERT_TRUE(vcpu_expect(self->v, "movs from MMIO into a read-only slot",
		OPS({ .kind = OP_MOVS, .width = 4, .addr = MMIO, .addr2 = a, .value = { 1 } }),
		EXITS(MMIO_RD(MMIO, 4, 0x1234), MMIO_WR(a, 4, 0x1234))));
	ASSERT_TRUE(vcpu_expect(self->v, "movs from a read-only slot into MMIO",
		OPS({ .kind = OP_MOVS, .width = 4, .addr = a, .addr2 = MMIO, .value = { 1 } }),
		EXITS(MMIO_WR(MMIO, 4, content(self->copy, a, 4)))));
	UNCHANGED();
}

/* The read half comes from the page, the write half goes to userspace. */
KVMEM_TEST_F(ro, read_modify_write, "A19")
{
	uint64_t r = 0x0102030405060708ULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		unsigned int w = widths[i];
		uint64_t a = RO + 0x40, old = content(self->copy, a, w);

		ASSERT_TRUE(vcpu_expect(self->v, "add",
			OPS({ .kind = OP_ADD, .width = w, .addr = a, .value = { r } }),
			EXITS(MMIO_WR(a, w, low(old + r, w)))));
		ASSERT_TRUE(vcpu_expect(self->v, "inc", OPS({ .kind = OP_INC, .width = w, .addr = a }),
			EXITS(MMIO_WR(a, w, low(old + 1, w)))));
		ASSERT_TRUE(vcpu_expect(self->v, "lock xadd",
			OPS({ .kind = OP_XADD, .width = w, .addr = a, .value = { r } }),
			EXITS(MMIO_WR(a, w, low(old + r, w)))));
		ASSERT_EQ(old, low(vcpu_value(self->v, 0), w));
		ASSERT_TRUE(vcpu_expect(self->v, "xchg",
			OPS({ .kind = OP_XCHG, .width = w, .addr = a, .value = { r } }),
			EXITS(MMIO_WR(a, w, low(r, w)))));
		ASSERT_EQ(old, low(vcpu_value(self->v, 0), w));
	}
	UNCHANGED();
}

/* emulator_cmpxchg_emulated() falls back to a plain write, whether the compare succeeds or not. */
KVMEM_TEST_F(ro, cmpxchg, "A19")
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		unsigned int w = widths[i];
		uint64_t a = RO + 0x48, old = content(self->copy, a, w), new = low(~old, w);

		ASSERT_TRUE(vcpu_expect(self->v, "cmpxchg, equal",
			OPS({ .kind = OP_CMPXCHG, .width = w, .addr = a, .value = { old, new } }),
			EXITS(MMIO_WR(a, w, new))));
		ASSERT_EQ(1, vcpu_result(self->v, 0)->value[1]);
		ASSERT_TRUE(vcpu_expect(self->v, "cmpxchg, different",
			OPS({ .kind = OP_CMPXCHG, .width = w, .addr = a, .value = { new, 5 } }),
			EXITS(MMIO_WR(a, w, old))));
		ASSERT_EQ(0, vcpu_result(self->v, 0)->value[1]);
		ASSERT_EQ(old, low(vcpu_value(self->v, 0), w));
	}
	UNCHANGED();
}

KVMEM_TEST_F(ro, stack_and_call, "A19")
{
	uint64_t a = RO + 0x100;

	ASSERT_TRUE(vcpu_expect(self->v, "push onto a read-only stack",
		OPS({ .kind = OP_PUSH_TO, .addr = a, .value = { DATA } }),
		EXITS(MMIO_WR(a - 8, 8, DATA))));
	ASSERT_EQ(a - 8, vcpu_value(self->v, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "pop from a read-only stack",
		OPS({ .kind = OP_POP_FROM, .addr = a }), NO_EXITS));
	ASSERT_EQ(content(self->copy, a, 8), vcpu_value(self->v, 0));
	ASSERT_TRUE(vcpu_expect(self->v, "pop into a read-only slot",
		OPS({ .kind = OP_POP_MEM, .addr = a, .value = { DATA } }),
		EXITS(MMIO_WR(a, 8, DATA))));
	ASSERT_TRUE(vcpu_expect(self->v, "push from a read-only slot",
		OPS({ .kind = OP_PUSH_MEM, .addr = a }), NO_EXITS));
	ASSERT_EQ(content(self->copy, a, 8), vcpu_value(self->v, 0));
	UNCHANGED();
}

/* --- KVM's own writers (A21) --------------------------------------------- */

/*
 * Paravirtual MSRs that make KVM write to guest memory.  Each is first pointed at
 * writable memory; a row that does not change it there is not checked.
 */
static const struct {
	const char *name;
	uint32_t msr;
	uint64_t enable;	/* or'ed to the address */
} writers[] = {
	{ "kvmclock", 0x4b564d01, 1 },
	{ "kvmclock (old MSR)", 0x12, 1 },
	{ "wall clock", 0x4b564d00, 0 },
	{ "wall clock (old MSR)", 0x11, 0 },
	{ "steal time", 0x4b564d03, 1 },
};

static bool page_is(const uint8_t *p, uint8_t value)
{
	size_t i;

	for (i = 0; i < PAGE_4K; i++)
		if (p[i] != value)
			return false;
	return true;
}

/* Red with: record_steal_time() or kvm_write_wall_clock() through an hva that was
 * looked up without write access.
 */
KVMEM_TEST_F(ro, pv_writers, "A21")
{
	unsigned int i, checked = 0;

	for (i = 0; i < ARRAY_SIZE(writers); i++) {
		uint64_t target = RO + i * PAGE_4K;

		memset(self->rw, 0, PAGE_4K);
		if (!cpu_set_msr(self->v, writers[i].msr, RW | writers[i].enable)) {
			diag("%s: MSR 0x%x refused, not checked", writers[i].name, writers[i].msr);
			continue;
		}
		vcpu_load(self->v, 8, RW + PAGE_4K);
		if (page_is(self->rw, 0)) {
			diag("%s: does not write, not checked", writers[i].name);
			continue;
		}
		/* The value may be refused; then KVM writes nothing. */
		cpu_set_msr(self->v, writers[i].msr, target | writers[i].enable);
		vcpu_load(self->v, 8, RW + PAGE_4K);
		vcpu_load(self->v, 8, RW + PAGE_4K);
		ASSERT_EQ(0, memcmp(self->ro + i * PAGE_4K, self->copy + i * PAGE_4K, PAGE_4K)) {
			TH_LOG("%s wrote into the read-only slot", writers[i].name);
		}
		cpu_set_msr(self->v, writers[i].msr, 0);
		checked++;
	}
	UNCHANGED();
	if (!checked)
		SKIP(return, "no paravirtual MSR of this KVM writes to guest memory");
}

/* --- emulated accesses to missing host memory (A25) ---------------------- */

/* The emulator on a page that userspace cannot access: historical ABI, see x86.c. */
KVMEM_TEST_F(ro, emulator_on_missing_page, "A25")
{
	static const struct {
		const char *name;
		struct mbox_op op;
	} rows[] = {
		{ "emulated_read", { .kind = OP_MOVS, .width = 4, .addr = RW, .addr2 = MMIO,
				     .value = { 1 } } },
		{ "emulated_write", { .kind = OP_MOVS, .width = 4, .addr = MMIO, .addr2 = RW,
				      .value = { 1 } } },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[128] = "";
		enum vcpu_stop stop;
		unsigned int k;

		ASSERT_EQ(0, mprotect(self->rw, PAGE_4K, PROT_NONE));
		stop = vcpu_try(self->v, &rows[i].op, 1, 500);
		for (k = 0; k < self->v->nr_exits && k < 2; k++) {
			const struct kexit *e = &self->v->log[k];
			size_t len = strlen(text);

			snprintf(text + len, sizeof(text) - len, "%s%s", k ? ", " : "",
				 e->err ? strerrorname_np((int)e->err) :
				 e->reason != KVM_EXIT_MMIO ? "other exit" :
				 e->addr < MMIO ? "MMIO exit for the slot's page" : "MMIO exit");
		}
		record_observation("A25", rows[i].name, "%s%s", text,
				   stop == VCPU_HUNG ? ", no progress" : "");
		ASSERT_EQ(0, mprotect(self->rw, PAGE_4K, PROT_READ | PROT_WRITE));
		ASSERT_EQ(VCPU_DONE, vcpu_finish(self->v));
	}
}

/* --- read-only memory that the CPU writes itself (A20) ------------------- */

static void record_outcome(struct vcpu *v, enum vcpu_stop stop, const char *name, bool changed)
{
	const struct mbox_result *r = vcpu_result(v, 0);
	char text[160] = "done without an exit";

	if (stop == VCPU_HUNG)
		snprintf(text, sizeof(text), "no progress");
	else if (v->nr_exits)
		exit_print(&v->log[0], text, sizeof(text));
	else if (r->vector >= 0)
		snprintf(text, sizeof(text), "exception %d error 0x%llx", r->vector,
			 (unsigned long long)r->error);
	record_observation("A20", name, "%s; memory %s", text, changed ? "changed" : "unchanged");
}

/*
 * The page table that maps VM_WINDOW lies in the read-only slot, its entry
 * without accessed and dirty bits, or with them.
 *
 * AMD CPUs (and QEMU's SVM) walk a guest's page tables with write accesses, so
 * even a read ends in KVM's emulator.  The emulator uses the address of the nested
 * fault, which is that of the page-table entry, for the operand if the offsets in
 * the page are equal (gpa_available in emulator_read_write_onepage()): the guest
 * then reads the page table instead of its data.  Seen with 6.1, 6.12 and 7.3.
 */
FIXTURE(ro_table) {
	struct vm *vm;
	struct vcpu *v;
	uint64_t *ro, *rw;
};

FIXTURE_VARIANT(ro_table) {
	uint64_t bits;
	bool write;
	unsigned int offset;	/* of the operand; the entry's is 0 */
	const char *name;
};

FIXTURE_VARIANT_ADD(ro_table, read_accessed) { PTE_A, false, 16, "read_accessed" };
FIXTURE_VARIANT_ADD(ro_table, read_same_offset) { PTE_A, false, 0, "read_same_offset" };
FIXTURE_VARIANT_ADD(ro_table, read_not_accessed) { 0, false, 16, "read_not_accessed" };
FIXTURE_VARIANT_ADD(ro_table, write_dirty) { PTE_A | PTE_D, true, 16, "write_dirty" };
FIXTURE_VARIANT_ADD(ro_table, write_not_dirty) { PTE_A, true, 16, "write_not_dirty" };

KVMEM_SETUP(ro_table)
{
	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	if (!vm_cap(self->vm, KVM_CAP_READONLY_MEM))
		end_skip("no KVM_CAP_READONLY_MEM");
	self->ro = vm_alloc(PAGE_4K);
	self->rw = vm_alloc(PAGE_4K);
	vm_slot(self->vm, 1, KVM_MEM_READONLY, RO, PAGE_4K, self->ro);
	vm_slot(self->vm, 2, 0, RW, PAGE_4K, self->rw);
}

KVMEM_TEST_F(ro_table, page_table, "A20")
{
	struct mbox_op op = { .kind = variant->write ? OP_STORE : OP_LOAD, .width = 8,
			      .addr = VM_WINDOW + variant->offset, .value = { DATA } };
	uint64_t pte = RW | PTE_P | PTE_W | PTE_U | variant->bits;
	uint64_t *operand = &self->rw[variant->offset / 8];
	enum vcpu_stop stop;
	char name[64];

	self->ro[0] = pte;
	*operand = 42;
	mmu_set_table(self->vm, VM_WINDOW, RO);
	stop = vcpu_try(self->v, &op, 1, 500);
	snprintf(name, sizeof(name), "page_table_%s", variant->name);
	record_outcome(self->v, stop, name, self->ro[0] != pte);
	if (stop != VCPU_DONE || self->v->nr_exits || vcpu_result(self->v, 0)->vector >= 0)
		return;
	strcat(name, "_operand");
	record_observation("A20", name, "%s",
		(variant->write ? *operand == DATA : vcpu_value(self->v, 0) == 42) ?
		"right" : "wrong");
}

/* The CPU only reads the IDT: it must work from read-only memory. */
KVMEM_TEST_F(ro, idt, "A20")
{
	enum vcpu_stop stop;

	memcpy(self->ro, cpu_idt(self->vm), 0x200);
	arch_map_identity(self->vm, RO, PAGE_4K);
	stop = vcpu_try(self->v, OPS({ .kind = OP_WITH_IDT, .value = { RO } }), 500);
	record_outcome(self->v, stop, "idt", memcmp(self->ro, cpu_idt(self->vm), 0x200));
}

/* Loading a segment sets the accessed bit of its descriptor. */
KVMEM_TEST_F(ro, gdt, "A20", 500)
{
	uint64_t *gdt = (uint64_t *)self->ro;
	enum vcpu_stop stop;

	memcpy(self->ro, cpu_gdt(self->vm), 0x200);
	gdt[0x3f8 / 8] = 0x00cff2000000ffffULL;		/* data, DPL 3, not accessed */
	memcpy(self->copy, self->ro, PAGE_4K);
	arch_map_identity(self->vm, RO, PAGE_4K);
	stop = vcpu_try(self->v, OPS({ .kind = OP_WITH_GDT, .value = { RO, 0x3fb } }), 500);
	record_outcome(self->v, stop, "gdt", memcmp(self->ro, self->copy, PAGE_4K));
}
