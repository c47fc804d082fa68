/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The event stream: the contract between the test programs, the runner
 * (kvmem-run) and the recorder (kvmem-report record).
 *
 * An event is one JSON object on one line.  Its first member is "event"; the
 * others follow in the order listed below, without blanks between tokens, for
 * the readers that have no JSON parser (lib/sh, perf.c).  Readers ignore events
 * and members that they do not know.  Every event and member name is defined
 * here and nowhere else; tests/check/static.sh checks the C sources, and that
 * the shell scripts use no name that is missing here.
 *
 * Programs write to the descriptor named by EVENTS_FD_ENV, and the runner passes
 * those lines on to its standard output, unchanged, between its own events.  In a
 * lab, lib/lab/init writes to the same stream before and after the runner, and
 * lib/sh ends what a crashed machine left open.
 *
 * event	 member		 type	 content
 *
 * run		 first event of the runner; sent again by each machine of a run
 *		 stream		 integer EVENTS_VERSION; checked by the recorder
 *		 id		 string	 UTC time and kernel release
 *		 started	 string	 UTC time, ISO 8601
 *		 profile	 string	 "quick", "full" or "stress"
 *		 seed		 integer 64 bits, unsigned
 *		 where		 string	 "host" or "lab"
 *		 exact		 bool	 costs are counted in instructions
 *		 uapi		 string	 optional: numbers of the proposed interfaces
 *		 suite		 string	 optional: hash of the benchmark programs
 *		 planted	 string	 optional: artificial cost of each exit
 *		 kernel		 object	 release, version, machine, cmdline, config_hash: strings;
 *					 taint: integer
 *		 backend	 string	 arch_backend()
 *		 cpu		 object	 model, microcode, clocksource: strings;
 *					 cpus, tsc_khz: integers
 *		 modules	 object	 "MODULE.PARAMETER": string
 *		 mitigations	 object	 file name below sysfs' vulnerabilities: string
 *		 lab		 object	 optional: the notes of --note, strings
 *		 plan		 array	 of objects, in the order of execution:
 *					 kind: "test" or "bench"; name: string;
 *					 behaviours: array of strings;
 *					 replicates: integer, benchmarks only;
 *					 elsewhere: true if another machine runs it
 * start	 runner: an item begins to run
 *		 name		 string	 of the item
 *		 replicate	 integer benchmarks only, from 0
 * output	 runner, lib/sh: standard output and error of the item
 *		 name		 string
 *		 text		 string	 any number of lines, may end within one
 * end		 runner, lib/sh: an item, or one replicate of it, has ended
 *		 name		 string
 *		 replicate	 integer benchmarks only
 *		 status		 string	 VERDICT_*
 *		 reason		 string	 empty if passed
 *		 duration_s	 number
 *		 last		 bool	 true: no further replicate follows
 * omit		 runner: the profile leaves out this variant; no start, no end
 *		 name		 string
 * klog		 runner: one line of the kernel log
 *		 text		 string
 * done		 runner, lib/sh: last event
 *		 complete	 bool
 * observation	 program, runner: behaviour that is recorded but not judged
 *		 behaviour	 string	 ID in tests/BEHAVIOURS.md; not from the runner
 *		 name		 string
 *		 value		 string	 or bool, from the runner
 * measurement	 program: one figure of one fresh VM
 *		 name		 string
 *		 unit		 string	 "cycles", "ns", "instructions", "bytes", "count", ...
 *		 behaviour	 string	 optional
 *		 exact		 bool	 same value on every run
 *		 value		 number	 median
 *		 n		 integer number of samples
 *		 overhead	 number	 optional, same unit: the guest's loop
 *		 userspace	 number	 optional, same unit: userspace's part of an exit
 *		 touched	 integer optional: discarded samples
 *		 exits_per_op	 number	 optional
 *		 note		 string	 optional
 *		 param		 object	 optional: the number in its name, NAME: integer
 *		 min p50 p90 p99 max  number	optional: distribution
 *		 quantiles	 array	 optional: 51 numbers, every second percentile
 * exits	 program: read by kvmem-run --perf, ignored by the recorder
 *		 n		 integer exits of the process by KVM's statistics
 *		 vcpus		 integer vCPUs of the process
 * file		 program: text to keep in the run's log folder
 *		 name		 string	 lower case, digits, dots, underscores
 *		 text		 string
 * lab		 lib/lab/init, lib/sh: read by lib/sh, ignored by the recorder
 *		 at		 string	 "start", "end", "failed" or "off"
 *		 code		 integer with "end": exit code of the command
 *		 why		 string	 with "failed": "parameter", "kvm", "cpu", ...
 *		 reason		 string	 with "failed"
 *		 boot, rc	 integer with "off": number of the boot, exit code of QEMU
 */
#ifndef KVMEM_UTIL_EVENTS_H
#define KVMEM_UTIL_EVENTS_H

/* To be raised when a reader of the previous version would misread an event. */
#define EVENTS_VERSION		1

/* Environment variable: the descriptor for the events of a program. */
#define EVENTS_FD_ENV		"KVMEM_RECORD"

#define FIELD_EVENT		"event"

#define EVENT_RUN		"run"
#define EVENT_START		"start"
#define EVENT_OUTPUT		"output"
#define EVENT_END		"end"
#define EVENT_OMIT		"omit"
#define EVENT_KLOG		"klog"
#define EVENT_DONE		"done"
#define EVENT_OBSERVATION	"observation"
#define EVENT_MEASUREMENT	"measurement"
#define EVENT_EXITS		"exits"
#define EVENT_FILE		"file"
#define EVENT_LAB		"lab"

/* Members of several events. */
#define FIELD_NAME		"name"
#define FIELD_TEXT		"text"
#define FIELD_VALUE		"value"
#define FIELD_BEHAVIOUR		"behaviour"
#define FIELD_EXACT		"exact"
#define FIELD_N			"n"
#define FIELD_REASON		"reason"
#define FIELD_REPLICATE		"replicate"

/* run */
#define FIELD_STREAM		"stream"
#define FIELD_ID		"id"
#define FIELD_STARTED		"started"
#define FIELD_PROFILE		"profile"
#define FIELD_SEED		"seed"
#define FIELD_WHERE		"where"
#define FIELD_UAPI		"uapi"
#define FIELD_SUITE		"suite"
#define FIELD_PLANTED		"planted"
#define FIELD_KERNEL		"kernel"
#define FIELD_RELEASE		"release"
#define FIELD_VERSION		"version"
#define FIELD_MACHINE		"machine"
#define FIELD_CMDLINE		"cmdline"
#define FIELD_CONFIG_HASH	"config_hash"
#define FIELD_TAINT		"taint"
#define FIELD_BACKEND		"backend"
#define FIELD_CPU		"cpu"
#define FIELD_MODEL		"model"
#define FIELD_MICROCODE		"microcode"
#define FIELD_CPUS		"cpus"
#define FIELD_CLOCKSOURCE	"clocksource"
#define FIELD_TSC_KHZ		"tsc_khz"
#define FIELD_MODULES		"modules"
#define FIELD_MITIGATIONS	"mitigations"
#define FIELD_LAB		"lab"
#define FIELD_PLAN		"plan"
#define FIELD_KIND		"kind"
#define FIELD_BEHAVIOURS	"behaviours"
#define FIELD_REPLICATES	"replicates"
#define FIELD_ELSEWHERE		"elsewhere"

#define KIND_TEST		"test"
#define KIND_BENCH		"bench"
#define WHERE_HOST		"host"
#define WHERE_LAB		"lab"
#define PROFILE_NAME_QUICK	"quick"

/* end */
#define FIELD_STATUS		"status"
#define FIELD_DURATION		"duration_s"
#define FIELD_LAST		"last"

#define VERDICT_PASS		"pass"
#define VERDICT_FAIL		"fail"
#define VERDICT_SKIP		"skip"
#define VERDICT_XFAIL		"xfail"
#define VERDICT_TIMEOUT		"timeout"
#define VERDICT_ERROR		"error"

/* observation of the runner about a seeded bug */
#define OBSERVED_BY_RANDOM	"found_by_random_test"

/* done */
#define FIELD_COMPLETE		"complete"

/* measurement */
#define FIELD_UNIT		"unit"
#define FIELD_OVERHEAD		"overhead"
#define FIELD_USERSPACE		"userspace"
#define FIELD_TOUCHED		"touched"
#define FIELD_EXITS_PER_OP	"exits_per_op"
#define FIELD_PARAM		"param"
#define FIELD_NOTE		"note"
#define FIELD_MIN		"min"
#define FIELD_P50		"p50"
#define FIELD_P90		"p90"
#define FIELD_P99		"p99"
#define FIELD_MAX		"max"
#define FIELD_QUANTILES		"quantiles"

/* exits */
#define FIELD_VCPUS		"vcpus"

/* lab: written and read by shell scripts only */
#define FIELD_AT		"at"
#define FIELD_CODE		"code"
#define FIELD_WHY		"why"
#define FIELD_BOOT		"boot"
#define FIELD_RC		"rc"

#endif /* KVMEM_UTIL_EVENTS_H */
