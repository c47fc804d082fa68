# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Labs of make check that run in parallel.  Sourced by the parts that use them, as
# ". labs.sh NAME OPTION...": NAME is that of the part, the options are those of its labs.
# COMMAND of one_test is expanded in the lab's machine:
# shellcheck disable=SC2016

LABS=$1
LAB_OPTIONS=("${@:2}")
LAB_ENV=("${LAB_ENV[@]}")	# words NAME=VALUE, or options of env
mkdir -p "$WORK/$LABS"

# begin NAME COMMAND...: run COMMAND in the background; finish checks its output and exit
# code
begin() {
	local name=$1
	shift
	{
		code=0
		"$@" >"$WORK/$LABS/$name.out" 2>&1 </dev/null || code=$?
		echo "$code" >"$WORK/$LABS/$name.code"
	} &
}

# finish NAME CODE TEXT...: wait for NAME; check its exit code, and that it printed each TEXT
finish() {
	local name=$1 code=$2 text
	shift 2
	until [ -e "$WORK/$LABS/$name.code" ]; do sleep 0.2; done
	is "$LABS: $name: exit code" "$code" "$(cat "$WORK/$LABS/$name.code")"
	for text; do
		expect "$LABS: $name prints '$text'" grep -qF -- "$text" "$WORK/$LABS/$name.out"
	done
	[ "$code" = "$(cat "$WORK/$LABS/$name.code")" ] || tail -n 20 "$WORK/$LABS/$name.out" | sed 's/^/      /'
}

# lab NAME ARG...: ./run.sh lab, with results in a folder of that name
lab() {
	local name=$1
	shift
	# make check may have been started with SIGINT ignored (nohup, a shell's &).
	env --default-signal=INT "${LAB_ENV[@]}" ./run.sh lab "${LAB_OPTIONS[@]}" --results "$WORK/$LABS/$name" "$@"
}

folder() { # NAME
	echo "$WORK/$LABS/$1"/*
}

medians() { # NAME
	of "$(folder "$1")/results.json" "[(m['name'], m['replicates']) for m in r['measurements'] if m['exact']]"
}

# one_test FOLDER NAME COMMAND: make a program of one test, which passes if COMMAND does
one_test() {
	mkdir -p "$WORK/$1/tests" "$WORK/$1/bench"
	printf '#!/bin/sh\n[ "$1" = --list ] && { printf "global.it\\t\\n"; exit 0; }\n%s\n' \
		"$3" >"$WORK/$1/tests/$2"
	chmod +x "$WORK/$1/tests/$2"
}
