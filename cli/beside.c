/* SPDX-License-Identifier: MIT */
#include "beside.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "policy/explain.h"
#include "policy/outside.h"

struct list {
	struct cli_beside *all;
	size_t count;
};

static void add(struct list *l, const char *kind, const char *name, bool known, uint64_t value)
{
	struct cli_beside *to = &l->all[l->count++];

	*to = (struct cli_beside){
		.kind = kind, .unvirtualised = -1, .known = known, .value = value};
	snprintf(to->name, sizeof(to->name), "%s", name);
}

static void add_firmware(struct list *l, uint64_t id, const struct steady_reading *r)
{
	char name[STEADY_FIRMWARE_LABEL];

	/* that a kernel has not got it is an answer: it is not there */
	if (r->state != STEADY_VALUE && !steady_reading_unknown(r))
		return;
	add(l, "firmware", steady_firmware_label(id, name), r->state == STEADY_VALUE, r->value);
	l->all[l->count - 1].bitmap = steady_firmware_id_is_bitmap(id);
}

static void add_unvirtualised(struct list *l, const struct steady_reading *all)
{
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (all[i].state == STEADY_NOT_CAPTURED)
			continue;
		add(l, "unvirtualised", steady_unvirtualised_names[i], all[i].state == STEADY_VALUE,
		    all[i].value);
		l->all[l->count - 1].unvirtualised = i;
	}
}

static void add_cache(struct list *l, uint64_t id, uint64_t value)
{
	char name[STEADY_ID_LABEL];

	add(l, "caches", steady_id_label(id, name), true, value);
}

static void add_outside(struct list *l, int reg, uint64_t value)
{
	add(l, "registers", steady_registers[reg].name, true, value);
}

static void of_model(struct list *l, const struct steady_model *m)
{
	for (int i = 0; i < STEADY_OUTSIDES; i++) {
		int reg = steady_outside_register((enum steady_outside)i);

		if (m->has[reg])
			add_outside(l, reg, m->value[reg]);
	}
	for (size_t i = 0; i < m->firmware_count; i++)
		add_firmware(l, m->firmware[i].id,
			     &(struct steady_reading){.value = m->firmware[i].value,
						      .state = STEADY_VALUE});
	add_unvirtualised(l, m->unvirtualised);
	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		if (m->caches.has >> i & 1)
			add_cache(l, i, m->caches.value[i]);
	}
}

static void of_profile(struct list *l, const struct steady_profile *p)
{
	const struct steady_reading *all = p->configurations[0].reg;
	const struct steady_reading *clidr = &all[steady_outside_register(STEADY_OUTSIDE_CLIDR)];

	for (int i = 0; i < STEADY_OUTSIDES; i++) {
		int reg = steady_outside_register((enum steady_outside)i);

		if (all[reg].state == STEADY_VALUE)
			add_outside(l, reg, all[reg].value);
	}
	for (size_t i = 0; i < p->firmware_count; i++)
		add_firmware(l, p->firmware[i].id, &p->firmware[i].reading);
	add_unvirtualised(l, p->unvirtualised);
	for (size_t i = 0; i < p->cache_count; i++) {
		int number = steady_cache_number(p->caches[i].id);

		/* of caches that are not there nothing is to be said */
		if (number >= 0 && p->caches[i].reading.state == STEADY_VALUE &&
		    clidr->state == STEADY_VALUE &&
		    steady_clidr_has(clidr->value, (unsigned int)number))
			add_cache(l, p->caches[i].id, p->caches[i].reading.value);
	}
}

int cli_beside_of(const struct cli_subject *s, struct cli_beside **all, size_t *count)
{
	size_t room = STEADY_UNVIRTUALISED + STEADY_OUTSIDES + STEADY_CACHES;
	struct list l = {0};

	room += s->model ? s->model->firmware_count
			 : s->profile->firmware_count + s->profile->cache_count;
	l.all = calloc(room, sizeof(*l.all));
	if (!l.all)
		return -STEADY_ENOMEM;
	if (s->model)
		of_model(&l, s->model);
	else
		of_profile(&l, s->profile);
	*all = l.all;
	*count = l.count;
	return 0;
}

const struct cli_beside *cli_beside_find(const struct cli_beside *all, size_t count,
					 const struct cli_beside *like)
{
	for (size_t i = 0; i < count; i++) {
		if (strcmp(all[i].kind, like->kind) == 0 && strcmp(all[i].name, like->name) == 0)
			return &all[i];
	}
	return NULL;
}

void cli_beside_print(struct steady_text *out, const struct cli_beside *b)
{
	if (!b)
		steady_text_str(out, "none");
	else if (!b->known)
		steady_text_str(out, "unknown");
	else if (b->unvirtualised >= 0)
		steady_explain_unvirtualised(out, b->unvirtualised, b->value);
	else
		steady_text_printf(out, "0x%" PRIx64, b->value);
}

json_t *cli_beside_json(const struct cli_beside *b)
{
	return b && b->known ? json_sprintf("0x%" PRIx64, b->value) : json_null();
}
