// SPDX-License-Identifier: GPL-2.0-only
#include "suite.h"

#include <elf.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* FNV-1a on eight bytes at a time, for speed under emulation. */
static uint64_t hash(uint64_t h, const unsigned char *p, size_t n)
{
	uint64_t word;

	for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		h = (h ^ word) * 0x100000001b3ULL;
		h ^= h >> 29;
	}
	for (; n; n--)
		h = (h ^ *p++) * 0x100000001b3ULL;
	return h;
}

static const Elf64_Phdr *headers(const unsigned char *file, size_t size, size_t *n)
{
	const Elf64_Ehdr *e = (const Elf64_Ehdr *)file;

	*n = 0;
	if (size < sizeof(*e) || memcmp(e->e_ident, ELFMAG, SELFMAG) ||
	    e->e_phoff + e->e_phnum * sizeof(Elf64_Phdr) > size)
		return NULL;
	*n = e->e_phnum;
	return (const Elf64_Phdr *)(file + e->e_phoff);
}

/* The build ID covers the debug information, which contains the build folder. */
static bool has_note(const Elf64_Phdr *load, const Elf64_Phdr *p, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (p[i].p_type == PT_NOTE && p[i].p_offset >= load->p_offset &&
		    p[i].p_offset < load->p_offset + load->p_filesz)
			return true;
	return false;
}

static uint64_t hash_image(uint64_t h, const unsigned char *file, size_t size)
{
	size_t n, i;
	const Elf64_Phdr *p = headers(file, size, &n);

	if (!p)
		return hash(h, file, size);
	for (i = 0; i < n; i++) {
		if (p[i].p_type != PT_LOAD || p[i].p_offset + p[i].p_filesz > size)
			continue;
		if ((p[i].p_flags & PF_X) || (!(p[i].p_flags & PF_W) && !has_note(&p[i], p, n)))
			h = hash(h, file + p[i].p_offset, p[i].p_filesz);
	}
	return h;
}

static uint64_t hash_program(uint64_t h, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	void *map;

	if (fd < 0 || fstat(fd, &st) || !st.st_size) {
		if (fd >= 0)
			close(fd);
		return hash(h, (const unsigned char *)path, strlen(path));
	}
	map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return hash(h, (const unsigned char *)path, strlen(path));
	h = hash_image(h, map, (size_t)st.st_size);
	munmap(map, (size_t)st.st_size);
	return h;
}

void suite_id(const struct plan *plan, char *hex, size_t size)
{
	uint64_t h = 0xcbf29ce484222325ULL;
	const char *last = NULL;
	size_t i;

	hex[0] = '\0';
	for (i = 0; i < plan->nr; i++) {
		/* The benchmarks of a program follow each other. */
		if (!plan->items[i].bench || (last && !strcmp(last, plan->items[i].path)))
			continue;
		last = plan->items[i].path;
		h = hash_program(h, last);
		snprintf(hex, size, "%016llx", (unsigned long long)h);
	}
}
