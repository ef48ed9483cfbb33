/* SPDX-License-Identifier: MIT */
/*
 * What the registers of a fresh vCPU hold that are not about the CPU: so that a simulated host gives
 * what the real one does. Those that count, and wide ones, are left out: KVM starts the latter at 0.
 * And what a run leaves of those that it loads into the CPU.
 */
#include <errno.h>
#include <stdlib.h>

#include "base/report.h"
#include "pin/probe.h"

/* What the profile would say of it without this configuration. */
static uint64_t as_first(const struct steady_probe *b, const struct steady_configuration *c,
			 uint64_t id)
{
	const struct steady_configuration *first = &b->p->configurations[0];
	const struct steady_reading *r = c == first ? NULL : steady_profile_reset(b->p, first, id);

	return r ? r->value : 0;
}

int steady_probe_reset(struct steady_probe *b, struct steady_configuration *c)
{
	if (!c->register_list ||
	    (c != &b->p->configurations[0] &&
	     (!(c->options & b->on_request) || !b->p->configurations[0].reset)))
		return 0;
	c->reset = calloc(c->register_count + 1, sizeof(*c->reset));
	if (!c->reset)
		return -STEADY_ENOMEM;
	for (size_t i = 0; i < c->register_count; i++) {
		uint64_t id = c->register_list[i], value[8] = {0};
		int r;

		if (!steady_profile_resets(b->p, id))
			continue;
		r = steady_ask_get(&b->host, 0, id, value);
		if (r)
			steady_probe_note(b, id, r);
		if (r || value[0] != as_first(b, c, id))
			c->reset[c->reset_count++] = (struct steady_firmware_reading){
				id, steady_probe_reading(r, value[0])};
	}
	return 0;
}

/* ---- what a run makes of it ---- */

struct passage { /* of one register, for one pattern */
	uint64_t before, after;
	bool there;
};

/* The rows of one option hold a pattern, a run goes over it, and they are read again. 0 or -errno. */
static int load(struct steady_probe *b, int option, uint64_t pattern, struct passage *all)
{
	uint64_t now[8] = {0};
	int r;

	for (unsigned int i = 0; i < steady_loaded_count; i++) {
		if (steady_loaded[i].option != option)
			continue;
		r = steady_ask_set64(&b->host, 0, steady_loaded[i].id, pattern);
		if (steady_answer_of(STEADY_OP_SET, r) == STEADY_ANSWER_ABSENT)
			continue;
		r = r ? r : steady_ask_get(&b->host, 0, steady_loaded[i].id, now);
		if (r)
			return r;
		all[i].there = true;
		all[i].before = now[0];
	}
	r = steady_ask(&b->host, STEADY_OP_RUN, 0, 0);
	if (r != -EINTR)
		return r ? r : -EPROTO;
	for (unsigned int i = 0; i < steady_loaded_count; i++) {
		if (steady_loaded[i].option != option || !all[i].there)
			continue;
		r = steady_ask_get(&b->host, 0, steady_loaded[i].id, now);
		if (r)
			return r;
		all[i].after = now[0];
	}
	return 0;
}

/* On a VM of its own: the vCPU that has the rows of an option; -1: those of all. */
static int try_option(struct steady_probe *b, int option, uint32_t options, struct passage *ones,
		      struct passage *zeros)
{
	int r = steady_probe_make_vm(b, options);

	r = r ? r : load(b, option, ~UINT64_C(0), ones);
	return r ? r : load(b, option, 0, zeros);
}

static void keep_changed(struct steady_profile *p, const struct passage *ones,
			 const struct passage *zeros)
{
	for (unsigned int i = 0; i < steady_loaded_count; i++) {
		if (ones[i].there && zeros[i].there &&
		    (ones[i].after != ones[i].before || zeros[i].after != zeros[i].before))
			p->loads[p->load_count++] = (struct steady_load){
				steady_loaded[i].id, ones[i].after, zeros[i].after};
	}
}

/* Without an irqchip and a PMU, which no such register hangs on. Memory tags have some, and 32-bit EL1. */
int steady_probe_loaded(struct steady_probe *b)
{
	const uint32_t narrow = UINT32_C(1) << STEADY_OPTION_EL1_32BIT;
	struct passage *ones = calloc(steady_loaded_count, 2 * sizeof(*ones));
	struct passage *zeros = ones ? ones + steady_loaded_count : NULL;
	int r;

	b->p->loads = calloc(steady_loaded_count, sizeof(*b->p->loads));
	if (!ones || !b->p->loads) {
		free(ones);
		return -STEADY_ENOMEM;
	}
	r = try_option(b, -1, b->available & UINT32_C(1) << STEADY_OPTION_MTE, ones, zeros);
	if (!r && b->on_request & narrow)
		r = try_option(b, STEADY_OPTION_EL1_32BIT, narrow, ones, zeros);
	if (!r) {
		keep_changed(b->p, ones, zeros);
	} else {
		steady_report_add(b->report, STEADY_WARNING, 0);
		steady_report_reason(b->report, "what a run makes of a guest's registers could not be "
						"tried: a call failed");
	}
	free(ones);
	return 0;
}
