// SPDX-License-Identifier: GPL-2.0-only
#include "kvm/gmem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "util/env.h"
#include "kvm/uapi.h"

uint64_t gmem_default_flags(const struct vm *vm)
{
	uint64_t flags = (uint64_t)vm_cap(vm, KVM_CAP_GUEST_MEMFD_FLAGS);

	return (flags & GMEM_PLAIN_FLAGS) == GMEM_PLAIN_FLAGS ? GMEM_PLAIN_FLAGS : 0;
}

int gmem_create(const struct vm *vm, uint64_t size, uint64_t flags)
{
	struct kvm_create_guest_memfd g = { .size = size, .flags = flags };
	int fd = ioctl(vm->fd, KVM_CREATE_GUEST_MEMFD, &g);

	return fd < 0 ? -errno : fd;
}

int gmem_kind_create(const struct vm *vm, enum gmem_kind kind, uint64_t size)
{
	int fd = gmem_create(vm, size, kind == GMEM_SHARED ? GMEM_PLAIN_FLAGS : 0);

	if (fd < 0)
		end_fail("KVM_CREATE_GUEST_MEMFD of %llu bytes: %s", (unsigned long long)size,
			 strerror(-fd));
	return fd;
}

int gmem_slot(const struct vm *vm, enum gmem_kind kind, uint32_t slot, uint64_t gpa,
	      uint64_t size, const void *hva, int fd, uint64_t offset)
{
	int r = vm_region2(vm, slot, KVM_MEM_GUEST_MEMFD, gpa, size, hva, fd, offset);

	if (!r && kind == GMEM_PRIVATE)
		r = gmem_attributes(vm, gpa, size, KVM_MEMORY_ATTRIBUTE_PRIVATE);
	return r;
}

int gmem_punch(int fd, uint64_t offset, uint64_t len)
{
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset,
			 (off_t)len) ? -errno : 0;
}

int gmem_attributes(const struct vm *vm, uint64_t gpa, uint64_t size, uint64_t attributes)
{
	struct kvm_memory_attributes a = {
		.address = gpa, .size = size, .attributes = attributes,
	};

	return ioctl(vm->fd, KVM_SET_MEMORY_ATTRIBUTES, &a) ? -errno : 0;
}

long gmem_unevictable_kib(void)
{
	return env_meminfo_kib("Unevictable");
}
