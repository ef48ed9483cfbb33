/* SPDX-License-Identifier: MIT */
/*
 * A kernel that lies: it accepts a write and keeps another value, or changes a value at the first
 * run. The read-back catches each bit of each register, on each vCPU, by name: ID registers,
 * firmware, vector lengths, caches, event counters, and what nobody has a name for.
 */
#include "faults.h"

#include <errno.h>

#include "arch/kvm_ids.h"
#include "policy/outside.h"

#define VCPUS 2
/* UNALLOCATED in Arm's 2026-03; among those of a guest's state, which it may change */
#define UNNAMED       UINT64_C(0x603000000013c10e)
#define UNNAMED_LABEL "S3_0_C2_C1_6" /* op0 3, op1 0, CRn 2, CRm 1, op2 6 (api.rst, 4.68) */
/* KVM_REG_ARM_FW_FEAT_BMAP_REG(9): Linux 7.3 has 0 to 3 */
#define BITMAP        UINT64_C(0x6030000000160009)
#define BITMAP_LABEL  "0x6030000000160009"
#define BITMAP_HAS    UINT64_C(0x5)

enum when { AT_WRITE, AT_RUN };

struct liar {
	struct steady_sim *sim;
	uint64_t id;
	const char *name; /* what it is told by; NULL: as the id says */
	uint32_t vcpu;
	enum when when;
	uint64_t bits;  /* of the lowest word that come out changed */
	unsigned int unkept; /* writes that were accepted and not kept */
	bool run;
};

static int liar_call(void *ctx, struct steady_call *call)
{
	struct liar *l = ctx;
	int r;

	if (l->when == AT_WRITE &&
	    ((call->op == STEADY_OP_SET && call->id == l->id) ||
	     (call->op == STEADY_OP_PMU_COUNTERS && l->id == STEADY_ID_PMCR_EL0))) {
		l->unkept++;
		return 0; /* it keeps what it had */
	}
	r = steady_sim_call(l->sim, call);
	if (call->op == STEADY_OP_RUN)
		l->run = true;
	if (call->op == STEADY_OP_GET && call->id == l->id && call->vcpu == l->vcpu &&
	    l->when == AT_RUN && l->run)
		call->value[0] ^= l->bits;
	return r;
}

static unsigned long lies;

static const char *name_of(const struct liar *l)
{
	if (l->name)
		return l->name;
	return l->id == STEADY_ID_SVE_VLS ? "SVE_VLS" : steady_id_name(l->id);
}

/* Such an apply ends with `error`, and a finding of it names the register and has these words. */
static void ends(const struct steady_model *model, struct liar *l, int error, const char *words)
{
	const char *name = name_of(l);
	const struct steady_finding *f;
	struct steady_applied applied;
	struct steady_report *report;
	bool told = false;
	int r;

	assert_int_equal(steady_report_new(&report), 0);
	l->run = false;
	l->unkept = 0;
	r = steady_apply(model, liar_call, l, VCPUS, &applied, report);
	lies++;
	for (size_t i = 0; (f = steady_report_get(report, i)); i++)
		told = told || (f->error == error && f->reg && name && strcmp(f->reg, name) == 0 &&
				strstr(f->reason, words));
	if (r != -error || applied.pinned || !told)
		fail_msg("%s, vCPU %u, bits 0x%llx, %s: result %d, pinned %d, told %d",
			 name ? name : "?", l->vcpu, (unsigned long long)l->bits, words, r,
			 applied.pinned, told);
	steady_applied_clear(&applied);
	steady_report_free(report);
}

static void caught(const struct steady_model *model, struct liar *l)
{
	ends(model, l, STEADY_EMISMATCH,
	     l->when == AT_RUN ? "after the first run" : "before the first run");
}

/* CCSIDR_EL1 belongs to the vCPU. The id has no name of its own (KVM_REG_ARM_DEMUX). */
static bool is_cache(uint64_t id)
{
	return id >= steady_cache_id(0) && id < steady_cache_id(STEADY_CACHES);
}

static void caught_caches(const struct steady_model *model, struct liar *l)
{
	l->name = "CCSIDR_EL1";
	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		l->id = steady_cache_id(i);
		/* 32 bits: KVM_REG_SIZE_U32 */
		for (l->bits = 1; model->caches.has >> i & 1 && l->bits >> 32 == 0; l->bits <<= 1)
			caught(model, l);
	}
	l->name = NULL;
}

static void every_lie(const char *name, const char *const *hosts)
{
	struct steady_profile *host = fault_host(name);
	struct steady_model *model = fault_model(hosts, NULL);
	struct liar l = {.when = AT_WRITE};
	struct steady_applied clean;
	unsigned long before = lies;

	assert_int_equal(steady_sim_new(host, &l.sim), 0);
	assert_int_equal(steady_apply(model, steady_sim_call, l.sim, VCPUS, &clean, NULL), 0);
	assert_true(clean.write_count > 0);
	for (size_t i = 0; i < clean.write_count; i++) {
		l.id = clean.writes[i].id;
		l.name = is_cache(l.id) ? "CCSIDR_EL1" : NULL;
		caught(model, &l);
	}
	l.name = NULL;
	l.when = AT_RUN;
	for (l.vcpu = 0; l.vcpu < VCPUS; l.vcpu++) {
		for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
			l.id = steady_register_id(reg);
			for (l.bits = 1; l.bits; l.bits <<= 1)
				caught(model, &l);
		}
		for (size_t i = 0; i < model->firmware_count; i++) {
			const struct steady_firmware_value *v = &model->firmware[i];
			int row = steady_firmware_by_id(v->id);
			bool least = steady_firmware[row].kind == STEADY_FIRMWARE_WORKAROUND;

			l.id = v->id;
			/* of a mitigation more is no lie that harms: take what there is away */
			l.bits = least ? v->value : 1;
			if (l.bits && steady_profile_firmware(host, v->id))
				caught(model, &l);
		}
		if (model->options >> STEADY_OPTION_SVE & 1) {
			l.id = STEADY_ID_SVE_VLS;
			l.bits = 1;
			caught(model, &l);
		}
		caught_caches(model, &l);
	}
	print_message("  %s: %zu writes, %lu lies, all caught by name\n", name, clean.write_count,
		      lies - before);
	steady_applied_clear(&clean);
	steady_sim_free(l.sim);
	steady_model_free(model);
	steady_profile_free(host);
}

static void test_lies(void **state)
{
	static const char *const n1[] = {"neoverse-n1-6.12", "neoverse-n1-7.3", NULL};
	static const char *const n2[] = {"neoverse-v1-6.18", "neoverse-n2-7.3", NULL};
	/* 6.1 shows the hardware's caches, which 7.3 is given (get_ccsidr(), set_ccsidr()) */
	static const char *const old[] = {"neoverse-n1-6.1", "neoverse-n1-7.3", NULL};

	(void)state;
	every_lie("neoverse-n1-7.3", n1);
	every_lie("neoverse-n2-7.3", n2);
	every_lie("neoverse-n1-7.3", old);
}

/* ---- what nobody has a name for ---- */

static void add_bitmap(struct steady_profile *p)
{
	p->firmware = realloc(p->firmware, (p->firmware_count + 1) * sizeof(*p->firmware));
	assert_non_null(p->firmware);
	p->firmware[p->firmware_count++] = (struct steady_firmware_reading){
		BITMAP, {.value = BITMAP_HAS, .state = STEADY_VALUE}};
}

/* It is to be 0 on every vCPU, or refused by name (steady_model_set_lenient() in steadyarm.h). */
static void test_unnamed(void **state)
{
	static const char *const n1[] = {"neoverse-n1-6.12", "neoverse-n1-7.3", NULL};
	static const struct {
		uint64_t id;
		const char *label;
	} rows[] = {{UNNAMED, UNNAMED_LABEL}, {BITMAP, BITMAP_LABEL}};
	struct steady_profile *host = fault_host("neoverse-n1-7.3");
	struct steady_model *model = fault_model(n1, NULL);
	struct liar l = {.when = AT_WRITE};
	struct steady_applied clean;

	(void)state;
	fault_add_unnamed(host, UNNAMED, 0x11, true);
	add_bitmap(host);
	assert_int_equal(steady_sim_new(host, &l.sim), 0);
	assert_int_equal(steady_apply(model, steady_sim_call, l.sim, VCPUS, &clean, NULL), 0);
	assert_true(clean.pinned);
	for (size_t i = 0; i < LENGTH(rows); i++) {
		l.id = rows[i].id;
		l.name = rows[i].label;
		ends(model, &l, STEADY_EBLOCKED, "KVM accepts 0 and keeps another value");
		assert_int_equal(l.unkept, 1);
	}
	/* the guest may have changed its own state: only the bitmap has to be 0 still */
	l.when = AT_RUN;
	for (l.vcpu = 0; l.vcpu < VCPUS; l.vcpu++) {
		for (l.bits = 1; l.bits; l.bits <<= 1)
			caught(model, &l);
	}
	steady_applied_clear(&clean);
	steady_sim_free(l.sim);
	steady_model_free(model);
	steady_profile_free(host);
}

/* ---- event counters ---- */

/*
 * A write of PMCR_EL0.N that KVM does not take to heart is accepted all the same (set_pmcr() of
 * Linux 6.7 to 7.3); so accepted is not enough, of KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS neither.
 */
static void counters_lies(const char *name, struct steady_model *model)
{
	struct steady_profile *host = fault_host(name);
	struct liar l = {.id = STEADY_ID_PMCR_EL0, .name = "PMCR_EL0.N", .when = AT_WRITE};
	struct steady_applied clean;

	assert_int_equal(steady_sim_new(host, &l.sim), 0);
	assert_int_equal(steady_apply(model, steady_sim_call, l.sim, VCPUS, &clean, NULL), 0);
	assert_true(clean.pinned);
	ends(model, &l, STEADY_EBLOCKED, "");
	assert_int_equal(l.unkept, 1); /* nothing goes on after the first that was not kept */
	l.when = AT_RUN;
	for (l.vcpu = 0; l.vcpu < VCPUS; l.vcpu++) {
		/* N: bits 15:11 (DDI0487) */
		for (l.bits = UINT64_C(1) << 11; l.bits >> 16 == 0; l.bits <<= 1)
			caught(model, &l);
	}
	steady_applied_clear(&clean);
	steady_sim_free(l.sim);
	steady_model_free(model);
	steady_profile_free(host);
}

static void test_counters(void **state)
{
	static const char *const n1[] = {"neoverse-n1-7.3", NULL};
	struct steady_model *lowered = fault_model(n1, NULL);

	(void)state;
	lowered->unvirtualised[STEADY_PMCR_N].value--;
	counters_lies("neoverse-n1-7.3", lowered);
	counters_lies("max-7.3-nested", fault_model_counters("max-7.3-nested")); /* EL2: chosen */
}

/* Every value of every field that this host accepts, each in a model of its own. */
static void test_every_write(void **state)
{
	static const char *const hosts[] = {"neoverse-n2-7.3", NULL};
	struct steady_profile *host = fault_host("neoverse-n2-7.3");
	struct steady_model *model = fault_model(hosts, NULL);
	struct liar l = {.when = AT_WRITE};
	unsigned long before = lies;
	unsigned int written = 0;

	(void)state;
	assert_int_equal(steady_sim_new(host, &l.sim), 0);
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int field = steady_offer_first() + i;
		const struct steady_field *f = &steady_fields[field];
		const struct steady_configuration *c =
			steady_profile_find(host, model->options, model->irqchip);
		uint64_t had = model->value[f->reg];
		steady_set set;

		if (f->width > 4 || !steady_offer_field(host, c, field, &set))
			continue;
		for (uint64_t v = 0; v < 16; v++) {
			if (!steady_set_has(f, set, v) || v == steady_field_get(f, had))
				continue;
			model->value[f->reg] = steady_field_put(f, had, v);
			l.id = steady_register_id(f->reg);
			caught(model, &l);
			model->value[f->reg] = had;
			written++;
		}
	}
	assert_true(written > 100);
	print_message("  neoverse-n2-7.3: %lu writes of single fields that were not kept, all "
		      "caught by name\n",
		      lies - before);
	steady_sim_free(l.sim);
	steady_model_free(model);
	steady_profile_free(host);
}

/* A read that failed is not a value that was refused, and nothing was offered. */
static void test_failed_read(void **state)
{
	static const char *const n1[] = {"neoverse-n1-6.12", "neoverse-n1-7.3", NULL};
	struct steady_profile *host = fault_host("neoverse-n1-7.3");
	struct steady_model *model = fault_model(n1, NULL);
	struct steady_sim *sim;
	struct steady_report *report;
	struct steady_applied applied;
	const struct steady_finding *finding;
	struct fault_call call = {STEADY_OP_GET, 0, UINT64_C(0x6030000000140000)};
	struct fault f = {&call, 0, EINVAL, FAULT_ALWAYS, STEADY_ANSWER_FAILURE};
	struct fault_host h;

	(void)state;
	assert_int_equal(steady_sim_new(host, &sim), 0);
	assert_int_equal(steady_report_new(&report), 0);
	fault_host_init(&h, &f, steady_sim_call, sim);
	assert_int_equal(steady_apply(model, fault_host_call, &h, 1, &applied, report),
			 -STEADY_EHOST);
	finding = build_finding(report, "PSCI_VERSION", NULL);
	assert_non_null(finding);
	assert_null(finding->offered);
	assert_non_null(strstr(finding->reason, "KVM_GET_ONE_REG failed: EINVAL"));
	steady_applied_clear(&applied);
	steady_report_free(report);
	steady_sim_free(sim);
	steady_model_free(model);
	steady_profile_free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lies),
		cmocka_unit_test(test_unnamed),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_every_write),
		cmocka_unit_test(test_failed_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
