/* SPDX-License-Identifier: GPL-2.0-only */
/* The subcommands: argv[0] is the subcommand's name, the return value the exit code. */
#ifndef KVMEM_REPORT_COMMANDS_H
#define KVMEM_REPORT_COMMANDS_H

int cmd_bisect(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_coverage(int argc, char **argv);
int cmd_export(int argc, char **argv);
int cmd_gate(int argc, char **argv);
int cmd_known(int argc, char **argv);
int cmd_matrix(int argc, char **argv);
int cmd_mutation(int argc, char **argv);
int cmd_proof(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_settings(int argc, char **argv);
int cmd_show(int argc, char **argv);

#endif /* KVMEM_REPORT_COMMANDS_H */
