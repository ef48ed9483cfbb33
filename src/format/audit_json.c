/* SPDX-License-Identifier: MIT */
#include "format/audit_json.h"

#include <string.h>

static json_t *parse_last_line(const char *text, size_t length)
{
	const char *end = text + length, *start;

	while (end > text && end[-1] != '\n')
		end--; /* a line that is being written */
	if (end == text)
		return NULL;
	for (start = end - 1; start > text && start[-1] != '\n';)
		start--;
	return json_loadb(start, (size_t)(end - start), JSON_REJECT_DUPLICATES, NULL);
}

bool steady_audit_read(const char *text, size_t length, struct steady_audit *a)
{
	json_t *root = parse_last_line(text, length), *id = NULL;
	const char *format = "";
	json_int_t pid = 0, start = 0;
	int version = 0;

	memset(a, 0, sizeof(*a));
	if (json_unpack(root, "{s:s, s:i, s:I, s:I, s:s, s:o, s:o, s:o}", "format", &format,
			"version", &version, "pid", &pid, "start", &start, "model", &a->model,
			"id", &id, "tolerated", &a->tolerated, "vms", &a->vms) ||
	    strcmp(format, "steadyarm-audit") != 0 || version != 1 || pid <= 0 ||
	    !json_is_array(a->tolerated) || !json_is_array(a->vms)) {
		json_decref(root);
		memset(a, 0, sizeof(*a));
		return false;
	}
	a->root = root;
	a->pid = (long)pid;
	a->start = (uint64_t)start;
	a->id = json_string_value(id);
	return true;
}

bool steady_audit_vm(const struct steady_audit *a, int fd, struct steady_audit_vm *vm)
{
	size_t i;
	json_t *one;

	json_array_foreach(a->vms, i, one) {
		json_int_t vcpus, pinned, back;
		int number, refused;

		if (json_unpack(one, "{s:i, s:I, s:I, s:I, s:b}", "fd", &number, "vcpus", &vcpus,
				"pinned", &pinned, "read_back", &back, "refused", &refused) ||
		    number != fd)
			continue;
		*vm = (struct steady_audit_vm){number, (uint32_t)vcpus, (uint32_t)pinned,
					       (uint32_t)back, refused};
		return true;
	}
	return false;
}

void steady_audit_clear(struct steady_audit *a)
{
	json_decref(a->root);
	memset(a, 0, sizeof(*a));
}
