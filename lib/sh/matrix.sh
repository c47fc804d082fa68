# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# The same run on several kernels, one after the other, and a table of all.

# A REF is a KERNEL of lab, ARCH:KERNEL, or host.

# matrix REF... [test|bench [PATTERN...]]: returns the exit code
matrix() {
	local refs=() kind=run folders=() codes=() ref

	while (($#)) && [[ $1 != run && $1 != test && $1 != bench ]]; do
		refs+=("$1")
		shift
	done
	((${#refs[@]})) || usage_error "matrix needs kernels: give debian:VERSION, a tree, a $arch_image, reference, host"
	((${#refs[@]} <= 12)) || usage_error "matrix takes 12 kernels or less, ${#refs[@]} are given"
	if (($#)); then
		kind=$1
		shift
	fi
	[[ $kind != run ]] || (($# == 0)) || usage_error "matrix: write test or bench before a PATTERN"

	# Report errors that concern all runs once, before the first run.
	host_results_check
	for ref in "${refs[@]}"; do
		matrix_check "$ref"
	done
	prepare --lab
	matrix_check_patterns "$@"
	for ref in "${refs[@]}"; do
		matrix_one "$ref" "$@"
	done
	matrix_show
}

# matrix_split REF: set the caller's arch and kernel
matrix_split() {
	arch=$ARCH_NAME kernel=$1
	if [[ $1 == host ]]; then
		arch=$HOST_ARCH
	elif [[ $1 == *:* ]] && arch_known "$(arch_name "${1%%:*}")"; then
		arch=$(arch_name "${1%%:*}") kernel=${1#*:}
	fi
}

# Without this check, a wrong path would be reported after minutes.
matrix_check() { # REF
	local arch kernel

	matrix_split "$1"
	case $kernel in
	host | debian | debian[:/]* | reference | reference:* | mutants | mutants:* | debug | debug:*) ;;
	*) [[ -e $kernel ]] || die "no kernel $1: use debian[:VERSION], a built kernel tree, a $arch_image, reference or host; ARCH: before it for another architecture ($(arch_names))" ;;
	esac
}

# matrix_check_patterns [PATTERN...]: whether they match anything, for each architecture;
# this builds for all of them
matrix_check_patterns() {
	local ref arch kernel checked=' ' code=0

	for ref in "${refs[@]}"; do
		matrix_split "$ref"
		[[ $checked != *" $arch "* ]] || continue
		checked+="$arch "
		if [[ $arch == "$ARCH_NAME" ]]; then
			list_read
			list_check "${kind/run/test bench}" "$@"
			continue
		fi
		"$ROOT/run.sh" list --arch "$arch" ${opt[no-install]:+--no-install} -- "$@" </dev/null >/dev/null &
		await $! || code=$?
		stop_if_pending
		((code == 0)) || exit "$code"
	done
}

# matrix_one REF [PATTERN...]: make a run; add its results folder to folders and its exit
# code to codes
matrix_one() {
	local ref=$1 args=() code=0 folder

	shift
	matrix_args "$ref"
	say "kernel $((${#codes[@]} + 1)) of ${#refs[@]}: $ref"
	child_run "${args[@]}" -- "$@" || code=$?
	codes+=("$code")
	[[ ! $folder ]] || folders+=("$folder")
}

# matrix_args REF: set the caller's args to the command and its options
matrix_args() {
	local name arch kernel

	matrix_split "$1"
	args=(lab "$kind" --arch "$arch" --kernel "$kernel")
	[[ $1 != host ]] || args=("$kind" --arch "$arch")
	for name in profile results seed timeout replicates; do
		[[ ! ${opt[$name]-} ]] || args+=("--$name" "${opt[$name]}")
	done
	[[ ! ${opt[verbose]:-} ]] || args+=(-v)
	[[ ! ${opt[no-install]:-} ]] || args+=(--no-install)
	[[ $1 != host ]] || return 0
	for name in suite modules append accel cpu memory cpus numa max-boots jobs; do
		[[ ! ${opt[$name]-} ]] || args+=("--$name" "${opt[$name]}")
	done
	for name in exact offline; do
		[[ ! ${opt[$name]:-} ]] || args+=("--$name")
	done
	for name in "${PARAMS[@]}"; do
		args+=(--param "$name")
	done
}

# matrix_show: print the table, and the kernels without results.  Returns the worst exit
# code: a failure, then a run without results.
matrix_show() {
	local i code verdict=0

	if ((${#folders[@]})); then
		"$BUILD/kvmem-report" matrix ${opt[verbose]:+-v} "${folders[@]}" || true
		printf '\nResults\n'
		printf '  %s\n' "${folders[@]}"
		matrix_page
	fi
	for i in "${!refs[@]}"; do
		code=${codes[i]}
		[[ $code != 4 ]] || say "${refs[i]}: nothing could run"
		[[ $code == [014] ]] || say "${refs[i]}: no results, or incomplete ones; see above"
		case $code-$verdict in
		[04]-* | *-1) ;;
		1-*) verdict=1 ;;
		*) verdict=2 ;;
		esac
	done
	[[ " ${codes[*]} " == *' 0 '* || $verdict != 0 ]] || verdict=4
	return "$verdict"
}

# matrix_page: write a page with the kernels side by side
matrix_page() {
	local page

	page=$RESULTS/matrix-$(date -u +%Y%m%d-%H%M%S).html
	((${#folders[@]} > 1)) || return 0
	if export_one html --output "$page" -- "${folders[@]}"; then
		printf '  %s\n' "$page"
	fi
}
