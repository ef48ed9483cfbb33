/* SPDX-License-Identifier: MIT */
/*
 * The "offer" of a model. In a cell's "accepted" a field that is not listed accepts 0 and nothing
 * else, which is so for most fields of most CPUs; the empty set is "none". A cell without
 * "accepted" is one of which nothing is known. Most cells say nearly the same: one with "like": N lists
 * what is other than in cell N, counted from 0, which stands before it: the fields in "accepted", and
 * the registers in "not_listed" and "also_listed". "breaks" has the rules between fields that a guest
 * of one of the hosts sees broken. Other sections that are absent were not captured by one of the
 * hosts.
 */
#include "format/offer_json.h"

#include <stdlib.h>
#include <string.h>

#include <steadyarm/steadyarm.h>

static steady_set set_zero(unsigned int row)
{
	return steady_set_one(&steady_fields[row], 0);
}

/* ---- reading ---- */

struct ids {
	uint64_t *id;
	size_t count;
};

struct cell {
	struct steady_cell *out;
	const struct steady_cell *like; /* NULL: none */
	size_t before;                  /* how many cells there are before this one */
	const struct steady_cell *all;
	struct ids not_listed, also_listed;
	bool *seen; /* one per core row */
};

static int read_like(const struct steady_json *at, void *target)
{
	struct cell *cell = target;
	int err = steady_json_expect(at, JSON_INTEGER);
	json_int_t n = json_integer_value(at->value);

	if (err)
		return err;
	if (n < 0 || (size_t)n >= cell->before || cell->all[n].unknown || !cell->all[n].register_list)
		return steady_json_refuse(at, "there is no cell before this one with that number, "
					      "counted from 0, of which all is known");
	cell->like = &cell->all[n];
	return 0;
}

static int read_options(const struct steady_json *at, void *target)
{
	struct steady_json_options options;
	int err = steady_json_options(at, &options);

	if (!err)
		((struct cell *)target)->out->options = options.on;
	return err;
}

static int read_irqchip(const struct steady_json *at, void *target)
{
	return steady_json_irqchip(at, &((struct cell *)target)->out->irqchip);
}

static int read_field(const struct steady_json *at, int field, void *target)
{
	struct cell *cell = target;
	unsigned int row = (unsigned int)field;

	if (!steady_register_is_core(steady_fields[row].reg))
		return steady_json_refuse_key(at, "an offer has fields of the core ID range only");
	if (cell->seen[row - steady_offer_first()])
		return steady_json_twice(at);
	cell->seen[row - steady_offer_first()] = true;
	return steady_json_set(at, row, steady_cell_set(cell->out, row));
}

static int read_accepted(const struct steady_json *at, void *target)
{
	static const struct steady_json_names names = {"field", steady_field_by_name, read_field};
	struct cell *cell = target;
	int err;

	cell->out->unknown = false;
	for (unsigned int i = 0; i < steady_offer_fields(); i++)
		cell->out->set[i] =
			cell->like ? cell->like->set[i] : set_zero(steady_offer_first() + i);
	cell->seen = calloc(steady_offer_fields(), sizeof(*cell->seen));
	if (!cell->seen)
		return -STEADY_ENOMEM;
	err = steady_json_named(at, &names, cell);
	free(cell->seen);
	return err;
}

static int read_broken(const struct steady_json *at, size_t index, void *target)
{
	struct steady_cell *cell = ((struct cell *)target)->out;
	int err = steady_json_expect(at, JSON_STRING);
	int rule;

	(void)index;
	if (err)
		return err;
	rule = steady_rule_by_name(json_string_value(at->value), json_string_length(at->value));
	if (rule >= 0) /* another version's rule closes nothing here */
		cell->breaks[rule / 8] |= (uint8_t)(1u << rule % 8);
	return 0;
}

static int read_breaks(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_broken, target);
}

static int read_register_list(const struct steady_json *at, void *target)
{
	struct cell *cell = target;

	if (cell->like)
		return steady_json_refuse_key(at, "a cell with \"like\" has \"not_listed\" and "
						  "\"also_listed\"");
	return steady_json_ids(at, &cell->out->register_list, &cell->out->register_count);
}

static int read_ids(const struct steady_json *at, const struct cell *cell, struct ids *out)
{
	if (!cell->like)
		return steady_json_refuse_key(at, "only a cell with \"like\" has that");
	return steady_json_ids(at, &out->id, &out->count);
}

static int read_not_listed(const struct steady_json *at, void *target)
{
	struct cell *cell = target;

	return read_ids(at, cell, &cell->not_listed);
}

static int read_also_listed(const struct steady_json *at, void *target)
{
	struct cell *cell = target;

	return read_ids(at, cell, &cell->also_listed);
}

/* Two ascending lists: what a has and b has not. Returns how many; out may be a. */
static size_t less(const uint64_t *a, size_t a_count, const uint64_t *b, size_t b_count, uint64_t *out)
{
	size_t n = 0, j = 0;

	for (size_t i = 0; i < a_count; i++) {
		while (j < b_count && b[j] < a[i])
			j++;
		if (j == b_count || b[j] != a[i])
			out[n++] = a[i];
	}
	return n;
}

static int compare_ids(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* The list of the cell that this one is like, less some and with others. */
static int merge_list(const struct steady_json *at, struct cell *cell)
{
	const struct steady_cell *like = cell->like;
	const struct ids *gone = &cell->not_listed, *more = &cell->also_listed;
	uint64_t *all = calloc(like->register_count + more->count + 1, sizeof(*all));
	size_t n;

	if (!all)
		return -STEADY_ENOMEM;
	cell->out->register_list = all; /* the offer's from here on */
	n = less(like->register_list, like->register_count, gone->id, gone->count, all);
	if (n + gone->count != like->register_count)
		return steady_json_refuse(at, "\"not_listed\" has a register that cell \"like\" does "
					      "not list");
	if (more->count) {
		if (less(more->id, more->count, all, n, all + n) != more->count)
			return steady_json_refuse(at, "\"also_listed\" has a register that cell "
						      "\"like\" lists");
		n += more->count;
		qsort(all, n, sizeof(*all), compare_ids);
	}
	cell->out->register_count = n;
	return 0;
}

static int read_members(const struct steady_json *at, struct cell *cell)
{
	static const struct steady_json_member rows[] = {
		{"like", false, read_like}, /* first: the others go by it */
		{"vcpu_features", false, read_options},
		{"irqchip", false, read_irqchip},
		{"accepted", false, read_accepted},
		{"breaks", false, read_breaks},
		{"register_list", false, read_register_list},
		{"not_listed", false, read_not_listed},
		{"also_listed", false, read_also_listed},
	};
	int err = steady_json_members(at, rows, sizeof(rows) / sizeof(rows[0]), cell);

	if (!err && cell->like && cell->out->unknown)
		err = steady_json_refuse(at, "a cell with \"like\" has \"accepted\"");
	if (!err && cell->like)
		err = merge_list(at, cell);
	free(cell->not_listed.id);
	free(cell->also_listed.id);
	return err;
}

static int read_cell(const struct steady_json *at, size_t index, void *target)
{
	struct steady_offer *offer = target;
	struct cell cell = {.out = steady_offer_add(offer), .before = index};
	int err;

	if (!cell.out)
		return -STEADY_ENOMEM;
	cell.all = offer->cells;
	cell.out->unknown = true;
	err = read_members(at, &cell);
	for (size_t i = 0; !err && i < index; i++) {
		if (offer->cells[i].options == cell.out->options &&
		    offer->cells[i].irqchip == cell.out->irqchip)
			err = steady_json_refuse(at,
						 "the same options and irqchip as cell %zu, "
						 "counted from 0",
						 i);
	}
	return err;
}

static int read_cells(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_cell, target);
}

static int read_firmware_register(const struct steady_json *at, uint64_t id, void *target)
{
	struct steady_offer *offer = target;
	size_t i = offer->firmware_count;
	uint64_t allowed;
	int err = steady_json_hex(at, &allowed);

	if (err)
		return err;
	for (; i && offer->firmware[i - 1].id > id; i--)
		offer->firmware[i] = offer->firmware[i - 1];
	if (i && offer->firmware[i - 1].id == id)
		return steady_json_twice(at);
	offer->firmware[i] = (struct steady_firmware_offer){id, allowed, allowed};
	offer->firmware_count++;
	return 0;
}

static int read_firmware(const struct steady_json *at, void *target)
{
	struct steady_offer *offer = target;

	offer->firmware = calloc(json_object_size(at->value) + 1, sizeof(*offer->firmware));
	if (!offer->firmware)
		return -STEADY_ENOMEM;
	offer->firmware_known = true;
	return steady_json_firmware(at, read_firmware_register, offer);
}

static int read_without_ssbs_of(const struct steady_json *at, uint64_t id, void *target)
{
	struct steady_offer *offer = target;

	for (size_t i = 0; i < offer->firmware_count; i++) {
		if (offer->firmware[i].id == id)
			return steady_json_hex(at, &offer->firmware[i].without_ssbs);
	}
	return steady_json_refuse_key(at, "the offer's firmware has no such register");
}

/* After "firmware": where a guest without FEAT_SSBS sees another level. */
static int read_without_ssbs(const struct steady_json *at, void *target)
{
	return steady_json_firmware(at, read_without_ssbs_of, target);
}

static int read_sve(const struct steady_json *at, void *target)
{
	struct steady_offer *offer = target;

	offer->sve_known = true;
	return steady_json_sve(at, &offer->sve);
}

static int read_unvirtualised(const struct steady_json *at, void *target)
{
	return steady_json_unvirtualised(at, ((struct steady_offer *)target)->unvirtualised);
}

/* A name of a list: its bit. */
static int read_name(const struct steady_json *at, size_t index, void *target)
{
	uint32_t *bits = target;
	int err = steady_json_expect(at, JSON_STRING);
	int which;

	(void)index;
	if (err)
		return err;
	which = steady_unvirtualised_by_name(json_string_value(at->value),
					     json_string_length(at->value));
	if (which < 0)
		return steady_json_refuse_string(at, "is no unvirtualised register");
	if (*bits >> which & 1)
		return steady_json_refuse_string(at, "is given twice");
	*bits |= UINT32_C(1) << which;
	return 0;
}

static int read_differs(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_name, &((struct steady_offer *)target)->differs);
}

static int read_settable(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_name, &((struct steady_offer *)target)->settable);
}

static int read_levelled(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_name, &((struct steady_offer *)target)->levelled);
}

static int read_settable_el2(const struct steady_json *at, void *target)
{
	return steady_json_array(at, read_name, &((struct steady_offer *)target)->settable_el2);
}

/* What is not named there cannot be levelled for a guest with EL2. */
static int read_levelled_el2(const struct steady_json *at, void *target)
{
	struct steady_offer *o = target;
	uint32_t levelled = 0;
	int err = steady_json_array(at, read_name, &levelled);

	o->differs_el2 = ~levelled;
	return err;
}

int steady_offer_read_json(const struct steady_json *at, struct steady_offer **offer)
{
	static const struct steady_json_member rows[] = {
		{"cells", true, read_cells},      {"firmware", false, read_firmware},
		{"without_ssbs", false, read_without_ssbs},
		{"sve", false, read_sve},         {"unvirtualised", false, read_unvirtualised},
		{"differs", false, read_differs}, {"ctr", false, steady_outside_read_ctr},
		{"caches", false, steady_outside_read_caches},
		{"settable", false, read_settable}, {"levelled", false, read_levelled},
		{"settable_el2", false, read_settable_el2},
		{"levelled_el2", false, read_levelled_el2},
	};
	struct steady_offer *out = steady_offer_alloc();
	int err;

	if (!out)
		return -STEADY_ENOMEM;
	out->differs_el2 = ~UINT32_C(0);
	err = steady_json_members(at, rows, sizeof(rows) / sizeof(rows[0]), out);
	out->differs_el2 &= out->differs | out->levelled;
	if (err)
		steady_offer_free(out);
	else
		*offer = out;
	return err;
}

/* ---- printing ---- */

/* The rules between fields that a guest of one of the hosts sees broken. */
static void put_breaks(struct steady_json_out *o, json_t *out, const struct steady_cell *cell)
{
	json_t *all = NULL;

	for (unsigned int i = 0; i < steady_rule_total; i++) {
		if (!steady_cell_breaks(cell, i))
			continue;
		if (!all)
			all = json_array(); /* NULL: the appending says so */
		steady_json_append(o, all, json_string(steady_rules[i].name));
	}
	if (all)
		steady_json_put(o, out, "breaks", all);
}

/* The fields that are other than in `like`; without one, other than 0. */
static void put_accepted(struct steady_json_out *o, json_t *out, const struct steady_cell *cell,
			 const struct steady_cell *like)
{
	json_t *accepted = json_object();

	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int row = steady_offer_first() + i;

		if (cell->set[i] != (like ? like->set[i] : set_zero(row)))
			steady_json_put_set(o, accepted, row, cell->set[i]);
	}
	steady_json_put(o, out, "accepted", accepted);
}

/* What `cell` lists and `other` does not, if anything. */
static void put_beyond(struct steady_json_out *o, json_t *out, const char *key,
		       const struct steady_cell *cell, const struct steady_cell *other)
{
	uint64_t *all = calloc(cell->register_count + 1, sizeof(*all));
	size_t count = 0;

	if (all)
		count = less(cell->register_list, cell->register_count, other->register_list,
			     other->register_count, all);
	else
		o->error = -STEADY_ENOMEM;
	if (count)
		steady_json_put_ids(o, out, key, all, count);
	free(all);
}

/* first: the cell that the others are told by, or NULL. */
static json_t *new_cell(struct steady_json_out *o, const struct steady_cell *cell,
			const struct steady_cell *first)
{
	const struct steady_cell *like = first && !first->unknown && first->register_list &&
							 !cell->unknown && cell->register_list
						 ? first
						 : NULL;
	json_t *out = json_object();

	steady_json_put_options(o, out, cell->options, STEADY_OPTIONS_ALL);
	steady_json_put_irqchip(o, out, cell->irqchip);
	if (like)
		steady_json_put(o, out, "like", json_integer(0));
	if (!cell->unknown)
		put_accepted(o, out, cell, like);
	put_breaks(o, out, cell);
	if (like) {
		put_beyond(o, out, "not_listed", like, cell);
		put_beyond(o, out, "also_listed", cell, like);
	} else {
		steady_json_put_ids(o, out, "register_list", cell->register_list,
				    cell->register_count);
	}
	return out;
}

static void put_names(struct steady_json_out *o, json_t *out, const char *key, uint32_t bits)
{
	json_t *all;

	if (!bits)
		return;
	all = json_array();
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (bits >> i & 1)
			steady_json_append(o, all, json_string(steady_unvirtualised_names[i]));
	}
	steady_json_put(o, out, key, all);
}

static json_t *new_firmware(struct steady_json_out *o, const struct steady_offer *offer,
			    bool without_ssbs)
{
	json_t *all = json_object();

	for (size_t i = 0; i < offer->firmware_count; i++) {
		const struct steady_firmware_offer *f = &offer->firmware[i];
		struct steady_reading level = {.state = STEADY_VALUE};

		if (without_ssbs && f->without_ssbs == f->allowed)
			continue;
		level.value = without_ssbs ? f->without_ssbs : f->allowed;
		steady_json_put_firmware(o, all, f->id, &level);
	}
	return all;
}

static bool tells_ssbs(const struct steady_offer *offer)
{
	for (size_t i = 0; i < offer->firmware_count; i++) {
		if (offer->firmware[i].without_ssbs != offer->firmware[i].allowed)
			return true;
	}
	return false;
}

json_t *steady_offer_new_json(struct steady_json_out *o, const struct steady_offer *offer)
{
	json_t *out = json_object(), *all = json_array();

	for (size_t i = 0; i < offer->cell_count; i++)
		steady_json_append(o, all, new_cell(o, &offer->cells[i], i ? offer->cells : NULL));
	steady_json_put(o, out, "cells", all);
	if (offer->firmware_known) {
		steady_json_put(o, out, "firmware", new_firmware(o, offer, false));
		if (tells_ssbs(offer))
			steady_json_put(o, out, "without_ssbs", new_firmware(o, offer, true));
	}
	if (offer->sve_known)
		steady_json_put_sve(o, out, &offer->sve);
	steady_json_put_unvirtualised(o, out, offer->unvirtualised);
	steady_outside_put_json(o, out, offer);
	put_names(o, out, "settable", offer->settable);
	put_names(o, out, "levelled", offer->levelled);
	put_names(o, out, "settable_el2", offer->settable_el2);
	put_names(o, out, "levelled_el2",
		  (offer->differs | offer->levelled) & ~offer->differs_el2);
	put_names(o, out, "differs", offer->differs);
	return out;
}
