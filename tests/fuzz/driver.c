/* SPDX-License-Identifier: MIT */
/* Runs a fuzz target over files and folders of files, for compilers without libFuzzer. */
#include <dirent.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

static bool run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = NULL;
	size_t size = 0, n;

	if (!file) {
		perror(path);
		return false;
	}
	do {
		uint8_t *more = realloc(data, size + 65536);

		if (!more)
			abort();
		data = more;
		n = fread(data + size, 1, 65536, file);
		size += n;
	} while (n);
	fclose(file);
	data = realloc(data, size + !size); /* exact, so that reading beyond it is seen */
	if (!data)
		abort();
	LLVMFuzzerTestOneInput(data, size);
	free(data);
	return true;
}

static bool run_folder(const char *path)
{
	DIR *dir = opendir(path);
	const struct dirent *entry;
	bool ok = true;

	if (!dir) {
		perror(path);
		return false;
	}
	while ((entry = readdir(dir))) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		ok = run_file(name) && ok;
	}
	closedir(dir);
	return ok;
}

int main(int argc, char **argv)
{
	bool ok = argc > 1;

	for (int i = 1; i < argc; i++) {
		struct stat st;

		if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
			ok = run_folder(argv[i]) && ok;
		else
			ok = run_file(argv[i]) && ok;
	}
	return ok ? 0 : 1;
}
