/* SPDX-License-Identifier: MIT */
/*
 * A command line for QEMU. What has been released has properties for vCPU options only
 * (docs/system/arm/cpu-features.rst), so the registers are left to `steadyarm run`; the properties
 * have to agree with them. A property for each field is in review (SYSREG_...).
 */
#include <inttypes.h>
#include <stdio.h>

#include "format/foreign.h"

static const char *on_off(const struct steady_model *m, enum steady_option option)
{
	return m->options >> option & 1 ? "on" : "off";
}

static void put_machine(struct steady_text *out, const struct steady_model *m)
{
	uint32_t irqchip = steady_model_irqchip(m);

	steady_text_str(out, "-machine virt");
	if (irqchip == STEADY_GICV2 || irqchip == STEADY_GICV3)
		steady_text_printf(out, ",gic-version=%d", irqchip == STEADY_GICV2 ? 2 : 3);
	if (m->options >> STEADY_OPTION_MTE & 1)
		steady_text_str(out, ",mte=on");
	if (m->options >> STEADY_OPTION_EL2 & 1)
		steady_text_str(out, ",virtualization=on");
}

static void put_cpu(struct steady_text *out, const struct steady_model *m)
{
	steady_text_printf(out, "-cpu host,pmu=%s,sve=%s,pauth=%s", on_off(m, STEADY_OPTION_PMU),
			   on_off(m, STEADY_OPTION_SVE), on_off(m, STEADY_OPTION_PTRAUTH));
	if (m->options >> STEADY_OPTION_EL1_32BIT & 1)
		steady_text_str(out, ",aarch64=off");
}

static void put_fields(struct steady_text *out, const struct steady_model *m)
{
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		const struct steady_register *row = &steady_registers[reg];

		for (unsigned int i = row->first; m->has[reg] && i < row->first + row->fields; i++) {
			const struct steady_field *f = &steady_fields[i];

			if (f->flags & STEADY_FIELD_RESERVED || steady_model_tolerates_field(m, i) ||
			    steady_model_tolerates_more(m, i))
				continue;
			steady_text_printf(out, ",SYSREG_%s_%s=0x%" PRIx64, row->name, f->name,
					   steady_field_get(f, m->value[reg]));
		}
	}
}

static void tell_lost(const struct steady_model *m, struct steady_report *report)
{
	steady_foreign_lost(report, "SYSREG", "no release of QEMU has these properties: they are as the "
					      "series in review spells them, and untested");
	if (m->firmware_count)
		steady_foreign_lost(report, "firmware", "of the firmware registers QEMU sets PSCI_VERSION "
							"alone");
	if (m->register_list)
		steady_foreign_lost(report, "register_list", "a stream has what the host's kernel lists");
	if (m->implementation_count)
		steady_foreign_lost(report, "implementations", "QEMU does not look which CPU it is on");
}

int steady_qemu_print(const struct steady_export *e, struct steady_text *out,
		      struct steady_report *report)
{
	if (!e->unreleased)
		steady_text_printf(out, "steadyarm run --model %s -- \\\n  ", e->name);
	steady_text_str(out, "qemu-system-aarch64 -accel kvm ");
	put_machine(out, e->model);
	steady_text_str(out, " \\\n  ");
	put_cpu(out, e->model);
	steady_foreign_lost_options(e->model, report);
	if (e->unreleased) {
		put_fields(out, e->model);
		tell_lost(e->model, report);
	}
	steady_text_char(out, '\n');
	return out->failed ? -STEADY_ENOMEM : 0;
}
