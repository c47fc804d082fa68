/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of tests/prefault_host.c: a vCPU that runs a nested guest (SVM).
 */

#include "arch.h"
#include "arch/x86_64/l2.h"

#define HOLE		0xe0000000ULL
#define L2_GPA		0x200000000ULL

/*
 * A vCPU that left KVM_RUN while L2 was running uses L2's page tables: prefault
 * fails with EOPNOTSUPP, and works again once L1 runs.
 * Red with: the check of the page-fault handler dropped, which maps by the
 * wrong tables.
 */
KVMEM_TEST(while_l2_runs, "E17")
{
	struct kvm_pre_fault_memory r = { .gpa = GPA, .size = SIZE };
	struct vm_opts o = { .full_cpu = true };
	struct vcpu *v;
	struct vm *vm;

	l2_require();
	vm = vm_create(&o);
	v = vm->vcpu[0];
	prefault_require(vm);
	l2_prepare(v, true);
	l2_map(vm, L2_GPA, HOLE, 1, true);
	vm_map(vm, VM_WINDOW, L2_GPA, 1);
	vm_slot(vm, 1, 0, GPA, SIZE, vm_alloc(SIZE));
	vcpu_start(v, OPS({ .kind = OP_LOAD, .width = 8, .addr = VM_WINDOW, .flags = OPF_L2 }));
	ASSERT_EQ(VCPU_RESUME, vcpu_run(v));
	ASSERT_EQ(KVM_EXIT_MMIO, v->log[0].reason);
	ASSERT_EQ(-EOPNOTSUPP, prefault(v, &r));
	ASSERT_EQ(GPA, r.gpa);
	ASSERT_EQ(SIZE, r.size);
	ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
	ASSERT_EQ(~0ULL, vcpu_value(v, 0));
	ASSERT_EQ(0, prefault(v, &r));
	ASSERT_EQ(0, r.size);
}
