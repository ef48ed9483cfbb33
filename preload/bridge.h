/* SPDX-License-Identifier: MIT */
/*
 * The pin's call function over the VMM's own descriptors.
 */
#ifndef STEADY_BRIDGE_H
#define STEADY_BRIDGE_H

#include "preload.h"

/* A steady_call_fn: the context is the struct vm. Makes nothing, initialises nothing. */
int bridge_call(void *vm, struct steady_call *call);

#endif
