// SPDX-License-Identifier: GPL-2.0-only
/* Invalid results.json: each document has one error. */
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

/* The error in the document with @from replaced by @to, or "valid". */
static char *verdict(const char *from, const char *to)
{
	const char *at = from ? strstr(good, from) : good;
	char *text, *wrong;
	json_t *root;

	if (!at)
		return xprintf("error in the test: no %s", from);
	text = from ? xprintf("%.*s%s%s", (int)(at - good), good, to, at + strlen(from)) :
	       xstrdup(good);
	root = json_loads(text, 0, NULL);
	wrong = root ? results_wrong(root) : xstrdup("error in the test: not JSON");
	json_decref(root);
	free(text);
	return wrong ? wrong : xstrdup("valid");
}

void test_valid(void)
{
	static const struct {
		const char *from, *to, *want;
	} cases[] = {
		{ NULL, NULL, "valid" },
		{ "\"planned\"", "\"unknown\":[{}],\"planned\"", "valid" },
		{ "\"schema\":\"kvmem/1\",", "", "it is not a kvmem result: \"schema\" is missing" },
		{ "kvmem/1", "kvmem/2",
		  "its schema is kvmem/2, this kvmem-report reads kvmem/1" },
		{ "kvmem/1", "kcidb/5", "it is not a kvmem result: its schema is kcidb/5" },
		{ RUN, "\"run\":[]", "\"run\" is not an object" },
		{ "\"complete\":true,", "", "\"run\" has no \"complete\"" },
		{ "\"complete\":true", "\"complete\":1",
		  "\"run\": \"complete\" is not true or false" },
		{ "\"planned\":1", "\"planned\":-1",
		  "\"run\": \"planned\" is not a non-negative integer" },
		{ "\"planned\":1", "\"planned\":7",
		  "it is marked complete, but 6 of 7 results are missing" },
		{ "\"tests\":[" TEST "]", "\"tests\":{}", "the list \"tests\" is missing" },
		{ "\"tests\":[" TEST "]", "\"tests\":[7]", "tests[0] is not an object" },
		{ TEST, TEST "," TEST, "tests[1] (p.a) is a duplicate" },
		{ "\"pass\"", "\"great\"", "tests[0] (p.a): unknown status \"great\"" },
		{ "\"kind\":\"test\"", "\"kind\":\"x\"",
		  "tests[0] (p.a): \"kind\" must be test or bench, not \"x\"" },
		{ "\"name\":\"p.a\"", "\"name\":\"\"",
		  "tests[0]: \"name\" is not a non-empty string" },
		{ "[\"A1\"]", "[1]", "tests[0] (p.a): \"behaviours\" is not a list of strings" },
		{ ",\"value\":[1]", "", "observations[0] (o) has no \"value\"" },
		{ SEEN, SEEN "," SEEN, "valid" },
		{ "\"unit\":\"ns\",", "", "measurements[0] (m) has no \"unit\"" },
		{ "[1,null]", "[]", "measurements[0] (m) has no replicates" },
		{ "[1,null]", "[\"1\"]",
		  "measurements[0] (m): \"replicates\" is not a list of numbers" },
		{ "\"p99\":null", "\"p99\":\"\"", "measurements[0] (m): \"p99\" is not a number" },
		{ FIGURE, FIGURE "," FIGURE, "measurements[1] (m) is a duplicate" },
		{ ",\"measurements\":[" FIGURE "]", "", "the list \"measurements\" is missing" },
	};
	char *what;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		what = xprintf("results.json: %s", cases[i].want);
		check_text(verdict(cases[i].from, cases[i].to), cases[i].want, what);
		free(what);
	}
}
