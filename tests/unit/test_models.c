/* SPDX-License-Identifier: MIT */
/* The named models: what each is, what they are to each other, and that releases never change. */
#include "test.h"

#include "base/report.h"
#include "build_profile.h"
#include "format/builtin.h"
#include "format/format.h"

static struct steady_model *load(const char *name)
{
	struct steady_model *m = NULL;

	if (steady_model_builtin(name, &m))
		fail_msg("there is no model %s", name);
	return m;
}

static void test_each(void **state)
{
	(void)state;
	assert_true(steady_models() >= 29);
	for (size_t i = 0; i < steady_models(); i++) {
		struct steady_text text = STEADY_TEXT_INIT;
		struct steady_model *m = load(steady_models_name(i));

		assert_string_equal(steady_model_name(m), steady_models_name(i));
		assert_true(strlen(steady_models_title(i)) > 10);
		for (int reg = 0; reg < STEADY_REGISTERS; reg++)
			assert_int_equal(m->has[reg], steady_register_is_core(reg));
		assert_int_equal(m->irqchip, STEADY_GICV3);
		assert_int_equal(m->register_count, 0);
		assert_int_equal(m->implementation_count, 0);
		assert_int_equal(m->firmware_count, 4);
		/* SVE has its vector lengths, and what has none has no SVE */
		assert_int_equal(m->options >> STEADY_OPTION_SVE & 1, !steady_vl_empty(&m->sve));
		/* what is embedded is canonical */
		assert_int_equal(steady_model_print(m, &text), 0);
		assert_string_equal(text.data, steady_builtins[i].text);
		steady_text_free(&text);
		steady_model_free(m);
	}
}

/* ---- releases never change ---- */

static const char *digest_of(const char *file, const char *name)
{
	static char digest[65];
	char line[256], found[128];
	FILE *f = fopen(file, "r");
	bool done = false;

	assert_non_null(f);
	while (!done && fgets(line, sizeof(line), f))
		done = sscanf(line, "%64s %127s", digest, found) == 2 && strcmp(found, name) == 0;
	fclose(f);
	return done ? digest : "not pinned";
}

static void test_digests(void **state)
{
	char path[4096], id[65];

	(void)state;
	snprintf(path, sizeof(path), "%s/models.sha256", getenv("STEADY_TEST_DATA"));
	for (size_t i = 0; i < steady_models(); i++) {
		struct steady_model *m = load(steady_models_name(i));

		assert_int_equal(steady_model_id(m, id), 0);
		print_message("%s\n", steady_models_name(i));
		assert_string_equal(digest_of(path, steady_models_name(i)), id);
		steady_model_free(m);
	}
}

static void test_no_release_is_lost(void **state)
{
	char path[4096], line[256], digest[65], name[128];
	size_t count = 0;
	FILE *f;

	(void)state;
	snprintf(path, sizeof(path), "%s/models.sha256", getenv("STEADY_TEST_DATA"));
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		assert_int_equal(sscanf(line, "%64s %127s", digest, name), 2);
		steady_model_free(load(name));
		count++;
	}
	fclose(f);
	assert_int_equal(count, steady_models());
}

/* ---- names ---- */

static void test_stem(void **state)
{
	static const struct {
		const char *name;
		size_t stem;
		unsigned long version;
	} rows[] = {
		{"neoverse-n1-v1", 11, 1},
		{"neoverse-n1-v12", 11, 12},
		{"neoverse-n1", 11, 0},
		{"neoverse-v1", 8, 1}, /* a core's own name may look like that too */
		{"x-v01", 5, 0},
		{"-v1", 3, 0},
		{"v1", 2, 0},
		{"x-v9999999999", 13, 0},
		{"x-v", 3, 0},
		{"", 0, 0},
		{"7", 1, 0},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		unsigned long version;

		assert_int_equal(steady_builtin_stem(rows[i].name, &version), rows[i].stem);
		assert_int_equal(version, rows[i].version);
	}
}

static void test_names(void **state)
{
	static const char *const rows[][2] = {
		{"neoverse-n1-v1", "neoverse-n1-v1"}, {"neoverse-n1", "neoverse-n1-v1"},
		{"neoverse-v1", "neoverse-v1-v1"},    {"neoverse-v1-v1", "neoverse-v1-v1"},
		{"armv8.2-a", "armv8.2-a-v1"},
	};
	static const char *const none[] = {
		"", "neoverse", "neoverse-n1-v99", "neoverse-n1-", "armv8.2", "Neoverse-N1"};
	struct steady_model *m = (void *)rows;

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		m = load(rows[i][0]);
		assert_string_equal(steady_model_name(m), rows[i][1]);
		steady_model_free(m);
	}
	for (size_t i = 0; i < LENGTH(none); i++) {
		m = (void *)rows;
		assert_int_equal(steady_model_builtin(none[i], &m), -STEADY_EINPUT);
		assert_ptr_equal(m, rows);
	}
	assert_null(steady_models_name(steady_models()));
	assert_null(steady_models_title(steady_models()));
	for (size_t i = 1; i < steady_models(); i++)
		assert_true(strcmp(steady_models_name(i - 1), steady_models_name(i)) < 0);
}

/* ---- levels ---- */

/* DDI0487 A2.1: each version includes the one before, and Armv9.N Armv8.(N+5). */
static const struct {
	const char *less, *more;
	bool new_pac; /* FEAT_PAuth2 comes in, which neither includes FEAT_PAuth nor is included */
} steps[] = {
	{"armv8.0-a", "armv8.1-a", false}, {"armv8.1-a", "armv8.2-a", false},
	{"armv8.2-a", "armv8.3-a", false}, {"armv8.3-a", "armv8.4-a", false},
	{"armv8.4-a", "armv8.5-a", false}, {"armv8.5-a", "armv8.6-a", true},
	{"armv8.6-a", "armv8.7-a", false}, {"armv8.7-a", "armv8.8-a", false},
	{"armv8.8-a", "armv8.9-a", false}, {"armv8.5-a", "armv9.0-a", false},
	{"armv9.0-a", "armv9.1-a", true},  {"armv8.6-a", "armv9.1-a", false},
	{"armv9.1-a", "armv9.2-a", false}, {"armv8.7-a", "armv9.2-a", false},
	{"armv9.2-a", "armv9.3-a", false}, {"armv8.8-a", "armv9.3-a", false},
	{"armv9.3-a", "armv9.4-a", false}, {"armv8.9-a", "armv9.4-a", false},
};

static void test_levels_grow(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(steps); i++) {
		struct steady_model *less = load(steps[i].less), *more = load(steps[i].more);
		struct steady_difference d[16];
		struct steady_view a, b;
		size_t count;

		steady_model_view(less, &a);
		steady_model_view(more, &b);
		if (steps[i].new_pac) {
			unsigned int apa = build_field("ID_AA64ISAR1_EL1.APA");

			assert_int_equal(build_model_get(less, "ID_AA64ISAR1_EL1.APA"), 1);
			assert_int_equal(build_model_get(more, "ID_AA64ISAR1_EL1.APA"), 3);
			a.value[steady_fields[apa].reg] = steady_field_put(
				&steady_fields[apa], a.value[steady_fields[apa].reg], 3);
		}
		print_message("%s, %s\n", steps[i].less, steps[i].more);
		assert_int_equal(steady_relate(&b, &a, d, LENGTH(d), &count), STEADY_SUPERSET);
		assert_int_equal(less->options & ~more->options, 0);
		steady_model_free(less);
		steady_model_free(more);
	}
}

/* ---- what a level asks for ---- */

#define CLAUSES 256

/* The rows of mandatory.tsv: a feature, the version from which on, and what has to be there. */
static struct clause {
	char feature[48], from[8], when[64], tells[8];
} clauses[CLAUSES];

static void take_cell(const char **at, char *out, size_t room)
{
	size_t length = strcspn(*at, "\t\n");

	assert_true(length < room);
	memcpy(out, *at, length);
	out[length] = '\0';
	*at += length + ((*at)[length] != '\0');
}

static size_t read_clauses(void)
{
	char path[4096], line[512];
	size_t count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/mandatory.tsv", getenv("STEADY_TEST_DATA"));
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct clause *c = &clauses[count];
		const char *at = line;

		if (line[0] == '#' || strncmp(line, "feature\t", 8) == 0)
			continue;
		assert_true(count < CLAUSES);
		memset(c, 0, sizeof(*c));
		take_cell(&at, c->feature, sizeof(c->feature));
		take_cell(&at, c->from, sizeof(c->from));
		take_cell(&at, c->when, sizeof(c->when));
		take_cell(&at, c->tells, sizeof(c->tells));
		count++;
	}
	fclose(f);
	return count;
}

/* "v8.4" of the level "armv8.4-a"; Armv9.N has all that Armv8.(N+5) asks for. */
static bool asked_of(const char *level, const char *from)
{
	int major = level[4] - '0', minor = level[6] - '0';

	if (from[1] == '8')
		return from[3] - '0' <= (major == 8 ? minor : minor + 5);
	return major == 9 && from[3] - '0' <= minor;
}

static bool has(const char *feature, const struct steady_view *view)
{
	int row = steady_feature_by_name(feature, strlen(feature));

	if (row < 0)
		fail_msg("no feature %s", feature);
	return steady_feature_state((unsigned int)row, view) == STEADY_YES;
}

static bool has_all(const char *names, const struct steady_view *view)
{
	char each[64];

	for (; *names; names += *names == '&') {
		size_t length = strcspn(names, "&");

		snprintf(each, sizeof(each), "%.*s", (int)length, names);
		names += length;
		if (strcmp(each, "FEAT_EL2") == 0)
			strcpy(each, "FEAT_AA64EL2");
		if (strcmp(each, "FEAT_Secure") == 0 || strcmp(each, "FEAT_ETMv4") == 0)
			return false; /* no ID register tells */
		if (!has(each, view))
			return false;
	}
	return true;
}

/* Takes a feature away by one field, but not what its clause asks for; false if no value does. */
static bool take_away(const struct clause *c, struct steady_view *view)
{
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		const struct steady_field *f = &steady_fields[steady_offer_first() + i];
		uint64_t old = view->value[f->reg];

		for (uint64_t v = 0; v <= 15 && f->width == 4; v++) {
			view->value[f->reg] = steady_field_put(f, old, v);
			if (!has(c->feature, view) && has_all(c->when, view))
				return true;
		}
		view->value[f->reg] = old;
	}
	return false;
}

static bool finds(const struct steady_report *report, const char *feature)
{
	const struct steady_finding *f;

	for (size_t i = 0; (f = steady_report_get(report, i)); i++) {
		int rule = steady_rule_by_name(f->rule, strlen(f->rule));

		if (strncmp(f->rule, "mandatory-", 10) == 0 &&
		    strcmp(steady_rules[rule].then, feature) == 0)
			return true;
	}
	return false;
}

/*
 * Of each level, what Arm's clauses make mandatory (mandatory.tsv): the model has it and lint finds
 * nothing; without it, lint reports the level's rule. FEAT_BBM is the one that no value takes away.
 */
static void test_levels_are_held_to(void **state)
{
	size_t count = read_clauses(), taken = 0, levels = 0, exempt = 0;

	(void)state;
	assert_true(count > 80);
	for (size_t i = 0; i < steady_models(); i++) {
		struct steady_lint_request q = {.options_known = UINT32_MAX};
		struct steady_model *m;
		struct steady_view view;

		if (strncmp(steady_models_name(i), "armv", 4) != 0)
			continue;
		m = load(steady_models_name(i));
		q.version = steady_lint_version(steady_model_name(m));
		assert_int_equal(q.version == 0, strncmp(m->name, "armv8.0", 7) == 0);
		q.options = m->options;
		for (size_t k = 0; k < count; k++) {
			struct steady_report *report;

			steady_model_view(m, &view);
			if (!asked_of(m->name, clauses[k].from) ||
			    strcmp(clauses[k].tells, "yes") != 0 ||
			    !has_all(clauses[k].when, &view))
				continue;
			if (strcmp(clauses[k].feature, "FEAT_BBM") ==
			    0) { /* its level 0 is there */
				exempt++;
				continue;
			}
			assert_int_equal(steady_report_new(&report), 0);
			assert_int_equal(steady_lint(&view, &q, report), 0);
			assert_int_equal(steady_report_count(report), 0);
			if (!has(clauses[k].feature, &view))
				fail_msg("%s has no %s", m->name, clauses[k].feature);
			if (!take_away(&clauses[k], &view))
				fail_msg("%s: nothing takes %s away", m->name, clauses[k].feature);
			steady_lint(&view, &q, report);
			if (!finds(report, clauses[k].feature))
				fail_msg("%s without %s: not reported", m->name,
					 clauses[k].feature);
			steady_report_free(report);
			taken++;
		}
		levels++;
		steady_model_free(m);
	}
	assert_int_equal(levels, 15);
	assert_int_equal(exempt, 11); /* Armv8.4 to 8.9, 9.0 to 9.4 */
	assert_true(taken > 500);
}

/* ---- what is tolerated ---- */

/* Fields that KVM holds at what the core has (arch/arm64/kvm/sys_regs.c), or that it sets. */
static const char *const level_tolerates[] = {
	"ID_AA64MMFR0_EL1.TGran16_2", "ID_AA64MMFR0_EL1.TGran4_2", "ID_AA64MMFR0_EL1.TGran64_2",
	"ID_AA64MMFR1_EL1.VH",        "ID_AA64MMFR1_EL1.VMIDBits", "ID_AA64MMFR1_EL1.XNX",
	"ID_AA64MMFR2_EL1.CCIDX",     "ID_AA64MMFR2_EL1.EVT",      "ID_AA64MMFR2_EL1.FWB",
	"ID_AA64MMFR2_EL1.NV",        "ID_DFR0_EL1.CopDbg",        "ID_MMFR0_EL1.InnerShr",
	"ID_MMFR0_EL1.OuterShr",      "ID_PFR1_EL1.GIC",
};
/* Of those, the ones that a guest at EL1 may use: a host may have more of them. */
static const char *const level_more[] = {
	"ID_AA64DFR0_EL1.BRPs",      "ID_AA64DFR0_EL1.CTX_CMPs", "ID_AA64ISAR1_EL1.APA",
	"ID_AA64MMFR0_EL1.ASIDBits", "ID_AA64MMFR2_EL1.IDS",
};
static const char *const core_tolerates[] = {
	"ID_AA64MMFR1_EL1.VH",
	"ID_AA64MMFR2_EL1.CCIDX",
	"ID_AA64MMFR2_EL1.NV",
};

static void test_tolerated(void **state)
{
	(void)state;
	for (size_t i = 0; i < steady_models(); i++) {
		bool level = strncmp(steady_models_name(i), "armv", 4) == 0;
		const char *const *want = level ? level_tolerates : core_tolerates;
		size_t count = level ? LENGTH(level_tolerates) : LENGTH(core_tolerates);
		struct steady_model *m = load(steady_models_name(i));

		assert_int_equal(m->tolerated_count, count);
		for (size_t t = 0; t < count; t++)
			assert_string_equal(m->tolerated[t], want[t]);
		assert_int_equal(m->more_count, level ? LENGTH(level_more) : 0);
		for (size_t t = 0; t < m->more_count; t++)
			assert_string_equal(m->more[t], level_more[t]);
		steady_model_free(m);
	}
}

/* ---- the real cores ---- */

/*
 * Guests on Graviton2 and Graviton3 as published (build_profile.c says by whom), with the masks of
 * Linux 7.3: the models of these machines and of their cores run there, whole levels too.
 */
static const struct {
	const char *model;
	enum build_cpu cpu;
	bool runs;
} silicon[] = {
	{"neoverse-n1", BUILD_N1, true},  {"graviton2", BUILD_N1, true},
	{"ampere-altra", BUILD_N1, true}, {"armv8.0-a", BUILD_N1, false}, /* FEAT_FP16 is there */
	{"armv8.1-a", BUILD_N1, false},   {"armv8.2-a", BUILD_N1, true},
	{"armv8.3-a", BUILD_N1, false},   {"neoverse-v1", BUILD_N1, false},
	{"neoverse-v1", BUILD_V1, true},  {"graviton3", BUILD_V1, true},
	{"armv8.2-a", BUILD_V1, true},    {"armv8.3-a", BUILD_V1, true},
	{"armv8.4-a", BUILD_V1, false}, /* V1 has no FEAT_TLBIOS, FEAT_TLBIRANGE and FEAT_TTL */
	{"neoverse-n2", BUILD_V1, false},
};

/* Graviton3's own algorithm of pointer authentication, as lelegard/arm-cpusysregs has it. */
static void give_algorithm(struct steady_profile *p)
{
	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_configuration *c = &p->configurations[i];
		bool on = c->options >> STEADY_OPTION_PTRAUTH & 1;

		c->reg[build_reg("ID_AA64ISAR1_EL1")].value =
			on ? 0x0011100001211032 : 0x0011100000211002;
	}
}

static void test_silicon(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(silicon); i++) {
		struct steady_profile *p = build_host(silicon[i].cpu, BUILD_7_3, "host");
		struct steady_model *m = load(silicon[i].model);
		struct steady_report *report;
		int r;

		assert_int_equal(steady_report_new(&report), 0);
		if (silicon[i].cpu == BUILD_V1)
			give_algorithm(p);
		r = steady_check(m, p, report);
		for (size_t f = 0; silicon[i].runs && f < steady_report_count(report); f++)
			print_message("%s: %s.%s\n", silicon[i].model,
				      steady_report_get(report, f)->reg,
				      steady_report_get(report, f)->field);
		assert_int_equal(r, silicon[i].runs ? 0 : -STEADY_EBLOCKED);
		steady_report_free(report);
		steady_model_free(m);
		steady_profile_free(p);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_digests),
		cmocka_unit_test(test_no_release_is_lost),
		cmocka_unit_test(test_stem),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_levels_grow),
		cmocka_unit_test(test_levels_are_held_to),
		cmocka_unit_test(test_tolerated),
		cmocka_unit_test(test_silicon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
