// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hypercalls that a filter sends to userspace: the exit has no completion in the kernel, the
 * guest is behind the instruction (G11).  KVM_ARM_VM_SMCCC_CTRL, since 6.4.
 */
#include "harness/test.h"

#include <sys/ioctl.h>

#include "arch.h"
#include "arch/arm64/cpu.h"
#include "kvm/uapi.h"
#include "guest/list.h"
#include "util/util.h"

#define NR	0xc6000001U	/* vendor hypervisor calls, 64 bits */
#define DENIED	0xc6000100U
#define UNKNOWN	0xc6000200U	/* left to KVM, which has none */
#define GET_PSCI_VERSION 0x84000000U
#define NOT_SUPPORTED (~0ULL)

static int filter(struct vm *vm, uint32_t base, uint32_t nr, uint8_t action)
{
	struct kvm_smccc_filter f = { .base = base, .nr_functions = nr, .action = action };
	struct kvm_device_attr a = { .group = KVM_ARM_VM_SMCCC_CTRL, .attr = KVM_ARM_VM_SMCCC_FILTER,
				     .addr = (uintptr_t)&f };

	return ioctl(vm->fd, KVM_SET_DEVICE_ATTR, &a) ? -errno : 0;
}

FIXTURE(hypercall) {
	struct vm *vm;
	struct vcpu *v;
};

KVMEM_SETUP(hypercall)
{
	struct kvm_device_attr a = { .group = KVM_ARM_VM_SMCCC_CTRL, .attr = KVM_ARM_VM_SMCCC_FILTER };

	self->vm = vm_create(NULL);
	self->v = self->vm->vcpu[0];
	if (ioctl(self->vm->fd, KVM_HAS_DEVICE_ATTR, &a))
		end_never("no KVM_ARM_VM_SMCCC_FILTER");
	ASSERT_EQ(0, filter(self->vm, NR, 2, KVM_SMCCC_FILTER_FWD_TO_USER));
	ASSERT_EQ(0, filter(self->vm, DENIED, 1, KVM_SMCCC_FILTER_DENY));
}

#define CALL(k, nr) { .kind = (k), .value = { (nr), 0x11 }, .addr = 0x22, .addr2 = 0x33 }

/*
 * One exit per call, with the PC behind it; registers are the guest's, both ways.
 * Red with: the PC moved again at the next entry; x0 overwritten by KVM.
 */
KVMEM_TEST_F(hypercall, to_user, "G11")
{
	struct vcpu *v = self->v;
	unsigned int i, smc;

	for (i = 0; i < 4; i++) {
		uint64_t nr = NR + (i & 1);

		smc = i >> 1;
		vcpu_start(v, OPS(CALL(smc ? OP_SMC : OP_HYPERCALL, nr), { .kind = OP_NOP }));
		ASSERT_EQ(VCPU_RESUME, vcpu_run(v));
		ASSERT_EQ(1, v->nr_exits);
		ASSERT_EQ(KVM_EXIT_HYPERCALL, v->log[0].reason);
		ASSERT_EQ(nr, v->log[0].addr);
		ASSERT_EQ(smc, !!(v->run->hypercall.flags & KVM_HYPERCALL_EXIT_SMC));
		ASSERT_EQ(0x11, cpu_get_reg(v, REG_X(1)));
		ASSERT_EQ(0x22, cpu_get_reg(v, REG_X(2)));
		ASSERT_EQ(0x33, cpu_get_reg(v, REG_X(3)));
		/* An smc traps at the instruction, but KVM has advanced the PC too. */
		cpu_set_reg(v, REG_X(0), 0x1234567800000000 + i);
		cpu_set_reg(v, REG_X(1), ~0ULL);
		ASSERT_TRUE(vcpu_complete(v));
		ASSERT_EQ(VCPU_DONE, vcpu_finish(v));
		ASSERT_EQ(2, v->nr_exits);
		ASSERT_EQ(0x1234567800000000 + i, vcpu_value(v, 0));
		ASSERT_EQ(~0ULL, vcpu_result(v, 0)->value[1]);
		ASSERT_EQ(1, vcpu_result(v, 0)->done);
	}
}

/* The others stay in the kernel. */
KVMEM_TEST_F(hypercall, in_kernel, "G11")
{
	ASSERT_TRUE(vcpu_expect(self->v, "not filtered",
		OPS(CALL(OP_HYPERCALL, GET_PSCI_VERSION), CALL(OP_HYPERCALL, DENIED),
		    CALL(OP_HYPERCALL, UNKNOWN), CALL(OP_HYPERCALL, NR + 2)), NO_EXITS));
	ASSERT_EQ(1, vcpu_value(self->v, 0) >> 16);
	ASSERT_EQ(NOT_SUPPORTED, vcpu_value(self->v, 1));
	ASSERT_EQ(NOT_SUPPORTED, vcpu_value(self->v, 2));
	ASSERT_EQ(NOT_SUPPORTED, vcpu_value(self->v, 3));
	/* No filter is accepted after the first entry. */
	ASSERT_EQ(-EBUSY, filter(self->vm, UNKNOWN, 1, KVM_SMCCC_FILTER_FWD_TO_USER));
}

KVMEM_MAIN
