/* SPDX-License-Identifier: MIT */
/* The simulated /dev/kvm from inside. All of it is called with the one lock held. */
#ifndef STEADY_SIMHOST_INSIDE_H
#define STEADY_SIMHOST_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "host/sim.h"
#include "host/uapi.h"

#define SIMHOST_PAGE     4096
#define SIMHOST_RUN_SIZE 8192 /* struct kvm_run and the page of coalesced MMIO, on 4 KiB pages */

/* ---- object.c ---- */

enum simhost_kind { SIMHOST_NONE, SIMHOST_DEVICE, SIMHOST_VM, SIMHOST_VCPU, SIMHOST_GIC };

struct simhost_slot { /* of a guest's memory */
	uint32_t id, flags;
	uint64_t guest, size, user;
};

struct simhost_gic {
	uint64_t base[4]; /* by attribute of KVM_DEV_ARM_VGIC_GRP_ADDR; UINT64_MAX: not given */
	bool counted;     /* its redistributors were given with their number */
	uint32_t irqs;    /* 0: not given */
};

struct simhost_vm {
	struct steady_sim *sim;
	unsigned int references;
	unsigned int owner; /* simhost_process of the one that made it: KVM serves no other */
	uint64_t end; /* of the guest's physical addresses */
	struct simhost_gic gic;
	struct simhost_slot *slots;
	size_t slot_count;
};

/*
 * What stands behind a descriptor. A descriptor is a memory file, so that struct kvm_run can be
 * mapped as it is with the kernel's; the file's own number tells which object it is, however many
 * descriptors there are of it, and whatever a number of a descriptor is used for later.
 */
struct simhost_object {
	struct simhost_object *next;
	uint64_t device, inode;
	enum simhost_kind kind;
	struct simhost_vm *vm; /* NULL: of /dev/kvm itself */
	uint32_t vcpu;
	uint32_t mp_state;
	uint8_t (*z)[256]; /* SVE's Z registers; NULL: all 0 */
	bool has_irq;      /* the PMU's interrupt is set */
	bool alive;
	uint64_t runs;
};

/* NULL where a descriptor is not one of ours. */
struct simhost_object *simhost_find(int fd);
/* A new one; takes a reference of the VM. -1 with errno. */
int simhost_make(enum simhost_kind kind, struct simhost_vm *vm, uint32_t vcpu, bool inherited);
/* Frees what no descriptor of this process leads to any more. */
void simhost_collect(void);

/* ---- say.c ---- */

/* One line on standard error and in the log. */
__attribute__((format(printf, 1, 2))) void simhost_say(const char *format, ...);
/* The same once for each pair of kind and number, and for a capability in the log alone. */
long simhost_unknown_request(enum simhost_kind kind, unsigned int request); /* -1, ENOTTY */
long simhost_unknown_attribute(enum simhost_kind kind, uint32_t group, uint64_t attr); /* ENOSYS */
long simhost_unknown_capability(uint64_t number); /* 0 */
/* The name of a request that is told of by it; NULL: it has none. */
const char *simhost_request_name(uint8_t number);
void simhost_log_to(const char *path);

/* ---- device.c ---- */

extern struct steady_profile *simhost_profile;
extern unsigned int simhost_process; /* one more in a child that was forked off */

long simhost_fail(int error); /* -1 with errno */
long simhost_call(struct simhost_vm *vm, struct steady_call *c);
long simhost_simple(struct simhost_vm *vm, enum steady_op op, uint32_t vcpu, uint64_t id);

/* ---- user.c: the program's memory; 0, or -1 with EFAULT ---- */

extern long simhost_pid; /* of this process */
long simhost_get(void *to, uint64_t user, size_t size);
long simhost_put(uint64_t user, const void *from, size_t size);

/* ---- capability.c ---- */

long simhost_check_extension(struct steady_sim *sim, uint64_t number);
/* Whether a capability promises nothing that is not simulated: the program hears of no other. */
bool simhost_keeps_capability(uint64_t number);

/* ---- vm.c, vcpu.c, gic.c, memory.c ---- */

long simhost_create_vm(uint64_t type);
void simhost_free_vm(struct simhost_vm *vm);
long simhost_vm_ioctl(struct simhost_vm *vm, unsigned int request, void *argument);
/* `argument`: a copy of the struct that `user` points to, where the request has one. */
long simhost_vcpu_ioctl(struct simhost_object *o, unsigned int request, void *argument, uint64_t user);
long simhost_create_device(struct simhost_vm *vm, struct steady_uapi_create_device *device);
long simhost_gic_ioctl(struct simhost_object *o, unsigned int request, void *argument);
/* Whether the GIC has all addresses that its VM cannot run without. */
bool simhost_gic_is_placed(const struct simhost_vm *vm);
long simhost_set_memory(struct simhost_vm *vm, const struct steady_uapi_memory_region *region);

#endif
