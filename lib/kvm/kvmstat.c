// SPDX-License-Identifier: GPL-2.0-only
#include "kvm/kvmstat.h"

#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct kvmstat {
	int fd;
	struct kvm_stats_header hdr;
	char *descs;		/* hdr.num_desc descriptors of desc_size bytes */
	size_t desc_size;
};

static const struct kvm_stats_desc *desc_at(const struct kvmstat *s, uint32_t i)
{
	return (const void *)(s->descs + i * s->desc_size);
}

struct kvmstat *kvmstat_open_file(int stats_fd)
{
	struct kvmstat *s = calloc(1, sizeof(*s));
	size_t len;

	if (!s)
		return NULL;
	s->fd = dup(stats_fd);
	if (pread(s->fd, &s->hdr, sizeof(s->hdr), 0) != sizeof(s->hdr))
		goto bad;
	s->desc_size = sizeof(struct kvm_stats_desc) + s->hdr.name_size;
	len = s->hdr.num_desc * s->desc_size;
	s->descs = malloc(len);
	if (!s->descs || pread(s->fd, s->descs, len, s->hdr.desc_offset) != (ssize_t)len)
		goto bad;
	return s;
bad:
	kvmstat_close(s);
	return NULL;
}

struct kvmstat *kvmstat_open(int fd)
{
	int stats_fd = ioctl(fd, KVM_GET_STATS_FD, NULL);
	struct kvmstat *s;

	if (stats_fd < 0)
		return NULL;
	s = kvmstat_open_file(stats_fd);
	close(stats_fd);
	return s;
}

bool kvmstat_get(struct kvmstat *s, const char *name, uint64_t *value)
{
	uint32_t i;

	if (!s)
		return false;
	for (i = 0; i < s->hdr.num_desc; i++) {
		const struct kvm_stats_desc *d = desc_at(s, i);

		if (strncmp(d->name, name, s->hdr.name_size))
			continue;
		return pread(s->fd, value, sizeof(*value),
			     s->hdr.data_offset + d->offset) == sizeof(*value);
	}
	return false;
}

void kvmstat_close(struct kvmstat *s)
{
	if (!s)
		return;
	close(s->fd);
	free(s->descs);
	free(s);
}
