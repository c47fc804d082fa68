// SPDX-License-Identifier: GPL-2.0-only
#include "report/data/logs.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void logs_begin(struct logs *l, struct folder *folder)
{
	unsigned int i;
	char *name;

	memset(l, 0, sizeof(*l));
	l->folder = folder;
	for (i = 0; i < MAX_MACHINES; i++) {
		name = i ? xprintf("log/kernel-%u.log", i + 1) : xstrdup("log/kernel.log");
		folder_append_to(&l->kernel[i], folder, name);
		free(name);
	}
}

static void close_program(struct logs *l)
{
	if (!l->path)
		return;
	appender_close(&l->program);
	free(l->path);
	l->path = NULL;
	l->item = NULL;
}

static void put(struct logs *l, const char *s, size_t len)
{
	if (!len)
		return;
	appender_write(&l->program, s, len);
	l->midline = s[len - 1] != '\n';
}

/* A line of our own between the output. */
static void __attribute__((format(printf, 2, 3))) mark(struct logs *l, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	if (l->midline)
		put(l, "\n", 1);
	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) >= 0)
		put(l, text, strlen(text));
	va_end(ap);
	free(text);
}

/* One program's log is open at a time: they run one after the other. */
static void turn_to(struct logs *l, const struct run_item *it)
{
	char *path;

	if (l->item == it)
		return;
	path = item_log(it);
	if (l->path && !strcmp(l->path, path)) {
		free(path);
	} else {
		close_program(l);
		folder_append_to(&l->program, l->folder, path);
		l->path = path;
		l->midline = false;
	}
	l->item = it;
}

static void head(struct logs *l, const struct event *e)
{
	if (e->replicate)
		mark(l, "=== %s (replicate %u)\n", e->item->name, e->replicate);
	else
		mark(l, "=== %s\n", e->item->name);
}

static void foot(struct logs *l, const struct event *e)
{
	mark(l, "--- %s%s%s (%.3f s)\n", status_name(e->status), *e->reason ? ": " : "",
	     e->reason, e->duration_s);
}

static void keep(struct logs *l, const struct event *e)
{
	char *path = NULL;

	if (asprintf(&path, "log/%s", e->name) < 0)
		return;
	folder_replace(l->folder, path, e->text, e->len);
	free(path);
}

void logs_event(struct logs *l, const struct event *e)
{
	switch (e->kind) {
	case EV_START:
		turn_to(l, e->item);
		head(l, e);
		break;
	case EV_OUTPUT:
		/* Text that comes late, between that of others. */
		if (l->item && l->item != e->item) {
			turn_to(l, e->item);
			head(l, e);
		}
		turn_to(l, e->item);
		put(l, e->text, e->len);
		break;
	case EV_END:
		turn_to(l, e->item);
		foot(l, e);
		break;
	case EV_KLOG:
		if (!e->len)
			break;
		appender_write(&l->kernel[e->from], e->text, e->len);
		if (e->text[e->len - 1] != '\n')
			appender_write(&l->kernel[e->from], "\n", 1);
		break;
	case EV_FILE:
		keep(l, e);
		break;
	default:
		break;
	}
}

void logs_end(struct logs *l)
{
	unsigned int i;

	close_program(l);
	for (i = 0; i < MAX_MACHINES; i++)
		appender_close(&l->kernel[i]);
}

/* --- read back -------------------------------------------------------------- */

/* The name of the line that begins an item's output, which stays where it is. */
static bool heads(const char *line, const char *name)
{
	size_t n = strlen(name);

	return !strncmp(line, "=== ", 4) && !strncmp(line + 4, name, n) &&
	       (line[4 + n] == '\n' || !strncmp(line + 4 + n, " (replicate ", 12));
}

/* Of several replicates the last one that ended as the whole did. */
static void read_output(FILE *f, struct run_item *it)
{
	char *line = NULL, *end = xprintf("--- %s", status_name(it->status));
	struct tail t = { 0 };
	bool inside = false;
	size_t size = 0;
	ssize_t n;

	while ((n = getline(&line, &size, f)) > 0) {
		if (heads(line, it->name)) {
			inside = true;
			tail_free(&t);
		} else if (inside && !strncmp(line, "--- ", 4)) {
			inside = false;
			if (!strncmp(line, end, strlen(end))) {
				tail_free(&it->output);
				it->output = t;
			} else {
				tail_free(&t);
			}
			memset(&t, 0, sizeof(t));
		} else if (inside) {
			tail_add(&t, line, (size_t)n);
		}
	}
	/* A run that was cut short ends within. */
	if (inside && !it->output.len) {
		it->output = t;
		memset(&t, 0, sizeof(t));
	}
	tail_free(&t);
	free(line);
	free(end);
}

void logs_load(struct run *r, const char *path)
{
	char *log, *file;
	size_t i;
	FILE *f;

	for (i = 0; i < r->n_items; i++) {
		if (!run_ran(r->items[i]) || !status_is_bad(r->items[i]->status))
			continue;
		log = item_log(r->items[i]);
		file = xprintf("%s/%s", path, log);
		f = fopen(file, "re");
		if (f) {
			read_output(f, r->items[i]);
			fclose(f);
		}
		free(file);
		free(log);
	}
}
