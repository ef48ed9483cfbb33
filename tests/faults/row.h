/* SPDX-License-Identifier: MIT */
/* What a call is made to fail with. */
#ifndef FAULTS_ROW_H
#define FAULTS_ROW_H

#include <stdint.h>

/*
 * The next errno to try for an operation, or 0; *state starts as 0. First those that
 * data/errnos.tsv has for it, then some that it has not, which are failures of any call.
 */
int fault_next_errno(uint32_t op, unsigned int *state);

#endif
