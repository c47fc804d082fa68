# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The items are those of list_read:
# shellcheck disable=SC2154
#
# Comparison of runs, and the gate for CI.

# compare_runs RUN RUN...: print the differences; also write a page with --output
compare_runs() {
	local args=() code=0

	(($# >= 2)) || usage_error "compare needs two results folders or more"
	prepare
	gate_arguments
	"$BUILD/kvmem-report" compare "${args[@]}" -- "$@" || code=$?
	if [[ ${opt[output]-} ]] && ((code < 2)); then
		export_one html --output "${opt[output]}" -- "$@" || code=$?
	fi
	return "$code"
}

# gate BASELINE [RUN]: exit code 0 no regression, 1 regression, 4 inconclusive
gate() {
	local base=$1 folder=${2-} args=()

	prepare
	[[ $folder ]] || gate_fresh
	gate_arguments
	"$BUILD/kvmem-report" gate "${args[@]}" -- "$base" "$folder"
}

# gate_arguments: set the caller's args for kvmem-report
gate_arguments() {
	local rule

	args=(--thresholds "${opt[thresholds]:-$ROOT/configs/gate.conf}")
	for rule in "${RULES[@]}"; do
		args+=(--rule "$rule")
	done
	[[ ! ${opt[metric]-} ]] || args+=(--metric "${opt[metric]}")
	[[ ! ${opt[verbose]:-} ]] || args+=(-v)
}

# --- a fresh run -------------------------------------------------------------

# gate_fresh: repeat the baseline's run; set the caller's folder
gate_fresh() {
	local text code=0 args=() had=() params=()
	local -A set=()

	text=$("$BUILD/kvmem-report" settings "$base") || exit 2
	gate_settings "$text"
	gate_arch
	gate_run_arguments
	say "repeating the run of $base"
	child_run "${args[@]}" || code=$?
	case $code in
	[01]) ;;
	4)
		say "inconclusive: nothing could run"
		exit 4
		;;
	*) die "the run to compare with $base failed, see above" ;;
	esac
}

# gate_arch: the new run has the baseline's architecture: start again with that one
gate_arch() {
	local arch

	arch=$(arch_name "${set[machine]:-$ARCH_NAME}")
	[[ $arch != "$ARCH_NAME" ]] || return 0
	[[ ! ${opt[arch]-} ]] || usage_error "the baseline is from $arch: omit --arch $ARCH_NAME"
	arch_known "$arch" || die "the baseline is from $arch, which this kvmem does not support"
	[[ ${set[where]-} == lab ]] ||
		die "the baseline is from a host of $arch, this host is $HOST_ARCH: run gate there, or name a second run"
	KVMEM_ARCH=$arch exec "$ROOT/run.sh" "${arguments[@]}"
}

# gate_settings TEXT: set the caller's set, had (the items of the baseline) and params
gate_settings() {
	local key value

	while IFS=$'\t' read -r key value; do
		case $key in
		item) had+=("$value") ;;
		param) params+=("$value") ;;
		*) set[$key]=$value ;;
		esac
	done <<<"$1"
}

# gate_run_arguments: set the caller's args to the command and options of the
# fresh run; options of the gate override those of the baseline
gate_run_arguments() {
	local name value names=()

	[[ ${set[where]-} == lab || ! ${opt[kernel]-} ]] ||
		usage_error "--kernel needs a baseline from the lab; $base is from a host"
	args=("${set[kind]}" --results "$RESULTS")
	for name in profile seed replicates timeout; do
		value=${opt[$name]-${set[$name]-}}
		[[ ! $value ]] || args+=("--$name" "$value")
	done
	[[ ! ${opt[verbose]:-} ]] || args+=(-v)
	[[ ! ${opt[no-install]:-} ]] || args+=(--no-install)
	[[ ${set[where]-} != lab ]] || gate_lab_arguments
	gate_names
	args+=(-- "${names[@]}")
}

gate_lab_arguments() {
	local name value

	args=(lab "${args[@]}")
	set[lab.memory]=${set[lab.memory_mib]:+${set[lab.memory_mib]}M}
	for name in kernel suite modules append accel cpu cpus numa memory max-boots jobs; do
		value=${opt[$name]-${set[lab.$name]-}}
		[[ ! $value ]] || args+=("--$name" "$value")
	done
	[[ ! ${set[exact]-} ]] || args+=(--exact)
	[[ ! ${opt[offline]:-} ]] || args+=(--offline)
	for value in "${PARAMS[@]:-${params[@]}}"; do
		[[ ! $value ]] || args+=(--param "$value")
	done
}

# gate_names: set the caller's names to the patterns that select the items of the
# baseline; empty if it has all items.  The gate reports items that the suite no longer
# has.
gate_names() {
	local kind name all=yes
	local -A ran=()

	for name in "${had[@]}"; do
		ran[$name]=1
	done
	list_read
	while IFS=$'\t' read -r kind name _; do
		[[ ${set[kind]} == run || ${set[kind]} == "$kind" ]] || continue
		if [[ ${ran[$name]-} ]]; then
			names+=("$name")
		else
			all=
		fi
	done < <(printf '%s\n' "${items[@]}")
	((${#names[@]})) || die "this suite has none of the tests and benchmarks of $base: make a new baseline"
	[[ ! $all ]] || names=()
}
