/* SPDX-License-Identifier: MIT */
/* What KVM calls things: vCPU options and firmware pseudo registers. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "arch/kvm_ids.h"
#include "arch/tables.h"

/* KVM_REG_ARM_FW_FEAT_BMAP_REG(0) and the bits that number them (uapi asm/kvm.h). */
#define BITMAP_BASE 0x6030000000160000ULL
#define BITMAP_MASK 0xffffULL
#define CACHE_NUMBER 0xffULL

int steady_option_by_name(const char *name, size_t length)
{
	for (int i = 0; i < STEADY_OPTIONS; i++)
		if (steady_name_is(name, length, steady_options[i].name))
			return i;
	return -1;
}

int steady_options_clash(uint32_t options)
{
	for (int i = 0; i < STEADY_OPTIONS; i++)
		if (options >> i & 1 && options & steady_options[i].not_with)
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

int steady_capability_by_number(uint64_t number)
{
	for (unsigned int i = 0; i < steady_capability_count; i++)
		if (steady_capabilities[i].number == number)
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

/* Parts of an id (Documentation/virt/kvm/api.rst, 4.68) and of a system register's. */
#define ID_SPACE(id)  ((unsigned int)((id) >> 16 & 0xfff))
#define SPACE_CORE    0x10
#define SPACE_CACHES  0x11
#define SPACE_SYSTEM  0x13
#define SPACE_SVE     0x15
#define ID_OP0(id)    ((unsigned int)((id) >> 14 & 3))
#define ID_OP1(id)    ((unsigned int)((id) >> 11 & 7))
#define ID_CRN(id)    ((unsigned int)((id) >> 7 & 15))
#define ID_CRM(id)    ((unsigned int)((id) >> 3 & 15))
#define ID_OP2(id)    ((unsigned int)((id) & 7))

const char *steady_id_label(uint64_t kvm_id, char out[STEADY_ID_LABEL])
{
	const char *name = steady_id_name(kvm_id);

	if (name)
		return name;
	if (kvm_id == STEADY_ID_PMCR_EL0)
		return "PMCR_EL0";
	if (kvm_id == STEADY_ID_SVE_VLS)
		return "SVE_VLS";
	if ((kvm_id & ~CACHE_NUMBER) == STEADY_ID_CCSIDR)
		snprintf(out, STEADY_ID_LABEL, "CCSIDR_EL1[%u]", (unsigned int)(kvm_id & CACHE_NUMBER));
	else if (ID_SPACE(kvm_id) == SPACE_SYSTEM)
		snprintf(out, STEADY_ID_LABEL, "S%u_%u_C%u_C%u_%u", ID_OP0(kvm_id),
			 ID_OP1(kvm_id), ID_CRN(kvm_id), ID_CRM(kvm_id), ID_OP2(kvm_id));
	else
		snprintf(out, STEADY_ID_LABEL, "0x%016" PRIx64, kvm_id);
	return out;
}

static bool is_known(uint64_t kvm_id)
{
	size_t low = 0, high = steady_known_count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (steady_known[middle] == kvm_id)
			return true;
		if (steady_known[middle] < kvm_id)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* General registers, cache levels and vectors are a guest's state, whatever their number. */
bool steady_id_known(uint64_t kvm_id)
{
	int reg = steady_register_by_id(kvm_id);

	if (reg >= 0)
		return steady_register_is_core(reg) ||
		       steady_registers[reg].kind == STEADY_REGISTER_ARCHITECTED;
	switch (ID_SPACE(kvm_id)) {
	case SPACE_CORE:
	case SPACE_CACHES:
	case SPACE_SVE:
		return true;
	case SPACE_SYSTEM:
		return steady_id_name(kvm_id) || is_known(kvm_id);
	default:
		return steady_firmware_by_id(kvm_id) >= 0;
	}
}

bool steady_id_wide(uint64_t kvm_id)
{
	return (kvm_id >> 52 & 0xf) > 6; /* KVM_REG_SIZE: 2^N bytes */
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

const struct steady_vm_capability *steady_vm_capability(uint64_t number)
{
	for (unsigned int i = 0; i < steady_vm_capability_count; i++) {
		if (steady_vm_capabilities[i].number == number)
			return &steady_vm_capabilities[i];
	}
	return NULL;
}

struct steady_written_row steady_written_of(uint64_t kvm_id)
{
	for (unsigned int i = 0; i < steady_written_count; i++) {
		if (steady_written[i].first <= kvm_id && kvm_id <= steady_written[i].last)
			return steady_written[i];
	}
	return (struct steady_written_row){kvm_id, kvm_id, 0, STEADY_WRITTEN_MEMORY};
}

bool steady_loaded_has(const struct steady_loaded_row *row, uint32_t options)
{
	return row->option < 0 ? !(options >> STEADY_OPTION_EL2 & 1) : options >> row->option & 1;
}

const struct steady_loaded_row *steady_loaded_by_id(uint64_t kvm_id)
{
	for (unsigned int i = 0; i < steady_loaded_count; i++) {
		if (steady_loaded[i].id == kvm_id)
			return &steady_loaded[i];
	}
	return NULL;
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
