/* SPDX-License-Identifier: MIT */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "cli.h"
#include "format/audit_json.h"
#include "host/process.h"

#define PROC       "/proc"
#define RECORDS    "/run/steadyarm"
#define RECORD_MAX (1u << 20)

static const char help[] =
	"Lists every process here that uses KVM, and the model that its VMs are pinned to; those that\n"
	"nobody pinned too. What a VM is pinned to is what the process that made it wrote down, by way\n"
	"of the library that `steadyarm run` loads. Exit status 0: every VM is pinned and was read\n"
	"back; 1: one is not, or not yet; 3: none such was seen, and not all could be looked at.\n"
	"\n"
	"A VM is `read back` when every vCPU showed the model after its first entry, `starting` before,\n"
	"`refused` when the library did not let it run, `UNPINNED` when the library is not in the\n"
	"process, `no record` when it is and could not write. Processes that may not be looked at are\n"
	"named; root sees all.\n"
	"\n"
	"Options:\n"
	"  --run DIR      where the records are, if not /run/steadyarm or $STEADYARM_RUN_DIR\n"
	"  --proc DIR     a /proc of other processes\n"
	"\n"
	"Example:\n"
	"  steadyarm ps --json\n";

struct wanted {
	const char *proc;
	const char *run;
};

static bool take_proc(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	((struct wanted *)ctx)->proc = argument;
	return true;
}

static bool take_run(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	((struct wanted *)ctx)->run = argument;
	return true;
}

/* From the best to the worst: a process is as bad as its worst VM. */
enum state { NO_VM, READ_BACK, STARTING, REFUSED, NO_RECORD, UNPINNED };
static const char *const state_words[] = {"no VM",   "read back", "starting",
					  "refused", "no record", "UNPINNED"};
static const char *const state_keys[] = {"no-vm",   "read-back", "starting",
					 "refused", "no-record", "unpinned"};

/* ---- records ---- */

/* A record counts if the process's own user, or root, wrote it. */
static char *read_record(const char *path, uint32_t uid, size_t *length)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	char *text = fd < 0 ? NULL : malloc(RECORD_MAX);
	size_t used = 0;
	struct stat st;
	ssize_t n = -1;

	if (text && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_uid == uid || st.st_uid == 0)) {
		do {
			n = read(fd, text + used, RECORD_MAX - used);
			used += n > 0 ? (size_t)n : 0;
		} while (n > 0 && used < RECORD_MAX);
	}
	if (fd >= 0)
		close(fd);
	if (n >= 0 && used < RECORD_MAX) {
		*length = used;
		return text;
	}
	free(text);
	return NULL;
}

static bool try_record(const char *path, const struct steady_process *p, struct steady_audit *audit)
{
	size_t length = 0;
	char *text;
	bool found;

	text = read_record(path, p->uid, &length);
	found = text && steady_audit_read(text, length, audit);
	free(text);
	if (found && (audit->pid != p->pid || audit->start != p->start)) {
		steady_audit_clear(audit); /* of a process that had the same number */
		found = false;
	}
	return found;
}

/* The longer name is for where somebody else's file was in the way. */
static void find_record(const struct wanted *w, const struct steady_process *p,
			struct steady_audit *audit)
{
	char path[PATH_MAX];

	if (snprintf(path, sizeof(path), "%s/%ld.json", w->run, p->pid) < (int)sizeof(path) &&
	    try_record(path, p, audit))
		return;
	if (snprintf(path, sizeof(path), "%s/%ld-%" PRIu64 ".json", w->run, p->pid, p->start) <
	    (int)sizeof(path))
		try_record(path, p, audit);
}

/* Records of processes that ended without a word are of no use to anybody. */
static void clean(const struct wanted *w)
{
	DIR *d = opendir(w->run);
	struct dirent *e;

	while (d && (e = readdir(d))) {
		char path[PATH_MAX], *end, *text;
		long pid = strtol(e->d_name, &end, 10);
		struct steady_audit audit;
		size_t length = 0;
		struct stat st;

		if (pid > 0 && *end == '-')
			strtoull(end + 1, &end, 10);
		if (pid <= 0 || strcmp(end, ".json") != 0 ||
		    snprintf(path, sizeof(path), "%s/%s", w->run, e->d_name) >= (int)sizeof(path) ||
		    lstat(path, &st) || !S_ISREG(st.st_mode))
			continue;
		text = read_record(path, st.st_uid, &length);
		if (text && steady_audit_read(text, length, &audit)) {
			if (!steady_process_lives(w->proc, audit.pid, audit.start))
				unlink(path);
			steady_audit_clear(&audit);
		}
		free(text);
	}
	if (d)
		closedir(d);
}

/* ---- one process ---- */

static enum state state_of_vm(const struct steady_process *p, const struct steady_audit *audit,
			      int fd, struct steady_audit_vm *vm)
{
	if (!audit->root || !steady_audit_vm(audit, fd, vm)) {
		*vm = (struct steady_audit_vm){.fd = fd};
		return p->library && (!audit->root || audit->full) ? NO_RECORD : UNPINNED;
	}
	if (vm->refused)
		return REFUSED;
	return vm->vcpus && vm->read_back == vm->vcpus ? READ_BACK : STARTING;
}

static json_t *vm_json(const struct steady_audit_vm *vm, enum state state)
{
	if (state == UNPINNED || state == NO_RECORD)
		return json_pack("{s:i, s:s}", "fd", vm->fd, "state", state_keys[state]);
	return json_pack("{s:i, s:s, s:I, s:I, s:I}", "fd", vm->fd, "state", state_keys[state],
			 "vcpus", (json_int_t)vm->vcpus, "pinned", (json_int_t)vm->pinned,
			 "read_back", (json_int_t)vm->read_back);
}

static enum state judge(const struct steady_process *p, const struct steady_audit *audit,
			json_t *vms)
{
	enum state worst = NO_VM;

	for (size_t i = 0; i < p->vm_count; i++) {
		struct steady_audit_vm vm;
		enum state s = state_of_vm(p, audit, p->vms[i], &vm);

		worst = s > worst ? s : worst;
		json_array_append_new(vms, vm_json(&vm, s));
	}
	return worst;
}

static void put_words(struct cli *cli, const struct steady_process *p,
		      const struct steady_audit *audit, enum state state)
{
	size_t tolerated = json_array_size(audit->tolerated);

	steady_text_printf(&cli->out, "%-7ld %-16s %zu VM%s, %zu vCPU%s: ", p->pid, p->name,
			   p->vm_count, p->vm_count == 1 ? "" : "s", p->vcpus,
			   p->vcpus == 1 ? "" : "s");
	if (audit->root && state != UNPINNED)
		steady_text_printf(&cli->out, "%s%s%.12s, ", audit->model, audit->id ? "@" : "",
				   audit->id ? audit->id : "");
	steady_text_str(&cli->out, state_words[state]);
	for (size_t i = 0; i < tolerated && state != UNPINNED; i++)
		steady_text_printf(&cli->out, "%s%s", i ? ", " : ", tolerates ",
				   json_string_value(json_array_get(audit->tolerated, i)));
	steady_text_printf(&cli->out, "%s\n", p->simulated ? " (simulated host)" : "");
}

static json_t *process_json(const struct steady_process *p, const struct steady_audit *audit,
			    enum state state, json_t *vms)
{
	json_t *o = json_object();

	json_object_set_new(o, "pid", json_integer(p->pid));
	json_object_set_new(o, "program", json_string(p->name));
	json_object_set_new(o, "uid", json_integer(p->uid));
	json_object_set_new(o, "state", json_string(state_keys[state]));
	json_object_set_new(o, "simulated", json_boolean(p->simulated));
	json_object_set_new(o, "vcpus", json_integer((json_int_t)p->vcpus));
	json_object_set_new(o, "model", audit->root ? json_string(audit->model) : json_null());
	json_object_set_new(o, "id", audit->id ? json_string(audit->id) : json_null());
	json_object_set_new(o, "tolerated",
			    audit->root ? json_incref(audit->tolerated) : json_array());
	json_object_set(o, "vms", vms);
	return o;
}

/* ---- all of them ---- */

struct tally {
	json_t *processes, *unreadable;
	size_t users, bad;
};

static void count(struct cli *cli, const struct wanted *w, const struct steady_process *p,
		  struct tally *t)
{
	struct steady_audit audit = {0};
	json_t *vms;
	enum state state;

	if (!p->readable) {
		json_array_append_new(t->unreadable, json_pack("{s:I, s:s}", "pid", (json_int_t)p->pid,
							       "program", p->name));
		return;
	}
	find_record(w, p, &audit);
	vms = json_array();
	state = judge(p, &audit, vms);
	t->users++;
	t->bad += state > READ_BACK;
	put_words(cli, p, &audit, state);
	json_array_append_new(t->processes, process_json(p, &audit, state, vms));
	json_decref(vms);
	steady_audit_clear(&audit);
}

static void put_unreadable(struct steady_text *out, const json_t *unreadable)
{
	size_t i, total = json_array_size(unreadable);

	if (!total)
		return;
	steady_text_printf(out, "may not be looked at (root may):");
	for (i = 0; i < total; i++) {
		const json_t *one = json_array_get(unreadable, i);

		steady_text_printf(out, " %lld %s%s",
				   (long long)json_integer_value(json_object_get(one, "pid")),
				   json_string_value(json_object_get(one, "program")),
				   i + 1 < total ? "," : "\n");
	}
}

static int answer(struct cli *cli, struct tally *t)
{
	struct steady_text lines = cli->out;
	int r = 0;

	cli->out = (struct steady_text)STEADY_TEXT_INIT;
	if (cli->json) {
		r = cli_put_json(cli, json_pack("{s:O, s:O}", "processes", t->processes,
						"unreadable", t->unreadable));
	} else if (!cli->quiet) {
		if (!t->users)
			steady_text_str(&cli->out, json_array_size(t->unreadable)
							   ? "no process that may be looked at uses KVM\n"
							   : "no process uses KVM\n");
		else if (t->bad)
			steady_text_printf(&cli->out, "NO: %zu of %zu process%s not pinned\n", t->bad,
					   t->users, t->users == 1 ? " is" : "es are");
		else
			steady_text_printf(&cli->out, "yes: %zu process%s pinned\n", t->users,
					   t->users == 1 ? " is" : "es are");
		steady_text_add(&cli->out, lines.data ? lines.data : "", lines.length);
		put_unreadable(&cli->out, t->unreadable);
	}
	steady_text_free(&lines);
	if (r || t->bad)
		return r ? r : -STEADY_EBLOCKED;
	return json_array_size(t->unreadable) ? -STEADY_EHOST : 0;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {
		{"run", true, take_run},
		{"proc", true, take_proc},
	};
	const char *given = getenv("STEADYARM_RUN_DIR");
	struct wanted w = {.proc = PROC, .run = given && *given ? given : RECORDS};
	struct steady_process *all = NULL;
	struct tally t = {0};
	size_t total = 0;
	bool help_given;
	int r = cli_options(cli, argc, argv, options, 2, &w, 0, 0, &help_given);

	if (r || help_given)
		return r;
	r = steady_processes_read(w.proc, &all, &total);
	if (r == -STEADY_EHOST)
		cli_say("ps: %s: %s", w.proc, strerror(errno));
	if (r)
		return r;
	t.processes = json_array();
	t.unreadable = json_array();
	for (size_t i = 0; i < total; i++)
		count(cli, &w, &all[i], &t);
	clean(&w);
	r = answer(cli, &t);
	json_decref(t.processes);
	json_decref(t.unreadable);
	steady_processes_free(all, total);
	return r;
}

const struct cli_command cli_ps = {
	.name = "ps",
	.summary = "list the processes that use KVM, and what they are pinned to",
	.usage = "",
	.help = help,
	.run = run,
};
