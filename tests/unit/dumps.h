/* SPDX-License-Identifier: MIT */
/* The register dumps of tests/data/cpus. */
#ifndef DUMPS_H
#define DUMPS_H

#include "arch/arch.h"

#define DUMPS_MOST 128

struct dumps {
	char *name[DUMPS_MOST]; /* sorted */
	struct steady_view *view[DUMPS_MOST];
	size_t count;
};
/* All of $STEADY_TEST_DATA/cpus; ends the program if there are none. */
void dumps_load(struct dumps *dumps);
void dumps_free(struct dumps *dumps);

#endif
