/* SPDX-License-Identifier: MIT */
/*
 * Trying values. One VM serves for all fields of a configuration: what KVM checks a write against
 * is the reset value, which no write moves, and no register's check looks at another register
 * (arm64_check_features(); measured on 6.12 to 7.3). The register is put back after each field and
 * read: if it is not what it was, the configuration's trials are dropped.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "pin/probe.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Fields of which kernels are known to keep another value than was written (set_id_aa64*()). */
static const char *const often_rewritten[] = {
	"ID_AA64DFR0_EL1.PMUVer",   "ID_AA64DFR0_EL1.DoubleLock", "ID_DFR0_EL1.PerfMon",
	"ID_AA64PFR0_EL1.MPAM",     "ID_AA64PFR1_EL1.MPAM_frac",  "ID_AA64PFR1_EL1.MTE_frac",
	"ID_AA64MMFR2_EL1.NV",
};

/* Fields whose rule is another one in a guest at EL2: none, up to 6.17 (set_id_aa64mmfr0_el1()). */
static const char *const own_rule_at_el2[] = {
	"ID_AA64MMFR0_EL1.TGran4_2",
	"ID_AA64MMFR0_EL1.TGran16_2",
	"ID_AA64MMFR0_EL1.TGran64_2",
};

/* A field, and what its register held before anything was tried. */
struct trial {
	struct steady_probe *b;
	const struct steady_field *f;
	uint64_t id, before;
};

static int now(const struct trial *t, uint64_t *reg)
{
	uint64_t value[8];
	int r = steady_ask_get(&t->b->host, 0, t->id, value);

	if (!r)
		*reg = value[0];
	return r;
}

/* -EPROTO: a write changed more than the field, or did not change it back. */
static int put_back(const struct trial *t)
{
	uint64_t reg;
	int r = steady_ask_set64(&t->b->host, 0, t->id, t->before);

	r = r ? r : now(t, &reg);
	return r ? r : reg == t->before ? 0 : -EPROTO;
}

static int try_value(const struct trial *t, uint64_t v, struct steady_accepted *a)
{
	uint64_t wanted = steady_field_put(t->f, t->before, v), reg;
	int r = steady_ask_set64(&t->b->host, 0, t->id, wanted);

	if (steady_answer_of(STEADY_OP_SET, r) == STEADY_ANSWER_REFUSED)
		return 0;
	r = r ? r : now(t, &reg);
	if (r)
		return r;
	if (reg == wanted) {
		a->values |= (uint16_t)(1u << v);
		return 0;
	}
	a->rewritten |= (uint16_t)(1u << v);
	a->kept[v] = (uint8_t)steady_field_get(t->f, reg);
	return reg == steady_field_put(t->f, t->before, a->kept[v]) ? 0 : -EPROTO;
}

/* A register that ignores writes accepts all and keeps none: nothing is known by that. */
static bool ignored(const struct steady_field *f, const struct steady_accepted *a)
{
	uint64_t all = ((uint64_t)1 << (1u << f->width)) - 1;

	return a->values == (a->values & -a->values) && (a->values | a->rewritten) == all &&
	       f->width > 1;
}

/* A field that writes to the VM change: not what names a CPU or describes caches. */
static bool may_be_tried(const struct steady_configuration *c, const struct steady_field *f)
{
	static const char ctr[] = "CTR_EL0";

	return f->width <= 4 && c->reg[f->reg].state == STEADY_VALUE &&
	       (steady_register_is_core(f->reg) ||
		f->reg == steady_register_by_name(ctr, sizeof(ctr) - 1));
}

static int try_field(struct steady_probe *b, struct steady_configuration *c, unsigned int field,
		     bool known)
{
	const struct steady_field *f = &steady_fields[field];
	struct trial t = {b, f, steady_register_id(f->reg), c->reg[f->reg].value};
	struct steady_accepted a = {0};
	int r = 0;

	if (!may_be_tried(c, f))
		return 0;
	for (uint64_t v = 0; v < (uint64_t)1 << f->width && !r; v++)
		r = try_value(&t, v, &a);
	if (!r && (a.values & (a.values - 1) || a.rewritten))
		r = put_back(&t);
	if (r)
		return r;
	if (ignored(f, &a))
		return 0;
	/* bits without a name are only told where there is something to tell */
	a.known = known && (!(f->flags & STEADY_FIELD_RESERVED) || a.values & (a.values - 1));
	if (a.known || a.rewritten)
		c->accepted[field] = a;
	return 0;
}

static int try_named(struct steady_probe *b, struct steady_configuration *c,
		     const char *const *names, size_t count, bool known)
{
	int r = 0;

	for (size_t i = 0; i < count && !r; i++) {
		int field = steady_field_by_name(names[i], strlen(names[i]));

		r = try_field(b, c, (unsigned int)field, known);
	}
	return r;
}

static int try_fields(struct steady_probe *b, struct steady_configuration *c)
{
	int r = 0;

	for (unsigned int i = 0; i < steady_field_count && b->deep && !r; i++)
		r = try_field(b, c, i, true);
	if (b->deep)
		return r;
	r = try_named(b, c, often_rewritten, COUNT(often_rewritten), false);
	if (!r && c->options >> STEADY_OPTION_EL2 & 1)
		r = try_named(b, c, own_rule_at_el2, COUNT(own_rule_at_el2), true);
	return r;
}

/* ---- registers that go with fields ---- */

static bool has_gate(const struct steady_profile *p, unsigned int field, uint64_t id)
{
	for (size_t i = 0; i < p->gate_count; i++) {
		if (p->gates[i].field == field && p->gates[i].id == id)
			return true;
	}
	return false;
}

/* In the order of fields and ids. */
static int add_gate(struct steady_profile *p, unsigned int field, uint64_t id)
{
	struct steady_gate *all;
	size_t i;

	if (has_gate(p, field, id))
		return 0;
	all = realloc(p->gates, (p->gate_count + 1) * sizeof(*all));
	if (!all)
		return -ENOMEM;
	p->gates = all;
	for (i = p->gate_count++; i && (all[i - 1].field > field ||
					(all[i - 1].field == field && all[i - 1].id > id));
	     i--)
		all[i] = all[i - 1];
	all[i] = (struct steady_gate){(uint16_t)field, id};
	return 0;
}

/* Both lists ascend. */
static int missing(struct steady_probe *b, const struct steady_configuration *c, unsigned int field,
		   const uint64_t *list, size_t count)
{
	int r = 0;

	for (size_t i = 0, j = 0; i < c->register_count && !r; i++) {
		while (j < count && list[j] < c->register_list[i])
			j++;
		if (j == count || list[j] != c->register_list[i])
			r = add_gate(b->p, field, c->register_list[i]);
	}
	return r;
}

static int try_gate(struct steady_probe *b, const struct steady_configuration *c,
		    unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	struct trial t = {b, f, steady_register_id(f->reg), c->reg[f->reg].value};
	uint64_t *list = NULL;
	size_t count = 0;
	int r;

	if (c->reg[f->reg].state != STEADY_VALUE || !steady_field_get(f, t.before) ||
	    !steady_register_is_core(f->reg))
		return 0;
	r = steady_ask_set64(&b->host, 0, t.id, steady_field_put(f, t.before, 0));
	if (r)
		return r == -EINVAL ? 0 : r;
	r = steady_ask_reglist(&b->host, 0, &list, &count);
	if (!r && count != c->register_count)
		r = missing(b, c, field, list, count);
	free(list);
	return r ? r : put_back(&t);
}

/* In the fullest configuration and those on request, which have registers of their own. */
static int try_gates(struct steady_probe *b, const struct steady_configuration *c)
{
	int r = 0;

	if (!c->register_list || (b->p->gates && !(c->options & b->on_request)))
		return 0;
	if (!b->p->gates)
		b->p->gates = malloc(sizeof(*b->p->gates)); /* none yet, but looked for */
	if (!b->p->gates)
		return -ENOMEM;
	for (unsigned int i = 0; i < steady_field_count && !r; i++)
		r = try_gate(b, c, i);
	return r;
}

/* What could not be tried to its end is not known at all. */
static void lose(struct steady_probe *b, struct steady_configuration *c, size_t gates, int r)
{
	char says[STEADY_ASK_SAYS];

	steady_report_add(b->report, STEADY_WARNING, 0);
	steady_report_reason(b->report, "what KVM accepts of fields was not found out: %s",
			     steady_ask_says(STEADY_OP_SET, r, says));
	free(c->accepted);
	c->accepted = NULL;
	b->p->gate_count = gates;
	if (!gates) {
		free(b->p->gates);
		b->p->gates = NULL;
	}
}

int steady_probe_try(struct steady_probe *b, struct steady_configuration *c)
{
	size_t gates = b->p->gate_count;
	int r;

	c->accepted = calloc(steady_field_count, sizeof(*c->accepted));
	if (!c->accepted)
		return -STEADY_ENOMEM;
	r = try_fields(b, c);
	r = r ? r : try_gates(b, c);
	if (r)
		lose(b, c, gates, r);
	return 0;
}
