/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Exits to userspace as comparable values.
 *
 * A test lists the expected exits, in order.  The same list holds the VMM's answers:
 * .data of a read is the value returned to the guest.
 */
#ifndef KVMEM_EXITS_H
#define KVMEM_EXITS_H

#include <linux/kvm.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kexit {
	uint32_t reason;	/* KVM_EXIT_* */
	uint32_t len;		/* MMIO, IO: bytes */
	uint64_t addr;		/* MMIO, MEMORY_FAULT, ARM_NISV: gpa; IO: port; HYPERCALL: nr;
				 * INTERNAL_ERROR: suberror
				 */
	uint64_t data;		/* MMIO, IO: value; HYPERCALL: value returned;
				 * MEMORY_FAULT: size; ARM_NISV: esr_iss
				 */
	uint64_t flags;		/* MEMORY_FAULT: flags */
	uint64_t args[3];	/* HYPERCALL */
	uint32_t err;		/* errno of KVM_RUN, 0 when it returned 0 */
	uint8_t is_write;	/* MMIO, IO */
	uint8_t tail_touched;	/* MMIO write: bytes beyond len hold other data */
};

#define MMIO_RD(gpa, bytes, value) \
	{ .reason = KVM_EXIT_MMIO, .addr = (gpa), .len = (bytes), .data = (value) }
#define MMIO_WR(gpa, bytes, value) \
	{ .reason = KVM_EXIT_MMIO, .addr = (gpa), .len = (bytes), .data = (value), .is_write = 1 }

/* Lists for functions that take (array, length). */
#define EXITS(...) \
	(const struct kexit[]){ __VA_ARGS__ }, \
	sizeof((const struct kexit[]){ __VA_ARGS__ }) / sizeof(struct kexit)
#define NO_EXITS NULL, 0

/**
 * exit_poison - poison the exit union of kvm_run before KVM_RUN
 * @run: kvm_run of the vCPU
 * @completes: reason of the exit that this entry completes.  The data of
 *	KVM_EXIT_MMIO and the return value of KVM_EXIT_HYPERCALL are kept: these
 *	are the only parts of the union that KVM reads on re-entry
 * @keep_reason: keep exit_reason when this entry completes an exit (arm64, where
 *	KVM reads it to decide what to complete)
 *
 * A field that KVM does not fill in then holds poison.
 *
 * Return: the 8 bytes of run->mmio.data, for exit_read().
 */
uint64_t exit_poison(struct kvm_run *run, uint32_t completes, bool keep_reason);

/**
 * exit_read - convert the exit in kvm_run to a struct kexit
 * @run: kvm_run of the vCPU
 * @err: errno of KVM_RUN, 0 for success
 * @before: the 8 bytes of run->mmio.data before KVM_RUN, from exit_poison()
 * @e: result
 */
void exit_read(const struct kvm_run *run, int err, uint64_t before, struct kexit *e);

/** exit_equal - whether two exits are equal in all fields */
bool exit_equal(const struct kexit *a, const struct kexit *b);

/**
 * exit_print - format an exit as text
 * @e: exit
 * @buf: result
 * @size: of @buf
 */
void exit_print(const struct kexit *e, char *buf, size_t size);

/**
 * exits_match - compare the exits seen with those expected
 * @what: prefix of the diagnostics
 * @seen: exits seen
 * @nseen: number of exits seen
 * @want: exits expected
 * @nwant: number of exits expected
 *
 * Prints both lists side by side when they differ.
 *
 * Return: whether both lists are equal.
 */
bool exits_match(const char *what, const struct kexit *seen, size_t nseen,
		 const struct kexit *want, size_t nwant);

#endif /* KVMEM_EXITS_H */
