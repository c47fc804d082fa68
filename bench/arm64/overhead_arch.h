/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Part of bench/overhead.c: a guest with its MMU off.
 */

#include "arch/arm64/cpu.h"

#define SOME_PAGE	0x10000
#define NO_SLOT		0x20000

/* The shortest way to an exit: the state after reset, one page, a store without a slot. */
static int vm_by_ioctls(void)
{
	/* str w0, [x1] */
	static const uint32_t code[] = { 0xb9000020 };
	int dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = ioctl(dev, KVM_CREATE_VM, 0);
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region r = {
		.guest_phys_addr = SOME_PAGE, .memory_size = (uint64_t)sysconf(_SC_PAGESIZE),
		.userspace_addr = (uintptr_t)page,
	};
	const struct { uint64_t id, value; } regs[] = {
		{ REG_PC, SOME_PAGE }, { REG_X(1), NO_SLOT },
	};
	struct kvm_vcpu_init init;
	struct kvm_run *run;
	int vcpu, ok;
	size_t i;

	memcpy(page, code, sizeof(code));
	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &r))
		return 1;
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	run = mmap(NULL, (size_t)ioctl(dev, KVM_GET_VCPU_MMAP_SIZE, 0), PROT_READ | PROT_WRITE,
		   MAP_SHARED, vcpu, 0);
	ioctl(vm, KVM_ARM_PREFERRED_TARGET, &init);
	ioctl(vcpu, KVM_ARM_VCPU_INIT, &init);
	for (i = 0; i < ARRAY_SIZE(regs); i++) {
		struct kvm_one_reg one = { .id = regs[i].id, .addr = (uintptr_t)&regs[i].value };

		ioctl(vcpu, KVM_SET_ONE_REG, &one);
	}
	ok = !ioctl(vcpu, KVM_RUN, 0) && run->exit_reason == KVM_EXIT_MMIO &&
	     run->mmio.phys_addr == NO_SLOT;
	close(vcpu);
	close(vm);
	return ok ? 0 : 1;
}
