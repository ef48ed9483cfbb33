/* SPDX-License-Identifier: MIT */
/* What KVM makes of fields and what it calls things, against Linux's own source. */
#include "test_arch.h"

#ifdef __linux__
#include <linux/kvm.h>
#endif

static void test_kvm_rules(void **state)
{
	static const struct {
		const char *field;
		int rule;
		bool is_signed;
		unsigned int safe;
	} rows[] = {
		/* Linux 6.17, arch/arm64/kernel/cpufeature.c */
		{"ID_AA64ISAR0_EL1.AES", STEADY_KVM_LOWER, false, 0},
		{"ID_AA64PFR0_EL1.FP", STEADY_KVM_LOWER, true, 0},
		{"ID_AA64MMFR0_EL1.TGran4", STEADY_KVM_LOWER, true, 0},
		{"ID_AA64MMFR0_EL1.TGran16", STEADY_KVM_LOWER, false, 0},
		{"ID_AA64MMFR0_EL1.TGran4_2", STEADY_KVM_EXACT, false, 1},
		{"ID_AA64MMFR0_EL1.TGran16_2", STEADY_KVM_EXACT, false, 1},
		{"ID_AA64MMFR0_EL1.TGran64_2", STEADY_KVM_EXACT, false, 1},
		{"ID_AA64MMFR1_EL1.SpecSEI", STEADY_KVM_HIGHER, false, 0},
		{"ID_MMFR4_EL1.SpecSEI", STEADY_KVM_HIGHER, false, 0},
		{"ID_AA64FPFR0_EL1.F8CVT", STEADY_KVM_EXACT, false, 0},
		{"ID_AA64SMFR0_EL1.SMEver", STEADY_KVM_EXACT, false, 0},
		{"ID_AA64ISAR1_EL1.APA", STEADY_KVM_EXACT, false, 0},
		{"CTR_EL0.L1Ip", STEADY_KVM_EXACT, false, 2},
		{"CTR_EL0.CWG", STEADY_KVM_HIGHER_OR_ZERO, false, 0},
		{"CTR_EL0.DIC", STEADY_KVM_LOWER, false, 0},
		{"DCZID_EL0.DZP", STEADY_KVM_EXACT, false, 1},
		{"DCZID_EL0.BS", STEADY_KVM_LOWER, false, 0},
		{"GMID_EL1.BS", STEADY_KVM_LOWER, false, 0},
		{"ID_MMFR0_EL1.InnerShr", STEADY_KVM_LOWER, true, 0},
		{"ID_MMFR3_EL1.Supersec", STEADY_KVM_LOWER, false, 0}, /* ftr_generic_32bits */
		/* the same, kvm/sys_regs.c, arm64_check_features */
		{"ID_AA64DFR0_EL1.PMUVer", STEADY_KVM_LOWER, false, 0},
		{"ID_AA64DFR0_EL1.DebugVer", STEADY_KVM_LOWER, false, 0},
		{"ID_DFR0_EL1.PerfMon", STEADY_KVM_LOWER, false, 0},
		/* no entry */
		{"ID_AA64PFR0_EL1.RME", STEADY_KVM_NONE, false, 0},
		{"ID_AA64DFR0_EL1.BRBE", STEADY_KVM_NONE, false, 0},
		{"ID_AA64MMFR1_EL1.CMOW", STEADY_KVM_NONE, false, 0},
		{"ID_PFR0_EL1.RAS", STEADY_KVM_NONE, false, 0},
		{"MIDR_EL1.PartNum", STEADY_KVM_NONE, false, 0},
		{"DCZID_EL0.TBS", STEADY_KVM_NONE, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_field *f = &steady_fields[field_of(rows[i].field)];

		if (f->kvm_rule != rows[i].rule || f->kvm_signed != rows[i].is_signed ||
		    f->kvm_safe != rows[i].safe)
			fail_msg("%s: another rule, sign or safe value", rows[i].field);
	}
}

static void test_closing(void **state)
{
	/* Linux 7.3.4 at the first run, measured: S1PIE and S1POE go where these are 0 */
	static const char *const rows[][2] = {
		{"ID_AA64MMFR3_EL1.S1PIE", "ID_AA64MMFR3_EL1.TCRX"},
		{"ID_AA64MMFR3_EL1.S1PIE", "ID_AA64ISAR2_EL1.ATS1A"},
		{"ID_AA64MMFR3_EL1.S1POE", "ID_AA64MMFR3_EL1.TCRX"},
		{"ID_AA64MMFR3_EL1.S1POE", "ID_AA64ISAR2_EL1.ATS1A"},
		{"ID_AA64MMFR3_EL1.S1POE", "ID_AA64MMFR1_EL1.HPDS"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_field *f = &steady_fields[field_of(rows[i][0])];
		const struct steady_field *needs = &steady_fields[field_of(rows[i][1])];
		struct steady_view view = {{0}, {0}};
		unsigned int broken = 0;

		memset(view.known, true, sizeof(view.known));
		for (size_t k = 0; k < LENGTH(rows); k++) {
			const struct steady_field *n = &steady_fields[field_of(rows[k][1])];

			view.value[n->reg] = steady_field_put(n, view.value[n->reg], n != needs);
		}
		view.value[f->reg] = steady_field_put(f, view.value[f->reg], 1);
		for (unsigned int n = 0; n < steady_rule_total; n++)
			broken += steady_rule_state(n, &view) == STEADY_NO &&
				  steady_rules[n].lower == field_of(rows[i][0]) &&
				  steady_rules[n].closes == STEADY_CLOSES_ALWAYS;
		assert_int_equal(broken, 1);
	}
}

static void test_options(void **state)
{
	static const struct {
		const char *name;
		enum steady_option option;
		uint32_t features; /* KVM_ARM_VCPU_*, uapi asm/kvm.h */
		uint32_t capability[2], enable;
		bool on_request;
	} rows[] = {
		{"pmu", STEADY_OPTION_PMU, 1 << 3, {126, 0}, 0, false},
		{"sve", STEADY_OPTION_SVE, 1 << 4, {170, 0}, 0, false},
		{"ptrauth", STEADY_OPTION_PTRAUTH, 1 << 5 | 1 << 6, {171, 172}, 0, false},
		{"mte", STEADY_OPTION_MTE, 0, {205, 0}, 205, false},
		{"el2", STEADY_OPTION_EL2, 1 << 7, {240, 0}, 0, true},
		{"el2_e2h0", STEADY_OPTION_EL2_E2H0, 1 << 7 | 1 << 8, {240, 241}, 0, true},
		{"EL1_32bit", STEADY_OPTION_EL1_32BIT, 1 << 1, {93, 0}, 0, true},
	};

	(void)state;
	assert_int_equal(LENGTH(rows), STEADY_OPTIONS);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_option_row *o = &steady_options[rows[i].option];

		assert_int_equal(steady_option_by_name(rows[i].name, strlen(rows[i].name)),
				 rows[i].option);
		assert_int_equal(o->features, rows[i].features);
		assert_memory_equal(o->capability, rows[i].capability, sizeof(o->capability));
		assert_int_equal(o->enable_cap, rows[i].enable);
		assert_int_equal(o->on_request, rows[i].on_request);
		assert_non_null(o->title);
	}
	assert_int_equal(steady_option_by_name("sme", 3), -1);
	assert_int_equal(steady_option_by_name("", 0), -1);
}

static void test_field_options(void **state)
{
	static const struct {
		const char *field;
		int option; /* kvm/sys_regs.c: what hides the field */
	} rows[] = {
		{"ID_AA64DFR0_EL1.PMUVer", STEADY_OPTION_PMU},
		{"ID_DFR0_EL1.PerfMon", STEADY_OPTION_PMU},
		{"ID_AA64PFR0_EL1.SVE", STEADY_OPTION_SVE},
		{"ID_AA64ZFR0_EL1.SVEver", STEADY_OPTION_SVE},
		{"ID_AA64ISAR1_EL1.APA", STEADY_OPTION_PTRAUTH},
		{"ID_AA64ISAR1_EL1.GPI", STEADY_OPTION_PTRAUTH},
		{"ID_AA64ISAR2_EL1.APA3", STEADY_OPTION_PTRAUTH},
		{"ID_AA64ISAR2_EL1.GPA3", STEADY_OPTION_PTRAUTH},
		{"ID_AA64PFR1_EL1.MTE", STEADY_OPTION_MTE},
		{"ID_AA64PFR2_EL1.MTEFAR", STEADY_OPTION_MTE},
		{"ID_AA64MMFR4_EL1.NV_frac", STEADY_OPTION_EL2},
		{"ID_AA64ISAR0_EL1.AES", -1},
		{"ID_AA64ZFR0_EL1.[63:60]", -1},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++)
		assert_int_equal(steady_field_option(field_of(rows[i].field)), rows[i].option);
	assert_int_equal(steady_field_option(-1), -1);
	assert_int_equal(steady_field_option((int)steady_field_count), -1);
}

static void test_firmware(void **state)
{
	static const struct {
		const char *name;
		uint64_t id; /* KVM_REG_ARM_FW_REG(n), KVM_REG_ARM_FW_FEAT_BMAP_REG(n) */
		int kind;
		uint64_t opt_in;
	} rows[] = {
		{"PSCI_VERSION", 0x6030000000140000, STEADY_FIRMWARE_PSCI, 0},
		{"WORKAROUND_1", 0x6030000000140001, STEADY_FIRMWARE_WORKAROUND, 0},
		{"WORKAROUND_2", 0x6030000000140002, STEADY_FIRMWARE_WORKAROUND, 0},
		{"WORKAROUND_3", 0x6030000000140003, STEADY_FIRMWARE_WORKAROUND, 0},
		{"STD_BMAP", 0x6030000000160000, STEADY_FIRMWARE_BITMAP, 0},
		{"STD_HYP_BMAP", 0x6030000000160001, STEADY_FIRMWARE_BITMAP, 0},
		{"VENDOR_HYP_BMAP", 0x6030000000160002, STEADY_FIRMWARE_BITMAP, 0},
		{"vendor_hyp_bmap_2", 0x6030000000160003, STEADY_FIRMWARE_BITMAP, 3},
	};

	(void)state;
	assert_int_equal(steady_firmware_count, LENGTH(rows));
	for (size_t i = 0; i < LENGTH(rows); i++) {
		int n = steady_firmware_by_id(rows[i].id);

		assert_true(n >= 0);
		assert_int_equal(steady_firmware_by_name(rows[i].name, strlen(rows[i].name)), n);
		assert_int_equal(steady_firmware[n].kind, rows[i].kind);
		assert_int_equal(steady_firmware[n].opt_in, rows[i].opt_in);
		assert_int_equal(steady_firmware_id_is_bitmap(rows[i].id),
				 rows[i].kind == STEADY_FIRMWARE_BITMAP);
	}
	assert_int_equal(steady_firmware_by_name("PSCI", 4), -1);
	assert_int_equal(steady_firmware_by_id(0x6030000000160004), -1);
	assert_true(steady_firmware_id_is_bitmap(0x6030000000160004));
	assert_false(steady_firmware_id_is_bitmap(0x6030000000150000));
	assert_false(steady_firmware_id_is_bitmap(0x6020000000160000));
}

static void test_capabilities(void **state)
{
	static const struct {
		const char *name;
		uint32_t number;
	} rows[] = {
#ifdef __linux__
		/* this machine's own header, where it is new enough */
		{"NR_VCPUS", KVM_CAP_NR_VCPUS},
		{"MAX_VCPUS", KVM_CAP_MAX_VCPUS},
		{"ONE_REG", KVM_CAP_ONE_REG},
		{"ARM_EL1_32BIT", KVM_CAP_ARM_EL1_32BIT},
		{"ARM_PSCI_0_2", KVM_CAP_ARM_PSCI_0_2},
		{"GUEST_DEBUG_HW_BPS", KVM_CAP_GUEST_DEBUG_HW_BPS},
		{"GUEST_DEBUG_HW_WPS", KVM_CAP_GUEST_DEBUG_HW_WPS},
		{"ARM_PMU_V3", KVM_CAP_ARM_PMU_V3},
		{"ARM_INJECT_SERROR_ESR", KVM_CAP_ARM_INJECT_SERROR_ESR},
		{"ARM_VM_IPA_SIZE", KVM_CAP_ARM_VM_IPA_SIZE},
		{"ARM_SVE", KVM_CAP_ARM_SVE},
		{"ARM_PTRAUTH_ADDRESS", KVM_CAP_ARM_PTRAUTH_ADDRESS},
		{"ARM_PTRAUTH_GENERIC", KVM_CAP_ARM_PTRAUTH_GENERIC},
		{"STEAL_TIME", KVM_CAP_STEAL_TIME},
		{"PTP_KVM", KVM_CAP_PTP_KVM},
		{"ARM_MTE", KVM_CAP_ARM_MTE},
		{"ARM_SYSTEM_SUSPEND", KVM_CAP_ARM_SYSTEM_SUSPEND},
#endif
		/* uapi linux/kvm.h of 7.3 */
		{"COUNTER_OFFSET", 227},
		{"ARM_SUPPORTED_REG_MASK_RANGES", 230},
		{"ARM_WRITABLE_IMP_ID_REGS", 239},
		{"ARM_EL2", 240},
		{"ARM_EL2_E2H0", 241},
		{"ARM_PMU_V3_STRICT", 251},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		bool found = false;

		for (unsigned int n = 0; n < steady_capability_count; n++) {
			if (strcmp(steady_capabilities[n].name, rows[i].name) != 0)
				continue;
			assert_int_equal(steady_capabilities[n].number, rows[i].number);
			found = true;
		}
		assert_true(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kvm_rules), cmocka_unit_test(test_closing),
		cmocka_unit_test(test_options),   cmocka_unit_test(test_field_options),
		cmocka_unit_test(test_firmware),  cmocka_unit_test(test_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
