/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "advice.h"
#include "base/report.h"
#include "cli.h"
#include "pin/explain_move.h"
#include "pin/move.h"

static const char help[] =
	"Will a guest of SRC that a stock VMM saves be restored on DST, and see the same CPU? "
	"Nothing\n"
	"is moved: the VMM's own calls are made on the simulated hosts of two profiles. The "
	"answer\n"
	"names what fails, in the order in which that VMM comes to it, and what would help.\n"
	"\n"
	"Both VMMs are taken to be started alike, with `-cpu host` and what --vcpu says. Exit "
	"status 0:\n"
	"the guest goes on and sees the same CPU, 1: it does not go on, or sees another.\n"
	"\n"
	"Options:\n"
	"  --model M          both VMMs run under `steadyarm run --model M`\n"
	"  --unpinned-destination\n"
	"                     of the two only the one on SRC does\n"
	"  --vmm VMM          qemu-10, qemu-11 (the default), or list: no VMM in particular, all "
	"that\n"
	"                     may fail\n"
	"  --vcpu OPTION=on|off,...\n"
	"                     what both VMMs are told: pmu, sve, ptrauth, mte\n"
	"\n"
	"Example:\n"
	"  steadyarm migrate-check data/profiles/max-7.3.json data/profiles/max-6.12.json\n";

#define DEFAULT_VMM  "qemu-11"

struct wanted {
	const char *model;
	const char *vmm;
	uint32_t on, off;
	bool leave;
};

struct answer {
	struct cli_subject from, to, model;
	const struct wanted *wanted;
	const struct steady_vmm *vmm;
	char *label; /* of the model, or NULL */
	struct steady_moved moved;
	int result;
	size_t seen; /* findings that are not this answer's */
	struct steady_text advice;
};

static bool take_model(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	((struct wanted *)ctx)->model = argument;
	return true;
}

static bool take_vmm(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	((struct wanted *)ctx)->vmm = argument;
	if (strcmp(argument, "list") == 0 || steady_vmm_by_name(argument))
		return true;
	fprintf(stderr, "steadyarm: --vmm: '%s' is none of list", argument);
	for (unsigned int i = 0; i < steady_vmm_count; i++)
		fprintf(stderr, ", %s", steady_vmms[i].name);
	fputc('\n', stderr);
	return false;
}

static bool take_vcpu(struct cli *cli, void *ctx, const char *argument)
{
	struct wanted *w = ctx;

	(void)cli;
	return cli_parse_vcpu(argument, &w->on, &w->off);
}

static bool take_leave(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	(void)argument;
	((struct wanted *)ctx)->leave = true;
	return true;
}

/* ---- the answer ---- */

static const char *vmm_name(const struct answer *a)
{
	return a->vmm ? a->vmm->name : "list";
}

static void put_change(struct steady_text *out, const struct steady_finding *f)
{
	steady_text_printf(out, "%s%s%s: %s -> %s (%s)\n", f->reg, f->field ? "." : "",
			   f->field ? f->field : "", f->wanted, f->offered, f->reason);
}

static void put_verdict(struct steady_text *out, const struct answer *a, size_t let_go)
{
	steady_text_printf(out, "%s -> %s, ", a->from.name, a->to.name);
	if (!a->label)
		steady_text_str(out, "unpinned");
	else
		steady_text_printf(out, "%s %s", a->wanted->leave ? "leaving" : "pinned to",
				   a->label);
	steady_text_printf(out, ", %s: ", a->vmm ? a->vmm->name : "any VMM");
	if (!a->result) {
		steady_text_str(out, "yes, the guest goes on and sees the same CPU");
		if (let_go)
			steady_text_printf(out, " but for %zu tolerated field%s", let_go,
					   let_go == 1 ? "" : "s");
		steady_text_char(out, '\n');
	} else if (a->result == -STEADY_EMISMATCH) {
		steady_text_str(out, "CHANGED, the guest goes on and sees another CPU\n");
	} else {
		steady_text_str(out, "NO, the guest does not go on\n");
	}
}

static bool is_let_go(const struct steady_finding *f)
{
	return f->severity == STEADY_NOTE && f->wanted && f->offered && !f->unknown;
}

static void put_words(struct cli *cli, const struct answer *a)
{
	const struct steady_finding *f;
	size_t let_go = 0;

	for (size_t i = a->seen; (f = steady_report_get(cli->report, i)); i++)
		let_go += is_let_go(f);
	put_verdict(&cli->out, a, let_go);
	cli_put_findings(&cli->out, cli->report, a->seen, STEADY_ERROR, "");
	for (size_t i = a->seen; (f = steady_report_get(cli->report, i)); i++) {
		if (f->severity == STEADY_WARNING && f->wanted && f->offered)
			put_change(&cli->out, f);
	}
	for (size_t i = a->seen; (f = steady_report_get(cli->report, i)); i++) {
		if (is_let_go(f)) {
			steady_text_str(&cli->out, "tolerated: ");
			put_change(&cli->out, f);
		}
	}
	if (a->advice.length)
		steady_text_printf(&cli->out, "Do: %s\n", a->advice.data);
}

static json_t *findings_json(const struct cli *cli, const struct answer *a, uint32_t severity)
{
	json_t *list = json_array();
	const struct steady_finding *f;

	for (size_t i = a->seen; (f = steady_report_get(cli->report, i)); i++) {
		if (f->severity == severity && f->reg && !(f->unknown && severity == STEADY_NOTE))
			json_array_append_new(list, cli_finding_json(f));
	}
	return list;
}

static json_t *first_json(const struct steady_moved *m)
{
	char name[STEADY_ID_LABEL], number[24];
	json_t *o;

	if (!m->cause)
		return json_null();
	o = json_pack("{s:s}", "cause", steady_move_cause_name(m->cause));
	if (m->cause == STEADY_MOVE_LONGER) {
		json_object_set_new(o, "incoming", json_integer((json_int_t)m->incoming));
		json_object_set_new(o, "room", json_integer((json_int_t)m->room));
	}
	if (m->id) {
		snprintf(number, sizeof(number), "0x%016llx", (unsigned long long)m->id);
		json_object_set_new(o, "id", json_string(number));
		json_object_set_new(o, "register", json_string(steady_move_name(m->id, name)));
	}
	if (m->cause == STEADY_MOVE_REFUSED) {
		snprintf(number, sizeof(number), "0x%llx", (unsigned long long)m->value);
		json_object_set_new(o, "value", json_string(number));
		json_object_set_new(o, "errno", json_integer(m->error));
	}
	return o;
}

static int put_json(struct cli *cli, const struct answer *a)
{
	json_t *o = json_object();

	json_object_set_new(o, "source", json_string(a->from.name));
	json_object_set_new(o, "destination", json_string(a->to.name));
	json_object_set_new(o, "model", a->label ? json_string(a->label) : json_null());
	json_object_set_new(o, "vmm", json_string(vmm_name(a)));
	json_object_set_new(o, "moves", json_boolean(a->result != -STEADY_EBLOCKED));
	json_object_set_new(o, "same", json_boolean(!a->result));
	json_object_set_new(o, "first", first_json(&a->moved));
	json_object_set_new(o, "failures", findings_json(cli, a, STEADY_ERROR));
	json_object_set_new(o, "changes", findings_json(cli, a, STEADY_WARNING));
	json_object_set_new(o, "tolerated", findings_json(cli, a, STEADY_NOTE));
	json_object_set_new(o, "advice",
			    a->advice.length ? json_string(a->advice.data) : json_null());
	return cli_put_json(cli, o);
}

static int deliver(struct cli *cli, struct answer *a)
{
	int r = 0;

	cli->shown = true;
	if (cli->json)
		r = put_json(cli, a);
	else if (!cli->quiet)
		put_words(cli, a);
	return r ? r : a->result;
}

static int load(struct cli *cli, struct answer *a)
{
	int r = cli_subject_load_profile(cli, cli->argv[0], &a->from);

	r = r ? r : cli_subject_load_profile(cli, cli->argv[1], &a->to);
	if (r || !a->wanted->model)
		return r;
	r = cli_subject_load_model(cli, a->wanted->model, &a->model);
	if (r)
		return r;
	a->label = cli_model_label(&a->model);
	return a->label ? 0 : -STEADY_ENOMEM;
}

static int answer(struct cli *cli, const struct wanted *w)
{
	struct answer a = {.wanted = w, .vmm = steady_vmm_by_name(w->vmm)};
	struct cli_move move = {
		.from = &a.from,
		.to = &a.to,
		.vmm = a.vmm,
		.model_spec = w->model,
		.on = w->on,
		.off = w->off,
		.leave = w->leave,
	};
	int r = load(cli, &a);

	if (!r) {
		a.seen = steady_report_count(cli->report);
		move.model = a.model.model;
		r = cli_move_make(&move, &a.moved, cli->report);
	}
	if (!r || r == -STEADY_EBLOCKED || r == -STEADY_EMISMATCH) {
		a.result = r;
		r = cli_move_advise(&move, r, &a.advice);
		r = r ? r : deliver(cli, &a);
	}
	steady_text_free(&a.advice);
	free(a.label);
	cli_subject_clear(&a.from);
	cli_subject_clear(&a.to);
	cli_subject_clear(&a.model);
	return r;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {
		{"model", true, take_model},
		{"vmm", true, take_vmm},
		{"vcpu", true, take_vcpu},
		{"unpinned-destination", false, take_leave},
	};
	struct wanted w = {.vmm = DEFAULT_VMM};
	bool help_given;
	int r = cli_options(cli, argc, argv, options, 4, &w, 2, 2, &help_given);

	if (r || help_given)
		return r;
	if (w.leave && !w.model) {
		cli_say("migrate-check: --unpinned-destination leaves a model: name it with "
			"--model");
		return -STEADY_EUSAGE;
	}
	return answer(cli, &w);
}

const struct cli_command cli_migrate_check = {
	.name = "migrate-check",
	.summary = "will a stock VMM's guest of one host be restored on another",
	.usage = "SRC DST",
	.help = help,
	.run = run,
};
