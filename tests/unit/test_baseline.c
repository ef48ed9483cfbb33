/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>

#include "build_profile.h"

struct pair {
	struct steady_profile *p[2];
	struct steady_input in[2];
	struct steady_report *report;
	struct steady_model *m;
	struct steady_baseline_request request;
};

static void start(struct pair *t, enum build_cpu cpu, enum build_kernel a, enum build_kernel b)
{
	memset(t, 0, sizeof(*t));
	t->p[0] = build_host(cpu, a, "a");
	t->p[1] = build_host(cpu, b, "b");
	for (int i = 0; i < 2; i++) {
		t->in[i].name = t->p[i]->name;
		t->in[i].profile = t->p[i];
	}
	assert_int_equal(steady_report_new(&t->report), 0);
}

static int go(struct pair *t)
{
	return steady_baseline(t->in, 2, &t->request, &t->m, t->report);
}

static void stop(struct pair *t)
{
	steady_model_free(t->m);
	steady_report_free(t->report);
	steady_profile_free(t->p[0]);
	steady_profile_free(t->p[1]);
}

/* Limits of two hosts, all writable, and what a guest that may meet both is shown. */
static const struct {
	const char *field;
	uint64_t a, b, want;
} values[] = {
	{"ID_AA64ISAR0_EL1.AES", 2, 1, 1},
	{"ID_AA64ISAR0_EL1.AES", 0, 2, 0},
	{"ID_AA64MMFR1_EL1.SpecSEI", 0, 1, 1},  /* more is less */
	{"ID_AA64MMFR0_EL1.TGran4", 1, 15, 15}, /* signed: not there */
	{"ID_AA64MMFR0_EL1.TGran4", 1, 0, 0},
	{"ID_AA64MMFR0_EL1.TGran4_2", 2, 0, 1}, /* neither: 1, no granule for stage 2 */
	{"ID_AA64MMFR0_EL1.TGran4_2", 2, 2, 2},
	{"ID_AA64DFR0_EL1.DoubleLock", 0, 15, 15},
	{"ID_AA64DFR0_EL1.DebugVer", 8, 6, 6},
	{"ID_AA64DFR0_EL1.PMUVer", 6, 4, 4},
	{"ID_AA64FPFR0_EL1.F8CVT", 1, 0, 0},
	{"ID_AA64FPFR0_EL1.F8CVT", 1, 1, 1},
	{"ID_MMFR0_EL1.InnerShr", 0, 15, 15}, /* shareability ignored */
};

static void test_values(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++) {
		struct pair t;

		for (int swap = 0; swap < 2; swap++) {
			start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
			build_put(t.p[swap], values[i].field, values[i].a);
			build_put(t.p[!swap], values[i].field, values[i].b);
			assert_int_equal(go(&t), 0);
			assert_int_equal(build_model_get(t.m, values[i].field), values[i].want);
			stop(&t);
		}
	}
}

/* The same host twice: what it has, its option on, all of the core range. */
static void test_alone(void **state)
{
	struct pair t;

	(void)state;
	start(&t, BUILD_V1, BUILD_7_3, BUILD_7_3);
	t.request.name = "v1-v1";
	assert_int_equal(go(&t), 0);
	assert_string_equal(steady_model_name(t.m), "v1-v1");
	assert_int_equal(t.m->options, t.p[0]->configurations[0].options);
	assert_int_equal(t.m->irqchip, STEADY_GICV3);
	for (int i = 0; i < STEADY_REGISTERS; i++) {
		assert_int_equal(t.m->has[i],
				 steady_register_is_core(i) || i == build_reg("CTR_EL0"));
		if (t.m->has[i])
			assert_true(t.m->value[i] == t.p[0]->configurations[0].reg[i].value);
	}
	assert_int_equal(steady_vl_max(&t.m->sve), 32);
	assert_int_equal(t.m->firmware_count, 8);
	assert_int_equal(t.m->register_count, t.p[0]->configurations[0].register_count);
	assert_int_equal(t.m->implementation_count, 1);
	assert_int_equal(t.m->implementations[0].midr, 0x411fd401);
	assert_int_equal(t.m->tolerated_count, 0);
	assert_non_null(t.m->offer);
	stop(&t);
}

/* KVM.md: these are fixed, and between these hosts no write levels them. */
static const struct {
	const char *reg, *field;
	uint64_t a, b;
} fixed[] = {
	{"ID_AA64DFR0_EL1", "BRPs", 5, 3},      {"ID_AA64DFR0_EL1", "CTX_CMPs", 1, 0},
	{"ID_AA64MMFR0_EL1", "ASIDBits", 2, 0}, {"ID_AA64MMFR1_EL1", "XNX", 1, 0},
	{"ID_AA64MMFR1_EL1", "VH", 1, 0},       {"ID_AA64MMFR1_EL1", "VMIDBits", 2, 0},
	{"ID_AA64MMFR2_EL1", "EVT", 2, 1},      {"ID_AA64MMFR2_EL1", "FWB", 1, 0},
	{"ID_AA64MMFR2_EL1", "IDS", 1, 0},      {"ID_AA64PFR0_EL1", "FP", 1, 15},
};

static void test_conflict_and_tolerated(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(fixed); i++) {
		char name[64];
		const char *names[] = {name};
		const struct steady_finding *f;
		struct pair t;

		snprintf(name, sizeof(name), "%s.%s", fixed[i].reg, fixed[i].field);
		start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
		build_put(t.p[0], name, fixed[i].a);
		build_put(t.p[1], name, fixed[i].b);
		assert_int_equal(go(&t), -STEADY_ECONFLICT);
		assert_null(t.m);
		assert_int_equal(steady_report_count(t.report), 2); /* one a host */
		f = steady_report_get(t.report, 0);
		assert_string_equal(f->reg, fixed[i].reg);
		assert_string_equal(f->field, fixed[i].field);
		assert_string_equal(f->host, "a");
		assert_int_equal(strtoul(f->offered, NULL, 10), fixed[i].a);
		assert_non_null(strstr(f->advice, name));
		f = steady_report_get(t.report, 1);
		assert_string_equal(f->host, "b");
		assert_int_equal(strtoul(f->offered, NULL, 10), fixed[i].b);
		t.request.tolerate = names;
		t.request.tolerate_count = 1;
		assert_int_equal(go(&t), 0);
		assert_int_equal(t.m->tolerated_count, 1);
		assert_string_equal(t.m->tolerated[0], name);
		/* the lesser is what the model says; of a signed field 15 is less than 1 */
		assert_int_equal(build_model_get(t.m, name), fixed[i].b);
		stop(&t);
	}
}

/* What need not be tolerated is said, and is not in the model. */
static void test_tolerated_for_nothing(void **state)
{
	const char *names[] = {"ID_AA64MMFR1_EL1.VH"};
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	t.request.tolerate = names;
	t.request.tolerate_count = 1;
	assert_int_equal(go(&t), 0);
	assert_int_equal(t.m->tolerated_count, 0);
	assert_non_null(build_finding(t.report, names[0], NULL));
	stop(&t);
}

/* A model whose hosts may have more of a field keeps its value with such a host, not with others. */
static void test_only_more(void **state)
{
	static const char name[] = "ID_AA64DFR0_EL1.BRPs"; /* fixed by KVM; 5 on the N1 */
	static const uint64_t limits[] = {6, 4};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct steady_input in[2] = {{.name = "model"}, {.name = "host"}};
		struct steady_model *again = NULL;
		struct pair t;

		start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
		assert_int_equal(go(&t), 0);
		assert_int_equal(steady_model_add_more(t.m, name), 0);
		build_put(t.p[0], name, limits[i]);
		in[0].model = t.m;
		in[1].profile = t.p[0];
		assert_int_equal(steady_baseline(in, 2, &t.request, &again, t.report),
				 i ? -STEADY_ECONFLICT : 0);
		assert_int_equal(build_finding(t.report, "ID_AA64DFR0_EL1", "BRPs") != NULL, i);
		if (!i) {
			assert_true(build_model_get(again, name) == 5);
			assert_int_equal(again->tolerated_count, 0);
			assert_int_equal(again->more_count, 1);
			assert_int_equal(steady_check(again, t.p[0], NULL), 0);
		}
		steady_model_free(again);
		stop(&t);
	}
}

/* A tolerated field stays tolerated when the model comes in again. */
static void test_tolerated_is_inherited(void **state)
{
	const char *names[] = {"ID_AA64MMFR1_EL1.VH"};
	struct steady_model *again = NULL;
	struct steady_input in = {.name = "model"};
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	build_put(t.p[0], names[0], 0);
	t.request.tolerate = names;
	t.request.tolerate_count = 1;
	assert_int_equal(go(&t), 0);
	in.model = t.m;
	t.request.tolerate_count = 0;
	assert_int_equal(steady_baseline(&in, 1, &t.request, &again, NULL), 0);
	assert_int_equal(again->tolerated_count, 1);
	assert_memory_equal(again->value, t.m->value, sizeof(again->value));
	steady_model_free(again);
	stop(&t);
}

#define PMU     (1u << STEADY_OPTION_PMU)
#define SVE     (1u << STEADY_OPTION_SVE)
#define PTRAUTH (1u << STEADY_OPTION_PTRAUTH)

/* Options: as many as both have, unless turned off; a conflict in SVE's fields turns it off. */
static const struct {
	uint32_t on, off;
	const char *field; /* of host a, at odds with b */
	uint64_t value;
	uint32_t want;
	int result;
} options[] = {
	{0, 0, NULL, 0, PMU | SVE | PTRAUTH, 0},
	{0, SVE, NULL, 0, PMU | PTRAUTH, 0},
	{0, PMU | SVE | PTRAUTH, NULL, 0, 0, 0},
	{SVE, PMU, NULL, 0, SVE | PTRAUTH, 0},
	{1u << STEADY_OPTION_EL2, 0, NULL, 0, 0, -STEADY_ECONFLICT},
	{SVE, SVE, NULL, 0, 0, -STEADY_EUSAGE},
	/* fixed by the algorithm: APA 1 here, 0 there */
	{0, 0, "ID_AA64ISAR1_EL1.APA", 1, PMU | SVE, 0},
	{PTRAUTH, 0, "ID_AA64ISAR1_EL1.APA", 1, 0, -STEADY_ECONFLICT},
};

static void test_options(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(options); i++) {
		struct pair t;

		start(&t, BUILD_V1, BUILD_7_3, BUILD_7_3);
		for (size_t c = 0; options[i].field && c < t.p[0]->configuration_count; c++) {
			const struct steady_field *f =
				&steady_fields[build_field(options[i].field)];
			struct steady_configuration *config = &t.p[0]->configurations[c];
			uint64_t *reg = &config->reg[f->reg].value;

			if (config->options & PTRAUTH)
				*reg = steady_field_put(f, *reg, options[i].value);
		}
		t.request.options_on = options[i].on;
		t.request.options_off = options[i].off;
		assert_int_equal(go(&t), options[i].result);
		if (t.m)
			assert_int_equal(t.m->options, options[i].want);
		stop(&t);
	}
}

/* No common vector length: SVE goes, unless it must stay. */
static void test_vector_lengths(void **state)
{
	struct pair t;

	(void)state;
	start(&t, BUILD_V1, BUILD_7_3, BUILD_7_3);
	steady_vl_add(&t.p[0]->sve, 48);
	steady_vl_add(&t.p[1]->sve, 64);
	assert_int_equal(go(&t), 0);
	assert_int_equal(steady_vl_max(&t.m->sve), 32);
	steady_model_free(t.m);
	t.m = NULL;
	t.p[0]->sve.word[0] = 2; /* 32 bytes, not 16 */
	assert_int_equal(go(&t), 0);
	assert_int_equal(t.m->options, PMU | PTRAUTH);
	assert_true(steady_vl_empty(&t.m->sve));
	steady_model_free(t.m);
	t.m = NULL;
	t.request.options_on = SVE;
	assert_int_equal(go(&t), -STEADY_ECONFLICT);
	assert_non_null(build_finding(t.report, "SVE_VLS", NULL));
	stop(&t);
}

/* 6.12 has the AArch32 registers fixed and no HCX, TWED writes (KVM.md, how it changed). */
static void test_between_kernels(void **state)
{
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_6_12, BUILD_7_3);
	assert_int_equal(go(&t), 0);
	assert_int_equal(t.m->firmware[0].value, 0x10001);
	steady_model_free(t.m);
	t.m = NULL;
	build_put(t.p[1], "ID_AA64MMFR1_EL1.HCX", 1);
	assert_int_equal(go(&t), 0); /* the newer one lowers it */
	assert_int_equal(build_model_get(t.m, "ID_AA64MMFR1_EL1.HCX"), 0);
	steady_model_free(t.m);
	t.m = NULL;
	build_put(t.p[1], "ID_AA64MMFR1_EL1.HCX", 0);
	build_put(t.p[0], "ID_AA64MMFR1_EL1.HCX", 1); /* the older one cannot */
	assert_int_equal(go(&t), -STEADY_ECONFLICT);
	assert_non_null(build_finding(t.report, "ID_AA64MMFR1_EL1", "HCX"));
	stop(&t);
}

/* Where KVM gives less than the CPUs have in common, a note says so. */
static void test_loss_is_noted(void **state)
{
	const struct steady_finding *f;
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	build_put(t.p[0], "ID_AA64MMFR0_EL1.TGran4_2", 2);
	build_put(t.p[1], "ID_AA64MMFR0_EL1.TGran4_2", 3);
	assert_int_equal(go(&t), 0);
	assert_int_equal(build_model_get(t.m, "ID_AA64MMFR0_EL1.TGran4_2"), 1);
	f = build_finding(t.report, "ID_AA64MMFR0_EL1", "TGran4_2");
	assert_non_null(f);
	assert_int_equal(f->severity, STEADY_NOTE);
	assert_string_equal(f->wanted, "2");
	assert_string_equal(f->offered, "1");
	stop(&t);
}

/*
 * Two granules of stage 2 make none, which a CPU with EL2 and that granule in stage 1 has not: only
 * a hypervisor could miss it (data/el2-only.tsv), and a guest without EL2 is none.
 */
static void test_stage_2_is_a_note(void **state)
{
	const struct steady_finding *f;
	unsigned int met = 0;
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	for (int i = 0; i < 2; i++) {
		build_put(t.p[i], "ID_AA64PFR0_EL1.EL2", 1);
		build_put(t.p[i], "ID_AA64MMFR0_EL1.TGran4_2", 2 + (unsigned int)i);
	}
	assert_int_equal(go(&t), 0);
	for (size_t i = 0; (f = steady_report_get(t.report, i)); i++) {
		if (!f->rule || strcmp(f->rule, "implies-aa64el2-tgran4k-s2tgran4k") != 0)
			continue;
		assert_int_equal(f->severity, STEADY_NOTE);
		met++;
	}
	assert_int_equal(met, 1);
	t.m->options |= UINT32_C(1) << STEADY_OPTION_EL2;
	steady_report_free(t.report);
	assert_int_equal(steady_report_new(&t.report), 0);
	steady_close_warn(t.m, &t.m->offer->cells[0], t.report);
	for (size_t i = 0; (f = steady_report_get(t.report, i)); i++)
		assert_int_equal(f->severity, STEADY_WARNING);
	assert_true(steady_report_count(t.report) > 0);
	stop(&t);
}

/*
 * A field that a rule lowered was lowered by the rule, not by what KVM accepts: E0PD needs CSV3
 * (DDI0487 A2.2), of which the hosts accept 1 and 2 and have nothing but 0 in common.
 */
static void test_lowered_is_no_loss(void **state)
{
	const struct steady_finding *f;
	unsigned int met = 0;
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	for (int i = 0; i < 2; i++) {
		build_put(t.p[i], "ID_AA64MMFR2_EL1.E0PD", 1);
		build_accepted(t.p[i], "ID_AA64MMFR2_EL1.E0PD", 0x3);
		build_put(t.p[i], "ID_AA64PFR0_EL1.CSV3", i ? 2 : 1);
		build_accepted(t.p[i], "ID_AA64PFR0_EL1.CSV3", i ? 0x5 : 0x3);
	}
	assert_int_equal(go(&t), 0);
	assert_int_equal(build_model_get(t.m, "ID_AA64MMFR2_EL1.E0PD"), 0);
	for (size_t i = 0; (f = steady_report_get(t.report, i)); i++) {
		if (!f->field || strcmp(f->field, "E0PD") != 0)
			continue;
		met++;
		assert_string_equal(f->rule, "implies-e0pd-csv3");
		assert_non_null(strstr(f->reason, "lowered from 1 to 0"));
	}
	assert_int_equal(met, 1);
	f = build_finding(t.report, "ID_AA64PFR0_EL1", "CSV3"); /* which is one */
	assert_non_null(strstr(f->reason, "that every host's KVM accepts"));
	stop(&t);
}

/* An option that the rules leave no CPU with: which rule (DDI0487 A2.2: with SVE, PMUv3p1). */
static void test_option_left_off_for_a_rule(void **state)
{
	const struct steady_finding *f;
	struct pair t;

	(void)state;
	start(&t, BUILD_V1, BUILD_7_3, BUILD_7_3);
	for (int i = 0; i < 2; i++) {
		build_put(t.p[i], "ID_AA64DFR0_EL1.PMUVer", i ? 5 : 4);
		build_accepted(t.p[i], "ID_AA64DFR0_EL1.PMUVer", i ? 0x22 : 0x12);
	}
	assert_int_equal(go(&t), 0);
	assert_int_equal(build_model_get(t.m, "ID_AA64DFR0_EL1.PMUVer"), 1);
	f = build_finding(t.report, "sve", NULL);
	assert_non_null(f);
	assert_non_null(strstr(f->reason,
			       "the rules between fields leave no CPU: ID_AA64DFR0_EL1.PMUVer: "
			       "FEAT_PMUv3 & FEAT_SVE needs FEAT_PMUv3p1"));
	assert_non_null(strstr(f->reason, "(implies-pmuv3-sve-pmuv3p1)"));
	stop(&t);
}

static void test_required(void **state)
{
	unsigned int feature = (unsigned int)steady_feature_by_name("FEAT_AES", 8);
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	t.request.require = &feature;
	t.request.require_count = 1;
	assert_int_equal(go(&t), 0);
	steady_model_free(t.m);
	t.m = NULL;
	build_put(t.p[1], "ID_AA64ISAR0_EL1.AES", 0);
	assert_int_equal(go(&t), -STEADY_ECONFLICT);
	assert_string_equal(build_finding(t.report, "FEAT_AES", NULL)->host, "a");
	assert_string_equal(build_finding(t.report, "FEAT_AES", NULL)->offered, "yes");
	stop(&t);
}

/* A read that failed is unknown: no model is made of it, and the host is named. */
static void test_unknown(void **state)
{
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	build_only(t.p[0], 0);
	build_only(t.p[1], 0);
	t.p[1]->configurations[0].reg[build_reg("ID_AA64ISAR1_EL1")] =
		(struct steady_reading){.state = STEADY_FAILED, .error = EIO};
	assert_int_equal(go(&t), -STEADY_EUNKNOWN);
	assert_string_equal(steady_report_get(t.report, 0)->host, "b");
	assert_null(t.m);
	stop(&t);
}

/* Passed through by KVM: no write levels it. PMCR.N only counts with the PMU. */
static void test_unvirtualised(void **state)
{
	static const struct {
		enum steady_unvirtualised which;
		uint32_t options_off;
		int want;
	} rows[] = {
		{STEADY_CNTFRQ, 0, -STEADY_ECONFLICT},
		{STEADY_DCZID, 0, -STEADY_ECONFLICT},
		{STEADY_PAGE_SIZE, 0, -STEADY_ECONFLICT},
		{STEADY_IPA_SIZE, 0, 0},
		{STEADY_PMCR_N, 0, 0}, /* the PMU is left out */
		{STEADY_PMCR_N, PMU, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const char *names[] = {steady_unvirtualised_names[rows[i].which]};
		struct pair t;

		start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
		for (int k = 0; k < 2; k++)
			t.p[k]->unvirtualised[rows[i].which] = (struct steady_reading){
				.state = STEADY_VALUE, .value = 4u + (unsigned int)k};
		t.request.options_off = rows[i].options_off;
		assert_int_equal(go(&t), rows[i].want);
		if (t.m && rows[i].which == STEADY_PMCR_N)
			assert_int_equal(t.m->options & PMU, 0);
		if (!t.m) {
			assert_non_null(build_finding(t.report, names[0], NULL));
			t.request.tolerate = names;
			t.request.tolerate_count = 1;
			assert_int_equal(go(&t), 0);
			assert_true(steady_model_tolerates(t.m, names[0]));
		}
		stop(&t);
	}
}

/* A model without an offer accepts only itself. */
static void test_model_alone(void **state)
{
	struct pair t;
	struct steady_model *m = NULL;
	struct steady_input in[2] = {0};

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	build_put(t.p[1], "ID_AA64ISAR0_EL1.AES", 0);
	assert_int_equal(steady_baseline(t.in, 1, &t.request, &t.m, NULL), 0);
	steady_offer_free(t.m->offer);
	t.m->offer = NULL;
	in[0] = (struct steady_input){.name = "model", .model = t.m};
	in[1] = t.in[0];
	assert_int_equal(steady_baseline(in, 2, &t.request, &m, NULL), 0);
	assert_memory_equal(m->value, t.m->value, sizeof(m->value));
	assert_int_equal(m->firmware_count, t.m->firmware_count);
	steady_model_free(m);
	in[1] = t.in[1];
	assert_int_equal(steady_baseline(in, 2, &t.request, &m, t.report), -STEADY_ECONFLICT);
	assert_non_null(build_finding(t.report, "ID_AA64ISAR0_EL1", "AES"));
	stop(&t);
}

/* Every CPU that a guest may meet is listed, or none. */
static void test_implementations(void **state)
{
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	t.p[1]->cpus[0].midr = 0x413fd0c0;
	assert_int_equal(go(&t), 0);
	assert_int_equal(t.m->implementation_count, 2);
	assert_int_equal(t.m->implementations[0].midr, 0x413fd0c0);
	assert_int_equal(t.m->implementations[1].midr, 0x413fd0c1);
	steady_model_free(t.m);
	t.m = NULL;
	t.p[1]->cpu_count = 0;
	assert_int_equal(go(&t), 0);
	assert_int_equal(t.m->implementation_count, 0);
	assert_string_equal(build_finding(t.report, "MIDR_EL1", NULL)->host, "b");
	stop(&t);
}

/* What nobody has pinned: the limits, even where a baseline would close over them. */
static void test_exactly(void **state)
{
	struct steady_profile *p = build_host(BUILD_MAX, BUILD_7_3, "max");
	struct steady_model *m = NULL;

	(void)state;
	build_put(p, "ID_AA64ISAR2_EL1.ATS1A", 0);
	for (size_t i = 0; i < p->configuration_count; i++) {
		const struct steady_configuration *c = &p->configurations[i];

		assert_int_equal(steady_model_exactly(p, c, &m, NULL), 0);
		assert_int_equal(m->options, c->options);
		for (int r = STEADY_CORE_FIRST; r < STEADY_CORE_FIRST + STEADY_CORE_COUNT; r++)
			assert_true(m->has[r] && m->value[r] == c->reg[r].value);
		steady_model_free(m);
	}
	steady_profile_free(p);
}

static void test_usage(void **state)
{
	struct steady_baseline_request request = {.name = "../x"};
	struct steady_model *m = (struct steady_model *)&request;
	struct pair t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3, BUILD_7_3);
	assert_int_equal(steady_baseline(t.in, 0, &t.request, &m, NULL), -STEADY_EUSAGE);
	assert_int_equal(steady_baseline(t.in, 2, &request, &m, NULL), -STEADY_EUSAGE);
	assert_ptr_equal(m, &request); /* untouched */
	stop(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_alone),
		cmocka_unit_test(test_conflict_and_tolerated),
		cmocka_unit_test(test_tolerated_for_nothing),
		cmocka_unit_test(test_tolerated_is_inherited),
		cmocka_unit_test(test_only_more),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_vector_lengths),
		cmocka_unit_test(test_between_kernels),
		cmocka_unit_test(test_loss_is_noted),
		cmocka_unit_test(test_stage_2_is_a_note),
		cmocka_unit_test(test_lowered_is_no_loss),
		cmocka_unit_test(test_option_left_off_for_a_rule),
		cmocka_unit_test(test_required),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_unvirtualised),
		cmocka_unit_test(test_model_alone),
		cmocka_unit_test(test_implementations),
		cmocka_unit_test(test_exactly),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
