/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The process around a test or benchmark: settings handed down by the runner,
 * and the two ways out of a test that library code may take.
 */
#ifndef KVMEM_ENV_H
#define KVMEM_ENV_H

#include <stdbool.h>
#include <stdint.h>

enum profile { PROFILE_QUICK, PROFILE_FULL, PROFILE_STRESS };

/**
 * env_profile - how much work the user asked for (KVMEM_PROFILE)
 *
 * Return: PROFILE_FULL when not said.
 */
enum profile env_profile(void);

/**
 * env_pick - choose an amount of work by profile
 * @quick: for --profile quick
 * @full: for --profile full
 * @stress: for --profile stress
 */
uint64_t env_pick(uint64_t quick, uint64_t full, uint64_t stress);

/**
 * env_seed - seed of everything random (KVMEM_SEED)
 *
 * Return: the user's seed, or 1.
 */
uint64_t env_seed(void);

/**
 * env_watchdog_s - seconds a guest may run without finishing its list
 * (KVMEM_WATCHDOG; 10 when not said: the slowest list that ends by itself takes
 * about one second under full emulation)
 */
unsigned int env_watchdog_s(void);

/**
 * env_plant - what every exit to userspace is to cost on top (KVMEM_PLANT)
 *
 * To prove that a gate finds it; the results say that it was there.
 *
 * Return: cycles, or instructions where they are counted; 0 when not said.
 */
uint64_t env_plant(void);

/**
 * env_guest_if - whether vCPUs begin with interrupts on (KVMEM_GUEST_IF=yes)
 *
 * There are none for the guest; some emulated CPUs keep those of the host away
 * from it otherwise.
 */
bool env_guest_if(void);

/** env_in_lab - whether this machine is the lab's own, and nobody else's (KVMEM_WHERE) */
bool env_in_lab(void);

/**
 * env_may_poison - whether a test may mark pages of this machine as broken
 *
 * In the lab (KVMEM_WHERE), or where the user says so (KVMEM_POISON=yes).
 */
bool env_may_poison(void);

/**
 * env_kernel_from - whether this kernel's release is @major.@minor or later
 *
 * For what no capability tells; a distribution's kernel may have got it earlier.
 */
bool env_kernel_from(int major, int minor);

/**
 * end_skip - leave the test: it can't run here
 * @fmt: which capability, flag, backend or privilege is missing
 */
void end_skip(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/**
 * end_never - end_skip() for what this kernel can't do at all, however often it
 * is asked: no capability, no such flag or VM type
 *
 * Out of a fixture's setup, no other test of that variant is tried (serve.h).
 */
void end_never(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/**
 * end_fail - leave the test: what was to be set up did not come about
 * @fmt: what happened, with the errno's text where there is one
 */
void end_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/**
 * env_end_hook - who is told before end_skip(), end_never() and end_fail() end the
 * process
 *
 * lib/harness/test.h points it at the harness, so that reasons reach the result line.
 * Arguments: exit code (4 skip, 1 failure), whether it will ever be so, and reason.
 */
extern void (*env_end_hook)(int code, bool never, const char *reason);

/**
 * diag - one diagnostic line on standard output, "# " in front (KTAP)
 */
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * env_read_long - a number from a one-line file of sysfs or procfs
 * @path: file
 * @missing: what to return when it can't be read
 */
long env_read_long(const char *path, long missing);

/**
 * env_kib - a size of a file with lines "KEY: NUMBER kB", as /proc/meminfo has them
 * @path: file
 * @key: before the colon
 *
 * Return: KiB, the last such line's; 0 when there is none.
 */
long env_kib(const char *path, const char *key);

/**
 * env_meminfo_kib - a size of /proc/meminfo, the latest
 * @key: before the colon
 *
 * What each CPU has counted by itself since it last told is told first, where this
 * user may have that done (root; /proc/sys/vm/stat_refresh).
 *
 * Return: KiB; 0 when there is no such size.
 */
long env_meminfo_kib(const char *key);

/**
 * env_read_word - the first line of a file, without the newline
 * @path: file
 * @buf: result, empty when the file can't be read
 * @size: of @buf
 *
 * Return: whether the file could be read.
 */
bool env_read_line(const char *path, char *buf, int size);

#endif /* KVMEM_ENV_H */
