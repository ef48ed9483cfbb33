/* SPDX-License-Identifier: MIT */
/*
 * Every rule of the order of values (data/orders.tsv), row by row: which fields have it, how some of
 * their values stand to each other, and what two CPUs with these may both be called. What is expected
 * is what the description of the register in DDI0487 says, or where that has no order, Linux's rule;
 * the source stands in the row. A row of the data without a row here is a failure.
 */
#include <stdio.h>
#include <stdlib.h>

#include "test_arch.h"

#include "policy/set.h"

#define MANY NULL /* more than fit a line: law_orders has them field by field */

struct rule {
	const char *order;
	const char *source;
	const char *fields; /* all that have the order, or MANY */
	const char *field;  /* the one that is asked */
	/*
	 * `a<b`: b offers all that a does. `a=b`: they say the same. `a?b`: neither. `a^b:c`: of the
	 * values that CPUs with a and with b may both be called c is taken; `-`: there is none.
	 */
	const char *claims;
};

static const struct rule rules[] = {
	{"lower", "DDI0487 D24.1.3: a greater value has all of a smaller one", MANY,
	 "ID_AA64ISAR0_EL1.AES", "0<1 1<2 0<15 7<8 2^1:1 15^0:0"},
	{"negative", "DDI0487 D24.1.3: signed, 0xF not implemented; ID_AA64PFR0_EL1",
	 "ID_MMFR3_EL1.Supersec ID_AA64PFR0_EL1.AdvSIMD ID_AA64PFR0_EL1.FP ID_AA64PFR1_EL1.MTE_frac "
	 "ID_AA64DFR0_EL1.DoubleLock ID_AA64MMFR0_EL1.TGran4 ID_AA64MMFR0_EL1.TGran64 "
	 "ID_AA64MMFR4_EL1.E2H0",
	 "ID_AA64PFR0_EL1.FP", "15<0 0<1 15<1 1^15:15 1^0:0 15^15:15"},
	{"negative", "DDI0487 ID_AA64MMFR4_EL1: 0b1111 E2H RES1, 0b1110 NV1 RES0 besides", MANY,
	 "ID_AA64MMFR4_EL1.E2H0", "14<15 15<0 0^15:15 15^14:14"},
	{"negative", "DDI0487 ID_AA64DFR0_EL1: 0b1111 no OS Double Lock", MANY,
	 "ID_AA64DFR0_EL1.DoubleLock", "15<0 0^15:15"},
	{"negative", "DDI0487 ID_AA64MMFR0_EL1: 0b1111 no 4KB granule, 1 with 52 bits", MANY,
	 "ID_AA64MMFR0_EL1.TGran4", "15<0 0<1 1^15:15"},
	{"negative", "DDI0487 ID_AA64PFR1_EL1: 0b1111 no asynchronous faults", MANY,
	 "ID_AA64PFR1_EL1.MTE_frac", "15<0 0^15:15"},
	{"sparse", "DDI0487 ID_AA64ISAR0_EL1: Atomic 0b0000, 0b0010, 0b0011, all others reserved",
	 "ID_PFR1_EL1.GIC ID_AA64PFR0_EL1.GIC ID_AA64ISAR0_EL1.Atomic ID_AA64ISAR2_EL1.WFxT "
	 "ID_AA64MMFR0_EL1.ASIDBits ID_AA64MMFR1_EL1.VMIDBits",
	 "ID_AA64ISAR0_EL1.Atomic", "0<2 2<3 3^2:2 2^0:0 2^1:0"},
	{"floor", "DDI0487 ID_AA64DFR0_EL1: 0b0110 is Armv8.0, which every CPU has",
	 "ID_DFR0_EL1.CopDbg ID_AA64PFR0_EL1.EL1 ID_AA64PFR0_EL1.EL0 ID_AA64DFR0_EL1.DebugVer",
	 "ID_AA64DFR0_EL1.DebugVer", "6<7 8<10 11^6:6 6^5:-"},
	{"floor", "DDI0487 ID_AA64PFR0_EL1: 0b0001 AArch64 only, 0b0010 AArch32 too", MANY,
	 "ID_AA64PFR0_EL1.EL0", "1<2 2^1:1 1^0:-"},
	{"count", "DDI0487 ID_AA64DFR0_EL1: number of breakpoints, minus 1; 0 reserved",
	 "ID_AA64DFR0_EL1.CTX_CMPs ID_AA64DFR0_EL1.WRPs ID_AA64DFR0_EL1.BRPs "
	 "ID_AA64DFR1_EL1.ABL_CMPs ID_AA64DFR1_EL1.CTX_CMPs ID_AA64DFR1_EL1.WRPs "
	 "ID_AA64DFR1_EL1.BRPs",
	 "ID_AA64DFR0_EL1.BRPs", "1<5 5<15 15^5:5 7^1:1"},
	{"higher", "Linux cpufeature.c, ftr_id_aa64mmfr1: FTR_HIGHER_SAFE; 1 may raise SError",
	 "ID_MMFR4_EL1.SpecSEI ID_AA64MMFR1_EL1.SpecSEI DCZID_EL0.DZP",
	 "ID_AA64MMFR1_EL1.SpecSEI", "1<0 0^1:1 0^0:0"},
	{"higher", "DDI0487 DCZID_EL0: 0b1 prohibits DC ZVA", MANY, "DCZID_EL0.DZP", "1<0 0^1:1"},
	{"higher-or-zero", "DDI0487 CTR_EL0: log2 of the words, 0 no information: take the most",
	 "CTR_EL0.CWG CTR_EL0.ERG", "CTR_EL0.CWG", "9<4 0<9 0<4 4^9:9 4^0:0 9^0:0"},
	{"higher-or-zero", "DDI0487 CTR_EL0: log2 of the words, 0 no information: take the most", MANY,
	 "CTR_EL0.ERG", "4<3 0<3 3^4:4 4^0:0"},
	{"mask", "DDI0487 ID_AA64SMFR0_EL1: I16I32 0b0101 or nothing; bits are no numbers", MANY,
	 "ID_AA64SMFR0_EL1.I16I32", "0<5 5?10 2?4 5^0:0"},
	{"mask", "DDI0487 ID_AA64SMFR0_EL1: I16I64 0b1111 or nothing", MANY,
	 "ID_AA64SMFR0_EL1.I16I64", "0<15 7?8 15^0:0 15^15:15"},
	{"mask", "DDI0487 ID_AA64FPFR0_EL1: one bit, one format", MANY, "ID_AA64FPFR0_EL1.F8E4M3",
	 "0<1 1^0:0 1^1:1"},
	{"exact", "DDI0487 ID_MMFR0_EL1: 0 Non-cacheable, 1 coherent, 0b1111 ignored", MANY,
	 "ID_MMFR0_EL1.InnerShr", "0?1 1?15 0?15 0^1:15 1^1:1"},
	{"exact", "DDI0487 ID_AA64MMFR2_EL1: CCSIDR_EL1 has either of two formats", MANY,
	 "ID_AA64MMFR2_EL1.CCIDX", "0?1 0^1:0 1^1:1"},
	{"exact", "DDI0487 ID_AA64ISAR2_EL1: the PAC is a bit longer", MANY,
	 "ID_AA64ISAR2_EL1.PAC_frac", "0?1 0^1:0"},
	{"identity", "DDI0487 MIDR_EL1: names a CPU", MANY, "MIDR_EL1.Variant", "0?3 1?2 3^3:3 3^1:-"},
	{"topology", "DDI0487 CLIDR_EL1: describes caches", MANY, "CLIDR_EL1.Ctype1",
	 "2?3 0?4 3^3:3 2^3:-"},
	{"pmu-version", "DDI0487 D24.1.3.2: 0b1111 IMPLEMENTATION DEFINED; all others unsigned",
	 "ID_DFR0_EL1.PerfMon ID_AA64DFR0_EL1.PMUVer", "ID_AA64DFR0_EL1.PMUVer",
	 "0<1 1<4 7<8 8<9 15=0 15<1 15<9 9^8:8 8^6:6 15^6:0 9^0:0"},
	{"pmu-version", "DDI0487 D24.1.3.2, the same for AArch32", MANY, "ID_DFR0_EL1.PerfMon",
	 "15=0 3<4 8<9 6<8 15^5:0"},
	{"s2-granule", "DDI0487 ID_AA64MMFR0_EL1: 0 as TGran4, 1 none, 2 there, 3 with 52 bits",
	 "ID_AA64MMFR0_EL1.TGran4_2 ID_AA64MMFR0_EL1.TGran16_2", "ID_AA64MMFR0_EL1.TGran4_2",
	 "1<0 1<2 2<3 1<3 0?2 0?3 3^2:2 2^0:1 3^1:1 0^0:0"},
	{"s2-granule-64k", "DDI0487 ID_AA64MMFR0_EL1: 0 as TGran64, 1 none, 2 there",
	 "ID_AA64MMFR0_EL1.TGran64_2", "ID_AA64MMFR0_EL1.TGran64_2", "1<0 1<2 0?2 2^0:1 2^1:1"},
	{"pauth", "DDI0487 ID_AA64ISAR1_EL1: 2 FEAT_EPAC, 3 FEAT_PAuth2 (no EPAC), 4 and 5 add to 3",
	 "ID_AA64ISAR1_EL1.API ID_AA64ISAR1_EL1.APA ID_AA64ISAR2_EL1.APA3",
	 "ID_AA64ISAR1_EL1.API", "0<1 0<2 1?2 1?3 2?3 3<4 4<5 5<6 0<6 5^4:4 2^3:0 1^5:0 1^2:0"},
	{"error-kind", "DDI0487 ID_AA64MMFR3_EL1: ways in which errors of accesses are taken",
	 "ID_AA64MMFR3_EL1.ADERR ID_AA64MMFR3_EL1.SDERR ID_AA64MMFR3_EL1.ANERR "
	 "ID_AA64MMFR3_EL1.SNERR",
	 "ID_AA64MMFR3_EL1.ANERR", "0<1 0<2 0<3 1?2 2?3 3^3:3 1^2:0"},
	{"mtpmu", "DDI0487 ID_AA64DFR0_EL1: 1 FEAT_MTPMU; 0b1111 MT bits RES0; 0 IMPLEMENTATION DEFINED",
	 "ID_DFR1_EL1.MTPMU ID_AA64DFR0_EL1.MTPMU", "ID_AA64DFR0_EL1.MTPMU",
	 "0<1 0<15 1?15 1^15:0 15^15:15 15^0:0"},
	{"error-event", "DDI0487 ID_AA64MMFR4_EL1: 1 and 2 before the exception, 0b1111 perhaps after",
	 "ID_AA64MMFR4_EL1.EIESB", "ID_AA64MMFR4_EL1.EIESB", "0<1 1<2 0<15 15?1 15?2 2^1:1 2^15:0"},
	{"ets", "DDI0487 ID_AA64MMFR1_EL1: 0 and 1 no enhanced translation synchronization",
	 "ID_AA64MMFR1_EL1.ETS", "ID_AA64MMFR1_EL1.ETS", "0=1 0<2 1<2 2<3 3^2:2 1^1:1"},
	{"icache", "DDI0487 CTR_EL0: 2 VIPT, 3 PIPT; 0 and 1 reserved in Armv8",
	 "CTR_EL0.L1Ip", "CTR_EL0.L1Ip", "2<3 3^2:2 3^3:3"},
};

static const char *sort_of(int field)
{
	return steady_sorts[steady_fields[field].sort].name;
}

static char sign_of(enum steady_compare c)
{
	return c == STEADY_LESS ? '<' : c == STEADY_SAME ? '=' : c == STEADY_MORE ? '>' : '?';
}

static void check_common(const struct rule *r, const struct steady_field *f, unsigned int a,
			 unsigned int b, const char *want)
{
	steady_set both = steady_field_within(f, a) & steady_field_within(f, b);
	unsigned int got = both ? (unsigned int)steady_set_greatest(f, both) : 0;

	if (*want == '-' ? both != 0 : !both || got != (unsigned int)strtoul(want, NULL, 10))
		fail_msg("%s, %s: of %u and %u may both be called %u (of 0x%x), expected %s",
			 r->order, r->field, a, b, got, both, want);
}

static void check_claims(const struct rule *r)
{
	const struct steady_field *f = &steady_fields[field_of(r->field)];
	unsigned int count = 0;

	for (const char *at = r->claims; *at; count++) {
		unsigned int a, b;
		char op;
		int length = 0;

		if (sscanf(at, "%u%c%u%n", &a, &op, &b, &length) != 3)
			fail_msg("%s: cannot read '%s'", r->order, at);
		at += length;
		if (op == '^') {
			assert_int_equal(*at, ':');
			check_common(r, f, a, b, at + 1);
			at += strcspn(at, " ");
		} else if (sign_of(steady_field_compare(f, a, b)) != op) {
			fail_msg("%s, %s: %u stands %c to %u, expected %c", r->order, r->field, a,
				 sign_of(steady_field_compare(f, a, b)), b, op);
		}
		at += strspn(at, " ");
	}
	assert_in_range(count, 3 - (r->fields == MANY), 100);
}

static void test_claims(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rules); i++) {
		int field = field_of(rules[i].field);

		if (strcmp(sort_of(field), rules[i].order) != 0)
			fail_msg("%s has the order %s, expected %s", rules[i].field, sort_of(field),
				 rules[i].order);
		check_claims(&rules[i]);
	}
}

/* No row of the data is without a test, and each says what it is and where that is from. */
static void test_every_row(void **state)
{
	(void)state;
	assert_true(steady_sort_count > 0);
	for (unsigned int i = 0; i < steady_sort_count; i++) {
		bool found = false;

		for (size_t k = 0; k < LENGTH(rules) && !found; k++)
			found = strcmp(rules[k].order, steady_sorts[i].name) == 0;
		if (!found)
			fail_msg("orders.tsv: no test of '%s'", steady_sorts[i].name);
		assert_string_not_equal(steady_sorts[i].meaning, "");
		assert_string_not_equal(steady_sorts[i].source, "");
	}
}

/* The fields of an order are those that are expected, no more and no less. */
static void test_fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rules); i++) {
		unsigned int expected = 0, found = 0;

		for (const char *at = rules[i].fields; at && *at; at += strspn(at, " ")) {
			size_t length = strcspn(at, " ");
			int field = steady_field_by_name(at, length);

			assert_true(field >= 0);
			if (strcmp(sort_of(field), rules[i].order) != 0)
				fail_msg("%.*s has the order %s, expected %s", (int)length, at,
					 sort_of(field), rules[i].order);
			expected++;
			at += length;
		}
		for (unsigned int k = 0; k < steady_field_count; k++)
			found += strcmp(sort_of((int)k), rules[i].order) == 0;
		if (rules[i].fields && found != expected)
			fail_msg("%u fields have the order %s, expected %u", found, rules[i].order,
				 expected);
	}
}

/* All bits of SMFR0 and FPFR0 that stand alone are masks, SMEver is a number (D24.1.3). */
static void test_masks(void **state)
{
	int smfr0 = steady_register_by_name("ID_AA64SMFR0_EL1", 16);
	int fpfr0 = steady_register_by_name("ID_AA64FPFR0_EL1", 16);
	unsigned int masks = 0;

	(void)state;
	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_field *f = &steady_fields[i];
		bool within = f->reg == smfr0 || f->reg == fpfr0;
		bool number = strcmp(f->name, "SMEver") == 0 || f->flags & STEADY_FIELD_RESERVED;

		assert_int_equal(strcmp(sort_of((int)i), "mask") == 0, within && !number);
		masks += within && !number;
	}
	assert_true(masks > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_every_row),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_masks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
