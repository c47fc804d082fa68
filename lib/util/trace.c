// SPDX-License-Identifier: GPL-2.0-only
#include "util/trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/env.h"
#include "util/util.h"

#define NAME "kvmem-"

struct trace {
	char dir[128];		/* instances/kvmem-PID */
};

static struct trace *running;

static bool write_file(const char *dir, const char *file, const char *text)
{
	char path[256];
	bool ok;
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, file);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0)
		return false;
	ok = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
	return !close(fd) && ok;
}

/* Remove the instances of processes that no longer exist. */
static void remove_stale(const char *instances)
{
	DIR *d = opendir(instances);
	struct dirent *e;
	char path[512];

	while (d && (e = readdir(d))) {
		pid_t pid = strncmp(e->d_name, NAME, strlen(NAME)) ? 0 :
			    atoi(e->d_name + strlen(NAME));

		if (pid <= 0 || !kill(pid, 0) || errno != ESRCH)
			continue;
		snprintf(path, sizeof(path), "%s/%s", instances, e->d_name);
		rmdir(path);
	}
	if (d)
		closedir(d);
}

static const char *tracefs(void)
{
	static const char *const places[] = { "/sys/kernel/tracing", "/sys/kernel/debug/tracing" };
	char path[64];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		snprintf(path, sizeof(path), "%s/instances", places[i]);
		if (!access(path, W_OK))
			return places[i];
	}
	end_skip("trace events: no writable tracefs at %s: %s", places[0], strerror(errno));
}

struct trace *trace_start(const char *const *events, size_t nr)
{
	static struct trace trace, *t = &trace;
	char file[128], instances[64], pid[16];
	size_t i, on = 0;

	trace_stop_all();
	snprintf(instances, sizeof(instances), "%s/instances", tracefs());
	remove_stale(instances);
	snprintf(t->dir, sizeof(t->dir), "%s/" NAME "%d", instances, getpid());
	if (mkdir(t->dir, 0700))
		end_skip("trace events: %s: %s", t->dir, strerror(errno));
	running = t;
	snprintf(pid, sizeof(pid), "%d", gettid());
	if (!write_file(t->dir, "set_event_pid", pid))
		end_fail("%s/set_event_pid: %s", t->dir, strerror(errno));
	for (i = 0; i < nr; i++) {
		snprintf(file, sizeof(file), "events/%s/enable", events[i]);
		on += write_file(t->dir, file, "1");
	}
	if (!on)
		end_skip("this kernel has no trace event %s", events[0]);
	return t;
}

void trace_clear(struct trace *t)
{
	if (!write_file(t->dir, "trace", ""))
		end_fail("%s/trace: %s", t->dir, strerror(errno));
}

void trace_each(struct trace *t, void (*fn)(const char *line, void *arg), void *arg)
{
	char path[256], line[1024];
	FILE *f;

	snprintf(path, sizeof(path), "%s/trace", t->dir);
	f = fopen(path, "re");
	if (!f)
		end_fail("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f))
		if (line[0] != '#')
			fn(line, arg);
	fclose(f);
}

void trace_stop_all(void)
{
	if (running && rmdir(running->dir))
		diag("%s: %s", running->dir, strerror(errno));
	running = NULL;
}
