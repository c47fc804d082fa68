// SPDX-License-Identifier: GPL-2.0-only
#include "kvm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "kvm/kvmstat.h"
#include "kvm/uapi.h"
#include "util/env.h"

uint64_t vm_page;

static void __attribute__((constructor)) read_page_size(void)
{
	vm_page = (uint64_t)sysconf(_SC_PAGESIZE);
}

int vm_device(void)
{
	static int fd = -1;
	const char *path = getenv("KVMEM_DEV");
	int version;

	if (fd >= 0)
		return fd;
	path = path ? path : "/dev/kvm";
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		end_skip("%s: %s", path, strerror(errno));
	version = ioctl(fd, KVM_GET_API_VERSION, 0);
	if (version != KVM_API_VERSION)
		end_skip("%s: not a KVM device of API version %d", path, KVM_API_VERSION);
	return fd;
}

int vm_cap(const struct vm *vm, unsigned int cap)
{
	int r = ioctl(vm ? vm->fd : vm_device(), KVM_CHECK_EXTENSION, cap);

	return r < 0 ? 0 : r;
}

int vm_enable_cap(const struct vm *vm, unsigned int cap, uint64_t arg0)
{
	struct kvm_enable_cap c = { .cap = cap, .args = { arg0 } };

	return ioctl(vm->fd, KVM_ENABLE_CAP, &c) ? -errno : 0;
}

static int create_vm_fd(unsigned long type)
{
	int fd, tries = 0;

	/* KVM_CREATE_VM is interruptible while it allocates. */
	do {
		fd = ioctl(vm_device(), KVM_CREATE_VM, type);
	} while (fd < 0 && errno == EINTR && ++tries < 10);
	if (fd >= 0)
		return fd;
	switch (errno) {
	case ENOMEM:
		end_skip("KVM_CREATE_VM: not enough memory on this host");
	case EBUSY:
		end_skip("KVM_CREATE_VM: another hypervisor uses the CPU (EBUSY): stop it first");
	case EINVAL:
		end_never("KVM_CREATE_VM: this kernel has no VM type %lu", type);
	default:
		end_skip("KVM_CREATE_VM: %s", strerror(errno));
	}
}

void *vm_alloc(uint64_t size)
{
	uint64_t align = size >= PAGE_2M ? PAGE_2M : VM_PAGE;
	char *p, *start;

	p = mmap(NULL, size + align, PROT_READ | PROT_WRITE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED)
		end_fail("mmap of %llu bytes: %s", (unsigned long long)size, strerror(errno));
	start = (char *)(((uintptr_t)p + align - 1) & ~(align - 1));
	if (start > p)
		munmap(p, (size_t)(start - p));
	munmap(start + size, (size_t)(p + align - start));
	madvise(start, size, MADV_NOHUGEPAGE);
	return start;
}

int vm_region(const struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa,
	      uint64_t size, const void *hva)
{
	struct kvm_userspace_memory_region r = {
		.slot = slot, .flags = flags, .guest_phys_addr = gpa,
		.memory_size = size, .userspace_addr = (uintptr_t)hva,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION, &r) ? -errno : 0;
}

int vm_region2(const struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa,
	       uint64_t size, const void *hva, int gmem_fd, uint64_t gmem_offset)
{
	struct kvm_userspace_memory_region2 r = {
		.slot = slot, .flags = flags, .guest_phys_addr = gpa,
		.memory_size = size, .userspace_addr = (uintptr_t)hva,
		.guest_memfd = (uint32_t)gmem_fd, .guest_memfd_offset = gmem_offset,
	};

	return ioctl(vm->fd, KVM_SET_USER_MEMORY_REGION2, &r) ? -errno : 0;
}

void vm_slot(const struct vm *vm, uint32_t slot, uint32_t flags, uint64_t gpa,
	     uint64_t size, const void *hva)
{
	int r = vm_region(vm, slot, flags, gpa, size, hva);

	if (r == -EINVAL && (gpa | size | (uintptr_t)hva) % VM_PAGE)
		end_skip("this kernel's pages have %llu bytes, the test needs slots of 4 KiB",
			 (unsigned long long)VM_PAGE);
	if (r)
		end_fail("slot %u flags 0x%x gpa 0x%llx size 0x%llx hva %p refused: %s", slot,
			 flags, (unsigned long long)gpa, (unsigned long long)size, hva,
			 strerror(-r));
}

static void disable_quirks(const struct vm *vm, uint64_t quirks)
{
	uint64_t can = (uint64_t)vm_cap(vm, KVM_CAP_DISABLE_QUIRKS2);

	if ((can & quirks) != quirks)
		end_never("KVM_CAP_DISABLE_QUIRKS2 offers 0x%llx, not 0x%llx",
			 (unsigned long long)can, (unsigned long long)quirks);
	if (vm_enable_cap(vm, KVM_CAP_DISABLE_QUIRKS2, quirks))
		end_fail("KVM_CAP_DISABLE_QUIRKS2: %s", strerror(errno));
}

struct vm *vm_open(const struct vm_opts *opts)
{
	struct vm *vm = calloc(1, sizeof(*vm));

	if (!vm)
		end_fail("out of memory");
	if (opts)
		vm->opts = *opts;
	if (!vm->opts.nr_vcpus)
		vm->opts.nr_vcpus = 1;
	if (vm->opts.nr_vcpus > VM_MAX_VCPUS)
		end_fail("%u vCPUs, %d at most", vm->opts.nr_vcpus, VM_MAX_VCPUS);
	vm->fd = create_vm_fd(vm->opts.type);
	if (vm->opts.quirks_off)
		disable_quirks(vm, vm->opts.quirks_off);
	vm->sys = vm_alloc(VM_SYS_SIZE);
	vm_slot(vm, VM_SYS_SLOT, 0, VM_SYS_GPA, VM_SYS_SIZE, vm->sys);
	return vm;
}

void vm_close(struct vm *vm)
{
	kvmstat_close(vm->stat);
	close(vm->fd);
	munmap(vm->sys, VM_SYS_SIZE);
	free(vm);
}

bool vm_has_stat(const struct vm *vm, const char *name)
{
	uint64_t v;

	if (!vm->stat)
		((struct vm *)vm)->stat = kvmstat_open(vm->fd);
	return kvmstat_get(vm->stat, name, &v);
}

uint64_t vm_stat(const struct vm *vm, const char *name)
{
	uint64_t v;

	if (!vm_has_stat(vm, name) || !kvmstat_get(vm->stat, name, &v))
		end_skip("this kernel's KVM has no VM statistic %s", name);
	return v;
}
