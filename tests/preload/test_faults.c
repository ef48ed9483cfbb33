/* SPDX-License-Identifier: MIT */
/*
 * Every request that comes down fails in turn, by every errno that matters. Whatever the VMM is
 * told, one thing must not come of it: a vCPU that runs and does not show the model.
 */
#include "rig.h"

#include <sys/mman.h>

static const int errors[] = {EIO, EINVAL, ENOMEM, EFAULT, EINTR, ENOENT, EBUSY, EPERM};

/*
 * A VMM that goes on where it can: a scratch VM, then its own, which it boots, lists, restores
 * and resets. True if every vCPU came to run.
 */
static bool live(void)
{
	struct steady_uapi_reg_list none = {0};
	uint64_t value[8];

	if (kvm(rig.kvm, STEADY_CHECK_EXTENSION, (void *)(uintptr_t)C_SVE) < 0)
		return false;
	rig.vm = (int)kvm(rig.kvm, STEADY_CREATE_VM, NULL);
	if (rig.vm < 0)
		return false;
	for (uint32_t v = 0; v < 2; v++) {
		rig.vcpu[v] = (int)kvm(rig.vm, STEADY_CREATE_VCPU, (void *)(uintptr_t)v);
		if (rig.vcpu[v] < 0)
			return false;
		rig.run[v] = MAP_FAILED;
	}
	if (rig_boot(2, F_ALL))
		return false;
	kvm(rig.vcpu[0], STEADY_GET_REG_LIST, &none);
	rig_get(0, steady_register_id(STEADY_CORE_FIRST), value);
	rig_set(0, steady_register_id(STEADY_CORE_FIRST), value[0]);
	if (rig_init(0, F_ALL) || rig_run(0) >= 0 || errno != EINTR)
		return false;
	return rig_run(1) < 0 && errno == EINTR;
}

/* Whether a vCPU would now run straight through. */
static bool runs(uint32_t vcpu)
{
	unsigned long before = between.count;

	if (rig.vcpu[vcpu] < 0)
		return false;
	return rig_run(vcpu) < 0 && errno == EINTR && between.count == before + 1;
}

static void test_every_request(void **state)
{
	unsigned long total, injected = 0, survived = 0;

	(void)state;
	rig_start("max-7.3", "max-7.3,max-6.18", 0, NULL);
	assert_true(live());
	total = between.count;
	assert_true(total > 400);
	rig_stop();

	for (size_t e = 0; e < LENGTH(errors); e++) {
		rig_start("max-7.3", "max-7.3,max-6.18", 0, NULL);
		for (unsigned long k = 1; k <= total; k++) {
			bool ran;

			between.count = 0;
			between.fail_at = k;
			between.fail_with = errors[e];
			ran = live();
			between.fail_at = 0;
			for (uint32_t v = 0; v < 2; v++) {
				if (runs(v) && !rig_is_pinned(v))
					fail_msg("request %lu fails with errno %d: vCPU %u runs and is "
						 "not pinned", k, errors[e], v);
			}
			injected++;
			survived += ran;
			rig_close();
		}
		rig_stop();
	}
	print_message("%lu faults injected, the VMM went on after %lu\n", injected, survived);
	assert_true(survived < injected / 2); /* else they were not felt */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_request)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
