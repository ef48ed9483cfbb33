/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "host/wrap.h"
#include "pin/replay.h"

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* Every operation, as it is recorded. */
static const char *const lines[] = {
	"create-vm 0 = 0",
	"create-vcpu 1 = EEXIST",
	"init 0 4 = 0",
	"finalize 0 4 = EPERM",
	"get 0 603000000013c020 = 0 1101000011111112",
	"get 0 6020000000110000 = 0 0000001a",
	"get 0 603000000013c020 = ENOENT",
	"set 1ff 603000000013c020 0000000000000011 = EINVAL",
	"reg-list 0 = 0 106",
	"reg-list 0 = E2BIG 16e",
	"masks 1 = EINVAL",
	"check 66 = 0",
	"check cd = 1",
	"check cd = EBADF",
	"enable-cap ef = 0",
	"create-gic 7 = ENODEV",
	"init-gic = 0",
	"pmu-init 0 = EBUSY",
	"run 0 = EINTR",
	"run 0 = E4000",
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct steady_text t = STEADY_TEXT_INIT;
		struct steady_log_call c;

		assert_int_equal(steady_log_parse(lines[i], strlen(lines[i]), 1, &c, NULL), 1);
		steady_op_print(&t, &c.call);
		steady_text_str(&t, " = ");
		steady_log_result_print(&t, &c);
		assert_string_equal(t.data, lines[i]);
		steady_text_free(&t);
	}
}

static const struct {
	const char *line;
	int want;
} odd[] = {
	{"", 0},
	{"   \t ", 0},
	{"# run 0 = 0", 0},
	{"run 0 = 0 # why", 1},
	{"  run\t0  =  EINTR \r", 1},
	{"get 0 603000000013c020 = 0", 1},
	{"set 0 603000000013c020 11 = 0", 1},
	{"run", -STEADY_EINPUT},
	{"run 0", -STEADY_EINPUT},
	{"run 0 =", -STEADY_EINPUT},
	{"run 0 = 1", -STEADY_EINPUT},
	{"run 0 = eintr", -STEADY_EINPUT},
	{"run 0 = EWHAT", -STEADY_EINPUT},
	{"run 0 = 0 0", -STEADY_EINPUT},
	{"run 0 EINTR", -STEADY_EINPUT},
	{"run 0 = EINTR EINTR", -STEADY_EINPUT},
	{"run g = 0", -STEADY_EINPUT},
	{"run 0x0 = 0", -STEADY_EINPUT},
	{"run 100000000 = 0", -STEADY_EINPUT},
	{"Run 0 = 0", -STEADY_EINPUT},
	{"walk 0 = 0", -STEADY_EINPUT},
	{"init-gic 0 = 0", -STEADY_EINPUT},
	{"get 0 603000000013c020 = ENOENT 1", -STEADY_EINPUT},
	{"get 0 603000000013c020 = 0 1 1", -STEADY_EINPUT},
	{"get 0 603000000013c020 = 0 11111111111111111", -STEADY_EINPUT},
	{"get 0 6020000000110000 = 0 111111111", -STEADY_EINPUT},
	{"set 0 6020000000110000 111111111 = 0", -STEADY_EINPUT},
	{"check 9 =", -STEADY_EINPUT},
	{"check 9 = 1 1", -STEADY_EINPUT},
	{"reg-list 0 = E2BIG", 1},
	{"reg-list 0 = E2BIG 16e", 1}, /* api.rst 4.48: n is the number, also with E2BIG */
	{"reg-list 0 = E2BIG 16e 1", -STEADY_EINPUT},
	{"reg-list 0 = EBADF 16e", -STEADY_EINPUT},
	{"masks 0 = E2BIG 1", -STEADY_EINPUT},
	/* the members of the kernel's structures are of 32 bits, an action is one of 8 */
	{"masks ffffffff = EINVAL", 1},
	{"masks 100000000 = 0", -STEADY_EINPUT},
	{"init 0 ffffffff = ENOENT", 1},
	{"init 0 100000008 = 0", -STEADY_EINPUT},
	{"finalize 0 100000004 = 0", -STEADY_EINPUT},
	{"create-gic 100000007 = 0", -STEADY_EINPUT},
	{"enable-cap 1000000cd = 0", -STEADY_EINPUT},
	{"smccc-filter c6000040 2 ff = EINVAL", 1},
	{"pmu-counters 0 3 = EBUSY", 1},
	{"pmu-counters 0 = 0", -STEADY_EINPUT},
	{"pmu-counters 0 100000003 = 0", -STEADY_EINPUT},
	{"smccc-filter 1c6000040 2 2 = 0", -STEADY_EINPUT},
	{"smccc-filter c6000040 100000002 2 = 0", -STEADY_EINPUT},
	{"smccc-filter c6000040 2 102 = 0", -STEADY_EINPUT},
	{"create-vm 100000028 = EINVAL", 1}, /* the ioctl's argument, and so is the next */
	{"check 100000009 = 0", 1},
	/* SVE's Z0, 2048 bits wide: a call holds 512 */
	{"get 0 6080000000150000 = EMSGSIZE", 1},
	{"get 0 6080000000150000 = 0 0", -STEADY_EINPUT},
	{"set 0 6080000000150000 0 = 0", -STEADY_EINPUT},
};

/* What is said of a line; the number of the line is the report's. */
static const struct {
	const char *line, *says;
} messages[] = {
	{"get 0 0x603000000013c020 = 0",
	 "'0x603000000013c020' is not a number of up to 64 bits in bare hexadecimal"},
	{"run 100000000 = 0", "'100000000' is not a vCPU's number"},
	{"masks 100000000 = 0", "'100000000' is not a number of up to 32 bits in bare hexadecimal"},
	{"create-gic = 0", "'=' is not a number of up to 32 bits in bare hexadecimal"},
	{"set 0 6020000000110000 111111111 = 0",
	 "'111111111' is not a value of no more digits than the register has, in bare hexadecimal"},
	{"get 0 6020000000110000 = 0 111111111",
	 "'111111111' is not a value of no more digits than the register has, in bare hexadecimal"},
	{"walk 0 = 0", "'walk' is not an operation"},
	{"run 0 EINTR", "'EINTR' is not '=' and the result"},
	{"run", "the line ends where there should be a vCPU's number"},
	{"run 0 =", "the line ends where there should be 0 or an errno's name"},
	{"run 0 = 1", "'1' is not 0 or an errno's name"},
	{"run 0 = EINTR EINTR", "'EINTR' is too much after an errno"},
	{"check 9 = x", "'x' is not a number in bare hexadecimal, or an errno's name"},
	{"check 9 = 1 1", "'1' is too much for a result"},
	{"run 0 = 0 0", "'0' is more than this call's result has"},
	{"set 0 6080000000150000 0 = 0", "the register 0x6080000000150000 has 2048 bits; a log "
					 "holds the values of registers of up to 512 bits"},
};

static void test_messages(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(messages); i++) {
		const char *line = messages[i].line;
		struct steady_report *report;
		struct steady_log_call c;

		assert_int_equal(steady_report_new(&report), 0);
		assert_int_equal(steady_log_parse(line, strlen(line), 7, &c, report),
				 -STEADY_EINPUT);
		assert_string_equal(steady_report_get(report, 0)->reason, messages[i].says);
		steady_report_free(report);
	}
}

static void test_odd_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(odd); i++) {
		struct steady_report *report;
		struct steady_log_call c;

		assert_int_equal(steady_report_new(&report), 0);
		assert_int_equal(steady_log_parse(odd[i].line, strlen(odd[i].line), 7, &c, report),
				 odd[i].want);
		assert_int_equal(steady_report_count(report), odd[i].want < 0);
		if (odd[i].want < 0)
			assert_int_equal(steady_report_get(report, 0)->line, 7);
		steady_report_free(report);
	}
}

/* Always the same answer. */
static int answer(void *ctx, struct steady_call *c)
{
	c->value[0] = 5;
	if (c->op == STEADY_OP_REG_LIST)
		c->count = 2;
	if (c->op == STEADY_OP_MASKS) {
		memset(c->list, 0, 192 * sizeof(*c->list));
		c->count = 192;
	}
	return *(int *)ctx;
}

static const struct {
	const char *line;
	int result;
	uint64_t differences;
} made[] = {
	{"run 0 = EINTR", -EINTR, 0},       {"run 0 = EINTR", 0, 1},
	{"get 0 603000000013c020 = 0 5", 0, 0}, {"get 0 603000000013c020 = 0 6", 0, 1},
	{"get 0 603000000013c020 = 0", 0, 0},   {"get 0 603000000013c020 = ENOENT", 0, 1},
	{"check 9 = 5", 0, 0},              {"check 9 = 6", 0, 1},
	{"reg-list 0 = 0 2", 0, 0},         {"reg-list 0 = 0 3", 0, 1},
	{"reg-list 0 = E2BIG 2", -E2BIG, 0}, {"reg-list 0 = E2BIG 3", -E2BIG, 1},
	{"reg-list 0 = E2BIG", -E2BIG, 0},   {"reg-list 0 = E2BIG 2", 0, 1},
	{"masks 0 = EINVAL", -EINVAL, 0},   {"masks 0 = 0 1", 0, 1},
};

static void test_differences(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(made); i++) {
		int result = made[i].result;
		struct steady_replay r = {.call = answer, .ctx = &result};

		assert_int_equal(
			steady_replay_line(&r, made[i].line, strlen(made[i].line), NULL), 0);
		assert_int_equal(r.calls, 1);
		assert_int_equal(r.differences, made[i].differences);
		steady_replay_clear(&r);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_odd_lines),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_differences),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
