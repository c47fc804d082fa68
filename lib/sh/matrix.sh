# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# The same run on several kernels, one after the other, then side by side.

# matrix REF... [test|bench [PATTERN...]]: returns the exit code
matrix() {
	local refs=() kind=run folders=() codes=() ref

	while (($#)) && [[ $1 != run && $1 != test && $1 != bench ]]; do
		refs+=("$1")
		shift
	done
	((${#refs[@]})) || usage_error "matrix needs kernels: debian:VERSION, a tree, a $arch_image, reference, host"
	((${#refs[@]} <= 12)) || usage_error "matrix takes 12 kernels at most"
	if (($#)); then
		kind=$1
		shift
	fi
	[[ $kind != run ]] || (($# == 0)) || usage_error "matrix: a PATTERN goes behind test or bench"

	# What is wrong for all is better said once, and before the first of them runs.
	host_results_check
	prepare --lab
	list_read
	list_check "${kind/run/test bench}" "$@"
	for ref in "${refs[@]}"; do
		[[ $ref == host ]] || matrix_check "$ref"
	done
	for ref in "${refs[@]}"; do
		matrix_one "$ref" "$@"
	done
	matrix_show
}

# A path that is not there would else be found out after minutes.
matrix_check() { # REF
	case $1 in
	debian | debian[:/]* | reference | reference:* | mutants | mutants:*) ;;
	*) [[ -e $1 ]] || die "no kernel $1: it is debian[:VERSION], a built kernel tree, a $arch_image, reference or host" ;;
	esac
}

# matrix_one REF [PATTERN...]: a run of its own; adds its results folder to
# folders and its exit code to codes
matrix_one() {
	local ref=$1 args=() code=0 folder

	shift
	matrix_args "$ref"
	say "kernel $((${#codes[@]} + 1)) of ${#refs[@]}: $ref"
	child_run "${args[@]}" -- "$@" || code=$?
	codes+=("$code")
	[[ ! $folder ]] || folders+=("$folder")
}

# matrix_args REF: set the caller's args to the command and the options that go
# for it
matrix_args() {
	local name

	args=(lab "$kind" --kernel "$1")
	[[ $1 != host ]] || args=("$kind")
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

# matrix_show: the table, and what became of the kernels that are not in it; of
# the exit codes a failure counts most, then a run that did not come about
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
		[[ $code == [014] ]] || say "${refs[i]}: no result, or not a whole one; see above"
		case $code-$verdict in
		[04]-* | *-1) ;;
		1-*) verdict=1 ;;
		*) verdict=2 ;;
		esac
	done
	[[ " ${codes[*]} " == *' 0 '* || $verdict != 0 ]] || verdict=4
	return "$verdict"
}

# matrix_page: kernels side by side, for a browser
matrix_page() {
	local page

	page=$RESULTS/matrix-$(date -u +%Y%m%d-%H%M%S).html
	((${#folders[@]} > 1)) || return 0
	if export_one html --output "$page" -- "${folders[@]}"; then
		printf '  %s\n' "$page"
	fi
}
