// SPDX-License-Identifier: GPL-2.0-only
#include "verdict.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "util/events.h"

static void say(struct verdict *v, const char *status, const char *reason)
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

/* Text behind @mark at the begin of some line, or NULL. */
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
 * Why a test failed: the reason on its result line, else the first thing it
 * said that is not the harness's own.
 */
static void fail_reason(const char *out, struct verdict *v)
{
	const char *p = line_with(out, "not ok 1 "), *end, *why;

	end = p ? strchr(p, '\n') : NULL;
	why = p ? strstr(p, " #  ") : NULL;
	if (why && (!end || why < end)) {
		say(v, VERDICT_FAIL, why + 4);
		return;
	}
	for (p = out; p && *p; p = strchr(p, '\n') ? strchr(p, '\n') + 1 : NULL) {
		if (strncmp(p, "# ", 2) || !strncmp(p, "#  RUN", 6) ||
		    !strncmp(p, "# Starting", 10) || !strncmp(p, "# observed", 10))
			continue;
		say(v, VERDICT_FAIL, p + 2);
		/* "tests/x.c:12:name:Expected ...": without the name. */
		return;
	}
	say(v, VERDICT_FAIL, "failed without a word");
}

/* What the harness says of a test process that did not end by itself. */
static bool harness_says(const char *out, unsigned int timeout, struct verdict *v)
{
	char text[128];
	const char *p;

	p = strstr(out, ": Test terminated unexpectedly by signal ");
	if (p) {
		int sig = atoi(strrchr(p, ' ') ? p + strlen(": Test terminated unexpectedly by signal ")
					       : "0");

		snprintf(text, sizeof(text), "crashed: signal %d (%s)", sig, strsignal(sig));
		say(v, VERDICT_ERROR, text);
		return true;
	}
	if (strstr(out, ": Test terminated by timeout")) {
		snprintf(text, sizeof(text), "did not end within %u s", timeout);
		say(v, VERDICT_TIMEOUT, text);
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
		say(v, VERDICT_TIMEOUT, text);
		return;
	case CHILD_SIGNALED:
		snprintf(text, sizeof(text), "crashed: signal %d (%s)", r->code, strsignal(r->code));
		say(v, VERDICT_ERROR, text);
		return;
	case CHILD_BROKEN:
		snprintf(text, sizeof(text), "could not be started: %s", strerror(r->code));
		say(v, VERDICT_ERROR, text);
		return;
	case CHILD_EXITED:
		break;
	}
	switch (r->code) {
	case 0:
		if (why)
			say(v, VERDICT_SKIP, *why ? why : "no reason given");
		else
			v->status = VERDICT_PASS;
		return;
	case 1:
		if (!harness_says(r->output, timeout, v))
			fail_reason(r->output, v);
		return;
	case 2:
		say(v, VERDICT_XFAIL, "the program expected to fail");
		return;
	case 3:
		say(v, VERDICT_FAIL, "passed although it was expected to fail");
		return;
	case 4:
		why = line_with(r->output, "# SKIP: ");
		if (!why)
			why = line_with(r->output, "1..0 # SKIP ");
		say(v, VERDICT_SKIP, why ? why : "no reason given");
		return;
	case 127:
		say(v, VERDICT_ERROR, "could not be executed");
		return;
	default:
		snprintf(text, sizeof(text), "exit code %d", r->code);
		say(v, VERDICT_ERROR, text);
	}
}
