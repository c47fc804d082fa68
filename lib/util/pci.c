// SPDX-License-Identifier: GPL-2.0-only
#include "util/pci.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "util/env.h"

#define DEVICES		"/sys/bus/pci/devices"
#define IVSHMEM_VENDOR	0x1af4
#define IVSHMEM_DEVICE	0x1110

static char address[32];
static int bar;

static int write_path(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), r;

	if (fd < 0)
		return -errno;
	r = write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? 0 : -errno;
	close(fd);
	return r;
}

static long id(const char *device, const char *file)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%.32s/%s", device, file);
	return env_read_long(path, -1);
}

static void find_ivshmem(void)
{
	DIR *d = opendir(DEVICES);
	struct dirent *e;

	while (d && (e = readdir(d)))
		if (id(e->d_name, "vendor") == IVSHMEM_VENDOR &&
		    id(e->d_name, "device") == IVSHMEM_DEVICE)
			snprintf(address, sizeof(address), "%.31s", e->d_name);
	if (d)
		closedir(d);
	bar = 2;
}

const char *pci_test_device(void)
{
	const char *named = getenv("KVMEM_PCI");

	if (address[0])
		return address;
	if (named) {
		snprintf(address, sizeof(address), "%.*s", (int)strcspn(named, "/"), named);
		bar = strchr(named, '/') ? atoi(strchr(named, '/') + 1) : 0;
	} else if (env_in_lab()) {
		find_ivshmem();
	}
	if (!address[0])
		end_skip("no PCI device for tests: the lab has one, elsewhere set KVMEM_PCI=ADDRESS/BAR");
	return address;
}

int pci_write(const char *file, const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), DEVICES "/%s/%s", pci_test_device(), file);
	return write_path(path, text);
}

void *pci_map(bool wc, int prot, uint64_t size, void *at)
{
	char path[256];
	struct stat st;
	void *p;
	int fd;

	pci_test_device();
	/* A device without a driver is disabled. */
	pci_write("enable", "1");
	snprintf(path, sizeof(path), DEVICES "/%s/resource%d%s", address, bar, wc ? "_wc" : "");
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		end_skip("%s: %s", path, strerror(errno));
	if (fstat(fd, &st) || (uint64_t)st.st_size < size)
		end_skip("%s: smaller than %llu bytes", path, (unsigned long long)size);
	p = mmap(at, size, prot, MAP_SHARED | (at ? MAP_FIXED : 0), fd, 0);
	if (p == MAP_FAILED)
		end_skip("mmap of %s: %s", path, strerror(errno));
	close(fd);
	return p;
}

void pci_remove(void)
{
	int r = pci_write("remove", "1");

	if (r)
		end_skip("%s can't be removed: %s", address, strerror(-r));
}

void pci_rescan(void)
{
	struct timespec ms = { .tv_nsec = 1000000 };
	char path[256];
	int r, tries = 0;

	r = write_path("/sys/bus/pci/rescan", "1");
	if (r)
		end_fail("/sys/bus/pci/rescan: %s", strerror(-r));
	snprintf(path, sizeof(path), DEVICES "/%s/resource%d", address, bar);
	while (access(path, F_OK)) {
		if (++tries == 2000)
			end_fail("%s did not reappear after the rescan", address);
		nanosleep(&ms, NULL);
	}
}
