# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# A run on this host: check KVM, then kvmem-run | kvmem-report record.

# --- building ----------------------------------------------------------------

host_build() {
	[[ $BUILD != *[[:space:]:]* ]] ||
		die "make cannot build in a path with a space or a colon: $BUILD; set KVMEM_BUILD=DIR to another"
	writable_dir "$BUILD" ||
		die "cannot write to the build folder $BUILD; set KVMEM_BUILD=DIR to another"
	take_lock "$BUILD/.lock" "building"
	step "building" host_make ||
		step_failed "$BUILD/make.log" "the build failed:"
	drop_lock
}

host_make() {
	unset ARCH CROSS_COMPILE O OUTPUT
	become make -s -C "$ROOT" -j"$(nproc)" ARCH="$ARCH_NAME" CROSS_COMPILE="$(cross_prefix)" \
		CROSS_ROOT="$CROSS_ROOT" OUTPUT="$BUILD" KSRC="$KSRC" KHDR="$KHDR" all
}

# --- probing KVM -------------------------------------------------------------

KVM=${KVMEM_DEV:-/dev/kvm}

# host_probe [or_lab]: check that KVM is usable; if not, exit with 4, or return false
# with an argument
host_probe() {
	local reason rc=0

	reason=$("$BUILD/kvmem-run" --probe 2>&1 >/dev/null) || rc=$?
	reason=${reason#kvmem-run: }
	case $rc in
	0) return 0 ;;
	4) say "KVM cannot be used here: $reason" ;;
	*) die "KVM is available, but cannot create a VM: $reason" "$(host_why_no_vm "$reason")" ;;
	esac
	if [[ ! -e $KVM ]]; then
		say "$(arch_why_no_device)"
	elif [[ ! -r $KVM || ! -w $KVM ]]; then
		say "$(host_why_no_permission)"
	fi
	[[ ! ${1:-} ]] || return 1
	say "without KVM, ./run.sh lab runs the same in an emulated machine"
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
		echo "$user was added to group $group, which owns $KVM, after this login: log in again"
	else
		echo "group $group owns $KVM; as root: usermod -aG $group $user, then log in again"
	fi
}

host_why_no_vm() { # REASON
	case $1 in
	*EBUSY* | *busy*)
		echo "another hypervisor (VirtualBox, VMware, Xen) uses the CPU's virtualization: stop it" ;;
	*ENOMEM* | *'allocate memory'*)
		echo "the kernel has no memory for a VM: free some, or raise the limit (ulimit -v, the cgroup's memory.max)" ;;
	*EMFILE* | *ENFILE* | *'open files'*)
		echo "out of file descriptors: raise the limit (ulimit -n, fs.file-max)" ;;
	*EPERM* | *EACCES* | *'ermission denied'* | *'not permitted'*)
		echo "a sandbox denies it (seccomp or a security module): run outside of it" ;;
	*)
		echo "check the kernel log: dmesg | grep -i kvm" ;;
	esac
}

# --- results -----------------------------------------------------------------

# host_results_check: check, before the work, that results can be stored
host_results_check() {
	[[ -e $RESULTS ]] || made+=("$RESULTS")
	[[ ! -e $RESULTS || -d $RESULTS ]] || die "--results $RESULTS: not a folder; name another"
	writable_dir "$RESULTS" || host_results_refused
	has_room "$RESULTS" 1M ||
		die "no space for results in $RESULTS; use --results DIR for another folder"
}

host_results_refused() {
	die "cannot write to the results folder $RESULTS; use --results DIR for another"
}

# host_results_dir RELEASE: make RUN, a new folder; write its path to the file
# KVMEM_RUN_FILE, for child_run
host_results_dir() {
	local name n=1

	name=$(date -u +%Y%m%d-%H%M%S)-$1
	RUN=$RESULTS/$name
	until mkdir -- "$RUN" 2>/dev/null; do
		[[ -e $RUN ]] || host_results_refused
		RUN=$RESULTS/$name-$((++n))
	done
	made+=("$RUN" "$RUN/log")
	[[ ! ${KVMEM_RUN_FILE:-} ]] || printf '%s\n' "$RUN" >"$KVMEM_RUN_FILE"
}

# --- the run -----------------------------------------------------------------

# host_run OPTION... [PATTERN...]: run kvmem-run with these; returns the exit code
host_run() {
	local verbose=${opt[verbose]:-} from to runner report run_rc=0 report_rc=0

	host_results_dir "$(uname -r)"
	[[ ! ${opt[perf]:-} ]] || set -- --perf "$RUN/perf" "$@"
	pipe_open
	# kvmem-report ends with the stream of events: after a signal, it still has to
	# complete the folder.
	(
		trap '' HUP INT TERM
		exec "$BUILD/kvmem-report" record --results "$RUN" \
			--known "$ROOT/configs/known_issues" \
			--catalogue "$ROOT/configs/behaviours.tsv" ${verbose:+--verbose} \
			<&"$from" {from}<&- {to}>&-
	) &
	report=$!
	# Killed when this shell ends, together with its children.
	setpriv --pdeathsig KILL "$BUILD/kvmem-run" "$@" >&"$to" {from}<&- {to}>&- </dev/null &
	runner=$!
	exec {from}<&- {to}>&-

	await "$runner" || run_rc=$?
	await "$report" || report_rc=$?
	stop_if_pending
	host_verdict
}

# pipe_open: set the caller's from and to, the ends of a named pipe.  It is unlinked at
# once, and is opened so that neither end blocks.
pipe_open() {
	local name both

	name=$(mktemp -u "${TMPDIR:-/tmp}/kvmem.XXXXXX")
	mkfifo -m 600 -- "$name" 2>/dev/null ||
		die "cannot make a temporary file in ${TMPDIR:-/tmp}; set TMPDIR to a folder with space"
	# shellcheck disable=SC2094
	exec {both}<>"$name" {from}<"$name" {to}>"$name"
	exec {both}>&-
	rm -f -- "$name"
}

# host_verdict: print the errors that the two programs could not print; returns the exit
# code
host_verdict() {
	if ((run_rc > 128)); then
		say "the run is incomplete: kvmem-run was killed by signal $((run_rc - 128))"
	elif ((report_rc > 128)); then
		say "the results are incomplete: kvmem-report was killed by signal $((report_rc - 128))"
	fi
	[[ $report_rc == 2 || $report_rc -gt 128 ]] || export_into "$RUN" || return 2
	[[ $run_rc == 0 && $report_rc == [014] ]] || return 2
	return "$report_rc"
}
