// SPDX-License-Identifier: GPL-2.0-only
/* In-kernel interrupt controller, vGICv3 (Documentation/virt/kvm/devices/arm-vgic-v3.rst). */
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "arch.h"
#include "arch/arm64/cpu.h"
#include "arch/arm64/layout.h"
#include "util/env.h"

static int set_attr(int fd, uint32_t group, uint64_t attr, uint64_t value)
{
	struct kvm_device_attr a = { .group = group, .attr = attr, .addr = (uintptr_t)&value };

	return ioctl(fd, KVM_SET_DEVICE_ATTR, &a) ? -errno : 0;
}

void arch_create_irqchip(struct vm *vm)
{
	struct kvm_create_device d = { .type = KVM_DEV_TYPE_ARM_VGIC_V3 };
	int r;

	if (ioctl(vm->fd, KVM_CREATE_DEVICE, &d))
		end_skip("vGICv3: KVM_CREATE_DEVICE: %s", strerror(errno));
	vm->irqchip_fd = (int)d.fd;
	r = set_attr(vm->irqchip_fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST,
		     VGIC_DIST);
	if (!r)
		r = set_attr(vm->irqchip_fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST,
			     VGIC_REDIST);
	if (r)
		end_fail("vGICv3: address: %s", strerror(-r));
}

void cpu_init_vgic(struct vm *vm)
{
	int r = set_attr(vm->irqchip_fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, 0);

	if (r)
		end_fail("vGICv3: KVM_DEV_ARM_VGIC_CTRL_INIT: %s", strerror(-r));
}
