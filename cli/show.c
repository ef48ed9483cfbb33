/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/report.h"
#include "beside.h"
#include "cli.h"
#include "format/format.h"
#include "policy/explain.h"
#include "policy/model.h"

#define FEATURES 64 /* that one field tells: no field tells more */

static const char help[] =
	"Decodes what X shows a guest: registers, fields with their meaning, what of them KVM lets\n"
	"be written. X is a profile, a model or `kvm`; of a profile its fullest configuration is\n"
	"shown. Without a REG all fields that are not 0 are shown, with REG all of its fields. Of a\n"
	"FEATURE: whether X has it, its condition, and the fields that it reads.\n"
	"\n"
	"Options:\n"
	"  --features     the names of Arm's features instead: all, or those that a REG tells\n"
	"  --kernels      no X: which of the recorded kernels let each REG be written; where it is\n"
	"                 fixed, nothing that is written stays: it shows what the hardware has, or of\n"
	"                 the GIC the VM's; where it is hidden, it is 0; one that is there by a vCPU\n"
	"                 option is 0 without it. Where no recorded host has a field (LS64), writable is\n"
	"                 what the kernel's mask says, and was not tried\n"
	"\n"
	"Example:\n"
	"  steadyarm show data/profiles/max-7.3.json ID_AA64ISAR0_EL1.Atomic\n"
	"  steadyarm show data/profiles/max-7.3.json FEAT_LSE\n"
	"  steadyarm show --kernels ID_MMFR4_EL1\n";

struct wanted {
	bool features;
	bool kernels;
	struct cli_subject subject;
	struct steady_view view;
	bool all[STEADY_REGISTERS];   /* every field of the register was asked for */
	bool reg[STEADY_REGISTERS];   /* the register, or a field of it */
	int *fields;                  /* rows that were asked for by name */
	size_t field_count;
	unsigned int *features_named; /* of steady_feature_name() */
	size_t named_count;
};

static bool take_features(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	(void)argument;
	((struct wanted *)ctx)->features = true;
	return true;
}

static bool take_kernels(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	(void)argument;
	((struct wanted *)ctx)->kernels = true;
	return true;
}

/* ---- what was asked for ---- */

static int select_one(struct wanted *w, const char *name)
{
	int reg = steady_register_by_name(name, strlen(name));
	int field = reg < 0 ? steady_field_by_name(name, strlen(name)) : -1;
	int feature = reg < 0 && field < 0 ? steady_feature_by_name(name, strlen(name)) : -1;

	if (reg >= 0) {
		w->reg[reg] = w->all[reg] = true;
	} else if (field >= 0) {
		w->fields[w->field_count++] = field;
		w->reg[steady_fields[field].reg] = true;
	} else if (feature >= 0) {
		w->features_named[w->named_count++] = (unsigned int)feature;
	} else {
		const char *why = steady_feature_left_out(name, strlen(name));

		if (why)
			cli_say("'%s' is left out of the features on purpose: %s", name, why);
		else
			cli_say("there is no register or field '%s', and no feature", name);
		return -STEADY_EUSAGE;
	}
	return 0;
}

static int select_all(const struct cli *cli, struct wanted *w)
{
	int r = 0;

	w->fields = calloc((size_t)cli->argc, sizeof(*w->fields));
	w->features_named = calloc((size_t)cli->argc, sizeof(*w->features_named));
	if (!w->fields || !w->features_named)
		return -STEADY_ENOMEM;
	for (int i = 1; i < cli->argc && !r; i++)
		r = select_one(w, cli->argv[i]);
	for (int i = 0; cli->argc == 1 && i < STEADY_REGISTERS; i++)
		w->reg[i] = w->view.known[i];
	return r;
}

static bool is_named(const struct wanted *w, unsigned int field)
{
	for (size_t i = 0; i < w->field_count; i++) {
		if (w->fields[i] == (int)field)
			return true;
	}
	return false;
}

static bool is_wanted(const struct cli *cli, const struct wanted *w, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];

	if (cli->argc == 1)
		return steady_field_get(f, w->view.value[f->reg]) != 0;
	if (is_named(w, field))
		return true;
	return w->all[f->reg] && (!(f->flags & STEADY_FIELD_RESERVED) ||
				  steady_field_get(f, w->view.value[f->reg]));
}

/* "0-2" where the subject is a host that accepts more than one value, else nothing. */
static bool accepts(const struct wanted *w, unsigned int field, struct steady_text *out)
{
	const struct steady_profile *p = w->subject.profile;
	steady_set set;

	if (!p || !steady_register_is_core(steady_fields[field].reg) ||
	    !steady_offer_field(p, &p->configurations[0], field, &set))
		return false;
	steady_set_print(&steady_fields[field], set, out);
	return true;
}

/* Whether some other value of the field would take a feature away from the subject. */
static bool depends(const struct wanted *w, unsigned int feature, const struct steady_field *f)
{
	struct steady_view other = w->view;

	for (uint64_t v = 0; f->width <= 4 && v <= steady_field_ones(f); v++) {
		other.value[f->reg] = steady_field_put(f, w->view.value[f->reg], v);
		if (steady_feature_state(feature, &other) != STEADY_YES)
			return true;
	}
	return f->width > 4 || steady_field_get(f, w->view.value[f->reg]);
}

/*
 * The features that the subject has by this field; how many. Where several fields each give one (an
 * algorithm of pointer authentication), those that are 0 have no part in it.
 */
static size_t field_features(const struct wanted *w, unsigned int field, uint16_t out[FEATURES])
{
	uint16_t all[FEATURES];
	size_t count = steady_field_features((int)field, all, FEATURES), n = 0;

	for (size_t i = 0; i < count && i < FEATURES; i++) {
		if (steady_feature_state(all[i], &w->view) == STEADY_YES &&
		    depends(w, all[i], &steady_fields[field]))
			out[n++] = all[i];
	}
	return n;
}

/* ---- words ---- */

static void put_head(struct cli *cli, const struct wanted *w)
{
	const struct steady_profile *p = w->subject.profile;
	const struct steady_model *m = w->subject.model;
	char options[128];
	struct steady_text *out = &cli->out;

	if (p) {
		const struct steady_configuration *c = &p->configurations[0];

		steady_text_printf(out, "host %s, kernel %s; with %s (1 of %zu configuration%s)\n",
				   p->name, p->kernel ? p->kernel : "unknown",
				   steady_configuration_text(c->options, c->options_known,
							     c->irqchip, options,
							     sizeof(options)),
				   p->configuration_count,
				   p->configuration_count == 1 ? "" : "s");
		return;
	}
	steady_text_printf(out, "model %s: %s\n", w->subject.name,
			   steady_configuration_text(m->options, ~UINT32_C(0), m->irqchip, options,
						     sizeof(options)));
	cli_put_tolerated(out, m);
}

static void put_field_features(const struct wanted *w, unsigned int field, struct steady_text *out)
{
	uint16_t features[FEATURES];
	size_t count = field_features(w, field, features);

	for (size_t i = 0; i < count; i++)
		steady_text_printf(out, "%s%s", i ? ", " : " ", steady_feature_name(features[i]));
}

/* What more and less mean for it, where that is not plain. */
static void put_order(struct cli *cli, const struct steady_field *f)
{
	const struct steady_sort *sort = &steady_sorts[f->sort];
	struct steady_text text = {0};

	if (strcmp(sort->name, "lower") == 0)
		return;
	steady_text_printf(&text, "order %s: %s (%s)", sort->name, sort->meaning, sort->source);
	steady_text_str(&cli->out, "    ");
	cli_put_wrapped(&cli->out, 6, text.data ? text.data : "");
	steady_text_char(&cli->out, '\n');
	steady_text_free(&text);
}

static void put_field(struct cli *cli, const struct wanted *w, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t value = steady_field_get(f, w->view.value[f->reg]);
	struct steady_text set = STEADY_TEXT_INIT, text = STEADY_TEXT_INIT, line = STEADY_TEXT_INIT;

	steady_explain_shown(&text, &w->view, field, value);
	steady_text_printf(&line, "  %-14s %-19s", f->name, text.data ? text.data : "");
	if (accepts(w, field, &set) && set.data)
		steady_text_printf(&line, " accepts %-8s", set.data);
	put_field_features(w, field, &line);
	while (line.length && line.data[line.length - 1] == ' ')
		line.length--;
	steady_text_add(&cli->out, line.data ? line.data : "", line.length);
	steady_text_char(&cli->out, '\n');
	if (is_named(w, field))
		put_order(cli, f);
	steady_text_free(&line);
	steady_text_free(&text);
	steady_text_free(&set);
}

/* Whether the condition of a feature itself reads a field. */
static bool reads(unsigned int feature, unsigned int field)
{
	uint16_t all[FEATURES];
	size_t count = steady_field_features((int)field, all, FEATURES);

	for (size_t i = 0; i < count && i < FEATURES; i++) {
		if (all[i] == feature)
			return true;
	}
	return false;
}

/* A feature that was asked for by name: whether the subject has it, when it has, and why. */
static void put_verdict(struct cli *cli, const struct wanted *w, unsigned int feature)
{
	static const char *const verdicts[] = {
		[STEADY_NO] = "no", [STEADY_YES] = "yes", [STEADY_UNKNOWN] = "unknown"};

	steady_text_printf(&cli->out, "%s: %s (%s)\n", steady_feature_name(feature),
			   verdicts[steady_feature_state(feature, &w->view)],
			   steady_feature_condition(feature));
	for (unsigned int i = 0; i < steady_field_count; i++) {
		const struct steady_field *f = &steady_fields[i];
		struct steady_text text = STEADY_TEXT_INIT, set = STEADY_TEXT_INIT;

		if (!reads(feature, i))
			continue;
		steady_text_printf(&cli->out, "  %s.%s ", steady_registers[f->reg].name, f->name);
		if (w->view.known[f->reg])
			steady_explain_value(&text, i, steady_field_get(f, w->view.value[f->reg]));
		steady_text_str(&cli->out, text.data ? text.data : "not captured");
		if (w->view.known[f->reg] && accepts(w, i, &set) && set.data)
			steady_text_printf(&cli->out, " accepts %s", set.data);
		steady_text_char(&cli->out, '\n');
		steady_text_free(&text);
		steady_text_free(&set);
	}
}

/* Beside the registers; of a whole subject. */
static int put_beside(struct cli *cli, const struct wanted *w)
{
	struct cli_beside *all = NULL;
	size_t count = 0;
	int r = cli_beside_of(&w->subject, &all, &count);

	for (size_t i = 0; i < count; i++) {
		if (strcmp(all[i].kind, "registers") == 0)
			continue; /* stands among them */
		steady_text_printf(&cli->out, "%s ", all[i].name);
		cli_beside_print(&cli->out, &all[i]);
		steady_text_printf(&cli->out, " (%s)\n", all[i].kind);
	}
	free(all);
	return r;
}

static int put_words(struct cli *cli, const struct wanted *w)
{
	put_head(cli, w);
	for (size_t i = 0; i < w->named_count; i++)
		put_verdict(cli, w, w->features_named[i]);
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		const struct steady_register *r = &steady_registers[reg];

		if (!w->reg[reg])
			continue;
		if (!w->view.known[reg]) {
			steady_text_printf(&cli->out, "%s not captured\n", r->name);
			continue;
		}
		if (cli->argc == 1 && !w->view.value[reg])
			continue;
		steady_text_printf(&cli->out, "%s 0x%016" PRIx64 "\n", r->name, w->view.value[reg]);
		for (unsigned int i = r->first; i < r->first + r->fields; i++) {
			if (is_wanted(cli, w, i))
				put_field(cli, w, i);
		}
	}
	return cli->argc == 1 ? put_beside(cli, w) : 0;
}

static int beside_json(const struct wanted *w, json_t *o)
{
	struct cli_beside *all = NULL;
	size_t count = 0;
	int r = cli_beside_of(&w->subject, &all, &count);

	for (size_t i = 0; i < count; i++) {
		json_t *kind = json_object_get(o, all[i].kind);

		if (strcmp(all[i].kind, "registers") == 0)
			continue;
		if (!kind) {
			kind = json_object();
			json_object_set_new(o, all[i].kind, kind);
		}
		json_object_set_new(kind, all[i].name, cli_beside_json(&all[i]));
	}
	free(all);
	return r;
}

/* ---- JSON ---- */

static json_t *field_json(const struct wanted *w, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t value = steady_field_get(f, w->view.value[f->reg]);
	struct steady_text set = STEADY_TEXT_INIT, meaning = STEADY_TEXT_INIT;
	uint16_t features[FEATURES];
	size_t count = field_features(w, field, features);
	json_t *o = json_object(), *list = json_array();

	json_object_set_new(o, "value", json_integer((json_int_t)value));
	steady_explain_meaning(&meaning, &w->view, field, value);
	if (meaning.length)
		json_object_set_new(o, "meaning", json_string(meaning.data));
	steady_text_free(&meaning);
	for (size_t i = 0; i < count; i++)
		json_array_append_new(list, json_string(steady_feature_name(features[i])));
	json_object_set_new(o, "features", list);
	json_object_set_new(o, "order", json_string(steady_sorts[f->sort].name));
	if (accepts(w, field, &set) && set.data)
		json_object_set_new(o, "accepts", json_string(set.data));
	steady_text_free(&set);
	return o;
}

static json_t *register_json(const struct cli *cli, const struct wanted *w, int reg)
{
	const struct steady_register *r = &steady_registers[reg];
	json_t *o, *fields;

	if (!w->view.known[reg])
		return json_null();
	o = json_object();
	fields = json_object();
	json_object_set_new(o, "value", json_sprintf("0x%016" PRIx64, w->view.value[reg]));
	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		if (cli->argc == 1 ? !(steady_fields[i].flags & STEADY_FIELD_RESERVED) ||
					     is_wanted(cli, w, i)
				   : is_wanted(cli, w, i))
			json_object_set_new(fields, steady_fields[i].name, field_json(w, i));
	}
	json_object_set_new(o, "fields", fields);
	return o;
}

/* null: it is not known. */
static json_t *verdict_json(const struct wanted *w, unsigned int feature)
{
	enum steady_truth t = steady_feature_state(feature, &w->view);
	json_t *o = json_object(), *fields = json_object();

	for (unsigned int i = 0; i < steady_field_count; i++) {
		char name[STEADY_FULLNAME];

		if (reads(feature, i))
			json_object_set_new(fields, steady_field_fullname(i, name, sizeof(name)),
					    w->view.known[steady_fields[i].reg] ? field_json(w, i)
										: json_null());
	}
	json_object_set_new(o, "has", t == STEADY_UNKNOWN ? json_null() : json_boolean(t));
	json_object_set_new(o, "condition", json_string(steady_feature_condition(feature)));
	json_object_set_new(o, "fields", fields);
	return o;
}

static json_t *verdicts_json(const struct wanted *w)
{
	json_t *o = json_object();

	for (size_t i = 0; i < w->named_count; i++)
		json_object_set_new(o, steady_feature_name(w->features_named[i]),
				    verdict_json(w, w->features_named[i]));
	return o;
}

static int put_json(struct cli *cli, const struct wanted *w)
{
	json_t *o = json_object(), *registers = json_object();

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (w->reg[reg])
			json_object_set_new(registers, steady_registers[reg].name,
					    register_json(cli, w, reg));
	}
	json_object_set_new(o, "name", json_string(w->subject.name));
	json_object_set_new(o, "registers", registers);
	if (w->named_count)
		json_object_set_new(o, "verdicts", verdicts_json(w));
	if (cli->argc == 1 && beside_json(w, o)) {
		json_decref(o);
		return -STEADY_ENOMEM;
	}
	return cli_put_json(cli, o);
}

/* ---- features ---- */

/* Whether it is one of those asked for, or read from a register or field that is. */
static bool feature_is_wanted(const struct cli *cli, const struct wanted *w, unsigned int feature)
{
	bool wanted = cli->argc == 1;

	for (size_t i = 0; i < w->named_count && !wanted; i++)
		wanted = w->features_named[i] == feature;
	for (unsigned int i = 0; i < steady_field_count && !wanted; i++)
		wanted = (w->all[steady_fields[i].reg] || is_named(w, i)) && reads(feature, i);
	return wanted;
}

static int by_name(const void *a, const void *b)
{
	return strcasecmp(steady_feature_name(*(const unsigned int *)a),
			  steady_feature_name(*(const unsigned int *)b));
}

static void put_feature_names(struct cli *cli, const struct wanted *w,
			      const unsigned int *features, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		bool unknown = steady_feature_state(features[i], &w->view) == STEADY_UNKNOWN;

		steady_text_printf(&cli->out, "%s%s\n", steady_feature_name(features[i]),
				   unknown ? " (unknown)" : "");
	}
}

static int feature_names_json(struct cli *cli, const struct wanted *w, const unsigned int *features,
			      size_t count)
{
	json_t *has = json_array(), *unknown = json_array(), *o = json_object();

	for (size_t i = 0; i < count; i++) {
		bool known = steady_feature_state(features[i], &w->view) == STEADY_YES;

		json_array_append_new(known ? has : unknown,
				      json_string(steady_feature_name(features[i])));
	}
	json_object_set_new(o, "name", json_string(w->subject.name));
	json_object_set_new(o, "features", has);
	json_object_set_new(o, "unknown", unknown);
	return cli_put_json(cli, o);
}

static int put_features(struct cli *cli, const struct wanted *w)
{
	unsigned int *features = calloc(steady_feature_count(), sizeof(*features));
	size_t count = 0;
	int r = 0;

	if (!features)
		return -STEADY_ENOMEM;
	for (unsigned int i = 0; i < steady_feature_count(); i++) {
		if (steady_feature_state(i, &w->view) != STEADY_NO && feature_is_wanted(cli, w, i))
			features[count++] = i;
	}
	qsort(features, count, sizeof(*features), by_name);
	if (cli->json)
		r = feature_names_json(cli, w, features, count);
	else if (!cli->quiet)
		put_feature_names(cli, w, features, count);
	free(features);
	return r;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {
		{"features", false, take_features},
		{"kernels", false, take_kernels},
	};
	struct wanted w = {0};
	bool help_given;
	int r = cli_options(cli, argc, argv, options, 2, &w, 1, -1, &help_given);

	if (r || help_given)
		return r;
	if (w.kernels)
		return cli_show_kernels(cli);
	r = cli_subject_load(cli, cli->argv[0], &w.subject);
	if (r)
		return r;
	cli_subject_view(&w.subject, &w.view);
	r = select_all(cli, &w);
	if (!r && w.features)
		r = put_features(cli, &w);
	else if (!r && cli->json)
		r = put_json(cli, &w);
	else if (!r && !cli->quiet)
		r = put_words(cli, &w);
	free(w.fields);
	free(w.features_named);
	cli_subject_clear(&w.subject);
	return r;
}

const struct cli_command cli_show = {
	.name = "show",
	.summary = "decode registers, fields and features",
	.usage = "X [REG[.FIELD] | FEATURE]... | --kernels REG[.FIELD]...",
	.help = help,
	.run = run,
};
