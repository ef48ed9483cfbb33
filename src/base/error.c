/* SPDX-License-Identifier: MIT */
#include <steadyarm/steadyarm.h>

static const struct {
	int number;
	const char *text;
	int status;
} errors[] = {
#define X(name, number, text, status) {number, text, status},
	STEADY_ERRORS(X)
#undef X
};

#define COUNT (sizeof(errors) / sizeof(errors[0]))

const char *steady_strerror(int result)
{
	if (result >= 0)
		return "done";
	for (size_t i = 0; i < COUNT; i++) {
		if (errors[i].number == -result)
			return errors[i].text;
	}
	return "an error that this version has no name for";
}

int steady_exit_status(int result)
{
	if (result >= 0)
		return 0;
	for (size_t i = 0; i < COUNT; i++) {
		if (errors[i].number == -result)
			return errors[i].status;
	}
	return 3;
}
