# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Failures of the lab: kernels that crash or hang, machines without KVM, bad input,
# killed runs.  Sourced by lab.sh, whose functions it uses.
# The commands are expanded in the lab's machine:
# shellcheck disable=SC2016

sysrq='echo 1 >/proc/sys/kernel/sysrq; echo %s >/proc/sysrq-trigger; sleep 30'
one_test breaks a_passes true
one_test breaks b_panics "${sysrq/\%s/c}"
one_test breaks c_passes true
one_test breaks d_reboots "${sysrq/\%s/b}"
one_test breaks e_passes true
# A machine that stops sending events, because kvmem-run is stopped.
one_test hangs a_passes true
one_test hangs b_hangs 'for p in /proc/[0-9]*; do
	grep -q "^/lab/kvmem-run" "$p/cmdline" && kill -STOP "${p#/proc/}"
done
sleep 300'
one_test hangs c_passes true

KVMEM_PROGRAMS=$WORK/hangs begin hang lab hang --timeout 1 test
KVMEM_PROGRAMS=$WORK/breaks begin crashes lab crashes --timeout 20 test
finish crashes 1 "b_panics.it: kernel panic" "booting again for the 3 that are left" \
	"d_reboots.it: the machine powered off or reset"
R=$(folder crashes)/results.json
for name in a_passes:pass b_panics:error c_passes:pass d_reboots:error e_passes:pass; do
	is "lab: ${name%:*}" "${name#*:}" "$(status_of "$R" "${name%:*}.it")"
done
is "lab: a run with crashes is complete" True "$(of "$R" "r['run']['complete']")"
expect "lab: the console's last lines are in the log of the test" \
	grep -qi 'sysrq' "$(folder crashes)/log/b_panics.log"

# The same with two machines; the second one has both crashes.
KVMEM_PROGRAMS=$WORK/breaks begin shared lab shared --jobs 2 --timeout 20 test
finish shared 1 "2 machines at once" "machine 2: b_panics.it: kernel panic" \
	"machine 2: booting again for the 1 that are left" "machine 2: d_reboots.it: the machine powered off"
R=$(folder shared)/results.json
is "lab: shared: results in the order of the plan" "pass error pass error pass" \
	"$(of "$R" "' '.join(t['status'] for t in r['tests'])")"
is "lab: shared: it is complete" True "$(of "$R" "r['run']['complete']")"
is "lab: shared: tests are not interleaved in the recorded stream" "" "$(
	grep -ao '^{"event":"\(start\|end\)","name":"[^"]*' "$(folder shared)/log/stream.jsonl" |
		paste - - | sed -E '/^.*"start","name":"(.*)\t.*"end","name":"\1$/d'
)"
for name in kernel.log kernel-2.log; do
	expect "lab: shared: $name is kept" grep -q "Linux version" "$(folder shared)/log/$name"
done

KVMEM_PROGRAMS=$WORK/breaks begin bounded lab bounded --max-boots 1 test
begin nothing_there lab nothing_there --append rdinit=/nothing test slot_api
finish bounded 1 "this was boot 1 of 1"
is "lab: a run out of boots is incomplete" False "$(of "$(folder bounded)/results.json" "r['run']['complete']")"
finish nothing_there 2 "did not come up: kernel panic"

begin no_svm lab no_svm --cpu qemu64,-svm test slot_api
begin bad_parameter lab bad_parameter --jobs 2 --param kvm.no_such=1 test slot_api
finish no_svm 2 "no KVM inside: its CPU has neither svm nor vmx"
finish bad_parameter 2 "kvm.no_such: this kernel has no such parameter"
is "lab: two machines with the same reason print it once" 1 "$(grep -c "has no such parameter" "$WORK/lab/bad_parameter.out")"
begin no_such_cpu lab no_such_cpu --cpu pentium9 test slot_api
finish no_such_cpu 2 "QEMU failed"
KVMEM_BOOT_TIMEOUT=1 begin slow lab slow test slot_api
finish slow 2 "did not come up"
expect "lab: a run that did not start leaves no results" \
	test -z "$(find "$WORK/lab/nothing_there" "$WORK/lab/slow" -name results.json 2>/dev/null)"

finish hang 1 "b_hangs.it: the machine hangs: no output for"
is "lab: the tests after a hang run" pass "$(status_of "$(folder hang)/results.json" c_passes.it)"

# --- bad input ---------------------------------------------------------------

CACHED=${KVMEM_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/kvmem}/kernels/debian
CACHED=$(find "$CACHED" -maxdepth 1 -name '6.12*-amd64_*' -print -quit)
T=$WORK/trees
mkdir -p "$T"/{unbuilt,quiet/arch/x86/boot,nokvm/arch/x86/boot}
touch "$T/unbuilt/Kbuild" "$T/empty"
gzip -c README.md >"$T/packed.gz"
for tree in quiet nokvm; do
	cp "$CACHED/vmlinuz" "$T/$tree/arch/x86/boot/bzImage"
done
sed '/SERIAL_8250_CONSOLE/d' "$CACHED/config" >"$T/quiet/.config"
sed '/KVM_AMD\|KVM_INTEL/d' "$CACHED/config" >"$T/nokvm/.config"

bad() { # NAME TEXT OPTION...
	local name=$1 text=$2
	shift 2
	expect_code "lab: $name" 2 "$text" ./run.sh lab --results "$WORK/lab/bad" "$@" test slot_api
}

bad "missing kernel" "no kernel $T/none" --kernel "$T/none"
bad "kernel that is a text file" "not a kernel image for x86" --kernel README.md
bad "empty kernel" "it is empty" --kernel "$T/empty"
bad "compressed kernel" "it is a gzip file" --kernel "$T/packed.gz"
bad "kernel that is a program" "it is an ELF file" --kernel build/kvmem-run
bad "tree without a built kernel" "build the kernel first" --kernel "$T/unbuilt"
bad "folder that is not a kernel tree" "neither a kernel tree" --kernel "$WORK/lab"
bad "kernel without a serial console" "without CONFIG_SERIAL_8250_CONSOLE" --kernel "$T/quiet"
bad "kernel without KVM" "configured without KVM" --kernel "$T/nokvm"
bad "missing folder of modules" "no such folder" --kernel "$CACHED/vmlinuz" --modules "$T/none"
bad "modules without kvm.ko" "there is no kvm.ko in it" --kernel "$CACHED/vmlinuz" --modules "$T/unbuilt"
bad "pattern that matches nothing" "; there are " --kernel debian:99
bad "pattern without a version" "is missing at its end" --kernel debian:
bad "unknown suite" "there is no Debian suite 'nosuchsuite'" --suite nosuchsuite --kernel debian
bad "too little memory" "needs 512M" --memory 64M
bad "invalid memory size" "--memory" --memory lots
bad "invalid parameter" "--param" --param kvm
bad "unknown accelerator" "use one of kvm tcg bochs" --accel hvf
bad "--exact with KVM" "cannot be combined with --accel kvm" --exact --accel kvm
[ -e /dev/kvm ] ||
	bad "--accel kvm without KVM" "cannot run nested KVM" --accel kvm --kernel "$LAB"
bad "cache without a matching kernel" "no Debian kernel in the cache" --offline --kernel debian:99.1

# --- the cache ---------------------------------------------------------------

OTHER=$WORK/cache
mkdir -p "$OTHER/kernels/debian"
cp -r "$CACHED" "$OTHER/kernels/debian/"
printf x >>"$OTHER/kernels/debian/${CACHED##*/}/vmlinuz"
KVMEM_CACHE=$OTHER bad "broken kernel in the cache, offline" "in the cache is broken" --offline --kernel "$LAB"
# The first download of the replacement is broken.
mkdir -p "$WORK/bin"
cat >"$WORK/bin/apt-get" <<END
#!/bin/sh
"$(command -v apt-get)" "\$@" || exit
case " \$* " in
*' download '*)
	[ -e "$WORK/bin/done" ] || for deb in *.deb; do echo x >>"\$deb"; done
	: >"$WORK/bin/done"
	;;
esac
END
chmod +x "$WORK/bin/apt-get"
KVMEM_CACHE=$OTHER PATH=$WORK/bin:$PATH begin refetch lab refetch test slot_api.api.region.adjacent
finish refetch 0 "in the cache is broken: fetching it again" "is broken: fetching it again"
KVMEM_CACHE=$OTHER begin offline lab offline --offline test slot_api.api.region.adjacent
finish offline 0
KVMEM_CACHE=$OTHER bad "kernel of another suite, offline" "and is of sid" --offline --suite sid --kernel debian
if [ "$(id -u)" = 0 ] && unshare -m true 2>/dev/null; then
	expect_code "lab: no space in the cache" 2 "no space" unshare -m sh -c \
		"mkdir -p '$WORK/tiny' && mount -t tmpfs -o size=2m none '$WORK/tiny' && KVMEM_CACHE='$WORK/tiny' \
		exec ./run.sh lab --kernel '$CACHED/vmlinuz' --modules '$CACHED/modules' test slot_api"
else
	skip "lab: no space in the cache" "mount namespaces are not allowed here"
fi

# --- killed runs ------------------------------------------------------------

# killed NAME SIGNAL [OPTION...]: a run that gets SIGNAL in its second test leaves no
# process and no temporary file
killed() {
	local name=killed_$1 signal=$2 tmp=$WORK/tmp-$1 pid

	shift 2
	mkdir "$tmp"
	TMPDIR=$tmp KVMEM_PROGRAMS=$WORK/hangs begin "$name" lab "$name" --append "kvmem_$name" "$@" test
	for _ in {1..600}; do
		cat "$WORK/lab/$name"/*/log/stream*.jsonl 2>/dev/null | grep -q '"start","name":"b_hangs' &&
			grep -q '"end","name":"a_passes' "$WORK/lab/$name"/*/log/stream.jsonl && break
		sleep 0.2
	done
	pid=$(pgrep -f -o -- "run.sh lab .*kvmem_$name")
	kill -s "$signal" "$pid"
	for _ in {1..150}; do
		kill -0 "$pid" 2>/dev/null || break
		sleep 0.1
	done
	gone "lab: $name: no QEMU is left" "qemu-system-x86_64 .*kvmem_$name"
	gone "lab: $name: no shell is left" "run.sh lab .*kvmem_$name"
	valid_folder "lab: $name" "$(folder "$name")"
	is "lab: $name: the results so far are there" pass \
		"$(status_of "$(folder "$name")/results.json" a_passes.it)"
	is "lab: $name: no temporary files are left" "" "$(ls "$tmp")"
}

killed by_int INT
killed by_term TERM
killed by_kill KILL
killed two_by_int INT --jobs 2
killed two_by_kill KILL --jobs 2
