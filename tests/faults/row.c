/* SPDX-License-Identifier: MIT */
#include "row.h"

#include <errno.h>

#include "arch/arch.h"

int fault_next_errno(uint32_t op, unsigned int *state)
{
	static const int others[] = {EIO, ENOMEM, EINTR, EFAULT, EPERM};
	const unsigned int count = sizeof(others) / sizeof(others[0]);

	while (*state < steady_errno_count) {
		const struct steady_errno_row *row = &steady_errnos[(*state)++];

		if (row->op == op)
			return row->error;
	}
	while (*state < steady_errno_count + count) {
		int error = others[(*state)++ - steady_errno_count];

		if (!steady_answer_says(op, error))
			return error;
	}
	return 0;
}
