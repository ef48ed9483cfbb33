/* SPDX-License-Identifier: MIT */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "preload.h"

#define LINE 1024

static int log_fd = -1;

void say_init(const char *path)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
	if (!path || !*path)
		return;
	log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (log_fd < 0)
		say_complain("%s: cannot be written: %s", path, strerror(errno));
}

/* One write a line, so that lines of several threads do not mix; what cannot be said is dropped. */
static void put(int fd, const char *format, va_list args)
{
	char line[LINE];
	size_t length;
	int saved = errno, n;

	n = snprintf(line, sizeof(line), "steadyarm: ");
	length = (size_t)n;
	n = vsnprintf(line + length, sizeof(line) - length - 1, format, args);
	if (n > 0)
		length += (size_t)n;
	if (length > sizeof(line) - 2)
		length = sizeof(line) - 2;
	line[length++] = '\n';
	while (write(fd, line, length) < 0 && errno == EINTR)
		;
	errno = saved;
}

bool say_logs(void)
{
	return log_fd >= 0;
}

void say_log(const char *format, ...)
{
	va_list args;

	if (log_fd < 0)
		return;
	va_start(args, format);
	put(log_fd, format, args);
	va_end(args);
}

void say_complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	put(STDERR_FILENO, format, args);
	va_end(args);
	if (log_fd < 0)
		return;
	va_start(args, format);
	put(log_fd, format, args);
	va_end(args);
}

static const char *or_empty(const char *text)
{
	return text ? text : "";
}

void say_report(const struct steady_report *report, bool complain)
{
	const struct steady_finding *f;

	for (size_t i = 0; (f = steady_report_get(report, i)); i++) {
		void (*say)(const char *, ...) =
			complain && (f->severity == STEADY_ERROR ||
				     (f->severity == STEADY_WARNING && f->unknown))
				? say_complain
				: say_log;

		say("%s%s%s%s%s%s%s%s%s%s%s%s", or_empty(f->reg), f->field ? "." : "",
		    or_empty(f->field), f->reg ? ": " : "", f->wanted ? "wants " : "", or_empty(f->wanted),
		    f->offered ? ", host has " : "", or_empty(f->offered),
		    f->wanted || f->offered ? ": " : "", or_empty(f->reason),
		    f->advice ? ". Do: " : "", or_empty(f->advice));
	}
}
