/* SPDX-License-Identifier: MIT */
/*
 * What the registers of a fresh vCPU hold that are not about the CPU: so that a simulated host gives
 * what the real one does. Those that count, and wide ones, are left out: KVM starts the latter at 0.
 */
#include <stdlib.h>

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
