/* SPDX-License-Identifier: MIT */
/*
 * A kernel that lies: it accepts a write and keeps another value, or changes a value at the first
 * run. The read-back catches each bit of each register, on each vCPU, by name.
 */
#include "faults.h"

#include <errno.h>

#include "arch/kvm_ids.h"

#define VCPUS 2

enum when { AT_WRITE, AT_RUN };

struct liar {
	struct steady_sim *sim;
	uint64_t id;
	uint32_t vcpu;
	enum when when;
	uint64_t bits;  /* of the lowest word that come out changed */
	bool run;
};

static int liar_call(void *ctx, struct steady_call *call)
{
	struct liar *l = ctx;
	int r;

	if (call->op == STEADY_OP_SET && call->id == l->id && l->when == AT_WRITE)
		return 0; /* it keeps what it had */
	r = steady_sim_call(l->sim, call);
	if (call->op == STEADY_OP_RUN)
		l->run = true;
	if (call->op == STEADY_OP_GET && call->id == l->id && call->vcpu == l->vcpu &&
	    l->when == AT_RUN && l->run)
		call->value[0] ^= l->bits;
	return r;
}

static unsigned long lies;

static void caught(const struct steady_model *model, struct liar *l)
{
	const char *name = l->id == STEADY_ID_SVE_VLS ? "SVE_VLS" : steady_id_name(l->id);
	const char *stage = l->when == AT_RUN ? "after the first run" : "before the first run";
	const struct steady_finding *f;
	struct steady_applied applied;
	struct steady_report *report;
	bool told = false;
	int r;

	assert_int_equal(steady_report_new(&report), 0);
	l->run = false;
	r = steady_apply(model, liar_call, l, VCPUS, &applied, report);
	lies++;
	for (size_t i = 0; (f = steady_report_get(report, i)); i++)
		told = told || (f->error == STEADY_EMISMATCH && f->reg && name &&
				strcmp(f->reg, name) == 0 && strstr(f->reason, stage));
	if (r != -STEADY_EMISMATCH || applied.pinned || !told)
		fail_msg("%s, vCPU %u, bits 0x%llx, %s: result %d, pinned %d, told %d",
			 name ? name : "?", l->vcpu, (unsigned long long)l->bits, stage, r,
			 applied.pinned, told);
	steady_applied_clear(&applied);
	steady_report_free(report);
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
		caught(model, &l);
	}
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

	(void)state;
	every_lie("neoverse-n1-7.3", n1);
	every_lie("neoverse-n2-7.3", n2);
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
		cmocka_unit_test(test_every_write),
		cmocka_unit_test(test_failed_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
