/* SPDX-License-Identifier: MIT */
/* What the fuzz targets share. */
#ifndef STEADY_FUZZ_H
#define STEADY_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <steadyarm/steadyarm.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(truth)                                                                               \
	do {                                                                                       \
		if (!(truth)) {                                                                    \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #truth);        \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* A refusal says where and why, in characters that do no harm; success says nothing. */
static inline void check_report(int err, struct steady_report *report)
{
	const struct steady_finding *f = steady_report_get(report, 0);

	CHECK(err == 0 || err == -STEADY_EINPUT);
	CHECK(steady_report_count(report) == (err ? 1 : 0));
	if (err) {
		CHECK(f->line > 0 && f->column > 0 && f->reason);
		for (const char *c = f->reason; *c; c++)
			CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
	}
	steady_report_free(report);
}

#endif
