/* SPDX-License-Identifier: MIT */
/*
 * The part of KVM's userspace ABI that host/kvm.c uses, for arm64, on any build machine: the
 * kernel's own headers show only the build machine's architecture, and older ones lack the newer
 * calls. Source: Linux Documentation/virt/kvm/api.rst and devices/; numbers are ABI and never
 * change. tests/unit/test_uapi.c holds them against the installed <linux/kvm.h>.
 */
#ifndef STEADY_UAPI_H
#define STEADY_UAPI_H

#include <stdint.h>
#include <sys/ioctl.h>

struct steady_uapi_vcpu_init {
	uint32_t target;
	uint32_t features[7];
};

struct steady_uapi_one_reg {
	uint64_t id;
	uint64_t addr;
};

struct steady_uapi_enable_cap {
	uint32_t cap;
	uint32_t flags;
	uint64_t args[4];
	uint8_t pad[64];
};

struct steady_uapi_create_device {
	uint32_t type;
	uint32_t fd;
	uint32_t flags;
};

struct steady_uapi_device_attr {
	uint32_t flags;
	uint32_t group;
	uint64_t attr;
	uint64_t addr;
};

struct steady_uapi_mask_range {
	uint64_t addr;
	uint32_t range;
	uint32_t reserved[13];
};

struct steady_uapi_reg_list {
	uint64_t n;
	uint64_t reg[];
};

#define KVMIO_                  0xAE
#define STEADY_GET_API_VERSION  _IO(KVMIO_, 0x00)
#define STEADY_CREATE_VM        _IO(KVMIO_, 0x01)
#define STEADY_CHECK_EXTENSION  _IO(KVMIO_, 0x03)
#define STEADY_VCPU_MMAP_SIZE   _IO(KVMIO_, 0x04)
#define STEADY_CREATE_VCPU      _IO(KVMIO_, 0x41)
#define STEADY_KVM_RUN          _IO(KVMIO_, 0x80)
#define STEADY_ENABLE_CAP       _IOW(KVMIO_, 0xa3, struct steady_uapi_enable_cap)
#define STEADY_GET_ONE_REG      _IOW(KVMIO_, 0xab, struct steady_uapi_one_reg)
#define STEADY_SET_ONE_REG      _IOW(KVMIO_, 0xac, struct steady_uapi_one_reg)
#define STEADY_VCPU_INIT        _IOW(KVMIO_, 0xae, struct steady_uapi_vcpu_init)
#define STEADY_PREFERRED_TARGET _IOR(KVMIO_, 0xaf, struct steady_uapi_vcpu_init)
#define STEADY_GET_REG_LIST     _IOWR(KVMIO_, 0xb0, struct steady_uapi_reg_list)
#define STEADY_WRITABLE_MASKS   _IOR(KVMIO_, 0xb6, struct steady_uapi_mask_range)
#define STEADY_VCPU_FINALIZE    _IOW(KVMIO_, 0xc2, int)
#define STEADY_CREATE_DEVICE    _IOWR(KVMIO_, 0xe0, struct steady_uapi_create_device)
#define STEADY_SET_DEVICE_ATTR  _IOW(KVMIO_, 0xe1, struct steady_uapi_device_attr)
#define STEADY_GET_DEVICE_ATTR  _IOW(KVMIO_, 0xe2, struct steady_uapi_device_attr)
#define STEADY_HAS_DEVICE_ATTR  _IOW(KVMIO_, 0xe3, struct steady_uapi_device_attr)
#define STEADY_GET_MP_STATE     _IOR(KVMIO_, 0x98, uint32_t) /* struct kvm_mp_state */
#define STEADY_SET_MP_STATE     _IOW(KVMIO_, 0x99, uint32_t)

struct steady_uapi_memory_region {
	uint32_t slot;
	uint32_t flags;
	uint64_t guest_phys_addr;
	uint64_t memory_size;
	uint64_t userspace_addr;
};
#define STEADY_SET_USER_MEMORY_REGION _IOW(KVMIO_, 0x46, struct steady_uapi_memory_region)

struct steady_uapi_memory_region2 {
	struct steady_uapi_memory_region first;
	uint64_t guest_memfd_offset;
	uint32_t guest_memfd;
	uint32_t pad1;
	uint64_t pad2[14];
};
#define STEADY_SET_USER_MEMORY_REGION2 _IOW(KVMIO_, 0x49, struct steady_uapi_memory_region2)

/* struct kvm_run: where immediate_exit is, and what an exit says */
#define STEADY_RUN_IMMEDIATE_EXIT 1
#define STEADY_RUN_EXIT_REASON    8  /* uint32_t */
#define STEADY_RUN_MMIO           32 /* struct steady_uapi_mmio */
#define STEADY_EXIT_HYPERCALL     3
#define STEADY_EXIT_MMIO          6

struct steady_uapi_mmio {
	uint64_t phys_addr;
	uint8_t data[8];
	uint32_t len;
	uint8_t is_write;
};

/* devices/arm-vgic.rst, arm-vgic-v3.rst */
#define STEADY_VGIC_GRP_ADDR    0
#define STEADY_VGIC_GRP_NR_IRQS 3
#define STEADY_VGIC_GRP_CTRL    4
#define STEADY_VGIC_CTRL_INIT   0
#define STEADY_VGIC_V2_DIST     0
#define STEADY_VGIC_V2_CPU      1
#define STEADY_VGIC_V3_DIST     2
#define STEADY_VGIC_V3_REDIST   3
#define STEADY_VGIC_V3_REGION   5 /* KVM_VGIC_V3_ADDR_TYPE_REDIST_REGION */

/* devices/vcpu.rst: KVM_ARM_VCPU_PMU_V3_CTRL */
#define STEADY_VCPU_PMU         0
#define STEADY_VCPU_PMU_IRQ     0
#define STEADY_VCPU_PMU_INIT    1
#define STEADY_VCPU_PMU_COUNTERS 4

/* devices/vm.rst: KVM_ARM_VM_SMCCC_CTRL */
#define STEADY_VM_SMCCC_CTRL    0
#define STEADY_VM_SMCCC_FILTER  0
struct steady_uapi_smccc_filter {
	uint32_t base;
	uint32_t nr_functions;
	uint8_t action;
	uint8_t pad[15];
};

#define STEADY_API_VERSION      12

#endif
