/* SPDX-License-Identifier: MIT */
#include "host/wrap.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/errno_name.h"

/* ---- names ---- */

static const char *const op_names[STEADY_OPS] = {
	[STEADY_OP_CREATE_VM] = "create-vm",   [STEADY_OP_CREATE_VCPU] = "create-vcpu",
	[STEADY_OP_INIT] = "init",             [STEADY_OP_FINALIZE] = "finalize",
	[STEADY_OP_GET] = "get",               [STEADY_OP_SET] = "set",
	[STEADY_OP_REG_LIST] = "reg-list",     [STEADY_OP_MASKS] = "masks",
	[STEADY_OP_CHECK] = "check",           [STEADY_OP_ENABLE_CAP] = "enable-cap",
	[STEADY_OP_CREATE_GIC] = "create-gic", [STEADY_OP_INIT_GIC] = "init-gic",
	[STEADY_OP_PMU_INIT] = "pmu-init",     [STEADY_OP_RUN] = "run",
	[STEADY_OP_SMCCC_FILTER] = "smccc-filter",
	[STEADY_OP_PMU_COUNTERS] = "pmu-counters",
};

const char *steady_op_name(uint32_t op)
{
	return op < STEADY_OPS ? op_names[op] : NULL;
}

/* ---- count ---- */

int steady_count_call(void *count, struct steady_call *call)
{
	struct steady_count *c = count;

	c->total++;
	if (call->op < STEADY_OPS)
		c->calls[call->op]++;
	return c->next(c->ctx, call);
}

/* ---- fail ---- */

int steady_fail_call(void *fail, struct steady_call *call)
{
	struct steady_fail *f = fail;

	f->seen++;
	if (f->k && (f->seen == f->k || (f->lasting && f->seen > f->k)))
		return -f->error;
	return f->next(f->ctx, call);
}

/* ---- both ---- */

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

bool steady_same_answer(const struct steady_call *a, int a_result, const struct steady_call *b,
			int b_result)
{
	if (a_result != b_result)
		return false;
	if (a->op == STEADY_OP_REG_LIST && !a_result) {
		qsort(a->list, a->count, sizeof(*a->list), ascending);
		qsort(b->list, b->count, sizeof(*b->list), ascending);
	}
	if (a->op == STEADY_OP_REG_LIST && (!a_result || a_result == -E2BIG) &&
	    a->count != b->count)
		return false;
	if (a_result)
		return true;
	if (a->op == STEADY_OP_REG_LIST || a->op == STEADY_OP_MASKS)
		return a->count == b->count &&
		       memcmp(a->list, b->list, a->count * sizeof(*a->list)) == 0;
	if (a->op == STEADY_OP_CHECK)
		return a->value[0] == b->value[0];
	return a->op != STEADY_OP_GET || memcmp(a->value, b->value, sizeof(a->value)) == 0;
}

int steady_both_call(void *compare, struct steady_call *call)
{
	struct steady_both *c = compare;
	struct steady_call others = *call;
	int r, s;

	others.list = c->room;
	if (others.count > c->room_words)
		others.count = c->room_words;
	r = c->next(c->ctx, call);
	s = c->other(c->other_ctx, &others);
	if (!steady_same_answer(call, r, &others, s)) {
		c->differences++;
		if (c->differs)
			c->differs(c->differs_ctx, call, r, &others, s);
	}
	return r;
}

/* ---- writes ---- */

int steady_writes_call(void *writes, struct steady_call *call)
{
	struct steady_writes *w = writes;
	int r;

	w->calls++;
	if (call->op != STEADY_OP_SET)
		return w->next(w->ctx, call);
	if (w->count == w->room) { /* before the call: what was made must be in the list */
		size_t room = w->room ? w->room * 2 : 16;
		struct steady_write *all = realloc(w->items, room * sizeof(*all));

		if (!all)
			return -ENOMEM;
		w->items = all;
		w->room = room;
	}
	r = w->next(w->ctx, call);
	w->items[w->count] = (struct steady_write){.vcpu = call->vcpu, .id = call->id, .error = -r};
	memcpy(w->items[w->count].value, call->value, sizeof(call->value));
	w->count++;
	return r;
}

/* ---- record ---- */

/* A register's value, as wide as its id says. */
static void put_value(struct steady_text *t, const struct steady_call *c)
{
	size_t bytes = (size_t)1 << (c->id >> 52 & 0xf);
	size_t digits = bytes > sizeof(c->value) ? sizeof(c->value) * 2 : bytes * 2;

	steady_text_char(t, ' ');
	for (size_t i = digits; i-- > 0;)
		steady_text_char(t, "0123456789abcdef"[c->value[i / 16] >> (i % 16 * 4) & 0xf]);
}

static void put_arguments(struct steady_text *t, const struct steady_call *c)
{
	switch (c->op) {
	case STEADY_OP_CREATE_VCPU:
	case STEADY_OP_REG_LIST:
	case STEADY_OP_PMU_INIT:
	case STEADY_OP_RUN:
		steady_text_printf(t, " %" PRIx32, c->vcpu);
		break;
	case STEADY_OP_INIT:
	case STEADY_OP_FINALIZE:
	case STEADY_OP_GET:
	case STEADY_OP_SET:
	case STEADY_OP_PMU_COUNTERS:
		steady_text_printf(t, " %" PRIx32 " %" PRIx64, c->vcpu, c->id);
		break;
	case STEADY_OP_INIT_GIC:
		break;
	default:
		steady_text_printf(t, " %" PRIx64, c->id);
	}
	if (c->op == STEADY_OP_SET)
		put_value(t, c);
	if (c->op == STEADY_OP_SMCCC_FILTER)
		steady_text_printf(t, " %" PRIx64 " %" PRIx64, c->value[0], c->value[1]);
}

void steady_op_print(struct steady_text *out, const struct steady_call *call)
{
	const char *name = steady_op_name(call->op);

	steady_text_str(out, name ? name : "unknown");
	put_arguments(out, call);
}

void steady_result_print(struct steady_text *t, const struct steady_call *c, int result)
{
	char number[STEADY_ERRNO_NAME];
	const char *name = steady_errno_name(-result, number);

	if (c->op == STEADY_OP_CHECK && !result)
		steady_text_printf(t, "%" PRIx64, c->value[0]);
	else if (!result)
		steady_text_char(t, '0');
	else
		steady_text_str(t, name ? name : "EINVALID");
	if (c->op == STEADY_OP_REG_LIST && (!result || result == -E2BIG))
		steady_text_printf(t, " %" PRIx32, c->count);
	if (result)
		return;
	if (c->op == STEADY_OP_GET)
		put_value(t, c);
	for (uint32_t i = 0; c->op == STEADY_OP_MASKS && i < c->count; i++)
		steady_text_printf(t, " %" PRIx64, c->list[i]);
}

int steady_record_call(void *record, struct steady_call *call)
{
	struct steady_record *r = record;
	int result;

	steady_op_print(r->log, call);
	result = r->next(r->ctx, call);
	steady_text_str(r->log, " = ");
	steady_result_print(r->log, call, result);
	steady_text_char(r->log, '\n');
	return result;
}
