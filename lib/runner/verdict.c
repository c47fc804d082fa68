// SPDX-License-Identifier: GPL-2.0-only
#include "verdict.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/events.h"

static void set(struct verdict *v, const char *status, const char *reason)
{
	size_t n;

	v->status = status;
	n = strcspn(reason, "\n");
	if (n >= sizeof(v->reason))
		n = sizeof(v->reason) - 1;
	memmove(v->reason, reason, n);
	v->reason[n] = '\0';
	while (n && isspace((unsigned char)v->reason[n - 1]))
		v->reason[--n] = '\0';
}

/* Text after @mark at the start of a line, or NULL. */
static const char *line_with(const char *text, const char *mark)
{
	size_t n = strlen(mark);

	for (; text && *text; text = strchr(text, '\n') ? strchr(text, '\n') + 1 : NULL)
		if (!strncmp(text, mark, n))
			return text + n;
	return NULL;
}

/* "ok 1 name # SKIP reason": the reason. */
static const char *skip_reason(const char *out)
{
	const char *ok = line_with(out, "ok 1 "), *skip, *end;

	if (!ok)
		return NULL;
	skip = strstr(ok, "# SKIP");
	end = strchr(ok, '\n');
	if (!skip || (end && skip > end))
		return NULL;
	skip += strlen("# SKIP");
	return *skip == ' ' ? skip + 1 : skip;
}

/*
 * The reason on the result line, else the first diagnostic that is not from the
 * harness itself.
 */
static void fail_reason(const char *out, struct verdict *v)
{
	const char *p = line_with(out, "not ok 1 "), *end, *why;

	end = p ? strchr(p, '\n') : NULL;
	why = p ? strstr(p, " #  ") : NULL;
	if (why && (!end || why < end)) {
		set(v, VERDICT_FAIL, why + 4);
		return;
	}
	for (p = out; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		if (strncmp(p, "# ", 2) || !strncmp(p, "#  RUN", 6) ||
		    !strncmp(p, "# Starting", 10) || !strncmp(p, "# observed", 10))
			continue;
		set(v, VERDICT_FAIL, p + 2);
		return;
	}
	set(v, VERDICT_FAIL, "failed with no diagnostic");
}

/* The harness's message about a test process that was killed or crashed. */
static bool harness_verdict(const char *out, unsigned int timeout, struct verdict *v)
{
	static const char by_signal[] = ": Test terminated unexpectedly by signal ";
	const char *p = strstr(out, by_signal);
	char text[128];

	if (p) {
		int sig = atoi(p + strlen(by_signal));

		snprintf(text, sizeof(text), "crashed: signal %d (%s)", sig, strsignal(sig));
		set(v, VERDICT_ERROR, text);
		return true;
	}
	if (strstr(out, ": Test terminated by timeout")) {
		snprintf(text, sizeof(text), "did not end within %u s", timeout);
		set(v, VERDICT_TIMEOUT, text);
		return true;
	}
	return false;
}

void verdict_of(const struct child_result *r, unsigned int timeout, struct verdict *v)
{
	const char *why = skip_reason(r->output);
	char text[128];

	v->reason[0] = '\0';
	switch (r->how) {
	case CHILD_TIMEOUT:
		snprintf(text, sizeof(text), "did not end within %u s", timeout);
		set(v, VERDICT_TIMEOUT, text);
		return;
	case CHILD_SIGNALED:
		snprintf(text, sizeof(text), "crashed: signal %d (%s)", r->code, strsignal(r->code));
		set(v, VERDICT_ERROR, text);
		return;
	case CHILD_BROKEN:
		snprintf(text, sizeof(text), "could not be started: %s", strerror(r->code));
		set(v, VERDICT_ERROR, text);
		return;
	case CHILD_EXITED:
		break;
	}
	switch (r->code) {
	case 0:
		if (why)
			set(v, VERDICT_SKIP, *why ? why : "no reason given");
		else
			v->status = VERDICT_PASS;
		return;
	case 1:
		if (!harness_verdict(r->output, timeout, v))
			fail_reason(r->output, v);
		return;
	case 2:
		set(v, VERDICT_XFAIL, "expected failure");
		return;
	case 3:
		set(v, VERDICT_FAIL, "passed although it was expected to fail");
		return;
	case 4:
		why = line_with(r->output, "# SKIP: ");
		if (!why)
			why = line_with(r->output, "1..0 # SKIP ");
		set(v, VERDICT_SKIP, why ? why : "no reason given");
		return;
	case 127:
		set(v, VERDICT_ERROR, "could not be executed");
		return;
	default:
		snprintf(text, sizeof(text), "exit code %d", r->code);
		set(v, VERDICT_ERROR, text);
	}
}
