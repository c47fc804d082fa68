// SPDX-License-Identifier: GPL-2.0-only
/* The gate: regressions, no regressions, undecided cases. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/gate/judge.h"
#include "report/text/gate.h"
#include "selftest.h"

/* --- artificial runs ----------------------------------------------------- */

static void begin(struct run *r)
{
	memset(r, 0, sizeof(*r));
	r->meta = json_pack("{s:s, s:s, s:{s:s, s:s}, s:{s:s}, s:{}}", "backend", "svm", "profile",
			    "full", "cpu", "model", "M", "microcode", "0x1", "mitigations",
			    "mds", "Not affected", "lab");
	r->complete = true;
}

static void add_test(struct run *r, const char *name, enum status status)
{
	struct run_item *it = run_add_item(r, name);

	it->ran = 1;
	it->finished = true;
	it->status = status;
}

static struct measurement *add_figure(struct run *r, const char *name, const char *unit, bool exact,
				      const double *v, size_t n)
{
	struct measurement *m = run_measurement(r, name, unit);

	m->exact = exact;
	m->replicates = xcalloc(n, sizeof(*v));
	memcpy(m->replicates, v, n * sizeof(*v));
	m->n_replicates = n;
	return m;
}

/* --- tests --------------------------------------------------------------- */

#define NONE ST_COUNT

static enum change change_of(enum status a, enum status b)
{
	struct run_item of_a = { .status = a }, of_b = { .status = b };

	return judge_test(a == NONE ? NULL : &of_a, b == NONE ? NULL : &of_b);
}

static void test_changes(void)
{
	static const struct {
		enum status a, b;
		enum change change;
	} cases[] = {
		{ ST_PASS, ST_PASS, CH_SAME }, { ST_SKIP, ST_SKIP, CH_SAME },
		{ ST_XFAIL, ST_XFAIL, CH_SAME }, { ST_PASS, ST_FAIL, CH_REGRESSION },
		{ ST_PASS, ST_TIMEOUT, CH_REGRESSION }, { ST_PASS, ST_ERROR, CH_REGRESSION },
		{ ST_PASS, ST_SKIP, CH_REGRESSION }, { ST_PASS, NONE, CH_REGRESSION },
		{ ST_PASS, ST_XFAIL, CH_KNOWN }, { ST_FAIL, ST_FAIL, CH_FAILS_IN_BOTH },
		{ ST_FAIL, ST_ERROR, CH_FAILS_IN_BOTH }, { ST_XFAIL, ST_FAIL, CH_FAILS_IN_BOTH },
		{ ST_FAIL, ST_PASS, CH_FIXED }, { ST_XFAIL, ST_PASS, CH_FIXED },
		{ ST_TIMEOUT, ST_PASS, CH_FIXED }, { ST_SKIP, ST_FAIL, CH_NEW_FAILURE },
		{ NONE, ST_FAIL, CH_NEW_FAILURE }, { ST_SKIP, ST_PASS, CH_OTHER },
		{ NONE, ST_PASS, CH_OTHER }, { ST_FAIL, ST_SKIP, CH_OTHER },
		{ ST_SKIP, NONE, CH_OTHER }, { ST_SKIP, ST_XFAIL, CH_OTHER },
	};
	char *what;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		what = xprintf("test: %s, then %s", cases[i].a == NONE ? "missing" :
			       status_name(cases[i].a), cases[i].b == NONE ? "missing" :
			       status_name(cases[i].b));
		check(change_of(cases[i].a, cases[i].b) == cases[i].change, what);
		free(what);
	}
}

/* --- one measurement ----------------------------------------------------- */

struct sample_of {
	const char *unit;
	bool exact;
	double v[12];
	size_t n;
};

/* The verdict on a single measurement, and the exit code of its gate. */
static enum verdict verdict_on(const struct sample_of *a, const struct sample_of *b, const char *line,
			       enum exit_code *code)
{
	struct run runs[2];
	struct judgement j;
	struct rules rules;
	enum verdict v;

	rules_init(&rules);
	rules_add(&rules, line, "line");
	begin(&runs[0]);
	begin(&runs[1]);
	add_test(&runs[0], "b", ST_PASS);
	add_test(&runs[1], "b", ST_PASS);
	add_figure(&runs[0], "m", a->unit, a->exact, a->v, a->n);
	add_figure(&runs[1], "m", b->unit, b->exact, b->v, b->n);
	judge(&j, &runs[0], &runs[1], &rules, NULL);
	v = j.figures[0].verdict;
	*code = judge_gate(&j);
	judge_free(&j);
	rules_free(&rules);
	run_free(&runs[0]);
	run_free(&runs[1]);
	return v;
}

#define EXACT(...) { "instructions", true, { __VA_ARGS__ }, \
		     sizeof((double[]){ __VA_ARGS__ }) / sizeof(double) }
#define NOISY(unit, ...) { unit, false, { __VA_ARGS__ }, \
			   sizeof((double[]){ __VA_ARGS__ }) / sizeof(double) }
#define BASE 1000, 1003, 1001, 998, 1002, 999, 1004, 997, 1005, 996

static void test_figures(void)
{
	static const struct {
		const char *what;
		struct sample_of a, b;
		const char *line;
		enum verdict verdict;
		enum exit_code code;
	} cases[] = {
		{ "exact: the same", EXACT(6463, 6463), EXACT(6463, 6463), "", V_SAME, EXIT_PASSED },
		{ "exact: one more is a difference", EXACT(6463, 6463), EXACT(6464, 6464), "",
		  V_SMALL, EXIT_PASSED },
		{ "exact: 1% is the floor of 6463", EXACT(6463, 6463), EXACT(6528, 6528), "",
		  V_WORSE, EXIT_FAILED },
		{ "exact: just below it", EXACT(6463, 6463), EXACT(6527, 6527), "", V_SMALL,
		  EXIT_PASSED },
		{ "exact: 20 is the floor of 400", EXACT(400), EXACT(420), "", V_WORSE, EXIT_FAILED },
		{ "exact: 19 is below it", EXACT(400), EXACT(419), "", V_SMALL, EXIT_PASSED },
		{ "exact: 20 more than 6463, with a floor of 20", EXACT(6463), EXACT(6483),
		  "* relative=0", V_WORSE, EXIT_FAILED },
		{ "exact: less is better", EXACT(6463), EXACT(6000), "", V_BETTER, EXIT_PASSED },
		{ "exact: less is worse with better=higher", EXACT(6463), EXACT(6000),
		  "* better=higher", V_WORSE, EXIT_FAILED },
		{ "exact: replicates vary by less than the floor", EXACT(6463, 6465), EXACT(6463, 6467), "",
		  V_SAME, EXIT_PASSED },
		{ "exact: replicates vary, and the ranges are apart", EXACT(6463, 6465), EXACT(6600, 6607), "",
		  V_WORSE, EXIT_FAILED },
		{ "exact: replicates vary by more than the floor", EXACT(6463, 6463), EXACT(6463, 8086), "", V_UNSURE,
		  EXIT_NOTHING },
		{ "counts without variation are exact", NOISY("count", 7, 7), NOISY("count", 8, 8), "",
		  V_WORSE, EXIT_FAILED },
		{ "times without variation are not: a coarse clock", NOISY("cycles", 700, 700),
		  NOISY("cycles", 800, 800), "", V_UNSURE, EXIT_NOTHING },
		{ "noisy: the same", NOISY("ns", BASE), NOISY("ns", BASE), "", V_SAME, EXIT_PASSED },
		{ "noisy: 5% more", NOISY("ns", BASE),
		  NOISY("ns", 1050, 1053, 1051, 1048, 1052, 1049, 1054, 1047, 1055, 1046), "",
		  V_WORSE, EXIT_FAILED },
		{ "noisy: 5% less", NOISY("ns", BASE),
		  NOISY("ns", 950, 953, 951, 948, 952, 949, 954, 947, 955, 946), "", V_BETTER,
		  EXIT_PASSED },
		{ "noisy: 5% less with better=higher", NOISY("GB/s", BASE),
		  NOISY("GB/s", 950, 953, 951, 948, 952, 949, 954, 947, 955, 946), "* better=higher",
		  V_WORSE, EXIT_FAILED },
		{ "noisy: 2% more is significant, but below the floor", NOISY("ns", BASE),
		  NOISY("ns", 1020, 1023, 1021, 1018, 1022, 1019, 1024, 1017, 1025, 1016), "",
		  V_SMALL, EXIT_PASSED },
		{ "noisy: 5% more and not gated", NOISY("ns", BASE),
		  NOISY("ns", 1050, 1053, 1051, 1048, 1052, 1049, 1054, 1047, 1055, 1046),
		  "* gate=no", V_WORSE, EXIT_PASSED },
		{ "noisy: 5% more, but below the absolute floor", NOISY("ns", BASE),
		  NOISY("ns", 1050, 1053, 1051, 1048, 1052, 1049, 1054, 1047, 1055, 1046),
		  "* absolute=60", V_SMALL, EXIT_PASSED },
		{ "noisy: one outlier", NOISY("ns", BASE),
		  NOISY("ns", 1000, 1003, 9001, 998, 1002, 999, 1004, 997, 1005, 996), "", V_SAME,
		  EXIT_PASSED },
		{ "noisy: too noisy to decide", NOISY("ns", BASE),
		  NOISY("ns", 800, 1300, 900, 1250, 1001, 700, 1400, 950, 1100, 1200), "", V_UNSURE,
		  EXIT_NOTHING },
		{ "noisy: three replicates are too few", NOISY("ns", 1000, 1001, 1002),
		  NOISY("ns", 1500, 1501, 1502), "", V_UNSURE, EXIT_NOTHING },
		{ "noisy: always 0", NOISY("ns", 0, 0, 0, 0, 0, 0, 0, 0),
		  NOISY("ns", 0, 0, 0, 0, 0, 0, 0, 0), "", V_SAME, EXIT_PASSED },
		{ "noisy: 0 before, not 0 now", NOISY("ns", 0, 0, 0, 0, 0, 0, 0, 0),
		  NOISY("ns", 9, 9, 8, 9, 9, 8, 9, 9), "", V_WORSE, EXIT_FAILED },
		{ "no replicate with a value", NOISY("ns", NAN, NAN), NOISY("ns", BASE), "",
		  V_UNSURE, EXIT_NOTHING },
	};
	enum exit_code code;
	enum verdict v;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		v = verdict_on(&cases[i].a, &cases[i].b, cases[i].line, &code);
		check(v == cases[i].verdict && code == cases[i].code, cases[i].what);
		if (v != cases[i].verdict || code != cases[i].code)
			printf("# got %s, exit code %d\n", verdict_names[v], code);
	}
}

/* --- the machines -------------------------------------------------------- */

/* The gate of a regression if @key in the second run's description is @value. */
static enum exit_code gate_with(const char *object, const char *key, const char *value,
				const char *line, char **verdict)
{
	static const double base[] = { BASE };
	double worse[ARRAY_SIZE(base)];
	struct run runs[2];
	struct judgement j;
	struct rules rules;
	enum exit_code code;
	json_t *o;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(base); i++)
		worse[i] = base[i] * 1.1;
	rules_init(&rules);
	rules_add(&rules, line, "line");
	begin(&runs[0]);
	begin(&runs[1]);
	o = *object ? json_object_get(runs[1].meta, object) : runs[1].meta;
	if (value)
		json_object_set_new(o, key, json_string(value));
	else
		json_object_del(o, key);
	add_test(&runs[0], "b", ST_PASS);
	add_test(&runs[1], "b", ST_PASS);
	add_figure(&runs[0], "m", "cycles", false, base, ARRAY_SIZE(base));
	add_figure(&runs[1], "m", "cycles", false, worse, ARRAY_SIZE(base));
	judge(&j, &runs[0], &runs[1], &rules, NULL);
	code = judge_gate(&j);
	*verdict = gate_verdict(&j);
	judge_free(&j);
	rules_free(&rules);
	run_free(&runs[0]);
	run_free(&runs[1]);
	return code;
}

static void test_machines(void)
{
	static const struct {
		const char *object, *key, *value, *line;
		enum exit_code code;
		const char *verdict;
	} cases[] = {
		{ "", "backend", "svm", "", EXIT_FAILED, "REGRESSION: 1 measurement" },
		{ "", "backend", "vmx", "", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: the backend differs: svm and vmx" },
		{ "cpu", "model", "N", "", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: the CPU differs: M and N" },
		{ "cpu", "model", NULL, "", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: the CPU differs: M and unknown" },
		{ "cpu", "microcode", "0x2", "", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: the microcode differs: 0x1 and 0x2" },
		{ "cpu", "microcode", "0x2", "set accept=microcode", EXIT_FAILED,
		  "REGRESSION: 1 measurement" },
		{ "mitigations", "mds", "Mitigation: Clear CPU buffers", "", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: a mitigation differs: mds (Not affected / Mitigation: Clear CPU buffers)" },
		{ "mitigations", "new", "Not affected", "", EXIT_FAILED, "REGRESSION: 1 measurement" },
		{ "mitigations", "new", "Vulnerable", "", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: a mitigation differs: new (unknown / Vulnerable)" },
		{ "", "profile", "quick", "", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: the profile differs: full and quick" },
		{ "", "suite", "x", "", EXIT_FAILED, "REGRESSION: 1 measurement" },
		{ "lab", "accel", "tcg", "set accept=machine", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: times under emulation are not comparable: use --exact to count instructions" },
		{ "lab", "accel", "bochs", "set accept=machine", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: times under emulation are not comparable: use --exact to count instructions" },
		{ "lab", "accel", "tcg", "set accept=machine accept=emulation", EXIT_FAILED,
		  "REGRESSION: 1 measurement" },
		{ "", "mitigations", NULL, "", EXIT_NOTHING,
		  "INCONCLUSIVE: 1 measurement can't be judged: the mitigations of B are unknown" },
	};
	enum exit_code code;
	char *what, *verdict;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		code = gate_with(cases[i].object, cases[i].key, cases[i].value, cases[i].line,
				 &verdict);
		what = xprintf("gate: %s of B is %s%s%s", cases[i].key,
			       cases[i].value ? cases[i].value : "unknown",
			       *cases[i].line ? ", " : "", cases[i].line);
		check(code == cases[i].code, what);
		check_text(verdict, cases[i].verdict, what);
		free(what);
	}
}

/* --- the whole gate ------------------------------------------------------ */

/* Approximately normal noise with deviation 1: the sum of twelve uniform numbers. */
static double noise(struct random *r)
{
	double sum = -6;
	int i;

	for (i = 0; i < 12; i++)
		sum += (double)random_below(r, 1 << 20) / (1 << 20);
	return sum;
}

/*
 * The number of regressions in 200 gates of 20 measurements with 10 replicates and a
 * deviation of 1%, of which the first measurement is slower by @slower.
 */
static size_t count_alarms(double slower)
{
	struct random r = { .state = 5 };
	struct run runs[2];
	struct judgement j;
	struct rules rules;
	size_t gate, i, k, side, alarms = 0;
	double v[10];
	char name[8];

	rules_init(&rules);
	for (gate = 0; gate < 200; gate++) {
		for (side = 0; side < 2; side++) {
			begin(&runs[side]);
			add_test(&runs[side], "b", ST_PASS);
			for (i = 0; i < 20; i++) {
				for (k = 0; k < 10; k++)
					v[k] = 50000 * (1 + noise(&r) / 100) *
					       (side && !i ? 1 + slower : 1);
				snprintf(name, sizeof(name), "m%zu", i);
				add_figure(&runs[side], name, "cycles", false, v, 10);
			}
		}
		judge(&j, &runs[0], &runs[1], &rules, NULL);
		alarms += judge_gate(&j) == EXIT_FAILED;
		judge_free(&j);
		run_free(&runs[0]);
		run_free(&runs[1]);
	}
	rules_free(&rules);
	return alarms;
}

static void test_rates(void)
{
	size_t same = count_alarms(0), slower = count_alarms(0.05);

	printf("# of 200 gates of 20 measurements, noise 1%%: %zu false alarms, %zu at 5%%\n",
	       same, slower);
	check(same <= 2, "at most 1% of gates are false alarms");
	check(slower >= 190, "5% more in one of 20 measurements is detected");
}

static void test_units(void)
{
	static const double v[] = { 1 };
	struct run runs[2];
	char *wrong;

	begin(&runs[0]);
	begin(&runs[1]);
	add_figure(&runs[0], "m", "cycles", false, v, 1);
	add_figure(&runs[1], "m", "ns", false, v, 1);
	wrong = judge_units(&runs[0], &runs[1]);
	check_text(wrong ? wrong : xstrdup(""), "m is in cycles in one run and in ns in the other",
		   "different units are detected");
	check(!judge_units(&runs[0], &runs[0]), "equal units are accepted");
	run_free(&runs[0]);
	run_free(&runs[1]);
}

static void test_nothing(void)
{
	static const double v[] = { 1 };
	struct run runs[2];
	struct judgement j;
	struct rules rules;

	rules_init(&rules);
	begin(&runs[0]);
	begin(&runs[1]);
	add_test(&runs[0], "p.a", ST_SKIP);
	add_test(&runs[1], "p.a", ST_PASS);
	judge(&j, &runs[0], &runs[1], &rules, NULL);
	check(judge_gate(&j) == EXIT_NOTHING, "inconclusive if nothing passed in the baseline");
	judge_free(&j);
	add_test(&runs[0], "p.b", ST_PASS);
	add_test(&runs[1], "p.b", ST_PASS);
	add_figure(&runs[0], "m", "count", false, v, 1);
	judge(&j, &runs[0], &runs[1], &rules, NULL);
	check(judge_gate(&j) == EXIT_NOTHING, "inconclusive if a measurement is missing");
	judge_free(&j);
	judge(&j, &runs[1], &runs[0], &rules, NULL);
	check(judge_gate(&j) == EXIT_FAILED, "a test that is now skipped is a regression");
	judge_free(&j);
	rules_free(&rules);
	run_free(&runs[0]);
	run_free(&runs[1]);
}

void test_judge(void)
{
	test_changes();
	test_figures();
	test_machines();
	test_units();
	test_nothing();
	test_rates();
}
