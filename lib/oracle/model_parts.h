/* SPDX-License-Identifier: GPL-2.0-only */
/* Between the parts of the model; users include oracle/model.h. */
#ifndef KVMEM_ORACLE_MODEL_PARTS_H
#define KVMEM_ORACLE_MODEL_PARTS_H

#include "oracle/model.h"

/* Who answers at one page. */
enum model_who { WHO_MEMORY, WHO_ONES, WHO_MMIO, WHO_FAULT };

struct model_page {
	enum model_who who;
	struct model_slot *slot;	/* NULL: none */
	struct model_back *back;	/* WHO_MEMORY: buffer or file, */
	unsigned int at;		/* and the page in it */
	bool gmem;			/* it is a file */
	uint64_t fault_flags;		/* WHO_FAULT */
};

/* model_memory.c */

/** model_bytes_to_write - content of a page of a buffer or file, to be changed */
uint8_t *model_bytes_to_write(struct model *m, struct model_back *b, unsigned int page);

/** model_make_own - a page is written: the zero page is replaced */
void model_make_own(struct model *m, unsigned int buffer, unsigned int page);

/** model_page_at - who answers an access to a page */
struct model_page model_page_at(const struct model *m, unsigned int page, bool write);

/* model_map.c */

/** model_becomes_huge - whether a fault at @page maps 2 MiB */
bool model_becomes_huge(const struct model *m, const struct model_slot *s, unsigned int page);

/** model_map_page - the guest accesses memory; @sure: the CPU does, not only the emulator */
void model_map_page(struct model *m, unsigned int page, const struct model_page *p,
		    bool write, bool sure);

/** model_mapped_at - state of the mapping of a page, by itself or by 2 MiB */
enum model_mapped model_mapped_at(const struct model *m, unsigned int page);

/** model_maybe_unmap - a page may have been unmapped */
void model_maybe_unmap(struct model *m, unsigned int page);

/** model_set_huge - change the state of a 2 MiB mapping */
void model_set_huge(struct model *m, unsigned int region, enum model_mapped is);

/** model_set_mapped_pages - change the state of all 4 KiB mappings of a region */
void model_set_mapped_pages(struct model *m, unsigned int region, enum model_mapped is);

/** model_split - a huge mapping becomes 512 small ones; @sure: it must */
void model_split(struct model *m, unsigned int region, bool sure);

/** model_unmap - pages are unmapped; a huge mapping goes as a whole */
void model_unmap(struct model *m, unsigned int first, unsigned int pages);

/** model_unmap_buffer - the host removes pages of a buffer; @sure: it must */
void model_unmap_buffer(struct model *m, unsigned int buffer, unsigned int first,
			unsigned int pages, bool sure);

/** model_unmap_file - pages of a guest_memfd are removed */
void model_unmap_file(struct model *m, unsigned int file, unsigned int first, unsigned int pages);

/* model_slot.c */

/** model_overlaps - whether [a, a + na) and [b, b + nb) overlap */
bool model_overlaps(unsigned int a, unsigned int na, unsigned int b, unsigned int nb);

/* model_bus.c */

/** model_on_bus - whether a coalesced zone other than @zone, or any event, is there */
bool model_on_bus(const struct model *m, unsigned int from, unsigned int bytes,
		  const struct model_zone *zone, bool events);

#endif /* KVMEM_ORACLE_MODEL_PARTS_H */
