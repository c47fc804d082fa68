/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/gmem_file.c: string instructions, SPTEs in the trace, and the
 * instruction emulator.
 */

#include "arch/x86_64/spte.h"
#include "util/trace.h"

static bool copy_out(struct vcpu *v)
{
	return vcpu_expect(v, "copy of the file",
			   OPS({ .kind = OP_MOVS, .width = 8, .flags = OPF_REP, .addr = GPA,
				 .addr2 = COPY_GPA, .value = { SIZE / 8 } }), NO_EXITS);
}

static bool fill_with_ones(struct vcpu *v)
{
	return vcpu_expect(v, "fill of the file",
			   OPS({ .kind = OP_STOS, .width = 8, .flags = OPF_REP, .addr = GPA,
				 .addr2 = GPA, .value = { SIZE / 8, ~0ULL } }), NO_EXITS);
}

/* --- poison (D15) ---------------------------------------------------------- */

/* The page frame behind one gfn, taken from the trace. */
struct frame {
	uint64_t gfn, pfn;
};

static void see_frame(const char *line, void *arg)
{
	struct frame *f = arg;
	struct spte s;

	if (spte_parse(line, &s) && spte_maps(&s) && s.level == 1 && s.gfn == f->gfn)
		f->pfn = s.bits >> 12 & 0xffffffffff;
}

/* If the host cannot map the file, only the page frame identifies the page. */
KVMEM_TEST_F(file, poison_by_frame, "D15")
{
	uint64_t flags = variant->kind == GMEM_PRIVATE ? KVM_MEMORY_EXIT_FLAG_PRIVATE : 0, before, p;
	static const char inject[] = "/sys/kernel/debug/hwpoison/corrupt-pfn";
	static const char *const events[] = SPTE_EVENTS;
	struct frame f = { .gfn = GPA / PAGE_4K + 3 };
	struct trace *t;
	int fd;

	REQUIRE(env_may_poison(), "takes a page of this machine permanently out of use: lab only, or KVMEM_POISON=yes");
	fd = open(inject, O_WRONLY | O_CLOEXEC);
	REQUIRE(fd >= 0, "no %s (root, debugfs, CONFIG_HWPOISON_INJECT)", inject);
	t = trace_start(events, ARRAY_SIZE(events));
	for (p = 0; p < PAGES; p++)
		vcpu_store(self->v, 8, GPA + p * PAGE_4K, p + 1);
	trace_each(t, see_frame, &f);
	ASSERT_NE(0, f.pfn);
	before = vm_stat(self->vm, "pages_4k");
	/* As in poison: EBUSY is not a failure. */
	ASSERT_TRUE(dprintf(fd, "0x%llx\n", (unsigned long long)f.pfn) > 0 || errno == EBUSY);
	ASSERT_EQ(before - 1, vm_stat(self->vm, "pages_4k"));
	ASSERT_TRUE(vcpu_expect_stop(self->v, "poisoned page", OPS(LD(8, GPA + 3 * PAGE_4K + 0x128)),
		EXITS({ .reason = KVM_EXIT_MEMORY_FAULT, .addr = GPA + 3 * PAGE_4K,
			.data = PAGE_4K, .flags = flags, .err = EHWPOISON })));
	for (p = 0; p < PAGES; p++)
		if (p != 3)
			ASSERT_EQ(p + 1, vcpu_load(self->v, 8, GPA + p * PAGE_4K));
	ASSERT_EQ(0, gmem_punch(self->fd, 3 * PAGE_4K, PAGE_4K));
	ASSERT_EQ(0, vcpu_load(self->v, 8, GPA + 3 * PAGE_4K));
}

/* --- userspace_addr with different memory (D22) ---------------------------- */

/*
 * The guest uses the file, but the accesses that KVM emulates go through the host
 * address (still on 7.3).  Recorded only (D22).
 */
KVMEM_TEST_F(file, split_brain, "D22")
{
	uint64_t *hva = vm_alloc(PAGE_4K), mmio = 0xd0000000ULL;

	REQUIRE(variant->kind == GMEM_SHARED, "guest_memfd of this VM type is private");
	ASSERT_EQ(0, gmem_slot(self->vm, variant->kind, 2, GPA + 16 * SIZE, PAGE_4K, hva,
			       gmem_kind_create(self->vm, variant->kind, PAGE_4K), 0));
	vcpu_store(self->v, 8, GPA + 16 * SIZE, 1);
	hva[0] = 2;
	ASSERT_EQ(1, vcpu_load(self->v, 8, GPA + 16 * SIZE));
	vcpu_do(self->v, OPS({ .kind = OP_MOVS, .width = 8, .addr = GPA + 16 * SIZE, .addr2 = mmio,
			       .value = { 1 } }), NO_EXITS);
	record_observation("D22", "emulated_read", "%s",
		self->v->nr_exits != 1 ? "other exits" : self->v->log[0].data == 2 ?
		"reads the host address" : self->v->log[0].data == 1 ? "reads the file" : "neither");
	vcpu_do(self->v, OPS({ .kind = OP_MOVS, .width = 8, .addr = mmio, .addr2 = GPA + 16 * SIZE,
			       .value = { 1 } }), EXITS(MMIO_RD(mmio, 8, 3)));
	record_observation("D22", "emulated_write", "%s",
		hva[0] == 3 ? "writes the host address" :
		vcpu_load(self->v, 8, GPA + 16 * SIZE) == 3 ? "writes the file" : "neither");
}
