#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# make check: the project's own tests, or only the parts named as arguments.  Prints
# "N passed, N failed, N skipped" at the end; exits with 1 if a check failed.

set -euo pipefail

ROOT=$(dirname -- "$(readlink -f -- "$0")")/../..
ROOT=$(readlink -f -- "$ROOT")
cd "$ROOT"

# shellcheck source=tests/check/lib.sh
. tests/check/lib.sh

parts=("$@")
((${#parts[@]})) || parts=(static layers arch behaviours unit report mutants runner perf input intree lab mutation vmx arm64 bisect conformance)

./run.sh setup --check
[[ " ${parts[*]} " != *" arm64 "* ]] || env -u KHDR ./run.sh setup --check --arch arm64
# shellcheck disable=SC2034	# of arm64.sh
GIVEN_KSRC=${KSRC:-}
eval "$(./run.sh ksrc)"
export KSRC KHDR

WORK=$(mktemp -d "${TMPDIR:-/tmp}/kvmem-check-XXXXXX")
trap 'rm -rf "$WORK"' EXIT
[[ " ${parts[*]} " == *" static "* ]] ||
	make -s -j"$(nproc)" KSRC="$KSRC" KHDR="$KHDR" OUTPUT="$ROOT/build" all checks
for part in "${parts[@]}"; do
	echo "--- $part ($SECONDS s)"
	# The lab of x86, with another host's compiler.
	case $part-$(uname -m) in
	*-x86_64) ;;
	lab-* | mutation-* | vmx-* | bisect-*)
		skip "$part" "only on an x86-64 host"
		continue
		;;
	esac
	# shellcheck source=/dev/null
	. "tests/check/$part.sh"
done

echo "$PASSED passed, $FAILED failed, $SKIPPED skipped"
((FAILED == 0))
