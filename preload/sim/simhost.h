/* SPDX-License-Identifier: MIT */
/*
 * A /dev/kvm for tests on any machine: the simulated host of a profile behind KVM's own ABI.
 * interpose.c has the symbols that a program calls, device.c answers requests.
 *
 * What is not simulated answers ENOTTY and is named in the log, never a made-up success.
 */
#ifndef STEADY_SIMHOST_H
#define STEADY_SIMHOST_H

#include <stdbool.h>
#include <stdint.h>

/* Whether a path is the one that this library stands in for. */
bool simhost_is_device(const char *path);
/* Which profile it is; NULL: none. What is open of the one before must be closed. Said if not. */
bool simhost_load(const char *path);
/* A new descriptor of the device, or -1 with errno. */
int simhost_open(int flags);
/* Whether a descriptor is one of ours. */
bool simhost_owns(int fd);
/* As ioctl(2). */
long simhost_ioctl(int fd, unsigned int request, void *argument);
/* A descriptor of ours is about to be closed. */
void simhost_close(int fd);

#endif
