# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
#
# Kernel modules as files: which there are, what they say of themselves, what
# they need.

# modules_index FOLDER: set module_file[NAME], with _ for -, to its file
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

# module_plain FILE: the module, not compressed
module_plain() {
	case $1 in
	*.xz) xz -dc -- "$1" ;;
	*.zst) zstd -dcq -- "$1" ;;
	*.gz) gzip -dc -- "$1" ;;
	*) cat -- "$1" ;;
	esac
}

# module_info FILE KEY: as modinfo -F prints it
module_info() {
	module_plain "$1" | tr '\0' '\n' | sed -n "s/^$2=//p" | head -n 1
}

# What a lab can make use of: its stream to the host, a swap device, and KVM.
modules_wanted="
virtio     virtio_pci virtio_console
swap       brd
$arch_modules_wanted
"

# modules_lists: lines "LIST FILE", for each list its modules and what they depend
# on, in the order of loading; what the index does not have is built in, or not
# there
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
