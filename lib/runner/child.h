/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs a program, or one of its tests, in a separate process group with a timeout. */
#ifndef KVMEM_CHILD_H
#define KVMEM_CHILD_H

#include <stddef.h>

enum child_how {
	CHILD_EXITED,		/* code: exit status */
	CHILD_SIGNALED,		/* code: signal */
	CHILD_TIMEOUT,		/* killed after the timeout */
	CHILD_BROKEN,		/* could not be started, code: errno */
};

struct child_result {
	enum child_how how;
	int code;
	double seconds;
	char *output;		/* standard output and error, terminated */
	size_t len;
};

/**
 * child_run - run a program to its end
 * @argv: path and arguments
 * @timeout: seconds
 * @on_record: called with each complete line that the program writes to the
 *	descriptor named by EVENTS_FD_ENV, or NULL
 * @on_output: called with each chunk of output as it comes, or NULL
 * @r: result; child_free() it
 *
 * The program and its descendants are killed at the timeout and when this process
 * dies.  At most 256 KiB of output are kept.
 */
void child_run(char *const *argv, unsigned int timeout, void (*on_record)(char *line),
	       void (*on_output)(const char *text, size_t len), struct child_result *r);

/**
 * child_test - run one test of a program in a new process
 * @path: program with --serve (harness/serve.h); it keeps running for its next test, until
 *	a test of another program is run
 * @name: name of the test
 * @timeout: as in child_run()
 * @on_record: as in child_run()
 * @on_output: as in child_run()
 * @r: as in child_run()
 */
void child_test(const char *path, const char *name, unsigned int timeout,
		void (*on_record)(char *line),
		void (*on_output)(const char *text, size_t len), struct child_result *r);

/** child_forget - kill the program that child_test() has kept running */
void child_forget(void);

/**
 * child_free - free the output
 * @r: result of child_run() or child_test()
 */
void child_free(struct child_result *r);

/** child_kill_current - kill the running program, from a signal handler */
void child_kill_current(void);

#endif /* KVMEM_CHILD_H */
