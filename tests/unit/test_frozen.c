/* SPDX-License-Identifier: MIT */
/*
 * A pin that comes too late: a VM that has run takes the values that it has and no others, and KVM
 * says EBUSY (set_id_reg(), kvm_arm_set_fw_reg_bmap(); measured on 6.12 to 7.3). That is told apart
 * from a value that the host does not accept.
 */
#include "sim_host.h"

#include <string.h>

static struct steady_model *lower_model(const char *field, const char *firmware)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "lower");
	struct steady_model *m = NULL;

	if (field)
		build_put(p, field, 1);
	if (firmware)
		build_firmware(p, firmware, 0);
	assert_int_equal(build_baseline(&p, 1, &m, NULL), 0);
	m->implementation_count = 0; /* these hosts have no REVIDR_EL1 to tell by */
	steady_profile_free(p);
	return m;
}

static int late(const struct steady_model *m, bool ran, struct steady_report *report)
{
	struct steady_pin *pin;
	struct host h;
	int r;

	start(&h, BUILD_N1, BUILD_7_3, PSCI_0_2 | PMU_V3);
	assert_int_equal(ask(&h, STEADY_OP_CREATE_GIC, 0, V3), 0);
	assert_int_equal(ask(&h, STEADY_OP_INIT_GIC, 0, 0), 0);
	assert_int_equal(ask(&h, STEADY_OP_PMU_INIT, 0, 0), 0);
	if (ran)
		assert_int_equal(run(&h, 0), -EINTR);
	assert_int_equal(steady_pin_new(m, steady_sim_call, h.s, &pin), 0);
	r = steady_pin_vcpu(pin, 0, report);
	steady_pin_free(pin);
	stop(&h);
	return r;
}

static void test_frozen(void **state)
{
	static const struct {
		const char *field, *firmware, *subject;
	} rows[] = {
		{"ID_AA64ISAR0_EL1.AES", NULL, "ID_AA64ISAR0_EL1"},
		{NULL, "STD_BMAP", "STD_BMAP"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_model *m = lower_model(rows[i].field, rows[i].firmware);
		const struct steady_finding *f;
		struct steady_report *report;

		assert_int_equal(steady_report_new(&report), 0);
		assert_int_equal(late(m, false, report), 0);
		assert_int_equal(late(m, true, report), -STEADY_EFROZEN);
		f = build_finding(report, rows[i].subject, NULL);
		assert_non_null(f);
		assert_non_null(strstr(f->reason, "EBUSY"));
		assert_non_null(strstr(f->reason, "the VM has run already"));
		assert_non_null(f->wanted);
		assert_non_null(f->offered);
		steady_report_free(report);
		steady_model_free(m);
	}
}

/*
 * No emulated CPU has S1POE, so the source is the judge: kvm_finalize_sys_regs() of Linux 7.3.4
 * clears ID_AA64MMFR3_EL1.S1PIE at the first run unless TCRX and ATS1A are there, and S1POE unless
 * those and HPDS are.
 */
static void test_first_run(void **state)
{
	static const struct {
		uint64_t tcrx, ats1a, hpds, s1pie, s1poe;
	} rows[] = {{1, 1, 1, 1, 1}, {1, 1, 0, 1, 0}, {1, 0, 1, 0, 0}, {0, 1, 1, 0, 0}, {0, 0, 0, 0, 0}};
	const struct steady_field *pie = &steady_fields[build_field("ID_AA64MMFR3_EL1.S1PIE")];
	const struct steady_field *poe = &steady_fields[build_field("ID_AA64MMFR3_EL1.S1POE")];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows) * 2; i++) {
		bool clears = i < LENGTH(rows);
		size_t row = i % LENGTH(rows);
		struct host h;
		uint64_t now;

		h.p = build_host(BUILD_N1, BUILD_7_3, "host");
		build_put(h.p, "ID_AA64MMFR3_EL1.TCRX", rows[row].tcrx);
		build_put(h.p, "ID_AA64ISAR2_EL1.ATS1A", rows[row].ats1a);
		build_put(h.p, "ID_AA64MMFR1_EL1.HPDS", rows[row].hpds);
		build_put(h.p, "ID_AA64MMFR3_EL1.S1PIE", 1);
		build_put(h.p, "ID_AA64MMFR3_EL1.S1POE", 1);
		h.p->behaviours_known |= 1u << STEADY_BEHAVIOUR_S1PIE_NEEDS_ATS1A;
		h.p->behaviours |= (uint32_t)clears << STEADY_BEHAVIOUR_S1PIE_NEEDS_ATS1A;
		boot(&h, PSCI_0_2);
		assert_int_equal(run(&h, 0), -EINTR);
		now = get(&h, 0, steady_register_id(pie->reg));
		assert_int_equal(steady_field_get(pie, now), clears ? rows[row].s1pie : 1);
		assert_int_equal(steady_field_get(poe, now), clears ? rows[row].s1poe : 1);
		stop(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_frozen),
		cmocka_unit_test(test_first_run),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
