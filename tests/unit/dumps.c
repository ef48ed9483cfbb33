/* SPDX-License-Identifier: MIT */
#include "dumps.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "dumps: %s\n", what);
	exit(99);
}

/* Tables that stand beside the dumps. */
static bool is_table(const char *name)
{
	return strcmp(name, "lint_findings.tsv") == 0 || strcmp(name, "nameless_bits.tsv") == 0;
}

/* A file of registers: every line is a comment, the columns' names, or a register's value. */
static void read_dump(const char *path, struct steady_view *view)
{
	char line[512], name[64];
	bool header = false;
	FILE *f = fopen(path, "r");
	uint64_t value;
	size_t count = 0;

	need(f != NULL, path);
	while (fgets(line, sizeof(line), f)) {
		int reg;

		if (line[0] == '#')
			continue;
		if (!header) {
			need(strncmp(line, "register\tvalue\t", 15) == 0, path);
			header = true;
			continue;
		}
		need(strchr(line, '\n') != NULL, line);
		need(sscanf(line, "%63[^\t]\t0x%" SCNx64 "\t", name, &value) == 2, line);
		reg = steady_register_by_name(name, strlen(name));
		need(reg >= 0 && !view->known[reg], name);
		view->value[reg] = value;
		view->known[reg] = true;
		count++;
	}
	fclose(f);
	need(count > 0, path);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void dumps_load(struct dumps *d)
{
	const char *data = getenv("STEADY_TEST_DATA");
	char path[1024];
	struct dirent *entry;
	size_t names = 0;
	DIR *dir;

	memset(d, 0, sizeof(*d));
	snprintf(path, sizeof(path), "%s/cpus", data ? data : "tests/data");
	dir = opendir(path);
	need(dir != NULL, path);
	while ((entry = readdir(dir))) {
		size_t length = strlen(entry->d_name);

		if (length < 5 || strcmp(entry->d_name + length - 4, ".tsv") != 0 ||
		    is_table(entry->d_name))
			continue;
		need(names < DUMPS_MOST, "too many");
		d->name[names] = strdup(entry->d_name);
		need(d->name[names] != NULL, "memory");
		d->name[names++][length - 4] = '\0';
	}
	closedir(dir);
	qsort(d->name, names, sizeof(d->name[0]), by_name);
	for (size_t i = 0; i < names; i++) {
		struct steady_view *view = calloc(1, sizeof(*view));

		need(view != NULL, "memory");
		snprintf(path, sizeof(path), "%s/cpus/%s.tsv", data ? data : "tests/data",
			 d->name[i]);
		read_dump(path, view);
		d->view[i] = view;
	}
	d->count = names;
}

void dumps_free(struct dumps *d)
{
	for (size_t i = 0; i < d->count; i++) {
		free(d->name[i]);
		free(d->view[i]);
	}
}
