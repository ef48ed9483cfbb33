/* SPDX-License-Identifier: MIT */
/*
 * A baseline at work: baseline.c chooses and computes, conflict.c says where hosts are at odds,
 * require.c where a feature that was asked for is lost.
 */
#ifndef STEADY_WORK_H
#define STEADY_WORK_H

#include "policy/policy.h"

struct steady_work {
	const struct steady_input *inputs;
	size_t count;
	const struct steady_baseline_request *request;
	struct steady_offer **offers; /* one per input */
	struct steady_offer *joint;
	struct steady_model *model;
	struct steady_report *report;
};

/* Whether the request, or a model that is an input, lets this differ. */
bool steady_work_tolerates(const struct steady_work *w, const char *name);
/* The same of a field, for steady_close(): the context is the struct steady_work. */
bool steady_work_tolerable(const void *work, unsigned int field);
/*
 * Whether no value of a field can be taken: none is accepted by every host or, where the field has
 * no name, 0 is not.
 */
bool steady_work_no_value(const struct steady_cell *cell, unsigned int field);
/* The value of an input's hosts, each having its greatest; the least of all inputs'. */
uint64_t steady_work_value(const struct steady_work *w, size_t input,
			   const struct steady_cell *cell, unsigned int field);
uint64_t steady_work_least(const struct steady_work *w, const struct steady_cell *cell,
			   unsigned int field);
/* Whether the hosts are not to be made alike in this, with these options; tolerated or not. */
bool steady_work_differs(const struct steady_work *w, uint32_t options, int unvirtualised);
/* How many conflicts the hosts have with these options. */
unsigned int steady_work_conflicts(const struct steady_work *w, const struct steady_cell *cell);

/* ---- baseline.c ---- */
/* The cell of the dearest options without a conflict, else the one with the fewest; NULL: none. */
int steady_work_choose(const struct steady_work *w, const struct steady_cell **best);
/*
 * The ID registers of the model that a cell's options give. ECONFLICT: rules leave no CPU; the
 * report (NULL: none) says which.
 */
int steady_work_attempt(const struct steady_work *w, const struct steady_cell *cell,
			struct steady_report *report, struct steady_model **model);

/* ---- require.c ---- */
/* ECONFLICT, with findings, if the model has not what the request asks for. */
int steady_work_required(const struct steady_work *w);

/* ---- outside_work.c ---- */
unsigned int steady_work_outside_conflicts(const struct steady_work *w);
void steady_work_outside_explain(const struct steady_work *w);
/* Whether something of a host's failed to be read; the report says what. */
bool steady_work_outside_unknown(const struct steady_work *w, size_t input);
/* What the model says outside the core ID range; the options and implementations stand. */
int steady_work_outside_pick(const struct steady_work *w);

/* ---- firmware_work.c ---- */
/* The first register that the hosts differ in and that no write levels; NULL: none. */
const char *steady_work_firmware_first(const struct steady_work *w, const struct steady_cell *cell);
unsigned int steady_work_firmware_conflicts(const struct steady_work *w,
					    const struct steady_cell *cell);
void steady_work_firmware_explain(const struct steady_work *w, const struct steady_cell *cell);
int steady_work_firmware_pick(const struct steady_work *w, const struct steady_cell *cell);

#define STEADY_WORK_ACCEPT                                                                         \
	"put these hosts in different pools, or let a guest see the change: --tolerate "

/* ---- conflict.c ---- */

int steady_work_add_unknown(const struct steady_work *w, size_t input, const char *subject,
			    const char *reason); /* EUNKNOWN */

/* The first of them, as a sentence: "no value of REG.FIELD is accepted by every host". */
void steady_work_first(const struct steady_work *w, const struct steady_cell *cell,
		       struct steady_text *out);

/* Each adds its findings to the report: ECONFLICT, or EUNKNOWN. */
int steady_work_explain(const struct steady_work *w, const struct steady_cell *cell);
int steady_work_no_cell(const struct steady_work *w);
int steady_work_unknown(const struct steady_work *w, const struct steady_cell *cell);
/* What failed to be read and would be in the model: EUNKNOWN, or 0. */
int steady_work_readings(const struct steady_work *w, const struct steady_cell *cell);

#endif
