# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Other parts read these variables:
# shellcheck disable=SC2034,SC2153,SC2154
#
# The lab's machine: which emulator, and what the two have in common.  QEMU has
# AMD's SVM, or what this host's KVM hands on; Bochs has Intel's VMX.

# machine_choose: set MACHINE, the emulator, and what --accel, --cpu, --memory,
# --cpus, --numa and --exact leave open
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

# machine_notes: for the results, as arguments of kvmem-run
machine_notes() {
	printf -- '--note\n%s\n' "accel=$MACHINE_ACCEL" "$MACHINE=$MACHINE_VERSION" "cpu=$MACHINE_CPU" \
		"cpus=$MACHINE_CPUS" "memory_mib=$MACHINE_MEMORY" "numa=$MACHINE_NUMA"
}

# machine_about: for people
machine_about() {
	case $MACHINE_ACCEL in
	kvm) echo "$MACHINE_NAME $MACHINE_VERSION with this host's KVM, nested" ;;
	*) echo "$MACHINE_NAME $MACHINE_VERSION, emulation in software${opt[exact]:+, counting instructions}" ;;
	esac
}

# machine_slow: how many seconds a guest's second may last, 1 where its clock is ours
machine_slow() {
	"${MACHINE}_slow"
}

# machine_settings WATCHDOG: set the caller's settings to what goes before kvmem-run
machine_settings() {
	settings=(env "KVMEM_WATCHDOG=$1")
	"${MACHINE}_settings"
}

# machine_cmdline: the kernel's command line.  A kernel that has oopsed is not to
# go on; and software is slow enough for the kernel's own watchdogs to bark.
machine_cmdline() {
	local line="console=$arch_console,115200 earlyprintk=$arch_console,115200 quiet panic=-1 oops=panic"

	line+=" watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"
	# The end of a VM waits for RCU's callbacks: mostly for a tick, then for another.
	[[ ${opt[exact]:-} ]] ||
		line+=" rcu_nocbs=all rcutree.jiffies_till_first_fqs=0"
	line+=$(arch_cmdline)
	# A sixth of the boot is tests that the kernel makes of its ciphers.  What is
	# counted stays as it is: objects would lie elsewhere without them.
	[[ $MACHINE_ACCEL == kvm || ${opt[exact]:-} ]] ||
		line+=" cryptomgr.notests initcall_blacklist=jent_mod_init"
	line+=$("${MACHINE}_cmdline")
	# The same addresses every time: the way through a tree costs instructions.
	[[ ! ${opt[exact]:-} ]] || line+=" nokaslr norandmaps"
	printf '%s' "$line${PARAMS:+ ${PARAMS[*]}}${opt[append]:+ ${opt[append]}}"
}

# machine_why RC: why the emulator failed, if it did; what it said in this boot
# comes on standard input
machine_why() {
	if (($1 > 128)); then
		echo "$MACHINE_NAME was killed by signal $(($1 - 128))"
	else
		"${MACHINE}_why" "$@"
	fi
}
