# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
#
# The lab's machine: what it is made of, and one boot of it.

# TCG has no VMX; its SVM comes with an AMD CPU.  What else an EPYC has and TCG
# lacks is left out by name: the same CPU with every version of QEMU.
qemu_tcg_cpu=EPYC,+svm,+npt,-rdseed,-sha-ni,-fxsr-opt,-misalignsse,-3dnowprefetch,-osvw,-topoext
qemu_tcg_cpu+=,-nrip-save,-xsavec

# qemu_machine: set what --cpu, --memory, --cpus, --numa and --exact leave open
qemu_machine() {
	QEMU_ACCEL=${opt[accel]:-tcg}
	if [[ $QEMU_ACCEL == kvm ]]; then
		qemu_has_kvm || die "this host cannot run a machine that has KVM itself" \
			"it takes /dev/kvm, a CPU with vmx or svm, and nested=1 of kvm_intel or kvm_amd; --accel tcg does without"
	elif [[ ! ${opt[accel]:-}${opt[exact]:-} ]] && qemu_has_kvm; then
		QEMU_ACCEL=kvm
	fi
	case $QEMU_ACCEL in
	kvm) QEMU_CPU=${opt[cpu]:-host} ;;
	tcg) QEMU_CPU=${opt[cpu]:-$qemu_tcg_cpu} ;;
	esac
	# One CPU can be counted exactly; without that, two of each let all tests run.
	if [[ ${opt[exact]:-} ]]; then
		QEMU_CPUS=1 QEMU_NUMA=$((10#${opt[numa]:-1}))
	else
		QEMU_CPUS=$((10#${opt[cpus]:-2})) QEMU_NUMA=$((10#${opt[numa]:-2}))
	fi
	QEMU_MEMORY=$(qemu_mib "${opt[memory]:-2G}")
	((QEMU_MEMORY >= 512)) || usage_error "--memory: a lab needs 512M or more"
	((QEMU_MEMORY / QEMU_NUMA >= 128)) || usage_error "--numa $QEMU_NUMA: a node needs 128M or more"
	QEMU_VERSION=$(qemu-system-x86_64 --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')
}

qemu_mib() { # SIZE
	case $1 in
	*[gG]) echo $((10#${1%?} * 1024)) ;;
	*) echo $((10#${1%[mM]})) ;;
	esac
}

# qemu_has_kvm: whether this host's KVM can run a machine that has KVM itself
qemu_has_kvm() {
	local nested

	[[ -r /dev/kvm && -w /dev/kvm ]] || return
	grep -qwE '^flags.* (svm|vmx)' /proc/cpuinfo || return
	nested=$(cat /sys/module/kvm_{amd,intel}/parameters/nested 2>/dev/null) || true
	[[ $nested == [Yy1] ]] && KVMEM_DEV=/dev/kvm "$BUILD/kvmem-run" --probe >/dev/null 2>&1
}

# qemu_notes: for the results, as arguments of kvmem-run
qemu_notes() {
	printf -- '--note\n%s\n' "accel=$QEMU_ACCEL" "qemu=$QEMU_VERSION" "cpu=$QEMU_CPU" \
		"cpus=$QEMU_CPUS" "memory_mib=$QEMU_MEMORY" "numa=$QEMU_NUMA"
}

# qemu_about: for people
qemu_about() {
	if [[ $QEMU_ACCEL == kvm ]]; then
		echo "QEMU $QEMU_VERSION with this host's KVM, nested"
	else
		echo "QEMU $QEMU_VERSION, emulation in software${opt[exact]:+, counting instructions}"
	fi
}

# qemu_cmdline: the kernel's command line.  A kernel that has oopsed is not to go
# on; and software is slow enough for the kernel's own watchdogs to bark.
qemu_cmdline() {
	local line="console=ttyS0 earlyprintk=ttyS0 quiet panic=-1 oops=panic"

	line+=" watchdog_thresh=60 rcupdate.rcu_cpu_stall_timeout=120"
	# The end of a VM waits for RCU's callbacks: mostly for a tick, then for another.
	[[ ${opt[exact]:-} ]] ||
		line+=" rcu_nocbs=all rcutree.jiffies_till_first_fqs=0"
	# On a busy host the test of the timer interrupt finds none, and that is a panic.
	[[ $QEMU_ACCEL != tcg ]] || line+=" no_timer_check"
	# The same addresses every time: the way through a tree costs instructions.
	[[ ! ${opt[exact]:-} ]] || line+=" nokaslr norandmaps"
	printf '%s' "$line${PARAMS:+ ${PARAMS[*]}}${opt[append]:+ ${opt[append]}}"
}

# qemu_args INITRD CONSOLE EVENTS: set the caller's args; all three are
# descriptors, which QEMU opens once more, under whatever name they have.  Without
# ioeventfd the stream is written by the CPU that sends it: nothing of it is on
# its way when the machine goes off, and no chance comes into the count.
qemu_args() {
		# shellcheck disable=SC2054
	args=(-nodefaults -no-user-config -display none -no-reboot
		-cpu "$QEMU_CPU" -smp "$QEMU_CPUS,sockets=$QEMU_CPUS" -m "${QEMU_MEMORY}M"
		-kernel "$KERNEL" -initrd "/proc/self/fd/$1" -append "$(qemu_cmdline)"
		-chardev "file,id=console,path=/proc/self/fd/$2,append=on" -serial chardev:console
		-chardev "file,id=events,path=/proc/self/fd/$3,append=on" -device "virtio-serial-pci,ioeventfd=off"
		-device virtserialport,chardev=events,name=kvmem.events
		# For a kernel without virtio.
		-chardev "file,id=line,path=/proc/self/fd/$3,append=on" -serial chardev:line
		# A PCI device whose BAR 2 is memory: what slots over device memory are tested with.
		-object memory-backend-ram,id=bar,size=4M,share=on -device ivshmem-plain,memdev=bar)
	if [[ $QEMU_ACCEL == kvm ]]; then
		args+=(-accel kvm)
	else
		# With a thread for each CPU, patching kernel code is not safe in QEMU 7.2.
		args+=(-accel "tcg,thread=single")
	fi
	# Nor may chance play a part, or the time of day: what the kernel draws from
	# them decides where its objects lie.
	[[ ! ${opt[exact]:-} ]] ||
		args+=(-icount "shift=0,sleep=off" -seed 1 -rtc "base=2020-01-01,clock=vm")
	qemu_numa
}

# qemu_numa: add the nodes to the caller's args; CPUs are dealt out in turns
qemu_numa() {
	local node cpu cpus size=$((QEMU_MEMORY / QEMU_NUMA))

	((QEMU_NUMA > 1)) || return 0
	for ((node = 0; node < QEMU_NUMA; node++)); do
		# What division leaves over goes to the last one.
		((node < QEMU_NUMA - 1)) || size=$((QEMU_MEMORY - node * size))
		cpus=
		for ((cpu = node; cpu < QEMU_CPUS; cpu += QEMU_NUMA)); do
			cpus+=,cpus=$cpu
		done
		args+=(-object "memory-backend-ram,id=ram$node,size=${size}M"
			-numa "node,nodeid=$node,memdev=ram$node$cpus")
	done
}

# qemu_start INITRD CONSOLE EVENTS LOG: start it in the background, to be killed
# when this shell is gone
qemu_start() {
	local args

	qemu_args "$@"
	setpriv --pdeathsig KILL qemu-system-x86_64 "${args[@]}" >>"$4" 2>&1 </dev/null &
}
