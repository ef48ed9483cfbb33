/* SPDX-License-Identifier: MIT */
/*
 * Wrappers around a call function: each is a call function itself, with its struct as context.
 */
#ifndef STEADY_WRAP_H
#define STEADY_WRAP_H

#include <steadyarm/steadyarm.h>

#include "base/text.h"

#define STEADY_OPS (STEADY_OP_PMU_COUNTERS + 1)

/* The name of an operation in a log: "create-vm". NULL for none. */
const char *steady_op_name(uint32_t op);
/* A call as a log has it, without its result: "set 0 603000000013c020 0000000000000011". */
void steady_op_print(struct steady_text *out, const struct steady_call *call);
/* What comes after " = " in a log: "0", "EINVAL", "0 0000000000000011". */
void steady_result_print(struct steady_text *out, const struct steady_call *call, int result);

/* Counts calls by operation. */
struct steady_count {
	steady_call_fn *next;
	void *ctx;
	uint64_t calls[STEADY_OPS];
	uint64_t total;
};
int steady_count_call(void *count, struct steady_call *call);

/* Writes a line a call, as `steadyarm replay` reads them. */
struct steady_record {
	steady_call_fn *next;
	void *ctx;
	struct steady_text *log;
};
int steady_record_call(void *record, struct steady_call *call);

/* Makes every call on two hosts and gives the first one's results. */
struct steady_both {
	steady_call_fn *next;
	void *ctx;
	steady_call_fn *other;
	void *other_ctx;
	uint64_t *room;      /* other's lists, of room_words; the caller's */
	uint32_t room_words;
	/* Called when the results differ. */
	void (*differs)(void *differs_ctx, const struct steady_call *call, int result,
			const struct steady_call *others, int others_result);
	void *differs_ctx;
	uint64_t differences;
};
int steady_both_call(void *compare, struct steady_call *call);
/* Whether two hosts answered a call alike; the order of a register list does not count. */
bool steady_same_answer(const struct steady_call *a, int a_result, const struct steady_call *b,
			int b_result);

/* Lets the k-th call (from 1) fail with -error and never reach the host; 0: none. */
struct steady_fail {
	steady_call_fn *next;
	void *ctx;
	uint64_t k;
	int error;
	bool lasting;  /* and every call after it */
	uint64_t seen;
};
int steady_fail_call(void *fail, struct steady_call *call);

/* Keeps every SET with its result. */
struct steady_write {
	uint32_t vcpu;
	int error;         /* 0, or the positive errno */
	uint64_t id;
	uint64_t value[8];
};
struct steady_writes {
	steady_call_fn *next;
	void *ctx;
	struct steady_write *items; /* to be freed by free() */
	size_t count, room;
	uint64_t calls;             /* of any kind */
};
int steady_writes_call(void *writes, struct steady_call *call);

#endif
