/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/report.h"
#include "cli.h"
#include "host/wrap.h"

static const char help[] =
	"Prints the calls, in order, that make a VM of the host show the model. Nothing is called.\n"
	"The lines are a log that `steadyarm replay` makes; what follows the # says which register\n"
	"it is, or which vCPU options. If the host cannot show the model: the reasons, and exit status\n"
	"1.\n"
	"\n"
	"Options:\n"
	"  --vcpus N      for a VM of N vCPUs (1)\n" CLI_HELP_TOLERATE CLI_HELP_IDENTITY
	CLI_HELP_STRICT
	"\n"
	"Example:\n"
	"  steadyarm plan web-v1.json rack7-12.json\n";

static json_t *call_json(const struct steady_call *c)
{
	json_t *o = json_object();
	const char *name = c->op == STEADY_OP_SET ? steady_id_name(c->id) : NULL;

	json_object_set_new(o, "op", json_string(steady_op_name(c->op)));
	json_object_set_new(o, "vcpu", json_integer(c->vcpu));
	json_object_set_new(o, "id", json_sprintf("0x%" PRIx64, c->id));
	if (name)
		json_object_set_new(o, "register", json_string(name));
	if (c->op == STEADY_OP_SET)
		json_object_set_new(o, "value", json_sprintf("0x%016" PRIx64, c->value[0]));
	return o;
}

static int put_json(struct cli *cli, const char *model, uint32_t options, const char *host,
		    const struct steady_plan *plan)
{
	json_t *o = json_object(), *calls = json_array(), *names = json_array();

	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (options >> i & 1)
			json_array_append_new(names, json_string(steady_options[i].name));
	}

	for (size_t i = 0; i < plan->count; i++)
		json_array_append_new(calls, call_json(&plan->calls[i]));
	json_object_set_new(o, "model", json_string(model));
	json_object_set_new(o, "host", json_string(host));
	json_object_set_new(o, "vcpus", json_integer(plan->vcpus));
	json_object_set_new(o, "features", json_sprintf("0x%" PRIx32, plan->features));
	json_object_set_new(o, "vcpu_options", names);
	json_object_set_new(o, "calls", calls);
	json_object_set_new(o, "unknown", cli_unknown_json(cli->report, 0));
	return cli_put_json(cli, o);
}

/* What the numbers of a call stand for; NULL: nothing that has a name. */
static const char *meaning(const struct steady_call *c, uint32_t options, char *out, size_t room)
{
	if (c->op == STEADY_OP_SET)
		return steady_id_label(c->id, out);
	/* of those that are turned on by other calls nothing stands in this one */
	for (int i = 0; i < STEADY_OPTIONS; i++) {
		if (!steady_options[i].features)
			options &= ~(UINT32_C(1) << i);
	}
	return c->op == STEADY_OP_INIT && options
		       ? steady_configuration_text(options, options, STEADY_IRQCHIP_UNKNOWN, out,
						   room)
		       : NULL;
}

static void put_words(struct cli *cli, const char *model, uint32_t options, const char *host,
		      const struct steady_plan *plan)
{
	struct steady_text line = STEADY_TEXT_INIT;
	size_t writes = 0;

	for (size_t i = 0; i < plan->count; i++)
		writes += plan->calls[i].op == STEADY_OP_SET;
	steady_text_printf(&cli->out, "# %s on %s: %zu calls, %zu of them writes\n", model, host,
			   plan->count, writes);
	cli_put_unknown(&cli->out, cli->report, 0, "# ");
	for (size_t i = 0; i < plan->count; i++) {
		const struct steady_call *c = &plan->calls[i];
		char text[128];
		const char *name = meaning(c, options, text, sizeof(text));

		steady_op_print(&line, c);
		steady_text_printf(&cli->out, "%s = 0", line.data ? line.data : "");
		if (name)
			steady_text_printf(&cli->out, "  # %s", name);
		steady_text_char(&cli->out, '\n');
		steady_text_free(&line);
	}
}

static int explain(struct cli *cli, const char *model, const char *host)
{
	cli->shown = true;
	if (cli->json) {
		json_t *o = json_object(), *list = json_array();
		const struct steady_finding *f;

		for (size_t i = 0; (f = steady_report_get(cli->report, i)); i++) {
			if (f->severity == STEADY_ERROR)
				json_array_append_new(list, cli_finding_json(f));
		}
		json_object_set_new(o, "model", json_string(model));
		json_object_set_new(o, "host", json_string(host));
		json_object_set_new(o, "blockers", list);
		json_object_set_new(o, "unknown", cli_unknown_json(cli->report, 0));
		return cli_put_json(cli, o);
	}
	if (!cli->quiet) {
		steady_text_printf(&cli->out, "%s: NO on %s\n", model, host);
		cli_put_findings(&cli->out, cli->report, 0, STEADY_ERROR, "");
	}
	return 0;
}

static int make(struct cli *cli, const struct cli_subject *model, const char *label,
		const struct cli_subject *host, uint32_t vcpus)
{
	struct steady_plan *plan = NULL;
	int r, e;

	r = steady_plan_new(model->model, host->profile, vcpus, &plan, cli->report);
	if (r == -STEADY_EBLOCKED) {
		e = explain(cli, label, host->name);
		r = e ? e : r;
	} else if (!r && cli->json) {
		r = put_json(cli, label, model->model->options, host->name, plan);
	} else if (!r && !cli->quiet) {
		put_words(cli, label, model->model->options, host->name, plan);
	}
	steady_plan_free(plan);
	return r;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {{"vcpus", true, cli_take_vcpus},
						    {"tolerate", true, cli_take_tolerate},
						    {"identity", 2, cli_take_identity},
						    CLI_STRICTNESS};
	struct cli_pinning pinning = {.vcpus = 1};
	struct cli_subject model, host;
	bool help_given;
	char *label;
	int r = cli_options(cli, argc, argv, options, 5, &pinning, 1, 2, &help_given);

	if (r || help_given)
		return r;
	r = cli_pinning_load(cli, cli->argv[0], &pinning, &model, &label);
	if (r)
		return r;
	r = cli_subject_load_profile(cli, cli_host_argument(cli, 1), &host);
	if (!r) {
		r = make(cli, &model, label, &host, (uint32_t)pinning.vcpus);
		cli_subject_clear(&host);
	}
	cli_subject_clear(&model);
	free(label);
	return r;
}

const struct cli_command cli_plan = {
	.name = "plan",
	.summary = "print the calls that pin a VM to a model",
	.usage = "MODEL [HOST]",
	.help = help,
	.run = run,
};
