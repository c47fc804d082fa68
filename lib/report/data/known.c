// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/known.h"

#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/base/util.h"

#define VERSION_PARTS 4

/* Parse the leading numbers of a version; return their count. */
static size_t version_parse(const char *s, const char **end, unsigned long *part)
{
	size_t n = 0;
	char *e;

	while (n < VERSION_PARTS && isdigit((unsigned char)*s)) {
		part[n++] = strtoul(s, &e, 10);
		s = e;
		if (s[0] != '.' || !isdigit((unsigned char)s[1]))
			break;
		s++;
	}
	*end = s;
	return n;
}

/* Compare @n numbers like strcmp(); missing ones of the release are 0: 7.0-rc1 is 7.0.0. */
static int version_compare(const unsigned long *release, const unsigned long *bound, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (release[i] != bound[i])
			return release[i] < bound[i] ? -1 : 1;
	return 0;
}

struct range {
	unsigned long low[VERSION_PARTS], high[VERSION_PARTS];
	size_t n_low, n_high;	/* 0: open */
};

static bool range_parse(const char *s, struct range *r)
{
	memset(r, 0, sizeof(*r));
	if (!strcmp(s, "*"))
		return true;
	r->n_low = version_parse(s, &s, r->low);
	if (!*s) {
		memcpy(r->high, r->low, sizeof(r->high));
		r->n_high = r->n_low;
		return r->n_low;
	}
	if (strncmp(s, "..", 2))
		return false;
	r->n_high = version_parse(s + 2, &s, r->high);
	return !*s && (r->n_low || r->n_high);
}

bool version_range_valid(const char *range)
{
	struct range r;

	return range_parse(range, &r);
}

bool version_in_range(const char *range, const char *release)
{
	unsigned long v[VERSION_PARTS] = { 0 };
	const char *end;
	struct range r;

	if (!range_parse(range, &r))
		return false;
	if (!r.n_low && !r.n_high)
		return true;
	return version_parse(release, &end, v) && version_compare(v, r.low, r.n_low) >= 0 &&
	       version_compare(v, r.high, r.n_high) <= 0;
}

/* Strip blanks from both ends, in place. */
static char *trim(char *s)
{
	size_t n;

	s += strspn(s, " \t\r\n");
	n = strlen(s);
	while (n && strchr(" \t\r\n", s[n - 1]))
		n--;
	s[n] = '\0';
	return s;
}

/*
 * The field up to the next '|', or the rest of the line for the last field.
 * NULL if it is missing or empty.
 */
static char *take_field(char **s, bool last)
{
	char *field = *s, *bar;

	if (!field)
		return NULL;
	bar = last ? NULL : strchr(field, '|');
	if (bar)
		*bar = '\0';
	*s = bar ? bar + 1 : NULL;
	field = trim(field);
	return *field ? field : NULL;
}

/* "GLOB" or "GLOB /REGEX/": the expression may contain '|', the glob contains no blanks. */
static const char *take_test(struct known_issue *e, char **s)
{
	char *p, *slash;
	int error;

	*s += strspn(*s, " \t");
	p = *s + strcspn(*s, " \t|");
	e->glob = strndup(*s, (size_t)(p - *s));
	*s = p;
	p += strspn(p, " \t");
	if (*p == '/') {
		slash = strchr(p + 1, '/');
		while (slash && slash[1 + strspn(slash + 1, " \t")] != '|')
			slash = strchr(slash + 1, '/');
		if (!slash)
			return "the expression has no closing slash before the next field";
		*slash = '\0';
		error = regcomp(&e->regex, p + 1, REG_EXTENDED | REG_NOSUB);
		e->has_regex = !error;
		if (error)
			return "the expression is not a POSIX extended regular expression";
		p = slash + 1;
		p += strspn(p, " \t");
	}
	*s = *p == '|' ? p + 1 : NULL;
	if (!*s)
		return *p ? "a test glob can't contain blanks" : "fewer than five fields";
	return e->glob && *e->glob ? NULL : "the test glob is empty";
}

static const char *parse_line(struct known_issue *e, char *s)
{
	const char *wrong = take_test(e, &s);
	char *range, *backend, *reason, *link;

	if (wrong)
		return wrong;
	range = take_field(&s, false);
	backend = take_field(&s, false);
	reason = take_field(&s, false);
	link = take_field(&s, true);
	if (!range || !backend || !reason || !link)
		return "fewer than five fields";
	e->range = xstrdup(range);
	e->backend = xstrdup(backend);
	e->reason = xstrdup(reason);
	e->link = xstrdup(link);
	if (!version_range_valid(range))
		return "the kernel range is not like *, 6.18, 6.16..6.19, ..6.12 or 7.0..";
	return NULL;
}

static const char *add_line(struct known *k, const char *raw, size_t len)
{
	char *line = text_repair(raw, len, &len), *s = trim(line);
	const char *wrong = NULL;

	if (*s && *s != '#') {
		k->v = xrealloc(k->v, (k->n + 1) * sizeof(*k->v));
		memset(&k->v[k->n], 0, sizeof(*k->v));
		wrong = parse_line(&k->v[k->n++], s);
	}
	free(line);
	return wrong;
}

bool known_read(struct known *known, const char *path)
{
	FILE *f;
	bool ok;

	if (!path)
		return true;
	f = fopen(path, "re");
	if (!f) {
		complain("cannot read the known issues in %s: %s", path, strerror(errno));
		return false;
	}
	ok = known_load(known, f, path);
	fclose(f);
	return ok;
}

void known_free(struct known *k)
{
	struct known_issue *e;

	for (e = k->v; e < k->v + k->n; e++) {
		free(e->glob);
		free(e->range);
		free(e->backend);
		free(e->reason);
		free(e->link);
		if (e->has_regex)
			regfree(&e->regex);
	}
	free(k->v);
	memset(k, 0, sizeof(*k));
}

bool known_load(struct known *k, FILE *f, const char *path)
{
	const char *wrong = NULL;
	unsigned int number = 0;
	char *raw = NULL;
	size_t size = 0;
	ssize_t len;

	memset(k, 0, sizeof(*k));
	while (!wrong && (len = getline(&raw, &size, f)) >= 0) {
		wrong = add_line(k, raw, (size_t)len);
		number++;
	}
	free(raw);
	if (wrong) {
		complain("%s:%u: %s; the format is TEST-GLOB [/REGEX/] | KERNEL-RANGE | BACKEND | REASON | LINK",
			 path, number, wrong);
	} else if (ferror(f)) {
		complain("cannot read %s", path);
	} else {
		return true;
	}
	known_free(k);
	return false;
}

bool known_applies(const struct known_issue *e, const struct known_place *where)
{
	return version_in_range(e->range, where->release) &&
	       (!strcmp(e->backend, "*") || !strcmp(e->backend, where->backend));
}

static bool applies(const struct known_issue *e, const struct known_place *where,
		    const char *name)
{
	return !fnmatch(e->glob, name, 0) && known_applies(e, where);
}

const struct known_issue *known_excuse(struct known *k, const struct known_place *where,
				       const char *name, const char *reason)
{
	size_t i;

	for (i = 0; k && i < k->n; i++) {
		if (!applies(&k->v[i], where, name))
			continue;
		if (k->v[i].has_regex && regexec(&k->v[i].regex, reason, 0, NULL, 0))
			continue;
		k->v[i].excused++;
		return &k->v[i];
	}
	return NULL;
}

bool known_unexpected(const struct known *k, const struct known_place *where, const char *name)
{
	size_t i;

	for (i = 0; k && i < k->n; i++)
		if (!k->v[i].excused && applies(&k->v[i], where, name))
			return true;
	return false;
}
