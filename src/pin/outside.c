/* SPDX-License-Identifier: MIT */
/*
 * A pin outside the core ID range: which CPU a guest is told that it is, and its caches.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "pin/inside.h"
#include "policy/outside.h"
#include "policy/policy.h"

/* ---- before the first vCPU ---- */

/*
 * Lets MIDR_EL1 and its like be written, where the kernel can. Where it cannot, the host may have
 * the model's all the same; that is seen once there is a vCPU.
 */
int steady_pin_allow_identity(struct steady_pin *p, struct steady_report *report)
{
	uint64_t value = 0;
	int r;

	if (!steady_model_has_identity(p->model))
		return 0;
	r = steady_ask_check(&p->host, STEADY_CAP_IMP_IDS, &value);
	if (r)
		return steady_ask_failed(report, STEADY_OP_CHECK, "ARM_WRITABLE_IMP_ID_REGS", r);
	if (!value)
		return 0;
	r = steady_ask(&p->host, STEADY_OP_ENABLE_CAP, 0, STEADY_CAP_IMP_IDS);
	p->imp_ids = !r;
	if (!r || steady_answer_of(STEADY_OP_ENABLE_CAP, r) == STEADY_ANSWER_OPTION)
		return 0;
	return steady_ask_failed(report, STEADY_OP_ENABLE_CAP, "ARM_WRITABLE_IMP_ID_REGS", r);
}

/* ---- the first vCPU ---- */

/* The guest will meet the core that this vCPU runs on. */
int steady_pin_check_identity(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	static const char *const names[] = {"MIDR_EL1", "REVIDR_EL1", "AIDR_EL1"};
	uint64_t read[3];
	bool tolerated;

	if (!p->model->implementation_count)
		return 0;
	for (int i = 0; i < 3; i++) {
		int reg = steady_register_by_name(names[i], strlen(names[i]));
		uint64_t value[8];
		int r = steady_ask_get(&p->host, vcpu, steady_register_id(reg), value);

		if (r)
			return steady_pin_not_read(report, names[i], r);
		read[i] = value[0];
	}
	for (size_t i = 0; i < p->model->implementation_count; i++) {
		const struct steady_cpu *cpu = &p->model->implementations[i];

		if (cpu->midr == read[0] && cpu->revidr == read[1] && cpu->aidr == read[2])
			return 0;
	}
	tolerated = steady_model_tolerates(p->model, "MIDR_EL1");
	steady_report_add(report, tolerated ? STEADY_WARNING : STEADY_ERROR,
			  tolerated ? 0 : STEADY_EBLOCKED);
	steady_report_subject(report, "MIDR_EL1", NULL);
	steady_report_offered(report, "0x%08" PRIx64, read[0]);
	steady_report_reason(report,
			     "the model's guests were not told that they may meet this CPU: "
			     "its errata would go unhandled");
	if (tolerated)
		return 0;
	steady_report_advice(report, "make a baseline that includes this host");
	return -STEADY_EBLOCKED;
}

/* Registers that nobody writes: a model may only say what the host shows. */
int steady_pin_check_outside(struct steady_pin *p, const uint64_t now[STEADY_REGISTERS],
			     struct steady_report *report)
{
	uint64_t target;
	int result = 0;

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (!p->model->has[reg] || steady_register_is_core(reg) ||
		    steady_outside_of_register(reg) >= 0 || now[reg] == p->model->value[reg])
			continue;
		result = steady_outside_target(p->model, p->live, &p->live->configurations[0], reg,
					       &target, report);
	}
	return result;
}

/* What this VM shows of the caches that the model describes. */
static int read_caches(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	struct steady_firmware_reading *all = calloc(STEADY_CACHES, sizeof(*all));
	bool leave = steady_model_tolerates(p->model, "CLIDR_EL1"); /* to the host */

	if (!all)
		return -STEADY_ENOMEM;
	free(p->live->caches);
	p->live->caches = all;
	p->live->cache_count = 0;
	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		struct steady_firmware_reading *to = &all[p->live->cache_count];
		uint64_t value[8] = {0};
		int r;

		if (!(p->model->caches.has >> i & 1) || leave)
			continue;
		to->id = steady_cache_id(i);
		r = steady_ask_get(&p->host, vcpu, to->id, value);
		if (r)
			return steady_pin_not_read(report, "CCSIDR_EL1", r);
		to->reading = (struct steady_reading){.value = value[0], .state = STEADY_VALUE};
		p->live->cache_count++;
	}
	return 0;
}

static int note_capabilities(struct steady_pin *p)
{
	struct steady_reading *all = p->live->capabilities;
	int row = steady_capability_by_number(STEADY_CAP_IMP_IDS);

	if (!all)
		all = calloc(steady_capability_count, sizeof(*all));
	if (!all)
		return -STEADY_ENOMEM;
	p->live->capabilities = all;
	if (row >= 0)
		all[row] = (struct steady_reading){.value = p->imp_ids, .state = STEADY_VALUE};
	return 0;
}

/* CTR_EL0 says how short the lines of caches may be told, whether the model has it or not. */
static int read_lines(struct steady_pin *p, uint32_t vcpu, struct steady_configuration *c,
		      struct steady_report *report)
{
	int reg = steady_outside_register(STEADY_OUTSIDE_CTR);
	uint64_t value[8];
	int r;

	if (c->reg[reg].state == STEADY_VALUE ||
	    !p->model->has[steady_outside_register(STEADY_OUTSIDE_CLIDR)])
		return 0;
	r = steady_ask_get(&p->host, vcpu, steady_register_id(reg), value);
	if (r)
		return steady_pin_not_read(report, steady_registers[reg].name, r);
	c->reg[reg] = (struct steady_reading){.value = value[0], .state = STEADY_VALUE};
	return 0;
}

int steady_pin_learn_outside(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	int r = note_capabilities(p);

	r = r ? r : read_caches(p, vcpu, report);
	return r ? r : read_lines(p, vcpu, &p->live->configurations[0], report);
}

/* ---- every vCPU ---- */

/* The next of these caches that this vCPU shows otherwise, from *i on; 1: there is one. */
static int next_cache(struct steady_pin *p, uint32_t vcpu, uint32_t of, unsigned int *i,
		      uint32_t *has, struct steady_report *report)
{
	for (; *i < STEADY_CACHES; ++*i) {
		uint64_t value[8];
		int r;

		if (!(of >> *i & 1))
			continue;
		r = steady_ask_get(&p->host, vcpu, steady_cache_id(*i), value);
		if (r)
			return steady_pin_not_read(report, "CCSIDR_EL1", r);
		*has = (uint32_t)value[0];
		if (*has != p->caches.value[*i])
			return 1;
	}
	return 0;
}

/* The caches that the first vCPU showed otherwise: as read_written() in pin.c. */
static uint32_t caches_to_write(const struct steady_pin *p)
{
	uint32_t all = p->caches.has;

	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		const struct steady_firmware_reading *seen = p->live->caches;

		for (size_t k = 0; k < p->live->cache_count; k++) {
			if (seen[k].id == steady_cache_id(i) &&
			    seen[k].reading.value == p->caches.value[i])
				all &= ~(UINT32_C(1) << i);
		}
	}
	return all;
}

/* CCSIDR_EL1 belongs to the vCPU; CLIDR_EL1 was written with the others. */
int steady_pin_write_caches(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	uint32_t has, of = caches_to_write(p);
	int more, result = 0;

	for (unsigned int i = 0; (more = next_cache(p, vcpu, of, &i, &has, report)) > 0; i++) {
		int r = steady_ask_set64(&p->host, vcpu, steady_cache_id(i), p->caches.value[i]);

		if (r)
			r = steady_pin_not_written(report, "CCSIDR_EL1", r);
		result = result ? result : r;
	}
	return more ? more : result;
}

int steady_pin_compare_caches(struct steady_pin *p, uint32_t vcpu, const char *stage,
			      struct steady_report *report)
{
	int more, result = 0;
	uint32_t has = 0;

	for (unsigned int i = 0;
	     (more = next_cache(p, vcpu, p->caches.has, &i, &has, report)) > 0; i++) {
		steady_pin_mismatch(report, "CCSIDR_EL1", NULL, vcpu, p->caches.value[i], has, stage);
		result = -STEADY_EMISMATCH;
	}
	return more ? more : result;
}
