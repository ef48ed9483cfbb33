/* SPDX-License-Identifier: MIT */
#include "mark.h"

MARK(MARK_PIN);
