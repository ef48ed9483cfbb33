/* SPDX-License-Identifier: MIT */
/*
 * Firecracker's custom CPU templates for aarch64 (its docs/cpu_templates/cpu-templates.md): bitmaps
 * with the most significant bit first, `x` for what is left to the host. A bitmap is as wide as its
 * register: Firecracker refuses wider ones.
 */
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>

#include "base/report.h"
#include "format/foreign.h"
#include "format/json_out.h"
#include "policy/outside.h"


/* What its vCPUs can be given; the rest of the options it does not know. */
static const uint32_t possible = UINT32_C(1) << STEADY_OPTION_SVE |
				 UINT32_C(1) << STEADY_OPTION_PTRAUTH;

static json_t *new_bitmap(uint64_t value, uint64_t left_to_host, unsigned int bits)
{
	char text[2 + 64 + 1] = "0b";

	for (unsigned int i = 0; i < bits; i++) {
		unsigned int bit = bits - 1 - i;

		text[2 + i] = left_to_host >> bit & 1 ? 'x' : value >> bit & 1 ? '1' : '0';
	}
	text[2 + bits] = '\0';
	return json_string(text);
}

/* Tolerated fields, and those of options that Firecracker cannot turn on. */
static uint64_t left_to_host(const struct steady_model *m, int reg)
{
	const struct steady_register *row = &steady_registers[reg];
	uint64_t bits = 0;

	for (unsigned int i = row->first; i < row->first + row->fields; i++) {
		int option = steady_field_option((int)i);

		if (steady_model_tolerates_field(m, i) || steady_model_tolerates_more(m, i) ||
		    (option >= 0 && m->options >> option & 1 && !(possible >> option & 1)))
			bits |= steady_field_mask(&steady_fields[i]);
	}
	return bits;
}

static void put_modifier(struct steady_json_out *o, json_t *all, uint64_t id, json_t *bitmap)
{
	json_t *one = json_object();

	steady_json_put(o, one, "addr", steady_json_new_hex(id, 16));
	steady_json_put(o, one, "bitmap", bitmap);
	steady_json_append(o, all, one);
}

static json_t *new_modifiers(struct steady_json_out *o, const struct steady_model *m)
{
	json_t *all = json_array();

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (m->has[reg])
			put_modifier(o, all, steady_register_id(reg),
				     new_bitmap(m->value[reg], left_to_host(m, reg), 64));
	}
	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		if (m->caches.has >> i & 1)
			put_modifier(o, all, steady_cache_id(i), new_bitmap(m->caches.value[i], 0, 32));
	}
	/* after the registers: WORKAROUND_2's depends on ID_AA64PFR1_EL1.SSBS */
	for (size_t i = 0; i < m->firmware_count; i++)
		put_modifier(o, all, m->firmware[i].id, new_bitmap(m->firmware[i].value, 0, 64));
	return all;
}

static json_t *new_capabilities(struct steady_json_out *o, const struct steady_model *m)
{
	json_t *all = json_array();
	char number[16];

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		for (int j = 0; j < 2 && m->options & possible & UINT32_C(1) << i; j++) {
			if (!steady_options[i].capability[j])
				continue;
			snprintf(number, sizeof(number), "%" PRIu32, steady_options[i].capability[j]);
			steady_json_append(o, all, json_string(number));
		}
	}
	return all;
}

static json_t *new_features(struct steady_json_out *o, const struct steady_model *m)
{
	uint32_t on = 0, known = 0;
	unsigned int bits = 0;
	json_t *all = json_array(), *word = json_object();

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (!(possible >> i & 1))
			continue;
		known |= steady_options[i].features;
		if (m->options >> i & 1)
			on |= steady_options[i].features;
	}
	while (known >> bits)
		bits++;
	steady_json_put(o, word, "index", json_integer(0));
	steady_json_put(o, word, "bitmap", new_bitmap(on, ~known, bits));
	steady_json_append(o, all, word);
	return all;
}

static void tell_lost(const struct steady_model *m, struct steady_report *report)
{
	const char *name;
	bool more;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (m->options >> i & 1 && !(possible >> i & 1))
			steady_foreign_lost(report, steady_options[i].name,
					    "Firecracker's guests have not %s: its fields are left to "
					    "the host", steady_options[i].title);
	}
	if (m->options >> STEADY_OPTION_SVE & 1)
		steady_foreign_lost(report, "SVE_VLS", "vector lengths cannot be given, guests have "
						       "all that the host has");
	if (m->irqchip == STEADY_GICV2)
		steady_foreign_lost(report, "irqchip", "Firecracker takes GICv3 where the host has it");
	if (m->register_list)
		steady_foreign_lost(report, "register_list", "a snapshot has what the host's kernel "
							     "lists");
	if (m->implementation_count)
		steady_foreign_lost(report, "implementations", "Firecracker does not look which CPU "
							       "it is on");
	for (size_t i = 0; (name = steady_model_tolerated_at(m, i, &more)); i++)
		steady_foreign_lost(report, name, more ? "a host may have more: left to it"
						       : "tolerated: left to the host");
	steady_foreign_lost_unvirtualised(m, report);
}

int steady_firecracker_print(const struct steady_export *e, struct steady_text *out,
			     struct steady_report *report)
{
	struct steady_json_out o = {0};
	json_t *root = json_object();
	int r;

	steady_json_put(&o, root, "kvm_capabilities", new_capabilities(&o, e->model));
	steady_json_put(&o, root, "vcpu_features", new_features(&o, e->model));
	steady_json_put(&o, root, "reg_modifiers", new_modifiers(&o, e->model));
	tell_lost(e->model, report);
	r = o.error ? o.error : steady_json_layout(root, out);
	json_decref(root);
	return r;
}
