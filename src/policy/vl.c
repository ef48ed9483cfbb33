/* SPDX-License-Identifier: MIT */
#include "policy/vl.h"

#include <string.h>

#define WORDS (STEADY_VL_MAX / 64)

unsigned int steady_vl_max(const struct steady_vl *s)
{
	for (unsigned int w = WORDS; w-- > 0;) {
		if (s->word[w])
			return (w * 64 + 64 - (unsigned int)__builtin_clzll(s->word[w])) * 16;
	}
	return 0;
}

struct steady_vl steady_vl_common(const struct steady_vl *a, const struct steady_vl *b)
{
	struct steady_vl out = {0};

	for (unsigned int w = 0; w < WORDS; w++) {
		uint64_t differ = a->word[w] ^ b->word[w];

		if (!differ) {
			out.word[w] = a->word[w];
			continue;
		}
		/* the first length that only one of them has ends the prefix */
		out.word[w] = a->word[w] & ((differ & -differ) - 1);
		break;
	}
	return out;
}

bool steady_vl_is_prefix(const struct steady_vl *want, const struct steady_vl *have)
{
	struct steady_vl common = steady_vl_common(want, have);

	return steady_vl_equal(&common, want);
}

unsigned int steady_vl_differ(const struct steady_vl *a, const struct steady_vl *b)
{
	for (unsigned int w = 0; w < WORDS; w++) {
		uint64_t differ = a->word[w] ^ b->word[w];

		if (differ)
			return (w * 64 + (unsigned int)__builtin_ctzll(differ) + 1) * 16;
	}
	return 0;
}

bool steady_vl_equal(const struct steady_vl *a, const struct steady_vl *b)
{
	return memcmp(a, b, sizeof(*a)) == 0;
}

bool steady_vl_empty(const struct steady_vl *s)
{
	return steady_vl_max(s) == 0;
}
