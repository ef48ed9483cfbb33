/* SPDX-License-Identifier: MIT */
/*
 * Trying values (pin/deep.c) on one VM, field after field. That the order does not matter holds
 * where a write changes one field, and a register takes its value back (arm64_check_features() of
 * Linux 6.12 to 7.3). A kernel that does otherwise is noticed, and nothing is said of its fields.
 */
#include "test.h"

#include <errno.h>

#include "base/report.h"
#include "build_profile.h"
#include "pin/probe.h"

/* the register's highest: nothing is tried after it that would come upon what it left */
#define FIELD  "ID_AA64ISAR0_EL1.RNDR"
#define SECOND "ID_AA64ISAR0_EL1.SHA1"
/* goes with FIELD here; UNALLOCATED in Arm's 2026-03 */
#define GATED  UINT64_C(0x603000000013c10e)
#define FIRST  UINT64_C(0x6030000000100000) /* X0 */

enum kernel {
	HONEST,
	MOVES, /* changes the second field with the first, and back with it */
	FALLS, /* can be lowered, and not raised again */
	ODD,   /* of FIELD takes -1 too, and 2, of which it makes 14 (as PMUVer's 15 becomes 0) */
	DEAF   /* takes all, and keeps what it has: AArch32's registers without AArch32 */
};

struct one_register {
	enum kernel kernel;
	uint64_t value, before;
	unsigned int refused_back;
};

static const struct steady_field *row(const char *name)
{
	return &steady_fields[build_field(name)];
}

static uint64_t field(uint64_t reg, const char *name)
{
	return steady_field_get(row(name), reg);
}

static void set(struct one_register *k, uint64_t value)
{
	uint64_t was = k->value;

	if (k->kernel == DEAF)
		return;
	k->value = value;
	if (k->kernel == ODD && field(value, FIELD) == 2)
		k->value = steady_field_put(row(FIELD), value, 14);
	if (k->kernel == MOVES && field(value, FIELD) != field(k->before, FIELD))
		k->value = steady_field_put(row(SECOND), value, 0);
	if (k->kernel == FALLS && value > was) {
		k->value = was;
		k->refused_back += value == k->before;
	}
}

/* FIELD takes 0 and 1 (FTR_LOWER_SAFE, limit 1), no other field anything else than it has. */
static bool takes(const struct one_register *k, uint64_t value)
{
	uint64_t others = ~steady_field_mask(row(FIELD));

	if (k->kernel == DEAF)
		return true;
	if (k->kernel == ODD && (field(value, FIELD) == 15 || field(value, FIELD) == 2))
		return ((value ^ k->before) & others) == 0;
	return field(value, FIELD) <= 1 && ((value ^ k->before) & others) == 0;
}

static int one_register_call(void *ctx, struct steady_call *call)
{
	struct one_register *k = ctx;
	uint32_t room = call->count;

	switch (call->op) {
	case STEADY_OP_GET:
		call->value[0] = k->value;
		return 0;
	case STEADY_OP_SET:
		if (!takes(k, call->value[0]))
			return -EINVAL;
		set(k, call->value[0]);
		return 0;
	case STEADY_OP_REG_LIST:
		call->count = field(k->value, FIELD) ? 2 : 1;
		if (room < call->count)
			return -E2BIG;
		call->list[0] = FIRST;
		if (call->count > 1)
			call->list[1] = GATED;
		return 0;
	}
	fail_msg("operation %u", call->op);
	return -ENOSYS;
}

struct deep {
	struct one_register k;
	struct steady_probe b;
	struct steady_configuration *c;
};

/* Of one register, with FEAT_RNG and FEAT_SHA1 (DDI0487: 1 in either field). */
static void try(struct deep *t, enum kernel kernel, bool deep, bool listed)
{
	struct steady_configuration *c;
	uint64_t value;

	*t = (struct deep){.k = {.kernel = kernel}};
	t->b.host = t->b.next = (struct steady_host){one_register_call, &t->k};
	t->b.deep = deep;
	t->b.p = steady_profile_alloc();
	assert_non_null(t->b.p);
	assert_int_equal(steady_report_new(&t->b.report), 0);
	c = t->c = steady_profile_add(t->b.p);
	assert_non_null(c);
	value = steady_field_put(row(FIELD), steady_field_put(row(SECOND), 0, 1), 1);
	t->k.value = t->k.before = value;
	c->reg[row(FIELD)->reg] = (struct steady_reading){.value = value, .state = STEADY_VALUE};
	if (listed) {
		c->register_list = calloc(2, sizeof(*c->register_list));
		assert_non_null(c->register_list);
		c->register_list[0] = FIRST;
		c->register_list[1] = GATED;
		c->register_count = 2;
	}
	assert_int_equal(steady_probe_try(&t->b, c), 0);
}

static void end(struct deep *t)
{
	steady_report_free(t->b.report);
	steady_profile_free(t->b.p);
}

static void test_honest(void **state)
{
	struct deep t;

	(void)state;
	try(&t, HONEST, true, true);
	assert_non_null(t.c->accepted);
	assert_true(t.c->accepted[build_field(FIELD)].known);
	assert_int_equal(t.c->accepted[build_field(FIELD)].values, 1 << 0 | 1 << 1);
	assert_int_equal(t.c->accepted[build_field(SECOND)].values, 1 << 1);
	assert_int_equal(t.b.p->gate_count, 1);
	assert_true(t.b.p->gates[0].id == GATED);
	assert_int_equal(t.b.p->gates[0].field, build_field(FIELD));
	assert_true(t.k.value == t.k.before);
	assert_int_equal(steady_report_count(t.b.report), 0);
	end(&t);
}

/* All values, the highest too, and what the kernel made of them. */
static void test_odd(void **state)
{
	const struct steady_accepted *a;
	struct deep t;

	(void)state;
	try(&t, ODD, true, false);
	assert_non_null(t.c->accepted);
	a = &t.c->accepted[build_field(FIELD)];
	assert_true(a->known);
	assert_int_equal(a->values, 1 << 0 | 1 << 1 | 1 << 15);
	assert_int_equal(a->rewritten, 1 << 2);
	assert_int_equal(a->kept[2], 14);
	assert_true(t.k.value == t.k.before);
	end(&t);
}

/* Nothing is known of a field that says yes to all and changes by none. */
static void test_deaf(void **state)
{
	struct deep t;

	(void)state;
	try(&t, DEAF, true, false);
	assert_non_null(t.c->accepted);
	assert_false(t.c->accepted[build_field(FIELD)].known);
	assert_int_equal(t.c->accepted[build_field(FIELD)].rewritten, 0);
	end(&t);
}

/* What could not be tried to its end is not known at all: neither fields nor gates. */
static void lost(enum kernel kernel, bool deep, bool listed)
{
	const struct steady_finding *f;
	struct deep t;

	try(&t, kernel, deep, listed);
	assert_null(t.c->accepted);
	assert_null(t.b.p->gates);
	f = steady_report_get(t.b.report, 0);
	assert_non_null(f);
	assert_int_equal(f->severity, STEADY_WARNING);
	assert_non_null(strstr(f->reason, "was not found out"));
	assert_int_equal(t.k.refused_back != 0, kernel != MOVES);
	end(&t);
}

static void test_second_field(void **state)
{
	(void)state;
	lost(MOVES, true, false);
}

static void test_not_put_back(void **state)
{
	(void)state;
	lost(FALLS, true, false);
}

/* A probe that is not deep writes 0 to each field, for the registers that go with it. */
static void test_gate_not_put_back(void **state)
{
	(void)state;
	lost(FALLS, false, true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_honest),
		cmocka_unit_test(test_odd),
		cmocka_unit_test(test_deaf),
		cmocka_unit_test(test_second_field),
		cmocka_unit_test(test_not_put_back),
		cmocka_unit_test(test_gate_not_put_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
