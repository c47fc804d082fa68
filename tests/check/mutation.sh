# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The reference kernel with seeded bugs: it builds, the suite passes on it, and a sample
# of its bugs from all topics is detected.

# A few bugs of each topic that are quick to detect, by different tests.
SAMPLE=gmem_start_no_max,gmem_end_no_min,gmem_skip_wide,gmem_unbind_leaves_binding
SAMPLE+=,private_bit_ignored,fault_flags_inverted,attr_no_zap
SAMPLE+=,mmio_spte_never_stale,mmio_fragment_gpa
SAMPLE+=,ro_mapped_writable,slot_unknown_flags,dirty_not_cleared,pat_reserved_types

expect "the kernel with seeded bugs is built" ./run.sh kernel build mutants

code=0
./run.sh lab --kernel mutants --profile quick --results "$WORK/mutants" test >"$WORK/mutants.out" 2>&1 || code=$?
is "conformance on the reference kernel" 0 "$code"
[ "$code" = 0 ] || grep -E '^(FAIL|ERROR|TIME)' "$WORK/mutants.out" || tail -n 20 "$WORK/mutants.out"
R=$(echo "$WORK"/mutants/*/results.json)
is "private memory is tested on the reference kernel" True \
	"$(of "$R" "sum(t['status'] == 'pass' and t['name'].startswith('private') for t in r['tests']) > 20")"

code=0
./run.sh mutation --mutants "$SAMPLE" --results "$WORK/mutation" >"$WORK/mutation.out" 2>&1 || code=$?
is "seeded bugs: a sample is detected" 0 "$code"
[ "$code" = 0 ] || tail -n 40 "$WORK/mutation.out"
