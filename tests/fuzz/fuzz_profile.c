/* SPDX-License-Identifier: MIT */
/* A profile that is read at all is printed, read again and printed to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "format/format.h"
#include "fuzz.h"

static void print(const char *text, size_t length, struct steady_text *out)
{
	struct steady_profile *profile;

	CHECK(steady_profile_read_json(text, length, "f", &profile, NULL) == 0);
	CHECK(steady_profile_print_json(profile, out) == 0);
	steady_profile_free(profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct steady_text once = STEADY_TEXT_INIT, again = STEADY_TEXT_INIT;
	struct steady_profile *profile;
	struct steady_report *report = NULL;
	int err;

	(void)steady_sniff((const char *)data, size);
	CHECK(steady_report_new(&report) == 0);
	err = steady_profile_read_json((const char *)data, size, "f", &profile, report);
	check_report(err, report);
	if (err)
		return 0;
	CHECK(steady_profile_print_json(profile, &once) == 0);
	steady_profile_free(profile);
	CHECK(steady_sniff(once.data, once.length) == STEADY_KIND_PROFILE);
	print(once.data, once.length, &again);
	CHECK(strcmp(once.data, again.data) == 0);
	steady_text_free(&once);
	steady_text_free(&again);
	return 0;
}
