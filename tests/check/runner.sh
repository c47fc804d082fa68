# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Programs that fail, hang or crash, and killed runs.

V=$WORK/victims
mkdir -p "$V/tests" "$V/bench"
cp build/tests/check/victim "$V/tests/"

# Plain programs, one for each of kselftest's exit codes and for two others.
for code in 0 1 2 3 4 42 254; do
	cat >"$V/tests/plain$code" <<END
#!/bin/sh
[ "\$1" = --list ] && { printf 'global.it\tA9\n'; exit 0; }
echo "# plain output"
[ $code = 4 ] && echo "# SKIP: for no reason"
exit $code
END
done
chmod +x "$V"/tests/plain*

record() { # RESULTS [OPTION...]: run the victims
	local results=$1
	shift
	build/kvmem-run --dir "$V" --tests --timeout 3 "$@" |
		build/kvmem-report record --results "$results" --known "$WORK/known"
}

cat >"$WORK/known" <<'END'
victim.fails /Expected 1/ | * | * | on purpose | -
victim.passes | * | * | would fail once | -
END
code=0
KVMEM_WATCHDOG=1 record "$WORK/r" >"$WORK/r.out" 2>&1 || code=$?
is "a run with failures exits with 1" 1 "$code"
valid_folder "victims" "$WORK/r"
R=$WORK/r/results.json

while read -r name status; do
	is "victim.$name is $status" "$status" "$(status_of "$R" "victim.$name")"
done <<'END'
passes pass
fails xfail
skips skip
skips_in_library skip
hangs timeout
crashes error
forks pass
END
while read -r name status; do
	is "$name is $status" "$status" "$(status_of "$R" "$name")"
done <<'END'
plain0.it pass
plain1.it fail
plain2.it xfail
plain3.it fail
plain4.it skip
plain42.it error
plain254.it error
END
is "reason of a crash" "crashed: signal 11 (Segmentation fault)" "$(reason_of "$R" victim.crashes)"
is "reason of a hang" "did not end within 3 s" "$(reason_of "$R" victim.hangs)"
is "reason of a skip" "needs something that does not exist" "$(reason_of "$R" victim.skips)"
is "reason of a skip in the library" "needs something that does not exist" \
	"$(reason_of "$R" victim.skips_in_library)"
is "run is complete" True "$(of "$R" "r['run']['complete']")"
is "observation is kept" 1 "$(of "$R" "len(r['observations'])")"
expect "an unexpected pass is reported" grep -q 'listed as a known issue' "$WORK/r.out"
gone "no process that a test forked is left" "$V/tests/victim"
for test in first second; do
	is "victim.needs.nothing_there.$test: skipped, with the reason" "skip: no such thing in this kernel" \
		"$(status_of "$R" "victim.needs.nothing_there.$test"): $(reason_of "$R" "victim.needs.nothing_there.$test")"
	is "victim.needs.nothing_else.$test passes" pass "$(status_of "$R" "victim.needs.nothing_else.$test")"
done
is "the setup of a variant that cannot run is done once" 1 "$(grep -c '^# setup of one that skips' "$WORK/r/log/victim.log")"

record "$WORK/quick" --profile quick victim.needs >"$WORK/quick.out" 2>&1 || true
Q=$WORK/quick/results.json
for test in first second; do
	is "quick: victim.needs.nothing.$test, the first that can run" pass "$(status_of "$Q" "victim.needs.nothing.$test")"
	is "quick: victim.needs.nothing_else.$test is left out" missing "$(status_of "$Q" "victim.needs.nothing_else.$test")"
done
is "quick: no test is skipped because of the profile" 0 "$(of "$Q" \
	"sum(t['status'] == 'skip' and 'profile' in t['reason'] for t in r['tests'])")"
is "quick: the number left out is in results.json" "2 left out, 4 planned" \
	"$(of "$Q" "'%d left out, %d planned' % (r['run']['left_out'], r['run']['planned'])")"
is "quick: the summary prints the number once" 1 "$(grep -c '^2 variants more with --profile full$' "$WORK/quick.out")"
is "quick: variants left out are not in kvmem.ktap and junit.xml" 0 \
	"$(cat "$WORK/quick/kvmem.ktap" "$WORK/quick/junit.xml" | grep -c nothing_else)"
valid_folder "quick" "$WORK/quick"
is "full: the summary has no such line" 0 "$(grep -c 'variants\? more' "$WORK/r.out")"

# --- terminals ---------------------------------------------------------------

# on_terminal TERM OPTION...: the output of a run on a pseudo-terminal
terminals=0
on_terminal() {
	local term=$1 dir
	shift
	dir=$WORK/terminal-$((terminals += 1))
	env -u CI TERM="$term" script -qec "build/kvmem-run --dir '$V' --tests --timeout 3 victim.passes \
		victim.needs victim.skips plain0.it plain1.it |
		build/kvmem-report record --results '$dir' $*" "$dir.typescript" </dev/null | tr -d '\r' || true
}
escapes() { tr -dc '\033' | wc -c; }

is "a pipe: no escape sequences" 0 "$(escapes <"$WORK/r.out")"
is "a pipe: a line for each result" 1 "$(grep -c '^ok    victim.passes (' "$WORK/r.out")"
if command -v script >/dev/null; then
	on_terminal dumb >"$WORK/dumb.out"
	is "TERM=dumb: no escape sequences" 0 "$(escapes <"$WORK/dumb.out")"
	is "TERM=dumb: a line for each result" 1 "$(grep -c '^ok    victim.passes (' "$WORK/dumb.out")"
	on_terminal xterm >"$WORK/xterm.out"
	is "a terminal: no line for a passed test" 0 "$(grep -c 'ok    victim.passes (' "$WORK/xterm.out")"
	is "a terminal: a line for a failed test" 1 "$(grep -c 'FAIL  plain1.it: ' "$WORK/xterm.out")"
	is "a terminal: a line for each program" 1 \
		"$(grep -c 'victim: 5 passed, 4 skipped (' "$WORK/xterm.out")"
	on_terminal xterm -v >"$WORK/verbose.out"
	is "a terminal, -v: a line for each result" 1 "$(grep -c 'ok    victim.passes (' "$WORK/verbose.out")"
else
	skip "terminals" "there is no script(1)"
fi

if [ "$(status_of "$R" victim.guest_hangs)" = skip ]; then
	skip "guests that hang or die" "$(reason_of "$R" victim.guest_hangs)"
else
	is "victim.guest_hangs fails" fail "$(status_of "$R" victim.guest_hangs)"
	is "reason of a guest that hangs" "guest hung in operation 0" \
		"$(reason_of "$R" victim.guest_hangs)"
	is "victim.guest_dies fails" fail "$(status_of "$R" victim.guest_dies)"
	expect "registers of a hung guest are logged" grep -qE '^# (rip|pc) ' "$WORK/r/log/victim.log"
	is "victim.fails_on_exits fails" fail "$(status_of "$R" victim.fails_on_exits)"
	is "reason of an unexpected exit" \
		"a read that exits: exit 0 of 1 is MMIO read 0xc0000000 len 8 data 0xffffffffffffffff, expected nothing" \
		"$(reason_of "$R" victim.fails_on_exits)"
fi

is "a run with only skips exits with 4" 4 \
	"$(record "$WORK/skips" victim.skips plain4.it >/dev/null 2>&1; echo $?)"
is "a run without failures exits with 0" 0 \
	"$(record "$WORK/good" victim.passes plain0.it >/dev/null 2>&1; echo $?)"

# kvmem-run or kvmem-report is killed during a run: the folder is valid, the run is
# incomplete, and no process is left.
for who in kvmem-run kvmem-report; do
	dir=$WORK/killed-$who
	record "$dir" victim.passes victim.hangs >/dev/null 2>&1 &
	for _ in {1..50}; do
		grep -q '"start","name":"victim.hangs"' "$dir/log/stream.jsonl" 2>/dev/null && break
		sleep 0.1
	done
	pkill -KILL -f "build/$who.*$(basename "$dir")|build/$who --dir $V" || true
	wait $! || true
	valid_folder "killed $who" "$dir"
	is "killed $who: the run is incomplete" False "$(of "$dir/results.json" "r['run']['complete']")"
	is "killed $who: earlier results are there" pass "$(status_of "$dir/results.json" victim.passes)"
	gone "killed $who: no process is left" "$V/tests/victim"
done

expect_code "kvmem-run --help" 0 "usage: kvmem-run" build/kvmem-run --help
is "kvmem-run --help prints nothing to standard error" "" "$(build/kvmem-run --help 2>&1 >/dev/null)"
expect_code "kvmem-run: an unknown option" 2 "usage: kvmem-run" build/kvmem-run --nonsense
