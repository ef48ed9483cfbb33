/* SPDX-License-Identifier: MIT */
/* The 192 registers: by name, by KVM's id, by index. */
#include "arch/tables.h"

/*
 * KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM64_SYSREG, then op0, op1, CRn, CRm and op2 at bits
 * 14, 11, 7, 3 and 0 (Linux, arch/arm64/include/uapi/asm/kvm.h). op0 is 3 and CRn is 0 throughout.
 */
#define ID_BASE	   0x603000000013c000ULL
#define ID_OP1	   11
#define INDEX_OP1  6
#define INDEX_REST 0x3fU /* CRm and op2 stand in an index as they do in an id */

uint64_t steady_register_id(int reg)
{
	static const uint64_t op1[] = {0, 1, 3};

	if (reg < 0 || reg >= STEADY_REGISTERS)
		return 0;
	return ID_BASE | op1[reg >> INDEX_OP1] << ID_OP1 | ((unsigned int)reg & INDEX_REST);
}

static int index_of(unsigned int op1, unsigned int rest)
{
	static const int block[] = {0, 1, -1, 2};

	if (op1 >= sizeof(block) / sizeof(block[0]) || block[op1] < 0 || rest > INDEX_REST)
		return -1;
	return block[op1] << INDEX_OP1 | (int)rest;
}

int steady_register_by_id(uint64_t kvm_id)
{
	uint64_t rest = kvm_id - ID_BASE;

	if (kvm_id < ID_BASE || rest >> ID_OP1 > 3)
		return -1;
	return index_of((unsigned int)(rest >> ID_OP1), rest & ((1U << ID_OP1) - 1));
}

/* S3_0_C0_C4_3: op0, op1, CRn, CRm, op2, each one digit in this space. */
static int by_encoding(const char *name, size_t length)
{
	static const char shape[] = "s3_#_c0_c#_#";
	char digit[3] = {0};
	size_t digits = 0;

	if (length != sizeof(shape) - 1)
		return -1;
	for (size_t i = 0; i < length; i++) {
		if (shape[i] != '#') {
			if (!steady_name_is(name + i, 1, (const char[]){shape[i], '\0'}))
				return -1;
		} else if (name[i] < '0' || name[i] > '7') {
			return -1;
		} else {
			digit[digits++] = (char)(name[i] - '0');
		}
	}
	return index_of((unsigned int)digit[0], (unsigned int)(digit[1] << 3 | digit[2]));
}

int steady_register_by_name(const char *name, size_t length)
{
	static const char linux_prefix[] = "sys_";
	const size_t prefix = sizeof(linux_prefix) - 1;
	int reg = by_encoding(name, length);

	if (reg >= 0)
		return reg;
	if (length > prefix && steady_name_is(name, prefix, linux_prefix)) {
		name += prefix;
		length -= prefix;
	}
	return steady_name_find(steady_register_names, steady_register_name_count, name, length);
}
