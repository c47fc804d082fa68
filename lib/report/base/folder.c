// SPDX-License-Identifier: GPL-2.0-only
#include "report/base/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report/base/util.h"

static const char *advice(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
		return "free some space, or choose another folder with --results";
	case EACCES:
	case EPERM:
	case EROFS:
		return "choose a folder you may write to with --results";
	default:
		return "choose another folder with --results";
	}
}

static bool make_parents(const char *path)
{
	char *copy = xstrdup(path), *p;
	bool ok = true;

	for (p = copy + 1; ok && *copy && (p = strchr(p, '/')); p++) {
		*p = '\0';
		ok = !mkdir(copy, 0777) || errno == EEXIST;
		*p = '/';
	}
	free(copy);
	return ok;
}

/*
 * A file is made and removed again: permission bits do not tell a read-only
 * mount, a quota, or root.
 */
static bool try_folder(struct folder *f)
{
	int fd;

	if (!make_parents(f->path))
		return false;
	f->made = !mkdir(f->path, 0777);
	if (!f->made && errno != EEXIST)
		return false;
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0)
		return false;
	if (!faccessat(f->fd, "results.json", F_OK, 0)) {
		errno = EEXIST;
		return false;
	}
	if (mkdirat(f->fd, "log", 0777) && errno != EEXIST)
		return false;
	fd = openat(f->fd, "results.json.tmp", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return false;
	close(fd);
	unlinkat(f->fd, "results.json.tmp", 0);
	return true;
}

bool folder_create(struct folder *f, const char *path)
{
	int error;

	memset(f, 0, sizeof(*f));
	f->fd = -1;
	f->path = xstrdup(path);
	if (try_folder(f))
		return true;
	error = errno;
	if (error == EEXIST)
		complain("%s holds another run: remove it, or choose another folder with --results",
			 path);
	else
		complain("cannot create the results folder %s: %s: %s", path, strerror(error),
			 advice(error));
	folder_close(f);
	return false;
}

void folder_close(struct folder *f)
{
	/* The removals succeed only where nothing was written. */
	if (f->made) {
		unlinkat(f->fd, "log", AT_REMOVEDIR);
		rmdir(f->path);
	}
	if (f->fd >= 0)
		close(f->fd);
	free(f->path);
	f->path = NULL;
	f->fd = -1;
}

static void report(struct folder *f, const char *name, int error)
{
	if (!f->failed)
		complain("cannot write %s/%s: %s: %s", f->path, name, strerror(error),
			 advice(error));
	f->failed = true;
}

static bool write_all(int fd, const char *data, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, data, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

bool folder_replace(struct folder *f, const char *name, const char *data, size_t len)
{
	char *temp = xprintf("%s.tmp", name);
	bool ok;
	int fd;

	fd = openat(f->fd, temp, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	ok = fd >= 0 && write_all(fd, data, len);
	/* Some file systems tell of a full disk only here. */
	if (fd >= 0 && close(fd))
		ok = false;
	ok = ok && !renameat(f->fd, temp, f->fd, name);
	if (!ok) {
		report(f, name, errno);
		unlinkat(f->fd, temp, 0);
	}
	free(temp);
	return ok;
}

void folder_append_to(struct appender *a, struct folder *f, const char *name)
{
	memset(a, 0, sizeof(*a));
	a->folder = f;
	a->name = xstrdup(name);
	a->fd = -1;
}

bool appender_write(struct appender *a, const char *data, size_t len)
{
	off_t before = 0;

	if (a->failed || !len)
		return !a->failed;
	if (a->fd < 0)
		a->fd = openat(a->folder->fd, a->name,
			       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
	if (a->fd >= 0) {
		before = lseek(a->fd, 0, SEEK_END);
		if (write_all(a->fd, data, len))
			return true;
	}
	/* Half a line is worse than none; and what follows would make a gap. */
	a->failed = true;
	report(a->folder, a->name, errno);
	if (a->fd >= 0 && (!before || ftruncate(a->fd, before)))
		unlinkat(a->folder->fd, a->name, 0);
	return false;
}

void appender_close(struct appender *a)
{
	if (a->fd >= 0 && close(a->fd))
		report(a->folder, a->name, errno);
	free(a->name);
	memset(a, 0, sizeof(*a));
	a->fd = -1;
}
