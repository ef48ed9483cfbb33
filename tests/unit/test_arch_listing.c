/* SPDX-License-Identifier: MIT */
/*
 * Our features of three CPUs against another tool's, name by name (tests/data/listings): every row
 * of its listings is answered alike, or stands in differs.tsv or unnamed.tsv with the reason.
 */
#include <stdio.h>
#include <stdlib.h>

#include "dumps.h"
#include "test_arch.h"

#define ROOM 512

struct row {
	char cell[5][400];
};

struct table {
	struct row rows[ROOM];
	size_t count;
};

static struct dumps dumps;
static struct table listing, differs, unnamed, undecided;

/* The rows of a listing's file without comments and the columns' names. */
static void read_table(struct table *out, const char *name)
{
	const char *data = getenv("STEADY_TEST_DATA");
	char line[2048], path[512];
	bool header = true;
	FILE *f;

	snprintf(path, sizeof(path), "%s/listings/%s.tsv", data ? data : "tests/data", name);
	f = fopen(path, "r");
	if (f == NULL)
		fail_msg("cannot open %s", path);
	memset(out, 0, sizeof(*out));
	while (fgets(line, sizeof(line), f) != NULL) {
		struct row *row = &out->rows[out->count];

		if (line[0] == '#' || header) {
			header = header && line[0] == '#';
			continue;
		}
		assert_in_range(out->count, 0, ROOM - 1);
		if (sscanf(line, "%399[^\t\n]\t%399[^\t\n]\t%399[^\t\n]\t%399[^\t\n]\t%399[^\n]",
			   row->cell[0], row->cell[1], row->cell[2], row->cell[3], row->cell[4]) < 2)
			fail_msg("%s: a row with less than two cells: %s", path, line);
		out->count++;
	}
	fclose(f);
}

static const struct row *find(const struct table *table, size_t column, const char *want,
			      const char *cpu)
{
	for (size_t i = 0; i < table->count; i++) {
		if (strcmp(table->rows[i].cell[column], want) == 0 &&
		    (cpu == NULL || strcmp(table->rows[i].cell[0], cpu) == 0))
			return &table->rows[i];
	}
	return NULL;
}

static const struct steady_view *view_of(const char *cpu)
{
	for (size_t i = 0; i < dumps.count; i++) {
		if (strcmp(dumps.name[i], cpu) == 0)
			return dumps.view[i];
	}
	fail_msg("no dump of %s", cpu);
	return NULL;
}

/* One name that both have: whether they agree; if not, differs.tsv has to have it just so. */
static bool agrees(const char *cpu, const struct row *row, unsigned int feature,
		   const struct steady_view *view)
{
	const enum steady_truth truth = steady_feature_state(feature, view);
	const char *ours = truth == STEADY_YES ? "yes" : truth == STEADY_NO ? "no" : "unknown";
	const struct row *known = find(&differs, 1, row->cell[0], cpu);

	if (strcmp(ours, row->cell[1]) == 0) {
		if (known)
			fail_msg("%s: %s is alike, yet stands in differs.tsv", cpu, row->cell[0]);
		return true;
	}
	if (!known)
		fail_msg("%s: %s is %s, the listing has %s", cpu, row->cell[0], ours, row->cell[1]);
	assert_string_equal(known->cell[2], row->cell[1]);
	assert_string_equal(known->cell[3], ours);
	return false;
}

static void test_listings(void **state)
{
	static const struct {
		const char *cpu;
		size_t alike, named;
		size_t decided_alike, decided; /* by Arm's machine-readable conditions alone */
	} rows[] = {
		{"ampere-altra_neoverse-n1_host", 201, 201, 182, 182},
		{"apple-m1_macos-host", 290, 290, 243, 243},
		{"azure-cobalt100_neoverse-n2_vm", 283, 289, 252, 255},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		const struct steady_view *view = view_of(rows[i].cpu);
		size_t alike = 0, named = 0, decided_alike = 0, decided = 0;

		read_table(&listing, rows[i].cpu);
		for (size_t k = 0; k < listing.count; k++) {
			const char *name = listing.rows[k].cell[0];
			int feature = steady_feature_by_name(name, strlen(name));
			bool same;

			if (feature < 0 && !find(&unnamed, 0, name, NULL))
				fail_msg("%s: no condition for %s", rows[i].cpu, name);
			if (feature < 0)
				continue;
			same = agrees(rows[i].cpu, &listing.rows[k], (unsigned int)feature, view);
			named++;
			alike += same;
			if (find(&undecided, 1, name, rows[i].cpu))
				continue;
			decided++;
			decided_alike += same;
		}
		assert_int_equal(named, rows[i].named);
		assert_int_equal(alike, rows[i].alike);
		assert_int_equal(decided, rows[i].decided);
		assert_int_equal(decided_alike, rows[i].decided_alike);
	}
}

/* The two files of exceptions say why, and hold nothing that is not one. */
static void test_exceptions(void **state)
{
	(void)state;
	for (size_t i = 0; i < unnamed.count; i++) {
		const struct row *row = &unnamed.rows[i];

		assert_int_equal(steady_feature_by_name(row->cell[0], strlen(row->cell[0])), -1);
	}
	for (size_t i = 0; i < differs.count; i++) {
		const struct row *row = &differs.rows[i];

		assert_string_not_equal(row->cell[4], "");
		read_table(&listing, row->cell[0]);
		assert_non_null(find(&listing, 0, row->cell[1], NULL));
	}
}

static int read_exceptions(void **state)
{
	(void)state;
	read_table(&differs, "differs");
	read_table(&unnamed, "unnamed");
	read_table(&undecided, "undecided");
	dumps_load(&dumps);
	return 0;
}

static int free_dumps(void **state)
{
	(void)state;
	dumps_free(&dumps);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_listings),
		cmocka_unit_test(test_exceptions),
	};

	return cmocka_run_group_tests(tests, read_exceptions, free_dumps);
}
