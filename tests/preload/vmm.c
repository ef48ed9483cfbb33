/* SPDX-License-Identifier: MIT */
/*
 * A VMM of plain system calls for the black-box tests of `steadyarm run`: it knows nothing of
 * Steadyarm but the numbers of KVM's interface.
 *
 * vmm [-s] [-S] [-e] [-w] [-c] [-C] [-p] [-t TYPE] [-v VCPUS] [-f FEATURES] [-x STATUS] [ID=VALUE]...
 *   boots, runs every vCPU twice, prints "ID VALUE" for the core ID range of the last vCPU, writes
 *   what it is told to and says what became of it
 *   -s through syscall(2); -S requests sign-extended, as QEMU up to 8 does; -e with the VM that a
 *   library's constructor has made ($VMM_EARLY); -w waits for the end of standard input; -c shuts
 *   itself in, once its vCPUs are made, so that any system call but a few ends it; -C once /dev/kvm is
 *   open, so that nothing can be opened; -p with a thread for each vCPU; -t the VM's type; -x its status; with $VMM_ECHO it prints its arguments
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "early.h"
#include "host/uapi.h"

#define VCPUS   512
#define TARGET  5
#define GICV3   7
#define IPA_SIZE 165
#define DIST    0x8000000
#define REDIST  0x80a0000
#define PMU_IRQ 23

static bool by_syscall, extended, closes_in, parallel;

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

/*
 * What a VMM needs that has all it needs; the last five are the simulated host's, whose VMs are not
 * the kernel's. No opening, renaming or removing, no asking who or where one is.
 */
static void close_in(void)
{
	static const int allowed[] = {
		SYS_ioctl, SYS_read, SYS_write, SYS_mmap, SYS_munmap, SYS_mremap, SYS_madvise,
		SYS_brk, SYS_futex, SYS_close, SYS_exit, SYS_exit_group, SYS_rt_sigreturn,
		SYS_fstat, SYS_newfstatat, SYS_lseek, SYS_memfd_create, SYS_ftruncate,
	};
	enum { COUNT = sizeof(allowed) / sizeof(allowed[0]) };
	struct sock_filter filter[COUNT + 3];
	struct sock_fprog program = {COUNT + 3, filter};

	filter[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						 offsetof(struct seccomp_data, nr));
	for (int i = 0; i < COUNT; i++)
		filter[i + 1] = (struct sock_filter)BPF_JUMP(
			BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)allowed[i], (uint8_t)(COUNT - i), 0);
	filter[COUNT + 1] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	filter[COUNT + 2] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
	must(by_syscall ? (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)
			: prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program),
	     "filter");
}

/* From here on nothing can be opened; the simulated host has to look at its descriptors, and cannot. */
static void open_nothing(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	must(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no new privileges");
	must(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program), "filter");
}

/* ---- one vCPU ---- */

struct vcpu {
	int vm, fd;
	unsigned int index;
	uint32_t features;
};

static void *make_vcpu(void *ctx)
{
	struct vcpu *v = ctx;

	v->fd = must(request(v->vm, STEADY_CREATE_VCPU, (void *)(uintptr_t)v->index), "vcpu");
	return NULL;
}

static void *init_vcpu(void *ctx)
{
	const struct vcpu *v = ctx;
	struct steady_uapi_vcpu_init init = {.target = TARGET, .features = {v->features}};

	must(request(v->fd, (unsigned int)STEADY_VCPU_INIT, &init), "init");
	return NULL;
}

static void *run_vcpu(void *ctx)
{
	const struct vcpu *v = ctx;

	for (int i = 0; i < 2; i++) {
		if (request(v->fd, STEADY_KVM_RUN, NULL) >= 0 || errno != EINTR)
			must(-1, "run");
	}
	return NULL;
}

static void each(struct vcpu *all, unsigned int count, void *(*step)(void *))
{
	pthread_t threads[VCPUS];

	for (unsigned int v = 0; v < count; v++) {
		if (!parallel)
			step(&all[v]);
		else if (pthread_create(&threads[v], NULL, step, &all[v]))
			must(-1, "thread");
	}
	for (unsigned int v = 0; v < count && parallel; v++)
		pthread_join(threads[v], NULL);
}

static int boot(int vm, unsigned int count, uint32_t features)
{
	static struct vcpu all[VCPUS];
	struct steady_uapi_create_device gic = {.type = GICV3};
	uint64_t region = (uint64_t)count << 52 | REDIST; /* arm-vgic-v3.rst */

	for (unsigned int v = 0; v < count; v++)
		all[v] = (struct vcpu){vm, -1, v, features};
	each(all, count, make_vcpu);
	if (closes_in)
		close_in();
	each(all, count, init_vcpu);
	must(request(vm, (unsigned int)STEADY_CREATE_DEVICE, &gic), "gic");
	must(attribute((int)gic.fd, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_DIST, DIST), "gic");
	must(attribute((int)gic.fd, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_REGION, region), "gic");
	must(attribute((int)gic.fd, STEADY_VGIC_GRP_CTRL, STEADY_VGIC_CTRL_INIT, 0), "gic init");
	for (unsigned int v = 0; v < count; v++) {
		attribute(all[v].fd, STEADY_VCPU_PMU, STEADY_VCPU_PMU_IRQ, PMU_IRQ);
		attribute(all[v].fd, STEADY_VCPU_PMU, STEADY_VCPU_PMU_INIT, 0);
	}
	each(all, count, run_vcpu);
	return all[count - 1].fd;
}

int main(int argc, char **argv)
{
	unsigned int count = 1, status = 0;
	uintptr_t type = 0;
	uint32_t features = 1u << 2 | 1u << 3; /* PSCI 0.2, PMU */
	bool wait = false, early = false, opens_nothing = false;
	int at_start = errno;
	int kvm, vm, vcpu, option;
	char byte;

	for (int i = 0; i < argc && getenv("VMM_ECHO"); i++)
		printf("argument %s\n", argv[i]);
	if (getenv("VMM_ECHO"))
		argc = 1; /* they are another VMM's */
	while ((option = getopt(argc, argv, "sSewcCpt:v:f:x:")) != -1) {
		by_syscall = by_syscall || option == 's';
		extended = extended || option == 'S';
		early = early || option == 'e';
		wait = wait || option == 'w';
		closes_in = closes_in || option == 'c';
		type = option == 't' ? strtoul(optarg, NULL, 0) : type;
		parallel = parallel || option == 'p';
		opens_nothing = opens_nothing || option == 'C';
		count = option == 'v' ? (unsigned int)atoi(optarg) : count;
		features = option == 'f' ? (uint32_t)strtoul(optarg, NULL, 0) : features;
		status = option == 'x' ? (unsigned int)atoi(optarg) : status;
	}
	printf("pid %ld\nerrno %d\n", (long)getpid(), at_start);
	kvm = early ? early_kvm : open("/dev/kvm", O_RDWR | O_CLOEXEC);
	must(kvm, "/dev/kvm");
	if (opens_nothing)
		open_nothing();
	vm = must(early ? early_vm : request(kvm, STEADY_CREATE_VM, (void *)type), "vm");
	printf("ipa %d\n", request(vm, STEADY_CHECK_EXTENSION, (void *)IPA_SIZE));
	vcpu = boot(vm, count, features);
	show(vcpu);
	count_list(vcpu);
	for (int i = optind; i < argc; i++)
		set(vcpu, argv[i]);
	fflush(stdout);
	while (wait && read(STDIN_FILENO, &byte, 1) > 0)
		;
	return (int)status;
}
