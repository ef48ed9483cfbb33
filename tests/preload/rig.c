/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* O_CLOEXEC and others beside POSIX */
#include "rig.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/kvm_ids.h"
#include "format/format.h"
#include "preload/bridge.h"

#define RUN_SIZE 4096
#define TARGET   5 /* KVM_ARM_TARGET_GENERIC_V8 */
#define DIST     0x8000000
#define REDIST   0x80a0000
#define PMU_IRQ  23

struct rig rig;
struct between between;

/* ---- what the library's objects ask of the rest of it ---- */

const struct setup *setup_get(void)
{
	return &rig.setup;
}

size_t here_passed(struct steady_passed here[HERE_MAX])
{
	static const char *const names[] = {"CNTFRQ_EL0", "DCZID_EL0", "PAGE_SIZE"};
	size_t count = 0;

	for (size_t i = 0; i < LENGTH(names); i++) {
		if (steadyarm_simulated(names[i], &here[count].value))
			here[count++].name = names[i];
	}
	return count;
}

static bool fails(unsigned long number)
{
	if (number != between.fail_at)
		return false;
	errno = between.fail_with;
	return true;
}

long real_ioctl(int fd, unsigned int request, void *argument)
{
	const struct steady_uapi_one_reg *reg = argument;
	long r;

	if (fails(++between.count))
		return -1;
	if (request == STEADY_KVM_RUN && between.before_run)
		between.before_run(&rig);
	r = simhost_ioctl(fd, request, argument);
	if (request == STEADY_KVM_RUN)
		between.has_run = true;
	if (r == 0 && request == (unsigned int)STEADY_GET_ONE_REG && between.has_run &&
	    between.lie_bits && reg->id == between.lie_id)
		*(uint64_t *)(uintptr_t)reg->addr ^= between.lie_bits;
	return r;
}

/* ---- start and end ---- */

static const char *path(const char *name)
{
	static char text[128];

	snprintf(text, sizeof(text), "%s/%s", rig.folder, name);
	return text;
}

static void load_host(const char *host)
{
	const char *data = getenv("STEADY_DATA");
	char file[512];

	snprintf(file, sizeof(file), "%s/profiles/%s.json", data ? data : "data", host);
	assert_true(simhost_load(file));
	memset(&between, 0, sizeof(between));
	rig.kvm = simhost_open(O_RDWR);
	assert_true(rig.kvm >= 0);
	snprintf(rig.folder, sizeof(rig.folder), "/tmp/steadyarm-rig.XXXXXX");
	assert_non_null(mkdtemp(rig.folder));
	assert_int_equal(setenv("STEADYARM_RUN_DIR", rig.folder, 1), 0);
	say_init(path("log"));
	rig.setup = (struct setup){.model = rig.model, .tolerated = ""};
	assert_int_equal(steady_pin_new(rig.model, bridge_call, NULL, &rig.setup.pin), 0);
	rig.vm = -1;
	rig.gic = -1;
	for (int i = 0; i < VCPUS_MAX; i++)
		rig.vcpu[i] = -1;
	audit_open(&rig.setup);
}

void rig_start(const char *host, const char *model, uint32_t off, const char *const *tolerate)
{
	struct steady_baseline_request request = {
		.name = "rig-v1", .options_off = off, .tolerate = tolerate};
	struct steady_input inputs[4] = {0};
	char names[256], *name, *rest = names;
	size_t count = 0;

	memset(&rig, 0, sizeof(rig));
	snprintf(names, sizeof(names), "%s", model);
	while (tolerate && tolerate[request.tolerate_count])
		request.tolerate_count++;
	for (; (name = strtok_r(rest, ",", &rest)); count++)
		inputs[count] = (struct steady_input){.name = name, .profile = fault_host(name)};
	assert_int_equal(steady_baseline(inputs, count, &request, &rig.model, NULL), 0);
	for (size_t i = 0; i < count; i++)
		steady_profile_free((struct steady_profile *)(uintptr_t)inputs[i].profile);
	load_host(host);
}

void rig_start_exactly(const char *host, const char *model)
{
	struct steady_profile *p = fault_host(model);

	memset(&rig, 0, sizeof(rig));
	assert_int_equal(steady_model_exactly(p, &p->configurations[0], &rig.model, NULL), 0);
	steady_profile_free(p);
	load_host(host);
}

void rig_stop(void)
{
	char name[32];

	rig_close();
	close(rig.kvm);
	steady_pin_free(rig.setup.pin);
	steady_model_free(rig.model); /* what the table still knows does not look at it again */
	snprintf(name, sizeof(name), "%ld.json", (long)getpid());
	unlink(path("log"));
	unlink(path(name));
	assert_int_equal(rmdir(rig.folder), 0);
}

static char text[1 << 20];

static const char *slurp(const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	if (n < 0)
		return NULL;
	text[n] = '\0';
	return text;
}

const char *rig_said(void)
{
	const char *said = slurp(path("log"));

	return said ? said : "";
}

const char *rig_record(void)
{
	char name[32];

	snprintf(name, sizeof(name), "%ld.json", (long)getpid());
	return slurp(path(name));
}

/* ---- a VMM ---- */

long kvm(int fd, unsigned long request, void *argument)
{
	return watch_ioctl(fd, (unsigned int)request, argument);
}

void rig_vm(uint32_t vcpus)
{
	rig.vm = (int)kvm(rig.kvm, STEADY_CREATE_VM, NULL);
	assert_true(rig.vm >= 0);
	for (uint32_t i = 0; i < vcpus; i++)
		rig_vcpu(i);
}

void rig_vcpu(uint32_t vcpu)
{
	rig.vcpu[vcpu] = (int)kvm(rig.vm, STEADY_CREATE_VCPU, (void *)(uintptr_t)vcpu);
	assert_true(rig.vcpu[vcpu] >= 0);
	rig.run[vcpu] = mmap(NULL, RUN_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, rig.vcpu[vcpu], 0);
	assert_ptr_not_equal(rig.run[vcpu], MAP_FAILED);
}

long rig_init(uint32_t vcpu, uint32_t features)
{
	struct steady_uapi_vcpu_init init = {.target = TARGET, .features = {features}};
	const struct steady_uapi_vcpu_init before = init;
	long r = kvm(rig.vcpu[vcpu], STEADY_VCPU_INIT, &init);

	assert_memory_equal(&init, &before, sizeof(init)); /* the caller's own stays as it is */
	return r;
}

static void drop(int *fd)
{
	if (*fd < 0)
		return;
	close(*fd);
	*fd = -1;
}

static long attribute(int fd, uint32_t group, uint64_t which, uint64_t value)
{
	struct steady_uapi_device_attr attr = {
		.group = group, .attr = which, .addr = (uintptr_t)&value};

	return kvm(fd, STEADY_SET_DEVICE_ATTR, &attr);
}

long rig_gic(void)
{
	struct steady_uapi_create_device device = {.type = STEADY_DEVICE_GICV3};
	long r = kvm(rig.vm, STEADY_CREATE_DEVICE, &device);

	if (r < 0)
		return r;
	if (rig.gic >= 0)
		drop(&rig.gic);
	rig.gic = (int)device.fd;
	r = attribute(rig.gic, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_DIST, DIST);
	r = r ? r : attribute(rig.gic, STEADY_VGIC_GRP_ADDR, STEADY_VGIC_V3_REDIST, REDIST);
	return r ? r : attribute(rig.gic, STEADY_VGIC_GRP_CTRL, STEADY_VGIC_CTRL_INIT, 0);
}

long rig_pmu(uint32_t vcpu)
{
	long r = attribute(rig.vcpu[vcpu], STEADY_VCPU_PMU, STEADY_VCPU_PMU_IRQ, PMU_IRQ);

	return r ? r : attribute(rig.vcpu[vcpu], STEADY_VCPU_PMU, STEADY_VCPU_PMU_INIT, 0);
}

long rig_finalize(uint32_t vcpu)
{
	int feature = STEADY_FINALIZE_SVE;

	return kvm(rig.vcpu[vcpu], STEADY_VCPU_FINALIZE, &feature);
}

long rig_run(uint32_t vcpu)
{
	return kvm(rig.vcpu[vcpu], STEADY_KVM_RUN, NULL);
}

int rig_boot(uint32_t vcpus, uint32_t features)
{
	bool pmu = features & F_PMU_V3 && rig.model->options >> STEADY_OPTION_PMU & 1;
	bool sve = features & F_SVE && rig.model->options >> STEADY_OPTION_SVE & 1;

	for (uint32_t v = 0; v < vcpus; v++) {
		if (rig_init(v, features))
			return errno;
	}
	for (uint32_t v = 0; v < vcpus && sve; v++) {
		if (rig_finalize(v))
			return errno;
	}
	if (rig_gic())
		return errno;
	for (uint32_t v = 0; v < vcpus && pmu; v++) {
		if (rig_pmu(v))
			return errno;
	}
	for (uint32_t v = 0; v < vcpus; v++) {
		if (rig_run(v) >= 0 || errno != EINTR)
			return errno ? errno : -1;
	}
	return 0;
}

void rig_close(void)
{
	for (int i = 0; i < VCPUS_MAX; i++) {
		if (rig.vcpu[i] >= 0 && rig.run[i] != MAP_FAILED)
			munmap(rig.run[i], RUN_SIZE);
		drop(&rig.vcpu[i]);
	}
	drop(&rig.gic);
	drop(&rig.vm);
}

/* ---- registers ---- */

long rig_get(uint32_t vcpu, uint64_t id, uint64_t value[8])
{
	struct steady_uapi_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	return kvm(rig.vcpu[vcpu], STEADY_GET_ONE_REG, &reg);
}

long rig_set(uint32_t vcpu, uint64_t id, uint64_t value)
{
	struct steady_uapi_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

	return kvm(rig.vcpu[vcpu], STEADY_SET_ONE_REG, &reg);
}

uint64_t rig_raw(uint32_t vcpu, uint64_t id)
{
	uint64_t value[8] = {0};
	struct steady_uapi_one_reg reg = {.id = id, .addr = (uintptr_t)value};

	assert_int_equal(simhost_ioctl(rig.vcpu[vcpu], (unsigned int)STEADY_GET_ONE_REG, &reg), 0);
	return value[0];
}

bool rig_is_pinned(uint32_t vcpu)
{
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		uint64_t id = steady_register_id(reg);

		if (rig_raw(vcpu, id) != rig.model->value[reg])
			return false;
	}
	return true;
}

uint64_t *rig_list(uint32_t vcpu, size_t *n)
{
	struct steady_uapi_reg_list none = {0}, *all;
	uint64_t *ids;

	assert_int_equal(kvm(rig.vcpu[vcpu], STEADY_GET_REG_LIST, &none), -1);
	assert_int_equal(errno, E2BIG);
	all = calloc(1, sizeof(*all) + none.n * sizeof(all->reg[0]));
	ids = calloc(none.n + 1, sizeof(*ids));
	assert_non_null(all);
	assert_non_null(ids);
	all->n = none.n;
	assert_int_equal(kvm(rig.vcpu[vcpu], STEADY_GET_REG_LIST, all), 0);
	*n = all->n;
	memcpy(ids, all->reg, all->n * sizeof(*ids));
	free(all);
	return ids;
}
