/* SPDX-License-Identifier: MIT */
/*
 * Numbers of KVM's interface that policy and pin need by name without the kernel's headers
 * (Documentation/virt/kvm/api.rst and arch/arm64/include/uapi/asm/kvm.h).
 */
#ifndef STEADY_KVM_IDS_H
#define STEADY_KVM_IDS_H

#define STEADY_ID_SVE_VLS    UINT64_C(0x606000000015ffff) /* KVM_REG_ARM64_SVE_VLS, 512 bits */
#define STEADY_ID_PMCNTENSET_EL0 UINT64_C(0x603000000013dce1) /* 3,3,9,12,1 */
#define STEADY_ID_CNTV_CVAL_EL0 UINT64_C(0x603000000013df02) /* 3,3,14,0,2: KVM_REG_ARM_TIMER_CVAL */
#define STEADY_PMU_CYCLES    (UINT64_C(1) << 31) /* PMCNTENSET_EL0.C and its like */
#define STEADY_ID_PMCR_EL0   UINT64_C(0x603000000013dce0) /* 3,3,9,12,0 */
#define STEADY_PMCR_N_SHIFT  11 /* PMCR_EL0.N, bits 15:11: event counters (DDI0487) */
#define STEADY_PMCR_N_MASK   UINT64_C(0x1f)
#define STEADY_ID_CCSIDR     UINT64_C(0x6020000000110000) /* KVM_REG_ARM_DEMUX_ID_CCSIDR, 32 bits; its number is CSSELR_EL1's */
#define STEADY_ID_PSCI       UINT64_C(0x6030000000140000) /* KVM_REG_ARM_PSCI_VERSION */
#define STEADY_ID_WA_2       UINT64_C(0x6030000000140002) /* KVM_REG_ARM_SMCCC_ARCH_WORKAROUND_2 */
#define STEADY_FINALIZE_SVE  4                            /* KVM_ARM_VCPU_SVE */
#define STEADY_DEVICE_GICV2  5                            /* KVM_DEV_TYPE_ARM_VGIC_V2 */
#define STEADY_DEVICE_GICV3  7                            /* KVM_DEV_TYPE_ARM_VGIC_V3 */

#define STEADY_CAP_MAX_VCPUS 66  /* KVM_CAP_MAX_VCPUS */
#define STEADY_CAP_IPA_SIZE  165 /* KVM_CAP_ARM_VM_IPA_SIZE */
#define STEADY_CAP_MTE       205 /* KVM_CAP_ARM_MTE */
#define STEADY_CAP_SUSPEND   216 /* KVM_CAP_ARM_SYSTEM_SUSPEND */
#define STEADY_CAP_REG_MASKS 230 /* KVM_CAP_ARM_SUPPORTED_REG_MASK_RANGES */
#define STEADY_CAP_IMP_IDS   239 /* KVM_CAP_ARM_WRITABLE_IMP_ID_REGS */
#define STEADY_CAP_PMU_STRICT 251 /* KVM_CAP_ARM_PMU_V3_STRICT */

#endif
