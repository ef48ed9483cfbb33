/* SPDX-License-Identifier: MIT */
/*
 * Host profiles made in memory, for tests. The limits are what guests on these CPUs were seen to
 * show, the masks are those of the kernels named; sources stand beside the tables.
 */
#ifndef BUILD_PROFILE_H
#define BUILD_PROFILE_H

#include "policy/policy.h"

enum build_cpu { BUILD_N1, BUILD_V1, BUILD_MAX };
enum build_kernel { BUILD_6_1, BUILD_6_12, BUILD_7_3 };

/* With a configuration for every choice of the CPU's options, the fullest first, all GICv3. */
struct steady_profile *build_host(enum build_cpu cpu, enum build_kernel kernel, const char *name);

/* Sets a field of the limit, or a register, in every configuration. */
void build_put(struct steady_profile *p, const char *field, uint64_t value);
void build_register(struct steady_profile *p, const char *reg, uint64_t value);
void build_mask(struct steady_profile *p, const char *reg, uint64_t mask);
/* Keeps only configuration i. */
void build_only(struct steady_profile *p, size_t i);
/* Records what was accepted of a field, as by a deep probe, in every configuration. */
void build_accepted(struct steady_profile *p, const char *field, uint16_t values);
void build_capability(struct steady_profile *p, const char *name, uint64_t value);
void build_firmware(struct steady_profile *p, const char *name, uint64_t value);

/* Rows and values by name; a wrong name ends the test program. */
unsigned int build_field(const char *name);
int build_reg(const char *name);
uint64_t build_get(const struct steady_configuration *c, const char *field);
uint64_t build_model_get(const struct steady_model *m, const char *field);
steady_set build_set(const struct steady_offer *o, size_t cell, const char *field);

/* The first finding of a report that is about this (field may be NULL), or NULL. */
const struct steady_finding *build_finding(const struct steady_report *r, const char *reg,
					   const char *field);

/* The baseline of hosts with an otherwise empty request. */
int build_baseline(struct steady_profile *const *hosts, size_t count, struct steady_model **model,
		   struct steady_report *report);

#endif
