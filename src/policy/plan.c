/* SPDX-License-Identifier: MIT */
/*
 * The calls that bring a host's VM to a model, in the only order that works on every kernel:
 * capabilities, every VCPU_INIT, the interrupt controller (creating it rewrites PFR0.GIC from 6.18
 * on), the PMU, ID registers, firmware (WORKAROUND_2 depends on PFR1.SSBS), FINALIZE.
 */
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "policy/outside.h"
#include "policy/policy.h"
#include "policy/unknown.h"

#define PSCI_0_2 (UINT32_C(1) << 2) /* KVM_ARM_VCPU_PSCI_0_2 */

uint32_t steady_options_features(uint32_t options)
{
	uint32_t features = PSCI_0_2;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (options >> i & 1)
			features |= steady_options[i].features;
	}
	return features;
}

uint32_t steady_options_implied(uint32_t options)
{
	uint32_t all = options;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		uint32_t own = steady_options[i].features;

		for (int j = 0; own && j < STEADY_OPTIONS; j++) {
			if (options >> j & 1 && (steady_options[j].features & own) == own)
				all |= UINT32_C(1) << i;
		}
	}
	return all;
}

static int add(struct steady_plan *plan, struct steady_call call)
{
	struct steady_call *all = realloc(plan->calls, (plan->count + 1) * sizeof(*all));

	if (!all)
		return -STEADY_ENOMEM;
	call.size = sizeof(call);
	plan->calls = all;
	all[plan->count++] = call;
	return 0;
}

static int add_simple(struct steady_plan *plan, enum steady_op op, uint32_t vcpu, uint64_t id)
{
	return add(plan, (struct steady_call){.op = op, .vcpu = vcpu, .id = id});
}

static int add_set(struct steady_plan *plan, uint64_t id, uint64_t value)
{
	return add(plan, (struct steady_call){.op = STEADY_OP_SET, .id = id, .value = {value}});
}

/* Whether a register that tells which CPU it is has to be written. */
static bool writes_identity(const struct steady_model *m, const struct steady_configuration *c,
			    const uint64_t target[STEADY_REGISTERS])
{
	for (int i = STEADY_OUTSIDE_MIDR; i <= STEADY_OUTSIDE_AIDR; i++) {
		int reg = steady_outside_register((enum steady_outside)i);

		if (m->has[reg] && target[reg] != c->reg[reg].value)
			return true;
	}
	return false;
}

static int add_creation(struct steady_plan *plan, const struct steady_model *m, uint32_t irqchip,
			bool identity)
{
	int r = add_simple(plan, STEADY_OP_CREATE_VM, 0, 0);

	if (!r && identity)
		r = add_simple(plan, STEADY_OP_ENABLE_CAP, 0, STEADY_CAP_IMP_IDS);

	for (int i = 0; i < STEADY_OPTIONS && !r; i++) {
		if (m->options >> i & 1 && steady_options[i].enable_cap)
			r = add_simple(plan, STEADY_OP_ENABLE_CAP, 0, steady_options[i].enable_cap);
	}
	for (uint32_t v = 0; v < plan->vcpus && !r; v++)
		r = add_simple(plan, STEADY_OP_CREATE_VCPU, v, 0);
	for (uint32_t v = 0; v < plan->vcpus && !r; v++)
		r = add_simple(plan, STEADY_OP_INIT, v, plan->features);
	if (!r && irqchip >= STEADY_GICV2) {
		r = add_simple(plan, STEADY_OP_CREATE_GIC, 0,
			       irqchip == STEADY_GICV2 ? STEADY_DEVICE_GICV2
						       : STEADY_DEVICE_GICV3);
		r = r ? r : add_simple(plan, STEADY_OP_INIT_GIC, 0, 0);
	}
	return r;
}

/* A host with more event counters than the model has. */
static bool has_more_counters(const struct steady_model *m, const struct steady_profile *p)
{
	const struct steady_reading *has = &p->unvirtualised[STEADY_PMCR_N];

	return steady_model_counters(m) && has->state == STEADY_VALUE &&
	       has->value != m->unvirtualised[STEADY_PMCR_N].value;
}

/* They are the VM's, so one vCPU's do: with EL2 before the PMU is there. */
static int add_pmu(struct steady_plan *plan, const struct steady_model *m,
		   const struct steady_profile *p)
{
	int r = 0;

	if (has_more_counters(m, p) && m->options >> STEADY_OPTION_EL2 & 1)
		r = add_simple(plan, STEADY_OP_PMU_COUNTERS, 0,
			       m->unvirtualised[STEADY_PMCR_N].value);
	for (uint32_t v = 0; v < plan->vcpus && !r; v++) {
		if (m->options >> STEADY_OPTION_PMU & 1)
			r = add_simple(plan, STEADY_OP_PMU_INIT, v, 0);
	}
	return r;
}

/* All but one belong to the VM, so that one vCPU's do. */
static int add_registers(struct steady_plan *plan, const struct steady_model *m,
			 const struct steady_configuration *c,
			 const uint64_t target[STEADY_REGISTERS])
{
	int r = 0, clidr = steady_outside_register(STEADY_OUTSIDE_CLIDR);

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (!r && reg != clidr && (steady_register_is_core(reg) || m->has[reg]) &&
		    target[reg] != c->reg[reg].value)
			r = add_set(plan, steady_register_id(reg), target[reg]);
	}
	return r;
}

static int add_caches(struct steady_plan *plan, const struct steady_model *m,
		      const struct steady_profile *p, const struct steady_configuration *c,
		      const uint64_t target[STEADY_REGISTERS])
{
	int r, clidr = steady_outside_register(STEADY_OUTSIDE_CLIDR);
	struct steady_call set = {.op = STEADY_OP_SET};
	struct steady_caches caches;

	r = steady_caches_target(m, p, c, &caches, NULL);
	for (uint32_t v = 0; v < plan->vcpus && !r; v++) {
		set.vcpu = v;
		set.id = steady_register_id(clidr);
		set.value[0] = target[clidr];
		if (m->has[clidr] && target[clidr] != c->reg[clidr].value)
			r = add(plan, set);
		for (unsigned int i = 0; i < STEADY_CACHES && !r; i++) {
			const struct steady_reading *has = steady_profile_cache(p, i);

			set.id = steady_cache_id(i);
			set.value[0] = caches.value[i];
			if (caches.has >> i & 1 && (!has || has->value != caches.value[i]))
				r = add(plan, set);
		}
	}
	return r;
}

static int add_counters(struct steady_plan *plan, const struct steady_model *m,
			const struct steady_profile *p)
{
	if (!has_more_counters(m, p) || m->options >> STEADY_OPTION_EL2 & 1)
		return 0;
	return add_set(plan, STEADY_ID_PMCR_EL0,
		       m->unvirtualised[STEADY_PMCR_N].value << STEADY_PMCR_N_SHIFT);
}

/* A register without a name here has one in a newer version, and so in its models. */
static bool wants(const struct steady_model *m, uint64_t id)
{
	const struct steady_firmware_value *want = steady_model_firmware(m, id);

	return want && want->value;
}

/* Those that have a name here. */
static int add_firmware(struct steady_plan *plan, const struct steady_model *m,
			const struct steady_profile *p)
{
	int r = 0;

	for (size_t i = 0; i < p->firmware_count && !r; i++) {
		const struct steady_firmware_reading *has = &p->firmware[i];
		int row = steady_firmware_by_id(has->id);
		uint64_t value;

		if (has->reading.state != STEADY_VALUE ||
		    (row < 0 && !wants(m, has->id)))
			continue;
		if (row >= 0 && steady_firmware[row].kind == STEADY_FIRMWARE_WORKAROUND)
			continue; /* KVM only compares it, nothing is kept */
		if (steady_firmware_target(m, has->id, false, &value) &&
		    value != has->reading.value)
			r = add_set(plan, has->id, value);
	}
	return r;
}

/* Last, since the register list can be had only when a vCPU is finalised. */
static int add_unknown(struct steady_plan *plan, const struct steady_model *m,
		       const struct steady_profile *p, const struct steady_configuration *c)
{
	uint64_t *ids;
	size_t count;
	int r = steady_unknown_ids(p, c, &ids, &count);

	if (r)
		return r;
	for (size_t i = 0; i < count && !r; i++) {
		bool zero;
		const struct steady_reading *has = steady_unknown_reading(p, c, ids[i], &zero);

		if (has && has->state == STEADY_VALUE && has->value && zero && !wants(m, ids[i]))
			r = add_set(plan, ids[i], 0);
	}
	free(ids);
	return r;
}

static int add_sve(struct steady_plan *plan, const struct steady_model *m,
		   const struct steady_profile *p)
{
	struct steady_call set = {.op = STEADY_OP_SET, .id = STEADY_ID_SVE_VLS};
	int r = 0;

	if (!(m->options >> STEADY_OPTION_SVE & 1))
		return 0;
	memcpy(set.value, &m->sve, sizeof(set.value));
	for (uint32_t v = 0; v < plan->vcpus && !r; v++) {
		set.vcpu = v;
		if (!steady_vl_empty(&m->sve) && !steady_vl_equal(&m->sve, &p->sve))
			r = add(plan, set);
		r = r ? r : add_simple(plan, STEADY_OP_FINALIZE, v, STEADY_FINALIZE_SVE);
	}
	return r;
}

int steady_plan_new(const struct steady_model *m, const struct steady_profile *p, uint32_t vcpus,
		    struct steady_plan **out, struct steady_report *report)
{
	uint64_t target[STEADY_REGISTERS] = {0};
	const struct steady_configuration *c;
	struct steady_plan *plan;
	int r = steady_check(m, p, report);

	if (r)
		return r;
	c = steady_profile_find(p, m->options, m->irqchip);
	r = steady_targets(m, p, c, target, NULL);
	if (r)
		return r;
	plan = calloc(1, sizeof(*plan));
	if (!plan)
		return -STEADY_ENOMEM;
	plan->features = steady_options_features(m->options);
	plan->vcpus = vcpus;
	r = add_creation(plan, m, m->irqchip || !c->irqchip ? steady_model_irqchip(m) : c->irqchip,
			 writes_identity(m, c, target));
	r = r ? r : add_pmu(plan, m, p);
	r = r ? r : add_registers(plan, m, c, target);
	r = r ? r : add_caches(plan, m, p, c, target);
	r = r ? r : add_counters(plan, m, p);
	r = r ? r : add_firmware(plan, m, p);
	r = r ? r : add_sve(plan, m, p);
	r = r ? r : add_unknown(plan, m, p, c);
	if (r)
		steady_plan_free(plan);
	else
		*out = plan;
	return r;
}

void steady_plan_free(struct steady_plan *plan)
{
	if (plan)
		free(plan->calls);
	free(plan);
}
