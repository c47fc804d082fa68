# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Bad input and broken environments: a clear message and the right exit code.

expect_code "unknown test pattern" 2 "no_such_test" ./run.sh test no_such_test
expect_code "unknown command" 2 "frobnicate" ./run.sh frobnicate
expect_code "unknown option" 2 "--frobnicate" ./run.sh test --frobnicate
expect_code "unknown profile" 2 "quick, full or stress" ./run.sh test --profile slow
expect_code "invalid seed" 2 "--seed" ./run.sh test --seed x
expect_code "missing replay file" 2 "no such file" ./run.sh test --replay "$WORK/nothing"
expect_code "file that is not a replay file" 2 "not a replay file" ./run.sh test --replay "$ROOT/README.md"
expect_code "KSRC that is not a kernel tree" 2 "KSRC" env KSRC=/etc ./run.sh test
expect_code "missing KSRC" 2 "KSRC" env KSRC="$WORK/nowhere" ./run.sh test
expect_code "KHDR without headers" 2 "there is no linux/kvm.h" env KHDR="$WORK" ./run.sh test
expect_code "results folder that is a file" 2 "results" ./run.sh test --results "$ROOT/README.md" slot_api
expect_code "missing KVM device" 4 "KVM cannot be used" \
	env KVMEM_DEV="$WORK/kvm" ./run.sh test --results "$WORK/x" slot_api
expect_code "device that is not KVM" 4 "not a KVM device" \
	env KVMEM_DEV=/dev/null ./run.sh test --results "$WORK/x" slot_api
expect "a run that did not start leaves no results folder" test ! -e "$WORK/x"

KVM_CREATE_VM=0xae01
if ! have_kvm; then
	skip "KVM_CREATE_VM fails" "no usable KVM here"
else
	expect_code "KVM_CREATE_VM: EBUSY" 2 "another hypervisor" build/tests/check/deny $KVM_CREATE_VM 16 \
		"$(command -v bash)" ./run.sh test --results "$WORK/x" slot_api
	expect_code "KVM_CREATE_VM: ENOMEM" 2 "memory" build/tests/check/deny $KVM_CREATE_VM 12 \
		"$(command -v bash)" ./run.sh test --results "$WORK/x" slot_api
	expect_code "a test skips if it cannot create a VM" 0 "SKIP KVM_CREATE_VM" \
		build/tests/check/deny $KVM_CREATE_VM 16 build/tests/slot_api -r api.region.adjacent
fi

# Another user, a full and a read-only file system: needs root.
if [ "$(id -u)" != 0 ]; then
	skip "permissions and file systems" "needs root"
	return 0
fi
if unshare -m true 2>/dev/null; then
	full_disk() { # COMMAND... with RESULTS on a file system of 64 KiB
		unshare -m sh -c "mkdir -p $WORK/small && mount -t tmpfs -o size=64k none $WORK/small &&
			exec \"\$@\"" sh "$@"
	}
	expect_code "full disk" 2 "space" full_disk ./run.sh test --results "$WORK/small/r" pci_hole
	expect_code "read-only results folder" 2 "results" unshare -m sh -c \
		"mkdir -p $WORK/ro && mount -t tmpfs -o ro none $WORK/ro && exec ./run.sh test --results $WORK/ro/r pci_hole"
	# A missing package, and a user who cannot install it.
	mkdir -p "$WORK/empty" "$WORK/nobody"
	chmod 755 "$WORK"
	chown 65534:65534 "$WORK/nobody"
	no_source() { # COMMAND... where linux-source is not installed
		unshare -m sh -c "mount --bind $WORK/empty /usr/src && exec \"\$@\"" sh \
			env -u KSRC -u KHDR "$@"
	}
	expect_code "package missing and not root" 2 \
		"apt-get install -y --no-install-recommends linux-source-6.12" \
		no_source setpriv --reuid=65534 --regid=65534 --clear-groups \
		env HOME="$WORK/nobody" ./run.sh setup
	expect_code "package missing and --no-install" 2 \
		"apt-get install -y --no-install-recommends linux-source-6.12" \
		no_source ./run.sh setup --no-install
else
	skip "full disk, read-only folder, missing packages" "mount namespaces are not allowed here"
fi
