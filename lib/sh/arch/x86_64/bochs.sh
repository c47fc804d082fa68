# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The variables of a machine are those of machine.sh:
# shellcheck disable=SC2034
#
# The lab's machine in Bochs, which emulates VMX with EPT.  It boots from a CD.

bochs_ips=200000000	# instructions per second of the machine's clock
bochs_bios=/usr/share/bochs/BIOS-bochs-latest
bochs_vga=/usr/share/vgabios/vgabios.bin
bochs_isolinux=/usr/lib/ISOLINUX/isolinux.bin
bochs_ldlinux=/usr/lib/syslinux/modules/bios/ldlinux.c32

# As in deps.sh.
bochs_packages="
bochs             command bochs-bin
bochs-term        file    /usr/lib/$(uname -m)-linux-gnu/bochs/plugins/libbx_term_gui.so
bochsbios         file    /usr/share/bochs/BIOS-bochs-latest
vgabios           file    /usr/share/vgabios/vgabios.bin
isolinux          file    /usr/lib/ISOLINUX/isolinux.bin
syslinux-common   file    /usr/lib/syslinux/modules/bios/ldlinux.c32
xorriso           command xorriso
"

# bochs_choose: set the machine's variables from --cpu, --cpus and --numa
bochs_choose() {
	MACHINE_NAME=Bochs MACHINE_ACCEL=bochs MACHINE_CPU=${opt[cpu]:-broadwell_ult} MACHINE_CPUS=1 MACHINE_NUMA=1
	((10#${opt[cpus]:-1} == 1 && 10#${opt[numa]:-1} == 1)) ||
		usage_error "--accel bochs has one CPU and one node: omit --cpus and --numa"
	[[ $MACHINE_CPU =~ ^[a-z0-9_]+$ ]] ||
		usage_error "--cpu $MACHINE_CPU: use a model of Bochs: broadwell_ult, corei7_haswell_4770 and others (bochs-bin --help cpu)"
	MACHINE_VERSION=$(bochs-bin --help cpu 2>&1 | sed -n 's/.*Bochs x86 Emulator \([0-9][^ ]*\).*/\1/p')
}

bochs_slow() {
	echo 10
}

bochs_slow_boot() {
	echo 3
}

# When a guest with interrupts disabled is entered with interrupts disabled, Bochs leaves
# them masked: nothing would end a guest that loops.
bochs_settings() {
	settings+=(KVMEM_GUEST_IF=yes)
}

# RDRAND returns random numbers of the host.  A reset would restart the machine: with
# reboot=triple, Bochs exits.  The TSC counts instructions, not at the rate in CPUID.
bochs_cmdline() {
	printf ' clearcpuid=rdrand,rdseed reboot=triple tsc_early_khz=%s' $((bochs_ips / 1000))
}

# bochs_file: set the caller's fd to an unlinked file with standard input in it
bochs_file() {
	cache_file
	cat 1>&"$fd" 2>/dev/null || cache_full
}

bochs_loader() {
	cat <<-END
		default lab
		label lab
		  kernel /kernel
		  initrd /initrd
		  append $(machine_cmdline)
	END
}

# bochs_disc INITRD LOG: set the caller's fd to the image of the CD
bochs_disc() {
	local discs=$CACHE/discs

	writable_dir "$discs" || die "cannot write to the cache folder $discs; set KVMEM_CACHE=DIR to another"
	# Left over from killed runs; a new one may belong to a running one.
	find "$discs" -mindepth 1 -maxdepth 1 -mmin +60 -exec rm -rf -- {} +
	SCRATCH=$(mktemp -d "$discs/.new.XXXXXX") || cache_full
	{ cat "/proc/self/fd/$1" >"$SCRATCH/initrd" && bochs_loader >"$SCRATCH/isolinux.cfg"; } 2>/dev/null || cache_full
	bochs_file < <(xorriso -as mkisofs -quiet -graft-points -b isolinux.bin -c boot.cat \
		-no-emul-boot -boot-load-size 4 -boot-info-table "isolinux.bin=$bochs_isolinux" \
		"ldlinux.c32=$bochs_ldlinux" "kernel=$KERNEL" "$SCRATCH" 2>>"$2")
	rm -rf -- "$SCRATCH"
	SCRATCH=
}

# bochs_config DISC CONSOLE EVENTS: print the configuration of the machine
bochs_config() {
	cat <<-END
		config_interface: textconfig
		display_library: term
		cpu: model=$MACHINE_CPU, count=1, ips=$bochs_ips, reset_on_triple_fault=0, ignore_bad_msrs=1
		memory: guest=$MACHINE_MEMORY, host=$MACHINE_MEMORY
		romimage: file=$bochs_bios, options=fastboot
		vgaromimage: file=$bochs_vga
		pci: enabled=1, chipset=i440fx
		clock: sync=none, time0=946684800, rtc_sync=0
		ata0-master: type=cdrom, path=/proc/self/fd/$1, status=inserted
		boot: cdrom
		com1: enabled=1, mode=file, dev=/proc/self/fd/$2
		com2: enabled=1, mode=file, dev=/proc/self/fd/$3
		log: -
		panic: action=fatal
		error: action=ignore
		info: action=ignore
		debug: action=ignore
	END
}

# bochs_start INITRD CONSOLE EVENTS LOG: start it in the background; it is killed when
# this shell ends.  The first three are descriptors.  Bochs truncates the files that it
# opens, so the console goes through a pipe.
bochs_start() {
	local fd disc config go console

	bochs_disc "$1" "$4"
	disc=$fd
	exec {console}> >(exec cat >&"$2")
	bochs_file < <(bochs_config "$disc" "$console" "$3")
	config=$fd
	# Bochs of Debian 12 starts in its debugger: continue.
	bochs_file <<<c
	go=$fd
	TERM=vt100 setpriv --pdeathsig KILL bochs-bin -q -f "/proc/self/fd/$config" \
		-rc "/proc/self/fd/$go" >>"$4" 2>&1 </dev/null &
	exec {disc}>&- {config}>&- {go}>&- {console}>&-
}

# bochs_why RC: print why Bochs failed, or nothing.  Its exit code is always the same;
# a triple fault is not a failure of Bochs.
bochs_why() {
	local text panic

	text=$(tr -d '\0')
	! grep -qE 'soft power off|3rd .*exception with no resolution' <<<"$text" || return 0
	panic=$(grep -aE '^[0-9]+p\[|>>PANIC<<' <<<"$text" | tail -n 1 | sed 's/^[^]]*\] *//; s/>>PANIC<< *//')
	echo "Bochs failed: ${panic:-${text##*$'\n'}}"
}
