/* SPDX-License-Identifier: MIT */
/*
 * All dumps of real and emulated CPUs decode: over every register that was captured, a bit that is
 * not 0 belongs to a field with a name, or stands in nameless_bits.tsv with the reason.
 */
#include "test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "dumps.h"

#define DUMPS    80   /* tests/data/cpus, but for the two tables there */
#define CAPTURED 1933 /* lines with a register in them */
#define MOST     1024

/* The bits of a register that a field with a name has. */
static uint64_t named_bits(int reg)
{
	uint64_t bits = 0;

	for (unsigned int i = 0; i < steady_field_count; i++) {
		if (steady_fields[i].reg == reg &&
		    !(steady_fields[i].flags & STEADY_FIELD_RESERVED))
			bits |= steady_field_mask(&steady_fields[i]);
	}
	return bits;
}

/* The rows of nameless_bits.tsv as "cpu register bits"; each has a reason. */
static size_t read_known(char **known)
{
	char path[1024], line[512], cpu[128], reg[64], bits[32], why[300];
	size_t count = 0;
	FILE *f;

	snprintf(path, sizeof(path), "%s/cpus/nameless_bits.tsv", getenv("STEADY_TEST_DATA"));
	f = fopen(path, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#' || strncmp(line, "cpu\t", 4) == 0)
			continue;
		if (sscanf(line, "%127s %63s %31s %299[^\n]", cpu, reg, bits, why) != 4)
			fail_msg("cannot read %s", line);
		assert_in_range(count, 0, MOST - 1);
		snprintf(line, sizeof(line), "%s %s %s", cpu, reg, bits);
		known[count++] = strdup(line);
	}
	fclose(f);
	return count;
}

static void test_every_bit_has_a_name(void **state)
{
	size_t known_count, at = 0, captured = 0;
	char *known[MOST], found[512];
	struct dumps d;

	(void)state;
	known_count = read_known(known);
	dumps_load(&d);
	assert_int_equal(d.count, DUMPS);
	for (size_t i = 0; i < d.count; i++) {
		for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
			uint64_t bits = d.view[i]->value[reg] & ~named_bits(reg);

			captured += d.view[i]->known[reg];
			if (!d.view[i]->known[reg] || !bits)
				continue;
			snprintf(found, sizeof(found), "%s %s 0x%016" PRIx64, d.name[i],
				 steady_registers[reg].name, bits);
			if (at == known_count || strcmp(known[at], found) != 0)
				fail_msg("found: %s; known: %s", found,
					 at == known_count ? "the end" : known[at]);
			free(known[at++]);
		}
	}
	assert_int_equal(at, known_count);
	assert_int_equal(captured, CAPTURED);
	dumps_free(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_bit_has_a_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
