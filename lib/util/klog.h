/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * New warnings of the kernel while a test runs: /dev/kmsg and the taint flags.
 */
#ifndef KVMEM_KLOG_H
#define KVMEM_KLOG_H

#include <stdbool.h>
#include <stddef.h>

/* State of a parser that is fed the kernel log line by line. */
struct klog_scan {
	char head[256];		/* first line of a splat in progress */
	bool in_splat, ours;
	char found[256];	/* first line of the first splat that is KVM's */
	unsigned int splats;	/* all of them, whoever's */
};

/**
 * klog_line - feed one line of the log (without time stamp)
 * @s: state, zeroed before the first line
 * @line: text
 *
 * A splat begins with WARNING:, BUG:, an oops, a KASAN report and the like.
 * It is KVM's when its head or its trace names KVM or guest_memfd: what
 * another part of the kernel complains about is not this suite's verdict.
 */
void klog_line(struct klog_scan *s, const char *line);

/** klog_end - the log ended; a splat in progress is decided now */
void klog_end(struct klog_scan *s);

/**
 * klog_mark - remember where the kernel log ends and the taint flags now
 *
 * With the privilege for it, warnings that come once (WARN_ONCE) are armed again,
 * those of other parts of the kernel too: /sys/kernel/debug/clear_warn_once.
 *
 * Does nothing where /dev/kmsg can't be read (no privilege): then nothing is
 * known, and klog_check() says so by returning false with an empty text.
 */
void klog_mark(void);

/**
 * klog_check - whether KVM has complained since klog_mark()
 * @text: first line of the complaint
 * @size: of @text
 */
bool klog_check(char *text, size_t size);

#endif /* KVMEM_KLOG_H */
