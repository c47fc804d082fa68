// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/status.h"

#include <string.h>

/*
 * An expected failure (xfail) is a bug of the kernel under test that is listed
 * in configs/known_issues.  It must not turn a CI job red, and it must not look
 * like working behaviour:
 *
 *   KTAP    "ok ... # XFAIL", as ksft_test_result_xfail() prints it.
 *   JUnit   <skipped type="xfail">, as pytest writes its expected failures.
 *	     JUnit has no better element; the message names the issue.
 *   LAVA    skip.  LAVA has pass, fail and skip only; a pass would enter the
 *	     history of the test as "this behaviour holds".
 *   KCIDB   FAIL, with an issue and an incident.  KCIDB's users triage by
 *	     incident, and want the failure itself on record.
 */
const struct status_words status_words[ST_COUNT + 1] = {
	[ST_PASS] = {
		.name = "pass", .line = "ok", .counted = "passed",
		.lava = "pass", .kcidb = "PASS", .page = "pass", .css = "pass",
	},
	[ST_SKIP] = {
		.name = "skip", .line = "skip", .counted = "skipped",
		.ktap = "SKIP", .junit = "skipped", .lava = "skip", .kcidb = "SKIP",
		.page = "skipped", .css = "skip",
	},
	[ST_XFAIL] = {
		.name = "xfail", .line = "xfail", .counted = "failed as known",
		.ktap = "XFAIL", .junit = "skipped", .lava = "skip", .kcidb = "FAIL",
		.page = "known", .css = "known",
	},
	[ST_FAIL] = {
		.name = "fail", .line = "FAIL", .counted = "failed",
		.junit = "failure", .lava = "fail", .kcidb = "FAIL",
		.page = "FAIL", .css = "fail",
	},
	[ST_TIMEOUT] = {
		.name = "timeout", .line = "TIMEOUT", .counted = "timed out",
		.ktap = "TIMEOUT", .junit = "error", .lava = "fail", .kcidb = "ERROR",
		.page = "TIMEOUT", .css = "fail",
	},
	[ST_ERROR] = {
		.name = "error", .line = "ERROR", .counted = "in error",
		.ktap = "ERROR", .junit = "error", .lava = "fail", .kcidb = "ERROR",
		.page = "ERROR", .css = "fail",
	},
	[ST_COUNT] = {
		.name = "-", .ktap = "ERROR", .junit = "error", .page = "not run", .css = "none",
	},
};

enum status status_parse(const char *name)
{
	int s;

	for (s = 0; s < ST_COUNT; s++)
		if (!strcmp(status_words[s].name, name))
			break;
	return (enum status)s;
}

const struct verdict_words *verdict_words(enum exit_code code)
{
	static const struct verdict_words words[] = {
		[EXIT_PASSED] = { "PASSED", "pass", "pass" },
		[EXIT_FAILED] = { "FAILED", "fail", "fail" },
		[EXIT_BROKEN] = { "INCOMPLETE", "fail", "none" },
		[EXIT_NOTHING] = { "NOTHING RAN", "skip", "skip" },
	};

	return &words[code];
}
