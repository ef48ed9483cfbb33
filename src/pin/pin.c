/* SPDX-License-Identifier: MIT */
/*
 * The life of a pin: brings the VM behind a call function to a model and proves it by reading.
 *
 * What the first vCPU shows after KVM_ARM_VCPU_INIT are the limits that KVM checks writes against.
 * Whether ID registers belong to the VM or to each vCPU is found out by reading those that were to be
 * changed: one that already has its value on a later vCPU is not written again.
 */
#include "pin/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "policy/explain.h"
#include "policy/outside.h"
#include "policy/policy.h"
#include "policy/unknown.h"
#include "policy/workaround.h"

#define CORE_END     (STEADY_CORE_FIRST + STEADY_CORE_COUNT)
#define BITMAP_FIRST UINT64_C(0x6030000000160000)
int steady_pin_new(const struct steady_model *model, steady_call_fn *call, void *ctx,
		   struct steady_pin **pin)
{
	struct steady_pin *p = calloc(1, sizeof(*p));

	if (!p)
		return -STEADY_ENOMEM;
	p->model = model;
	p->host = (struct steady_host){call, ctx};
	p->live = steady_profile_alloc();
	if (!p->live || !steady_profile_add(p->live)) {
		steady_pin_free(p);
		return -STEADY_ENOMEM;
	}
	*pin = p;
	return 0;
}

void steady_pin_free(struct steady_pin *p)
{
	if (!p)
		return;
	steady_profile_free(p->live);
	free(p->met);
	free(p->pending);
	free(p->vcpus);
	free(p);
}

/* ---- before the registers ---- */

static int option_blocked(const struct steady_pin *p, struct steady_report *report, int option,
			  const char *reason)
{
	struct steady_text features = STEADY_TEXT_INIT;
	struct steady_view view;

	steady_model_view(p->model, &view);
	steady_explain_option(&features, &view, option);
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, steady_options[option].name, NULL);
	steady_report_wanted(report, "on");
	steady_report_offered(report, "off");
	if (features.length)
		steady_report_features(report, "%s", features.data);
	steady_report_reason(report, "the model has %s, and %s%s%s", steady_options[option].title,
			     reason, features.length ? ": guests would miss " : "",
			     features.length ? features.data : "");
	steady_text_free(&features);
	return -STEADY_EBLOCKED;
}

/* An option that the model has: whether this host has it, and it is turned on where that is ours. */
static int need_option(struct steady_pin *p, int option, struct steady_report *report)
{
	const struct steady_option_row *row = &steady_options[option];
	int r;

	for (int j = 0; j < 2 && row->capability[j]; j++) {
		uint64_t value = 0;

		r = steady_ask_check(&p->host, row->capability[j], &value);
		if (r)
			return steady_ask_failed(report, STEADY_OP_CHECK, row->name, r);
		if (!value)
			return option_blocked(p, report, option, "this host has not");
	}
	if (!row->enable_cap)
		return 0;
	r = steady_ask(&p->host, STEADY_OP_ENABLE_CAP, 0, row->enable_cap);
	if (steady_answer_of(STEADY_OP_ENABLE_CAP, r) == STEADY_ANSWER_OPTION)
		return steady_ask_blocked(report, STEADY_OP_ENABLE_CAP, row->name, r);
	return r ? steady_ask_failed(report, STEADY_OP_ENABLE_CAP, row->name, r) : 0;
}

int steady_pin_vm(struct steady_pin *p, struct steady_report *report)
{
	int result = steady_pin_allow_identity(p, report);

	if (result)
		return result;
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		int r = p->model->options >> i & 1 ? need_option(p, i, report) : 0;

		if (r && r != -STEADY_EBLOCKED)
			return r;
		result = result ? result : r; /* all that are missing are told */
	}
	return result;
}

int steady_pin_features(struct steady_pin *p, uint32_t *features, struct steady_report *report)
{
	uint32_t result = *features;
	int r = 0;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		uint32_t bits = steady_options[i].features;

		if (!bits)
			continue;
		if (!(p->model->options >> i & 1)) {
			/* EL2 without VHE has the bit of EL2, which the model may have by itself */
			if (i != STEADY_OPTION_EL2_E2H0 ||
			    !(p->model->options >> STEADY_OPTION_EL2 & 1))
				result &= ~bits;
			else
				result &= ~(bits & ~steady_options[STEADY_OPTION_EL2].features);
		} else if ((*features & bits) != bits) {
			r = option_blocked(p, report, i, "the VMM did not ask for it");
			if (steady_options[i].qemu)
				steady_report_advice(report, "in QEMU: %s", steady_options[i].qemu);
			else
				steady_report_advice(report, "no release of QEMU has a switch for it: make "
							     "the model without, or use another VMM");
		}
	}
	if (!r)
		*features = result;
	return r;
}

/* ---- what the VM shows ---- */

/* That a host does not have a register is an answer: then it cannot show the model. */
int steady_pin_not_read(struct steady_report *report, const char *name, int r)
{
	if (steady_answer_of(STEADY_OP_GET, r) == STEADY_ANSWER_ABSENT)
		return steady_ask_blocked(report, STEADY_OP_GET, name, r);
	return steady_ask_failed(report, STEADY_OP_GET, name, r);
}

static int read_one(struct steady_pin *p, uint32_t vcpu, int reg, uint64_t *out,
		    struct steady_report *report)
{
	uint64_t value[8];
	int r = steady_ask_get(&p->host, vcpu, steady_register_id(reg), value);

	if (r)
		return steady_pin_not_read(report, steady_registers[reg].name, r);
	*out = value[0];
	return 0;
}

/* All that the model has, the 56 in any case, or the first failure. */
static int read_core(struct steady_pin *p, uint32_t vcpu, uint64_t out[STEADY_REGISTERS],
		     struct steady_report *report)
{
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		int r = steady_pin_has(p, reg) ? read_one(p, vcpu, reg, &out[reg], report) : 0;

		if (r)
			return r;
	}
	return 0;
}

/*
 * What KVM_ARM_VCPU_INIT may have changed on a later vCPU, or at a reset: where the target is the
 * limit, a register has it whether it was kept or begun anew, and need not be read.
 */
static int read_written(struct steady_pin *p, uint32_t vcpu, uint64_t out[STEADY_REGISTERS],
			struct steady_report *report)
{
	const struct steady_configuration *c = &p->live->configurations[0];

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		int r;

		out[reg] = p->target[reg];
		if (!steady_pin_has(p, reg) || c->reg[reg].value == p->target[reg])
			continue;
		r = read_one(p, vcpu, reg, &out[reg], report);
		if (r)
			return r;
	}
	return 0;
}

/* A kernel that has no writable masks lets nothing be written. */
static int read_masks(struct steady_pin *p, struct steady_report *report)
{
	uint64_t masks[STEADY_REGISTERS] = {0};
	uint64_t has = 0;
	int r = steady_ask_check(&p->host, STEADY_CAP_REG_MASKS, &has);

	if (r)
		return steady_ask_failed(report, STEADY_OP_CHECK, "ARM_SUPPORTED_REG_MASK_RANGES",
					 r);
	p->ranges = has;
	if (has & 1) {
		r = steady_ask_masks(&p->host, masks);
		if (r)
			return steady_ask_failed(report, STEADY_OP_MASKS, NULL, r);
	}
	for (int i = 0; i < STEADY_REGISTERS; i++)
		p->live->writable[i] =
			(struct steady_reading){.value = masks[i], .state = STEADY_VALUE};
	return 0;
}

static int add_firmware(struct steady_pin *p, uint64_t id, uint64_t has,
			struct steady_report *report)
{
	uint64_t value;
	int r = steady_unknown_services(p->model, id, has, report);

	if (r || !steady_firmware_target(p->model, id, p->answers, &value))
		return r;
	if (p->firmware_count < STEADY_FIRMWARE_MAX)
		p->firmware[p->firmware_count++] =
			(struct steady_firmware_target){id, value, has,
							steady_is_workaround(id)};
	return 0;
}

static int firmware_missing(struct steady_report *report, const struct steady_firmware_value *want)
{
	char name[STEADY_FIRMWARE_LABEL];

	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, steady_firmware_label(want->id, name), NULL);
	steady_report_wanted(report, "0x%" PRIx64, want->value);
	steady_report_reason(report, "this host's kernel does not know the register");
	return -STEADY_EBLOCKED;
}

/* Reads one firmware register and takes it in; `has` tells whether there is one. */
static int find_one_firmware(struct steady_pin *p, uint32_t vcpu, uint64_t id,
			     struct steady_report *report)
{
	const struct steady_firmware_value *want = steady_model_firmware(p->model, id);
	char name[STEADY_FIRMWARE_LABEL];
	uint64_t value[8];
	int r = steady_ask_get(&p->host, vcpu, id, value);

	if (steady_answer_of(STEADY_OP_GET, r) == STEADY_ANSWER_ABSENT)
		return want && want->value ? firmware_missing(report, want) : 0;
	if (r)
		return steady_ask_failed(report, STEADY_OP_GET, steady_firmware_label(id, name), r);
	return add_firmware(p, id, value[0], report);
}

static int find_firmware(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	int result = 0, r;

	if (!p->model->firmware_count)
		return 0;
	for (size_t i = 0; i < p->model->firmware_count; i++) {
		uint64_t id = p->model->firmware[i].id;

		if (id >= BITMAP_FIRST && id < BITMAP_FIRST + STEADY_BITMAPS)
			continue; /* below, with those that the model does not speak of */
		r = find_one_firmware(p, vcpu, id, report);
		result = result ? result : r;
	}
	for (uint64_t n = 0; n < STEADY_BITMAPS; n++) {
		const struct steady_firmware_value *want =
			steady_model_firmware(p->model, BITMAP_FIRST + n);

		if (steady_firmware_by_id(BITMAP_FIRST + n) < 0 && !(want && want->value))
			continue; /* rest.c's */
		r = find_one_firmware(p, vcpu, BITMAP_FIRST + n, report);
		result = result ? result : r;
	}
	return result;
}

/* The first vCPU: learns the limits and decides what every register shall be. */
static int learn(struct steady_pin *p, uint32_t vcpu, const uint64_t now[STEADY_REGISTERS],
		 struct steady_report *report)
{
	struct steady_configuration *c = &p->live->configurations[0];
	int r, result;

	r = read_masks(p, report);
	if (r)
		return r;
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (steady_pin_has(p, reg))
			c->reg[reg] = (struct steady_reading){.value = now[reg],
							      .state = STEADY_VALUE};
	}
	r = steady_pin_learn_outside(p, vcpu, report);
	if (r)
		return r;
	c->options = p->model->options;
	c->options_known = ~UINT32_C(0);
	c->irqchip = p->model->irqchip;
	p->firmware_count = 0;
	result = steady_model_complete(p->model, report);
	r = steady_pin_check_identity(p, vcpu, report);
	result = result ? result : r;
	r = steady_pin_check_outside(p, now, report);
	result = result ? result : r;
	r = steady_caches_target(p->model, p->live, c, &p->caches, report);
	result = result ? result : r;
	r = find_firmware(p, vcpu, report);
	result = result ? result : r;
	if (result == -STEADY_EBLOCKED) /* it comes to no write: all that would be refused is told */
		steady_targets(p->model, p->live, c, p->target, report);
	if (result)
		return result;
	/* what is foreseen to be refused is tried all the same: the kernel has the last word */
	r = steady_targets(p->model, p->live, c, p->target, NULL);
	if (r && r != -STEADY_EBLOCKED)
		return r;
	if (!p->answers)
		steady_discovery_warn(p->model, report);
	result = r ? 0 : steady_unknown_fields(p->model, c, p->target, report);
	r = steady_unknown_ranges(p->model, p->ranges, report);
	result = result ? result : r;
	if (result)
		return result;
	p->known = true;
	return 0;
}

/* ---- writing ---- */

/* What became of a write: not accepted, too late, or nobody knows. */
int steady_pin_not_written(struct steady_report *report, const char *name, int r)
{
	char says[STEADY_ASK_SAYS];

	switch (steady_answer_of(STEADY_OP_SET, r)) {
	case STEADY_ANSWER_FROZEN:
		steady_report_add(report, STEADY_ERROR, STEADY_EFROZEN);
		steady_report_subject(report, name, NULL);
		steady_report_reason(report, "KVM refused the value: %s",
				     steady_ask_says(STEADY_OP_SET, r, says));
		return -STEADY_EFROZEN;
	case STEADY_ANSWER_REFUSED:
	case STEADY_ANSWER_ABSENT:
		steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
		steady_report_subject(report, name, NULL);
		steady_report_reason(report, "KVM refused the value: %s",
				     steady_ask_says(STEADY_OP_SET, r, says));
		return -STEADY_EBLOCKED;
	default:
		return steady_ask_failed(report, STEADY_OP_SET, name, r);
	}
}

/* A finding for each field whose value the host is known not to accept; how many there are. */
static unsigned int explain_refusal(struct steady_pin *p, int reg, struct steady_report *report)
{
	const struct steady_configuration *c = &p->live->configurations[0];
	const struct steady_register *row = &steady_registers[reg];
	unsigned int count = 0;
	uint64_t target;

	if (!steady_register_is_core(reg))
		return steady_outside_target(p->model, p->live, c, reg, &target, report) != 0;

	for (unsigned int i = row->first; i < row->first + row->fields; i++) {
		const struct steady_field *f = &steady_fields[i];
		uint64_t wanted = steady_field_get(f, p->target[reg]);
		steady_set accepts;

		if (wanted == steady_field_get(f, c->reg[reg].value) ||
		    !steady_offer_field(p->live, c, i, &accepts) ||
		    steady_set_has(f, accepts, wanted))
			continue;
		steady_explain_field(report, p->model, p->live, c, i, wanted, accepts);
		count++;
	}
	return count;
}

static int refused(struct steady_pin *p, int reg, int r, struct steady_report *report)
{
	enum steady_answer answer = steady_answer_of(STEADY_OP_SET, r);

	if (answer == STEADY_ANSWER_REFUSED && explain_refusal(p, reg, report))
		return -STEADY_EBLOCKED;
	r = steady_pin_not_written(report, steady_registers[reg].name, r);
	if (r == -STEADY_EBLOCKED || r == -STEADY_EFROZEN) {
		steady_report_wanted(report, "0x%016" PRIx64, p->target[reg]);
		steady_report_offered(report, "0x%016" PRIx64,
				      p->live->configurations[0].reg[reg].value);
	}
	return r;
}

static int write_core(struct steady_pin *p, uint32_t vcpu, const uint64_t now[STEADY_REGISTERS],
		      struct steady_report *report)
{
	int result = 0;

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		int r;

		if (!steady_pin_has(p, reg) || now[reg] == p->target[reg])
			continue;
		r = steady_ask_set64(&p->host, vcpu, steady_register_id(reg), p->target[reg]);
		if (r)
			r = refused(p, reg, r, report);
		result = result ? result : r;
	}
	return result;
}

static int write_one_firmware(struct steady_pin *p, uint32_t vcpu,
			      const struct steady_firmware_target *want, struct steady_report *report)
{
	uint64_t value[8];
	char label[STEADY_FIRMWARE_LABEL];
	const char *name = steady_firmware_label(want->id, label);
	int r;

	if (want->shown || want->limit == want->value) /* as in read_written() */
		return 0;
	r = steady_ask_get(&p->host, vcpu, want->id, value);
	if (r)
		return steady_pin_not_read(report, name, r);
	if (value[0] == want->value)
		return 0;
	r = steady_ask_set64(&p->host, vcpu, want->id, want->value);
	if (!r)
		return 0;
	r = steady_pin_not_written(report, name, r);
	if (r == -STEADY_EBLOCKED || r == -STEADY_EFROZEN) {
		steady_report_wanted(report, "0x%" PRIx64, want->value);
		steady_report_offered(report, "0x%" PRIx64, value[0]);
	}
	return r;
}

/*
 * Workarounds, which nothing is written to, once the ID registers stand: what a guest sees of
 * WORKAROUND_2 depends on ID_AA64PFR1_EL1.SSBS.
 */
static int check_workarounds(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	int pfr1 = steady_workaround_register(), result = 0, r;
	bool changed = p->live->configurations[0].reg[pfr1].value != p->target[pfr1];

	for (size_t i = 0; i < p->firmware_count; i++) {
		struct steady_firmware_target *want = &p->firmware[i];
		uint64_t value[8];

		if (!want->shown)
			continue;
		r = changed ? steady_ask_get(&p->host, vcpu, want->id, value) : 0;
		if (r)
			return steady_pin_not_read(report, steady_id_name(want->id), r);
		want->limit = changed ? value[0] : want->limit;
		r = steady_workaround_check(p->model, want->id, want->value, want->limit, report);
		result = result ? result : r;
	}
	return result;
}

static int write_firmware(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	int result = 0;

	for (size_t i = 0; i < p->firmware_count; i++) {
		int r = write_one_firmware(p, vcpu, &p->firmware[i], report);

		result = result ? result : r;
	}
	return result;
}

static bool wants_sve(const struct steady_pin *p)
{
	return p->model->options >> STEADY_OPTION_SVE & 1 && !steady_vl_empty(&p->model->sve);
}

static int write_sve(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	struct steady_vl has;
	int r;

	if (!wants_sve(p))
		return 0;
	r = steady_ask_get(&p->host, vcpu, STEADY_ID_SVE_VLS, has.word);
	if (r)
		return steady_pin_not_read(report, "SVE_VLS", r);
	if (steady_vl_equal(&has, &p->model->sve))
		return 0;
	r = steady_ask_set(&p->host, vcpu, STEADY_ID_SVE_VLS, p->model->sve.word);
	if (!r)
		return 0;
	r = steady_pin_not_written(report, "SVE_VLS", r);
	if (r == -STEADY_EBLOCKED) {
		steady_report_wanted(report, "vector lengths up to %u bytes",
				     steady_vl_max(&p->model->sve));
		steady_report_offered(report, "up to %u bytes", steady_vl_max(&has));
	}
	return r;
}

static bool is_pinned(const struct steady_pin *p, uint32_t vcpu)
{
	for (size_t i = 0; i < p->vcpu_count; i++) {
		if (p->vcpus[i] == vcpu)
			return true;
	}
	return false;
}

static int remember(struct steady_pin *p, uint32_t vcpu)
{
	uint32_t *all = realloc(p->vcpus, (p->vcpu_count + 1) * sizeof(*all));

	if (!all)
		return -STEADY_ENOMEM;
	p->vcpus = all;
	all[p->vcpu_count++] = vcpu;
	return 0;
}

int steady_pin_vcpu(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	uint64_t now[STEADY_REGISTERS] = {0};
	bool first = !p->known;
	int r = first ? read_core(p, vcpu, now, report) : read_written(p, vcpu, now, report);

	if (!r && first)
		r = learn(p, vcpu, now, report);
	r = r ? r : write_core(p, vcpu, now, report);
	if (!r && first)
		r = check_workarounds(p, vcpu, report);
	r = r ? r : steady_pin_write_caches(p, vcpu, report);
	r = r ? r : steady_pin_write_counters(p, vcpu, report);
	r = r ? r : write_firmware(p, vcpu, report);
	r = r ? r : write_sve(p, vcpu, report);
	if (r || is_pinned(p, vcpu)) /* a reset */
		return r ? r : steady_pin_rest_again(p, vcpu, report);
	r = steady_pin_rest(p, vcpu, report);
	return r ? r : remember(p, vcpu);
}

/* ---- reading back ---- */

void steady_pin_mismatch(struct steady_report *report, const char *reg, const char *field,
		     uint32_t vcpu, uint64_t wanted, uint64_t got, const char *stage)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EMISMATCH);
	steady_report_subject(report, reg, field);
	steady_report_wanted(report, "0x%" PRIx64, wanted);
	steady_report_offered(report, "0x%" PRIx64, got);
	steady_report_reason(report, "vCPU %" PRIu32 " reads back another value %s", vcpu, stage);
}

/*
 * The bits that read back otherwise than they may, each field told. What the model tolerates may change
 * after it was looked at: KVM 6.18 sets the GIC fields when the GIC is made.
 */
static uint64_t wrong_bits(struct steady_pin *p, int reg, uint32_t vcpu, uint64_t now, const char *stage,
			   struct steady_report *report)
{
	const struct steady_register *row = &steady_registers[reg];
	uint64_t wrong = now ^ p->target[reg], model = p->model->value[reg];

	for (unsigned int i = row->first; wrong && i < row->first + row->fields; i++) {
		const struct steady_field *f = &steady_fields[i];
		uint64_t wanted = steady_field_get(f, p->target[reg]);
		uint64_t got = steady_field_get(f, now);

		if (wanted != got && steady_model_lets(p->model, i, steady_field_get(f, model), got))
			wrong &= ~steady_field_mask(f);
		else if (wanted != got)
			steady_pin_mismatch(report, row->name, f->name, vcpu, wanted, got, stage);
	}
	return wrong;
}

static int compare_core(struct steady_pin *p, uint32_t vcpu, const char *stage,
			struct steady_report *report)
{
	uint64_t now[STEADY_REGISTERS] = {0};
	int r = read_core(p, vcpu, now, report);
	uint64_t wrong = 0;

	for (int reg = 0; !r && reg < STEADY_REGISTERS; reg++) {
		if (steady_pin_has(p, reg))
			wrong |= wrong_bits(p, reg, vcpu, now[reg], stage, report);
	}
	return r || !wrong ? r : -STEADY_EMISMATCH;
}

/* Whether a register without a name is none that a guest changes: no state of its own. */
static bool is_fixed(uint64_t id)
{
	return steady_firmware_id_is_bitmap(id) || steady_register_by_id(id) >= 0;
}

static int compare_rest(struct steady_pin *p, uint32_t vcpu, const char *stage,
			struct steady_report *report)
{
	struct steady_vl has;
	int result = 0, r;

	for (size_t i = 0; i < p->firmware_count; i++) {
		uint64_t value[8], wanted;
		char name[STEADY_FIRMWARE_LABEL];

		r = steady_ask_get(&p->host, vcpu, p->firmware[i].id, value);
		if (r)
			return steady_pin_not_read(report, steady_firmware_label(p->firmware[i].id, name), r);
		wanted = p->firmware[i].shown ? p->firmware[i].limit : p->firmware[i].value;
		if (value[0] == wanted)
			continue;
		steady_pin_mismatch(report, steady_firmware_label(p->firmware[i].id, name), NULL, vcpu,
			 wanted, value[0], stage);
		result = -STEADY_EMISMATCH;
	}
	for (size_t i = 0; i < p->met_count; i++) {
		uint64_t value[8];
		char name[STEADY_FIRMWARE_LABEL];

		if (!is_fixed(p->met[i]))
			continue;
		r = steady_ask_get(&p->host, vcpu, p->met[i], value);
		if (r)
			return steady_pin_not_read(report, steady_id_label(p->met[i], name), r);
		if (!value[0])
			continue;
		steady_pin_mismatch(report, steady_id_label(p->met[i], name), NULL, vcpu, 0, value[0], stage);
		result = -STEADY_EMISMATCH;
	}
	if (!wants_sve(p))
		return result;
	r = steady_ask_get(&p->host, vcpu, STEADY_ID_SVE_VLS, has.word);
	if (r)
		return steady_pin_not_read(report, "SVE_VLS", r);
	if (!steady_vl_equal(&has, &p->model->sve)) {
		steady_pin_mismatch(report, "SVE_VLS", NULL, vcpu, steady_vl_max(&p->model->sve),
			 steady_vl_max(&has), stage);
		result = -STEADY_EMISMATCH;
	}
	return result;
}

static int check_vcpu(struct steady_pin *p, uint32_t vcpu, const char *stage,
		      struct steady_report *report)
{
	int result = steady_pin_pending(p, vcpu, report);
	int r;

	result = result ? result : compare_core(p, vcpu, stage, report);
	if (result && result != -STEADY_EMISMATCH)
		return result;
	r = steady_pin_compare_caches(p, vcpu, stage, report);
	if (!r || r == -STEADY_EMISMATCH) {
		int counters = steady_pin_compare_counters(p, vcpu, stage, report);

		r = counters ? counters : r;
	}
	result = r && (!result || r != -STEADY_EMISMATCH) ? r : result;
	if (result && result != -STEADY_EMISMATCH)
		return result;
	r = compare_rest(p, vcpu, stage, report);
	return r && (!result || r != -STEADY_EMISMATCH) ? r : result;
}

int steady_pin_check_vcpu(struct steady_pin *p, uint32_t vcpu, struct steady_report *report)
{
	return p->known ? check_vcpu(p, vcpu, "than was written", report) : -STEADY_EUSAGE;
}

int steady_pin_check_at(struct steady_pin *p, const char *stage, struct steady_report *report)
{
	int result = 0;

	if (!p->vcpu_count)
		return -STEADY_EUSAGE;
	for (size_t i = 0; i < p->vcpu_count; i++) {
		int r = check_vcpu(p, p->vcpus[i], stage, report);

		if (r && r != -STEADY_EMISMATCH)
			return r;
		result = result ? result : r;
	}
	return result;
}

int steady_pin_check(struct steady_pin *p, struct steady_report *report)
{
	return steady_pin_check_at(p, "than was written", report);
}

const uint64_t *steady_pin_target(const struct steady_pin *p)
{
	return p->known ? p->target : NULL;
}
