/* SPDX-License-Identifier: MIT */
/*
 * Features, against register dumps (tests/data/cpus) and what is published of those CPUs. The dumps
 * are looked for in $STEADY_TEST_DATA, or tests/data.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "test_arch.h"

static void show(struct steady_view *view, const char *name, uint64_t value)
{
	int reg = steady_register_by_name(name, strlen(name));

	if (reg < 0)
		fail_msg("no register %s", name);
	view->value[reg] = value;
	view->known[reg] = true;
}

static void load(struct steady_view *view, const char *cpu)
{
	const char *data = getenv("STEADY_TEST_DATA");
	char line[512], name[64];
	uint64_t value;
	FILE *f;

	snprintf(line, sizeof(line), "%s/cpus/%s.tsv", data ? data : "tests/data", cpu);
	f = fopen(line, "r");
	if (f == NULL)
		fail_msg("cannot open %s", line);
	memset(view, 0, sizeof(*view));
	while (fgets(line, sizeof(line), f) != NULL)
		if (line[0] != '#' && sscanf(line, "%63s %" SCNx64, name, &value) == 2)
			show(view, name, value);
	fclose(f);
}

static void expect(const struct steady_view *view, const char *name, enum steady_truth want)
{
	static const char *const words[] = {"no", "yes", "unknown"};
	enum steady_truth got = steady_feature_state((unsigned int)feature_of(name), view);

	if (got != want)
		fail_msg("%s is %s, expected %s", name, words[got], words[want]);
}

/*
 * Every feature of an Ampere Altra (Neoverse N1 r3p1), read off its registers by hand with the
 * values of the Neoverse N1 TRM (100616); collect/FEATURES.md of arm-cpusysregs has the same.
 */
static const char *const n1_has[] = {
	/* ID_AA64PFR0_EL1 0x1100000011111112 */
	"FEAT_CSV3",
	"FEAT_CSV2",
	"FEAT_RAS",
	"FEAT_AdvSIMD",
	"FEAT_FP",
	"FEAT_FP16",
	"FEAT_AA64EL0",
	"FEAT_AA64EL1",
	"FEAT_AA64EL2",
	"FEAT_AA64EL3",
	"FEAT_AA32EL0",
	/* ID_AA64PFR1_EL1 0x20 */
	"FEAT_SSBS",
	"FEAT_SSBS2",
	/* ID_AA64DFR0_EL1 0x110305408 */
	"FEAT_DoubleLock",
	"FEAT_SPE",
	"FEAT_PMUv3",
	"FEAT_PMUv3p1",
	"FEAT_Debugv8p1",
	"FEAT_Debugv8p2",
	/* ID_AA64ISAR0_EL1 0x100010211120, ID_AA64ISAR1_EL1 0x100001 */
	"FEAT_DotProd",
	"FEAT_RDM",
	"FEAT_LSE",
	"FEAT_CRC32",
	"FEAT_SHA256",
	"FEAT_SHA1",
	"FEAT_AES",
	"FEAT_PMULL",
	"FEAT_LRCPC",
	"FEAT_DPB",
	/* ID_AA64MMFR0_EL1 0x101125 */
	"FEAT_TGran4K",
	"FEAT_TGran16K",
	"FEAT_TGran64K",
	"FEAT_S2TGran4K",
	"FEAT_S2TGran16K",
	"FEAT_S2TGran64K",
	"FEAT_MixedEnd",
	"FEAT_MixedEndEL0",
	"FEAT_ASID16",
	/* ID_AA64MMFR1_EL1 0x10212122 */
	"FEAT_XNX",
	"FEAT_PAN",
	"FEAT_PAN2",
	"FEAT_LOR",
	"FEAT_HPDS",
	"FEAT_HPDS2",
	"FEAT_VHE",
	"FEAT_VMID16",
	"FEAT_HAFDBS",
	/* ID_AA64MMFR2_EL1 0x100000000000011, ID_AA64MMFR4_EL1 0, ID_MMFR4_EL1 0x21110 */
	"FEAT_EVT",
	"FEAT_UAO",
	"FEAT_TTCNP",
	"FEAT_E2H0",
	"FEAT_AA32HPD",
};

static void test_neoverse_n1(void **state)
{
	struct steady_view view;
	unsigned int yes = 0;

	(void)state;
	load(&view, "ampere-altra_neoverse-n1_host");
	for (size_t i = 0; i < LENGTH(n1_has); i++)
		expect(&view, n1_has[i], STEADY_YES);
	for (unsigned int i = 0; i < steady_feature_count(); i++)
		yes += steady_feature_state(i, &view) == STEADY_YES;
	assert_int_equal(yes, LENGTH(n1_has));
	/* not captured in this dump: ID_AA64ISAR3_EL1, ID_AA64FPFR0_EL1, ID_AA64DFR2_EL1 */
	expect(&view, "FEAT_CPA", STEADY_UNKNOWN);
	expect(&view, "FEAT_FP8", STEADY_UNKNOWN);
	expect(&view, "FEAT_BWE", STEADY_UNKNOWN);
	/* ID_AA64ZFR0_EL1 was not either, but without SVE and SME it does not count */
	expect(&view, "FEAT_SVE_AES", STEADY_NO);
}

static void test_cpus(void **state)
{
	static const struct {
		const char *cpu, *has, *lacks;
	} rows[] = {
		/* LLVM, AArch64Processors.td, ProcessorFeatures.AppleA14; bare metal: VHE only */
		{"apple-m1_macos-host",
		 "FEAT_SHA3 FEAT_SHA512 FEAT_FHM FEAT_SB FEAT_SPECRES FEAT_SSBS FEAT_DPB2 "
		 "FEAT_FlagM2 "
		 "FEAT_FRINTTS FEAT_LRCPC2 FEAT_LSE2 FEAT_PAuth FEAT_JSCVT FEAT_FCMA FEAT_VHE",
		 "FEAT_SVE FEAT_BTI FEAT_MTE FEAT_BF16 FEAT_I8MM FEAT_AA32EL0 FEAT_RNG FEAT_SM3"},
		/* Neoverse V1 TRM (101427); EC2 shows neither SPE nor a nested EL2 */
		{"graviton3_neoverse-v1_c7g-ubuntu",
		 "FEAT_SVE FEAT_BF16 FEAT_I8MM FEAT_RNG FEAT_DGH FEAT_FHM FEAT_SHA3 FEAT_SHA512 "
		 "FEAT_SM3 FEAT_SM4 FEAT_LRCPC2 FEAT_FlagM FEAT_DIT FEAT_SSBS2",
		 "FEAT_SVE2 FEAT_MTE FEAT_SME FEAT_BTI FEAT_FlagM2"},
		/* Neoverse N2 TRM (102099) */
		{"qemu-neoverse-n2",
		 "FEAT_SVE FEAT_SVE2 FEAT_SVE_BitPerm FEAT_BTI FEAT_MTE2 FEAT_RNG FEAT_PAuth",
		 "FEAT_SVE2p1 FEAT_SME FEAT_AA32EL1 FEAT_F64MM"},
		/* Cortex-A72 (BCM2711): v8.0, no cryptography in this chip */
		{"bcm2711_cortex-a72_host",
		 "FEAT_CRC32 FEAT_FP FEAT_AdvSIMD FEAT_AA32EL0 FEAT_AA32EL1 FEAT_PMUv3 "
		 "FEAT_TGran4K",
		 "FEAT_AES FEAT_PMULL FEAT_SHA1 FEAT_SHA256 FEAT_LSE FEAT_VHE FEAT_PAN FEAT_FP16 "
		 "FEAT_TGran16K"},
		/* A64FX: v8.2 with SVE, AArch64 only */
		{"qemu-a64fx", "FEAT_SVE FEAT_FCMA FEAT_LSE FEAT_FP16 FEAT_RDM",
		 "FEAT_SVE2 FEAT_AA32EL0 FEAT_AA32EL1 FEAT_DotProd FEAT_BF16"},
	};
	struct steady_view view;
	char list[512];

	(void)state;
	for (size_t i = 0; i < 2 * LENGTH(rows); i++) {
		bool has = i % 2 == 0;
		char *rest = list, *name;

		load(&view, rows[i / 2].cpu);
		snprintf(list, sizeof(list), "%s", has ? rows[i / 2].has : rows[i / 2].lacks);
		while ((name = strtok(rest, " ")) != NULL) {
			rest = NULL;
			expect(&view, name, has ? STEADY_YES : STEADY_NO);
		}
	}
}

/* Single conditions, from the text of the fields in DDI0487 D24.2. */
static void test_conditions(void **state)
{
	static const struct {
		const char *reg;
		uint64_t value;
		const char *feature;
		enum steady_truth want;
	} rows[] = {
		/* signed: 0xF is none, 0 is implemented */
		{"ID_AA64PFR0_EL1", 0x00000000000f0000, "FEAT_FP", STEADY_NO},
		{"ID_AA64PFR0_EL1", 0x0000000000000000, "FEAT_FP", STEADY_YES},
		{"ID_AA64DFR0_EL1", 0x000000f000000000, "FEAT_DoubleLock", STEADY_NO},
		{"ID_AA64MMFR0_EL1", 0x00000000f0000000, "FEAT_TGran4K", STEADY_NO},
		{"ID_AA64DFR0_EL1", 0x000f000000000000, "FEAT_MTPMU", STEADY_NO},
		/* PMUVer: 15 is none, 9 is more than 8 */
		{"ID_AA64DFR0_EL1", 0x0000000000000f00, "FEAT_PMUv3", STEADY_NO},
		{"ID_AA64DFR0_EL1", 0x0000000000000900, "FEAT_PMUv3p8", STEADY_YES},
		/* APA: PAuth2 and later are not EPAC */
		{"ID_AA64ISAR1_EL1", 0x0000000000000020, "FEAT_EPAC", STEADY_YES},
		{"ID_AA64ISAR1_EL1", 0x0000000000000050, "FEAT_FPAC", STEADY_YES},
		/* PMULL is a value of AES, and AES stays with it */
		{"ID_AA64ISAR0_EL1", 0x0000000000000020, "FEAT_AES", STEADY_YES},
		/* all four bits, or it is not there */
		{"ID_AA64SMFR0_EL1", 0x00f0000000000000, "FEAT_SME_I16I64", STEADY_UNKNOWN},
		{"ID_AA64SMFR0_EL1", 0x0070000000000000, "FEAT_SME_I16I64", STEADY_NO},
		/* two fields of two registers: one can decide alone, or not */
		{"ID_AA64PFR0_EL1", 0x0000000020000000, "FEAT_RASv1p1", STEADY_YES},
		{"ID_AA64PFR0_EL1", 0x0000000010000000, "FEAT_RASv1p1", STEADY_UNKNOWN},
		{"ID_AA64PFR0_EL1", 0x0000000000000000, "FEAT_RASv1p1", STEADY_NO},
		{"ID_AA64PFR0_EL1", 0x0200000000000000, "FEAT_CSV2_1p1", STEADY_NO},
		{"ID_AA64PFR0_EL1", 0x0100000000000000, "FEAT_CSV2_1p1", STEADY_UNKNOWN},
		{"ID_AA64ISAR1_EL1", 0x0000000000000000, "FEAT_PAuth", STEADY_UNKNOWN},
		{"ID_AA64ISAR1_EL1", 0x0000000000000010, "FEAT_PAuth", STEADY_YES},
		{"ID_AA64MMFR2_EL1", 0x0000000002000000, "FEAT_NV2", STEADY_YES},
		{"ID_AA64MMFR2_EL1", 0x0000000001000000, "FEAT_NV2", STEADY_NO},
		{"ID_AA64MMFR2_EL1", 0x0000000000000000, "FEAT_NV2", STEADY_UNKNOWN},
		/* TGran4_2: 0 refers to TGran4, 1 is none whatever TGran4 says */
		{"ID_AA64PFR0_EL1", 0x0000000000000000, "FEAT_S2TGran4K", STEADY_NO},
		{"ID_AA64MMFR0_EL1", 0x0000010000000000, "FEAT_S2TGran4K", STEADY_NO},
		{"ID_AA64MMFR0_EL1", 0x0000020000000000, "FEAT_S2TGran4K", STEADY_UNKNOWN},
		{"MIDR_EL1", 0x00000000413fd0c1, "FEAT_AES", STEADY_UNKNOWN},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_view view = {0};

		show(&view, rows[i].reg, rows[i].value);
		expect(&view, rows[i].feature, rows[i].want);
	}
}

/* What is unknown stays so until it is read, and no reading turns a yes or no around. */
static void test_knowledge_only_grows(void **state)
{
	struct steady_view all, some = {0};

	(void)state;
	load(&all, "qemu-max");
	for (unsigned int i = 0; i < steady_feature_count(); i++)
		assert_int_equal(steady_feature_state(i, &some), STEADY_UNKNOWN);
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (!all.known[reg])
			continue;
		some.value[reg] = all.value[reg];
		some.known[reg] = true;
		for (unsigned int i = 0; i < steady_feature_count(); i++) {
			enum steady_truth now = steady_feature_state(i, &some);

			if (now != STEADY_UNKNOWN)
				assert_int_equal(now, steady_feature_state(i, &all));
		}
	}
	for (unsigned int i = 0; i < steady_feature_count(); i++)
		assert_int_not_equal(steady_feature_state(i, &some), STEADY_UNKNOWN);
}

static void test_names(void **state)
{
	static const char *const unknown[] = {"", "FEAT_", "FEAT_LS", "FEAT_LSE3", "LSEE", "AES2"};
	char longest[80];

	(void)state;
	assert_int_equal(feature_of("FEAT_LSE"), feature_of("lse"));
	assert_int_equal(feature_of("feat_dotprod"), feature_of("FEAT_DotProd"));
	assert_string_equal(steady_feature_name((unsigned int)feature_of("lse")), "FEAT_LSE");
	assert_string_equal(steady_feature_condition((unsigned int)feature_of("lse")),
			    "ID_AA64ISAR0_EL1.Atomic >= 2");
	assert_string_equal(steady_feature_version((unsigned int)feature_of("lse")), "v8.0");
	for (size_t i = 0; i < LENGTH(unknown); i++)
		assert_int_equal(steady_feature_by_name(unknown[i], strlen(unknown[i])), -1);
	memset(longest, 'x', sizeof(longest));
	for (size_t n = 0; n <= sizeof(longest); n++)
		assert_int_equal(steady_feature_by_name(longest, n), -1);
	for (unsigned int i = 0; i < steady_feature_count(); i++)
		assert_int_equal(feature_of(steady_feature_name(i)), i);
	assert_null(steady_feature_name(steady_feature_count()));
	assert_null(steady_feature_condition(steady_feature_count()));
}

static void test_field_features(void **state)
{
	static const struct {
		const char *field, *feature; /* the feature's own condition reads the field */
	} rows[] = {
		{"ID_AA64ISAR0_EL1.AES", "FEAT_AES"},	 {"ID_AA64ISAR0_EL1.AES", "FEAT_PMULL"},
		{"ID_AA64PFR1_EL1.MTEX", "FEAT_MTE4"},	 {"ID_AA64PFR2_EL1.MTEFAR", "FEAT_MTE4"},
		{"ID_AA64ISAR1_EL1.GPI", "FEAT_PACIMP"}, {"ID_ISAR6_EL1.I8MM", "FEAT_AA32I8MM"},
	};
	uint16_t list[32];

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		size_t n = steady_field_features(field_of(rows[i].field), list, LENGTH(list));
		bool found = false;

		assert_in_range(n, 1, LENGTH(list));
		for (size_t k = 0; k < n; k++)
			found = found || list[k] == feature_of(rows[i].feature);
		assert_true(found);
	}
	/* DDI0487: AES and PMULL are all there is to this field; room says what is filled */
	assert_int_equal(steady_field_features(field_of("ID_AA64ISAR0_EL1.AES"), list, 32), 2);
	list[1] = 0xffff;
	assert_int_equal(steady_field_features(field_of("ID_AA64ISAR0_EL1.AES"), list, 1), 2);
	assert_int_equal(list[1], 0xffff);
	assert_int_equal(steady_field_features(field_of("MIDR_EL1.PartNum"), list, 32), 0);
	assert_int_equal(steady_field_features(-1, list, 32), 0);
	assert_int_equal(steady_field_features((int)steady_field_count, list, 32), 0);
}

static void test_counts(void **state)
{
	static const struct {
		const char *reg;
		uint64_t value;
		const char *field;
		enum steady_truth want;
	} rows[] = {
		{"ID_AA64PFR0_EL1", 0x10000000, "ID_AA64PFR1_EL1.RAS_frac", STEADY_YES},
		{"ID_AA64PFR0_EL1", 0x20000000, "ID_AA64PFR1_EL1.RAS_frac", STEADY_NO},
		{"ID_AA64PFR1_EL1", 0x00000100, "ID_AA64PFR1_EL1.MTE_frac", STEADY_NO},
		{"ID_AA64PFR1_EL1", 0x00000200, "ID_AA64PFR1_EL1.MTE_frac", STEADY_YES},
		{"ID_AA64PFR0_EL1", 0x00000002, "ID_ISAR0_EL1.Divide", STEADY_YES},
		{"ID_AA64PFR0_EL1", 0x00000001, "ID_ISAR0_EL1.Divide", STEADY_NO},
		{"ID_AA64PFR1_EL1", 0x00000000, "ID_ISAR0_EL1.Divide", STEADY_UNKNOWN},
		{"ID_AA64PFR0_EL1", 0x100000000, "ID_AA64ZFR0_EL1.AES", STEADY_YES},
		{"ID_AA64PFR0_EL1", 0x000000000, "ID_AA64ZFR0_EL1.AES", STEADY_UNKNOWN},
		{"ID_AA64PFR1_EL1", 0x000000000, "ID_AA64SMFR0_EL1.FA64", STEADY_NO},
		/* both the register's condition and the field's own */
		{"ID_AA64PFR0_EL1", 0x00000001, "ID_PFR1_EL1.Virt_frac", STEADY_NO},
		{"ID_AA64PFR0_EL1", 0x00000002, "ID_PFR1_EL1.Virt_frac", STEADY_UNKNOWN},
		{"MIDR_EL1", 0, "ID_AA64ISAR0_EL1.AES", STEADY_YES},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_view view = {0};

		show(&view, rows[i].reg, rows[i].value);
		assert_int_equal(steady_field_counts(field_of(rows[i].field), &view), rows[i].want);
	}
	assert_int_equal(steady_field_counts(-1, &(struct steady_view){0}), STEADY_UNKNOWN);
}

static void test_mirrors(void **state)
{
	const unsigned int dot = (unsigned int)feature_of("FEAT_DotProd");
	struct steady_view view;

	(void)state;
	/* AArch32 on the N1 agrees with AArch64: ID_ISAR6_EL1 is 0x10 */
	load(&view, "ampere-altra_neoverse-n1_host");
	assert_string_equal(steady_feature_mirror(dot), "ID_ISAR6_EL1.DP >= 1");
	assert_int_equal(steady_feature_mirror_state(dot, &view), STEADY_YES);
	show(&view, "ID_ISAR6_EL1", 0);
	assert_int_equal(steady_feature_mirror_state(dot, &view), STEADY_NO);
	expect(&view, "FEAT_DotProd", STEADY_YES);
	/* the M1 has no AArch32, so that its zeroes say nothing */
	load(&view, "apple-m1_macos-host");
	assert_int_equal(steady_feature_mirror_state(dot, &view), STEADY_UNKNOWN);
	assert_null(steady_feature_mirror((unsigned int)feature_of("FEAT_LSE")));
	assert_int_equal(steady_feature_mirror_state((unsigned int)feature_of("FEAT_LSE"), &view),
			 STEADY_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neoverse_n1), cmocka_unit_test(test_cpus),
		cmocka_unit_test(test_conditions),  cmocka_unit_test(test_knowledge_only_grows),
		cmocka_unit_test(test_names),	    cmocka_unit_test(test_field_features),
		cmocka_unit_test(test_counts),	    cmocka_unit_test(test_mirrors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
