/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One test after another by name, each in a fresh process, without executing the
 * program anew: under emulation that alone takes longer than most tests.
 */
#ifndef KVMEM_SERVE_H
#define KVMEM_SERVE_H

/* Descriptor on which a serving program answers; its requests come on 0. */
#define SERVE_ANSWERS "KVMEM_ANSWERS"

/* The answers, each a line with a number. */
#define SERVE_BEGAN "began "
#define SERVE_ENDED "ended "

/**
 * serve - run the tests that are asked for, until nobody asks any more
 * @run: runs the test of this name; its result is the exit code
 *
 * A request is a line with a name.  The answers to it are "began PID" and, when
 * that process has ended, "ended STATUS" as wait(2) has it.  What the test
 * writes goes where the program's output goes, and is there before the answer.
 *
 * A test whose variant has called serve_never() is not run, and has no "began".
 *
 * Return: exit code of the program.
 */
int serve(int (*run)(char *name));

/**
 * serve_never - say that every test of this one's variant will skip
 * @reason: what this kernel does not have, found out before the test itself began
 *
 * The program that serves does not run them any more: under emulation, and on a
 * kernel that has little, most of a run's time would go there.
 */
void serve_never(const char *reason);

#endif /* KVMEM_SERVE_H */
