/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A vCPU: runs lists of guest operations and logs every exit.
 */
#ifndef KVMEM_VCPU_H
#define KVMEM_VCPU_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "guest_code/mailbox.h"
#include "kvm/exits.h"

#define VCPU_LOG_SIZE 512

struct vm;
struct kvmstat;

struct vcpu {
	struct vm *vm;
	int fd;
	unsigned int id;
	struct kvm_run *run;
	size_t run_size;
	struct mbox *mb;	/* host view of the mailbox */
	struct kvmstat *stat;
	pid_t tid;		/* thread inside KVM_RUN, 0 when none */
	bool in_list;		/* the guest has not finished the current list */

	struct kexit log[VCPU_LOG_SIZE];	/* first exits of the current list */
	unsigned int nr_exits;			/* all of them */

	const struct kexit *script;	/* answers for reads, in order */
	unsigned int nr_script;
	uint32_t completes;		/* reason of the exit the next entry completes */

	/* Ticks between the return of KVM_RUN and the next entry, while time_user. */
	bool time_user;
	uint64_t user_ticks, returned_at;

	unsigned int give_up_ms;	/* vcpu_finish(): return VCPU_HUNG then; 0: watchdog */
	uint64_t plant;			/* see env_plant() */
	void (*delay)(uint64_t plant);

	/* OP_SYNC: called with the operation's value while the guest waits. */
	void (*on_sync)(struct vcpu *v, uint32_t value, void *arg);
	void *on_sync_arg;
};

/* How a list, or one KVM_RUN, ended. */
enum vcpu_stop {
	VCPU_DONE,		/* the guest finished its list */
	VCPU_EXIT,		/* an exit that the caller must deal with; in the log */
	VCPU_RESUME,		/* an answered exit: enter again (vcpu_run() only) */
	VCPU_HUNG,		/* out of time, where the caller set one */
};

/* Lists of operations for functions that take (array, length). */
#define OPS(...) \
	(const struct mbox_op[]){ __VA_ARGS__ }, \
	sizeof((const struct mbox_op[]){ __VA_ARGS__ }) / sizeof(struct mbox_op)

/* The common operations; others are written out as struct mbox_op. */
#define LD(w, a) { .kind = OP_LOAD, .width = (w), .addr = (a) }
#define ST(w, a, v) { .kind = OP_STORE, .width = (w), .addr = (a), .value = { (v) } }

/**
 * vcpu_create - vCPU with CPUID, registers and mailbox set up
 * @vm: VM
 * @id: number, below VM_MAX_VCPUS
 */
struct vcpu *vcpu_create(struct vm *vm, unsigned int id);

/** vcpu_destroy - close it */
void vcpu_destroy(struct vcpu *v);

/** vcpu_count_exits - from now on add up the exits of each vCPU that is destroyed */
void vcpu_count_exits(void);

/**
 * vcpu_exits_counted - how many those were, by KVM's statistic "exits"
 * @nr: set to the number of vCPUs that had any
 */
uint64_t vcpu_exits_counted(unsigned int *nr);

/**
 * vcpu_start - put a list into the mailbox; the next vcpu_run() begins it
 * @v: vCPU; a list it has not finished is abandoned
 * @ops: operations; their identity-mapped addresses get mapped
 * @nr: how many, at most MBOX_MAX_OPS
 *
 * Clears the log of exits and the script.
 */
void vcpu_start(struct vcpu *v, const struct mbox_op *ops, size_t nr);

/**
 * vcpu_run - enter KVM_RUN once, with a poisoned exit union, and log the exit
 * @v: vCPU
 *
 * Reads are answered from the script, in order; reads beyond its end with all
 * ones.  The watchdog is not armed: vcpu_finish() does that.
 */
enum vcpu_stop vcpu_run(struct vcpu *v);

/**
 * vcpu_finish - run until the list is finished or an exit needs the caller
 * @v: vCPU after vcpu_start()
 *
 * A guest that does not finish within env_watchdog_s() ends the test as failed,
 * with the operation it hangs in, its registers and its statistics.  With
 * give_up_ms set it is VCPU_HUNG, and the vCPU is of no further use.
 */
enum vcpu_stop vcpu_finish(struct vcpu *v);

/**
 * vcpu_do - vcpu_start() and vcpu_finish()
 * @script: exits whose .data answers reads, @nr_script of them
 */
enum vcpu_stop vcpu_do(struct vcpu *v, const struct mbox_op *ops, size_t nr,
		       const struct kexit *script, size_t nr_script);

/**
 * vcpu_try - vcpu_do() that gives up instead of ending the test
 * @ms: milliseconds after which a guest that makes no progress is left
 *
 * For characterisations, where not finishing is an answer too.
 *
 * Return: as vcpu_do(); VCPU_HUNG when time ran out.  The vCPU is of no further
 * use then.
 */
enum vcpu_stop vcpu_try(struct vcpu *v, const struct mbox_op *ops, size_t nr, unsigned int ms);

/**
 * vcpu_expect - run a list that must finish, with exactly these exits
 * @v: vCPU
 * @what: named in the diagnostic
 * @ops: operations, @nr of them
 * @want: exits in order, also the answers for reads; @nr_want of them
 *
 * Return: whether the guest finished, every operation retired without an
 * exception, and the exits were exactly the ones expected.
 */
bool vcpu_expect(struct vcpu *v, const char *what, const struct mbox_op *ops, size_t nr,
		 const struct kexit *want, size_t nr_want);

/**
 * vcpu_expect_stop - run a list that must end in an exit for the caller
 *
 * As vcpu_expect(), for lists whose last expected exit is not answerable
 * (memory fault, internal error).  The guest is left inside the operation.
 */
bool vcpu_expect_stop(struct vcpu *v, const char *what, const struct mbox_op *ops,
		      size_t nr, const struct kexit *want, size_t nr_want);

/**
 * vcpu_faults - run a list whose only exit is KVM_RUN failing with EFAULT
 *
 * The guest is left inside the operation: vcpu_finish() tries it once more.
 */
bool vcpu_faults(struct vcpu *v, const struct mbox_op *ops, size_t nr);

/** vcpu_value - result.value[0] of operation @i of the last list */
uint64_t vcpu_value(const struct vcpu *v, unsigned int i);

/** vcpu_result - everything that came of operation @i of the last list */
const struct mbox_result *vcpu_result(const struct vcpu *v, unsigned int i);

/**
 * vcpu_load - guest loads and returns a value; must cause no exit at all
 * @width: bytes, 1 to 8
 * @gva: address
 *
 * Ends the test as failed when there is an exit or an exception.
 */
uint64_t vcpu_load(struct vcpu *v, unsigned int width, uint64_t gva);

/** vcpu_store - the same for a store */
void vcpu_store(struct vcpu *v, unsigned int width, uint64_t gva, uint64_t value);

/**
 * vcpu_stat - a counter of the vCPU (KVM_GET_STATS_FD)
 *
 * Ends the test as a skip when the kernel has no such counter.
 */
uint64_t vcpu_stat(struct vcpu *v, const char *name);

/** vcpu_has_stat - whether this kernel has the vCPU counter */
bool vcpu_has_stat(struct vcpu *v, const char *name);

/** vcpu_dump - print registers, current operation and statistics as diagnostics */
void vcpu_dump(struct vcpu *v);

/**
 * vcpu_kick - make KVM_RUN return with EINTR, now and at the next entry
 *
 * Until vcpu_unkick().  May be called from any thread.
 */
void vcpu_kick(struct vcpu *v);

/** vcpu_unkick - let the vCPU enter again */
void vcpu_unkick(struct vcpu *v);

#endif /* KVMEM_VCPU_H */
