# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Unit tests: programs that print TAP, one line of output each.

count_tap() { # NAME PROGRAM
	local line out
	out=$("$2" 2>&1) || true
	while IFS= read -r line; do
		case $line in
		'ok '*) PASSED=$((PASSED + 1)) ;;
		'not ok '*) fail "$1" "$line" ;;
		esac
	done <<<"$out"
	grep -q '^ok ' <<<"$out" || fail "$1" "printed no result"
	printf 'ok    %s: %s tests\n' "$1" "$(grep -c '^ok ' <<<"$out")"
}

count_tap "unit tests of the library and the runner" build/tests/check/unit
count_tap "unit tests of the model" build/tests/check/model
count_tap "unit tests of the report" build/tests/check/report/selftest
