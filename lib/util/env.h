/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Process environment of a test or benchmark: settings passed by the runner, and
 * the functions with which library code ends a test early.
 */
#ifndef KVMEM_ENV_H
#define KVMEM_ENV_H

#include <stdbool.h>
#include <stdint.h>

enum profile { PROFILE_QUICK, PROFILE_FULL, PROFILE_STRESS };

/**
 * env_profile - amount of work selected by the user (KVMEM_PROFILE)
 *
 * Return: PROFILE_FULL when unset.
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
 * env_seed - seed of all random choices (KVMEM_SEED)
 *
 * Return: 1 when unset.
 */
uint64_t env_seed(void);

/**
 * env_watchdog_s - time limit for a list of guest operations (KVMEM_WATCHDOG)
 *
 * The slowest list that ends by itself takes about one second under full emulation.
 *
 * Return: seconds, 10 when unset.
 */
unsigned int env_watchdog_s(void);

/**
 * env_plant - delay added to every exit to userspace (KVMEM_PLANT)
 *
 * Used to prove that the regression gate detects it.  The results record it.
 *
 * Return: cycles, or instructions where those are counted; 0 when unset.
 */
uint64_t env_plant(void);

/**
 * env_guest_if - whether vCPUs start with interrupts enabled (KVMEM_GUEST_IF=yes)
 *
 * The guest never receives an interrupt, but some emulated CPUs hold back host
 * interrupts while a guest runs with interrupts disabled.
 */
bool env_guest_if(void);

/** env_in_lab - whether this machine is a disposable lab VM (KVMEM_WHERE=lab) */
bool env_in_lab(void);

/**
 * env_may_poison - whether a test may hardware-poison pages of this machine
 *
 * Return: true in the lab (KVMEM_WHERE=lab), or with KVMEM_POISON=yes.
 */
bool env_may_poison(void);

/**
 * env_kernel_from - whether this kernel's release is @major.@minor or later
 *
 * For behaviour that no capability announces.  A distribution kernel may have a
 * backport in an older release.
 */
bool env_kernel_from(int major, int minor);

/**
 * end_skip - end the test as a skip: it can't run here
 * @fmt: the missing capability, flag, backend or privilege
 */
void end_skip(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/**
 * end_never - end_skip() for a feature that this kernel lacks: no capability, no
 * such flag or VM type
 * @fmt: the missing feature
 *
 * When called from a fixture's setup, the remaining tests of that variant are
 * skipped without running (serve.h).
 */
void end_never(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/**
 * end_fail - end the test as failed: setup failed
 * @fmt: the failed operation, with the text of errno if it was set
 */
void end_fail(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

/**
 * env_end_hook - called before end_skip(), end_never() and end_fail() end the process
 *
 * Set by lib/harness/test.h to put the reason into the result line.  Arguments:
 * exit code (4 skip, 1 failure), whether end_never() was called, reason.
 */
extern void (*env_end_hook)(int code, bool never, const char *reason);

/**
 * diag - print one KTAP diagnostic line ("# " prefix) to standard output
 */
void diag(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/**
 * env_read_long - read a number from a one-line file of sysfs or procfs
 * @path: file
 * @missing: returned when the file can't be read or holds no number
 */
long env_read_long(const char *path, long missing);

/**
 * env_kib - read a size from a file with lines "KEY: NUMBER kB", like /proc/meminfo
 * @path: file
 * @key: text before the colon
 *
 * Return: KiB, from the last matching line; 0 without one.
 */
long env_kib(const char *path, const char *key);

/**
 * env_meminfo_kib - read a size from /proc/meminfo
 * @key: text before the colon
 *
 * For root, the per-CPU counters are folded into the global ones first
 * (/proc/sys/vm/stat_refresh).
 *
 * Return: KiB; 0 without such a line.
 */
long env_meminfo_kib(const char *key);

/**
 * env_read_line - read the first line of a file, without the newline
 * @path: file
 * @buf: result, empty when the file can't be read
 * @size: of @buf
 *
 * Return: whether the file could be read.
 */
bool env_read_line(const char *path, char *buf, int size);

#endif /* KVMEM_ENV_H */
