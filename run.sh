#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The one entry to kvmem: sets itself up, builds, runs, stores the results.

set -euo pipefail

((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 501)) || {
	echo "kvmem: bash 5.1 or newer is needed, this is $BASH_VERSION" >&2
	exit 2
}

# The messages of other programs are read; a make around this one passes on
# variables and jobs that are not meant for the kernel's make.
export LC_ALL=C
unset MAKEFLAGS MFLAGS MAKELEVEL MAKEOVERRIDES GNUMAKEFLAGS CDPATH

ROOT=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")

# shellcheck source=lib/sh/common.sh
. "$ROOT/lib/sh/common.sh"
# shellcheck source=lib/sh/deps.sh
. "$ROOT/lib/sh/deps.sh"
# shellcheck source=lib/sh/ksrc.sh
. "$ROOT/lib/sh/ksrc.sh"
# shellcheck source=lib/sh/host.sh
. "$ROOT/lib/sh/host.sh"
# shellcheck source=lib/sh/list.sh
. "$ROOT/lib/sh/list.sh"

help() {
	cat <<'END'
kvmem: conformance and exit latency of KVM guest memory

Usage: ./run.sh [COMMAND] [OPTION...] [PATTERN...]

Commands
  (none)               test and measure this host's KVM, print and store the results
  test [PATTERN...]    conformance only
  bench [PATTERN...]   measurements only
  list [PATTERN...]    tests and benchmarks, the behaviours they cover, and the
                       behaviours nothing covers yet
  setup                install what is missing, prepare the kernel headers
  ksrc                 prepare and print KSRC=... and KHDR=... for make
  help                 this text

A PATTERN is a part of a name, or a shell glob for the whole of it; for list it
may be a behaviour's ID as well.

Options of a run
  --profile quick|full|stress   how much work (full)
  --results DIR        where each run makes a folder of its own (results/)
  --seed N             seed of everything random
  --timeout S          seconds a single test may take
  --replicates N       fresh VMs per measurement
  -v                   show the output of the tests
Other options
  --no-install         never install packages: name them and stop
  --ids                list: the behaviours only
  --check              setup: also what make check needs
  -h, --help           this text

Environment
  KSRC=TREE            kernel tree that supplies the kselftest harness and the
                       UAPI headers (6.9 or newer), in place of Debian's
                       linux-source; it is not written to
  KVMEM_CACHE=DIR      what all runs share (~/.cache/kvmem)
  KVMEM_BUILD=DIR      where to build (build/)

Exit codes: 0 all that ran passed, 1 something failed, 2 wrong use or a broken
environment, 4 nothing could run (no usable /dev/kvm), 130 and 143 interrupted.

Examples
  ./run.sh                              everything, on this host
  ./run.sh test pci_hole                one topic
  ./run.sh test 'readonly_slot.*write*' --seed 7 -v
  ./run.sh bench --profile quick --results /tmp/r
  ./run.sh list A17                     where is behaviour A17 tested?
  KSRC=~/linux ./run.sh test            with the harness and headers of a tree
END
}

# --- command line ------------------------------------------------------------

declare -A opt=()
words=()

parse() {
	while (($#)); do
		case $1 in
		--profile | --results | --seed | --timeout | --replicates)
			(($# >= 2)) || usage_error "$1 needs a value"
			opt[${1#--}]=$2
			shift
			;;
		--profile=* | --results=* | --seed=* | --timeout=* | --replicates=*)
			parse "${1%%=*}" "${1#*=}"
			;;
		-v | --verbose) opt[verbose]=yes ;;
		-h | --help) opt[help]=yes ;;
		--no-install | --ids | --check) opt[${1#--}]=yes ;;
		--)
			words+=("${@:2}")
			return
			;;
		-*) usage_error "unknown option $1" ;;
		*) words+=("$1") ;;
		esac
		shift
	done
}

check_values() {
	local name

	case ${opt[profile]-full} in
	quick | full | stress) ;;
	*) usage_error "unknown profile '${opt[profile]}': it is quick, full or stress" ;;
	esac
	for name in seed timeout replicates; do
		[[ ${opt[$name]-1} =~ ^[0-9]{1,18}$ ]] ||
			usage_error "--$name needs a number, not '${opt[$name]}'"
		[[ $name == seed ]] || ((10#${opt[$name]-1} > 0)) ||
			usage_error "--$name needs a number greater than 0"
	done
	[[ ${opt[results]-x} ]] || usage_error "--results needs a folder"
}

# allow OPTION...: what the command knows
allow() {
	local name

	for name in "${!opt[@]}"; do
		[[ " $* help no-install " == *" $name "* ]] ||
			usage_error "$command does not know --$name"
	done
}

no_patterns() {
	((${#words[@]} == 0)) || usage_error "$command takes no argument, there is '${words[0]}'"
}

# --- commands ----------------------------------------------------------------

prepare() {
	deps_ensure
	ksrc_find
	host_build
}

# run KINDS: test, bench, or both
run() {
	local kinds=$1 kind name args=()

	host_results_check
	prepare
	list_read
	list_check "$kinds" "${words[@]}"
	host_probe

	[[ $kinds != *test* ]] || args+=(--tests)
	[[ $kinds != *bench* ]] || args+=(--bench)
	args+=(--profile "${opt[profile]-full}")
	for name in seed timeout replicates; do
		[[ ! ${opt[$name]-} ]] || args+=("--$name" "$((10#${opt[$name]}))")
	done
	[[ ! ${opt[verbose]-} ]] || args+=(-v)
	host_run "${args[@]}" "${words[@]}"
}

main() {
	local command

	parse "$@"
	check_values
	command=${words[0]-run}
	words=("${words[@]:1}")
	BUILD=$(absolute "${KVMEM_BUILD:-$ROOT/build}")
	RESULTS=$(absolute "${opt[results]-$ROOT/results}")

	case $command in
	run | test | bench) allow profile results seed timeout replicates verbose ;;
	list) allow ids ;;
	setup) allow check ;;
	ksrc | help) allow ;;
	*) usage_error "unknown command '$command'; for one test or topic: ./run.sh test $command" ;;
	esac
	if [[ ${opt[help]-} ]]; then
		command=help
	fi

	case $command in
	run)
		no_patterns
		run "test bench"
		;;
	test | bench) run "$command" ;;
	list)
		prepare
		list_read
		list_show "${opt[ids]-}" "${words[@]}"
		;;
	setup)
		no_patterns
		deps_ensure ${opt[check]:+--check}
		ksrc_find
		say "set up"
		;;
	ksrc)
		no_patterns
		deps_ensure
		ksrc_find
		printf 'KSRC=%s\nKHDR=%s\n' "$KSRC" "$KHDR"
		;;
	help) help ;;
	esac
}

main "$@"
