/* SPDX-License-Identifier: MIT */
/*
 * Captures a host: one throw-away VM for every combination of its vCPU options, made in the order
 * in which a VM is pinned, so that what is read is what a pin will meet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/errno_name.h"
#include "base/report.h"
#include "pin/pin.h"
#include "pin/probe.h"
#include "policy/policy.h"

#define FIRMWARE_SPACE UINT64_C(0xffffffffffff0000)
#define FIRMWARE       UINT64_C(0x6030000000140000)
#define BITMAP         UINT64_C(0x6030000000160000)

struct steady_reading steady_probe_reading(int r, uint64_t value)
{
	if (r)
		return (struct steady_reading){.error = -r, .state = STEADY_FAILED};
	return (struct steady_reading){.value = value, .state = STEADY_VALUE};
}

static void note(struct steady_probe *b, const char *subject, enum steady_op op, int r)
{
	char says[STEADY_ASK_SAYS];

	steady_report_add(b->report, STEADY_WARNING, 0);
	steady_report_subject(b->report, subject, NULL);
	steady_report_reason(b->report, "%s failed: %s", steady_ask_ioctl(op),
			     steady_ask_says(op, r, says));
}

void steady_probe_note(struct steady_probe *b, uint64_t id, int r)
{
	char name[STEADY_ID_LABEL];

	note(b, steady_id_label(id, name), STEADY_OP_GET, r);
}

/* What a result means is a matter of what was asked: the call's row in data/errnos.tsv. */
static int note_and_call(void *probe, struct steady_call *call)
{
	struct steady_probe *b = probe;

	b->asked = (enum steady_op)call->op;
	return b->next.call(b->next.ctx, call);
}

static int step(struct steady_probe *b, enum steady_op op, uint64_t id)
{
	return steady_ask(&b->host, op, 0, id);
}

/* ---- once per host ---- */

static int capabilities(struct steady_probe *b)
{
	b->p->capabilities = calloc(steady_capability_count, sizeof(*b->p->capabilities));
	if (!b->p->capabilities)
		return -STEADY_ENOMEM;
	for (unsigned int i = 0; i < steady_capability_count; i++) {
		uint64_t value = 0;
		int r = steady_ask_check(&b->host, steady_capabilities[i].number, &value);

		b->p->capabilities[i] = steady_probe_reading(r, value);
		if (r)
			note(b, steady_capabilities[i].name, STEADY_OP_CHECK, r);
	}
	return 0;
}

/* All others that are not 0, so that a simulated host answers whatever it is asked. */
static int other_capabilities(struct steady_probe *b)
{
	b->p->others = calloc(STEADY_CAPABILITIES_ASKED, sizeof(*b->p->others));
	if (!b->p->others)
		return -STEADY_ENOMEM;
	for (uint32_t number = 0; number < STEADY_CAPABILITIES_ASKED; number++) {
		uint64_t value = 0;
		char name[24];
		int r = 0;

		if (steady_capability_by_number(number) < 0)
			r = steady_ask_check(&b->host, number, &value);
		if (r) {
			snprintf(name, sizeof(name), "capability %u", (unsigned int)number);
			note(b, name, STEADY_OP_CHECK, r);
		}
		if (r || value)
			b->p->others[b->p->other_count++] = (struct steady_firmware_reading){
				number, steady_probe_reading(r, value)};
	}
	return 0;
}

/*
 * The options that some VM may have. Where a capability could not be asked, KVM_ARM_VCPU_INIT will
 * say.
 */
static void find_options(struct steady_probe *b)
{
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		const struct steady_option_row *row = &steady_options[i];
		bool all = true;

		for (int j = 0; j < 2 && row->capability[j]; j++) {
			const struct steady_reading *c =
				steady_profile_capability(b->p, row->capability[j]);

			all = all && c && (c->state != STEADY_VALUE || c->value);
		}
		if (all)
			*(row->on_request ? &b->on_request : &b->available) |= UINT32_C(1) << i;
	}
}

/*
 * A kernel without the call lets nothing be written, if its capability does not say otherwise; that
 * it has the call and not the answer is none.
 */
static void masks(struct steady_probe *b)
{
	const struct steady_reading *has =
		steady_profile_capability(b->p, STEADY_CAP_REG_MASKS);
	uint64_t words[STEADY_REGISTERS] = {0};
	int r = steady_ask_masks(&b->host, words);

	if (steady_answer_of(STEADY_OP_MASKS, r) == STEADY_ANSWER_ABSENT &&
	    !(has && has->state == STEADY_VALUE && has->value))
		r = 0;
	else if (r)
		note(b, NULL, STEADY_OP_MASKS, r);
	for (int i = 0; i < STEADY_REGISTERS; i++)
		b->p->writable[i] = steady_probe_reading(r, words[i]);
}

static int firmware(struct steady_probe *b, const uint64_t *list, size_t count)
{
	b->p->firmware = calloc(count + 1, sizeof(*b->p->firmware));
	b->p->caches = calloc(count + 1, sizeof(*b->p->caches));
	if (!b->p->firmware || !b->p->caches)
		return -STEADY_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		uint64_t space = list[i] & FIRMWARE_SPACE, value[8] = {0};
		char name[STEADY_FIRMWARE_LABEL];
		struct steady_firmware_reading row;
		int r;

		if (space != FIRMWARE && space != BITMAP && space != STEADY_ID_CCSIDR)
			continue;
		r = steady_ask_get(&b->host, 0, list[i], value);
		if (r)
			note(b, steady_firmware_label(list[i], name), STEADY_OP_GET, r);
		row.id = list[i];
		row.reading = steady_probe_reading(r, value[0]);
		if (space == STEADY_ID_CCSIDR)
			b->p->caches[b->p->cache_count++] = row;
		else
			b->p->firmware[b->p->firmware_count++] = row;
	}
	b->p->firmware_known = true;
	return 0;
}

/* Whether the 0 that was written is there; what was there before is put back. */
static int zero_or_not(struct steady_probe *b, uint64_t id, const uint64_t before[8], bool *zero)
{
	static const uint64_t nothing[8];
	uint64_t now[8];
	int r = steady_ask_get(&b->host, 0, id, now);

	if (r)
		return r;
	*zero = memcmp(now, nothing, sizeof(now)) == 0;
	return steady_ask_set(&b->host, 0, id, before);
}

/*
 * A listed register that this version does not know: what it shows, and whether it can be 0. It is
 * unknown where a call fails on the way.
 */
static struct steady_unnamed look_at(struct steady_probe *b, uint64_t id)
{
	struct steady_unnamed u = {.id = id};
	uint64_t value[8] = {0}, zero[8] = {0};
	char name[STEADY_ID_LABEL];
	int r = steady_ask_get(&b->host, 0, id, value);

	if (r)
		note(b, steady_id_label(id, name), STEADY_OP_GET, r);
	u.reading = steady_probe_reading(r, value[0]);
	u.zero = !r && memcmp(value, zero, sizeof(zero)) == 0;
	if (r || u.zero)
		return u;
	r = steady_ask_set(&b->host, 0, id, zero);
	if (r && steady_answer_of(STEADY_OP_SET, r) != STEADY_ANSWER_FAILURE)
		return u;
	if (!r)
		r = zero_or_not(b, id, value, &u.zero);
	if (r) {
		note(b, steady_id_label(id, name), b->asked, r);
		u = (struct steady_unnamed){.id = id, .reading = steady_probe_reading(r, 0)};
	}
	return u;
}

static int unnamed(struct steady_probe *b, const struct steady_configuration *c)
{
	struct steady_profile *p = b->p;

	for (size_t i = 0; c->register_list && i < c->register_count; i++) {
		uint64_t id = c->register_list[i], space = id & FIRMWARE_SPACE;
		struct steady_unnamed *all;
		size_t at = 0;

		if (steady_id_known(id) || steady_id_wide(id) || space == FIRMWARE || space == BITMAP ||
		    steady_register_by_id(id) >= 0)
			continue;
		while (at < p->unnamed_count && p->unnamed[at].id < id)
			at++;
		if (at < p->unnamed_count && p->unnamed[at].id == id)
			continue;
		all = realloc(p->unnamed, (p->unnamed_count + 1) * sizeof(*all));
		if (!all)
			return -STEADY_ENOMEM;
		p->unnamed = all;
		memmove(all + at + 1, all + at, (p->unnamed_count++ - at) * sizeof(*all));
		all[at] = look_at(b, id);
	}
	return 0;
}

/* ---- one configuration ---- */

/* The irqchip that this host can make, found out on the first VM. */
static int irqchip(struct steady_probe *b, uint32_t options, struct steady_configuration *c)
{
	static const uint64_t types[] = {STEADY_DEVICE_GICV3, STEADY_DEVICE_GICV2};
	int r = 0;

	for (int i = 0; i < 2; i++) {
		if (b->gic_known && b->gic != types[i])
			continue;
		r = step(b, STEADY_OP_CREATE_GIC, types[i]);
		if (!r)
			b->gic = types[i];
		if (steady_answer_of(STEADY_OP_CREATE_GIC, r) != STEADY_ANSWER_ABSENT)
			break;
	}
	/* what this host made once and says now that it has not, it is in no state to tell */
	if (r && (b->gic || steady_answer_of(STEADY_OP_CREATE_GIC, r) != STEADY_ANSWER_ABSENT))
		return r;
	b->gic_known = true;
	c->irqchip = b->gic == STEADY_DEVICE_GICV3   ? STEADY_GICV3
		     : b->gic == STEADY_DEVICE_GICV2 ? STEADY_GICV2
						     : STEADY_IRQCHIP_NONE;
	if (!b->gic)
		return 0;
	r = step(b, STEADY_OP_INIT_GIC, 0);
	if (!r && options >> STEADY_OPTION_PMU & 1)
		r = step(b, STEADY_OP_PMU_INIT, 0);
	return r;
}

int steady_probe_make_vm(struct steady_probe *b, uint32_t options)
{
	int r = step(b, STEADY_OP_CREATE_VM, b->vm_type);

	for (int i = 0; i < STEADY_OPTIONS && !r; i++) {
		if (options >> i & 1 && steady_options[i].enable_cap)
			r = step(b, STEADY_OP_ENABLE_CAP, steady_options[i].enable_cap);
	}
	r = r ? r : step(b, STEADY_OP_CREATE_VCPU, 0);
	return r ? r : step(b, STEADY_OP_INIT, steady_options_features(options));
}

/* That the lengths are not there is an answer of simulated hosts only, whose profiles lack them. */
static int lengths(struct steady_probe *b)
{
	struct steady_vl vl = {{0}};
	int r;

	r = steady_ask_get(&b->host, 0, STEADY_ID_SVE_VLS, vl.word);
	if (r && steady_answer_of(STEADY_OP_GET, r) != STEADY_ANSWER_ABSENT)
		return r;
	if (r) {
		note(b, "SVE_VLS", STEADY_OP_GET, r);
	} else if (!b->p->sve_known) {
		b->p->sve = vl;
		b->p->sve_known = true;
	}
	return step(b, STEADY_OP_FINALIZE, STEADY_FINALIZE_SVE);
}

static int list_registers(struct steady_probe *b, struct steady_configuration *c)
{
	int r = steady_ask_reglist(&b->host, 0, &c->register_list, &c->register_count);

	if (steady_answer_of(STEADY_OP_REG_LIST, r) != STEADY_ANSWER_ABSENT)
		return r;
	note(b, NULL, STEADY_OP_REG_LIST, r);
	return 0;
}

/* Every feature ID register that KVM lists; all of the core range, listed or not. */
static void registers(struct steady_probe *b, struct steady_configuration *c)
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
		c->reg[reg] = steady_probe_reading(r, value[0]);
		if (r)
			note(b, steady_registers[reg].name, STEADY_OP_GET, r);
	}
}

static void counters(struct steady_probe *b)
{
	uint64_t value[8] = {0};
	int r = steady_ask_get(&b->host, 0, STEADY_ID_PMCR_EL0, value);

	b->p->unvirtualised[STEADY_PMCR_N] =
		steady_probe_reading(r, value[0] >> STEADY_PMCR_N_SHIFT & STEADY_PMCR_N_MASK);
	if (r)
		note(b, steady_unvirtualised_names[STEADY_PMCR_N], STEADY_OP_GET, r);
}

static void drop_last(struct steady_profile *p)
{
	struct steady_configuration *c = &p->configurations[--p->configuration_count];

	free(c->register_list);
	free(c->accepted);
	free(c->reset);
}

/* Nothing is known of this configuration, and that is what the profile says. */
static void lose(struct steady_configuration *c, int r)
{
	free(c->register_list);
	c->register_list = NULL;
	c->register_count = 0;
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++)
		c->reg[reg] = steady_probe_reading(r, 0);
}

/* 0, or -errno of the call b->asked, which may be the answer that there is no such VM. */
static int capture(struct steady_probe *b, uint32_t options, struct steady_configuration *c)
{
	int r;

	c->options = options;
	c->options_known = ~UINT32_C(0);
	r = steady_probe_make_vm(b, options);
	r = r ? r : irqchip(b, options, c);
	if (!r && options >> STEADY_OPTION_SVE & 1)
		r = lengths(b);
	r = r ? r : list_registers(b, c);
	if (r)
		return r;
	registers(b, c);
	if (options >> STEADY_OPTION_PMU & 1 &&
	    b->p->unvirtualised[STEADY_PMCR_N].state != STEADY_VALUE)
		counters(b);
	return 0;
}

/* A configuration that this host does not have is left out; one that failed is kept as unknown. */
static int capture_or_lose(struct steady_probe *b, uint32_t options)
{
	struct steady_configuration *c = steady_profile_add(b->p);
	char text[128], says[STEADY_ASK_SAYS];
	bool absent;
	int r;

	if (!c)
		return -STEADY_ENOMEM;
	r = capture(b, options, c);
	if (!r) {
		b->captured++;
		if (!b->p->firmware_known && c->register_list)
			r = firmware(b, c->register_list, c->register_count);
		r = r ? r : unnamed(b, c);
		r = r ? r : steady_probe_reset(b, c);
		return r ? r : steady_probe_try(b, c);
	}
	absent = steady_answer_of(b->asked, r) == STEADY_ANSWER_OPTION;
	steady_report_add(b->report, STEADY_WARNING, 0);
	steady_report_subject(b->report,
			      steady_configuration_text(options, ~UINT32_C(0),
							STEADY_IRQCHIP_UNKNOWN, text, sizeof(text)),
			      NULL);
	steady_report_reason(b->report, "%s: %s failed: %s",
			     absent ? "this host does not make such a VM" : "nothing is known of it",
			     steady_ask_ioctl(b->asked), steady_ask_says(b->asked, r, says));
	if (absent)
		drop_last(b->p);
	else
		lose(c, r);
	return 0;
}

static void progress(struct steady_probe *b)
{
	if (b->local->progress)
		b->local->progress(b->local->ctx, ++b->done, b->total);
}

/* EL2 goes with every subset of the others; what EL1 is with all of them, and alone. */
static uint32_t next_subset(uint32_t own, uint32_t options, uint32_t others)
{
	return own >> STEADY_OPTION_EL2 & 1 ? (options - 1) & others : 0;
}

/* The fullest first. */
static int capture_with_others(struct steady_probe *b, uint32_t own, uint32_t others)
{
	for (uint32_t options = others;; options = next_subset(own, options, others)) {
		int r = capture_or_lose(b, own | options);

		if (r)
			return r;
		progress(b);
		if (!options)
			return 0;
	}
}

/* An option on request with what it needs, and the others that may be beside it. */
static uint32_t on_request(const struct steady_probe *b, int option, uint32_t *others)
{
	uint32_t own = UINT32_C(1) << option;

	*others = b->available & ~steady_options[option].not_with;
	if (option == STEADY_OPTION_EL2_E2H0)
		own |= UINT32_C(1) << STEADY_OPTION_EL2;
	return own;
}

static int capture_on_request(struct steady_probe *b)
{
	int r = 0;

	for (int i = 0; i < STEADY_OPTIONS && !r; i++) {
		uint32_t others, own = on_request(b, i, &others);

		if (b->on_request >> i & 1)
			r = capture_with_others(b, own, others);
	}
	return r;
}

/* How many configurations are to be tried. */
static size_t all_of_them(const struct steady_probe *b)
{
	size_t count = (size_t)1 << __builtin_popcount(b->available);

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		uint32_t others, own = on_request(b, i, &others);

		if (!(b->on_request >> i & 1))
			continue;
		for (uint32_t options = others; options; options = next_subset(own, options, others))
			count++;
		count++;
	}
	return count;
}

static int capture_all(struct steady_probe *b)
{
	uint32_t options = b->available;

	b->total = all_of_them(b);
	/* all subsets, the fullest first, the empty one last */
	for (;; options = (options - 1) & b->available) {
		int r = capture_or_lose(b, options);

		if (r)
			return r;
		progress(b);
		if (!options)
			break;
	}
	if (b->captured)
		return capture_on_request(b);
	steady_report_add(b->report, STEADY_ERROR, STEADY_EHOST);
	steady_report_reason(b->report, "not one VM could be made and looked at");
	return -STEADY_EHOST;
}

/* ---- the kinds of cores ---- */

static int identity(struct steady_probe *b, struct steady_cpu *cpu)
{
	const struct {
		const char *name;
		uint64_t *value;
	} wanted[] = {
		{"MIDR_EL1", &cpu->midr},
		{"REVIDR_EL1", &cpu->revidr},
		{"AIDR_EL1", &cpu->aidr},
	};
	int r = steady_probe_make_vm(b, 0);

	for (size_t i = 0; i < 3 && !r; i++) {
		int reg = steady_register_by_name(wanted[i].name, strlen(wanted[i].name));
		uint64_t value[8];

		r = steady_ask_get(&b->host, 0, steady_register_id(reg), value);
		*wanted[i].value = r ? 0 : value[0];
	}
	return r;
}

static int cpus(struct steady_probe *b)
{
	uint32_t kinds = b->local->kinds ? b->local->kinds : 1;
	char number[STEADY_ERRNO_NAME];

	b->p->cpus = calloc(kinds, sizeof(*b->p->cpus));
	if (!b->p->cpus)
		return -STEADY_ENOMEM;
	for (uint32_t i = 0; i < kinds; i++) {
		int r = b->local->enter ? b->local->enter(b->local->ctx, i) : 0;

		if (r) { /* a list with one missing would be a half-truth */
			steady_report_add(b->report, STEADY_WARNING, 0);
			steady_report_subject(b->report, "MIDR_EL1", NULL);
			steady_report_reason(b->report, "a kind of core cannot be run on: %s",
					     steady_errno_name(-r, number));
			b->p->cpu_count = 0;
			return 0;
		}
		r = identity(b, &b->p->cpus[i]);
		if (r && steady_answer_of(b->asked, r) != STEADY_ANSWER_ABSENT)
			return steady_ask_failed(b->report, b->asked, "MIDR_EL1", r);
		if (r) { /* a simulated host whose profile does not say */
			note(b, "MIDR_EL1", b->asked, r);
			b->p->cpu_count = 0;
			return 0;
		}
		b->p->cpu_count++;
	}
	return 0;
}

static int texts(struct steady_probe *b)
{
	const struct steady_local *l = b->local;

	b->p->name = strdup(l->name ? l->name : "host");
	b->p->kernel = l->kernel ? strdup(l->kernel) : NULL;
	b->p->note = l->note ? strdup(l->note) : NULL;
	return !b->p->name || (l->kernel && !b->p->kernel) || (l->note && !b->p->note)
		       ? -STEADY_ENOMEM
		       : 0;
}

static int sequence(struct steady_probe *b)
{
	uint64_t ipa = 0;
	int r = steady_ask_check(&b->host, STEADY_CAP_IPA_SIZE, &ipa);

	if (r)
		return steady_ask_failed(b->report, STEADY_OP_CHECK, "ARM_VM_IPA_SIZE", r);
	b->vm_type = steady_ask_type_of(ipa);
	r = steady_ask(&b->host, STEADY_OP_CREATE_VM, 0, b->vm_type);
	if (r)
		return steady_ask_failed(b->report, STEADY_OP_CREATE_VM, NULL, r);
	memcpy(b->p->unvirtualised, b->local->unvirtualised, sizeof(b->p->unvirtualised));
	/* 0: a kernel that knows of 40 bits only */
	b->p->unvirtualised[STEADY_IPA_SIZE] = steady_probe_reading(0, ipa ? ipa : 40);
	r = texts(b);
	r = r ? r : capabilities(b);
	r = r ? r : other_capabilities(b);
	if (r)
		return r;
	find_options(b);
	masks(b);
	r = capture_all(b);
	r = r ? r : steady_probe_behaviours(b);
	r = r ? r : steady_probe_loaded(b);
	return r ? r : cpus(b);
}

int steady_probe(steady_call_fn *call, void *ctx, const struct steady_local *local,
		 struct steady_profile **profile, struct steady_report *report)
{
	struct steady_probe b = {.next = {call, ctx}, .local = local, .report = report,
				 .deep = local->deep};
	int r;

	b.host = (struct steady_host){note_and_call, &b};
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
