/* SPDX-License-Identifier: MIT */
/*
 * What a host accepts, field by field. KVM compares a written value with the limit (the reset
 * value), one field after the other: arm64_check_features() in arch/arm64/kvm/sys_regs.c, the same
 * from 6.12 to 7.3. All that its table has no field for must equal the limit.
 */
#include "policy/offer.h"
#include "policy/workaround.h"

#include <stdlib.h>
#include <string.h>

unsigned int steady_offer_first(void)
{
	return steady_registers[STEADY_CORE_FIRST].first;
}

unsigned int steady_offer_fields(void)
{
	const struct steady_register *last =
		&steady_registers[STEADY_CORE_FIRST + STEADY_CORE_COUNT - 1];

	return last->first + last->fields - steady_offer_first();
}

struct steady_offer *steady_offer_alloc(void)
{
	struct steady_offer *o = calloc(1, sizeof(*o));

	if (o)
		steady_outside_all(&o->outside);
	return o;
}

static void cell_clear(struct steady_cell *c)
{
	free(c->register_list);
	free(c->set);
	memset(c, 0, sizeof(*c));
}

void steady_offer_free(struct steady_offer *o)
{
	if (!o)
		return;
	for (size_t i = 0; i < o->cell_count; i++)
		cell_clear(&o->cells[i]);
	free(o->cells);
	free(o->firmware);
	free(o);
}

struct steady_cell *steady_offer_add(struct steady_offer *o)
{
	struct steady_cell *all = realloc(o->cells, (o->cell_count + 1) * sizeof(*all));
	struct steady_cell *c;

	if (!all)
		return NULL;
	o->cells = all;
	c = &all[o->cell_count];
	memset(c, 0, sizeof(*c));
	c->set = calloc(steady_offer_fields(), sizeof(*c->set));
	if (!c->set)
		return NULL;
	for (unsigned int i = 0; i < steady_offer_fields(); i++)
		c->set[i] = steady_set_none(&steady_fields[steady_offer_first() + i]);
	o->cell_count++;
	return c;
}

static uint64_t *copy_list(const uint64_t *list, size_t count)
{
	uint64_t *copy = malloc((count ? count : 1) * sizeof(*copy));

	if (copy && count)
		memcpy(copy, list, count * sizeof(*copy));
	return copy;
}

/* As the kernel compares it: its table, not Arm, says which fields are signed. */
static int64_t kvm_number(const struct steady_field *f, uint64_t v, bool is_signed)
{
	if (is_signed && v >> (f->width - 1) & 1)
		return (int64_t)v - (INT64_C(1) << f->width);
	return (int64_t)v;
}

/* The values that the rule lets through, as if nothing else spoke. */
static steady_set by_rule(const struct steady_field *f, uint64_t limit, bool is_signed)
{
	steady_set s = steady_set_one(f, limit);
	uint64_t max = (UINT64_C(1) << (f->width > 8 ? 8 : f->width)) - 1;

	if (f->width > 4) /* an interval: what lies on the rule's side of the limit */
		return f->kvm_rule == STEADY_KVM_LOWER && !is_signed
			       ? steady_set_range(f, 0, limit)
		       : f->kvm_rule == STEADY_KVM_HIGHER ? steady_set_range(f, limit, max)
							  : s;
	for (uint64_t v = 0; v <= max; v++) {
		int64_t value = kvm_number(f, v, is_signed);
		int64_t bound = kvm_number(f, limit, is_signed);
		bool ok = false;

		switch (f->kvm_rule) {
		case STEADY_KVM_LOWER:
			ok = value <= bound;
			break;
		case STEADY_KVM_HIGHER:
			ok = value >= bound;
			break;
		case STEADY_KVM_HIGHER_OR_ZERO:
			ok = v == 0 || (limit != 0 && value >= bound);
			break;
		case STEADY_KVM_EXACT:
			ok = v == f->kvm_safe;
			break;
		case STEADY_KVM_NONE:
			/*
			 * A field without an entry reads 0 in a guest. One that does not is known to a
			 * kernel newer than these facts, which lets it be written: less or off, as
			 * nearly all.
			 */
			ok = f->flags & STEADY_FIELD_RESERVED ? v <= limit : v == 0;
			break;
		}
		if (ok)
			s |= steady_set_one(f, v);
	}
	return s;
}

/*
 * Checks of single registers that the kernel makes first: set_id_aa64pfr0_el1(),
 * set_id_aa64dfr0_el1(), set_id_dfr0_el1(), set_ctr_el0().
 */
static const struct {
	const char *reg, *field;
	uint16_t refused; /* bit N: value N */
	int8_t behaviour; /* enum steady_behaviour that it belongs to; -1: every kernel */
	int8_t option;    /* enum steady_option that it belongs to; -1: every vCPU */
} refusals[] = {
	{"ID_AA64PFR0_EL1", "EL0", 1 << 0, STEADY_BEHAVIOUR_EL_FLOOR, -1},
	{"ID_AA64PFR0_EL1", "EL1", 1 << 0, STEADY_BEHAVIOUR_EL_FLOOR, -1},
	{"ID_AA64PFR0_EL1", "EL2", 1 << 0, STEADY_BEHAVIOUR_EL_FLOOR, STEADY_OPTION_EL2},
	{"ID_AA64DFR0_EL1", "DebugVer", 0x3f, -1, -1},
	{"ID_DFR0_EL1", "CopDbg", 0x3f, -1, -1},
	{"ID_DFR0_EL1", "PerfMon", 1 << 1 | 1 << 2, -1, -1},
	{"CTR_EL0", "L1Ip", 1 << 0 | 1 << 1, -1, -1}, /* where it can be written at all */
};

static bool writable(const struct steady_profile *p, const struct steady_field *f)
{
	uint64_t mask, bits = steady_field_mask(f);

	return steady_profile_mask(p, f->reg, &mask) && (mask & bits) == bits;
}

/* Where nobody tried, a kernel is taken to be a new one. */
static bool refusal_counts(const struct steady_profile *p, uint32_t options, size_t row)
{
	int behaviour = refusals[row].behaviour, option = refusals[row].option;

	if (option >= 0 && !(options >> option & 1))
		return false;
	return behaviour < 0 || !(p->behaviours_known >> behaviour & 1) ||
	       p->behaviours >> behaviour & 1;
}

static uint16_t refused_values(const struct steady_profile *p,
			       const struct steady_configuration *c, const struct steady_field *f)
{
	for (size_t i = 0; i < sizeof(refusals) / sizeof(refusals[0]); i++) {
		if (strcmp(f->name, refusals[i].field) == 0 &&
		    strcmp(steady_registers[f->reg].name, refusals[i].reg) == 0)
			return refusal_counts(p, c->options, i) && writable(p, f)
				       ? refusals[i].refused
				       : 0;
	}
	return 0;
}

bool steady_kvm_refuses(const struct steady_profile *p, const struct steady_configuration *c,
			unsigned int field, uint64_t value)
{
	const struct steady_accepted *a = c->accepted ? &c->accepted[field] : NULL;

	return value < 16 && refused_values(p, c, &steady_fields[field]) >> value & 1 &&
	       !(a && a->known && a->values >> value & 1);
}

/* Some kernels compare the PMU's versions as signed numbers. */
static bool compares_signed(const struct steady_profile *p, const struct steady_field *f)
{
	return f->kvm_signed || (f->option == STEADY_OPTION_PMU &&
				 steady_profile_behaves(p, STEADY_BEHAVIOUR_PMU_SIGNED));
}

/* What the rule and the first checks leave; the limit itself stands. */
static steady_set by_kernel(const struct steady_profile *p, const struct steady_configuration *c,
			    const struct steady_field *f, uint64_t limit)
{
	steady_set s = by_rule(f, limit, compares_signed(p, f));

	if (f->width > 4)
		return s;
	return (s & (steady_set)~refused_values(p, c, f)) | steady_set_one(f, limit);
}

/* A field of one bit in a nibble that has no name: each bit by itself may be taken away. */
static steady_set by_bits(const struct steady_field *f, uint64_t limit, uint64_t mask)
{
	steady_set s = steady_set_none(f);

	for (uint64_t v = 0; v <= limit; v++) {
		if (!(v & ~limit) && !((v ^ limit) & ~mask))
			s |= steady_set_one(f, v);
	}
	return s;
}

/*
 * Of what KVM lets through, what may be offered: nothing that promises more than the hardware has
 * (some kernels compare PMUVer as a signed number and accept 8 to 14 for 6).
 */
static steady_set honest(const struct steady_field *f, steady_set s, uint64_t limit)
{
	if (f->width > 4 || s == steady_set_one(f, limit))
		return s;
	return s & steady_field_within(f, limit);
}

bool steady_kvm_accepts(const struct steady_profile *p, const struct steady_configuration *c,
			unsigned int field, steady_set *out)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t limit, mask = 0, bits = steady_field_mask(f);

	if (c->reg[f->reg].state != STEADY_VALUE)
		return false;
	limit = steady_field_get(f, c->reg[f->reg].value);
	if (c->accepted && c->accepted[field].known && f->width <= 4)
		*out = c->accepted[field].values | steady_set_one(f, limit);
	else if (!steady_profile_mask(p, f->reg, &mask))
		return false;
	else if (f->width <= 8 && (mask & bits) == bits)
		*out = by_kernel(p, c, f, limit);
	else if (f->flags & STEADY_FIELD_RESERVED && f->width <= 4)
		*out = by_bits(f, limit, steady_field_get(f, mask));
	else
		*out = steady_set_one(f, limit);
	return true;
}

/* Of a field without a name nothing is offered but that it is off, where that can be had. */
static bool is_off(const struct steady_field *f, steady_set s)
{
	return f->flags & STEADY_FIELD_RESERVED && steady_set_has(f, s, 0);
}

/*
 * The fields of the interrupt controller at the first run: without one the kernel takes them from the
 * guest, with one some kernels set them again, whatever was written (behaviours.tsv, gic_at_run).
 */
static steady_set at_first_run(const struct steady_profile *p, const struct steady_configuration *c,
			       const struct steady_field *f, steady_set s)
{
	if (strcmp(f->name, "GIC") != 0)
		return s;
	if (c->irqchip == STEADY_IRQCHIP_NONE)
		return steady_profile_writable(p) ? steady_set_and(f, s, steady_set_one(f, 0)) : s;
	if (!steady_profile_behaves(p, STEADY_BEHAVIOUR_GIC_AT_RUN))
		return s;
	return steady_set_and(f, s, steady_set_one(f, steady_field_get(f, c->reg[f->reg].value)));
}

bool steady_offer_field(const struct steady_profile *p, const struct steady_configuration *c,
			unsigned int field, steady_set *out)
{
	const struct steady_field *f = &steady_fields[field];

	if (!steady_kvm_accepts(p, c, field, out))
		return false;
	*out = is_off(f, *out) ? steady_set_one(f, 0)
			       : honest(f, *out, steady_field_get(f, c->reg[f->reg].value));
	*out = at_first_run(p, c, f, *out);
	return true;
}

void steady_cell_add_breaks(struct steady_cell *cell, const struct steady_view *view)
{
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		if (steady_rule_state(i, view) == STEADY_NO)
			cell->breaks[i / 8] |= (uint8_t)(1u << i % 8);
	}
}

/* A configuration's cell, as one with these options. */
static int add_cell(const struct steady_profile *p, const struct steady_configuration *c,
		    uint32_t options, struct steady_offer *o)
{
	struct steady_cell *cell = steady_offer_add(o);
	struct steady_view view;

	if (!cell)
		return -STEADY_ENOMEM;
	cell->options = options;
	cell->irqchip = c->irqchip;
	steady_configuration_view(c, &view);
	steady_cell_add_breaks(cell, &view);
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		if (!steady_offer_field(p, c, steady_offer_first() + i, &cell->set[i]))
			cell->unknown = true;
	}
	if (c->register_list) {
		cell->register_list = copy_list(c->register_list, c->register_count);
		if (!cell->register_list)
			return -STEADY_ENOMEM;
		cell->register_count = c->register_count;
	}
	return 0;
}

/* Of each choice of options that the configuration tells of: its own, and that with 32-bit EL1. */
static int add_cells(const struct steady_profile *p, const struct steady_configuration *c,
		     struct steady_offer *o)
{
	uint32_t options = steady_configuration_options(c);
	uint32_t narrow = options | UINT32_C(1) << STEADY_OPTION_EL1_32BIT;
	int r = 0;

	if (steady_profile_find(p, options, c->irqchip) != c)
		return 0; /* there twice: the first counts */
	r = add_cell(p, c, options, o);
	if (!r && narrow != options && steady_profile_find(p, narrow, c->irqchip) == c)
		r = add_cell(p, c, narrow, o);
	return r;
}

/* A bitmap that nobody has a name for yet, and such bits: these services are left out. */
static uint64_t allowed(uint64_t id, uint64_t has)
{
	int row = steady_firmware_by_id(id);

	if (row < 0)
		return 0;
	return steady_firmware[row].kind == STEADY_FIRMWARE_BITMAP
		       ? has & steady_firmware[row].services
		       : has;
}

static int fill_firmware(const struct steady_profile *p, struct steady_offer *o)
{
	o->firmware_known = p->firmware_known;
	o->firmware = calloc(p->firmware_count ? p->firmware_count : 1, sizeof(*o->firmware));
	if (!o->firmware)
		return -STEADY_ENOMEM;
	for (size_t i = 0; i < p->firmware_count; i++) {
		const struct steady_firmware_reading *r = &p->firmware[i];
		struct steady_firmware_offer *f = &o->firmware[o->firmware_count];

		if (r->reading.state != STEADY_VALUE) {
			if (steady_reading_unknown(&r->reading))
				o->firmware_known = false;
			continue;
		}
		if (steady_firmware_by_id(r->id) < 0 && !steady_firmware_id_is_bitmap(r->id))
			continue; /* nobody knows what it can be: a model says nothing of it */
		f->id = r->id;
		f->allowed = allowed(r->id, r->reading.value);
		f->without_ssbs = steady_workaround_without_ssbs(p, r->id, f->allowed);
		o->firmware_count++;
	}
	return 0;
}

static bool has_el2(const struct steady_offer *o)
{
	for (size_t i = 0; i < o->cell_count; i++) {
		if (o->cells[i].options >> STEADY_OPTION_EL2 & 1)
			return true;
	}
	return false;
}

int steady_offer_of(const struct steady_profile *p, struct steady_offer **offer)
{
	struct steady_offer *o = steady_offer_alloc();
	int r = -STEADY_ENOMEM;

	if (!o)
		return r;
	for (size_t i = 0; i < p->configuration_count; i++) {
		r = add_cells(p, &p->configurations[i], o);
		if (r)
			goto out;
	}
	r = fill_firmware(p, o);
	if (r)
		goto out;
	steady_outside_of(p, &o->outside);
	o->sve_known = p->sve_known;
	o->sve = p->sve;
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (p->unvirtualised[i].state == STEADY_VALUE)
			o->unvirtualised[i] = p->unvirtualised[i];
	}
	if (p->unvirtualised[STEADY_PMCR_N].state == STEADY_VALUE &&
	    steady_profile_fewer_counters(p, 0))
		o->settable |= UINT32_C(1) << STEADY_PMCR_N;
	if (o->settable && has_el2(o) &&
	    steady_profile_fewer_counters(p, UINT32_C(1) << STEADY_OPTION_EL2))
		o->settable_el2 |= UINT32_C(1) << STEADY_PMCR_N;
	*offer = o;
	return 0;
out:
	steady_offer_free(o);
	return r;
}

int steady_offer_copy(const struct steady_offer *from, struct steady_offer **to)
{
	struct steady_offer *o = steady_offer_alloc();

	if (!o)
		return -STEADY_ENOMEM;
	for (size_t i = 0; i < from->cell_count; i++) {
		const struct steady_cell *a = &from->cells[i];
		struct steady_cell *b = steady_offer_add(o);

		if (!b)
			goto nomem;
		b->options = a->options;
		b->irqchip = a->irqchip;
		b->unknown = a->unknown;
		memcpy(b->breaks, a->breaks, sizeof(b->breaks));
		memcpy(b->set, a->set, steady_offer_fields() * sizeof(*b->set));
		if (a->register_list) {
			b->register_list = copy_list(a->register_list, a->register_count);
			if (!b->register_list)
				goto nomem;
			b->register_count = a->register_count;
		}
	}
	o->firmware = calloc(from->firmware_count ? from->firmware_count : 1, sizeof(*o->firmware));
	if (!o->firmware)
		goto nomem;
	if (from->firmware_count)
		memcpy(o->firmware, from->firmware, from->firmware_count * sizeof(*o->firmware));
	o->firmware_count = from->firmware_count;
	o->firmware_known = from->firmware_known;
	o->sve_known = from->sve_known;
	o->sve = from->sve;
	memcpy(o->unvirtualised, from->unvirtualised, sizeof(o->unvirtualised));
	o->differs = from->differs;
	o->settable = from->settable;
	o->levelled = from->levelled;
	o->settable_el2 = from->settable_el2;
	o->differs_el2 = from->differs_el2;
	o->outside = from->outside;
	*to = o;
	return 0;
nomem:
	steady_offer_free(o);
	return -STEADY_ENOMEM;
}

/* Of the cells that an irqchip may be asked of: its own, else the one of an unknown irqchip. */
static const struct steady_cell *cell_for(const struct steady_offer *o, uint32_t options,
					  uint32_t irqchip)
{
	const struct steady_cell *any = NULL;

	for (size_t i = 0; i < o->cell_count; i++) {
		const struct steady_cell *c = &o->cells[i];

		if (c->options != options)
			continue;
		if (c->irqchip == irqchip)
			return c;
		if (steady_irqchip_may_be(irqchip, c->irqchip))
			any = c;
	}
	return any;
}

const struct steady_cell *steady_offer_cell(const struct steady_offer *o, uint32_t options,
					    uint32_t irqchip)
{
	const struct steady_cell *c = cell_for(o, options, irqchip);

	for (size_t i = 0; !c && i < o->cell_count; i++) {
		if (o->cells[i].options == options &&
		    steady_irqchip_may_be(o->cells[i].irqchip, irqchip))
			c = &o->cells[i];
	}
	return c;
}

/* ---- the AND ---- */

static size_t and_list(uint64_t *a, size_t count, const uint64_t *b, size_t others)
{
	size_t kept = 0;

	for (size_t i = 0, j = 0; i < count; i++) {
		while (j < others && b[j] < a[i])
			j++;
		if (j < others && b[j] == a[i])
			a[kept++] = a[i];
	}
	return kept;
}

static int and_cell(struct steady_offer *out, const struct steady_cell *a,
		    const struct steady_cell *b, uint32_t irqchip)
{
	struct steady_cell *c = steady_offer_add(out);

	if (!c)
		return -STEADY_ENOMEM;
	c->options = a->options;
	c->irqchip = irqchip;
	c->unknown = a->unknown || b->unknown;
	for (size_t i = 0; i < sizeof(c->breaks); i++)
		c->breaks[i] = a->breaks[i] | b->breaks[i];
	for (unsigned int i = 0; i < steady_offer_fields(); i++)
		c->set[i] = steady_set_and(&steady_fields[steady_offer_first() + i], a->set[i],
					   b->set[i]);
	if (!a->register_list || !b->register_list)
		return 0;
	c->register_list = copy_list(a->register_list, a->register_count);
	if (!c->register_list)
		return -STEADY_ENOMEM;
	c->register_count = and_list(c->register_list, a->register_count, b->register_list,
				     b->register_count);
	return 0;
}

/*
 * For every irqchip that one of them names: what both offer under it. A cell of an unknown irqchip
 * stands for each that has none of its own, and goes on standing for the others.
 */
static int and_cells(struct steady_offer *out, const struct steady_offer *a,
		     const struct steady_offer *b)
{
	int r = 0;

	for (size_t i = 0; i < a->cell_count + b->cell_count && !r; i++) {
		const struct steady_cell *key =
			i < a->cell_count ? &a->cells[i] : &b->cells[i - a->cell_count];
		const struct steady_cell *x = cell_for(a, key->options, key->irqchip);
		const struct steady_cell *y = cell_for(b, key->options, key->irqchip);
		const struct steady_cell *done = cell_for(out, key->options, key->irqchip);

		if (x && y && (!done || done->irqchip != key->irqchip))
			r = and_cell(out, x, y, key->irqchip);
	}
	return r;
}

static const struct steady_firmware_offer *find_firmware(const struct steady_offer *o, uint64_t id)
{
	for (size_t i = 0; i < o->firmware_count; i++) {
		if (o->firmware[i].id == id)
			return &o->firmware[i];
	}
	return NULL;
}

static uint64_t and_allowed(uint64_t id, uint64_t a, uint64_t b)
{
	if (steady_firmware_id_is_bitmap(id))
		return a & b;
	return a < b ? a : b;
}

/*
 * A bitmap register that one host has not got offers no service there: it stays, with nothing
 * allowed, so that it is brought to 0 where it is. Another register that one host has not got
 * falls out. `all` has room for both.
 */
static size_t and_firmware(const struct steady_offer *a, const struct steady_offer *b,
			   struct steady_firmware_offer *all)
{
	size_t i = 0, j = 0, n = 0;

	while (i < a->firmware_count || j < b->firmware_count) {
		uint64_t x = i < a->firmware_count ? a->firmware[i].id : UINT64_MAX;
		uint64_t y = j < b->firmware_count ? b->firmware[j].id : UINT64_MAX;
		struct steady_firmware_offer out = {.id = x < y ? x : y};

		if (x == y) {
			out.allowed = and_allowed(x, a->firmware[i].allowed,
						  b->firmware[j].allowed);
			out.without_ssbs = and_allowed(x, a->firmware[i].without_ssbs,
						       b->firmware[j].without_ssbs);
		}
		i += x == out.id;
		j += y == out.id;
		if (x == y || steady_firmware_id_is_bitmap(out.id))
			all[n++] = out;
	}
	return n;
}

/* Of one that both know: what each lets a guest see is its value, or that and all that is less. */
static void and_value(struct steady_offer *a, const struct steady_offer *b, int which)
{
	const uint32_t bit = UINT32_C(1) << which;
	uint64_t *x = &a->unvirtualised[which].value, y = b->unvirtualised[which].value;
	bool lowered = (*x > y ? a->settable : b->settable) & bit;
	bool lowered_el2 = (*x > y ? a->settable_el2 : b->settable_el2) & bit;

	if (*x != y && which != STEADY_IPA_SIZE) { /* the VMM chooses the IPA size */
		a->differs |= lowered ? 0 : bit;
		a->levelled |= lowered ? bit : 0;
		a->differs_el2 |= lowered_el2 ? 0 : bit;
	}
	a->settable &= b->settable | ~bit;
	a->settable_el2 &= b->settable_el2 | ~bit;
	if (y < *x)
		*x = y;
}

static void and_unvirtualised(struct steady_offer *a, const struct steady_offer *b)
{
	a->differs |= b->differs;
	a->levelled |= b->levelled;
	a->differs_el2 |= b->differs_el2;
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		struct steady_reading *x = &a->unvirtualised[i];
		const struct steady_reading *y = &b->unvirtualised[i];
		const uint32_t bit = UINT32_C(1) << i;

		if (x->state != STEADY_VALUE || y->state != STEADY_VALUE) {
			/* the value that is known stays, so that a third host is held against it */
			if (x->state != STEADY_VALUE) {
				*x = *y;
				a->settable |= b->settable & bit;
				a->settable_el2 |= b->settable_el2 & bit;
			}
			continue;
		}
		and_value(a, b, i);
	}
}

int steady_offer_and(struct steady_offer *a, const struct steady_offer *b)
{
	struct steady_offer *o = steady_offer_alloc(), old = *a;

	if (o)
		o->firmware = calloc(a->firmware_count + b->firmware_count + 1,
				     sizeof(*o->firmware));
	if (!o || !o->firmware || and_cells(o, a, b)) {
		steady_offer_free(o);
		return -STEADY_ENOMEM;
	}
	o->firmware_known = a->firmware_known && b->firmware_known;
	o->firmware_count = and_firmware(a, b, o->firmware);
	o->sve = steady_vl_common(&a->sve, &b->sve);
	o->sve_known = a->sve_known && b->sve_known;
	memcpy(o->unvirtualised, a->unvirtualised, sizeof(o->unvirtualised));
	o->differs = a->differs;
	o->settable = a->settable;
	o->levelled = a->levelled;
	o->settable_el2 = a->settable_el2;
	o->differs_el2 = a->differs_el2;
	and_unvirtualised(o, b);
	o->outside = a->outside;
	steady_outside_and(&o->outside, &b->outside);
	*a = *o;
	*o = old;
	steady_offer_free(o);
	return 0;
}

static bool cell_equal(const struct steady_cell *a, const struct steady_cell *b)
{
	if (a->options != b->options || a->irqchip != b->irqchip || a->unknown != b->unknown ||
	    a->register_count != b->register_count || !a->register_list != !b->register_list)
		return false;
	if (a->register_list && memcmp(a->register_list, b->register_list,
				       a->register_count * sizeof(*a->register_list)) != 0)
		return false;
	return memcmp(a->breaks, b->breaks, sizeof(a->breaks)) == 0 &&
	       memcmp(a->set, b->set, steady_offer_fields() * sizeof(*a->set)) == 0;
}

bool steady_offer_equal(const struct steady_offer *a, const struct steady_offer *b)
{
	if (a->cell_count != b->cell_count || a->firmware_known != b->firmware_known ||
	    a->sve_known != b->sve_known || a->firmware_count != b->firmware_count ||
	    a->differs != b->differs || a->settable != b->settable ||
	    a->levelled != b->levelled || a->settable_el2 != b->settable_el2 ||
	    a->differs_el2 != b->differs_el2 || !steady_vl_equal(&a->sve, &b->sve) ||
	    !steady_outside_equal(&a->outside, &b->outside))
		return false;
	for (size_t i = 0; i < a->cell_count; i++) {
		const struct steady_cell *other =
			steady_offer_cell(b, a->cells[i].options, a->cells[i].irqchip);

		if (!other || !cell_equal(&a->cells[i], other))
			return false;
	}
	for (size_t i = 0; i < a->firmware_count; i++) {
		const struct steady_firmware_offer *x = &a->firmware[i];
		const struct steady_firmware_offer *y = find_firmware(b, x->id);

		if (!y || x->allowed != y->allowed || x->without_ssbs != y->without_ssbs)
			return false;
	}
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		const struct steady_reading *x = &a->unvirtualised[i];
		const struct steady_reading *y = &b->unvirtualised[i];

		if (x->state != y->state || (x->state == STEADY_VALUE && x->value != y->value))
			return false;
	}
	return true;
}
