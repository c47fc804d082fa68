/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU that works in a thread of its own, repeating one operation and
 * publishing each result, while the test does something to its memory.
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
	bool retry_faults;	/* set before the start: enter again after a memory fault */
	atomic_bool ended;	/* the list is over, for whatever reason */
};

/**
 * hammer_start - let the vCPU repeat an operation until hammer_stop()
 * @h: state
 * @v: vCPU; its log of exits is the caller's to look at afterwards
 * @op: operation; OPF_PUBLISH and OPF_UNTIL_STOP are added
 *
 * Returns once the operation has been done at least once.  A vCPU whose
 * operation ends in an exit for the caller stops there.
 */
void hammer_start(struct hammer *h, struct vcpu *v, struct mbox_op op);

/**
 * hammer_next - wait for a repetition that began after this call
 *
 * Return: its result; ends the test as failed when none comes.
 */
uint64_t hammer_next(struct hammer *h);

/** hammer_stop - end the list and the thread */
void hammer_stop(struct hammer *h);

/** hammer_cpus - how many CPUs this process may use; concurrency tests say it */
int hammer_cpus(void);

#endif /* KVMEM_HAMMER_H */
