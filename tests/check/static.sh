# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Builds with both compilers without a warning, shellcheck, checkpatch, consistency of the
# data.

build_with() { # CC OUTPUT
	make -s -j"$(nproc)" KSRC="$KSRC" KHDR="$KHDR" CC="$1" OUTPUT="$2" all checks
}

expect "gcc builds everything with -Werror" build_with gcc "$ROOT/build"
expect "clang builds everything with -Werror" build_with clang "$WORK/clang"
expect "shellcheck" shellcheck -x run.sh lib/sh/*.sh lib/sh/arch/*.sh lib/sh/arch/*/*.sh lib/lab/init \
	tests/check/*.sh .ci/run

# Ignored: rules that the kselftest harness breaks (macros with a body, tests that look
# like undeclared functions), rules against columns of data, and rules for kernel code only.
STYLE_IGNORE=SPDX_LICENSE_TAG,FILE_PATH_CHANGES,MACRO_WITH_FLOW_CONTROL,COMPLEX_MACRO
STYLE_IGNORE+=,MACRO_ARG_REUSE,MULTISTATEMENT_MACRO_USE_DO_WHILE,SUSPECT_CODE_INDENT
STYLE_IGNORE+=,PREFER_DEFINED_ATTRIBUTE_MACRO,PREFER_FALLTHROUGH,AVOID_EXTERNS,STRCPY,STRCAT
STYLE_IGNORE+=,SPLIT_STRING,NAKED_SSCANF,CONSTANT_COMPARISON,TRAILING_STATEMENTS,SSCANF_TO_KSTRTO
STYLE_IGNORE+=,NEW_TYPEDEFS,STATIC_CONST_CHAR_ARRAY,VOLATILE,LINE_SPACING,OPEN_ENDED_LINE
STYLE_IGNORE+=,MULTIPLE_ASSIGNMENTS,ARRAY_SIZE,REPEATED_WORD,MACRO_ARG_PRECEDENCE,MACRO_ARG_UNUSED
STYLE_IGNORE+=,BLOCK_COMMENT_STYLE,FUNCTION_ARGUMENTS,SINGLE_STATEMENT_DO_WHILE_MACRO,CAMELCASE
STYLE_IGNORE+=,ENOSYS,DEEP_INDENTATION,INDENTED_LABEL,MISSING_SENTINEL,EMBEDDED_FUNCTION_NAME,SPACING,BRACKET_SPACE,ASSIGN_IN_IF

style() {
	git ls-files '*.c' '*.h' | xargs perl "$KSRC/scripts/checkpatch.pl" --no-tree --terse \
		--quiet --max-line-length=100 --no-summary --show-types --ignore "$STYLE_IGNORE" -f
}

if [ -r "$KSRC/scripts/checkpatch.pl" ]; then
	expect "checkpatch" style
else
	skip "checkpatch" "KSRC has no scripts/checkpatch.pl"
fi

# A test without an ID would not count as coverage.
no_ids() {
	build/kvmem-run --list | awk -F '\t' '$1 == "test" && $3 == "" { print $2 }'
}
is "every test has the ID of a behaviour" "" "$(no_ids)"

# The kernel patches, with --strict.  On standard input: checkpatch takes a file that is
# in git for a source file.
kernel_patches() {
	local patch code=0
	for patch in configs/kernels/patches/*.patch configs/kernels/patches/*/*.patch; do
		perl "$KSRC/scripts/checkpatch.pl" --no-tree --terse --quiet --no-summary --show-types \
			--strict --ignore FILE_PATH_CHANGES,SPDX_LICENSE_TAG - <"$patch" || code=1
	done
	return "$code"
}
if [ -r "$KSRC/scripts/checkpatch.pl" ]; then
	expect "checkpatch of the kernel patches" kernel_patches
fi

# The patches use the numbers of configs/proposed_uapi.conf.
uapi_numbers() {
	cat configs/kernels/patches/*.patch | sed -nE \
		-e 's/^\+#define KVM_MEM_(PCI_HOLE|SINGLE_HVA|NON_COHERENT_DMA|WC)\s+\(1UL << ([0-9]+)\)$/\1 \2/p' \
		-e 's/^\+#define KVM_CAP_([A-Z_]+)_MEM ([0-9]+)$/\1_CAP \2/p' \
		-e 's/^\+\s+KVM_DEV_TYPE_VIRTIO = ([0-9]+),$/DMA_DEVICE \1/p' |
		tr '[:upper:]' '[:lower:]' | sed 's/^non_coherent/noncoherent/' | sort -u
}
is "numbers of the proposed interfaces" \
	"$(sed -nE 's/#.*//; s/^([a-z_]+)\s*=\s*([0-9]+)\s*$/\1 \2/p' configs/proposed_uapi.conf |
		grep -v pci_hole_drops_writes | sort)" "$(uapi_numbers)"

# The event stream is defined in lib/util/events.h: no other C source has a literal of one
# of its names, and the scripts use no name that is missing there.
events_header=lib/util/events.h
events_names() { # PREFIX
	sed -nE "s/^#define[[:space:]]+$1_[A-Z0-9_]+[[:space:]]+\"([^\"]+)\"$/\1/p" "$events_header" | sort -u
}
events_literals() {
	local sources names
	mapfile -t sources < <(git grep -lE '#include "(\.\./)?util/events\.h"' -- '*.c' '*.h')
	# Members, where events are written and read; "event" and the names, in these files.
	git grep -nE 'jsonw_(str|strn|u64|num|bool|push)\([^"]*, "' -- lib bench || true
	git grep -nE '\\?"event\\?"' -- lib bench ':!*.sh' ':!lib/lab' \
		":!$events_header" ':!lib/oracle/steps.c' || true
	grep -nE 'json_(text|count|object_get|number_or_nan)\([^"]*, "' -- "${sources[@]}" |
		grep -E '^[^:]*(stream|record)\.c:' || true
	names=$({ events_names EVENT; events_names KIND; events_names VERDICT; } | sort -u | paste -sd '|')
	grep -nE "\"($names)\"" -- "${sources[@]}" || true
}
is "names of the event stream are literals in $events_header only" "" "$(events_literals)"
events_of_scripts() {
	comm -13 <(events_names EVENT) <(git grep -hoE '"event":"(\\\()?[a-z|\\]+' -- lib/sh lib/lab |
		sed 's/.*"//' | tr -d '\\()' | tr '|' '\n' | grep . | sort -u)
	comm -13 <(events_names FIELD) <(git grep -hoE '(\\?"|,)[a-z_]+\\?":' -- lib/lab/init lib/sh/resume.sh \
		lib/sh/boot.sh | tr -d '\\",:' | sort -u)
}
is "the scripts use no other events and members" "" "$(events_of_scripts)"
