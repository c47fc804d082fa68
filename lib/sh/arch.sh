# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Other parts read these variables:
# shellcheck disable=SC2034
#
# The architecture of the kernel under test, and that of this host, as the folders of
# lib/arch are named.

# arch_name MACHINE: print the name of an architecture, as uname -m or this project has it
arch_name() {
	case $1 in
	aarch64) echo arm64 ;;
	*) printf '%s\n' "$1" ;;
	esac
}

# arch_list: print the names of all architectures, one a line
arch_list() {
	local file

	for file in "$ROOT"/lib/sh/arch/*.sh; do
		file=${file##*/}
		printf '%s\n' "${file%.sh}"
	done
}

# arch_names: print them for messages
arch_names() {
	arch_list | paste -sd ' ' | sed 's/ / or /g'
}

# arch_known NAME: whether the project supports it
arch_known() {
	[[ $1 =~ ^[a-z0-9_]+$ && -r $ROOT/lib/sh/arch/$1.sh ]]
}

# arch_choose ARGUMENT...: set HOST_ARCH, and ARCH_NAME from the command line's --arch or
# KVMEM_ARCH; read its functions.  Processes of run.sh that this one starts have the same.
arch_choose() {
	HOST_ARCH=$(arch_name "$(uname -m)")
	ARCH_NAME=${KVMEM_ARCH:-$HOST_ARCH}
	while (($#)); do
		case $1 in
		--arch) ARCH_NAME=${2-} ;;
		--arch=*) ARCH_NAME=${1#*=} ;;
		--) break ;;
		esac
		shift
	done
	ARCH_NAME=$(arch_name "$ARCH_NAME")
	if ! arch_known "$ARCH_NAME"; then
		[[ $ARCH_NAME != "$HOST_ARCH" ]] || die "kvmem does not support $ARCH_NAME: there is no lib/sh/arch/$ARCH_NAME.sh"
		usage_error "unknown architecture '$ARCH_NAME': use $(arch_names)"
	fi
	export KVMEM_ARCH=$ARCH_NAME
	# shellcheck source=lib/sh/arch/x86_64.sh
	. "$ROOT/lib/sh/arch/$ARCH_NAME.sh"
}

# arch_key KEY: print the name of a folder of the cache that has files of the architecture;
# x86-64's have no suffix
arch_key() {
	if [[ $ARCH_NAME == x86_64 ]]; then
		printf '%s\n' "$1"
	else
		printf '%s-%s\n' "$1" "$ARCH_NAME"
	fi
}

# arch_option: print the option that selects it, with a blank before it, if it is not
# this host's
arch_option() {
	[[ $ARCH_NAME == "$HOST_ARCH" ]] || printf ' --arch %s' "$ARCH_NAME"
}
