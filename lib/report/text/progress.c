// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "report/base/text.h"

/* Tests take a millisecond each: drawing them all would cost more than they. */
#define DRAW_INTERVAL_MS 50

void progress_begin(struct progress *p, const struct run *r, bool verbose)
{
	memset(p, 0, sizeof(*p));
	p->terminal = isatty(STDERR_FILENO);
	p->verbose = verbose;
	p->total = r->planned;
}

static void erase(struct progress *p)
{
	if (p->drawn)
		fputs("\r\033[K", stderr);
	p->drawn = false;
}

static size_t terminal_width(void)
{
	struct winsize w;

	return !ioctl(STDERR_FILENO, TIOCGWINSZ, &w) && w.ws_col ? w.ws_col : 80;
}

/* What has been under way for longest: if there is something to wait for, it is that. */
static const struct under_way *oldest(const struct progress *p)
{
	const struct under_way *old = NULL;
	size_t i;

	for (i = 0; i < MAX_MACHINES; i++)
		if (p->now[i].item && (!old || p->now[i].since < old->since))
			old = &p->now[i];
	return old;
}

static void draw(struct progress *p, uint64_t now)
{
	const struct under_way *w = oldest(p);
	char replicate[32] = "", *line;
	size_t width = terminal_width();

	if (!w)
		return;
	if (w->replicate)
		snprintf(replicate, sizeof(replicate), " (%u/%u)", w->replicate,
			 w->item->planned);
	line = xprintf("[%3zu/%zu] %s%s  %llus", p->done, p->total, w->item->name, replicate,
		       (unsigned long long)(now - w->since) / 1000);
	fputs("\r\033[K", stderr);
	/* The last column stays free: a full line would wrap. */
	text_plain(stderr, line, strnlen(line, width - 1));
	fflush(stderr);
	free(line);
	p->drawn = true;
	p->drawn_at = now;
}

void progress_tick(struct progress *p)
{
	uint64_t now = now_ms();

	if (p->terminal && !p->midline && (!p->drawn || now - p->drawn_at >= DRAW_INTERVAL_MS))
		draw(p, now);
}

static void output(struct progress *p, const struct event *e)
{
	const char *s = e->text, *end = s + e->len, *nl;

	erase(p);
	for (; s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		if (!p->midline)
			fputs("    | ", stdout);
		text_plain(stdout, s, (size_t)((nl ? nl : end) - s));
		p->midline = !nl;
		if (!nl)
			break;
		putchar('\n');
	}
	fflush(stdout);
}

/* Before a line of our own on standard output. */
static void begin_line(struct progress *p)
{
	erase(p);
	fflush(stderr);
	if (p->midline)
		putchar('\n');
	p->midline = false;
}

void progress_start(struct progress *p, unsigned int machine, const struct item *it,
		    unsigned int replicate)
{
	uint64_t now = now_ms();

	p->now[machine] = (struct under_way){ it, replicate, now };
	if (p->terminal && !p->midline && now - p->drawn_at >= DRAW_INTERVAL_MS)
		draw(p, now);
}

void progress_event(struct progress *p, const struct event *e)
{
	if (e->kind == EV_START) {
		if (p->verbose) {
			begin_line(p);
			printf("      %s\n", e->item->name);
			fflush(stdout);
		}
		progress_start(p, e->from, e->item, e->replicate);
	} else if (e->kind == EV_OUTPUT && p->verbose) {
		output(p, e);
	} else if (e->kind == EV_END) {
		p->now[e->from].item = NULL;
	}
}

void progress_result(struct progress *p, const struct item *it)
{
	begin_line(p);
	p->done++;
	printf("%-5s ", status_words[it->status].line);
	text_plain(stdout, it->name, strlen(it->name));
	if (it->status != ST_PASS) {
		fputs(": ", stdout);
		text_plain(stdout, it->reason, strlen(it->reason));
	} else if (it->bench) {
		printf(" (%u replicate%s, %.2f s)", it->ran, it->ran == 1 ? "" : "s",
		       it->duration_s);
	} else {
		printf(" (%.2f s)", it->duration_s);
	}
	putchar('\n');
	fflush(stdout);
}

void progress_end(struct progress *p)
{
	begin_line(p);
	fflush(stdout);
	memset(p->now, 0, sizeof(p->now));
}
