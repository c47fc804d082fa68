# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The arch_ variables are those of lib/sh/arch/NAME.sh:
# shellcheck disable=SC2154
# The variables of a machine are those of machine.sh:
# shellcheck disable=SC2034
#
# The lab's machine in QEMU.

qemu_accel() {
	MACHINE_ACCEL=${opt[accel]:-tcg}
	if [[ $ARCH_NAME != "$HOST_ARCH" ]]; then
		[[ $MACHINE_ACCEL != kvm ]] || die "this host is $HOST_ARCH, its KVM cannot run $ARCH_NAME: omit --accel kvm"
	elif [[ $MACHINE_ACCEL == kvm ]]; then
		qemu_has_kvm || die "this host cannot run nested KVM" \
			"it needs /dev/kvm, $arch_help_nested; --accel tcg works without"
	elif [[ ! ${opt[accel]:-}${opt[exact]:-} ]] && qemu_has_kvm; then
		MACHINE_ACCEL=kvm
	fi
}

# qemu_choose: set the machine's variables from --accel, --cpu, --cpus and --numa
qemu_choose() {
	MACHINE_NAME=QEMU
	MACHINE_VERSION=$("$arch_qemu" --version | sed -n '1s/.*version \([^ ]*\).*/\1/p')
	qemu_accel
	case $MACHINE_ACCEL in
	kvm) MACHINE_CPU=${opt[cpu]:-host} ;;
	tcg) MACHINE_CPU=${opt[cpu]:-$arch_qemu_cpu} ;;
	esac
	# --exact needs one CPU; else two CPUs and nodes, so that all tests can run.
	if [[ ${opt[exact]:-} ]]; then
		MACHINE_CPUS=1 MACHINE_NUMA=$((10#${opt[numa]:-1}))
	else
		MACHINE_CPUS=$((10#${opt[cpus]:-2})) MACHINE_NUMA=$((10#${opt[numa]:-2}))
	fi
}

# qemu_has_kvm: whether this host can run nested KVM
qemu_has_kvm() {
	[[ -r /dev/kvm && -w /dev/kvm ]] && arch_nests && KVMEM_DEV=/dev/kvm "$BUILD/kvmem-run" --probe >/dev/null 2>&1
}

# qemu_args INITRD CONSOLE EVENTS: set the caller's args; all three are descriptors.
# Without ioeventfd, the vCPU itself writes the stream: it is complete when the machine
# powers off, and another thread cannot change the count of instructions.
qemu_args() {
	# shellcheck disable=SC2054
	args=(-nodefaults -no-user-config -display none -no-reboot "${arch_qemu_options[@]}"
		-cpu "$MACHINE_CPU$(arch_cpu_properties)" -smp "$MACHINE_CPUS,sockets=$MACHINE_CPUS" -m "${MACHINE_MEMORY}M"
		-kernel "$KERNEL" -initrd "/proc/self/fd/$1" -append "$(machine_cmdline)"
		-chardev "file,id=console,path=/proc/self/fd/$2,append=on" -serial chardev:console
		-chardev "file,id=events,path=/proc/self/fd/$3,append=on" -device "virtio-serial-pci,ioeventfd=off"
		-device virtserialport,chardev=events,name=kvmem.events
		# A PCI device whose BAR 2 is memory, for the tests of slots over device memory.
		-object memory-backend-ram,id=bar,size=4M,share=on -device ivshmem-plain,memdev=bar)
	# For a kernel without virtio.
	[[ ! $arch_qemu_line ]] ||
		args+=(-chardev "file,id=line,path=/proc/self/fd/$3,append=on" -serial chardev:line)
	if [[ $MACHINE_ACCEL == kvm ]]; then
		args+=(-accel kvm)
	else
		# With a thread per CPU, code patching of the guest kernel is not safe in QEMU 7.2.
		args+=(-accel "tcg,thread=single")
	fi
	# Fixed random numbers and time of day: the kernel's allocations depend on them.
	[[ ! ${opt[exact]:-} ]] ||
		args+=(-icount "shift=0,sleep=off" -seed 1 -rtc "base=2020-01-01,clock=vm")
	qemu_numa
}

# qemu_numa: add the nodes to the caller's args, with the CPUs in turn
qemu_numa() {
	local node cpu cpus size=$((MACHINE_MEMORY / MACHINE_NUMA))

	((MACHINE_NUMA > 1)) || return 0
	for ((node = 0; node < MACHINE_NUMA; node++)); do
		# The last node gets the remainder.
		((node < MACHINE_NUMA - 1)) || size=$((MACHINE_MEMORY - node * size))
		cpus=
		for ((cpu = node; cpu < MACHINE_CPUS; cpu += MACHINE_NUMA)); do
			cpus+=,cpus=$cpu
		done
		args+=(-object "memory-backend-ram,id=ram$node,size=${size}M"
			-numa "node,nodeid=$node,memdev=ram$node$cpus")
	done
}

qemu_slow() {
	if [[ ${opt[exact]:-} ]]; then echo 10; else echo 1; fi
}

qemu_slow_boot() {
	echo 1
}

qemu_settings() { :; }

qemu_cmdline() { :; }

# qemu_start INITRD CONSOLE EVENTS LOG: start it in the background; it is killed when this
# shell ends.  The first three are descriptors.
qemu_start() {
	local args

	qemu_args "$@"
	setpriv --pdeathsig KILL "$arch_qemu" "${args[@]}" >>"$4" 2>&1 </dev/null &
}

# qemu_why RC: print why QEMU failed, or nothing
qemu_why() {
	((!$1)) ||
		echo "QEMU failed: $(grep -v 'warning: ' | tail -n 1 | sed 's/^qemu-system[^:]*: //')"
}
