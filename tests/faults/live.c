/* SPDX-License-Identifier: MIT */
/* An allocator that counts, which the linker puts in place of libc's: what is lost shows. */
#include "faults.h"

#include <string.h>

static long live;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *string);
char *__real_strndup(const char *string, size_t most);
void __real_free(void *old);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *string);
char *__wrap_strndup(const char *string, size_t most);
void __wrap_free(void *old);

static void *made(void *what)
{
	live += what != NULL;
	return what;
}

void *__wrap_malloc(size_t size)
{
	return made(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
	return made(__real_calloc(count, size));
}

void *__wrap_realloc(void *old, size_t size)
{
	return old ? __real_realloc(old, size) : made(__real_realloc(old, size));
}

char *__wrap_strdup(const char *string)
{
	return made(__real_strdup(string));
}

char *__wrap_strndup(const char *string, size_t most)
{
	return made(__real_strndup(string, most));
}

void __wrap_free(void *old)
{
	live -= old != NULL;
	__real_free(old);
}

long fault_live(void)
{
	return live;
}

void fault_live_is(long now)
{
	live = now;
}

/* ---- what is left ---- */

/* A simulated host keeps what was written to its VM until the next one is made. */
static void forget_vm(struct steady_sim *sim)
{
	struct steady_call c = {.size = sizeof(c), .op = STEADY_OP_CREATE_VM};

	assert_int_equal(steady_sim_call(sim, &c), 0);
}

void fault_left_start(struct fault_left *l, struct steady_sim *sim)
{
	forget_vm(sim);
	l->sim = sim;
	l->live = fault_live();
}

void fault_left_end(const struct fault_left *l, const struct fault *f)
{
	forget_vm(l->sim);
	if (fault_live() != l->live)
		fault_wrong(f, "%ld allocations are left", fault_live() - l->live);
}
