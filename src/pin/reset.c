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

/* All of them hold a pattern, a run goes over it, and they are read again. 0 or -errno. */
static int load(struct steady_probe *b, uint64_t pattern, struct passage *all)
{
	uint64_t now[8] = {0};
	int r;

	for (unsigned int i = 0; i < steady_loaded_count; i++) {
		r = steady_ask_set64(&b->host, 0, steady_loaded[i], pattern);
		if (steady_answer_of(STEADY_OP_SET, r) == STEADY_ANSWER_ABSENT)
			continue;
		r = r ? r : steady_ask_get(&b->host, 0, steady_loaded[i], now);
		if (r)
			return r;
		all[i].there = true;
		all[i].before = now[0];
	}
	r = steady_ask(&b->host, STEADY_OP_RUN, 0, 0);
	if (r != -EINTR)
		return r ? r : -EPROTO;
	for (unsigned int i = 0; i < steady_loaded_count; i++) {
		r = all[i].there ? steady_ask_get(&b->host, 0, steady_loaded[i], now) : 0;
		if (r)
			return r;
		all[i].after = now[0];
	}
	return 0;
}

/* Without an irqchip and a PMU, which no such register hangs on. Memory tags have some. */
int steady_probe_loaded(struct steady_probe *b)
{
	struct passage *ones = calloc(steady_loaded_count, 2 * sizeof(*ones));
	struct passage *zeros = ones ? ones + steady_loaded_count : NULL;
	int r;

	b->p->loads = calloc(steady_loaded_count, sizeof(*b->p->loads));
	if (!ones || !b->p->loads) {
		free(ones);
		return -STEADY_ENOMEM;
	}
	r = steady_probe_make_vm(b, b->available & UINT32_C(1) << STEADY_OPTION_MTE);
	r = r ? r : load(b, ~UINT64_C(0), ones);
	r = r ? r : load(b, 0, zeros);
	for (unsigned int i = 0; !r && i < steady_loaded_count; i++) {
		if (ones[i].there && zeros[i].there &&
		    (ones[i].after != ones[i].before || zeros[i].after != zeros[i].before))
			b->p->loads[b->p->load_count++] = (struct steady_load){
				steady_loaded[i], ones[i].after, zeros[i].after};
	}
	if (r) {
		steady_report_add(b->report, STEADY_WARNING, 0);
		steady_report_reason(b->report, "what a run makes of a guest's registers could not be "
						"tried: a call failed");
	}
	free(ones);
	return 0;
}
