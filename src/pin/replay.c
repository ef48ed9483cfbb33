/* SPDX-License-Identifier: MIT */
#include "pin/replay.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/errno_name.h"
#include "base/report.h"
#include "host/wrap.h"

#define LIST_ROOM   65536 /* words; kernels list 250 to 700 registers */
#define VALUE_DIGITS 128  /* of a register of 512 bits, the widest that a call holds */
#define WORD_DIGITS  8    /* of 32 bits */
#define ACTION_DIGITS 2   /* of struct kvm_smccc_filter's action */

/* ---- words of a line ---- */

struct word {
	const char *at;
	size_t length; /* 0: the line has ended */
};

struct line {
	const char *at, *end;
	uint32_t number;
	struct steady_report *report;
};

static bool blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct word next(struct line *l)
{
	struct word w;

	while (l->at < l->end && blank(*l->at))
		l->at++;
	w.at = l->at;
	while (l->at < l->end && !blank(*l->at))
		l->at++;
	w.length = (size_t)(l->at - w.at);
	return w;
}

static bool is(struct word w, const char *text)
{
	return w.length == strlen(text) && memcmp(w.at, text, w.length) == 0;
}

static int refuse_as(const struct line *l, struct word w, const char *is_not, const char *what)
{
	steady_report_add(l->report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_place(l->report, l->number, 0);
	if (w.length)
		steady_report_reason(l->report, "'%.*s' is %s%s",
				     (int)(w.length > 40 ? 40 : w.length), w.at, is_not, what);
	else
		steady_report_reason(l->report, "the line ends where there should be %s", what);
	return -STEADY_EINPUT;
}

/* A word that is not what should stand there, or none. */
static int refuse(const struct line *l, struct word w, const char *what)
{
	return refuse_as(l, w, "not ", what);
}

/* A word where there should be none. */
static int refuse_more(const struct line *l, struct word w, const char *what)
{
	return refuse_as(l, w, "", what);
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Up to `digits` hexadecimal digits into words, least significant first. */
static bool hex(struct word w, size_t digits, uint64_t *out)
{
	if (!w.length || w.length > digits)
		return false;
	for (size_t i = 0; i < w.length; i++) {
		int d = digit(w.at[w.length - 1 - i]);

		if (d < 0)
			return false;
		if (i % 16 == 0)
			out[i / 16] = 0;
		out[i / 16] |= (uint64_t)d << (i % 16 * 4);
	}
	return true;
}

static int number(struct line *l, size_t digits, uint64_t *out, const char *what)
{
	struct word w = next(l);

	return hex(w, digits, out) ? 0 : refuse(l, w, what);
}

/* ---- a line ---- */

/* Which of a call's members stand before the "=". */
enum argument { VCPU = 1, ID = 2, WORD = 4, VALUE = 8, RANGE = 16 };

/* WORD: an id of 32 bits, as the member of the kernel's structure has (uapi linux/kvm.h). */
static const uint8_t arguments[STEADY_OPS] = {
	[STEADY_OP_CREATE_VM] = ID,       [STEADY_OP_CREATE_VCPU] = VCPU,
	[STEADY_OP_INIT] = VCPU | WORD,   [STEADY_OP_FINALIZE] = VCPU | WORD,
	[STEADY_OP_GET] = VCPU | ID,      [STEADY_OP_SET] = VCPU | ID | VALUE,
	[STEADY_OP_REG_LIST] = VCPU,      [STEADY_OP_MASKS] = WORD,
	[STEADY_OP_CHECK] = ID,           [STEADY_OP_ENABLE_CAP] = WORD,
	[STEADY_OP_CREATE_GIC] = WORD,    [STEADY_OP_INIT_GIC] = 0,
	[STEADY_OP_PMU_INIT] = VCPU,      [STEADY_OP_RUN] = VCPU,
	[STEADY_OP_SMCCC_FILTER] = WORD | RANGE, [STEADY_OP_PMU_COUNTERS] = VCPU | WORD,
};

/* Of a register of 2^n bytes; n is part of its id. */
static size_t value_digits(uint64_t id)
{
	return (size_t)2 << (id >> 52 & 0xf);
}

/* Of a register that is wider than struct steady_call no value can be given, or compared. */
static int value(struct line *l, struct word w, uint64_t id, uint64_t *out)
{
	size_t digits = value_digits(id);

	if (digits <= VALUE_DIGITS)
		return hex(w, digits, out) ? 0
					   : refuse(l, w, "a value of no more digits than the "
							  "register has, in bare hexadecimal");
	steady_report_add(l->report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_place(l->report, l->number, 0);
	steady_report_reason(l->report,
			     "the register %#" PRIx64 " has %zu bits; a log holds the values of "
			     "registers of up to %d bits",
			     id, digits * 4, VALUE_DIGITS * 4);
	return -STEADY_EINPUT;
}

static int parse_call(struct line *l, struct word name, struct steady_call *c)
{
	uint64_t vcpu = 0;
	int r = 0;

	memset(c, 0, sizeof(*c));
	c->size = sizeof(*c);
	for (uint32_t op = STEADY_OP_CREATE_VM; op < STEADY_OPS && !c->op; op++) {
		if (is(name, steady_op_name(op)))
			c->op = op;
	}
	if (!c->op)
		return refuse(l, name, "an operation");
	if (arguments[c->op] & VCPU)
		r = number(l, WORD_DIGITS, &vcpu, "a vCPU's number");
	c->vcpu = (uint32_t)vcpu;
	if (!r && arguments[c->op] & ID)
		r = number(l, 16, &c->id, "a number of up to 64 bits in bare hexadecimal");
	if (!r && arguments[c->op] & WORD)
		r = number(l, WORD_DIGITS, &c->id,
			   "a number of up to 32 bits in bare hexadecimal");
	if (!r && arguments[c->op] & VALUE)
		r = value(l, next(l), c->id, c->value);
	if (!r && arguments[c->op] & RANGE)
		r = number(l, WORD_DIGITS, &c->value[0], "a count in bare hexadecimal");
	if (!r && arguments[c->op] & RANGE)
		r = number(l, ACTION_DIGITS, &c->value[1], "an action in bare hexadecimal");
	return r;
}

/* Whether something may follow a result: a list that has no room is told to be so long, too. */
static bool has_output(const struct steady_log_call *out)
{
	return !out->result || (out->result == -E2BIG && out->call.op == STEADY_OP_REG_LIST);
}

/* GET's value, REG_LIST's count, MASKS' words. */
static int parse_output(struct line *l, struct steady_log_call *out)
{
	uint64_t count = 0;
	struct word w = next(l);
	int r = 0;

	if (!w.length)
		return 0;
	if (!has_output(out))
		return refuse_more(l, w, "too much after an errno");
	out->has_value = true;
	if (out->call.op == STEADY_OP_GET) {
		r = value(l, w, out->call.id, out->value);
		w = next(l);
	} else if (out->call.op == STEADY_OP_REG_LIST) {
		r = hex(w, WORD_DIGITS, &count) ? 0 : refuse(l, w, "a count in bare hexadecimal");
		w = next(l);
	} else if (out->call.op == STEADY_OP_MASKS) {
		for (; count < STEADY_LOG_WORDS && hex(w, 16, &out->list[count]); count++)
			w = next(l);
	}
	out->count = (uint32_t)count;
	return !r && w.length ? refuse_more(l, w, "more than this call's result has") : r;
}

static int parse_result(struct line *l, struct steady_log_call *out)
{
	struct word w = next(l);
	int32_t error;

	if (!is(w, "="))
		return refuse(l, w, "'=' and the result");
	w = next(l);
	error = steady_errno_by_name(w.at, w.length);
	out->result = -error;
	if (!error && out->call.op == STEADY_OP_CHECK) {
		out->has_value = true;
		if (!hex(w, 16, out->value))
			return refuse(l, w, "a number in bare hexadecimal, or an errno's name");
		w = next(l);
		return w.length ? refuse_more(l, w, "too much for a result") : 0;
	}
	if (!error && !is(w, "0"))
		return refuse(l, w, "0 or an errno's name");
	return parse_output(l, out);
}

int steady_log_parse(const char *text, size_t length, uint32_t number_of_line,
		     struct steady_log_call *out, struct steady_report *report)
{
	const char *comment = length ? memchr(text, '#', length) : NULL;
	struct line l = {text, comment ? comment : text + length, number_of_line, report};
	struct word name = next(&l);
	int r;

	if (!name.length)
		return 0;
	out->result = 0;
	out->has_value = false;
	out->count = 0;
	memset(out->value, 0, sizeof(out->value));
	r = parse_call(&l, name, &out->call);
	r = r ? r : parse_result(&l, out);
	return r ? r : 1;
}

/* ---- making the calls again ---- */

static bool same(const struct steady_log_call *logged, const struct steady_call *made, int result)
{
	if (result != logged->result)
		return false;
	if (!logged->has_value)
		return true;
	switch (made->op) {
	case STEADY_OP_GET:
		return memcmp(made->value, logged->value, sizeof(made->value)) == 0;
	case STEADY_OP_CHECK:
		return made->value[0] == logged->value[0];
	case STEADY_OP_REG_LIST:
		return made->count == logged->count;
	case STEADY_OP_MASKS:
		return made->count == logged->count &&
		       memcmp(made->list, logged->list, made->count * sizeof(*made->list)) == 0;
	default:
		return true;
	}
}

int steady_replay_line(struct steady_replay *replay, const char *text, size_t length,
		       struct steady_report *report)
{
	struct steady_log_call logged;
	struct steady_call made;
	int r = steady_log_parse(text, length, ++replay->line, &logged, report);

	if (r < 0)
		steady_report_file(report, replay->file);
	if (r <= 0)
		return r;
	made = logged.call;
	if (made.op == STEADY_OP_REG_LIST || made.op == STEADY_OP_MASKS) {
		if (!replay->room)
			replay->room = malloc(LIST_ROOM * sizeof(*replay->room));
		if (!replay->room)
			return -STEADY_ENOMEM;
		made.list = replay->room;
		made.count = made.op == STEADY_OP_MASKS ? STEADY_LOG_WORDS : LIST_ROOM;
		if (made.op == STEADY_OP_REG_LIST && logged.result == -E2BIG)
			made.count = 0; /* how long it is, was asked for */
	}
	r = replay->call(replay->ctx, &made);
	replay->calls++;
	if (same(&logged, &made, r))
		return 0;
	replay->differences++;
	if (replay->differs)
		replay->differs(replay->differs_ctx, replay->line, &logged, &made, r);
	return 0;
}

void steady_replay_clear(struct steady_replay *replay)
{
	free(replay->room);
	replay->room = NULL;
}

void steady_log_result_print(struct steady_text *out, const struct steady_log_call *logged)
{
	struct steady_call c = logged->call;

	memcpy(c.value, logged->value, sizeof(c.value));
	c.count = logged->count;
	c.list = (uint64_t *)(uintptr_t)logged->list;
	steady_result_print(out, &c, logged->result);
}
