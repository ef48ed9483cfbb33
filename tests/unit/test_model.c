/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "build_profile.h"

static void test_names(void **state)
{
	static const struct {
		const char *name;
		bool ok;
	} rows[] = {
		{"neoverse-n1-v1", true},
		{"a", true},
		{"9", true},
		{"a.b_c+d-e", true},
		{"", false},
		{".", false},
		{"..", false},
		{"-x", false},
		{"a/b", false},
		{"a b", false},
		{"a\n", false},
		{"\303\244", false},
		{"0123456789012345678901234567890123456789012345678901234567890123", true},
		{"01234567890123456789012345678901234567890123456789012345678901234", false},
	};
	struct steady_model *m = steady_model_alloc();

	(void)state;
	assert_string_equal(steady_model_name(m), "");
	for (size_t i = 0; i < LENGTH(rows); i++) {
		assert_int_equal(steady_model_name_ok(rows[i].name), rows[i].ok);
		assert_int_equal(steady_model_set_name(m, rows[i].name),
				 rows[i].ok ? 0 : -STEADY_EUSAGE);
		if (rows[i].ok)
			assert_string_equal(steady_model_name(m), rows[i].name);
	}
	assert_int_equal(strlen(steady_model_name(m)), 64);
	steady_model_free(m);
	steady_model_free(NULL);
}

/* Kept in order whatever the order of adding, each once. */
static void test_sorted(void **state)
{
	static const uint64_t ids[] = {5, 1, 9, 5, 3, 1, 7};
	static const uint64_t sorted[] = {1, 3, 5, 7, 9};
	struct steady_model *m = steady_model_alloc();

	(void)state;
	for (size_t i = 0; i < LENGTH(ids); i++) {
		const struct steady_cpu cpu = {.midr = 1, .revidr = ids[i], .aidr = ids[i] % 2};
		char name[] = "x0";

		name[1] = (char)('0' + ids[i]);
		assert_int_equal(steady_model_add_firmware(m, ids[i], i), 0);
		assert_int_equal(steady_model_add_implementation(m, &cpu), 0);
		assert_int_equal(steady_model_add_tolerated(m, name), 0);
	}
	assert_int_equal(m->firmware_count, LENGTH(sorted));
	assert_int_equal(m->implementation_count, LENGTH(sorted));
	assert_int_equal(m->tolerated_count, LENGTH(sorted));
	for (size_t i = 0; i < LENGTH(sorted); i++) {
		assert_int_equal(m->firmware[i].id, sorted[i]);
		assert_int_equal(m->implementations[i].revidr, sorted[i]);
		assert_int_equal(m->tolerated[i][1], '0' + (int)sorted[i]);
	}
	assert_int_equal(steady_model_firmware(m, 5)->value, 3); /* the last one said */
	assert_null(steady_model_firmware(m, 4));
	steady_model_free(m);
}

static void test_implementations_order(void **state)
{
	static const struct steady_cpu cpus[] = {{2, 0, 0}, {1, 2, 0}, {1, 1, 5}, {1, 1, 4}};
	struct steady_model *m = steady_model_alloc();

	(void)state;
	for (size_t i = 0; i < LENGTH(cpus); i++)
		assert_int_equal(steady_model_add_implementation(m, &cpus[i]), 0);
	for (size_t i = 0; i < LENGTH(cpus); i++)
		assert_memory_equal(&m->implementations[i], &cpus[LENGTH(cpus) - 1 - i],
				    sizeof(cpus[0]));
	steady_model_free(m);
}

static void test_tolerable(void **state)
{
	static const struct {
		const char *name;
		bool want;
	} rows[] = {
		{"ID_AA64MMFR2_EL1.NV", true},
		{"CNTFRQ_EL0", true},
		{"PMCR_EL0.N", true},
		{"S3_0_C0_C4_3.[3:0]", true},
		{"ID_AA64MMFR2_EL1", false},
		{"NV", false},
		{"ID_AA64MMFR2_EL1.XX", false},
		{"", false},
		{"cntfrq", false},
	};
	struct steady_model *m = steady_model_alloc();
	char name[STEADY_FULLNAME];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(steady_tolerable(rows[i].name), rows[i].want);
	assert_false(steady_model_tolerates_field(m, build_field("ID_AA64MMFR2_EL1.NV")));
	assert_int_equal(steady_model_add_tolerated(m, "ID_AA64MMFR2_EL1.NV"), 0);
	assert_true(steady_model_tolerates_field(m, build_field("ID_AA64MMFR2_EL1.NV")));
	assert_false(steady_model_tolerates_field(m, build_field("ID_AA64MMFR2_EL1.AT")));
	for (unsigned int i = 0; i < steady_field_count; i++) {
		steady_field_fullname(i, name, sizeof(name));
		assert_true(strlen(name) < sizeof(name) - 1);
		assert_int_equal(steady_field_by_name(name, strlen(name)), i);
	}
	steady_model_free(m);
}

/* A user's word lets a field go both ways, a file's second list only one. */
static void test_all_that_is_tolerated(void **state)
{
	static const struct {
		const char *name;
		bool more;
	} all[] = {{"A", true}, {"B", false}, {"C", false}, {"D", true}};
	struct steady_model *m = steady_model_alloc();
	bool more;

	(void)state;
	assert_null(steady_model_tolerated_at(m, 0, &more));
	assert_int_equal(steady_model_add_more(m, "D"), 0);
	assert_int_equal(steady_model_add_more(m, "A"), 0);
	assert_int_equal(steady_model_add_more(m, "C"), 0);
	assert_int_equal(steady_model_add_tolerated(m, "C"), 0);
	assert_int_equal(steady_model_add_tolerated(m, "B"), 0);
	for (size_t i = 0; i < LENGTH(all); i++) {
		assert_string_equal(steady_model_tolerated_at(m, i, &more), all[i].name);
		assert_int_equal(more, all[i].more);
	}
	assert_null(steady_model_tolerated_at(m, LENGTH(all), &more));
	steady_model_more_only(m);
	assert_true(steady_model_tolerates(m, "B"));
	assert_false(steady_model_tolerates(m, "C"));
	assert_string_equal(steady_model_tolerated_at(m, 2, &more), "C");
	assert_true(more);
	steady_model_free(m);
}

static void test_view(void **state)
{
	struct steady_model *m = steady_model_alloc();
	struct steady_view view;

	(void)state;
	m->has[32] = true;
	m->value[32] = 0x11;
	m->value[33] = 0x22; /* not there: no value either */
	steady_model_view(m, &view);
	assert_true(view.known[32]);
	assert_int_equal(view.value[32], 0x11);
	assert_false(view.known[33]);
	assert_int_equal(view.value[33], 0);
	steady_model_free(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_sorted),
		cmocka_unit_test(test_implementations_order),
		cmocka_unit_test(test_tolerable),
		cmocka_unit_test(test_all_that_is_tolerated),
		cmocka_unit_test(test_view),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
