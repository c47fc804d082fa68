// SPDX-License-Identifier: GPL-2.0-only
#include "util/param.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util/env.h"

#define MAX_PARAMS 8

static struct {
	char path[128];
	char before[32];
} changed[MAX_PARAMS];
static unsigned int nr_changed;

static int write_value(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int r = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* Boolean parameters read as Y or N. */
static bool same(const char *text, unsigned long value)
{
	if (text[0] == 'Y' || text[0] == 'N')
		return (text[0] == 'Y') == (value != 0);
	return strtoul(text, NULL, 0) == value;
}

static void remember(const char *path, const char *before)
{
	unsigned int i;

	for (i = 0; i < nr_changed; i++)
		if (!strcmp(changed[i].path, path))
			return;
	if (nr_changed == MAX_PARAMS)
		end_fail("more than %d parameters changed", MAX_PARAMS);
	snprintf(changed[nr_changed].path, sizeof(changed[0].path), "%s", path);
	snprintf(changed[nr_changed].before, sizeof(changed[0].before), "%s", before);
	nr_changed++;
}

int param_set(const char *name, unsigned long value)
{
	char path[128], before[32], text[32];
	const char *dot = strchr(name, '.');
	int r;

	snprintf(path, sizeof(path), "/sys/module/%.*s/parameters/%s", (int)(dot - name), name,
		 dot + 1);
	if (!env_read_line(path, before, sizeof(before)))
		return access(path, F_OK) ? -ENOENT : -EACCES;
	if (same(before, value))
		return 0;
	snprintf(text, sizeof(text), "%lu", value);
	r = write_value(path, text);
	if (!r)
		remember(path, before);
	return r;
}

void param_restore_all(void)
{
	while (nr_changed) {
		nr_changed--;
		write_value(changed[nr_changed].path, changed[nr_changed].before);
	}
}
