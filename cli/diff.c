/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "beside.h"
#include "cli.h"
#include "policy/explain.h"

#define DIFFERENCES 1024 /* more than the core range has fields */
#define FEATURES    64
#define INDENT      8 /* of what follows "gained", "lost" and "why" */

static const char help[] =
	"Compares what two CPUs show a guest: their relation, the features gained and lost, the\n"
	"fields, and where a vCPU option that is off is why. A and B are models, profiles (in their\n"
	"fullest configuration) or `kvm`.\n"
	"\n"
	"The relation is `identical`, `subset` (B can do all that A can), `superset` (A can do all\n"
	"that B can), or `incompatible`. It is told by the registers of the core ID range and SVE's\n"
	"vector lengths. What stands beside them is told, not counted: firmware registers (PSCI's\n"
	"version, hypercalls), CTR_EL0, caches, MIDR_EL1 and its like, and what KVM does not virtualise.\n"
	"Exit status 0: identical, 1: they differ.\n"
	"\n"
	"Example:\n"
	"  steadyarm diff data/profiles/max-6.12.json data/profiles/max-7.3.json\n";

struct pair {
	struct cli_subject a, b;
	struct steady_view view_a, view_b;
	struct steady_difference differences[DIFFERENCES];
	size_t count;
	struct steady_vl sve_a, sve_b;
	bool sve_differs;
	enum steady_relation relation;
	struct cli_beside *beside_a, *beside_b;
	size_t beside_a_count, beside_b_count;
};

static bool has_firmware(const struct cli_subject *s)
{
	return s->model ? s->model->firmware_count > 0 : s->profile->firmware_known;
}

static uint32_t options_of(const struct cli_subject *s)
{
	return s->model ? s->model->options
			: steady_configuration_options(&s->profile->configurations[0]);
}

static bool can_turn_on(const struct steady_profile *p, int option)
{
	for (size_t i = 0; i < p->configuration_count; i++) {
		if (steady_configuration_options(&p->configurations[i]) >> option & 1)
			return true;
	}
	return false;
}

/* The vector lengths that a guest sees, none without SVE; false if they were not captured. */
static bool lengths(const struct cli_subject *s, struct steady_vl *out)
{
	memset(out, 0, sizeof(*out));
	if (!(options_of(s) >> STEADY_OPTION_SVE & 1))
		return true;
	*out = s->model ? s->model->sve : s->profile->sve;
	return s->model ? !steady_vl_empty(out) : s->profile->sve_known;
}

/* ---- words ---- */

static void put_features(struct steady_text *out, const struct pair *p, bool gained,
			 const char *title)
{
	const struct steady_view *with = gained ? &p->view_b : &p->view_a;
	const struct steady_view *without = gained ? &p->view_a : &p->view_b;
	bool any = false;

	for (unsigned int i = 0; i < steady_feature_count(); i++) {
		const char *name = steady_feature_name(i);

		if (steady_feature_state(i, with) != STEADY_YES ||
		    steady_feature_state(i, without) != STEADY_NO)
			continue;
		steady_text_str(out, any ? "," : title);
		cli_put_word(out, INDENT, name, strlen(name));
		any = true;
	}
	if (any)
		steady_text_char(out, '\n');
}

/* Why a field is 0 on one side: a vCPU option, which is off there. False if that is not why. */
static bool put_reason(struct steady_text *out, const struct pair *p, int option)
{
	bool a = option >= 0 && options_of(&p->a) >> option & 1;
	bool b = option >= 0 && options_of(&p->b) >> option & 1;
	const struct cli_subject *off = a ? &p->b : &p->a;

	if (a == b)
		return false;
	steady_text_printf(out, "%s is off in the vCPU options of %s", steady_options[option].title,
			   off->name);
	if (off->profile && !can_turn_on(off->profile, option))
		steady_text_str(out, ", which cannot turn it on");
	return true;
}

/* The same of all fields, each option once. */
static void put_reasons(struct steady_text *out, const struct pair *p)
{
	for (int option = 0; option < STEADY_OPTIONS; option++) {
		struct steady_text reason = STEADY_TEXT_INIT;
		unsigned int count = 0;

		for (size_t i = 0; i < p->count && i < DIFFERENCES; i++)
			count += steady_field_option((int)p->differences[i].field) == option;
		if (count && put_reason(&reason, p, option)) {
			steady_text_printf(&reason, ": %u of the fields below", count);
			steady_text_str(out, "why");
			cli_put_wrapped(out, INDENT, reason.data ? reason.data : "");
			steady_text_char(out, '\n');
		}
		steady_text_free(&reason);
	}
}

static void put_value(struct steady_text *out, bool known, unsigned int field, uint64_t value)
{
	if (known)
		steady_explain_value(out, field, value);
	else
		steady_text_str(out, "unknown");
}

/* ---- what stands beside the registers that the relation is told by ---- */

typedef void beside_fn(void *to, const struct cli_beside *any, const struct cli_beside *a,
		       const struct cli_beside *b);

/* What is unknown on one side is no difference, but for firmware: a kernel may lack a register. */
static bool beside_differs(const struct pair *p, const struct cli_beside *a,
			   const struct cli_beside *b)
{
	const struct cli_beside *any = a ? a : b;

	if (a && b)
		return a->known != b->known || a->value != b->value;
	if (any->bitmap && any->known && !any->value)
		return false; /* one that is not there offers as much: nothing */
	return strcmp(any->kind, "firmware") == 0 && has_firmware(&p->a) && has_firmware(&p->b);
}

static void each_beside(const struct pair *p, beside_fn *tell, void *to)
{
	for (size_t i = 0; i < p->beside_a_count; i++) {
		const struct cli_beside *a = &p->beside_a[i];
		const struct cli_beside *b = cli_beside_find(p->beside_b, p->beside_b_count, a);

		if (beside_differs(p, a, b))
			tell(to, a, a, b);
	}
	for (size_t i = 0; i < p->beside_b_count; i++) {
		const struct cli_beside *b = &p->beside_b[i];

		if (!cli_beside_find(p->beside_a, p->beside_a_count, b) &&
		    beside_differs(p, NULL, b))
			tell(to, b, NULL, b);
	}
}

/* Not the CPU, and so not in the relation; but a guest cannot move where it is less. */
static void put_beside(void *to, const struct cli_beside *any, const struct cli_beside *a,
		       const struct cli_beside *b)
{
	struct steady_text *out = to;

	steady_text_printf(out, "%-26s ", any->name);
	cli_beside_print(out, a);
	steady_text_str(out, " -> ");
	cli_beside_print(out, b);
	if (strcmp(any->kind, "registers") == 0)
		steady_text_char(out, '\n');
	else
		steady_text_printf(out, " (%s)\n", any->kind);
}

static void append_beside(void *to, const struct cli_beside *any, const struct cli_beside *a,
			  const struct cli_beside *b)
{
	json_t *one = json_object();

	json_object_set_new(one, "kind", json_string(any->kind));
	json_object_set_new(one, "register", json_string(any->name));
	json_object_set_new(one, "a", cli_beside_json(a));
	json_object_set_new(one, "b", cli_beside_json(b));
	json_array_append_new(to, one);
}

static void put_lengths(struct steady_text *out, const struct steady_vl *vl)
{
	if (steady_vl_empty(vl))
		steady_text_str(out, "none");
	else
		steady_text_printf(out, "up to %u bytes", steady_vl_max(vl));
}

static void count_beside(void *to, const struct cli_beside *any, const struct cli_beside *a,
			 const struct cli_beside *b)
{
	(void)any;
	(void)a;
	(void)b;
	++*(size_t *)to;
}

static void put_verdict(struct steady_text *out, const struct pair *p)
{
	const char *a = p->a.name, *b = p->b.name;
	size_t beside = 0;

	each_beside(p, count_beside, &beside);

	steady_text_printf(out, "%s: ", steady_relation_name(p->relation));
	switch (p->relation) {
	case STEADY_IDENTICAL:
		if (p->count)
			steady_text_printf(out, "%s and %s offer the same, by other values\n", a,
					   b);
		else if (beside)
			steady_text_printf(out, "a guest sees the same CPU features on %s and %s, but:\n",
					   a, b);
		else
			steady_text_printf(out, "a guest sees the same CPU on %s and %s\n", a, b);
		break;
	case STEADY_SUBSET:
		steady_text_printf(out, "%s can do all that %s can, and more\n", b, a);
		break;
	case STEADY_SUPERSET:
		steady_text_printf(out, "%s can do all that %s can, and more\n", a, b);
		break;
	case STEADY_INCOMPATIBLE:
		steady_text_printf(out, "%s and %s each have something that the other has not\n", a,
				   b);
		break;
	}
}

/* The other field of the pair that was compared together. */
static unsigned int partner_of(const struct steady_group *g, unsigned int field)
{
	return g->field[0] == field ? g->field[1] : g->field[0];
}

static void put_group(struct steady_text *out, const struct pair *p,
		      const struct steady_difference *d, const struct steady_group *group)
{
	char name[STEADY_FULLNAME];

	steady_text_printf(out, ": read with %s, ",
			   steady_field_fullname(partner_of(group, d->field), name, sizeof(name)));
	if (d->compare == STEADY_SAME)
		steady_text_str(out, "they say the same");
	else if (d->compare == STEADY_UNORDERED)
		steady_text_str(out, "neither offers all that the other does");
	else
		steady_text_printf(out, "%s offers more",
				   d->compare == STEADY_LESS ? p->b.name : p->a.name);
}

/* How the two values stand to each other, where that is not plain to see. */
static void put_compare(struct steady_text *out, const struct pair *p,
			const struct steady_difference *d)
{
	const struct steady_difference_basis basis =
		steady_difference_basis(&p->view_a, &p->view_b, d->field);

	if (!d->a_known || !d->b_known)
		return;
	if (basis.a_void && basis.b_void)
		steady_text_str(out, ": not counted, it means nothing on either");
	else if ((basis.a_void && d->a) || (basis.b_void && d->b)) /* 0 is as good as nothing */
		steady_text_printf(out, ": not counted, it means nothing on %s",
				   basis.a_void ? p->a.name : p->b.name);
	else if (basis.a_void || basis.b_void)
		return;
	else if (basis.group)
		put_group(out, p, d, basis.group);
	else if (d->compare == STEADY_UNORDERED)
		steady_text_str(out, ": neither offers all that the other does");
	else if (d->compare == STEADY_SAME)
		steady_text_str(out, ": they say the same");
}

static void put_words(struct cli *cli, const struct pair *p)
{
	struct steady_text *out = &cli->out;

	put_verdict(out, p);
	put_features(out, p, true, "gained");
	put_features(out, p, false, "lost");
	put_reasons(out, p);
	for (size_t i = 0; i < p->count && i < DIFFERENCES; i++) {
		const struct steady_difference *d = &p->differences[i];
		char name[STEADY_FULLNAME];

		steady_text_printf(out, "%-26s ",
				   steady_field_fullname(d->field, name, sizeof(name)));
		put_value(out, d->a_known, d->field, d->a);
		steady_text_str(out, " -> ");
		put_value(out, d->b_known, d->field, d->b);
		put_compare(out, p, d);
		steady_text_char(out, '\n');
	}
	if (p->sve_differs) {
		steady_text_printf(out, "%-26s ", "SVE_VLS");
		put_lengths(out, &p->sve_a);
		steady_text_str(out, " -> ");
		put_lengths(out, &p->sve_b);
		steady_text_char(out, '\n');
	}
	each_beside(p, put_beside, out);
}

/* ---- JSON ---- */

/* The features whose state differs between the two and that read this field. */
static json_t *features_json(const struct pair *p, unsigned int field)
{
	uint16_t features[FEATURES];
	size_t count = steady_field_features((int)field, features, FEATURES);
	json_t *list = json_array();

	for (size_t i = 0; i < count && i < FEATURES; i++) {
		if (steady_feature_state(features[i], &p->view_a) !=
		    steady_feature_state(features[i], &p->view_b))
			json_array_append_new(list, json_string(steady_feature_name(features[i])));
	}
	return list;
}

static json_t *value_json(bool known, uint64_t value)
{
	return known ? json_integer((json_int_t)value) : json_null();
}

/* "REGISTER.FIELD" */
static json_t *with_json(const struct steady_group *group, unsigned int field)
{
	char name[STEADY_FULLNAME];

	return json_string(steady_field_fullname(partner_of(group, field), name, sizeof(name)));
}

static json_t *lengths_json(const struct steady_vl *vl)
{
	json_t *list = json_array();

	for (unsigned int bytes = 16; bytes <= steady_vl_max(vl); bytes += 16) {
		if (steady_vl_has(vl, bytes))
			json_array_append_new(list, json_integer(bytes));
	}
	return list;
}

static int put_json(struct cli *cli, const struct pair *p)
{
	json_t *o = json_object(), *list = json_array(), *beside = json_array();

	for (size_t i = 0; i < p->count && i < DIFFERENCES; i++) {
		const struct steady_difference *d = &p->differences[i];
		const struct steady_field *f = &steady_fields[d->field];
		const struct steady_difference_basis basis =
			steady_difference_basis(&p->view_a, &p->view_b, d->field);
		const bool counts = !basis.a_void && !basis.b_void;
		struct steady_text reason = STEADY_TEXT_INIT;
		json_t *one = json_object();

		json_object_set_new(one, "register", json_string(steady_registers[f->reg].name));
		json_object_set_new(one, "field", json_string(f->name));
		json_object_set_new(one, "a", value_json(d->a_known, d->a));
		json_object_set_new(one, "b", value_json(d->b_known, d->b));
		json_object_set_new(one, "features", features_json(p, d->field));
		if (counts)
			json_object_set_new(one, "relation",
					    json_string(steady_relation_name(d->compare)));
		if (basis.group)
			json_object_set_new(one, "with", with_json(basis.group, d->field));
		json_object_set_new(one, "counts", json_boolean(counts));
		if (put_reason(&reason, p, steady_field_option((int)d->field)) && reason.data)
			json_object_set_new(one, "reason", json_string(reason.data));
		steady_text_free(&reason);
		json_array_append_new(list, one);
	}
	if (p->sve_differs) {
		json_t *one = json_object();

		json_object_set_new(one, "register", json_string("SVE_VLS"));
		json_object_set_new(one, "field", json_null());
		json_object_set_new(one, "a", lengths_json(&p->sve_a));
		json_object_set_new(one, "b", lengths_json(&p->sve_b));
		json_object_set_new(one, "features", json_array());
		json_array_append_new(list, one);
	}
	json_object_set_new(o, "relation", json_string(steady_relation_name(p->relation)));
	json_object_set_new(o, "differences", list);
	each_beside(p, append_beside, beside);
	json_object_set_new(o, "beside", beside);
	return cli_put_json(cli, o);
}

/* Where neither was captured, only a difference elsewhere is an answer. */
static int refuse_unknown(const struct cli *cli, const struct pair *p)
{
	int unknown = 0, first = 0;

	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (!steady_register_is_core(reg) || p->view_a.known[reg] || p->view_b.known[reg])
			continue;
		if (!unknown++)
			first = reg;
	}
	if (!unknown || p->relation == STEADY_INCOMPATIBLE)
		return 0;
	steady_report_add(cli->report, STEADY_ERROR, STEADY_EUNKNOWN);
	steady_report_subject(cli->report, steady_registers[first].name, NULL);
	steady_report_reason(cli->report,
			     "neither %s nor %s holds it%s: nothing follows from what is unknown",
			     p->a.name, p->b.name, unknown > 1 ? ", nor others" : "");
	steady_report_advice(cli->report, "probe the hosts again");
	return -STEADY_EUNKNOWN;
}

static int compare(struct cli *cli, struct pair *p)
{
	int r;

	cli_subject_view(&p->a, &p->view_a);
	cli_subject_view(&p->b, &p->view_b);
	p->relation = steady_relate(&p->view_a, &p->view_b, p->differences, DIFFERENCES, &p->count);
	if (lengths(&p->a, &p->sve_a) && lengths(&p->b, &p->sve_b)) {
		enum steady_relation sve = steady_relate_vl(&p->sve_a, &p->sve_b);

		p->sve_differs = sve != STEADY_IDENTICAL;
		p->relation = steady_relation_join(p->relation, sve);
	}
	r = refuse_unknown(cli, p);
	if (r)
		return r;
	if (cli->json)
		r = put_json(cli, p);
	else if (!cli->quiet)
		put_words(cli, p);
	return r ? r : p->relation == STEADY_IDENTICAL ? 0 : -STEADY_EMISMATCH;
}

static int run(struct cli *cli, int argc, char **argv)
{
	struct pair *p;
	bool help_given;
	int r = cli_options(cli, argc, argv, NULL, 0, NULL, 2, 2, &help_given);

	if (r || help_given)
		return r;
	p = calloc(1, sizeof(*p));
	if (!p)
		return -STEADY_ENOMEM;
	r = cli_subject_load(cli, cli->argv[0], &p->a);
	r = r ? r : cli_subject_load(cli, cli->argv[1], &p->b);
	r = r ? r : cli_beside_of(&p->a, &p->beside_a, &p->beside_a_count);
	r = r ? r : cli_beside_of(&p->b, &p->beside_b, &p->beside_b_count);
	r = r ? r : compare(cli, p);
	free(p->beside_a);
	free(p->beside_b);
	cli_subject_clear(&p->a);
	cli_subject_clear(&p->b);
	free(p);
	return r;
}

const struct cli_command cli_diff = {
	.name = "diff",
	.summary = "compare what two CPUs show a guest",
	.usage = "A B",
	.help = help,
	.run = run,
};
