/* SPDX-License-Identifier: MIT */
/*
 * Runs host/guest_code.S. Each vCPU has a thread, which takes in what its stores say: bits 31:16 of
 * the address less the base are the vCPU, 15:12 the page, 11:3 the index.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "host/guest.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "host/uapi.h"

#define CODE        UINT64_C(0x40000000) /* where the guest's memory lies */
#define CODE_SIZE   0x10000
#define BASE        UINT64_C(0x10000000) /* where there is nothing */
#define PAGE_SIZE_  0x1000
#define PAGE_EL1_VALUE 0
#define PAGE_EL1_TRAP  1
#define PAGE_EL0_VALUE 2
#define PAGE_EL0_TRAP  3
#define PAGE_SMCCC     4
#define PAGE_EL0_OTHER 5
#define PAGE_FOUR      6
#define PAGE_EVENTS    7
#define PAGE_DONE      15

#define ID_X0        UINT64_C(0x6030000000100000) /* KVM_REG_ARM_CORE_REG(regs.regs[0]) */
#define ID_PC        UINT64_C(0x6030000000100040) /* KVM_REG_ARM_CORE_REG(regs.pc) */
#define ID_TPIDR_EL1 UINT64_C(0x603000000013c684) /* 3, 0, 13, 0, 4 */

struct run {
	struct steady_kvm *kvm;
	struct steady_guest *guest;
	const struct steady_guest_answers *answers;
	uint32_t vcpu;
	uint8_t *page;        /* struct kvm_run */
	int error;
	_Atomic bool ended;
};

#ifdef __aarch64__
extern const uint8_t steady_guest_start[], steady_guest_end[];
#else
static const uint8_t steady_guest_start[1], *const steady_guest_end = steady_guest_start;
#endif

/* ---- what a store says ---- */

static void take_read(struct steady_guest_read *r, uint64_t value, bool trap)
{
	if (trap) {
		r->syndrome = value;
	} else {
		r->value = value;
		r->seen = true;
	}
}

/* True at the guest's end. */
static bool take(struct run *run, uint64_t address, uint64_t value)
{
	struct steady_guest_vcpu *v = &run->guest->vcpu[run->vcpu];
	unsigned int page = address / PAGE_SIZE_ & 0xf, index = address % PAGE_SIZE_ / 8;
	uint64_t *const others[] = {&v->ctr, &v->dczid, &v->cntfrq};

	switch (page) {
	case PAGE_EL1_VALUE:
	case PAGE_EL1_TRAP:
		if (index < STEADY_GUEST_ENCODINGS)
			take_read(&v->el1[index], value, page == PAGE_EL1_TRAP);
		break;
	case PAGE_EL0_VALUE:
	case PAGE_EL0_TRAP:
		if (index < STEADY_GUEST_ENCODINGS)
			take_read(&v->el0[index], value, page == PAGE_EL0_TRAP);
		break;
	case PAGE_SMCCC:
		if (index < STEADY_GUEST_CALLS)
			run->guest->call[index] = value;
		break;
	case PAGE_FOUR:
		if (index / 4 < STEADY_GUEST_FOURS) {
			run->guest->four[index / 4][index % 4] = value;
			run->guest->fours = index / 4 + 1;
		}
		break;
	case PAGE_EL0_OTHER:
		if (index < 3)
			*others[index] = value;
		break;
	case PAGE_EVENTS:
		if (index < 2)
			v->pmceid[index] = value;
		else
			v->no_events = true;
		break;
	case PAGE_DONE:
		v->done = true;
	}
	return page == PAGE_DONE;
}

/* ---- a vCPU ---- */

static int one_register(struct steady_kvm *k, enum steady_op op, uint32_t vcpu, uint64_t id,
			uint64_t *value)
{
	struct steady_call c = {
		.size = sizeof(c),
		.op = op,
		.vcpu = vcpu,
		.id = id,
		.value = {*value},
	};
	int r = steady_kvm_call(k, &c);

	if (!r)
		*value = c.value[0];
	return r;
}

/* A hypercall that KVM does not handle; the vCPU stands behind it (api.rst, KVM_EXIT_HYPERCALL). */
static int answer(struct run *run)
{
	uint64_t x[4] = {0};
	int r = 0;

	for (uint64_t i = 0; i < 4 && !r; i++)
		r = one_register(run->kvm, STEADY_OP_GET, run->vcpu, ID_X0 + 2 * i, &x[i]);
	if (!r && !run->answers->answer(run->answers->ctx, x))
		x[0] = UINT64_MAX; /* NOT_SUPPORTED */
	for (uint64_t i = 0; i < 4 && !r; i++)
		r = one_register(run->kvm, STEADY_OP_SET, run->vcpu, ID_X0 + 2 * i, &x[i]);
	return r;
}

static void *run_vcpu(void *argument)
{
	struct run *run = argument;
	uint32_t reason;
	struct steady_uapi_mmio mmio;
	uint64_t value;
	int r;

	for (;;) {
		r = steady_kvm_enter(run->kvm, run->vcpu);
		if (r < 0) {
			run->error = -r;
			break;
		}
		memcpy(&reason, run->page + STEADY_RUN_EXIT_REASON, sizeof(reason));
		if (reason == STEADY_EXIT_HYPERCALL && run->answers) {
			r = answer(run);
			if (!r)
				continue;
			run->error = -r;
			break;
		}
		memcpy(&mmio, run->page + STEADY_RUN_MMIO, sizeof(mmio));
		if (reason != STEADY_EXIT_MMIO || !mmio.is_write || mmio.len != 8 ||
		    (mmio.phys_addr - BASE) >> 16 != run->vcpu) {
			run->error = EPROTO;
			break;
		}
		memcpy(&value, mmio.data, sizeof(value));
		if (take(run, mmio.phys_addr, value))
			break;
	}
	run->ended = true;
	return NULL;
}

static void nothing(int signal)
{
	(void)signal;
}

/* Until all have ended, or one failed, or the time is over; then they are kicked out. */
static void wait_for(struct run *runs, pthread_t *threads, uint32_t count, unsigned int seconds)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	unsigned int left = seconds * 500;
	bool all, failed;

	do {
		all = true;
		failed = false;
		for (uint32_t i = 0; i < count; i++) {
			all = all && runs[i].ended;
			failed = failed || (runs[i].ended && runs[i].error);
		}
		if (!all)
			nanosleep(&moment, NULL);
	} while (!all && !failed && left--);
	for (uint32_t i = 0; i < count; i++) {
		while (!runs[i].ended) { /* again until it was inside when it came */
			runs[i].page[STEADY_RUN_IMMEDIATE_EXIT] = 1;
			pthread_kill(threads[i], SIGUSR1);
			nanosleep(&moment, NULL);
		}
		pthread_join(threads[i], NULL);
	}
}

static int set(struct steady_kvm *k, uint32_t vcpu, uint64_t id, uint64_t value)
{
	return one_register(k, STEADY_OP_SET, vcpu, id, &value);
}

static int prepare(struct steady_kvm *k, void *memory,
		   const struct steady_guest_answers *answers, struct run *runs,
		   struct steady_guest *g)
{
	/* cppcheck-suppress comparePointers ; two ends of one object */
	size_t size = (size_t)(steady_guest_end - steady_guest_start);
	int r;

	if (!size || size > CODE_SIZE)
		return -ENOEXEC; /* built for another machine than arm64 */
	memcpy(memory, steady_guest_start, size);
	__builtin___clear_cache((char *)memory, (char *)memory + size);
	g->failed = "KVM_SET_USER_MEMORY_REGION";
	r = steady_kvm_memory(k, CODE, memory, CODE_SIZE);
	g->failed = "KVM_SET_ONE_REG";
	r = r ? r : set(k, 0, ID_PC, CODE);
	r = r ? r : set(k, 0, ID_X0, 0);
	r = r ? r : set(k, 0, ID_TPIDR_EL1, g->vcpus);
	for (uint32_t v = 0; v < g->vcpus && !r; v++) {
		runs[v] = (struct run){.kvm = k, .guest = g, .answers = answers, .vcpu = v};
		g->failed = "mmap";
		r = steady_kvm_map(k, v, &runs[v].page);
	}
	return r;
}

static int run_all(struct run *runs, struct steady_guest *g, unsigned int seconds)
{
	struct sigaction action = {.sa_handler = nothing}, before;
	pthread_t threads[STEADY_GUEST_VCPUS];
	uint32_t started = 0;
	int error = 0;

	sigaction(SIGUSR1, &action, &before);
	g->failed = "pthread_create";
	while (started < g->vcpus && !error) {
		error = pthread_create(&threads[started], NULL, run_vcpu, &runs[started]);
		started += !error;
	}
	wait_for(runs, threads, started, error ? 0 : seconds);
	sigaction(SIGUSR1, &before, NULL);
	if (error)
		return error;
	g->failed = "KVM_RUN";
	/* of those that were kicked out nothing is told but that the time was over */
	for (uint32_t v = 0; v < started; v++) {
		if (runs[v].error && (!error || error == ETIMEDOUT))
			error = runs[v].error == EINTR ? ETIMEDOUT : runs[v].error;
	}
	return error;
}

int steady_guest_run(struct steady_kvm *k, uint32_t vcpus, unsigned int seconds,
		     const struct steady_guest_answers *answers, struct steady_guest *g)
{
	struct run runs[STEADY_GUEST_VCPUS];
	void *memory;
	int r;

	memset(g, 0, sizeof(*g));
	g->vcpus = vcpus;
	if (!vcpus || vcpus > STEADY_GUEST_VCPUS)
		return -STEADY_EUSAGE;
	/* cppcheck-suppress invalidFunctionArg ; no file, so -1 */
	memory = mmap(NULL, CODE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED)
		return -STEADY_ENOMEM;
	r = prepare(k, memory, answers, runs, g);
	g->error = r ? -r : run_all(runs, g, seconds);
	munmap(memory, CODE_SIZE);
	return g->error ? -STEADY_EHOST : 0;
}
