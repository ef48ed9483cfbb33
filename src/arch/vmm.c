/* SPDX-License-Identifier: MIT */
#include "arch/vmm.h"

#include <string.h>

const struct steady_vmm *steady_vmm_by_name(const char *name)
{
	for (unsigned int i = 0; i < steady_vmm_count; i++) {
		if (strcmp(steady_vmms[i].name, name) == 0)
			return &steady_vmms[i];
	}
	return NULL;
}
