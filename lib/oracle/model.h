/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Executable specification: for given slots, memory attributes and guest_memfd
 * bindings it determines how a guest access is handled, the content of every byte
 * afterwards, and the number of mappings that KVM has created.  It uses no KVM
 * interface; tests/model_random.c runs KVM and the model and compares them.
 *
 * The modelled address space is small on purpose: a window of four aligned 2 MiB
 * regions, backed by a few host buffers and guest_memfd files.  Addresses are
 * offsets into the window, slots are numbered from 0.
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
#define MODEL_THP	1	/* the buffer backed by 2 MiB host pages, if the VM has one */
#define MODEL_FILES	2	/* guest_memfd */
#define MODEL_BACK	(2 * MODEL_HUGE + 16)	/* pages of each buffer and file */
#define MODEL_ZONES	3	/* coalesced MMIO */
#define MODEL_EVENTS	4	/* ioeventfd */
#define MODEL_LOG	((MODEL_BACK + 63) / 64)	/* words of a dirty bitmap */
#define MODEL_POOL	512	/* pages that can be non-zero in one sequence */

/* Returned below when the outcome is not specified; the step must not be done on KVM. */
#define MODEL_UNDEFINED	1

/* The kernel and the VM that are modelled. */
struct model_vm {
	uint64_t gpa;		/* of the window, 2 MiB aligned */
	bool gmem;		/* guest_memfd is supported */
	bool private;		/* memory can be private */
	bool zap_all;		/* deleting or moving a slot drops every mapping */
	bool eager_split;	/* enabling the dirty log splits huge mappings */
	bool forgets;		/* mappings may be dropped and recreated at any time */
	bool huge_at_will;	/* 4 KiB may be mapped where 2 MiB is possible */
	bool stale_mmio_reads;	/* a stale cached MMIO entry faults as a read, whatever the access */
	bool uncached;		/* an MMIO access leaves no cached entry behind */
	bool undecoded;		/* MMIO across a page, wider than 8 bytes, or by an instruction that
				 * reads and writes, is undefined; so is an unaligned one of these
				 */
	bool thp;		/* buffer MODEL_THP is backed by 2 MiB pages */
	unsigned int manual;	/* KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 */
	bool hole, single;	/* the proposed flags */
	bool hole_drops;	/* writes to a hole are dropped instead of exiting */
};

/*
 * KVM_DIRTY_LOG_MANUAL_PROTECT_ENABLE: only KVM_CLEAR_DIRTY_LOG clears the log.
 * KVM_DIRTY_LOG_INITIALLY_SET: all bits are set when logging is enabled.
 */
#define MODEL_MANUAL	1
#define MODEL_INIT_SET	2

struct model_slot {
	bool used, readonly, log, gmem;
	bool hole;		/* KVM_MEM_PCI_HOLE */
	bool single;		/* KVM_MEM_SINGLE_HVA */
	unsigned int base, pages;	/* in the window */
	unsigned int buffer, buffer_page;	/* userspace_addr */
	unsigned int file, file_page;	/* guest_memfd binding */
	/* Bits of the dirty bitmap that must be set, and that may be set. */
	uint64_t must[MODEL_LOG], may[MODEL_LOG];
};

/* Host page behind a page of a buffer. */
enum model_present {
	MODEL_ABSENT,
	MODEL_ZERO,		/* the zero page: read, never written */
	MODEL_OWN,		/* an anonymous page */
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

/* Whether a page is mapped in the second-level tables. */
enum model_mapped { MODEL_UNMAPPED, MODEL_MAYBE, MODEL_MAPPED };

/* Lower and upper bounds of the number of mappings in the window. */
struct model_counts {
	unsigned int least_4k, most_4k, least_2m, most_2m;
};

struct model {
	struct model_vm vm;
	struct model_slot slot[MODEL_SLOTS];
	struct model_back buffer[MODEL_BUFFERS], file[MODEL_FILES];
	bool host_huge[MODEL_BACK / MODEL_HUGE];	/* 2 MiB page in MODEL_THP */
	bool private[MODEL_WINDOW];
	bool touched[MODEL_WINDOW];	/* may have a cached MMIO entry */
	struct model_zone zone[MODEL_ZONES];
	struct model_event event[MODEL_EVENTS];
	uint8_t mapped[MODEL_WINDOW];		/* 4 KiB mappings, enum model_mapped */
	uint8_t mapped_huge[MODEL_REGIONS];	/* 2 MiB mappings */
	struct model_counts counts;
	unsigned int zaps;		/* how often all mappings were dropped */
	unsigned int pool_used;
	uint8_t pool[MODEL_POOL][MODEL_PAGE];
};

/* Exits and side effects of one access. */
struct model_result {
	struct kexit exit[8];
	unsigned int exits;
	bool stopped;			/* the last exit is a memory fault, the access did not complete */
	struct kexit ring[8];		/* writes to the coalesced ring */
	unsigned int rings;
	unsigned int signals[MODEL_EVENTS];
	uint8_t data[16];		/* value read; MMIO bytes are @answer */
};

/** model_init - an empty window; buffers and files hold zeroes, files are open */
void model_init(struct model *m, const struct model_vm *vm);

/* Arguments of the memslot ioctl. */
struct model_region {
	unsigned int slot, base, pages;	/* pages 0 deletes */
	bool readonly, log, gmem, hole, single;
	bool no_hva;			/* userspace_addr is 0 */
	unsigned int buffer, buffer_page, file, file_page;
};

/**
 * model_region - KVM_SET_USER_MEMORY_REGION[2]
 *
 * Return: 0 or -errno.  A binding that overlaps another fails with -EEXIST;
 * kernels before 7.2 return -EINVAL.
 */
int model_region(struct model *m, const struct model_region *r);

/** model_attributes - make a range of the window private or shared; 0 or -errno */
int model_attributes(struct model *m, unsigned int first, unsigned int pages, bool private);

/** model_punch - fallocate(PUNCH_HOLE) on a file; 0, or -EBADF when it is closed */
int model_punch(struct model *m, unsigned int file, unsigned int first, unsigned int pages);

/** model_close - close a file, accesses to its slots fault; 0, or -EBADF when already closed */
int model_close(struct model *m, unsigned int file);

/**
 * model_reopen - create an empty file in place of a closed one
 *
 * Return: 0, or MODEL_UNDEFINED while slots are bound to the old file.
 */
int model_reopen(struct model *m, unsigned int file);

/** model_drop - MADV_DONTNEED on pages of a buffer */
void model_drop(struct model *m, unsigned int buffer, unsigned int first, unsigned int pages);

/** model_host_write - write 8 bytes to a buffer through the host mapping */
void model_host_write(struct model *m, unsigned int buffer, unsigned int offset, uint64_t value);

/**
 * model_dirty - KVM_GET_DIRTY_LOG
 * @must: bits that must be set
 * @may: bits that may be set
 *
 * Clears the log unless MODEL_MANUAL is set.  Return: 0 or -ENOENT.
 */
int model_dirty(struct model *m, unsigned int slot, uint64_t must[MODEL_LOG],
		uint64_t may[MODEL_LOG]);

/**
 * model_clear - KVM_CLEAR_DIRTY_LOG
 * @word: first 64-bit word of the bitmap
 * @words: number of words
 * @mask: bits cleared in each word
 *
 * Return: 0 or -errno.
 */
int model_clear(struct model *m, unsigned int slot, unsigned int word, unsigned int words,
		uint64_t mask);

/**
 * model_zone - register or unregister a coalesced zone
 * @from: offset into the window
 * @bytes: length
 *
 * Return: 0, or MODEL_UNDEFINED for a zone that overlaps another device, and for
 * unregistering part of a zone.
 */
int model_zone(struct model *m, unsigned int zone, bool on, unsigned int from, unsigned int bytes);

/**
 * model_event - assign or deassign an ioeventfd
 * @e: the ioeventfd; e->on is false to deassign it
 *
 * Return: 0 or -errno, or MODEL_UNDEFINED for one that overlaps a zone, or an
 * ioeventfd at another address.
 */
int model_event(struct model *m, unsigned int event, const struct model_event *e);

/**
 * model_defined - whether an access of @width bytes has exactly one valid outcome
 *
 * Not specified:
 * - a page-split access with one half MMIO and the other guest_memfd, which KVM
 *   emulates (D22, E18);
 * - the order in which the halves of a page-split access fault;
 * - a private page that the guest accessed as MMIO before (E8): the cached MMIO
 *   entry survives, and depending on history the access exits with MMIO or with
 *   a memory fault without the private flag;
 * - accesses other than a plain write at the address of an ioeventfd without a
 *   length, which may match reads and undecoded accesses too and, with
 *   stale_mmio_reads, accesses to a slot created over a cached MMIO entry;
 * - a write of more than 8 bytes whose later bytes hit a device on the bus and
 *   whose first 8 do not: KVM may not look the later ones up.
 */
bool model_defined(const struct model *m, uint64_t offset, unsigned int width, bool read,
		   bool write);

/** model_is_memory - whether an access within @page accesses memory without an exit */
bool model_is_memory(const struct model *m, unsigned int page, bool write);

/**
 * model_access - one guest load or store
 * @offset: into the window
 * @width: 1 to 16
 * @data: bytes to write, NULL for a read
 * @answer: byte that userspace returns for every byte of an MMIO read
 * @r: result
 */
void model_access(struct model *m, uint64_t offset, unsigned int width, const uint8_t *data,
		  uint8_t answer, struct model_result *r);

/**
 * model_add - add [m], r: one instruction that reads and then writes
 * @width: 1 to 8
 * @addend: value of the register
 */
void model_add(struct model *m, uint64_t offset, unsigned int width, uint64_t addend,
	       uint8_t answer, struct model_result *r);

/**
 * model_settle - check the number of mappings and narrow the model's bounds
 * @pages_4k: number of 4 KiB mappings that KVM has in the window
 * @pages_2m: number of 2 MiB mappings
 *
 * Mappings that may or may not exist become known when a count equals a bound.
 *
 * Return: false when a count is outside of the bounds.
 */
bool model_settle(struct model *m, unsigned int pages_4k, unsigned int pages_2m);

/** model_bytes - content of a page of a buffer or file */
const uint8_t *model_bytes(const struct model *m, const struct model_back *b, unsigned int page);

#endif /* KVMEM_MODEL_H */
