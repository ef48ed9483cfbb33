/* SPDX-License-Identifier: MIT */
/*
 * The simulated host: KVM's interface to a VM's and its vCPUs' options, driven by a profile.
 * The order of the checks is that of kvm_arch_vcpu_ioctl() and kvm_vcpu_set_target() (6.12 to 7.3).
 */
#include "host/sim.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"

/* Bits of KVM_ARM_VCPU_INIT's features[0] that are no option of ours (uapi asm/kvm.h). */
#define POWER_OFF   (UINT32_C(1) << 0)
#define PSCI_0_2    (UINT32_C(1) << 2)
#define OLD_KNOWN   UINT32_C(0x7f) /* what every kernel knows: up to PTRAUTH_GENERIC */
#define EL2_KNOWN   UINT32_C(0x180)
#define E2H0        UINT32_C(0x100) /* HAS_EL2_E2H0 */

#define LEAST_IPA   32 /* ARM64_MIN_PARANGE_BITS */
#define USUAL_IPA   40 /* KVM_PHYS_SHIFT */

/* A guest at EL2 never has AArch32; the others have it if the host does. */
static bool any_aarch32(const struct steady_sim *s)
{
	const struct steady_field *el0 = s->field[STEADY_SIM_EL0];

	for (size_t i = 0; i < s->profile->configuration_count; i++) {
		const struct steady_reading *r = &s->profile->configurations[i].reg[el0->reg];

		if (r->state == STEADY_VALUE && steady_field_get(el0, r->value) > 1)
			return true;
	}
	return false;
}

int steady_sim_new(const struct steady_profile *profile, struct steady_sim **sim)
{
	static const char *const names[] = {
#define X(name, text) text,
		STEADY_SIM_FIELDS(X)
#undef X
	};
	struct steady_sim *s;

	if (!profile->configuration_count)
		return -STEADY_EUNKNOWN;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -STEADY_ENOMEM;
	s->firmware = calloc(profile->firmware_count + 1, sizeof(*s->firmware));
	if (!s->firmware) {
		free(s);
		return -STEADY_ENOMEM;
	}
	s->profile = profile;
	for (int i = 0; i < STEADY_SIM_FIELDS_END; i++)
		s->field[i] = &steady_fields[steady_field_by_name(names[i], strlen(names[i]))];
	s->modern = steady_profile_writable(profile);
	s->aarch32 = any_aarch32(s);
	*sim = s;
	return 0;
}

static void discard_vm(struct steady_sim *s)
{
	for (size_t i = 0; i < STEADY_SIM_VCPUS; i++)
		free(s->vcpus[i].other);
	memset(s->vcpus, 0, sizeof(s->vcpus));
	free(s->filter);
	s->filter = NULL;
	s->filter_count = 0;
	s->vm = s->mte = s->imp_id_regs = s->any_vcpu = s->configured = false;
	s->gic_ready = s->frozen = s->dead = s->no_hpmn = s->at_el2_ran = false;
	s->gic = 0;
	s->features = 0;
}

void steady_sim_free(struct steady_sim *s)
{
	if (!s)
		return;
	discard_vm(s);
	free(s->firmware);
	free(s);
}

/* NULL: not captured */
static const struct steady_reading *find_capability(const struct steady_sim *s, uint64_t number)
{
	const struct steady_reading *r = steady_profile_capability(s->profile, number);

	return r && r->state == STEADY_VALUE ? r : NULL;
}

/* Whether a configuration of the profile has an option on. */
static bool any_configuration(const struct steady_sim *s, enum steady_option option)
{
	for (size_t i = 0; i < s->profile->configuration_count; i++) {
		if (steady_configuration_options(&s->profile->configurations[i]) >> option & 1)
			return true;
	}
	return false;
}

/* What was not captured is told by what the host has shown that it can do. */
static uint64_t shown_capability(const struct steady_sim *s, uint64_t number)
{
	if (number == STEADY_CAP_REG_MASKS)
		return steady_profile_writable(s->profile);
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		const uint32_t *capability = steady_options[i].capability;

		if ((number == capability[0] || number == capability[1]) && number)
			return any_configuration(s, (enum steady_option)i);
	}
	return 0;
}

static const struct steady_reading *find_other(const struct steady_sim *s, uint64_t number)
{
	for (size_t i = 0; i < s->profile->other_count; i++) {
		if (s->profile->others[i].id == number)
			return &s->profile->others[i].reading;
	}
	return NULL;
}

uint64_t steady_sim_capability(const struct steady_sim *s, uint64_t number)
{
	const struct steady_reading *r = find_capability(s, number);

	r = r ? r : find_other(s, number);
	return r ? r->value : shown_capability(s, number);
}

/* ---- VM ---- */

/* The VM before is gone either way. */
static int create_vm(struct steady_sim *s, uint64_t type)
{
	const struct steady_reading *ipa = &s->profile->unvirtualised[STEADY_IPA_SIZE];
	uint64_t bits = type & 0xff ? type & 0xff : USUAL_IPA;

	discard_vm(s);
	if (type >> 8 || bits < LEAST_IPA || (ipa->state == STEADY_VALUE && bits > ipa->value))
		return -EINVAL;
	s->vm = true;
	memset(s->reg, 0, sizeof(s->reg));
	s->counters = s->profile->unvirtualised[STEADY_PMCR_N].value;
	for (size_t i = 0; i < s->profile->firmware_count; i++)
		s->firmware[i] = s->profile->firmware[i].reading.value;
	return 0;
}

static int create_vcpu(struct steady_sim *s, uint32_t index)
{
	if (index >= STEADY_SIM_VCPUS)
		return -EINVAL;
	if (s->vcpus[index].created &&
	    steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_VCPU_EXISTS_FIRST))
		return -EEXIST;
	if (s->gic_ready)
		return -EBUSY;
	if (index >= steady_sim_max_vcpus(s))
		return -EINVAL;
	if (s->vcpus[index].created)
		return -EEXIST;
	s->vcpus[index].created = true;
	s->any_vcpu = true;
	return 0;
}

static int enable_cap(struct steady_sim *s, uint64_t number)
{
	const struct steady_vm_capability *row = steady_vm_capability(number);

	if (row && row->enabled_if)
		return steady_sim_capability(s, row->enabled_if) ? 0 : -EINVAL;
	if (!steady_sim_capability(s, number))
		return -EINVAL;
	switch (number) {
	case STEADY_CAP_MTE:
		if (!s->any_vcpu)
			s->mte = true;
		return s->any_vcpu ? -EINVAL : 0;
	case STEADY_CAP_IMP_IDS:
		if (!s->any_vcpu)
			s->imp_id_regs = true;
		return s->any_vcpu ? -EINVAL : 0;
	default:
		return -EINVAL;
	}
}

static int check(struct steady_sim *s, struct steady_call *call)
{
	const struct steady_vm_capability *row = steady_vm_capability(call->id);
	const struct steady_reading *other = find_other(s, call->id);

	if (other && other->state == STEADY_FAILED)
		return -other->error;
	call->value[0] = steady_sim_capability(s, call->id);
	if (!s->vm && s->profile->others && row &&
	    (row->without_vm == STEADY_EINVAL_WITHOUT_VM ||
	     (row->without_vm == STEADY_EINVAL_IF_THERE && call->value[0])))
		return -EINVAL;
	if (call->id == STEADY_CAP_MAX_VCPUS && s->vm)
		call->value[0] = steady_sim_max_vcpus(s);
	return 0;
}

/* ---- vCPU options ---- */

bool steady_sim_has(const struct steady_sim_vcpu *v, enum steady_option option)
{
	uint32_t bits = steady_options[option].features;

	return (v->features & bits) == bits;
}

static uint32_t known_features(const struct steady_sim *s)
{
	uint32_t known = OLD_KNOWN;

	if (!(s->profile->behaviours_known >> STEADY_BEHAVIOUR_KNOWS_EL2 & 1) ||
	    steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_KNOWS_EL2))
		known |= EL2_KNOWN; /* where nobody tried, the kernel is taken to be a new one */
	if (steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_KNOWS_PMU_STRICT))
		known |= STEADY_SIM_PMU_STRICT;
	return known;
}

/* The profile's capabilities tell; of those that were not captured, the VMs that were made. */
static bool has_capabilities(const struct steady_sim *s, enum steady_option option)
{
	const uint32_t *capability = steady_options[option].capability;

	for (int i = 0; i < 2 && capability[i]; i++) {
		const struct steady_reading *r = find_capability(s, capability[i]);

		if (r ? !r->value : !any_configuration(s, option))
			return false;
	}
	return true;
}

/* The features that the host's capabilities give. */
static uint32_t supported_features(const struct steady_sim *s)
{
	uint32_t bits = POWER_OFF | PSCI_0_2;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (has_capabilities(s, (enum steady_option)i))
			bits |= steady_options[i].features;
	}
	if (steady_sim_capability(s, STEADY_CAP_PMU_STRICT))
		bits |= STEADY_SIM_PMU_STRICT;
	/* without EL2 itself it says nothing, and every kernel that knows it takes it */
	return bits | E2H0;
}

uint32_t steady_sim_options(const struct steady_sim *s, uint32_t features)
{
	uint32_t options = s->mte ? UINT32_C(1) << STEADY_OPTION_MTE : 0;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		uint32_t bits = steady_options[i].features;

		if (bits && (features & bits) == bits)
			options |= UINT32_C(1) << i;
	}
	return options;
}

/* kvm_vcpu_init_check_features() */
static int check_features(const struct steady_sim *s, uint32_t features)
{
	uint32_t pauth = steady_options[STEADY_OPTION_PTRAUTH].features;
	uint32_t narrow = steady_options[STEADY_OPTION_EL1_32BIT].features;
	uint32_t el2 = steady_options[STEADY_OPTION_EL2].features;
	uint32_t e2h0 = steady_options[STEADY_OPTION_EL2_E2H0].features;
	uint32_t pmu = steady_options[STEADY_OPTION_PMU].features;

	if (features & ~known_features(s))
		return -ENOENT;
	if (features & ~supported_features(s))
		return -EINVAL;
	if ((features & e2h0) == e2h0 && !has_capabilities(s, STEADY_OPTION_EL2_E2H0))
		return -EINVAL;
	if ((features & pauth) != 0 && (features & pauth) != pauth)
		return -EINVAL;
	if (features & STEADY_SIM_PMU_STRICT && !(features & pmu))
		return -EINVAL;
	if (features & narrow && (s->mte || features & el2))
		return -EINVAL;
	return 0;
}

/* 6.1, kvm_vcpu_set_target(): the lowest bit that is unknown or another than before decides. */
static int check_again(const struct steady_sim *s, const struct steady_sim_vcpu *v,
		       uint32_t features)
{
	uint32_t unknown = features & ~known_features(s);
	uint32_t wrong = unknown | (v->inited ? features ^ v->features : 0);

	if (!wrong)
		return 0;
	return unknown & wrong & -wrong ? -ENOENT : -EINVAL;
}

/* What it has taken in before it came to a bit that it does not know stays there. */
static uint32_t below_unknown(const struct steady_sim *s, uint32_t features)
{
	uint32_t unknown = features & ~known_features(s);

	return (unknown & -unknown) - 1;
}

/* All vCPUs of a VM have the features of the first, but for how they start. */
static int fits_others(const struct steady_sim *s, uint32_t features)
{
	uint32_t narrow = steady_options[STEADY_OPTION_EL1_32BIT].features;

	if (!s->configured)
		return 0;
	if (!steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_FEATURES_PER_VCPU))
		return (features ^ s->features) & ~POWER_OFF ? -EINVAL : 0;
	return (features ^ s->features) & narrow ? -EINVAL : 0;
}

/* The one of the irqchip that is there, or none. */
const struct steady_configuration *steady_sim_configuration(const struct steady_sim *s,
							    uint32_t features)
{
	uint32_t chip = s->gic == STEADY_DEVICE_GICV3	? STEADY_GICV3
			: s->gic == STEADY_DEVICE_GICV2 ? STEADY_GICV2
							: STEADY_IRQCHIP_UNKNOWN;
	uint32_t options = steady_sim_options(s, features);
	const struct steady_configuration *c = steady_profile_find(s->profile, options, chip);

	return c ? c : steady_profile_find(s->profile, options, STEADY_IRQCHIP_NONE);
}

static int init_vcpu(struct steady_sim *s, uint32_t index, uint32_t features)
{
	struct steady_sim_vcpu *v = &s->vcpus[index];
	const struct steady_configuration *c;
	int r = 0;

	if (steady_profile_behaves(s->profile, STEADY_BEHAVIOUR_FEATURES_PER_VCPU)) {
		r = check_again(s, v, features);
		if (r && !v->inited)
			v->features |= features & below_unknown(s, features);
		if (r)
			return r;
		features |= v->features;
		if (!v->inited)
			v->features = 0; /* if kvm_reset_vcpu() fails, they are forgotten */
	}
	r = check_features(s, features);
	r = r ? r : fits_others(s, features);
	if (r)
		return r;
	c = steady_sim_configuration(s, features);
	if (!c)
		return -ENOSYS; /* the profile did not capture it: nothing is made up */
	if (!s->configured) {
		s->features = features;
		if (features & STEADY_SIM_PMU_STRICT)
			s->counters = 0; /* of no PMU: none was chosen */
		steady_sim_reset_registers(s, c);
	}
	s->configured = true;
	v->features = features;
	v->pmcr = 0;
	v->c = c;
	steady_sim_reset_state(s, v);
	if (!v->finalized)
		v->sve = s->profile->sve;
	if (!v->inited || !s->modern)
		steady_sim_reset_vcpu_registers(s, index);
	v->inited = true;
	return 0;
}

static int finalize(struct steady_sim_vcpu *v, uint64_t feature)
{
	if (feature != STEADY_FINALIZE_SVE || !steady_sim_has(v, STEADY_OPTION_SVE))
		return -EINVAL;
	if (v->finalized)
		return -EPERM;
	v->finalized = true;
	return 0;
}

/* ---- lists and masks ---- */

/*
 * kvm_arm_copy_fw_reg_indices(): firmware's registers are listed, all that can be read. A profile that was
 * written by hand may leave some out; without those that nobody knows it would be another host.
 */
static bool listed_besides(const struct steady_sim *s, const struct steady_sim_vcpu *v,
			   const struct steady_firmware_reading *f)
{
	return f->reading.state == STEADY_VALUE && !steady_id_known(f->id) &&
	       !steady_sim_listed(s, v, f->id);
}

/* How many there are; list: NULL to count them. */
static uint32_t put_list(const struct steady_sim *s, const struct steady_sim_vcpu *v, uint64_t *list)
{
	uint32_t n = 0;

	for (size_t i = 0; i < v->c->register_count; i++) {
		if (!steady_sim_open(s, v->c->register_list[i]))
			continue;
		if (list)
			list[n] = v->c->register_list[i];
		n++;
	}
	for (size_t i = 0; i < s->profile->firmware_count; i++) {
		if (!listed_besides(s, v, &s->profile->firmware[i]))
			continue;
		if (list)
			list[n] = s->profile->firmware[i].id;
		n++;
	}
	return n;
}

static int reg_list(const struct steady_sim *s, const struct steady_sim_vcpu *v,
		    struct steady_call *call)
{
	uint32_t room = call->count;

	if (steady_sim_has(v, STEADY_OPTION_SVE) && !v->finalized)
		return -EPERM;
	if (!v->c->register_list)
		return -ENOSYS; /* the profile did not capture it: nothing is made up */
	call->count = put_list(s, v, NULL);
	if (room < call->count)
		return -E2BIG;
	put_list(s, v, call->list);
	return 0;
}

static int masks(struct steady_sim *s, struct steady_call *call)
{
	if (call->id >= 64 || !(steady_sim_capability(s, STEADY_CAP_REG_MASKS) >> call->id & 1) ||
	    !s->modern)
		return -EINVAL;
	if (call->id)
		return -ENOSYS; /* a newer kernel's range: no profile captures it */
	if (call->count < STEADY_REGISTERS)
		return -E2BIG;
	for (int i = 0; i < STEADY_REGISTERS; i++)
		call->list[i] = s->profile->writable[i].state == STEADY_VALUE
					? s->profile->writable[i].value
					: 0;
	call->count = STEADY_REGISTERS;
	return 0;
}

/* Calls to a vCPU; until it was initialised the kernel knows of none but that. */
static int vcpu_call(struct steady_sim *s, struct steady_call *call)
{
	struct steady_sim_vcpu *v;

	if (call->vcpu >= STEADY_SIM_VCPUS || !s->vcpus[call->vcpu].created)
		return -EBADF;
	v = &s->vcpus[call->vcpu];
	if (s->dead)
		return -EIO;
	if (call->op == STEADY_OP_INIT)
		return init_vcpu(s, call->vcpu, (uint32_t)call->id);
	if (call->op == STEADY_OP_PMU_INIT)
		return steady_sim_init_pmu(s, v);
	if (call->op == STEADY_OP_PMU_COUNTERS)
		return steady_sim_set_counters(s, v, call->id);
	if (!v->inited)
		return -ENOEXEC;
	switch (call->op) {
	case STEADY_OP_FINALIZE:
		return finalize(v, call->id);
	case STEADY_OP_GET:
		return steady_sim_get(s, call);
	case STEADY_OP_SET:
		return steady_sim_set(s, call);
	case STEADY_OP_REG_LIST:
		return reg_list(s, v, call);
	default:
		return steady_sim_run(s, v);
	}
}

/* Calls to the VM. CHECK needs none. */
static int vm_call(struct steady_sim *s, struct steady_call *call)
{
	if (!s->vm && call->op != STEADY_OP_CHECK)
		return -EBADF;
	if (call->op == STEADY_OP_INIT_GIC && !s->gic)
		return -EBADF;
	if (s->dead)
		return -EIO;
	switch (call->op) {
	case STEADY_OP_CREATE_VCPU:
		return create_vcpu(s, call->vcpu);
	case STEADY_OP_MASKS:
		return masks(s, call);
	case STEADY_OP_ENABLE_CAP:
		return enable_cap(s, call->id);
	case STEADY_OP_CREATE_GIC:
		return steady_sim_create_gic(s, call->id);
	case STEADY_OP_INIT_GIC:
		return steady_sim_init_gic(s);
	case STEADY_OP_SMCCC_FILTER:
		return steady_sim_set_filter(s, call);
	default:
		return check(s, call);
	}
}

int steady_sim_call(void *sim, struct steady_call *call)
{
	struct steady_sim *s = sim;

	switch (call->op) {
	case STEADY_OP_CREATE_VM:
		return create_vm(s, call->id);
	case STEADY_OP_CREATE_VCPU:
	case STEADY_OP_MASKS:
	case STEADY_OP_CHECK:
	case STEADY_OP_ENABLE_CAP:
	case STEADY_OP_CREATE_GIC:
	case STEADY_OP_INIT_GIC:
	case STEADY_OP_SMCCC_FILTER:
		return vm_call(s, call);
	case STEADY_OP_INIT:
	case STEADY_OP_FINALIZE:
	case STEADY_OP_GET:
	case STEADY_OP_SET:
	case STEADY_OP_REG_LIST:
	case STEADY_OP_PMU_INIT:
	case STEADY_OP_PMU_COUNTERS:
	case STEADY_OP_RUN:
		return vcpu_call(s, call);
	}
	return -ENOSYS;
}
