/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/proposed_hva.c: emulated instructions, page tables and the end of
 * the address space of x86.
 */

#include "arch/x86_64/mmu.h"

#define MMIO	0xd0000000ULL	/* no slot */

static bool string_write(struct vcpu *v, uint64_t gpa)
{
	return vcpu_expect(v, "rep movs into it",
			   OPS({ .kind = OP_MOVS, .width = 8, .addr = RAM, .addr2 = gpa, .value = { 2 },
				 .flags = OPF_REP }),
			   EXITS(MMIO_WR(gpa, 8, 0), MMIO_WR(gpa + 8, 8, 0)));
}

/* The emulator accesses the same page: reads and writes, whole and split. */
KVMEM_TEST_F(hva, emulated, "C14 C17")
{
	unsigned int i;

	for (i = 0; i < PAGES; i += 9) {
		uint64_t a = GPA + i * PAGE_4K, x = DATA + i;

		self->mem[8] = x;
		ASSERT_TRUE(emulated_read(self->v, "movs out of the slot into MMIO", a + 64, x));
		ASSERT_TRUE(emulated_write(self->v, "movs from MMIO into the slot", a + 64, ~x));
		ASSERT_EQ(~x, self->mem[8]);
		/* The last word of one page and the first of the next are in the same page. */
		self->mem[511] = x + 1;
		self->mem[0] = x + 2;
		ASSERT_TRUE(vcpu_expect(self->v, "rep movs across two pages into MMIO",
			OPS({ .kind = OP_MOVS, .width = 8, .addr = GPA + 0xff8, .addr2 = MMIO,
			      .value = { 2 }, .flags = OPF_REP }),
			EXITS(MMIO_WR(MMIO, 8, x + 1), MMIO_WR(MMIO + 8, 8, x + 2))));
	}
	ASSERT_TRUE(others_untouched(self->mem, 16));
}

/* The MMU reads the same page: a page table in the last page of the slot. */
KVMEM_TEST_F(hva, page_table, "C14")
{
	struct kvm_translation t = { .linear_address = VM_WINDOW + 3 * PAGE_4K + 32 };

	self->mem[3] = (RAM + PAGE_4K) | PTE_P | PTE_W | PTE_U | PTE_A | PTE_D;
	self->ram[512 + 4] = DATA;
	mmu_set_table(self->vm, VM_WINDOW, GPA + 63 * PAGE_4K);
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, VM_WINDOW + 3 * PAGE_4K + 32));
	/* KVM_TRANSLATE walks in software. */
	ASSERT_EQ(0, ioctl(self->v->fd, KVM_TRANSLATE, &t));
	ASSERT_EQ(1, t.valid);
	ASSERT_EQ(RAM + PAGE_4K + 32, t.physical_address);
}

/*
 * The last page of userspace: an ordinary slot must end there, this one need not.
 * Red with: access_ok() over the slot's size.
 */
KVMEM_TEST_F(hva, last_page_of_userspace, "C14")
{
	void *last = (void *)0x7fffffffe000;
	uint64_t gpa = GPA + 0x1000000, *p;

	p = mmap(last, PAGE_4K, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (p != last)
		SKIP(return, "the last page of the address space cannot be mapped");
	ASSERT_EQ(-EINVAL, vm_region(self->vm, 3, 0, gpa, SIZE, last));
	ASSERT_EQ(0, vm_region(self->vm, 3, flag(), gpa, SIZE, last));
	p[1] = DATA;
	ASSERT_EQ(DATA, vcpu_load(self->v, 8, gpa + 63 * PAGE_4K + 8));
	ASSERT_EQ(-EINVAL, vm_region(self->vm, 4, flag(), gpa + 2 * SIZE, SIZE,
				     (char *)last + PAGE_4K));
}
