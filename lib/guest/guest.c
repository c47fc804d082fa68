// SPDX-License-Identifier: GPL-2.0-only
#include "guest/guest.h"

#include "arch.h"
#include "guest/list.h"
#include "kvm/vcpu.h"

static struct vm *all_vms;

struct vm *vm_create(const struct vm_opts *opts)
{
	struct vm *vm = vm_open(opts);
	unsigned int i;

	vm->next = all_vms;
	all_vms = vm;
	if (vm->opts.irqchip)
		arch_create_irqchip(vm);
	arch_load_guest(vm);
	if (vm->opts.prepare)
		vm->opts.prepare(vm, vm->opts.prepare_arg);
	for (i = 0; i < vm->opts.nr_vcpus; i++)
		vm->vcpu[i] = list_vcpu_create(vm, i);
	return vm;
}

void vm_destroy(struct vm *vm)
{
	struct vm **p;
	unsigned int i;

	for (p = &all_vms; *p; p = &(*p)->next) {
		if (*p == vm) {
			*p = vm->next;
			break;
		}
	}
	for (i = 0; i < VM_MAX_VCPUS; i++)
		if (vm->vcpu[i])
			list_vcpu_destroy(vm->vcpu[i]);
	vm_close(vm);
}

void vm_destroy_all(void)
{
	while (all_vms)
		vm_destroy(all_vms);
}

void vm_map(struct vm *vm, uint64_t gva, uint64_t gpa, uint64_t pages)
{
	arch_map(vm, gva, gpa, pages);
}
