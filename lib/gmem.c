// SPDX-License-Identifier: GPL-2.0-only
#include "gmem.h"

#include <errno.h>
#include <sys/ioctl.h>

#include "env.h"
#include "uapi.h"

#define BOTH (GUEST_MEMFD_FLAG_MMAP | GUEST_MEMFD_FLAG_INIT_SHARED)

struct vm *gmem_vm_create(const struct vm_opts *opts)
{
	struct vm_opts o = opts ? *opts : (struct vm_opts){ .nr_vcpus = 1 };
	struct vm *vm;

	o.type = KVM_X86_DEFAULT_VM;
	vm = vm_create(&o);
	if (vm_cap(vm, KVM_CAP_GUEST_MEMFD) && gmem_default_flags(vm) == BOTH)
		return vm;
	vm_destroy(vm);
	if (!(vm_cap(NULL, KVM_CAP_VM_TYPES) & 1 << KVM_X86_SW_PROTECTED_VM))
		end_skip("guest_memfd needs KVM_CAP_GUEST_MEMFD_FLAGS (6.18) or VM type KVM_X86_SW_PROTECTED_VM");
	o.type = KVM_X86_SW_PROTECTED_VM;
	return vm_create(&o);
}

uint64_t gmem_default_flags(const struct vm *vm)
{
	uint64_t flags = (uint64_t)vm_cap(vm, KVM_CAP_GUEST_MEMFD_FLAGS);

	return (flags & BOTH) == BOTH ? BOTH : 0;
}

int gmem_create(const struct vm *vm, uint64_t size, uint64_t flags)
{
	struct kvm_create_guest_memfd g = { .size = size, .flags = flags };
	int fd = ioctl(vm->fd, KVM_CREATE_GUEST_MEMFD, &g);

	return fd < 0 ? -errno : fd;
}
