/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef KVMEM_UTIL_H
#define KVMEM_UTIL_H

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif /* KVMEM_UTIL_H */
