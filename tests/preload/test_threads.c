/* SPDX-License-Identifier: MIT */
/*
 * Many threads at once: VMs of their own, and vCPUs of one VM that are reset, read and run while
 * others are. For ThreadSanitizer (tests/check threads); without it a crash or a wrong value tells.
 */
#define _GNU_SOURCE /* pthread_timedjoin_np */
#include "rig.h"

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "arch/kvm_ids.h"

#define THREADS 6
#define ROUNDS  12
#define TARGET  5 /* KVM_ARM_TARGET_GENERIC_V8 */

static int set_up(int vcpu)
{
	struct steady_uapi_vcpu_init init = {.target = TARGET, .features = {F_PSCI_0_2 | F_PMU_V3}};

	return (int)kvm(vcpu, STEADY_VCPU_INIT, &init);
}

static int initialise(int vm, const int *vcpus, size_t count)
{
	struct steady_uapi_create_device device = {.type = STEADY_DEVICE_GICV3};
	struct steady_uapi_device_attr init = {.group = STEADY_VGIC_GRP_CTRL,
					       .attr = STEADY_VGIC_CTRL_INIT};
	struct steady_uapi_device_attr pmu = {.group = STEADY_VCPU_PMU,
					      .attr = STEADY_VCPU_PMU_INIT};
	uint64_t base[2] = {0x8000000, 0x80a0000};
	int irq = 23, r = 0;

	for (size_t i = 0; i < count; i++)
		r |= set_up(vcpus[i]);
	r |= (int)kvm(vm, STEADY_CREATE_DEVICE, &device);
	for (int i = 0; i < 2; i++) {
		struct steady_uapi_device_attr place = {
			.group = STEADY_VGIC_GRP_ADDR,
			.attr = i ? STEADY_VGIC_V3_REDIST : STEADY_VGIC_V3_DIST,
			.addr = (uintptr_t)&base[i],
		};

		r |= (int)kvm((int)device.fd, STEADY_SET_DEVICE_ATTR, &place);
	}
	r |= (int)kvm((int)device.fd, STEADY_SET_DEVICE_ATTR, &init);
	for (size_t i = 0; i < count; i++) {
		struct steady_uapi_device_attr wire = {.group = STEADY_VCPU_PMU,
						       .attr = STEADY_VCPU_PMU_IRQ,
						       .addr = (uintptr_t)&irq};

		r |= (int)kvm(vcpus[i], STEADY_SET_DEVICE_ATTR, &wire);
		r |= (int)kvm(vcpus[i], STEADY_SET_DEVICE_ATTR, &pmu);
	}
	close((int)device.fd);
	return r;
}

static bool shows_the_model(int vcpu)
{
	for (int reg = STEADY_CORE_FIRST; reg < STEADY_CORE_FIRST + STEADY_CORE_COUNT; reg++) {
		uint64_t value = 0;
		struct steady_uapi_one_reg one = {.id = steady_register_id(reg),
						  .addr = (uintptr_t)&value};

		if (kvm(vcpu, STEADY_GET_ONE_REG, &one) || value != rig.model->value[reg])
			return false;
	}
	return true;
}

static bool enter(int vcpu)
{
	return kvm(vcpu, STEADY_KVM_RUN, NULL) < 0 && errno == EINTR;
}

/* VMs of its own, one after the other. */
static void *own(void *result)
{
	for (int i = 0; i < ROUNDS; i++) {
		int vm = (int)kvm(rig.kvm, STEADY_CREATE_VM, NULL);
		int vcpu = (int)kvm(vm, STEADY_CREATE_VCPU, NULL);

		if (vm < 0 || vcpu < 0 || initialise(vm, &vcpu, 1) || !enter(vcpu) ||
		    !enter(vcpu) || !shows_the_model(vcpu))
			*(bool *)result = false;
		close(vcpu);
		close(vm);
	}
	return NULL;
}

/* A vCPU of the VM that all share: runs, is read, is reset. */
struct shared {
	int vcpu;
	bool well;
};

static void *share(void *ctx)
{
	struct shared *s = ctx;

	for (int i = 0; i < ROUNDS; i++) {
		if (!enter(s->vcpu) || !shows_the_model(s->vcpu) || set_up(s->vcpu) ||
		    !enter(s->vcpu))
			s->well = false;
	}
	return NULL;
}

static void test_vms_of_their_own(void **state)
{
	pthread_t threads[THREADS];
	bool well[THREADS];

	(void)state;
	rig_start("neoverse-n1-7.3", "neoverse-n1-7.3,cortex-a76-7.3", 0, NULL);
	for (int i = 0; i < THREADS; i++) {
		well[i] = true;
		assert_int_equal(pthread_create(&threads[i], NULL, own, &well[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(well[i]);
	}
	rig_stop();
}

static void test_one_vm(void **state)
{
	struct shared shared[THREADS];
	pthread_t threads[THREADS];
	int vm, vcpus[THREADS];

	(void)state;
	rig_start("neoverse-n1-7.3", "neoverse-n1-7.3,cortex-a76-7.3", 0, NULL);
	vm = (int)kvm(rig.kvm, STEADY_CREATE_VM, NULL);
	for (int i = 0; i < THREADS; i++) {
		vcpus[i] = (int)kvm(vm, STEADY_CREATE_VCPU, (void *)(uintptr_t)i);
		assert_true(vcpus[i] >= 0);
	}
	assert_int_equal(initialise(vm, vcpus, THREADS), 0);
	for (int i = 0; i < THREADS; i++) {
		shared[i] = (struct shared){vcpus[i], true};
		assert_int_equal(pthread_create(&threads[i], NULL, share, &shared[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(shared[i].well);
		close(vcpus[i]);
	}
	close(vm);
	rig_stop();
}

/* ---- a run that waits for another thread ---- */

static void *ask(void *result)
{
	struct steady_uapi_reg_list none = {0};

	*(bool *)result = kvm(rig.vcpu[0], STEADY_GET_REG_LIST, &none) < 0 && errno == E2BIG;
	return NULL;
}

/* A guest's vCPU may be in KVM_RUN until another one does something: a lock held there is a hang. */
static void ask_meanwhile(struct rig *r)
{
	struct timespec until;
	pthread_t thread;
	bool well = false;

	(void)r;
	assert_int_equal(pthread_create(&thread, NULL, ask, &well), 0);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	assert_int_equal(pthread_timedjoin_np(thread, NULL, &until), 0);
	assert_true(well);
}

static void test_run_holds_no_lock(void **state)
{
	(void)state;
	for (int pinned = 0; pinned < 2; pinned++) {
		rig_start("neoverse-n1-7.3", "neoverse-n1-7.3,cortex-a76-7.3", 0, NULL);
		if (!pinned)
			rig.setup.model = NULL; /* the library alone, by LD_PRELOAD */
		rig_vm(1);
		assert_int_equal(initialise(rig.vm, rig.vcpu, 1), 0);
		between.before_run = ask_meanwhile;
		assert_true(enter(rig.vcpu[0]) || !pinned);
		rig_run(0);
		rig_stop();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_run_holds_no_lock), /* first: no descriptor is known yet */
		cmocka_unit_test(test_vms_of_their_own),
		cmocka_unit_test(test_one_vm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
