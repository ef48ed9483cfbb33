/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>

#include "base/report.h"
#include "build_profile.h"

struct fixture {
	struct steady_profile *p;
	struct steady_model *m; /* the host's own */
	struct steady_report *report;
};

static void start(struct fixture *t, enum build_cpu cpu, enum build_kernel kernel)
{
	t->p = build_host(cpu, kernel, "host");
	assert_int_equal(steady_report_new(&t->report), 0);
	assert_int_equal(build_baseline(&t->p, 1, &t->m, NULL), 0);
}

static void stop(struct fixture *t)
{
	steady_profile_free(t->p);
	steady_model_free(t->m);
	steady_report_free(t->report);
}

static void want(struct fixture *t, const char *field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[build_field(field)];

	t->m->value[f->reg] = steady_field_put(f, t->m->value[f->reg], value);
}

/* One field of the model changed: N1 on 7.3. */
static const struct {
	const char *reg, *field;
	uint64_t value;
	int result;
	const char *offered;
} rows[] = {
	{"ID_AA64ISAR0_EL1", "AES", 2, 0, NULL},
	{"ID_AA64ISAR0_EL1", "AES", 0, 0, NULL},
	{"ID_AA64ISAR0_EL1", "AES", 3, -STEADY_EBLOCKED, "0-2"},
	{"ID_AA64ISAR0_EL1", "RNDR", 1, -STEADY_EBLOCKED, "0"},
	{"ID_AA64DFR0_EL1", "BRPs", 4, -STEADY_EBLOCKED, "5"},        /* fixed */
	{"ID_AA64DFR0_EL1", "DebugVer", 5, -STEADY_EBLOCKED, "6-8"},  /* before the limit */
	{"ID_AA64DFR0_EL1", "PMUVer", 15, -STEADY_EBLOCKED, "0-1,4"}, /* would be stored as 0 */
	{"ID_AA64MMFR1_EL1", "VH", 0, -STEADY_EBLOCKED, "1"},
	{"S3_0_C0_C4_3", "[3:0]", 1, -STEADY_EBLOCKED, "0"},
	{"ID_AA64PFR0_EL1", "RME", 1, -STEADY_EBLOCKED, "0"}, /* no entry in the table */
};

static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct fixture t;
		char name[64];

		snprintf(name, sizeof(name), "%s.%s", rows[i].reg, rows[i].field);
		start(&t, BUILD_N1, BUILD_7_3);
		want(&t, name, rows[i].value);
		assert_int_equal(steady_check(t.m, t.p, t.report), rows[i].result);
		assert_int_equal(steady_report_errors(t.report), rows[i].result != 0);
		if (rows[i].result) {
			const struct steady_finding *f =
				build_finding(t.report, rows[i].reg, rows[i].field);

			assert_non_null(f);
			assert_string_equal(f->offered, rows[i].offered);
			assert_int_equal(strtoul(f->wanted, NULL, 0), rows[i].value);
			assert_non_null(f->reason);
			assert_non_null(f->advice);
			assert_int_equal(steady_model_add_tolerated(t.m, name), 0);
			assert_int_equal(steady_check(t.m, t.p, NULL), 0);
		}
		stop(&t);
	}
}

/*
 * Firmware: PSCI up to the host's, bitmaps within its bits; a workaround as the host has it, since
 * KVM takes a lesser state and shows its own all the same (kvm_arm_set_fw_reg()).
 */
static const struct {
	const char *name;
	uint64_t host, value;
	int result;
} firmware[] = {
	{"PSCI_VERSION", 0x10003, 0x10001, 0},
	{"PSCI_VERSION", 0x10001, 0x10003, -STEADY_EBLOCKED},
	{"PSCI_VERSION", 0x10001, 2, 0},
	{"PSCI_VERSION", 0x10001, 1, -STEADY_EBLOCKED}, /* 0.1: not with KVM_ARM_VCPU_PSCI_0_2 */
	{"PSCI_VERSION", 0x10001, 3, -STEADY_EBLOCKED},
	{"PSCI_VERSION", 0x10001, 0, -STEADY_EBLOCKED},
	{"WORKAROUND_1", 1, 1, 0},
	{"WORKAROUND_1", 1, 0, -STEADY_EBLOCKED},
	{"WORKAROUND_1", 1, 2, -STEADY_EBLOCKED},
	{"VENDOR_HYP_BMAP", 3, 1, 0},
	{"VENDOR_HYP_BMAP", 1, 2, -STEADY_EBLOCKED},
	{"VENDOR_HYP_BMAP", 3, 0, 0},
	{"VENDOR_HYP_BMAP_2", 0, 3, 0}, /* opt-in: 0 by default, settable */
	{"VENDOR_HYP_BMAP_2", 0, 4, -STEADY_EBLOCKED},
};

static void test_firmware(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(firmware); i++) {
		struct fixture t;
		const struct steady_finding *f;
		uint64_t id = steady_firmware[steady_firmware_by_name(firmware[i].name,
								      strlen(firmware[i].name))]
				      .id;

		start(&t, BUILD_N1, BUILD_7_3);
		build_firmware(t.p, firmware[i].name, firmware[i].host);
		assert_int_equal(steady_model_add_firmware(t.m, id, firmware[i].value), 0);
		assert_int_equal(steady_check(t.m, t.p, t.report), firmware[i].result);
		f = build_finding(t.report, firmware[i].name, NULL);
		assert_int_equal(f && f->severity == STEADY_ERROR, firmware[i].result != 0);
		stop(&t);
	}
}

/* A bitmap that the kernel has not got: nothing to clear is fine, a service is not. */
static void test_firmware_absent(void **state)
{
	const uint64_t bmap_2 = UINT64_C(0x6030000000160003);
	struct fixture t;

	(void)state;
	start(&t, BUILD_N1, BUILD_6_12);
	assert_int_equal(steady_model_add_firmware(t.m, bmap_2, 0), 0);
	assert_int_equal(steady_check(t.m, t.p, NULL), 0);
	assert_int_equal(steady_model_add_firmware(t.m, bmap_2, 1), 0);
	assert_int_equal(steady_check(t.m, t.p, NULL), -STEADY_EBLOCKED);
	t.p->firmware[7].reading.error = EIO;
	assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EUNKNOWN);
	assert_non_null(build_finding(t.report, "VENDOR_HYP_BMAP_2", NULL));
	t.p->firmware_known = false; /* nobody asked: a warning */
	assert_int_equal(steady_check(t.m, t.p, NULL), 0);
	stop(&t);
}

/* "No" is told even where something else is unknown, in whatever order they come. */
static void test_no_before_unknown(void **state)
{
	static const char *const gaps[] = {"ID_PFR0_EL1", "ID_AA64MMFR4_EL1"};

	(void)state;
	for (size_t i = 0; i < LENGTH(gaps); i++) {
		struct steady_reading *r;
		struct fixture t;

		start(&t, BUILD_N1, BUILD_7_3);
		r = &t.p->configurations[0].reg[build_reg(gaps[i])];
		*r = (struct steady_reading){.state = STEADY_FAILED, .error = EIO};
		assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EUNKNOWN);
		assert_non_null(build_finding(t.report, gaps[i], NULL));
		want(&t, "ID_AA64ISAR0_EL1.RNDR", 1);
		assert_int_equal(steady_check(t.m, t.p, NULL), -STEADY_EBLOCKED);
		want(&t, "ID_AA64ISAR0_EL1.RNDR", 0);
		t.p->firmware[2].reading.state = STEADY_FAILED;
		t.p->firmware[2].reading.error = EIO;
		t.p->firmware[6].reading.value = 0;
		assert_int_equal(steady_check(t.m, t.p, NULL), -STEADY_EBLOCKED);
		stop(&t);
	}
}

#define PMU     (1u << STEADY_OPTION_PMU)
#define SVE     (1u << STEADY_OPTION_SVE)
#define PTRAUTH (1u << STEADY_OPTION_PTRAUTH)

static void test_options(void **state)
{
	struct fixture t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3);
	t.m->options |= SVE;
	assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EBLOCKED);
	assert_non_null(build_finding(t.report, "sve", NULL));
	t.m->options = PMU;
	t.m->irqchip = STEADY_GICV2;
	assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EBLOCKED);
	assert_non_null(build_finding(t.report, "irqchip", NULL));
	t.m->irqchip = STEADY_IRQCHIP_UNKNOWN;
	assert_int_equal(steady_check(t.m, t.p, NULL), 0);
	stop(&t);
	/* options that were never captured together: unknown, not "no" */
	start(&t, BUILD_V1, BUILD_7_3);
	build_only(t.p, 0);
	t.m->options = PMU;
	assert_int_equal(steady_check(t.m, t.p, NULL), -STEADY_EUNKNOWN);
	stop(&t);
}

/* A missing option names what it costs, and hides nothing else that is in the way. */
static void test_option_names_all(void **state)
{
	static const struct {
		const char *reg, *field;
		const char *feature; /* read from that field (DDI0487 D24.2.99, D24.2.81) */
	} told[] = {
		{"ID_AA64PFR0_EL1", "SVE", "FEAT_SVE"},
		{"ID_AA64ZFR0_EL1", "SVEver", "FEAT_SVE2"},
		{"ID_AA64ISAR0_EL1", "RNDR", "FEAT_RNG"}, /* no option's */
	};
	struct fixture t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3);
	t.m->options |= SVE;
	for (size_t i = 0; i < LENGTH(told); i++) {
		char name[64];

		snprintf(name, sizeof(name), "%s.%s", told[i].reg, told[i].field);
		want(&t, name, 1);
	}
	t.p->cpus[0].revidr = 1;
	assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EBLOCKED);
	assert_string_equal(build_finding(t.report, "sve", NULL)->features, "FEAT_SVE, FEAT_SVE2");
	for (size_t i = 0; i < LENGTH(told); i++) {
		const struct steady_finding *f =
			build_finding(t.report, told[i].reg, told[i].field);

		assert_non_null(f);
		assert_string_equal(f->features, told[i].feature);
		assert_string_equal(f->offered, "0");
		assert_true((strstr(f->reason, "SVE is off in the vCPU options") != NULL) == (i < 2));
	}
	assert_non_null(build_finding(t.report, "MIDR_EL1", NULL));
	stop(&t);
}

static void test_vector_lengths(void **state)
{
	struct fixture t;

	(void)state;
	start(&t, BUILD_V1, BUILD_7_3);
	steady_vl_add(&t.p->sve, 64);
	assert_int_equal(steady_check(t.m, t.p, NULL), 0);
	steady_vl_add(&t.m->sve, 48);
	assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EBLOCKED);
	assert_non_null(strstr(build_finding(t.report, "SVE_VLS", NULL)->offered, "64 bytes"));
	t.p->sve_known = false;
	assert_int_equal(steady_check(t.m, t.p, NULL), 0);
	stop(&t);
}

/* A CPU that the model's guests were not told of; a model that lists none says nothing. */
static void test_implementations(void **state)
{
	struct fixture t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3);
	t.p->cpus[0].revidr = 1;
	assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EBLOCKED);
	assert_non_null(build_finding(t.report, "MIDR_EL1", NULL));
	t.m->implementation_count = 0;
	assert_int_equal(steady_check(t.m, t.p, NULL), 0);
	stop(&t);
}

/* What KVM passes through, against what the model's hosts had. */
static const struct {
	enum steady_unvirtualised which;
	uint64_t model, host;
	uint32_t off;
	int result;
} passed[] = {
	{STEADY_DCZID, 4, 4, 0, 0},
	{STEADY_DCZID, 4, 5, 0, -STEADY_EBLOCKED},
	{STEADY_CNTFRQ, 1000000000, 25000000, 0, -STEADY_EBLOCKED},
	{STEADY_IPA_SIZE, 40, 48, 0, 0},
	{STEADY_IPA_SIZE, 48, 40, 0, -STEADY_EBLOCKED},
	{STEADY_PMCR_N, 6, 4, 0, -STEADY_EBLOCKED},
	{STEADY_PMCR_N, 6, 4, PMU, 0},
};

static void test_unvirtualised(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(passed); i++) {
		const struct steady_baseline_request request = {.options_off = passed[i].off};
		struct steady_input in = {.name = "host"};
		struct fixture t;
		const char *name = steady_unvirtualised_names[passed[i].which];

		start(&t, BUILD_N1, BUILD_7_3);
		t.p->unvirtualised[passed[i].which] =
			(struct steady_reading){.state = STEADY_VALUE, .value = passed[i].model};
		steady_model_free(t.m);
		in.profile = t.p;
		assert_int_equal(steady_baseline(&in, 1, &request, &t.m, NULL), 0);
		t.p->unvirtualised[passed[i].which].value = passed[i].host;
		assert_int_equal(steady_check(t.m, t.p, t.report), passed[i].result);
		if (passed[i].result) {
			assert_non_null(build_finding(t.report, name, NULL));
			assert_int_equal(steady_model_add_tolerated(t.m, name), 0);
			assert_int_equal(steady_check(t.m, t.p, NULL), 0);
		}
		stop(&t);
	}
}

/* Targets: the model's value, the host's where it is tolerated or not spoken of. */
static void test_targets(void **state)
{
	uint64_t target[STEADY_REGISTERS] = {0};
	const char *vh = "ID_AA64MMFR1_EL1.VH";
	int mmfr1 = build_reg("ID_AA64MMFR1_EL1"), isar0 = build_reg("ID_AA64ISAR0_EL1");
	const struct steady_configuration *c;
	struct fixture t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3);
	c = &t.p->configurations[0];
	want(&t, vh, 0);
	want(&t, "ID_AA64MMFR1_EL1.PAN", 1);
	t.m->has[isar0] = false;
	t.m->value[isar0] = 0;
	assert_int_equal(steady_targets(t.m, t.p, c, target, t.report), -STEADY_EBLOCKED);
	assert_true(target[mmfr1] == t.m->value[mmfr1]);
	assert_true(target[isar0] == c->reg[isar0].value);
	assert_int_equal(steady_model_add_tolerated(t.m, vh), 0);
	assert_int_equal(steady_targets(t.m, t.p, c, target, NULL), 0);
	assert_true(target[mmfr1] ==
		    steady_field_put(&steady_fields[build_field(vh)], t.m->value[mmfr1], 1));
	stop(&t);
}

/* A model is complete or it is none; what lies outside the core range is held against the host. */
static void test_whole(void **state)
{
	int isar0 = build_reg("ID_AA64ISAR0_EL1"), midr = build_reg("MIDR_EL1");
	struct fixture t;

	(void)state;
	start(&t, BUILD_N1, BUILD_7_3);
	t.p->configurations[0].reg[midr] =
		(struct steady_reading){.value = 0x413fd0c1, .state = STEADY_VALUE};
	t.m->has[midr] = true;
	t.m->value[midr] = 0x413fd0c1;
	assert_int_equal(steady_check(t.m, t.p, NULL), 0);
	t.m->value[midr] = 1;
	assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EBLOCKED);
	assert_string_equal(build_finding(t.report, "MIDR_EL1", NULL)->wanted, "0x1");
	t.m->has[isar0] = false;
	assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EINPUT);
	assert_non_null(build_finding(t.report, "ID_AA64ISAR0_EL1", NULL));
	stop(&t);
}

/*
 * A level's model lets a host have more of what KVM holds at the core's, and not less: each field
 * that it says so of, with a value that a core without the feature has (DDI0487 D24.2).
 */
static const struct {
	const char *model, *reg, *field;
	uint64_t more, less;
	const char *missed;
} directions[] = {
	{"armv8.2-a-v1", "ID_AA64DFR0_EL1", "BRPs", 5, 0, NULL},
	{"armv8.4-a-v1", "ID_AA64MMFR2_EL1", "IDS", 2, 0, "FEAT_IDST"},
	{"armv8.3-a-v1", "ID_AA64ISAR1_EL1", "APA", 3, 0, "FEAT_PAuth"},
};

/* QARMA5, as Graviton3 has it, instead of what the emulated core has. */
static void give_algorithm(struct steady_profile *p)
{
	static const struct {
		const char *field;
		uint64_t value;
	} all[] = {
		{"ID_AA64ISAR1_EL1.API", 0},
		{"ID_AA64ISAR1_EL1.GPI", 0},
		{"ID_AA64ISAR1_EL1.APA", 3},
		{"ID_AA64ISAR1_EL1.GPA", 1},
	};

	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_configuration *c = &p->configurations[i];

		for (size_t j = 0; c->options & PTRAUTH && j < LENGTH(all); j++) {
			const struct steady_field *f = &steady_fields[build_field(all[j].field)];

			c->reg[f->reg].value =
				steady_field_put(f, c->reg[f->reg].value, all[j].value);
		}
	}
}

static void test_direction(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(directions); i++) {
		const struct steady_finding *f;
		struct fixture t;
		char name[64];

		snprintf(name, sizeof(name), "%s.%s", directions[i].reg, directions[i].field);
		start(&t, BUILD_V1, BUILD_7_3);
		steady_model_free(t.m);
		give_algorithm(t.p);
		/* and what 8.4 has and V1 has not */
		build_put(t.p, "ID_AA64ISAR0_EL1.TLB", 2);
		build_put(t.p, "ID_AA64MMFR2_EL1.TTL", 1);
		assert_int_equal(steady_model_builtin(directions[i].model, &t.m), 0);
		build_put(t.p, name, directions[i].more);
		assert_int_equal(steady_check(t.m, t.p, NULL), 0);
		build_put(t.p, name, directions[i].less);
		assert_int_equal(steady_check(t.m, t.p, t.report), -STEADY_EBLOCKED);
		f = build_finding(t.report, directions[i].reg, directions[i].field);
		assert_non_null(f);
		assert_non_null(strstr(f->advice, "--tolerate"));
		if (directions[i].missed)
			assert_non_null(strstr(f->features, directions[i].missed));
		steady_report_free(t.report);
		assert_int_equal(steady_report_new(&t.report), 0);
		/* named by the user: yes, and it is said what guests miss */
		assert_int_equal(steady_model_add_tolerated(t.m, name), 0);
		assert_int_equal(steady_check(t.m, t.p, t.report), 0);
		f = build_finding(t.report, directions[i].reg, directions[i].field);
		assert_non_null(f);
		assert_int_equal(f->severity, STEADY_NOTE);
		if (directions[i].missed)
			assert_non_null(strstr(f->reason, directions[i].missed));
		stop(&t);
	}
}

/*
 * VH is of EL2 alone (Arm: FEAT_VHE implies FEAT_AA64EL2): a guest without EL2 misses nothing. AES it
 * does miss, and VH too where it has EL2.
 */
static const struct {
	const char *reg, *field;
	uint32_t options;
	const char *reason, *missed;
} missed[] = {
	{"ID_AA64MMFR1_EL1", "VH", 0, ": it counts only at EL2, which the guest has not", NULL},
	{"ID_AA64MMFR1_EL1", "VH", 1 << STEADY_OPTION_EL2, "MISSES FEAT_VHE", "FEAT_VHE"},
	{"ID_AA64MMFR1_EL1", "VH", 1 << STEADY_OPTION_EL2_E2H0, "MISSES FEAT_VHE", "FEAT_VHE"},
	{"ID_AA64ISAR0_EL1", "DP", 0, "MISSES FEAT_DotProd", "FEAT_DotProd"},
};

static void test_missed(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(missed); i++) {
		uint64_t target[STEADY_REGISTERS];
		const struct steady_finding *f;
		struct fixture t;
		char name[64];

		snprintf(name, sizeof(name), "%s.%s", missed[i].reg, missed[i].field);
		start(&t, BUILD_N1, BUILD_7_3);
		want(&t, name, 1);
		t.m->options |= missed[i].options;
		memcpy(target, t.m->value, sizeof(target));
		target[build_reg(missed[i].reg)] =
			steady_field_put(&steady_fields[build_field(name)],
					 target[build_reg(missed[i].reg)], 0);
		assert_int_equal(steady_model_add_tolerated(t.m, name), 0);
		steady_note_tolerated(t.m, target, t.report);
		f = build_finding(t.report, missed[i].reg, missed[i].field);
		assert_non_null(f);
		assert_int_equal(f->severity, STEADY_NOTE);
		assert_non_null(strstr(f->reason, missed[i].reason));
		if (missed[i].missed)
			assert_string_equal(f->features, missed[i].missed);
		else
			assert_null(f->features);
		stop(&t);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_missed),
		cmocka_unit_test(test_fields),          cmocka_unit_test(test_firmware),
		cmocka_unit_test(test_firmware_absent), cmocka_unit_test(test_no_before_unknown),
		cmocka_unit_test(test_options),         cmocka_unit_test(test_vector_lengths),
		cmocka_unit_test(test_implementations), cmocka_unit_test(test_unvirtualised),
		cmocka_unit_test(test_targets),         cmocka_unit_test(test_whole),
		cmocka_unit_test(test_direction),       cmocka_unit_test(test_option_names_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
