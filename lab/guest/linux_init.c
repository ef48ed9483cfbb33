/* SPDX-License-Identifier: MIT */
/*
 * The first and only process of a Linux guest. It writes lines as guest.c does, so that the same
 * checks read them: what a guest's program sees, by way of the kernel's emulation of MRS for ID
 * registers (Documentation/arch/arm64/cpu-feature-registers.rst). Registers that it does not let a
 * program read count as 0.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define WORDS 4096
#define CORE  56
#define FNV   UINT64_C(0xcbf29ce484222325)
#define PRIME UINT64_C(0x100000001b3)

static uint64_t memory[WORDS];

static uint64_t mix_in(uint64_t hash, uint64_t value)
{
	return (hash ^ value) * PRIME;
}

#define READ(m, p) __asm__ volatile("mrs %0, s3_0_c0_c" #m "_" #p : "=r"(id[(m - 1) * 8 + p]));
#define ROW(m)                                                                                     \
	READ(m, 0) READ(m, 1) READ(m, 2) READ(m, 3) READ(m, 4) READ(m, 5) READ(m, 6) READ(m, 7)

static uint64_t read_ids(uint64_t id[CORE])
{
	uint64_t hash = FNV;

	for (int i = 0; i < CORE; i++)
		id[i] = 0;
	ROW(4) ROW(5) ROW(6) ROW(7)
	for (int i = 0; i < CORE; i++)
		hash = mix_in(hash, id[i]);
	return hash;
}

int main(void)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	uint64_t id[CORE], sum = FNV, shown = 0;

	for (unsigned int i = 0; i < WORDS; i++)
		memory[i] = i;
	printf("\nboot 0\n");
	for (unsigned int tick = 0;; tick++) {
		uint64_t hash = read_ids(id);

		for (unsigned int i = 0; i < WORDS; i++) {
			sum = mix_in(sum, memory[i]);
			memory[i] += sum;
		}
		for (int i = 0; hash != shown && i < CORE; i++)
			printf("id S3_0_C0_C%d_%d %" PRIx64 "\n", i / 8 + 1, i % 8, id[i]);
		shown = hash;
		printf("tick %x sum %" PRIx64 " ids %" PRIx64 " set 0 mix %" PRIx64 " odd 0\n", tick, sum,
		       hash, FNV);
		fflush(stdout);
		nanosleep(&pause, NULL);
	}
}
