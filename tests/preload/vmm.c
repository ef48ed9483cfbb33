/* SPDX-License-Identifier: MIT */
/*
 * A VMM of plain system calls for the black-box tests of `steadyarm run`: it knows nothing of
 * Steadyarm but the numbers of KVM's interface.
 *
 * vmm [-s] [-S] [-e] [-w] [-v VCPUS] [-f FEATURES] [-x STATUS] [ID=VALUE]...
 *   boots, runs every vCPU twice, prints "ID VALUE" for the core ID range of the last vCPU, writes
 *   what it is told to and says what became of it
 *   -s through syscall(2); -S requests sign-extended, as QEMU up to 8 does; -e with the VM that a
 *   library's constructor has made ($VMM_EARLY); -w waits for the end of standard input; -x its
 * status; with $VMM_ECHO it only prints its arguments
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "early.h"
#include "host/uapi.h"

#define VCPUS   16
#define TARGET  5
#define GICV3   7
#define DIST    0x8000000
#define REDIST  0x80a0000
#define PMU_IRQ 23

static bool by_syscall, extended;

static int request(int fd, unsigned int number, void *argument)
{
	unsigned long wide = extended ? (unsigned long)(int)number : number;

	if (by_syscall)
		return (int)syscall(SYS_ioctl, fd, wide, argument);
	return ioctl(fd, wide, argument);
}

static int must(int result, const char *what)
{
	if (result >= 0)
		return result;
	printf("%s: %s\n", what, strerror(errno));
	fflush(stdout);
	exit(9);
}

static int attribute(int fd, uint32_t group, uint64_t which, uint64_t value)
{
	struct steady_uapi_device_attr attr = {
		.group = group, .attr = which, .addr = (uintptr_t)&value};

	return request(fd, STEADY_SET_DEVICE_ATTR, &attr);
}

static void show(int vcpu)
{
	for (unsigned int n = 0; n < 56; n++) { /* op0 3, op1 0, CRn 0, CRm 1 to 7 */
		uint64_t value = 0;
		struct steady_uapi_one_reg reg = {
			.id = UINT64_C(0x603000000013c000) | (8 + n),
			.addr = (uintptr_t)&value,
		};

		must(request(vcpu, (unsigned int)STEADY_GET_ONE_REG, &reg), "get");
		printf("0x%" PRIx64 " 0x%016" PRIx64 "\n", reg.id, value);
	}
}

static void count_list(int vcpu)
{
	struct steady_uapi_reg_list none = {0}, *all;

	if (request(vcpu, (unsigned int)STEADY_GET_REG_LIST, &none) != -1 || errno != E2BIG)
		must(-1, "list");
	all = calloc(1, sizeof(*all) + none.n * sizeof(all->reg[0]));
	all->n = none.n;
	must(request(vcpu, (unsigned int)STEADY_GET_REG_LIST, all), "list");
	printf("list %" PRIu64 "\n", all->n);
	free(all);
}

static void set(int vcpu, const char *what)
{
	uint64_t value = strtoull(strchr(what, '=') + 1, NULL, 0);
	struct steady_uapi_one_reg reg = {.id = strtoull(what, NULL, 0), .addr = (uintptr_t)&value};
	int r = request(vcpu, (unsigned int)STEADY_SET_ONE_REG, &reg);

	printf("set %s\n", r < 0 ? strerror(errno) : "done");
}

static int boot(int vm, int vcpus[VCPUS], unsigned int count, uint32_t features)
{
	struct steady_uapi_vcpu_init init = {.target = TARGET, .features = {features}};
	struct steady_uapi_create_device gic = {.type = GICV3};

	for (unsigned int v = 0; v < count; v++)
		vcpus[v] = must(request(vm, STEADY_CREATE_VCPU, (void *)(uintptr_t)v), "vcpu");
	for (unsigned int v = 0; v < count; v++)
		must(request(vcpus[v], (unsigned int)STEADY_VCPU_INIT, &init), "init");
	must(request(vm, (unsigned int)STEADY_CREATE_DEVICE, &gic), "gic");
	must(attribute((int)gic.fd, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_DIST, DIST), "gic");
	must(attribute((int)gic.fd, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_REDIST, REDIST), "gic");
	must(attribute((int)gic.fd, STEADY_VGIC_GRP_CTRL, STEADY_VGIC_CTRL_INIT, 0), "gic init");
	for (unsigned int v = 0; v < count; v++) {
		attribute(vcpus[v], STEADY_VCPU_PMU, STEADY_VCPU_PMU_IRQ, PMU_IRQ);
		attribute(vcpus[v], STEADY_VCPU_PMU, STEADY_VCPU_PMU_INIT, 0);
	}
	for (unsigned int v = 0; v < 2 * count; v++) {
		if (request(vcpus[v % count], STEADY_KVM_RUN, NULL) >= 0 || errno != EINTR)
			must(-1, "run");
	}
	return vcpus[count - 1];
}

int main(int argc, char **argv)
{
	unsigned int count = 1, status = 0;
	uint32_t features = 1u << 2 | 1u << 3; /* PSCI 0.2, PMU */
	bool wait = false, early = false;
	int kvm, vm, vcpu, option, vcpus[VCPUS];
	char byte;

	for (int i = 0; i < argc && getenv("VMM_ECHO"); i++)
		printf("argument %s\n", argv[i]);
	if (getenv("VMM_ECHO"))
		argc = 1; /* they are another VMM's */
	while ((option = getopt(argc, argv, "sSewv:f:x:")) != -1) {
		by_syscall = by_syscall || option == 's';
		extended = extended || option == 'S';
		early = early || option == 'e';
		wait = wait || option == 'w';
		count = option == 'v' ? (unsigned int)atoi(optarg) : count;
		features = option == 'f' ? (uint32_t)strtoul(optarg, NULL, 0) : features;
		status = option == 'x' ? (unsigned int)atoi(optarg) : status;
	}
	printf("pid %ld\n", (long)getpid());
	kvm = early ? early_kvm : open("/dev/kvm", O_RDWR | O_CLOEXEC);
	must(kvm, "/dev/kvm");
	vm = must(early ? early_vm : request(kvm, STEADY_CREATE_VM, NULL), "vm");
	vcpu = boot(vm, vcpus, count, features);
	show(vcpu);
	count_list(vcpu);
	for (int i = optind; i < argc; i++)
		set(vcpu, argv[i]);
	fflush(stdout);
	while (wait && read(STDIN_FILENO, &byte, 1) > 0)
		;
	return (int)status;
}
