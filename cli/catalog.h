/* SPDX-License-Identifier: MIT */
/*
 * The models that can be given by name: built in, and installed as NAME.model or NAME.json in the
 * folders of $STEADYARM_MODEL_PATH (by default /etc/steadyarm/models:/usr/share/steadyarm/models).
 * Of two with one name the earlier counts, and what is built in comes first.
 */
#ifndef STEADY_CATALOG_H
#define STEADY_CATALOG_H

#include "cli.h"
#include "format/builtin.h"

struct cli_entry {
	char *name;
	char *path;                           /* of the file; NULL: built in */
	const struct steady_builtin *builtin; /* NULL: a file */
};

struct cli_catalog {
	struct cli_entry *entries; /* by name, a name's versions from old to new */
	size_t count;
};

/* What cannot be read is a warning in the report. ENOMEM. */
int cli_catalog_read(struct cli *cli, struct cli_catalog *catalog);
void cli_catalog_clear(struct cli_catalog *catalog);
/* By its name, or by its name without the version: then the newest. NULL: there is none. */
const struct cli_entry *cli_catalog_find(const struct cli_catalog *catalog, const char *name);
/* How many versions there are of a name without one. */
size_t cli_catalog_versions(const struct cli_catalog *catalog, const char *name);
int cli_catalog_load(struct cli *cli, const struct cli_entry *entry, struct cli_subject *subject);
/* "neoverse-n1-v1, neoverse-n2-v1": names much like this one, or an empty text. */
void cli_catalog_similar(const struct cli_catalog *catalog, const char *name,
			 struct steady_text *out);

#endif
