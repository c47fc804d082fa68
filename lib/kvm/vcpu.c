// SPDX-License-Identifier: GPL-2.0-only
#include "kvm/vcpu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvm/kvmstat.h"
#include "kvm/vm.h"
#include "util/env.h"

struct vcpu *vcpu_open(struct vm *vm, unsigned int id)
{
	struct vcpu *v = calloc(1, sizeof(*v));
	int size;

	if (!v)
		end_fail("out of memory");
	v->vm = vm;
	v->id = id;
	v->fd = ioctl(vm->fd, KVM_CREATE_VCPU, id);
	if (v->fd < 0)
		end_fail("KVM_CREATE_VCPU: %s", strerror(errno));
	size = ioctl(vm_device(), KVM_GET_VCPU_MMAP_SIZE, 0);
	v->run_size = size > 0 ? (size_t)size : sizeof(struct kvm_run);
	v->run = mmap(NULL, v->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, v->fd, 0);
	if (v->run == MAP_FAILED)
		end_fail("mmap of kvm_run: %s", strerror(errno));
	return v;
}

static bool counting;
static uint64_t exits_counted;
static unsigned int vcpus_counted;

void vcpu_count_exits(void)
{
	counting = true;
}

uint64_t vcpu_exits_counted(unsigned int *nr)
{
	*nr = vcpus_counted;
	return exits_counted;
}

static void count_exits(struct vcpu *v)
{
	uint64_t n = vcpu_has_stat(v, "exits") ? vcpu_stat(v, "exits") : 0;

	exits_counted += n;
	vcpus_counted += n > 0;
}

void vcpu_close(struct vcpu *v)
{
	if (counting)
		count_exits(v);
	kvmstat_close(v->stat);
	munmap(v->run, v->run_size);
	close(v->fd);
	free(v);
}

void vcpu_kick(struct vcpu *v)
{
	pid_t tid = atomic_load(&v->tid);

	v->run->immediate_exit = 1;
	if (tid)
		syscall(SYS_tgkill, getpid(), tid, VCPU_KICK_SIGNAL);
}

void vcpu_unkick(struct vcpu *v)
{
	v->run->immediate_exit = 0;
}

bool vcpu_has_stat(struct vcpu *v, const char *name)
{
	uint64_t value;

	if (!v->stat)
		v->stat = kvmstat_open(v->fd);
	return kvmstat_get(v->stat, name, &value);
}

uint64_t vcpu_stat(struct vcpu *v, const char *name)
{
	uint64_t value;

	if (!vcpu_has_stat(v, name) || !kvmstat_get(v->stat, name, &value))
		end_skip("this kernel's KVM has no vCPU statistic %s", name);
	return value;
}
