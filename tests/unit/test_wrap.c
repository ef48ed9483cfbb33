/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>

#include "base/errno_name.h"
#include "host/wrap.h"

/* A host that answers what the test says. */
struct answer {
	int result;
	uint64_t value[8];
	uint64_t *list;
	uint32_t count;
	unsigned int asked;
};

static int answer(void *ctx, struct steady_call *call)
{
	struct answer *a = ctx;

	a->asked++;
	if (a->result == 0 && (call->op == STEADY_OP_GET || call->op == STEADY_OP_CHECK))
		memcpy(call->value, a->value, sizeof(call->value));
	if (a->result == 0 && (call->op == STEADY_OP_REG_LIST || call->op == STEADY_OP_MASKS)) {
		call->count = a->count;
		call->list = a->list;
	}
	if (a->result == -E2BIG) /* KVM_GET_REG_LIST says how many there are */
		call->count = a->count;
	return a->result;
}

static uint64_t words[] = {0, 0xf, UINT64_MAX};

/* The lines of a replay log: numbers are bare hexadecimal, values as wide as the id says. */
static const struct {
	struct steady_call call;
	struct answer answer;
	const char *want;
} lines[] = {
	{{.op = STEADY_OP_CREATE_VM, .id = 0x2c}, {0}, "create-vm 2c = 0\n"},
	{{.op = STEADY_OP_CREATE_VM}, {.result = -EINVAL}, "create-vm 0 = EINVAL\n"},
	{{.op = STEADY_OP_CREATE_VCPU, .vcpu = 17}, {0}, "create-vcpu 11 = 0\n"},
	{{.op = STEADY_OP_INIT, .vcpu = 1, .id = 0x7c}, {0}, "init 1 7c = 0\n"},
	{{.op = STEADY_OP_INIT, .id = 0x80000000},
	 {.result = -ENOENT},
	 "init 0 80000000 = ENOENT\n"},
	{{.op = STEADY_OP_FINALIZE, .id = 4}, {.result = -EPERM}, "finalize 0 4 = EPERM\n"},
	{{.op = STEADY_OP_GET, .id = UINT64_C(0x603000000013c020)},
	 {.value = {UINT64_C(0x1100000011111112)}},
	 "get 0 603000000013c020 = 0 1100000011111112\n"},
	{{.op = STEADY_OP_GET, .id = UINT64_C(0x603000000013c020)},
	 {.value = {1}},
	 "get 0 603000000013c020 = 0 0000000000000001\n"},
	{{.op = STEADY_OP_GET, .id = UINT64_C(0x603000000013c020)},
	 {.result = -ENOEXEC},
	 "get 0 603000000013c020 = ENOEXEC\n"},
	{{.op = STEADY_OP_GET, .id = UINT64_C(0x6020000000110001)},
	 {.value = {0x701fe01a}},
	 "get 0 6020000000110001 = 0 701fe01a\n"},
	{{.op = STEADY_OP_SET, .vcpu = 2, .id = UINT64_C(0x603000000013c030), .value = {0x2120}},
	 {.result = -EBUSY},
	 "set 2 603000000013c030 0000000000002120 = EBUSY\n"},
	{{.op = STEADY_OP_SET, .id = UINT64_C(0x6000000000000000), .value = {0x1ff}},
	 {0},
	 "set 0 6000000000000000 ff = 0\n"},
	{{.op = STEADY_OP_SET, .id = UINT64_C(0x6010000000000000), .value = {0x1ff}},
	 {0},
	 "set 0 6010000000000000 01ff = 0\n"},
	{{.op = STEADY_OP_SET,
	  .id = UINT64_C(0x6040000000100054),
	  .value = {UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210)}},
	 {0},
	 "set 0 6040000000100054 fedcba98765432100123456789abcdef = 0\n"},
	{{.op = STEADY_OP_SET, .id = UINT64_C(0x606000000015ffff), .value = {3}},
	 {0},
	 "set 0 606000000015ffff "
	 "0000000000000000000000000000000000000000000000000000000000000000"
	 "0000000000000000000000000000000000000000000000000000000000000003 = 0\n"},
	{{.op = STEADY_OP_REG_LIST}, {.count = 0xb7}, "reg-list 0 = 0 b7\n"},
	{{.op = STEADY_OP_REG_LIST}, {.result = -E2BIG, .count = 7}, "reg-list 0 = E2BIG 7\n"},
	{{.op = STEADY_OP_MASKS},
	 {.list = words, .count = 3},
	 "masks 0 = 0 0 f ffffffffffffffff\n"},
	{{.op = STEADY_OP_MASKS, .id = 1}, {.result = -EINVAL}, "masks 1 = EINVAL\n"},
	{{.op = STEADY_OP_CHECK, .id = 230}, {.value = {1}}, "check e6 = 1\n"},
	{{.op = STEADY_OP_CHECK, .id = 165}, {.value = {0x30}}, "check a5 = 30\n"},
	{{.op = STEADY_OP_CHECK, .id = 165}, {.result = -EIO}, "check a5 = EIO\n"},
	{{.op = STEADY_OP_ENABLE_CAP, .id = 205}, {0}, "enable-cap cd = 0\n"},
	{{.op = STEADY_OP_CREATE_GIC, .id = 7}, {.result = -ENODEV}, "create-gic 7 = ENODEV\n"},
	{{.op = STEADY_OP_INIT_GIC}, {0}, "init-gic = 0\n"},
	{{.op = STEADY_OP_PMU_INIT, .vcpu = 3}, {.result = -ENXIO}, "pmu-init 3 = ENXIO\n"},
	{{.op = STEADY_OP_PMU_COUNTERS, .vcpu = 3, .id = 18}, {.result = 0}, "pmu-counters 3 12 = 0\n"},
	{{.op = STEADY_OP_RUN}, {.result = -EINTR}, "run 0 = EINTR\n"},
	{{.op = STEADY_OP_RUN}, {.result = -4000}, "run 0 = E4000\n"}, /* an errno without a name */
};

static void test_record(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct steady_text log = STEADY_TEXT_INIT;
		struct steady_call call = lines[i].call;
		struct answer a = lines[i].answer;
		struct steady_record record = {.next = answer, .ctx = &a, .log = &log};

		call.size = sizeof(call);
		assert_int_equal(steady_record_call(&record, &call), lines[i].answer.result);
		assert_string_equal(log.data, lines[i].want);
		assert_int_equal(a.asked, 1);
		steady_text_free(&log);
	}
}

static void test_count(void **state)
{
	struct answer a = {.result = -EBUSY};
	struct steady_count count = {.next = answer, .ctx = &a};
	struct steady_call call = {.size = sizeof(call)};

	(void)state;
	for (uint32_t op = 1; op <= STEADY_OP_RUN + 1; op++) {
		call.op = op;
		for (uint32_t i = 0; i < op; i++)
			assert_int_equal(steady_count_call(&count, &call), -EBUSY);
	}
	for (uint32_t op = 1; op <= STEADY_OP_RUN; op++)
		assert_int_equal(count.calls[op], op);
	assert_int_equal(count.total, 15 * 16 / 2);
	assert_int_equal(a.asked, 15 * 16 / 2);
}

/* The k-th call fails and never comes to the host; all others do. */
static void test_fail(void **state)
{
	(void)state;
	for (uint64_t k = 0; k <= 6; k++) {
		struct answer a = {0};
		struct steady_fail fail = {.next = answer, .ctx = &a, .k = k, .error = EIO};
		struct steady_call call = {.size = sizeof(call), .op = STEADY_OP_RUN};

		for (uint64_t i = 1; i <= 5; i++)
			assert_int_equal(steady_fail_call(&fail, &call), i == k ? -EIO : 0);
		assert_int_equal(a.asked, k >= 1 && k <= 5 ? 4 : 5);
		assert_int_equal(fail.seen, 5);
	}
}

static void test_names(void **state)
{
	static const struct {
		const char *name;
		int number;
	} rows[] = {
		{"EPERM", EPERM},
		{"ENOENT", ENOENT},
		{"EINVAL", EINVAL},
		{"EBUSY", EBUSY},
		{"ENOEXEC", ENOEXEC},
		{"E2BIG", E2BIG},
		{"E4000", 4000},
		{"E133", 133},
		{"EFOO", 0},
		{"", 0},
		{"E", 0},
		{"E0", 0},
		{"E01", 0},
		{"E12x", 0},
		{"E-1", 0},
		{"E+1", 0},
		{"E4096", 0},
		{"22", 0},
		{"einval", 0},
		{"E99999999999999999999", 0},
	};
	char out[STEADY_ERRNO_NAME];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(steady_errno_by_name(rows[i].name, strlen(rows[i].name)),
				 rows[i].number);
	assert_string_equal(steady_errno_name(EINVAL, out), "EINVAL");
	assert_string_equal(steady_errno_name(4000, out), "E4000");
	assert_null(steady_op_name(0));
	assert_null(steady_op_name(STEADY_OP_PMU_COUNTERS + 1));
	assert_string_equal(steady_op_name(STEADY_OP_PMU_COUNTERS), "pmu-counters");
	assert_string_equal(steady_op_name(STEADY_OP_RUN), "run");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_count),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
