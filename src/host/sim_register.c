/* SPDX-License-Identifier: MIT */
/*
 * Registers of the simulated host. Precedence of errors as in kvm_arm_set_reg() and
 * set_id_reg() (6.12 to 7.3): unknown register, checks of single registers, freeze, field rules.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "host/sim.h"
#include "policy/offer.h"

#define ARCH_MASK   UINT64_C(0xff00000000000000)
#define ARCH_ARM64  UINT64_C(0x6000000000000000)
#define PSCI_ID     UINT64_C(0x6030000000140000)

/* ---- which registers there are ---- */

static bool listed(const struct steady_sim *s, uint64_t id)
{
	const struct steady_configuration *c = s->c;
	size_t low = 0, high = c->register_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c->register_list[middle] == id)
			return true;
		if (c->register_list[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static int firmware_row(const struct steady_sim *s, uint64_t id)
{
	for (size_t i = 0; i < s->profile->firmware_count; i++) {
		if (s->profile->firmware[i].id == id &&
		    s->profile->firmware[i].reading.state == STEADY_VALUE)
			return (int)i;
	}
	return -1;
}

/* ---- feature ID registers ---- */

static bool is_named(int reg, const char *name)
{
	return strcmp(steady_registers[reg].name, name) == 0;
}

/*
 * Checks that the kernel makes before it looks at anything else, so that they refuse a value even
 * after the first run. A kernel that was seen to accept the value (6.12: EL0 = 0) has them not.
 */
static bool refused(const struct steady_sim *s, unsigned int field, uint64_t v)
{
	const struct steady_accepted *record = s->c->accepted ? &s->c->accepted[field] : NULL;

	return steady_kvm_refuses(s->c, field, v) &&
	       !(record && record->known && record->values >> v & 1);
}

/* An IMPLEMENTATION DEFINED PMU is taken as no PMU. */
static uint64_t rewrite(int reg, uint64_t value)
{
	static const char *const names[] = {"ID_AA64DFR0_EL1.PMUVer", "ID_DFR0_EL1.PerfMon"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct steady_field *f =
			&steady_fields[steady_field_by_name(names[i], strlen(names[i]))];

		if (f->reg == reg && steady_field_get(f, value) == 0xf)
			value = steady_field_put(f, value, 0);
	}
	return value;
}

/* A register that reads as zero and ignores writes: AArch32's, on a host without AArch32. */
static bool ignores_writes(const struct steady_sim *s, int reg)
{
	static const char el0[] = "ID_AA64PFR0_EL1.EL0";
	const struct steady_field *f = &steady_fields[steady_field_by_name(el0, sizeof(el0) - 1)];
	const struct steady_reading *mask = &s->profile->writable[reg];

	return steady_registers[reg].aarch32 && steady_profile_writable(s->profile) &&
	       s->c->reg[f->reg].state == STEADY_VALUE &&
	       steady_field_get(f, s->c->reg[f->reg].value) == 1 &&
	       !(mask->state == STEADY_VALUE && mask->value);
}

/* 6.1: what it is, it stays, but for CSV2 and CSV3 of a host that is not affected. */
static int set_fixed(struct steady_sim *s, int reg, uint64_t value)
{
	static const char *const names[] = {"ID_AA64PFR0_EL1.CSV2", "ID_AA64PFR0_EL1.CSV3"};
	uint64_t rest = value ^ s->reg[reg];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct steady_field *f =
			&steady_fields[steady_field_by_name(names[i], strlen(names[i]))];

		if (f->reg != reg)
			continue;
		if (steady_field_get(f, value) > steady_field_get(f, s->c->reg[reg].value))
			return -EINVAL;
		rest = steady_field_put(f, rest, 0);
	}
	if (rest)
		return -EINVAL;
	s->reg[reg] = value;
	return 0;
}

/* set_imp_id_reg() */
static int set_identity(struct steady_sim *s, int reg, uint64_t value)
{
	const struct steady_reading *mask = &s->profile->writable[reg];

	if (value == s->reg[reg])
		return 0;
	if (!s->imp_ids)
		return -EINVAL;
	if (s->frozen)
		return -EBUSY;
	if (mask->state != STEADY_VALUE || value & ~mask->value)
		return -EINVAL;
	s->reg[reg] = value;
	return 0;
}

static int set_feature(struct steady_sim *s, int reg, uint64_t value)
{
	const struct steady_register *r = &steady_registers[reg];

	if (ignores_writes(s, reg))
		return 0;
	if (!steady_profile_writable(s->profile))
		return set_fixed(s, reg, value);
	if (is_named(reg, "MIDR_EL1") || is_named(reg, "REVIDR_EL1") || is_named(reg, "AIDR_EL1"))
		return set_identity(s, reg, value);
	for (unsigned int i = r->first; s->c->reg[reg].value && i < r->first + r->fields; i++) {
		if (refused(s, i, steady_field_get(&steady_fields[i], value)))
			return -EINVAL;
	}
	value = rewrite(reg, value);
	if (s->frozen)
		return value == s->reg[reg] ? 0 : -EBUSY;
	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		uint64_t v = steady_field_get(&steady_fields[i], value);
		steady_set accepts;

		if (v == steady_field_get(&steady_fields[i], s->c->reg[reg].value))
			continue;
		if (!steady_kvm_accepts(s->profile, s->c, i, &accepts) ||
		    !steady_set_has(&steady_fields[i], accepts, v))
			return -EINVAL;
	}
	s->reg[reg] = value;
	return 0;
}

/* ---- firmware registers ---- */

/* KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2: states 0, 1 mean vulnerable, 2, 3 safe; bit 4: enabled */
static int set_workaround(uint64_t id, uint64_t value, uint64_t level)
{
	static const char name[] = "WORKAROUND_2";
	int second = steady_firmware_by_name(name, sizeof(name) - 1);

	if (second < 0 || steady_firmware[second].id != id)
		return value & ~UINT64_C(0xf) || value > level ? -EINVAL : 0;
	if (value & ~UINT64_C(0x1f) || (value & 0xf) > 3 ||
	    (value & 0x10 && (value & 0xf) != 2))
		return -EINVAL;
	return ((value & 0xf) >= 2 ? 3u : 0u) > (level & 0xf) ? -EINVAL : 0;
}

/* 0.1 for vCPUs without the feature bit, and nothing else; for others 0.2 and from 1.0 on. */
static int set_psci(struct steady_sim *s, int at, uint64_t value)
{
	uint64_t latest = s->profile->firmware[at].reading.value;

	if (!(s->features & STEADY_FEATURE_PSCI_0_2))
		return value == 1 ? 0 : -EINVAL;
	if (value != 2 && (value < 0x10000 || value > latest))
		return -EINVAL;
	s->firmware[at] = value;
	return 0;
}

static uint64_t get_firmware(const struct steady_sim *s, int at)
{
	if (s->profile->firmware[at].id == PSCI_ID && !(s->features & STEADY_FEATURE_PSCI_0_2))
		return 1;
	return s->firmware[at];
}

static int set_firmware(struct steady_sim *s, int at, uint64_t value)
{
	const struct steady_firmware_reading *f = &s->profile->firmware[at];
	int row = steady_firmware_by_id(f->id);

	if (steady_firmware_id_is_bitmap(f->id)) {
		uint64_t known = f->reading.value | (row >= 0 ? steady_firmware[row].opt_in : 0);

		if (value & ~known)
			return -EINVAL;
		if (s->frozen && value != s->firmware[at])
			return -EBUSY;
		s->firmware[at] = value;
		return 0;
	}
	if (row >= 0 && steady_firmware[row].kind == STEADY_FIRMWARE_WORKAROUND)
		return set_workaround(f->id, value, f->reading.value);
	if (f->id == PSCI_ID)
		return set_psci(s, at, value);
	return value == s->firmware[at] ? 0 : -EINVAL;
}

/* ---- the rest: memory ---- */

static struct steady_sim_other *other(struct steady_sim_vcpu *v, uint64_t id, bool make)
{
	struct steady_sim_other *all;

	for (size_t i = 0; i < v->other_count; i++) {
		if (v->other[i].id == id)
			return &v->other[i];
	}
	if (!make)
		return NULL;
	all = realloc(v->other, (v->other_count + 1) * sizeof(*all));
	if (!all)
		return NULL;
	v->other = all;
	all += v->other_count++;
	memset(all, 0, sizeof(*all));
	all->id = id;
	return all;
}

static int set_lengths(struct steady_sim *s, struct steady_sim_vcpu *v, const uint64_t *value)
{
	struct steady_vl want;

	memcpy(&want, value, sizeof(want));
	if (v->finalized)
		return -EPERM;
	if (steady_vl_empty(&want) || !steady_vl_is_prefix(&want, &s->profile->sve))
		return -EINVAL;
	v->sve = want;
	return 0;
}

static bool has_lengths(const struct steady_sim *s)
{
	return s->features & steady_options[STEADY_OPTION_SVE].features && s->profile->sve_known;
}

/* ---- caches ---- */

#define CCSIDR_ID   UINT64_C(0x6020000000110000) /* KVM_REG_ARM_DEMUX_ID_CCSIDR */
#define CCSIDR_BITS UINT64_C(0xff)

static uint64_t host_field(const struct steady_sim *s, const char *name)
{
	const struct steady_field *f = &steady_fields[steady_field_by_name(name, strlen(name))];

	return s->c->reg[f->reg].state == STEADY_VALUE
		       ? steady_field_get(f, s->c->reg[f->reg].value)
		       : 0;
}

static uint64_t part(uint64_t value, const char *name)
{
	return steady_field_get(&steady_fields[steady_field_by_name(name, strlen(name))], value);
}

/* set_clidr(): no claim that the data cache needs no cleaning where the host's does. */
static bool clidr_ok(const struct steady_sim *s, uint64_t value)
{
	bool idc = !part(value, "CLIDR_EL1.LoC") ||
		   (!part(value, "CLIDR_EL1.LoUIS") && !part(value, "CLIDR_EL1.LoUU"));

	return !(value >> 47) && (!idc || host_field(s, "CTR_EL0.IDC"));
}

/* set_ccsidr(): no line shorter than the host's shortest; 2^(LineSize + 2) words. */
static bool ccsidr_ok(const struct steady_sim *s, uint64_t id, uint64_t value)
{
	uint64_t words = host_field(s, id & 1 ? "CTR_EL0.IminLine" : "CTR_EL0.DminLine");

	return (value & 7) + 2 >= words;
}

/* Registers that each vCPU has to itself and that are never frozen. */
static bool is_own(const struct steady_sim *s, int reg)
{
	return is_named(reg, "MPIDR_EL1") ||
	       (is_named(reg, "CLIDR_EL1") && steady_profile_writable(s->profile));
}

static int check_own(const struct steady_sim *s, uint64_t id, uint64_t value)
{
	int reg = steady_register_by_id(id);
	bool ok = true;

	if (reg >= 0 && is_named(reg, "CLIDR_EL1"))
		ok = clidr_ok(s, value);
	else if ((id & ~CCSIDR_BITS) == CCSIDR_ID && steady_profile_writable(s->profile))
		ok = ccsidr_ok(s, id, value);
	return ok ? 0 : -EINVAL;
}

/* Where a register is kept; the same for both directions. */
enum place { FEATURE, FIRMWARE, LENGTHS, OWN, MEMORY, FAILED, NOWHERE };

static enum place place_of(const struct steady_sim *s, uint64_t id, int *index)
{
	*index = steady_register_by_id(id);
	if (*index >= 0) {
		if (s->c->reg[*index].state == STEADY_VALUE)
			return is_own(s, *index) ? OWN : FEATURE;
		if (s->c->reg[*index].state == STEADY_FAILED)
			return FAILED;
		return listed(s, id) ? MEMORY : NOWHERE;
	}
	*index = firmware_row(s, id);
	if (*index >= 0)
		return FIRMWARE;
	if (id == STEADY_ID_SVE_VLS)
		return has_lengths(s) ? LENGTHS : NOWHERE;
	return listed(s, id) ? MEMORY : NOWHERE;
}

int steady_sim_get(struct steady_sim *s, struct steady_call *call)
{
	struct steady_sim_vcpu *v = &s->vcpus[call->vcpu];
	const struct steady_sim_other *o;
	uint64_t value[8] = {0};
	int index;

	if ((call->id & ARCH_MASK) != ARCH_ARM64)
		return -EINVAL;
	switch (place_of(s, call->id, &index)) {
	case FEATURE:
		value[0] = s->reg[index];
		break;
	case FIRMWARE:
		value[0] = get_firmware(s, index);
		break;
	case FAILED: /* as it was when the profile was made */
		return -s->c->reg[index].error;
	case LENGTHS:
		memcpy(value, &v->sve, sizeof(value));
		break;
	case OWN:
		value[0] = s->reg[index];
		/* fall through */
	case MEMORY:
		o = other(v, call->id, false);
		if (o)
			memcpy(value, o->value, sizeof(value));
		break;
	default:
		return -ENOENT;
	}
	memcpy(call->value, value, sizeof(value));
	return 0;
}

int steady_sim_set(struct steady_sim *s, struct steady_call *call)
{
	struct steady_sim_vcpu *v = &s->vcpus[call->vcpu];
	struct steady_sim_other *o;
	int index, r;

	if ((call->id & ARCH_MASK) != ARCH_ARM64)
		return -EINVAL;
	switch (place_of(s, call->id, &index)) {
	case FEATURE:
		return set_feature(s, index, call->value[0]);
	case FIRMWARE:
		return set_firmware(s, index, call->value[0]);
	case FAILED:
		return -s->c->reg[index].error;
	case LENGTHS:
		return set_lengths(s, v, call->value);
	case OWN:
	case MEMORY:
		r = check_own(s, call->id, call->value[0]);
		if (r)
			return r;
		o = other(v, call->id, true);
		if (!o)
			return -ENOMEM;
		memcpy(o->value, call->value, sizeof(o->value));
		return 0;
	default:
		return -ENOENT;
	}
}

static const char *const gic_fields[] = {"ID_AA64PFR0_EL1.GIC", "ID_PFR1_EL1.GIC"};
#define GIC_FIELDS (sizeof(gic_fields) / sizeof(gic_fields[0]))

/* Without an interrupt controller a guest sees none: kvm_finalize_sys_regs(). */
void steady_sim_settle(struct steady_sim *s)
{
	for (size_t i = 0; !s->gic && steady_profile_writable(s->profile) && i < GIC_FIELDS; i++) {
		const struct steady_field *f = &steady_fields[steady_field_by_name(
			gic_fields[i], strlen(gic_fields[i]))];

		s->reg[f->reg] = steady_field_put(f, s->reg[f->reg], 0);
	}
}

void steady_sim_adopt(struct steady_sim *s, const struct steady_configuration *c)
{
	if (!c || c == s->c)
		return;
	s->c = c;
	for (size_t i = 0; i < GIC_FIELDS; i++) {
		const struct steady_field *f = &steady_fields[steady_field_by_name(
			gic_fields[i], strlen(gic_fields[i]))];

		if (c->reg[f->reg].state == STEADY_VALUE)
			s->reg[f->reg] =
				steady_field_put(f, s->reg[f->reg],
						 steady_field_get(f, c->reg[f->reg].value));
	}
}
