# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# The index of behaviours (configs/behaviours.tsv), their document (tests/BEHAVIOURS.md)
# and everything that cites an ID agree.

index() { grep -v '^#' configs/behaviours.tsv | awk -F '\t' '{ print $1 " " $3 }'; }
entries() { sed -n 's/^### //p' tests/BEHAVIOURS.md; }

# unknown_ids <IDS: those that are not in the index
unknown_ids() {
	tr ' ' '\n' | sort -u | grep . | grep -vxFf <(index | cut -d ' ' -f 1) || true
}

# The IDs that are passed to record_observation().
observed() {
	git grep -ohE 'record_observation\("[^"]*"' -- lib tests bench | cut -d '"' -f 2
}

is "no ID is in the index of behaviours twice" "" "$(index | cut -d ' ' -f 1 | sort | uniq -d)"
expect "tests/BEHAVIOURS.md has the IDs and titles of the index, in the same order" \
	diff <(index) <(entries)
# Prints headings without a contract below them.
is "every entry of tests/BEHAVIOURS.md has text" "" \
	"$(awk '/^### / { if (id) print id; id = $2; next } /^#+ / { if (id) print id; id = "" } /^[^#*]/ { id = "" }
		id && /^\*/ { print id; id = "" } END { if (id) print id }' tests/BEHAVIOURS.md)"
is "behaviour IDs of all tests and benchmarks are in the index" "" \
	"$(build/kvmem-run --list | cut -f 3 | unknown_ids)"
is "behaviour IDs of all observations are in the index" "" "$(observed | unknown_ids)"

# cited unknown|section <FILES: print lines "file:line: text" of wrong citations in comments:
# an ID that is not in the index, or a section or finding in place of an ID
cited() {
	python3 -c '
import re, sys

ids = {l.split("\t")[0] for l in open("configs/behaviours.tsv") if l[0] != "#"}
comment = {
    "c": r"\"(?:\\.|[^\"\\\n])*\"|/\*.*?\*/|//[^\n]*",
    "sh": r"(?m)(?:^|(?<=\s))#[^\n]*",
    "md": r"(?s).+",
}
gap = r"[\s*#]+"
kind = {
    "unknown": r"(?<![\w.$%&#/-])[A-HN][1-9]\d{0,2}m?\b(?!\()",
    "section": (r"BEHAVIOURS(?:\.md)?,?" + gap + r"(?:[Ss]ections?" + gap + r")?\d[\d.A-H]*\b"
                r"|\b[Ff]indings?" + gap + r"F\d\b"),
}[sys.argv[1]]
for name in sys.stdin.read().split():
    text = open(name, errors="replace").read()
    style = "md" if name.endswith(".md") else "sh" if name.endswith(".sh") else "c"
    for c in re.finditer(comment[style], text, re.S):
        if c.group()[0] == "\"":
            continue
        for m in re.finditer(kind, c.group()):
            if m.group() not in ids:
                line = text.count("\n", 0, c.start() + m.start()) + 1
                print(f"{name}:{line}: " + " ".join(re.split(gap, m.group())))
' "$1"
}

citing() {
	git ls-files lib tests bench guest_code | grep -E '\.(c|h|S|lds|sh|md)$'
}
is "comments cite behaviours that exist" "" "$(citing | cited unknown)"
is "comments cite behaviours, not sections or findings" "" "$(citing | cited section)"

# Both checks can fail.
cat >"$WORK/cites.c" <<'END'
/* A17 and F2m are IDs, "F1" is not; see BEHAVIOURS 3.A. */
static const char *text = "BEHAVIOURS 3.B, H99"; /* finding
 * F1, BEHAVIOURS section 2, and D222 */
END
is "an ID that does not exist is found" "$WORK/cites.c:1: F1
$WORK/cites.c:3: F1
$WORK/cites.c:3: D222" "$(echo "$WORK/cites.c" | cited unknown)"
is "a citation of a section is found" "$WORK/cites.c:1: BEHAVIOURS 3.A
$WORK/cites.c:2: finding F1
$WORK/cites.c:3: BEHAVIOURS section 2" "$(echo "$WORK/cites.c" | cited section)"

# ./run.sh list prints the entry, then the tests.
listed_entry() { # ID
	./run.sh list "$1" | awk '/^(Tests|Benchmarks|Behaviours)/ { exit } { print }' | sed '$d'
}
is "list A17 starts with the entry" "$(awk '/^#+ / { on = $2 == "A17" } on' tests/BEHAVIOURS.md)" \
	"$(listed_entry A17)"
is "list n12 starts with the last entry" "$(awk '/^#+ / { on = $2 == "N12" } on' tests/BEHAVIOURS.md)" \
	"$(listed_entry n12)"
expect "list A17 then prints the tests" grep -q '^    readonly_slot\.ro\.read ' <(./run.sh list A17)
is "list of a name prints no entry" "" "$(./run.sh list readonly_slot | grep '^###')"
