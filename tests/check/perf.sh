# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# bench --perf: how perf's output is used.  The benchmarks and perf are stubs, since not
# every host has KVM: a benchmark records the number of its exits, perf prints the number
# that it counted.  With KVM, the real ones run as well.

V=$WORK/perf-programs
mkdir -p "$V/bench" "$V/bin/perf.mnt" "$V/home"
cat >"$V/bench/counted" <<'END'
#!/bin/sh
if [ "$1" = --list ]; then
	printf '%s\tN4\t1\n' fake.right fake.wrong fake.skipped fake.silent fake.elsewhere
	exit 0
fi
exits() { [ -z "$KVMEM_COUNT_EXITS" ] || echo "{\"event\":\"exits\",\"n\":$1,\"vcpus\":$2}" >&"$KVMEM_RECORD"; }
case $2 in
fake.right) exits 100 2 ;;
fake.wrong) exits 99 2 ;;
fake.silent) exits 7 1 ;;
fake.skipped) echo "# SKIP: not here"; exit 4 ;;
fake.elsewhere) exits 0 0 ;;
esac
END
cat >"$V/bin/perf" <<'END'
#!/bin/sh
[ -z "$FAKE_PERF_REFUSES" ] || { echo "event syntax error: 'kvm:kvm_exit'"; exit 129; }
# Like the real perf: mounts tracefs, and copies files to ~/.debug.
mount -t tmpfs none "$0.mnt" 2>/dev/null
case "$*" in *--buildid-dir*) ;; *record*) mkdir -p "$HOME/.debug" ;; esac
case "$*" in
*' report') echo 'Total Samples:98, Total events handled time:5.00us.'; exit 0 ;;
esac
while [ $# -gt 0 ] && [ "$1" != -- ]; do
	[ "$1" != -o ] || out=$2
	shift
done
case $* in *fake.silent) n=0 ;; *) n=100 ;; esac
[ -z "$out" ] || printf '3,,kvm:kvm_pio,1,100.00,,\n%s,,kvm:kvm_exit,1,100.00,,\n' "$n" >"$out"
[ $# = 0 ] || { shift; "$@"; }
END
chmod +x "$V/bench/counted" "$V/bin/perf"

code=0
HOME=$V/home PATH=$V/bin:$PATH build/kvmem-run --dir "$V" --bench --replicates 1 --perf "$WORK/perf" \
	>"$WORK/perf.out" 2>"$WORK/perf.err" || code=$?
is "perf: exit code" 0 "$code"
is "perf: a count for each benchmark that has exits" "fake.right 100 100 100 100|fake.wrong 100 99 100 99|" \
	"$(tail -n +2 "$WORK/perf/exits.tsv" | tr '\t\n' ' |')"
expect "perf: counts that differ are printed" grep -q 'fake.wrong: 100 exits by perf stat, 99 by KVM' "$WORK/perf.err"
expect "perf: the number of equal counts is printed" grep -q 'same exits for 1 of 2 benchmarks' "$WORK/perf.err"
expect "perf: a benchmark without traced exits is not compared" \
	grep -q 'benchmarks with exits but no kvm:kvm_exit: 1 ' "$WORK/perf.err"
expect "perf: the output of perf stat and perf kvm stat is kept" \
	test -s "$WORK/perf/fake.right.stat" -a -s "$WORK/perf/fake.right.kvm"
is "perf: nothing stays mounted" 0 "$(grep -c "$V/bin/perf.mnt" /proc/mounts)"
while umount "$V/bin/perf.mnt" 2>/dev/null; do :; done
is "perf: no files in the home folder" "" "$(ls -A "$V/home")"
expect "perf: no files of a skipped benchmark" test ! -e "$WORK/perf/fake.skipped.stat"
is "perf: the measured replicates do not count exits" 0 "$(grep -c '"exits"' "$WORK/perf.out")"
code=0
FAKE_PERF_REFUSES=1 PATH=$V/bin:$PATH build/kvmem-run --dir "$V" --bench --perf "$WORK/perf-refused" \
	>/dev/null 2>"$WORK/perf.err" || code=$?
is "perf: it cannot count KVM's tracepoints: exit code" 2 "$code"
expect "perf: it cannot count: the message has the remedy" grep -q perf_event_paranoid "$WORK/perf.err"

if ! build/kvmem-run --probe 2>/dev/null; then
	skip "perf: the real one" "no usable KVM here"
	return 0
fi
code=0
./run.sh bench --perf --profile quick --replicates 1 --results "$WORK/perf-real" exit.cpuid exit.mmio_read_user \
	>"$WORK/perf.out" 2>&1 || code=$?
is "perf: the real one" 0 "$code"
[ "$code" = 0 ] || tail -n 5 "$WORK/perf.out"
if grep -q 'with exits but no kvm:kvm_exit' "$WORK/perf.out" &&
	grep -q 'same exits for 0 of 0 ' "$WORK/perf.out"; then
	skip "perf: the real one and KVM's statistics count the same exits" "this host's KVM does not trace kvm_exit"
else
	expect "perf: the real one and KVM's statistics count the same exits" \
		grep -qE 'same exits for ([1-9][0-9]*) of \1 ' "$WORK/perf.out"
fi
