# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# Debian packages that are needed, and their installation.

# Lines "PACKAGE KIND FILE": the file that is needed, which may also come from elsewhere.
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
# Without KSRC=TREE.
deps_ksrc='
xz-utils          command xz
linux-source-6.12 file    /usr/src/linux-source-6.12.tar.xz
'
# The lab.
deps_lab="
$arch_qemu_package command $arch_qemu
cpio              command cpio
xz-utils          command xz
zstd              command zstd
"
# The lab's shell, and for another architecture, whose shell is in the cache, the tools to
# build its programs and to list their tests.
if [[ $ARCH_NAME == "$HOST_ARCH" ]]; then
	deps_lab+='busybox-static static busybox
'
else
	deps_run+=$arch_cross_packages
fi
# --perf.
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

# deps_ensure [--lab | --perf | --kernel | --check]: install the missing packages of a run
# on this host, and those of the lab, of building a kernel, or of the checks; exit with
# instructions if that is not possible
deps_ensure() {
	local table=$deps_run missing=() things=()

	[[ ${KSRC:-} ]] || table+=$deps_ksrc
	case ${1:-} in
	--lab)
		table+=$deps_lab
		deps_emulator "${opt[accel]:-}"
		;;
	--perf) table+=$deps_perf ;;
	--kernel)
		table=$deps_ksrc$deps_kernel
		[[ $ARCH_NAME == "$HOST_ARCH" ]] || table+=$arch_cross_packages
		;;
	--check)
		table+=$deps_lab$deps_kernel$deps_check
		deps_emulator "${arch_emulators[@]}"
		;;
	esac
	deps_missing "$table"
	((${#missing[@]})) || return 0

	if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
		die "missing on this system: ${things[*]}" \
			"this system has no apt-get: install them with its package manager; KSRC=TREE replaces linux-source"
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
		[[ $accel && " ${arch_emulators[*]} " == *" $accel "* ]] || continue
		packages=${accel}_packages
		table+=${!packages}
	done
}

deps_line() {
	printf 'apt-get install -y --no-install-recommends'
	printf ' %s' "${missing[@]}"
}

# deps_missing TABLE: set the caller's missing (packages) and things (files)
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
		deps_failed "cannot read the package lists"
	for package in "${missing[@]}"; do
		deps_known "$package" || deps_unknown "$package"
	done
	# Outdated lists name files that the mirror has deleted.
	apt_try "downloading packages" apt_download ||
		{ apt_try "reading the package lists" apt_update &&
			apt_try "downloading packages" apt_download; } ||
		deps_failed "cannot download the packages"

	hold "interrupted: exiting when the packages are installed"
	apt_try "installing packages" apt_install ||
		deps_failed "cannot install the packages"
	release

	deps_missing "$1"
	((${#missing[@]} == 0)) ||
		die "still missing after the installation: ${things[*]}" \
			"try: apt-get install --reinstall ${missing[*]}"
	drop_lock
}

# deps_known [PACKAGE...]: whether apt has a version of each; of all missing ones by
# default
deps_known() {
	local package policy

	for package in "${@:-${missing[@]}}"; do
		policy=$(apt-cache policy "$package" 2>/dev/null)
		[[ $policy == *'  Candidate: '[!\(]* ]] || return 1
	done
}

deps_unknown() { # PACKAGE
	# apt-get update only warns when the network is down.
	if log_line 'failed to fetch' >/dev/null; then
		deps_failed "cannot read the package lists"
	fi
	case $1 in
	linux-source-*) die "no package $1 in this system's apt sources" \
		"Debian 12 has it in bookworm-security, Debian 13 in main; elsewhere, set KSRC=TREE to a kernel tree of 6.12 or newer" ;;
	*) die "no package $1 in this system's apt sources: check /etc/apt/sources.list" ;;
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

# apt_try LABEL CMD: a step that needs apt's locks; after boot, an automatic update may
# hold them for minutes
apt_try() {
	local tries

	for ((tries = 0; tries < 150; tries++)); do
		step "$1" "$2" && return
		log_line '^E: (could not get lock|unable to acquire the dpkg)' >/dev/null || return
		((tries)) || say "another program is using apt; waiting for it"
		sleep 2
		! stop_pending || return
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

# Runs to its end even if this script is killed.
apt_install() {
	export DEBIAN_FRONTEND=noninteractive NEEDRESTART_SUSPEND=1
	exec 9>&- setsid apt-get -o Dpkg::Use-Pty=0 \
		install -y --no-install-recommends "${missing[@]}"
}
