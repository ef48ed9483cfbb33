/* SPDX-License-Identifier: MIT */
#define _GNU_SOURCE /* execvpe */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/report.h"
#include "cli.h"
#include "elf.h"
#include "format/format.h"
#include "preload/mark.h"
#include "run.h"
#include "version.h"

static const char help[] =
	"With --model, runs a VMM, QEMU for one, with every VM that it makes pinned: execs "
	"COMMAND\n"
	"with the preload library, which writes the model's registers after every\n"
	"KVM_ARM_VCPU_INIT, reads them back after the first entry, and lets no VM run that is not\n"
	"pinned. It is silent when all is well.\n"
	"\n"
	"With --host, COMMAND's /dev/kvm is the simulated host of a profile, on any machine: for "
	"tests\n"
	"of code that sets up CPUs. It executes no guest: KVM_RUN behaves as with immediate_exit. "
	"What\n"
	"is not simulated answers ENOTTY and is named on standard error. Both may be given. On "
	"another\n"
	"machine COMMAND may be a program for arm64: it is run under qemu-user (qemu-aarch64).\n"
	"\n"
	"Options:\n"
	"  --model M          the model\n"
	"  --host PROFILE     the profile whose simulated host is /dev/kvm\n"
	"  --tolerate NAME    a field or register that need not be level here, beside those that "
	"the\n"
	"                     model names (may be given again)\n"
	"  --log FILE         what the libraries did, a line each\n"
	"  --on-conflict=fail|pin\n"
	"                     an incoming stream of a guest that is not pinned to the model: "
	"refuse\n"
	"                     it (the default), or keep the pin and write nothing\n"
	"  --strict           refuse to run a VM where the host shows what this version has no "
	"name for\n"
	"                     and KVM does not let be 0 (the default)\n"
	"  --lenient          report it, and leave it as the host has it\n"
	"  --library FILE     the preload library, if not the installed one\n"
	"\n"
	"Exit status: that of COMMAND; 125 if steadyarm itself failed, 126 or 127 if COMMAND "
	"cannot\n"
	"be run or found.\n"
	"\n"
	"Example:\n"
	"  steadyarm run --model web-v1.json -- qemu-system-aarch64 -accel kvm -cpu host ...\n";

#define TAKE(member)                                                                               \
	static bool take_##member(struct cli *cli, void *ctx, const char *argument)                \
	{                                                                                          \
		(void)cli;                                                                         \
		((struct cli_run_request *)ctx)->member = argument;                                \
		return true;                                                                       \
	}
TAKE(model)
TAKE(host)
TAKE(log)
TAKE(library)

static bool take_tolerate(struct cli *cli, void *ctx, const char *argument)
{
	struct cli_run_request *w = ctx;

	(void)cli;
	if (steady_tolerable(argument) && w->tolerate_count < CLI_RUN_TOLERATED) {
		w->tolerate[w->tolerate_count++] = argument;
		return true;
	}
	cli_say("--tolerate: '%s' is neither REGISTER.FIELD nor a register that may be tolerated",
		argument);
	return false;
}

static bool take_conflict(struct cli *cli, void *ctx, const char *argument)
{
	(void)cli;
	((struct cli_run_request *)ctx)->conflict = argument;
	if (strcmp(argument, "fail") == 0 || strcmp(argument, "pin") == 0)
		return true;
	cli_say("--on-conflict: '%s' is neither fail nor pin", argument);
	return false;
}

/* ---- what can be run this way ---- */

struct target {
	char path[PATH_MAX];
	bool emulated; /* an arm64 program on another machine: under qemu-user, on a simulated host
			*/
	struct steady_text preload;
};

/* Whether it could be executed, by its kind and mode; or errno is set. */
static bool is_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st))
		return false;
	if (S_ISDIR(st.st_mode))
		errno = EISDIR;
	return !S_ISDIR(st.st_mode) && access(path, X_OK) == 0;
}

/*
 * The path that execvp(3) would run: it goes on where something cannot be executed, and an empty
 * element is the current folder. False: there is none, and `out` is what comes nearest, or "".
 */
static bool find_command(const char *name, char *out, size_t room)
{
	const char *p = getenv("PATH");
	char near[PATH_MAX] = "";

	if (strchr(name, '/'))
		return snprintf(out, room, "%s", name) < (int)room;
	for (p = p ? p : "/bin:/usr/bin"; p && *name; p = strchr(p, ':') ? strchr(p, ':') + 1 : NULL) {
		size_t length = strcspn(p, ":");

		if (snprintf(out, room, "%.*s%s%s", (int)length, p, length ? "/" : "./", name) >=
		    (int)room)
			continue;
		if (is_executable(out))
			return true;
		if (!*near && (errno == EACCES || errno == EISDIR))
			snprintf(near, sizeof(near), "%s", out);
	}
	snprintf(out, room, "%s", near);
	return false;
}

/*
 * The dynamic loader ignores LD_PRELOAD in these, and runs them unpinned: they are refused.
 * target->emulated: whether one for arm64 would do on any machine; out: whether it is one.
 */
static const char *why_not(struct target *target, int fd)
{
	const bool any = target->emulated;
	Elf64_Ehdr head;
	struct stat st;
	ssize_t n = pread(fd, &head, sizeof(head), 0);

	if (n >= 2 && memcmp(&head, "#!", 2) == 0)
		return "it is a script: name the VMM itself";
	if (n != (ssize_t)sizeof(head) || memcmp(head.e_ident, ELFMAG, SELFMAG) != 0)
		return "it is no ELF program";
	target->emulated = any && CLI_ELF_HERE != EM_AARCH64 && head.e_machine == EM_AARCH64;
	if (head.e_ident[EI_CLASS] != ELFCLASS64 ||
	    (head.e_machine != CLI_ELF_HERE && !target->emulated))
		return "it is for another architecture";
	if (!cli_elf_has_interpreter(fd, &head))
		return "it is statically linked, and no library can be preloaded into it";
	if (fstat(fd, &st) == 0 && st.st_mode & (S_ISUID | S_ISGID))
		return "it is setuid or setgid, and the loader preloads nothing there";
	if (getxattr(target->path, "security.capability", NULL, 0) > 0)
		return "it has file capabilities, and the loader preloads nothing there";
	return NULL;
}

static int check_command(const char *name, const struct cli_run_request *w, struct target *target)
{
	const char *path = target->path, *reason;
	int fd, error;

	if (!find_command(name, target->path, sizeof(target->path)) && !*path) {
		cli_say("run: %s: not found", name);
		return 127;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || !is_executable(path)) {
		error = errno;
		cli_say("run: %s: %s", path, strerror(error));
		if (fd >= 0)
			close(fd);
		return error == ENOENT ? 127 : 126;
	}
	reason = why_not(target, fd);
	close(fd);
	if (!reason)
		return 0;
	cli_say("run: %s: %s; it would %s", path, reason,
		w->model ? "run unpinned" : "find this machine's own /dev/kvm");
	return CLI_RUN_FAILED;
}

/* ---- the library and the environment ---- */

#define PIN_LIBRARY "steadyarm-preload.so"
#define SIM_LIBRARY "steadyarm-simhost.so"

#define EMULATED "aarch64" /* the folder of arm64's libraries on another machine */

static bool find_library(const char *given, const char *name, bool emulated, char out[PATH_MAX])
{
	static const char *const own[] = {"preload", "../lib/steadyarm"};
	static const char *const arm64[] = {"arm64/preload", "../lib/steadyarm/" EMULATED};
	const char *const *places = emulated ? arm64 : own;
	char self[PATH_MAX], beside[PATH_MAX + 64];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (given)
		return realpath(given, out) != NULL;
	if (n > 0) { /* in a build folder, or where the package was moved to as a whole */
		self[n] = '\0';
		*strrchr(self, '/') = '\0';
		for (size_t i = 0; i < 2; i++) {
			snprintf(beside, sizeof(beside), "%s/%s/%s", self, places[i], name);
			if (realpath(beside, out))
				return true;
		}
	}
	snprintf(beside, sizeof(beside), STEADY_LIBDIR "/steadyarm/%s%s",
		 emulated ? EMULATED "/" : "", name);
	return realpath(beside, out) != NULL;
}

static bool can_be_loaded(const struct target *target, const char *path, const char *mark)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	const char *reason;

	if (fd < 0) {
		cli_say("run: %s: %s", path, strerror(errno));
		return false;
	}
	reason = cli_elf_why_not_library(fd, target->emulated ? EM_AARCH64 : CLI_ELF_HERE, mark);
	close(fd);
	if (reason)
		cli_say("run: %s: %s, and the loader would go on without it", path, reason);
	return !reason;
}

/* Puts a library in front of those that are to be preloaded. */
static int add_library(struct target *target, const char *given, const char *name,
		       const char *mark)
{
	struct steady_text all = STEADY_TEXT_INIT;
	char library[PATH_MAX];

	if (!find_library(given, name, target->emulated, library)) {
		cli_say("run: %s%s is not to be found%s%s", name,
			target->emulated ? " for arm64" : "",
			given              ? ": "
			: target->emulated ? "; `make arm64` builds it"
					   : "; name it with --library",
			given ? given : "");
		return -1;
	}
	if (!can_be_loaded(target, library, mark))
		return -1;
	if (strpbrk(library, target->emulated ? " :," : " :")) {
		cli_say("run: %s: a blank, colon%s in a library's path splits LD_PRELOAD", library,
			target->emulated ? " or comma" : "");
		return -1;
	}
	steady_text_printf(&all, "%s%s%s", library, target->preload.length ? ":" : "",
			   target->preload.length ? target->preload.data : "");
	steady_text_free(&target->preload);
	target->preload = all;
	return all.failed ? -1 : 0;
}

/* The simulated host has to come last: the pin asks whatever stands behind it. */
static int add_host(struct cli *cli, const struct cli_run_request *w, struct target *target)
{
	struct cli_subject host;
	char path[PATH_MAX];

	if (!w->host)
		return 0;
	if (cli_subject_load_profile(cli, w->host, &host))
		return -1;
	cli_subject_clear(&host);
	if (!realpath(w->host, path)) {
		cli_say("run: %s: %s", w->host, strerror(errno));
		return -1;
	}
	return setenv("STEADYARM_HOST_PROFILE", path, 1) ? -1
							 : add_library(target, NULL, SIM_LIBRARY,
								      MARK_SIM);
}

/* What the library is told: the text itself, so that no file is to be found again, and the rest. */
static bool set_environment(struct steady_model *model, const struct cli_run_request *w)
{
	struct steady_text text = STEADY_TEXT_INIT;
	bool failed;
	char id[65] = "", pid[24];
	int r;

	snprintf(pid, sizeof(pid), "%ld", (long)getpid()); /* what it execs has the same */

	r = steady_model_print(model, &text);
	if (!r)
		steady_text_id(&text, id); /* of the model as it is: what it goes by does not change */
	for (size_t i = 0; i < w->tolerate_count && !r; i++) {
		if (!steady_model_tolerates(model, w->tolerate[i]))
			r = steady_model_add_tolerated(model, w->tolerate[i]);
	}
	if (w->tolerate_count && !r) {
		steady_text_free(&text);
		r = steady_model_print(model, &text);
	}
	failed = r || !text.data || setenv("STEADYARM_MODEL_TEXT", text.data, 1) ||
		 setenv("STEADYARM_MODEL_ID", id, 1) || setenv("STEADYARM_PID", pid, 1) ||
		 (w->conflict && setenv("STEADYARM_ON_CONFLICT", w->conflict, 1)) ||
		 (model->lenient ? setenv("STEADYARM_LENIENT", "1", 1)
				 : unsetenv("STEADYARM_LENIENT"));
	steady_text_free(&text);
	return !failed;
}

static int add_model(struct cli *cli, const struct cli_run_request *w, struct target *target)
{
	struct cli_subject model;
	bool done;

	if (!w->model)
		return 0;
	cli->starting = true;
	if (cli_subject_load_model(cli, w->model, &model))
		return -1;
	done = set_environment(model.model, w);
	cli_subject_clear(&model);
	if (!done) {
		cli_say("run: the environment cannot be set: %s", strerror(errno));
		return -1;
	}
	return add_library(target, w->library, PIN_LIBRARY, MARK_PIN);
}

/* ---- it starts ---- */

static int start_here(const struct target *target, char **argv)
{
	const char *others = getenv("LD_PRELOAD");
	struct steady_text all = STEADY_TEXT_INIT;
	int r;

	steady_text_printf(&all, "%s%s%s", target->preload.data, others && *others ? ":" : "",
			   others ? others : "");
	r = all.failed || setenv("LD_PRELOAD", all.data, 1);
	steady_text_free(&all);
	if (r)
		return CLI_RUN_FAILED;
	execv(target->path, argv);
	cli_say("run: %s: %s", target->path, strerror(errno));
	return 126;
}

/* qemu-user is told of the libraries by itself: it is none of the programs that they are for. */
static int start_emulated(const struct target *target, char **argv)
{
	struct steady_text preload = STEADY_TEXT_INIT;
	char emulator[PATH_MAX];
	const char **all;
	size_t count = 0;

	if (!find_command("qemu-aarch64", emulator, sizeof(emulator)) &&
	    !find_command("qemu-aarch64-static", emulator, sizeof(emulator))) {
		cli_say("run: %s is for arm64, and there is no qemu-aarch64 (Debian's qemu-user) "
			"to run "
			"it under",
			target->path);
		return 127;
	}
	while (argv[count])
		count++;
	all = calloc(count + 6, sizeof(*all));
	steady_text_printf(&preload, "LD_PRELOAD=%s", target->preload.data);
	if (!all || preload.failed) {
		free(all);
		return CLI_RUN_FAILED;
	}
	memcpy(all, (const char *[]){emulator, "-E", preload.data, "-0", argv[0], target->path},
	       6 * sizeof(*all));
	memcpy(all + 6, argv + 1, (count - 1) * sizeof(*all));
	execv(emulator, (char *const *)all);
	cli_say("run: %s: %s", emulator, strerror(errno));
	steady_text_free(&preload);
	free(all);
	return 126;
}

/* The libraries open it for themselves: nobody would see that they could not. */
static int add_log(const char *log)
{
	int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0) {
		cli_say("run: --log %s: %s", log, strerror(errno));
		return CLI_RUN_FAILED;
	}
	close(fd);
	if (!setenv("STEADYARM_LOG", log, 1))
		return 0;
	cli_say("run: the environment cannot be set: %s", strerror(errno));
	return CLI_RUN_FAILED;
}

int cli_run_start(struct cli *cli, const struct cli_run_request *w, char **argv)
{
	struct target target = {.emulated = w->host != NULL};
	int status = check_command(argv[0], w, &target);

	if (!status && w->log)
		status = add_log(w->log);
	if (status)
		return status;
	if (add_host(cli, w, &target) || add_model(cli, w, &target))
		status = CLI_RUN_FAILED;
	else
		status =
			target.emulated ? start_emulated(&target, argv) : start_here(&target, argv);
	steady_text_free(&target.preload);
	return status;
}

/* What says how to pin, where nothing is pinned; NULL: nothing does. */
static const char *needs_model(const struct cli *cli, const struct cli_run_request *w)
{
	if (w->model)
		return NULL;
	return w->tolerate_count ? "--tolerate"
	       : w->conflict     ? "--on-conflict"
	       : w->library      ? "--library"
	       : cli->lenient    ? "--lenient"
				 : NULL;
}

static int run(struct cli *cli, int argc, char **argv)
{
	static const struct cli_option options[] = {
		{"model", true, take_model},
		{"host", true, take_host},
		{"tolerate", true, take_tolerate},
		{"log", true, take_log},
		{"on-conflict", true, take_conflict},
		{"library", true, take_library},
		CLI_STRICTNESS,
	};
	struct cli_run_request w = {0};
	bool help_given;

	cli->first_only = true;
	cli->status = CLI_RUN_FAILED;
	if (cli_options(cli, argc, argv, options, 8, &w, 1, -1, &help_given))
		return -STEADY_EUSAGE;
	if (help_given) {
		cli->status = 0;
		return 0;
	}
	if (!w.model && !w.host) {
		cli_say("run: neither --model nor --host is given");
		return -STEADY_EUSAGE;
	}
	if (needs_model(cli, &w)) {
		cli_say("run: %s is of use only with --model", needs_model(cli, &w));
		return -STEADY_EUSAGE;
	}
	cli->status = cli_run_start(cli, &w, cli->argv);
	return -STEADY_EUSAGE;
}

const struct cli_command cli_run = {
	.name = "run",
	.summary = "run a VMM with its VMs pinned, or on a simulated host",
	.usage = "[--model M] [--host PROFILE] -- COMMAND [ARGUMENT]...",
	.answers_nothing = true,
	.help = help,
	.run = run,
};
