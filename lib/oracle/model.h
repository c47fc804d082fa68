/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The specification, executable: given slots, memory attributes and guest_memfd
 * bindings, who answers a guest access, what every byte must hold afterwards,
 * and how many mappings KVM has made.  It knows nothing of KVM;
 * tests/model_random.c runs both and compares.
 *
 * The world is small on purpose: a window of guest pages that four 2 MiB
 * boundaries divide, a few host buffers and guest_memfd files behind it.
 * Addresses are offsets into the window, slots are numbered from 0.
 */
#ifndef KVMEM_MODEL_H
#define KVMEM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kvm/exits.h"

#define MODEL_PAGE	4096
#define MODEL_HUGE	512	/* pages of a 2 MiB mapping */
#define MODEL_REGIONS	4	/* aligned 2 MiB of the window */
#define MODEL_WINDOW	(MODEL_REGIONS * MODEL_HUGE)	/* guest pages */
#define MODEL_SLOTS	6
#define MODEL_BUFFERS	2	/* host memory */
#define MODEL_THP	1	/* the buffer of 2 MiB host pages, where there are any */
#define MODEL_FILES	2	/* guest_memfd */
#define MODEL_BACK	(2 * MODEL_HUGE + 16)	/* pages of each buffer and file */
#define MODEL_ZONES	3	/* coalesced MMIO */
#define MODEL_EVENTS	4	/* ioeventfd */
#define MODEL_LOG	((MODEL_BACK + 63) / 64)	/* words of a dirty bitmap */
#define MODEL_POOL	512	/* pages that can hold something else than zeroes */

/* What the calls below return when the outcome is not specified: don't do it. */
#define MODEL_UNDEFINED	1

/* The kernel and the VM that are modelled. */
struct model_vm {
	uint64_t gpa;		/* of the window, 2 MiB aligned */
	bool gmem;		/* it can have guest_memfd */
	bool private;		/* and its memory can be private */
	bool zap_all;		/* deleting or moving a slot drops every mapping */
	bool eager_split;	/* switching the dirty log on splits huge mappings */
	bool forgets;		/* a mapping may be gone at any time, and come back */
	bool huge_at_will;	/* where 2 MiB fit, smaller pages may be mapped instead */
	bool stale_mmio_reads;	/* a stale MMIO SPTE faults as a read, whatever the access */
	bool thp;		/* buffer MODEL_THP has 2 MiB pages behind it */
	unsigned int manual;	/* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 */
	bool hole, single;	/* the proposed flags */
	bool hole_drops;	/* writes to a hole are dropped instead of exiting */
};

/* The log is cleared by KVM_CLEAR_DIRTY_LOG only; and it begins with all bits set. */
#define MODEL_MANUAL	1
#define MODEL_INIT_SET	2

struct model_slot {
	bool used, readonly, log, gmem;
	bool hole;		/* KVM_MEM_PCI_HOLE */
	bool single;		/* KVM_MEM_SINGLE_HVA */
	unsigned int base, pages;	/* in the window */
	unsigned int buffer, buffer_page;	/* userspace_addr */
	unsigned int file, file_page;	/* guest_memfd binding */
	/* Bits of the dirty bitmap that must be set by now, and that may be. */
	uint64_t must[MODEL_LOG], may[MODEL_LOG];
};

/* What the host has at a page of a buffer. */
enum model_present {
	MODEL_ABSENT,
	MODEL_ZERO,		/* read, never written: the zero page */
	MODEL_OWN,
};

struct model_back {
	bool open;		/* files */
	uint16_t page[MODEL_BACK];	/* index into the pool, 0: zeroes */
	uint8_t present[MODEL_BACK];	/* buffers: enum model_present */
};

struct model_zone {
	bool on;
	unsigned int from, bytes;
};

struct model_event {
	bool on, match;
	unsigned int at, len;	/* len 0: any length */
	uint64_t value;		/* with match */
};

/* How sure it is that something is mapped in KVM's tables. */
enum model_mapped { MODEL_UNMAPPED, MODEL_MAYBE, MODEL_MAPPED };

/* Least and most mappings that exist for the window. */
struct model_counts {
	unsigned int least_4k, most_4k, least_2m, most_2m;
};

struct model {
	struct model_vm vm;
	struct model_slot slot[MODEL_SLOTS];
	struct model_back buffer[MODEL_BUFFERS], file[MODEL_FILES];
	bool host_huge[MODEL_BACK / MODEL_HUGE];	/* of buffer MODEL_THP */
	bool private[MODEL_WINDOW];
	bool touched[MODEL_WINDOW];	/* was MMIO for the guest while it was shared */
	struct model_zone zone[MODEL_ZONES];
	struct model_event event[MODEL_EVENTS];
	uint8_t mapped[MODEL_WINDOW];		/* enum model_mapped, as 4 KiB */
	uint8_t mapped_huge[MODEL_REGIONS];	/* as 2 MiB */
	struct model_counts counts;
	unsigned int zaps;		/* times that every mapping was dropped */
	unsigned int pool_used;
	uint8_t pool[MODEL_POOL][MODEL_PAGE];
};

/* Exits and side effects of one access. */
struct model_result {
	struct kexit exit[8];
	unsigned int exits;
	bool stopped;			/* the last exit is a memory fault: the access is not done */
	struct kexit ring[8];		/* writes that go to the coalesced ring */
	unsigned int rings;
	unsigned int signals[MODEL_EVENTS];
	uint8_t data[16];		/* what a read gives; bytes of MMIO come from @answer */
};

/** model_init - an empty window; buffers and files hold zeroes, files are open */
void model_init(struct model *m, const struct model_vm *vm);

/* What the memslot ioctl is told. */
struct model_region {
	unsigned int slot, base, pages;	/* pages 0 deletes */
	bool readonly, log, gmem, hole, single;
	bool no_hva;			/* userspace_addr is 0 */
	unsigned int buffer, buffer_page, file, file_page;
};

/**
 * model_region - KVM_SET_USER_MEMORY_REGION[2]
 *
 * Return: 0 or -errno.  A binding that overlaps another gives -EEXIST, for
 * which kernels before 7.2 say -EINVAL.
 */
int model_region(struct model *m, const struct model_region *r);

/** model_attributes - make a range of the window private or shared; 0 or -errno */
int model_attributes(struct model *m, unsigned int first, unsigned int pages, bool private);

/** model_punch - fallocate(PUNCH_HOLE) on a file; a closed one gives -EBADF */
int model_punch(struct model *m, unsigned int file, unsigned int first, unsigned int pages);

/** model_close - close a file: its slots fault from now on; -EBADF when it is closed */
int model_close(struct model *m, unsigned int file);

/**
 * model_reopen - a new file of zeroes in place of a closed one
 *
 * Return: 0, or MODEL_UNDEFINED while slots of the old file are left.
 */
int model_reopen(struct model *m, unsigned int file);

/** model_drop - MADV_DONTNEED on pages of a buffer */
void model_drop(struct model *m, unsigned int buffer, unsigned int first, unsigned int pages);

/** model_host_write - the host writes 8 bytes into a buffer */
void model_host_write(struct model *m, unsigned int buffer, unsigned int offset, uint64_t value);

/**
 * model_dirty - KVM_GET_DIRTY_LOG: which bits must, may be set
 *
 * Clears the log unless the VM has it cleared by hand.  Return: 0 or -ENOENT.
 */
int model_dirty(struct model *m, unsigned int slot, uint64_t must[MODEL_LOG],
		uint64_t may[MODEL_LOG]);

/**
 * model_clear - KVM_CLEAR_DIRTY_LOG
 * @word: first word of the bitmap, @words of them
 * @mask: bits cleared in each word
 *
 * Return: 0 or -errno.
 */
int model_clear(struct model *m, unsigned int slot, unsigned int word, unsigned int words,
		uint64_t mask);

/**
 * model_zone - register or unregister a coalesced zone
 * @from: offset into the window, @bytes long
 *
 * Return: 0, or MODEL_UNDEFINED: who of two that overlap takes a write, and
 * what unregistering part of a zone does, is not specified.
 */
int model_zone(struct model *m, unsigned int zone, bool on, unsigned int from, unsigned int bytes);

/**
 * model_event - assign or deassign an ioeventfd
 * @e: on, or the same with on false
 *
 * Return: 0 or -errno, or MODEL_UNDEFINED for one that overlaps another thing on
 * the bus without being at the same address.
 */
int model_event(struct model *m, unsigned int event, const struct model_event *e);

/**
 * model_defined - whether one access of @width bytes has one specified outcome
 *
 * Not specified (BEHAVIOURS D22, E18): an access that is emulated because one
 * half is MMIO and whose other half is guest_memfd; which half of a split access
 * faults first; and a private page that the guest once used as MMIO (finding F1
 * of BEHAVIOURS 1.3: the MMIO SPTE survives, and what it then says, MMIO or a
 * memory fault without the private flag, depends on history).  An ioeventfd of
 * any length takes accesses that KVM does not decode, reads included, and on VMX
 * also those to a slot created over an MMIO SPTE.  What is on the bus behind the
 * first 8 bytes of an access is asked only if those went to the bus as well.
 */
bool model_defined(const struct model *m, uint64_t offset, unsigned int width, bool read,
		   bool write);

/** model_is_memory - whether an access within @page reaches memory, without an exit */
bool model_is_memory(const struct model *m, unsigned int page, bool write);

/**
 * model_access - one guest load or store
 * @offset: into the window
 * @width: 1 to 16
 * @data: bytes to write, NULL for a read
 * @answer: byte with which the VMM fills every MMIO read
 * @r: result
 */
void model_access(struct model *m, uint64_t offset, unsigned int width, const uint8_t *data,
		  uint8_t answer, struct model_result *r);

/**
 * model_add - add [m], r: one instruction that reads and then writes
 * @width: 1 to 8
 * @addend: what is added
 */
void model_add(struct model *m, uint64_t offset, unsigned int width, uint64_t addend,
	       uint8_t answer, struct model_result *r);

/**
 * model_settle - tell the model how many mappings there are
 *
 * Where KVM may choose, this says what it chose.
 *
 * Return: false when the model says that it can't be that many.
 */
bool model_settle(struct model *m, unsigned int pages_4k, unsigned int pages_2m);

/** model_bytes - content of a page of a buffer or file */
const uint8_t *model_bytes(const struct model *m, const struct model_back *b, unsigned int page);

#endif /* KVMEM_MODEL_H */
