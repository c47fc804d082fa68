// SPDX-License-Identifier: GPL-2.0-only
#include "scenario/ways.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "scenario/hostmem.h"
#include "util/env.h"

#define MOST 64		/* pages that hostmem_migrate() accepts */
#define AT(m, page) ((m)->hva + (page) * VM_PAGE)

static void done(int r, const char *what)
{
	if (r)
		end_fail("%s: %s", what, strerror(errno));
}

char *way_dontneed(const struct way_mem *m, unsigned int first, unsigned int n)
{
	done(madvise(AT(m, first), n * VM_PAGE, MADV_DONTNEED), "MADV_DONTNEED");
	return NULL;
}

char *way_remove(const struct way_mem *m, unsigned int first, unsigned int n)
{
	done(madvise(AT(m, first), n * VM_PAGE, MADV_REMOVE), "MADV_REMOVE");
	return NULL;
}

char *way_punch(const struct way_mem *m, unsigned int first, unsigned int n)
{
	done(fallocate(m->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)(first * VM_PAGE),
		       (off_t)(n * VM_PAGE)),
	     "fallocate");
	return NULL;
}

char *way_munmap(const struct way_mem *m, unsigned int first, unsigned int n)
{
	done(munmap(AT(m, first), n * VM_PAGE), "munmap");
	hostmem_map_over(AT(m, first), -1, 0, n * VM_PAGE);
	return NULL;
}

char *way_mmap(const struct way_mem *m, unsigned int first, unsigned int n)
{
	hostmem_map_over(AT(m, first), -1, 0, n * VM_PAGE);
	return hostmem_map(m->fd, first * VM_PAGE, n * VM_PAGE);
}

char *way_mremap_away(const struct way_mem *m, unsigned int first, unsigned int n)
{
	char *to = vm_alloc(n * VM_PAGE);

	if (mremap(AT(m, first), n * VM_PAGE, n * VM_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, to) != to)
		end_fail("mremap: %s", strerror(errno));
	hostmem_map_over(AT(m, first), -1, 0, n * VM_PAGE);
	return to;
}

char *way_mremap_onto(const struct way_mem *m, unsigned int first, unsigned int n)
{
	char *from = vm_alloc(n * VM_PAGE);

	memset(from, 0, n * VM_PAGE);
	if (mremap(from, n * VM_PAGE, n * VM_PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, AT(m, first)) !=
	    AT(m, first))
		end_fail("mremap: %s", strerror(errno));
	return NULL;
}

char *way_mprotect(const struct way_mem *m, unsigned int first, unsigned int n)
{
	done(mprotect(AT(m, first), n * VM_PAGE, PROT_NONE), "mprotect");
	return NULL;
}

char *way_mprotect_read(const struct way_mem *m, unsigned int first, unsigned int n)
{
	done(mprotect(AT(m, first), n * VM_PAGE, PROT_READ), "mprotect");
	return NULL;
}

void way_give_back(const struct way_mem *m)
{
	done(mprotect(m->hva, m->pages * VM_PAGE, PROT_READ | PROT_WRITE), "mprotect");
}

char *way_migration(const struct way_mem *m, unsigned int first, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i += MOST)
		hostmem_migrate(AT(m, first + i), n - i < MOST ? n - i : MOST);
	return NULL;
}

char *way_ksm(const struct way_mem *m, unsigned int first, unsigned int n)
{
	char *twin = vm_alloc(n * VM_PAGE);

	memcpy(twin, AT(m, first), n * VM_PAGE);
	hostmem_merge(AT(m, first), twin, n);
	return twin;
}

char *way_swap(const struct way_mem *m, unsigned int first, unsigned int n)
{
	hostmem_swap_out(AT(m, first), n);
	return NULL;
}
