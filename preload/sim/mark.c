/* SPDX-License-Identifier: MIT */
#include "preload/mark.h"

MARK(MARK_SIM);
