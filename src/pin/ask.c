/* SPDX-License-Identifier: MIT */
#include "pin/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/errno_name.h"
#include "base/report.h"

#define FIRST_ROOM 1024 /* words; kernels list 250 to 700 registers */
#define MOST_ROOM  65536

int steady_ask(const struct steady_host *h, enum steady_op op, uint32_t vcpu, uint64_t id)
{
	struct steady_call c = {.size = sizeof(c), .op = op, .vcpu = vcpu, .id = id};

	return h->call(h->ctx, &c);
}

int steady_ask_get(const struct steady_host *h, uint32_t vcpu, uint64_t id, uint64_t value[8])
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_GET, .vcpu = vcpu, .id = id};
	int r = h->call(h->ctx, &c);

	if (!r)
		memcpy(value, c.value, sizeof(c.value));
	return r;
}

int steady_ask_set(const struct steady_host *h, uint32_t vcpu, uint64_t id, const uint64_t value[8])
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_SET, .vcpu = vcpu, .id = id};

	memcpy(c.value, value, sizeof(c.value));
	return h->call(h->ctx, &c);
}

int steady_ask_set64(const struct steady_host *h, uint32_t vcpu, uint64_t id, uint64_t value)
{
	uint64_t wide[8] = {value};

	return steady_ask_set(h, vcpu, id, wide);
}

int steady_ask_check(const struct steady_host *h, uint64_t capability, uint64_t *value)
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_CHECK, .id = capability};
	int r = h->call(h->ctx, &c);

	if (!r)
		*value = c.value[0];
	return r;
}

int steady_ask_masks(const struct steady_host *h, uint64_t masks[192])
{
	struct steady_call c = {
		.size = sizeof(c),
		.op = STEADY_OP_MASKS,
		.list = masks,
		.count = 192,
	};

	return h->call(h->ctx, &c);
}

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

int steady_ask_reglist(const struct steady_host *h, uint32_t vcpu, uint64_t **list, size_t *count)
{
	uint32_t room = FIRST_ROOM;
	int r;

	do {
		struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_REG_LIST, .vcpu = vcpu,
					.count = room};

		c.list = malloc(room * sizeof(*c.list));
		if (!c.list)
			return -ENOMEM;
		r = h->call(h->ctx, &c);
		if (!r && c.count <= room) {
			qsort(c.list, c.count, sizeof(*c.list), ascending);
			*list = c.list;
			*count = c.count;
			return 0;
		}
		free(c.list);
		if (r == -E2BIG && c.count > room && c.count <= MOST_ROOM)
			room = c.count;
		else
			return r ? r : -EPROTO;
	} while (1);
}

int steady_ask_vm_type(const struct steady_host *h, uint64_t *type)
{
	uint64_t bits = 0;
	int r = steady_ask_check(h, STEADY_CAP_IPA_SIZE, &bits);

	if (!r)
		*type = bits && bits < 40 ? bits : 0; /* 0 means 40 bits */
	return r;
}

int steady_ask_failed(struct steady_report *report, const char *what, const char *subject,
		      int result)
{
	char name[STEADY_ERRNO_NAME];

	if (result == -ENOMEM)
		return -STEADY_ENOMEM;
	steady_report_add(report, STEADY_ERROR, STEADY_EHOST);
	steady_report_subject(report, subject, NULL);
	steady_report_reason(report, "%s failed: %s (%s)", what,
			     steady_errno_name(-result, name), strerror(-result));
	if (result == -EACCES || result == -EPERM)
		steady_report_advice(report, "this needs read and write access to /dev/kvm");
	return -STEADY_EHOST;
}
