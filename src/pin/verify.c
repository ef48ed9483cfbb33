/* SPDX-License-Identifier: MIT */
/*
 * The proof from inside: a guest reads its own registers and the result is held against the model.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/errno_name.h"
#include "base/report.h"
#include "host/guest.h"
#include "pin/pin.h"
#include "policy/policy.h"
#include "policy/unknown.h"

#define SECONDS       20          /* for the guest; emulated hosts need two */
#define CORE_END      (STEADY_CORE_FIRST + STEADY_CORE_COUNT)
#define EC(syndrome)  ((syndrome) >> 26 & 0x3f) /* ESR_EL1.EC (DDI0487 D24.2.40) */
#define EC_UNKNOWN    0x00
#define EC_SYSREG     0x18 /* trapped MSR, MRS */
#define NOT_SUPPORTED (-1)        /* SMCCC */
#define SMCCC_NEEDED  0x10001     /* 1.1: SMCCC_ARCH_FEATURES, the workarounds (DEN0028 7.3) */
#define WORKAROUND_LEVEL 0xf      /* KVM_REG_FEATURE_LEVEL_MASK: above is WORKAROUND_2's "on" */

static int mismatch(struct steady_report *report, const char *reg, const char *field,
		    const char *wanted, const char *got, uint32_t vcpu, const char *where)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EMISMATCH);
	steady_report_subject(report, reg, field);
	steady_report_wanted(report, "%s", wanted);
	steady_report_offered(report, "%s", got);
	steady_report_reason(report, "a guest on vCPU %" PRIu32 " reads it otherwise at %s", vcpu,
			     where);
	return -STEADY_EMISMATCH;
}

static const char *number(uint64_t value, char out[24])
{
	snprintf(out, 24, "0x%" PRIx64, value);
	return out;
}

/* ---- EL1 ---- */

static int fields_differ(int reg, uint64_t wanted, uint64_t got, uint32_t vcpu,
			 struct steady_report *report)
{
	const struct steady_register *r = &steady_registers[reg];
	char a[24], b[24];

	for (unsigned int i = r->first; i < r->first + r->fields; i++) {
		const struct steady_field *f = &steady_fields[i];
		uint64_t x = steady_field_get(f, wanted), y = steady_field_get(f, got);

		if (x != y)
			mismatch(report, r->name, f->name, number(x, a), number(y, b), vcpu, "EL1");
	}
	return -STEADY_EMISMATCH;
}

static int check_el1(const struct steady_guest *g, uint32_t vcpu, int reg, uint64_t wanted,
		     struct steady_report *report)
{
	const struct steady_guest_read *read = &g->vcpu[vcpu].el1[reg];
	char text[24];

	if (!read->seen)
		return mismatch(report, steady_registers[reg].name, NULL, number(wanted, text),
				"nothing", vcpu, "EL1");
	if (read->syndrome)
		return mismatch(report, steady_registers[reg].name, NULL, number(wanted, text),
				"UNDEFINED", vcpu, "EL1");
	return read->value == wanted ? 0 : fields_differ(reg, wanted, read->value, vcpu, report);
}

/* ---- EL0 ---- */

/* With FEAT_IDST a read at EL0 is reported as a trapped MRS, without as an unknown instruction. */
static uint64_t expected_class(const uint64_t target[STEADY_REGISTERS])
{
	static const char ids[] = "ID_AA64MMFR2_EL1.IDS";
	const struct steady_field *f = &steady_fields[steady_field_by_name(ids, sizeof(ids) - 1)];

	return steady_field_get(f, target[f->reg]) ? EC_SYSREG : EC_UNKNOWN;
}

static int check_el0(const struct steady_guest *g, uint32_t vcpu, int reg, uint64_t class,
		     struct steady_report *report)
{
	const struct steady_guest_read *read = &g->vcpu[vcpu].el0[reg];
	char got[24];

	if (read->syndrome && EC(read->syndrome) == class)
		return 0;
	return mismatch(report, steady_registers[reg].name, NULL,
			class == EC_SYSREG ? "a trap of class 0x18" : "a trap of class 0x0",
			read->syndrome ? number(EC(read->syndrome), got) : "no trap", vcpu, "EL0");
}

/* What EL0 may read: CTR_EL0 as at EL1, and what KVM passes through. */
static int check_readable(const struct steady_model *m, const struct steady_guest *g,
			  const uint64_t target[STEADY_REGISTERS], uint32_t vcpu,
			  struct steady_report *report)
{
	const struct steady_guest_vcpu *v = &g->vcpu[vcpu];
	static const char ctr[] = "CTR_EL0";
	int reg = steady_register_by_name(ctr, sizeof(ctr) - 1), result = 0;
	const struct {
		enum steady_unvirtualised which;
		uint64_t value;
	} passed[] = {{STEADY_CNTFRQ, v->cntfrq}, {STEADY_DCZID, v->dczid}};
	char a[24], b[24];

	if (m->has[reg] && v->ctr != target[reg])
		result = mismatch(report, ctr, NULL, number(target[reg], a), number(v->ctr, b), vcpu,
				  "EL0");
	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++) {
		const struct steady_reading *want = &m->unvirtualised[passed[i].which];
		const char *name = steady_unvirtualised_names[passed[i].which];

		if (want->state == STEADY_VALUE && want->value != passed[i].value &&
		    !steady_model_tolerates(m, name))
			result = mismatch(report, name, NULL, number(want->value, a),
					  number(passed[i].value, b), vcpu, "EL0");
	}
	return result;
}

/* ---- hypercalls ---- */

static const struct steady_firmware_value *firmware(const struct steady_model *m, const char *name)
{
	int row = steady_firmware_by_name(name, strlen(name));

	return row < 0 ? NULL : steady_model_firmware(m, steady_firmware[row].id);
}

static bool answers(uint64_t result)
{
	return (int32_t)result != NOT_SUPPORTED; /* in 32 bits or 64 */
}

/*
 * Of each service one call is asked that KVM answers if the service's bit is on, and else not:
 * TRNG_VERSION, SMCCC_ARCH_FEATURES of PV_TIME_FEATURES, the vendor's features (Linux,
 * kvm_smccc_call_handler(), kvm_smccc_test_fw_bmap()).
 */
static int check_call(const struct steady_model *m, const char *name, uint64_t bit, uint64_t result,
		      struct steady_report *report)
{
	const struct steady_firmware_value *want = firmware(m, name);
	bool on = want && want->value & bit;

	if (!want || on == answers(result))
		return 0;
	return mismatch(report, name, NULL, on ? "the service on" : "the service off",
			on ? "no answer" : "it answers", 0, "a hypercall");
}

/*
 * What SMCCC_ARCH_FEATURES of a workaround says, as a level of KVM's register. DEN0028 7.5 to 7.7:
 * 0: the call is there and needed; 1 (of WORKAROUND_2 -2 too): not needed. KVM answers by its host's
 * state, not by the register (kvm_smccc_call_handler(), get_kernel_wa_level()).
 */
static uint64_t level_of(const char *name, uint64_t result)
{
	bool second = strcmp(name, "WORKAROUND_2") == 0; /* its levels have an UNKNOWN at 1 */

	if (!answers(result))
		return 0;
	return (result ? 2 : 1) + (uint64_t)second;
}

/* A host that is better than the model's level may say so: no write of the register hides that. */
static int check_workaround(const struct steady_model *m, const char *name, uint64_t result,
			    struct steady_report *report)
{
	const struct steady_firmware_value *want = firmware(m, name);
	uint64_t level = level_of(name, result), least = want ? want->value & WORKAROUND_LEVEL : 0;
	char a[24], b[24];

	if (least == 1 && strcmp(name, "WORKAROUND_2") == 0)
		return 0; /* UNKNOWN promises nothing */
	if (level >= least)
		return 0;
	return mismatch(report, name, NULL, number(least, a), number(level, b), 0, "a hypercall");
}

static int check_versions(const struct steady_model *m, const struct steady_guest *g,
			  struct steady_report *report)
{
	const struct steady_firmware_value *want = firmware(m, "PSCI_VERSION");
	uint64_t psci = g->call[STEADY_GUEST_PSCI_VERSION];
	uint64_t smccc = g->call[STEADY_GUEST_SMCCC_VERSION];
	int result = 0;
	char a[24], b[24];

	if (want && want->value != psci)
		result = mismatch(report, "PSCI_VERSION", NULL, number(want->value, a),
				  number(psci, b), 0, "a hypercall");
	if (m->firmware_count && (!answers(smccc) || smccc < SMCCC_NEEDED))
		result = mismatch(report, "SMCCC_VERSION", NULL, "0x10001 or more", number(smccc, b), 0,
				  "a hypercall");
	return result;
}

static int check_calls(const struct steady_model *m, const struct steady_guest *g,
		       struct steady_report *report)
{
	static const struct {
		const char *name;
		uint64_t bit;
		enum steady_guest_call call;
	} services[] = {
		{"STD_BMAP", 1, STEADY_GUEST_TRNG_VERSION},
		{"STD_HYP_BMAP", 1, STEADY_GUEST_PV_TIME},
		{"VENDOR_HYP_BMAP", 1, STEADY_GUEST_VENDOR_FEATURES},
	};
	static const struct {
		const char *name;
		enum steady_guest_call call;
	} workarounds[] = {
		{"WORKAROUND_1", STEADY_GUEST_WORKAROUND_1},
		{"WORKAROUND_2", STEADY_GUEST_WORKAROUND_2},
		{"WORKAROUND_3", STEADY_GUEST_WORKAROUND_3},
	};
	int result = check_versions(m, g, report), r;

	for (size_t i = 0; i < sizeof(services) / sizeof(services[0]); i++) {
		r = check_call(m, services[i].name, services[i].bit, g->call[services[i].call],
			       report);
		result = result ? result : r;
	}
	for (size_t i = 0; i < sizeof(workarounds) / sizeof(workarounds[0]); i++) {
		r = check_workaround(m, workarounds[i].name, g->call[workarounds[i].call], report);
		result = result ? result : r;
	}
	return result;
}

/* ---- which CPUs the guest may meet ---- */

/* KVM's 28b46fb6-2ec5-11e9-a9ca-4b564d003a74 (hypercalls.rst), as DEN0028 puts a UID into registers. */
static const uint64_t kvm_uid[4] = {0xb66fb428, 0xe911c52e, 0x564bcaa9, 0x743a004d};
static const uint64_t off[4] = {UINT64_MAX};

static int check_four(const struct steady_guest *g, uint32_t place, const char *name,
		      const uint64_t want[4], struct steady_report *report)
{
	const uint64_t *got = g->four[place];
	struct steady_text a = STEADY_TEXT_INIT, b = STEADY_TEXT_INIT;
	bool same = place < g->fours;

	/* of a call that is not supported the first register alone says so, in 32 bits or 64 */
	for (int i = 0; same && i < (want == off ? 1 : 4); i++)
		same = want == off ? (int32_t)got[i] == -1 : got[i] == want[i];
	if (same)
		return 0;
	for (int i = 0; i < 4; i++) {
		steady_text_printf(&a, "%s0x%" PRIx64, i ? " " : "", want[i]);
		steady_text_printf(&b, "%s0x%" PRIx64, i ? " " : "", got[i]);
	}
	mismatch(report, name, NULL, want == off ? "not supported" : a.data ? a.data : "",
		 place >= g->fours ? "nothing" : b.data ? b.data : "", 0, "a hypercall");
	steady_text_free(&a);
	steady_text_free(&b);
	return -STEADY_EMISMATCH;
}

static uint64_t bitmap(const struct steady_model *m, const char *name)
{
	int row = steady_firmware_by_name(name, strlen(name));
	const struct steady_firmware_value *want = steady_model_firmware(m, steady_firmware[row].id);

	return want ? want->value : 0;
}

/* What the guest was told of KVM's own calls: which there are, and by them which CPUs. */
static int check_discovery(const struct steady_model *m, const struct steady_guest *g,
			   struct steady_verified *v, struct steady_report *report)
{
	uint64_t vendor = bitmap(m, "VENDOR_HYP_BMAP"), bits = steady_discovery_bits(m);
	const uint64_t there[4] = {vendor, 0, bits, 0};
	const uint64_t version[4] = {0, 0x10000, m->implementation_count, 0};
	const uint64_t beyond[4] = {(uint64_t)-3, 0, 0, 0}; /* INVALID_PARAMETER */
	int result = 0, r;

	if (!m->firmware_count)
		return 0;
	result = check_four(g, STEADY_GUEST_VENDOR_UID, "VENDOR_HYP_CALL_UID",
			    vendor & 1 ? kvm_uid : off, report);
	r = check_four(g, STEADY_GUEST_VENDOR_BITS, "VENDOR_HYP_KVM_FEATURES",
		       vendor & 1 ? there : off, report);
	result = result ? result : r;
	r = check_four(g, STEADY_GUEST_DISCOVER_VERSION, "DISCOVER_IMPL_VER", bits ? version : off,
		       report);
	result = result ? result : r;
	/* the same question again, asked of its first register alone */
	if (answers(g->call[STEADY_GUEST_DISCOVER_IMPL]) != (bits != 0)) {
		r = mismatch(report, "DISCOVER_IMPL_VER", NULL, bits ? "an answer" : "not supported",
			     bits ? "no answer" : "it answers", 0, "a hypercall");
		result = result ? result : r;
	}
	for (uint32_t i = 0; bits && i <= m->implementation_count && i < 65; i++) {
		const struct steady_cpu *cpu = &m->implementations[i];
		bool there_is = i < m->implementation_count;
		const uint64_t want[4] = {0, there_is ? cpu->midr : 0, there_is ? cpu->revidr : 0,
					  there_is ? cpu->aidr : 0};

		r = check_four(g, STEADY_GUEST_DISCOVER_CPU + i, "DISCOVER_IMPL_CPUS",
			       there_is ? want : beyond, report);
		result = result ? result : r;
		v->discovered += there_is && !r;
	}
	return result;
}

/* ---- all of it ---- */

static void count(const struct steady_guest *g, struct steady_verified *v)
{
	v->psci = g->call[STEADY_GUEST_PSCI_VERSION];
	v->smccc = g->call[STEADY_GUEST_SMCCC_VERSION];
	v->midr = g->vcpu[0].el1[steady_register_by_name("MIDR_EL1", 8)].value;
	v->ctr = g->vcpu[0].ctr;
	v->dczid = g->vcpu[0].dczid;
	v->cntfrq = g->vcpu[0].cntfrq;
	v->events = g->vcpu[0].done && !g->vcpu[0].no_events;
	memcpy(v->pmceid, g->vcpu[0].pmceid, sizeof(v->pmceid));
	for (uint32_t i = 0; i < g->vcpus; i++)
		v->guests += g->vcpu[i].done;
	for (int reg = 0; reg < STEADY_REGISTERS; reg++)
		v->undefined += g->vcpu[0].el1[reg].syndrome != 0;
}

static int compare(const struct steady_model *m, const struct steady_guest *g,
		   const uint64_t target[STEADY_REGISTERS], struct steady_verified *v,
		   struct steady_report *report)
{
	uint64_t class = expected_class(target);
	int result = check_calls(m, g, report);
	int r = check_discovery(m, g, v, report);

	result = result ? result : r;
	for (uint32_t i = 0; i < g->vcpus; i++) {
		r = check_readable(m, g, target, i, report);
		result = result ? result : r;
	}
	for (int reg = STEADY_CORE_FIRST; reg < CORE_END; reg++) {
		int el1 = 0, el0 = 0;

		for (uint32_t i = 0; i < g->vcpus; i++) {
			r = check_el1(g, i, reg, target[reg], report);
			el1 = el1 ? el1 : r;
			r = check_el0(g, i, reg, class, report);
			el0 = el0 ? el0 : r;
		}
		v->equal += !el1;
		v->trapped += !el0;
		result = result ? result : el1 ? el1 : el0;
	}
	for (int reg = 0; reg < STEADY_REGISTERS; reg++) {
		int el1 = 0;

		if (steady_register_is_core(reg) || !m->has[reg])
			continue;
		for (uint32_t i = 0; i < g->vcpus; i++) {
			r = check_el1(g, i, reg, target[reg], report);
			el1 = el1 ? el1 : r;
		}
		v->others++;
		v->others_equal += !el1;
		result = result ? result : el1;
	}
	return result;
}

static int guest_failed(const struct steady_guest *g, struct steady_report *report)
{
	char name[STEADY_ERRNO_NAME];

	steady_report_add(report, STEADY_ERROR, STEADY_EHOST);
	steady_report_subject(report, "guest", NULL);
	if (g->error)
		steady_report_reason(report, "%s failed: %s", g->failed ? g->failed : "a call",
				     steady_errno_name(g->error, name));
	else
		steady_report_reason(report, "not every vCPU came to its end");
	return -STEADY_EHOST;
}

/*
 * Why the guest cannot run as the model has it, or NULL: AArch32 has no instruction that reads these
 * registers, and host/guest_code.S is made for EL1.
 */
static const char *why_no_guest(const struct steady_model *m)
{
	if (m->options >> STEADY_OPTION_EL1_32BIT & 1)
		return "one with 32-bit EL1 cannot read the ID registers of AArch64";
	if (m->options >> STEADY_OPTION_EL2 & 1)
		return "the one that there is begins at EL1, and the model's at EL2";
	return NULL;
}

static int no_guest(const char *why, struct steady_report *report)
{
	steady_report_add(report, STEADY_WARNING, 0);
	steady_report_subject(report, "guest", NULL);
	steady_report_reason(report, "no guest was run: %s; what is verified is what KVM reads back of "
				     "every vCPU", why);
	return 0;
}

static bool answer(const void *model, uint64_t x[4])
{
	return steady_model_answer(model, x);
}

int steady_verify_with(const struct steady_model *model, const struct steady_verifier *with,
		       uint32_t vcpus, struct steady_verified *v, struct steady_report *report)
{
	const struct steady_guest_answers answers = {answer, model};
	struct steady_guest guest;
	int r;

	memset(v, 0, sizeof(*v));
	if (!vcpus || vcpus > STEADY_GUEST_VCPUS)
		return -STEADY_EUSAGE;
	r = steady_apply_guest(model, with->call, with->ctx, vcpus, &v->applied, report);
	if (r)
		return r;
	if (why_no_guest(model))
		return no_guest(why_no_guest(model), report);
	r = with->run(with->guest_ctx, vcpus, SECONDS, &answers, &guest);
	count(&guest, v);
	if (r == -STEADY_EHOST || (!r && v->guests != vcpus))
		return guest_failed(&guest, report);
	return r ? r : compare(model, &guest, v->applied.target, v, report);
}

static int run_guest(void *kvm, uint32_t vcpus, unsigned int seconds,
		     const struct steady_guest_answers *answers, struct steady_guest *guest)
{
	return steady_guest_run(kvm, vcpus, seconds, answers, guest);
}

int steady_verify(const struct steady_model *model, struct steady_kvm *kvm, uint32_t vcpus,
		  struct steady_verified *v, struct steady_report *report)
{
	const struct steady_verifier with = {steady_kvm_call, kvm, run_guest, kvm};

	return steady_verify_with(model, &with, vcpus, v, report);
}
