// SPDX-License-Identifier: GPL-2.0-only
#include "util/smaps.h"

#include <stdio.h>

uint64_t smaps_huge(const void *p, uint64_t size)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	unsigned long long from = 0, to = 0, kib, huge = 0;
	char line[512];

	while (f && fgets(line, sizeof(line), f)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			continue;
		if (sscanf(line, "AnonHugePages: %llu kB", &kib) != 1 &&
		    sscanf(line, "ShmemPmdMapped: %llu kB", &kib) != 1)
			continue;
		if (from < (uintptr_t)p + size && to > (uintptr_t)p)
			huge += kib * 1024;
	}
	if (f)
		fclose(f);
	return huge;
}
