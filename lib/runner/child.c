// SPDX-License-Identifier: GPL-2.0-only
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/serve.h"
#include "util/events.h"

#define MAX_OUTPUT (256 * 1024)	/* of one program; more is cut */

static volatile pid_t current;

void child_kill_current(void)
{
	pid_t pid = current;

	if (pid > 0)
		kill(-pid, SIGKILL);
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Pipes from a program: output, events and, if it serves, answers. */
enum { OUT, REC, ANSWERS, NR_PIPES };

struct child {
	pid_t pid;
	int requests;			/* pipe to a program that serves, else -1 */
	struct pollfd fds[NR_PIPES];	/* .fd is -1 if closed */
};

static void pass_on(const char *variable, int fd)
{
	char number[16];

	fcntl(fd, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", fd);
	setenv(variable, number, 1);
}

static void __attribute__((noreturn)) start(char *const *argv, const int *ends, int requests)
{
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(ends[OUT], 1);
	dup2(ends[OUT], 2);
	pass_on(EVENTS_FD_ENV, ends[REC]);
	if (requests >= 0) {
		dup2(requests, 0);
		pass_on(SERVE_ANSWERS, ends[ANSWERS]);
	}
	execvp(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

static void close_all(struct child *c)
{
	int i;

	for (i = 0; i < NR_PIPES; i++)
		if (c->fds[i].fd >= 0)
			close(c->fds[i].fd);
	if (c->requests >= 0)
		close(c->requests);
}

/* Return: 0 or an errno. */
static int spawn(struct child *c, char *const *argv, bool serves)
{
	int ends[NR_PIPES] = { -1, -1, -1 }, in[2] = { -1, -1 }, i, pair[2], err = 0;

	*c = (struct child){ .requests = -1 };
	for (i = 0; i < NR_PIPES; i++)
		c->fds[i] = (struct pollfd){ .fd = -1, .events = POLLIN };
	for (i = 0; i < (serves ? NR_PIPES : ANSWERS) && !err; i++) {
		err = pipe2(pair, O_CLOEXEC) ? errno : 0;
		if (err)
			break;
		c->fds[i].fd = pair[0];
		ends[i] = pair[1];
		/* The pipe stays open after the end of a test. */
		if (serves)
			fcntl(pair[0], F_SETFL, O_NONBLOCK);
	}
	if (!err && serves && pipe2(in, O_CLOEXEC))
		err = errno;
	c->requests = in[1];
	if (!err) {
		c->pid = fork();
		if (c->pid == 0)
			start(argv, ends, in[0]);
		if (c->pid > 0)
			setpgid(c->pid, c->pid);
		else
			err = errno;
	}
	for (i = 0; i < NR_PIPES; i++)
		if (ends[i] >= 0)
			close(ends[i]);
	if (in[0] >= 0)
		close(in[0]);
	if (err)
		close_all(c);
	return err;
}

/* --- output and events --------------------------------------------------- */

/* Pass on the complete lines in @buf, and keep the rest. */
static void take_records(char *buf, size_t *len, void (*on_record)(char *line))
{
	char *line = buf, *end;

	while ((end = memchr(line, '\n', *len - (size_t)(line - buf)))) {
		*end = '\0';
		if (on_record)
			on_record(line);
		line = end + 1;
	}
	*len -= (size_t)(line - buf);
	memmove(buf, line, *len);
}

static void keep_output(struct child_result *r, const char *text, size_t n)
{
	if (r->len + n > MAX_OUTPUT)
		n = MAX_OUTPUT - r->len;
	r->output = realloc(r->output, r->len + n + 1);
	if (!r->output)
		abort();
	memcpy(r->output + r->len, text, n);
	r->len += n;
	r->output[r->len] = '\0';
}

static ssize_t take(struct pollfd *p, char *text, size_t size)
{
	ssize_t n = read(p->fd, text, size);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
		close(p->fd);
		p->fd = -1;
	}
	return n;
}

struct reader {
	void (*on_record)(char *line);
	void (*on_output)(const char *text, size_t len);
	struct child_result *r;
	char records[1 << 16];
	size_t nr_records;
};

static bool read_output(struct child *c, struct reader *l)
{
	char text[8192];
	ssize_t n = take(&c->fds[OUT], text, sizeof(text));

	if (n <= 0)
		return false;
	keep_output(l->r, text, (size_t)n);
	if (l->on_output)
		l->on_output(text, (size_t)n);
	return true;
}

static bool read_records(struct child *c, struct reader *l)
{
	ssize_t n = take(&c->fds[REC], l->records + l->nr_records,
			 sizeof(l->records) - l->nr_records);

	if (n <= 0)
		return false;
	l->nr_records += (size_t)n;
	take_records(l->records, &l->nr_records, l->on_record);
	if (l->nr_records == sizeof(l->records))
		l->nr_records = 0;	/* the line is too long */
	return true;
}

/* Wait until @until at most.  The caller reads the pipe of answers. */
static void read_pipes(struct child *c, struct reader *l, double until)
{
	double left = until - now();

	poll(c->fds, NR_PIPES, left < 0 ? 0 : left < 0.1 ? (int)(left * 1000) + 1 : 100);
	if (c->fds[OUT].fd >= 0 && c->fds[OUT].revents)
		read_output(c, l);
	if (c->fds[REC].fd >= 0 && c->fds[REC].revents)
		read_records(c, l);
}

static struct reader *reader(void (*on_record)(char *line),
			     void (*on_output)(const char *text, size_t len),
			     struct child_result *r)
{
	static struct reader l;

	memset(r, 0, sizeof(*r));
	keep_output(r, "", 0);
	l.on_record = on_record;
	l.on_output = on_output;
	l.r = r;
	l.nr_records = 0;
	return &l;
}

static void ended(struct child_result *r, int status)
{
	r->how = WIFSIGNALED(status) ? CHILD_SIGNALED : CHILD_EXITED;
	r->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

static int reap(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* --- a program that runs to its end --------------------------------------- */

/*
 * Read until both pipes are closed.  After the program has exited, its descendants may
 * hold them open for half a second.  Return: false at the deadline.
 */
static bool collect(struct child *c, struct reader *l, double deadline)
{
	double grace = 0;

	while (c->fds[OUT].fd >= 0 || c->fds[REC].fd >= 0) {
		siginfo_t info = { .si_pid = 0 };

		if (!grace && !waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
		    info.si_pid == c->pid)
			grace = now() + 0.5;
		if (grace && now() > grace)
			break;
		if (now() >= deadline)
			return false;
		read_pipes(c, l, deadline);
	}
	return true;
}

void child_run(char *const *argv, unsigned int timeout, void (*on_record)(char *line),
	       void (*on_output)(const char *text, size_t len), struct child_result *r)
{
	struct reader *l = reader(on_record, on_output, r);
	double began = now();
	struct child c;
	bool in_time;
	int err;

	err = spawn(&c, argv, false);
	if (err) {
		r->how = CHILD_BROKEN;
		r->code = err;
		return;
	}
	current = c.pid;
	in_time = collect(&c, l, began + timeout);
	if (!in_time)
		kill(-c.pid, SIGKILL);
	ended(r, reap(c.pid));
	current = 0;
	kill(-c.pid, SIGKILL);	/* its descendants */
	close_all(&c);
	r->seconds = now() - began;
	if (!in_time)
		r->how = CHILD_TIMEOUT;
}

/* --- a program that serves ----------------------------------------------- */

static struct {
	struct child child;
	char path[4096];	/* "" when none is running */
	char answers[64];
	size_t len;
} server;

static int server_end(void)
{
	int status;

	close_all(&server.child);
	kill(-server.child.pid, SIGKILL);
	status = reap(server.child.pid);
	server.path[0] = '\0';
	return status;
}

static int server_begin(const char *path)
{
	char *argv[] = { server.path, "--serve", NULL };
	int err;

	if (!strcmp(server.path, path))
		return 0;
	if (server.path[0])
		server_end();
	server.len = 0;
	snprintf(server.path, sizeof(server.path), "%s", path);
	err = spawn(&server.child, argv, true);
	if (err)
		server.path[0] = '\0';
	return err;
}

/* Take an answer "@word NUMBER" off the buffer; false if it is not there. */
static bool take_answer(const char *word, int *value)
{
	size_t n = strlen(word);
	char *end;

	end = memchr(server.answers, '\n', server.len);
	if (!end || server.len < n || strncmp(server.answers, word, n))
		return false;
	*value = atoi(server.answers + n);
	server.len -= (size_t)(end + 1 - server.answers);
	memmove(server.answers, end + 1, server.len);
	return true;
}

/* Return: false if the pipe is closed. */
static bool read_answers(void)
{
	struct pollfd *p = &server.child.fds[ANSWERS];
	ssize_t n;

	if (!p->revents)
		return true;
	n = take(p, server.answers + server.len, sizeof(server.answers) - server.len);
	if (n > 0)
		server.len += (size_t)n;
	return p->fd >= 0;
}

/*
 * Read until the test has ended.  At the deadline, kill it; five seconds later, give up.
 * Return: false if the server did not answer.
 */
static bool server_collect(struct reader *l, double deadline, int *status, bool *in_time)
{
	bool alive = true;
	int pid = 0;

	*in_time = true;
	current = server.child.pid;
	while (alive) {
		read_pipes(&server.child, l, *in_time ? deadline : deadline + 5);
		alive = read_answers();
		if (!pid && take_answer(SERVE_BEGAN, &pid))
			current = pid;
		if (take_answer(SERVE_ENDED, status))
			break;
		if (now() < deadline)
			continue;
		if (*in_time && pid)
			kill(-pid, SIGKILL);
		else if (*in_time || now() > deadline + 5)
			alive = false;
		*in_time = false;
	}
	current = 0;
	if (pid)
		kill(-pid, SIGKILL);	/* its descendants */
	while (server.child.fds[OUT].fd >= 0 && read_output(&server.child, l))
		;
	while (server.child.fds[REC].fd >= 0 && read_records(&server.child, l))
		;
	return alive;
}

/*
 * Write the request.  If that fails, the program has exited: start it again if it has run
 * other tests.  A new one does not serve, and its exit status is the result.
 * Return: 0 or an errno.
 */
static int server_request(const char *path, const char *name)
{
	bool again = !strcmp(server.path, path);
	int err = server_begin(path);

	if (err || dprintf(server.child.requests, "%s\n", name) > 0 || !again)
		return err;
	server_end();
	err = server_begin(path);
	if (!err)
		dprintf(server.child.requests, "%s\n", name);
	return err;
}

void child_test(const char *path, const char *name, unsigned int timeout,
		void (*on_record)(char *line),
		void (*on_output)(const char *text, size_t len), struct child_result *r)
{
	struct reader *l = reader(on_record, on_output, r);
	double began = now();
	int status = 0, err;
	bool in_time;

	err = server_request(path, name);
	if (err) {
		r->how = CHILD_BROKEN;
		r->code = err;
		return;
	}
	if (!server_collect(l, began + timeout, &status, &in_time))
		status = server_end();
	ended(r, status);
	r->seconds = now() - began;
	if (!in_time)
		r->how = CHILD_TIMEOUT;
}

void child_forget(void)
{
	if (server.path[0])
		server_end();
}

void child_free(struct child_result *r)
{
	free(r->output);
	r->output = NULL;
}
