/* SPDX-License-Identifier: MIT */
/* Names are compared in ASCII: tolower() would follow the locale of the program that links us. */
#include "arch/tables.h"

static int lower(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : (unsigned char)c;
}

static int compare(const char *name, size_t length, const char *string)
{
	for (size_t i = 0; i < length; i++) {
		int difference = lower(name[i]) - lower(string[i]);

		if (difference != 0 || string[i] == '\0')
			return difference;
	}
	return string[length] == '\0' ? 0 : -1;
}

bool steady_name_is(const char *name, size_t length, const char *string)
{
	for (size_t i = 0; i < length; i++)
		if (string[i] == '\0' || lower(name[i]) != lower(string[i]))
			return false;
	return string[length] == '\0';
}

int steady_name_find(const struct steady_name *table, size_t count, const char *name, size_t length)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(name, length, table[middle].name);

		if (order == 0)
			return table[middle].index;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return -1;
}
