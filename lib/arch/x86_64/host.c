// SPDX-License-Identifier: GPL-2.0-only
/* This host's CPU and KVM, x86-64. */
#include <cpuid.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <x86intrin.h>

#include "arch.h"
#include "arch/x86_64/cpu.h"
#include "kvm/uapi.h"
#include "kvm/vm.h"
#include "util/env.h"

const char *const arch_modules[] = { "kvm", "kvm_intel", "kvm_amd", "kvm_pvm", NULL };

const char *const arch_stats[] = {
	"exits", "mmio_exits", "io_exits", "pf_taken", "pf_fixed", "pf_emulate",
	"pf_spurious", "pf_mmio_spte_created", "signal_exits", NULL,
};

const int arch_gpa_beyond_errno = EINVAL;

const char arch_timer_line[] = "LOC:";

unsigned long arch_vm_type(void)
{
	return KVM_X86_DEFAULT_VM;
}

int arch_private_vm_type(void)
{
	return KVM_X86_SW_PROTECTED_VM;
}

const char *arch_private_vm_name(void)
{
	return "KVM_X86_SW_PROTECTED_VM";
}

unsigned int arch_phys_bits(void)
{
	unsigned int a, b, c, d;

	__cpuid(0x80000008, a, b, c, d);
	return a & 0xff;
}

bool cpu_host_is_amd(void)
{
	unsigned int a, b, c, d;

	/* "AuthenticAMD" and "HygonGenuine" by their first registers. */
	__cpuid(0, a, b, c, d);
	return b == 0x68747541 || b == 0x6f677948;
}

bool cpu_host_flag(const char *flag)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[8192], word[32];
	bool found = false;

	snprintf(word, sizeof(word), " %s ", flag);
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "flags", 5))
			continue;
		line[strcspn(line, "\n")] = ' ';
		found = strstr(line, word);
		break;
	}
	if (f)
		fclose(f);
	return found;
}

const char *arch_backend(void)
{
	if (cpu_host_flag("vmx"))
		return "vmx";
	if (cpu_host_flag("svm"))
		return "svm";
	return access("/sys/module/kvm_pvm", F_OK) ? "unknown" : "pvm";
}

uint64_t arch_cycles(void)
{
	unsigned int aux;

	return __rdtscp(&aux);
}

void arch_execute(uint64_t n)
{
	/* Caller, call and return account for the rest; the loop is two instructions. */
	n = n > 10 ? (n - 8) / 2 : 1;
	asm volatile("nop\n1:\tdec %0\n\tjnz 1b" : "+r"(n) : : "cc");
}

uint64_t arch_counter_khz(int vcpu_fd)
{
	int khz = ioctl(vcpu_fd, KVM_GET_TSC_KHZ, 0);

	return khz > 0 ? (uint64_t)khz : 0;
}

bool arch_counter_steady(void)
{
	return cpu_host_flag("constant_tsc");
}
