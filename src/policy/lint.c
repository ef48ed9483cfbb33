/* SPDX-License-Identifier: MIT */
/*
 * What is wrong with a CPU as it stands: rules between fields that it breaks, and registers that
 * are missing or not as the architecture has them. Every finding names its rule.
 */
#include <inttypes.h>
#include <string.h>

#include "base/report.h"
#include "policy/explain.h"
#include "policy/policy.h"

#define FIELDS_SHOWN 6

struct lint {
	const struct steady_view *view;
	struct steady_report *report; /* may be NULL */
	unsigned int errors;
	const struct steady_lint_request *request;
};

static bool named(unsigned int rule, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (steady_rule_is(rule, names[i]))
			return true;
	}
	return false;
}

static bool wanted(unsigned int rule, const struct steady_lint_request *q)
{
	return (!q->only_count || named(rule, q->only, q->only_count)) &&
	       !named(rule, q->except, q->except_count);
}

static void add(struct lint *l, unsigned int rule, const char *reg, const char *field)
{
	bool error = steady_rules[rule].severity == STEADY_RULE_ERROR;
	struct steady_report *report = l->report;

	l->errors += error;
	steady_report_add(report, error ? STEADY_ERROR : STEADY_WARNING,
			  error ? STEADY_EINVALID : 0);
	steady_report_rule(report, steady_rules[rule].name);
	steady_report_subject(report, reg, field);
}

/* ---- rules that are conditions ---- */

/* "ID_AA64PFR0_EL1.SVE is 0 (not implemented)", of each field up to FIELDS_SHOWN. */
static void put_fields(struct steady_text *out, const struct steady_view *view,
		       const uint16_t *rows, size_t count)
{
	char name[STEADY_FULLNAME];

	for (size_t i = 0; i < count && i < FIELDS_SHOWN; i++) {
		const struct steady_field *f = &steady_fields[rows[i]];

		steady_text_printf(out, "%s%s is ", i ? ", " : "",
				   steady_field_fullname(rows[i], name, sizeof(name)));
		if (view->known[f->reg])
			steady_explain_value(out, rows[i],
					     steady_field_get(f, view->value[f->reg]));
		else
			steady_text_str(out, "unknown");
	}
	if (count > FIELDS_SHOWN)
		steady_text_str(out, " and others");
}

/* "FEAT_EBF16, but not FEAT_SVE", in words that fit the rule. */
static void put_sides(struct steady_text *out, const struct steady_rule *r)
{
	static const char mirror[] = "mirror:";
	const size_t length = sizeof(mirror) - 1;

	if (strncmp(r->when, mirror, length) == 0)
		steady_text_printf(out, "the fields that mirror %s have it, its own have it not",
				   r->when + length);
	else if (strncmp(r->then, mirror, length) == 0)
		steady_text_printf(out, "%s, but the fields that mirror it have it not", r->when);
	else if (r->then[0] == '!')
		steady_text_printf(out, "%s excludes %s, which is there too", r->when, r->then + 1);
	else
		steady_text_printf(out, "%s, but not %s", r->when, r->then);
}

void steady_rule_explain(unsigned int rule, const struct steady_view *view,
			 struct steady_report *report)
{
	const struct steady_rule *r = &steady_rules[rule];
	struct steady_text text = STEADY_TEXT_INIT;
	uint16_t rows[64];
	size_t count = steady_rule_fields(rule, rows, 64);

	/* a version reads dozens of fields, of which most are as they should be */
	if (r->version || count > FIELDS_SHOWN)
		count = steady_rule_then_fields(rule, rows, 64);
	put_sides(&text, r);
	steady_text_str(&text, ": ");
	put_fields(&text, view, rows, count);
	if (r->reason)
		steady_text_printf(&text, " (%s)", r->reason);
	steady_report_reason(report, "%s", text.data ? text.data : r->name);
	steady_text_free(&text);
}

static void check_condition(struct lint *l, unsigned int rule)
{
	const struct steady_view *view = l->view;
	const struct steady_field *f = &steady_fields[steady_rule_subject(rule)];

	if (steady_rule_state_as(rule, view, l->request->version) != STEADY_NO)
		return;
	add(l, rule, steady_registers[f->reg].name, f->name);
	steady_rule_explain(rule, view, l->report);
}

/* ---- rules that are not ---- */

static void missing_register(struct lint *l, unsigned int rule)
{
	const struct steady_view *view = l->view;
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (!steady_register_is_core(reg) || view->known[reg])
			continue;
		add(l, rule, steady_registers[reg].name, NULL);
		steady_report_reason(l->report, "no value is given: a guest would see whatever the "
						"host's kernel shows");
		steady_report_advice(l->report,
				     steady_registers[reg].kind == STEADY_REGISTER_RESERVED
					     ? "give it as 0"
					     : "give its value");
	}
}

static void reserved_register(struct lint *l, unsigned int rule)
{
	const struct steady_view *view = l->view;
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (steady_registers[reg].kind == STEADY_REGISTER_ARCHITECTED ||
		    !view->known[reg] || !view->value[reg])
			continue;
		add(l, rule, steady_registers[reg].name, NULL);
		steady_report_reason(l->report,
				     "is 0x%" PRIx64 ": this register has no name yet, and "
				     "reads as 0",
				     view->value[reg]);
	}
}

/* CCSIDR_EL1 has two layouts, and the other one's bits have no rows. */
static bool is_topology(const struct steady_register *reg)
{
	for (unsigned int i = reg->first; i < reg->first + reg->fields; i++) {
		if (steady_fields[i].flags & STEADY_FIELD_TOPOLOGY)
			return true;
	}
	return false;
}

static void reserved_field(struct lint *l, unsigned int rule)
{
	const struct steady_view *view = l->view;
	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_field *f = &steady_fields[i];
		const struct steady_register *reg = &steady_registers[f->reg];

		if (!(f->flags & STEADY_FIELD_RESERVED) || !view->known[f->reg] ||
		    reg->kind != STEADY_REGISTER_ARCHITECTED || is_topology(reg) ||
		    !steady_field_get(f, view->value[f->reg]))
			continue;
		add(l, rule, reg->name, f->name);
		steady_report_reason(l->report,
				     "is %" PRIu64 ": these bits have no name yet, and read "
				     "as 0",
				     steady_field_get(f, view->value[f->reg]));
	}
}

static void reserved_value(struct lint *l, unsigned int rule)
{
	const struct steady_view *view = l->view;
	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_field *f = &steady_fields[i];
		uint64_t value = steady_field_get(f, view->value[f->reg]);

		if (f->width > 4 || !view->known[f->reg] || f->legal >> value & 1 ||
		    steady_value_of((int)i, value) ||
		    steady_field_counts((int)i, view) != STEADY_YES)
			continue;
		add(l, rule, steady_registers[f->reg].name, f->name);
		steady_report_reason(l->report,
				     "is %" PRIu64 ", which is no value that the field has", value);
	}
}

/* "option-sve": fields that KVM shows as 0 where the option is off. */
static void option_off(struct lint *l, unsigned int rule)
{
	const char *name = steady_rules[rule].name + strcspn(steady_rules[rule].name, "-") + 1;
	int option = steady_option_by_name(name, strlen(name));
	const uint32_t bit = option < 0 ? 0 : UINT32_C(1) << option;
	const char *reason = steady_rules[rule].reason;

	if (!(l->request->options_known & bit) || l->request->options & bit)
		return;
	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_field *f = &steady_fields[i];
		struct steady_text text = STEADY_TEXT_INIT;

		if (f->option != option || !l->view->known[f->reg] ||
		    !steady_field_get(f, l->view->value[f->reg]))
			continue;
		steady_explain_value(&text, i, steady_field_get(f, l->view->value[f->reg]));
		add(l, rule, steady_registers[f->reg].name, f->name);
		steady_report_reason(l->report, "is %s with %s off: KVM shows such a guest 0%s%s%s",
				     text.data ? text.data : "", steady_options[option].title,
				     reason ? " (" : "", reason ? reason : "", reason ? ")" : "");
		steady_report_advice(l->report, "turn %s on, or give 0",
				     steady_options[option].title);
		steady_text_free(&text);
	}
}

unsigned int steady_lint_version(const char *model_name)
{
	static const char start[] = "arm", end[] = "-a";
	size_t skip = sizeof(start) - 1, length;
	const char *rest;

	if (!model_name || strncmp(model_name, start, skip) != 0)
		return 0;
	length = strcspn(model_name + skip, "-");
	rest = model_name + skip + length;
	if (strncmp(rest, end, sizeof(end) - 1) != 0)
		return 0;
	rest += sizeof(end) - 1;
	if (*rest && (strncmp(rest, "-v", 2) != 0 || !rest[2] ||
		      strspn(rest + 2, "0123456789") != strlen(rest + 2)))
		return 0;
	return (unsigned int)(steady_version_by_name(model_name + skip, length) + 1);
}

int steady_lint(const struct steady_view *view, const struct steady_lint_request *request,
		struct steady_report *report)
{
	static const struct {
		const char *name;
		void (*check)(struct lint *l, unsigned int rule);
	} structure[] = {
		{"missing-register", missing_register},
		{"reserved-register", reserved_register},
		{"reserved-field", reserved_field},
		{"reserved-value", reserved_value},
		{"option-pmu", option_off},
		{"option-sve", option_off},
		{"option-ptrauth", option_off},
		{"option-mte", option_off},
		{"option-el2", option_off},
	};
	struct lint l = {.view = view, .report = report, .request = request};

	for (unsigned int i = 0; i < steady_rule_total; i++) {
		if (!wanted(i, request))
			continue;
		if (steady_rules[i].when)
			check_condition(&l, i);
		for (size_t k = 0; k < sizeof(structure) / sizeof(structure[0]); k++) {
			if (strcmp(structure[k].name, steady_rules[i].name) == 0)
				structure[k].check(&l, i);
		}
	}
	return l.errors ? -STEADY_EINVALID : 0;
}
