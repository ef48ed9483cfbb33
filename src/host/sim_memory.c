/* SPDX-License-Identifier: MIT */
/*
 * Registers of the simulated host that are no feature ID registers: firmware registers, caches,
 * vector lengths, and those that are just memory. Precedence as in kvm_arm_set_reg().
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "host/sim.h"

/* Parts of a register's id (Documentation/virt/kvm/api.rst, 4.68 and 4.69). */
#define ID_SIZE       UINT64_C(0x00f0000000000000)
#define ID_SIZE_SHIFT 52
#define ID_HIGH       UINT64_C(0xffffffff00000000)
#define ID_ARM64      UINT64_C(0x6000000000000000)
#define ID_COPROC     UINT64_C(0x000000000fff0000)
#define ID_COPROC_SHIFT 16
#define ID_SYSREG     UINT64_C(0x0000000000130000)
#define ID_CRN      UINT64_C(0x0000000000000780) /* KVM_REG_ARM64_SYSREG_CRN_MASK */
#define ID_CORE       UINT64_C(0x0000000000100000) /* KVM_REG_ARM_CORE, counted in words */
#define CORE_WORDS    216 /* struct kvm_regs */
#define ID_SVE        UINT64_C(0x0000000000150000) /* KVM_REG_ARM64_SVE */
#define ID_P0         UINT64_C(0x6050000000150400) /* KVM_REG_ARM64_SVE_PREG(0, 0) */
#define ID_FFR_LAST   UINT64_C(0x605000000015061f) /* KVM_REG_ARM64_SVE_FFR(31) */
#define ID_NUMBER     UINT64_C(0xff)
#define MOST_BYTES    64 /* of what struct steady_call holds */

#define PSCI_0_1      1 /* the one version of a vCPU without the feature PSCI_0_2 */
#define PSCI_0_2      2
#define PSCI_1_0      0x10000
#define PSCI_FEATURE  (UINT32_C(1) << 2)

/* States of WORKAROUND_2 (uapi asm/kvm.h). */
#define WA_2_STATE    UINT64_C(0xf)
#define WA_2_AVAIL    2
#define WA_2_NEEDLESS 3
#define WA_2_ENABLED  UINT64_C(0x10)

/* ---- which registers there are ---- */

/* A profile that did not look for them is of a kernel of today. */
static bool open_by_facts(const struct steady_sim *s, uint64_t id)
{
	for (unsigned int i = 0; i < steady_gate_count; i++) {
		const struct steady_field *f = &steady_fields[steady_gates[i].field];

		if (steady_gates[i].id == id)
			return steady_field_get(f, s->reg[f->reg]) >= steady_gates[i].from;
	}
	return true;
}

bool steady_sim_open(const struct steady_sim *s, uint64_t id)
{
	if (!s->profile->gates)
		return open_by_facts(s, id);
	for (size_t i = 0; i < s->profile->gate_count; i++) {
		const struct steady_field *f = &steady_fields[s->profile->gates[i].field];

		if (s->profile->gates[i].id == id && !steady_field_get(f, s->reg[f->reg]))
			return false;
	}
	return true;
}

bool steady_sim_listed(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t id)
{
	const struct steady_configuration *c = v->c;
	size_t low = 0, high = c->register_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (c->register_list[middle] == id)
			return steady_sim_open(s, id);
		if (c->register_list[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

static int row_of(const struct steady_firmware_reading *all, size_t count, uint64_t id)
{
	for (size_t i = 0; i < count; i++) {
		if (all[i].id == id && all[i].reading.state == STEADY_VALUE)
			return (int)i;
	}
	return -1;
}

/* ---- firmware registers ---- */

static uint64_t workaround_2_level(const struct steady_sim *s, uint64_t recorded)
{
	if (!steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_WORKAROUND_2_BY_SSBS))
		return recorded;
	return steady_sim_field(s, STEADY_SIM_SSBS) ? 0 : WA_2_NEEDLESS;
}

/* States 0 and 1 mean vulnerable, 2 and 3 safe. */
static int set_workaround_2(uint64_t value, uint64_t level)
{
	uint64_t state = value & WA_2_STATE;

	if (value & ~(WA_2_STATE | WA_2_ENABLED) || state > WA_2_NEEDLESS ||
	    (value & WA_2_ENABLED && state != WA_2_AVAIL))
		return -EINVAL;
	return (state >= WA_2_AVAIL ? WA_2_NEEDLESS : 0u) > level ? -EINVAL : 0;
}

static int set_bitmap(struct steady_sim *s, int at, uint64_t value)
{
	const struct steady_firmware_reading *f = &s->profile->firmware[at];
	int row = steady_firmware_by_id(f->id);
	uint64_t known = f->reading.value | (row >= 0 ? steady_firmware[row].opt_in : 0);

	if (value & ~known)
		return -EINVAL;
	if (value == s->firmware[at])
		return 0;
	if (s->frozen)
		return -EBUSY;
	s->firmware[at] = value;
	return 0;
}

/* Never frozen. */
static int set_psci(struct steady_sim *s, const struct steady_sim_vcpu *v, int at, uint64_t value)
{
	bool modern = v->features & PSCI_FEATURE;

	if (value == PSCI_0_1 ? modern : !modern)
		return -EINVAL;
	if (value != PSCI_0_1 && value != PSCI_0_2 &&
	    (value < PSCI_1_0 || value > s->profile->firmware[at].reading.value))
		return -EINVAL;
	s->firmware[at] = value;
	return 0;
}

static uint64_t get_firmware(const struct steady_sim *s, const struct steady_sim_vcpu *v, int at)
{
	uint64_t id = s->profile->firmware[at].id;

	if (id == STEADY_ID_PSCI && !(v->features & PSCI_FEATURE))
		return PSCI_0_1;
	return id == STEADY_ID_WA_2 ? workaround_2_level(s, s->firmware[at]) : s->firmware[at];
}

static int set_firmware(struct steady_sim *s, const struct steady_sim_vcpu *v, int at,
			uint64_t value)
{
	const struct steady_firmware_reading *f = &s->profile->firmware[at];
	int row = steady_firmware_by_id(f->id);

	if (steady_firmware_id_is_bitmap(f->id))
		return set_bitmap(s, at, value);
	if (f->id == STEADY_ID_PSCI)
		return set_psci(s, v, at, value);
	if (f->id == STEADY_ID_WA_2)
		return set_workaround_2(value, workaround_2_level(s, f->reading.value));
	if (row >= 0 && steady_firmware[row].kind == STEADY_FIRMWARE_WORKAROUND)
		return value > f->reading.value ? -EINVAL : 0;
	return value == s->firmware[at] ? 0 : -EINVAL;
}

/* ---- memory ---- */

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

int steady_sim_set_memory(struct steady_sim_vcpu *v, uint64_t id, const uint64_t value[8])
{
	struct steady_sim_other *o = other(v, id, true);

	if (!o)
		return -ENOMEM;
	memcpy(o->value, value, sizeof(o->value));
	return 0;
}

void steady_sim_get_memory(struct steady_sim_vcpu *v, uint64_t id, uint64_t initial,
			   uint64_t value[8])
{
	const struct steady_sim_other *o = other(v, id, false);

	if (o)
		memcpy(value, o->value, sizeof(o->value));
	else
		value[0] = initial;
}

/* ---- caches ---- */

/*
 * set_ccsidr(): lines may not be shorter than what CTR_EL0 says of this kind of cache; the lowest
 * bit of the id is the one of CSSELR_EL1 that tells instructions from data.
 */
static int set_cache(struct steady_sim *s, struct steady_sim_vcpu *v,
		     const struct steady_call *call)
{
	int at = row_of(s->profile->caches, s->profile->cache_count, call->id);
	const struct steady_field *line = s->field[STEADY_SIM_LINESIZE];
	const struct steady_field *least =
		s->field[call->id & 1 ? STEADY_SIM_IMINLINE : STEADY_SIM_DMINLINE];
	uint64_t ctr = v->c->reg[least->reg].value;

	if (!s->modern)
		return at < 0 || call->value[0] == s->profile->caches[at].reading.value ? 0
											: -EINVAL;
	/* LineSize counts from 16 bytes, the other from 4 */
	if (steady_field_get(line, call->value[0]) + 2 < steady_field_get(least, ctr))
		return -EINVAL;
	return steady_sim_set_memory(v, call->id, call->value);
}

/* ---- vector lengths ---- */

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

/* ---- by id ---- */

/* Where a register is kept; the same for both directions. */
enum place { FEATURE, FAILED, FIRMWARE, UNREAD, CACHE, LENGTHS, PMCR, UNNAMED, MEMORY, NOWHERE };

static bool is_firmware(uint64_t id)
{
	unsigned int space = (unsigned int)((id & ID_COPROC) >> ID_COPROC_SHIFT);

	return space == 0x14 || space == 0x16;
}

static int unnamed_row(const struct steady_sim *s, uint64_t id)
{
	for (size_t i = 0; i < s->profile->unnamed_count; i++) {
		if (s->profile->unnamed[i].id == id)
			return (int)i;
	}
	return -1;
}

/* What nobody has a name for is kept as it was captured, or taken as it is written. */
static int set_unnamed(struct steady_sim *s, struct steady_sim_vcpu *v, int index,
		       const struct steady_call *call)
{
	const struct steady_unnamed *u = &s->profile->unnamed[index];

	if (u->reading.state != STEADY_VALUE)
		return -u->reading.error;
	if (u->zero)
		return steady_sim_set_memory(v, call->id, call->value);
	return call->value[0] == u->reading.value ? 0 : -EINVAL;
}

static enum place place_of(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t id,
			   int *index)
{
	*index = steady_sim_feature_register(v, id);
	if (*index >= 0)
		return v->c->reg[*index].state == STEADY_VALUE ? FEATURE : FAILED;
	*index = row_of(s->profile->firmware, s->profile->firmware_count, id);
	if (*index >= 0)
		return FIRMWARE;
	if (is_firmware(id) && (steady_sim_listed(s, v, id) || !s->profile->firmware_known))
		return UNREAD;
	*index = row_of(s->profile->caches, s->profile->cache_count, id);
	if (*index >= 0 || ((id & ~ID_NUMBER) == STEADY_ID_CCSIDR && steady_sim_listed(s, v, id)))
		return CACHE;
	if (id == STEADY_ID_SVE_VLS)
		return steady_sim_has(v, STEADY_OPTION_SVE) && s->profile->sve_known ? LENGTHS
										     : NOWHERE;
	if (id == STEADY_ID_PMCR_EL0 && steady_sim_has_pmcr(s))
		return steady_sim_has(v, STEADY_OPTION_PMU) ? PMCR : NOWHERE;
	if (!steady_sim_listed(s, v, id))
		return NOWHERE;
	*index = unnamed_row(s, id);
	return *index < 0 ? MEMORY : UNNAMED;
}

bool steady_sim_is_state(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t id)
{
	int index;

	return place_of(s, v, id, &index) == MEMORY;
}

/*
 * kvm_reset_sys_regs(): also those that its fields hide from it now. One without a name is taken for a
 * guest's state, but where CRn is 0, as it is of all that tell what a CPU is.
 */
bool steady_sim_is_reset(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t id)
{
	int index;
	enum place place = place_of(s, v, id, &index);

	return place == MEMORY || place == NOWHERE || (place == UNNAMED && id & ID_CRN);
}

/* Kernels find registers that are the same for all VMs under every coprocessor that is free. */
static uint64_t plain_id(const struct steady_sim *s, uint64_t id)
{
	uint64_t plain = (id & ~ID_COPROC) | ID_SYSREG;

	switch ((id & ID_COPROC) >> ID_COPROC_SHIFT) {
	case 0x10: /* core registers */
	case 0x11: /* caches */
	case 0x14: /* firmware */
	case 0x15: /* SVE */
	case 0x16: /* firmware's bitmaps */
		return id;
	}
	return steady_sim_is_invariant(s, steady_register_by_id(plain)) ? plain : id;
}

/* A firmware register that failed when the profile was made, or of which it says nothing. */
static int unread(const struct steady_sim *s, uint64_t id)
{
	const struct steady_reading *r = steady_profile_firmware(s->profile, id);

	return r && r->state == STEADY_FAILED ? -r->error : -ENOSYS;
}

/* 0 if the kernel would look for this register at all. */
static int check_id(uint64_t id)
{
	if ((uint64_t)1 << ((id & ID_SIZE) >> ID_SIZE_SHIFT) > MOST_BYTES)
		return -EMSGSIZE; /* wider than a call holds: this library's answer, not KVM's */
	return (id & ~ID_SIZE & ID_HIGH) == ID_ARM64 ? 0 : -EINVAL;
}

/*
 * get_core_reg(), set_core_reg(): within struct kvm_regs there is something, if not for this vCPU.
 * sve_reg_to_region(): SVE's space is known whole; the vectors' ids are wider than a call holds.
 */
static int no_register(uint64_t id)
{
	uint64_t offset = id & ~(ID_SIZE | ID_ARM64 | ID_CORE);
	uint64_t words = ((uint64_t)1 << ((id & ID_SIZE) >> ID_SIZE_SHIFT)) / 4;

	if ((id & ID_COPROC) == ID_CORE && offset + words < CORE_WORDS)
		return -EINVAL;
	if ((id & ID_COPROC) == ID_SVE && id != STEADY_ID_SVE_VLS &&
	    (id < ID_P0 || id > ID_FFR_LAST))
		return -EINVAL;
	return -ENOENT;
}

int steady_sim_get(struct steady_sim *s, struct steady_call *call)
{
	struct steady_sim_vcpu *v = &s->vcpus[call->vcpu];
	uint64_t value[8] = {0};
	uint64_t id = plain_id(s, call->id);
	int index, r = check_id(id);

	if (r)
		return r;
	switch (place_of(s, v, id, &index)) {
	case FEATURE:
		value[0] = steady_sim_get_feature(s, v, index);
		break;
	case FAILED: /* as it was when the profile was made */
		return -v->c->reg[index].error;
	case UNREAD:
		return unread(s, id);
	case FIRMWARE:
		value[0] = get_firmware(s, v, index);
		break;
	case CACHE:
		steady_sim_get_memory(
			v, call->id, index < 0 ? 0 : s->profile->caches[index].reading.value, value);
		break;
	case LENGTHS:
		memcpy(value, &v->sve, sizeof(value));
		break;
	case PMCR:
		value[0] = steady_sim_get_pmcr(s, v);
		break;
	case UNNAMED:
		if (s->profile->unnamed[index].reading.state != STEADY_VALUE)
			return -s->profile->unnamed[index].reading.error;
		steady_sim_get_memory(v, call->id, s->profile->unnamed[index].reading.value,
				      value);
		break;
	case MEMORY:
		r = steady_sim_get_state(s, v, call->id, value);
		break;
	default:
		return no_register(id);
	}
	if (!r)
		memcpy(call->value, value, sizeof(value));
	return r;
}

int steady_sim_set(struct steady_sim *s, struct steady_call *call)
{
	struct steady_sim_vcpu *v = &s->vcpus[call->vcpu];
	uint64_t id = plain_id(s, call->id);
	int index, r = check_id(id);

	if (r)
		return r;
	switch (place_of(s, v, id, &index)) {
	case FEATURE:
		return steady_sim_set_feature(s, v, index, call->value[0]);
	case FAILED:
		return -v->c->reg[index].error;
	case UNREAD:
		return unread(s, id);
	case FIRMWARE:
		return set_firmware(s, v, index, call->value[0]);
	case CACHE:
		return set_cache(s, v, call);
	case LENGTHS:
		return set_lengths(s, v, call->value);
	case PMCR:
		return steady_sim_set_pmcr(s, v, call->value[0]);
	case UNNAMED:
		return set_unnamed(s, v, index, call);
	case MEMORY:
		return steady_sim_set_state(s, v, call->id, call->value);
	default:
		return no_register(id);
	}
}
