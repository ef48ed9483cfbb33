/* SPDX-License-Identifier: MIT */
/*
 * Makes the same random calls on a real kernel and on the simulated host of that kernel's profile,
 * and prints where their answers differ, as a log from the making of that VM on. The calls depend
 * on the seed, the profile and the answers alone.
 *
 *   difftest [--seed N] [--calls N] [--log FILE] [--keep N] [--length N] PROFILE [KVM]
 *
 * KVM is a device (/dev/kvm), or another profile, which is then simulated. --log writes all calls.
 * Exit status: 0 no difference, 1 some, or VMs that the profile knows nothing of, 2 bad usage or input, 3 the host failed.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <steadyarm/sim.h>

#include "arch/kvm_ids.h"
#include "base/report.h"
#include "format/format.h"
#include "host/wrap.h"
#include "lab/generate.h"

#define LIST_WORDS 4096

struct kept {                 /* a call since the VM was made */
	struct steady_call call;
	int result;
};

struct test {
	struct generate g;
	struct steady_both compare;
	struct kept *kept;
	size_t kept_count, kept_room;
	FILE *log;
	unsigned long show;   /* how many differences are printed with all that led to them */
	bool differed;        /* in this VM; the rest of it says nothing */
	uint64_t differences;
	uint64_t unknown;     /* VMs that were left since the profile has not such a configuration */
};

/* ---- printing ---- */

static void print_call(FILE *to, const struct steady_call *c, int result)
{
	struct steady_text t = STEADY_TEXT_INIT;

	steady_op_print(&t, c);
	steady_text_str(&t, " = ");
	steady_result_print(&t, c, result);
	if (t.data)
		fprintf(to, "%s\n", t.data);
	steady_text_free(&t);
}

static void print_lists(const struct steady_call *a, const struct steady_call *b)
{
	for (uint32_t i = 0, j = 0; i < a->count || j < b->count;) {
		if (j == b->count || (i < a->count && a->list[i] < b->list[j]))
			printf("# only on the first: 0x%016" PRIx64 "\n", a->list[i++]);
		else if (i == a->count || b->list[j] < a->list[i])
			printf("# only on the other: 0x%016" PRIx64 "\n", b->list[j++]);
		else
			i++, j++;
	}
}

static void differs(void *ctx, const struct steady_call *call, int result,
		    const struct steady_call *others, int others_result)
{
	struct test *t = ctx;
	const char *name = call->op == STEADY_OP_GET || call->op == STEADY_OP_SET
				   ? steady_id_name(call->id)
				   : NULL;
	struct steady_text text = STEADY_TEXT_INIT;

	t->differed = true;
	if (others_result == -ENOSYS && call->op == STEADY_OP_INIT) {
		t->unknown++;
		return;
	}
	t->differences++;
	printf("# difference %" PRIu64 "%s%s\n", t->differences, name ? ": " : "",
	       name ? name : "");
	for (size_t i = 0; t->differences <= t->show && i < t->kept_count; i++)
		print_call(stdout, &t->kept[i].call, t->kept[i].result);
	print_call(stdout, call, result);
	steady_result_print(&text, others, others_result);
	printf("# simulated: %s\n", text.data ? text.data : "");
	steady_text_free(&text);
	if (call->op == STEADY_OP_REG_LIST && !result && !others_result)
		print_lists(call, others);
}

/* ---- calls ---- */

static void keep(struct test *t, const struct steady_call *c, int result)
{
	if (c->op == STEADY_OP_CREATE_VM) {
		t->kept_count = 0;
		t->differed = false;
	}
	if (t->kept_count == t->kept_room) {
		size_t room = t->kept_room ? t->kept_room * 2 : 1024;
		struct kept *all = realloc(t->kept, room * sizeof(*all));

		if (!all)
			return;
		t->kept = all;
		t->kept_room = room;
	}
	t->kept[t->kept_count] = (struct kept){*c, result};
	if (c->op == STEADY_OP_MASKS) /* the list is the generator's, and 192 words */
		t->kept[t->kept_count].call.count = 0;
	t->kept_count++;
}

static int make_call(void *ctx, struct steady_call *c)
{
	struct test *t = ctx;
	int r = steady_both_call(&t->compare, c);

	keep(t, c, r);
	if (t->log)
		print_call(t->log, c, r);
	if (t->differed)
		t->g.stop = true;
	return r;
}

static void print_counts(const struct test *t, uint64_t seed, const char *profile)
{
	const struct generate *g = &t->g;
	double sets = g->sets ? (double)g->sets : 1;

	printf("%s: seed %" PRIu64 ": %" PRIu64 " calls, %" PRIu64 " VMs, %" PRIu64
	       " SETs (%.0f %% refused, %.0f %% of several fields, %.0f %% after a run), %" PRIu64
	       " differences, %" PRIu64 " VMs of options that are not in the profile\n",
	       profile, seed, g->calls, g->vms, g->sets, 100 * (double)g->refused / sets,
	       100 * (double)g->several / sets, 100 * (double)g->after_run / sets,
	       t->differences, t->unknown);
}

/* ---- the command ---- */

static struct steady_profile *load(const char *path)
{
	struct steady_report *report = NULL;
	struct steady_profile *profile = NULL;
	const struct steady_finding *f;
	char *text = NULL;
	size_t length;

	if (steady_report_new(&report))
		return NULL;
	if (!steady_file_read(path, &text, &length, report))
		steady_profile_read_json(text, length, path, &profile, report);
	for (size_t i = 0; (f = steady_report_get(report, i)); i++)
		fprintf(stderr, "difftest: %s:%u: %s\n", f->file, f->line, f->reason);
	free(text);
	steady_report_free(report);
	return profile;
}

static bool is_device(const char *host)
{
	return strncmp(host, "/dev/", 5) == 0;
}

static int run(struct test *t, const struct steady_profile *profile, const char *host,
	       uint64_t seed, uint64_t calls)
{
	static uint64_t room[LIST_WORDS];
	struct steady_profile *other = NULL;
	struct steady_sim *sim = NULL, *second = NULL;
	struct steady_kvm *kvm = NULL;
	int error = 0, r = steady_sim_new(profile, &sim);

	if (!r && is_device(host))
		r = steady_kvm_open(host, &kvm, &error);
	else if (!r)
		r = (other = load(host)) ? steady_sim_new(other, &second) : -STEADY_EINPUT;
	if (r) {
		fprintf(stderr, "difftest: %s: %s\n", host,
			error ? strerror(error) : steady_strerror(r));
	} else {
		t->compare = (struct steady_both){
			.next = kvm ? steady_kvm_call : steady_sim_call,
			.ctx = kvm ? (void *)kvm : (void *)second,
			.other = steady_sim_call,
			.other_ctx = sim,
			.room = room,
			.room_words = LIST_WORDS,
			.differs = differs,
			.differs_ctx = t,
		};
		t->g = (struct generate){
			.call = make_call,
			.ctx = t,
			.profile = profile,
			.random = seed,
			.length = t->g.length ? t->g.length : 1,
		};
		generate_calls(&t->g, calls);
	}
	steady_kvm_free(kvm);
	steady_sim_free(sim);
	steady_sim_free(second);
	steady_profile_free(other);
	return r;
}

static int usage(void)
{
	fputs("usage: difftest [--seed N] [--calls N] [--log FILE] [--keep N] [--length N] PROFILE "
	      "[KVM]\n",
	      stderr);
	return 2;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"seed", required_argument, NULL, 's'}, {"calls", required_argument, NULL, 'c'},
		{"log", required_argument, NULL, 'l'},  {"keep", required_argument, NULL, 'k'},
		{"length", required_argument, NULL, 'n'},
		{NULL, 0, NULL, 0},
	};
	struct test t = {.show = 1};
	struct steady_profile *profile;
	uint64_t seed = 1, calls = 100000;
	int c, r;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (c == 'c')
			calls = strtoull(optarg, NULL, 10);
		else if (c == 'n')
			t.g.length = (uint32_t)strtoul(optarg, NULL, 10);
		else if (c == 'k')
			t.show = strtoul(optarg, NULL, 10);
		else if (c != 'l' || t.log || !(t.log = fopen(optarg, "we")))
			return usage();
	}
	if (argc - optind < 1 || argc - optind > 2)
		return usage();
	profile = load(argv[optind]);
	if (!profile)
		return 2;
	r = run(&t, profile, argc - optind == 2 ? argv[optind + 1] : "/dev/kvm", seed, calls);
	if (!r)
		print_counts(&t, seed, argv[optind]);
	if (t.log && fclose(t.log))
		r = -STEADY_EIO;
	free(t.kept);
	steady_profile_free(profile);
	return r ? steady_exit_status(r) : t.differences || t.unknown ? 1 : 0;
}
