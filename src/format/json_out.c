/* SPDX-License-Identifier: MIT */
#include "format/json_out.h"

#include <stdio.h>
#include <string.h>

#include <steadyarm/steadyarm.h>

#include "base/errno_name.h"
#include "format/format.h"
#include "format/lex.h"

void steady_json_put(struct steady_json_out *o, json_t *object, const char *key, json_t *value)
{
	if (json_object_set_new(object, key, value) && !o->error)
		o->error = -STEADY_ENOMEM;
}

void steady_json_append(struct steady_json_out *o, json_t *array, json_t *value)
{
	if (json_array_append_new(array, value) && !o->error)
		o->error = -STEADY_ENOMEM;
}

void steady_json_put_string(struct steady_json_out *o, json_t *object, const char *key,
			    const char *string, bool lines)
{
	if (!string)
		return;
	if (!steady_lex_printable(string, lines))
		o->error = -STEADY_EINPUT;
	else
		steady_json_put(o, object, key, json_string(string));
}

json_t *steady_json_new_hex(uint64_t value, int digits)
{
	char text[24];

	snprintf(text, sizeof(text), "0x%0*llx", digits, (unsigned long long)value);
	return json_string(text);
}

void steady_json_put_errno(struct steady_json_out *o, json_t *object,
			   const struct steady_reading *reading)
{
	char name[STEADY_ERRNO_NAME];

	if (steady_errno_name(reading->error, name))
		steady_json_put(o, object, "errno", json_string(name));
	else
		o->error = -STEADY_EINPUT;
}

void steady_json_put_reading(struct steady_json_out *o, json_t *object, const char *key,
			     const struct steady_reading *reading, int digits)
{
	json_t *failure;

	if (reading->state == STEADY_VALUE) {
		steady_json_put(o, object, key, steady_json_new_hex(reading->value, digits));
	} else if (reading->state == STEADY_FAILED) {
		failure = json_object();
		steady_json_put_errno(o, failure, reading);
		steady_json_put(o, object, key, failure);
	}
}

void steady_json_put_set(struct steady_json_out *o, json_t *object, unsigned int field,
			 steady_set set)
{
	struct steady_text text = STEADY_TEXT_INIT;
	char name[STEADY_FULLNAME];

	steady_set_print(&steady_fields[field], set, &text);
	steady_json_put(o, object, steady_field_fullname(field, name, sizeof(name)),
			text.failed ? NULL : json_string(text.data));
	steady_text_free(&text);
}

void steady_json_put_firmware(struct steady_json_out *o, json_t *object, uint64_t id,
			      const struct steady_reading *reading)
{
	char name[STEADY_FIRMWARE_NAME];

	steady_json_put_reading(o, object, steady_lex_firmware_name(id, name), reading, 1);
}

void steady_json_put_options(struct steady_json_out *o, json_t *object, uint32_t on, uint32_t known)
{
	json_t *options = json_object();

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (known >> i & 1)
			steady_json_put(o, options, steady_options[i].name,
					json_boolean(on >> i & 1));
	}
	steady_json_put(o, object, "vcpu_features", options);
}

void steady_json_put_irqchip(struct steady_json_out *o, json_t *object, uint32_t irqchip)
{
	steady_json_put_string(o, object, "irqchip", steady_irqchip_name(irqchip), false);
}

void steady_json_put_ids(struct steady_json_out *o, json_t *object, const char *key,
			 const uint64_t *list, size_t count)
{
	json_t *ids;

	if (!list)
		return;
	ids = json_array();
	for (size_t i = 0; i < count; i++)
		steady_json_append(o, ids, steady_json_new_hex(list[i], STEADY_REGISTER_DIGITS));
	steady_json_put(o, object, key, ids);
}

void steady_json_put_sve(struct steady_json_out *o, json_t *object, const struct steady_vl *sve)
{
	json_t *all = json_object(), *lengths = json_array();

	for (unsigned int bytes = 16; bytes <= STEADY_VL_MAX * 16; bytes += 16) {
		if (steady_vl_has(sve, bytes))
			steady_json_append(o, lengths, json_integer(bytes));
	}
	steady_json_put(o, all, "vector_lengths", lengths);
	steady_json_put(o, object, "sve", all);
}

void steady_json_put_cpus(struct steady_json_out *o, json_t *object, const char *key,
			  const struct steady_cpu *cpus, size_t count)
{
	json_t *all;

	if (!count)
		return;
	all = json_array();
	for (size_t i = 0; i < count; i++) {
		const int digits = STEADY_REGISTER_DIGITS;
		json_t *cpu = json_object();

		steady_json_put(o, cpu, "midr", steady_json_new_hex(cpus[i].midr, digits));
		steady_json_put(o, cpu, "revidr", steady_json_new_hex(cpus[i].revidr, digits));
		steady_json_put(o, cpu, "aidr", steady_json_new_hex(cpus[i].aidr, digits));
		steady_json_append(o, all, cpu);
	}
	steady_json_put(o, object, key, all);
}

void steady_json_put_unvirtualised(struct steady_json_out *o, json_t *object,
				   const struct steady_reading *all)
{
	json_t *out = NULL;

	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (all[i].state == STEADY_NOT_CAPTURED)
			continue;
		if (!out)
			out = json_object(); /* NULL: the putting says so */
		steady_json_put_reading(o, out, steady_unvirtualised_names[i], &all[i], 1);
	}
	if (out)
		steady_json_put(o, object, "unvirtualised", out);
}

/* ---- layout ---- */

#define COLUMNS     100
#define FLAT_HEIGHT 2 /* containers within containers that may share a line */

struct line {
	char text[COLUMNS];
	size_t length, room;
	bool full;
};

static int into_line(const char *bytes, size_t length, void *data)
{
	struct line *line = data;

	/* sticky: jansson 2.14 goes on after a key that could not be written */
	line->full = line->full || length > line->room - line->length;
	if (line->full)
		return -1;
	memcpy(line->text + line->length, bytes, length);
	line->length += length;
	return 0;
}

static int into_text(const char *bytes, size_t length, void *data)
{
	struct steady_text *out = data;

	steady_text_add(out, bytes, length);
	return out->failed ? -1 : 0;
}

static bool is_flat(const json_t *value, int height)
{
	const char *key;
	json_t *member;
	size_t i;

	if (!json_is_object(value) && !json_is_array(value))
		return true;
	if (!height)
		return false;
	json_object_foreach((json_t *)value, key, member)
	{
		if (!is_flat(member, height - 1))
			return false;
	}
	json_array_foreach(value, i, member)
	{
		if (!is_flat(member, height - 1))
			return false;
	}
	return true;
}

/* The value on one line; false if it does not fit in `room` characters. */
static bool flatten(const json_t *value, size_t room, struct line *line, struct steady_text *out)
{
	line->length = 0;
	line->room = room < COLUMNS ? room : 0;
	line->full = false;
	if (!is_flat(value, FLAT_HEIGHT))
		return false;
	if (json_dump_callback(value, into_line, line, JSON_ENCODE_ANY) && !line->full)
		out->failed = true; /* no memory: another layout is no answer to that */
	return !line->full;
}

static void indent(struct steady_text *out, int level)
{
	steady_text_printf(out, "\n%*s", level * 2, "");
}

static void put_value(const json_t *value, int level, size_t used, struct steady_text *out);

static void put_key(const char *key, struct steady_text *out)
{
	json_t *string = json_string(key);

	if (!string || json_dump_callback(string, into_text, out, JSON_ENCODE_ANY))
		out->failed = true;
	json_decref(string);
	steady_text_str(out, ": ");
}

static void put_object(const json_t *value, int level, struct steady_text *out)
{
	const char *key, *comma = "";
	json_t *member;

	steady_text_char(out, '{');
	json_object_foreach((json_t *)value, key, member)
	{
		size_t start;

		steady_text_str(out, comma);
		indent(out, level + 1);
		start = out->length;
		put_key(key, out);
		put_value(member, level + 1, (size_t)level * 2 + 2 + out->length - start, out);
		comma = ",";
	}
	indent(out, level);
	steady_text_char(out, '}');
}

static void put_array(const json_t *value, int level, struct steady_text *out)
{
	size_t indented = (size_t)level * 2 + 2, used = COLUMNS;
	json_t *element;
	struct line line;
	size_t i;

	steady_text_char(out, '[');
	json_array_foreach(value, i, element)
	{
		bool fits =
			is_flat(element, 0) && flatten(element, COLUMNS - 2 - indented, &line, out);

		if (i)
			steady_text_char(out, ',');
		if (fits && used + line.length + 2 < COLUMNS) {
			steady_text_char(out, ' ');
			steady_text_add(out, line.text, line.length);
			used += line.length + 2;
			continue;
		}
		indent(out, level + 1);
		if (fits)
			steady_text_add(out, line.text, line.length);
		else
			put_value(element, level + 1, indented, out);
		used = fits ? indented + line.length + 1 : COLUMNS;
	}
	indent(out, level);
	steady_text_char(out, ']');
}

/* `used` characters of the line are taken. */
static void put_value(const json_t *value, int level, size_t used, struct steady_text *out)
{
	struct line line;

	if (used < COLUMNS - 1 && flatten(value, COLUMNS - 1 - used, &line, out))
		steady_text_add(out, line.text, line.length);
	else if (json_is_object(value))
		put_object(value, level, out);
	else if (json_is_array(value))
		put_array(value, level, out);
	else if (json_dump_callback(value, into_text, out, JSON_ENCODE_ANY))
		out->failed = true;
}

int steady_json_layout(const json_t *value, struct steady_text *out)
{
	put_value(value, 0, 0, out);
	steady_text_char(out, '\n');
	return out->failed ? -STEADY_ENOMEM : 0;
}
