/* SPDX-License-Identifier: MIT */
/*
 * Readers and printers when memory runs out: the k-th allocation fails, for every k. Then the
 * result is ENOMEM, outputs are untouched, and (under a leak checker) nothing is lost.
 *
 * Linked with -Wl,--wrap= for malloc, calloc, realloc, strdup and strndup; jansson is told.
 */
#include "refused.h"

#include <jansson.h>

#include "format/format.h"

static long countdown; /* allocations until the one that fails; 0: none does */
static bool failed;

static bool fails(void)
{
	if (countdown && --countdown == 0)
		failed = true; /* one failure only: what follows succeeds */
	else
		return false;
	return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *string);
char *__real_strndup(const char *string, size_t length);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *string);
char *__wrap_strndup(const char *string, size_t length);

void *__wrap_malloc(size_t size)
{
	return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fails() ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *string)
{
	return fails() ? NULL : __real_strdup(string);
}

char *__wrap_strndup(const char *string, size_t length)
{
	return fails() ? NULL : __real_strndup(string, length);
}

static const char profile_text[] =
	"{'format':'steadyarm-profile','version':1,'host':{'kernel':'6.12','note':'n',"
	"'cpus':[{'midr':'0x1','revidr':'0x0','aidr':'0x0'}]},"
	"'registers':{'CTR_EL0':{'value':'0x1','writable':'0x2'},'MIDR_EL1':{'errno':'EIO'}},"
	"'configurations':[{'vcpu_features':{'pmu':true},'irqchip':'gicv3',"
	"'accepted':{'ID_AA64PFR0_EL1.EL0':'1-2'},'register_list':['0x2','0x1']},"
	"{'registers':{'CTR_EL0':'0x1'}}],"
	"'firmware':{'PSCI_VERSION':'0x1','0x603000000016000a':{'errno':'ENOENT'}},"
	"'sve':{'vector_lengths':[16]},'capabilities':{'ARM_SVE':1},'other_capabilities':{'3':1},"
	"'unvirtualised':{'PAGE_SIZE':'0x1000'}}";

static const char model_text[] =
	"{'format':'steadyarm-model','version':1,'name':'a','registers':{'CTR_EL0':'0x1'},"
	"'firmware':{'PSCI_VERSION':'0x1'},'sve':{'vector_lengths':[16]},'register_list':['0x1'],"
	"'irqchip':'none','implementations':[{'midr':'0x1','revidr':'0x0','aidr':'0x0'}],"
	"'tolerated':['CNTFRQ_EL0'],'tolerated_more':['ID_AA64PFR0_EL1.FP'],"
	"'caches':{'0x6020000000110000':'0x1'},'unvirtualised':{'DCZID_EL0':'0x4'},'offer':{'cells':[{'irqchip':'none',"
	"'accepted':{'ID_AA64PFR0_EL1.EL0':'1-2'},'register_list':['0x1']}],"
	"'firmware':{'PSCI_VERSION':'0x1'},'sve':{'vector_lengths':[16]},"
	"'unvirtualised':{'DCZID_EL0':'0x4'},'differs':['CNTFRQ_EL0'],"
	"'ctr':{'known':true,'accepted':{'CTR_EL0.DIC':'0'}},'caches':{'known':true,'state':'any',"
	"'clean':false,'lines':[4,4],'clidr':'0x21','ccsidr':{'0x6020000000110000':'0x1'}}}}";

/* Reads and prints again; the results go into out, which is empty on failure. */
static int pass_profile(const char *json, struct steady_text *out)
{
	struct steady_profile *profile = NULL;
	int err = steady_profile_read_json(json, strlen(json), "FILE", &profile, NULL);

	if (err) {
		assert_null(profile);
		return err;
	}
	err = steady_profile_print_json(profile, out);
	steady_profile_free(profile);
	return err;
}

static int pass_model(const char *json, struct steady_text *out)
{
	struct steady_text text = STEADY_TEXT_INIT;
	struct steady_model *model = NULL, *again = NULL;
	char id[65] = "";
	int err = steady_model_read_json(json, strlen(json), "FILE", &model, NULL);

	if (err) {
		assert_null(model);
		return err;
	}
	err = steady_model_print_json(model, out);
	if (!err)
		err = steady_model_print(model, &text);
	if (!err)
		err = steady_model_parse(text.data, text.length, &again, NULL);
	if (!err)
		err = steady_model_id(again, id);
	if (err) {
		assert_int_equal(id[0], 0);
	}
	steady_text_free(&text);
	steady_model_free(again);
	steady_model_free(model);
	return err;
}

static void every_failure(const char *text, int (*pass)(const char *json, struct steady_text *out))
{
	struct steady_text want = STEADY_TEXT_INIT;
	char *json = quoted(text);
	long k = 0;

	assert_int_equal(pass(json, &want), 0);
	do {
		struct steady_text out = STEADY_TEXT_INIT;
		int err;

		failed = false;
		countdown = ++k;
		err = pass(json, &out);
		countdown = 0;
		/* jansson 2.14 calls a token invalid when it had no memory for its value */
		if (failed && err != -STEADY_ENOMEM && err != -STEADY_EINPUT)
			fail_msg("allocation %ld failed, result %d", k, err);
		if (!failed) {
			assert_int_equal(err, 0);
			assert_string_equal(out.data, want.data);
		}
		steady_text_free(&out);
	} while (failed);
	assert_true(k > 100);
	steady_text_free(&want);
	free(json);
}

static void test_profile(void **state)
{
	(void)state;
	every_failure(profile_text, pass_profile);
}

static void test_model(void **state)
{
	(void)state;
	every_failure(model_text, pass_model);
}

/* A refusal stays one when its words cannot be kept; the report says that it is incomplete. */
static void test_refusal(void **state)
{
	static const char text[] = "nonsense 1\n";
	char *json = quoted("{'format':'steadyarm-model','version':1,'registers':{'NONE':1}}");

	(void)state;
	for (int i = 0; i < 2; i++) {
		long k = 0;

		do {
			struct steady_report *report;
			struct steady_model *model = NULL;
			int err;

			assert_int_equal(steady_report_new(&report), 0);
			failed = false;
			countdown = ++k;
			err = i ? steady_model_parse(text, strlen(text), &model, report)
				: steady_model_read_json(json, strlen(json), "FILE", &model,
							 report);
			countdown = 0;
			assert_null(model);
			if (!failed || err != -STEADY_ENOMEM)
				assert_int_equal(err, -STEADY_EINPUT);
			steady_report_free(report);
		} while (failed);
	}
	free(json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_profile),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_refusal),
	};

	json_set_alloc_funcs(__wrap_malloc, free);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
