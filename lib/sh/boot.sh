# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The variables of a run in the lab are those of lab_record, here and in lab.sh:
# shellcheck disable=SC2034,SC2154
#
# One boot of a lab's machine, and the reason for its end.

# Seconds without output after which a boot has failed.
boot_limit=${KVMEM_BOOT_TIMEOUT:-120}

# boot_run: boot, and set the caller's outcome to
#	finished	everything has run
#	down		the machine crashed or hung
#	broken		another boot would not help: no KVM in it, or the runner failed
#	unread		kvmem-report, which reads the stream, has exited
#	stopped		a signal ended the run
# and, for down and broken, reason to one line.  The output of this boot starts at
# from_stream and from_console in the two files.
boot_run() {
	local initrd emulator rc=0 started began='' bench='' ended='' hung='' from_machine

	from_stream=$(stat -c %s "$stream")
	from_console=$(stat -c %s "$console_log")
	from_machine=$(stat -c %s "$machine_log" 2>/dev/null) || from_machine=0
	boot_initrd
	boot_now started
	"${MACHINE}_start" "$initrd" "$console" "$to" "$machine_log"
	emulator=$!
	exec {initrd}>&-
	running=$emulator
	boot_watch
	[[ ! $emulator ]] || await "$emulator" || rc=$?
	running=
	progress_clear
	boot_spent
	if stop_pending; then
		outcome=stopped
	elif boot_drain; then
		boot_outcome
	else
		outcome=unread
	fi
}

# boot_initrd: set the caller's initrd, a descriptor of an unlinked file
boot_initrd() {
	local fd args=("${todo[0]}")

	cache_file
	initrd=$fd
	((boot == 1)) || args+=(--resume --items /lab/items)
	args=("${settings[@]}" "${args[@]}" "${todo[@]:1}")
	{
		cat -- "$archive" &&
			cpio_file lab/args "$(printf '%s\n' "${args[@]}")"$'\n' &&
			cpio_file lab/items "$items" &&
			{ [[ ! $REPLAY_TEST ]] || cpio_file lab/replay "$(<"${opt[replay]}")"$'\n'; } &&
			{ [[ ! ${mutants:-} ]] || cpio_file lab/mutants "$(<"$mutants")"$'\n'; } &&
			cpio_end
	} 1>&"$initrd" 2>/dev/null || cache_full
}

# --- while it runs -----------------------------------------------------------

# boot_watch: wait for the machine's end; kill it when it hangs
boot_watch() {
	local seen=$from_stream shown=0 active=$SECONDS since=$SECONDS grown=0 limit

	while [[ $emulator ]] && kill -0 "$emulator" 2>/dev/null && ! stop_pending; do
		# A subshell that watches one of several machines must not outlive this shell.
		kill -0 $$ 2>/dev/null || exit 2
		if boot_news; then
			active=$SECONDS
		fi
		limit=$LAB_SILENCE
		# A slow emulator needs longer for a large kernel, which prints nothing meanwhile.
		[[ $began ]] || limit=$((boot_limit * $("${MACHINE}_slow_boot")))
		[[ ! $ended ]] || limit=20
		if ((SECONDS - active >= limit)); then
			hung=$limit
			boot_kill
		elif ! kill -0 "$report" 2>/dev/null; then
			boot_kill
		elif [[ ! $began && $machine == 1 ]] && ((SECONDS - since > shown)); then
			shown=$((SECONDS - since))
			progress "booting $KERNEL_NAME" "$shown"
		fi
		sleep 0.25
	done
}

# The messages of bash about the killed process are discarded.
boot_kill() {
	{
		kill -KILL "$emulator"
		wait "$emulator"
	} 2>/dev/null || true
	emulator=
}

# boot_news: whether there is new output; records the times of its events
boot_news() {
	local size text

	size=$(stat -c %s "$stream")
	if ((size <= seen)); then
		[[ ! $began ]] || return
		# Before the first event, console output counts as progress.
		size=$(stat -c %s "$console_log")
		((size > grown)) || return
		grown=$size
		return
	fi
	# Step back for an event that was read in part the last time.
	seen=$((seen - from_stream > 200 ? seen - 200 : from_stream))
	text=$(tail -c +$((seen + 1)) "$stream" | head -c $((size - seen)) | tr -d '\0')
	seen=$size
	if [[ ! $began && $text == *'{"event":"lab","at":"start"}'* ]]; then
		progress_clear
		boot_now began
	fi
	if [[ ! $bench && $text =~ '"event":"start","name":"'[^\"]*'","replicate":' ]]; then
		boot_now bench
	fi
	if [[ ! $ended && $text =~ '{"event":"lab","at":"'(end|failed)'"' ]]; then
		boot_now ended
	fi
}

boot_now() { # VARIABLE: set it to the time in milliseconds
	printf -v "$1" %s "$((${EPOCHREALTIME/[.,]/} / 1000))"
}

# boot_spent: add this boot's times to the caller's spent
boot_spent() {
	local off

	boot_now off
	began=${began:-${ended:-$off}} ended=${ended:-$off}
	bench=${bench:-$ended}
	spent[boot]=$((spent[boot] + began - started))
	spent[tests]=$((spent[tests] + bench - began))
	spent[bench]=$((spent[bench] + ended - bench))
	spent[off]=$((spent[off] + off - ended))
}

# --- the reason for the end ------------------------------------------------------------

# boot_drain: wait until kvmem-report has read all of the machine's output
boot_drain() {
	local mark="{\"event\":\"lab\",\"at\":\"off\",\"boot\":$boot,\"rc\":$rc}"

	# The last line of the stream may be incomplete.
	boot_event $'\n'"$mark" || return
	while kill -0 "$report" 2>/dev/null; do
		tail -c 4096 "$stream" | grep -qF "$mark" && return
		sleep 0.05
	done
	return 1
}

# boot_event LINE: write it to the stream; false when kvmem-report has exited.  The
# subshell takes the SIGPIPE.
boot_event() {
	(printf '%s\n' "$1" 1>&"$to") 2>/dev/null
}

boot_stream() {
	tail -c +$((from_stream + 1)) "$stream"
}

boot_console() {
	tail -c +$((from_console + 1)) "$console_log" | tr -d '\r\0'
}

boot_machine() {
	tail -c +$((from_machine + 1)) "$machine_log"
}

# boot_console_tests: the console's output since the tests started, else all of it
boot_console_tests() {
	if boot_console | grep -q '^lab: running'; then
		boot_console | sed '1,/^lab: running/d'
	else
		boot_console
	fi
}

boot_outcome() {
	local last

	last=$(boot_stream | grep -aE '^\{"event":"lab","at":"(start|end|failed)"' | tail -n 1) || true
	case $last in
	*'"at":"end","code":0}'*) outcome=finished ;;
	*'"at":"end"'*)
		outcome=broken reason="kvmem-run failed in the lab with exit code ${last//[!0-9]/}"
		;;
	*'"at":"failed"'*)
		outcome=broken reason="$KERNEL_NAME: $(boot_failed "$last")"
		;;
	*'"at":"start"'*) outcome=down reason=$(boot_why) ;;
	*)
		outcome=down reason=$(boot_why)
		[[ $reason == "$MACHINE_NAME "* ]] || reason="$KERNEL_NAME did not come up: $reason"
		[[ $MACHINE_ACCEL != kvm ]] || reason+=" (--accel tcg works without this host's KVM)"
		;;
	esac
}

boot_failed() { # EVENT: of lib/lab/init
	local why=${1#*'"why":"'} text=${1#*'"reason":"'}

	text=${text%\"\}*}
	case ${why%%\"*} in
	cpu) echo "no KVM inside: $text (--cpu $MACHINE_CPU)" ;;
	kvm)
		[[ $KERNEL_MODULES || ! ${arch_kvm_modules[*]} ]] || text+="; if KVM is a module, name the modules' folder with --modules DIR"
		echo "no KVM inside: $text"
		;;
	*) echo "$text" ;;
	esac
}

# boot_why: the reason in one line, from the console if possible
boot_why() {
	local panic head last failed silent

	panic=$(boot_console | sed -n 's/^.*Kernel panic - not syncing: //p' | head -n 1)
	head=$(boot_console | grep -m 1 -oE \
		'(BUG: |Oops: |kernel BUG at |general protection fault|Unable to handle |traps: ).*') || true
	if [[ $panic ]]; then
		echo "kernel panic: ${head:-$panic}"
	elif [[ $hung && ! $(boot_console) ]]; then
		silent=$(arch_why_silent)
		echo "no output within $hung s; check that it has a serial console (CONFIG_$arch_console_config)${silent:+ and $silent}"
	elif [[ $hung ]]; then
		echo "the machine hangs: no output for $hung s"
	elif failed=$(machine_why "$rc" < <(boot_machine)) && [[ $failed ]]; then
		echo "$failed"
	else
		last=$(boot_console_tests | sed -n -e '/./{s/^\[[^]]*\] *//; s/^lab: //; h}' -e '$ {x; p}')
		echo "the machine powered off or reset${last:+; last line on its console: $last}"
	fi
}
