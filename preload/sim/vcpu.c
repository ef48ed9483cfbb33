/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE
#include "inside.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define TARGET       5 /* KVM_ARM_TARGET_GENERIC_V8 */
#define POWER_OFF    1 /* KVM_ARM_VCPU_POWER_OFF, as a bit of features[0] */
#define MP_RUNNABLE  0
#define MP_STOPPED   3
#define MP_SUSPENDED 10
#define FIRST_PPI    16
#define LAST_IRQ     1019
#define TOLD_AT_RUN  1000
#define MOST_LISTED  65536 /* kernels list 250 to 700 registers */

/* SVE's Z registers, the one kind that is wider than a struct steady_call (asm/kvm.h). */
#define Z_FIRST UINT64_C(0x6080000000150000) /* KVM_REG_ARM64_SVE_ZREG(0, 0) */
#define Z_SLICE UINT64_C(0x1f)
#define Z_SHIFT 5
#define Z_COUNT 32

static struct steady_sim_vcpu *inside(const struct simhost_object *o)
{
	return &o->vm->sim->vcpus[o->vcpu];
}

/* ---- registers ---- */

/* get_sve_reg(), set_sve_reg(): beyond the vCPU's longest vector there is nothing. */
static long z_register(struct simhost_object *o, const struct steady_uapi_one_reg *reg, bool set)
{
	const struct steady_sim_vcpu *v = inside(o);
	uint64_t number = (reg->id - Z_FIRST) >> Z_SHIFT;
	unsigned int length = steady_vl_max(&v->sve);

	if (o->vm->sim->dead)
		return simhost_fail(EIO);
	if (!v->inited)
		return simhost_fail(ENOEXEC);
	if (reg->id < Z_FIRST || number >= Z_COUNT || reg->id & Z_SLICE ||
	    !steady_sim_has(v, STEADY_OPTION_SVE))
		return simhost_fail(ENOENT);
	if (!v->finalized)
		return simhost_fail(EPERM);
	o->z = o->z ? o->z : calloc(Z_COUNT, sizeof(*o->z));
	if (!o->z)
		return simhost_fail(ENOMEM);
	return set ? simhost_get(o->z[number], reg->addr, length)
		   : simhost_put(reg->addr, o->z[number], sizeof(*o->z));
}

static long one_register(struct simhost_object *o, const struct steady_uapi_one_reg *reg, bool set)
{
	struct steady_call c = {
		.op = set ? STEADY_OP_SET : STEADY_OP_GET,
		.vcpu = o->vcpu,
		.id = reg->id,
	};
	size_t size = (size_t)1 << (reg->id >> 52 & 0xf);
	long r;

	if (size > sizeof(c.value))
		return z_register(o, reg, set);
	if (set && simhost_get(c.value, reg->addr, size))
		return -1;
	r = simhost_call(o->vm, &c);
	return r || set ? r : simhost_put(reg->addr, c.value, size);
}

static long reg_list(const struct simhost_object *o, struct steady_uapi_reg_list *all, uint64_t user)
{
	struct steady_call c = {
		.op = STEADY_OP_REG_LIST,
		.vcpu = o->vcpu,
		.count = all->n > MOST_LISTED ? MOST_LISTED : (uint32_t)all->n,
	};
	long r;

	c.list = malloc((c.count + 1) * sizeof(*c.list));
	if (!c.list)
		return simhost_fail(ENOMEM);
	r = simhost_call(o->vm, &c);
	if (!r)
		r = simhost_put(user + sizeof(*all), c.list, c.count * sizeof(*c.list));
	if (!r || errno == E2BIG)
		all->n = c.count;
	free(c.list);
	return r;
}

/* ---- attributes ---- */

/* kvm_arm_pmu_v3_set_attr(), KVM_ARM_VCPU_PMU_V3_IRQ; that all vCPUs have the same is not asked. */
static long set_pmu_irq(struct simhost_object *o, const struct steady_uapi_device_attr *attr)
{
	int irq;

	if (inside(o)->pmu_ready)
		return simhost_fail(EBUSY);
	if (!o->vm->sim->gic)
		return simhost_fail(EINVAL);
	if (simhost_get(&irq, attr->addr, sizeof(irq)))
		return -1;
	if (irq < FIRST_PPI || irq > LAST_IRQ)
		return simhost_fail(EINVAL);
	if (o->has_irq)
		return simhost_fail(EBUSY);
	o->has_irq = true;
	return 0;
}

/* kvm_arm_pmu_v3_init() */
static long init_pmu(const struct simhost_object *o)
{
	const struct steady_sim *s = o->vm->sim;

	if (inside(o)->pmu_ready)
		return simhost_fail(EBUSY);
	if (s->gic && !s->gic_ready)
		return simhost_fail(ENODEV);
	if (s->gic && !o->has_irq)
		return simhost_fail(ENXIO);
	return simhost_simple(o->vm, STEADY_OP_PMU_INIT, o->vcpu, 0);
}

static bool has_pmu(const struct simhost_object *o)
{
	return steady_sim_has(inside(o), STEADY_OPTION_PMU);
}

static bool is_simulated(const struct steady_uapi_device_attr *attr)
{
	return attr->group == STEADY_VCPU_PMU &&
	       (attr->attr == STEADY_VCPU_PMU_IRQ || attr->attr == STEADY_VCPU_PMU_INIT ||
		attr->attr == STEADY_VCPU_PMU_COUNTERS);
}

static bool knows(const struct simhost_object *o, const struct steady_uapi_device_attr *attr)
{
	return attr->attr != STEADY_VCPU_PMU_COUNTERS ||
	       steady_profile_behaves(o->vm->sim->profile, STEADY_BEHAVIOUR_COUNTERS_CHOSEN);
}

/* kvm_arm_pmu_v3_set_nr_counters() */
static long set_counters(const struct simhost_object *o, const struct steady_uapi_device_attr *attr)
{
	uint32_t counters = 0;

	if (!inside(o)->pmu_ready && knows(o, attr) &&
	    simhost_get(&counters, attr->addr, sizeof(counters)))
		return -1;
	return simhost_simple(o->vm, STEADY_OP_PMU_COUNTERS, o->vcpu, counters);
}

static long set_attribute(struct simhost_object *o, const struct steady_uapi_device_attr *attr)
{
	if (!is_simulated(attr))
		return simhost_unknown_attribute(SIMHOST_VCPU, attr->group, attr->attr);
	if (!has_pmu(o))
		return simhost_fail(ENODEV);
	switch (attr->attr) {
	case STEADY_VCPU_PMU_IRQ:
		return set_pmu_irq(o, attr);
	case STEADY_VCPU_PMU_COUNTERS:
		return set_counters(o, attr);
	default:
		return init_pmu(o);
	}
}

static long has_attribute(const struct simhost_object *o,
			  const struct steady_uapi_device_attr *attr)
{
	if (!is_simulated(attr))
		return simhost_unknown_attribute(SIMHOST_VCPU, attr->group, attr->attr);
	return has_pmu(o) && knows(o, attr) ? 0 : simhost_fail(ENXIO);
}

/* ---- state ---- */

static long init_vcpu(struct simhost_object *o, const struct steady_uapi_vcpu_init *init)
{
	long r;

	for (int i = 1; i < 7; i++) {
		if (init->features[i])
			return simhost_fail(ENOENT);
	}
	if (init->target != TARGET)
		return simhost_fail(EINVAL);
	r = simhost_simple(o->vm, STEADY_OP_INIT, o->vcpu, init->features[0]);
	if (!r)
		o->mp_state = init->features[0] & POWER_OFF ? MP_STOPPED : MP_RUNNABLE;
	return r;
}

static long set_mp_state(struct simhost_object *o, const uint32_t *state)
{
	if (*state != MP_RUNNABLE && *state != MP_STOPPED && *state != MP_SUSPENDED)
		return simhost_fail(EINVAL);
	o->mp_state = *state;
	return 0;
}

/* ---- runs ---- */

/* A VM whose GIC has no place fails at its first run, and is given up (kvm_vgic_map_resources()).
 */
static bool is_misplaced(const struct simhost_object *o)
{
	const struct steady_sim_vcpu *v = inside(o);
	const struct steady_sim *s = o->vm->sim;
	bool ready = v->inited && (!steady_sim_has(v, STEADY_OPTION_SVE) || v->finalized);

	return !s->dead && ready && !v->ran && s->gic && !simhost_gic_is_placed(o->vm);
}

/* Nothing is executed: a run is one with immediate_exit, which does what it does to registers. */
static long run(struct simhost_object *o, const void *argument)
{
	if (argument)
		return simhost_fail(EINVAL);
	if (is_misplaced(o)) {
		o->vm->sim->dead = true;
		return simhost_fail(ENXIO);
	}
	if (++o->runs == TOLD_AT_RUN)
		simhost_say(
			"vCPU %u was run %d times: no guest is executed here, each KVM_RUN ends "
			"with EINTR at once",
			o->vcpu, TOLD_AT_RUN);
	return simhost_simple(o->vm, STEADY_OP_RUN, o->vcpu, 0);
}

long simhost_vcpu_ioctl(struct simhost_object *o, unsigned int request, void *argument, uint64_t user)
{
	switch (request) {
	case STEADY_KVM_RUN:
		return run(o, argument);
	case STEADY_VCPU_INIT:
		return init_vcpu(o, argument);
	case STEADY_VCPU_FINALIZE:
		return simhost_simple(o->vm, STEADY_OP_FINALIZE, o->vcpu,
				      (uint64_t) * (const int *)argument);
	case STEADY_GET_ONE_REG:
		return one_register(o, argument, false);
	case STEADY_SET_ONE_REG:
		return one_register(o, argument, true);
	case STEADY_GET_REG_LIST:
		return reg_list(o, argument, user);
	case STEADY_SET_DEVICE_ATTR:
		return set_attribute(o, argument);
	case STEADY_HAS_DEVICE_ATTR:
		return has_attribute(o, argument);
	case STEADY_GET_MP_STATE:
		*(uint32_t *)argument = o->mp_state;
		return 0;
	case STEADY_SET_MP_STATE:
		return set_mp_state(o, argument);
	}
	return simhost_unknown_request(SIMHOST_VCPU, request);
}
