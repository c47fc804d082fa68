// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of loads and stores by the memory type of the guest's PAT (N11), with and
 * without KVM_X86_QUIRK_IGNORE_GUEST_PAT.  An emulated CPU has no caches, so that all
 * are equal.
 */
#include "arch.h"
#include "arch/x86_64/cpu.h"
#include "arch/x86_64/mmu.h"
#include "harness/bench.h"
#include "util/env.h"
#include "arch/x86_64/spte.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "guest/guest.h"
#include "kvm/uapi.h"
#include "arch/x86_64/uapi.h"
#include "util/util.h"

#define RAM		0x80000000ULL
#define WINDOW		VM_WINDOW
#define MSR_PAT		0x277
#define ENTRY		1		/* the entry of the PAT under test */
#define LOADS		512		/* all words of a page */

/* Besides the type, in the parameter of a benchmark. */
#define STORE		0x100
#define QUIRK_OFF	0x200

static void run(const struct bench *b)
{
	struct vm_opts o = { .quirks_off = b->param & QUIRK_OFF ? KVM_X86_QUIRK_IGNORE_GUEST_PAT : 0 };
	struct mbox_op op = { .kind = b->param & STORE ? OP_STORE : OP_LOAD, .width = 8, .addr = WINDOW,
			      .stride = 8, .count = LOADS };
	struct vm *vm = vm_create(&o);
	struct vcpu *v = vm->vcpu[0];

	vm_slot(vm, 1, 0, RAM, PAGE_4K, vm_alloc(PAGE_4K));
	mmu_map(vm, WINDOW, RAM, 1, PTE_PAT_INDEX(ENTRY));
	if (!cpu_set_msr(v, MSR_PAT, (0x0007040600070406ULL & ~(0xffULL << 8 * ENTRY)) |
				     (b->param & 0xff) << 8 * ENTRY))
		end_fail("the guest's PAT is refused");
	if (vcpu_do(v, &op, 1, NO_EXITS) != VCPU_DONE)
		end_fail("the guest did not finish");
	bench_op(b, NULL, v, op);
}

static const struct bench table[] = {
	{ "memtype.load.wb", "N11", run, 0, {}, MT_WB },
	{ "memtype.load.wc", "N11", run, 0, {}, MT_WC },
	{ "memtype.load.uc", "N11", run, 0, {}, MT_UC },
	{ "memtype.store.wb", "N11", run, 0, {}, MT_WB | STORE },
	{ "memtype.store.wc", "N11", run, 0, {}, MT_WC | STORE },
	{ "memtype.store.uc", "N11", run, 0, {}, MT_UC | STORE },
	{ "memtype.load.wc_quirk_off", "N11", run, 0, {}, MT_WC | QUIRK_OFF },
	{ "memtype.load.uc_quirk_off", "N11", run, 0, {}, MT_UC | QUIRK_OFF },
	{ "memtype.store.wc_quirk_off", "N11", run, 0, {}, MT_WC | STORE | QUIRK_OFF },
	{ "memtype.store.uc_quirk_off", "N11", run, 0, {}, MT_UC | STORE | QUIRK_OFF },
};

int main(int argc, char **argv)
{
	return bench_main(argc, argv, table, ARRAY_SIZE(table));
}
