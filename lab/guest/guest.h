/* SPDX-License-Identifier: MIT */
/* What the parts of the guest (guest.c, live.c) share. */
#ifndef LAB_GUEST_H
#define LAB_GUEST_H

#include <stdbool.h>
#include <stdint.h>

typedef uint64_t u64;

#define FNV   0xcbf29ce484222325UL /* FNV-1a, 64 bits */
#define PRIME 0x100000001b3UL

#define MRS(name)                                                                                  \
	__extension__({                                                                            \
		u64 v_;                                                                            \
		__asm__ volatile("mrs %0, " #name : "=r"(v_));                                     \
		v_;                                                                                \
	})
#define MSR(name, value) __asm__ volatile("msr " #name ", %0" : : "r"((u64)(value)) : "memory")
#define ISB()            __asm__ volatile("isb" : : : "memory")
#define FIELD(reg, lsb)  ((reg) >> (lsb) & 0xf)

static inline u64 mix_in(u64 hash, u64 value)
{
	return (hash ^ value) * PRIME;
}

/*
 * live.c: state that lives in the CPU alone, from one tick to the next: nothing but live_start()
 * writes it, and only instructions change it.
 */
void live_start(bool sve, bool pac, bool gic);
u64 live_vectors(u64 hash); /* one step on, and all of it mixed in */
u64 live_longest(void);     /* bytes of a vector of SVE at most; 0: no SVE */
u64 live_keys(void);        /* what the five keys make of constants; 0: no pointer authentication */
u64 live_time(void);        /* waits for the timer's interrupt, arms the next; CNTVCT_EL0 */
u64 live_irqs(void);        /* interrupts that were taken when they were due */
u64 live_late(void);        /* what was wrong with the timer or its interrupt, how often */

#endif
