# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
# The variables of a machine are those of machine.sh:
# shellcheck disable=SC2034
#
# The lab's machine in QEMU: what it is made of, and one boot of it.

qemu_accel() {
	MACHINE_ACCEL=${opt[accel]:-tcg}
	if [[ $MACHINE_ACCEL == kvm ]]; then
		qemu_has_kvm || die "this host cannot run a machine that has KVM itself" \
			"it takes /dev/kvm, $arch_help_nested; --accel tcg does without"
	elif [[ ! ${opt[accel]:-}${opt[exact]:-} ]] && qemu_has_kvm; then
		MACHINE_ACCEL=kvm
	fi
}

# qemu_choose: set what --accel, --cpu, --cpus and --numa leave open
qemu_choose() {
	MACHINE_NAME=QEMU
	qemu_accel
	case $MACHINE_ACCEL in
	kvm) MACHINE_CPU=${opt[cpu]:-host} ;;
	tcg) MACHINE_CPU=${opt[cpu]:-$arch_qemu_cpu} ;;
	esac
	# One CPU can be counted exactly; without that, two of each let all tests run.
	if [[ ${opt[exact]:-} ]]; then
		MACHINE_CPUS=1 MACHINE_NUMA=$((10#${opt[numa]:-1}))
	else
		MACHINE_CPUS=$((10#${opt[cpus]:-2})) MACHINE_NUMA=$((10#${opt[numa]:-2}))
	fi
	MACHINE_VERSION=$("$arch_qemu" --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')
}

# qemu_has_kvm: whether this host's KVM can run a machine that has KVM itself
qemu_has_kvm() {
	[[ -r /dev/kvm && -w /dev/kvm ]] && arch_nests && KVMEM_DEV=/dev/kvm "$BUILD/kvmem-run" --probe >/dev/null 2>&1
}

# qemu_args INITRD CONSOLE EVENTS: set the caller's args; all three are
# descriptors, which QEMU opens once more, under whatever name they have.  Without
# ioeventfd the stream is written by the CPU that sends it: nothing of it is on
# its way when the machine goes off, and no chance comes into the count.
qemu_args() {
	# shellcheck disable=SC2054
	args=(-nodefaults -no-user-config -display none -no-reboot "${arch_qemu_options[@]}"
		-cpu "$MACHINE_CPU" -smp "$MACHINE_CPUS,sockets=$MACHINE_CPUS" -m "${MACHINE_MEMORY}M"
		-kernel "$KERNEL" -initrd "/proc/self/fd/$1" -append "$(machine_cmdline)"
		-chardev "file,id=console,path=/proc/self/fd/$2,append=on" -serial chardev:console
		-chardev "file,id=events,path=/proc/self/fd/$3,append=on" -device "virtio-serial-pci,ioeventfd=off"
		-device virtserialport,chardev=events,name=kvmem.events
		# For a kernel without virtio.
		-chardev "file,id=line,path=/proc/self/fd/$3,append=on" -serial chardev:line
		# A PCI device whose BAR 2 is memory: what slots over device memory are tested with.
		-object memory-backend-ram,id=bar,size=4M,share=on -device ivshmem-plain,memdev=bar)
	if [[ $MACHINE_ACCEL == kvm ]]; then
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
	local node cpu cpus size=$((MACHINE_MEMORY / MACHINE_NUMA))

	((MACHINE_NUMA > 1)) || return 0
	for ((node = 0; node < MACHINE_NUMA; node++)); do
		# What division leaves over goes to the last one.
		((node < MACHINE_NUMA - 1)) || size=$((MACHINE_MEMORY - node * size))
		cpus=
		for ((cpu = node; cpu < MACHINE_CPUS; cpu += MACHINE_NUMA)); do
			cpus+=,cpus=$cpu
		done
		args+=(-object "memory-backend-ram,id=ram$node,size=${size}M"
			-numa "node,nodeid=$node,memdev=ram$node$cpus")
	done
}

# qemu_slow: seconds that one of the guest's may last
qemu_slow() {
	if [[ ${opt[exact]:-} ]]; then echo 10; else echo 1; fi
}

qemu_slow_boot() {
	echo 1
}

qemu_settings() { :; }

qemu_cmdline() { :; }

# qemu_start INITRD CONSOLE EVENTS LOG: start it in the background, to be killed
# when this shell is gone.  The first three are descriptors.
qemu_start() {
	local args

	qemu_args "$@"
	setpriv --pdeathsig KILL "$arch_qemu" "${args[@]}" >>"$4" 2>&1 </dev/null &
}

# qemu_why RC: why QEMU ended by itself, if it failed
qemu_why() {
	((!$1)) ||
		echo "QEMU failed: $(grep -v 'warning: ' | tail -n 1 | sed 's/^qemu-system[^:]*: //')"
}
