/* SPDX-License-Identifier: MIT */
/*
 * Feature ID registers of the simulated host. Precedence of errors as in set_id_reg() and the
 * setters of single registers (6.12 to 7.3): checks of single registers, what is rewritten, freeze,
 * field rules.
 */
#include <errno.h>

#include "host/sim.h"
#include "policy/offer.h"

static uint64_t field_of(const struct steady_sim *s, enum steady_sim_field field, uint64_t value)
{
	return steady_field_get(s->field[field], value);
}

uint64_t steady_sim_field(const struct steady_sim *s, enum steady_sim_field field)
{
	return field_of(s, field, s->reg[s->field[field]->reg]);
}

static void put_field(struct steady_sim *s, enum steady_sim_field field, uint64_t value)
{
	uint64_t *reg = &s->reg[s->field[field]->reg];

	*reg = steady_field_put(s->field[field], *reg, value);
}

static bool is(const struct steady_sim *s, int reg, enum steady_sim_field field)
{
	return s->field[field]->reg == reg;
}

static bool is_identity(const struct steady_sim *s, int reg)
{
	return is(s, reg, STEADY_SIM_MIDR) || is(s, reg, STEADY_SIM_REVIDR) ||
	       is(s, reg, STEADY_SIM_AIDR);
}

bool steady_sim_is_invariant(const struct steady_sim *s, int reg)
{
	if (s->modern)
		return is_identity(s, reg) && !s->profile->writable[reg].value;
	return is_identity(s, reg) || is(s, reg, STEADY_SIM_IDC) || is(s, reg, STEADY_SIM_LOC);
}

/* What the host itself shows: the first configuration's, no option changes it. */
static uint64_t host_field(const struct steady_sim *s, enum steady_sim_field field)
{
	return field_of(s, field, s->profile->configurations[0].reg[s->field[field]->reg].value);
}

/*
 * A register that reads as zero and ignores writes: AArch32's, on a host without AArch32. Two of
 * them KVM hides on every host, which is another thing: they accept 0 alone.
 */
static bool ignores_writes(const struct steady_sim *s, int reg)
{
	return steady_registers[reg].aarch32 && !s->aarch32 && !is(s, reg, STEADY_SIM_AFR0) &&
	       !is(s, reg, STEADY_SIM_DFR1);
}

/* ---- reset ---- */

void steady_sim_reset_registers(struct steady_sim *s, const struct steady_configuration *c)
{
	for (int i = 0; i < STEADY_REGISTERS; i++)
		s->reg[i] = c->reg[i].state == STEADY_VALUE ? c->reg[i].value : 0;
	/* A profile is captured with a GIC; some kernels write this field when it is created. */
	if (ignores_writes(s, s->field[STEADY_SIM_AA32_GIC]->reg) &&
	    steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_GIC_AT_CREATION))
		put_field(s, STEADY_SIM_AA32_GIC, 0);
}

/* reset_mpidr(): sixteen vCPUs at the lowest level, then 256 each. */
void steady_sim_reset_vcpu_registers(struct steady_sim *s, uint32_t index)
{
	struct steady_sim_vcpu *v = &s->vcpus[index];
	const struct steady_field *aff0 = s->field[STEADY_SIM_AFF0];
	const struct steady_field *aff1 = s->field[STEADY_SIM_AFF1];
	const struct steady_field *aff2 = s->field[STEADY_SIM_AFF2];

	v->mpidr = steady_field_put(aff0, v->c->reg[aff0->reg].value, index & 0xf);
	v->mpidr = steady_field_put(aff1, v->mpidr, index >> 4 & 0xff);
	v->mpidr = steady_field_put(aff2, v->mpidr, index >> 12 & 0xff);
	v->clidr = v->c->reg[s->field[STEADY_SIM_LOC]->reg].value;
}

int steady_sim_feature_register(const struct steady_sim_vcpu *v, uint64_t id)
{
	int reg = steady_register_by_id(id);

	return reg >= 0 && v->c->reg[reg].state != STEADY_NOT_CAPTURED ? reg : -1;
}

/* ---- reading ---- */

uint64_t steady_sim_get_feature(const struct steady_sim *s, const struct steady_sim_vcpu *v,
				int reg)
{
	uint64_t value;

	if (is(s, reg, STEADY_SIM_AFF0))
		return v->mpidr;
	if (is(s, reg, STEADY_SIM_LOC))
		return v->clidr;
	if (s->modern || !is(s, reg, STEADY_SIM_CSV2))
		return s->modern ? s->reg[reg] : v->c->reg[reg].value;
	/* 6.1: two fields belong to the VM, all else to the vCPU */
	value = steady_field_put(s->field[STEADY_SIM_CSV2], v->c->reg[reg].value,
				 steady_sim_field(s, STEADY_SIM_CSV2));
	return steady_field_put(s->field[STEADY_SIM_CSV3], value,
				steady_sim_field(s, STEADY_SIM_CSV3));
}

/* ---- writing ---- */

static bool accepts(const struct steady_sim *s, const struct steady_sim_vcpu *v,
		    unsigned int field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field];
	steady_set set;

	return value == steady_field_get(f, v->c->reg[f->reg].value) ||
	       (steady_kvm_accepts(s->profile, v->c, field, &set) &&
		steady_set_has(f, set, value));
}

/* set_id_aa64mmfr0_el1(): a guest at EL2 has its granules for stage 2 checked first. */
static int check_granules(const struct steady_sim *s, const struct steady_sim_vcpu *v,
			  uint64_t value)
{
	static const enum steady_sim_field fields[] = {STEADY_SIM_TGRAN4_2, STEADY_SIM_TGRAN16_2,
						       STEADY_SIM_TGRAN64_2};

	for (int i = 0; steady_sim_has(v, STEADY_OPTION_EL2) && i < 3; i++) {
		const struct steady_field *f = s->field[fields[i]];

		if (!accepts(s, v, (unsigned int)(f - steady_fields), steady_field_get(f, value)))
			return -EINVAL;
	}
	return 0;
}

/* Values that are refused before anything else is looked at, so also after a run. */
static int precheck(const struct steady_sim *s, const struct steady_sim_vcpu *v, int reg,
		    uint64_t value)
{
	const struct steady_register *r = &steady_registers[reg];

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if (steady_kvm_refuses(s->profile, v->c, i,
				       steady_field_get(&steady_fields[i], value)))
			return -EINVAL;
	}
	return is(s, reg, STEADY_SIM_TGRAN4_2) ? check_granules(s, v, value) : 0;
}

/* What every kernel that was looked at makes of an IMPLEMENTATION DEFINED PMU: none. */
static uint64_t rewrite_unknown(const struct steady_sim *s, int reg, uint64_t value)
{
	static const enum steady_sim_field fields[] = {STEADY_SIM_PMUVER, STEADY_SIM_PERFMON};

	for (int i = 0; i < 2; i++) {
		if (is(s, reg, fields[i]) && field_of(s, fields[i], value) == 0xf)
			value = steady_field_put(s->field[fields[i]], value, 0);
	}
	return value;
}

/* Values that KVM accepts and keeps as others. */
static uint64_t rewrite(const struct steady_sim *s, const struct steady_configuration *c, int reg,
			uint64_t value)
{
	const struct steady_register *r = &steady_registers[reg];

	if (!c->accepted)
		return rewrite_unknown(s, reg, value);
	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		const struct steady_accepted *a = &c->accepted[i];
		uint64_t v = steady_field_get(&steady_fields[i], value);

		if (a->rewritten && a->rewritten >> v & 1)
			value = steady_field_put(&steady_fields[i], value, a->kept[v]);
	}
	return value;
}

/* arm64_check_features() */
static int check_fields(const struct steady_sim *s, const struct steady_sim_vcpu *v, int reg,
			uint64_t value)
{
	const struct steady_register *r = &steady_registers[reg];

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if (!accepts(s, v, i, steady_field_get(&steady_fields[i], value)))
			return -EINVAL;
	}
	return 0;
}

/* 6.1: what it is, it stays, but for two fields that may be less. */
static int set_old(struct steady_sim *s, struct steady_sim_vcpu *v, int reg, uint64_t value)
{
	static const enum steady_sim_field lowered[] = {STEADY_SIM_CSV2, STEADY_SIM_CSV3};
	uint64_t rest = value;

	if (is(s, reg, STEADY_SIM_AFF0)) {
		v->mpidr = value;
		return 0;
	}
	for (int i = 0; i < 2 && is(s, reg, STEADY_SIM_CSV2); i++) {
		uint64_t limit = field_of(s, lowered[i], v->c->reg[reg].value);

		if (field_of(s, lowered[i], value) > limit)
			return -EINVAL;
		rest = steady_field_put(s->field[lowered[i]], rest, limit);
	}
	if (rest != v->c->reg[reg].value)
		return -EINVAL;
	for (int i = 0; i < 2 && is(s, reg, STEADY_SIM_CSV2); i++)
		put_field(s, lowered[i], field_of(s, lowered[i], value));
	return 0;
}

/* set_clidr(): a value may not say that no cache needs cleaning where the host's need it. */
static int set_clidr(const struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t value)
{
	bool coherent = !field_of(s, STEADY_SIM_LOC, value) ||
			(!field_of(s, STEADY_SIM_LOUIS, value) &&
			 !field_of(s, STEADY_SIM_LOUU, value));
	int reg = s->field[STEADY_SIM_LOC]->reg;
	const struct steady_register *r = &steady_registers[reg];

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if (steady_fields[i].flags & STEADY_FIELD_RESERVED &&
		    steady_field_get(&steady_fields[i], value))
			return -EINVAL;
	}
	if (coherent && !host_field(s, STEADY_SIM_IDC))
		return -EINVAL;
	v->clidr = value;
	return 0;
}

/* MIDR_EL1 and its like: fixed, or any value once a capability allows it. */
static int set_identity(struct steady_sim *s, int reg, uint64_t value)
{
	const struct steady_reading *mask = &s->profile->writable[reg];

	if (value == s->reg[reg])
		return 0;
	if (!s->imp_id_regs)
		return -EINVAL;
	if (s->frozen)
		return -EBUSY;
	if (mask->state != STEADY_VALUE || value & ~mask->value)
		return -EINVAL;
	s->reg[reg] = value;
	return 0;
}

int steady_sim_set_feature(struct steady_sim *s, struct steady_sim_vcpu *v, int reg,
			   uint64_t value)
{
	int r;

	if (ignores_writes(s, reg))
		return 0;
	if (!s->modern)
		return set_old(s, v, reg, value);
	if (is(s, reg, STEADY_SIM_AFF0)) {
		v->mpidr = value;
		return 0;
	}
	if (is(s, reg, STEADY_SIM_LOC))
		return set_clidr(s, v, value);
	if (is_identity(s, reg))
		return set_identity(s, reg, value);
	r = precheck(s, v, reg, value);
	if (r)
		return r;
	value = rewrite(s, v->c, reg, value);
	if (s->frozen)
		return value == s->reg[reg] ? 0 : -EBUSY;
	r = check_fields(s, v, reg, value);
	if (!r)
		s->reg[reg] = value;
	return r;
}

/* ---- what kernels change by themselves ---- */

/* To what the profile shows, which was captured with a GIC. */
static void set_gic(struct steady_sim *s, const struct steady_configuration *c)
{
	static const enum steady_sim_field gic[] = {STEADY_SIM_PFR0_GIC, STEADY_SIM_AA32_GIC};

	for (int i = 0; i < 2; i++) {
		const struct steady_reading *r = &c->reg[s->field[gic[i]]->reg];

		if (r->state == STEADY_VALUE)
			put_field(s, gic[i], field_of(s, gic[i], r->value));
	}
}

void steady_sim_gic_created(struct steady_sim *s)
{
	bool always = steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_GIC_AT_CREATION);

	for (uint32_t i = 0; i < STEADY_SIM_VCPUS; i++) {
		struct steady_sim_vcpu *v = &s->vcpus[i];
		const struct steady_configuration *c =
			v->inited ? steady_sim_configuration(s, v->features) : NULL;

		if (c && (always || c != v->c))
			set_gic(s, c);
		v->c = c ? c : v->c;
	}
}

/* kvm_finalize_sys_regs() */
void steady_sim_first_run(struct steady_sim *s, const struct steady_sim_vcpu *v)
{
	bool tables = steady_sim_field(s, STEADY_SIM_TCRX) && steady_sim_field(s, STEADY_SIM_ATS1A);

	if (!s->modern)
		return;
	if (!s->gic) {
		put_field(s, STEADY_SIM_PFR0_GIC, 0);
		put_field(s, STEADY_SIM_AA32_GIC, 0);
	} else if (steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_GIC_AT_RUN)) {
		set_gic(s, v->c);
	}
	if (!steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_S1PIE_NEEDS_ATS1A))
		return;
	if (!tables)
		put_field(s, STEADY_SIM_S1PIE, 0);
	if (!tables || !steady_sim_field(s, STEADY_SIM_HPDS))
		put_field(s, STEADY_SIM_S1POE, 0);
}
