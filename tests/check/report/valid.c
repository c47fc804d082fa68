// SPDX-License-Identifier: GPL-2.0-only
/* What is no results.json: each document is broken in one place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/util.h"
#include "report/data/valid.h"
#include "selftest.h"

#define RUN "\"run\":{\"complete\":true,\"planned\":1,\"kernel\":{}}"
#define TEST "{\"name\":\"p.a\",\"kind\":\"test\",\"status\":\"pass\",\"reason\":\"\"," \
	"\"behaviours\":[\"A1\"],\"duration_s\":0.5}"
#define SEEN "{\"name\":\"o\",\"behaviour\":\"A20\",\"test\":\"p.a\",\"value\":[1]}"
#define FIGURE "{\"name\":\"m\",\"unit\":\"ns\",\"exact\":false,\"replicates\":[1,null]," \
	"\"n\":2,\"min\":1,\"p50\":1,\"p90\":null,\"p99\":null,\"max\":1}"

static const char good[] = "{\"schema\":\"kvmem/1\"," RUN ",\"tests\":[" TEST "],"
	"\"observations\":[" SEEN "],\"measurements\":[" FIGURE "]}";

/* The document with @from replaced by @to, read and judged. */
static char *verdict(const char *from, const char *to)
{
	const char *at = from ? strstr(good, from) : good;
	char *text, *wrong;
	json_t *root;

	if (!at)
		return xprintf("the test is wrong: no %s", from);
	text = from ? xprintf("%.*s%s%s", (int)(at - good), good, to, at + strlen(from)) :
	       xstrdup(good);
	root = json_loads(text, 0, NULL);
	wrong = root ? results_wrong(root) : xstrdup("the test is wrong: no JSON");
	json_decref(root);
	free(text);
	return wrong ? wrong : xstrdup("well");
}

void test_valid(void)
{
	static const struct {
		const char *from, *to, *want;
	} cases[] = {
		{ NULL, NULL, "well" },
		{ "\"planned\"", "\"unknown\":[{}],\"planned\"", "well" },
		{ "\"schema\":\"kvmem/1\",", "", "it is JSON, but not of kvmem: there is no \"schema\"" },
		{ "kvmem/1", "kvmem/2",
		  "it is of another version: its schema is kvmem/2, this one reads kvmem/1" },
		{ "kvmem/1", "kcidb/5", "it is not of kvmem: its schema is kcidb/5" },
		{ RUN, "\"run\":[]", "\"run\" is no object" },
		{ "\"complete\":true,", "", "\"run\" has no \"complete\"" },
		{ "\"complete\":true", "\"complete\":1",
		  "\"run\": \"complete\" is not true or false" },
		{ "\"planned\":1", "\"planned\":-1",
		  "\"run\": \"planned\" is not a whole number of 0 or more" },
		{ "\"planned\":1", "\"planned\":7",
		  "it says to be complete, but 6 of 7 results are missing" },
		{ "\"tests\":[" TEST "]", "\"tests\":{}", "there is no list \"tests\"" },
		{ "\"tests\":[" TEST "]", "\"tests\":[7]", "tests[0] is no object" },
		{ TEST, TEST "," TEST, "tests[1] (p.a) is there twice" },
		{ "\"pass\"", "\"great\"", "tests[0] (p.a): there is no status \"great\"" },
		{ "\"kind\":\"test\"", "\"kind\":\"x\"",
		  "tests[0] (p.a): \"kind\" is test or bench, not \"x\"" },
		{ "\"name\":\"p.a\"", "\"name\":\"\"",
		  "tests[0]: \"name\" is not a string that is not empty" },
		{ "[\"A1\"]", "[1]", "tests[0] (p.a): \"behaviours\" is not a list of strings" },
		{ ",\"value\":[1]", "", "observations[0] (o) has no \"value\"" },
		{ SEEN, SEEN "," SEEN, "well" },
		{ "\"unit\":\"ns\",", "", "measurements[0] (m) has no \"unit\"" },
		{ "[1,null]", "[]", "measurements[0] (m) has no replicates" },
		{ "[1,null]", "[\"1\"]",
		  "measurements[0] (m): \"replicates\" is not a list of numbers" },
		{ "\"p99\":null", "\"p99\":\"\"", "measurements[0] (m): \"p99\" is not a number" },
		{ FIGURE, FIGURE "," FIGURE, "measurements[1] (m) is there twice" },
		{ ",\"measurements\":[" FIGURE "]", "", "there is no list \"measurements\"" },
	};
	char *what;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		what = xprintf("results.json: %s", cases[i].want);
		check_text(verdict(cases[i].from, cases[i].to), cases[i].want, what);
		free(what);
	}
}
