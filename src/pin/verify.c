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

#define POWER_OFF     UINT32_C(1) /* KVM_ARM_VCPU_POWER_OFF: bit 0 */
#define SECONDS       20          /* for the guest; emulated hosts need two */
#define CORE_END      (STEADY_CORE_FIRST + STEADY_CORE_COUNT)
#define EC(syndrome)  ((syndrome) >> 26 & 0x3f) /* ESR_EL1.EC (DDI0487 D24.2.40) */
#define EC_UNKNOWN    0x00
#define EC_SYSREG     0x18 /* trapped MSR, MRS */
#define NOT_SUPPORTED UINT64_MAX /* SMCCC: -1 */

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

/* ---- hypercalls ---- */

static int check_call(const struct steady_model *m, const char *name, uint64_t bit, uint64_t result,
		      struct steady_report *report)
{
	int row = steady_firmware_by_name(name, strlen(name));
	const struct steady_firmware_value *want =
		row < 0 ? NULL : steady_model_firmware(m, steady_firmware[row].id);
	bool has = result != NOT_SUPPORTED && (int32_t)result != -1;

	/* a service that is on may still be absent: no source of randomness, no stolen time */
	if (!want || want->value & bit || !has)
		return 0;
	return mismatch(report, name, NULL, "the service off", "it answers", 0, "a hypercall");
}

static int check_calls(const struct steady_model *m, const struct steady_guest *g,
		       struct steady_report *report)
{
	static const char psci[] = "PSCI_VERSION";
	int row = steady_firmware_by_name(psci, sizeof(psci) - 1), r, result = 0;
	const struct steady_firmware_value *want = steady_model_firmware(m, steady_firmware[row].id);
	char a[24], b[24];

	if (want && want->value != g->call[STEADY_GUEST_PSCI_VERSION])
		result = mismatch(report, psci, NULL, number(want->value, a),
				  number(g->call[STEADY_GUEST_PSCI_VERSION], b), 0, "a hypercall");
	r = check_call(m, "STD_BMAP", 1, g->call[STEADY_GUEST_TRNG_VERSION], report);
	result = result ? result : r;
	r = check_call(m, "STD_HYP_BMAP", 1, g->call[STEADY_GUEST_PV_TIME], report);
	result = result ? result : r;
	r = check_call(m, "VENDOR_HYP_BMAP", 1, g->call[STEADY_GUEST_VENDOR_FEATURES], report);
	return result ? result : r;
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

	for (int reg = STEADY_CORE_FIRST; reg < CORE_END; reg++) {
		int el1 = 0, el0 = 0;

		for (uint32_t i = 0; i < g->vcpus; i++) {
			int r = check_el1(g, i, reg, target[reg], report);

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
			int r = check_el1(g, i, reg, target[reg], report);

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

int steady_verify(const struct steady_model *model, struct steady_kvm *kvm, uint32_t vcpus,
		  struct steady_verified *v, struct steady_report *report)
{
	struct steady_guest guest;
	int r;

	memset(v, 0, sizeof(*v));
	if (!vcpus || vcpus > STEADY_GUEST_VCPUS)
		return -STEADY_EUSAGE;
	r = steady_apply_off(model, steady_kvm_call, kvm, vcpus, POWER_OFF, &v->applied, report);
	if (r)
		return r;
	r = steady_guest_run(kvm, vcpus, SECONDS, &guest);
	count(&guest, v);
	if (r == -STEADY_EHOST || (!r && v->guests != vcpus))
		return guest_failed(&guest, report);
	return r ? r : compare(model, &guest, v->applied.target, v, report);
}
