/* SPDX-License-Identifier: MIT */
#include "lab/generate.h"

#include <errno.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "policy/offer.h"
#include "policy/policy.h"

#define LIST_WORDS   4096
#define FIRMWARE     UINT64_C(0x6030000000140000)
#define BITMAP       UINT64_C(0x6030000000160000)
#define CACHES       16 /* two more than there are */
#define ID_PSTATE    UINT64_C(0x6030000000100042)
#define ID_SIZE_SHIFT 52
#define WIDEST       6  /* 2^6 bytes, what a call holds */
#define POWER_OFF    UINT32_C(1)
#define PSCI_0_2     UINT32_C(4)
#define PMU_STRICT   UINT32_C(0x200)

/* ---- chance ---- */

/* splitmix64 */
static uint64_t any(struct generate *g)
{
	uint64_t z = g->random += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static uint32_t below(struct generate *g, uint32_t n)
{
	return (uint32_t)(any(g) % n);
}

static bool percent(struct generate *g, uint32_t n)
{
	return below(g, 100) < n;
}

#define PICK(g, array) ((array)[below(g, sizeof(array) / sizeof((array)[0]))])

/* ---- calls ---- */

static int call(struct generate *g, struct steady_call *c)
{
	int r;

	if (g->stop)
		return -ECANCELED;
	c->size = sizeof(*c);
	g->calls++;
	r = g->call(g->ctx, c);
	if (c->op == STEADY_OP_SET) {
		g->sets++;
		g->refused += r != 0;
		g->after_run += g->ran;
	}
	g->ran = g->ran || (c->op == STEADY_OP_RUN && r == -EINTR);
	g->gic = g->gic || (c->op == STEADY_OP_CREATE_GIC && !r);
	/*
	 * Linux 6.12 oopses in kvm_timer_vcpu_reset() when a run without a GIC failed late, one is
	 * created then, and a vCPU initialised again: so none is created any more.
	 */
	if (c->op == STEADY_OP_RUN && !g->gic && (r == -EINVAL || r == -EAGAIN))
		g->no_gic = true;
	return r;
}

static int simple(struct generate *g, enum steady_op op, uint32_t vcpu, uint64_t id)
{
	struct steady_call c = {.op = op, .vcpu = vcpu, .id = id};

	return call(g, &c);
}

static int get(struct generate *g, uint32_t vcpu, uint64_t id, uint64_t *value)
{
	struct steady_call c = {.op = STEADY_OP_GET, .vcpu = vcpu, .id = id};
	int r = call(g, &c);

	*value = c.value[0];
	return r;
}

static int set(struct generate *g, uint32_t vcpu, uint64_t id, uint64_t value)
{
	struct steady_call c = {.op = STEADY_OP_SET, .vcpu = vcpu, .id = id, .value = {value}};

	return call(g, &c);
}

/* One of the vCPUs; the first, which does not exist then, where no vCPU could be created. */
static uint32_t some_vcpu(struct generate *g)
{
	return g->vcpu_count ? g->vcpus[below(g, g->vcpu_count)] : 0;
}

/* ---- feature ID registers ---- */

/* Values at and around every border that a rule may have. */
static uint64_t border(struct generate *g, const struct steady_field *f, uint64_t limit,
		       uint64_t is)
{
	uint64_t max = f->width > 63 ? ~UINT64_C(0) : (UINT64_C(1) << f->width) - 1;
	const uint64_t values[] = {
		limit, limit - 1, limit + 1, 0, 1, 2, max, max - 1, max / 2, max / 2 + 1, is - 1,
		is + 1, f->kvm_safe, any(g),
	};

	return PICK(g, values) & max;
}

/* A value that the simulated host would take. */
static uint64_t accepted(struct generate *g, unsigned int field, uint64_t limit)
{
	const struct steady_field *f = &steady_fields[field];
	steady_set set;

	if (f->width > 4 || !steady_kvm_accepts(g->profile, g->c, field, &set))
		return limit;
	for (int i = 0; i < 16; i++) {
		uint64_t v = below(g, 1u << f->width);

		if (steady_set_has(f, set, v))
			return v;
	}
	return limit;
}

static int some_register(struct generate *g)
{
	if (percent(g, 12))
		return (int)below(g, STEADY_REGISTERS);
	if (percent(g, 4))
		return steady_register_by_name("CTR_EL0", 7);
	return STEADY_CORE_FIRST + (int)below(g, STEADY_CORE_COUNT);
}

/* One field to a border, or several to what is likely accepted. */
static uint64_t change(struct generate *g, int reg, uint64_t value)
{
	const struct steady_register *r = &steady_registers[reg];
	uint64_t limit = g->c->reg[reg].value, was = value;
	uint32_t changes = percent(g, 65) ? 1 : 2 + below(g, 5), changed = 0;

	while (changes--) {
		unsigned int field = r->first + below(g, r->fields);
		const struct steady_field *f = &steady_fields[field];
		uint64_t at = steady_field_get(f, limit);
		uint64_t v = percent(g, 60) ? border(g, f, at, steady_field_get(f, value))
					    : accepted(g, field, at);

		value = steady_field_put(f, value, v);
	}
	for (unsigned int i = r->first; i < r->first + r->fields; i++)
		changed += steady_field_get(&steady_fields[i], was) !=
			   steady_field_get(&steady_fields[i], value);
	g->several += changed > 1;
	return value;
}

static void write_feature(struct generate *g)
{
	int reg = some_register(g);
	uint64_t id = steady_register_id(reg), value;

	if (get(g, some_vcpu(g), id, &value))
		value = 0;
	if (percent(g, 20))
		value = g->c->reg[reg].value;
	value = percent(g, 97) ? change(g, reg, value) : any(g);
	set(g, some_vcpu(g), id, value);
	if (percent(g, 30))
		get(g, some_vcpu(g), id, &value);
}

/* Fields that something beside their own rule hangs on. */
static void write_telling(struct generate *g)
{
	static const char *const names[] = {
		"ID_AA64PFR0_EL1.GIC",    "ID_PFR1_EL1.GIC",        "ID_AA64PFR1_EL1.SSBS",
		"ID_AA64MMFR3_EL1.TCRX",  "ID_AA64MMFR3_EL1.S1PIE", "ID_AA64MMFR3_EL1.SCTLRX",
		"ID_AA64MMFR3_EL1.S1POE", "ID_AA64ISAR2_EL1.ATS1A", "ID_AA64MMFR1_EL1.HPDS",
		"ID_AA64PFR2_EL1.FPMR",   "ID_AA64DFR0_EL1.PMUVer", "ID_DFR0_EL1.PerfMon",
		"ID_AA64MMFR2_EL1.NV",    "ID_AA64PFR0_EL1.EL0",    "ID_AA64PFR0_EL1.CSV2",
		"ID_AA64PFR0_EL1.CSV3",   "ID_AA64PFR0_EL1.MPAM",   "ID_AA64PFR1_EL1.MTE_frac",
		"ID_AA64PFR1_EL1.MTE",    "ID_AA64MMFR0_EL1.TGran4_2", "ID_AA64PFR0_EL1.EL2",
		"ID_AA64DFR0_EL1.DoubleLock", "ID_AA64MMFR4_EL1.NV_frac", "ID_AA64MMFR4_EL1.E2H0",
		"ID_AA64PFR0_EL1.EL1",    "CTR_EL0.L1Ip",           "CTR_EL0.IDC",
		"ID_AA64MMFR0_EL1.TGran16_2", "ID_AA64MMFR0_EL1.TGran64_2",
	};
	const char *name = PICK(g, names);
	const struct steady_field *f = &steady_fields[steady_field_by_name(name, strlen(name))];
	uint64_t id = steady_register_id(f->reg), value;

	if (get(g, some_vcpu(g), id, &value))
		return;
	if (percent(g, 50)) /* so that nothing but this field can be what is wrong */
		value = g->c->reg[f->reg].value;
	value = steady_field_put(f, value, below(g, percent(g, 40) ? 2 : 1u << f->width));
	set(g, some_vcpu(g), id, value);
	get(g, some_vcpu(g), id, &value);
	if (strcmp(f->name, "SSBS") == 0) { /* the workaround of Spectre v4 */
		set(g, some_vcpu(g), STEADY_ID_WA_2, below(g, 4));
		get(g, some_vcpu(g), STEADY_ID_WA_2, &value);
	}
}

/* MIDR_EL1 and its like, CLIDR_EL1. */
static void write_identity(struct generate *g)
{
	static const char *const names[] = {"MIDR_EL1", "REVIDR_EL1", "AIDR_EL1", "MPIDR_EL1",
					    "CLIDR_EL1"};
	const char *name = PICK(g, names);
	uint64_t id = steady_register_id(steady_register_by_name(name, strlen(name))), value;

	if (get(g, some_vcpu(g), id, &value))
		return;
	if (percent(g, 60))
		value ^= UINT64_C(1) << below(g, 64);
	else if (percent(g, 50))
		value = any(g) & UINT32_MAX;
	set(g, some_vcpu(g), id, value);
	get(g, some_vcpu(g), id, &value);
}

static void read_feature(struct generate *g)
{
	uint64_t value;

	get(g, some_vcpu(g), steady_register_id(some_register(g)), &value);
}

/* ---- other registers ---- */

static void write_firmware(struct generate *g)
{
	const uint64_t values[] = {
		0, 1, 2, 3, 4, 5, 0x10, 0x11, 0x12, 0x13, 0x10000, 0x10001, 0x10002, 0x10003,
		0x10004, UINT64_C(1) << below(g, 64), any(g) & 7,
	};
	uint64_t id = (percent(g, 50) ? FIRMWARE : BITMAP) | below(g, percent(g, 90) ? 4 : 8);
	uint64_t value;

	if (percent(g, 80))
		set(g, some_vcpu(g), id, PICK(g, values));
	get(g, some_vcpu(g), id, &value);
}

static void write_cache(struct generate *g)
{
	uint64_t id = STEADY_ID_CCSIDR | below(g, CACHES), value;

	if (percent(g, 70))
		set(g, some_vcpu(g), id, percent(g, 50) ? any(g) & UINT32_MAX : below(g, 8));
	get(g, some_vcpu(g), id, &value);
}

/*
 * Any register that is listed, to anything. Left out are those that count, and those of a guest at
 * EL2, of whose bits KVM takes away what its ID registers do not have, in ways of its own.
 */
static void use_state(struct generate *g)
{
	const uint64_t patterns[] = {0, ~UINT64_C(0), any(g), any(g) & UINT32_MAX, below(g, 0x400)};
	struct steady_call c = {.op = STEADY_OP_GET, .vcpu = some_vcpu(g)};
	bool at_el2 = g->c->options >> STEADY_OPTION_EL2 & 1;

	if (!g->c->register_count)
		return;
	c.id = g->c->register_list[below(g, (uint32_t)g->c->register_count)];
	if (steady_written_of(c.id).rule == STEADY_WRITTEN_COUNTS ||
	    (at_el2 && steady_register_by_id(c.id) < 0) || (c.id >> ID_SIZE_SHIFT & 0xf) > WIDEST)
		return;
	if (percent(g, 60) && steady_register_by_id(c.id) < 0) {
		size_t bytes = (size_t)1 << (c.id >> ID_SIZE_SHIFT & 0xf);

		c.op = STEADY_OP_SET;
		for (size_t i = 0; i < 8 && i * 8 < bytes; i++)
			c.value[i] = PICK(g, patterns);
		if (bytes < 8)
			c.value[0] &= (UINT64_C(1) << bytes * 8) - 1;
		call(g, &c);
		c.op = STEADY_OP_GET;
	}
	call(g, &c);
	if (percent(g, 10)) { /* a mode, and what it makes of the others */
		c = (struct steady_call){.op = STEADY_OP_SET, .vcpu = c.vcpu, .id = ID_PSTATE};
		c.value[0] = below(g, 32) | (uint64_t)below(g, 16) << 6;
		call(g, &c);
	}
}

/* How many event counters there are. Kernels before 6.7 keep it as they please. */
static void write_counters(struct generate *g)
{
	uint64_t value, most = g->profile->unvirtualised[STEADY_PMCR_N].value;

	if (!steady_profile_behaves(g->profile, STEADY_BEHAVIOUR_COUNTERS_LOWERED))
		return;
	value = percent(g, 50) ? 0 : any(g) & ~(STEADY_PMCR_N_MASK << STEADY_PMCR_N_SHIFT);
	value |= (uint64_t)below(g, percent(g, 80) ? (uint32_t)most + 2 : 32) << STEADY_PMCR_N_SHIFT;
	if (percent(g, 60))
		set(g, some_vcpu(g), STEADY_ID_PMCR_EL0, value);
	get(g, some_vcpu(g), STEADY_ID_PMCR_EL0, &value);
}

/* KVM_ARM_VCPU_PMU_V3_SET_NR_COUNTERS, at any time. */
static void choose_counters(struct generate *g)
{
	uint32_t most = (uint32_t)g->profile->unvirtualised[STEADY_PMCR_N].value;

	simple(g, STEADY_OP_PMU_COUNTERS, some_vcpu(g),
	       percent(g, 80) ? below(g, most + 2) : (uint32_t)any(g));
}

static void write_lengths(struct generate *g)
{
	struct steady_call c = {
		.op = percent(g, 60) ? STEADY_OP_SET : STEADY_OP_GET,
		.vcpu = some_vcpu(g),
		.id = STEADY_ID_SVE_VLS,
	};
	uint64_t lengths = g->profile->sve.word[0];

	c.value[0] = percent(g, 60) ? lengths & ((UINT64_C(2) << below(g, 17)) - 1)
				    : any(g) & 0xffff;
	if (percent(g, 5))
		c.value[1 + below(g, 7)] = 1;
	call(g, &c);
}

/* Ids that nothing has, and real ones spelt wrongly. */
static void odd_id(struct generate *g)
{
	static const uint16_t sve_ids[] = {0,     1,     0x3ff, 0x400, 0x401, 0x420, 0x5ff,
					   0x600, 0x61f, 0x620, 0x800, 0xfffe, 0xffff};
	uint64_t id = percent(g, 60) ? steady_register_id(some_register(g)) : FIRMWARE, value;

	switch (below(g, 6)) {
	case 5: /* in SVE's space, which has P0 to FFR and the lengths: around those, in any size */
		id = (UINT64_C(0x6000000000150000) | (uint64_t)below(g, WIDEST + 1) << ID_SIZE_SHIFT) +
		     PICK(g, sve_ids);
		break;
	case 0: /* another size */
		id = (id & ~(UINT64_C(0xf) << 52)) | (uint64_t)below(g, 7) << 52;
		break;
	case 1: /* another architecture */
		id = (id & ~(UINT64_C(0xff) << 56)) | (uint64_t)below(g, 16) << 60;
		break;
	case 2: /* bits that belong to nothing */
		id |= UINT64_C(1) << (32 + below(g, 20));
		break;
	case 3: /* a coprocessor that is not there */
		id = (id & ~UINT64_C(0xfff0000)) | UINT64_C(0x1f0000);
		break;
	default: /* CRn 0, op1 2, 4 to 7 */
		id = (id & ~UINT64_C(0x3800)) | UINT64_C(0x1000);
	}
	if (percent(g, 50))
		get(g, some_vcpu(g), id, &value);
	else
		set(g, some_vcpu(g), id, any(g));
}

/* ---- the VM ---- */

static void list(struct generate *g)
{
	static uint64_t words[LIST_WORDS];
	struct steady_call c = {.op = STEADY_OP_REG_LIST, .vcpu = some_vcpu(g), .list = words,
				.count = LIST_WORDS};

	call(g, &c);
}

static void masks(struct generate *g)
{
	static uint64_t words[STEADY_REGISTERS];
	struct steady_call c = {.op = STEADY_OP_MASKS, .list = words, .count = STEADY_REGISTERS,
				.id = percent(g, 80) ? 0 : below(g, 4)};

	call(g, &c);
}

static void check(struct generate *g)
{
	simple(g, STEADY_OP_CHECK, 0,
	       percent(g, 50) ? below(g, STEADY_CAPABILITIES_ASKED)
			      : steady_capabilities[below(g, steady_capability_count)].number);
}

/* Those that change vCPUs, and those that a VM may enable without harm; others are EINVAL. */
static void enable(struct generate *g)
{
	const struct steady_vm_capability *any_row =
		&steady_vm_capabilities[below(g, steady_vm_capability_count)];
	static const uint64_t caps[] = {STEADY_CAP_MTE, STEADY_CAP_IMP_IDS, STEADY_CAP_SUSPEND,
					STEADY_CAP_IPA_SIZE, STEADY_CAP_REG_MASKS};

	simple(g, STEADY_OP_ENABLE_CAP, 0,
	       percent(g, 40)   ? PICK(g, caps)
	       : percent(g, 50) ? any_row->number
				: below(g, STEADY_CAPABILITIES_ASKED));
}

/* Ranges of SMCCC functions: KVM's own, Arm's, others, and what is none. */
static void filter(struct generate *g)
{
	static const uint32_t firsts[] = {0xc6000040, 0xc6000041, 0x86000000, 0x80000000, 0x8000ffff,
					  0xc0000000, 0xbfffffff, 0x84000000, 1,          0xffffffff};
	static const uint32_t counts[] = {1, 1, 2, 3, 0, 0x10000, 0xffffffff};
	static const uint32_t actions[] = {0, 1, 2, 2, 3, 0xff};
	struct steady_call c = {.op = STEADY_OP_SMCCC_FILTER, .id = PICK(g, firsts)};

	c.value[0] = PICK(g, counts);
	c.value[1] = PICK(g, actions);
	call(g, &c);
}

static uint64_t gic_type(struct generate *g)
{
	bool v2 = g->c->irqchip == STEADY_GICV2;

	return v2 == percent(g, 95) ? STEADY_DEVICE_GICV2 : STEADY_DEVICE_GICV3;
}

static void create_gic(struct generate *g)
{
	if (!g->no_gic)
		simple(g, STEADY_OP_CREATE_GIC, 0, gic_type(g));
}

static void init_gic(struct generate *g)
{
	simple(g, STEADY_OP_INIT_GIC, 0, 0);
}

static void init_pmu(struct generate *g)
{
	simple(g, STEADY_OP_PMU_INIT, some_vcpu(g), 0);
}

static void finalize(struct generate *g)
{
	simple(g, STEADY_OP_FINALIZE, some_vcpu(g),
	       percent(g, 90) ? STEADY_FINALIZE_SVE : below(g, 8));
}

static void run(struct generate *g)
{
	simple(g, STEADY_OP_RUN, some_vcpu(g), 0);
}

/* Features that may be wrong: unknown, without their other half, not those of the others. */
static uint32_t odd_features(struct generate *g)
{
	switch (below(g, 4)) {
	case 0:
		return g->features ^ UINT32_C(1) << below(g, 10);
	case 1:
		return UINT32_C(1) << below(g, 32);
	case 2:
		return g->features ^ POWER_OFF;
	default:
		return g->features;
	}
}

static void init_again(struct generate *g)
{
	simple(g, STEADY_OP_INIT, some_vcpu(g), odd_features(g));
}

static void add_vcpu(struct generate *g)
{
	static const uint32_t odd[] = {0, 1, 7, 8, 15, 16, 300, 511, 512, 600};
	uint32_t index = percent(g, 60) ? below(g, 4) : PICK(g, odd);

	if (simple(g, STEADY_OP_CREATE_VCPU, index, 0) || g->vcpu_count == GENERATE_VCPUS)
		return;
	g->vcpus[g->vcpu_count++] = index;
	if (percent(g, 80))
		simple(g, STEADY_OP_INIT, index, g->features);
}

static const struct {
	uint16_t weight;
	void (*make)(struct generate *);
} steps[] = {
	{600, write_feature}, {120, write_telling}, {30, write_identity}, {100, read_feature},
	{80, write_firmware}, {20, write_cache},    {10, write_lengths},  {15, odd_id},
	{15, write_counters}, {150, use_state},     {6, choose_counters},
	{6, list},            {2, masks},           {12, check},          {8, enable},
	{4, create_gic},      {4, init_gic},        {6, init_pmu},        {10, finalize},
	{5, run},             {6, init_again},      {4, add_vcpu},
};

static void step(struct generate *g)
{
	uint32_t total = 0, at;

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		total += steps[i].weight;
	at = below(g, total);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (at < steps[i].weight) {
			steps[i].make(g);
			return;
		}
		at -= steps[i].weight;
	}
}

/* ---- one VM's life ---- */

static void create_vm(struct generate *g)
{
	static const uint64_t odd[] = {1, 31, 32, 36, 39, 41, 53, 64, 0x100, 0x128};

	g->ran = g->stop = g->gic = g->no_gic = false;
	g->vcpu_count = 0;
	g->c = &g->profile->configurations[below(g, (uint32_t)g->profile->configuration_count)];
	g->features = steady_options_features(g->c->options);
	if (percent(g, 5))
		g->features &= ~PSCI_0_2;
	if (percent(g, 5))
		g->features |= POWER_OFF;
	if (percent(g, 5) && g->c->options >> STEADY_OPTION_PMU & 1 &&
	    steady_profile_behaves(g->profile, STEADY_BEHAVIOUR_KNOWS_PMU_STRICT))
		g->features |= PMU_STRICT;
	if (percent(g, 5)) {
		simple(g, STEADY_OP_CREATE_VM, 0, PICK(g, odd));
		check(g);
	}
	simple(g, STEADY_OP_CREATE_VM, 0, 0);
	g->vms++;
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (g->c->options >> i & 1 && steady_options[i].enable_cap)
			simple(g, STEADY_OP_ENABLE_CAP, 0, steady_options[i].enable_cap);
	}
	if (percent(g, 40))
		simple(g, STEADY_OP_ENABLE_CAP, 0, STEADY_CAP_IMP_IDS);
	for (uint32_t n = below(g, 4); n; n--)
		filter(g);
}

/* Calls that come too early. */
static void too_early(struct generate *g, uint32_t vcpu)
{
	static const enum steady_op ops[] = {STEADY_OP_GET, STEADY_OP_SET, STEADY_OP_RUN,
					     STEADY_OP_FINALIZE, STEADY_OP_PMU_INIT,
					     STEADY_OP_PMU_COUNTERS,
					     STEADY_OP_INIT_GIC};
	enum steady_op op = PICK(g, ops);

	simple(g, op, vcpu,
	       op == STEADY_OP_FINALIZE ? STEADY_FINALIZE_SVE : steady_register_id(some_register(g)));
}

static void create_vcpus(struct generate *g)
{
	uint32_t count = 1 + below(g, 3);

	for (uint32_t i = 0; i < count && !g->stop; i++) {
		simple(g, STEADY_OP_CREATE_VCPU, i, 0);
		if (percent(g, 10))
			too_early(g, i);
		g->vcpus[g->vcpu_count++] = i;
	}
}

static void init_vcpus(struct generate *g)
{
	if (percent(g, 20))
		simple(g, STEADY_OP_INIT, g->vcpus[0], odd_features(g));
	for (uint32_t i = 0; i < g->vcpu_count; i++)
		simple(g, STEADY_OP_INIT, g->vcpus[i], g->features);
}

static void prepare_run(struct generate *g, bool gic)
{
	for (uint32_t i = 0; i < g->vcpu_count; i++) {
		if (g->c->options >> STEADY_OPTION_SVE & 1)
			simple(g, STEADY_OP_FINALIZE, g->vcpus[i], STEADY_FINALIZE_SVE);
		if (gic && g->c->options >> STEADY_OPTION_PMU & 1)
			simple(g, STEADY_OP_PMU_INIT, g->vcpus[i], 0);
	}
}

/* Everything that a guest's CPU consists of. */
static void read_all(struct generate *g)
{
	uint64_t value;

	for (uint32_t i = 0; i < g->vcpu_count && !g->stop; i++) {
		for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
			if (steady_registers[reg].kind != STEADY_REGISTER_UNALLOCATED)
				get(g, g->vcpus[i], steady_register_id(reg), &value);
		}
		for (uint32_t n = 0; n < 4; n++) {
			get(g, g->vcpus[i], FIRMWARE | n, &value);
			get(g, g->vcpus[i], BITMAP | n, &value);
		}
	}
	list(g);
}

static void steps_of(struct generate *g, uint32_t count)
{
	while (count-- && !g->stop)
		step(g);
}

static void one_vm(struct generate *g)
{
	uint32_t when = below(g, 6); /* the GIC comes */
	bool gic = when < 5;

	create_vm(g);
	if (when == 0)
		create_gic(g);
	create_vcpus(g);
	if (when == 1)
		create_gic(g);
	init_vcpus(g);
	if (when == 2)
		create_gic(g);
	if (percent(g, 10))
		read_all(g);
	steps_of(g, 20 + below(g, 200 * g->length));
	if (when > 2 && gic)
		create_gic(g);
	if (gic)
		init_gic(g);
	steps_of(g, 20 + below(g, 150 * g->length));
	if (percent(g, 80)) {
		prepare_run(g, gic);
		simple(g, STEADY_OP_RUN, some_vcpu(g), 0);
		filter(g);
		steps_of(g, 20 + below(g, 120 * g->length));
	}
	if (percent(g, 20))
		read_all(g);
}

void generate_calls(struct generate *g, uint64_t calls)
{
	while (g->calls < calls)
		one_vm(g);
}
