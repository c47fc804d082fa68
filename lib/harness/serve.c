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

/* Memory that a test shares with the program that serves. */
struct shared {
	bool never;
	char reason[512];
};

static struct shared *shared;

/* Variants that skip: "fixture.variant" and the reason. */
struct variant {
	struct variant *next;
	char *name, *reason;
};

static struct variant *never;

void serve_never(const char *reason)
{
	if (!shared)
		return;
	snprintf(shared->reason, sizeof(shared->reason), "%s", reason);
	shared->never = true;
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
	v->reason = strdup(shared->reason);
	if (!v->name || !v->reason)
		return;
	v->next = never;
	never = v;
}

static bool run_test(int (*run)(char *name), char *name, int answers)
{
	int status = 0;
	pid_t pid;

	shared->never = false;
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
	if (shared->never)
		remember(name);
	return dprintf(answers, SERVE_ENDED "%d\n", status) > 0;
}

/* Print a skip in the format of the harness. */
static bool skip_test(const char *name, const char *reason, int answers)
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

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 1;
	/* The next request follows the last answer, so each read() returns one line. */
	while ((n = read(0, name, sizeof(name) - 1)) > 0) {
		const char *reason;

		name[n] = '\0';
		name[strcspn(name, "\n")] = '\0';
		reason = never_of(name);
		if (!(reason ? skip_test(name, reason, answers) : run_test(run, name, answers)))
			return 1;
	}
	return 0;
}
