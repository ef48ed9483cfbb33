/* SPDX-License-Identifier: MIT */
#include "orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LENGTH(a) (sizeof(a) / sizeof((a)[0]))

/* DDI0487: the register's description says so. D24.1.3: what ID fields' values mean by default. */
#define SIGNED "8<9<10<11<12<13<14<15<0<1<2<3<4<5<6<7"
#define DOWN   "15<14<13<12<11<10<9<8<7<6<5<4<3<2<1<0"
#define UP     "<3<4<5<6<7<8<9<10<11<12<13<14<15"
#define PAC    "0<1; 0<2; 0<3<4<5<6"

const struct order orders[] = {
	/* 0xF says that there is none: signed (D24.1.3) */
	{"ID_AA64PFR0_EL1.FP", 's', SIGNED, "0-7,15",
	 "DDI0487 ID_AA64PFR0_EL1: 0xF not implemented"},
	{"ID_AA64PFR0_EL1.AdvSIMD", 's', SIGNED, "0-7,15", "DDI0487 ID_AA64PFR0_EL1: 0xF"},
	{"ID_AA64MMFR0_EL1.TGran4", 's', SIGNED, "0-7,15", "DDI0487 ID_AA64MMFR0_EL1: 0xF"},
	{"ID_AA64MMFR0_EL1.TGran64", 's', SIGNED, "0-7,15", "DDI0487 ID_AA64MMFR0_EL1: 0xF"},
	{"ID_AA64DFR0_EL1.DoubleLock", 's', SIGNED, "0-7,15", "DDI0487 ID_AA64DFR0_EL1: 0xF"},
	{"ID_AA64PFR1_EL1.MTE_frac", 's', SIGNED, "0-7,15", "DDI0487 ID_AA64PFR1_EL1: 0xF"},
	{"ID_MMFR3_EL1.Supersec", 's', SIGNED, "0,15", "DDI0487 ID_MMFR3_EL1: 0xF none"},
	/* 0xF: E2H is RES1; 0xE: and NV1 is RES0 */
	{"ID_AA64MMFR4_EL1.E2H0", 's', SIGNED, "0-7,14,15", "DDI0487 ID_AA64MMFR4_EL1"},
	/* 0: not there, bits IMPLEMENTATION DEFINED; 0xF: not there, bits RES0; 1: there */
	{"ID_AA64DFR0_EL1.MTPMU", 's', "0<15; 0<1", "0-7,15", "DDI0487 ID_AA64DFR0_EL1"},
	{"ID_DFR1_EL1.MTPMU", 's', "0<15; 0<1", "0-7,15", "DDI0487 ID_DFR1_EL1"},
	/* 0xF, 1 and 2 describe what 0 leaves open */
	{"ID_AA64MMFR4_EL1.EIESB", 's', "0<15; 0<1<2", "0-7,15", "DDI0487 ID_AA64MMFR4_EL1"},

	/* the alternative scheme of the PMU: 0xF is none of Arm's, as 0; 8 and more are not
	   negative */
	{"ID_AA64DFR0_EL1.PMUVer", 'u', "15=0<1<2<3<4<5<6<7<8<9<10<11<12<13<14", "0,1,4-14",
	 "DDI0487 D24.1.3.2, KVM: set_id_aa64dfr0_el1()"},
	{"ID_DFR0_EL1.PerfMon", 'u', "15=0<1<2<3<4<5<6<7<8<9<10<11<12<13<14", "0,3-14",
	 "DDI0487 D24.1.3.2, KVM: set_id_dfr0_el1()"},

	/* stage 2: 1 none, 0 as stage 1 has it, 2 there, 3 with 52 bits */
	{"ID_AA64MMFR0_EL1.TGran4_2", 'u', "1<0; 1<2<3", "", "DDI0487 ID_AA64MMFR0_EL1"},
	{"ID_AA64MMFR0_EL1.TGran16_2", 'u', "1<0; 1<2<3", "", "DDI0487 ID_AA64MMFR0_EL1"},
	{"ID_AA64MMFR0_EL1.TGran64_2", 'u', "1<0; 1<2", "", "DDI0487 ID_AA64MMFR0_EL1"},

	/* 2 (FEAT_EPAC) is no more than 1, and 3 (FEAT_PAuth2) replaces both */
	{"ID_AA64ISAR1_EL1.APA", 'u', PAC, "", "DDI0487 ID_AA64ISAR1_EL1"},
	{"ID_AA64ISAR1_EL1.API", 'u', PAC, "", "DDI0487 ID_AA64ISAR1_EL1"},
	{"ID_AA64ISAR2_EL1.APA3", 'u', PAC, "", "DDI0487 ID_AA64ISAR2_EL1"},

	/* how errors are told: 1, 2 and 3 are three ways, 0 says nothing */
	{"ID_AA64MMFR3_EL1.ADERR", 'u', "0<1; 0<2; 0<3", "", "DDI0487 ID_AA64MMFR3_EL1"},
	{"ID_AA64MMFR3_EL1.SDERR", 'u', "0<1; 0<2; 0<3", "", "DDI0487 ID_AA64MMFR3_EL1"},
	{"ID_AA64MMFR3_EL1.ANERR", 'u', "0<1; 0<2; 0<3", "", "DDI0487 ID_AA64MMFR3_EL1"},
	{"ID_AA64MMFR3_EL1.SNERR", 'u', "0<1; 0<2; 0<3", "", "DDI0487 ID_AA64MMFR3_EL1"},

	/* reverse: 1 takes something away */
	{"ID_AA64MMFR1_EL1.SpecSEI", 'u', DOWN, "0,1", "Linux cpufeature.c: FTR_HIGHER_SAFE"},
	{"ID_MMFR4_EL1.SpecSEI", 'u', DOWN, "0,1", "Linux cpufeature.c: FTR_HIGHER_SAFE"},
	{"DCZID_EL0.DZP", 'u', "1<0", "", "DDI0487 DCZID_EL0: 1 prohibits DC ZVA"},

	/* reverse, but 0 says that nobody knows, so that the greatest there is is to be assumed */
	{"CTR_EL0.CWG", 'u', "0<15<14<13<12<11<10<9<8<7<6<5<4<3<2<1", "",
	 "DDI0487 CTR_EL0, Linux: FTR_HIGHER_OR_ZERO_SAFE"},
	{"CTR_EL0.ERG", 'u', "0<15<14<13<12<11<10<9<8<7<6<5<4<3<2<1", "",
	 "DDI0487 CTR_EL0, Linux: FTR_HIGHER_OR_ZERO_SAFE"},
	{"CTR_EL0.L1Ip", 'u', "2<3", "2,3",
	 "DDI0487 CTR_EL0: VIPT is the safe one, PIPT asks less"},

	/* masks: each bit is an operation of its own, all of them or none */
	{"ID_AA64SMFR0_EL1.I16I64", 'u', "mask", "0,15", "DDI0487 ID_AA64SMFR0_EL1"},
	{"ID_AA64SMFR0_EL1.I16I32", 'u', "mask", "0,5", "DDI0487 ID_AA64SMFR0_EL1"},
	{"ID_AA64SMFR0_EL1.I8I32", 'u', "mask", "0,15", "DDI0487 ID_AA64SMFR0_EL1"},

	/* holes: values that were never given a meaning */
	{"ID_AA64ISAR0_EL1.Atomic", 'u', "0<1<2" UP, "0,2-15", "DDI0487 ID_AA64ISAR0_EL1"},
	{"ID_AA64ISAR2_EL1.WFxT", 'u', "0<1<2" UP, "0,2-15", "DDI0487 ID_AA64ISAR2_EL1"},
	{"ID_AA64MMFR0_EL1.ASIDBits", 'u', "0<1<2" UP, "0,2-15", "DDI0487 ID_AA64MMFR0_EL1"},
	{"ID_AA64MMFR1_EL1.VMIDBits", 'u', "0<1<2" UP, "0,2-15", "DDI0487 ID_AA64MMFR1_EL1"},
	{"ID_AA64PFR0_EL1.GIC", 'u', "0<1<2" UP, "0,1,3-15", "DDI0487 ID_AA64PFR0_EL1"},
	{"ID_PFR1_EL1.GIC", 'u', "0<1<2" UP, "0,1,3-15", "DDI0487 ID_PFR1_EL1"},
	/* 1 (FEAT_ETS) was taken back and says no more than 0 */
	{"ID_AA64MMFR1_EL1.ETS", 'u', "0=1<2" UP, "", "DDI0487 ID_AA64MMFR1_EL1"},

	/* floors: a CPU has at least that */
	{"ID_AA64DFR0_EL1.DebugVer", 'u', "0<1<2" UP, "6-15",
	 "DDI0487 ID_AA64DFR0_EL1: 6 is Armv8.0"},
	{"ID_DFR0_EL1.CopDbg", 'u', "0<1<2" UP, "0,6-15",
	 "DDI0487 ID_DFR0_EL1, KVM: set_id_dfr0_el1()"},
	{"ID_AA64PFR0_EL1.EL0", 'u', "0<1<2" UP, "1,2",
	 "DDI0487 ID_AA64PFR0_EL1, KVM: 0 is refused"},
	{"ID_AA64PFR0_EL1.EL1", 'u', "0<1<2" UP, "1,2",
	 "DDI0487 ID_AA64PFR0_EL1, KVM: 0 is refused"},
	/* counts less 1: there are two at least */
	{"ID_AA64DFR0_EL1.BRPs", 'u', "0<1<2" UP, "1-15", "DDI0487 ID_AA64DFR0_EL1: 0 reserved"},
	{"ID_AA64DFR0_EL1.WRPs", 'u', "0<1<2" UP, "1-15", "DDI0487 ID_AA64DFR0_EL1: 0 reserved"},

	/* neither value offers what the other does: layouts, ways, IMPLEMENTATION DEFINED */
	{"ID_AA64MMFR2_EL1.CCIDX", 'u', "exact 0", "", "DDI0487 CCSIDR_EL1: two layouts"},
	{"ID_MMFR4_EL1.CCIDX", 'u', "exact 0", "", "DDI0487 CCSIDR: two layouts"},
	{"ID_AA64ISAR2_EL1.PAC_frac", 'u', "exact 0", "",
	 "DDI0487 FEAT_CONSTPACFIELD: another layout"},
	{"ID_MMFR0_EL1.InnerShr", 'u', "exact 15", "0,1,15", "DDI0487 ID_MMFR0_EL1: 0xF ignored"},
	{"ID_MMFR0_EL1.OuterShr", 'u', "exact 15", "0,1,15", "DDI0487 ID_MMFR0_EL1: 0xF ignored"},
	{"ID_PFR0_EL1.State2", 'u', "exact 0", "", "DDI0487 ID_PFR0_EL1: ways of Jazelle"},
	{"ID_MMFR0_EL1.AuxReg", 'u', "exact 0", "", "DDI0487 ID_MMFR0_EL1"},
	{"ID_MMFR0_EL1.TCM", 'u', "exact 0", "", "DDI0487 ID_MMFR0_EL1: IMPLEMENTATION DEFINED"},
	{"ID_MMFR0_EL1.PMSA", 'u', "exact 0", "", "DDI0487 ID_MMFR0_EL1"},
	{"ID_MMFR1_EL1.BPred", 'u', "exact 0", "", "DDI0487 ID_MMFR1_EL1: what software has to do"},
	{"ID_MMFR1_EL1.L1TstCln", 'u', "exact 0", "", "DDI0487 ID_MMFR1_EL1: Armv7 ways"},
	{"ID_MMFR1_EL1.L1Uni", 'u', "exact 0", "", "DDI0487 ID_MMFR1_EL1: Armv7 ways"},
	{"ID_MMFR1_EL1.L1Hvd", 'u', "exact 0", "", "DDI0487 ID_MMFR1_EL1: Armv7 ways"},
	{"ID_MMFR1_EL1.L1UniSW", 'u', "exact 0", "", "DDI0487 ID_MMFR1_EL1: Armv7 ways"},
	{"ID_MMFR1_EL1.L1HvdSW", 'u', "exact 0", "", "DDI0487 ID_MMFR1_EL1: Armv7 ways"},
	{"ID_MMFR1_EL1.L1UniVA", 'u', "exact 0", "", "DDI0487 ID_MMFR1_EL1: Armv7 ways"},
	{"ID_MMFR1_EL1.L1HvdVA", 'u', "exact 0", "", "DDI0487 ID_MMFR1_EL1: Armv7 ways"},
	{"ID_MMFR2_EL1.HvdTLB", 'u', "exact 0", "", "DDI0487 ID_MMFR2_EL1: Armv7 ways"},
	{"ID_AFR0_EL1.IMPDEF0", 'u', "exact 0", "", "DDI0487 ID_AFR0_EL1"},
	{"ID_AFR0_EL1.IMPDEF1", 'u', "exact 0", "", "DDI0487 ID_AFR0_EL1"},
	{"ID_AFR0_EL1.IMPDEF2", 'u', "exact 0", "", "DDI0487 ID_AFR0_EL1"},
	{"ID_AFR0_EL1.IMPDEF3", 'u', "exact 0", "", "DDI0487 ID_AFR0_EL1"},
	{"ID_AA64AFR0_EL1.IMPDEF0", 'u', "exact 0", "", "DDI0487 ID_AA64AFR0_EL1"},
	{"ID_AA64AFR0_EL1.IMPDEF1", 'u', "exact 0", "", "DDI0487 ID_AA64AFR0_EL1"},
	{"ID_AA64AFR0_EL1.IMPDEF2", 'u', "exact 0", "", "DDI0487 ID_AA64AFR0_EL1"},
	{"ID_AA64AFR0_EL1.IMPDEF3", 'u', "exact 0", "", "DDI0487 ID_AA64AFR0_EL1"},
	{"ID_AA64AFR0_EL1.IMPDEF4", 'u', "exact 0", "", "DDI0487 ID_AA64AFR0_EL1"},
	{"ID_AA64AFR0_EL1.IMPDEF5", 'u', "exact 0", "", "DDI0487 ID_AA64AFR0_EL1"},
	{"ID_AA64AFR0_EL1.IMPDEF6", 'u', "exact 0", "", "DDI0487 ID_AA64AFR0_EL1"},
	{"ID_AA64AFR0_EL1.IMPDEF7", 'u', "exact 0", "", "DDI0487 ID_AA64AFR0_EL1"},
	{"ID_AA64DFR1_EL1.DPFZS", 'u', "exact 0", "", "DDI0487 ID_AA64DFR1_EL1: another behaviour"},
	{"ID_AA64DFR1_EL1.SYSPMUID", 'u', "exact 0", "",
	 "DDI0487 ID_AA64DFR1_EL1: a number of a unit"},
	{"GMID_EL1.BS", 'u', "exact 0", "", "DDI0487 GMID_EL1: a size that LDGM and STGM work on"},
	{"DCZID_EL0.BS", 'u', "exact 0", "", "DDI0487 DCZID_EL0: a size that DC ZVA works on"},
	{"DCZID_EL0.TBS", 'u', "exact 0", "", "DDI0487 DCZID_EL0: a size"},
	{"CTR_EL0.RES1", 'u', "exact 1", "1", "DDI0487 CTR_EL0: RES1"},
};
const size_t orders_count = LENGTH(orders);

/* ---- orders ---- */

#define VALUES 16

struct parsed {
	bool exact, mask;
	unsigned int fallback;
	int mention[VALUES];          /* which of the values it is; -1: none */
	bool at_most[VALUES][VALUES]; /* [a][b]: b offers all that a does */
	uint16_t legal;
};

static void parse_chains(const char *text, struct parsed *p)
{
	int count = 0, before = -1;
	char op = ';';

	for (int v = 0; v < VALUES; v++)
		p->at_most[v][v] = true;
	for (char *end; *text; text = end) {
		unsigned long v = strtoul(text, &end, 10);

		if (end == text || v >= VALUES)
			abort();
		if (p->mention[v] < 0)
			p->mention[v] = count++;
		if (op != ';')
			p->at_most[before][v] = true;
		if (op == '=')
			p->at_most[v][before] = true;
		before = (int)v;
		while (*end == ' ')
			end++;
		op = *end;
		end += op != '\0';
	}
	for (int k = 0; k < VALUES; k++)
		for (int a = 0; a < VALUES; a++)
			for (int b = 0; b < VALUES; b++)
				p->at_most[a][b] |= p->at_most[a][k] && p->at_most[k][b];
}

static uint16_t parse_legal(const char *text)
{
	unsigned int set = 0;

	for (char *end; *text; text = end + (*end == ',')) {
		unsigned long low = strtoul(text, &end, 10), high = low;

		if (*end == '-')
			high = strtoul(end + 1, &end, 10);
		for (; low <= high; low++)
			set |= 1u << low;
	}
	return set ? (uint16_t)set : UINT16_MAX;
}

/* The rows, read once; by the field's row in the library's table. */
static const struct parsed *parsed_of(unsigned int field)
{
	static struct parsed all[LENGTH(orders)];
	static int16_t *row_of;

	if (!row_of) {
		row_of = malloc(steady_field_count * sizeof(*row_of));
		if (!row_of)
			abort();
		for (unsigned int i = 0; i < steady_field_count; i++)
			row_of[i] = -1;
		for (size_t i = 0; i < LENGTH(orders); i++) {
			int f = steady_field_by_name(orders[i].field, strlen(orders[i].field));

			if (f < 0) {
				fprintf(stderr, "no field %s\n", orders[i].field);
				abort();
			}
			row_of[f] = (int16_t)i;
			memset(all[i].mention, -1, sizeof(all[i].mention));
			all[i].legal = parse_legal(orders[i].legal);
			all[i].exact = sscanf(orders[i].values, "exact %u", &all[i].fallback) == 1;
			all[i].mask = strcmp(orders[i].values, "mask") == 0;
			if (!all[i].exact && !all[i].mask)
				parse_chains(orders[i].values, &all[i]);
		}
	}
	return row_of[field] < 0 ? NULL : &all[row_of[field]];
}

const struct order *orders_of(unsigned int field)
{
	char name[STEADY_FULLNAME];

	steady_field_fullname(field, name, sizeof(name));
	for (size_t i = 0; i < LENGTH(orders); i++) {
		if (strcmp(orders[i].field, name) == 0)
			return &orders[i];
	}
	return NULL;
}

static enum steady_compare stands(bool within, bool holds)
{
	return within && holds ? STEADY_SAME
	       : within        ? STEADY_LESS
	       : holds         ? STEADY_MORE
			       : STEADY_UNORDERED;
}

enum steady_compare orders_compare(unsigned int field, uint64_t a, uint64_t b)
{
	const struct parsed *p = parsed_of(field);

	if (!p)
		return stands(a <= b, b <= a);
	if (p->exact)
		return a == b ? STEADY_SAME : STEADY_UNORDERED;
	if (p->mask)
		return stands(!(a & ~b), !(b & ~a));
	return stands(p->at_most[a][b], p->at_most[b][a]);
}

bool orders_taken_before(unsigned int field, uint64_t a, uint64_t b)
{
	const struct parsed *p = parsed_of(field);

	if (a == b)
		return false;
	if (p && p->exact && (a == p->fallback || b == p->fallback))
		return b == p->fallback;
	if (p && !p->exact && !p->mask && (p->mention[a] >= 0 || p->mention[b] >= 0))
		return p->mention[a] > p->mention[b];
	return a > b;
}

bool orders_is_for_any(unsigned int field, uint64_t value)
{
	const struct parsed *p = parsed_of(field);

	return p && p->exact && p->fallback == value;
}

bool orders_legal(unsigned int field, uint64_t value)
{
	const struct parsed *p = parsed_of(field);

	return !p || steady_fields[field].width > 4 || p->legal >> value & 1;
}

/* ---- conditions ---- */

/* Truth as a number, for min and max. */
enum { NO, PERHAPS, YES };

struct reader {
	const char *at;
	const struct steady_view *view;
};

static int condition(struct reader *r);

static void skip(struct reader *r)
{
	while (*r->at == ' ')
		r->at++;
}

static bool take(struct reader *r, const char *token)
{
	skip(r);
	if (strncmp(r->at, token, strlen(token)) != 0)
		return false;
	r->at += strlen(token);
	return true;
}

static size_t word(const struct reader *r)
{
	return strspn(r->at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.");
}

static int feature(const char *name, size_t length, const struct steady_view *view)
{
	int row = steady_feature_by_name(name, length);
	struct reader r = {.view = view};

	if (row < 0)
		abort();
	r.at = steady_feature_condition((unsigned int)row);
	return condition(&r);
}

static int64_t value_of(unsigned int field, const struct steady_view *view)
{
	const struct steady_field *f = &steady_fields[field];
	const struct order *o = parsed_of(field) ? orders_of(field) : NULL;
	uint64_t v = view->value[f->reg] >> f->lsb & (UINT64_MAX >> (64 - f->width));

	return o && o->sign == 's' && v >> (f->width - 1) & 1
		       ? (int64_t)v - (INT64_C(1) << f->width)
		       : (int64_t)v;
}

static int comparison(struct reader *r, size_t length)
{
	int row = steady_field_by_name(r->at, length);
	enum { AT_LEAST, EQUAL, NOT, BELOW } op;
	char *end;
	int64_t value, is;

	if (row < 0)
		abort();
	r->at += length;
	op = take(r, ">=") ? AT_LEAST : take(r, "==") ? EQUAL : take(r, "!=") ? NOT : BELOW;
	if (op == BELOW && !take(r, "<"))
		abort();
	value = strtol(r->at, &end, 0);
	r->at = end;
	if (!r->view->known[steady_fields[row].reg])
		return PERHAPS;
	is = value_of((unsigned int)row, r->view);
	return (op == AT_LEAST ? is >= value
		: op == EQUAL  ? is == value
		: op == NOT    ? is != value
			       : is < value)
		       ? YES
		       : NO;
}

static int factor(struct reader *r)
{
	size_t length;
	int truth;

	if (take(r, "!"))
		return YES - factor(r);
	if (take(r, "(")) {
		truth = condition(r);
		if (!take(r, ")"))
			abort();
		return truth;
	}
	skip(r);
	length = word(r);
	if (strncmp(r->at, "FEAT_", 5) != 0)
		return comparison(r, length);
	truth = feature(r->at, length, r->view);
	r->at += length;
	return truth;
}

static int term(struct reader *r)
{
	int truth = factor(r);

	while (take(r, "&")) {
		int other = factor(r);

		truth = other < truth ? other : truth;
	}
	return truth;
}

static int condition(struct reader *r)
{
	int truth = term(r);

	while (take(r, "|")) {
		int other = term(r);

		truth = other > truth ? other : truth;
	}
	return truth;
}

enum steady_truth orders_rule_holds(unsigned int rule, const struct steady_view *view)
{
	const struct steady_rule *rules = &steady_rules[rule];
	struct reader when = {rules->when, view}, then = {rules->then, view};
	int broken, kept;

	if (!rules->when || rules->version || strstr(rules->when, "mirror:") ||
	    strstr(rules->then, "mirror:"))
		return STEADY_YES;
	broken = condition(&when);
	if (broken == NO)
		return STEADY_YES;
	kept = condition(&then);
	if (kept == YES)
		return STEADY_YES;
	return broken == YES && kept == NO ? STEADY_NO : STEADY_UNKNOWN;
}
