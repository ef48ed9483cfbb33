/* SPDX-License-Identifier: MIT */
/*
 * What the commands share: options, subjects (hosts, profiles, models), output.
 *
 * A command parses its options, calls the library, and writes its answer into cli->out. main()
 * delivers that to standard output or -o FILE, whole or not at all, and turns the command's result
 * (0 or a negative enum steady_error) into the exit status.
 */
#ifndef STEADY_CLI_H
#define STEADY_CLI_H

#include <getopt.h>
#include <jansson.h>

#include <steadyarm/steadyarm.h>

#include "base/text.h"
#include "policy/policy.h"

struct cli {
	const struct cli_command *command;
	bool json;
	bool quiet;
	bool lenient;                  /* models that are loaded are so */
	bool starting;                 /* a VMM waits: models are read without their offer */
	const char *output;            /* -o, or NULL: standard output */
	struct steady_text out;        /* the answer */
	struct steady_report *report;  /* reasons that no command has shown go to stderr */
	bool shown;                    /* the command has put the report into its answer */
	bool first_only;               /* options end at the first argument that is none */
	int status;                    /* exit status of a command that has its own, or 0 */
	int argc;                      /* what is left after the options */
	char **argv;
};

struct cli_command {
	const char *name;
	const char *summary;  /* one line for `steadyarm --help` */
	const char *help;     /* after the usage line: arguments, options, an example */
	const char *usage;    /* "MODEL [HOST]..." */
	bool answers_nothing; /* so that there is none to write to a file, or as JSON */
	int (*run)(struct cli *cli, int argc, char **argv);
};

extern const struct cli_command cli_apply;
extern const struct cli_command cli_baseline;
extern const struct cli_command cli_check;
extern const struct cli_command cli_diff;
extern const struct cli_command cli_export;
extern const struct cli_command cli_import;
extern const struct cli_command cli_lint;
extern const struct cli_command cli_migrate_check;
extern const struct cli_command cli_models;
extern const struct cli_command cli_plan;
extern const struct cli_command cli_probe;
extern const struct cli_command cli_ps;
extern const struct cli_command cli_replay;
extern const struct cli_command cli_run;
extern const struct cli_command cli_show;
extern const struct cli_command cli_verify;

/* ---- options.c ---- */

struct cli_option {
	const char *name;     /* "--tolerate" without the dashes */
	int has_argument;     /* as in struct option: no, required, optional */
	/* takes an argument (NULL if there is none); false: it is bad, and that was said */
	bool (*take)(struct cli *cli, void *ctx, const char *argument);
};
/*
 * Parses the command's options and the common ones, leaves the rest in cli->argv. EUSAGE if they
 * are bad or there are fewer than `least` or more than `most` arguments; *help is set and 0
 * returned if --help was asked for and given.
 */
int cli_options(struct cli *cli, int argc, char **argv, const struct cli_option *options,
		size_t count, void *ctx, int least, int most, bool *help);
/* "steadyarm: ..." on standard error. */
__attribute__((format(printf, 1, 2))) void cli_say(const char *format, ...);
/* "pmu=off,sve=on" into two words of option bits. */
bool cli_parse_vcpu(const char *text, uint32_t *on, uint32_t *off);
bool cli_parse_number(const char *text, unsigned long least, unsigned long most,
		      unsigned long *out);

/* For a struct cli_option: --vcpus N, into an unsigned long. */
#define CLI_VCPUS 512
bool cli_take_vcpus(struct cli *cli, void *ctx, const char *argument);

/* --strict and --lenient, for commands that take models to hosts. */
bool cli_take_strict(struct cli *cli, void *ctx, const char *argument);
bool cli_take_lenient(struct cli *cli, void *ctx, const char *argument);
#define CLI_STRICTNESS                                                                             \
	{"strict", false, cli_take_strict}, {"lenient", false, cli_take_lenient}
#define CLI_HELP_STRICT                                                                            \
	"  --strict       refuse what the host shows that this version has no name for and KVM\n"     \
	"                 does not let be 0 (the default)\n"                                          \
	"  --lenient      report it, and leave it as the host has it\n"

/* What is said of a pin on the command line, beside model and host. */
#define CLI_TOLERATE 64
struct cli_pinning {
	unsigned long vcpus;
	const char *tolerate[CLI_TOLERATE];
	size_t tolerate_count;
	struct cli_identity {
		bool wanted, named;
		struct steady_cpu cpu; /* where it was named */
	} identity;
};
/* For a struct cli_option with such a context; the first is cli_take_vcpus(). */
bool cli_take_tolerate(struct cli *cli, void *pinning, const char *argument);
bool cli_take_identity(struct cli *cli, void *pinning, const char *argument);
bool cli_parse_identity(const char *argument, struct cli_identity *out);
#define CLI_HELP_IDENTITY                                                                          \
	"  --identity[=0xMIDR]    tell guests that they are the model's CPU, of several this one\n"
#define CLI_HELP_TOLERATE                                                                          \
	"  --tolerate REG.FIELD   let guests see the host's value (may be given again)\n"

/* ---- subject.c ---- */

struct cli_subject {
	const char *spec;              /* as given */
	const char *name;              /* for messages; borrowed from what follows */
	struct steady_profile *profile;
	struct steady_model *model;
	char *own_name;
};
/* A model or profile file, "-", "kvm[:PATH]", which is probed, or a model's name. */
int cli_subject_load(struct cli *cli, const char *spec, struct cli_subject *subject);
/* The model of a pin; *label is cli_model_label() of it as it is by itself. */
int cli_pinning_load(struct cli *cli, const char *spec, const struct cli_pinning *pinning,
		     struct cli_subject *subject, char **label);
/* The same, and it must be a model (or a profile or host). */
int cli_subject_load_model(struct cli *cli, const char *spec, struct cli_subject *subject);
int cli_subject_load_profile(struct cli *cli, const char *spec, struct cli_subject *subject);
void cli_subject_clear(struct cli_subject *subject);
/* A fresh profile of a host; of a profile file: what its simulated host shows. */
struct cli_probing {
	const char *note; /* NULL: none */
	const char *name; /* NULL: the machine's own */
	bool deep;        /* try every value of every field */
	uint64_t ioctls;  /* out: how many it took; 0 for a simulated host */
};
int cli_probe_host(struct cli *cli, const char *spec, struct cli_probing *how,
		   struct steady_profile **profile);
/* "web-v1@3f9c1a2b4c5d", or the name of the file if the model has none. */
char *cli_model_label(const struct cli_subject *subject);
/* A line for each name that the model tolerates. */
void cli_put_tolerated(struct steady_text *out, const struct steady_model *model);
/* What the subject shows a guest in its fullest configuration. */
void cli_subject_view(const struct cli_subject *subject, struct steady_view *view);

/* A host to make calls to: this machine's KVM, or the simulated host of a profile. */
struct cli_host {
	steady_call_fn *call;
	void *ctx;
	const char *name;
	struct steady_kvm *kvm;
	struct steady_sim *sim;
	struct cli_subject subject;
};
int cli_host_open(struct cli *cli, const char *spec, struct cli_host *host);
void cli_host_close(struct cli_host *host);
/* What KVM passes through on it: the machine's own, or the profile's. */
void cli_host_unvirtualised(const struct cli_host *host,
			    struct steady_reading out[STEADY_UNVIRTUALISED]);
/* The HOST argument at a place, or this machine's KVM if there is none. */
const char *cli_host_argument(const struct cli *cli, int index);

/* ---- self.c ---- */

#define CLI_SELF "self"
/* `check MODEL self`: the guest that this command runs in. EBLOCKED: it is not the model. */
int cli_check_self(struct cli *cli, const struct cli_subject *model);

/* ---- kernels.c ---- */

/* `show --kernels`: all arguments are registers or fields. */
int cli_show_kernels(struct cli *cli);

/* ---- wrap.c ---- */

/*
 * Appends a word to the last line, after a blank, or if that would be too long to a new one, which is
 * indented by blanks; so is a line that has fewer columns yet.
 */
void cli_put_word(struct steady_text *out, size_t indent, const char *word, size_t length);
/* The same of all words of a text. */
void cli_put_wrapped(struct steady_text *out, size_t indent, const char *words);
/* A word of a command that is to be copied, in quotes if a shell needs them. */
void cli_put_quoted(struct steady_text *out, const char *word);

/* ---- findings.c ---- */

/* Those from index `from` on that are about what has no name here, with what became of each. */
json_t *cli_unknown_json(const struct steady_report *report, size_t from);
/* A line each of those that are notes: what is 0 now. */
void cli_put_unknown(struct steady_text *out, const struct steady_report *report, size_t from,
		     const char *prefix);

/* "REG.FIELD: wants 3, host accepts 0-2 (reason). Do: advice", one line, without a host. */
void cli_put_finding(struct steady_text *out, const struct steady_finding *finding);
/* The findings of a severity from index `from` on, a line each, each with the prefix. */
void cli_put_findings(struct steady_text *out, const struct steady_report *report, size_t from,
		      uint32_t severity, const char *prefix);
/* {"register", "field", "features", "wanted", "offered", "reason", "advice"} */
json_t *cli_finding_json(const struct steady_finding *finding);
/* Dumps the object into the answer and drops it; a NULL object means memory ran out. */
int cli_put_json(struct cli *cli, json_t *object);
/* The whole report to standard error, as messages. */
void cli_complain(const struct cli *cli);

#endif
