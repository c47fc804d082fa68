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
	VCPU_EXIT,		/* an exit that the caller must handle; it is in the log */
	VCPU_RESUME,		/* the exit was handled: re-enter (vcpu_run() only) */
	VCPU_HUNG,		/* exceeded the caller's time limit */
};

/* Lists of operations for functions that take (array, length). */
#define OPS(...) \
	(const struct mbox_op[]){ __VA_ARGS__ }, \
	sizeof((const struct mbox_op[]){ __VA_ARGS__ }) / sizeof(struct mbox_op)

/* The most common operations; spell out others as struct mbox_op. */
#define LD(w, a) { .kind = OP_LOAD, .width = (w), .addr = (a) }
#define ST(w, a, v) { .kind = OP_STORE, .width = (w), .addr = (a), .value = { (v) } }

/** list_vcpu_create - create a vCPU and set it up for lists; called by vm_create() */
struct vcpu *list_vcpu_create(struct vm *vm, unsigned int id);

/** list_vcpu_destroy - close a vCPU; called by vm_destroy() */
void list_vcpu_destroy(struct vcpu *v);

/**
 * vcpu_start - put a list into the mailbox; the next vcpu_run() starts it
 * @v: vCPU; an unfinished list is abandoned
 * @ops: operations; addresses below VM_WINDOW are identity-mapped
 * @nr: number of operations, at most MBOX_MAX_OPS
 *
 * Clears the log of exits and the script.
 */
void vcpu_start(struct vcpu *v, const struct mbox_op *ops, size_t nr);

/**
 * vcpu_run - enter KVM_RUN once, with a poisoned exit union, and log the exit
 * @v: vCPU
 *
 * Exits of reads are completed with .data of the script's entries, in order, and
 * with all ones beyond its end.  Does not arm the watchdog, unlike vcpu_finish().
 */
enum vcpu_stop vcpu_run(struct vcpu *v);

/**
 * vcpu_complete - KVM_RUN with immediate_exit
 * @v: vCPU
 *
 * Completes the last exit without entering the guest.  The attempt is in the log.
 *
 * Return: whether KVM_RUN failed with EINTR.
 */
bool vcpu_complete(struct vcpu *v);

/**
 * vcpu_finish - run until the list is finished or the caller must handle an exit
 * @v: vCPU after vcpu_start()
 *
 * When the guest does not finish within env_watchdog_s(), ends the test as failed
 * and prints the current operation, registers and statistics.  When it does not
 * finish within v->give_up_ms, if set, returns VCPU_HUNG; the vCPU must not be
 * reused.
 */
enum vcpu_stop vcpu_finish(struct vcpu *v);

/**
 * vcpu_do - vcpu_start() and vcpu_finish()
 * @v: vCPU
 * @ops: operations
 * @nr: number of operations
 * @script: exits whose .data completes reads
 * @nr_script: number of exits in it
 */
enum vcpu_stop vcpu_do(struct vcpu *v, const struct mbox_op *ops, size_t nr,
		       const struct kexit *script, size_t nr_script);

/**
 * vcpu_try - vcpu_do() with a time limit that does not end the test
 * @v: vCPU
 * @ops: operations
 * @nr: number of operations
 * @ms: time limit in milliseconds
 *
 * For characterisations, where a hang is a valid result.
 *
 * Return: as vcpu_do(); VCPU_HUNG after the time limit: the vCPU must not be
 * reused then.
 */
enum vcpu_stop vcpu_try(struct vcpu *v, const struct mbox_op *ops, size_t nr, unsigned int ms);

/**
 * vcpu_expect - run a list that must finish, with exactly these exits
 * @v: vCPU
 * @what: prefix of the diagnostics
 * @ops: operations
 * @nr: number of operations
 * @want: exits in order, which also complete the reads
 * @nr_want: number of exits
 *
 * Return: whether the guest finished, every operation retired without an
 * exception, and the exits were exactly the ones expected.
 */
bool vcpu_expect(struct vcpu *v, const char *what, const struct mbox_op *ops, size_t nr,
		 const struct kexit *want, size_t nr_want);

/**
 * vcpu_expect_stop - run a list that must end in an exit for the caller
 *
 * As vcpu_expect(), for lists whose last expected exit can't be completed (memory
 * fault, internal error).  The guest is left inside the operation.
 */
bool vcpu_expect_stop(struct vcpu *v, const char *what, const struct mbox_op *ops,
		      size_t nr, const struct kexit *want, size_t nr_want);

/**
 * vcpu_faults - run a list and expect KVM_RUN to fail with EFAULT, without other exits
 *
 * The guest is left inside the operation: vcpu_finish() retries it.
 */
bool vcpu_faults(struct vcpu *v, const struct mbox_op *ops, size_t nr);

/** vcpu_value - result.value[0] of operation @i of the last list */
uint64_t vcpu_value(const struct vcpu *v, unsigned int i);

/** vcpu_result - result of operation @i of the last list */
const struct mbox_result *vcpu_result(const struct vcpu *v, unsigned int i);

/**
 * vcpu_load - load a value in the guest, which must not cause any exit
 * @v: vCPU
 * @width: bytes, 1 to 8
 * @gva: guest virtual address
 *
 * Ends the test as failed when there is an exit or an exception.
 */
uint64_t vcpu_load(struct vcpu *v, unsigned int width, uint64_t gva);

/** vcpu_store - store a value in the guest, which must not cause any exit */
void vcpu_store(struct vcpu *v, unsigned int width, uint64_t gva, uint64_t value);

/** vcpu_dump - print registers, current operation and statistics as diagnostics */
void vcpu_dump(struct vcpu *v);

#endif /* KVMEM_GUEST_LIST_H */
