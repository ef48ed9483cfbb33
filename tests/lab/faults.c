/* SPDX-License-Identifier: MIT */
/*
 * Runs in the emulated hosts: a probe, an apply or a verify, with a real guest, whose k-th ioctl(2)
 * fails.
 *
 * lab-faults probe|apply|verify MODEL.text VCPUS STRIDE: k = 1, 1 + STRIDE, ... to the number of
 * ioctls of a clean pass, each with EIO, which is no answer of any call, and with one of the errnos
 * that are answers of some. Prints what came of them; a line "wrong: ..." for each that was not
 * told as a failure of the host, was passed over (but a signal in KVM_RUN), left a file open, or,
 * of a probe, gave another profile and said nothing. Exit status 0: none; 1: some; 2: not even a
 * clean pass.
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

#include "format/format.h"
#include "pin/pin.h"

#define TEXT_MAX (1u << 20)

static unsigned long made, failing, failed;
static uint64_t failed_id;
static int error;
static struct steady_model *model;
static uint32_t vcpus;

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
	char *profile; /* of a probe */
};

typedef void steps(struct steady_kvm *kvm, struct pass *p, struct steady_report *report);

static void probe(struct steady_kvm *kvm, struct pass *p, struct steady_report *report)
{
	const struct steady_local local = {.name = "host", .kinds = 1};
	struct steady_text text = STEADY_TEXT_INIT;
	struct steady_profile *found = NULL;

	p->result = steady_probe(steady_kvm_call, kvm, &local, &found, report);
	if (p->result)
		return;
	if (steady_profile_print_json(found, &text))
		exit(2);
	p->profile = steady_text_take(&text);
	steady_profile_free(found);
}

static void apply(struct steady_kvm *kvm, struct pass *p, struct steady_report *report)
{
	struct steady_applied a = {0};

	p->result = steady_apply(model, steady_kvm_call, kvm, vcpus, &a, report);
	p->pinned = a.pinned;
	steady_applied_clear(&a);
}

static void verify(struct steady_kvm *kvm, struct pass *p, struct steady_report *report)
{
	struct steady_verified v = {0};

	p->result = steady_verify(model, kvm, vcpus, &v, report);
	p->pinned = v.applied.pinned;
	steady_applied_clear(&v.applied);
}

static struct pass make(steps *take)
{
	struct steady_report *report = NULL;
	struct steady_kvm *kvm = NULL;
	struct pass p = {0};
	const struct steady_finding *f;
	int number = 0;

	made = 0;
	steady_report_new(&report);
	p.result = steady_kvm_open("/dev/kvm", &kvm, &number);
	p.told = p.result && number;
	if (!p.result)
		take(kvm, &p, report);
	for (size_t i = 0; (f = steady_report_get(report, i)); i++)
		p.told = p.told || ((f->severity == STEADY_ERROR || p.profile) && f->reason);
	steady_kvm_free(kvm);
	steady_report_free(report);
	return p;
}

/*
 * A signal while the guest runs is no failure: KVM_RUN is made again. Nor is it one that a firmware
 * register is not there which the model has not or wants to be 0.
 */
static bool may_hold(void)
{
	const struct steady_firmware_value *want = steady_model_firmware(model, failed_id);

	if (failed == KVM_RUN)
		return error == EINTR;
	return failed == KVM_GET_ONE_REG && error == ENOENT && !(want && want->value) &&
	       (steady_firmware_by_id(failed_id) >= 0 || steady_firmware_id_is_bitmap(failed_id));
}

/* What is wrong with a pass whose call failed; NULL: nothing. */
static const char *wrong_with(const struct pass *p, const struct pass *clean)
{
	int status = steady_exit_status(p->result);

	if (status == 2)
		return "usage";
	if (status && !p->told)
		return "it is not told";
	if (made < failing) /* it came to its end before */
		return NULL;
	if (clean->profile)
		return error != EIO || status == 3 || p->told || strcmp(p->profile, clean->profile) == 0
			       ? NULL
			       : "another profile, and that is not told";
	if (!status && !may_hold())
		return "passed over";
	return error == EIO && status != 3 ? "no failure of the host" : NULL;
}

static struct {
	unsigned long faults, wrong, status[4];
} sums;

static void inject(steps *take, const struct pass *clean, unsigned long files)
{
	struct pass p = make(take);
	const char *wrong = wrong_with(&p, clean);

	if (open_files() != files)
		wrong = "a file is left open";
	sums.faults++;
	sums.status[steady_exit_status(p.result)]++;
	free(p.profile);
	if (!wrong)
		return;
	sums.wrong++;
	printf("wrong: ioctl %lu (%#lx) of %lu fails with %s: result %d, pinned %d, told %d: %s\n",
	       failing, failed, made, strerror(error), p.result, p.pinned, p.told, wrong);
}

int main(int argc, char **argv)
{
	static const int answers[] = {EINVAL, ENOENT, EBUSY, ENODEV, ENXIO, EPERM, EINTR, E2BIG};
	unsigned long stride, total, files;
	struct pass clean;
	steps *take;

	if (argc != 5)
		return 2;
	take = !strcmp(argv[1], "probe") ? probe : !strcmp(argv[1], "apply") ? apply : verify;
	model = load(argv[2]);
	vcpus = (uint32_t)atoi(argv[3]);
	stride = strtoul(argv[4], NULL, 10);
	if (!model || !stride)
		return 2;
	clean = make(take);
	total = made;
	files = open_files();
	printf("clean: %lu ioctls, result %d\n", total, clean.result);
	if (clean.result)
		return 2;
	for (failing = 1; failing <= total; failing += stride) {
		error = EIO;
		inject(take, &clean, files);
		error = answers[failing / stride % (sizeof(answers) / sizeof(*answers))];
		inject(take, &clean, files);
	}
	printf("%lu faults: %lu times status 0, %lu times 1, %lu times 3; %lu wrong\n", sums.faults,
	       sums.status[0], sums.status[1], sums.status[3], sums.wrong);
	steady_model_free(model);
	free(clean.profile);
	return sums.wrong != 0;
}
