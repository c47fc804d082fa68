// SPDX-License-Identifier: GPL-2.0-only
/* This host's CPU and KVM, arm64. */
#include <errno.h>
#include <linux/kvm.h>
#include <stddef.h>
#include <string.h>

#include "arch.h"
#include "arch/arm64/host.h"
#include "kvm/vm.h"
#include "util/env.h"

#define DEFAULT_IPA_BITS 40	/* of VM type 0 */

/* KVM is built in. */
const char *const arch_modules[] = { "kvm", "kvm_arm", NULL };

const char *const arch_stats[] = {
	"exits", "mmio_exit_user", "mmio_exit_kernel", "signal_exits", "hvc_exit_stat",
	"wfi_exit_stat", "wfe_exit_stat", NULL,
};

const int arch_gpa_beyond_errno = EFAULT;

const char arch_timer_line[] = "arch_timer";

/* IPA bits of this host's KVM, if less than those of type 0. */
static unsigned int few_ipa_bits(void)
{
	int bits = vm_cap(NULL, KVM_CAP_ARM_VM_IPA_SIZE);

	return bits && bits < DEFAULT_IPA_BITS ? (unsigned int)bits : 0;
}

bool host_protected(void)
{
	char line[2048] = "";

	env_read_line("/proc/cmdline", line, sizeof(line));
	return strstr(line, "kvm-arm.mode=protected");
}

unsigned long arch_vm_type(void)
{
	return KVM_VM_TYPE_ARM_IPA_SIZE(few_ipa_bits());
}

int arch_private_vm_type(void)
{
	return -1;
}

const char *arch_private_vm_name(void)
{
	return NULL;
}

unsigned int arch_phys_bits(void)
{
	unsigned int few = few_ipa_bits();

	return few ? few : DEFAULT_IPA_BITS;
}

const char *arch_backend(void)
{
	return "arm64";
}

uint64_t arch_cycles(void)
{
	uint64_t v;

	asm volatile("isb\n\tmrs %0, cntvct_el0" : "=r"(v) : : "memory");
	return v;
}

void arch_execute(uint64_t n)
{
	/* Caller, call and return account for the rest; the loop is two instructions. */
	n = n > 10 ? (n - 8) / 2 : 1;
	asm volatile("1:\tsubs %0, %0, #1\n\tb.ne 1b" : "+r"(n) : : "cc");
}

uint64_t arch_counter_khz(int vcpu_fd)
{
	uint64_t hz;

	(void)vcpu_fd;
	asm volatile("mrs %0, cntfrq_el0" : "=r"(hz));
	return hz / 1000;
}

bool arch_counter_steady(void)
{
	return true;
}
