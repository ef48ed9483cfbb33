/* SPDX-License-Identifier: MIT */
/*
 * A model that check accepts is what a VM of the host shows after the plan's calls, on every vCPU,
 * before and after the first run; and its firmware registers too.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <steadyarm/sim.h>

#include "laws.h"

#define VCPUS 2

/* The bits of a register that the model does not tolerate to be otherwise. */
static uint64_t meant(const struct steady_model *m, int reg)
{
	const struct steady_register *r = &steady_registers[reg];
	uint64_t bits = 0;

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if (!steady_model_tolerates_field(m, i))
			bits |= steady_field_mask(&steady_fields[i]);
	}
	return bits;
}

static void read_back(struct laws *l, struct steady_sim *s, const struct steady_model *m,
		      const char *when)
{
	for (uint32_t i = 0; i < VCPUS * STEADY_CORE_COUNT; i++) {
		int reg = STEADY_CORE_FIRST + (int)(i % STEADY_CORE_COUNT);
		struct steady_call c = {.size = sizeof(c),
					.op = STEADY_OP_GET,
					.vcpu = i / STEADY_CORE_COUNT,
					.id = steady_register_id(reg)};
		int r = steady_sim_call(s, &c);

		laws_hold(l, r == 0 && !((c.value[0] ^ m->value[reg]) & meant(m, reg)),
			  "%s: vCPU %u %s: %d, 0x%llx, not 0x%llx", when, c.vcpu,
			  steady_registers[reg].name, r, (unsigned long long)c.value[0],
			  (unsigned long long)m->value[reg]);
	}
}

static void read_firmware(struct laws *l, struct steady_sim *s, const struct steady_model *m)
{
	for (size_t i = 0; i < m->firmware_count; i++) {
		struct steady_call c = {
			.size = sizeof(c), .op = STEADY_OP_GET, .id = m->firmware[i].id};
		int row = steady_firmware_by_id(c.id), r;

		if (row >= 0 && steady_firmware[row].kind == STEADY_FIRMWARE_WORKAROUND)
			continue; /* the host's own: never stored */
		r = steady_sim_call(s, &c);
		if (r == -ENOENT && !m->firmware[i].value)
			continue; /* a bitmap that the kernel has not got has no service */
		laws_hold(l, r == 0 && c.value[0] == m->firmware[i].value,
			  "firmware %llx: %d, 0x%llx", (unsigned long long)c.id, r,
			  (unsigned long long)c.value[0]);
	}
}

static void read_lengths(struct laws *l, struct steady_sim *s, const struct steady_model *m)
{
	struct steady_call c = {
		.size = sizeof(c), .op = STEADY_OP_GET, .id = UINT64_C(0x606000000015ffff)};
	int r = steady_sim_call(s, &c);

	if (!(m->options >> STEADY_OPTION_SVE & 1)) {
		laws_hold(l, r == -ENOENT, "SVE lengths without SVE: %d", r);
		return;
	}
	laws_hold(l, r == 0, "SVE lengths: %d", r);
	for (size_t i = 0; i < 8; i++)
		laws_hold(l, c.value[i] == m->sve.word[i], "SVE lengths differ");
}

static void apply(struct laws *l, const struct steady_model *m, const struct steady_profile *p)
{
	struct steady_plan *plan;
	struct steady_sim *s;
	int r = steady_plan_new(m, p, VCPUS, &plan, NULL);

	laws_hold(l, r == 0, "no plan: %d", r);
	if (steady_sim_new(p, &s))
		abort();
	for (size_t i = 0; i < plan->count; i++) {
		r = steady_sim_call(s, &plan->calls[i]);
		laws_hold(l, r == 0, "call %u %llx %llx: %d", plan->calls[i].op,
			  (unsigned long long)plan->calls[i].id,
			  (unsigned long long)plan->calls[i].value[0], r);
	}
	read_back(l, s, m, "before the run");
	read_firmware(l, s, m);
	read_lengths(l, s, m);
	for (uint32_t v = 0; v < VCPUS; v++) {
		r = steady_sim_call(s, &(struct steady_call){.size = sizeof(struct steady_call),
							     .op = STEADY_OP_RUN,
							     .vcpu = v});
		laws_hold(l, r == -EINTR, "run: %d", r);
	}
	read_back(l, s, m, "after the run");
	steady_sim_free(s);
	steady_plan_free(plan);
}

/* Another value here and there: whatever check lets pass has to be right as well. */
static void bend(struct laws *l, struct steady_model *m)
{
	unsigned int fields = laws_below(l, 3);

	for (unsigned int i = 0; i < fields; i++) {
		unsigned int row = steady_offer_first() + laws_below(l, steady_offer_fields());
		const struct steady_field *f = &steady_fields[row];

		m->value[f->reg] = steady_field_put(f, m->value[f->reg], laws_random(l));
	}
	if (laws_one_in(l, 2) && m->firmware_count)
		m->firmware[0].value =
			laws_one_in(l, 2) ? laws_below(l, 4) : 0x10000 + laws_below(l, 5);
}

static void accepted(struct laws *l, const struct steady_model *m, const struct steady_profile *p)
{
	struct steady_report *report;
	const struct steady_finding *f;
	int r;

	if (steady_report_new(&report))
		abort();
	r = steady_check(m, p, report);
	f = steady_report_get(report, 0);
	laws_hold(l, r == 0, "check refuses the baseline: %s.%s: %s", f ? f->reg : "",
		  f && f->field ? f->field : "", f && f->reason ? f->reason : "");
	steady_report_free(report);
}

#define NAMES 64

/* What a conflict is about, by the names to tolerate it; false if it is about something else. */
static bool names_of(const struct steady_report *report, char names[NAMES][STEADY_FULLNAME],
		     size_t *count)
{
	for (size_t i = 0; i < steady_report_count(report) && *count < NAMES; i++) {
		const struct steady_finding *f = steady_report_get(report, i);

		if (f->error != STEADY_ECONFLICT)
			continue;
		snprintf(names[*count], STEADY_FULLNAME, "%s%s%s", f->reg, f->field ? "." : "",
			 f->field ? f->field : "");
		if (!steady_tolerable(names[(*count)++]))
			return false;
	}
	return true;
}

/* The baseline; where there is none, the one that tolerates what the hosts are at odds in. */
static struct steady_model *find_model(struct laws *l, const struct steady_input *in, size_t count)
{
	struct steady_baseline_request request = {0};
	char names[NAMES][STEADY_FULLNAME];
	const char *tolerate[NAMES];
	struct steady_report *report;
	struct steady_model *m = NULL;
	int r;

	if (steady_report_new(&report))
		abort();
	request.tolerate = tolerate;
	for (int i = 0; i < NAMES; i++)
		tolerate[i] = names[i];
	r = steady_baseline(in, count, &request, &m, report);
	/* first the fields themselves, then, one by one, what cannot be without them */
	for (int i = 0; i < 4 && r == -STEADY_ECONFLICT; i++) {
		if (!names_of(report, names, &request.tolerate_count) ||
		    request.tolerate_count == NAMES)
			break;
		r = steady_baseline(in, count, &request, &m, report);
		laws_hold(l, r == 0 || i < 3, "%s tolerated: %d", names[0], r);
		laws_hold(l, r || m->tolerated_count || m->more_count, "nothing needed to be tolerated");
	}
	steady_report_free(report);
	return m;
}

static void check_pool(struct laws *l, struct steady_profile *const *p, size_t count)
{
	struct steady_input in[3] = {0};
	struct steady_model *m;

	for (size_t i = 0; i < count; i++)
		in[i] = (struct steady_input){.name = p[i]->name, .profile = p[i]};
	m = find_model(l, in, count);
	if (!m)
		return;
	l->met++;
	for (size_t i = 0; i < count; i++) {
		accepted(l, m, p[i]);
		apply(l, m, p[i]);
	}
	for (size_t i = 0; i < 8; i++) {
		uint64_t value[STEADY_REGISTERS];
		uint64_t psci = m->firmware_count ? m->firmware[0].value : 0;

		memcpy(value, m->value, sizeof(value));
		bend(l, m);
		if (steady_check(m, p[i % count], NULL) == 0)
			apply(l, m, p[i % count]);
		memcpy(m->value, value, sizeof(value));
		if (m->firmware_count)
			m->firmware[0].value = psci;
	}
	steady_model_free(m);
}

int main(void)
{
	struct laws l;

	laws_start(&l, "law_apply", 200);
	while (laws_next(&l)) {
		uint32_t irqchip = laws_one_in(&l, 2) ? (uint32_t)STEADY_GICV3 : laws_below(&l, 4);
		size_t count = 1 + laws_below(&l, 3);
		struct steady_profile *p[3];

		for (size_t i = 0; i < count; i++) {
			p[i] = laws_host(&l, "host");
			for (size_t j = 0; j < p[i]->configuration_count; j++)
				p[i]->configurations[j].irqchip = laws_one_in(&l, 8) ? 0 : irqchip;
		}
		check_pool(&l, p, count);
		for (size_t i = 0; i < count; i++)
			steady_profile_free(p[i]);
	}
	return laws_end(&l, 10);
}
