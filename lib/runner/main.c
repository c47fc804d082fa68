// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmem-run: runs the installed tests and benchmarks and tells what happens as
 * a stream of events on standard output, one JSON object per line.  It needs
 * nothing on the target but a kernel, so the same binary serves a host and a
 * virtual machine of the lab; kvmem-report makes a results folder of the
 * stream.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/kvm.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "../env.h"
#include "../jsonw.h"
#include "child.h"
#include "hostinfo.h"
#include "mutation.h"
#include "plan.h"
#include "suite.h"
#include "verdict.h"

#define MAX_NOTES 16

struct options {
	bool list, probe, tests, bench;
	const char *profile, *where, *dir;
	unsigned long seed, timeout, replicates;
	bool exact;
	const char *started;	/* when, if this machine's clock can't tell */
	const char *items;	/* file of the names to run */
	const char *replay;	/* file for model_random */
	const char *plant;	/* a delay on purpose, see env_plant() */
	const char *uapi;	/* other numbers than those of configs/proposed_uapi.conf */
	bool resume;		/* the stream has its "run" event already */
	const char *mutants;	/* table of seeded bugs to find, instead of a usual run */
	struct mutation *mutation;
	const char *notes[MAX_NOTES];	/* "key=value" */
	size_t nr_notes;
};

static volatile sig_atomic_t stopped;
static const char *current_name;

static void on_stop(int sig)
{
	stopped = sig;
	child_kill_current();
}

/* The stream is the only way out: when nobody reads it, there is nothing to do. */
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
	jsonw_str(j, "event", event);
}

/* --- the run ------------------------------------------------------------- */

static void emit_ids(struct jsonw *j, const char *ids)
{
	char copy[256], *id, *save = NULL;

	snprintf(copy, sizeof(copy), "%s", ids);
	jsonw_push(j, "behaviours", '[');
	for (id = strtok_r(copy, " ", &save); id; id = strtok_r(NULL, " ", &save))
		jsonw_str(j, NULL, id);
	jsonw_pop(j, '[');
}

static unsigned long replicates_of(const struct options *o, const struct item *it)
{
	return it->replicates && it->replicates < o->replicates ? it->replicates : o->replicates;
}

/* What only the surroundings know: how a lab's machine was made. */
static void emit_notes(struct jsonw *j, const struct options *o)
{
	char key[64];
	size_t i;

	if (!o->nr_notes)
		return;
	jsonw_push(j, "lab", '{');
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
	begin_event(&j, "run");
	jsonw_str(&j, "id", id);
	jsonw_str(&j, "started", o->started ? o->started : started);
	jsonw_str(&j, "profile", o->profile);
	jsonw_u64(&j, "seed", o->seed);
	jsonw_str(&j, "where", o->where);
	jsonw_bool(&j, "exact", o->exact);
	if (o->uapi)
		jsonw_str(&j, "uapi", o->uapi);
	suite_id(plan, suite, sizeof(suite));
	if (suite[0])
		jsonw_str(&j, "suite", suite);
	/* A result that was made worse on purpose must not be taken for a real one. */
	if (o->plant)
		jsonw_str(&j, "planted", o->plant);
	hostinfo_write(&j);
	emit_notes(&j, o);
	jsonw_push(&j, "plan", '[');
	for (i = 0; i < plan->nr; i++) {
		const struct item *it = &plan->items[i];

		jsonw_push(&j, NULL, '{');
		jsonw_str(&j, "kind", it->bench ? "bench" : "test");
		jsonw_str(&j, "name", it->name);
		/* One sequence of steps is no check of all that the test is for. */
		emit_ids(&j, o->replay ? "" : it->behaviours);
		if (it->bench)
			jsonw_u64(&j, "replicates", replicates_of(o, it));
		jsonw_pop(&j, '{');
	}
	jsonw_pop(&j, '[');
	emit(&j);
}

/* Programs write whole records; they are passed on as they are. */
static void on_record(char *line)
{
	if (line[0] == '{')
		dprintf(1, "%s\n", line);
}

static void on_output(const char *text, size_t len)
{
	struct jsonw j;

	begin_event(&j, "output");
	jsonw_str(&j, "name", current_name);
	jsonw_strn(&j, "text", text, len);
	emit(&j);
}

/* On a host only what comes from now on; a lab's kernel began for this run. */
static void pass_kernel_log(const struct options *o)
{
	static int fd = -2;
	char rec[8192], *text;
	struct jsonw j;
	ssize_t n;

	if (fd == -2) {
		fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0 && strcmp(o->where, "lab"))
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
		begin_event(&j, "klog");
		jsonw_str(&j, "text", text);
		emit(&j);
	}
}

/* Returns whether it did not skip: further replicates make no sense if it did. */
static bool run_item(const struct options *o, const struct item *it, unsigned long replicate)
{
	char rep[32], *bench[] = { it->path, "--run", it->arg, "--replicate", rep, NULL };
	unsigned int timeout = (unsigned int)o->timeout;
	struct child_result r;
	struct verdict v;
	struct jsonw j;
	bool skipped;

	snprintf(rep, sizeof(rep), "%lu", replicate);
	current_name = it->name;
	begin_event(&j, "start");
	jsonw_str(&j, "name", it->name);
	if (it->bench)
		jsonw_u64(&j, "replicate", replicate);
	emit(&j);

	/* The harness has its own timeout and says more: let it be first. */
	if (it->bench)
		child_run(bench, timeout, on_record, on_output, &r);
	else
		child_test(it->path, it->arg, timeout + 5, on_record, on_output, &r);
	if (stopped)
		return false;
	verdict_of(&r, timeout, &v);
	pass_kernel_log(o);
	begin_event(&j, "end");
	jsonw_str(&j, "name", it->name);
	if (it->bench)
		jsonw_u64(&j, "replicate", replicate);
	jsonw_str(&j, "status", v.status);
	jsonw_str(&j, "reason", v.reason);
	jsonw_num(&j, "duration_s", r.seconds);
	skipped = !strcmp(v.status, "skip");
	if (skipped)
		jsonw_bool(&j, "last", true);
	emit(&j);
	child_free(&r);
	return !skipped;
}

/* The tests are the means here, and the bugs the items. */
static void run_mutant(const struct options *o, struct mutation *m, const struct item *it)
{
	struct timespec from, to;
	bool by_random = false;
	struct verdict v;
	struct jsonw j;

	current_name = it->name;
	begin_event(&j, "start");
	jsonw_str(&j, "name", it->name);
	emit(&j);
	clock_gettime(CLOCK_MONOTONIC, &from);
	mutation_run(m, it->name, (unsigned int)o->timeout, on_output, &by_random, &v);
	clock_gettime(CLOCK_MONOTONIC, &to);
	if (stopped)
		return;
	pass_kernel_log(o);
	begin_event(&j, "observation");
	jsonw_str(&j, "name", "found_by_random_test");
	jsonw_bool(&j, "value", by_random);
	emit(&j);
	begin_event(&j, "end");
	jsonw_str(&j, "name", it->name);
	jsonw_str(&j, "status", v.status);
	jsonw_str(&j, "reason", v.reason);
	jsonw_num(&j, "duration_s", (double)(to.tv_sec - from.tv_sec) +
		  (double)(to.tv_nsec - from.tv_nsec) / 1e9);
	emit(&j);
}

/* Whether two names are of the same test, "fixture.variant.test", in two variants. */
static bool same_test(const char *a, const char *b)
{
	const char *variant_a = strchr(a, '.'), *variant_b = strchr(b, '.');
	const char *test_a = strrchr(a, '.'), *test_b = strrchr(b, '.');

	return variant_a && variant_b && test_a > variant_a && test_b > variant_b &&
	       variant_a - a == variant_b - b && !strncmp(a, b, (size_t)(variant_a - a)) &&
	       !strcmp(test_a, test_b);
}

/* The profile quick has each test once: in the first variant that does not skip. */
static bool quickly_done(const struct options *o, const struct plan *plan, size_t item,
			 const bool *ran)
{
	size_t i;

	if (strcmp(o->profile, "quick"))
		return false;
	for (i = item; i-- > 0 && !strcmp(plan->items[i].path, plan->items[item].path);)
		if (ran[i] && same_test(plan->items[i].arg, plan->items[item].arg))
			return true;
	return false;
}

static void leave_out(const struct item *it)
{
	struct jsonw j;

	begin_event(&j, "start");
	jsonw_str(&j, "name", it->name);
	emit(&j);
	begin_event(&j, "end");
	jsonw_str(&j, "name", it->name);
	jsonw_str(&j, "status", "skip");
	jsonw_str(&j, "reason", "the profile quick has it in another variant");
	jsonw_num(&j, "duration_s", 0);
	emit(&j);
}

/*
 * A VM that is there as long as tests run: without it each test's is the first
 * and the last one, and under emulation switching the hardware on and off, and
 * patching the code of the scheduler for it, takes longer than most tests.
 */
static int hold_vm(const struct options *o)
{
	int dev, vm = -1;

	if (strcmp(o->where, "lab"))
		return -1;
	dev = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	if (dev >= 0)
		vm = ioctl(dev, KVM_CREATE_VM, 0);
	if (vm >= 0)
		close(ioctl(vm, KVM_CREATE_VCPU, 0));
	close(dev);
	return vm;
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
		else if (plan->items[i].bench)
			continue;
		else if (quickly_done(o, plan, i, ran))
			leave_out(&plan->items[i]);
		else
			ran[i] = run_item(o, &plan->items[i], 0);
	}
	free(ran);
	if (held >= 0)
		close(held);
}

static int run_plan(const struct options *o, struct plan *plan)
{
	unsigned long rep;
	struct jsonw j;
	size_t i;

	if (!o->resume)
		emit_run(o, plan);
	pass_kernel_log(o);
	run_tests(o, plan);
	/* Replicates of different benchmarks alternate: drift hits all alike. */
	for (rep = 0; rep < o->replicates && !stopped; rep++)
		for (i = 0; i < plan->nr && !stopped; i++)
			if (plan->items[i].bench && rep >= plan->items[i].first &&
			    rep < replicates_of(o, &plan->items[i]) &&
			    !run_item(o, &plan->items[i], rep))
				plan->items[i].replicates = 1;
	if (stopped)
		return 128 + stopped;
	begin_event(&j, "done");
	jsonw_bool(&j, "complete", true);
	emit(&j);
	return 0;
}

/* --- what this host can do ----------------------------------------------- */

static int probe(void)
{
	const char *path = getenv("KVMEM_DEV") ? getenv("KVMEM_DEV") : "/dev/kvm";
	int dev = open(path, O_RDWR | O_CLOEXEC), vm, vcpu;

	if (dev < 0) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return 4;
	}
	if (ioctl(dev, KVM_GET_API_VERSION, 0) != KVM_API_VERSION) {
		fprintf(stderr, "%s is not a KVM device\n", path);
		return 4;
	}
	vm = ioctl(dev, KVM_CREATE_VM, 0);
	if (vm < 0) {
		fprintf(stderr, "KVM_CREATE_VM: %s\n", strerror(errno));
		return 2;
	}
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	if (vcpu < 0) {
		fprintf(stderr, "KVM_CREATE_VCPU: %s\n", strerror(errno));
		return 2;
	}
	return 0;
}

static int list(const struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->nr; i++)
		printf("%s\t%s\t%s\n", plan->items[i].bench ? "bench" : "test",
		       plan->items[i].name, plan->items[i].behaviours);
	return 0;
}

/* --- arguments ----------------------------------------------------------- */

static int usage(FILE *f)
{
	fputs("usage: kvmem-run [--tests] [--bench] [OPTION...] [PATTERN...]\n"
	      "       kvmem-run --list | --probe\n"
	      "  --profile quick|full|stress   how much work\n"
	      "  --seed N                      for everything random\n"
	      "  --timeout S                   for one test or replicate (30)\n"
	      "  --replicates N                fresh processes per benchmark (10)\n"
	      "  --where host|lab  --exact     noted in the results\n"
	      "  --note KEY=VALUE              likewise, may be given several times\n"
	      "  --started TIME                likewise, in place of this machine's clock\n"
	      "  --replay FILE                 the sequence that model_random is to run\n"
	      "  --uapi 'NAME=N ...'           numbers of proposed interfaces\n"
	      "  --plant N                     make every exit dearer on purpose, by N cycles\n"
	      "  --mutants TABLE               run the tests against seeded bugs of this kernel;\n"
	      "                                PATTERNs are for mutants then\n"
	      "  --items FILE                  the exact names to run, one a line\n"
	      "  --resume                      the stream goes on: no event for its begin\n"
	      "  --dir DIR                     programs; default: beside this one\n", f);
	return 2;
}

static bool number(const char *s, unsigned long min, unsigned long *value)
{
	char *end;

	errno = 0;
	*value = strtoul(s, &end, 0);
	return !errno && end != s && !*end && *value >= min && s[0] != '-';
}

static const struct option longopts[] = {
	{ "list", no_argument, NULL, 'l' }, { "probe", no_argument, NULL, 'p' },
	{ "tests", no_argument, NULL, 't' }, { "bench", no_argument, NULL, 'b' },
	{ "profile", required_argument, NULL, 'P' }, { "seed", required_argument, NULL, 's' },
	{ "timeout", required_argument, NULL, 'T' }, { "replicates", required_argument, NULL, 'r' },
	{ "where", required_argument, NULL, 'w' }, { "exact", no_argument, NULL, 'x' },
	{ "note", required_argument, NULL, 'n' }, { "items", required_argument, NULL, 'i' },
	{ "resume", no_argument, NULL, 'R' }, { "started", required_argument, NULL, 'S' },
	{ "mutants", required_argument, NULL, 'm' },
	{ "dir", required_argument, NULL, 'd' }, { "help", no_argument, NULL, 'h' },
	{ "uapi", required_argument, NULL, 'u' }, { "replay", required_argument, NULL, 'y' },
	{ "plant", required_argument, NULL, 'D' },
	{ NULL, 0, NULL, 0 },
};

static bool parse(int argc, char **argv, struct options *o)
{
	int c;

	while ((c = getopt_long(argc, argv, "vh", longopts, NULL)) != -1) {
		switch (c) {
		case 'l': o->list = true; break;
		case 'p': o->probe = true; break;
		case 't': o->tests = true; break;
		case 'b': o->bench = true; break;
		case 'x': o->exact = true; break;
		case 'w': o->where = optarg; break;
		case 'd': o->dir = optarg; break;
		case 'i': o->items = optarg; break;
		case 'R': o->resume = true; break;
		case 'm': o->mutants = optarg; break;
		case 'S': o->started = optarg; break;
		case 'u': o->uapi = optarg; break;
		case 'y': o->replay = optarg; break;
		case 'D': o->plant = optarg; break;
		case 'n':
			if (!strchr(optarg, '=') || o->nr_notes == MAX_NOTES)
				return false;
			o->notes[o->nr_notes++] = optarg;
			break;
		case 'v': break;
		case 'P':
			o->profile = optarg;
			if (strcmp(optarg, "quick") && strcmp(optarg, "full") &&
			    strcmp(optarg, "stress"))
				return false;
			break;
		case 's':
			if (!number(optarg, 0, &o->seed))
				return false;
			break;
		case 'T':
			if (!number(optarg, 1, &o->timeout))
				return false;
			break;
		case 'r':
			if (!number(optarg, 1, &o->replicates))
				return false;
			break;
		default:
			return false;
		}
	}
	if (!o->tests && !o->bench)
		o->tests = o->bench = true;
	return true;
}

/* Settings reach the programs through the environment. */
static void export_settings(const struct options *o)
{
	char text[32];

	setenv("KVMEM_PROFILE", o->profile, 1);
	setenv("KVMEM_WHERE", o->where, 1);
	snprintf(text, sizeof(text), "%lu", o->seed);
	setenv("KVMEM_SEED", text, 1);
	snprintf(text, sizeof(text), "%lu", o->timeout);
	setenv("KVMEM_TIMEOUT", text, 1);
	if (o->exact)
		setenv("KVMEM_EXACT", "1", 1);
	if (o->uapi)
		setenv("KVMEM_UAPI", o->uapi, 1);
	if (o->replay)
		setenv("KVMEM_REPLAY", o->replay, 1);
	if (o->plant)
		setenv("KVMEM_PLANT", o->plant, 1);
}

static void own_dir(char *dir, size_t size)
{
	ssize_t n = readlink("/proc/self/exe", dir, size - 1);

	dir[n > 0 ? n : 0] = '\0';
	if (strrchr(dir, '/'))
		*strrchr(dir, '/') = '\0';
}

int main(int argc, char **argv)
{
	struct options o = {
		.profile = "full", .where = "host", .seed = 1, .timeout = 30, .replicates = 10,
	};
	struct sigaction stop = { .sa_handler = on_stop };
	const char *unknown;
	char dir[4096];
	struct plan plan;

	if (!parse(argc, argv, &o))
		return usage(stderr);
	if (o.probe)
		return probe();
	own_dir(dir, sizeof(dir));
	if (!plan_load(&plan, o.dir ? o.dir : dir))
		return 2;
	if (o.mutants) {
		export_settings(&o);
		o.mutation = mutation_load(o.mutants, &plan);
		if (!o.mutation)
			return 2;
		mutation_plan(o.mutation, &plan);
	}
	unknown = plan_filter(&plan, o.tests, o.bench, argv + optind, (size_t)(argc - optind));
	if (unknown) {
		fprintf(stderr, "no test or benchmark matches '%s'; ./run.sh list shows them all\n",
			unknown);
		return 2;
	}
	if (o.items && !plan_select(&plan, o.items))
		return 2;
	if (o.list)
		return list(&plan);
	sigaction(SIGINT, &stop, NULL);
	sigaction(SIGTERM, &stop, NULL);
	sigaction(SIGHUP, &stop, NULL);
	signal(SIGPIPE, SIG_IGN);
	export_settings(&o);
	return run_plan(&o, &plan);
}
