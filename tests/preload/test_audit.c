/* SPDX-License-Identifier: MIT */
/* The record that a process leaves for `steadyarm ps`. */
#include "rig.h"

#include "format/audit_json.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define N1  "neoverse-n1-7.3"
#define N1S "neoverse-n1-6.12,neoverse-n1-7.3"
#define ID  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

/* All of it, as `ps` reads it; the root, to be freed. */
static json_t *record(void)
{
	const char *text = rig_record();
	struct steady_audit audit;

	assert_non_null(text);
	assert_true(steady_audit_read(text, strlen(text), &audit));
	return audit.root;
}

static void expect_vm_of(int fd, int vcpus, int pinned, int read_back, bool refused)
{
	const char *text = rig_record();
	struct steady_audit audit;
	struct steady_audit_vm vm;

	assert_non_null(text);
	assert_true(steady_audit_read(text, strlen(text), &audit));
	assert_true(steady_audit_vm(&audit, fd, &vm));
	assert_int_equal(vm.vcpus, vcpus);
	assert_int_equal(vm.pinned, pinned);
	assert_int_equal(vm.read_back, read_back);
	assert_int_equal(vm.refused, refused);
	steady_audit_clear(&audit);
}

static void expect_vm(int vcpus, int pinned, int read_back, bool refused)
{
	expect_vm_of(rig.vm, vcpus, pinned, read_back, refused);
}

static size_t lines(void)
{
	size_t count = 0;

	for (const char *p = rig_record(); *p; p++)
		count += *p == '\n';
	return count;
}

static void test_life(void **state)
{
	static const char tolerated[] = "\"ID_AA64MMFR2_EL1.NV\",\"PMMIR_EL1\"";
	json_t *o;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig.setup.id = ID;
	rig.setup.tolerated = tolerated;
	audit_open(&rig.setup);
	rig_vm(2);
	o = record();
	assert_string_equal(json_string_value(json_object_get(o, "format")), "steadyarm-audit");
	assert_int_equal(json_integer_value(json_object_get(o, "pid")), getpid());
	assert_string_equal(json_string_value(json_object_get(o, "model")), "rig-v1");
	assert_string_equal(json_string_value(json_object_get(o, "id")), ID);
	assert_int_equal(json_array_size(json_object_get(o, "tolerated")), 2);
	assert_string_equal(json_string_value(json_object_get(o, "on_conflict")), "fail");
	json_decref(o);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	expect_vm(2, 1, 0, false);
	assert_int_equal(rig_boot(2, F_PSCI_0_2 | F_PMU_V3), 0);
	expect_vm(2, 2, 2, false);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0); /* a reset changes nothing */
	rig_run(0);
	expect_vm(2, 2, 2, false);
	rig_stop();
}

static void test_refused(void **state)
{
	(void)state;
	rig_start_exactly("neoverse-n2-7.3", "neoverse-n2-6.12");
	rig_vm(1);
	assert_int_equal(rig_init(0, F_ALL), -1);
	expect_vm(1, 0, 0, true);
	rig_stop();
}

/* A vCPU that cannot be pinned at KVM_ARM_VCPU_FINALIZE: the first request after it fails. */
static void test_refused_when_finalized(void **state)
{
	(void)state;
	rig_start("max-7.3", "max-7.3,max-6.18", 0, NULL);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_ALL), 0);
	expect_vm(1, 1, 0, false);
	between.fail_at = between.count + 2;
	between.fail_with = EIO;
	errno = 0;
	assert_int_equal(rig_finalize(0), -1);
	assert_int_equal(errno, EINVAL);
	between.fail_at = 0;
	assert_non_null(strstr(rig_said(), "vCPU 0 cannot be pinned"));
	expect_vm(1, 1, 0, true);
	assert_int_equal(rig_gic(), 0);
	assert_int_equal(rig_pmu(0), 0);
	errno = 0;
	assert_int_equal(rig_run(0), -1);
	assert_int_equal(errno, EPERM);
	rig_stop();
}

/* A vCPU that comes later is not read back yet, and so its VM is not, until it is. */
static void test_late_vcpu(void **state)
{
	/* KVM makes no vCPU any more once there is a GIC; these have none */
	(void)state;
	rig_start(N1, N1S, UINT32_C(1) << STEADY_OPTION_PMU, NULL);
	assert_int_equal(steady_model_add_tolerated(rig.model, "ID_AA64PFR0_EL1.GIC"), 0);
	assert_int_equal(steady_model_add_tolerated(rig.model, "ID_PFR1_EL1.GIC"), 0);
	rig_vm(1);
	assert_int_equal(rig_init(0, F_PSCI_0_2), 0);
	rig_run(0);
	expect_vm(1, 1, 1, false);
	rig_vcpu(1);
	expect_vm(2, 1, 1, false);
	assert_int_equal(rig_init(1, F_PSCI_0_2), 0);
	rig_run(1);
	expect_vm(2, 2, 2, false);
	rig_stop();
}

/* Resets and runs of a VM that is read back say nothing new. */
static void test_resets(void **state)
{
	size_t before;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(3);
	assert_int_equal(rig_boot(3, F_PSCI_0_2 | F_PMU_V3), 0);
	expect_vm(3, 3, 3, false);
	before = lines();
	for (int i = 0; i < 200; i++) {
		assert_int_equal(rig_init(i % 3, F_PSCI_0_2 | F_PMU_V3), 0);
		rig_run(i % 3);
	}
	assert_int_equal(lines(), before);
	rig_stop();
}

/* VMs without end: the file has a bound, and when it is reached nothing is claimed of any VM. */
static void test_bound(void **state)
{
	struct steady_audit audit;
	const char *text;
	size_t length = 0;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	for (int i = 0; i < 20000 && (i % 64 || !strstr(rig_said(), "is full")); i++) {
		rig_vm(0);
		rig_close();
	}
	assert_non_null(strstr(rig_said(), "is full"));
	length = strlen(rig_record());
	assert_in_range(length, 400u << 10, 512u << 10);
	rig_vm(1);
	assert_int_equal(rig_boot(1, F_PSCI_0_2 | F_PMU_V3), 0);
	text = rig_record();
	assert_int_equal(strlen(text), length);
	assert_true(steady_audit_read(text, length, &audit));
	assert_true(audit.full);
	assert_int_equal(json_array_size(audit.vms), 0);
	assert_string_equal(audit.model, "rig-v1");
	steady_audit_clear(&audit);
	rig_stop();
}

/* A line of which only a part could be written is followed by one that says all. */
static void test_torn(void **state)
{
	struct rlimit before, small;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(2);
	assert_ptr_not_equal(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = strlen(rig_record()) + 20; /* setrlimit(2): the rest is not written */
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(rig_init(0, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	expect_vm(0, 0, 0, false); /* as it was when the VM was made */
	assert_int_equal(rig_boot(2, F_PSCI_0_2 | F_PMU_V3), 0);
	expect_vm(2, 2, 2, false);
	rig_stop();
}

/* A name in the environment that is none of ours does not get into the file. */
static void test_bad_id(void **state)
{
	json_t *o;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig.setup.id = "\", \"vms\": \"";
	audit_open(&rig.setup);
	rig_vm(1);
	o = record();
	assert_true(json_is_null(json_object_get(o, "id")));
	json_decref(o);
	rig_stop();
}

/* /proc/self/stat, field 22, by another way of reading it. */
static void test_start_time(void **state)
{
	long long start = -1;
	FILE *f = fopen("/proc/self/stat", "re");
	json_t *o;

	(void)state;
	assert_non_null(f);
	assert_int_equal(fscanf(f, "%*d %*s %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u "
				   "%*d %*d %*d %*d %*d %*d %lld", &start), 1);
	fclose(f);
	rig_start(N1, N1S, 0, NULL);
	o = record();
	assert_int_equal(json_integer_value(json_object_get(o, "start")), start);
	json_decref(o);
	rig_stop();
}

static void test_nowhere_to_write(void **state)
{
	(void)state;
	rig_start(N1, N1S, 0, NULL);
	assert_int_equal(setenv("STEADYARM_RUN_DIR", "/proc/nowhere", 1), 0);
	audit_open(&rig.setup);
	assert_non_null(strstr(rig_said(), "no record for `steadyarm ps`"));
	rig_vm(1);
	assert_int_equal(rig_boot(1, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_true(rig_is_pinned(0));
	assert_int_equal(setenv("STEADYARM_RUN_DIR", rig.folder, 1), 0);
	audit_open(&rig.setup);
	rig_stop();
}

/* A device that is full: writes fail, the VM does not. */
static void test_full(void **state)
{
	char name[128];

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	/* every descriptor of the record leads to /dev/full from here on */
	for (int fd = 3; fd < 64; fd++) {
		char link[64];
		ssize_t n;

		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		n = readlink(name, link, sizeof(link) - 1);
		if (n > 5 && memcmp(link + n - 5, ".json", 5) == 0) {
			int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

			assert_true(full >= 0 && dup2(full, fd) == fd);
			close(full);
		}
	}
	assert_int_equal(rig_boot(1, F_PSCI_0_2 | F_PMU_V3), 0);
	assert_true(rig_is_pinned(0));
	expect_vm(0, 0, 0, false); /* as it was when the VM was made */
	rig_stop();
}

/* QEMU's -daemonize: a child that makes VMs has a record of its own, and the parent's stays. */
static void test_child(void **state)
{
	char mine[128];
	struct stat st;
	int status = -1;
	pid_t child;

	(void)state;
	rig_start(N1, N1S, 0, NULL);
	rig_vm(1);
	snprintf(mine, sizeof(mine), "%s/%ld.json", rig.folder, (long)getpid());
	child = fork();
	if (!child) {
		char its[128];
		bool well;

		rig.vm = (int)kvm(rig.kvm, STEADY_CREATE_VM, NULL);
		snprintf(its, sizeof(its), "%s/%ld.json", rig.folder, (long)getpid());
		well = stat(its, &st) == 0 && stat(mine, &st) == 0 && rig_record() &&
		       strstr(rig_record(), "\"vms\": [{");
		unlink(its);
		_exit(well ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_int_equal(stat(mine, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	rig_stop();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_refused_when_finalized),
		cmocka_unit_test(test_late_vcpu),
		cmocka_unit_test(test_resets),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_bad_id),
		cmocka_unit_test(test_start_time),
		cmocka_unit_test(test_nowhere_to_write),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_child),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
