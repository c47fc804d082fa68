/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The results folder of a run.  Its files are valid at any time: a file is
 * either replaced atomically, or grows by whole lines.
 *
 * The first write that fails is reported and the program continues, so that a
 * full disk does not lose the output on the terminal too.
 */
#ifndef KVMEM_REPORT_FOLDER_H
#define KVMEM_REPORT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

struct folder {
	char *path;
	int fd;
	bool made;	/* it did not exist before */
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
 * Return: false when it cannot be made or written, after a message.
 */
bool folder_create(struct folder *f, const char *path);

/** folder_close - close the folder; a folder that was made and is empty is removed */
void folder_close(struct folder *f);

/** folder_replace - replace a file atomically */
bool folder_replace(struct folder *f, const char *name, const char *data, size_t len);

/** folder_append_to - set up a growing file, made at the first write */
void folder_append_to(struct appender *a, struct folder *f, const char *name);
bool appender_write(struct appender *a, const char *data, size_t len);
void appender_close(struct appender *a);

#endif /* KVMEM_REPORT_FOLDER_H */
