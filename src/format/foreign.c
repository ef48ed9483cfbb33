/* SPDX-License-Identifier: MIT */
#include "format/foreign.h"

#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "format/format.h"

static int print_text(const struct steady_export *e, struct steady_text *out,
		      struct steady_report *report)
{
	(void)report; /* it carries all but the offer, which is not what a guest sees */
	return steady_model_print(e->model, out);
}

static int read_text(const struct steady_import *i, struct steady_model **model,
		     struct steady_report *report)
{
	return steady_model_read_text(i->text, i->length, i->file, model, report);
}

const struct steady_foreign steady_foreign[] = {
	{"c", "tables in C for people who write VMMs", false, steady_c_print, NULL},
	{"firecracker", "a custom CPU template of Firecracker", false, steady_firecracker_print,
	 steady_firecracker_read},
	{"libvirt", "the parts of a domain's XML that pin it", false, steady_libvirt_print, NULL},
	{"qemu", "a command line for QEMU", true, steady_qemu_print, NULL},
	{"text", "a model's canonical text", false, print_text, read_text},
};
const size_t steady_foreign_count = sizeof(steady_foreign) / sizeof(steady_foreign[0]);

const struct steady_foreign *steady_foreign_by_name(const char *name)
{
	for (size_t i = 0; i < steady_foreign_count; i++) {
		if (strcmp(steady_foreign[i].name, name) == 0)
			return &steady_foreign[i];
	}
	return NULL;
}

void steady_foreign_lost(struct steady_report *report, const char *what, const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	steady_report_add(report, STEADY_WARNING, 0);
	steady_report_subject(report, what, NULL);
	steady_report_reason(report, "%s", text);
}

void steady_foreign_lost_options(const struct steady_model *m, struct steady_report *report)
{
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (m->options >> i & 1 && !steady_options[i].qemu)
			steady_foreign_lost(report, steady_options[i].name,
					    "no release of QEMU has a switch for it");
	}
}

void steady_foreign_lost_unvirtualised(const struct steady_model *m, struct steady_report *report)
{
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		if (m->unvirtualised[i].state != STEADY_VALUE)
			continue;
		steady_foreign_lost(report, "unvirtualised", "that a host passes through another %s or "
							     "the like is not noticed",
				    steady_unvirtualised_names[i]);
		return;
	}
}
