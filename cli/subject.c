/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <steadyarm/sim.h>

#include "base/report.h"
#include "catalog.h"
#include "cli.h"
#include "format/format.h"
#include "host/local.h"
#include "pin/pin.h"
#include "policy/outside.h"

#define KVM_DEVICE "/dev/kvm"

static const char *kvm_path(const char *spec)
{
	if (strcmp(spec, "kvm") == 0)
		return KVM_DEVICE;
	return strncmp(spec, "kvm:", 4) == 0 ? spec + 4 : NULL;
}

static int open_kvm(struct cli *cli, const char *path, struct steady_kvm **kvm)
{
	int error = 0, r = steady_kvm_open(path, kvm, &error);

	if (r != -STEADY_EHOST)
		return r;
	steady_report_add(cli->report, STEADY_ERROR, STEADY_EHOST);
	steady_report_file(cli->report, path);
	if (error == ENOEXEC)
		steady_report_reason(cli->report, "this machine is not arm64, its KVM is another; "
						  "name a profile file instead");
	else
		steady_report_reason(cli->report, "cannot be used: %s", strerror(error));
	if (error == EACCES)
		steady_report_advice(cli->report, "add yourself to the group that owns it (kvm)");
	if (error == ENOENT)
		steady_report_advice(cli->report, "name a profile file instead");
	return r;
}

/* ---- this machine ---- */

struct progress {
	struct steady_machine machine;
	bool terminal;
};

static int enter(void *ctx, uint32_t kind)
{
	struct progress *p = ctx;

	return steady_machine_enter(&p->machine, kind);
}

static void progress(void *ctx, size_t done, size_t total)
{
	const struct progress *p = ctx;

	if (!p->terminal)
		return;
	fprintf(stderr, "\rprobing: %zu of %zu configurations%s", done, total,
		done == total ? "\n" : "");
	fflush(stderr);
}

static int probe_kvm(struct cli *cli, const char *path, struct cli_probing *how,
		     struct steady_profile **profile)
{
	struct progress p = {.terminal = isatty(STDERR_FILENO) && !cli->quiet};
	struct steady_local local = {
		.note = how->note,
		.deep = how->deep,
		.enter = enter,
		.ctx = &p,
		.progress = progress,
	};
	struct steady_kvm *kvm;
	int r;

	steady_machine_read("/sys", &p.machine);
	local.name = how->name ? how->name : *p.machine.name ? p.machine.name : NULL;
	local.kernel = p.machine.kernel;
	local.kinds = p.machine.kinds;
	memcpy(local.unvirtualised, p.machine.unvirtualised, sizeof(local.unvirtualised));
	r = open_kvm(cli, path, &kvm);
	if (r)
		return r;
	r = steady_probe(steady_kvm_call, kvm, &local, profile, cli->report);
	how->ioctls = steady_kvm_ioctls(kvm);
	steady_kvm_free(kvm);
	return r;
}

static int probe_sim(struct cli *cli, const struct steady_profile *of,
		     const struct cli_probing *how, struct steady_profile **profile)
{
	struct steady_local local = {
		.name = how->name ? how->name : of->name,
		.kernel = of->kernel,
		.note = how->note ? how->note : of->note,
		.deep = how->deep,
		.kinds = 1,
	};
	struct steady_sim *sim;
	int r = steady_sim_new(of, &sim);

	if (r)
		return r;
	memcpy(local.unvirtualised, of->unvirtualised, sizeof(local.unvirtualised));
	r = steady_probe(steady_sim_call, sim, &local, profile, cli->report);
	steady_sim_free(sim);
	return r;
}

int cli_probe_host(struct cli *cli, const char *spec, struct cli_probing *how,
		   struct steady_profile **profile)
{
	struct cli_subject of;
	int r;

	if (kvm_path(spec))
		return probe_kvm(cli, kvm_path(spec), how, profile);
	r = cli_subject_load_profile(cli, spec, &of);
	if (r)
		return r;
	r = probe_sim(cli, of.profile, how, profile);
	cli_subject_clear(&of);
	return r;
}

/* ---- files ---- */

static char *name_of_file(const char *path)
{
	const char *base = strrchr(path, '/');
	char *name = strdup(strcmp(path, "-") == 0 ? "stdin" : base && base[1] ? base + 1 : path);
	char *dot = name ? strrchr(name, '.') : NULL;

	if (dot && dot != name)
		*dot = '\0';
	return name;
}

static bool looks_like_json(const char *text, size_t length)
{
	size_t at = 0;

	while (at < length && memchr(" \t\r\n", text[at], 4))
		at++;
	return at < length && (text[at] == '{' || text[at] == '[');
}

static int neither(struct cli *cli, const char *file)
{
	steady_report_add(cli->report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_file(cli->report, file);
	steady_report_place(cli->report, 1, 1);
	steady_report_reason(cli->report, "neither a profile nor a model: those are JSON, or, for a "
					  "model, text with a line \"format steadyarm-model\"");
	return -STEADY_EINPUT;
}

static int parse(struct cli *cli, const char *path, const char *text, size_t length,
		 struct cli_subject *s)
{
	const char *file = strcmp(path, "-") == 0 ? "(standard input)" : path;

	switch (steady_sniff(text, length)) {
	case STEADY_KIND_PROFILE:
		return steady_profile_read_json(text, length, file, &s->profile, cli->report);
	case STEADY_KIND_MODEL_JSON:
		if (cli->starting && !steady_model_read_start(text, length, &s->model))
			return 0;
		return steady_model_read_json(text, length, file, &s->model, cli->report);
	case STEADY_KIND_MODEL_TEXT:
		return steady_model_read_text(text, length, file, &s->model, cli->report);
	default:
		if (!looks_like_json(text, length))
			return neither(cli, file);
		/* what is broken JSON is said with line and column by the parser */
		return steady_profile_read_json(text, length, file, &s->profile, cli->report);
	}
}

static int load_file(struct cli *cli, const char *path, struct cli_subject *s)
{
	char *text = NULL;
	size_t length = 0;
	int r = steady_file_read(path, &text, &length, cli->report);

	if (r)
		return r;
	r = parse(cli, path, text, length, s);
	free(text);
	if (r)
		return r;
	s->own_name = name_of_file(path);
	if (!s->own_name) {
		cli_subject_clear(s);
		return -STEADY_ENOMEM;
	}
	s->name = s->model && *steady_model_name(s->model) ? steady_model_name(s->model)
							   : s->own_name;
	return 0;
}

/* ---- models by name ---- */

static int no_model(struct cli *cli, const struct cli_catalog *catalog, const char *name)
{
	struct steady_text similar = STEADY_TEXT_INIT;

	cli_catalog_similar(catalog, name, &similar);
	steady_report_add(cli->report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_file(cli->report, name);
	steady_report_reason(cli->report, "there is neither a file nor a model of this name");
	if (similar.length)
		steady_report_advice(cli->report, "did you mean %s?", similar.data);
	else
		steady_report_advice(cli->report, "`steadyarm models` lists the models");
	steady_text_free(&similar);
	return -STEADY_EINPUT;
}

static int load_named(struct cli *cli, const char *name, struct cli_subject *s)
{
	const struct cli_entry *entry;
	struct cli_catalog catalog;
	int r = cli_catalog_read(cli, &catalog);

	if (r)
		return r;
	entry = cli_catalog_find(&catalog, name);
	if (entry && strcmp(entry->name, name) != 0 && !cli->quiet &&
	    cli_catalog_versions(&catalog, name) > 1)
		cli_say("%s: taken as %s, the newest version", name, entry->name);
	r = entry ? cli_catalog_load(cli, entry, s) : no_model(cli, &catalog, name);
	s->spec = name;
	cli_catalog_clear(&catalog);
	return r;
}

/* A file comes first: what lies here is what was meant. */
static bool is_name(const char *spec)
{
	return steady_model_name_ok(spec) && access(spec, F_OK) != 0 && errno == ENOENT;
}

static int only_check(struct cli *cli)
{
	steady_report_add(cli->report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_file(cli->report, CLI_SELF);
	steady_report_reason(cli->report, "a guest does not see enough of itself for this: only "
					  "`steadyarm check MODEL self` takes it, and no HOST beside it");
	return -STEADY_EINPUT;
}

int cli_subject_load(struct cli *cli, const char *spec, struct cli_subject *s)
{
	struct cli_probing how = {0};
	int r;

	memset(s, 0, sizeof(*s));
	s->spec = spec;
	if (strcmp(spec, CLI_SELF) == 0 && access(spec, F_OK) != 0)
		return only_check(cli);
	if (is_name(spec) && !kvm_path(spec))
		return load_named(cli, spec, s);
	if (!kvm_path(spec))
		return load_file(cli, spec, s);
	r = probe_kvm(cli, kvm_path(spec), &how, &s->profile);
	if (!r)
		s->name = s->profile->name;
	return r;
}

static int wrong_kind(struct cli *cli, struct cli_subject *s, const char *wanted, const char *is)
{
	steady_report_add(cli->report, STEADY_ERROR, STEADY_EINPUT);
	steady_report_file(cli->report, s->spec);
	steady_report_reason(cli->report, "this is %s, and %s is wanted here", is, wanted);
	cli_subject_clear(s);
	return -STEADY_EINPUT;
}

int cli_subject_load_model(struct cli *cli, const char *spec, struct cli_subject *s)
{
	int r = cli_subject_load(cli, spec, s);

	if (!r && !s->model)
		r = wrong_kind(cli, s, "a model", "a host's profile");
	if (!r)
		steady_model_set_lenient(s->model, cli->lenient);
	return r;
}

int cli_subject_load_profile(struct cli *cli, const char *spec, struct cli_subject *s)
{
	int r = cli_subject_load(cli, spec, s);

	if (!r && !s->profile)
		r = wrong_kind(cli, s, "a host or its profile", "a model");
	return r;
}

int cli_pinning_load(struct cli *cli, const char *spec, const struct cli_pinning *pinning,
		     struct cli_subject *s, char **label)
{
	int r = cli_subject_load_model(cli, spec, s);

	if (r)
		return r;
	*label = cli_model_label(s);
	r = *label ? 0 : -STEADY_ENOMEM;
	for (size_t i = 0; i < pinning->tolerate_count && !r; i++)
		r = steady_model_add_tolerated(s->model, pinning->tolerate[i]);
	if (!r && pinning->identity.wanted)
		r = steady_model_identify(s->model, pinning->identity.named ? &pinning->identity.cpu
									    : NULL, cli->report);
	if (r) {
		free(*label);
		cli_subject_clear(s);
	}
	return r;
}

void cli_subject_clear(struct cli_subject *s)
{
	steady_profile_free(s->profile);
	steady_model_free(s->model);
	free(s->own_name);
	memset(s, 0, sizeof(*s));
}

void cli_put_tolerated(struct steady_text *out, const struct steady_model *m)
{
	const char *name;
	bool more;

	for (size_t i = 0; (name = steady_model_tolerated_at(m, i, &more)); i++)
		steady_text_printf(out, "tolerated %s%s\n", name,
				   more ? ", where a host has more" : "");
}

char *cli_model_label(const struct cli_subject *s)
{
	struct steady_text t = STEADY_TEXT_INIT;
	char id[65];

	steady_text_str(&t, s->name);
	if (s->model && steady_model_id(s->model, id) == 0)
		steady_text_printf(&t, "@%.12s", id);
	return steady_text_take(&t);
}

void cli_subject_view(const struct cli_subject *s, struct steady_view *view)
{
	if (s->model)
		steady_model_view(s->model, view);
	else
		steady_configuration_view(&s->profile->configurations[0], view);
}

/* ---- hosts to make calls to ---- */

int cli_host_open(struct cli *cli, const char *spec, struct cli_host *h)
{
	int r;

	memset(h, 0, sizeof(*h));
	if (kvm_path(spec)) {
		r = open_kvm(cli, kvm_path(spec), &h->kvm);
		h->call = steady_kvm_call;
		h->ctx = h->kvm;
		h->name = spec;
		return r;
	}
	r = cli_subject_load_profile(cli, spec, &h->subject);
	if (r)
		return r;
	r = steady_sim_new(h->subject.profile, &h->sim);
	if (r) {
		cli_subject_clear(&h->subject);
		return r;
	}
	h->call = steady_sim_call;
	h->ctx = h->sim;
	h->name = h->subject.name;
	return 0;
}

void cli_host_close(struct cli_host *h)
{
	steady_kvm_free(h->kvm);
	steady_sim_free(h->sim);
	cli_subject_clear(&h->subject);
}

void cli_host_unvirtualised(const struct cli_host *h, struct steady_reading out[STEADY_UNVIRTUALISED])
{
	struct steady_machine machine;

	if (h->kvm)
		steady_machine_read("/sys", &machine);
	memcpy(out, h->kvm ? machine.unvirtualised : h->subject.profile->unvirtualised,
	       sizeof(machine.unvirtualised));
}

const char *cli_host_argument(const struct cli *cli, int index)
{
	return index < cli->argc ? cli->argv[index] : "kvm";
}
