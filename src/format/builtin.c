/* SPDX-License-Identifier: MIT */
#include "format/builtin.h"

#include <stdlib.h>
#include <string.h>

#include <steadyarm/steadyarm.h>

#define VERSION_DIGITS 9 /* a longer number is part of the name */

size_t steady_builtin_stem(const char *name, unsigned long *version)
{
	size_t length = strlen(name), digits = 0;
	size_t stem;

	*version = 0;
	while (digits < length && name[length - 1 - digits] >= '0' &&
	       name[length - 1 - digits] <= '9')
		digits++;
	if (!digits || digits > VERSION_DIGITS || length < digits + 3)
		return length;
	stem = length - digits - 2;
	if (name[stem] != '-' || name[stem + 1] != 'v' || name[stem + 2] == '0')
		return length;
	*version = strtoul(name + stem + 2, NULL, 10);
	return stem;
}

const struct steady_builtin *steady_builtin_find(const char *name)
{
	const struct steady_builtin *newest = NULL;
	unsigned long version, most = 0;
	size_t length = strlen(name);

	for (size_t i = 0; i < steady_builtin_count; i++) {
		const struct steady_builtin *b = &steady_builtins[i];

		if (strcmp(b->name, name) == 0)
			return b;
		if (steady_builtin_stem(b->name, &version) == length && version > most &&
		    memcmp(b->name, name, length) == 0) {
			newest = b;
			most = version;
		}
	}
	return newest;
}

size_t steady_models(void)
{
	return steady_builtin_count;
}

const char *steady_models_name(size_t index)
{
	return index < steady_builtin_count ? steady_builtins[index].name : NULL;
}

const char *steady_models_title(size_t index)
{
	return index < steady_builtin_count ? steady_builtins[index].title : NULL;
}

int steady_model_builtin(const char *name, struct steady_model **model)
{
	const struct steady_builtin *b = steady_builtin_find(name);

	if (!b)
		return -STEADY_EINPUT;
	return steady_model_parse(b->text, strlen(b->text), model, NULL);
}
