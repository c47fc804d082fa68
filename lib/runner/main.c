// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvmem-run: runs the installed tests and benchmarks and writes a stream of events
 * (util/events.h) to standard output, which kvmem-report turns into a results folder.  It
 * needs only a kernel at run time: the same binary runs on a host and in the lab.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "mutation.h"
#include "plan.h"
#include "execute.h"

/* --- commands ------------------------------------------------------------ */

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

static void usage(FILE *f)
{
	fputs("usage: kvmem-run [--tests] [--bench] [OPTION...] [PATTERN...]\n"
	      "       kvmem-run --list | --list-plan | --probe\n"
	      "  --profile quick|full|stress   amount of work (full)\n"
	      "  --seed N                      of all random numbers (1)\n"
	      "  --timeout S                   for one test or replicate (30)\n"
	      "  --replicates N                fresh processes per benchmark (10)\n"
	      "  --where host|lab  --exact     for the results\n"
	      "  --note KEY=VALUE              likewise; may be given several times\n"
	      "  --started TIME                likewise: start time, in place of this machine's clock\n"
	      "  --replay FILE                 replay the steps in FILE, which model_random wrote\n"
	      "  --uapi 'NAME=N ...'           numbers of proposed interfaces\n"
	      "  --plant N                     slow down every exit by N cycles\n"
	      "  --perf DIR                    run each benchmark again under perf; its output goes to DIR\n"
	      "  --mutants TABLE               run the tests against seeded bugs of this kernel;\n"
	      "                                PATTERNs then select bugs\n"
	      "  --doubtful GLOB               ignore these tests: this kernel fails them without a bug\n"
	      "  --items FILE                  run the items with these names, one per line\n"
	      "  --share K/N                   run the share of machine K of N; the events of all\n"
	      "                                machines form one run\n"
	      "  --resume                      continue a stream: do not write a run event\n"
	      "  --plan FILE                   output of --list-plan of the same programs, used in\n"
	      "                                place of their --list\n"
	      "  --dir DIR                     folder with tests/ and bench/ (that of kvmem-run)\n", f);
}

static int bad_usage(void)
{
	usage(stderr);
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
	{ "mutants", required_argument, NULL, 'm' }, { "doubtful", required_argument, NULL, 'q' },
	{ "dir", required_argument, NULL, 'd' }, { "help", no_argument, NULL, 'h' },
	{ "uapi", required_argument, NULL, 'u' }, { "replay", required_argument, NULL, 'y' },
	{ "list-plan", no_argument, NULL, 'L' }, { "plan", required_argument, NULL, 'g' },
	{ "share", required_argument, NULL, 'k' },
	{ "plant", required_argument, NULL, 'D' }, { "perf", required_argument, NULL, 'f' },
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
		case 'q':
			if (o->nr_doubtful == MAX_NOTES)
				return false;
			o->doubtful[o->nr_doubtful++] = optarg;
			break;
		case 'L': o->list_plan = true; break;
		case 'g': o->plan = optarg; break;
		case 'k': o->share = optarg; break;
		case 'S': o->started = optarg; break;
		case 'u': o->uapi = optarg; break;
		case 'y': o->replay = optarg; break;
		case 'D': o->plant = optarg; break;
		case 'f': o->perf = optarg; break;
		case 'n':
			if (!strchr(optarg, '=') || o->nr_notes == MAX_NOTES)
				return false;
			o->notes[o->nr_notes++] = optarg;
			break;
		case 'v': break;
		case 'h': o->help = true; break;
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
	const char *unknown;
	char dir[4096];
	struct plan plan;

	if (!parse(argc, argv, &o))
		return bad_usage();
	if (o.help) {
		usage(stdout);
		return 0;
	}
	if (o.probe)
		return probe();
	own_dir(dir, sizeof(dir));
	if (!o.dir)
		o.dir = dir;
	if (!(o.plan ? plan_read(&plan, o.plan, o.dir) : plan_load(&plan, o.dir)))
		return 2;
	if (o.list_plan) {
		plan_write(&plan);
		return 0;
	}
	if (o.mutants) {
		export_settings(&o);
		o.mutation = mutation_load(o.mutants, &plan, o.doubtful, o.nr_doubtful);
		if (!o.mutation)
			return 2;
		mutation_plan(o.mutation, &plan);
	}
	unknown = plan_filter(&plan, o.tests, o.bench, argv + optind, (size_t)(argc - optind));
	if (unknown) {
		fprintf(stderr, "no test or benchmark matches '%s'; ./run.sh list shows all\n",
			unknown);
		return 2;
	}
	if (o.items && !plan_select(&plan, o.items))
		return 2;
	if (o.share && !o.items && !plan_share(&plan, o.share))
		return bad_usage();
	if (o.list)
		return list(&plan);
	export_settings(&o);
	return run_plan(&o, &plan);
}
