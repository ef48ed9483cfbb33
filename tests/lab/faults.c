/* SPDX-License-Identifier: MIT */
/*
 * Runs in the emulated hosts: a verify, with a real guest, whose k-th ioctl(2) fails.
 *
 * lab-faults MODEL.text VCPUS STRIDE: k = 1, 1 + STRIDE, ... to the number of ioctls of a clean pass,
 * each with EIO, which is no answer of any call, and with one of the errnos that are answers of some.
 * Prints what came of them; a line "wrong: ..." for each that was not told as a failure of the host,
 * was passed over (but a signal in KVM_RUN), or left a file open. Exit status 0: none; 1: some; 2: not even a clean pass.
 */
#include <dirent.h>
#include <errno.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include <steadyarm/steadyarm.h>

#include "pin/pin.h"

#define TEXT_MAX (1u << 20)

static unsigned long made, failing, failed;
static uint64_t failed_id;
static int error;

int __real_ioctl(int fd, unsigned long request, void *argument);
int __wrap_ioctl(int fd, unsigned long request, void *argument);

/* vCPUs run in threads: a count that is off by one among them makes another call fail, no more. */
int __wrap_ioctl(int fd, unsigned long request, void *argument)
{
	if (__atomic_add_fetch(&made, 1, __ATOMIC_SEQ_CST) == failing) {
		failed = request;
		failed_id = request == KVM_GET_ONE_REG ? ((struct kvm_one_reg *)argument)->id : 0;
		errno = error;
		return -1;
	}
	return __real_ioctl(fd, request, argument);
}

static unsigned long open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned long count = 0;

	while (d && readdir(d))
		count++;
	if (d)
		closedir(d);
	return count;
}

static struct steady_model *load(const char *path)
{
	static char text[TEXT_MAX];
	FILE *f = fopen(path, "r");
	size_t length = f ? fread(text, 1, sizeof(text), f) : 0;
	struct steady_model *m = NULL;

	if (f)
		fclose(f);
	if (steady_model_parse(text, length, &m, NULL))
		return NULL;
	return m;
}

struct pass {
	int result;
	bool pinned, told;
};

static struct pass verify(const struct steady_model *m, uint32_t vcpus)
{
	struct steady_verified v = {0};
	struct steady_report *report = NULL;
	struct steady_kvm *kvm = NULL;
	struct pass p = {0};
	const struct steady_finding *f;
	int number = 0;

	made = 0;
	steady_report_new(&report);
	p.result = steady_kvm_open("/dev/kvm", &kvm, &number);
	p.told = p.result && number;
	if (!p.result) {
		p.result = steady_verify(m, kvm, vcpus, &v, report);
		p.pinned = v.applied.pinned;
		steady_applied_clear(&v.applied);
	}
	for (size_t i = 0; (f = steady_report_get(report, i)); i++)
		p.told = p.told || (f->severity == STEADY_ERROR && f->reason);
	steady_kvm_free(kvm);
	steady_report_free(report);
	return p;
}

/*
 * A signal while the guest runs is no failure: KVM_RUN is made again. Nor is it one that a firmware
 * register is not there which the model has not or wants to be 0.
 */
static bool may_hold(const struct steady_model *m, unsigned long k)
{
	const struct steady_firmware_value *want = steady_model_firmware(m, failed_id);

	if (made < k)
		return true;
	if (failed == KVM_RUN)
		return error == EINTR;
	return failed == KVM_GET_ONE_REG && error == ENOENT && !(want && want->value) &&
	       (steady_firmware_by_id(failed_id) >= 0 || steady_firmware_id_is_bitmap(failed_id));
}

int main(int argc, char **argv)
{
	static const int answers[] = {EINVAL, ENOENT, EBUSY, ENODEV, ENXIO, EPERM, EINTR, E2BIG};
	struct steady_model *m = argc == 4 ? load(argv[1]) : NULL;
	uint32_t vcpus = argc == 4 ? (uint32_t)atoi(argv[2]) : 0;
	unsigned long stride = argc == 4 ? strtoul(argv[3], NULL, 10) : 0;
	unsigned long total, files, faults = 0, wrong = 0, statuses[4] = {0};
	struct pass p;

	if (!m || !stride)
		return 2;
	p = verify(m, vcpus);
	total = made;
	files = open_files();
	printf("clean: %lu ioctls, result %d\n", total, p.result);
	if (p.result)
		return 2;
	for (unsigned long k = 1; k <= total; k += stride) {
		for (int which = 0; which < 2; which++) {
			int status;

			failing = k;
			error = which ? answers[k / stride % (sizeof(answers) / sizeof(*answers))] : EIO;
			p = verify(m, vcpus);
			status = steady_exit_status(p.result);
			faults++;
			statuses[status]++;
			if (status == 2 || (!status && !may_hold(m, k)) || (!which && made >= k && status != 3) ||
			    (p.result && !p.told) || open_files() != files) {
				wrong++;
				printf("wrong: ioctl %lu (%#lx) of %lu fails with %s: result %d, pinned "
				       "%d, told %d, %lu files of %lu\n",
				       k, failed, made, strerror(error), p.result, p.pinned, p.told,
				       open_files(), files);
			}
		}
	}
	printf("%lu faults: %lu times status 0, %lu times 1, %lu times 3; %lu wrong\n", faults,
	       statuses[0], statuses[1], statuses[3], wrong);
	steady_model_free(m);
	return wrong != 0;
}
