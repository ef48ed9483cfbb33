/* SPDX-License-Identifier: MIT */
#include "catalog.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"

#define MODEL_PATH   "/etc/steadyarm/models:/usr/share/steadyarm/models"
#define MOST_SIMILAR 3
#define LONGEST      64 /* of a model's name */

/* ---- what there is ---- */

static bool has(const struct cli_catalog *c, const char *name)
{
	for (size_t i = 0; i < c->count; i++) {
		if (strcmp(c->entries[i].name, name) == 0)
			return true;
	}
	return false;
}

/* Takes `path` over, also if it fails; a name that is there already is left out. */
static int add(struct cli_catalog *c, const char *name, char *path,
	       const struct steady_builtin *builtin)
{
	struct cli_entry *all;
	char *copy;

	if (has(c, name)) {
		free(path);
		return 0;
	}
	all = realloc(c->entries, (c->count + 1) * sizeof(*all));
	if (all)
		c->entries = all;
	copy = all ? strdup(name) : NULL;
	if (!copy) {
		free(path);
		return -STEADY_ENOMEM;
	}
	all[c->count++] = (struct cli_entry){copy, path, builtin};
	return 0;
}

/* NAME of NAME.model and NAME.json; false for other files. */
static bool name_of(const char *file, char name[LONGEST + 1])
{
	const char *dot = strrchr(file, '.');
	size_t length = dot ? (size_t)(dot - file) : 0;

	if (!length || length > LONGEST ||
	    (strcmp(dot, ".model") != 0 && strcmp(dot, ".json") != 0))
		return false;
	memcpy(name, file, length);
	name[length] = '\0';
	return steady_model_name_ok(name);
}

static int add_file(struct cli_catalog *c, const char *folder, const char *file)
{
	struct steady_text path = STEADY_TEXT_INIT;
	char name[LONGEST + 1], *taken;

	if (!name_of(file, name))
		return 0;
	steady_text_printf(&path, "%s/%s", folder, file);
	taken = steady_text_take(&path);
	return taken ? add(c, name, taken, NULL) : -STEADY_ENOMEM;
}

static int add_folder(struct cli *cli, struct cli_catalog *c, const char *folder)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	int r = 0;

	if (!d) {
		if (errno == ENOENT)
			return 0;
		steady_report_add(cli->report, STEADY_WARNING, 0);
		steady_report_file(cli->report, folder);
		steady_report_reason(cli->report, "models there are not seen: %s", strerror(errno));
		return 0;
	}
	while (!r && (e = readdir(d)))
		r = add_file(c, folder, e->d_name);
	closedir(d);
	return r;
}

static int add_folders(struct cli *cli, struct cli_catalog *c)
{
	const char *given = getenv("STEADYARM_MODEL_PATH");
	char *path = strdup(given ? given : MODEL_PATH), *rest = path, *folder;
	int r = path ? 0 : -STEADY_ENOMEM;

	while (!r && (folder = strtok_r(rest, ":", &rest)))
		r = add_folder(cli, c, folder);
	free(path);
	return r;
}

static int compare(const void *a, const void *b)
{
	const char *x = ((const struct cli_entry *)a)->name;
	const char *y = ((const struct cli_entry *)b)->name;
	unsigned long vx, vy;
	size_t nx = steady_builtin_stem(x, &vx), ny = steady_builtin_stem(y, &vy);
	int order = strncmp(x, y, nx < ny ? nx : ny);

	if (order || nx != ny)
		return order ? order : nx < ny ? -1 : 1;
	return vx < vy ? -1 : vx > vy;
}

int cli_catalog_read(struct cli *cli, struct cli_catalog *c)
{
	int r = 0;

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < steady_builtin_count && !r; i++)
		r = add(c, steady_builtins[i].name, NULL, &steady_builtins[i]);
	r = r ? r : add_folders(cli, c);
	if (r)
		cli_catalog_clear(c);
	else
		qsort(c->entries, c->count, sizeof(*c->entries), compare);
	return r;
}

void cli_catalog_clear(struct cli_catalog *c)
{
	for (size_t i = 0; i < c->count; i++) {
		free(c->entries[i].name);
		free(c->entries[i].path);
	}
	free(c->entries);
	memset(c, 0, sizeof(*c));
}

/* ---- one of them ---- */

const struct cli_entry *cli_catalog_find(const struct cli_catalog *c, const char *name)
{
	const struct cli_entry *newest = NULL;
	size_t length = strlen(name);
	unsigned long version;

	for (size_t i = 0; i < c->count; i++) {
		const char *has_name = c->entries[i].name;

		if (strcmp(has_name, name) == 0)
			return &c->entries[i];
		if (steady_builtin_stem(has_name, &version) == length && version &&
		    memcmp(has_name, name, length) == 0)
			newest = &c->entries[i]; /* they come from old to new */
	}
	return newest;
}

size_t cli_catalog_versions(const struct cli_catalog *c, const char *name)
{
	size_t length = strlen(name), count = 0;
	unsigned long version;

	for (size_t i = 0; i < c->count; i++) {
		const char *has_name = c->entries[i].name;

		count += steady_builtin_stem(has_name, &version) == length && version &&
			 memcmp(has_name, name, length) == 0;
	}
	return count;
}

int cli_catalog_load(struct cli *cli, const struct cli_entry *entry, struct cli_subject *s)
{
	int r;

	if (entry->path)
		return cli_subject_load_model(cli, entry->path, s);
	memset(s, 0, sizeof(*s));
	s->spec = entry->builtin->name;
	r = steady_model_builtin(entry->builtin->name, &s->model);
	if (!r) {
		s->name = steady_model_name(s->model);
		steady_model_set_lenient(s->model, cli->lenient);
	}
	return r;
}

/* ---- what was meant ---- */

static unsigned int least(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int d = a < b ? a : b;

	return d < c ? d : c;
}

/* How many letters are to be put in, left out or changed to make b of a. */
static unsigned int distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned int row[LONGEST + 1];

	if (nb > LONGEST)
		return (unsigned int)nb;
	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned int)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned int before = row[0];

		row[0] = (unsigned int)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned int here = row[j];

			row[j] = least(row[j] + 1, row[j - 1] + 1, before + (a[i - 1] != b[j - 1]));
			before = here;
		}
	}
	return row[nb];
}

static unsigned int far_from(const struct cli_entry *e, const char *name)
{
	unsigned long version;
	size_t length = strlen(name), stem = steady_builtin_stem(e->name, &version);
	unsigned int whole = distance(name, length, e->name, strlen(e->name));
	unsigned int part = distance(name, length, e->name, stem);

	return whole < part ? whole : part;
}

void cli_catalog_similar(const struct cli_catalog *c, const char *name, struct steady_text *out)
{
	size_t length = strlen(name);
	unsigned int most = length < 8 ? 2 : (unsigned int)(length / 4), nearest = most + 1;
	unsigned int count = 0;

	for (size_t i = 0; i < c->count; i++) {
		unsigned int d = far_from(&c->entries[i], name);

		nearest = d < nearest ? d : nearest;
	}
	for (size_t i = 0; i < c->count && nearest <= most && count < MOST_SIMILAR; i++) {
		if (far_from(&c->entries[i], name) != nearest)
			continue;
		steady_text_printf(out, "%s%s", count++ ? ", " : "", c->entries[i].name);
	}
}
