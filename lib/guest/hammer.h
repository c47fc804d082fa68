/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU that repeats one operation in a separate thread and publishes each result,
 * while the test changes the memory that it accesses.
 */
#ifndef KVMEM_HAMMER_H
#define KVMEM_HAMMER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "guest/list.h"

struct hammer {
	struct vcpu *v;
	pthread_t thread;
	enum vcpu_stop stop;	/* how the list ended, after hammer_stop() */
	bool retry_faults;	/* set before the start: re-enter after KVM_EXIT_MEMORY_FAULT */
	atomic_bool ended;	/* the thread has stopped, whatever the reason */
};

/**
 * hammer_start - repeat an operation on a vCPU until hammer_stop()
 * @h: state
 * @v: vCPU; its log of exits is valid after hammer_stop()
 * @op: operation; OPF_PUBLISH and OPF_UNTIL_STOP are added
 *
 * Returns after the first repetition.  An exit that list.c can't answer ends the
 * list, and h->stop holds VCPU_EXIT.
 */
void hammer_start(struct hammer *h, struct vcpu *v, struct mbox_op op);

/**
 * hammer_next - wait until a repetition that started after this call is done
 *
 * Ends the test as failed after env_watchdog_s() without progress.
 *
 * Return: its result.
 */
uint64_t hammer_next(struct hammer *h);

/** hammer_stop - end the list, and join the thread */
void hammer_stop(struct hammer *h);

/** hammer_cpus - number of CPUs this process may use; concurrency tests report it */
int hammer_cpus(void);

#endif /* KVMEM_HAMMER_H */
