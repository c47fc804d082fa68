// SPDX-License-Identifier: GPL-2.0-only
#include "harness/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch.h"
#include "util/env.h"
#include "guest/guest.h"
#include "harness/disturb.h"
#include "util/place.h"
#include "util/quantile.h"
#include "guest/list.h"
#include "kvm/vm.h"

#define SAMPLES_GPA 0x30000000ULL
#define SAMPLES_SLOT 500

bool bench_exact(void)
{
	return getenv("KVMEM_EXACT") != NULL;
}

const char *bench_unit(void)
{
	return bench_exact() ? "instructions" : "cycles";
}

uint32_t *bench_samples(struct vcpu *v, size_t n, uint64_t *gpa)
{
	uint64_t size = (n * sizeof(uint32_t) + VM_PAGE - 1) & ~(VM_PAGE - 1);
	uint32_t *s = vm_alloc(size);

	/* Fault the buffer in on host and guest before anything is timed. */
	memset(s, 0, size);
	vm_slot(v->vm, SAMPLES_SLOT, 0, SAMPLES_GPA, size, s);
	*gpa = SAMPLES_GPA;
	if (vcpu_do(v,
		    OPS({ .kind = OP_STORE,
			  .width = 8,
			  .addr = SAMPLES_GPA,
			  .stride = VM_PAGE,
			  .count = size / VM_PAGE }),
		    NO_EXITS) != VCPU_DONE)
		end_fail("the guest could not touch the sample buffer");
	return s;
}

uint64_t bench_exits(struct vcpu *v)
{
	uint64_t irq =
		vcpu_has_stat(v, "irq_exits") ? vcpu_stat(v, "irq_exits") : 0;

	return vcpu_stat(v, "exits") - irq;
}

/* Run @op with its repetitions.  Return: number of exits. */
static uint64_t timed(struct vcpu *v, const struct mbox_op *op)
{
	uint64_t before = bench_exits(v);

	if (vcpu_do(v, op, 1, NO_EXITS) != VCPU_DONE)
		end_fail("the guest did not finish");
	if (vcpu_result(v, 0)->vector >= 0)
		end_fail("guest exception %d", vcpu_result(v, 0)->vector);
	return bench_exits(v) - before;
}

static struct {
	const char *name;
	uint64_t value;
} param;

void bench_param(const char *name, uint64_t value)
{
	param.name = name;
	param.value = value;
}

static struct record_figure describe(const struct bench *b, const char *suffix,
				     const char *unit)
{
	static char name[128], note[256];
	struct record_figure m = {
		.name = name,
		.unit = unit,
		.behaviour = b->behaviours,
		.overhead = -1,
		.userspace = -1,
		.touched = -1,
		.exits_per_op = -1,
		.param = param.name,
		.param_value = param.value,
	};

	snprintf(name, sizeof(name), "%s%s%s", b->name, suffix ? "." : "",
		 suffix ? suffix : "");
	note[0] = '\0';
	if (!strcmp(unit, "cycles") || !strcmp(unit, "instructions") ||
	    !strcmp(unit, "ns"))
		disturb_note(note, sizeof(note));
	m.note = note[0] ? note : NULL;
	return m;
}

/* Mean ticks per exit spent in userspace; 0 without exits. */
static double user_share(struct vcpu *v, const struct mbox_op *op)
{
	v->time_user = true;
	v->user_ticks = v->returned_at = 0;
	timed(v, op);
	v->time_user = false;
	return v->nr_exits ? (double)v->user_ticks / v->nr_exits : 0;
}

void bench_op(const struct bench *b, const char *suffix, struct vcpu *v,
	      struct mbox_op op)
{
	struct mbox_op nop = { .kind = OP_NOP,
			       .count = op.count,
			       .flags = op.flags & OPF_SUPER };
	uint64_t exits, nop_exits, ticks;
	struct record_figure m;
	uint32_t *samples;
	double overhead;
	size_t n;

	samples = bench_samples(v, op.count, &op.samples);
	nop.samples = op.samples;
	timed(v, &nop);
	nop_exits = timed(v, &nop);
	quantile_sort(samples, op.count);
	overhead = quantile(samples, op.count, 0.5);

	disturb_watch();
	ticks = disturb_ticks();
	exits = timed(v, &op);
	ticks = disturb_ticks() - ticks;
	m = describe(b, suffix, bench_unit());
	m.exact = bench_exact();
	m.overhead = overhead;
	m.exits_per_op = ((double)exits - (double)nop_exits) / op.count;
	n = bench_exact() ? quantile_drop_touched(samples, op.count, ticks) :
			    op.count;
	m.touched = bench_exact() ? (long)(op.count - n) : -1;
	/* Last, because it runs the list again: first-touch costs do not recur. */
	op.samples = 0;
	m.userspace = user_share(v, &op);
	record_samples(&m, samples, n);
	vm_slot(v->vm, SAMPLES_SLOT, 0, 0, 0, NULL);
}

void bench_host(const struct bench *b, const char *suffix, uint32_t n,
		void (*prepare)(void *arg, uint32_t i),
		void (*op)(void *arg, uint32_t i), void *arg)
{
	uint32_t *samples =
		vm_alloc((n * sizeof(*samples) + VM_PAGE - 1) & ~(VM_PAGE - 1));
	struct record_figure m;
	uint64_t ticks, before;
	uint32_t i;
	size_t left = n;

	memset(samples, 0, n * sizeof(*samples));
	disturb_watch();
	ticks = disturb_ticks();
	for (i = 0; i < n; i++) {
		if (prepare)
			prepare(arg, i);
		before = arch_cycles();
		op(arg, i);
		samples[i] = (uint32_t)(arch_cycles() - before);
	}
	ticks = disturb_ticks() - ticks;
	m = describe(b, suffix, bench_unit());
	m.exact = bench_exact();
	if (bench_exact()) {
		left = quantile_drop_touched(samples, n, ticks);
		m.touched = (long)(n - left);
	}
	record_samples(&m, samples, left);
}

void bench_value(const struct bench *b, const char *suffix, const char *unit,
		 double value)
{
	struct record_figure m = describe(b, suffix, unit);

	m.exact = bench_exact() && !strcmp(unit, "instructions");
	record_value(&m, value);
}

static int run_one(const struct bench *b)
{
	bool count = getenv("KVMEM_COUNT_EXITS");
	unsigned int vcpus;
	uint64_t exits;

	if (count)
		vcpu_count_exits();
	place_pin();
	disturb_watch();
	bench_param(NULL, 0);
	b->run(b);
	vm_destroy_all();
	if (count) {
		exits = vcpu_exits_counted(&vcpus);
		record_exits(exits, vcpus);
	}
	return 0;
}

static int list(const struct bench *table, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		printf("%s\t%s\t%u\n", table[i].name, table[i].behaviours,
		       table[i].replicates);
	return 0;
}

int bench_main(int argc, char **argv, const struct bench *table, size_t n)
{
	const char *name = NULL;
	size_t i;
	int a;

	for (a = 1; a < argc; a++) {
		if (!strcmp(argv[a], "--list"))
			return list(table, n);
		if (!strcmp(argv[a], "--run") && a + 1 < argc)
			name = argv[++a];
		else if (!strcmp(argv[a], "--replicate") && a + 1 < argc)
			a++;
		else
			goto usage;
	}
	for (i = 0; i < n; i++) {
		if (name && strcmp(name, table[i].name))
			continue;
		run_one(&table[i]);
		if (name)
			return 0;
	}
	if (!name)
		return 0;
	fprintf(stderr, "%s: no benchmark %s\n", argv[0], name);
	return 1;
usage:
	fprintf(stderr, "usage: %s [--list | --run NAME [--replicate N]]\n",
		argv[0]);
	return 1;
}
