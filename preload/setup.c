/* SPDX-License-Identifier: MIT */
/*
 * What `steadyarm run` hands over in the environment: the model's canonical text itself in
 * STEADYARM_MODEL_TEXT (no file to be found again behind a sandbox), or the path of such a text in
 * STEADYARM_MODEL; STEADYARM_MODEL_ID; STEADYARM_LOG; STEADYARM_ON_CONFLICT; STEADYARM_RUN_DIR;
 * STEADYARM_LENIENT, which is 1 or not there; STEADYARM_PID, of the process that it becomes.
 */
#define _GNU_SOURCE /* secure_getenv */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge.h"
#include "preload.h"

#define TEXT_MAX (1u << 20)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static struct setup setup;

/* The whole file, NULL with errno set. */
static char *read_file(const char *path, size_t *length)
{
	char *text = malloc(TEXT_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	size_t used = 0;
	ssize_t n = fd < 0 || !text ? -1 : 1;

	while (n > 0 && used < TEXT_MAX) {
		n = read(fd, text + used, TEXT_MAX - used);
		if (n < 0 && errno == EINTR)
			n = 1;
		else if (n > 0)
			used += (size_t)n;
	}
	if (used == TEXT_MAX) {
		errno = EFBIG;
		n = -1;
	}
	if (fd >= 0)
		close(fd);
	if (n < 0) {
		free(text);
		return NULL;
	}
	*length = used;
	return text;
}

/* The names in the lines `tolerated NAME` of a text that was read; they have nothing to escape. */
static char *find_tolerated(const char *text, size_t length)
{
	static const char key[] = "tolerated ";
	char *names = calloc(1, length + 1);
	size_t used = 0;

	for (const char *p = text, *end = text + length; names && p < end;) {
		const char *line = p;
		size_t rest;

		p = memchr(p, '\n', (size_t)(end - p));
		p = p ? p : end;
		rest = (size_t)(p++ - line);
		if (rest <= sizeof(key) - 1 || memcmp(line, key, sizeof(key) - 1) != 0)
			continue;
		line += sizeof(key) - 1;
		rest -= sizeof(key) - 1;
		for (size_t i = 0; i < rest; i++) {
			if (memchr(" \t\r#\"\\", line[i], 6))
				rest = i;
		}
		/* two quotes and a comma are less than the key took */
		used += (size_t)snprintf(names + used, length + 1 - used, "%s\"%.*s\"",
					 used ? "," : "", (int)rest, line);
	}
	return names;
}

static void parse(const char *where, const char *text, size_t length)
{
	struct steady_report *report = NULL;
	struct steady_model *model = NULL;
	const struct steady_finding *f;
	int r = steady_report_new(&report);

	r = r ? r : steady_model_parse(text, length, &model, report);
	r = r ? r : steady_pin_new(model, bridge_call, NULL, &setup.pin);
	setup.model = r ? NULL : model;
	setup.broken = r != 0;
	setup.tolerated = r ? NULL : find_tolerated(text, length);
	f = steady_report_get(report, 0);
	if (f)
		say_complain("%s:%u:%u: %s", where, f->line, f->column,
			     f->reason ? f->reason : steady_strerror(r));
	else if (r)
		say_complain("%s: %s", where, steady_strerror(r));
	steady_report_free(report);
}

/* Whether this is the VMM that was to be run, as far as one can tell, and none of its children. */
static bool is_the_vmm(void)
{
	const char *pid = secure_getenv("STEADYARM_PID");

	return !pid || strtol(pid, NULL, 10) == (long)getpid();
}

static void read_setup(void)
{
	const char *text = secure_getenv("STEADYARM_MODEL_TEXT");
	const char *path = secure_getenv("STEADYARM_MODEL");
	const char *conflict = secure_getenv("STEADYARM_ON_CONFLICT");
	const char *lenient = secure_getenv("STEADYARM_LENIENT");

	say_init(secure_getenv("STEADYARM_LOG"));
	if (conflict && strcmp(conflict, "pin") == 0)
		setup.on_conflict = CONFLICT_PIN;
	if (text) {
		parse("STEADYARM_MODEL_TEXT", text, strlen(text));
	} else if (path) {
		size_t length = 0;
		char *whole = read_file(path, &length);

		if (whole) {
			parse(path, whole, length);
		} else {
			say_complain("%s: the model cannot be read: %s", path, strerror(errno));
			setup.broken = true;
		}
		free(whole);
	}
	if (setup.model && lenient && strcmp(lenient, "1") == 0)
		steady_model_set_lenient(setup.model, true);
	if (setup.model) {
		setup.id = secure_getenv("STEADYARM_MODEL_ID");
		if (is_the_vmm()) {
			say_log("model %s", steady_model_name(setup.model));
			audit_open(&setup);
		} else {
			audit_later(&setup);
		}
	}
}

const struct setup *setup_get(void)
{
	pthread_once(&once, read_setup);
	return &setup;
}

/* Before a VMM closes itself in; the first request would do it otherwise. */
__attribute__((constructor)) static void early(void)
{
	int saved = errno;

	setup_get();
	errno = saved;
}
