# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Messages, signals, long steps with progress, the cache.

stop_code=0	# 128 + signal number, once a signal has arrived
running=	# children to which a signal is passed on; "-PID" is a process group
held=		# why a signal is deferred
SCRATCH=	# incomplete folder, removed at exit
made=()		# folders that are removed at exit if they are empty

# say LINE...: print messages to standard error
say() {
	printf 'kvmem: %s\n' "$@" >&2
}

# die LINE...: wrong use or a broken environment
die() {
	say "$@"
	exit 2
}

# usage_error LINE: wrong use
usage_error() {
	die "$1 (./run.sh --help shows how)"
}

# --- the end -----------------------------------------------------------------

on_signal() { # EXIT_CODE
	local signal=TERM

	# The second signal kills.
	((stop_code == 0)) || signal=KILL
	stop_code=$1
	progress_clear
	if [[ $held ]]; then
		say "$held"
	elif [[ $running ]]; then
		# shellcheck disable=SC2086
		kill -s "$signal" -- $running 2>/dev/null || true
	else
		exit "$stop_code"
	fi
}

on_exit() {
	local i

	[[ ! $SCRATCH ]] || rm -rf -- "$SCRATCH"
	for ((i = ${#made[@]} - 1; i >= 0; i--)); do
		rmdir -- "${made[i]}" 2>/dev/null || true
	done
}

trap 'on_signal 129' HUP
trap 'on_signal 130' INT
trap 'on_signal 143' TERM
trap on_exit EXIT

# stop_if_pending: exit if a signal has arrived and is not deferred
stop_if_pending() {
	((stop_code == 0)) || [[ $held ]] || exit "$stop_code"
}

# stop_pending: whether a signal has arrived
stop_pending() {
	((stop_code))
}

# hold LINE: defer signals until release; LINE is printed when one arrives
hold() {
	held=$1
}

release() {
	held=
	stop_if_pending
}

# await PID [RUNNING]: wait for a child, returns its status.  A signal is passed on to
# the child, or to RUNNING, and the wait goes on.  The messages of bash about killed
# children are discarded.
await() {
	local rc=0

	running=${2:-$1}
	{
		wait "$1" || rc=$?
		while ((stop_code)) && kill -0 "$1"; do
			if [[ $held ]]; then
				rc=0
				wait "$1" || rc=$?
			else
				end_soon "$1"
			fi
		done
		if ((stop_code)) && [[ ! $held && $running == -* ]]; then
			kill -KILL -- "$running" || true
		fi
	} 2>/dev/null
	running=
	return "$rc"
}

# end_soon PID: wait ten seconds for the end of a child that got a signal, then kill it
end_soon() {
	local i

	for ((i = 0; i < 100; i++)); do
		kill -0 "$1" || return 0
		sleep 0.1
	done
	kill -KILL "$1" || true
}

# --- long steps --------------------------------------------------------------

rewritten=	# the terminal shows a line of progress

progress_clear() {
	if [[ $rewritten ]]; then
		printf '\r\033[K' >&2
		rewritten=
	fi
}

# can_redraw: standard error is a pseudo-terminal or a virtual console, not a serial
# console or the log of a CI; the same rule as in lib/report/text/progress.c
can_redraw() {
	[[ -t 2 && ${TERM:-dumb} != dumb && ! ${CI:-} ]] &&
		[[ $(readlink -f /proc/self/fd/2) =~ ^/dev/(pts/|tty[0-9]) ]]
}

# progress LABEL SECONDS: on a terminal, one line that is rewritten; else a line after
# one second and after every 30 s
progress() {
	if can_redraw; then
		printf '\rkvmem: %s: %d s\033[K' "$1" "$2" >&2
		rewritten=yes
	elif (($2 == 1)); then
		say "$1 ..."
	elif (($2 % 30 == 0)); then
		say "$1: $2 s"
	fi
}

# The output of a step goes to an unlinked file on descriptor 8, so that no file is
# left however this script ends.
log_open() {
	local file

	file=$(mktemp "${TMPDIR:-/tmp}/kvmem.XXXXXX" 2>/dev/null) ||
		die "cannot make a temporary file in ${TMPDIR:-/tmp}; set TMPDIR to a folder with space"
	exec 8<>"$file"
	rm -f -- "$file"
}

# Opened by this name, it is read from its start.
log=/proc/$$/fd/8

# log_line REGEX...: print the first line that matches the first REGEX, else the next
log_line() {
	local regex

	for regex; do
		grep -Ei -m 1 -- "$regex" "$log" && return
	done
	return 1
}

# step LABEL CMD...: run CMD with its output in the log, and show progress; returns
# the status of CMD, a function that ends in become.  Signals go to its process group.
step() {
	local label=$1 start=$SECONDS shown=0 ticks=0 rc=0 pid

	shift
	log_open
	"$@" >&8 2>&1 </dev/null 8>&- &
	pid=$!
	running=-$pid
	while kill -0 "$pid" 2>/dev/null; do
		((stop_code == 0)) || [[ $held ]] || break
		if ((SECONDS - start > shown)); then
			shown=$((SECONDS - start))
			progress "$label" "$shown"
		fi
		# Most steps have nothing to do and are short.
		if ((++ticks < 10)); then sleep 0.02; else sleep 0.2; fi
	done
	await "$pid" "-$pid" || rc=$?
	progress_clear
	stop_if_pending
	((rc != 0 || shown == 0)) || say "$label: $((SECONDS - start)) s"
	return "$rc"
}

# become CMD...: run the program of a step in a new process group, which is killed when
# this script ends, and without the lock's descriptor
become() {
	# shellcheck disable=SC2016
	exec 9>&- setsid setpriv --pdeathsig TERM bash -c \
		'trap "trap \"\" TERM; kill 0; exit 143" TERM; "$@" & wait "$!"' step "$@"
}

# step_failed FILE LINE...: exit with these messages and the end of the step's output;
# FILE has all of it
step_failed() {
	local file=$1

	shift
	say "$@"
	tail -n 12 "$log" | sed 's/^/    /' >&2
	log_keep "$file"
	exit 2
}

log_keep() { # FILE
	if mkdir -p "${1%/*}" 2>/dev/null && cp -- "$log" "$1" 2>/dev/null; then
		say "the whole log: $1"
	fi
}

# take_lock FILE WHAT: lock FILE, on descriptor 9, until drop_lock or the end of all
# processes that inherited it.  WHAT is printed if another run has the lock.
take_lock() {
	{ exec 9>"$1"; } 2>/dev/null || die "cannot write to ${1%/*}: choose a folder that this user may write"
	flock -n 9 && return
	say "another run is $2; waiting for it"
	setpriv --pdeathsig KILL flock 9 &
	await "$!" || true
	stop_if_pending
}

drop_lock() {
	exec 9>&-
}

# --- small things ------------------------------------------------------------

# writable_dir DIR: make it if it is missing; whether this user may write to it
writable_dir() {
	mkdir -p -- "$1" 2>/dev/null && [[ -w $1 && -x $1 ]]
}

# has_room DIR SIZE: whether a file of that size can be written, also by quota
has_room() {
	local file=$1/.kvmem-room.$$ rc=0

	head -c "$2" /dev/zero 2>/dev/null >"$file" || rc=$?
	rm -f -- "$file"
	return "$rc"
}

# absolute PATH: relative to the current folder
absolute() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "${PWD%/}/$1" ;;
	esac
}

# cache_dir: set CACHE, the folder of files that all runs share
cache_dir() {
	local home=${HOME:-}

	if [[ ! $home ]]; then
		home=$(getent passwd "$(id -u)" | cut -d: -f6) || true
	fi
	CACHE=${XDG_CACHE_HOME:-$home/.cache}/kvmem
	CACHE=$(absolute "${KVMEM_CACHE:-$CACHE}")
	# The kernel's make does not support such a path.
	if [[ $CACHE == *[[:space:]:]* ]]; then
		die "the path of the cache folder has a space or a colon: $CACHE; set KVMEM_CACHE=DIR to another"
	fi
	writable_dir "$CACHE" ||
		die "cannot write to the cache folder $CACHE; set KVMEM_CACHE=DIR to another"
}

cache_full() {
	die "no space left in the cache folder $CACHE; set KVMEM_CACHE=DIR to a folder with space"
}

# cache_file: set the caller's fd to a descriptor of an unlinked file in the cache
cache_file() {
	local file

	file=$(mktemp "$CACHE/.lab.XXXXXX" 2>/dev/null) ||
		die "cannot make a file in the cache folder $CACHE; set KVMEM_CACHE=DIR to another"
	# shellcheck disable=SC2034
	exec {fd}<>"$file"
	rm -f -- "$file"
}

# Folders of the cache are made under another name and renamed, so that an incomplete
# one is never used.

# cache_begin PARENT WHAT WANTED: set SCRATCH to a new folder beside WANTED, and take
# the lock; false when another run has made WANTED meanwhile
cache_begin() {
	writable_dir "$1" ||
		die "cannot write to the cache folder $1; set KVMEM_CACHE=DIR to another"
	take_lock "$1/.lock" "$2"
	if [[ -d $3 ]]; then
		drop_lock
		return 1
	fi
	# Under the lock, these can only be left over from a killed run.
	rm -rf -- "$1"/.new.*
	SCRATCH=$(mktemp -d "$1/.new.XXXXXX") ||
		die "no space left in the cache folder $1; set KVMEM_CACHE=DIR to a folder with space"
	chmod 755 "$SCRATCH"
}

# cache_end WANTED [KEEP]: rename SCRATCH to WANTED, and keep the KEEP newest folders
cache_end() {
	local parent=${1%/*} keep=${2:-8} old

	mv -T -- "$SCRATCH" "$1"
	SCRATCH=
	# Otherwise the cache would grow with every kernel package and bisection.
	while read -r old; do
		rm -rf -- "${parent:?}/$old"
	done < <(find "$parent" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' |
		sort -rn | tail -n +$((keep + 1)) | cut -d' ' -f2-)
	drop_lock
}
