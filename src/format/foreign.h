/* SPDX-License-Identifier: MIT */
/*
 * Models in the words of other VMMs: a table with a row for each format, a file for each row. What
 * a format cannot carry is a warning in the report, never silence.
 */
#ifndef STEADY_FOREIGN_H
#define STEADY_FOREIGN_H

#include <steadyarm/steadyarm.h>

#include "base/text.h"
#include "policy/model.h"
#include "policy/profile.h"

struct steady_export {
	const struct steady_model *model;
	const char *name;  /* for people and identifiers; never NULL */
	const char *id;    /* 64 hex digits */
	bool unreleased;   /* a form that no release understands yet, where there is one */
};

struct steady_import {
	const char *text;
	size_t length;
	const char *file;                  /* for messages */
	const struct steady_profile *host; /* what the file leaves to a host; NULL: none is given */
};

struct steady_foreign {
	const char *name;
	const char *title;   /* one line for people */
	bool has_unreleased;
	/* ENOMEM; EINPUT: the model cannot be said in this format at all */
	int (*print)(const struct steady_export *export, struct steady_text *out,
		     struct steady_report *report);
	/* NULL: nothing to be read. EINPUT: the report says where */
	int (*read)(const struct steady_import *import, struct steady_model **model,
		    struct steady_report *report);
};
extern const struct steady_foreign steady_foreign[];
extern const size_t steady_foreign_count;
const struct steady_foreign *steady_foreign_by_name(const char *name); /* NULL: none */

/* A warning that this is not carried. */
__attribute__((format(printf, 3, 4))) void steady_foreign_lost(struct steady_report *report,
							       const char *what,
							       const char *format, ...);

/* vCPU options that QEMU cannot be asked for. */
void steady_foreign_lost_options(const struct steady_model *m, struct steady_report *report);
/* The same of what KVM does not virtualise, if the model has any of it. */
void steady_foreign_lost_unvirtualised(const struct steady_model *model,
				       struct steady_report *report);

/* firecracker.c, firecracker_in.c, qemu.c, libvirt.c, c_table.c */
int steady_firecracker_print(const struct steady_export *export, struct steady_text *out,
			     struct steady_report *report);
int steady_firecracker_read(const struct steady_import *import, struct steady_model **model,
			    struct steady_report *report);
int steady_qemu_print(const struct steady_export *export, struct steady_text *out,
		      struct steady_report *report);
int steady_libvirt_print(const struct steady_export *export, struct steady_text *out,
			 struct steady_report *report);
int steady_c_print(const struct steady_export *export, struct steady_text *out,
		   struct steady_report *report);

#endif
