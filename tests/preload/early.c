/* SPDX-License-Identifier: MIT */
/* A library that a VMM needs: its constructor runs before those of what is preloaded (ld.so(8)). */
#include "early.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "host/uapi.h"

int early_kvm = -1, early_vm = -1;

__attribute__((constructor)) static void early(void)
{
	if (!getenv("VMM_EARLY"))
		return;
	early_kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	early_vm = ioctl(early_kvm, STEADY_CREATE_VM, 0);
}
