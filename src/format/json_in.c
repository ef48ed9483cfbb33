/* SPDX-License-Identifier: MIT */
#include "format/json_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/errno_name.h"
#include "format/format.h"
#include "format/lex.h"

/* ---- refusing ---- */

static int refuse_place(const struct steady_json_in *in, struct steady_place place,
			const char *reason)
{
	steady_report_add(in->report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_file(in->report, in->file);
	steady_report_place(in->report, place.line, place.column);
	if (reason)
		steady_report_reason(in->report, "%s", reason);
	return -STEADY_EINPUT;
}

static int refuse_offset(const struct steady_json_in *in, size_t offset, const char *reason)
{
	return refuse_place(in, steady_where_offset(in->text, in->length, offset), reason);
}

static int refuse(const struct steady_json *at, bool key, const char *format, va_list args)
{
	struct steady_text reason = STEADY_TEXT_INIT;
	size_t offset = 0;
	int err;

	steady_text_vprintf(&reason, format, args);
	if (key)
		steady_where_key(at->in->text, at->in->length, at->path, &offset);
	else
		steady_where_value(at->in->text, at->in->length, at->path, &offset);
	err = refuse_offset(at->in, offset, reason.failed ? NULL : reason.data);
	steady_text_free(&reason);
	return err;
}

int steady_json_refuse(const struct steady_json *at, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	err = refuse(at, false, format, args);
	va_end(args);
	return err;
}

int steady_json_refuse_key(const struct steady_json *at, const char *format, ...)
{
	va_list args;
	int err;

	va_start(args, format);
	err = refuse(at, true, format, args);
	va_end(args);
	return err;
}

int steady_json_refuse_string(const struct steady_json *at, const char *what)
{
	struct steady_text quoted = STEADY_TEXT_INIT;
	int err;

	steady_lex_quote(&quoted, json_string_value(at->value), json_string_length(at->value));
	err = steady_json_refuse(at, "%s %s", quoted.failed ? "this" : quoted.data, what);
	steady_text_free(&quoted);
	return err;
}

/* `"THE KEY" is what` */
static int refuse_name(const struct steady_json *at, const char *is, const char *what)
{
	struct steady_text quoted = STEADY_TEXT_INIT;
	int err;

	steady_lex_quote(&quoted, at->path->key, strlen(at->path->key));
	err = steady_json_refuse_key(at, "%s %s %s", quoted.failed ? "this" : quoted.data, is,
				     what);
	steady_text_free(&quoted);
	return err;
}

int steady_json_twice(const struct steady_json *at)
{
	return refuse_name(at, "is given twice,", "under two names");
}

/* ---- parsing ---- */

/* What the JSON library found wrong; its words repeat the input, so they are made harmless. */
static int refuse_syntax(const struct steady_json_in *in, const json_error_t *error)
{
	const struct steady_place place = {error->line > 0 ? (unsigned int)error->line : 1,
					   error->column > 0 ? (unsigned int)error->column : 1};
	char reason[JSON_ERROR_TEXT_LENGTH];
	size_t i;

	for (i = 0; i < sizeof(reason) - 1 && error->text[i]; i++)
		reason[i] = error->text[i] >= 0x20 && error->text[i] < 0x7f ? error->text[i] : '?';
	reason[i] = '\0';
	return refuse_place(in, place, reason);
}

static int parse(const struct steady_json_in *in, json_t **root)
{
	json_error_t error;
	size_t offset = 0;

	if (in->length > STEADY_FILE_MAX)
		return refuse_offset(in, 0, "the file is larger than 16 MiB");
	/* before parsing, which recurses and allocates */
	switch (steady_where_limits(in->text, in->length, STEADY_DEPTH_MAX, STEADY_VALUES_MAX,
				    &offset)) {
	case STEADY_TOO_DEEP:
		return refuse_offset(in, offset, "nested too deeply");
	case STEADY_TOO_MANY:
		return refuse_offset(in, offset, "too many values");
	case STEADY_WITHIN:
		break;
	}
	*root = json_loadb(in->text, in->length, JSON_REJECT_DUPLICATES, &error);
	if (*root)
		return 0;
	/* no word of what is wrong: no memory, for which jansson 2.14 rarely uses its code */
	if (!error.text[0] || json_error_code(&error) == json_error_out_of_memory)
		return -STEADY_ENOMEM;
	return refuse_syntax(in, &error);
}

static int check_format(const struct steady_json *at, void *target)
{
	int err = steady_json_expect(at, JSON_STRING);

	if (!err && strcmp(json_string_value(at->value), target) != 0)
		err = steady_json_refuse(at, "the format is not \"%s\"", (const char *)target);
	return err;
}

static int check_version(const struct steady_json *at, void *target)
{
	int err = steady_json_expect(at, JSON_INTEGER);

	(void)target;
	if (!err && json_integer_value(at->value) != 1)
		err = steady_json_refuse(at,
					 "this steadyarm reads version 1 of the format, not %lld",
					 (long long)json_integer_value(at->value));
	return err;
}

static int read_member(const struct steady_json *at, const struct steady_json_member *row,
		       void *target)
{
	const struct steady_path path = {at->path, row->key, 0};
	const struct steady_json here = {at->in, json_object_get(at->value, row->key), &path};

	if (here.value)
		return row->read ? row->read(&here, target) : 0;
	if (row->required)
		return steady_json_refuse(at, "the key \"%s\" is missing", row->key);
	return 0;
}

int steady_json_load(const struct steady_json_in *in, const char *format, json_t **root)
{
	static const struct steady_json_member rows[] = {
		{"format", true, check_format},
		{"version", true, check_version},
	};
	struct steady_json at = {in, NULL, NULL};
	int err = parse(in, &at.value);

	if (err)
		return err;
	err = steady_json_expect(&at, JSON_OBJECT);
	/* first of all, so that a file of another kind or time is called that */
	for (size_t i = 0; i < 2 && format && !err; i++)
		err = read_member(&at, &rows[i], (char *)format);
	if (err)
		json_decref(at.value);
	else
		*root = at.value;
	return err;
}

/* ---- objects and arrays ---- */

static bool is_member(const struct steady_json_member *rows, size_t count, const char *key)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(rows[i].key, key) == 0)
			return true;
	}
	return false;
}

int steady_json_members(const struct steady_json *at, const struct steady_json_member *rows,
			size_t count, void *target)
{
	const char *key;
	json_t *member;
	int err = steady_json_expect(at, JSON_OBJECT);

	if (err)
		return err;
	json_object_foreach(at->value, key, member)
	{
		const struct steady_path path = {at->path, key, 0};
		const struct steady_json here = {at->in, member, &path};

		if (!is_member(rows, count, key))
			return refuse_name(&here, "is no", "key that is known here");
	}
	for (size_t i = 0; i < count && !err; i++)
		err = read_member(at, &rows[i], target);
	return err;
}

int steady_json_named(const struct steady_json *at, const struct steady_json_names *names,
		      void *target)
{
	const char *key;
	json_t *member;
	int err = steady_json_expect(at, JSON_OBJECT);

	if (err)
		return err;
	json_object_foreach(at->value, key, member)
	{
		const struct steady_path path = {at->path, key, 0};
		const struct steady_json here = {at->in, member, &path};
		int index = names->look_up(key, strlen(key));

		err = index < 0 ? refuse_name(&here, "is no", names->what)
				: names->read(&here, index, target);
		if (err)
			return err;
	}
	return 0;
}

static int each_id(const struct steady_json *at, bool (*lex)(const char *, size_t, uint64_t *),
		   const char *what,
		   int (*read)(const struct steady_json *at, uint64_t id, void *target), void *target)
{
	const char *key;
	json_t *member;
	int err = steady_json_expect(at, JSON_OBJECT);

	if (!err && json_object_size(at->value) > STEADY_LIST_MAX)
		err = steady_json_refuse(at, "more than %u registers", STEADY_LIST_MAX);
	if (err)
		return err;
	json_object_foreach(at->value, key, member)
	{
		const struct steady_path path = {at->path, key, 0};
		const struct steady_json here = {at->in, member, &path};
		uint64_t id;

		err = lex(key, strlen(key), &id) ? read(&here, id, target)
						 : refuse_name(&here, "is no", what);
		if (err)
			return err;
	}
	return 0;
}

int steady_json_firmware(const struct steady_json *at,
			 int (*read)(const struct steady_json *at, uint64_t id, void *target),
			 void *target)
{
	return each_id(at, steady_lex_firmware, "firmware register", read, target);
}

int steady_json_by_id(const struct steady_json *at,
		      int (*read)(const struct steady_json *at, uint64_t id, void *target),
		      void *target)
{
	return each_id(at, steady_lex_hex, "register's id", read, target);
}

int steady_json_array(const struct steady_json *at,
		      int (*element)(const struct steady_json *at, size_t index, void *target),
		      void *target)
{
	int err = steady_json_expect(at, JSON_ARRAY);

	if (!err && json_array_size(at->value) > STEADY_LIST_MAX)
		err = steady_json_refuse(at, "more than %u elements", STEADY_LIST_MAX);
	for (size_t i = 0; !err && i < json_array_size(at->value); i++) {
		const struct steady_path path = {at->path, NULL, i};
		const struct steady_json here = {at->in, json_array_get(at->value, i), &path};

		err = element(&here, i, target);
	}
	return err;
}

/* ---- scalars ---- */

static const char *type_name(json_type type)
{
	switch (type) {
	case JSON_OBJECT:
		return "an object";
	case JSON_ARRAY:
		return "an array";
	case JSON_STRING:
		return "a string";
	case JSON_INTEGER:
		return "a whole number";
	case JSON_REAL:
		return "a fraction";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_NULL:
		break;
	}
	return "null";
}

int steady_json_expect(const struct steady_json *at, json_type type)
{
	json_type found = json_typeof(at->value);

	if (found == type || (type == JSON_TRUE && found == JSON_FALSE))
		return 0;
	return steady_json_refuse(at, "expected %s, found %s", type_name(type), type_name(found));
}

int steady_json_string(const struct steady_json *at, bool lines, char **out)
{
	int err = steady_json_expect(at, JSON_STRING);
	char *copy;

	if (err)
		return err;
	if (!steady_lex_printable(json_string_value(at->value), lines))
		return steady_json_refuse_string(at, "has a control character");
	copy = strdup(json_string_value(at->value));
	if (!copy)
		return -STEADY_ENOMEM;
	free(*out);
	*out = copy;
	return 0;
}

int steady_json_hex(const struct steady_json *at, uint64_t *out)
{
	int err = steady_json_expect(at, JSON_STRING);

	if (err)
		return err;
	if (!steady_lex_hex(json_string_value(at->value), json_string_length(at->value), out))
		return steady_json_refuse_string(at, "is no number of 0x and 1 to 16 hex digits");
	return 0;
}

int steady_json_errno(const struct steady_json *at, struct steady_reading *out)
{
	int err = steady_json_expect(at, JSON_STRING);
	int32_t error;

	if (err)
		return err;
	error = steady_errno_by_name(json_string_value(at->value), json_string_length(at->value));
	if (!error)
		return steady_json_refuse_string(at, "is no errno");
	*out = (struct steady_reading){.error = error, .state = STEADY_FAILED};
	return 0;
}

static int read_errno(const struct steady_json *at, void *target)
{
	return steady_json_errno(at, target);
}

int steady_json_reading(const struct steady_json *at, struct steady_reading *out)
{
	static const struct steady_json_member failure[] = {{"errno", true, read_errno}};
	uint64_t number;
	int err;

	if (json_is_object(at->value))
		return steady_json_members(at, failure, 1, out);
	err = steady_json_hex(at, &number);
	if (!err)
		*out = (struct steady_reading){.value = number, .state = STEADY_VALUE};
	return err;
}

int steady_json_set(const struct steady_json *at, unsigned int field, steady_set *out)
{
	int err = steady_json_expect(at, JSON_STRING);

	if (err)
		return err;
	if (steady_fields[field].width > 8)
		return steady_json_refuse_key(at, "a field of %d bits has no set of values",
					      steady_fields[field].width);
	if (!steady_set_parse(&steady_fields[field], json_string_value(at->value), out))
		return steady_json_refuse_string(at, "is no set of this field's values");
	return 0;
}

/* ---- things that both files have ---- */

static int read_option(const struct steady_json *at, int index, void *target)
{
	struct steady_json_options *out = target;
	int err;

	if (out->known >> index & 1)
		return steady_json_twice(at);
	err = steady_json_expect(at, JSON_TRUE);
	if (err)
		return err;
	out->known |= UINT32_C(1) << index;
	out->on |= (json_is_true(at->value) ? UINT32_C(1) : 0) << index;
	return 0;
}

int steady_json_options(const struct steady_json *at, struct steady_json_options *out)
{
	static const struct steady_json_names names = {"vCPU option", steady_option_by_name,
						       read_option};

	*out = (struct steady_json_options){0, 0};
	return steady_json_named(at, &names, out);
}

int steady_json_irqchip(const struct steady_json *at, uint32_t *out)
{
	int err = steady_json_expect(at, JSON_STRING);

	if (err)
		return err;
	*out = steady_irqchip_by_name(json_string_value(at->value));
	if (*out == STEADY_IRQCHIP_UNKNOWN)
		return steady_json_refuse_string(at, "is no irqchip (none, gicv2, gicv3)");
	return 0;
}

static int read_id(const struct steady_json *at, size_t index, void *target)
{
	struct steady_placed *all = target;

	all[index].place = index;
	return steady_json_hex(at, &all[index].value);
}

int steady_json_ids(const struct steady_json *at, uint64_t **list, size_t *count)
{
	size_t n = json_array_size(at->value);
	/* + 1: an empty list is a list; NULL would say that it was not captured */
	struct steady_placed *all = calloc(n + 1, sizeof(*all));
	uint64_t *out = calloc(n + 1, sizeof(*out));
	const struct steady_placed *repeated;
	int err = -STEADY_ENOMEM;

	if (!all || !out)
		goto out;
	err = steady_json_array(at, read_id, all);
	if (err)
		goto out;
	repeated = steady_lex_sort(all, n);
	if (repeated) {
		const struct steady_path path = {at->path, NULL, repeated->place};
		const struct steady_json here = {at->in, NULL, &path};

		err = steady_json_refuse(&here, "0x%016llx is given twice",
					 (unsigned long long)repeated->value);
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		out[i] = all[i].value;
	*list = out;
	*count = n;
	out = NULL;
out:
	free(all);
	free(out);
	return err;
}

static int read_length(const struct steady_json *at, size_t index, void *target)
{
	struct steady_vl *out = target;
	int err = steady_json_expect(at, JSON_INTEGER);
	json_int_t bytes = json_integer_value(at->value);

	(void)index;
	if (err)
		return err;
	if (bytes < 16 || bytes > STEADY_VL_MAX * 16 || bytes % 16)
		return steady_json_refuse(
			at, "%lld is no vector length (16 to 8192 bytes, a multiple of 16)",
			(long long)bytes);
	if (steady_vl_has(out, (unsigned int)bytes))
		return steady_json_refuse(at, "%lld is given twice", (long long)bytes);
	steady_vl_add(out, (unsigned int)bytes);
	return 0;
}

static int read_lengths(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_length, target);
}

int steady_json_sve(const struct steady_json *at, struct steady_vl *out)
{
	static const struct steady_json_member rows[] = {{"vector_lengths", true, read_lengths}};
	int err;

	*out = (struct steady_vl){0};
	err = steady_json_members(at, rows, 1, out);
	if (!err && !steady_vl_empty(out) && !steady_vl_has(out, 16))
		err = steady_json_refuse(at, "16 is not among the vector lengths: SVE has it always");
	return err;
}

static int read_midr(const struct steady_json *at, void *target)
{
	return steady_json_hex(at, &((struct steady_cpu *)target)->midr);
}

static int read_revidr(const struct steady_json *at, void *target)
{
	return steady_json_hex(at, &((struct steady_cpu *)target)->revidr);
}

static int read_aidr(const struct steady_json *at, void *target)
{
	return steady_json_hex(at, &((struct steady_cpu *)target)->aidr);
}

int steady_json_cpu(const struct steady_json *at, struct steady_cpu *out)
{
	static const struct steady_json_member rows[] = {
		{"midr", true, read_midr},
		{"revidr", true, read_revidr},
		{"aidr", true, read_aidr},
	};

	return steady_json_members(at, rows, 3, out);
}

static int read_unvirtualised(const struct steady_json *at, int index, void *target)
{
	struct steady_reading *all = target;

	return steady_json_reading(at, &all[index]);
}

int steady_json_unvirtualised(const struct steady_json *at, struct steady_reading *all)
{
	static const struct steady_json_names names = {
		"unvirtualised register", steady_unvirtualised_by_name, read_unvirtualised};

	return steady_json_named(at, &names, all);
}
