# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The variables of a run in the lab are those of lab_record, here and in boot.sh:
# shellcheck disable=SC2034,SC2154
#
# A run in a machine of its own: any kernel, with or without KVM on this host.
# kvmem-run is inside, kvmem-report outside, the machine carries the events from one to
# the other.  When the machine breaks down under a test, that test is in error
# and the rest runs in a fresh boot.

# lab_run KINDS [PATTERN...]: returns the exit code
lab_run() {
	local programs=${KVMEM_PROGRAMS:-$BUILD} kinds=$1 archive todo settings

	shift
	list_read "$programs"
	list_check "$kinds" "$@"
	kernel_find "${opt[kernel]-debian}"
	machine_choose
	initramfs_make "$programs"
	lab_todo "$kinds" "$@"
	lab_record
}

# lab_todo KINDS [PATTERN...]: set the caller's todo, what the machine is to run,
# its settings, and LAB_SILENCE, the seconds without a word after which it has hung
lab_todo() {
	local name watchdog=60 timeout=120 replicates=

	# A guest's clock that counts instructions is slow, and stands still with the machine.
	(($(machine_slow) == 1)) || watchdog=10 timeout=30
	[[ ! ${opt[exact]:-} ]] || replicates=2
	[[ $MACHINE_ACCEL != kvm ]] || watchdog=20 timeout=60
	timeout=${opt[timeout]:-$timeout}
	LAB_SILENCE=$((60 + 10#$timeout * $(machine_slow)))

	machine_settings "$watchdog"
	todo=(/lab/kvmem-run --where lab --started "$(date -u +%FT%TZ)"
		--profile "${opt[profile]-full}")
	[[ $1 != *test* ]] || todo+=(--tests)
	[[ $1 != *bench* ]] || todo+=(--bench)
	[[ ! ${opt[exact]:-} ]] || todo+=(--exact)
	todo+=(--timeout "$((10#$timeout))")
	replicates=${opt[replicates]:-$replicates}
	[[ ! $replicates ]] || todo+=(--replicates "$((10#$replicates))")
	[[ ! ${opt[seed]-} ]] || todo+=(--seed "$((10#${opt[seed]}))")
	[[ ! $REPLAY_TEST ]] || todo+=(--replay /lab/replay)
	[[ ! $KVMEM_UAPI ]] || todo+=(--uapi "$KVMEM_UAPI")
	[[ ! ${KVMEM_PLANT:-} ]] || todo+=(--plant "$KVMEM_PLANT")
	mapfile -t -O ${#todo[@]} todo < <(machine_notes)
	todo+=(--note "kernel=${opt[kernel]-debian}")
	for name in suite modules append; do
		[[ ! ${opt[$name]-} ]] || todo+=(--note "$name=${opt[$name]}")
	done
	shift
	todo+=(-- "$@")
}

# --- the record --------------------------------------------------------------

# lab_record: run what there is to do in as many boots as it takes
lab_record() {
	local from to console report stream report_rc=0 run_rc=0 verbose=${opt[verbose]:-}
	local -A spent=([boot]=0 [tests]=0 [bench]=0 [off]=0)

	say "$KERNEL_NAME in $(machine_about)"
	host_results_dir "$KERNEL_RELEASE"
	stream=$RUN/log/stream.jsonl
	mkdir -- "$RUN/log" || host_results_refused
	exec {console}>>"$RUN/log/console.log"
	: >"$stream"
	pipe_open
	(
		trap '' HUP INT TERM
		exec "$BUILD/kvmem-report" record --results "$RUN" --where lab \
			--known "$ROOT/configs/known_issues" \
			--catalogue "$ROOT/configs/behaviours.tsv" ${verbose:+--verbose} \
			<&"$from" {from}<&- {to}>&- {console}>&-
	) &
	report=$!
	exec {from}<&-

	lab_boots
	exec {to}>&- {console}>&-
	await "$report" || report_rc=$?
	stop_if_asked
	lab_say_times
	host_verdict
}

# lab_boots: boot until all has run, or another try is not worth it
lab_boots() {
	local boot most=$((10#${opt[max-boots]:-5})) outcome reason items=${first_items:-} from_stream from_console

	for ((boot = 1; ; boot++)); do
		boot_run
		# The report says itself why it is gone.
		[[ $outcome != stopped && $outcome != finished && $outcome != unheard ]] || return 0
		grep -qm 1 '^{"event":"run"' "$stream" || lab_never_ran
		if [[ $outcome == broken ]]; then
			say "$reason"
			run_rc=2
			return 0
		fi
		lab_resume
		if [[ ! $items ]]; then
			boot_tell '{"event":"done","complete":true}' || true
			return 0
		fi
		if ((boot == most)); then
			say "this was boot $boot of $most (--max-boots): $(wc -l <<<"$items") did not get to run"
			return 0
		fi
		say "booting again for the $(wc -l <<<"$items") that are left"
	done
}

# lab_never_ran: nothing was recorded, so there are no results; end here
lab_never_ran() {
	# The report would only wonder.
	kill -KILL "$report" 2>/dev/null || true
	await "$report" || true
	say "$reason"
	if [[ $outcome == down ]]; then
		boot_console | tail -n 12 | sed 's/^/    /' >&2
		mkdir -p "$CACHE/log" && cat "$RUN/log/$MACHINE.log" "$RUN/log/console.log" >"$CACHE/log/lab.log" &&
			say "all of its console: $CACHE/log/lab.log"
	fi
	rm -rf -- "$RUN"
	exit 2
}

# lab_resume: end the item the machine broke down under, set items to the rest
lab_resume() {
	local state name replicate

	state=$(resume_state "$stream")
	IFS=$'\t' read -r name replicate <<<"${state%%$'\n'*}"
	items=
	[[ $state != *$'\n'* ]] || items=${state#*$'\n'}
	if [[ $name ]]; then
		say "$name: $reason"
		boot_console_tests | tail -n 60 | resume_tell "$name" "$replicate" "$reason" >&"$to" || true
	else
		say "between two tests: $reason"
	fi
}

lab_say_times() {
	local part text=

	for part in boot tests bench off; do
		text+=", $part $((spent[$part] / 1000)).$((spent[$part] % 1000 / 100)) s"
	done
	text=${text/bench/benchmarks}
	say "time in the lab: ${text/#, /}"
	if [[ $MACHINE_ACCEL != kvm && ! ${opt[exact]:-} ]] && ((spent[bench])); then
		say "times taken in software say nothing about hardware; --exact counts instructions instead"
	fi
}
