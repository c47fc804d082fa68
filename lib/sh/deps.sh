# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# Packages: what is missing, and its installation.

# Package, and the thing in it that is needed, should it come from elsewhere.
deps_run='
gcc               command gcc
make              command make
binutils          command objcopy
libc6-dev         library libc.a
libnuma-dev       library libnuma.a
libjansson-dev    library libjansson.so
hyperfine         command hyperfine
gnuplot-nox       command gnuplot
'
# In place of KSRC=TREE.
deps_ksrc='
xz-utils          command xz
linux-source-6.12 file    /usr/src/linux-source-6.12.tar.xz
'
# A machine for the lab, and what it starts with.
deps_lab="
$arch_qemu_package command $arch_qemu
busybox-static    static  busybox
cpio              command cpio
xz-utils          command xz
zstd              command zstd
"
# Tracepoints.
deps_perf='
linux-perf        command perf
'
# Building a kernel.
deps_kernel='
gcc               command gcc
make              command make
binutils          command ld
bc                command bc
bison             command bison
flex              command flex
libelf-dev        library libelf.a
libc6-dev         library libc.a
gzip              command gzip
patch             command patch
'
# The project's own checks.
deps_check='
clang             command clang
shellcheck        command shellcheck
python3           command python3
perl              command pod2man
procps            command pkill
rsync             command rsync
'

# deps_ensure [--lab | --perf | --kernel | --check]: have every package of a run on this
# host (and more: in a lab, building a kernel, the checks), or end with what to do
deps_ensure() {
	local table=$deps_run missing=() things=()

	[[ ${KSRC:-} ]] || table+=$deps_ksrc
	case ${1:-} in
	--lab)
		table+=$deps_lab
		deps_emulator "${opt[accel]:-}"
		;;
	--perf) table+=$deps_perf ;;
	--kernel) table=$deps_ksrc$deps_kernel ;;
	--check)
		table+=$deps_lab$deps_kernel$deps_check
		deps_emulator "${arch_emulators[@]}"
		;;
	esac
	deps_missing "$table"
	((${#missing[@]})) || return 0

	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		die "missing on this system: ${things[*]}" \
			"it has no apt-get: install them its own way; KSRC=TREE names a kernel tree"
	fi
	if ((EUID != 0)) || [[ ${opt[no-install]:-} ]]; then
		die "missing packages: ${missing[*]}" "install them as root: $(deps_line)"
	fi
	deps_install "$table"
}

# deps_emulator ACCEL...: add the packages of these emulators to the caller's table
deps_emulator() {
	local accel packages

	for accel; do
		[[ " ${arch_emulators[*]} " == *" $accel "* ]] || continue
		packages=${accel}_packages
		table+=${!packages}
	done
}

deps_line() {
	printf 'apt-get install -y --no-install-recommends'
	printf ' %s' "${missing[@]}"
}

# deps_missing TABLE: sets the caller's missing (packages) and things
deps_missing() {
	local package kind thing installed

	missing=() things=()
	# shellcheck disable=SC2046
	installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' \
		$(awk '{print $1}' <<<"$1") 2>/dev/null) || true
	while read -r package kind thing; do
		[[ $package ]] || continue
		if [[ $kind != file && $'\n'$installed$'\n' == *$'\n'"installed $package"$'\n'* ]]; then
			continue
		fi
		deps_there "$kind" "$thing" && continue
		missing+=("$package")
		things+=("$thing")
	done <<<"$1"
}

deps_there() { # KIND THING
	case $1 in
	command) command -v "$2" >/dev/null ;;
	library) [[ $(gcc -print-file-name="$2" 2>/dev/null) == */* ]] ;;
	static) command -v "$2" >/dev/null && ! readelf -l "$(command -v "$2")" | grep -q INTERP ;;
	file) [[ -r $2 ]] ;;
	esac
}

deps_install() { # TABLE
	local package

	cache_dir
	take_lock "$CACHE/.install.lock" "installing packages"
	deps_missing "$1"
	if ((${#missing[@]} == 0)); then
		drop_lock
		return
	fi

	say "missing packages: ${missing[*]}"
	deps_known || apt_try "reading the package lists" apt_update ||
		deps_failed "the package lists could not be read"
	for package in "${missing[@]}"; do
		deps_known "$package" || deps_unknown "$package"
	done
	# Lists that are days old name files that are gone.
	apt_try "downloading packages" apt_download ||
		{ apt_try "reading the package lists" apt_update &&
			apt_try "downloading packages" apt_download; } ||
		deps_failed "the packages could not be downloaded"

	hold "ending as soon as the packages are installed"
	apt_try "installing packages" apt_install ||
		deps_failed "the packages could not be installed"
	release

	deps_missing "$1"
	((${#missing[@]} == 0)) ||
		die "installed, and still not there: ${things[*]}" \
			"try: apt-get install --reinstall ${missing[*]}"
	drop_lock
}

# deps_known [PACKAGE...]: whether apt knows a version of each, by default of
# all that are missing
deps_known() {
	local package policy

	for package in "${@:-${missing[@]}}"; do
		policy=$(apt-cache policy "$package" 2>/dev/null)
		[[ $policy == *'  Candidate: '[!\(]* ]] || return 1
	done
}

deps_unknown() { # PACKAGE
	# For apt-get update a network that is away is only worth a warning.
	if log_line 'failed to fetch' >/dev/null; then
		deps_failed "the package lists could not be read"
	fi
	case $1 in
	linux-source-*) die "no package $1 in this system's apt sources" \
		"Debian 12 has it among its security updates (bookworm-security), Debian 13 in main; elsewhere, KSRC=TREE names a kernel tree of 6.9 or newer" ;;
	*) die "no package $1 in this system's apt sources: look at /etc/apt/sources.list" ;;
	esac
}

deps_failed() { # LINE
	local error

	release
	if error=$(log_line '^E: ' '^W: failed to fetch'); then
		say "$1: ${error#?: }" "by hand: $(deps_line)"
		log_keep "$CACHE/log/install.log"
		exit 2
	fi
	step_failed "$CACHE/log/install.log" "$1" "by hand: $(deps_line)"
}

# apt_try LABEL CMD: a step that needs apt's locks; on a machine that has just
# come up, its own first update may hold them for minutes
apt_try() {
	local tries

	for ((tries = 0; tries < 150; tries++)); do
		step "$1" "$2" && return
		log_line '^E: (could not get lock|unable to acquire the dpkg)' >/dev/null || return
		((tries)) || say "another program is using apt; waiting for it"
		sleep 2
		! asked_to_stop || return
	done
	return 1
}

apt_update() {
	become apt-get update
}

apt_download() {
	become apt-get -o Acquire::Retries=2 \
		install -y --no-install-recommends --download-only "${missing[@]}"
}

# Not to be stopped half-way: not even told that this script is gone.
apt_install() {
	export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
	exec 9>&- setsid apt-get -o Dpkg::Use-Pty=0 \
		install -y --no-install-recommends "${missing[@]}"
}
