/* SPDX-License-Identifier: GPL-2.0-only */
/* Lists of guest operations, run on a vCPU; every exit is logged. */
#ifndef KVMEM_GUEST_LIST_H
#define KVMEM_GUEST_LIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest_code/mailbox.h"
#include "kvm/exits.h"
#include "kvm/vcpu.h"
#include "kvm/vm.h"

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

/** list_vcpu_create - create a vCPU and set it up for lists; vm_create() calls it */
struct vcpu *list_vcpu_create(struct vm *vm, unsigned int id);

/** list_vcpu_destroy - close it; vm_destroy() calls it */
void list_vcpu_destroy(struct vcpu *v);

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

/** vcpu_dump - print registers, current operation and statistics as diagnostics */
void vcpu_dump(struct vcpu *v);

#endif /* KVMEM_GUEST_LIST_H */
