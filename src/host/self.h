/* SPDX-License-Identifier: MIT */
/*
 * What a program sees of the CPU that it runs on: Linux answers MRS of the feature ID registers from
 * EL0 (Documentation/arch/arm64/cpu-feature-registers.rst). Needs no privilege and no KVM.
 */
#ifndef STEADY_SELF_H
#define STEADY_SELF_H

#include "arch/arch.h"

/*
 * MIDR_EL1 and the AArch64 ID registers. 0, or a negative errno: ENOEXEC, this is no arm64
 * machine; ENOSYS, the kernel does not answer (HWCAP_CPUID).
 */
int steady_self_read(struct steady_view *view);

#endif
