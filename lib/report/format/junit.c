// SPDX-License-Identifier: GPL-2.0-only
#include "report/format/junit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"

#define NOT_RUN "not run: the run has not finished"

struct suite {
	size_t tests, failures, errors, skipped;
	double time_s;
};

static void put_attribute(FILE *f, const char *name, const char *value)
{
	fprintf(f, " %s=\"", name);
	text_xml(f, value, strlen(value), true);
	fputc('"', f);
}

static void put_counts(FILE *f, const struct suite *s)
{
	fprintf(f, " tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.6f\"",
		s->tests, s->failures, s->errors, s->skipped, s->time_s);
}

static void put_property(FILE *f, const char *name, const char *value)
{
	fputs("   <property", f);
	put_attribute(f, "name", name);
	put_attribute(f, "value", value);
	fputs("/>\n", f);
}

static void put_properties(FILE *f, const struct run *r)
{
	fputs("  <properties>\n", f);
	put_property(f, "run", run_string(r, "id"));
	put_property(f, "kernel", run_release(r));
	put_property(f, "backend", run_string(r, "backend"));
	put_property(f, "where", run_string(r, "where"));
	put_property(f, "profile", run_string(r, "profile"));
	put_property(f, "complete", r->complete ? "true" : "false");
	fputs("  </properties>\n", f);
}

/* NULL for a pass, which has no element. */
static const char *result_element(const struct run_item *it)
{
	return status_words[run_ran(it) ? it->status : ST_COUNT].junit;
}

static void put_output(FILE *f, const struct run_item *it)
{
	const char *s;
	size_t len;
	char *log;
	bool cut;

	s = tail_text(&it->output, 0, &len, &cut);
	if (!len)
		return;
	fputs("   <system-out>", f);
	if (cut) {
		log = item_log(it);
		fprintf(f, "(earlier output is in %s)\n", log);
		free(log);
	}
	text_xml(f, s, len, false);
	fputs("</system-out>\n", f);
}

static void put_case(FILE *f, const struct run_item *it, const char *program)
{
	const char *element = result_element(it);

	fputs("  <testcase", f);
	put_attribute(f, "classname", program);
	put_attribute(f, "name", item_rest(it));
	fprintf(f, " time=\"%.6f\"", it->duration_s);
	if (!element) {
		fputs("/>\n", f);
		return;
	}
	fprintf(f, ">\n   <%s", element);
	put_attribute(f, "type", run_ran(it) ? status_name(it->status) : "notrun");
	put_attribute(f, "message", run_ran(it) ? it->reason : NOT_RUN);
	fputs("/>\n", f);
	if (status_is_bad(it->status))
		put_output(f, it);
	fputs("  </testcase>\n", f);
}

static void count(struct suite *s, const struct run_item *it)
{
	const char *element = result_element(it);

	s->tests++;
	s->time_s += it->duration_s;
	if (!element)
		return;
	s->failures += !strcmp(element, "failure");
	s->errors += !strcmp(element, "error");
	s->skipped += !strcmp(element, "skipped");
}

static void put_suite(FILE *f, const struct run *r, const char *program, const bool *member)
{
	struct suite s = { 0 };
	size_t i;

	for (i = 0; i < r->n_items; i++)
		if (member[i])
			count(&s, r->items[i]);
	fputs(" <testsuite", f);
	put_attribute(f, "name", program);
	put_counts(f, &s);
	put_attribute(f, "timestamp", run_string(r, "started"));
	fputs(">\n", f);
	put_properties(f, r);
	for (i = 0; i < r->n_items; i++)
		if (member[i])
			put_case(f, r->items[i], program);
	fputs(" </testsuite>\n", f);
}

/* The items of the same program as item @first. */
static void find_members(const struct run *r, size_t first, bool *member)
{
	const char *program = r->items[first]->name, *name;
	size_t n = strcspn(program, "."), i;

	for (i = 0; i < r->n_items; i++) {
		name = r->items[i]->name;
		member[i] = !strncmp(name, program, n) && strcspn(name, ".") == n &&
			    !r->items[i]->left_out;
	}
}

char *junit_text(const struct run *r, size_t *len)
{
	bool *done = xcalloc(r->n_items, 1), *member = xcalloc(r->n_items, 1);
	char *text = NULL, *program;
	FILE *f = xmemstream(&text, len);
	struct suite all = { 0 };
	size_t i, j;

	for (i = 0; i < r->n_items; i++)
		if (!r->items[i]->left_out)
			count(&all, r->items[i]);
	fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"kvmem\"", f);
	put_counts(f, &all);
	fputs(">\n", f);
	for (i = 0; i < r->n_items; i++) {
		if (done[i] || r->items[i]->left_out)
			continue;
		find_members(r, i, member);
		for (j = 0; j < r->n_items; j++)
			done[j] |= member[j];
		program = item_program(r->items[i]);
		put_suite(f, r, program, member);
		free(program);
	}
	fputs("</testsuites>\n", f);
	xmemclose(f);
	free(done);
	free(member);
	return text;
}
