/* SPDX-License-Identifier: MIT */
/*
 * A VMM of plain system calls that knows nothing of Steadyarm, for `steadyarm run` on a real kernel: the
 * second vCPU is initialised when the first has run. (It is created before: KVM makes none any more once
 * the interrupt controller is initialised, kvm_arch_vcpu_precreate().) Prints "VCPU ID VALUE" of each
 * vCPU's core ID range.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "host/uapi.h"

#define VCPUS   2
#define GICV3   7
#define OPTIONS (1u << 2 | 1u << 3) /* PSCI 0.2, PMU */
#define OFF     1u                  /* KVM_ARM_VCPU_POWER_OFF */

static int must(int result, const char *what)
{
	if (result >= 0)
		return result;
	perror(what);
	exit(9);
}

static void attribute(int fd, uint32_t group, uint64_t which, uint64_t value)
{
	struct steady_uapi_device_attr attr = {
		.group = group, .attr = which, .addr = (uintptr_t)&value};

	must(ioctl(fd, (unsigned int)STEADY_SET_DEVICE_ATTR, &attr), "attribute");
}

static void init(int vm, int vcpu, uint32_t options)
{
	struct steady_uapi_vcpu_init init;

	must(ioctl(vm, (unsigned int)STEADY_PREFERRED_TARGET, &init), "target");
	init.features[0] = options;
	must(ioctl(vcpu, (unsigned int)STEADY_VCPU_INIT, &init), "init");
}

static void run(int vcpu, size_t size)
{
	uint8_t *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0);

	if (page == MAP_FAILED)
		must(-1, "mmap");
	attribute(vcpu, STEADY_VCPU_PMU, STEADY_VCPU_PMU_IRQ, 23);
	attribute(vcpu, STEADY_VCPU_PMU, STEADY_VCPU_PMU_INIT, 0);
	for (int i = 0; i < 2; i++) {
		page[STEADY_RUN_IMMEDIATE_EXIT] = 1;
		if (ioctl(vcpu, STEADY_KVM_RUN, 0) >= 0 || errno != EINTR)
			must(-1, "run");
	}
}

static void show(int number, int vcpu)
{
	for (unsigned int n = 0; n < 56; n++) { /* op0 3, op1 0, CRn 0, CRm 1 to 7 */
		uint64_t value = 0;
		struct steady_uapi_one_reg reg = {
			.id = UINT64_C(0x603000000013c000) | (8 + n),
			.addr = (uintptr_t)&value,
		};

		must(ioctl(vcpu, (unsigned int)STEADY_GET_ONE_REG, &reg), "get");
		printf("%d 0x%" PRIx64 " 0x%" PRIx64 "\n", number, reg.id, value);
	}
}

int main(void)
{
	struct steady_uapi_create_device gic = {.type = GICV3};
	int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm"), vm, vcpu[VCPUS];
	size_t size = (size_t)must(ioctl(kvm, STEADY_VCPU_MMAP_SIZE, 0), "size");

	vm = must(ioctl(kvm, STEADY_CREATE_VM, 0), "vm");
	for (long i = 0; i < VCPUS; i++)
		vcpu[i] = must(ioctl(vm, STEADY_CREATE_VCPU, i), "vcpu");
	init(vm, vcpu[0], OPTIONS);
	must(ioctl(vm, (unsigned int)STEADY_CREATE_DEVICE, &gic), "gic");
	attribute((int)gic.fd, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_DIST, 0x8000000);
	attribute((int)gic.fd, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_REDIST, 0x80a0000);
	attribute((int)gic.fd, STEADY_VGIC_GRP_CTRL, STEADY_VGIC_CTRL_INIT, 0);
	run(vcpu[0], size);
	init(vm, vcpu[1], OPTIONS | OFF);
	run(vcpu[1], size);
	for (int i = 0; i < VCPUS; i++)
		show(i, vcpu[i]);
	return 0;
}
