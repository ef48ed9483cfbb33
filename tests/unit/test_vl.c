/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "policy/vl.h"

/* "16,32,64" as a set; lengths in bytes. */
static struct steady_vl parse(const char *text)
{
	struct steady_vl s = {0};

	while (*text) {
		char *end;

		steady_vl_add(&s, (unsigned int)strtoul(text, &end, 10));
		text = *end == ',' ? end + 1 : end;
	}
	return s;
}

/*
 * KVM wants exactly the host's lengths up to the guest's maximum (api.rst,
 * KVM_REG_ARM64_SVE_VLS): so what two hosts can both show ends where they first differ.
 */
static const struct {
	const char *a, *b, *want;
	unsigned int max;
} common[] = {
	{"16,32", "16,32", "16,32", 32},
	{"16,32,64", "16,32,48,64", "16,32", 32},
	{"16", "16,32,64,128,256", "16", 16},
	{"16,32,64", "16,64", "16", 16},
	{"16,32", "32", "", 0},
	{"", "16", "", 0},
	{"16,32,64,128,256,512,1024,2048", "16,32,64,128,256,512,1024", /* across words */
	 "16,32,64,128,256,512,1024", 1024},
	{"16,1024,1040", "16,1024,1040,1056", "16,1024,1040", 1040},
	{"16,1040", "16,1024,1040", "16", 16},
	{"16,8192", "16,8192", "16,8192", 8192},
};

static void test_common(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(common); i++) {
		struct steady_vl a = parse(common[i].a), b = parse(common[i].b);
		struct steady_vl want = parse(common[i].want);
		struct steady_vl ab = steady_vl_common(&a, &b), ba = steady_vl_common(&b, &a);

		assert_true(steady_vl_equal(&ab, &want));
		assert_true(steady_vl_equal(&ba, &want));
		assert_int_equal(steady_vl_max(&ab), common[i].max);
		assert_true(steady_vl_is_prefix(&ab, &a));
		assert_true(steady_vl_is_prefix(&ab, &b));
		assert_int_equal(steady_vl_empty(&ab), common[i].max == 0);
	}
}

static void test_is_prefix(void **state)
{
	static const struct {
		const char *want, *have;
		bool is;
	} rows[] = {
		{"16", "16,32", true},  {"16,32", "16,32", true},     {"16,32", "16", false},
		{"32", "16,32", false}, {"16,64", "16,32,64", false}, {"", "16", true},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_vl want = parse(rows[i].want), have = parse(rows[i].have);

		assert_int_equal(steady_vl_is_prefix(&want, &have), rows[i].is);
	}
}

/* Bit N of the register is (N + 1) * 16 bytes. */
static void test_layout(void **state)
{
	struct steady_vl s = parse("16,1024,1040");

	(void)state;
	assert_int_equal(s.word[0], 1 | UINT64_C(1) << 63);
	assert_int_equal(s.word[1], 1);
	assert_true(steady_vl_has(&s, 16));
	assert_true(steady_vl_has(&s, 1040));
	assert_false(steady_vl_has(&s, 32));
	assert_false(steady_vl_has(&s, 0));
	assert_false(steady_vl_has(&s, 17));
	assert_false(steady_vl_has(&s, 8208));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_common),
		cmocka_unit_test(test_is_prefix),
		cmocka_unit_test(test_layout),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
