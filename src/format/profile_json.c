/* SPDX-License-Identifier: MIT */
/*
 * Host profiles as JSON. The top-level "registers" are those of configurations[0], which therefore
 * has none of its own when printed. A section that is absent was not captured.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "format/behaviour_json.h"
#include "format/json_in.h"
#include "format/json_out.h"
#include "format/lex.h"

#define FORMAT "steadyarm-profile"

/* ---- the host ---- */

static int read_name(const struct steady_json *at, void *target)
{
	struct steady_profile *p = target;
	int err = steady_json_string(at, false, &p->name);

	if (!err && !*p->name)
		err = steady_json_refuse(at, "the host's name is empty");
	return err;
}

static int read_kernel(const struct steady_json *at, void *target)
{
	return steady_json_string(at, false, &((struct steady_profile *)target)->kernel);
}

static int read_note(const struct steady_json *at, void *target)
{
	return steady_json_string(at, true, &((struct steady_profile *)target)->note);
}

static int read_cpu(const struct steady_json *at, size_t index, void *target)
{
	struct steady_profile *p = target;
	int err = steady_json_cpu(at, &p->cpus[index]);

	if (!err)
		p->cpu_count = index + 1;
	return err;
}

static int read_cpus(const struct steady_json *at, void *target)
{
	struct steady_profile *p = target;

	p->cpus = calloc(json_array_size(at->value) + 1, sizeof(*p->cpus));
	if (!p->cpus)
		return -STEADY_ENOMEM;
	return steady_json_array(at, read_cpu, p);
}

static int read_host(const struct steady_json *at, void *target)
{
	static const struct steady_json_member rows[] = {
		{"name", false, read_name},
		{"kernel", false, read_kernel},
		{"note", false, read_note},
		{"cpus", false, read_cpus},
	};

	return steady_json_members(at, rows, 4, target);
}

/* ---- registers ---- */

struct slot { /* where a top-level register goes */
	struct steady_reading *limit, *writable;
};

static int read_limit(const struct steady_json *at, void *target)
{
	struct steady_reading *limit = ((struct slot *)target)->limit;
	uint64_t value;
	int err = steady_json_hex(at, &value);

	if (!err)
		*limit = (struct steady_reading){.value = value, .state = STEADY_VALUE};
	return err;
}

static int read_limit_errno(const struct steady_json *at, void *target)
{
	struct steady_reading *limit = ((struct slot *)target)->limit;

	if (limit->state == STEADY_VALUE)
		return steady_json_refuse_key(at, "both a value and an errno");
	return steady_json_errno(at, limit);
}

static int read_writable(const struct steady_json *at, void *target)
{
	return steady_json_reading(at, ((struct slot *)target)->writable);
}

static int read_register(const struct steady_json *at, int reg, void *target)
{
	static const struct steady_json_member rows[] = {
		{"value", false, read_limit},
		{"errno", false, read_limit_errno},
		{"writable", false, read_writable},
	};
	struct steady_profile *p = target;
	struct slot slot = {&p->configurations[0].reg[reg], &p->writable[reg]};
	int err;

	if (slot.limit->state || slot.writable->state)
		return steady_json_twice(at);
	err = steady_json_members(at, rows, 3, &slot);
	if (!err && !json_object_size(at->value))
		err = steady_json_refuse(at, "neither a value nor an errno");
	return err;
}

static int read_registers(const struct steady_json *at, void *target)
{
	static const struct steady_json_names names = {"feature ID register",
						       steady_register_by_name, read_register};

	return steady_json_named(at, &names, target);
}

/* ---- configurations ---- */

static int read_options(const struct steady_json *at, void *target)
{
	struct steady_configuration *c = target;
	struct steady_json_options options;
	int err = steady_json_options(at, &options);

	if (err)
		return err;
	c->options = options.on;
	c->options_known = options.known;
	return 0;
}

static int read_irqchip(const struct steady_json *at, void *target)
{
	return steady_json_irqchip(at, &((struct steady_configuration *)target)->irqchip);
}

static int read_own_register(const struct steady_json *at, int reg, void *target)
{
	struct steady_configuration *c = target;

	if (c->reg[reg].state)
		return steady_json_twice(at);
	return steady_json_reading(at, &c->reg[reg]);
}

static int read_own_registers(const struct steady_json *at, void *target)
{
	static const struct steady_json_names names = {"feature ID register",
						       steady_register_by_name, read_own_register};

	return steady_json_named(at, &names, target);
}

static int read_accepted_field(const struct steady_json *at, int field, void *target)
{
	struct steady_accepted *a = &((struct steady_configuration *)target)->accepted[field];
	int err;

	if (a->known)
		return steady_json_twice(at);
	err = steady_json_set(at, (unsigned int)field, &a->values);
	a->known = !err;
	if (!err && steady_fields[field].width <= 4 && a->values & a->rewritten)
		return steady_json_refuse(at, "a value that is kept, and that \"rewritten\" says is "
					      "not");
	return err;
}

/* The sets of a configuration are made by whatever comes first. */
static int make_accepted(struct steady_configuration *c)
{
	if (!c->accepted)
		c->accepted = calloc(steady_field_count, sizeof(*c->accepted));
	return c->accepted ? 0 : -STEADY_ENOMEM;
}

static int read_accepted(const struct steady_json *at, void *target)
{
	static const struct steady_json_names names = {"field", steady_field_by_name,
						       read_accepted_field};
	int err = make_accepted(target);

	return err ? err : steady_json_named(at, &names, target);
}

static int read_rewritten(const struct steady_json *at, void *target)
{
	int err = make_accepted(target);

	return err ? err : steady_json_rewritten(at, target);
}

static int read_register_list(const struct steady_json *at, void *target)
{
	struct steady_configuration *c = target;

	return steady_json_ids(at, &c->register_list, &c->register_count);
}

static const struct steady_json_member configuration_rows[] = {
	{"vcpu_features", false, read_options},       {"irqchip", false, read_irqchip},
	{"registers", false, read_own_registers},     {"accepted", false, read_accepted},
	{"rewritten", false, read_rewritten},         {"register_list", false, read_register_list},
	{"reset", false, steady_json_reset},
};
#define CONFIGURATION_ROWS (sizeof(configuration_rows) / sizeof(configuration_rows[0]))

static bool same_reading(const struct steady_reading *a, const struct steady_reading *b)
{
	return a->state == b->state && a->value == b->value && a->error == b->error;
}

/* The first configuration: its registers are the top-level ones, repeated or left out. */
static int read_first(const struct steady_json *at, struct steady_configuration *c)
{
	struct steady_reading top[STEADY_REGISTERS];
	int err;

	memcpy(top, c->reg, sizeof(top));
	memset(c->reg, 0, sizeof(c->reg));
	err = steady_json_members(at, configuration_rows, CONFIGURATION_ROWS, c);
	for (int i = 0; !err && json_object_get(at->value, "registers") && i < STEADY_REGISTERS;
	     i++) {
		const struct steady_path path = {at->path, "registers", 0};
		const struct steady_json here = {at->in, NULL, &path};

		if (!same_reading(&top[i], &c->reg[i]))
			err = steady_json_refuse_key(&here,
						     "%s is not what the top-level registers say",
						     steady_registers[i].name);
	}
	memcpy(c->reg, top, sizeof(top));
	return err;
}

/* Two of the same options and irqchip would leave it open which of them counts. */
static int check_unique(const struct steady_json *at, const struct steady_profile *p)
{
	const struct steady_configuration *c = &p->configurations[p->configuration_count - 1];

	if (c->options_known != STEADY_OPTIONS_ALL || c->irqchip == STEADY_IRQCHIP_UNKNOWN)
		return 0;
	for (size_t i = 0; i + 1 < p->configuration_count; i++) {
		const struct steady_configuration *other = &p->configurations[i];

		if (other->options_known == c->options_known && other->options == c->options &&
		    other->irqchip == c->irqchip)
			return steady_json_refuse(at,
						  "the same options and irqchip as "
						  "configuration %zu, counted from 0",
						  i);
	}
	return 0;
}

static int read_configuration(const struct steady_json *at, size_t index, void *target)
{
	struct steady_profile *p = target;
	struct steady_configuration *c;
	int err = steady_json_expect(at, JSON_OBJECT);

	if (err)
		return err;
	if (index == 0)
		return read_first(at, &p->configurations[0]);
	if (!json_object_get(at->value, "registers"))
		return steady_json_refuse(at, "the key \"registers\" is missing");
	c = steady_profile_add(p);
	if (!c)
		return -STEADY_ENOMEM;
	err = steady_json_members(at, configuration_rows, CONFIGURATION_ROWS, c);
	return err ? err : check_unique(at, p);
}

static int read_configurations(const struct steady_json *at, void *target)
{
	int err = steady_json_array(at, read_configuration, target);

	if (!err && !json_array_size(at->value))
		err = steady_json_refuse(at, "no configuration; leave the key out if none is "
					     "known");
	return err;
}

/* ---- the rest ---- */

static int read_firmware_register(const struct steady_json *at, uint64_t id, void *target)
{
	struct steady_profile *p = target;
	struct steady_reading reading;
	size_t i = p->firmware_count;
	int err;

	if (steady_profile_firmware(p, id))
		return steady_json_twice(at);
	err = steady_json_reading(at, &reading);
	if (err)
		return err;
	for (; i && p->firmware[i - 1].id > id; i--)
		p->firmware[i] = p->firmware[i - 1];
	p->firmware[i] = (struct steady_firmware_reading){id, reading};
	p->firmware_count++;
	return 0;
}

static int read_firmware(const struct steady_json *at, void *target)
{
	struct steady_profile *p = target;

	p->firmware = calloc(json_object_size(at->value) + 1, sizeof(*p->firmware));
	if (!p->firmware)
		return -STEADY_ENOMEM;
	p->firmware_known = true;
	return steady_json_firmware(at, read_firmware_register, p);
}

static int read_sve(const struct steady_json *at, void *target)
{
	struct steady_profile *p = target;
	int err;

	p->sve_known = true;
	err = steady_json_sve(at, &p->sve);
	for (size_t i = 0; !err && steady_vl_empty(&p->sve) && i < p->configuration_count; i++) {
		if (p->configurations[i].options >> STEADY_OPTION_SVE & 1)
			err = steady_json_refuse(at, "no vector length, and a configuration with SVE");
	}
	return err;
}

static int capability_by_name(const char *name, size_t length)
{
	for (unsigned int i = 0; i < steady_capability_count; i++) {
		if (strlen(steady_capabilities[i].name) == length &&
		    memcmp(steady_capabilities[i].name, name, length) == 0)
			return (int)i;
	}
	return -1;
}

static int read_capability(const struct steady_json *at, int row, void *target)
{
	struct steady_reading *reading = &((struct steady_profile *)target)->capabilities[row];
	int err;

	if (json_is_object(at->value))
		return steady_json_reading(at, reading);
	err = steady_json_expect(at, JSON_INTEGER);
	if (err)
		return err;
	if (json_integer_value(at->value) < 0)
		return steady_json_refuse(at, "a capability is not negative");
	*reading = (struct steady_reading){.value = (uint64_t)json_integer_value(at->value),
					   .state = STEADY_VALUE};
	return 0;
}

static int read_capabilities(const struct steady_json *at, void *target)
{
	static const struct steady_json_names names = {"capability", capability_by_name,
						       read_capability};
	struct steady_profile *p = target;

	p->capabilities = calloc(steady_capability_count, sizeof(*p->capabilities));
	if (!p->capabilities)
		return -STEADY_ENOMEM;
	return steady_json_named(at, &names, p);
}

static int read_unvirtualised(const struct steady_json *at, void *target)
{
	return steady_json_unvirtualised(at, ((struct steady_profile *)target)->unvirtualised);
}

/* In the order of reading: "configurations" needs "registers". */
static const struct steady_json_member profile_rows[] = {
	{"format", true, NULL},
	{"version", true, NULL},
	{"host", false, read_host},
	{"registers", true, read_registers},
	{"configurations", false, read_configurations},
	{"firmware", false, read_firmware},
	{"sve", false, read_sve},
	{"capabilities", false, read_capabilities},
	{"other_capabilities", false, steady_json_others},
	{"unvirtualised", false, read_unvirtualised},
	{"behaviours", false, steady_json_behaviours},
	{"gates", false, steady_json_gates},
	{"caches", false, steady_json_caches},
	{"unnamed", false, steady_json_unnamed},
	{"loaded", false, steady_json_loaded},
};

/* A host that has no name goes by its file's. */
static int name_after_file(struct steady_profile *p, const char *file)
{
	const char *base = file ? strrchr(file, '/') : NULL;
	size_t length;

	base = base ? base + 1 : file;
	if (!base || !*base || !steady_lex_printable(base, false))
		base = "unnamed";
	length = strlen(base);
	if (length > 5 && strcmp(base + length - 5, ".json") == 0)
		length -= 5;
	p->name = strndup(base, length);
	return p->name ? 0 : -STEADY_ENOMEM;
}

int steady_profile_read_json(const char *text, size_t length, const char *file,
			     struct steady_profile **profile, struct steady_report *report)
{
	const struct steady_json_in in = {text, length, file, report};
	struct steady_json at = {&in, NULL, NULL};
	struct steady_profile *p;
	int err;

	err = steady_json_load(&in, FORMAT, &at.value);
	if (err)
		return err;
	p = steady_profile_alloc();
	err = p && steady_profile_add(p) ? 0 : -STEADY_ENOMEM;
	if (!err)
		err = steady_json_members(&at, profile_rows,
					  sizeof(profile_rows) / sizeof(profile_rows[0]), p);
	if (!err && !p->name)
		err = name_after_file(p, file);
	json_decref(at.value);
	if (err) {
		steady_profile_free(p);
		return err;
	}
	*profile = p;
	return 0;
}

/* ---- printing ---- */

static json_t *new_host(struct steady_json_out *o, const struct steady_profile *p)
{
	json_t *host = json_object();

	if (p->name && *p->name)
		steady_json_put_string(o, host, "name", p->name, false);
	steady_json_put_string(o, host, "kernel", p->kernel, false);
	steady_json_put_string(o, host, "note", p->note, true);
	steady_json_put_cpus(o, host, "cpus", p->cpus, p->cpu_count);
	return host;
}

static json_t *new_registers(struct steady_json_out *o, const struct steady_profile *p)
{
	const struct steady_reading *limit = p->configurations[0].reg;
	json_t *all = json_object();

	for (int i = 0; i < STEADY_REGISTERS; i++) {
		json_t *reg;

		if (!limit[i].state && !p->writable[i].state)
			continue;
		reg = json_object();
		if (limit[i].state == STEADY_FAILED)
			steady_json_put_errno(o, reg, &limit[i]);
		else
			steady_json_put_reading(o, reg, "value", &limit[i], STEADY_REGISTER_DIGITS);
		steady_json_put_reading(o, reg, "writable", &p->writable[i],
					STEADY_REGISTER_DIGITS);
		steady_json_put(o, all, steady_registers[i].name, reg);
	}
	return all;
}

static json_t *new_accepted(struct steady_json_out *o, const struct steady_accepted *accepted)
{
	json_t *all = json_object();

	for (unsigned int i = 0; i < steady_field_count; i++) {
		if (accepted[i].known)
			steady_json_put_set(o, all, i, accepted[i].values);
	}
	return all;
}

static void put_accepted(struct steady_json_out *o, json_t *out,
			 const struct steady_accepted *accepted)
{
	json_t *all;

	if (!accepted)
		return;
	all = new_accepted(o, accepted);
	if (all && !json_object_size(all))
		json_decref(all);
	else /* what memory did not suffice for is an error there */
		steady_json_put(o, out, "accepted", all);
	steady_json_put_rewritten(o, out, accepted);
}

static json_t *new_configuration(struct steady_json_out *o, const struct steady_configuration *c,
				 bool registers)
{
	json_t *out = json_object(), *all;

	if (c->options_known)
		steady_json_put_options(o, out, c->options, c->options_known);
	steady_json_put_irqchip(o, out, c->irqchip);
	if (registers) {
		all = json_object();
		for (int i = 0; i < STEADY_REGISTERS; i++)
			steady_json_put_reading(o, all, steady_registers[i].name, &c->reg[i],
						STEADY_REGISTER_DIGITS);
		steady_json_put(o, out, "registers", all);
	}
	put_accepted(o, out, c->accepted);
	steady_json_put_ids(o, out, "register_list", c->register_list, c->register_count);
	steady_json_put_reset(o, out, c);
	return out;
}

static void put_configurations(struct steady_json_out *o, json_t *root,
			       const struct steady_profile *p)
{
	const struct steady_configuration *c = p->configurations;
	json_t *all;

	if (p->configuration_count == 1 && !c->options_known && !c->irqchip && !c->accepted &&
	    !c->register_list && !c->reset)
		return; /* no more than registers is known */
	all = json_array();
	for (size_t i = 0; i < p->configuration_count; i++)
		steady_json_append(o, all, new_configuration(o, &c[i], i > 0));
	steady_json_put(o, root, "configurations", all);
}

static void put_firmware(struct steady_json_out *o, json_t *root, const struct steady_profile *p)
{
	json_t *all;

	if (!p->firmware_known)
		return;
	all = json_object();
	for (size_t i = 0; i < p->firmware_count; i++)
		steady_json_put_firmware(o, all, p->firmware[i].id, &p->firmware[i].reading);
	steady_json_put(o, root, "firmware", all);
}

static void put_capabilities(struct steady_json_out *o, json_t *root,
			     const struct steady_reading *capabilities)
{
	json_t *all;

	if (!capabilities)
		return;
	all = json_object();
	for (unsigned int i = 0; i < steady_capability_count; i++) {
		const struct steady_reading *c = &capabilities[i];

		if (c->state != STEADY_VALUE)
			steady_json_put_reading(o, all, steady_capabilities[i].name, c, 1);
		else if (c->value > INT64_MAX)
			o->error = -STEADY_EINPUT;
		else
			steady_json_put(o, all, steady_capabilities[i].name,
					json_integer((json_int_t)c->value));
	}
	steady_json_put(o, root, "capabilities", all);
}

int steady_profile_print_json(const struct steady_profile *p, struct steady_text *out)
{
	struct steady_json_out o = {0};
	json_t *root;
	int err;

	if (!p->configuration_count)
		return -STEADY_EUSAGE;
	root = json_object();
	steady_json_put(&o, root, "format", json_string(FORMAT));
	steady_json_put(&o, root, "version", json_integer(1));
	steady_json_put(&o, root, "host", new_host(&o, p));
	steady_json_put(&o, root, "registers", new_registers(&o, p));
	put_configurations(&o, root, p);
	put_firmware(&o, root, p);
	if (p->sve_known)
		steady_json_put_sve(&o, root, &p->sve);
	put_capabilities(&o, root, p->capabilities);
	steady_json_put_unvirtualised(&o, root, p->unvirtualised);
	steady_json_put_behaviours(&o, root, p);
	err = o.error ? o.error : steady_json_layout(root, out);
	json_decref(root);
	return err;
}
