# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Other parts read these variables:
# shellcheck disable=SC2034,SC2153,SC2154
#
# The lab's machine: the choice of the emulator, and the parts that all emulators share.
# An emulator NAME supplies
#
#	NAME_choose		set MACHINE_NAME, _ACCEL, _CPU, _CPUS, _NUMA, _VERSION
#	NAME_packages		its packages, as in deps.sh (those of arch_emulators)
#	NAME_start INITRD CONSOLE EVENTS LOG	start it in the background
#	NAME_why RC		print why it failed, or nothing; its output is on stdin
#	NAME_slow		print the host's seconds that a second of the guest may take
#	NAME_slow_boot		print a factor for the time limit of a boot
#	NAME_settings		add environment of kvmem-run to the caller's settings
#	NAME_cmdline		print additions to the kernel's command line

# machine_choose: set MACHINE, the emulator, and the other MACHINE_ variables from
# --accel, --cpu, --memory, --cpus, --numa and --exact
machine_choose() {
	MACHINE=qemu
	[[ " ${arch_emulators[*]} " != *" ${opt[accel]:-none} "* ]] || MACHINE=${opt[accel]}
	"${MACHINE}_choose"
	MACHINE_MEMORY=$(machine_mib "${opt[memory]:-2G}")
	((MACHINE_MEMORY >= 512)) || usage_error "--memory: a lab needs 512M or more"
	((MACHINE_MEMORY / MACHINE_NUMA >= 128)) ||
		usage_error "--numa $MACHINE_NUMA: a node needs 128M or more"
}

machine_mib() { # SIZE
	case $1 in
	*[gG]) echo $((10#${1%?} * 1024)) ;;
	*) echo $((10#${1%[mM]})) ;;
	esac
}

# machine_notes: print arguments of kvmem-run that note the machine in the results
machine_notes() {
	printf -- '--note\n%s\n' "accel=$MACHINE_ACCEL" "$MACHINE=$MACHINE_VERSION" "cpu=$MACHINE_CPU" \
		"cpus=$MACHINE_CPUS" "memory_mib=$MACHINE_MEMORY" "numa=$MACHINE_NUMA"
}

# machine_about: print a description for messages
machine_about() {
	case $MACHINE_ACCEL in
	kvm) echo "$MACHINE_NAME $MACHINE_VERSION with this host's KVM, nested" ;;
	*) echo "$MACHINE_NAME $MACHINE_VERSION, emulated${opt[exact]:+, counting instructions}" ;;
	esac
}

# machine_slow: print the host's seconds that a second of the guest may take; 1 if the guest
# has the host's clock
machine_slow() {
	"${MACHINE}_slow"
}

# machine_settings WATCHDOG: set the caller's settings, the command before kvmem-run
machine_settings() {
	settings=(env "KVMEM_WATCHDOG=$1")
	"${MACHINE}_settings"
}

# machine_cmdline: print the kernel's command line.  An oops is a panic; the watchdogs get
# long timeouts, since emulation is slow.
machine_cmdline() {
	local line="console=$arch_console,115200 $arch_early quiet panic=-1 oops=panic"

	line+=" watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"
	# Destroying a VM waits for RCU callbacks, which would wait for two ticks.
	[[ ${opt[exact]:-} ]] ||
		line+=" rcu_nocbs=all rcutree.jiffies_till_first_fqs=0"
	line+=$(arch_cmdline)
	# The kernel's self-tests of its ciphers take a sixth of the boot.  --exact keeps
	# them: without them, addresses of objects would change, and with them the counts.
	[[ $MACHINE_ACCEL == kvm || ${opt[exact]:-} ]] ||
		line+=" cryptomgr.notests initcall_blacklist=jent_mod_init"
	line+=$("${MACHINE}_cmdline")
	# The same addresses in every boot: walks of trees depend on them.
	[[ ! ${opt[exact]:-} ]] || line+=" nokaslr norandmaps"
	printf '%s' "$line${PARAMS:+ ${PARAMS[*]}}${opt[append]:+ ${opt[append]}}"
}

# machine_why RC: print why the emulator failed, or nothing; its output in this boot is on
# standard input
machine_why() {
	if (($1 > 128)); then
		echo "$MACHINE_NAME was killed by signal $(($1 - 128))"
	else
		"${MACHINE}_why" "$@"
	fi
}
