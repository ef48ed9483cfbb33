/* SPDX-License-Identifier: MIT */
#include "format/behaviour_json.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "format/lex.h"
#include "policy/explain.h"

/* ---- reading ---- */

static int read_behaviour(const struct steady_json *at, int behaviour, void *target)
{
	struct steady_profile *p = target;
	int err;

	if (p->behaviours_known >> behaviour & 1)
		return steady_json_twice(at);
	err = steady_json_expect(at, JSON_TRUE);
	if (err)
		return err;
	p->behaviours_known |= UINT32_C(1) << behaviour;
	p->behaviours |= (json_is_true(at->value) ? UINT32_C(1) : 0) << behaviour;
	return 0;
}

int steady_json_behaviours(const struct steady_json *at, void *profile)
{
	static const struct steady_json_names names = {"behaviour of a kernel",
						       steady_behaviour_by_name, read_behaviour};

	return steady_json_named(at, &names, profile);
}

/* One field's gates, behind those that are there already. */
static int read_gate(const struct steady_json *at, int field, void *target)
{
	struct steady_profile *p = target;
	struct steady_gate *all;
	uint64_t *ids = NULL;
	size_t count = 0;
	int err;

	for (size_t i = 0; i < p->gate_count; i++) {
		if (p->gates[i].field == field)
			return steady_json_twice(at);
	}
	err = steady_json_ids(at, &ids, &count);
	if (err)
		return err;
	all = realloc(p->gates, (p->gate_count + count + 1) * sizeof(*all));
	if (!all) {
		free(ids);
		return -STEADY_ENOMEM;
	}
	p->gates = all;
	for (size_t i = 0; i < count; i++)
		all[p->gate_count++] = (struct steady_gate){(uint16_t)field, ids[i]};
	free(ids);
	return 0;
}

static int by_field(const void *a, const void *b)
{
	const struct steady_gate *x = a, *y = b;

	if (x->field != y->field)
		return x->field < y->field ? -1 : 1;
	return (x->id > y->id) - (x->id < y->id);
}

int steady_json_gates(const struct steady_json *at, void *profile)
{
	static const struct steady_json_names names = {"field", steady_field_by_name, read_gate};
	struct steady_profile *p = profile;
	int err;

	p->gates = malloc(sizeof(*p->gates)); /* none is not the same as not captured */
	if (!p->gates)
		return -STEADY_ENOMEM;
	err = steady_json_named(at, &names, p);
	if (!err && p->gate_count)
		qsort(p->gates, p->gate_count, sizeof(*p->gates), by_field);
	return err;
}

/* ---- lists by id ---- */

/* Elements begin with an id, and are in the order of these. */
static int by_id(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

struct list {
	char *all; /* with room for every member of the object */
	size_t count, size;
	int (*read)(const struct steady_json *at, void *element); /* all but its id */
};

static int read_element(const struct steady_json *at, uint64_t id, void *target)
{
	struct list *l = target;
	uint64_t *one = (void *)(l->all + l->count * l->size);
	int err;

	for (size_t i = 0; i < l->count; i++) {
		const uint64_t *other = (void *)(l->all + i * l->size);

		if (*other == id)
			return steady_json_twice(at);
	}
	*one = id;
	err = l->read(at, one);
	l->count += !err;
	return err;
}

/* The list, which is the caller's also after an error; NULL: ENOMEM. */
static void *read_list(const struct steady_json *at, size_t size,
		       int (*read)(const struct steady_json *at, void *element), size_t *count,
		       int *err)
{
	struct list l = {.size = size, .read = read};

	l.all = calloc(json_object_size(at->value) + 1, size);
	*err = l.all ? steady_json_by_id(at, read_element, &l) : -STEADY_ENOMEM;
	if (l.count)
		qsort(l.all, l.count, size, by_id);
	*count = l.count;
	return l.all;
}

static int read_reading(const struct steady_json *at, void *target)
{
	return steady_json_reading(at, &((struct steady_firmware_reading *)target)->reading);
}

int steady_json_caches(const struct steady_json *at, void *profile)
{
	struct steady_profile *p = profile;
	int err;

	p->caches = read_list(at, sizeof(*p->caches), read_reading, &p->cache_count, &err);
	return err;
}

int steady_json_reset(const struct steady_json *at, void *configuration)
{
	struct steady_configuration *c = configuration;
	int err;

	c->reset = read_list(at, sizeof(*c->reset), read_reading, &c->reset_count, &err);
	return err;
}

static int read_unnamed_value(const struct steady_json *at, void *target)
{
	return steady_json_reading(at, &((struct steady_unnamed *)target)->reading);
}

static int read_unnamed_zero(const struct steady_json *at, void *target)
{
	int err = steady_json_expect(at, JSON_TRUE);

	if (!err)
		((struct steady_unnamed *)target)->zero = json_is_true(at->value);
	return err;
}

static int read_unnamed(const struct steady_json *at, void *target)
{
	static const struct steady_json_member rows[] = {
		{"value", true, read_unnamed_value},
		{"zero", true, read_unnamed_zero},
	};

	return steady_json_members(at, rows, 2, target);
}

int steady_json_unnamed(const struct steady_json *at, void *profile)
{
	struct steady_profile *p = profile;
	int err;

	p->unnamed = read_list(at, sizeof(*p->unnamed), read_unnamed, &p->unnamed_count, &err);
	return err;
}

static int read_ones(const struct steady_json *at, void *target)
{
	return steady_json_hex(at, &((struct steady_load *)target)->ones);
}

static int read_zeros(const struct steady_json *at, void *target)
{
	return steady_json_hex(at, &((struct steady_load *)target)->zeros);
}

static int read_load(const struct steady_json *at, void *target)
{
	static const struct steady_json_member rows[] = {
		{"ones", true, read_ones},
		{"zeros", true, read_zeros},
	};

	return steady_json_members(at, rows, 2, target);
}

int steady_json_loaded(const struct steady_json *at, void *profile)
{
	struct steady_profile *p = profile;
	int err;

	p->loads = read_list(at, sizeof(*p->loads), read_load, &p->load_count, &err);
	return err;
}

/* ---- capabilities ---- */

/* By number: those that have a name here stand under "capabilities". */
static int read_other(const struct steady_json *at, const char *key, struct steady_profile *p)
{
	struct steady_firmware_reading *one = &p->others[p->other_count];
	unsigned long number = strtoul(key, NULL, 10);
	char again[24];
	int err, row = steady_capability_by_number(number);

	snprintf(again, sizeof(again), "%lu", number);
	if (strcmp(again, key) != 0 || number >= STEADY_CAPABILITIES_ASKED)
		return steady_json_refuse_key(at, "no number of a capability");
	if (row >= 0)
		return steady_json_refuse_key(at, "this capability is %s",
					      steady_capabilities[row].name);
	one->id = number;
	if (json_is_object(at->value)) {
		err = steady_json_reading(at, &one->reading);
	} else {
		err = steady_json_expect(at, JSON_INTEGER);
		if (!err && json_integer_value(at->value) <= 0)
			err = steady_json_refuse(at, "a capability that stands here is more than 0");
		one->reading = (struct steady_reading){
			.value = (uint64_t)json_integer_value(at->value), .state = STEADY_VALUE};
	}
	p->other_count += !err;
	return err;
}

int steady_json_others(const struct steady_json *at, void *profile)
{
	struct steady_profile *p = profile;
	const char *key;
	json_t *member;
	int err = steady_json_expect(at, JSON_OBJECT);

	p->others = calloc(json_object_size(at->value) + 1, sizeof(*p->others));
	if (!p->others)
		return -STEADY_ENOMEM;
	if (err)
		return err;
	json_object_foreach(at->value, key, member)
	{
		const struct steady_path path = {at->path, key, 0};
		const struct steady_json here = {at->in, member, &path};

		err = read_other(&here, key, p);
		if (err)
			return err;
	}
	qsort(p->others, p->other_count, sizeof(*p->others), by_id);
	return 0;
}

/* ---- values that are kept as others ---- */

/* A value of at most four bits, in decimal. */
static bool nibble(const char *text, unsigned int *out)
{
	char *end;
	unsigned long v;

	if (*text < '0' || *text > '9')
		return false;
	v = strtoul(text, &end, 10);
	*out = (unsigned int)v;
	return !*end && v < 16;
}

static int read_rewritten_field(const struct steady_json *at, int field, void *target)
{
	struct steady_accepted *a = &((struct steady_configuration *)target)->accepted[field];
	const unsigned int max = (1u << steady_fields[field].width) - 1;
	const char *key;
	json_t *member;
	int err = steady_json_expect(at, JSON_OBJECT);

	if (err)
		return err;
	if (steady_fields[field].width > 4)
		return steady_json_refuse_key(at, "a field of more than 4 bits is not tried");
	json_object_foreach(at->value, key, member)
	{
		const struct steady_path path = {at->path, key, 0};
		const struct steady_json here = {at->in, member, &path};
		unsigned int value;

		if (!nibble(key, &value) || value > max)
			return steady_json_refuse_key(&here, "no value of this field");
		if (a->rewritten >> value & 1)
			return steady_json_twice(&here);
		if (a->known && a->values >> value & 1)
			return steady_json_refuse_key(&here, "it is among those that \"accepted\" "
							     "says are kept");
		err = steady_json_expect(&here, JSON_INTEGER);
		if (err)
			return err;
		if (json_integer_value(member) < 0 || json_integer_value(member) > max)
			return steady_json_refuse(&here, "no value of this field");
		a->rewritten |= (uint16_t)(1u << value);
		a->kept[value] = (uint8_t)json_integer_value(member);
	}
	return 0;
}

int steady_json_rewritten(const struct steady_json *at, void *configuration)
{
	static const struct steady_json_names names = {"field", steady_field_by_name,
						       read_rewritten_field};

	return steady_json_named(at, &names, configuration);
}

/* ---- printing ---- */

static void put_gates(struct steady_json_out *o, json_t *root, const struct steady_profile *p)
{
	char name[STEADY_FULLNAME];
	json_t *all = json_object();

	for (size_t i = 0; i < p->gate_count;) {
		unsigned int field = p->gates[i].field;
		json_t *ids = json_array();

		for (; i < p->gate_count && p->gates[i].field == field; i++)
			steady_json_append(o, ids, steady_json_new_hex(p->gates[i].id, 16));
		steady_json_put(o, all, steady_field_fullname(field, name, sizeof(name)), ids);
	}
	steady_json_put(o, root, "gates", all);
}

static void put_caches(struct steady_json_out *o, json_t *root, const struct steady_profile *p)
{
	char key[24];
	json_t *all = json_object();

	for (size_t i = 0; i < p->cache_count; i++) {
		snprintf(key, sizeof(key), "0x%016" PRIx64, p->caches[i].id);
		steady_json_put_reading(o, all, key, &p->caches[i].reading, 8);
	}
	steady_json_put(o, root, "caches", all);
}

static void put_others(struct steady_json_out *o, json_t *root, const struct steady_profile *p)
{
	char key[24];
	json_t *all = json_object();

	for (size_t i = 0; i < p->other_count; i++) {
		const struct steady_reading *r = &p->others[i].reading;

		snprintf(key, sizeof(key), "%" PRIu64, p->others[i].id);
		if (r->state == STEADY_VALUE)
			steady_json_put(o, all, key, json_integer((json_int_t)r->value));
		else
			steady_json_put_reading(o, all, key, r, 1);
	}
	steady_json_put(o, root, "other_capabilities", all);
}

void steady_json_put_reset(struct steady_json_out *o, json_t *configuration,
			   const struct steady_configuration *c)
{
	char key[24];
	json_t *all;

	if (!c->reset)
		return;
	all = json_object();
	for (size_t i = 0; i < c->reset_count; i++) {
		snprintf(key, sizeof(key), "0x%016" PRIx64, c->reset[i].id);
		steady_json_put_reading(o, all, key, &c->reset[i].reading, 1);
	}
	steady_json_put(o, configuration, "reset", all);
}

static void put_unnamed(struct steady_json_out *o, json_t *root, const struct steady_profile *p)
{
	char key[24];
	json_t *all = json_object();

	for (size_t i = 0; i < p->unnamed_count; i++) {
		json_t *one = json_object();

		snprintf(key, sizeof(key), "0x%016" PRIx64, p->unnamed[i].id);
		steady_json_put_reading(o, one, "value", &p->unnamed[i].reading, 1);
		steady_json_put(o, one, "zero", json_boolean(p->unnamed[i].zero));
		steady_json_put(o, all, key, one);
	}
	steady_json_put(o, root, "unnamed", all);
}

static void put_loaded(struct steady_json_out *o, json_t *root, const struct steady_profile *p)
{
	char key[24];
	json_t *all = json_object();

	for (size_t i = 0; i < p->load_count; i++) {
		json_t *one = json_object();

		snprintf(key, sizeof(key), "0x%016" PRIx64, p->loads[i].id);
		steady_json_put(o, one, "ones", steady_json_new_hex(p->loads[i].ones, 16));
		steady_json_put(o, one, "zeros", steady_json_new_hex(p->loads[i].zeros, 16));
		steady_json_put(o, all, key, one);
	}
	steady_json_put(o, root, "loaded", all);
}

void steady_json_put_behaviours(struct steady_json_out *o, json_t *root,
				const struct steady_profile *p)
{
	json_t *all;

	if (p->behaviours_known) {
		all = json_object();
		for (int i = 0; i < STEADY_BEHAVIOURS; i++) {
			if (p->behaviours_known >> i & 1)
				steady_json_put(o, all, steady_behaviour_names[i],
						json_boolean(p->behaviours >> i & 1));
		}
		steady_json_put(o, root, "behaviours", all);
	}
	if (p->gates)
		put_gates(o, root, p);
	if (p->others)
		put_others(o, root, p);
	if (p->caches)
		put_caches(o, root, p);
	if (p->unnamed_count)
		put_unnamed(o, root, p);
	if (p->load_count)
		put_loaded(o, root, p);
}

void steady_json_put_rewritten(struct steady_json_out *o, json_t *configuration,
			       const struct steady_accepted *accepted)
{
	char name[STEADY_FULLNAME], key[4];
	json_t *all = json_object();

	for (unsigned int i = 0; i < steady_field_count; i++) {
		json_t *values;

		if (!accepted[i].rewritten)
			continue;
		values = json_object();
		for (unsigned int v = 0; v < 16; v++) {
			if (!(accepted[i].rewritten >> v & 1))
				continue;
			snprintf(key, sizeof(key), "%u", v);
			steady_json_put(o, values, key, json_integer(accepted[i].kept[v]));
		}
		steady_json_put(o, all, steady_field_fullname(i, name, sizeof(name)), values);
	}
	if (all && !json_object_size(all))
		json_decref(all);
	else /* what memory did not suffice for is an error there */
		steady_json_put(o, configuration, "rewritten", all);
}
