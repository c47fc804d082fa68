// SPDX-License-Identifier: GPL-2.0-only
#include "hostinfo.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "arch.h"
#include "util/env.h"
#include "util/events.h"
#include "util/jsonw.h"

/* FNV-1a of the kernel's configuration, only to be compared for equality. */
static void config_hash(char *hex, size_t size, const char *release)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	char path[512];
	FILE *f;
	int c;

	hex[0] = '\0';
	snprintf(path, sizeof(path), "/boot/config-%s", release);
	f = fopen("/proc/config.gz", "re");
	if (!f)
		f = fopen(path, "re");
	if (!f)
		return;
	while ((c = getc(f)) != EOF)
		h = (h ^ (uint64_t)c) * 0x100000001b3ULL;
	fclose(f);
	snprintf(hex, size, "%016llx", (unsigned long long)h);
}

static void write_kernel(struct jsonw *j)
{
	char line[4096], hash[32];
	struct utsname u;

	uname(&u);
	config_hash(hash, sizeof(hash), u.release);
	jsonw_push(j, FIELD_KERNEL, '{');
	jsonw_str(j, FIELD_RELEASE, u.release);
	jsonw_str(j, FIELD_VERSION, u.version);
	jsonw_str(j, FIELD_MACHINE, u.machine);
	env_read_line("/proc/cmdline", line, sizeof(line));
	jsonw_str(j, FIELD_CMDLINE, line);
	jsonw_str(j, FIELD_CONFIG_HASH, hash);
	jsonw_u64(j, FIELD_TAINT, (uint64_t)env_read_long("/proc/sys/kernel/tainted", 0));
	jsonw_pop(j, '{');
}

/* The value of the first "key : value" line of /proc/cpuinfo. */
static void cpuinfo(const char *key, char *value, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[8192], *colon;

	value[0] = '\0';
	while (f && fgets(line, sizeof(line), f)) {
		colon = strchr(line, ':');
		if (!colon || strncmp(line, key, strlen(key)))
			continue;
		colon[strcspn(colon, "\n")] = '\0';
		snprintf(value, size, "%s", colon[1] ? colon + 2 : "");
		break;
	}
	if (f)
		fclose(f);
}

/* TSC frequency of a guest in kHz, 0 if unknown. */
static uint64_t tsc_khz(void)
{
	int dev = open(getenv("KVMEM_DEV") ? getenv("KVMEM_DEV") : "/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm = dev < 0 ? -1 : ioctl(dev, KVM_CREATE_VM, 0);
	int vcpu = vm < 0 ? -1 : ioctl(vm, KVM_CREATE_VCPU, 0);
	uint64_t khz = vcpu < 0 ? 0 : arch_counter_khz(vcpu);

	if (vcpu >= 0)
		close(vcpu);
	if (vm >= 0)
		close(vm);
	if (dev >= 0)
		close(dev);
	return khz;
}

static void write_cpu(struct jsonw *j)
{
	char value[256];

	jsonw_push(j, FIELD_CPU, '{');
	cpuinfo("model name", value, sizeof(value));
	/* An arm64 kernel has a number only. */
	if (!value[0])
		env_read_line("/sys/devices/system/cpu/cpu0/regs/identification/midr_el1",
			      value, sizeof(value));
	jsonw_str(j, FIELD_MODEL, value);
	cpuinfo("microcode", value, sizeof(value));
	jsonw_str(j, FIELD_MICROCODE, value);
	jsonw_u64(j, FIELD_CPUS, (uint64_t)sysconf(_SC_NPROCESSORS_ONLN));
	env_read_line("/sys/devices/system/clocksource/clocksource0/current_clocksource",
		      value, sizeof(value));
	jsonw_str(j, FIELD_CLOCKSOURCE, value);
	jsonw_u64(j, FIELD_TSC_KHZ, tsc_khz());
	jsonw_pop(j, '{');
}

static int visible(const struct dirent *d)
{
	return d->d_name[0] != '.';
}

/* Every file of a directory as a member: prefix.file = first line. */
static void write_files(struct jsonw *j, const char *dir, const char *prefix)
{
	struct dirent **entries;
	int i, n = scandir(dir, &entries, visible, alphasort);

	for (i = 0; i < n; i++) {
		char path[1024], key[512], value[512];

		snprintf(path, sizeof(path), "%s/%s", dir, entries[i]->d_name);
		snprintf(key, sizeof(key), "%s%s", prefix, entries[i]->d_name);
		if (env_read_line(path, value, sizeof(value)))
			jsonw_str(j, key, value);
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
}

void hostinfo_write(struct jsonw *j)
{
	size_t i;

	write_kernel(j);
	jsonw_str(j, FIELD_BACKEND, arch_backend());
	write_cpu(j);
	jsonw_push(j, FIELD_MODULES, '{');
	for (i = 0; arch_modules[i]; i++) {
		char dir[128], prefix[32];

		snprintf(dir, sizeof(dir), "/sys/module/%s/parameters", arch_modules[i]);
		snprintf(prefix, sizeof(prefix), "%s.", arch_modules[i]);
		write_files(j, dir, prefix);
	}
	jsonw_pop(j, '{');
	jsonw_push(j, FIELD_MITIGATIONS, '{');
	write_files(j, "/sys/devices/system/cpu/vulnerabilities", "");
	jsonw_pop(j, '{');
}
