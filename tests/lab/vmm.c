/* SPDX-License-Identifier: MIT */
/*
 * The smallest VMM that pins its guest's CPU: its own ioctls, and of Steadyarm the public header
 * only. It reads all registers itself, so that the lab tests need not believe the library.
 *
 * vmm pin MODEL.text VCPUS   vcpu N STAGE ID VALUE for each core register of each vCPU, STAGE being
 *                            fresh, written or run; set VCPU ID VALUE ERRNO for each write that the
 *                            library asked for; pinned RESULT. Exit status: that of the result.
 * vmm set ID VALUE           writes a register of a plain VM: set 0 ID VALUE ERRNO, and its value
 *                            before and after as stages fresh and written.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <steadyarm/steadyarm.h>

#define VCPUS_MAX 16
#define GIC_DIST 0x08000000ULL
#define GIC_REDIST 0x080a0000ULL
#define PMU_PPI 23

/* <linux/kvm.h> of Linux 6.7; Debian 12 builds with that of 6.1 */
struct mask_range {
	uint64_t addr;
	uint32_t range;
	uint32_t reserved[13];
};
#define GET_REG_WRITABLE_MASKS _IOR(KVMIO, 0xb6, struct mask_range)

struct vmm {
	int kvm, vm, vcpu[VCPUS_MAX];
	uint32_t vcpus;
	size_t run_size;
};

static void fail(const char *what)
{
	perror(what);
	exit(99);
}

static int must(int result, const char *what)
{
	if (result < 0)
		fail(what);
	return result;
}

/* ---- the call function: how the library reaches the VM ---- */

static int one_reg(struct vmm *m, struct steady_call *c, unsigned long request)
{
	struct kvm_one_reg reg = {.id = c->id, .addr = (uintptr_t)c->value};
	int r;

	if (request == KVM_GET_ONE_REG)
		memset(c->value, 0, sizeof(c->value));
	r = ioctl(m->vcpu[c->vcpu], request, &reg) < 0 ? -errno : 0;
	if (request == KVM_SET_ONE_REG)
		printf("set %" PRIu32 " 0x%" PRIx64 " 0x%" PRIx64 " %d\n", c->vcpu, c->id,
		       c->value[0], -r);
	return r;
}

static int reg_list(struct vmm *m, struct steady_call *c)
{
	struct kvm_reg_list *list = calloc(1, sizeof(*list) + c->count * sizeof(list->reg[0]));
	int r;

	if (!list)
		return -ENOMEM;
	list->n = c->count;
	r = ioctl(m->vcpu[c->vcpu], KVM_GET_REG_LIST, list) < 0 ? -errno : 0;
	if (!r)
		memcpy(c->list, list->reg, list->n * sizeof(list->reg[0]));
	c->count = (uint32_t)list->n;
	free(list);
	return r;
}

static int call(void *ctx, struct steady_call *c)
{
	struct vmm *m = ctx;
	struct kvm_enable_cap cap = {.cap = (uint32_t)c->id};
	struct mask_range range = {.addr = (uintptr_t)c->list, .range = (uint32_t)c->id};
	int r;

	switch (c->op) {
	case STEADY_OP_GET:
		return one_reg(m, c, KVM_GET_ONE_REG);
	case STEADY_OP_SET:
		return one_reg(m, c, KVM_SET_ONE_REG);
	case STEADY_OP_REG_LIST:
		return reg_list(m, c);
	case STEADY_OP_MASKS:
		return ioctl(m->vm, GET_REG_WRITABLE_MASKS, &range) < 0 ? -errno : 0;
	case STEADY_OP_ENABLE_CAP:
		return ioctl(m->vm, KVM_ENABLE_CAP, &cap) < 0 ? -errno : 0;
	case STEADY_OP_CHECK:
		r = ioctl(m->vm, KVM_CHECK_EXTENSION, c->id);
		if (r < 0)
			return -errno;
		c->value[0] = (uint64_t)r;
		return 0;
	default: /* the VMM's own business */
		return -ENOSYS;
	}
}

/* ---- the VM ---- */

static void open_vm(struct vmm *m)
{
	int bits;

	m->kvm = must(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
	m->run_size = (size_t)must(ioctl(m->kvm, KVM_GET_VCPU_MMAP_SIZE, 0), "vcpu mmap size");
	bits = ioctl(m->kvm, KVM_CHECK_EXTENSION, KVM_CAP_ARM_VM_IPA_SIZE);
	m->vm = must(ioctl(m->kvm, KVM_CREATE_VM, bits > 0 && bits < 40 ? bits : 0), "create vm");
}

static void add_vcpus(struct vmm *m, uint32_t count, uint32_t features)
{
	struct kvm_vcpu_init init;

	for (; m->vcpus < count; m->vcpus++)
		m->vcpu[m->vcpus] = must(ioctl(m->vm, KVM_CREATE_VCPU, m->vcpus), "create vcpu");
	must(ioctl(m->vm, KVM_ARM_PREFERRED_TARGET, &init), "preferred target");
	memset(init.features, 0, sizeof(init.features));
	init.features[0] = features;
	for (uint32_t v = 0; v < count; v++)
		must(ioctl(m->vcpu[v], KVM_ARM_VCPU_INIT, &init), "vcpu init");
}

static void set_attr(int fd, uint32_t group, uint64_t which, void *value)
{
	struct kvm_device_attr attr = {.group = group, .attr = which, .addr = (uintptr_t)value};

	must(ioctl(fd, KVM_SET_DEVICE_ATTR, &attr), "device attribute");
}

static void add_gic(struct vmm *m)
{
	struct kvm_create_device device = {.type = KVM_DEV_TYPE_ARM_VGIC_V3};
	uint64_t dist = GIC_DIST, redist = GIC_REDIST;

	must(ioctl(m->vm, KVM_CREATE_DEVICE, &device), "create gic");
	set_attr((int)device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_DIST, &dist);
	set_attr((int)device.fd, KVM_DEV_ARM_VGIC_GRP_ADDR, KVM_VGIC_V3_ADDR_TYPE_REDIST, &redist);
	set_attr((int)device.fd, KVM_DEV_ARM_VGIC_GRP_CTRL, KVM_DEV_ARM_VGIC_CTRL_INIT, NULL);
}

static void add_pmu(struct vmm *m)
{
	int irq = PMU_PPI;

	for (uint32_t v = 0; v < m->vcpus; v++) {
		set_attr(m->vcpu[v], KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_IRQ, &irq);
		set_attr(m->vcpu[v], KVM_ARM_VCPU_PMU_V3_CTRL, KVM_ARM_VCPU_PMU_V3_INIT, NULL);
	}
}

static void finalize_sve(struct vmm *m)
{
	int feature = KVM_ARM_VCPU_SVE;

	for (uint32_t v = 0; v < m->vcpus; v++)
		must(ioctl(m->vcpu[v], KVM_ARM_VCPU_FINALIZE, &feature), "finalize");
}

static void run(struct vmm *m)
{
	for (uint32_t v = 0; v < m->vcpus; v++) {
		struct kvm_run *area = mmap(NULL, m->run_size, PROT_READ | PROT_WRITE, MAP_SHARED,
					    m->vcpu[v], 0);

		if (area == MAP_FAILED)
			fail("mmap");
		area->immediate_exit = 1;
		if (ioctl(m->vcpu[v], KVM_RUN, 0) >= 0 || errno != EINTR)
			fail("run");
	}
}

static uint64_t get(struct vmm *m, uint32_t vcpu, uint64_t id)
{
	uint64_t value;
	struct kvm_one_reg reg = {.id = id, .addr = (uintptr_t)&value};

	must(ioctl(m->vcpu[vcpu], KVM_GET_ONE_REG, &reg), "get one reg");
	return value;
}

/* The core ID range: op0 3, op1 0, CRn 0, CRm 1 to 7. */
static void show(struct vmm *m, const char *stage)
{
	for (uint32_t v = 0; v < m->vcpus; v++) {
		for (unsigned int n = 0; n < 56; n++) {
			uint64_t id = ARM64_SYS_REG(3, 0, 0, 1 + n / 8, n % 8);

			printf("vcpu %" PRIu32 " %s 0x%" PRIx64 " 0x%016" PRIx64 "\n", v, stage, id,
			       get(m, v, id));
		}
	}
}

/* ---- what is asked ---- */

static struct steady_model *read_model(const char *path, struct steady_report *report)
{
	static char text[1 << 20];
	struct steady_model *model;
	FILE *file = fopen(path, "re");
	size_t length;

	if (!file)
		fail(path);
	length = fread(text, 1, sizeof(text), file);
	fclose(file);
	if (steady_model_parse(text, length, &model, report)) {
		fprintf(stderr, "%s: %s\n", path, steady_report_get(report, 0)->reason);
		exit(98);
	}
	return model;
}

/* The pin's life as the header tells it; the first result that is not 0. */
static int live(struct vmm *m, const struct steady_model *model, struct steady_pin *pin,
		uint32_t vcpus, struct steady_report *report)
{
	uint32_t features = steady_model_features(model, NULL) | 1u << KVM_ARM_VCPU_PSCI_0_2;
	int r = steady_pin_vm(pin, report);

	r = r ? r : steady_pin_features(pin, &features, report);
	if (r)
		return r;
	add_vcpus(m, vcpus, features);
	add_gic(m);
	if (features & 1u << KVM_ARM_VCPU_PMU_V3)
		add_pmu(m);
	show(m, "fresh");
	for (uint32_t v = 0; v < vcpus && !r; v++)
		r = steady_pin_vcpu(pin, v, report);
	if (r)
		return r;
	if (features & 1u << KVM_ARM_VCPU_SVE)
		finalize_sve(m);
	show(m, "written");
	r = steady_pin_check(pin, report);
	run(m);
	show(m, "run");
	return r ? r : steady_pin_check(pin, report);
}

static int pin_model(struct vmm *m, const char *path, uint32_t vcpus)
{
	struct steady_report *report;
	const struct steady_finding *f;
	struct steady_model *model;
	struct steady_pin *pin;
	int r;

	if (!vcpus || vcpus > VCPUS_MAX || steady_report_new(&report))
		return 97;
	model = read_model(path, report);
	open_vm(m);
	r = steady_pin_new(model, call, m, &pin);
	if (!r)
		r = live(m, model, pin, vcpus, report);
	printf("pinned %d\n", r);
	for (size_t i = 0; (f = steady_report_get(report, i)); i++)
		fprintf(stderr, "%s.%s: %s\n", f->reg ? f->reg : "", f->field ? f->field : "",
			f->reason ? f->reason : "");
	steady_pin_free(pin);
	steady_model_free(model);
	steady_report_free(report);
	return steady_exit_status(r);
}

static int set_one(struct vmm *m, uint64_t id, uint64_t value)
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_SET, .id = id, .value = {value}};

	open_vm(m);
	add_vcpus(m, 1, 0);
	printf("vcpu 0 fresh 0x%" PRIx64 " 0x%016" PRIx64 "\n", id, get(m, 0, id));
	one_reg(m, &c, KVM_SET_ONE_REG);
	printf("vcpu 0 written 0x%" PRIx64 " 0x%016" PRIx64 "\n", id, get(m, 0, id));
	return 0;
}

int main(int argc, char **argv)
{
	struct vmm m = {.kvm = -1};

	if (argc == 4 && strcmp(argv[1], "pin") == 0)
		return pin_model(&m, argv[2], (uint32_t)strtoul(argv[3], NULL, 0));
	if (argc == 4 && strcmp(argv[1], "set") == 0)
		return set_one(&m, strtoull(argv[2], NULL, 0), strtoull(argv[3], NULL, 0));
	fprintf(stderr, "usage: vmm pin MODEL.text VCPUS | vmm set ID VALUE\n");
	return 2;
}
