/* SPDX-License-Identifier: MIT */
/*
 * What stands in host/uapi.h and arch/kvm_ids.h, against the kernel's header as far as the
 * installed one has it. Of arm64's own part the numbers are those of its uapi asm/kvm.h.
 */
#include "test.h"

#include <linux/kvm.h>

#include "arch/arch.h"
#include "arch/kvm_ids.h"
#include "host/uapi.h"

static const struct {
	const char *name;
	unsigned long ours, kernel;
} requests[] = {
	{"KVM_GET_API_VERSION", STEADY_GET_API_VERSION, KVM_GET_API_VERSION},
	{"KVM_CREATE_VM", STEADY_CREATE_VM, KVM_CREATE_VM},
	{"KVM_CHECK_EXTENSION", STEADY_CHECK_EXTENSION, KVM_CHECK_EXTENSION},
	{"KVM_GET_VCPU_MMAP_SIZE", STEADY_VCPU_MMAP_SIZE, KVM_GET_VCPU_MMAP_SIZE},
	{"KVM_CREATE_VCPU", STEADY_CREATE_VCPU, KVM_CREATE_VCPU},
	{"KVM_RUN", STEADY_KVM_RUN, KVM_RUN},
	{"KVM_GET_ONE_REG", STEADY_GET_ONE_REG, KVM_GET_ONE_REG},
	{"KVM_SET_ONE_REG", STEADY_SET_ONE_REG, KVM_SET_ONE_REG},
	{"KVM_GET_REG_LIST", STEADY_GET_REG_LIST, KVM_GET_REG_LIST},
	{"KVM_CREATE_DEVICE", STEADY_CREATE_DEVICE, KVM_CREATE_DEVICE},
	{"KVM_SET_DEVICE_ATTR", STEADY_SET_DEVICE_ATTR, KVM_SET_DEVICE_ATTR},
	{"KVM_GET_DEVICE_ATTR", STEADY_GET_DEVICE_ATTR, KVM_GET_DEVICE_ATTR},
	{"KVM_HAS_DEVICE_ATTR", STEADY_HAS_DEVICE_ATTR, KVM_HAS_DEVICE_ATTR},
	{"KVM_GET_MP_STATE", STEADY_GET_MP_STATE, KVM_GET_MP_STATE},
	{"KVM_SET_MP_STATE", STEADY_SET_MP_STATE, KVM_SET_MP_STATE},
	{"KVM_SET_USER_MEMORY_REGION", STEADY_SET_USER_MEMORY_REGION, KVM_SET_USER_MEMORY_REGION},
#ifdef KVM_SET_USER_MEMORY_REGION2
	{"KVM_SET_USER_MEMORY_REGION2", STEADY_SET_USER_MEMORY_REGION2,
	 KVM_SET_USER_MEMORY_REGION2},
#endif
	{"KVM_ENABLE_CAP", STEADY_ENABLE_CAP, KVM_ENABLE_CAP},
#ifdef KVM_ARM_VCPU_FINALIZE
	{"KVM_ARM_VCPU_FINALIZE", STEADY_VCPU_FINALIZE, KVM_ARM_VCPU_FINALIZE},
#endif
#ifdef KVM_ARM_GET_REG_WRITABLE_MASKS
	{"KVM_ARM_GET_REG_WRITABLE_MASKS", STEADY_WRITABLE_MASKS, KVM_ARM_GET_REG_WRITABLE_MASKS},
#endif
#ifdef __aarch64__
	{"KVM_ARM_VCPU_INIT", STEADY_VCPU_INIT, KVM_ARM_VCPU_INIT},
	{"KVM_ARM_PREFERRED_TARGET", STEADY_PREFERRED_TARGET, KVM_ARM_PREFERRED_TARGET},
#endif
	/* struct kvm_vcpu_init is arm64's alone: 32 bytes (_IOW and _IOR with KVMIO, 0xae and 0xaf)
	 */
	{"KVM_ARM_VCPU_INIT", STEADY_VCPU_INIT, 0x4020aeae},
	{"KVM_ARM_PREFERRED_TARGET", STEADY_PREFERRED_TARGET, 0x8020aeaf},
	{"KVM_API_VERSION", STEADY_API_VERSION, KVM_API_VERSION},
	{"KVM_DEV_TYPE_ARM_VGIC_V2", STEADY_DEVICE_GICV2, KVM_DEV_TYPE_ARM_VGIC_V2},
	{"KVM_DEV_TYPE_ARM_VGIC_V3", STEADY_DEVICE_GICV3, KVM_DEV_TYPE_ARM_VGIC_V3},
	{"KVM_CAP_ARM_VM_IPA_SIZE", STEADY_CAP_IPA_SIZE, KVM_CAP_ARM_VM_IPA_SIZE},
#ifdef KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES
	{"KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES", STEADY_CAP_REG_MASKS,
	 KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES},
#endif
#ifdef KVM_CAP_ARM_WRITABLE_IMP_ID_REGS
	{"KVM_CAP_ARM_WRITABLE_IMP_ID_REGS", STEADY_CAP_IMP_IDS, KVM_CAP_ARM_WRITABLE_IMP_ID_REGS},
#endif
};

static void test_numbers(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(requests); i++) {
		if (requests[i].ours != requests[i].kernel)
			fail_msg("%s: 0x%lx, the kernel has 0x%lx", requests[i].name,
				 requests[i].ours, requests[i].kernel);
	}
}

#define SAME(ours, kernel, member, theirs)                                                         \
	assert_int_equal(offsetof(struct steady_uapi_##ours, member),                              \
			 offsetof(struct kernel, theirs))

static void test_structures(void **state)
{
	(void)state;
	assert_int_equal(sizeof(struct steady_uapi_one_reg), sizeof(struct kvm_one_reg));
	SAME(one_reg, kvm_one_reg, addr, addr);
	assert_int_equal(sizeof(struct steady_uapi_enable_cap), sizeof(struct kvm_enable_cap));
	SAME(enable_cap, kvm_enable_cap, flags, flags);
	SAME(enable_cap, kvm_enable_cap, args, args);
	assert_int_equal(sizeof(struct steady_uapi_create_device),
			 sizeof(struct kvm_create_device));
	SAME(create_device, kvm_create_device, fd, fd);
	SAME(create_device, kvm_create_device, flags, flags);
	assert_int_equal(sizeof(struct steady_uapi_device_attr), sizeof(struct kvm_device_attr));
	SAME(device_attr, kvm_device_attr, group, group);
	SAME(device_attr, kvm_device_attr, attr, attr);
	SAME(device_attr, kvm_device_attr, addr, addr);
	assert_int_equal(sizeof(struct steady_uapi_reg_list), sizeof(struct kvm_reg_list));
	SAME(reg_list, kvm_reg_list, reg, reg);
	assert_int_equal(STEADY_RUN_IMMEDIATE_EXIT, offsetof(struct kvm_run, immediate_exit));
#ifdef KVM_ARM_GET_REG_WRITABLE_MASKS
	assert_int_equal(sizeof(struct steady_uapi_mask_range), sizeof(struct reg_mask_range));
	SAME(mask_range, reg_mask_range, range, range);
	SAME(mask_range, reg_mask_range, reserved, reserved);
#endif
	assert_int_equal(sizeof(struct steady_uapi_vcpu_init), 32); /* asm/kvm.h */
	assert_int_equal(sizeof(struct steady_uapi_mask_range), 64);
}

/* KVM_REG_* of the generic header: what every id here is made of. */
static void test_ids(void **state)
{
	(void)state;
	assert_true(STEADY_ID_SVE_VLS == (KVM_REG_ARM64 | KVM_REG_SIZE_U512 | 0x0015ffff));
	assert_true(STEADY_ID_PMCR_EL0 == (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | 0x00130000 | 3 << 14 |
					   3 << 11 | 9 << 7 | 12 << 3 | 0));
	/* ID_AA64PFR0_EL1 is 3, 0, 0, 4, 0 */
	assert_true(steady_register_id(32) ==
		    (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | 0x00130000 | 3 << 14 | 4 << 3));
	for (unsigned int i = 0; i < steady_firmware_count; i++)
		assert_true((steady_firmware[i].id & ~UINT64_C(0x2ffff)) ==
			    (KVM_REG_ARM64 | KVM_REG_SIZE_U64 | 0x00140000));
}

/* Numbers of capabilities, where the installed header has them. */
static void test_capabilities(void **state)
{
	static const struct {
		const char *name;
		unsigned int number;
	} rows[] = {
		{"NR_VCPUS", KVM_CAP_NR_VCPUS},
		{"MAX_VCPUS", KVM_CAP_MAX_VCPUS},
		{"ONE_REG", KVM_CAP_ONE_REG},
		{"ARM_EL1_32BIT", KVM_CAP_ARM_EL1_32BIT},
		{"ARM_PSCI_0_2", KVM_CAP_ARM_PSCI_0_2},
		{"ARM_PMU_V3", KVM_CAP_ARM_PMU_V3},
		{"ARM_VM_IPA_SIZE", KVM_CAP_ARM_VM_IPA_SIZE},
		{"ARM_SVE", KVM_CAP_ARM_SVE},
		{"ARM_PTRAUTH_ADDRESS", KVM_CAP_ARM_PTRAUTH_ADDRESS},
		{"ARM_PTRAUTH_GENERIC", KVM_CAP_ARM_PTRAUTH_GENERIC},
		{"ARM_MTE", KVM_CAP_ARM_MTE},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		bool found = false;

		for (unsigned int k = 0; k < steady_capability_count; k++) {
			if (strcmp(steady_capabilities[k].name, rows[i].name) != 0)
				continue;
			assert_int_equal(steady_capabilities[k].number, rows[i].number);
			found = true;
		}
		assert_true(found);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_structures),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_capabilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
