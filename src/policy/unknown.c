/* SPDX-License-Identifier: MIT */
#include "policy/unknown.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "base/sort.h"

#define ADVICE "use a newer steadyarm, or let guests see it: --lenient"

static const char *const names[] = {
	[STEADY_UNKNOWN_FIELD] = "field",
	[STEADY_UNKNOWN_REGISTER] = "register",
	[STEADY_UNKNOWN_SERVICE] = "service",
	[STEADY_UNKNOWN_RANGE] = "range",
};

static const char *const words[] = {
	[STEADY_UNKNOWN_FIELD] = "bits that this version has no name for",
	[STEADY_UNKNOWN_REGISTER] = "a register that this version has no name for",
	[STEADY_UNKNOWN_SERVICE] = "hypercall services that this version has no name for",
	[STEADY_UNKNOWN_RANGE] = "registers that this version does not know can be written there",
};

void steady_unknown_zero(struct steady_report *report, enum steady_unknown what, const char *reg,
			 const char *field, uint64_t value)
{
	steady_report_add(report, STEADY_NOTE, 0);
	steady_report_unknown(report, names[what]);
	steady_report_subject(report, reg, field);
	steady_report_wanted(report, "0");
	steady_report_offered(report, "0x%" PRIx64, value);
	if (value)
		steady_report_reason(report, "%s: 0x%" PRIx64 " is brought to 0", words[what], value);
	else
		steady_report_reason(report, "%s: it is 0", words[what]);
}

/* `value` NULL: nobody knows. */
static int stays(struct steady_report *report, const struct steady_model *m,
		 enum steady_unknown what, const char *reg, const char *field, const uint64_t *value,
		 const char *why)
{
	steady_report_add(report, m->lenient ? STEADY_WARNING : STEADY_ERROR,
			  m->lenient ? 0 : STEADY_EBLOCKED);
	steady_report_unknown(report, names[what]);
	steady_report_subject(report, reg, field);
	steady_report_wanted(report, "0");
	if (value)
		steady_report_offered(report, "0x%" PRIx64, *value);
	steady_report_reason(report, "%s, and %s", words[what], why);
	if (m->lenient)
		return 0;
	steady_report_advice(report, ADVICE);
	return -STEADY_EBLOCKED;
}

int steady_unknown_stays(struct steady_report *report, const struct steady_model *m,
			 enum steady_unknown what, const char *reg, const char *field,
			 uint64_t value, const char *why)
{
	return stays(report, m, what, reg, field, &value, why);
}

int steady_unknown_wide(struct steady_report *report, const struct steady_model *m, uint64_t id)
{
	char label[STEADY_ID_LABEL];

	return stays(report, m, STEADY_UNKNOWN_REGISTER, steady_id_label(id, label), NULL, NULL,
		     "at more than 512 bits it is too wide to be brought to 0");
}

/* ---- ID registers ---- */

int steady_unknown_fields(const struct steady_model *m, const struct steady_configuration *c,
			  const uint64_t target[STEADY_REGISTERS], struct steady_report *report)
{
	int result = 0;

	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int row = steady_offer_first() + i;
		const struct steady_field *f = &steady_fields[row];
		uint64_t value = steady_field_get(f, target[f->reg]);
		uint64_t has = steady_field_get(f, c->reg[f->reg].value);
		const char *reg = steady_registers[f->reg].name;

		if (!(f->flags & STEADY_FIELD_RESERVED) || !(value | has))
			continue;
		if (!value)
			steady_unknown_zero(report, STEADY_UNKNOWN_FIELD, reg, f->name, has);
		else if (m->lenient || !steady_model_tolerates_field(m, row))
			result = steady_unknown_stays(report, m, STEADY_UNKNOWN_FIELD, reg, f->name,
						      value, "KVM does not let them be 0")
					 ? -STEADY_EBLOCKED
					 : result;
	}
	return result;
}

int steady_unknown_ranges(const struct steady_model *m, uint64_t ranges,
			  struct steady_report *report)
{
	char name[24];
	int result = 0;

	for (unsigned int i = 1; i < 64; i++) {
		int r = 0;

		if (!(ranges >> i & 1))
			continue;
		snprintf(name, sizeof(name), "register range %u", i);
		r = steady_unknown_stays(report, m, STEADY_UNKNOWN_RANGE, name, NULL, ranges,
					 "what a guest reads in them is not pinned");
		result = result ? result : r;
	}
	return result;
}

/* ---- firmware ---- */

bool steady_firmware_target(const struct steady_model *m, uint64_t id, bool answers,
			    uint64_t *value)
{
	const struct steady_firmware_value *want = steady_model_firmware(m, id);
	int row = steady_firmware_by_id(id);
	bool bitmap = steady_firmware_id_is_bitmap(id);

	if (want)
		*value = answers || row < 0 ? want->value
					    : want->value & ~steady_firmware[row].opt_in;
	else if (bitmap && (row < 0 || m->firmware_count))
		*value = 0; /* services that the model does not speak of are none of its */
	else
		return false;
	return true;
}

int steady_unknown_services(const struct steady_model *m, uint64_t id, uint64_t has,
			    struct steady_report *report)
{
	int number = steady_firmware_by_id(id);
	const struct steady_firmware_row *row = &steady_firmware[number];
	uint64_t value = 0, nameless = number < 0 ? 0 : has & ~row->services;
	int r;

	if (number < 0 || row->kind != STEADY_FIRMWARE_BITMAP ||
	    !steady_firmware_target(m, id, true, &value))
		return 0;
	if (value & nameless) {
		r = steady_unknown_stays(report, m, STEADY_UNKNOWN_SERVICE, row->name, NULL,
					 nameless, "the model asks for them");
		steady_report_wanted(report, "0x%" PRIx64, value & nameless);
		return r;
	}
	/* what the model asks for and the host has not is refused for that */
	if (nameless)
		steady_unknown_zero(report, STEADY_UNKNOWN_SERVICE, row->name, NULL, nameless);
	return 0;
}

/* ---- implementation discovery ---- */

static const struct steady_firmware_row *discovery_row(void)
{
	static const char name[] = "VENDOR_HYP_BMAP_2";

	return &steady_firmware[steady_firmware_by_name(name, sizeof(name) - 1)];
}

uint64_t steady_discovery_bits(const struct steady_model *m)
{
	const struct steady_firmware_value *want = steady_model_firmware(m, discovery_row()->id);

	return want ? want->value & discovery_row()->opt_in : 0;
}

uint64_t steady_discovery_id(uint64_t *bits)
{
	*bits = discovery_row()->opt_in;
	return discovery_row()->id;
}

void steady_discovery_warn(const struct steady_model *m, struct steady_report *report)
{
	uint64_t bits = steady_discovery_bits(m);

	if (!bits)
		return;
	steady_report_add(report, STEADY_WARNING, 0);
	steady_report_subject(report, discovery_row()->name, NULL);
	steady_report_wanted(report, "0x%" PRIx64, bits);
	steady_report_offered(report, "0");
	steady_report_reason(report, "implementation discovery is left off: only a VMM that answers "
				     "its calls (steady_pin_answers) may turn it on");
}

/* ---- registers that are listed ---- */

int steady_unknown_ids(const struct steady_profile *p, const struct steady_configuration *c,
		       uint64_t **ids, size_t *count)
{
	uint64_t *all = NULL;
	size_t n = 0, kept = 0;

	*ids = NULL;
	*count = 0;
	for (int pass = 0; pass < 2; pass++) {
		n = 0;
		for (size_t i = 0; i < c->register_count; i++) {
			if (steady_id_known(c->register_list[i]))
				continue;
			if (all)
				all[n] = c->register_list[i];
			n++;
		}
		for (size_t i = 0; i < p->firmware_count; i++) {
			if (steady_id_known(p->firmware[i].id))
				continue;
			if (all)
				all[n] = p->firmware[i].id;
			n++;
		}
		if (!pass)
			all = malloc((n + 1) * sizeof(*all));
		if (!all)
			return -STEADY_ENOMEM;
	}
	steady_sort(all, n);
	for (size_t i = 0; i < n; i++) {
		if (!i || all[i] != all[i - 1])
			all[kept++] = all[i];
	}
	*ids = all;
	*count = kept;
	return 0;
}

const struct steady_reading *steady_unknown_reading(const struct steady_profile *p,
						    const struct steady_configuration *c,
						    uint64_t id, bool *zero)
{
	const struct steady_reading *r = steady_profile_firmware(p, id);
	int reg = steady_register_by_id(id);
	uint64_t mask;

	/* any bit of a bitmap can be taken away, of another firmware register nobody knows */
	*zero = steady_firmware_id_is_bitmap(id);
	if (r)
		return r->state == STEADY_NOT_CAPTURED ? NULL : r;
	if (reg >= 0) {
		*zero = steady_profile_mask(p, reg, &mask) && !(c->reg[reg].value & ~mask);
		return c->reg[reg].state == STEADY_NOT_CAPTURED ? NULL : &c->reg[reg];
	}
	for (size_t i = 0; i < p->unnamed_count; i++) {
		if (p->unnamed[i].id != id)
			continue;
		*zero = p->unnamed[i].zero;
		return &p->unnamed[i].reading;
	}
	return NULL;
}

/* `value` NULL: nobody knows. */
static void not_captured(struct steady_report *report, const char *name, const uint64_t *value,
			 const char *reason)
{
	steady_report_add(report, STEADY_WARNING, 0);
	steady_report_unknown(report, names[STEADY_UNKNOWN_REGISTER]);
	steady_report_subject(report, name, NULL);
	if (value)
		steady_report_offered(report, "0x%" PRIx64, *value);
	steady_report_reason(report, "%s, and %s", words[STEADY_UNKNOWN_REGISTER], reason);
	steady_report_advice(report, "probe the host again, or let apply try");
}

/* Whether a configuration lists it. */
static bool lists(const struct steady_configuration *c, uint64_t id)
{
	for (size_t i = 0; i < c->register_count; i++) {
		if (c->register_list[i] == id)
			return true;
	}
	return false;
}

/*
 * What it holds after a reset, of a profile whose probe took it for a guest's state: one that is listed
 * where reset values were captured, and has none, holds 0.
 */
static bool reset_value(const struct steady_profile *p, const struct steady_configuration *c,
			uint64_t id, uint64_t *value)
{
	const struct steady_reading *r = steady_profile_reset(p, c, id);
	bool captured = c->reset || (p->configurations[0].reset && lists(p->configurations, id));

	if (!steady_profile_resets(p, id) || (r ? r->state != STEADY_VALUE : !captured))
		return false;
	*value = r ? r->value : 0;
	return true;
}

/* Of one that no probe looked at as unknown. */
static void check_reset(const struct steady_profile *p, const struct steady_configuration *c,
			uint64_t id, const char *name, struct steady_report *report)
{
	uint64_t value;

	if (!reset_value(p, c, id, &value))
		not_captured(report, name, NULL, "the profile did not capture what it shows");
	else if (value)
		not_captured(report, name, &value,
			     "the profile did not capture whether KVM lets it be 0");
	else
		steady_unknown_zero(report, STEADY_UNKNOWN_REGISTER, name, NULL, 0);
}

static int check_one(const struct steady_model *m, const struct steady_profile *p,
		     const struct steady_configuration *c, uint64_t id,
		     struct steady_report *report)
{
	char label[STEADY_ID_LABEL];
	const char *name = steady_id_label(id, label);
	bool zero;
	const struct steady_reading *r = steady_unknown_reading(p, c, id, &zero);
	const struct steady_firmware_value *want = steady_model_firmware(m, id);

	if (want && want->value)
		return 0; /* of a newer version's model, which knows what it is */
	if (steady_id_wide(id))
		return steady_unknown_wide(report, m, id);
	if (!r)
		check_reset(p, c, id, name, report);
	else if (steady_reading_unknown(r))
		not_captured(report, name, NULL, "it could not be read on this host");
	if (!r || r->state != STEADY_VALUE)
		return 0; /* the answer may be that it is not there */
	if (r->value && !zero)
		return steady_unknown_stays(report, m, STEADY_UNKNOWN_REGISTER, name, NULL, r->value,
					    "KVM does not let it be 0");
	steady_unknown_zero(report, STEADY_UNKNOWN_REGISTER, name, NULL, r->value);
	return 0;
}

static int check_listed(const struct steady_model *m, const struct steady_profile *p,
			const struct steady_configuration *c, struct steady_report *report)
{
	uint64_t *ids;
	size_t count;
	int result = steady_unknown_ids(p, c, &ids, &count);

	for (size_t i = 0; i < count && result != -STEADY_ENOMEM; i++) {
		int r = check_one(m, p, c, ids[i], report);

		result = result ? result : r;
	}
	free(ids);
	return result;
}

/* All of it but the fields: what no model can speak of. */
static int check_outside(const struct steady_model *m, const struct steady_profile *p,
			 const struct steady_configuration *c, struct steady_report *report)
{
	const struct steady_reading *ranges = steady_profile_capability(p, STEADY_CAP_REG_MASKS);
	int result = 0, r;

	if (ranges && ranges->state == STEADY_VALUE)
		result = steady_unknown_ranges(m, ranges->value, report);
	for (size_t i = 0; i < p->firmware_count; i++) {
		const struct steady_firmware_reading *f = &p->firmware[i];

		if (f->reading.state != STEADY_VALUE)
			continue;
		r = steady_unknown_services(m, f->id, f->reading.value, report);
		result = result ? result : r;
	}
	r = check_listed(m, p, c, report);
	return result ? result : r;
}

int steady_check_unknown(const struct steady_model *m, const struct steady_profile *p,
			 const struct steady_configuration *c,
			 const uint64_t target[STEADY_REGISTERS], struct steady_report *report)
{
	int result = target ? steady_unknown_fields(m, c, target, report) : 0, r;

	steady_discovery_warn(m, report);
	r = check_outside(m, p, c, report);
	return result ? result : r;
}

/* ---- told of a model that is being made ---- */

/* A blocker of the hosts that use the model is a warning, a warning a note. */
static void foretell(const struct steady_finding *f, const char *host, struct steady_report *report)
{
	bool refused = f->severity == STEADY_ERROR;

	steady_report_add(report, refused ? STEADY_WARNING : STEADY_NOTE, 0);
	steady_report_host(report, host);
	steady_report_unknown(report, f->unknown);
	steady_report_subject(report, f->reg, f->field);
	if (f->wanted)
		steady_report_wanted(report, "%s", f->wanted);
	if (f->offered)
		steady_report_offered(report, "%s", f->offered);
	steady_report_reason(report, "%s", f->reason);
	if (refused)
		steady_report_advice(report, ADVICE " with check, plan, apply and run");
	else if (f->advice)
		steady_report_advice(report, "%s", f->advice);
}

int steady_unknown_foretell(const struct steady_model *m, const struct steady_profile *p,
			    const char *host, struct steady_report *report)
{
	const struct steady_configuration *c = steady_profile_find(p, m->options, m->irqchip);
	const struct steady_finding *f;
	struct steady_report *found;
	int r = c ? steady_report_new(&found) : 0;

	if (r || !c)
		return r;
	r = check_outside(m, p, c, found);
	if (r == -STEADY_ENOMEM || steady_report_failed(found)) {
		steady_report_free(found);
		return -STEADY_ENOMEM;
	}
	for (size_t i = 0; (f = steady_report_get(found, i)); i++) {
		if (f->severity != STEADY_NOTE) /* what is brought to 0 is told by those who do it */
			foretell(f, host, report);
	}
	steady_report_free(found);
	return 0;
}
