// SPDX-License-Identifier: GPL-2.0-only
/* Unit tests of kvmem-report: prints TAP, exits with 1 if a test fails. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/base/text.h"
#include "report/data/known.h"
#include "report/data/measure.h"
#include "report/data/results.h"
#include "report/data/stream.h"
#include "report/data/tail.h"
#include "report/format/junit.h"
#include "report/format/ktap.h"
#include "report/text/summary.h"
#include "selftest.h"

static unsigned int count, failed;

void check(bool ok, const char *what)
{
	printf("%sok %u %s\n", ok ? "" : "not ", ++count, what);
	failed += !ok;
}

void check_text(char *got, const char *want, const char *what)
{
	bool same = !strcmp(got, want);

	check(same, what);
	if (!same)
		printf("# got:  %s\n# want: %s\n", got, want);
	free(got);
}

bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static void test_version_ranges(void)
{
	static const struct {
		const char *range, *release;
		bool in;
	} ranges[] = {
		{ "*", "6.18.44-foo", true }, { "*", "", true },
		{ "6.18", "6.18.44-foo", true }, { "6.18", "6.18.0-rc1", true },
		{ "6.18", "6.18", true }, { "6.1", "6.18.44", false },
		{ "6.18", "6.1.44", false }, { "6.18", "7.18.0", false },
		{ "6.18.44", "6.18.44-foo", true }, { "6.18.44", "6.18.4", false },
		{ "6.16..6.19", "6.15.99", false }, { "6.16..6.19", "6.16.0-rc1", true },
		{ "6.16..6.19", "6.19.12", true }, { "6.16..6.19", "6.20.0", false },
		{ "6.16..6.19", "7.17.0", false }, { "..6.12", "6.12.117", true },
		{ "..6.12", "5.19.1", true }, { "..6.12", "6.13.0", false },
		{ "7.0..", "7.0.0-rc1", true }, { "7.0..", "7.0-rc1", true },
		{ "7.0..", "10.1.2", true }, { "7.0..", "6.19.9", false },
		{ "6.18.3..6.18.9", "6.18.9-x", true }, { "6.18.3..6.18.9", "6.18.10", false },
		{ "6.18.3..6.18.9", "6.18.2", false }, { "6..6", "6.99.1", true },
		{ "6.18", "", false }, { "6.18", "next-20261121", false },
	};
	static const char *const bad[] = {
		"", "..", "x", "6.", "6.x", "6.18-rc1", "6.18...6.19", "6.18..y", "6.18 6.19",
	};
	size_t i;
	char *what;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		what = xprintf("kernel \"%s\" is %s range %s", ranges[i].release,
			       ranges[i].in ? "in" : "not in", ranges[i].range);
		check(version_range_valid(ranges[i].range) &&
		      version_in_range(ranges[i].range, ranges[i].release) == ranges[i].in, what);
		free(what);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		what = xprintf("\"%s\" is not a kernel range", bad[i]);
		check(!version_range_valid(bad[i]), what);
		free(what);
	}
}

static bool load_known_text(struct known *k, const char *text)
{
	FILE *f = fmemopen((void *)text, strlen(text), "r");
	bool ok = known_load(k, f, "known_issues");

	fclose(f);
	return ok;
}

static void test_known_issues(void)
{
	struct known_place place = { .release = "6.18.44-foo", .backend = "svm" };
	const struct known_issue *e;
	struct known k;

	check(load_known_text(&k, "# comment\n\n"
			      "a.one /0x[0-9]+|b\\.c/ | 6.18 | svm | two words | http://x/|y\n"
			      "b.* | 6.16..6.19 | * | r | -\n"
			      "c.*|*|vmx|r|-\n") && k.n == 3, "known issues are read");
	e = known_excuse(&k, &place, "a.one", "got 0x12");
	check(e && !strcmp(e->reason, "two words") && !strcmp(e->link, "http://x/|y"),
	      "an expression with '|' matches, fields are trimmed");
	check(!known_excuse(&k, &place, "a.one", "something else"),
	      "a failure the expression does not match is not excused");
	check(!known_excuse(&k, &place, "a.one.more", "got 0x12"),
	      "a glob matches the whole name");
	check(!known_excuse(&k, &place, "c.x", "r"), "an issue of another backend does not excuse a failure");
	check(known_unexpected(&k, &place, "b.x"), "a pass of a test with a known issue is unexpected");
	check(known_excuse(&k, &place, "b.y", "") && !known_unexpected(&k, &place, "b.x"),
	      "but not if the entry excused another failure");
	check(!known_unexpected(&k, &place, "z"), "a pass of another test is not unexpected");
	known_free(&k);
	check(!known_excuse(NULL, &place, "a", "") && !known_unexpected(NULL, &place, "a"),
	      "the list may be missing");
}

static void test_text(void)
{
	static const char bytes[] = "a\x01\xff\xc3\xa9\xed\xa0\x80\xf5z";
	char *text = NULL;
	uint32_t cp;
	size_t len;
	FILE *f;

	check(utf8_decode("\xf0\x9f\x98\x80", 4, &cp) == 4 && cp == 0x1f600, "UTF-8, 4 bytes");
	check(!utf8_decode("\xc0\x80", 2, &cp) && !utf8_decode("\xe0\x9f\xbf", 3, &cp) &&
	      !utf8_decode("\xed\xa0\x80", 3, &cp) && !utf8_decode("\xf4\x90\x80\x80", 4, &cp) &&
	      !utf8_decode("\xe2\x82", 2, &cp),
	      "invalid UTF-8: overlong, surrogates, beyond Unicode, truncated");
	text = text_repair(bytes, sizeof(bytes) - 1, &len);
	check_text(text, "a \xc3\xbf\xc3\xa9\xc3\xad\xc2\xa0\xc2\x80\xc3\xb5z",
		   "bytes that are not UTF-8 are read as Latin-1");
	f = xmemstream(&text, &len);
	text_plain(f, "a\tb\nc\r\x1b[0m\xff\xc2\x85\xe2\x80\xa8", 16);
	fclose(f);
	check_text(text, "a b c?[0m???", "plain text can't move the cursor or end the line");
	f = xmemstream(&text, &len);
	text_xml(f, "<&>\"\t\x01\xff\r\xef\xbf\xbf", 11, true);
	fclose(f);
	check_text(text, "&lt;&amp;&gt;&quot;&#9;&#13;", "XML attribute");
	f = xmemstream(&text, &len);
	text_xml(f, "]]>\"\n", 5, false);
	fclose(f);
	check_text(text, "]]&gt;\"\n", "XML text");
}

static void test_tail(void)
{
	struct tail t = { 0 };
	char line[32];
	const char *s;
	size_t len;
	bool cut;
	int i;

	s = tail_text(&t, 3, &len, &cut);
	check(!*s && !len && !cut, "no output");
	tail_add(&t, "one\ntwo\nthree\n", 14);
	s = tail_text(&t, 3, &len, &cut);
	check(len == 14 && !cut, "output that fits");
	s = tail_text(&t, 2, &len, &cut);
	check(len == 10 && cut && !memcmp(s, "two", 3), "the last two lines");
	for (i = 0; i < 100000; i++) {
		snprintf(line, sizeof(line), "line %d\n", i);
		tail_add(&t, line, strlen(line));
	}
	s = tail_text(&t, 0, &len, &cut);
	check(cut && len <= TAIL_SIZE && len > TAIL_SIZE - 32 && !memcmp(s, "line ", 5) &&
	      !memcmp(s + len - 6, "99999\n", 6), "long output: its end, in complete lines");
	tail_free(&t);
}

static char *ktap_of(enum status status, const char *reason, const char *output,
		     const char *description)
{
	struct run_item it = {
		.name = "prog.test", .status = status, .reason = (char *)reason, .finished = true,
	};
	char *text = NULL;
	size_t len;
	FILE *f = xmemstream(&text, &len);

	tail_add(&it.output, output, strlen(output));
	ktap_result(f, &it, 7, "  ", description);
	fclose(f);
	tail_free(&it.output);
	return text;
}

static void test_ktap_lines(void)
{
	check_text(ktap_of(ST_PASS, "", "", "a b#c\nd"), "  ok 7 a_b_c_d\n",
		   "KTAP: no '#', blank or newline in a description");
	check_text(ktap_of(ST_SKIP, "needs # SKIP\nthis", "", "t"),
		   "  ok 7 t # SKIP needs \\# SKIP this\n", "KTAP: a reason adds no directive");
	check_text(ktap_of(ST_XFAIL, "known issue: x", "", "t"),
		   "  ok 7 t # XFAIL known issue: x\n", "KTAP: expected failure");
	check_text(ktap_of(ST_TIMEOUT, "", "", "t"), "  not ok 7 t # TIMEOUT\n",
		   "KTAP: no reason");
	check_text(ktap_of(ST_FAIL, "why", "# Subtest: x\nok 1 y\n\xff no end", "t"),
		   "  # S_ubtest: x\n  # ok 1 y\n  # ? no end\n  # why\n  not ok 7 t\n",
		   "KTAP: output becomes comments that a parser ignores");
	check_text(ktap_of(ST_ERROR, "reboot: System halted", "", "t"),
		   "  # r_eboot: System halted\n  not ok 7 t # ERROR r_eboot: System halted\n",
		   "KTAP: no line ends the output for a parser");
}

static void feed(struct stream *s, const char *line)
{
	struct event e;

	stream_line(s, line, strlen(line), &e);
	event_release(&e);
}

static void test_medians(void)
{
	static const double odd[] = { 5, 1, 3 }, even[] = { 4, 1, 3, 2 };
	double gaps[] = { NAN, 7, NAN };
	char text[48];

	check(near(median(odd, 3), 3), "median of three");
	check(near(median(even, 4), 2), "the median of four is the lower one");
	check(near(median(gaps, 3), 7) && isnan(median(gaps, 1)), "median with gaps");
	text_number(text, sizeof(text), 1234567);
	check(!strcmp(text, "1234567"), "7 digits are printed exactly");
	text_number(text, sizeof(text), 33554432);
	check(!strcmp(text, "33.6M"), "longer numbers are rounded");
	text_number(text, sizeof(text), 1.0256);
	check(!strcmp(text, "1.026"), "ratios have three decimals");
	text_number(text, sizeof(text), NAN);
	check(!strcmp(text, "-"), "a missing number is a dash");
}

#define MEASURED(rest) \
	"{\"event\":\"measurement\",\"name\":\"m\",\"unit\":\"cycles\"," rest "}"

static void test_aggregation(void)
{
	struct run run = { 0 };
	struct stream s = { .run = &run };
	struct measurement *m;

	feed(&s, "{\"event\":\"run\",\"stream\":1,\"plan\":[{\"kind\":\"bench\",\"name\":\"b.m\",\"replicates\":3}]}");
	feed(&s, MEASURED("\"value\":10,\"n\":100,\"min\":5,\"p50\":10,\"p90\":20,\"p99\":90,"
			  "\"max\":100,\"exits_per_op\":1,\"overhead\":4,\"note\":\"noisy\","
			  "\"quantiles\":[5,10,100]"));
	feed(&s, MEASURED("\"value\":12,\"n\":50,\"min\":2,\"p50\":12,\"p90\":30,\"p99\":95,"
			  "\"max\":300,\"exits_per_op\":1.5,\"overhead\":6,\"note\":\"noisy\","
			  "\"quantiles\":[2,12,300]"));
	feed(&s, MEASURED("\"value\":11,\"n\":50,\"min\":6,\"p50\":11,\"p90\":10,\"p99\":99,"
			  "\"max\":200,\"exits_per_op\":2,\"overhead\":5,\"note\":\"other\","
			  "\"quantiles\":[6,11,200]"));
	check(run.n_measurements == 1 && !run.bad_lines, "replicates of one name are one measurement");
	m = run.measurements[0];
	measurement_aggregate(m);
	check(m->n_replicates == 3 && near(m->replicates[0], 10) && near(m->replicates[2], 11),
	      "the medians of the replicates, in order");
	check(m->n == 200, "samples are added up");
	check(near(m->figures[FIG_MIN], 2) && near(m->figures[FIG_MAX], 300), "minimum and maximum of all replicates");
	check(near(m->figures[FIG_P50], 11) && near(m->figures[FIG_P90], 20) &&
	      near(m->figures[FIG_P99], 95), "medians of quantiles");
	check(near(m->overhead, 5) && near(m->exits_per_op, 1.5),
	      "median overhead, mean number of exits");
	check(m->notes.n == 2, "each note once");
	check(m->n_quantiles == 3 && near(m->quantiles[0], 5) && near(m->quantiles[2], 200),
	      "median of each quantile");
	feed(&s, "{\"event\":\"measurement\",\"name\":\"v\",\"unit\":\"ns\",\"value\":7}");
	feed(&s, "{\"event\":\"measurement\",\"name\":\"v\",\"unit\":\"ns\",\"value\":9}");
	m = run.measurements[1];
	measurement_aggregate(m);
	check(near(m->figures[FIG_MIN], 7) && near(m->figures[FIG_MAX], 9) && m->n == 2 &&
	      near(m->figures[FIG_P50], 7) && isnan(m->figures[FIG_P99]) &&
	      isnan(m->exits_per_op), "single numbers have minimum and maximum, but no p99");
	feed(&s, MEASURED("\"value\":null"));
	check(run.bad_lines == 1, "a measurement without a number is a bad line");
	run_free(&run);
}

static void test_bad_lines(void)
{
	static const char *const bad[] = {
		"garbage", "[1]", "{}", "{\"event\":7}", "{\"event\":\"end\"}",
		"{\"event\":\"output\",\"name\":\"p.a\",\"text\":5}",
		"{\"event\":\"run\",\"stream\":1,\"plan\":[]}", "{\"event\":\"sta",
	};
	struct run run = { 0 };
	struct stream s = { .run = &run };
	size_t i;

	feed(&s, "{\"event\":\"start\",\"name\":\"p.a\"}");
	check(run.bad_lines == 1 && !run.n_items, "events before the run event are invalid");
	feed(&s, "{\"event\":\"run\",\"stream\":1,\"seed\":18446744073709551615,"
	     "\"plan\":[{\"kind\":\"test\",\"name\":\"p.a\"}]}");
	check(run.bad_lines == 1 && run.planned == 1, "a seed of 64 bits");
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		feed(&s, bad[i]);
	check(run.bad_lines == 1 + i, "invalid lines are counted");
	feed(&s, "");
	feed(&s, "{\"event\":\"news\"}\r");
	check(run.bad_lines == 1 + i, "unknown events and empty lines are not invalid");
	feed(&s, "{\"event\":\"output\",\"name\":\"p.a\",\"text\":\"\xff\x01\\u0000\"}");
	check(run.bad_lines == 1 + i && run.items[0]->current.len == 4,
	      "invalid bytes in a text are replaced");
	feed(&s, "{\"event\":\"end\",\"name\":\"p.a\",\"status\":\"great\"}");
	check(run.items[0]->status == ST_ERROR, "an unknown status is an error");
	run_free(&run);
}

/* The verdict on a run with these results; "start": no end event, "none": not run. */
static enum exit_code verdict_of(bool complete, const char *const *status)
{
	struct run run = { .complete = complete };
	enum exit_code code;
	struct run_item *it;
	char name[16];
	int i;

	run.meta = json_object();
	for (i = 0; status[i]; i++) {
		snprintf(name, sizeof(name), "p.t%d", i);
		it = run_add_item(&run, name);
		it->planned = 1;
		if (!strcmp(status[i], "start"))
			it->running = true;
		else if (strcmp(status[i], "none"))
			run_end(&run, it, status_parse(status[i]), "", 0);
	}
	run_finish(&run);
	code = run_verdict(&run);
	run_free(&run);
	return code;
}

/* Files that tests record must not leave the log folder. */
static void test_files(void)
{
	static const struct {
		const char *name;
		enum event_kind kind;
	} rows[] = {
		{ "model_random.default_vm.replay", EV_FILE }, { "", EV_NONE }, { "..", EV_NONE },
		{ ".hidden", EV_NONE }, { "../results.json", EV_NONE }, { "a/b", EV_NONE },
		{ "a b", EV_NONE },
	};
	struct run run = { 0 };
	struct stream s = { .run = &run };
	struct event e;
	char line[256];
	size_t i;

	feed(&s, "{\"event\":\"run\",\"stream\":1,\"plan\":[{\"kind\":\"test\",\"name\":\"p.a\"}]}");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		snprintf(line, sizeof(line), "{\"event\":\"file\",\"name\":\"%s\",\"text\":\"x\"}",
			 rows[i].name);
		stream_line(&s, line, strlen(line), &e);
		check(e.kind == rows[i].kind && (e.kind == EV_NONE || !strcmp(e.text, "x")),
		      "a file name must not lead out of the log folder");
		event_release(&e);
	}
	run_free(&run);
}

static void test_verdicts(void)
{
	static const struct {
		const char *what, *status[4];
		bool complete;
		enum exit_code code;
	} cases[] = {
		{ "passes and skips pass", { "pass", "skip" }, true, EXIT_PASSED },
		{ "an expected failure passes", { "xfail" }, true, EXIT_PASSED },
		{ "a failure fails", { "pass", "fail" }, true, EXIT_FAILED },
		{ "a timeout fails", { "pass", "timeout" }, true, EXIT_FAILED },
		{ "an error fails", { "error", "skip" }, true, EXIT_FAILED },
		{ "only skips: nothing ran", { "skip", "skip" }, true, EXIT_NOTHING },
		{ "no tests: nothing ran", { NULL }, true, EXIT_NOTHING },
		{ "a planned test that did not run fails", { "pass", "none" }, true, EXIT_FAILED },
		{ "a test without an end fails", { "pass", "start" }, true, EXIT_FAILED },
		{ "a run that was cut short is incomplete", { "pass", "none" }, false, EXIT_BROKEN },
		{ "also if it was cut short during a test", { "pass", "start" }, false, EXIT_BROKEN },
		{ "but an earlier failure counts", { "fail", "none" }, false, EXIT_FAILED },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++)
		check(verdict_of(cases[i].complete, cases[i].status) == cases[i].code,
		      cases[i].what);
}

static void test_replicates(void)
{
	struct run run = { 0 };
	struct run_item *it;

	run.meta = json_object();
	it = run_add_item(&run, "b.x");
	it->bench = true;
	it->planned = 3;
	run_end(&run, it, ST_PASS, "", 1);
	check(!it->finished, "a benchmark is not finished after its first replicate");
	run_end(&run, it, ST_FAIL, "second", 1);
	run_end(&run, it, ST_SKIP, "third", 1);
	check(it->finished && it->status == ST_FAIL && !strcmp(it->reason, "second") &&
	      near(it->duration_s, 3), "the worst replicate counts, durations are added");
	it = run_add_item(&run, "b.y");
	it->planned = 3;
	run_end(&run, it, ST_PASS, "", 1);
	run_finish(&run);
	check(it->finished && it->cut && it->status == ST_ERROR,
	      "a benchmark that was cut short has not passed");
	run_free(&run);
}

/* Write, load and write results.json: both texts must be the same. */
static void test_round_trip(void)
{
	char dir[] = "/tmp/kvmem-report-XXXXXX", *path, *text, *again;
	struct run run = { 0 }, loaded = { 0 };
	struct stream s = { .run = &run };
	size_t len, again_len = 0;
	FILE *f;

	feed(&s, "{\"event\":\"run\",\"stream\":1,\"id\":\"x\",\"seed\":1,\"kernel\":{\"release\":\"6.1\"},\"plan\":["
	     "{\"kind\":\"test\",\"name\":\"p.a\",\"behaviours\":[\"A1\"]},"
	     "{\"kind\":\"bench\",\"name\":\"b.m\",\"replicates\":2}]}");
	feed(&s, "{\"event\":\"start\",\"name\":\"p.a\"}");
	feed(&s, "{\"event\":\"observation\",\"name\":\"o\",\"behaviour\":\"A20\",\"value\":\"\\u00e9\"}");
	feed(&s, "{\"event\":\"end\",\"name\":\"p.a\",\"status\":\"fail\","
	     "\"reason\":\"\\\"q\\\"\",\"duration_s\":0.25}");
	feed(&s, "{\"event\":\"start\",\"name\":\"b.m\",\"replicate\":1}");
	feed(&s, MEASURED("\"value\":1.0256,\"n\":3,\"quantiles\":[1,2,3]"));
	run_finish(&run);
	text = results_text(&run, &len);
	path = mkdtemp(dir) ? xprintf("%s/results.json", dir) : xstrdup("/nonexistent");
	f = fopen(path, "w");
	if (f) {
		fwrite(text, 1, len, f);
		fclose(f);
	}
	again = results_load(&loaded, dir) ? results_text(&loaded, &again_len) : xstrdup("");
	check_text(again, text, "results.json is the same after loading it");
	check(run_verdict(&loaded) == run_verdict(&run), "and has the same verdict");
	remove(path);
	remove(dir);
	free(path);
	free(text);
	run_free(&run);
	run_free(&loaded);
}

int main(void)
{
	test_version_ranges();
	test_known_issues();
	test_text();
	test_tail();
	test_ktap_lines();
	test_medians();
	test_aggregation();
	test_bad_lines();
	test_files();
	test_verdicts();
	test_replicates();
	test_round_trip();
	test_stats();
	test_rules();
	test_valid();
	test_judge();
	test_export();
	test_html();
	printf("1..%u\n", count);
	return failed ? 1 : 0;
}
