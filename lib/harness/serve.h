/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs tests by name, each in a forked process, without executing the program again:
 * under emulation execve() alone takes longer than most tests.
 */
#ifndef KVMEM_SERVE_H
#define KVMEM_SERVE_H

/* Environment variable: the descriptor for answers; requests are read from 0. */
#define SERVE_ANSWERS "KVMEM_ANSWERS"

/* The answers, each a line with a number. */
#define SERVE_BEGAN "began "
#define SERVE_ENDED "ended "

/**
 * serve - run the requested tests until end of file
 * @run: runs the test of this name; its result is the exit code
 *
 * A request is a line with a name.  The answers are "began PID" and, after the exit of
 * that process, "ended STATUS" with the status of wait(2).  All output of the test is
 * written before the last answer.
 *
 * A test whose variant has called serve_never() is not run, and has no answer "began".
 *
 * Return: exit code of the program.
 */
int serve(int (*run)(char *name));

/**
 * serve_never - declare that every test of this variant skips
 * @reason: the missing feature, found by the setup of the fixture
 *
 * The remaining tests of the variant are skipped without running them: on an old kernel
 * under emulation, their setups would take most of the time of a run.
 */
void serve_never(const char *reason);

#endif /* KVMEM_SERVE_H */
