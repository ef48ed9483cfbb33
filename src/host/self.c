/* SPDX-License-Identifier: MIT */
#include "host/self.h"

#include <errno.h>
#include <string.h>

#ifdef __aarch64__
#include <sys/auxv.h>

#define CPUID (1ul << 11) /* HWCAP_CPUID (arch/arm64/include/uapi/asm/hwcap.h) */

/* An MRS names its register in itself, so there is one for each. */
#define READ(crm, op2)                                                                             \
	do {                                                                                       \
		uint64_t value;                                                                    \
                                                                                                   \
		__asm__ volatile("mrs %0, S3_0_C0_C" #crm "_" #op2 : "=r"(value));                 \
		view->value[(crm) << 3 | (op2)] = value;                                           \
		view->known[(crm) << 3 | (op2)] = true;                                            \
	} while (0)
#define READ_ROW(crm)                                                                              \
	do {                                                                                       \
		READ(crm, 0);                                                                      \
		READ(crm, 1);                                                                      \
		READ(crm, 2);                                                                      \
		READ(crm, 3);                                                                      \
		READ(crm, 4);                                                                      \
		READ(crm, 5);                                                                      \
		READ(crm, 6);                                                                      \
		READ(crm, 7);                                                                      \
	} while (0)

int steady_self_read(struct steady_view *view)
{
	if (!(getauxval(AT_HWCAP) & CPUID))
		return -ENOSYS;
	memset(view, 0, sizeof(*view));
	READ(0, 0); /* MIDR_EL1 */
	READ_ROW(4);
	READ_ROW(5);
	READ_ROW(6);
	READ_ROW(7);
	return 0;
}
#else
int steady_self_read(struct steady_view *view)
{
	(void)view;
	return -ENOEXEC;
}
#endif
