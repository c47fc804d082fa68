/* SPDX-License-Identifier: GPL-2.0-only */
/* Internal to the model's source files; users include oracle/model.h. */
#ifndef KVMEM_ORACLE_MODEL_PARTS_H
#define KVMEM_ORACLE_MODEL_PARTS_H

#include "oracle/model.h"

/* Result of an access to a page: memory, all ones without an exit, MMIO, memory fault. */
enum model_who { WHO_MEMORY, WHO_ONES, WHO_MMIO, WHO_FAULT };

struct model_page {
	enum model_who who;
	struct model_slot *slot;	/* NULL when there is none */
	struct model_back *back;	/* WHO_MEMORY: buffer or file */
	unsigned int at;		/* page index in @back */
	bool gmem;			/* @back is a guest_memfd file */
	uint64_t fault_flags;		/* WHO_FAULT */
};

/* model_page.c */

/** model_overlaps - whether [a, a + na) and [b, b + nb) overlap */
bool model_overlaps(unsigned int a, unsigned int na, unsigned int b, unsigned int nb);

/** model_page_at - how an access to a page is handled */
struct model_page model_page_at(const struct model *m, unsigned int page, bool write);

/* model_memory.c */

/** model_bytes_to_write - writable content of a page, allocated from the pool when needed */
uint8_t *model_bytes_to_write(struct model *m, struct model_back *b, unsigned int page);

/** model_make_own - replace the zero page of a buffer before a write */
void model_make_own(struct model *m, unsigned int buffer, unsigned int page);

/* model_map.c */

/** model_becomes_huge - whether a fault at @page of slot @s maps 2 MiB */
bool model_becomes_huge(const struct model *m, const struct model_slot *s, unsigned int page);

/**
 * model_map_page - update the mappings for a guest access to memory
 * @p: from model_page_at()
 * @write: the access is a write
 * @sure: KVM certainly maps the page; false where the emulator may do the access
 */
void model_map_page(struct model *m, unsigned int page, const struct model_page *p,
		    bool write, bool sure);

/** model_mapped_at - whether a page is mapped, by a 4 KiB or 2 MiB mapping */
enum model_mapped model_mapped_at(const struct model *m, unsigned int page);

/** model_maybe_unmap - a page may or may not have been unmapped */
void model_maybe_unmap(struct model *m, unsigned int page);

/** model_set_huge - set the state of a 2 MiB mapping */
void model_set_huge(struct model *m, unsigned int region, enum model_mapped is);

/** model_set_mapped_pages - set the state of all existing 4 KiB mappings of a region */
void model_set_mapped_pages(struct model *m, unsigned int region, enum model_mapped is);

/** model_split - split a 2 MiB mapping into 512; @sure: false when KVM may leave it */
void model_split(struct model *m, unsigned int region, bool sure);

/** model_unmap - unmap pages, and the whole of a huge mapping that contains one */
void model_unmap(struct model *m, unsigned int first, unsigned int pages);

/** model_unmap_buffer - unmap pages of a buffer; @sure: false when KVM may leave them */
void model_unmap_buffer(struct model *m, unsigned int buffer, unsigned int first,
			unsigned int pages, bool sure);

/** model_unmap_file - unmap pages of a guest_memfd file */
void model_unmap_file(struct model *m, unsigned int file, unsigned int first, unsigned int pages);

/* model_bus.c */

/**
 * model_on_bus - whether a device is registered in [from, from + bytes)
 * @zone: coalesced zone to ignore, or NULL
 * @events: consider ioeventfds as well as zones
 */
bool model_on_bus(const struct model *m, unsigned int from, unsigned int bytes,
		  const struct model_zone *zone, bool events);

#endif /* KVMEM_ORACLE_MODEL_PARTS_H */
