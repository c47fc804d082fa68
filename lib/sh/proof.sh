# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The error rates of the gate, from hundreds of gates between identical runs, and between
# runs in which every exit to userspace was artificially slowed.

PROOF_METRIC=exit.mmio_read_user

# proof [PATTERN...]: print the table for this host (or the lab, if it has no KVM), then
# the table for counted instructions
proof() {
	local patterns=("$@") folder runs=() made_in

	((${#patterns[@]})) || patterns=(exit.)
	host_results_check
	prepare --lab
	made_in=$RESULTS/proof-$(date -u +%Y%m%d-%H%M%S)
	[[ ${opt[exact]:-} ]] || proof_noisy
	proof_exact
	printf '\nResults: %s\n' "$made_in"
}

# proof_run LABEL PLANT ARG...: make a run, and add it to the caller's runs
proof_run() {
	local label=$1 plant=$2 code=0 more=()

	shift 2
	if [[ $1 == lab ]]; then
		more=(--kernel "${opt[kernel]-debian}" ${opt[suite]:+--suite "${opt[suite]}"})
		[[ ! ${opt[offline]:-} ]] || more+=(--offline)
	fi
	say "run $((${#runs[@]} + 1)) of $total: $label${plant:+, every exit slowed by $plant}"
	KVMEM_PLANT=$plant child_run "$@" "${more[@]}" --profile "${opt[profile]-quick}" \
		--results "$made_in" -- "${patterns[@]}" || code=$?
	[[ $code == [01] && $folder ]] || die "this run failed, see above"
	runs+=("$label=$folder")
}

# proof_percent SHARE: print a share in percent of the metric's cost in the first run
proof_percent() {
	local cost

	cost=$(grep -F "\"name\":\"$PROOF_METRIC\"" "${runs[0]#*=}/results.json" |
		sed -n 's/.*"p50":\([0-9.]*\).*/\1/p')
	[[ $cost ]] || die "the runs do not measure $PROOF_METRIC: use a PATTERN that matches it"
	awk -v cost="$cost" -v share="$1" 'BEGIN { printf "%d\n", cost * share / 100 }'
}

# Base runs are interleaved, and every second round is in reverse order, so that drift
# affects all runs alike.
proof_noisy() {
	local round share how=(bench) rounds=$((10#${opt[rounds]:-2}))
	local order=(0 1 2 0 5 10) total

	total=$((rounds * ${#order[@]}))
	runs=()
	if [[ $ARCH_NAME != "$HOST_ARCH" ]] || ! "$BUILD/kvmem-run" --probe >/dev/null 2>&1; then
		say "this host has no usable KVM for $ARCH_NAME: measuring in the lab, emulated"
		how=(lab bench)
	fi
	how+=(--replicates "$((10#${opt[replicates]:-30}))")
	proof_load "before"
	for ((round = 0; round < rounds; round++)); do
		for share in "${order[@]}"; do
			if ((share)); then
				proof_run "$share%" "$(proof_percent "$share")" "${how[@]}"
			else
				proof_run base "" "${how[@]}"
			fi
		done
		if ((round % 2)); then order=(0 1 2 0 5 10); else order=(0 10 5 0 2 1); fi
	done
	proof_load "after"
	printf '\nGate on noisy measurements\n\n'
	# By default, the gate does not judge times of an emulated machine.
	"$BUILD/kvmem-report" proof --thresholds "$ROOT/configs/gate.conf" \
		--rule "set accept=emulation" "${runs[@]}"
}

# Background load makes the error rates worse.
proof_load() { # WHEN
	say "load average $1: $(cut -d' ' -f1-3 /proc/loadavg), $(nproc) CPUs"
}

# Each run is another boot, and must count the same.
proof_exact() {
	local label total=6 how=(lab bench --exact)

	runs=()
	for label in base 20 base 20 base 20; do
		proof_run "$label" "${label/base/}" "${how[@]}"
	done
	printf '\nGate on counted instructions, with its floor of 1%%\n\n'
	"$BUILD/kvmem-report" proof --replicates 1,2 \
		--thresholds "$ROOT/configs/gate.conf" "${runs[@]}"
	printf '\nGate on counted instructions, with a floor of 20 (--rule "*@instructions relative=0")\n\n'
	"$BUILD/kvmem-report" proof --replicates 1,2 --thresholds "$ROOT/configs/gate.conf" \
		--rule '*@instructions relative=0' "${runs[@]}"
}
