/* SPDX-License-Identifier: MIT */
#include "faults.h"

#include <errno.h>
#include <stdarg.h>

#include "base/errno_name.h"
#include "format/format.h"
#include "pin/ask.h"

/* ---- hosts and models ---- */

struct steady_profile *fault_host(const char *name)
{
	const char *data = getenv("STEADY_DATA");
	struct steady_profile *p = NULL;
	char path[512], *text;
	size_t length;

	snprintf(path, sizeof(path), "%s/profiles/%s.json", data ? data : "data", name);
	assert_int_equal(steady_file_read(path, &text, &length, NULL), 0);
	assert_int_equal(steady_profile_read_json(text, length, path, &p, NULL), 0);
	free(text);
	return p;
}

static void list(struct steady_configuration *c, uint64_t id)
{
	size_t i = c->register_count++;

	c->register_list = realloc(c->register_list, c->register_count * sizeof(uint64_t));
	assert_non_null(c->register_list);
	for (; i && c->register_list[i - 1] > id; i--)
		c->register_list[i] = c->register_list[i - 1];
	c->register_list[i] = id;
}

void fault_add_unnamed(struct steady_profile *p, uint64_t id, uint64_t value, bool zero)
{
	p->unnamed = realloc(p->unnamed, (p->unnamed_count + 1) * sizeof(*p->unnamed));
	assert_non_null(p->unnamed);
	p->unnamed[p->unnamed_count++] =
		(struct steady_unnamed){.id = id, .reading = {value, 0, STEADY_VALUE}, .zero = zero};
	for (size_t i = 0; i < p->configuration_count; i++)
		list(&p->configurations[i], id);
}

static struct steady_model *model_of(const char *const *hosts, const char *const *tolerate,
				     bool identity, uint32_t options)
{
	struct steady_baseline_request request = {.tolerate = tolerate, .identity = identity,
						  .options_on = options};
	struct steady_input inputs[4] = {0};
	struct steady_profile *profiles[4];
	struct steady_model *m = NULL;
	size_t count = 0;

	while (tolerate && tolerate[request.tolerate_count])
		request.tolerate_count++;
	for (; hosts[count]; count++) {
		profiles[count] = fault_host(hosts[count]);
		inputs[count].name = hosts[count];
		inputs[count].profile = profiles[count];
	}
	if (identity)
		request.cpu = &profiles[0]->cpus[0];
	assert_int_equal(steady_baseline(inputs, count, &request, &m, NULL), 0);
	for (size_t i = 0; i < count; i++)
		steady_profile_free(profiles[i]);
	return m;
}

struct steady_model *fault_model(const char *const *hosts, const char *const *tolerate)
{
	return model_of(hosts, tolerate, false, 0);
}

struct steady_model *fault_model_identity(const char *const *hosts)
{
	return model_of(hosts, NULL, true, 0);
}

struct steady_model *fault_model_counters(const char *host)
{
	const char *const hosts[] = {host, NULL};
	struct steady_model *m = model_of(hosts, NULL, false,
					  UINT32_C(1) << STEADY_OPTION_EL2 |
						  UINT32_C(1) << STEADY_OPTION_PMU);

	m->unvirtualised[STEADY_PMCR_N].value--;
	return m;
}

int fault_baseline(const struct steady_profile *p, char **text, struct steady_report *report)
{
	const struct steady_baseline_request request = {0};
	const struct steady_input input = {.name = "host", .profile = p};
	struct steady_text out = STEADY_TEXT_INIT;
	struct steady_model *m = NULL;
	int r = steady_baseline(&input, 1, &request, &m, report);

	if (r)
		return r;
	r = steady_model_print(m, &out);
	steady_model_free(m);
	*text = steady_text_take(&out);
	return r;
}

/* ---- calls ---- */

int fault_calls_call(void *calls, struct steady_call *call)
{
	struct fault_calls *c = calls;

	if (c->count == c->room) {
		c->room = c->room ? c->room * 2 : 256;
		c->all = realloc(c->all, c->room * sizeof(*c->all));
		assert_non_null(c->all);
	}
	c->all[c->count++] = (struct fault_call){call->op, call->vcpu, call->id};
	return c->next(c->ctx, call);
}

void fault_host_init(struct fault_host *h, const struct fault *f, steady_call_fn *next, void *ctx)
{
	h->fault = f;
	h->hits = 0;
	h->fail = (struct steady_fail){next, ctx, f->k, f->error, f->mode == FAULT_ON, 0};
}

int fault_host_call(void *host, struct steady_call *call)
{
	struct fault_host *h = host;
	const struct fault_call *like = h->fault->call;

	if (h->fault->mode != FAULT_ALWAYS) {
		int r = steady_fail_call(&h->fail, call);

		h->hits += h->fail.seen == h->fail.k || (h->fail.lasting && h->fail.seen > h->fail.k);
		return r;
	}
	if (call->op != like->op || call->id != like->id)
		return h->fail.next(h->fail.ctx, call);
	h->hits++;
	return -h->fault->error;
}

/* ---- what came of it ---- */

void fault_wrong(const struct fault *f, const char *format, ...)
{
	static const char *const modes[] = {
		"fails with", "and all after it fail with", "and all like it fail with"};
	char text[512], number[STEADY_ERRNO_NAME];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail_msg("call %zu (%s, vCPU %u, id 0x%llx) %s %s: %s", f->k, steady_op_name(f->call->op),
		 f->call->vcpu, (unsigned long long)f->call->id, modes[f->mode],
		 steady_errno_name(f->error, number), text);
	abort();
}

bool fault_is_answer(const struct fault *f)
{
	return f->answer != STEADY_ANSWER_FAILURE && f->answer != STEADY_ANSWER_ROOM &&
	       f->call->op != STEADY_OP_MASKS;
}

bool fault_is_told(const struct fault *f, const struct steady_report *report, uint32_t severity)
{
	const char *name = f->call->op == STEADY_OP_GET || f->call->op == STEADY_OP_SET
				   ? steady_id_name(f->call->id)
				   : NULL;
	const struct steady_finding *finding;

	for (size_t i = 0; (finding = steady_report_get(report, i)); i++) {
		if (finding->severity > severity || !finding->reason)
			continue;
		if (strstr(finding->reason, steady_ask_ioctl(f->call->op)))
			return true;
		if (name && finding->reg && strcmp(finding->reg, name) == 0)
			return true;
		if (steady_answer_says(f->call->op, f->error) &&
		    strstr(finding->reason, steady_answer_says(f->call->op, f->error)))
			return true;
	}
	return false;
}
