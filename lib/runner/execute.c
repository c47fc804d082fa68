// SPDX-License-Identifier: GPL-2.0-only
#include "execute.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/reboot.h>
#include <sys/utsname.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "util/jsonw.h"
#include "child.h"
#include "hostinfo.h"
#include "perf.h"
#include "suite.h"
#include "util/events.h"
#include "verdict.h"

static volatile sig_atomic_t stopped;
static const char *current_name;

static void on_stop(int sig)
{
	stopped = sig;
	child_kill_current();
}

/* If the stream has no reader, exit. */
static void emit(struct jsonw *j)
{
	if (!jsonw_send(j, 1)) {
		child_kill_current();
		_exit(2);
	}
}

static void begin_event(struct jsonw *j, const char *event)
{
	jsonw_open(j);
	jsonw_str(j, FIELD_EVENT, event);
}

/*
 * The start of an item must be known even if the machine crashes with it: wait until
 * a serial line has transmitted it.
 */
static void emit_begin(struct jsonw *j)
{
	emit(j);
	if (isatty(1))
		tcdrain(1);
}

/* --- the run event ------------------------------------------------------- */

static void emit_ids(struct jsonw *j, const char *ids)
{
	char copy[256], *id, *save = NULL;

	snprintf(copy, sizeof(copy), "%s", ids);
	jsonw_push(j, FIELD_BEHAVIOURS, '[');
	for (id = strtok_r(copy, " ", &save); id; id = strtok_r(NULL, " ", &save))
		jsonw_str(j, NULL, id);
	jsonw_pop(j, '[');
}

static unsigned long replicates_of(const struct options *o, const struct plan_item *it)
{
	return it->replicates && it->replicates < o->replicates ? it->replicates : o->replicates;
}

/* The notes of --note, which describe the lab's machine. */
static void emit_notes(struct jsonw *j, const struct options *o)
{
	char key[64];
	size_t i;

	if (!o->nr_notes)
		return;
	jsonw_push(j, FIELD_LAB, '{');
	for (i = 0; i < o->nr_notes; i++) {
		const char *value = strchr(o->notes[i], '=') + 1;

		snprintf(key, sizeof(key), "%.*s", (int)(value - 1 - o->notes[i]), o->notes[i]);
		jsonw_str(j, key, value);
	}
	jsonw_pop(j, '{');
}

static void emit_run(const struct options *o, const struct plan *plan)
{
	time_t t = time(NULL);
	char started[32], id[128], stamp[32], suite[32];
	struct utsname u;
	struct jsonw j;
	size_t i;

	uname(&u);
	strftime(started, sizeof(started), "%Y-%m-%dT%H:%M:%SZ", gmtime(&t));
	strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", gmtime(&t));
	snprintf(id, sizeof(id), "%s-%s", stamp, u.release);
	begin_event(&j, EVENT_RUN);
	jsonw_u64(&j, FIELD_STREAM, EVENTS_VERSION);
	jsonw_str(&j, FIELD_ID, id);
	jsonw_str(&j, FIELD_STARTED, o->started ? o->started : started);
	jsonw_str(&j, FIELD_PROFILE, o->profile);
	jsonw_u64(&j, FIELD_SEED, o->seed);
	jsonw_str(&j, FIELD_WHERE, o->where);
	jsonw_bool(&j, FIELD_EXACT, o->exact);
	if (o->uapi)
		jsonw_str(&j, FIELD_UAPI, o->uapi);
	suite_id(plan, suite, sizeof(suite));
	if (suite[0])
		jsonw_str(&j, FIELD_SUITE, suite);
	/* Artificially slowed results must be recognisable. */
	if (o->plant)
		jsonw_str(&j, FIELD_PLANTED, o->plant);
	hostinfo_write(&j);
	emit_notes(&j, o);
	jsonw_push(&j, FIELD_PLAN, '[');
	for (i = 0; i < plan->nr; i++) {
		const struct plan_item *it = &plan->items[i];

		jsonw_push(&j, NULL, '{');
		jsonw_str(&j, FIELD_KIND, it->bench ? KIND_BENCH : KIND_TEST);
		jsonw_str(&j, FIELD_NAME, it->name);
		/* A single replayed sequence does not check the behaviours of the test. */
		emit_ids(&j, o->replay ? "" : it->behaviours);
		if (it->bench)
			jsonw_u64(&j, FIELD_REPLICATES, replicates_of(o, it));
		if (it->elsewhere)
			jsonw_bool(&j, FIELD_ELSEWHERE, true);
		jsonw_pop(&j, '{');
	}
	jsonw_pop(&j, '[');
	emit(&j);
}

/* --- items --------------------------------------------------------------- */

/* Events of programs are passed on unchanged. */
static void on_record(char *line)
{
	if (line[0] == '{')
		dprintf(1, "%s\n", line);
}

static void on_output(const char *text, size_t len)
{
	struct jsonw j;

	begin_event(&j, EVENT_OUTPUT);
	jsonw_str(&j, FIELD_NAME, current_name);
	jsonw_strn(&j, FIELD_TEXT, text, len);
	emit(&j);
}

/* On a host only new messages; in a lab all, since the kernel was booted for this run. */
static void pass_kernel_log(const struct options *o)
{
	static int fd = -2;
	char rec[8192], *text;
	struct jsonw j;
	ssize_t n;

	if (fd == -2) {
		fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && strcmp(o->where, WHERE_LAB))
			lseek(fd, 0, SEEK_END);
	}
	if (fd < 0)
		return;
	for (;;) {
		n = read(fd, rec, sizeof(rec) - 1);
		if (n < 0 && errno == EPIPE)
			continue;
		if (n <= 0)
			return;
		rec[n] = '\0';
		text = strchr(rec, ';');
		if (!text)
			continue;
		text++;
		text[strcspn(text, "\n")] = '\0';
		begin_event(&j, EVENT_KLOG);
		jsonw_str(&j, FIELD_TEXT, text);
		emit(&j);
	}
}

static void begin_item(struct jsonw *j, const char *event, const struct plan_item *it,
		       unsigned long replicate)
{
	begin_event(j, event);
	jsonw_str(j, FIELD_NAME, it->name);
	if (it->bench)
		jsonw_u64(j, FIELD_REPLICATE, replicate);
}

static void emit_end(const struct plan_item *it, unsigned long replicate, const char *status,
		     const char *reason, double seconds)
{
	struct jsonw j;

	begin_item(&j, EVENT_END, it, replicate);
	jsonw_str(&j, FIELD_STATUS, status);
	jsonw_str(&j, FIELD_REASON, reason);
	jsonw_num(&j, FIELD_DURATION, seconds);
	if (it->bench && !strcmp(status, VERDICT_SKIP))
		jsonw_bool(&j, FIELD_LAST, true);
	emit(&j);
}

/* Return: false if it was skipped; further replicates would skip too. */
static bool run_item(const struct options *o, const struct plan_item *it, unsigned long replicate)
{
	char rep[32], *bench[] = { it->path, "--run", it->arg, "--replicate", rep, NULL };
	unsigned int timeout = (unsigned int)o->timeout;
	struct child_result r;
	struct verdict v;
	struct jsonw j;

	snprintf(rep, sizeof(rep), "%lu", replicate);
	current_name = it->name;
	begin_item(&j, EVENT_START, it, replicate);
	emit_begin(&j);

	/* The harness's own timeout comes first, since its message has more details. */
	if (it->bench)
		child_run(bench, timeout, on_record, on_output, &r);
	else
		child_test(it->path, it->arg, timeout + 5, on_record, on_output, &r);
	if (stopped)
		return false;
	verdict_of(&r, timeout, &v);
	pass_kernel_log(o);
	emit_end(it, replicate, v.status, v.reason, r.seconds);
	child_free(&r);
	return strcmp(v.status, VERDICT_SKIP);
}

/* With --mutants the items are the seeded bugs. */
static void run_mutant(const struct options *o, struct mutation *m, const struct plan_item *it)
{
	struct timespec from, to;
	bool by_random = false;
	struct verdict v;
	struct jsonw j;

	current_name = it->name;
	begin_item(&j, EVENT_START, it, 0);
	emit_begin(&j);
	clock_gettime(CLOCK_MONOTONIC, &from);
	mutation_run(m, it->name, (unsigned int)o->timeout, on_output, &by_random, &v);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (stopped)
		return;
	pass_kernel_log(o);
	begin_event(&j, EVENT_OBSERVATION);
	jsonw_str(&j, FIELD_NAME, OBSERVED_BY_RANDOM);
	jsonw_bool(&j, FIELD_VALUE, by_random);
	emit(&j);
	emit_end(it, 0, v.status, v.reason, (double)(to.tv_sec - from.tv_sec) +
		 (double)(to.tv_nsec - from.tv_nsec) / 1e9);
}

/* The profile quick runs each test in the first variant that does not skip. */
static bool left_out(const struct options *o, const struct plan *plan, size_t item,
		     const bool *ran)
{
	size_t i;

	if (strcmp(o->profile, PROFILE_NAME_QUICK))
		return false;
	for (i = item; i-- > 0 && !strcmp(plan->items[i].path, plan->items[item].path);)
		if (ran[i] && plan_same_test(&plan->items[i], &plan->items[item]))
			return true;
	return false;
}

static void emit_omit(const struct plan_item *it)
{
	struct jsonw j;

	begin_item(&j, EVENT_OMIT, it, 0);
	emit(&j);
}

/*
 * Hold a VM while tests run in a lab.  Otherwise each test creates the first VM and
 * destroys the last one; enabling and disabling virtualization, with its static keys,
 * then takes longer under emulation than most tests.
 */
static int hold_vm(const struct options *o)
{
	int dev, vm, vcpu;

	if (strcmp(o->where, WHERE_LAB))
		return -1;
	dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (dev < 0)
		return -1;
	vm = ioctl(dev, KVM_CREATE_VM, 0);
	close(dev);
	if (vm < 0)
		return -1;
	/* The vCPU exists until the VM is destroyed, even without a descriptor. */
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu >= 0)
		close(vcpu);
	return vm;
}

/* The host boots the lab's machine again, for the rest of the plan. */
static void restart(void)
{
	tcdrain(STDOUT_FILENO);
	reboot(RB_POWER_OFF);
}

static void run_tests(const struct options *o, struct plan *plan)
{
	struct mutation *m = o->mutation;
	bool *ran = calloc(plan->nr + 1, sizeof(*ran));
	int held = hold_vm(o);
	size_t i;

	if (!ran)
		abort();
	for (i = 0; i < plan->nr && !stopped; i++) {
		if (m)
			run_mutant(o, m, &plan->items[i]);
		if (m && mutation_damaged(m) && !strcmp(o->where, WHERE_LAB))
			restart();
		else if (m)
			continue;
		else if (plan->items[i].bench || plan->items[i].elsewhere)
			continue;
		else if (left_out(o, plan, i, ran))
			emit_omit(&plan->items[i]);
		else
			ran[i] = run_item(o, &plan->items[i], 0);
	}
	child_forget();
	free(ran);
	if (held >= 0)
		close(held);
}

static bool replicate_due(const struct options *o, const struct plan_item *it, unsigned long rep)
{
	return it->bench && !it->elsewhere && !it->skipped && rep >= it->first &&
	       rep < replicates_of(o, it);
}

/* Replicates of different benchmarks alternate, so that drift affects all of them. */
static void run_benchmarks(const struct options *o, struct plan *plan)
{
	struct plan_item *it;
	unsigned long rep;

	for (rep = 0; rep < o->replicates && !stopped; rep++)
		for (it = plan->items; it < plan->items + plan->nr && !stopped; it++)
			if (replicate_due(o, it, rep))
				it->skipped = !run_item(o, it, rep);
}

static void run_perf(const struct options *o, const struct plan *plan)
{
	size_t i;

	if (!o->perf)
		return;
	for (i = 0; i < plan->nr && !stopped; i++)
		if (plan->items[i].bench)
			perf_item(&plan->items[i], (unsigned int)o->timeout);
	perf_close();
}

int run_plan(const struct options *o, struct plan *plan)
{
	struct sigaction stop = { .sa_handler = on_stop };
	struct jsonw j;

	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	if (o->perf && !perf_open(o->perf))
		return 2;
	if (!o->resume)
		emit_run(o, plan);
	pass_kernel_log(o);
	run_tests(o, plan);
	run_benchmarks(o, plan);
	run_perf(o, plan);
	if (stopped)
		return 128 + stopped;
	begin_event(&j, EVENT_DONE);
	jsonw_bool(&j, FIELD_COMPLETE, true);
	emit(&j);
	return 0;
}
