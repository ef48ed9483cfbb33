/* SPDX-License-Identifier: MIT */
/*
 * Captures a host: one throw-away VM for every combination of its vCPU options, made in the order
 * in which a VM is pinned, so that what is read is what a pin will meet.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/errno_name.h"
#include "base/report.h"
#include "pin/ask.h"
#include "pin/pin.h"
#include "policy/policy.h"

#define FIRMWARE_SPACE UINT64_C(0xffffffffffff0000)
#define FIRMWARE       UINT64_C(0x6030000000140000)
#define BITMAP         UINT64_C(0x6030000000160000)
#define PMCR_N_SHIFT   11 /* PMCR_EL0.N, bits 15:11 (DDI0487) */
#define PMCR_N_MASK    0x1f

struct probe {
	struct steady_host host;
	const struct steady_local *local;
	struct steady_profile *p;
	struct steady_report *report;
	uint64_t vm_type;
	uint32_t available;      /* options that the host says it has */
	uint64_t gic;            /* device type that could be made; 0: none */
	bool gic_known;
};

static struct steady_reading reading(int r, uint64_t value)
{
	if (r)
		return (struct steady_reading){.error = -r, .state = STEADY_FAILED};
	return (struct steady_reading){.value = value, .state = STEADY_VALUE};
}

static void note(struct probe *b, const char *subject, const char *what, int r)
{
	char number[STEADY_ERRNO_NAME];

	steady_report_add(b->report, STEADY_WARNING, 0);
	steady_report_subject(b->report, subject, NULL);
	steady_report_reason(b->report, "%s: %s", what, steady_errno_name(-r, number));
}

/* ---- once per host ---- */

static int capabilities(struct probe *b)
{
	b->p->capabilities = calloc(steady_capability_count, sizeof(*b->p->capabilities));
	if (!b->p->capabilities)
		return -STEADY_ENOMEM;
	for (unsigned int i = 0; i < steady_capability_count; i++) {
		uint64_t value = 0;
		int r = steady_ask_check(&b->host, steady_capabilities[i].number, &value);

		b->p->capabilities[i] = reading(r, value);
		if (r)
			note(b, steady_capabilities[i].name, "KVM_CHECK_EXTENSION failed", r);
	}
	return 0;
}

static const struct steady_reading *capability(const struct probe *b, uint32_t number)
{
	for (unsigned int i = 0; i < steady_capability_count; i++) {
		if (steady_capabilities[i].number == number)
			return &b->p->capabilities[i];
	}
	return NULL;
}

static void find_options(struct probe *b)
{
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		const struct steady_option_row *row = &steady_options[i];
		bool all = true;

		for (int j = 0; j < 2 && row->capability[j]; j++) {
			const struct steady_reading *c = capability(b, row->capability[j]);

			all = all && c && c->state == STEADY_VALUE && c->value;
		}
		if (all && !row->on_request)
			b->available |= UINT32_C(1) << i;
	}
}

/* That a kernel without the call answers EINVAL is an answer: it lets nothing be written. */
static void masks(struct probe *b)
{
	const struct steady_reading *has = capability(b, STEADY_CAP_REG_MASKS);
	uint64_t words[STEADY_REGISTERS] = {0};
	int r = steady_ask_masks(&b->host, words);

	if (r == -EINVAL && has && has->state == STEADY_VALUE && !has->value)
		r = 0;
	else if (r)
		note(b, "KVM_ARM_GET_REG_WRITABLE_MASKS", "failed", r);
	for (int i = 0; i < STEADY_REGISTERS; i++)
		b->p->writable[i] = reading(r, words[i]);
}

static int firmware(struct probe *b, const uint64_t *list, size_t count)
{
	b->p->firmware = calloc(count + 1, sizeof(*b->p->firmware));
	if (!b->p->firmware)
		return -STEADY_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		uint64_t space = list[i] & FIRMWARE_SPACE, value[8] = {0};
		int r;

		if (space != FIRMWARE && space != BITMAP)
			continue;
		r = steady_ask_get(&b->host, 0, list[i], value);
		b->p->firmware[b->p->firmware_count++] = (struct steady_firmware_reading){
			.id = list[i],
			.reading = reading(r, value[0]),
		};
	}
	b->p->firmware_known = true;
	return 0;
}

/* ---- one configuration ---- */

/* The irqchip that this host can make, found out on the first VM. */
static int irqchip(struct probe *b, uint32_t options, struct steady_configuration *c)
{
	static const uint64_t types[] = {STEADY_DEVICE_GICV3, STEADY_DEVICE_GICV2};
	int r = -ENODEV;

	for (int i = 0; i < 2; i++) {
		if (b->gic_known && b->gic != types[i])
			continue;
		r = steady_ask(&b->host, STEADY_OP_CREATE_GIC, 0, types[i]);
		if (!r) {
			b->gic = types[i];
			break;
		}
		if (r != -ENODEV)
			return r;
	}
	b->gic_known = true;
	if (r)
		b->gic = 0;
	c->irqchip = b->gic == STEADY_DEVICE_GICV3   ? STEADY_GICV3
		     : b->gic == STEADY_DEVICE_GICV2 ? STEADY_GICV2
						     : STEADY_IRQCHIP_NONE;
	if (!b->gic)
		return 0;
	r = steady_ask(&b->host, STEADY_OP_INIT_GIC, 0, 0);
	if (!r && options >> STEADY_OPTION_PMU & 1)
		r = steady_ask(&b->host, STEADY_OP_PMU_INIT, 0, 0);
	return r;
}

static int make_vm(struct probe *b, uint32_t options)
{
	int r = steady_ask(&b->host, STEADY_OP_CREATE_VM, 0, b->vm_type);

	for (int i = 0; i < STEADY_OPTIONS && !r; i++) {
		if (options >> i & 1 && steady_options[i].enable_cap)
			r = steady_ask(&b->host, STEADY_OP_ENABLE_CAP, 0,
				       steady_options[i].enable_cap);
	}
	r = r ? r : steady_ask(&b->host, STEADY_OP_CREATE_VCPU, 0, 0);
	return r ? r : steady_ask(&b->host, STEADY_OP_INIT, 0, steady_options_features(options));
}

static int lengths(struct probe *b)
{
	struct steady_vl vl = {{0}};
	int r = steady_ask_get(&b->host, 0, STEADY_ID_SVE_VLS, vl.word);

	if (r) {
		note(b, "SVE_VLS", "could not be read", r);
	} else if (!b->p->sve_known) {
		b->p->sve = vl;
		b->p->sve_known = true;
	}
	return steady_ask(&b->host, STEADY_OP_FINALIZE, 0, STEADY_FINALIZE_SVE);
}

/* Every feature ID register that KVM lists; all of the core range, listed or not. */
static void registers(struct probe *b, struct steady_configuration *c)
{
	bool asked[STEADY_REGISTERS] = {false};

	for (int reg = 0; reg < STEADY_REGISTERS; reg++)
		asked[reg] = steady_register_is_core(reg);
	for (size_t i = 0; i < c->register_count; i++) {
		int reg = steady_register_by_id(c->register_list[i]);

		if (reg >= 0)
			asked[reg] = true;
	}
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		uint64_t value[8] = {0};
		int r;

		if (!asked[reg])
			continue;
		r = steady_ask_get(&b->host, 0, steady_register_id(reg), value);
		c->reg[reg] = reading(r, value[0]);
		if (r)
			note(b, steady_registers[reg].name, "could not be read", r);
	}
}

static void counters(struct probe *b)
{
	uint64_t value[8] = {0};
	int r = steady_ask_get(&b->host, 0, STEADY_ID_PMCR_EL0, value);

	b->p->unvirtualised[STEADY_PMCR_N] = reading(r, value[0] >> PMCR_N_SHIFT & PMCR_N_MASK);
}

static void drop_last(struct steady_profile *p)
{
	struct steady_configuration *c = &p->configurations[--p->configuration_count];

	free(c->register_list);
	free(c->accepted);
}

/*
 * 0 also where the host does not make such a VM after all (with a warning), -errno where something
 * failed on the way.
 */
static int capture(struct probe *b, uint32_t options, struct steady_configuration *c)
{
	int r = make_vm(b, options);

	if (r)
		return r;
	c->options = options;
	c->options_known = ~UINT32_C(0);
	r = irqchip(b, options, c);
	if (!r && options >> STEADY_OPTION_SVE & 1)
		r = lengths(b);
	if (r)
		return r;
	r = steady_ask_reglist(&b->host, 0, &c->register_list, &c->register_count);
	if (r)
		note(b, "KVM_GET_REG_LIST", "failed", r);
	registers(b, c);
	if (options >> STEADY_OPTION_PMU & 1 &&
	    b->p->unvirtualised[STEADY_PMCR_N].state != STEADY_VALUE)
		counters(b);
	return r == -ENOMEM ? r : 0;
}

static int capture_all(struct probe *b)
{
	char text[128];
	size_t total = (size_t)1 << __builtin_popcount(b->available), done = 0;
	uint32_t options = b->available;
	int r = 0;

	/* all subsets, the fullest first, the empty one last */
	for (;; options = (options - 1) & b->available) {
		struct steady_configuration *c = steady_profile_add(b->p);

		if (!c)
			return -STEADY_ENOMEM;
		r = capture(b, options, c);
		if (r) {
			drop_last(b->p);
			if (r == -ENOMEM)
				return -STEADY_ENOMEM;
			steady_configuration_text(options, ~UINT32_C(0), STEADY_IRQCHIP_UNKNOWN,
						  text, sizeof(text));
			note(b, text, "this host does not make such a VM", r);
		} else if (!b->p->firmware_known && c->register_list) {
			int e = firmware(b, c->register_list, c->register_count);

			if (e)
				return e;
		}
		if (b->local->progress)
			b->local->progress(b->local->ctx, ++done, total);
		if (!options)
			break;
	}
	if (b->p->configuration_count)
		return 0;
	return steady_ask_failed(b->report, "making a plain VM", NULL, r);
}

/* ---- the kinds of cores ---- */

static int identity(struct probe *b, struct steady_cpu *cpu)
{
	const struct {
		const char *name;
		uint64_t *value;
	} wanted[] = {
		{"MIDR_EL1", &cpu->midr},
		{"REVIDR_EL1", &cpu->revidr},
		{"AIDR_EL1", &cpu->aidr},
	};
	int r = make_vm(b, 0);

	for (size_t i = 0; i < 3 && !r; i++) {
		int reg = steady_register_by_name(wanted[i].name, strlen(wanted[i].name));
		uint64_t value[8];

		r = steady_ask_get(&b->host, 0, steady_register_id(reg), value);
		*wanted[i].value = r ? 0 : value[0];
	}
	return r;
}

static int cpus(struct probe *b)
{
	uint32_t kinds = b->local->kinds ? b->local->kinds : 1;

	b->p->cpus = calloc(kinds, sizeof(*b->p->cpus));
	if (!b->p->cpus)
		return -STEADY_ENOMEM;
	for (uint32_t i = 0; i < kinds; i++) {
		int r = b->local->enter ? b->local->enter(b->local->ctx, i) : 0;

		r = r ? r : identity(b, &b->p->cpus[i]);
		if (r) { /* a list with one missing would be a half-truth */
			note(b, "MIDR_EL1", "a kind of core could not be looked at", r);
			b->p->cpu_count = 0;
			return 0;
		}
		b->p->cpu_count++;
	}
	return 0;
}

static int texts(struct probe *b)
{
	const struct steady_local *l = b->local;

	b->p->name = strdup(l->name ? l->name : "host");
	b->p->kernel = l->kernel ? strdup(l->kernel) : NULL;
	b->p->note = l->note ? strdup(l->note) : NULL;
	return !b->p->name || (l->kernel && !b->p->kernel) || (l->note && !b->p->note)
		       ? -STEADY_ENOMEM
		       : 0;
}

static int sequence(struct probe *b)
{
	uint64_t ipa = 0;
	int r = steady_ask_vm_type(&b->host, &b->vm_type);

	if (r)
		return steady_ask_failed(b->report, "KVM_CHECK_EXTENSION", "IPA_SIZE", r);
	r = steady_ask(&b->host, STEADY_OP_CREATE_VM, 0, b->vm_type);
	if (r)
		return steady_ask_failed(b->report, "KVM_CREATE_VM", NULL, r);
	memcpy(b->p->unvirtualised, b->local->unvirtualised, sizeof(b->p->unvirtualised));
	r = steady_ask_check(&b->host, STEADY_CAP_IPA_SIZE, &ipa);
	/* 0: a kernel that knows of 40 bits only */
	b->p->unvirtualised[STEADY_IPA_SIZE] = reading(r, ipa ? ipa : 40);
	r = texts(b);
	r = r ? r : capabilities(b);
	if (r)
		return r;
	find_options(b);
	masks(b);
	r = capture_all(b);
	return r ? r : cpus(b);
}

int steady_probe(steady_call_fn *call, void *ctx, const struct steady_local *local,
		 struct steady_profile **profile, struct steady_report *report)
{
	struct probe b = {.host = {call, ctx}, .local = local, .report = report};
	int r;

	b.p = steady_profile_alloc();
	if (!b.p)
		return -STEADY_ENOMEM;
	r = sequence(&b);
	if (r)
		steady_profile_free(b.p);
	else
		*profile = b.p;
	return r;
}
