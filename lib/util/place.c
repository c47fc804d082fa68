// SPDX-License-Identifier: GPL-2.0-only
#include "util/place.h"

#include <errno.h>
#include <numaif.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "util/env.h"

static char pin_problem[128];
static struct rusage begin_usage;
static unsigned long long begin_steal;
static bool constant_tsc;

static int choose_cpu(const cpu_set_t *allowed)
{
	const char *s = getenv("KVMEM_CPU");
	int cpu;

	if (s)
		return atoi(s);
	for (cpu = CPU_SETSIZE - 1; cpu > 0; cpu--)
		if (CPU_ISSET(cpu, allowed))
			break;
	return cpu;
}

void place_pin(void)
{
	unsigned long mask;
	unsigned int node;
	cpu_set_t set;
	int cpu;

	if (sched_getaffinity(0, sizeof(set), &set)) {
		snprintf(pin_problem, sizeof(pin_problem), "not pinned: %s", strerror(errno));
		return;
	}
	cpu = choose_cpu(&set);
	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		snprintf(pin_problem, sizeof(pin_problem), "not pinned to CPU %d: %s", cpu,
			 strerror(errno));
		return;
	}
	/* A kernel without NUMA answers node 0 and refuses the policy: fine. */
	if (!getcpu(NULL, &node) && node < 64) {
		mask = 1UL << node;
		set_mempolicy(MPOL_PREFERRED, &mask, 64);
	}
}

/* Stolen ticks of all CPUs, from /proc/stat. */
static unsigned long long steal(void)
{
	unsigned long long v[8] = { 0 };
	char line[512];

	if (env_read_line("/proc/stat", line, sizeof(line)))
		sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &v[0], &v[1], &v[2],
		       &v[3], &v[4], &v[5], &v[6], &v[7]);
	return v[7];
}

static bool has_constant_tsc(void)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[8192];
	bool has = true;

	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "flags", 5))
			continue;
		has = strstr(line, "constant_tsc");
		break;
	}
	if (f)
		fclose(f);
	return has;
}

void place_still(void)
{
	/* Without a node: the local one.  No matter where there is no NUMA. */
	set_mempolicy(MPOL_PREFERRED, NULL, 0);
}

void place_watch(void)
{
	constant_tsc = has_constant_tsc();
	begin_steal = steal();
	getrusage(RUSAGE_THREAD, &begin_usage);
}

void place_note(char *buf, size_t size)
{
	unsigned long long stolen = steal() - begin_steal;
	struct rusage u;
	long switches;
	int n;

	getrusage(RUSAGE_THREAD, &u);
	switches = u.ru_nivcsw - begin_usage.ru_nivcsw;
	n = snprintf(buf, size, "%s", pin_problem);
	if (!constant_tsc && (size_t)n < size)
		n += snprintf(buf + n, size - (size_t)n, "%sthe TSC is not constant", n ? "; " : "");
	if (switches && (size_t)n < size)
		n += snprintf(buf + n, size - (size_t)n, "%spreempted", n ? "; " : "");
	if (stolen && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, "%stime stolen by the hypervisor", n ? "; " : "");
}

uint64_t place_ticks(void)
{
	FILE *f = fopen("/proc/interrupts", "re");
	uint64_t sum = 0, n;
	char line[4096], *p, *end;

	while (f && fgets(line, sizeof(line), f)) {
		p = strstr(line, "LOC:");
		if (!p)
			continue;
		for (p += 4; n = strtoull(p, &end, 10), end != p; p = end)
			sum += n;
		break;
	}
	if (f)
		fclose(f);
	return sum;
}
