/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The specification, executable: given slots, memory attributes and guest_memfd
 * bindings, who answers a guest access and what every byte must hold afterwards.
 * It knows nothing of KVM; tests/model_random runs both and compares.
 *
 * The world is small on purpose: a window of guest pages at MODEL_GPA, a few
 * host buffers and guest_memfd files behind it.  Addresses are offsets into the
 * window.
 */
#ifndef KVMEM_MODEL_H
#define KVMEM_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "exits.h"

#define MODEL_GPA	0xc0000000ULL
#define MODEL_WINDOW	64	/* guest pages */
#define MODEL_SLOTS	8
#define MODEL_BUFFERS	2	/* host memory */
#define MODEL_FILES	2	/* guest_memfd */
#define MODEL_BACK	16	/* pages of each buffer and file */
#define MODEL_PAGE	4096

struct model_slot {
	bool used, readonly, log, gmem;
	unsigned int base, pages;	/* in the window */
	unsigned int buffer, buffer_page;	/* userspace_addr */
	unsigned int file, file_page;	/* guest_memfd binding */
	uint64_t must_dirty, may_dirty;	/* since the log was last read */
};

struct model_file {
	bool open;
	uint8_t data[MODEL_BACK][MODEL_PAGE];
};

/* How sure it is that a page of the window has a mapping in KVM's tables. */
enum model_mapped { MODEL_UNMAPPED, MODEL_MAYBE, MODEL_MAPPED };

struct model {
	bool has_gmem;		/* the VM can have guest_memfd */
	bool private_vm;	/* and its memory can be private */
	bool zap_all;		/* deleting or moving a slot drops every mapping */
	struct model_slot slot[MODEL_SLOTS];
	uint8_t buffer[MODEL_BUFFERS][MODEL_BACK][MODEL_PAGE];
	struct model_file file[MODEL_FILES];
	bool private[MODEL_WINDOW];
	uint8_t mapped[MODEL_WINDOW];	/* enum model_mapped */
	bool touched[MODEL_WINDOW];	/* was MMIO for the guest while it was shared */
	bool zone[MODEL_WINDOW];	/* coalesced MMIO, whole pages */
	bool event[MODEL_WINDOW];	/* ioeventfd: any write of 4 bytes at the page's begin */
	uint64_t signals;		/* of all ioeventfds */
	uint64_t zaps;			/* times that every mapping was dropped */
};

/* Exits and side effects of one access. */
struct model_result {
	struct kexit exit[8];
	unsigned int exits;
	bool stopped;			/* the last exit is a memory fault: the access is not done */
	struct kexit ring[8];		/* writes that go to the coalesced ring */
	unsigned int rings;
	uint8_t data[16];		/* what a read gives; bytes of MMIO come from @answer */
};

/** model_init - an empty window; buffers and files hold zeroes, files are open */
void model_init(struct model *m, bool has_gmem, bool private_vm);

/* What the memslot ioctl is told. */
struct model_region {
	unsigned int slot, base, pages;	/* pages 0 deletes */
	bool readonly, log, gmem;
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

/** model_close - close a file: its slots fault from now on */
void model_close(struct model *m, unsigned int file);

/** model_reopen - a new file of zeroes in place of a closed one */
void model_reopen(struct model *m, unsigned int file);

/** model_drop - MADV_DONTNEED on pages of a buffer */
void model_drop(struct model *m, unsigned int buffer, unsigned int first, unsigned int pages);

/** model_host_write - the host writes into a buffer */
void model_host_write(struct model *m, unsigned int buffer, unsigned int offset, uint64_t value);

/** model_dirty - the log of a slot is read and cleared: which bits must, may be set */
int model_dirty(struct model *m, unsigned int slot, uint64_t *must, uint64_t *may);

/**
 * model_defined - whether one access of @width bytes has one specified outcome
 *
 * Not specified (BEHAVIOURS D22, E18): an access that is emulated because one
 * half is MMIO and whose other half is guest_memfd; which half of a split access
 * faults first; and a private page that the guest once used as MMIO (finding F1
 * of BEHAVIOURS 1.3: the MMIO SPTE survives, and what it then says, MMIO or a
 * memory fault without the private flag, depends on history).
 */
bool model_defined(const struct model *m, uint64_t offset, unsigned int width, bool write);

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

/** model_mapped_range - least and most mappings that exist for the window */
void model_mapped_range(const struct model *m, unsigned int *least, unsigned int *most);

#endif /* KVMEM_MODEL_H */
