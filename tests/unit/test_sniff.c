/* SPDX-License-Identifier: MIT */
#include "refused.h"

#include "format/format.h"

static const struct {
	const char *text;
	enum steady_kind kind;
} rows[] = {
	{"", STEADY_KIND_UNKNOWN},
	{" \n", STEADY_KIND_UNKNOWN},
	{"hello", STEADY_KIND_UNKNOWN},
	{"{}", STEADY_KIND_UNKNOWN},
	{"[{'format':'steadyarm-profile'}]", STEADY_KIND_UNKNOWN},
	{"{'format':'steadyarm-profile'}", STEADY_KIND_PROFILE},
	{"\r\n\t {'a':{'format':'steadyarm-model'},\n'format' : 'steadyarm-profile'",
	 STEADY_KIND_PROFILE},
	{"{'format':'steadyarm-model','registers':{'trunc", STEADY_KIND_MODEL_JSON},
	{"{'format':'steadyarm-models'}", STEADY_KIND_UNKNOWN},
	{"{'format':'steadyarm-mod", STEADY_KIND_UNKNOWN},
	{"{'format':", STEADY_KIND_UNKNOWN},
	{"{'format", STEADY_KIND_UNKNOWN},
	{"{format steadyarm-model", STEADY_KIND_UNKNOWN},
	{"format steadyarm-model", STEADY_KIND_MODEL_TEXT},
	{"# mine\nCTR_EL0 0x1\n  format\tsteadyarm-model  # 1\nx", STEADY_KIND_MODEL_TEXT},
	{"# format steadyarm-model", STEADY_KIND_UNKNOWN},
	{"name format steadyarm-model", STEADY_KIND_UNKNOWN},
	{"format\nsteadyarm-model", STEADY_KIND_UNKNOWN},
	{"format", STEADY_KIND_UNKNOWN},
	{"\n\nform", STEADY_KIND_UNKNOWN},
};

static void test_sniff(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = quoted(rows[i].text);
		size_t length = strlen(text);
		char *exact = malloc(length + !length);

		assert_non_null(exact);
		memcpy(exact, text, length); /* no NUL behind it */
		if (steady_sniff(exact, length) != rows[i].kind)
			fail_msg("%s", rows[i].text);
		free(exact);
		free(text);
	}
}

/* sha256sum(1) of the printed text. */
static void test_id(void **state)
{
	static const char text[] = "version 1\nformat steadyarm-model\nCTR_EL0 0x1\n";
	static const char want[] =
		"1ebb0d74a8b00d7c0aa4b902f53610ade92be21f541aba030ae39482f20fea64";
	struct steady_model *model;
	char id[65];

	(void)state;
	assert_int_equal(steady_model_parse(text, sizeof(text) - 1, &model, NULL), 0);
	assert_int_equal(steady_model_id(model, id), 0);
	assert_string_equal(id, want);
	steady_model_free(model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sniff),
		cmocka_unit_test(test_id),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
