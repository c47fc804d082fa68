// SPDX-License-Identifier: GPL-2.0-only
#include "util/env.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/utsname.h>
#include <unistd.h>

void (*env_end_hook)(int code, bool never, const char *reason);

enum profile env_profile(void)
{
	const char *p = getenv("KVMEM_PROFILE");

	if (p && !strcmp(p, "quick"))
		return PROFILE_QUICK;
	if (p && !strcmp(p, "stress"))
		return PROFILE_STRESS;
	return PROFILE_FULL;
}

uint64_t env_pick(uint64_t quick, uint64_t full, uint64_t stress)
{
	switch (env_profile()) {
	case PROFILE_QUICK: return quick;
	case PROFILE_STRESS: return stress;
	default: return full;
	}
}

static uint64_t env_number(const char *name, uint64_t missing)
{
	const char *s = getenv(name);
	char *end;
	uint64_t v;

	if (!s || !*s)
		return missing;
	v = strtoull(s, &end, 0);
	return *end ? missing : v;
}

uint64_t env_seed(void)
{
	return env_number("KVMEM_SEED", 1);
}

unsigned int env_watchdog_s(void)
{
	return (unsigned int)env_number("KVMEM_WATCHDOG", 10);
}

static bool env_is(const char *name, const char *value)
{
	const char *s = getenv(name);

	return s && !strcmp(s, value);
}

uint64_t env_plant(void)
{
	const char *s = getenv("KVMEM_PLANT");

	return s ? strtoull(s, NULL, 0) : 0;
}

bool env_guest_if(void)
{
	return env_is("KVMEM_GUEST_IF", "yes");
}

bool env_in_lab(void)
{
	return env_is("KVMEM_WHERE", "lab");
}

bool env_may_poison(void)
{
	return env_in_lab() || env_is("KVMEM_POISON", "yes");
}

bool env_kernel_from(int major, int minor)
{
	struct utsname u;
	int a, b;

	return !uname(&u) && sscanf(u.release, "%d.%d", &a, &b) == 2 &&
	       (a > major || (a == major && b >= minor));
}

void diag(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("# ", stdout);
	vprintf(fmt, ap);
	putchar('\n');
	va_end(ap);
	fflush(stdout);
}

static void __attribute__((noreturn))
end_with(int code, bool never, const char *fmt, va_list ap)
{
	char reason[512];

	vsnprintf(reason, sizeof(reason), fmt, ap);
	diag("%s: %s", code == 4 ? "SKIP" : "FAIL", reason);
	if (env_end_hook)
		env_end_hook(code, never, reason);
	/* Any thread may call this; the harness evaluates the exit status of the process. */
	_exit(code);
}

void end_skip(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_with(4, false, fmt, ap);
}

void end_never(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_with(4, true, fmt, ap);
}

void end_fail(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	end_with(1, false, fmt, ap);
}

bool env_read_line(const char *path, char *buf, int size)
{
	FILE *f = fopen(path, "re");
	bool ok;

	buf[0] = '\0';
	if (!f)
		return false;
	ok = fgets(buf, size, f);
	fclose(f);
	buf[strcspn(buf, "\n")] = '\0';
	return ok;
}

long env_read_long(const char *path, long missing)
{
	char line[64], *end;
	long v;

	if (!env_read_line(path, line, sizeof(line)))
		return missing;
	v = strtol(line, &end, 0);
	return end == line ? missing : v;
}

long env_kib(const char *path, const char *key)
{
	FILE *f = fopen(path, "re");
	size_t len = strlen(key);
	char line[256];
	long kib = 0;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, key, len) && line[len] == ':')
			sscanf(line + len + 1, "%ld", &kib);
	if (f)
		fclose(f);
	return kib;
}

long env_meminfo_kib(const char *key)
{
	env_read_long("/proc/sys/vm/stat_refresh", 0);
	return env_kib("/proc/meminfo", key);
}

/*
 * Kill each forked process when its parent exits.  The harness forks once or twice
 * per test and puts the child into a new process group.  fork() clears the
 * parent-death signal, so set it in a fork handler.
 */
static pid_t parent;

static void die_with_parent(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	parent = getpid();
}

__attribute__((constructor)) static void env_init(void)
{
	parent = getpid();
	pthread_atfork(NULL, NULL, die_with_parent);
}
