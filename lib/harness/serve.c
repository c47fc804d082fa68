// SPDX-License-Identifier: GPL-2.0-only
#include "harness/serve.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

/* Shared memory between a test and the serving program. */
struct told {
	bool never;
	char reason[512];
};

static struct told *told;

/* Variants that skip: "fixture.variant" and the reason. */
struct variant {
	struct variant *next;
	char *name, *reason;
};

static struct variant *never;

void serve_never(const char *reason)
{
	if (!told)
		return;
	snprintf(told->reason, sizeof(told->reason), "%s", reason);
	told->never = true;
}

/* Length of "fixture.variant" in the name of a test; 0 for one without a fixture. */
static size_t variant_length(const char *name)
{
	const char *end = strrchr(name, '.');

	return end ? (size_t)(end - name) : 0;
}

static const char *never_of(const char *name)
{
	size_t len = variant_length(name);
	struct variant *v;

	for (v = never; v; v = v->next)
		if (strlen(v->name) == len && !strncmp(v->name, name, len))
			return v->reason;
	return NULL;
}

static void remember(const char *name)
{
	struct variant *v = malloc(sizeof(*v));

	if (!v || !variant_length(name))
		return;
	v->name = strndup(name, variant_length(name));
	v->reason = strdup(told->reason);
	if (!v->name || !v->reason)
		return;
	v->next = never;
	never = v;
}

static bool run_it(int (*run)(char *name), char *name, int answers)
{
	int status = 0;
	pid_t pid;

	told->never = false;
	pid = fork();
	if (pid < 0)
		return false;
	if (!pid) {
		setpgid(0, 0);
		close(answers);
		exit(run(name));
	}
	setpgid(pid, pid);
	if (dprintf(answers, SERVE_BEGAN "%d\n", pid) < 0)
		return false;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (told->never)
		remember(name);
	return dprintf(answers, SERVE_ENDED "%d\n", status) > 0;
}

/* In the format of the harness. */
static bool skip_it(const char *name, const char *reason, int answers)
{
	dprintf(1, "TAP version 13\n1..1\nok 1 %s # SKIP %s\n", name, reason);
	return dprintf(answers, SERVE_ENDED "%d\n", W_EXITCODE(0, 0)) > 0;
}

int serve(int (*run)(char *name))
{
	const char *number = getenv(SERVE_ANSWERS);
	int answers = number ? atoi(number) : -1;
	char name[512];
	ssize_t n;

	told = mmap(NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (told == MAP_FAILED)
		return 1;
	/* The next request follows the last answer, so each read() returns one line. */
	while ((n = read(0, name, sizeof(name) - 1)) > 0) {
		const char *reason;

		name[n] = '\0';
		name[strcspn(name, "\n")] = '\0';
		reason = never_of(name);
		if (!(reason ? skip_it(name, reason, answers) : run_it(run, name, answers)))
			return 1;
	}
	return 0;
}
