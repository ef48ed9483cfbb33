/* SPDX-License-Identifier: MIT */
#include "policy/explain.h"

#include "base/report.h"

#define FEATURES_MAX 64

void steady_explain_value(struct steady_text *out, unsigned int field, uint64_t value)
{
	const struct steady_value *v = steady_value_of((int)field, value);

	steady_text_printf(out, value > 9 ? "0x%llx" : "%llu", (unsigned long long)value);
	if (v && v->meaning && *v->meaning)
		steady_text_printf(out, " (%s)", v->meaning);
}

void steady_explain_features(struct steady_text *out, const struct steady_view *view,
			     unsigned int field, uint64_t value)
{
	const struct steady_field *f = &steady_fields[field];
	struct steady_view other = *view;
	uint16_t features[FEATURES_MAX];
	size_t count = steady_field_features((int)field, features, FEATURES_MAX);
	const char *comma = "";

	other.value[f->reg] = steady_field_put(f, other.value[f->reg], value);
	for (size_t i = 0; i < count && i < FEATURES_MAX; i++) {
		if (steady_feature_state(features[i], view) != STEADY_YES ||
		    steady_feature_state(features[i], &other) != STEADY_NO)
			continue;
		steady_text_printf(out, "%s%s", comma, steady_feature_name(features[i]));
		comma = ", ";
	}
}

/* Which of the host's features the guest would lack, or the guest's the host. */
static void features_between(struct steady_text *out, const struct steady_model *m,
			     unsigned int field, uint64_t limit)
{
	struct steady_view view;

	steady_model_view(m, &view);
	steady_explain_features(out, &view, field, limit);
}

static void reason_for(struct steady_report *report, const struct steady_model *m,
		       const struct steady_profile *p, const struct steady_configuration *c,
		       unsigned int field, uint64_t wanted)
{
	const struct steady_field *f = &steady_fields[field];
	const struct steady_register *reg = &steady_registers[f->reg];
	uint64_t limit = steady_field_get(f, c->reg[f->reg].value);
	enum steady_compare compare = steady_field_compare(f, wanted, limit);
	struct steady_text features = STEADY_TEXT_INIT;
	struct steady_text has = STEADY_TEXT_INIT;
	int option = steady_field_option((int)field);

	features_between(&features, m, field, limit);
	steady_explain_value(&has, field, limit);
	if (option >= 0 && !(steady_configuration_options(c) >> option & 1)) {
		steady_report_reason(report, "%s is off in the vCPU options",
				     steady_options[option].title);
		steady_report_advice(report, "turn it on: %s", steady_options[option].qemu);
	} else if (compare == STEADY_MORE || (compare == STEADY_UNORDERED && features.length)) {
		steady_report_reason(report, "%s%s%s has %s",
				     features.length ? "the guest needs " : "",
				     features.length ? features.data : "",
				     features.length ? "; the host" : "the host",
				     has.data ? has.data : "less");
		steady_report_advice(report, "use a baseline that includes this host");
	} else {
		steady_report_reason(report,
				     "KVM%s%s does not let this field be changed: it stays %s",
				     p->kernel ? " of " : "", p->kernel ? p->kernel : "",
				     has.data ? has.data : "as it is");
		if (f->flags & STEADY_FIELD_RESERVED)
			steady_report_advice(report,
					     "these bits have no name yet: accept them with "
					     "--tolerate %s.%s",
					     reg->name, f->name);
		else
			steady_report_advice(report,
					     "use a kernel that lets it be written (newer ones let "
					     "more), or accept the difference: --tolerate %s.%s",
					     reg->name, f->name);
	}
	steady_text_free(&features);
	steady_text_free(&has);
}

void steady_explain_field(struct steady_report *report, const struct steady_model *m,
			  const struct steady_profile *p, const struct steady_configuration *c,
			  unsigned int field, uint64_t wanted, steady_set accepts)
{
	const struct steady_field *f = &steady_fields[field];
	struct steady_text text = STEADY_TEXT_INIT;

	if (!report)
		return;
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, steady_registers[f->reg].name, f->name);
	steady_explain_value(&text, field, wanted);
	steady_report_wanted(report, "%s", text.data ? text.data : "");
	steady_text_free(&text);
	steady_set_print(f, accepts, &text);
	steady_report_offered(report, "%s", text.data ? text.data : "");
	steady_text_free(&text);
	reason_for(report, m, p, c, field, wanted);
}
