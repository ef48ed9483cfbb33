/* SPDX-License-Identifier: MIT */
/*
 * Reads a template of Firecracker, or what its `fingerprint dump` wrote. What it leaves to the host
 * comes from a host's profile, in the configuration that Firecracker would make.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "format/foreign.h"
#include "format/json_in.h"
#include "format/lex.h"
#include "policy/outside.h"
#include "policy/policy.h"
#include "policy/workaround.h"

#define WIDEST       128 /* dumps have that many digits for a register of 64 bits */
#define FEATURE_BITS 32
#define REGISTER_MAX 4096

struct bits {
	uint64_t id, value, given; /* given: the bits that are not left to the host */
};

struct template {
	struct bits *all;
	size_t count;
	struct bits features; /* of word 0 */
	struct bits one;      /* the modifier that is being read */
	unsigned int index;
	struct steady_report *report;
};

/* ---- what a string says ---- */

/* Bits beyond `width` may be 0 or left to the host, nothing else; those beyond 64 are not kept. */
static int read_bitmap(const struct steady_json *at, unsigned int width, struct bits *out)
{
	const char *text = json_string_value(at->value);
	unsigned int digits = 0, n;
	uint64_t value = 0, given = 0;

	if (!text || strncmp(text, "0b", 2) != 0)
		return steady_json_refuse(at, "a bitmap is a string \"0b...\" of 0, 1 and x");
	for (const char *p = text + 2; *p; p++)
		digits += *p != '_';
	if (!digits || digits > WIDEST)
		return steady_json_refuse(at, "a bitmap has 1 to %d digits", WIDEST);
	n = digits;
	for (const char *p = text + 2; *p; p++) {
		if (*p == '_')
			continue;
		n--;
		if (*p != '0' && *p != '1' && *p != 'x')
			return steady_json_refuse(at, "'%c' is none of 0, 1, x and _", *p);
		if (n >= width && *p == '1')
			return steady_json_refuse(at, "bit %u is beyond the %u that there are", n,
						  width);
		if (n >= 64 || n >= width || *p == 'x')
			continue;
		given |= UINT64_C(1) << n;
		value |= (uint64_t)(*p == '1') << n;
	}
	out->value = value;
	out->given = given;
	return 0; /* the id stays */
}

static int read_address(const struct steady_json *at, void *target)
{
	struct template *t = target;
	const char *text = json_string_value(at->value);
	uint64_t id = 0;

	if (text && strncmp(text, "0b", 2) == 0 && strlen(text) > 2 && strlen(text) <= 66 &&
	    strspn(text + 2, "01") == strlen(text) - 2)
		id = strtoull(text + 2, NULL, 2);
	else if (!text || !steady_lex_hex(text, strlen(text), &id))
		return steady_json_refuse(at, "an address is a string \"0x...\" or \"0b...\"");
	t->one.id = id;
	return 0;
}

static int read_modifier_bitmap(const struct steady_json *at, void *target)
{
	struct template *t = target;
	uint64_t size = t->one.id >> 52 & 0xf; /* KVM_REG_SIZE_MASK: a power of two, in bytes */

	return read_bitmap(at, size < 4 ? 8u << size : WIDEST, &t->one);
}

/* ---- its parts ---- */

static int read_modifier(const struct steady_json *at, size_t index, void *target)
{
	static const struct steady_json_member rows[] = {
		{"addr", true, read_address},
		{"bitmap", true, read_modifier_bitmap},
	};
	struct template *t = target;
	struct bits *all;
	int r;

	if (index >= REGISTER_MAX)
		return steady_json_refuse(at, "more than %d registers", REGISTER_MAX);
	t->one = (struct bits){0};
	r = steady_json_expect(at, JSON_OBJECT);
	r = r ? r : steady_json_members(at, rows, 2, t);
	if (r)
		return r;
	for (size_t i = 0; i < t->count; i++) {
		if (t->all[i].id == t->one.id)
			return steady_json_refuse(at, "register 0x%016" PRIx64 " is given twice",
						  t->one.id);
	}
	all = realloc(t->all, (t->count + 1) * sizeof(*all));
	if (!all)
		return -STEADY_ENOMEM;
	t->all = all;
	all[t->count++] = t->one;
	return 0;
}

static int read_modifiers(const struct steady_json *at, void *target)
{
	int r = steady_json_expect(at, JSON_ARRAY);

	return r ? r : steady_json_array(at, read_modifier, target);
}

static int read_index(const struct steady_json *at, void *target)
{
	json_int_t n = json_is_integer(at->value) ? json_integer_value(at->value) : -1;

	if (n < 0 || n > 6)
		return steady_json_refuse(at, "the index of a word of features is 0 to 6");
	((struct template *)target)->index = (unsigned int)n;
	return 0;
}

static int read_feature_bitmap(const struct steady_json *at, void *target)
{
	struct template *t = target;
	struct bits word = {0};
	int r = read_bitmap(at, FEATURE_BITS, &word);

	if (r)
		return r;
	if (!t->index)
		t->features = word;
	else if (word.value)
		r = steady_json_refuse(at, "no feature of word %u is known", t->index);
	return r;
}

static int read_word(const struct steady_json *at, size_t index, void *target)
{
	static const struct steady_json_member rows[] = {
		{"index", true, read_index},
		{"bitmap", true, read_feature_bitmap},
	};
	int r = steady_json_expect(at, JSON_OBJECT);

	(void)index;
	return r ? r : steady_json_members(at, rows, 2, target);
}

static int read_features(const struct steady_json *at, void *target)
{
	int r = steady_json_expect(at, JSON_ARRAY);

	return r ? r : steady_json_array(at, read_word, target);
}

/* "171" or "!172": what Firecracker asks of KVM before it starts, nothing that a guest sees. */
static int read_capability(const struct steady_json *at, size_t index, void *target)
{
	const char *text = json_string_value(at->value);
	uint64_t number;

	(void)index;
	(void)target;
	if (text && *text == '!')
		text++;
	if (!text || !steady_lex_decimal(text, strlen(text), UINT32_MAX, &number))
		return steady_json_refuse(at, "a capability is a string of its number, after ! if it "
					      "is not wanted");
	return 0;
}

static int read_capabilities(const struct steady_json *at, void *target)
{
	int r = steady_json_expect(at, JSON_ARRAY);

	return r ? r : steady_json_array(at, read_capability, target);
}

static int read_template(const struct steady_json *at, void *target)
{
	static const struct steady_json_member rows[] = {
		{"kvm_capabilities", false, read_capabilities},
		{"vcpu_features", false, read_features},
		{"reg_modifiers", false, read_modifiers},
	};
	int r = steady_json_expect(at, JSON_OBJECT);

	return r ? r : steady_json_members(at, rows, 3, target);
}

/* `cpu-template-helper fingerprint dump`: the template of all that a guest has, and where. */
static int read_fingerprint(const struct steady_json *at, struct template *t)
{
	static const struct steady_json_member rows[] = {
		{"firecracker_version", false, NULL}, {"kernel_version", false, NULL},
		{"microcode_version", false, NULL},   {"bios_version", false, NULL},
		{"bios_revision", false, NULL},       {"guest_cpu_config", true, read_template},
	};

	return steady_json_members(at, rows, 6, t);
}

static int parse(const struct steady_import *i, struct template *t)
{
	const struct steady_json_in in = {i->text, i->length, i->file, t->report};
	struct steady_json at = {&in, NULL, NULL};
	int r = steady_json_load(&in, NULL, &at.value);

	if (r)
		return r;
	r = json_object_get(at.value, "guest_cpu_config") ? read_fingerprint(&at, t)
							   : read_template(&at, t);
	json_decref(at.value);
	return r;
}

/* ---- the model ---- */

static int wrong(const struct steady_import *i, struct steady_report *report, const char *reason,
		 const char *advice)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_file(report, i->file);
	steady_report_reason(report, "%s", reason);
	steady_report_advice(report, "%s", advice);
	return -STEADY_EINPUT;
}

static uint32_t options_of(const struct template *t)
{
	uint32_t options = 0;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		uint32_t bits = steady_options[i].features;

		if (bits && (t->features.value & bits) == bits && i != STEADY_OPTION_PMU)
			options |= UINT32_C(1) << i;
	}
	/* the bit of EL2 is also in that of EL2 without VHE */
	if (options >> STEADY_OPTION_EL2_E2H0 & 1)
		options &= ~(UINT32_C(1) << STEADY_OPTION_EL2);
	return options;
}

/* What the host shows in the configuration that Firecracker makes there. */
static int start_with_host(const struct steady_import *i, uint32_t options,
			   struct steady_model **model, struct steady_report *report)
{
	for (size_t n = 0; n < i->host->configuration_count; n++) {
		const struct steady_configuration *c = &i->host->configurations[n];

		if (steady_configuration_options(c) == options)
			return steady_model_exactly(i->host, c, model, report);
	}
	return wrong(i, report, "the host has no configuration with these vCPU features",
		     "give another --host, or probe this one again");
}

static int start_with_nothing(const struct steady_import *i, uint32_t options,
			      struct steady_model **model, struct steady_report *report)
{
	if (options >> STEADY_OPTION_SVE & 1)
		return wrong(i, report, "SVE's vector lengths are left to the host",
			     "give one: --host PROFILE");
	*model = steady_model_alloc();
	if (!*model)
		return -STEADY_ENOMEM;
	(*model)->options = options;
	return 0;
}

static int set_register(struct steady_model *m, const struct steady_import *i, int reg,
			const struct bits *b, struct steady_report *report)
{
	if (!m->has[reg] && ~b->given) {
		steady_report_add(report, STEADY_ERROR, STEADY_EINPUT);
		steady_report_file(report, i->file);
		steady_report_subject(report, steady_registers[reg].name, NULL);
		steady_report_reason(report, "bits are left to the host: 0x%016" PRIx64, ~b->given);
		steady_report_advice(report, "give one: --host PROFILE");
		return -STEADY_EINPUT;
	}
	m->value[reg] = (m->value[reg] & ~b->given) | b->value;
	m->has[reg] = true;
	return 0;
}

static int set_firmware(struct steady_model *m, const struct bits *b)
{
	for (size_t i = 0; i < m->firmware_count; i++) {
		if (m->firmware[i].id != b->id)
			continue;
		m->firmware[i].value = (m->firmware[i].value & ~b->given) | b->value;
		return 0;
	}
	return steady_model_add_firmware(m, b->id, b->value);
}

static int set_cache(struct steady_model *m, const struct steady_import *i, const struct bits *b,
		     struct steady_report *report)
{
	int number = steady_cache_number(b->id);
	uint32_t bit = UINT32_C(1) << number, given = (uint32_t)b->given;

	if (!(m->caches.has & bit) && ~given)
		return wrong(i, report, "bits of a CCSIDR_EL1 are left to the host",
			     "give one: --host PROFILE");
	m->caches.value[number] = (m->caches.value[number] & ~given) | (uint32_t)b->value;
	m->caches.has |= bit;
	return 0;
}

static int apply(struct steady_model *m, const struct steady_import *i, const struct template *t)
{
	int r = 0;

	for (size_t n = 0; n < t->count && !r; n++) {
		const struct bits *b = &t->all[n];
		int reg = steady_register_by_id(b->id);
		char id[24];
		uint64_t firmware;

		snprintf(id, sizeof(id), "0x%016" PRIx64, b->id);
		if (reg >= 0)
			r = set_register(m, i, reg, b, t->report);
		else if (steady_cache_number(b->id) >= 0)
			r = set_cache(m, i, b, t->report);
		else if (steady_lex_firmware(id, strlen(id), &firmware))
			r = set_firmware(m, b);
		else
			steady_foreign_lost(t->report, id, "not about the CPU: left out");
	}
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT && !r; reg++) {
		if (m->has[reg])
			continue;
		r = wrong(i, t->report, "left to the host, all of it", "give one: --host PROFILE");
		steady_report_subject(t->report, steady_registers[reg].name, NULL);
	}
	return r;
}

static bool given(const struct template *t, uint64_t id)
{
	for (size_t k = 0; k < t->count; k++) {
		if (t->all[k].id == id)
			return true;
	}
	return false;
}

/* What a guest of the host sees of WORKAROUND_2 once the template has taken FEAT_SSBS out. */
static void follow_ssbs(struct steady_model *m, const struct template *t)
{
	for (size_t k = 0; m->offer && k < m->offer->firmware_count; k++) {
		const struct steady_firmware_offer *f = &m->offer->firmware[k];

		for (size_t i = 0; i < m->firmware_count; i++) {
			if (m->firmware[i].id == f->id && !given(t, f->id) &&
			    !steady_workaround_ssbs(m->value[steady_workaround_register()]) &&
			    steady_is_workaround(f->id))
				m->firmware[i].value = f->without_ssbs;
		}
	}
}

int steady_firecracker_read(const struct steady_import *i, struct steady_model **out,
			    struct steady_report *report)
{
	struct template t = {.report = report};
	struct steady_model *m = NULL;
	uint32_t options;
	int r = parse(i, &t);

	options = options_of(&t);
	r = r ? r : i->host ? start_with_host(i, options, &m, report)
			    : start_with_nothing(i, options, &m, report);
	r = r ? r : apply(m, i, &t);
	if (!r)
		follow_ssbs(m, &t);
	if (!r && m->offer) { /* of the host, not of the template */
		steady_offer_free(m->offer);
		m->offer = NULL;
	}
	free(t.all);
	if (r)
		steady_model_free(m);
	else
		*out = m;
	return r;
}
