// SPDX-License-Identifier: GPL-2.0-only
#include "util/place.h"

#include <errno.h>
#include <numaif.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/env.h"

static char pin_problem[128];

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
	/* A kernel without NUMA reports node 0 and rejects the policy: ignore that. */
	if (!getcpu(NULL, &node) && node < 64) {
		mask = 1UL << node;
		set_mempolicy(MPOL_PREFERRED, &mask, 64);
	}
}

void place_still(void)
{
	/* An empty mask means the local node.  Fails harmlessly without NUMA. */
	set_mempolicy(MPOL_PREFERRED, NULL, 0);
}

const char *place_problem(void)
{
	return pin_problem;
}
