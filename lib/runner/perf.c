// SPDX-License-Identifier: GPL-2.0-only
#include "perf.h"

#include <errno.h>
#include <inttypes.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "util/events.h"

static struct {
	const char *dir;
	FILE *table;
	unsigned int agree, differ;
	unsigned int silent;	/* benchmarks with exits, none of which was traced */
	/* From the program's exits event: */
	bool recorded;		/* the program wrote one */
	uint64_t by_kvm;	/* exits by KVM's statistics */
	unsigned int vcpus;
} perf;

static void on_record(char *line)
{
	static const char form[] = "{\"" FIELD_EVENT "\":\"" EVENT_EXITS "\",\"" FIELD_N
				   "\":%" SCNu64 ",\"" FIELD_VCPUS "\":%u";

	if (sscanf(line, form, &perf.by_kvm, &perf.vcpus) == 2)
		perf.recorded = true;
}

static bool run(char *const *argv, unsigned int timeout, struct child_result *r)
{
	perf.recorded = false;
	child_run(argv, timeout, on_record, NULL, r);
	return r->how == CHILD_EXITED && r->code == 0;
}

static void first_line(const char *text)
{
	fprintf(stderr, "kvmem-run: perf: %.*s\n", (int)strcspn(text, "\n"), text);
}

bool perf_open(const char *dir)
{
	char path[4096], *argv[] = { "perf", "stat", "-x,", "-e", "kvm:kvm_exit", "true", NULL };
	struct child_result r;
	bool ok;

	if (mkdir(dir, 0777) && errno != EEXIST) {
		fprintf(stderr, "kvmem-run: %s: %s\n", dir, strerror(errno));
		return false;
	}
	/* If tracefs is not mounted, perf mounts it: keep that out of the host's namespace. */
	if (!unshare(CLONE_NEWNS))
		mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
	ok = run(argv, 30, &r);
	if (!ok || strstr(r.output ? r.output : "", "<not")) {
		fprintf(stderr, "kvmem-run: perf cannot count kvm:kvm_exit: this needs root, or "
				"kernel.perf_event_paranoid=-1 and a readable /sys/kernel/tracing\n");
		if (r.output)
			first_line(r.output);
		child_free(&r);
		return false;
	}
	child_free(&r);
	snprintf(path, sizeof(path), "%s/exits.tsv", dir);
	perf.table = fopen(path, "we");
	if (!perf.table) {
		fprintf(stderr, "kvmem-run: %s: %s\n", path, strerror(errno));
		return false;
	}
	fputs("benchmark\tperf stat\tKVM\tperf kvm stat\tKVM\n", perf.table);
	perf.dir = dir;
	return true;
}

/* From the first line with @word: its first number, or the one after @word. */
static bool number_of(const char *path, const char *word, bool after, uint64_t *n)
{
	char line[1024], *at;
	bool found = false;
	FILE *f = fopen(path, "re");

	if (!f)
		return false;
	while (!found && fgets(line, sizeof(line), f)) {
		at = strstr(line, word);
		found = at && sscanf(after ? at + strlen(word) : line, " %" SCNu64, n) == 1;
	}
	fclose(f);
	return found;
}

/* perf stat: "2103,,kvm:kvm_exit,..." */
static bool count(const struct plan_item *it, unsigned int timeout, uint64_t *exits)
{
	char path[4096];
	char *argv[] = { "perf", "stat", "-x,", "-o", path, "-e", "kvm:*", "--", it->path,
			 "--run", it->arg, NULL };
	struct child_result r;
	bool ok;

	snprintf(path, sizeof(path), "%s/%s.stat", perf.dir, it->name);
	ok = run(argv, timeout, &r);
	child_free(&r);
	if (!ok || !perf.recorded) {
		unlink(path);
		return false;
	}
	return number_of(path, ",kvm:kvm_exit,", false, exits);
}

/*
 * perf kvm stat: "Total Samples:2103, Total events handled time:...us."  A sample
 * lasts from an exit to the next entry, so the last exit of a vCPU is not counted.
 */
static bool times(const struct plan_item *it, unsigned int timeout, uint64_t *exits)
{
	char data[4096], table[4096];
	/* Do not copy the traced binaries to ~/.debug. */
	char *record[] = { "perf", "--buildid-dir", "/dev/null", "kvm", "stat", "record", "-o", data,
			   "--", it->path, "--run", it->arg, NULL };
	char *report[] = { "perf", "--buildid-dir", "/dev/null", "kvm", "-i", data, "stat", "report",
			   NULL };
	struct child_result r;
	FILE *f;
	bool ok;

	snprintf(data, sizeof(data), "%s/%s.data", perf.dir, it->name);
	snprintf(table, sizeof(table), "%s/%s.kvm", perf.dir, it->name);
	ok = run(record, timeout, &r) && perf.recorded;
	child_free(&r);
	if (ok) {
		ok = run(report, timeout, &r);
		f = ok ? fopen(table, "we") : NULL;
		ok = f && fputs(r.output ? r.output : "", f) >= 0;
		if (f)
			fclose(f);
		child_free(&r);
	}
	unlink(data);
	if (!ok || !number_of(table, "Total Samples:", true, exits))
		return false;
	*exits += perf.vcpus;
	return true;
}

/* Compare a count of perf with KVM's count for the same process. */
static bool compare(const struct plan_item *it, const char *by, uint64_t exits)
{
	fprintf(perf.table, "\t%" PRIu64 "\t%" PRIu64, exits, perf.by_kvm);
	if (exits == perf.by_kvm)
		return true;
	fprintf(stderr, "kvmem-run: perf: %s: %" PRIu64 " exits by %s, %" PRIu64
			" by KVM's statistics\n", it->name, exits, by, perf.by_kvm);
	return false;
}

void perf_item(const struct plan_item *it, unsigned int timeout)
{
	bool counted, same;
	uint64_t exits;

	setenv("KVMEM_COUNT_EXITS", "1", 1);
	counted = count(it, timeout, &exits) && perf.vcpus;
	if (counted && !exits && perf.by_kvm) {
		perf.silent++;
	} else if (counted) {
		fputs(it->name, perf.table);
		same = compare(it, "perf stat", exits);
		if (times(it, timeout, &exits))
			same &= compare(it, "perf kvm stat", exits);
		fputc('\n', perf.table);
		perf.agree += same;
		perf.differ += !same;
	}
	unsetenv("KVMEM_COUNT_EXITS");
}

void perf_close(void)
{
	if (perf.silent)
		fprintf(stderr, "kvmem-run: perf: benchmarks with exits but no kvm:kvm_exit: %u (this "
				"KVM does not trace it)\n", perf.silent);
	fprintf(stderr, "kvmem-run: perf and KVM's statistics count the same exits for %u of %u "
			"benchmarks: %s/exits.tsv\n", perf.agree,
		perf.agree + perf.differ, perf.dir);
	fclose(perf.table);
}
