/* SPDX-License-Identifier: MIT */
#include "refused.h"

#include "format/format.h"

/* The printed form of a model that has everything. */
static const char canonical[] =
	"{\n"
	"  'format': 'steadyarm-model',\n"
	"  'version': 1,\n"
	"  'name': 'web-v1',\n"
	"  'registers': {\n"
	"    'ID_AA64PFR0_EL1': '0x1000000000000011',\n"
	"    'S3_0_C0_C7_7': '0x0000000000000000',\n"
	"    'CTR_EL0': '0x0000000084448004'\n"
	"  },\n"
	"  'firmware': {'PSCI_VERSION': '0x10001', '0x603000000016000a': '0x3'},\n"
	"  'vcpu_features': {\n"
	"    'pmu': true,\n"
	"    'sve': true,\n"
	"    'ptrauth': false,\n"
	"    'mte': false,\n"
	"    'el2': false,\n"
	"    'el2_e2h0': false,\n"
	"    'el1_32bit': false\n"
	"  },\n"
	"  'irqchip': 'gicv3',\n"
	"  'sve': {'vector_lengths': [16, 32]},\n"
	"  'register_list': ['0x6030000000100000', '0x603000000013c200'],\n"
	"  'implementations': [\n"
	"    {'midr': '0x00000000410fd0c0', 'revidr': '0x0000000000000000', 'aidr': "
	"'0x0000000000000001'},\n"
	"    {'midr': '0x00000000411fd0c0', 'revidr': '0x0000000000000000', 'aidr': "
	"'0x0000000000000000'}\n"
	"  ],\n"
	"  'tolerated': ['CNTFRQ_EL0', 'ID_AA64MMFR2_EL1.NV', 'ID_AA64PFR0_EL1.FP'],\n"
	"  'tolerated_more': ['ID_AA64PFR0_EL1.FP'],\n"
	"  'caches': {'0x6020000000110000': '0x701fe01a'},\n"
	"  'unvirtualised': {'CNTFRQ_EL0': '0x3b9aca00', 'PMCR_EL0.N': '0x6'},\n"
	"  'offer': {\n"
	"    'cells': [\n"
	"      {\n"
	"        'vcpu_features': {\n"
	"          'pmu': true,\n"
	"          'sve': true,\n"
	"          'ptrauth': false,\n"
	"          'mte': false,\n"
	"          'el2': false,\n"
	"          'el2_e2h0': false,\n"
	"          'el1_32bit': false\n"
	"        },\n"
	"        'irqchip': 'gicv3',\n"
	"        'accepted': {\n"
	"          'ID_AA64PFR0_EL1.EL0': '1-2',\n"
	"          'ID_AA64PFR0_EL1.EL1': '1',\n"
	"          'ID_AA64PFR0_EL1.CSV3': '1',\n"
	"          'ID_AA64ISAR0_EL1.AES': '0,2',\n"
	"          'ID_AA64ISAR0_EL1.SHA1': 'none'\n"
	"        },\n"
	"        'breaks': ['mirror-dit', 'mirror-ras'],\n"
	"        'register_list': ['0x6030000000100000', '0x603000000013c200']\n"
	"      },\n"
	"      {\n"
	"        'vcpu_features': {\n"
	"          'pmu': false,\n"
	"          'sve': false,\n"
	"          'ptrauth': false,\n"
	"          'mte': false,\n"
	"          'el2': false,\n"
	"          'el2_e2h0': false,\n"
	"          'el1_32bit': false\n"
	"        },\n"
	"        'irqchip': 'none'\n"
	"      },\n"
	"      {\n"
	"        'vcpu_features': {\n"
	"          'pmu': true,\n"
	"          'sve': false,\n"
	"          'ptrauth': false,\n"
	"          'mte': false,\n"
	"          'el2': false,\n"
	"          'el2_e2h0': false,\n"
	"          'el1_32bit': false\n"
	"        },\n"
	"        'irqchip': 'gicv3',\n"
	"        'like': 0,\n"
	"        'accepted': {'ID_AA64PFR0_EL1.EL0': '1', 'ID_AA64ISAR0_EL1.SHA1': '0'},\n"
	"        'not_listed': ['0x603000000013c200'],\n"
	"        'also_listed': ['0x6030000000100002', '0x603000000013c202']\n"
	"      }\n"
	"    ],\n"
	"    'firmware': {'PSCI_VERSION': '0x10003', '0x603000000016000a': '0x3'},\n"
	"    'sve': {'vector_lengths': [16, 32]},\n"
	"    'unvirtualised': {'DCZID_EL0': '0x4', 'PAGE_SIZE': {'errno': 'EIO'}},\n"
	"    'settable': ['PMCR_EL0.N'],\n"
	"    'levelled': ['PMCR_EL0.N'],\n"
	"    'differs': ['CNTFRQ_EL0']\n"
	"  }\n"
	"}\n";

#define OPEN "{'format':'steadyarm-model','version':1,"
#define HEAD OPEN "'registers':{'CTR_EL0':'0x1'},\n"
#define CELL HEAD "'offer':{'cells':[{"

static const struct refusal refusals[] = {
	{"{}", 1, 1, "the key \"format\" is missing"},
	{"{'format':'steadyarm-profile','version':1}", 1, 11, "is not \"steadyarm-model\""},
	{"{'format':'steadyarm-model','version':2}", 1, 39, "reads version 1 of the format, not 2"},
	{OPEN "'name':'a'}", 1, 1, "the key \"registers\" is missing"},
	{OPEN "'registers':{}}", 1, 53, "no register at all"},
	{OPEN "'registers':{'CTR_EL0':1}}", 1, 64, "expected a string"},
	{OPEN "'registers':{'CTR_EL0':{'errno':'EIO'}}}", 1, 64, "expected a string"},
	{OPEN "'registers':{'CTR_EL0':'0x1','ctr':'0x1'}}", 1, 70, "is given twice"},
	{OPEN "'registers':{'PSCI_VERSION':'0x1'}}", 1, 54, "is no feature ID register"},
	{HEAD "'host':{}}", 2, 1, "\"host\" is no key"},
	{HEAD "'name':''}", 2, 8, "is no model name"},
	{HEAD "'name':'../web'}", 2, 8, "\"../web\" is no model name"},
	{HEAD "'name':null}", 2, 8, "expected a string, found null"},
	{HEAD "'firmware':{'PSCI':'0x1'}}", 2, 13, "is no firmware register"},
	{HEAD "'firmware':{'PSCI_VERSION':{'errno':'EIO'}}}", 2, 28, "expected a string"},
	{HEAD "'firmware':{'STD_BMAP':'0x1','0x6030000000160000':'0x1'}}", 2, 30, "given twice"},
	{HEAD "'vcpu_features':{'pmu':'on'}}", 2, 24, "true or false, found a string"},
	{HEAD "'vcpu_features':{'pmu':true,'PMU':true}}", 2, 29, "is given twice"},
	{HEAD "'irqchip':'gic'}", 2, 11, "is no irqchip"},
	{HEAD "'sve':{'vector_lengths':[8]}}", 2, 26, "8 is no vector length"},
	{HEAD "'register_list':['0x1','0x1']}", 2, 24, "0x0000000000000001 is given twice"},
	{HEAD "'implementations':{}}", 2, 19, "expected an array"},
	{HEAD "'implementations':[{'midr':'0x1'}]}", 2, 20, "\"revidr\" is missing"},
	{HEAD "'implementations':[{'midr':'0x1','revidr':'0x0','aidr':'0x0'},\n"
	      "{'midr':'0x01','revidr':'0x0','aidr':'0x0'}]}",
	 3, 1, "this implementation is given twice"},
	{HEAD "'tolerated':['MPIDR_EL1']}", 2, 14, "\"MPIDR_EL1\" is neither a field"},
	{HEAD "'caches':{'0x6020000000110020':'0x1'}}", 2, 11, "no id of CCSIDR_EL1"},
	{HEAD "'caches':{'0x6020000000110000':'0x100000000'}}", 2, 32, "more than 32 bits"},
	{HEAD "'unvirtualised':{'DCZID_EL0':{'errno':'EIO'}}}", 2, 17, "and no errno"},
	{HEAD "'tolerated':[1]}", 2, 14, "expected a string"},
	{HEAD "'tolerated_more':['CNTFRQ_EL0']}", 2, 19, "is no field"},
	{HEAD "'tolerated_more':['CTR_EL0.DIC','ctr.dic']}", 2, 33, "is tolerated twice"},
	{HEAD "'tolerated':['CTR_EL0.DIC','ctr.dic']}", 2, 28, "is tolerated twice"},
	/* the offer */
	{HEAD "'offer':null}", 2, 9, "expected an object, found null"},
	{HEAD "'offer':{}}", 2, 9, "\"cells\" is missing"},
	{HEAD "'offer':{'cells':{}}}", 2, 18, "expected an array"},
	/* changed by hand */
	{OPEN "'registers':{'ID_PFR0_EL1':'0x0',\n'id_aa64isar0_el1':'0x20'},\n"
	      "'offer':{'cells':[{'accepted':{'ID_AA64ISAR0_EL1.AES':'0-1'}}]}}",
	 2, 20, "ID_AA64ISAR0_EL1.AES is a value that the model's own"},
	{OPEN "'registers':{'ID_PFR0_EL1':'0x10'},\n'offer':{'cells':[{'accepted':{}}]}}", 1, 68,
	 "ID_PFR0_EL1.State1 is a value that"},
	{HEAD "'offer':{'cells':[{'vcpu_features':{'pmu':true}}]}}", 2, 9, "none of its cells"},
	{HEAD "'offer':{'cells':[[]]}}", 2, 19, "expected an object"},
	{HEAD "'offer':{'cells':[],'cell':1}}", 2, 21, "\"cell\" is no key"},
	{CELL "'registers':{}}]}}", 2, 20, "\"registers\" is no key"},
	{CELL "'vcpu_features':[]}]}}", 2, 36, "expected an object"},
	{CELL "'irqchip':'x'}]}}", 2, 30, "is no irqchip"},
	{CELL "'accepted':{'ID_AA64PFR0_EL1.EL9':'1'}}]}}", 2, 32, "is no field"},
	{CELL "'accepted':{'CTR_EL0.DIC':'1'}}]}}", 2, 32, "of the core ID range only"},
	{CELL "'accepted':{'ID_AA64PFR0_EL1.EL0':'1,'}}]}}", 2, 54, "is no set"},
	{CELL "'accepted':{'ID_AA64PFR0_EL1.EL0':'1','ID_AA64PFR0.EL0':'1'}}]}}", 2, 58, "twice"},
	{CELL "'breaks':[1]}]}}", 2, 30, "expected a string"},
	{CELL "'register_list':['1']}]}}", 2, 37, "is no number"},
	{CELL "'not_listed':['0x1']}]}}", 2, 20, "only a cell with \"like\""},
	{CELL "'like':0,'accepted':{}}]}}", 2, 27, "no cell before this one"},
	{CELL "'accepted':{}},{'like':0,'accepted':{}}]}}", 2, 43, "of which all is known"},
	{CELL "'accepted':{},'register_list':[]},\n{'like':'0','accepted':{}}]}}", 3, 9,
	 "expected a whole number"},
	{CELL "'accepted':{},'register_list':[]},\n{'like':0}]}}", 3, 1, "has \"accepted\""},
	{CELL "'accepted':{},'register_list':[]},\n{'like':0,'accepted':{},'register_list':[]}]}}",
	 3, 25, "a cell with \"like\" has \"not_listed\""},
	{CELL "'accepted':{},'register_list':['0x1']},\n"
	      "{'like':0,'accepted':{},'not_listed':['0x2']}]}}", 3, 1, "\"not_listed\" has a register"},
	{CELL "'accepted':{},'register_list':['0x1']},\n"
	      "{'like':0,'accepted':{},'also_listed':['0x1']}]}}", 3, 1, "\"also_listed\" has a"},
	{CELL "'irqchip':'none'},\n{'irqchip':'none'}]}}", 3, 1,
	 "the same options and irqchip as cell 0"},
	{HEAD "'offer':{'cells':[],'firmware':{'PSCI_VERSION':1}}}", 2, 48, "expected a string"},
	{HEAD "'offer':{'cells':[],'firmware':{'STD_BMAP':'0x1','0x6030000000160000':'0x1'}}}", 2,
	 50, "is given twice"},
	{HEAD "'offer':{'cells':[],'sve':{'vector_lengths':[1]}}}", 2, 46, "is no vector length"},
	{HEAD "'offer':{'cells':[],'unvirtualised':{'X':'0x1'}}}", 2, 38, "is no unvirtualised"},
	{HEAD "'offer':{'cells':[],'differs':['X']}}", 2, 32, "\"X\" is no unvirtualised"},
	{HEAD "'offer':{'cells':[],'differs':['DCZID_EL0','DCZID_EL0']}}", 2, 44, "given twice"},
};

static int read_model(const char *text, size_t length, struct steady_model **model,
		      struct steady_report *report)
{
	return steady_model_read_json(text, length, "FILE", model, report);
}

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct steady_model *model = NULL;
		struct steady_report *report;
		char *text = quoted(refusals[i].text);
		int err;

		assert_int_equal(steady_report_new(&report), 0);
		err = read_model(text, strlen(text), &model, report);
		assert_null(model);
		check_refusal(&refusals[i], err, report);
		free(text);
	}
}

static struct steady_model *model_of(const char *text)
{
	char *json = quoted(text);
	struct steady_model *model = NULL;

	assert_int_equal(read_model(json, strlen(json), &model, NULL), 0);
	free(json);
	return model;
}

static void test_canonical(void **state)
{
	struct steady_text out = STEADY_TEXT_INIT;
	struct steady_model *model = model_of(canonical);
	char *json = quoted(canonical);

	(void)state;
	assert_int_equal(steady_model_print_json(model, &out), 0);
	assert_string_equal(out.data, json);
	steady_text_free(&out);
	steady_model_free(model);
	free(json);
}

/* JSON to text to JSON: all but the offer comes back. */
static void test_text(void **state)
{
	struct steady_text text = STEADY_TEXT_INIT, json = STEADY_TEXT_INIT;
	struct steady_model *model = model_of(canonical), *again;
	struct steady_text want = STEADY_TEXT_INIT;

	(void)state;
	assert_int_equal(steady_model_print(model, &text), 0);
	assert_int_equal(steady_model_parse(text.data, text.length, &again, NULL), 0);
	assert_null(again->offer);
	assert_int_equal(steady_model_print_json(again, &json), 0);
	steady_offer_free(model->offer);
	model->offer = NULL;
	assert_int_equal(steady_model_print_json(model, &want), 0);
	assert_string_equal(json.data, want.data);
	steady_model_free(again);
	steady_model_free(model);
	steady_text_free(&text);
	steady_text_free(&json);
	steady_text_free(&want);
}

/* A field that is listed in either way of which a host may have more. */
static void test_more(void **state)
{
	static const char *const ways[] = {
		"'tolerated_more': ['ID_AA64PFR0_EL1.FP']",
		"'tolerated_more': ['ID_AA64PFR0_EL1.FP'], 'tolerated': ['ID_AA64PFR0_EL1.FP']",
		"'tolerated': ['ID_AA64PFR0_EL1.FP'], 'tolerated_more': ['ID_AA64PFR0_EL1.FP']",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		struct steady_text text = STEADY_TEXT_INIT;
		struct steady_model *model;

		steady_text_printf(&text, HEAD "%s}", ways[i]);
		model = model_of(text.data);
		steady_text_free(&text);
		assert_int_equal(model->tolerated_count, 0);
		assert_int_equal(model->more_count, 1);
		assert_int_equal(steady_model_print_json(model, &text), 0);
		assert_non_null(strstr(text.data, "\"tolerated\": [\"ID_AA64PFR0_EL1.FP\"]"));
		assert_non_null(strstr(text.data, "\"tolerated_more\": [\"ID_AA64PFR0_EL1.FP\"]"));
		steady_text_free(&text);
		steady_model_free(model);
	}
}

static steady_set set_of(const struct steady_cell *cell, const char *name)
{
	int field = steady_field_by_name(name, strlen(name));

	assert_true(field >= 0);
	return *steady_cell_set(cell, (unsigned int)field);
}

static void test_offer(void **state)
{
	struct steady_model *model = model_of(canonical);
	const struct steady_offer *o = model->offer;
	const struct steady_cell *first = &o->cells[0];
	int aes = steady_field_by_name("ID_AA64ISAR0_EL1.AES", 20);
	int wide = -1;

	(void)state;
	assert_non_null(o);
	assert_int_equal(o->cell_count, 3);
	assert_false(first->unknown);
	assert_int_equal(set_of(first, "ID_AA64PFR0_EL1.EL0"), 6);
	assert_int_equal(*steady_cell_set(first, (unsigned int)aes), 5);
	assert_int_equal(set_of(first, "ID_AA64ISAR0_EL1.SHA1"), 0);
	/* what is not listed accepts 0 and nothing else, wide fields too */
	assert_int_equal(set_of(first, "ID_AA64ISAR0_EL1.SHA2"), 1);
	for (unsigned int i = 0; i < steady_offer_fields() && wide < 0; i++) {
		if (steady_fields[steady_offer_first() + i].width > 4)
			wide = (int)(steady_offer_first() + i);
	}
	assert_true(wide >= 0);
	assert_int_equal(*steady_cell_set(first, (unsigned int)wide), 0);
	assert_int_equal(first->register_count, 2);
	assert_true(o->cells[1].unknown);
	assert_int_equal(o->cells[1].options, 0);
	assert_int_equal(o->cells[1].irqchip, STEADY_IRQCHIP_NONE);
	assert_null(o->cells[1].register_list);
	/* like the first, but for what it lists */
	assert_int_equal(set_of(&o->cells[2], "ID_AA64PFR0_EL1.EL0"), 2);
	assert_int_equal(set_of(&o->cells[2], "ID_AA64PFR0_EL1.EL1"), 2);
	assert_int_equal(set_of(&o->cells[2], "ID_AA64ISAR0_EL1.AES"), 5);
	assert_int_equal(set_of(&o->cells[2], "ID_AA64ISAR0_EL1.SHA1"), 1);
	assert_int_equal(o->cells[2].register_count, 3);
	assert_true(o->cells[2].register_list[0] == UINT64_C(0x6030000000100000));
	assert_true(o->cells[2].register_list[1] == UINT64_C(0x6030000000100002));
	assert_true(o->cells[2].register_list[2] == UINT64_C(0x603000000013c202));
	assert_true(o->firmware_known);
	assert_int_equal(o->firmware[0].allowed, 0x10003);
	assert_true(o->sve_known);
	assert_int_equal(o->unvirtualised[STEADY_DCZID].value, 4);
	assert_int_equal(o->unvirtualised[STEADY_PAGE_SIZE].state, STEADY_FAILED);
	assert_int_equal(o->differs, 1 << STEADY_CNTFRQ);
	steady_model_free(model);
}

static void test_least(void **state)
{
	struct steady_model *m = model_of(HEAD "'offer':{'cells':[]}}");
	struct steady_text out = STEADY_TEXT_INIT;

	(void)state;
	assert_int_equal(steady_model_print_json(m, &out), 0);
	assert_non_null(strstr(out.data, "\"offer\": {\"cells\": []}\n}\n"));
	assert_null(strstr(out.data, "firmware"));
	assert_null(strstr(out.data, "tolerated"));
	steady_text_free(&out);
	assert_string_equal(steady_model_name(m), "");
	assert_int_equal(m->options, 0);
	assert_int_equal(m->irqchip, STEADY_IRQCHIP_UNKNOWN);
	assert_null(m->register_list);
	assert_int_equal(m->offer->cell_count, 0);
	assert_false(m->offer->firmware_known);
	assert_false(m->offer->sve_known);
	steady_model_free(m);
}

static void test_truncated(void **state)
{
	char *text = quoted(canonical);
	size_t length = strlen(text);

	(void)state;
	for (size_t n = 0; n < length - 1; n++) { /* the last byte is a line feed */
		char *exact = malloc(n + !n);
		struct steady_model *model;

		assert_non_null(exact);
		memcpy(exact, text, n);
		if (read_model(exact, n, &model, NULL) != -STEADY_EINPUT)
			fail_msg("accepted when cut off after %zu bytes", n);
		free(exact);
	}
	free(text);
}

/* Its text: what it is but for the offer. */
static char *text_of(struct steady_model *m)
{
	struct steady_text out = STEADY_TEXT_INIT;

	assert_int_equal(steady_model_print(m, &out), 0);
	steady_model_free(m);
	return out.data;
}

/* Read for a VMM's start: the same model, or it is left to the other reader. */
static void check_start(const char *text, size_t length)
{
	struct steady_model *quick = NULL, *whole = NULL;
	char *a, *b;

	if (steady_model_read_start(text, length, &quick))
		return;
	assert_null(quick->offer);
	a = text_of(quick);
	if (read_model(text, length, &whole, NULL)) {
		const char *offer = strstr(text, "offer"); /* which was not looked at */

		free(a);
		assert_non_null(offer);
		return;
	}
	b = text_of(whole);
	assert_string_equal(a, b);
	free(a);
	free(b);
}

static void test_start(void **state)
{
	static const char *const odd[] = {
		HEAD "'offer':1}", HEAD "'offer':{},'offer':{}}", HEAD "'\\u006fffer':{}}",
		HEAD "'register_list':['0x2','0x1']}", HEAD "'register_list':['0x1','0x1']}",
		HEAD "'register_list':['0x1'],'register_list':['0x2']}", HEAD "'register_list':['0x1']} x",
		HEAD "'register_list':[]}", HEAD "'register_list':['0x1',]}", HEAD "'offer':{'cells':[}",
		HEAD "'register_list':['0x1']", HEAD "'nonsense':1}", "{}", "", "[]", "{'offer':{}}",
	};
	char *text = quoted(canonical);
	struct steady_model *m = NULL;
	size_t length = strlen(text);

	(void)state;
	assert_int_equal(steady_model_read_start(text, length, &m), 0);
	assert_int_equal(m->register_count, 2);
	assert_int_equal(m->register_list[1], 0x603000000013c200);
	steady_model_free(m);
	check_start(text, length);
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		char *copy = quoted(odd[i]);

		if (!steady_model_read_start(copy, strlen(copy), &m))
			fail_msg("taken: %s", odd[i]);
		free(copy);
	}
	for (size_t i = 0; i < length; i++) {
		static const char other[] = "\"\\{}[],: 0x";
		char before = text[i];

		for (size_t j = 0; j < sizeof(other) - 1; j++) {
			text[i] = other[j];
			check_start(text, length);
		}
		text[i] = before;
		check_start(text, i);
	}
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_text),     cmocka_unit_test(test_more),
		cmocka_unit_test(test_offer),
		cmocka_unit_test(test_least),    cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
