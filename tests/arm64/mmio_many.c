// SPDX-License-Identifier: GPL-2.0-only
/*
 * Thousands of MMIO accesses, loads and stores in turn, each made once and in order: by one
 * vCPU, by two at a time, and interrupted at any time (G11).
 */
#include "harness/test.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "arch.h"
#include "guest/list.h"
#include "kvm/uapi.h"

#define HOLE	0xc0000000ULL	/* no slot here */
#define ROUND 100	/* accesses in a list, reads and writes in turn */

struct many {
	struct vcpu *v;
	uint64_t base;
	unsigned int rounds;
	bool ok;
	atomic_bool stop;
};

static uint64_t value_of(const struct many *m, unsigned int round, unsigned int i)
{
	return m->base * 0x10001 ^ round * 0x0123456789abcdefULL ^ i * 0x1111111100000001ULL;
}

/* One KVM_RUN after another, whatever interrupts it; each access must come once, in order. */
static bool run_round(struct many *m, unsigned int round)
{
	struct vcpu *v = m->v;
	struct kexit reply = MMIO_RD(0, 8, 0);
	struct mbox_op ops[ROUND];
	unsigned int i, n = 0;
	enum vcpu_stop stop;

	for (i = 0; i < ROUND; i++)
		ops[i] = (struct mbox_op){
			.kind = i & 1 ? OP_STORE : OP_LOAD, .width = 8, .addr = m->base + i * 16,
			.value = { value_of(m, round, i) },
		};
	vcpu_start(v, ops, ROUND);
	v->script = &reply;
	v->nr_script = 1;
	for (;;) {
		const struct kexit *e = &v->log[0];

		reply.data = value_of(m, round, n);
		v->nr_exits = 0;
		stop = vcpu_run(v);
		if (stop == VCPU_DONE)
			break;
		if (stop == VCPU_EXIT && e->err == EINTR)
			continue;
		if (stop == VCPU_EXIT || n == ROUND || e->reason != KVM_EXIT_MMIO ||
		    e->addr != ops[n].addr || e->is_write != (n & 1) || e->data != ops[n].value[0]) {
			char text[160];

			exit_print(e, text, sizeof(text));
			diag("round %u access %u: %s", round, n, text);
			return false;
		}
		n++;
	}
	for (i = 0; i < ROUND; i++)
		if (vcpu_result(v, i)->done != 1 ||
		    (!(i & 1) && vcpu_value(v, i) != value_of(m, round, i))) {
			diag("round %u access %u: retired %u times, value 0x%llx", round, i,
			     vcpu_result(v, i)->done, (unsigned long long)vcpu_value(v, i));
			return false;
		}
	return n == ROUND;
}

static void *run_many(void *arg)
{
	struct many *m = arg;
	unsigned int i;

	atomic_store(&m->v->tid, (pid_t)syscall(SYS_gettid));
	m->ok = true;
	for (i = 0; i < m->rounds && m->ok; i++)
		m->ok = run_round(m, i);
	atomic_store(&m->v->tid, 0);
	atomic_store(&m->stop, true);
	return NULL;
}

KVMEM_TEST(many, "G11 A1 A2")
{
	struct many m = { .v = vm_create(NULL)->vcpu[0], .base = HOLE,
			  .rounds = (unsigned int)env_pick(4, 8, 200) };

	run_many(&m);
	ASSERT_TRUE(m.ok);
	ASSERT_EQ(m.rounds * ROUND, arch_mmio_exits(m.v));
}

/* Two vCPUs at a time do not complete each other's accesses. */
KVMEM_TEST(two_vcpus, "G11")
{
	struct vm_opts o = { .nr_vcpus = 2 };
	struct vm *vm = vm_create(&o);
	struct many m[2] = {
		{ .v = vm->vcpu[0], .base = HOLE, .rounds = (unsigned int)env_pick(4, 5, 100) },
		{ .v = vm->vcpu[1], .base = HOLE + 8, .rounds = (unsigned int)env_pick(4, 5, 100) },
	};
	pthread_t thread;

	ASSERT_EQ(0, pthread_create(&thread, NULL, run_many, &m[1]));
	run_many(&m[0]);
	pthread_join(thread, NULL);
	ASSERT_TRUE(m[0].ok);
	ASSERT_TRUE(m[1].ok);
}

static void nothing(int sig)
{
	(void)sig;
}

/* Another thread makes KVM_RUN fail with EINTR at any time. */
KVMEM_TEST(kicked, "G11 A27")
{
	struct many m = { .v = vm_create(NULL)->vcpu[0], .base = HOLE,
			  .rounds = (unsigned int)env_pick(4, 8, 200) };
	struct sigaction sa = { .sa_handler = nothing };
	unsigned int kicks = 0;
	pthread_t thread;

	sigaction(VCPU_KICK_SIGNAL, &sa, NULL);
	ASSERT_EQ(0, pthread_create(&thread, NULL, run_many, &m));
	while (!atomic_load(&m.stop)) {
		vcpu_kick(m.v);
		sched_yield();
		vcpu_unkick(m.v);
		usleep(kicks++ % 7 * 20);
	}
	pthread_join(thread, NULL);
	ASSERT_TRUE(m.ok);
	ASSERT_EQ(m.rounds * ROUND, arch_mmio_exits(m.v));
	ASSERT_GT(kicks, 1);
}

KVMEM_MAIN
