/* SPDX-License-Identifier: MIT */
/*
 * Fault injection: what the sequences do when a call fails. A pass over a host is repeated with its
 * k-th call failing, for every k and for every errno that data/errnos.tsv has for that call, and
 * some that it has not.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include "../unit/test.h"

#include "../unit/build_profile.h"
#include "host/wrap.h"
#include "pin/pin.h"
#include "row.h"
#include <steadyarm/sim.h>

/* A recorded profile of data/profiles, by the name of its file. */
struct steady_profile *fault_host(const char *name);
/* The baseline of recorded hosts, with fields that need not be level. */
struct steady_model *fault_model(const char *const *hosts, const char *const *tolerate);
/* One that is told of the first host's CPU, on whichever it runs. */
struct steady_model *fault_model_identity(const char *const *hosts);
/* One with EL2 and one event counter less than the host has. */
struct steady_model *fault_model_counters(const char *host);
/* Lists a register that nobody has a name for, in every configuration. */
void fault_add_unnamed(struct steady_profile *p, uint64_t id, uint64_t value, bool zero);
/* The baseline of one profile: 0 or the result, with the model's text in *text. */
int fault_baseline(const struct steady_profile *p, char **text, struct steady_report *report);

/* What call number k of a pass is. */
struct fault_calls {
	steady_call_fn *next;
	void *ctx;
	struct fault_call {
		uint32_t op, vcpu;
		uint64_t id;
	} *all;
	size_t count, room;
};
int fault_calls_call(void *calls, struct steady_call *call);

enum fault_mode {
	FAULT_ONCE,
	FAULT_ON,     /* that call and every one after it */
	FAULT_ALWAYS, /* every call of the same operation and id */
};

/* One fault of a pass, for messages and for what may come of it. */
struct fault {
	const struct fault_call *call;
	size_t k;
	int error;
	enum fault_mode mode;
	enum steady_answer answer; /* of the first call that fails */
};
/* A call function that makes a fault happen on the way to the next one. */
struct fault_host {
	const struct fault *fault;
	unsigned long hits; /* calls that failed */
	struct steady_fail fail;
};
void fault_host_init(struct fault_host *h, const struct fault *f, steady_call_fn *next, void *ctx);
int fault_host_call(void *host, struct steady_call *call);
__attribute__((format(printf, 2, 3), noreturn)) void fault_wrong(const struct fault *f,
								  const char *format, ...);
/*
 * Whether it is an answer of KVM's. That there is no room, and not how much is wanted, is none; nor
 * that there is no such call as the host has just said to have (of the masks).
 */
bool fault_is_answer(const struct fault *f);
/* Whether an error or a warning names the call, or the register that it asked for. */
bool fault_is_told(const struct fault *f, const struct steady_report *report, uint32_t severity);


/* live.c, where the linker puts it in libc's place: allocations that were not freed yet. */
long fault_live(void);
/* Those of jansson, which is not seen, may be freed here: they do not count. */
void fault_live_is(long live);
struct fault_left {
	struct steady_sim *sim;
	long live;
};
void fault_left_start(struct fault_left *l, struct steady_sim *sim);
/* Whatever was allocated since then was freed. */
void fault_left_end(const struct fault_left *l, const struct fault *f);

#endif
