/* SPDX-License-Identifier: MIT */
/* The recorded kernels: sets of them in words, and what they are good for as advice. */
#include "test.h"

#include "build_profile.h"
#include "policy/explain.h"

static uint32_t set_of(const char *const *names)
{
	uint32_t set = 0;

	for (size_t i = 0; names[i]; i++) {
		unsigned int at = 0;

		while (at < steady_kernel_count && strcmp(steady_kernels[at], names[i]) != 0)
			at++;
		assert_true(at < steady_kernel_count);
		set |= UINT32_C(1) << at;
	}
	return set;
}

/* Oldest first, and not as text: 6.2 comes before 6.10. */
static void test_order(void **state)
{
	int major, minor, patch, last[3] = {0, 0, 0};

	(void)state;
	assert_true(steady_kernel_count >= 14 && steady_kernel_count <= 32);
	for (unsigned int i = 0; i < steady_kernel_count; i++) {
		assert_int_equal(sscanf(steady_kernels[i], "%d.%d.%d", &major, &minor, &patch), 3);
		assert_true(major > last[0] || (major == last[0] && minor > last[1]) ||
			    (major == last[0] && minor == last[1] && patch > last[2]));
		last[0] = major;
		last[1] = minor;
		last[2] = patch;
	}
}

/* A kernel is in one set at most, and each row says something. */
static void test_rows(void **state)
{
	uint32_t all = (uint32_t)((UINT64_C(1) << steady_kernel_count) - 1);

	(void)state;
	for (unsigned int i = 0; i < steady_kernel_row_count; i++) {
		const struct steady_kernel_row *r = &steady_kernel_rows[i];

		assert_int_equal(r->writable & r->hidden, 0);
		assert_int_equal((r->writable | r->hidden) & r->fixed, 0);
		assert_int_equal((r->writable | r->hidden | r->fixed) & ~all, 0);
		assert_true(r->writable || r->hidden);
	}
}

static void test_print(void **state)
{
	static const struct {
		const char *set[6], *known[14];
		const char *text;
	} rows[] = {
		{{"7.3.4"}, {"6.1.176", "7.3.4"}, "7.3.4 and newer"},
		{{"6.1.176"}, {"6.1.176", "7.3.4"}, "6.1.176"},
		{{"6.1.176", "6.12.43"}, {"6.1.176", "6.12.43", "7.3.4"}, "6.1.176 to 6.12.43"},
		{{"6.1.176", "6.16.12"},
		 {"6.1.176", "6.12.43", "6.16.12", "7.3.4"},
		 "6.1.176, 6.16.12"},
		/* a kernel of which nothing is known does not end a run */
		{{"6.1.176", "6.16.12"}, {"6.1.176", "6.16.12", "7.3.4"}, "6.1.176 to 6.16.12"},
		{{"6.16.12"}, {"6.1.176", "6.16.12"}, "6.16.12 and newer"},
		{{NULL}, {"6.1.176"}, ""},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_text out = STEADY_TEXT_INIT;

		steady_kernels_print(&out, set_of(rows[i].set), set_of(rows[i].known));
		assert_string_equal(out.data ? out.data : "", rows[i].text);
		steady_text_free(&out);
	}
}

/* What is in none of a row's sets. */
static void test_unrecorded(void **state)
{
	static const char *const all[] = {"5.10.223", NULL};
	struct steady_kernel_row row = {.writable = ~UINT32_C(0) & ~set_of(all)};
	uint32_t every = (uint32_t)((UINT64_C(1) << steady_kernel_count) - 1);

	(void)state;
	assert_int_equal(steady_kernels_unrecorded(&row), set_of(all));
	row = (struct steady_kernel_row){0};
	assert_int_equal(steady_kernels_unrecorded(&row), every);
	row = (struct steady_kernel_row){.writable = 1, .hidden = 2, .fixed = 4};
	assert_int_equal(steady_kernels_unrecorded(&row), every & ~UINT32_C(7));
}

/* As measured: the rows of KVM's history that people meet. */
static void test_facts(void **state)
{
	static const struct {
		const char *field;
		const char *in[4];
		char what; /* w: writable, h: hidden, f: fixed */
	} rows[] = {
		{"ID_AA64MMFR2_EL1.NV", {"6.12.43", "6.12.117"}, 'f'},
		{"ID_AA64MMFR2_EL1.NV", {"6.16.12", "7.3.4"}, 'h'},
		{"ID_MMFR4_EL1.SpecSEI", {"6.1.176", "6.12.43", "6.16.12"}, 'f'},
		{"ID_MMFR4_EL1.SpecSEI", {"6.12.95", "6.12.117", "6.17.13"}, 'w'},
		{"ID_MMFR4_EL1.CCIDX", {"6.12.117", "6.18.15"}, 'h'},
		{"ID_AA64MMFR1_EL1.HCX", {"6.12.43", "6.17.13"}, 'f'},
		{"ID_AA64MMFR1_EL1.HCX", {"6.18.15", "7.3.4"}, 'w'},
		{"ID_AA64MMFR1_EL1.HCX", {"6.1.176"}, 'h'},
		{"ID_AA64ISAR2_EL1.ATS1A", {"7.1.13"}, 'h'},
		{"ID_AA64ISAR2_EL1.ATS1A", {"7.2.12"}, 'w'},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_kernel_row *r =
			steady_kernel_row_of(build_field(rows[i].field), true);
		uint32_t set = set_of(rows[i].in);

		assert_non_null(r);
		assert_int_equal(set & (rows[i].what == 'w'   ? r->writable
					: rows[i].what == 'h' ? r->hidden
							      : r->fixed),
				 set);
	}
	assert_null(steady_kernel_row_of(build_field("ID_AA64MMFR0_EL1.ASIDBits"), true));
	/* AArch32's registers change on hosts with AArch32 only */
	assert_null(steady_kernel_row_of(build_field("ID_MMFR4_EL1.SpecSEI"), false));
}

static void test_advice(void **state)
{
	static const struct {
		const char *field;
		uint64_t wanted;
		const char *text;
	} rows[] = {
		{"ID_AA64MMFR2_EL1.NV", 0, "boot a kernel that hides it: 6.16.12 and newer"},
		{"ID_AA64MMFR2_EL1.NV", 1, ""},
		{"ID_AA64MMFR0_EL1.ASIDBits", 0, ""},
		{"ID_MMFR4_EL1.SpecSEI", 1,
		 "boot a kernel that lets it be written: 6.12.95 to 6.12.117, 6.17.13 and newer"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_text out = STEADY_TEXT_INIT;

		steady_kernels_advice(&out, NULL, build_field(rows[i].field), rows[i].wanted);
		assert_string_equal(out.data ? out.data : "", rows[i].text);
		steady_text_free(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order), cmocka_unit_test(test_rows),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_unrecorded), cmocka_unit_test(test_facts),
		cmocka_unit_test(test_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
