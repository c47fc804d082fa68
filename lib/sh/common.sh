# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# Messages, the end on a signal, and long steps with a line of progress.

stop_code=0	# 128 + signal number, once a signal has asked for the end
running=	# the children a signal is passed on to, "-PID" for all of a group
held=		# why the end has to wait
SCRATCH=	# half-made folder, removed at the end
made=()		# folders that go again if they are empty at the end

# say LINE...: messages go to standard error, one line each
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

	# Whoever asks twice means it.
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

# stop_if_asked: leave when a signal has come
stop_if_asked() {
	((stop_code == 0)) || [[ $held ]] || exit "$stop_code"
}

asked_to_stop() {
	((stop_code))
}

# hold LINE: a signal is answered with LINE and takes effect at release
hold() {
	held=$1
}

release() {
	held=
	stop_if_asked
}

# await PID [RUNNING]: status of a child; a signal ends the child, or what RUNNING
# names, not the waiting.  What bash has to say about killed children is not shown.
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

# end_soon PID: it was asked to end, and has ten seconds for that
end_soon() {
	local i

	for ((i = 0; i < 100; i++)); do
		kill -0 "$1" || return 0
		sleep 0.1
	done
	kill -KILL "$1" || true
}

# --- long steps --------------------------------------------------------------

rewritten=	# a line on the terminal waits to be overwritten

progress_clear() {
	if [[ $rewritten ]]; then
		printf '\r\033[K' >&2
		rewritten=
	fi
}

# progress LABEL SECONDS: on a terminal one line that is rewritten, else a line
# when the step turns out to be a long one, and one every half minute
progress() {
	if [[ -t 2 && ${TERM:-dumb} != dumb ]]; then
		printf '\rkvmem: %s: %d s\033[K' "$1" "$2" >&2
		rewritten=yes
	elif (($2 == 1)); then
		say "$1 ..."
	elif (($2 % 30 == 0)); then
		say "$1: $2 s"
	fi
}

# The output of a step is kept in a file without a name, on descriptor 8:
# whatever ends this script, nothing stays behind.
log_open() {
	local file

	file=$(mktemp "${TMPDIR:-/tmp}/kvmem.XXXXXX" 2>/dev/null) ||
		die "no temporary file can be made in ${TMPDIR:-/tmp}; set TMPDIR to a folder with space"
	exec 8<>"$file"
	rm -f -- "$file"
}

# Opening it there starts at its beginning.
log=/proc/$$/fd/8

# log_line REGEX...: the first line that matches the first REGEX, else the next
log_line() {
	local regex

	for regex; do
		grep -Ei -m 1 -- "$regex" "$log" && return
	done
	return 1
}

# step LABEL CMD...: run CMD without its output, with progress; status of CMD.
# CMD is a function that ends in become: signals go to all of its process group.
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
		# Most steps have nothing to do and end at once.
		if ((++ticks < 10)); then sleep 0.02; else sleep 0.2; fi
	done
	await "$pid" "-$pid" || rc=$?
	progress_clear
	stop_if_asked
	((rc != 0 || shown == 0)) || say "$label: $((SECONDS - start)) s"
	return "$rc"
}

# become CMD...: the program of a step.  It gets a process group of its own, of
# which nothing is left once this script is gone, however that came about, and
# it does not take the lock along.
become() {
	# shellcheck disable=SC2016
	exec 9>&- setsid setpriv --pdeathsig TERM bash -c \
		'trap "trap \"\" TERM; kill 0; exit 143" TERM; "$@" & wait "$!"' step "$@"
}

# step_failed FILE LINE...: say so, with the end of the step's output; all of it
# stays in FILE
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

# take_lock FILE WHAT: one run at a time does WHAT, until drop_lock or the end of
# all who have inherited descriptor 9
take_lock() {
	{ exec 9>"$1"; } 2>/dev/null || die "cannot write to ${1%/*}"
	flock -n 9 && return
	say "another run is $2; waiting for it"
	setpriv --pdeathsig KILL flock 9 &
	await "$!" || true
	stop_if_asked
}

drop_lock() {
	exec 9>&-
}

# --- small things ------------------------------------------------------------

# writable_dir DIR: there, made when missing, and ours to write
writable_dir() {
	mkdir -p -- "$1" 2>/dev/null && [[ -w $1 && -x $1 ]]
}

# has_room DIR SIZE: by trying, which also tells of quotas
has_room() {
	local file=$1/.kvmem-room.$$ rc=0

	head -c "$2" /dev/zero 2>/dev/null >"$file" || rc=$?
	rm -f -- "$file"
	return "$rc"
}

# absolute PATH: relative to where the user stands
absolute() {
	case $1 in
	/*) printf '%s\n' "$1" ;;
	*) printf '%s\n' "${PWD%/}/$1" ;;
	esac
}

# cache_dir: set CACHE, the folder for what is made once and used by all runs
cache_dir() {
	local home=${HOME:-}

	if [[ ! $home ]]; then
		home=$(getent passwd "$(id -u)" | cut -d: -f6) || true
	fi
	CACHE=${XDG_CACHE_HOME:-$home/.cache}/kvmem
	CACHE=$(absolute "${KVMEM_CACHE:-$CACHE}")
	# The kernel's make cannot work there.
	if [[ $CACHE == *[[:space:]:]* ]]; then
		die "the cache folder's name has a space or a colon in it: $CACHE; set KVMEM_CACHE=DIR"
	fi
	writable_dir "$CACHE" ||
		die "the cache folder cannot be written: $CACHE; set KVMEM_CACHE=DIR to one that can"
}

cache_full() {
	die "no space left in the cache folder $CACHE; set KVMEM_CACHE=DIR to a folder that has it"
}

# cache_file: set the caller's fd to a descriptor of a file in the cache without a
# name: whatever ends this script, nothing stays behind
cache_file() {
	local file

	file=$(mktemp "$CACHE/.lab.XXXXXX" 2>/dev/null) ||
		die "no file can be made in the cache folder $CACHE; set KVMEM_CACHE=DIR"
	# shellcheck disable=SC2034
	exec {fd}<>"$file"
	rm -f -- "$file"
}

# What is made in the cache is made in a scratch folder and renamed: it is there
# or it is not.

# cache_begin PARENT WHAT WANTED: a scratch folder beside WANTED; false when
# another run has made WANTED meanwhile
cache_begin() {
	writable_dir "$1" ||
		die "the cache folder cannot be written: $1; set KVMEM_CACHE=DIR to one that can"
	take_lock "$1/.lock" "$2"
	if [[ -d $3 ]]; then
		drop_lock
		return 1
	fi
	# With the lock in hand, these are what a killed run has left.
	rm -rf -- "$1"/.new.*
	SCRATCH=$(mktemp -d "$1/.new.XXXXXX") ||
		die "no space in the cache folder $1; set KVMEM_CACHE=DIR"
	chmod 755 "$SCRATCH"
}

cache_end() { # WANTED [KEEP]
	local parent=${1%/*} keep=${2:-8} old

	mv -T -- "$SCRATCH" "$1"
	SCRATCH=
	# Kernel packages come every other week, and a bisection makes many trees.
	while read -r old; do
		rm -rf -- "${parent:?}/$old"
	done < <(find "$parent" -mindepth 1 -maxdepth 1 -type d -printf '%T@ %f\n' |
		sort -rn | tail -n +$((keep + 1)) | cut -d' ' -f2-)
	drop_lock
}
