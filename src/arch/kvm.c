/* SPDX-License-Identifier: MIT */
/* What KVM calls things: vCPU options and firmware pseudo registers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch/tables.h"

/* KVM_REG_ARM_FW_FEAT_BMAP_REG(0) and the bits that number them (uapi asm/kvm.h). */
#define BITMAP_BASE 0x6030000000160000ULL
#define BITMAP_MASK 0xffffULL

int steady_option_by_name(const char *name, size_t length)
{
	for (int i = 0; i < STEADY_OPTIONS; i++)
		if (steady_name_is(name, length, steady_options[i].name))
			return i;
	return -1;
}

int steady_behaviour_by_name(const char *name, size_t length)
{
	for (int i = 0; i < STEADY_BEHAVIOURS; i++)
		if (steady_name_is(name, length, steady_behaviour_names[i]))
			return i;
	return -1;
}

int steady_firmware_by_name(const char *name, size_t length)
{
	for (unsigned int i = 0; i < steady_firmware_count; i++)
		if (steady_name_is(name, length, steady_firmware[i].name))
			return (int)i;
	return -1;
}

int steady_firmware_by_id(uint64_t id)
{
	for (unsigned int i = 0; i < steady_firmware_count; i++)
		if (steady_firmware[i].id == id)
			return (int)i;
	return -1;
}

bool steady_firmware_id_is_bitmap(uint64_t id)
{
	return (id & ~BITMAP_MASK) == BITMAP_BASE;
}

const char *steady_firmware_label(uint64_t id, char out[STEADY_FIRMWARE_LABEL])
{
	int row = steady_firmware_by_id(id);

	if (row >= 0)
		return steady_firmware[row].name;
	snprintf(out, STEADY_FIRMWARE_LABEL, "0x%016" PRIx64, id);
	return out;
}

const char *steady_id_name(uint64_t kvm_id)
{
	int reg = steady_register_by_id(kvm_id), row = steady_firmware_by_id(kvm_id);

	if (reg >= 0)
		return steady_registers[reg].name;
	if (row >= 0)
		return steady_firmware[row].name;
	for (unsigned int i = 0; i < steady_gate_count; i++) {
		if (steady_gates[i].id == kvm_id)
			return steady_gates[i].name;
	}
	return steady_state_by_id(kvm_id) ? steady_state_by_id(kvm_id)->name : NULL;
}

const struct steady_state_row *steady_state_by_id(uint64_t kvm_id)
{
	for (unsigned int i = 0; i < steady_state_count; i++) {
		if (steady_state[i].id == kvm_id)
			return &steady_state[i];
	}
	return NULL;
}

const struct steady_state_row *steady_state_by_name(const char *name, size_t length)
{
	for (unsigned int i = 0; i < steady_state_count; i++) {
		if (strlen(steady_state[i].name) == length &&
		    memcmp(steady_state[i].name, name, length) == 0)
			return &steady_state[i];
	}
	return NULL;
}

bool steady_gate_open(uint64_t kvm_id, const struct steady_view *view)
{
	for (unsigned int i = 0; i < steady_gate_count; i++) {
		const struct steady_gate_row *g = &steady_gates[i];
		const struct steady_field *f = &steady_fields[g->field];

		if (g->id == kvm_id && view->known[f->reg])
			return steady_field_get(f, view->value[f->reg]) >= g->from;
	}
	return true;
}

const struct steady_kernel_row *steady_kernel_row_of(unsigned int field, bool aarch32)
{
	for (unsigned int i = 0; i < steady_kernel_row_count; i++) {
		const struct steady_kernel_row *row = &steady_kernel_rows[i];

		if (row->field == field &&
		    row->hosts != (aarch32 ? STEADY_KERNEL_AARCH64 : STEADY_KERNEL_AARCH32))
			return row;
	}
	return NULL;
}
