/* SPDX-License-Identifier: MIT */
/*
 * Logs of calls, and making them again. A log is text, a call a line with its result, as
 * steady_record_call() writes it; `#` starts a comment. Numbers are bare hexadecimal.
 */
#ifndef STEADY_REPLAY_H
#define STEADY_REPLAY_H

#include <steadyarm/steadyarm.h>

#include "base/text.h"

#define STEADY_LOG_WORDS 192 /* the longest list in a line: a range of writable masks */

/* One line of a log. */
struct steady_log_call {
	struct steady_call call; /* as it is to be made; list and its room are the maker's */
	int result;              /* what it gave: 0 or a negative errno */
	bool has_value;          /* value, count and list below were given */
	uint64_t value[8];       /* of GET and CHECK */
	uint32_t count;          /* of REG_LIST, and of what is in list */
	uint64_t list[STEADY_LOG_WORDS];
};

/*
 * Parses one line (without its line feed). Returns 1 for a call, 0 for a line without one, EINPUT
 * for anything else, reported with this line's number.
 */
int steady_log_parse(const char *line, size_t length, uint32_t number, struct steady_log_call *out,
		     struct steady_report *report);

/* A log that is being made again, line by line. */
struct steady_replay {
	steady_call_fn *call;
	void *ctx;
	const char *file;     /* the log's name in messages; may be NULL */
	uint64_t calls;       /* made so far */
	uint64_t differences;
	uint32_t line;
	uint64_t *room;       /* for register lists; freed by steady_replay_clear() */
	/* Called for every call whose result differs, with what it gave here; may be NULL. */
	void (*differs)(void *differs_ctx, uint32_t line, const struct steady_log_call *logged,
			const struct steady_call *made, int result);
	void *differs_ctx;
};
/* The next line. 0; EINPUT for a bad line; ENOMEM. */
int steady_replay_line(struct steady_replay *replay, const char *line, size_t length,
		       struct steady_report *report);
void steady_replay_clear(struct steady_replay *replay);

/* The logged call's own result, as the log has it. */
void steady_log_result_print(struct steady_text *out, const struct steady_log_call *logged);

#endif
