/* SPDX-License-Identifier: MIT */
/*
 * Advice from the recorded kernels: which of them show what a host does not. Kernels' versions are
 * labels here; whether a field can be written on a host is always what its probe found.
 */
#include "policy/explain.h"

#include <string.h>

/* Runs go on over kernels that were not recorded with such a host. */
void steady_kernels_print(struct steady_text *out, uint32_t set, uint32_t known)
{
	unsigned int count = steady_kernel_count, first, last;
	const char *comma = "";

	for (unsigned int i = 0; i < count; i++) {
		if (!(set >> i & 1))
			continue;
		for (first = last = i; i < count && (set >> i & 1 || !(known >> i & 1)); i++)
			last = set >> i & 1 ? i : last;
		steady_text_printf(out, "%s%s", comma, steady_kernels[first]);
		if (!(known >> last >> 1)) /* nothing is known of any later one */
			steady_text_str(out, " and newer");
		else if (last > first)
			steady_text_printf(out, " to %s", steady_kernels[last]);
		comma = ", ";
	}
}

uint32_t steady_kernels_unrecorded(const struct steady_kernel_row *row)
{
	uint32_t all = (uint32_t)((UINT64_C(1) << steady_kernel_count) - 1);

	return all & ~(row->writable | row->hidden | row->fixed);
}

static bool has_aarch32(const struct steady_configuration *c)
{
	static const char el0[] = "ID_AA64PFR0_EL1.EL0";
	const struct steady_field *f = &steady_fields[steady_field_by_name(el0, sizeof(el0) - 1)];

	return !c || c->reg[f->reg].state != STEADY_VALUE ||
	       steady_field_get(f, c->reg[f->reg].value) != 1;
}

/* What a kernel does with a field, and with several. */
static const char *const hides[] = {"hides it", "hides them"};
static const char *const lets[] = {"lets it be written", "lets them be written"};

void steady_kernels_advice(struct steady_text *out, const struct steady_configuration *c,
			   unsigned int field, uint64_t wanted)
{
	const struct steady_kernel_row *row = steady_kernel_row_of(field, has_aarch32(c));
	uint32_t known, helps;

	if (!row)
		return;
	known = row->writable | row->hidden | row->fixed;
	helps = wanted ? 0 : row->hidden;
	if (helps) {
		steady_text_printf(out, "boot a kernel that %s: ", hides[0]);
		steady_kernels_print(out, helps, known);
	}
	if (row->writable) {
		steady_text_printf(out, "%s%s: ", helps ? ", or " : "boot a kernel that ", lets[0]);
		steady_kernels_print(out, row->writable, known);
	}
}

void steady_kernels_retell(struct steady_text *out, const char *advice, bool several)
{
	while (*advice) {
		const char *const *verb = strncmp(advice, hides[0], strlen(hides[0])) == 0  ? hides
					  : strncmp(advice, lets[0], strlen(lets[0])) == 0 ? lets
											   : NULL;

		if (verb)
			steady_text_str(out, verb[several]);
		else
			steady_text_char(out, *advice);
		advice += verb ? strlen(verb[0]) : 1;
	}
}
