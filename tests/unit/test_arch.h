/* SPDX-License-Identifier: MIT */
/* What the tests of src/arch have in common: look a name up, or fail the test. */
#ifndef STEADY_TEST_ARCH_H
#define STEADY_TEST_ARCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/arch.h"

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static inline int field_of(const char *name)
{
	int field = steady_field_by_name(name, strlen(name));

	if (field < 0)
		fail_msg("no field %s", name);
	return field;
}

static inline int feature_of(const char *name)
{
	int feature = steady_feature_by_name(name, strlen(name));

	if (feature < 0)
		fail_msg("no feature %s", name);
	return feature;
}

#endif
