// SPDX-License-Identifier: GPL-2.0-only
#include "report/format/ktap.h"

#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "util/events.h"

#define DIAG_LINES 30
#define DIAG_WIDTH 400
#define NOT_RUN "not run: the run was cut short"

struct ktap_group {
	char *name;
	size_t n, written;
	bool bare;		/* a single item with the program's name: no subtest */
	bool failed, all_skipped;
};

/* A description must not contain '#' or a newline; some parsers fail on blanks too. */
static void put_description(FILE *f, const char *s)
{
	for (; *s; s++)
		fputc((unsigned char)*s <= ' ' || *s == '#' || *s == 0x7f ? '_' : *s, f);
}

/*
 * Text that must not appear in any line: kunit.py takes the first for the start of a
 * subtest, and the others for the end of the kernel's output.
 */
static const char *find_trap(const char *s, size_t len)
{
	static const char *const traps[] = {
		"Subtest:", "List of all partitions:", "Kernel panic - not syncing: VFS:",
		"reboot: System halted",
	};
	const char *trap, *first = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(traps); i++) {
		trap = memmem(s, len, traps[i], strlen(traps[i]));
		if (trap && (!first || trap < first))
			first = trap;
	}
	return first;
}

/* Insert '_' after the first letter of each such text. */
static void put_text(FILE *f, const char *s, size_t len)
{
	const char *trap;
	size_t n;

	while ((trap = find_trap(s, len))) {
		n = (size_t)(trap - s) + 1;
		text_plain(f, s, n);
		fputc('_', f);
		s += n;
		len -= n;
	}
	text_plain(f, s, len);
}

/*
 * The text after a directive.  A '#' between blanks would start another directive:
 * escape it as in TAP 14.
 */
static void put_reason(FILE *f, const char *s)
{
	size_t n;

	for (; *s; s += n) {
		if (*s == '#')
			fputc('\\', f);
		n = 1 + strcspn(s + 1, "#");
		put_text(f, s, n);
	}
}

static void put_comment(FILE *f, const char *indent, const char *s, size_t len)
{
	bool cut;

	/* Comments of test programs already have the prefix. */
	if (len >= 2 && !memcmp(s, "# ", 2)) {
		s += 2;
		len -= 2;
	}
	cut = len > DIAG_WIDTH;
	fprintf(f, "%s# ", indent);
	put_text(f, s, cut ? DIAG_WIDTH : len);
	fputs(cut ? "...\n" : "\n", f);
}

static void put_output(FILE *f, const struct run_item *it, const char *indent)
{
	const char *s, *nl, *end;
	size_t len;
	char *log;
	bool cut;

	s = tail_text(&it->output, DIAG_LINES, &len, &cut);
	if (cut) {
		log = item_log(it);
		fprintf(f, "%s# (earlier output is in %s)\n", indent, log);
		free(log);
	}
	for (end = s + len; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		nl = nl ? nl : end;
		put_comment(f, indent, s, (size_t)(nl - s));
	}
}

static const char *directive(const struct run_item *it)
{
	return status_words[it->finished ? it->status : ST_COUNT].ktap;
}

static const char *verdict(const struct run_item *it)
{
	return !it->finished || status_is_bad(it->status) ? "not ok" : "ok";
}

void ktap_result(FILE *f, const struct run_item *it, size_t number, const char *indent,
		 const char *description)
{
	const char *word = directive(it);
	const char *reason = it->finished ? it->reason : NOT_RUN;

	if (it->finished && status_is_bad(it->status)) {
		put_output(f, it, indent);
		if (*it->reason)
			put_comment(f, indent, it->reason, strlen(it->reason));
	}
	fprintf(f, "%s%s %zu ", indent, verdict(it), number);
	put_description(f, description);
	if (word)
		fprintf(f, " # %s%s", word, *reason ? " " : "");
	if (word)
		put_reason(f, reason);
	fputc('\n', f);
}

static void group_head(FILE *f, const struct ktap_group *g)
{
	fputs("  KTAP version 1\n  # Subtest: ", f);
	put_description(f, g->name);
	fprintf(f, "\n  1..%zu\n", g->n);
}

static void group_foot(FILE *f, const struct ktap_group *g, size_t number)
{
	fprintf(f, "%s %zu ", g->failed ? "not ok" : "ok", number);
	put_description(f, g->name);
	fputs(g->all_skipped ? " # SKIP all of its tests were skipped\n" : "\n", f);
}

/*
 * A subtest with the name of its program would look like the program's result line to
 * kunit.py.
 */
static const char *description_in(const struct ktap_group *g, const struct run_item *it)
{
	const char *rest = item_rest(it);

	if (strcmp(rest, g->name))
		return rest;
	return strcmp(it->name, g->name) ? it->name : "all";
}

static bool waits(const struct ktap *k, size_t i, bool unfinished)
{
	const struct run_item *it = k->run->items[i];

	return !k->written[i] && !it->left_out && (unfinished || it->finished);
}

static void write_item(struct ktap *k, FILE *f, size_t i)
{
	struct ktap_group *g = &k->groups[k->group_of[i]];
	const struct run_item *it = k->run->items[i];

	k->written[i] = true;
	g->written++;
	g->failed |= !it->finished || status_is_bad(it->status);
	g->all_skipped &= it->finished && it->status == ST_SKIP;
	if (g->bare)
		ktap_result(f, it, k->n_closed + 1, "", it->name);
	else
		ktap_result(f, it, g->written, "  ", description_in(g, it));
}

/*
 * Whether the number of results of a group is known, for its plan line.  With the
 * profile quick, variants are left out during the run.
 */
static bool count_known(const struct ktap *k, const struct ktap_group *g, bool unfinished)
{
	const struct run_item *it;
	size_t i;

	for (i = 0; i < k->n_items && k->quick && !unfinished; i++) {
		it = k->run->items[i];
		if (&k->groups[k->group_of[i]] == g && !it->finished && !it->left_out)
			return false;
	}
	return true;
}

static size_t count_left_out(const struct ktap *k, const struct ktap_group *g)
{
	size_t i, n = 0;

	for (i = 0; i < k->n_items; i++)
		n += &k->groups[k->group_of[i]] == g && k->run->items[i]->left_out;
	return n;
}

/* Open the next group that has results to write, in plan order. */
static bool open_next(struct ktap *k, FILE *f, bool unfinished)
{
	struct ktap_group *g;
	size_t i;

	for (i = 0; i < k->n_items; i++) {
		if (!waits(k, i, unfinished))
			continue;
		g = &k->groups[k->group_of[i]];
		if (!count_known(k, g, unfinished))
			continue;
		k->open = g;
		g->n -= count_left_out(k, g);
		if (!g->bare)
			group_head(f, k->open);
		return true;
	}
	return false;
}

static void pump(struct ktap *k, FILE *f, bool unfinished)
{
	size_t i;

	while (k->open || open_next(k, f, unfinished)) {
		for (i = 0; i < k->n_items; i++)
			if (&k->groups[k->group_of[i]] == k->open && waits(k, i, unfinished))
				write_item(k, f, i);
		if (k->open->written < k->open->n)
			return;
		k->n_closed++;
		if (!k->open->bare)
			group_foot(f, k->open, k->n_closed);
		k->open = NULL;
	}
}

static void update(struct ktap *k, bool unfinished)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	pump(k, f, unfinished);
	xmemclose(f);
	/* One write, so that results are complete if the process is killed. */
	appender_write(&k->file, text, len);
	free(text);
}

void ktap_update(struct ktap *k)
{
	update(k, false);
}

static size_t find_group(struct ktap *k, const struct run_item *it)
{
	char *name = item_program(it);
	struct ktap_group *g;
	size_t i;

	for (i = 0; i < k->n_groups; i++)
		if (!strcmp(k->groups[i].name, name))
			break;
	if (i == k->n_groups) {
		k->groups = xrealloc(k->groups, ++k->n_groups * sizeof(*k->groups));
		g = &k->groups[i];
		*g = (struct ktap_group){ .name = xstrdup(name), .all_skipped = true };
	}
	g = &k->groups[i];
	g->bare = !g->n++ && !strcmp(it->name, name);
	free(name);
	return i;
}

bool ktap_begin(struct ktap *k, struct folder *folder, const struct run *run)
{
	char *head;
	size_t i;
	bool ok;

	memset(k, 0, sizeof(*k));
	k->run = run;
	k->quick = !strcmp(run_string(run, FIELD_PROFILE), PROFILE_NAME_QUICK);
	k->n_items = run->n_items;
	k->group_of = xcalloc(k->n_items, sizeof(*k->group_of));
	k->written = xcalloc(k->n_items, sizeof(*k->written));
	for (i = 0; i < k->n_items; i++)
		k->group_of[i] = find_group(k, run->items[i]);
	folder_append_to(&k->file, folder, "kvmem.ktap");
	head = xprintf("KTAP version 1\n1..%zu\n", k->n_groups);
	ok = appender_write(&k->file, head, strlen(head));
	free(head);
	return ok;
}

/* The plan line is already written: other items become comments. */
static void put_unplanned(struct ktap *k)
{
	const struct run_item *it;
	char *text = NULL;
	size_t len, i;
	FILE *f = xmemstream(&text, &len);

	for (i = k->n_items; i < k->run->n_items; i++) {
		it = k->run->items[i];
		fprintf(f, "# not in the plan: %s ", it->finished ? status_name(it->status) :
			"no result of");
		put_description(f, it->name);
		fputc('\n', f);
	}
	xmemclose(f);
	appender_write(&k->file, text, len);
	free(text);
}

void ktap_end(struct ktap *k)
{
	size_t i;

	update(k, true);
	put_unplanned(k);
	appender_close(&k->file);
	for (i = 0; i < k->n_groups; i++)
		free(k->groups[i].name);
	free(k->groups);
	free(k->group_of);
	free(k->written);
	memset(k, 0, sizeof(*k));
}
