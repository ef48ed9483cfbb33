/* SPDX-License-Identifier: MIT */
/* errno numbers by name, as files have them. Unknown ones are spelt "E<decimal>". */
#ifndef STEADY_ERRNO_NAME_H
#define STEADY_ERRNO_NAME_H

#include <stddef.h>
#include <stdint.h>

#define STEADY_ERRNO_MAX  4095 /* MAX_ERRNO of include/linux/err.h */
#define STEADY_ERRNO_NAME 24

/* NULL if it is no errno that a file can hold (1 to 4095); else out. */
const char *steady_errno_name(int32_t error, char out[STEADY_ERRNO_NAME]);
/* 0: none of that name */
int32_t steady_errno_by_name(const char *name, size_t length);

#endif
