/* SPDX-License-Identifier: MIT */
#include "policy/model.h"

#include "policy/outside.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FEATURES_MAX 64 /* that one field tells: no field tells more */

struct steady_model *steady_model_alloc(void)
{
	return calloc(1, sizeof(struct steady_model));
}

static void free_names(char **names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(names[i]);
	free(names);
}

void steady_model_free(struct steady_model *m)
{
	if (!m)
		return;
	free_names(m->tolerated, m->tolerated_count);
	free_names(m->more, m->more_count);
	free(m->name);
	free(m->firmware);
	free(m->register_list);
	free(m->implementations);
	steady_offer_free(m->offer);
	free(m);
}

const char *steady_model_name(const struct steady_model *m)
{
	return m->name ? m->name : "";
}

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

void steady_model_set_lenient(struct steady_model *m, bool lenient)
{
	m->lenient = lenient;
}

bool steady_model_name_ok(const char *name)
{
	size_t length = strlen(name);

	if (!is_alnum(name[0]) || length > 64)
		return false;
	for (size_t i = 1; i < length; i++) {
		if (!is_alnum(name[i]) && !strchr("._+-", name[i]))
			return false;
	}
	return true;
}

int steady_model_set_name(struct steady_model *m, const char *name)
{
	char *copy;

	if (!steady_model_name_ok(name))
		return -STEADY_EUSAGE;
	copy = strdup(name);
	if (!copy)
		return -STEADY_ENOMEM;
	free(m->name);
	m->name = copy;
	return 0;
}

int steady_model_add_firmware(struct steady_model *m, uint64_t id, uint64_t value)
{
	struct steady_firmware_value *all;
	size_t at = 0;

	while (at < m->firmware_count && m->firmware[at].id < id)
		at++;
	if (at < m->firmware_count && m->firmware[at].id == id) {
		m->firmware[at].value = value;
		return 0;
	}
	all = realloc(m->firmware, (m->firmware_count + 1) * sizeof(*all));
	if (!all)
		return -STEADY_ENOMEM;
	m->firmware = all;
	memmove(all + at + 1, all + at, (m->firmware_count++ - at) * sizeof(*all));
	all[at].id = id;
	all[at].value = value;
	return 0;
}

uint32_t steady_model_irqchip(const struct steady_model *m)
{
	static const char *const names[] = {"ID_AA64PFR0_EL1.GIC", "ID_PFR1_EL1.GIC"};

	for (size_t i = 0; !m->irqchip && i < sizeof(names) / sizeof(names[0]); i++) {
		const struct steady_field *f =
			&steady_fields[steady_field_by_name(names[i], strlen(names[i]))];

		if (steady_field_get(f, m->value[f->reg]))
			return STEADY_GICV3;
	}
	return m->irqchip;
}

static int compare_cpus(const struct steady_cpu *a, const struct steady_cpu *b)
{
	if (a->midr != b->midr)
		return a->midr < b->midr ? -1 : 1;
	if (a->revidr != b->revidr)
		return a->revidr < b->revidr ? -1 : 1;
	return (a->aidr > b->aidr) - (a->aidr < b->aidr);
}

int steady_model_add_implementation(struct steady_model *m, const struct steady_cpu *cpu)
{
	struct steady_cpu *all;
	size_t at = 0;

	while (at < m->implementation_count && compare_cpus(&m->implementations[at], cpu) < 0)
		at++;
	if (at < m->implementation_count && compare_cpus(&m->implementations[at], cpu) == 0)
		return 0;
	all = realloc(m->implementations, (m->implementation_count + 1) * sizeof(*all));
	if (!all)
		return -STEADY_ENOMEM;
	m->implementations = all;
	memmove(all + at + 1, all + at, (m->implementation_count++ - at) * sizeof(*all));
	all[at] = *cpu;
	return 0;
}

bool steady_names_workaround(const char *name, size_t length)
{
	int row = steady_firmware_by_name(name, length);

	return row >= 0 && steady_firmware[row].kind == STEADY_FIRMWARE_WORKAROUND;
}

bool steady_tolerable(const char *name)
{
	int reg = steady_register_by_name(name, strlen(name));

	return steady_field_by_name(name, strlen(name)) >= 0 ||
	       steady_names_workaround(name, strlen(name)) ||
	       steady_unvirtualised_by_name(name, strlen(name)) >= 0 ||
	       steady_state_by_name(name, strlen(name)) ||
	       (reg >= 0 && steady_outside_of_register(reg) >= 0);
}

static int add_name(char ***names, size_t *count, const char *name)
{
	char **all, *copy;
	size_t at = 0;

	while (at < *count && strcmp((*names)[at], name) < 0)
		at++;
	if (at < *count && strcmp((*names)[at], name) == 0)
		return 0;
	copy = strdup(name);
	all = realloc(*names, (*count + 1) * sizeof(*all));
	if (all)
		*names = all;
	if (!copy || !all) {
		free(copy);
		return -STEADY_ENOMEM;
	}
	memmove(all + at + 1, all + at, ((*count)++ - at) * sizeof(*all));
	all[at] = copy;
	return 0;
}

static bool has_name(char *const *names, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

int steady_model_add_tolerated(struct steady_model *m, const char *name)
{
	return add_name(&m->tolerated, &m->tolerated_count, name);
}

int steady_model_add_more(struct steady_model *m, const char *name)
{
	return add_name(&m->more, &m->more_count, name);
}

void steady_model_more_only(struct steady_model *m)
{
	size_t kept = 0;

	for (size_t i = 0; i < m->tolerated_count; i++) {
		if (has_name(m->more, m->more_count, m->tolerated[i]))
			free(m->tolerated[i]);
		else
			m->tolerated[kept++] = m->tolerated[i];
	}
	m->tolerated_count = kept;
}

const char *steady_model_tolerated_at(const struct steady_model *m, size_t index, bool *more)
{
	size_t a = 0, b = 0;

	while (a < m->tolerated_count || b < m->more_count) {
		int order = a == m->tolerated_count ? 1
			    : b == m->more_count    ? -1
						    : strcmp(m->tolerated[a], m->more[b]);
		const char *name = order <= 0 ? m->tolerated[a] : m->more[b];

		*more = order > 0;
		a += order <= 0;
		b += order >= 0;
		if (!index--)
			return name;
	}
	return NULL;
}

bool steady_model_counters(const struct steady_model *m)
{
	return m->options >> STEADY_OPTION_PMU & 1 &&
	       m->unvirtualised[STEADY_PMCR_N].state == STEADY_VALUE &&
	       !steady_model_tolerates(m, steady_unvirtualised_names[STEADY_PMCR_N]);
}

bool steady_model_tolerates(const struct steady_model *m, const char *name)
{
	return has_name(m->tolerated, m->tolerated_count, name);
}

bool steady_model_tolerates_field(const struct steady_model *m, unsigned int field)
{
	int reg = steady_fields[field].reg;
	char name[STEADY_FULLNAME];

	if (m->lenient && steady_fields[field].flags & STEADY_FIELD_RESERVED)
		return true;
	if (!m->tolerated_count)
		return false;
	if (steady_outside_of_register(reg) >= 0 &&
	    steady_model_tolerates(m, steady_registers[reg].name))
		return true;
	return steady_model_tolerates(m, steady_field_fullname(field, name, sizeof(name)));
}

bool steady_model_tolerates_more_of(const struct steady_model *m, const char *name)
{
	return has_name(m->more, m->more_count, name);
}

bool steady_model_tolerates_more(const struct steady_model *m, unsigned int field)
{
	char name[STEADY_FULLNAME];

	if (!m->more_count)
		return false;
	return has_name(m->more, m->more_count, steady_field_fullname(field, name, sizeof(name)));
}

bool steady_model_misses_nothing(const struct steady_model *m, unsigned int field)
{
	uint32_t el2 = UINT32_C(1) << STEADY_OPTION_EL2 | UINT32_C(1) << STEADY_OPTION_EL2_E2H0;

	return steady_fields[field].flags & STEADY_FIELD_EL2_ONLY && !(m->options & el2) &&
	       steady_model_tolerates_field(m, field);
}

/* Whether the model has a feature that another value of this field would take away. */
static bool loses_feature(const struct steady_model *m, unsigned int field, uint64_t has)
{
	const struct steady_field *f = &steady_fields[field];
	struct steady_view view, other;
	uint16_t features[FEATURES_MAX];
	size_t count = steady_field_features((int)field, features, FEATURES_MAX);

	steady_model_view(m, &view);
	other = view;
	other.value[f->reg] = steady_field_put(f, other.value[f->reg], has);
	for (size_t i = 0; i < count && i < FEATURES_MAX; i++) {
		if (steady_feature_state(features[i], &view) == STEADY_YES &&
		    steady_feature_state(features[i], &other) != STEADY_YES)
			return true;
	}
	return false;
}

bool steady_model_lets(const struct steady_model *m, unsigned int field, uint64_t wanted,
		       uint64_t has)
{
	if (wanted == has || steady_model_tolerates_field(m, field))
		return true;
	if (!steady_model_tolerates_more(m, field))
		return false;
	switch (steady_field_compare(&steady_fields[field], has, wanted)) {
	case STEADY_LESS:
		return false;
	case STEADY_UNORDERED:
		return !loses_feature(m, field, has);
	default:
		return true;
	}
}

const struct steady_firmware_value *steady_model_firmware(const struct steady_model *m, uint64_t id)
{
	for (size_t i = 0; i < m->firmware_count; i++) {
		if (m->firmware[i].id == id)
			return &m->firmware[i];
	}
	return NULL;
}

void steady_model_view(const struct steady_model *m, struct steady_view *view)
{
	for (int i = 0; i < STEADY_REGISTERS; i++) {
		view->known[i] = m->has[i];
		view->value[i] = m->has[i] ? m->value[i] : 0;
	}
}

const char *steady_field_fullname(unsigned int field, char *out, size_t room)
{
	const struct steady_field *f = &steady_fields[field];

	snprintf(out, room, "%s.%s", steady_registers[f->reg].name, f->name);
	return out;
}
