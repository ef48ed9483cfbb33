/* SPDX-License-Identifier: MIT */
/* Fields: where they are, and how their values are ordered (DDI0487 D24.1.3). */
#include <string.h>

#include "arch/tables.h"

int steady_field_by_name(const char *name, size_t length)
{
	const char *dot = memchr(name, '.', length);
	const struct steady_register *r;
	size_t rest;
	int reg;

	if (dot == NULL)
		return -1;
	reg = steady_register_by_name(name, (size_t)(dot - name));
	if (reg < 0)
		return -1;
	r = &steady_registers[reg];
	rest = length - (size_t)(dot + 1 - name);
	for (unsigned int i = r->first; i < r->first + r->fields; i++)
		if (steady_name_is(dot + 1, rest, steady_fields[i].name))
			return (int)i;
	return -1;
}

int steady_field_at(int reg, unsigned int bit)
{
	const struct steady_register *r;

	if (reg < 0 || reg >= STEADY_REGISTERS || bit > 63)
		return -1;
	r = &steady_registers[reg];
	for (unsigned int i = steady_field_of_nibble[reg][bit / 4]; i < r->first + r->fields; i++)
		if (bit < steady_fields[i].lsb + (unsigned int)steady_fields[i].width)
			return (int)i;
	return -1;
}

static uint64_t top_bit(const struct steady_field *f)
{
	return 1ULL << (f->width - 1);
}

int64_t steady_field_signed(const struct steady_field *f, uint64_t value)
{
	value &= steady_field_ones(f);
	if (f->is_signed && (value & top_bit(f)))
		value |= ~steady_field_ones(f);
	return (int64_t)value;
}

/* An order of the values as numbers; of a 64-bit field too, whose upper half int64_t cannot hold.
 */
static int64_t by_number(const struct steady_field *f, uint64_t value)
{
	if (f->width == 64)
		return (int64_t)(value ^ top_bit(f));
	return steady_field_signed(f, value);
}

int64_t steady_field_rank(const struct steady_field *f, uint64_t value)
{
	int64_t rank;

	value &= steady_field_ones(f);
	switch (f->order) {
	case STEADY_ORDER_HIGHER:
		return -by_number(f, value);
	case STEADY_ORDER_HIGHER_OR_ZERO:
		return value == 0 ? INT64_MIN : -by_number(f, value);
	case STEADY_ORDER_EXACT:
		/* Every other value is taken before the fallback. */
		return f->width < 64 && value == f->fallback ? INT64_MIN : by_number(f, value);
	case STEADY_ORDER_CHAINS:
		rank = steady_chains[f->chains].rank[value];
		/* Nothing is known of an unallocated value: it is taken last. */
		return rank >= 0 ? rank : (int64_t)value - 16;
	default:
		return by_number(f, value);
	}
}

static enum steady_compare in_chains(const struct steady_chains *c, uint64_t a, uint64_t b)
{
	const unsigned int at_most = c->below[b] >> a & 1, at_least = c->below[a] >> b & 1;

	/* each bit says what the other one cannot (GCC 12.2 gets the same as nested ifs wrong) */
	return (at_least ? 0 : STEADY_LESS) | (at_most ? 0 : STEADY_MORE);
}

enum steady_compare steady_field_compare(const struct steady_field *f, uint64_t a, uint64_t b)
{
	a &= steady_field_ones(f);
	b &= steady_field_ones(f);
	if (a == b)
		return STEADY_SAME;
	switch (f->order) {
	case STEADY_ORDER_LOWER: /* nearly all of them */
		return by_number(f, a) < by_number(f, b) ? STEADY_LESS : STEADY_MORE;
	case STEADY_ORDER_EXACT:
		return STEADY_UNORDERED;
	case STEADY_ORDER_MASK:
		return (a & b) == a ? STEADY_LESS : (a & b) == b ? STEADY_MORE : STEADY_UNORDERED;
	case STEADY_ORDER_CHAINS:
		return in_chains(&steady_chains[f->chains], a, b);
	default:
		return steady_field_rank(f, a) < steady_field_rank(f, b) ? STEADY_LESS
									 : STEADY_MORE;
	}
}

uint16_t steady_field_within(const struct steady_field *f, uint64_t value)
{
	const uint8_t named = STEADY_FIELD_IDENTITY | STEADY_FIELD_TOPOLOGY;
	unsigned int set = 0;

	if (f->width > 4)
		return 0;
	value &= steady_field_ones(f);
	for (unsigned int v = 0; v <= steady_field_ones(f); v++) {
		enum steady_compare c = steady_field_compare(f, v, value);

		if (c == STEADY_LESS || c == STEADY_SAME)
			set |= 1U << v;
	}
	if (f->order == STEADY_ORDER_EXACT && !(f->flags & named))
		set |= 1U << f->fallback;
	/* A CPU may always be called what it is, legal or not. */
	return (uint16_t)((set & f->legal) | 1U << value);
}

const struct steady_value *steady_value_of(int field, uint64_t value)
{
	size_t low = 0, high = steady_value_count;

	if (field < 0)
		return NULL;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct steady_value *v = &steady_values[middle];

		if (v->field == field && v->value == value)
			return v;
		if (v->field < field || (v->field == field && v->value < value))
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

int steady_field_option(int field)
{
	if (field < 0 || (unsigned int)field >= steady_field_count)
		return -1;
	return steady_fields[field].option;
}
