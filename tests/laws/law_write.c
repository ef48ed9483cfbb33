/* SPDX-License-Identifier: MIT */
/*
 * The simulated host takes exactly the writes that arm64_check_features(), written once more in
 * brute.c, lets through; and what was written is what is read.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <steadyarm/sim.h>

#include "../unit/build_profile.h"
#include "brute.h"
#include "laws.h"

static int call(struct steady_sim *s, enum steady_op op, uint32_t vcpu, uint64_t id,
		uint64_t *value)
{
	struct steady_call c = {.size = sizeof(c), .op = op, .vcpu = vcpu, .id = id};
	int r;

	c.value[0] = value ? *value : 0;
	r = steady_sim_call(s, &c);
	if (value)
		*value = c.value[0];
	return r;
}

static struct steady_sim *start(const struct steady_profile *p, uint32_t options)
{
	struct steady_sim *s;

	if (steady_sim_new(p, &s))
		abort();
	call(s, STEADY_OP_CREATE_VM, 0, 0, NULL);
	if (options >> STEADY_OPTION_MTE & 1)
		call(s, STEADY_OP_ENABLE_CAP, 0, steady_options[STEADY_OPTION_MTE].enable_cap,
		     NULL);
	for (uint32_t v = 0; v < 2; v++) {
		call(s, STEADY_OP_CREATE_VCPU, v, 0, NULL);
		call(s, STEADY_OP_INIT, v, steady_options_features(options), NULL);
	}
	return s;
}

/* An IMPLEMENTATION DEFINED PMU is stored as none (set_id_aa64dfr0_el1(), set_id_dfr0_el1()). */
static bool is_rewritten(unsigned int field, uint64_t v)
{
	return v == 0xf && (field == build_field("ID_AA64DFR0_EL1.PMUVer") ||
			    field == build_field("ID_DFR0_EL1.PerfMon"));
}

static bool kernel_takes(const struct steady_profile *p, const struct steady_configuration *c,
			 unsigned int field, uint64_t v)
{
	if (is_rewritten(field, v))
		v = 0;
	return brute_accepts(p, c, field, v);
}

/*
 * On a host whose EL0 has no AArch32, KVM's access to AArch32 registers is 0 and does nothing;
 * ID_AFR0_EL1 and ID_DFR1_EL1 it hides from all, which is another rule (aa32_id_visibility(),
 * raz_visibility()).
 */
static bool is_ignored(const struct steady_profile *p, int reg)
{
	int el0 = build_field("ID_AA64PFR0_EL1.EL0");
	const struct steady_register *r = &steady_registers[reg];

	return r->aarch32 && strcmp(r->name, "ID_AFR0_EL1") != 0 &&
	       strcmp(r->name, "ID_DFR1_EL1") != 0 &&
	       steady_field_get(&steady_fields[el0],
				p->configurations[0].reg[steady_fields[el0].reg].value) < 2;
}

/* Every value of one field, the others as they are. */
static void one_field(struct laws *l, struct steady_sim *s, const struct steady_profile *p,
		      const struct steady_configuration *c, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t id = steady_register_id(f->reg), limit = c->reg[f->reg].value;
	char name[STEADY_FULLNAME];

	steady_field_fullname(field, name, sizeof(name));
	for (uint64_t v = 0; v < (UINT64_C(1) << f->width); v++) {
		uint64_t reg = steady_field_put(f, limit, v), back = 0;
		bool ignored = is_ignored(p, f->reg),
		     takes = ignored || kernel_takes(p, c, field, v);
		int r = call(s, STEADY_OP_SET, 0, id, &reg);

		laws_hold(l, r == (takes ? 0 : -EINVAL), "%s = %u, limit %llx: %d", name,
			  (unsigned int)v, (unsigned long long)limit, r);
		call(s, STEADY_OP_GET, 1, id, &back);
		if (r == 0 && !is_rewritten(field, v))
			laws_hold(l, back == (ignored ? limit : reg), "%s reads %llx after %llx",
				  name, (unsigned long long)back, (unsigned long long)reg);
	}
	laws_hold(l, call(s, STEADY_OP_SET, 0, id, &limit) == 0, "%s: not back to the limit", name);
}

/* All fields of a register at once: taken if and only if each is. */
static bool whole_register(struct laws *l, struct steady_sim *s, const struct steady_profile *p,
			   const struct steady_configuration *c, int reg)
{
	uint64_t value = c->reg[reg].value, back = 0;
	bool takes = true, kept = !is_ignored(p, reg);
	int r;

	for (unsigned int i = 0; i < steady_registers[reg].fields; i++) {
		unsigned int field = steady_registers[reg].first + i;
		uint64_t v = laws_random(l) &
			     (steady_field_mask(&steady_fields[field]) >> steady_fields[field].lsb);

		/* rarely one that is refused, so that some are taken whole */
		if (!brute_accepts(p, c, field, v) && !laws_one_in(l, 64))
			continue;
		value = steady_field_put(&steady_fields[field], value, v);
		takes = takes && (is_ignored(p, reg) || kernel_takes(p, c, field, v));
		kept = kept && !is_rewritten(field, v);
	}
	r = call(s, STEADY_OP_SET, 1, steady_register_id(reg), &value);
	laws_hold(l, r == (takes ? 0 : -EINVAL), "%s = %llx: %d", steady_registers[reg].name,
		  (unsigned long long)value, r);
	call(s, STEADY_OP_GET, 0, steady_register_id(reg), &back);
	laws_hold(l, r || !kept || back == value, "%s reads %llx", steady_registers[reg].name,
		  (unsigned long long)back);
	return r == 0 && back != c->reg[reg].value;
}

int main(void)
{
	struct laws l;

	laws_start(&l, "law_write", 40);
	while (laws_next(&l)) {
		struct steady_profile *p = laws_host(&l, "host");
		const struct steady_configuration *c;
		struct steady_sim *s;
		bool changed = false;

		c = &p->configurations[laws_below(&l, (unsigned int)p->configuration_count)];
		s = start(p, c->options);
		for (unsigned int i = 0; p->writable[STEADY_CORE_FIRST].state == STEADY_VALUE &&
					 i < steady_offer_fields();
		     i++)
			one_field(&l, s, p, c, steady_offer_first() + i);
		for (int i = 0; p->writable[STEADY_CORE_FIRST].state == STEADY_VALUE && i < 1000;
		     i++)
			changed |= whole_register(&l, s, p, c,
						  STEADY_CORE_FIRST +
							  (int)laws_below(&l, STEADY_CORE_COUNT));
		l.met += changed;
		steady_sim_free(s);
		steady_profile_free(p);
	}
	return laws_end(&l, 2);
}
