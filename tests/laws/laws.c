/* SPDX-License-Identifier: MIT */
#include "laws.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../unit/build_profile.h"

/* ---- rounds ---- */

static uint64_t from_environment(const char *name, uint64_t otherwise)
{
	const char *text = getenv(name);

	return text && *text ? strtoull(text, NULL, 0) : otherwise;
}

void laws_start(struct laws *l, const char *name, unsigned int rounds)
{
	*l = (struct laws){.name = name};
	l->seed = from_environment("STEADY_SEED", (uint64_t)time(NULL) * UINT64_C(1000003)) - 1;
	rounds /= (unsigned int)from_environment("STEADY_ROUNDS_SHARE", 1); /* for builds that are slow */
	l->rounds = (unsigned int)from_environment("STEADY_ROUNDS", rounds < 20 ? 20 : rounds);
	printf("%s: STEADY_SEED=%" PRIu64 " STEADY_ROUNDS=%u\n", name, l->seed + 1, l->rounds);
	fflush(stdout);
}

bool laws_next(struct laws *l)
{
	l->state = ++l->seed;
	l->cpu = laws_below(l, 3);
	l->kernel = laws_one_in(l, 2) ? BUILD_7_3 : laws_below(l, 3);
	return l->round++ < l->rounds;
}

int laws_end(const struct laws *l, unsigned int one_in)
{
	printf("%s: held in %u rounds, %u of them empty\n", l->name, l->rounds, l->rounds - l->met);
	return l->rounds >= 10 && (uint64_t)l->met * one_in < l->rounds;
}

void laws_hold(const struct laws *l, bool holds, const char *format, ...)
{
	va_list args;

	if (holds)
		return;
	printf("%s: broken; STEADY_SEED=%" PRIu64 " STEADY_ROUNDS=1: ", l->name, l->seed);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	exit(1);
}

/* splitmix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014) */
uint64_t laws_random(struct laws *l)
{
	uint64_t z = l->state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

unsigned int laws_below(struct laws *l, unsigned int n)
{
	return (unsigned int)(laws_random(l) >> 32) % n;
}

bool laws_one_in(struct laws *l, unsigned int n)
{
	return laws_below(l, n) == 0;
}

/* ---- hosts ---- */

static bool legal(unsigned int field, uint64_t v)
{
	const struct steady_field *f = &steady_fields[field];

	if (f->order == STEADY_ORDER_CHAINS) /* of others nobody knows where they stand */
		return steady_value_of((int)field, v) && f->legal >> v & 1;
	return f->width > 4 || f->legal >> v & 1;
}

static uint64_t random_legal(struct laws *l, unsigned int field)
{
	const struct steady_field *f = &steady_fields[field];
	uint64_t v;

	do
		v = laws_random(l) & (steady_field_mask(f) >> f->lsb);
	while (!legal(field, v));
	return v;
}

static void put_everywhere(struct steady_profile *p, unsigned int field, uint64_t v)
{
	const struct steady_field *f = &steady_fields[field];
	int option = steady_field_option((int)field);

	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_configuration *c = &p->configurations[i];

		if (option < 0 || c->options >> option & 1)
			c->reg[f->reg].value = steady_field_put(f, c->reg[f->reg].value, v);
	}
}

/* Other limits in some of the fields that have a name; if in few, then in those that KVM knows. */
static void change_limits(struct laws *l, struct steady_profile *p, unsigned int one_in)
{
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int field = steady_offer_first() + i;

		if (!(steady_fields[field].flags & STEADY_FIELD_RESERVED) &&
		    (one_in < 64 || steady_fields[field].kvm_rule != STEADY_KVM_NONE) &&
		    laws_one_in(l, one_in))
			put_everywhere(p, field, random_legal(l, field));
	}
}

static void change_masks(struct laws *l, struct steady_profile *p, bool more)
{
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		uint64_t nibbles = UINT64_C(0xf) << laws_below(l, 16) * 4;

		if (!laws_one_in(l, 8) || p->writable[reg].state != STEADY_VALUE)
			continue;
		if (more)
			p->writable[reg].value |= nibbles;
		else
			p->writable[reg].value &= ~nibbles;
	}
}

static void change_rest(struct laws *l, struct steady_profile *p)
{
	static const uint64_t psci[] = {0x10000, 0x10001, 0x10002, 0x10003};

	build_firmware(p, "PSCI_VERSION", psci[laws_below(l, 4)]);
	build_firmware(p, "VENDOR_HYP_BMAP", laws_below(l, 4));
	build_firmware(p, "WORKAROUND_1", laws_below(l, 3));
	for (unsigned int bytes = 16; bytes <= 128; bytes *= 2) {
		if (!laws_one_in(l, 4))
			steady_vl_add(&p->sve, bytes);
	}
	p->unvirtualised[STEADY_IPA_SIZE] =
		(struct steady_reading){.state = STEADY_VALUE, .value = 40 + 4 * laws_below(l, 3)};
	if (laws_one_in(l, 2))
		p->unvirtualised[STEADY_DCZID] =
			(struct steady_reading){.state = STEADY_VALUE, .value = 4};
	/* gone for good: a whole register list, or one entry of it */
	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_configuration *c = &p->configurations[i];

		if (laws_one_in(l, 4))
			c->register_count--;
	}
}

/*
 * Linux 6.1 to 7.3 on CPUs whose EL0 has no AArch32: the AArch32 registers read as zero and the
 * kernel lets none of their bits be written (data/profiles/a64fx-*.json).
 */
static void clear_aarch32(struct steady_profile *p)
{
	int pfr0 = steady_register_by_name("ID_AA64PFR0_EL1", strlen("ID_AA64PFR0_EL1"));

	if ((p->configurations[0].reg[pfr0].value & 0xf) == 2)
		return;
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (!steady_registers[reg].aarch32)
			continue;
		p->writable[reg].value = 0;
		for (size_t i = 0; i < p->configuration_count; i++)
			p->configurations[i].reg[reg].value = 0;
	}
}

/*
 * Linux's set_id_dfr0_el1() refuses CopDbg below 6, Armv8's debug; no core with AArch32 that Linux
 * runs on has less, so a host whose own value is less is none.
 */
static void floor_copdbg(struct steady_profile *p)
{
	unsigned int field = 
		(unsigned int)steady_field_by_name("ID_DFR0_EL1.CopDbg", strlen("ID_DFR0_EL1.CopDbg"));
	const struct steady_field *f = &steady_fields[field];

	if (steady_field_get(f, p->configurations[0].reg[f->reg].value) < 6)
		put_everywhere(p, field, 6);
}

struct steady_profile *laws_host(struct laws *l, const char *name)
{
	unsigned int cpu = laws_one_in(l, 8) ? laws_below(l, 3) : l->cpu;
	unsigned int kernel = laws_one_in(l, 8) ? laws_below(l, 3) : l->kernel;
	struct steady_profile *p = build_host((enum build_cpu)cpu, (enum build_kernel)kernel, name);

	change_masks(l, p, true);
	if (laws_one_in(l, 2))
		change_limits(l, p, 250);
	floor_copdbg(p);
	clear_aarch32(p);
	change_rest(l, p);
	p->cpus[0].midr += laws_below(l, 2);
	return p;
}

static void gap(struct laws *l, struct steady_reading *r)
{
	if (laws_one_in(l, 2))
		*r = (struct steady_reading){.state = STEADY_FAILED, .error = EIO};
	else
		*r = (struct steady_reading){0};
}

static void add_gaps(struct laws *l, struct steady_profile *p)
{
	if (laws_one_in(l, 8))
		p->firmware_known = false;
	if (laws_one_in(l, 8))
		p->sve_known = false;
	if (laws_one_in(l, 4))
		gap(l, &p->firmware[laws_below(l, (unsigned int)p->firmware_count)].reading);
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (laws_one_in(l, 3))
			gap(l, &p->unvirtualised[i]);
		else
			p->unvirtualised[i] = (struct steady_reading){.state = STEADY_VALUE,
								      .value = laws_below(l, 3)};
	}
	for (size_t i = 0; i < p->configuration_count; i++) {
		struct steady_configuration *c = &p->configurations[i];

		if (laws_one_in(l, 8))
			gap(l, &c->reg[STEADY_CORE_FIRST + laws_below(l, STEADY_CORE_COUNT)]);
		if (laws_one_in(l, 8)) {
			free(c->register_list);
			c->register_list = NULL;
			c->register_count = 0;
		}
	}
}

/* The same options once more, with another irqchip. */
static void add_irqchips(struct laws *l, struct steady_profile *p)
{
	size_t count = p->configuration_count;

	for (size_t i = 0; i < count; i++) {
		struct steady_configuration *c;

		p->configurations[i].irqchip = laws_below(l, 4);
		if (!laws_one_in(l, 2))
			continue;
		c = steady_profile_add(p);
		if (!c)
			abort();
		*c = p->configurations[i];
		c->irqchip = laws_below(l, 4);
		c->accepted = NULL;
		c->register_list = NULL;
		c->register_count = 0;
	}
}

static void add_records(struct laws *l, struct steady_profile *p)
{
	for (unsigned int i = 0; i < steady_offer_fields(); i++) {
		unsigned int field = steady_offer_first() + i;
		char name[STEADY_FULLNAME];

		if (steady_fields[field].width <= 4 && laws_one_in(l, 16))
			build_accepted(p, steady_field_fullname(field, name, sizeof(name)),
				       (uint16_t)laws_random(l));
	}
}

struct steady_profile *laws_wild_host(struct laws *l, const char *name)
{
	struct steady_profile *p = laws_host(l, name);

	change_limits(l, p, 4);
	change_masks(l, p, true);
	change_masks(l, p, false);
	add_records(l, p);
	if (laws_one_in(l, 2))
		add_irqchips(l, p);
	add_gaps(l, p);
	return p;
}

/* ---- offers as text ---- */

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static char *dump_cell(const struct steady_cell *c)
{
	struct steady_text t = STEADY_TEXT_INIT;

	steady_text_printf(&t, "cell %02" PRIx32 " %" PRIu32 "%s", c->options, c->irqchip,
			   c->unknown ? " unknown" : "");
	for (unsigned int i = 0; i < steady_offer_fields(); i++)
		steady_text_printf(&t, " %x", c->set[i]);
	for (unsigned int i = 0; i < steady_rule_total; i++) {
		if (steady_cell_breaks(c, i))
			steady_text_printf(&t, " breaks %s", steady_rules[i].name);
	}
	steady_text_str(&t, c->register_list ? " list" : " no list");
	for (size_t i = 0; i < c->register_count; i++)
		steady_text_printf(&t, " %" PRIx64, c->register_list[i]);
	steady_text_char(&t, '\n');
	return steady_text_take(&t);
}

char *laws_dump(const struct steady_offer *o)
{
	char **cells = calloc(o->cell_count + 1, sizeof(*cells));
	struct steady_text t = STEADY_TEXT_INIT;

	if (!cells)
		abort();
	for (size_t i = 0; i < o->cell_count; i++)
		cells[i] = dump_cell(&o->cells[i]);
	qsort(cells, o->cell_count, sizeof(*cells), compare_lines);
	for (size_t i = 0; i < o->cell_count; i++) {
		steady_text_str(&t, cells[i]);
		free(cells[i]);
	}
	free(cells);
	steady_text_printf(&t, "firmware %d sve %d differs %" PRIx32 "\n", o->firmware_known,
			   o->sve_known, o->differs);
	for (size_t i = 0; i < o->firmware_count; i++)
		steady_text_printf(&t, "%" PRIx64 " %" PRIx64 "\n", o->firmware[i].id,
				   o->firmware[i].allowed);
	for (size_t i = 0; i < STEADY_VL_MAX / 64; i++)
		steady_text_printf(&t, "%" PRIx64 " ", o->sve.word[i]);
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++)
		steady_text_printf(&t, "\n%d %" PRIu32 " %" PRIu64, i, o->unvirtualised[i].state,
				   o->unvirtualised[i].value);
	return steady_text_take(&t);
}
