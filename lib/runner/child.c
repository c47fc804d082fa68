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

static void __attribute__((noreturn)) start(char *const *argv, int out, int record)
{
	char number[16];
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setpgid(0, 0);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(out, 1);
	dup2(out, 2);
	fcntl(record, F_SETFD, 0);
	snprintf(number, sizeof(number), "%d", record);
	setenv("KVMEM_RECORD", number, 1);
	execv(argv[0], argv);
	dprintf(2, "%s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/* Lines of the record pipe; what is left of the last one stays in buf. */
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

/*
 * Reads until both pipes are closed.  The program may leave descendants that
 * hold them open: once it has ended, they get a moment.
 */
static bool collect(pid_t pid, int out, int rec, double deadline,
		    void (*on_record)(char *line),
		    void (*on_output)(const char *text, size_t len), struct child_result *r)
{
	static char records[1 << 16];
	struct pollfd fds[2] = { { .fd = out, .events = POLLIN }, { .fd = rec, .events = POLLIN } };
	size_t nr_records = 0;
	double grace = 0;
	char text[8192];
	ssize_t n;

	while (fds[0].fd >= 0 || fds[1].fd >= 0) {
		siginfo_t info = { .si_pid = 0 };
		double left = deadline - now();

		if (!grace && !waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) &&
		    info.si_pid == pid)
			grace = now() + 0.5;
		if (grace && now() > grace)
			break;
		if (left <= 0)
			return false;
		poll(fds, 2, left < 0.1 ? (int)(left * 1000) + 1 : 100);
		if (fds[0].revents) {
			n = read(out, text, sizeof(text));
			if (n > 0) {
				keep_output(r, text, (size_t)n);
				if (on_output)
					on_output(text, (size_t)n);
			} else {
				fds[0].fd = -1;
			}
		}
		if (fds[1].revents) {
			n = read(rec, records + nr_records, sizeof(records) - nr_records);
			if (n > 0) {
				nr_records += (size_t)n;
				take_records(records, &nr_records, on_record);
				if (nr_records == sizeof(records))
					nr_records = 0;	/* a line without end */
			} else {
				fds[1].fd = -1;
			}
		}
	}
	return true;
}

void child_run(char *const *argv, unsigned int timeout, void (*on_record)(char *line),
	       void (*on_output)(const char *text, size_t len), struct child_result *r)
{
	double began = now();
	int out[2], rec[2], status = 0;
	bool in_time;
	pid_t pid;

	memset(r, 0, sizeof(*r));
	keep_output(r, "", 0);
	if (pipe2(out, O_CLOEXEC) || pipe2(rec, O_CLOEXEC)) {
		r->how = CHILD_BROKEN;
		r->code = errno;
		return;
	}
	pid = fork();
	if (pid == 0)
		start(argv, out[1], rec[1]);
	if (pid > 0)
		setpgid(pid, pid);
	close(out[1]);
	close(rec[1]);
	if (pid < 0) {
		r->how = CHILD_BROKEN;
		r->code = errno;
		close(out[0]);
		close(rec[0]);
		return;
	}
	current = pid;
	in_time = collect(pid, out[0], rec[0], began + timeout, on_record, on_output, r);
	if (!in_time)
		kill(-pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	current = 0;
	kill(-pid, SIGKILL);	/* what it left behind in its group */
	close(out[0]);
	close(rec[0]);
	r->seconds = now() - began;
	r->how = !in_time ? CHILD_TIMEOUT : WIFSIGNALED(status) ? CHILD_SIGNALED : CHILD_EXITED;
	r->code = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
}

void child_free(struct child_result *r)
{
	free(r->output);
	r->output = NULL;
}
