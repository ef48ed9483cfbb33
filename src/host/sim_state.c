/* SPDX-License-Identifier: MIT */
/*
 * Registers of the simulated host that hold a guest's state, and what KVM makes of writes to them
 * (written.tsv). A profile that did not capture what a fresh vCPU holds has plain memory that is 0.
 */
#include <errno.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "host/sim.h"

#define ID_X0 UINT64_C(0x6030000000100000) /* KVM_REG_ARM_CORE_REG(regs.regs[0]); two words each */
/* The same on every kernel, and no other host takes less of it. */
#define ID_OSLSR UINT64_C(0x603000000013808c)
#define OSLSR_IMPLEMENTED 8 /* OSLM */
#define ID_PC UINT64_C(0x6030000000100040)

#define ID_MDCR_EL2 UINT64_C(0x603000000013e089) /* 3, 4, 1, 1, 1 */
#define MDCR_HPMN   UINT64_C(0x1f) /* how many counters EL1 has (DDI0487 MDCR_EL2) */

/* PSTATE's modes (uapi asm/ptrace.h). */
#define MODE_MASK 0x1f
#define MODE_32   0x10
#define MODE_USR  0x10
#define MODE_SYS  0x1f
#define MODE_EL2  0x8  /* EL2t; EL2h has the lowest bit too */

/* PMEVTYPER<n>_EL0 (asm/perf_event.h): exception levels, and the number of an event. */
#define EVENT_EL1  UINT64_C(0x80000000)
#define EVENT_EL0  UINT64_C(0x40000000)
#define EVENT_EL2  UINT64_C(0x08000000)
#define EVENT_EL3  UINT64_C(0x34000000) /* of both security states */
#define EVENT_V3   UINT64_C(0x3ff)
#define EVENT_V3P1 UINT64_C(0xffff)
#define PMU_V3     1
#define PMU_V3P1   4
#define PMU_V3P7   7

/* The greatest vector, in bytes. */
static unsigned int vector_bytes(const struct steady_vl *vl)
{
	for (unsigned int i = 512; i-- > 0;) {
		if (vl->word[i / 64] >> i % 64 & 1)
			return (i + 1) * 16;
	}
	return 0;
}

static bool captured(const struct steady_sim *s)
{
	return s->profile->configurations[0].reset;
}

/*
 * The configuration that tells. One of 32-bit EL1 is captured with all options and with none, and a
 * vCPU of another starts in the same mode.
 */
static const struct steady_configuration *told_by(const struct steady_sim *s,
						  const struct steady_sim_vcpu *v)
{
	const uint32_t narrow = UINT32_C(1) << STEADY_OPTION_EL1_32BIT;

	if (!steady_sim_has(v, STEADY_OPTION_EL1_32BIT) || v->c->options & narrow)
		return v->c;
	for (size_t i = 0; i < s->profile->configuration_count; i++) {
		if (s->profile->configurations[i].options & narrow)
			return &s->profile->configurations[i];
	}
	return v->c;
}

/* What it holds after a reset. */
static int initial(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t id,
		   uint64_t *value)
{
	const struct steady_reading *r = steady_profile_reset(s->profile, told_by(s, v), id);

	*value = 0;
	if (!captured(s)) {
		*value = id == STEADY_ID_PMCR_EL0 ? s->counters << STEADY_PMCR_N_SHIFT
			 : id == ID_OSLSR	 ? OSLSR_IMPLEMENTED
						 : 0;
		return 0;
	}
	if (r && r->state == STEADY_FAILED)
		return -r->error;
	*value = r ? r->value : 0;
	if (id == ID_MDCR_EL2 && steady_sim_has(v, STEADY_OPTION_PMU))
		*value = (*value & ~MDCR_HPMN) | v->counters;
	switch (steady_written_of(id).rule) {
	case STEADY_WRITTEN_SET:
		*value &= v->counter_bits;
		break;
	case STEADY_WRITTEN_EVENT:
		*value &= v->event_bits;
		break;
	}
	return 0;
}

/* Those of the event counters that there are, and of the cycle counter. */
static uint64_t counter_bits(const struct steady_sim *s)
{
	if (!steady_sim_has_pmcr(s))
		return ~UINT64_C(0);
	return STEADY_PMU_CYCLES | ((UINT64_C(1) << s->counters) - 1);
}

/* kvm_pmu_evtyper_mask(): bits of PMEVTYPER<n>_EL0. */
static uint64_t event_bits(const struct steady_sim *s)
{
	uint64_t version = steady_sim_field(s, STEADY_SIM_PMUVER);
	uint64_t bits = EVENT_EL1 | EVENT_EL0;

	if (!steady_sim_has_pmcr(s))
		return ~UINT64_C(0);
	if (version >= PMU_V3P1 && version <= PMU_V3P7)
		bits |= EVENT_V3P1;
	else if (version == PMU_V3)
		bits |= EVENT_V3;
	if (steady_sim_field(s, STEADY_SIM_EL2))
		bits |= EVENT_EL2;
	if (steady_sim_field(s, STEADY_SIM_EL3))
		bits |= EVENT_EL3;
	return bits;
}

static int get_kept(const struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t id,
		    uint64_t value[8])
{
	uint64_t first;
	int r = initial(s, v, id, &first);

	if (!r)
		steady_sim_get_memory(v, id, first, value);
	return r;
}

static int get_word(const struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t id,
		    uint64_t *word)
{
	uint64_t value[8] = {0};
	int r = get_kept(s, v, id, value);

	*word = value[0];
	return r;
}

static int set_word(struct steady_sim_vcpu *v, uint64_t id, uint64_t word)
{
	const uint64_t value[8] = {word};

	return steady_sim_set_memory(v, id, value);
}

/* ---- PSTATE: set_core_reg() ---- */

static bool has_mode(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t mode)
{
	bool narrow = steady_sim_has(v, STEADY_OPTION_EL1_32BIT);

	switch (mode) {
	case MODE_USR:
		return s->aarch32;
	case 0x11: /* FIQ */
	case 0x12: /* IRQ */
	case 0x13: /* SVC */
	case 0x17: /* ABT */
	case 0x1b: /* UND */
	case MODE_SYS:
		return narrow;
	case 0x8: /* EL2t */
	case 0x9: /* EL2h */
		return steady_sim_has(v, STEADY_OPTION_EL2) && !narrow;
	case 0x0: /* EL0t */
	case 0x4: /* EL1t */
	case 0x5: /* EL1h */
		return !narrow;
	default:
		return false;
	}
}

/* In a mode of AArch32 a vCPU's registers have 32 bits: user mode has fifteen of them. */
static int narrow_registers(struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t mode)
{
	unsigned int count = mode == MODE_USR || mode == MODE_SYS ? 15 : 31;
	uint64_t word;
	int r = 0;

	for (unsigned int i = 0; i <= count && !r; i++) {
		uint64_t id = i == count ? ID_PC : ID_X0 + 2 * (uint64_t)i;

		r = get_word(s, v, id, &word);
		if (!r && word >> 32)
			r = set_word(v, id, (uint32_t)word);
	}
	return r;
}

static bool is_general(uint64_t id)
{
	return id >= ID_X0 && id <= ID_PC + 2;
}

static int set_pstate(struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t id,
		      const uint64_t value[8])
{
	if (!has_mode(s, v, value[0] & MODE_MASK))
		return -EINVAL;
	return steady_sim_set_memory(v, id, value);
}

/* Any write of a core register is looked at once more. */
static int after_core(struct steady_sim *s, struct steady_sim_vcpu *v)
{
	uint64_t pstate;
	int r = get_word(s, v, ID_PC + 2, &pstate);

	return r || !(pstate & MODE_32) ? r : narrow_registers(s, v, pstate & MODE_MASK);
}

/* ---- by rule ---- */

static int set_bits(struct steady_sim *s, struct steady_sim_vcpu *v,
		    const struct steady_written_row *row, uint64_t value)
{
	uint64_t now;
	int r = get_word(s, v, row->operand, &now);

	value &= counter_bits(s);
	if (steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_PMU_BITS_APART))
		value = row->rule == STEADY_WRITTEN_SET ? now | value : now & ~value;
	return r ? r : set_word(v, row->operand, value);
}

static int set_fixed(struct steady_sim *s, struct steady_sim_vcpu *v,
		     const struct steady_written_row *row, uint64_t id, uint64_t value)
{
	uint64_t now;
	int r = get_word(s, v, id, &now);

	if (!r && (now ^ value) & ~row->operand)
		r = -EINVAL;
	return r ? r : set_word(v, id, value);
}

static int set_limit(struct steady_sim *s, struct steady_sim_vcpu *v,
		     const struct steady_written_row *row, uint64_t id, uint64_t value)
{
	uint64_t now;
	int r = get_word(s, v, id, &now);

	if (r || now == value)
		return r;
	return s->frozen && !((now ^ value) & ~row->operand) ? -EBUSY : -EINVAL;
}

static bool is_sve(const struct steady_written_row *row, uint64_t id)
{
	return row->rule == STEADY_WRITTEN_PREDICATE && id != STEADY_ID_SVE_VLS;
}

int steady_sim_get_state(struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t id,
			 uint64_t value[8])
{
	const struct steady_written_row row = steady_written_of(id);
	int r;

	if (!captured(s))
		return get_kept(s, v, id, value);
	switch (row.rule) {
	case STEADY_WRITTEN_ZERO:
		return 0;
	case STEADY_WRITTEN_SET:
	case STEADY_WRITTEN_CLEAR:
		r = get_kept(s, v, row.operand, value);
		value[0] &= counter_bits(s);
		return r;
	default:
		if (is_sve(&row, id) && !v->finalized)
			return -EPERM;
		return get_kept(s, v, id, value);
	}
}

static int set_predicate(struct steady_sim_vcpu *v, uint64_t id, const uint64_t value[8])
{
	unsigned int bits = vector_bytes(&v->sve);
	uint64_t kept[8] = {0};

	if (!v->finalized)
		return -EPERM;
	for (unsigned int i = 0; i < 8 && i * 64 < bits; i++)
		kept[i] = bits - i * 64 >= 64 ? value[i]
					      : value[i] & ((UINT64_C(1) << (bits - i * 64)) - 1);
	return steady_sim_set_memory(v, id, kept);
}

int steady_sim_set_state(struct steady_sim *s, struct steady_sim_vcpu *v, uint64_t id,
			 const uint64_t value[8])
{
	const struct steady_written_row row = steady_written_of(id);
	int r;

	if (!captured(s))
		return steady_sim_set_memory(v, id, value);
	switch (row.rule) {
	case STEADY_WRITTEN_ZERO:
		return 0;
	case STEADY_WRITTEN_FIXED:
		return set_fixed(s, v, &row, id, value[0]);
	case STEADY_WRITTEN_LIMIT:
		return set_limit(s, v, &row, id, value[0]);
	case STEADY_WRITTEN_SET:
	case STEADY_WRITTEN_CLEAR:
		return set_bits(s, v, &row, value[0]);
	case STEADY_WRITTEN_PSTATE:
		r = set_pstate(s, v, id, value);
		break;
	case STEADY_WRITTEN_PREDICATE:
		return set_predicate(v, id, value);
	default:
		r = steady_sim_set_memory(v, id, value);
	}
	return !r && is_general(id) ? after_core(s, v) : r;
}

static bool is_kept(const struct steady_sim *s, uint64_t id)
{
	switch (steady_written_of(id).rule) {
	case STEADY_WRITTEN_KEPT:
		return true;
	case STEADY_WRITTEN_TIMER:
		return !steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_TIMERS_RESET);
	default:
		return false;
	}
}

/* kvm_reset_vcpu(): what has a reset value gets it again. Caches, firmware and more are not its. */
void steady_sim_reset_state(struct steady_sim *s, struct steady_sim_vcpu *v)
{
	size_t kept = 0;

	if (!captured(s))
		return;
	v->counter_bits = counter_bits(s);
	v->counters = s->counters;
	v->event_bits = event_bits(s);
	for (size_t i = 0; i < v->other_count; i++) {
		uint64_t id = v->other[i].id;

		if (!steady_sim_is_reset(s, v, id) || is_kept(s, id))
			v->other[kept++] = v->other[i];
	}
	v->other_count = kept;
}

/* A guest at EL2 has other registers there, and which is its own doing. */
int steady_sim_loaded(struct steady_sim *s, struct steady_sim_vcpu *v)
{
	uint32_t options = steady_sim_options(s, v->features);

	for (size_t i = 0; i < s->profile->load_count; i++) {
		const struct steady_load *l = &s->profile->loads[i];
		const struct steady_loaded_row *row = steady_loaded_by_id(l->id);
		uint64_t value;
		int r = 0;

		if (!row || !steady_loaded_has(row, options) ||
		    !steady_sim_is_state(s, v, l->id))
			continue;
		r = get_word(s, v, l->id, &value);
		r = r ? r : set_word(v, l->id, (value & l->ones) | l->zeros);
		if (r)
			return r;
	}
	return -EINTR;
}

/* ---- how many event counters a vCPU has: kvm_vcpu_read_pmcr(), kvm_arm_set_nr_counters() ---- */

/* All of the VM's; of a guest with EL2 that is not in it, those that EL2 leaves it. */
uint64_t steady_sim_counters(const struct steady_sim *s, struct steady_sim_vcpu *v)
{
	uint64_t pstate, mdcr;

	if (!captured(s) || !steady_sim_has(v, STEADY_OPTION_EL2) ||
	    get_word(s, v, ID_PC + 2, &pstate) || get_word(s, v, ID_MDCR_EL2, &mdcr) ||
	    (pstate & MODE_MASK & ~UINT64_C(1)) == MODE_EL2)
		return s->counters;
	return s->no_hpmn ? 0 : mdcr & MDCR_HPMN;
}

int steady_sim_give_counters(struct steady_sim *s, uint64_t counters)
{
	s->counters = counters;
	for (uint32_t i = 0; captured(s) && i < STEADY_SIM_VCPUS; i++) {
		struct steady_sim_vcpu *v = &s->vcpus[i];
		uint64_t mdcr;
		int r;

		if (!v->inited || !steady_sim_has(v, STEADY_OPTION_EL2))
			continue;
		r = get_word(s, v, ID_MDCR_EL2, &mdcr);
		r = r ? r : set_word(v, ID_MDCR_EL2, (mdcr & ~MDCR_HPMN) | counters);
		if (r)
			return r;
	}
	return 0;
}
