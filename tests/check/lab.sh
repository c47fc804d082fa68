# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The lab with a Debian kernel: the whole conformance run, exact costs twice, and the
# options of the machine.  At most two machines run in parallel.
# The tests' commands are expanded in the lab's machine:
# shellcheck disable=SC2016

LAB=debian:6.12
LAB_ENV=()
# shellcheck source=tests/check/labs.sh
. tests/check/labs.sh lab --kernel "$LAB"

# The first run fetches the kernel if it is not cached.
expect "lab: a Debian kernel comes up" lab first test slot_api.api.region.adjacent

begin conformance lab conformance test
begin counted lab counted --exact --profile quick bench exit.mmio_read_user exit.cpuid exit.readonly_write
finish counted 0
begin again lab again --exact --profile quick bench exit.mmio_read_user exit.cpuid exit.readonly_write
finish again 0
is "lab: two runs count the same instructions" "$(medians counted)" "$(medians again)"
is "lab: the counts are plausible" True "$(of "$(folder counted)/results.json" \
	"len(r['measurements']) >= 3 and all(m['exact'] and m['unit'] == 'instructions' and m['p50'] > 500 for m in r['measurements'])")"
is "lab: the results note that instructions were counted" True \
	"$(of "$(folder counted)/results.json" "r['run']['exact'] and r['run']['where'] == 'lab'")"

# --- the options of the machine ---------------------------------------

one_test machine append 'grep -w kvmem_word /proc/cmdline'
one_test machine parameter 'case $(cat /sys/module/kvm/parameters/mmio_caching) in N | 0) ;; *) exit 1 ;; esac'
one_test machine cpus '[ "$(grep -c ^processor /proc/cpuinfo)" = 3 ]'
one_test machine memory 'awk "/^MemTotal/ { exit !(\$2 > 600000 && \$2 < 800000) }" /proc/meminfo'
one_test machine nodes '[ -d /sys/devices/system/node/node2 ] && [ ! -d /sys/devices/system/node/node3 ]'
one_test machine svm 'grep -qw svm /proc/cpuinfo'
one_test machine binary 'printf "\001\377\000 bytes \"\\\\ of all kinds\n"; busybox head -c 3000000 /dev/zero | tr "\0" x'
KVMEM_PROGRAMS=$WORK/machine begin machine lab machine --append kvmem_word --param kvm.mmio_caching=0 \
	--cpus 3 --memory 768M --numa 3 test
finish machine 0 "time in the lab: boot"
is "lab: the machine has the options given" pass \
	"$(of "$(folder machine)/results.json" "' '.join(sorted({t['status'] for t in r['tests']}))")"
expect "lab: 3 MB of output of a test are recorded" \
	test "$(stat -c %s "$(folder machine)/log/binary.log")" -gt 2999999

# ./run.sh without a command, on a host without KVM.
one_test plain passes true
KVMEM_DEV=$WORK/kvm KVMEM_PROGRAMS=$WORK/plain begin plain ./run.sh --results "$WORK/lab/plain"
finish plain 0 "KVM cannot be used here" "in an emulated machine"

finish conformance 0 "time in the lab: boot"
FULL=$(folder conformance)
valid_folder "lab: conformance" "$FULL"
is "lab: conformance is complete" True "$(of "$FULL/results.json" "r['run']['complete']")"
is "lab: conformance ran in the lab" lab "$(of "$FULL/results.json" "r['run']['where']")"
is "lab: conformance: nothing failed" "" "$(of "$FULL/results.json" \
	"' '.join(t['name'] for t in r['tests'] if t['status'] not in ('pass', 'skip', 'xfail'))")"
is "lab: conformance: most tests passed" True "$(of "$FULL/results.json" \
	"sum(t['status'] == 'pass' for t in r['tests']) > 250")"
expect "lab: the guest kernel's log is kept" test -e "$FULL/log/console.log"

# --- failures of the lab -----------------------------------------------------

# shellcheck source=tests/check/lab_breaks.sh
. tests/check/lab_breaks.sh
