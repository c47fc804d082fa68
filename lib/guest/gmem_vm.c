// SPDX-License-Identifier: GPL-2.0-only
#include "guest/gmem_vm.h"

#include "arch.h"
#include "kvm/uapi.h"
#include "util/env.h"

bool gmem_private_vm(void)
{
	int type = arch_private_vm_type();

	return type >= 0 && vm_cap(NULL, KVM_CAP_VM_TYPES) & 1 << type;
}

struct vm *gmem_vm_create(const struct vm_opts *opts)
{
	struct vm_opts o = opts ? *opts : (struct vm_opts){ .nr_vcpus = 1 };
	struct vm *vm;

	o.type = arch_vm_type();
	vm = vm_create(&o);
	if (vm_cap(vm, KVM_CAP_GUEST_MEMFD) && gmem_default_flags(vm) == GMEM_PLAIN_FLAGS)
		return vm;
	vm_destroy(vm);
	if (arch_private_vm_type() < 0)
		end_never("guest_memfd needs KVM_CAP_GUEST_MEMFD_FLAGS (6.18)");
	if (!gmem_private_vm())
		end_never("guest_memfd needs KVM_CAP_GUEST_MEMFD_FLAGS (6.18) or VM type %s",
			  arch_private_vm_name());
	o.type = (unsigned long)arch_private_vm_type();
	return vm_create(&o);
}

struct vm *gmem_kind_vm(enum gmem_kind kind, const struct vm_opts *opts)
{
	struct vm_opts o = opts ? *opts : (struct vm_opts){ .nr_vcpus = 1 };
	struct vm *vm;

	if (kind == GMEM_PRIVATE && arch_private_vm_type() < 0)
		end_never("this architecture has no VM type with private memory");
	if (kind == GMEM_PRIVATE && !gmem_private_vm())
		end_never("private memory needs VM type %s (CONFIG_KVM_SW_PROTECTED_VM)",
			  arch_private_vm_name());
	o.type = kind == GMEM_PRIVATE ? (unsigned long)arch_private_vm_type() : arch_vm_type();
	vm = vm_create(&o);
	if (kind == GMEM_SHARED && gmem_default_flags(vm) != GMEM_PLAIN_FLAGS)
		end_never("guest_memfd as plain RAM needs KVM_CAP_GUEST_MEMFD_FLAGS (6.18)");
	return vm;
}
