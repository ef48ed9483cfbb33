/* SPDX-License-Identifier: MIT */
#include "bridge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "host/uapi.h"

#define MASK_WORDS 192

static int ask(int fd, unsigned long request, void *argument)
{
	long r;

	if (fd < 0)
		return -EBADF;
	r = real_ioctl(fd, (unsigned int)request, argument);
	return r < 0 ? -errno : (int)r;
}

static int vcpu_fd(const struct vm *vm, uint32_t vcpu)
{
	return vcpu < vm->vcpu_count ? vm->vcpu_fds[vcpu] : -1;
}

/* A register lies in memory in the machine's own order: little endian, least word first. */
static int one_register(const struct vm *vm, struct steady_call *c, unsigned long request)
{
	uint64_t room[8] = {0};
	struct steady_uapi_one_reg reg = {.id = c->id, .addr = (uintptr_t)room};
	size_t size = (size_t)1 << (c->id >> 52 & 0xf);
	int r;

	if (size > sizeof(room))
		return -EMSGSIZE;
	if (request == STEADY_SET_ONE_REG)
		memcpy(room, c->value, size);
	r = ask(vcpu_fd(vm, c->vcpu), request, &reg);
	if (r >= 0 && request == STEADY_GET_ONE_REG)
		memcpy(c->value, room, sizeof(room));
	return r;
}

static int masks(const struct vm *vm, struct steady_call *c)
{
	struct steady_uapi_mask_range range = {.range = (uint32_t)c->id};
	int r;

	if (c->count < MASK_WORDS)
		return -E2BIG;
	range.addr = (uintptr_t)c->list;
	r = ask(vm->fd, STEADY_WRITABLE_MASKS, &range);
	if (r >= 0)
		c->count = MASK_WORDS;
	return r;
}

static int reg_list(const struct vm *vm, struct steady_call *c)
{
	size_t words = c->count;
	struct steady_uapi_reg_list *all = malloc(sizeof(*all) + words * sizeof(all->reg[0]));
	int r;

	if (!all)
		return -ENOMEM;
	all->n = words;
	r = ask(vcpu_fd(vm, c->vcpu), STEADY_GET_REG_LIST, all);
	if (r >= 0 && all->n <= words)
		memcpy(c->list, all->reg, all->n * sizeof(all->reg[0]));
	if (r >= 0 || r == -E2BIG)
		c->count = (uint32_t)all->n;
	free(all);
	return r;
}

static int counters(const struct vm *vm, const struct steady_call *c)
{
	uint32_t number = (uint32_t)c->id;
	struct steady_uapi_device_attr attr = {
		.group = STEADY_VCPU_PMU,
		.attr = STEADY_VCPU_PMU_COUNTERS,
		.addr = (uintptr_t)&number,
	};

	return ask(vcpu_fd(vm, c->vcpu), STEADY_SET_DEVICE_ATTR, &attr);
}

int bridge_call(void *ctx, struct steady_call *c)
{
	struct vm *vm = ctx;
	int saved = errno, r;

	switch (c->op) {
	case STEADY_OP_GET:
		r = one_register(vm, c, STEADY_GET_ONE_REG);
		break;
	case STEADY_OP_SET:
		r = one_register(vm, c, STEADY_SET_ONE_REG);
		break;
	case STEADY_OP_REG_LIST:
		r = reg_list(vm, c);
		break;
	case STEADY_OP_MASKS:
		r = masks(vm, c);
		break;
	case STEADY_OP_CHECK:
		r = ask(vm->fd, STEADY_CHECK_EXTENSION, (void *)(uintptr_t)c->id);
		c->value[0] = r > 0 ? (uint64_t)r : 0;
		break;
	case STEADY_OP_PMU_COUNTERS:
		r = counters(vm, c);
		break;
	default:
		r = -ENOSYS; /* the VMM makes its VM itself */
	}
	errno = saved;
	return r < 0 ? r : 0;
}
