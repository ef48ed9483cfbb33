/* SPDX-License-Identifier: MIT */
#include "policy/profile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <steadyarm/steadyarm.h>

#include "arch/kvm_ids.h"

static const char *const irqchips[] = {
	[STEADY_IRQCHIP_NONE] = "none",
	[STEADY_GICV2] = "gicv2",
	[STEADY_GICV3] = "gicv3",
};
#define IRQCHIPS (sizeof(irqchips) / sizeof(irqchips[0]))

const char *const steady_unvirtualised_names[STEADY_UNVIRTUALISED] = {
	[STEADY_CNTFRQ] = "CNTFRQ_EL0",     [STEADY_DCZID] = "DCZID_EL0",
	[STEADY_IPA_SIZE] = "IPA_SIZE",     [STEADY_PMCR_N] = "PMCR_EL0.N",
	[STEADY_PAGE_SIZE] = "PAGE_SIZE",
};

const char *steady_irqchip_name(uint32_t irqchip)
{
	return irqchip < IRQCHIPS ? irqchips[irqchip] : NULL;
}

uint32_t steady_irqchip_by_name(const char *name)
{
	for (uint32_t i = STEADY_IRQCHIP_NONE; i < IRQCHIPS; i++) {
		if (strcmp(irqchips[i], name) == 0)
			return i;
	}
	return STEADY_IRQCHIP_UNKNOWN;
}

int steady_unvirtualised_by_name(const char *name, size_t length)
{
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (strlen(steady_unvirtualised_names[i]) == length &&
		    memcmp(steady_unvirtualised_names[i], name, length) == 0)
			return i;
	}
	return -1;
}

struct steady_profile *steady_profile_alloc(void)
{
	return calloc(1, sizeof(struct steady_profile));
}

void steady_profile_free(struct steady_profile *p)
{
	if (!p)
		return;
	for (size_t i = 0; i < p->configuration_count; i++) {
		free(p->configurations[i].accepted);
		free(p->configurations[i].register_list);
		free(p->configurations[i].reset);
	}
	free(p->configurations);
	free(p->name);
	free(p->kernel);
	free(p->note);
	free(p->cpus);
	free(p->firmware);
	free(p->capabilities);
	free(p->others);
	free(p->gates);
	free(p->caches);
	free(p->loads);
	free(p->unnamed);
	free(p);
}

#define ID_SYSTEM UINT64_C(0x6030000000130000)
#define ID_SPACE  UINT64_C(0xffffffffffff0000)
#define ID_CORE   UINT64_C(0x0000000000100000)
#define ID_COPROC UINT64_C(0x000000000fff0000)
#define ID_SIZE_SHIFT 52
#define WIDEST_RESET  3 /* 2^3 bytes: what a profile keeps of reset values */

bool steady_profile_state(const struct steady_profile *p, uint64_t id)
{
	if (steady_register_by_id(id) >= 0)
		return false;
	for (size_t i = 0; i < p->unnamed_count; i++) {
		if (p->unnamed[i].id == id)
			return false;
	}
	return (id & ID_SPACE) == ID_SYSTEM || (id & ID_COPROC) == ID_CORE;
}

bool steady_profile_resets(const struct steady_profile *p, uint64_t id)
{
	return (id >> ID_SIZE_SHIFT & 0xf) <= WIDEST_RESET && steady_profile_state(p, id) &&
	       steady_written_of(id).rule != STEADY_WRITTEN_COUNTS;
}

static const struct steady_reading *reset_of(const struct steady_configuration *c, uint64_t id)
{
	for (size_t i = 0; i < c->reset_count; i++) {
		if (c->reset[i].id == id)
			return &c->reset[i].reading;
	}
	return NULL;
}

const struct steady_reading *steady_profile_reset(const struct steady_profile *p,
						  const struct steady_configuration *c, uint64_t id)
{
	const struct steady_reading *own = reset_of(c, id);

	return own ? own : reset_of(&p->configurations[0], id);
}

bool steady_profile_behaves(const struct steady_profile *p, enum steady_behaviour behaviour)
{
	return p->behaviours & p->behaviours_known & UINT32_C(1) << behaviour;
}

bool steady_profile_fewer_counters(const struct steady_profile *p, uint32_t options)
{
	return steady_profile_behaves(p, options >> STEADY_OPTION_EL2 & 1
						 ? STEADY_BEHAVIOUR_COUNTERS_CHOSEN
						 : STEADY_BEHAVIOUR_COUNTERS_LOWERED);
}

struct steady_configuration *steady_profile_add(struct steady_profile *p)
{
	struct steady_configuration *all =
		realloc(p->configurations, (p->configuration_count + 1) * sizeof(*all));

	if (!all)
		return NULL;
	p->configurations = all;
	all += p->configuration_count++;
	memset(all, 0, sizeof(*all));
	return all;
}

uint32_t steady_configuration_options(const struct steady_configuration *c)
{
	uint32_t options = c->options & c->options_known;
	const uint32_t all = (UINT32_C(1) << STEADY_OPTIONS) - 1;

	if ((c->options_known & all) == all)
		return options;
	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_field *f = &steady_fields[i];
		int option = steady_field_option((int)i);

		if (option < 0 || c->options_known >> option & 1)
			continue;
		if (c->reg[f->reg].state == STEADY_VALUE &&
		    steady_field_rank(f, steady_field_get(f, c->reg[f->reg].value)) >
			    steady_field_rank(f, 0))
			options |= UINT32_C(1) << option;
	}
	return options;
}

static const struct steady_configuration *find_exactly(const struct steady_profile *p,
						       uint32_t options, uint32_t irqchip)
{
	const struct steady_configuration *any = NULL;

	for (size_t i = 0; i < p->configuration_count; i++) {
		const struct steady_configuration *c = &p->configurations[i];

		if (steady_configuration_options(c) != options)
			continue;
		if (c->irqchip == irqchip)
			return c;
		if (!any && (steady_irqchip_may_be(c->irqchip, irqchip) ||
			     steady_irqchip_may_be(irqchip, c->irqchip)))
			any = c;
	}
	return any;
}

/* Whether a host has shown that it takes 32-bit EL1, and KVM gives it with these other options. */
static bool takes_narrow(const struct steady_profile *p, uint32_t others)
{
	const uint32_t narrow = UINT32_C(1) << STEADY_OPTION_EL1_32BIT;

	if (steady_options_clash(others | narrow) >= 0)
		return false;
	for (size_t i = 0; i < p->configuration_count; i++) {
		if (steady_configuration_options(&p->configurations[i]) & narrow)
			return true;
	}
	return false;
}

const struct steady_configuration *steady_profile_find(const struct steady_profile *p,
						       uint32_t options, uint32_t irqchip)
{
	const uint32_t narrow = UINT32_C(1) << STEADY_OPTION_EL1_32BIT;
	const struct steady_configuration *c = find_exactly(p, options, irqchip);

	if (!c && options & narrow && takes_narrow(p, options & ~narrow))
		c = find_exactly(p, options & ~narrow, irqchip);
	return c;
}

const struct steady_reading *steady_profile_firmware(const struct steady_profile *p, uint64_t id)
{
	for (size_t i = 0; i < p->firmware_count; i++) {
		if (p->firmware[i].id == id)
			return &p->firmware[i].reading;
	}
	return NULL;
}

bool steady_reading_unknown(const struct steady_reading *r)
{
	return r->state == STEADY_FAILED &&
	       steady_answer_of(STEADY_OP_GET, r->error) != STEADY_ANSWER_ABSENT;
}

const struct steady_reading *steady_profile_capability(const struct steady_profile *p,
						       uint64_t number)
{
	int row = steady_capability_by_number(number);

	return p->capabilities && row >= 0 ? &p->capabilities[row] : NULL;
}

static bool has_masks(const struct steady_profile *p)
{
	const struct steady_reading *r = steady_profile_capability(p, STEADY_CAP_REG_MASKS);

	return r && r->state == STEADY_VALUE && r->value;
}

bool steady_profile_mask(const struct steady_profile *p, int reg, uint64_t *mask)
{
	const struct steady_reading *r = &p->writable[reg];

	*mask = r->state == STEADY_VALUE ? r->value : 0;
	if (r->state != STEADY_FAILED)
		return r->state == STEADY_VALUE;
	return steady_answer_of(STEADY_OP_MASKS, r->error) == STEADY_ANSWER_ABSENT && !has_masks(p);
}

bool steady_profile_writable(const struct steady_profile *p)
{
	for (int i = 0; i < STEADY_REGISTERS; i++) {
		if (p->writable[i].state == STEADY_VALUE && p->writable[i].value)
			return true;
	}
	return false;
}

void steady_configuration_view(const struct steady_configuration *c, struct steady_view *view)
{
	memset(view, 0, sizeof(*view));
	for (int i = 0; i < STEADY_REGISTERS; i++) {
		view->known[i] = c->reg[i].state == STEADY_VALUE;
		view->value[i] = view->known[i] ? c->reg[i].value : 0;
	}
}

const char *steady_configuration_text(uint32_t options, uint32_t known, uint32_t irqchip, char *out,
				      size_t room)
{
	size_t used = 0;

	if (room)
		out[0] = '\0';
	for (int i = 0; i < STEADY_OPTIONS && used < room; i++) {
		bool on = options >> i & 1;

		if (!(known >> i & 1) || (!on && steady_options[i].on_request))
			continue;
		used += (size_t)snprintf(out + used, room - used, "%s%s%s", used ? ", " : "",
					 on ? "" : "no ", steady_options[i].name);
	}
	if (used < room && steady_irqchip_name(irqchip))
		used += (size_t)snprintf(out + used, room - used, "%s%s", used ? ", " : "",
					 irqchip == STEADY_IRQCHIP_NONE
						 ? "no irqchip"
						 : steady_irqchip_name(irqchip));
	if (!used && room)
		snprintf(out, room, "options unknown");
	return out;
}
