/* SPDX-License-Identifier: MIT */
#include "refused.h"

#include <stdio.h>
#include <stdlib.h>

#include "format/format.h"

#define HEAD "format steadyarm-model\nversion 1\n"
#define REG  "ID_AA64PFR0_EL1 0x11\n"

static const char canonical[] =
	"CTR_EL0 0x0000000084448004\n"
	"ID_AA64PFR0_EL1 0x1000000000000011\n"
	"S3_0_C0_C7_7 0x0000000000000000\n"
	"cache.0x6020000000110000 0x701fe01a\n"
	"firmware.0x603000000016000a 0x3\n"
	"firmware.PSCI_VERSION 0x10001\n"
	"format steadyarm-model\n"
	"implementation 0x00000000410fd0c0,0x0000000000000000,0x0000000000000001\n"
	"implementation 0x00000000411fd0c0,0x0000000000000000,0x0000000000000000\n"
	"irqchip gicv3\n"
	"name web-v1\n"
	"register_list 0x6030000000100000\n"
	"register_list 0x603000000013c200\n"
	"sve.vector_length 128\n"
	"sve.vector_length 16\n"
	"sve.vector_length 32\n"
	"tolerated CNTFRQ_EL0\n"
	"tolerated ID_AA64MMFR2_EL1.NV\n"
	"tolerated ID_AA64PFR0_EL1.FP\n"
	"tolerated_more ID_AA64PFR0_EL1.FP\n"
	"unvirtualised.CNTFRQ_EL0 0x3b9aca00\n"
	"unvirtualised.PMCR_EL0.N 0x6\n"
	"vcpu_features.pmu on\n"
	"vcpu_features.sve on\n"
	"version 1\n";

static const struct refusal refusals[] = {
	/* what is missing */
	{"", 1, 1, "without a \"format\" line"},
	{"# only\n\n# comments", 3, 1, "without a \"format\" line"},
	{"format steadyarm-model\n" REG, 2, 1, "without a \"version\" line: it may be cut off"},
	{"version 1\n" REG, 2, 1, "without a \"format\" line"},
	{HEAD, 2, 1, "without any register"},
	{HEAD "irqchip", 3, 1, "\"irqchip\" has no value"},
	{HEAD "irqchip  # gicv3", 3, 1, "\"irqchip\" has no value"},
	/* words */
	{HEAD "nonsense 1\n", 3, 1, "\"nonsense\" is no name that a model knows"},
	{HEAD "  nonsense 1\n", 3, 3, "\"nonsense\""},
	{HEAD "\xff\x1b 1\n", 3, 2, "control character 0x1b"},
	{HEAD "\xff\xc2\x9b 1\n", 3, 1, "\"\\xff\\xc2\\x9b\" is no name"},
	{HEAD "name \xc3\xa9\n", 3, 6, "\"\xc3\xa9\" is no model name"},
	{HEAD REG "irqchip gicv3 gicv2\n", 4, 15, "\"gicv2\" follows the value"},
	{HEAD "irqchip gicv3\r\n", 3, 14, "lines end with a line feed alone"},
	{"format steadyarm-profile\n", 1, 8, "\"steadyarm-profile\", expected steadyarm-model"},
	{"format steadyarm-mode", 1, 8, "the format is \"steadyarm-mode\""},
	{"version 2\n", 1, 9, "reads version 1, not \"2\""},
	{"version 01\n", 1, 9, "reads version 1"},
	{HEAD "name .hidden\n", 3, 6, "is no model name"},
	{HEAD "name a/b\n", 3, 6, "is no model name"},
	{HEAD "name a1234567890123456789012345678901234567890123456789012345678901234\n", 3, 6,
	 "\"a12345678901234567890123456789012345678901234567...\" is no model name"},
	{HEAD "irqchip gicv4\n", 3, 9, "\"gicv4\" is no irqchip"},
	{HEAD "irqchip gicv3gicv3gicv3gicv3gicv3\n", 3, 9, "is no irqchip"},
	{HEAD "vcpu_features.pm on\n", 3, 15, "\"pm\" is no vCPU option"},
	{HEAD "vcpu_features. on\n", 3, 1, "is no name"},
	{HEAD "vcpu_features.pmu yes\n", 3, 19, "\"yes\" is neither on nor off"},
	{HEAD "firmware.PSCI 0x1\n", 3, 10, "\"PSCI\" is no firmware register"},
	{HEAD "firmware. 0x1\n", 3, 1, "is no name"},
	{HEAD "firmware.0x603000000013c200 0x1\n", 3, 10, "is no firmware register"},
	{HEAD "tolerated ID_AA64PFR0_EL1\n", 3, 11, "is neither a field"},
	{HEAD "tolerated ID_AA64PFR0_EL1.NONE\n", 3, 11, "is neither a field"},
	{HEAD "tolerated 12345678901234567890123456789012345678901234567890123456789012345\n", 3,
	 11, "is neither a field"},
	/* numbers */
	{HEAD "ID_AA64PFR0_EL1 11\n", 3, 17, "\"11\" is no number of 0x"},
	{HEAD "ID_AA64PFR0_EL1 0x\n", 3, 17, "is no number"},
	{HEAD "ID_AA64PFR0_EL1 0X1\n", 3, 17, "is no number"},
	{HEAD "ID_AA64PFR0_EL1 0x1g\n", 3, 17, "is no number"},
	{HEAD "ID_AA64PFR0_EL1 -0x1\n", 3, 17, "is no number"},
	{HEAD "ID_AA64PFR0_EL1 0x12345678123456789\n", 3, 17, "is no number"},
	{HEAD "firmware.PSCI_VERSION 1\n", 3, 23, "is no number"},
	{HEAD "register_list 0x\n", 3, 15, "is no number"},
	{HEAD "sve.vector_length 0\n", 3, 19, "is no vector length"},
	{HEAD "sve.vector_length 016\n", 3, 19, "is no vector length"},
	{HEAD "sve.vector_length +16\n", 3, 19, "is no vector length"},
	{HEAD "sve.vector_length 17\n", 3, 19, "is no vector length"},
	{HEAD "sve.vector_length 8208\n", 3, 19, "is no vector length"},
	{HEAD "sve.vector_length 18446744073709551632\n", 3, 19, "is no vector length"},
	{HEAD "implementation 0x1,0x2\n", 3, 16, "is no implementation"},
	{HEAD "implementation 0x1,0x2,\n", 3, 16, "is no implementation"},
	{HEAD "implementation 0x1,0x2,0x3,0x4\n", 3, 16, "is no implementation"},
	{HEAD "implementation ,,\n", 3, 16, "is no implementation"},
	/* what is given twice, under whatever name */
	{HEAD "version 1\n", 3, 1, "\"version\" is given twice"},
	{HEAD "name a\nname a\n", 4, 1, "\"name\" is given twice"},
	{HEAD REG REG, 4, 1, "ID_AA64PFR0_EL1 is given twice"},
	{HEAD REG "S3_0_C0_C4_0 0x1\n", 4, 1, "ID_AA64PFR0_EL1 is given twice"},
	{HEAD "vcpu_features.pmu on\nvcpu_features.pmu on\n", 4, 1, "is given twice"},
	{HEAD "firmware.PSCI_VERSION 0x1\nfirmware.0x6030000000140000 0x1\n", 4, 1, "given twice"},
	{HEAD "sve.vector_length 16\nsve.vector_length 16\n", 4, 19, "given twice"},
	{HEAD "implementation 0x1,0x2,0x3\nimplementation 0x01,0x2,0x3\n", 4, 16, "given twice"},
	{HEAD "tolerated CNTFRQ_EL0\ntolerated CNTFRQ_EL0\n", 4, 11, "is tolerated twice"},
	{HEAD "tolerated_more CNTFRQ_EL0\n", 3, 16, "is no field"},
	{HEAD "cache.0x6020000000110020 0x1\n", 3, 7, "is no id of CCSIDR_EL1"},
	{HEAD "cache.0x6020000000110000 0x100000000\n", 3, 26, "has more than 32 bits"},
	{HEAD "cache.0x6020000000110000 0x1\ncache.0x6020000000110000 0x1\n", 4, 1,
	 "is given twice"},
	{HEAD "unvirtualised.DCZID 0x4\n", 3, 15, "is no unvirtualised register"},
	{HEAD "unvirtualised.DCZID_EL0 4\n", 3, 25, "is no number"},
	{HEAD "unvirtualised.DCZID_EL0 0x4\nunvirtualised.DCZID_EL0 0x4\n", 4, 1,
	 "is given twice"},
	{HEAD "tolerated_more ID_AA64PFR0_EL1.FP\ntolerated_more ID_AA64PFR0.FP\n", 4, 16,
	 "is tolerated twice"},
	{HEAD REG "register_list 0x2\nregister_list 0x1\nregister_list 0x02\n", 6, 1,
	 "register_list has 0x0000000000000002 twice"},
};

static int read_text(const char *text, size_t length, struct steady_model **model,
		     struct steady_report *report)
{
	return steady_model_read_text(text, length, "FILE", model, report);
}

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct steady_model *model = NULL;
		struct steady_report *report;
		int err;

		assert_int_equal(steady_report_new(&report), 0);
		err = read_text(refusals[i].text, strlen(refusals[i].text), &model, report);
		assert_null(model);
		check_refusal(&refusals[i], err, report);
	}
}

/* The printed form of a text, to be freed. */
static char *reprint(const char *text, size_t length)
{
	struct steady_text out = STEADY_TEXT_INIT;
	struct steady_model *model;

	assert_int_equal(read_text(text, length, &model, NULL), 0);
	assert_int_equal(steady_model_print(model, &out), 0);
	steady_model_free(model);
	return steady_text_take(&out);
}

static void test_canonical(void **state)
{
	char *again = reprint(canonical, sizeof(canonical) - 1);

	(void)state;
	assert_string_equal(again, canonical);
	free(again);
}

static void test_values(void **state)
{
	struct steady_model *m;

	(void)state;
	assert_int_equal(steady_model_parse(canonical, sizeof(canonical) - 1, &m, NULL), 0);
	assert_string_equal(steady_model_name(m), "web-v1");
	assert_int_equal(m->irqchip, STEADY_GICV3);
	assert_int_equal(m->options, 1 << STEADY_OPTION_PMU | 1 << STEADY_OPTION_SVE);
	assert_int_equal(m->firmware_count, 2);
	assert_int_equal(m->firmware[0].id, 0x6030000000140000);
	assert_int_equal(m->firmware[1].value, 3);
	assert_int_equal(m->register_count, 2);
	assert_int_equal(m->register_list[1], 0x603000000013c200);
	assert_int_equal(m->implementation_count, 2);
	assert_int_equal(m->implementations[0].aidr, 1);
	assert_int_equal(steady_vl_max(&m->sve), 128);
	assert_true(m->has[0x20]);
	assert_int_equal(m->value[0x20], 0x1000000000000011);
	assert_false(m->has[0x21]);
	assert_true(steady_model_tolerates(m, "ID_AA64MMFR2_EL1.NV"));
	assert_null(m->offer);
	steady_model_free(m);
}

/* Order, blanks, comments, digits and names do not matter; the printed form is one. */
static void test_free_form(void **state)
{
	static const char text[] = "# by hand\n"
				   "\n"
				   "version\t1   # the only one\n"
				   "  id_aa64pfr0 0x0011\n"
				   " \t \n"
				   "format steadyarm-model\n"
				   "tolerated id_aa64mmfr2.nv\n"
				   "ID_AA64ISAR0_EL1 0xABC";
	char *out = reprint(text, sizeof(text) - 1);

	(void)state;
	assert_string_equal(out, "ID_AA64ISAR0_EL1 0x0000000000000abc\n"
				 "ID_AA64PFR0_EL1 0x0000000000000011\n"
				 "format steadyarm-model\n"
				 "tolerated ID_AA64MMFR2_EL1.NV\n"
				 "version 1\n");
	free(out);
}

/* However a field is listed of which a host may have more, it goes no other way. */
static void test_more(void **state)
{
	static const char *const ways[] = {
		HEAD "ID_AA64PFR0_EL1 0x11\ntolerated_more ID_AA64PFR0_EL1.FP\n",
		HEAD "ID_AA64PFR0_EL1 0x11\ntolerated_more ID_AA64PFR0_EL1.FP\n"
		     "tolerated ID_AA64PFR0_EL1.FP\n",
	};
	const unsigned int fp = (unsigned int)steady_field_by_name("ID_AA64PFR0_EL1.FP", 18);

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct steady_text text = STEADY_TEXT_INIT;
		char *out = reprint(ways[i], strlen(ways[i]));
		struct steady_model *m;

		assert_string_equal(out, "ID_AA64PFR0_EL1 0x0000000000000011\n"
					 "format steadyarm-model\n"
					 "tolerated ID_AA64PFR0_EL1.FP\n"
					 "tolerated_more ID_AA64PFR0_EL1.FP\n"
					 "version 1\n");
		assert_int_equal(steady_model_parse(ways[i], strlen(ways[i]), &m, NULL), 0);
		assert_false(steady_model_tolerates_field(m, fp));
		assert_true(steady_model_tolerates_more(m, fp));
		free(out);
		/* a user's word lets it go both ways, and so does the text then */
		assert_int_equal(steady_model_add_tolerated(m, "ID_AA64PFR0_EL1.FP"), 0);
		assert_int_equal(steady_model_print(m, &text), 0);
		assert_non_null(strstr(text.data, "tolerated ID_AA64PFR0_EL1.FP\n"));
		assert_null(strstr(text.data, "tolerated_more"));
		steady_text_free(&text);
		steady_model_free(m);
	}
}

static void test_truncated(void **state)
{
	size_t length = sizeof(canonical) - 1;

	(void)state;
	for (size_t n = 0; n < length - 1; n++) { /* the last byte is a line feed */
		char *exact = malloc(n + !n);
		struct steady_model *model;

		assert_non_null(exact);
		memcpy(exact, canonical, n);
		if (read_text(exact, n, &model, NULL) != -STEADY_EINPUT)
			fail_msg("accepted when cut off after %zu bytes", n);
		free(exact);
	}
}

static void test_nul(void **state)
{
	static const char text[] = HEAD REG "name a\0b\n";
	struct steady_report *report;
	struct steady_model *model;
	const struct refusal want = {HEAD REG "name a", 4, 7, "control character 0x00"};
	int err;

	(void)state;
	assert_int_equal(steady_report_new(&report), 0);
	err = read_text(text, sizeof(text) - 1, &model, report);
	check_refusal(&want, err, report);
}

static void test_long(void **state)
{
	const struct refusal want_line = {"a long line", 3, 1025, "longer than 1024 bytes"};
	const struct refusal want_file = {"a long text", 1, 1, "longer than 16777216 bytes"};
	size_t head = strlen(HEAD), length = STEADY_FILE_MAX + 1;
	char *text = malloc(length);
	struct steady_report *report;
	struct steady_model *model;
	int err;

	(void)state;
	assert_non_null(text);
	memset(text, '#', length);
	memcpy(text, HEAD, head);
	assert_int_equal(steady_report_new(&report), 0);
	err = read_text(text, length - 1, &model, report);
	check_refusal(&want_line, err, report);
	assert_int_equal(steady_report_new(&report), 0);
	err = read_text(text, length, &model, report);
	check_refusal(&want_file, err, report);
	/* 1024 bytes are not too long */
	memcpy(text + head + 1024, "\n" REG, strlen("\n" REG));
	assert_int_equal(read_text(text, head + 1024 + strlen("\n" REG), &model, NULL), 0);
	steady_model_free(model);
	free(text);
}

/* One line too many of a kind, each its own. */
static void check_too_many(const char *format, const char *reason)
{
	struct refusal want = {format, STEADY_LIST_MAX + 4, 0, reason};
	struct steady_text text = STEADY_TEXT_INIT;
	struct steady_report *report;
	struct steady_model *model;
	int err;

	steady_text_str(&text, HEAD REG);
	for (unsigned int i = 0; i <= STEADY_LIST_MAX; i++) {
		char line[100];

		snprintf(line, sizeof(line), format, i);
		steady_text_str(&text, line);
	}
	assert_int_equal(steady_report_new(&report), 0);
	err = read_text(text.data, text.length, &model, report);
	want.column = steady_report_get(report, 0)->column;
	check_refusal(&want, err, report);
	steady_text_free(&text);
}

static void test_too_many(void **state)
{
	(void)state;
	check_too_many("register_list 0x%x\n", "more than 4096 register_list lines");
	check_too_many("implementation 0x%x,0x0,0x0\n", "more than 4096 implementation lines");
	check_too_many("firmware.0x603000000014%04x 0x0\n", "more than 4096 firmware registers");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),  cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_values),    cmocka_unit_test(test_free_form),
		cmocka_unit_test(test_more),      cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_nul),
		cmocka_unit_test(test_long),      cmocka_unit_test(test_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
