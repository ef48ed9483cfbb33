/* SPDX-License-Identifier: MIT */
#include "refused.h"

#include <errno.h>

#include "format/format.h"

/* The printed form of a profile that has everything. */
static const char canonical[] =
	"{\n"
	"  'format': 'steadyarm-profile',\n"
	"  'version': 1,\n"
	"  'host': {\n"
	"    'name': 'rack7-12',\n"
	"    'kernel': '6.12.63+deb13-arm64',\n"
	"    'note': 'probe --deep\\nsecond line',\n"
	"    'cpus': [\n"
	"      {'midr': '0x00000000413fd0c1', 'revidr': '0x0000000000000000', 'aidr': "
	"'0x0000000000000000'},\n"
	"      {'midr': '0x00000000410fd0c0', 'revidr': '0x0000000000000001', 'aidr': "
	"'0x0000000000000002'}\n"
	"    ]\n"
	"  },\n"
	"  'registers': {\n"
	"    'MIDR_EL1': {'value': '0x00000000413fd0c1'},\n"
	"    'ID_AA64PFR0_EL1': {'value': '0x1100000010111112', 'writable': "
	"'0xff0fffffffffffff'},\n"
	"    'ID_AA64PFR1_EL1': {'errno': 'EIO', 'writable': {'errno': 'EINVAL'}},\n"
	"    'ID_AA64ISAR0_EL1': {'value': '0x0000100010211120', 'writable': "
	"'0xf0ffffffffffffff'},\n"
	"    'S3_0_C0_C7_7': {'value': '0x0000000000000000'},\n"
	"    'S3_1_C0_C1_0': {'errno': 'E4000'}\n"
	"  },\n"
	"  'configurations': [\n"
	"    {\n"
	"      'vcpu_features': {\n"
	"        'pmu': true,\n"
	"        'sve': true,\n"
	"        'ptrauth': false,\n"
	"        'mte': false,\n"
	"        'el2': false,\n"
	"        'el2_e2h0': false,\n"
	"        'el1_32bit': false\n"
	"      },\n"
	"      'irqchip': 'gicv3',\n"
	"      'accepted': {\n"
	"        'ID_AA64PFR0_EL1.EL0': '1-2',\n"
	"        'ID_AA64PFR0_EL1.CSV3': '0-1,15',\n"
	"        'ID_AA64ISAR0_EL1.AES': '0,2',\n"
	"        'ID_AA64ISAR0_EL1.SHA1': 'none'\n"
	"      },\n"
	"      'register_list': [\n"
	"        '0x6030000000100000', '0x6030000000100002', '0x6030000000100004', "
	"'0x603000000013c200'\n"
	"      ]\n"
	"    },\n"
	"    {\n"
	"      'vcpu_features': {'pmu': false, 'sve': false},\n"
	"      'irqchip': 'none',\n"
	"      'registers': {\n"
	"        'ID_AA64PFR0_EL1': '0x1100000010111111',\n"
	"        'ID_AA64PFR1_EL1': {'errno': 'ENOENT'}\n"
	"      }\n"
	"    },\n"
	"    {'registers': {}, 'register_list': []}\n"
	"  ],\n"
	"  'firmware': {\n"
	"    'PSCI_VERSION': '0x10001',\n"
	"    'STD_BMAP': '0x1',\n"
	"    'VENDOR_HYP_BMAP_2': {'errno': 'ENOENT'},\n"
	"    '0x603000000016000a': '0x0'\n"
	"  },\n"
	"  'sve': {'vector_lengths': [16, 32, 64]},\n"
	"  'capabilities': {'ARM_SVE': 1, 'ARM_MTE': 0, 'ARM_EL2': {'errno': 'EINVAL'}},\n"
	"  'unvirtualised': {\n"
	"    'CNTFRQ_EL0': '0x3b9aca00',\n"
	"    'PMCR_EL0.N': {'errno': 'EIO'},\n"
	"    'PAGE_SIZE': '0x1000'\n"
	"  }\n"
	"}\n";

#define OPEN   "{'format':'steadyarm-profile','version':1,"
#define HEAD   OPEN "'registers':{},\n"
#define ALL_ON "'pmu':true,'sve':true,'ptrauth':true,'mte':true,'el2':true,'el2_e2h0':true,"

static const struct refusal refusals[] = {
	/* no JSON, or none that we read */
	{"", 1, 1, "'[' or '{' expected near end of file"},
	{"{", 1, 1, "string or '}' expected near end of file"},
	{"[]", 1, 1, "expected an object, found an array"},
	{"{'format':'steadyarm-profile',}", 1, 31, "string or '}' expected near"},
	{"{'a':1,'a':2}", 1, 10, "duplicate object key near"},
	{"{'a':'\xff'}", 1, 6, "unable to decode byte 0xff"},
	{"{'a':'\xed\xa0\x80'}", 1, 6, "unable to decode byte 0xed"},
	{"{'a':'\\u0000'}", 1, 13, "\\u0000 is not allowed"},
	{"{'a':'\\ud800'}", 1, 13, "invalid Unicode"},
	{"{'a':'\n'}", 1, 6, "unexpected newline"},
	{"{'a':1e999}", 1, 10, "real number overflow"},
	{"{'a':9223372036854775808}", 1, 24, "too big integer"},
	{"{'a':01}", 1, 6, "invalid token"},
	{"{} {}", 1, 4, "end of file expected"},
	{"[[[[[[[[[[[[[[[[[1", 1, 17, "nested too deeply"},
	{"\n{'a':[[[[[[[[[[[[[[[{'b':1", 2, 21, "nested too deeply"},
	/* the head */
	{"{}", 1, 1, "the key \"format\" is missing"},
	{" {'version':1}", 1, 2, "the key \"format\" is missing"},
	{"{'format':1,'x':1}", 1, 11, "expected a string, found a whole number"},
	{"{'format':'steadyarm-model','name':'x'}", 1, 11, "is not \"steadyarm-profile\""},
	{"{'format':'steadyarm-profile'}", 1, 1, "the key \"version\" is missing"},
	{"{'format':'steadyarm-profile','version':2,'new':1}", 1, 41, "reads version 1"},
	{"{'format':'steadyarm-profile','version':1.0}", 1, 41, "whole number, found a fraction"},
	{"{'format':'steadyarm-profile','version':'1'}", 1, 41, "whole number, found a string"},
	{OPEN "\n'host':{}}", 1, 1, "the key \"registers\" is missing"},
	{HEAD " 'hosts':{}}", 2, 2, "\"hosts\" is no key that is known here"},
	{HEAD " 'h\\u001b[2J\\u009b':{}}", 2, 2, "\"h\\x1b[2J\\xc2\\x9b\" is no key"},
	{HEAD " 'host':null}", 2, 9, "expected an object, found null"},
	/* the host */
	{HEAD "'host':{'nam':1}}", 2, 9, "\"nam\" is no key"},
	{HEAD "'host':{'name':true}}", 2, 16, "expected a string, found true or false"},
	{HEAD "'host':{'name':''}}", 2, 16, "the host's name is empty"},
	{HEAD "'host':{'name':'a\\nrack8 YES'}}", 2, 16, "\"a\\x0arack8 YES\" has a control"},
	{HEAD "'host':{'kernel':'\\u009b2J'}}", 2, 18, "has a control character"},
	{HEAD "'host':{'note':'\\u007f'}}", 2, 16, "has a control character"},
	{HEAD "'host':{'cpus':{}}}", 2, 16, "expected an array, found an object"},
	{HEAD "'host':{'cpus':[{'midr':'0x1','revidr':'0x0'}]}}", 2, 17, "\"aidr\" is missing"},
	{HEAD "'host':{'cpus':[{'midr':1}]}}", 2, 25, "expected a string, found a whole number"},
	/* registers */
	{OPEN "'registers':[]}", 1, 55, "expected an object, found an array"},
	{OPEN "'registers':{'ID_NONE':{}}}", 1, 56, "\"ID_NONE\" is no feature ID register"},
	{OPEN "'registers':{'CTR_EL0':{}}}", 1, 66, "neither a value nor an errno"},
	{OPEN "'registers':{'CTR_EL0':'0x1'}}", 1, 66, "expected an object, found a string"},
	{OPEN "'registers':{'CTR_EL0':{'value':'1'}}}", 1, 75, "\"1\" is no number of 0x and 1"},
	{OPEN "'registers':{'CTR_EL0':{'value':'0x'}}}", 1, 75, "is no number"},
	{OPEN "'registers':{'CTR_EL0':{'value':'0x12345678123456789'}}}", 1, 75, "is no number"},
	{OPEN "'registers':{'CTR_EL0':{'value':'0x1 '}}}", 1, 75, "is no number"},
	{OPEN "'registers':{'CTR_EL0':{'value':{'errno':'EIO'}}}}", 1, 75, "expected a string"},
	{OPEN "'registers':{'CTR_EL0':{'errno':'EFOO'}}}", 1, 75, "\"EFOO\" is no errno"},
	{OPEN "'registers':{'CTR_EL0':{'errno':'E0'}}}", 1, 75, "\"E0\" is no errno"},
	{OPEN "'registers':{'CTR_EL0':{'errno':'E4096'}}}", 1, 75, "\"E4096\" is no errno"},
	{OPEN "'registers':{'CTR_EL0':{'errno':5}}}", 1, 75, "expected a string"},
	{OPEN "'registers':{'CTR_EL0':{'errno':'EIO','value':'0x1'}}}", 1, 67, "both a value and"},
	{OPEN "'registers':{'CTR_EL0':{'writable':{}}}}", 1, 78, "\"errno\" is missing"},
	{OPEN "'registers':{'CTR_EL0':{'value':'0x1'},'S3_3_C0_C0_1':{'value':'0x1'}}}", 1, 82,
	 "\"S3_3_C0_C0_1\" is given twice, under two names"},
	/* configurations */
	{HEAD "'configurations':{}}", 2, 18, "expected an array, found an object"},
	{HEAD "'configurations':[]}", 2, 18, "no configuration"},
	{HEAD "'configurations':[[]]}", 2, 19, "expected an object, found an array"},
	{HEAD "'configurations':[{},{}]}", 2, 22, "the key \"registers\" is missing"},
	{HEAD "'configurations':[{'vcpu_features':{'pmu':1}}]}", 2, 43, "true or false"},
	{HEAD "'configurations':[{'vcpu_features':{'pm':true}}]}", 2, 37, "is no vCPU option"},
	{HEAD "'configurations':[{'irqchip':'gicv4'}]}", 2, 30, "\"gicv4\" is no irqchip"},
	{HEAD "'configurations':[{'irqchip':3}]}", 2, 30, "expected a string"},
	{HEAD "'configurations':[{'registers':{'CTR_EL0':'0x1'}}]}", 2, 20,
	 "CTR_EL0 is not what the top-level registers say"},
	{OPEN "'registers':{'CTR_EL0':{'value':'0x1'}},\n'configurations':[{'registers':{}}]}", 2,
	 20, "CTR_EL0 is not what the top-level"},
	{HEAD "'configurations':[{},{'registers':{'CTR_EL0':{'value':'0x1'}}}]}", 2, 47, "no key"},
	{HEAD "'configurations':[{'accepted':{'CTR_EL0':'0'}}]}", 2, 32, "is no field"},
	{HEAD "'configurations':[{'accepted':{'ID_AA64PFR0_EL1.EL0':'0-16'}}]}", 2, 54,
	 "\"0-16\" is no set of this field's values"},
	{HEAD "'configurations':[{'accepted':{'ID_AA64PFR0_EL1.EL0':''}}]}", 2, 54, "is no set"},
	{HEAD "'configurations':[{'accepted':{'ID_AA64PFR0_EL1.EL0':1}}]}", 2, 54, "a string"},
	{HEAD "'configurations':[{'accepted':{'MIDR_EL1.PartNum':'0'}}]}", 2, 32, "of 12 bits"},
	{HEAD "'configurations':[{'accepted':{'ID_AA64PFR0_EL1.EL0':'1',"
	      "'id_aa64pfr0_el1.el0':'1'}}]}",
	 2, 58, "is given twice"},
	{HEAD "'configurations':[{'register_list':{}}]}", 2, 36, "expected an array"},
	{HEAD "'configurations':[{'register_list':[1]}]}", 2, 37, "expected a string"},
	{HEAD "'configurations':[{'register_list':['0x2','0x1',\n'0x02']}]}", 3, 1,
	 "0x0000000000000002 is given twice"},
	{HEAD "'configurations':[{'irqchip':'none','vcpu_features':{" ALL_ON "'el1_32bit':true}},"
	      "\n{'irqchip':'none','registers':{},'vcpu_features':{" ALL_ON "'el1_32bit':true}}]}",
	 3, 1, "the same options and irqchip as configuration 0"},
	{HEAD "'configurations':[{},{'registers':{'ctr':'0x1','CTR_EL0':'0x1'}}]}", 2, 48,
	 "is given twice"},
	/* the rest */
	{HEAD "'firmware':{'PSCI':'0x1'}}", 2, 13, "\"PSCI\" is no firmware register"},
	{HEAD "'firmware':{'0x603000000013c200':'0x1'}}", 2, 13, "is no firmware register"},
	{HEAD "'firmware':{'PSCI_VERSION':1}}", 2, 28, "expected a string"},
	{HEAD "'firmware':{'PSCI_VERSION':'0x1','0x6030000000140000':'0x1'}}", 2, 34,
	 "given twice"},
	{HEAD "'sve':[]}", 2, 7, "expected an object"},
	{HEAD "'sve':{}}", 2, 7, "\"vector_lengths\" is missing"},
	{HEAD "'sve':{'vector_lengths':[16,17]}}", 2, 29, "17 is no vector length"},
	{HEAD "'sve':{'vector_lengths':[0]}}", 2, 26, "0 is no vector length"},
	{HEAD "'sve':{'vector_lengths':[-16]}}", 2, 26, "-16 is no vector length"},
	{HEAD "'sve':{'vector_lengths':[8208]}}", 2, 26, "8208 is no vector length"},
	{HEAD "'sve':{'vector_lengths':['16']}}", 2, 26, "expected a whole number"},
	{HEAD "'sve':{'vector_lengths':[16,32,16]}}", 2, 32, "16 is given twice"},
	/* DDI0487 B1.3.3: every implementation of SVE has 128 bits */
	{HEAD "'sve':{'vector_lengths':[32]}}", 2, 7, "16 is not among the vector lengths"},
	{HEAD "'capabilities':{'ARM_NONE':1}}", 2, 17, "\"ARM_NONE\" is no capability"},
	{HEAD "'capabilities':{'ARM_SVE':-1}}", 2, 27, "is not negative"},
	{HEAD "'capabilities':{'ARM_SVE':true}}", 2, 27, "whole number, found true or false"},
	{HEAD "'capabilities':{'ARM_SVE':{'errno':'EIO','x':1}}}", 2, 42, "\"x\" is no key"},
	{HEAD "'unvirtualised':{'CTR_EL0':'0x1'}}", 2, 18, "is no unvirtualised register"},
	{HEAD "'unvirtualised':{'PAGE_SIZE':4096}}", 2, 30, "expected a string"},
};

static int read_profile(const char *text, size_t length, struct steady_profile **profile,
			struct steady_report *report)
{
	return steady_profile_read_json(text, length, "FILE", profile, report);
}

static void test_refusals(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		struct steady_profile *profile = NULL;
		struct steady_report *report;
		char *text = quoted(refusals[i].text);
		int err;

		assert_int_equal(steady_report_new(&report), 0);
		err = read_profile(text, strlen(text), &profile, report);
		assert_null(profile);
		check_refusal(&refusals[i], err, report);
		free(text);
	}
}

/* The printed form of a text in real quotes, to be freed. */
static char *reprint(const char *text, const char *file)
{
	struct steady_text out = STEADY_TEXT_INIT;
	struct steady_profile *profile;

	assert_int_equal(steady_profile_read_json(text, strlen(text), file, &profile, NULL), 0);
	assert_int_equal(steady_profile_print_json(profile, &out), 0);
	steady_profile_free(profile);
	return steady_text_take(&out);
}

static void test_canonical(void **state)
{
	char *text = quoted(canonical), *again = reprint(text, NULL);

	(void)state;
	assert_string_equal(again, text);
	free(again);
	free(text);
}

static const struct steady_reading *limit(const struct steady_profile *p, size_t configuration,
					  const char *name)
{
	return &p->configurations[configuration].reg[steady_register_by_name(name, strlen(name))];
}

static void check_registers(const struct steady_profile *p)
{
	int pfr1 = steady_register_by_name("ID_AA64PFR1_EL1", 15);

	assert_int_equal(limit(p, 0, "ID_AA64PFR0_EL1")->state, STEADY_VALUE);
	assert_int_equal(limit(p, 0, "ID_AA64PFR0_EL1")->value, 0x1100000010111112);
	assert_int_equal(limit(p, 0, "ID_AA64PFR1_EL1")->state, STEADY_FAILED);
	assert_int_equal(limit(p, 0, "ID_AA64PFR1_EL1")->error, EIO);
	assert_int_equal(limit(p, 0, "ID_AA64PFR2_EL1")->state, STEADY_NOT_CAPTURED);
	assert_int_equal(limit(p, 0, "S3_1_C0_C1_0")->error, 4000);
	assert_int_equal(limit(p, 1, "ID_AA64PFR1_EL1")->error, ENOENT);
	assert_int_equal(limit(p, 2, "ID_AA64PFR1_EL1")->state, STEADY_NOT_CAPTURED);
	assert_int_equal(p->writable[pfr1].state, STEADY_FAILED);
	assert_int_equal(p->writable[pfr1].error, EINVAL);
}

static void check_configurations(const struct steady_profile *p)
{
	const struct steady_configuration *c = p->configurations;
	int csv3 = steady_field_by_name("ID_AA64PFR0_EL1.CSV3", 20);

	assert_int_equal(p->configuration_count, 3);
	assert_int_equal(c[0].options, 1 << STEADY_OPTION_PMU | 1 << STEADY_OPTION_SVE);
	assert_int_equal(c[0].options_known, (1 << STEADY_OPTIONS) - 1);
	assert_int_equal(c[0].irqchip, STEADY_GICV3);
	assert_true(c[0].accepted[csv3].known);
	assert_int_equal(c[0].accepted[csv3].values, 0x8003);
	assert_false(c[0].accepted[csv3 - 1].known);
	assert_int_equal(c[0].register_count, 4);
	assert_int_equal(c[1].options, 0);
	assert_int_equal(c[1].options_known, 1 << STEADY_OPTION_PMU | 1 << STEADY_OPTION_SVE);
	assert_int_equal(c[1].irqchip, STEADY_IRQCHIP_NONE);
	assert_null(c[1].accepted);
	assert_null(c[1].register_list);
	assert_int_equal(c[2].irqchip, STEADY_IRQCHIP_UNKNOWN);
	assert_non_null(c[2].register_list); /* captured, and empty */
	assert_int_equal(c[2].register_count, 0);
}

static void test_values(void **state)
{
	char *text = quoted(canonical);
	struct steady_profile *p;

	(void)state;
	assert_int_equal(read_profile(text, strlen(text), &p, NULL), 0);
	check_registers(p);
	check_configurations(p);
	assert_string_equal(p->name, "rack7-12");
	assert_string_equal(p->note, "probe --deep\nsecond line");
	assert_int_equal(p->cpu_count, 2);
	assert_int_equal(p->cpus[1].aidr, 2);
	assert_true(p->firmware_known);
	assert_int_equal(p->firmware_count, 4);
	assert_int_equal(steady_profile_firmware(p, 0x6030000000140000)->value, 0x10001);
	assert_int_equal(steady_profile_firmware(p, 0x6030000000160003)->error, ENOENT);
	assert_true(p->sve_known);
	assert_int_equal(steady_vl_max(&p->sve), 64);
	assert_int_equal(p->unvirtualised[STEADY_PAGE_SIZE].value, 4096);
	assert_int_equal(p->unvirtualised[STEADY_PMCR_N].error, EIO);
	assert_int_equal(p->unvirtualised[STEADY_DCZID].state, STEADY_NOT_CAPTURED);
	steady_profile_free(p);
	free(text);
}

/* Only three keys are required; all else is then "not captured". */
static void test_least(void **state)
{
	char *text = quoted("{'version':1,'registers':{},'format':'steadyarm-profile'}");
	struct steady_profile *p;

	(void)state;
	assert_int_equal(read_profile(text, strlen(text), &p, NULL), 0);
	assert_int_equal(p->configuration_count, 1);
	assert_int_equal(p->configurations[0].options_known, 0);
	assert_int_equal(p->configurations[0].irqchip, STEADY_IRQCHIP_UNKNOWN);
	assert_false(p->firmware_known);
	assert_false(p->sve_known);
	assert_null(p->capabilities);
	assert_int_equal(p->cpu_count, 0);
	assert_null(p->kernel);
	steady_profile_free(p);
	free(text);
}

static const struct {
	const char *file, *name;
} names[] = {
	{"/srv/fleet/rack7.json", "rack7"},
	{"rack7", "rack7"},
	{".json", ".json"},
	{"a.json.json", "a.json"},
	{NULL, "unnamed"},
	{"", "unnamed"},
	{"/srv/", "unnamed"},
	{"a\nb", "unnamed"},
};

/* A host without a name goes by its file's. */
static void test_name(void **state)
{
	char *text = quoted("{'format':'steadyarm-profile','version':1,'registers':{}}");

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct steady_profile *p;

		assert_int_equal(
			steady_profile_read_json(text, strlen(text), names[i].file, &p, NULL), 0);
		assert_string_equal(p->name, names[i].name);
		steady_profile_free(p);
	}
	free(text);
}

/* Whatever the order and spelling, what is printed is the same. */
static void test_free_form(void **state)
{
	char *out, *text;

	(void)state;
	text = quoted("{'configurations':[{'registers':{'id_aa64pfr0':'0xa'}}],'version':1,"
		      "'registers':{'S3_0_C0_C4_0':{'writable':'0x0f','value':'0xA'}},"
		      "'sve':{'vector_lengths':[32,16]},'h\\u006fst':{'name':'h\xc3\xa9\\/'},"
		      "'format':'steadyarm-profile'}");
	out = reprint(text, NULL);
	free(text);
	text = quoted("{\n"
		      "  'format': 'steadyarm-profile',\n"
		      "  'version': 1,\n"
		      "  'host': {'name': 'h\xc3\xa9/'},\n"
		      "  'registers': {\n"
		      "    'ID_AA64PFR0_EL1': {'value': '0x000000000000000a', "
		      "'writable': '0x000000000000000f'}\n"
		      "  },\n"
		      "  'sve': {'vector_lengths': [16, 32]}\n"
		      "}\n");
	assert_string_equal(out, text);
	free(out);
	free(text);
}

/* A string that no line has room for stands on its own; ids come in the order of their numbers. */
static void test_long(void **state)
{
	char note[300], *json, *out;
	struct steady_text text = STEADY_TEXT_INIT;

	(void)state;
	memset(note, 'n', sizeof(note) - 1);
	note[sizeof(note) - 1] = '\0';
	steady_text_printf(&text,
			   HEAD "'firmware':{'0x6030000000160001':'0x2','PSCI_VERSION':'0x10001'},"
				"'host':{'name':'a','note':'%s'}}",
			   note);
	json = quoted(text.data);
	out = reprint(json, NULL);
	assert_non_null(strstr(out, note));
	assert_non_null(strstr(out, "{\"PSCI_VERSION\": \"0x10001\", \"STD_HYP_BMAP\": \"0x2\"}"));
	free(out);
	free(json);
	steady_text_free(&text);
}

/* Configurations that only look alike. */
static void test_alike(void **state)
{
	char *json = quoted(HEAD "'configurations':[{'irqchip':'none','vcpu_features':{" ALL_ON
				 "'el1_32bit':true}},{'irqchip':'gicv3','registers':{},"
				 "'vcpu_features':{" ALL_ON "'el1_32bit':true}},"
				 "{'irqchip':'none','registers':{},'vcpu_features':{" ALL_ON
				 "'el1_32bit':false}}]}");
	struct steady_profile *p;

	(void)state;
	assert_int_equal(read_profile(json, strlen(json), &p, NULL), 0);
	assert_int_equal(p->configuration_count, 3);
	steady_profile_free(p);
	free(json);
}

static void test_truncated(void **state)
{
	char *text = quoted(canonical);
	size_t length = strlen(text);

	(void)state;
	for (size_t n = 0; n < length - 1; n++) { /* the last byte is a line feed */
		char *exact = malloc(n + !n);
		struct steady_profile *profile;

		assert_non_null(exact);
		memcpy(exact, text, n);
		if (read_profile(exact, n, &profile, NULL) != -STEADY_EINPUT)
			fail_msg("accepted when cut off after %zu bytes", n);
		free(exact);
	}
	free(text);
}

static void test_nul(void **state)
{
	static const char text[] = "{\"format\":\"steadyarm-profile\",\"version\":1,"
				   "\"host\":{\"name\":\"a\0b\"}}";
	const struct refusal want = {"an embedded NUL", 1, 59, "control character 0x0"};
	struct steady_report *report;
	struct steady_profile *profile;
	int err;

	(void)state;
	assert_int_equal(steady_report_new(&report), 0);
	err = read_profile(text, sizeof(text) - 1, &profile, report);
	check_refusal(&want, err, report);
}

static void test_limits(void **state)
{
	const struct refusal want_size = {"16 MiB and one", 1, 1, "larger than 16 MiB"};
	const struct refusal want_values = {"[,,,", 1, 262145, "too many values"};
	size_t length = STEADY_FILE_MAX + 1;
	char *text = malloc(length);
	struct steady_report *report;
	struct steady_profile *profile;
	int err;

	(void)state;
	assert_non_null(text);
	memset(text, ',', length);
	assert_int_equal(steady_report_new(&report), 0);
	err = read_profile(text, length, &profile, report);
	check_refusal(&want_size, err, report);
	assert_int_equal(steady_report_new(&report), 0);
	err = read_profile(text, length - 1, &profile, report);
	check_refusal(&want_values, err, report);
	free(text);
}

/* One element more than a list may have. */
static void check_too_many(const char *before, const char *element, const char *after,
			   unsigned int column)
{
	const struct refusal want = {before, 2, column, "more than 4096"};
	struct steady_text text = STEADY_TEXT_INIT;
	struct steady_report *report;
	struct steady_profile *profile;
	char *json;
	int err;

	steady_text_str(&text, before);
	for (unsigned int i = 0; i <= STEADY_LIST_MAX; i++) {
		char one[64];

		snprintf(one, sizeof(one), element, i);
		steady_text_printf(&text, "%s%s", i ? "," : "", one);
	}
	steady_text_str(&text, after);
	json = quoted(text.data);
	assert_int_equal(steady_report_new(&report), 0);
	err = read_profile(json, strlen(json), &profile, report);
	check_refusal(&want, err, report);
	free(json);
	steady_text_free(&text);
}

static void test_too_many(void **state)
{
	(void)state;
	check_too_many(HEAD "'configurations':[{'register_list':[", "'0x%x'", "]}]}", 36);
	check_too_many(HEAD "'configurations':[", "{'registers':{}}", "]}", 18);
	check_too_many(HEAD "'firmware':{", "'0x603000000014%04x':'0x0'", "}}", 12);
	check_too_many(HEAD "'host':{'cpus':[", "{}", "]}}", 16);
}

/* What no file can hold is refused by the printer, and nothing is half printed. */
static void test_unprintable(void **state)
{
	struct steady_text out = STEADY_TEXT_INIT;
	struct steady_profile *p = steady_profile_alloc();

	(void)state;
	assert_non_null(p);
	assert_int_equal(steady_profile_print_json(p, &out), -STEADY_EUSAGE);
	assert_non_null(steady_profile_add(p));
	p->name = strdup("\xff");
	assert_int_equal(steady_profile_print_json(p, &out), -STEADY_EINPUT);
	strcpy(p->name, "a");
	p->writable[3] = (struct steady_reading){.state = STEADY_FAILED, .error = -5};
	assert_int_equal(steady_profile_print_json(p, &out), -STEADY_EINPUT);
	p->writable[3].error = 4096;
	assert_int_equal(steady_profile_print_json(p, &out), -STEADY_EINPUT);
	assert_int_equal(out.length, 0);
	p->writable[3].error = 4095;
	p->capabilities = calloc(steady_capability_count, sizeof(*p->capabilities));
	assert_non_null(p->capabilities);
	p->capabilities[0] = (struct steady_reading){.state = STEADY_VALUE, .value = UINT64_MAX};
	assert_int_equal(steady_profile_print_json(p, &out), -STEADY_EINPUT);
	p->capabilities[0].value = INT64_MAX;
	assert_int_equal(steady_profile_print_json(p, &out), 0);
	steady_text_free(&out);
	steady_profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_refusals),    cmocka_unit_test(test_canonical),
		cmocka_unit_test(test_values),      cmocka_unit_test(test_least),
		cmocka_unit_test(test_name),        cmocka_unit_test(test_free_form),
		cmocka_unit_test(test_truncated),   cmocka_unit_test(test_nul),
		cmocka_unit_test(test_limits),      cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_unprintable), cmocka_unit_test(test_long),
		cmocka_unit_test(test_alike),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
