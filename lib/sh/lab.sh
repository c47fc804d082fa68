# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The variables of a run in the lab are those of lab_record, here and in boot.sh:
# shellcheck disable=SC2030,SC2031,SC2034,SC2153,SC2154
#
# The lab: a run in an emulated machine, with any kernel, with or without KVM on this
# host.  kvmem-run runs in the machine and kvmem-report on the host; the machine's virtio
# console carries the events.  When the machine crashes or hangs in a test, that test is
# an error, and the rest runs after another boot.

# lab_run KINDS [PATTERN...]: returns the exit code
lab_run() {
	local programs=${KVMEM_PROGRAMS:-$BUILD} kinds=$1 archive todo settings machines

	shift
	list_read "$programs"
	list_check "$kinds" "$@"
	kernel_find "${opt[kernel]-debian}"
	machine_choose
	initramfs_make "$programs"
	lab_share "$kinds" "$@"
	lab_todo "$kinds" "$@"
	lab_record
}

# lab_todo KINDS [PATTERN...]: set the caller's todo (the command that the machine runs),
# settings (its environment), and LAB_SILENCE, the seconds without output after which
# the machine hangs
lab_todo() {
	local name watchdog=60 timeout=120 replicates=

	# A clock that counts instructions is slow, and stops with the machine.
	(($(machine_slow) == 1)) || watchdog=10 timeout=30
	[[ ! ${opt[exact]:-} ]] || replicates=2
	[[ $MACHINE_ACCEL != kvm ]] || watchdog=20 timeout=60
	timeout=${opt[timeout]:-$timeout}
	LAB_SILENCE=$((60 + 10#$timeout * $(machine_slow)))

	machine_settings "$watchdog"
	todo=(/lab/kvmem-run --plan /lab/plan --where lab --started "$(date -u +%FT%TZ)"
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
	((machines == 1)) || todo+=(--note "machines=$machines")
	for name in suite modules append; do
		[[ ! ${opt[$name]-} ]] || todo+=(--note "$name=${opt[$name]}")
	done
	shift
	todo+=(-- "$@")
}

# lab_share KINDS [PATTERN...]: set the caller's machines, the number of machines that
# share the tests: several where they are emulated, one with --exact
lab_share() {
	local kinds=$1 item kind name pattern available tests=0

	machines=$((10#${opt[jobs]:-1}))
	[[ ! ${opt[jobs]:-} ]] || return 0
	[[ $kinds == *test* && $MACHINE_ACCEL != kvm && ! ${opt[exact]:-} ]] || return 0
	shift
	for item in "${items[@]}"; do
		IFS=$'\t' read -r kind name _ <<<"$item"
		[[ $kind == test ]] || continue
		(($#)) || tests=$((tests + 1))
		for pattern; do
			list_match "$name" "$pattern" && tests=$((tests + 1)) && break
		done
	done
	# Each costs a boot and its memory.
	machines=$(nproc)
	((machines <= 4)) || machines=4
	((machines <= tests / 64)) || machines=$((tests / 64))
	available=$(awk '$1 == "MemAvailable:" { print int($2 / 1024) }' /proc/meminfo)
	((machines <= available / MACHINE_MEMORY)) || machines=$((available / MACHINE_MEMORY))
	((machines)) || machines=1
}

# --- the record --------------------------------------------------------------

# lab_record: run todo in $machines machines, with as many boots as needed
lab_record() {
	local from to machine=1 report report_rc=0 run_rc=0 verbose=${opt[verbose]:-} about streams=() tos=()
	local stream console console_log machine_log outcome never=
	local -A spent=([boot]=0 [tests]=0 [bench]=0 [off]=0)

	about=$(machine_about)
	((machines == 1)) || about+=", $machines machines at once"
	say "$KERNEL_NAME in $about"
	host_results_dir "$KERNEL_RELEASE"
	mkdir -- "$RUN/log" || host_results_refused
	for ((; machine <= machines; machine++)); do
		pipe_open
		streams+=("$from") tos+=("$to")
	done
	(
		trap '' HUP INT TERM
		for to in "${tos[@]}"; do
			exec {to}>&-
		done
		exec "$BUILD/kvmem-report" record --results "$RUN" --where lab \
			--known "$ROOT/configs/known_issues" --catalogue "$ROOT/configs/behaviours.tsv" \
			"${streams[@]/#/--stream=}" ${verbose:+--verbose} </dev/null
	) &
	report=$!
	for from in "${streams[@]}"; do
		exec {from}<&-
	done
	if ((machines == 1)); then
		machine=1 to=${tos[0]}
		lab_machine
		exec {console}>&-
	else
		lab_machines
	fi
	[[ ! $never ]] || lab_never_ran
	# The end of a stream that has no events would be an error of kvmem-report.
	for to in "${tos[@]}"; do
		exec {to}>&-
	done
	await "$report" || report_rc=$?
	stop_if_pending
	lab_say_times
	host_verdict
}

# lab_machine: the first to the last boot of machine number $machine
lab_machine() {
	local suffix='' whose=

	((machines == 1)) || whose="machine $machine: "
	((machine == 1)) || suffix=-$machine
	console_log=$RUN/log/console$suffix.log machine_log=$RUN/log/$MACHINE$suffix.log
	stream=$RUN/log/stream.jsonl
	((machines == 1)) || stream=$RUN/log/stream-$machine.jsonl
	exec {console}>>"$console_log"
	: >>"$stream"
	lab_boots
}

# lab_machines: run all machines in parallel, each watched by a subshell, which writes its
# results to a file
lab_machines() {
	local end pids=() pid

	for ((machine = 1; machine <= machines; machine++)); do
		(
			stop_code=0 made=() SCRATCH=
			trap 'on_signal 129' HUP
			trap 'on_signal 130' INT
			trap 'on_signal 143' TERM
			trap on_exit EXIT
			to=${tos[machine - 1]}
			todo=("${todo[0]}" --share "$machine/$machines" "${todo[@]:1}")
			lab_machine
			printf '%s\n' "$run_rc" "$outcome" "$never" "${spent[boot]}" "${spent[tests]}" \
				"${spent[bench]}" "${spent[off]}" >"$RUN/log/end-$machine"
		) &
		pids+=("$!")
	done
	for pid in "${pids[@]}"; do
		await "$pid" "${pids[*]}" || run_rc=2
	done
	lab_machines_end
}

# lab_machines_end: merge the results of all machines; the times are those of the slowest
lab_machines_end() {
	local part end nevers=0

	for ((machine = machines; machine > 0; machine--)); do
		# A machine that was stopped has no file.
		[[ -e $RUN/log/end-$machine ]] || continue
		mapfile -t end <"$RUN/log/end-$machine"
		rm -f -- "$RUN/log/end-$machine"
		((!end[0])) || run_rc=${end[0]}
		outcome=${end[1]}
		if [[ ${end[2]} ]]; then
			never=${end[2]} nevers=$((nevers + 1))
		fi
		for part in 3:boot 4:tests 5:bench 6:off; do
			((spent[${part#*:}] >= end[${part%:*}])) || spent[${part#*:}]=${end[${part%:*}]}
		done
	done
	# If any machine ran a test, there are results, but incomplete ones.
	if ((nevers && nevers < machines)); then
		say "one of the machines did not start: $never"
		run_rc=2 never=
	fi
	console_log=$RUN/log/console.log machine_log=$RUN/log/$MACHINE.log
}

# lab_boots: boot until everything has run, or another boot would not help
lab_boots() {
	local boot most=$((10#${opt[max-boots]:-5})) reason items=${first_items:-} from_stream from_console

	for ((boot = 1; ; boot++)); do
		boot_run
		# kvmem-report has printed why it exited.
		[[ $outcome != stopped && $outcome != finished && $outcome != unread ]] || return 0
		if ! grep -qm 1 '^{"event":"run"' "$stream"; then
			never=$reason
			return 0
		fi
		if [[ $outcome == broken ]]; then
			say "$whose$reason"
			run_rc=2
			return 0
		fi
		lab_resume
		if [[ ! $items ]]; then
			boot_event '{"event":"done","complete":true}' || true
			return 0
		fi
		if ((boot == most)); then
			say "${whose}this was boot $boot of $most (--max-boots): $(wc -l <<<"$items") have not run"
			return 0
		fi
		say "${whose}booting again for the $(wc -l <<<"$items") that are left"
	done
}

# lab_never_ran: nothing was recorded: exit without results
lab_never_ran() {
	# It would report an incomplete stream.
	kill -KILL "$report" 2>/dev/null || true
	await "$report" || true
	say "$never"
	if [[ $outcome == down ]]; then
		tr -d '\r\0' <"$console_log" | tail -n 12 | sed 's/^/    /' >&2
		mkdir -p "$CACHE/log" && cat "$machine_log" "$console_log" >"$CACHE/log/lab.log" &&
			say "all of its console: $CACHE/log/lab.log"
	fi
	rm -rf -- "$RUN"
	exit 2
}

# lab_resume: end the item in which the machine crashed, set items to the rest
lab_resume() {
	local state name replicate

	state=$(resume_state "$stream")
	IFS=$'\t' read -r name replicate <<<"${state%%$'\n'*}"
	items=
	[[ $state != *$'\n'* ]] || items=${state#*$'\n'}
	if [[ $name ]]; then
		say "$whose$name: $reason"
		boot_console_tests | tail -n 60 | resume_end "$name" "$replicate" "$reason" >&"$to" || true
	else
		say "${whose}between two tests: $reason"
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
		say "times of an emulated machine do not apply to hardware; use --exact to count instructions"
	fi
}
