// SPDX-License-Identifier: GPL-2.0-only
#include "report/gate/rules.h"

#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One line; keys that it does not set are NAN or -1. */
struct rules_line {
	char *glob, *unit;	/* unit is NULL for all */
	char *where;
	double relative, absolute, resolution;
	int higher, gated;
};

static const char *const builtin[] = {
	"* relative=3% absolute=0 resolution=15%",
	"*@instructions relative=1% absolute=20",
	"*@count relative=0 absolute=1",
};

/* --- values -------------------------------------------------------------- */

/* Parse "3%", "0.03" or "60"; negative if the text is invalid. */
static double number_of(const char *s, bool percent)
{
	char *end;
	double v;

	if (!*s || strspn(s, "0123456789.e+-%") != strlen(s))
		return -1;
	v = strtod(s, &end);
	if (percent && *end == '%') {
		v /= 100;
		end++;
	}
	return end == s || *end || !isfinite(v) ? -1 : v;
}

static int word_of(const char *s, const char *no, const char *yes)
{
	return !strcmp(s, yes) ? 1 : !strcmp(s, no) ? 0 : -1;
}

/* The functions below return the error in the value, NULL if there is none. */

static const char *set_number(double *to, const char *value, bool percent)
{
	double v = number_of(value, percent);

	if (v < 0)
		return percent ? "must be a share like 3% or 0.03" : "must be a number of 0 or more";
	*to = v;
	return NULL;
}

static const char *set_key(struct rules_line *l, const char *key, const char *value)
{
	if (!strcmp(key, "relative"))
		return set_number(&l->relative, value, true);
	if (!strcmp(key, "absolute"))
		return set_number(&l->absolute, value, false);
	if (!strcmp(key, "resolution"))
		return set_number(&l->resolution, value, true);
	if (!strcmp(key, "better")) {
		l->higher = word_of(value, "lower", "higher");
		return l->higher < 0 ? "must be lower or higher" : NULL;
	}
	if (!strcmp(key, "gate")) {
		l->gated = word_of(value, "no", "yes");
		return l->gated < 0 ? "must be yes or no" : NULL;
	}
	return "is not a key: use relative, absolute, resolution, better or gate";
}

static const char *set_global(struct rules *r, const char *key, const char *value)
{
	static const char *const known[] = {
		"cpu", "microcode", "mitigations", "backend", "machine", "profile", "suite",
		"emulation"
	};
	double v = number_of(value, true);
	size_t i;

	if (!strcmp(key, "alpha")) {
		r->alpha = v;
		return v > 0 && v < 0.5 ? NULL : "must be a probability below 50%, like 1%";
	}
	if (!strcmp(key, "confidence")) {
		r->confidence = v;
		return v >= 0.5 && v < 1 ? NULL : "must be a share of 50% or more, like 99%";
	}
	if (!strcmp(key, "replicates")) {
		if (v < 2 || v > 1000 || v != trunc(v))
			return "must be a whole number from 2 to 1000";
		r->replicates = (unsigned int)v;
		return NULL;
	}
	if (strcmp(key, "accept"))
		return "is not a setting: use alpha, confidence, replicates or accept";
	for (i = 0; i < ARRAY_SIZE(known); i++)
		if (!strcmp(value, known[i]))
			break;
	if (i == ARRAY_SIZE(known))
		return "must be cpu, microcode, mitigations, backend, machine, profile, suite or emulation";
	strlist_add_new(&r->accept, value);
	return NULL;
}

/* --- lines --------------------------------------------------------------- */

static struct rules_line *new_line(struct rules *r, const char *pattern, const char *where)
{
	const char *at = strchr(pattern, '@');
	struct rules_line *l;

	r->lines = xrealloc(r->lines, (r->n + 1) * sizeof(*r->lines));
	l = &r->lines[r->n++];
	*l = (struct rules_line){
		.glob = at ? xprintf("%.*s", (int)(at - pattern), pattern) : xstrdup(pattern),
		.unit = at ? xstrdup(at + 1) : NULL, .where = xstrdup(where),
		.relative = NAN, .absolute = NAN, .resolution = NAN, .higher = -1, .gated = -1,
	};
	return l;
}

bool rules_add(struct rules *r, const char *text, const char *where)
{
	char *copy = xstrdup(text), *save = NULL, *word, *value;
	struct rules_line *l = NULL;
	const char *wrong = NULL;
	bool global;

	copy[strcspn(copy, "#\n")] = '\0';
	word = strtok_r(copy, " \t\r", &save);
	global = word && !strcmp(word, "set");
	if (word && !global)
		l = new_line(r, word, where);
	while (word && !wrong) {
		word = strtok_r(NULL, " \t\r", &save);
		if (!word)
			break;
		value = strchr(word, '=');
		if (!value) {
			wrong = "is not KEY=VALUE";
			break;
		}
		*value++ = '\0';
		wrong = global ? set_global(r, word, value) : set_key(l, word, value);
	}
	if (wrong)
		complain("%s: %s %s; the format is NAME-GLOB[@UNIT] KEY=VALUE... or set SETTING=VALUE...",
			 where, word, wrong);
	free(copy);
	return !wrong;
}

bool rules_load(struct rules *r, const char *path)
{
	FILE *f = fopen(path, "re");
	unsigned int number = 0;
	char *text = NULL, *where;
	size_t size = 0;
	bool ok = true;

	if (!f) {
		complain("cannot read the thresholds in %s: %s", path, strerror(errno));
		return false;
	}
	while (ok && getline(&text, &size, f) >= 0) {
		where = xprintf("%s:%u", path, ++number);
		ok = rules_add(r, text, where);
		free(where);
	}
	if (ok && ferror(f)) {
		complain("cannot read the thresholds in %s", path);
		ok = false;
	}
	free(text);
	fclose(f);
	return ok;
}

void rules_init(struct rules *r)
{
	size_t i;

	*r = (struct rules){ .alpha = 0.01, .confidence = 0.99, .replicates = 5 };
	for (i = 0; i < ARRAY_SIZE(builtin); i++)
		rules_add(r, builtin[i], "");
}

void rules_free(struct rules *r)
{
	size_t i;

	for (i = 0; i < r->n; i++) {
		free(r->lines[i].glob);
		free(r->lines[i].unit);
		free(r->lines[i].where);
	}
	free(r->lines);
	strlist_free(&r->accept);
	memset(r, 0, sizeof(*r));
}

/* --- lookup -------------------------------------------------------------- */

static bool applies(const struct rules_line *l, const char *name, const char *unit)
{
	return !fnmatch(l->glob, name, 0) && (!l->unit || !strcmp(l->unit, unit));
}

struct rule rules_for(const struct rules *r, const char *name, const char *unit)
{
	struct rule rule = { .gated = true };
	const struct rules_line *l;

	for (l = r->lines; l < r->lines + r->n; l++) {
		if (!applies(l, name, unit))
			continue;
		rule.relative = isnan(l->relative) ? rule.relative : l->relative;
		rule.absolute = isnan(l->absolute) ? rule.absolute : l->absolute;
		rule.resolution = isnan(l->resolution) ? rule.resolution : l->resolution;
		if (l->higher >= 0)
			rule.higher_is_better = l->higher;
		if (l->gated >= 0)
			rule.gated = l->gated;
	}
	return rule;
}

bool rules_accept(const struct rules *r, const char *what)
{
	size_t i;

	for (i = 0; i < r->accept.n; i++)
		if (!strcmp(r->accept.v[i], what))
			return true;
	return false;
}

const char *rules_idle(const struct rules *r, const char *where,
		       bool (*matches)(const void *data, const char *glob), const void *data)
{
	const struct rules_line *l;

	for (l = r->lines; l < r->lines + r->n; l++)
		if (!strcmp(l->where, where) && !matches(data, l->glob))
			return l->glob;
	return NULL;
}
