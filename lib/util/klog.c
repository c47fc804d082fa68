// SPDX-License-Identifier: GPL-2.0-only
#include "util/klog.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/env.h"
#include "util/util.h"

static const char *const heads[] = {
	"WARNING:", "BUG:", "KASAN:", "UBSAN:", "KCSAN:", "Oops", "kernel BUG at",
	"general protection fault", "Unable to handle", "INFO: task", "INFO: rcu",
	"rcu: INFO:", "watchdog: BUG", "list_add corruption", "list_del corruption",
	"refcount_t:", "Kernel panic",
};

static bool names_kvm(const char *line)
{
	return strstr(line, "kvm") || strstr(line, "KVM") || strstr(line, "guest_memfd");
}

static bool is_head(const char *line)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heads); i++)
		if (!strncmp(line, heads[i], strlen(heads[i])))
			return true;
	return false;
}

void klog_end(struct klog_scan *s)
{
	if (s->in_splat && s->ours && !s->found[0])
		snprintf(s->found, sizeof(s->found), "%s", s->head);
	s->in_splat = false;
}

void klog_line(struct klog_scan *s, const char *line)
{
	/* "------------[ cut here ]------------" comes before the head. */
	if (is_head(line)) {
		klog_end(s);
		s->in_splat = true;
		s->splats++;
		s->ours = false;
		snprintf(s->head, sizeof(s->head), "%s", line);
	}
	if (!s->in_splat)
		return;
	/* Every splat lists the loaded modules, kvm among them. */
	if (strncmp(line, "Modules linked in:", 18) && names_kvm(line))
		s->ours = true;
	if (!strncmp(line, "---[ end ", 9))
		klog_end(s);
}

static int kmsg = -1;

/* A WARN_ONCE() that an earlier test has triggered would not fire again. */
static void warn_again(void)
{
	int fd = open("/sys/kernel/debug/clear_warn_once", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "1\n", 2) < 0)
		diag("clear_warn_once: %s", strerror(errno));
	close(fd);
}

void klog_mark(void)
{
	warn_again();
	if (kmsg < 0)
		kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (kmsg >= 0)
		lseek(kmsg, 0, SEEK_END);
}

bool klog_check(char *text, size_t size)
{
	struct klog_scan s = { .splats = 0 };
	char rec[8192];
	ssize_t n;

	text[0] = '\0';
	if (kmsg < 0)
		return false;
	for (;;) {
		char *line;

		n = read(kmsg, rec, sizeof(rec) - 1);
		if (n < 0 && errno == EPIPE)
			continue;	/* records were overwritten: continue with the oldest */
		if (n <= 0)
			break;
		rec[n] = '\0';
		/* "prio,seq,time,flags;text\n" and continuation lines */
		line = strchr(rec, ';');
		if (!line)
			continue;
		line++;
		line[strcspn(line, "\n")] = '\0';
		klog_line(&s, line);
	}
	klog_end(&s);
	snprintf(text, size, "%s", s.found);
	return s.found[0];
}
