// SPDX-License-Identifier: GPL-2.0-only
#include "guest/hammer.h"

#include <sched.h>
#include <string.h>
#include <time.h>

#include "util/env.h"

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void *run(void *arg)
{
	struct hammer *h = arg;

	do {
		h->stop = vcpu_finish(h->v);
	} while (h->retry_faults && h->stop == VCPU_EXIT &&
		 h->v->run->exit_reason == KVM_EXIT_MEMORY_FAULT);
	atomic_store(&h->ended, true);
	return NULL;
}

static _Noreturn void fail_ended(const struct vcpu *v)
{
	char text[160] = "nothing";

	if (v->nr_exits && v->nr_exits <= VCPU_LOG_SIZE)
		exit_print(&v->log[v->nr_exits - 1], text, sizeof(text));
	end_fail("the hammering vCPU ended at exit %u: %s", v->nr_exits, text);
}

/*
 * Wait until @from repetitions are done.  The vCPU may share a CPU with us, or its CPU a
 * thread of an emulator, which runs it when ours is idle.
 */
static void wait_for(struct hammer *h, uint64_t from)
{
	double limit = now() + env_watchdog_s();
	unsigned int tries = 0;

	while (h->v->mb->iter < from) {
		if (atomic_load(&h->ended))
			fail_ended(h->v);
		if (now() > limit)
			end_fail("the hammering vCPU made no progress for %u s", env_watchdog_s());
		if (++tries % 8)
			sched_yield();
		else
			nanosleep(&(struct timespec){ .tv_nsec = 20000 }, NULL);
	}
}

void hammer_start(struct hammer *h, struct vcpu *v, struct mbox_op op)
{
	int r;

	op.flags |= OPF_PUBLISH | OPF_UNTIL_STOP;
	h->v = v;
	atomic_store(&h->ended, false);
	vcpu_start(v, &op, 1);
	r = pthread_create(&h->thread, NULL, run, h);
	if (r)
		end_fail("pthread_create: %s", strerror(r));
	wait_for(h, 1);
}

uint64_t hammer_next(struct hammer *h)
{
	/* The current repetition may have started before this call; the next one has not. */
	wait_for(h, h->v->mb->iter + 2);
	return h->v->mb->last;
}

void hammer_stop(struct hammer *h)
{
	h->v->mb->stop = 1;
	pthread_join(h->thread, NULL);
}

int hammer_cpus(void)
{
	cpu_set_t set;

	return sched_getaffinity(0, sizeof(set), &set) ? 1 : CPU_COUNT(&set);
}
