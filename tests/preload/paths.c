/* SPDX-License-Identifier: MIT */
/*
 * Opens /dev/kvm in every way that comes to mind and says which of them reached the simulated host:
 * its KVM_CHECK_EXTENSION knows KVM_CAP_ARM_VM_IPA_SIZE of the profile. And asks with wrong addresses.
 * paths LINK RELATIVE: a link to /dev/kvm, and one by way of "../" into /dev
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "host/uapi.h"

#define IPA_SIZE 165

static void tell(const char *how, long fd)
{
	int error = errno;

	printf("%s: %s\n", how, fd < 0 ? strerror(error)
			: ioctl((int)fd, STEADY_CHECK_EXTENSION, (void *)IPA_SIZE) == 48
			? "simulated" : "not simulated");
	if (fd >= 0)
		close((int)fd);
}

static void tell_stream(const char *how, FILE *f)
{
	tell(how, f ? dup(fileno(f)) : -1);
	if (f)
		fclose(f);
}

static void tell_errno(const char *what, int r)
{
	printf("%s: %s\n", what, r < 0 ? strerror(errno) : "0");
}

static void wrong_addresses(void)
{
	int kvm = open("/dev/kvm", O_RDWR), vm = ioctl(kvm, STEADY_CREATE_VM, 0), vcpu;
	struct steady_uapi_vcpu_init init = {.target = 5, .features = {4}};
	char *page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const char *const fixed = "constant, and not to be written";
	struct steady_uapi_one_reg reg = {.id = UINT64_C(0x603000000013c008)};
	struct steady_uapi_device_attr attr = {.attr = STEADY_VGIC_V3_DIST};
	struct steady_uapi_create_device gic = {.type = 7};
	struct steady_uapi_mask_range masks = {0};
	uint64_t few[2] = {1, 0}; /* struct steady_uapi_reg_list with room for one */

	vcpu = ioctl(vm, STEADY_CREATE_VCPU, 0);
	tell_errno("init NULL", ioctl(vcpu, STEADY_VCPU_INIT, NULL));
	tell_errno("list NULL", ioctl(vcpu, STEADY_GET_REG_LIST, NULL));
	tell_errno("set NULL", ioctl(vcpu, STEADY_SET_ONE_REG, NULL));
	tell_errno("cap NULL", ioctl(vm, STEADY_ENABLE_CAP, NULL));
	tell_errno("finalize NULL", ioctl(vcpu, STEADY_VCPU_FINALIZE, NULL));
	tell_errno("target NULL", ioctl(vm, STEADY_PREFERRED_TARGET, NULL));
	tell_errno("init", ioctl(vcpu, STEADY_VCPU_INIT, &init));
	tell_errno("get to NULL", ioctl(vcpu, STEADY_GET_ONE_REG, &reg));
	tell_errno("set from NULL", ioctl(vcpu, STEADY_SET_ONE_REG, &reg));
	reg.addr = (uintptr_t)page;
	tell_errno("get to no memory", ioctl(vcpu, STEADY_GET_ONE_REG, &reg));
	reg.addr = (uintptr_t)fixed;
	tell_errno("get to a constant", ioctl(vcpu, STEADY_GET_ONE_REG, &reg));
	tell_errno("masks to NULL", ioctl(vm, STEADY_WRITABLE_MASKS, &masks));
	tell_errno("masks from no memory", ioctl(vm, STEADY_WRITABLE_MASKS, page));
	tell_errno("list of one", ioctl(vcpu, STEADY_GET_REG_LIST, few));
	printf("that are %s\n", few[0] > 100 ? "many" : "few");
	tell_errno("gic", ioctl(vm, STEADY_CREATE_DEVICE, &gic));
	tell_errno("place NULL", ioctl((int)gic.fd, STEADY_SET_DEVICE_ATTR, &attr));
}

int main(int argc, char **argv)
{
	struct open_how how = {.flags = O_RDWR};
	struct statx stx = {0};
	struct stat st;
	int kvm, dev, r;

	if (argc < 3)
		return 2;
	errno = 77;
	close(open("/dev/null", O_RDWR | O_CLOEXEC));
	printf("errno %d\n", errno);
	tell("open", open("/dev/kvm", O_RDWR));
	tell("dots", open("/dev/./kvm", O_RDWR));
	tell("more dots", open("/dev/../dev//kvm", O_RDWR));
	tell("link", open(argv[1], O_RDWR));
	tell("relative link", open(argv[2], O_RDWR));
	tell("openat", openat(AT_FDCWD, "/dev/kvm", O_RDWR));
	tell("syscall openat", syscall(SYS_openat, AT_FDCWD, "/dev/./kvm", O_RDWR));
#ifdef SYS_open
	tell("syscall open", syscall(SYS_open, "/dev/kvm", O_RDWR));
#endif
	tell("syscall openat2", syscall(SYS_openat2, AT_FDCWD, "/dev/kvm", &how, sizeof(how)));
	tell_stream("fopen", fopen("/dev/kvm", "r+e"));
	tell_stream("fopen64", fopen64("/dev/./kvm", "r"));
	dev = open("/dev", O_RDONLY | O_DIRECTORY);
	tell("from a folder", openat(dev, "kvm", O_RDWR));
	kvm = open("/dev/kvm", O_RDWR);
	r = fstat(kvm, &st);
	printf("fstat: %d %d\n", r, S_ISCHR(st.st_mode) && st.st_rdev == makedev(10, 232));
	r = statx(kvm, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx);
	printf("statx: %d %d\n", r, S_ISCHR(stx.stx_mode) && stx.stx_rdev_minor == 232);
	r = fstat(0, &st);
	printf("fstat of another: %d %d\n", r, st.st_rdev == makedev(10, 232));
	close(kvm);
	r = fstatat(dev, "kvm", &st, 0);
	printf("stat from a folder: %d %d\n", r, S_ISCHR(st.st_mode));
	tell("nofollow", open(argv[1], O_RDWR | O_NOFOLLOW));
	r = lstat(argv[1], &st);
	printf("lstat of the link: %d %d\n", r, S_ISLNK(st.st_mode));
	if (chdir("/dev"))
		return 1;
	tell("here", open("kvm", O_RDWR));
	printf("access: %d\n", access("./kvm", R_OK | W_OK));
	tell("other name", open("/dev/kvm2", O_RDWR));
	tell("other folder", open("/kvm", O_RDWR));
	wrong_addresses();
	return 0;
}
