/* SPDX-License-Identifier: MIT */
/*
 * Offers: what a host accepts, as sets; joint offers: what many hosts all accept. A joint offer is
 * the AND of its parts, so it does not matter in which order or how often hosts come in.
 *
 * One cell stands for one configuration (vCPU options and irqchip): no cell compares across
 * options. An offer holds a cell for every configuration that all of its hosts have.
 */
#ifndef STEADY_OFFER_H
#define STEADY_OFFER_H

#include <steadyarm/steadyarm.h>

#include "policy/profile.h"
#include "policy/set.h"

struct steady_cell {
	uint32_t options;    /* 1 << enum steady_option */
	uint32_t irqchip;    /* enum steady_irqchip */
	uint64_t *register_list; /* what all list, ascending; NULL: not captured by one of them */
	size_t register_count;
	bool unknown;        /* a register of the core range was not captured: nothing follows */
	steady_set *set;     /* one per row of steady_fields that is in the core ID range */
	/* bit N of byte N / 8: a guest of one of the hosts sees rule N of steady_rules broken */
	uint8_t breaks[STEADY_RULE_ROOM / 8];
};
static inline bool steady_cell_breaks(const struct steady_cell *cell, unsigned int rule)
{
	return cell->breaks[rule / 8] >> rule % 8 & 1;
}
/* Adds the rules that this CPU breaks. */
void steady_cell_add_breaks(struct steady_cell *cell, const struct steady_view *view);

/* What hosts accept of a firmware register. */
struct steady_firmware_offer {
	uint64_t id;
	uint64_t allowed;    /* bitmap: bits that may be set; PSCI: greatest version; else level */
	uint64_t without_ssbs; /* the same for guests without FEAT_SSBS (workaround.h) */
};

/*
 * What hosts accept outside the core ID range, the same in every configuration (outside_offer.c).
 * Unknown hosts are left out of the AND, and `known` says that there are none.
 */
#define STEADY_CTR_ROOM 24
enum steady_caches_offer {
	STEADY_CACHES_UNSAID,
	STEADY_CACHES_ANY,     /* all hosts let them be described; what stands here needs most care */
	STEADY_CACHES_FIXED,   /* one shows the hardware's, and that is what stands here */
	STEADY_CACHES_DIFFER,  /* two do, and theirs differ */
};
struct steady_outside_offer {
	bool ctr_known;
	steady_set ctr[STEADY_CTR_ROOM]; /* one for each row of CTR_EL0 */
	bool caches_known;
	uint8_t caches;        /* enum steady_caches_offer */
	bool clean;            /* of a host that lets them be described, caches have to be cleaned */
	uint8_t line[2];       /* of such hosts, the longest least line: CTR_EL0.DminLine, IminLine */
	uint64_t clidr;
	struct steady_caches ccsidr;
};

struct steady_offer {
	struct steady_cell *cells;
	size_t cell_count;
	bool firmware_known;
	struct steady_firmware_offer *firmware; /* in the order of their ids */
	size_t firmware_count;
	bool sve_known;
	struct steady_vl sve;
	struct steady_reading unvirtualised[STEADY_UNVIRTUALISED];
	uint32_t differs;    /* 1 << enum steady_unvirtualised: two hosts had different values */
	uint32_t settable;   /* the same: all hosts let a guest without EL2 be given less */
	uint32_t levelled;   /* the same: they had different values, and the least can be given */
	uint32_t settable_el2; /* as settable, of guests with EL2 */
	uint32_t differs_el2;  /* they had different values, and a guest with EL2 cannot be given the least */
	struct steady_outside_offer outside;
};

/* The core rows of steady_fields are contiguous. */
unsigned int steady_offer_first(void);  /* the first row */
unsigned int steady_offer_fields(void); /* how many */
/* The set of a row of steady_fields that is in the core range. */
static inline steady_set *steady_cell_set(const struct steady_cell *cell, unsigned int field)
{
	return &cell->set[field - steady_offer_first()];
}

struct steady_offer *steady_offer_alloc(void); /* no cells; NULL if memory ran out */
void steady_offer_free(struct steady_offer *offer);
/* A new cell at the end, every set empty; NULL if memory ran out. */
struct steady_cell *steady_offer_add(struct steady_offer *offer);
int steady_offer_copy(const struct steady_offer *from, struct steady_offer **to);

/* Whether KVM refuses a value of a field whatever the limit is, even after the first run. */
bool steady_kvm_refuses(const struct steady_profile *profile,
			const struct steady_configuration *configuration, unsigned int field,
			uint64_t value);
/*
 * What KVM accepts of one field in one configuration, recorded or by the kernel's rule; false if
 * that is unknown. Fields of more than 8 bits: the limit alone.
 */
bool steady_kvm_accepts(const struct steady_profile *profile,
			const struct steady_configuration *configuration, unsigned int field,
			steady_set *out);
/*
 * Of that, what may be offered to a guest: values that the architecture knows, and none above what
 * the host has.
 */
bool steady_offer_field(const struct steady_profile *profile,
			const struct steady_configuration *configuration, unsigned int field,
			steady_set *out);
int steady_offer_of(const struct steady_profile *profile, struct steady_offer **offer);
/* a becomes the AND of both. ENOMEM leaves a as it was. */
int steady_offer_and(struct steady_offer *a, const struct steady_offer *b);
bool steady_offer_equal(const struct steady_offer *a, const struct steady_offer *b);

/* ---- outside_offer.c ---- */

unsigned int steady_ctr_first(void);  /* the first row of CTR_EL0 */
unsigned int steady_ctr_fields(void); /* how many; at most STEADY_CTR_ROOM */
void steady_outside_all(struct steady_outside_offer *out); /* nothing is said, all is accepted */
void steady_outside_of(const struct steady_profile *profile, struct steady_outside_offer *out);
void steady_outside_and(struct steady_outside_offer *a, const struct steady_outside_offer *b);
bool steady_outside_equal(const struct steady_outside_offer *a,
			  const struct steady_outside_offer *b);
/* Whether no description of the caches is shown or taken by all. */
bool steady_outside_caches_differ(const struct steady_outside_offer *o);

const struct steady_cell *steady_offer_cell(const struct steady_offer *offer, uint32_t options,
					    uint32_t irqchip);

#endif
