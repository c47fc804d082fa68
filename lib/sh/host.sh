# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A run on this host: is KVM usable, and kvmem-run | kvmem-report record.

# --- building ----------------------------------------------------------------

host_build() {
	[[ $BUILD != *[[:space:]:]* ]] ||
		die "make cannot build in a path with a space or a colon: $BUILD; set KVMEM_BUILD=DIR"
	writable_dir "$BUILD" ||
		die "the build folder cannot be written: $BUILD; set KVMEM_BUILD=DIR to one that can"
	take_lock "$BUILD/.lock" "building"
	step "building" host_make ||
		step_failed "$BUILD/make.log" "the build failed"
	drop_lock
}

host_make() {
	unset ARCH O OUTPUT
	become make -s -C "$ROOT" -j"$(nproc)" \
		OUTPUT="$BUILD" KSRC="$KSRC" KHDR="$KHDR" all
}

# --- is KVM usable? ----------------------------------------------------------

KVM=${KVMEM_DEV:-/dev/kvm}

# host_probe: end when it is not, with 4; return then when an argument is given
host_probe() {
	local reason rc=0

	reason=$("$BUILD/kvmem-run" --probe 2>&1 >/dev/null) || rc=$?
	reason=${reason#kvmem-run: }
	case $rc in
	0) return 0 ;;
	4) say "KVM cannot be used here: $reason" ;;
	*) die "KVM is here, but no VM can be made: $reason" "$(host_why_no_vm "$reason")" ;;
	esac
	if [[ ! -e $KVM ]]; then
		say "$(arch_why_no_device)"
	elif [[ ! -r $KVM || ! -w $KVM ]]; then
		say "$(host_why_no_permission)"
	fi
	[[ ! ${1:-} ]] || return 1
	say "without it, ./run.sh lab does the same in a machine of its own, in software"
	exit 4
}

host_why_no_permission() {
	local group mode user

	group=$(stat -c %G "$KVM")
	mode=$(stat -c %A "$KVM")
	user=$(id -un 2>/dev/null) || user=$EUID
	if [[ $group == root || ${mode:4:2} != rw ]]; then
		echo "$KVM is $mode, group $group: run this as root, or let a group use it (chgrp kvm $KVM; chmod 660 $KVM)"
	elif [[ " $(id -nG "$user" 2>/dev/null) " == *" $group "* ]]; then
		echo "$user has joined group $group, which owns $KVM, since this login: log in again"
	else
		echo "group $group owns $KVM; as root: usermod -aG $group $user, then log in again"
	fi
}

host_why_no_vm() { # REASON
	case $1 in
	*EBUSY* | *busy*)
		echo "another hypervisor (VirtualBox, VMware, Xen) holds the CPU's virtualization: stop it" ;;
	*ENOMEM* | *'allocate memory'*)
		echo "the kernel has no memory for a VM: free some, or raise the limit (ulimit -v, the cgroup's memory.max)" ;;
	*EMFILE* | *ENFILE* | *'open files'*)
		echo "no file descriptor is left: raise the limit (ulimit -n, fs.file-max)" ;;
	*EPERM* | *EACCES* | *'ermission denied'* | *'not permitted'*)
		echo "a sandbox refuses it (seccomp or a security module): run outside of it" ;;
	*)
		echo "the kernel log may say more: dmesg | grep -i kvm" ;;
	esac
}

# --- results -----------------------------------------------------------------

# host_results_check: find out before minutes of work that nothing can be stored
host_results_check() {
	[[ -e $RESULTS ]] || made+=("$RESULTS")
	[[ ! -e $RESULTS || -d $RESULTS ]] || die "--results $RESULTS: not a folder"
	writable_dir "$RESULTS" || host_results_refused
	has_room "$RESULTS" 1M ||
		die "no space for results in $RESULTS; --results DIR names another folder"
}

host_results_refused() {
	die "the results folder cannot be written: $RESULTS; --results DIR names another"
}

# host_results_dir RELEASE: make RUN, a folder of its own; a caller that waits for
# the name finds it in KVMEM_TELL_RUN
host_results_dir() {
	local name n=1

	name=$(date -u +%Y%m%d-%H%M%S)-$1
	RUN=$RESULTS/$name
	until mkdir -- "$RUN" 2>/dev/null; do
		[[ -e $RUN ]] || host_results_refused
		RUN=$RESULTS/$name-$((++n))
	done
	made+=("$RUN" "$RUN/log")
	[[ ! ${KVMEM_TELL_RUN:-} ]] || printf '%s\n' "$RUN" >"$KVMEM_TELL_RUN"
}

# --- the run -----------------------------------------------------------------

# host_run OPTION... [PATTERN...]: arguments of kvmem-run; returns the exit code
host_run() {
	local verbose=${opt[verbose]:-} from to runner report run_rc=0 report_rc=0

	host_results_dir "$(uname -r)"
	[[ ! ${opt[perf]:-} ]] || set -- --perf "$RUN/perf" "$@"
	pipe_open
	# The report ends when the events end, and not before: after a signal it
	# still has to complete the folder.
	(
		trap '' HUP INT TERM
		exec "$BUILD/kvmem-report" record --results "$RUN" \
			--known "$ROOT/configs/known_issues" \
			--catalogue "$ROOT/configs/behaviours.tsv" ${verbose:+--verbose} \
			<&"$from" {from}<&- {to}>&-
	) &
	report=$!
	# Killed when this very shell is gone; its own children are then as well.
	setpriv --pdeathsig KILL "$BUILD/kvmem-run" "$@" >&"$to" {from}<&- {to}>&- </dev/null &
	runner=$!
	exec {from}<&- {to}>&-

	await "$runner" || run_rc=$?
	await "$report" || report_rc=$?
	stop_if_asked
	host_verdict
}

# pipe_open: set the caller's from and to.  A named pipe whose name is gone at
# once leaves nothing behind, and opening it cannot block either side.
pipe_open() {
	local name both

	name=$(mktemp -u "${TMPDIR:-/tmp}/kvmem.XXXXXX")
	mkfifo -m 600 -- "$name" 2>/dev/null ||
		die "no temporary file can be made in ${TMPDIR:-/tmp}; set TMPDIR to a folder with space"
	# shellcheck disable=SC2094
	exec {both}<>"$name" {from}<"$name" {to}>"$name"
	exec {both}>&-
	rm -f -- "$name"
}

# Both say what is wrong themselves, unless they could not.
host_verdict() {
	if ((run_rc > 128)); then
		say "the run broke off: kvmem-run was killed by signal $((run_rc - 128))"
	elif ((report_rc > 128)); then
		say "the results are not complete: kvmem-report was killed by signal $((report_rc - 128))"
	fi
	[[ $report_rc == 2 || $report_rc -gt 128 ]] || export_into "$RUN" || return 2
	[[ $run_rc == 0 && $report_rc == [014] ]] || return 2
	return "$report_rc"
}
