/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a VMM's requests. What KVM itself does is from
 * Documentation/virt/kvm/api.rst and the recorded hosts.
 */
#include "rig.h"

#include <fcntl.h>
#include <unistd.h>

#include "arch/kvm_ids.h"

#define N1  "neoverse-n1-7.3"
#define N1S "neoverse-n1-6.12,neoverse-n1-7.3"
#define POOL N1S ",cortex-a76-7.3" /* less than N1: SSBS 1 */

static uint64_t id_of(const char *reg)
{
	int index = steady_register_by_name(reg, strlen(reg));

	assert_true(index >= 0);
	return steady_register_id(index);
}

static uint64_t field_bits(const char *name)
{
	int field = steady_field_by_name(name, strlen(name));

	assert_true(field >= 0);
	return steady_field_mask(&steady_fields[field]);
}

#define assert_fails(call, error)                                                                  \
	do {                                                                                       \
		errno = 0;                                                                         \
		assert_int_equal(call, -1);                                                        \
		assert_int_equal(errno, error);                                                    \
	} while (0)
#define assert_said(words)     assert_non_null(strstr(rig_said(), words))
#define assert_not_said(words) assert_null(strstr(rig_said(), words))

/* ---- the pin ---- */

static void test_pinned(void **state)
{
	unsigned long before;

	(void)state;
	rig_start(N1, POOL, 0, NULL);
	rig_vm(2);
	assert_int_equal(rig_boot(2, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_true(rig_is_pinned(0));
	assert_true(rig_is_pinned(1));
	before = between.count;
	assert_fails(rig_run(0), EINTR);
	assert_int_equal(between.count, before + 1); /* nothing stands in a run's way any more */
	rig_stop();
}

/*
 * KVM 6.18 sets ID_PFR1_EL1.GIC when the GIC is made, after KVM_ARM_VCPU_INIT (measured; also on hosts
 * without AArch32, whose kernel then ignores writes). A guest may see that where it is tolerated.
 */
static void test_a_tolerated_field_that_the_gic_sets(void **state)
{
	static const char *const tolerate[] = {"ID_PFR1_EL1.GIC", NULL};

	(void)state;
	rig_start("a64fx-6.18", "a64fx-6.18,a64fx-7.3", 0, tolerate);
	rig_vm(2);
	assert_int_equal(rig_boot(2, F_PSCI_0_2 | F_PMU_V3 | F_SVE), 0);
	assert_int_equal(rig_raw(1, id_of("ID_PFR1_EL1")), field_bits("ID_PFR1_EL1.GIC") / 15);
	rig_stop();
}

/* What it would have been without: else the test above shows nothing. */
static void test_without_a_model(void **state)
{
	(void)state;
	rig_start(N1, POOL, 0, NULL);
	rig.setup.model = NULL;
	rig_vm(1);
	assert_int_equal(rig_boot(1, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_false(rig_is_pinned(0));
	rig_stop();
}

static void test_broken(void **state)
{
	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig.setup.model = NULL;
	rig.setup.broken = true;
	assert_fails(kvm(rig.kvm, STEADY_CREATE_VM, NULL), EPERM);
	assert_said("no VM is made");
	rig_stop();
}

/* MIDR of a CPU that the model does not know is left to the pin's own tests; here a field. */
static void test_cannot_be_levelled(void **state)
{
	(void)state;
	rig_start_exactly("neoverse-n2-7.3", "neoverse-n2-6.12");
	rig_vm(1);
	assert_fails(rig_init(0, F_ALL), EINVAL);
	assert_said("ID_AA64MMFR2_EL1.NV");
	assert_fails(rig_run(0), EPERM);
	rig_stop();
}

/* ---- options ---- */

static long extension(int fd, unsigned long number)
{
	return kvm(fd, STEADY_CHECK_EXTENSION, (void *)number);
}

static void test_options_are_removed(void **state)
{
	uint64_t value[8], *ids;
	size_t n;

	(void)state;
	rig_start("max-7.3", "max-7.3", 1u << STEADY_OPTION_SVE | 1u << STEADY_OPTION_PMU, NULL);
	rig_vm(1);
	assert_int_equal(extension(rig.kvm, C_SVE), 0);
	assert_int_equal(extension(rig.vm, C_SVE), 0);
	assert_int_equal(rig_init(0, F_ALL), 0);
	assert_fails(rig_get(0, STEADY_ID_SVE_VLS, value), ENOENT);
	ids = rig_list(0, &n);
	for (size_t i = 0; i < n; i++)
		assert_int_not_equal(ids[i], STEADY_ID_SVE_VLS);
	free(ids);
	assert_int_equal(rig_raw(0, id_of("ID_AA64PFR0_EL1")) & field_bits("ID_AA64PFR0_EL1.SVE"), 0);
	assert_said("are left off");
	rig_stop();
}

static void test_options_are_kept(void **state)
{
	(void)state;
	rig_start("max-7.3", "max-7.3", 0, NULL);
	rig_vm(1);
	assert_int_equal(extension(rig.kvm, C_SVE), 1);
	assert_int_equal(extension(rig.vm, C_SVE), 1);
	assert_int_equal(rig_boot(1, F_ALL), 0);
	assert_int_equal(rig_raw(0, id_of("ID_AA64PFR0_EL1")) & field_bits("ID_AA64PFR0_EL1.SVE"),
			 field_bits("ID_AA64PFR0_EL1.SVE") & 1ull << 32);
	assert_not_said("are left off");
	rig_stop();
}

static void test_fewer_lengths(void **state)
{
	uint64_t value[8] = {0}, more[8] = {0xffff};
	struct steady_uapi_one_reg reg = {.id = STEADY_ID_SVE_VLS, .addr = (uintptr_t)more};

	(void)state; /* the other host has 384 bits at most: 16, 32 and 48 bytes */
	rig_start("max-7.3", "max-7.3,max-7.3-sve384", 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_ALL), 0);
	assert_int_equal(rig_get(0, STEADY_ID_SVE_VLS, value), 0);
	assert_int_equal(value[0], 0x7);
	assert_fails(kvm(rig.vcpu[0], STEADY_SET_ONE_REG, &reg), EINVAL);
	assert_said("SVE_VLS: wants lengths up to 256 bytes, host has up to 48 bytes");
	more[0] = 0x7;
	assert_int_equal(kvm(rig.vcpu[0], STEADY_SET_ONE_REG, &reg), 0);
	rig_stop();
}

static void test_missing_option(void **state)
{
	(void)state;
	rig_start("max-7.3", "max-7.3", 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PTRAUTH), 0); /* a scratch VM is let through */
	assert_not_said("this VM lacks");
	assert_fails(rig_run(0), EPERM);
	assert_said("in QEMU: -cpu host,pmu=on");
	assert_said("in QEMU: -cpu host,sve=on");
	assert_not_said("pauth=on");
	rig_stop();
}

/* QEMU writes all registers back before it runs: that is where its user is told. */
static void test_missing_option_is_told_early(void **state)
{
	uint64_t dfr0 = id_of("ID_AA64DFR0_EL1");

	(void)state;
	rig_start("max-7.3", "max-7.3", 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_ALL & ~F_PMU_V3), 0);
	assert_fails(rig_set(0, dfr0, rig_raw(0, dfr0)), EINVAL);
	assert_said("in QEMU: -cpu host,pmu=on");
	assert_not_said("sve=on");
	rig_stop();
}

/* QEMU's scratch VMs leave PSCI 0.2 out, and KVM then refuses the version (psci.c). */
static void test_scratch_without_psci(void **state)
{
	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PMU_V3), 0);
	assert_fails(rig_run(0), EPERM);
	rig_stop();
}

static void test_capability(void **state)
{
	struct steady_uapi_enable_cap mte = {.cap = C_MTE};

	(void)state;
	rig_start("max-7.3-mte", "max-7.3-mte", 1u << STEADY_OPTION_MTE, NULL);
	rig_vm(0);
	assert_int_equal(extension(rig.vm, C_MTE), 0);
	assert_fails(kvm(rig.vm, STEADY_ENABLE_CAP, &mte), EINVAL);
	rig_stop();

	rig_start("max-7.3-mte", "max-7.3-mte", 0, NULL);
	rig_vm(0);
	assert_int_equal(extension(rig.vm, C_MTE), 1);
	assert_int_equal(kvm(rig.vm, STEADY_ENABLE_CAP, &mte), 0);
	rig_stop();
}

/* ---- the first run ---- */

static void kick(struct rig *r)
{
	r->run[0][STEADY_RUN_IMMEDIATE_EXIT] = 1;
}

static void see_immediate_exit(struct rig *r)
{
	assert_int_not_equal(r->run[0][STEADY_RUN_IMMEDIATE_EXIT], 0);
}

static void test_immediate_exit(void **state)
{
	static const struct {
		uint8_t before;
		void (*meanwhile)(struct rig *);
		uint8_t after;
	} rows[] = {{0, see_immediate_exit, 0}, {1, see_immediate_exit, 1}, {0, kick, 1}, {1, kick, 1}};

	(void)state;
	for (size_t i = 0; i < LENGTH(rows); i++) {
		rig_start(N1, N1S, 0, NULL);
		rig_vm(1);
		assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
		assert_int_equal(rig_gic(), 0);
		assert_int_equal(rig_pmu(0), 0);
		rig.run[0][STEADY_RUN_IMMEDIATE_EXIT] = rows[i].before;
		between.before_run = rows[i].meanwhile;
		assert_fails(rig_run(0), EINTR);
		assert_int_equal(rig.run[0][STEADY_RUN_IMMEDIATE_EXIT], rows[i].after);
		/* the library's own runs are over: the VMM's byte is the VMM's */
		between.before_run = NULL;
		rig.run[0][STEADY_RUN_IMMEDIATE_EXIT] = 0;
		assert_fails(rig_run(0), EINTR);
		assert_int_equal(rig.run[0][STEADY_RUN_IMMEDIATE_EXIT], 0);
		rig_stop();
	}
}

/* A run that ends before it enters is no proof: the next one is the first. */
static void test_run_that_fails(void **state)
{
	unsigned long before;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_int_equal(rig_gic(), 0);
	assert_fails(rig_run(0), EINVAL); /* the PMU is not initialised (pmu-emul.c) */
	assert_int_equal(rig_pmu(0), 0);
	before = between.count;
	assert_fails(rig_run(0), EINTR);
	assert_true(between.count > before + STEADY_CORE_COUNT);
	rig_stop();
}

static void test_changed_at_the_run(void **state)
{
	(void)state;
	rig_start(N1, N1S, 0, NULL);
	between.lie_id = id_of("ID_AA64ISAR0_EL1");
	between.lie_bits = field_bits("ID_AA64ISAR0_EL1.DP");
	rig_vm(2);
	assert_int_equal(rig_boot(2, F_PSCI_0_2 | F_PMU_V3), EPERM);
	assert_said("ID_AA64ISAR0_EL1.DP: wants 0x1, host has 0xe");
	assert_said("vCPU 0 does not run");
	assert_fails(rig_run(0), EPERM);
	assert_fails(rig_run(1), EPERM);
	rig_stop();
}

/* 7.3 clears S1PIE at the first run of a guest without ATS1A, and says nothing (measured). */
static void test_changed_by_the_kernel(void **state)
{
	(void)state;
	rig_start_exactly("max-7.3", "max-7.1");
	rig_vm(1);
	assert_int_not_equal(rig_boot(1, F_ALL), 0);
	assert_said("ID_AA64MMFR3_EL1.S1PIE");
	rig_stop();
}

static void test_a_copy_of_a_descriptor(void **state)
{
	int copy;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	copy = fcntl(rig.vcpu[0], F_DUPFD, 200); /* a number that nothing had before */
	assert_true(copy >= 0);
	assert_fails(kvm(copy, STEADY_KVM_RUN, NULL), EPERM);
	assert_said("does not run: that it is a vCPU is not known");
	close(copy);
	rig_stop();
}

/* ---- a VM's life ---- */

static void test_reset(void **state)
{
	unsigned long before;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(2);
	assert_int_equal(rig_boot(2, F_PSCI_0_2 | F_PMU_V3), 0);
	for (int i = 0; i < 3; i++) {
		for (uint32_t v = 0; v < 2; v++)
			assert_int_equal(rig_init(v, F_PSCI_0_2 | F_PMU_V3), 0);
		for (uint32_t v = 0; v < 2; v++) {
			before = between.count;
			assert_fails(rig_run(v), EINTR);
			assert_true(between.count > before + STEADY_CORE_COUNT); /* read back again */
			assert_true(rig_is_pinned(v));
		}
	}
	rig_stop();
}

/* KVM: EINVAL for other features than the first time, and the vCPU stays as it was. */
static void test_refused_init(void **state)
{
	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_boot(1, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_fails(rig_init(0, F_PSCI_0_2), EINVAL);
	assert_fails(rig_run(0), EINTR); /* is looked at again */
	assert_not_said("this VM lacks");
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_fails(rig_run(0), EINTR);
	assert_true(rig_is_pinned(0));
	rig_stop();
}

static void test_late_vcpu(void **state)
{
	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	rig_vcpu(3); /* KVM makes none any more once the GIC is initialised */
	assert_int_equal(rig_boot(1, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_int_equal(rig_init(3, F_PSCI_0_2 | F_PMU_V3 | F_POWER_OFF), 0);
	assert_int_equal(rig_pmu(3), 0);
	assert_fails(rig_run(3), EINTR);
	assert_true(rig_is_pinned(3));
	assert_said("vCPU 3 reads back equal");
	rig_stop();
}

static void test_descriptors_are_used_again(void **state)
{
	int vm, vcpu;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	vm = rig.vm;
	vcpu = rig.vcpu[0];
	assert_int_equal(rig_init(0, F_PMU_V3), 0); /* a scratch VM: it would not run */
	rig_close();
	rig_vm(1);
	assert_int_equal(rig.vm, vm);
	assert_int_equal(rig.vcpu[0], vcpu);
	assert_int_equal(rig_boot(1, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_true(rig_is_pinned(0));
	rig_close();
	rig_vm(1); /* what ran there before does not count */
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_fails(rig_run(0), EINVAL);
	rig_stop();
}

static void test_errno_is_kept(void **state)
{
	uint64_t value[8];

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	errno = ENOTEMPTY;
	rig_vm(1);
	assert_int_equal(errno, ENOTEMPTY);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_int_equal(errno, ENOTEMPTY);
	assert_int_equal(rig_get(0, id_of("MIDR_EL1"), value), 0);
	assert_int_equal(errno, ENOTEMPTY);
	assert_int_equal(rig_set(0, id_of("ID_AA64ISAR0_EL1"), rig_raw(0, id_of("ID_AA64ISAR0_EL1"))),
			 0);
	assert_int_equal(errno, ENOTEMPTY);
	assert_true(extension(rig.kvm, C_SVE) >= 0);
	assert_int_equal(errno, ENOTEMPTY);
	assert_int_equal(kvm(rig.kvm, STEADY_GET_API_VERSION, NULL), STEADY_API_VERSION);
	assert_int_equal(errno, ENOTEMPTY);
	rig_close();
	between.fail_at = between.count + 1; /* what is asked before a VM is made */
	between.fail_with = EIO;
	errno = ENOTEMPTY;
	rig_vm(0);
	assert_int_equal(errno, ENOTEMPTY);
	rig_stop();
}

/* ---- register lists and streams ---- */

static bool lists(uint32_t vcpu, uint64_t id)
{
	size_t n;
	uint64_t *ids = rig_list(vcpu, &n);
	bool is = false;

	for (size_t i = 0; i < n; i++)
		is = is || ids[i] == id;
	free(ids);
	return is;
}

#define PMMIR    UINT64_C(0x603000000013c4f6) /* op0 3, op1 0, CRn 9, CRm 14, op2 6 */
#define CNTP_CTL UINT64_C(0x603000000013df11) /* KVM_REG_ARM_PTIMER_CTL */
#define BMAP_2   UINT64_C(0x6030000000160003) /* KVM_REG_ARM_VENDOR_HYP_BMAP_2, from 6.16 on */

static void test_list(void **state)
{
	struct steady_uapi_reg_list few = {.n = 1};

	(void)state; /* 6.12 has neither; PMMIR reads 0 on both, so that no guest can tell */
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_false(lists(0, PMMIR));
	assert_false(lists(0, BMAP_2));
	assert_true(lists(0, id_of("ID_AA64ISAR0_EL1")));
	assert_true(lists(0, CNTP_CTL));
	few.n = 0;
	assert_fails(kvm(rig.vcpu[0], STEADY_GET_REG_LIST, &few), E2BIG);
	assert_true(few.n > 100); /* as many as there can be */
	assert_not_said("does not run");
	rig_stop();
}

/* 6.1 does not list the physical timer: what a guest has in it would be lost on the way there. */
static void test_hidden_state(void **state)
{
	static const char *const names[] = {"CNTP_CTL_EL0", "CNTP_CVAL_EL0", "CNTPCT_EL0", NULL};

	(void)state;
	rig_start("neoverse-n1-6.12", "neoverse-n1-6.1,neoverse-n1-6.12", 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_true(lists(0, CNTP_CTL));
	assert_said("CNTP_CTL_EL0: guests here have this register");
	assert_said("--tolerate CNTP_CTL_EL0");
	assert_int_equal(rig_gic(), 0);
	assert_int_equal(rig_pmu(0), 0);
	assert_fails(rig_run(0), EPERM);
	rig_stop();

	rig_start("neoverse-n1-6.12", "neoverse-n1-6.1,neoverse-n1-6.12", 0, names);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_false(lists(0, CNTP_CTL));
	assert_int_equal(rig_gic(), 0);
	assert_int_equal(rig_pmu(0), 0);
	assert_fails(rig_run(0), EINTR);
	rig_stop();
}

/* A guest of the model has more than this host keeps of it. */
static void test_list_lacks(void **state)
{
	(void)state;
	rig_start_exactly("neoverse-n1-6.12", "neoverse-n1-7.3");
	rig_vm(1);
	rig_init(0, F_PSCI_0_2 | F_PMU_V3);
	assert_fails(rig_run(0), EPERM);
	rig_stop();
}

static void test_incoming(void **state)
{
	uint64_t isar0 = id_of("ID_AA64ISAR0_EL1"), value;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	value = rig_raw(0, isar0);
	assert_int_equal(rig_set(0, isar0, value), 0);
	assert_fails(rig_set(0, isar0, value & ~field_bits("ID_AA64ISAR0_EL1.DP")), EINVAL);
	assert_said("ID_AA64ISAR0_EL1.DP: wants 0x0, host has 0x1: the incoming guest was not pinned");
	assert_fails(rig_set(0, STEADY_ID_PSCI, 0x10003), EINVAL);
	assert_said("PSCI_VERSION: wants 0x10003, host has 0x10001");
	assert_int_equal(rig_raw(0, isar0), value);
	assert_int_equal(rig_raw(0, STEADY_ID_PSCI), 0x10001);

	rig.setup.on_conflict = CONFLICT_PIN;
	assert_int_equal(rig_set(0, isar0, value & ~field_bits("ID_AA64ISAR0_EL1.DP")), 0);
	assert_int_equal(rig_raw(0, isar0), value);
	assert_said("is not written: the pin stays");
	rig_stop();
}

/* What the guest was told of a workaround: as much as the host has at most, no less than the model. */
static void test_incoming_workaround(void **state)
{
	static const char both[] = "cortex-a76-7.3-nomitigations,cortex-a76-7.3";
	static const char *const names[] = {"WORKAROUND_3", NULL};
	const uint64_t id = UINT64_C(0x6030000000140003);

	(void)state;
	rig_start("cortex-a76-7.3-nomitigations", both, 0, names);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_int_equal(rig_set(0, id, 0), 0);
	assert_fails(rig_set(0, id, 1), EINVAL);
	assert_said("WORKAROUND_3: wants 0x1, host has 0x0: the incoming guest was told of more");
	rig_stop();

	rig_start("cortex-a76-7.3", both, 0, names);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_int_equal(rig_set(0, id, 0), 0);
	assert_int_equal(rig_set(0, id, 1), 0);
	assert_int_equal(rig_raw(0, id), 1);
	rig_stop();

	/* a model with 1 alone: its guests were told of it */
	rig_start("cortex-a76-7.3", "cortex-a76-7.3", 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_fails(rig_set(0, id, 0), EINVAL);
	assert_said("WORKAROUND_3: wants 0x0, host has 0x1: the incoming guest was not pinned");
	rig_stop();
}

/* 6.12 shows NV 2 of this core and 7.3 shows 0; neither lets it be written (measured). */
static void test_tolerated(void **state)
{
	static const char *const nv[] = {"ID_AA64MMFR2_EL1.NV", NULL};
	uint64_t mmfr2 = id_of("ID_AA64MMFR2_EL1"), at_612, here;
	struct steady_profile *p = fault_host("neoverse-n2-6.12");

	(void)state;
	at_612 = p->configurations[0].reg[steady_register_by_id(mmfr2)].value;
	steady_profile_free(p);
	rig_start("neoverse-n2-7.3", "neoverse-n2-6.12,neoverse-n2-7.3", 0, nv);
	rig_vm(1);
	assert_int_equal(rig_boot(1, F_ALL), 0);
	here = rig_raw(0, mmfr2);
	assert_int_equal((at_612 ^ here) & ~field_bits("ID_AA64MMFR2_EL1.NV"), 0);
	assert_int_not_equal(at_612, here);
	assert_int_equal(rig_set(0, mmfr2, at_612), 0); /* the stream of 6.12 */
	assert_int_equal(rig_raw(0, mmfr2), here);
	assert_fails(rig_set(0, mmfr2, at_612 ^ field_bits("ID_AA64MMFR2_EL1.AT")), EINVAL);
	rig_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pinned),
		cmocka_unit_test(test_a_tolerated_field_that_the_gic_sets),
		cmocka_unit_test(test_without_a_model),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_cannot_be_levelled),
		cmocka_unit_test(test_options_are_removed),
		cmocka_unit_test(test_options_are_kept),
		cmocka_unit_test(test_fewer_lengths),
		cmocka_unit_test(test_missing_option),
		cmocka_unit_test(test_missing_option_is_told_early),
		cmocka_unit_test(test_scratch_without_psci),
		cmocka_unit_test(test_capability),
		cmocka_unit_test(test_immediate_exit),
		cmocka_unit_test(test_run_that_fails),
		cmocka_unit_test(test_changed_at_the_run),
		cmocka_unit_test(test_changed_by_the_kernel),
		cmocka_unit_test(test_a_copy_of_a_descriptor),
		cmocka_unit_test(test_reset),
		cmocka_unit_test(test_refused_init),
		cmocka_unit_test(test_late_vcpu),
		cmocka_unit_test(test_descriptors_are_used_again),
		cmocka_unit_test(test_errno_is_kept),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_hidden_state),
		cmocka_unit_test(test_list_lacks),
		cmocka_unit_test(test_incoming),
		cmocka_unit_test(test_incoming_workaround),
		cmocka_unit_test(test_tolerated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
