# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A run in another process of run.sh, for commands that make several runs.

# child_run ARG...: set the caller's folder to the results folder of ./run.sh ARG...,
# empty if it made none; returns its exit code.  Its output is shown only with -v:
# the caller shows the results of all runs together.
child_run() {
	local file fd code=0

	file=$(mktemp "${TMPDIR:-/tmp}/kvmem.XXXXXX" 2>/dev/null) ||
		die "cannot make a temporary file in ${TMPDIR:-/tmp}; set TMPDIR to a folder with space"
	exec {fd}<>"$file"
	rm -f -- "$file"
	KVMEM_RUN_FILE=/proc/self/fd/$fd "$ROOT/run.sh" "$@" \
		</dev/null >"$([[ ${opt[verbose]:-} ]] && echo /dev/stdout || echo /dev/null)" &
	await $! || code=$?
	stop_if_pending
	folder=$(cat "/proc/self/fd/$fd")
	exec {fd}>&-
	[[ -r $folder/results.json ]] || folder=
	return "$code"
}
