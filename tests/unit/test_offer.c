/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>

#include "build_profile.h"

static steady_set parse(const char *field, const char *text)
{
	steady_set s;

	assert_true(steady_set_parse(&steady_fields[build_field(field)], text, &s));
	return s;
}

/*
 * What KVM accepts (arm64_check_features(), kernel 6.12 to 7.3), and of that what is offered:
 * values that the architecture allocates, and none above the limit. All writable here.
 */
static const struct {
	const char *field;
	uint64_t limit;
	const char *accepts, *offers;
} rows[] = {
	/* FTR_LOWER_SAFE, unsigned */
	{"ID_AA64ISAR0_EL1.AES", 2, "0-2", "0-2"},
	{"ID_AA64ISAR0_EL1.AES", 0, "0", "0"},
	{"ID_AA64ISAR0_EL1.AES", 15, "0-15", "0-15"},
	/* FTR_HIGHER_SAFE */
	{"ID_AA64MMFR1_EL1.SpecSEI", 0, "0-15", "0-1"},
	{"ID_AA64MMFR1_EL1.SpecSEI", 1, "1-15", "1"},
	/* FTR_EXACT with safe value 1 */
	{"ID_AA64MMFR0_EL1.TGran4_2", 2, "1-2", "1-2"},
	{"ID_AA64MMFR0_EL1.TGran4_2", 0, "0-1", "0-1"},
	{"ID_AA64MMFR0_EL1.TGran4_2", 1, "1", "1"},
	/* FTR_EXACT with safe value 0 */
	{"ID_AA64FPFR0_EL1.F8CVT", 1, "0-1", "0-1"},
	{"ID_AA64FPFR0_EL1.F8CVT", 0, "0", "0"},
	/* FTR_LOWER_SAFE, signed */
	{"ID_AA64DFR0_EL1.DoubleLock", 0, "0,8-15", "0,15"},
	{"ID_AA64DFR0_EL1.DoubleLock", 15, "8-15", "15"},
	{"ID_AA64MMFR0_EL1.TGran4", 1, "0-1,8-15", "0-1,15"},
	{"ID_AA64MMFR0_EL1.TGran64", 0, "0,8-15", "0,15"},
	/* signed for KVM, without an order for Arm */
	{"ID_MMFR0_EL1.InnerShr", 0, "0,8-15", "0,15"},
	{"ID_MMFR0_EL1.InnerShr", 1, "0-1,8-15", "1,15"},
	{"ID_MMFR0_EL1.OuterShr", 15, "8-15", "15"},
	/* checks that the kernel makes first */
	{"ID_AA64DFR0_EL1.DebugVer", 9, "6-9", "6-9"},
	{"ID_DFR0_EL1.CopDbg", 8, "6-8", "6-8"},
	{"ID_DFR0_EL1.PerfMon", 4, "0,3-4", "0,3-4"},
	{"ID_AA64PFR0_EL1.EL0", 2, "1-2", "1-2"},
	{"ID_AA64PFR0_EL1.EL1", 1, "1", "1"},
	/* the override: LOWER, unsigned from 6.12.95 on; 2 and 3 are not allocated */
	{"ID_AA64DFR0_EL1.PMUVer", 6, "0-6", "0-1,4-6"},
	/* no entry in the kernel's table: writable says the mask, and is not */
	/* ... but for a kernel that shows it, and so has one since */
	{"ID_AA64PFR0_EL1.RME", 1, "0-1", "0-1"},
	{"ID_AA64PFR1_EL1.NMI", 1, "0-1", "0-1"},
	/* ... and of what has no name nothing is offered but that it is off */
	{"S3_0_C0_C4_3.[3:0]", 3, "0-3", "0"},
	{"ID_AA64PFR0_EL1.RME", 0, "0", "0"},
	/* eight bits, not writable */
	{"ID_AA64DFR1_EL1.BRPs", 21, "21", "21"},
};

static void test_accepts(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "n1");
		unsigned int field = build_field(rows[i].field);
		steady_set s;

		p->writable[steady_fields[field].reg].value = UINT64_MAX;
		build_put(p, rows[i].field, rows[i].limit);
		assert_true(steady_kvm_accepts(p, &p->configurations[0], field, &s));
		assert_int_equal(s, parse(rows[i].field, rows[i].accepts));
		assert_true(steady_offer_field(p, &p->configurations[0], field, &s));
		assert_int_equal(s, parse(rows[i].field, rows[i].offers));
		steady_profile_free(p);
	}
}

/* A field is only writable if all of it is in the mask; without masks (6.1) nothing is. */
static void test_masks(void **state)
{
	static const struct {
		uint64_t mask;
		uint32_t state;
		int error;
		uint64_t capability; /* whether the kernel says that it has masks */
		const char *want;    /* NULL: unknown */
	} masks[] = {
		{0xf0, STEADY_VALUE, 0, 1, "0-1"},
		{0x70, STEADY_VALUE, 0, 1, "1"},
		{0xffffff0f, STEADY_VALUE, 0, 1, "1"},
		{0, STEADY_VALUE, 0, 1, "1"},
		{UINT64_MAX, STEADY_FAILED, EINVAL, 0, "1"}, /* the answer of 6.1 */
		{UINT64_MAX, STEADY_FAILED, EINVAL, 1, NULL},
		{UINT64_MAX, STEADY_FAILED, EIO, 0, NULL},
		{UINT64_MAX, STEADY_NOT_CAPTURED, 0, 1, NULL}, /* nobody asked */
		{UINT64_MAX, STEADY_NOT_CAPTURED, 0, 0, NULL},
	};
	const char *field = "ID_AA64ISAR0_EL1.AES";

	(void)state;
	for (size_t i = 0; i < LENGTH(masks); i++) {
		struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "n1");
		steady_set s;

		build_put(p, field, 1);
		p->writable[build_reg("ID_AA64ISAR0_EL1")] =
			(struct steady_reading){masks[i].mask, masks[i].error, masks[i].state};
		build_capability(p, "ARM_SUPPORTED_REG_MASK_RANGES", masks[i].capability);
		assert_int_equal(steady_kvm_accepts(p, &p->configurations[0], build_field(field),
						    &s),
				 masks[i].want != NULL);
		if (masks[i].want) {
			assert_int_equal(s, parse(field, masks[i].want));
		}
		steady_profile_free(p);
	}
}

/* What was tried is the truth: a signed PMUVer (6.12.43) takes 8 to 14; nobody has such a PMU. */
static void test_record(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_6_12, "n1");
	unsigned int field = build_field("ID_AA64DFR0_EL1.PMUVer");
	steady_set s;

	(void)state;
	build_accepted(p, "ID_AA64DFR0_EL1.PMUVer", 0x7f1f); /* 0-4, 8-14 */
	assert_true(steady_kvm_accepts(p, &p->configurations[0], field, &s));
	assert_int_equal(s, 0x7f1f);
	assert_true(steady_offer_field(p, &p->configurations[0], field, &s));
	assert_int_equal(s, parse("ID_AA64DFR0_EL1.PMUVer", "0-1,4"));
	build_accepted(p, "ID_AA64DFR0_EL1.PMUVer", 0x0001); /* the limit is always accepted */
	assert_true(steady_kvm_accepts(p, &p->configurations[0], field, &s));
	assert_int_equal(s, 0x0011);
	steady_profile_free(p);
}

static void test_unknown_register(void **state)
{
	static const uint32_t states[] = {STEADY_NOT_CAPTURED, STEADY_FAILED};

	(void)state;
	for (size_t i = 0; i < LENGTH(states); i++) {
		struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "n1");
		struct steady_offer *o;
		steady_set s = 0x5555;

		p->configurations[0].reg[build_reg("ID_AA64ISAR1_EL1")] =
			(struct steady_reading){.state = states[i], .error = EIO};
		assert_false(steady_offer_field(p, &p->configurations[0],
						build_field("ID_AA64ISAR1_EL1.DPB"), &s));
		assert_int_equal(steady_offer_of(p, &o), 0);
		assert_true(o->cells[0].unknown);
		assert_false(o->cells[1].unknown);
		steady_offer_free(o);
		steady_profile_free(p);
	}
}

/* Without an irqchip the kernel clears the GIC fields at the first run (kvm_finalize_sys_regs()).
 */
static void test_no_irqchip(void **state)
{
	static const struct {
		enum build_kernel kernel;
		uint32_t irqchip;
		const char *field, *want;
	} chips[] = {
		{BUILD_7_3, STEADY_GICV3, "ID_AA64PFR0_EL1.GIC", "0-1"},
		{BUILD_7_3, STEADY_IRQCHIP_UNKNOWN, "ID_AA64PFR0_EL1.GIC", "0-1"},
		{BUILD_7_3, STEADY_IRQCHIP_NONE, "ID_AA64PFR0_EL1.GIC", "0"},
		{BUILD_7_3, STEADY_IRQCHIP_NONE, "ID_PFR1_EL1.GIC", "0"},
		{BUILD_6_12, STEADY_IRQCHIP_NONE, "ID_AA64PFR0_EL1.GIC", "0"},
		/* fixed at 1, and then cleared: nothing stands before and after the run */
		{BUILD_6_12, STEADY_IRQCHIP_NONE, "ID_PFR1_EL1.GIC", "none"},
		{BUILD_6_1, STEADY_IRQCHIP_NONE, "ID_AA64PFR0_EL1.GIC", "1"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(chips); i++) {
		struct steady_profile *p = build_host(BUILD_N1, chips[i].kernel, "n1");
		steady_set s;

		p->configurations[0].irqchip = chips[i].irqchip;
		assert_true(steady_offer_field(p, &p->configurations[0],
					       build_field(chips[i].field), &s));
		assert_int_equal(s, parse(chips[i].field, chips[i].want));
		steady_profile_free(p);
	}
}

static struct steady_offer *offer(const struct steady_profile *p)
{
	struct steady_offer *o;

	assert_int_equal(steady_offer_of(p, &o), 0);
	return o;
}

/* A unknown irqchip joins with each kind of GIC, not with none at all. */
static void test_irqchips_join(void **state)
{
	static const struct {
		uint32_t a, b, want; /* want: 9 for no cell */
	} chips[] = {
		{STEADY_GICV3, STEADY_GICV3, STEADY_GICV3},
		{STEADY_GICV2, STEADY_GICV3, 9},
		{STEADY_GICV3, STEADY_IRQCHIP_UNKNOWN, STEADY_GICV3},
		{STEADY_IRQCHIP_UNKNOWN, STEADY_GICV2, STEADY_GICV2},
		{STEADY_IRQCHIP_UNKNOWN, STEADY_IRQCHIP_UNKNOWN, STEADY_IRQCHIP_UNKNOWN},
		{STEADY_IRQCHIP_NONE, STEADY_IRQCHIP_UNKNOWN, 9},
		{STEADY_IRQCHIP_NONE, STEADY_IRQCHIP_NONE, STEADY_IRQCHIP_NONE},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(chips); i++) {
		struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "a");
		struct steady_profile *q = build_host(BUILD_N1, BUILD_7_3, "b");
		struct steady_offer *a, *b;

		build_only(p, 0);
		build_only(q, 0);
		p->configurations[0].irqchip = chips[i].a;
		q->configurations[0].irqchip = chips[i].b;
		a = offer(p);
		b = offer(q);
		assert_int_equal(steady_offer_and(a, b), 0);
		assert_int_equal(a->cell_count, chips[i].want != 9);
		if (a->cell_count)
			assert_int_equal(a->cells[0].irqchip, chips[i].want);
		steady_offer_free(a);
		steady_offer_free(b);
		steady_profile_free(p);
		steady_profile_free(q);
	}
}

/* Bitmaps by bits; PSCI and workarounds by the lesser. ENOENT is an answer, EIO is not. */
static void test_firmware(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "a");
	struct steady_profile *q = build_host(BUILD_N1, BUILD_6_12, "b");
	struct steady_offer *a, *b;

	(void)state;
	build_firmware(p, "VENDOR_HYP_BMAP", 1);
	build_firmware(q, "VENDOR_HYP_BMAP", 3);
	build_firmware(q, "WORKAROUND_1", 1);
	a = offer(p);
	b = offer(q);
	assert_int_equal(b->firmware_count, 7);
	assert_int_equal(steady_offer_and(a, b), 0);
	assert_true(a->firmware_known);
	assert_int_equal(a->firmware_count, 8); /* VENDOR_HYP_BMAP_2 stays, to be brought to 0 */
	assert_int_equal(a->firmware[0].allowed, 0x10001);
	assert_int_equal(a->firmware[1].allowed, 1);
	assert_int_equal(a->firmware[6].allowed, 1);
	assert_int_equal(a->firmware[7].id, 0x6030000000160003);
	assert_int_equal(a->firmware[7].allowed, 0);
	steady_offer_free(a);
	steady_offer_free(b);
	p->firmware[0].reading = (struct steady_reading){.state = STEADY_FAILED, .error = EIO};
	a = offer(p);
	assert_false(a->firmware_known);
	steady_offer_free(a);
	/* a bitmap without a name: its services are left out (0x...160009) */
	p->firmware[7].id = UINT64_C(0x6030000000160009);
	p->firmware[7].reading = (struct steady_reading){.state = STEADY_VALUE, .value = 7};
	a = offer(p);
	assert_int_equal(a->firmware[a->firmware_count - 1].allowed, 0);
	steady_offer_free(a);
	steady_profile_free(p);
	steady_profile_free(q);
}

static struct steady_reading value(uint64_t v)
{
	return (struct steady_reading){.state = STEADY_VALUE, .value = v};
}

/* Unknown is not a difference, but what is known is held against the next. */
static void test_unvirtualised(void **state)
{
	const struct steady_reading unknown = {0};
	const struct steady_reading failed = {.state = STEADY_FAILED, .error = EIO};
	const struct {
		struct steady_reading a, b;
		bool differs;
		uint32_t state;
		uint64_t value;
	} readings[] = {
		{value(4), value(4), false, STEADY_VALUE, 4},
		{value(4), value(5), true, STEADY_VALUE, 4},
		{value(5), unknown, false, STEADY_VALUE, 5},
		{failed, value(5), false, STEADY_VALUE, 5},
		{failed, failed, false, STEADY_NOT_CAPTURED, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(readings); i++) {
		struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "a");
		struct steady_profile *q = build_host(BUILD_N1, BUILD_7_3, "b");
		struct steady_offer *a, *b;

		p->unvirtualised[STEADY_DCZID] = p->unvirtualised[STEADY_IPA_SIZE] = readings[i].a;
		q->unvirtualised[STEADY_DCZID] = q->unvirtualised[STEADY_IPA_SIZE] = readings[i].b;
		a = offer(p);
		b = offer(q);
		assert_int_equal(steady_offer_and(a, b), 0);
		/* the VMM chooses the IPA size: the least that all have is no conflict */
		assert_int_equal(a->differs, (uint32_t)readings[i].differs << STEADY_DCZID);
		for (int k = STEADY_DCZID; k <= STEADY_IPA_SIZE; k++) {
			assert_int_equal(a->unvirtualised[k].state, readings[i].state);
			assert_int_equal(a->unvirtualised[k].value, readings[i].value);
		}
		steady_offer_free(a);
		steady_offer_free(b);
		steady_profile_free(p);
		steady_profile_free(q);
	}
}

/* What one host does not say is not known of both. */
static void test_unknown_joins(void **state)
{
	struct steady_profile *p = build_host(BUILD_V1, BUILD_7_3, "a");
	struct steady_profile *q = build_host(BUILD_V1, BUILD_7_3, "b");
	struct steady_offer *known = offer(p), *unknown, *o;

	(void)state;
	q->sve_known = false;
	q->firmware_known = false;
	unknown = offer(q);
	assert_int_equal(steady_offer_copy(known, &o), 0);
	assert_int_equal(steady_offer_and(o, unknown), 0);
	assert_false(o->sve_known);
	assert_false(o->firmware_known);
	steady_offer_free(o);
	assert_int_equal(steady_offer_copy(known, &o), 0);
	assert_int_equal(steady_offer_and(o, known), 0);
	assert_true(o->sve_known);
	assert_true(o->firmware_known);
	steady_offer_free(o);
	steady_offer_free(known);
	steady_offer_free(unknown);
	steady_profile_free(p);
	steady_profile_free(q);
}

static void test_register_lists(void **state)
{
	struct steady_profile *p = build_host(BUILD_N1, BUILD_7_3, "a");
	struct steady_profile *q = build_host(BUILD_N1, BUILD_7_3, "b");
	struct steady_offer *a, *b;
	struct steady_configuration *c = &p->configurations[0], *d = &q->configurations[0];

	(void)state;
	memmove(c->register_list, c->register_list + 1, --c->register_count * sizeof(uint64_t));
	d->register_count--;
	free(q->configurations[1].register_list);
	q->configurations[1].register_list = NULL;
	a = offer(p);
	b = offer(q);
	assert_int_equal(steady_offer_and(a, b), 0);
	assert_int_equal(a->cells[0].register_count, c->register_count - 1);
	assert_int_equal(a->cells[0].register_list[0], c->register_list[0]);
	assert_null(a->cells[1].register_list); /* one of them does not say */
	steady_offer_free(a);
	steady_offer_free(b);
	steady_profile_free(p);
	steady_profile_free(q);
}

/* Every part of an offer counts when two are held against each other. */
static void change(struct steady_offer *o, size_t what)
{
	switch (what) {
	case 0:
		o->cells[0].set[5] ^= 1;
		break;
	case 1:
		o->cells[1].options ^= 0x80000000;
		break;
	case 2:
		o->cells[0].unknown = true;
		break;
	case 3:
		o->cells[0].register_count--;
		break;
	case 4:
		o->cells[0].register_list[0]++;
		break;
	case 5:
		o->firmware_known = false;
		break;
	case 6:
		o->firmware[0].allowed++;
		break;
	case 7:
		o->firmware[0].id++;
		break;
	case 8:
		o->sve_known = false;
		break;
	case 9:
		o->sve.word[0] ^= 4;
		break;
	case 10:
		o->unvirtualised[0] = value(1);
		break;
	case 11:
		o->differs ^= 1;
		break;
	case 12:
		o->cells[0].irqchip = STEADY_GICV2;
		break;
	default:
		o->firmware_count--;
	}
}

static void test_equal(void **state)
{
	struct steady_profile *p = build_host(BUILD_V1, BUILD_7_3, "a");
	struct steady_offer *a = offer(p);

	(void)state;
	for (size_t i = 0; i <= 13; i++) {
		struct steady_offer *b;

		assert_int_equal(steady_offer_copy(a, &b), 0);
		assert_true(steady_offer_equal(a, b));
		change(b, i);
		assert_false(steady_offer_equal(a, b));
		assert_false(steady_offer_equal(b, a));
		steady_offer_free(b);
	}
	steady_offer_free(a);
	steady_profile_free(p);
}

/* The core rows lie together, and every bit of a core register is in one of them. */
static void test_rows(void **state)
{
	uint64_t seen[STEADY_REGISTERS] = {0};

	(void)state;
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		const struct steady_field *f = &steady_fields[steady_offer_first() + i];

		assert_true(steady_register_is_core(f->reg));
		assert_true(f->width <= 8);
		assert_int_equal(seen[f->reg] & steady_field_mask(f), 0);
		seen[f->reg] |= steady_field_mask(f);
	}
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++)
		assert_true(seen[reg] == UINT64_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepts),       cmocka_unit_test(test_masks),
		cmocka_unit_test(test_record),        cmocka_unit_test(test_unknown_register),
		cmocka_unit_test(test_no_irqchip),    cmocka_unit_test(test_irqchips_join),
		cmocka_unit_test(test_firmware),      cmocka_unit_test(test_unvirtualised),
		cmocka_unit_test(test_unknown_joins), cmocka_unit_test(test_register_lists),
		cmocka_unit_test(test_equal),         cmocka_unit_test(test_rows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
