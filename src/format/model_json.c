/* SPDX-License-Identifier: MIT */
/*
 * CPU models as JSON: the equal of the canonical text, and the offer with it (offer_json.c).
 * vCPU options that are not named are off, as in the text.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "format/json_in.h"
#include "format/json_out.h"
#include "format/lex.h"
#include "format/model_json.h"
#include "format/offer_json.h"

#define FORMAT "steadyarm-model"

static int read_name(const struct steady_json *at, void *target)
{
	int err = steady_json_expect(at, JSON_STRING);

	if (err)
		return err;
	if (!steady_model_name_ok(json_string_value(at->value)))
		return steady_json_refuse_string(at, "is no model name (1 to 64 letters, digits "
						     "and . _ + -, first a letter or digit)");
	return steady_model_set_name(target, json_string_value(at->value));
}

static int read_register(const struct steady_json *at, int reg, void *target)
{
	struct steady_model *m = target;
	int err;

	if (m->has[reg])
		return steady_json_twice(at);
	err = steady_json_hex(at, &m->value[reg]);
	m->has[reg] = !err;
	return err;
}

static int read_registers(const struct steady_json *at, void *target)
{
	static const struct steady_json_names names = {"feature ID register",
						       steady_register_by_name, read_register};
	int err = steady_json_named(at, &names, target);

	if (!err && !json_object_size(at->value))
		err = steady_json_refuse(at, "no register at all");
	return err;
}

static int read_firmware_register(const struct steady_json *at, uint64_t id, void *target)
{
	struct steady_model *m = target;
	uint64_t value;
	int err;

	if (steady_model_firmware(m, id))
		return steady_json_twice(at);
	err = steady_json_hex(at, &value);
	return err ? err : steady_model_add_firmware(m, id, value);
}

static int read_firmware(const struct steady_json *at, void *target)
{
	return steady_json_firmware(at, read_firmware_register, target);
}

static int read_options(const struct steady_json *at, void *target)
{
	struct steady_json_options options;
	int err = steady_json_options(at, &options);

	if (!err)
		((struct steady_model *)target)->options = options.on;
	return err;
}

static int read_irqchip(const struct steady_json *at, void *target)
{
	return steady_json_irqchip(at, &((struct steady_model *)target)->irqchip);
}

static int read_sve(const struct steady_json *at, void *target)
{
	return steady_json_sve(at, &((struct steady_model *)target)->sve);
}

static int read_register_list(const struct steady_json *at, void *target)
{
	struct steady_model *m = target;

	return steady_json_ids(at, &m->register_list, &m->register_count);
}

static int read_implementation(const struct steady_json *at, size_t index, void *target)
{
	struct steady_model *m = target;
	struct steady_cpu cpu;
	int err = steady_json_cpu(at, &cpu);

	if (!err)
		err = steady_model_add_implementation(m, &cpu);
	if (!err && m->implementation_count == index)
		err = steady_json_refuse(at, "this implementation is given twice");
	return err;
}

static int read_implementations(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_implementation, target);
}

static int read_tolerated_name(const struct steady_json *at, size_t index, void *target)
{
	struct steady_model *m = target;
	char name[STEADY_FULLNAME];
	int err = steady_json_expect(at, JSON_STRING);

	if (err)
		return err;
	if (!steady_lex_tolerable(json_string_value(at->value), json_string_length(at->value),
				  name))
		return steady_json_refuse_string(at, "is neither a field (REGISTER.FIELD) nor an "
						     "unvirtualised register");
	err = steady_model_add_tolerated(m, name);
	if (!err && m->tolerated_count == index)
		err = steady_json_refuse_string(at, "is tolerated twice");
	return err;
}

static int read_tolerated(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_tolerated_name, target);
}

static int read_more_name(const struct steady_json *at, size_t index, void *target)
{
	struct steady_model *m = target;
	char name[STEADY_FULLNAME];
	int err = steady_json_expect(at, JSON_STRING);

	if (err)
		return err;
	if (!steady_lex_more(json_string_value(at->value), json_string_length(at->value), name))
		return steady_json_refuse_string(at, "is no field (REGISTER.FIELD)");
	err = steady_model_add_more(m, name);
	if (!err && m->more_count == index)
		err = steady_json_refuse_string(at, "is tolerated twice");
	return err;
}

static int read_more(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_more_name, target);
}

static int read_caches(const struct steady_json *at, void *target)
{
	return steady_json_ccsidr(at, &((struct steady_model *)target)->caches);
}

static int read_unvirtualised(const struct steady_json *at, void *target)
{
	struct steady_model *m = target;
	int err = steady_json_unvirtualised(at, m->unvirtualised);

	for (int i = 0; i < STEADY_UNVIRTUALISED && !err; i++) {
		if (m->unvirtualised[i].state == STEADY_FAILED)
			err = steady_json_refuse(at, "a model has values, and no errno");
	}
	return err;
}

static int read_offer(const struct steady_json *at, void *target)
{
	return steady_offer_read_json(at, &((struct steady_model *)target)->offer);
}

/* What was told when it was made is no part of the model. */
static int skip_notes(const struct steady_json *at, void *target)
{
	(void)target;
	return steady_json_expect(at, JSON_ARRAY);
}

/* ---- a model against its own offer ---- */

struct held {
	const struct steady_model *model;
	const struct steady_cell *cell;
};

/* Whether its hosts accept it, or it is let go, or they have nothing in common there. */
static bool is_offered(const struct held *h, unsigned int row)
{
	const struct steady_field *f = &steady_fields[row];
	steady_set set = *steady_cell_set(h->cell, row);
	/* without an interrupt controller KVM takes this one away, whatever a guest is shown first */
	bool taken = h->cell->irqchip == STEADY_IRQCHIP_NONE && strcmp(f->name, "GIC") == 0;

	return taken || steady_set_empty(f, set) ||
	       steady_set_has(f, set, steady_field_get(f, h->model->value[f->reg])) ||
	       steady_model_tolerates_field(h->model, row) ||
	       steady_model_tolerates_more(h->model, row);
}

static int hold_register(const struct steady_json *at, int reg, void *target)
{
	const struct held *h = target;
	const struct steady_register *r = &steady_registers[reg];
	char what[STEADY_FULLNAME + 128], name[STEADY_FULLNAME];

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if (!steady_register_is_core(reg) || is_offered(h, i))
			continue;
		snprintf(what, sizeof(what),
			 "%s is a value that the model's own \"offer\" has not: take the offer out of a "
			 "model that is changed by hand",
			 steady_field_fullname(i, name, sizeof(name)));
		return steady_json_refuse(at, "%s", what);
	}
	return 0;
}

/* A model that was changed by hand, and its offer was not, is two models. */
static int hold_against_offer(const struct steady_json *at, struct steady_model *m)
{
	static const struct steady_json_names names = {"feature ID register",
						       steady_register_by_name, hold_register};
	const struct steady_path path = {at->path, "registers", 0}, in_offer = {at->path, "offer", 0};
	const struct steady_json here = {at->in, json_object_get(at->value, "registers"), &path};
	const struct steady_json offer = {at->in, json_object_get(at->value, "offer"), &in_offer};
	struct held held = {.model = m};

	if (!m->offer || !m->offer->cell_count)
		return 0;
	held.cell = steady_offer_cell(m->offer, m->options, m->irqchip);
	if (!held.cell)
		return steady_json_refuse(&offer, "none of its cells has the model's vCPU options and "
						  "irqchip");
	return held.cell->unknown ? 0 : steady_json_named(&here, &names, &held);
}

static const struct steady_json_member model_rows[] = {
	{"format", true, NULL},
	{"version", true, NULL},
	{"name", false, read_name},
	{"registers", true, read_registers},
	{"firmware", false, read_firmware},
	{"vcpu_features", false, read_options},
	{"irqchip", false, read_irqchip},
	{"sve", false, read_sve},
	{"register_list", false, read_register_list},
	{"implementations", false, read_implementations},
	{"tolerated", false, read_tolerated},
	{"tolerated_more", false, read_more},
	{"caches", false, read_caches},
	{"unvirtualised", false, read_unvirtualised},
	{"notes", false, skip_notes},
	{"offer", false, read_offer},
};

int steady_model_read_json(const char *text, size_t length, const char *file,
			   struct steady_model **model, struct steady_report *report)
{
	const struct steady_json_in in = {text, length, file, report};
	struct steady_json at = {&in, NULL, NULL};
	struct steady_model *m;
	int err = steady_json_load(&in, FORMAT, &at.value);

	if (err)
		return err;
	m = steady_model_alloc();
	if (m)
		err = steady_json_members(&at, model_rows,
					  sizeof(model_rows) / sizeof(model_rows[0]), m);
	else
		err = -STEADY_ENOMEM;
	if (!err)
		steady_model_more_only(m);
	err = err ? err : hold_against_offer(&at, m);
	json_decref(at.value);
	if (err) {
		steady_model_free(m);
		return err;
	}
	*model = m;
	return 0;
}

/* ---- printing ---- */

static json_t *new_registers(struct steady_json_out *o, const struct steady_model *m)
{
	json_t *all = json_object();

	for (int i = 0; i < STEADY_REGISTERS; i++) {
		if (m->has[i])
			steady_json_put(o, all, steady_registers[i].name,
					steady_json_new_hex(m->value[i], STEADY_REGISTER_DIGITS));
	}
	return all;
}

static void put_firmware(struct steady_json_out *o, json_t *root, const struct steady_model *m)
{
	json_t *all;

	if (!m->firmware_count)
		return;
	all = json_object();
	for (size_t i = 0; i < m->firmware_count; i++)
		steady_json_put_firmware(o, all, m->firmware[i].id,
					 &(struct steady_reading){.value = m->firmware[i].value,
								  .state = STEADY_VALUE});
	steady_json_put(o, root, "firmware", all);
}

/* All names that are tolerated, or those of them of which a host may only have more. */
static void put_tolerated(struct steady_json_out *o, json_t *root, const struct steady_model *m,
			  const char *key, bool only_more)
{
	json_t *all = NULL;
	const char *name;
	bool more;

	for (size_t i = 0; (name = steady_model_tolerated_at(m, i, &more)); i++) {
		if (only_more && !more)
			continue;
		all = all ? all : json_array();
		steady_json_append(o, all, json_string(name));
	}
	if (all)
		steady_json_put(o, root, key, all);
}

int steady_model_print_told(const struct steady_model *m, json_t *notes, struct steady_text *out)
{
	struct steady_json_out o = {0};
	json_t *root = json_object();
	int err;

	steady_json_put(&o, root, "format", json_string(FORMAT));
	steady_json_put(&o, root, "version", json_integer(1));
	steady_json_put_string(&o, root, "name", m->name, false);
	steady_json_put(&o, root, "registers", new_registers(&o, m));
	put_firmware(&o, root, m);
	steady_json_put_options(&o, root, m->options, STEADY_OPTIONS_ALL);
	steady_json_put_irqchip(&o, root, m->irqchip);
	if (!steady_vl_empty(&m->sve))
		steady_json_put_sve(&o, root, &m->sve);
	steady_json_put_ids(&o, root, "register_list", m->register_list, m->register_count);
	steady_json_put_cpus(&o, root, "implementations", m->implementations,
			     m->implementation_count);
	put_tolerated(&o, root, m, "tolerated", false);
	put_tolerated(&o, root, m, "tolerated_more", true);
	steady_json_put_ccsidr(&o, root, "caches", &m->caches);
	steady_json_put_unvirtualised(&o, root, m->unvirtualised);
	if (notes)
		steady_json_put(&o, root, "notes", notes);
	if (m->offer)
		steady_json_put(&o, root, "offer", steady_offer_new_json(&o, m->offer));
	err = o.error ? o.error : steady_json_layout(root, out);
	json_decref(root);
	return err;
}

int steady_model_print_json(const struct steady_model *m, struct steady_text *out)
{
	return steady_model_print_told(m, NULL, out);
}
