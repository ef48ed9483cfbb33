/* SPDX-License-Identifier: MIT */
/* Which errors of a call are answers, and which are failures (data/errnos.tsv). */
#include "arch/arch.h"

static const struct steady_errno_row *find(uint32_t op, int error)
{
	for (unsigned int i = 0; i < steady_errno_count; i++) {
		const struct steady_errno_row *row = &steady_errnos[i];

		if (row->op == op && (row->error == error || row->error == -error))
			return row;
	}
	return NULL;
}

enum steady_answer steady_answer_of(uint32_t op, int error)
{
	const struct steady_errno_row *row = find(op, error);

	return row ? (enum steady_answer)row->answer : STEADY_ANSWER_FAILURE;
}

const char *steady_answer_says(uint32_t op, int error)
{
	const struct steady_errno_row *row = find(op, error);

	return row ? row->says : NULL;
}
