/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The folder of one run on disk.  Every file in it is valid at every moment:
 * it is either replaced as a whole, or grows by whole lines.
 *
 * The first write that fails is reported; the program goes on, so that a full
 * disk does not also lose what the terminal shows.
 */
#ifndef KVMEM_REPORT_FOLDER_H
#define KVMEM_REPORT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

struct folder {
	char *path;
	int fd;
	bool made;	/* it was not there before */
	bool failed;	/* some write failed, and was reported */
};

/* A file that grows. */
struct appender {
	struct folder *folder;
	char *name;
	int fd;		/* -1: not open yet, or given up */
	bool failed;
};

/**
 * folder_create - make the folder and its log/ subfolder, parents included
 * @f: result
 * @path: of the folder, which must not hold a run already
 *
 * Return: whether it is there and can be written; else it was said why not.
 */
bool folder_create(struct folder *f, const char *path);

/** folder_close - forget the folder; what was made and not used is removed */
void folder_close(struct folder *f);

/** folder_replace - give a file new contents in one step */
bool folder_replace(struct folder *f, const char *name, const char *data, size_t len);

/** folder_append_to - set up a growing file, made at the first write */
void folder_append_to(struct appender *a, struct folder *f, const char *name);
bool appender_write(struct appender *a, const char *data, size_t len);
void appender_close(struct appender *a);

#endif /* KVMEM_REPORT_FOLDER_H */
