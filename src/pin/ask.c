/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* strerrordesc_np */
#include "pin/ask.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "arch/kvm_ids.h"
#include "base/errno_name.h"
#include "base/report.h"
#include "base/sort.h"

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
			steady_sort(c.list, c.count);
			*list = c.list;
			*count = c.count;
			return 0;
		}
		free(c.list);
		if (steady_answer_of(STEADY_OP_REG_LIST, r) == STEADY_ANSWER_ROOM &&
		    c.count > room && c.count <= MOST_ROOM)
			room = c.count;
		else
			return r ? r : -EPROTO;
	} while (1);
}

uint64_t steady_ask_type_of(uint64_t ipa_bits)
{
	return ipa_bits && ipa_bits < 40 ? ipa_bits : 0; /* 0 means 40 bits */
}

int steady_ask_vm_type(const struct steady_host *h, uint64_t *type)
{
	uint64_t bits = 0;
	int r = steady_ask_check(h, STEADY_CAP_IPA_SIZE, &bits);

	if (!r)
		*type = steady_ask_type_of(bits);
	return r;
}

static const char *const ioctls[] = {
	[STEADY_OP_CREATE_VM] = "KVM_CREATE_VM",
	[STEADY_OP_CREATE_VCPU] = "KVM_CREATE_VCPU",
	[STEADY_OP_INIT] = "KVM_ARM_VCPU_INIT",
	[STEADY_OP_FINALIZE] = "KVM_ARM_VCPU_FINALIZE",
	[STEADY_OP_GET] = "KVM_GET_ONE_REG",
	[STEADY_OP_SET] = "KVM_SET_ONE_REG",
	[STEADY_OP_REG_LIST] = "KVM_GET_REG_LIST",
	[STEADY_OP_MASKS] = "KVM_ARM_GET_REG_WRITABLE_MASKS",
	[STEADY_OP_CHECK] = "KVM_CHECK_EXTENSION",
	[STEADY_OP_ENABLE_CAP] = "KVM_ENABLE_CAP",
	[STEADY_OP_CREATE_GIC] = "KVM_CREATE_DEVICE",
	[STEADY_OP_INIT_GIC] = "KVM_SET_DEVICE_ATTR",
	[STEADY_OP_PMU_INIT] = "KVM_SET_DEVICE_ATTR",
	[STEADY_OP_RUN] = "KVM_RUN",
	[STEADY_OP_SMCCC_FILTER] = "KVM_SET_DEVICE_ATTR",
	[STEADY_OP_PMU_COUNTERS] = "KVM_SET_DEVICE_ATTR",
};

const char *steady_ask_ioctl(enum steady_op op)
{
	return ioctls[op];
}

/* strerror(3) may open a catalogue of messages, where a VMM must not open anything any more. */
static const char *describe(int error)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 32)
	const char *text = strerrordesc_np(error);

	return text ? text : "unknown error";
#else
	return strerror(error);
#endif
}

const char *steady_ask_says(enum steady_op op, int result, char out[STEADY_ASK_SAYS])
{
	char number[STEADY_ERRNO_NAME];
	const char *name = steady_errno_name(-result, number);
	const char *says = steady_answer_says(op, result);

	snprintf(out, STEADY_ASK_SAYS, "%s (%s)", name ? name : "no errno",
		 says ? says : describe(-result));
	return out;
}

int steady_ask_failed(struct steady_report *report, enum steady_op op, const char *subject,
		      int result)
{
	char says[STEADY_ASK_SAYS];

	steady_report_add(report, STEADY_ERROR, STEADY_EHOST);
	steady_report_subject(report, subject, NULL);
	steady_report_reason(report, "%s failed: %s", ioctls[op],
			     steady_ask_says(op, result, says));
	if ((result == -EACCES || result == -EPERM) && !steady_answer_says(op, result))
		steady_report_advice(report, "this needs read and write access to /dev/kvm, and no "
					     "filter that forbids its ioctls");
	return -STEADY_EHOST;
}

int steady_ask_blocked(struct steady_report *report, enum steady_op op, const char *subject,
		       int result)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, subject, NULL);
	steady_report_reason(report, "%s", steady_answer_says(op, result));
	return -STEADY_EBLOCKED;
}
