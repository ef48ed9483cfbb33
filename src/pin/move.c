/* SPDX-License-Identifier: MIT */
/*
 * The order of the calls is that of QEMU (target/arm/kvm.c, target/arm/machine.c, hw/arm/virt.c),
 * which was read for it and watched: a VM with a list of registers that is taken after
 * KVM_ARM_VCPU_INIT, the interrupt controller, all of the list written; a run; all of it read and
 * saved. At the destination the same up to the run; the stream matched with the list, all of the
 * list written in ascending order. Where a VMM is pinned, the preload library's answers come
 * between.
 */
#include "pin/move.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "pin/ask.h"
#include "pin/explain_move.h"
#include "policy/policy.h"

/* KVM_REG_ARM_COPROC_MASK and two of its values (asm/kvm.h) */
#define COPROC      UINT64_C(0x0fff0000)
#define COPROC_CORE UINT64_C(0x00100000)
#define COPROC_SVE  UINT64_C(0x00150000)

struct value {
	uint64_t id, now;
	bool read; /* now holds its value */
};

struct side {
	const struct steady_move_side *given;
	const char *word; /* "source" */
	struct steady_host host;
	const struct steady_configuration *c;
	uint32_t options;
	uint32_t irqchip;
	struct steady_pin *pin; /* NULL: unpinned */
	struct value *list;     /* ascending; what a VMM saves by its list */
	size_t count;
	struct steady_vl sve;
};

struct move {
	const struct steady_move_request *request;
	struct side from, to;
	struct steady_moved *moved;
	struct steady_report *report;
	int result;
};

const char *steady_move_cause_name(enum steady_move_cause cause)
{
	static const char *const names[] = {
		[STEADY_MOVE_NONE] = "none",       [STEADY_MOVE_START] = "start",
		[STEADY_MOVE_SAVE] = "save",       [STEADY_MOVE_IRQCHIP] = "irqchip",
		[STEADY_MOVE_LONGER] = "longer",   [STEADY_MOVE_UNKNOWN] = "unknown",
		[STEADY_MOVE_REFUSED] = "refused", [STEADY_MOVE_RUN] = "run",
	};

	return names[cause];
}

/* The first failure is kept; the finding itself is the caller's. */
static void failed(struct move *m, enum steady_move_cause cause, uint64_t id, uint64_t value,
		   int error)
{
	m->result = -STEADY_EBLOCKED;
	if (m->moved->cause)
		return;
	m->moved->cause = cause;
	m->moved->id = id;
	m->moved->value = value;
	m->moved->error = error;
}

/* ---- a VM of one side ---- */

/* What -cpu host turns on by itself: all that needs no machine option and no guest made for it. */
static uint32_t default_options(const struct steady_profile *p)
{
	uint32_t all = 0;

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (!steady_options[i].on_request && !steady_options[i].enable_cap)
			all |= UINT32_C(1) << i;
	}
	return all & steady_configuration_options(&p->configurations[0]);
}

/* `on`: what to tell the VMM of it, -1: nothing. */
static int start_blocked(struct move *m, const struct side *s, int option, const char *reason, int on)
{
	struct steady_text text = STEADY_TEXT_INIT;

	steady_report_add(m->report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_host(m->report, s->given->profile->name);
	steady_report_subject(m->report, steady_options[option].name, NULL);
	steady_report_reason(m->report, "the VMM does not start at the %s: %s", s->word, reason);
	if (on >= 0 && steady_move_put_switch(&text, option, on) && text.data)
		steady_report_advice(m->report, "in QEMU: %s", text.data);
	steady_text_free(&text);
	failed(m, STEADY_MOVE_START, 0, 0, 0);
	return -STEADY_EBLOCKED;
}

static int choose(struct move *m, struct side *s)
{
	const struct steady_model *model = s->given->model;
	uint32_t asked = (default_options(s->given->profile) | m->request->options_on |
			  (model ? model->options : 0)) &
			 ~m->request->options_off;

	if (model && model->options & ~asked)
		return start_blocked(m, s, __builtin_ctz(model->options & ~asked),
				     "the model has an option that it is told to leave off", 1);
	s->options = model ? model->options : asked;
	s->irqchip =
		model ? steady_model_irqchip(model) : s->given->profile->configurations[0].irqchip;
	s->c = steady_profile_find(s->given->profile, s->options, s->irqchip);
	if (s->irqchip == STEADY_IRQCHIP_UNKNOWN)
		s->irqchip = STEADY_GICV3;
	for (int i = 0; !s->c && i < STEADY_OPTIONS; i++) {
		if (s->options >> i & 1 &&
		    !(steady_configuration_options(&s->given->profile->configurations[0]) >> i & 1))
			return start_blocked(m, s, i,
					     model ? "the host has not an option that the model has"
						   : "the host has not what it is told to turn on",
					     model ? -1 : 0);
	}
	if (s->c)
		return 0;
	steady_report_add(m->report, STEADY_ERROR, STEADY_EUNKNOWN);
	steady_report_host(m->report, s->given->profile->name);
	steady_report_subject(m->report, "vcpu_features", NULL);
	steady_report_reason(m->report, "the profile does not hold this choice of vCPU options and "
					"interrupt controller");
	steady_report_advice(m->report, "probe the host again");
	return -STEADY_EUNKNOWN;
}

/* A VM with one vCPU, initialised; what follows is the same for all vCPUs. */
static int create(struct move *m, struct side *s)
{
	uint64_t type = 0;
	int r = steady_ask_vm_type(&s->host, &type);

	if (r)
		return steady_ask_failed(m->report, STEADY_OP_CHECK, "ARM_VM_IPA_SIZE", r);
	r = steady_ask(&s->host, STEADY_OP_CREATE_VM, 0, type);
	if (r)
		return steady_ask_failed(m->report, STEADY_OP_CREATE_VM, NULL, r);
	for (int i = 0; i < STEADY_OPTIONS && !r; i++) {
		if (s->options >> i & 1 && steady_options[i].enable_cap)
			r = steady_ask(&s->host, STEADY_OP_ENABLE_CAP, 0,
				       steady_options[i].enable_cap);
	}
	if (r)
		return steady_ask_failed(m->report, STEADY_OP_ENABLE_CAP, NULL, r);
	r = steady_ask(&s->host, STEADY_OP_CREATE_VCPU, 0, 0);
	if (r)
		return steady_ask_failed(m->report, STEADY_OP_CREATE_VCPU, NULL, r);
	r = steady_ask(&s->host, STEADY_OP_INIT, 0, steady_options_features(s->options));
	return r ? steady_ask_failed(m->report, STEADY_OP_INIT, NULL, r) : 0;
}

/* What the host passes through, as a pinned VMM is asked when it makes its VM. */
static int check_passed(struct move *m, struct side *s)
{
	static const int all[] = {STEADY_CNTFRQ, STEADY_DCZID, STEADY_IPA_SIZE, STEADY_PAGE_SIZE};
	struct steady_passed here[sizeof(all) / sizeof(all[0])];
	size_t count = 0;

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct steady_reading *r = &s->given->profile->unvirtualised[all[i]];

		if (r->state == STEADY_VALUE)
			here[count++] = (struct steady_passed){steady_unvirtualised_names[all[i]],
							       r->value};
	}
	return steady_pin_check_passed(s->pin, here, count, m->report);
}

/* As steady_pin_vcpu(): a host that cannot show the model starts no pinned VMM. */
static int pin(struct move *m, struct side *s)
{
	int r;

	if (!s->given->model)
		return 0;
	r = steady_pin_new(s->given->model, s->given->call, s->given->ctx, &s->pin);
	if (r)
		return r;
	steady_report_default_host(m->report, s->given->profile->name);
	r = check_passed(m, s);
	r = r ? r : steady_pin_vcpu(s->pin, 0, m->report);
	steady_report_default_host(m->report, NULL);
	if (r == -STEADY_EBLOCKED)
		failed(m, STEADY_MOVE_START, 0, 0, 0);
	return r;
}

static int lengths(struct move *m, struct side *s)
{
	struct steady_vl all = s->given->profile->sve;
	uint64_t words[8] = {0};
	int r;

	if (!(s->options >> STEADY_OPTION_SVE & 1))
		return 0;
	s->sve = s->given->model && !steady_vl_empty(&s->given->model->sve) ? s->given->model->sve
									    : all;
	memcpy(words, &s->sve, sizeof(words));
	if (s->given->profile->sve_known) {
		r = steady_ask_set(&s->host, 0, STEADY_ID_SVE_VLS, words);
		if (r)
			return steady_ask_failed(m->report, STEADY_OP_SET, "SVE_VLS", r);
	}
	r = steady_ask(&s->host, STEADY_OP_FINALIZE, 0, STEADY_FINALIZE_SVE);
	if (r)
		return steady_ask_failed(m->report, STEADY_OP_FINALIZE, NULL, r);
	return s->pin ? steady_pin_finalized(s->pin, 0, m->report) : 0; /* as the preload library does */
}

static bool saved_by_list(uint64_t id)
{
	return (id & COPROC) != COPROC_CORE && (id & COPROC) != COPROC_SVE;
}

/* The list as the VMM gets it. The preload library leaves one alone that lacks what the model has.
 */
static int take_list(struct move *m, struct side *s)
{
	uint64_t *ids = NULL;
	size_t count = 0;
	int r;

	if (!s->c->register_list) {
		steady_report_add(m->report, STEADY_ERROR, STEADY_EUNKNOWN);
		steady_report_host(m->report, s->given->profile->name);
		steady_report_subject(m->report, "register_list", NULL);
		steady_report_reason(m->report,
				     "the profile does not hold what KVM lists for these "
				     "vCPU options");
		steady_report_advice(m->report, "probe the host again");
		return -STEADY_EUNKNOWN;
	}
	r = steady_ask_reglist(&s->host, 0, &ids, &count);
	if (r)
		return steady_ask_failed(m->report, STEADY_OP_REG_LIST, NULL, r);
	if (s->pin)
		(void)steady_pin_reglist(s->pin, ids, &count, NULL);
	s->list = calloc(count + 1, sizeof(*s->list));
	for (size_t i = 0; s->list && i < count; i++) {
		if (saved_by_list(ids[i]))
			s->list[s->count++].id = ids[i];
	}
	free(ids);
	return s->list ? 0 : -STEADY_ENOMEM;
}

static int irqchip(struct move *m, struct side *s)
{
	uint64_t device = s->irqchip == STEADY_GICV2 ? STEADY_DEVICE_GICV2 : STEADY_DEVICE_GICV3;
	int r = 0;

	if (s->irqchip >= STEADY_GICV2) {
		r = steady_ask(&s->host, STEADY_OP_CREATE_GIC, 0, device);
		r = r ? r : steady_ask(&s->host, STEADY_OP_INIT_GIC, 0, 0);
	}
	if (r)
		return steady_ask_failed(m->report, STEADY_OP_CREATE_GIC, "irqchip", r);
	if (s->options >> STEADY_OPTION_PMU & 1)
		r = steady_ask(&s->host, STEADY_OP_PMU_INIT, 0, 0);
	return r ? steady_ask_failed(m->report, STEADY_OP_PMU_INIT, "pmu", r) : 0;
}

/* That a register is not there is an answer, all other errors are failures. */
static int read_list(struct move *m, struct side *s)
{
	char name[STEADY_ID_LABEL];

	for (size_t i = 0; i < s->count; i++) {
		uint64_t value[8] = {0};
		int r = steady_ask_get(&s->host, 0, s->list[i].id, value);

		if (r && steady_answer_of(STEADY_OP_GET, r) != STEADY_ANSWER_ABSENT)
			return steady_ask_failed(m->report, STEADY_OP_GET,
						 steady_move_name(s->list[i].id, name), r);
		s->list[i].read = !r;
		s->list[i].now = value[0];
	}
	return 0;
}

/* A VM as it stands before its first run. */
static int start(struct move *m, struct side *s)
{
	int r;

	s->host = (struct steady_host){s->given->call, s->given->ctx};
	r = choose(m, s);
	r = r ? r : create(m, s);
	r = r ? r : pin(m, s);
	r = r ? r : lengths(m, s);
	r = r ? r : take_list(m, s);
	r = r ? r : irqchip(m, s);
	return r ? r : read_list(m, s);
}

/* The first run; a pinned vCPU is read back after it. */
static int run(struct move *m, struct side *s)
{
	int r = steady_ask(&s->host, STEADY_OP_RUN, 0, 0);

	if (steady_answer_of(STEADY_OP_RUN, r) != STEADY_ANSWER_ENTERED)
		return steady_ask_failed(m->report, STEADY_OP_RUN, NULL, r);
	if (!s->pin)
		return 0;
	steady_report_default_host(m->report, s->given->profile->name);
	r = steady_pin_check_vcpu(s->pin, 0, m->report);
	steady_report_default_host(m->report, NULL);
	if (r != -STEADY_EMISMATCH)
		return r;
	failed(m, STEADY_MOVE_RUN, 0, 0, 0);
	return -STEADY_EBLOCKED;
}

static int save(struct move *m, struct side *s)
{
	int r = run(m, s);

	r = r ? r : read_list(m, s);
	if (r)
		return r;
	for (size_t i = 0; i < s->count; i++) {
		if (s->list[i].read)
			continue;
		steady_move_explain_gone(m->report, s->given->profile, s->list[i].id, false);
		failed(m, STEADY_MOVE_SAVE, s->list[i].id, 0, ENOENT);
	}
	return m->moved->cause == STEADY_MOVE_SAVE ? -STEADY_EBLOCKED : 0;
}

/* ---- the stream and the list ---- */

static void match_irqchip(struct move *m)
{
	if (m->from.irqchip == m->to.irqchip)
		return;
	steady_report_add(m->report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(m->report, "irqchip", NULL);
	steady_report_wanted(m->report, "%s", steady_irqchip_name(m->from.irqchip));
	steady_report_offered(m->report, "%s", steady_irqchip_name(m->to.irqchip));
	steady_report_reason(m->report,
			     "the saved state of one interrupt controller fits no other");
	steady_report_advice(m->report, "give both VMs the same, in QEMU: -machine gic-version=");
	failed(m, STEADY_MOVE_IRQCHIP, 0, 0, 0);
}

/* Whether a VMM lets a register of the stream be that the destination has not. */
static bool tolerates(const struct steady_vmm *vmm, const struct value *v)
{
	for (size_t i = 0; vmm && i < vmm->tolerated_count; i++) {
		if (vmm->tolerated[i].id == v->id)
			return !vmm->tolerated[i].zero_only || v->now == 0;
	}
	return false;
}

static void match_lengths(struct move *m)
{
	m->moved->incoming = m->from.count;
	m->moved->room = m->to.count;
	if (!m->request->vmm || !m->request->vmm->not_longer || m->from.count <= m->to.count)
		return;
	steady_report_add(m->report, STEADY_ERROR, STEADY_EBLOCKED);
	steady_report_subject(m->report, "KVM_GET_REG_LIST", NULL);
	steady_report_wanted(m->report, "%zu registers", m->from.count);
	steady_report_offered(m->report, "%zu", m->to.count);
	steady_report_reason(m->report,
			     "%s refuses a stream with more registers than the "
			     "destination lists, before it looks at any",
			     m->request->vmm->name);
	failed(m, STEADY_MOVE_LONGER, 0, 0, EINVAL);
}

/* What becomes of a register of the stream at the destination. */
enum match { MATCHED, TOLERATED, MISSING, UNSEEN };

static enum match match_one(const struct move *m, const struct value *v, size_t *at)
{
	const struct steady_vmm *vmm = m->request->vmm;

	while (*at < m->to.count && m->to.list[*at].id < v->id)
		++*at;
	if (*at == m->to.count && vmm && vmm->tail_ignored)
		return UNSEEN;
	if (*at < m->to.count && m->to.list[*at].id == v->id)
		return MATCHED;
	return tolerates(vmm, v) ? TOLERATED : MISSING;
}

/* Registers that only the stream has. */
static void match_ids(struct move *m)
{
	const struct steady_vmm *vmm = m->request->vmm;
	bool fails = false;
	size_t at = 0;

	for (size_t i = 0; i < m->from.count; i++) {
		enum match match = match_one(m, &m->from.list[i], &at);

		if (match == MISSING)
			fails = true;
		else if (match == TOLERATED && vmm->forgets)
			fails = false;
	}
	at = 0;
	for (size_t i = 0; i < m->from.count; i++) {
		const struct value *v = &m->from.list[i];

		if (match_one(m, v, &at) != MISSING)
			continue;
		steady_move_explain_unknown(m->report, v->id, !fails);
		if (fails)
			failed(m, STEADY_MOVE_UNKNOWN, v->id, 0, 0);
		else
			m->result = m->result ? m->result : -STEADY_EMISMATCH;
	}
}

/* ---- writing ---- */

/* What a pinned VMM's write becomes; 0 and *write: it is made. */
static int through_pin(struct move *m, uint64_t id, uint64_t value, bool *write)
{
	uint64_t words[8] = {value};

	*write = true;
	if (!m->to.pin)
		return 0;
	switch (steady_pin_incoming(m->to.pin, id, words, m->report)) {
	case STEADY_PASS:
		return 0;
	case STEADY_SKIP:
		*write = false;
		return 0;
	default:
		*write = false;
		return -EINVAL;
	}
}

static void restore(struct move *m)
{
	size_t at = 0;

	for (size_t i = 0; i < m->to.count; i++) {
		struct value *v = &m->to.list[i];
		uint64_t words[8] = {0};
		bool write;
		int r;

		while (at < m->from.count && m->from.list[at].id < v->id)
			at++;
		/* what the stream has not keeps its value, and is written all the same */
		words[0] = at < m->from.count && m->from.list[at].id == v->id ? m->from.list[at].now
									      : v->now;
		r = through_pin(m, v->id, words[0], &write);
		if (!r && write) {
			r = steady_ask_set(&m->to.host, 0, v->id, words);
			if (r)
				steady_move_explain_refused(m->report, m->to.given->profile,
							    m->to.c, v->id, words[0], v->now, r);
		}
		if (r)
			failed(m, STEADY_MOVE_REFUSED, v->id, words[0], -r);
	}
}

/* ---- what the guest sees then ---- */

/*
 * The state that a guest has is not told from what a fresh vCPU holds, nor by what a kernel keeps of
 * that: 6.1's PMU registers start with bits that 6.12 drops.
 */
static void compare_list(struct move *m)
{
	size_t at = 0;

	for (size_t i = 0; i < m->to.count; i++) {
		const struct value *v = &m->to.list[i];

		while (at < m->from.count && m->from.list[at].id < v->id)
			at++;
		if (!v->read) {
			steady_move_explain_gone(m->report, m->to.given->profile, v->id, true);
			m->result = m->result ? m->result : -STEADY_EMISMATCH;
			continue;
		}
		if (at >= m->from.count || m->from.list[at].id != v->id ||
		    m->from.list[at].now == v->now ||
		    steady_profile_state(m->to.given->profile, v->id))
			continue;
		if (steady_move_explain_changed(m->report, m->to.given->model, v->id,
						m->from.list[at].now, v->now))
			m->result = m->result ? m->result : -STEADY_EMISMATCH;
	}
}

/* Of guest physical address, that a VMM is told of there. */
static uint64_t most_bits(const struct side *s)
{
	uint64_t bits = s->given->profile->unvirtualised[STEADY_IPA_SIZE].value;

	return s->pin ? steady_pin_extension(s->pin, STEADY_CAP_IPA_SIZE, bits) : bits;
}

static void compare_rest(struct move *m)
{
	const struct steady_profile *a = m->from.given->profile, *b = m->to.given->profile;
	const struct steady_model *model = m->to.given->model;
	bool changed = false;

	if (m->from.options & m->to.options & UINT32_C(1) << STEADY_OPTION_SVE && a->sve_known &&
	    b->sve_known && !steady_vl_equal(&m->from.sve, &m->to.sve)) {
		steady_report_add(m->report, STEADY_WARNING, STEADY_EMISMATCH);
		steady_report_subject(m->report, "SVE_VLS", NULL);
		steady_report_wanted(m->report, "up to %u bytes", steady_vl_max(&m->from.sve));
		steady_report_offered(m->report, "up to %u bytes", steady_vl_max(&m->to.sve));
		steady_report_reason(m->report, "SVE's vector lengths change under the guest");
		changed = true;
	}
	for (int i = 0; i < STEADY_UNVIRTUALISED; i++) {
		const struct steady_reading *x = &a->unvirtualised[i], *y = &b->unvirtualised[i];

		/* a guest may lie anywhere up to it, a pinned one no higher than its model's; the page
		 * size is no guest's matter */
		if ((i == STEADY_IPA_SIZE && most_bits(&m->from) <= most_bits(&m->to)) ||
		    i == STEADY_PAGE_SIZE ||
		    (i == STEADY_PMCR_N && !(m->to.options >> STEADY_OPTION_PMU & 1)) ||
		    x->state != STEADY_VALUE || y->state != STEADY_VALUE || x->value == y->value)
			continue;
		changed |=
			steady_move_explain_unvirtualised(m->report, model, i, x->value, y->value);
	}
	if (changed && !m->result)
		m->result = -STEADY_EMISMATCH;
}

static int move(struct move *m)
{
	int r = start(m, &m->from);

	r = r ? r : save(m, &m->from);
	r = r ? r : start(m, &m->to);
	if (r)
		return r;
	match_irqchip(m);
	match_lengths(m);
	match_ids(m);
	restore(m);
	if (m->result == -STEADY_EBLOCKED)
		return m->result;
	r = run(m, &m->to);
	r = r ? r : read_list(m, &m->to);
	if (r)
		return r;
	compare_list(m);
	compare_rest(m);
	return m->result;
}

int steady_move(const struct steady_move_request *request, struct steady_moved *moved,
		struct steady_report *report)
{
	struct move m = {
		.request = request,
		.from = {.given = &request->source, .word = "source"},
		.to = {.given = &request->destination, .word = "destination"},
		.moved = moved,
		.report = report,
	};
	int r;

	memset(moved, 0, sizeof(*moved));
	r = move(&m);
	steady_pin_free(m.from.pin);
	steady_pin_free(m.to.pin);
	free(m.from.list);
	free(m.to.list);
	return r;
}
