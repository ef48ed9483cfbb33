/* SPDX-License-Identifier: MIT */
/*
 * Reports, from the side that writes them. Every function takes a NULL report and does nothing
 * with it, so that callers need not ask.
 */
#ifndef STEADY_REPORT_H
#define STEADY_REPORT_H

#include <steadyarm/steadyarm.h>

/*
 * Starts a finding; the setters below then speak of it. When memory runs out the finding is
 * dropped and steady_report_failed() says so.
 */
void steady_report_add(struct steady_report *r, enum steady_severity severity, int error);
void steady_report_file(struct steady_report *r, const char *file);
void steady_report_place(struct steady_report *r, unsigned int line, unsigned int column);
void steady_report_host(struct steady_report *r, const char *host);
void steady_report_subject(struct steady_report *r, const char *reg, const char *field);
void steady_report_rule(struct steady_report *r, const char *rule);
void steady_report_unknown(struct steady_report *r, const char *what);
#define STEADY_PRINTF __attribute__((format(printf, 2, 3)))
STEADY_PRINTF void steady_report_features(struct steady_report *r, const char *format, ...);
STEADY_PRINTF void steady_report_wanted(struct steady_report *r, const char *format, ...);
STEADY_PRINTF void steady_report_offered(struct steady_report *r, const char *format, ...);
STEADY_PRINTF void steady_report_reason(struct steady_report *r, const char *format, ...);
STEADY_PRINTF void steady_report_advice(struct steady_report *r, const char *format, ...);
/* From here on every finding that names no host is given this one; NULL ends it. Borrowed. */
void steady_report_default_host(struct steady_report *r, const char *host);
size_t steady_report_errors(const struct steady_report *r); /* findings that are errors */
bool steady_report_failed(const struct steady_report *r);

#endif
