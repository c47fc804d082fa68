# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Assertions of make check.  Sourced by check.sh.

PASSED=0 FAILED=0 SKIPPED=0

pass() { PASSED=$((PASSED + 1)); printf 'ok    %s\n' "$1"; }
skip() { SKIPPED=$((SKIPPED + 1)); printf 'skip  %s: %s\n' "$1" "$2"; }
fail() {
	FAILED=$((FAILED + 1))
	printf 'FAIL  %s: %s\n' "$1" "$2"
}

# expect NAME COMMAND...: COMMAND succeeds
expect() {
	local name=$1 out
	shift
	if out=$("$@" 2>&1); then
		pass "$name"
	else
		fail "$name" "exit code $?: $*"
		tail -n 15 <<<"$out" | sed 's/^/      /'
	fi
}

# expect_code NAME CODE TEXT COMMAND...: COMMAND exits with CODE and prints TEXT
expect_code() {
	local name=$1 code=$2 text=$3 out got=0
	shift 3
	out=$("$@" 2>&1) || got=$?
	if [ "$got" != "$code" ]; then
		fail "$name" "exit code $got instead of $code: $*"
	elif ! grep -qF -- "$text" <<<"$out"; then
		fail "$name" "does not print '$text'"
	else
		pass "$name"
		return
	fi
	tail -n 15 <<<"$out" | sed 's/^/      /'
}

# is NAME EXPECTED GOT: both are the same
is() {
	if [ "$2" = "$3" ]; then
		pass "$1"
	else
		fail "$1" "got '$3', expected '$2'"
	fi
}

# have_kvm: whether this host can create VMs
have_kvm() {
	build/kvmem-run --probe >/dev/null 2>&1
}

# of RESULTS.json EXPRESSION: print a Python expression over r, the results
of() {
	python3 -c 'import json, sys; r = json.load(open(sys.argv[1])); print(eval(sys.argv[2]))' "$1" "$2"
}

# status_of RESULTS.json TEST
status_of() {
	of "$1" "next((t['status'] for t in r['tests'] if t['name'] == '$2'), 'missing')"
}

reason_of() {
	of "$1" "next((t['reason'] for t in r['tests'] if t['name'] == '$2'), 'missing')"
}

# valid_folder NAME DIR: the files of a results folder are well-formed
valid_folder() {
	local name=$1 dir=$2
	expect "$name: results.json is JSON" python3 -m json.tool "$dir/results.json" /dev/null
	expect "$name: junit.xml is XML" \
		python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' "$dir/junit.xml"
	expect "$name: kvmem.ktap is KTAP" ktap_parses "$dir/kvmem.ktap"
}

# ktap_parses FILE: the kernel's parser reads it; it exits with 1 if a test failed
ktap_parses() {
	local out
	out=$(cd "$KSRC" && python3 tools/testing/kunit/kunit.py parse "$1" 2>&1) || true
	grep -q 'Testing complete. Ran [0-9]* tests' <<<"$out" && ! grep -qi 'traceback' <<<"$out"
}

# gone NAME PATTERN: within 3 s, no process has PATTERN in its command line
gone() {
	local i
	for i in 1 2 3 4 5 6; do
		pgrep -f -- "$2" >/dev/null || { pass "$1"; return; }
		sleep 0.5
	done
	fail "$1" "still there after $i tries: $(pgrep -af -- "$2" | head -n 1)"
}
