/* SPDX-License-Identifier: MIT */
/*
 * The parts of a libvirt domain that pin it (libvirt's formatdomain.html, drvqemu.html). libvirt
 * itself knows no CPU models for arm64 that KVM would keep to, so its `host-passthrough` is what
 * QEMU is started with, and the emulator is a wrapper that pins it.
 */
#include "format/foreign.h"
#include "version.h"

static const char *gic(const struct steady_model *m)
{
	switch (steady_model_irqchip(m)) {
	case STEADY_GICV2:
		return "    <gic version='2'/>\n";
	case STEADY_GICV3:
		return "    <gic version='3'/>\n";
	default:
		return "";
	}
}

static void tell_lost(const struct steady_model *m, struct steady_report *report)
{
	if (m->options >> STEADY_OPTION_EL2 & 1)
		steady_foreign_lost(report, "el2", "libvirt has no element for it: add <qemu:arg "
						   "value='-machine'/> <qemu:arg value='virtualization=on'/>");
	steady_foreign_lost_options(m, report);
	if (m->options >> STEADY_OPTION_EL1_32BIT & 1)
		steady_foreign_lost(report, "el1_32bit", "libvirt has no element for it");
}

/* A name is made of letters, digits and . _ + -, nothing that XML would escape. */
int steady_libvirt_print(const struct steady_export *e, struct steady_text *out,
			 struct steady_report *report)
{
	const struct steady_model *m = e->model;

	steady_text_printf(out, "<!-- model id %s\n"
				"     Put these elements into the domain. Its model is found by name in\n"
				"     /etc/steadyarm/models and /usr/share/steadyarm/models, or is built in.\n"
				"     Without the wrapper: leave <emulator> as it is, and have in its stead\n"
				"     <qemu:env name='LD_PRELOAD' "
				"value='" STEADY_LIBDIR "/steadyarm/steadyarm-preload.so'/> and\n"
				"     <qemu:env name='STEADYARM_MODEL' "
				"value='/etc/steadyarm/models/NAME.model'/>;\n"
				"     a security module may drop LD_PRELOAD, and QEMU then runs unpinned:\n"
				"     `steadyarm ps` tells. -->\n",
			   e->id); /* no name: two dashes in it would end a comment */
	steady_text_str(out, "<domain type='kvm' "
			     "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>\n"
			     "  <features>\n");
	steady_text_str(out, gic(m));
	steady_text_printf(out, "    <pmu state='%s'/>\n",
			   m->options >> STEADY_OPTION_PMU & 1 ? "on" : "off");
	if (m->options >> STEADY_OPTION_MTE & 1)
		steady_text_str(out, "    <mte state='on'/>\n");
	steady_text_printf(out, "  </features>\n"
				"  <cpu mode='host-passthrough' check='none'/>\n"
				"  <devices>\n"
				"    <emulator>" STEADY_BINDIR "/steadyarm-qemu</emulator>\n"
				"  </devices>\n"
				"  <qemu:commandline>\n"
				"    <qemu:env name='STEADYARM_MODEL' value='%s'/>\n"
				"  </qemu:commandline>\n"
				"</domain>\n", e->name);
	tell_lost(m, report);
	return out->failed ? -STEADY_ENOMEM : 0;
}
