/* SPDX-License-Identifier: MIT */
/*
 * What the preload library adds to each KVM_RUN after the first: a program that runs a vCPU of the
 * simulated host many times, by itself and pinned. Nothing runs there, so what is left of a KVM_RUN is
 * the way to it.
 *
 * bench_kvm_run STEADYARM [--check]; bench_kvm_run --loop is what it starts.
 */
#define _DEFAULT_SOURCE /* popen, mkdtemp */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "bench.h"
#include "host/uapi.h"

#define HOST    "neoverse-n1-7.3"
#define BATCH   2e6 /* ns */
#define MOST    300 /* ns more than unpinned; a guest's way out to the VMM and back takes over 1000 */
#define TARGET  5
#define GICV3   7
#define OPTIONS (1u << 2 | 1u << 3) /* PSCI 0.2, PMU */

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

static int boot(void)
{
	struct steady_uapi_vcpu_init init = {.target = TARGET, .features = {OPTIONS}};
	struct steady_uapi_create_device gic = {.type = GICV3};
	int kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	int vm = must(ioctl(kvm, STEADY_CREATE_VM, 0), "vm");
	int vcpu = must(ioctl(vm, STEADY_CREATE_VCPU, 0), "vcpu");

	must(ioctl(vcpu, (unsigned int)STEADY_VCPU_INIT, &init), "init");
	must(ioctl(vm, (unsigned int)STEADY_CREATE_DEVICE, &gic), "gic");
	attribute((int)gic.fd, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_DIST, 0x8000000);
	attribute((int)gic.fd, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_REDIST, 0x80a0000);
	attribute((int)gic.fd, STEADY_VGIC_GRP_CTRL, STEADY_VGIC_CTRL_INIT, 0);
	attribute(vcpu, STEADY_VCPU_PMU, STEADY_VCPU_PMU_IRQ, 23);
	attribute(vcpu, STEADY_VCPU_PMU, STEADY_VCPU_PMU_INIT, 0);
	return vcpu;
}

static void run(void *ctx)
{
	if (ioctl(*(int *)ctx, STEADY_KVM_RUN, 0) >= 0 || errno != EINTR)
		must(-1, "run");
}

static int loop(void)
{
	int vcpu = boot();

	run(&vcpu); /* the first one reads everything back */
	printf("%.1f\n", bench_measure(run, &vcpu, BATCH).least);
	return 0;
}

/* ns of a KVM_RUN; `model`: what follows --host, or "". */
static double start(const char *self, const char *steadyarm, const char *model)
{
	char command[4096], line[64] = "";
	double ns = 0;
	FILE *from;

	snprintf(command, sizeof(command), "'%s' run --host '%s' %s -- '%s' --loop", steadyarm,
		 bench_path(HOST), model, self);
	from = popen(command, "r");
	if (!from || !fgets(line, sizeof(line), from) || sscanf(line, "%lf", &ns) != 1 || pclose(from)) {
		fprintf(stderr, "%s: no figure\n", command);
		exit(9);
	}
	return ns;
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/steadyarm-bench.XXXXXX", command[4096], model[256];
	double plain, pinned;
	int tries = 0;

	if (argc == 2 && strcmp(argv[1], "--loop") == 0)
		return loop();
	if (argc < 2 || !mkdtemp(folder))
		return 2;
	bench_start(argc - 1, argv + 1);
	snprintf(command, sizeof(command), "'%s' baseline --name bench -o %s/model '%s' 2>/dev/null",
		 argv[1], folder, bench_path(HOST));
	if (system(command))
		return 9;
	snprintf(model, sizeof(model), "--model %s/model", folder);
	do {
		plain = start(argv[0], argv[1], "");
		pinned = start(argv[0], argv[1], model);
	} while (bench_again("KVM_RUN", pinned - plain, -MOST, MOST, &tries));
	printf("kvm_run %-27s %8.1f ns %-8s %8.1f ns pinned %8.1f ns more\n", HOST, plain, "unpinned",
	       pinned, pinned - plain);
	snprintf(command, sizeof(command), "%s/model", folder);
	unlink(command);
	rmdir(folder);
	return bench_end();
}
