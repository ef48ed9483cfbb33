/* SPDX-License-Identifier: MIT */
#ifndef EARLY_H
#define EARLY_H

/* What the constructor of a library that the VMM needs has made, if $VMM_EARLY is set. */
extern int early_kvm, early_vm;

#endif
