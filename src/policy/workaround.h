/* SPDX-License-Identifier: MIT */
/*
 * Workarounds' states: a guest asks for them (SMCCC_ARCH_FEATURES) and sees the host's. KVM compares
 * what is written with its own, refuses what is more, and keeps nothing of the rest. So a guest that
 * was told of more than another host has cannot go there, and no write changes what it is told.
 */
#ifndef STEADY_WORKAROUND_H
#define STEADY_WORKAROUND_H

#include "policy/model.h"

bool steady_is_workaround(uint64_t id);
/* The state that a host shows a guest without FEAT_SSBS, where it shows `recorded` otherwise. */
uint64_t steady_workaround_without_ssbs(const struct steady_profile *profile, uint64_t id,
					uint64_t recorded);
/* Whether a guest with this ID_AA64PFR1_EL1 has FEAT_SSBS; the register, a row of steady_registers. */
bool steady_workaround_ssbs(uint64_t pfr1);
int steady_workaround_register(void);

/* Whether the model lets a guest be told of `has` where it has `wanted`. */
bool steady_workaround_lets(const struct steady_model *model, const char *name, uint64_t wanted,
			    uint64_t has);
/*
 * What a guest sees of a host, held against the model: 0, with a note and a warning where it is
 * tolerated, or EBLOCKED.
 */
int steady_workaround_check(const struct steady_model *model, uint64_t id, uint64_t wanted,
			    uint64_t has, struct steady_report *report);

#endif
