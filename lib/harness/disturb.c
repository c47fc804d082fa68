// SPDX-License-Identifier: GPL-2.0-only
#include "harness/disturb.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "arch.h"
#include "util/env.h"
#include "util/place.h"

static struct rusage begin_usage;
static unsigned long long begin_steal;

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

void disturb_watch(void)
{
	begin_steal = steal();
	getrusage(RUSAGE_THREAD, &begin_usage);
}

void disturb_note(char *buf, size_t size)
{
	unsigned long long stolen = steal() - begin_steal;
	struct rusage u;
	long switches;
	int n;

	getrusage(RUSAGE_THREAD, &u);
	switches = u.ru_nivcsw - begin_usage.ru_nivcsw;
	n = snprintf(buf, size, "%s", place_problem());
	if (!arch_counter_steady() && (size_t)n < size)
		n += snprintf(buf + n, size - (size_t)n, "%sthe counter has no constant rate", n ? "; " : "");
	if (switches && (size_t)n < size)
		n += snprintf(buf + n, size - (size_t)n, "%spreempted", n ? "; " : "");
	if (stolen && (size_t)n < size)
		snprintf(buf + n, size - (size_t)n, "%stime stolen by the hypervisor", n ? "; " : "");
}

uint64_t disturb_ticks(void)
{
	FILE *f = fopen("/proc/interrupts", "re");
	uint64_t sum = 0, n;
	char line[4096], *p, *end;

	while (f && fgets(line, sizeof(line), f)) {
		p = strchr(line, ':');
		if (!p || !strstr(line, arch_timer_line))
			continue;
		for (p++; n = strtoull(p, &end, 10), end != p; p = end)
			sum += n;
		break;
	}
	if (f)
		fclose(f);
	return sum;
}
