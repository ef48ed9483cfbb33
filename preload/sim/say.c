/* SPDX-License-Identifier: MIT */
#include "inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE 512

static int log_fd = -1;

static const char *const kinds[] = {
	[SIMHOST_DEVICE] = "/dev/kvm",
	[SIMHOST_VM] = "a VM",
	[SIMHOST_VCPU] = "a vCPU",
	[SIMHOST_GIC] = "a GIC",
};

/* What VMMs on arm64 may ask for, by the number in the request (Linux 7.3, uapi linux/kvm.h). */
static const struct {
	uint8_t number;
	const char *name;
} requests[] = {
	{0x42, "KVM_GET_DIRTY_LOG"},
	{0x49, "KVM_SET_USER_MEMORY_REGION2"},
	{0x60, "KVM_CREATE_IRQCHIP"},
	{0x61, "KVM_IRQ_LINE"},
	{0x67, "KVM_REGISTER_COALESCED_MMIO"},
	{0x68, "KVM_UNREGISTER_COALESCED_MMIO"},
	{0x6a, "KVM_SET_GSI_ROUTING"},
	{0x76, "KVM_IRQFD"},
	{0x79, "KVM_IOEVENTFD"},
	{0x81, "KVM_GET_REGS"},
	{0x82, "KVM_SET_REGS"},
	{0x8b, "KVM_SET_SIGNAL_MASK"},
	{0x9b, "KVM_SET_GUEST_DEBUG"},
	{0x9f, "KVM_GET_VCPU_EVENTS"},
	{0xa0, "KVM_SET_VCPU_EVENTS"},
	{0xa5, "KVM_SIGNAL_MSI"},
	{0xab, "KVM_ARM_SET_DEVICE_ADDR"},
	{0xb2, "KVM_SET_PMU_EVENT_FILTER"},
	{0xb4, "KVM_ARM_MTE_COPY_TAGS"},
	{0xb5, "KVM_ARM_SET_COUNTER_OFFSET"},
	{0xc0, "KVM_CLEAR_DIRTY_LOG"},
	{0xc7, "KVM_RESET_DIRTY_RINGS"},
	{0xce, "KVM_GET_STATS_FD"},
	{0xd2, "KVM_SET_MEMORY_ATTRIBUTES"},
	{0xd4, "KVM_CREATE_GUEST_MEMFD"},
	{0xd5, "KVM_PRE_FAULT_MEMORY"},
	{0xe2, "KVM_GET_DEVICE_ATTR"},
	{0xe3, "KVM_HAS_DEVICE_ATTR"},
};

void simhost_log_to(const char *path)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
	if (!path || !*path)
		return;
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log_fd < 0)
		simhost_say("%s: cannot be written: %s", path, strerror(errno));
}

static void put(int fd, const char *line, size_t length)
{
	while (write(fd, line, length) < 0 && errno == EINTR)
		;
}

/* One write a line. */
static void say(bool complain, const char *format, va_list args)
{
	static const char start[] = "steadyarm: simulated host: ";
	char line[LINE];
	size_t length = sizeof(start) - 1;
	int saved = errno, n;

	memcpy(line, start, length);
	n = vsnprintf(line + length, sizeof(line) - length - 1, format, args);
	if (n > 0)
		length += (size_t)n;
	if (length > sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	if (complain)
		put(STDERR_FILENO, line, length);
	if (log_fd >= 0)
		put(log_fd, line, length);
	errno = saved;
}

void simhost_say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(true, format, args);
	va_end(args);
}

__attribute__((format(printf, 1, 2))) static void tell(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(false, format, args);
	va_end(args);
}

/* ---- what is not simulated ---- */

enum what { REQUEST, ATTRIBUTE, CAPABILITY };

/* Whether this was not said before. */
static bool is_new(enum what what, enum simhost_kind kind, uint64_t a, uint64_t b)
{
	static struct said {
		uint64_t a, b;
		enum what what;
		enum simhost_kind kind;
	} * known;
	static size_t count;
	struct said *all;

	for (size_t i = 0; i < count; i++) {
		if (known[i].what == what && known[i].kind == kind && known[i].a == a &&
		    known[i].b == b)
			return false;
	}
	all = realloc(known, (count + 1) * sizeof(*all));
	if (all) {
		known = all;
		known[count++] = (struct said){a, b, what, kind};
	}
	return true;
}

const char *simhost_request_name(uint8_t number)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (requests[i].number == number)
			return requests[i].name;
	}
	return NULL;
}

long simhost_unknown_request(enum simhost_kind kind, unsigned int request)
{
	const char *name = simhost_request_name(request & 0xff);

	if (is_new(REQUEST, kind, request, 0))
		simhost_say("%s (0x%x) of %s is not simulated: ENOTTY", name ? name : "request",
			    request, kinds[kind]);
	return simhost_fail(ENOTTY);
}

long simhost_unknown_attribute(enum simhost_kind kind, uint32_t group, uint64_t attr)
{
	if (is_new(ATTRIBUTE, kind, group, attr))
		simhost_say("attribute %llu of group %u of %s is not simulated: ENOSYS",
			    (unsigned long long)attr, group, kinds[kind]);
	return simhost_fail(ENOSYS);
}

long simhost_unknown_capability(uint64_t number)
{
	if (is_new(CAPABILITY, SIMHOST_NONE, number, 0))
		tell("capability %llu is not simulated: 0", (unsigned long long)number);
	return 0;
}
