/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Kernel warnings logged while a test runs, read from /dev/kmsg.
 */
#ifndef KVMEM_KLOG_H
#define KVMEM_KLOG_H

#include <stdbool.h>
#include <stddef.h>

/* State of the parser, which takes the kernel log line by line. */
struct klog_scan {
	char head[256];		/* first line of a splat in progress */
	bool in_splat, ours;
	char found[256];	/* first line of the first splat that is KVM's */
	unsigned int splats;	/* number of splats, KVM's and others */
};

/**
 * klog_line - parse one line of the log (without time stamp)
 * @s: state, zeroed before the first line
 * @line: text
 *
 * A splat begins with WARNING:, BUG:, an oops, a KASAN report and the like.
 * It is KVM's when its first line or its trace contains "kvm", "KVM" or
 * "guest_memfd".  Splats of other subsystems do not fail a test.
 */
void klog_line(struct klog_scan *s, const char *line);

/** klog_end - end of the log: classify a splat in progress */
void klog_end(struct klog_scan *s);

/**
 * klog_mark - remember the current end of the kernel log
 *
 * With sufficient privilege, all WARN_ONCE() and similar are re-armed
 * (/sys/kernel/debug/clear_warn_once).
 *
 * Without the privilege to read /dev/kmsg this does nothing, and klog_check()
 * always returns false.
 */
void klog_mark(void);

/**
 * klog_check - whether KVM has logged a splat since klog_mark()
 * @text: set to the first line of the first such splat, or to an empty string
 * @size: of @text
 */
bool klog_check(char *text, size_t size);

#endif /* KVMEM_KLOG_H */
