/* SPDX-License-Identifier: GPL-2.0-only */
/* Part of tests/gmem_file.c: copies by the guest, made of single accesses. */

static bool copy_out(struct vcpu *v)
{
	return vcpu_expect(v, "copy of the file",
			   OPS({ .kind = OP_LOAD, .width = 4, .flags = OPF_VALUES, .addr = GPA,
				 .count = SIZE / 4, .stride = 4, .samples = COPY_GPA }), NO_EXITS);
}

static bool fill_with_ones(struct vcpu *v)
{
	return vcpu_expect(v, "fill of the file",
			   OPS({ .kind = OP_STORE, .width = 8, .addr = GPA, .count = SIZE / 8, .stride = 8,
				 .value = { ~0ULL } }), NO_EXITS);
}
