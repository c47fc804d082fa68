/* SPDX-License-Identifier: GPL-2.0-only */
/* A vCPU: its descriptor, its kvm_run page, its statistics and the log of its exits. */
#ifndef KVMEM_KVM_VCPU_H
#define KVMEM_KVM_VCPU_H

#include <linux/kvm.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "kvm/exits.h"

#define VCPU_LOG_SIZE 512
#define VCPU_KICK_SIGNAL SIGUSR1	/* the caller installs a handler, which may be empty */

struct vm;
struct mbox;
struct kvmstat;

struct vcpu {
	struct vm *vm;
	int fd;
	unsigned int id;
	struct kvm_run *run;
	size_t run_size;
	struct mbox *mb;	/* host view of the mailbox */
	struct kvmstat *stat;
	_Atomic(pid_t) tid;	/* thread inside KVM_RUN, 0 when none */
	bool in_list;		/* the guest has not finished the current list */

	struct kexit log[VCPU_LOG_SIZE];	/* first exits of the current list */
	unsigned int nr_exits;			/* including those not in log[] */
	uint64_t faults_before;			/* arch_faults_begin() */
	uint64_t payload_exits;			/* since the vCPU was created; not in log[] */

	const struct kexit *script;	/* answers for reads, in order */
	unsigned int nr_script;
	uint32_t completes;	/* reason of the exit that the next entry completes */
	bool reason_completes;	/* KVM reads exit_reason to complete it, see exit_poison() */

	/* Ticks between the return of KVM_RUN and the next entry, while time_user. */
	bool time_user;
	uint64_t user_ticks, returned_at;

	unsigned int give_up_ms;	/* vcpu_finish(): VCPU_HUNG after this; 0: watchdog */
	uint64_t plant;			/* see env_plant() */
	void (*delay)(uint64_t plant);

	/* OP_SYNC: called with the operation's value before the guest continues. */
	void (*on_sync)(struct vcpu *v, uint32_t value, void *arg);
	void *on_sync_arg;
};

/**
 * vcpu_open - create a vCPU and map its kvm_run page
 * @vm: VM
 * @id: number, below VM_MAX_VCPUS
 */
struct vcpu *vcpu_open(struct vm *vm, unsigned int id);

/** vcpu_close - close and free a vCPU */
void vcpu_close(struct vcpu *v);

/** vcpu_count_exits - start adding up the exits of vCPUs when they are closed */
void vcpu_count_exits(void);

/**
 * vcpu_exits_counted - sum of the statistic "exits" of the vCPUs closed so far
 * @nr: set to the number of vCPUs with exits
 */
uint64_t vcpu_exits_counted(unsigned int *nr);

/**
 * vcpu_stat - read a counter of the vCPU (KVM_GET_STATS_FD)
 *
 * Ends the test as a skip when the kernel has no such counter.
 */
uint64_t vcpu_stat(struct vcpu *v, const char *name);

/** vcpu_has_stat - whether this kernel has the vCPU counter */
bool vcpu_has_stat(struct vcpu *v, const char *name);

/**
 * vcpu_kick - make KVM_RUN fail with EINTR until vcpu_unkick()
 *
 * Interrupts a KVM_RUN in progress.  May be called from any thread.
 */
void vcpu_kick(struct vcpu *v);

/** vcpu_unkick - let the vCPU enter again */
void vcpu_unkick(struct vcpu *v);

#endif /* KVMEM_KVM_VCPU_H */
