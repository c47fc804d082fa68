# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# Files of kernel modules: an index, their information, their dependencies.

# modules_index FOLDER: set module_file[NAME], with _ for -, to the module's file
modules_index() {
	local file name

	declare -gA module_file=()
	[[ $1 ]] || return 0
	while IFS= read -r file; do
		name=${file##*/}
		name=${name%%.ko*}
		module_file[${name//-/_}]=$file
	done < <(find "$1" -name '*.ko' -o -name '*.ko.xz' -o -name '*.ko.zst' \
		-o -name '*.ko.gz')
}

# module_plain FILE: print the uncompressed module
module_plain() {
	case $1 in
	*.xz) xz -dc -- "$1" ;;
	*.zst) zstd -dcq -- "$1" ;;
	*.gz) gzip -dc -- "$1" ;;
	*) cat -- "$1" ;;
	esac
}

# module_info FILE KEY: like modinfo -F
module_info() {
	module_plain "$1" | tr '\0' '\n' | sed -n "s/^$2=//p" | head -n 1
}

# The modules of a lab: its stream to the host, a swap device, KVM.
modules_wanted="
virtio     virtio_pci virtio_console
swap       brd
$arch_modules_wanted
"

# modules_lists: print lines "LIST FILE": the modules of each list and their dependencies,
# in the order of loading.  A module without a file is built in, or missing.
modules_lists() {
	local list names name
	local -A resolved

	while read -r list names; do
		resolved=()
		for name in $names; do
			modules_visit "$name"
		done
	done <<<"$modules_wanted"
}

modules_visit() { # NAME
	local name=${1//-/_} file needs need

	file=${module_file[$name]:-}
	[[ $file && ! ${resolved[$name]:-} ]] || return 0
	resolved[$name]=yes
	IFS=, read -ra needs < <(module_info "$file" depends) || true
	for need in "${needs[@]}"; do
		modules_visit "$need"
	done
	printf '%s %s\n' "$list" "$file"
}
