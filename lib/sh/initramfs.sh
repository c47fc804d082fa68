# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The initramfs of a lab: busybox, the programs of the suite, the modules.  Making it
# needs no root: devtmpfs supplies the device nodes.

# The commands of lib/lab/init, and a shell for the programs of tests/check.
initramfs_commands=(
	sh cat cut awk dmesg env grep insmod mkdir mount poweroff printf sed sleep stty tail tr
)

# initramfs_make PROGRAMS: set the caller's archive, which is cached by its content;
# PROGRAMS has tests/ and bench/
initramfs_make() {
	local dir sum initramfs

	initramfs_contents "$1"
	cache_dir
	sum=$(initramfs_sum)
	dir=$CACHE/initramfs/${sum:0:20}
	archive=$dir/initramfs.cpio
	if [[ ! -d $dir ]]; then
		cache_begin "${dir%/*}" "making an initramfs" "$dir" || return 0
		step "making the initramfs" initramfs_pack "$1" ||
			initramfs_failed "cannot make the initramfs"
		cache_end "$dir"
	fi
	touch -- "$dir"
	[[ -r $archive ]] || die "$archive is missing: remove ${archive%/*} and try again"
}

# initramfs_contents PROGRAMS: set the caller's initramfs to lines "PATH<TAB>FILE", or
# "PATH<TAB>=WORDS" for a text with a line for each word
initramfs_contents() {
	local file name list
	local -A lists=()

	initramfs=init$'\t'$ROOT/lib/lab/init
	initramfs+=$'\n'lab/arch$'\t'$ROOT/lib/sh/arch/$ARCH_NAME/init.sh
	initramfs+=$'\n'bin/busybox$'\t'$(cross_busybox)
	initramfs+=$'\n'lab/kvmem-run$'\t'$BUILD/kvmem-run
	for file in "$1"/tests/* "$1"/bench/*; do
		name=${file##*/}
		[[ -f $file && -x $file && $name != *.* ]] || continue
		initramfs+=$'\n'lab/${file#"$1"/}$'\t'$file
	done
	[[ ! -s $KERNEL_CONFIG ]] ||
		initramfs+=$'\n'boot/config-$KERNEL_RELEASE$'\t'$KERNEL_CONFIG
	while read -r list file; do
		name=${file##*/}
		name=${name%%.ko*}.ko
		[[ $'\n'$initramfs == *$'\n'lib/modules/$name$'\t'* ]] ||
			initramfs+=$'\n'lib/modules/$name$'\t'$file
		lists[$list]+=" $name"
	done < <(modules_lists)
	for list in "${!lists[@]}"; do
		initramfs+=$'\n'lib/modules/$list$'\t'=${lists[$list]# }
	done
	initramfs=$(sort <<<"$initramfs")
}

# initramfs_sum: print a checksum of the paths and their contents
initramfs_sum() {
	{
		printf '%s\n' "${initramfs_commands[*]}"
		cut -f 1 <<<"$initramfs"
		grep -P '\t=' <<<"$initramfs"
		grep -vP '\t=' <<<"$initramfs" | cut -f 2 | tr '\n' '\0' | xargs -0 sha256sum | cut -d' ' -f1
	} | sha256sum
}

initramfs_pack() { # PROGRAMS
	local dir=$SCRATCH/root path file name

	mkdir -p "$dir"/{bin,dev,proc,sys,tmp,lab/tests,lab/bench,lib/modules,boot} || exit
	while IFS=$'\t' read -r path file; do
		case $file in
		=*) tr ' ' '\n' <<<"${file#=}" >"$dir/$path" || exit ;;
		*.ko.*) module_plain "$file" >"$dir/$path" || exit ;;
		"$1"/*)
			# Symbols are a third of the size.
			"$(cross_prefix)strip" -o "$dir/$path" -- "$file" 2>/dev/null ||
				cp -L -- "$file" "$dir/$path" || exit
			;;
		*) cp -L -- "$file" "$dir/$path" || exit ;;
		esac
	done <<<"$initramfs"
	# Listing the tests takes a second in the lab.
	list_plan "$1" >"$dir/lab/plan" || exit
	for name in "${initramfs_commands[@]}"; do
		ln -s busybox "$dir/bin/$name" || exit
	done
	cd -- "$dir" || exit
	# shellcheck disable=SC2016
	become bash -o pipefail -c 'find . -mindepth 1 -print0 | sort -z | cpio --null --create \
		--format=newc --owner=+0:+0 --reproducible --quiet >../initramfs.cpio && rm -rf -- "$PWD"'
}

initramfs_failed() { # LINE
	if log_line 'no space left|quota exceeded' >/dev/null || ! has_room "$SCRATCH" 1M; then
		cache_full
	fi
	step_failed "$CACHE/log/initramfs.log" "$1"
}

# --- the part that differs with each boot ------------------------------------------

# cpio_file NAME TEXT: print a member of a cpio archive; cpio_end ends it.  The kernel
# unpacks it on top of the archive before it.
cpio_file() {
	# Only the size and the length of the name with its NUL matter.
	printf '070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%s\0' \
		0 $((8#100644)) 0 0 1 0 ${#2} 0 0 0 0 $((${#1} + 1)) 0 "$1"
	cpio_pad $((110 + ${#1} + 1))
	printf '%s' "$2"
	cpio_pad ${#2}
}

cpio_pad() { # LENGTH
	local n=$(((4 - $1 % 4) % 4))

	head -c "$n" /dev/zero
}

cpio_end() {
	cpio_file 'TRAILER!!!' ''
}
