# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The lab in Bochs, which emulates VMX and EPT: the tests that differ from SVM, and
# detection of crashes.  The kernel is that with seeded bugs, which is small.
# The tests' commands are expanded in the lab's machine:
# shellcheck disable=SC2016

# vmx NAME ARG...: ./run.sh lab in Bochs, with results in a folder of that name
vmx() {
	local name=$1
	shift
	./run.sh lab --accel bochs --kernel mutants --results "$WORK/vmx/$name" "$@"
}

# vmx_results NAME EXPRESSION: a Python expression over r, its results
vmx_results() {
	of "$(echo "$WORK/vmx/$1"/*/results.json)" "$2"
}

counts=()
expect "vmx: the kernel is built" ./run.sh kernel build mutants
vmx types --profile quick test wc_memtype proposed_memtype mmio_bus.ioeventfd model_random >"$WORK/vmx.out" 2>&1 &
machine=$!

mkdir -p "$WORK/vmx_breaks/tests" "$WORK/vmx_breaks/bench"
for name in a_passes:true 'b_panics:echo c >/proc/sysrq-trigger; sleep 30' c_passes:true \
	'd_resets:echo b >/proc/sysrq-trigger; sleep 30' e_passes:true; do
	printf '#!/bin/sh\n[ "$1" = --list ] && { printf "it\\t\\n"; exit 0; }\n%s\n' \
		"${name#*:}" >"$WORK/vmx_breaks/tests/${name%%:*}"
	chmod +x "$WORK/vmx_breaks/tests/${name%%:*}"
done
code=0
KVMEM_PROGRAMS=$WORK/vmx_breaks vmx breaks test >"$WORK/vmx_breaks.out" 2>&1 || code=$?
is "vmx: crashes: exit code" 1 "$code"
is "vmx: crashes are detected, and the rest runs" \
	"{'a_passes.it': 'pass', 'b_panics.it': 'error', 'c_passes.it': 'pass', 'd_resets.it': 'error', 'e_passes.it': 'pass'}" \
	"$(vmx_results breaks "{t['name']: t['status'] for t in r['tests']}")"
for text in 'b_panics.it: kernel panic' 'd_resets.it: the machine powered off or reset'; do
	expect "vmx: a panic and a reset are distinguished: $text" grep -q "$text" "$WORK/vmx_breaks.out"
done

code=0
wait "$machine" || code=$?
is "vmx: conformance: exit code" 0 "$code"
[ "$code" = 0 ] || tail -n 20 "$WORK/vmx.out"
is "vmx: the backend is Intel's" vmx "$(vmx_results types "r['run']['backend']")"
is "vmx: memory types of slots are tested" True \
	"$(vmx_results types "sum(t['status'] == 'pass' for t in r['tests']) > 30")"

for name in once twice; do
	expect "vmx: instructions are counted $name" vmx "$name" --exact --profile quick bench exit.cpuid exit.mmio_read_user
	counts[${#counts[@]}]=$(vmx_results "$name" "[(m['name'], m['unit'], m['replicates']) for m in r['measurements'] if m['exact']]")
done
is "vmx: both runs have the same counts" "${counts[0]}" "${counts[1]}"
is "vmx: every measurement is a count" True "$(vmx_results twice "len(r['measurements']) > 1 and all(m['exact'] for m in r['measurements'])")"

# Bugs in memory types are only visible on VMX.
code=0
./run.sh mutation --accel bochs --mutants memtype_whole_vm,memtype_ignored --jobs 1 \
	--results "$WORK/vmx/mutation" >"$WORK/vmx_mutation.out" 2>&1 || code=$?
is "vmx: seeded bugs in memory types are detected" 0 "$code"
[ "$code" = 0 ] || tail -n 20 "$WORK/vmx_mutation.out"

expect_code "vmx: two CPUs" 2 "has one CPU" ./run.sh lab --accel bochs --cpus 2 test
expect_code "vmx: unknown CPU model" 2 "Bochs failed" \
	./run.sh lab --accel bochs --kernel mutants --cpu pentium9 --results "$WORK/vmx/cpu" test slot_api
