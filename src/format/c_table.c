/* SPDX-License-Identifier: MIT */
/* Tables in C, for VMMs that write the registers by themselves. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>

#include "format/foreign.h"
#include "policy/outside.h"
#include "policy/policy.h"

#define NAME_ROOM 80

/* "web-v1" to "web_v1"; an identifier begins with a letter. */
static void identifier(const char *name, char out[NAME_ROOM])
{
	size_t n = 0;

	if (!isalpha((unsigned char)*name))
		out[n++] = 'm';
	for (; *name && n < NAME_ROOM - 1; name++)
		out[n++] = isalnum((unsigned char)*name) ? *name : '_';
	out[n] = '\0';
}

static void put_registers(struct steady_text *out, const struct steady_model *m, const char *name)
{
	steady_text_printf(out, "static const struct {\n"
				"\tuint64_t id, value;\n"
				"} %s_registers[] = {\n", name);
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		if (m->has[reg])
			steady_text_printf(out, "\t{0x%016" PRIx64 ", 0x%016" PRIx64 "}, /* %s */\n",
					   steady_register_id(reg), m->value[reg],
					   steady_registers[reg].name);
	}
	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		if (m->caches.has >> i & 1)
			steady_text_printf(out, "\t{0x%016" PRIx64 ", 0x%016" PRIx64
						"}, /* CCSIDR_EL1 of cache %u: 32 bits */\n",
					   steady_cache_id(i), (uint64_t)m->caches.value[i], i);
	}
	/* after the registers: WORKAROUND_2's depends on ID_AA64PFR1_EL1.SSBS */
	for (size_t i = 0; i < m->firmware_count; i++) {
		char label[STEADY_FIRMWARE_LABEL];

		steady_text_printf(out, "\t{0x%016" PRIx64 ", 0x%016" PRIx64 "}, /* %s */\n",
				   m->firmware[i].id, m->firmware[i].value,
				   steady_firmware_label(m->firmware[i].id, label));
	}
	steady_text_str(out, "};\n");
}

static void put_lengths(struct steady_text *out, const struct steady_model *m, const char *name)
{
	if (steady_vl_empty(&m->sve))
		return;
	steady_text_printf(out, "\n/* KVM_REG_ARM64_SVE_VLS, before KVM_ARM_VCPU_FINALIZE */\n"
				"static const uint64_t %s_sve_vls[8] = {\n", name);
	for (int i = 0; i < 8; i++)
		steady_text_printf(out, "\t0x%016" PRIx64 ",\n", m->sve.word[i]);
	steady_text_str(out, "};\n");
}

static void put_list(struct steady_text *out, const struct steady_model *m, const char *name)
{
	if (!m->register_count)
		return;
	steady_text_printf(out, "\n/* what a guest's saved state consists of: no other register of "
				"KVM_GET_REG_LIST */\n"
				"static const uint64_t %s_register_list[] = {\n", name);
	for (size_t i = 0; i < m->register_count; i++)
		steady_text_printf(out, "\t0x%016" PRIx64 ",\n", m->register_list[i]);
	steady_text_str(out, "};\n");
}

static void tell_lost(const struct steady_model *m, struct steady_report *report)
{
	const char *name;
	bool more;

	for (size_t i = 0; (name = steady_model_tolerated_at(m, i, &more)); i++)
		steady_foreign_lost(report, name,
				    more ? "a host may have more: where it refuses the value, keep "
					   "the host's"
					 : "tolerated: where the host refuses its value, keep the host's");
	steady_foreign_lost_unvirtualised(m, report);
	if (m->implementation_count)
		steady_foreign_lost(report, "implementations", "the tables do not say which CPUs it may "
							       "run on");
}

int steady_c_print(const struct steady_export *e, struct steady_text *out,
		   struct steady_report *report)
{
	const struct steady_model *m = e->model;
	char name[NAME_ROOM];

	identifier(e->name, name);
	steady_text_printf(out, "/* %s, id %s, by `steadyarm export --to c` */\n"
				"#include <stdint.h>\n\n"
				"/* word 0 of KVM_ARM_VCPU_INIT's features */\n"
				"static const uint32_t %s_features = 0x%" PRIx32 ";\n\n"
				"/* for KVM_SET_ONE_REG, in this order, once the interrupt controller is\n"
				" * there and before the first KVM_RUN; read all of them back after it */\n",
			   e->name, e->id, name, steady_options_features(m->options));
	put_registers(out, m, name);
	put_lengths(out, m, name);
	put_list(out, m, name);
	tell_lost(m, report);
	return out->failed ? -STEADY_ENOMEM : 0;
}
