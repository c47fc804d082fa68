/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of tests/private_fault.c: instructions of arm64. */

static const struct access *other_faults(size_t *n)
{
	static const struct access rows[] = {
		{ "stp", { .kind = OP_STORE, .width = 16, .addr = 0x200 }, 0 },
		{ "ldxr", { .kind = OP_LDXR, .width = 8, .addr = 0x10 }, 0 },
		{ "read at EL0", { .kind = OP_LOAD, .width = 8, .flags = OPF_USER }, 0 },
	};

	*n = ARRAY_SIZE(rows);
	return rows;
}

static const struct access *other_restarts(size_t *n)
{
	static const struct access rows[] = {
		{ "str with writeback", { .kind = OP_STR_POST, .width = 8, .addr = 8, .value = { 5 } }, 5 },
	};

	*n = ARRAY_SIZE(rows);
	return rows;
}
