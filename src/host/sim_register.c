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

/*
 * Checks that the kernel makes before it looks at anything else, so that they refuse a value even
 * after the first run. A kernel that was seen to accept the value (6.12: EL0 = 0) has them not.
 */
static bool refused(const struct steady_sim *s, unsigned int field, uint64_t v)
{
	const struct steady_accepted *record = s->c->accepted ? &s->c->accepted[field] : NULL;

	return steady_kvm_refuses(field, v) && !(record && record->known && record->values >> v & 1);
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

	return steady_registers[reg].aarch32 && steady_profile_writable(s->profile) &&
	       s->c->reg[f->reg].state == STEADY_VALUE &&
	       steady_field_get(f, s->c->reg[f->reg].value) == 1 &&
	       !(s->profile->writable[reg].state == STEADY_VALUE && s->profile->writable[reg].value);
}

static int set_feature(struct steady_sim *s, int reg, uint64_t value)
{
	const struct steady_register *r = &steady_registers[reg];

	if (ignores_writes(s, reg))
		return 0;
	if (!steady_profile_writable(s->profile)) /* 6.1: what it is, it stays */
		return value == s->reg[reg] ? 0 : -EINVAL;
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
	if (f->id == PSCI_ID) {
		if (value != 2 && (value < 0x10000 || value > f->reading.value))
			return -EINVAL;
		s->firmware[at] = value;
		return 0;
	}
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

/* Where a register is kept; the same for both directions. */
enum place { FEATURE, FIRMWARE, LENGTHS, MEMORY, FAILED, NOWHERE };

static enum place place_of(const struct steady_sim *s, uint64_t id, int *index)
{
	*index = steady_register_by_id(id);
	if (*index >= 0) {
		if (s->c->reg[*index].state == STEADY_VALUE)
			return FEATURE;
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
		value[0] = s->firmware[index];
		break;
	case FAILED: /* as it was when the profile was made */
		return -s->c->reg[index].error;
	case LENGTHS:
		memcpy(value, &v->sve, sizeof(value));
		break;
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
	int index;

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
	case MEMORY:
		o = other(v, call->id, true);
		if (!o)
			return -ENOMEM;
		memcpy(o->value, call->value, sizeof(o->value));
		return 0;
	default:
		return -ENOENT;
	}
}

/* Without an interrupt controller a guest sees none: kvm_finalize_sys_regs(). */
void steady_sim_freeze(struct steady_sim *s)
{
	static const char *const gic[] = {"ID_AA64PFR0_EL1.GIC", "ID_PFR1_EL1.GIC"};

	s->frozen = true;
	for (size_t i = 0; !s->gic && steady_profile_writable(s->profile) && i < 2; i++) {
		const struct steady_field *f =
			&steady_fields[steady_field_by_name(gic[i], strlen(gic[i]))];

		s->reg[f->reg] = steady_field_put(f, s->reg[f->reg], 0);
	}
}
