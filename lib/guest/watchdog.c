// SPDX-License-Identifier: GPL-2.0-only
#include "guest/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "kvm/vcpu.h"
#include "util/env.h"
#include "util/util.h"

/* Number of vCPUs, of all VMs, that one test may have at the same time. */
#define MAX_VCPUS 1024

static _Atomic(struct vcpu *) vcpus[MAX_VCPUS];
static atomic_uint vcpus_end;	/* index after the last vCPU */
static atomic_bool fired;
static atomic_int users;
static timer_t timer;

static void on_kick(int sig)
{
	(void)sig;	/* the signal makes KVM_RUN return */
}

static void on_expiry(int sig)
{
	struct vcpu *v;
	unsigned int i;

	(void)sig;
	fired = true;
	for (i = 0; i < vcpus_end; i++) {
		v = vcpus[i];
		if (v)
			vcpu_kick(v);
	}
}

static void init(void)
{
	struct sigevent ev = { .sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2 };
	struct sigaction kick = { .sa_handler = on_kick };
	struct sigaction expiry = { .sa_handler = on_expiry };

	sigaction(VCPU_KICK_SIGNAL, &kick, NULL);
	sigaction(SIGUSR2, &expiry, NULL);
	if (timer_create(CLOCK_MONOTONIC, &ev, &timer))
		end_fail("timer_create: %s", strerror(errno));
}

void watchdog_add(struct vcpu *v)
{
	struct vcpu *none;
	unsigned int i;

	for (i = 0; i < MAX_VCPUS; i++) {
		none = NULL;
		if (!atomic_compare_exchange_strong(&vcpus[i], &none, v))
			continue;
		if (i >= vcpus_end)
			vcpus_end = i + 1;
		return;
	}
	end_fail("the watchdog has no room for more than %d vCPUs", MAX_VCPUS);
}

void watchdog_remove(struct vcpu *v)
{
	unsigned int i;

	for (i = 0; i < vcpus_end; i++)
		if (vcpus[i] == v)
			vcpus[i] = NULL;
}

void watchdog_set(unsigned int ms)
{
	struct itimerspec t = {
		.it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L },
	};
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, init);
	timer_settime(timer, 0, &t, NULL);
}

void watchdog_begin(void)
{
	if (atomic_fetch_add(&users, 1) == 0)
		watchdog_set(env_watchdog_s() * 1000);
}

void watchdog_end(void)
{
	if (atomic_fetch_sub(&users, 1) == 1)
		watchdog_set(0);
}

bool watchdog_fired(void)
{
	return fired;
}

void watchdog_reset(void)
{
	fired = false;
}
