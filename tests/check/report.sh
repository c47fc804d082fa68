# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# Stored results: loading, compare, gate, export and the page; and invalid files.

REPORT=$ROOT/build/kvmem-report

# made DIR STATUS FIGURE...: let kvmem-report write a results folder with a test of this
# status and a benchmark with these replicates; MADE_CPU, MADE_UNIT override defaults
made() {
	local dir=$1 status=$2 v n=0
	shift 2
	{
		printf '{"event":"run","stream":1,"started":"2026-01-01T00:00:00Z","profile":"full","seed":1,"where":"host","exact":%s,' \
			"$([ "${MADE_UNIT-}" = instructions ] && echo true || echo false)"
		printf '"kernel":{"release":"6.12.1"},"backend":"svm","cpu":{"model":"%s","microcode":"0x1"},' "${MADE_CPU-M}"
		printf '"mitigations":{"mds":"Not affected"},"plan":[{"kind":"test","name":"p.a","behaviours":["A1"]},'
		printf '{"kind":"bench","name":"exit.a","behaviours":["N1"],"replicates":%d}]}\n' $#
		printf '{"event":"start","name":"p.a"}\n'
		printf '{"event":"observation","name":"saw","behaviour":"A20","value":"%s"}\n' "$status"
		printf '{"event":"end","name":"p.a","status":"%s","reason":"as it is","duration_s":0.1}\n' "$status"
		for v; do
			printf '{"event":"start","name":"exit.a","replicate":%d}\n' $n
			printf '{"event":"measurement","name":"exit.a","unit":"%s","exact":%s,"value":%s,"n":9,' \
				"${MADE_UNIT-cycles}" "$([ "${MADE_UNIT-}" = instructions ] && echo true || echo false)" "$v"
			printf '"min":%s,"p50":%s,"p90":%s,"p99":%s,"max":%s,"quantiles":[%s,%s,%s]}\n' \
				"$v" "$v" "$v" "$v" "$v" "$v" "$v" "$v"
			printf '{"event":"end","name":"exit.a","replicate":%d,"status":"pass","reason":"","duration_s":0.1}\n' $n
			n=$((n + 1))
		done
		printf '{"event":"done","complete":true}\n'
	} | "$REPORT" record --results "$dir" >/dev/null 2>&1 || true
}

M=$WORK/made
mkdir -p "$M"
BASE="100000 100300 100100 99800 100200 99900 100400 99700 100500 99600"
# shellcheck disable=SC2086
made "$M/base" pass $BASE
# shellcheck disable=SC2086
made "$M/again" pass ${BASE//0 /1 }
made "$M/slow" pass 105000 105300 105100 104800 105200 104900 105400 104700 105500 104600
# shellcheck disable=SC2086
made "$M/fails" fail $BASE
# shellcheck disable=SC2086
MADE_CPU=N made "$M/other" pass $BASE
made "$M/few" pass 100000 100300 100100
MADE_UNIT=instructions made "$M/exact" pass 6463 6463
MADE_UNIT=instructions made "$M/exact20" pass 6483 6483

# --- several machines --------------------------------------------------------

# machine_events NAME ITEM...: print the events of a machine that ran these of p.a, p.b
# and p.c; without the last event if NAME is broken
machine_events() {
	local name=$1 item
	shift
	printf '{"event":"run","stream":1,"profile":"full","plan":[%s,%s,%s]}\n' '{"kind":"test","name":"p.a"}' \
		'{"kind":"test","name":"p.b"}' '{"kind":"test","name":"p.c"}'
	for item; do
		printf '{"event":"start","name":"%s"}\n' "$item"
		printf '{"event":"output","name":"%s","text":"of %s"}\n' "$item" "$name"
		printf '{"event":"observation","name":"ran_on","value":"%s"}\n' "$name"
		printf '{"event":"end","name":"%s","status":"pass","reason":"","duration_s":0.1}\n' "$item"
		# Events that arrive in pieces are reassembled.
		sleep 0.1
	done
	[ "$name" = broken ] || printf '{"event":"done","complete":true}\n'
}

expect "report: events of two machines" "$REPORT" record --results "$M/two" --stream 3 --stream 4 \
	3< <(machine_events one p.a p.c) 4< <(machine_events two p.b)
is "report: two machines: observations" "p.a:one p.b:two p.c:one" "$(of "$M/two/results.json" \
	"' '.join(sorted(o['test'] + ':' + o['value'] for o in r['observations']))")"
is "report: two machines: the run is complete" True "$(of "$M/two/results.json" "r['run']['complete']")"
is "report: two machines: all events of the second" 6 "$(wc -l <"$M/two/log/stream-2.jsonl")"
expect_code "report: one of two machines was cut short" 2 "cut short" "$REPORT" record --results "$M/half" \
	--stream 3 --stream 4 3< <(machine_events one p.a) 4< <(machine_events broken p.b)
for version in '"stream":2,' ''; do
	expect_code "report: an event stream of version ${version:-none}" 2 "writes version ${version//[!0-9]/}" \
		"$REPORT" record --results "$M/foreign" < <(printf '{"event":"run",%s"plan":[]}\n' "$version")
	expect "report: another version leaves no results" test ! -e "$M/foreign/results.json"
done
expect_code "report: a stream that is not open" 2 "open descriptor" "$REPORT" record --results "$M/none" --stream 77

# --- compare and gate --------------------------------------------------------

compare() { "$REPORT" compare --thresholds configs/gate.conf "$@"; }
gate() { "$REPORT" gate --thresholds configs/gate.conf "$@"; }

expect_code "compare: a test that changed" 0 "pass fail" compare "$M/base" "$M/fails"
expect_code "compare: an observation that changed" 0 'B: "fail"' compare "$M/base" "$M/fails"
expect_code "compare: a measurement that changed" 0 "+5.00%" compare "$M/base" "$M/slow/results.json"
expect_code "compare: one instruction is shown" 0 "+20 (+0.31%)" compare "$M/exact" "$M/exact20"
expect_code "compare: three runs" 0 "+5.00% !" compare "$M/base" "$M/again" "$M/slow"
expect_code "compare: another CPU" 0 "the CPU differs: M and N" compare "$M/base" "$M/other"

expect_code "gate: the same" 0 "PASSED" gate "$M/base" "$M/again"
expect_code "gate: 5% slower" 1 "REGRESSION: 1 measurement" gate "$M/base" "$M/slow"
expect_code "gate: 5% faster" 0 "better" gate "$M/slow" "$M/base"
expect_code "gate: a test that fails" 1 "REGRESSION: 1 test" gate "$M/base" "$M/fails"
expect_code "gate: a test that failed in both" 0 "Fail in both" gate "$M/fails" "$M/fails"
expect_code "gate: another CPU" 4 "INCONCLUSIVE" gate "$M/base" "$M/other"
expect_code "gate: another CPU, accepted" 0 "accepted: the CPU differs" \
	gate "$M/base" "$M/other" --rule "set accept=cpu"
expect_code "gate: three replicates" 4 "too little data" gate "$M/base" "$M/few"
expect_code "gate: 20 instructions are below 1%" 0 "below the floor" gate "$M/exact" "$M/exact20"
expect_code "gate: 20 instructions with a floor of 20" 1 "REGRESSION: 1 measurement" \
	gate "$M/exact" "$M/exact20" --rule "exit.a relative=0"
expect_code "gate: a measurement that is not gated" 0 "PASSED" gate "$M/base" "$M/slow" --rule "exit.a gate=no"
expect "gate: another file of thresholds" test "$(
	echo '* relative=10%' >"$M/lax.conf"
	gate "$M/base" "$M/slow" --thresholds "$M/lax.conf" >/dev/null 2>&1
	echo $?
)" = 0

# --- invalid input -----------------------------------------------------------

# refused NAME TEXT COMMAND...: check that the command prints one line with TEXT, exits
# with 2, and does not change the folder $M/bad
refused() {
	local name=$1 text=$2 before after out code=0
	shift 2
	before=$(state)
	out=$("$@" 2>&1 >/dev/null) || code=$?
	# A slow build prints its progress.
	out=$(grep -v '^kvmem: building' <<<"$out") || true
	after=$(state)
	if [ "$code" != 2 ]; then
		fail "$name" "exit code $code instead of 2: $*"
	elif [ "$(grep -c . <<<"$out")" != 1 ] || ! grep -qF -- "$text" <<<"$out"; then
		fail "$name" "does not print one line with '$text'"
	elif [ "$before" != "$after" ]; then
		fail "$name" "files have changed"
	else
		pass "$name"
		return
	fi
	tail -n 5 <<<"$out" | sed 's/^/      /'
}

state() {
	(cd "$M" && tar cf - bad 2>/dev/null | md5sum) || true
}

bad() { # write standard input to $M/bad/results.json
	mkdir -p "$M/bad"
	cat >"$M/bad/results.json"
}

good=$M/base/results.json
for n in compare gate; do
	run_it() { "$n" "$@"; }
	rm -rf "$M/bad"
	refused "$n: no such folder" "No such file" run_it "$M/base" "$M/nowhere"
	head -c -200 "$good" | bad
	refused "$n: truncated" "truncated in line" run_it "$M/base" "$M/bad"
	head -c 300 "$good" | bad
	refused "$n: truncated early" "truncated in line" run_it "$M/bad" "$M/base"
	bad </dev/null
	refused "$n: empty" "empty" run_it "$M/base" "$M/bad"
	head -c 5000 /dev/urandom | bad
	refused "$n: garbage" "not JSON" run_it "$M/base" "$M/bad"
	sed 's|kvmem/1|kvmem/9|' "$good" | bad
	refused "$n: another version of the schema" "kvmem/9" run_it "$M/base" "$M/bad"
	echo '{"version":{"major":5}}' | bad
	refused "$n: results of another program" "not a kvmem result" run_it "$M/base" "$M/bad"
	sed 's|"complete":true|"complete":false|' "$good" | bad
	refused "$n: an incomplete run" "cut short" run_it "$M/base" "$M/bad"
	sed 's|"unit":"cycles"|"unit":"ns"|' "$good" | bad
	refused "$n: other units" "in cycles in one run and in ns" run_it "$M/base" "$M/bad"
	sed 's|"p50":[0-9]*|"p50":"x"|' "$good" | bad
	refused "$n: a number that is a string" '"p50" is not a number' run_it "$M/base" "$M/bad"
	refused "$n: unknown measurement" "exti.*" run_it "$M/base" "$M/again" --metric 'exti.*'
	refused "$n: unknown measurement in a rule" "exti.*" run_it "$M/base" "$M/again" \
		--rule 'exti.* relative=1%'
	refused "$n: invalid rule" "relative" run_it "$M/base" "$M/again" --rule '* relative=much'
	refused "$n: no such file of thresholds" "gone.conf" run_it "$M/base" "$M/again" --thresholds "$M/gone.conf"
	refused "$n: a device" "not a regular file" run_it "$M/base" /dev/zero
done

# --- known issues ------------------------------------------------------------

cat >"$WORK/known-by-kernel" <<'END'
a.test | 6.11.. | * | of newer kernels | -
b.test | ..6.10 | * | of older kernels | -
c.test | * | svm | of a backend | -
d.test | * | vmx | of another | -
END
is "known: issues of a kernel and backend" "a.test c.test" \
	"$("$REPORT" known "$WORK/known-by-kernel" 6.12.3 svm | tr '\n' ' ' | sed 's/ $//')"

# --- by run.sh ---------------------------------------------------------------

expect_code "run.sh compare" 0 "+5.00%" ./run.sh compare "$M/base" "$M/slow"
expect_code "run.sh compare: with a page" 0 "+5.00%" \
	./run.sh compare --output "$WORK/compared.html" "$M/base" "$M/slow"
expect "run.sh compare: the page has both runs" grep -q '<th class="c">A</th><th class="c">B</th>' "$WORK/compared.html"
expect_code "run.sh gate" 1 "REGRESSION" ./run.sh gate --baseline "$M/base" "$M/slow"
expect_code "run.sh gate: a rule on the command line" 0 "PASSED" \
	./run.sh gate --baseline "$M/base" "$M/slow" --rule 'exit.a relative=8%'
refused "compare: one run" "two results" ./run.sh compare "$M/base"
refused "gate: no baseline" "--baseline" ./run.sh gate "$M/base"
sed 's|"complete":true|"complete":false|' "$good" | bad
refused "gate: an incomplete baseline is refused before the run" "cut short" ./run.sh gate --baseline "$M/bad"

# --- exports -----------------------------------------------------------------

export_as() { # FORMAT RUN...
	"$REPORT" export --format "$1" "${@:2}"
}
json_of() { # FORMAT RUN EXPRESSION
	export_as "$1" "$2" | python3 -c 'import json, sys; r = json.load(sys.stdin); print(eval(sys.argv[1]))' "$3"
}

is "export kcidb: statuses" "['FAIL', 'FAIL', 'DONE']" \
	"$(json_of kcidb "$M/fails" "[t['status'] for t in r['tests']]")"
is "export kcidb: the number is the median" 100000.0 \
	"$(json_of kcidb "$M/base" "r['tests'][2]['number']['value']")"
is "export benchmark" "exit.a 100000 cycles" \
	"$(json_of benchmark "$M/base" "'%s %s %s' % (r[0]['name'], r[0]['value'], r[0]['unit'])")"
# The arguments of lava-test-case.
is "export lava: lines for a shell" "p.a --result fail
exit.a --result pass --measurement 100000 --units cycles
kvmem --result fail" "$(export_as lava "$M/fails" | sh -c 'lava_test_case() { echo "$@"; }
	eval "$(sed s/^lava-test-case/lava_test_case/)"')"
expect "export github: a failure and its reason" \
	grep -qF '| p.a | fail | as it is |' <(export_as github "$M/fails")
expect "export junit: XML" python3 -c 'import sys, xml.dom.minidom as m; m.parse(sys.argv[1])' \
	<(export_as junit "$M/fails")
refused "export: unknown format" "unknown format foo" export_as foo "$M/base"
refused "export: a truncated run" "truncated in line" export_as kcidb "$(head -c 300 "$good" | bad; echo "$M/bad")"
refused "export: invalid origin" "--origin" "$REPORT" export --format kcidb --origin A-B "$M/base"
refused "export: no such folder" "cannot write" \
	"$REPORT" export --format kcidb --output "$M/gone/x" "$M/base"
expect_code "run.sh export: several formats into the folder" 0 "" \
	./run.sh export --format kcidb,lava,github,benchmark "$M/again"
is "run.sh export: all formats are in the folder" 4 "$(cd "$M/again" && printf '%s\n' kcidb.json lava.sh summary.md benchmark.json |
	xargs ls | wc -l)"
refused "run.sh: an unknown format is refused before the run" "there is no format 'foo'" \
	./run.sh test --format kcidb,foo

# --- the page ----------------------------------------------------------------

# page FILE EXPRESSION: evaluate it in Python with p, the document, and text(element).
# The page must be well-formed XML.
page() {
	python3 -c '
import sys, xml.dom.minidom as m
p = m.parse(sys.argv[1])
text = lambda e: e.data if e.nodeType == e.TEXT_NODE else "".join(map(text, e.childNodes))
by_class = lambda name: [e for e in p.getElementsByTagName("*") if e.getAttribute("class") == name]
print(eval(sys.argv[2]))' "$1" "$2"
}

is "a run writes its page" "kvmem: 6.12.1" \
	"$(page "$M/fails/report.html" "text(p.getElementsByTagName('title')[0])")"
is "report.html: all failed tests" "$(of "$M/fails/results.json" \
	"[t['name'] for t in r['tests'] if t['status'] == 'fail']")" \
	"$(page "$M/fails/report.html" "[text(e).split()[1] for f in by_class('failure') for e in f.getElementsByTagName('h3')]")"
is "report.html: a figure of the distributions" 1 \
	"$(page "$M/base/report.html" "len(p.getElementsByTagName('svg'))")"
is "report.html: no external resources, no scripts" "[]" \
	"$(page "$M/base/report.html" "[e.tagName for e in p.getElementsByTagName('*') if e.tagName in ('script', 'link', 'img', 'iframe', 'object') or e.getAttribute('src') or e.getAttribute('href')[:1] not in ('', '#')]")"
is "report.html: IDs are unique" True \
	"$(page "$M/slow/report.html" "(lambda ids: len(ids) == len(set(ids)))([e.getAttribute('id') for e in p.getElementsByTagName('*') if e.hasAttribute('id')])")"
export_as html "$M/fails" >"$M/page.html"
is "export html: the output of a failed test, from its log" True "$(
	made "$M/talks" pass 1 2 3
	sed -i 's/"status":"pass"/"status":"fail"/' "$M/talks/results.json"
	printf '=== p.a\nwhat it said\n--- fail: x (0.1 s)\n' >"$M/talks/log/p.log"
	export_as html "$M/talks" >"$M/page.html"
	page "$M/page.html" "'what it said' in text(p.getElementsByTagName('pre')[0])"
)"
expect_code "export html: tables without gnuplot" 0 "gnuplot is not installed" \
	env PATH=/nonexistent "$REPORT" export --format html "$M/base"
# Names must be quoted for gnuplot too.
cp -r "$M/base" "$M/evil"
sed -i "s|\"exit.a\",\"unit\"|\"exit.\`touch $M/pwned\`'; system('touch $M/pwned') #%s\",\"unit\"|" \
	"$M/evil/results.json"
is "export html: no name is run as a command of gnuplot" "1 unharmed" "$(
	export_as html "$M/evil" >"$M/page.html"
	page "$M/page.html" "len(p.getElementsByTagName('svg'))" | tr '\n' ' '
	test ! -e "$M/pwned" && echo unharmed
)"
"$REPORT" export --format html --output "$M/page.html" "$M/base" "$M/again" "$M/slow"
is "export html: three runs side by side" "['A', 'B', 'B / A', 'C', 'C / A']" \
	"$(page "$M/page.html" "[text(e) for t in by_class('numbers')[:1] for e in t.getElementsByTagName('th') if text(e)][2:]")"
is "export html: the ratio and the verdict" "1.050 worse" \
	"$(page "$M/page.html" "' '.join(text(e) for e in by_class('numbers')[0].getElementsByTagName('td')[-2:])")"
refused "export: several runs for a format of one run" "only html takes several" \
	export_as junit "$M/base" "$M/slow"
refused "export html: a truncated run among others" "truncated in line" \
	"$REPORT" export --format html "$M/base" "$(head -c 300 "$good" | bad; echo "$M/bad")"
expect_code "run.sh export: html of two runs" 0 "" \
	./run.sh export --format html --output "$M/page.html" "$M/base" "$M/slow"
is "run.sh export: html has the titles of behaviours" True "$(page "$M/page.html" "'every write exits once' in text(p.documentElement)")"
