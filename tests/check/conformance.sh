# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The suite on this host's KVM.  Known failures of its kernel are in
# configs/known_issues; any other failure fails the check.

if ! have_kvm; then
	skip "conformance on this host" "no usable KVM here"
	return 0
fi

code=0
./run.sh test --profile quick --results "$WORK/host" >"$WORK/host.out" 2>&1 || code=$?
is "conformance on this host" 0 "$code"
[ "$code" = 0 ] || grep -E '^(FAIL|ERROR|TIME)' "$WORK/host.out" || tail -n 20 "$WORK/host.out"
HOST=$(echo "$WORK"/host/*)
valid_folder "host run" "$HOST"
is "host run is complete" True "$(of "$HOST/results.json" "r['run']['complete']")"

# One benchmark with one replicate: it measures, and each operation exits once.
code=0
./run.sh bench --replicates 1 --profile quick --results "$WORK/bench" exit.mmio_read_user \
	>"$WORK/bench.out" 2>&1 || code=$?
is "a benchmark on this host" 0 "$code"
B=$(echo "$WORK"/bench/*)
is "one MMIO read is one exit" True \
	"$(of "$B/results.json" "all(abs(m['exits_per_op'] - 1) < 0.01 for m in r['measurements'])")"
