/* SPDX-License-Identifier: MIT */
/*
 * A model's canonical text: one fact a line, `NAME VALUE`, sorted by bytes. libc only, so that the
 * libraries that live inside a VMM can read it.
 *
 * It says what a guest sees and nothing else. How the model came about (its offer) is in the JSON
 * only, so two models with one text, and so one id, are one CPU.
 *
 * "version" sorts behind every other name. A canonical text that was cut off anywhere therefore
 * lacks it, and is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "format/format.h"
#include "format/lex.h"
#include "policy/outside.h"

#define LINE_MAX_BYTES 1024

struct word { /* not empty, but for what next_word() gives at the end */
	const char *at;
	size_t length;
	unsigned int column;
};

struct reader {
	const char *file;
	struct steady_report *report;
	struct steady_model *model;
	unsigned int line;
	struct word name, value;
	uint32_t seen;         /* 1 << row of `rows` */
	uint32_t options_seen; /* 1 << enum steady_option */
	bool any_register;
	struct steady_placed *ids; /* the register list; place is the line */
	size_t id_count, id_room;
};

__attribute__((format(printf, 3, 4))) static int refuse(struct reader *r, unsigned int column,
							const char *format, ...)
{
	struct steady_text reason = STEADY_TEXT_INIT;
	va_list args;

	va_start(args, format);
	steady_text_vprintf(&reason, format, args);
	va_end(args);
	steady_report_add(r->report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_file(r->report, r->file);
	steady_report_place(r->report, r->line, column);
	if (!reason.failed)
		steady_report_reason(r->report, "%s", reason.data);
	steady_text_free(&reason);
	return -STEADY_EINPUT;
}

/* refuse() with a word of the text in quotes, and what stands before and after it. */
static int refuse_word(struct reader *r, const struct word *w, const char *before,
		       const char *after)
{
	struct steady_text quoted = STEADY_TEXT_INIT;
	int err;

	steady_lex_quote(&quoted, w->at, w->length);
	err = refuse(r, w->column, "%s%s%s", before, quoted.failed ? "?" : quoted.data, after);
	steady_text_free(&quoted);
	return err;
}

static int twice(struct reader *r)
{
	return refuse_word(r, &r->name, "", " is given twice");
}

static bool word_is(const struct word *w, const char *text)
{
	return *w->at == *text && w->length == strlen(text) && memcmp(w->at, text, w->length) == 0;
}

/* The value as a string; false if it does not fit, which no known value does. */
static bool word_copy(const struct word *w, char *out, size_t room)
{
	if (w->length >= room)
		return false;
	memcpy(out, w->at, w->length);
	out[w->length] = '\0';
	return true;
}

static int hex_value(struct reader *r, uint64_t *out)
{
	if (steady_lex_hex(r->value.at, r->value.length, out))
		return 0;
	return refuse_word(r, &r->value, "", " is no number of 0x and 1 to 16 hex digits");
}

static int read_format(struct reader *r)
{
	if (word_is(&r->value, "steadyarm-model"))
		return 0;
	return refuse_word(r, &r->value, "the format is ", ", expected steadyarm-model");
}

static int read_version(struct reader *r)
{
	if (word_is(&r->value, "1"))
		return 0;
	return refuse_word(r, &r->value, "this steadyarm reads version 1, not ", "");
}

static int read_name(struct reader *r)
{
	char name[STEADY_FULLNAME + 1];

	if (word_copy(&r->value, name, sizeof(name)) && steady_model_name_ok(name))
		return steady_model_set_name(r->model, name);
	return refuse_word(r, &r->value, "",
			   " is no model name (1 to 64 letters, digits and . _ + -, "
			   "first a letter or digit)");
}

static int read_irqchip(struct reader *r)
{
	char name[16];

	if (word_copy(&r->value, name, sizeof(name)))
		r->model->irqchip = steady_irqchip_by_name(name);
	if (r->model->irqchip != STEADY_IRQCHIP_UNKNOWN)
		return 0;
	return refuse_word(r, &r->value, "", " is no irqchip (none, gicv2, gicv3)");
}

static int read_vector_length(struct reader *r)
{
	uint64_t bytes;

	if (!steady_lex_decimal(r->value.at, r->value.length, STEADY_VL_MAX * 16, &bytes) ||
	    !bytes || bytes % 16)
		return refuse_word(r, &r->value, "",
				   " is no vector length (16 to 8192 bytes, a multiple of 16)");
	if (steady_vl_has(&r->model->sve, (unsigned int)bytes))
		return refuse_word(r, &r->value, "vector length ", " is given twice");
	steady_vl_add(&r->model->sve, (unsigned int)bytes);
	return 0;
}

static int read_list_id(struct reader *r)
{
	uint64_t id;
	int err = hex_value(r, &id);

	if (err)
		return err;
	if (r->id_count == STEADY_LIST_MAX)
		return refuse(r, r->value.column, "more than %u register_list lines",
			      STEADY_LIST_MAX);
	if (r->id_count == r->id_room) {
		size_t room = r->id_room ? r->id_room * 2 : 256;
		struct steady_placed *ids = realloc(r->ids, room * sizeof(*ids));

		if (!ids)
			return -STEADY_ENOMEM;
		r->ids = ids;
		r->id_room = room;
	}
	r->ids[r->id_count].value = id;
	r->ids[r->id_count++].place = r->line;
	return 0;
}

static int read_implementation(struct reader *r)
{
	struct steady_cpu cpu = {0};
	uint64_t *part[] = {&cpu.midr, &cpu.revidr, &cpu.aidr};
	const char *p = r->value.at, *end = p + r->value.length;
	size_t count = r->model->implementation_count;
	bool ok = true;
	int err;

	for (int i = 0; i < 3 && ok; i++) {
		const char *stop = i < 2 ? memchr(p, ',', (size_t)(end - p)) : end;

		ok = stop && steady_lex_hex(p, (size_t)(stop - p), part[i]);
		p = ok && i < 2 ? stop + 1 : p;
	}
	if (!ok)
		return refuse_word(r, &r->value, "",
				   " is no implementation (0xMIDR,0xREVIDR,0xAIDR)");
	if (count == STEADY_LIST_MAX)
		return refuse(r, r->value.column, "more than %u implementation lines",
			      STEADY_LIST_MAX);
	err = steady_model_add_implementation(r->model, &cpu);
	if (!err && r->model->implementation_count == count)
		err = refuse_word(r, &r->value, "implementation ", " is given twice");
	return err;
}

static int read_tolerated(struct reader *r)
{
	char name[STEADY_FULLNAME];
	size_t count = r->model->tolerated_count;
	int err;

	if (!steady_lex_tolerable(r->value.at, r->value.length, name))
		return refuse_word(r, &r->value, "",
				   " is neither a field (REGISTER.FIELD) nor an unvirtualised "
				   "register");
	err = steady_model_add_tolerated(r->model, name);
	if (!err && r->model->tolerated_count == count)
		err = refuse_word(r, &r->value, "", " is tolerated twice");
	return err;
}

static int read_more(struct reader *r)
{
	char name[STEADY_FULLNAME];
	size_t count = r->model->more_count;
	int err;

	if (!steady_lex_more(r->value.at, r->value.length, name))
		return refuse_word(r, &r->value, "", " is no field (REGISTER.FIELD)");
	err = steady_model_add_more(r->model, name);
	if (!err && r->model->more_count == count)
		err = refuse_word(r, &r->value, "", " is tolerated twice");
	return err;
}

static int read_firmware(struct reader *r, const struct word *name)
{
	uint64_t id, value;
	int err;

	if (!steady_lex_firmware(name->at, name->length, &id))
		return refuse_word(r, name, "", " is no firmware register");
	if (steady_model_firmware(r->model, id))
		return twice(r);
	if (r->model->firmware_count == STEADY_LIST_MAX)
		return refuse(r, name->column, "more than %u firmware registers", STEADY_LIST_MAX);
	err = hex_value(r, &value);
	return err ? err : steady_model_add_firmware(r->model, id, value);
}

static int read_option(struct reader *r, const struct word *name)
{
	int option = steady_option_by_name(name->at, name->length);
	bool on = word_is(&r->value, "on");

	if (option < 0)
		return refuse_word(r, name, "", " is no vCPU option");
	if (r->options_seen >> option & 1)
		return twice(r);
	if (!on && !word_is(&r->value, "off"))
		return refuse_word(r, &r->value, "", " is neither on nor off");
	r->options_seen |= UINT32_C(1) << option;
	r->model->options |= (on ? UINT32_C(1) : 0) << option;
	return 0;
}

static int read_cache(struct reader *r, const struct word *name)
{
	uint64_t id, value;
	int number, err;

	number = steady_lex_hex(name->at, name->length, &id) ? steady_cache_number(id) : -1;
	if (number < 0)
		return refuse_word(r, name, "", " is no id of CCSIDR_EL1");
	if (r->model->caches.has >> number & 1)
		return twice(r);
	err = hex_value(r, &value);
	if (!err && value > UINT32_MAX)
		err = refuse_word(r, &r->value, "", " has more than 32 bits");
	r->model->caches.has |= (err ? 0 : UINT32_C(1)) << number;
	r->model->caches.value[number] = (uint32_t)value;
	return err;
}

static int read_unvirtualised(struct reader *r, const struct word *name)
{
	int which = steady_unvirtualised_by_name(name->at, name->length);
	struct steady_reading *at = which < 0 ? NULL : &r->model->unvirtualised[which];

	if (!at)
		return refuse_word(r, name, "", " is no unvirtualised register");
	if (at->state == STEADY_VALUE)
		return twice(r);
	at->state = STEADY_VALUE;
	return hex_value(r, &at->value);
}

static int read_register(struct reader *r)
{
	int reg = steady_register_by_name(r->name.at, r->name.length);
	uint64_t value;
	int err;

	if (reg < 0)
		return refuse_word(r, &r->name, "", " is no name that a model knows");
	if (r->model->has[reg]) /* also under two names */
		return refuse(r, r->name.column, "%s is given twice", steady_registers[reg].name);
	err = hex_value(r, &value);
	if (err)
		return err;
	r->model->has[reg] = true;
	r->model->value[reg] = value;
	r->any_register = true;
	return 0;
}

static const struct row {
	const char *name;
	bool many; /* may stand on several lines */
	bool required;
	int (*read)(struct reader *r);
} rows[] = {
	{"format", false, true, read_format},
	{"version", false, true, read_version},
	{"name", false, false, read_name},
	{"irqchip", false, false, read_irqchip},
	{"sve.vector_length", true, false, read_vector_length},
	{"register_list", true, false, read_list_id},
	{"implementation", true, false, read_implementation},
	{"tolerated", true, false, read_tolerated},
	{"tolerated_more", true, false, read_more},
};
#define ROWS (sizeof(rows) / sizeof(rows[0]))

static const struct {
	const char *prefix;
	int (*read)(struct reader *r, const struct word *rest);
} prefixes[] = {
	{"firmware.", read_firmware},
	{"vcpu_features.", read_option},
	{"cache.", read_cache},
	{"unvirtualised.", read_unvirtualised},
};
#define PREFIXES (sizeof(prefixes) / sizeof(prefixes[0]))

static int read_fact(struct reader *r)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (!word_is(&r->name, rows[i].name))
			continue;
		if (!rows[i].many && r->seen >> i & 1)
			return twice(r);
		r->seen |= UINT32_C(1) << i;
		return rows[i].read(r);
	}
	for (size_t i = 0; i < PREFIXES; i++) {
		size_t n = strlen(prefixes[i].prefix);
		struct word rest = {r->name.at + n, r->name.length - n,
				    r->name.column + (unsigned int)n};

		if (r->name.length > n && memcmp(r->name.at, prefixes[i].prefix, n) == 0)
			return prefixes[i].read(r, &rest);
	}
	return read_register(r);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

/* What a word is made of: neither blank nor control character. */
static bool is_plain(char c)
{
	return (unsigned char)c > ' ' && c != 0x7f;
}

/* The next word at or behind *at; its length is 0 where there is none any more. */
static struct word next_word(const char *line, size_t length, size_t *at)
{
	size_t i = *at, start;

	while (i < length && is_blank(line[i]))
		i++;
	start = i;
	if (i == length || line[i] != '#') {
		while (i < length && is_plain(line[i]))
			i++;
	}
	*at = i;
	return (struct word){line + start, i - start, (unsigned int)start + 1};
}

static int refuse_control(struct reader *r, const char *line, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (is_plain(line[i]) || is_blank(line[i]))
			continue;
		return refuse(r, (unsigned int)i + 1, "control character 0x%02x%s",
			      (unsigned char)line[i],
			      line[i] == '\r' ? ": lines end with a line feed alone" : "");
	}
	return 0;
}

static int read_line(struct reader *r, const char *line, size_t length)
{
	struct word extra = {0};
	size_t at = 0;
	int err;

	if (length > LINE_MAX_BYTES)
		return refuse(r, LINE_MAX_BYTES + 1, "the line is longer than %d bytes",
			      LINE_MAX_BYTES);
	r->name = next_word(line, length, &at);
	r->value = next_word(line, length, &at);
	if (at < length) { /* not two words and nothing else, as nearly every line is */
		err = refuse_control(r, line, length);
		if (err)
			return err;
		extra = next_word(line, length, &at);
	}
	if (!r->name.length)
		return 0;
	if (!r->value.length)
		return refuse_word(r, &r->name, "", " has no value");
	if (extra.length)
		return refuse_word(r, &extra, "", " follows the value");
	return read_fact(r);
}

/* Hands the collected register list to the model. */
static int finish_list(struct reader *r)
{
	const struct steady_placed *repeated = steady_lex_sort(r->ids, r->id_count);
	uint64_t *list;

	if (repeated) {
		r->line = (unsigned int)repeated->place;
		return refuse(r, 1, "register_list has 0x%016llx twice",
			      (unsigned long long)repeated->value);
	}
	if (!r->id_count)
		return 0;
	list = malloc(r->id_count * sizeof(*list));
	if (!list)
		return -STEADY_ENOMEM;
	for (size_t i = 0; i < r->id_count; i++)
		list[i] = r->ids[i].value;
	r->model->register_list = list;
	r->model->register_count = r->id_count;
	return 0;
}

static int finish(struct reader *r)
{
	for (size_t i = 0; i < ROWS; i++) {
		if (rows[i].required && !(r->seen >> i & 1))
			return refuse(r, 1,
				      "the text ends without a \"%s\" line: it may be cut off",
				      rows[i].name);
	}
	if (!r->any_register)
		return refuse(r, 1, "the text ends without any register");
	steady_model_more_only(r->model);
	return finish_list(r);
}

int steady_model_read_text(const char *text, size_t length, const char *file,
			   struct steady_model **model, struct steady_report *report)
{
	struct reader r = {.file = file, .report = report, .line = 1};
	const char *p = text, *end = text + length;
	int err = 0;

	if (length > STEADY_FILE_MAX)
		return refuse(&r, 1, "the text is longer than %u bytes", STEADY_FILE_MAX);
	r.model = steady_model_alloc();
	if (!r.model)
		return -STEADY_ENOMEM;
	while (p < end && !err) {
		const char *stop = memchr(p, '\n', (size_t)(end - p));
		const char *line = p;

		if (!stop)
			stop = end;
		err = read_line(&r, line, (size_t)(stop - line));
		p = stop < end ? stop + 1 : end;
		if (!err && p < end)
			r.line++;
	}
	if (!err)
		err = finish(&r);
	free(r.ids);
	if (err) {
		steady_model_free(r.model);
		return err;
	}
	*model = r.model;
	return 0;
}

int steady_model_parse(const char *text, size_t length, struct steady_model **model,
		       struct steady_report *report)
{
	return steady_model_read_text(text, length, NULL, model, report);
}

/* ---- printing ---- */

/* NAME 0xVALUE */
static void print_line(struct steady_text *out, const char *name, uint64_t value)
{
	steady_text_str(out, name);
	steady_text_char(out, ' ');
	steady_text_hex(out, value);
	steady_text_char(out, '\n');
}

static void print_registers(const struct steady_model *m, struct steady_text *out)
{
	for (int i = 0; i < STEADY_REGISTERS; i++) {
		if (m->has[i])
			print_line(out, steady_registers[i].name, m->value[i]);
	}
}

/* One line for all of them until the lines are sorted: they are, and are three quarters of a model. */
#define LIST "register_list"

static void print_ids(const struct steady_model *m, struct steady_text *out)
{
	for (size_t i = 0; i < m->register_count; i++)
		print_line(out, LIST, m->register_list[i]);
}

static void print_lists(const struct steady_model *m, struct steady_text *out)
{
	for (size_t i = 0; i < m->firmware_count; i++) {
		char name[STEADY_FIRMWARE_NAME];

		steady_text_printf(out, "firmware.%s 0x%llx\n",
				   steady_lex_firmware_name(m->firmware[i].id, name),
				   (unsigned long long)m->firmware[i].value);
	}
	for (unsigned int bytes = 16; bytes <= STEADY_VL_MAX * 16; bytes += 16) {
		if (steady_vl_has(&m->sve, bytes))
			steady_text_printf(out, "sve.vector_length %u\n", bytes);
	}
	if (m->register_count)
		steady_text_str(out, LIST "\n");
	for (size_t i = 0; i < m->implementation_count; i++) {
		const struct steady_cpu *cpu = &m->implementations[i];

		steady_text_printf(out, "implementation 0x%016llx,0x%016llx,0x%016llx\n",
				   (unsigned long long)cpu->midr, (unsigned long long)cpu->revidr,
				   (unsigned long long)cpu->aidr);
	}
}

static void print_tolerated(const struct steady_model *m, struct steady_text *out)
{
	const char *name;
	bool more;

	for (size_t i = 0; (name = steady_model_tolerated_at(m, i, &more)); i++)
		steady_text_printf(out, "tolerated %s\n", name);
	for (size_t i = 0; (name = steady_model_tolerated_at(m, i, &more)); i++) {
		if (more)
			steady_text_printf(out, "tolerated_more %s\n", name);
	}
}

static void print_passed(const struct steady_model *m, struct steady_text *out)
{
	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		if (m->caches.has >> i & 1)
			steady_text_printf(out, "cache.0x%llx 0x%08lx\n",
					   (unsigned long long)steady_cache_id(i),
					   (unsigned long)m->caches.value[i]);
	}
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (m->unvirtualised[i].state == STEADY_VALUE)
			steady_text_printf(out, "unvirtualised.%s 0x%llx\n",
					   steady_unvirtualised_names[i],
					   (unsigned long long)m->unvirtualised[i].value);
	}
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorts the lines of `from` into `out`. */
static int sort_lines(const struct steady_model *m, struct steady_text *from, struct steady_text *out)
{
	size_t count = 0, i = 0;
	char **lines, *p = from->data;

	for (const char *c = p; *c; c++)
		count += *c == '\n';
	lines = malloc(count * sizeof(*lines));
	if (!lines)
		return -STEADY_ENOMEM;
	for (; i < count; i++) {
		char *stop = strchr(p, '\n');

		*stop = '\0';
		lines[i] = p;
		p = stop + 1;
	}
	qsort(lines, count, sizeof(*lines), compare_lines);
	for (i = 0; i < count; i++) {
		if (strcmp(lines[i], LIST) == 0) {
			print_ids(m, out);
			continue;
		}
		steady_text_str(out, lines[i]);
		steady_text_char(out, '\n');
	}
	free(lines);
	return out->failed ? -STEADY_ENOMEM : 0;
}

int steady_model_print(const struct steady_model *m, struct steady_text *out)
{
	struct steady_text all = STEADY_TEXT_INIT;
	int err = -STEADY_ENOMEM;

	steady_text_str(&all, "format steadyarm-model\nversion 1\n");
	if (m->name)
		steady_text_printf(&all, "name %s\n", m->name);
	if (steady_irqchip_name(m->irqchip))
		steady_text_printf(&all, "irqchip %s\n", steady_irqchip_name(m->irqchip));
	/* only what is on: an option that a later version learns of changes no text, and no id */
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (m->options >> i & 1)
			steady_text_printf(&all, "vcpu_features.%s on\n", steady_options[i].name);
	}
	print_registers(m, &all);
	print_lists(m, &all);
	print_tolerated(m, &all);
	print_passed(m, &all);
	if (!all.failed)
		err = sort_lines(m, &all, out);
	steady_text_free(&all);
	return err;
}
