/* SPDX-License-Identifier: MIT */
/*
 * What models and offers say outside the core ID range: caches by KVM's ids, and of an offer the
 * sets of CTR_EL0's fields.
 */
#include <stdio.h>
#include <string.h>

#include "format/lex.h"
#include "format/offer_json.h"
#include "policy/outside.h"

int steady_json_ccsidr(const struct steady_json *at, struct steady_caches *out)
{
	const char *key;
	json_t *member;
	int err = steady_json_expect(at, JSON_OBJECT);

	if (err)
		return err;
	memset(out, 0, sizeof(*out));
	json_object_foreach(at->value, key, member)
	{
		const struct steady_path path = {at->path, key, 0};
		const struct steady_json here = {at->in, member, &path};
		uint64_t id, value;
		int number = steady_lex_hex(key, strlen(key), &id) ? steady_cache_number(id) : -1;

		if (number < 0)
			return steady_json_refuse_key(&here, "no id of CCSIDR_EL1");
		if (out->has >> number & 1)
			return steady_json_twice(&here);
		err = steady_json_hex(&here, &value);
		if (!err && value > UINT32_MAX)
			err = steady_json_refuse_string(&here, "has more than 32 bits");
		if (err)
			return err;
		out->has |= UINT32_C(1) << number;
		out->value[number] = (uint32_t)value;
	}
	return 0;
}

void steady_json_put_ccsidr(struct steady_json_out *o, json_t *object, const char *key,
			    const struct steady_caches *caches)
{
	json_t *all;
	char id[24];

	if (!caches->has)
		return;
	all = json_object();
	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		if (!(caches->has >> i & 1))
			continue;
		snprintf(id, sizeof(id), "0x%llx", (unsigned long long)steady_cache_id(i));
		steady_json_put(o, all, id, steady_json_new_hex(caches->value[i], 8));
	}
	steady_json_put(o, object, key, all);
}

/* ---- offers ---- */

static const char *const states[] = {
	[STEADY_CACHES_ANY] = "any",
	[STEADY_CACHES_FIXED] = "fixed",
	[STEADY_CACHES_DIFFER] = "differ",
};

static int read_known(const struct steady_json *at, void *target)
{
	int err = steady_json_expect(at, JSON_TRUE);

	if (!err)
		((struct steady_outside_offer *)target)->ctr_known = json_is_true(at->value);
	return err;
}

static int read_field(const struct steady_json *at, int field, void *target)
{
	struct steady_outside_offer *o = target;
	unsigned int i = (unsigned int)field - steady_ctr_first();

	if (i >= steady_ctr_fields())
		return steady_json_refuse_key(at, "no field of CTR_EL0");
	return steady_json_set(at, (unsigned int)field, &o->ctr[i]);
}

static int read_accepted(const struct steady_json *at, void *target)
{
	static const struct steady_json_names names = {"field", steady_field_by_name, read_field};

	return steady_json_named(at, &names, target);
}

static const struct steady_json_member ctr_rows[] = {
	{"known", true, read_known},
	{"accepted", true, read_accepted},
};

int steady_outside_read_ctr(const struct steady_json *at, void *offer)
{
	return steady_json_members(at, ctr_rows, 2, &((struct steady_offer *)offer)->outside);
}

static int read_caches_known(const struct steady_json *at, void *target)
{
	int err = steady_json_expect(at, JSON_TRUE);

	if (!err)
		((struct steady_outside_offer *)target)->caches_known = json_is_true(at->value);
	return err;
}

static int read_clean(const struct steady_json *at, void *target)
{
	int err = steady_json_expect(at, JSON_TRUE);

	if (!err)
		((struct steady_outside_offer *)target)->clean = json_is_true(at->value);
	return err;
}

static int read_state(const struct steady_json *at, void *target)
{
	struct steady_outside_offer *o = target;
	int err = steady_json_expect(at, JSON_STRING);

	for (uint8_t i = STEADY_CACHES_ANY; i <= STEADY_CACHES_DIFFER && !err; i++) {
		if (strcmp(json_string_value(at->value), states[i]) == 0)
			o->caches = i;
	}
	return !err && !o->caches ? steady_json_refuse_string(at, "is none of any, fixed, differ")
				  : err;
}

static int read_clidr(const struct steady_json *at, void *target)
{
	return steady_json_hex(at, &((struct steady_outside_offer *)target)->clidr);
}

static int read_ccsidr(const struct steady_json *at, void *target)
{
	return steady_json_ccsidr(at, &((struct steady_outside_offer *)target)->ccsidr);
}

static int read_line(const struct steady_json *at, size_t index, void *target)
{
	int err = steady_json_expect(at, JSON_INTEGER);

	if (!err &&
	    (index > 1 || json_integer_value(at->value) < 0 || json_integer_value(at->value) > 15))
		err = steady_json_refuse(at, "two numbers from 0 to 15 are expected");
	if (!err)
		((struct steady_outside_offer *)target)->line[index] =
			(uint8_t)json_integer_value(at->value);
	return err;
}

static int read_lines(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_line, target);
}

static const struct steady_json_member cache_rows[] = {
	{"known", true, read_caches_known}, {"state", true, read_state},
	{"clean", true, read_clean},        {"lines", true, read_lines},
	{"clidr", true, read_clidr},        {"ccsidr", false, read_ccsidr},
};

int steady_outside_read_caches(const struct steady_json *at, void *offer)
{
	return steady_json_members(at, cache_rows, sizeof(cache_rows) / sizeof(cache_rows[0]),
				   &((struct steady_offer *)offer)->outside);
}

static void put_ctr(struct steady_json_out *o, json_t *out, const struct steady_outside_offer *of)
{
	json_t *ctr = json_object(), *accepted = json_object();

	steady_json_put(o, ctr, "known", json_boolean(of->ctr_known));
	for (unsigned int i = 0; i < steady_ctr_fields(); i++)
		steady_json_put_set(o, accepted, steady_ctr_first() + i, of->ctr[i]);
	steady_json_put(o, ctr, "accepted", accepted);
	steady_json_put(o, out, "ctr", ctr);
}

static void put_caches(struct steady_json_out *o, json_t *out,
		       const struct steady_outside_offer *of)
{
	json_t *all = json_object(), *lines = json_array();

	steady_json_put(o, all, "known", json_boolean(of->caches_known));
	steady_json_put(o, all, "state", json_string(states[of->caches]));
	steady_json_put(o, all, "clean", json_boolean(of->clean));
	steady_json_append(o, lines, json_integer(of->line[0]));
	steady_json_append(o, lines, json_integer(of->line[1]));
	steady_json_put(o, all, "lines", lines);
	steady_json_put(o, all, "clidr", steady_json_new_hex(of->clidr, STEADY_REGISTER_DIGITS));
	steady_json_put_ccsidr(o, all, "ccsidr", &of->ccsidr);
	steady_json_put(o, out, "caches", all);
}

void steady_outside_put_json(struct steady_json_out *o, json_t *out, const struct steady_offer *of)
{
	struct steady_outside_offer nothing;

	steady_outside_all(&nothing);
	if (of->outside.ctr_known || memcmp(of->outside.ctr, nothing.ctr, sizeof(nothing.ctr)) != 0)
		put_ctr(o, out, &of->outside);
	if (of->outside.caches)
		put_caches(o, out, &of->outside);
}
