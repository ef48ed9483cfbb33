/* SPDX-License-Identifier: MIT */
/*
 * Answers for a VMM that goes on by itself after its VM was pinned: what it may be told of the
 * host, and what of a saved stream may be written.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "pin/inside.h"
#include "policy/outside.h"
#include "policy/policy.h"
#include "policy/workaround.h"

uint32_t steady_model_features(const struct steady_model *m, uint32_t *decided)
{
	uint32_t all = 0, on = 0;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		all |= steady_options[i].features;
		if (m->options >> i & 1)
			on |= steady_options[i].features;
	}
	if (decided)
		*decided = all;
	return on;
}

uint64_t steady_pin_extension(const struct steady_pin *p, uint32_t capability, uint64_t value)
{
	bool ours = false, on = false;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		const struct steady_option_row *row = &steady_options[i];

		if (!capability ||
		    (row->capability[0] != capability && row->capability[1] != capability))
			continue;
		ours = true;
		on = on || p->model->options >> i & 1; /* EL2 has one with VHE and one without */
	}
	if (capability == STEADY_CAP_IPA_SIZE && value > steady_pin_ipa_size(p))
		return steady_pin_ipa_size(p);
	return ours && !on ? 0 : value;
}

static bool in_list(const uint64_t *list, size_t count, uint64_t id)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (list[middle] == id)
			return true;
		if (list[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* From *at on, around: kernels list in an order of their own, but mostly in the same one. */
static bool contains(const uint64_t *list, size_t count, uint64_t id, size_t *at)
{
	for (size_t i = 0; i < count; i++) {
		*at = *at + 1 < count ? *at + 1 : 0;
		if (list[*at] == id)
			return true;
	}
	return false;
}

/* Whether a guest that is moved without the register can tell. */
static bool hides_state(const struct steady_pin *p, uint64_t id)
{
	const struct steady_state_row *row = steady_state_by_id(id);
	struct steady_host host = p->host;
	uint64_t value[8];

	if (!row || steady_model_tolerates(p->model, row->name))
		return false;
	return !row->has_same_as || !p->vcpu_count ||
	       steady_ask_get(&host, p->vcpus[0], id, value) || value[0] != row->same_as;
}

static int check_hidden(const struct steady_pin *p, const uint64_t *list, size_t count,
			struct steady_report *report)
{
	const struct steady_model *m = p->model;
	int result = 0;

	for (size_t i = 0; i < count; i++) {
		if (in_list(m->register_list, m->register_count, list[i]) ||
		    !hides_state(p, list[i]))
			continue;
		steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
		steady_report_subject(report, steady_state_by_id(list[i])->name, NULL);
		steady_report_reason(report, "guests here have this register, no feature hides it, and "
					     "the model's list leaves it out: a move would lose it");
		steady_report_advice(report, "tolerate it by name: --tolerate %s",
				     steady_state_by_id(list[i])->name);
		result = -STEADY_EBLOCKED;
	}
	return result;
}

int steady_pin_reglist(const struct steady_pin *p, uint64_t *list, size_t *count,
		       struct steady_report *report)
{
	const struct steady_model *m = p->model;
	size_t kept = 0, at = 0;
	int result;

	if (!m->register_list)
		return 0;
	result = check_hidden(p, list, *count, report);
	for (size_t i = 0; i < m->register_count; i++) {
		uint64_t id = m->register_list[i];
		const char *name = steady_id_name(id);
		char number[24];

		if (contains(list, *count, id, &at))
			continue;
		snprintf(number, sizeof(number), "0x%016" PRIx64, id);
		steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
		steady_report_subject(report, name ? name : number, NULL);
		steady_report_reason(report, "the model's guests have this register and this host "
					     "does not list it");
		steady_report_advice(report, "make a baseline that includes this host");
		result = -STEADY_EBLOCKED;
	}
	for (size_t i = 0; !result && i < *count; i++) {
		if (in_list(m->register_list, m->register_count, list[i]))
			list[kept++] = list[i];
	}
	if (!result)
		*count = kept;
	return result;
}

static void refuse(struct steady_report *report, const char *reg, const char *field,
		   uint64_t wanted, uint64_t got)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, reg, field);
	steady_report_wanted(report, "0x%" PRIx64, got);
	steady_report_offered(report, "0x%" PRIx64, wanted);
	steady_report_reason(report, "the incoming guest was not pinned to this model");
}

/* Whether every field that differs is one that the model lets differ. */
static enum steady_incoming incoming_core(const struct steady_pin *p, int reg, uint64_t value,
					  struct steady_report *report)
{
	const struct steady_register *r = &steady_registers[reg];
	enum steady_incoming verdict = STEADY_SKIP;

	if (value == p->target[reg])
		return STEADY_PASS;
	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		const struct steady_field *f = &steady_fields[i];
		uint64_t wanted = steady_field_get(f, p->target[reg]);
		uint64_t got = steady_field_get(f, value);

		/* the source may have had more of it than this host, or less */
		if (wanted == got || steady_model_tolerates_field(p->model, i) ||
		    steady_model_tolerates_more(p->model, i))
			continue;
		refuse(report, r->name, f->name, wanted, got);
		verdict = STEADY_REFUSE;
	}
	return verdict;
}

/* More lengths than the model's are another CPU, and so are fewer. */
static enum steady_incoming incoming_lengths(const struct steady_pin *p, const uint64_t value[8],
					     struct steady_report *report)
{
	const struct steady_vl *want = &p->model->sve;
	struct steady_vl got;

	memcpy(got.word, value, sizeof(got.word));
	if (steady_vl_empty(want) || steady_vl_equal(&got, want))
		return STEADY_PASS;
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, "SVE_VLS", NULL);
	steady_report_wanted(report, "lengths up to %u bytes", steady_vl_max(&got));
	steady_report_offered(report, "up to %u bytes", steady_vl_max(want));
	steady_report_reason(report, "the model has other vector lengths");
	steady_report_advice(report, "in QEMU: -cpu host,sve%u=on", steady_vl_max(want) * 8);
	return STEADY_REFUSE;
}

/* Of a workaround KVM keeps nothing, and refuses what is more than it has: so it is told why. */
static enum steady_incoming incoming_firmware(const struct steady_pin *p,
					      const struct steady_firmware_target *want,
					      uint64_t value, struct steady_report *report)
{
	char label[STEADY_FIRMWARE_LABEL];
	const char *name = steady_firmware_label(want->id, label);

	if (value == want->value && !want->shown)
		return STEADY_PASS;
	if (!want->shown || !steady_workaround_lets(p->model, name, want->value, value)) {
		refuse(report, name, NULL, want->value, value);
		return STEADY_REFUSE;
	}
	if (value <= want->limit)
		return STEADY_PASS;
	refuse(report, name, NULL, want->limit, value);
	steady_report_reason(report, "the incoming guest was told of more than this host has");
	return STEADY_REFUSE;
}

enum steady_incoming steady_pin_incoming(const struct steady_pin *p, uint64_t id,
					 const uint64_t value[8], struct steady_report *report)
{
	int reg = steady_register_by_id(id), cache = steady_cache_number(id);

	if (!p->known)
		return STEADY_PASS;
	if (reg >= 0 && steady_pin_has(p, reg))
		return incoming_core(p, reg, value[0], report);
	if (id == STEADY_ID_SVE_VLS)
		return incoming_lengths(p, value, report);
	if (cache >= 0 && p->caches.has >> cache & 1 && p->caches.value[cache] != (uint32_t)value[0]) {
		refuse(report, "CCSIDR_EL1", NULL, p->caches.value[cache], (uint32_t)value[0]);
		return STEADY_REFUSE;
	}
	for (size_t i = 0; i < p->firmware_count; i++) {
		if (p->firmware[i].id == id)
			return incoming_firmware(p, &p->firmware[i], value[0], report);
	}
	return STEADY_PASS;
}
