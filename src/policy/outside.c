/* SPDX-License-Identifier: MIT */
#include "policy/outside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "policy/explain.h"
#include "policy/policy.h"


static const char *const names[STEADY_OUTSIDES] = {
	"CTR_EL0", "CLIDR_EL1", "MIDR_EL1", "REVIDR_EL1", "AIDR_EL1",
};

int steady_outside_register(enum steady_outside which)
{
	return steady_register_by_name(names[which], strlen(names[which]));
}

int steady_outside_of_register(int reg)
{
	for (int i = 0; i < STEADY_OUTSIDES; i++) {
		if (strcmp(steady_registers[reg].name, names[i]) == 0)
			return i;
	}
	return -1;
}

uint64_t steady_cache_id(unsigned int number)
{
	return STEADY_ID_CCSIDR | number;
}

int steady_cache_number(uint64_t id)
{
	return (id ^ STEADY_ID_CCSIDR) < STEADY_CACHES ? (int)(id ^ STEADY_ID_CCSIDR) : -1;
}

static const struct steady_field *field(const char *name)
{
	return &steady_fields[steady_field_by_name(name, strlen(name))];
}

/* ---- identity ---- */

bool steady_model_has_identity(const struct steady_model *m)
{
	for (int i = STEADY_OUTSIDE_MIDR; i <= STEADY_OUTSIDE_AIDR; i++) {
		if (m->has[steady_outside_register((enum steady_outside)i)])
			return true;
	}
	return false;
}

void steady_model_set_identity(struct steady_model *m, const struct steady_cpu *cpu)
{
	const uint64_t values[] = {cpu->midr, cpu->revidr, cpu->aidr};

	for (int i = STEADY_OUTSIDE_MIDR; i <= STEADY_OUTSIDE_AIDR; i++) {
		int reg = steady_outside_register((enum steady_outside)i);

		m->has[reg] = true;
		m->value[reg] = values[i - STEADY_OUTSIDE_MIDR];
	}
}

static bool is_asked(const struct steady_cpu *cpu, const struct steady_cpu *asked)
{
	return cpu->midr == asked->midr && (!asked->revidr || cpu->revidr == asked->revidr) &&
	       (!asked->aidr || cpu->aidr == asked->aidr);
}

int steady_identity_choose(const struct steady_cpu *all, size_t count,
			   const struct steady_cpu *asked, struct steady_cpu *out,
			   struct steady_report *report)
{
	struct steady_text list = STEADY_TEXT_INIT;
	struct steady_cpu only = {0};
	size_t found = 0;

	for (size_t i = 0; i < count; i++) {
		if (asked && memcmp(&all[i], asked, sizeof(*asked)) == 0) {
			*out = all[i];
			return 0;
		}
		if (asked && !is_asked(&all[i], asked))
			continue;
		if (!found++)
			only = all[i];
	}
	if (found == 1) {
		*out = only;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		steady_text_printf(&list, "%s0x%08" PRIx64 ",0x%" PRIx64 ",0x%" PRIx64,
				   i ? " " : "", all[i].midr, all[i].revidr, all[i].aidr);
	steady_report_add(report, STEADY_ERROR, STEADY_ECONFLICT);
	steady_report_subject(report, "MIDR_EL1", NULL);
	if (asked)
		steady_report_wanted(report, "0x%08" PRIx64, asked->midr);
	if (!count)
		steady_report_reason(report, "no CPU is listed that guests could be told of");
	else
		steady_report_reason(report,
				     found || !asked
					     ? "the CPUs differ, and a guest can be told of "
					       "one only: %s"
					     : "the one asked for is none of those that are "
					       "listed: %s",
				     list.data ? list.data : "");
	steady_report_advice(report, count ? "name the one that guests shall be told of: "
					     "--identity=0xMIDR,0xREVIDR,0xAIDR"
					   : "probe the hosts again");
	steady_text_free(&list);
	return -STEADY_ECONFLICT;
}

int steady_model_identify(struct steady_model *m, const struct steady_cpu *asked,
			  struct steady_report *report)
{
	struct steady_cpu cpu;
	int r;

	if (!asked && steady_model_has_identity(m))
		return 0; /* it names the one itself */
	r = steady_identity_choose(m->implementations, m->implementation_count, asked, &cpu, report);
	if (!r)
		steady_model_set_identity(m, &cpu);
	return r;
}

static bool capability(const struct steady_profile *p, uint32_t number)
{
	const struct steady_reading *r = steady_profile_capability(p, number);

	return r && r->state == STEADY_VALUE && r->value;
}

static bool writable(const struct steady_profile *p, int reg, uint64_t value)
{
	uint64_t mask;

	return steady_profile_mask(p, reg, &mask) && !(value & ~mask);
}

bool steady_profile_takes_identity(const struct steady_profile *p, const struct steady_cpu *cpu)
{
	const uint64_t values[] = {cpu->midr, cpu->revidr, cpu->aidr};
	bool takes = capability(p, STEADY_CAP_IMP_IDS), is = p->cpu_count > 0;

	for (size_t i = 0; i < p->cpu_count; i++)
		is = is && memcmp(&p->cpus[i], cpu, sizeof(*cpu)) == 0;
	for (int i = STEADY_OUTSIDE_MIDR; i <= STEADY_OUTSIDE_AIDR; i++)
		takes = takes && writable(p, steady_outside_register((enum steady_outside)i),
					  values[i - STEADY_OUTSIDE_MIDR]);
	return takes || is;
}

bool steady_profile_tells_ctr(const struct steady_profile *p)
{
	uint64_t mask;

	return steady_profile_mask(p, steady_outside_register(STEADY_OUTSIDE_CTR), &mask) && mask;
}

/* ---- caches ---- */

bool steady_clidr_claims_coherence(uint64_t clidr)
{
	return !steady_field_get(field("CLIDR_EL1.LoC"), clidr) ||
	       (!steady_field_get(field("CLIDR_EL1.LoUIS"), clidr) &&
		!steady_field_get(field("CLIDR_EL1.LoUU"), clidr));
}

bool steady_clidr_has(uint64_t clidr, unsigned int number)
{
	/* Ctype: 1 instructions, 2 data, 3 both apart, 4 both in one */
	static const unsigned int data = 1 << 2 | 1 << 3 | 1 << 4, instructions = 1 << 1 | 1 << 3;
	char name[32];

	if (number / 2 >= 7) /* levels */
		return false;
	snprintf(name, sizeof(name), "CLIDR_EL1.Ctype%u", number / 2 + 1);
	return (number & 1 ? instructions : data) >> steady_field_get(field(name), clidr) & 1;
}

static bool takes_clidr(const struct steady_profile *p, const struct steady_configuration *c,
			uint64_t value)
{
	const struct steady_field *idc = field("CTR_EL0.IDC");
	const struct steady_reading *ctr = &c->reg[idc->reg];

	if (!writable(p, steady_outside_register(STEADY_OUTSIDE_CLIDR), value))
		return false;
	return !steady_clidr_claims_coherence(value) ||
	       (ctr->state == STEADY_VALUE && steady_field_get(idc, ctr->value));
}

/*
 * set_ccsidr(): no line may be shorter than what CTR_EL0 says of this kind of cache. LineSize
 * counts from 16 bytes, the other from 4; the number's lowest bit tells instructions from data.
 */
static bool takes_ccsidr(const struct steady_profile *p, const struct steady_configuration *c,
			 unsigned int number, uint32_t value)
{
	const struct steady_field *least =
		field(number & 1 ? "CTR_EL0.IminLine" : "CTR_EL0.DminLine");
	const struct steady_reading *ctr = &c->reg[least->reg];
	uint64_t mask;

	/* kernels that let CLIDR_EL1 be written let these */
	return ctr->state == STEADY_VALUE &&
	       steady_profile_mask(p, steady_outside_register(STEADY_OUTSIDE_CLIDR), &mask) &&
	       mask &&
	       steady_field_get(field("CCSIDR_EL1.LineSize"), value) + 2 >=
		       steady_field_get(least, ctr->value);
}

const struct steady_reading *steady_profile_cache(const struct steady_profile *p,
						  unsigned int number)
{
	for (size_t i = 0; i < p->cache_count; i++) {
		if (p->caches[i].id == steady_cache_id(number))
			return &p->caches[i].reading;
	}
	return NULL;
}

/* ---- targets ---- */

static void blocked(const struct steady_profile *p, int which, uint64_t wanted, uint64_t has,
		    struct steady_report *report)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, names[which], NULL);
	steady_report_wanted(report, "0x%" PRIx64, wanted);
	steady_report_offered(report, "0x%" PRIx64, has);
	if (which == STEADY_OUTSIDE_CLIDR)
		steady_report_reason(report, "%s%s does not let a guest's caches be described so",
				     p->kernel ? "kernel " : "its kernel",
				     p->kernel ? p->kernel : "");
	else
		steady_report_reason(report,
				     "%s%s shows a guest the hardware's own identity, and "
				     "lets no other be written: it has no "
				     "KVM_CAP_ARM_WRITABLE_IMP_ID_REGS",
				     p->kernel ? "kernel " : "its kernel",
				     p->kernel ? p->kernel : "");
	steady_report_advice(report,
			     "boot a kernel that lets it be written, or leave it to the "
			     "host: --tolerate %s",
			     names[which]);
}

/* Guests choose their errata workarounds by it. */
static void warn_foreign(int which, uint64_t wanted, uint64_t has, struct steady_report *report)
{
	if (which != STEADY_OUTSIDE_MIDR)
		return;
	steady_report_add(report, STEADY_WARNING, 0);
	steady_report_subject(report, names[which], NULL);
	steady_report_reason(report,
			     "guests are told 0x%08" PRIx64 " and run on 0x%08" PRIx64
			     ": they handle the errata of the former",
			     wanted, has);
}

static int unknown(const struct steady_reading *has, int reg, struct steady_report *report)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EUNKNOWN);
	steady_report_subject(report, steady_registers[reg].name, NULL);
	steady_report_reason(report, "%s",
			     has->state == STEADY_FAILED ? "it could not be read on this host"
							 : "the profile does not hold it");
	steady_report_advice(report, "probe the host again, or leave it to the host: --tolerate %s",
			     steady_registers[reg].name);
	return -STEADY_EUNKNOWN;
}

static int never_written(const struct steady_model *m, const struct steady_reading *has, int reg,
			 struct steady_report *report)
{
	steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(report, steady_registers[reg].name, NULL);
	steady_report_wanted(report, "0x%" PRIx64, m->value[reg]);
	steady_report_offered(report, "0x%" PRIx64, has->value);
	steady_report_reason(report, "this register is not written");
	steady_report_advice(report, "leave it out of the model, and to the host");
	return -STEADY_EBLOCKED;
}

int steady_outside_target(const struct steady_model *m, const struct steady_profile *p,
			  const struct steady_configuration *c, int reg, uint64_t *target,
			  struct steady_report *report)
{
	const struct steady_reading *has = &c->reg[reg];
	int which = steady_outside_of_register(reg);

	*target = m->value[reg];
	if (has->state == STEADY_VALUE && has->value == m->value[reg] &&
	    (which != STEADY_OUTSIDE_CTR || steady_profile_tells_ctr(p)))
		return 0;
	if (which >= 0 && steady_model_tolerates(m, names[which])) {
		*target = has->state == STEADY_VALUE ? has->value : m->value[reg];
		return 0;
	}
	if (has->state != STEADY_VALUE)
		return unknown(has, reg, report);
	if (which < 0)
		return never_written(m, has, reg, report);
	if (which == STEADY_OUTSIDE_CTR && !steady_profile_tells_ctr(p)) {
		*target = has->value;
		steady_report_add(report, STEADY_WARNING, 0);
		steady_report_subject(report, names[which], NULL);
		steady_report_reason(report, "a guest of this kernel reads the hardware's own, "
					     "which KVM does not tell: not checked");
		return 0;
	}
	if (which == STEADY_OUTSIDE_CTR)
		return steady_target_register(m, p, c, reg, target, report);
	if (which == STEADY_OUTSIDE_CLIDR && takes_clidr(p, c, m->value[reg]))
		return 0;
	if (which != STEADY_OUTSIDE_CLIDR && capability(p, STEADY_CAP_IMP_IDS) &&
	    writable(p, reg, m->value[reg])) {
		warn_foreign(which, m->value[reg], has->value, report);
		return 0;
	}
	blocked(p, which, m->value[reg], has->value, report);
	return -STEADY_EBLOCKED;
}

int steady_caches_target(const struct steady_model *m, const struct steady_profile *p,
			 const struct steady_configuration *c, struct steady_caches *out,
			 struct steady_report *report)
{
	int result = 0, clidr = steady_outside_register(STEADY_OUTSIDE_CLIDR);

	memset(out, 0, sizeof(*out));
	if (!m->caches.has || steady_model_tolerates(m, names[STEADY_OUTSIDE_CLIDR]))
		return 0;
	/* where there are other caches, it is no use to say so of each */
	if (m->has[clidr] && c->reg[clidr].state == STEADY_VALUE &&
	    c->reg[clidr].value != m->value[clidr] && !takes_clidr(p, c, m->value[clidr]))
		return 0;
	if (!p->cache_count)
		return unknown(&(struct steady_reading){0},
			       steady_register_by_name("CCSIDR_EL1", 10), report);
	for (unsigned int i = 0; i < STEADY_CACHES; i++) {
		const struct steady_reading *has = steady_profile_cache(p, i);

		if (!(m->caches.has >> i & 1))
			continue;
		out->has |= UINT32_C(1) << i;
		out->value[i] = m->caches.value[i];
		if (has && has->state == STEADY_VALUE &&
		    (has->value == out->value[i] || takes_ccsidr(p, c, i, out->value[i])))
			continue;
		result = -STEADY_EBLOCKED;
		steady_report_add(report, STEADY_ERROR, STEADY_EBLOCKED);
		steady_report_subject(report, "CCSIDR_EL1", NULL);
		steady_report_wanted(report, "0x%" PRIx32, out->value[i]);
		if (has && has->state == STEADY_VALUE)
			steady_report_offered(report, "0x%" PRIx64, has->value);
		steady_report_reason(report,
				     "the cache that CSSELR_EL1 = %u selects cannot be "
				     "described so on this host",
				     i);
		steady_report_advice(report,
				     "boot a kernel that lets it be written, or leave the "
				     "caches to the host: --tolerate %s",
				     names[STEADY_OUTSIDE_CLIDR]);
	}
	return result;
}
