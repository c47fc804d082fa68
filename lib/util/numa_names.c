// SPDX-License-Identifier: GPL-2.0-only
/*
 * Stub for libnuma's resolve_affinity(), which resolves device names in node lists
 * ("netdev:eth0") and would pull the resolver of libc into static programs.
 * Nothing here uses such names.  The Makefile links this one (-u resolve_affinity).
 */
struct bitmask;
int resolve_affinity(const char *id, struct bitmask *mask);

int resolve_affinity(const char *id, struct bitmask *mask)
{
	(void)id;
	(void)mask;
	return -1;
}
