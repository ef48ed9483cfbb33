/* SPDX-License-Identifier: MIT */
/*
 * A /dev/kvm for tests on any machine: the simulated host of a profile behind KVM's own ABI.
 * interpose.c has the symbols that a program calls, device.c, vm.c, vcpu.c and gic.c answer
 * requests, memory.c keeps memory slots, object.c knows which descriptors are ours, say.c speaks.
 *
 * What is not simulated answers ENOTTY or ENOSYS and is named in the log, never a made-up success.
 */
#ifndef STEADY_SIMHOST_H
#define STEADY_SIMHOST_H

#include <stdbool.h>
#include <stdint.h>

/* Linux's Documentation/admin-guide/devices.txt: misc, KVM_MINOR */
#define SIMHOST_DEVICE_MAJOR 10
#define SIMHOST_DEVICE_MINOR 232

/*
 * Whether a path, from a folder's descriptor or AT_FDCWD on, is the one that this library stands in
 * for; `follow`: or a link to it.
 */
bool simhost_is_device(int at, const char *path, bool follow);
/* The program installs a filter of system calls: none is made from here on that can be spared. */
void simhost_copy_plainly(void);
bool simhost_copies_plainly(void);
/*
 * Which profile it is, and where to log beside standard error ($STEADYARM_LOG); NULL: none. What is
 * open of the profile before must be closed. Said if it cannot be had.
 */
bool simhost_load(const char *path);
/*
 * What the profile's host passes through to guests ("CNTFRQ_EL0"), for the library that pins, which
 * looks this symbol up. False: the profile does not say.
 */
__attribute__((visibility("default"))) bool steadyarm_simulated(const char *name, uint64_t *value);
/* A new descriptor of the device, as open(2) with these flags, or -1 with errno. */
int simhost_open(int flags);
/* Whether a descriptor is one of ours: also a duplicate, or one that another process opened. */
bool simhost_owns(int fd);
/* Whether it is /dev/kvm itself. */
bool simhost_is_open_device(int fd);
/* As ioctl(2). */
long simhost_ioctl(int fd, unsigned int request, void *argument);

#endif
