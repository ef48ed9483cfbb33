/* SPDX-License-Identifier: MIT */
/* `show --kernels`: since when a field can be written, in the kernels that were recorded. */
#include <string.h>
#include <unistd.h>

#include "cli.h"
#include "policy/explain.h"

static uint32_t all_kernels(void)
{
	return (uint32_t)((UINT64_C(1) << steady_kernel_count) - 1);
}

static void add_part(struct steady_text *out, const char *what, uint32_t set, uint32_t known)
{
	if (!set)
		return;
	steady_text_printf(out, "%s%s ", out->length ? "; " : "", what);
	if (set == all_kernels())
		steady_text_str(out, "all");
	else
		steady_kernels_print(out, set, known);
}

/* Without it the field is 0; one that is hidden from all is so with it, too. */
static const char *option_of(unsigned int field, const struct steady_kernel_row *row)
{
	int option = steady_field_option((int)field);

	if (option < 0 || (row && row->hidden == all_kernels()))
		return NULL;
	return steady_options[option].name;
}

/* Without a row no kernel lets the field be written. */
static void put_row(struct cli *cli, const char *name, unsigned int field,
		    const struct steady_kernel_row *row, const char *hosts)
{
	static const struct steady_kernel_row never;
	uint32_t fixed = row ? row->fixed : all_kernels(), known;
	const char *option = option_of(field, row);
	struct steady_text line = STEADY_TEXT_INIT;

	row = row ? row : &never;
	known = row->writable | row->hidden | fixed;
	add_part(&line, "writable in", row->writable, known);
	add_part(&line, "hidden in", row->hidden, known);
	add_part(&line, "fixed in", fixed, known);
	if (row != &never)
		add_part(&line, "nothing recorded of", steady_kernels_unrecorded(row), UINT32_MAX);
	steady_text_printf(&cli->out, "  %-14s %s%s%s%s\n", name,
			   line.data ? line.data : "", option ? "; by the vCPU option " : "",
			   option ? option : "", hosts);
	steady_text_free(&line);
}

/* Bits without a name: Linux has no entry for them, so that guests of recorded kernels see 0. */
static const struct steady_kernel_row *row_of(unsigned int field, bool aarch32)
{
	static struct steady_kernel_row nameless;

	nameless.hidden = all_kernels();
	return steady_fields[field].flags & STEADY_FIELD_RESERVED &&
			       steady_register_is_core(steady_fields[field].reg)
		       ? &nameless
		       : steady_kernel_row_of(field, aarch32);
}

static void put_field(struct cli *cli, unsigned int field)
{
	const struct steady_kernel_row *with = row_of(field, true);
	const struct steady_kernel_row *without = row_of(field, false);

	if (with == without)
		put_row(cli, steady_fields[field].name, field, with, "");
	if (with && with != without)
		put_row(cli, steady_fields[field].name, field, with, " (hosts with AArch32)");
	if (without && with != without)
		put_row(cli, steady_fields[field].name, field, without, " (hosts without AArch32)");
}

static json_t *set_json(uint32_t set)
{
	json_t *list = json_array();

	for (unsigned int i = 0; i < steady_kernel_count; i++) {
		if (set >> i & 1)
			json_array_append_new(list, json_string(steady_kernels[i]));
	}
	return list;
}

static json_t *row_json(const struct steady_kernel_row *row)
{
	json_t *o = json_object();

	json_object_set_new(o, "writable", set_json(row ? row->writable : 0));
	json_object_set_new(o, "hidden", set_json(row ? row->hidden : 0));
	json_object_set_new(o, "fixed", set_json(row ? row->fixed : all_kernels()));
	return o;
}

static void put_field_json(json_t *fields, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	const char *option = option_of(field, row_of(field, true));
	json_t *o = json_object();

	json_object_set_new(o, "aarch32", row_json(row_of(field, true)));
	json_object_set_new(o, "no_aarch32", row_json(row_of(field, false)));
	if (option)
		json_object_set_new(o, "option", json_string(option));
	json_object_set_new(fields, f->name, o);
}

static bool is_nameless(const struct steady_register *r)
{
	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if (!(steady_fields[i].flags & STEADY_FIELD_RESERVED))
			return false;
	}
	return true;
}

/* Of a register without named fields one line of words for all. */
static int put_register(struct cli *cli, json_t *registers, int reg, int only)
{
	const struct steady_register *r = &steady_registers[reg];
	json_t *fields = json_object();

	steady_text_printf(&cli->out, "%s\n", r->name);
	if (only < 0 && is_nameless(r))
		put_row(cli, "[63:0]", r->first, row_of(r->first, true), "");
	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if ((only >= 0 && (unsigned int)only != i) ||
		    (only < 0 && steady_fields[i].flags & STEADY_FIELD_RESERVED))
			continue;
		put_field(cli, i);
		put_field_json(fields, i);
	}
	if (only >= 0 && json_object_get(registers, r->name)) {
		json_object_update(json_object_get(registers, r->name), fields);
		json_decref(fields);
		return 0;
	}
	return json_object_set_new(registers, r->name, fields) ? -STEADY_ENOMEM : 0;
}

/* The core ID range, and other registers that some kernel lets be written. */
static bool is_recorded(int reg)
{
	const struct steady_register *r = &steady_registers[reg];

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if (steady_kernel_row_of(i, true) || steady_kernel_row_of(i, false))
			return true;
	}
	return steady_register_is_core(reg);
}

static bool is_path(const char *name)
{
	return strchr(name, '/') || access(name, F_OK) == 0;
}

static int put_all(struct cli *cli, json_t *registers)
{
	int result = 0;

	for (int i = 0; i < cli->argc && !result; i++) {
		const char *name = cli->argv[i];
		int reg = steady_register_by_name(name, strlen(name));
		int field = reg < 0 ? steady_field_by_name(name, strlen(name)) : -1;

		if (field >= 0)
			reg = steady_fields[field].reg;
		if (reg < 0 && i == 0 && is_path(name)) {
			cli_say("--kernels takes no profile: its answer is of the recorded kernels, "
				"leave out '%s'", name);
			return -STEADY_EUSAGE;
		}
		if (reg < 0 || !is_recorded(reg)) {
			cli_say(reg < 0 ? "there is no register or field '%s'"
					: "%s: only the core ID range, CTR_EL0 and what names a "
					  "CPU are recorded by kernel", name);
			return -STEADY_EUSAGE;
		}
		result = put_register(cli, registers, reg, field);
	}
	return result;
}

int cli_show_kernels(struct cli *cli)
{
	json_t *registers = json_object(), *o = json_object();
	int r = put_all(cli, registers);

	if (r || cli->json || cli->quiet) {
		steady_text_free(&cli->out);
		cli->out = (struct steady_text)STEADY_TEXT_INIT;
	}
	json_object_set_new(o, "kernels", set_json(UINT32_MAX));
	json_object_set_new(o, "registers", registers);
	if (!r && cli->json)
		return cli_put_json(cli, o);
	json_decref(o);
	return r;
}
