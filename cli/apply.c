/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdlib.h>

#include "base/errno_name.h"
#include "base/report.h"
#include "cli.h"
#include "host/guest.h"
#include "pin/pin.h"

static const char help[] =
	"Makes a throw-away VM on the host, pins it to the model, reads all of it back on every\n"
	"vCPU, lets every vCPU enter once with immediate_exit, and reads all of it back again. What\n"
	"KVM passes through (CNTFRQ_EL0, DCZID_EL0, the page size) has to be the model's too. No\n"
	"running guest is touched. HOST is `kvm` (the default) or a profile file, whose simulated\n"
	"host is used. Exit status 0: pinned, 1: not, with the reasons, 3: the host failed.\n"
	"\n"
	"Options:\n"
	"  --vcpus N      give the VM N vCPUs (1)\n" CLI_HELP_TOLERATE CLI_HELP_IDENTITY
	CLI_HELP_STRICT
	"\n"
	"Example:\n"
	"  steadyarm apply web-v1.json --vcpus 4\n";

static const char verify_help[] =
	"The same as `apply`, and then a small guest of two or more vCPUs runs on the pinned VM: it\n"
	"reads every register of the feature ID space at EL1, with what traps, and at EL0, where each\n"
	"read must trap, but for CTR_EL0, DCZID_EL0 and CNTFRQ_EL0; it starts its other vCPUs by\n"
	"PSCI, and asks for hypercall services, versions and workarounds. What it saw is held against\n"
	"the model. Which events its PMU counts it says too; no model holds them, so they are not\n"
	"compared. HOST is `kvm`: a simulated host runs no guest. Of a model with EL2 or 32-bit EL1\n"
	"no guest is run, and a warning says so.\n"
	"\n"
	"Options:\n"
	"  --vcpus N      give the VM N vCPUs, 2 to 8 (2)\n" CLI_HELP_TOLERATE CLI_HELP_IDENTITY
	CLI_HELP_STRICT
	"\n"
	"Example:\n"
	"  steadyarm verify web-v1.json\n";

/* ---- JSON ---- */

static json_t *write_json(const struct steady_write *w)
{
	json_t *o = json_object();
	const char *name = steady_id_name(w->id);
	char number[STEADY_ERRNO_NAME];
	const char *error = w->error ? steady_errno_name(w->error, number) : NULL;

	json_object_set_new(o, "id", json_sprintf("0x%016" PRIx64, w->id));
	json_object_set_new(o, "register", name ? json_string(name) : json_null());
	json_object_set_new(o, "vcpu", json_integer(w->vcpu));
	json_object_set_new(o, "value", json_sprintf("0x%016" PRIx64, w->value[0]));
	json_object_set_new(o, "errno", json_integer(w->error));
	json_object_set_new(o, "error", error ? json_string(error) : json_null());
	return o;
}

static json_t *findings_json(const struct cli *cli, uint32_t severity)
{
	json_t *list = json_array();
	const struct steady_finding *f;

	for (size_t i = 0; (f = steady_report_get(cli->report, i)); i++) {
		if (f->severity == severity && !(f->unknown && severity == STEADY_NOTE))
			json_array_append_new(list, cli_finding_json(f));
	}
	return list;
}

static json_t *guest_json(const struct steady_verified *v)
{
	json_t *o = json_object();

	json_object_set_new(o, "vcpus", json_integer(v->guests));
	json_object_set_new(o, "equal", json_integer(v->equal));
	json_object_set_new(o, "trapped_at_el0", json_integer(v->trapped));
	json_object_set_new(o, "undefined", json_integer(v->undefined));
	json_object_set_new(o, "discovered", json_integer(v->discovered));
	json_object_set_new(o, "psci", json_sprintf("0x%" PRIx64, v->psci));
	json_object_set_new(o, "smccc", json_sprintf("0x%" PRIx64, v->smccc));
	json_object_set_new(o, "others", json_integer(v->others));
	json_object_set_new(o, "others_equal", json_integer(v->others_equal));
	json_object_set_new(o, "MIDR_EL1", json_sprintf("0x%" PRIx64, v->midr));
	json_object_set_new(o, "CTR_EL0", json_sprintf("0x%" PRIx64, v->ctr));
	json_object_set_new(o, "DCZID_EL0", json_sprintf("0x%" PRIx64, v->dczid));
	json_object_set_new(o, "CNTFRQ_EL0", json_sprintf("0x%" PRIx64, v->cntfrq));
	if (v->events) {
		json_object_set_new(o, "PMCEID0_EL0", json_sprintf("0x%" PRIx64, v->pmceid[0]));
		json_object_set_new(o, "PMCEID1_EL0", json_sprintf("0x%" PRIx64, v->pmceid[1]));
	}
	return o;
}

static int put_json(struct cli *cli, const char *model, const struct cli_host *host,
		    const struct steady_applied *a, const struct steady_verified *v)
{
	json_t *o = json_object(), *writes = json_array();
	uint64_t ioctls = host->kvm ? steady_kvm_ioctls(host->kvm) : a->calls;

	for (size_t i = 0; i < a->write_count; i++)
		json_array_append_new(writes, write_json(&a->writes[i]));
	json_object_set_new(o, "host", json_string(host->name));
	json_object_set_new(o, "model", json_string(model));
	json_object_set_new(o, "vcpus", json_integer(a->vcpus));
	json_object_set_new(o, "ioctls", json_integer((json_int_t)ioctls));
	json_object_set_new(o, "writes", writes);
	json_object_set_new(o, "mismatches", findings_json(cli, STEADY_ERROR));
	json_object_set_new(o, "tolerated", findings_json(cli, STEADY_NOTE));
	json_object_set_new(o, "warnings", findings_json(cli, STEADY_WARNING));
	json_object_set_new(o, "unknown", cli_unknown_json(cli->report, 0));
	json_object_set_new(o, "pinned", json_boolean(a->pinned));
	if (v)
		json_object_set_new(o, "guest", guest_json(v));
	return cli_put_json(cli, o);
}

/* ---- words ---- */

static size_t tolerated(const struct cli *cli)
{
	const struct steady_finding *f;
	size_t count = 0;

	for (size_t i = 0; (f = steady_report_get(cli->report, i)); i++)
		count += f->severity == STEADY_NOTE && !f->unknown && f->field;
	return count;
}

static void put_guest(struct steady_text *out, const struct steady_verified *v)
{
	steady_text_printf(out,
			   "a guest on %" PRIu32 " vCPU%s read %" PRIu32 " of 56 registers as in the "
			   "model at EL1; at EL0 %" PRIu32 " of 56 trapped as they should\n"
			   "PSCI %u.%u, SMCCC %u.%u, CTR_EL0 0x%" PRIx64 ", DCZID_EL0 0x%" PRIx64
			   ", CNTFRQ_EL0 %" PRIu64 " Hz, %" PRIu32 " encodings UNDEFINED\n",
			   v->guests, v->guests == 1 ? "" : "s", v->equal, v->trapped,
			   (unsigned int)(v->psci >> 16), (unsigned int)(v->psci & 0xffff),
			   (unsigned int)(v->smccc >> 16), (unsigned int)(v->smccc & 0xffff),
			   v->ctr, v->dczid, v->cntfrq, v->undefined);
	if (v->events)
		steady_text_printf(out,
				   "PMCEID0_EL0 0x%" PRIx64 ", PMCEID1_EL0 0x%" PRIx64
				   ": this host's PMU events, which no model holds; not compared\n",
				   v->pmceid[0], v->pmceid[1]);
	if (v->discovered)
		steady_text_printf(out, "it was told that it may meet %" PRIu32 " CPU%s\n",
				   v->discovered, v->discovered == 1 ? "" : "s");
	if (v->others)
		steady_text_printf(out,
				   "%" PRIu32 " of %" PRIu32 " registers outside the core range as in "
				   "the model, MIDR_EL1 0x%08" PRIx64 "\n",
				   v->others_equal, v->others, v->midr);
}

static void put_words(struct cli *cli, const char *model, const struct cli_host *host,
		      const struct steady_applied *a, const struct steady_verified *v)
{
	struct steady_text *out = &cli->out;
	size_t let_go = tolerated(cli);

	if (a->pinned) {
		steady_text_printf(out,
				   "%s: PINNED on %s: %" PRIu32 " vCPU%s, %zu write%s\n"
				   "all 56 registers read back as in the model",
				   model, host->name, a->vcpus, a->vcpus == 1 ? "" : "s",
				   a->write_count, a->write_count == 1 ? "" : "s");
		if (let_go)
			steady_text_printf(out, " but for %zu tolerated field%s", let_go,
					   let_go == 1 ? "" : "s");
		steady_text_str(out, ", on every vCPU, before and after the first run\n");
	} else {
		steady_text_printf(out, "%s: NOT PINNED on %s\n", model, host->name);
	}
	if (v && v->guests)
		put_guest(out, v);
	cli_put_findings(out, cli->report, 0, STEADY_ERROR, "");
	cli_put_findings(out, cli->report, 0, STEADY_WARNING, "warning: ");
	cli_put_findings(out, cli->report, 0, STEADY_NOTE, "");
}

static int deliver(struct cli *cli, const char *label, const struct cli_host *host,
		   const struct steady_applied *a, const struct steady_verified *v, int result)
{
	if (result == -STEADY_ENOMEM)
		return result;
	/* a host that failed is told on standard error too: there is no answer */
	cli->shown = steady_exit_status(result) <= 1;
	if (cli->json)
		return put_json(cli, label, host, a, v);
	if (!cli->quiet && cli->shown)
		put_words(cli, label, host, a, v);
	return 0;
}

static int apply(struct cli *cli, const struct cli_subject *model, const char *label,
		 struct cli_host *host, uint32_t vcpus)
{
	struct steady_reading passed[STEADY_UNVIRTUALISED];
	struct steady_applied applied;
	int r = steady_apply(model->model, host->call, host->ctx, vcpus, &applied, cli->report), e;

	if (!r) {
		cli_host_unvirtualised(host, passed);
		r = steady_check_machine(model->model, passed, cli->report);
		applied.pinned = !r;
	}
	e = deliver(cli, label, host, &applied, NULL, r);
	steady_applied_clear(&applied);
	return e ? e : r;
}

static int verify(struct cli *cli, const struct cli_subject *model, const char *label,
		  struct cli_host *host, uint32_t vcpus)
{
	struct steady_verified verified;
	int r, e;

	if (!host->kvm) {
		cli_say("verify: %s is a profile, and a simulated host runs no guest; name kvm",
			host->name);
		return -STEADY_EUSAGE;
	}
	r = steady_verify(model->model, host->kvm, vcpus, &verified, cli->report);
	verified.applied.pinned = verified.applied.pinned && !r;
	e = deliver(cli, label, host, &verified.applied, &verified, r);
	steady_applied_clear(&verified.applied);
	return e ? e : r;
}

typedef int act_fn(struct cli *, const struct cli_subject *, const char *, struct cli_host *,
		   uint32_t);

static int run_with(struct cli *cli, int argc, char **argv, unsigned long vcpus, act_fn *act)
{
	static const struct cli_option options[] = {{"vcpus", true, cli_take_vcpus},
						    {"tolerate", true, cli_take_tolerate},
						    {"identity", 2, cli_take_identity},
						    CLI_STRICTNESS};
	struct cli_pinning pinning = {.vcpus = vcpus};
	struct cli_subject model;
	struct cli_host host;
	bool help_given;
	char *label;
	int r = cli_options(cli, argc, argv, options, 5, &pinning, 1, 2, &help_given);

	if (r || help_given)
		return r;
	if (act == verify && (pinning.vcpus < 2 || pinning.vcpus > STEADY_GUEST_VCPUS)) {
		cli_say("--vcpus: the guest has from 2, of which one starts the other, to %d",
			STEADY_GUEST_VCPUS);
		return -STEADY_EUSAGE;
	}
	r = cli_pinning_load(cli, cli->argv[0], &pinning, &model, &label);
	if (r)
		return r;
	r = cli_host_open(cli, cli_host_argument(cli, 1), &host);
	if (!r) {
		r = act(cli, &model, label, &host, (uint32_t)pinning.vcpus);
		cli_host_close(&host);
	}
	cli_subject_clear(&model);
	free(label);
	return r;
}

static int run_apply(struct cli *cli, int argc, char **argv)
{
	return run_with(cli, argc, argv, 1, apply);
}

static int run_verify(struct cli *cli, int argc, char **argv)
{
	return run_with(cli, argc, argv, 2, verify);
}

const struct cli_command cli_apply = {
	.name = "apply",
	.summary = "pin a throw-away VM to a model and prove it",
	.usage = "MODEL [HOST]",
	.help = help,
	.run = run_apply,
};

const struct cli_command cli_verify = {
	.name = "verify",
	.summary = "the same, and a guest reads its own registers",
	.usage = "MODEL [HOST]",
	.help = verify_help,
	.run = run_verify,
};
