/* SPDX-License-Identifier: MIT */
/*
 * Sets of SVE vector lengths: bit N stands for (N + 1) * 16 bytes, as in KVM_REG_ARM64_SVE_VLS
 * (Documentation/virt/kvm/api.rst), which is also this memory's layout.
 */
#ifndef STEADY_VL_H
#define STEADY_VL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STEADY_VL_MAX 512 /* lengths of 16 to 8192 bytes */

struct steady_vl {
	uint64_t word[STEADY_VL_MAX / 64];
};

static inline bool steady_vl_has(const struct steady_vl *s, unsigned int bytes)
{
	unsigned int n = bytes / 16;

	return bytes % 16 == 0 && n >= 1 && n <= STEADY_VL_MAX &&
	       (s->word[(n - 1) / 64] >> ((n - 1) % 64) & 1);
}

static inline void steady_vl_add(struct steady_vl *s, unsigned int bytes)
{
	unsigned int n = bytes / 16 - 1;

	s->word[n / 64] |= UINT64_C(1) << (n % 64);
}

/* The greatest length in bytes, 0 for the empty set. */
unsigned int steady_vl_max(const struct steady_vl *s);
/*
 * The lengths that both can show. KVM wants a host's own lengths, all of them, up to the maximum
 * that the guest has, so this is the longest common prefix and not the intersection.
 */
struct steady_vl steady_vl_common(const struct steady_vl *a, const struct steady_vl *b);
/* Whether a host with `have` can show a guest exactly `want`: want is a prefix of have. */
bool steady_vl_is_prefix(const struct steady_vl *want, const struct steady_vl *have);
/* The least length that only one of them has, in bytes; 0 if they are equal. */
unsigned int steady_vl_differ(const struct steady_vl *a, const struct steady_vl *b);
bool steady_vl_equal(const struct steady_vl *a, const struct steady_vl *b);
bool steady_vl_empty(const struct steady_vl *s);

#endif
