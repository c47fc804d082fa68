/* SPDX-License-Identifier: GPL-2.0-only */
/* A timer that kicks every vCPU of the process out of KVM_RUN when a list hangs. */
#ifndef KVMEM_GUEST_WATCHDOG_H
#define KVMEM_GUEST_WATCHDOG_H

#include <stdbool.h>

struct vcpu;

/** watchdog_add - add a vCPU; fails the test when there are too many */
void watchdog_add(struct vcpu *v);

/** watchdog_remove - remove a vCPU */
void watchdog_remove(struct vcpu *v);

/** watchdog_begin - a list starts: arm the timer unless it is armed for another list */
void watchdog_begin(void);

/** watchdog_end - a list has finished: disarm the timer after the last one */
void watchdog_end(void);

/** watchdog_set - arm the timer for @ms milliseconds, 0 disarms */
void watchdog_set(unsigned int ms);

/** watchdog_fired - whether the timer has expired since the last reset */
bool watchdog_fired(void);

/** watchdog_reset - clear watchdog_fired() */
void watchdog_reset(void);

#endif /* KVMEM_GUEST_WATCHDOG_H */
