// SPDX-License-Identifier: GPL-2.0-only
/* gate.conf: valid and invalid lines. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "report/gate/rules.h"
#include "selftest.h"

/* Whether a line is refused; its message is discarded. */
static bool refused(const char *line)
{
	int err = dup(STDERR_FILENO);
	struct rules r;
	bool ok;

	rules_init(&r);
	freopen("/dev/null", "w", stderr);
	ok = rules_add(&r, line, "line");
	fflush(stderr);
	dup2(err, STDERR_FILENO);
	close(err);
	rules_free(&r);
	return !ok;
}

static bool named_x(const void *data, const char *glob)
{
	(void)data;
	return !strcmp(glob, "x");
}

static void test_values(void)
{
	struct rules r;
	struct rule one;

	rules_init(&r);
	check(r.alpha == 0.01 && r.confidence == 0.99, "defaults without a file");
	one = rules_for(&r, "exit.mmio", "instructions");
	check(near(one.relative, 0.01) && near(one.absolute, 20) && one.gated,
	      "the default floor of instructions: 1% or 20");
	check(rules_add(&r, "* relative=5% # of all", "f:1") && rules_add(&r, "", "f:2") &&
	      rules_add(&r, "exit.*@ns absolute=7 better=higher", "f:3") &&
	      rules_add(&r, "exit.cpuid gate=no relative=0.25", "f:4") &&
	      rules_add(&r, "set alpha=2% accept=cpu accept=mitigations", "f:5"),
	      "valid lines");
	one = rules_for(&r, "exit.cpuid", "ns");
	check(near(one.relative, 0.25) && near(one.absolute, 7) && one.higher_is_better && !one.gated,
	      "later lines override earlier ones, key by key");
	one = rules_for(&r, "exit.mmio", "cycles");
	check(near(one.relative, 0.05) && one.absolute == 0 && !one.higher_is_better && one.gated,
	      "a line with a unit applies to that unit only");
	check(near(r.alpha, 0.02) && rules_accept(&r, "cpu") && !rules_accept(&r, "backend"),
	      "settings");
	check(!strcmp(rules_idle(&r, "f:4", named_x, NULL), "exit.cpuid") &&
	      !rules_idle(&r, "nowhere", named_x, NULL), "a line that matches nothing is found");
	rules_free(&r);
}

void test_rules(void)
{
	static const char *const bad[] = {
		"* relative", "* relative=", "* relative=x", "* relative=-1%", "* relative=nan",
		"* relative=1e999", "* absolute=3%", "* absolute=1 2", "* better=best",
		"* gate=maybe", "* colour=red", "* relative=0x10",
		"set alpha=0", "set alpha=60%", "set confidence=1", "set replicates=1",
		"set replicates=2.5", "set accept=everything", "set beta=1", "set alpha",
	};
	char what[80];
	size_t i;

	test_values();
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		snprintf(what, sizeof(what), "\"%s\" is refused", bad[i]);
		check(refused(bad[i]), what);
	}
}
