/* SPDX-License-Identifier: MIT */
#include "build_profile.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct limit {
	const char *reg;
	uint64_t value[3]; /* by enum build_cpu */
};

/*
 * N1 and V1: Firecracker's recorded fingerprints of guests, host kernel 6.18; V1's SVE and pointer
 * authentication as its Technical Reference Manual (101427) has them; PMUVer as in the TRMs. MAX is
 * V1 with what newer cores add (values from the register descriptions in DDI0487 D24.2).
 */
static const struct limit limits[] = {
	{"ID_PFR0_EL1", {0x00010131, 0x01010131, 0x01010131}},
	{"ID_PFR1_EL1", {0x10010000, 0x10010000, 0x10010000}},
	{"ID_DFR0_EL1", {0x04010088, 0x05011099, 0x06011099}},
	{"ID_MMFR0_EL1", {0x10201105, 0x10201105, 0x10201105}},
	{"ID_MMFR1_EL1", {0x40000000, 0x40000000, 0x40000000}},
	{"ID_MMFR2_EL1", {0x01260000, 0x01260000, 0x01260000}},
	{"ID_MMFR3_EL1", {0x02122211, 0x02122211, 0x02122211}},
	{"ID_MMFR4_EL1", {0x00021110, 0x00021110, 0x00021110}},
	{"ID_ISAR0_EL1", {0x02101110, 0x02101110, 0x02101110}},
	{"ID_ISAR1_EL1", {0x13112111, 0x13112111, 0x13112111}},
	{"ID_ISAR2_EL1", {0x21232042, 0x21232042, 0x21232042}},
	{"ID_ISAR3_EL1", {0x01112131, 0x01112131, 0x01112131}},
	{"ID_ISAR4_EL1", {0x00010142, 0x00010142, 0x00010142}},
	{"ID_ISAR5_EL1", {0x01011121, 0x01011121, 0x01011121}},
	{"ID_ISAR6_EL1", {0x00000010, 0x01100111, 0x01100111}},
	{"ID_PFR2_EL1", {0x00000011, 0x00000011, 0x00000011}},
	{"MVFR0_EL1", {0x10110222, 0x10110222, 0x10110222}},
	{"MVFR1_EL1", {0x13211111, 0x13211111, 0x13211111}},
	{"MVFR2_EL1", {0x00000043, 0x00000043, 0x00000043}},
	{"ID_AA64PFR0_EL1", {0x1100000011111112, 0x1101000121111112, 0x1101000121111112}},
	{"ID_AA64PFR1_EL1", {0x20, 0x20, 0x0000000000000320}},
	{"ID_AA64PFR2_EL1", {0, 0, 0x0000000100000000}},
	{"ID_AA64ZFR0_EL1", {0, 0x0000100000100000, 0x0110110100110021}},
	{"ID_AA64DFR0_EL1", {0x10305408, 0x000000f010305509, 0x000000f01030560a}},
	{"ID_AA64ISAR0_EL1", {0x0000100010211120, 0x1011111110212120, 0x1021111110212120}},
	{"ID_AA64ISAR1_EL1", {0x00100001, 0x0011100010211302, 0x0011110010211502}},
	{"ID_AA64ISAR2_EL1", {0, 0, 0x1120000000110012}},
	{"ID_AA64MMFR0_EL1", {0x00101125, 0x00101125, 0x1100000000101126}},
	{"ID_AA64MMFR1_EL1", {0x10212122, 0x10212122, 0x0000010010212122}},
	{"ID_AA64MMFR2_EL1", {0x0100000000000011, 0x0220011100001011, 0x1220011100001011}},
	{"ID_AA64MMFR3_EL1", {0, 0, 0x0000000000010111}},
	{"CTR_EL0", {0xb444c004, 0xb444c004, 0xb444c004}},
	{"CLIDR_EL1", {0x03000123, 0x03000123, 0x03000123}},
	{"MIDR_EL1", {0x413fd0c1, 0x411fd401, 0x000f0510}},
	{"MPIDR_EL1", {0x80000000, 0x80000000, 0x80000000}},
};

static const uint64_t midr[] = {0x413fd0c1, 0x411fd401, 0x000f0510};

/*
 * KVM_ARM_GET_REG_WRITABLE_MASKS, from the writable fields in arch/arm64/kvm/sys_regs.c: 6.12
 * (AArch32 fixed but for ID_DFR0_EL1) and 7.3.
 */
static const struct {
	const char *reg;
	uint64_t mask_6_12, mask_7_3;
} masks[] = {
	{"ID_PFR0_EL1", 0, 0xffffffff},
	{"ID_PFR1_EL1", 0, 0xffffffff},
	{"ID_DFR0_EL1", 0x0f00000f, 0xffffffff},
	{"ID_MMFR0_EL1", 0, 0xffffffff},
	{"ID_MMFR1_EL1", 0, 0xffffffff},
	{"ID_MMFR2_EL1", 0, 0xffffffff},
	{"ID_MMFR3_EL1", 0, 0xffffffff},
	{"ID_MMFR4_EL1", 0, 0xffffffff},
	{"ID_MMFR5_EL1", 0, 0xffffffff},
	{"ID_ISAR0_EL1", 0, 0xffffffff},
	{"ID_ISAR1_EL1", 0, 0xffffffff},
	{"ID_ISAR2_EL1", 0, 0xffffffff},
	{"ID_ISAR3_EL1", 0, 0xffffffff},
	{"ID_ISAR4_EL1", 0, 0xffffffff},
	{"ID_ISAR5_EL1", 0, 0xffffffff},
	{"ID_ISAR6_EL1", 0, 0xffffffff},
	{"ID_PFR2_EL1", 0, 0xffffffff},
	{"MVFR0_EL1", 0, 0xffffffff},
	{"MVFR1_EL1", 0, 0xffffffff},
	{"MVFR2_EL1", 0, 0xffffffff},
	{"ID_AA64PFR0_EL1", 0xffff00f00f00ffff, 0xffff00f0ff00ffff},
	{"ID_AA64PFR1_EL1", 0x0000000f000000ff, 0x0f00000f0000f0ff},
	{"ID_AA64PFR2_EL1", 0x0000000f00000000, 0x0000000f0000fff0},
	{"ID_AA64ZFR0_EL1", UINT64_MAX, UINT64_MAX},
	{"ID_AA64FPFR0_EL1", 0xfc008003, 0xfc008003},
	{"ID_AA64DFR0_EL1", 0x000000f000f00f0f, 0x000000f000f00f0f},
	{"ID_AA64ISAR0_EL1", 0xfffffffffffffff0, 0xfffffffff0fffff0},
	{"ID_AA64ISAR1_EL1", 0xffffffff00fff00f, 0xffffffff00fff00f},
	{"ID_AA64ISAR2_EL1", 0x0fffffffffff00ff, 0xffffffffffff00ff},
	{"ID_AA64ISAR3_EL1", 0, 0x00000000ff0f00f0},
	{"ID_AA64MMFR0_EL1", 0xff0000000fffff0f, 0xff00ffffffffff0f},
	{"ID_AA64MMFR1_EL1", 0xfffff0f00ffff00f, 0xffffffff0ffff00f},
	{"ID_AA64MMFR2_EL1", 0xf0ff000ff00fffff, 0xf0ff000ff00fffff},
	{"ID_AA64MMFR3_EL1", 0x00000000000f0f0f, 0x00000000000f0fff},
	{"ID_AA64MMFR4_EL1", 0, 0x0000000000f00000},
	{"CTR_EL0", 0x300f000f, 0x300fc00f},
};

/* Options that the CPU and the kernel offer: PMU, then SVE and pointer authentication, then MTE. */
static const uint32_t choices[] = {
	[BUILD_N1] = 1u << STEADY_OPTION_PMU,
	[BUILD_V1] =
		1u << STEADY_OPTION_PMU | 1u << STEADY_OPTION_SVE | 1u << STEADY_OPTION_PTRAUTH,
	[BUILD_MAX] = 1u << STEADY_OPTION_PMU | 1u << STEADY_OPTION_SVE |
		      1u << STEADY_OPTION_PTRAUTH | 1u << STEADY_OPTION_MTE,
};

#define OPTIONS_KNOWN ((1u << STEADY_OPTIONS) - 1)

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "build_profile: %s\n", what);
	exit(99);
}

unsigned int build_field(const char *name)
{
	int row = steady_field_by_name(name, strlen(name));

	need(row >= 0, name);
	return (unsigned int)row;
}

int build_reg(const char *name)
{
	int reg = steady_register_by_name(name, strlen(name));

	need(reg >= 0, name);
	return reg;
}

/* ---- configurations ---- */

/* What an option that is off takes away: KVM.md's flags, read from the data's option column. */
static void clear_options(struct steady_configuration *c)
{
	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_field *f = &steady_fields[i];
		int option = steady_field_option((int)i);

		if (option >= 0 && !(c->options >> option & 1))
			c->reg[f->reg].value = steady_field_put(f, c->reg[f->reg].value, 0);
	}
	if (!(c->options >> STEADY_OPTION_SVE & 1))
		c->reg[build_reg("ID_AA64ZFR0_EL1")].value = 0;
}

static int by_id(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Some of a real list: core registers of the vCPU, the 56, firmware. */
static void add_list(struct steady_configuration *c)
{
	static const uint64_t others[] = {
		UINT64_C(0x6030000000100000), /* KVM_REG_ARM_CORE_REG(regs.regs[0]) */
		UINT64_C(0x6030000000140000), /* PSCI_VERSION */
		UINT64_C(0x603000000013c080), /* SCTLR_EL1: 3,0,1,0,0 */
	};
	size_t n = 0;

	c->register_list =
		calloc(sizeof(others) / sizeof(others[0]) + STEADY_REGISTERS, sizeof(uint64_t));
	need(c->register_list, "memory");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		c->register_list[n++] = others[i];
	for (int i = 0; i < STEADY_REGISTERS; i++) {
		if (c->reg[i].state == STEADY_VALUE)
			c->register_list[n++] = steady_register_id(i);
	}
	c->register_count = n;
	qsort(c->register_list, n, sizeof(uint64_t), by_id);
}

static void add_configuration(struct steady_profile *p, enum build_cpu cpu, uint32_t options)
{
	struct steady_configuration *c = steady_profile_add(p);

	need(c, "memory");
	c->options = options;
	c->options_known = OPTIONS_KNOWN;
	c->irqchip = STEADY_GICV3;
	for (int i = STEADY_CORE_FIRST; i < STEADY_CORE_FIRST + STEADY_CORE_COUNT; i++)
		c->reg[i].state = STEADY_VALUE;
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		struct steady_reading *r = &c->reg[build_reg(limits[i].reg)];

		r->state = STEADY_VALUE;
		r->value = limits[i].value[cpu];
	}
	clear_options(c);
	add_list(c);
}

/* ---- kernels ---- */

static void add_masks(struct steady_profile *p, enum build_kernel kernel)
{
	for (int i = 0; i < STEADY_REGISTERS; i++) {
		p->writable[i].state = kernel == BUILD_6_1 ? STEADY_FAILED : STEADY_VALUE;
		p->writable[i].error = kernel == BUILD_6_1 ? EINVAL : 0;
	}
	for (size_t i = 0; kernel != BUILD_6_1 && i < sizeof(masks) / sizeof(masks[0]); i++)
		build_mask(p, masks[i].reg,
			   kernel == BUILD_7_3 ? masks[i].mask_7_3 : masks[i].mask_6_12);
}

/* Defaults as KVM's firmware registers have them (fw-pseudo-registers.rst, psci.rst). */
static void add_firmware(struct steady_profile *p, enum build_kernel kernel)
{
	p->firmware = calloc(steady_firmware_count, sizeof(*p->firmware));
	need(p->firmware, "memory");
	p->firmware_known = true;
	for (unsigned int i = 0; i < steady_firmware_count; i++) {
		p->firmware[i].id = steady_firmware[i].id;
		p->firmware[i].reading.state = STEADY_VALUE;
	}
	p->firmware_count = steady_firmware_count;
	build_firmware(p, "PSCI_VERSION", kernel == BUILD_7_3 ? 0x10003 : 0x10001);
	build_firmware(p, "WORKAROUND_1", 2);
	build_firmware(p, "WORKAROUND_2", 3);
	build_firmware(p, "WORKAROUND_3", 2);
	build_firmware(p, "STD_BMAP", 1);
	build_firmware(p, "STD_HYP_BMAP", 1);
	build_firmware(p, "VENDOR_HYP_BMAP", 3);
	if (kernel != BUILD_7_3) { /* since 6.15 */
		struct steady_reading *last = &p->firmware[p->firmware_count - 1].reading;

		last->state = STEADY_FAILED;
		last->error = ENOENT;
	}
}

struct steady_profile *build_host(enum build_cpu cpu, enum build_kernel kernel, const char *name)
{
	static const char *const releases[] = {"6.1.192", "6.12.43", "7.3.4"};
	struct steady_profile *p = steady_profile_alloc();

	need(p, "memory");
	p->name = strdup(name);
	p->kernel = strdup(releases[kernel]);
	p->cpus = calloc(1, sizeof(*p->cpus));
	need(p->name && p->kernel && p->cpus, "memory");
	p->cpus[0].midr = midr[cpu];
	p->cpu_count = 1;
	for (uint32_t options = choices[cpu];; options = (options - 1) & choices[cpu]) {
		add_configuration(p, cpu, options);
		if (!options)
			break;
	}
	add_masks(p, kernel);
	add_firmware(p, kernel);
	p->sve_known = true;
	if (cpu != BUILD_N1) {
		steady_vl_add(&p->sve, 16);
		steady_vl_add(&p->sve, 32);
	}
	if (kernel != BUILD_6_1)
		build_capability(p, "ARM_SUPPORTED_REG_MASK_RANGES", 1);
	build_capability(p, "ARM_MTE", cpu == BUILD_MAX);
	return p;
}

/* ---- changes ---- */

void build_put(struct steady_profile *p, const char *field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[build_field(field)];

	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_reading *r = &p->configurations[i].reg[f->reg];

		r->value = steady_field_put(f, r->value, value);
	}
}

void build_register(struct steady_profile *p, const char *reg, uint64_t value)
{
	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_reading *r = &p->configurations[i].reg[build_reg(reg)];

		r->state = STEADY_VALUE;
		r->value = value;
	}
}

void build_mask(struct steady_profile *p, const char *reg, uint64_t mask)
{
	struct steady_reading *r = &p->writable[build_reg(reg)];

	r->state = STEADY_VALUE;
	r->value = mask;
}

void build_only(struct steady_profile *p, size_t keep)
{
	struct steady_configuration kept = p->configurations[keep];

	for (size_t i = 0; i < p->configuration_count; i++) {
		if (i == keep)
			continue;
		free(p->configurations[i].accepted);
		free(p->configurations[i].register_list);
		free(p->configurations[i].reset);
	}
	p->configurations[0] = kept;
	p->configuration_count = 1;
}

void build_accepted(struct steady_profile *p, const char *field, uint16_t values)
{
	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_configuration *c = &p->configurations[i];

		if (!c->accepted)
			c->accepted = calloc(steady_field_count, sizeof(*c->accepted));
		need(c->accepted, "memory");
		c->accepted[build_field(field)] = 
			(struct steady_accepted){.known = true, .values = values};
	}
}

void build_capability(struct steady_profile *p, const char *name, uint64_t value)
{
	if (!p->capabilities)
		p->capabilities = calloc(steady_capability_count, sizeof(*p->capabilities));
	need(p->capabilities, "memory");
	for (unsigned int i = 0; i < steady_capability_count; i++) {
		if (strcmp(steady_capabilities[i].name, name) != 0)
			continue;
		p->capabilities[i] = (struct steady_reading){.value = value, .state = STEADY_VALUE};
		return;
	}
	need(false, name);
}

void build_firmware(struct steady_profile *p, const char *name, uint64_t value)
{
	int row = steady_firmware_by_name(name, strlen(name));

	need(row >= 0, name);
	for (size_t i = 0; i < p->firmware_count; i++) {
		if (p->firmware[i].id == steady_firmware[row].id)
			p->firmware[i].reading =
				(struct steady_reading){.value = value, .state = STEADY_VALUE};
	}
}

/* ---- looking ---- */

uint64_t build_get(const struct steady_configuration *c, const char *field)
{
	const struct steady_field *f = &steady_fields[build_field(field)];

	return steady_field_get(f, c->reg[f->reg].value);
}

uint64_t build_model_get(const struct steady_model *m, const char *field)
{
	const struct steady_field *f = &steady_fields[build_field(field)];

	return steady_field_get(f, m->value[f->reg]);
}

steady_set build_set(const struct steady_offer *o, size_t cell, const char *field)
{
	return *steady_cell_set(&o->cells[cell], build_field(field));
}

const struct steady_finding *build_finding(const struct steady_report *r, const char *reg,
					   const char *field)
{
	for (size_t i = 0; i < steady_report_count(r); i++) {
		const struct steady_finding *f = steady_report_get(r, i);

		if (f->reg && strcmp(f->reg, reg) == 0 &&
		    (!field || (f->field && strcmp(f->field, field) == 0)))
			return f;
	}
	return NULL;
}

int build_baseline(struct steady_profile *const *hosts, size_t count, struct steady_model **model,
		   struct steady_report *report)
{
	const struct steady_baseline_request request = {0};
	struct steady_input inputs[8] = {0};

	need(count <= 8, "too many hosts");
	for (size_t i = 0; i < count; i++) {
		inputs[i].name = hosts[i]->name;
		inputs[i].profile = hosts[i];
	}
	return steady_baseline(inputs, count, &request, model, report);
}
