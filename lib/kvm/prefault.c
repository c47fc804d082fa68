// SPDX-License-Identifier: GPL-2.0-only
#include "kvm/prefault.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "util/env.h"
#include "kvm/uapi.h"
#include "kvm/vm.h"

#define LIMIT_MS env_pick(500, 2000, 5000) /* many times the duration of a prefault */
#define STUCK_SIGNAL (SIGRTMIN + 7)

void prefault_require(const struct vm *vm)
{
	if (!vm_cap(vm, KVM_CAP_PRE_FAULT_MEMORY))
		end_never("no KVM_CAP_PRE_FAULT_MEMORY (6.11, two-dimensional paging)");
}

static void on_stuck(int sig)
{
	(void)sig; /* the signal makes the ioctl return */
}

static timer_t own_timer(void)
{
	static __thread bool made;
	static __thread timer_t timer;
	struct sigevent ev = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = STUCK_SIGNAL };
	struct sigaction sa = { .sa_handler = on_stuck };

	if (made)
		return timer;
	ev._sigev_un._tid = (pid_t)syscall(SYS_gettid);
	sigaction(STUCK_SIGNAL, &sa, NULL);
	if (timer_create(CLOCK_MONOTONIC, &ev, &timer))
		end_fail("timer_create: %s", strerror(errno));
	made = true;
	return timer;
}

/*
 * CPU time.  The limit itself can't use a timer of this clock: its signal is not
 * delivered before the return to userspace.
 */
static double computed(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int prefault(const struct vcpu *v, struct kvm_pre_fault_memory *r)
{
	const uint64_t ms = LIMIT_MS;
	const struct itimerspec never = { 0 }, limit = {
		.it_value = { .tv_sec = (time_t)(ms / 1000), .tv_nsec = (long)(ms % 1000 * 1000000) },
	};
	timer_t timer = own_timer();
	double begin = computed();
	struct itimerspec left;
	int err;

	/* Extend the limit when this thread got little CPU time. */
	do {
		timer_settime(timer, 0, &limit, NULL);
		err = ioctl(v->fd, KVM_PRE_FAULT_MEMORY, r) ? -errno : 0;
		timer_settime(timer, 0, &never, &left);
		if (err != -EINTR || left.it_value.tv_sec || left.it_value.tv_nsec)
			return err;
	} while (computed() - begin < (double)ms / 4000);
	diag("prefault retried until a signal came");
	return -ETIMEDOUT;
}
