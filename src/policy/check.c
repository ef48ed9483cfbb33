/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "policy/explain.h"
#include "policy/outside.h"
#include "policy/policy.h"
#include "policy/unknown.h"
#include "policy/workaround.h"

/* ---- registers ---- */

static void unknown(struct steady_report *report, int reg, const char *field, const char *reason)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EUNKNOWN);
	steady_report_subject(report, steady_registers[reg].name, field);
	steady_report_reason(report, "%s", reason);
	steady_report_advice(report, "probe the host again");
}

int steady_target_register(const struct steady_model *m, const struct steady_profile *p,
			   const struct steady_configuration *c, int reg, uint64_t *target,
			   struct steady_report *report)
{
	const struct steady_register *r = &steady_registers[reg];
	uint64_t limit = c->reg[reg].value;
	int result = 0;

	*target = m->value[reg];
	/* without an interrupt controller the limit is not what a guest sees */
	if (*target == limit && c->irqchip != STEADY_IRQCHIP_NONE)
		return 0;
	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		const struct steady_field *f = &steady_fields[i];
		uint64_t wanted = steady_field_get(f, m->value[reg]);
		uint64_t has = steady_field_get(f, limit);
		steady_set accepts;

		if (!steady_offer_field(p, c, i, &accepts)) {
			if (wanted == has)
				continue;
			unknown(report, reg, f->name, "what of it is writable could not be read "
						      "on this host");
			result = result ? result : -STEADY_EUNKNOWN;
			continue;
		}
		if (steady_set_has(f, accepts, wanted))
			continue;
		if (steady_model_lets(m, i, wanted, has)) {
			*target = steady_field_put(f, *target, has);
			continue;
		}
		steady_explain_field(report, m, p, c, i, wanted, accepts);
		result = -STEADY_EBLOCKED;
	}
	return result;
}

int steady_model_complete(const struct steady_model *m, struct steady_report *report)
{
	unsigned int missing = 0;
	int first = -1;

	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		if (m->has[reg])
			continue;
		first = missing++ ? first : reg;
	}
	if (!missing)
		return 0;
	steady_report_add(report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_subject(report, steady_registers[first].name, NULL);
	steady_report_reason(report, "the model gives no value for it%s: of the %d registers of the "
				     "core range %u are missing, and a guest would see what the "
				     "host has",
			     missing > 1 ? " and others" : "", STEADY_CORE_COUNT, missing);
	steady_report_advice(report, "make the model with baseline");
	return -STEADY_EINPUT;
}

static int worse(int a, int b)
{
	/* "no" is an answer, whatever else is unknown */
	return b == -STEADY_EBLOCKED || (b && !a) ? b : a;
}

static int target_core(const struct steady_model *m, const struct steady_profile *p,
		       const struct steady_configuration *c, int reg, uint64_t *target,
		       struct steady_report *report)
{
	if (c->reg[reg].state != STEADY_VALUE) {
		unknown(report, reg, NULL,
			c->reg[reg].state == STEADY_FAILED ? "it could not be read on this host"
							   : "the profile does not hold it");
		return -STEADY_EUNKNOWN;
	}
	if (m->has[reg])
		return steady_target_register(m, p, c, reg, target, report);
	*target = c->reg[reg].value; /* steady_model_complete() refuses such a model */
	return 0;
}

int steady_targets(const struct steady_model *m, const struct steady_profile *p,
		   const struct steady_configuration *c, uint64_t target[STEADY_REGISTERS],
		   struct steady_report *report)
{
	int result = 0;

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (steady_register_is_core(reg))
			result = worse(result, target_core(m, p, c, reg, &target[reg], report));
	}
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (m->has[reg] && !steady_register_is_core(reg))
			result = worse(result, steady_outside_target(m, p, c, reg, &target[reg],
								     report));
	}
	return result;
}

static void note_one(const struct steady_model *m, unsigned int field, uint64_t wanted,
		     uint64_t has, struct steady_report *report)
{
	const struct steady_field *f = &steady_fields[field];
	struct steady_text lost = STEADY_TEXT_INIT;
	bool nothing = steady_model_misses_nothing(m, field);
	struct steady_view view;

	steady_model_view(m, &view);
	if (!nothing)
		steady_explain_features(&lost, &view, field, has);
	steady_report_add(report, STEADY_NOTE, 0);
	steady_report_subject(report, steady_registers[f->reg].name, f->name);
	steady_report_wanted(report, "%" PRIu64, wanted);
	steady_report_offered(report, "%" PRIu64, has);
	if (lost.length)
		steady_report_features(report, "%s", lost.data);
	steady_report_reason(report,
			     "tolerated: the model has %" PRIu64 ", a guest here sees %" PRIu64
			     "%s%s",
			     wanted, has,
			     nothing	   ? ": it counts only at EL2, which the guest has not"
			     : lost.length ? ": it MISSES "
					   : "",
			     lost.length ? lost.data : "");
	steady_text_free(&lost);
}

/* A field that was let go is shown wherever it is met. */
void steady_note_tolerated(const struct steady_model *m, const uint64_t target[STEADY_REGISTERS],
			   struct steady_report *report)
{
	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_field *f = &steady_fields[i];
		uint64_t wanted = steady_field_get(f, m->value[f->reg]);
		uint64_t has = steady_field_get(f, target[f->reg]);

		if (m->has[f->reg] && wanted != has &&
		    steady_model_lets(m, i, wanted, has))
			note_one(m, i, wanted, has, report);
	}
}

static int blocker(struct steady_report *report, const char *subject)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, subject, NULL);
	return -STEADY_EBLOCKED;
}

/* ---- options ---- */

/* Whether any configuration leaves it open whether it has an option. */
static bool option_unknown(const struct steady_profile *p, int option)
{
	for (size_t i = 0; i < p->configuration_count; i++) {
		const struct steady_configuration *c = &p->configurations[i];
		bool told = c->options_known >> option & 1;

		for (unsigned int j = 0; j < steady_field_count && !told; j++)
			told = steady_field_option((int)j) == option &&
			       c->reg[steady_fields[j].reg].state == STEADY_VALUE;
		if (!told)
			return true;
	}
	return false;
}

static void explain_option(const struct steady_model *m, int option, struct steady_report *report)
{
	struct steady_text features = STEADY_TEXT_INIT;
	struct steady_view view;

	steady_model_view(m, &view);
	steady_explain_option(&features, &view, option);
	blocker(report, steady_options[option].name);
	steady_report_wanted(report, "on");
	steady_report_offered(report, "off");
	if (features.length)
		steady_report_features(report, "%s", features.data);
	steady_report_reason(report, "this host cannot turn %s on%s%s", steady_options[option].title,
			     features.length ? ": guests would miss " : "",
			     features.length ? features.data : "");
	steady_report_advice(report, "make a baseline that includes this host");
	steady_text_free(&features);
}

static void explain_irqchip(const struct steady_model *m, uint32_t chips,
			    struct steady_report *report)
{
	struct steady_text names = STEADY_TEXT_INIT;

	for (uint32_t chip = 0; chip < 32; chip++) {
		if (chips >> chip & 1 && steady_irqchip_name(chip))
			steady_text_printf(&names, "%s%s", names.length ? ", " : "",
					   steady_irqchip_name(chip));
	}
	blocker(report, "irqchip");
	steady_report_wanted(report, "%s", steady_irqchip_name(m->irqchip));
	steady_report_offered(report, "%s", names.data ? names.data : "none");
	steady_report_reason(report, "an interrupt controller that this host cannot give a guest");
	steady_report_advice(report, "make a baseline that includes this host");
	steady_text_free(&names);
}

/* Options of the model that no guest of this host has; *chip: whether its irqchip is one too. */
static uint32_t missing_options(const struct steady_model *m, const struct steady_profile *p,
				uint32_t *chips, bool *chip)
{
	uint32_t ever = 0, missing = 0;

	*chips = 0;
	for (size_t i = 0; i < p->configuration_count; i++) {
		ever |= steady_configuration_options(&p->configurations[i]);
		*chips |= UINT32_C(1) << p->configurations[i].irqchip;
	}
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if ((m->options & ~ever) >> i & 1 && !option_unknown(p, i))
			missing |= UINT32_C(1) << i;
	}
	*chip = m->irqchip && !(*chips >> m->irqchip & 1) &&
		!(*chips >> STEADY_IRQCHIP_UNKNOWN & 1);
	return missing;
}

/*
 * Says why no configuration of the profile has the model's options. *nearest: the one that has all
 * that this host can, so that the fields which that costs can be named, or NULL.
 */
static int explain_options(const struct steady_model *m, const struct steady_profile *p,
			   const struct steady_configuration **nearest,
			   struct steady_report *report)
{
	uint32_t chips, missing;
	char text[128];
	bool chip;

	missing = missing_options(m, p, &chips, &chip);
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (missing >> i & 1)
			explain_option(m, i, report);
	}
	if (chip)
		explain_irqchip(m, chips, report);
	*nearest = NULL;
	if (missing || chip) {
		*nearest = steady_profile_find(p, m->options & ~missing,
					       chip ? STEADY_IRQCHIP_UNKNOWN : m->irqchip);
		return -STEADY_EBLOCKED;
	}
	if (steady_options_clash(m->options) >= 0) {
		blocker(report, "vcpu_features");
		steady_explain_clash(report, m->options);
		return -STEADY_EBLOCKED;
	}
	steady_report_add(report, STEADY_ERROR, STEADY_EUNKNOWN);
	steady_report_subject(report, "vcpu_features", NULL);
	steady_report_wanted(report, "%s",
			     steady_configuration_text(m->options, ~UINT32_C(0), m->irqchip, text,
						       sizeof(text)));
	steady_report_reason(report, "the profile holds no configuration that is known to have these "
				     "vCPU options");
	steady_report_advice(report, "probe the host again");
	return -STEADY_EUNKNOWN;
}

/* ---- firmware ---- */

/* KVM_REG_ARM_PSCI_VERSION: 0.2, or 1.0 up to what the kernel has; plans have PSCI 0.2 on. */
static bool psci_accepts(uint64_t want, uint64_t has)
{
	return want == 2 ? has >= 2 : want >= 0x10000 && want <= has;
}

static bool firmware_accepts(uint64_t id, uint64_t want, uint64_t has)
{
	int row = steady_firmware_by_id(id);

	if (steady_firmware_id_is_bitmap(id))
		return !(want & ~has);
	if (row >= 0 && steady_firmware[row].kind == STEADY_FIRMWARE_PSCI)
		return psci_accepts(want, has);
	return want <= has;
}

/* What a guest sees of a workaround, with this ID_AA64PFR1_EL1. */
static uint64_t shown(const struct steady_profile *p, uint64_t id, uint64_t has, uint64_t pfr1)
{
	return steady_workaround_ssbs(pfr1) ? has : steady_workaround_without_ssbs(p, id, has);
}

static int check_one_firmware(const struct steady_model *m,
			      const struct steady_firmware_value *want,
			      const struct steady_profile *p, uint64_t pfr1,
			      struct steady_report *report)
{
	const struct steady_reading *r = steady_profile_firmware(p, want->id);
	bool bitmap = steady_firmware_id_is_bitmap(want->id);
	uint64_t has = r && r->state == STEADY_VALUE ? r->value : 0;
	int row = steady_firmware_by_id(want->id);
	char name[STEADY_FIRMWARE_LABEL];

	if (r && steady_reading_unknown(r)) {
		steady_report_add(report, STEADY_ERROR, STEADY_EUNKNOWN);
		steady_report_subject(report, steady_firmware_label(want->id, name), NULL);
		steady_report_reason(report, "it could not be read on this host");
		return -STEADY_EUNKNOWN;
	}
	if (bitmap && row >= 0)
		has |= r && r->state == STEADY_VALUE ? steady_firmware[row].opt_in : 0;
	if (r && r->state == STEADY_VALUE && steady_is_workaround(want->id))
		return steady_workaround_check(m, want->id, want->value,
					       shown(p, want->id, has, pfr1), report);
	if (firmware_accepts(want->id, want->value, has))
		return 0;
	blocker(report, steady_firmware_label(want->id, name));
	steady_report_wanted(report, "0x%" PRIx64, want->value);
	steady_report_offered(report, "0x%" PRIx64, has);
	if (!r)
		steady_report_reason(report, "its kernel does not know the register");
	else if (!bitmap && want->value <= has)
		steady_report_reason(report, "this is no value of the register");
	else if (row >= 0 && steady_firmware[row].kind == STEADY_FIRMWARE_PSCI)
		steady_report_reason(report, "PSCI %u.%u, and its kernel knows none above %u.%u",
				     (unsigned int)(want->value >> 16),
				     (unsigned int)(want->value & 0xffff), (unsigned int)(has >> 16),
				     (unsigned int)(has & 0xffff));
	else
		steady_report_reason(report, bitmap ? "hypercall services that its kernel has not"
						    : "a mitigation that this host does not give");
	steady_report_advice(report, "make a baseline that includes this host");
	return -STEADY_EBLOCKED;
}

static int check_firmware(const struct steady_model *m, const struct steady_profile *p,
			  uint64_t pfr1, struct steady_report *report)
{
	int result = 0;

	if (!p->firmware_known) {
		if (!m->firmware_count)
			return 0;
		steady_report_add(report, STEADY_WARNING, 0);
		steady_report_subject(report, "firmware", NULL);
		steady_report_reason(report, "the profile did not capture the firmware registers: "
					     "not checked");
		return 0;
	}
	for (size_t i = 0; i < m->firmware_count; i++) {
		int r = check_one_firmware(m, &m->firmware[i], p, pfr1, report);

		if (r == -STEADY_EBLOCKED || !result)
			result = r;
	}
	return result;
}

/* ---- the rest ---- */

static void not_checked(struct steady_report *report, const char *subject)
{
	steady_report_add(report, STEADY_WARNING, 0);
	steady_report_subject(report, subject, NULL);
	steady_report_reason(report, "the profile did not capture it: not checked");
}

static int check_sve(const struct steady_model *m, const struct steady_profile *p,
		     const struct steady_configuration *c, struct steady_report *report)
{
	unsigned int differ;

	if (!((m->options & steady_configuration_options(c)) >> STEADY_OPTION_SVE & 1) ||
	    steady_vl_empty(&m->sve))
		return 0;
	if (!p->sve_known)
		not_checked(report, "SVE_VLS");
	if (!p->sve_known || steady_vl_is_prefix(&m->sve, &p->sve))
		return 0;
	blocker(report, "SVE_VLS");
	steady_report_wanted(report, "vector lengths up to %u bytes", steady_vl_max(&m->sve));
	steady_report_offered(report, "others, up to %u bytes", steady_vl_max(&p->sve));
	differ = steady_vl_differ(&m->sve, &p->sve);
	steady_report_reason(report, "%u bytes are a length of the %s alone, and KVM shows a guest all "
				     "of the host's vector lengths up to the guest's maximum",
			     differ, steady_vl_has(&m->sve, differ) ? "model" : "host");
	steady_report_advice(report, "use a baseline that includes this host, or turn SVE off");
	return -STEADY_EBLOCKED;
}

static int check_implementations(const struct steady_model *m, const struct steady_profile *p,
				 struct steady_report *report)
{
	int result = 0;

	if (m->implementation_count && !p->cpu_count)
		not_checked(report, "MIDR_EL1");
	for (size_t i = 0; m->implementation_count && i < p->cpu_count; i++) {
		const struct steady_cpu *cpu = &p->cpus[i];
		struct steady_text known = STEADY_TEXT_INIT;
		bool found = false;

		for (size_t j = 0; j < m->implementation_count; j++)
			found = found || memcmp(&m->implementations[j], cpu, sizeof(*cpu)) == 0;
		if (found)
			continue;
		for (size_t j = 0; j < m->implementation_count; j++)
			steady_text_printf(&known, "%s0x%08" PRIx64, j ? " or " : "",
					   m->implementations[j].midr);
		if (steady_model_tolerates(m, "MIDR_EL1")) {
			steady_report_add(report, STEADY_WARNING, 0);
			steady_report_subject(report, "MIDR_EL1", NULL);
		} else {
			result = blocker(report, "MIDR_EL1");
		}
		steady_report_wanted(report, "%s", known.data ? known.data : "");
		steady_text_free(&known);
		steady_report_offered(report, "0x%08" PRIx64 " (REVIDR 0x%" PRIx64
				      ", AIDR 0x%" PRIx64 ")",
				      cpu->midr, cpu->revidr, cpu->aidr);
		steady_report_reason(report, "a CPU that the model's guests were not told of: its "
					     "errata would go unhandled");
		if (result)
			steady_report_advice(report, "make a baseline that includes this host");
	}
	return result;
}

static void explain_unvirtualised(struct steady_report *report, const struct steady_model *m,
				  int which, uint64_t want, uint64_t has)
{
	struct steady_text text = STEADY_TEXT_INIT;

	blocker(report, steady_unvirtualised_names[which]);
	steady_explain_unvirtualised(&text, which, want);
	steady_report_wanted(report, "%s", text.data ? text.data : "");
	steady_text_free(&text);
	steady_explain_unvirtualised(&text, which, has);
	steady_report_offered(report, "%s", text.data ? text.data : "");
	steady_text_free(&text);
	if (which == STEADY_IPA_SIZE)
		steady_report_reason(report, "a guest's memory may lie where this host cannot map it");
	else if (which == STEADY_PMCR_N)
		steady_report_reason(report, "%s", steady_explain_counters(m->options, want, has));
	else
		steady_report_reason(report, "a guest sees the hardware's own value, no write "
					     "changes it");
	steady_report_advice(report, "keep this host out of the pool, or let guests see the "
				     "difference: --tolerate %s",
			     steady_unvirtualised_names[which]);
}

static void note_unvirtualised(struct steady_report *report, int which, uint64_t want, uint64_t has)
{
	struct steady_text wants = STEADY_TEXT_INIT, sees = STEADY_TEXT_INIT;

	steady_explain_unvirtualised(&wants, which, want);
	steady_explain_unvirtualised(&sees, which, has);
	steady_report_add(report, STEADY_NOTE, 0);
	steady_report_subject(report, steady_unvirtualised_names[which], NULL);
	steady_report_wanted(report, "%s", wants.data ? wants.data : "");
	steady_report_offered(report, "%s", sees.data ? sees.data : "");
	steady_report_reason(report, "tolerated: the model has %s, a guest here sees %s",
			     wants.data ? wants.data : "", sees.data ? sees.data : "");
	steady_text_free(&wants);
	steady_text_free(&sees);
}

/* Whether the model says anything of it, and whether it says what a host has to have. */
static bool tells(const struct steady_model *m, int which)
{
	return m->unvirtualised[which].state == STEADY_VALUE &&
	       (which != STEADY_PMCR_N || m->options >> STEADY_OPTION_PMU & 1);
}

static bool asks_for(const struct steady_model *m, int which)
{
	return tells(m, which) && !steady_model_tolerates(m, steady_unvirtualised_names[which]);
}

static int check_value(const struct steady_model *m, int which, uint64_t has, bool less,
		       struct steady_report *report)
{
	uint64_t want = m->unvirtualised[which].value;

	if (!tells(m, which) || (less ? has >= want : has == want))
		return 0;
	if (!asks_for(m, which)) {
		note_unvirtualised(report, which, want, has);
		return 0;
	}
	explain_unvirtualised(report, m, which, want, has);
	return -STEADY_EBLOCKED;
}

int steady_check_passed(const struct steady_model *m, int which, uint64_t has,
			struct steady_report *report)
{
	return check_value(m, which, has, which == STEADY_IPA_SIZE, report);
}

static int check_reading(const struct steady_model *m, int which, bool less,
			 const struct steady_reading *has, struct steady_report *report)
{
	if (has->state == STEADY_VALUE)
		return check_value(m, which, has->value, less, report);
	if (asks_for(m, which))
		not_checked(report, steady_unvirtualised_names[which]);
	return 0;
}

static int check_unvirtualised(const struct steady_model *m, const struct steady_profile *p,
			       struct steady_report *report)
{
	int result = 0;

	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		bool less = i == STEADY_IPA_SIZE || /* may be given to a guest */
			    (i == STEADY_PMCR_N && steady_profile_fewer_counters(p, m->options));
		int r = check_reading(m, i, less, &p->unvirtualised[i], report);

		result = result ? result : r;
	}
	return result;
}

int steady_check_machine(const struct steady_model *m,
			 const struct steady_reading has[STEADY_UNVIRTUALISED],
			 struct steady_report *report)
{
	static const enum steady_unvirtualised machines[] = {STEADY_CNTFRQ, STEADY_DCZID,
							     STEADY_PAGE_SIZE};
	int result = 0;

	for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
		int r = check_reading(m, (int)machines[i], false, &has[machines[i]], report);

		result = result ? result : r;
	}
	return result;
}

int steady_check(const struct steady_model *m, const struct steady_profile *p,
		 struct steady_report *report)
{
	const struct steady_configuration *c = steady_profile_find(p, m->options, m->irqchip);
	uint64_t target[STEADY_REGISTERS] = {0}, pfr1;
	struct steady_caches caches;
	int result = steady_model_complete(m, report), r;

	if (result)
		return result;
	if (!c)
		result = explain_options(m, p, &c, report);
	if (!c)
		return result;
	result = worse(result, steady_close_enforced(m, p, report));
	r = steady_targets(m, p, c, target, report);
	result = worse(result, r);
	result = worse(result, steady_check_unknown(m, p, c, r ? NULL : target, report));
	pfr1 = r ? c->reg[steady_workaround_register()].value
		 : target[steady_workaround_register()];
	result = worse(result, check_firmware(m, p, pfr1, report));
	result = worse(result, check_sve(m, p, c, report));
	result = worse(result, check_implementations(m, p, report));
	result = worse(result, check_unvirtualised(m, p, report));
	result = worse(result, steady_caches_target(m, p, c, &caches, report));
	steady_note_tolerated(m, target, report);
	return result;
}
