// SPDX-License-Identifier: GPL-2.0-only
/* kvmem-report record: write a results folder from the event stream of the runner. */
#include "report/cmd/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <libgen.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/base/folder.h"
#include "report/data/logs.h"
#include "report/data/results.h"
#include "report/data/stream.h"
#include "report/format/junit.h"
#include "report/format/ktap.h"
#include "report/page/html.h"
#include "report/text/progress.h"
#include "report/text/summary.h"
#include "util/events.h"

/* Longer lines are discarded. */
#define LINE_MAX_BYTES (16UL << 20)

/*
 * Rewriting results.json and junit.xml takes longer the more results there are, and
 * must not disturb benchmarks: at most five times a second while they run, and at
 * most a tenth of the time otherwise.
 */
#define REWRITE_BENCH_MS 200
#define REWRITE_SHARE 10

struct options {
	const char *results, *known, *where, *catalogue;
	bool verbose;
	int streams[MAX_MACHINES];
	unsigned int n_streams;
};

/*
 * The stream of one machine.  With several machines the lines of an item are held back
 * until it has ended, so that items are not interleaved in the recorded stream.
 */
struct input {
	unsigned int nr;
	int fd;			/* -1: ended */
	struct appender raw;	/* with several machines: log/stream-N.jsonl */
	char *buf;
	size_t len, size;
	size_t seen;		/* end of the complete lines */
	size_t whole;		/* end of the complete items */
	bool inside;		/* an item is running */
	bool skipping;		/* the rest of an overlong line */
};

struct recorder {
	const struct options *opts;
	struct folder folder;
	struct run run;
	struct known known;
	struct stream stream;
	struct appender raw;
	struct ktap ktap;
	struct logs logs;
	struct progress progress;
	bool began, dead;	/* dead: the results can't be written */
	bool foreign;		/* dead because of another version of the stream */
	bool stale;		/* results.json and junit.xml have to be rewritten */
	bool stale_test;	/* because of a test, not only of a replicate */
	uint64_t rewritten_at, rewrite_ms;
	struct input inputs[MAX_MACHINES];
};

static bool rewrite(struct recorder *r)
{
	uint64_t start = now_ms();
	char *text;
	size_t len;
	bool ok;

	text = results_text(&r->run, &len);
	ok = folder_replace(&r->folder, "results.json", text, len);
	free(text);
	text = junit_text(&r->run, &len);
	ok &= folder_replace(&r->folder, "junit.xml", text, len);
	free(text);
	r->rewritten_at = now_ms();
	r->rewrite_ms = r->rewritten_at - start;
	r->stale = false;
	r->stale_test = false;
	return ok;
}

/* Milliseconds until the next rewrite; -1 if none is due. */
static int rewrite_wait(const struct recorder *r)
{
	uint64_t pause = r->stale_test ? r->rewrite_ms * REWRITE_SHARE : REWRITE_BENCH_MS;
	uint64_t now = now_ms();

	if (!r->stale)
		return -1;
	return now - r->rewritten_at >= pause ? 0 : (int)(r->rewritten_at + pause - now);
}

static void begin(struct recorder *r)
{
	r->began = true;
	progress_begin(&r->progress, &r->run, r->opts->verbose);
	/* Stop if the results can't be written. */
	r->dead = !rewrite(r) || !ktap_begin(&r->ktap, &r->folder, &r->run);
}

/* Show a result once, when it is final. */
static void show_result(struct recorder *r, struct run_item *it)
{
	if (!it->finished || it->shown)
		return;
	it->shown = true;
	progress_result(&r->progress, it);
}

static void take_event(struct recorder *r, const struct event *e)
{
	if (e->kind == EV_FOREIGN) {
		complain("kvmem-run writes version %u of the event stream, this kvmem-report reads version %u: use both from the same build",
			 r->stream.version, EVENTS_VERSION);
		r->foreign = r->dead = true;
	}
	if (e->kind == EV_RUN)
		begin(r);
	if (!r->began || r->dead)
		return;
	logs_event(&r->logs, e);
	progress_event(&r->progress, e);
	if (e->kind != EV_END && e->kind != EV_OMIT)
		return;
	r->stale = true;
	r->stale_test |= !e->item->bench;
	if (e->item->finished || e->item->left_out)
		ktap_update(&r->ktap);
	show_result(r, e->item);
	if (!rewrite_wait(r))
		rewrite(r);
}

static void take_line(struct recorder *r, const struct input *in, const char *line, size_t len)
{
	struct event e;

	stream_line(&r->stream, line, len, &e);
	e.from = in->nr;
	take_event(r, &e);
	event_release(&e);
}

/* Process the complete items. */
static void take_whole(struct recorder *r, struct input *in)
{
	char *s = in->buf, *end = in->buf + in->whole, *nl;

	appender_write(&r->raw, s, in->whole);
	for (; !r->dead && s < end; s = nl + 1) {
		nl = memchr(s, '\n', (size_t)(end - s));
		take_line(r, in, s, (size_t)(nl - s));
	}
	in->len -= in->whole;
	in->seen -= in->whole;
	in->whole = 0;
	memmove(in->buf, end, in->len);
}

/* With several machines: track whether an item is running after this line. */
static void look_at(struct recorder *r, struct input *in, const char *line, size_t len)
{
	struct boundary b;

	stream_boundary(&r->stream, line, len, &b);
	if (b.start) {
		progress_start(&r->progress, in->nr, b.start, b.replicate);
		in->inside = true;
	} else if (b.end) {
		in->inside = false;
	}
}

static void take_lines(struct recorder *r, struct input *in)
{
	char *s, *nl;

	while (in->seen < in->len) {
		s = in->buf + in->seen;
		nl = memchr(s, '\n', in->len - in->seen);
		if (!nl)
			break;
		if (in->skipping) {
			in->skipping = false;
			in->len -= (size_t)(nl + 1 - s);
			memmove(s, nl + 1, in->len - in->seen);
			continue;
		}
		if (r->opts->n_streams > 1) {
			appender_write(&in->raw, s, (size_t)(nl + 1 - s));
			look_at(r, in, s, (size_t)(nl - s));
		}
		in->seen += (size_t)(nl + 1 - s);
		if (!in->inside || in->seen - in->whole > LINE_MAX_BYTES)
			in->whole = in->seen;
	}
	take_whole(r, in);
	if (in->len - in->seen <= LINE_MAX_BYTES)
		return;
	r->run.bad_lines += !in->skipping;
	in->skipping = true;
	in->len = in->seen;
}

static void take_input(struct recorder *r, struct input *in)
{
	ssize_t n;

	if (in->size - in->len < 65536) {
		in->size = in->len + 65536 * 2;
		in->buf = xrealloc(in->buf, in->size);
	}
	n = read(in->fd, in->buf + in->len, in->size - in->len - 1);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		in->len += (size_t)n;
	/* The last line may be complete except for its newline. */
	else if (in->len > in->seen)
		in->buf[in->len++] = '\n';
	take_lines(r, in);
	if (n > 0)
		return;
	/* End of the stream. */
	in->whole = in->seen;
	take_whole(r, in);
	in->fd = -1;
}

static int poll_timeout(const struct recorder *r)
{
	int wait = rewrite_wait(r);

	if (r->progress.terminal && (wait < 0 || wait > 1000))
		wait = 1000;
	return wait;
}

static void read_streams(struct recorder *r)
{
	struct pollfd fds[MAX_MACHINES];
	unsigned int i, open;

	while (!r->dead) {
		for (i = 0, open = 0; i < r->opts->n_streams; i++) {
			fds[i] = (struct pollfd){ .fd = r->inputs[i].fd, .events = POLLIN };
			open += fds[i].fd >= 0;
		}
		if (!open)
			return;
		/* read() reports the error of a descriptor. */
		if (poll(fds, r->opts->n_streams, poll_timeout(r)) > 0)
			for (i = 0; i < r->opts->n_streams && !r->dead; i++)
				if (fds[i].fd >= 0 && fds[i].revents)
					take_input(r, &r->inputs[i]);
		if (!rewrite_wait(r))
			rewrite(r);
		progress_tick(&r->progress);
	}
}

/* With a single machine, log/stream.jsonl is its stream. */
static void open_inputs(struct recorder *r)
{
	char *name;
	unsigned int i;

	folder_append_to(&r->raw, &r->folder, "log/stream.jsonl");
	for (i = 0; i < r->opts->n_streams; i++) {
		r->inputs[i].nr = i;
		r->inputs[i].fd = r->opts->streams[i];
		if (r->opts->n_streams == 1)
			return;
		name = xprintf("log/stream-%u.jsonl", i + 1);
		folder_append_to(&r->inputs[i].raw, &r->folder, name);
		free(name);
	}
}

static void close_inputs(struct recorder *r)
{
	unsigned int i;

	for (i = 0; i < r->opts->n_streams; i++) {
		if (r->opts->n_streams > 1)
			appender_close(&r->inputs[i].raw);
		free(r->inputs[i].buf);
	}
	appender_close(&r->raw);
}

/* If the catalogue can't be read, write the page without titles. */
static void write_page(struct recorder *r)
{
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	if (!html_write(f, &r->run, 1, r->opts->catalogue))
		html_write(f, &r->run, 1, NULL);
	xmemclose(f);
	folder_replace(&r->folder, "report.html", text, len);
	free(text);
}

/* Everything after the stream has ended. */
static int finish(struct recorder *r)
{
	size_t i;

	run_finish(&r->run);
	for (i = 0; i < r->run.n_items; i++)
		show_result(r, r->run.items[i]);
	progress_end(&r->progress);
	ktap_end(&r->ktap);
	rewrite(r);
	write_page(r);
	summary_print(stdout, &r->run, r->folder.path);
	if (fflush(stdout) && errno != EPIPE) {
		complain("cannot write to standard output: %s", strerror(errno));
		return EXIT_BROKEN;
	}
	if (r->folder.failed) {
		complain("not all results could be written to %s", r->folder.path);
		return EXIT_BROKEN;
	}
	if (!r->run.complete)
		complain("the run was cut short; its results so far are in %s", r->folder.path);
	return run_verdict(&r->run);
}

/* Nothing has run: remove the files that look like results. */
static void abandon(struct recorder *r)
{
	static const char *const files[] = {
		"results.json", "junit.xml", "kvmem.ktap", "log/stream.jsonl"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(r->folder.fd, files[i], 0);
}

static int record(struct recorder *r)
{
	char *path = xstrdup(r->opts->results);
	int code = EXIT_BROKEN;

	r->run.known = &r->known;
	r->stream = (struct stream){
		.run = &r->run, .where = r->opts->where, .id = basename(path),
		.machines = r->opts->n_streams,
	};
	open_inputs(r);
	logs_begin(&r->logs, &r->folder);
	read_streams(r);
	if (r->foreign)
		abandon(r);
	else if (!r->began)
		complain("the event stream does not start with a run event: kvmem-run did not start, see its messages");
	else if (r->dead)
		abandon(r);
	else
		code = finish(r);
	logs_end(&r->logs);
	close_inputs(r);
	run_free(&r->run);
	free(path);
	return code;
}

static bool descriptor(const char *text, int *fd)
{
	char *end;

	*fd = (int)strtol(text, &end, 10);
	return *text && !*end && fcntl(*fd, F_GETFD) >= 0;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
	static const struct option options[] = {
		{ "results", required_argument, NULL, 'r' },
		{ "known", required_argument, NULL, 'k' },
		{ "where", required_argument, NULL, 'w' },
		{ "catalogue", required_argument, NULL, 'c' },
		{ "stream", required_argument, NULL, 's' },
		{ "verbose", no_argument, NULL, 'v' },
		{ }
	};
	const char *wrong = NULL;
	int c;

	opterr = 0;
	while (!wrong && (c = getopt_long(argc, argv, ":v", options, NULL)) != -1) {
		switch (c) {
		case 'r':
			o->results = optarg;
			break;
		case 'k':
			o->known = optarg;
			break;
		case 'w':
			o->where = optarg;
			break;
		case 'c':
			o->catalogue = optarg;
			break;
		case 's':
			if (o->n_streams == MAX_MACHINES)
				wrong = "too many streams";
			else if (!descriptor(optarg, &o->streams[o->n_streams++]))
				wrong = "the value must be the number of an open descriptor";
			break;
		case 'v':
			o->verbose = true;
			break;
		case ':':
			wrong = "the option needs a value";
			break;
		default:
			wrong = "unknown option";
		}
	}
	if (!wrong && optind < argc)
		wrong = "unexpected argument";
	if (!wrong && (!o->results || !*o->results))
		wrong = "--results DIR is missing";
	if (!wrong && o->where && strcmp(o->where, WHERE_HOST) &&
	    strcmp(o->where, WHERE_LAB))
		wrong = "--where must be host or lab";
	if (!o->n_streams)
		o->streams[o->n_streams++] = STDIN_FILENO;
	if (!wrong && isatty(o->streams[0]))
		wrong = "standard input is a terminal, not the event stream of kvmem-run";
	if (wrong && optind > 1 && (c == ':' || c == '?'))
		complain("record %s: %s; see kvmem-report --help", argv[optind - 1], wrong);
	else if (wrong)
		complain("record: %s; see kvmem-report --help", wrong);
	return !wrong;
}

int cmd_record(int argc, char **argv)
{
	struct options opts = { 0 };
	struct recorder r = { .opts = &opts };
	int code = EXIT_BROKEN;

	if (!parse_options(argc, argv, &opts) || !known_read(&r.known, opts.known))
		return EXIT_BROKEN;
	/*
	 * The runner handles these signals and ends its stream.  The folder still has to
	 * be completed then.
	 */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	if (folder_create(&r.folder, opts.results)) {
		code = record(&r);
		folder_close(&r.folder);
	}
	known_free(&r.known);
	return code;
}
