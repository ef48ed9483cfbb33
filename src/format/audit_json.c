/* SPDX-License-Identifier: MIT */
#include "format/audit_json.h"

#include <string.h>

/* What a VM was goes, what it is comes in: an array by descriptor. */
static void replace_vm(json_t *vms, json_t *vm)
{
	json_t *fd = json_object_get(vm, "fd"), *one;
	size_t i;

	json_array_foreach(vms, i, one) {
		if (json_equal(json_object_get(one, "fd"), fd)) {
			json_array_set(vms, i, vm);
			return;
		}
	}
	json_array_append(vms, vm);
}

/*
 * A line with a format says all there is; {"vm": ...} what has become of one; {"full": true} that
 * nothing is said from here on, so that nothing is known. What is no such line was written in part.
 */
static void take_line(json_t **root, json_t *line)
{
	json_t *vm = json_object_get(line, "vm"), *vms = json_object_get(*root, "vms");

	if (json_object_get(line, "format")) {
		json_decref(*root);
		*root = json_incref(line);
	} else if (json_is_object(vm) && json_is_array(vms)) {
		replace_vm(vms, vm);
	} else if (json_is_true(json_object_get(line, "full")) && *root) {
		json_object_set_new(*root, "vms", json_array());
		json_object_set_new(*root, "full", json_true());
	}
}

/* All lines that are whole, one after the other: the last word on each thing counts. */
static json_t *parse_lines(const char *text, size_t length)
{
	const char *end = text + length, *next;
	json_t *root = NULL;

	for (; text < end && (next = memchr(text, '\n', (size_t)(end - text))); text = next + 1) {
		json_t *line = json_loadb(text, (size_t)(next - text), JSON_REJECT_DUPLICATES, NULL);

		take_line(&root, line);
		json_decref(line);
	}
	return root;
}

bool steady_audit_read(const char *text, size_t length, struct steady_audit *a)
{
	json_t *root = parse_lines(text, length), *id = NULL;
	const char *format = "";
	json_int_t pid = 0, start = 0;
	int version = 0;

	memset(a, 0, sizeof(*a));
	if (json_unpack(root, "{s:s, s:i, s:I, s:I, s:s, s:o, s:o, s:o}", "format", &format,
			"version", &version, "pid", &pid, "start", &start, "model", &a->model,
			"id", &id, "tolerated", &a->tolerated, "vms", &a->vms) ||
	    strcmp(format, "steadyarm-audit") != 0 || version < 1 || version > 2 || pid <= 0 ||
	    !json_is_array(a->tolerated) || !json_is_array(a->vms)) {
		json_decref(root);
		memset(a, 0, sizeof(*a));
		return false;
	}
	a->root = root;
	a->pid = (long)pid;
	a->start = (uint64_t)start;
	a->id = json_string_value(id);
	a->full = json_is_true(json_object_get(root, "full"));
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
