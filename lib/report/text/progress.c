// SPDX-License-Identifier: GPL-2.0-only
#include "report/text/progress.h"

#include <linux/major.h>
#include <linux/vt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "report/base/text.h"
#include "report/text/summary.h"

/* Most tests take a millisecond: redrawing for each would take longer than the tests. */
#define DRAW_INTERVAL_MS 50

/* The tests or benchmarks of one program. */
struct progress_program {
	char *name;
	size_t left;		/* items without a final result */
	size_t counts[ST_COUNT];
	double seconds;
};

/*
 * Whether a line can be redrawn: only on a pseudo-terminal or a virtual console.
 * A serial console is often recorded, as is all output under CI.
 */
static bool can_redraw(int fd)
{
	const char *term = getenv("TERM");
	struct stat st;

	if (!isatty(fd) || !term || !*term || !strcmp(term, "dumb") || getenv("CI") ||
	    fstat(fd, &st))
		return false;
	return (major(st.st_rdev) >= UNIX98_PTY_SLAVE_MAJOR &&
		major(st.st_rdev) < UNIX98_PTY_SLAVE_MAJOR + UNIX98_PTY_MAJOR_COUNT) ||
	       (major(st.st_rdev) == TTY_MAJOR && minor(st.st_rdev) < MAX_NR_CONSOLES + 1);
}

static struct progress_program *program_of(struct progress *p, const struct run_item *it)
{
	char *name = item_program(it);
	size_t i;

	for (i = 0; i < p->n_programs && strcmp(p->programs[i].name, name); i++)
		;
	if (i < p->n_programs) {
		free(name);
		return &p->programs[i];
	}
	p->programs = xrealloc(p->programs, ++p->n_programs * sizeof(*p->programs));
	p->programs[i] = (struct progress_program){ .name = name };
	return &p->programs[i];
}

void progress_begin(struct progress *p, const struct run *r, bool verbose)
{
	size_t i;

	memset(p, 0, sizeof(*p));
	p->terminal = can_redraw(STDOUT_FILENO) && can_redraw(STDERR_FILENO);
	p->verbose = verbose;
	p->total = r->planned;
	for (i = 0; i < r->n_items; i++)
		program_of(p, r->items[i])->left++;
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

/* The item that has been running longest. */
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

/* Move standard output to the start of a line. */
static void begin_line(struct progress *p)
{
	erase(p);
	fflush(stderr);
	if (p->midline)
		putchar('\n');
	p->midline = false;
}

/* Print the line of a program after its last item. */
static void item_over(struct progress *p, const struct run_item *it)
{
	struct progress_program *g = program_of(p, it);

	if (!g->left || --g->left || !p->terminal || p->verbose)
		return;
	begin_line(p);
	text_plain(stdout, g->name, strlen(g->name));
	fputs(": ", stdout);
	summary_counts(stdout, g->counts, false);
	printf(" (%.2f s)\n", g->seconds);
	fflush(stdout);
}

void progress_start(struct progress *p, unsigned int machine, const struct run_item *it,
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
	} else if (e->kind == EV_OMIT) {
		p->total--;
		item_over(p, e->item);
	}
}

static void result_line(struct progress *p, const struct run_item *it)
{
	begin_line(p);
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

void progress_result(struct progress *p, const struct run_item *it)
{
	struct progress_program *g = program_of(p, it);

	p->done++;
	g->counts[it->status]++;
	g->seconds += it->duration_s;
	if (!p->terminal || p->verbose || status_is_bad(it->status))
		result_line(p, it);
	if (it->planned)
		item_over(p, it);
}

void progress_end(struct progress *p)
{
	size_t i;

	begin_line(p);
	fflush(stdout);
	for (i = 0; i < p->n_programs; i++)
		free(p->programs[i].name);
	free(p->programs);
	memset(p, 0, sizeof(*p));
}
